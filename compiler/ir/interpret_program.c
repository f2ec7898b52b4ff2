/* SPDX-License-Identifier: MIT */
/* Calls and scans. */
#include "compiler/ir/interpret_kernels.h"

#include <string.h>

static void call(IrRun *run, const IrOp *op, IrTensor *values)
{
    IrTensor *inputs = ARENA_ARRAY(run->arena, IrTensor, op->operand_count);
    IrTensor *outputs = ARENA_ARRAY(run->arena, IrTensor, op->result_count);
    for (int i = 0; i < op->operand_count; i++)
        inputs[i] = values[op->operands[i]];
    ir_interpret(run, op->callee, inputs, outputs);
    for (int i = 0; i < op->result_count; i++)
        values[op->results[i]] = outputs[i];
}

/* ---- scan ------------------------------------------------------------------------------------------------------- */

/* Slice `position` of `length` along the leading axis. */
static IrTensor slice_of(IrRun *run, const IrTensor *whole, int64_t position, int64_t length)
{
    IrTensor slice = {.count = whole->count / length, .per_sample = whole->per_sample};
    int64_t samples = slice.per_sample ? run->batch : 1;
    slice.data = ARENA_ARRAY(run->arena, double, slice.count *samples);
    for (int64_t sample = 0; sample < samples; sample++)
        memcpy(tensor_sample(&slice, sample), tensor_sample(whole, sample) + position * slice.count,
               (size_t)slice.count * sizeof slice.data[0]);
    return slice;
}

static void store_slice(IrRun *run, IrTensor *whole, int64_t position, const IrTensor *slice)
{
    int64_t samples = whole->per_sample ? run->batch : 1;
    for (int64_t sample = 0; sample < samples; sample++)
        memcpy(tensor_sample(whole, sample) + position * slice->count, tensor_sample(slice, sample),
               (size_t)slice->count * sizeof slice->data[0]);
}

/* The callee's inputs at one step; the carried ones, inputs[1] to inputs[carried], are there already. */
static void fill_step_inputs(IrRun *run, const IrOp *op, const IrTensor *values, int64_t position, IrTensor *inputs)
{
    IrTensor step = {.data = ARENA_ARRAY(run->arena, double, 1), .count = 1};
    step.data[0] = (double)position;
    inputs[0] = step;
    for (int i = op->carried; i < op->operand_count; i++) {
        const IrTensor *operand = &values[op->operands[i]];
        bool sliced = i < op->carried + op->sliced;
        inputs[i + 1] = sliced ? slice_of(run, operand, position, op->length) : *operand;
    }
}

static void scan(IrRun *run, const IrFunction *function, const IrOp *op, IrTensor *values)
{
    IrTensor *inputs = ARENA_ARRAY(run->arena, IrTensor, op->operand_count + 1);
    IrTensor *outputs = ARENA_ARRAY(run->arena, IrTensor, op->result_count);
    for (int i = 0; i < op->carried; i++)
        inputs[i + 1] = values[op->operands[i]];
    for (int i = op->carried; i < op->result_count; i++)
        values[op->results[i]] = tensor_new(run, ir_type_of(function, op->results[i]));
    for (int64_t step = 0; step < op->length; step++) {
        int64_t position = op->reversed ? op->length - 1 - step : step;
        fill_step_inputs(run, op, values, position, inputs);
        ir_interpret(run, op->callee, inputs, outputs);
        for (int i = 0; i < op->carried; i++)
            inputs[i + 1] = outputs[i];
        for (int i = op->carried; i < op->result_count; i++)
            store_slice(run, &values[op->results[i]], position, &outputs[i]);
    }
    for (int i = 0; i < op->carried; i++) {
        bool per_sample = ir_type_of(function, op->results[i])->kind == IR_KIND_SAMPLE;
        values[op->results[i]] = tensor_spread(run, inputs[i + 1], per_sample);
    }
}

void interpret_program(IrRun *run, const IrFunction *function, const IrOp *op, IrTensor *values)
{
    if (op->code == IR_CALL)
        call(run, op, values);
    else
        scan(run, function, op, values);
}
