/* SPDX-License-Identifier: MIT */
/* The layers with every `repeat` written out, couplings counted. */
#include "compiler/spec/build.h"

#include <string.h>

enum { EXPANDED_MAX = 10000, WATCHED_MAX = 100000000 };

/* How many layers a list stands for; EXPANDED_MAX + 1 for anything more. */
static int64_t expanded_count(const LayerSpec *layers, int count)
{
    int64_t total = 0;
    for (int i = 0; i < count && total <= EXPANDED_MAX; i++) {
        int64_t inner = layers[i].kind == LAYER_REPEAT ? expanded_count(layers[i].layers, layers[i].layer_count) : 1;
        int64_t times = layers[i].kind == LAYER_REPEAT ? layers[i].repeat : 1;
        if (__builtin_mul_overflow(inner, times, &inner) || inner > EXPANDED_MAX)
            return EXPANDED_MAX + 1;
        total += inner;
    }
    return total > EXPANDED_MAX ? EXPANDED_MAX + 1 : total;
}

typedef struct Expansion {
    LayerSpec *layers;
    int count;
    int64_t coupling_count;
} Expansion;

static void expand(Expansion *expansion, const LayerSpec *layers, int count)
{
    for (int i = 0; i < count; i++) {
        if (layers[i].kind == LAYER_REPEAT) {
            for (int64_t k = 0; k < layers[i].repeat; k++)
                expand(expansion, layers[i].layers, layers[i].layer_count);
            continue;
        }
        LayerSpec *layer = &expansion->layers[expansion->count++];
        *layer = layers[i];
        if (layer->kind == LAYER_COUPLING)
            layer->coupling_index = expansion->coupling_count++;
    }
}

void build_expanded_layers(const Build *build)
{
    ModelSpec *model = build->model;
    int64_t count = expanded_count(model->layers, model->layer_count);
    if (count > EXPANDED_MAX) {
        diagnostics_error(build->diagnostics, model->flow_span, "E0307", "the flow has more than %d layers",
                          EXPANDED_MAX);
        return;
    }
    Expansion expansion = {.layers = ARENA_ARRAY(build->arena, LayerSpec, count)};
    expand(&expansion, model->layers, model->layer_count);
    model->expanded = expansion.layers;
    model->expanded_count = expansion.count;
}

/* Follows each component through the layers; the first that no layer gives another shape, or -1. */
static int64_t find_untouched(const Build *build)
{
    const ModelSpec *model = build->model;
    int64_t dimension = model->dimension;
    bool *touched = ARENA_ARRAY(build->arena, bool, dimension), *before = ARENA_ARRAY(build->arena, bool, dimension);
    for (int k = 0; k < model->expanded_count; k++) {
        const LayerSpec *layer = &model->expanded[k];
        memcpy(before, touched, (size_t)dimension);
        for (int64_t i = 0; i < dimension; i++) {
            if (layer->kind == LAYER_COUPLING)
                touched[i] = before[i] || !build_passes(layer, dimension, i);
            else if (layer->kind == LAYER_LINEAR || layer->kind == LAYER_MASKED_AUTOREGRESSIVE)
                touched[i] = true;
            else if (layer->kind == LAYER_PERMUTE)
                touched[i] = before[layer->order != NULL ? layer->order[i] : dimension - 1 - i];
        }
    }
    for (int64_t i = 0; i < dimension; i++)
        if (!touched[i])
            return i;
    return -1;
}

void build_expanded_warnings(const Build *build)
{
    const ModelSpec *model = build->model;
    if (model->layer_count == 0 || model->expanded_count * model->dimension > WATCHED_MAX)
        return;
    int64_t untouched = find_untouched(build);
    if (untouched >= 0)
        diagnostics_warn(build->diagnostics, model->layers[0].span, "W0301",
                         "no coupling transforms component %lld: it keeps the base's distribution",
                         (long long)untouched)
            ->help = "another coupling, or a permute between couplings, reaches it";
}
