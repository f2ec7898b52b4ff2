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
    RANDOM_CONDITION,
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

/* Each of the following works on some vectors at once, at most FLOATS_GROUP: they share the loads of the constants and hide
 * each other's latency. */
#define FLOATS_GROUP (FLOATS > 1 ? 4 : 1)

/* ((word >> 9) + 1/2) 2^-23: exact, never 0 or 1. */
static ALWAYS_INLINE void floats_uniform(const floats_bits *words, floats *result, const int vectors)
{
    UNROLL(4)
    for (int v = 0; v < vectors; v++)
        result[v] = (floats_from_int((floats_int)(words[v] >> 9)) + floats_splat(0.5f)) * floats_splat(0x1p-23f);
}

/* p = p x + c */
static ALWAYS_INLINE void floats_horner(floats *p, const floats *x, float c, const int vectors)
{
    UNROLL(4)
    for (int v = 0; v < vectors; v++)
        p[v] = floats_fma(p[v], x[v], floats_splat(c));
}

/* -log y for positive normal y: y = 2^e m, m in [sqrt 1/2, sqrt 2), f = m - 1, and -log m = f q(f) with q a minimax
 * polynomial: absolute error below 5e-8 before rounding. */
static ALWAYS_INLINE void floats_minus_log(const floats *y, floats *result, const int vectors)
{
    floats e[FLOATS_GROUP], f[FLOATS_GROUP], q[FLOATS_GROUP];
    UNROLL(4)
    for (int v = 0; v < vectors; v++) {
        const floats_bits bits = floats_to_bits(y[v]);
        const floats_int exponent = (floats_int)(bits - floats_bits_splat(0x3f3504f3)) >> 23;
        e[v] = floats_from_int(exponent);
        f[v] = floats_from_bits(bits - ((floats_bits)exponent << 23)) - floats_splat(1.0f);
        q[v] = floats_splat(0x1.742a86p-4f);
    }
    floats_horner(q, f, -0x1.45c3dcp-3f, vectors);
    floats_horner(q, f, 0x1.64e22ap-3f, vectors);
    floats_horner(q, f, -0x1.9869b4p-3f, vectors);
    floats_horner(q, f, 0x1.ff312ep-3f, vectors);
    floats_horner(q, f, -0x1.55566ap-2f, vectors);
    floats_horner(q, f, 0x1.0000a8p-1f, vectors);
    floats_horner(q, f, -1.0f, vectors);
    UNROLL(4)
    for (int v = 0; v < vectors; v++)
        result[v] = floats_fma(f[v], q[v], e[v] * floats_splat(-0x1.62e430p-1f));
}

/* The size of a normal over x in its tails, w = -log(1 - x^2) in [5, 22.2], by a minimax polynomial in sqrt w: relative
 * error below 4.3e-8. */
static ALWAYS_INLINE floats floats_normal_tail(floats w)
{
    const floats r = floats_sqrt(w) - floats_splat(3.5f);
    floats p = floats_splat(-0x1.f8aabap-16f);
    floats_horner(&p, &r, 0x1.3685d8p-15f, 1);
    floats_horner(&p, &r, 0x1.118826p-13f, 1);
    floats_horner(&p, &r, -0x1.8cca06p-12f, 1);
    floats_horner(&p, &r, 0x1.35b89cp-11f, 1);
    floats_horner(&p, &r, -0x1.e4eb1ep-11f, 1);
    floats_horner(&p, &r, 0x1.9788a8p-10f, 1);
    floats_horner(&p, &r, -0x1.7fa596p-9f, 1);
    floats_horner(&p, &r, 0x1.2f9d88p-8f, 1);
    floats_horner(&p, &r, 0x1.6cb4e6p+0f, 1);
    floats_horner(&p, &r, 0x1.2de4cap+2f, 1);
    return p;
}

/* Standard normals by the inverse distribution function. A word's upper bit is the sign; the others are k, and
 * (k + 1/2) 2^-32 is the probability of a larger normal: sizes go from 2.9e-10 to 6.34.
 * With a = (2 k + 1) 2^-32, twice that probability, x = 1 - a and w = -log(1 - x^2) = -log(a (2 - a)), the size is x P(w)
 * (Giles 2010, "Approximating the erfinv function"): a minimax polynomial with relative error 6.2e-9 below w = 5, that is
 * size 2.93, which one in 297 normals exceeds. */
static ALWAYS_INLINE void floats_normal(const floats_bits *words, floats *result, const int vectors)
{
    const floats scale = floats_splat(0x1p-31f), half = floats_splat(0x1p-32f);
    const floats_bits most = floats_bits_splat(0x7fffffff);
    floats w[FLOATS_GROUP], p[FLOATS_GROUP];
    UNROLL(4)
    for (int v = 0; v < vectors; v++) {
        const floats a = floats_fma(floats_from_int((floats_int)(words[v] & most)), scale, half);
        w[v] = a * (floats_splat(2.0f) - a);
        p[v] = floats_splat(-0x1.ab0472p-27f);
    }
    floats_minus_log(w, w, vectors);
    floats_horner(p, w, 0x1.4fabd4p-22f, vectors);
    floats_horner(p, w, -0x1.77646ap-19f, vectors);
    floats_horner(p, w, 0x1.7b3236p-18f, vectors);
    floats_horner(p, w, 0x1.0800cep-14f, vectors);
    floats_horner(p, w, -0x1.79a5bep-13f, vectors);
    floats_horner(p, w, -0x1.b0bbc2p-9f, vectors);
    floats_horner(p, w, 0x1.0b976cp-6f, vectors);
    floats_horner(p, w, 0x1.4ffde8p-2f, vectors);
    floats_horner(p, w, 0x1.40d932p+0f, vectors);
    UNROLL(4)
    for (int v = 0; v < vectors; v++) {
        const floats x = floats_fma(floats_from_int((floats_int)(~words[v] & most)), scale, half);
        const floats_int in_tail = floats_less(floats_splat(5.0f), w[v]);
        if (floats_any(in_tail))
            p[v] = floats_select(in_tail, floats_normal_tail(w[v]), p[v]);
        result[v] = floats_from_bits(floats_to_bits(x * p[v]) | (words[v] & ~most));
    }
}

/* A uniform in (0, 1): element `element` of a draw block of sample first_sample + sample_offset. */
static inline float random_uniform_value(const RandomStream *stream, uint64_t sample_offset, uint32_t block,
                                         uint32_t element)
{
    return ((float)(random_word(stream, sample_offset, block, element) >> 9) + 0.5f) * 0x1p-23f;
}

/* The standard normal of a word. */
static inline float normal_of_word(uint32_t word)
{
    const floats_bits words = floats_bits_splat(word);
    floats result;
    floats_normal(&words, &result, 1);
    return floats_first(result);
}

/* A standard normal, likewise: maximal error 3.4 units in the last place of the exact quantile. */
static inline float random_normal_value(const RandomStream *stream, uint64_t sample_offset, uint32_t block,
                                        uint32_t element)
{
    return normal_of_word(random_word(stream, sample_offset, block, element));
}

/* ---- the draws of a block of samples ------------------------------------------------------------------------------------- */

/* So many elements are drawn as words before they become floats: each of the two loops then keeps its constants in
 * registers. */
#define RANDOM_GROUP 16

#if BLOCK > 1

/* The generator's words in lanes, in the form in which products of 32-bit words come cheapest. With x86's vectors: the lower
 * halves of 64-bit lanes (the upper ones hold anything), in two parts, the even and the odd samples. */
#if FLOATS > 1 && defined(__SSE2__)

#define PHILOX_PARTS 2
typedef uint64_t PhiloxWords __attribute__((vector_size(ANSATZ_LANE_BYTES)));

static ALWAYS_INLINE void philox_multiply(PhiloxWords a, uint32_t multiplier, PhiloxWords *upper, PhiloxWords *lower)
{
#if ANSATZ_LANE_BYTES == 64
    *lower = (PhiloxWords)_mm512_mul_epu32((__m512i)a, _mm512_set1_epi32((int)multiplier));
#elif ANSATZ_LANE_BYTES == 32
    *lower = (PhiloxWords)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi32((int)multiplier));
#else
    *lower = (PhiloxWords)_mm_mul_epu32((__m128i)a, _mm_set1_epi32((int)multiplier));
#endif
    *upper = *lower >> 32;
}

static ALWAYS_INLINE PhiloxWords philox_part(floats_bits words, int part)
{
    return (PhiloxWords)words >> (part == 0 ? 0 : 32);
}

static ALWAYS_INLINE floats_bits philox_join(const PhiloxWords parts[PHILOX_PARTS])
{
    return (floats_bits)((parts[0] & (0xffffffff - (PhiloxWords){0})) | parts[1] << 32);
}

#else

#define PHILOX_PARTS 1
typedef floats_bits PhiloxWords;

static ALWAYS_INLINE void philox_multiply(PhiloxWords a, uint32_t multiplier, PhiloxWords *upper, PhiloxWords *lower)
{
#if FLOATS == 1
    const uint64_t product = (uint64_t)a * multiplier;
    *upper = (uint32_t)(product >> 32);
    *lower = (uint32_t)product;
#else
    const uint32x4_t words = (uint32x4_t)a, m = vdupq_n_u32(multiplier);
    const uint32x4_t first = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(words), vget_low_u32(m)));
    const uint32x4_t second = vreinterpretq_u32_u64(vmull_high_u32(words, m));
    *upper = (floats_bits)vuzp2q_u32(first, second);
    *lower = (floats_bits)vuzp1q_u32(first, second);
#endif
}

static ALWAYS_INLINE PhiloxWords philox_part(floats_bits words, int part)
{
    (void)part;
    return words;
}

static ALWAYS_INLINE floats_bits philox_join(const PhiloxWords parts[PHILOX_PARTS])
{
    return parts[0];
}

#endif

/* As philox4x32, for each lane of some vectors of samples at once, which hide each other's latency. */
#define PHILOX_VECTORS (ANSATZ_LANE_BYTES == 64 ? 2 : 1)

static ALWAYS_INLINE void philox4x32_lanes(floats_bits counter[4][PHILOX_VECTORS], const uint32_t key[2])
{
    enum { PARTS = PHILOX_PARTS * PHILOX_VECTORS };
    PhiloxWords c[4][PARTS];
    uint32_t key0 = key[0], key1 = key[1];
    UNROLL(4)
    for (int i = 0; i < 4; i++)
        UNROLL(4)
    for (int part = 0; part < PARTS; part++)
        c[i][part] = philox_part(counter[i][part / PHILOX_PARTS], part % PHILOX_PARTS);
    UNROLL(10)
    for (int round = 0; round < 10; round++) {
        const PhiloxWords k0 = (PhiloxWords)floats_bits_splat(key0), k1 = (PhiloxWords)floats_bits_splat(key1);
        UNROLL(4)
        for (int part = 0; part < PARTS; part++) {
            PhiloxWords upper0, lower0, upper1, lower1;
            philox_multiply(c[0][part], PHILOX_MULTIPLIER_0, &upper0, &lower0);
            philox_multiply(c[2][part], PHILOX_MULTIPLIER_1, &upper1, &lower1);
            c[0][part] = upper1 ^ c[1][part] ^ k0;
            c[2][part] = upper0 ^ c[3][part] ^ k1;
            c[1][part] = lower1;
            c[3][part] = lower0;
        }
        key0 += PHILOX_KEY_STEP_0;
        key1 += PHILOX_KEY_STEP_1;
    }
    UNROLL(4)
    for (int i = 0; i < 4; i++)
        UNROLL(2)
    for (int v = 0; v < PHILOX_VECTORS; v++)
        counter[i][v] = philox_join(&c[i][v * PHILOX_PARTS]);
}

/* words[count][BLOCK]: the elements from `block` on, for samples first_sample + s. */
static ALWAYS_INLINE void random_words_of_block(const RandomStream *stream, uint32_t block, int count, uint32_t *words)
{
    const uint32_t key[2] = {(uint32_t)stream->seed, (uint32_t)(stream->seed >> 32)};
    uint32_t lower[BLOCK], upper[BLOCK];
    for (uint32_t s = 0; s < BLOCK; s++) {
        lower[s] = (uint32_t)(stream->first_sample + s);
        upper[s] = (uint32_t)((stream->first_sample + s) >> 32);
    }
    for (int s = 0; s < BLOCK; s += PHILOX_VECTORS * FLOATS)
        for (int e = 0; e < count; e += 4) {
            floats_bits counter[4][PHILOX_VECTORS];
            for (int v = 0; v < PHILOX_VECTORS; v++) {
                counter[0][v] = floats_bits_load(lower + s + v * FLOATS);
                counter[1][v] = floats_bits_load(upper + s + v * FLOATS);
                counter[2][v] = floats_bits_splat(stream->step);
                counter[3][v] = floats_bits_splat(stream->purpose << 20 | (block + (uint32_t)e / 4));
            }
            philox4x32_lanes(counter, key);
            for (int i = 0; i < 4; i++)
                for (int v = 0; v < PHILOX_VECTORS; v++)
                    floats_bits_store(words + (e + i) * BLOCK + s + v * FLOATS, counter[i][v]);
        }
}

static ALWAYS_INLINE void random_rows(const RandomStream *stream, uint32_t block, int count, real *to,
                                      void (*from_words)(const floats_bits *, floats *, int))
{
    for (int first = 0; first < count; first += RANDOM_GROUP) {
        const int group = count - first < RANDOM_GROUP ? count - first : RANDOM_GROUP;
        uint32_t words[RANDOM_GROUP * BLOCK];
        random_words_of_block(stream, block + (uint32_t)first / 4, group, words);
        for (int i = 0; i < group * BLOCK; i += FLOATS_GROUP * FLOATS) {
            floats_bits bits[FLOATS_GROUP];
            floats result[FLOATS_GROUP];
            for (int v = 0; v < FLOATS_GROUP; v++)
                bits[v] = floats_bits_load(words + i + v * FLOATS);
            from_words(bits, result, FLOATS_GROUP);
            for (int v = 0; v < FLOATS_GROUP; v++)
                floats_store_reals(to + first * BLOCK + i + v * FLOATS, result[v], FLOATS);
        }
    }
}

#else

/* One sample: elements in lanes. */
static ALWAYS_INLINE void random_rows(const RandomStream *stream, uint32_t block, int count, real *to,
                                      void (*from_words)(const floats_bits *, floats *, int))
{
    for (int first = 0; first < count; first += RANDOM_GROUP) {
        const int group = count - first < RANDOM_GROUP ? count - first : RANDOM_GROUP;
        uint32_t words[RANDOM_GROUP] = {0}; /* a vector may reach past the group */
        for (int e = 0; e < group; e += 4)
            random_words(stream, 0, block, (uint32_t)(first + e) / 4, words + e);
        for (int e = 0; e < group; e += FLOATS) {
            const floats_bits bits = floats_bits_load(words + e);
            floats result;
            from_words(&bits, &result, 1);
            floats_store_reals(to + first + e, result, group - e < FLOATS ? group - e : FLOATS);
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
