/* SPDX-License-Identifier: MIT */
/* Reverse mode of elementwise ops: the cotangent times a partial derivative, or times the slope of a function of one
 * value; and guards where that may be zero times infinity. */
#include "compiler/grad/slopes.h"

static bool all_finite(const Analysis *analysis, const IrOp *op)
{
    for (int i = 0; i < op->operand_count; i++)
        if (!analysis->finite[op->operands[i]])
            return false;
    return analysis->finite[op->results[0]];
}

bool vjp_partial_is_finite(const Reverse *reverse, const IrOp *op, int operand)
{
    const Analysis *analysis = reverse->analysis;
    const Range *ranges = analysis->ranges;
    switch (op->code) {
    case IR_NEG:
    case IR_ADD:
    case IR_SUB:
    case IR_MIN:
    case IR_MAX:
    case IR_SELECT:
        return true;
    case IR_SQRT: /* its rule gives 0 where it is singular or undefined, unless it knows better */
        return !range_excludes_zero(ranges[op->operands[0]]) || all_finite(analysis, op);
    case IR_MUL:
        return analysis->finite[op->operands[1 - operand]] &&
               (rules_gate(&reverse->rules, op) < 0 || all_finite(analysis, op));
    case IR_FMA:
        return operand == 2 || analysis->finite[op->operands[1 - operand]];
    case IR_DIV:
        return range_excludes_zero(ranges[op->operands[1]]) && (operand == 0 || all_finite(analysis, op));
    case IR_POW:
        return ranges[op->operands[1]].low >= 1 && all_finite(analysis, op);
    default: /* the derivative is finite where the operand and the result are */
        return all_finite(analysis, op);
    }
}

/* d times a partial derivative, but 0 where that is undefined only because the partial derivative is: where d = 0. A
 * product that is defined stays as it is, so that its own derivative in d is right where d = 0 by chance. */
static IrId guard(Rules *rules, IrId d, IrId part)
{
    IrId zero = rules_binary(rules, IR_EQUAL, d, rules_number(rules, 0.0, d));
    IrId undefined = ir_unary(&rules->builder, IR_NOT, rules_binary(rules, IR_EQUAL, part, part));
    return rules_select(rules, rules_binary(rules, IR_AND, zero, undefined), -1, part);
}

static void vjp_by_slope(Reverse *reverse, const IrOp *op, IrId root, IrId d)
{
    Rules *rules = &reverse->rules;
    IrId value = op->results[0], slope = slopes_build(reverse, value);
    if (slope < 0)
        return;
    IrId part = rules_multiply(rules, d, slope);
    if (reverse->analysis->guarded[value] && !reverse->slopes->finite[value])
        part = guard(rules, d, part);
    reverse_add_value(reverse, root, part, reverse_is_per_sample(reverse, op));
}

void vjp_elementwise(Reverse *reverse, const IrOp *op, IrId d)
{
    Rules *rules = &reverse->rules;
    IrId root = slopes_root(reverse, op);
    if (root >= 0) {
        vjp_by_slope(reverse, op, root, d);
        return;
    }
    for (int i = 0; i < op->operand_count; i++) {
        if (!reverse->analysis->active[op->operands[i]])
            continue;
        IrId part = rules_partial(rules, op, i, d);
        if (part >= 0 && part != d && reverse->analysis->guarded[op->results[0]] &&
            !vjp_partial_is_finite(reverse, op, i))
            part = guard(rules, d, part);
        reverse_add(reverse, op, i, part);
    }
}
