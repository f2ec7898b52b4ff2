/* SPDX-License-Identifier: MIT */
/* Dense nets in which the outputs for component i see only the inputs before i. */
#ifndef COMPILER_LOWER_MASKED_MLP_H
#define COMPILER_LOWER_MASKED_MLP_H

#include "compiler/lower/lower.h"

/* x [size] -> [size, numbers]; all outputs see the features [features] too, where there are some. */
typedef struct MaskedShape {
    int64_t size, numbers, features;
    const NetSpec *net;
} MaskedShape;

int masked_tensor_count(const MaskedShape *shape);
/* The tensors "PATH.0.weight", "PATH.0.bias", ...: dense, their masked entries 0 from the first step on. */
void masked_declare(Lower *lower, const MaskedShape *shape, const char *path);
/* Sets the first values of the weights, of which the first tensor is this. */
void masked_initialise(Lower *lower, IrBuilder *builder, const MaskedShape *shape, int first_tensor);
/* The tensors as inputs of a function, "PREFIX_0_weight", ... */
void masked_inputs(IrFunction *function, const MaskedShape *shape, const char *prefix, IrId *inputs);
/* The numbers of all components, x being known. `features` is -1 where there are none. */
IrId masked_apply(IrBuilder *builder, const MaskedShape *shape, const IrId *tensors, IrId features, IrId x);
/* "4 -> 64 -> 64 -> 4 x 2, tanh" */
void masked_describe(const MaskedShape *shape, Text *out);

/* ---- the units and their degrees --------------------------------------------------------------------------------- */

/* Of a layer: -1 the inputs (the features stand before the components), then the hidden layers, hidden_count the outputs. Units stand in the order of their
 * degrees: a unit sees those of the layer before with its own degree or less. */
int64_t masked_width(const MaskedShape *shape, int layer);
int64_t masked_degree(const MaskedShape *shape, int layer, int64_t unit);
const int64_t *masked_degrees(Arena *arena, const MaskedShape *shape, int layer);
/* Whether the layer's input, unit by unit, is added to it. */
bool masked_adds_input(const MaskedShape *shape, int layer);

/* ---- component by component (masked_steps.c) --------------------------------------------------------------------- */

/* Whether the matrices, sorted by component, are within the IR's limit. */
bool masked_steps_fit(const MaskedShape *shape);

/* From a value for each component, values [size], to x [size] such that x[i] = component(numbers i of x, values[i]);
 * `component` takes numbers [numbers] and a value and gives x[i] and perhaps one thing more, then more [size] (else -1).
 * The net is gone through once in all: each unit is computed when all that it sees has become known. */
void masked_apply_steps(Lower *lower, IrBuilder *builder, const MaskedShape *shape, const IrId *tensors,
                        IrFunction *component, IrId features, IrId values, IrId *x, IrId *more);

#endif
