/* SPDX-License-Identifier: MIT-0 */
/* Large angles as fractions of a turn, by integer arithmetic on the digits of 1 / (2 pi) (Payne and Hanek 1983, "Radian
 * reduction for trigonometric functions"): only for arguments too large for a few fused multiply-adds. Freestanding. */
#ifndef ANSATZ_CORE_TURNS_H
#define ANSATZ_CORE_TURNS_H

#include "fma.h"

/* 32 zero bits, then the binary digits of 1 / (2 pi). */
static const uint32_t turn_digits[] = {
    0x00000000, 0x28be60db, 0x9391054a, 0x7f09d5f4, 0x7d4d3770, 0x36d8a566, 0x4f10e410, 0x7f9458ea,
#if ANSATZ_PRECISION == 64
    0xf7aef158, 0x6dc91b8e, 0x909374b8, 0x01924bba, 0x82746487, 0x3f877ac7, 0x2c4a69cf, 0xba208d7d,
    0x4baed121, 0x3a671c09, 0xad17df90, 0x4e64758e, 0x60d4ce7d, 0x272117e2, 0xef7e4a0e, 0xc7fe25ff,
    0xf7816603, 0xfbcbc462, 0xd6829b47, 0xdb4d9fb3, 0xc9f2c26d, 0xd3d18fd9, 0xa797fa8b, 0x5d49eeb1,
    0xfaf97c5e, 0xcf41ce7d, 0xe294a4ba, 0x9afed7ec, 0x47e35742, 0x1580cc11, 0xbf1edaea,
#endif
};

/* The 32 digits from number `first` on, the table's first digit being number 0. */
static inline uint32_t turn_digits_from(int first)
{
    const int word = first / 32, shift = first % 32;
    return shift == 0 ? turn_digits[word] : turn_digits[word] << shift | turn_digits[word + 1] >> (32 - shift);
}

#if ANSATZ_PRECISION == 32

/* The fraction of x / (2 pi), times 2^64, for finite x >= 2^20; to 2^-69 of a turn before it is cut to 64 bits. */
static inline uint64_t turns_of_float(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    /* x = mantissa 2^exponent; digits of weight 2^-exponent and more give whole turns */
    const uint64_t mantissa = (bits & 0x7fffff) | 0x800000;
    const int exponent = (int)(bits >> 23) - 150, first = exponent + 32;
    const uint64_t upper = turn_digits_from(first), middle = turn_digits_from(first + 32),
                   lower = turn_digits_from(first + 64);
    return (mantissa * upper << 32) + mantissa * middle + (mantissa * lower >> 32);
}

#else

/* x = n pi / 2 + r + rest for finite x >= 2^20, |r| <= pi / 4 (in a last bit or so), |rest| below r's last bit; to
 * 2^-130 of a turn. Returns n modulo 4. */
static inline int quarter_turns_of_double(double x, double *r, double *rest)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint64_t mantissa = (bits & 0xfffffffffffff) | 0x10000000000000;
    const uint64_t upper = mantissa >> 32, lower = mantissa & 0xffffffff;
    const int first = (int)(bits >> 52) - 1075 + 32;
    /* mantissa times 192 digits, modulo whole turns: words of 32 bits, the first the most significant */
    uint64_t digits[8] = {0}, carry = 0;
    uint32_t product[6];
    for (int i = 0; i < 6; i++)
        digits[i] = turn_digits_from(first + 32 * i);
    for (int i = 5; i >= 0; i--) {
        uint64_t sum = carry + (lower * digits[i] & 0xffffffff) + (upper * digits[i + 1] & 0xffffffff);
        sum += (lower * digits[i + 1] >> 32) + (upper * digits[i + 2] >> 32);
        product[i] = (uint32_t)sum;
        carry = sum >> 32;
    }
    uint64_t high = (uint64_t)product[0] << 32 | product[1], low = (uint64_t)product[2] << 32 | product[3];
    const uint64_t nearest = (high + ((uint64_t)1 << 61)) >> 62;
    high -= nearest << 62;
    const int negative = high >> 63 != 0;
    if (negative) {
        high = low == 0 ? -high : ~high;
        low = -low;
    }
    /* three exact parts, then times 2 pi in two */
    const double one = (double)(high >> 32) * 0x1p-32, two = (double)(high & 0xffffffff) * 0x1p-64;
    const double head = one + two, tail = (two - (head - one)) + (double)(low >> 11) * 0x1p-117;
    const double turns = head + tail, turns_rest = tail - (turns - head);
    const double angle = turns * 0x1.921fb54442d18p+2;
    const double angle_rest = real_fma(turns, 0x1.921fb54442d18p+2, -angle) +
                              (turns * 0x1.1a62633145c07p-52 + turns_rest * 0x1.921fb54442d18p+2);
    *r = negative ? -(angle + angle_rest) : angle + angle_rest;
    *rest = angle_rest - (*r * (negative ? -1.0 : 1.0) - angle);
    if (negative)
        *rest = -*rest;
    return (int)(nearest & 3);
}

#endif

#endif
