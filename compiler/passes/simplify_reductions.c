/* SPDX-License-Identifier: MIT */
/* Sums, products and the batch: sums of equal terms are products, factors that do not vary leave a sum, transposes go
 * into a contraction's labels. */
#include "compiler/passes/simplify.h"

#include <string.h>

static const IrType *type_of(const Simplifier *simplifier, IrId id)
{
    return ir_type_of(simplifier->draft, id);
}

static bool is_sample(const Simplifier *simplifier, IrId id)
{
    return type_of(simplifier, id)->kind == IR_KIND_SAMPLE;
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

static IrId reduce(Simplifier *simplifier, IrOpcode code, IrId a, int axis_count, const int64_t *axes)
{
    IrOp op = {.code = code, .operand_count = 1, .operands = &a, .axis_count = axis_count};
    memcpy(op.axes, axes, (size_t)axis_count * sizeof axes[0]);
    return axis_count > 0 ? simplify_emit(simplifier, op) : a;
}

/* Where each axis of the operand stands in the reduction's result. */
static void find_kept_axes(const IrOp *op, int rank, int64_t *kept)
{
    int64_t next = 0;
    for (int axis = 0; axis < rank; axis++)
        kept[axis] = is_reduced(op, axis) ? -1 : next++;
}

/* What a broadcast repeats is summed before, and the sum is repeated. */
static IrId reduce_broadcast(Simplifier *simplifier, const IrOp *op, const IrOp *broadcast, const IrType *result)
{
    int64_t kept[IR_RANK_MAX], axes[IR_RANK_MAX], inner_axes[IR_RANK_MAX];
    int count = 0, inner_count = 0;
    double repeats = 1.0;
    find_kept_axes(op, broadcast->type.rank, kept);
    for (int i = 0; i < op->axis_count; i++)
        repeats *= (double)broadcast->type.size[op->axes[i]];
    for (int i = 0; i < broadcast->axis_count; i++) {
        if (kept[broadcast->axes[i]] >= 0) {
            axes[count++] = kept[broadcast->axes[i]];
        } else {
            inner_axes[inner_count++] = i;
            repeats /= (double)broadcast->type.size[broadcast->axes[i]];
        }
    }
    IrId a = reduce(simplifier, op->code, broadcast->operands[0], inner_count, inner_axes);
    if (op->code == IR_REDUCE_SUM)
        a = times_number(simplifier, a, repeats);
    return simplify_broadcast(simplifier, a, result, count, axes);
}

/* A factor or divisor that does not vary along the reduced axes, as it is without them; or -1. */
static IrId factor_of_sum(Simplifier *simplifier, const IrOp *op, IrId factor, const IrType *result)
{
    double number;
    if (simplify_is_uniform(simplifier, factor, &number))
        return simplify_filled(simplifier, number, result);
    const IrOp *broadcast = simplify_definition(simplifier, factor);
    int64_t kept[IR_RANK_MAX], axes[IR_RANK_MAX];
    if (!broadcast || broadcast->code != IR_BROADCAST)
        return -1;
    find_kept_axes(op, broadcast->type.rank, kept);
    for (int i = 0; i < broadcast->axis_count; i++) {
        axes[i] = kept[broadcast->axes[i]];
        if (axes[i] < 0)
            return -1;
    }
    return simplify_broadcast(simplifier, broadcast->operands[0], result, broadcast->axis_count, axes);
}

/* sum(-x) = -sum(x), sum(x f) = sum(x) f, sum(x / f) = sum(x) / f where f does not vary. */
static IrId reduce_sum(Simplifier *simplifier, const IrOp *op, const IrOp *inner, const IrType *result)
{
    if (inner->code == IR_NEG)
        return simplify_unary(simplifier, IR_NEG,
                              reduce(simplifier, IR_REDUCE_SUM, inner->operands[0], op->axis_count, op->axes));
    for (int i = 1; i >= 0 && (inner->code == IR_MUL || (inner->code == IR_DIV && i == 1)); i--) {
        IrId factor = factor_of_sum(simplifier, op, inner->operands[i], result);
        if (factor < 0)
            continue;
        IrId sum = reduce(simplifier, IR_REDUCE_SUM, inner->operands[1 - i], op->axis_count, op->axes);
        return simplify_binary(simplifier, inner->code, sum, factor);
    }
    return -1;
}

/* A reduction of a reduction: both sets of axes at once. */
static IrId reduce_twice(Simplifier *simplifier, const IrOp *op, const IrOp *inner)
{
    int rank = type_of(simplifier, inner->operands[0])->rank, count = 0;
    int64_t kept[IR_RANK_MAX], axes[IR_RANK_MAX];
    find_kept_axes(inner, rank, kept);
    for (int axis = 0; axis < rank; axis++)
        if (kept[axis] < 0 || is_reduced(op, kept[axis]))
            axes[count++] = axis;
    return reduce(simplifier, op->code, inner->operands[0], count, axes);
}

static IrId simplify_reduce(Simplifier *simplifier, const IrOp *op)
{
    static const int64_t ALL[IR_RANK_MAX] = {0, 1, 2, 3, 4, 5};
    IrType result;
    if (ir_infer(simplifier->draft, op, &result))
        return -1;
    if (ir_type_count(&result) == ir_type_count(type_of(simplifier, op->operands[0])))
        return simplify_reshape(simplifier, op->operands[0], result.rank, result.size);
    const IrOp *inner = simplify_definition(simplifier, op->operands[0]);
    if (!inner)
        return -1;
    if (inner->code == IR_BROADCAST)
        return reduce_broadcast(simplifier, op, inner, &result);
    if (inner->code == op->code)
        return reduce_twice(simplifier, op, inner);
    if (inner->code == IR_RESHAPE && result.rank == 0)
        return reduce(simplifier, op->code, inner->operands[0], type_of(simplifier, inner->operands[0])->rank, ALL);
    return op->code == IR_REDUCE_SUM ? reduce_sum(simplifier, op, inner, &result) : -1;
}

static IrId simplify_cumsum(Simplifier *simplifier, const IrOp *op)
{
    const IrType type = *type_of(simplifier, op->operands[0]);
    if (type.size[op->axis] > 1)
        return -1;
    return op->exclusive ? simplify_filled(simplifier, 0.0, &type) : op->operands[0];
}

/* ---- contractions ------------------------------------------------------------------------------------------------ */

/* Labels of a transpose's operand: its axis axes[i] is the result's axis i. */
static void untranspose(const IrOp *transpose, const char *letters, char *out)
{
    for (int i = 0; i < transpose->axis_count; i++)
        out[transpose->axes[i]] = letters[i];
    out[transpose->axis_count] = '\0';
}

/* The operand, whose axes have these letters, with the result's axes. */
static IrId spread(Simplifier *simplifier, IrId id, const char *letters, const char *result, const IrType *shape)
{
    IrOp turn = {.code = IR_TRANSPOSE, .operand_count = 1, .operands = &id};
    int64_t axes[IR_RANK_MAX];
    for (int axis = 0; axis < shape->rank; axis++) {
        const char *place = strchr(letters, result[axis]);
        if (!place)
            continue;
        turn.axes[turn.axis_count] = place - letters;
        axes[turn.axis_count++] = axis;
    }
    int count = turn.axis_count;
    if (count > 0)
        id = simplify_emit(simplifier, turn);
    return simplify_broadcast(simplifier, id, shape, count, axes);
}

/* Where nothing is summed the product is elementwise. */
static IrId plain_product(Simplifier *simplifier, const IrOp *op, const IrLabels *labels)
{
    IrType shape;
    if (labels->summed[0] != '\0' || ir_infer(simplifier->draft, op, &shape))
        return -1;
    IrId a = spread(simplifier, op->operands[0], labels->a, labels->result, &shape);
    IrId b = spread(simplifier, op->operands[1], labels->b, labels->result, &shape);
    IrId product = simplify_binary(simplifier, IR_MUL, a, b);
    return op->operand_count < 3 ? product : simplify_binary(simplifier, IR_ADD, product, op->operands[2]);
}

static IrId simplify_contract(Simplifier *simplifier, const IrOp *op)
{
    IrLabels labels;
    if (ir_labels_parse(op->labels, type_of(simplifier, op->operands[0]), type_of(simplifier, op->operands[1]),
                        &labels))
        return -1;
    IrId plain = op->code == IR_CONTRACT ? plain_product(simplifier, op, &labels) : -1;
    if (plain >= 0)
        return plain;
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
        char *letters = i == 0 ? labels.a : labels.b, moved[IR_RANK_MAX + 1] = "";
        if (!inner || inner->code != IR_TRANSPOSE)
            continue;
        untranspose(inner, letters, moved);
        memcpy(letters, moved, sizeof moved);
        better.operands[i] = inner->operands[0];
        changed = true;
    }
    better.labels = arena_print(simplifier->arena, "%s,%s->%s", labels.a, labels.b, labels.result);
    if (changed)
        return simplify_emit(simplifier, better);
    for (int i = 0; i < 2 && op->code == IR_CONTRACT && op->operand_count == 2; i++) {
        IrId negated = simplify_operand_of(simplifier, op->operands[i], IR_NEG);
        if (negated < 0 || !is_sample(simplifier, negated))
            continue;
        better.operands[i] = negated;
        return simplify_unary(simplifier, IR_NEG, simplify_emit(simplifier, better));
    }
    return -1;
}

/* ---- the batch --------------------------------------------------------------------------------------------------- */

/* What is the same for all samples leaves the sum. (Only of scalars, as losses are: elements of more are gradients,
 * where the product is wanted as it is by the layers before, too.) */
static IrId batch_sum_of(Simplifier *simplifier, const IrOp *inner, int rank)
{
    if (inner->code == IR_BROADCAST)
        return simplify_broadcast(simplifier, simplify_unary(simplifier, IR_BATCH_SUM, inner->operands[0]),
                                  &inner->type, inner->axis_count, inner->axes);
    if (rank > 0)
        return -1;
    if (inner->code == IR_NEG)
        return simplify_unary(simplifier, IR_NEG, simplify_unary(simplifier, IR_BATCH_SUM, inner->operands[0]));
    for (int i = 1; i >= 0 && (inner->code == IR_MUL || (inner->code == IR_DIV && i == 1)); i--)
        if (!is_sample(simplifier, inner->operands[i]))
            return simplify_binary(simplifier, inner->code,
                                   simplify_unary(simplifier, IR_BATCH_SUM, inner->operands[1 - i]),
                                   inner->operands[i]);
    return -1;
}

static IrId simplify_batch_sum(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0];
    int64_t batch = simplifier->draft->module->batch;
    if (!is_sample(simplifier, a))
        return batch > 0 ? times_number(simplifier, a, (double)batch) : -1;
    const IrOp *inner = simplify_definition(simplifier, a);
    return inner ? batch_sum_of(simplifier, inner, type_of(simplifier, a)->rank) : -1;
}

/* An operand that is the same for all samples meets the other's sum. */
static IrId simplify_batch_contract(Simplifier *simplifier, const IrOp *op)
{
    IrId operands[] = {op->operands[0], op->operands[1]};
    int shared = !is_sample(simplifier, operands[0]) ? 0 : 1;
    if (is_sample(simplifier, operands[shared]))
        return -1;
    operands[1 - shared] = simplify_unary(simplifier, IR_BATCH_SUM, operands[1 - shared]);
    return simplify_emit(simplifier,
                         (IrOp){.code = IR_CONTRACT, .operand_count = 2, .operands = operands, .labels = op->labels});
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
        return simplify_contract(simplifier, op);
    case IR_BATCH_CONTRACT: {
        IrId id = simplify_contract(simplifier, op);
        return id >= 0 ? id : simplify_batch_contract(simplifier, op);
    }
    case IR_BATCH_SUM:
        return simplify_batch_sum(simplifier, op);
    case IR_DISTRIBUTE:
        return simplify_operand_of(simplifier, op->operands[0], IR_COLLECT);
    default:
        return -1;
    }
}
