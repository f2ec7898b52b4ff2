/* SPDX-License-Identifier: MIT */
/* What the forward function keeps for the backward one. */
#ifndef COMPILER_GRAD_RESIDUALS_H
#define COMPILER_GRAD_RESIDUALS_H

#include "compiler/ir/ir.h"

/* All by value of the draft, where not said otherwise. */
typedef struct ResidualQuestion {
    const IrFunction *draft;
    int forward_op_count;     /* ops from here on belong to the backward computation, though they may not depend on
                                 cotangents */
    const bool *late;         /* depends on a cotangent */
    const bool *live;         /* is read, directly or not, to give the cotangents asked for */
    const bool *output;       /* is an output of the forward function anyway */
    const bool *costly_input; /* an input that is kept like other values (a scan's carried one); others are at hand */
} ResidualQuestion;

/* Sets `kept` for values that are not late and that the backward function is given, function inputs among them, and
 * `again` for those that it computes. The choice is the cheapest by an estimate of stores, loads and arithmetic. */
void residuals_choose(const ResidualQuestion *question, bool *kept, bool *again);

#endif
