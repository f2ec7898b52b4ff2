/* SPDX-License-Identifier: MIT */
/* The passes: each takes a module and leaves one that computes the same, in place; functions keep their addresses.
 * They run after differentiation. Fusion of loops and the memory plan are the emitter's. */
#ifndef COMPILER_PASSES_PASSES_H
#define COMPILER_PASSES_PASSES_H

#include "compiler/ir/ir.h"

/* Calls of functions that cross the batch axis halfway (only an entry can be cut into phases) and of small functions
 * that are called once are replaced by the callee's ops. */
void pass_inline(IrModule *module);
/* Algebra, one op at a time: constants folded, neutral elements dropped, movements of elements composed. Values that
 * are finite and not zero change by roundings at most; the sign of a zero may change; x * 0 stays, for the sake of NaN.
 */
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

/* Replaces the call that is op `index` of `function` by the callee's ops. */
void passes_inline_call(IrFunction *function, int index);

/* How often each value is read: by ops, and as an output. */
int *passes_count_readers(const IrFunction *function);

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
