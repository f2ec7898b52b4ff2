/* SPDX-License-Identifier: MIT-0 */
/* Each function of the package as a call of its widest copy, in a build with -DMANY_WELL_16_DISPATCH: see runtime/core/instructions.h.
 * Compiled from many_well_16.yaml by ansatz 0.1.0. */
#include "../many_well_16.h"
#include "../runtime/core/instructions.h"

#ifdef ANSATZ_DISPATCH
DISPATCHED(void, , many_well_16_sample,
           (const float *weights, const float *scalars, uint64_t seed, uint64_t first, size_t count, float *x, float *log_q, void *workspace, int threads),
           (weights, scalars, seed, first, count, x, log_q, workspace, threads))
DISPATCHED(void, , many_well_16_log_prob,
           (const float *weights, const float *scalars, size_t count, const float *x, float *log_q, void *workspace, int threads),
           (weights, scalars, count, x, log_q, workspace, threads))
DISPATCHED(void, , many_well_16_energy,
           (const float *scalars, size_t count, const float *x, float *energy, void *workspace, int threads),
           (scalars, count, x, energy, workspace, threads))
DISPATCHED(void, , many_well_16_force,
           (const float *scalars, size_t count, const float *x, float *force, void *workspace, int threads),
           (scalars, count, x, force, workspace, threads))
DISPATCHED(void, , many_well_16_score,
           (const float *weights, const float *scalars, size_t count, const float *x, float *log_q, float *score, void *workspace, int threads),
           (weights, scalars, count, x, log_q, score, workspace, threads))
DISPATCHED(double, return, many_well_16_step,
           (const float *weights, const float *scalars, const float *data, uint64_t seed, uint32_t step, float *gradient, void *workspace, int threads),
           (weights, scalars, data, seed, step, gradient, workspace, threads))
DISPATCHED(void, , many_well_16_one_sample,
           (const float *weights, const float *scalars, uint64_t seed, uint64_t first, size_t count, float *x, float *log_q, void *workspace, int threads),
           (weights, scalars, seed, first, count, x, log_q, workspace, threads))
DISPATCHED(void, , many_well_16_one_log_prob,
           (const float *weights, const float *scalars, size_t count, const float *x, float *log_q, void *workspace, int threads),
           (weights, scalars, count, x, log_q, workspace, threads))
DISPATCHED(void, , many_well_16_one_energy,
           (const float *scalars, size_t count, const float *x, float *energy, void *workspace, int threads),
           (scalars, count, x, energy, workspace, threads))
DISPATCHED(void, , many_well_16_one_force,
           (const float *scalars, size_t count, const float *x, float *force, void *workspace, int threads),
           (scalars, count, x, force, workspace, threads))
DISPATCHED(void, , many_well_16_one_prepare,
           (const float *weights, float *prepared),
           (weights, prepared))
DISPATCHED(void, , many_well_16_double_sample,
           (const double *weights, const double *scalars, uint64_t seed, uint64_t first, size_t count, double *x, double *log_q, void *workspace, int threads),
           (weights, scalars, seed, first, count, x, log_q, workspace, threads))
DISPATCHED(void, , many_well_16_double_log_prob,
           (const double *weights, const double *scalars, size_t count, const double *x, double *log_q, void *workspace, int threads),
           (weights, scalars, count, x, log_q, workspace, threads))
DISPATCHED(void, , many_well_16_double_energy,
           (const double *scalars, size_t count, const double *x, double *energy, void *workspace, int threads),
           (scalars, count, x, energy, workspace, threads))
DISPATCHED(void, , many_well_16_double_force,
           (const double *scalars, size_t count, const double *x, double *force, void *workspace, int threads),
           (scalars, count, x, force, workspace, threads))
DISPATCHED(void, , many_well_16_double_score,
           (const double *weights, const double *scalars, size_t count, const double *x, double *log_q, double *score, void *workspace, int threads),
           (weights, scalars, count, x, log_q, score, workspace, threads))
DISPATCHED(double, return, many_well_16_double_step,
           (const double *weights, const double *scalars, const double *data, uint64_t seed, uint32_t step, double *gradient, void *workspace, int threads),
           (weights, scalars, data, seed, step, gradient, workspace, threads))
#endif
