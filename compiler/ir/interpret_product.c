/* SPDX-License-Identifier: MIT */
/* Sums, cumulative sums, contractions and triangular solves. Sums go in the order of elements; contractions and solves
 * by fused multiply-adds, as in emitted code. */
#include "compiler/ir/interpret_kernels.h"

#include <math.h>
#include <string.h>

/* ---- reductions ------------------------------------------------------------------------------------------------- */

/* The element of the result that the operand's element `index` goes to. */
static int64_t reduced_position(const IrOp *op, const IrType *from, const int64_t *index)
{
    int64_t at = 0;
    for (int axis = 0, next = 0; axis < from->rank; axis++) {
        if (next < op->axis_count && op->axes[next] == axis)
            next++;
        else
            at = at * from->size[axis] + index[axis];
    }
    return at;
}

static void reduce(const IrKernel *kernel)
{
    const IrType *from = kernel_operand_type(kernel, 0);
    bool sum = kernel->op->code == IR_REDUCE_SUM;
    int64_t results = ir_type_count(kernel_result_type(kernel));
    for (int64_t i = 0; i < results; i++)
        kernel->result[i] = sum ? 0 : -INFINITY;
    int64_t index[IR_RANK_MAX] = {0}, count = ir_type_count(from);
    for (int64_t i = 0; i < count; i++, index_advance(from, index)) {
        double *result = &kernel->result[reduced_position(kernel->op, from, index)];
        double term = kernel->operands[0][i];
        *result = sum ? *result + term : interpret_maximum(*result, term);
    }
}

/* result[j] = sum of the elements up to j; exclusive: without j itself; reversed: from the other end. */
static void cumsum(const IrKernel *kernel)
{
    const IrOp *op = kernel->op;
    AxisExtents axis = axis_extents(kernel_operand_type(kernel, 0), op->axis);
    for (int64_t i = 0; i < axis.before; i++)
        for (int64_t k = 0; k < axis.behind; k++) {
            double sum = 0;
            for (int64_t step = 0; step < axis.size; step++) {
                int64_t j = op->reversed ? axis.size - 1 - step : step;
                int64_t at = (i * axis.size + j) * axis.behind + k;
                double term = kernel->operands[0][at];
                kernel->result[at] = op->exclusive ? sum : sum + term;
                sum += term;
            }
        }
}

void interpret_reduction(const IrKernel *kernel)
{
    if (kernel->op->code == IR_CUMSUM)
        cumsum(kernel);
    else
        reduce(kernel);
}

/* ---- contractions ----------------------------------------------------------------------------------------------- */

/* The position in a tensor of axes `letters` where each letter has the value in `at`. */
static int64_t labelled_position(const IrLabels *labels, const char *letters, const int64_t *at)
{
    int64_t position = 0;
    for (const char *letter = letters; *letter; letter++)
        position = position * labels->size[(unsigned char)*letter] + at[(unsigned char)*letter];
    return position;
}

/* Steps the letters' values on by one, the last fastest; false after the last. */
static bool advance_letters(const IrLabels *labels, const char *letters, int64_t *at)
{
    for (size_t i = strlen(letters); i-- > 0;) {
        unsigned char letter = (unsigned char)letters[i];
        if (++at[letter] < labels->size[letter])
            return true;
        at[letter] = 0;
    }
    return false;
}

void contract_add(const IrLabels *labels, const double *a, const double *b, double *result)
{
    int64_t at[128] = {0};
    do {
        double *sum = &result[labelled_position(labels, labels->result, at)];
        do {
            *sum = fma(a[labelled_position(labels, labels->a, at)], b[labelled_position(labels, labels->b, at)], *sum);
        } while (advance_letters(labels, labels->summed, at));
    } while (advance_letters(labels, labels->result, at));
}

static void contract(const IrKernel *kernel)
{
    IrLabels labels;
    ir_labels_parse(kernel->op->labels, kernel_operand_type(kernel, 0), kernel_operand_type(kernel, 1), &labels);
    if (kernel->op->operand_count > 2)
        memcpy(kernel->result, kernel->operands[2], (size_t)ir_type_count(kernel_result_type(kernel)) * sizeof(double));
    contract_add(&labels, kernel->operands[0], kernel->operands[1], kernel->result);
}

/* ---- triangular systems ----------------------------------------------------------------------------------------- */

/* Solves L y = b, or L' y = b if transposed, reading only the triangle that `lower` names (the upper one if not set),
 * and no diagonal if `unit`: y_i = (b_i - sum_j L_ij y_j) / L_ii, over the j that are known. */
static void solve_triangular(const IrKernel *kernel)
{
    const IrOp *op = kernel->op;
    const IrType *type = kernel_result_type(kernel);
    const double *matrix = kernel->operands[0], *right = kernel->operands[1];
    int64_t n = type->size[0], columns = ir_type_count(type) / n;
    bool forwards = op->lower != op->transposed;
    for (int64_t column = 0; column < columns; column++)
        for (int64_t step = 0; step < n; step++) {
            int64_t i = forwards ? step : n - 1 - step;
            double sum = right[i * columns + column];
            for (int64_t j = forwards ? 0 : i + 1; j < (forwards ? i : n); j++) {
                double entry = op->transposed ? matrix[j * n + i] : matrix[i * n + j];
                sum = fma(-entry, kernel->result[j * columns + column], sum);
            }
            kernel->result[i * columns + column] = op->unit ? sum : sum / matrix[i * n + i];
        }
}

void interpret_product(const IrKernel *kernel)
{
    if (kernel->op->code == IR_CONTRACT)
        contract(kernel);
    else
        solve_triangular(kernel);
}
