/* SPDX-License-Identifier: MIT */
/* Reverse mode of movements of elements and of reductions. */
#include "compiler/grad/reverse.h"

#include <string.h>

static const IrType *operand_type(const Reverse *reverse, const IrOp *op, int operand)
{
    return ir_type_of(reverse->key->function, op->operands[operand]);
}

/* ---- structure ------------------------------------------------------------------------------------------------ */

/* The sum over the axes that the broadcast made. */
static IrId sum_new_axes(Reverse *reverse, const IrOp *op, IrId d)
{
    int64_t axes[IR_RANK_MAX];
    int count = 0, kept = 0;
    for (int axis = 0; axis < op->type.rank; axis++) {
        if (kept < op->axis_count && op->axes[kept] == axis)
            kept++;
        else
            axes[count++] = axis;
    }
    return count == 0 ? d : ir_reduce(&reverse->rules.builder, IR_REDUCE_SUM, d, count, axes);
}

static IrId transpose_back(Reverse *reverse, const IrOp *op, IrId d)
{
    int64_t axes[IR_RANK_MAX] = {0};
    for (int i = 0; i < op->axis_count; i++)
        axes[op->axes[i]] = i;
    return ir_transpose(&reverse->rules.builder, d, axes);
}

IrId vjp_move(Reverse *reverse, const IrOp *op, IrId d)
{
    const IrType *type = operand_type(reverse, op, 0);
    if (op->code == IR_BROADCAST)
        return sum_new_axes(reverse, op, d);
    if (op->code == IR_RESHAPE)
        return ir_reshape(&reverse->rules.builder, d, type->rank, type->size);
    return transpose_back(reverse, op, d);
}

/* Each operand's share of the result's cotangent. */
static void divide_concat(Reverse *reverse, const IrOp *op, IrId d)
{
    int64_t start = 0;
    for (int i = 0; i < op->operand_count; i++) {
        int64_t size = operand_type(reverse, op, i)->size[op->axis];
        if (reverse->analysis->active[op->operands[i]])
            reverse_add(reverse, op, i,
                        op->operand_count == 1 ? d : ir_slice(&reverse->rules.builder, d, op->axis, start, size));
        start += size;
    }
}

/* TAKE's adjoint is PUT, and the other way round, with the same index. */
static IrId take_or_put(Reverse *reverse, const IrOp *op, IrId d)
{
    IrId operands[] = {d, rules_mapped(&reverse->rules, op, 1)};
    IrOp back = {.code = IR_TAKE, .operand_count = 2, .operands = operands, .span = op->span};
    if (op->code == IR_TAKE) {
        back.code = IR_PUT;
        back.length = operand_type(reverse, op, 0)->size[0];
    }
    return ir_append(reverse->draft, back);
}

void vjp_structure(Reverse *reverse, const IrOp *op, IrId d)
{
    IrBuilder *builder = &reverse->rules.builder;
    switch (op->code) {
    case IR_BROADCAST:
    case IR_RESHAPE:
    case IR_TRANSPOSE:
        reverse_add(reverse, op, 0, vjp_move(reverse, op, d));
        break;
    case IR_SLICE:
        reverse_add_piece(reverse, op, 0, (CotangentPiece){d, op->axis, op->start, op->length, NULL});
        break;
    case IR_GATHER:
        reverse_add_piece(reverse, op, 0, (CotangentPiece){d, op->axis, 0, op->table_count, op->table});
        break;
    case IR_CONCAT:
        divide_concat(reverse, op, d);
        break;
    case IR_SCATTER_ADD:
        reverse_add(reverse, op, 0, ir_gather(builder, d, op->axis, op->table_count, op->table));
        break;
    case IR_TAKE:
    case IR_PUT:
        reverse_add(reverse, op, 0, take_or_put(reverse, op, d));
        break;
    default: /* constants */
        break;
    }
}

/* ---- reductions ----------------------------------------------------------------------------------------------- */

/* The result's cotangent in the operand's shape. */
static IrId widen(Reverse *reverse, const IrOp *op, IrId d)
{
    const IrType type = *operand_type(reverse, op, 0);
    int64_t axes[IR_RANK_MAX];
    int count = 0, reduced = 0;
    for (int axis = 0; axis < type.rank; axis++) {
        if (reduced < op->axis_count && op->axes[reduced] == axis)
            reduced++;
        else
            axes[count++] = axis;
    }
    return count == type.rank ? d : ir_broadcast(&reverse->rules.builder, d, &type, axes);
}

/* The sum from the other end. */
static IrId sum_back(Reverse *reverse, const IrOp *op, IrId d)
{
    IrOp back = *op;
    back.operands = &d;
    back.reversed = !op->reversed;
    back.note = NULL;
    return ir_append(reverse->draft, back);
}

void vjp_reduction(Reverse *reverse, const IrOp *op, IrId d)
{
    Rules *rules = &reverse->rules;
    if (op->code == IR_REDUCE_SUM)
        reverse_add(reverse, op, 0, widen(reverse, op, d));
    else if (op->code == IR_REDUCE_MAX)
        reverse_add(reverse, op, 0, rules_select(rules, rules_first_largest(rules, op), widen(reverse, op, d), -1));
    else
        reverse_add(reverse, op, 0, sum_back(reverse, op, d));
}
