/* SPDX-License-Identifier: MIT */
/* Elementwise functions of one value. Where all that an elementwise value depends on (of what is differentiated) is one
 * other value, by elementwise ops on several paths, its derivative in that value is one number for each element, its
 * slope: it is put together forwards and multiplied by the cotangent once. So a gelu keeps one value for its
 * derivative, and a formula of one coordinate is a formula for its force. */
#ifndef COMPILER_GRAD_SLOPES_H
#define COMPILER_GRAD_SLOPES_H

#include "compiler/grad/reverse.h"

typedef struct Slopes {
    IrId *root;     /* by value: what it is a function of, itself where it is no such function */
    bool *ends;     /* by value: something reads it that is not a function of the same root */
    bool *joins;    /* by value: on several paths */
    IrId *slope;    /* by value: in the draft, once built, or -1 */
    bool *gathered; /* by value: while slopes are built */
    int32_t *ops;   /* room for a list of all ops */
    bool *finite;   /* by value: the slope is, wherever the root is */
} Slopes;

void slopes_find(Reverse *reverse);
/* Is the op's result to be differentiated by its slope? Then that is in which value, else -1. */
IrId slopes_root(const Reverse *reverse, const IrOp *op);
/* The slope, built; -1: zero. */
IrId slopes_build(Reverse *reverse, IrId value);

#endif
