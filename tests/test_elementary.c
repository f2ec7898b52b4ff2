/* SPDX-License-Identifier: MIT */
/* Elementary functions: the same bits for all lane widths, with hardware and with software fma; the errors they
 * promise; the special cases of the C standard's annex F. */
#include "tests/elementary/reference.h"
#include "tests/elementary/variant.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CHUNK = VARIANT_CHUNK };

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static ElementaryFunction next_function(ElementaryFunction function)
{
    return (ElementaryFunction)(function + 1);
}

/* ---- the same bits
 * ------------------------------------------------------------------------------------------------------- */

/* NaNs are equal whatever their bits are: those differ between machines. */
static bool same_floats(const float *a, const float *b)
{
    for (int i = 0; i < CHUNK; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i])))
            return false;
    return true;
}

static bool same_doubles(const double *a, const double *b)
{
    for (int i = 0; i < CHUNK; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i])))
            return false;
    return true;
}

static void expect_same(int precision, ElementaryFunction function, const void *x, const void *y, const void *z,
                        bool real)
{
    const Variant *variants[4];
    const int count = variants_available(precision, variants);
    union {
        float floats[CHUNK];
        double doubles[CHUNK];
    } first, other;
    variants[0]->lanes(function, x, y, z, &first);
    for (int v = real ? 0 : 1; v < count; v++)
        for (int k = 0; k < (real ? 2 : 1); k++) {
            (k == 0 ? variants[v]->lanes : variants[v]->real)(function, x, y, z, &other);
            if (precision == 32 ? same_floats(first.floats, other.floats) : same_doubles(first.doubles, other.doubles))
                continue;
            for (int i = 0; i < CHUNK; i++)
                if (precision == 32 && memcmp(&first.floats[i], &other.floats[i], sizeof(float)) != 0)
                    print_error("%s(%a, %a): %a, %s: %a\n", function_name(function), (double)((const float *)x)[i],
                                (double)((const float *)y)[i], (double)first.floats[i], variants[v]->name,
                                (double)other.floats[i]);
                else if (precision == 64 && memcmp(&first.doubles[i], &other.doubles[i], sizeof(double)) != 0)
                    print_error("%s(%a, %a): %a, %s: %a\n", function_name(function), ((const double *)x)[i],
                                ((const double *)y)[i], first.doubles[i], variants[v]->name, other.doubles[i]);
            fail();
        }
}

static void test_this_machine_has_all_lanes(void **state)
{
    bool missing = false;
    (void)state;
    for (int i = 0; float_variants[i] != NULL; i++)
        if (float_variants[i]->missing()) {
            printf("skip: this machine lacks the instructions of %s\n", float_variants[i]->name);
            missing = true;
        }
    if (missing)
        skip();
}

static void test_floats_are_the_same_for_all_lanes(void **state)
{
    uint64_t random = 1;
    (void)state;
    for (ElementaryFunction function = 0; function < FUNCTION_COUNT; function = next_function(function)) {
        const int operands = function_operands(function);
        for (uint64_t first = 0; first < (uint64_t)1 << 32; first += (uint64_t)CHUNK * (operands == 1 ? 4099 : 40013)) {
            float x[CHUNK], y[CHUNK], z[CHUNK];
            for (int i = 0; i < CHUNK; i++) {
                const uint64_t bits = next_random(&random);
                x[i] = float_of((uint32_t)(first + (uint64_t)i * 4099));
                y[i] = float_of((uint32_t)bits);
                z[i] = float_of((uint32_t)(bits >> 32));
                if (i % 4 == 1) { /* near one: powers that are neither 0 nor infinite; sums where much cancels */
                    y[i] = (float)((double)(int32_t)bits * 0x1p-27);
                    z[i] = -x[i] * y[i];
                }
            }
            expect_same(32, function, x, y, z, first % (CHUNK * 4099 * 64) == 0);
        }
    }
}

static void test_doubles_are_the_same_for_all_lanes(void **state)
{
    uint64_t random = 2;
    (void)state;
    for (ElementaryFunction function = 0; function < FUNCTION_COUNT; function = next_function(function))
        for (int chunk = 0; chunk < 1000; chunk++) {
            double x[CHUNK], y[CHUNK], z[CHUNK];
            for (int i = 0; i < CHUNK; i++) {
                x[i] = double_of(next_random(&random));
                y[i] = double_of(next_random(&random));
                z[i] = double_of(next_random(&random));
                if (i % 2 == 1) {
                    x[i] = (double)(int64_t)next_random(&random) * 0x1p-58;
                    y[i] = (double)(int64_t)next_random(&random) * 0x1p-59;
                    z[i] = i % 4 == 1 ? -x[i] * y[i] : z[i];
                }
            }
            expect_same(64, function, x, y, z, chunk % 64 == 0);
        }
}

/* Zeros, infinities, NaN, the ends of the subnormal and normal numbers, and where a function changes its way. */
static const double edges[] = {0,
                               0x1p-149,
                               0x1p-148,
                               0x1.fffffcp-127,
                               0x1p-126,
                               0x1.000002p-126,
                               0x1p-64,
                               0x1p-24,
                               0x1p-23,
                               0.25,
                               0.375,
                               0.5,
                               0.75,
                               0.7071067,
                               0.70710678,
                               0.9,
                               0.99999994,
                               1,
                               1.0000001,
                               1.4142135,
                               1.5,
                               2,
                               3,
                               3.1415927,
                               4,
                               5,
                               6,
                               9,
                               10,
                               17,
                               88.7,
                               88.72283,
                               88.72284,
                               89,
                               102,
                               103.97,
                               104,
                               105,
                               106,
                               709.78,
                               709.7827128933840,
                               710,
                               745.13,
                               745.1332191019411,
                               745.2,
                               746,
                               1000,
                               65535.9,
                               65536,
                               65536.01,
                               1048576,
                               1048576.125,
                               0x1.fffffep+22,
                               0x1p+23,
                               0x1p+24,
                               0x1.000002p+24,
                               0x1p+31,
                               0x1p+52,
                               0x1p+53,
                               0x1.0000000000001p+53,
                               0x1p+64,
                               0x1.fffffep+127,
                               0x1p-1074,
                               0x1.fffffffffffffp-1023,
                               0x1p-1022,
                               0x1.fffffffffffffp+1023,
                               INFINITY,
                               NAN};
enum { EDGES = 2 * sizeof edges / sizeof *edges };

static double edge(int i)
{
    return i % 2 == 0 ? edges[i / 2] : -edges[i / 2];
}

static void test_edges_are_the_same_for_all_lanes(void **state)
{
    (void)state;
    for (ElementaryFunction function = 0; function < FUNCTION_COUNT; function = next_function(function))
        for (int k = 0; k < EDGES; k++)
            for (int first = 0; first < EDGES; first += CHUNK) {
                float x[CHUNK], y[CHUNK], z[CHUNK];
                double x_double[CHUNK], y_double[CHUNK], z_double[CHUNK];
                for (int i = 0; i < CHUNK; i++) {
                    x_double[i] = edge((first + i) % EDGES);
                    y_double[i] = edge(k);
                    z_double[i] = edge((first + 7 * i + k) % EDGES);
                    x[i] = (float)x_double[i];
                    y[i] = (float)y_double[i];
                    z[i] = (float)z_double[i];
                }
                expect_same(32, function, x, y, z, true);
                expect_same(64, function, x_double, y_double, z_double, true);
            }
}

/* ---- errors
 * -------------------------------------------------------------------------------------------------------------- */

static const Variant *widest(int precision)
{
    const Variant *variants[4];
    return variants[variants_available(precision, variants) - 1];
}

static void expect_float_errors(ElementaryFunction function, const float *x, const float *y, double *worst,
                                float worst_at[2])
{
    float result[CHUNK];
    widest(32)->lanes(function, x, y, y, result);
    for (int i = 0; i < CHUNK; i++) {
        const double error = reference_error_float(function, x[i], y[i], result[i]);
        if (error > *worst) {
            *worst = error;
            worst_at[0] = x[i];
            worst_at[1] = y[i];
        }
        if (error > promised_error_float(function, x[i]))
            fail_msg("%s(%a, %a) is %a: an error of %.2f ulp", function_name(function), (double)x[i], (double)y[i],
                     (double)result[i], error);
    }
}

static void test_float_errors(void **state)
{
    uint64_t random = 3;
    (void)state;
    for (ElementaryFunction function = FUNCTION_exp; function <= FUNCTION_atan2; function = next_function(function)) {
        double worst = 0;
        float at[2] = {0, 0};
        const uint64_t step = function_operands(function) == 1 ? 4099 : 16411;
        for (uint64_t first = 0; first < (uint64_t)1 << 32; first += CHUNK * step) {
            float x[CHUNK], y[CHUNK];
            for (int i = 0; i < CHUNK; i++) {
                x[i] = float_of((uint32_t)(first + (uint64_t)i * step));
                y[i] = float_of((uint32_t)next_random(&random));
                if (function_operands(function) == 2 && i % 2 == 1)
                    reference_point_float(function, ((int64_t)(first / step) + i) / 2, &random, &x[i], &y[i]);
            }
            expect_float_errors(function, x, y, &worst, at);
        }
        for (int k = 0; k < (function_operands(function) == 1 ? 1 : EDGES); k++)
            for (int first = 0; first < EDGES; first += CHUNK) {
                float x[CHUNK], y[CHUNK];
                for (int i = 0; i < CHUNK; i++) {
                    x[i] = (float)edge((first + i) % EDGES);
                    y[i] = (float)edge(k);
                }
                expect_float_errors(function, x, y, &worst, at);
            }
        printf("%-9s float: worst error %.3f ulp, at %a, %a\n", function_name(function), worst, (double)at[0],
               (double)at[1]);
    }
}

static void expect_double_errors(ElementaryFunction function, const double *x, const double *y, double *worst,
                                 double worst_at[2])
{
    double result[CHUNK];
    widest(64)->lanes(function, x, y, y, result);
    for (int i = 0; i < CHUNK; i++) {
        const double error = reference_error_double(function, x[i], y[i], result[i]);
        if (error > *worst) {
            *worst = error;
            worst_at[0] = x[i];
            worst_at[1] = y[i];
        }
        if (error > promised_error_double(function, x[i]))
            fail_msg("%s(%a, %a) is %a: an error of %.2f ulp", function_name(function), x[i], y[i], result[i], error);
    }
}

static void test_double_errors(void **state)
{
    enum { POINTS = 100000 };
    uint64_t random = 4;
    (void)state;
    for (ElementaryFunction function = FUNCTION_exp; function <= FUNCTION_atan2; function = next_function(function)) {
        double worst = 0, at[2] = {0, 0};
        for (int point = 0; point < POINTS; point += CHUNK) {
            double x[CHUNK], y[CHUNK];
            for (int i = 0; i < CHUNK; i++)
                reference_point(function, point + i, &random, &x[i], &y[i]);
            expect_double_errors(function, x, y, &worst, at);
        }
        for (int k = 0; k < (function_operands(function) == 1 ? 1 : EDGES); k++)
            for (int first = 0; first < EDGES; first += CHUNK) {
                double x[CHUNK], y[CHUNK];
                for (int i = 0; i < CHUNK; i++) {
                    x[i] = edge((first + i) % EDGES);
                    y[i] = edge(k);
                }
                expect_double_errors(function, x, y, &worst, at);
            }
        printf("%-9s double: worst error %.3f ulp, at %a, %a\n", function_name(function), worst, at[0], at[1]);
    }
}

/* ---- exact operations
 * ------------------------------------------------------------------------------------------------- */

static float exact_float(ElementaryFunction function, float x, float y, float z)
{
    switch (function) {
    case FUNCTION_sqrt:
        return sqrtf(x);
    case FUNCTION_abs:
        return fabsf(x);
    case FUNCTION_sign:
        return x > 0 ? 1.0f : x < 0 ? -1.0f : x;
    case FUNCTION_floor:
        return floorf(x);
    case FUNCTION_min:
        return isnan(x) || isnan(y) ? NAN : x < y || (x == y && signbit(x)) ? x : y;
    case FUNCTION_max:
        return isnan(x) || isnan(y) ? NAN : x > y || (x == y && !signbit(x)) ? x : y;
    default:
        return fmaf(x, y, z);
    }
}

static double exact_double(ElementaryFunction function, double x, double y, double z)
{
    switch (function) {
    case FUNCTION_sqrt:
        return sqrt(x);
    case FUNCTION_abs:
        return fabs(x);
    case FUNCTION_sign:
        return x > 0 ? 1.0 : x < 0 ? -1.0 : x;
    case FUNCTION_floor:
        return floor(x);
    case FUNCTION_min:
        return isnan(x) || isnan(y) ? (double)NAN : x < y || (x == y && signbit(x)) ? x : y;
    case FUNCTION_max:
        return isnan(x) || isnan(y) ? (double)NAN : x > y || (x == y && !signbit(x)) ? x : y;
    default:
        return fma(x, y, z);
    }
}

/* The scalar variant: with it the others agree. Where the C compiler may not use the instruction its fma is the one in
 * software. Half of the addends are near -x y, so that all but a few bits cancel. */
static void test_exact_operations(void **state)
{
    uint64_t random = 5;
    (void)state;
    for (ElementaryFunction function = FUNCTION_sqrt; function < FUNCTION_COUNT; function = next_function(function))
        for (int chunk = 0; chunk < (function == FUNCTION_fma ? 8000 : 500); chunk++) {
            float x[CHUNK], y[CHUNK], z[CHUNK], result[CHUNK], expected[CHUNK];
            double x_double[CHUNK], y_double[CHUNK], z_double[CHUNK], result_double[CHUNK], expected_double[CHUNK];
            for (int i = 0; i < CHUNK; i++) {
                const uint64_t a = next_random(&random), b = next_random(&random), c = next_random(&random);
                x[i] = chunk < 8 ? (float)edge((int)(a % EDGES)) : float_of((uint32_t)a);
                y[i] = chunk < 8 ? (float)edge((int)(b % EDGES)) : float_of((uint32_t)b);
                z[i] = chunk < 8 ? (float)edge((int)(c % EDGES)) : float_of((uint32_t)c);
                x_double[i] = chunk < 8 ? edge((int)(a % EDGES)) : double_of(a);
                y_double[i] = chunk < 8 ? edge((int)(b % EDGES)) : double_of(b);
                z_double[i] = chunk < 8 ? edge((int)(c % EDGES)) : double_of(c);
                if (chunk % 2 == 1 && i % 2 == 1) { /* exponents near 0, or near that of the least number */
                    const int low = i % 4 == 1 ? 0 : -60, low_double = i % 4 == 1 ? 0 : -500;
                    x[i] = ldexpf(float_of((a & 0x7fffff) | 0x3f800000), low + (int)(a >> 60));
                    y[i] = ldexpf(float_of((b & 0x7fffff) | 0xbf800000), low + (int)(b >> 60));
                    z[i] = float_of((uint32_t)(c % 5) - 2 + 0x80000000) + 0.0f;
                    float near = -(x[i] * y[i]);
                    uint32_t near_bits;
                    memcpy(&near_bits, &near, sizeof near_bits);
                    z[i] = float_of(near_bits + (uint32_t)(c % 5) - 2);
                    x_double[i] =
                        ldexp(double_of((a & 0xfffffffffffff) | 0x3ff0000000000000), low_double + (int)(a >> 58));
                    y_double[i] =
                        ldexp(double_of((b & 0xfffffffffffff) | 0xbff0000000000000), low_double + (int)(b >> 58));
                    const double near_double = -(x_double[i] * y_double[i]);
                    uint64_t near_double_bits;
                    memcpy(&near_double_bits, &near_double, sizeof near_double_bits);
                    z_double[i] = double_of(near_double_bits + c % 5 - 2);
                } else if (chunk % 2 == 1 && i % 4 == 2) { /* an addend somewhat larger or smaller than the product */
                    x_double[i] = ldexp(double_of((a & 0xfffffc0000000) | 0x3ff0000000000000), (int)(a >> 60));
                    y_double[i] = ldexp(double_of((b & 0xfffffc0000000) | 0xbff0000000000000), (int)(b >> 60));
                    z_double[i] = ldexp(double_of((c & 0xfffff80000001) | 0x3ff0000000000000), (int)(c >> 56) - 128);
                    x[i] = (float)x_double[i];
                    y[i] = (float)y_double[i];
                    z[i] = ldexpf(float_of((c & 0x7ff001) | 0x3f800000), (int)(c >> 58) - 32);
                }
                expected[i] = exact_float(function, x[i], y[i], z[i]);
                expected_double[i] = exact_double(function, x_double[i], y_double[i], z_double[i]);
            }
            variant_float_scalar.lanes(function, x, y, z, result);
            variant_double_scalar.lanes(function, x_double, y_double, z_double, result_double);
            assert_true(same_floats(expected, result));
            assert_true(same_doubles(expected_double, result_double));
            expect_same(32, function, x, y, z, chunk % 64 == 0);
            expect_same(64, function, x_double, y_double, z_double, chunk % 64 == 0);
        }
}

/* ---- special cases
 * -------------------------------------------------------------------------------------------------------- */

typedef struct SpecialCase {
    ElementaryFunction function;
    double x, y, expected; /* exact, also the sign of a zero */
} SpecialCase;

/* C11 annex F.10.1 to F.10.8; the sigmoid and softplus likewise. */
static const SpecialCase special_cases[] = {
    {FUNCTION_exp, 0, 0, 1},
    {FUNCTION_exp, -0.0, 0, 1},
    {FUNCTION_exp, -INFINITY, 0, 0},
    {FUNCTION_exp, INFINITY, 0, INFINITY},
    {FUNCTION_exp, NAN, 0, NAN},
    {FUNCTION_exp, 1000, 0, INFINITY},
    {FUNCTION_exp, -1000, 0, 0},
    {FUNCTION_log, 0, 0, -INFINITY},
    {FUNCTION_log, -0.0, 0, -INFINITY},
    {FUNCTION_log, 1, 0, 0},
    {FUNCTION_log, -1, 0, NAN},
    {FUNCTION_log, -INFINITY, 0, NAN},
    {FUNCTION_log, INFINITY, 0, INFINITY},
    {FUNCTION_log, NAN, 0, NAN},
    {FUNCTION_tanh, 0, 0, 0},
    {FUNCTION_tanh, -0.0, 0, -0.0},
    {FUNCTION_tanh, INFINITY, 0, 1},
    {FUNCTION_tanh, -INFINITY, 0, -1},
    {FUNCTION_tanh, 30, 0, 1},
    {FUNCTION_tanh, 0x1p-149, 0, 0x1p-149},
    {FUNCTION_tanh, NAN, 0, NAN},
    {FUNCTION_sigmoid, 0, 0, 0.5},
    {FUNCTION_sigmoid, INFINITY, 0, 1},
    {FUNCTION_sigmoid, -INFINITY, 0, 0},
    {FUNCTION_sigmoid, NAN, 0, NAN},
    {FUNCTION_softplus, INFINITY, 0, INFINITY},
    {FUNCTION_softplus, -INFINITY, 0, 0},
    {FUNCTION_softplus, 1000, 0, 1000},
    {FUNCTION_softplus, NAN, 0, NAN},
    {FUNCTION_sin, 0, 0, 0},
    {FUNCTION_sin, -0.0, 0, -0.0},
    {FUNCTION_sin, 0x1p-149, 0, 0x1p-149},
    {FUNCTION_sin, INFINITY, 0, NAN},
    {FUNCTION_sin, -INFINITY, 0, NAN},
    {FUNCTION_sin, NAN, 0, NAN},
    {FUNCTION_cos, 0, 0, 1},
    {FUNCTION_cos, -0.0, 0, 1},
    {FUNCTION_cos, INFINITY, 0, NAN},
    {FUNCTION_cos, NAN, 0, NAN},
    {FUNCTION_tan, 0, 0, 0},
    {FUNCTION_tan, -0.0, 0, -0.0},
    {FUNCTION_tan, INFINITY, 0, NAN},
    {FUNCTION_tan, NAN, 0, NAN},
    {FUNCTION_erf, 0, 0, 0},
    {FUNCTION_erf, -0.0, 0, -0.0},
    {FUNCTION_erf, INFINITY, 0, 1},
    {FUNCTION_erf, -INFINITY, 0, -1},
    {FUNCTION_erf, NAN, 0, NAN},
    {FUNCTION_pow, 0, -3, INFINITY},
    {FUNCTION_pow, -0.0, -3, -INFINITY},
    {FUNCTION_pow, -0.0, -2, INFINITY},
    {FUNCTION_pow, -0.0, -0.5, INFINITY},
    {FUNCTION_pow, 0, -INFINITY, INFINITY},
    {FUNCTION_pow, -0.0, -INFINITY, INFINITY},
    {FUNCTION_pow, 0, 3, 0},
    {FUNCTION_pow, -0.0, 3, -0.0},
    {FUNCTION_pow, -0.0, 2, 0},
    {FUNCTION_pow, -0.0, 0.5, 0},
    {FUNCTION_pow, 0, INFINITY, 0},
    {FUNCTION_pow, -1, INFINITY, 1},
    {FUNCTION_pow, -1, -INFINITY, 1},
    {FUNCTION_pow, 1, 77.7, 1},
    {FUNCTION_pow, 1, NAN, 1},
    {FUNCTION_pow, 1, INFINITY, 1},
    {FUNCTION_pow, NAN, 0, 1},
    {FUNCTION_pow, NAN, -0.0, 1},
    {FUNCTION_pow, INFINITY, 0, 1},
    {FUNCTION_pow, NAN, 1, NAN},
    {FUNCTION_pow, 2, NAN, NAN},
    {FUNCTION_pow, -2, 0.5, NAN},
    {FUNCTION_pow, -2, 3, -8},
    {FUNCTION_pow, -2, 4, 16},
    {FUNCTION_pow, -2, -1, -0.5},
    {FUNCTION_pow, -1, 0x1p24, 1},
    {FUNCTION_pow, -1, 0xffffff, -1},
    {FUNCTION_pow, 0.5, -INFINITY, INFINITY},
    {FUNCTION_pow, -0.5, -INFINITY, INFINITY},
    {FUNCTION_pow, 2, -INFINITY, 0},
    {FUNCTION_pow, -2, -INFINITY, 0},
    {FUNCTION_pow, 0.5, INFINITY, 0},
    {FUNCTION_pow, 2, INFINITY, INFINITY},
    {FUNCTION_pow, -INFINITY, -3, -0.0},
    {FUNCTION_pow, -INFINITY, -2, 0},
    {FUNCTION_pow, -INFINITY, -0.5, 0},
    {FUNCTION_pow, -INFINITY, 3, -INFINITY},
    {FUNCTION_pow, -INFINITY, 2, INFINITY},
    {FUNCTION_pow, INFINITY, -1, 0},
    {FUNCTION_pow, INFINITY, 0.5, INFINITY},
    {FUNCTION_pow, 3, 2000, INFINITY},
    {FUNCTION_pow, 3, -2000, 0},
    {FUNCTION_pow, -3, -2001, -0.0},
    {FUNCTION_pow, 3, 2, 9},
    {FUNCTION_pow, 4, 0.5, 2},
    {FUNCTION_pow, 10, 1, 10},
    {FUNCTION_pow, 0x1p-149, 1, 0x1p-149},
    {FUNCTION_pow, 0x1p-140, 0.5, 0x1p-70},
    {FUNCTION_atan2, 0, 0, 0},
    {FUNCTION_atan2, -0.0, 0, -0.0},
    {FUNCTION_atan2, 0, -0.0, 0x1.921fb54442d18p+1},
    {FUNCTION_atan2, -0.0, -0.0, -0x1.921fb54442d18p+1},
    {FUNCTION_atan2, 0, -1, 0x1.921fb54442d18p+1},
    {FUNCTION_atan2, -0.0, -1, -0x1.921fb54442d18p+1},
    {FUNCTION_atan2, 0, 1, 0},
    {FUNCTION_atan2, -0.0, 1, -0.0},
    {FUNCTION_atan2, 1, 0, 0x1.921fb54442d18p+0},
    {FUNCTION_atan2, 1, -0.0, 0x1.921fb54442d18p+0},
    {FUNCTION_atan2, -1, 0, -0x1.921fb54442d18p+0},
    {FUNCTION_atan2, 1, -INFINITY, 0x1.921fb54442d18p+1},
    {FUNCTION_atan2, -1, -INFINITY, -0x1.921fb54442d18p+1},
    {FUNCTION_atan2, 1, INFINITY, 0},
    {FUNCTION_atan2, -1, INFINITY, -0.0},
    {FUNCTION_atan2, INFINITY, 1, 0x1.921fb54442d18p+0},
    {FUNCTION_atan2, -INFINITY, -1, -0x1.921fb54442d18p+0},
    {FUNCTION_atan2, INFINITY, INFINITY, 0x1.921fb54442d18p-1},
    {FUNCTION_atan2, -INFINITY, INFINITY, -0x1.921fb54442d18p-1},
    {FUNCTION_atan2, INFINITY, -INFINITY, 0x1.2d97c7f3321d2p+1},
    {FUNCTION_atan2, -INFINITY, -INFINITY, -0x1.2d97c7f3321d2p+1},
    {FUNCTION_atan2, 1, 1, 0x1.921fb54442d18p-1},
    {FUNCTION_atan2, NAN, 1, NAN},
    {FUNCTION_atan2, 1, NAN, NAN},
    {FUNCTION_atan2, NAN, INFINITY, NAN},
};

static void test_special_cases(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof special_cases / sizeof *special_cases; k++) {
        const SpecialCase *c = &special_cases[k];
        const float float_expected = (float)c->expected;
        float x[CHUNK], y[CHUNK], result[CHUNK];
        double x_double[CHUNK], y_double[CHUNK], double_result[CHUNK];
        for (int i = 0; i < CHUNK; i++) {
            x[i] = (float)c->x;
            y[i] = (float)c->y;
            x_double[i] = c->x;
            y_double[i] = c->y;
        }
        variant_float_scalar.lanes(c->function, x, y, y, result);
        variant_double_scalar.lanes(c->function, x_double, y_double, y_double, double_result);
        const bool float_right =
            isnan(c->expected) ? isnan(result[0]) : memcmp(&result[0], &float_expected, sizeof(float)) == 0;
        const bool double_right =
            isnan(c->expected) ? isnan(double_result[0]) : memcmp(&double_result[0], &c->expected, sizeof(double)) == 0;
        if (!float_right || !double_right)
            fail_msg("%s(%a, %a) is %a in float and %a in double, expected %a", function_name(c->function), c->x, c->y,
                     (double)result[0], double_result[0], c->expected);
        expect_same(32, c->function, x, y, y, true);
        expect_same(64, c->function, x_double, y_double, y_double, true);
    }
}

/* Multiples of pi / 2 whose sine or cosine is extremely small; the nearest of all doubles is the first. */
static void test_nearest_multiples_of_a_right_angle(void **state)
{
    static const double angles[] = {0x1.6ac5b262ca1ffp+849, 0x1.921fb54442d18p+0,  0x1.921fb54442d18p+1,
                                    0x1.6c6cbc45dc8dep+5,   0x1.45f306dc9c883p+22, 0x1.921fb54442d18p+60};
    static const float float_angles[] = {0x1.f37a2ep+76f,  0x1.921fb6p+0f, 0x1.921fb6p+1f,
                                         0x1.d6f858p+100f, 0x1.5fdbbep+2f, 0x1.2d97c8p+1f};
    (void)state;
    for (ElementaryFunction function = FUNCTION_sin; function <= FUNCTION_tan; function = next_function(function)) {
        double x[CHUNK], worst = 0, at[2];
        float x_float[CHUNK], float_at[2];
        for (int i = 0; i < CHUNK; i++) {
            x[i] = angles[i % 6] * (i % 2 == 0 ? 1 : -1);
            x_float[i] = float_angles[i % 6] * (i % 2 == 0 ? 1.0f : -1.0f);
        }
        expect_double_errors(function, x, x, &worst, at);
        worst = 0;
        expect_float_errors(function, x_float, x_float, &worst, float_at);
    }
}

/* Sizes never exceed what they mean: probabilities and cosines stay at or below one. */
static void test_bounds(void **state)
{
    static const ElementaryFunction functions[] = {FUNCTION_tanh, FUNCTION_sigmoid, FUNCTION_sin, FUNCTION_cos,
                                                   FUNCTION_erf};
    (void)state;
    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++)
        for (uint32_t first = 0; first < 0x7f800000; first += CHUNK * 1021) {
            float x[CHUNK], result[CHUNK];
            double x_double[CHUNK], double_result[CHUNK];
            for (int i = 0; i < CHUNK; i++)
                x_double[i] =
                    (double)(x[i] = float_of(first + (uint32_t)i * 1021 < 0x7f800000 ? first + (uint32_t)i * 1021 : 0));
            widest(32)->lanes(functions[k], x, x, x, result);
            widest(64)->lanes(functions[k], x_double, x_double, x_double, double_result);
            for (int i = 0; i < CHUNK; i++)
                assert_true(fabsf(result[i]) <= 1 && fabs(double_result[i]) <= 1);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_this_machine_has_all_lanes),
        cmocka_unit_test(test_floats_are_the_same_for_all_lanes),
        cmocka_unit_test(test_doubles_are_the_same_for_all_lanes),
        cmocka_unit_test(test_edges_are_the_same_for_all_lanes),
        cmocka_unit_test(test_float_errors),
        cmocka_unit_test(test_double_errors),
        cmocka_unit_test(test_exact_operations),
        cmocka_unit_test(test_special_cases),
        cmocka_unit_test(test_nearest_multiples_of_a_right_angle),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
