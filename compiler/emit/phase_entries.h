/* SPDX-License-Identifier: MIT */
/* Entries that need sums over the batch. For each phase there is a function that runs once and one that runs for each
 * block; the public function calls them in turn, the blocks on as many threads as it was given, and adds what the
 * blocks summed, from left to right. */
#ifndef COMPILER_EMIT_PHASE_ENTRIES_H
#define COMPILER_EMIT_PHASE_ENTRIES_H

#include "compiler/emit/entries.h"

EntryWorkspace phase_entry_workspace(const Entry *entry);
void phase_entry_write(Arena *arena, Planner *planner, const Packing *packing, const Entry *entry, SharedParts *parts,
                       Text *out);

/* "    (void)weights, (void)threads;\n" for those of an entry's parameters that its body does not name, and for `threads`,
 * which only what PARALLEL_FOR may become does. */
void entry_write_unused(const Entry *entry, const char *body, Text *out);

#endif
