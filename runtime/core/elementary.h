/* SPDX-License-Identifier: MIT-0 */
/* Elementary functions in lanes. */
#ifndef ANSATZ_CORE_ELEMENTARY_H
#define ANSATZ_CORE_ELEMENTARY_H

#include "lanes.h"

#if ANSATZ_PRECISION == 32
#include "elementary_float.h"
#else
#include "elementary_double.h"
#endif

static ALWAYS_INLINE lanes lanes_exp(lanes x)
{
    return lanes_exp_within(lanes_at_most(lanes_at_least(x, EXP_LEAST), EXP_GREATEST));
}

/* 0: -inf; below 0: NaN; infinity and NaN: themselves; subnormals are scaled first. */
static RARELY lanes lanes_log_rare(lanes x, lanes result)
{
    const lanes zero = lanes_splat(REAL(0.0)), infinity = lanes_splat(REAL_INFINITY);
    const lanes scaled = x * lanes_splat((real)((int64_t)1 << REAL_DIGITS));
    const lanes subnormal = lanes_log_normal(scaled, -REAL_DIGITS);
    result = lanes_select_less(x, lanes_splat(REAL_LEAST_NORMAL), subnormal, result);
    result = lanes_select(lanes_equal(x, zero), -infinity, result);
    result = lanes_select_less(x, zero, lanes_splat(REAL_NAN), result);
    return lanes_select(lanes_less(x, infinity), result, x);
}

static ALWAYS_INLINE lanes lanes_log(lanes x)
{
    const lanes result = lanes_log_normal(x, 0), infinity = lanes_splat(REAL_INFINITY);
    const lanes_int usual = lanes_less_equal(lanes_splat(REAL_LEAST_NORMAL), x) & lanes_less(x, infinity);
    return lanes_any(~usual) ? lanes_log_rare(x, result) : result;
}

static ALWAYS_INLINE lanes lanes_sin(lanes x)
{
    return lanes_sine_of(lanes_angle(x));
}

/* sin(x + pi / 2) */
static ALWAYS_INLINE lanes lanes_cos(lanes x)
{
    Angle angle = lanes_angle(x);
    angle.n = angle.n + (lanes_bits)lanes_int_splat(1);
    return lanes_sine_of(angle);
}

/* The cases of C11 F.10.4.4, and subnormal x. */
static RARELY lanes lanes_pow_rare(lanes x, lanes y)
{
    const lanes zero = lanes_splat(REAL(0.0)), one = lanes_splat(REAL(1.0)), infinity = lanes_splat(REAL_INFINITY);
    const lanes size = lanes_abs(x), half = y * lanes_splat(REAL(0.5));
    const lanes_int whole = lanes_equal(lanes_floor(y), y), odd = whole & ~lanes_equal(lanes_floor(half), half);
    const lanes_int negative = lanes_is_negative(x), inverse = lanes_less(y, zero), base_zero = lanes_equal(size, zero);
    const lanes_int base_infinite = lanes_equal(size, infinity);
    const lanes scaled = size * lanes_splat((real)((int64_t)1 << REAL_DIGITS));
    const lanes subnormal = lanes_pow_normal(scaled, y, -REAL_DIGITS);
    lanes result = lanes_pow_normal(size, y, 0);
    result = lanes_select_less(size, lanes_splat(REAL_LEAST_NORMAL), subnormal, result);
    result = lanes_select(base_zero | base_infinite, lanes_select(base_zero ^ inverse, zero, infinity), result);
    result = lanes_select(negative & ~whole & ~base_zero & ~base_infinite, lanes_splat(REAL_NAN), result);
    result = lanes_from_bits(lanes_to_bits(result) ^ ((lanes_bits)(negative & odd) & REAL_SIGN_BIT));
    /* an infinite power */
    const lanes limit = lanes_select(lanes_less(one, size) ^ inverse, infinity, zero);
    result =
        lanes_select(lanes_equal(lanes_abs(y), infinity), lanes_select(lanes_equal(size, one), one, limit), result);
    result = lanes_select(lanes_equal(x, x) & lanes_equal(y, y), result, x + y);
    return lanes_select(lanes_equal(x, one) | lanes_equal(y, zero), one, result);
}

/* x^y */
static ALWAYS_INLINE lanes lanes_pow(lanes x, lanes y)
{
    const lanes infinity = lanes_splat(REAL_INFINITY);
    const lanes_int usual = lanes_less_equal(lanes_splat(REAL_LEAST_NORMAL), x) & lanes_less(x, infinity) &
                            lanes_less(lanes_abs(y), infinity);
    return lanes_any(~usual) ? lanes_pow_rare(x, y) : lanes_pow_normal(x, y, 0);
}

/* ---- the same for one number ----------------------------------------------------------------------------------------
 */

static inline real real_exp(real x)
{
    return lanes_first(lanes_exp(lanes_splat(x)));
}

static inline real real_log(real x)
{
    return lanes_first(lanes_log(lanes_splat(x)));
}

static inline real real_tanh(real x)
{
    return lanes_first(lanes_tanh(lanes_splat(x)));
}

static inline real real_sigmoid(real x)
{
    return lanes_first(lanes_sigmoid(lanes_splat(x)));
}

static inline real real_softplus(real x)
{
    return lanes_first(lanes_softplus(lanes_splat(x)));
}

static inline real real_sin(real x)
{
    return lanes_first(lanes_sin(lanes_splat(x)));
}

static inline real real_cos(real x)
{
    return lanes_first(lanes_cos(lanes_splat(x)));
}

static inline real real_tan(real x)
{
    return lanes_first(lanes_tan(lanes_splat(x)));
}

static inline real real_erf(real x)
{
    return lanes_first(lanes_erf(lanes_splat(x)));
}

static inline real real_pow(real x, real y)
{
    return lanes_first(lanes_pow(lanes_splat(x), lanes_splat(y)));
}

static inline real real_atan2(real y, real x)
{
    return lanes_first(lanes_atan2(lanes_splat(y), lanes_splat(x)));
}

#endif
