/* SPDX-License-Identifier: MIT */
#include "tests/plain_layers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DIMENSION_MAX = 16 };

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

double plain_layer(const PlainLayer *layer, double *x)
{
    switch (layer->spec->kind) {
    case LAYER_ACTNORM:
        return actnorm(layer, x);
    case LAYER_LINEAR:
        return linear(layer, x);
    default:
        return NAN;
    }
}
