/* SPDX-License-Identifier: MIT-0 */
/* The estimates of a table of samples. Means are ratios of sums over the samples; their bootstrap resamples the sums of
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

static bool estimate_means(const SampleTable *table, Estimates *estimates, Failure *failure)
{
    Sums sums;
    if (!find_sums(table, &sums, failure))
        return false;
    const size_t count = sums.columns - SUM_VALUES;
    double *memory = memory_claim(2 * count + sums.columns, sizeof *memory, "estimates", failure);
    bool good = memory != NULL;
    if (good) {
        double *means = memory, *errors = memory + count, *total = memory + 2 * count;
        for (size_t group = 0; group < sums.groups; group++)
            for (size_t column = 0; column < sums.columns; column++)
                total[column] += sums.rows[group * sums.columns + column];
        find_means(total, sums.columns, means);
        good = bootstrap_errors(&sums, means, errors, failure);
        estimates->mean_energy = (Estimate){means[0], errors[0]};
        estimates->mean_energy_reweighted = (Estimate){means[1], errors[1]};
        for (int i = 0; i < table->observable_count; i++) {
            const int at = 2 * (i + 1);
            estimates->plain[i] = (Estimate){means[at], errors[at]};
            estimates->reweighted[i] = (Estimate){means[at + 1], errors[at + 1]};
        }
    }
    free(memory);
    free(sums.rows);
    return good;
}

bool estimates_of_samples(SampleTable *table, Estimates *estimates, Failure *failure)
{
    const Estimate none = {(double)NAN, (double)NAN};
    const size_t observables = (size_t)table->observable_count;
    *estimates = (Estimates){.samples = table->count,
                             .observable_count = table->observable_count,
                             .ess_forward = none,
                             .log_z_forward = none,
                             .cross_entropy = none};
    if (table->count == 0)
        return failure_set(failure, FAILURE_USAGE, "no samples to estimate from");
    estimates->plain = memory_claim(2 * observables, sizeof *estimates->plain, "estimates", failure);
    if (estimates->plain == NULL)
        return false;
    estimates->reweighted = estimates->plain + observables;
    for (size_t i = 0; i < table->count; i++)
        estimates->infinite_energies += isinf(table->log_w[i]) != 0;
    bool good = estimate_means(table, estimates, failure);
    if (good) {
        estimates->ess = importance_ess(table->log_w, table->count);
        estimates->log_z = importance_log_z(table->log_w, table->count);
        importance_sort(table->log_w, table->count);
        estimates->acceptance = importance_acceptance(table->log_w, table->count);
        good = pareto_of_weights(table->log_w, table->count, &estimates->pareto, failure);
    }
    if (!good)
        estimates_release(estimates);
    return good;
}

void estimates_of_reference(const SampleTable *reference, Estimates *estimates)
{
    estimates->reference_samples = reference->count;
    estimates->ess_forward = importance_ess_forward(reference->log_w, reference->count);
    estimates->log_z_forward = importance_log_z_forward(reference->log_w, reference->count);
    estimates->cross_entropy = estimate_mean(reference->log_q, reference->count);
    estimates->cross_entropy.value = -estimates->cross_entropy.value;
}

void estimates_release(Estimates *estimates)
{
    free(estimates->plain);
    estimates->plain = estimates->reweighted = NULL;
}
