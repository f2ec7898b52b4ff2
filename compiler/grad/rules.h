/* SPDX-License-Identifier: MIT */
/* Building derivatives: what the rules of both modes share. An elementwise op has a diagonal Jacobian, its own
 * transpose, so one rule gives reverse mode's cotangent from the result's and forward mode's tangent from the
 * operand's. */
#ifndef COMPILER_GRAD_RULES_H
#define COMPILER_GRAD_RULES_H

#include "compiler/grad/ranges.h"

typedef struct Rules {
    IrBuilder builder; /* its function is being built */
    Arena *arena;
    const IrFunction *from;       /* what is differentiated */
    IrId *map;                    /* by value of `from`: the same value in what is being built */
    const Range *ranges;          /* by value of `from` */
    const bool *active;           /* by value of `from`: a derivative flows through it */
    IrId *known[IR_OPCODE_COUNT]; /* by value: the result of that op on it, so that cos(x) of the forward serves */
} Rules;

void rules_start(Rules *rules, const IrFunction *from, IrFunction *into, const bool *active, const Range *ranges);
/* Notes that the op of `from` has been built, for rules that can use its result again. */
void rules_note_op(Rules *rules, const IrOp *op);

static inline IrId rules_mapped(const Rules *rules, const IrOp *op, int operand)
{
    return rules->map[op->operands[operand]];
}

/* Small algebra: factors 1 and -1 are seen, other simplification is a pass's. `like` gives the shape. */
IrId rules_number(Rules *rules, double number, IrId like);
IrId rules_negate(Rules *rules, IrId a);
IrId rules_add(Rules *rules, IrId a, IrId b); /* either may be -1: nothing */
IrId rules_multiply(Rules *rules, IrId a, IrId b);
IrId rules_select(Rules *rules, IrId condition, IrId a, IrId b); /* a or b may be -1: zero */
IrId rules_binary(Rules *rules, IrOpcode code, IrId a, IrId b);
IrId rules_zeros(Rules *rules, const IrType *like);
/* Is the value of `from` a constant with one number in every element? */
bool rules_is_uniform(const Rules *rules, IrId id, double *number);
/* The op with other operands (as many), appended. */
IrId rules_same_op(Rules *rules, const IrOp *op, IrId first);

/* `d` times the partial derivative of the elementwise op in the operand, at singular points as ops.def says; -1: zero.
 */
IrId rules_partial(Rules *rules, const IrOp *op, int operand, IrId d);

/* The tangent of the elementwise op's result from those of its operands (-1: none); -1: none. */
IrId rules_tangent(Rules *rules, const IrOp *op, const IrId *tangents);

/* Of a product of x and sigmoid(x), which operand the latter is; else -1. */
int rules_gate(const Rules *rules, const IrOp *op);

/* Bools in the shape of REDUCE_MAX's operand: is it the first of the largest elements? */
IrId rules_first_largest(Rules *rules, const IrOp *op);

/* The elements of SOLVE_TRIANGULAR's matrix that it does not read are made zero. */
IrId rules_triangle(Rules *rules, const IrOp *op, IrId matrix);

#endif
