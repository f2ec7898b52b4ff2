/* SPDX-License-Identifier: MIT */
/* What the elementary functions should give: libm's doubles for floats, MPFR's 120 bits for doubles. */
#ifndef TESTS_ELEMENTARY_REFERENCE_H
#define TESTS_ELEMENTARY_REFERENCE_H

#include "tests/elementary/variant.h"

#include <stdint.h>

/* |value - exact| in units of the exact result's last place (of a float's, a double's; of the least normal one below
 * it); 0 where both are NaN, both infinite of one sign, both zeros; a result that overflows may round to infinity;
 * INFINITY where one is special and the other isn't. For floats libm's doubles know it to 1e-8 units; where that does not
 * decide whether the promise is kept, and for doubles, MPFR does. */
double reference_error_float(ElementaryFunction function, float x, float y, float value);
double reference_error_double(ElementaryFunction function, double x, double y, double value);

/* The same by MPFR alone, for the functions up to sqrt; precision 32 or 64. */
double reference_error_exact(ElementaryFunction function, int precision, double x, double y, double value);

/* What the functions promise, in units of the last place. */
double promised_error_float(ElementaryFunction function, float x);
double promised_error_double(ElementaryFunction function, double x);

/* Point `number` of a sweep over a function's operands: all doubles (floats), then near 0, below 50, and over 13 decades,
 * with powers that are neither 0 nor infinite. `random` is the state. */
void reference_point(ElementaryFunction function, int64_t number, uint64_t *random, double *x, double *y);
void reference_point_float(ElementaryFunction function, int64_t number, uint64_t *random, float *x, float *y);

uint64_t next_random(uint64_t *random); /* splitmix64 */

const char *function_name(ElementaryFunction function);
int function_operands(ElementaryFunction function);

#endif
