/* SPDX-License-Identifier: MIT */
/* Which sums of products over the batch are gradients of weights: the result's axes are those of one operand and then
 * those of the other, and the axes that both share are summed. */
#include "compiler/emit/plan.h"

#include <string.h>

/* As long as this, adding up the lanes of each sum takes less than transposing the other operand. */
enum { FEW_ROWS = 4 };

static int64_t extent_of(const IrLabels *labels, const char *letters)
{
    int64_t count = 1;
    for (; *letters != '\0'; letters++)
        count *= labels->size[(unsigned char)*letters];
    return count;
}

/* Splits a result's letters into those of one operand, then those of the other. `first`: whose come first. */
static bool split_letters(const IrLabels *labels, char own[2][IR_RANK_MAX + 1], int *first)
{
    const char *letters[2] = {labels->a, labels->b};
    size_t length = strlen(labels->result), split = 0;
    if (length == 0)
        return false;
    *first = strchr(labels->a, labels->result[0]) != NULL ? 0 : 1;
    while (split < length && strchr(letters[*first], labels->result[split]) != NULL)
        split++;
    memcpy(own[*first], labels->result, split);
    memcpy(own[1 - *first], labels->result + split, length - split);
    for (const char *c = labels->result; *c != '\0'; c++)
        if (strchr(labels->a, *c) != NULL && strchr(labels->b, *c) != NULL)
            return false;
    for (const char *c = own[1 - *first]; *c != '\0'; c++)
        if (strchr(letters[1 - *first], *c) == NULL)
            return false;
    for (const char *c = labels->summed; *c != '\0'; c++)
        if (strchr(labels->a, *c) == NULL || strchr(labels->b, *c) == NULL)
            return false;
    return true;
}

static bool find_strides(const Plan *plan, IrId value, const char *axes, const char *summed, const char *own, int side,
                         int group, SampleSum *sum)
{
    Read read = plan_read(plan, value, true, group);
    Map map = map_permute_letters(plan->arena, &read.map, axes, summed, own);
    sum->slot[side] = read.slot;
    return map_is_affine2(&map, sum->positions, sum->extent[side], &sum->offset[side], &sum->position_stride[side],
                          &sum->stride[side]);
}

bool plan_sample_sum(const Plan *plan, const IrOp *op, int group, SampleSum *sum)
{
    IrLabels labels;
    char own[2][IR_RANK_MAX + 1] = {{0}};
    int first;
    ir_labels_parse(op->labels, ir_type_of(plan->function, op->operands[0]),
                    ir_type_of(plan->function, op->operands[1]), &labels);
    if (op->code != IR_BATCH_CONTRACT || !split_letters(&labels, own, &first))
        return false;
    *sum = (SampleSum){.positions = extent_of(&labels, labels.summed)};
    sum->extent[0] = extent_of(&labels, own[0]);
    sum->extent[1] = extent_of(&labels, own[1]);
    if (!find_strides(plan, op->operands[0], labels.a, labels.summed, own[0], 0, group, sum) ||
        !find_strides(plan, op->operands[1], labels.b, labels.summed, own[1], 1, group, sum))
        return false;
    sum->result_stride[1 - first] = 1;
    sum->result_stride[first] = sum->extent[1 - first];
    /* lanes go along the operand that fills them better */
    sum->columns = sum->extent[1] % FRAME_ALIGNMENT == 0 || sum->extent[1] >= sum->extent[0] ? 1 : 0;
    int64_t columns = sum->extent[sum->columns];
    sum->padded_columns = (columns + FRAME_ALIGNMENT - 1) / FRAME_ALIGNMENT * FRAME_ALIGNMENT;
    sum->few_rows = sum->positions == 1 && sum->extent[1 - sum->columns] <= FEW_ROWS;
    return true;
}

void plan_wide_sum(const Plan *plan, const IrOp *op, int group, SampleSum *sum)
{
    plan_sample_sum(plan, op, group, sum);
    sum->columns = sum->result_stride[1] == 1 ? 1 : 0;
}
