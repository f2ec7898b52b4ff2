/* SPDX-License-Identifier: MIT */
/* Passes keep the values: each alone, and the pipeline, on random modules and on the hand-written ones, as they stand
 * and differentiated. The interpreter's results before and after agree within 1e-12 (of gradients 1e-11), and what
 * stands afterwards passes the verifier. */
#include "compiler/grad/grad.h"
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

/* What to try: a module, its entry, and the entry's outputs before any pass. */
typedef struct Trial {
    Arena *arena;
    const IrModule *module;
    const IrFunction *entry;
    const IrTensor *expected;
    double tolerance;
} Trial;

/* Runs `pass` (NULL: the pipeline) on a copy of the module and compares the entry's outputs. */
static void expect_same_values(const Trial *trial, const Pass *pass)
{
    IrModule *changed = copy_module(trial->arena, trial->module);
    if (pass)
        pass->run(changed);
    else
        assert_true(passes_run(changed, NULL));
    ir_test_verify(changed);
    const IrFunction *after = ir_test_find(changed, trial->entry->name);
    assert_int_equal(after->input_count, trial->entry->input_count);
    assert_int_equal(after->output_count, trial->entry->output_count);
    IrTensor *actual = run(trial->arena, after);
    for (int i = 0; i < after->output_count; i++)
        for (int64_t sample = 0; sample < trial->module->batch; sample++) {
            /* what passes found to be the same for all samples is given once */
            const IrTensor *expected = &trial->expected[i];
            ir_test_expect(actual[i].data + (actual[i].per_sample ? sample * expected->count : 0),
                           expected->data + (expected->per_sample ? sample * expected->count : 0), expected->count,
                           trial->tolerance, pass ? pass->name : "the pipeline");
        }
}

static void try_all(Arena *arena, const IrModule *module, const char *entry, double tolerance)
{
    Trial trial = {arena, module, ir_test_find(module, entry), .tolerance = tolerance};
    trial.expected = run(arena, trial.entry);
    for (const Pass *pass = PASSES; pass->name; pass++)
        expect_same_values(&trial, pass);
    expect_same_values(&trial, NULL);
}

/* An entry that gives the gradient of a scalar function in all its real inputs, the other entries being none. */
static void add_gradient(IrModule *module, IrFunction *function)
{
    bool *wanted = ARENA_ARRAY(module->arena, bool, function->input_count);
    for (int i = 0; i < function->input_count; i++)
        wanted[i] = ir_type_of(function, function->inputs[i])->element == IR_REAL;
    grad_value_and_gradient(grad_cache_new(module), function, 0, wanted, "gradient");
    for (int i = 0; i < module->function_count; i++)
        module->functions[i]->entry = strcmp(module->functions[i]->name, "gradient") == 0;
}

/* The sum of the first output, which is real, over elements and samples. */
static IrFunction *add_total(IrModule *module, IrFunction *function)
{
    IrId *map = ARENA_ARRAY(module->arena, IrId, function->value_count);
    IrId *results = ARENA_ARRAY(module->arena, IrId, function->output_count);
    IrFunction *total = ir_function_like(module, function, "total", map);
    IrBuilder builder = {.function = total};
    ir_call(&builder, function, function->input_count, total->inputs, results);
    IrId sum = ir_reduce_all(&builder, IR_REDUCE_SUM, results[0]);
    ir_output(total, "total", ir_unary(&builder, IR_BATCH_SUM, sum));
    return total;
}

/* ---- random modules ---------------------------------------------------------------------------------------------- */

static void try_random(Arena *arena, IrModule *module)
{
    try_all(arena, module, "main", 1e-12);
}

static void try_random_gradient(Arena *arena, IrModule *module)
{
    add_gradient(module, add_total(module, ir_test_find(module, "main")));
    try_all(arena, module, "gradient", 1e-11);
}

static const IrRandomOptions WITH_FUNCTIONS = {.batch = 3, .function_count = 4, .op_count = 12};
static const IrRandomOptions FLAT = {.batch = 3, .function_count = 0, .op_count = 40};

static void test_random_modules(void **state)
{
    (void)state;
    ir_random_for_each(1000, 60, &WITH_FUNCTIONS, try_random);
    ir_random_for_each(2000, 60, &FLAT, try_random);
}

static void test_gradients_of_random_modules(void **state)
{
    (void)state;
    ir_random_for_each(3000, 30, &WITH_FUNCTIONS, try_random_gradient);
    ir_random_for_each(4000, 40, &FLAT, try_random_gradient);
}

/* ---- hand-written modules ---------------------------------------------------------------------------------------- */

static const char *const FILES[] = {"gradient_penalty",  "maximum_mean_discrepancy", "continuous_flow",
                                    "equivariant_layer", "convolutional_coupling",   "score_function"};

static IrModule *read_file(Arena *arena, size_t index)
{
    return ir_test_read(arena, arena_print(arena, "tests/ir/%s.ir", FILES[index]));
}

static void test_files(void **state)
{
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++)
        try_all(*state, read_file(*state, i), "loss", 1e-12);
}

static void test_gradients_of_files(void **state)
{
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        IrModule *module = read_file(*state, i);
        add_gradient(module, ir_test_find(module, "loss"));
        try_all(*state, module, "gradient", 1e-11);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_random_modules, ir_random_tell_seed),
        cmocka_unit_test_teardown(test_gradients_of_random_modules, ir_random_tell_seed),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_gradients_of_files),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
