/* SPDX-License-Identifier: MIT */
/* The flow: its base and its layers as written. */
#include "compiler/spec/build.h"

static const LayerSpec *build_layers(const Build *build, const Value *list, int *count);

/* A layer of one unit has no spread to normalise: it would give the same for every input. */
static void check_normalized(const Build *build, const NetSpec *net, const Value *widths, const Value *normalize)
{
    if (net->masked) {
        diagnostics_error(build->diagnostics, normalize->span, "E0322",
                          "layer normalisation would let every output of a masked net see every input")
            ->help = "leave out normalize";
        return;
    }
    for (int i = 0; i < net->hidden_count; i++)
        if (net->hidden[i] == 1)
            diagnostics_error(build->diagnostics, widths->items[i]->span, "E0320",
                              "layer normalisation of a layer of one unit leaves nothing of its input")
                ->help = "make the layer wider, or leave out normalize";
}

/* A net that the layer can't have; nothing more of one that is not implemented yet. */
static void check_kind(const Build *build, const Value *net, bool masked)
{
    if (net->kind != VALUE_MAP || net->choice == NULL || (net->choice->key->flags & SCHEMA_LATER) != 0 ||
        value_chose(net, masked ? "masked_mlp" : "mlp"))
        return;
    diagnostics_error(build->diagnostics, net->choice->name_span, "E0321",
                      masked ? "a masked autoregressive layer needs a masked net, not '%s'"
                             : "a coupling needs a net whose outputs see all inputs, not '%s'",
                      net->choice->name)
        ->help = masked ? "net: {masked_mlp: [64, 64]}" : "net: {mlp: [64, 64]}";
}

static NetSpec build_net(const Build *build, const Value *net, bool masked)
{
    static const char *const NAMES[] = {"tanh", "relu", "silu", "gelu", "softplus"};
    NetSpec result = {.activation = ACTIVATION_TANH};
    const Value *widths = value_get(net, masked ? "masked_mlp" : "mlp"), *activation = value_get(net, "activation");
    if (net == NULL)
        return result;
    result.masked = masked;
    check_kind(build, net, masked);
    result.span = net->span;
    for (int i = 0; i < (int)(sizeof NAMES / sizeof NAMES[0]); i++)
        if (value_is(activation, NAMES[i]))
            result.activation = (Activation)i;
    if (widths != NULL) {
        int64_t *hidden = ARENA_ARRAY(build->arena, int64_t, widths->count);
        for (size_t i = 0; i < widths->count; i++)
            hidden[i] = widths->items[i]->integer;
        result.hidden = hidden;
        result.hidden_count = (int)widths->count;
    }
    result.residual = build_boolean(value_get(net, "residual"), false);
    result.normalize = value_is(value_get(net, "normalize"), "layer");
    if (result.normalize && widths != NULL)
        check_normalized(build, &result, widths, value_get(net, "normalize"));
    return result;
}

static void build_mask(const Build *build, const Value *mask, LayerSpec *layer)
{
    int64_t dimension = build->model->dimension;
    size_t passing = 0;
    layer->split = SPLIT_MASK;
    if (mask == NULL)
        return;
    bool *bits = ARENA_ARRAY(build->arena, bool, mask->count);
    for (size_t i = 0; i < mask->count; i++) {
        bits[i] = mask->items[i]->boolean;
        passing += bits[i];
    }
    layer->mask = bits;
    layer->mask_count = (int64_t)mask->count;
    if (dimension != 0 && layer->mask_count != dimension) {
        Diagnostic *error =
            diagnostics_error(build->diagnostics, mask->span, "E0301",
                              "the mask has length %zu, the system %lld components", mask->count, (long long)dimension);
        error->related = build->model->system_span;
        error->related_label = arena_print(build->arena, "%lld components", (long long)dimension);
    } else if (passing == 0 || passing == mask->count) {
        Diagnostic *error = diagnostics_error(build->diagnostics, mask->span, "E0302",
                                              passing == 0 ? "no component passes this coupling"
                                                           : "every component passes this coupling");
        error->help = "1 for each component that passes, 0 for each that is transformed; at least one of both";
    }
}

static Transform build_transform(const Value *transform)
{
    return value_is(transform, "additive")          ? TRANSFORM_ADDITIVE
           : value_is(transform, "spline")          ? TRANSFORM_SPLINE
           : value_is(transform, "circular_spline") ? TRANSFORM_CIRCULAR_SPLINE
                                                    : TRANSFORM_AFFINE;
}

static void build_coupling(const Build *build, const Value *coupling, LayerSpec *layer)
{
    const Value *split = value_get(coupling, "split");
    layer->kind = LAYER_COUPLING;
    layer->transform = build_transform(value_get(coupling, "transform"));
    layer->split = value_chose(split, "halves") ? SPLIT_HALVES : SPLIT_ALTERNATE;
    if (value_chose(split, "mask"))
        build_mask(build, value_get(split, "mask"), layer);
    else if (build->model->dimension == 1)
        diagnostics_error(build->diagnostics, layer->span, "E0304",
                          "a coupling splits the components in two, and this system has one component")
            ->help = "give the system a second component, as an auxiliary one of energy x[1]^2/2";
    layer->net = build_net(build, value_get(coupling, "net"), false);
    layer->separate = build_boolean(value_get(coupling, "separate"), false);
    layer->log_scale_bound = build_number(value_get(coupling, "log_scale_bound"), 0);
    layer->bins = build_integer(value_get(coupling, "bins"), 0);
    layer->bound = build_number(value_get(coupling, "bound"), 0);
}

static void build_masked_autoregressive(const Build *build, const Value *value, LayerSpec *layer)
{
    layer->kind = LAYER_MASKED_AUTOREGRESSIVE;
    layer->transform = build_transform(value_get(value, "transform"));
    layer->fast_sampling = value_is(value_get(value, "fast"), "sampling");
    layer->log_scale_bound = build_number(value_get(value, "log_scale_bound"), 0);
    layer->bins = build_integer(value_get(value, "bins"), 0);
    layer->bound = build_number(value_get(value, "bound"), 0);
    layer->net = build_net(build, value_get(value, "net"), true);
    if (build->model->dimension == 1)
        diagnostics_error(build->diagnostics, layer->span, "E0304",
                          "an autoregressive layer transforms components given those before them, and this system has "
                          "one component")
            ->help = "give the system a second component, as an auxiliary one of energy x[1]^2/2";
}

/* The entries of an order, each of 0 to the dimension - 1 once. */
static void build_order(const Build *build, const Value *order, LayerSpec *layer)
{
    int64_t dimension = build->model->dimension;
    int64_t *indices = ARENA_ARRAY(build->arena, int64_t, order->count);
    layer->order_count = (int64_t)order->count;
    layer->order = indices;
    for (size_t i = 0; i < order->count; i++)
        indices[i] = order->items[i]->integer;
    if (dimension == 0)
        return;
    if (layer->order_count != dimension) {
        diagnostics_error(build->diagnostics, order->span, "E0301",
                          "the order has length %zu, the system %lld components", order->count, (long long)dimension);
        return;
    }
    bool *seen = ARENA_ARRAY(build->arena, bool, dimension);
    for (size_t i = 0; i < order->count; i++) {
        int64_t index = indices[i];
        if (index < dimension && !seen[index]) {
            seen[index] = true;
            continue;
        }
        Diagnostic *error = diagnostics_error(build->diagnostics, order->items[i]->span, "E0303",
                                              "the order is no permutation of 0 to %lld", (long long)dimension - 1);
        error->label = index < dimension ? "this one stands twice" : "no component has this index";
        return;
    }
}

static void build_permute(const Build *build, const Value *permute, LayerSpec *layer)
{
    const Value *order = value_get(permute, "order");
    layer->kind = LAYER_PERMUTE;
    if (order != NULL && order->kind == VALUE_LIST)
        build_order(build, order, layer);
}

static void build_linear(const Build *build, const Value *linear, LayerSpec *layer)
{
    const Value *permutation = value_get(linear, "permutation");
    int64_t dimension = build->model->dimension;
    layer->kind = LAYER_LINEAR;
    if (permutation != NULL && permutation->kind == VALUE_LIST)
        build_order(build, permutation, layer);
    if (!value_is(permutation, "reverse"))
        return;
    int64_t *order = ARENA_ARRAY(build->arena, int64_t, dimension);
    for (int64_t i = 0; i < dimension; i++)
        order[i] = dimension - 1 - i;
    layer->order = order;
    layer->order_count = dimension;
}

static void build_layer(const Build *build, const Value *value, LayerSpec *layer)
{
    const ValueField *choice = value->kind == VALUE_MAP ? value->choice : NULL;
    layer->span = choice != NULL ? choice->name_span : value->span;
    if (value_chose(value, "coupling")) {
        build_coupling(build, value_chosen(value), layer);
    } else if (value_chose(value, "permute")) {
        build_permute(build, value_chosen(value), layer);
    } else if (value_chose(value, "masked_autoregressive")) {
        build_masked_autoregressive(build, value_chosen(value), layer);
    } else if (value_chose(value, "linear")) {
        build_linear(build, value_chosen(value), layer);
    } else if (value_chose(value, "actnorm")) {
        layer->kind = LAYER_ACTNORM;
    } else if (value_chose(value, "repeat")) {
        layer->kind = LAYER_REPEAT;
        layer->repeat = build_integer(value_chosen(value), 1);
        layer->layers = build_layers(build, value_get(value, "layers"), &layer->layer_count);
    }
}

static const LayerSpec *build_layers(const Build *build, const Value *list, int *count)
{
    *count = 0;
    if (list == NULL)
        return NULL;
    LayerSpec *layers = ARENA_ARRAY(build->arena, LayerSpec, list->count);
    for (size_t i = 0; i < list->count; i++)
        build_layer(build, list->items[i], &layers[i]);
    *count = (int)list->count;
    return layers;
}

static void build_base(const Build *build, const Value *base)
{
    ModelSpec *model = build->model;
    const Value *options = value_chosen(base);
    model->base = value_chose(base, "uniform")   ? BASE_UNIFORM
                  : value_chose(base, "mixture") ? BASE_MIXTURE
                                                 : BASE_GAUSSIAN;
    model->base_scale = build_number(value_get(options, "scale"), 1);
    model->base_components = build_integer(value_get(options, "components"), 1);
    model->base_span = base == NULL || base->is_default ? model->flow_span : base->span;
}

void build_flow(const Build *build, const Value *flow)
{
    ModelSpec *model = build->model;
    if (flow == NULL)
        return;
    model->flow_span = flow->span;
    build_base(build, value_get(flow, "base"));
    model->layers = build_layers(build, value_get(flow, "layers"), &model->layer_count);
    build_expanded_layers(build);
}
