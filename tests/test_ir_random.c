/* SPDX-License-Identifier: MIT */
/* The generator of random modules: what it makes is verified, runs without errors, is finite, and means the same after
 * it was printed and parsed; and all of the op table comes up. */
#include "tests/ir_random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 3, MODULES = 200 };

static const IrRandomOptions OPTIONS = {.batch = BATCH, .function_count = 4, .op_count = 16};

static IrTensor *run_main(Arena *arena, const IrModule *module)
{
    const IrFunction *function = ir_test_find(module, "main");
    TestRandom random = {99};
    return ir_test_run(arena, function, BATCH, ir_test_random_inputs(arena, function, BATCH, &random, -1, 1));
}

static void expect_finite(Arena *arena, IrModule *module)
{
    const IrFunction *function = ir_test_find(module, "main");
    ir_test_verify(module);
    IrTensor *outputs = run_main(arena, module);
    for (int i = 0; i < function->output_count; i++)
        for (int64_t j = 0; j < ir_test_count(&outputs[i], BATCH); j++)
            assert_true(fabs(outputs[i].data[j]) <= 9);
}

static void test_random_modules_are_sound_and_tame(void **state)
{
    (void)state;
    ir_random_for_each(1, MODULES, &OPTIONS, expect_finite);
}

static void expect_same_text(Arena *arena, IrModule *module)
{
    Text first = text_start(arena), second = text_start(arena);
    ir_print(module, &first);
    IrModule *again = ir_test_parse(arena, first.bytes);
    ir_print(again, &second);
    assert_string_equal(first.bytes, second.bytes);
    IrTensor *before = run_main(arena, module), *after = run_main(arena, again);
    for (int i = 0; i < ir_test_find(module, "main")->output_count; i++)
        assert_memory_equal(before[i].data, after[i].data,
                            (size_t)ir_test_count(&before[i], BATCH) * sizeof before[i].data[0]);
}

static void test_text_keeps_the_values(void **state)
{
    (void)state;
    ir_random_for_each(1, MODULES, &OPTIONS, expect_same_text);
}

static int seen[IR_OPCODE_COUNT];

static void count_ops(Arena *arena, IrModule *module)
{
    (void)arena;
    for (int i = 0; i < module->function_count; i++)
        for (int j = 0; j < module->functions[i]->op_count; j++)
            seen[module->functions[i]->ops[j].code]++;
}

static void test_every_op_comes_up(void **state)
{
    (void)state;
    ir_random_for_each(1, MODULES, &OPTIONS, count_ops);
    for (int code = 0; code < IR_OPCODE_COUNT; code++)
        if (seen[code] < 10)
            fail_msg("%s came up %d times", ir_op_text((IrOpcode)code), seen[code]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_random_modules_are_sound_and_tame, ir_random_tell_seed),
        cmocka_unit_test_teardown(test_text_keeps_the_values, ir_random_tell_seed),
        cmocka_unit_test_teardown(test_every_op_comes_up, ir_random_tell_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
