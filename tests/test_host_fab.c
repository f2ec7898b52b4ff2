/* SPDX-License-Identifier: MIT */
/* The replay buffer by hand, and training by fab of the normal model of tests/host_model.h, whose log q has a gradient in
 * closed form. */
#include "runtime/host/buffer.h"
#include "runtime/host/fab.h"
#include "tests/host_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_near(const char *what, double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s: %.9g, expected %.9g within %g", what, value, expected, tolerance);
}

/* ---- the buffer -------------------------------------------------------------------------------------------------- */

enum { CAPACITY = 5 };

static void test_buffer_is_a_ring(void **state)
{
    float memory[CAPACITY * (1 + 3) + 2] = {0};
    Buffer buffer;
    (void)state;
    assert_int_equal(buffer_floats(CAPACITY, 1), sizeof memory / sizeof *memory);
    buffer_view(&buffer, CAPACITY, 1, memory);
    for (int i = 0; i < 7; i++)
        buffer_add(&buffer, (const float[]){(float)i}, 10 * i, (float)i, 0);
    assert_int_equal(buffer_count(&buffer), CAPACITY);
    static const float expected[CAPACITY] = {5, 6, 2, 3, 4};
    assert_memory_equal(buffer.x, expected, sizeof expected);
    assert_true(buffer.log_w[1] == 60 && buffer.log_w[2] == 20);
    buffer_add(&buffer, (const float[]){NAN}, 0, 0, 0);
    buffer_add(&buffer, (const float[]){1}, (double)INFINITY, 0, 0);
    buffer_add(&buffer, (const float[]){1}, 0, 0, INFINITY);
    assert_memory_equal(buffer.x, expected, sizeof expected);
    Buffer same; /* all of it lies in the block */
    buffer_view(&same, CAPACITY, 1, memory);
    assert_int_equal(buffer_count(&same), CAPACITY);
}

static void test_rows_are_picked_by_their_weights(void **state)
{
    enum { PICKS = 40000 };
    static float picks[PICKS];
    float memory[CAPACITY * (1 + 3) + 2] = {0};
    double cumulative[CAPACITY];
    static const double w[CAPACITY] = {1, 0, 3, 0.5, 5.5};
    int taken[CAPACITY] = {0};
    Buffer buffer;
    (void)state;
    buffer_view(&buffer, CAPACITY, 1, memory);
    assert_false(buffer_pick(&buffer, 1, 1, 10, cumulative, picks));
    for (int i = 0; i < CAPACITY; i++)
        buffer_add(&buffer, (const float[]){0}, log(w[i] > 0 ? w[i] : 1) + 300, 0, 0);
    buffer_update(&buffer, 1, NAN); /* never again */
    assert_true(buffer_pick(&buffer, 1, 1, PICKS, cumulative, picks));
    for (int i = 0; i < PICKS; i++)
        taken[(int)picks[i]]++;
    for (int i = 0; i < CAPACITY; i++)
        expect_near("picks", taken[i], PICKS * w[i] / 10, 4.5 * sqrt(PICKS * w[i] / 10));
}

static void test_weights_follow_the_model_and_the_temperature(void **state)
{
    float memory[CAPACITY * (1 + 3) + 2] = {0};
    Buffer buffer;
    (void)state;
    buffer_view(&buffer, CAPACITY, 1, memory);
    buffer_add(&buffer, (const float[]){0}, 1, -2, 3);
    buffer_update(&buffer, 0, -1.5f);
    expect_near("log w", (double)buffer.log_w[0], 1 - 0.5, 1e-6);
    buffer_update(&buffer, 0, -1.5f); /* known already */
    expect_near("log w", (double)buffer.log_w[0], 0.5, 1e-6);
    buffer_retemper(&buffer, 2, 1);
    expect_near("log w", (double)buffer.log_w[0], 0.5 - 2 * 3 * (1 - 0.5), 1e-6);
    buffer_retemper(&buffer, 1, 2);
    expect_near("log w", (double)buffer.log_w[0], 0.5, 1e-6);
}

/* ---- training ---------------------------------------------------------------------------------------------------- */

/* The gradient of the mean of -w log q(x) over rows [x, w]. */
static void find_gradient(const float *weights, const float *rows, double gradient[HOST_WEIGHTS])
{
    memset(gradient, 0, HOST_WEIGHTS * sizeof *gradient);
    for (int s = 0; s < HOST_BATCH; s++) {
        const float *row = rows + s * (HOST_DIMENSION + 1);
        for (int i = 0; i < HOST_DIMENSION; i++) {
            const double sigma = exp((double)weights[HOST_LOG_SCALE + i]);
            const double z = ((double)row[i] - (double)weights[HOST_SHIFT + i]) / sigma;
            gradient[HOST_SHIFT + i] -= (double)row[HOST_DIMENSION] * z / sigma / HOST_BATCH;
            gradient[HOST_LOG_SCALE + i] -= (double)row[HOST_DIMENSION] * (z * z - 1) / HOST_BATCH;
        }
    }
}

typedef struct Learner {
    Model model;
    Fab fab;
    float weights[HOST_WEIGHTS], scalars[2];
    char workspace[64];
} Learner;

static void learner_start(Learner *learner, int64_t buffer)
{
    Failure failure;
    *learner = (Learner){.model = host_model, .weights = {-1, 1, 0, 0, 0, 0.5f, 0.5f}, .scalars = {1, 1}};
    learner->model.training.fab = (ModelFab){.steps = 2, .buffer = buffer, .reuse = 3};
    assert_true(fab_start(&learner->fab, &learner->model, 9, learner->weights, learner->scalars, learner->workspace, 1,
                          &failure));
}

/* Plain gradient descent. */
static void learn(Learner *learner, uint64_t first, uint64_t end, double kT)
{
    for (uint64_t step = first; step < end; step++) {
        double gradient[HOST_WEIGHTS];
        Failure failure;
        assert_true(fab_rows(&learner->fab, step, kT, &failure));
        find_gradient(learner->weights, learner->fab.rows, gradient);
        for (int i = 0; i < HOST_WEIGHTS; i++)
            learner->weights[i] -= (float)(0.1 / (1 + 0.01 * (double)step) * gradient[i]);
    }
}

/* Mean 1 and -1/2, widths sqrt kT and sqrt kT / 2. */
static void expect_target(const Learner *learner, double kT)
{
    expect_near("shift 0", (double)learner->weights[HOST_SHIFT], HOST_CENTRE_0, 0.08);
    expect_near("shift 1", (double)learner->weights[HOST_SHIFT + 1], HOST_CENTRE_1, 0.08);
    expect_near("log scale 0", (double)learner->weights[HOST_LOG_SCALE], 0.5 * log(kT), 0.08);
    expect_near("log scale 1", (double)learner->weights[HOST_LOG_SCALE + 1], 0.5 * log(kT / 4), 0.08);
}

static void test_fab_learns_the_target(void **state)
{
    Learner *learner = malloc(sizeof *learner);
    (void)state;
    assert_non_null(learner);
    for (int buffer = 0; buffer <= 960; buffer += 960) {
        learner_start(learner, buffer);
        learn(learner, 0, 400, 1);
        expect_target(learner, 1);
        learn(learner, 400, 800, 0.5);
        expect_target(learner, 0.5);
        fab_end(&learner->fab);
    }
    free(learner);
}

/* In the middle of a batch's reuse, by what checkpoints hold: the state, and the weights. */
static void test_fab_goes_on_from_its_state(void **state)
{
    Learner *whole = malloc(sizeof *whole), *pieces = malloc(sizeof *pieces), *again = malloc(sizeof *again);
    (void)state;
    assert_true(whole && pieces && again);
    learner_start(whole, 700);
    learn(whole, 0, 20, 1);
    learner_start(pieces, 700);
    learn(pieces, 0, 10, 1);
    learner_start(again, 700);
    memcpy(again->weights, pieces->weights, sizeof again->weights);
    memcpy(again->fab.state, pieces->fab.state, again->fab.state_count * sizeof *again->fab.state);
    learn(again, 10, 20, 1);
    assert_memory_equal(again->weights, whole->weights, sizeof whole->weights);
    fab_end(&whole->fab);
    fab_end(&pieces->fab);
    fab_end(&again->fab);
    free(whole);
    free(pieces);
    free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffer_is_a_ring),
        cmocka_unit_test(test_rows_are_picked_by_their_weights),
        cmocka_unit_test(test_weights_follow_the_model_and_the_temperature),
        cmocka_unit_test(test_fab_learns_the_target),
        cmocka_unit_test(test_fab_goes_on_from_its_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
