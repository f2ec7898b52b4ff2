/* SPDX-License-Identifier: MIT-0 */
/* Elementary functions of doubles, as far as they differ from those of floats: elementary.h includes this file. */
#ifndef ANSATZ_CORE_ELEMENTARY_DOUBLE_H
#define ANSATZ_CORE_ELEMENTARY_DOUBLE_H

#include "lanes.h"
#include "turns.h"

#define REAL_ROUND                                                                                                     \
    0x1.8p+52 /* x + this - this: the nearest whole number for |x| < 2^51; the sum's lower bits hold it */
#define REAL_LEAST_NORMAL 0x1p-1022
#define REAL_DIGITS       54     /* 2^this times a subnormal is normal */
#define EXP_LEAST         -746.0 /* e^x is 0 below */
#define EXP_GREATEST      710.0  /* and infinite above */
#define ANGLE_LIMIT       0x1p22 /* larger angles are reduced by integer arithmetic */

/* ---- exponentials ---------------------------------------------------------------------------------------------------
 */

/* 2^n for whole n in [-1022, 1023]. */
static ALWAYS_INLINE lanes lanes_power_of_two(lanes n)
{
    const lanes_bits one = (lanes_bits)lanes_int_splat(0x3ff0000000000000);
    return lanes_from_bits((lanes_to_bits(n + lanes_splat(REAL_ROUND)) << 52) + one);
}

/* p 2^n, rounded once, for whole |n| < 2000. */
static ALWAYS_INLINE lanes lanes_scale(lanes p, lanes n)
{
#if ANSATZ_LANE_BYTES == 64
    return (lanes)INTRINSIC(scalef)(p, n);
#else
    const lanes half = lanes_round_small(n * lanes_splat(0.5));
    return p * lanes_power_of_two(half) * lanes_power_of_two(n - half);
#endif
}

/* e^r - 1 for |r| <= log(2) / 2: r + r^2 (1/2 + r q(r)), relative error 4.9e-19. */
static ALWAYS_INLINE lanes lanes_exp_minus_one_near_zero(lanes r)
{
    lanes q = lanes_splat(0x1.1f6ee6c9a1ccep-29);
    q = lanes_horner(q, r, 0x1.af609bb3880c8p-26);
    q = lanes_horner(q, r, 0x1.27e4ddd04d8e5p-22);
    q = lanes_horner(q, r, 0x1.71ddf749c390bp-19);
    q = lanes_horner(q, r, 0x1.a01a01a42a3b8p-16);
    q = lanes_horner(q, r, 0x1.a01a01b04705cp-13);
    q = lanes_horner(q, r, 0x1.6c16c16c175e9p-10);
    q = lanes_horner(q, r, 0x1.111111110f5ecp-7);
    q = lanes_horner(q, r, 0x1.5555555555552p-5);
    q = lanes_horner(q, r, 0x1.5555555555559p-3);
    return lanes_fma(r * r, lanes_horner(q, r, 0.5), r);
}

/* e^x for x in [-750, 750], or NaN: x = n log 2 + r. */
static ALWAYS_INLINE lanes lanes_exp_within(lanes x)
{
    const lanes n = lanes_fma(x, lanes_splat(0x1.71547652b82fep+0), lanes_splat(REAL_ROUND)) - lanes_splat(REAL_ROUND);
    lanes r = lanes_fma(n, lanes_splat(-0x1.62e42fefa39efp-1), x);
    r = lanes_fma(n, lanes_splat(-0x1.abc9e3b39803fp-56), r);
    return lanes_scale(lanes_splat(1.0) + lanes_exp_minus_one_near_zero(r), n);
}

/* 1 / (1 + e^-x) = min(1, t) / (1 + t), t = e^-|x|: the quotient is corrected for the rounding of 1 + t and its own. */
static ALWAYS_INLINE lanes lanes_sigmoid(lanes x)
{
    const lanes one = lanes_splat(1.0), t = lanes_exp_within(lanes_at_least(lanes_minus_abs(x), EXP_LEAST));
    const lanes numerator = lanes_select_less(x, lanes_splat(0.0), t, one), sum = one + t, rest = t - (sum - one);
    const lanes quotient = numerator / sum;
    return quotient + (lanes_fma(-quotient, sum, numerator) - quotient * rest) / sum;
}

/* log(1 + e^x) = max(x, 0) + log(1 + t), t = e^-|x|; log(1 + t) = t + t^2 q(t), relative error 9.5e-18. */
static ALWAYS_INLINE lanes lanes_softplus(lanes x)
{
    const lanes zero = lanes_splat(0.0), t = lanes_exp_within(lanes_at_least(lanes_minus_abs(x), EXP_LEAST));
    lanes q = lanes_splat(0x1.a9071b52dd446p-16);
    q = lanes_horner(q, t, -0x1.31f92614c6d9cp-12);
    q = lanes_horner(q, t, 0x1.a25c49f9f975bp-10);
    q = lanes_horner(q, t, -0x1.6b4e95ddcf683p-8);
    q = lanes_horner(q, t, 0x1.c57f23ce24bd4p-7);
    q = lanes_horner(q, t, -0x1.b632968b8e76dp-6);
    q = lanes_horner(q, t, 0x1.5a893353a2a1ap-5);
    q = lanes_horner(q, t, -0x1.d71156663aa34p-5);
    q = lanes_horner(q, t, 0x1.202df0f47eda6p-4);
    q = lanes_horner(q, t, -0x1.4b021f50323ccp-4);
    q = lanes_horner(q, t, 0x1.712df54eea588p-4);
    q = lanes_horner(q, t, -0x1.98d2966433d1ap-4);
    q = lanes_horner(q, t, 0x1.c6f6a8219375ap-4);
    q = lanes_horner(q, t, -0x1.fffa8bca56ffbp-4);
    q = lanes_horner(q, t, 0x1.2491fed95ff66p-3);
    q = lanes_horner(q, t, -0x1.55554fbe591e6p-3);
    q = lanes_horner(q, t, 0x1.99999951fa358p-3);
    q = lanes_horner(q, t, -0x1.fffffffdd49cep-3);
    q = lanes_horner(q, t, 0x1.5555555551051p-2);
    q = lanes_horner(q, t, -0x1.fffffffffff9fp-2);
    return lanes_select_less(x, zero, zero, x) + lanes_fma(t * t, q, t);
}

/* tanh |x| = (1 - u) / (1 + u), u = e^(-2|x|) = 2^n (1 + v), v = e^r - 1, with what rounding took from numerator,
 * denominator and quotient. */
static ALWAYS_INLINE lanes lanes_tanh(lanes x)
{
    const lanes y = lanes_at_least(lanes_abs(x) * lanes_splat(-2.0), -40.0), one = lanes_splat(1.0);
    const lanes n = lanes_round_small(y * lanes_splat(0x1.71547652b82fep+0)), power = lanes_power_of_two(n);
    const lanes r =
        lanes_fma(n, lanes_splat(-0x1.abc9e3b39803fp-56), lanes_fma(n, lanes_splat(-0x1.62e42fefa39efp-1), y));
    const lanes v = lanes_exp_minus_one_near_zero(r), above = one + power, below = one - power; /* exact */
    const lanes sum = lanes_fma(power, v, above), sum_rest = lanes_fma(power, v, above - sum);
    const lanes difference = lanes_fma(-power, v, below), difference_rest = lanes_fma(-power, v, below - difference);
    const lanes quotient = difference / sum;
    const lanes lost = lanes_fma(-quotient, sum, difference) + (difference_rest - quotient * sum_rest);
    return lanes_copysign(lanes_fma(lost, lanes_splat(1.0) / sum, quotient), x);
}

/* ---- logarithm
 * ------------------------------------------------------------------------------------------------------- */

/* A normal x > 0 as 2^e (1 + f), 1 + f in [sqrt 1/2, sqrt 2). */
static ALWAYS_INLINE lanes lanes_split(lanes x, lanes *e)
{
    const lanes_bits bits = lanes_to_bits(x), one = (lanes_bits)lanes_int_splat(0x3ff0000000000000);
    const lanes_bits biased = (bits - (lanes_bits)lanes_int_splat(0x3fe6a09e667f3bcd) + one) >> 52; /* e + 1023 */
    *e = lanes_from_bits(biased | (lanes_bits)lanes_int_splat(0x4330000000000000)) - lanes_splat(0x1.00000000003ffp+52);
    return lanes_from_bits(bits + one - (biased << 52)) - lanes_splat(1.0);
}

/* log(x 2^shift) for normal x > 0. With s = f / (2 + f), log(1 + f) = 2 s + s^3 p(s^2) = f - f^2/2 + s (f^2/2 + s^2
 * p(s^2)), relative error of p 4.6e-16, of the result 5e-18. */
static ALWAYS_INLINE lanes lanes_log_normal(lanes x, const int shift)
{
    lanes e;
    const lanes f = lanes_split(x, &e), s = f / (lanes_splat(2.0) + f), z = s * s, half = f * f * lanes_splat(0.5);
    e = shift == 0 ? e : e + lanes_splat((real)shift);
    lanes p = lanes_splat(0x1.2b5ba2b119d44p-3);
    p = lanes_horner(p, z, 0x1.39fe201d3ddbbp-3);
    p = lanes_horner(p, z, 0x1.7462b65be7504p-3);
    p = lanes_horner(p, z, 0x1.c71c62e10fe05p-3);
    p = lanes_horner(p, z, 0x1.2492492df26f5p-2);
    p = lanes_horner(p, z, 0x1.999999999530cp-2);
    p = lanes_horner(p, z, 0x1.5555555555558p-1);
    const lanes rest = lanes_fma(s, lanes_fma(z, p, half), e * lanes_splat(0x1.abc9e3b39803fp-56));
    return lanes_fma(e, lanes_splat(0x1.62e42fefa39efp-1), f - (half - rest));
}

/* ---- sine, cosine, tangent
 * -------------------------------------------------------------------------------------------- */

/* x = n pi / 2 + r + rest, n the whole number nearest to 2 x / pi, |rest| below r's last bit. */
typedef struct Angle {
    lanes r, rest;
    lanes_bits n; /* modulo 4, in the two lower bits */
} Angle;

/* Where |x| is large and finite, by its fraction of a turn. */
static RARELY Angle lanes_large_angle(lanes x, Angle angle)
{
    real angles[LANES], remainders[LANES], rests[LANES];
    real_bits quarters[LANES];
    memcpy(angles, &x, sizeof angles);
    memcpy(remainders, &angle.r, sizeof remainders);
    memcpy(rests, &angle.rest, sizeof rests);
    memcpy(quarters, &angle.n, sizeof quarters);
    for (int i = 0; i < LANES; i++) {
        const double size = __builtin_fabs(angles[i]);
        if (size > ANGLE_LIMIT && size < REAL_INFINITY) {
            const double sign = angles[i] < 0 ? -1.0 : 1.0;
            double rest;
            const int quarter = quarter_turns_of_double(size, &remainders[i], &rest);
            quarters[i] = (real_bits)(angles[i] < 0 ? -quarter : quarter);
            remainders[i] *= sign;
            rests[i] = sign * rest;
        }
    }
    memcpy(&angle.r, remainders, sizeof remainders);
    memcpy(&angle.rest, rests, sizeof rests);
    memcpy(&angle.n, quarters, sizeof quarters);
    return angle;
}

static ALWAYS_INLINE Angle lanes_angle(lanes x)
{
    const lanes t = lanes_fma(x, lanes_splat(0x1.45f306dc9c883p-1), lanes_splat(REAL_ROUND)),
                n = t - lanes_splat(REAL_ROUND);
    /* x - n pi / 2 with pi / 2 in three parts; the first difference is exact, as |n| < 2^23 */
    const lanes first = lanes_fma(n, lanes_splat(-0x1.921fb54442d18p+0), x), part = lanes_splat(-0x1.1a62633145c07p-54);
    const lanes second = n * part, second_rest = lanes_fma(n, part, -second);
    const lanes sum = first + second, second_kept = sum - first,
                sum_rest = (first - (sum - second_kept)) + (second - second_kept);
    const lanes rest = lanes_fma(n, lanes_splat(0x1.f1976b7ed8fbcp-110), sum_rest + second_rest);
    Angle angle;
    angle.n = lanes_to_bits(t);
    angle.r = lanes_select(lanes_equal(n, lanes_splat(0.0)), x, sum + rest); /* -0 stays */
    angle.rest = rest - (angle.r - sum);
    if (lanes_any(lanes_less(lanes_splat(ANGLE_LIMIT), lanes_abs(x))))
        angle = lanes_large_angle(x, angle);
    return angle;
}

/* sin r = r + r^3 s(r^2), relative error 3.8e-18; cos r = 1 - r^2 / 2 + r^4 c(r^2), error 4.9e-20. For odd n the sine
 * of n pi / 2 + r is +-cos r; the sign is that of bit 1 of n. */
static ALWAYS_INLINE lanes lanes_sine_of(Angle angle)
{
    const lanes r = angle.r, z = r * r;
    lanes s = lanes_splat(0x1.5d8b516d52b19p-33);
    s = lanes_horner(s, z, -0x1.ae5e4b7a0dec1p-26);
    s = lanes_horner(s, z, 0x1.71de355523de0p-19);
    s = lanes_horner(s, z, -0x1.a01a019be91dcp-13);
    s = lanes_horner(s, z, 0x1.111111110f730p-7);
    s = lanes_horner(s, z, -0x1.5555555555548p-3);
    lanes c = lanes_splat(-0x1.8fb09187b5883p-37);
    c = lanes_horner(c, z, 0x1.1ee9f044ff96ap-29);
    c = lanes_horner(c, z, -0x1.27e4f8116c53dp-22);
    c = lanes_horner(c, z, 0x1.a01a019cbe0a1p-16);
    c = lanes_horner(c, z, -0x1.6c16c16c15217p-10);
    c = lanes_horner(c, z, 0x1.555555555554cp-5);
    const lanes sine = lanes_copysign(r + lanes_fma(r * z, s, angle.rest), r); /* -0 stays */
    /* 1 - z / 2 in two parts, then the rest */
    const lanes one = lanes_splat(1.0), head = lanes_fma(z, lanes_splat(-0.5), one);
    const lanes tail = lanes_fma(z, lanes_splat(-0.5), one - head);
    const lanes cosine = head + lanes_fma(z * z, c, lanes_fma(-r, angle.rest, tail));
    const lanes size = lanes_select(lanes_odd(angle.n), cosine, sine);
    return lanes_from_bits(lanes_to_bits(size) ^ (angle.n << 62 & REAL_SIGN_BIT));
}

/* tan r = r + r^3 t(r^2), relative error 1.3e-17; for odd n, -1 / tan r, its quotient corrected. */
static ALWAYS_INLINE lanes lanes_tan(lanes x)
{
    const Angle angle = lanes_angle(x);
    const lanes r = angle.r, z = r * r, one = lanes_splat(1.0);
    lanes t = lanes_splat(0x1.5eab64a45459fp-16);
    t = lanes_horner(t, z, -0x1.79c82a8d43f99p-15);
    t = lanes_horner(t, z, 0x1.786ae2b20fa48p-14);
    t = lanes_horner(t, z, -0x1.c001bcd0869edp-16);
    t = lanes_horner(t, z, 0x1.1ec8e1a34d37ap-13);
    t = lanes_horner(t, z, 0x1.d2231ce357e78p-13);
    t = lanes_horner(t, z, 0x1.380124e27fab9p-11);
    t = lanes_horner(t, z, 0x1.7d5a9307058bcp-10);
    t = lanes_horner(t, z, 0x1.d6d94464a45b3p-9);
    t = lanes_horner(t, z, 0x1.226e11e351e0dp-7);
    t = lanes_horner(t, z, 0x1.664f49acb2808p-6);
    t = lanes_horner(t, z, 0x1.ba1ba1b454427p-5);
    t = lanes_horner(t, z, 0x1.11111111184d3p-3);
    t = lanes_horner(t, z, 0x1.55555555554f0p-2);
    /* tan(r + rest) = tan r + rest (1 + tan^2 r) */
    const lanes more = lanes_fma(r * z, t, lanes_fma(angle.rest, z, angle.rest)), tangent = lanes_copysign(r + more, r);
    const lanes lost = more - (tangent - r), quotient = -one / tangent;
    const lanes corrected = lanes_fma(quotient, lanes_fma(quotient, tangent, one) + quotient * lost, quotient);
    return lanes_select(lanes_odd(angle.n), corrected, tangent);
}

/* ---- arctangent, error function, power
 * ----------------------------------------------------------------------------------- */

/* The angle of a point in the first octant, to that of (x, y): pi / 2 - angle, pi / 2 + angle, pi - angle, sign of y.
 */
static ALWAYS_INLINE lanes lanes_turn_to_octant(lanes angle, lanes_int steep, lanes_int left, lanes y)
{
    const lanes zero = lanes_splat(0.0);
    const lanes base = lanes_select(steep, lanes_splat(0x1.921fb54442d18p+0),
                                    lanes_select(left, lanes_splat(0x1.921fb54442d18p+1), zero));
    const lanes rest = lanes_select(steep, lanes_splat(0x1.1a62633145c07p-54), lanes_splat(0x1.1a62633145c07p-53));
    const lanes turned = lanes_from_bits(lanes_to_bits(angle) ^ ((lanes_bits)(steep ^ left) & REAL_SIGN_BIT));
    return lanes_copysign(lanes_select(steep | left, base + (turned + rest), angle), y);
}

/* The angle of the point (x, y), in [-pi, pi]. With a <= b the sizes of x and y: atan(a / b), or pi / 4 +
 * atan((a - b) / (a + b)) where a / b > tan(pi / 8); atan t = t + t^3 p(t^2), relative error 1.4e-18; then by octants.
 */
static ALWAYS_INLINE lanes lanes_atan2(lanes y, lanes x)
{
    const lanes zero = lanes_splat(0.0), one = lanes_splat(1.0);
    lanes height = lanes_abs(y), width = lanes_abs(x);
    const lanes_int steep = lanes_less(width, height), left = -(lanes_int)(lanes_to_bits(x) >> 63);
    lanes larger = lanes_select(steep, height, width), smaller = lanes_select(steep, width, height);
    const lanes_int same = lanes_equal(smaller, larger); /* 0 and 0: as 0 and 1; infinities: as 1 and 1 */
    smaller = lanes_select(same, lanes_select_less(zero, larger, one, zero), smaller);
    larger = lanes_select(same, one, larger);
    /* so that a sum does not overflow */
    const lanes_int huge = lanes_less(lanes_splat(0x1p1000), larger);
    const lanes scale = lanes_select(huge, lanes_splat(0x1p-100), one);
    larger = larger * scale;
    smaller = smaller * scale;
    const lanes_int diagonal = lanes_less(larger * lanes_splat(0x1.a827999fcef32p-2), smaller);
    const lanes t =
        lanes_select(diagonal, smaller - larger, smaller) / lanes_select(diagonal, larger + smaller, larger);
    const lanes z = t * t;
    lanes p = lanes_splat(-0x1.24c02975b82f1p-6);
    p = lanes_horner(p, z, 0x1.378896285245bp-5);
    p = lanes_horner(p, z, -0x1.9cb4a8cad5aabp-5);
    p = lanes_horner(p, z, 0x1.df08abf6dbcf1p-5);
    p = lanes_horner(p, z, -0x1.10eb44a863e47p-4);
    p = lanes_horner(p, z, 0x1.3b110f016b822p-4);
    p = lanes_horner(p, z, -0x1.745cf84bacc9cp-4);
    p = lanes_horner(p, z, 0x1.c71c70e10828ep-4);
    p = lanes_horner(p, z, -0x1.24924922a0698p-3);
    p = lanes_horner(p, z, 0x1.999999999564ep-3);
    p = lanes_horner(p, z, -0x1.555555555553cp-2);
    const lanes base = lanes_select(diagonal, lanes_splat(0x1.921fb54442d18p-1), zero);
    const lanes base_rest = lanes_select(diagonal, lanes_splat(0x1.1a62633145c07p-55), zero);
    const lanes angle = base + (t + lanes_fma(t * z, p, base_rest));
    return lanes_turn_to_octant(angle, steep, left, y);
}

/* With t = |x|: t + t p(t^2) below 1, p with relative error 1.4e-17; 1 - e^l(t) above, l with an error of 8.1e-18 of
 * the result; from 6 on the result is 1. */
static ALWAYS_INLINE lanes lanes_erf(lanes x)
{
    const lanes t = lanes_at_most(lanes_abs(x), 6.0), z = t * t;
    lanes p = lanes_splat(-0x1.a23da239591f9p-31);
    p = lanes_horner(p, z, 0x1.d3dd915dec4a0p-27);
    p = lanes_horner(p, z, -0x1.5b8c6a33e853fp-23);
    p = lanes_horner(p, z, 0x1.b96b572a4a392p-20);
    p = lanes_horner(p, z, -0x1.f4c82efde22e5p-17);
    p = lanes_horner(p, z, 0x1.f9a296b449846p-14);
    p = lanes_horner(p, z, -0x1.c02daeb702ba5p-11);
    p = lanes_horner(p, z, 0x1.565bcceeda342p-8);
    p = lanes_horner(p, z, -0x1.b82ce311a97d5p-6);
    p = lanes_horner(p, z, 0x1.ce2f21a03f8b9p-4);
    p = lanes_horner(p, z, -0x1.812746b03799dp-2);
    p = lanes_horner(p, z, 0x1.06eba8214db68p-3);
    lanes l = lanes_splat(-0x1.679541b27ffabp-38);
    l = lanes_horner(l, t, 0x1.d1357abefcb86p-33);
    l = lanes_horner(l, t, -0x1.171c58108cd2cp-28);
    l = lanes_horner(l, t, 0x1.9aed8f9cddb89p-25);
    l = lanes_horner(l, t, -0x1.9c7c30096c473p-22);
    l = lanes_horner(l, t, 0x1.26d2dcb12c28ep-19);
    l = lanes_horner(l, t, -0x1.2b85aab261013p-17);
    l = lanes_horner(l, t, 0x1.8d3b912c5cfd1p-16);
    l = lanes_horner(l, t, -0x1.790c6a3944f8ep-16);
    l = lanes_horner(l, t, -0x1.11cafa7fe06bap-13);
    l = lanes_horner(l, t, 0x1.9040ce855db96p-11);
    l = lanes_horner(l, t, -0x1.f3de76b2ee5c5p-10);
    l = lanes_horner(l, t, 0x1.a545568eebc11p-12);
    l = lanes_horner(l, t, 0x1.373e1f4892e71p-6);
    l = lanes_horner(l, t, -0x1.a4b018224edc0p-4);
    l = lanes_horner(l, t, -0x1.45f5fa9df13b3p-1);
    l = lanes_horner(l, t, -0x1.20dd24fceb1cfp+0);
    l = lanes_horner(l, t, -0x1.f88846f613d06p-22);
    const lanes small = lanes_fma(t, p, t), large = lanes_splat(1.0) - lanes_exp_within(l);
    return lanes_copysign(lanes_select_less(t, lanes_splat(1.0), small, large), x);
}

/* 2^(power + rest), |rest| small. */
static ALWAYS_INLINE lanes lanes_two_to_the(lanes power, lanes rest)
{
    const lanes bounded = lanes_at_most(lanes_at_least(power, -1100.0), 1100.0), n = lanes_round_small(bounded);
    const lanes within = lanes_select_less(lanes_abs(power), lanes_splat(1100.0), rest, lanes_splat(0.0));
    const lanes r = (bounded - n) + within;
    const lanes v = lanes_fma(r, lanes_splat(0x1.62e42fefa39efp-1), r * lanes_splat(0x1.abc9e3b39803fp-56));
    return lanes_scale(lanes_splat(1.0) + lanes_exp_minus_one_near_zero(v), n);
}

/* (x 2^shift)^y for normal x > 0 and finite y. log2 x = e + log2 m is made of two doubles: with s = (m - 1) / (m + 1),
 * log2 m = 2 / log(2) (s + s^3 / 3 + s^5 / 5 + ...), the first two terms to twice the digits. */
static ALWAYS_INLINE lanes lanes_pow_normal(lanes x, lanes y, const int shift)
{
    lanes e;
    const lanes f = lanes_split(x, &e), two = lanes_splat(2.0), sum = two + f, sum_rest = f - (sum - two);
    const lanes s = f / sum, s_rest = (lanes_fma(-s, sum, f) - s * sum_rest) / sum;
    const lanes z = s * s, z_rest = lanes_fma(s, s, -z) + two * s * s_rest;
    e = shift == 0 ? e : e + lanes_splat((real)shift);
    lanes q = lanes_splat(0x1.889dc29781009p-3);
    q = lanes_horner(q, z, 0x1.55216ce471cbcp-3);
    q = lanes_horner(q, z, 0x1.8a2fc924d0f50p-3);
    q = lanes_horner(q, z, 0x1.c68e34ced7a1bp-3);
    q = lanes_horner(q, z, 0x1.0c9a860702081p-2);
    q = lanes_horner(q, z, 0x1.484b13d604422p-2);
    q = lanes_horner(q, z, 0x1.a61762a7aeb87p-2);
    q = lanes_horner(q, z, 0x1.2776c50ef9bfep-1);
    const lanes c1 = lanes_splat(0x1.71547652b82fep+1), c1_rest = lanes_splat(0x1.777d0ffda0d24p-55); /* 2 / log 2 */
    const lanes c3 = lanes_splat(0x1.ec709dc3a03fdp-1),
                c3_rest = lanes_splat(0x1.d27f05548af0cp-55); /* 2 / (3 log 2) */
    const lanes linear = s * c1, linear_rest = lanes_fma(s, c1, -linear) + lanes_fma(s, c1_rest, s_rest * c1);
    const lanes square = z * c3, square_rest = lanes_fma(z, c3, -square) + lanes_fma(z, c3_rest, z_rest * c3);
    const lanes cube = s * square, cube_rest = lanes_fma(s, square, -cube) + lanes_fma(s, square_rest, s_rest * square);
    const lanes two_terms = linear + cube;
    const lanes others = ((linear - two_terms) + cube) + (lanes_fma(s * (z * z), q, cube_rest) + linear_rest);
    const lanes head = two_terms + others, tail = others - (head - two_terms);
    const lanes log2 = e + head, log2_rest = ((e - log2) + head) + tail;
    const lanes power = y * log2;
    const lanes rest = lanes_fma(y, log2, -power) + y * log2_rest;
    return lanes_two_to_the(power, rest);
}

#endif
