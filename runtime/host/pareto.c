/* SPDX-License-Identifier: MIT-0 */
/* The fit of Zhang and Stephens: the profile likelihood of theta = -k / sigma on a grid, and theta's mean under it. */
#include "pareto.h"
#include "../core/config.h"

#include <math.h>
#include <stdlib.h>

enum { PRIOR_OBSERVATIONS = 10, GRID_BASE = 30, TAIL_LEAST = 5 };

/* k as theta gives it: the mean of log(1 - theta x). */
static double shape_of(double theta, const double *sorted, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += log1p(-theta * sorted[i]);
    return sum / (double)count;
}

/* The mean of theta over the grid, weighted by the profile likelihood. */
static double mean_theta(const double *sorted, size_t count, double *theta, double *likelihood, size_t grid)
{
    const double n = (double)count, quartile = sorted[(size_t)floor(n / 4 + 0.5) - 1];
    double largest = -(double)INFINITY, sum = 0, mean = 0;
    for (size_t j = 0; j < grid; j++) {
        theta[j] = 1 / sorted[count - 1] + (1 - sqrt((double)grid / ((double)j + 0.5))) / (3 * quartile);
        const double k = shape_of(theta[j], sorted, count);
        likelihood[j] = n * (log(-theta[j] / k) - k - 1);
        if (likelihood[j] > largest)
            largest = likelihood[j];
    }
    for (size_t j = 0; j < grid; j++) {
        const double weight = isnan(likelihood[j]) ? 0 : exp(likelihood[j] - largest);
        sum += weight;
        mean += weight * theta[j];
    }
    return mean / sum;
}

bool pareto_fit(const double *sorted, size_t count, ParetoFit *fit, Failure *failure)
{
    const size_t grid = GRID_BASE + (size_t)floor(sqrt((double)count));
    double *memory = memory_claim(2 * grid, sizeof *memory, "Pareto fit", failure);
    if (memory == NULL)
        return false;
    const double theta = mean_theta(sorted, count, memory, memory + grid, grid);
    const double k = shape_of(theta, sorted, count), n = (double)count;
    free(memory);
    fit->sigma = -k / theta;
    fit->k = (n * k + PRIOR_OBSERVATIONS * 0.5) / (n + PRIOR_OBSERVATIONS);
    return true;
}

double pareto_threshold(size_t count)
{
    const double threshold = 1 - 1 / log10((double)count);
    return threshold < 0.7 ? threshold : 0.7;
}

bool pareto_of_weights(const double *sorted_log_w, size_t count, ParetoTail *tail, Failure *failure)
{
    const double most = count > 225 ? ceil(3 * sqrt((double)count)) : ceil((double)count / 5);
    size_t length = (size_t)most;
    ParetoFit fit;
    *tail = (ParetoTail){.k = (double)NAN, .error = (double)NAN, .tail = length, .threshold = pareto_threshold(count)};
    if (length < TAIL_LEAST)
        return true;
    const double largest = sorted_log_w[count - 1], cut = exp(sorted_log_w[count - length - 1] - largest);
    double *excess = memory_claim(length, sizeof *excess, "Pareto fit", failure);
    if (excess == NULL)
        return false;
    size_t used = 0; /* weights that equal the cut exceed it by nothing: the fit needs positive numbers */
    for (size_t i = 0; i < length; i++) {
        excess[used] = exp(sorted_log_w[count - length + i] - largest) - cut;
        used += excess[used] > 0;
    }
    bool good = true;
    if (used >= TAIL_LEAST && excess[used - 1] > excess[0]) {
        good = pareto_fit(excess, used, &fit, failure);
        if (good) {
            tail->is_defined = isfinite(fit.k);
            tail->k = fit.k;
            tail->sigma = fit.sigma;
            tail->cut = cut;
            tail->log_largest = largest;
            tail->error = (1 + fit.k > 0 ? 1 + fit.k : 0) / sqrt((double)used);
        }
    }
    free(excess);
    return good;
}

/* ---- smoothing --------------------------------------------------------------------------------------------------- */

typedef struct Ranked {
    double log_w;
    size_t index;
} Ranked;

/* Equal weights stand in the order of their samples. */
static int compare_ranked(const void *left, const void *right)
{
    const Ranked *a = left, *b = right;
    if (a->log_w != b->log_w)
        return a->log_w < b->log_w ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* sigma ((1 - p)^-k - 1) / k, for k = 0 its limit. */
static double pareto_quantile(const ParetoTail *tail, double p)
{
    return fabs(tail->k) < 1e-10 ? -tail->sigma * log1p(-p) : tail->sigma * expm1(-tail->k * log1p(-p)) / tail->k;
}

bool pareto_smooth(double *log_w, size_t count, const ParetoTail *tail, Failure *failure)
{
    if (!tail->is_defined)
        return true;
    Ranked *ranked = memory_claim(count, sizeof *ranked, "Pareto smoothing", failure);
    if (ranked == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        ranked[i] = (Ranked){log_w[i], i};
    qsort(ranked, count, sizeof *ranked, compare_ranked);
    for (size_t z = 0; z < tail->tail; z++) {
        const double p = ((double)z + 0.5) / (double)tail->tail, w = tail->cut + pareto_quantile(tail, p);
        log_w[ranked[count - tail->tail + z].index] = tail->log_largest + (w < 1 ? log(w) : 0);
    }
    free(ranked);
    return true;
}
