/* SPDX-License-Identifier: MIT */
/* The estimators against closed forms: targets and proposals are normal, so that every number they estimate is known;
 * and their errors against what repeated experiments show. */
#include "runtime/core/random.h"
#include "runtime/host/estimates.h"
#include "runtime/host/verdict.h"
#include "tests/host_helpers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double half_log_2_pi = 0.91893853320467274178;

static void expect_near(const char *what, double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s: %.12g, expected %.12g within %g", what, value, expected, tolerance);
}

/* The normal distribution's quantile, by bisection on erfc. */
static double normal_quantile(double p)
{
    double low = -40, high = 40;
    for (int i = 0; i < 200; i++) {
        const double middle = 0.5 * (low + high);
        *(0.5 * erfc(-middle / sqrt(2.0)) < p ? &low : &high) = middle;
    }
    return 0.5 * (low + high);
}

/* ---- weights on a fine grid of the proposal: sums are integrals -------------------------------------------------- */

enum { GRID = 20000 };

/* log w of p = exp(-x^2 / 2) over q = N(mean, sigma^2), at the quantiles of `at`-samples: q's or p's. */
static void grid_weights(double mean, double sigma, bool of_target, double *log_w)
{
    for (int i = 0; i < GRID; i++) {
        const double z = normal_quantile((i + 0.5) / GRID), x = of_target ? z : mean + sigma * z;
        const double apart = (x - mean) / sigma;
        log_w[i] = -0.5 * x * x - (-0.5 * apart * apart - log(sigma) - half_log_2_pi);
    }
}

/* q = N(0, s^2): ess = sqrt(2 s^2 - 1) / s^2;  q = N(m, 1): ess = exp(-m^2); Z = sqrt(2 pi). */
static void test_ess_and_log_z_of_normal_proposals(void **state)
{
    static double log_w[GRID];
    (void)state;
    grid_weights(0, sqrt(1.5), false, log_w);
    expect_near("ess", importance_ess(log_w, GRID).value, sqrt(2.0) / 1.5, 1e-4);
    expect_near("log_z", importance_log_z(log_w, GRID).value, half_log_2_pi, 1e-4);
    grid_weights(0.8, 1, false, log_w);
    expect_near("ess", importance_ess(log_w, GRID).value, exp(-0.64), 1e-2);
    expect_near("log_z", importance_log_z(log_w, GRID).value, half_log_2_pi, 1e-3);
}

/* q = N(m, 1): x - y is normal, and E min(1, w(y) / w(x)) = erfc(m / 2). */
static void test_acceptance_of_a_shifted_proposal(void **state)
{
    static double log_w[GRID];
    (void)state;
    grid_weights(0.8, 1, false, log_w);
    importance_sort(log_w, GRID);
    expect_near("acceptance", importance_acceptance(log_w, GRID).value, erfc(0.4), 1e-3);
}

/* Samples of p see the same ess and the same Z as samples of q. */
static void test_forward_estimates_of_a_narrow_proposal(void **state)
{
    static double log_w[GRID];
    (void)state;
    grid_weights(0, sqrt(1.5), true, log_w);
    expect_near("ess", importance_ess_forward(log_w, GRID).value, sqrt(2.0) / 1.5, 1e-3);
    expect_near("log_z", importance_log_z_forward(log_w, GRID).value, half_log_2_pi, 1e-3);
}

/* What q misses is seen by the forward ess alone: p has two equal wells, q one of them. */
static void test_forward_ess_sees_a_missing_mode(void **state)
{
    enum { COUNT = 1000 };
    double reverse[COUNT], forward[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        reverse[i] = log(0.5);                      /* in its well q is p but for the factor */
        forward[i] = log(0.5) + (i % 2 ? 0 : 50.0); /* in the other, q is e^-50 */
    }
    assert_true(importance_ess(reverse, COUNT).value > 0.999);
    assert_true(importance_ess_forward(forward, COUNT).value < 1e-20);
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

static void test_equal_weights(void **state)
{
    double log_w[500];
    (void)state;
    for (int i = 0; i < 500; i++)
        log_w[i] = -1234.5;
    expect_near("ess", importance_ess(log_w, 500).value, 1, 1e-15);
    expect_near("its error", importance_ess(log_w, 500).error, 0, 1e-15);
    expect_near("log_z", importance_log_z(log_w, 500).value, -1234.5, 1e-12);
    expect_near("acceptance", importance_acceptance(log_w, 500).value, 1, 1e-12);
    ParetoTail tail;
    Failure failure;
    assert_true(pareto_of_weights(log_w, 500, &tail, &failure));
    assert_false(tail.is_defined);
}

static void test_one_weight_outweighs_all(void **state)
{
    double log_w[100];
    (void)state;
    for (int i = 0; i < 100; i++)
        log_w[i] = i == 42 ? 0 : -2000;
    expect_near("ess", importance_ess(log_w, 100).value, 0.01, 1e-15);
    expect_near("log_z", importance_log_z(log_w, 100).value, -log(100), 1e-12);
    importance_sort(log_w, 100);
    expect_near("acceptance", importance_acceptance(log_w, 100).value, 0, 1e-12);
}

/* Neither sums nor squares overflow, and a constant factor changes log Z alone. */
static void test_huge_and_tiny_weights(void **state)
{
    double log_w[300], shifted[300];
    (void)state;
    for (int i = 0; i < 300; i++) {
        log_w[i] = sin(i);
        shifted[i] = log_w[i] - 1e6;
    }
    expect_near("ess", importance_ess(shifted, 300).value, importance_ess(log_w, 300).value, 1e-9);
    expect_near("log_z", importance_log_z(shifted, 300).value, importance_log_z(log_w, 300).value - 1e6, 1e-9);
    expect_near("forward", importance_ess_forward(shifted, 300).value, importance_ess_forward(log_w, 300).value, 1e-9);
    log_w[7] = -(double)INFINITY; /* an infinite energy */
    assert_true(isfinite(importance_ess(log_w, 300).value) && isfinite(importance_log_z(log_w, 300).value));
    for (int i = 0; i < 300; i++)
        log_w[i] = -(double)INFINITY;
    assert_true(importance_ess(log_w, 300).value == 0 && importance_log_z(log_w, 300).value == -(double)INFINITY);
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

/* An experiment: samples of q = N(0.3, 1.2^2) in one dimension, p = N(0, 1), U = x^2 / 2, observable 1 where x > 0. */
static void draw_experiment(uint64_t seed, SampleTable *table)
{
    const RandomStream stream = {.seed = seed, .first_sample = 0, .step = 0, .purpose = RANDOM_SAMPLE};
    for (size_t i = 0; i < table->count; i++) {
        const double z = (double)random_normal_value(&stream, i, 0, 0), x = 0.3 + 1.2 * z;
        table->log_q[i] = -0.5 * z * z - half_log_2_pi - log(1.2);
        table->energy[i] = 0.5 * x * x;
        table->log_w[i] = -table->energy[i] - table->log_q[i];
        table->observables[i] = x > 0 ? 1 : 0;
    }
}

static SampleTable claim_table(size_t count, int observables)
{
    SampleTable table = {.count = count, .observable_count = observables};
    table.log_q = calloc(count, sizeof(double));
    table.energy = calloc(count, sizeof(double));
    table.log_w = calloc(count, sizeof(double));
    table.observables = calloc(count * (size_t)observables, sizeof(double));
    return table;
}

static void free_table(SampleTable *table)
{
    free(table->log_q);
    free(table->energy);
    free(table->log_w);
    free(table->observables);
}

/* Of 300 experiments, the truth should lie within 1.96 errors in 95%, that is 285 +- 4. */
static void test_errors_cover_the_truth(void **state)
{
    enum { EXPERIMENTS = 300, COUNT = 400, NUMBERS = 10 };
    static const char *const names[NUMBERS] = {"ess",
                                               "log_z",
                                               "acceptance",
                                               "energy",
                                               "reweighted energy",
                                               "observable",
                                               "reweighted observable",
                                               "smoothed log_z",
                                               "smoothed energy",
                                               "smoothed observable"};
    double truth[NUMBERS] = {0, half_log_2_pi, 0, 0.5 * (0.09 + 1.44), 0.5, 0, 0.5, half_log_2_pi, 0.5, 0.5},
           sums[NUMBERS] = {0}, squares[NUMBERS] = {0};
    int covered[NUMBERS] = {0};
    (void)state;
    SampleTable table = claim_table(COUNT, 1), large = claim_table(200000, 1);
    Estimates estimates;
    Failure failure;
    draw_experiment(12345, &large); /* what has no short closed form, by many samples */
    assert_true(estimates_of_samples(&large, 0, &estimates, &failure));
    truth[0] = estimates.ess.value;
    truth[2] = estimates.acceptance.value;
    estimates_release(&estimates);
    truth[5] = 0.5 * erfc(-0.3 / 1.2 / sqrt(2.0));
    for (uint64_t seed = 0; seed < EXPERIMENTS; seed++) {
        draw_experiment(seed, &table);
        assert_true(estimates_of_samples(&table, 3, &estimates, &failure));
        const Estimate found[NUMBERS] = {estimates.ess,
                                         estimates.log_z,
                                         estimates.acceptance,
                                         estimates.energy.plain,
                                         estimates.energy.reweighted,
                                         estimates.observables[0].plain,
                                         estimates.observables[0].reweighted,
                                         estimates.log_z_smoothed,
                                         estimates.energy.smoothed,
                                         estimates.observables[0].smoothed};
        for (int i = 0; i < NUMBERS; i++) {
            covered[i] += fabs(found[i].value - truth[i]) < 1.96 * found[i].error;
            const double pull = (found[i].value - truth[i]) / found[i].error;
            sums[i] += pull;
            squares[i] += pull * pull;
        }
        estimates_release(&estimates);
    }
    for (int i = 0; i < NUMBERS; i++) {
        if (covered[i] < 270 || covered[i] > 297)
            fail_msg("%s: %d of %d experiments cover the truth", names[i], covered[i], EXPERIMENTS);
        expect_near(names[i], sums[i] / EXPERIMENTS, 0, 0.35); /* a bias well below the error */
        expect_near(names[i], sqrt(squares[i] / EXPERIMENTS), 1, 0.13);
    }
    free_table(&table);
    free_table(&large);
}

/* Weights that hardly differ, log w = 0.1 z: ess = exp(-0.01), and its error is of second order in the differences. */
static void test_error_of_a_high_ess(void **state)
{
    enum { EXPERIMENTS = 300, COUNT = 2000 };
    static double log_w[COUNT];
    double squares = 0;
    (void)state;
    for (uint64_t seed = 0; seed < EXPERIMENTS; seed++) {
        const RandomStream stream = {.seed = seed, .first_sample = 0, .step = 0, .purpose = RANDOM_SAMPLE};
        for (size_t i = 0; i < COUNT; i++)
            log_w[i] = 0.1 * (double)random_normal_value(&stream, i, 0, 0);
        const Estimate ess = importance_ess(log_w, COUNT);
        squares += pow((ess.value - exp(-0.01)) / ess.error, 2);
    }
    expect_near("deviation in errors", sqrt(squares / EXPERIMENTS), 1, 0.13);
}

/* To first order w and 1 / w cancel, so that the forward ess is skewed: its errors need more samples than others'. */
static void test_forward_errors_cover_the_truth(void **state)
{
    enum { EXPERIMENTS = 300, COUNT = 4000 };
    static double log_w[COUNT];
    int covered[2] = {0};
    (void)state;
    for (uint64_t seed = 0; seed < EXPERIMENTS; seed++) {
        const RandomStream stream = {.seed = seed, .first_sample = 0, .step = 0, .purpose = RANDOM_SAMPLE};
        for (size_t i = 0; i < COUNT; i++) { /* samples of p = N(0, 1); q = N(0, 1.2), so that 1 / w has four moments */
            const double x = (double)random_normal_value(&stream, i, 0, 0);
            log_w[i] = -0.5 * x * x + 0.5 * x * x / 1.2 + 0.5 * log(1.2) + half_log_2_pi;
        }
        const Estimate ess = importance_ess_forward(log_w, COUNT), log_z = importance_log_z_forward(log_w, COUNT);
        covered[0] += fabs(ess.value - sqrt(1.4) / 1.2) < 1.96 * ess.error;
        covered[1] += fabs(log_z.value - half_log_2_pi) < 1.96 * log_z.error;
    }
    for (int i = 0; i < 2; i++)
        if (covered[i] < 270 || covered[i] > 297)
            fail_msg("%s: %d of %d experiments cover the truth", i ? "log_z" : "ess", covered[i], EXPERIMENTS);
}

/* More samples than groups: means are exact, and the bootstrap's error of a plain mean is sd / sqrt(n). */
static void test_bootstrap_of_many_samples(void **state)
{
    (void)state;
    SampleTable table = claim_table(10007, 1);
    Estimates estimates, again;
    Failure failure;
    draw_experiment(3, &table);
    double w = 0, wu = 0;
    for (size_t i = 0; i < table.count; i++) {
        w += exp(table.log_w[i]);
        wu += exp(table.log_w[i]) * table.energy[i];
    }
    const Estimate plain = estimate_mean(table.energy, table.count);
    assert_true(estimates_of_samples(&table, 3, &estimates, &failure));
    expect_near("mean", estimates.energy.plain.value, plain.value, 1e-12);
    expect_near("reweighted mean", estimates.energy.reweighted.value, wu / w, 1e-12);
    expect_near("error", estimates.energy.plain.error / plain.error, 1, 0.1);
    draw_experiment(3, &table);
    assert_true(estimates_of_samples(&table, 3, &again, &failure));
    assert_true(again.energy.reweighted.error == estimates.energy.reweighted.error);
    estimates_release(&estimates);
    estimates_release(&again);
    free_table(&table);
}

/* ---- Pareto k ---------------------------------------------------------------------------------------------------- */

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* What ArviZ 0.23.4 (_gpdfit, psislw) finds for the quantiles (i + 1) / 201 of generalized Pareto distributions, and
 * for weights u^-k. */
static void test_fit_agrees_with_an_independent_one(void **state)
{
    enum { COUNT = 200 };
    static const double expected[4][3] = {{-0.3, -0.270334605778, 0.999142093503},
                                          {0.2, 0.188688941243, 1.010958622209},
                                          {0.8, 0.742540898201, 1.022051909500},
                                          {1.5, 1.388284386647, 1.035496480578}};
    static const double expected_tails[2][2] = {{0.3, 0.323560643826}, {0.9, 0.844266433403}};
    double x[COUNT], log_w[1000];
    ParetoFit fit;
    ParetoTail tail;
    Failure failure;
    (void)state;
    for (int c = 0; c < 4; c++) {
        for (int i = 0; i < COUNT; i++)
            x[i] = (pow(1 - (i + 1) / 201.0, -expected[c][0]) - 1) / expected[c][0];
        assert_true(pareto_fit(x, COUNT, &fit, &failure));
        expect_near("k", fit.k, expected[c][1], 1e-9);
        expect_near("sigma", fit.sigma, expected[c][2], 1e-9);
    }
    for (int c = 0; c < 2; c++) {
        for (int i = 0; i < 1000; i++)
            log_w[999 - i] = -expected_tails[c][0] * log((i + 0.5) / 1000);
        assert_true(pareto_of_weights(log_w, 1000, &tail, &failure));
        assert_int_equal(tail.tail, 95);
        expect_near("k of weights", tail.k, expected_tails[c][1], 1e-9);
    }
}

/* Over many samples of generalized Pareto distributions the fit's k is right on average but for its prior, and scatters
 * as its error says. */
static void test_fit_finds_the_shape_of_exact_draws(void **state)
{
    enum { COUNT = 500, REPEATS = 100 };
    static const double shapes[] = {-0.2, 0.1, 0.5, 0.7, 1.2};
    double x[COUNT];
    (void)state;
    for (int c = 0; c < 5; c++) {
        const double k = shapes[c], with_prior = (COUNT * k + 5) / (COUNT + 10);
        double sum = 0, squares = 0;
        for (uint64_t seed = 0; seed < REPEATS; seed++) {
            const RandomStream stream = {.seed = seed, .first_sample = 0, .step = 0, .purpose = RANDOM_SAMPLE};
            ParetoFit fit;
            Failure failure;
            for (size_t i = 0; i < COUNT; i++)
                x[i] = (pow((double)random_uniform_value(&stream, i, 0, 0), -k) - 1) / k;
            qsort(x, COUNT, sizeof *x, compare_doubles);
            assert_true(pareto_fit(x, COUNT, &fit, &failure));
            sum += fit.k - with_prior;
            squares += (fit.k - with_prior) * (fit.k - with_prior);
        }
        const double error = (1 + k) / sqrt(COUNT), scatter = sqrt(squares / REPEATS);
        expect_near("mean k", sum / REPEATS, 0, 0.35 * error);
        expect_near("scatter of k", scatter / error, 1, 0.25);
    }
}

static void test_tail_lengths_and_thresholds(void **state)
{
    static double log_w[100000];
    (void)state;
    ParetoTail tail;
    Failure failure;
    for (int i = 0; i < 100000; i++)
        log_w[i] = i * 1e-5;
    static const size_t counts[][2] = {{24, 5}, {20, 4}, {100, 20}, {225, 45}, {226, 46}, {1000, 95}, {100000, 949}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        assert_true(pareto_of_weights(log_w, counts[i][0], &tail, &failure));
        assert_int_equal(tail.tail, counts[i][1]);
        assert_int_equal(tail.is_defined, counts[i][1] >= 5);
    }
    expect_near("threshold", pareto_threshold(100), 0.5, 1e-12);
    expect_near("threshold", pareto_threshold(1000), 2.0 / 3, 1e-12);
    expect_near("threshold", pareto_threshold(10000), 0.7, 1e-12);
}

/* ---- verdicts ---------------------------------------------------------------------------------------------------- */

static Estimates example(double ess, double k, double forward)
{
    Estimates estimates = {.samples = 10000, .ess = {ess, 0.01}, .log_z = {1, 0.01}, .log_z_given = (double)NAN};
    estimates.pareto = (ParetoTail){.k = k, .threshold = 0.7, .is_defined = true, .tail = 300};
    if (forward >= 0) {
        estimates.reference_samples = 1000;
        estimates.ess_forward = (Estimate){forward, 0.01};
        estimates.log_z_forward = (Estimate){1.01, 0.01};
    }
    return estimates;
}

static void expect_verdicts(Estimates estimates, VerdictStatus coverage, VerdictStatus ess, VerdictStatus pareto)
{
    Verdict verdicts[VERDICTS_MAX];
    assert_int_equal(verdicts_of_estimates(&estimates, verdicts), 3);
    const VerdictStatus expected[3] = {coverage, ess, pareto};
    for (int i = 0; i < 3; i++)
        if (verdicts[i].status != expected[i])
            fail_msg("%s is %s, expected %s: %s", verdicts[i].name, verdict_status_name(verdicts[i].status),
                     verdict_status_name(expected[i]), verdicts[i].why);
}

static void test_verdicts(void **state)
{
    (void)state;
    expect_verdicts(example(0.9, 0.2, -1), VERDICT_UNKNOWN, VERDICT_WARN, VERDICT_GOOD);
    expect_verdicts(example(0.9, 0.2, 0.88), VERDICT_GOOD, VERDICT_GOOD, VERDICT_GOOD);
    Estimates own = example(0.9, 0.2, 0.88);
    own.reference_is_own = true;
    expect_verdicts(own, VERDICT_UNKNOWN, VERDICT_WARN, VERDICT_GOOD);
    expect_verdicts(example(0.9, 0.2, 0.1), VERDICT_WARN, VERDICT_WARN, VERDICT_GOOD);
    expect_verdicts(example(0.9, 0.2, 1e-5), VERDICT_BAD, VERDICT_WARN, VERDICT_GOOD);
    expect_verdicts(example(0.1, 0.5, 0.09), VERDICT_GOOD, VERDICT_WARN, VERDICT_GOOD);
    expect_verdicts(example(0.005, 0.9, 0.2), VERDICT_GOOD, VERDICT_BAD, VERDICT_BAD);
    expect_verdicts(example(0.9, 1.3, 0.9), VERDICT_GOOD, VERDICT_GOOD, VERDICT_BAD);
    Estimates apart = example(0.9, 0.2, 0.9);
    apart.log_z_forward.value = 1.7; /* half of the target is missing */
    expect_verdicts(apart, VERDICT_BAD, VERDICT_WARN, VERDICT_GOOD);
    Estimates odd = example(0.9, 0.2, 0.9);
    odd.log_z.error = odd.log_z_forward.error = 0.001; /* near, but of another target */
    expect_verdicts(odd, VERDICT_WARN, VERDICT_WARN, VERDICT_GOOD);
    expect_verdicts(example(0.9, 0.51, 0.88), VERDICT_GOOD, VERDICT_GOOD, VERDICT_WARN); /* no variance */
    Estimates few = example(0.9, 0.6, 0.9);
    few.samples = 200;
    few.pareto.threshold = 0.57;
    expect_verdicts(few, VERDICT_GOOD, VERDICT_GOOD, VERDICT_WARN);
}

/* Known modes and a log Z from elsewhere are evidence; annealing, which starts from the model, only against it. */
static void test_verdicts_on_other_evidence(void **state)
{
    Estimates estimates = example(0.93, 0.2, -1);
    Verdict verdicts[VERDICTS_MAX];
    (void)state;
    estimates.modes = (Modes){.count = 256, .found = 1};
    expect_verdicts(estimates, VERDICT_BAD, VERDICT_WARN, VERDICT_GOOD);
    estimates.modes.found = 256;
    expect_verdicts(estimates, VERDICT_GOOD, VERDICT_GOOD, VERDICT_GOOD);
    estimates.modes = (Modes){0};
    estimates.log_z_given = 1.01;
    expect_verdicts(estimates, VERDICT_GOOD, VERDICT_GOOD, VERDICT_GOOD);
    estimates.log_z.error = 0.001; /* of log_z 1 */
    estimates.log_z_given = 1.009;
    expect_verdicts(estimates, VERDICT_GOOD, VERDICT_GOOD, VERDICT_GOOD);
    estimates.log_z_given = 1.02;
    expect_verdicts(estimates, VERDICT_WARN, VERDICT_WARN, VERDICT_GOOD);
    estimates.log_z.error = 0.01;
    expect_verdicts(estimates, VERDICT_GOOD, VERDICT_GOOD, VERDICT_GOOD);
    estimates.log_z_given = 2.354;
    expect_verdicts(estimates, VERDICT_BAD, VERDICT_WARN, VERDICT_GOOD);
    estimates.log_z_given = (double)NAN;
    estimates.ais = (AnnealingResult){.steps = 8, .samples = 1000, .log_z = {1.01, 0.02}, .ess = {0.8, 0.01}};
    estimates.ais.acceptance = 0.65;
    assert_int_equal(verdicts_of_estimates(&estimates, verdicts), 4);
    assert_int_equal(verdicts[0].status, VERDICT_UNKNOWN);
    assert_int_equal(verdicts[3].status, VERDICT_WARN);
    assert_non_null(verdicts[0].next);
    estimates.ais.log_z.value = 1.5;
    assert_int_equal(verdicts_of_estimates(&estimates, verdicts), 4);
    assert_int_equal(verdicts[0].status, VERDICT_BAD);
    estimates.ais.ess.value = 0.01; /* an estimate of 10 samples proves nothing */
    assert_int_equal(verdicts_of_estimates(&estimates, verdicts), 4);
    assert_int_equal(verdicts[0].status, VERDICT_UNKNOWN);
    assert_int_equal(verdicts[3].status, VERDICT_BAD);
}

/* Energies that are the larger, the coarser they are as floats. */
static void test_verdicts_on_rounding(void **state)
{
    static const VerdictStatus expected[] = {VERDICT_WARN, VERDICT_BAD};
    static const double rounding[] = {0.02, 6};
    Estimates estimates = example(0.93, 0.2, 0.9);
    Verdict verdicts[VERDICTS_MAX];
    (void)state;
    estimates.rounding = 0.005;
    assert_int_equal(verdicts_of_estimates(&estimates, verdicts), 3);
    for (int i = 0; i < 2; i++) {
        estimates.rounding = rounding[i];
        assert_int_equal(verdicts_of_estimates(&estimates, verdicts), 4);
        assert_string_equal(verdicts[3].name, "rounding");
        assert_int_equal(verdicts[3].status, expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ess_and_log_z_of_normal_proposals),
        cmocka_unit_test(test_acceptance_of_a_shifted_proposal),
        cmocka_unit_test(test_forward_estimates_of_a_narrow_proposal),
        cmocka_unit_test(test_forward_ess_sees_a_missing_mode),
        cmocka_unit_test(test_equal_weights),
        cmocka_unit_test(test_one_weight_outweighs_all),
        cmocka_unit_test(test_huge_and_tiny_weights),
        cmocka_unit_test(test_errors_cover_the_truth),
        cmocka_unit_test(test_error_of_a_high_ess),
        cmocka_unit_test(test_forward_errors_cover_the_truth),
        cmocka_unit_test(test_bootstrap_of_many_samples),
        cmocka_unit_test(test_fit_agrees_with_an_independent_one),
        cmocka_unit_test(test_fit_finds_the_shape_of_exact_draws),
        cmocka_unit_test(test_tail_lengths_and_thresholds),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_verdicts_on_other_evidence),
        cmocka_unit_test(test_verdicts_on_rounding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
