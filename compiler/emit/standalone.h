/* SPDX-License-Identifier: MIT */
/* C for single IR functions, without a spec around them: each gets a public function that takes arrays. For tests, and
 * for whoever wants to see what an op becomes. */
#ifndef COMPILER_EMIT_STANDALONE_H
#define COMPILER_EMIT_STANDALONE_H

#include "compiler/emit/entries.h"

/* What stands at the head of the C file: the runtime's header and
 *
 *     typedef struct Arguments {
 *         const real *const *inputs; // per-sample ones [count][elements], others [elements], ints and bools as reals
 *         real *const *outputs;      // likewise
 *         uint64_t seed, first;      // sample s of the call is number first + s of the stream
 *         uint32_t step;
 *     } Arguments;
 *
 * With one sample at a time arrays are read by whole vectors: 64 bytes behind each must be readable. */
void standalone_begin(Text *out);

/* Appends `function` and what it calls, behind it void NAME(const Arguments *arguments, size_t count, void *workspace,
 * int threads), and to `parts` the kernels and tables that stand before all functions. A function with sums over the
 * batch is for count == the module's batch, and only there where blocks have 64 samples. Calls may be inlined in the
 * module. Returns NULL, or what cannot be emitted. */
const char *standalone_add(Arena *arena, SharedParts *parts, IrModule *module, const IrFunction *function,
                           const char *name, Text *out, EntryWorkspace *workspace);

#endif
