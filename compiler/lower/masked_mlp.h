/* SPDX-License-Identifier: MIT */
/* Dense nets in which the outputs for component i see only the inputs before i. */
#ifndef COMPILER_LOWER_MASKED_MLP_H
#define COMPILER_LOWER_MASKED_MLP_H

#include "compiler/lower/lower.h"

/* x [size] -> [size, numbers]. */
typedef struct MaskedShape {
    int64_t size, numbers;
    const NetSpec *net;
} MaskedShape;

int masked_tensor_count(const MaskedShape *shape);
/* The tensors "PATH.0.weight", "PATH.0.bias", ...: dense, their masked entries 0 from the first step on. */
void masked_declare(Lower *lower, const MaskedShape *shape, const char *path);
/* Sets the first values of the weights, of which the first tensor is this. */
void masked_initialise(Lower *lower, IrBuilder *builder, const MaskedShape *shape, int first_tensor);
/* The tensors as inputs of a function, "PREFIX_0_weight", ... */
void masked_inputs(IrFunction *function, const MaskedShape *shape, const char *prefix, IrId *inputs);
/* The numbers of all components, x being known. */
IrId masked_apply(IrBuilder *builder, const MaskedShape *shape, const IrId *tensors, IrId x);
/* "4 -> 64 -> 64 -> 4 x 2, tanh" */
void masked_describe(const MaskedShape *shape, Text *out);

/* ---- component by component -------------------------------------------------------------------------------------- */

/* A scan over the components, in which each component of x is made from its numbers and a value of its own. The net is
 * gone through once in all: every sum is carried, and a unit adds itself to the sums of the next layer in the step in
 * which all that it sees has become known. */
typedef struct MaskedSteps {
    const MaskedShape *shape;
    IrFunction *function; /* of one step */
    IrBuilder builder;
    IrId step;           /* its inputs */
    IrId *sums, *slices; /* the carried sums of each layer; the columns of each matrix that this step adds */
} MaskedSteps;

/* Begins the function of a step: its value (rank 0), and the component's numbers [numbers]. */
MaskedSteps masked_steps_begin(Lower *lower, const MaskedShape *shape, const char *name, Span span, IrId *value,
                               IrId *numbers);
/* Ends it: what the step made of x, and one more thing that it gives (-1: nothing). */
void masked_steps_end(MaskedSteps *steps, IrId x, IrId more);
/* The scan: from the values [size] of all components to x [size] and, where there is more, that [size]. */
void masked_steps_apply(IrBuilder *builder, const MaskedSteps *steps, const IrId *tensors, IrId values, IrId *x,
                        IrId *more);

#endif
