/* SPDX-License-Identifier: MIT */
/* The simplifier's frame: walks functions, dispatches to the rules, and builds. The rules themselves are in
 * simplify_constants.c, simplify_elementwise.c, simplify_structure.c, simplify_gather.c and simplify_reductions.c. */
#include "compiler/passes/simplify.h"

#include "compiler/passes/passes.h"

#include <string.h>

/* ---- looking ------------------------------------------------------------------------------------------------------
 */

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

/* ---- building -----------------------------------------------------------------------------------------------------
 */

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

/* ---- the walk ------------------------------------------------------------------------------------------------------
 */

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
    op.result_count = 1;
    IrId id = apply_rules(simplifier, &op);
    return id >= 0 ? id : append(simplifier, op);
}

static void rewrite_op(Simplifier *simplifier, const IrFunction *from, const IrOp *op, IrId *map)
{
    IrOp copy = *op;
    simplifier->span = op->span;
    if (op->note)
        simplifier->note = op->note;
    copy.operands = ARENA_ARRAY(simplifier->arena, IrId, op->operand_count);
    for (int i = 0; i < op->operand_count; i++)
        copy.operands[i] = map[op->operands[i]];
    if (ir_op_class(op->code) == IR_PROGRAM)
        append(simplifier, copy);
    else
        map[op->results[0]] = simplify_emit(simplifier, copy);
    for (int i = 0; i < op->result_count; i++) {
        if (ir_op_class(op->code) == IR_PROGRAM)
            map[op->results[i]] = simplifier->draft->ops[simplifier->draft->op_count - 1].results[i];
        IrValue *value = &simplifier->draft->values[map[op->results[i]]];
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
    ir_copy_outputs(simplifier.draft, function, map);
    ir_function_adopt(function, simplifier.draft);
}

void pass_simplify(IrModule *module)
{
    for (int i = 0; i < module->function_count; i++)
        simplify_function(module->functions[i]);
}
