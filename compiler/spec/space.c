/* SPDX-License-Identifier: MIT */
/* Where a flow lives: the ranges and circles of the system's components against what the base and the layers do. Called
 * for a description that is sound but for this. */
#include "compiler/spec/build.h"

#include <math.h>

/* ---- which component a place between two layers holds ------------------------------------------------------------ */

/* Before each layer, the component of the configuration that each place becomes; from the end to the beginning. */
static void move_back(const LayerSpec *layer, int64_t dimension, const int64_t *after, int64_t *before)
{
    for (int64_t i = 0; i < dimension; i++) {
        int64_t from = layer->kind != LAYER_PERMUTE ? i : layer->order != NULL ? layer->order[i] : dimension - 1 - i;
        before[from] = after[i];
    }
}

/* Whether a component passes a coupling unchanged. */
bool build_passes(const LayerSpec *layer, int64_t dimension, int64_t component)
{
    bool is_odd = layer->coupling_index % 2 != 0;
    if (layer->split == SPLIT_MASK)
        return layer->mask[component];
    if (layer->split == SPLIT_HALVES)
        return (component < dimension / 2) != is_odd;
    return (component % 2 != 0) == is_odd;
}

/* ---- checks ------------------------------------------------------------------------------------------------------ */

static void check_uniform(const Build *build)
{
    const ModelSpec *model = build->model;
    for (int64_t i = 0; i < model->dimension; i++) {
        if (model->low != NULL && isfinite(model->low[i]))
            continue;
        Diagnostic *error =
            diagnostics_error(build->diagnostics, model->base_span, "E0341",
                              "a uniform base needs a range of every component: component %lld has none", (long long)i);
        error->help = "system: {vector: {size: 2, range: [[-1, 1], [0, 5]]}}; or components that are periodic";
        error->related = model->system_span;
        error->related_label = "the components";
        return;
    }
}

static bool is_spline(const LayerSpec *layer)
{
    return (layer->kind == LAYER_COUPLING || layer->kind == LAYER_MASKED_AUTOREGRESSIVE) &&
           (layer->transform == TRANSFORM_SPLINE || layer->transform == TRANSFORM_CIRCULAR_SPLINE);
}

static void refuse_leaving(const Build *build, const LayerSpec *layer)
{
    diagnostics_error(build->diagnostics, layer->span, "E0342",
                      "with a uniform base every layer maps the box to itself, and this one does not")
        ->help =
        "couplings with transform: spline or circular_spline, masked_autoregressive with transform: spline, and "
        "permute; or base: gaussian, whose flow ends in a smooth map into the ranges";
}

static void refuse_circle(const Build *build, const LayerSpec *layer)
{
    diagnostics_error(build->diagnostics, layer->span, "E0343",
                      "a circular spline lives on a box of ranges and circles, which base: uniform gives")
        ->help = "base: uniform, with a range or periodic: true for every component; or transform: spline";
}

static void refuse_cut(const Build *build, const LayerSpec *layer, int64_t component)
{
    Diagnostic *error = diagnostics_error(
        build->diagnostics, layer->span, "E0344",
        "component %lld is periodic, and a spline on an interval cuts its circle open", (long long)component);
    error->help = "a coupling's transform: circular_spline is circular for periodic components, and a spline on the "
                  "interval for others";
}

/* `places`: the configuration's component at each place before the layer. */
static void check_box_layer(const Build *build, const LayerSpec *layer, const int64_t *places)
{
    const ModelSpec *model = build->model;
    if (layer->kind == LAYER_PERMUTE)
        return;
    if (!is_spline(layer)) {
        refuse_leaving(build, layer);
        return;
    }
    for (int64_t i = 0; i < model->dimension; i++)
        if (layer->transform == TRANSFORM_SPLINE && model->periodic != NULL && model->periodic[places[i]] &&
            (layer->kind != LAYER_COUPLING || !build_passes(layer, model->dimension, i))) {
            refuse_cut(build, layer, places[i]);
            return;
        }
}

/* One error for each layer as written, however often it is repeated. */
static bool was_seen(const ModelSpec *model, int layer)
{
    for (int i = layer + 1; i < model->expanded_count && i <= layer + 100; i++)
        if (model->expanded[i].span.begin == model->expanded[layer].span.begin)
            return true;
    return false;
}

/* What components do that are positive or integers. */
static void check_kinds(const Build *build)
{
    const ModelSpec *model = build->model;
    for (int64_t i = 0; model->kinds != NULL && i < model->dimension; i++) {
        const char *kind = model->kinds[i] == COLUMN_POSITIVE ? "a positive" : "an integer";
        if (model->kinds[i] == COLUMN_REAL)
            continue;
        if (model->low != NULL && isfinite(model->low[i])) {
            diagnostics_error(build->diagnostics, model->system_span, "E0108",
                              "a range of %s column ('%s') is not implemented yet", kind, model->component_names[i])
                ->help = "range: [] for this column, or kind: real";
            return;
        }
        if (model->term_count > 0) {
            diagnostics_error(build->diagnostics, model->energy_span, "E0108",
                              "an energy of %s column ('%s') is not implemented yet", kind, model->component_names[i])
                ->help = "loss: [forward_kl] learns from data alone; or kind: real";
            return;
        }
    }
}

void build_space(const Build *build)
{
    const ModelSpec *model = build->model;
    check_kinds(build);
    if (model->low != NULL && model->data.standardise)
        diagnostics_error(build->diagnostics, model->data.span, "E0345",
                          "data cannot be standardised where components have ranges")
            ->help = "standardise: false: the ranges say already what is large and what is small";
    if (model->base == BASE_UNIFORM)
        check_uniform(build);
    int64_t *after = ARENA_ARRAY(build->arena, int64_t, model->dimension);
    int64_t *before = ARENA_ARRAY(build->arena, int64_t, model->dimension);
    for (int64_t i = 0; i < model->dimension; i++)
        after[i] = i;
    for (int k = model->expanded_count - 1; k >= 0; k--) {
        const LayerSpec *layer = &model->expanded[k];
        move_back(layer, model->dimension, after, before);
        if (!was_seen(model, k)) {
            if (model->base == BASE_UNIFORM)
                check_box_layer(build, layer, before);
            else if (layer->kind == LAYER_COUPLING && layer->transform == TRANSFORM_CIRCULAR_SPLINE)
                refuse_circle(build, layer);
        }
        int64_t *swap = after;
        after = before;
        before = swap;
    }
}

void build_space_warnings(const Build *build)
{
    const ModelSpec *model = build->model;
    for (int64_t i = 0; model->base != BASE_UNIFORM && model->periodic != NULL && i < model->dimension; i++) {
        if (!model->periodic[i])
            continue;
        diagnostics_warn(
            build->diagnostics, model->base_span, "W0340",
            "component %lld is periodic, and a flow from this base cuts its circle open: its density is 0 at "
            "the ends of the range",
            (long long)i)
            ->help = "base: uniform with couplings of transform: circular_spline lives on the circle";
        return;
    }
}
