/* SPDX-License-Identifier: MIT-0 */
/* Vectors of reals: one real for each of LANES samples (or features). The operators + - * / work on them; what C has no
 * operator for is here. With LANES == 1 a vector is a real. Freestanding. */
#ifndef ANSATZ_CORE_LANES_H
#define ANSATZ_CORE_LANES_H

#include "config.h"
#include "fma.h"

#if LANES == 1 && defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#if LANES == 1
typedef real lanes;
typedef real_int lanes_int;
typedef real_bits lanes_bits;
#else
typedef real lanes __attribute__((vector_size(ANSATZ_LANE_BYTES)));
typedef real_int lanes_int __attribute__((vector_size(ANSATZ_LANE_BYTES)));
typedef real_bits lanes_bits __attribute__((vector_size(ANSATZ_LANE_BYTES)));
#endif

/* The intrinsic of an operation on lanes: INTRINSIC(sqrt) is _mm256_sqrt_ps or _mm512_sqrt_pd, or vsqrtq_f32. */
#if LANES > 1 && defined(__SSE2__)
#define LANES_X86 1
#if ANSATZ_LANE_BYTES == 64
#define ANSATZ_INTRINSIC(operation, letter) _mm512_##operation##_p##letter
#elif ANSATZ_LANE_BYTES == 32
#define ANSATZ_INTRINSIC(operation, letter) _mm256_##operation##_p##letter
#else
#define ANSATZ_INTRINSIC(operation, letter) _mm_##operation##_p##letter
#endif
#if ANSATZ_PRECISION == 32
#define INTRINSIC(operation) ANSATZ_INTRINSIC(operation, s)
#else
#define INTRINSIC(operation) ANSATZ_INTRINSIC(operation, d)
#endif
#elif LANES > 1 && defined(__ARM_NEON)
#define LANES_NEON 1
#if ANSATZ_PRECISION == 32
#define INTRINSIC(operation) v##operation##q_f32
#else
#define INTRINSIC(operation) v##operation##q_f64
#endif
#elif LANES > 1
#error "no vectors for this target: compile with -DANSATZ_LANE_BYTES=4"
#endif

/* ---- moving ------------------------------------------------------------------------------------------------------ */

static ALWAYS_INLINE lanes lanes_splat(real x)
{
#if LANES == 1
    return x;
#else
    return x - (lanes){0}; /* x - 0 is x, also for -0 */
#endif
}

static ALWAYS_INLINE lanes_int lanes_int_splat(real_int x)
{
#if LANES == 1
    return x;
#else
    return x - (lanes_int){0};
#endif
}

/* From and to memory of any alignment. */
static ALWAYS_INLINE lanes lanes_load(const real *from)
{
    lanes x;
    memcpy(&x, from, sizeof x);
    return x;
}

static ALWAYS_INLINE void lanes_store(real *to, lanes x)
{
    memcpy(to, &x, sizeof x);
}

/* The first `count` lanes, a power of two; what the others hold is of no account, and may be read past the end. */
static ALWAYS_INLINE lanes lanes_load_part(const real *from, const int count)
{
#if defined(LANES_X86) && ANSATZ_LANE_BYTES == 64
    if (count * REAL_SIZE == 32)
        return (lanes)_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(const void *)from));
    if (count * REAL_SIZE == 16)
        return (lanes)_mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)from));
#elif defined(LANES_X86) && ANSATZ_LANE_BYTES == 32
    if (count * REAL_SIZE == 16)
        return (lanes)_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)from));
#endif
    return count == 1 ? lanes_splat(*from) : lanes_load(from);
}

static ALWAYS_INLINE lanes lanes_from_bits(lanes_bits bits)
{
    lanes x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static ALWAYS_INLINE lanes_bits lanes_to_bits(lanes x)
{
    lanes_bits bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

#if ANSATZ_PRECISION == 32
/* Whole numbers to the nearest reals. */
static ALWAYS_INLINE lanes lanes_from_int(lanes_int x)
{
#if LANES == 1
    return (real)x;
#else
    return __builtin_convertvector(x, lanes);
#endif
}
#endif

/* ---- fused multiply-add: a b + c, rounded once ---------------------------------------------------------------------
 */

static ALWAYS_INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
#if LANES == 1
    return real_fma(a, b, c);
#elif ANSATZ_SOFTWARE_FMA
    lanes result = c;
    for (int i = 0; i < LANES; i++)
        result[i] = real_fma(a[i], b[i], c[i]);
    return result;
#elif defined(LANES_X86)
    return (lanes)INTRINSIC(fmadd)(a, b, c);
#else
    return (lanes)INTRINSIC(fma)(c, a, b);
#endif
}

/* Horner's step: p x + c. */
static ALWAYS_INLINE lanes lanes_horner(lanes p, lanes x, real c)
{
    return lanes_fma(p, x, lanes_splat(c));
}

/* ---- masks and choices: a mask is -1 (true) or 0 in each lane
 * --------------------------------------------------------- */

#if LANES == 1
#define ANSATZ_MASK(condition) ((lanes_int) - (condition))
#else
#define ANSATZ_MASK(condition) ((lanes_int)(condition))
#endif

static ALWAYS_INLINE lanes_int lanes_less(lanes a, lanes b)
{
    return ANSATZ_MASK(a < b);
}

static ALWAYS_INLINE lanes_int lanes_less_equal(lanes a, lanes b)
{
    return ANSATZ_MASK(a <= b);
}

static ALWAYS_INLINE lanes_int lanes_equal(lanes a, lanes b)
{
    return ANSATZ_MASK(a == b);
}

/* Whether a lane of the mask is true. */
static ALWAYS_INLINE int lanes_any(lanes_int mask)
{
#if LANES == 1
    return mask != 0;
#elif ANSATZ_LANE_BYTES == 64
    return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#elif ANSATZ_LANE_BYTES == 32
    return _mm256_movemask_epi8((__m256i)mask) != 0;
#elif defined(LANES_X86)
    return _mm_movemask_epi8((__m128i)mask) != 0;
#else
    return vmaxvq_u32((uint32x4_t)mask) != 0;
#endif
}

static ALWAYS_INLINE lanes_int lanes_true(void)
{
    return lanes_int_splat(-1);
}

static ALWAYS_INLINE lanes_int lanes_false(void)
{
    return lanes_int_splat(0);
}

/* A boolean that was stored as a real. */
static ALWAYS_INLINE lanes_int lanes_is_true(lanes x)
{
    return ~lanes_equal(x, lanes_splat(REAL(0.0)));
}

/* a where the mask is true, else b. */
static ALWAYS_INLINE lanes lanes_select(lanes_int mask, lanes a, lanes b)
{
    lanes_bits m = (lanes_bits)mask;
    return lanes_from_bits((m & lanes_to_bits(a)) | (~m & lanes_to_bits(b)));
}

/* x where a < b, else y. */
static ALWAYS_INLINE lanes lanes_select_less(lanes a, lanes b, lanes x, lanes y)
{
#if ANSATZ_LANE_BYTES == 64 && ANSATZ_PRECISION == 32
    return (lanes)_mm512_mask_blend_ps(_mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ), (__m512)y, (__m512)x);
#elif ANSATZ_LANE_BYTES == 64
    return (lanes)_mm512_mask_blend_pd(_mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_LT_OQ), (__m512d)y, (__m512d)x);
#else
    return lanes_select(lanes_less(a, b), x, y);
#endif
}

/* Where the sign bit is set. */
static ALWAYS_INLINE lanes_int lanes_is_negative(lanes x)
{
    return -(lanes_int)(lanes_to_bits(x) >> (ANSATZ_PRECISION - 1));
}

/* Where the last bit is set. */
static ALWAYS_INLINE lanes_int lanes_odd(lanes_bits bits)
{
    return -(lanes_int)(bits & (lanes_bits)lanes_int_splat(1));
}

/* ---- arithmetic that C has no operator for
 * ----------------------------------------------------------------------------- */

#define REAL_SIGN_BIT ((real_bits)1 << (ANSATZ_PRECISION - 1))

static ALWAYS_INLINE lanes lanes_abs(lanes x)
{
    return lanes_from_bits(lanes_to_bits(x) & ~(REAL_SIGN_BIT - (lanes_bits){0}));
}

/* -|x|: one operation. */
static ALWAYS_INLINE lanes lanes_minus_abs(lanes x)
{
    return lanes_from_bits(lanes_to_bits(x) | (REAL_SIGN_BIT - (lanes_bits){0}));
}

/* |x| with the sign of y. */
static ALWAYS_INLINE lanes lanes_copysign(lanes x, lanes y)
{
    lanes_bits sign = REAL_SIGN_BIT - (lanes_bits){0};
    return lanes_from_bits((lanes_to_bits(x) & ~sign) | (lanes_to_bits(y) & sign));
}

/* x, whose sign bit is 0, with the sign of y: an operation less. */
static ALWAYS_INLINE lanes lanes_with_sign(lanes x, lanes y)
{
    return lanes_from_bits(lanes_to_bits(x) | (lanes_to_bits(y) & (REAL_SIGN_BIT - (lanes_bits){0})));
}

/* The smaller of x and a bound that is not 0; a NaN stays. */
static ALWAYS_INLINE lanes lanes_at_most(lanes x, real bound)
{
#ifdef LANES_X86
    return (lanes)INTRINSIC(min)(lanes_splat(bound), x); /* where one is NaN: the second operand */
#else
    return lanes_select_less(lanes_splat(bound), x, lanes_splat(bound), x);
#endif
}

/* The larger of x and a bound that is not 0; a NaN stays. */
static ALWAYS_INLINE lanes lanes_at_least(lanes x, real bound)
{
#ifdef LANES_X86
    return (lanes)INTRINSIC(max)(lanes_splat(bound), x);
#else
    return lanes_select_less(x, lanes_splat(bound), lanes_splat(bound), x);
#endif
}

/* The smaller; NaN if either is; min(-0, 0) = -0 in either order. */
static ALWAYS_INLINE lanes lanes_min(lanes a, lanes b)
{
#ifdef LANES_NEON
    return (lanes)INTRINSIC(min)(a, b);
#else
#ifdef LANES_X86
    const lanes_bits ab = lanes_to_bits((lanes)INTRINSIC(min)(a, b)), ba = lanes_to_bits((lanes)INTRINSIC(min)(b, a));
#else
    const lanes_bits ab = lanes_to_bits(a < b ? a : b), ba = lanes_to_bits(b < a ? b : a);
#endif
    /* of equal values, only zeros differ, and -0 has the bit; NaN has all */
    return lanes_from_bits(ab | ba | (lanes_bits) ~(lanes_equal(a, a) & lanes_equal(b, b)));
#endif
}

/* The larger; NaN if either is; max(-0, 0) = 0 in either order. */
static ALWAYS_INLINE lanes lanes_max(lanes a, lanes b)
{
#ifdef LANES_NEON
    return (lanes)INTRINSIC(max)(a, b);
#else
#ifdef LANES_X86
    const lanes_bits ab = lanes_to_bits((lanes)INTRINSIC(max)(a, b)), ba = lanes_to_bits((lanes)INTRINSIC(max)(b, a));
#else
    const lanes_bits ab = lanes_to_bits(b < a ? a : b), ba = lanes_to_bits(a < b ? b : a);
#endif
    return lanes_from_bits((ab & ba) | (lanes_bits) ~(lanes_equal(a, a) & lanes_equal(b, b)));
#endif
}

/* The square root, correctly rounded. */
static ALWAYS_INLINE lanes lanes_sqrt(lanes x)
{
#if LANES > 1
    return (lanes)INTRINSIC(sqrt)(x);
#elif defined(__SSE2__) && ANSATZ_PRECISION == 32
    return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
#elif defined(__SSE2__)
    return _mm_cvtsd_f64(_mm_sqrt_sd(_mm_set_sd(x), _mm_set_sd(x)));
#elif ANSATZ_PRECISION == 32
    return __builtin_sqrtf(x);
#else
    return __builtin_sqrt(x);
#endif
}

/* The nearest whole number, ties to even, for |x| below 2^22 (2^51 in double). */
static ALWAYS_INLINE lanes lanes_round_small(lanes x)
{
#if ANSATZ_PRECISION == 32
    lanes shift = lanes_splat(REAL(12582912.0)); /* 1.5 2^23 */
#else
    lanes shift = lanes_splat(REAL(6755399441055744.0)); /* 1.5 2^52 */
#endif
    return (x + shift) - shift;
}

/* The largest whole number that is not larger; the sign of a zero is kept. */
static ALWAYS_INLINE lanes lanes_floor(lanes x)
{
#if defined(LANES_X86) && ANSATZ_LANE_BYTES >= 32
    return (lanes)INTRINSIC(floor)(x);
#elif defined(LANES_NEON)
    return (lanes)INTRINSIC(rndm)(x);
#else
#if ANSATZ_PRECISION == 32
    lanes whole = lanes_splat(REAL(8388608.0)); /* 2^23: all that is larger is whole */
#else
    lanes whole = lanes_splat(REAL(4503599627370496.0));
#endif
    lanes size = lanes_abs(x), rounded = lanes_copysign((size + whole) - whole, x);
    lanes lower = rounded - lanes_splat(REAL(1.0));
    lanes result = lanes_select(lanes_less(x, rounded), lower, rounded);
    return lanes_select(lanes_less(size, whole), lanes_copysign(result, x), x);
#endif
}

/* -1, 0 or 1; a zero's and a NaN's own. */
static ALWAYS_INLINE lanes lanes_sign(lanes x)
{
    lanes one = lanes_copysign(lanes_splat(REAL(1.0)), x), zero = lanes_splat(REAL(0.0));
    return lanes_select(lanes_less(x, zero) | lanes_less(zero, x), one, x);
}

/* ---- the same for one number
 * ---------------------------------------------------------------------------------------------- */

static ALWAYS_INLINE real lanes_first(lanes x)
{
#if LANES == 1
    return x;
#else
    return x[0];
#endif
}

static inline real real_min(real a, real b)
{
    return lanes_first(lanes_min(lanes_splat(a), lanes_splat(b)));
}

static inline real real_max(real a, real b)
{
    return lanes_first(lanes_max(lanes_splat(a), lanes_splat(b)));
}

static inline real real_abs(real x)
{
    return lanes_first(lanes_abs(lanes_splat(x)));
}

static inline real real_sqrt(real x)
{
    return lanes_first(lanes_sqrt(lanes_splat(x)));
}

static inline real real_floor(real x)
{
    return lanes_first(lanes_floor(lanes_splat(x)));
}

static inline real real_sign(real x)
{
    return lanes_first(lanes_sign(lanes_splat(x)));
}

static inline int real_less(real a, real b)
{
    return a < b;
}

static inline int real_less_equal(real a, real b)
{
    return a <= b;
}

static inline int real_equal(real a, real b)
{
    return a == b;
}

static inline real real_select(int condition, real a, real b)
{
    return condition ? a : b;
}

#endif
