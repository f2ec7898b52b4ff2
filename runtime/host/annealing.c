/* SPDX-License-Identifier: MIT-0 */
/* Annealing: the way, its weights and transitions, and the two samplers made of them. Walkers go in chunks, or in
 * populations, so that memory does not grow with their number. */
#include "annealing.h"
#include "../core/config.h"
#include "draws.h"
#include "interrupt.h"

#include <math.h>
#include <stdlib.h>

enum { LEAPFROGS = 5, CHUNK = 4096, CHUNK_REALS = 1 << 21, TUNE_WALKERS = 256, TUNE_FIRST = 30, TUNE_LATER = 6 };
#define TUNE_ROWS ((uint64_t)1 << 50)
#define AIS_ROWS  ((uint64_t)1 << 49)
#define SMC_ROWS  (((uint64_t)1 << 49) + ((uint64_t)1 << 48))

/* ---- the way ----------------------------------------------------------------------------------------------------- */

bool annealing_start(Annealing *annealing, int steps, Exponents from, Exponents to, size_t dimension, Failure *failure)
{
    bool good = true;
    *annealing = (Annealing){.steps = steps, .from = from, .to = to, .leapfrogs = LEAPFROGS};
    annealing->step_sizes = memory_claim_next((size_t)steps + 1, sizeof(double), "annealing", &good, failure);
    annealing->acceptance = memory_claim_next((size_t)steps + 1, sizeof(double), "annealing", &good, failure);
    for (int point = 0; point <= steps && good; point++) {
        annealing->step_sizes[point] = pow((double)dimension, -0.25);
        annealing->acceptance[point] = (double)NAN;
    }
    return good;
}

void annealing_end(Annealing *annealing)
{
    free(annealing->step_sizes);
    free(annealing->acceptance);
    *annealing = (Annealing){0};
}

Exponents annealing_exponents(const Annealing *annealing, int point)
{
    const double b = (double)point / annealing->steps;
    const Exponents from = annealing->from, to = annealing->to;
    if (point == annealing->steps)
        return to;
    return (Exponents){from.q + b * (to.q - from.q), from.p + b * (to.p - from.p)};
}

void annealing_weigh(const Bridge *bridge, const Annealing *annealing, int point, const Walkers *walkers, double *log_w)
{
    const Exponents now = annealing_exponents(annealing, point), before = annealing_exponents(annealing, point - 1);
    const Exponents change = {now.q - before.q, now.p - before.p};
    for (size_t w = 0; w < walkers->count; w++)
        log_w[w] += bridge_log_density(bridge, change, walkers->at.log_q[w], walkers->at.energy[w]);
}

void annealing_move(const Bridge *bridge, Annealing *annealing, int point, uint32_t number, Walkers *walkers)
{
    const HmcSettings settings = {
        .step = annealing->step_sizes[point], .leapfrogs = annealing->leapfrogs, .number = number};
    annealing->acceptance[point] = hmc_transition(bridge, annealing_exponents(annealing, point), &settings, walkers);
}

bool annealing_tune(const Bridge *bridge, Annealing *annealing, Failure *failure)
{
    Walkers walkers;
    uint32_t number = 1;
    bool good = walkers_start(&walkers, TUNE_WALKERS, (size_t)bridge->model->dimension, failure);
    if (good)
        walkers_draw(bridge, &walkers, TUNE_ROWS, TUNE_WALKERS);
    for (int point = 1; point < annealing->steps && good; point++) {
        const int tries = point == 1 ? TUNE_FIRST : TUNE_LATER;
        if (point > 1)
            annealing->step_sizes[point] = annealing->step_sizes[point - 1];
        for (int i = 0; i < tries; i++) {
            annealing_move(bridge, annealing, point, number++, &walkers);
            annealing->step_sizes[point] =
                hmc_adapt(annealing->step_sizes[point], annealing->acceptance[point], point == 1 ? i : i + TUNE_LATER);
        }
        if (interrupt_is_requested())
            good = failure_set(failure, FAILURE_INTERRUPTED, "stopped as asked, without a result");
    }
    walkers_end(&walkers);
    return good;
}

static bool start_to_target(const Bridge *bridge, Annealing *annealing, int steps, Failure *failure)
{
    return annealing_start(annealing, steps, (Exponents){1, 0}, (Exponents){0, 1}, (size_t)bridge->model->dimension,
                           failure) &&
           annealing_tune(bridge, annealing, failure);
}

static void note_acceptance(const Annealing *annealing, double *lowest)
{
    for (int point = 1; point < annealing->steps; point++)
        if (annealing->acceptance[point] < *lowest || isnan(*lowest))
            *lowest = annealing->acceptance[point];
}

static bool go_on(Progress *progress, size_t done, Failure *failure)
{
    if (interrupt_is_requested())
        return failure_set(failure, FAILURE_INTERRUPTED, "stopped as asked, without a result");
    if (progress_is_due(progress, done))
        progress_show(progress, done, "");
    return true;
}

/* ---- annealed importance sampling -------------------------------------------------------------------------------- */

static bool run_ais(const Bridge *bridge, Annealing *annealing, Walkers *walkers, Progress *progress, double *log_w,
                    AnnealingResult *result, Failure *failure)
{
    for (size_t first = 0; first < result->samples; first += walkers->most) {
        const size_t left = result->samples - first, count = left < walkers->most ? left : walkers->most;
        walkers_draw(bridge, walkers, AIS_ROWS + first, count);
        for (int point = 1; point <= annealing->steps; point++) {
            annealing_weigh(bridge, annealing, point, walkers, log_w + first);
            if (point < annealing->steps) /* the last weight stands: a move in the target changes nothing */
                annealing_move(bridge, annealing, point, (uint32_t)point, walkers);
            if (!go_on(progress, first, failure))
                return false;
        }
        note_acceptance(annealing, &result->acceptance);
    }
    return true;
}

bool anneal_ais(const Bridge *bridge, int steps, size_t samples, Progress *progress, AnnealingResult *result,
                Failure *failure)
{
    Annealing annealing;
    Walkers walkers = {0};
    const size_t dimension = (size_t)bridge->model->dimension, limit = CHUNK_REALS / dimension + 1;
    const size_t chunk = limit < CHUNK ? limit : CHUNK;
    *result = (AnnealingResult){.steps = steps, .samples = samples, .acceptance = (double)NAN};
    double *log_w = memory_claim(samples, sizeof *log_w, "annealing", failure);
    bool good = start_to_target(bridge, &annealing, steps, failure) && log_w != NULL &&
                walkers_start(&walkers, samples < chunk ? samples : chunk, dimension, failure) &&
                run_ais(bridge, &annealing, &walkers, progress, log_w, result, failure);
    if (good) {
        result->log_z = importance_log_z(log_w, samples);
        result->ess = importance_ess(log_w, samples);
    }
    walkers_end(&walkers);
    annealing_end(&annealing);
    free(log_w);
    return good;
}

/* ---- sequential Monte Carlo -------------------------------------------------------------------------------------- */

typedef struct Population {
    Walkers walkers;
    double *log_w;     /* since the last resampling */
    size_t *ancestors; /* the walker at the start that each descends from */
    size_t *picks;
    double log_z; /* of what came before the last resampling */
} Population;

static bool population_start(Population *population, size_t count, size_t dimension, Failure *failure)
{
    bool good = true;
    *population = (Population){0};
    population->log_w = memory_claim_next(count, sizeof(double), "annealing", &good, failure);
    population->ancestors = memory_claim_next(count, sizeof(size_t), "annealing", &good, failure);
    population->picks = memory_claim_next(count, sizeof(size_t), "annealing", &good, failure);
    return good && walkers_start(&population->walkers, count, dimension, failure);
}

static void population_end(Population *population)
{
    walkers_end(&population->walkers);
    free(population->log_w);
    free(population->ancestors);
    free(population->picks);
}

void annealing_resample(const double *log_w, size_t count, double u, size_t *picks)
{
    const double largest = importance_largest(log_w, count);
    double total = 0, below = 0;
    size_t at = 0, last = 0;
    for (size_t i = 0; i < count; i++) {
        total += exp(log_w[i] - largest);
        last = log_w[i] > -(double)INFINITY ? i : last;
    }
    double until = exp(log_w[0] - largest);
    for (size_t i = 0; i < count; i++) {
        below = ((double)i + u) / (double)count * total;
        while (below >= until && at < last) /* `last`: the sum's rounding must not lead to a walker of weight 0 */
            until += exp(log_w[++at] - largest);
        picks[i] = at;
    }
}

static void resample(Population *population, double u)
{
    Walkers *walkers = &population->walkers;
    const size_t count = walkers->count;
    population->log_z += importance_log_z(population->log_w, count).value;
    annealing_resample(population->log_w, count, u, population->picks);
    for (size_t i = 0; i < count; i++)
        walkers_copy(walkers->dimension, &walkers->at, population->picks[i], &walkers->next, i);
    const Places places = walkers->at;
    walkers->at = walkers->next;
    walkers->next = places;
    for (size_t i = 0; i < count; i++) {
        population->log_w[i] = 0;
        population->picks[i] = population->ancestors[population->picks[i]];
    }
    for (size_t i = 0; i < count; i++)
        population->ancestors[i] = population->picks[i];
}

/* One population's way; false where all of its weights are 0 at some point. */
static bool run_population(const Bridge *bridge, Annealing *annealing, uint64_t number, size_t count,
                           Population *population, AnnealingResult *result)
{
    walkers_draw(bridge, &population->walkers, SMC_ROWS + number * count, count);
    population->log_z = 0;
    for (size_t i = 0; i < count; i++) {
        population->log_w[i] = 0;
        population->ancestors[i] = i;
    }
    for (int point = 1; point <= annealing->steps; point++) {
        annealing_weigh(bridge, annealing, point, &population->walkers, population->log_w);
        const double ess = importance_ess(population->log_w, count).value;
        if (ess == 0)
            return false;
        if (point == annealing->steps)
            break; /* a move in the target changes nothing that is reported */
        if (ess < 0.5) {
            resample(population, draw_resample(bridge->seed, number, (uint32_t)point));
            result->resamplings++;
        }
        annealing_move(bridge, annealing, point, (uint32_t)point, &population->walkers);
    }
    note_acceptance(annealing, &result->acceptance);
    return true;
}

/* The populations' log Z, and of each walker at the start the logarithm of its descendants' weight. */
static bool run_smc(const Bridge *bridge, Annealing *annealing, Population *population, Progress *progress,
                    double *log_z, double *descent, AnnealingResult *result, Failure *failure)
{
    const size_t count = population->walkers.most;
    for (size_t number = 0; number < SMC_POPULATIONS; number++) {
        double *sums = descent + number * count;
        const bool lives = run_population(bridge, annealing, number, count, population, result);
        const double largest = importance_largest(population->log_w, count);
        log_z[number] = -(double)INFINITY;
        for (size_t i = 0; i < count && lives; i++)
            sums[population->ancestors[i]] += exp(population->log_w[i] - largest);
        if (lives)
            log_z[number] = population->log_z + importance_log_z(population->log_w, count).value;
        for (size_t i = 0; i < count; i++)
            sums[i] = log(sums[i]) + largest + population->log_z;
        if (!go_on(progress, number * count, failure))
            return false;
    }
    return true;
}

bool anneal_smc(const Bridge *bridge, int steps, size_t samples, Progress *progress, AnnealingResult *result,
                Failure *failure)
{
    Annealing annealing;
    Population population = {0};
    double log_z[SMC_POPULATIONS];
    const size_t count = samples / SMC_POPULATIONS, all = count * SMC_POPULATIONS;
    *result = (AnnealingResult){.steps = steps, .samples = all, .acceptance = (double)NAN};
    if (samples < SMC_SAMPLES_LEAST)
        return failure_set(failure, FAILURE_USAGE, "sequential Monte Carlo needs at least %d samples",
                           SMC_SAMPLES_LEAST);
    double *descent = memory_claim(all, sizeof *descent, "annealing", failure);
    bool good = start_to_target(bridge, &annealing, steps, failure) && descent != NULL &&
                population_start(&population, count, (size_t)bridge->model->dimension, failure) &&
                run_smc(bridge, &annealing, &population, progress, log_z, descent, result, failure);
    if (good) {
        result->log_z = importance_log_z(log_z, SMC_POPULATIONS);
        result->ess = importance_ess(descent, all);
    }
    population_end(&population);
    annealing_end(&annealing);
    free(descent);
    return good;
}
