/* SPDX-License-Identifier: MIT */
/* Products, quotients and powers: signs leave them, numbers meet, and a number goes where it costs least: into another
 * number, else into a factor that is broadcast. What a rule may do to rounding and to NaN is said in passes.h. */
#include "compiler/passes/simplify.h"

#include <math.h>

static bool is_power_of_two(double value)
{
    int exponent;
    return isnormal(value) && fabs(frexp(value, &exponent)) == 0.5;
}

/* Numbers by which a value of unknown size may be multiplied earlier than it was: they keep it in a float's range, but
 * for values at its very ends. */
static bool is_small(double number)
{
    return fabs(number) >= 1.0 / 1024 && fabs(number) <= 1024;
}

static IrId negate(Simplifier *simplifier, IrId a)
{
    return simplify_unary(simplifier, IR_NEG, a);
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

/* `op` with the number that its operand `place` is replaced by another. */
static IrId with_number(Simplifier *simplifier, const IrOp *op, int place, double number)
{
    const IrType type = *ir_type_of(simplifier->draft, op->operands[place]);
    IrId operands[] = {op->operands[0], op->operands[1]};
    operands[place] = simplify_filled(simplifier, number, &type);
    return simplify_binary(simplifier, op->code, operands[0], operands[1]);
}

/* The operand of a product or quotient that is a number: 0, 1, or -1 for none. */
static int find_number(const Simplifier *simplifier, const IrOp *op, double *number)
{
    if (simplify_is_uniform(simplifier, op->operands[1], number))
        return 1;
    return op->code == IR_DIV && simplify_is_uniform(simplifier, op->operands[0], number) ? 0 : -1;
}

/* A product or quotient with a number, times or divided by (`code`) another; or -1 where there is none, or where the
 * number that they make leaves a float's range: (x c) d may be fine where c d is not.
 *
 * (x c) d = x (c d), (c / x) d = (c d) / x, (x / c) d = x (d / c)
 *
 * (x c) / d = x (c / d), (c / x) / d = (c / d) / x, (x / c) / d = x / (c d) */
static IrId merge_numbers(Simplifier *simplifier, IrOpcode code, const IrOp *op, double number)
{
    double other, merged;
    int place = find_number(simplifier, op, &other);
    IrOp result = *op;
    if (place < 0)
        return -1;
    if (op->code == IR_DIV && place == 1) {
        bool sign = number == -1.0; /* which is exact, and no reason to turn the quotient into a product */
        merged = code == IR_MUL && !sign ? number / other : other * number;
        result.code = sign ? IR_DIV : code;
    } else {
        merged = code == IR_MUL ? other * number : other / number;
    }
    return simplify_is_moderate(merged) ? with_number(simplifier, &result, place, merged) : -1;
}

/* x times a number where that costs nothing, because x is made of products in which a number stands, up to `depth`
 * deep, or else (`narrow`) a factor that is broadcast; or -1. */
static IrId absorb(Simplifier *simplifier, IrId x, double number, bool narrow, int depth)
{
    const IrOp *op = simplify_definition(simplifier, x);
    if (!op || depth == 0)
        return -1;
    if (op->code == IR_NEG)
        return absorb(simplifier, op->operands[0], -number, narrow, depth);
    if (op->code == IR_BROADCAST && narrow) {
        const IrType shape = op->type, type = *ir_type_of(simplifier->draft, op->operands[0]);
        IrId few = simplify_binary(simplifier, IR_MUL, op->operands[0], simplify_filled(simplifier, number, &type));
        return simplify_broadcast(simplifier, few, &shape, op->axis_count, op->axes);
    }
    if (op->code != IR_MUL && op->code != IR_DIV)
        return -1;
    IrId merged = merge_numbers(simplifier, IR_MUL, op, number);
    for (int i = 0; i < (op->code == IR_MUL ? 2 : 1) && merged < 0; i++) {
        IrId operands[] = {op->operands[0], op->operands[1]};
        operands[i] = absorb(simplifier, operands[i], number, narrow, depth - 1);
        if (operands[i] >= 0)
            merged = simplify_binary(simplifier, op->code, operands[0], operands[1]);
    }
    return merged;
}

/* First where another number stands, then where a factor is broadcast. */
static IrId absorb_number(Simplifier *simplifier, IrId x, double number, int depth)
{
    IrId id = absorb(simplifier, x, number, false, is_small(number) ? depth : 1);
    return id < 0 && is_small(number) ? absorb(simplifier, x, number, true, depth) : id;
}

IrId simplify_negated_product(Simplifier *simplifier, IrId a)
{
    enum { DEPTH = 2 };
    const IrOp *op = simplify_definition(simplifier, a);
    double number;
    if (!op || (op->code != IR_MUL && op->code != IR_DIV))
        return -1;
    if (ir_type_of(simplifier->draft, a)->element == IR_REAL)
        return absorb(simplifier, a, -1.0, false, DEPTH);
    return simplify_is_uniform(simplifier, op->operands[1], &number) && number != INT32_MIN
               ? with_number(simplifier, op, 1, -number)
               : -1;
}

/* ---- products ---------------------------------------------------------------------------------------------------- */

static IrId multiply_by_number(Simplifier *simplifier, IrId a, IrId factor, double number)
{
    enum { DEPTH = 3 };
    const IrType type = *ir_type_of(simplifier->draft, factor);
    if (number == 1.0)
        return a;
    if (number == -1.0)
        return negate(simplifier, a);
    IrId negated = simplify_operand_of(simplifier, a, IR_NEG);
    if (negated >= 0 && number != INT32_MIN)
        return simplify_binary(simplifier, IR_MUL, negated, simplify_filled(simplifier, -number, &type));
    return type.element == IR_REAL ? absorb_number(simplifier, a, number, DEPTH) : -1;
}

/* (-x) (-y) = x y, (-x) y = -(x y), and the same for quotients. */
static IrId move_signs(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0], b = op->operands[1];
    IrId left = simplify_operand_of(simplifier, a, IR_NEG), right = simplify_operand_of(simplifier, b, IR_NEG);
    if (left < 0 && right < 0)
        return -1;
    IrId unsigned_one = simplify_binary(simplifier, op->code, left >= 0 ? left : a, right >= 0 ? right : b);
    return left >= 0 && right >= 0 ? unsigned_one : negate(simplifier, unsigned_one);
}

/* (x c) y where y takes the number: x (y c). */
static IrId hand_number_over(Simplifier *simplifier, const IrOp *op)
{
    enum { DEPTH = 2 };
    if (ir_type_of(simplifier->draft, op->operands[0])->element != IR_REAL)
        return -1;
    for (int i = 1; i >= 0; i--) {
        const IrOp *inner = simplify_definition(simplifier, op->operands[i]);
        double number;
        if (!inner || inner->code != IR_MUL || !simplify_is_uniform(simplifier, inner->operands[1], &number) ||
            !is_small(number))
            continue;
        IrId operands[] = {inner->operands[0], inner->operands[0]};
        operands[1 - i] = absorb_number(simplifier, op->operands[1 - i], number, DEPTH);
        if (operands[1 - i] >= 0)
            return simplify_binary(simplifier, IR_MUL, operands[0], operands[1]);
    }
    return -1;
}

static IrId multiply(Simplifier *simplifier, const IrOp *op)
{
    IrId a = op->operands[0], b = op->operands[1];
    double number;
    if (simplify_is_uniform(simplifier, b, &number))
        return multiply_by_number(simplifier, a, b, number);
    if (simplify_is_uniform(simplifier, a, &number)) /* a number stands second, so that other rules look there alone */
        return simplify_binary(simplifier, IR_MUL, b, a);
    IrId id = move_signs(simplifier, op);
    return id >= 0 ? id : hand_number_over(simplifier, op);
}

/* ---- quotients --------------------------------------------------------------------------------------------------- */

/* By a power of two it is a product, exactly. */
static IrId divide_by_number(Simplifier *simplifier, IrId a, IrId divisor, double number)
{
    const IrType type = *ir_type_of(simplifier->draft, divisor);
    const IrOp *inner = simplify_definition(simplifier, a);
    if (is_power_of_two(number) && simplify_is_moderate(1.0 / number))
        return simplify_binary(simplifier, IR_MUL, a, simplify_filled(simplifier, 1.0 / number, &type));
    return inner && (inner->code == IR_MUL || inner->code == IR_DIV) ? merge_numbers(simplifier, IR_DIV, inner, number)
                                                                     : -1;
}

static IrId divide(Simplifier *simplifier, const IrOp *op)
{
    double number;
    IrId id = -1;
    if (simplify_is_uniform(simplifier, op->operands[1], &number))
        id = divide_by_number(simplifier, op->operands[0], op->operands[1], number);
    return id >= 0 ? id : move_signs(simplifier, op);
}

/* ---- powers ------------------------------------------------------------------------------------------------------ */

/* x^n by squaring, n > 0. */
static IrId power(Simplifier *simplifier, IrId x, int n)
{
    if (n == 1)
        return x;
    IrId half = power(simplifier, x, n / 2);
    IrId square = simplify_binary(simplifier, IR_MUL, half, half);
    return n % 2 == 0 ? square : simplify_binary(simplifier, IR_MUL, square, x);
}

/* Small whole exponents n are products, at most (n - 1) / 2 ulp off; halves are square roots times those. */
static IrId raise(Simplifier *simplifier, const IrOp *op)
{
    enum { LARGEST = 16 };
    IrId x = op->operands[0], result = -1;
    const IrType type = *ir_type_of(simplifier->draft, x);
    double exponent;
    if (!simplify_is_uniform(simplifier, op->operands[1], &exponent))
        return -1;
    if (exponent == 0.0)
        return simplify_filled(simplifier, 1.0, &type);
    if (2.0 * exponent != floor(2.0 * exponent) || !(fabs(exponent) <= LARGEST))
        return -1;
    int whole = (int)fabs(exponent);
    if (fabs(exponent) > whole)
        result = simplify_unary(simplifier, IR_SQRT, x);
    if (whole > 0) {
        IrId product = power(simplifier, x, whole);
        result = result < 0 ? product : simplify_binary(simplifier, IR_MUL, product, result);
    }
    if (exponent > 0)
        return result;
    return simplify_binary(simplifier, IR_DIV, simplify_filled(simplifier, 1.0, &type), result);
}

IrId simplify_product(Simplifier *simplifier, const IrOp *op)
{
    if (op->code == IR_MUL)
        return multiply(simplifier, op);
    return op->code == IR_DIV ? divide(simplifier, op) : raise(simplifier, op);
}
