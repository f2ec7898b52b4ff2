/* SPDX-License-Identifier: MIT-0 */
/* The fused multiply-add a b + c, rounded once, for one float and one double: the target's instruction, or an exact one
 * in software. Freestanding. */
#ifndef ANSATZ_CORE_FMA_H
#define ANSATZ_CORE_FMA_H

#include "config.h"

/* ANSATZ_SOFTWARE_FMA 1: the target has no instruction for `real`. FLOAT_SOFTWARE_FMA: it has none for float. */
#if defined(ANSATZ_SOFTWARE_FMA)
#define FLOAT_SOFTWARE_FMA ANSATZ_SOFTWARE_FMA
#elif defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__riscv_f)
#define FLOAT_SOFTWARE_FMA 0
#else
#define FLOAT_SOFTWARE_FMA 1
#endif
#ifndef ANSATZ_SOFTWARE_FMA
#if ANSATZ_PRECISION == 32
#define ANSATZ_SOFTWARE_FMA FLOAT_SOFTWARE_FMA
#elif defined(__FMA__) || defined(__aarch64__) || defined(__riscv_d)
#define ANSATZ_SOFTWARE_FMA 0
#else
#define ANSATZ_SOFTWARE_FMA 1
#endif
#endif

/* Without hardware: the product is exact in double; the sum is rounded to odd there, so that the rounding to float is
 * the only one that counts (Boldo and Melquiond 2008, "Emulation of a FMA and correctly rounded sums"). */
static inline float float_fma(float a, float b, float c)
{
#if !FLOAT_SOFTWARE_FMA
    return __builtin_fmaf(a, b, c);
#else
    double product = (double)a * (double)b, sum = product + (double)c;
    double c_part = sum - product, error = (product - (sum - c_part)) + ((double)c - c_part);
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    if (error != 0 && (bits & 1) == 0 && (bits >> 52 & 0x7ff) != 0x7ff) {
        bits = (error > 0) == (sum > 0) ? bits + 1 : bits - 1;
        memcpy(&sum, &bits, sizeof sum);
    }
    return (float)sum;
#endif
}

#if ANSATZ_PRECISION == 64 && ANSATZ_SOFTWARE_FMA

/* high 2^64 + low */
typedef struct Wide {
    uint64_t high, low;
} Wide;

static inline Wide wide_shift_left(Wide x, int by)
{
    return by == 0   ? x
           : by < 64 ? (Wide){x.high << by | x.low >> (64 - by), x.low << by}
                     : (Wide){x.low << (by - 64), 0};
}

/* The last bit of the result is set where a bit was lost. */
static inline Wide wide_shift_right(Wide x, int by)
{
    if (by == 0)
        return x;
    if (by < 64)
        return (Wide){x.high >> by, x.high << (64 - by) | x.low >> by | (x.low << (64 - by) != 0)};
    if (by == 64)
        return (Wide){0, x.high | (x.low != 0)};
    if (by < 128)
        return (Wide){0, x.high >> (by - 64) | ((x.high << (128 - by) | x.low) != 0)};
    return (Wide){0, (x.high | x.low) != 0};
}

static inline Wide wide_product(uint64_t a, uint64_t b)
{
    const uint64_t a1 = a >> 32, a0 = a & 0xffffffff, b1 = b >> 32, b0 = b & 0xffffffff;
    const uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32), other = a0 * b1 + (middle & 0xffffffff);
    return (Wide){a1 * b1 + (middle >> 32) + (other >> 32), other << 32 | (low & 0xffffffff)};
}

static inline Wide wide_sum(Wide a, Wide b)
{
    const uint64_t low = a.low + b.low;
    return (Wide){a.high + b.high + (low < a.low), low};
}

static inline Wide wide_difference(Wide a, Wide b)
{
    return (Wide){a.high - b.high - (a.low < b.low), a.low - b.low};
}

static inline int wide_bits(Wide x)
{
    return x.high != 0 ? 128 - __builtin_clzll(x.high) : x.low != 0 ? 64 - __builtin_clzll(x.low) : 0;
}

/* A finite number other than 0 as +-mantissa 2^exponent, 2^52 <= mantissa < 2^53. */
static inline uint64_t double_mantissa(uint64_t bits, int *exponent)
{
    const uint64_t fraction = bits & 0xfffffffffffff;
    *exponent = (int)(bits >> 52 & 0x7ff);
    if (*exponent != 0) {
        *exponent -= 1075;
        return fraction | 0x10000000000000;
    }
    const int shift = __builtin_clzll(fraction) - 11;
    *exponent = -1074 - shift;
    return fraction << shift;
}

/* x 2^exponent, x < 2^127, rounded to nearest, ties to even. */
static inline double double_from_wide(Wide x, int exponent, uint64_t sign)
{
    const int bits = wide_bits(x), last = bits + exponent - 53 > -1074 ? bits + exponent - 53 : -1074;
    const int shift = last - exponent;
    uint64_t mantissa, result;
    if (shift <= 0) {
        mantissa = wide_shift_left(x, -shift).low;
    } else {
        /* two more bits: half, and whether there is less */
        const uint64_t more = shift == 1 ? wide_shift_left(x, 1).low : wide_shift_right(x, shift - 2).low;
        mantissa = (more >> 2) + ((more & 3) == 3 || (more & 6) == 6);
    }
    result = mantissa + ((uint64_t)(last + 1074) << 52);
    if (result >= (uint64_t)0x7ff << 52)
        result = (uint64_t)0x7ff << 52;
    result |= sign;
    double value;
    memcpy(&value, &result, sizeof value);
    return value;
}

/* Exact in 128 bits: the product has 106; the smaller of product and addend is shifted to the larger, and its lost bits
 * are kept as one: where they matter, no more than one leading bit cancels. */
static inline double double_fma(double a, double b, double c)
{
    uint64_t a_bits, b_bits, c_bits;
    memcpy(&a_bits, &a, sizeof a_bits);
    memcpy(&b_bits, &b, sizeof b_bits);
    memcpy(&c_bits, &c, sizeof c_bits);
    const uint64_t infinity = (uint64_t)0x7ff << 52, sign = (uint64_t)1 << 63;
    if ((a_bits & infinity) == infinity || (b_bits & infinity) == infinity || a == 0 || b == 0)
        return a * b + c;
    if ((c_bits & infinity) == infinity)
        return c;
    int a_exponent, b_exponent, c_exponent = 0;
    const uint64_t a_mantissa = double_mantissa(a_bits, &a_exponent), b_mantissa = double_mantissa(b_bits, &b_exponent);
    const uint64_t product_sign = (a_bits ^ b_bits) & sign, c_sign = c_bits & sign;
    Wide product = wide_shift_left(wide_product(a_mantissa, b_mantissa), 20), addend = {0, 0};
    int exponent = a_exponent + b_exponent - 20;
    if (c != 0) {
        addend = wide_shift_left((Wide){0, double_mantissa(c_bits, &c_exponent)}, 72);
        c_exponent -= 72;
        if (c_exponent > exponent) {
            product = wide_shift_right(product, c_exponent - exponent);
            exponent = c_exponent;
        } else {
            addend = wide_shift_right(addend, exponent - c_exponent);
        }
    }
    if (product_sign == c_sign)
        return double_from_wide(wide_sum(product, addend), exponent, product_sign);
    const int larger = product.high > addend.high || (product.high == addend.high && product.low >= addend.low);
    const Wide rest = larger ? wide_difference(product, addend) : wide_difference(addend, product);
    if (rest.high == 0 && rest.low == 0)
        return 0.0;
    return double_from_wide(rest, exponent, larger ? product_sign : c_sign);
}

#endif

static inline real real_fma(real a, real b, real c)
{
#if ANSATZ_PRECISION == 32
    return float_fma(a, b, c);
#elif !ANSATZ_SOFTWARE_FMA
    return __builtin_fma(a, b, c);
#else
    return double_fma(a, b, c);
#endif
}

#endif
