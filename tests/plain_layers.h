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
} PlainLayer;

double plain_activation(Activation activation, double x);

/* A layer that is no coupling and no permute, from the base to the configuration, on x in place; returns log|det J|. */
double plain_layer(const PlainLayer *layer, double *x);

#endif
