/* SPDX-License-Identifier: MIT */
/* Which contractions are dense: those of a per-sample value with a matrix that all samples share. */
#include "compiler/emit/plan.h"

#include <string.h>

/* The letters of a contraction by what they do. */
typedef struct Letters {
    const char *matrix, *x;
    char positions[IR_RANK_MAX + 1], rows[IR_RANK_MAX + 1];
    const char *summed;
} Letters;

static bool has(const char *letters, char letter)
{
    return strchr(letters, letter) != NULL;
}

static int64_t extent(const IrLabels *labels, const char *letters)
{
    int64_t count = 1;
    for (; *letters != '\0'; letters++)
        count *= labels->size[(unsigned char)*letters];
    return count;
}

/* The result's axes are positions, which only x has, and then rows, which only the matrix has. */
static bool sort_letters(const IrLabels *labels, Letters *letters)
{
    size_t positions = 0, rows = 0;
    for (const char *c = labels->result; *c != '\0'; c++) {
        bool row = has(letters->matrix, *c);
        if (row == has(letters->x, *c) || (!row && rows > 0))
            return false;
        if (row)
            letters->rows[rows++] = *c;
        else
            letters->positions[positions++] = *c;
    }
    for (const char *c = labels->summed; *c != '\0'; c++)
        if (!has(letters->matrix, *c) || !has(letters->x, *c))
            return false;
    letters->summed = labels->summed;
    return true;
}

/* Offset and strides of an operand with its axes in the order first..., second...; `copied`: of a copy of it. */
static bool find_strides(const Plan *plan, IrId value, bool want_sample, bool copied, const char *axes,
                         const char *first, const char *second, const IrLabels *labels, int64_t strides[3])
{
    Read read = plan_read(plan, value, want_sample, plan->group_count);
    if (copied)
        read.map = map_identity(ir_type_of(plan->function, value));
    Map map = map_permute_letters(plan->arena, &read.map, axes, first, second);
    return map_is_affine2(&map, extent(labels, first), extent(labels, second), &strides[0], &strides[1], &strides[2]);
}

/* False where the start must be copied. */
static bool find_start(const Plan *plan, IrId start, Dense *dense)
{
    int64_t position_stride, row_stride;
    dense->start = start;
    if (plan_literal(plan, start, &dense->start_number)) {
        dense->start_kind = START_NUMBER;
        return true;
    }
    Read each = plan_read(plan, start, true, plan->group_count);
    dense->start_kind = START_EACH;
    if (plan_is_sample(plan, start) || plan->copies[each.slot] >= 0)
        return map_is_contiguous(&each.map, &dense->start_offset);
    Read read = plan_read(plan, start, false, plan->group_count);
    dense->start_kind = START_ROWS;
    return map_is_affine2(&read.map, dense->positions, dense->rows, &dense->start_offset, &position_stride,
                          &row_stride) &&
           (position_stride == 0 || dense->positions == 1) && (row_stride == 1 || dense->rows == 1);
}

bool plan_dense(const Plan *plan, const IrOp *op, Dense *dense, bool copy[3])
{
    const IrFunction *function = plan->function;
    IrLabels labels;
    memset(copy, 0, 3 * sizeof *copy);
    if (op->code != IR_CONTRACT || plan_is_sample(plan, op->operands[0]) == plan_is_sample(plan, op->operands[1]))
        return false;
    ir_labels_parse(op->labels, ir_type_of(function, op->operands[0]), ir_type_of(function, op->operands[1]), &labels);
    int m = plan_is_sample(plan, op->operands[0]) ? 1 : 0;
    Letters letters = {.matrix = m == 0 ? labels.a : labels.b, .x = m == 0 ? labels.b : labels.a};
    if (!sort_letters(&labels, &letters))
        return false;
    *dense = (Dense){.matrix = op->operands[m], .x = op->operands[1 - m], .start = -1, .start_kind = START_NUMBER};
    dense->positions = extent(&labels, letters.positions);
    dense->rows = extent(&labels, letters.rows);
    dense->inner = extent(&labels, letters.summed);
    int64_t strides[3];
    double number;
    copy[m] = plan_literal(plan, dense->matrix, &number) && plan->copies[dense->matrix] < 0;
    copy[m] = copy[m] || !find_strides(plan, dense->matrix, false, false, letters.matrix, letters.rows, letters.summed,
                                       &labels, strides);
    if (copy[m] &&
        !find_strides(plan, dense->matrix, false, true, letters.matrix, letters.rows, letters.summed, &labels, strides))
        return false;
    dense->matrix_offset = strides[0], dense->row_stride = strides[1], dense->inner_stride = strides[2];
    copy[1 - m] =
        !find_strides(plan, dense->x, true, false, letters.x, letters.positions, letters.summed, &labels, strides);
    if (copy[1 - m] &&
        !find_strides(plan, dense->x, true, true, letters.x, letters.positions, letters.summed, &labels, strides))
        return false;
    dense->x_offset = strides[0], dense->x_position_stride = strides[1], dense->x_inner_stride = strides[2];
    if (op->operand_count == 3)
        copy[2] = !find_start(plan, op->operands[2], dense);
    return true;
}

char plan_dense_reads(const Plan *plan, const Dense *dense, IrId value, int group, int64_t *offset)
{
    double number;
    int64_t position_stride, row_stride;
    bool sample = plan_is_sample(plan, value);
    *offset = 0;
    if (plan_literal(plan, value, &number))
        return 'n';
    Read read = plan_read(plan, value, sample, group);
    if (!map_is_affine2(&read.map, dense->positions, dense->rows, offset, &position_stride, &row_stride))
        return 0;
    bool rows_follow = row_stride == 1 || dense->rows == 1;
    bool positions_follow = position_stride == dense->rows || dense->positions == 1;
    if (sample && rows_follow && positions_follow)
        return 'e';
    if (position_stride == 0 && row_stride == 0)
        return sample ? 's' : '1';
    return !sample && rows_follow && position_stride == 0 ? 'r' : 0;
}
