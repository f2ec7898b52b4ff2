/* SPDX-License-Identifier: MIT */
/* Masked nets (Germain, Gregor, Murray, Larochelle 2015). Input i has the degree i + 1; a hidden unit of degree m sees
 * what has degrees up to m; the outputs for component i see hidden units of degrees up to i, that is inputs before i.
 * Features of conditions have the degree 0, and then some hidden units too, so that the first component's numbers see them.
 * Hidden units stand in the order of their degrees, so that every mask is a staircase. */
#include "compiler/lower/masked_mlp.h"
#include "compiler/lower/staircase.h"

#include <math.h>

int masked_tensor_count(const MaskedShape *shape)
{
    return 2 * (shape->net->hidden_count + 1);
}

int64_t masked_width(const MaskedShape *shape, int layer)
{
    if (layer < 0)
        return shape->features + shape->size;
    return layer < shape->net->hidden_count ? shape->net->hidden[layer] : shape->size * shape->numbers;
}

/* With features some unit must see them alone: where there are too few for all degrees, the first has the degree 0 and the
 * last the highest. */
static int64_t degree_with_features(int64_t size, int64_t width, int64_t unit)
{
    if (2 * width > size || width == 1)
        return (2 * unit + 1) * size / (2 * width);
    return unit * (size - 1) / (width - 1);
}

int64_t masked_degree(const MaskedShape *shape, int layer, int64_t unit)
{
    if (layer < 0)
        return unit < shape->features ? 0 : unit - shape->features + 1;
    if (layer == shape->net->hidden_count)
        return unit / shape->numbers; /* what the outputs may see */
    if (shape->features > 0)
        return degree_with_features(shape->size, masked_width(shape, layer), unit);
    return 1 + (2 * unit + 1) * (shape->size - 1) / (2 * masked_width(shape, layer));
}

const int64_t *masked_degrees(Arena *arena, const MaskedShape *shape, int layer)
{
    int64_t count = masked_width(shape, layer), *list = ARENA_ARRAY(arena, int64_t, count);
    for (int64_t i = 0; i < count; i++)
        list[i] = masked_degree(shape, layer, i);
    return list;
}

static Staircase mask(Arena *arena, const MaskedShape *shape, int layer)
{
    return (Staircase){masked_width(shape, layer), masked_width(shape, layer - 1), masked_degrees(arena, shape, layer),
                       masked_degrees(arena, shape, layer - 1), false};
}

bool masked_adds_input(const MaskedShape *shape, int layer)
{
    return shape->net->residual && layer > 0 && layer < shape->net->hidden_count &&
           masked_width(shape, layer) == masked_width(shape, layer - 1);
}

/* ---- tensors ----------------------------------------------------------------------------------------------------- */

void masked_declare(Lower *lower, const MaskedShape *shape, const char *path)
{
    for (int layer = 0; layer <= shape->net->hidden_count; layer++) {
        int64_t size[] = {masked_width(shape, layer), masked_width(shape, layer - 1)};
        double limit = mlp_weight_limit(shape->net, layer, size[1], size[0]);
        int weight = lower->program->tensor_count;
        lower_add_tensor(lower, arena_print(lower->arena, "%s.%d.weight", path, layer), 2, size, INIT_UNIFORM, limit,
                         shape->net->span);
        lower_add_tensor(lower, arena_print(lower->arena, "%s.%d.bias", path, layer), 1, size, INIT_CONSTANT, 0,
                         shape->net->span);
        lower_add_initialised(lower, weight);
    }
}

void masked_initialise(Lower *lower, IrBuilder *builder, const MaskedShape *shape, int first_tensor)
{
    for (int layer = 0; layer <= shape->net->hidden_count; layer++) {
        int tensor = first_tensor + 2 * layer;
        Staircase stairs = mask(lower->arena, shape, layer);
        lower->first_values[tensor] = staircase_masked(builder, &stairs, flow_tensor(lower, builder, tensor));
    }
}

void masked_inputs(IrFunction *function, const MaskedShape *shape, const char *prefix, IrId *inputs)
{
    Arena *arena = function->module->arena;
    for (int layer = 0; layer <= shape->net->hidden_count; layer++) {
        int64_t size[] = {masked_width(shape, layer), masked_width(shape, layer - 1)};
        inputs[2 * layer] = ir_input(function, arena_print(arena, "%s_%d_weight", prefix, layer),
                                     ir_type(IR_REAL, IR_KIND_PARAMETER, 2, size));
        inputs[2 * layer + 1] = ir_input(function, arena_print(arena, "%s_%d_bias", prefix, layer),
                                         ir_type(IR_REAL, IR_KIND_PARAMETER, 1, size));
    }
}

void masked_describe(const MaskedShape *shape, Text *out)
{
    for (int layer = -1; layer < shape->net->hidden_count; layer++)
        text_print(out, "%lld -> ", (long long)masked_width(shape, layer));
    text_print(out, "%lld x %lld, %s", (long long)shape->size, (long long)shape->numbers,
               mlp_activation_text(shape->net->activation));
    text_put(out, shape->features > 0 ? ", the conditions before its inputs" : "");
    text_put(out, shape->net->residual ? ", each hidden layer added to the next where widths agree" : "");
}

/* ---- all components at once -------------------------------------------------------------------------------------- */

IrId masked_apply(IrBuilder *builder, const MaskedShape *shape, const IrId *tensors, IrId features, IrId x)
{
    Arena *arena = builder->function->module->arena;
    int64_t size[] = {shape->size, shape->numbers};
    if (features >= 0)
        x = ir_concat(builder, 0, 2, (IrId[]){features, x});
    for (int layer = 0; layer <= shape->net->hidden_count; layer++) {
        Staircase stairs = mask(arena, shape, layer);
        IrId sums = staircase_apply(builder, &stairs, tensors[2 * layer], x, tensors[2 * layer + 1]);
        if (layer == shape->net->hidden_count)
            return ir_reshape(builder, sums, 2, size);
        IrId hidden = mlp_activate(builder, shape->net->activation, sums);
        x = ir_name(builder->function, masked_adds_input(shape, layer) ? ir_binary(builder, IR_ADD, x, hidden) : hidden,
                    "hidden");
    }
    return x;
}
