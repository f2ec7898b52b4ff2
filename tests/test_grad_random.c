/* SPDX-License-Identifier: MIT */
/* Differentiation of random modules: both modes agree, and agree with central differences; again for the functions that
 * come out. */
#include "tests/grad_helpers.h"
#include "tests/ir_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { BATCH = 3, MODULES = 150 };

static const IrRandomOptions SMOOTH = {.batch = BATCH, .function_count = 4, .op_count = 14, .smooth = true};
static const IrRandomOptions ANY = {.batch = BATCH, .function_count = 4, .op_count = 14};

/* Differences see through a stopped gradient: it becomes an op that changes nothing. */
static void let_gradients_pass(IrModule *module)
{
    for (int i = 0; i < module->function_count; i++)
        for (int j = 0; j < module->functions[i]->op_count; j++) {
            IrOp *op = &module->functions[i]->ops[j];
            if (op->code != IR_STOP_GRADIENT)
                continue;
            op->code = IR_RESHAPE;
            op->type = *ir_type_of(module->functions[i], op->operands[0]);
            op->type.kind = IR_KIND_CONSTANT;
        }
}

static void check_main(Arena *arena, IrModule *module, double differences)
{
    IrFunction *function = ir_test_find(module, "main");
    TestRandom random = {7};
    IrTensor *inputs = ir_test_random_inputs(arena, function, BATCH, &random, -1, 1);
    grad_test_check(arena, function, BATCH, inputs, &random, 1e-11, differences);
}

static void check_smooth(Arena *arena, IrModule *module)
{
    let_gradients_pass(module);
    check_main(arena, module, 1e-7);
}

static void check_any(Arena *arena, IrModule *module)
{
    check_main(arena, module, 0);
}

/* A scalar: the sum over the real outputs of `function`, their elements and samples. */
static IrFunction *sum_of_outputs(IrFunction *function)
{
    IrModule *module = function->module;
    IrId *map = ARENA_ARRAY(module->arena, IrId, function->value_count);
    IrId *results = ARENA_ARRAY(module->arena, IrId, function->output_count);
    IrFunction *total = ir_function_like(module, function, "total", map);
    IrBuilder builder = {.function = total};
    ir_call(&builder, function, function->input_count, total->inputs, results);
    IrId sum = ir_constant(&builder, 0.0);
    for (int i = 0; i < function->output_count; i++) {
        if (ir_type_of(total, results[i])->element != IR_REAL)
            continue;
        IrId part = ir_reduce_all(&builder, IR_REDUCE_SUM, results[i]);
        if (ir_type_of(total, part)->kind == IR_KIND_SAMPLE)
            part = ir_unary(&builder, IR_BATCH_SUM, part);
        sum = ir_binary(&builder, IR_ADD, sum, part);
    }
    ir_output(total, "total", sum);
    return total;
}

/* The gradient, differentiated: rules of rules. */
static void check_second_order(Arena *arena, IrModule *module, double differences)
{
    IrFunction *total = sum_of_outputs(ir_test_find(module, "main"));
    IrFunction *gradient =
        grad_value_and_gradient(grad_cache_new(module), total, 0, grad_test_real_inputs(total), "gradient");
    TestRandom random = {7};
    IrTensor *inputs = ir_test_random_inputs(arena, total, BATCH, &random, -1, 1);
    grad_test_check(arena, gradient, BATCH, inputs, &random, 1e-10, differences);
}

static void check_smooth_twice(Arena *arena, IrModule *module)
{
    let_gradients_pass(module);
    check_second_order(arena, module, 1e-6);
}

static void check_any_twice(Arena *arena, IrModule *module)
{
    check_second_order(arena, module, 0);
}

static void test_derivatives_of_smooth_modules(void **state)
{
    (void)state;
    ir_random_for_each(1, MODULES, &SMOOTH, check_smooth);
}

static void test_modes_agree_on_any_module(void **state)
{
    (void)state;
    ir_random_for_each(1001, MODULES, &ANY, check_any);
}

static void test_second_derivatives_of_smooth_modules(void **state)
{
    (void)state;
    ir_random_for_each(1, MODULES, &SMOOTH, check_smooth_twice);
}

static void test_modes_agree_on_gradients(void **state)
{
    (void)state;
    ir_random_for_each(1001, MODULES, &ANY, check_any_twice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_derivatives_of_smooth_modules, ir_random_tell_seed),
        cmocka_unit_test_teardown(test_modes_agree_on_any_module, ir_random_tell_seed),
        cmocka_unit_test_teardown(test_second_derivatives_of_smooth_modules, ir_random_tell_seed),
        cmocka_unit_test_teardown(test_modes_agree_on_gradients, ir_random_tell_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
