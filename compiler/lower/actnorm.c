/* SPDX-License-Identifier: MIT */
/* Actnorm: a scale and a shift for each component, y = x exp(s) + b (Kingma, Dhariwal 2018, section 3.1). Both are
 * trained; their first values are such that the layer's output has mean 0 and deviation 1 over a first batch, in the
 * direction in which the batch comes. */
#include "compiler/lower/lower.h"

/* A component that varies less than this over the batch keeps its scale. */
static const double VARIANCE_LEAST = 1e-12;

void actnorm_declare(Lower *lower, FlowLayer *layer)
{
    int64_t size = lower->program->dimension;
    const char *path = arena_print(lower->arena, "flow.layers.%lld", (long long)layer->position);
    layer->first_tensor = lower->program->tensor_count;
    lower_add_tensor(lower, arena_print(lower->arena, "%s.log_scale", path), 1, &size, INIT_CONSTANT, 0,
                     layer->spec->span);
    lower_add_tensor(lower, arena_print(lower->arena, "%s.shift", path), 1, &size, INIT_CONSTANT, 0, layer->spec->span);
    lower_add_initialised(lower, layer->first_tensor);
    lower_add_initialised(lower, layer->first_tensor + 1);
}

void actnorm_apply(Lower *lower, IrBuilder *builder, const FlowLayer *layer, bool inverse, Pieces *pieces,
                   IrId *log_det)
{
    IrFunction *function = builder->function;
    IrId log_scale = flow_tensor(lower, builder, layer->first_tensor);
    IrId shift = flow_tensor(lower, builder, layer->first_tensor + 1);
    builder->note = arena_print(lower->arena, "flow.layers.%lld, actnorm: %s. Kingma, Dhariwal 2018, section 3.1.",
                                (long long)layer->position, inverse ? "x = (y - b) exp(-s)" : "y = x exp(s) + b");
    IrId scale = ir_unary(builder, IR_EXP, inverse ? ir_unary(builder, IR_NEG, log_scale) : log_scale);
    ir_name(function, scale, "scale");
    for (int p = 0; p < pieces->count; p++) {
        Piece *piece = &pieces->pieces[p];
        IrId factor = pieces_pick(builder, pieces, piece, scale), term = pieces_pick(builder, pieces, piece, shift);
        if (inverse)
            piece->value = ir_binary(builder, IR_MUL, ir_binary(builder, IR_SUB, piece->value, term), factor);
        else
            piece->value = ir_binary(builder, IR_ADD, ir_binary(builder, IR_MUL, piece->value, factor), term);
        ir_name(function, piece->value, inverse ? "x" : "y");
    }
    *log_det = ir_reduce_all(builder, IR_REDUCE_SUM, log_scale);
    if (inverse)
        *log_det = ir_unary(builder, IR_NEG, *log_det);
}

static IrId batch_mean(const Lower *lower, IrBuilder *builder, IrId x)
{
    IrId sum = ir_unary(builder, IR_BATCH_SUM, x);
    return ir_binary(builder, IR_MUL, sum, ir_constant(builder, 1 / (double)lower->module->batch));
}

/* With mean m and deviation d of each component of what comes: s = -log d, b = -m / d; inverse: s = log d, b = m. */
void actnorm_initialise(Lower *lower, IrBuilder *builder, const FlowLayer *layer, bool inverse, IrId x)
{
    IrFunction *function = builder->function;
    builder->note = arena_print(lower->arena, "flow.layers.%lld, actnorm: mean 0 and deviation 1 after it",
                                (long long)layer->position);
    IrId mean = ir_name(function, batch_mean(lower, builder, x), "mean");
    IrId apart = ir_binary(builder, IR_SUB, x, mean);
    IrId variance = batch_mean(lower, builder, ir_binary(builder, IR_MUL, apart, apart));
    ir_name(function, variance, "variance");
    IrId varies = ir_binary(builder, IR_LESS, ir_constant(builder, VARIANCE_LEAST), variance);
    IrId one = ir_broadcast_scalar(builder, ir_constant(builder, 1), ir_type_of(function, variance));
    variance = ir_select(builder, varies, variance, one);
    IrId half = ir_constant(builder, inverse ? 0.5 : -0.5);
    IrId log_scale = ir_binary(builder, IR_MUL, ir_unary(builder, IR_LOG, variance), half), shift = mean;
    if (!inverse)
        shift = ir_unary(builder, IR_NEG, ir_binary(builder, IR_MUL, mean, ir_unary(builder, IR_EXP, log_scale)));
    lower->first_values[layer->first_tensor] = ir_name(function, log_scale, "log_scale");
    lower->first_values[layer->first_tensor + 1] = ir_name(function, shift, "shift");
}
