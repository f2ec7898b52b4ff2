/* SPDX-License-Identifier: MIT-0 */
/* Vectors of floats and of 32-bit words, FLOATS of them, whatever `real` is: what random numbers are computed in.
 * Where `real` is float they are the same types and functions as those of lanes.h. Freestanding. */
#ifndef ANSATZ_CORE_FLOATS_H
#define ANSATZ_CORE_FLOATS_H

#include "lanes.h"

#if ANSATZ_PRECISION == 32

#define FLOATS LANES
typedef lanes floats;
typedef lanes_int floats_int;
typedef lanes_bits floats_bits;

#elif ANSATZ_LANE_BYTES >= 16

#define FLOATS (ANSATZ_LANE_BYTES / 4)
typedef float floats __attribute__((vector_size(ANSATZ_LANE_BYTES)));
typedef int32_t floats_int __attribute__((vector_size(ANSATZ_LANE_BYTES)));
typedef uint32_t floats_bits __attribute__((vector_size(ANSATZ_LANE_BYTES)));

#else

#define FLOATS 1
typedef float floats;
typedef int32_t floats_int;
typedef uint32_t floats_bits;

#endif

static ALWAYS_INLINE floats floats_splat(float x)
{
#if FLOATS == 1
    return x;
#else
    return x - (floats){0};
#endif
}

static ALWAYS_INLINE floats_bits floats_bits_splat(uint32_t x)
{
#if FLOATS == 1
    return x;
#else
    return x - (floats_bits){0};
#endif
}

static ALWAYS_INLINE floats floats_from_bits(floats_bits bits)
{
    floats x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static ALWAYS_INLINE floats_bits floats_to_bits(floats x)
{
    floats_bits bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static ALWAYS_INLINE floats_bits floats_bits_load(const uint32_t *from)
{
    floats_bits x;
    memcpy(&x, from, sizeof x);
    return x;
}

static ALWAYS_INLINE void floats_bits_store(uint32_t *to, floats_bits x)
{
    memcpy(to, &x, sizeof x);
}

/* The first `count` of the floats, as reals. */
static ALWAYS_INLINE void floats_store_reals(real *to, floats x, const int count)
{
    if (ANSATZ_PRECISION == 32 && count == FLOATS) {
        memcpy(to, &x, sizeof x);
    } else {
        float values[FLOATS];
        memcpy(values, &x, sizeof values);
        for (int i = 0; i < count; i++)
            to[i] = (real)values[i];
    }
}

/* Whole numbers to the nearest floats. */
static ALWAYS_INLINE floats floats_from_int(floats_int x)
{
#if FLOATS == 1
    return (float)x;
#else
    return __builtin_convertvector(x, floats);
#endif
}

static ALWAYS_INLINE float floats_first(floats x)
{
#if FLOATS == 1
    return x;
#else
    return x[0];
#endif
}

/* a where the mask is true, else b. */
static ALWAYS_INLINE floats floats_select(floats_int mask, floats a, floats b)
{
    const floats_bits m = (floats_bits)mask;
    return floats_from_bits((m & floats_to_bits(a)) | (~m & floats_to_bits(b)));
}

static ALWAYS_INLINE floats_int floats_less(floats a, floats b)
{
#if FLOATS == 1
    return -(floats_int)(a < b);
#else
    return (floats_int)(a < b);
#endif
}

/* Whether a lane of the mask is true. */
static ALWAYS_INLINE int floats_any(floats_int mask)
{
#if FLOATS == 1
    return mask != 0;
#elif ANSATZ_LANE_BYTES == 64
    return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#elif ANSATZ_LANE_BYTES == 32
    return _mm256_movemask_epi8((__m256i)mask) != 0;
#elif defined(__SSE2__)
    return _mm_movemask_epi8((__m128i)mask) != 0;
#else
    return vmaxvq_u32((uint32x4_t)mask) != 0;
#endif
}

#if ANSATZ_PRECISION == 32

static ALWAYS_INLINE floats floats_fma(floats a, floats b, floats c)
{
    return lanes_fma(a, b, c);
}

static ALWAYS_INLINE floats floats_sqrt(floats x)
{
    return lanes_sqrt(x);
}

#else

static ALWAYS_INLINE floats floats_fma(floats a, floats b, floats c)
{
#if FLOATS == 1
    return float_fma(a, b, c);
#elif FLOAT_SOFTWARE_FMA
    floats result;
    for (int i = 0; i < FLOATS; i++)
        result[i] = float_fma(a[i], b[i], c[i]);
    return result;
#elif ANSATZ_LANE_BYTES == 64
    return (floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif ANSATZ_LANE_BYTES == 32
    return (floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__SSE2__)
    return (floats)_mm_fmadd_ps((__m128)a, (__m128)b, (__m128)c);
#else
    return (floats)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#endif
}

static ALWAYS_INLINE floats floats_sqrt(floats x)
{
#if FLOATS == 1 && defined(__SSE2__)
    return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
#elif FLOATS == 1
    return __builtin_sqrtf(x);
#elif ANSATZ_LANE_BYTES == 64
    return (floats)_mm512_sqrt_ps((__m512)x);
#elif ANSATZ_LANE_BYTES == 32
    return (floats)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE2__)
    return (floats)_mm_sqrt_ps((__m128)x);
#else
    return (floats)vsqrtq_f32((float32x4_t)x);
#endif
}

#endif

#endif
