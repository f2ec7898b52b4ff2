/* SPDX-License-Identifier: MIT */
/* The cache of `ansatz run`: built packages in a folder that is the user's alone. What is in it is executed, so owner,
 * mode and the program's hash are checked before. */
#ifndef COMPILER_COMMAND_CACHE_H
#define COMPILER_COMMAND_CACHE_H

#include "compiler/base/file.h"
#include "compiler/emit/package.h"

typedef struct CacheEntry {
    RunProgram which;
    const char *folder;  /* ".../ansatz/double_well-0123456789abcdef", of a program with a part of it "...-train" */
    const char *program; /* the built program in it */
    const char *stamp;   /* a file beside the folder that holds the program's SHA-256 */
} CacheEntry;

/* Where that program of the package of this content belongs; makes the cache's folder where there is none. False after an
 * error. */
bool cache_entry(Arena *arena, const Package *package, RunProgram which, CacheEntry *entry, Diagnostics *diagnostics);
/* Is the program there, the user's own, and the one that was built? */
bool cache_is_good(Arena *arena, const CacheEntry *entry);
/* Emits and builds; one process at a time. Where a part can't be built alone, its place gets the whole program. False after
 * an error. */
bool cache_build(Arena *arena, const Package *package, const CacheEntry *entry, Diagnostics *diagnostics);

#endif
