/* SPDX-License-Identifier: MIT-0 */
/* One number at a time: without vectors, which would give the same. */
#include "draws.h"

#define ANSATZ_PRECISION  32
#define ANSATZ_LANE_BYTES 4
#include "../core/random.h"

float draw_initial_uniform(uint64_t seed, uint32_t step, uint32_t block, uint64_t element)
{
    const RandomStream stream = {.seed = seed, .first_sample = 0, .step = step, .purpose = RANDOM_INIT};
    return random_uniform_value(&stream, element, block, 0);
}

float draw_initial_normal(uint64_t seed, uint32_t step, uint32_t block, uint64_t element)
{
    const RandomStream stream = {.seed = seed, .first_sample = 0, .step = step, .purpose = RANDOM_INIT};
    return random_normal_value(&stream, element, block, 0);
}

void draw_bootstrap(uint64_t seed, uint64_t replicate, uint32_t quad, uint32_t words[4])
{
    const RandomStream stream = {.seed = seed, .first_sample = 0, .step = 0, .purpose = RANDOM_BOOTSTRAP};
    random_words(&stream, replicate, 0, quad, words);
}

uint64_t draw_shuffle(uint64_t seed, uint32_t epoch, uint64_t place)
{
    const RandomStream stream = {.seed = seed, .first_sample = 0, .step = epoch, .purpose = RANDOM_SHUFFLE};
    uint32_t words[4];
    random_words(&stream, place, 0, 0, words);
    return (uint64_t)words[1] << 32 | words[0];
}
