/* SPDX-License-Identifier: MIT */
/* Masked nets (Germain, Gregor, Murray, Larochelle 2015). Input i has the degree i + 1; a hidden unit of degree m sees
 * what has degrees up to m; the outputs for component i see hidden units of degrees up to i, that is inputs before i.
 * Hidden units stand in the order of their degrees, so that every mask is a staircase. */
#include "compiler/lower/masked_mlp.h"
#include "compiler/lower/staircase.h"

#include <math.h>

int masked_tensor_count(const MaskedShape *shape)
{
    return 2 * (shape->net->hidden_count + 1);
}

/* Of a layer's units: -1 the inputs, hidden_count the outputs. */
static int64_t width(const MaskedShape *shape, int layer)
{
    if (layer < 0)
        return shape->size;
    return layer < shape->net->hidden_count ? shape->net->hidden[layer] : shape->size * shape->numbers;
}

/* Degrees of hidden units are spread over 1 to size - 1. */
static int64_t degree(const MaskedShape *shape, int layer, int64_t unit)
{
    if (layer < 0)
        return unit + 1;
    if (layer == shape->net->hidden_count)
        return unit / shape->numbers; /* what the outputs may see */
    return 1 + (2 * unit + 1) * (shape->size - 1) / (2 * width(shape, layer));
}

static const int64_t *degrees(Arena *arena, const MaskedShape *shape, int layer)
{
    int64_t count = width(shape, layer), *list = ARENA_ARRAY(arena, int64_t, count);
    for (int64_t i = 0; i < count; i++)
        list[i] = degree(shape, layer, i);
    return list;
}

static Staircase mask(Arena *arena, const MaskedShape *shape, int layer)
{
    return (Staircase){width(shape, layer), width(shape, layer - 1), degrees(arena, shape, layer),
                       degrees(arena, shape, layer - 1), false};
}

static bool adds_input(const MaskedShape *shape, int layer)
{
    return shape->net->residual && layer > 0 && layer < shape->net->hidden_count &&
           width(shape, layer) == width(shape, layer - 1);
}

/* ---- tensors ----------------------------------------------------------------------------------------------------- */

void masked_declare(Lower *lower, const MaskedShape *shape, const char *path)
{
    for (int layer = 0; layer <= shape->net->hidden_count; layer++) {
        int64_t size[] = {width(shape, layer), width(shape, layer - 1)};
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
        int64_t size[] = {width(shape, layer), width(shape, layer - 1)};
        inputs[2 * layer] = ir_input(function, arena_print(arena, "%s_%d_weight", prefix, layer),
                                     ir_type(IR_REAL, IR_KIND_PARAMETER, 2, size));
        inputs[2 * layer + 1] = ir_input(function, arena_print(arena, "%s_%d_bias", prefix, layer),
                                         ir_type(IR_REAL, IR_KIND_PARAMETER, 1, size));
    }
}

void masked_describe(const MaskedShape *shape, Text *out)
{
    for (int layer = -1; layer < shape->net->hidden_count; layer++)
        text_print(out, "%lld -> ", (long long)width(shape, layer));
    text_print(out, "%lld x %lld, %s", (long long)shape->size, (long long)shape->numbers,
               mlp_activation_text(shape->net->activation));
    text_put(out, shape->net->residual ? ", each hidden layer added to the next where widths agree" : "");
}

/* ---- all components at once -------------------------------------------------------------------------------------- */

IrId masked_apply(IrBuilder *builder, const MaskedShape *shape, const IrId *tensors, IrId x)
{
    Arena *arena = builder->function->module->arena;
    int64_t size[] = {shape->size, shape->numbers};
    for (int layer = 0; layer <= shape->net->hidden_count; layer++) {
        Staircase stairs = mask(arena, shape, layer);
        IrId sums = staircase_apply(builder, &stairs, tensors[2 * layer], x, tensors[2 * layer + 1]);
        if (layer == shape->net->hidden_count)
            return ir_reshape(builder, sums, 2, size);
        IrId hidden = mlp_activate(builder, shape->net->activation, sums);
        x = ir_name(builder->function, adds_input(shape, layer) ? ir_binary(builder, IR_ADD, x, hidden) : hidden,
                    "hidden");
    }
    return x;
}

/* ---- component by component -------------------------------------------------------------------------------------- */

/* Units that one step makes known: those of one degree, or fewer and some that are none. */
static int64_t group(const MaskedShape *shape, int layer)
{
    if (layer < 0)
        return 1;
    int64_t largest = 0, run = 0;
    for (int64_t i = 0; i < width(shape, layer); i++) {
        run = i > 0 && degree(shape, layer, i) == degree(shape, layer, i - 1) ? run + 1 : 1;
        largest = run > largest ? run : largest;
    }
    return largest;
}

/* Units in groups of one size, one for each degree from 1 to `size`. Where a group has too few, unit 0 stands for one
 * that sees nothing (its degree is 0) and that nobody sees (more than everything). */
typedef struct Groups {
    int64_t count, *units, *sees, *seen;
} Groups;

static Groups groups_of(Arena *arena, const MaskedShape *shape, int layer)
{
    int64_t each = group(shape, layer), count = each * shape->size, total = width(shape, layer);
    Groups groups = {count, ARENA_ARRAY(arena, int64_t, count), ARENA_ARRAY(arena, int64_t, count),
                     ARENA_ARRAY(arena, int64_t, count)};
    int64_t *filled = ARENA_ARRAY(arena, int64_t, shape->size);
    for (int64_t i = 0; i < count; i++)
        groups.seen[i] = shape->size + 1;
    for (int64_t unit = 0; unit < total; unit++) {
        int64_t m = degree(shape, layer, unit), place = (m - 1) * each + filled[m - 1]++;
        groups.units[place] = unit;
        groups.sees[place] = groups.seen[place] = m;
    }
    return groups;
}

/* The sums that are carried: of the outputs, or of hidden units in groups; the last group, of degree `size`, is empty. */
static int64_t sum_count(const MaskedShape *shape, int layer)
{
    return layer == shape->net->hidden_count ? width(shape, layer) : group(shape, layer) * (shape->size - 1);
}

MaskedSteps masked_steps_begin(Lower *lower, const MaskedShape *shape, const char *name, Span span, IrId *value,
                               IrId *numbers)
{
    int layers = shape->net->hidden_count + 1;
    int64_t outputs[] = {shape->size, shape->numbers};
    MaskedSteps steps = {.shape = shape, .function = ir_function_new(lower->module, name)};
    steps.function->span = span;
    steps.function->note =
        "One component: its numbers are known, it is made, and the net's units that were waiting for it "
        "add themselves to the sums of the layer after them.";
    steps.builder = (IrBuilder){.function = steps.function, .span = span};
    steps.sums = ARENA_ARRAY(lower->arena, IrId, layers);
    steps.slices = ARENA_ARRAY(lower->arena, IrId, layers);
    steps.step = ir_input(steps.function, "step", ir_type_scalar(IR_INT, IR_KIND_SCALAR));
    for (int layer = 0; layer < layers; layer++) {
        int64_t size = sum_count(shape, layer);
        steps.sums[layer] = ir_input(steps.function, arena_print(lower->arena, "sums_%d", layer),
                                     ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &size));
    }
    *value = ir_input(steps.function, "value", ir_type_scalar(IR_REAL, IR_KIND_SAMPLE));
    for (int layer = 0; layer < layers; layer++) {
        int64_t size[] = {ir_type_of(steps.function, steps.sums[layer])->size[0], group(shape, layer - 1)};
        steps.slices[layer] = ir_input(steps.function, arena_print(lower->arena, "columns_%d", layer),
                                       ir_type(IR_REAL, IR_KIND_SHARED, 2, size));
    }
    IrId operands[] = {ir_reshape(&steps.builder, steps.sums[layers - 1], 2, outputs), steps.step};
    *numbers =
        ir_append(steps.function, (IrOp){.code = IR_TAKE, .operand_count = 2, .operands = operands, .span = span});
    ir_name(steps.function, *numbers, "numbers");
    return steps;
}

/* Of the units in groups, those of this step. Nothing sees what the last step takes. */
static IrId take_group(MaskedSteps *steps, int layer, IrId sums)
{
    int64_t groups = steps->shape->size - 1, size[] = {groups, group(steps->shape, layer)};
    IrId last = ir_constant_int(&steps->builder, groups - 1);
    IrId operands[] = {ir_reshape(&steps->builder, sums, 2, size),
                       ir_binary(&steps->builder, IR_MIN, steps->step, last)};
    return ir_append(steps->function,
                     (IrOp){.code = IR_TAKE, .operand_count = 2, .operands = operands, .span = steps->builder.span});
}

void masked_steps_end(MaskedSteps *steps, IrId x, IrId more)
{
    const MaskedShape *shape = steps->shape;
    const int64_t one = 1;
    IrId known = ir_reshape(&steps->builder, x, 1, &one);
    for (int layer = 0; layer <= shape->net->hidden_count; layer++) {
        IrId sums = ir_contract(&steps->builder, "ij,j->i", steps->slices[layer], known, steps->sums[layer]);
        ir_output(steps->function, arena_print(steps->function->module->arena, "sums_%d", layer), sums);
        if (layer == shape->net->hidden_count)
            break;
        IrId hidden = mlp_activate(&steps->builder, shape->net->activation, take_group(steps, layer, sums));
        known = adds_input(shape, layer) ? ir_binary(&steps->builder, IR_ADD, known, hidden) : hidden;
        ir_name(steps->function, known, "hidden");
    }
    ir_output(steps->function, "x", x);
    if (more >= 0)
        ir_output(steps->function, "log_slope", more);
}

/* A layer's matrix with rows and columns in groups and zeros where its mask has them, cut into the columns of each
 * step: [size, rows, group]; and its bias in groups. */
static IrId step_matrix(IrBuilder *builder, const MaskedShape *shape, int layer, IrId weight, IrId *bias)
{
    static const int64_t AXES[] = {1, 0, 2};
    Arena *arena = builder->function->module->arena;
    bool last = layer == shape->net->hidden_count;
    Groups columns = groups_of(arena, shape, layer - 1), rows = {width(shape, layer), NULL, NULL, NULL};
    Staircase stairs = {.columns = columns.count, .column_keys = columns.seen};
    if (!last) {
        rows = groups_of(arena, shape, layer);
        rows.count = sum_count(shape, layer);
        weight = ir_gather(builder, weight, 0, rows.count, rows.units);
        *bias = ir_gather(builder, *bias, 0, rows.count, rows.units);
    }
    weight = ir_gather(builder, weight, 1, columns.count, columns.units);
    stairs.rows = rows.count;
    stairs.row_keys = last ? degrees(arena, shape, layer) : rows.sees;
    weight = staircase_masked(builder, &stairs, weight);
    int64_t size[] = {rows.count, shape->size, group(shape, layer - 1)};
    return ir_transpose(builder, ir_reshape(builder, weight, 3, size), AXES);
}

void masked_steps_apply(IrBuilder *builder, const MaskedSteps *steps, const IrId *tensors, IrId values, IrId *x,
                        IrId *more)
{
    Arena *arena = builder->function->module->arena;
    int layers = steps->shape->net->hidden_count + 1, count = 2 * layers + 1;
    IrId *operands = ARENA_ARRAY(arena, IrId, count), *results = ARENA_ARRAY(arena, IrId, layers + 2);
    for (int layer = 0; layer < layers; layer++) {
        IrId bias = tensors[2 * layer + 1];
        operands[layers + 1 + layer] = step_matrix(builder, steps->shape, layer, tensors[2 * layer], &bias);
        operands[layer] = bias;
    }
    operands[layers] = values;
    ir_scan(builder, steps->function, steps->shape->size, layers, layers + 1, false, count, operands, results);
    *x = results[layers];
    *more = steps->function->output_count > layers + 1 ? results[layers + 1] : -1;
}
