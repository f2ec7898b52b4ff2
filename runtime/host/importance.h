/* SPDX-License-Identifier: MIT-0 */
/* Importance weights w = exp(-U / kT) / q of samples from q, given by their logarithms: what they say of the partition
 * function Z, and how many samples they are worth. All sums are in double, relative to the largest weight.
 * A weight may be 0 (log w = -inf: infinite energy); log w = +inf or NaN must be refused by the caller. */
#ifndef RUNTIME_HOST_IMPORTANCE_H
#define RUNTIME_HOST_IMPORTANCE_H

#include "../prefix.h"

#include <stddef.h>

#define importance_largest       RUNTIME_NAME(importance_largest)
#define importance_ess           RUNTIME_NAME(importance_ess)
#define importance_log_z         RUNTIME_NAME(importance_log_z)
#define importance_sort          RUNTIME_NAME(importance_sort)
#define importance_acceptance    RUNTIME_NAME(importance_acceptance)
#define importance_ess_forward   RUNTIME_NAME(importance_ess_forward)
#define importance_log_z_forward RUNTIME_NAME(importance_log_z_forward)
#define estimate_mean            RUNTIME_NAME(estimate_mean)

/* A number and its standard error; both NaN where there is nothing to estimate. */
typedef struct Estimate {
    double value, error;
} Estimate;

/* The mean of values and sd / sqrt(count). */
Estimate estimate_mean(const double *values, size_t count);

double importance_largest(const double *log_w, size_t count);

/* The effective sample size as a fraction of 1: (sum w)^2 / (count sum w^2)  (Kong 1992). 0 where all weights are 0.
 * Its error is by the delta method. It can't see what the samples miss. */
Estimate importance_ess(const double *log_w, size_t count);

/* log Z = log mean w, and the error sd(w) / (mean(w) sqrt(count)) that the delta method gives. */
Estimate importance_log_z(const double *log_w, size_t count);

/* Sorts the logarithms, the smallest first: what importance_acceptance and pareto_of_weights take. */
void importance_sort(double *log_w, size_t count);

/* The acceptance rate, in equilibrium, of Metropolis steps that propose independent samples of q:
 * E_{x ~ p, y ~ q} min(1, w(y) / w(x)) = sum_{i != j} min(w_i, w_j) / ((count - 1) sum w), the error by the delta
 * method for this ratio of a U-statistic and a mean. */
Estimate importance_acceptance(const double *sorted_log_w, size_t count);

/* From samples of p itself (a reference): the effective sample size as q's weights have it over p, so that it sees what
 * q misses: 1 / (mean(w) mean(1 / w)), and log Z = -log mean(1 / w). Where q is 0 log w is +inf here, and the ess is 0. */
Estimate importance_ess_forward(const double *log_w, size_t count);
Estimate importance_log_z_forward(const double *log_w, size_t count);

#endif
