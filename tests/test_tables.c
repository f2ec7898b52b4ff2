/* SPDX-License-Identifier: MIT */
/* Tables with columns that are positive or integers: densities and dequantised bounds against closed forms, the step's
 * gradient against differences with the same draws, and a fit of counts whose probabilities are known. */
#include "compiler/lower/program.h"
#include "runtime/core/random.h"
#include "tests/program_helpers.h"
#include "tests/ir_helpers.h"
#include "tests/random_spec.h"
#include "tests/shell.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HALF_LOG_2_PI 0.91893853320467274178

enum { SEED = 11, STEP = 5 };

typedef struct Case {
    Arena *arena;
    Program *program;
    double *weights;
} Case;

/* A table with these columns and a flow of these layers. */
static Case case_of(Arena *arena, const char *columns, const char *layers, int batch, bool standardise)
{
    const char *text = arena_print(arena,
                                   "ansatz: 1\nname: table\nsystem: {vector: {columns: [%s]}}\n"
                                   "architecture: {flow: {layers: [%s]}}\n"
                                   "data: {train: {file: t.csv}, standardise: %s}\n"
                                   "loss: [forward_kl]\ntrain: {batch: %d}\n",
                                   columns, layers, standardise ? "true" : "false", batch);
    Case it = {arena, program_test_lower(arena, text), NULL};
    it.weights = random_weights(arena, it.program->weight_count, 3);
    return it;
}

static double *tensor_of(const Case *it, const char *name)
{
    for (int t = 0; t < it->program->tensor_count; t++)
        if (strcmp(it->program->tensors[t].name, name) == 0)
            return it->weights + it->program->tensors[t].offset;
    fail_msg("no tensor %s", name);
    return NULL;
}

static IrTensor *run(const Case *it, EntryKind kind, int64_t batch, const double *rows)
{
    const ProgramRun run = {.arena = it->arena,
                            .program = it->program,
                            .weights = it->weights,
                            .batch = batch,
                            .seed = SEED,
                            .step = STEP,
                            .x = rows};
    return program_test_run(&run, kind);
}

static double log_normal_density(double x, double mean, double deviation)
{
    double apart = (x - mean) / deviation;
    return -apart * apart / 2 - log(deviation) - HALF_LOG_2_PI;
}

/* ---- what a spec says -------------------------------------------------------------------------------------------- */

static void test_columns_give_size_names_and_kinds(void **state)
{
    Case it =
        case_of(*state, "{name: age, kind: integer}, {name: income, kind: positive}, {name: t}", "actnorm", 4, false);
    const ModelSpec *spec = it.program->spec;
    assert_int_equal(spec->dimension, 3);
    assert_string_equal(spec->component_names[1], "income");
    assert_int_equal(spec->kinds[0], COLUMN_INTEGER);
    assert_int_equal(spec->kinds[1], COLUMN_POSITIVE);
    assert_int_equal(spec->kinds[2], COLUMN_REAL);
    assert_null(case_of(*state, "{name: a}, {name: b, kind: real}", "actnorm", 4, false).program->spec->kinds);
}

/* ---- positive columns -------------------------------------------------------------------------------------------- */

/* Of actnorm alone, log x is normal: with mean m + s b and deviation s exp(a), m and s those of the data. */
static void test_positive_columns_are_log_normal(void **state)
{
    static const double X[] = {0.3, -1, 1, 0.2, 7.5, 2};
    for (int standardised = 0; standardised < 2; standardised++) {
        Case it = case_of(*state, "{name: income, kind: positive}, {name: t}", "actnorm", 4, standardised > 0);
        const double *a = tensor_of(&it, "flow.layers.0.log_scale"), *b = tensor_of(&it, "flow.layers.0.shift");
        double mean[2] = {0, 0}, scale[2] = {1, 1};
        if (standardised) {
            memcpy(mean, memcpy(tensor_of(&it, "data.mean"), (double[]){1.5, -3}, sizeof mean), sizeof mean);
            memcpy(scale, memcpy(tensor_of(&it, "data.scale"), (double[]){0.5, 4}, sizeof scale), sizeof scale);
        }
        IrTensor *log_q = run(&it, ENTRY_LOG_PROB, 3, X);
        for (int s = 0; s < 3; s++) {
            double of_income = log_normal_density(log(X[2 * s]), mean[0] + scale[0] * b[0], scale[0] * exp(a[0]));
            double of_t = log_normal_density(X[2 * s + 1], mean[1] + scale[1] * b[1], scale[1] * exp(a[1]));
            double expected = of_income - log(X[2 * s]) + of_t;
            ir_test_expect(&log_q[0].data[s], &expected, 1, 1e-12, "log q");
        }
        IrTensor *samples = run(&it, ENTRY_SAMPLE, 50, NULL);
        log_q = run(&it, ENTRY_LOG_PROB, 50, samples[0].data);
        ir_test_expect(log_q[0].data, samples[1].data, 50, 1e-10, "log q of samples");
        for (int s = 0; s < 50; s++)
            assert_true(samples[0].data[2 * s] > 0);
    }
}

static void test_nothing_that_is_not_positive_is_likely(void **state)
{
    static const double X[] = {0, -1, -2, 0.2, 1e-30, 2};
    Case it = case_of(*state, "{name: income, kind: positive}, {name: t}", "actnorm", 4, false);
    IrTensor *log_q = run(&it, ENTRY_LOG_PROB, 3, X);
    assert_true(log_q[0].data[0] == -(double)INFINITY && log_q[0].data[1] == -(double)INFINITY);
    assert_true(isfinite(log_q[0].data[2]));
}

/* ---- integers ---------------------------------------------------------------------------------------------------- */

/* u of a step's row and of its integer number `which`. */
static double draw_of(int64_t row, uint32_t which)
{
    RandomStream stream = {SEED, (uint64_t)row, STEP, RANDOM_DEQUANTISE};
    return (double)random_uniform_value(&stream, 0, 0, which);
}

/* The mean over u of log q(k + u), q a normal density, and of its square, by Simpson's rule; log P(k) in closed form. */
typedef struct Bound {
    double mean, deviation, log_probability;
} Bound;

static Bound bound_of(double k, double mean, double deviation)
{
    enum { PARTS = 200 };
    double sum = 0, squares = 0;
    for (int i = 0; i <= PARTS; i++) {
        double weight = (i == 0 || i == PARTS ? 1 : i % 2 != 0 ? 4 : 2) / (3.0 * PARTS);
        double value = log_normal_density(k + (double)i / PARTS, mean, deviation);
        sum += weight * value;
        squares += weight * value * value;
    }
    double below = erf((k - mean) / (deviation * sqrt(2))), above = erf((k + 1 - mean) / (deviation * sqrt(2)));
    return (Bound){sum, sqrt(squares - sum * sum), log((above - below) / 2)};
}

/* One draw of its own for each row: a loss over many rows of one k is the bound, within four of its errors (a fixed
 * seed). The bound's own mean is that of a parabola. */
static void test_the_loss_of_counts_is_the_dequantised_bound(void **state)
{
    enum { BATCH = 4096 };
    Case it = case_of(*state, "{name: t}, {name: count, kind: integer}", "actnorm", BATCH, false);
    const double *a = tensor_of(&it, "flow.layers.0.log_scale"), *b = tensor_of(&it, "flow.layers.0.shift");
    double *rows = ARENA_ARRAY(*state, double, 2 * BATCH);
    for (int k = -2; k < 3; k++) {
        Bound bound = bound_of(k, b[1], exp(a[1]));
        double from = k - b[1], to = from + 1,
               parabola = -(to * to * to - from * from * from) / (6 * exp(2 * a[1])) - a[1] - HALF_LOG_2_PI;
        assert_true(fabs(bound.mean - parabola) < 1e-12 && bound.mean < bound.log_probability);
        for (int s = 0; s < BATCH; s++) {
            rows[2 * s] = b[0];
            rows[2 * s + 1] = k;
        }
        double found = -run(&it, ENTRY_LOSS, BATCH, rows)[0].data[0] - log_normal_density(0, 0, exp(a[0]));
        double error = bound.deviation / sqrt(BATCH);
        if (fabs(found - bound.mean) > 4 * error)
            fail_msg("k = %d: %g, the bound is %g, its error %g", k, found, bound.mean, error);
    }
}

static const char MIXED[] = "{name: age, kind: integer}, {name: income, kind: positive}, {name: t}, "
                            "{name: children, kind: integer}";
static const char COUPLINGS[] = "{repeat: 3, layers: [{coupling: {net: {mlp: [5]}}}]}, actnorm";

static double *mixed_rows(const Case *it, int64_t batch)
{
    double *rows = ARENA_ARRAY(it->arena, double, 4 * batch);
    TestRandom random = {9};
    for (int64_t i = 0; i < 4 * batch; i++)
        rows[i] = random_value(it->program->spec, i % 4, test_normal(&random));
    return rows;
}

/* Integers take the draws in their order; the density does not draw. */
static void test_a_step_adds_its_draws(void **state)
{
    enum { BATCH = 24 };
    Case it = case_of(*state, MIXED, COUPLINGS, BATCH, false);
    double *rows = mixed_rows(&it, BATCH), *moved = ARENA_ARRAY(*state, double, 4 * BATCH), expected = 0;
    memcpy(moved, rows, 4 * BATCH * sizeof *rows);
    for (int s = 0; s < BATCH; s++) {
        moved[4 * s] += draw_of(s, 0);
        moved[4 * s + 3] += draw_of(s, 1);
    }
    IrTensor *log_q = run(&it, ENTRY_LOG_PROB, BATCH, moved);
    for (int s = 0; s < BATCH; s++)
        expected -= log_q[0].data[s] / BATCH;
    ir_test_expect(run(&it, ENTRY_LOSS, BATCH, rows)[0].data, &expected, 1, 1e-12, "the loss");
    ir_test_expect(run(&it, ENTRY_STEP, BATCH, rows)[0].data, &expected, 1, 1e-12, "the step's loss");
}

static void test_the_steps_gradient_is_that_of_its_draws(void **state)
{
    enum { BATCH = 24 };
    const double h = 1e-4;
    Case it = case_of(*state, MIXED, COUPLINGS, BATCH, false);
    const double *rows = mixed_rows(&it, BATCH);
    IrTensor *step = run(&it, ENTRY_STEP, BATCH, rows);
    for (int t = 0; t < it.program->tensor_count; t++)
        for (int64_t i = 0; i < step[1 + t].count; i++) {
            double *weight = it.weights + it.program->tensors[t].offset + i, kept = *weight, loss[4];
            for (int point = 0; point < 4; point++) {
                *weight = kept + (point < 2 ? point - 2 : point - 1) * h;
                loss[point] = run(&it, ENTRY_LOSS, BATCH, rows)[0].data[0];
            }
            *weight = kept;
            double expected = (loss[0] - 8 * loss[1] + 8 * loss[2] - loss[3]) / (12 * h);
            ir_test_expect(&step[1 + t].data[i], &expected, 1, 1e-9, it.program->tensors[t].name);
        }
}

/* Actnorm starts with mean and deviation of what it sees: log x, and k + u. */
static void test_actnorm_starts_from_dequantised_rows(void **state)
{
    enum { BATCH = 24 };
    Case it = case_of(*state, MIXED, "actnorm", BATCH, false);
    const double *rows = mixed_rows(&it, BATCH);
    double mean[4] = {0}, squares[4] = {0};
    for (int s = 0; s < BATCH; s++) {
        const double seen[] = {rows[4 * s] + draw_of(s, 0), log(rows[4 * s + 1]), rows[4 * s + 2],
                               rows[4 * s + 3] + draw_of(s, 1)};
        for (int i = 0; i < 4; i++) {
            mean[i] += seen[i] / BATCH;
            squares[i] += seen[i] * seen[i] / BATCH;
        }
    }
    IrTensor *first = run(&it, ENTRY_INITIALISE, BATCH, rows);
    for (int i = 0; i < 4; i++) {
        const double log_deviation = log(squares[i] - mean[i] * mean[i]) / 2;
        ir_test_expect(&first[0].data[i], &log_deviation, 1, 1e-9, "log scale");
        ir_test_expect(&first[1].data[i], &mean[i], 1, 1e-12, "shift");
    }
}

/* ---- the program ------------------------------------------------------------------------------------------------- */

/* Enough for a mean; few under the sanitizers, which look for other things. */
static int row_count = 20000;

static double log_poisson(int k, double mean)
{
    return k * log(mean) - mean - lgamma(k + 1.0);
}

static int draw_poisson(TestRandom *random, double mean)
{
    double u = test_uniform(random, 0, 1), sum = 0;
    int k = 0;
    for (; k < 200; k++) {
        sum += exp(log_poisson(k, mean));
        if (u < sum)
            break;
    }
    return k;
}

/* Two columns of Poisson counts, of means 4 and 15, and one that is log-normal; the mean of the rows' log P. */
static double write_counts(const char *folder, const char *name, uint64_t seed)
{
    TestRandom random = {seed};
    char *bytes = malloc((size_t)row_count * 64), *at = bytes;
    double sum = 0;
    assert_non_null(bytes);
    at += sprintf(at, "visits,size,counts\n");
    for (int row = 0; row < row_count; row++) {
        const int visits = draw_poisson(&random, 4), counts = draw_poisson(&random, 15);
        const double log_size = 0.5 * test_normal(&random) - 1;
        sum += log_poisson(visits, 4) + log_poisson(counts, 15) + log_normal_density(log_size, -1, 0.5) - log_size;
        at += sprintf(at, "%d,%.9g,%d\n", visits, exp(log_size), counts);
    }
    shell_write(bytes, (size_t)(at - bytes), "%s/%s", folder, name);
    free(bytes);
    return sum / row_count;
}

static double number_after(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    at = at != NULL ? strstr(at, "\"value\":") : NULL;
    if (at == NULL)
        fail_msg("no %s in %s", name, text);
    return strtod(at + strlen("\"value\":"), NULL);
}

static const char COUNTS[] =
    "ansatz: 1\nname: counts\n"
    "system: {vector: {columns: [{name: counts, kind: integer}, {name: size, kind: positive},\n"
    "                            {name: visits, kind: integer}]}}\n"
    "architecture: {flow: {layers: [{repeat: 2, layers: [{coupling: {transform: spline, net: {mlp: [8]}}}]}]}}\n"
    "data: {train: {file: train.csv}, validation: {file: test.csv}, standardise: true}\n"
    "loss: [forward_kl]\n"
    "train: {steps: 400, batch: 256, optimizer: {adam: {rate: {from: 1e-2, to: 1e-4, shape: cosine}}}}\n";

/* Wrong rows: exit code 65, one line with the place. */
static void expect_refusal(const char *folder, const char *rows, const char *message)
{
    shell_write(rows, strlen(rows), "%s/bad.csv", folder);
    ShellResult result = shell_run("cd %s && ./program train -o new --data bad.csv", folder);
    if (result.code != 65 || !strstr(result.output, message) || strchr(result.output, '\n')[1] != '\0')
        fail_msg("%d, expected '%s': %s", result.code, message, result.output);
    free(result.output);
    shell_must("cd %s && ! test -e new", folder);
}

static void expect_refusals(const char *folder)
{
    expect_refusal(folder, "counts,size,visits\n1,1,1\n2,1,2.5\n",
                   "bad.csv:3: column 'visits': 2.5, and the component is an integer");
    expect_refusal(folder, "counts,size,visits\n1048576,1,1\n-1048577,1,2\n",
                   "bad.csv:3: column 'counts': -1048577, and integers go to 1048576");
    expect_refusal(folder, "counts,size,visits\n1,0,1\n", "bad.csv:2: column 'size': 0, and the component is");
    expect_refusal(folder, "counts,size,visits\n1,-3,1\n", "column 'size': -3, and the component is positive");
    expect_refusal(folder, "counts,size\n1,1\n", "no column 'visits'");
}

/* Samples are rows of data again: integers, positive numbers, and, where the model is trained, with the right means. */
static void expect_samples(const char *folder, bool is_trained)
{
    size_t length, rows = 0;
    double sums[3] = {0};
    shell_must("cd %s && ./program sample -q -w run -n %d -o x.csv", folder, row_count);
    char *text = shell_read(&length, "%s/x.csv", folder), *end = text;
    for (char *line = strchr(text, '\n') + 1; *line != '\0'; line = strchr(line, '\n') + 1, rows++) {
        double values[3];
        end = line;
        for (int i = 0; i < 3; i++) {
            values[i] = strtod(end, &end);
            end += *end == ',';
            sums[i] += values[i] / row_count;
        }
        assert_true(floor(values[0]) == values[0] && values[1] > 0 && floor(values[2]) == values[2]);
    }
    assert_int_equal(rows, row_count);
    assert_true(!is_trained || (fabs(sums[0] - 15) < 0.2 && fabs(sums[2] - 4) < 0.1));
    free(text);
    text = shell_read(NULL, "%s/x.json", folder);
    assert_non_null(strstr(text, "\"rounded_down\""));
    assert_non_null(strstr(text, "the log-density of the sample before it was rounded down"));
    free(text);
}

/* The bound of 20,000 rows held out is below the mean of their true log P, and within 0.04 nats of it. (It is measured
 * against these rows' own mean, so that their scatter has no part in it; that of the draws is below 0.005. Under the
 * sanitizers the training is too short for that.) */
static void test_a_fit_of_counts_is_near_their_entropy(void **state)
{
    (void)state;
    const char *folder = shell_folder(), *build = getenv("BUILD");
    bool is_sanitized = build != NULL && strstr(build, "sanitize") != NULL;
    row_count = is_sanitized ? 500 : row_count;
    write_counts(folder, "train.csv", 1);
    const double truth = write_counts(folder, "test.csv", 2);
    shell_write(COUNTS, strlen(COUNTS), "%s/counts.yaml", folder);
    shell_must("%s emit %s/counts.yaml -o %s/package", shell_ansatz(), folder, folder);
    shell_must("cd %s && cc -std=c11 %s -o program package/*.c package/runtime/host/*.c -lm", folder,
               is_sanitized ? "-O0 -g -fsanitize=address,undefined -fno-sanitize-recover=all" : "-O1 -march=native");
    if (!is_sanitized)
        shell_must("cd %s && ./program selftest", folder);
    shell_must("cd %s && ./program train -q -o run --steps %d", folder, is_sanitized ? 20 : 400);
    ShellResult result = shell_run("cd %s && ./program evaluate -q -w run --json", folder);
    assert_int_equal(result.code, 0);
    const double bound = -number_after(result.output, "\"nll_bound\""), gap = truth - bound;
    char *record = shell_read(NULL, "%s/run/run.json", folder);
    const char *validation = strstr(record, "\"validation\":"); /* the same bound, of the same draws */
    assert_true(validation != NULL && fabs(strtod(validation + strlen("\"validation\":"), NULL) - bound) < 1e-4);
    free(record);
    print_message("true mean log P %.4f, bound %.4f: a gap of %.4f nats\n", truth, bound, gap);
    assert_true(is_sanitized || (gap > -0.005 && gap < 0.04));
    free(result.output);
    result = shell_run("cd %s && ./program evaluate -q -w run --require 'nll < 5'", folder);
    assert_true(result.code == 65 && strstr(result.output, "with integer columns it is nll_bound"));
    free(result.output);
    result = shell_run("cd %s && ./program log_prob -w run -i test.csv -o q.npy", folder);
    assert_non_null(strstr(result.output, "dequantised bounds of log P"));
    free(result.output);
    expect_samples(folder, !is_sanitized);
    expect_refusals(folder);
    shell_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_give_size_names_and_kinds),
        cmocka_unit_test(test_positive_columns_are_log_normal),
        cmocka_unit_test(test_nothing_that_is_not_positive_is_likely),
        cmocka_unit_test(test_the_loss_of_counts_is_the_dequantised_bound),
        cmocka_unit_test(test_a_step_adds_its_draws),
        cmocka_unit_test(test_the_steps_gradient_is_that_of_its_draws),
        cmocka_unit_test(test_actnorm_starts_from_dequantised_rows),
        cmocka_unit_test(test_a_fit_of_counts_is_near_their_entropy),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
