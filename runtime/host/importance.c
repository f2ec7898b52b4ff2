/* SPDX-License-Identifier: MIT-0 */
/* The estimators of importance.h. Each goes over the weights twice: for the means, and for the variance of what each
 * sample adds to the estimate (its influence), from which the delta method gives the error. */
#include "importance.h"
#include "../core/config.h"

#include <math.h>
#include <stdlib.h>

/* The standard error of a mean of `count` values whose squared deviations sum to this. */
static double error_of_sum(double squares, size_t count)
{
    return count < 2 ? (double)NAN : sqrt(squares / (double)(count - 1) / (double)count);
}

Estimate estimate_mean(const double *values, size_t count)
{
    double sum = 0, squares = 0;
    if (count == 0)
        return (Estimate){(double)NAN, (double)NAN};
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    const double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return (Estimate){mean, error_of_sum(squares, count)};
}

double importance_largest(const double *log_w, size_t count)
{
    double largest = -(double)INFINITY;
    for (size_t i = 0; i < count; i++)
        if (log_w[i] > largest)
            largest = log_w[i];
    return largest;
}

/* The mean of exp(power log_w - shift). */
static double mean_weight(const double *log_w, size_t count, double power, double shift)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += exp(power * log_w[i] - shift);
    return sum / (double)count;
}

Estimate importance_ess(const double *log_w, size_t count)
{
    const double largest = importance_largest(log_w, count);
    if (!(largest > -(double)INFINITY))
        return (Estimate){0, (double)NAN};
    const double mean = mean_weight(log_w, count, 1, largest), mean_square = mean_weight(log_w, count, 2, 2 * largest);
    const double ess = mean * mean / mean_square;
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        const double w = exp(log_w[i] - largest), influence = 2 * (w / mean - 1) - (w * w / mean_square - 1);
        squares += influence * influence;
    }
    return (Estimate){ess, ess * error_of_sum(squares, count)};
}

Estimate importance_log_z(const double *log_w, size_t count)
{
    const double largest = importance_largest(log_w, count);
    if (!(largest > -(double)INFINITY))
        return (Estimate){-(double)INFINITY, (double)NAN};
    const double mean = mean_weight(log_w, count, 1, largest);
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        const double influence = exp(log_w[i] - largest) / mean - 1;
        squares += influence * influence;
    }
    return (Estimate){largest + log(mean), error_of_sum(squares, count)};
}

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

void importance_sort(double *log_w, size_t count)
{
    qsort(log_w, count, sizeof *log_w, compare_doubles);
}

/* With the weights sorted, sum_{j != i} min(w_i, w_j) is the sum of those before i and, for each after i, w_i. */
Estimate importance_acceptance(const double *sorted_log_w, size_t count)
{
    if (count < 2 || !(sorted_log_w[count - 1] > -(double)INFINITY))
        return (Estimate){(double)NAN, (double)NAN};
    const double largest = sorted_log_w[count - 1], others = (double)(count - 1);
    const double mean = mean_weight(sorted_log_w, count, 1, largest);
    double before = 0, sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        const double w = exp(sorted_log_w[i] - largest);
        sum += (before + (double)(count - 1 - i) * w) / others;
        before += w;
    }
    const double pairs = sum / (double)count, acceptance = pairs / mean;
    before = 0;
    for (size_t i = 0; i < count; i++) {
        const double w = exp(sorted_log_w[i] - largest), own = (before + (double)(count - 1 - i) * w) / others;
        const double influence = (2 * (own - pairs) - acceptance * (w - mean)) / mean;
        squares += influence * influence;
        before += w;
    }
    return (Estimate){acceptance, error_of_sum(squares, count)};
}

Estimate importance_ess_forward(const double *log_w, size_t count)
{
    const double largest = importance_largest(log_w, count);
    double smallest = (double)INFINITY;
    for (size_t i = 0; i < count; i++)
        if (log_w[i] < smallest)
            smallest = log_w[i];
    if (count == 0)
        return (Estimate){(double)NAN, (double)NAN};
    if (largest == (double)INFINITY)
        return (Estimate){0, (double)NAN};
    const double mean = mean_weight(log_w, count, 1, largest), inverse = mean_weight(log_w, count, -1, -smallest);
    const double ess = exp(smallest - largest) / (mean * inverse);
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        const double influence = (exp(log_w[i] - largest) / mean - 1) + (exp(smallest - log_w[i]) / inverse - 1);
        squares += influence * influence;
    }
    return (Estimate){ess, ess * error_of_sum(squares, count)};
}

Estimate importance_log_z_forward(const double *log_w, size_t count)
{
    double smallest = (double)INFINITY, squares = 0;
    for (size_t i = 0; i < count; i++)
        if (log_w[i] < smallest)
            smallest = log_w[i];
    if (smallest == (double)INFINITY)
        return (Estimate){(double)NAN, (double)NAN};
    const double inverse = mean_weight(log_w, count, -1, -smallest);
    for (size_t i = 0; i < count; i++) {
        const double influence = exp(smallest - log_w[i]) / inverse - 1;
        squares += influence * influence;
    }
    return (Estimate){smallest - log(inverse), error_of_sum(squares, count)};
}
