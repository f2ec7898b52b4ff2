/* SPDX-License-Identifier: MIT */
/* The reverse KL's relatives and fab, one against the other: their gradients are the reverse KL's plus or minus weighted
 * means of d log q(x) / d weights at held x, which is what a step of fab gives for rows [x, weight]. */
#include "compiler/lower/program.h"
#include "runtime/core/random.h"
#include "tests/program_helpers.h"
#include "tests/ir_helpers.h"
#include "tests/random_spec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 24, DIMENSION = 3, SEED = 11, STEP = 5 };

static const char SPEC[] =
    "ansatz: 1\nname: relatives\nsystem: {vector: 3, kT: 1.5}\n"
    "energy: {terms: [{over: components, value: \"x^4/4 - x\"}, {value: \"x[0]*x[1] + x[2]\"}]}\n"
    "architecture: {flow: {layers: [{repeat: 3, layers: [{coupling: {transform: affine, net: {mlp: "
    "[5], activation: tanh}}}]}]}}\ntrain: {batch: 24}\n";

typedef struct Case {
    Arena *arena;
    Program *program;
    double *weights;
} Case;

static Case case_of(Arena *arena, const char *loss)
{
    const char *text = arena_print(arena, "%sloss: [%s]\n", SPEC, loss);
    Case it = {arena, program_test_lower(arena, text), NULL};
    it.weights = random_weights(arena, it.program->weight_count, 3);
    return it;
}

static IrTensor *run_function(const Case *it, EntryKind kind, const IrFunction *function, const double *rows)
{
    const ProgramRun run = {.arena = it->arena,
                            .program = it->program,
                            .weights = it->weights,
                            .batch = BATCH,
                            .seed = SEED,
                            .step = STEP,
                            .x = rows};
    return program_test_run_function(&run, kind, function);
}

static IrTensor *run_entry(const Case *it, EntryKind kind, const double *rows)
{
    return run_function(it, kind, it->program->entries[kind].function, rows);
}

/* A step's gradient, tensor after tensor. */
static double *gradient_of(const Case *it, const double *rows)
{
    IrTensor *outputs = run_entry(it, ENTRY_STEP, rows);
    double *gradient = ARENA_ARRAY(it->arena, double, it->program->weight_count);
    for (int t = 0; t < it->program->tensor_count; t++)
        memcpy(gradient + it->program->tensors[t].offset, outputs[1 + t].data,
               (size_t)ir_type_count(&it->program->tensors[t].type) * sizeof(double));
    return gradient;
}

/* A training step's samples: the entry `sample` with the training's noise. f: log q + U / kT of each. */
static double *training_samples(const Case *it, double f[BATCH])
{
    IrFunction *sample = it->program->entries[ENTRY_SAMPLE].function;
    for (int i = 0; i < sample->op_count; i++)
        if (sample->ops[i].code == IR_DRAW_NORMAL)
            sample->ops[i].purpose = RANDOM_TRAIN_NOISE;
    IrTensor *samples = run_entry(it, ENTRY_SAMPLE, NULL);
    IrTensor *energy = run_entry(it, ENTRY_ENERGY, samples[0].data);
    for (int s = 0; s < BATCH; s++)
        f[s] = samples[1].data[s] + energy[0].data[s] / 1.5;
    return samples[0].data;
}

/* Rows [x, weight of s]. */
static double *rows_of(Arena *arena, const double *x, const double weight[BATCH])
{
    double *rows = ARENA_ARRAY(arena, double, BATCH *(DIMENSION + 1));
    for (int s = 0; s < BATCH; s++) {
        memcpy(rows + s * (DIMENSION + 1), x + s * DIMENSION, DIMENSION * sizeof(double));
        rows[s * (DIMENSION + 1) + DIMENSION] = weight[s];
    }
    return rows;
}

static double mean_of(const double f[BATCH])
{
    double sum = 0;
    for (int s = 0; s < BATCH; s++)
        sum += f[s];
    return sum / BATCH;
}

static void test_fab_is_weighted_maximum_likelihood(void **state)
{
    Case it = case_of(*state, "fab");
    double f[BATCH], weight[BATCH], sum = 0;
    double *x = training_samples(&it, f);
    assert_int_equal(it.program->data_width, DIMENSION + 1);
    for (int s = 0; s < BATCH; s++) {
        weight[s] = 0.1 * s * s;
        x[s * DIMENSION] += 0.3; /* any place will do */
    }
    IrTensor *log_q = run_entry(&it, ENTRY_LOG_PROB, x);
    for (int s = 0; s < BATCH; s++)
        sum -= weight[s] * log_q[0].data[s];
    IrTensor *loss = run_entry(&it, ENTRY_LOSS, rows_of(*state, x, weight));
    ir_test_expect(loss[0].data, (double[]){sum / BATCH}, 1, 1e-12, "loss");
}

/* Reverse KL by reparameterisation = the path's gradient + the mean of the score, which fab gives with weights -1. */
static void test_path_gradient_leaves_out_the_score(void **state)
{
    Case reverse = case_of(*state, "reverse_kl"), path = case_of(*state, "reverse_kl: {path_gradient: true}"),
         fab = case_of(*state, "fab");
    double f[BATCH], weight[BATCH];
    const double *x = training_samples(&fab, f);
    for (int s = 0; s < BATCH; s++)
        weight[s] = -1;
    const double *whole = gradient_of(&reverse, NULL), *of_path = gradient_of(&path, NULL);
    const double *of_score = gradient_of(&fab, rows_of(*state, x, weight));
    double *sum = ARENA_ARRAY(*state, double, fab.program->weight_count), largest = 0;
    for (int64_t i = 0; i < fab.program->weight_count; i++) {
        sum[i] = of_path[i] + of_score[i];
        largest = fmax(largest, fabs(of_score[i]));
    }
    assert_true(largest > 1e-3);
    ir_test_expect(sum, whole, fab.program->weight_count, 1e-11, "path + score");
    IrTensor *loss = run_entry(&path, ENTRY_LOSS, NULL);
    ir_test_expect(loss[0].data, (double[]){mean_of(f)}, 1, 1e-11, "loss");
}

/* The variance itself, and its gradient 2 / (n - 1) sum of (f - mean f) d log q: fab's with weights that undo its mean. */
static void test_log_variance_and_its_gradient(void **state)
{
    Case variance = case_of(*state, "log_variance"), fab = case_of(*state, "fab");
    double f[BATCH], weight[BATCH], sum = 0;
    const double *x = training_samples(&fab, f), mean = mean_of(f);
    for (int s = 0; s < BATCH; s++) {
        sum += (f[s] - mean) * (f[s] - mean);
        weight[s] = -2.0 * BATCH / (BATCH - 1) * (f[s] - mean);
    }
    IrTensor *loss = run_entry(&variance, ENTRY_LOSS, NULL);
    ir_test_expect(loss[0].data, (double[]){sum / (BATCH - 1)}, 1, 1e-11, "loss");
    ir_test_expect(gradient_of(&variance, NULL), gradient_of(&fab, rows_of(*state, x, weight)),
                   fab.program->weight_count, 1e-11, "gradient");
}

static void test_fab_is_alone(void **state)
{
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, *state);
    const char *text = arena_print(*state, "%sloss: [fab, reverse_kl]\n", SPEC);
    spec_read_text(*state, "relatives.yaml", text, &diagnostics);
    assert_int_equal(diagnostics.error_count, 1);
    Text message = text_start(*state);
    diagnostics_print(&diagnostics, &message, 0);
    assert_non_null(strstr(message.bytes, "fab makes a step's rows by itself, so it must be the only loss"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fab_is_weighted_maximum_likelihood),
        cmocka_unit_test(test_path_gradient_leaves_out_the_score),
        cmocka_unit_test(test_log_variance_and_its_gradient),
        cmocka_unit_test(test_fab_is_alone),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
