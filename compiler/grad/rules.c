/* SPDX-License-Identifier: MIT */
/* Building derivatives: small algebra, and the pieces of rules that both modes need. */
#include "compiler/grad/rules.h"

#include <string.h>

void rules_start(Rules *rules, const IrFunction *from, IrFunction *into, const bool *active, const Range *ranges)
{
    *rules = (Rules){
        .builder = {.function = into}, .arena = into->module->arena, .from = from, .active = active, .ranges = ranges};
    rules->map = ARENA_ARRAY(rules->arena, IrId, from->value_count);
    for (int i = 0; i < from->value_count; i++)
        rules->map[i] = -1;
}

/* ---- looking -------------------------------------------------------------------------------------------------- */

static const IrOp *definition(const IrFunction *function, IrId id)
{
    int32_t op = function->values[id].op;
    return op < 0 ? NULL : &function->ops[op];
}

static bool is_uniform(const IrFunction *function, IrId id, double *number)
{
    const IrOp *op = definition(function, id);
    while (op && op->code == IR_BROADCAST)
        op = definition(function, op->operands[0]);
    if (!op || op->code != IR_CONSTANT)
        return false;
    int64_t count = ir_type_count(&op->type);
    for (int64_t i = 1; i < count; i++)
        if (memcmp(&op->data[i], &op->data[0], sizeof op->data[0]) != 0)
            return false;
    *number = op->data[0];
    return true;
}

bool rules_is_uniform(const Rules *rules, IrId id, double *number)
{
    return is_uniform(rules->from, id, number);
}

static bool is_number(const Rules *rules, IrId id, double number)
{
    double actual;
    return is_uniform(rules->builder.function, id, &actual) && actual == number;
}

/* ---- building ------------------------------------------------------------------------------------------------- */

IrId rules_zeros(Rules *rules, const IrType *like)
{
    return ir_zeros(&rules->builder, like);
}

IrId rules_number(Rules *rules, double number, IrId like)
{
    IrType type = *ir_type_of(rules->builder.function, like);
    const char *note = rules->builder.note; /* is for what is computed, not for a number */
    rules->builder.note = NULL;
    IrId id = ir_constant(&rules->builder, number);
    id = type.rank > 0 ? ir_broadcast_scalar(&rules->builder, id, &type) : id;
    rules->builder.note = note;
    return id;
}

IrId rules_negate(Rules *rules, IrId a)
{
    const IrOp *op = definition(rules->builder.function, a);
    return op && op->code == IR_NEG ? op->operands[0] : ir_unary(&rules->builder, IR_NEG, a);
}

IrId rules_add(Rules *rules, IrId a, IrId b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return ir_binary(&rules->builder, IR_ADD, a, b);
}

IrId rules_multiply(Rules *rules, IrId a, IrId b)
{
    for (int i = 0; i < 2; i++) {
        IrId factor = i == 0 ? a : b, other = i == 0 ? b : a;
        if (is_number(rules, factor, 1.0))
            return other;
        if (is_number(rules, factor, -1.0))
            return rules_negate(rules, other);
    }
    return ir_binary(&rules->builder, IR_MUL, a, b);
}

IrId rules_select(Rules *rules, IrId condition, IrId a, IrId b)
{
    a = a < 0 ? rules_number(rules, 0.0, condition) : a;
    b = b < 0 ? rules_number(rules, 0.0, condition) : b;
    return ir_select(&rules->builder, condition, a, b);
}

IrId rules_binary(Rules *rules, IrOpcode code, IrId a, IrId b)
{
    return ir_binary(&rules->builder, code, a, b);
}

IrId rules_same_op(Rules *rules, const IrOp *op, IrId first)
{
    IrOp copy = *op;
    copy.operands = ARENA_ARRAY(rules->arena, IrId, op->operand_count);
    for (int i = 0; i < op->operand_count; i++)
        copy.operands[i] = i == 0 ? first : rules_mapped(rules, op, i);
    copy.note = NULL;
    return ir_append(rules->builder.function, copy);
}

/* ---- results of the forward that serve again ------------------------------------------------------------------ */

/* Functions of one operand that are the derivative of another, or part of it. */
static bool serves_again(IrOpcode code)
{
    return code == IR_SIN || code == IR_COS || code == IR_SIGMOID || code == IR_LOG || code == IR_EXP ||
           code == IR_SIGN;
}

void rules_note_op(Rules *rules, const IrOp *op)
{
    if (!serves_again(op->code))
        return;
    if (!rules->known[op->code]) {
        rules->known[op->code] = ARENA_ARRAY(rules->arena, IrId, rules->from->value_count);
        for (int i = 0; i < rules->from->value_count; i++)
            rules->known[op->code][i] = -1;
    }
    rules->known[op->code][op->operands[0]] = rules->map[op->results[0]];
}

/* f(operand) of the op of `from`. */
static IrId function_of_operand(Rules *rules, IrOpcode code, const IrOp *op, int operand)
{
    IrId known = rules->known[code] ? rules->known[code][op->operands[operand]] : -1;
    return known >= 0 ? known : ir_unary(&rules->builder, code, rules_mapped(rules, op, operand));
}

/* ---- elementwise ---------------------------------------------------------------------------------------------- */

/* d (1 - y^2), d (y - y^2), d (1 + y^2): both are one fused multiply-add and a product. */
static IrId times_square(Rules *rules, IrId d, IrOpcode sum, IrId first, IrId y)
{
    IrId square = rules_multiply(rules, y, y);
    return rules_multiply(rules, d, rules_binary(rules, sum, first, square));
}

/* numerator / denominator where the denominator, which is never negative, is not 0 or NaN; there 0. */
static IrId divide_or_zero(Rules *rules, IrId numerator, IrId denominator)
{
    IrId regular = rules_binary(rules, IR_LESS, rules_number(rules, 0.0, denominator), denominator);
    return rules_select(rules, regular, rules_binary(rules, IR_DIV, numerator, denominator), -1);
}

static IrId partial_unary(Rules *rules, const IrOp *op, IrId d)
{
    const double two_over_root_pi = 1.1283791670955126;
    IrId x = rules_mapped(rules, op, 0), y = rules->map[op->results[0]];
    switch (op->code) {
    case IR_NEG:
        return rules_negate(rules, d);
    case IR_ABS:
        return rules_multiply(rules, d, function_of_operand(rules, IR_SIGN, op, 0));
    case IR_EXP:
        return rules_multiply(rules, d, y);
    case IR_LOG:
        return rules_binary(rules, IR_DIV, d, x);
    case IR_SQRT: {
        IrId half = rules_multiply(rules, d, rules_number(rules, 0.5, d));
        return range_excludes_zero(rules->ranges[op->operands[0]]) ? rules_binary(rules, IR_DIV, half, y)
                                                                   : divide_or_zero(rules, half, y);
    }
    case IR_TANH:
        return times_square(rules, d, IR_SUB, rules_number(rules, 1.0, y), y);
    case IR_SIGMOID:
        return times_square(rules, d, IR_SUB, y, y);
    case IR_SOFTPLUS:
        return rules_multiply(rules, d, function_of_operand(rules, IR_SIGMOID, op, 0));
    case IR_SIN:
        return rules_multiply(rules, d, function_of_operand(rules, IR_COS, op, 0));
    case IR_COS:
        return rules_negate(rules, rules_multiply(rules, d, function_of_operand(rules, IR_SIN, op, 0)));
    case IR_TAN:
        return times_square(rules, d, IR_ADD, rules_number(rules, 1.0, y), y);
    default: { /* ERF */
        IrId gauss = ir_unary(&rules->builder, IR_EXP, rules_negate(rules, rules_multiply(rules, x, x)));
        return rules_multiply(rules, d, rules_multiply(rules, gauss, rules_number(rules, two_over_root_pi, x)));
    }
    }
}

int rules_gate(const Rules *rules, const IrOp *op)
{
    for (int i = 0; i < 2 && op->code == IR_MUL; i++) {
        const IrOp *gate = definition(rules->from, op->operands[i]);
        if (gate && gate->code == IR_SIGMOID && gate->operands[0] == op->operands[1 - i])
            return i;
    }
    return -1;
}

/* y = x g, g = sigmoid(x), both partials at once, in x: g + y (1 - g). So x need not be kept beside y and g. */
static IrId partial_gated(Rules *rules, const IrOp *op, int gate, IrId d)
{
    IrId g = rules_mapped(rules, op, gate), y = rules->map[op->results[0]];
    IrId rest = rules_binary(rules, IR_SUB, rules_number(rules, 1.0, g), g);
    return rules_multiply(rules, d, rules_add(rules, rules_multiply(rules, y, rest), g));
}

/* The other factor; of a square both partials at once, in the first operand: 2 x. */
static IrId partial_product(Rules *rules, const IrOp *op, int operand, IrId d)
{
    IrId other = rules_mapped(rules, op, 1 - operand);
    int gate = rules_gate(rules, op);
    if (gate >= 0)
        return operand == gate ? -1 : partial_gated(rules, op, gate, d);
    if (op->operands[0] != op->operands[1])
        return rules_multiply(rules, d, other);
    if (operand == 1)
        return -1;
    return rules_multiply(rules, d, rules_multiply(rules, other, rules_number(rules, 2.0, other)));
}

/* y = a / b: 1 / b and - y / b. Where a is a number the division is spared: - y^2 / a. */
static IrId partial_quotient(Rules *rules, const IrOp *op, int operand, IrId d)
{
    IrId b = rules_mapped(rules, op, 1), y = rules->map[op->results[0]];
    double number;
    if (operand == 0)
        return rules_binary(rules, IR_DIV, d, b);
    bool spared = !rules->active[op->operands[0]] && rules_is_uniform(rules, op->operands[0], &number) &&
                  number != 0.0 && 1.0 / number != 0.0 && 1.0 / number - 1.0 / number == 0.0;
    if (!spared)
        return rules_negate(rules, rules_multiply(rules, rules_binary(rules, IR_DIV, d, b), y));
    IrId square = rules_multiply(rules, rules_multiply(rules, y, y), rules_number(rules, -1.0 / number, y));
    return rules_multiply(rules, d, square);
}

static IrId partial_base(Rules *rules, const IrOp *op, IrId d)
{
    IrId a = rules_mapped(rules, op, 0), b = rules_mapped(rules, op, 1);
    double number;
    if (!rules_is_uniform(rules, op->operands[1], &number)) {
        IrId less = rules_binary(rules, IR_SUB, b, rules_number(rules, 1.0, b));
        IrId slope = rules_multiply(rules, b, rules_binary(rules, IR_POW, a, less));
        IrId flat = rules_binary(rules, IR_EQUAL, b, rules_number(rules, 0.0, b));
        return rules_multiply(rules, d, rules_select(rules, flat, -1, slope));
    }
    if (number == 0.0)
        return -1;
    if (number == 1.0)
        return d;
    if (number == 0.5)
        return rules_binary(rules, IR_DIV, rules_multiply(rules, d, rules_number(rules, 0.5, d)),
                            rules->map[op->results[0]]);
    IrId power = number == 2.0 ? a : rules_binary(rules, IR_POW, a, rules_number(rules, number - 1.0, a));
    return rules_multiply(rules, d, rules_multiply(rules, power, rules_number(rules, number, a)));
}

static IrId partial_exponent(Rules *rules, const IrOp *op, IrId d)
{
    IrId a = rules_mapped(rules, op, 0), y = rules->map[op->results[0]];
    IrId positive = rules_binary(rules, IR_LESS, rules_number(rules, 0.0, a), a);
    IrId slope = rules_multiply(rules, function_of_operand(rules, IR_LOG, op, 0), y);
    return rules_multiply(rules, d, rules_select(rules, positive, slope, -1));
}

/* atan2(a, b): b / (a^2 + b^2), - a / (a^2 + b^2) */
static IrId partial_angle(Rules *rules, const IrOp *op, int operand, IrId d)
{
    IrId a = rules_mapped(rules, op, 0), b = rules_mapped(rules, op, 1);
    IrId square = rules_add(rules, rules_multiply(rules, a, a), rules_multiply(rules, b, b));
    IrId share = divide_or_zero(rules, d, square);
    return operand == 0 ? rules_multiply(rules, share, b) : rules_negate(rules, rules_multiply(rules, share, a));
}

/* Where only the second operand is active the result tells which was taken, so that the second, which may be a whole
 * layer before its activation, need not be kept: b was taken where b > a, and there the result is b. */
static IrId partial_extremum(Rules *rules, const IrOp *op, int operand, IrId d)
{
    IrId a = rules_mapped(rules, op, 0), b = rules_mapped(rules, op, 1), y = rules->map[op->results[0]];
    bool largest = op->code == IR_MAX;
    if (!rules->active[op->operands[0]]) {
        IrId second = largest ? rules_binary(rules, IR_LESS, a, y) : rules_binary(rules, IR_LESS, y, a);
        return operand == 1 ? rules_select(rules, second, d, -1) : -1;
    }
    IrId first = largest ? rules_binary(rules, IR_LESS_EQUAL, b, a) : rules_binary(rules, IR_LESS_EQUAL, a, b);
    return operand == 0 ? rules_select(rules, first, d, -1) : rules_select(rules, first, -1, d);
}

IrId rules_partial(Rules *rules, const IrOp *op, int operand, IrId d)
{
    switch (op->code) {
    case IR_NEG:
    case IR_ABS:
    case IR_EXP:
    case IR_LOG:
    case IR_SQRT:
    case IR_TANH:
    case IR_SIGMOID:
    case IR_SOFTPLUS:
    case IR_SIN:
    case IR_COS:
    case IR_TAN:
    case IR_ERF:
        return partial_unary(rules, op, d);
    case IR_ADD:
        return d;
    case IR_SUB:
        return operand == 0 ? d : rules_negate(rules, d);
    case IR_MUL:
        return partial_product(rules, op, operand, d);
    case IR_DIV:
        return partial_quotient(rules, op, operand, d);
    case IR_POW:
        return operand == 0 ? partial_base(rules, op, d) : partial_exponent(rules, op, d);
    case IR_ATAN2:
        return partial_angle(rules, op, operand, d);
    case IR_MIN:
    case IR_MAX:
        return partial_extremum(rules, op, operand, d);
    case IR_FMA:
        return operand == 2 ? d : partial_product(rules, op, operand, d);
    case IR_SELECT:
        return rules_select(rules, rules_mapped(rules, op, 0), operand == 1 ? d : -1, operand == 2 ? d : -1);
    default:
        return -1;
    }
}

/* ---- forward mode --------------------------------------------------------------------------------------------- */

IrId rules_tangent(Rules *rules, const IrOp *op, const IrId *tangents)
{
    if (op->code == IR_SELECT)
        return tangents[1] < 0 && tangents[2] < 0
                   ? -1
                   : rules_select(rules, rules_mapped(rules, op, 0), tangents[1], tangents[2]);
    if ((op->code == IR_MIN || op->code == IR_MAX) && tangents[0] >= 0 && tangents[1] >= 0) {
        IrId a = rules_mapped(rules, op, 0), b = rules_mapped(rules, op, 1);
        IrId first =
            op->code == IR_MAX ? rules_binary(rules, IR_LESS_EQUAL, b, a) : rules_binary(rules, IR_LESS_EQUAL, a, b);
        return rules_select(rules, first, tangents[0], tangents[1]);
    }
    IrId sum = -1;
    for (int i = 0; i < op->operand_count; i++)
        if (tangents[i] >= 0)
            sum = rules_add(rules, sum, rules_partial(rules, op, i, tangents[i]));
    return sum;
}
