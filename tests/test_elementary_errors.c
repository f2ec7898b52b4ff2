/* SPDX-License-Identifier: MIT */
/* The errors that elementary functions promise, and the special cases of the C standard's annex F. */
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

/* ---- errors ------------------------------------------------------------------------------------------------------ */

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

/* ---- special cases ----------------------------------------------------------------------------------------------- */

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
        cmocka_unit_test(test_float_errors),  cmocka_unit_test(test_double_errors),
        cmocka_unit_test(test_special_cases), cmocka_unit_test(test_nearest_multiples_of_a_right_angle),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
