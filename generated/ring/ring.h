/* SPDX-License-Identifier: MIT-0 */
/* The model as a library. No function allocates, keeps state or fails: inputs and workspace are the caller's.
 * Weights are one block of floats: the data of weights.safetensors, which a training writes, all that follows its
 * header (whose length stands in the first 8 bytes, the least first).
 * Compiled from ring.yaml by ansatz 0.1.0. */
#ifndef RING_H
#define RING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus /* what is compiled is C, who calls it may be C++ */
extern "C" {
#define RING_ALIGNED alignas(64)
#else
#define RING_ALIGNED _Alignas(64)
#endif

#define RING_DIMENSION 2 /* components of one configuration */
#define RING_WEIGHTS 12272 /* numbers in the block of weights */
#define RING_SCALARS 2 /* numbers given at each call */
#define RING_OBSERVABLES 0

enum { /* the scalars, in their order */
    RING_SCALAR_kT,
    RING_SCALAR_loss_0_weight
};

/* Bytes of workspace, aligned to 64, that any call below needs with so many threads. */
#define RING_WORKSPACE_BYTES(threads) (4 * ((size_t)102192 + (size_t)(threads) * 70848))
#define RING_DOUBLE_WORKSPACE_BYTES(threads) (2 * RING_WORKSPACE_BYTES(threads))
#define RING_ONE_WORKSPACE_BYTES ((size_t)1856)
/* A workspace as a variable: RING_WORKSPACE(workspace, 1); */
#define RING_WORKSPACE(name, threads) RING_ALIGNED static float name[RING_WORKSPACE_BYTES(threads) / 4]

/* ---- many samples: blocks of 64 in vector lanes, on `threads` threads where built with OpenMP ---- */

/* Samples number first, ..., first + count - 1 of the stream that `seed` names, and the log-density of the model at
 * each: x[count][DIMENSION], log_q[count]. Sample k depends on weights, scalars, seed and k, on nothing else. */
void ring_sample(const float *weights, const float *scalars, uint64_t seed, uint64_t first, size_t count, float *x, float *log_q, void *workspace, int threads);

/* log_q[i] = log q(x[i]), the log-density of the model at x[count][DIMENSION]; NaN where x is. */
void ring_log_prob(const float *weights, const float *scalars, size_t count, const float *x, float *log_q, void *workspace, int threads);

/* The loss of training step `step` over a batch of 512 samples, and its gradient in every weight:
 * gradient[RING_WEIGHTS]. The same bits for any number of threads.
 * data[512][2]: a row for each sample. */
double ring_step(const float *weights, const float *scalars, const float *data, uint64_t seed, uint32_t step, float *gradient, void *workspace, int threads);

/* ---- one sample at a time: the same numbers, soonest ---- */

/* The weights as these functions read them; made once. Best in memory that begins at a cache line. */
#define RING_ONE_WEIGHTS 12976
void ring_one_prepare(const float *weights, float *prepared /* [RING_ONE_WEIGHTS] */);

/* As above, with prepared weights. Inputs, outputs and scalars as above; threads are not used. */
void ring_one_sample(const float *weights, const float *scalars, uint64_t seed, uint64_t first, size_t count, float *x, float *log_q, void *workspace, int threads);
void ring_one_log_prob(const float *weights, const float *scalars, size_t count, const float *x, float *log_q, void *workspace, int threads);

/* ---- the same in double: to check the above ---- */

void ring_double_sample(const double *weights, const double *scalars, uint64_t seed, uint64_t first, size_t count, double *x, double *log_q, void *workspace, int threads);
void ring_double_log_prob(const double *weights, const double *scalars, size_t count, const double *x, double *log_q, void *workspace, int threads);
double ring_double_step(const double *weights, const double *scalars, const double *data, uint64_t seed, uint32_t step, double *gradient, void *workspace, int threads);

#ifdef __cplusplus
}
#endif

#endif
