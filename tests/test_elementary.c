/* SPDX-License-Identifier: MIT */
/* Elementary functions: the same bits for all lane widths, with hardware and with software fma; and those operations
 * whose result IEEE 754 leaves no choice. */
#include "tests/elementary/comparison.h"
#include "tests/elementary/reference.h"
#include "tests/elementary/variant.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- the same bits ----------------------------------------------------------------------------------------------- */

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

/* ---- exact operations -------------------------------------------------------------------------------------------- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_this_machine_has_all_lanes),
        cmocka_unit_test(test_floats_are_the_same_for_all_lanes),
        cmocka_unit_test(test_doubles_are_the_same_for_all_lanes),
        cmocka_unit_test(test_edges_are_the_same_for_all_lanes),
        cmocka_unit_test(test_exact_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
