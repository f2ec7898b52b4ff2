/* SPDX-License-Identifier: MIT */
/* Passes keep the values: each alone, and the pipeline, on random modules and on the hand-written ones. The
 * interpreter's results before and after agree within 1e-12, and what stands afterwards passes the verifier. */
#include "compiler/passes/passes.h"

#include "tests/ir_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static IrModule *copy_module(Arena *arena, const IrModule *module)
{
    Text text = text_start(arena);
    ir_print(module, &text);
    return ir_test_parse(arena, text.bytes);
}

static IrTensor *run(Arena *arena, const IrFunction *function)
{
    int64_t batch = function->module->batch;
    TestRandom random = {7};
    return ir_test_run(arena, function, batch, ir_test_random_inputs(arena, function, batch, &random, -1, 1));
}

/* Runs `pass` (NULL: the pipeline) on a copy of the module and compares the entry's outputs. */
static void expect_same_values(Arena *arena, const IrModule *module, const char *entry, const Pass *pass)
{
    const IrFunction *before = ir_test_find(module, entry);
    IrModule *changed = copy_module(arena, module);
    if (pass)
        pass->run(changed);
    else
        assert_true(passes_run(changed, NULL));
    ir_test_verify(changed);
    const IrFunction *after = ir_test_find(changed, entry);
    assert_int_equal(after->input_count, before->input_count);
    assert_int_equal(after->output_count, before->output_count);
    IrTensor *expected = run(arena, before), *actual = run(arena, after);
    for (int i = 0; i < before->output_count; i++)
        for (int64_t sample = 0; sample < module->batch; sample++) {
            /* an output that passes found to be the same for all samples is one still */
            int64_t count = expected[i].count;
            ir_test_expect(actual[i].data + (actual[i].per_sample ? sample * count : 0),
                           expected[i].data + (expected[i].per_sample ? sample * count : 0), count, 1e-12,
                           pass ? pass->name : "the pipeline");
        }
}

static void try_all(Arena *arena, const IrModule *module, const char *entry)
{
    for (const Pass *pass = PASSES; pass->name; pass++)
        expect_same_values(arena, module, entry, pass);
    expect_same_values(arena, module, entry, NULL);
}

static void try_random(Arena *arena, IrModule *module)
{
    try_all(arena, module, "main");
}

static void test_passes_keep_the_values_of_random_modules(void **state)
{
    (void)state;
    const IrRandomOptions training = {.batch = 3, .function_count = 4, .op_count = 12};
    const IrRandomOptions flat = {.batch = 3, .function_count = 0, .op_count = 40};
    ir_random_for_each(1000, 60, &training, try_random);
    ir_random_for_each(2000, 60, &flat, try_random);
}

static void test_passes_keep_the_values_of_the_files(void **state)
{
    static const char *const NAMES[] = {"gradient_penalty",  "maximum_mean_discrepancy", "continuous_flow",
                                        "equivariant_layer", "convolutional_coupling",   "score_function"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        IrModule *module = ir_test_read(*state, arena_print(*state, "tests/ir/%s.ir", NAMES[i]));
        try_all(*state, module, "loss");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_passes_keep_the_values_of_random_modules, ir_random_tell_seed),
        cmocka_unit_test(test_passes_keep_the_values_of_the_files),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
