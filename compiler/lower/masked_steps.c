/* SPDX-License-Identifier: MIT */
/* Masked nets, component by component: what an output needs of the net is known before the component that it is for, so
 * in each step the units compute themselves whose inputs have just become known, and no unit is computed twice. Small
 * nets are written out, each step with the rows and columns that it needs. In large ones a step is a scan's, all steps
 * of one form: every layer's sums are carried, and a unit that has become known adds itself to the sums of the next. */
#include "compiler/lower/masked_mlp.h"
#include "compiler/lower/staircase.h"

/* So many contractions are written out: twice as fast as a scan, but each is code to compile. */
enum { WRITTEN_MAX = 32 };

/* Calls the component's function; *more is -1 where it has no second output. */
static IrId make_component(IrBuilder *builder, IrFunction *component, IrId numbers, IrId value, IrId *more)
{
    IrId operands[] = {numbers, value}, results[2] = {-1, -1};
    ir_call(builder, component, 2, operands, results);
    *more = results[1];
    return results[0];
}

/* ---- written out ------------------------------------------------------------------------------------------------- */

/* How many units of a layer have at most this degree. */
static int64_t known_count(const MaskedShape *shape, int layer, int64_t most)
{
    int64_t count = 0;
    while (count < masked_width(shape, layer) && masked_degree(shape, layer, count) <= most)
        count++;
    return count;
}

/* Rows first.. of a layer's sums: those rows of its matrix times what is known of the layer before; `known` is -1 where
 * that is nothing. */
static IrId some_sums(IrBuilder *builder, const IrId *tensors, int64_t first, int64_t count, IrId known)
{
    IrId start = ir_slice(builder, tensors[1], 0, first, count);
    if (known < 0)
        return start;
    IrId rows = ir_slice(builder, tensors[0], 0, first, count);
    rows = ir_slice(builder, rows, 1, 0, ir_type_of(builder->function, known)->size[0]);
    return ir_contract(builder, "ij,j->i", rows, known, start);
}

static void append(IrBuilder *builder, IrId *known, IrId more)
{
    IrId parts[] = {*known, more};
    *known = *known < 0 ? more : ir_concat(builder, 0, 2, parts);
}

/* The hidden units of this degree, layer by layer; known[layer + 1] is what is known of a layer. */
static void add_units(IrBuilder *builder, const MaskedShape *shape, const IrId *tensors, int64_t m, IrId *known)
{
    for (int layer = 0; layer < shape->net->hidden_count; layer++) {
        int64_t first = known_count(shape, layer, m - 1), count = known_count(shape, layer, m) - first;
        if (count == 0)
            continue;
        IrId sums = some_sums(builder, tensors + 2 * layer, first, count, known[layer]);
        IrId units = mlp_activate(builder, shape->net->activation, sums);
        if (masked_adds_input(shape, layer))
            units = ir_binary(builder, IR_ADD, ir_slice(builder, known[layer], 0, first, count), units);
        append(builder, &known[layer + 1], ir_name(builder->function, units, "hidden"));
    }
}

/* The units of each layer that the features alone make known; -1: none. known[layer + 1] is what is known of a layer. */
static IrId *first_units(IrBuilder *builder, const MaskedShape *shape, const IrId *tensors, IrId features)
{
    int layers = shape->net->hidden_count + 1;
    IrId *known = ARENA_ARRAY(builder->function->module->arena, IrId, layers + 1);
    for (int layer = 0; layer <= layers; layer++)
        known[layer] = -1;
    known[0] = features;
    if (features >= 0)
        add_units(builder, shape, tensors, 0, known);
    return known;
}

static void write_out(IrBuilder *builder, const MaskedShape *shape, const IrId *tensors, IrFunction *component,
                      IrId features, IrId values, IrId *x, IrId *more)
{
    Arena *arena = builder->function->module->arena;
    int layers = shape->net->hidden_count + 1;
    IrId *known = first_units(builder, shape, tensors, features), *others = ARENA_ARRAY(arena, IrId, shape->size);
    const int64_t one = 1;
    for (int64_t i = 0; i < shape->size; i++) {
        IrId numbers =
            some_sums(builder, tensors + 2 * (layers - 1), i * shape->numbers, shape->numbers, known[layers - 1]);
        IrId made = make_component(builder, component, numbers, ir_element(builder, values, i), &others[i]);
        append(builder, &known[0], ir_reshape(builder, made, 1, &one));
        if (i < shape->size - 1)
            add_units(builder, shape, tensors, i + 1, known);
    }
    *x = features < 0 ? known[0] : ir_slice(builder, known[0], 0, shape->features, shape->size);
    *more = others[0] < 0 ? -1 : ir_stack(builder, (int)shape->size, others);
}

/* ---- as a scan --------------------------------------------------------------------------------------------------- */

/* Units of a layer that the features alone make known: the first ones. */
static int64_t known_at_first(const MaskedShape *shape, int layer)
{
    return shape->features > 0 ? known_count(shape, layer, 0) : 0;
}

/* Units that one step makes known: those of one degree, or fewer and some that are none. */
static int64_t group(const MaskedShape *shape, int layer)
{
    if (layer < 0)
        return 1;
    int64_t largest = 0, run = 0;
    for (int64_t i = 0; i < masked_width(shape, layer); i++) {
        if (masked_degree(shape, layer, i) == 0)
            continue; /* known before the first step */
        run = i > 0 && masked_degree(shape, layer, i) == masked_degree(shape, layer, i - 1) ? run + 1 : 1;
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
    int64_t each = group(shape, layer), count = each * shape->size, total = masked_width(shape, layer);
    Groups groups = {count, ARENA_ARRAY(arena, int64_t, count), ARENA_ARRAY(arena, int64_t, count),
                     ARENA_ARRAY(arena, int64_t, count)};
    int64_t *filled = ARENA_ARRAY(arena, int64_t, shape->size);
    for (int64_t i = 0; i < count; i++)
        groups.seen[i] = shape->size + 1;
    for (int64_t unit = known_at_first(shape, layer); unit < total; unit++) {
        int64_t m = masked_degree(shape, layer, unit), place = (m - 1) * each + filled[m - 1]++;
        groups.units[place] = unit;
        groups.sees[place] = groups.seen[place] = m;
    }
    return groups;
}

/* The sums that are carried: of the outputs, or of hidden units in groups; the last group, of degree `size`, is empty. */
static int64_t sum_count(const MaskedShape *shape, int layer)
{
    return layer == shape->net->hidden_count ? masked_width(shape, layer) : group(shape, layer) * (shape->size - 1);
}

/* The function of one step and its inputs. */
typedef struct Step {
    const MaskedShape *shape;
    IrBuilder builder;
    IrId number;         /* of the step */
    IrId *sums, *slices; /* the carried sums of each layer; the columns of each matrix that this step adds */
} Step;

static IrId take(Step *step, IrId value, IrId row)
{
    IrId operands[] = {value, row};
    return ir_append(step->builder.function,
                     (IrOp){.code = IR_TAKE, .operand_count = 2, .operands = operands, .span = step->builder.span});
}

static IrId begin_step(Step *step, Arena *arena)
{
    const MaskedShape *shape = step->shape;
    IrFunction *function = step->builder.function;
    int layers = shape->net->hidden_count + 1;
    step->sums = ARENA_ARRAY(arena, IrId, layers);
    step->slices = ARENA_ARRAY(arena, IrId, layers);
    step->number = ir_input(function, "step", ir_type_scalar(IR_INT, IR_KIND_SCALAR));
    for (int layer = 0; layer < layers; layer++) {
        int64_t size = sum_count(shape, layer);
        step->sums[layer] =
            ir_input(function, arena_print(arena, "sums_%d", layer), ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &size));
    }
    IrId value = ir_input(function, "value", ir_type_scalar(IR_REAL, IR_KIND_SAMPLE));
    for (int layer = 0; layer < layers; layer++) {
        int64_t size[] = {sum_count(shape, layer), group(shape, layer - 1)};
        step->slices[layer] =
            ir_input(function, arena_print(arena, "columns_%d", layer), ir_type(IR_REAL, IR_KIND_SHARED, 2, size));
    }
    return value;
}

/* Of the units in groups, those of this step. Nothing sees what the last step takes. */
static IrId take_group(Step *step, int layer, IrId sums)
{
    int64_t groups = step->shape->size - 1, size[] = {groups, group(step->shape, layer)};
    IrId last = ir_constant_int(&step->builder, groups - 1);
    return take(step, ir_reshape(&step->builder, sums, 2, size), ir_binary(&step->builder, IR_MIN, step->number, last));
}

static IrFunction *make_step(Lower *lower, const MaskedShape *shape, IrFunction *component, Span span)
{
    IrFunction *function = ir_function_new(lower->module, arena_print(lower->arena, "%s_step", component->name));
    Step step = {.shape = shape, .builder = {.function = function, .span = span}};
    int layers = shape->net->hidden_count + 1;
    const int64_t one = 1, outputs[] = {shape->size, shape->numbers};
    function->span = span;
    function->note =
        "One component: its numbers are known, it is made, and the units that waited for it add themselves to "
        "the sums of the layer after them.";
    IrId value = begin_step(&step, lower->arena), more;
    IrId numbers = take(&step, ir_reshape(&step.builder, step.sums[layers - 1], 2, outputs), step.number);
    IrId x = make_component(&step.builder, component, ir_name(function, numbers, "numbers"), value, &more);
    IrId known = ir_reshape(&step.builder, x, 1, &one);
    for (int layer = 0; layer < layers; layer++) {
        IrId sums = ir_contract(&step.builder, "ij,j->i", step.slices[layer], known, step.sums[layer]);
        ir_output(function, arena_print(lower->arena, "sums_%d", layer), sums);
        if (layer == layers - 1)
            break;
        IrId hidden = mlp_activate(&step.builder, shape->net->activation, take_group(&step, layer, sums));
        known = masked_adds_input(shape, layer) ? ir_binary(&step.builder, IR_ADD, known, hidden) : hidden;
        ir_name(function, known, "hidden");
    }
    ir_output(function, "x", x);
    if (more >= 0)
        ir_output(function, component->output_names[1], more);
    return function;
}

/* A layer's matrix with rows and columns in groups and zeros where its mask has them, cut into the columns of each
 * step: [size, rows, group]; and its sums in groups before the first step: its bias and, of the layer before, the units
 * `known` (-1: none). */
static IrId step_matrix(IrBuilder *builder, const MaskedShape *shape, int layer, IrId weight, IrId known, IrId *bias)
{
    static const int64_t AXES[] = {1, 0, 2};
    Arena *arena = builder->function->module->arena;
    bool last = layer == shape->net->hidden_count;
    Groups columns = groups_of(arena, shape, layer - 1), rows = {masked_width(shape, layer), NULL, NULL, NULL};
    Staircase stairs = {.columns = columns.count, .column_keys = columns.seen};
    if (!last) {
        rows = groups_of(arena, shape, layer);
        rows.count = sum_count(shape, layer);
        weight = ir_gather(builder, weight, 0, rows.count, rows.units);
        *bias = ir_gather(builder, *bias, 0, rows.count, rows.units);
    }
    if (known >= 0) {
        IrId first = ir_slice(builder, weight, 1, 0, known_at_first(shape, layer - 1));
        *bias = ir_contract(builder, "ij,j->i", first, known, *bias);
    }
    weight = ir_gather(builder, weight, 1, columns.count, columns.units);
    stairs.rows = rows.count;
    stairs.row_keys = last ? masked_degrees(arena, shape, layer) : rows.sees;
    weight = staircase_masked(builder, &stairs, weight);
    int64_t size[] = {rows.count, shape->size, group(shape, layer - 1)};
    return ir_transpose(builder, ir_reshape(builder, weight, 3, size), AXES);
}

static void scan(Lower *lower, IrBuilder *builder, const MaskedShape *shape, const IrId *tensors, IrFunction *component,
                 IrId features, IrId values, IrId *x, IrId *more)
{
    int layers = shape->net->hidden_count + 1, count = 2 * layers + 1;
    IrFunction *step = make_step(lower, shape, component, builder->span);
    IrId *operands = ARENA_ARRAY(lower->arena, IrId, count), *results = ARENA_ARRAY(lower->arena, IrId, layers + 2);
    const IrId *known = first_units(builder, shape, tensors, features);
    for (int layer = 0; layer < layers; layer++) {
        IrId bias = tensors[2 * layer + 1];
        operands[layers + 1 + layer] = step_matrix(builder, shape, layer, tensors[2 * layer], known[layer], &bias);
        operands[layer] = bias;
    }
    operands[layers] = values;
    ir_scan(builder, step, shape->size, layers, layers + 1, false, count, operands, results);
    *x = results[layers];
    *more = step->output_count > layers + 1 ? results[layers + 1] : -1;
}

bool masked_steps_fit(const MaskedShape *shape)
{
    const int layers = shape->net->hidden_count + 1;
    for (int layer = 0; layer < layers; layer++) {
        int64_t rows = layer == layers - 1 ? masked_width(shape, layer) : sum_count(shape, layer);
        if (rows > IR_COUNT_MAX / (shape->size * group(shape, layer - 1)))
            return false;
    }
    return true;
}

void masked_apply_steps(Lower *lower, IrBuilder *builder, const MaskedShape *shape, const IrId *tensors,
                        IrFunction *component, IrId features, IrId values, IrId *x, IrId *more)
{
    if (shape->size * (shape->net->hidden_count + 1) <= WRITTEN_MAX)
        write_out(builder, shape, tensors, component, features, values, x, more);
    else
        scan(lower, builder, shape, tensors, component, features, values, x, more);
}
