/* SPDX-License-Identifier: MIT */
/* Derivatives of random flows: log-determinants against numerical Jacobians, forces and gradients against differences. */
#include "tests/lower_helpers.h"
#include "tests/lower_random.h"
#include "tests/random_spec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* ---- single layers ----------------------------------------------------------------------------------------------- */

/* A layer's function at random weights. */
typedef struct Layer {
    Arena *arena;
    const IrFunction *function;
    int tensor_count;
    int64_t pass_count, move_count;
    IrTensor *inputs;
    double *x; /* x_a, then x_b */
} Layer;

static Layer layer_of(Arena *arena, const IrFunction *function, uint64_t seed)
{
    TestRandom random = {seed};
    Layer layer = {.arena = arena, .function = function, .tensor_count = function->input_count - 2};
    layer.inputs = ir_test_random_inputs(arena, function, 1, &random, -0.5, 0.5);
    layer.pass_count = layer.inputs[layer.tensor_count].count;
    layer.move_count = layer.inputs[layer.tensor_count + 1].count;
    layer.x = ARENA_ARRAY(arena, double, layer.pass_count + layer.move_count);
    for (int64_t i = 0; i < layer.pass_count + layer.move_count; i++)
        layer.x[i] = test_uniform(&random, -2, 2);
    return layer;
}

static IrTensor *layer_run(const Layer *layer, const double *x)
{
    layer->inputs[layer->tensor_count].data = ARENA_ARRAY(layer->arena, double, layer->pass_count);
    layer->inputs[layer->tensor_count + 1].data = ARENA_ARRAY(layer->arena, double, layer->move_count);
    memcpy(layer->inputs[layer->tensor_count].data, x, (size_t)layer->pass_count * sizeof x[0]);
    memcpy(layer->inputs[layer->tensor_count + 1].data, x + layer->pass_count, (size_t)layer->move_count * sizeof x[0]);
    return ir_test_run(layer->arena, layer->function, 1, layer->inputs);
}

/* d(y_a, y_b) / d(x_a, x_b) by central differences, four points, y_a = x_a; close together for splines, whose second
 * derivative jumps at knots. */
static double *layer_jacobian(const Layer *layer)
{
    int64_t n = layer->pass_count + layer->move_count;
    double *jacobian = ARENA_ARRAY(layer->arena, double, n *n), *x = ARENA_ARRAY(layer->arena, double, n);
    static const double STEPS[] = {-2, -1, 1, 2}, WEIGHTS[] = {1, -8, 8, -1};
    double step = strstr(layer->function->name, "spline") ? 1e-5 : 1e-3;
    for (int64_t j = 0; j < n; j++)
        for (int point = 0; point < 4; point++) {
            memcpy(x, layer->x, (size_t)n * sizeof x[0]);
            x[j] += STEPS[point] * step;
            const double *y_b = layer_run(layer, x)[0].data;
            for (int64_t i = 0; i < n; i++)
                jacobian[i * n + j] +=
                    WEIGHTS[point] / (12 * step) * (i < layer->pass_count ? x[i] : y_b[i - layer->pass_count]);
        }
    return jacobian;
}

static void test_log_determinants_are_those_of_numerical_jacobians(void **state)
{
    int seen = 0;
    for (uint64_t seed = 0; seed < SPECS; seed++) {
        ir_test_renew(*state);
        LowerModel model = model_of(*state, random_spec(*state, seed), seed);
        for (int f = 0; f < model.program->module->function_count; f++) {
            const IrFunction *function = model.program->module->functions[f];
            if (!lower_test_is_coupling(function))
                continue;
            Layer layer = layer_of(*state, function, seed);
            double expected = ir_test_log_determinant(layer_jacobian(&layer), layer.pass_count + layer.move_count);
            IrTensor *outputs = layer_run(&layer, layer.x);
            lower_test_expect(&model, function->output_count > 1 ? outputs[1].data[0] : 0, expected, 1e-7,
                              function->name);
            seen++;
        }
    }
    assert_true(seen > 2 * SPECS);
}

static void test_layers_invert(void **state)
{
    for (uint64_t seed = 0; seed < SPECS; seed++) {
        ir_test_renew(*state);
        LowerModel model = model_of(*state, random_spec(*state, seed), seed);
        for (int f = 0; f < model.program->module->function_count; f++) {
            const IrFunction *function = model.program->module->functions[f];
            const IrFunction *inverse =
                ir_function_find(model.program->module, arena_print(*state, "%s_inverse", function->name));
            if (!lower_test_is_coupling(function) || !inverse)
                continue;
            Layer forward = layer_of(*state, function, seed), back = layer_of(*state, inverse, seed);
            IrTensor *y = layer_run(&forward, forward.x);
            memcpy(back.x, forward.x, (size_t)forward.pass_count * sizeof(double));
            memcpy(back.x + back.pass_count, y[0].data, (size_t)back.move_count * sizeof(double));
            IrTensor *x = layer_run(&back, back.x);
            for (int64_t i = 0; i < forward.move_count; i++)
                lower_test_expect(&model, x[0].data[i], forward.x[forward.pass_count + i], 1e-9, function->name);
            if (function->output_count > 1)
                lower_test_expect(&model, x[1].data[0], -y[1].data[0], 1e-12, "log_det of the inverse");
        }
    }
}

/* ---- derivatives ------------------------------------------------------------------------------------------------- */

static void test_force_is_minus_the_energys_slope(void **state)
{
    enum { BATCH = 3 };
    static const double STEPS[] = {-2e-3, -1e-3, 1e-3, 2e-3}, WEIGHTS[] = {1, -8, 8, -1};
    for (uint64_t seed = 0; seed < SPECS + CONDITIONAL; seed++) {
        ir_test_renew(*state);
        LowerModel model = model_of(*state, spec_of(*state, seed), seed);
        int64_t dimension = model.spec->dimension;
        double x[BATCH * 16], moved[BATCH * 16];
        TestRandom random = {seed};
        for (int64_t i = 0; i < BATCH * dimension; i++)
            x[i] = test_uniform(&random, -2, 2);
        IrTensor *force = lower_test_run(&model, ENTRY_FORCE, BATCH, x);
        for (int64_t i = 0; i < dimension; i++) {
            double slope[BATCH] = {0};
            for (int point = 0; point < 4; point++) {
                memcpy(moved, x, sizeof moved);
                for (int s = 0; s < BATCH; s++)
                    moved[s * dimension + i] += STEPS[point];
                IrTensor *energy = lower_test_run(&model, ENTRY_ENERGY, BATCH, moved);
                for (int s = 0; s < BATCH; s++)
                    slope[s] += WEIGHTS[point] / 12e-3 * energy[0].data[s];
            }
            for (int s = 0; s < BATCH; s++)
                lower_test_expect(&model, force[0].data[s * dimension + i], -slope[s], 1e-8, "a force");
        }
    }
}

static double loss_at(const LowerModel *model, const double *direction, double distance)
{
    LowerModel moved = *model;
    moved.weights = ARENA_ARRAY(model->arena, double, model->program->weight_count);
    for (int64_t i = 0; i < model->program->weight_count; i++)
        moved.weights[i] = model->weights[i] + distance * direction[i];
    return lower_test_run(&moved, ENTRY_LOSS, model->program->module->batch, data_of(model))[0].data[0];
}

/* Steps that relu's corners, and those of a spline's slope at its knots, do not notice: few samples cross one within
 * 1e-7. */
static bool has_corners(const ModelSpec *spec)
{
    for (int i = 0; i < spec->expanded_count; i++)
        if (spec->expanded[i].transform == TRANSFORM_SPLINE ||
            (spec->expanded[i].net.hidden_count > 0 && spec->expanded[i].net.activation == ACTIVATION_RELU))
            return true;
    return false;
}

/* Along one direction in the space of all weights: <gradient, direction> is the loss's slope. */
static void test_step_gives_the_losss_gradient(void **state)
{
    for (uint64_t seed = 0; seed < SPECS + CONDITIONAL; seed++) {
        ir_test_renew(*state);
        LowerModel model = model_of(*state, spec_of(*state, seed), seed);
        const Program *program = model.program;
        double *direction = random_weights(*state, program->weight_count, seed + 5000), slope = 0;
        double h = has_corners(model.spec) ? 1e-7 : 1e-4;
        IrTensor *step = lower_test_run(&model, ENTRY_STEP, program->module->batch, data_of(&model));
        assert_int_equal(program->entries[ENTRY_STEP].function->output_count, 1 + program->tensor_count);
        lower_test_expect(&model, step[0].data[0], loss_at(&model, direction, 0), 1e-13, "the step's loss");
        for (int t = 0; t < program->tensor_count; t++) {
            assert_false(step[1 + t].per_sample);
            for (int64_t i = 0; i < step[1 + t].count; i++)
                slope += step[1 + t].data[i] * direction[program->tensors[t].offset + i];
        }
        double expected = (loss_at(&model, direction, -2 * h) - 8 * loss_at(&model, direction, -h) +
                           8 * loss_at(&model, direction, h) - loss_at(&model, direction, 2 * h)) /
                          (12 * h);
        lower_test_expect(&model, slope, expected, has_corners(model.spec) ? 1e-6 : 1e-9, "the slope");
    }
}

static void test_double_well_by_hand(void **state)
{
    static const double X[] = {0.7, -1.2, -1.5, 0.4};
    FixedSpec *fixed = lower_test_fixed(*state, 2, 1);
    LowerModel model = {.arena = *state, .spec = &fixed->spec, .program = lower_test_lower_fixed(*state, fixed)};
    IrTensor *force = lower_test_run(&model, ENTRY_FORCE, 2, X);
    for (int s = 0; s < 2; s++) {
        const double *x = X + 2 * s, expected[] = {-(4 * pow(x[0], 3) - 8 * x[0] + 0.2), -x[1]};
        ir_test_expect(force[0].data + 2 * s, expected, 2, 1e-14, "force");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_determinants_are_those_of_numerical_jacobians),
        cmocka_unit_test(test_layers_invert),
        cmocka_unit_test(test_force_is_minus_the_energys_slope),
        cmocka_unit_test(test_step_gives_the_losss_gradient),
        cmocka_unit_test(test_double_well_by_hand),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
