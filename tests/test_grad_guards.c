/* SPDX-License-Identifier: MIT */
/* Derivatives where the forward has none, or where a branch is not taken: zero, never something that is no number; and no
 * guards where none are needed. */
#include "tests/grad_helpers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The derivative of a function of one sample scalar at x, cotangent 1, by both modes, which must agree. */
static double slope(Arena *arena, const char *body, double x)
{
    IrFunction *function = ir_test_function(arena, 0, arena_print(arena, "(%%x: sample real) { %s }", body));
    const bool flag[] = {true};
    const GradVjp *vjp = grad_test_full_vjp(function);
    IrTensor input = ir_test_filled(arena, ir_type_of(function, function->inputs[0]), 1, &x), output, gradient;
    IrTensor one = ir_test_filled(arena, ir_type_of(function, function->inputs[0]), 1, (double[]){1});
    grad_test_run_pair(arena, function, vjp, flag, flag, 1, &input, &one, &output, &gradient);
    IrFunction *jvp = grad_jvp(grad_cache_new(function->module), function, flag);
    IrTensor operands[] = {input, one};
    ir_test_expect(ir_test_run(arena, jvp, 1, operands)[1].data, gradient.data, 1, 1e-15, body);
    ir_test_verify(function->module);
    return gradient.data[0];
}

/* op(x), where x > 0 and 0 elsewhere */
static double taken_slope(Arena *arena, const char *op, double x)
{
    return slope(arena,
                 arena_print(arena,
                             "%%zero = constant real all 0 %%c = less %%zero, %%x %%one = constant real all 1 %%y = %s "
                             "%%r = select %%c, %%y, %%zero return %%r",
                             op),
                 x);
}

static void test_a_branch_not_taken_gives_zero(void **state)
{
    static const char *const OPS[] = {"log %x", "sqrt %x", "div %one, %x", "tan %x", "pow %x, %x"};
    for (size_t i = 0; i < sizeof OPS / sizeof OPS[0]; i++) {
        assert_true(taken_slope(*state, OPS[i], 0) == 0);
        assert_true(taken_slope(*state, OPS[i], -1) == 0);
        assert_true(taken_slope(*state, OPS[i], 0.5) != 0);
    }
}

/* Overflow behind several ops: 1 / (exp(-x) - 1), not taken where exp is infinite. */
static void test_infinite_values_behind_a_branch_do_no_harm(void **state)
{
    static const char *const FORMS[] = {
        "%n = neg %x %e = exp %n %e2 = mul %e, %e %y = sub %e2, %e",
        "%n = neg %x %e = exp %n %y = mul %e, %e",
        "%n = neg %x %e = exp %n %y = contract %e, %x \",->\"",
        "%n = neg %x %e = exp %n %f = add %e, %e %y = fma %e, %f, %x",
        "%n = neg %x %e = exp %n %y = sin %e",
        "%n = neg %x %e = exp %n %y = atan2 %e, %x",
    };
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        const char *body = arena_print(*state,
                                       "%s %%zero = constant real all 0 %%c = less %%zero, %%x %%r = select %%c, %%y, "
                                       "%%zero return %%r",
                                       FORMS[i]);
        assert_true(slope(*state, body, -1000) == 0);
        assert_true(isfinite(slope(*state, body, 0.5)) && slope(*state, body, 0.5) != 0);
    }
}

/* The same behind calls and scans: what is not taken outside may be anything inside. */
static void test_calls_behind_a_branch_do_no_harm(void **state)
{
    static const char TEXT[] =
        "module m function square(%e: sample real) { %y = mul %e, %e return %y }"
        "function step(%k: scalar int32, %x: sample real, %c: shared bool) { %one = constant real all 1"
        " %y = select %c, %one, %x %e = exp %y %z = exp %e return %z }"
        "function of_call(%x: sample real) { %e = exp %x %y = call square(%e) %zero = constant real all 0"
        " %c = less %x, %zero %r = select %c, %y, %zero return %r }"
        "function of_scan(%x: sample real) { %c = constant bool[2] {0, 1} %z = scan step(%x; %c; ) length 2 return %z "
        "}";
    static const char *const NAMES[] = {"of_call", "of_scan"};
    Arena *arena = *state;
    const bool flag[] = {true};
    for (int i = 0; i < 2; i++) {
        IrFunction *function = ir_test_find(ir_test_parse(arena, TEXT), NAMES[i]);
        IrTensor x = ir_test_filled(arena, ir_type_of(function, function->inputs[0]), 1, (double[]){1000}), y, gradient;
        IrTensor one = ir_test_filled(arena, ir_type_of(function, function->inputs[0]), 1, (double[]){1});
        grad_test_run_pair(arena, function, grad_test_full_vjp(function), flag, flag, 1, &x, &one, &y, &gradient);
        assert_true(gradient.data[0] == 0);
    }
}

/* A function of x whose slope is undefined where it is not taken: exp(-2 x) - exp(-x), times p where x > 0. */
static void test_slopes_that_are_not_taken_do_no_harm(void **state)
{
    Arena *arena = *state;
    IrFunction *function = ir_test_function(
        arena, 1,
        "(%x: sample real, %p: sample real) { %n = neg %x %e = exp %n %e2 = mul %e, %e %y = sub %e2, %e %m = mul %y, %p"
        " %zero = constant real all 0 %c = less %zero, %x %r = select %c, %m, %zero return %r }");
    const bool flags[] = {true, true};
    const IrType *type = ir_type_of(function, function->inputs[0]);
    IrTensor one = ir_test_filled(arena, type, 1, (double[]){1}), y, gradients[2];
    IrTensor inputs[] = {ir_test_filled(arena, type, 1, (double[]){-1000}), one};
    grad_test_run_pair(arena, function, grad_test_full_vjp(function), flags, flags, 1, inputs, &one, &y, gradients);
    assert_true(gradients[0].data[0] == 0 && gradients[1].data[0] == 0);
}

static void test_singular_points_have_the_values_of_the_table(void **state)
{
    assert_true(slope(*state, "%y = abs %x return %y", 0) == 0);
    assert_true(slope(*state, "%y = sqrt %x return %y", 0) == 0);
    assert_true(slope(*state, "%y = sign %x return %y", 0) == 0);
    assert_true(slope(*state, "%y = floor %x return %y", 2) == 0);
    assert_true(slope(*state, "%y = atan2 %x, %x return %y", 0) == 0);
    assert_true(slope(*state, "%b = constant real all 0 %y = pow %x, %b return %y", 0) == 0);
    assert_true(slope(*state, "%b = constant real all 1 %y = pow %x, %b return %y", 0) == 1);
    assert_true(slope(*state, "%b = constant real all 2 %y = pow %x, %b return %y", 0) == 0);
    assert_true(slope(*state, "%b = constant real all 2.5 %y = pow %x, %b return %y", 0) == 0);
    assert_true(slope(*state, "%a = constant real all 0 %y = pow %a, %x return %y", 2) == 0);
    assert_true(slope(*state, "%a = constant real all -2 %y = pow %a, %x return %y", 2) == 0);
    assert_true(slope(*state, "%m = stop_gradient %x %y = mul %m, %m return %y", 2) == 0);
    assert_true(slope(*state, "%z = constant real all 0 %y = max %x, %z return %y", 0) == 1);
    assert_true(slope(*state, "%z = constant real all 0 %y = max %z, %x return %y", 0) == 0);
    assert_true(slope(*state, "%z = constant real all 0 %y = min %x, %z return %y", 0) == 1);
    assert_true(slope(*state, "%z = constant real all 0 %y = min %z, %x return %y", 0) == 0);
    assert_true(slope(*state, "%y = max %x, %x return %y", 3) == 1);
}

/* The cotangent goes to the first largest element, in the order of elements, over two axes of three. */
static void test_largest_element_takes_the_cotangent(void **state)
{
    Arena *arena = *state;
    IrFunction *function =
        ir_test_function(arena, 0, "(%x: sample real[2, 2, 3]) { %y = reduce_max %x axes [0, 2] return %y }");
    const bool flag[] = {true};
    IrTensor x = ir_test_filled(arena, ir_type_of(function, function->inputs[0]), 1,
                                (double[]){1, 7, 7, 4, 4, 4, 7, 7, 0, 4, 4, 5}),
             d = ir_test_filled(arena, ir_type_of(function, function->outputs[0]), 1, (double[]){10, 20}), y, gradient;
    grad_test_run_pair(arena, function, grad_test_full_vjp(function), flag, flag, 1, &x, &d, &y, &gradient);
    ir_test_expect(gradient.data, (double[]){0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20}, 12, 0, "d_x");
}

/* Ordinary code carries no guards: sums, products and bounded functions behind a relu or a select of activations. */
static void test_ordinary_code_has_no_guards(void **state)
{
    IrFunction *function = ir_test_function(
        *state, 4,
        "(%w: parameter real[3, 3], %x: sample real[3]) {"
        " %zero = constant real[3] all 0 %one = constant real[3] all 1"
        " %s = sigmoid %x %silu = mul %x, %s %h = contract %w, %silu \"ij,j->i\" %relu = max %zero, %h"
        " %low = min %relu, %zero %e = exp %low %less = sub %e, %one %c = less %zero, %relu"
        " %elu = select %c, %relu, %less %k = contract %w, %elu \"ij,j->i\" %y = max %zero, %k return %y }");
    const GradVjp *vjp = grad_test_full_vjp(function);
    assert_int_equal(grad_test_count_ops(vjp->backward, IR_EQUAL), 0);
    assert_int_equal(grad_test_count_ops(vjp->backward, IR_ABS), 0);
    assert_int_equal(grad_test_count_ops(vjp->backward, IR_SELECT),
                     1); /* the last relu; the rest is a function of %h */
}

/* A root that keeps away from 0 needs no care, one that may be 0 does. */
static void test_roots_away_from_zero_need_no_care(void **state)
{
    IrFunction *away =
        ir_test_function(*state, 0,
                         "(%x: sample real) { %s = mul %x, %x %e = constant real all 0.01 %a = add %s, %e "
                         "%y = sqrt %a return %y }");
    IrFunction *plain = ir_test_function(*state, 0, "(%x: sample real) { %s = mul %x, %x %y = sqrt %s return %y }");
    assert_int_equal(grad_test_count_ops(grad_test_full_vjp(away)->backward, IR_SELECT), 0);
    assert_int_equal(grad_test_count_ops(grad_test_full_vjp(plain)->backward, IR_SELECT), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_branch_not_taken_gives_zero),
        cmocka_unit_test(test_infinite_values_behind_a_branch_do_no_harm),
        cmocka_unit_test(test_calls_behind_a_branch_do_no_harm),
        cmocka_unit_test(test_slopes_that_are_not_taken_do_no_harm),
        cmocka_unit_test(test_singular_points_have_the_values_of_the_table),
        cmocka_unit_test(test_largest_element_takes_the_cotangent),
        cmocka_unit_test(test_ordinary_code_has_no_guards),
        cmocka_unit_test(test_roots_away_from_zero_need_no_care),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
