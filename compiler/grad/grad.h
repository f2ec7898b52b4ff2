/* SPDX-License-Identifier: MIT */
/* Differentiation, IR -> IR. Both modes give ordinary functions that can be differentiated again. */
#ifndef COMPILER_GRAD_GRAD_H
#define COMPILER_GRAD_GRAD_H

#include "compiler/ir/ir.h"

/* Reverse mode. `wanted` (input_count flags) says which real inputs' cotangents are needed, `seeded` (output_count
 * flags) which real outputs have a cotangent; flags of int32 and bool values count as false. Two functions come out:
 *
 *     forward(inputs) -> outputs, further residuals
 *     backward(inputs, residuals, cotangents of the seeded outputs) -> cotangents of the wanted inputs
 *
 * The backward function takes only those of the inputs that it reads (see `backward_inputs`); a residual is a value of
 * the forward computation that the backward one reads and that is worth keeping; cheap ones are computed again. Where a
 * residual is an output anyway it is not returned twice, and where all are, forward is the function itself. The
 * cotangent of a non-sample input of a function with per-sample values is summed over the batch, so it is SHARED; that
 * of a per-sample input may be given once for all samples where it is the same (zero).
 *
 * A zero cotangent stays zero where its value was not taken, also against a partial derivative that is infinite or
 * undefined there: where some operand or result of what was not taken is. The inputs of `function` count as finite. */
typedef struct GradVjp {
    IrFunction *forward, *backward;
    int residual_count;
    int *residual_outputs;    /* which output of forward each residual is */
    int backward_input_count; /* backward's first inputs: which inputs of the original function they are */
    int *backward_inputs;
} GradVjp;

/* Cached per module by what is asked for: calls of one function share one pair. */
typedef struct GradCache GradCache;
GradCache *grad_cache_new(IrModule *module);
const GradVjp *grad_vjp(GradCache *cache, IrFunction *function, const bool *wanted, const bool *seeded);

/* One function with everything in it: (inputs) -> outputs, cotangents of the wanted inputs, for a function whose output
 * `output` is a real scalar (rank 0); its cotangent is 1. What a training step is made of. */
IrFunction *grad_value_and_gradient(GradCache *cache, IrFunction *function, int output, const bool *wanted,
                                    const char *name);

/* Forward mode: (inputs, tangents of the real inputs flagged in `moving`) -> outputs, tangents of the real outputs. */
IrFunction *grad_jvp(GradCache *cache, IrFunction *function, const bool *moving);

#endif
