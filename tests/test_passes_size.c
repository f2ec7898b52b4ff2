/* SPDX-License-Identifier: MIT */
/* Passes on large modules: the time grows with the number of ops and no faster. The bound is far above what is needed
 * (a tenth of a second for each), and far below what a walk through all ops for each op would take. */
#include "compiler/passes/passes.h"

#include "tests/ir_helpers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

enum { OPS = 100000, SECONDS_MAX = 20 };

static IrFunction *new_function(Arena *arena, int rank, int64_t size)
{
    IrFunction *function = ir_function_new(ir_module_new(arena, "large"), "f");
    ir_input(function, "x", ir_type(IR_REAL, IR_KIND_SAMPLE, rank, &size));
    return function;
}

static void expect_fast(IrFunction *function, IrId output)
{
    ir_output(function, NULL, output);
    clock_t begin = clock();
    for (const Pass *pass = PASSES; pass->name; pass++)
        pass->run(function->module);
    double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    ir_test_verify(function->module);
    if (seconds > SECONDS_MAX)
        fail_msg("%.1f s", seconds);
}

/* Sums of earlier values of which many have the same sum of ids. */
static void test_sums(void **state)
{
    IrFunction *function = new_function(*state, 0, 0);
    IrBuilder builder = {.function = function};
    IrId value = 0;
    for (int i = 0; i < OPS / 2; i++)
        value = ir_unary(&builder, i % 2 == 0 ? IR_TANH : IR_SIN, value);
    for (int i = 0; i < OPS / 2; i++)
        value = ir_binary(&builder, IR_ADD, i, OPS / 2 - i);
    expect_fast(function, value);
}

/* A product with a number, again and again. */
static void test_numbers(void **state)
{
    IrFunction *function = new_function(*state, 0, 0);
    IrBuilder builder = {.function = function};
    IrId value = 0;
    for (int i = 0; i < OPS / 2; i++)
        value = ir_binary(&builder, i % 3 == 0 ? IR_DIV : IR_MUL, value, ir_constant(&builder, 1 + i % 5));
    expect_fast(function, value);
}

/* A vector taken apart, put together, and taken apart again. */
static void test_elements(void **state)
{
    enum { SIZE = OPS / 5 };
    IrFunction *function = new_function(*state, 1, SIZE);
    IrBuilder builder = {.function = function};
    IrId *elements = ARENA_ARRAY(*state, IrId, SIZE);
    for (int i = 0; i < SIZE; i++)
        elements[i] = ir_unary(&builder, IR_EXP, ir_slice(&builder, 0, 0, i, 1));
    IrId joined = ir_concat(&builder, 0, SIZE, elements);
    for (int i = 0; i < SIZE; i++)
        elements[i] = ir_unary(&builder, IR_SIN, ir_slice(&builder, joined, 0, SIZE - 1 - i, 1));
    expect_fast(function, ir_concat(&builder, 0, SIZE, elements));
}

/* A vector that grows by one element at a time. */
static void test_growing_vector(void **state)
{
    IrFunction *function = new_function(*state, 1, 1);
    IrBuilder builder = {.function = function};
    IrId value = 0;
    for (int i = 0; i < OPS / 10; i++) {
        IrId pieces[] = {value, ir_unary(&builder, IR_EXP, ir_slice(&builder, value, 0, i / 2, 1))};
        value = ir_concat(&builder, 0, 2, pieces);
    }
    expect_fast(function, value);
}

/* Elements picked from a choice of elements that were picked before, each time from two vectors in turn. */
static void test_picks_of_picks(void **state)
{
    static const int64_t MIXED[] = {0, 2, 1, 3}, FRONT[] = {0, 2};
    IrFunction *function = new_function(*state, 1, 2);
    IrBuilder builder = {.function = function};
    IrId value = 0;
    for (int i = 0; i < OPS / 4; i++) {
        IrId pieces[] = {value, 0};
        IrId mixed = ir_gather(&builder, ir_concat(&builder, 0, 2, pieces), 0, 4, MIXED);
        value = ir_gather(&builder, mixed, 0, 2, FRONT);
    }
    expect_fast(function, value);
}

/* Functions that call the one before twice and pass on a value that nobody needs. */
static void test_deep_calls(void **state)
{
    IrModule *module = ir_module_new(*state, "large");
    IrType type = ir_type_scalar(IR_REAL, IR_KIND_SAMPLE);
    IrFunction *function = NULL;
    IrId results[2] = {0, 1};
    for (int i = 0; i < OPS / 50; i++) {
        IrFunction *callee = function;
        function = ir_function_new(module, arena_print(*state, "f_%d", i));
        IrBuilder builder = {.function = function};
        results[0] = ir_input(function, "x", type);
        results[1] = ir_input(function, "unused", type);
        for (int j = 0; j < 2 && callee; j++)
            ir_call(&builder, callee, 2, results, results);
        ir_output(function, NULL, callee ? results[0] : ir_unary(&builder, IR_EXP, results[0]));
        ir_output(function, NULL, results[1]);
    }
    function->entry = true;
    expect_fast(function, results[0]);
    assert_int_equal(module->functions[0]->input_count, 1);
}

/* Functions that double what they inline stop before the module is too large. */
static void test_doubling_calls(void **state)
{
    IrModule *module = ir_test_parse(*state, "module m batch 4 function f(%x: sample real) { %s = batch_sum %x "
                                             "%y = sub %x, %s return %y }");
    IrFunction *function = module->functions[0];
    IrId value = 0;
    for (int i = 0; i < 40; i++) {
        IrFunction *callee = function;
        function = ir_function_new(module, arena_print(*state, "f_%d", i));
        IrBuilder builder = {.function = function};
        value = ir_input(function, "x", ir_type_scalar(IR_REAL, IR_KIND_SAMPLE));
        for (int j = 0; j < 2; j++)
            ir_call(&builder, callee, 1, &value, &value);
        if (i < 39)
            ir_output(function, NULL, value);
    }
    expect_fast(function, value);
}

/* Values of up to 2^31 elements, moved about: nothing is looked at place by place. */
static void test_huge_values(void **state)
{
    Arena *arena = *state;
    IrModule *module = ir_test_parse(arena, "module m function f(%x: sample real[1000000000], %y: sample real[1]) {"
                                            "    %a = concat %x, %x axis 0"
                                            "    %b = slice %a axis 0 start 999999999 length 2"
                                            "    %c = scatter_add %y axis 0 table {7} length 2000000000"
                                            "    %d = gather %c axis 0 table {1, 7, 0}"
                                            "    %e = add %a, %c"
                                            "    %g = constant real[1] {0}"
                                            "    %h = broadcast %g to [1000000000, 1] axes [1]"
                                            "    %i = reshape %h to [1000000000]"
                                            "    %j = mul %x, %i"
                                            "    %k = contract %j, %x \"i,i->\""
                                            "    %l = scatter_add %b axis 0 table {5, 3} length 2000000000"
                                            "    %m = add %l, %c"
                                            "    return %b, %d, %e, %k, %m }");
    for (const Pass *pass = PASSES; pass->name; pass++) {
        pass->run(module);
        ir_test_verify(module);
    }
    assert_true(arena->total < (size_t)16 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sums, ir_test_start, ir_test_end),
        cmocka_unit_test_setup_teardown(test_numbers, ir_test_start, ir_test_end),
        cmocka_unit_test_setup_teardown(test_elements, ir_test_start, ir_test_end),
        cmocka_unit_test_setup_teardown(test_growing_vector, ir_test_start, ir_test_end),
        cmocka_unit_test_setup_teardown(test_picks_of_picks, ir_test_start, ir_test_end),
        cmocka_unit_test_setup_teardown(test_deep_calls, ir_test_start, ir_test_end),
        cmocka_unit_test_setup_teardown(test_doubling_calls, ir_test_start, ir_test_end),
        cmocka_unit_test_setup_teardown(test_huge_values, ir_test_start, ir_test_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
