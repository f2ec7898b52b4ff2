/* SPDX-License-Identifier: MIT */
/* Adding up cotangents. What arrives for slices and gathered elements is put together without adding zeros to zeros:
 * slices that meet are joined, tables that hit each element once are a permutation. */
#include "compiler/grad/reverse.h"

#include <stdlib.h>

/* ---- slices along one axis ------------------------------------------------------------------------------------ */

static int compare_starts(const void *a, const void *b)
{
    const CotangentPiece *left = a, *right = b;
    if (left->start != right->start)
        return left->start < right->start ? -1 : 1;
    if (left->count != right->count)
        return left->count < right->count ? -1 : 1;
    return left->value < right->value ? -1 : left->value > right->value;
}

static int compare_integers(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

/* 0, the axis's size and where a piece begins or ends, sorted, each once. */
static int find_bounds(const CotangentPiece *runs, int count, int64_t size, int64_t *bounds)
{
    int found = 0, kept = 0;
    bounds[found++] = 0;
    bounds[found++] = size;
    for (int i = 0; i < count; i++) {
        bounds[found++] = runs[i].start;
        bounds[found++] = runs[i].start + runs[i].count;
    }
    qsort(bounds, (size_t)found, sizeof bounds[0], compare_integers);
    for (int i = 0; i < found; i++)
        if (kept == 0 || bounds[i] != bounds[kept - 1])
            bounds[kept++] = bounds[i];
    return kept;
}

/* Elements begin to end - 1 of something that starts at `start` and has `count` elements along the axis. */
static IrId cut(Reverse *reverse, IrId value, int64_t axis, int64_t start, int64_t count, int64_t begin, int64_t end)
{
    if (begin == start && end == start + count)
        return value;
    return ir_slice(&reverse->rules.builder, value, axis, begin - start, end - begin);
}

/* The sum of what covers elements begin to end - 1; runs before `low` end earlier. */
static IrId sum_of_interval(Reverse *reverse, const CotangentPiece *runs, int low, int count, int64_t begin,
                            int64_t end)
{
    IrId sum = -1;
    for (int i = low; i < count && runs[i].start < end; i++)
        if (runs[i].start + runs[i].count > begin)
            sum = rules_add(&reverse->rules, sum,
                            cut(reverse, runs[i].value, runs[i].axis, runs[i].start, runs[i].count, begin, end));
    return sum;
}

/* One run between zeros. */
static IrId pad(Reverse *reverse, const CotangentPiece *run, const IrType *type)
{
    IrType gap = *type;
    IrId parts[3];
    int count = 0;
    int64_t behind = type->size[run->axis] - run->start - run->count;
    if ((gap.size[run->axis] = run->start) > 0)
        parts[count++] = rules_zeros(&reverse->rules, &gap);
    parts[count++] = run->value;
    if ((gap.size[run->axis] = behind) > 0)
        parts[count++] = rules_zeros(&reverse->rules, &gap);
    return ir_concat(&reverse->rules.builder, run->axis, count, parts);
}

/* Do so many runs overlap that adding where they meet would take far more ops than there are runs? */
static bool is_crowded(const CotangentPiece *runs, int count, const int64_t *bounds, int intervals)
{
    enum { FACTOR = 6 };
    int64_t terms = 0;
    for (int i = 0, low = 0; i < intervals; i++) {
        while (low < count && runs[low].start + runs[low].count <= bounds[i])
            low++;
        for (int j = low; j < count && runs[j].start < bounds[i + 1]; j++)
            if (++terms > FACTOR * (int64_t)count)
                return true;
    }
    return false;
}

/* The runs along `axis`, joined, plus `whole` (or -1). */
static IrId join_runs(Reverse *reverse, CotangentPiece *runs, int count, IrId whole, const IrType *type)
{
    int64_t axis = runs[0].axis, size = type->size[axis];
    int64_t *bounds = ARENA_ARRAY(reverse->rules.arena, int64_t, 2 * count + 2);
    qsort(runs, (size_t)count, sizeof runs[0], compare_starts);
    int intervals = find_bounds(runs, count, size, bounds) - 1, low = 0;
    if (is_crowded(runs, count, bounds, intervals)) {
        for (int i = 0; i < count; i++)
            whole = rules_add(&reverse->rules, whole, pad(reverse, &runs[i], type));
        return whole;
    }
    IrId *parts = ARENA_ARRAY(reverse->rules.arena, IrId, intervals);
    for (int i = 0; i < intervals; i++) {
        int64_t begin = bounds[i], end = bounds[i + 1];
        while (low < count && runs[low].start + runs[low].count <= begin)
            low++;
        parts[i] = sum_of_interval(reverse, runs, low, count, begin, end);
        if (whole >= 0)
            parts[i] = rules_add(&reverse->rules, cut(reverse, whole, axis, 0, size, begin, end), parts[i]);
        if (parts[i] < 0) {
            IrType gap = *type;
            gap.size[axis] = end - begin;
            parts[i] = rules_zeros(&reverse->rules, &gap);
        }
    }
    return intervals == 1 ? parts[0] : ir_concat(&reverse->rules.builder, axis, intervals, parts);
}

/* ---- tables along one axis ------------------------------------------------------------------------------------ */

static int64_t piece_element(const CotangentPiece *piece, int64_t i)
{
    return piece->table ? piece->table[i] : piece->start + i;
}

/* All pieces along one axis where no element is hit twice: moved to their places. Else -1. */
static IrId move_pieces(Reverse *reverse, const CotangentPiece *pieces, int count, const IrType *type)
{
    Arena *arena = reverse->rules.arena;
    int64_t axis = pieces[0].axis, size = type->size[axis], total = 0;
    int64_t *table = ARENA_ARRAY(arena, int64_t, size), *inverse = ARENA_ARRAY(arena, int64_t, size);
    for (int64_t i = 0; i < size; i++)
        inverse[i] = -1;
    IrId *values = ARENA_ARRAY(arena, IrId, count);
    for (int i = 0; i < count; i++) {
        values[i] = pieces[i].value;
        for (int64_t j = 0; j < pieces[i].count; j++) {
            int64_t element = piece_element(&pieces[i], j);
            if (inverse[element] >= 0)
                return -1;
            inverse[element] = total;
            table[total++] = element;
        }
    }
    IrBuilder *builder = &reverse->rules.builder;
    IrId joined = count == 1 ? values[0] : ir_concat(builder, axis, count, values);
    return total == size ? ir_gather(builder, joined, axis, size, inverse)
                         : ir_scatter_add(builder, joined, axis, total, table, size);
}

/* ---- the sum -------------------------------------------------------------------------------------------------- */

static IrId add_axis(Reverse *reverse, CotangentPiece *pieces, int count, IrId whole, const IrType *type)
{
    int runs = 0;
    for (int i = 0; i < count; i++)
        runs += !pieces[i].table;
    if (runs == count)
        return join_runs(reverse, pieces, count, whole, type);
    IrId moved = move_pieces(reverse, pieces, count, type);
    if (moved >= 0)
        return rules_add(&reverse->rules, whole, moved);
    CotangentPiece *rest = ARENA_ARRAY(reverse->rules.arena, CotangentPiece, count);
    runs = 0;
    for (int i = 0; i < count; i++) {
        const CotangentPiece *piece = &pieces[i];
        if (!piece->table)
            rest[runs++] = *piece;
        else
            whole = rules_add(&reverse->rules, whole,
                              ir_scatter_add(&reverse->rules.builder, piece->value, piece->axis, piece->count,
                                             piece->table, type->size[piece->axis]));
    }
    return runs > 0 ? join_runs(reverse, rest, runs, whole, type) : whole;
}

static IrId total_of(Reverse *reverse, const CotangentSum *sum, const IrType *type)
{
    const IrType shape = *type;
    IrId total = sum->whole;
    CotangentPiece *pieces = ARENA_ARRAY(reverse->rules.arena, CotangentPiece, sum->count);
    for (int64_t axis = 0; axis < shape.rank; axis++) {
        int count = 0;
        for (int i = sum->count - 1; i >= 0; i--) /* in the order of the forward computation */
            if (sum->pieces[i].axis == axis)
                pieces[count++] = sum->pieces[i];
        if (count > 0)
            total = add_axis(reverse, pieces, count, total, &shape);
    }
    return total;
}

static void add_piece(Reverse *reverse, CotangentSum *sum, CotangentPiece piece)
{
    if (sum->count == sum->room) {
        int room = sum->room * 2 + 4;
        sum->pieces =
            arena_grow(reverse->rules.arena, sum->pieces, (size_t)sum->count, (size_t)room, sizeof(CotangentPiece));
        sum->room = room;
    }
    sum->pieces[sum->count++] = piece;
}

/* ---- where what arrives goes ---------------------------------------------------------------------------------- */

bool reverse_is_per_sample(const Reverse *reverse, const IrOp *op)
{
    return op->code == IR_BATCH_SUM || op->code == IR_BATCH_CONTRACT ||
           (op->result_count > 0 && grad_is_sample(reverse->key->function, op->results[0]));
}

void reverse_add_value(Reverse *reverse, IrId value, IrId part, bool for_each_sample)
{
    Cotangent *cotangent = &reverse->cotangents[value];
    bool batch = for_each_sample && !grad_is_sample(reverse->key->function, value);
    IrId *sum = batch ? &cotangent->batch : &cotangent->sum.whole;
    if (part >= 0 && reverse->analysis->active[value])
        *sum = rules_add(&reverse->rules, *sum, part);
}

void reverse_add(Reverse *reverse, const IrOp *op, int operand, IrId part)
{
    reverse_add_value(reverse, op->operands[operand], part, reverse_is_per_sample(reverse, op));
}

void reverse_add_summed(Reverse *reverse, const IrOp *op, int operand, IrId part)
{
    reverse_add_value(reverse, op->operands[operand], part, false);
}

void reverse_add_piece(Reverse *reverse, const IrOp *op, int operand, CotangentPiece piece)
{
    IrId id = op->operands[operand];
    if (!piece.table && piece.count == ir_type_of(reverse->key->function, id)->size[piece.axis])
        reverse_add(reverse, op, operand, piece.value);
    else if (reverse->analysis->active[id])
        add_piece(reverse, &reverse->cotangents[id].sum, piece); /* operand and result are of one kind */
}

IrId reverse_cotangent(Reverse *reverse, IrId value)
{
    const IrFunction *function = reverse->key->function;
    Cotangent *cotangent = &reverse->cotangents[value];
    if (cotangent->total >= 0)
        return cotangent->total;
    IrId total = total_of(reverse, &cotangent->sum, ir_type_of(function, value));
    if (cotangent->batch >= 0)
        total = rules_add(&reverse->rules, total, ir_unary(&reverse->rules.builder, IR_BATCH_SUM, cotangent->batch));
    cotangent->total = total;
    if (total >= 0 && !reverse->draft->values[total].name)
        ir_name(reverse->draft, total, grad_prefixed_name(reverse->rules.arena, "d_", function->values[value].name));
    return total;
}
