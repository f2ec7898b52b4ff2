/* SPDX-License-Identifier: MIT */
/* Columns of tables that are not real numbers, between what the layers model and the configuration. A positive component
 * is x = exp(y), so that log q(x) = log q(y) - y. An integer k is the interval [k, k + 1): training adds a uniform draw
 * to each (Uria, Murray and Larochelle 2013; Theis, van den Oord and Bethge 2016, section 3.1), so the layers learn a
 * density q with log P(k) = log of q's mass there >= E_u log q(k + u). */
#include "compiler/lower/lower.h"
#include "runtime/core/random.h"

/* What floats hold: exp(y) is cut to this, and a logarithm is taken of nothing smaller. */
static const double LEAST_POSITIVE = 0x1p-126, MOST_POSITIVE = 0x1.fffffep127;

typedef struct Chosen {
    int64_t count;
    int64_t *components; /* in rising order */
} Chosen;

static Chosen chosen(const Lower *lower, ColumnKind kind)
{
    const ColumnKind *kinds = lower->spec->kinds;
    int64_t dimension = lower->program->dimension;
    Chosen result = {0};
    if (kinds == NULL)
        return result;
    result.components = ARENA_ARRAY(lower->arena, int64_t, dimension);
    for (int64_t i = 0; i < dimension; i++)
        if (kinds[i] == kind)
            result.components[result.count++] = i;
    return result;
}

IrId columns_pick(const Lower *lower, IrBuilder *builder, int64_t count, const int64_t *components, IrId x)
{
    return count == lower->program->dimension ? x : ir_gather(builder, x, 0, count, components);
}

IrId columns_put_back(const Lower *lower, IrBuilder *builder, int64_t count, const int64_t *components, IrId x,
                      IrId values)
{
    int64_t dimension = lower->program->dimension;
    if (count == dimension)
        return values;
    IrId both[] = {x, values};
    int64_t *table = ARENA_ARRAY(lower->arena, int64_t, dimension);
    for (int64_t i = 0; i < dimension; i++)
        table[i] = i;
    for (int64_t i = 0; i < count; i++)
        table[components[i]] = dimension + i;
    return ir_gather(builder, ir_concat(builder, 0, 2, both), 0, dimension, table);
}

IrId columns_enter(Lower *lower, IrBuilder *builder, IrId y, IrId *log_det)
{
    Chosen positive = chosen(lower, COLUMN_POSITIVE);
    *log_det = -1;
    if (positive.count == 0)
        return y;
    builder->span = lower->spec->system_span;
    builder->note = "positive components: x = exp(y), log|det J| = sum y";
    IrId of = columns_pick(lower, builder, positive.count, positive.components, y);
    *log_det = ir_reduce_all(builder, IR_REDUCE_SUM, of);
    IrId x = ir_binary(builder, IR_MAX, ir_unary(builder, IR_EXP, of), ir_constant(builder, LEAST_POSITIVE));
    x = ir_binary(builder, IR_MIN, x, ir_constant(builder, MOST_POSITIVE));
    return columns_put_back(lower, builder, positive.count, positive.components, y, x);
}

IrId columns_leave(Lower *lower, IrBuilder *builder, IrId x, IrId *log_det)
{
    Chosen positive = chosen(lower, COLUMN_POSITIVE);
    *log_det = -1;
    if (positive.count == 0)
        return x;
    builder->span = lower->spec->system_span;
    builder->note = "positive components: y = log x, log|det J| = -sum log x";
    IrId of = columns_pick(lower, builder, positive.count, positive.components, x);
    IrId y = ir_unary(builder, IR_LOG, ir_binary(builder, IR_MAX, of, ir_constant(builder, LEAST_POSITIVE)));
    *log_det = ir_unary(builder, IR_NEG, ir_reduce_all(builder, IR_REDUCE_SUM, y));
    return columns_put_back(lower, builder, positive.count, positive.components, x, y);
}

IrId columns_log_inside(Lower *lower, IrBuilder *builder, IrId x)
{
    Chosen positive = chosen(lower, COLUMN_POSITIVE);
    if (positive.count == 0)
        return -1;
    builder->span = lower->spec->system_span;
    builder->note = "0 where positive components are, minus infinity elsewhere";
    IrId of = columns_pick(lower, builder, positive.count, positive.components, x);
    IrId minus_least = ir_reduce_all(builder, IR_REDUCE_MAX, ir_unary(builder, IR_NEG, of));
    IrId inside = ir_unary(builder, IR_TO_REAL, ir_binary(builder, IR_LESS, minus_least, ir_constant(builder, 0)));
    return ir_name(builder->function, ir_unary(builder, IR_LOG, inside), "log_positive");
}

IrId columns_dequantise(Lower *lower, IrBuilder *builder, IrId data)
{
    Chosen integers = chosen(lower, COLUMN_INTEGER);
    if (integers.count == 0)
        return data;
    builder->span = lower->spec->system_span;
    builder->note = "integers: k + u, u uniform in (0, 1)";
    IrType shape = ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &integers.count);
    IrId u = ir_draw(builder, IR_DRAW_UNIFORM, shape, RANDOM_DEQUANTISE, 0, -1, 0);
    IrId k = columns_pick(lower, builder, integers.count, integers.components, data);
    IrId x = ir_binary(builder, IR_ADD, k, ir_name(builder->function, u, "u"));
    x = columns_put_back(lower, builder, integers.count, integers.components, data, x);
    return ir_name(builder->function, x, "x");
}
