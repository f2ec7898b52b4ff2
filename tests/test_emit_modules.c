/* SPDX-License-Identifier: MIT */
/* Emitted C against the interpreter: the hand-written modules as they are, through all passes, and with their
 * derivatives; and random modules. */
#include "compiler/grad/grad.h"
#include "compiler/passes/passes.h"
#include "tests/emit_helpers.h"
#include "tests/ir_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const FILES[] = {"continuous_flow",  "convolutional_coupling",   "equivariant_layer",
                                    "gradient_penalty", "maximum_mean_discrepancy", "score_function"};
enum { FILE_COUNT = sizeof FILES / sizeof *FILES };

static const EmitBuild BUILDS[] = {{"gcc", "-O1 -march=native", 32, 64, 64, 1},
                                   {"gcc", "-O1 -fopenmp", 32, 64, 16, 3},
                                   {"gcc", "-O1 -march=native", 32, 1, 64, 1},
                                   {"gcc", "-O1 -march=native", 64, 64, 64, 2},
                                   {"clang", "-O1", 64, 1, 16, 1}};

static void check(EmitCases *cases)
{
    for (size_t i = 0; i < sizeof BUILDS / sizeof *BUILDS; i++)
        emit_cases_check(cases, &BUILDS[i]);
}

static void add_file(EmitCases *cases, Arena *arena, const char *name, bool passes)
{
    const char *path = arena_print(arena, "tests/ir/%s.ir", name);
    int count = ir_test_read(arena, path)->function_count;
    for (int f = 0; f < count; f++) {
        IrModule *module = ir_test_read(arena, path); /* emitting one function may inline others' calls */
        if (passes)
            passes_run(module, NULL);
        if (f < module->function_count)
            emit_cases_add(cases, module, module->functions[f], 70,
                           arena_print(arena, "%s, %s", path, module->functions[f]->name));
    }
}

static void test_hand_written_modules(void **state)
{
    EmitCases *cases = emit_cases_new(*state);
    for (int i = 0; i < FILE_COUNT; i++)
        add_file(cases, *state, FILES[i], false);
    check(cases);
}

/* The loss and its gradient in all parameters, as a training step is made. */
static void add_gradient(EmitCases *cases, Arena *arena, const char *name, bool passes)
{
    IrModule *module = ir_test_read(arena, arena_print(arena, "tests/ir/%s.ir", name));
    IrFunction *loss = ir_test_find(module, "loss");
    bool *wanted = ARENA_ARRAY(arena, bool, loss->input_count + 1);
    for (int i = 0; i < loss->input_count; i++)
        wanted[i] = ir_type_of(loss, loss->inputs[i])->kind == IR_KIND_PARAMETER;
    IrFunction *step = grad_value_and_gradient(grad_cache_new(module), loss, 0, wanted, "step");
    step->entry = true;
    if (passes)
        passes_run(module, NULL);
    emit_cases_add(cases, module, step, 70, arena_print(arena, "%s, step%s", name, passes ? " after passes" : ""));
}

static void test_steps_of_hand_written_modules(void **state)
{
    EmitCases *cases = emit_cases_new(*state);
    for (int i = 0; i < FILE_COUNT; i++) {
        add_file(cases, *state, FILES[i], true);
        add_gradient(cases, *state, FILES[i], false);
        add_gradient(cases, *state, FILES[i], true);
    }
    check(cases);
}

static void add_random(EmitCases *cases, Arena *arena, uint64_t seed, int64_t batch)
{
    IrRandomOptions options = {.batch = batch, .function_count = 3, .op_count = 12};
    IrModule *module = ir_random_module(arena, seed, &options);
    if (seed % 2 == 1)
        passes_run(module, NULL);
    emit_cases_add(cases, module, ir_test_find(module, "main"), 70,
                   arena_print(arena, "random module %llu, batch %lld", (unsigned long long)seed, (long long)batch));
}

static void test_random_modules(void **state)
{
    EmitCases *cases = emit_cases_new(*state);
    const char *first = getenv("SEED"), *count = getenv("COUNT");
    uint64_t seed = first != NULL ? strtoull(first, NULL, 10) : 1;
    for (uint64_t i = 0; i < (count != NULL ? strtoull(count, NULL, 10) : 15); i++)
        add_random(cases, *state, seed + i, (int64_t[]){0, 70, 64}[(seed + i) % 3]);
    check(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hand_written_modules, ir_test_start, ir_test_end),
        cmocka_unit_test_setup_teardown(test_steps_of_hand_written_modules, ir_test_start, ir_test_end),
        cmocka_unit_test_setup_teardown(test_random_modules, ir_test_start, ir_test_end)};
    if (getenv("SEED") != NULL) /* SEED=17 COUNT=1: that random module alone */
        cmocka_set_test_filter("test_random_modules");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
