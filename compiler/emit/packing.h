/* SPDX-License-Identifier: MIT */
/* Which functions can take their parameters as one pointer: those whose parameters lie side by side in the block of
 * weights at every call. Their calls then read `coupling_even(block, weights + 9480, ...)`. */
#ifndef COMPILER_EMIT_PACKING_H
#define COMPILER_EMIT_PACKING_H

#include "compiler/lower/program.h"

typedef struct Packing {
    const IrFunction **functions; /* the packed ones, entries included */
    int64_t **offsets;            /* for each input: its offset from `weights`, or -1 where it is no parameter */
    int count;
} Packing;

Packing *packing_find(Arena *arena, const Program *program);
/* The inputs' offsets of a packed function, or NULL. */
const int64_t *packing_offsets(const Packing *packing, const IrFunction *function);

#endif
