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

/* Does a reshape from `from` to `to` only put in axes of size 1? Then `kept` says where each axis of `from` went. */
static bool inserts_axes(const IrType *from, const IrType *to, int64_t *kept)
{
    int found = 0;
    for (int axis = 0; axis < to->rank; axis++) {
        if (found < from->rank && from->size[found] == to->size[axis])
            kept[found++] = axis;
        else if (to->size[axis] != 1)
            return false;
    }
    return found == from->rank;
}

static IrId simplify_broadcast_op(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0];
    if (op->axis_count == op->type.rank)
        return a;
    bool constant = type_of(simplifier, a)->kind == IR_KIND_CONSTANT; /* constants are kept as broadcasts */
    if (!constant && ir_type_count(&op->type) == ir_type_count(type_of(simplifier, a)))
        return simplify_reshape(simplifier, a, op->type.rank, op->type.size);
    const IrOp *inner = simplify_definition(simplifier, a);
    int64_t axes[IR_RANK_MAX], kept[IR_RANK_MAX];
    if (!inner)
        return -1;
    if (inner->code == IR_BROADCAST) {
        for (int i = 0; i < inner->axis_count; i++)
            axes[i] = op->axes[inner->axes[i]];
        return simplify_broadcast(simplifier, inner->operands[0], &op->type, inner->axis_count, axes);
    }
    const IrType *from = inner->code == IR_RESHAPE ? type_of(simplifier, inner->operands[0]) : NULL;
    if (!from || !inserts_axes(from, &inner->type, kept))
        return -1;
    for (int i = 0; i < from->rank; i++)
        axes[i] = op->axes[kept[i]];
    return simplify_broadcast(simplifier, inner->operands[0], &op->type, from->rank, axes);
}

/* The axes of size other than 1. */
static int long_axes(const IrType *type, int64_t *axes)
{
    int count = 0;
    for (int axis = 0; axis < type->rank; axis++)
        if (type->size[axis] != 1)
            axes[count++] = axis;
    return count;
}

/* A reshape that only puts in or takes out axes of size 1 of a broadcast: another broadcast. */
static IrId reshape_broadcast(Simplifier *simplifier, const IrOp *op, const IrOp *broadcast)
{
    const IrType *from = type_of(simplifier, broadcast->operands[0]);
    int64_t wide[IR_RANK_MAX], narrow[IR_RANK_MAX], axes[IR_RANK_MAX], size[IR_RANK_MAX];
    int count = long_axes(&broadcast->type, wide), rank = 0;
    if (long_axes(&op->type, narrow) != count)
        return -1;
    for (int i = 0; i < count; i++)
        if (broadcast->type.size[wide[i]] != op->type.size[narrow[i]])
            return -1;
    for (int i = 0; i < broadcast->axis_count; i++) {
        for (int j = 0; j < count; j++) {
            if (wide[j] == broadcast->axes[i]) {
                axes[rank] = narrow[j];
                size[rank++] = from->size[i];
            }
        }
    }
    IrId squeezed = simplify_reshape(simplifier, broadcast->operands[0], rank, size);
    return simplify_broadcast(simplifier, squeezed, &op->type, rank, axes);
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
    return inner && inner->code == IR_BROADCAST ? reshape_broadcast(simplifier, op, inner) : -1;
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

/* ---- slice ------------------------------------------------------------------------------------------------------- */

/* A slice of pieces: the pieces that it touches, cut at both ends. */
static IrId slice_pieces(Simplifier *simplifier, const IrOp *op, const IrOp *concat)
{
    const int64_t *starts = simplify_piece_starts(simplifier, op->operands[0]);
    int64_t end = op->start + op->length;
    int first = simplify_find_piece(starts, concat->operand_count, op->start);
    int last = simplify_find_piece(starts, concat->operand_count, end - 1), count = last - first + 1;
    IrId *pieces = ARENA_ARRAY(simplifier->arena, IrId, count);
    for (int i = 0; i < count; i++) {
        int64_t begin = starts[first + i], stop = starts[first + i + 1];
        int64_t from = op->start > begin ? op->start : begin, to = end < stop ? end : stop;
        pieces[i] = simplify_slice(simplifier, concat->operands[first + i], op->axis, from - begin, to - from);
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

/* ---- concat ------------------------------------------------------------------------------------------------------ */

static const IrOp *nested_concat(const Simplifier *simplifier, IrId id, int64_t axis)
{
    const IrOp *inner = simplify_definition(simplifier, id);
    return inner && inner->code == IR_CONCAT && inner->axis == axis ? inner : NULL;
}

/* The pieces of the concat, those of inner concats along the same axis in their place. */
static int flatten(Simplifier *simplifier, const IrOp *op, IrId **out)
{
    int count = 0;
    for (int i = 0; i < op->operand_count; i++) {
        const IrOp *inner = nested_concat(simplifier, op->operands[i], op->axis);
        count += inner ? inner->operand_count : 1;
    }
    *out = op->operands;
    if (count == op->operand_count || count > SIMPLIFY_PIECES_MAX)
        return op->operand_count;
    *out = ARENA_ARRAY(simplifier->arena, IrId, count);
    for (int i = 0, at = 0; i < op->operand_count; i++) {
        const IrOp *inner = nested_concat(simplifier, op->operands[i], op->axis);
        int pieces = inner ? inner->operand_count : 1;
        memcpy(*out + at, inner ? inner->operands : &op->operands[i], (size_t)pieces * sizeof(IrId));
        at += pieces;
    }
    return count;
}

/* The value that a piece is cut or picked from along the axis: a slice's or gather's operand, else the piece itself. */
static IrId source_of(const Simplifier *simplifier, IrId piece, int64_t axis)
{
    const IrOp *op = simplify_definition(simplifier, piece);
    bool picks = op && (op->code == IR_SLICE || op->code == IR_GATHER) && op->axis == axis;
    return picks ? op->operands[0] : piece;
}

/* Pieces of one source, as one gather. */
static IrId join_picks(Simplifier *simplifier, int64_t axis, const IrId *pieces, int count)
{
    int64_t length = 0, at = 0;
    for (int i = 0; i < count; i++)
        length += type_of(simplifier, pieces[i])->size[axis];
    int64_t *table = ARENA_ARRAY(simplifier->arena, int64_t, length);
    for (int i = 0; i < count; i++) {
        int64_t size = type_of(simplifier, pieces[i])->size[axis];
        const IrOp *op = simplify_definition(simplifier, pieces[i]);
        bool picks = source_of(simplifier, pieces[i], axis) != pieces[i];
        for (int64_t j = 0; j < size; j++)
            table[at++] = !picks ? j : op->code == IR_SLICE ? op->start + j : op->table[j];
    }
    return simplify_take_table(simplifier, source_of(simplifier, pieces[0], axis), axis, length, table);
}

/* Pieces with the same number in every element, as one. */
static IrId join_numbers(Simplifier *simplifier, int64_t axis, const IrId *pieces, int count, double number)
{
    IrType type = *type_of(simplifier, pieces[0]);
    for (int i = 1; i < count; i++)
        type.size[axis] += type_of(simplifier, pieces[i])->size[axis];
    return simplify_filled(simplifier, number, &type);
}

/* How many pieces from the first on can be joined to one: 1 where the first stands alone. */
static int count_joined(const Simplifier *simplifier, int64_t axis, const IrId *pieces, int count, bool *is_number,
                        double *number)
{
    int joined = 1;
    double other;
    *is_number = simplify_is_uniform(simplifier, pieces[0], number);
    if (*is_number) {
        while (joined < count && simplify_is_uniform(simplifier, pieces[joined], &other) &&
               memcmp(number, &other, sizeof other) == 0)
            joined++;
        return joined;
    }
    IrId source = source_of(simplifier, pieces[0], axis);
    int64_t length = type_of(simplifier, pieces[0])->size[axis];
    while (joined < count && source_of(simplifier, pieces[joined], axis) == source) {
        length += type_of(simplifier, pieces[joined])->size[axis];
        if (length > SIMPLIFY_TABLE_MAX)
            break;
        joined++;
    }
    return joined;
}

static IrId simplify_concat_op(Simplifier *simplifier, const IrOp *op)
{
    if (op->operand_count == 1)
        return op->operands[0];
    IrId *pieces;
    int count = flatten(simplifier, op, &pieces), kept = 0;
    IrId *joined = ARENA_ARRAY(simplifier->arena, IrId, count);
    for (int i = 0, run; i < count; i += run) {
        bool is_number;
        double number;
        run = count_joined(simplifier, op->axis, pieces + i, count - i, &is_number, &number);
        joined[kept++] = run == 1    ? pieces[i]
                         : is_number ? join_numbers(simplifier, op->axis, pieces + i, run, number)
                                     : join_picks(simplifier, op->axis, pieces + i, run);
    }
    return kept < op->operand_count || count > op->operand_count ? simplify_concat(simplifier, op->axis, kept, joined)
                                                                 : -1;
}

/* ---- take and put with a known index ----------------------------------------------------------------------------- */

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
