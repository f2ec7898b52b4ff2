/* SPDX-License-Identifier: MIT-0 */
/* Means over rows of data, summed in double in the rows' order. */
#include "likelihood.h"

#include <math.h>

Estimate likelihood_mean(const Model *model, const float *weights, const float *scalars, const float *rows,
                         const float *conditions, size_t count, float *log_q, void *workspace, int threads)
{
    double sum = 0, squares = 0;
    const ModelFunctions32 *functions = model->single_precision;
    if (conditions != NULL)
        functions->log_prob_given(weights, scalars, count, rows, conditions, log_q, workspace, threads);
    else
        functions->log_prob(weights, scalars, count, rows, log_q, workspace, threads);
    for (size_t i = 0; i < count; i++)
        sum += (double)log_q[i];
    const double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += ((double)log_q[i] - mean) * ((double)log_q[i] - mean);
    const double pairs = (double)count * ((double)count - 1);
    return (Estimate){mean, count > 1 ? sqrt(squares / pairs) : (double)NAN};
}
