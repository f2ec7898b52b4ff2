/* SPDX-License-Identifier: MIT */
/* What tests of elementary functions share: numbers by their bits, those to try first, and whether all lane widths give the
 * same bits. */
#ifndef TESTS_ELEMENTARY_COMPARISON_H
#define TESTS_ELEMENTARY_COMPARISON_H

#include "tests/elementary/variant.h"

#include <stdbool.h>
#include <stdint.h>

enum { CHUNK = VARIANT_CHUNK };

float float_of(uint32_t bits);
double double_of(uint64_t bits);

ElementaryFunction next_function(ElementaryFunction function);

/* NaNs are equal whatever their bits are: those differ between machines. */
bool same_floats(const float *a, const float *b);
bool same_doubles(const double *a, const double *b);
/* Fails unless all variants of that precision give the same VARIANT_CHUNK results; real: one number at a time as well. */
void expect_same(int precision, ElementaryFunction function, const void *x, const void *y, const void *z, bool real);

/* Zeros, infinities, NaN, the ends of the subnormal and normal numbers, and where a function changes its way; with both
 * signs. */
enum { EDGES = 136 };
double edge(int i);

#endif
