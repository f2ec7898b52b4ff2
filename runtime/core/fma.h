/* SPDX-License-Identifier: MIT-0 */
/* The fused multiply-add a b + c, rounded once, for one float and one double: the target's instruction, or an exact one
 * in software. Freestanding. */
#ifndef ANSATZ_CORE_FMA_H
#define ANSATZ_CORE_FMA_H

#include "config.h"

#if ANSATZ_PRECISION == 64
#include <math.h>
#endif

/* ANSATZ_SOFTWARE_FMA 1: the target has no instruction for `real`. FLOAT_SOFTWARE_FMA: it has none for float. */
#if defined(ANSATZ_SOFTWARE_FMA) && ANSATZ_SOFTWARE_FMA
#define FLOAT_SOFTWARE_FMA 1
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

static inline real real_fma(real a, real b, real c)
{
#if ANSATZ_PRECISION == 32
    return float_fma(a, b, c);
#elif !ANSATZ_SOFTWARE_FMA
    return __builtin_fma(a, b, c);
#else
    return fma(a, b, c);
#endif
}

#endif
