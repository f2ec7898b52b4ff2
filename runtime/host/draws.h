/* SPDX-License-Identifier: MIT-0 */
/* The random numbers that the host draws by itself, by the core's generator: functions, so that the core's vectors are
 * compiled once for all of their callers. */
#ifndef RUNTIME_HOST_DRAWS_H
#define RUNTIME_HOST_DRAWS_H

#include "../prefix.h"

#include <stddef.h>
#include <stdint.h>

#define draw_initial_uniform  RUNTIME_NAME(draw_initial_uniform)
#define draw_initial_normal   RUNTIME_NAME(draw_initial_normal)
#define draw_shuffle          RUNTIME_NAME(draw_shuffle)
#define draw_bootstrap        RUNTIME_NAME(draw_bootstrap)
#define draw_chain_proposal   RUNTIME_NAME(draw_chain_proposal)
#define draw_chain_acceptance RUNTIME_NAME(draw_chain_acceptance)
#define draw_resample         RUNTIME_NAME(draw_resample)
#define draw_dequantise       RUNTIME_NAME(draw_dequantise)

/* Purpose init: a uniform in (0, 1), or a standard normal, for sample `element` and this step and draw block. Initial
 * weights have step 0, and the number of their tensor as block. */
float draw_initial_uniform(uint64_t seed, uint32_t step, uint32_t block, uint64_t element);
float draw_initial_normal(uint64_t seed, uint32_t step, uint32_t block, uint64_t element);

/* Purpose bootstrap: words 4 quad .. 4 quad + 3 of a resampling. */
void draw_bootstrap(uint64_t seed, uint64_t replicate, uint32_t quad, uint32_t words[4]);

/* Purpose shuffle: 64 random bits for a place in the order of an epoch. */
uint64_t draw_shuffle(uint64_t seed, uint32_t epoch, uint64_t place);

/* Purpose chain proposal: `count` standard normals for a walker's transition. */
void draw_chain_proposal(uint64_t seed, uint64_t walker, uint32_t transition, size_t count, float *normals);
/* Purpose chain acceptance: the uniform number `which` (0 to 3) of a walker's transition. */
float draw_chain_acceptance(uint64_t seed, uint64_t walker, uint32_t transition, uint32_t which);

/* Purpose resample: a uniform in (0, 1) with 53 bits. */
double draw_resample(uint64_t seed, uint64_t draw, uint32_t step);

/* Purpose evaluate, seed 0: a uniform in (0, 1) for a row of data that is judged, one of several draws, and a component.
 * (A training step's own have the purpose dequantise.) */
float draw_dequantise(uint64_t row, uint32_t draw, uint32_t component);

#endif
