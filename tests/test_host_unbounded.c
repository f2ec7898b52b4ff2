/* SPDX-License-Identifier: MIT */
/* Which energies fall without end: those that do, and many that only look a little like it. */
#include "runtime/host/unbounded.h"
#include "tests/host_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

typedef float Formula(float x, float y);

static Formula *formula; /* of the model's energy: the table's functions take no context */

static void energy_of_formula(const float *scalars, size_t count, const float *x, float *energy, void *workspace,
                              int threads)
{
    (void)scalars;
    (void)workspace;
    (void)threads;
    for (size_t i = 0; i < count; i++)
        energy[i] = formula(x[2 * i], x[2 * i + 1]);
}

/* Along a line each through these points. */
static bool falls(Formula *which, const ModelRange *ranges, double energies[UNBOUNDED_SCALES])
{
    float x[] = {0.5f, 0.7f, -1.2f, 0.1f, -0.3f, -2, 1, -0.02f}, energy[4];
    const ModelFunctions32 functions = {.energy = energy_of_formula};
    Model model = host_model;
    model.single_precision = &functions;
    model.ranges = ranges;
    formula = which;
    return unbounded_find(&model, NULL, 1, 4, x, energy, NULL, 1, energies);
}

#define FORMULA(name, value)                                                                                           \
    static float name(float x, float y)                                                                                \
    {                                                                                                                  \
        const float r = sqrtf(x * x + y * y);                                                                          \
        (void)r;                                                                                                       \
        return value;                                                                                                  \
    }

FORMULA(minus_fourth_power, -x *x *x *x)
FORMULA(cubic, x *x *x + y * y)
FORMULA(linear, 3 * x)
FORMULA(saddle, x *x - y * y)
FORMULA(product, x *y)
FORMULA(beyond_floats, -powf(x, 14) + y * y)
FORMULA(late, 50 * x * x - 1e-3f * x * x * x * x)

static void test_what_falls_without_end_is_found(void **state)
{
    static Formula *const formulas[] = {minus_fourth_power, cubic, linear, saddle, product, beyond_floats, late};
    double energies[UNBOUNDED_SCALES];
    (void)state;
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++)
        if (!falls(formulas[i], NULL, energies))
            fail_msg("formula %zu is not found", i);
    assert_true(falls(minus_fourth_power, NULL, energies));
    assert_true(fabs(energies[0] + 0.0625) < 1e-6 && fabs(energies[2] / -0.0625e8 - 1) < 1e-5);
}

FORMULA(double_well, x *x *x *x - 4 * x * x + 0.2f * x + y * y)
FORMULA(far_well, (x - 3000) * (x - 3000) / 2 + y * y)
FORMULA(deep_far_wells, -logf(expf(-fabsf(x - 2000)) + expf(-fabsf(y - 50))) * 1e4f)
FORMULA(wide_well, -x *x / 2 + 1e-8f * x * x * x * x + y * y)
FORMULA(sixth_power, x *x *x *x *x *x - 1e6f * x * x * x * x)
FORMULA(cancels, powf(x, 14) - 5 * powf(x, 13))
FORMULA(attraction, 4 * (powf(r, -12) - powf(r, -6)))
FORMULA(repulsion, 1e12f * powf(r, -12))
FORMULA(coulomb, 1e5f / r)
FORMULA(logarithm, -40 * logf(r))
FORMULA(bell, -1e6f * expf(-r * r))
FORMULA(constant, -7.5f)
FORMULA(step, r > 30 ? -1e9f : 0)
FORMULA(wall, r > 30 ? INFINITY : -1e3f * r)
FORMULA(no_number, NAN *r)
FORMULA(waves, 1e3f * sinf(x) + y * y * 1e-3f + 1e-3f * x * x)

static void test_what_has_a_bottom_is_not(void **state)
{
    static Formula *const formulas[] = {double_well, far_well,  deep_far_wells, wide_well, sixth_power, cancels,
                                        attraction,  repulsion, coulomb,        logarithm, bell,        constant,
                                        step,        wall,      no_number,      waves};
    double energies[UNBOUNDED_SCALES];
    (void)state;
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++)
        if (falls(formulas[i], NULL, energies))
            fail_msg("formula %zu is said to fall: %g %g %g", i, energies[4], energies[5], energies[6]);
}

/* A component within a range goes nowhere. */
static void test_ranges_have_ends(void **state)
{
    static const ModelRange x_alone[] = {{true, false, -2, 2}, {.has_ends = false}},
                            both[] = {{true, false, -2, 2}, {true, true, -3, 3}};
    double energies[UNBOUNDED_SCALES];
    (void)state;
    assert_false(falls(minus_fourth_power, x_alone, energies));
    assert_true(falls(saddle, x_alone, energies));
    assert_false(falls(saddle, both, energies));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_falls_without_end_is_found),
        cmocka_unit_test(test_what_has_a_bottom_is_not),
        cmocka_unit_test(test_ranges_have_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
