/* SPDX-License-Identifier: MIT-0 */
/* Numbers as bytes in files: either byte order, whatever this machine's order is. */
#ifndef RUNTIME_HOST_BYTES_H
#define RUNTIME_HOST_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* `size` bytes, at most 8, as an unsigned number. */
static inline uint64_t bytes_to_bits(const void *from, size_t size, bool big_endian)
{
    const unsigned char *bytes = from;
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++)
        bits |= (uint64_t)bytes[big_endian ? size - 1 - i : i] << (8 * i);
    return bits;
}

/* Little-endian. */
static inline void bytes_from_bits(void *to, size_t size, uint64_t bits)
{
    unsigned char *bytes = to;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(bits >> (8 * i) & 0xff);
}

static inline float float_from_bits(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static inline double double_from_bits(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static inline uint32_t bits_of_float(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static inline uint64_t bits_of_double(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

/* IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. Exact in float. */
static inline float float_from_half_bits(uint32_t half)
{
    uint32_t sign = (half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff;
    if (exponent == 31)
        return float_from_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent != 0)
        return float_from_bits(sign | (exponent + 112) << 23 | fraction << 13);
    float small = (float)fraction * 0x1p-24f;
    return sign ? -small : small;
}

/* bfloat16: the upper half of a float. */
static inline float float_from_bfloat_bits(uint32_t bits)
{
    return float_from_bits(bits << 16);
}

#endif
