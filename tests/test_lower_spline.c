/* SPDX-License-Identifier: MIT */
/* Rational-quadratic splines: against a plain implementation that walks through the bins, against the properties that
 * define them (knots, slopes at knots, monotone, what happens at the ends), against their inverses, and their
 * derivatives against central differences. */
#include "compiler/lower/lower.h"
#include "compiler/passes/passes.h"
#include "tests/derivative_check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const ENDS[] = {"tails", "box", "circle"};

/* ---- a spline as a function of the IR ---------------------------------------------------------------------------- */

/* (numbers, x) -> y, log_slope; both per sample. */
static IrFunction *spline_function(Arena *arena, const SplineShape *shape, bool inverse)
{
    IrModule *module = ir_module_new(arena, "spline");
    IrFunction *function = ir_function_new(module, "spline");
    IrBuilder builder = {.function = function};
    int64_t count = spline_number_count(shape);
    IrId numbers = ir_input(function, "numbers", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &count)), log_slope;
    IrId x = ir_input(function, "x", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &shape->count));
    ir_output(function, "y", spline_apply(&builder, shape, numbers, x, inverse, &log_slope));
    ir_output(function, "log_slope", log_slope);
    ir_test_verify(module);
    return function;
}

static IrTensor *run(Arena *arena, const SplineShape *shape, bool inverse, const double *numbers, const double *x)
{
    const IrFunction *function = spline_function(arena, shape, inverse);
    IrTensor inputs[] = {ir_test_filled(arena, ir_type_of(function, 0), 1, numbers),
                         ir_test_filled(arena, ir_type_of(function, 1), 1, x)};
    return ir_test_run(arena, function, 1, inputs);
}

static double *random_numbers(Arena *arena, const SplineShape *shape, uint64_t seed, double size)
{
    TestRandom random = {seed};
    double *numbers = ARENA_ARRAY(arena, double, spline_number_count(shape));
    for (int64_t i = 0; i < spline_number_count(shape); i++)
        numbers[i] = size * test_normal(&random);
    return numbers;
}

static SplineShape random_shape(uint64_t seed)
{
    TestRandom random = {seed + 77};
    SplineShape shape = {.count = 1 + test_integer(&random, 3), .bins = 2 + test_integer(&random, 9)};
    shape.bound = test_uniform(&random, 0.5, 5);
    shape.ends = (SplineEnds)(seed % 3);
    return shape;
}

/* ---- the same, written plainly ----------------------------------------------------------------------------------- */

enum { BINS_MAX = 64 };

/* The knots of one component: places and slopes, K + 1 of each. */
typedef struct Knots {
    int64_t bins;
    double x[BINS_MAX + 1], y[BINS_MAX + 1], slope[BINS_MAX + 1];
} Knots;

static void place_knots(const double *numbers, int64_t bins, double bound, double *place)
{
    double sum = 0, least = fmin(1e-3, 0.1 / (double)bins);
    for (int64_t j = 0; j < bins; j++)
        sum += exp(fmax(-30, fmin(30, numbers[j])));
    place[0] = -bound;
    for (int64_t j = 0; j < bins; j++) {
        double part = exp(fmax(-30, fmin(30, numbers[j]))) / sum;
        place[j + 1] = place[j] + 2 * bound * (least + (1 - (double)bins * least) * part);
    }
}

static double slope_from(double number)
{
    double shifted = number + log(exp(0.999) - 1);
    return 1e-3 + fmax(shifted, 0) + log1p(exp(-fabs(shifted)));
}

static Knots knots_of(const SplineShape *shape, const double *numbers, int64_t component)
{
    int64_t bins = shape->bins, side = shape->count * bins;
    Knots knots = {.bins = bins};
    place_knots(numbers + component * bins, bins, shape->bound, knots.x);
    place_knots(numbers + side + component * bins, bins, shape->bound, knots.y);
    const double *slopes = numbers + 2 * side;
    for (int64_t j = 0; j <= bins; j++) {
        if (shape->ends == SPLINE_TAILS)
            knots.slope[j] = j == 0 || j == bins ? 1 : slope_from(slopes[component * (bins - 1) + j - 1]);
        else if (shape->ends == SPLINE_BOX)
            knots.slope[j] = slope_from(slopes[component * (bins + 1) + j]);
        else
            knots.slope[j] = slope_from(slopes[component * bins + j % bins]);
    }
    return knots;
}

static double plain_spline(const Knots *knots, double x)
{
    int64_t j = 0;
    while (j + 1 < knots->bins && x >= knots->x[j + 1])
        j++;
    double width = knots->x[j + 1] - knots->x[j], height = knots->y[j + 1] - knots->y[j], s = height / width;
    double t = (x - knots->x[j]) / width, u = t * (1 - t);
    return knots->y[j] +
           height * (s * t * t + knots->slope[j] * u) / (s + (knots->slope[j] + knots->slope[j + 1] - 2 * s) * u);
}

/* On the circle: turned by the component's shift. */
static double turned(const SplineShape *shape, const double *numbers, int64_t component, double y)
{
    if (shape->ends != SPLINE_CIRCLE)
        return y;
    y += numbers[spline_number_count(shape) - shape->count + component];
    while (y >= shape->bound)
        y -= 2 * shape->bound;
    while (y < -shape->bound)
        y += 2 * shape->bound;
    return y;
}

/* No turn: what is true of the spline before it. */
static void stop_turn(const SplineShape *shape, double *numbers)
{
    for (int64_t i = 0; shape->ends == SPLINE_CIRCLE && i < shape->count; i++)
        numbers[spline_number_count(shape) - 1 - i] = 0;
}

static void test_splines_are_those_written_plainly(void **state)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        SplineShape shape = random_shape(seed);
        double *numbers = random_numbers(*state, &shape, seed, seed % 2 ? 1 : 4), x[3];
        TestRandom random = {seed + 1};
        for (int64_t i = 0; i < shape.count; i++)
            x[i] = test_uniform(&random, -shape.bound, shape.bound);
        IrTensor *outputs = run(*state, &shape, false, numbers, x);
        for (int64_t i = 0; i < shape.count; i++) {
            Knots knots = knots_of(&shape, numbers, i);
            double y = turned(&shape, numbers, i, plain_spline(&knots, x[i])), h = 1e-6;
            ir_test_expect(&outputs[0].data[i], &y, 1, 1e-11, ENDS[shape.ends]);
            double slope = (plain_spline(&knots, x[i] + h) - plain_spline(&knots, x[i] - h)) / (2 * h);
            if (fabs(exp(outputs[1].data[i]) - slope) > 1e-8 + 1e-4 * slope)
                fail_msg("seed %d: slope %g, expected %g", (int)seed, exp(outputs[1].data[i]), slope);
        }
    }
}

/* ---- what defines them ------------------------------------------------------------------------------------------- */

static void test_knots_are_met_with_their_slopes(void **state)
{
    for (uint64_t seed = 0; seed < 60; seed++) {
        SplineShape shape = random_shape(seed);
        shape.count = 1;
        double *numbers = random_numbers(*state, &shape, seed, 1.5);
        stop_turn(&shape, numbers);
        Knots knots = knots_of(&shape, numbers, 0);
        for (int64_t j = 1; j < shape.bins; j++)
            for (int side = -1; side <= 1; side += 2) {
                double x = knots.x[j] + side * 1e-13;
                IrTensor *outputs = run(*state, &shape, false, numbers, &x);
                double log_slope = log(knots.slope[j]);
                ir_test_expect(outputs[0].data, &knots.y[j], 1, 1e-6, "a knot's height");
                ir_test_expect(outputs[1].data, &log_slope, 1, 1e-5, "a knot's slope");
            }
    }
}

static void test_zeros_are_the_identity(void **state)
{
    for (int ends = 0; ends < 3; ends++) {
        SplineShape shape = {.count = 1, .bins = 8, .bound = 4, .ends = (SplineEnds)ends};
        double *numbers = random_numbers(*state, &shape, 0, 0), zero = 0;
        for (double x = -3.99; x < 4; x += 0.37)
            for (int inverse = 0; inverse < 2; inverse++) {
                IrTensor *outputs = run(*state, &shape, inverse, numbers, &x);
                ir_test_expect(outputs[0].data, &x, 1, 1e-14, ENDS[ends]);
                ir_test_expect(outputs[1].data, &zero, 1, 1e-14, ENDS[ends]);
            }
    }
}

/* At the interval's ends a spline goes on as its kind says: value and slope are continuous there. */
static void test_ends(void **state)
{
    for (uint64_t seed = 0; seed < 30; seed++) {
        SplineShape shape = random_shape(seed);
        shape.count = 1;
        double *numbers = random_numbers(*state, &shape, seed, 2), inside = 1 - 1e-12, log_slope[2];
        stop_turn(&shape, numbers);
        for (int side = 0; side < 2; side++) {
            double end = side == 0 ? -shape.bound : shape.bound, x = end * inside;
            IrTensor *outputs = run(*state, &shape, false, numbers, &x);
            ir_test_expect(outputs[0].data, &end, 1, 1e-6, ENDS[shape.ends]);
            log_slope[side] = outputs[1].data[0];
        }
        double zero = 0, far = 1.5 * shape.bound;
        if (shape.ends == SPLINE_CIRCLE)
            ir_test_expect(&log_slope[0], &log_slope[1], 1, 1e-5, "the slope where the circle closes");
        if (shape.ends != SPLINE_TAILS)
            continue;
        ir_test_expect(&log_slope[0], &zero, 1, 1e-5, "the slope at the left end");
        ir_test_expect(&log_slope[1], &zero, 1, 1e-5, "the slope at the right end");
        for (int inverse = 0; inverse < 2; inverse++) {
            IrTensor *outputs = run(*state, &shape, inverse, numbers, &far);
            assert_true(outputs[0].data[0] == far && outputs[1].data[0] == 0);
        }
    }
}

/* Whatever a net gives. */
static void test_extreme_numbers_leave_them_invertible(void **state)
{
    static const double SIZES[] = {20, 100, 1e6};
    for (uint64_t seed = 0; seed < 90; seed++) {
        SplineShape shape = random_shape(seed);
        shape.count = 1;
        double *numbers = random_numbers(*state, &shape, seed, SIZES[seed % 3]), before = -INFINITY;
        for (int64_t j = 2 * shape.bins; j < spline_number_count(&shape); j++)
            numbers[j] = fmin(numbers[j], 50);
        stop_turn(&shape, numbers);
        for (int i = 1; i < 200; i++) {
            double x = shape.bound * (i / 100.0 - 1);
            IrTensor *outputs = run(*state, &shape, false, numbers, &x);
            assert_true(outputs[0].data[0] > before && fabs(outputs[0].data[0]) <= shape.bound * (1 + 1e-12));
            assert_true(isfinite(outputs[1].data[0]));
            before = outputs[0].data[0];
        }
    }
}

static void test_inverse_undoes(void **state)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        SplineShape shape = random_shape(seed);
        double *numbers = random_numbers(*state, &shape, seed, seed % 2 ? 1 : 5), x[3], log_slope[3];
        TestRandom random = {seed + 2};
        for (int64_t i = 0; i < shape.count; i++)
            x[i] = test_uniform(&random, -shape.bound, shape.bound) * (shape.ends == SPLINE_TAILS ? 1.3 : 1);
        IrTensor *forward = run(*state, &shape, false, numbers, x);
        IrTensor *back = run(*state, &shape, true, numbers, forward[0].data);
        for (int64_t i = 0; i < shape.count; i++)
            log_slope[i] = -forward[1].data[i];
        ir_test_expect(back[0].data, x, shape.count, 1e-8, ENDS[shape.ends]);
        ir_test_expect(back[1].data, log_slope, shape.count, 1e-6, ENDS[shape.ends]);
    }
}

/* ---- derivatives ------------------------------------------------------------------------------------------------- */

/* The least distance of x from a knot, in both directions' coordinates. */
static double distance_from_knots(const SplineShape *shape, const double *numbers, const double *x)
{
    double least = INFINITY;
    for (int64_t i = 0; i < shape->count; i++) {
        Knots knots = knots_of(shape, numbers, i);
        double shift = shape->ends == SPLINE_CIRCLE ? numbers[spline_number_count(shape) - shape->count + i] : 0;
        for (int64_t j = 0; j <= shape->bins; j++) {
            double height = turned(shape, numbers, i, knots.y[j]), cut = fabs(fabs(x[i] - shift) - shape->bound);
            least = fmin(least, fmin(fmin(fabs(x[i] - knots.x[j]), fabs(x[i] - height)), cut));
        }
    }
    return least;
}

/* The inverse's log slope against differences of the inverse alone, so that a wrong sign shows in each kind of spline. */
static void expect_slopes_of_the_inverse(Arena *arena, SplineEnds ends)
{
    int steep = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        SplineShape shape = random_shape(seed);
        shape.ends = ends;
        double *numbers = random_numbers(arena, &shape, seed, 1.5), y[3], sides[2][3], h = 1e-6;
        TestRandom random = {seed + 4};
        do {
            for (int64_t i = 0; i < shape.count; i++)
                y[i] = test_uniform(&random, -shape.bound, shape.bound) * (ends == SPLINE_TAILS ? 1.3 : 1);
        } while (distance_from_knots(&shape, numbers, y) < 1e-4);
        const double *log_slope = run(arena, &shape, true, numbers, y)[1].data;
        for (int side = 0; side < 2; side++) {
            for (int64_t i = 0; i < shape.count; i++)
                sides[side][i] = y[i] + (side == 0 ? -h : h);
            memcpy(sides[side], run(arena, &shape, true, numbers, sides[side])[0].data,
                   (size_t)shape.count * sizeof *y);
        }
        for (int64_t i = 0; i < shape.count; i++) {
            double expected = log((sides[1][i] - sides[0][i]) / (2 * h));
            ir_test_expect(&log_slope[i], &expected, 1, 1e-4, ENDS[ends]);
            steep += fabs(expected) > 0.1;
        }
    }
    assert_true(steep > 60); /* most could tell a sign from the other */
}

static void test_inverse_slopes_with_tails(void **state)
{
    expect_slopes_of_the_inverse(*state, SPLINE_TAILS);
}

static void test_inverse_slopes_on_the_box(void **state)
{
    expect_slopes_of_the_inverse(*state, SPLINE_BOX);
}

static void test_inverse_slopes_on_the_circle(void **state)
{
    expect_slopes_of_the_inverse(*state, SPLINE_CIRCLE);
}

/* Differences are taken within a bin: at a knot the second derivative jumps. */
static void test_derivatives(void **state)
{
    enum { BATCH = 3 };
    for (uint64_t seed = 0; seed < 24; seed++) {
        SplineShape shape = random_shape(seed);
        shape.bins = 2 + (int64_t)(seed % 4);
        IrFunction *function = spline_function(*state, &shape, seed % 2);
        TestRandom random = {seed + 3};
        IrTensor *inputs = ir_test_random_inputs(*state, function, BATCH, &random, -1, 1);
        for (int s = 0; s < BATCH; s++) {
            const double *numbers = inputs[0].data + s * inputs[0].count;
            double *x = inputs[1].data + s * shape.count;
            do {
                for (int64_t i = 0; i < shape.count; i++)
                    x[i] = test_uniform(&random, -shape.bound, shape.bound);
            } while (distance_from_knots(&shape, numbers, x) < 0.01);
        }
        derivative_check(*state, grad_cache_new(function->module), function, inputs, seed < 6 ? 2 : 1,
                         arena_print(*state, "seed %d, %s%s", (int)seed, ENDS[shape.ends], seed % 2 ? " inverse" : ""));
    }
}

/* What lies outside of the interval has no part in any derivative but that of x to itself. */
static void test_tails_have_the_identitys_derivatives(void **state)
{
    SplineShape shape = {.count = 1, .bins = 4, .bound = 2, .ends = SPLINE_TAILS};
    IrFunction *function = spline_function(*state, &shape, false);
    IrFunction *vjp = derivative_vjp(grad_cache_new(function->module), function, NULL, NULL);
    double *numbers = random_numbers(*state, &shape, 1, 1), x = 1e3, ones[] = {1, 1}, expected = 1;
    IrTensor inputs[] = {ir_test_filled(*state, ir_type_of(function, 0), 1, numbers),
                         ir_test_filled(*state, ir_type_of(function, 1), 1, &x),
                         ir_test_filled(*state, ir_type_of(function, 1), 1, ones),
                         ir_test_filled(*state, ir_type_of(function, 1), 1, ones)};
    IrTensor *cotangents = ir_test_run(*state, vjp, 1, inputs);
    for (int64_t i = 0; i < cotangents[0].count; i++)
        assert_true(cotangents[0].data[i] == 0);
    ir_test_expect(cotangents[1].data, &expected, 1, 0, "dy/dx in the tail");
}

static void test_passes_keep_what_splines_compute(void **state)
{
    for (uint64_t seed = 0; seed < 12; seed++) {
        SplineShape shape = random_shape(seed);
        double *numbers = random_numbers(*state, &shape, seed, 1.5), x[] = {0.1, -0.3, 0.2};
        IrFunction *function = spline_function(*state, &shape, seed % 2);
        IrTensor inputs[] = {ir_test_filled(*state, ir_type_of(function, 0), 1, numbers),
                             ir_test_filled(*state, ir_type_of(function, 1), 1, x)};
        IrTensor *before = ir_test_run(*state, function, 1, inputs);
        function->entry = true;
        assert_true(passes_run(function->module, NULL));
        IrTensor *after = ir_test_run(*state, function, 1, inputs);
        ir_test_expect(after[0].data, before[0].data, shape.count, 1e-12, "y");
        ir_test_expect(after[1].data, before[1].data, shape.count, 1e-11, "log_slope");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_splines_are_those_written_plainly),
        cmocka_unit_test(test_knots_are_met_with_their_slopes),
        cmocka_unit_test(test_zeros_are_the_identity),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_extreme_numbers_leave_them_invertible),
        cmocka_unit_test(test_inverse_undoes),
        cmocka_unit_test(test_inverse_slopes_with_tails),
        cmocka_unit_test(test_inverse_slopes_on_the_box),
        cmocka_unit_test(test_inverse_slopes_on_the_circle),
        cmocka_unit_test(test_derivatives),
        cmocka_unit_test(test_tails_have_the_identitys_derivatives),
        cmocka_unit_test(test_passes_keep_what_splines_compute),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
