/* SPDX-License-Identifier: MIT */
/* Through which values a derivative flows: dependence of results on operands and of outputs on inputs, called functions
 * and scans included. It looks at ops alone, not at who asks; analysis.c combines it with what is wanted. */
#include "compiler/grad/analysis.h"

#include <string.h>

typedef struct Dependence {
    const IrFunction *function;
    const bool *flags;
    struct Dependence *next;
} Dependence;

/* Whether the op has a derivative in this operand, real values given. */
static bool has_derivative(IrOpcode code, int operand)
{
    switch (code) {
    case IR_NEG:
    case IR_ABS:
    case IR_EXP:
    case IR_LOG:
    case IR_SQRT:
    case IR_TANH:
    case IR_SIGMOID:
    case IR_SOFTPLUS:
    case IR_SIN:
    case IR_COS:
    case IR_TAN:
    case IR_ERF:
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_DIV:
    case IR_POW:
    case IR_ATAN2:
    case IR_MIN:
    case IR_MAX:
    case IR_FMA:
    case IR_BROADCAST:
    case IR_RESHAPE:
    case IR_TRANSPOSE:
    case IR_SLICE:
    case IR_CONCAT:
    case IR_GATHER:
    case IR_SCATTER_ADD:
    case IR_REDUCE_SUM:
    case IR_REDUCE_MAX:
    case IR_CUMSUM:
    case IR_CONTRACT:
    case IR_SOLVE_TRIANGULAR:
    case IR_BATCH_SUM:
    case IR_BATCH_CONTRACT:
    case IR_COLLECT:
    case IR_DISTRIBUTE:
        return true;
    case IR_SELECT:
        return operand > 0;
    case IR_TAKE:
    case IR_PUT:
        return operand == 0;
    case IR_SIGN:
    case IR_FLOOR:
    case IR_LESS:
    case IR_LESS_EQUAL:
    case IR_EQUAL:
    case IR_AND:
    case IR_OR:
    case IR_NOT:
    case IR_TO_REAL:
    case IR_TO_INT:
    case IR_STOP_GRADIENT:
    case IR_CONSTANT:
    case IR_DRAW_NORMAL:
    case IR_DRAW_UNIFORM:
    case IR_CALL: /* by the callee's dependence */
    case IR_SCAN:
    case IR_OPCODE_COUNT:
        break;
    }
    return false;
}

static bool merge(bool *into, const bool *from, int count)
{
    bool more = false;
    for (int i = 0; i < count; i++) {
        more = more || (from[i] && !into[i]);
        into[i] = into[i] || from[i];
    }
    return more;
}

/* Adds to `row` what a callee's output depends on, its carried inputs being replaced by what those depend on. */
static bool merge_step(const IrOp *op, const bool *output, const bool *carried, bool *row)
{
    bool more = false;
    for (int i = 0; i < op->operand_count; i++) {
        if (!output[i + 1])
            continue;
        if (i < op->carried) {
            more = merge(row, carried + (size_t)i * (size_t)op->operand_count, op->operand_count) || more;
        } else {
            more = more || !row[i];
            row[i] = true;
        }
    }
    return more;
}

/* What a carried value depends on grows from step to step, until it does not. */
static const bool *scan_dependence(GradCache *cache, const IrOp *op)
{
    size_t width = (size_t)op->operand_count;
    const bool *step = grad_dependence(cache, op->callee);
    bool *flags = ARENA_ARRAY(cache->arena, bool, (size_t)op->result_count *width);
    for (int i = 0; i < op->carried; i++)
        flags[(size_t)i * width + (size_t)i] = ir_type_of(op->callee, op->callee->inputs[i + 1])->element == IR_REAL;
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < op->result_count; i++)
            more = merge_step(op, step + (size_t)i * (width + 1), flags, flags + (size_t)i * width) || more;
    }
    return flags;
}

bool *grad_scan_varied(GradCache *cache, const IrOp *op, const bool *active)
{
    const bool *step = grad_dependence(cache, op->callee);
    int inputs = op->callee->input_count;
    bool *varied = ARENA_ARRAY(cache->arena, bool, inputs);
    for (int i = 0; i < op->operand_count; i++)
        varied[i + 1] = active[op->operands[i]];
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < op->carried * inputs; i++) {
            int output = i / inputs, input = i % inputs;
            if (step[i] && varied[input] && !varied[output + 1])
                varied[output + 1] = more = true;
        }
    }
    return varied;
}

const bool *grad_op_dependence(GradCache *cache, const IrFunction *function, const IrOp *op)
{
    if (op->code == IR_CALL)
        return grad_dependence(cache, op->callee);
    if (op->code == IR_SCAN)
        return scan_dependence(cache, op);
    bool *flags = ARENA_ARRAY(cache->arena, bool, op->operand_count);
    for (int i = 0; i < op->operand_count; i++)
        flags[i] = has_derivative(op->code, i) && grad_is_real(function, op->operands[i]) &&
                   grad_is_real(function, op->results[0]);
    return flags;
}

const bool *grad_dependence(GradCache *cache, const IrFunction *function)
{
    for (const Dependence *known = cache->dependences; known; known = known->next)
        if (known->function == function)
            return known->flags;

    size_t width = (size_t)function->input_count;
    bool *of = ARENA_ARRAY(cache->arena, bool, (size_t)function->value_count *width);
    for (int i = 0; i < function->input_count; i++)
        of[(size_t)function->inputs[i] * width + (size_t)i] = grad_is_real(function, function->inputs[i]);
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        const bool *flags = grad_op_dependence(cache, function, op);
        for (int j = 0; j < op->result_count; j++)
            for (int k = 0; k < op->operand_count; k++)
                if (flags[j * op->operand_count + k])
                    merge(of + (size_t)op->results[j] * width, of + (size_t)op->operands[k] * width,
                          function->input_count);
    }
    bool *flags = ARENA_ARRAY(cache->arena, bool, (size_t)function->output_count *width);
    for (int i = 0; i < function->output_count; i++)
        for (size_t j = 0; j < width; j++)
            flags[(size_t)i * width + j] = of[(size_t)function->outputs[i] * width + j];

    Dependence *known = ARENA_NEW(cache->arena, Dependence);
    *known = (Dependence){function, flags, cache->dependences};
    cache->dependences = known;
    return flags;
}

/* ---- small helpers -------------------------------------------------------------------------------------------- */

GradCache *grad_cache_new(IrModule *module)
{
    GradCache *cache = ARENA_NEW(module->arena, GradCache);
    cache->module = module;
    cache->arena = module->arena;
    return cache;
}

IrType grad_cotangent_type(const IrType *type)
{
    IrType result = *type;
    result.kind = type->kind == IR_KIND_SAMPLE ? IR_KIND_SAMPLE : IR_KIND_SHARED;
    return result;
}

IrType grad_stacked_type(const IrType *type, int64_t length)
{
    IrType result = *type;
    memmove(result.size + 1, result.size, sizeof result.size[0] * (IR_RANK_MAX - 1));
    result.size[0] = length;
    result.rank++;
    return result;
}

IrFunction *grad_draft(IrModule *module, const char *name)
{
    IrFunction *draft = ARENA_NEW(module->arena, IrFunction);
    draft->name = name;
    draft->module = module;
    draft->position = INT32_MAX; /* behind every callee */
    return draft;
}

void grad_inline(IrFunction *into, const IrFunction *from, const IrId *operands, IrId *results)
{
    IrId *map = ARENA_ARRAY(into->module->arena, IrId, from->value_count);
    for (int i = 0; i < from->input_count; i++)
        map[from->inputs[i]] = operands[i];
    for (int i = 0; i < from->op_count; i++)
        ir_copy_op(into, from, &from->ops[i], map);
    for (int i = 0; i < from->output_count; i++)
        results[i] = map[from->outputs[i]];
}

const char *grad_prefixed_name(Arena *arena, const char *prefix, const char *name)
{
    return name ? arena_print(arena, "%s%s", prefix, name) : NULL;
}

const char *grad_output_name(const IrFunction *function, int output)
{
    const char *name = function->output_names[output];
    return name ? name : function->values[function->outputs[output]].name;
}
