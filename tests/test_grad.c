/* SPDX-License-Identifier: MIT */
/* What differentiation builds: which functions, which residuals, which contractions; no work twice, no zeros added; and
 * values at points where a derivative is singular. */
#include "tests/grad_helpers.h"

#include "compiler/grad/minimum_cut.h"
#include "compiler/passes/passes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- looking at functions ------------------------------------------------------------------------------------- */

static int count_calls(const IrFunction *function, const char *callee)
{
    int count = 0;
    for (int i = 0; i < function->op_count; i++)
        count += function->ops[i].callee && strcmp(function->ops[i].callee->name, callee) == 0;
    return count;
}

/* The contractions in order, "ij,j->i" each, those over the batch with "sum " before, ";" between. */
static const char *list_contractions(Arena *arena, const IrFunction *function)
{
    Text text = text_start(arena);
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        if (op->code == IR_CONTRACT || op->code == IR_BATCH_CONTRACT)
            text_print(&text, "%s%s%s", text.length > 0 ? "; " : "", op->code == IR_BATCH_CONTRACT ? "sum " : "",
                       op->labels);
    }
    return text.bytes;
}

static const char *list_names(Arena *arena, const IrFunction *function, const IrId *ids, int count)
{
    Text text = text_start(arena);
    for (int i = 0; i < count; i++) {
        const char *name = function->values[ids[i]].name;
        text_print(&text, "%s%s", i > 0 ? " " : "", name ? name : "?");
    }
    return text.bytes;
}

static const char *residual_names(Arena *arena, const GradVjp *vjp)
{
    IrId *ids = ARENA_ARRAY(arena, IrId, vjp->residual_count);
    for (int i = 0; i < vjp->residual_count; i++)
        ids[i] = vjp->forward->outputs[vjp->residual_outputs[i]];
    return list_names(arena, vjp->forward, ids, vjp->residual_count);
}

static const char *input_names(Arena *arena, const IrFunction *function)
{
    return list_names(arena, function, function->inputs, function->input_count);
}

/* ---- a flow --------------------------------------------------------------------------------------------------- */

static IrFunction *flow_gradient(Arena *arena)
{
    IrModule *module = ir_test_read(arena, "tests/grad/coupling_flow.ir");
    IrFunction *loss = ir_test_find(module, "loss");
    bool *wanted = grad_test_real_inputs(loss);
    wanted[14] = false; /* kT */
    return grad_value_and_gradient(grad_cache_new(module), loss, 0, wanted, "step");
}

static void test_calls_of_one_function_share_a_pair(void **state)
{
    const IrFunction *step = flow_gradient(*state);
    assert_int_equal(count_calls(step, "coupling_forward"), 2);
    assert_int_equal(count_calls(step, "coupling_backward"), 2);
    assert_int_equal(grad_test_count_ops(step, IR_CALL), 4);
    assert_int_equal(step->module->function_count, 3 + 4 + 1); /* net and coupling: a pair each; and the step */
    assert_true(step->entry);
}

static void test_gradients_stand_in_the_order_of_inputs(void **state)
{
    const IrFunction *step = flow_gradient(*state);
    Text names = text_start(*state);
    for (int i = 0; i < step->output_count; i++)
        text_print(&names, "%s ", step->output_names[i]);
    assert_string_equal(names.bytes,
                        "loss d_w1 d_b1 d_w2 d_b2 d_w3 d_b3 d_bound d_v1 d_c1 d_v2 d_c2 d_v3 d_c3 d_bound_2 ");
    for (int i = 1; i < step->output_count; i++) {
        assert_int_equal(ir_type_of(step, step->outputs[i])->kind, IR_KIND_SHARED);
        assert_true(ir_shape_equal(ir_type_of(step, step->outputs[i]), ir_type_of(step, step->inputs[i - 1])));
    }
}

/* The activations, and of the coupling the two functions' results; the cheap rest is computed again. */
static void test_residuals_are_what_backward_reads(void **state)
{
    const IrFunction *step = flow_gradient(*state);
    const IrFunction *net = ir_test_find(step->module, "net_backward");
    const IrFunction *coupling = ir_test_find(step->module, "coupling_backward");
    assert_string_equal(input_names(*state, net), "w1 w2 w3 x_a y1 y2 d_raw");
    assert_string_equal(input_names(*state, coupling), "w1 w2 w3 bound x y1 y2 tanh_s e d_y d_log_det");
    assert_int_equal(ir_test_find(step->module, "net_forward")->output_count, 1 + 2);
    assert_int_equal(ir_test_find(step->module, "coupling_forward")->output_count, 2 + 4);
}

/* Three products forward, and backward two for each of them, in the forms that are done densely. */
static void test_no_contraction_is_done_twice(void **state)
{
    const IrFunction *step = flow_gradient(*state);
    assert_string_equal(list_contractions(*state, ir_test_find(step->module, "net_forward")),
                        "ij,j->i; ij,j->i; ij,j->i");
    const IrFunction *net = ir_test_find(step->module, "net_backward");
    assert_string_equal(list_contractions(*state, net),
                        "ij,i->j; sum i,j->ij; ij,i->j; sum i,j->ij; ij,i->j; sum i,j->ij");
    assert_int_equal(grad_test_count_ops(net, IR_BATCH_SUM), 3);
    assert_int_equal(grad_test_count_ops(net, IR_TANH), 0);
    assert_int_equal(grad_test_count_ops(ir_test_find(step->module, "coupling_backward"), IR_EXP), 0);
    for (int i = 0; i < net->op_count; i++) /* the matrix stands first in an input's cotangent, as in the forward */
        if (net->ops[i].code == IR_CONTRACT)
            assert_int_equal(ir_type_of(net, net->ops[i].operands[0])->kind, IR_KIND_PARAMETER);
}

/* A gradient that is summed over the batch is an output as it is: nothing waits for the sum inside. */
static void test_sums_over_the_batch_come_last(void **state)
{
    const IrFunction *net = ir_test_find(flow_gradient(*state)->module, "net_backward");
    for (int i = 0; i < net->op_count; i++)
        for (int j = 0; j < net->ops[i].operand_count; j++) {
            int32_t op = net->values[net->ops[i].operands[j]].op;
            assert_false(op >= 0 && ir_op_class(net->ops[op].code) == IR_BATCH);
        }
}

static void test_notes_and_names_are_carried_over(void **state)
{
    const IrFunction *net = ir_test_find(flow_gradient(*state)->module, "net_backward");
    const char *notes[3] = {0};
    int count = 0;
    assert_non_null(strstr(net->note, "w3 tanh(w2 tanh(w1 x + b1) + b2) + b3"));
    for (int i = 0; i < net->op_count; i++)
        if (net->ops[i].note)
            notes[count++] = net->ops[i].note;
    assert_int_equal(count, 3);
    assert_string_equal(notes[0], "backward of: output layer");
    assert_string_equal(notes[1], "backward of: hidden layer 2: tanh(w2 x + b2)");
    assert_string_equal(notes[2], "backward of: hidden layer 1: tanh(w1 x + b1)");
    assert_string_equal(list_names(*state, net, net->outputs, net->output_count),
                        "d_w1 d_b1 d_w2 d_b2 d_w3 d_b3 d_x_a");
}

static void test_gradient_of_a_flow(void **state)
{
    enum { BATCH = 5 };
    Arena *arena = *state;
    IrFunction *step = flow_gradient(arena);
    IrFunction *loss = ir_test_find(step->module, "loss");
    TestRandom random = {3};
    IrTensor *inputs = ir_test_random_inputs(arena, loss, BATCH, &random, 0.2, 1);
    IrTensor one = ir_test_filled(arena, ir_type_of(loss, loss->outputs[0]), BATCH, (double[]){1});
    for (int pass = 0; pass < 2; pass++) { /* as it is built, and after all passes */
        const IrTensor *outputs = ir_test_run(arena, step, BATCH, inputs);
        ir_test_expect(outputs[0].data, ir_test_run(arena, loss, BATCH, inputs)[0].data, 1, 1e-14, "loss");
        for (int i = 0; i < 14; i++) {
            IrTensor expected = ir_test_gradient(arena, loss, BATCH, inputs, i, &one);
            ir_test_expect(outputs[i + 1].data, expected.data, expected.count, 1e-8,
                           loss->values[loss->inputs[i]].name);
        }
        if (pass == 0)
            passes_run(step->module, NULL);
        ir_test_verify(step->module);
        loss = ir_test_find(ir_test_read(arena, "tests/grad/coupling_flow.ir"), "loss");
    }
}

/* ---- residuals ------------------------------------------------------------------------------------------------ */

/* tanh's result is all that its derivative reads: the function is its own forward. */
static void test_an_output_is_its_own_residual(void **state)
{
    IrFunction *function = ir_test_function(*state, 0, "(%x: sample real[3]) { %y = tanh %x return %y }");
    const GradVjp *vjp = grad_test_full_vjp(function);
    assert_ptr_equal(vjp->forward, function);
    assert_int_equal(vjp->residual_count, 1);
    assert_int_equal(vjp->residual_outputs[0], 0);
    assert_int_equal(vjp->backward_input_count, 0);
}

static void test_inputs_are_not_kept_twice(void **state)
{
    IrFunction *function = ir_test_function(*state, 0,
                                            "(%x: sample real[3], %y: sample real[3]) { %p = mul %x, %y "
                                            "%q = mul %p, %y return %q }");
    const GradVjp *vjp = grad_test_full_vjp(function);
    assert_ptr_equal(vjp->forward, function);
    assert_int_equal(vjp->residual_count, 0);
    assert_int_equal(vjp->backward_input_count, 2);
}

/* The activation is kept, not what it was made of: with the number first, the result tells where it was larger. */
static void test_relu_keeps_one_value(void **state)
{
    IrFunction *function = ir_test_function(*state, 0,
                                            "(%w: parameter real[4, 3], %v: parameter real[2, 4], %x: sample real[3]) {"
                                            " %h = contract %w, %x \"ij,j->i\" %zero = constant real[4] all 0"
                                            " %y = max %zero, %h %z = contract %v, %y \"ij,j->i\" return %z }");
    const GradVjp *vjp = grad_test_full_vjp(function);
    assert_string_equal(residual_names(*state, vjp), "y");
    assert_int_equal(grad_test_count_ops(vjp->backward, IR_SELECT), 1);
}

/* x sigmoid(x): its derivative is told by the result, which the weights' gradient reads anyway, and the gate; alone, it
 * is itself kept. */
static void test_gated_values_keep_the_gate(void **state)
{
    Arena *arena = *state;
    IrFunction *layer = ir_test_function(arena, 0,
                                         "(%w: parameter real[3, 3], %v: parameter real[3, 3], %x: sample real[3]) {"
                                         " %h = contract %w, %x \"ij,j->i\" %g = sigmoid %h %y = mul %h, %g"
                                         " %z = contract %v, %y \"ij,j->i\" return %z }");
    IrFunction *alone =
        ir_test_function(arena, 0, "(%x: sample real[3]) { %g = sigmoid %x %y = mul %g, %x return %y }");
    assert_string_equal(residual_names(arena, grad_test_full_vjp(layer)), "g y");
    assert_string_equal(residual_names(arena, grad_test_full_vjp(alone)), "partial");
    TestRandom random = {8};
    grad_test_check(arena, alone, 2, ir_test_random_inputs(arena, alone, 2, &random, -2, 2), &random, 1e-12, 1e-8);
}

/* All that an energy of one coordinate depends on: its force is a formula that the cotangent is multiplied by once. */
static void test_functions_of_one_value_have_a_slope(void **state)
{
    Arena *arena = *state;
    IrFunction *function = ir_test_function(
        arena, 0,
        "(%x: sample real[2]) { %s = slice %x axis 0 start 0 length 1 %four = constant real[1] all 4 %q = mul %s, %s"
        " %e = sub %q, %four %w = mul %q, %e %r = sin %s %y = fma %s, %r, %w return %y }");
    const IrFunction *backward = grad_test_full_vjp(function)->backward;
    int readers = 0;
    for (int i = 0; i < backward->op_count; i++)
        for (int j = 0; j < backward->ops[i].operand_count; j++)
            readers += backward->ops[i].operands[j] == backward->inputs[backward->input_count - 1];
    assert_int_equal(readers, 1);
    TestRandom random = {8};
    grad_test_check(arena, function, 2, ir_test_random_inputs(arena, function, 2, &random, -2, 2), &random, 1e-12,
                    1e-8);
}

/* What is known once for all samples is not differentiated for each: x times a function of a parameter. */
static void test_shared_functions_are_not_differentiated_for_each_sample(void **state)
{
    IrFunction *function = ir_test_function(*state, 4,
                                            "(%p: parameter real[3], %x: sample real[3]) { %q = mul %p, %p %s = sin %p"
                                            " %f = mul %q, %s %y = mul %f, %x return %y }");
    const bool wanted[] = {true, false}, seeded[] = {true};
    const IrFunction *backward = grad_vjp(grad_cache_new(function->module), function, wanted, seeded)->backward;
    int products = 0;
    for (int i = 0; i < backward->op_count; i++)
        products += backward->ops[i].code == IR_MUL &&
                    ir_type_of(backward, backward->ops[i].results[0])->kind == IR_KIND_SAMPLE;
    assert_int_equal(products, 1); /* with x */
}

/* What the forward function computes for the backward one stands where it can be done with what it reads. */
static void test_partials_stand_by_what_they_read(void **state)
{
    IrFunction *function = ir_test_function(
        *state, 0,
        "(%v: parameter real[3, 3], %x: sample real[3]) { %h = contract %v, %x \"ij,j->i\" %e = erf %h %y = mul %h, %e"
        " %z = contract %v, %y \"ij,j->i\" return %z }");
    const IrFunction *forward = grad_test_full_vjp(function)->forward;
    assert_int_equal(grad_test_count_ops(forward, IR_EXP), 1);
    assert_int_equal(forward->ops[forward->op_count - 1].code, IR_CONTRACT);
}

/* A large value is dearer to keep than sigmoid is to compute again. */
static void test_large_values_are_computed_again(void **state)
{
    const char *text = "(%%x: sample real[%d]) { %%g = sigmoid %%x %%p = mul %%x, %%g return %%p }";
    IrFunction *small = ir_test_function(*state, 0, arena_print(*state, text, 64));
    IrFunction *large = ir_test_function(*state, 0, arena_print(*state, text, 4096));
    assert_int_equal(grad_test_full_vjp(small)->residual_count, 1);
    assert_int_equal(grad_test_full_vjp(large)->residual_count, 0);
    assert_int_equal(grad_test_count_ops(grad_test_full_vjp(large)->backward, IR_SIGMOID), 1);
}

/* sin's derivative is there where the forward has the cosine, too. */
static void test_a_function_known_from_the_forward_serves(void **state)
{
    IrFunction *function =
        ir_test_function(*state, 0, "(%x: sample real[3]) { %c = cos %x %s = sin %x return %c, %s }");
    const GradVjp *vjp = grad_test_full_vjp(function);
    assert_int_equal(grad_test_count_ops(vjp->backward, IR_SIN) + grad_test_count_ops(vjp->backward, IR_COS), 0);
    assert_int_equal(vjp->residual_count, 2);
}

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
    assert_string_equal(list_contractions(*state, grad_test_full_vjp(function)->backward), "ij,pi->pj; sum pi,pj->ij");
}

/* Positions behind: the product is done with the rows last, and turned. */
static void test_rows_stand_last_in_dense_products(void **state)
{
    IrFunction *function = ir_test_function(*state, 4,
                                            "(%w: parameter real[3, 2], %x: sample real[2, 5]) { %y = contract %w, %x "
                                            "\"ij,jp->pi\" return %y }");
    const GradVjp *vjp = grad_test_full_vjp(function);
    assert_string_equal(list_contractions(*state, vjp->backward), "ij,pi->pj; sum pi,jp->ij");
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
    assert_string_equal(list_contractions(*state, vjp->backward), "");
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
    assert_int_equal(count_calls(vjp->forward, "layer_forward"), 1);
    assert_int_equal(count_calls(vjp->backward, "layer_backward"), 1);
    const IrFunction *step = ir_test_find(function->module, "layer_backward");
    assert_string_equal(input_names(arena, step), "step d_y d_shift y x w");
    assert_string_equal(list_contractions(arena, step), "ij,i->j; sum i,j->ij");
    const IrFunction *forward = ir_test_find(function->module, "layer_forward");
    assert_string_equal(list_names(arena, forward, forward->outputs, forward->output_count), "y x");
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

/* ---- second order --------------------------------------------------------------------------------------------- */

/* The critic's gradient in x, by reverse mode: a call forward and a call backward with the cotangent 1. */
static IrId critic_gradient(IrFunction *into, GradCache *cache, const IrId *operands)
{
    IrFunction *critic = ir_test_find(into->module, "critic");
    Arena *arena = into->module->arena;
    const bool wanted[] = {false, false, false, false, false, true}, seeded[] = {true};
    const GradVjp *vjp = grad_vjp(cache, critic, wanted, seeded);
    IrBuilder builder = {.function = into};
    IrId *results = ARENA_ARRAY(arena, IrId, vjp->forward->output_count);
    IrId *given = ARENA_ARRAY(arena, IrId, vjp->backward->input_count), gradient;
    int count = 0;
    ir_call(&builder, vjp->forward, critic->input_count, operands, results);
    for (int i = 0; i < vjp->backward_input_count; i++)
        given[count++] = operands[vjp->backward_inputs[i]];
    for (int i = 0; i < vjp->residual_count; i++)
        given[count++] = results[vjp->residual_outputs[i]];
    given[count++] = ir_constant(&builder, 1.0);
    ir_call(&builder, vjp->backward, count, given, &gradient);
    return gradient;
}

/* The loss of the file, with the critic's gradient by reverse mode in the place of the one that is written out. */
static IrFunction *compose_loss(GradCache *cache, const IrFunction *loss)
{
    IrId *map = ARENA_ARRAY(loss->module->arena, IrId, loss->value_count);
    IrFunction *composed = ir_function_like(loss->module, loss, "composed", map);
    for (int i = 0; i < loss->op_count; i++) {
        const IrOp *op = &loss->ops[i];
        IrId operands[6];
        if (!op->callee || strcmp(op->callee->name, "critic_gradient") != 0) {
            ir_copy_op(composed, loss, op, map);
            continue;
        }
        for (int j = 0; j < 6; j++)
            operands[j] = map[op->operands[j]];
        map[op->results[0]] = critic_gradient(composed, cache, operands);
    }
    ir_copy_outputs(composed, loss, map);
    return composed;
}

/* Both losses' gradients in everything, and differences. (Weights 1 and 2 and the vectors go through stopped gradients,
 * which differences do not see.) */
static void test_gradient_penalty(void **state)
{
    enum { BATCH = 8 };
    Arena *arena = *state;
    IrModule *module = ir_test_read(arena, "tests/ir/gradient_penalty.ir");
    IrFunction *loss = ir_test_find(module, "loss");
    GradCache *cache = grad_cache_new(module);
    const bool *wanted = grad_test_real_inputs(loss);
    IrFunction *written = grad_value_and_gradient(cache, loss, 0, wanted, "of_written");
    IrFunction *derived = grad_value_and_gradient(cache, compose_loss(cache, loss), 0, wanted, "of_derived");
    ir_test_verify(module);
    TestRandom random = {5};
    IrTensor *inputs = ir_test_random_inputs(arena, loss, BATCH, &random, -1, 1);
    const IrTensor *results = ir_test_run(arena, derived, BATCH, inputs);
    const IrTensor *expected = ir_test_run(arena, written, BATCH, inputs);
    for (int i = 0; i < derived->output_count; i++)
        ir_test_expect(results[i].data, expected[i].data, ir_test_count(&expected[i], BATCH), 1e-12,
                       derived->output_names[i]);
    static const int SEEN[] = {1, 3, 4, 7, 8, 9, 10}; /* b1, b2, w3, a, c, weight, x */
    IrTensor cotangents[] = {ir_test_filled(arena, ir_type_of(loss, loss->outputs[0]), BATCH, (double[]){1}), {0}, {0}};
    for (size_t i = 0; i < sizeof SEEN / sizeof SEEN[0]; i++) {
        IrTensor difference = ir_test_gradient(arena, loss, BATCH, inputs, SEEN[i], cotangents);
        ir_test_expect(results[3 + SEEN[i]].data, difference.data, ir_test_count(&difference, BATCH), 1e-8,
                       derived->output_names[3 + SEEN[i]]);
    }
}

/* ---- minimum cuts --------------------------------------------------------------------------------------------- */

/* Against all ways to divide the nodes. */
static void test_minimum_cut_against_all_cuts(void **state)
{
    enum { NODES = 9, EDGES = 18, GRAPHS = 500 };
    TestRandom random = {11};
    for (int graph = 0; graph < GRAPHS; graph++) {
        FlowGraph *flow = flow_graph_new(*state, NODES);
        int from[EDGES], to[EDGES];
        int64_t capacity[EDGES];
        for (int i = 0; i < EDGES; i++) {
            from[i] = (int)test_integer(&random, NODES);
            to[i] = (int)test_integer(&random, NODES);
            capacity[i] = test_integer(&random, 10);
            flow_graph_edge(flow, from[i], to[i], capacity[i]);
        }
        int64_t least = INT64_MAX;
        unsigned smallest = 0; /* the intersection of all minimum cuts' source sides */
        for (unsigned sides = 0; sides < 1u << NODES; sides++) {
            int64_t cut = 0;
            if (!(sides & 1) || (sides >> (NODES - 1) & 1))
                continue;
            for (int i = 0; i < EDGES; i++)
                cut += (sides >> from[i] & 1) && !(sides >> to[i] & 1) ? capacity[i] : 0;
            smallest = cut < least ? sides : cut == least ? smallest & sides : smallest;
            least = cut < least ? cut : least;
        }
        bool side[NODES];
        assert_int_equal(flow_graph_cut(flow, 0, NODES - 1, side), least);
        for (int i = 0; i < NODES; i++)
            assert_int_equal(side[i], smallest >> i & 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_of_one_function_share_a_pair),
        cmocka_unit_test(test_gradients_stand_in_the_order_of_inputs),
        cmocka_unit_test(test_residuals_are_what_backward_reads),
        cmocka_unit_test(test_no_contraction_is_done_twice),
        cmocka_unit_test(test_sums_over_the_batch_come_last),
        cmocka_unit_test(test_notes_and_names_are_carried_over),
        cmocka_unit_test(test_gradient_of_a_flow),
        cmocka_unit_test(test_an_output_is_its_own_residual),
        cmocka_unit_test(test_inputs_are_not_kept_twice),
        cmocka_unit_test(test_relu_keeps_one_value),
        cmocka_unit_test(test_gated_values_keep_the_gate),
        cmocka_unit_test(test_functions_of_one_value_have_a_slope),
        cmocka_unit_test(test_shared_functions_are_not_differentiated_for_each_sample),
        cmocka_unit_test(test_partials_stand_by_what_they_read),
        cmocka_unit_test(test_large_values_are_computed_again),
        cmocka_unit_test(test_a_function_known_from_the_forward_serves),
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
        cmocka_unit_test(test_gradient_penalty),
        cmocka_unit_test(test_minimum_cut_against_all_cuts),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
