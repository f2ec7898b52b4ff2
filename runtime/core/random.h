/* SPDX-License-Identifier: MIT-0 */
/* Random numbers that depend on nothing but their counter: Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel
 * random numbers: as easy as 1, 2, 3"). Element e of draw block b of sample k is word e % 4 of the output for
 *
 *     key     = (seed low, seed high)
 *     counter = (k low, k high, step, purpose << 20 | (b + e / 4))
 *
 * so a sample is the same whatever the lanes, threads and ranks. Uniforms and normals are floats whatever `real` is; in
 * double they lie on the float grid. Only IEEE + - * / sqrt, conversions and fma: the same bits on every machine.
 * Freestanding.
 *
 *     const RandomStream stream = {.seed = 7, .first_sample = 0, .step = 0, .purpose = RANDOM_SAMPLE};
 *     float z = random_normal_value(&stream, 12, 0, 3); // element 3 of draw block 0 of sample 12 */
#ifndef ANSATZ_CORE_RANDOM_H
#define ANSATZ_CORE_RANDOM_H

#include "floats.h"

/* What a draw is for: two draws for different purposes never share a counter. The numbers are part of every file that
 * names a seed: new purposes go to the end. */
typedef enum RandomPurpose {
    RANDOM_INIT,
    RANDOM_SHUFFLE,
    RANDOM_TRAIN_NOISE,
    RANDOM_SECOND_PLAYER,
    RANDOM_PENALTY_INTERPOLATION,
    RANDOM_SAMPLE,
    RANDOM_EVALUATE,
    RANDOM_DIVERGENCE_PROBE,
    RANDOM_CHAIN_PROPOSAL,
    RANDOM_CHAIN_ACCEPTANCE,
    RANDOM_EXCHANGE,
    RANDOM_RESAMPLE,
    RANDOM_BOOTSTRAP,
    RANDOM_DEQUANTISE,
} RandomPurpose;

typedef struct RandomStream {
    uint64_t seed, first_sample;
    uint32_t step, purpose; /* a RandomPurpose, or another number below 2^12 */
} RandomStream;

#define PHILOX_MULTIPLIER_0 0xD2511F53u
#define PHILOX_MULTIPLIER_1 0xCD9E8D57u
#define PHILOX_KEY_STEP_0   0x9E3779B9u
#define PHILOX_KEY_STEP_1   0xBB67AE85u

/* The generator: ten rounds. */
static inline void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t result[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], key0 = key[0], key1 = key[1];
    for (int round = 0; round < 10; round++) {
        const uint64_t product0 = (uint64_t)PHILOX_MULTIPLIER_0 * c0, product1 = (uint64_t)PHILOX_MULTIPLIER_1 * c2;
        c0 = (uint32_t)(product1 >> 32) ^ c1 ^ key0;
        c2 = (uint32_t)(product0 >> 32) ^ c3 ^ key1;
        c1 = (uint32_t)product1;
        c3 = (uint32_t)product0;
        key0 += PHILOX_KEY_STEP_0;
        key1 += PHILOX_KEY_STEP_1;
    }
    result[0] = c0;
    result[1] = c1;
    result[2] = c2;
    result[3] = c3;
}

/* The four words of elements 4 q .. 4 q + 3, q = `quad`, of a draw block of sample first_sample + sample_offset. */
static inline void random_words(const RandomStream *stream, uint64_t sample_offset, uint32_t block, uint32_t quad,
                                uint32_t result[4])
{
    const uint64_t sample = stream->first_sample + sample_offset;
    const uint32_t key[2] = {(uint32_t)stream->seed, (uint32_t)(stream->seed >> 32)};
    const uint32_t counter[4] = {(uint32_t)sample, (uint32_t)(sample >> 32), stream->step,
                                 stream->purpose << 20 | (block + quad)};
    philox4x32(counter, key, result);
}

/* 32 random bits: one element. */
static inline uint32_t random_word(const RandomStream *stream, uint64_t sample_offset, uint32_t block, uint32_t element)
{
    uint32_t words[4];
    random_words(stream, sample_offset, block, element / 4, words);
    return words[element % 4];
}

/* ---- from words to floats
 * ------------------------------------------------------------------------------------------------ */

/* ((word >> 9) + 1/2) 2^-23: exact, never 0 or 1. */
static ALWAYS_INLINE floats floats_uniform(floats_bits word)
{
    return (floats_from_int((floats_int)(word >> 9)) + floats_splat(0.5f)) * floats_splat(0x1p-23f);
}

/* -log y for a positive normal y: y = 2^e m, m in [sqrt 1/2, sqrt 2), f = m - 1, and -log m = f q(f) with q a minimax
 * polynomial: absolute error below 5e-8 before rounding. */
static ALWAYS_INLINE floats floats_minus_log(floats y)
{
    const floats_bits bits = floats_to_bits(y);
    const floats_int exponent = (floats_int)(bits - floats_bits_splat(0x3f3504f3)) >> 23;
    const floats f = floats_from_bits(bits - ((floats_bits)exponent << 23)) - floats_splat(1.0f);
    floats q = floats_splat(0x1.742a86p-4f);
    q = floats_fma(q, f, floats_splat(-0x1.45c3dcp-3f));
    q = floats_fma(q, f, floats_splat(0x1.64e22ap-3f));
    q = floats_fma(q, f, floats_splat(-0x1.9869b4p-3f));
    q = floats_fma(q, f, floats_splat(0x1.ff312ep-3f));
    q = floats_fma(q, f, floats_splat(-0x1.55566ap-2f));
    q = floats_fma(q, f, floats_splat(0x1.0000a8p-1f));
    q = floats_fma(q, f, floats_splat(-1.0f));
    return floats_fma(f, q, floats_from_int(exponent) * floats_splat(-0x1.62e430p-1f));
}

/* The size of a normal over x in its tails, w = -log(1 - x^2) in [5, 22.2], by a minimax polynomial in sqrt w: relative
 * error below 4.3e-8. */
static ALWAYS_INLINE floats floats_normal_tail(floats w)
{
    const floats r = floats_sqrt(w) - floats_splat(3.5f);
    floats p = floats_splat(-0x1.f8aabap-16f);
    p = floats_fma(p, r, floats_splat(0x1.3685d8p-15f));
    p = floats_fma(p, r, floats_splat(0x1.118826p-13f));
    p = floats_fma(p, r, floats_splat(-0x1.8cca06p-12f));
    p = floats_fma(p, r, floats_splat(0x1.35b89cp-11f));
    p = floats_fma(p, r, floats_splat(-0x1.e4eb1ep-11f));
    p = floats_fma(p, r, floats_splat(0x1.9788a8p-10f));
    p = floats_fma(p, r, floats_splat(-0x1.7fa596p-9f));
    p = floats_fma(p, r, floats_splat(0x1.2f9d88p-8f));
    p = floats_fma(p, r, floats_splat(0x1.6cb4e6p+0f));
    return floats_fma(p, r, floats_splat(0x1.2de4cap+2f));
}

/* A standard normal by the inverse distribution function. The word's upper bit is the sign; the others are k, and
 * (k + 1/2) 2^-32 is the probability of a larger normal: sizes go from 2.9e-10 to 6.34.
 * With a = (2 k + 1) 2^-32, twice that probability, x = 1 - a and w = -log(1 - x^2) = -log(a (2 - a)), the size is x
 * P(w) (Giles 2010, "Approximating the erfinv function"): a minimax polynomial with relative error 6.2e-9 below w = 5,
 * that is size 2.93, which one in 297 normals exceeds. */
static ALWAYS_INLINE floats floats_normal(floats_bits word)
{
    const floats_bits tail = word & floats_bits_splat(0x7fffffff), sign = word & floats_bits_splat(0x80000000);
    const floats scale = floats_splat(0x1p-31f), half = floats_splat(0x1p-32f);
    const floats a = floats_fma(floats_from_int((floats_int)tail), scale, half);
    const floats x = floats_fma(floats_from_int((floats_int)(tail ^ floats_bits_splat(0x7fffffff))), scale, half);
    const floats w = floats_minus_log(a * (floats_splat(2.0f) - a));
    floats p = floats_splat(-0x1.ab0472p-27f);
    p = floats_fma(p, w, floats_splat(0x1.4fabd4p-22f));
    p = floats_fma(p, w, floats_splat(-0x1.77646ap-19f));
    p = floats_fma(p, w, floats_splat(0x1.7b3236p-18f));
    p = floats_fma(p, w, floats_splat(0x1.0800cep-14f));
    p = floats_fma(p, w, floats_splat(-0x1.79a5bep-13f));
    p = floats_fma(p, w, floats_splat(-0x1.b0bbc2p-9f));
    p = floats_fma(p, w, floats_splat(0x1.0b976cp-6f));
    p = floats_fma(p, w, floats_splat(0x1.4ffde8p-2f));
    p = floats_fma(p, w, floats_splat(0x1.40d932p+0f));
    const floats_int in_tail = floats_less(floats_splat(5.0f), w);
    if (floats_any(in_tail))
        p = floats_select(in_tail, floats_normal_tail(w), p);
    return floats_from_bits(floats_to_bits(x * p) | sign);
}

/* A uniform in (0, 1): element `element` of a draw block of sample first_sample + sample_offset. */
static inline float random_uniform_value(const RandomStream *stream, uint64_t sample_offset, uint32_t block,
                                         uint32_t element)
{
    return ((float)(random_word(stream, sample_offset, block, element) >> 9) + 0.5f) * 0x1p-23f;
}

/* A standard normal, likewise. */
static inline float random_normal_value(const RandomStream *stream, uint64_t sample_offset, uint32_t block,
                                        uint32_t element)
{
    return floats_first(floats_normal(floats_bits_splat(random_word(stream, sample_offset, block, element))));
}

/* ---- the draws of a block of samples
 * ------------------------------------------------------------------------------------- */

/* `count` of the vector's floats to `to`. */
static ALWAYS_INLINE void floats_store_reals(real *to, floats x, int count)
{
    float values[FLOATS];
    memcpy(values, &x, sizeof values);
    for (int i = 0; i < count; i++)
        to[i] = (real)values[i];
}

#if BLOCK > 1

/* The products of 32-bit words in 64 bits: upper and lower words. */
static ALWAYS_INLINE void floats_bits_multiply(floats_bits a, uint32_t multiplier, floats_bits *upper,
                                               floats_bits *lower)
{
#if FLOATS == 1
    const uint64_t product = (uint64_t)a * multiplier;
    *upper = (uint32_t)(product >> 32);
    *lower = (uint32_t)product;
#elif ANSATZ_LANE_BYTES == 64
    const __m512i m = _mm512_set1_epi32((int)multiplier), even = _mm512_mul_epu32((__m512i)a, m),
                  odd = _mm512_mul_epu32(_mm512_srli_epi64((__m512i)a, 32), m);
    *upper = (floats_bits)_mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_CDAB);
    *lower = (floats_bits)_mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CDAB);
#elif ANSATZ_LANE_BYTES == 32
    const __m256i m = _mm256_set1_epi32((int)multiplier), even = _mm256_mul_epu32((__m256i)a, m),
                  odd = _mm256_mul_epu32(_mm256_srli_epi64((__m256i)a, 32), m);
    *upper = (floats_bits)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
    *lower = (floats_bits)_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
#elif defined(__SSE2__)
    const __m128i m = _mm_set1_epi32((int)multiplier), even = _mm_mul_epu32((__m128i)a, m),
                  odd = _mm_mul_epu32(_mm_srli_epi64((__m128i)a, 32), m);
    const __m128i even_words = _mm_shuffle_epi32(even, 0xd8), odd_words = _mm_shuffle_epi32(odd, 0xd8);
    *upper = (floats_bits)_mm_unpackhi_epi32(even_words, odd_words);
    *lower = (floats_bits)_mm_unpacklo_epi32(even_words, odd_words);
#else
    const uint32x4_t words = (uint32x4_t)a, m = vdupq_n_u32(multiplier);
    const uint32x4_t first = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(words), vget_low_u32(m)));
    const uint32x4_t second = vreinterpretq_u32_u64(vmull_high_u32(words, m));
    *upper = (floats_bits)vuzp2q_u32(first, second);
    *lower = (floats_bits)vuzp1q_u32(first, second);
#endif
}

/* As random_words for the samples first_sample + s + lane. */
static ALWAYS_INLINE void random_words_of_lanes(const RandomStream *stream, int s, uint32_t block,
                                                floats_bits result[4])
{
    const uint64_t sample = stream->first_sample + (uint64_t)s;
    floats_bits c0 = floats_bits_splat((uint32_t)sample), c1 = floats_bits_splat((uint32_t)(sample >> 32));
    floats_bits c2 = floats_bits_splat(stream->step), c3 = floats_bits_splat(stream->purpose << 20 | block);
#if FLOATS > 1
    for (uint32_t i = 0; i < FLOATS; i++) {
        c0[i] += i;
        c1[i] = (uint32_t)((sample + i) >> 32);
    }
#endif
    uint32_t key0 = (uint32_t)stream->seed, key1 = (uint32_t)(stream->seed >> 32);
    UNROLL(10)
    for (int round = 0; round < 10; round++) {
        floats_bits upper0, lower0, upper1, lower1;
        floats_bits_multiply(c0, PHILOX_MULTIPLIER_0, &upper0, &lower0);
        floats_bits_multiply(c2, PHILOX_MULTIPLIER_1, &upper1, &lower1);
        c0 = upper1 ^ c1 ^ floats_bits_splat(key0);
        c2 = upper0 ^ c3 ^ floats_bits_splat(key1);
        c1 = lower1;
        c3 = lower0;
        key0 += PHILOX_KEY_STEP_0;
        key1 += PHILOX_KEY_STEP_1;
    }
    result[0] = c0;
    result[1] = c1;
    result[2] = c2;
    result[3] = c3;
}

static ALWAYS_INLINE void random_rows(const RandomStream *stream, uint32_t block, int count, real *to,
                                      floats (*from_words)(floats_bits))
{
    for (int s = 0; s < BLOCK; s += FLOATS)
        for (int e = 0; e < count; e += 4) {
            floats_bits words[4];
            random_words_of_lanes(stream, s, block + (uint32_t)e / 4, words);
            for (int i = 0; i < 4 && e + i < count; i++)
                floats_store_reals(to + (e + i) * BLOCK + s, from_words(words[i]), FLOATS);
        }
}

#else

/* One sample: elements in lanes. */
static ALWAYS_INLINE void random_rows(const RandomStream *stream, uint32_t block, int count, real *to,
                                      floats (*from_words)(floats_bits))
{
    enum { GROUP = FLOATS < 4 ? 4 : FLOATS };
    for (int e = 0; e < count; e += GROUP) {
        uint32_t words[GROUP];
        for (int i = 0; i < GROUP; i += 4)
            random_words(stream, 0, block, (uint32_t)(e + i) / 4, words + i);
        for (int i = 0; i < GROUP && e + i < count; i += FLOATS) {
            floats_bits group;
            memcpy(&group, words + i, sizeof group);
            floats_store_reals(to + e + i, from_words(group), count - (e + i) < FLOATS ? count - (e + i) : FLOATS);
        }
    }
}

#endif

/* to[count][BLOCK]: elements 0 .. count - 1 of a draw block for the samples first_sample + s, s = 0 .. BLOCK - 1. The
 * same values as random_normal_value's. */
static inline void random_normal_rows(const RandomStream *stream, uint32_t block, int count, real *to)
{
    random_rows(stream, block, count, to, floats_normal);
}

/* The same for random_uniform_value. */
static inline void random_uniform_rows(const RandomStream *stream, uint32_t block, int count, real *to)
{
    random_rows(stream, block, count, to, floats_uniform);
}

#endif
