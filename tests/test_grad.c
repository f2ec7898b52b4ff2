/* SPDX-License-Identifier: MIT */
/* What differentiation builds of whole functions: which functions, which residuals; no work twice. Single ops are in
 * test_grad_rules.c. */
#include "tests/grad_helpers.h"

#include "compiler/grad/minimum_cut.h"
#include "compiler/passes/passes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* ---- looking at functions ------------------------------------------------------------------------------------- */

static const char *residual_names(Arena *arena, const GradVjp *vjp)
{
    IrId *ids = ARENA_ARRAY(arena, IrId, vjp->residual_count);
    for (int i = 0; i < vjp->residual_count; i++)
        ids[i] = vjp->forward->outputs[vjp->residual_outputs[i]];
    return grad_test_list_names(arena, vjp->forward, ids, vjp->residual_count);
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
    assert_int_equal(grad_test_count_calls(step, "coupling_forward"), 2);
    assert_int_equal(grad_test_count_calls(step, "coupling_backward"), 2);
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
    assert_string_equal(grad_test_input_names(*state, net), "w1 w2 w3 x_a y1 y2 d_raw");
    assert_string_equal(grad_test_input_names(*state, coupling), "w1 w2 w3 bound x y1 y2 tanh_s e d_y d_log_det");
    assert_int_equal(ir_test_find(step->module, "net_forward")->output_count, 1 + 2);
    assert_int_equal(ir_test_find(step->module, "coupling_forward")->output_count, 2 + 4);
}

/* Three products forward, and backward two for each of them, in the forms that are done densely. */
static void test_no_contraction_is_done_twice(void **state)
{
    const IrFunction *step = flow_gradient(*state);
    assert_string_equal(grad_test_list_contractions(*state, ir_test_find(step->module, "net_forward")),
                        "ij,j->i; ij,j->i; ij,j->i");
    const IrFunction *net = ir_test_find(step->module, "net_backward");
    assert_string_equal(grad_test_list_contractions(*state, net),
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
    assert_string_equal(grad_test_list_names(*state, net, net->outputs, net->output_count),
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
        cmocka_unit_test(test_gradient_penalty),
        cmocka_unit_test(test_minimum_cut_against_all_cuts),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
