/* SPDX-License-Identifier: MIT */
#include "tests/elementary/quantile.h"

#include <math.h>

/* Halley's steps from a start that is about right, on whichever of erf and erfc is the smaller; p and 1/2 - p are exact. */
static double exact_normal(uint32_t word, double start)
{
    const double root_half = 0.70710678118654752440, inverse_density = 2.50662827463100050242; /* sqrt(2 pi) */
    const double p = ((double)word + 0.5) * 0x1p-32, x = (0x1p31 - (double)word - 0.5) * 0x1p-32;
    double z = start, step = 1;
    for (int i = 0; i < 20 && fabs(step) > 1e-5 * z; i++) {
        const double excess = p < 0.25 ? erfc(z * root_half) / 2 - p : x - erf(z * root_half) / 2;
        step = excess * inverse_density * exp(z * z / 2);
        step /= 1 + z * step / 2;
        z += step;
    }
    return z;
}

double reference_error_normal(uint32_t word, float value)
{
    const double exact = exact_normal(word, (double)value);
    return isfinite(exact) ? fabs((double)value - exact) / ldexp(1, ilogb(exact) - 23) : INFINITY;
}

double promised_error_normal(void)
{
    return 4;
}
