/* SPDX-License-Identifier: MIT-0 */
/* Each function of the package as a call of its widest copy, in a build with -DRING_DISPATCH: see runtime/core/instructions.h.
 * Compiled from ring.yaml by ansatz 0.1.0. */
#include "../ring.h"
#include "../runtime/core/instructions.h"

#ifdef ANSATZ_DISPATCH
DISPATCHED(void, , ring_sample,
           (const float *weights, const float *scalars, uint64_t seed, uint64_t first, size_t count, float *x, float *log_q, void *workspace, int threads),
           (weights, scalars, seed, first, count, x, log_q, workspace, threads))
DISPATCHED(void, , ring_log_prob,
           (const float *weights, const float *scalars, size_t count, const float *x, float *log_q, void *workspace, int threads),
           (weights, scalars, count, x, log_q, workspace, threads))
DISPATCHED(double, return, ring_step,
           (const float *weights, const float *scalars, const float *data, uint64_t seed, uint32_t step, float *gradient, void *workspace, int threads),
           (weights, scalars, data, seed, step, gradient, workspace, threads))
DISPATCHED(void, , ring_one_sample,
           (const float *weights, const float *scalars, uint64_t seed, uint64_t first, size_t count, float *x, float *log_q, void *workspace, int threads),
           (weights, scalars, seed, first, count, x, log_q, workspace, threads))
DISPATCHED(void, , ring_one_log_prob,
           (const float *weights, const float *scalars, size_t count, const float *x, float *log_q, void *workspace, int threads),
           (weights, scalars, count, x, log_q, workspace, threads))
DISPATCHED(void, , ring_one_prepare,
           (const float *weights, float *prepared),
           (weights, prepared))
DISPATCHED(void, , ring_double_sample,
           (const double *weights, const double *scalars, uint64_t seed, uint64_t first, size_t count, double *x, double *log_q, void *workspace, int threads),
           (weights, scalars, seed, first, count, x, log_q, workspace, threads))
DISPATCHED(void, , ring_double_log_prob,
           (const double *weights, const double *scalars, size_t count, const double *x, double *log_q, void *workspace, int threads),
           (weights, scalars, count, x, log_q, workspace, threads))
DISPATCHED(double, return, ring_double_step,
           (const double *weights, const double *scalars, const double *data, uint64_t seed, uint32_t step, double *gradient, void *workspace, int threads),
           (weights, scalars, data, seed, step, gradient, workspace, threads))
#endif
