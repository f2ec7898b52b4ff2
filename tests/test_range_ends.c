/* SPDX-License-Identifier: MIT */
/* Flows with smooth maps into ranges, near the ends of them: log q and its gradient by their closed forms, in double by the
 * interpreter and in float as emitted, and steps whose samples crowd at an end. */
#include "compiler/passes/passes.h"
#include "tests/emit_numbers.h"
#include "tests/package_library.h"
#include "tests/program_helpers.h"
#include "tests/shell.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PI 3.14159265358979323846

/* Floats hold the ends; no width is a power of 2, whose quotients would be exact. */
static const double LOW[2] = {0, 10}, HIGH[2] = {5, 13}, STEEPNESS = 1.5957691216057308;

enum { BATCH = 64, SEED = 17, STEP = 3, ENDS = 2, PARTS = 7, POINTS = ENDS * PARTS };

/* Of a standard normal, scaled and shifted: weights log_scale[2], shift[2]. */
static Program *lower(Arena *arena, const char *name, const char *loss)
{
    return program_test_lower(arena, arena_print(arena,
                                                 "ansatz: 1\nname: %s\nsystem: {vector: {size: 2, range: [[0, 5], [10, "
                                                 "13]]}}\nenergy: {terms: [{value: \"x^2/2\", over: components}]}\n"
                                                 "architecture: {flow: {layers: [actnorm]}}\nloss: [%s]\n"
                                                 "train: {batch: %d}\n",
                                                 name, loss, BATCH));
}

/* Points whose components are both the same part of their range away from an end: the low one first, then the high one. */
static void points_near_ends(double nearest, bool is_float, double *x)
{
    for (int p = 0; p < POINTS; p++)
        for (int i = 0; i < 2; i++) {
            double part = 0.37 * pow(nearest, (double)(p % PARTS) / (PARTS - 1)) * (HIGH[i] - LOW[i]);
            double place = p < PARTS ? LOW[i] + part : HIGH[i] - part;
            x[2 * p + i] = is_float ? (double)(float)place : place;
        }
}

/* y = log(t / r) / k with t = (x - low) / width, r = (high - x) / width; log q = sum of log N(y) - log(k width t r).
 * Returns how large the terms of the gradient's component `i` are. */
static double closed_form(const double *x, double *log_q, double score[2], int i)
{
    double sizes[2];
    *log_q = -log(2 * PI);
    for (int j = 0; j < 2; j++) {
        double width = HIGH[j] - LOW[j], t = (x[j] - LOW[j]) / width, r = (HIGH[j] - x[j]) / width;
        double y = (log(t) - log(r)) / STEEPNESS;
        *log_q -= y * y / 2 + log(STEEPNESS * width * t * r);
        score[j] = (-y / STEEPNESS * (1 / t + 1 / r) - 1 / t + 1 / r) / width;
        sizes[j] = (fabs(y) / STEEPNESS + 1) * (1 / t + 1 / r) / width;
    }
    return sizes[i];
}

static void expect_closed_forms(const double *x, const double *log_q, const double *scores, double tolerance)
{
    for (int p = 0; p < POINTS; p++)
        for (int i = 0; i < 2; i++) {
            double expected, score[2], size = closed_form(x + 2 * p, &expected, score, i);
            if (!(fabs(scores[2 * p + i] - score[i]) < tolerance * size))
                fail_msg("x[%d] = %.9g: score %.9g, expected %.9g", i, x[2 * p + i], scores[2 * p + i], score[i]);
            if (!(fabs(log_q[p] - expected) < 4 * tolerance * fabs(expected)))
                fail_msg("x[%d] = %.9g: log q %.9g, expected %.9g", i, x[2 * p + i], log_q[p], expected);
        }
}

static void test_score_near_ends(void **state)
{
    double x[2 * POINTS], weights[4] = {0};
    const ProgramRun run = {
        .arena = *state, .program = lower(*state, "ends", "reverse_kl"), .weights = weights, .batch = POINTS, .x = x};
    points_near_ends(1e-6, false, x);
    IrTensor *outputs = program_test_run(&run, ENTRY_SCORE);
    expect_closed_forms(x, outputs[0].data, outputs[1].data, 1e-13);
}

static PackageFunctions package_of(Arena *arena, Program *program, const char *name)
{
    const char *folder = shell_folder();
    const PackageBuild build = {name, "gcc", "-O1"};
    passes_run(program->module, NULL);
    package_library_add(folder, program, name);
    void *library = package_library_load(arena, folder, (const char *const[]){name}, 1, &build, VARIANT_FLOAT);
    return package_library_find(library, name, VARIANT_FLOAT);
}

static PackageCall call_of(Arena *arena, const PackageFunctions *functions, EntryKind kind, const double *weights,
                           int count)
{
    PackageCall call = {.entry = (int)kind,
                        .weights = emit_to_reals(arena, weights, 4, 32),
                        .scalars = emit_to_reals(arena, (const double[]){1, 1}, 2, 32),
                        .seed = SEED,
                        .step = STEP,
                        .count = (size_t)count,
                        .threads = 1};
    call.workspace = emit_take_guarded(arena, functions->workspace_bytes(1));
    for (int i = 0; i < 2; i++)
        call.outputs[i] = emit_take_guarded(arena, (size_t)count * 2 * sizeof(float));
    return call;
}

static void test_score_near_ends_in_float(void **state)
{
    double x[2 * POINTS], weights[4] = {0}, log_q[POINTS], scores[2 * POINTS];
    const PackageFunctions functions = package_of(*state, lower(*state, "ends_float", "reverse_kl"), "ends_float");
    PackageCall call = call_of(*state, &functions, ENTRY_SCORE, weights, POINTS);
    points_near_ends(1e-6, true, x);
    call.x = emit_to_reals(*state, x, 2 * POINTS, 32);
    functions.call(&call);
    for (int i = 0; i < 2 * POINTS; i++) {
        scores[i] = emit_element(call.outputs[1], i, 32);
        log_q[i / 2] = emit_element(call.outputs[0], i / 2, 32);
    }
    expect_closed_forms(x, log_q, scores, 1e-6);
}

/* Shifted by 6 to either side, samples are within 1e-5 of an end, and floats hold few digits of how far. */
static void expect_steps_at_ends(Arena *arena, const char *name, const char *loss)
{
    Program *program = lower(arena, name, loss);
    double weights[4] = {0};
    const ProgramRun run = {
        .arena = arena, .program = program, .weights = weights, .batch = BATCH, .seed = SEED, .step = STEP};
    IrTensor *expected[ENDS];
    for (int end = 0; end < ENDS; end++) {
        weights[2] = weights[3] = end == 0 ? -6 : 6;
        expected[end] = program_test_run(&run, ENTRY_STEP);
    }
    const PackageFunctions functions = package_of(arena, program, name);
    for (int end = 0; end < ENDS; end++) {
        weights[2] = weights[3] = end == 0 ? -6 : 6;
        PackageCall call = call_of(arena, &functions, ENTRY_STEP, weights, BATCH);
        functions.call(&call);
        for (int i = 0; i < 4; i++) {
            double value = expected[end][1 + i / 2].data[i % 2], actual = emit_element(call.outputs[1], i, 32);
            if (!(fabs(actual - value) < 2e-6 * fmax(fabs(value), 1)))
                fail_msg("%s, end %d, weight %d: %.9g, expected %.9g", loss, end, i, actual, value);
        }
    }
}

static void test_gradients_of_samples_at_ends_in_float(void **state)
{
    expect_steps_at_ends(*state, "ends_kl", "reverse_kl");
    expect_steps_at_ends(*state, "ends_path", "reverse_kl: {path_gradient: true}");
}

static int end(void **state)
{
    shell_clean();
    return ir_test_end(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_score_near_ends),
        cmocka_unit_test(test_score_near_ends_in_float),
        cmocka_unit_test(test_gradients_of_samples_at_ends_in_float),
    };
    return cmocka_run_group_tests(tests, ir_test_start, end);
}
