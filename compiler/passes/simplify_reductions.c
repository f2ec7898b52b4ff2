/* SPDX-License-Identifier: MIT */
/* Sums, products and the batch: sums of equal terms are products, factors that do not vary leave a sum, transposes go
 * into a contraction's labels. */
#include "compiler/passes/simplify.h"

#include <string.h>

static const IrType *type_of(const Simplifier *simplifier, IrId id)
{
    return ir_type_of(simplifier->draft, id);
}

static bool is_reduced(const IrOp *op, int64_t axis)
{
    for (int i = 0; i < op->axis_count; i++)
        if (op->axes[i] == axis)
            return true;
    return false;
}

static IrId times_number(Simplifier *simplifier, IrId a, double factor)
{
    IrType type = *type_of(simplifier, a);
    return simplify_binary(simplifier, IR_MUL, a, simplify_filled(simplifier, factor, &type));
}

/* A reduction of a broadcast over axes that the broadcast made: nothing varies along them. */
static IrId reduce_broadcast(Simplifier *simplifier, const IrOp *op, const IrOp *broadcast)
{
    double repeats = 1.0;
    for (int i = 0; i < broadcast->axis_count; i++)
        if (is_reduced(op, broadcast->axes[i]))
            return -1;
    for (int i = 0; i < op->axis_count; i++)
        repeats *= (double)broadcast->type.size[op->axes[i]];
    IrType shape = {.element = broadcast->type.element};
    int64_t kept[IR_RANK_MAX] = {0}, axes[IR_RANK_MAX] = {0};
    for (int axis = 0; axis < broadcast->type.rank; axis++) {
        kept[axis] = shape.rank;
        if (!is_reduced(op, axis))
            shape.size[shape.rank++] = broadcast->type.size[axis];
    }
    int count = broadcast->axis_count;
    for (int i = 0; i < count; i++)
        axes[i] = kept[broadcast->axes[i]];
    IrId a = broadcast->operands[0];
    if (op->code == IR_REDUCE_SUM)
        a = times_number(simplifier, a, repeats);
    return simplify_broadcast(simplifier, a, &shape, count, axes);
}

static IrId reduce(Simplifier *simplifier, IrOp op, IrId a)
{
    op.operands = &a;
    return simplify_emit(simplifier, op);
}

static IrId simplify_reduce(Simplifier *simplifier, const IrOp *op)
{
    IrType result;
    if (ir_infer(simplifier->draft, op, &result))
        return -1;
    if (ir_type_count(&result) == ir_type_count(type_of(simplifier, op->operands[0])))
        return simplify_reshape(simplifier, op->operands[0], result.rank, result.size);
    const IrOp *inner = simplify_definition(simplifier, op->operands[0]);
    double factor;
    if (!inner)
        return -1;
    if (inner->code == IR_BROADCAST)
        return reduce_broadcast(simplifier, op, inner);
    if (op->code == IR_REDUCE_SUM && inner->code == IR_NEG)
        return simplify_unary(simplifier, IR_NEG, reduce(simplifier, *op, inner->operands[0]));
    if (op->code == IR_REDUCE_SUM && inner->code == IR_MUL &&
        simplify_is_uniform(simplifier, inner->operands[1], &factor))
        return times_number(simplifier, reduce(simplifier, *op, inner->operands[0]), factor);
    return -1;
}

static IrId simplify_cumsum(const Simplifier *simplifier, const IrOp *op)
{
    bool single = type_of(simplifier, op->operands[0])->size[op->axis] == 1;
    return single && !op->exclusive ? op->operands[0] : -1;
}

/* ---- contractions ---------------------------------------------------------------------------------------------------
 */

/* Labels of a transpose's operand: its axis axes[i] is the result's axis i. */
static void untranspose(const IrOp *transpose, const char *letters, char *out)
{
    for (int i = 0; i < transpose->axis_count; i++)
        out[transpose->axes[i]] = letters[i];
    out[transpose->axis_count] = '\0';
}

static IrId simplify_contract(Simplifier *simplifier, const IrOp *op)
{
    IrLabels labels;
    if (ir_labels_parse(op->labels, type_of(simplifier, op->operands[0]), type_of(simplifier, op->operands[1]),
                        &labels))
        return -1;
    IrOp better = *op;
    bool changed = false;
    better.operands = ARENA_ARRAY(simplifier->arena, IrId, op->operand_count);
    memcpy(better.operands, op->operands, (size_t)op->operand_count * sizeof op->operands[0]);
    if (op->operand_count == 3 && simplify_is_number(simplifier, op->operands[2], 0.0)) {
        better.operand_count = 2;
        changed = true;
    }
    for (int i = 0; i < 2; i++) {
        const IrOp *inner = simplify_definition(simplifier, op->operands[i]);
        char *letters = i == 0 ? labels.a : labels.b, moved[IR_RANK_MAX + 1];
        if (!inner || inner->code != IR_TRANSPOSE)
            continue;
        untranspose(inner, letters, moved);
        memcpy(letters, moved, sizeof moved);
        better.operands[i] = inner->operands[0];
        changed = true;
    }
    better.labels = arena_print(simplifier->arena, "%s,%s->%s", labels.a, labels.b, labels.result);
    return changed ? simplify_emit(simplifier, better) : -1;
}

/* ---- the batch
 * ------------------------------------------------------------------------------------------------------- */

static IrId simplify_batch_sum(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0];
    int64_t batch = simplifier->draft->module->batch;
    if (type_of(simplifier, a)->kind != IR_KIND_SAMPLE)
        return batch > 0 ? times_number(simplifier, a, (double)batch) : -1;
    const IrOp *inner = simplify_definition(simplifier, a);
    double factor;
    if (!inner)
        return -1;
    if (inner->code == IR_NEG)
        return simplify_unary(simplifier, IR_NEG, simplify_unary(simplifier, IR_BATCH_SUM, inner->operands[0]));
    if (inner->code == IR_MUL && simplify_is_uniform(simplifier, inner->operands[1], &factor))
        return times_number(simplifier, simplify_unary(simplifier, IR_BATCH_SUM, inner->operands[0]), factor);
    return -1;
}

IrId simplify_reduction(Simplifier *simplifier, const IrOp *op)
{
    switch (op->code) {
    case IR_REDUCE_SUM:
    case IR_REDUCE_MAX:
        return simplify_reduce(simplifier, op);
    case IR_CUMSUM:
        return simplify_cumsum(simplifier, op);
    case IR_CONTRACT:
    case IR_BATCH_CONTRACT:
        return simplify_contract(simplifier, op);
    case IR_BATCH_SUM:
        return simplify_batch_sum(simplifier, op);
    case IR_DISTRIBUTE:
        return simplify_operand_of(simplifier, op->operands[0], IR_COLLECT);
    default:
        return -1;
    }
}
