/* SPDX-License-Identifier: MIT */
/* What tests of lowered programs share: a program of a spec's text, and its entries run by the interpreter. A helper that
 * cannot do its work fails the test with the reason. */
#ifndef TESTS_PROGRAM_HELPERS_H
#define TESTS_PROGRAM_HELPERS_H

#include "compiler/lower/program.h"
#include "tests/ir_helpers.h"

/* What an entry is run with. The program's scalars are what they start from. */
typedef struct ProgramRun {
    Arena *arena;
    const Program *program;
    const double *weights; /* weight_count of them */
    int64_t batch;
    uint64_t seed, first_sample;
    uint32_t step;
    const double *x;          /* [batch][D], or rows of data; where the entry has them */
    const double *conditions; /* [batch][C], likewise */
} ProgramRun;

/* The entry's outputs. */
IrTensor *program_test_run(const ProgramRun *run, EntryKind kind);
/* The outputs of a function with an entry's inputs: of its derivative, say. */
IrTensor *program_test_run_function(const ProgramRun *run, EntryKind kind, const IrFunction *function);
/* The program of a spec. */
Program *program_test_lower(Arena *arena, const char *text);

#endif
