/* SPDX-License-Identifier: MIT */
/* What tests of emitted code share: arrays of floats or doubles between canaries, and how numbers are compared. */
#ifndef TESTS_EMIT_NUMBERS_H
#define TESTS_EMIT_NUMBERS_H

#include "tests/ir_helpers.h"

/* Memory of exactly so many bytes, aligned to 64, between canaries: what is beside it may be read, not written. */
void *emit_take_guarded(Arena *arena, size_t bytes);
bool emit_is_guarded(const void *start, size_t bytes);

/* `count` numbers as reals of that precision (32 or 64), between canaries. */
void *emit_to_reals(Arena *arena, const double *data, int64_t count, int precision);
double emit_element(const void *data, int64_t i, int precision);

/* norm(a - b) / max(norm(b), 1e-3). Elements that are equal or both NaN differ by 0. */
double emit_error(const void *actual, const double *expected, int64_t count, int precision);
/* The largest error that is right: 1e-4 in float, 1e-10 in double. */
double emit_tolerance(int precision);

/* A NaN's payload is left open. */
bool emit_same_bits(const void *a, const void *b, int64_t count, int precision);

#endif
