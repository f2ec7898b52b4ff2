/* SPDX-License-Identifier: MIT */
/* Dense nets: hidden layers with an activation, and a last layer without one that starts small, so that what it steers
 * starts near the identity. */
#include "compiler/lower/lower.h"

#include <math.h>

static const char *const ACTIVATION_TEXT[] = {"tanh", "relu", "silu", "gelu", "softplus"};

static int64_t width(const MlpShape *shape, int layer)
{
    return layer < 0 ? shape->inputs : layer < shape->net->hidden_count ? shape->net->hidden[layer] : shape->outputs;
}

int mlp_tensor_count(const MlpShape *shape)
{
    return 2 * (shape->net->hidden_count + 1);
}

/* Uniform in [-limit, limit]: for tanh sqrt(6 / (in + out)) (Glorot, Bengio 2010, eq. 16), for activations that cut one
 * side off sqrt(6 / in) (He, Zhang, Ren, Sun 2015, eq. 10). */
static double weight_limit(Activation activation, int64_t in, int64_t out)
{
    double fan = activation == ACTIVATION_TANH ? (double)in + (double)out : (double)in;
    return sqrt(6 / fan);
}

/* What the last layer's start is multiplied by. From exactly zero, runs of the double well in other programs ended lower
 * for some seeds; `ninja show` is the check of this value. */
static const double LAST_LAYER_START = 0.1;

void mlp_declare(Lower *lower, const MlpShape *shape, const char *path)
{
    for (int layer = 0; layer <= shape->net->hidden_count; layer++) {
        int64_t size[] = {width(shape, layer), width(shape, layer - 1)};
        bool last = layer == shape->net->hidden_count;
        lower_add_tensor(lower, arena_print(lower->arena, "%s.%d.weight", path, layer), 2, size, INIT_UNIFORM,
                         weight_limit(shape->net->activation, size[1], size[0]) * (last ? LAST_LAYER_START : 1),
                         shape->net->span);
        lower_add_tensor(lower, arena_print(lower->arena, "%s.%d.bias", path, layer), 1, size, INIT_CONSTANT, 0,
                         shape->net->span);
    }
}

void mlp_inputs(IrFunction *function, const MlpShape *shape, const char *prefix, IrId *inputs)
{
    Arena *arena = function->module->arena;
    for (int layer = 0; layer <= shape->net->hidden_count; layer++) {
        int64_t size[] = {width(shape, layer), width(shape, layer - 1)};
        inputs[2 * layer] = ir_input(function, arena_print(arena, "%s_%d_weight", prefix, layer),
                                     ir_type(IR_REAL, IR_KIND_PARAMETER, 2, size));
        inputs[2 * layer + 1] = ir_input(function, arena_print(arena, "%s_%d_bias", prefix, layer),
                                         ir_type(IR_REAL, IR_KIND_PARAMETER, 1, size));
    }
}

static IrId apply_activation(IrBuilder *builder, Activation activation, IrId x)
{
    switch (activation) {
    case ACTIVATION_TANH:
        return ir_unary(builder, IR_TANH, x);
    case ACTIVATION_RELU: /* the slope at 0 is 0 */
        return ir_binary(builder, IR_MAX, ir_zeros(builder, ir_type_of(builder->function, x)), x);
    case ACTIVATION_SILU:
        return ir_binary(builder, IR_MUL, x, ir_unary(builder, IR_SIGMOID, x));
    case ACTIVATION_GELU: { /* x/2 (1 + erf(x / sqrt 2)) */
        IrId scaled = ir_binary(builder, IR_MUL, x, ir_constant(builder, 0.70710678118654752440));
        IrId erf = ir_unary(builder, IR_ERF, scaled);
        IrId half = ir_binary(builder, IR_MUL, x, ir_constant(builder, 0.5));
        return ir_binary(builder, IR_MUL, half, ir_binary(builder, IR_ADD, erf, ir_constant(builder, 1)));
    }
    case ACTIVATION_SOFTPLUS:
        return ir_unary(builder, IR_SOFTPLUS, x);
    }
    return x;
}

IrId mlp_apply(IrBuilder *builder, const MlpShape *shape, const IrId *inputs, IrId x)
{
    for (int layer = 0; layer <= shape->net->hidden_count; layer++) {
        x = ir_contract(builder, "ij,j->i", inputs[2 * layer], x, inputs[2 * layer + 1]);
        if (layer == shape->net->hidden_count)
            break;
        x = apply_activation(builder, shape->net->activation, x);
        ir_name(builder->function, x, "hidden");
    }
    return x;
}

void mlp_describe(const MlpShape *shape, Text *out)
{
    for (int layer = -1; layer <= shape->net->hidden_count; layer++)
        text_print(out, "%s%lld", layer < 0 ? "" : " -> ", (long long)width(shape, layer));
    text_print(out, ", %s", ACTIVATION_TEXT[shape->net->activation]);
}
