/* SPDX-License-Identifier: MIT */
/* Interval arithmetic over a function's ops. Bounds are those of exact arithmetic; who relies on them keeps a margin.
 */
#include "compiler/grad/ranges.h"

#include <math.h>

static const Range ANYTHING = {-INFINITY, INFINITY};

bool range_excludes_zero(Range range)
{
    return range.low >= 1e-30 || range.high <= -1e-30;
}

bool range_has_exponential(Range range)
{
    return range.high <= 80;
}

/* ---- single operations ---------------------------------------------------------------------------------------- */

static Range join(Range a, Range b)
{
    return (Range){fmin(a.low, b.low), fmax(a.high, b.high)};
}

static Range negate(Range a)
{
    return (Range){-a.high, -a.low};
}

static Range add(Range a, Range b)
{
    return (Range){a.low + b.low, a.high + b.high};
}

static double bound_product(double a, double b)
{
    return a == 0 || b == 0 ? 0 : a * b; /* 0 times a bound that is infinite */
}

static Range multiply(Range a, Range b)
{
    double products[] = {bound_product(a.low, b.low), bound_product(a.low, b.high), bound_product(a.high, b.low),
                         bound_product(a.high, b.high)};
    Range result = {products[0], products[0]};
    for (int i = 1; i < 4; i++)
        result = join(result, (Range){products[i], products[i]});
    return result;
}

static Range absolute(Range a)
{
    double high = fmax(fabs(a.low), fabs(a.high));
    return (Range){a.low > 0 ? a.low : a.high < 0 ? -a.high : 0, high};
}

static Range square(Range a)
{
    Range size = absolute(a);
    return multiply(size, size);
}

static Range divide(Range a, Range b)
{
    if (!range_excludes_zero(b))
        return a.low >= 0 && b.low >= 0 ? (Range){0, INFINITY} : ANYTHING;
    return multiply(a, (Range){1 / b.high, 1 / b.low});
}

/* An increasing function with values in [low, high]. */
static Range apply(double (*function)(double), Range a, double low, double high)
{
    Range result = {low, high};
    if (isfinite(a.low))
        result.low = fmax(low, function(a.low));
    if (isfinite(a.high))
        result.high = fmin(high, function(a.high));
    return result;
}

static Range of_constant(const IrOp *op)
{
    Range result = {op->data[0], op->data[0]};
    int64_t count = ir_type_count(&op->type);
    for (int64_t i = 0; i < count; i++) {
        if (isnan(op->data[i]))
            return ANYTHING;
        result = join(result, (Range){op->data[i], op->data[i]});
    }
    return result;
}

/* ---- ops ------------------------------------------------------------------------------------------------------ */

static Range of_unary(IrOpcode code, Range x)
{
    switch (code) {
    case IR_NEG:
        return negate(x);
    case IR_ABS:
        return absolute(x);
    case IR_SIGN:
    case IR_SIN:
    case IR_COS:
        return (Range){-1, 1};
    case IR_EXP:
        return apply(exp, x, 0, INFINITY);
    case IR_SQRT:
        return (Range){x.low > 0 ? sqrt(x.low) : 0, x.high > 0 ? sqrt(x.high) : 0};
    case IR_LOG:
        return (Range){x.low > 0 ? log(x.low) : -INFINITY, x.high > 0 ? log(x.high) : -INFINITY};
    case IR_TANH:
        return apply(tanh, x, -1, 1);
    case IR_ERF:
        return apply(erf, x, -1, 1);
    case IR_SIGMOID:
        return (Range){0, 1};
    case IR_SOFTPLUS:
        return (Range){fmax(0, x.low), INFINITY};
    case IR_FLOOR:
        return (Range){floor(x.low), x.high};
    default:
        return ANYTHING;
    }
}

static Range of_binary(const IrOp *op, Range a, Range b)
{
    switch (op->code) {
    case IR_ADD:
        return add(a, b);
    case IR_SUB:
        return add(a, negate(b));
    case IR_MUL:
        return op->operands[0] == op->operands[1] ? square(a) : multiply(a, b);
    case IR_DIV:
        return divide(a, b);
    case IR_POW:
        return a.low >= 0 ? (Range){0, INFINITY} : ANYTHING;
    case IR_ATAN2:
        return (Range){-4, 4};
    case IR_MIN:
        return (Range){fmin(a.low, b.low), fmin(a.high, b.high)};
    default: /* MAX */
        return (Range){fmax(a.low, b.low), fmax(a.high, b.high)};
    }
}

static Range of_sum(const IrFunction *function, const IrOp *op, Range x)
{
    double terms = 1;
    for (int i = 0; i < op->axis_count; i++)
        terms *= (double)ir_type_of(function, op->operands[0])->size[op->axes[i]];
    return multiply(x, (Range){terms, terms});
}

static Range of_op(const IrFunction *function, const IrOp *op, const Range *ranges)
{
    const IrId *x = op->operands;
    switch (op->code) {
    case IR_CONSTANT:
        return of_constant(op);
    case IR_NEG:
    case IR_ABS:
    case IR_SIGN:
    case IR_FLOOR:
    case IR_EXP:
    case IR_LOG:
    case IR_SQRT:
    case IR_TANH:
    case IR_SIGMOID:
    case IR_SOFTPLUS:
    case IR_SIN:
    case IR_COS:
    case IR_ERF:
        return of_unary(op->code, ranges[x[0]]);
    case IR_TO_REAL:
        return ir_type_of(function, x[0])->element == IR_BOOL ? (Range){0, 1} : ranges[x[0]];
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_DIV:
    case IR_POW:
    case IR_ATAN2:
    case IR_MIN:
    case IR_MAX:
        return of_binary(op, ranges[x[0]], ranges[x[1]]);
    case IR_FMA:
        return add(x[0] == x[1] ? square(ranges[x[0]]) : multiply(ranges[x[0]], ranges[x[1]]), ranges[x[2]]);
    case IR_SELECT:
        return join(ranges[x[1]], ranges[x[2]]);
    case IR_STOP_GRADIENT:
    case IR_BROADCAST:
    case IR_RESHAPE:
    case IR_TRANSPOSE:
    case IR_SLICE:
    case IR_GATHER:
    case IR_TAKE:
    case IR_REDUCE_MAX:
    case IR_DISTRIBUTE:
    case IR_COLLECT:
        return ranges[x[0]];
    case IR_REDUCE_SUM:
        return of_sum(function, op, ranges[x[0]]);
    case IR_CONCAT: {
        Range all = ranges[x[0]];
        for (int i = 1; i < op->operand_count; i++)
            all = join(all, ranges[x[i]]);
        return all;
    }
    case IR_DRAW_UNIFORM:
        return (Range){0, 1};
    default:
        return ANYTHING;
    }
}

Range *ranges_find(const IrFunction *function)
{
    Range *ranges = ARENA_ARRAY(function->module->arena, Range, function->value_count);
    for (int i = 0; i < function->value_count; i++)
        ranges[i] = ANYTHING;
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        if (op->result_count == 1 && op->code != IR_CALL && op->code != IR_SCAN)
            ranges[op->results[0]] = of_op(function, op, ranges);
    }
    return ranges;
}
