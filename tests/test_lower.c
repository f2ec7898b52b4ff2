/* SPDX-License-Identifier: MIT */
/* From a spec to a program. Random flows are compared with a plain implementation of the same layers, their
 * log-determinants with numerical Jacobians; fixed specs pin down names, order, structure and errors. */
#include "compiler/ir/text.h"
#include "compiler/lower/lower.h"
#include "compiler/passes/passes.h"
#include "runtime/core/random.h"
#include "tests/program_helpers.h"
#include "tests/plain_layers.h"
#include "tests/random_spec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Of the specs so many more are conditional. */
enum { SPECS = 100, CONDITIONAL = 50, SAMPLES_MAX = 200, SEED = 29, FIRST_SAMPLE = 1000, STEP = 3 };

/* ---- programs ---------------------------------------------------------------------------------------------------- */

static Program *lower_spec(Arena *arena, const ModelSpec *spec)
{
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, arena);
    Program *program = lower_program(arena, spec, &diagnostics);
    if (!program) {
        Text text = text_start(arena);
        diagnostics_print(&diagnostics, &text, 0);
        fail_msg("%s", text.bytes);
    }
    return program;
}

/* A program with weights, run one entry at a time. */
typedef struct Model {
    Arena *arena;
    uint64_t seed;
    const ModelSpec *spec;
    Program *program;
    double *weights;
    double *conditions;  /* [SAMPLES_MAX][condition_count] */
    const double *given; /* one sample's, while the plain flow makes it */
} Model;

/* Those from SPECS on are conditional. */
static const ModelSpec *spec_of(Arena *arena, uint64_t seed)
{
    return seed < SPECS ? random_spec(arena, seed) : random_conditional_spec(arena, seed);
}

static Model model_of(Arena *arena, const ModelSpec *spec, uint64_t seed)
{
    Model model = {.arena = arena, .seed = seed, .spec = spec, .program = lower_spec(arena, spec)};
    model.weights = random_weights(arena, model.program->weight_count, seed);
    model.conditions = random_conditions(arena, spec, SAMPLES_MAX, seed);
    return model;
}

static IrTensor *run_entry(const Model *model, EntryKind kind, int64_t batch, const double *x)
{
    const ProgramRun run = {.arena = model->arena,
                            .program = model->program,
                            .weights = model->weights,
                            .batch = batch,
                            .seed = SEED,
                            .first_sample = FIRST_SAMPLE,
                            .step = STEP,
                            .x = x,
                            .conditions = model->conditions};
    return program_test_run(&run, kind);
}

/* ---- the same flow, written plainly ------------------------------------------------------------------------------ */

static const double *tensor_named(const Model *model, const char *name, int64_t rows, int64_t columns)
{
    for (int i = 0; i < model->program->tensor_count; i++) {
        const ProgramTensor *tensor = &model->program->tensors[i];
        if (strcmp(tensor->name, name) != 0)
            continue;
        assert_int_equal(tensor->type.rank, columns > 0 ? 2 : 1);
        assert_int_equal(tensor->type.size[0], rows);
        if (columns > 0)
            assert_int_equal(tensor->type.size[1], columns);
        return model->weights + tensor->offset;
    }
    fail_msg("seed %d: no tensor %s", (int)model->seed, name);
    return NULL;
}

/* To mean 0 and deviation 1, in place; then the gain and bias of "PATH.normalize". */
static void plain_normalize(const Model *model, const char *path, double *y, int64_t count)
{
    const double *gain = tensor_named(model, arena_print(model->arena, "%s.normalize.gain", path), count, 0);
    const double *bias = tensor_named(model, arena_print(model->arena, "%s.normalize.bias", path), count, 0);
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < count; i++)
        mean += y[i] / (double)count;
    for (int64_t i = 0; i < count; i++)
        variance += pow(y[i] - mean, 2) / (double)count;
    for (int64_t i = 0; i < count; i++)
        y[i] = (y[i] - mean) / sqrt(variance + 1e-5) * gain[i] + bias[i];
}

/* out = the net "flow.layers.LAYER.NET" at in. */
static void plain_net(const Model *model, int layer, const char *net, const NetSpec *spec, const double *in,
                      int64_t in_count, double *out, int64_t out_count)
{
    double *x = ARENA_ARRAY(model->arena, double, in_count);
    memcpy(x, in, (size_t)in_count * sizeof x[0]);
    for (int k = 0; k <= spec->hidden_count; k++) {
        int64_t rows = k < spec->hidden_count ? spec->hidden[k] : out_count;
        const char *path = arena_print(model->arena, "flow.layers.%d.%s.%d", layer, net, k);
        const double *weight = tensor_named(model, arena_print(model->arena, "%s.weight", path), rows, in_count);
        const double *bias = tensor_named(model, arena_print(model->arena, "%s.bias", path), rows, 0);
        double *y = ARENA_ARRAY(model->arena, double, rows);
        for (int64_t i = 0; i < rows; i++) {
            y[i] = bias[i];
            for (int64_t j = 0; j < in_count; j++)
                y[i] += weight[i * in_count + j] * x[j];
        }
        if (k < spec->hidden_count && spec->normalize)
            plain_normalize(model, path, y, rows);
        for (int64_t i = 0; i < rows && k < spec->hidden_count; i++)
            y[i] = plain_activation(spec->activation, y[i]) + (spec->residual && rows == in_count ? x[i] : 0);
        x = y;
        in_count = rows;
    }
    memcpy(out, x, (size_t)out_count * sizeof x[0]);
}

static bool plain_passes(const LayerSpec *layer, int64_t component, int64_t dimension)
{
    bool odd = layer->coupling_index % 2 == 1;
    switch (layer->split) {
    case SPLIT_ALTERNATE:
        return (component % 2 == 1) == odd;
    case SPLIT_HALVES:
        return (component >= dimension / 2) == odd;
    case SPLIT_MASK:
        return layer->mask[component];
    }
    return false;
}

/* The splines' knots are those of test_lower_spline.c, in this file's own words; `numbers` as the net gives them. */
static void plain_edges(const double *numbers, int64_t bins, double bound, double *edges)
{
    double sum = 0, least = fmin(1e-3, 0.1 / (double)bins);
    for (int64_t j = 0; j < bins; j++)
        sum += exp(numbers[j]);
    edges[0] = -bound;
    for (int64_t j = 0; j < bins; j++)
        edges[j + 1] = edges[j] + 2 * bound * (least + (1 - (double)bins * least) * exp(numbers[j]) / sum);
}

/* x of component i through its spline with linear tails; adds to log_det. */
static double plain_spline(const LayerSpec *layer, double bound, const double *numbers, int64_t count, int64_t i,
                           double x, double *log_det)
{
    int64_t bins = layer->bins, bin = 0;
    double edges[17], heights[17], slopes[17];
    if (fabs(x) >= bound)
        return x;
    plain_edges(numbers + i * bins, bins, bound, edges);
    plain_edges(numbers + (count + i) * bins, bins, bound, heights);
    for (int64_t j = 1; j < bins; j++)
        slopes[j] = 1e-3 + log1p(exp(numbers[2 * count * bins + i * (bins - 1) + j - 1]) * (exp(0.999) - 1));
    slopes[0] = slopes[bins] = 1;
    while (bin + 1 < bins && x >= edges[bin + 1])
        bin++;
    double width = edges[bin + 1] - edges[bin], height = heights[bin + 1] - heights[bin], s = height / width;
    double t = (x - edges[bin]) / width, below = s + (slopes[bin] + slopes[bin + 1] - 2 * s) * t * (1 - t);
    double above = slopes[bin + 1] * t * t + 2 * s * t * (1 - t) + slopes[bin] * (1 - t) * (1 - t);
    *log_det += log(s * s * above / (below * below));
    return heights[bin] + height * (s * t * t + slopes[bin] * t * (1 - t)) / below;
}

/* One coupling on x in place; returns log|det J|. */
static double plain_coupling(const Model *model, int position, const LayerSpec *layer, double *x)
{
    int64_t dimension = model->spec->dimension, passing = 0, moving = 0;
    double x_a[16 + PLAIN_FEATURES_MAX], numbers[512], log_det = 0;
    for (int64_t i = 0; i < dimension; i++)
        if (plain_passes(layer, i, dimension))
            x_a[passing++] = x[i];
    int64_t count = dimension - passing;
    passing += plain_features(model->spec, model->given, x_a + passing);
    if (layer->transform == TRANSFORM_SPLINE) {
        plain_net(model, position, "net", &layer->net, x_a, passing, numbers, count * (3 * layer->bins - 1));
    } else if (layer->transform == TRANSFORM_ADDITIVE) {
        plain_net(model, position, "net", &layer->net, x_a, passing, numbers + count, count);
        memset(numbers, 0, (size_t)count * sizeof numbers[0]);
    } else if (layer->separate) {
        plain_net(model, position, "scale_net", &layer->net, x_a, passing, numbers, count);
        plain_net(model, position, "shift_net", &layer->net, x_a, passing, numbers + count, count);
    } else {
        plain_net(model, position, "net", &layer->net, x_a, passing, numbers, 2 * count);
    }
    for (int64_t i = 0; i < dimension; i++) {
        if (plain_passes(layer, i, dimension))
            continue;
        if (layer->transform == TRANSFORM_SPLINE) {
            x[i] = plain_spline(layer, layer->bound, numbers, count, moving++, x[i], &log_det);
            continue;
        }
        double s = numbers[moving], bound = layer->log_scale_bound;
        s = bound > 0 ? bound * tanh(s / bound) : s;
        x[i] = x[i] * exp(s) + numbers[count + moving++];
        log_det += s;
    }
    return log_det;
}

static const double *find_tensor(const void *context, const char *name, int64_t rows, int64_t columns)
{
    return tensor_named(context, name, rows, columns);
}

/* The sample's noise -> x in place, with these conditions; returns log q. */
static double plain_flow(Model *model, const double *conditions, double *x)
{
    model->given = conditions;
    int64_t dimension = model->spec->dimension;
    double log_q = 0, scale = model->spec->base_scale;
    for (int64_t i = 0; i < dimension; i++)
        log_q -= x[i] * x[i] / 2 + log(scale) + log(2 * 3.14159265358979323846) / 2;
    for (int position = 0; position < model->spec->expanded_count; position++) {
        const LayerSpec *layer = &model->spec->expanded[position];
        if (layer->kind == LAYER_COUPLING) {
            log_q -= plain_coupling(model, position, layer, x);
            continue;
        }
        if (layer->kind != LAYER_PERMUTE) {
            double features[PLAIN_FEATURES_MAX];
            const int count = plain_features(model->spec, model->given, features);
            log_q -= plain_layer(&(PlainLayer){layer, position, dimension, find_tensor, model, count, features}, x);
            continue;
        }
        double old[16];
        memcpy(old, x, (size_t)dimension * sizeof old[0]);
        for (int64_t i = 0; i < dimension; i++)
            x[i] = old[layer->order ? layer->order[i] : dimension - 1 - i];
    }
    for (int64_t i = 0; i < dimension; i++)
        x[i] *= scale;
    for (int64_t i = 0; model->spec->kinds != NULL && i < dimension; i++) {
        if (model->spec->kinds[i] != COLUMN_POSITIVE)
            continue;
        log_q -= x[i];
        x[i] = exp(x[i]);
    }
    return log_q;
}

static void draw_noise(const Model *model, uint32_t purpose, uint64_t sample, double *noise)
{
    RandomStream stream = {SEED, FIRST_SAMPLE + sample, STEP, purpose};
    for (int64_t i = 0; i < model->spec->dimension; i++)
        noise[i] = (double)random_normal_value(&stream, 0, 0, (uint32_t)i);
}

/* ---- random flows ------------------------------------------------------------------------------------------------ */

static void expect_close(const Model *model, double actual, double expected, double tolerance, const char *what)
{
    if (!(fabs(actual - expected) <= tolerance * fmax(1, fabs(expected))))
        fail_msg("%s: %s is %.17g, expected %.17g", random_spec_text(model->arena, model->seed, model->spec), what,
                 actual, expected);
}

static void test_samples_are_those_of_the_plain_flow(void **state)
{
    enum { BATCH = 5 };
    for (uint64_t seed = 0; seed < SPECS + CONDITIONAL; seed++) {
        ir_test_renew(*state);
        Model model = model_of(*state, spec_of(*state, seed), seed);
        IrTensor *outputs = run_entry(&model, ENTRY_SAMPLE, BATCH, NULL);
        for (int s = 0; s < BATCH; s++) {
            double x[16];
            draw_noise(&model, RANDOM_SAMPLE, (uint64_t)s, x);
            double log_q = plain_flow(&model, model.conditions + s * model.spec->condition_count, x);
            expect_close(&model, outputs[1].data[s], log_q, 1e-12, "log q");
            for (int64_t i = 0; i < model.spec->dimension; i++)
                expect_close(&model, outputs[0].data[s * model.spec->dimension + i], x[i], 1e-12, "x");
        }
    }
}

static void test_log_prob_at_the_samples_is_theirs(void **state)
{
    enum { BATCH = 4 };
    for (uint64_t seed = 0; seed < SPECS + CONDITIONAL; seed++) {
        ir_test_renew(*state);
        Model model = model_of(*state, spec_of(*state, seed), seed);
        IrTensor *samples = run_entry(&model, ENTRY_SAMPLE, BATCH, NULL);
        IrTensor *log_q = run_entry(&model, ENTRY_LOG_PROB, BATCH, samples[0].data);
        for (int s = 0; s < BATCH; s++)
            expect_close(&model, log_q[0].data[s], samples[1].data[s], 1e-9, "log q");
    }
}

/* The number of a row's column that holds condition i; -1: none does. */
static int64_t column_of(const ModelSpec *spec, int i)
{
    int64_t column = spec->dimension;
    if (spec->data.condition_columns == NULL || spec->data.condition_columns[i] == NULL)
        return -1;
    for (int k = 0; k < i; k++)
        column += spec->data.condition_columns[k] != NULL;
    return column;
}

/* Rows of data for a step; NULL where the program wants none. */
static double *data_of(const Model *model)
{
    int64_t count = model->program->module->batch * model->program->data_width;
    double *data = ARENA_ARRAY(model->arena, double, count);
    TestRandom random = {model->seed + 900};
    for (int64_t i = 0; i < count; i++)
        data[i] = random_value(model->spec, i % model->program->data_width, test_uniform(&random, -2, 2));
    for (int i = 0; i < model->spec->condition_count && count > 0; i++)
        for (int64_t s = 0; s < model->program->module->batch && column_of(model->spec, i) >= 0; s++)
            data[s * model->program->data_width + column_of(model->spec, i)] =
                model->conditions[s * model->spec->condition_count + i];
    return count > 0 ? data : NULL;
}

static double sum_of_weights(const ModelSpec *spec, LossKind kind)
{
    double sum = 0;
    for (int i = 0; i < spec->loss_count; i++)
        sum += spec->losses[i].kind == kind ? spec->losses[i].weight.from : 0;
    return sum;
}

/* The conditions of a training step: columns of data, or draws. */
static void take_step_conditions(Model *model, const double *data)
{
    const ModelSpec *spec = model->spec;
    for (int64_t s = 0; s < model->program->module->batch; s++)
        for (int i = 0, drawn = 0; i < spec->condition_count; i++) {
            const ConditionInput *it = &spec->conditions[i];
            const int64_t column = column_of(spec, i);
            RandomStream stream = {SEED, FIRST_SAMPLE + (uint64_t)s, STEP, RANDOM_CONDITION};
            const double u = (double)random_uniform_value(&stream, 0, 0, (uint32_t)drawn);
            drawn += column < 0;
            model->conditions[s * spec->condition_count + i] =
                column >= 0            ? data[s * model->program->data_width + column]
                : it->choice_count > 0 ? floor(u * it->choice_count)
                                       : it->low + u * (it->high - it->low);
        }
}

static double temperature_of(const Model *model, int64_t s)
{
    const ModelSpec *spec = model->spec;
    return spec->kT_condition == NULL
               ? spec->kT.from
               : model->conditions[s * spec->condition_count + (spec->kT_condition - spec->conditions)];
}

/* The mean of log q + U / kT over the plain flow's samples. */
static double plain_reverse_kl(Model *model)
{
    int64_t batch = model->program->module->batch, dimension = model->spec->dimension;
    double *x = ARENA_ARRAY(model->arena, double, batch *dimension), sum = 0;
    for (int64_t s = 0; s < batch; s++) {
        draw_noise(model, RANDOM_TRAIN_NOISE, (uint64_t)s, x + s * dimension);
        sum += plain_flow(model, model->conditions + s * model->spec->condition_count, x + s * dimension);
    }
    IrTensor *energy = run_entry(model, ENTRY_ENERGY, batch, x);
    for (int64_t s = 0; s < batch; s++)
        sum += energy[0].data[s] / temperature_of(model, s);
    return sum / (double)batch;
}

/* The rows as a step sees them: integers with its draws. */
static double *plain_rows(const Model *model, const double *data)
{
    int64_t batch = model->program->module->batch, dimension = model->spec->dimension;
    double *rows = ARENA_ARRAY(model->arena, double, batch *dimension);
    for (int64_t s = 0; s < batch; s++)
        memcpy(rows + s * dimension, data + s * model->program->data_width, (size_t)dimension * sizeof *rows);
    for (int64_t s = 0; model->spec->kinds != NULL && s < batch; s++) {
        RandomStream stream = {SEED, (uint64_t)(FIRST_SAMPLE + s), STEP, RANDOM_DEQUANTISE};
        for (int64_t i = 0, drawn = 0; i < dimension; i++)
            if (model->spec->kinds[i] == COLUMN_INTEGER)
                rows[s * dimension + i] += (double)random_uniform_value(&stream, 0, 0, (uint32_t)drawn++);
    }
    return rows;
}

/* log_prob is the plain flow's where that has samples, which was tested above. */
static double plain_forward_kl(const Model *model, const double *data)
{
    int64_t batch = model->program->module->batch;
    IrTensor *log_q = run_entry(model, ENTRY_LOG_PROB, batch, plain_rows(model, data));
    double sum = 0;
    for (int64_t s = 0; s < batch; s++)
        sum -= log_q[0].data[s];
    return sum / (double)batch;
}

static void test_loss_is_the_weighted_sum_of_its_parts(void **state)
{
    int with_data = 0, with_both = 0, with_columns = 0;
    for (uint64_t seed = 0; seed < SPECS + CONDITIONAL; seed++) {
        ir_test_renew(*state);
        Model model = model_of(*state, spec_of(*state, seed), seed);
        double forward = sum_of_weights(model.spec, LOSS_FORWARD_KL),
               reverse = sum_of_weights(model.spec, LOSS_REVERSE_KL), expected = 0;
        const double *data = data_of(&model);
        int64_t columns = 0;
        for (int i = 0; i < model.spec->condition_count; i++)
            columns += column_of(model.spec, i) >= 0;
        assert_int_equal(model.program->data_width, forward > 0 ? model.spec->dimension + columns : 0);
        take_step_conditions(&model, data);
        with_columns += columns > 0;
        if (reverse > 0)
            expected += reverse * plain_reverse_kl(&model);
        if (forward > 0)
            expected += forward * plain_forward_kl(&model, data);
        IrTensor *loss = run_entry(&model, ENTRY_LOSS, model.program->module->batch, data);
        assert_false(loss[0].per_sample);
        expect_close(&model, loss[0].data[0], expected, 1e-12, "the loss");
        with_data += forward > 0;
        with_both += forward > 0 && reverse > 0;
    }
    assert_true(with_data > SPECS / 10 && with_both > 0 && with_columns > 3);
}

/* ---- single layers ----------------------------------------------------------------------------------------------- */

/* log|det A| by elimination with row exchanges; A [n][n] is destroyed. */
static double log_determinant(double *a, int64_t n)
{
    double sum = 0;
    for (int64_t k = 0; k < n; k++) {
        int64_t pivot = k;
        for (int64_t i = k + 1; i < n; i++)
            pivot = fabs(a[i * n + k]) > fabs(a[pivot * n + k]) ? i : pivot;
        for (int64_t j = 0; j < n; j++) {
            double old = a[k * n + j];
            a[k * n + j] = a[pivot * n + j];
            a[pivot * n + j] = old;
        }
        sum += log(fabs(a[k * n + k]));
        for (int64_t i = k + 1; i < n; i++)
            for (int64_t j = n - 1; j >= k; j--)
                a[i * n + j] -= a[i * n + k] / a[k * n + k] * a[k * n + j];
    }
    return sum;
}

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

/* The function of a layer, not one that differentiation made of it: it gives y_b (or x_b), perhaps log_det. */
static bool is_coupling(const IrFunction *function)
{
    const char *const *names = function->output_names;
    return strncmp(function->name, "coupling_", 9) == 0 && names[0] && names[0][0] != '\0' &&
           strcmp(names[0] + 1, "_b") == 0 &&
           (function->output_count == 1 ||
            (function->output_count == 2 && names[1] && strcmp(names[1], "log_det") == 0));
}

static void test_log_determinants_are_those_of_numerical_jacobians(void **state)
{
    int seen = 0;
    for (uint64_t seed = 0; seed < SPECS; seed++) {
        ir_test_renew(*state);
        Model model = model_of(*state, random_spec(*state, seed), seed);
        for (int f = 0; f < model.program->module->function_count; f++) {
            const IrFunction *function = model.program->module->functions[f];
            if (!is_coupling(function))
                continue;
            Layer layer = layer_of(*state, function, seed);
            double expected = log_determinant(layer_jacobian(&layer), layer.pass_count + layer.move_count);
            IrTensor *outputs = layer_run(&layer, layer.x);
            expect_close(&model, function->output_count > 1 ? outputs[1].data[0] : 0, expected, 1e-7, function->name);
            seen++;
        }
    }
    assert_true(seen > 2 * SPECS);
}

static void test_layers_invert(void **state)
{
    for (uint64_t seed = 0; seed < SPECS; seed++) {
        ir_test_renew(*state);
        Model model = model_of(*state, random_spec(*state, seed), seed);
        for (int f = 0; f < model.program->module->function_count; f++) {
            const IrFunction *function = model.program->module->functions[f];
            const IrFunction *inverse =
                ir_function_find(model.program->module, arena_print(*state, "%s_inverse", function->name));
            if (!is_coupling(function) || !inverse)
                continue;
            Layer forward = layer_of(*state, function, seed), back = layer_of(*state, inverse, seed);
            IrTensor *y = layer_run(&forward, forward.x);
            memcpy(back.x, forward.x, (size_t)forward.pass_count * sizeof(double));
            memcpy(back.x + back.pass_count, y[0].data, (size_t)back.move_count * sizeof(double));
            IrTensor *x = layer_run(&back, back.x);
            for (int64_t i = 0; i < forward.move_count; i++)
                expect_close(&model, x[0].data[i], forward.x[forward.pass_count + i], 1e-9, function->name);
            if (function->output_count > 1)
                expect_close(&model, x[1].data[0], -y[1].data[0], 1e-12, "log_det of the inverse");
        }
    }
}

/* ---- fixed specs ------------------------------------------------------------------------------------------------- */

/* A spec of couplings with one hidden layer of 3, to be changed by the test before it is lowered. */
typedef struct Fixed {
    ModelSpec spec;
    LayerSpec layers[6];
    EnergyTerm terms[2];
    LossTerm losses[1];
    int64_t hidden[2];
} Fixed;

static Formula formula_of(const char *text)
{
    return (Formula){.text = text, .length = strlen(text)};
}

static Fixed *fixed_spec(Arena *arena, int64_t dimension, int layer_count)
{
    Fixed *fixed = ARENA_NEW(arena, Fixed);
    fixed->hidden[0] = 3;
    fixed->hidden[1] = 4;
    for (int i = 0; i < layer_count; i++)
        fixed->layers[i] = (LayerSpec){.kind = LAYER_COUPLING,
                                       .transform = TRANSFORM_AFFINE,
                                       .net = {.hidden_count = 2, .hidden = fixed->hidden},
                                       .log_scale_bound = 2};
    fixed->terms[0] = (EnergyTerm){.value = formula_of("x[0]^4 - 4*x[0]^2 + 0.2*x[0] + 0.5*x[1]^2")};
    fixed->losses[0] = (LossTerm){.weight = {.from = 1}};
    fixed->spec = (ModelSpec){.name = "fixed",
                              .dimension = dimension,
                              .kT = {.from = 1},
                              .base_scale = 1,
                              .term_count = 1,
                              .terms = fixed->terms,
                              .layer_count = layer_count,
                              .layers = fixed->layers,
                              .loss_count = 1,
                              .losses = fixed->losses,
                              .train = {.batch = 8}};
    return fixed;
}

static Program *lower_fixed(Arena *arena, Fixed *fixed)
{
    spec_expand_layers(arena, &fixed->spec);
    return lower_spec(arena, &fixed->spec);
}

static void expect_tensor(const Program *program, int index, const char *name, const char *type, InitKind init,
                          double scale, int64_t offset)
{
    const ProgramTensor *tensor = &program->tensors[index];
    Text text = text_start(program->module->arena);
    ir_print_type(&tensor->type, &text);
    assert_string_equal(tensor->name, name);
    assert_string_equal(text.bytes, type);
    assert_int_equal(tensor->init, init);
    assert_true(fabs(tensor->scale - scale) < 1e-15);
    assert_int_equal(tensor->offset, offset);
}

static void test_tensors_have_their_names_order_and_start(void **state)
{
    Fixed *fixed = fixed_spec(*state, 5, 3);
    fixed->layers[0].split = SPLIT_HALVES; /* 2 pass, 3 move */
    fixed->layers[1].kind = LAYER_PERMUTE;
    fixed->layers[2].separate = true; /* the second coupling: 1, 3 pass */
    fixed->layers[2].net = (NetSpec){.hidden_count = 1, .hidden = fixed->hidden, .activation = ACTIVATION_RELU};
    const Program *program = lower_fixed(*state, fixed);
    assert_int_equal(program->tensor_count, 14);
    expect_tensor(program, 0, "flow.layers.0.net.0.weight", "parameter real[3, 2]", INIT_UNIFORM, sqrt(6.0 / 5), 0);
    expect_tensor(program, 1, "flow.layers.0.net.0.bias", "parameter real[3]", INIT_CONSTANT, 0, 6);
    expect_tensor(program, 2, "flow.layers.0.net.1.weight", "parameter real[4, 3]", INIT_UNIFORM, sqrt(6.0 / 7), 9);
    expect_tensor(program, 3, "flow.layers.0.net.1.bias", "parameter real[4]", INIT_CONSTANT, 0, 21);
    expect_tensor(program, 4, "flow.layers.0.net.2.weight", "parameter real[6, 4]", INIT_UNIFORM, 0.1 * sqrt(6.0 / 10),
                  25);
    expect_tensor(program, 5, "flow.layers.0.net.2.bias", "parameter real[6]", INIT_CONSTANT, 0, 49);
    expect_tensor(program, 6, "flow.layers.2.scale_net.0.weight", "parameter real[3, 2]", INIT_UNIFORM, sqrt(3), 55);
    expect_tensor(program, 9, "flow.layers.2.scale_net.1.bias", "parameter real[3]", INIT_CONSTANT, 0, 73);
    expect_tensor(program, 10, "flow.layers.2.shift_net.0.weight", "parameter real[3, 2]", INIT_UNIFORM, sqrt(3), 76);
    assert_int_equal(program->weight_count, 97);
    assert_int_equal(program->scalar_count, 2);
    assert_string_equal(program->scalars[0].name, "kT");
    assert_string_equal(program->scalars[1].name, "loss.0.weight");
}

/* With weights drawn as they start: four layers move a sample by little. */
static void test_flow_starts_near_the_identity(void **state)
{
    Fixed *fixed = fixed_spec(*state, 3, 4);
    Model model = {.arena = *state, .spec = &fixed->spec, .program = lower_fixed(*state, fixed)};
    model.weights = ARENA_ARRAY(model.arena, double, model.program->weight_count);
    for (int t = 0; t < model.program->tensor_count; t++) {
        const ProgramTensor *tensor = &model.program->tensors[t];
        RandomStream stream = {.seed = 1, .purpose = RANDOM_INIT};
        for (int64_t i = 0; i < ir_type_count(&tensor->type) && tensor->init == INIT_UNIFORM; i++)
            model.weights[tensor->offset + i] =
                tensor->scale * (2 * (double)random_uniform_value(&stream, (uint64_t)(tensor->offset + i), 0, 0) - 1);
    }
    IrTensor *outputs = run_entry(&model, ENTRY_SAMPLE, 2, NULL);
    for (int s = 0; s < 2; s++) {
        double noise[3];
        draw_noise(&model, RANDOM_SAMPLE, (uint64_t)s, noise);
        for (int i = 0; i < 3; i++) {
            double moved = fabs(outputs[0].data[3 * s + i] - noise[i]);
            assert_true(moved > 0 && moved < 0.5);
        }
    }
}

static int count_ops(const IrFunction *function, IrOpcode code)
{
    int count = 0;
    for (int i = 0; i < function->op_count; i++)
        count += function->ops[i].code == code;
    return count;
}

/* Two gathers to begin with, a concat and a gather at the end, whatever stands between. */
static void test_matching_splits_are_renamed_not_copied(void **state)
{
    Fixed *fixed = fixed_spec(*state, 6, 1);
    LayerSpec repeat = {.kind = LAYER_REPEAT, .repeat = 5, .layer_count = 1, .layers = fixed->layers};
    fixed->spec.layers = &repeat;
    const IrFunction *entry = lower_fixed(*state, fixed)->entries[ENTRY_SAMPLE].function;
    assert_int_equal(count_ops(entry, IR_CALL), 6);
    assert_int_equal(count_ops(entry, IR_GATHER), 3);
    assert_int_equal(count_ops(entry, IR_CONCAT), 1);
    fixed->layers[0].split = SPLIT_HALVES; /* slices, and side by side at the end */
    entry = lower_fixed(*state, fixed)->entries[ENTRY_SAMPLE].function;
    assert_int_equal(count_ops(entry, IR_SLICE), 2);
    assert_int_equal(count_ops(entry, IR_GATHER), 0);
    assert_int_equal(count_ops(entry, IR_CONCAT), 1);
}

static void test_permutes_cost_nothing_of_their_own(void **state)
{
    static const int64_t ORDER[] = {1, 0, 3, 2, 5, 4}; /* maps each half of an alternate split to the other */
    Fixed *fixed = fixed_spec(*state, 6, 4);
    fixed->layers[1] = fixed->layers[3] = (LayerSpec){.kind = LAYER_PERMUTE, .order = ORDER, .order_count = 6};
    const IrFunction *entry = lower_fixed(*state, fixed)->entries[ENTRY_SAMPLE].function;
    assert_int_equal(count_ops(entry, IR_GATHER), 3);
    assert_int_equal(count_ops(entry, IR_CONCAT), 1);
}

static void test_layers_of_one_structure_share_a_function(void **state)
{
    Fixed *fixed = fixed_spec(*state, 6, 6);
    fixed->layers[4].transform = fixed->layers[5].transform = TRANSFORM_ADDITIVE;
    fixed->layers[3].net.activation = ACTIVATION_GELU;
    const IrModule *module = lower_fixed(*state, fixed)->module;
    int couplings = 0;
    for (int i = 0; i < module->function_count; i++)
        couplings += is_coupling(module->functions[i]);
    assert_int_equal(couplings, 6); /* and their inverses */
    assert_non_null(ir_function_find(module, "coupling_affine"));
    assert_non_null(ir_function_find(module, "coupling_affine_2"));
    assert_non_null(ir_function_find(module, "coupling_additive"));
    assert_null(ir_function_find(module, "coupling_affine_3"));
    assert_null(ir_function_find(module, "coupling_additive_2"));
}

/* A call passes tensors that stand side by side in the block of weights, in the order of the function's inputs. */
static void test_a_layers_tensors_stand_side_by_side(void **state)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        const Program *program = lower_spec(*state, random_spec(*state, seed));
        const IrFunction *entry = program->entries[ENTRY_SAMPLE].function;
        for (int i = 0; i < entry->op_count; i++) {
            const IrOp *op = &entry->ops[i];
            if (op->code != IR_CALL || !is_coupling(op->callee))
                continue;
            for (int k = 1; k < op->operand_count - 2; k++) {
                const ProgramTensor *before = &program->tensors[entry->values[op->operands[k - 1]].result];
                const ProgramTensor *tensor = &program->tensors[entry->values[op->operands[k]].result];
                assert_int_equal(tensor->offset, before->offset + ir_type_count(&before->type));
            }
        }
    }
}

static void test_functions_say_what_they_are(void **state)
{
    Fixed *fixed = fixed_spec(*state, 5, 2);
    const IrModule *module = lower_fixed(*state, fixed)->module;
    assert_string_equal(ir_function_find(module, "coupling_affine")->note,
                        "Affine coupling: y_a = x_a, y_b = x_b exp(s(x_a)) + t(x_a); log|det J| = sum s.\n"
                        "Dinh, Sohl-Dickstein, Bengio 2017, eq. 7-8.\n"
                        "(s, t): a dense net 3 -> 3 -> 4 -> 4, tanh; s = B tanh(raw / B), B = 2.");
}

static void test_program_prints_and_parses(void **state)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        Text text = text_start(*state), again = text_start(*state);
        ir_print(lower_spec(*state, random_spec(*state, seed))->module, &text);
        ir_print(ir_test_parse(*state, text.bytes), &again);
        assert_string_equal(again.bytes, text.bytes);
    }
}

/* ---- energies ---------------------------------------------------------------------------------------------------- */

static void test_energy_is_the_sum_of_its_terms(void **state)
{
    static const double WIDTHS[] = {1, 2, 0.5}, X[] = {0.5, -1, 2, 1.5, 0.25, -0.75};
    static const SpecParameter PARAMETERS[] = {{.name = "w", .rank = 1, .size = {3}, .data = WIDTHS}};
    Fixed *fixed = fixed_spec(*state, 3, 1);
    fixed->spec.term_count = 2;
    fixed->terms[1] = (EnergyTerm){
        .over = SCOPE_COMPONENTS, .value = formula_of("w*x^2"), .parameter_count = 1, .parameters = PARAMETERS};
    Model model = {.arena = *state, .spec = &fixed->spec, .program = lower_fixed(*state, fixed)};
    IrTensor *energy = run_entry(&model, ENTRY_ENERGY, 2, X);
    for (int s = 0; s < 2; s++) {
        const double *x = X + 3 * s;
        double expected = pow(x[0], 4) - 4 * x[0] * x[0] + 0.2 * x[0] + 0.5 * x[1] * x[1];
        expected += x[0] * x[0] + 2 * x[1] * x[1] + 0.5 * x[2] * x[2];
        ir_test_expect(&energy[0].data[s], &expected, 1, 1e-15, "energy");
    }
}

static void test_observables_stand_side_by_side(void **state)
{
    static const double X[] = {0.5, -1, -2, 1.5};
    static const ObservableSpec OBSERVABLES[] = {
        {.name = "left", .value = {.text = "where(x[0] < 0, 1, 0)", .length = 21}},
        {.name = "seven", .value = {.text = "7", .length = 1}},
        {.name = "total", .over = SCOPE_COMPONENTS, .value = {.text = "x", .length = 1}}};
    Fixed *fixed = fixed_spec(*state, 2, 1);
    fixed->spec.observable_count = 3;
    fixed->spec.observables = OBSERVABLES;
    Model model = {.arena = *state, .spec = &fixed->spec, .program = lower_fixed(*state, fixed)};
    const double expected[] = {0, 7, -0.5, 1, 7, -0.5};
    IrTensor *values = run_entry(&model, ENTRY_OBSERVABLES, 2, X);
    ir_test_expect(values[0].data, expected, 6, 1e-15, "observables");
    assert_int_equal(model.program->observable_count, 3);
    assert_string_equal(model.program->observable_names[2], "total");
}

/* Also where nothing depends on x. */
static void test_entries_give_a_value_for_each_sample(void **state)
{
    static const ObservableSpec OBSERVABLES[] = {{.name = "one", .value = {.text = "1", .length = 1}}};
    static const double X[] = {1, 2, 3, 4, 5, 6};
    Fixed *fixed = fixed_spec(*state, 2, 1);
    fixed->terms[0].value = formula_of("3");
    fixed->spec.observable_count = 1;
    fixed->spec.observables = OBSERVABLES;
    Model model = {.arena = *state, .spec = &fixed->spec, .program = lower_fixed(*state, fixed)};
    for (EntryKind kind = 0; kind < ENTRY_LOSS; kind++) {
        const IrFunction *entry = model.program->entries[kind].function;
        for (int i = 0; entry && i < entry->output_count; i++)
            assert_int_equal(ir_type_of(entry, entry->outputs[i])->kind, IR_KIND_SAMPLE);
    }
    const double expected[] = {3, 3, 3};
    ir_test_expect(run_entry(&model, ENTRY_ENERGY, 3, X)[0].data, expected, 3, 0, "energy");
}

/* ---- derivatives ------------------------------------------------------------------------------------------------- */

static void test_force_is_minus_the_energys_slope(void **state)
{
    enum { BATCH = 3 };
    static const double STEPS[] = {-2e-3, -1e-3, 1e-3, 2e-3}, WEIGHTS[] = {1, -8, 8, -1};
    for (uint64_t seed = 0; seed < SPECS + CONDITIONAL; seed++) {
        ir_test_renew(*state);
        Model model = model_of(*state, spec_of(*state, seed), seed);
        int64_t dimension = model.spec->dimension;
        double x[BATCH * 16], moved[BATCH * 16];
        TestRandom random = {seed};
        for (int64_t i = 0; i < BATCH * dimension; i++)
            x[i] = test_uniform(&random, -2, 2);
        IrTensor *force = run_entry(&model, ENTRY_FORCE, BATCH, x);
        for (int64_t i = 0; i < dimension; i++) {
            double slope[BATCH] = {0};
            for (int point = 0; point < 4; point++) {
                memcpy(moved, x, sizeof moved);
                for (int s = 0; s < BATCH; s++)
                    moved[s * dimension + i] += STEPS[point];
                IrTensor *energy = run_entry(&model, ENTRY_ENERGY, BATCH, moved);
                for (int s = 0; s < BATCH; s++)
                    slope[s] += WEIGHTS[point] / 12e-3 * energy[0].data[s];
            }
            for (int s = 0; s < BATCH; s++)
                expect_close(&model, force[0].data[s * dimension + i], -slope[s], 1e-8, "a force");
        }
    }
}

static double loss_at(const Model *model, const double *direction, double distance)
{
    Model moved = *model;
    moved.weights = ARENA_ARRAY(model->arena, double, model->program->weight_count);
    for (int64_t i = 0; i < model->program->weight_count; i++)
        moved.weights[i] = model->weights[i] + distance * direction[i];
    return run_entry(&moved, ENTRY_LOSS, model->program->module->batch, data_of(model))[0].data[0];
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
        Model model = model_of(*state, spec_of(*state, seed), seed);
        const Program *program = model.program;
        double *direction = random_weights(*state, program->weight_count, seed + 5000), slope = 0;
        double h = has_corners(model.spec) ? 1e-7 : 1e-4;
        IrTensor *step = run_entry(&model, ENTRY_STEP, program->module->batch, data_of(&model));
        assert_int_equal(program->entries[ENTRY_STEP].function->output_count, 1 + program->tensor_count);
        expect_close(&model, step[0].data[0], loss_at(&model, direction, 0), 1e-13, "the step's loss");
        for (int t = 0; t < program->tensor_count; t++) {
            assert_false(step[1 + t].per_sample);
            for (int64_t i = 0; i < step[1 + t].count; i++)
                slope += step[1 + t].data[i] * direction[program->tensors[t].offset + i];
        }
        double expected = (loss_at(&model, direction, -2 * h) - 8 * loss_at(&model, direction, -h) +
                           8 * loss_at(&model, direction, h) - loss_at(&model, direction, 2 * h)) /
                          (12 * h);
        expect_close(&model, slope, expected, has_corners(model.spec) ? 1e-6 : 1e-9, "the slope");
    }
}

static void test_double_well_by_hand(void **state)
{
    static const double X[] = {0.7, -1.2, -1.5, 0.4};
    Fixed *fixed = fixed_spec(*state, 2, 1);
    Model model = {.arena = *state, .spec = &fixed->spec, .program = lower_fixed(*state, fixed)};
    IrTensor *force = run_entry(&model, ENTRY_FORCE, 2, X);
    for (int s = 0; s < 2; s++) {
        const double *x = X + 2 * s, expected[] = {-(4 * pow(x[0], 3) - 8 * x[0] + 0.2), -x[1]};
        ir_test_expect(force[0].data + 2 * s, expected, 2, 1e-14, "force");
    }
}

/* ---- standardised data ------------------------------------------------------------------------------------------- */

/* The same flow as without, at (x - mean) / scale and less the sum of log scale. */
static void test_standardised_densities_are_in_the_datas_units(void **state)
{
    enum { DIMENSION = 3, BATCH = 4 };
    static const double MEAN[] = {10, -3, 0.5}, SCALE[] = {4, 0.25, 1.5};
    Fixed *plain = fixed_spec(*state, DIMENSION, 2), *fixed = fixed_spec(*state, DIMENSION, 2);
    fixed->spec.data.standardise = true;
    Model model = {.arena = *state, .spec = &fixed->spec, .program = lower_fixed(*state, fixed)};
    Model inner = {.arena = *state, .spec = &plain->spec, .program = lower_fixed(*state, plain)};
    int64_t count = inner.program->weight_count;
    assert_int_equal(model.program->weight_count, count + 2 * DIMENSION);
    const ProgramTensor *tensors = model.program->tensors + model.program->tensor_count - 2;
    assert_string_equal(tensors[0].name, "data.mean");
    assert_int_equal(tensors[0].type.kind, IR_KIND_STATE);
    assert_string_equal(tensors[1].name, "data.scale");
    model.weights = random_weights(*state, count + 2 * DIMENSION, 1);
    inner.weights = model.weights;
    memcpy(model.weights + count, MEAN, sizeof MEAN);
    memcpy(model.weights + count + DIMENSION, SCALE, sizeof SCALE);
    const IrTensor *samples = run_entry(&model, ENTRY_SAMPLE, BATCH, NULL);
    const IrTensor *expected = run_entry(&inner, ENTRY_SAMPLE, BATCH, NULL);
    const IrTensor *log_q = run_entry(&model, ENTRY_LOG_PROB, BATCH, samples[0].data);
    for (int s = 0; s < BATCH; s++) {
        for (int i = 0; i < DIMENSION; i++)
            expect_close(&model, samples[0].data[s * DIMENSION + i],
                         MEAN[i] + SCALE[i] * expected[0].data[s * DIMENSION + i], 1e-13, "x");
        expect_close(&model, samples[1].data[s], expected[1].data[s] - log(4 * 0.25 * 1.5), 1e-13, "log q");
        expect_close(&model, log_q[0].data[s], samples[1].data[s], 1e-11, "log q again");
    }
    /* a step gives no gradient for states */
    int trained = model.program->tensor_count - 2;
    assert_int_equal(model.program->entries[ENTRY_STEP].function->output_count, 1 + trained);
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

static void expect_error(Arena *arena, Fixed *fixed, const char *code, const char *message)
{
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, arena);
    spec_expand_layers(arena, &fixed->spec);
    assert_null(lower_program(arena, &fixed->spec, &diagnostics));
    Text text = text_start(arena);
    diagnostics_print(&diagnostics, &text, 0);
    assert_int_equal(diagnostics.error_count, 1);
    if (strcmp(diagnostics.items[0].code, code) != 0 || !strstr(text.bytes, message))
        fail_msg("wanted %s, '%s'; got %s", code, message, text.bytes);
}

static void test_programs_that_are_too_large(void **state)
{
    Fixed *fixed = fixed_spec(*state, 2, 1);
    fixed->hidden[0] = fixed->hidden[1] = 65536;
    expect_error(*state, fixed, "E0601", "more than 2147483647 parameters");
    fixed->hidden[0] = fixed->hidden[1] = INT64_C(1) << 62;
    expect_error(*state, fixed, "E0601", "more than 2147483647 parameters");
}

static void test_all_errors_come_in_one_run(void **state)
{
    static const ObservableSpec OBSERVABLES[] = {{.name = "left", .value = {.text = "x[0] <", .length = 6}}};
    Fixed *fixed = fixed_spec(*state, 2, 1);
    Diagnostics diagnostics;
    fixed->terms[0].value = formula_of("x[2] + y");
    fixed->hidden[0] = INT64_C(1) << 40;
    fixed->spec.observables = OBSERVABLES;
    fixed->spec.observable_count = 1;
    diagnostics_start(&diagnostics, *state);
    spec_expand_layers(*state, &fixed->spec);
    assert_null(lower_program(*state, &fixed->spec, &diagnostics));
    assert_int_equal(diagnostics.error_count, 4);
}

/* ---- with the stages around it ----------------------------------------------------------------------------------- */

/* Each entry's outputs before the passes and after. */
static void test_passes_keep_what_programs_compute(void **state)
{
    for (uint64_t seed = 0; seed < SPECS + CONDITIONAL; seed++) {
        ir_test_renew(*state);
        Model model = model_of(*state, spec_of(*state, seed), seed);
        int64_t batch = model.program->module->batch;
        IrTensor *before[ENTRY_COUNT], *samples = run_entry(&model, ENTRY_SAMPLE, batch, NULL);
        const double *data = data_of(&model), *x = samples[0].data;
        for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++)
            before[kind] = model.program->entries[kind].function
                               ? run_entry(&model, kind, batch, kind < ENTRY_INITIALISE ? x : data)
                               : NULL;
        assert_true(passes_run(model.program->module, NULL));
        ir_test_verify(model.program->module);
        for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++) {
            if (!before[kind])
                continue;
            IrTensor *after = run_entry(&model, kind, batch, kind < ENTRY_INITIALISE ? x : data);
            for (int o = 0; o < model.program->entries[kind].function->output_count; o++)
                for (int64_t i = 0; i < ir_test_count(&after[o], batch); i++)
                    expect_close(&model, after[o].data[i], before[kind][o].data[i], 1e-10, lower_entry_name(kind));
        }
    }
}

/* The forward pass of a training step has residuals to return; its roundings are those of the forward pass alone. */
static void test_loss_has_the_same_bits_in_the_step(void **state)
{
    for (uint64_t seed = 0; seed < SPECS + CONDITIONAL; seed++) {
        ir_test_renew(*state);
        Model model = model_of(*state, spec_of(*state, seed), seed);
        assert_true(passes_run(model.program->module, NULL));
        const IrTensor *alone = run_entry(&model, ENTRY_LOSS, model.program->module->batch, data_of(&model));
        const IrTensor *step = run_entry(&model, ENTRY_STEP, model.program->module->batch, data_of(&model));
        if (memcmp(alone[0].data, step[0].data, sizeof alone[0].data[0]) != 0)
            fail_msg("%s: %.17g in the step, %.17g alone", random_spec_text(*state, seed, model.spec), step[0].data[0],
                     alone[0].data[0]);
    }
}

static void test_errors_in_a_spec_point_into_its_formulas(void **state)
{
    static const char TEXT[] =
        "ansatz: 1\n"
        "name: double_well\n"
        "system: {vector: 2}\n"
        "energy:\n"
        "  terms:\n"
        "    - value: \"x[0]^4 - 4*x[0]^2 + 0.5*x[2]^2\"\n"
        "architecture: {flow: {layers: [{repeat: 2, layers: [{coupling: {net: {mlp: [8]}}}]}]}}\n"
        "loss: [reverse_kl: {}]\n"
        "train: {steps: 10}\n";
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, *state);
    const ModelSpec *spec = spec_read_text(*state, "well.yaml", TEXT, &diagnostics);
    assert_non_null(spec);
    assert_null(lower_program(*state, spec, &diagnostics));
    Text text = text_start(*state);
    diagnostics_print(&diagnostics, &text, 0);
    assert_string_equal(text.bytes, "error[E0505]: the index 2 is out of range\n"
                                    " --> well.yaml:6:41\n"
                                    "  |\n"
                                    "6 |     - value: \"x[0]^4 - 4*x[0]^2 + 0.5*x[2]^2\"\n"
                                    "  |                                         ^ 'x' has 2 elements\n"
                                    "   = help: indices go from 0 to 1\n"
                                    "   = note: run `ansatz explain E0505`\n"
                                    "\n"
                                    "1 error\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_are_those_of_the_plain_flow),
        cmocka_unit_test(test_log_prob_at_the_samples_is_theirs),
        cmocka_unit_test(test_loss_is_the_weighted_sum_of_its_parts),
        cmocka_unit_test(test_log_determinants_are_those_of_numerical_jacobians),
        cmocka_unit_test(test_layers_invert),
        cmocka_unit_test(test_tensors_have_their_names_order_and_start),
        cmocka_unit_test(test_flow_starts_near_the_identity),
        cmocka_unit_test(test_matching_splits_are_renamed_not_copied),
        cmocka_unit_test(test_permutes_cost_nothing_of_their_own),
        cmocka_unit_test(test_layers_of_one_structure_share_a_function),
        cmocka_unit_test(test_a_layers_tensors_stand_side_by_side),
        cmocka_unit_test(test_functions_say_what_they_are),
        cmocka_unit_test(test_program_prints_and_parses),
        cmocka_unit_test(test_energy_is_the_sum_of_its_terms),
        cmocka_unit_test(test_observables_stand_side_by_side),
        cmocka_unit_test(test_entries_give_a_value_for_each_sample),
        cmocka_unit_test(test_force_is_minus_the_energys_slope),
        cmocka_unit_test(test_step_gives_the_losss_gradient),
        cmocka_unit_test(test_double_well_by_hand),
        cmocka_unit_test(test_standardised_densities_are_in_the_datas_units),
        cmocka_unit_test(test_programs_that_are_too_large),
        cmocka_unit_test(test_all_errors_come_in_one_run),
        cmocka_unit_test(test_passes_keep_what_programs_compute),
        cmocka_unit_test(test_loss_has_the_same_bits_in_the_step),
        cmocka_unit_test(test_errors_in_a_spec_point_into_its_formulas),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
