/* SPDX-License-Identifier: MIT */
/* What tests of the emitter share: functions are gathered, emitted into one C file, compiled in several ways, run, and
 * compared with the interpreter. */
#ifndef TESTS_EMIT_HELPERS_H
#define TESTS_EMIT_HELPERS_H

#include "compiler/emit/standalone.h"
#include "tests/ir_helpers.h"

/* How a C file is compiled. */
typedef struct EmitBuild {
    const char *compiler; /* "gcc" */
    const char *flags;    /* "-O1 -march=native" */
    int precision, block, lane_bytes;
    int threads;
} EmitBuild;

typedef struct EmitCases EmitCases;

EmitCases *emit_cases_new(Arena *arena);
/* Cases whose wide contractions call OpenBLAS; their bits are not compared, for they may differ. */
EmitCases *emit_cases_new_blas(Arena *arena);
/* The text of all contraction kernels so far. */
const char *emit_cases_kernels(const EmitCases *cases);
/* Adds a function with random inputs in [-1, 1] for `count` samples (the module's batch where it has one). `label` says
 * which case it is when it fails. */
void emit_cases_add(EmitCases *cases, IrModule *module, const IrFunction *function, int64_t count, const char *label);
/* Compiles all cases without a warning and runs each in a workspace of exactly the declared size, between canaries.
 * Every output agrees with the interpreter's: norm(a - b) / max(norm(b), 1e-3) below 1e-4 in float, 1e-10 in double;
 * and has the same bits as in every earlier build of that precision. With blocks of one sample, functions that sum over
 * the batch are left out. */
void emit_cases_check(EmitCases *cases, const EmitBuild *build);
/* Whether this machine runs vectors of so many bytes; prints a word where it does not. */
bool emit_has_lanes(int lane_bytes);

#endif
