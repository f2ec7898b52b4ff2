/* SPDX-License-Identifier: MIT */
#include "tests/grad_helpers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool *real_flags(const IrFunction *function, const IrId *ids, int count)
{
    bool *flags = ARENA_ARRAY(function->module->arena, bool, count);
    for (int i = 0; i < count; i++)
        flags[i] = ir_type_of(function, ids[i])->element == IR_REAL;
    return flags;
}

bool *grad_test_real_inputs(const IrFunction *function)
{
    return real_flags(function, function->inputs, function->input_count);
}

bool *grad_test_real_outputs(const IrFunction *function)
{
    return real_flags(function, function->outputs, function->output_count);
}

/* ---- running a pair ------------------------------------------------------------------------------------------- */

void grad_test_run_pair(Arena *arena, const IrFunction *function, const GradVjp *vjp, const bool *wanted,
                        const bool *seeded, int64_t batch, const IrTensor *inputs, const IrTensor *cotangents,
                        IrTensor *outputs, IrTensor *gradients)
{
    const IrTensor *forward = ir_test_run(arena, vjp->forward, batch, inputs);
    IrTensor *operands = ARENA_ARRAY(arena, IrTensor, vjp->backward->input_count);
    int count = 0, next = 0;
    memcpy(outputs, forward, (size_t)function->output_count * sizeof outputs[0]);
    for (int i = 0; i < vjp->backward_input_count; i++)
        operands[count++] = inputs[vjp->backward_inputs[i]];
    for (int i = 0; i < vjp->residual_count; i++)
        operands[count++] = forward[vjp->residual_outputs[i]];
    for (int i = 0; i < function->output_count; i++)
        if (seeded[i])
            operands[count++] = cotangents[i];
    assert_int_equal(count, vjp->backward->input_count);
    const IrTensor *backward = ir_test_run(arena, vjp->backward, batch, operands);
    for (int i = 0; i < function->input_count; i++)
        gradients[i] = wanted[i] ? backward[next++] : (IrTensor){0};
    assert_int_equal(next, vjp->backward->output_count);
}

/* ---- both modes ----------------------------------------------------------------------------------------------- */

static IrTensor random_normals(Arena *arena, const IrType *type, int64_t batch, TestRandom *random)
{
    IrTensor tensor = ir_test_tensor(arena, type, batch);
    for (int64_t i = 0; i < ir_test_count(&tensor, batch); i++)
        tensor.data[i] = test_normal(random);
    return tensor;
}

static IrTensor *random_reals(Arena *arena, const IrFunction *function, const IrId *ids, int count, int64_t batch,
                              TestRandom *random)
{
    IrTensor *tensors = ARENA_ARRAY(arena, IrTensor, count);
    for (int i = 0; i < count; i++)
        if (ir_type_of(function, ids[i])->element == IR_REAL)
            tensors[i] = random_normals(arena, ir_type_of(function, ids[i]), batch, random);
    return tensors;
}

IrTensor *grad_test_cotangents(Arena *arena, const IrFunction *function, int64_t batch, TestRandom *random)
{
    return random_reals(arena, function, function->outputs, function->output_count, batch, random);
}

IrTensor *grad_test_tangents(Arena *arena, const IrFunction *function, int64_t batch, TestRandom *random)
{
    return random_reals(arena, function, function->inputs, function->input_count, batch, random);
}

/* The tangents of the outputs by forward mode, without data for those that are not real. */
static IrTensor *run_forward_mode(Arena *arena, IrFunction *function, int64_t batch, const IrTensor *inputs,
                                  const IrTensor *tangents)
{
    IrFunction *jvp = grad_jvp(grad_cache_new(function->module), function, grad_test_real_inputs(function));
    IrTensor *operands = ARENA_ARRAY(arena, IrTensor, jvp->input_count);
    IrTensor *moved = ARENA_ARRAY(arena, IrTensor, function->output_count);
    int count = function->input_count, next = function->output_count;
    memcpy(operands, inputs, (size_t)function->input_count * sizeof operands[0]);
    for (int i = 0; i < function->input_count; i++)
        if (tangents[i].data)
            operands[count++] = tangents[i];
    assert_int_equal(count, jvp->input_count);
    const IrTensor *results = ir_test_run(arena, jvp, batch, operands);
    for (int i = 0; i < function->output_count; i++)
        if (ir_type_of(function, function->outputs[i])->element == IR_REAL)
            moved[i] = results[next++];
    assert_int_equal(next, jvp->output_count);
    return moved;
}

/* Element `index` over all samples of a tensor that may be given once for all. */
static double element(const IrTensor *tensor, int64_t index)
{
    return tensor->data[tensor->per_sample ? index : index % tensor->count];
}

/* The sum of products over inputs and samples, and the sum of their sizes. */
static double pair_inputs(const IrFunction *function, int64_t batch, const IrTensor *a, const IrTensor *b, double *size)
{
    double sum = 0;
    for (int i = 0; i < function->input_count; i++) {
        IrTensor shape = {.count = ir_type_count(ir_type_of(function, function->inputs[i])),
                          .per_sample = ir_type_of(function, function->inputs[i])->kind == IR_KIND_SAMPLE};
        if (!a[i].data || !b[i].data)
            continue;
        assert_true(shape.per_sample || (!a[i].per_sample && !b[i].per_sample));
        for (int64_t j = 0; j < ir_test_count(&shape, batch); j++) {
            sum += element(&a[i], j) * element(&b[i], j);
            *size += fabs(element(&a[i], j) * element(&b[i], j));
        }
    }
    return sum;
}

/* The same over outputs, those of one sample counted for each where the other has one for each. */
static double pair_outputs(const IrFunction *function, int64_t batch, const IrTensor *a, const IrTensor *b)
{
    double sum = 0;
    for (int i = 0; i < function->output_count; i++) {
        if (!a[i].data || !b[i].data)
            continue;
        const IrTensor *shape = a[i].per_sample ? &a[i] : &b[i];
        for (int64_t j = 0; j < ir_test_count(shape, batch); j++)
            sum += element(&a[i], j) * element(&b[i], j);
    }
    return sum;
}

static void expect_near(double actual, double expected, double tolerance, const char *what, const IrFunction *function)
{
    if (!(fabs(actual - expected) <= tolerance))
        fail_msg("%s: %s gives %.17g, reverse mode %.17g (difference %.3g, tolerance %.3g)", function->name, what,
                 expected, actual, actual - expected, tolerance);
}

void grad_test_check(Arena *arena, IrFunction *function, int64_t batch, const IrTensor *inputs, TestRandom *random,
                     double exact, double differences)
{
    const bool *wanted = grad_test_real_inputs(function), *seeded = grad_test_real_outputs(function);
    const IrTensor *plain = ir_test_run(arena, function, batch, inputs);
    IrTensor *cotangents = grad_test_cotangents(arena, function, batch, random);
    IrTensor *tangents = grad_test_tangents(arena, function, batch, random);
    IrTensor *outputs = ARENA_ARRAY(arena, IrTensor, function->output_count);
    IrTensor *gradients = ARENA_ARRAY(arena, IrTensor, function->input_count);
    const GradVjp *vjp = grad_vjp(grad_cache_new(function->module), function, wanted, seeded);
    grad_test_run_pair(arena, function, vjp, wanted, seeded, batch, inputs, cotangents, outputs, gradients);
    const IrTensor *moved = run_forward_mode(arena, function, batch, inputs, tangents);
    ir_test_verify(function->module);
    for (int i = 0; i < function->output_count; i++)
        assert_memory_equal(plain[i].data, outputs[i].data,
                            (size_t)ir_test_count(&plain[i], batch) * sizeof plain[i].data[0]);
    double size = 1;
    double reverse = pair_inputs(function, batch, gradients, tangents, &size);
    expect_near(reverse, pair_outputs(function, batch, cotangents, moved), exact * size, "forward mode", function);
    if (differences == 0)
        return;
    const IrTensor *slopes = ir_test_directional(arena, function, batch, inputs, tangents);
    expect_near(reverse, pair_outputs(function, batch, cotangents, slopes), differences * size, "a difference",
                function);
}

const GradVjp *grad_test_full_vjp(IrFunction *function)
{
    return grad_vjp(grad_cache_new(function->module), function, grad_test_real_inputs(function),
                    grad_test_real_outputs(function));
}

int grad_test_count_ops(const IrFunction *function, IrOpcode code)
{
    int count = 0;
    for (int i = 0; i < function->op_count; i++)
        count += function->ops[i].code == code;
    return count;
}

int grad_test_count_calls(const IrFunction *function, const char *callee)
{
    int count = 0;
    for (int i = 0; i < function->op_count; i++)
        count += function->ops[i].callee && strcmp(function->ops[i].callee->name, callee) == 0;
    return count;
}

const char *grad_test_list_contractions(Arena *arena, const IrFunction *function)
{
    Text text = text_start(arena);
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        if (op->code == IR_CONTRACT || op->code == IR_BATCH_CONTRACT)
            text_print(&text, "%s%s%s", text.length > 0 ? "; " : "", op->code == IR_BATCH_CONTRACT ? "sum " : "",
                       op->labels);
    }
    return text.bytes;
}

const char *grad_test_list_names(Arena *arena, const IrFunction *function, const IrId *ids, int count)
{
    Text text = text_start(arena);
    for (int i = 0; i < count; i++) {
        const char *name = function->values[ids[i]].name;
        text_print(&text, "%s%s", i > 0 ? " " : "", name ? name : "?");
    }
    return text.bytes;
}

const char *grad_test_input_names(Arena *arena, const IrFunction *function)
{
    return grad_test_list_names(arena, function, function->inputs, function->input_count);
}
