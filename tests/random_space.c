/* SPDX-License-Identifier: MIT */
/* Random specs of the spaces and bases that flows seldom have: boxes and circles, ranges at a Gaussian flow's end, mixtures,
 * and autoregressive layers of splines. */
#include "tests/random_spec.h"

#include <math.h>

#define PI 3.14159265358979323846

typedef struct Change {
    Arena *arena;
    TestRandom random;
    ModelSpec *spec;
} Change;

static bool chance(Change *change, int percent)
{
    return test_integer(&change->random, 100) < percent;
}

/* A layer of splines, perhaps before a permute: programs of splines are long. On a box a coupling, circular where there are
 * circles, or an autoregressive layer, as elsewhere. */
static void use_splines(Change *change)
{
    ModelSpec *spec = change->spec;
    LayerSpec *layers = ARENA_ARRAY(change->arena, LayerSpec, 2), *layer = &layers[0];
    int64_t *hidden = ARENA_ARRAY(change->arena, int64_t, 1);
    const bool is_coupling = spec->base == BASE_UNIFORM && (spec->periodic != NULL || chance(change, 50));
    *hidden = 3 + test_integer(&change->random, 8);
    *layer = (LayerSpec){.kind = is_coupling ? LAYER_COUPLING : LAYER_MASKED_AUTOREGRESSIVE,
                         .span = spec->layers[0].span,
                         .transform = spec->periodic ? TRANSFORM_CIRCULAR_SPLINE : TRANSFORM_SPLINE,
                         .split = chance(change, 50) ? SPLIT_ALTERNATE : SPLIT_HALVES,
                         .bins = 2 + test_integer(&change->random, 5),
                         .bound = test_uniform(&change->random, 1, 4),
                         .fast_sampling = chance(change, 50)};
    layer->net = (NetSpec){.hidden_count = 1,
                           .hidden = hidden,
                           .activation = (Activation)test_integer(&change->random, 5),
                           .masked = !is_coupling,
                           .span = layer->span};
    layers[1] = (LayerSpec){.kind = LAYER_PERMUTE, .span = spec->layers[0].span};
    spec->layers = spec->dimension == 1 ? layers + 1 : layers;
    spec->layer_count = spec->dimension == 1 ? 1 : 1 + chance(change, 50);
    spec_expand_layers(change->arena, spec);
}

/* Many layers may bring samples so close to a range's end that in single precision nothing is left of high - x. */
static void use_one_layer(Change *change)
{
    LayerSpec *layer = ARENA_NEW(change->arena, LayerSpec);
    *layer = change->spec->expanded[0];
    change->spec->layers = layer;
    change->spec->layer_count = 1;
    spec_expand_layers(change->arena, change->spec);
}

/* Of every component, or of some of them. */
static void add_ranges(Change *change, bool every, bool circles)
{
    ModelSpec *spec = change->spec;
    double *low = ARENA_ARRAY(change->arena, double, spec->dimension);
    double *high = ARENA_ARRAY(change->arena, double, spec->dimension);
    bool *periodic = ARENA_ARRAY(change->arena, bool, spec->dimension);
    for (int64_t i = 0; i < spec->dimension; i++) {
        low[i] = -INFINITY;
        high[i] = INFINITY;
        if (!every && i > 0 && chance(change, 50))
            continue;
        periodic[i] = circles && chance(change, 50);
        low[i] = periodic[i] ? -PI : test_uniform(&change->random, -2, 0);
        high[i] = periodic[i] ? PI : low[i] + test_uniform(&change->random, 0.5, 4);
    }
    spec->low = low;
    spec->high = high;
    spec->periodic = circles ? periodic : NULL;
}

const ModelSpec *random_space_spec(Arena *arena, uint64_t seed)
{
    Change change = {.arena = arena, .random = {seed * 15485863 + 3}, .spec = ARENA_NEW(arena, ModelSpec)};
    ModelSpec *spec = change.spec;
    *spec = *random_spec(arena, seed);
    spec->kinds = NULL; /* tables have no ranges */
    const int64_t kind = test_integer(&change.random, 5);
    if (kind < 2) { /* a box, perhaps with circles */
        spec->base = BASE_UNIFORM;
        spec->base_scale = 1;
        add_ranges(&change, true, kind == 0);
        use_splines(&change);
        return spec;
    }
    if (kind == 2) {
        add_ranges(&change, false, chance(&change, 30));
        use_one_layer(&change);
        spec->base_scale = 0.5;
    }
    if (kind == 3 || chance(&change, 30)) {
        spec->base = BASE_MIXTURE;
        spec->base_components = 1 + test_integer(&change.random, 4);
    }
    if (kind == 4)
        use_splines(&change);
    return spec;
}

void random_fit_ranges(const ModelSpec *spec, double *rows, int64_t count, int64_t width)
{
    for (int64_t s = 0; spec->low != NULL && s < count; s++)
        for (int64_t i = 0; i < spec->dimension; i++) {
            double *x = &rows[s * width + i], part = 0.02 + 0.96 / (1 + exp(-*x));
            if (isfinite(spec->low[i]))
                *x = (double)(float)(spec->low[i] + (spec->high[i] - spec->low[i]) * part);
        }
}
