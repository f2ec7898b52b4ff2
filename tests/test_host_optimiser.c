/* SPDX-License-Identifier: MIT */
/* The optimiser against an independent double-precision Adam that follows the papers line by line; its norm, its
 * pieces, its average; and schedules at hand-computed points. */
#include "runtime/host/optimiser.h"
#include "runtime/host/schedule.h"
#include "tests/host_helpers.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 10007 };

/* Three tensors, the one in the middle a state; lengths that fill neither vectors nor pieces. */
static const ModelTensor tensors[] = {
    {"a", 1, {3001}, 0, 3001, true, MODEL_INIT_NORMAL, 1, false, false},
    {"state", 1, {101}, 3001, 101, false, MODEL_INIT_CONSTANT, 1, false, false},
    {"b", 1, {6905}, 3102, 6905, true, MODEL_INIT_UNIFORM, 1, false, false},
};

static Model make_model(ModelOptimizer kind, double weight_decay, double clip_norm, double average)
{
    Model model = {.name = "test", .weight_count = COUNT, .tensor_count = 3, .tensors = tensors};
    model.training = (ModelTraining){.optimizer = kind,
                                     .beta1 = 0.9,
                                     .beta2 = 0.999,
                                     .epsilon = 1e-8,
                                     .weight_decay = weight_decay,
                                     .clip_norm = clip_norm,
                                     .average = average};
    return model;
}

static void make_gradient(int step, float *gradient)
{
    for (int i = 0; i < COUNT; i++)
        gradient[i] = i >= 3001 && i < 3102 ? 0 : sinf((float)(i * (step + 3))) * expf(cosf((float)i));
}

/* Kingma and Ba 2015, algorithm 1, and Loshchilov and Hutter 2019, algorithm 2, in double, one weight at a time. */
static void reference_update(const ModelTraining *training, int t, double rate, double norm, const float *gradient,
                             double *w, double *m, double *v, double *a)
{
    for (int i = 0; i < COUNT; i++) {
        if (i >= 3001 && i < 3102)
            continue;
        double g = (double)gradient[i];
        if (training->clip_norm > 0 && norm > training->clip_norm)
            g *= training->clip_norm / norm;
        if (training->optimizer == MODEL_ADAM)
            g += training->weight_decay * w[i];
        m[i] = training->beta1 * m[i] + (1 - training->beta1) * g;
        v[i] = training->beta2 * v[i] + (1 - training->beta2) * g * g;
        double m_hat = m[i] / (1 - pow(training->beta1, t)), v_hat = v[i] / (1 - pow(training->beta2, t));
        double decay = training->optimizer == MODEL_ADAMW ? rate * training->weight_decay * w[i] : 0;
        w[i] -= rate * m_hat / (sqrt(v_hat) + training->epsilon) + decay;
        double d = fmin(training->average, (double)t / (t + 9));
        a[i] = d * a[i] + (1 - d) * w[i];
    }
}

/* Sutskever, Martens, Dahl and Hinton 2013, eq. 1 and 2, with the rate outside of the sum; Tieleman and Hinton 2012. */
static void reference_of_others(const ModelTraining *training, double rate, const float *gradient, double *w, double *m,
                                double *v)
{
    for (int i = 0; i < COUNT; i++) {
        const double g = (double)gradient[i];
        if (i >= 3001 && i < 3102)
            continue;
        if (training->optimizer == MODEL_SGD) {
            m[i] = training->beta1 * m[i] + g;
            w[i] -= rate * m[i];
        } else {
            v[i] = training->beta2 * v[i] + (1 - training->beta2) * g * g;
            w[i] -= rate * g / (sqrt(v[i]) + training->epsilon);
        }
    }
}

static void expect_like_others(ModelOptimizer kind)
{
    static float weights[COUNT], gradient[COUNT];
    static double w[COUNT], m[COUNT], v[COUNT];
    Model model = make_model(kind, 0, 0, 0);
    Optimiser optimiser;
    Failure failure;
    for (int i = 0; i < COUNT; i++) {
        weights[i] = cosf((float)i);
        w[i] = (double)weights[i];
        m[i] = v[i] = 0;
    }
    assert_true(optimiser_start(&optimiser, &model, weights, &failure));
    for (int t = 1; t <= 200; t++) {
        make_gradient(t, gradient);
        double rate = 1e-3 / t, norm = optimiser_norm(&optimiser, gradient, 1);
        optimiser_update(&optimiser, rate, norm, gradient, weights, 1);
        reference_of_others(&model.training, rate, gradient, w, m, v);
    }
    for (int i = 0; i < COUNT; i++)
        if (fabs((double)weights[i] - w[i]) > 3e-6)
            fail_msg("weight %d: %.9g, expected %.9g", i, (double)weights[i], w[i]);
    optimiser_end(&optimiser);
}

static void test_sgd_has_momentum(void **state)
{
    (void)state;
    expect_like_others(MODEL_SGD);
}

static void test_rmsprop_is_the_lectures(void **state)
{
    (void)state;
    expect_like_others(MODEL_RMSPROP);
}

static void expect_like_reference(ModelOptimizer kind, double weight_decay, double clip_norm)
{
    static float weights[COUNT], gradient[COUNT];
    static double w[COUNT], m[COUNT], v[COUNT], a[COUNT];
    Model model = make_model(kind, weight_decay, clip_norm, 0.99);
    Optimiser optimiser;
    Failure failure;
    for (int i = 0; i < COUNT; i++) {
        weights[i] = cosf((float)i);
        w[i] = a[i] = (double)weights[i];
        m[i] = v[i] = 0;
    }
    assert_true(optimiser_start(&optimiser, &model, weights, &failure));
    for (int t = 1; t <= 200; t++) {
        make_gradient(t, gradient);
        double rate = 1e-2 / t, norm = optimiser_norm(&optimiser, gradient, 1);
        optimiser_update(&optimiser, rate, norm, gradient, weights, 1);
        reference_update(&model.training, t, rate, norm, gradient, w, m, v, a);
    }
    for (int i = 0; i < COUNT; i++) {
        if (fabs((double)weights[i] - w[i]) > 3e-6)
            fail_msg("weight %d: %.9g, expected %.9g", i, (double)weights[i], w[i]);
        if (fabs((double)optimiser.average[i] - a[i]) > 3e-6)
            fail_msg("average %d: %.9g, expected %.9g", i, (double)optimiser.average[i], a[i]);
    }
    optimiser_end(&optimiser);
}

static void test_adam_is_the_papers(void **state)
{
    (void)state;
    expect_like_reference(MODEL_ADAM, 0, 0);
}

static void test_adam_with_decay_and_clipping(void **state)
{
    (void)state;
    expect_like_reference(MODEL_ADAM, 0.1, 5);
}

static void test_adamw_is_the_papers(void **state)
{
    (void)state;
    expect_like_reference(MODEL_ADAMW, 0.3, 0);
}

/* States are no weights: neither decay nor the average moves them. */
static void test_states_are_left_alone(void **state)
{
    (void)state;
    static float weights[COUNT], gradient[COUNT];
    Model model = make_model(MODEL_ADAMW, 0.5, 1, 0.9);
    Optimiser optimiser;
    Failure failure;
    for (int i = 0; i < COUNT; i++)
        weights[i] = 1;
    assert_true(optimiser_start(&optimiser, &model, weights, &failure));
    for (int t = 0; t < 20; t++) {
        make_gradient(t, gradient);
        optimiser_update(&optimiser, 0.1, optimiser_norm(&optimiser, gradient, 1), gradient, weights, 1);
    }
    for (int i = 3001; i < 3102; i++)
        assert_true(weights[i] == 1 && optimiser.average[i] == 1);
    assert_true(weights[3000] != 1 && weights[3102] != 1);
    optimiser_end(&optimiser);
}

static void test_norm_is_the_euclidean_one(void **state)
{
    (void)state;
    static float weights[COUNT], gradient[COUNT];
    Model model = make_model(MODEL_ADAM, 0, 0, 0);
    Optimiser optimiser;
    Failure failure;
    long double sum = 0;
    assert_true(optimiser_start(&optimiser, &model, weights, &failure));
    assert_null(optimiser.average);
    assert_ptr_equal(optimiser_weights(&optimiser, weights), weights);
    make_gradient(1, gradient);
    for (int i = 0; i < COUNT; i++)
        sum += (long double)gradient[i] * (long double)gradient[i];
    double norm = optimiser_norm(&optimiser, gradient, 1);
    assert_true(fabs(norm - (double)sqrtl(sum)) < 1e-12 * norm);
    gradient[COUNT - 1] = NAN;
    assert_true(isnan(optimiser_norm(&optimiser, gradient, 1)));
    gradient[COUNT - 1] = INFINITY;
    assert_true(isinf(optimiser_norm(&optimiser, gradient, 1)));
    optimiser_end(&optimiser);
}

/* Weights whose gradient has become 0 do not keep denormal moments. */
static void test_moments_do_not_stay_denormal(void **state)
{
    (void)state;
    static float weights[COUNT], gradient[COUNT];
    Model model = make_model(MODEL_ADAM, 0, 0, 0);
    model.training.beta2 = 0.9;
    Optimiser optimiser;
    Failure failure;
    assert_true(optimiser_start(&optimiser, &model, weights, &failure));
    for (int t = 0; t < 1500; t++) {
        for (int i = 0; i < COUNT; i++)
            gradient[i] = t == 0 ? 1e-3f : 0;
        optimiser_update(&optimiser, 1e-3, 0, gradient, weights, 1);
    }
    for (int i = 0; i < COUNT; i++)
        assert_true(optimiser.first_moment[i] == 0 && optimiser.second_moment[i] == 0);
    optimiser_end(&optimiser);
}

/* The optimiser as tests/host_optimiser_scalar.c has it: one weight at a time, OpenMP. */
bool scalar_optimiser_start(Optimiser *optimiser, const Model *model, const float *weights, Failure *failure);
void scalar_optimiser_end(Optimiser *optimiser);
double scalar_optimiser_norm(Optimiser *optimiser, const float *gradient, int threads);
void scalar_optimiser_update(Optimiser *optimiser, double rate, double norm, const float *gradient, float *weights,
                             int threads);

/* Many more weights than a thread's share takes to be worth a thread. */
static void test_bits_do_not_depend_on_lanes_and_threads(void **state)
{
    enum { MANY = 200003 };
    static const ModelTensor many = {"many", 1, {MANY}, 0, MANY, true, MODEL_INIT_NORMAL, 1, false, false};
    static float weights[2][MANY], gradient[MANY];
    (void)state;
    Model model = make_model(MODEL_ADAM, 0.1, 1, 0.99);
    Optimiser optimiser[2];
    Failure failure;
    model.weight_count = MANY;
    model.tensors = &many;
    model.tensor_count = 1;
    assert_true(optimiser_start(&optimiser[0], &model, weights[0], &failure));
    assert_true(scalar_optimiser_start(&optimiser[1], &model, weights[1], &failure));
    for (int t = 0; t < 5; t++) {
        for (int i = 0; i < MANY; i++)
            gradient[i] = sinf((float)(i * (t + 3)));
        double norm = optimiser_norm(&optimiser[0], gradient, 1);
        assert_true(norm == scalar_optimiser_norm(&optimiser[1], gradient, 3));
        optimiser_update(&optimiser[0], 1e-2, norm, gradient, weights[0], 1);
        scalar_optimiser_update(&optimiser[1], 1e-2, norm, gradient, weights[1], 3);
    }
    assert_memory_equal(weights[0], weights[1], sizeof weights[0]);
    assert_memory_equal(optimiser[0].average, optimiser[1].average, sizeof weights[0]);
    optimiser_end(&optimiser[0]);
    scalar_optimiser_end(&optimiser[1]);
}

/* A short training's average lies near its last weights, not between them and the start. */
static void test_average_forgets_the_start(void **state)
{
    (void)state;
    static float weights[COUNT], gradient[COUNT];
    Model model = make_model(MODEL_ADAM, 0, 0, 0.9999);
    Optimiser optimiser;
    Failure failure;
    for (int i = 0; i < COUNT; i++)
        weights[i] = 100;
    assert_true(optimiser_start(&optimiser, &model, weights, &failure));
    for (int t = 0; t < 100; t++) { /* as if the weights jumped to 1 at once and stayed there */
        weights[0] = 1;
        optimiser_update(&optimiser, 0, 0, gradient, weights, 1);
    }
    assert_true(fabsf(optimiser.average[0] - 1) < 1e-6f);
    assert_ptr_equal(optimiser_weights(&optimiser, weights), optimiser.average);
    optimiser_end(&optimiser);
}

/* ---- schedules --------------------------------------------------------------------------------------------------- */

static void expect_at(ModelSchedule schedule, int64_t step, double expected)
{
    double value = schedule_value(&schedule, step, 1000);
    if (fabs(value - expected) > 1e-14 * fabs(expected))
        fail_msg("shape %d at step %ld: %.17g, expected %.17g", (int)schedule.shape, (long)step, value, expected);
}

static void test_schedules_take_their_shapes(void **state)
{
    static const int64_t until[] = {100, 250, 400};
    static const double value[] = {4, 2, 1};
    (void)state;
    ModelSchedule constant = {.shape = MODEL_SCHEDULE_CONSTANT, .from = 3, .to = 7};
    ModelSchedule linear = {.shape = MODEL_SCHEDULE_LINEAR, .from = 5, .to = 1, .steps = 400};
    ModelSchedule cosine = {.shape = MODEL_SCHEDULE_COSINE, .from = 1, .to = 0.2};
    ModelSchedule exponential = {.shape = MODEL_SCHEDULE_EXPONENTIAL, .from = 16, .to = 1, .steps = 400};
    ModelSchedule stages = {.shape = MODEL_SCHEDULE_STAGES, .stage_count = 3, .until = until, .value = value};
    expect_at(constant, 0, 3);
    expect_at(constant, 5000, 3);
    expect_at(linear, 0, 5);
    expect_at(linear, 100, 4);
    expect_at(linear, 400, 1);
    expect_at(linear, 900, 1);
    expect_at(cosine, 0, 1);
    expect_at(cosine, 250, 0.6 + 0.4 * sqrt(0.5));
    expect_at(cosine, 500, 0.6);
    expect_at(cosine, 1000, 0.2);
    expect_at(exponential, 100, 8);
    expect_at(exponential, 200, 4);
    expect_at(exponential, 400, 1);
    expect_at(stages, 99, 4);
    expect_at(stages, 100, 2);
    expect_at(stages, 250, 1);
    expect_at(stages, 4000, 1);
}

static void test_warm_up_rises_in_steps(void **state)
{
    (void)state;
    ModelSchedule schedule = {.shape = MODEL_SCHEDULE_CONSTANT, .from = 2, .warm_up = 4};
    expect_at(schedule, 0, 0.4);
    expect_at(schedule, 3, 1.6);
    expect_at(schedule, 4, 2);
    schedule = (ModelSchedule){.shape = MODEL_SCHEDULE_LINEAR, .from = 1, .to = 0, .warm_up = 9};
    expect_at(schedule, 4, 0.5 * 0.996);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adam_is_the_papers),
        cmocka_unit_test(test_adam_with_decay_and_clipping),
        cmocka_unit_test(test_adamw_is_the_papers),
        cmocka_unit_test(test_sgd_has_momentum),
        cmocka_unit_test(test_rmsprop_is_the_lectures),
        cmocka_unit_test(test_states_are_left_alone),
        cmocka_unit_test(test_norm_is_the_euclidean_one),
        cmocka_unit_test(test_moments_do_not_stay_denormal),
        cmocka_unit_test(test_bits_do_not_depend_on_lanes_and_threads),
        cmocka_unit_test(test_average_forgets_the_start),
        cmocka_unit_test(test_schedules_take_their_shapes),
        cmocka_unit_test(test_warm_up_rises_in_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
