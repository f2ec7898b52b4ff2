/* SPDX-License-Identifier: MIT */
/* The interpreter's walk through a function: op after op, and for each the samples in their order. The batch axis
 * exists here and in interpret_batch.c; a kernel sees one sample. */
#include "compiler/ir/interpret_kernels.h"

#include <string.h>

void run_fail(IrRun *run, const char *error)
{
    if (!run->error)
        run->error = error;
}

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

IrTensor tensor_new(IrRun *run, const IrType *type)
{
    IrTensor tensor = {.count = ir_type_count(type), .per_sample = type->kind == IR_KIND_SAMPLE};
    tensor.data = ARENA_ARRAY(run->arena, double, tensor.count *(tensor.per_sample ? run->batch : 1));
    return tensor;
}

double *tensor_sample(const IrTensor *tensor, int64_t sample)
{
    return tensor->data + (tensor->per_sample ? sample * tensor->count : 0);
}

IrTensor tensor_spread(IrRun *run, IrTensor tensor, bool per_sample)
{
    if (tensor.per_sample || !per_sample)
        return tensor;
    IrTensor spread = {.count = tensor.count, .per_sample = true};
    spread.data = ARENA_ARRAY(run->arena, double, tensor.count * run->batch);
    for (int64_t sample = 0; sample < run->batch; sample++)
        memcpy(tensor_sample(&spread, sample), tensor.data, (size_t)tensor.count * sizeof tensor.data[0]);
    return spread;
}

/* ---- what kernels ask ------------------------------------------------------------------------------------------- */

const IrType *kernel_operand_type(const IrKernel *kernel, int operand)
{
    return ir_type_of(kernel->function, kernel->op->operands[operand]);
}

const IrType *kernel_result_type(const IrKernel *kernel)
{
    return ir_type_of(kernel->function, kernel->op->results[0]);
}

AxisExtents axis_extents(const IrType *type, int64_t axis)
{
    AxisExtents extents = {.before = 1, .size = type->size[axis], .behind = 1};
    for (int i = 0; i < type->rank; i++) {
        if (i < axis)
            extents.before *= type->size[i];
        if (i > axis)
            extents.behind *= type->size[i];
    }
    return extents;
}

void index_advance(const IrType *type, int64_t *index)
{
    for (int axis = type->rank - 1; axis >= 0; axis--) {
        if (++index[axis] < type->size[axis])
            return;
        index[axis] = 0;
    }
}

/* ---- ops and functions ------------------------------------------------------------------------------------------ */

static void apply_kernel(const IrKernel *kernel)
{
    switch (ir_op_class(kernel->op->code)) {
    case IR_ELEMENTWISE:
        interpret_elementwise(kernel);
        break;
    case IR_STRUCTURE:
        interpret_structure(kernel);
        break;
    case IR_REDUCTION:
        interpret_reduction(kernel);
        break;
    case IR_PRODUCT:
        interpret_product(kernel);
        break;
    case IR_DRAW:
        interpret_draw(kernel);
        break;
    case IR_BATCH:
    case IR_PROGRAM:
        break;
    }
}

static bool is_held(IrOpcode code)
{
    return code == IR_STOP_GRADIENT || code == IR_SIGN || code == IR_FLOOR || code == IR_LESS ||
           code == IR_LESS_EQUAL || code == IR_EQUAL || code == IR_TO_INT;
}

/* Records the result, or gives the one that was recorded at this place. */
static IrTensor hold(IrRun *run, IrTensor result)
{
    IrHeld *held = run->held;
    if (held->replay)
        return held->next < held->count ? held->items[held->next++] : result;
    if (held->count == held->room) {
        int64_t room = held->room * 2 + 16;
        held->items = arena_grow(run->arena, held->items, (size_t)held->count, (size_t)room, sizeof held->items[0]);
        held->room = room;
    }
    held->items[held->count++] = result;
    return result;
}

static void interpret_samples(IrRun *run, const IrFunction *function, const IrOp *op, IrTensor *values)
{
    IrTensor result = tensor_new(run, ir_type_of(function, op->results[0]));
    const double **operands = ARENA_ARRAY(run->arena, const double *, op->operand_count);
    int64_t samples = result.per_sample ? run->batch : 1;
    for (int64_t sample = 0; sample < samples; sample++) {
        for (int i = 0; i < op->operand_count; i++)
            operands[i] = tensor_sample(&values[op->operands[i]], sample);
        IrKernel kernel = {
            run, function, op, run->first_sample + (uint64_t)sample, operands, tensor_sample(&result, sample)};
        apply_kernel(&kernel);
    }
    values[op->results[0]] = run->held && is_held(op->code) ? hold(run, result) : result;
}

static const char *check_input(IrRun *run, const IrFunction *function, int input, const IrTensor *given)
{
    const IrType *type = ir_type_of(function, function->inputs[input]);
    if (given->count != ir_type_count(type))
        return arena_print(run->arena, "function %s: input %d has %lld elements, expected %lld", function->name,
                           input + 1, (long long)given->count, (long long)ir_type_count(type));
    if (given->per_sample && type->kind != IR_KIND_SAMPLE)
        return arena_print(run->arena, "function %s: input %d is given per sample, expected one for all",
                           function->name, input + 1);
    return NULL;
}

void ir_interpret(IrRun *run, const IrFunction *function, const IrTensor *inputs, IrTensor *outputs)
{
    IrTensor *values = ARENA_ARRAY(run->arena, IrTensor, function->value_count);
    for (int i = 0; i < function->output_count; i++)
        outputs[i] = (IrTensor){0};
    for (int i = 0; i < function->input_count; i++) {
        const char *wrong = check_input(run, function, i, &inputs[i]);
        if (wrong) {
            run_fail(run, wrong);
            return;
        }
        IrId id = function->inputs[i];
        values[id] = tensor_spread(run, inputs[i], ir_type_of(function, id)->kind == IR_KIND_SAMPLE);
    }
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        IrClass class = ir_op_class(op->code);
        if (class == IR_BATCH)
            interpret_batch(run, function, op, values);
        else if (class == IR_PROGRAM)
            interpret_program(run, function, op, values);
        else
            interpret_samples(run, function, op, values);
    }
    for (int i = 0; i < function->output_count; i++)
        outputs[i] = values[function->outputs[i]];
}
