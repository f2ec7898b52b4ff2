/* SPDX-License-Identifier: MIT */
#include "tests/elementary/reference.h"

#include <float.h>
#include <math.h>
#include <mpfr.h>
#include <string.h>

const char *function_name(ElementaryFunction function)
{
    static const char *const names[] = {
#define X(name, operands) #name,
        ELEMENTARY_FUNCTIONS(X)
#undef X
    };
    return names[function];
}

int function_operands(ElementaryFunction function)
{
    static const int counts[] = {
#define X(name, operands) operands,
        ELEMENTARY_FUNCTIONS(X)
#undef X
    };
    return counts[function];
}

static double sign_of(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : x;
}

static double exact_in_double(ElementaryFunction function, double x, double y)
{
    switch (function) {
    case FUNCTION_exp:
        return exp(x);
    case FUNCTION_log:
        return log(x);
    case FUNCTION_tanh:
        return tanh(x);
    case FUNCTION_sigmoid:
        return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
    case FUNCTION_softplus:
        return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
    case FUNCTION_sin:
        return sin(x);
    case FUNCTION_cos:
        return cos(x);
    case FUNCTION_tan:
        return tan(x);
    case FUNCTION_erf:
        return erf(x);
    case FUNCTION_pow:
        return pow(x, y);
    case FUNCTION_atan2:
        return atan2(x, y);
    case FUNCTION_sqrt:
        return sqrt(x);
    case FUNCTION_abs:
        return fabs(x);
    case FUNCTION_sign:
        return sign_of(x);
    case FUNCTION_floor:
        return floor(x);
    default:
        return NAN;
    }
}

/* 2^exponent for a normal double. */
static double power_of_two(int exponent)
{
    const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* How far a float is from the exact result, both numbers and not equal, in units of the float's last place. */
static double float_distance(double exact, float value)
{
    uint64_t bits;
    memcpy(&bits, &exact, sizeof bits);
    const int exponent = (int)(bits >> 52 & 0x7ff) - 1023;
    return fabs((double)value - exact) * power_of_two(23 - (exponent < -126 ? -126 : exponent > 127 ? 127 : exponent));
}

double reference_error_float(ElementaryFunction function, float x, float y, float value)
{
    const double exact = exact_in_double(function, (double)x, (double)y), overflow = 0x1.ffffffp127; /* and above */
    if (exact == (double)value)
        return 0;
    if (isnan(exact) || isnan(value))
        return isnan(exact) && isnan(value) ? 0 : INFINITY;
    if (fabs(fabs(exact) - overflow) < 1e-13 * overflow)
        return reference_error_exact(function, 32, (double)x, (double)y, (double)value);
    if (isinf(value)) /* the largest float is a unit below what overflows, less a half */
        return fabs(exact) < overflow - 0x1p104 || (exact > 0) != (value > 0) ? INFINITY
               : fabs(exact) < overflow                                       ? 1
                                                                              : 0;
    const double error = float_distance(exact, value), promised = promised_error_float(function, x);
    return promised > 0 && fabs(error - promised) < 1e-6
               ? reference_error_exact(function, 32, (double)x, (double)y, (double)value)
               : error;
}

enum { BITS = 120 };

static void exact_in_mpfr(ElementaryFunction function, mpfr_t result, const mpfr_t x, const mpfr_t y)
{
    mpfr_t t;
    switch (function) {
    case FUNCTION_exp:
        mpfr_exp(result, x, MPFR_RNDN);
        break;
    case FUNCTION_log:
        mpfr_log(result, x, MPFR_RNDN);
        break;
    case FUNCTION_tanh:
        mpfr_tanh(result, x, MPFR_RNDN);
        break;
    case FUNCTION_sigmoid:
        mpfr_neg(result, x, MPFR_RNDN);
        mpfr_exp(result, result, MPFR_RNDN);
        mpfr_add_ui(result, result, 1, MPFR_RNDN);
        mpfr_ui_div(result, 1, result, MPFR_RNDN);
        break;
    case FUNCTION_softplus:
        mpfr_init2(t, BITS);
        mpfr_abs(t, x, MPFR_RNDN);
        mpfr_neg(t, t, MPFR_RNDN);
        mpfr_exp(t, t, MPFR_RNDN);
        mpfr_log1p(t, t, MPFR_RNDN);
        mpfr_set_zero(result, 1);
        mpfr_max(result, result, x, MPFR_RNDN);
        mpfr_add(result, result, t, MPFR_RNDN);
        if (mpfr_nan_p(x))
            mpfr_set_nan(result);
        mpfr_clear(t);
        break;
    case FUNCTION_sin:
        mpfr_sin(result, x, MPFR_RNDN);
        break;
    case FUNCTION_cos:
        mpfr_cos(result, x, MPFR_RNDN);
        break;
    case FUNCTION_tan:
        mpfr_tan(result, x, MPFR_RNDN);
        break;
    case FUNCTION_erf:
        mpfr_erf(result, x, MPFR_RNDN);
        break;
    case FUNCTION_pow:
        mpfr_pow(result, x, y, MPFR_RNDN);
        break;
    case FUNCTION_atan2:
        mpfr_atan2(result, x, y, MPFR_RNDN);
        break;
    case FUNCTION_sqrt:
        mpfr_sqrt(result, x, MPFR_RNDN);
        break;
    default:
        mpfr_set_nan(result);
    }
}

double reference_error_exact(ElementaryFunction function, int precision, double x, double y, double value)
{
    const int digits = precision == 32 ? 24 : 53, least = precision == 32 ? -126 : -1022;
    const double greatest = precision == 32 ? (double)FLT_MAX : DBL_MAX;
    mpfr_t exact, a, b;
    double error;
    mpfr_inits2(BITS, exact, a, b, (mpfr_ptr)0);
    mpfr_set_d(a, x, MPFR_RNDN);
    mpfr_set_d(b, y, MPFR_RNDN);
    exact_in_mpfr(function, exact, a, b);
    const double nearest = precision == 32 ? (double)mpfr_get_flt(exact, MPFR_RNDN) : mpfr_get_d(exact, MPFR_RNDN);
    if (isnan(nearest) || isnan(value)) {
        error = isnan(nearest) && isnan(value) ? 0 : INFINITY;
    } else if (isinf(nearest) || isinf(value)) {
        const double edge = isinf(nearest) ? value : nearest;
        error = nearest == value ? 0 : fabs(edge) == greatest && (nearest > 0) == (value > 0) ? 1 : INFINITY;
    } else {
        const int exponent = mpfr_zero_p(exact) || mpfr_get_exp(exact) <= least ? least : (int)mpfr_get_exp(exact) - 1;
        mpfr_sub_d(exact, exact, value, MPFR_RNDN);
        mpfr_mul_2si(exact, exact, digits - 1 - exponent, MPFR_RNDN);
        error = fabs(mpfr_get_d(exact, MPFR_RNDN));
    }
    mpfr_clears(exact, a, b, (mpfr_ptr)0);
    return error;
}

double reference_error_double(ElementaryFunction function, double x, double y, double value)
{
    return reference_error_exact(function, 64, x, y, value);
}

double promised_error_float(ElementaryFunction function, float x)
{
    switch (function) {
    case FUNCTION_exp:
    case FUNCTION_log:
        return 2;
    case FUNCTION_sin:
    case FUNCTION_cos:
        return fabsf(x) <= 0x1p20f ? 2 : 4;
    case FUNCTION_sqrt:
        return 0.5;
    case FUNCTION_abs:
    case FUNCTION_sign:
    case FUNCTION_floor:
        return 0;
    default:
        return 4;
    }
}

double promised_error_double(ElementaryFunction function, double x)
{
    (void)x;
    return function == FUNCTION_sqrt ? 0.5 : 2;
}

uint64_t next_random(uint64_t *random)
{
    uint64_t z = *random += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* In [-1, 1). */
static double next_fraction(uint64_t *random)
{
    return (double)(int64_t)next_random(random) * 0x1p-63;
}

void reference_point(ElementaryFunction function, int64_t number, uint64_t *random, double *x, double *y)
{
    const uint64_t x_bits = next_random(random), y_bits = next_random(random);
    switch (number % 4) {
    case 0:
        memcpy(x, &x_bits, sizeof *x);
        memcpy(y, &y_bits, sizeof *y);
        return;
    case 1:
        *x = 2 * next_fraction(random);
        *y = 2 * next_fraction(random);
        break;
    case 2:
        *x = 50 * next_fraction(random);
        *y = 50 * next_fraction(random);
        if (function == FUNCTION_pow && number % 8 == 2) {
            *x = 1 + next_fraction(random) * power_of_two(-(int)(number / 8 % 24) - 1);
            *y = 735 * next_fraction(random) / log(*x);
        }
        break;
    default:
        *x = copysign(exp(15 * next_fraction(random)), next_fraction(random));
        *y = copysign(exp(5 * next_fraction(random)), next_fraction(random));
        if (function == FUNCTION_pow && number % 8 == 7) /* where a logarithm is split into exponent and mantissa */
            *x = 1.4142135623730951 * (1 + 0.02 * next_fraction(random));
        if (number % 8 == 3 || function == FUNCTION_pow)
            *y = 735 * next_fraction(random) / log(fabs(*x));
    }
    if (function == FUNCTION_pow)
        *x = fabs(*x);
}

void reference_point_float(ElementaryFunction function, int64_t number, uint64_t *random, float *x, float *y)
{
    if (number % 4 == 0) {
        const uint64_t bits = next_random(random);
        memcpy(x, &bits, sizeof *x);
        memcpy(y, (const char *)&bits + sizeof *x, sizeof *y);
        if (function == FUNCTION_pow && number % 8 == 4)
            *x = fabsf(*x);
        return;
    }
    double x_double, y_double;
    reference_point(function, number, random, &x_double, &y_double);
    *x = (float)x_double;
    *y = (float)(function == FUNCTION_pow && fabs(y_double) > 50 ? y_double * 0.125 : y_double);
}
