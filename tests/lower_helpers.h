/* SPDX-License-Identifier: MIT */
/* For tests of lowered programs: a program with weights whose entries are run one at a time, and a small spec to be changed. */
#ifndef TESTS_LOWER_HELPERS_H
#define TESTS_LOWER_HELPERS_H

#include "compiler/lower/lower.h"
#include "compiler/lower/program.h"
#include "tests/program_helpers.h"

enum { SAMPLES_MAX = 200, SEED = 29, FIRST_SAMPLE = 1000, STEP = 3 };

/* A program with weights, run one entry at a time. */
typedef struct LowerModel {
    Arena *arena;
    uint64_t seed;
    const ModelSpec *spec;
    Program *program;
    double *weights;
    double *conditions;  /* [SAMPLES_MAX][condition_count] */
    const double *given; /* one sample's, while the plain flow makes it */
} LowerModel;

/* Lowers a spec without errors, or fails the test. */
Program *lower_test_spec(Arena *arena, const ModelSpec *spec);
IrTensor *lower_test_run(const LowerModel *model, EntryKind kind, int64_t batch, const double *x);

/* The draws of one sample, [dimension]. */
void lower_test_noise(const LowerModel *model, uint32_t purpose, uint64_t sample, double *noise);

/* Fails unless they are as close as that, in parts of the larger one. */
void lower_test_expect(const LowerModel *model, double actual, double expected, double tolerance, const char *what);
/* The function of a layer, not one that differentiation made of it: it gives y_b (or x_b), perhaps log_det. */
bool lower_test_is_coupling(const IrFunction *function);

/* A spec of couplings with one hidden layer of 3, to be changed by the test before it is lowered. */
typedef struct FixedSpec {
    ModelSpec spec;
    LayerSpec layers[6];
    EnergyTerm terms[2];
    LossTerm losses[1];
    int64_t hidden[2];
} FixedSpec;

Formula lower_test_formula(const char *text);
FixedSpec *lower_test_fixed(Arena *arena, int64_t dimension, int layer_count);
Program *lower_test_lower_fixed(Arena *arena, FixedSpec *fixed);

#endif
