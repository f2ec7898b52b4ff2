/* SPDX-License-Identifier: MIT */
/* The simplifier's frame: walks functions, dispatches to the rules, and builds. The rules themselves are in
 * simplify_constants.c, simplify_elementwise.c, simplify_products.c,
 * simplify_structure.c, simplify_gather.c and simplify_reductions.c. */
#include "compiler/passes/simplify.h"

#include "compiler/passes/passes.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- looking ----------------------------------------------------------------------------------------------------- */

const IrOp *simplify_definition(const Simplifier *simplifier, IrId id)
{
    int32_t op = simplifier->draft->values[id].op;
    return op < 0 ? NULL : &simplifier->draft->ops[op];
}

IrId simplify_operand_of(const Simplifier *simplifier, IrId id, IrOpcode code)
{
    const IrOp *op = simplify_definition(simplifier, id);
    return op && op->code == code ? op->operands[0] : -1;
}

bool simplify_is_moderate(double number)
{
    return fabs(number) >= (double)FLT_MIN && fabs(number) <= (double)FLT_MAX;
}

const int64_t *simplify_piece_starts(Simplifier *simplifier, IrId concat)
{
    int index = simplifier->draft->values[concat].op;
    const IrOp *op = &simplifier->draft->ops[index];
    if (index >= simplifier->starts_room) {
        int room = 2 * index + 16;
        simplifier->starts = arena_grow(simplifier->arena, simplifier->starts, (size_t)simplifier->starts_room,
                                        (size_t)room, sizeof simplifier->starts[0]);
        simplifier->starts_room = room;
    }
    if (!simplifier->starts[index]) {
        int64_t *starts = ARENA_ARRAY(simplifier->arena, int64_t, op->operand_count + 1);
        for (int i = 0; i < op->operand_count; i++)
            starts[i + 1] = starts[i] + ir_type_of(simplifier->draft, op->operands[i])->size[op->axis];
        simplifier->starts[index] = starts;
    }
    return simplifier->starts[index];
}

int simplify_find_piece(const int64_t *starts, int pieces, int64_t at)
{
    int low = 0, high = pieces - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (starts[middle] <= at)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* ---- building ---------------------------------------------------------------------------------------------------- */

IrId simplify_unary(Simplifier *simplifier, IrOpcode code, IrId a)
{
    return simplify_emit(simplifier, (IrOp){.code = code, .operand_count = 1, .operands = &a});
}

IrId simplify_binary(Simplifier *simplifier, IrOpcode code, IrId a, IrId b)
{
    IrId operands[] = {a, b};
    return simplify_emit(simplifier, (IrOp){.code = code, .operand_count = 2, .operands = operands});
}

IrId simplify_number(Simplifier *simplifier, IrElement element, double value)
{
    double *data = ARENA_NEW(simplifier->arena, double);
    *data = value;
    IrType type = ir_type_scalar(element, IR_KIND_CONSTANT);
    return simplify_emit(simplifier, (IrOp){.code = IR_CONSTANT, .type = type, .data = data});
}

IrId simplify_filled(Simplifier *simplifier, double value, const IrType *shape)
{
    IrType type = *shape;
    IrId number = simplify_number(simplifier, type.element, value);
    return simplify_broadcast(simplifier, number, &type, 0, NULL);
}

IrId simplify_broadcast(Simplifier *simplifier, IrId a, const IrType *shape, int axis_count, const int64_t *axes)
{
    IrOp op = {.code = IR_BROADCAST, .operand_count = 1, .operands = &a, .type = *shape, .axis_count = axis_count};
    for (int i = 0; i < axis_count; i++)
        op.axes[i] = axes[i];
    return simplify_emit(simplifier, op);
}

IrId simplify_reshape(Simplifier *simplifier, IrId a, int rank, const int64_t *size)
{
    IrType type = ir_type(IR_REAL, IR_KIND_CONSTANT, rank, size);
    return simplify_emit(simplifier, (IrOp){.code = IR_RESHAPE, .operand_count = 1, .operands = &a, .type = type});
}

IrId simplify_slice(Simplifier *simplifier, IrId a, int64_t axis, int64_t start, int64_t length)
{
    IrOp op = {.code = IR_SLICE, .operand_count = 1, .operands = &a, .axis = axis, .start = start, .length = length};
    return simplify_emit(simplifier, op);
}

IrId simplify_take_table(Simplifier *simplifier, IrId a, int64_t axis, int64_t count, const int64_t *table)
{
    IrOp op = {
        .code = IR_GATHER, .operand_count = 1, .operands = &a, .axis = axis, .table_count = count, .table = table};
    return simplify_emit(simplifier, op);
}

IrId simplify_concat(Simplifier *simplifier, int64_t axis, int count, const IrId *values)
{
    IrId *operands = ARENA_ARRAY(simplifier->arena, IrId, count);
    memcpy(operands, values, (size_t)count * sizeof values[0]);
    return simplify_emit(simplifier,
                         (IrOp){.code = IR_CONCAT, .operand_count = count, .operands = operands, .axis = axis});
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

static IrId apply_rules(Simplifier *simplifier, const IrOp *op)
{
    IrId id = simplify_constant(simplifier, op);
    if (id >= 0)
        return id;
    switch (ir_op_class(op->code)) {
    case IR_ELEMENTWISE:
        return simplify_elementwise(simplifier, op);
    case IR_STRUCTURE:
        return op->code == IR_GATHER || op->code == IR_SCATTER_ADD ? simplify_gather(simplifier, op)
                                                                   : simplify_structure(simplifier, op);
    case IR_REDUCTION:
    case IR_PRODUCT:
    case IR_BATCH:
        return simplify_reduction(simplifier, op);
    case IR_DRAW:
    case IR_PROGRAM:
        break;
    }
    return -1;
}

static IrId append(Simplifier *simplifier, IrOp op)
{
    op.span = simplifier->span;
    op.note = simplifier->note;
    simplifier->note = NULL;
    return ir_append(simplifier->draft, op);
}

IrId simplify_emit(Simplifier *simplifier, IrOp op)
{
    IrId id = -1;
    op.result_count = 1;
    if (simplifier->depth < SIMPLIFY_DEPTH_MAX) {
        simplifier->depth++;
        id = apply_rules(simplifier, &op);
        simplifier->depth--;
    }
    return id >= 0 ? id : append(simplifier, op);
}

/* What the callee returns as it came in, or as a constant, or twice, need not come from the call. */
static IrId known_result(Simplifier *simplifier, const IrOp *op, int result, const IrId *results)
{
    const IrFunction *callee = op->callee;
    IrId output = callee->outputs[result];
    const IrOp *definition = callee->values[output].op < 0 ? NULL : &callee->ops[callee->values[output].op];
    if (op->code == IR_SCAN) /* a carried value that no step changes */
        return result < op->carried && output == callee->inputs[result + 1] ? op->operands[result] : -1;
    if (!definition)
        return op->operands[callee->values[output].result];
    for (int i = 0; i < result && i < 64; i++)
        if (callee->outputs[i] == output)
            return results[i];
    if (definition->code == IR_CONSTANT)
        return simplify_emit(simplifier, *definition);
    if (definition->code != IR_BROADCAST)
        return -1;
    const IrValue *value = &callee->values[definition->operands[0]];
    if (value->op < 0 || callee->ops[value->op].code != IR_CONSTANT)
        return -1;
    IrId number = simplify_emit(simplifier, callee->ops[value->op]);
    return simplify_broadcast(simplifier, number, &definition->type, definition->axis_count, definition->axes);
}

static void simplify_program(Simplifier *simplifier, const IrOp *op, IrId *results)
{
    append(simplifier, *op);
    const IrOp *made = &simplifier->draft->ops[simplifier->draft->op_count - 1];
    for (int i = 0; i < made->result_count; i++) {
        IrId known = known_result(simplifier, made, i, results);
        results[i] = known >= 0 ? known : made->results[i];
    }
}

static void rewrite_op(Simplifier *simplifier, const IrFunction *from, const IrOp *op, IrId *map)
{
    IrOp copy = *op;
    IrId *results = ARENA_ARRAY(simplifier->arena, IrId, op->result_count);
    simplifier->span = op->span;
    if (op->note)
        simplifier->note = op->note;
    copy.operands = ARENA_ARRAY(simplifier->arena, IrId, op->operand_count);
    for (int i = 0; i < op->operand_count; i++)
        copy.operands[i] = map[op->operands[i]];
    if (ir_op_class(op->code) == IR_PROGRAM)
        simplify_program(simplifier, &copy, results);
    else
        results[0] = simplify_emit(simplifier, copy);
    for (int i = 0; i < op->result_count; i++) {
        map[op->results[i]] = results[i];
        IrValue *value = &simplifier->draft->values[results[i]];
        if (!value->name)
            value->name = from->values[op->results[i]].name;
    }
}

static void simplify_function(IrFunction *function)
{
    Arena *arena = function->module->arena;
    IrId *map = ARENA_ARRAY(arena, IrId, function->value_count);
    Simplifier simplifier = {.draft = ir_function_draft(function, NULL, map), .arena = arena};
    for (int i = 0; i < function->op_count; i++)
        rewrite_op(&simplifier, function, &function->ops[i], map);
    passes_copy_outputs(simplifier.draft, function, map);
    ir_function_adopt(function, simplifier.draft);
}

void pass_simplify(IrModule *module)
{
    for (int i = 0; i < module->function_count; i++)
        simplify_function(module->functions[i]);
}
