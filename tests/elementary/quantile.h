/* SPDX-License-Identifier: MIT */
/* What the normal of a word should be: the exact quantile, by libm's error function. */
#ifndef TESTS_ELEMENTARY_QUANTILE_H
#define TESTS_ELEMENTARY_QUANTILE_H

#include <stdint.h>

/* |value - exact| in units of the exact result's last place (of a float's), known to 1e-7 units, for the normal whose
 * probability to be exceeded is (word + 1/2) 2^-32, word below 2^31. */
double reference_error_normal(uint32_t word, float value);

/* What normals promise. */
double promised_error_normal(void);

#endif
