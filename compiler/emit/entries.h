/* SPDX-License-Identifier: MIT */
/* Entry functions in C: phases over the blocks of a batch, and around them the calls that a user sees. */
#ifndef COMPILER_EMIT_ENTRIES_H
#define COMPILER_EMIT_ENTRIES_H

#include "compiler/emit/writer.h"
#include "compiler/lower/program.h"

/* An entry's name in C, "sample"; and its declaration's parameters. */
const char *entry_name(EntryKind kind);
const char *entry_parameters(EntryKind kind);

/* Reals that an entry needs: once, and for each thread (with blocks of samples; for one sample). */
typedef struct EntryWorkspace {
    int64_t fixed, thread, thread_single;
} EntryWorkspace;
EntryWorkspace entry_workspace(Planner *planner, const Program *program, EntryKind kind);

void entry_write(Arena *arena, Planner *planner, const Packing *packing, const Program *program, EntryKind kind,
                 FileParts *parts, Text *out);

#endif
