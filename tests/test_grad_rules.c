/* SPDX-License-Identifier: MIT */
/* What differentiation makes of single ops: slices and gathers without zeros, contractions, solves, scans. */
#include "tests/grad_helpers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* ---- pieces --------------------------------------------------------------------------------------------------- */

static void expect_no_zeros(const IrFunction *function)
{
    for (int i = 0; i < function->op_count; i++)
        if (function->ops[i].code == IR_CONSTANT)
            assert_true(function->ops[i].data[0] != 0);
}

static void test_slices_are_joined_without_zeros(void **state)
{
    IrFunction *function =
        ir_test_function(*state, 0,
                         "(%x: sample real[6]) { %a = slice %x axis 0 start 3 length 3 %b = slice %x axis 0 start 0 "
                         "length 3 %p = mul %a, %b return %p }");
    const GradVjp *vjp = grad_test_full_vjp(function);
    expect_no_zeros(vjp->backward);
    assert_int_equal(grad_test_count_ops(vjp->backward, IR_CONCAT), 1);
    assert_int_equal(grad_test_count_ops(vjp->backward, IR_ADD), 0);
}

/* Elements 0 to 3 and 2 to 5 of six: they are added where they meet, and there alone. */
static void test_overlapping_slices_are_added_where_they_meet(void **state)
{
    Arena *arena = *state;
    IrFunction *function =
        ir_test_function(arena, 0,
                         "(%x: sample real[6]) { %a = slice %x axis 0 start 0 length 4 %b = slice %x axis 0 start 2 "
                         "length 4 return %a, %b }");
    const GradVjp *vjp = grad_test_full_vjp(function);
    const IrTensor operands[] = {
        ir_test_filled(arena, ir_type_of(vjp->backward, vjp->backward->inputs[0]), 1, (double[]){1, 2, 3, 4}),
        ir_test_filled(arena, ir_type_of(vjp->backward, vjp->backward->inputs[1]), 1, (double[]){10, 20, 30, 40})};
    ir_test_expect(ir_test_run(arena, vjp->backward, 1, operands)[0].data, (double[]){1, 2, 13, 24, 30, 40}, 6, 0,
                   "d_x");
    expect_no_zeros(vjp->backward);
    for (int i = 0; i < vjp->backward->op_count; i++)
        if (vjp->backward->ops[i].code == IR_ADD)
            assert_int_equal(ir_type_of(vjp->backward, vjp->backward->ops[i].results[0])->size[0], 2);
}

/* Thirty windows that overlap: not a sum for each pair of them. */
static void test_many_overlapping_slices_stay_few_ops(void **state)
{
    enum { WINDOWS = 30 };
    Arena *arena = *state;
    Text text = text_start(arena);
    text_put(&text, "(%x: sample real[59]) {");
    for (int i = 0; i < WINDOWS; i++)
        text_print(&text, " %%a%d = slice %%x axis 0 start %d length 30 %%b%d = sin %%a%d", i, i, i, i);
    text_put(&text, " return %b0");
    for (int i = 1; i < WINDOWS; i++)
        text_print(&text, ", %%b%d", i);
    text_put(&text, " }");
    IrFunction *function = ir_test_function(arena, 0, text.bytes);
    assert_true(grad_test_full_vjp(function)->backward->op_count < 12 * WINDOWS);
    TestRandom random = {8};
    grad_test_check(arena, function, 1, ir_test_random_inputs(arena, function, 1, &random, -2, 2), &random, 1e-12,
                    1e-8);
}

static void test_gathers_that_hit_each_element_once_are_a_permutation(void **state)
{
    Arena *arena = *state;
    IrFunction *function = ir_test_function(arena, 0,
                                            "(%x: sample real[5]) { %a = gather %x axis 0 table {4, 0, 2} %b = gather "
                                            "%x axis 0 table {3, 1} return %a, %b }");
    const GradVjp *vjp = grad_test_full_vjp(function);
    const IrTensor operands[] = {
        ir_test_filled(arena, ir_type_of(vjp->backward, vjp->backward->inputs[0]), 1, (double[]){1, 2, 3}),
        ir_test_filled(arena, ir_type_of(vjp->backward, vjp->backward->inputs[1]), 1, (double[]){4, 5})};
    ir_test_expect(ir_test_run(arena, vjp->backward, 1, operands)[0].data, (double[]){2, 5, 3, 4, 1}, 5, 0, "d_x");
    assert_int_equal(grad_test_count_ops(vjp->backward, IR_SCATTER_ADD), 0);
    assert_int_equal(grad_test_count_ops(vjp->backward, IR_GATHER), 1);
    expect_no_zeros(vjp->backward);
}

/* ---- contractions --------------------------------------------------------------------------------------------- */

/* Weights on many positions: the sum over positions goes into the product over the batch, the rows of the input's
 * cotangent stand last. */
static void test_weights_on_positions(void **state)
{
    IrFunction *function = ir_test_function(*state, 4,
                                            "(%w: parameter real[3, 2], %x: sample real[5, 2]) { %y = contract %w, %x "
                                            "\"ij,pj->pi\" return %y }");
    assert_string_equal(grad_test_list_contractions(*state, grad_test_full_vjp(function)->backward),
                        "ij,pi->pj; sum pi,pj->ij");
}

/* Positions behind: the product is done with the rows last, and turned. */
static void test_rows_stand_last_in_dense_products(void **state)
{
    IrFunction *function = ir_test_function(*state, 4,
                                            "(%w: parameter real[3, 2], %x: sample real[2, 5]) { %y = contract %w, %x "
                                            "\"ij,jp->pi\" return %y }");
    const GradVjp *vjp = grad_test_full_vjp(function);
    assert_string_equal(grad_test_list_contractions(*state, vjp->backward), "ij,pi->pj; sum pi,jp->ij");
    assert_int_equal(grad_test_count_ops(vjp->backward, IR_TRANSPOSE), 1);
}

/* All kinds of triangular systems, the matrix a parameter or a sample's own. */
static void test_triangular_solves(void **state)
{
    enum { BATCH = 2 };
    Arena *arena = *state;
    for (int flags = 0; flags < 32; flags++) {
        const char *kind = flags & 1 ? "sample" : "parameter", *columns = flags & 2 ? "3, 2" : "3";
        IrFunction *function = ir_test_function(
            arena, 0,
            arena_print(
                arena,
                "(%%l: %s real[3, 3], %%b: sample real[%s]) { %%y = solve_triangular %%l, %%b %s %s %s return %%y }",
                kind, columns, flags & 4 ? "lower" : "", flags & 8 ? "transposed" : "", flags & 16 ? "unit" : ""));
        TestRandom random = {(uint64_t)flags};
        IrTensor *inputs = ir_test_random_inputs(arena, function, BATCH, &random, 0.5, 1.5);
        grad_test_check(arena, function, BATCH, inputs, &random, 1e-12, 1e-8);
    }
}

/* No product without a sum is a contraction: an outer product per sample is two broadcasts and a product. */
static void test_products_without_sums_are_elementwise(void **state)
{
    IrFunction *function = ir_test_function(
        *state, 0, "(%x: sample real[3], %y: sample real[3]) { %s = contract %x, %y \"i,i->\" return %s }");
    const GradVjp *vjp = grad_test_full_vjp(function);
    assert_string_equal(grad_test_list_contractions(*state, vjp->backward), "");
    assert_int_equal(grad_test_count_ops(vjp->backward, IR_MUL), 2);
}

static void test_squares_are_differentiated_once(void **state)
{
    IrFunction *function = ir_test_function(
        *state, 0, "(%x: sample real[3]) { %s = contract %x, %x \"i,i->\" %p = mul %s, %s return %p }");
    const GradVjp *vjp = grad_test_full_vjp(function);
    assert_int_equal(grad_test_count_ops(vjp->backward, IR_ADD), 0);
}

/* Scalars that are parameters: summed within a sample first, over the batch last. */
static void test_broadcast_parameters_are_summed_within_the_sample(void **state)
{
    IrFunction *function =
        ir_test_function(*state, 4,
                         "(%scale: parameter real, %x: sample real[7]) { %wide = broadcast %scale to "
                         "[7] %y = mul %wide, %x return %y }");
    const IrFunction *backward = grad_test_full_vjp(function)->backward;
    const IrOp *last = &backward->ops[backward->values[backward->outputs[0]].op];
    assert_int_equal(last->code, IR_BATCH_SUM);
    assert_int_equal(ir_type_of(backward, last->operands[0])->rank, 0);
}

/* ---- scans ---------------------------------------------------------------------------------------------------- */

static const char STACK[] =
    "module stack batch 4 "
    "note \"a layer: tanh(w x)\" "
    "function layer(%step: scalar int32, %x: sample real[3], %w: parameter real[3, 3], %shift: parameter real[3]) {"
    " %h = contract %w, %x, %shift \"ij,j->i\" %y = tanh %h return %y }"
    "function f(%x: sample real[3], %ws: parameter real[5, 3, 3], %shift: parameter real[3]) {"
    " %y = scan layer(%x; %ws; %shift) length 5 return %y }";

/* One scan each way; the activations are stacked once, as starts: a step's result is the next one's start. */
static void test_scans_are_differentiated_by_scans(void **state)
{
    Arena *arena = *state;
    IrFunction *function = ir_test_find(ir_test_parse(arena, STACK), "f");
    const GradVjp *vjp = grad_test_full_vjp(function);
    assert_int_equal(grad_test_count_calls(vjp->forward, "layer_forward"), 1);
    assert_int_equal(grad_test_count_calls(vjp->backward, "layer_backward"), 1);
    const IrFunction *step = ir_test_find(function->module, "layer_backward");
    assert_string_equal(grad_test_input_names(arena, step), "step d_y d_shift y x w");
    assert_string_equal(grad_test_list_contractions(arena, step), "ij,i->j; sum i,j->ij");
    const IrFunction *forward = ir_test_find(function->module, "layer_forward");
    assert_string_equal(grad_test_list_names(arena, forward, forward->outputs, forward->output_count), "y x");
    for (int i = 0; i < vjp->backward->op_count; i++)
        if (vjp->backward->ops[i].code == IR_SCAN)
            assert_true(vjp->backward->ops[i].reversed);
    TestRandom random = {1};
    IrTensor *inputs = ir_test_random_inputs(arena, function, 4, &random, -1, 1);
    grad_test_check(arena, function, 4, inputs, &random, 1e-12, 1e-8);
}

/* A carried value that enters for each sample and leaves the same for all. */
static void test_a_carried_value_may_lose_its_samples(void **state)
{
    enum { BATCH = 4 };
    Arena *arena = *state;
    IrFunction *function = ir_test_find(
        ir_test_parse(arena, "module m batch 4 function step(%k: scalar int32, %x: sample real, %p: parameter real) {"
                             " %y = mul %p, %p %s = add %x, %p %z = mul %s, %s return %y, %z }"
                             "function f(%x: sample real, %p: parameter real) {"
                             " %y, %zs = scan step(%x; ; %p) length 3 return %y, %zs }"),
        "f");
    TestRandom random = {2};
    IrTensor *inputs = ir_test_random_inputs(arena, function, BATCH, &random, -1, 1);
    grad_test_check(arena, function, BATCH, inputs, &random, 1e-12, 1e-8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices_are_joined_without_zeros),
        cmocka_unit_test(test_overlapping_slices_are_added_where_they_meet),
        cmocka_unit_test(test_many_overlapping_slices_stay_few_ops),
        cmocka_unit_test(test_gathers_that_hit_each_element_once_are_a_permutation),
        cmocka_unit_test(test_weights_on_positions),
        cmocka_unit_test(test_rows_stand_last_in_dense_products),
        cmocka_unit_test(test_triangular_solves),
        cmocka_unit_test(test_products_without_sums_are_elementwise),
        cmocka_unit_test(test_squares_are_differentiated_once),
        cmocka_unit_test(test_broadcast_parameters_are_summed_within_the_sample),
        cmocka_unit_test(test_scans_are_differentiated_by_scans),
        cmocka_unit_test(test_a_carried_value_may_lose_its_samples),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
