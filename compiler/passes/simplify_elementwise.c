/* SPDX-License-Identifier: MIT */
/* Algebra of elementwise ops. What a rule may do to rounding and to NaN is said in passes.h. */
#include "compiler/passes/simplify.h"

#include <float.h>
#include <math.h>
#include <string.h>

static bool is_power_of_two(double value)
{
    int exponent;
    return isnormal(value) && fabs(frexp(value, &exponent)) == 0.5;
}

static IrId negate(Simplifier *simplifier, IrId a)
{
    return simplify_unary(simplifier, IR_NEG, a);
}

/* -(-x) = x, -(a - b) = b - a */
static IrId simplify_neg(Simplifier *simplifier, const IrOp *op)
{
    const IrOp *inner = simplify_definition(simplifier, op->operands[0]);
    if (inner && inner->code == IR_NEG)
        return inner->operands[0];
    if (inner && inner->code == IR_SUB)
        return simplify_binary(simplifier, IR_SUB, inner->operands[1], inner->operands[0]);
    return -1;
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

/* A product with a number: x 1, x (-1), (x c) d = x (c d), (-x) c = x (-c). */
static IrId multiply_by_number(Simplifier *simplifier, IrId a, IrId factor, double number)
{
    const IrType type = *ir_type_of(simplifier->draft, factor);
    if (number == 1.0)
        return a;
    if (number == -1.0)
        return negate(simplifier, a);
    const IrOp *inner = simplify_definition(simplifier, a);
    if (!inner)
        return -1;
    if (inner->code == IR_NEG)
        return simplify_binary(simplifier, IR_MUL, inner->operands[0], simplify_filled(simplifier, -number, &type));
    double other;
    if (inner->code != IR_MUL || type.element != IR_REAL ||
        !simplify_is_uniform(simplifier, inner->operands[1], &other))
        return -1;
    double product = number * other;
    if (!isnormal(product) || fabs(product) > (double)FLT_MAX || fabs(product) < (double)FLT_MIN)
        return -1; /* (x c) d may be in a float's range where c d is not */
    return simplify_binary(simplifier, IR_MUL, inner->operands[0], simplify_filled(simplifier, product, &type));
}

static IrId simplify_mul(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0], b = op->operands[1];
    double number;
    if (simplify_is_uniform(simplifier, b, &number))
        return multiply_by_number(simplifier, a, b, number);
    if (simplify_is_uniform(simplifier, a, &number)) /* a number stands second, so that other rules look there alone */
        return simplify_binary(simplifier, IR_MUL, b, a);
    IrId left = simplify_operand_of(simplifier, a, IR_NEG), right = simplify_operand_of(simplifier, b, IR_NEG);
    if (left >= 0 && right >= 0)
        return simplify_binary(simplifier, IR_MUL, left, right);
    if (left >= 0)
        return negate(simplifier, simplify_binary(simplifier, IR_MUL, left, b));
    if (right >= 0)
        return negate(simplifier, simplify_binary(simplifier, IR_MUL, a, right));
    return -1;
}

static IrId simplify_div(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0], b = op->operands[1];
    const IrType type = *ir_type_of(simplifier->draft, b);
    double number;
    if (simplify_is_uniform(simplifier, b, &number) && is_power_of_two(number) && is_power_of_two(1.0 / number))
        return simplify_binary(simplifier, IR_MUL, a, simplify_filled(simplifier, 1.0 / number, &type));
    IrId left = simplify_operand_of(simplifier, a, IR_NEG), right = simplify_operand_of(simplifier, b, IR_NEG);
    if (left >= 0 && right >= 0)
        return simplify_binary(simplifier, IR_DIV, left, right);
    if (left >= 0)
        return negate(simplifier, simplify_binary(simplifier, IR_DIV, left, b));
    if (right >= 0)
        return negate(simplifier, simplify_binary(simplifier, IR_DIV, a, right));
    return -1;
}

/* x^n by squaring, n > 0. */
static IrId power(Simplifier *simplifier, IrId x, int n)
{
    if (n == 1)
        return x;
    IrId half = power(simplifier, x, n / 2);
    IrId square = simplify_binary(simplifier, IR_MUL, half, half);
    return n % 2 == 0 ? square : simplify_binary(simplifier, IR_MUL, square, x);
}

/* Small whole exponents are products, at most three roundings more than pow; 1/2 is a square root. */
static IrId simplify_pow(Simplifier *simplifier, const IrOp *op)
{
    enum { LARGEST = 8 };
    IrId x = op->operands[0];
    const IrType type = *ir_type_of(simplifier->draft, x);
    double exponent;
    if (!simplify_is_uniform(simplifier, op->operands[1], &exponent))
        return -1;
    if (exponent == 0.0)
        return simplify_filled(simplifier, 1.0, &type);
    if (exponent == 0.5)
        return simplify_unary(simplifier, IR_SQRT, x);
    if (exponent != floor(exponent) || fabs(exponent) > LARGEST)
        return -1;
    IrId whole = power(simplifier, x, (int)fabs(exponent));
    if (exponent > 0)
        return whole;
    return simplify_binary(simplifier, IR_DIV, simplify_filled(simplifier, 1.0, &type), whole);
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

static IrId simplify_select(Simplifier *simplifier, const IrOp *op)
{
    double condition;
    if (simplify_is_uniform(simplifier, op->operands[0], &condition))
        return op->operands[condition != 0.0 ? 1 : 2];
    if (op->operands[1] == op->operands[2])
        return op->operands[1];
    IrId negated = simplify_operand_of(simplifier, op->operands[0], IR_NOT);
    if (negated < 0)
        return -1;
    IrId operands[] = {negated, op->operands[2], op->operands[1]};
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

/* ---- fewer elements ------------------------------------------------------------------------------------------------
 */

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

/* scatter(a, s) + scatter(b, t), where s and t together hit every place once, moves elements and adds nothing. */
static IrId add_scatters(Simplifier *simplifier, const IrOp *op)
{
    const IrOp *a = simplify_definition(simplifier, op->operands[0]);
    const IrOp *b = simplify_definition(simplifier, op->operands[1]);
    if (!a || !b || a->code != IR_SCATTER_ADD || b->code != IR_SCATTER_ADD || a->axis != b->axis ||
        a->table_count + b->table_count != a->length)
        return -1;
    int64_t *table = ARENA_ARRAY(simplifier->arena, int64_t, a->length);
    for (int64_t i = 0; i < a->length; i++)
        table[i] = -1;
    for (int64_t i = 0; i < a->table_count; i++)
        table[a->table[i]] = i;
    for (int64_t i = 0; i < b->table_count; i++)
        table[b->table[i]] = a->table_count + i;
    for (int64_t i = 0; i < a->length; i++)
        if (table[i] < 0)
            return -1;
    int64_t axis = a->axis, length = a->length;
    IrId pieces[] = {a->operands[0], b->operands[0]};
    return simplify_take_table(simplifier, simplify_concat(simplifier, axis, 2, pieces), axis, length, table);
}

/* [a, 0] + [0, b] = [a, b] where the pieces have the same sizes. */
static IrId add_concats(Simplifier *simplifier, const IrOp *op)
{
    const IrOp *a = simplify_definition(simplifier, op->operands[0]);
    const IrOp *b = simplify_definition(simplifier, op->operands[1]);
    if (!a || !b || a->code != IR_CONCAT || b->code != IR_CONCAT || a->axis != b->axis ||
        a->operand_count != b->operand_count)
        return -1;
    for (int i = 0; i < a->operand_count; i++) {
        bool zero =
            simplify_is_number(simplifier, a->operands[i], 0.0) || simplify_is_number(simplifier, b->operands[i], 0.0);
        if (!zero || !ir_shape_equal(ir_type_of(simplifier->draft, a->operands[i]),
                                     ir_type_of(simplifier->draft, b->operands[i])))
            return -1;
    }
    IrId *pieces = ARENA_ARRAY(simplifier->arena, IrId, a->operand_count);
    int64_t axis = a->axis;
    int count = a->operand_count;
    for (int i = 0; i < count; i++)
        pieces[i] = simplify_binary(simplifier, IR_ADD, a->operands[i], b->operands[i]);
    return simplify_concat(simplifier, axis, count, pieces);
}

/* ---- dispatch ------------------------------------------------------------------------------------------------------
 */

static IrId apply_algebra(Simplifier *simplifier, const IrOp *op)
{
    IrId id = -1;
    switch (op->code) {
    case IR_NEG:
        return simplify_neg(simplifier, op);
    case IR_ADD:
        id = simplify_add(simplifier, op);
        id = id >= 0 ? id : add_scatters(simplifier, op);
        return id >= 0 ? id : add_concats(simplifier, op);
    case IR_SUB:
        return simplify_sub(simplifier, op);
    case IR_MUL:
        return simplify_mul(simplifier, op);
    case IR_DIV:
        return simplify_div(simplifier, op);
    case IR_POW:
        return simplify_pow(simplifier, op);
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
