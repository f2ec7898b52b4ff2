/* SPDX-License-Identifier: MIT-0 */
/* How likely rows of data are under the model. */
#ifndef RUNTIME_HOST_LIKELIHOOD_H
#define RUNTIME_HOST_LIKELIHOOD_H

#include "importance.h"
#include "model.h"

#define likelihood_mean RUNTIME_NAME(likelihood_mean)

/* The mean of log q over rows[count][dimension], with conditions[count][condition_count] (NULL: those behind the scalars),
 * in nats, and its standard error: for rows that were not learned from,
 * the negative cross entropy of the data and the model. log_q[count] receives each one's. In single precision. */
Estimate likelihood_mean(const Model *model, const float *weights, const float *scalars, const float *rows,
                         const float *conditions, size_t count, float *log_q, void *workspace, int threads);

#endif
