/* SPDX-License-Identifier: MIT */
/* What is known of a formula when the spec is compiled: values of static expressions, and the ranges that the indices
 * of sums go through. Only operations with one result under IEEE 754 take part, so the values are the same everywhere.
 */
#include "compiler/expr/expr.h"

#include <math.h>

double expr_integer_power(double x, int64_t n)
{
    double result = 1, square = x;
    for (uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n; left > 0; left >>= 1) {
        if (left & 1)
            result *= square;
        square *= square;
    }
    return n < 0 ? 1 / result : result;
}

/* Powers that are static have exponents that are halves of integers. */
static double power(double x, double exponent)
{
    double whole = floor(exponent);
    double result = expr_integer_power(x, (int64_t)whole);
    return whole == exponent ? result : result * sqrt(x);
}

static double operate(ExprOperator operator, double a, double b)
{
    switch (operator) {
    case EXPR_ADD:
        return a + b;
    case EXPR_SUBTRACT:
        return a - b;
    case EXPR_MULTIPLY:
        return a * b;
    case EXPR_DIVIDE:
        return a / b;
    case EXPR_LESS:
        return a < b;
    case EXPR_LESS_EQUAL:
        return a <= b;
    case EXPR_GREATER:
        return a > b;
    case EXPR_GREATER_EQUAL:
        return a >= b;
    case EXPR_EQUAL:
        return a == b;
    case EXPR_NOT_EQUAL:
        return a != b;
    }
    return NAN;
}

static double apply(const Expr *expr, const int64_t *index)
{
    double value = expr_static_value(expr->operands[0], index);
    if (expr->function == EXPR_ABS)
        return fabs(value);
    if (expr->function == EXPR_SQRT)
        return sqrt(value);
    for (int i = 1; i < expr->operand_count; i++) {
        double other = expr_static_value(expr->operands[i], index);
        bool keep = expr->function == EXPR_MIN ? value <= other : value >= other;
        value = keep ? value : other;
    }
    return value;
}

static double parameter_value(const Expr *expr, const int64_t *index)
{
    const SpecParameter *parameter = expr->parameter;
    int64_t element = 0;
    for (int axis = 0; axis < expr->operand_count; axis++) {
        double wanted = expr_static_value(expr->operands[axis], index);
        int64_t last = parameter->size[axis] - 1;
        int64_t here = !(wanted > 0) ? 0 : wanted >= (double)last ? last : (int64_t)wanted;
        element = element * parameter->size[axis] + here;
    }
    return parameter->data[element];
}

double expr_static_value(const Expr *expr, const int64_t *index)
{
    double value;
    switch (expr->kind) {
    case EXPR_NUMBER:
        return expr->number;
    case EXPR_INDEX:
        return (double)index[expr->depth];
    case EXPR_PARAMETER:
        return parameter_value(expr, index);
    case EXPR_NEGATE:
        return -expr_static_value(expr->operands[0], index);
    case EXPR_CHAIN:
    case EXPR_COMPARE:
        value = expr_static_value(expr->operands[0], index);
        for (int i = 1; i < expr->operand_count; i++)
            value = operate(expr->operators[i - 1], value, expr_static_value(expr->operands[i], index));
        return value;
    case EXPR_POWER:
        return power(expr_static_value(expr->operands[0], index), expr_static_value(expr->operands[1], index));
    case EXPR_APPLY:
        return apply(expr, index);
    case EXPR_WHERE:
        return expr_static_value(expr->operands[expr_static_value(expr->operands[0], index) != 0 ? 1 : 2], index);
    default:
        return NAN; /* not static */
    }
}

/* ---- ranges ------------------------------------------------------------------------------------------------------ */

int64_t expr_axes_count(const ExprLoop *const *loops, unsigned axes)
{
    int64_t count = 1;
    for (int depth = 0; depth < EXPR_AXES_MAX; depth++)
        if (axes & 1u << depth)
            count *= loops[depth]->count;
    return count;
}

bool expr_axes_first(const ExprLoop *const *loops, unsigned axes, int64_t *index)
{
    for (int depth = 0; depth < EXPR_AXES_MAX; depth++) {
        if (!(axes & 1u << depth))
            continue;
        if (loops[depth]->count == 0)
            return false;
        index[depth] = loops[depth]->first;
    }
    return true;
}

bool expr_axes_next(const ExprLoop *const *loops, unsigned axes, int64_t *index)
{
    for (int depth = EXPR_AXES_MAX - 1; depth >= 0; depth--) {
        if (!(axes & 1u << depth))
            continue;
        if (++index[depth] < loops[depth]->first + loops[depth]->count)
            return true;
        index[depth] = loops[depth]->first;
    }
    return false;
}

bool expr_axes_live(const ExprLoop *const *loops, unsigned axes, const int64_t *index)
{
    for (int depth = 0; depth < EXPR_AXES_MAX; depth++) {
        if (!(axes & 1u << depth) || !loops[depth]->low)
            continue;
        double here = (double)index[depth];
        if (here < expr_static_value(loops[depth]->low, index) || here >= expr_static_value(loops[depth]->high, index))
            return false;
    }
    return true;
}

unsigned expr_axes_closure(const ExprLoop *const *loops, unsigned axes)
{
    for (int depth = EXPR_AXES_MAX - 1; depth >= 0; depth--)
        if (axes & 1u << depth && loops[depth]->low)
            axes |= loops[depth]->low->axes | loops[depth]->high->axes;
    return axes;
}
