/* SPDX-License-Identifier: MIT */
/* The passes: each takes a module and leaves one that computes the same, in place; functions keep their addresses.
 * They run after differentiation. Fusion of loops and the memory plan are the emitter's.
 *
 * A pass decides by what an op reads, never by who reads its result, wherever a rounding hangs on it: so a function and
 * its copy in a derivative, which returns more, have the same bits. What turns out to be the same for all samples is of
 * that kind from then on, but for the outputs of entries. */
#ifndef COMPILER_PASSES_PASSES_H
#define COMPILER_PASSES_PASSES_H

#include "compiler/ir/ir.h"

/* Calls of functions that cross the batch axis halfway (only an entry can be cut into phases) and of small functions
 * that are called once, where no rounding hangs on it, are replaced by the callee's ops. Calls stay where the module
 * would grow by more than 2^18 ops. */
void pass_inline(IrModule *module);
/* Algebra, one op at a time: constants folded, neutral elements dropped, numbers brought together, movements of
 * elements composed. Values that are finite and not zero change by roundings at most (sums are taken before common
 * factors, so that near the ends of a float's range it is another sum that leaves it); the sign of a zero may change; a
 * NaN stays one: neither x * 0 nor x - x is 0. */
void pass_simplify(IrModule *module);
/* Equal ops become one. Draws are equal when their keys are, and then they are the same numbers by definition. */
void pass_common_subexpressions(IrModule *module);
/* Ops that no output needs go; where some function is marked `entry`, so do functions that no entry reaches, and inputs
 * and outputs of the others that nobody reads. */
void pass_dead_code(IrModule *module);
/* Rows and columns of a contraction's constant mask that are zero throughout are left out of the contraction. A masked
 * weight counts as zero, whatever it is. */
void pass_mask_sparsity(IrModule *module);
/* Decides which products are rounded together with which sums; nothing after it may change a bit. */
void pass_contract_fma(IrModule *module);

/* Large products summed over the batch, as wide layers' gradients are, leave the functions that an entry calls. Nothing changes
 * a bit. */
void pass_lift_products(IrModule *module);
/* Calls that leave much work unread call a copy of the function without it. */
void pass_specialise(IrModule *module);
/* Whether an op is such a product as is lifted. */
bool passes_is_wide_product(const IrFunction *function, const IrOp *op);

/* Replaces the call that is op `index` of `function` by the callee's ops. */
void passes_inline_call(IrFunction *function, int index);

/* How often each value is read: by ops, and as an output. */
int *passes_count_readers(const IrFunction *function);

/* ir_copy_outputs for a pass that finds that what was per-sample is the same for all samples: an entry's real outputs
 * stay per-sample, by a zero that is: 1 where an element of a sample is less than itself. */
void passes_copy_outputs(IrFunction *draft, const IrFunction *from, const IrId *map);

typedef struct Pass {
    const char *name; /* "simplify"; one that runs again is "simplify-2" */
    void (*run)(IrModule *module);
} Pass;

/* The pipeline, in order; ends with a name that is NULL. */
extern const Pass PASSES[];

/* Runs the pipeline up to and including the pass named `after` (NULL: all of it). False: there is no such pass, and
 * nothing was done. */
bool passes_run(IrModule *module, const char *after);

#endif
