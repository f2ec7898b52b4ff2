/* SPDX-License-Identifier: MIT */
/* The C expression of each elementwise op, in lanes (one sample each) or for one number that all samples share.
 * Booleans are masks in lanes and ints otherwise; int32 values are whole reals (exact below 2^24). */
#include "compiler/emit/writer.h"

static const char *function_name(IrOpcode code)
{
    switch (code) {
    case IR_ABS:
        return "abs";
    case IR_SIGN:
        return "sign";
    case IR_FLOOR:
        return "floor";
    case IR_EXP:
        return "exp";
    case IR_LOG:
        return "log";
    case IR_SQRT:
        return "sqrt";
    case IR_TANH:
        return "tanh";
    case IR_SIGMOID:
        return "sigmoid";
    case IR_SOFTPLUS:
        return "softplus";
    case IR_SIN:
        return "sin";
    case IR_COS:
        return "cos";
    case IR_TAN:
        return "tan";
    case IR_ERF:
        return "erf";
    case IR_POW:
        return "pow";
    case IR_ATAN2:
        return "atan2";
    case IR_MIN:
        return "min";
    case IR_MAX:
        return "max";
    case IR_FMA:
        return "fma";
    case IR_LESS:
        return "less";
    case IR_LESS_EQUAL:
        return "less_equal";
    case IR_EQUAL:
        return "equal";
    case IR_SELECT:
        return "select";
    default:
        return NULL;
    }
}

static const char *infix(IrOpcode code)
{
    switch (code) {
    case IR_ADD:
        return "+";
    case IR_SUB:
        return "-";
    case IR_MUL:
        return "*";
    case IR_DIV:
        return "/";
    case IR_AND:
        return "&";
    case IR_OR:
        return "|";
    default:
        return NULL;
    }
}

const char *write_expression(Writer *writer, const IrOp *op, const char *const *operands, bool sample)
{
    Arena *arena = writer->arena;
    const char *domain = sample ? "lanes" : "real";
    const IrFunction *function = writer->plan->function;
    if (infix(op->code) != NULL)
        return arena_print(arena, "%s %s %s", operands[0], infix(op->code), operands[1]);
    bool is_bool = op->operand_count > 0 && ir_type_of(function, op->operands[op->operand_count - 1])->element == IR_BOOL;
    switch (op->code) {
    case IR_NEG:
        return arena_print(arena, "-%s", operands[0]);
    case IR_STOP_GRADIENT:
        return operands[0];
    case IR_NOT:
        return arena_print(arena, sample ? "~%s" : "!%s", operands[0]);
    case IR_SELECT:
        if (is_bool && sample)
            return arena_print(arena, "(%s & %s) | (~%s & %s)", operands[0], operands[1], operands[0], operands[2]);
        if (is_bool)
            return arena_print(arena, "%s ? %s : %s", operands[0], operands[1], operands[2]);
        break;
    case IR_TO_REAL:
    case IR_TO_INT:
        if (is_bool)
            return arena_print(arena, sample ? "lanes_select(%s, lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0)))"
                                             : "real_select(%s, REAL(1.0), REAL(0.0))",
                               operands[0]);
        return op->code == IR_TO_REAL ? operands[0] : arena_print(arena, "%s_floor(%s)", domain, operands[0]);
    default:
        break;
    }
    const char *name = function_name(op->code);
    if (op->operand_count == 1)
        return arena_print(arena, "%s_%s(%s)", domain, name, operands[0]);
    if (op->operand_count == 2)
        return arena_print(arena, "%s_%s(%s, %s)", domain, name, operands[0], operands[1]);
    return arena_print(arena, "%s_%s(%s, %s, %s)", domain, name, operands[0], operands[1], operands[2]);
}
