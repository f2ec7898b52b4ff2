/* SPDX-License-Identifier: MIT */
/* Chains and annealing where everything is known: model and target of tests/host_model.h are normal, so is every density
 * between them, and log Z has a closed form. */
#include "runtime/core/random.h"
#include "runtime/host/annealing.h"
#include "runtime/host/chain.h"
#include "runtime/host/pareto.h"
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

/* A model that is off its target: centres (1, -0.5), widths 1 and 1/2. */
static const float weights[HOST_WEIGHTS] = {0.4f, -0.2f, 0, 0, 0, 0.2f, -0.4f};
static const float scalars[2] = {1, 1};
static const double log_z_exact = 1.1447298858494002; /* log(2 pi / sqrt(1 * 4)) */

static Bridge bridge_of(uint64_t seed, void *workspace)
{
    return (Bridge){.model = &host_model,
                    .weights = weights,
                    .scalars = scalars,
                    .kT = 1,
                    .seed = seed,
                    .workspace = workspace,
                    .threads = 1};
}

static void expect_near(const char *what, double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s: %.9g, expected %.9g within %g", what, value, expected, tolerance);
}

/* ---- Hamiltonian Monte Carlo ------------------------------------------------------------------------------------- */

typedef struct Normal {
    double mean[HOST_DIMENSION], variance[HOST_DIMENSION];
} Normal;

/* q^a exp(-b U), normalised: precisions add, weighted by the exponents. */
static Normal normal_between(Exponents exponents)
{
    static const double centre[] = {HOST_CENTRE_0, HOST_CENTRE_1}, stiffness[] = {HOST_STIFFNESS_0, HOST_STIFFNESS_1};
    Normal normal;
    for (int i = 0; i < HOST_DIMENSION; i++) {
        const double of_q = exponents.q * exp(-2 * (double)weights[HOST_LOG_SCALE + i]);
        const double of_p = exponents.p * stiffness[i];
        normal.variance[i] = 1 / (of_q + of_p);
        normal.mean[i] = (of_q * (double)weights[HOST_SHIFT + i] + of_p * centre[i]) * normal.variance[i];
    }
    return normal;
}

enum { WALKERS = 4000 };

static void place(const Normal *normal, const Bridge *bridge, Walkers *walkers)
{
    const RandomStream stream = {.seed = 77, .first_sample = 0, .step = 0, .purpose = RANDOM_SAMPLE};
    walkers->count = WALKERS;
    walkers->first = 0;
    for (size_t w = 0; w < WALKERS; w++)
        for (uint32_t i = 0; i < HOST_DIMENSION; i++)
            walkers->at.x[w * HOST_DIMENSION + i] =
                (float)(normal->mean[i] + sqrt(normal->variance[i]) * (double)random_normal_value(&stream, w, 0, i));
    walkers_evaluate(bridge, WALKERS, &walkers->at);
}

static void expect_normal(const Normal *normal, const Walkers *walkers)
{
    for (size_t i = 0; i < HOST_DIMENSION; i++) {
        double sum = 0, squares = 0;
        for (size_t w = 0; w < WALKERS; w++)
            sum += (double)walkers->at.x[w * HOST_DIMENSION + i];
        for (size_t w = 0; w < WALKERS; w++)
            squares += pow((double)walkers->at.x[w * HOST_DIMENSION + i] - sum / WALKERS, 2);
        expect_near("mean in errors", (sum / WALKERS - normal->mean[i]) / sqrt(normal->variance[i] / WALKERS), 0, 4.5);
        expect_near("variance", squares / WALKERS / normal->variance[i], 1, 4.5 * sqrt(2.0 / WALKERS));
    }
}

/* With steps so large that a third of the proposals is refused: without the refusals the variance would be off by far. */
static void test_transitions_leave_densities_as_they_are(void **state)
{
    static const Exponents densities[] = {{0, 1}, {0.5, 0.5}, {-1, 2}, {1, 0}};
    char workspace[64];
    const Bridge bridge = bridge_of(5, workspace);
    Walkers walkers;
    Failure failure;
    (void)state;
    assert_true(walkers_start(&walkers, WALKERS, HOST_DIMENSION, &failure));
    for (size_t d = 0; d < sizeof densities / sizeof *densities; d++) {
        const Normal normal = normal_between(densities[d]);
        double acceptance = 0;
        place(&normal, &bridge, &walkers);
        for (uint32_t n = 1; n <= 40; n++) {
            const double step = 1.45 * sqrt(fmin(normal.variance[0], normal.variance[1]));
            const HmcSettings settings = {.step = step, .leapfrogs = 3, .number = n};
            acceptance = hmc_transition(&bridge, densities[d], &settings, &walkers);
        }
        assert_true(acceptance > 0.5 && acceptance < 0.97);
        expect_normal(&normal, &walkers);
    }
    walkers_end(&walkers);
}

static void test_warm_up_finds_the_wanted_acceptance(void **state)
{
    char workspace[64];
    const Bridge bridge = bridge_of(5, workspace);
    Annealing annealing;
    Failure failure;
    (void)state;
    assert_true(annealing_start(&annealing, 6, (Exponents){1, 0}, (Exponents){0, 1}, HOST_DIMENSION, &failure));
    assert_true(annealing_tune(&bridge, &annealing, &failure));
    for (int point = 1; point < 6; point++)
        expect_near("acceptance", annealing.acceptance[point], HMC_TARGET_ACCEPTANCE, 0.15);
    assert_true(isnan(annealing.acceptance[6]));
    annealing_end(&annealing);
}

/* ---- annealing --------------------------------------------------------------------------------------------------- */

typedef bool Sampler(const Bridge *bridge, int steps, size_t samples, Progress *progress, AnnealingResult *result,
                     Failure *failure);

/* Of 60 seeds: the mean deviation in errors is 0 within 0.13 each, and its standard deviation 1. */
static void expect_honest_log_z(Sampler *sampler, int steps, size_t samples, int resamplings_least)
{
    enum { SEEDS = 60 };
    double sum = 0, squares = 0;
    int resamplings = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        char workspace[64];
        const Bridge bridge = bridge_of(seed, workspace);
        Progress progress;
        AnnealingResult result;
        Failure failure;
        progress_start(&progress, "walker", 0, samples, true);
        assert_true(sampler(&bridge, steps, samples, &progress, &result, &failure));
        const double deviation = (result.log_z.value - log_z_exact) / result.log_z.error;
        sum += deviation;
        squares += deviation * deviation;
        resamplings += result.resamplings;
        assert_true(result.ess.value > 0 && result.ess.value <= 1);
    }
    expect_near("mean deviation in errors", sum / SEEDS, 0, 0.45);
    expect_near("size of the deviation in errors", sqrt(squares / SEEDS), 1, 0.3);
    assert_true(resamplings >= resamplings_least);
}

static void test_annealed_importance_sampling_finds_log_z(void **state)
{
    (void)state;
    expect_honest_log_z(anneal_ais, 4, 1000, 0);
    expect_honest_log_z(anneal_ais, 1, 1000, 0);
}

static void test_sequential_monte_carlo_finds_log_z(void **state)
{
    (void)state;
    expect_honest_log_z(anneal_smc, 3, 1024, 0);
}

/* A model so far off that populations must be resampled; one step alone, importance sampling, would fail. */
static void test_resampled_populations_find_log_z(void **state)
{
    static const float far[HOST_WEIGHTS] = {-2.5f, 0.8f, 0, 0, 0, 0.3f, 0.1f};
    char workspace[64];
    Bridge bridge = bridge_of(3, workspace);
    Progress progress;
    AnnealingResult result;
    Failure failure;
    (void)state;
    bridge.weights = far;
    progress_start(&progress, "walker", 0, 1, true);
    assert_true(anneal_smc(&bridge, 12, 6400, &progress, &result, &failure));
    assert_true(result.resamplings >= SMC_POPULATIONS);
    expect_near("log Z in errors", (result.log_z.value - log_z_exact) / result.log_z.error, 0, 4);
    assert_true(result.log_z.error < 0.1);
    assert_true(anneal_ais(&bridge, 12, 6400, &progress, &result, &failure));
    expect_near("log Z in errors", (result.log_z.value - log_z_exact) / result.log_z.error, 0, 4);
}

/* Annealing to (-1, 2): mean w is the integral of p^2 / q, in closed form. */
static void test_the_way_to_the_least_variance(void **state)
{
    char workspace[64];
    const Bridge bridge = bridge_of(2, workspace);
    const Normal q = normal_between((Exponents){1, 0}), p = normal_between((Exponents){0, 1});
    Annealing annealing;
    Walkers walkers;
    Failure failure;
    double log_w[WALKERS] = {0}, exact = 2 * log_z_exact;
    (void)state;
    for (int i = 0; i < HOST_DIMENSION; i++) { /* log of the integral of N_p^2 / N_q */
        const double a = 2 / p.variance[i] - 1 / q.variance[i], apart = p.mean[i] - q.mean[i];
        exact += 0.5 * log(q.variance[i] / (a * p.variance[i] * p.variance[i])) +
                 apart * apart / (2 * q.variance[i] - p.variance[i]);
    }
    assert_true(annealing_start(&annealing, 4, (Exponents){1, 0}, (Exponents){-1, 2}, HOST_DIMENSION, &failure));
    assert_true(annealing_tune(&bridge, &annealing, &failure));
    assert_true(walkers_start(&walkers, WALKERS, HOST_DIMENSION, &failure));
    walkers_draw(&bridge, &walkers, 0, WALKERS);
    for (int point = 1; point <= 4; point++) {
        annealing_weigh(&bridge, &annealing, point, &walkers, log_w);
        if (point < 4)
            annealing_move(&bridge, &annealing, point, (uint32_t)point, &walkers);
    }
    const Estimate found = importance_log_z(log_w, WALKERS);
    expect_near("log of the integral, in errors", (found.value - exact) / found.error, 0, 4);
    assert_true(found.error < 0.05);
    walkers_end(&walkers);
    annealing_end(&annealing);
}

/* Systematic resampling takes each walker floor or ceiling of its share, in order, and none of weight 0. */
static void test_resampling_takes_shares(void **state)
{
    enum { COUNT = 64 };
    double log_w[COUNT], total = 0;
    size_t picks[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        log_w[i] = i % 7 == 3 || i == COUNT - 1 || i == 0 ? -(double)INFINITY : 50 + sin(i);
        total += exp(log_w[i]);
    }
    for (int round = 0; round < 20; round++) {
        int taken[COUNT] = {0};
        annealing_resample(log_w, COUNT, (round + 0.5) / 20, picks);
        for (int i = 0; i < COUNT; i++) {
            assert_true(i == 0 || picks[i] >= picks[i - 1]);
            taken[picks[i]]++;
        }
        for (int i = 0; i < COUNT; i++) {
            const double share = COUNT * exp(log_w[i]) / total;
            if (taken[i] < floor(share - 1e-9) || taken[i] > ceil(share + 1e-9))
                fail_msg("walker %d is taken %d times, its share is %g", i, taken[i], share);
        }
    }
}

static void test_what_annealing_needs(void **state)
{
    Model model = host_model;
    ModelFunctions32 functions = host_functions_single;
    Failure failure;
    (void)state;
    model.single_precision = &functions;
    assert_true(bridge_check(&model, "--ais", &failure));
    functions.score = NULL;
    assert_false(bridge_check(&model, "--ais", &failure));
    assert_non_null(strstr(failure.text, "--ais: the model host_model has no score"));
}

/* ---- the chain of independent proposals -------------------------------------------------------------------------- */

/* x_(n+1) = r x_n + noise has correlations r^lag: the time is (1 + r) / (1 - r). */
static void test_correlation_time_of_an_autoregression(void **state)
{
    enum { COUNT = 100000 };
    static const double r[] = {0, 0.5, 0.9};
    static double values[COUNT];
    const RandomStream stream = {.seed = 4, .first_sample = 0, .step = 0, .purpose = RANDOM_SAMPLE};
    (void)state;
    for (int c = 0; c < 3; c++) {
        double x = 0;
        for (size_t i = 0; i < COUNT; i++)
            values[i] = x = r[c] * x + sqrt(1 - r[c] * r[c]) * (double)random_normal_value(&stream, i, 0, 0);
        const ChainMean mean = chain_mean(values, COUNT);
        const double time = (1 + r[c]) / (1 - r[c]);
        expect_near("time", mean.time / time, 1, 0.1);
        expect_near("error", mean.mean.error / sqrt(time / COUNT), 1, 0.06);
    }
    for (size_t i = 0; i < COUNT; i++)
        values[i] = i < COUNT / 2 ? 0 : 1; /* it moved once */
    assert_true(isnan(chain_mean(values, COUNT).mean.error));
    for (size_t i = 0; i < COUNT; i++)
        values[i] = 1;
    assert_true(isnan(chain_mean(values, COUNT).mean.error));
}

/* Proposals of q = N(0.3, 1.2^2) for p = N(0, 1): the chain's mean of x^2 is 1, its errors are honest, and it accepts as
 * often as the weights say. */
static void test_chain_samples_the_target(void **state)
{
    enum { SEEDS = 100, COUNT = 3000, WARM_UP = 300 };
    static double log_w[COUNT], values[COUNT];
    double sum = 0, squares = 0;
    Estimate wanted = {0, 0};
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        const RandomStream stream = {.seed = seed, .first_sample = 0, .step = 0, .purpose = RANDOM_SAMPLE};
        Chain chain;
        double at = 0;
        chain_start(&chain, seed);
        for (size_t i = 0; i < COUNT; i++) {
            const double z = (double)random_normal_value(&stream, i, 0, 0), x = 0.3 + 1.2 * z;
            log_w[i] = -0.5 * x * x + 0.5 * z * z;
            if (chain_propose(&chain, log_w[i]))
                at = x;
            values[i] = at * at;
        }
        const ChainMean mean = chain_mean(values + WARM_UP, COUNT - WARM_UP);
        sum += (mean.mean.value - 1) / mean.mean.error;
        squares += pow((mean.mean.value - 1) / mean.mean.error, 2);
        importance_sort(log_w, COUNT);
        wanted = importance_acceptance(log_w, COUNT);
        expect_near("acceptance", (double)chain.accepted / (double)chain.proposed, wanted.value, 0.05);
    }
    expect_near("mean deviation in errors", sum / SEEDS, 0, 0.4);
    expect_near("size of the deviation in errors", sqrt(squares / SEEDS), 1, 0.2);
}

/* ---- smoothed weights -------------------------------------------------------------------------------------------- */

/* What ArviZ (psislw) makes of weights u^-k, shuffled: the largest weight, the 50th, the last of the tail, the first that
 * stays, and log of the mean. */
static void test_smoothing_agrees_with_an_independent_one(void **state)
{
    enum { COUNT = 1000, TAIL = 95 };
    static const double expected[2][6] = {
        {0.3, 2.280270737863, 0.901069441273, 0.706167453505, 0.704588709449, 0.356431259055},
        {0.9, 6.629021600176, 2.701612615448, 2.118622231583, 2.113766128346, 1.716957172940}};
    static double log_w[COUNT], sorted[COUNT];
    (void)state;
    for (int c = 0; c < 2; c++) {
        ParetoTail tail;
        Failure failure;
        for (size_t i = 0; i < COUNT; i++)
            log_w[i] = -expected[c][0] * log(((double)(i * 371 % COUNT) + 0.5) / COUNT);
        memcpy(sorted, log_w, sizeof sorted);
        importance_sort(sorted, COUNT);
        assert_true(pareto_of_weights(sorted, COUNT, &tail, &failure));
        assert_true(pareto_smooth(log_w, COUNT, &tail, &failure));
        expect_near("log mean", importance_log_z(log_w, COUNT).value, expected[c][5], 1e-9);
        for (size_t i = 0; i < COUNT; i++) { /* the order is kept, so rank r is where u is the r-th smallest */
            const size_t rank = i * 371 % COUNT;
            const double raw = -expected[c][0] * log(((double)rank + 0.5) / COUNT);
            if (rank == 0)
                expect_near("largest", log_w[i], expected[c][1], 1e-9);
            if (rank == 49)
                expect_near("50th", log_w[i], expected[c][2], 1e-9);
            if (rank == TAIL - 1)
                expect_near("last of the tail", log_w[i], expected[c][3], 1e-9);
            if (rank >= TAIL)
                assert_true(log_w[i] == raw);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transitions_leave_densities_as_they_are),
        cmocka_unit_test(test_warm_up_finds_the_wanted_acceptance),
        cmocka_unit_test(test_annealed_importance_sampling_finds_log_z),
        cmocka_unit_test(test_sequential_monte_carlo_finds_log_z),
        cmocka_unit_test(test_resampled_populations_find_log_z),
        cmocka_unit_test(test_the_way_to_the_least_variance),
        cmocka_unit_test(test_resampling_takes_shares),
        cmocka_unit_test(test_what_annealing_needs),
        cmocka_unit_test(test_correlation_time_of_an_autoregression),
        cmocka_unit_test(test_chain_samples_the_target),
        cmocka_unit_test(test_smoothing_agrees_with_an_independent_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
