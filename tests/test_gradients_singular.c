/* SPDX-License-Identifier: MIT */
/* Derivatives where formulas have none: at singular points the op table's value, in branches that were not taken zero,
 * whatever the branch's own derivative is (0 * inf stays 0). Both modes; and nothing undefined in second order. */
#include "tests/derivative_check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 16 };

/* A function at a point: its inputs' elements one after another, reals and ints, and the gradient of the sum of its
 * outputs in them. */
typedef struct PointCase {
    const char *text;
    double point[ROOM], gradient[ROOM];
} PointCase;

typedef struct Setting {
    Arena *arena;
    IrFunction *function;
    GradCache *cache;
    int64_t batch;
    IrTensor *inputs;
    const char *text;
} Setting;

static Setting set_up(Arena *arena, int64_t batch, const char *text, const double *point)
{
    Setting setting = {.arena = arena, .batch = batch, .text = text};
    const char *head = strncmp(text, "function", 8) == 0 ? "" : "function f";
    IrModule *module = ir_test_parse(arena, arena_print(arena, "module m batch %d %s%s", (int)batch, head, text));
    setting.function = module->functions[module->function_count - 1];
    setting.cache = grad_cache_new(module);
    setting.inputs = ARENA_ARRAY(arena, IrTensor, setting.function->input_count);
    for (int i = 0; i < setting.function->input_count; i++) {
        setting.inputs[i] =
            ir_test_filled(arena, ir_type_of(setting.function, setting.function->inputs[i]), batch, point);
        point += ir_test_count(&setting.inputs[i], batch);
    }
    return setting;
}

static bool *all_real(const IrFunction *function)
{
    bool *flags = ARENA_ARRAY(function->module->arena, bool, function->input_count);
    for (int i = 0; i < function->input_count; i++)
        flags[i] = ir_type_of(function, function->inputs[i])->element == IR_REAL;
    return flags;
}

/* The inputs of a derivative: those of the function, then one tensor full of `value` for each that it has more. */
static IrTensor *with_duals(const Setting *setting, const IrFunction *derivative, const IrTensor *inputs, int count,
                            double value)
{
    IrTensor *all = ARENA_ARRAY(setting->arena, IrTensor, derivative->input_count);
    memcpy(all, inputs, (size_t)count * sizeof all[0]);
    for (int i = count; i < derivative->input_count; i++) {
        all[i] = ir_test_tensor(setting->arena, ir_type_of(derivative, derivative->inputs[i]), setting->batch);
        for (int64_t j = 0; j < ir_test_count(&all[i], setting->batch); j++)
            all[i].data[j] = value;
    }
    return all;
}

static void expect_vjp(const Setting *setting, IrFunction *vjp, const double *gradient)
{
    IrTensor *given = with_duals(setting, vjp, setting->inputs, setting->function->input_count, 1);
    IrTensor *results = ir_test_run(setting->arena, vjp, setting->batch, given);
    for (int i = 0, next = 0; i < setting->function->input_count; i++) {
        int64_t count = ir_test_count(&setting->inputs[i], setting->batch);
        if (ir_type_of(setting->function, setting->function->inputs[i])->element == IR_REAL) {
            for (int64_t j = 0; j < count; j++)
                ir_test_expect(&results[next].data[results[next].per_sample ? j : j % results[next].count],
                               &gradient[j], 1, 1e-14, arena_print(setting->arena, "vjp: %s", setting->text));
            next++;
        }
        gradient += count;
    }
}

/* Along each unit vector. */
static void expect_jvp(const Setting *setting, IrFunction *jvp, const double *gradient)
{
    int first = setting->function->input_count, first_tangent = setting->function->output_count;
    for (int i = 0, next = first; i < first; i++) {
        bool real = ir_type_of(setting->function, setting->function->inputs[i])->element == IR_REAL;
        for (int64_t j = 0; j < ir_test_count(&setting->inputs[i], setting->batch); j++, gradient++) {
            if (!real)
                continue;
            double sum = 0;
            IrTensor *given = with_duals(setting, jvp, setting->inputs, first, 0);
            given[next].data[j] = 1;
            IrTensor *results = ir_test_run(setting->arena, jvp, setting->batch, given);
            for (int k = first_tangent; k < jvp->output_count; k++)
                for (int64_t l = 0; l < ir_test_count(&results[k], setting->batch); l++)
                    sum += results[k].data[l];
            ir_test_expect(&sum, gradient, 1, 1e-14, arena_print(setting->arena, "jvp: %s", setting->text));
        }
        next += real;
    }
}

/* Both modes of both first derivatives: finite. */
static void expect_finite_second_order(const Setting *setting, IrFunction *derivative)
{
    IrFunction *second[] = {derivative_vjp(setting->cache, derivative, NULL, NULL),
                            grad_jvp(setting->cache, derivative, all_real(derivative))};
    IrTensor *inputs = with_duals(setting, derivative, setting->inputs, setting->function->input_count, 1);
    for (int i = 0; i < 2; i++) {
        IrTensor *given = with_duals(setting, second[i], inputs, derivative->input_count, 0.7);
        IrTensor *results = ir_test_run(setting->arena, second[i], setting->batch, given);
        int first = i == 0 ? 0 : derivative->output_count;
        for (int j = first; j < second[i]->output_count; j++)
            for (int64_t k = 0; k < ir_test_count(&results[j], setting->batch); k++)
                if (!isfinite(results[j].data[k]))
                    fail_msg("%s, second order: %g: %s", i == 0 ? "vjp" : "jvp", results[j].data[k], setting->text);
    }
}

static void check_point(int64_t batch, const char *text, const double *point, const double *gradient, bool twice)
{
    Arena arena;
    arena_start(&arena, NULL);
    Setting setting = set_up(&arena, batch, text, point);
    IrFunction *vjp = derivative_vjp(setting.cache, setting.function, NULL, NULL);
    IrFunction *jvp = grad_jvp(setting.cache, setting.function, all_real(setting.function));
    ir_test_verify(setting.function->module);
    expect_vjp(&setting, vjp, gradient);
    expect_jvp(&setting, jvp, gradient);
    if (twice) {
        expect_finite_second_order(&setting, vjp);
        expect_finite_second_order(&setting, jvp);
    }
    arena_end(&arena);
}

#define UNARY(op)  "(%x: sample real) { %y = " op " %x return %y }"
#define BINARY(op) "(%x: sample real, %z: sample real) { %y = " op " %x, %z return %y }"

static void test_singular_points_have_the_tables_values(void **state)
{
    (void)state;
    static const PointCase CASES[] = {
        {UNARY("abs"), {0}, {0}},
        {UNARY("abs"), {-3}, {-1}},
        {UNARY("sign"), {0}, {0}},
        {UNARY("floor"), {2}, {0}},
        {UNARY("sqrt"), {0}, {0}},
        {BINARY("pow"), {0, 0}, {0, 0}},
        {BINARY("pow"), {0, 1}, {1, 0}},
        {BINARY("pow"), {0, 2}, {0, 0}},
        {BINARY("pow"), {-2, 3}, {12, 0}},
        {BINARY("pow"), {-2, 0}, {0, 0}},
        {BINARY("atan2"), {0, 0}, {0, 0}},
        {BINARY("min"), {1, 1}, {1, 0}},
        {BINARY("max"), {1, 1}, {1, 0}},
        {BINARY("min"), {0.0, -0.0}, {1, 0}},
        {"(%x: sample real[3]) { %y = reduce_max %x axes [0] return %y }", {2, 5, 5}, {0, 1, 0}},
        {"(%x: sample real[2, 2]) { %y = reduce_max %x axes [0] return %y }", {1, 5, 1, 5}, {1, 1, 0, 0}},
        {"(%x: sample real[2]) { %s = contract %x, %x \"i,i->\" %y = sqrt %s return %y }", {0, 0}, {0, 0}},
        {"(%x: sample real) { %o = constant real all 1 %n = abs %x %m = sub %n, %o %y = mul %m, %m return %y }",
         {0},
         {0}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        check_point(1, CASES[i].text, CASES[i].point, CASES[i].gradient, true);
}

/* Poles are poles: there the derivative is infinite as the formula says. */
static void test_poles_stay_poles(void **state)
{
    (void)state;
    static const PointCase CASES[] = {
        {UNARY("log"), {0}, {INFINITY}},
        {BINARY("div"), {1, 0}, {INFINITY, -INFINITY}},
        {BINARY("pow"), {0, 0.5}, {INFINITY, 0}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Arena arena;
        arena_start(&arena, NULL);
        Setting setting = set_up(&arena, 1, CASES[i].text, CASES[i].point);
        expect_vjp(&setting, derivative_vjp(setting.cache, setting.function, NULL, NULL), CASES[i].gradient);
        arena_end(&arena);
    }
}

/* where(x > 0, BRANCH, x), the branch computed from %x. */
#define WHERE(branch)                                                                                                  \
    "(%x: sample real) { %zero = constant real all 0 %c = less %zero, %x " branch " %y = select %c, %b, %x return %y " \
    "}"

static void test_a_branch_not_taken_gives_zero(void **state)
{
    (void)state;
    static const PointCase CASES[] = {
        {WHERE("%b = log %x"), {0}, {1}},
        {WHERE("%b = log %x"), {-1}, {1}},
        {WHERE("%b = log %x"), {4}, {0.25}},
        {WHERE("%b = sqrt %x"), {-1}, {1}},
        {WHERE("%b = div %x, %x"), {0}, {1}},
        {WHERE("%o = constant real all 1 %b = div %o, %x"), {0}, {1}},
        {WHERE("%m = neg %x %e = constant real all 800 %l = mul %m, %e %b = exp %l"), {-1}, {1}},
        {WHERE("%l = log %x %b = log %l"), {0}, {1}},
        {WHERE("%l = log %x %b = mul %l, %l"), {0}, {1}},
        {WHERE("%l = log %x %b = fma %l, %x, %l"), {0}, {1}},
        {WHERE("%e = constant real all -0.5 %b = pow %x, %e"), {0}, {1}},
        {WHERE("%l = log %x %b = atan2 %l, %x"), {0}, {1}},
        {WHERE("%l = log %x %b = tanh %l"), {-1}, {1}},
        {WHERE("%l = log %x %s = sin %l %b = tan %s"), {0}, {1}},
        {WHERE("%l = log %x %n = constant real all 3 %b = max %l, %n"), {-1}, {1}},
        {WHERE("%l = log %x %w = broadcast %l to [3] %r = reduce_sum %w axes [0] %b = mul %r, %x"), {0}, {1}},
        {WHERE("%l = log %x %w = broadcast %l to [3] %b = contract %w, %w \"i,i->\""), {0}, {1}},
        {WHERE("%l = broadcast %x to [2, 2] %r = broadcast %x to [2] %s = solve_triangular %l, %r lower "
               "%b = reduce_sum %s axes [0]"),
         {0},
         {1}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        check_point(1, CASES[i].text, CASES[i].point, CASES[i].gradient, true);
}

/* min, max, slices, gathers, concatenations, takes and exclusive sums choose as well. */
static void test_elements_not_chosen_give_zero(void **state)
{
    (void)state;
    static const PointCase CASES[] = {
        {"(%x: sample real) { %f = constant real all 5 %e = exp %x %y = min %e, %f return %y }", {1000}, {0}},
        {"(%x: sample real[2]) { %l = log %x %y = slice %l axis 0 start 1 length 1 return %y }", {0, 2}, {0, 0.5}},
        {"(%x: sample real[2]) { %l = log %x %y = gather %l axis 0 table {1, 1} return %y }", {0, 2}, {0, 1}},
        {"(%x: sample real[2], %i: sample int32) { %l = log %x %y = take %l, %i return %y }", {0, 2, 1}, {0, 0.5}},
        {"(%x: sample real[2]) { %l = log %x %c = concat %x, %l axis 0 %y = gather %c axis 0 table {0, 3} return %y }",
         {0, 2},
         {1, 0.5}},
        {"(%x: sample real[2]) { %l = log %x %r = reduce_max %l axes [0] return %r }", {0, 2}, {0, 0.5}},
        {"(%x: sample real[3]) { %o = constant real[3] all 1 %d = div %o, %x %y = cumsum %d axis 0 exclusive "
         "return %y }",
         {1, 2, 0},
         {-2, -0.25, 0}},
        {"(%x: sample real[3]) { %l = log %x %m = reshape %l to [3, 1] %t = transpose %m axes [1, 0] "
         "%y = slice %t axis 1 start 2 length 1 return %y }",
         {0, 0, 2},
         {0, 0, 0.5}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        check_point(1, CASES[i].text, CASES[i].point, CASES[i].gradient, true);
}

static void test_branches_of_calls_and_scans(void **state)
{
    (void)state;
    static const PointCase CASES[] = {
        {"function g(%x: sample real) { %l = log %x %y = mul %l, %x return %y }\n"
         "function f(%x: sample real) { %zero = constant real all 0 %c = less %zero, %x %b = call g(%x) "
         "%y = select %c, %b, %x return %y }",
         {0},
         {1}},
        {"function g(%x: sample real) { %l = log %x return %l }\n"
         "function h(%x: sample real) { %l = call g(%x) %m = mul %l, %l return %m }\n"
         "function f(%x: sample real) { %zero = constant real all 0 %c = less %zero, %x %b = call h(%x) "
         "%y = select %c, %b, %x return %y }",
         {-1},
         {1}},
        {"function g(%l: sample real, %x: sample real) { %zero = constant real all 0 %c = less %zero, %x "
         "%m = mul %l, %l %n = mul %m, %x %y = select %c, %n, %x return %y }\n"
         "function f(%x: sample real) { %l = log %x %y = call g(%l, %x) return %y }",
         {0},
         {1}},
        {"function next(%i: scalar int32, %a: sample real, %l: sample real, %x: sample real) { "
         "%zero = constant real all 0 %c = less %zero, %x %m = mul %l, %a %n = select %c, %m, %a return %n }\n"
         "function f(%x: sample real) { %l = log %x %y = scan next(%x; ; %l, %x) length 2 return %y }",
         {0},
         {1}},
        {"function next(%i: scalar int32, %a: sample real) { %l = log %a return %l }\n"
         "function f(%x: sample real) { %zero = constant real all 0 %c = less %zero, %x "
         "%b = scan next(%x; ; ) length 3 %y = select %c, %b, %x return %y }",
         {-1},
         {1}},
        {"function next(%i: scalar int32, %a: sample real, %x: sample real) { %o = constant real all 1 "
         "%d = div %o, %x %n = mul %a, %d return %n, %d }\n"
         "function f(%x: sample real) { %zero = constant real all 0 %c = less %zero, %x %s = constant real all 1 "
         "%b, %d = scan next(%s; ; %x) length 3 %y = select %c, %b, %x return %y }",
         {0},
         {1}},
        {"function each(%i: scalar int32, %r: sample real) { %l = log %r return %l }\n"
         "function f(%x: sample real[3]) { %l = scan each(; %x; ) length 3 %y = slice %l axis 0 start 1 length 1 "
         "return %y }",
         {0, 2, 0},
         {0, 0.5, 0}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        check_point(1, CASES[i].text, CASES[i].point, CASES[i].gradient, true);
}

/* Results that nobody reads are not taken either: the last value of a scan, one of a call's whose pair serves two. */
static void test_results_not_read_give_zero(void **state)
{
    (void)state;
    static const PointCase CASES[] = {
        {"function next(%i: scalar int32, %a: sample real) { %l = log %a return %l, %a }\n"
         "function f(%x: sample real) { %l, %starts = scan next(%x; ; ) length 2 %y = reduce_sum %starts axes [0] "
         "return %y }",
         {1},
         {2}},
        {"function g(%x: sample real) { %l = log %x %s = mul %x, %x return %l, %s }\n"
         "function f(%x: sample real, %z: sample real) { %a, %b = call g(%x) %c, %d = call g(%z) %y = add %a, %d "
         "return %y }",
         {2, 0},
         {0.5, 0}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        check_point(1, CASES[i].text, CASES[i].point, CASES[i].gradient, false);
}

/* A cotangent that is zero by chance, not because a branch was not taken, has a derivative: where(x > 0, log(x)^2, x)
 * has the second derivative 2 (1 - log x) / x^2. */
static void test_second_derivatives_where_a_cotangent_is_zero(void **state)
{
    (void)state;
    static const double POINTS[][2] = {{1, 1}, {2, 1}, {-1, 1}};
    for (int i = 0; i < 3; i++) {
        Arena arena;
        arena_start(&arena, NULL);
        double x = POINTS[i][0], gradient[2] = {x > 0 ? 2 * (1 - log(x)) / (x * x) : 0, x > 0 ? 2 * log(x) / x : 1};
        Setting setting = set_up(&arena, 1, WHERE("%l = log %x %b = mul %l, %l"), POINTS[i]);
        Setting slope = setting;
        slope.function = derivative_vjp(setting.cache, setting.function, NULL, NULL);
        slope.inputs = with_duals(&setting, slope.function, setting.inputs, 1, 1);
        expect_vjp(&slope, derivative_vjp(slope.cache, slope.function, NULL, NULL), gradient);
        expect_jvp(&slope, grad_jvp(slope.cache, slope.function, all_real(slope.function)), gradient);
        arena_end(&arena);
    }
}

/* Some samples take the branch, others do not: a parameter's cotangent sums over those that do. */
static void test_samples_choose_for_themselves(void **state)
{
    (void)state;
    const char *text = "(%x: sample real, %w: parameter real) { %zero = constant real all 0 %c = less %zero, %x "
                       "%l = log %x %b = mul %l, %w %y = select %c, %b, %x return %y }";
    check_point(3, text, (const double[]){0, 4, -1, 3}, (const double[]){1, 0.75, 1, log(4)}, true);
    text = "(%x: sample real, %w: parameter real) { %zero = constant real all 0 %c = less %zero, %x "
           "%l = log %x %b = mul %l, %w %t = select %c, %b, %x %y = batch_sum %t return %y }";
    check_point(3, text, (const double[]){0, 4, -1, 3}, (const double[]){1, 0.75, 1, log(4)}, true);
    text = "(%x: sample real[2], %w: parameter real[2]) { %zero = constant real[2] all 0 %c = less %zero, %x "
           "%l = log %x %b = contract %l, %w \"i,i->\" %s = reduce_sum %x axes [0] %none = constant real all 0 "
           "%positive = less %none, %s %y = select %positive, %b, %none return %y }";
    check_point(2, text, (const double[]){1, 2, 0, -3, 5, 7}, (const double[]){5, 3.5, 0, 0, 0, log(2)}, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_singular_points_have_the_tables_values),
        cmocka_unit_test(test_poles_stay_poles),
        cmocka_unit_test(test_a_branch_not_taken_gives_zero),
        cmocka_unit_test(test_elements_not_chosen_give_zero),
        cmocka_unit_test(test_branches_of_calls_and_scans),
        cmocka_unit_test(test_results_not_read_give_zero),
        cmocka_unit_test(test_second_derivatives_where_a_cotangent_is_zero),
        cmocka_unit_test(test_samples_choose_for_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
