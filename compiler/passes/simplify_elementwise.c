/* SPDX-License-Identifier: MIT */
/* Algebra of elementwise ops; products are in simplify_products.c. What a rule may do to rounding and to NaN is said in
 * passes.h. */
#include "compiler/passes/simplify.h"

#include <string.h>

static IrId negate(Simplifier *simplifier, IrId a)
{
    return simplify_unary(simplifier, IR_NEG, a);
}

/* -(-x) = x, -(a - b) = b - a, and a sign goes to a number. */
static IrId simplify_neg(Simplifier *simplifier, const IrOp *op)
{
    const IrOp *inner = simplify_definition(simplifier, op->operands[0]);
    if (inner && inner->code == IR_NEG)
        return inner->operands[0];
    if (inner && inner->code == IR_SUB)
        return simplify_binary(simplifier, IR_SUB, inner->operands[1], inner->operands[0]);
    return simplify_negated_product(simplifier, op->operands[0]);
}

static IrId simplify_add(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0], b = op->operands[1];
    if (simplify_is_number(simplifier, b, 0.0))
        return a;
    if (simplify_is_number(simplifier, a, 0.0))
        return b;
    IrId negated = simplify_operand_of(simplifier, b, IR_NEG);
    if (negated >= 0)
        return simplify_binary(simplifier, IR_SUB, a, negated);
    negated = simplify_operand_of(simplifier, a, IR_NEG);
    if (negated >= 0)
        return simplify_binary(simplifier, IR_SUB, b, negated);
    return -1;
}

static IrId simplify_sub(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0], b = op->operands[1];
    if (simplify_is_number(simplifier, b, 0.0))
        return a;
    if (simplify_is_number(simplifier, a, 0.0))
        return negate(simplifier, b);
    IrId negated = simplify_operand_of(simplifier, b, IR_NEG);
    return negated >= 0 ? simplify_binary(simplifier, IR_ADD, a, negated) : -1;
}

static IrId simplify_abs(Simplifier *simplifier, const IrOp *op)
{
    const IrOp *inner = simplify_definition(simplifier, op->operands[0]);
    if (inner && inner->code == IR_ABS)
        return op->operands[0];
    if (inner && inner->code == IR_NEG)
        return simplify_unary(simplifier, IR_ABS, inner->operands[0]);
    return -1;
}

/* A choice by the same condition inside one branch: that branch's own. */
static IrId same_choice(const Simplifier *simplifier, const IrOp *op, int branch)
{
    const IrOp *inner = simplify_definition(simplifier, op->operands[branch]);
    return inner && inner->code == IR_SELECT && inner->operands[0] == op->operands[0] ? inner->operands[branch]
                                                                                      : op->operands[branch];
}

static IrId simplify_select(Simplifier *simplifier, const IrOp *op)
{
    double condition;
    if (simplify_is_uniform(simplifier, op->operands[0], &condition))
        return op->operands[condition != 0.0 ? 1 : 2];
    if (op->operands[1] == op->operands[2])
        return op->operands[1];
    IrId operands[] = {op->operands[0], same_choice(simplifier, op, 1), same_choice(simplifier, op, 2)};
    IrId negated = simplify_operand_of(simplifier, op->operands[0], IR_NOT);
    if (negated >= 0) {
        IrId first = operands[1];
        operands[0] = negated;
        operands[1] = operands[2];
        operands[2] = first;
    } else if (operands[1] == op->operands[1] && operands[2] == op->operands[2]) {
        return -1;
    }
    return simplify_emit(simplifier, (IrOp){.code = IR_SELECT, .operand_count = 3, .operands = operands});
}

/* And (neutral 1) and or (neutral 0): a known operand decides or drops out. */
static IrId simplify_logic(const Simplifier *simplifier, const IrOp *op)
{
    double neutral = op->code == IR_AND ? 1.0 : 0.0, known;
    if (op->operands[0] == op->operands[1])
        return op->operands[0];
    for (int i = 0; i < 2; i++)
        if (simplify_is_uniform(simplifier, op->operands[i], &known))
            return op->operands[known == neutral ? 1 - i : i];
    return -1;
}

/* a 1 + c = a + c, a b + 0 = a b */
static IrId simplify_fma(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0], b = op->operands[1], c = op->operands[2];
    if (simplify_is_number(simplifier, a, 1.0))
        return simplify_binary(simplifier, IR_ADD, b, c);
    if (simplify_is_number(simplifier, b, 1.0))
        return simplify_binary(simplifier, IR_ADD, a, c);
    if (simplify_is_number(simplifier, c, 0.0))
        return simplify_binary(simplifier, IR_MUL, a, b);
    return -1;
}

/* ---- fewer elements ---------------------------------------------------------------------------------------------- */

static bool same_broadcast(const Simplifier *simplifier, const IrOp *a, const IrOp *b)
{
    const IrType *from_a = ir_type_of(simplifier->draft, a->operands[0]);
    const IrType *from_b = ir_type_of(simplifier->draft, b->operands[0]);
    return ir_shape_equal(from_a, from_b) && memcmp(a->axes, b->axes, (size_t)from_a->rank * sizeof a->axes[0]) == 0;
}

/* f(broadcast a, broadcast b) = broadcast f(a, b): the work is done on the few elements. */
static IrId work_before_broadcast(Simplifier *simplifier, const IrOp *op)
{
    const IrOp *broadcast = NULL;
    double numbers[3];
    bool known[3] = {false};
    for (int i = 0; i < op->operand_count; i++) {
        const IrOp *wide = simplify_definition(simplifier, op->operands[i]);
        known[i] = simplify_is_uniform(simplifier, op->operands[i], &numbers[i]);
        if (known[i])
            continue;
        if (!wide || wide->code != IR_BROADCAST || (broadcast && !same_broadcast(simplifier, broadcast, wide)))
            return -1;
        broadcast = wide;
    }
    if (!broadcast)
        return -1;
    const IrType shape = *ir_type_of(simplifier->draft, op->operands[0]);
    const IrType narrow = *ir_type_of(simplifier->draft, broadcast->operands[0]);
    IrOp inner = *op;
    inner.operands = ARENA_ARRAY(simplifier->arena, IrId, op->operand_count);
    for (int i = 0; i < op->operand_count; i++) {
        IrType type = narrow;
        type.element = ir_type_of(simplifier->draft, op->operands[i])->element;
        inner.operands[i] = known[i] ? simplify_filled(simplifier, numbers[i], &type)
                                     : simplify_operand_of(simplifier, op->operands[i], IR_BROADCAST);
    }
    IrId result = simplify_emit(simplifier, inner);
    return simplify_broadcast(simplifier, result, &shape, broadcast->axis_count, broadcast->axes);
}

/* Sums of concats along one axis whose pieces, cut alike, meet zeros: [a, 0] + [0, b] = [a, b]. A piece of zeros may
 * meet many pieces, or begin and end inside none. */
static IrId add_concats(Simplifier *simplifier, const IrOp *a, const IrOp *b, const int64_t *a_starts,
                        const int64_t *b_starts)
{
    int count = 0, i = 0, j = 0;
    if (a->axis != b->axis || a->operand_count + b->operand_count > SIMPLIFY_PIECES_MAX)
        return -1;
    IrId *pieces = ARENA_ARRAY(simplifier->arena, IrId, a->operand_count + b->operand_count);
    int64_t at = 0, axis = a->axis, end = a_starts[a->operand_count];
    while (at < end) { /* both cut the axis at `at`, except inside of zeros */
        bool a_zero = simplify_is_number(simplifier, a->operands[i], 0.0);
        bool b_zero = simplify_is_number(simplifier, b->operands[j], 0.0);
        bool a_ends = a_starts[i + 1] <= b_starts[j + 1], b_ends = b_starts[j + 1] <= a_starts[i + 1];
        int64_t stop = a_ends ? a_starts[i + 1] : b_starts[j + 1];
        bool a_whole = a_starts[i] == at && a_ends, b_whole = b_starts[j] == at && b_ends;
        if (b_zero && a_whole) {
            pieces[count++] = a->operands[i];
        } else if (a_zero && b_whole) {
            pieces[count++] = b->operands[j];
        } else if (a_zero && b_zero) {
            IrType shape = *ir_type_of(simplifier->draft, a->operands[i]);
            shape.size[axis] = stop - at;
            pieces[count++] = simplify_filled(simplifier, 0.0, &shape);
        } else {
            return -1;
        }
        i += a_ends;
        j += b_ends;
        at = stop;
    }
    return simplify_concat(simplifier, axis, count, pieces);
}

static IrId add_placed(Simplifier *simplifier, const IrOp *op)
{
    const IrOp *a = simplify_definition(simplifier, op->operands[0]);
    const IrOp *b = simplify_definition(simplifier, op->operands[1]);
    if (!a || !b || a->code != b->code)
        return -1;
    if (a->code == IR_SCATTER_ADD)
        return simplify_sum_of_scatters(simplifier, a, b);
    if (a->code != IR_CONCAT)
        return -1;
    return add_concats(simplifier, a, b, simplify_piece_starts(simplifier, op->operands[0]),
                       simplify_piece_starts(simplifier, op->operands[1]));
}

/* ---- dispatch ---------------------------------------------------------------------------------------------------- */

static IrId apply_algebra(Simplifier *simplifier, const IrOp *op)
{
    IrId id = -1;
    switch (op->code) {
    case IR_NEG:
        return simplify_neg(simplifier, op);
    case IR_ADD:
        id = simplify_add(simplifier, op);
        return id >= 0 ? id : add_placed(simplifier, op);
    case IR_SUB:
        return simplify_sub(simplifier, op);
    case IR_MUL:
    case IR_DIV:
    case IR_POW:
        return simplify_product(simplifier, op);
    case IR_ABS:
        return simplify_abs(simplifier, op);
    case IR_MIN:
    case IR_MAX:
        return op->operands[0] == op->operands[1] ? op->operands[0] : -1;
    case IR_SELECT:
        return simplify_select(simplifier, op);
    case IR_AND:
    case IR_OR:
        return simplify_logic(simplifier, op);
    case IR_NOT:
        return simplify_operand_of(simplifier, op->operands[0], IR_NOT);
    case IR_FMA:
        return simplify_fma(simplifier, op);
    case IR_STOP_GRADIENT: /* differentiation is over */
        return op->operands[0];
    default:
        return -1;
    }
}

IrId simplify_elementwise(Simplifier *simplifier, const IrOp *op)
{
    IrId id = apply_algebra(simplifier, op);
    return id >= 0 ? id : work_before_broadcast(simplifier, op);
}
