/* SPDX-License-Identifier: MIT */
/* Masks: where a contraction's operand is a product with a constant whose rows or columns are zero throughout, these are
 * left out. The contraction is done on what remains, gathered; rows of the result that remain out are the start's, or
 * zero. Zeros scattered over a mask stay: they are the business of how layers are lowered. */
#include "compiler/passes/passes.h"

#include <string.h>

/* One contraction while it shrinks. `factor`: an operand, or the two factors that it is the product of. */
typedef struct Shrinking {
    IrBuilder builder;
    Arena *arena;
    IrLabels labels;
    IrId factor[2][2]; /* [operand][factor], the second -1 where the operand is no masked product */
    IrId start;        /* or -1 */
    bool changed;
} Shrinking;

/* The indices of a result axis that remain, and those that do not. */
typedef struct Kept {
    int64_t size, count;
    int64_t *in, *out;
} Kept;

static const IrOp *definition(const IrFunction *function, IrId id)
{
    int32_t op = function->values[id].op;
    return op < 0 ? NULL : &function->ops[op];
}

static const IrOp *find_mask(const IrFunction *function, IrId id)
{
    const IrOp *op = definition(function, id);
    return op && op->code == IR_CONSTANT && op->type.rank > 0 ? op : NULL;
}

/* Takes the operand apart when it is a product with a constant, the constant second. */
static void find_factors(Shrinking *shrinking, int side, IrId operand)
{
    const IrFunction *function = shrinking->builder.function;
    const IrOp *op = definition(function, operand);
    shrinking->factor[side][0] = operand;
    shrinking->factor[side][1] = -1;
    if (!op || op->code != IR_MUL)
        return;
    for (int i = 0; i < 2; i++) {
        if (find_mask(function, op->operands[i])) {
            shrinking->factor[side][0] = op->operands[1 - i];
            shrinking->factor[side][1] = op->operands[i];
        }
    }
}

/* Which indices along `axis` of the mask have an element that is not zero. */
static Kept find_kept(Arena *arena, const IrOp *mask, int axis)
{
    Kept kept = {.size = mask->type.size[axis]};
    kept.in = ARENA_ARRAY(arena, int64_t, kept.size);
    kept.out = ARENA_ARRAY(arena, int64_t, kept.size);
    int64_t inner = 1, count = ir_type_count(&mask->type), dropped = 0;
    for (int i = axis + 1; i < mask->type.rank; i++)
        inner *= mask->type.size[i];
    bool *used = ARENA_ARRAY(arena, bool, kept.size);
    for (int64_t i = 0; i < count; i++)
        if (mask->data[i] != 0.0)
            used[i / inner % kept.size] = true;
    for (int64_t i = 0; i < kept.size; i++) {
        if (used[i])
            kept.in[kept.count++] = i;
        else
            kept.out[dropped++] = i;
    }
    return kept;
}

static IrId gather_label(Shrinking *shrinking, IrId id, const char *letters, char letter, const Kept *kept)
{
    const char *place = strchr(letters, letter);
    return place && id >= 0 ? ir_gather(&shrinking->builder, id, place - letters, kept->count, kept->in) : id;
}

static void shrink_label(Shrinking *shrinking, char letter, const Kept *kept)
{
    for (int factor = 0; factor < 2; factor++) {
        IrId *a = &shrinking->factor[0][factor], *b = &shrinking->factor[1][factor];
        *a = gather_label(shrinking, *a, shrinking->labels.a, letter, kept);
        *b = gather_label(shrinking, *b, shrinking->labels.b, letter, kept);
    }
    shrinking->changed = true;
}

/* Puts the rows back that were left out: from the start, or zeros. */
static IrId widen(Shrinking *shrinking, IrId result, int64_t axis, const Kept *kept)
{
    if (shrinking->start < 0)
        return ir_scatter_add(&shrinking->builder, result, axis, kept->count, kept->in, kept->size);
    int64_t *order = ARENA_ARRAY(shrinking->arena, int64_t, kept->size);
    for (int64_t i = 0; i < kept->count; i++)
        order[kept->in[i]] = i;
    for (int64_t i = kept->count; i < kept->size; i++)
        order[kept->out[i - kept->count]] = i;
    IrId rest = ir_gather(&shrinking->builder, shrinking->start, axis, kept->size - kept->count, kept->out);
    IrId pieces[] = {result, rest};
    return ir_gather(&shrinking->builder, ir_concat(&shrinking->builder, axis, 2, pieces), axis, kept->size, order);
}

/* A mask that is zero everywhere leaves the start. */
static IrId empty_product(Shrinking *shrinking, const IrType *type)
{
    return shrinking->start >= 0 ? shrinking->start : ir_zeros(&shrinking->builder, type);
}

static IrId product(Shrinking *shrinking, int side)
{
    IrId first = shrinking->factor[side][0], second = shrinking->factor[side][1];
    return second < 0 ? first : ir_binary(&shrinking->builder, IR_MUL, first, second);
}

/* The contraction without what the masks leave out, or -1 where they leave out nothing. Of the result's axes one is
 * shrunk at most. */
static IrId shrink(Shrinking *shrinking, const IrOp *op, const IrType *type)
{
    Kept rows = {0};
    char row = '\0';
    for (int side = 0; side < 2; side++) {
        const IrOp *mask =
            shrinking->factor[side][1] < 0 ? NULL : find_mask(shrinking->builder.function, shrinking->factor[side][1]);
        const char *letters = side == 0 ? shrinking->labels.a : shrinking->labels.b;
        for (int axis = 0; mask && axis < mask->type.rank; axis++) {
            Kept kept = find_kept(shrinking->arena, mask, axis);
            if (kept.count == 0)
                return empty_product(shrinking, type);
            bool in_result = strchr(shrinking->labels.result, letters[axis]) != NULL;
            if (kept.count == kept.size || (in_result && row != '\0'))
                continue;
            if (in_result) {
                row = letters[axis];
                rows = kept;
            }
            shrink_label(shrinking, letters[axis], &kept);
            mask = NULL; /* its gathered form is no constant: one axis of a mask at a time, the pass comes again */
        }
    }
    if (!shrinking->changed)
        return -1;
    IrId start = gather_label(shrinking, shrinking->start, shrinking->labels.result, row, &rows);
    IrId result = ir_contract(&shrinking->builder, op->labels, product(shrinking, 0), product(shrinking, 1),
                              row == '\0' ? shrinking->start : start);
    return row == '\0' ? result : widen(shrinking, result, strchr(shrinking->labels.result, row) - shrinking->labels.result, &rows);
}
