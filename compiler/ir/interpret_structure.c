/* SPDX-License-Identifier: MIT */
/* The ops that move and select elements. */
#include "compiler/ir/interpret_kernels.h"

#include <math.h>
#include <string.h>

static void constant(const IrKernel *kernel)
{
    memcpy(kernel->result, kernel->op->data, (size_t)ir_type_count(&kernel->op->type) * sizeof(double));
}

/* result[index] = operand[index at `axes`]: the other axes repeat. */
static void broadcast(const IrKernel *kernel)
{
    const IrType *from = kernel_operand_type(kernel, 0), *to = kernel_result_type(kernel);
    int64_t index[IR_RANK_MAX] = {0}, count = ir_type_count(to);
    for (int64_t i = 0; i < count; i++, index_advance(to, index)) {
        int64_t at = 0;
        for (int axis = 0; axis < from->rank; axis++)
            at = at * from->size[axis] + index[kernel->op->axes[axis]];
        kernel->result[i] = kernel->operands[0][at];
    }
}

static void reshape(const IrKernel *kernel)
{
    memcpy(kernel->result, kernel->operands[0], (size_t)ir_type_count(kernel_result_type(kernel)) * sizeof(double));
}

/* result[index] = operand[index permuted]: the operand's axis axes[i] is the result's axis i. */
static void transpose(const IrKernel *kernel)
{
    const IrType *from = kernel_operand_type(kernel, 0), *to = kernel_result_type(kernel);
    int64_t index[IR_RANK_MAX] = {0}, count = ir_type_count(to);
    for (int64_t i = 0; i < count; i++, index_advance(to, index)) {
        int64_t original[IR_RANK_MAX] = {0}, at = 0;
        for (int axis = 0; axis < to->rank; axis++)
            original[kernel->op->axes[axis]] = index[axis];
        for (int axis = 0; axis < from->rank; axis++)
            at = at * from->size[axis] + original[axis];
        kernel->result[i] = kernel->operands[0][at];
    }
}

/* result[.., j, ..] = operand[.., start + j, ..] for SLICE, operand[.., table[j], ..] for GATHER */
static void select_along_axis(const IrKernel *kernel)
{
    const IrOp *op = kernel->op;
    AxisExtents from = axis_extents(kernel_operand_type(kernel, 0), op->axis);
    AxisExtents to = axis_extents(kernel_result_type(kernel), op->axis);
    for (int64_t i = 0; i < to.before; i++)
        for (int64_t j = 0; j < to.size; j++) {
            int64_t source = op->code == IR_SLICE ? op->start + j : op->table[j];
            for (int64_t k = 0; k < to.behind; k++)
                kernel->result[(i * to.size + j) * to.behind + k] =
                    kernel->operands[0][(i * from.size + source) * from.behind + k];
        }
}

static void concat(const IrKernel *kernel)
{
    const IrOp *op = kernel->op;
    AxisExtents to = axis_extents(kernel_result_type(kernel), op->axis);
    int64_t start = 0;
    for (int operand = 0; operand < op->operand_count; operand++) {
        AxisExtents from = axis_extents(kernel_operand_type(kernel, operand), op->axis);
        for (int64_t i = 0; i < from.before; i++)
            for (int64_t j = 0; j < from.size; j++)
                for (int64_t k = 0; k < from.behind; k++)
                    kernel->result[(i * to.size + start + j) * to.behind + k] =
                        kernel->operands[operand][(i * from.size + j) * from.behind + k];
        start += from.size;
    }
}

/* result[.., table[j], ..] += operand[.., j, ..] */
static void scatter_add(const IrKernel *kernel)
{
    const IrOp *op = kernel->op;
    AxisExtents from = axis_extents(kernel_operand_type(kernel, 0), op->axis);
    for (int64_t i = 0; i < from.before; i++)
        for (int64_t j = 0; j < from.size; j++)
            for (int64_t k = 0; k < from.behind; k++)
                kernel->result[(i * op->length + op->table[j]) * from.behind + k] +=
                    kernel->operands[0][(i * from.size + j) * from.behind + k];
}

/* A run-time index, moved to the nearest row where it is out of range, which is an error of the run. */
static int64_t row_within(const IrKernel *kernel, double index, int64_t rows)
{
    if (index >= 0 && index < (double)rows)
        return (int64_t)index;
    run_fail(kernel->run,
             arena_print(kernel->run->arena, "function %s: %s: an index of sample %llu is not one of 0 to %lld",
                         kernel->function->name, ir_op_text(kernel->op->code), (unsigned long long)kernel->sample,
                         (long long)(rows - 1)));
    return index >= (double)rows ? rows - 1 : 0;
}

/* TAKE: result[i, ..] = x[index[i], ..]; PUT: result[index[i], ..] += g[i, ..]. */
static void take_or_put(const IrKernel *kernel)
{
    bool take = kernel->op->code == IR_TAKE;
    const IrType *table = take ? kernel_operand_type(kernel, 0) : kernel_result_type(kernel);
    int64_t rows = table->size[0], width = ir_type_count(table) / rows;
    int64_t count = ir_type_count(kernel_operand_type(kernel, 1));
    for (int64_t i = 0; i < count; i++) {
        int64_t row = row_within(kernel, kernel->operands[1][i], rows);
        for (int64_t k = 0; k < width; k++) {
            if (take)
                kernel->result[i * width + k] = kernel->operands[0][row * width + k];
            else
                kernel->result[row * width + k] += kernel->operands[0][i * width + k];
        }
    }
}

void interpret_structure(const IrKernel *kernel)
{
    switch (kernel->op->code) {
    case IR_CONSTANT:
        constant(kernel);
        break;
    case IR_BROADCAST:
        broadcast(kernel);
        break;
    case IR_RESHAPE:
        reshape(kernel);
        break;
    case IR_TRANSPOSE:
        transpose(kernel);
        break;
    case IR_SLICE:
    case IR_GATHER:
        select_along_axis(kernel);
        break;
    case IR_CONCAT:
        concat(kernel);
        break;
    case IR_SCATTER_ADD:
        scatter_add(kernel);
        break;
    case IR_TAKE:
    case IR_PUT:
        take_or_put(kernel);
        break;
    default:
        break;
    }
}
