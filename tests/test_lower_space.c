/* SPDX-License-Identifier: MIT */
/* Where flows live: boxes of ranges and circles, smooth maps into ranges, and the mixture base. Densities must have the
 * integral 1 over their space (by quadrature), both directions must agree, what is periodic must be so, and the mixture
 * must be what its formula says, its reverse KL's gradient that of the integral. */
#include "compiler/ir/verify.h"
#include "compiler/lower/lower.h"
#include "tests/program_helpers.h"
#include "tests/ir_helpers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PI 3.14159265358979323846

/* ---- programs from specs ----------------------------------------------------------------------------------------- */

typedef struct Model {
    Arena *arena;
    Program *program;
    double *weights;
} Model;

/* The spec with this system and this flow, with random weights. */
static Model model_of(Arena *arena, const char *system, const char *flow, int batch, double spread)
{
    const char *text = arena_print(arena,
                                   "ansatz: 1\nname: space\nsystem: {vector: %s}\n"
                                   "energy: {terms: [{value: \"0.5*x^2 + cos(x)\", over: components}]}\n"
                                   "architecture: {flow: %s}\nloss: [reverse_kl: {}]\ntrain: {batch: %d}\n",
                                   system, flow, batch);
    Model model = {arena, program_test_lower(arena, text), NULL};
    TestRandom random = {5};
    model.weights = ARENA_ARRAY(arena, double, model.program->weight_count);
    for (int64_t i = 0; i < model.program->weight_count; i++)
        model.weights[i] = spread * test_normal(&random);
    return model;
}

static IrTensor *run(const Model *model, EntryKind kind, int64_t batch, const double *x)
{
    const ProgramRun run = {.arena = model->arena,
                            .program = model->program,
                            .weights = model->weights,
                            .batch = batch,
                            .seed = 17,
                            .first_sample = 5,
                            .step = 3,
                            .x = x};
    return program_test_run(&run, kind);
}

static const char TORUS[] = "{size: 2, periodic: [true, true], range: [[], [2, 5]]}";
static const char BOX[] = "{size: 2, range: [[-1, 3], [10, 10.5]]}";
static const char HALF[] = "{size: 2, range: [[-1, 3], []]}";
static const char MIXED[] = "{size: 3, periodic: [true, false, true], range: [[], [0, 4], []]}";
static const char CIRCULAR[] = "{base: uniform, layers: [{repeat: 2, layers: [{coupling: {transform: circular_spline, "
                               "bins: 4, net: {mlp: [5]}}}]}, {permute: reverse}, {coupling: {transform: "
                               "circular_spline, bins: 3, net: {mlp: [5]}}}]}";
static const char SPLINES[] =
    "{base: uniform, layers: [{repeat: 2, layers: [{coupling: {transform: spline, bins: 5, net: {mlp: [5]}}}]}]}";
static const char MASKED[] = "{base: uniform, layers: [{masked_autoregressive: {transform: spline, bins: 5, net: "
                             "{masked_mlp: [5]}}}, {permute: reverse}, {masked_autoregressive: {transform: spline, "
                             "bins: 4, fast: sampling, net: {masked_mlp: [6]}}}]}";
static const char AFFINE[] = "{layers: [{repeat: 2, layers: [{coupling: {net: {mlp: [5]}}}]}]}";
static const char MIXTURE[] = "{base: {mixture: {components: 3, scale: 1.5}}, layers: [permute]}";

typedef struct Case {
    const char *system, *flow;
    double low[3], high[3]; /* the space, or all that matters of it */
} Case;

static const Case CASES[] = {
    {TORUS, CIRCULAR, {-PI, 2}, {PI, 5}}, {BOX, SPLINES, {-1, 10}, {3, 10.5}}, {BOX, AFFINE, {-1, 10}, {3, 10.5}},
    {BOX, MASKED, {-1, 10}, {3, 10.5}},   {HALF, AFFINE, {-1, -12}, {3, 12}},  {"2", MIXTURE, {-12, -12}, {12, 12}},
    {HALF, MIXTURE, {-1, -12}, {3, 12}},
};
enum { CASE_COUNT = sizeof CASES / sizeof CASES[0] };

/* ---- densities --------------------------------------------------------------------------------------------------- */

/* By the midpoint rule in s, x = low + width (3 s^2 - 2 s^3): closer together at the ends, where densities may be steep. */
static void test_densities_have_integral_1(void **state)
{
    enum { POINTS = 160 };
    for (int c = 0; c < CASE_COUNT; c++) {
        Model model = model_of(*state, CASES[c].system, CASES[c].flow, 8, 0.2);
        double *x = ARENA_ARRAY(*state, double, 2 * POINTS * POINTS), sum = 0, places[2][POINTS], weights[2][POINTS];
        for (int i = 0; i < 2 * POINTS; i++) {
            double s = (i / 2 + 0.5) / POINTS, width = CASES[c].high[i % 2] - CASES[c].low[i % 2];
            places[i % 2][i / 2] = CASES[c].low[i % 2] + width * s * s * (3 - 2 * s);
            weights[i % 2][i / 2] = width * 6 * s * (1 - s) / POINTS;
        }
        for (int i = 0; i < POINTS * POINTS; i++) {
            x[2 * i] = places[0][i / POINTS];
            x[2 * i + 1] = places[1][i % POINTS];
        }
        IrTensor *log_q = run(&model, ENTRY_LOG_PROB, (int64_t)POINTS * POINTS, x);
        for (int i = 0; i < POINTS * POINTS; i++)
            sum += exp(log_q[0].data[i]) * weights[0][i / POINTS] * weights[1][i % POINTS];
        if (fabs(sum - 1) > 3e-3)
            fail_msg("case %d: the integral is %g", c, sum);
    }
}

static void test_both_directions_agree(void **state)
{
    enum { BATCH = 50 };
    for (int c = 0; c <= CASE_COUNT; c++) {
        bool mixed = c == CASE_COUNT;
        Model model = model_of(*state, mixed ? MIXED : CASES[c].system, mixed ? CIRCULAR : CASES[c].flow, 8, 0.6);
        IrTensor *samples = run(&model, ENTRY_SAMPLE, BATCH, NULL);
        IrTensor *log_q = run(&model, ENTRY_LOG_PROB, BATCH, samples[0].data);
        ir_test_expect(log_q[0].data, samples[1].data, BATCH, 1e-7, "log q");
    }
}

static void test_samples_are_within_ranges(void **state)
{
    enum { BATCH = 200 };
    static const double LOW[] = {-PI, 0, -PI}, HIGH[] = {PI, 4, PI};
    Model model = model_of(*state, MIXED, CIRCULAR, 8, 2);
    IrTensor *samples = run(&model, ENTRY_SAMPLE, BATCH, NULL);
    for (int i = 0; i < 3 * BATCH; i++)
        assert_true(samples[0].data[i] >= LOW[i % 3] && samples[0].data[i] <= HIGH[i % 3]);
}

/* Whole turns change nothing, the end and the beginning are one point: no jump, and no special slope. */
static void test_circles_close(void **state)
{
    static const double X[] = {0.3, 1, 0.7, 0.3 + 2 * PI, 1, 0.7 - 4 * PI};
    static const double CUT[] = {PI - 1e-9, 1, 0.7, -PI + 1e-9, 1, 0.7, 0.4, 1, PI - 1e-9, 0.4, 1, -PI + 1e-9};
    Model model = model_of(*state, MIXED, CIRCULAR, 8, 0.7);
    IrTensor *log_q = run(&model, ENTRY_LOG_PROB, 2, X), *energy = run(&model, ENTRY_ENERGY, 2, X);
    ir_test_expect(&log_q[0].data[1], &log_q[0].data[0], 1, 1e-9, "log q after a turn");
    ir_test_expect(&energy[0].data[1], &energy[0].data[0], 1, 1e-12, "the energy after a turn");
    log_q = run(&model, ENTRY_LOG_PROB, 4, CUT);
    ir_test_expect(&log_q[0].data[1], &log_q[0].data[0], 1, 1e-6, "log q across the cut");
    ir_test_expect(&log_q[0].data[3], &log_q[0].data[2], 1, 1e-6, "log q across the other cut");
}

static void test_outside_of_ranges_nothing_is_likely(void **state)
{
    static const double X[] = {3.5, 10.2, 1, 9, 1, 10.2};
    static const char *const FLOWS[] = {SPLINES, AFFINE, MASKED};
    for (int f = 0; f < 3; f++) {
        Model model = model_of(*state, BOX, FLOWS[f], 8, 0.5);
        IrTensor *log_q = run(&model, ENTRY_LOG_PROB, 3, X), *energy = run(&model, ENTRY_ENERGY, 3, X);
        for (int s = 0; s < 2; s++) {
            assert_true(isinf(log_q[0].data[s]) && log_q[0].data[s] < 0);
            assert_true(isinf(energy[0].data[s]) && energy[0].data[s] > 0);
        }
        assert_true(isfinite(log_q[0].data[2]) && isfinite(energy[0].data[2]));
    }
}

/* The base's density, stretched: 1 / volume. */
static void test_a_uniform_flow_without_splines(void **state)
{
    static const double X[] = {0.5, 10.1};
    Model model = model_of(*state, BOX, "{base: uniform, layers: [permute]}", 8, 0);
    double expected = -log(4 * 0.5);
    ir_test_expect(run(&model, ENTRY_LOG_PROB, 1, X)[0].data, &expected, 1, 1e-12, "log q");
    IrTensor *samples = run(&model, ENTRY_SAMPLE, 20, NULL);
    for (int s = 0; s < 20; s++)
        ir_test_expect(&samples[1].data[s], &expected, 1, 1e-12, "a sample's log q");
}

/* ---- the mixture ------------------------------------------------------------------------------------------------- */

/* log of the mixture's density at z [2] by its formula; the tensors in the order of the weights. */
static double plain_mixture(const double *weights, int64_t components, double scale, const double *z)
{
    const double *means = weights + components, *log_scales = means + 2 * components;
    double sum = 0, total = 0;
    for (int64_t k = 0; k < components; k++) {
        double density = exp(weights[k]);
        total += exp(weights[k]);
        for (int64_t i = 0; i < 2; i++) {
            double s = scale * exp(log_scales[2 * k + i]), apart = (z[i] - scale * means[2 * k + i]) / s;
            density *= exp(-apart * apart / 2) / (s * sqrt(2 * PI));
        }
        sum += density;
    }
    return log(sum / total);
}

static void test_mixture_has_its_density(void **state)
{
    Model model = model_of(*state, "2", MIXTURE, 8, 0.8);
    assert_string_equal(model.program->tensors[0].name, "flow.base.logits");
    assert_string_equal(model.program->tensors[2].name, "flow.base.log_scales");
    TestRandom random = {9};
    for (int s = 0; s < 50; s++) {
        double z[2] = {test_uniform(&random, -4, 4), test_uniform(&random, -4, 4)}, x[2] = {z[1], z[0]};
        double expected = plain_mixture(model.weights, 3, 1.5, z);
        ir_test_expect(run(&model, ENTRY_LOG_PROB, 1, x)[0].data, &expected, 1, 1e-11, "log p");
    }
}

/* Components far apart are drawn as often as their weights say, with their means and deviations. */
static void test_mixture_draws_by_weight(void **state)
{
    enum { BATCH = 20000 };
    Model model = model_of(*state, "2", "{base: {mixture: {components: 2}}, layers: [permute]}", 8, 0);
    double weights[] = {log(3), log(1), -50, 0, 50, 0, log(2), 0, log(0.5), 0}, count = 0, sum = 0, squares = 0;
    model.weights = weights;
    IrTensor *samples = run(&model, ENTRY_SAMPLE, BATCH, NULL);
    for (int s = 0; s < BATCH; s++) {
        double first = samples[0].data[2 * s + 1];
        count += first < 0;
        sum += first < 0 ? first + 50 : 0;
        squares += first < 0 ? (first + 50) * (first + 50) : 0;
    }
    assert_true(fabs(count / BATCH - 0.75) < 0.01);
    assert_true(fabs(sum / count) < 0.06 && fabs(sqrt(squares / count) - 2) < 0.05);
}

/* The integral of q (log q + U) over the plane, by the midpoint rule. */
static double reverse_kl(const double *weights, int64_t components)
{
    enum { POINTS = 240 };
    double step = 20.0 / POINTS, sum = 0;
    for (int i = 0; i < POINTS * POINTS; i++) {
        double z[2] = {-10 + (i / POINTS + 0.5) * step, -10 + (i % POINTS + 0.5) * step};
        double log_q = plain_mixture(weights, components, 1, z), energy = 0;
        for (int k = 0; k < 2; k++)
            energy += 0.5 * z[k] * z[k] + cos(z[k]);
        sum += exp(log_q) * (log_q + energy) * step * step;
    }
    return sum;
}

/* Also in the logits, on which samples depend through a discrete choice. */
static void test_mixture_has_the_whole_gradient(void **state)
{
    enum { BATCH = 20000, COUNT = 10 };
    Model model = model_of(*state, "2", "{base: {mixture: {components: 2}}, layers: [permute]}", BATCH, 0);
    double weights[COUNT] = {0.5, -0.3, -1.5, 0.4, 0.8, -0.2, 0.1, -0.3, -0.4, 0.2}, moved[COUNT];
    model.weights = weights;
    IrTensor *step = run(&model, ENTRY_STEP, BATCH, NULL);
    double loss = reverse_kl(weights, 2);
    ir_test_expect(step[0].data, &loss, 1, 0.03, "the loss");
    for (int i = 0; i < COUNT; i++) {
        double h = 1e-3, slope[2];
        for (int side = 0; side < 2; side++) {
            memcpy(moved, weights, sizeof moved);
            moved[i] += side == 0 ? -h : h;
            slope[side] = reverse_kl(moved, 2);
        }
        double expected = (slope[1] - slope[0]) / (2 * h), actual = i < 2   ? step[1].data[i]
                                                                    : i < 6 ? step[2].data[i - 2]
                                                                            : step[3].data[i - 6];
        if (fabs(actual - expected) > 0.03)
            fail_msg("weight %d: %g, expected %g", i, actual, expected);
    }
    assert_true(fabs(step[1].data[0]) > 0.1); /* far enough from 0 to tell */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_densities_have_integral_1),
        cmocka_unit_test(test_both_directions_agree),
        cmocka_unit_test(test_samples_are_within_ranges),
        cmocka_unit_test(test_circles_close),
        cmocka_unit_test(test_outside_of_ranges_nothing_is_likely),
        cmocka_unit_test(test_a_uniform_flow_without_splines),
        cmocka_unit_test(test_mixture_has_its_density),
        cmocka_unit_test(test_mixture_draws_by_weight),
        cmocka_unit_test(test_mixture_has_the_whole_gradient),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
