/* SPDX-License-Identifier: MIT */
/* Movements of elements: compositions of two become one, movements that move nothing go. Tables are in
 * simplify_gather.c. */
#include "compiler/passes/simplify.h"

#include <string.h>

static const IrType *type_of(const Simplifier *simplifier, IrId id)
{
    return ir_type_of(simplifier->draft, id);
}

/* Which axis of a broadcast's operand its result axis is, or -1 where the axis is new. */
static int source_axis(const IrOp *broadcast, int64_t axis)
{
    for (int i = 0; i < broadcast->axis_count; i++)
        if (broadcast->axes[i] == axis)
            return i;
    return -1;
}

static IrId simplify_broadcast_op(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0];
    if (op->axis_count == op->type.rank)
        return a;
    const IrOp *inner = simplify_definition(simplifier, a);
    if (!inner || inner->code != IR_BROADCAST)
        return -1;
    int64_t axes[IR_RANK_MAX];
    for (int i = 0; i < inner->axis_count; i++)
        axes[i] = op->axes[inner->axes[i]];
    return simplify_broadcast(simplifier, inner->operands[0], &op->type, inner->axis_count, axes);
}

static IrId simplify_reshape_op(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0];
    if (ir_shape_equal(type_of(simplifier, a), &op->type))
        return a;
    const IrOp *inner = simplify_definition(simplifier, a);
    if (inner && inner->code == IR_RESHAPE)
        return simplify_reshape(simplifier, inner->operands[0], op->type.rank, op->type.size);
    if (inner && inner->code == IR_BROADCAST && inner->axis_count == 0)
        return simplify_broadcast(simplifier, inner->operands[0], &op->type, 0, NULL);
    return -1;
}

/* Does the permutation leave the order of all axes longer than 1 as it is? */
static bool keeps_order(const IrOp *transpose, const IrType *from)
{
    int64_t last = -1;
    for (int i = 0; i < transpose->axis_count; i++) {
        int64_t axis = transpose->axes[i];
        if (from->size[axis] == 1)
            continue;
        if (axis < last)
            return false;
        last = axis;
    }
    return true;
}

static IrId simplify_transpose(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0];
    IrType result;
    if (ir_infer(simplifier->draft, op, &result))
        return -1;
    if (keeps_order(op, type_of(simplifier, a)))
        return simplify_reshape(simplifier, a, result.rank, result.size);
    const IrOp *inner = simplify_definition(simplifier, a);
    if (!inner)
        return -1;
    if (inner->code == IR_BROADCAST && inner->axis_count == 0)
        return simplify_broadcast(simplifier, inner->operands[0], &result, 0, NULL);
    if (inner->code != IR_TRANSPOSE)
        return -1;
    IrOp both = *op;
    IrId from = inner->operands[0];
    both.operands = &from;
    for (int i = 0; i < op->axis_count; i++)
        both.axes[i] = inner->axes[op->axes[i]];
    return simplify_emit(simplifier, both);
}

/* ---- slice and concat -----------------------------------------------------------------------------------------------
 */

/* A slice of pieces: the pieces that it touches, cut at both ends. */
static IrId slice_pieces(Simplifier *simplifier, const IrOp *op, const IrOp *concat)
{
    IrId *pieces = ARENA_ARRAY(simplifier->arena, IrId, concat->operand_count);
    int count = 0;
    int64_t end = op->start + op->length, at = 0;
    for (int i = 0; i < concat->operand_count; i++) {
        int64_t size = type_of(simplifier, concat->operands[i])->size[op->axis];
        int64_t from = op->start > at ? op->start - at : 0;
        int64_t to = end < at + size ? end - at : size;
        if (from < to)
            pieces[count++] = simplify_slice(simplifier, concat->operands[i], op->axis, from, to - from);
        at += size;
    }
    return simplify_concat(simplifier, op->axis, count, pieces);
}

static IrId simplify_slice_op(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0];
    if (op->length == type_of(simplifier, a)->size[op->axis])
        return a;
    const IrOp *inner = simplify_definition(simplifier, a);
    if (!inner)
        return -1;
    if (inner->code == IR_SLICE && inner->axis == op->axis)
        return simplify_slice(simplifier, inner->operands[0], op->axis, inner->start + op->start, op->length);
    if (inner->code == IR_GATHER && inner->axis == op->axis)
        return simplify_take_table(simplifier, inner->operands[0], op->axis, op->length, inner->table + op->start);
    if (inner->code == IR_CONCAT && inner->axis == op->axis)
        return slice_pieces(simplifier, op, inner);
    if (inner->code == IR_BROADCAST && source_axis(inner, op->axis) < 0) {
        IrType shape = inner->type;
        shape.size[op->axis] = op->length;
        return simplify_broadcast(simplifier, inner->operands[0], &shape, inner->axis_count, inner->axes);
    }
    return -1;
}

/* Does `second` begin where `first` ends, both slices of one value along this axis? */
static bool slices_meet(const IrOp *first, const IrOp *second, int64_t axis)
{
    return first && second && first->code == IR_SLICE && second->code == IR_SLICE && first->axis == axis &&
           second->axis == axis && first->operands[0] == second->operands[0] &&
           first->start + first->length == second->start;
}

/* The pieces of the concat, those of inner concats along the same axis in their place. */
static int flatten(Simplifier *simplifier, const IrOp *op, IrId **out)
{
    int count = 0;
    for (int i = 0; i < op->operand_count; i++) {
        const IrOp *inner = simplify_definition(simplifier, op->operands[i]);
        count += inner && inner->code == IR_CONCAT && inner->axis == op->axis ? inner->operand_count : 1;
    }
    *out = ARENA_ARRAY(simplifier->arena, IrId, count);
    for (int i = 0, at = 0; i < op->operand_count; i++) {
        const IrOp *inner = simplify_definition(simplifier, op->operands[i]);
        bool nested = inner && inner->code == IR_CONCAT && inner->axis == op->axis;
        int pieces = nested ? inner->operand_count : 1;
        memcpy(*out + at, nested ? inner->operands : &op->operands[i], (size_t)pieces * sizeof(IrId));
        at += pieces;
    }
    return count;
}

static IrId simplify_concat_op(Simplifier *simplifier, const IrOp *op)
{
    if (op->operand_count == 1)
        return op->operands[0];
    IrId *pieces;
    int count = flatten(simplifier, op, &pieces), kept = 0;
    for (int i = 0; i < count; i++) {
        const IrOp *last = kept > 0 ? simplify_definition(simplifier, pieces[kept - 1]) : NULL;
        const IrOp *next = simplify_definition(simplifier, pieces[i]);
        if (slices_meet(last, next, op->axis))
            pieces[kept - 1] =
                simplify_slice(simplifier, last->operands[0], op->axis, last->start, last->length + next->length);
        else
            pieces[kept++] = pieces[i];
    }
    return kept < op->operand_count || count > op->operand_count ? simplify_concat(simplifier, op->axis, kept, pieces)
                                                                 : -1;
}

/* ---- take and put with a known index
 * ---------------------------------------------------------------------------------- */

/* The known index as a table, or NULL where it is not known or out of range. */
static int64_t *known_index(Simplifier *simplifier, IrId index, int64_t bound)
{
    const double *data = simplify_data(simplifier, index);
    int64_t count = ir_type_count(type_of(simplifier, index));
    if (!data)
        return NULL;
    int64_t *table = ARENA_ARRAY(simplifier->arena, int64_t, count);
    for (int64_t i = 0; i < count; i++) {
        if (!(data[i] >= 0 && data[i] < (double)bound))
            return NULL;
        table[i] = (int64_t)data[i];
    }
    return table;
}

static IrId simplify_take(Simplifier *simplifier, const IrOp *op)
{
    IrType result;
    int64_t *table = known_index(simplifier, op->operands[1], type_of(simplifier, op->operands[0])->size[0]);
    if (!table || ir_infer(simplifier->draft, op, &result))
        return -1;
    int64_t count = ir_type_count(type_of(simplifier, op->operands[1]));
    IrId rows = simplify_take_table(simplifier, op->operands[0], 0, count, table);
    return simplify_reshape(simplifier, rows, result.rank, result.size);
}

static IrId simplify_put(Simplifier *simplifier, const IrOp *op)
{
    const IrType values = *type_of(simplifier, op->operands[0]), index = *type_of(simplifier, op->operands[1]);
    int64_t *table = known_index(simplifier, op->operands[1], op->length);
    if (!table)
        return -1;
    int64_t size[IR_RANK_MAX] = {ir_type_count(&index)};
    int rank = values.rank - index.rank + 1;
    for (int i = 1; i < rank; i++)
        size[i] = values.size[index.rank + i - 1];
    IrId rows = simplify_reshape(simplifier, op->operands[0], rank, size);
    return simplify_emit(simplifier, (IrOp){.code = IR_SCATTER_ADD,
                                            .operand_count = 1,
                                            .operands = &rows,
                                            .length = op->length,
                                            .table_count = size[0],
                                            .table = table});
}

IrId simplify_structure(Simplifier *simplifier, const IrOp *op)
{
    switch (op->code) {
    case IR_BROADCAST:
        return simplify_broadcast_op(simplifier, op);
    case IR_RESHAPE:
        return simplify_reshape_op(simplifier, op);
    case IR_TRANSPOSE:
        return simplify_transpose(simplifier, op);
    case IR_SLICE:
        return simplify_slice_op(simplifier, op);
    case IR_CONCAT:
        return simplify_concat_op(simplifier, op);
    case IR_TAKE:
        return simplify_take(simplifier, op);
    case IR_PUT:
        return simplify_put(simplifier, op);
    default:
        return -1;
    }
}
