/* SPDX-License-Identifier: MIT */
/* The ops that cross the batch axis. They add in the order of samples; emitted code adds by shards of 64, so sums agree
 * up to their roundings. */
#include "compiler/ir/interpret_kernels.h"

#include <string.h>

static void batch_sum(IrRun *run, IrTensor from, IrTensor to)
{
    for (int64_t sample = 0; sample < run->batch; sample++)
        for (int64_t i = 0; i < to.count; i++)
            to.data[i] += tensor_sample(&from, sample)[i];
}

static void batch_contract(IrRun *run, const IrFunction *function, const IrOp *op, const IrTensor *values, IrTensor to)
{
    IrLabels labels;
    ir_labels_parse(op->labels, ir_type_of(function, op->operands[0]), ir_type_of(function, op->operands[1]), &labels);
    const IrTensor *a = &values[op->operands[0]], *b = &values[op->operands[1]];
    for (int64_t sample = 0; sample < run->batch; sample++)
        contract_add(&labels, tensor_sample(a, sample), tensor_sample(b, sample), to.data);
}

/* Per-sample S -> shared [batch] + S: the same elements in the same places. */
static void collect(IrRun *run, IrTensor from, IrTensor to)
{
    IrTensor spread = tensor_spread(run, from, true);
    memcpy(to.data, spread.data, (size_t)to.count * sizeof to.data[0]);
}

static void distribute(IrRun *run, IrTensor from, IrTensor to)
{
    memcpy(to.data, from.data, (size_t)(to.count * run->batch) * sizeof to.data[0]);
}

void interpret_batch(IrRun *run, const IrFunction *function, const IrOp *op, IrTensor *values)
{
    IrTensor from = values[op->operands[0]], to = tensor_new(run, ir_type_of(function, op->results[0]));
    int64_t batch = function->module->batch;
    values[op->results[0]] = to;
    if (batch > 0 && batch != run->batch) {
        run_fail(run, arena_print(run->arena, "function %s: %s: %lld samples, the module's batch has %lld",
                                  function->name, ir_op_text(op->code), (long long)run->batch, (long long)batch));
        return;
    }
    if (op->code == IR_BATCH_SUM)
        batch_sum(run, from, to);
    else if (op->code == IR_BATCH_CONTRACT)
        batch_contract(run, function, op, values, to);
    else if (op->code == IR_COLLECT)
        collect(run, from, to);
    else
        distribute(run, from, to);
}
