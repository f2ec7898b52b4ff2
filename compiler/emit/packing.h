/* SPDX-License-Identifier: MIT */
/* Which functions can take their parameters as one pointer: those whose parameters lie at the same distances in the
 * block of weights at every call, and whose gradients go to the same distances. Their calls then read
 * `coupling_backward(block, weights + 9480, ..., gradient + 9480, ...)`. And which matrices are kept transposed for one
 * sample at a time, because every reader multiplies by them row by row. */
#ifndef COMPILER_EMIT_PACKING_H
#define COMPILER_EMIT_PACKING_H

#include "compiler/emit/plan.h"

/* One entry's place for each of its inputs in the caller's block of weights, or -1. */
typedef struct PackedEntry {
    const IrFunction *function;
    const int64_t *offsets;
    const int64_t *prepared; /* the same in the block that one sample at a time reads */
    const Plan *phases;      /* its plan if it is cut into phases */
    bool one_sample;         /* it is built for one sample at a time as well */
} PackedEntry;

/* Where something begins in the block of weights, and in the one that is prepared for one sample at a time. */
typedef struct WeightOffset {
    int64_t stored, prepared;
} WeightOffset;

typedef struct Packing {
    int64_t **inputs; /* by function position: for each input its offset from `weights`, or -1; NULL: none is packed */
    int64_t **prepared; /* likewise, with the weights as one sample at a time reads them */
    int64_t **outputs;  /* for each output its offset from `gradient`, or -1; NULL: none is packed */
    int64_t **rows;     /* for each input: the rows of a matrix that is kept transposed, or 0 */
    const bool *one;    /* by position: an entry for one sample reaches the function; NULL: nothing is known */
} Packing;

/* `entry_count` 0: nothing is packed. */
const Packing *packing_find(Planner *planner, const IrModule *module, const PackedEntry *entries, int entry_count);
/* The offset of an input from the function's `weights`, or -1; of an output from its `gradient`, or -1. */
int64_t packing_input(const Packing *packing, const IrFunction *function, int input);
WeightOffset packing_offset(const Packing *packing, const IrFunction *function, int input);
int64_t packing_output(const Packing *packing, const IrFunction *function, int output);
/* "9480", "WEIGHT(9480, 9504)": the offset as the function's text has it. */
const char *packing_offset_text(Arena *arena, const Packing *packing, const IrFunction *function, WeightOffset offset);
bool packing_has_inputs(const Packing *packing, const IrFunction *function);
bool packing_has_outputs(const Packing *packing, const IrFunction *function);
/* The rows of an input that is kept transposed, or 0. */
int64_t packing_transposed_rows(const Packing *packing, const IrFunction *function, int input);

/* Whether the function is only ever compiled for blocks of samples. */
bool packing_is_blocks_only(const Packing *packing, const IrFunction *function);

/* Where a call's callee finds its `weights`, counted from the caller's; false: it has none. */
bool packing_call_weights(const Packing *packing, const IrFunction *caller, const IrOp *op, WeightOffset *offset);
/* Where it puts its `gradient`, counted from the caller's (in an entry: from the block's sums); false: it has none. */
bool packing_call_gradient(const Packing *packing, const Plan *caller, const IrOp *op, int64_t *offset);

#endif
