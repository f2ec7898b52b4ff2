/* SPDX-License-Identifier: MIT */
/* What the files of the interpreter share. Everyone else calls ir_interpret. */
#ifndef COMPILER_IR_INTERPRET_KERNELS_H
#define COMPILER_IR_INTERPRET_KERNELS_H

#include "compiler/ir/interpret.h"

/* One op at one sample (or, where nothing is per-sample, once for all): elements in row-major order. */
typedef struct IrKernel {
    IrRun *run;
    const IrFunction *function;
    const IrOp *op;
    uint64_t sample;         /* the number of the sample in the stream */
    const double **operands; /* by operand */
    double *result;          /* zero at the start */
} IrKernel;

const IrType *kernel_operand_type(const IrKernel *kernel, int operand);
const IrType *kernel_result_type(const IrKernel *kernel);

/* The axes before and behind `axis` of a shape, each as one: element [i, j, k] of size[axis] = n lies at
 * (i * n + j) * behind + k. */
typedef struct AxisExtents {
    int64_t before, size, behind;
} AxisExtents;
AxisExtents axis_extents(const IrType *type, int64_t axis);
/* Steps a row-major index of `type` on by one element. */
void index_advance(const IrType *type, int64_t *index);

/* The larger; NaN if either is; of two zeros the positive one. */
double interpret_maximum(double a, double b);

void interpret_elementwise(const IrKernel *kernel);
void interpret_structure(const IrKernel *kernel);
void interpret_reduction(const IrKernel *kernel);
void interpret_product(const IrKernel *kernel);
void interpret_draw(const IrKernel *kernel);

/* ---- whole tensors: what crosses the batch axis or applies functions -------------------------------------------- */

/* Zeros of that type. */
IrTensor tensor_new(IrRun *run, const IrType *type);
/* The same value with one copy for each sample if `per_sample`; what is per-sample stays so. */
IrTensor tensor_spread(IrRun *run, IrTensor tensor, bool per_sample);
/* The elements of a sample. */
double *tensor_sample(const IrTensor *tensor, int64_t sample);
/* Keeps the first error of the run. */
void run_fail(IrRun *run, const char *error);

void interpret_batch(IrRun *run, const IrFunction *function, const IrOp *op, IrTensor *values);
void interpret_program(IrRun *run, const IrFunction *function, const IrOp *op, IrTensor *values);
/* One contraction of elements, added to `result`: sums in the order of the summed labels, the last fastest. */
void contract_add(const IrLabels *labels, const double *a, const double *b, double *result);

#endif
