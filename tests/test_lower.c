/* SPDX-License-Identifier: MIT */
/* From a spec to a program. Random flows are compared with a plain implementation of the same layers, and with
 * themselves after the passes. Their derivatives: test_lower_derivatives.c. Fixed specs: test_lower_fixed.c. */
#include "compiler/passes/passes.h"
#include "runtime/core/random.h"
#include "tests/lower_helpers.h"
#include "tests/lower_random.h"
#include "tests/plain_layers.h"
#include "tests/random_spec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* ---- the same flow, written plainly ------------------------------------------------------------------------------ */

static const double *tensor_named(const LowerModel *model, const char *name, int64_t rows, int64_t columns)
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
static void plain_normalize(const LowerModel *model, const char *path, double *y, int64_t count)
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
static void plain_net(const LowerModel *model, int layer, const char *net, const NetSpec *spec, const double *in,
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
static double plain_coupling(const LowerModel *model, int position, const LayerSpec *layer, double *x)
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
static double plain_flow(LowerModel *model, const double *conditions, double *x)
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

/* ---- random flows ------------------------------------------------------------------------------------------------ */

static void test_samples_are_those_of_the_plain_flow(void **state)
{
    enum { BATCH = 5 };
    for (uint64_t seed = 0; seed < SPECS + CONDITIONAL; seed++) {
        ir_test_renew(*state);
        LowerModel model = model_of(*state, spec_of(*state, seed), seed);
        IrTensor *outputs = lower_test_run(&model, ENTRY_SAMPLE, BATCH, NULL);
        for (int s = 0; s < BATCH; s++) {
            double x[16];
            lower_test_noise(&model, RANDOM_SAMPLE, (uint64_t)s, x);
            double log_q = plain_flow(&model, model.conditions + s * model.spec->condition_count, x);
            lower_test_expect(&model, outputs[1].data[s], log_q, 1e-12, "log q");
            for (int64_t i = 0; i < model.spec->dimension; i++)
                lower_test_expect(&model, outputs[0].data[s * model.spec->dimension + i], x[i], 1e-12, "x");
        }
    }
}

static void test_log_prob_at_the_samples_is_theirs(void **state)
{
    enum { BATCH = 4 };
    for (uint64_t seed = 0; seed < SPECS + CONDITIONAL; seed++) {
        ir_test_renew(*state);
        LowerModel model = model_of(*state, spec_of(*state, seed), seed);
        IrTensor *samples = lower_test_run(&model, ENTRY_SAMPLE, BATCH, NULL);
        IrTensor *log_q = lower_test_run(&model, ENTRY_LOG_PROB, BATCH, samples[0].data);
        for (int s = 0; s < BATCH; s++)
            lower_test_expect(&model, log_q[0].data[s], samples[1].data[s], 1e-9, "log q");
    }
}

static double sum_of_weights(const ModelSpec *spec, LossKind kind)
{
    double sum = 0;
    for (int i = 0; i < spec->loss_count; i++)
        sum += spec->losses[i].kind == kind ? spec->losses[i].weight.from : 0;
    return sum;
}

/* The conditions of a training step: columns of data, or draws. */
static void take_step_conditions(LowerModel *model, const double *data)
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

static double temperature_of(const LowerModel *model, int64_t s)
{
    const ModelSpec *spec = model->spec;
    return spec->kT_condition == NULL
               ? spec->kT.from
               : model->conditions[s * spec->condition_count + (spec->kT_condition - spec->conditions)];
}

/* The mean of log q + U / kT over the plain flow's samples. */
static double plain_reverse_kl(LowerModel *model)
{
    int64_t batch = model->program->module->batch, dimension = model->spec->dimension;
    double *x = ARENA_ARRAY(model->arena, double, batch *dimension), sum = 0;
    for (int64_t s = 0; s < batch; s++) {
        lower_test_noise(model, RANDOM_TRAIN_NOISE, (uint64_t)s, x + s * dimension);
        sum += plain_flow(model, model->conditions + s * model->spec->condition_count, x + s * dimension);
    }
    IrTensor *energy = lower_test_run(model, ENTRY_ENERGY, batch, x);
    for (int64_t s = 0; s < batch; s++)
        sum += energy[0].data[s] / temperature_of(model, s);
    return sum / (double)batch;
}

/* The rows as a step sees them: integers with its draws. */
static double *plain_rows(const LowerModel *model, const double *data)
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
static double plain_forward_kl(const LowerModel *model, const double *data)
{
    int64_t batch = model->program->module->batch;
    IrTensor *log_q = lower_test_run(model, ENTRY_LOG_PROB, batch, plain_rows(model, data));
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
        LowerModel model = model_of(*state, spec_of(*state, seed), seed);
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
        IrTensor *loss = lower_test_run(&model, ENTRY_LOSS, model.program->module->batch, data);
        assert_false(loss[0].per_sample);
        lower_test_expect(&model, loss[0].data[0], expected, 1e-12, "the loss");
        with_data += forward > 0;
        with_both += forward > 0 && reverse > 0;
    }
    assert_true(with_data > SPECS / 10 && with_both > 0 && with_columns > 3);
}

/* ---- with the stages around it ----------------------------------------------------------------------------------- */

/* Each entry's outputs before the passes and after. */
static void test_passes_keep_what_programs_compute(void **state)
{
    for (uint64_t seed = 0; seed < SPECS + CONDITIONAL; seed++) {
        ir_test_renew(*state);
        LowerModel model = model_of(*state, spec_of(*state, seed), seed);
        int64_t batch = model.program->module->batch;
        IrTensor *before[ENTRY_COUNT], *samples = lower_test_run(&model, ENTRY_SAMPLE, batch, NULL);
        const double *data = data_of(&model), *x = samples[0].data;
        for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++)
            before[kind] = model.program->entries[kind].function
                               ? lower_test_run(&model, kind, batch, kind < ENTRY_INITIALISE ? x : data)
                               : NULL;
        assert_true(passes_run(model.program->module, NULL));
        ir_test_verify(model.program->module);
        for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++) {
            if (!before[kind])
                continue;
            IrTensor *after = lower_test_run(&model, kind, batch, kind < ENTRY_INITIALISE ? x : data);
            for (int o = 0; o < model.program->entries[kind].function->output_count; o++)
                for (int64_t i = 0; i < ir_test_count(&after[o], batch); i++)
                    lower_test_expect(&model, after[o].data[i], before[kind][o].data[i], 1e-10, lower_entry_name(kind));
        }
    }
}

/* The forward pass of a training step has residuals to return; its roundings are those of the forward pass alone. */
static void test_loss_has_the_same_bits_in_the_step(void **state)
{
    for (uint64_t seed = 0; seed < SPECS + CONDITIONAL; seed++) {
        ir_test_renew(*state);
        LowerModel model = model_of(*state, spec_of(*state, seed), seed);
        assert_true(passes_run(model.program->module, NULL));
        const IrTensor *alone = lower_test_run(&model, ENTRY_LOSS, model.program->module->batch, data_of(&model));
        const IrTensor *step = lower_test_run(&model, ENTRY_STEP, model.program->module->batch, data_of(&model));
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
        cmocka_unit_test(test_passes_keep_what_programs_compute),
        cmocka_unit_test(test_loss_has_the_same_bits_in_the_step),
        cmocka_unit_test(test_errors_in_a_spec_point_into_its_formulas),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
