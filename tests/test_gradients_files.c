/* SPDX-License-Identifier: MIT */
/* Derivatives of the hand-written modules of tests/ir: both modes and orders against central differences, and against
 * what the files or closed forms say of derivatives themselves. */
#include "tests/derivative_check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 8 };

/* A file's entry at random inputs in [-1, 1], kT and weights of losses in [0.5, 1.5]. */
typedef struct Case {
    Arena *arena;
    IrModule *module;
    IrFunction *loss;
    GradCache *cache;
    IrTensor *inputs;
} Case;

static Case start_case(Arena *arena, const char *path)
{
    Case c = {.arena = arena, .module = ir_test_read(arena, path)};
    TestRandom random = {77};
    c.loss = ir_test_find(c.module, "loss");
    c.cache = grad_cache_new(c.module);
    c.inputs = ir_test_random_inputs(arena, c.loss, BATCH, &random, -1, 1);
    for (int i = 0; i < c.loss->input_count; i++)
        if (ir_type_of(c.loss, c.loss->inputs[i])->kind == IR_KIND_SCALAR)
            c.inputs[i].data[0] = test_uniform(&random, 0.5, 1.5);
    return c;
}

static void check_file(Arena *arena, const char *path)
{
    Case c = start_case(arena, path);
    derivative_check(arena, c.cache, c.loss, c.inputs, 2, path);
}

static void test_gradient_penalty(void **state)
{
    check_file(*state, "tests/ir/gradient_penalty.ir");
}

static void test_maximum_mean_discrepancy(void **state)
{
    check_file(*state, "tests/ir/maximum_mean_discrepancy.ir");
}

static void test_continuous_flow(void **state)
{
    check_file(*state, "tests/ir/continuous_flow.ir");
}

static void test_equivariant_layer(void **state)
{
    check_file(*state, "tests/ir/equivariant_layer.ir");
}

static void test_convolutional_coupling(void **state)
{
    check_file(*state, "tests/ir/convolutional_coupling.ir");
}

static void test_score_function(void **state)
{
    check_file(*state, "tests/ir/score_function.ir");
}

/* ---- derivatives that files write out --------------------------------------------------------------------------- */

static bool *flag_input(const IrFunction *function, const char *name)
{
    bool *flags = ARENA_ARRAY(function->module->arena, bool, function->input_count);
    for (int i = 0; i < function->input_count; i++)
        flags[i] = strcmp(function->values[function->inputs[i]].name, name) == 0;
    return flags;
}

/* The loss with the critic's written gradient replaced by reverse mode of the critic. */
static IrFunction *compose_penalty(const Case *c)
{
    IrFunction *critic = ir_test_find(c->module, "critic"), *written = ir_test_find(c->module, "critic_gradient");
    IrFunction *slope = derivative_vjp(c->cache, critic, flag_input(critic, "x"), NULL);
    IrId *map = ARENA_ARRAY(c->arena, IrId, c->loss->value_count);
    IrId operands[8];
    IrFunction *composed = ir_function_like(c->module, c->loss, "composed", map);
    IrBuilder builder = {.function = composed};
    for (int i = 0; i < c->loss->op_count; i++) {
        const IrOp *op = &c->loss->ops[i];
        if (op->callee != written) {
            ir_copy_op(composed, c->loss, op, map);
            continue;
        }
        for (int j = 0; j < op->operand_count; j++)
            operands[j] = map[op->operands[j]];
        operands[op->operand_count] = ir_constant(&builder, 1);
        ir_call(&builder, slope, op->operand_count + 1, operands, &map[op->results[0]]);
    }
    ir_copy_outputs(composed, c->loss, map);
    return composed;
}

/* The gradient of a penalty on a gradient: reverse mode of reverse mode. */
static void test_penalty_by_reverse_mode_of_the_critic(void **state)
{
    Case c = start_case(*state, "tests/ir/gradient_penalty.ir");
    IrFunction *composed = compose_penalty(&c);
    derivative_check(c.arena, c.cache, composed, c.inputs, 2, "penalty composed by reverse mode");
    bool *wanted = ARENA_ARRAY(c.arena, bool, c.loss->input_count);
    for (int i = 0; i < c.loss->input_count; i++)
        wanted[i] = ir_type_of(c.loss, c.loss->inputs[i])->kind == IR_KIND_PARAMETER;
    IrFunction *steps[] = {grad_value_and_gradient(c.cache, c.loss, 0, wanted, "step_written"),
                           grad_value_and_gradient(c.cache, composed, 0, wanted, "step_composed")};
    IrTensor *expected = ir_test_run(c.arena, steps[0], BATCH, c.inputs);
    IrTensor *actual = ir_test_run(c.arena, steps[1], BATCH, c.inputs);
    assert_int_equal(steps[0]->output_count, steps[1]->output_count);
    for (int i = 0; i < steps[0]->output_count; i++)
        ir_test_expect(actual[i].data, expected[i].data, expected[i].count, 1e-12, "penalty");
}

/* The divergence that the flow scans for is the trace of forward mode's Jacobian. */
static void test_divergence_is_the_trace(void **state)
{
    Case c = start_case(*state, "tests/ir/continuous_flow.ir");
    IrFunction *field = ir_test_find(c.module, "field");
    IrFunction *jvp = grad_jvp(c.cache, field, flag_input(field, "x"));
    TestRandom random = {3};
    IrTensor *inputs = ir_test_random_inputs(c.arena, jvp, BATCH, &random, -1, 1);
    IrTensor tangent = inputs[field->input_count];
    double trace[BATCH] = {0};
    IrTensor *outputs = NULL;
    for (int axis = 0; axis < 2; axis++) {
        for (int i = 0; i < 2 * BATCH; i++)
            tangent.data[i] = i % 2 == axis;
        outputs = ir_test_run(c.arena, jvp, BATCH, inputs);
        for (int s = 0; s < BATCH; s++)
            trace[s] += outputs[2].data[2 * s + axis];
    }
    ir_test_expect(outputs[1].data, trace, BATCH, 1e-13, "divergence");
}

/* The score-function gradient in the biases: the mean of (r - mean r) (1[spin up] - p), p from the spins drawn before.
 */
static void test_score_function_gradient_is_the_estimator(void **state)
{
    Case c = start_case(*state, "tests/ir/score_function.ir");
    const double *w = ir_test_input(c.loss, c.inputs, "w")->data, *b = ir_test_input(c.loss, c.inputs, "b")->data;
    double kT = ir_test_input(c.loss, c.inputs, "kT")->data[0], reward[BATCH], mean = 0, gradient[4] = {0};
    IrFunction *step = grad_value_and_gradient(c.cache, c.loss, 0, flag_input(c.loss, "b"), "step");
    IrTensor *outputs = ir_test_run(c.arena, step, BATCH, c.inputs);
    for (int s = 0; s < BATCH; s++) {
        const double *spin = outputs[2].data + 4 * s;
        double aligned = spin[0] * spin[1] + spin[1] * spin[2] + spin[2] * spin[3] + spin[3] * spin[0];
        reward[s] = outputs[1].data[s] - aligned / kT;
        mean += reward[s] / BATCH;
    }
    for (int s = 0; s < BATCH; s++)
        for (int i = 0; i < 4; i++) {
            const double *spin = outputs[2].data + 4 * s;
            double logit = b[i];
            for (int j = 0; j < i; j++)
                logit += w[4 * i + j] * spin[j];
            gradient[i] += (reward[s] - mean) * ((spin[i] > 0) - 1 / (1 + exp(-logit))) / BATCH;
        }
    ir_test_expect(outputs[0].data, &mean, 1, 1e-13, "free energy");
    ir_test_expect(outputs[3].data, gradient, 4, 1e-13, "gradient");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient_penalty),
        cmocka_unit_test(test_maximum_mean_discrepancy),
        cmocka_unit_test(test_continuous_flow),
        cmocka_unit_test(test_equivariant_layer),
        cmocka_unit_test(test_convolutional_coupling),
        cmocka_unit_test(test_score_function),
        cmocka_unit_test(test_penalty_by_reverse_mode_of_the_critic),
        cmocka_unit_test(test_divergence_is_the_trace),
        cmocka_unit_test(test_score_function_gradient_is_the_estimator),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
