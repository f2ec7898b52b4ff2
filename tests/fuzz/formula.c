/* SPDX-License-Identifier: MIT */
/* Formulas: what can be read is lowered, differentiated and run. */
#include "compiler/expr/expr.h"
#include "compiler/lower/formula.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_ir.h"

#include <string.h>

enum { DIMENSION = 3 };

static const double K = 1.75, COUNT = 2, LIST[] = {0.5, 0.25, 2}, TABLE[2][2] = {{0, 1}, {2, -1}};

static const SpecParameter PARAMETERS[] = {
    {.name = "k", .rank = 0, .data = &K},
    {.name = "n", .rank = 0, .data = &COUNT},
    {.name = "a", .rank = 1, .size = {DIMENSION}, .data = LIST},
    {.name = "m", .rank = 2, .size = {2, 2}, .data = &TABLE[0][0]},
};
enum { PARAMETER_COUNT = sizeof PARAMETERS / sizeof PARAMETERS[0] };

static const char *const NAMES[] = {"left", "right", "up"};

static void lower(Arena *arena, const Formula *formula, const Expr *expr, const ExprScope *scope)
{
    IrFunction *function = ir_function_new(ir_module_new(arena, "fuzz"), "f");
    const int64_t size[] = {DIMENSION};
    IrId x = ir_input(function, "x", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, size)), elements[DIMENSION] = {0};
    IrId *lists[] = {elements};
    IrBuilder builder = {.function = function};
    const FormulaInputs inputs = {&x, lists, NULL};
    ir_output(function, "value", formula_lower(&builder, formula, expr, scope, &inputs, "note"));
    fuzz_ir_verify(function->module, "a lowered formula");
    if (fuzz_ir_cost(function->module) > 1e4)
        return;
    fuzz_ir_print(function->module);
    fuzz_ir_run(function);
    fuzz_ir_differentiate(function);
}

static void read_formula(const uint8_t *bytes, size_t length, TermScope over)
{
    Arena arena;
    arena_start(&arena, NULL);
    char *text = arena_copy_text(&arena, (const char *)bytes, length);
    Source source = {"FILE", text, length};
    Formula formula = {text, length, {&source, 0, length, 1, 1}, true, NULL};
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, &arena);
    const ModelSpec spec = {.dimension = DIMENSION, .component_names = NAMES};
    const ExprNames *names = expr_names(&arena, DIMENSION, NAMES);
    const ExprScope *scope = expr_scope(&arena, &spec, names, over, PARAMETER_COUNT, PARAMETERS, &diagnostics);
    const Expr *expr = expr_read(&arena, &formula, scope, &diagnostics);
    Text printed = text_start(&arena);
    diagnostics_print(&diagnostics, &printed, 0);
    diagnostics_print_json(&diagnostics, &printed);
    fuzz_check((expr == NULL) == (diagnostics.error_count > 0), "a formula, or an error");
    if (expr)
        lower(&arena, &formula, expr, scope);
    arena_end(&arena);
}

/* YAML has no zero bytes. */
void fuzz_formula(const uint8_t *bytes, size_t length)
{
    const uint8_t *zero = length > 0 ? memchr(bytes, 0, length) : NULL;
    if (zero)
        length = (size_t)(zero - bytes);
    read_formula(bytes, length, SCOPE_NONE);
    read_formula(bytes, length, SCOPE_COMPONENTS);
}
