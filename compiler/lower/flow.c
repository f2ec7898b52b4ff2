/* SPDX-License-Identifier: MIT */
/* Flows: layers in a row, from the base to the configuration, and back. */
#include "compiler/lower/lower.h"

/* ---- what the layers are ----------------------------------------------------------------------------------------- */

/* Shared by all couplings of one parity. */
static const bool *split_of(Lower *lower, Split split, int64_t coupling_index)
{
    int odd = (int)(coupling_index % 2);
    bool **known = &lower->splits[(split == SPLIT_HALVES ? 2 : 0) + odd];
    int64_t dimension = lower->program->dimension;
    if (*known)
        return *known;
    *known = ARENA_ARRAY(lower->arena, bool, dimension);
    for (int64_t i = 0; i < dimension; i++)
        (*known)[i] = split == SPLIT_HALVES ? (i < dimension / 2) == (odd == 0) : i % 2 == odd;
    return *known;
}

static const int64_t *reversed_order(Lower *lower)
{
    int64_t dimension = lower->program->dimension;
    if (!lower->reversed) {
        lower->reversed = ARENA_ARRAY(lower->arena, int64_t, dimension);
        for (int64_t i = 0; i < dimension; i++)
            lower->reversed[i] = dimension - 1 - i;
    }
    return lower->reversed;
}

static void declare_coupling(Lower *lower, FlowLayer *layer)
{
    const LayerSpec *spec = layer->spec;
    int64_t dimension = lower->program->dimension, pass_count = 0;
    layer->passes = spec->split == SPLIT_MASK ? spec->mask : split_of(lower, spec->split, spec->coupling_index);
    for (int64_t i = 0; i < dimension; i++)
        pass_count += layer->passes[i];
    coupling_declare(lower, layer, pass_count, dimension - pass_count);
}

static void declare_layer(Lower *lower, FlowLayer *layer)
{
    switch (layer->spec->kind) {
    case LAYER_COUPLING:
        declare_coupling(lower, layer);
        break;
    case LAYER_LINEAR:
        linear_declare(lower, layer);
        break;
    case LAYER_MASKED_AUTOREGRESSIVE:
        autoregressive_declare(lower, layer);
        break;
    case LAYER_ACTNORM:
        actnorm_declare(lower, layer);
        break;
    case LAYER_PERMUTE:
    case LAYER_REPEAT: /* none in the expanded list */
        break;
    }
}

/* Which components are on circles before each layer; permutes move them. From the configuration back. */
static void mark_circles(Lower *lower)
{
    const ModelSpec *spec = lower->spec;
    const bool *after = spec->base == BASE_UNIFORM ? spec->periodic : NULL;
    for (int k = spec->expanded_count - 1; k >= 0 && after != NULL; k--) {
        FlowLayer *layer = &lower->layers[k];
        layer->circles = after;
        if (layer->spec->kind != LAYER_PERMUTE)
            continue;
        bool *before = ARENA_ARRAY(lower->arena, bool, lower->program->dimension);
        for (int64_t i = 0; i < lower->program->dimension; i++)
            before[layer->order[i]] = after[i];
        layer->circles = after = before;
    }
}

void flow_declare(Lower *lower)
{
    const ModelSpec *spec = lower->spec;
    base_declare(lower);
    lower->layers = ARENA_ARRAY(lower->arena, FlowLayer, spec->expanded_count);
    for (int i = 0; i < spec->expanded_count; i++) {
        FlowLayer *layer = &lower->layers[i];
        *layer = (FlowLayer){.spec = &spec->expanded[i], .position = i};
        if (layer->spec->kind == LAYER_PERMUTE)
            layer->order = layer->spec->order_count > 0 ? layer->spec->order : reversed_order(lower);
    }
    mark_circles(lower);
    for (int i = 0; i < spec->expanded_count && !lower->weights_too_large; i++)
        declare_layer(lower, &lower->layers[i]);
    standardise_declare(lower);
}

/* ---- through the layers ------------------------------------------------------------------------------------------ */

/* log q on its way: known up to the layers that are yet to come. */
static void add_to_log_q(IrBuilder *builder, IrOpcode code, IrId *log_q, IrId value)
{
    *log_q = *log_q < 0 ? value : ir_binary(builder, code, *log_q, value);
    ir_name(builder->function, *log_q, "log_q");
}

static void apply_coupling(Lower *lower, IrBuilder *builder, const FlowLayer *layer, bool inverse, IrId features,
                           Pieces *pieces, IrId *log_q)
{
    CouplingKind *kind = layer->kind;
    IrFunction *callee = inverse ? coupling_inverse(lower, kind) : coupling_forward(lower, kind);
    IrId *operands = ARENA_ARRAY(lower->arena, IrId, kind->tensor_count + 3), results[2];
    pieces_split(builder, pieces, layer->passes);
    for (int i = 0; i < kind->tensor_count; i++)
        operands[i] = flow_tensor(lower, builder, layer->first_tensor + i);
    operands[kind->tensor_count] = pieces->pieces[0].value;
    operands[kind->tensor_count + 1] = pieces->pieces[1].value;
    operands[kind->tensor_count + 2] = features;
    builder->note = arena_print(lower->arena, "flow.layers.%lld", (long long)layer->position);
    ir_call(builder, callee, callee->input_count, operands, results);
    pieces->pieces[1].value = ir_name(builder->function, results[0], inverse ? "x_b" : "y_b");
    if (callee->output_count == 1)
        return; /* volume is kept */
    ir_name(builder->function, results[1], "log_det");
    add_to_log_q(builder, inverse ? IR_ADD : IR_SUB, log_q, results[1]);
}

IrId flow_tensor(const Lower *lower, const IrBuilder *builder, int tensor)
{
    if (lower->first_values && lower->first_values[tensor] >= 0)
        return lower->first_values[tensor];
    return builder->function->inputs[tensor];
}

/* A layer that takes all components together. */
static void apply_whole(Lower *lower, IrBuilder *builder, const FlowLayer *layer, bool inverse, IrId features,
                        Pieces *pieces, IrId *log_q)
{
    IrId x = pieces_join(builder, pieces), log_det;
    bool is_linear = layer->spec->kind == LAYER_LINEAR;
    if (lower->first_values && !is_linear)
        autoregressive_initialise(lower, builder, layer);
    builder->note = arena_print(lower->arena, "flow.layers.%lld", (long long)layer->position);
    x = is_linear ? linear_apply(lower, builder, layer, inverse, x, &log_det)
                  : autoregressive_apply(lower, builder, layer, inverse, x, features, &log_det);
    *pieces = pieces_start(lower->arena, x, pieces->dimension);
    if (log_det >= 0)
        add_to_log_q(builder, inverse ? IR_ADD : IR_SUB, log_q, log_det);
}

static void apply_actnorm(Lower *lower, IrBuilder *builder, const FlowLayer *layer, bool inverse, Pieces *pieces,
                          IrId *log_q)
{
    IrId log_det;
    if (lower->first_values) {
        *pieces = pieces_start(lower->arena, pieces_join(builder, pieces), pieces->dimension);
        actnorm_initialise(lower, builder, layer, inverse, pieces->pieces[0].value);
    }
    actnorm_apply(lower, builder, layer, inverse, pieces, &log_det);
    add_to_log_q(builder, inverse ? IR_ADD : IR_SUB, log_q, log_det);
}

static void apply_layer(Lower *lower, IrBuilder *builder, const FlowLayer *layer, bool inverse, IrId features,
                        Pieces *pieces, IrId *log_q)
{
    builder->span = layer->spec->span;
    switch (layer->spec->kind) {
    case LAYER_COUPLING:
        apply_coupling(lower, builder, layer, inverse, features, pieces, log_q);
        break;
    case LAYER_LINEAR:
    case LAYER_MASKED_AUTOREGRESSIVE:
        apply_whole(lower, builder, layer, inverse, features, pieces, log_q);
        break;
    case LAYER_ACTNORM:
        apply_actnorm(lower, builder, layer, inverse, pieces, log_q);
        break;
    case LAYER_PERMUTE:
    case LAYER_REPEAT:
        pieces_permute(pieces, layer->order, inverse);
        break;
    }
}

void flow_sample_layers(Lower *lower, IrBuilder *builder, IrId noise, IrId conditions, IrId *y, IrId *log_q)
{
    IrId log_weight;
    *log_q = -1;
    builder->span = lower->spec->flow_span;
    IrId z = base_sample(lower, builder, noise, &log_weight), features = condition_features(lower, builder, conditions);
    add_to_log_q(builder, IR_ADD, log_q, base_log_prob(lower, builder, z));
    Pieces pieces = pieces_start(lower->arena, z, lower->program->dimension);
    for (int i = 0; i < lower->spec->expanded_count; i++)
        apply_layer(lower, builder, &lower->layers[i], false, features, &pieces, log_q);
    builder->span = lower->spec->flow_span;
    *y = pieces_join(builder, &pieces);
    base_apply_scale(lower, builder, true, y, log_q);
}

void flow_enter_space(Lower *lower, IrBuilder *builder, IrId y, IrId *x, IrId *log_q)
{
    IrId log_det;
    *x = range_enter(lower, builder, y, &log_det);
    ir_name(builder->function, *x, "x");
    if (log_det >= 0)
        add_to_log_q(builder, IR_SUB, log_q, log_det);
    standardise_apply(lower, builder, true, x, log_q);
    *x = ir_name(builder->function, columns_enter(lower, builder, *x, &log_det), "x");
    if (log_det >= 0)
        add_to_log_q(builder, IR_SUB, log_q, log_det);
    *log_q = lower_per_sample(builder, *log_q, *x);
}

void flow_sample(Lower *lower, IrBuilder *builder, IrId noise, IrId conditions, IrId *x, IrId *log_q)
{
    IrId y;
    flow_sample_layers(lower, builder, noise, conditions, &y, log_q);
    flow_enter_space(lower, builder, y, x, log_q);
}

IrId flow_choice(Lower *lower, IrBuilder *builder, IrId noise)
{
    IrId log_weight;
    if (lower->spec->base == BASE_MIXTURE)
        base_sample(lower, builder, noise, &log_weight);
    return lower->spec->base == BASE_MIXTURE ? log_weight : -1;
}

/* From where the layers end back to the base: adds to *log_q. */
static void log_prob_of_layers(Lower *lower, IrBuilder *builder, IrId y, IrId features, IrId *log_q)
{
    base_apply_scale(lower, builder, false, &y, log_q);
    Pieces pieces = pieces_start(lower->arena, y, lower->program->dimension);
    for (int i = lower->spec->expanded_count - 1; i >= 0; i--)
        apply_layer(lower, builder, &lower->layers[i], true, features, &pieces, log_q);
    builder->span = lower->spec->flow_span;
    IrId z = pieces_join(builder, &pieces);
    if (z != y)
        ir_name(builder->function, z, "z");
    add_to_log_q(builder, IR_ADD, log_q, base_log_prob(lower, builder, z));
}

IrId flow_log_prob_before_space(Lower *lower, IrBuilder *builder, IrId y, IrId conditions)
{
    IrId log_q = -1, x;
    builder->span = lower->spec->flow_span;
    log_prob_of_layers(lower, builder, y, condition_features(lower, builder, conditions), &log_q);
    flow_enter_space(lower, builder, y, &x, &log_q);
    return log_q;
}

IrId flow_log_prob(Lower *lower, IrBuilder *builder, IrId x, IrId conditions)
{
    IrId log_q = -1, log_det, log_positive = columns_log_inside(lower, builder, x);
    x = columns_leave(lower, builder, x, &log_det);
    if (log_det >= 0)
        add_to_log_q(builder, IR_ADD, &log_q, log_det);
    builder->span = lower->spec->flow_span;
    IrId features = condition_features(lower, builder, conditions);
    standardise_apply(lower, builder, false, &x, &log_q);
    IrId wrapped = range_wrap(lower, builder, x), log_inside = range_log_inside(lower, builder, wrapped);
    IrId y = range_leave(lower, builder, wrapped, &log_det);
    if (log_det >= 0)
        add_to_log_q(builder, IR_ADD, &log_q, log_det);
    log_prob_of_layers(lower, builder, y, features, &log_q);
    if (log_inside >= 0)
        add_to_log_q(builder, IR_ADD, &log_q, log_inside);
    if (log_positive >= 0)
        add_to_log_q(builder, IR_ADD, &log_q, log_positive);
    return lower_per_sample(builder, log_q, x);
}
