/* SPDX-License-Identifier: MIT */
#include "tests/formula_helpers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

const double K = 1.75, WIDTHS[] = {0.5, 0.25, 2, 1, 3}, SHORT_LIST[] = {1, -1, 0.5};
const double MEANS[3][2] = {{-1, 0.5}, {0.25, -2}, {1.5, 1}};
const char *const NAMES[] = {"left", "right", "up", "down", "beta"};
static const double COUNT = 3, HALF = 0.5;
static const double NEIGHBOURS[5][2] = {{1, 4}, {2, 0}, {3, 1}, {4, 2}, {0, 3}};

static const SpecParameter PARAMETERS[] = {
    {.name = "k", .rank = 0, .data = &K},
    {.name = "n", .rank = 0, .data = &COUNT},
    {.name = "half", .rank = 0, .data = &HALF},
    {.name = "width", .rank = 1, .size = {5}, .data = WIDTHS},
    {.name = "short_list", .rank = 1, .size = {3}, .data = SHORT_LIST},
    {.name = "m", .rank = 2, .size = {3, 2}, .data = &MEANS[0][0]},
    {.name = "near", .rank = 2, .size = {5, 2}, .data = &NEIGHBOURS[0][0]},
};
enum { PARAMETER_COUNT = sizeof PARAMETERS / sizeof PARAMETERS[0] };

FormulaReading *formula_test_read(Arena *arena, TermScope over, const char *text)
{
    FormulaReading *reading = ARENA_NEW(arena, FormulaReading);
    Source *source = ARENA_NEW(arena, Source);
    const char *line = arena_print(arena, "energy:\n%s%s\"\n", PREFIX, text);
    size_t begin = strlen("energy:\n") + strlen(PREFIX);
    *source = (Source){"test.yaml", line, strlen(line)};
    reading->formula =
        (Formula){text, strlen(text), {source, begin, begin + strlen(text), 2, (int)strlen(PREFIX) + 1}, true, NULL};
    ModelSpec spec = {.dimension = DIMENSION, .component_names = NAMES};
    diagnostics_start(&reading->diagnostics, arena);
    const ExprNames *names = expr_names(arena, DIMENSION, NAMES);
    reading->scope = expr_scope(arena, &spec, names, over, PARAMETER_COUNT, PARAMETERS, &reading->diagnostics);
    reading->expr = expr_read(arena, &reading->formula, reading->scope, &reading->diagnostics);
    return reading;
}

const char *formula_test_printed(const FormulaReading *reading)
{
    Text text = text_start(reading->diagnostics.arena);
    diagnostics_print(&reading->diagnostics, &text, 0);
    return text.bytes;
}

IrFunction *formula_test_lower(Arena *arena, TermScope over, const char *text)
{
    FormulaReading *reading = formula_test_read(arena, over, text);
    if (!reading->expr)
        fail_msg("%s", formula_test_printed(reading));
    IrFunction *function = ir_function_new(ir_module_new(arena, "test"), "f");
    const int64_t size[] = {DIMENSION};
    IrId x = ir_input(function, "x", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, size));
    IrBuilder builder = {.function = function};
    IrId elements[DIMENSION] = {0}, *lists[] = {elements};
    const FormulaInputs inputs = {&x, lists, NULL};
    ir_output(function, "value",
              formula_lower(&builder, &reading->formula, reading->expr, reading->scope, &inputs, "note"));
    ir_test_verify(function->module);
    return function;
}

const double *formula_test_points(Arena *arena)
{
    double *points = ARENA_ARRAY(arena, double, SAMPLES *DIMENSION);
    TestRandom random = {11};
    for (int i = 0; i < SAMPLES * DIMENSION; i++)
        points[i] = test_uniform(&random, -2.5, 2.5);
    return points;
}

const double *formula_test_values(Arena *arena, const IrFunction *function)
{
    IrTensor x = ir_test_filled(arena, ir_type_of(function, function->inputs[0]), SAMPLES, formula_test_points(arena));
    IrTensor *outputs = ir_test_run(arena, function, SAMPLES, &x);
    double *values = ARENA_ARRAY(arena, double, SAMPLES);
    for (int s = 0; s < SAMPLES; s++)
        values[s] = outputs[0].data[outputs[0].per_sample ? s : 0];
    return values;
}
