/* SPDX-License-Identifier: MIT */
/* Forward mode of one function while it is built: each op is followed by what gives its results' tangents. */
#ifndef COMPILER_GRAD_FORWARD_H
#define COMPILER_GRAD_FORWARD_H

#include "compiler/grad/analysis.h"
#include "compiler/grad/rules.h"

typedef struct Forward {
    Rules rules;
    GradCache *cache;
    bool *moving;   /* by value of the function: it has a tangent */
    IrId *tangents; /* by value of the function, -1 where it has none */
} Forward;

/* A function with its tangents: (inputs, tangents of the inputs flagged) -> outputs, tangents of the outputs that have
 * one.
 */
typedef struct Tangent {
    IrFunction *function;
    const bool *moving;          /* by input */
    IrFunction *draft;           /* outside the module */
    bool *output_moves;          /* by output */
    IrFunction *called, *public; /* in the module, once asked for; `public` has tangents of all real outputs */
    struct Tangent *next;
    struct TangentStep *steps; /* see jvp_program.c */
} Tangent;

Tangent *tangent_of(GradCache *cache, IrFunction *function, const bool *moving);

/* The tangent of the op's result, -1 where it has none. */
IrId jvp_op(Forward *forward, const IrOp *op);
void jvp_call(Forward *forward, const IrOp *op);
void jvp_scan(Forward *forward, const IrOp *op);

#endif
