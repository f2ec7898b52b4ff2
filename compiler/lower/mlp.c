/* SPDX-License-Identifier: MIT */
/* Dense nets: hidden layers with an activation, and a last layer without one that starts small, so that what it steers
 * starts near the identity. */
#include "compiler/lower/lower.h"

#include <math.h>
#include <string.h>

static const char *const ACTIVATION_TEXT[] = {"tanh", "relu", "silu", "gelu", "softplus"};

static int64_t width(const MlpShape *shape, int layer)
{
    return layer < 0 ? shape->inputs : layer < shape->net->hidden_count ? shape->net->hidden[layer] : shape->outputs;
}

/* What the last layer's start is multiplied by. From exactly zero, runs of the double well in other programs ended lower
 * for some seeds; `ninja show` is the check of this value. */
static const double LAST_LAYER_START = 0.1;

/* Added to the variance that a layer is normalised by. */
static const double NORMALIZE_EPSILON = 1e-5;

double mlp_weight_limit(const NetSpec *net, int layer, int64_t in, int64_t out)
{
    double fan = net->activation == ACTIVATION_TANH ? (double)in + (double)out : (double)in;
    return sqrt(6 / fan) * (layer == net->hidden_count ? LAST_LAYER_START : 1);
}

const char *mlp_activation_text(Activation activation)
{
    return ACTIVATION_TEXT[activation];
}

/* ---- tensors ----------------------------------------------------------------------------------------------------- */

/* One tensor of a hidden or the last layer: its name in the layer and how it starts. */
typedef struct LayerTensor {
    const char *name;
    int rank;
    InitKind init;
    double scale;
} LayerTensor;

/* Weight and bias; of a normalised layer also the gain and the bias after the normalisation. */
static int layer_tensors(const MlpShape *shape, int layer, LayerTensor tensors[4])
{
    bool last = layer == shape->net->hidden_count;
    double limit = mlp_weight_limit(shape->net, layer, width(shape, layer - 1), width(shape, layer));
    tensors[0] = (LayerTensor){"weight", 2, INIT_UNIFORM, limit};
    tensors[1] = (LayerTensor){"bias", 1, INIT_CONSTANT, 0};
    if (last || !shape->net->normalize)
        return 2;
    tensors[2] = (LayerTensor){"normalize.gain", 1, INIT_CONSTANT, 1};
    tensors[3] = (LayerTensor){"normalize.bias", 1, INIT_CONSTANT, 0};
    return 4;
}

int mlp_tensor_count(const MlpShape *shape)
{
    return (shape->net->normalize ? 4 : 2) * shape->net->hidden_count + 2;
}

void mlp_declare(Lower *lower, const MlpShape *shape, const char *path)
{
    LayerTensor tensors[4];
    for (int layer = 0; layer <= shape->net->hidden_count; layer++) {
        int64_t size[] = {width(shape, layer), width(shape, layer - 1)};
        int count = layer_tensors(shape, layer, tensors);
        for (int i = 0; i < count; i++)
            lower_add_tensor(lower, arena_print(lower->arena, "%s.%d.%s", path, layer, tensors[i].name),
                             tensors[i].rank, size, tensors[i].init, tensors[i].scale, shape->net->span);
    }
}

/* "net", "normalize.gain" -> "net_2_normalize_gain" */
static const char *input_name(Arena *arena, const char *prefix, int layer, const char *name)
{
    char *text = arena_print(arena, "%s_%d_%s", prefix, layer, name);
    for (char *c = text; *c; c++)
        *c = *c == '.' ? '_' : *c;
    return text;
}

void mlp_inputs(IrFunction *function, const MlpShape *shape, const char *prefix, IrId *inputs)
{
    LayerTensor tensors[4];
    for (int layer = 0; layer <= shape->net->hidden_count; layer++) {
        int64_t size[] = {width(shape, layer), width(shape, layer - 1)};
        int count = layer_tensors(shape, layer, tensors);
        for (int i = 0; i < count; i++)
            *inputs++ = ir_input(function, input_name(function->module->arena, prefix, layer, tensors[i].name),
                                 ir_type(IR_REAL, IR_KIND_PARAMETER, tensors[i].rank, size));
    }
}

/* ---- application ------------------------------------------------------------------------------------------------- */

IrId mlp_activate(IrBuilder *builder, Activation activation, IrId x)
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

/* (x - m) / sqrt(v + 1e-5), m and v the mean and the variance of x's elements, times a gain, plus a bias (Ba, Kiros,
 * Hinton 2016, eq. 4). */
static IrId normalise(IrBuilder *builder, IrId x, IrId gain, IrId bias)
{
    IrFunction *function = builder->function;
    IrId share = ir_constant(builder, 1 / (double)ir_type_of(function, x)->size[0]);
    IrId mean = ir_binary(builder, IR_MUL, ir_reduce_all(builder, IR_REDUCE_SUM, x), share);
    IrId apart = ir_binary(builder, IR_SUB, x, ir_name(function, mean, "mean"));
    IrId squares = ir_reduce_all(builder, IR_REDUCE_SUM, ir_binary(builder, IR_MUL, apart, apart));
    IrId variance = ir_name(function, ir_binary(builder, IR_MUL, squares, share), "variance");
    IrId deviation =
        ir_unary(builder, IR_SQRT, ir_binary(builder, IR_ADD, variance, ir_constant(builder, NORMALIZE_EPSILON)));
    IrId scale = ir_binary(builder, IR_DIV, ir_constant(builder, 1), deviation);
    IrId standard = ir_name(function, ir_binary(builder, IR_MUL, apart, scale), "normalized");
    return ir_binary(builder, IR_ADD, ir_binary(builder, IR_MUL, standard, gain), bias);
}

IrId mlp_apply(IrBuilder *builder, const MlpShape *shape, const IrId *inputs, IrId x)
{
    const NetSpec *net = shape->net;
    for (int layer = 0; layer < net->hidden_count; layer++) {
        IrId hidden = ir_contract(builder, "ij,j->i", inputs[0], x, inputs[1]);
        if (net->normalize)
            hidden = normalise(builder, hidden, inputs[2], inputs[3]);
        hidden = mlp_activate(builder, net->activation, hidden);
        if (net->residual && width(shape, layer) == width(shape, layer - 1))
            hidden = ir_binary(builder, IR_ADD, x, hidden);
        x = ir_name(builder->function, hidden, "hidden");
        inputs += net->normalize ? 4 : 2;
    }
    return ir_contract(builder, "ij,j->i", inputs[0], x, inputs[1]);
}

bool mlp_same(const NetSpec *a, const NetSpec *b)
{
    return a->activation == b->activation && a->residual == b->residual && a->normalize == b->normalize &&
           a->hidden_count == b->hidden_count &&
           (a->hidden_count == 0 || memcmp(a->hidden, b->hidden, (size_t)a->hidden_count * sizeof a->hidden[0]) == 0);
}

void mlp_describe(const MlpShape *shape, Text *out)
{
    for (int layer = -1; layer <= shape->net->hidden_count; layer++)
        text_print(out, "%s%lld", layer < 0 ? "" : " -> ", (long long)width(shape, layer));
    text_print(out, ", %s", mlp_activation_text(shape->net->activation));
    text_put(out, shape->net->normalize ? " of what layer normalisation gives" : "");
    text_put(out, shape->net->residual ? ", each hidden layer's input added where widths agree" : "");
}
