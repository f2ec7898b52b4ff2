/* SPDX-License-Identifier: MIT */
#include "tests/derivative_check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const double TOLERANCE = 1e-6, EXACT = 1e-11;

static const IrType *input_type(const IrFunction *function, int input)
{
    return ir_type_of(function, function->inputs[input]);
}

static const IrType *output_type(const IrFunction *function, int output)
{
    return ir_type_of(function, function->outputs[output]);
}

/* The type of a cotangent or tangent, as an input. */
static IrType dual_type(const IrType *type)
{
    IrType dual = *type;
    dual.kind = type->kind == IR_KIND_SAMPLE ? IR_KIND_SAMPLE : IR_KIND_SHARED;
    return dual;
}

/* ---- functions -------------------------------------------------------------------------------------------------- */

static bool *real_flags(const IrFunction *function, bool inputs, const bool *among)
{
    int count = inputs ? function->input_count : function->output_count;
    bool *flags = ARENA_ARRAY(function->module->arena, bool, count);
    for (int i = 0; i < count; i++) {
        const IrType *type = inputs ? input_type(function, i) : output_type(function, i);
        flags[i] = type->element == IR_REAL && (!among || among[i]);
    }
    return flags;
}

IrFunction *derivative_vjp(GradCache *cache, IrFunction *function, const bool *wanted, const bool *seeded)
{
    IrModule *module = function->module;
    const bool *real_wanted = real_flags(function, true, wanted), *real_seeded = real_flags(function, false, seeded);
    const GradVjp *vjp = grad_vjp(cache, function, real_wanted, real_seeded);
    IrFunction *whole = ir_function_new(
        module, ir_function_unique_name(module, arena_print(module->arena, "%s_whole", function->name)));
    IrBuilder builder = {.function = whole};
    IrId *inputs = ARENA_ARRAY(module->arena, IrId, function->input_count);
    IrId *outputs = ARENA_ARRAY(module->arena, IrId, vjp->forward->output_count);
    IrId *operands = ARENA_ARRAY(module->arena, IrId, vjp->backward->input_count);
    IrId *results = ARENA_ARRAY(module->arena, IrId, vjp->backward->output_count);
    for (int i = 0; i < function->input_count; i++)
        inputs[i] = ir_input(whole, function->values[function->inputs[i]].name, *input_type(function, i));
    ir_call(&builder, vjp->forward, function->input_count, inputs, outputs);
    int count = 0;
    for (int i = 0; i < vjp->backward_input_count; i++)
        operands[count++] = inputs[vjp->backward_inputs[i]];
    for (int i = 0; i < vjp->residual_count; i++)
        operands[count++] = outputs[vjp->residual_outputs[i]];
    for (int i = 0; i < function->output_count; i++)
        if (real_seeded[i])
            operands[count++] = ir_input(whole, "cotangent", dual_type(output_type(function, i)));
    assert_int_equal(count, vjp->backward->input_count);
    ir_call(&builder, vjp->backward, count, operands, results);
    for (int i = 0; i < vjp->backward->output_count; i++)
        ir_output(whole, NULL, results[i]);
    return whole;
}

/* ---- comparisons ------------------------------------------------------------------------------------------------ */

static void expect_near(const IrTensor *actual, const IrTensor *expected, int64_t batch, double tolerance,
                        const char *what)
{
    double difference = 0, norm = 0;
    assert_int_equal(actual->per_sample, expected->per_sample);
    for (int64_t i = 0; i < ir_test_count(expected, batch); i++) {
        difference += pow(actual->data[i] - expected->data[i], 2);
        norm += pow(expected->data[i], 2);
    }
    double error = sqrt(difference) / fmax(sqrt(norm), 1e-3);
    if (!(error < tolerance))
        fail_msg("%s: relative error %.3g of a tensor of norm %.3g", what, error, sqrt(norm));
}

/* Reals in [-1, 1] of the types of the function's real inputs or outputs; the others have no data. */
static IrTensor *random_duals(Arena *arena, const IrFunction *function, bool inputs, int64_t batch, TestRandom *random)
{
    int count = inputs ? function->input_count : function->output_count;
    IrTensor *duals = ARENA_ARRAY(arena, IrTensor, count);
    for (int i = 0; i < count; i++) {
        const IrType *type = inputs ? input_type(function, i) : output_type(function, i);
        if (type->element == IR_REAL)
            duals[i] = ir_test_random(arena, type, batch, random, -1, 1);
    }
    return duals;
}

/* The tensors that have data, behind those of `first`. */
static IrTensor *append(Arena *arena, const IrTensor *first, int first_count, const IrTensor *duals, int dual_count)
{
    IrTensor *all = ARENA_ARRAY(arena, IrTensor, first_count + dual_count);
    memcpy(all, first, (size_t)first_count * sizeof all[0]);
    for (int i = 0, next = first_count; i < dual_count; i++)
        if (duals[i].data)
            all[next++] = duals[i];
    return all;
}

static double dot(const IrTensor *a, const IrTensor *b, int64_t batch)
{
    double sum = 0;
    for (int64_t i = 0; i < ir_test_count(a, batch); i++)
        sum += a->data[i] * b->data[i];
    return sum;
}

/* What is the same for all samples (a cotangent that is zero) may be given once: as many as the type says. */
static IrTensor spread(Arena *arena, const IrTensor *given, const IrType *type, int64_t batch)
{
    IrTensor tensor = ir_test_tensor(arena, type, batch);
    assert_int_equal(given->count, tensor.count);
    assert_true(tensor.per_sample || !given->per_sample);
    for (int64_t i = 0; i < ir_test_count(&tensor, batch); i++)
        tensor.data[i] = given->data[given->per_sample ? i : i % given->count];
    return tensor;
}

/* One derivative of one function at one point. */
typedef struct Check {
    Arena *arena;
    GradCache *cache;
    IrFunction *function;
    int64_t batch;
    const IrTensor *inputs;
    IrTensor *cotangents, *tangents;
    const char *what;
} Check;

/* Reverse mode by elements; returns its results, by input. */
static IrTensor *check_vjp(const Check *check, IrFunction *vjp, bool by_elements)
{
    const IrFunction *function = check->function;
    IrTensor *given =
        append(check->arena, check->inputs, function->input_count, check->cotangents, function->output_count);
    IrTensor *results = ir_test_run(check->arena, vjp, check->batch, given);
    IrTensor *by_input = ARENA_ARRAY(check->arena, IrTensor, function->input_count);
    for (int i = 0, next = 0; i < function->input_count; i++) {
        if (input_type(function, i)->element != IR_REAL)
            continue;
        by_input[i] = spread(check->arena, &results[next++], input_type(function, i), check->batch);
        if (!by_elements)
            continue;
        IrTensor expected = ir_test_gradient(check->arena, function, check->batch, check->inputs, i, check->cotangents);
        expect_near(&by_input[i], &expected, check->batch, TOLERANCE,
                    arena_print(check->arena, "vjp, input %d: %s", i + 1, check->what));
    }
    return by_input;
}

/* Forward mode along one direction; returns the tangents, by output. */
static IrTensor *check_jvp(const Check *check, IrFunction *jvp)
{
    const IrFunction *function = check->function;
    IrTensor *given =
        append(check->arena, check->inputs, function->input_count, check->tangents, function->input_count);
    IrTensor *results = ir_test_run(check->arena, jvp, check->batch, given);
    IrTensor *values = ir_test_run(check->arena, function, check->batch, check->inputs);
    IrTensor *expected = ir_test_directional(check->arena, function, check->batch, check->inputs, check->tangents);
    IrTensor *by_output = ARENA_ARRAY(check->arena, IrTensor, function->output_count);
    for (int i = 0, next = function->output_count; i < function->output_count; i++) {
        expect_near(&results[i], &values[i], check->batch, EXACT,
                    arena_print(check->arena, "jvp, value %d: %s", i + 1, check->what));
        if (output_type(function, i)->element != IR_REAL)
            continue;
        by_output[i] = spread(check->arena, &results[next++], output_type(function, i), check->batch);
        expect_near(&by_output[i], &expected[i], check->batch, TOLERANCE,
                    arena_print(check->arena, "jvp, output %d: %s", i + 1, check->what));
    }
    return by_output;
}

static void check_adjoint(const Check *check, const IrTensor *gradients, const IrTensor *derivatives)
{
    double forward = 0, backward = 0, size = 0;
    for (int i = 0; i < check->function->output_count; i++)
        if (derivatives[i].data)
            forward += dot(&derivatives[i], &check->cotangents[i], check->batch);
    for (int i = 0; i < check->function->input_count; i++)
        if (gradients[i].data) {
            backward += dot(&gradients[i], &check->tangents[i], check->batch);
            size += sqrt(dot(&gradients[i], &gradients[i], check->batch) *
                         dot(&check->tangents[i], &check->tangents[i], check->batch));
        }
    if (!(fabs(forward - backward) <= EXACT * fmax(1, size)))
        fail_msg("%s: <c, J t> is %.17g, <J' c, t> %.17g", check->what, forward, backward);
}

static void check_order(Arena *arena, GradCache *cache, IrFunction *function, const IrTensor *inputs, int order,
                        bool by_elements, const char *what)
{
    TestRandom random = {(uint64_t)order};
    Check check = {arena,  cache,       function, function->module->batch > 0 ? function->module->batch : 3,
                   inputs, .what = what};
    check.cotangents = random_duals(arena, function, false, check.batch, &random);
    check.tangents = random_duals(arena, function, true, check.batch, &random);
    IrFunction *vjp = derivative_vjp(cache, function, NULL, NULL);
    IrFunction *jvp = grad_jvp(cache, function, real_flags(function, true, NULL));
    ir_test_verify(function->module);
    IrTensor *gradients = check_vjp(&check, vjp, by_elements), *derivatives = check_jvp(&check, jvp);
    check_adjoint(&check, gradients, derivatives);
    if (order <= 1)
        return;
    IrTensor *with_cotangents = append(arena, inputs, function->input_count, check.cotangents, function->output_count);
    IrTensor *with_tangents = append(arena, inputs, function->input_count, check.tangents, function->input_count);
    check_order(arena, cache, vjp, with_cotangents, order - 1, false, arena_print(arena, "of the vjp: %s", what));
    check_order(arena, cache, jvp, with_tangents, order - 1, false, arena_print(arena, "of the jvp: %s", what));
}

void derivative_check(Arena *arena, GradCache *cache, IrFunction *function, const IrTensor *inputs, int order,
                      const char *what)
{
    check_order(arena, cache, function, inputs, order, true, what);
}
