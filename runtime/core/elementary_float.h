/* SPDX-License-Identifier: MIT-0 */
/* Elementary functions of floats: see elementary.h, which includes this file. */
#ifndef ANSATZ_CORE_ELEMENTARY_FLOAT_H
#define ANSATZ_CORE_ELEMENTARY_FLOAT_H

#include "lanes.h"
#include "turns.h"

#define REAL_ROUND                                                                                                     \
    0x1.8p+23f /* x + this - this: the nearest whole number for |x| < 2^22; the sum's lower bits hold it */
#define REAL_LEAST_NORMAL 0x1p-126f
#define REAL_DIGITS       24      /* 2^this times a subnormal is normal */
#define EXP_LEAST         -105.0f /* e^x is 0 below */
#define EXP_GREATEST      89.0f   /* and infinite above */
#define ANGLE_LIMIT       0x1p16f /* larger angles are reduced by integer arithmetic */

/* ---- exponentials ---------------------------------------------------------------------------------------------------
 */

/* p 2^n, rounded once, for whole |n| < 250. */
static ALWAYS_INLINE lanes lanes_scale(lanes p, lanes n)
{
#if ANSATZ_LANE_BYTES == 64
    return (lanes)INTRINSIC(scalef)(p, n);
#else
    const lanes_int exponent = (lanes_int)(lanes_to_bits(n + lanes_splat(REAL_ROUND)) << 23);
    const lanes_int half = exponent >> 1 & lanes_int_splat(-0x800000), one = lanes_int_splat(0x3f800000);
    return p * lanes_from_bits((lanes_bits)(half + one)) * lanes_from_bits((lanes_bits)(exponent - half + one));
#endif
}

/* e^x for x in [-105, 89], or NaN. x = n log 2 + r, |r| <= log(2) / 2; the polynomial's relative error is 3.2e-9. */
static ALWAYS_INLINE lanes lanes_exp_within(lanes x)
{
    const lanes n = lanes_fma(x, lanes_splat(0x1.715476p+0f), lanes_splat(REAL_ROUND)) - lanes_splat(REAL_ROUND);
    lanes r = lanes_fma(n, lanes_splat(-0x1.62e430p-1f), x);
    r = lanes_fma(n, lanes_splat(0x1.05c610p-29f), r);
    lanes p = lanes_splat(0x1.6ac838p-10f);
    p = lanes_horner(p, r, 0x1.123decp-7f);
    p = lanes_horner(p, r, 0x1.555858p-5f);
    p = lanes_horner(p, r, 0x1.55548cp-3f);
    p = lanes_horner(p, r, 0x1.fffffcp-2f);
    p = lanes_horner(p, r, 1.0f);
    p = lanes_horner(p, r, 1.0f);
    return lanes_scale(p, n);
}

/* 1 / (1 + e^-x) = min(1, e^x) / (1 + e^-|x|) */
static ALWAYS_INLINE lanes lanes_sigmoid(lanes x)
{
    const lanes one = lanes_splat(1.0f), t = lanes_exp_within(lanes_at_least(lanes_minus_abs(x), EXP_LEAST));
    return lanes_select_less(x, lanes_splat(0.0f), t, one) / (one + t);
}

/* log(1 + e^x) = max(x, 0) + log(1 + t), t = e^-|x|; log(1 + t) = t + t^2 q(t) with relative error below 5.3e-9. */
static ALWAYS_INLINE lanes lanes_softplus(lanes x)
{
    const lanes zero = lanes_splat(0.0f), t = lanes_exp_within(lanes_at_least(lanes_minus_abs(x), EXP_LEAST));
    lanes q = lanes_splat(-0x1.af49cep-9f);
    q = lanes_horner(q, t, 0x1.4917cep-6f);
    q = lanes_horner(q, t, -0x1.d6b08cp-5f);
    q = lanes_horner(q, t, 0x1.b4ae08p-4f);
    q = lanes_horner(q, t, -0x1.3a435ep-3f);
    q = lanes_horner(q, t, 0x1.934b54p-3f);
    q = lanes_horner(q, t, -0x1.ff23e6p-3f);
    q = lanes_horner(q, t, 0x1.554dd0p-2f);
    q = lanes_horner(q, t, -0x1.ffffd2p-2f);
    return lanes_select_less(x, zero, zero, x) + lanes_fma(t * t, q, t);
}

/* tanh |x| = m / (2 - m), m = 1 - u, u = e^(-2|x|) = 2^n (1 + 2 v), v = (e^(2 r) - 1) / 2 = r + r^2 q(r) with a relative error
 * below 1.5e-8: one division, and m keeps the digits that are lost in u where x is small. */
static ALWAYS_INLINE lanes lanes_tanh(lanes x)
{
    const lanes y = lanes_at_least(lanes_minus_abs(x), -10.0f);
    const lanes round = lanes_splat(REAL_ROUND + 384.0f); /* the sum's lower bits: sign and exponent of -2^(n + 1) */
    const lanes t = lanes_fma(y, lanes_splat(0x1.715476p+1f), round);
    const lanes r = lanes_fma(t - round, lanes_splat(-0x1.62e430p-2f), y), r2 = r * r;
    const lanes minus_twice = lanes_from_bits(lanes_to_bits(t) << 23);
    const lanes q01 = lanes_fma(r, lanes_splat(0x1.5554a8p-1f), lanes_splat(0x1.fffffep-1f));
    const lanes q23 = lanes_fma(r, lanes_splat(0x1.122e28p-3f), lanes_splat(0x1.555796p-2f));
    const lanes q = lanes_fma(lanes_fma(r2, lanes_splat(0x1.6ac12cp-5f), q23), r2, q01);
    const lanes m =
        lanes_fma(minus_twice, lanes_fma(r2, q, r), lanes_fma(minus_twice, lanes_splat(0.5f), lanes_splat(1.0f)));
    return lanes_with_sign(m / (lanes_splat(2.0f) - m), x);
}

/* ---- logarithm
 * ------------------------------------------------------------------------------------------------------- */

/* A normal x > 0 as 2^e (1 + f), 1 + f in [sqrt 1/2, sqrt 2). */
static ALWAYS_INLINE lanes lanes_split(lanes x, lanes *e)
{
    const lanes_bits bits = lanes_to_bits(x);
    const lanes_int exponent = (lanes_int)(bits - (lanes_bits)lanes_int_splat(0x3f3504f3)) >> 23;
    *e = lanes_from_int(exponent);
    return lanes_from_bits(bits - ((lanes_bits)exponent << 23)) - lanes_splat(1.0f);
}

/* log(x 2^shift) for normal x > 0: log(1 + f) = f + f^2 q(f), relative error 3.1e-8. */
static ALWAYS_INLINE lanes lanes_log_normal(lanes x, const int shift)
{
    lanes e;
    const lanes f = lanes_split(x, &e);
    lanes q = lanes_splat(0x1.66d0ccp-4f);
    q = lanes_horner(q, f, -0x1.255a8cp-3f);
    q = lanes_horner(q, f, 0x1.317f70p-3f);
    q = lanes_horner(q, f, -0x1.53524ep-3f);
    q = lanes_horner(q, f, 0x1.98d22cp-3f);
    q = lanes_horner(q, f, -0x1.0004cap-2f);
    q = lanes_horner(q, f, 0x1.5556f6p-2f);
    q = lanes_horner(q, f, -0x1.fffffap-2f);
    e = shift == 0 ? e : e + lanes_splat((real)shift);
    return lanes_fma(e, lanes_splat(0x1.62e430p-1f), lanes_fma(f * f, q, f));
}

/* ---- sine, cosine, tangent
 * -------------------------------------------------------------------------------------------- */

/* x = n pi / 2 + r, n the whole number nearest to 2 x / pi, |r| <= 0.786. */
typedef struct Angle {
    lanes r;
    lanes_bits n; /* modulo 4, in the two lower bits */
} Angle;

/* Where |x| is large and finite, by its fraction of a turn. */
static RARELY Angle lanes_large_angle(lanes x, Angle angle)
{
    real angles[LANES], remainders[LANES];
    real_bits quarters[LANES];
    memcpy(angles, &x, sizeof angles);
    memcpy(remainders, &angle.r, sizeof remainders);
    memcpy(quarters, &angle.n, sizeof quarters);
    for (int i = 0; i < LANES; i++) {
        const float size = __builtin_fabsf(angles[i]);
        if (size > ANGLE_LIMIT && size < REAL_INFINITY) {
            const uint64_t turns = angles[i] < 0 ? -turns_of_float(size) : turns_of_float(size);
            const uint64_t nearest = (turns + ((uint64_t)1 << 61)) >> 62;
            const int64_t rest = (int64_t)(turns - (nearest << 62));
            quarters[i] = (real_bits)nearest;
            remainders[i] = (float)((double)rest * 0x1.921fb54442d18p-62); /* 2 pi 2^-64 */
        }
    }
    memcpy(&angle.r, remainders, sizeof remainders);
    memcpy(&angle.n, quarters, sizeof quarters);
    return angle;
}

static ALWAYS_INLINE Angle lanes_angle(lanes x)
{
    const lanes t = lanes_fma(x, lanes_splat(0x1.45f306p-1f), lanes_splat(REAL_ROUND)), n = t - lanes_splat(REAL_ROUND);
    Angle angle;
    angle.n = lanes_to_bits(t);
    angle.r = lanes_fma(n, lanes_splat(-0x1.921fb4p+0f), x); /* exact, as |n| < 2^17 */
    angle.r = lanes_fma(n, lanes_splat(-0x1.4442d0p-24f), angle.r);
    angle.r = lanes_fma(n, lanes_splat(-0x1.846988p-48f), angle.r);
    if (lanes_any(lanes_less(lanes_splat(ANGLE_LIMIT), lanes_abs(x))))
        angle = lanes_large_angle(x, angle);
    return angle;
}

/* sin r = r + r^3 s(r^2), relative error 4.2e-9; cos r = 1 - r^2 / 2 + r^4 c(r^2), error 1.1e-10. For odd n the sine of
 * n pi / 2 + r is +-cos r; the sign is that of bit 1 of n. */
static ALWAYS_INLINE lanes lanes_sine_of(Angle angle)
{
    const lanes r = angle.r, z = r * r;
    lanes s = lanes_splat(-0x1.991be8p-13f), c = lanes_splat(0x1.99e0e2p-16f);
    s = lanes_horner(s, z, 0x1.1106c6p-7f);
    c = lanes_horner(c, z, -0x1.6c0c1ap-10f);
    s = lanes_horner(s, z, -0x1.555544p-3f);
    c = lanes_horner(c, z, 0x1.55554ap-5f);
    const lanes sine = lanes_copysign(lanes_fma(r * z, s, r), r); /* -0 stays */
    const lanes cosine = lanes_horner(lanes_horner(c, z, -0.5f), z, 1.0f);
    const lanes size = lanes_select(lanes_odd(angle.n), cosine, sine);
    return lanes_from_bits(lanes_to_bits(size) ^ (angle.n << 30 & REAL_SIGN_BIT));
}

/* tan r = r N(r^2) / D(r^2), relative error 2.5e-8; for odd n, -1 / tan r. */
static ALWAYS_INLINE lanes lanes_tan(lanes x)
{
    const Angle angle = lanes_angle(x);
    const lanes r = angle.r, z = r * r;
    const lanes sine = lanes_copysign(lanes_fma(r * z, lanes_splat(-0x1.8868b0p-4f), r), r); /* -0 stays */
    const lanes cosine = lanes_horner(lanes_horner(lanes_splat(0x1.3e6a48p-7f), z, -0x1.b76facp-2f), z, 1.0f);
    const lanes_int odd = lanes_odd(angle.n);
    return lanes_select(odd, -cosine, sine) / lanes_select(odd, sine, cosine);
}

/* The angle of the point (x, y), in [-pi, pi]. With t = the smaller over the larger of |x| and |y|, atan t = t + t^3
 * p(t^2), relative error 6.1e-9, chosen so that atan 1 is the float nearest to pi / 4; then by octants. */
static ALWAYS_INLINE lanes lanes_atan2(lanes y, lanes x)
{
    const lanes height = lanes_abs(y), width = lanes_abs(x), zero = lanes_splat(0.0f), one = lanes_splat(1.0f);
    const lanes_int steep = lanes_less(width, height), left = (lanes_int)lanes_to_bits(x) >> 31;
    const lanes larger = lanes_select(steep, height, width), smaller = lanes_select(steep, width, height);
    lanes t = smaller / larger; /* of 0 and 0: 0; of two infinities: 1 */
    t = lanes_select(lanes_equal(smaller, larger), lanes_select_less(zero, larger, one, zero), t);
    const lanes z = t * t;
    lanes p = lanes_splat(-0x1.d32dbep-10f);
    p = lanes_horner(p, z, 0x1.6410e6p-7f);
    p = lanes_horner(p, z, -0x1.fd6fbcp-6f);
    p = lanes_horner(p, z, 0x1.da24ccp-5f);
    p = lanes_horner(p, z, -0x1.580812p-4f);
    p = lanes_horner(p, z, 0x1.c08c18p-4f);
    p = lanes_horner(p, z, -0x1.242082p-3f);
    p = lanes_horner(p, z, 0x1.9991e2p-3f);
    p = lanes_horner(p, z, -0x1.55553ep-2f);
    const lanes angle = lanes_fma(t * z, p, t);
    const lanes turned = lanes_from_bits(lanes_to_bits(angle) ^ (lanes_bits)(steep ^ left) << 31);
    /* pi / 2 or pi in two parts, or nothing */
    const lanes base =
        lanes_select(steep, lanes_splat(0x1.921fb6p+0f), lanes_select(left, lanes_splat(0x1.921fb6p+1f), zero));
    const lanes rest = base * lanes_splat(-0x1.de1p-26f); /* pi - 0x1.921fb6p+1 = -0x1.777a5cp-24, relative to it */
    const lanes result = lanes_select(steep | left, base + (turned + rest), angle);
    return lanes_copysign(result, y);
}

/* ---- error function and power ---------------------------------------------------------------------------------------
 */

/* With t = |x|: t + t p(t^2) below 0.9, p with relative error 1.5e-8; 1 - e^l(t) above, l with an error of 1.8e-9 of
 * the result; from 4 on the result is 1. */
static ALWAYS_INLINE lanes lanes_erf(lanes x)
{
    const lanes t = lanes_at_most(lanes_abs(x), 4.0f), z = t * t;
    lanes p = lanes_splat(-0x1.3ba9cep-11f), l = lanes_splat(0x1.a02c16p-13f);
    p = lanes_horner(p, z, 0x1.479c9ep-8f);
    l = lanes_horner(l, t, -0x1.9215e4p-9f);
    p = lanes_horner(p, z, -0x1.b69b96p-6f);
    l = lanes_horner(l, t, 0x1.6dc07ap-6f);
    p = lanes_horner(p, z, 0x1.ce1b86p-4f);
    l = lanes_horner(l, t, -0x1.aa8544p-4f);
    p = lanes_horner(p, z, -0x1.8126ecp-2f);
    l = lanes_horner(l, t, -0x1.461f30p-1f);
    p = lanes_horner(p, z, 0x1.06eba6p-3f);
    l = lanes_horner(l, t, -0x1.20b810p+0f);
    l = lanes_horner(l, t, -0x1.5767ecp-13f);
    const lanes small = lanes_fma(t, p, t), large = lanes_splat(1.0f) - lanes_exp_within(l);
    return lanes_copysign(lanes_select_less(t, lanes_splat(0.9f), small, large), x);
}

/* 2^(power + rest), |rest| small: n whole, 2^r a minimax polynomial with relative error 1.6e-8. */
static ALWAYS_INLINE lanes lanes_two_to_the(lanes power, lanes rest)
{
    const lanes bounded = lanes_at_most(lanes_at_least(power, -160.0f), 160.0f), n = lanes_round_small(bounded);
    const lanes r = (bounded - n) + lanes_select_less(lanes_abs(power), lanes_splat(160.0f), rest, lanes_splat(0.0f));
    lanes q = lanes_splat(0x1.17ce16p-13f);
    q = lanes_horner(q, r, 0x1.5ef320p-10f);
    q = lanes_horner(q, r, 0x1.3b6796p-7f);
    q = lanes_horner(q, r, 0x1.c6af9ep-5f);
    q = lanes_horner(q, r, 0x1.ebfb94p-3f);
    q = lanes_horner(q, r, 0x1.62e430p-1f);
    q = lanes_horner(q, r, 1.0f);
    return lanes_scale(q, n);
}

/* (x 2^shift)^y for normal x > 0 and finite y. log2 x = e + log2 m is made of two floats: with s = (m - 1) / (m + 1),
 * log2 m = 2 / log(2) (s + s^3 / 3 + s^5 / 5 + ...), the first two terms to twice the digits; the others have an absolute
 * error of 3.5e-11. */
static ALWAYS_INLINE lanes lanes_pow_normal(lanes x, lanes y, const int shift)
{
    lanes e;
    const lanes f = lanes_split(x, &e), two = lanes_splat(2.0f), sum = two + f, sum_rest = f - (sum - two);
    const lanes s = f / sum, s_rest = (lanes_fma(-s, sum, f) - s * sum_rest) / sum;
    const lanes z = s * s, z_rest = lanes_fma(s, s, -z), cube = s * z;
    const lanes cube_rest = lanes_fma(s, z, -cube) + lanes_fma(s, z_rest, lanes_splat(3.0f) * z * s_rest);
    const lanes c1 = lanes_splat(0x1.715476p+1f), c1_rest = lanes_splat(0x1.4ae0c0p-25f);  /* 2 / log 2 */
    const lanes c3 = lanes_splat(0x1.ec709ep-1f), c3_rest = lanes_splat(-0x1.e2fe02p-28f); /* 2 / (3 log 2) */
    const lanes linear = s * c1, linear_rest = lanes_fma(s, c1, -linear) + lanes_fma(s, c1_rest, s_rest * c1);
    const lanes cubic = cube * c3, cubic_rest = lanes_fma(cube, c3, -cubic) + lanes_fma(cube, c3_rest, cube_rest * c3);
    lanes q = lanes_splat(0x1.547f04p-2f);
    q = lanes_horner(q, z, 0x1.a5f49ep-2f);
    q = lanes_horner(q, z, 0x1.2776ccp-1f);
    const lanes two_terms = linear + cubic;
    const lanes others = ((linear - two_terms) + cubic) + lanes_fma(cube * z, q, linear_rest + cubic_rest);
    const lanes head = two_terms + others, tail = others - (head - two_terms);
    e = shift == 0 ? e : e + lanes_splat((real)shift);
    const lanes log2 = e + head, log2_rest = ((e - log2) + head) + tail;
    const lanes power = y * log2, rest = lanes_fma(y, log2, -power) + y * log2_rest;
    return lanes_two_to_the(power, rest);
}

#endif
