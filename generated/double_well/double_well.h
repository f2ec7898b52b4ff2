/* SPDX-License-Identifier: MIT-0 */
/* The model as a library. No function allocates, keeps state or fails: inputs and workspace are the caller's.
 * Weights are one block of floats: the data of weights.safetensors, which a training writes, all that follows its
 * header (whose length stands in the first 8 bytes, the least first).
 * Compiled from double_well.yaml by ansatz 0.1.0. */
#ifndef DOUBLE_WELL_H
#define DOUBLE_WELL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus /* what is compiled is C, who calls it may be C++ */
extern "C" {
#define DOUBLE_WELL_ALIGNED alignas(64)
#else
#define DOUBLE_WELL_ALIGNED _Alignas(64)
#endif

#define DOUBLE_WELL_DIMENSION 2 /* components of one configuration */
#define DOUBLE_WELL_WEIGHTS 26508 /* numbers in the block of weights */
#define DOUBLE_WELL_SCALARS 2 /* numbers given at each call */
#define DOUBLE_WELL_OBSERVABLES 1

enum { /* the scalars, in their order */
    DOUBLE_WELL_SCALAR_kT,
    DOUBLE_WELL_SCALAR_loss_0_weight
};

/* Bytes of workspace, aligned to 64, that any call below needs with so many threads. */
#define DOUBLE_WELL_WORKSPACE_BYTES(threads) (4 * ((size_t)212400 + (size_t)(threads) * 112704))
#define DOUBLE_WELL_DOUBLE_WORKSPACE_BYTES(threads) (2 * DOUBLE_WELL_WORKSPACE_BYTES(threads))
#define DOUBLE_WELL_ONE_WORKSPACE_BYTES ((size_t)1344)
/* A workspace as a variable: DOUBLE_WELL_WORKSPACE(workspace, 1); */
#define DOUBLE_WELL_WORKSPACE(name, threads) DOUBLE_WELL_ALIGNED static float name[DOUBLE_WELL_WORKSPACE_BYTES(threads) / 4]

/* ---- many samples: blocks of 64 in vector lanes, on `threads` threads where built with OpenMP ---- */

/* Samples number first, ..., first + count - 1 of the stream that `seed` names, and the log-density of the model at
 * each: x[count][DIMENSION], log_q[count]. Sample k depends on weights, scalars, seed and k, on nothing else. */
void double_well_sample(const float *weights, const float *scalars, uint64_t seed, uint64_t first, size_t count, float *x, float *log_q, void *workspace, int threads);

/* log_q[i] = log q(x[i]), the log-density of the model at x[count][DIMENSION]; NaN where x is. */
void double_well_log_prob(const float *weights, const float *scalars, size_t count, const float *x, float *log_q, void *workspace, int threads);

/* energy[i] = U(x[i]), x[count][DIMENSION]. */
void double_well_energy(const float *scalars, size_t count, const float *x, float *energy, void *workspace, int threads);

/* force[i] = -dU/dx at x[i]: force[count][DIMENSION]. */
void double_well_force(const float *scalars, size_t count, const float *x, float *force, void *workspace, int threads);

/* values[count][n]: the observables of the spec at x[i], in its order: left. */
void double_well_observables(const float *scalars, size_t count, const float *x, float *values, void *workspace, int threads);

/* log_q[i] = log q(x[i]) and score[i] = d log q / dx at x[i]: score[count][DIMENSION]. */
void double_well_score(const float *weights, const float *scalars, size_t count, const float *x, float *log_q, float *score, void *workspace, int threads);

/* The loss of training step `step` over a batch of 512 samples, and its gradient in every weight:
 * gradient[DOUBLE_WELL_WEIGHTS]. The same bits for any number of threads.
 * `data` is not used. */
double double_well_step(const float *weights, const float *scalars, const float *data, uint64_t seed, uint32_t step, float *gradient, void *workspace, int threads);

/* ---- one sample at a time: the same numbers, soonest ---- */

/* The weights as these functions read them; made once. Best in memory that begins at a cache line. */
#define DOUBLE_WELL_ONE_WEIGHTS 26608
void double_well_one_prepare(const float *weights, float *prepared /* [DOUBLE_WELL_ONE_WEIGHTS] */);

/* As above, with prepared weights. Inputs, outputs and scalars as above; threads are not used. */
void double_well_one_sample(const float *weights, const float *scalars, uint64_t seed, uint64_t first, size_t count, float *x, float *log_q, void *workspace, int threads);
void double_well_one_log_prob(const float *weights, const float *scalars, size_t count, const float *x, float *log_q, void *workspace, int threads);
void double_well_one_energy(const float *scalars, size_t count, const float *x, float *energy, void *workspace, int threads);
void double_well_one_force(const float *scalars, size_t count, const float *x, float *force, void *workspace, int threads);
void double_well_one_observables(const float *scalars, size_t count, const float *x, float *values, void *workspace, int threads);

/* ---- the same in double: to check the above ---- */

void double_well_double_sample(const double *weights, const double *scalars, uint64_t seed, uint64_t first, size_t count, double *x, double *log_q, void *workspace, int threads);
void double_well_double_log_prob(const double *weights, const double *scalars, size_t count, const double *x, double *log_q, void *workspace, int threads);
void double_well_double_energy(const double *scalars, size_t count, const double *x, double *energy, void *workspace, int threads);
void double_well_double_force(const double *scalars, size_t count, const double *x, double *force, void *workspace, int threads);
void double_well_double_observables(const double *scalars, size_t count, const double *x, double *values, void *workspace, int threads);
void double_well_double_score(const double *weights, const double *scalars, size_t count, const double *x, double *log_q, double *score, void *workspace, int threads);
double double_well_double_step(const double *weights, const double *scalars, const double *data, uint64_t seed, uint32_t step, double *gradient, void *workspace, int threads);

#ifdef __cplusplus
}
#endif

#endif
