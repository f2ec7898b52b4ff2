/* SPDX-License-Identifier: MIT */
#include "tests/emit_numbers.h"

#include <math.h>
#include <string.h>

enum { CANARY = 256, CANARY_BYTE = 0xa5 };

void *emit_take_guarded(Arena *arena, size_t bytes)
{
    unsigned char *memory = arena_take(arena, bytes + 2 * CANARY + 64, 1);
    memory += (64 - (uintptr_t)memory % 64) % 64;
    memset(memory, CANARY_BYTE, bytes + 2 * CANARY);
    return memory + CANARY;
}

bool emit_is_guarded(const void *start, size_t bytes)
{
    const unsigned char *memory = start;
    for (int i = 1; i <= CANARY; i++)
        if (memory[-i] != CANARY_BYTE || memory[bytes + (size_t)i - 1] != CANARY_BYTE)
            return false;
    return true;
}

void *emit_to_reals(Arena *arena, const double *data, int64_t count, int precision)
{
    void *reals = emit_take_guarded(arena, (size_t)count * (size_t)(precision / 8));
    for (int64_t i = 0; i < count; i++) {
        if (precision == 32)
            ((float *)reals)[i] = (float)data[i];
        else
            ((double *)reals)[i] = data[i];
    }
    return reals;
}

double emit_element(const void *data, int64_t i, int precision)
{
    return precision == 32 ? (double)((const float *)data)[i] : ((const double *)data)[i];
}

double emit_error(const void *actual, const double *expected, int64_t count, int precision)
{
    double difference = 0, norm = 0;
    for (int64_t i = 0; i < count; i++) {
        double a = emit_element(actual, i, precision), b = expected[i];
        difference += a == b || (a != a && b != b) ? 0 : (a - b) * (a - b);
        norm += isfinite(b) ? b * b : 0;
    }
    return sqrt(difference) / fmax(sqrt(norm), 1e-3);
}

double emit_tolerance(int precision)
{
    return precision == 32 ? 1e-4 : 1e-10;
}

bool emit_same_bits(const void *a, const void *b, int64_t count, int precision)
{
    for (int64_t i = 0; i < count; i++) {
        double x = emit_element(a, i, precision), y = emit_element(b, i, precision);
        if (memcmp(&x, &y, sizeof x) != 0 && !(x != x && y != y))
            return false;
    }
    return true;
}
