/* SPDX-License-Identifier: MIT */
/* Gathers and scatters: tables compose, and a table that says something simpler becomes it. What a coupling layer
 * splits and joins, and the next one splits again, ends here as slices and single gathers. */
#include "compiler/passes/simplify.h"

/* Are the entries first, first + 1, ...? */
static bool is_run(const int64_t *table, int64_t count)
{
    for (int64_t i = 1; i < count; i++)
        if (table[i] != table[0] + i)
            return false;
    return true;
}

/* Through an inner movement that is a table or an offset itself. */
static IrId compose(Simplifier *simplifier, const IrOp *op, const IrOp *inner)
{
    int64_t *table = ARENA_ARRAY(simplifier->arena, int64_t, op->table_count);
    for (int64_t i = 0; i < op->table_count; i++)
        table[i] = inner->code == IR_GATHER ? inner->table[op->table[i]] : inner->start + op->table[i];
    return simplify_take_table(simplifier, inner->operands[0], op->axis, op->table_count, table);
}

/* A table over pieces, taken apart: for each entry its piece and its place in the piece. */
typedef struct Pieces {
    int *piece;
    int64_t *place;
    int64_t runs; /* of entries in one piece */
    int touched;  /* pieces that some entry lies in */
    bool *is_touched;
} Pieces;

static Pieces find_pieces(Simplifier *simplifier, const IrOp *op, const IrOp *concat)
{
    Pieces found = {.piece = ARENA_ARRAY(simplifier->arena, int, op->table_count),
                    .place = ARENA_ARRAY(simplifier->arena, int64_t, op->table_count),
                    .is_touched = ARENA_ARRAY(simplifier->arena, bool, concat->operand_count)};
    const int64_t *starts = simplify_piece_starts(simplifier, op->operands[0]);
    for (int64_t i = 0; i < op->table_count; i++) {
        int piece = simplify_find_piece(starts, concat->operand_count, op->table[i]);
        found.piece[i] = piece;
        found.place[i] = op->table[i] - starts[piece];
        found.runs += i == 0 || found.piece[i - 1] != piece;
        found.touched += !found.is_touched[piece];
        found.is_touched[piece] = true;
    }
    return found;
}

/* Whole runs come from one piece each: the pieces are gathered on their own. */
static IrId gather_runs(Simplifier *simplifier, const IrOp *op, const IrOp *concat, const Pieces *found)
{
    IrId *parts = ARENA_ARRAY(simplifier->arena, IrId, found->runs);
    int count = 0;
    for (int64_t begin = 0, end; begin < op->table_count; begin = end) {
        for (end = begin + 1; end < op->table_count && found->piece[end] == found->piece[begin];)
            end++;
        parts[count++] = simplify_take_table(simplifier, concat->operands[found->piece[begin]], op->axis, end - begin,
                                             found->place + begin);
    }
    return simplify_concat(simplifier, op->axis, count, parts);
}

/* Pieces that no entry lies in need not be joined. */
static IrId drop_pieces(Simplifier *simplifier, const IrOp *op, const IrOp *concat, const Pieces *found)
{
    IrId *kept = ARENA_ARRAY(simplifier->arena, IrId, concat->operand_count);
    int64_t *start = ARENA_ARRAY(simplifier->arena, int64_t, concat->operand_count);
    int64_t *table = ARENA_ARRAY(simplifier->arena, int64_t, op->table_count);
    int64_t at = 0;
    int count = 0;
    for (int i = 0; i < concat->operand_count; i++) {
        start[i] = at;
        if (!found->is_touched[i])
            continue;
        kept[count++] = concat->operands[i];
        at += ir_type_of(simplifier->draft, concat->operands[i])->size[op->axis];
    }
    for (int64_t i = 0; i < op->table_count; i++)
        table[i] = start[found->piece[i]] + found->place[i];
    IrId joined = simplify_concat(simplifier, op->axis, count, kept);
    return simplify_take_table(simplifier, joined, op->axis, op->table_count, table);
}

static IrId gather_from_concat(Simplifier *simplifier, const IrOp *op, const IrOp *concat)
{
    enum { FEW = 8 };
    Pieces found = find_pieces(simplifier, op, concat);
    if (found.runs <= concat->operand_count || found.runs <= FEW)
        return gather_runs(simplifier, op, concat, &found);
    if (found.touched < concat->operand_count)
        return drop_pieces(simplifier, op, concat, &found);
    return -1;
}

/* Of what was scattered: places that were hit once give the element, if all are such places. */
static IrId gather_from_scatter(Simplifier *simplifier, const IrOp *op, const IrOp *scatter)
{
    if (scatter->length > SIMPLIFY_TABLE_MAX)
        return -1;
    int64_t *source = ARENA_ARRAY(simplifier->arena, int64_t, scatter->length);
    int64_t *hits = ARENA_ARRAY(simplifier->arena, int64_t, scatter->length);
    int64_t *table = ARENA_ARRAY(simplifier->arena, int64_t, op->table_count);
    int64_t missed = 0;
    for (int64_t i = 0; i < scatter->table_count; i++) {
        source[scatter->table[i]] = i;
        hits[scatter->table[i]]++;
    }
    for (int64_t i = 0; i < op->table_count; i++) {
        if (hits[op->table[i]] > 1)
            return -1;
        missed += hits[op->table[i]] == 0;
        table[i] = source[op->table[i]];
    }
    if (missed == 0)
        return simplify_take_table(simplifier, scatter->operands[0], op->axis, op->table_count, table);
    if (missed < op->table_count)
        return -1;
    IrType shape = *ir_type_of(simplifier->draft, op->operands[0]);
    shape.size[op->axis] = op->table_count;
    return simplify_filled(simplifier, 0.0, &shape);
}

static IrId gather(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0];
    if (is_run(op->table, op->table_count))
        return simplify_slice(simplifier, a, op->axis, op->table[0], op->table_count);
    const IrOp *inner = simplify_definition(simplifier, a);
    if (!inner)
        return -1;
    if ((inner->code == IR_GATHER || inner->code == IR_SLICE) && inner->axis == op->axis)
        return compose(simplifier, op, inner);
    if (inner->code == IR_CONCAT && inner->axis == op->axis)
        return gather_from_concat(simplifier, op, inner);
    if (inner->code == IR_SCATTER_ADD && inner->axis == op->axis)
        return gather_from_scatter(simplifier, op, inner);
    if (inner->code != IR_BROADCAST)
        return -1;
    for (int i = 0; i < inner->axis_count; i++)
        if (inner->axes[i] == op->axis)
            return -1;
    IrType shape = inner->type;
    shape.size[op->axis] = op->table_count;
    return simplify_broadcast(simplifier, inner->operands[0], &shape, inner->axis_count, inner->axes);
}

/* ---- scatters ---------------------------------------------------------------------------------------------------- */

static IrId scatter_table(Simplifier *simplifier, IrId a, int64_t axis, int64_t count, const int64_t *table,
                          int64_t length)
{
    return simplify_emit(simplifier, (IrOp){.code = IR_SCATTER_ADD,
                                            .operand_count = 1,
                                            .operands = &a,
                                            .axis = axis,
                                            .length = length,
                                            .table_count = count,
                                            .table = table});
}

/* A scatter that hits every place once is a gather by the inverse table. */
static IrId scatter_permutation(Simplifier *simplifier, const IrOp *op)
{
    int64_t *inverse = ARENA_ARRAY(simplifier->arena, int64_t, op->length);
    for (int64_t i = 0; i < op->length; i++)
        inverse[i] = -1;
    for (int64_t i = 0; i < op->length; i++) {
        if (inverse[op->table[i]] >= 0)
            return -1;
        inverse[op->table[i]] = i;
    }
    return simplify_take_table(simplifier, op->operands[0], op->axis, op->length, inverse);
}

/* To a run of places: between zeros. */
static IrId scatter_run(Simplifier *simplifier, const IrOp *op)
{
    IrType shape = *ir_type_of(simplifier->draft, op->operands[0]);
    int64_t before = op->table[0], behind = op->length - before - op->table_count;
    IrId pieces[3];
    int count = 0;
    shape.size[op->axis] = before;
    if (before > 0)
        pieces[count++] = simplify_filled(simplifier, 0.0, &shape);
    pieces[count++] = op->operands[0];
    shape.size[op->axis] = behind;
    if (behind > 0)
        pieces[count++] = simplify_filled(simplifier, 0.0, &shape);
    return simplify_concat(simplifier, op->axis, count, pieces);
}

/* Is entry i of the table the place i / length of its run (`across` false), or i % places (`across`)? */
static bool is_regular(const IrOp *op, int64_t times, bool across)
{
    for (int64_t i = 0; i < op->table_count; i++)
        if (op->table[i] != (across ? i % op->length : i / times))
            return false;
    return true;
}

/* To all places in turn, or each place several times in a row: a sum along an axis. */
static IrId scatter_regular(Simplifier *simplifier, const IrOp *op)
{
    const IrType *from = ir_type_of(simplifier->draft, op->operands[0]);
    int64_t times = op->table_count / op->length;
    bool across = is_regular(op, times, true);
    if (op->table_count % op->length != 0 || from->rank == IR_RANK_MAX || (!across && !is_regular(op, times, false)))
        return -1;
    int64_t size[IR_RANK_MAX], summed = op->axis + (across ? 0 : 1);
    for (int axis = 0; axis < from->rank; axis++)
        size[axis + (axis > op->axis)] = from->size[axis];
    size[op->axis] = across ? times : op->length;
    size[op->axis + 1] = across ? op->length : times;
    IrId rows = simplify_reshape(simplifier, op->operands[0], from->rank + 1, size);
    IrOp sum = {.code = IR_REDUCE_SUM, .operand_count = 1, .operands = &rows, .axis_count = 1, .axes = {summed}};
    return simplify_emit(simplifier, sum);
}

static IrId scatter(Simplifier *simplifier, const IrOp *op)
{
    if (op->table_count == op->length) {
        IrId id = scatter_permutation(simplifier, op);
        if (id >= 0)
            return id;
    }
    if (is_run(op->table, op->table_count))
        return scatter_run(simplifier, op);
    IrId sum = op->table_count > op->length ? scatter_regular(simplifier, op) : -1;
    if (sum >= 0)
        return sum;
    const IrOp *inner = simplify_definition(simplifier, op->operands[0]);
    if (!inner || inner->code != IR_SCATTER_ADD || inner->axis != op->axis)
        return -1;
    int64_t *table = ARENA_ARRAY(simplifier->arena, int64_t, inner->table_count);
    for (int64_t i = 0; i < inner->table_count; i++)
        table[i] = op->table[inner->table[i]];
    return scatter_table(simplifier, inner->operands[0], op->axis, inner->table_count, table, op->length);
}

static bool hit_twice(Simplifier *simplifier, const IrOp *a, const IrOp *b)
{
    bool *hit = ARENA_ARRAY(simplifier->arena, bool, a->length);
    for (int64_t i = 0; i < a->table_count + b->table_count; i++) {
        int64_t place = i < a->table_count ? a->table[i] : b->table[i - a->table_count];
        if (hit[place])
            return true;
        hit[place] = true;
    }
    return false;
}

IrId simplify_sum_of_scatters(Simplifier *simplifier, const IrOp *a, const IrOp *b)
{
    if (a->axis != b->axis || a->length > SIMPLIFY_TABLE_MAX || hit_twice(simplifier, a, b))
        return -1;
    int64_t count = a->table_count + b->table_count, axis = a->axis, length = a->length;
    int64_t *table = ARENA_ARRAY(simplifier->arena, int64_t, count);
    for (int64_t i = 0; i < count; i++)
        table[i] = i < a->table_count ? a->table[i] : b->table[i - a->table_count];
    IrId pieces[] = {a->operands[0], b->operands[0]};
    return scatter_table(simplifier, simplify_concat(simplifier, axis, 2, pieces), axis, count, table, length);
}

IrId simplify_gather(Simplifier *simplifier, const IrOp *op)
{
    return op->code == IR_GATHER ? gather(simplifier, op) : scatter(simplifier, op);
}
