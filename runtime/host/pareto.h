/* SPDX-License-Identifier: MIT-0 */
/* How heavy the tail of importance weights is: the shape k of a generalized Pareto distribution fitted to the largest.
 * Their moments of order 1 / k and above do not exist, so estimates with k above 0.7 converge too slowly to be of use.
 *   fit     Zhang and Stephens 2009, "A new and efficient estimation method for the generalized Pareto distribution"
 *   weights Vehtari, Simpson, Gelman, Yao and Gabry 2024, "Pareto smoothed importance sampling", section 3 and appendix
 */
#ifndef RUNTIME_HOST_PARETO_H
#define RUNTIME_HOST_PARETO_H

#include "failure.h"

#define pareto_fit        RUNTIME_NAME(pareto_fit)
#define pareto_of_weights RUNTIME_NAME(pareto_of_weights)
#define pareto_smooth     RUNTIME_NAME(pareto_smooth)
#define pareto_threshold  RUNTIME_NAME(pareto_threshold)

typedef struct ParetoFit {
    double k, sigma; /* density (1 + k x / sigma)^(-1 / k - 1) / sigma; k > 0: a heavy tail */
} ParetoFit;

/* Fits positive numbers that are sorted, the smallest first; at least 5. k is drawn towards 1/2 by a prior worth 10
 * observations, as in the PSIS paper. Claims memory for the fit's grid. */
bool pareto_fit(const double *sorted, size_t count, ParetoFit *fit, Failure *failure);

typedef struct ParetoTail {
    double k, error; /* the error of a maximum-likelihood k, (1 + k) / sqrt(tail), for orientation */
    size_t tail;     /* how many of the largest weights were used */
    double threshold;
    double sigma, cut, log_largest; /* the fit's scale and where the tail starts, in units of the largest weight */
    bool is_defined; /* false: too few weights, or those of the tail are all equal; k and error are NaN */
} ParetoTail;

/* The tail of `count` weights whose logarithms are sorted, the smallest first: the largest ceil(3 sqrt(count)), of up
 * to 225 weights the largest fifth. */
bool pareto_of_weights(const double *sorted_log_w, size_t count, ParetoTail *tail, Failure *failure);

/* Pareto smoothing: puts in place of the tail's weights the fit's quantiles (z - 1/2) / tail, z = 1, 2, ..., in the order
 * of the weights, none above the largest weight. The weights are `count` logarithms in any order, those that `tail` was
 * found for; nothing changes where it is not defined. */
bool pareto_smooth(double *log_w, size_t count, const ParetoTail *tail, Failure *failure);

/* min(1 - 1 / log10 count, 0.7): with k above it, `count` samples are too few. */
double pareto_threshold(size_t count);

#endif
