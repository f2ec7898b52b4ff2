/* SPDX-License-Identifier: MIT */
/* Masked autoregressive layers. Component i is transformed with numbers that a masked net makes of the components
 * before i on one side of the layer: of the configuration's (fast density; Papamakarios, Pavlakou, Murray 2017), or of
 * the base's (fast sampling; Kingma and others 2016). From that side to the other one pass of the net does; the way
 * back goes component by component. */
#include "compiler/lower/lower.h"
#include "compiler/lower/masked_mlp.h"

/* All layers of one structure share two functions, (tensors, x, features?) -> y, log_det and back; without log_det
 * where the transform keeps volumes, with the features of the model's conditions where it has some. */
struct AutoregressiveKind {
    AutoregressiveKind *next;
    const LayerSpec *spec;
    int number;
    MaskedShape net;
    SplineShape spline; /* of one component */
    int tensor_count;
    IrFunction *forward, *inverse; /* NULL until wanted */
};

static bool same_structure(const LayerSpec *a, const LayerSpec *b)
{
    if (a->transform != b->transform || a->fast_sampling != b->fast_sampling || !mlp_same(&a->net, &b->net))
        return false;
    if (a->transform == TRANSFORM_SPLINE)
        return a->bins == b->bins && a->bound == b->bound;
    return a->transform == TRANSFORM_ADDITIVE || a->log_scale_bound == b->log_scale_bound;
}

static AutoregressiveKind *find_kind(Lower *lower, const LayerSpec *spec)
{
    AutoregressiveKind **end = &lower->autoregressive_kinds;
    int number = 1;
    for (; *end; end = &(*end)->next) {
        if (same_structure((*end)->spec, spec))
            return *end;
        number += (*end)->spec->transform == spec->transform;
    }
    AutoregressiveKind *kind = *end = ARENA_NEW(lower->arena, AutoregressiveKind);
    *kind = (AutoregressiveKind){.spec = spec, .number = number};
    const bool is_box = lower->spec->base == BASE_UNIFORM;
    kind->spline = (SplineShape){1, spec->bins, is_box ? 1 : spec->bound, is_box ? SPLINE_BOX : SPLINE_TAILS};
    kind->net = (MaskedShape){lower->program->dimension, 0, condition_feature_count(lower), &spec->net};
    kind->net.numbers = spec->transform == TRANSFORM_SPLINE   ? spline_number_count(&kind->spline)
                        : spec->transform == TRANSFORM_AFFINE ? 2
                                                              : 1;
    kind->tensor_count = masked_tensor_count(&kind->net);
    return kind;
}

void autoregressive_declare(Lower *lower, FlowLayer *layer)
{
    layer->autoregressive = find_kind(lower, layer->spec);
    if (!masked_steps_fit(&layer->autoregressive->net) && !lower->weights_too_large) {
        lower->weights_too_large = true;
        diagnostics_error(lower->diagnostics, layer->spec->net.span, "E0601",
                          "the net's matrices, sorted by component, have more than %lld elements",
                          (long long)IR_COUNT_MAX);
    }
    layer->first_tensor = lower->program->tensor_count;
    masked_declare(lower, &layer->autoregressive->net,
                   arena_print(lower->arena, "flow.layers.%lld.net", (long long)layer->position));
}

void autoregressive_initialise(Lower *lower, IrBuilder *builder, const FlowLayer *layer)
{
    masked_initialise(lower, builder, &layer->autoregressive->net, layer->first_tensor);
}

/* ---- functions --------------------------------------------------------------------------------------------------- */

/* Number `index` of the numbers [D, n] of all components, or of the numbers [n] of one. */
static IrId number(IrBuilder *builder, IrId numbers, int64_t index)
{
    const IrType *type = ir_type_of(builder->function, numbers);
    if (type->rank == 1)
        return ir_element(builder, numbers, index);
    int64_t size = type->size[0];
    return ir_reshape(builder, ir_slice(builder, numbers, 1, index, 1), 1, &size);
}

/* The numbers [D, n] of all components in the order in which splines take them: widths, heights, slopes. */
static IrId spline_numbers(IrBuilder *builder, const SplineShape *shape, IrId numbers)
{
    const int64_t size = shape->count, bins = shape->bins;
    const int64_t widths[] = {bins, bins, spline_number_count(shape) / size - 2 * bins};
    IrId parts[3];
    for (int i = 0; i < 3; i++) {
        int64_t count = size * widths[i];
        parts[i] = ir_reshape(builder, ir_slice(builder, numbers, 1, i * bins, widths[i]), 1, &count);
    }
    return ir_concat(builder, 0, 3, parts);
}

static IrId transform_by_spline(IrBuilder *builder, const AutoregressiveKind *kind, IrId numbers, IrId from,
                                bool inverse, IrId *log_slope)
{
    SplineShape shape = kind->spline;
    if (ir_type_of(builder->function, from)->rank == 1) {
        shape.count = kind->net.size;
        numbers = spline_numbers(builder, &shape, numbers);
        return spline_apply(builder, &shape, numbers, from, inverse, log_slope);
    }
    IrId to = spline_apply(builder, &shape, numbers, ir_reshape(builder, from, 1, &shape.count), inverse, log_slope);
    *log_slope = ir_element(builder, *log_slope, 0);
    return ir_element(builder, to, 0);
}

/* One component, or all, with known numbers; *log_slope is that of the direction, -1 where it is 0. */
static IrId transform(IrBuilder *builder, const AutoregressiveKind *kind, IrId numbers, IrId from, bool inverse,
                      IrId *log_slope)
{
    const LayerSpec *spec = kind->spec;
    *log_slope = -1;
    if (spec->transform == TRANSFORM_SPLINE)
        return transform_by_spline(builder, kind, numbers, from, inverse, log_slope);
    if (spec->transform == TRANSFORM_ADDITIVE)
        return ir_binary(builder, inverse ? IR_SUB : IR_ADD, from, number(builder, numbers, 0));
    IrId log_scale = coupling_bounded(builder, number(builder, numbers, 0), spec->log_scale_bound);
    IrId shift = ir_name(builder->function, number(builder, numbers, 1), "shift");
    ir_name(builder->function, log_scale, "log_scale");
    *log_slope = inverse ? ir_unary(builder, IR_NEG, log_scale) : log_scale;
    IrId scale = ir_name(builder->function, ir_unary(builder, IR_EXP, *log_slope), "scale");
    if (inverse)
        return ir_binary(builder, IR_MUL, ir_binary(builder, IR_SUB, from, shift), scale);
    return ir_binary(builder, IR_ADD, ir_binary(builder, IR_MUL, from, scale), shift);
}

static const char *const NAMES[] = {"additive", "affine", "spline"};

static void put_note(Lower *lower, const AutoregressiveKind *kind, IrFunction *function, bool inverse)
{
    static const char *const FORMULAS[] = {"y_i = x_i + t_i; log|det J| = 0",
                                           "y_i = x_i exp(s_i) + t_i; log|det J| = sum s",
                                           "y_i = g(x_i; p_i), g monotone; log|det J| = sum log g'"};
    static const char *const NUMBERS[] = {"t_i", "s_i and t_i", "p_i"};
    const LayerSpec *spec = kind->spec;
    Text note = text_start(lower->arena);
    text_print(&note, "%s: %s.\n", inverse ? "Inverse of a masked autoregressive layer" : "Masked autoregressive layer",
               FORMULAS[spec->transform]);
    text_put(&note, spec->fast_sampling ? "Kingma and others 2016, section 4.\n"
                                        : "Papamakarios, Pavlakou, Murray 2017, section 3.\n");
    text_print(&note, "%s: a masked net of the %s before i, ", NUMBERS[spec->transform],
               spec->fast_sampling ? "x" : "y");
    masked_describe(&kind->net, &note);
    if (spec->transform == TRANSFORM_AFFINE && spec->log_scale_bound > 0) {
        text_put(&note, "; s = B tanh(raw / B), B = ");
        text_number(&note, spec->log_scale_bound);
    }
    if (spec->transform == TRANSFORM_SPLINE) {
        text_print(&note, "; %lld bins of [-B, B], B = ", (long long)spec->bins);
        text_number(&note, kind->spline.bound);
    }
    text_put(&note, inverse == spec->fast_sampling ? "; component by component." : ".");
    function->note = note.bytes;
}

/* "autoregressive_affine", ..., "_inverse", each with its "_component" */
static IrFunction *begin(Lower *lower, const AutoregressiveKind *kind, bool inverse)
{
    Text name = text_start(lower->arena);
    text_print(&name, "autoregressive_%s", NAMES[kind->spec->transform]);
    if (kind->number > 1)
        text_print(&name, "_%d", kind->number);
    text_put(&name, inverse ? "_inverse" : "");
    IrFunction *function = ir_function_new(lower->module, name.bytes);
    function->span = kind->spec->span;
    put_note(lower, kind, function, inverse);
    return function;
}

/* One component with its numbers, as a function. */
static IrFunction *make_component(Lower *lower, const AutoregressiveKind *kind, bool inverse, const char *name)
{
    IrFunction *function = ir_function_new(lower->module, arena_print(lower->arena, "%s_component", name));
    IrBuilder builder = {.function = function, .span = kind->spec->span};
    function->span = kind->spec->span;
    function->note = arena_print(lower->arena, "%s component of a masked autoregressive layer with its numbers.",
                                 inverse ? "Back from one" : "One");
    IrId numbers = ir_input(function, "numbers", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &kind->net.numbers)), log_slope;
    IrId value = ir_input(function, inverse ? "y" : "x", ir_type_scalar(IR_REAL, IR_KIND_SAMPLE));
    ir_output(function, inverse ? "x" : "y", transform(&builder, kind, numbers, value, inverse, &log_slope));
    if (log_slope >= 0)
        ir_output(function, "log_slope", log_slope);
    return function;
}

static IrFunction *make(Lower *lower, AutoregressiveKind *kind, bool inverse)
{
    IrFunction *function = begin(lower, kind, inverse);
    IrBuilder builder = {.function = function, .span = kind->spec->span};
    IrId *tensors = ARENA_ARRAY(lower->arena, IrId, kind->tensor_count), to, log_slope;
    masked_inputs(function, &kind->net, "net", tensors);
    IrId from = ir_input(function, inverse ? "y" : "x", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &kind->net.size));
    IrId features = -1;
    if (kind->net.features > 0)
        features = ir_input(function, "features", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &kind->net.features));
    if (inverse == kind->spec->fast_sampling) {
        masked_apply_steps(lower, &builder, &kind->net, tensors, make_component(lower, kind, inverse, function->name),
                           features, from, &to, &log_slope);
    } else {
        IrId numbers = masked_apply(&builder, &kind->net, tensors, features, from);
        to = transform(&builder, kind, numbers, from, inverse, &log_slope);
    }
    ir_output(function, inverse ? "x" : "y", to);
    if (log_slope >= 0)
        ir_output(function, "log_det", ir_reduce_all(&builder, IR_REDUCE_SUM, log_slope));
    return function;
}

IrId autoregressive_apply(Lower *lower, IrBuilder *builder, const FlowLayer *layer, bool inverse, IrId x, IrId features,
                          IrId *log_det)
{
    AutoregressiveKind *kind = layer->autoregressive;
    IrFunction **callee = inverse ? &kind->inverse : &kind->forward;
    IrId *operands = ARENA_ARRAY(lower->arena, IrId, kind->tensor_count + 2), results[2] = {-1, -1};
    if (!*callee)
        *callee = make(lower, kind, inverse);
    for (int i = 0; i < kind->tensor_count; i++)
        operands[i] = flow_tensor(lower, builder, layer->first_tensor + i);
    operands[kind->tensor_count] = x;
    operands[kind->tensor_count + 1] = features;
    ir_call(builder, *callee, (*callee)->input_count, operands, results);
    *log_det = (*callee)->output_count > 1 ? ir_name(builder->function, results[1], "log_det") : -1;
    return ir_name(builder->function, results[0], inverse ? "x" : "y");
}
