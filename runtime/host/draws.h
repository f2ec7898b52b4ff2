/* SPDX-License-Identifier: MIT-0 */
/* The random numbers that the host draws by itself, by the core's generator: functions, so that the core's vectors are
 * compiled once for all of their callers. */
#ifndef RUNTIME_HOST_DRAWS_H
#define RUNTIME_HOST_DRAWS_H

#include "../prefix.h"

#include <stdint.h>

#define draw_initial_uniform RUNTIME_NAME(draw_initial_uniform)
#define draw_initial_normal  RUNTIME_NAME(draw_initial_normal)
#define draw_shuffle         RUNTIME_NAME(draw_shuffle)
#define draw_bootstrap       RUNTIME_NAME(draw_bootstrap)

/* Purpose init: a uniform in (0, 1), or a standard normal, for sample `element` and this step and draw block. Initial
 * weights have step 0, and the number of their tensor as block. */
float draw_initial_uniform(uint64_t seed, uint32_t step, uint32_t block, uint64_t element);
float draw_initial_normal(uint64_t seed, uint32_t step, uint32_t block, uint64_t element);

/* Purpose bootstrap: words 4 quad .. 4 quad + 3 of a resampling. */
void draw_bootstrap(uint64_t seed, uint64_t replicate, uint32_t quad, uint32_t words[4]);

/* Purpose shuffle: 64 random bits for a place in the order of an epoch. */
uint64_t draw_shuffle(uint64_t seed, uint32_t epoch, uint64_t place);

#endif
