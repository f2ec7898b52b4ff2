/* SPDX-License-Identifier: MIT */
/* An elementwise op as C: by its operator, or else by the function of the runtime that has its name. */
#include "compiler/emit/expression.h"

#include <string.h>

Term term_primary(const char *text, bool scalar)
{
    Precedence precedence = text[0] == '-' ? PRECEDENCE_UNARY : PRECEDENCE_PRIMARY;
    return (Term){text, precedence, scalar};
}

const char *term_argument(Arena *arena, Term term, bool sample)
{
    return sample && term.scalar ? arena_print(arena, "lanes_splat(%s)", term.text) : term.text;
}

/* Behind lanes_ or real_. */
static const char *function_name(IrOpcode code)
{
    return code == IR_TO_INT ? "floor" : ir_op_text(code);
}

static const char *infix(IrOpcode code, Precedence *precedence)
{
    switch (code) {
    case IR_ADD:
        *precedence = PRECEDENCE_SUM;
        return "+";
    case IR_SUB:
        *precedence = PRECEDENCE_SUM;
        return "-";
    case IR_MUL:
        *precedence = PRECEDENCE_PRODUCT;
        return "*";
    case IR_DIV:
        *precedence = PRECEDENCE_PRODUCT;
        return "/";
    case IR_AND:
        *precedence = PRECEDENCE_AND;
        return "&";
    case IR_OR:
        *precedence = PRECEDENCE_OR;
        return "|";
    default:
        return NULL;
    }
}

/* Parentheses where the operand binds less. The order of roundings is the IR's, so a sum on the right keeps its own. */
static const char *operand_text(Arena *arena, Term term, Precedence least)
{
    return term.precedence >= least ? term.text : arena_print(arena, "(%s)", term.text);
}

static Term infix_term(Arena *arena, const char *sign, Precedence precedence, const Term *operands)
{
    Precedence left = precedence, right = precedence + 1;
    if (precedence == PRECEDENCE_AND || precedence == PRECEDENCE_OR) /* gcc and clang want "&" in "|" in parentheses */
        left = right = PRECEDENCE_UNARY;
    if (operands[1].text[0] == '-')
        right = PRECEDENCE_PRIMARY;
    bool scalar = operands[0].scalar && operands[1].scalar;
    return (Term){arena_print(arena, "%s %s %s", operand_text(arena, operands[0], left), sign,
                              operand_text(arena, operands[1], right)),
                  precedence, scalar};
}

static Term call_term(Writer *writer, const char *name, int count, const Term *operands, bool sample)
{
    Text text = text_start(writer->arena);
    text_print(&text, "%s_%s(", sample ? "lanes" : "real", name);
    for (int k = 0; k < count; k++)
        text_print(&text, "%s%s", k > 0 ? ", " : "", term_argument(writer->arena, operands[k], sample));
    text_put(&text, ")");
    return (Term){text.bytes, PRECEDENCE_PRIMARY, !sample};
}

/* A choice between booleans. */
static Term choose_boolean(Arena *arena, const Term *operands, bool sample)
{
    const char *condition = operand_text(arena, operands[0], PRECEDENCE_UNARY);
    const char *a = operand_text(arena, operands[1], PRECEDENCE_UNARY);
    const char *b = operand_text(arena, operands[2], PRECEDENCE_UNARY);
    if (sample)
        return (Term){arena_print(arena, "(%s & %s) | (~%s & %s)", condition, a, condition, b), PRECEDENCE_OR, false};
    return (Term){arena_print(arena, "%s ? %s : %s", condition, a, b), PRECEDENCE_CHOICE, true};
}

static Term boolean_to_number(Writer *writer, Term boolean, bool sample)
{
    Term operands[3] = {boolean, term_primary("REAL(1.0)", true), term_primary("REAL(0.0)", true)};
    return call_term(writer, "select", 3, operands, sample);
}

Term write_expression(Writer *writer, const IrOp *op, const Term *operands, bool sample)
{
    Arena *arena = writer->arena;
    Precedence precedence;
    const char *sign = infix(op->code, &precedence);
    if (sign != NULL)
        return infix_term(arena, sign, precedence, operands);
    IrElement element = ir_type_of(writer->plan->function, op->operands[op->operand_count - 1])->element;
    if (op->code == IR_NEG || op->code == IR_NOT) {
        sign = op->code == IR_NEG ? "-" : sample ? "~" : "!";
        Precedence least = op->code == IR_NEG && operands[0].text[0] == '-' ? PRECEDENCE_PRIMARY : PRECEDENCE_UNARY;
        return (Term){arena_print(arena, "%s%s", sign, operand_text(arena, operands[0], least)), PRECEDENCE_UNARY,
                      operands[0].scalar};
    }
    if (op->code == IR_STOP_GRADIENT || (op->code == IR_TO_REAL && element == IR_INT))
        return operands[0];
    if (op->code == IR_SELECT && element == IR_BOOL)
        return choose_boolean(arena, operands, sample);
    if ((op->code == IR_TO_REAL || op->code == IR_TO_INT) && element == IR_BOOL)
        return boolean_to_number(writer, operands[0], sample);
    return call_term(writer, function_name(op->code), op->operand_count, operands, sample);
}
