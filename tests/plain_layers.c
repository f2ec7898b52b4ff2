/* SPDX-License-Identifier: MIT */
#include "tests/plain_layers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DIMENSION_MAX = 16, WIDTH_MAX = 64 };

double plain_activation(Activation activation, double x)
{
    switch (activation) {
    case ACTIVATION_TANH:
        return tanh(x);
    case ACTIVATION_RELU:
        return x > 0 ? x : 0;
    case ACTIVATION_SILU:
        return x / (1 + exp(-x));
    case ACTIVATION_GELU:
        return x * 0.5 * erfc(-x / sqrt(2));
    case ACTIVATION_SOFTPLUS:
        return fmax(x, 0) + log1p(exp(-fabs(x)));
    }
    return NAN;
}

int plain_features(const ModelSpec *spec, const double *conditions, double features[PLAIN_FEATURES_MAX])
{
    int count = 0;
    for (int i = 0; i < spec->condition_count; i++) {
        const ConditionInput *it = &spec->conditions[i];
        if (it->choice_count == 0)
            features[count++] = 2 * (conditions[i] - it->low) / (it->high - it->low) - 1;
        for (int k = 0; k < it->choice_count; k++)
            features[count++] = conditions[i] == k ? 1 : 0;
    }
    return count;
}

static const double *tensor(const PlainLayer *layer, const char *name, int64_t rows, int64_t columns)
{
    char path[128];
    snprintf(path, sizeof path, "flow.layers.%d.%s", layer->position, name);
    return layer->tensor(layer->context, path, rows, columns);
}

static double actnorm(const PlainLayer *layer, double *x)
{
    const double *log_scale = tensor(layer, "log_scale", layer->dimension, 0);
    const double *shift = tensor(layer, "shift", layer->dimension, 0);
    double log_det = 0;
    for (int64_t i = 0; i < layer->dimension; i++) {
        x[i] = x[i] * exp(log_scale[i]) + shift[i];
        log_det += log_scale[i];
    }
    return log_det;
}

/* The product of the three matrices element by element, then times x. */
static double linear(const PlainLayer *layer, double *x)
{
    int64_t n = layer->dimension;
    const double *matrix = tensor(layer, "matrix", n, n), *log_diagonal = tensor(layer, "log_diagonal", n, 0);
    const double *bias = tensor(layer, "bias", n, 0);
    double y[DIMENSION_MAX], log_det = 0;
    for (int64_t i = 0; i < n; i++) {
        y[i] = 0;
        log_det += log_diagonal[i];
        for (int64_t j = 0; j < n; j++) {
            double w = 0;
            for (int64_t k = 0; k <= i && k <= j; k++)
                w += (k == i ? 1 : matrix[i * n + k]) * exp(log_diagonal[k]) * (k == j ? 1 : matrix[k * n + j]);
            y[i] += w * x[j];
        }
    }
    for (int64_t i = 0; i < n; i++)
        x[i] = y[layer->spec->order_count > 0 ? layer->spec->order[i] : i] + bias[i];
    return log_det;
}

/* ---- masked autoregressive --------------------------------------------------------------------------------------- */

/* Of a unit in a layer of so many: -1 inputs, hidden layers, then the outputs, `each` for a component. */
static int degree_of(const PlainLayer *layer, int k, int64_t unit, int64_t count, int64_t each)
{
    double degrees = (double)layer->dimension - 1;
    if (k < 0) /* features have none */
        return unit < layer->feature_count ? 0 : (int)unit - layer->feature_count + 1;
    if (k == layer->spec->net.hidden_count)
        return (int)(unit / each);
    if (layer->feature_count > 0 && 2 * count <= layer->dimension && count > 1)
        return (int)floor((double)unit * degrees / (double)(count - 1));
    if (layer->feature_count > 0) /* some hidden units have none either */
        return (int)floor(((double)unit + 0.5) * (double)layer->dimension / (double)count);
    return 1 + (int)floor(((double)unit + 0.5) * degrees / (double)count);
}

/* out[i * each + p] = number p of component i, by every weight of the dense net that its mask lets through. */
static void masked_net(const PlainLayer *layer, const double *in, int64_t each, double *out)
{
    const NetSpec *net = &layer->spec->net;
    double x[WIDTH_MAX], y[WIDTH_MAX];
    int64_t columns = layer->feature_count + layer->dimension, rows;
    for (int i = 0; i < layer->feature_count; i++)
        x[i] = layer->features[i];
    memcpy(x + layer->feature_count, in, (size_t)layer->dimension * sizeof x[0]);
    for (int k = 0; k <= net->hidden_count; k++, columns = rows) {
        char name[32];
        bool last = k == net->hidden_count;
        rows = last ? each * layer->dimension : net->hidden[k];
        snprintf(name, sizeof name, "net.%d.weight", k);
        const double *weight = tensor(layer, name, rows, columns);
        snprintf(name, sizeof name, "net.%d.bias", k);
        const double *bias = tensor(layer, name, rows, 0);
        for (int64_t i = 0; i < rows; i++) {
            y[i] = bias[i];
            for (int64_t j = 0; j < columns; j++)
                if (degree_of(layer, k - 1, j, columns, each) <= degree_of(layer, k, i, rows, each))
                    y[i] += weight[i * columns + j] * x[j];
            if (!last)
                y[i] = plain_activation(net->activation, y[i]) + (net->residual && k > 0 && rows == columns ? x[i] : 0);
        }
        memcpy(last ? out : x, y, (size_t)rows * sizeof y[0]);
    }
}

/* Component by component in both kinds: with the net of all of the old ones, or of the new ones so far. */
static double masked_autoregressive(const PlainLayer *layer, double *x)
{
    const LayerSpec *spec = layer->spec;
    int64_t each = spec->transform == TRANSFORM_AFFINE ? 2 : 1;
    double old[DIMENSION_MAX], numbers[2 * DIMENSION_MAX], log_det = 0, bound = spec->log_scale_bound;
    memcpy(old, x, (size_t)layer->dimension * sizeof x[0]);
    for (int64_t i = 0; i < layer->dimension; i++) {
        masked_net(layer, spec->fast_sampling ? old : x, each, numbers);
        double s = each == 2 ? numbers[2 * i] : 0;
        s = bound > 0 ? bound * tanh(s / bound) : s;
        x[i] = old[i] * exp(s) + numbers[each * i + each - 1];
        log_det += s;
    }
    return log_det;
}

double plain_layer(const PlainLayer *layer, double *x)
{
    switch (layer->spec->kind) {
    case LAYER_ACTNORM:
        return actnorm(layer, x);
    case LAYER_LINEAR:
        return linear(layer, x);
    case LAYER_MASKED_AUTOREGRESSIVE:
        return masked_autoregressive(layer, x);
    default:
        return NAN;
    }
}
