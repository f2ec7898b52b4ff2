/* SPDX-License-Identifier: MIT-0 */
/* The estimates of a table of samples. Weighted means are ratios of sums over the samples; their bootstrap resamples the sums of
 * groups of samples. */
#include "estimates.h"
#include "../core/config.h"
#include "draws.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REPLICATES = 1000, GROUPS_MOST = 4096 };

/* A row of sums: over the samples, 1 and w; then, for the energy and each observable, v and w v. */
enum { SUM_COUNT, SUM_WEIGHT, SUM_VALUES };

typedef struct Sums {
    size_t groups, columns;
    double *rows; /* [groups][columns] */
} Sums;

static double value_of(const SampleTable *table, size_t sample, int which)
{
    return which == 0 ? table->energy[sample]
                      : table->observables[sample * (size_t)table->observable_count + (size_t)(which - 1)];
}

static void add_sample(const SampleTable *table, size_t sample, double largest, double *row)
{
    const double w = exp(table->log_w[sample] - largest);
    row[SUM_COUNT] += 1;
    row[SUM_WEIGHT] += w;
    for (int which = 0; which <= table->observable_count; which++) {
        const double value = value_of(table, sample, which);
        row[SUM_VALUES + 2 * which] += value;
        if (w > 0) /* an infinite energy has weight 0 */
            row[SUM_VALUES + 2 * which + 1] += w * value;
    }
}

static bool find_sums(const SampleTable *table, Sums *sums, Failure *failure)
{
    const double largest = importance_largest(table->log_w, table->count);
    sums->groups = table->count < GROUPS_MOST ? table->count : GROUPS_MOST;
    sums->columns = SUM_VALUES + 2 * ((size_t)table->observable_count + 1);
    sums->rows = memory_claim(sums->groups * sums->columns, sizeof *sums->rows, "estimates", failure);
    if (sums->rows == NULL)
        return false;
    const size_t size = table->count / sums->groups, larger = table->count % sums->groups;
    size_t sample = 0;
    for (size_t group = 0; group < sums->groups; group++)
        for (size_t i = 0; i < size + (group < larger); i++)
            add_sample(table, sample++, largest, sums->rows + group * sums->columns);
    return true;
}

/* The means that a row of sums stands for: plain and reweighted, of the energy and each observable. */
static void find_means(const double *row, size_t columns, double *means)
{
    for (size_t i = SUM_VALUES; i < columns; i += 2) {
        means[i - SUM_VALUES] = row[i] / row[SUM_COUNT];
        means[i - SUM_VALUES + 1] = row[i + 1] / row[SUM_WEIGHT];
    }
}

/* The sums of one resampling: as many groups as there are, drawn with replacement. */
static void resample(const Sums *sums, uint32_t replicate, double *row)
{
    memset(row, 0, sums->columns * sizeof *row);
    for (size_t draw = 0; draw < sums->groups; draw += 4) {
        uint32_t words[4];
        draw_bootstrap(0, replicate, (uint32_t)(draw / 4), words);
        for (size_t i = 0; i < 4 && draw + i < sums->groups; i++) {
            const size_t group = (size_t)((uint64_t)words[i] * sums->groups >> 32);
            const double *from = sums->rows + group * sums->columns;
            for (size_t column = 0; column < sums->columns; column++)
                row[column] += from[column];
        }
    }
}

/* errors[columns - SUM_VALUES]: the standard deviation of each mean over the resamplings. */
static bool bootstrap_errors(const Sums *sums, const double *means, double *errors, Failure *failure)
{
    const size_t count = sums->columns - SUM_VALUES;
    double *row = memory_claim(sums->columns + count, sizeof *row, "bootstrap", failure);
    if (row == NULL)
        return false;
    double *again = row + sums->columns;
    memset(errors, 0, count * sizeof *errors);
    /* the spread about the estimate itself: the bootstrap's bias, of order 1 / samples, is counted as error */
    for (uint32_t replicate = 0; replicate < REPLICATES; replicate++) {
        resample(sums, replicate, row);
        find_means(row, sums->columns, again);
        for (size_t i = 0; i < count; i++)
            errors[i] += (again[i] - means[i]) * (again[i] - means[i]);
    }
    for (size_t i = 0; i < count; i++)
        errors[i] = sums->groups < 2 ? (double)NAN : sqrt(errors[i] / REPLICATES);
    free(row);
    return true;
}

/* means and errors [2 (1 + observables)]: plain and reweighted by turns, of the energy and each observable. */
static bool estimate_means(const SampleTable *table, double *means, double *errors, Failure *failure)
{
    Sums sums;
    if (!find_sums(table, &sums, failure))
        return false;
    double *total = memory_claim(sums.columns, sizeof *total, "estimates", failure);
    bool good = total != NULL;
    if (good) {
        for (size_t group = 0; group < sums.groups; group++)
            for (size_t column = 0; column < sums.columns; column++)
                total[column] += sums.rows[group * sums.columns + column];
        find_means(total, sums.columns, means);
        good = bootstrap_errors(&sums, means, errors, failure);
    }
    free(total);
    free(sums.rows);
    return good;
}

static Means *means_of(Estimates *estimates, int which)
{
    return which == 0 ? &estimates->energy : &estimates->observables[which - 1];
}

/* With the table's weights as they are now: raw, or smoothed. */
static bool estimate_weighted(const SampleTable *table, bool is_smoothed, Estimates *estimates, Failure *failure)
{
    const size_t count = 2 * ((size_t)table->observable_count + 1);
    double *means = memory_claim(2 * count, sizeof *means, "estimates", failure);
    const bool good = means != NULL && estimate_means(table, means, means + count, failure);
    for (int which = 0; which <= table->observable_count && good; which++) {
        const Estimate plain = {means[2 * which], means[count + 2 * (size_t)which]};
        const Estimate weighted = {means[2 * which + 1], means[count + 2 * (size_t)which + 1]};
        Means *of = means_of(estimates, which);
        of->plain = plain;
        *(is_smoothed ? &of->smoothed : &of->reweighted) = weighted;
    }
    free(means);
    return good;
}

/* The state of the chain at each row: the sample that it is at. Returns the rows after the warm-up. */
static size_t run_chain(const SampleTable *table, uint64_t seed, size_t *states, Estimates *estimates)
{
    Chain chain;
    const size_t warm_up = (size_t)chain_warm_up(table->count);
    size_t state = 0, rows = 0;
    chain_start(&chain, seed);
    for (size_t i = 0; i < table->count; i++) {
        if (chain_propose(&chain, table->log_w[i]))
            state = i;
        if (i >= warm_up)
            states[rows++] = state;
    }
    if (chain.proposed > 0)
        estimates->chain_acceptance = (double)chain.accepted / (double)chain.proposed;
    return rows;
}

static bool estimate_chain(const SampleTable *table, uint64_t seed, Estimates *estimates, Failure *failure)
{
    bool good = true;
    size_t *states = memory_claim_next(table->count, sizeof *states, "estimates", &good, failure);
    double *values = memory_claim_next(table->count, sizeof *values, "estimates", &good, failure);
    const size_t rows = good ? run_chain(table, seed, states, estimates) : 0;
    estimates->chain_time = good ? 1 : (double)NAN;
    for (int which = 0; which <= table->observable_count && good; which++) {
        for (size_t i = 0; i < rows; i++)
            values[i] = value_of(table, states[i], which);
        const ChainMean mean = chain_mean(values, rows);
        means_of(estimates, which)->chain = mean.mean;
        if (which == 0 || isnan(mean.time) || mean.time > estimates->chain_time)
            estimates->chain_time = mean.time;
    }
    free(states);
    free(values);
    return good;
}

/* What needs the weights in order; then the tail is smoothed. */
static bool estimate_tail(SampleTable *table, Estimates *estimates, Failure *failure)
{
    double *sorted = memory_claim(table->count, sizeof *sorted, "estimates", failure);
    bool good = sorted != NULL;
    if (good) {
        memcpy(sorted, table->log_w, table->count * sizeof *sorted);
        importance_sort(sorted, table->count);
        estimates->acceptance = importance_acceptance(sorted, table->count);
        good = pareto_of_weights(sorted, table->count, &estimates->pareto, failure) &&
               pareto_smooth(table->log_w, table->count, &estimates->pareto, failure);
    }
    free(sorted);
    return good;
}

static void start_estimates(const SampleTable *table, Estimates *estimates)
{
    const double nan = (double)NAN;
    const Estimate none = {nan, nan};
    *estimates = (Estimates){.samples = table->count,
                             .observable_count = table->observable_count,
                             .ess_forward = none,
                             .log_z_forward = none,
                             .cross_entropy = none,
                             .modes.mean_log_q = none,
                             .log_z_given = nan,
                             .chain_acceptance = nan,
                             .chain_time = nan,
                             .ais = {.log_z = none, .ess = none, .acceptance = nan},
                             .smc = {.log_z = none, .ess = none, .acceptance = nan}};
    for (size_t i = 0; i < table->count; i++)
        estimates->infinite_energies += isinf(table->log_w[i]) != 0;
}

bool estimates_of_samples(SampleTable *table, uint64_t seed, Estimates *estimates, Failure *failure)
{
    start_estimates(table, estimates);
    if (table->count == 0)
        return failure_set(failure, FAILURE_USAGE, "no samples to estimate from");
    estimates->observables =
        memory_claim((size_t)table->observable_count, sizeof *estimates->observables, "estimates", failure);
    if (estimates->observables == NULL)
        return false;
    estimates->ess = importance_ess(table->log_w, table->count);
    estimates->log_z = importance_log_z(table->log_w, table->count);
    bool good = estimate_weighted(table, false, estimates, failure) &&
                estimate_chain(table, seed, estimates, failure) && estimate_tail(table, estimates, failure) &&
                estimate_weighted(table, true, estimates, failure);
    if (good) {
        estimates->ess_smoothed = importance_ess(table->log_w, table->count);
        estimates->log_z_smoothed = importance_log_z(table->log_w, table->count);
    } else {
        estimates_release(estimates);
    }
    return good;
}

void estimates_of_reference(const SampleTable *reference, Estimates *estimates)
{
    estimates->reference_samples = reference->count;
    for (size_t i = 0; i < reference->count; i++)
        estimates->reference_without_density += isinf(reference->log_q[i]) != 0;
    estimates->ess_forward = importance_ess_forward(reference->log_w, reference->count);
    estimates->log_z_forward = importance_log_z_forward(reference->log_w, reference->count);
    estimates->cross_entropy = estimate_mean(reference->log_q, reference->count);
    estimates->cross_entropy.value = -estimates->cross_entropy.value;
}

void estimates_of_modes(const SampleTable *modes, Estimates *estimates)
{
    const double log_z = isnan(estimates->log_z_given) ? estimates->log_z.value : estimates->log_z_given;
    estimates->modes = (Modes){.count = modes->count, .mean_log_q = estimate_mean(modes->log_q, modes->count)};
    for (size_t i = 0; i < modes->count; i++)
        estimates->modes.found += modes->log_w[i] - log_z <= log(10.0); /* log p - log q */
}

void estimates_release(Estimates *estimates)
{
    free(estimates->observables);
    estimates->observables = NULL;
}
