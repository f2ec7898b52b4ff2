/* SPDX-License-Identifier: MIT */
/* The IR's text. What is read prints and reads again the same, goes through the passes, is differentiated, and runs where
 * that is cheap. */
#include "tests/fuzz/fuzz_ir.h"

#include "compiler/grad/grad.h"
#include "compiler/ir/interpret.h"
#include "compiler/ir/text.h"
#include "compiler/ir/verify.h"
#include "compiler/passes/passes.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 2 };
static const double COST_MAX = 2e5;

/* ---- what running costs ------------------------------------------------------------------------------------------ */

static double op_cost(const IrFunction *function, const IrOp *op, const double *costs)
{
    double cost = 1 + (double)ir_op_flops(function, op);
    for (int i = 0; i < op->operand_count; i++)
        cost += (double)ir_type_count(ir_type_of(function, op->operands[i]));
    for (int i = 0; i < op->result_count; i++)
        cost += (double)ir_type_count(ir_type_of(function, op->results[i]));
    if (op->callee)
        cost += (op->code == IR_SCAN ? (double)op->length : 1) * (1 + costs[op->callee->position]);
    return cost;
}

static double inputs_cost(const IrFunction *function)
{
    double cost = 0;
    for (int i = 0; i < function->input_count; i++)
        cost += (double)ir_type_count(ir_type_of(function, function->inputs[i]));
    return cost;
}

/* By the position of each function; callees stand before their callers. */
static double *function_costs(const IrModule *module)
{
    double *costs = ARENA_ARRAY(module->arena, double, module->function_count + 1);
    for (int i = 0; i < module->function_count; i++) {
        const IrFunction *function = module->functions[i];
        costs[i] = inputs_cost(function);
        for (int k = 0; k < function->op_count; k++)
            costs[i] += op_cost(function, &function->ops[k], costs);
    }
    return costs;
}

double fuzz_ir_cost(const IrModule *module)
{
    const double *costs = function_costs(module);
    double cost = 0;
    for (int i = 0; i < module->function_count; i++)
        cost += costs[i];
    return cost;
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static IrTensor any_tensor(Arena *arena, const IrType *type, int64_t batch, int number)
{
    IrTensor tensor = {.count = ir_type_count(type), .per_sample = type->kind == IR_KIND_SAMPLE};
    int64_t count = tensor.count * (tensor.per_sample ? batch : 1);
    tensor.data = ARENA_ARRAY(arena, double, count);
    for (int64_t i = 0; i < count; i++)
        tensor.data[i] = type->element == IR_REAL ? (double)((i + number) % 7) / 2 - 1.25 : (double)((i + number) % 2);
    return tensor;
}

void fuzz_ir_run(const IrFunction *function)
{
    Arena *arena = function->module->arena;
    int64_t batch = function->module->batch > 0 ? function->module->batch : SAMPLES;
    if (batch > SAMPLES * SAMPLES)
        return;
    IrTensor *inputs = ARENA_ARRAY(arena, IrTensor, function->input_count + 1);
    IrTensor *outputs = ARENA_ARRAY(arena, IrTensor, function->output_count + 1);
    for (int i = 0; i < function->input_count; i++)
        inputs[i] = any_tensor(arena, ir_type_of(function, function->inputs[i]), batch, i);
    IrRun run = {.arena = arena, .batch = batch, .seed = 17, .step = 3};
    ir_interpret(&run, function, inputs, outputs);
    for (int i = 0; i < function->output_count && !run.error; i++)
        fuzz_check(outputs[i].count == ir_type_count(ir_type_of(function, function->outputs[i])),
                   "an output has the elements of its type");
}

/* ---- derivatives ------------------------------------------------------------------------------------------------- */

void fuzz_ir_verify(const IrModule *module, const char *what)
{
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, module->arena);
    if (ir_verify(module, &diagnostics))
        return;
    Text text = text_start(module->arena);
    diagnostics_print(&diagnostics, &text, 0);
    ir_print(module, &text);
    fuzz_check(0, arena_print(module->arena, "%s keeps the rules of the IR\n%s", what, text.bytes));
}

static bool *flags_of_reals(const IrFunction *function, const IrId *values, int count)
{
    bool *flags = ARENA_ARRAY(function->module->arena, bool, count + 1);
    for (int i = 0; i < count; i++)
        flags[i] = ir_type_of(function, values[i])->element == IR_REAL;
    return flags;
}

void fuzz_ir_differentiate(IrFunction *function)
{
    GradCache *cache = grad_cache_new(function->module);
    const bool *wanted = flags_of_reals(function, function->inputs, function->input_count);
    const bool *seeded = flags_of_reals(function, function->outputs, function->output_count);
    const GradVjp *vjp = grad_vjp(cache, function, wanted, seeded);
    const IrFunction *tangent = grad_jvp(cache, function, wanted);
    fuzz_ir_verify(function->module, "a derivative");
    if (fuzz_ir_cost(function->module) > COST_MAX)
        return;
    fuzz_ir_run(vjp->forward);
    fuzz_ir_run(vjp->backward);
    fuzz_ir_run(tangent);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static IrModule *parse(Arena *arena, const char *bytes, size_t length)
{
    Source *source = ARENA_NEW(arena, Source);
    Diagnostics diagnostics;
    *source = (Source){"FILE", bytes, length};
    diagnostics_start(&diagnostics, arena);
    IrModule *module = ir_parse(arena, source, &diagnostics);
    Text printed = text_start(arena);
    diagnostics_print(&diagnostics, &printed, 0);
    diagnostics_print_json(&diagnostics, &printed);
    fuzz_check((module == NULL) == (diagnostics.error_count > 0), "a module, or an error");
    return module;
}

void fuzz_ir_print(const IrModule *module)
{
    Text once = text_start(module->arena), twice = text_start(module->arena);
    ir_print(module, &once);
    const IrModule *again = parse(module->arena, once.bytes, once.length);
    fuzz_check(again != NULL, "what was printed can be read");
    ir_print(again, &twice);
    fuzz_check(strcmp(once.bytes, twice.bytes) == 0, "what was printed reads and prints the same");
}

static void run_all(const IrModule *module)
{
    int count = module->function_count;
    if (fuzz_ir_cost(module) > COST_MAX)
        return;
    for (int i = 0; i < count; i++)
        fuzz_ir_run(module->functions[i]);
}

void fuzz_ir(const uint8_t *bytes, size_t length)
{
    Arena arena;
    arena_start(&arena, NULL);
    char *text = arena_copy_text(&arena, (const char *)bytes, length);
    IrModule *module = parse(&arena, text, length);
    if (module) {
        fuzz_ir_verify(module, "what was read");
        fuzz_ir_print(module);
        run_all(module);
        if (fuzz_ir_cost(module) < COST_MAX && module->function_count > 0)
            fuzz_ir_differentiate(module->functions[module->function_count - 1]);
        for (const Pass *pass = PASSES; pass->name; pass++) {
            pass->run(module);
            fuzz_ir_verify(module, pass->name);
        }
        run_all(module);
    }
    arena_end(&arena);
}
