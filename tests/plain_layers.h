/* SPDX-License-Identifier: MIT */
/* Layers of flows written plainly, from their formulas alone: what the compiler's are compared with. */
#ifndef TESTS_PLAIN_LAYERS_H
#define TESTS_PLAIN_LAYERS_H

#include "compiler/spec/spec.h"

/* The values of a tensor by its name, which has `rows` elements, or rows of `columns`. */
typedef const double *PlainTensor(const void *context, const char *name, int64_t rows, int64_t columns);

typedef struct PlainLayer {
    const LayerSpec *spec;
    int position; /* in the expanded list */
    int64_t dimension;
    PlainTensor *tensor;
    const void *context;
    int feature_count; /* of the conditions */
    const double *features;
} PlainLayer;

enum { PLAIN_FEATURES_MAX = 16 };
/* What nets see of one sample's conditions; returns how many numbers. */
int plain_features(const ModelSpec *spec, const double *conditions, double features[PLAIN_FEATURES_MAX]);

double plain_activation(Activation activation, double x);

/* A layer that is no coupling and no permute, from the base to the configuration, on x in place; returns log|det J|. */
double plain_layer(const PlainLayer *layer, double *x);

#endif
