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

void draw_chain_proposal(uint64_t seed, uint64_t walker, uint32_t transition, size_t count, float *normals)
{
    const RandomStream stream = {
        .seed = seed, .first_sample = walker, .step = transition, .purpose = RANDOM_CHAIN_PROPOSAL};
    for (size_t i = 0; i < count; i += 4) {
        uint32_t words[4];
        random_words(&stream, 0, 0, (uint32_t)(i / 4), words);
        for (size_t j = 0; j < 4 && i + j < count; j++)
            normals[i + j] = normal_of_word(words[j]);
    }
}

float draw_chain_acceptance(uint64_t seed, uint64_t walker, uint32_t transition, uint32_t which)
{
    const RandomStream stream = {
        .seed = seed, .first_sample = walker, .step = transition, .purpose = RANDOM_CHAIN_ACCEPTANCE};
    return random_uniform_value(&stream, 0, 0, which);
}

float draw_dequantise(uint64_t row, uint32_t draw, uint32_t component)
{
    const RandomStream stream = {.seed = 0, .first_sample = row, .step = draw, .purpose = RANDOM_EVALUATE};
    return random_uniform_value(&stream, 0, 0, component);
}

double draw_resample(uint64_t seed, uint64_t draw, uint32_t step)
{
    const RandomStream stream = {.seed = seed, .first_sample = draw, .step = step, .purpose = RANDOM_RESAMPLE};
    uint32_t words[4];
    random_words(&stream, 0, 0, 0, words);
    return ((double)(words[0] >> 6) * 0x1p27 + (double)(words[1] >> 5) + 0.5) * 0x1p-53;
}
