/* SPDX-License-Identifier: MIT */
/* Components with ranges: from where the layers are to the configuration and back. A flow from a uniform base lives on
 * the box [-1, 1]^D, and only has to be stretched; any other lives on R^D, and ends in x = low + (high - low)
 * sigmoid(k y), of which k = 4 / sqrt(2 pi) is such that a standard normal becomes nearly uniform. Distances are those to
 * either end, x - low and high - x: near an end floats tell them apart, but not 1 - t from 1. */
#include "compiler/lower/lower.h"

#include <math.h>
#include <string.h>

static const double STEEPNESS = 1.5957691216057308; /* 4 / sqrt(2 pi) */
/* How far from an end a component is at least when it goes back to R, as a part of the range. */
static const double LEAST_PART = 1e-30;

/* The components with a range, in order. */
typedef struct Confined {
    int64_t count;
    int64_t *components;
    double *low, *high, *width;
} Confined;

static Confined confined(const Lower *lower, bool periodic, bool others)
{
    const ModelSpec *spec = lower->spec;
    int64_t dimension = lower->program->dimension;
    Confined result = {.components = ARENA_ARRAY(lower->arena, int64_t, dimension)};
    result.low = ARENA_ARRAY(lower->arena, double, dimension);
    result.high = ARENA_ARRAY(lower->arena, double, dimension);
    result.width = ARENA_ARRAY(lower->arena, double, dimension);
    for (int64_t i = 0; spec->low != NULL && i < dimension; i++) {
        bool is_circle = spec->periodic != NULL && spec->periodic[i];
        if (!isfinite(spec->low[i]) || !(is_circle ? periodic : others))
            continue;
        result.components[result.count] = i;
        result.low[result.count] = spec->low[i];
        result.high[result.count] = spec->high[i];
        result.width[result.count++] = spec->high[i] - spec->low[i];
    }
    return result;
}

static IrId row(IrBuilder *builder, int64_t count, const double *values)
{
    return ir_constant_array(builder, ir_type(IR_REAL, IR_KIND_CONSTANT, 1, &count), values);
}

static IrId pick(const Lower *lower, IrBuilder *builder, const Confined *range, IrId x)
{
    return columns_pick(lower, builder, range->count, range->components, x);
}

static IrId put_back(const Lower *lower, IrBuilder *builder, const Confined *range, IrId x, IrId values)
{
    return columns_put_back(lower, builder, range->count, range->components, x, values);
}

static double log_volume(const Confined *range, double factor)
{
    double sum = 0;
    for (int64_t i = 0; i < range->count; i++)
        sum += log(factor * range->width[i]);
    return sum;
}

/* Within the range whatever the rounding does. */
static IrId clamp(IrBuilder *builder, const Confined *range, IrId x)
{
    IrId low = row(builder, range->count, range->low), high = row(builder, range->count, range->high);
    return ir_binary(builder, IR_MIN, ir_binary(builder, IR_MAX, x, low), high);
}

/* low + width part */
static IrId place(IrBuilder *builder, const Confined *range, IrId part)
{
    IrId x = ir_binary(builder, IR_MUL, part, row(builder, range->count, range->width));
    return clamp(builder, range, ir_binary(builder, IR_ADD, x, row(builder, range->count, range->low)));
}

/* low + width sigmoid(steep), or the same from the other end, whichever is nearer: 1 - sigmoid has no digits near 1. */
static IrId place_sigmoid(IrBuilder *builder, const Confined *range, IrId steep)
{
    IrId is_low = ir_binary(builder, IR_LESS, steep, ir_constant(builder, 0));
    IrId nearer = ir_select(builder, is_low, steep, ir_unary(builder, IR_NEG, steep));
    IrId distance =
        ir_binary(builder, IR_MUL, ir_unary(builder, IR_SIGMOID, nearer), row(builder, range->count, range->width));
    IrId from_low = ir_binary(builder, IR_ADD, row(builder, range->count, range->low), distance);
    IrId from_high = ir_binary(builder, IR_SUB, row(builder, range->count, range->high), distance);
    return clamp(builder, range, ir_select(builder, is_low, from_low, from_high));
}

IrId range_enter(Lower *lower, IrBuilder *builder, IrId y, IrId *log_det)
{
    Confined range = confined(lower, true, true);
    *log_det = -1;
    if (range.count == 0)
        return y;
    IrId of = pick(lower, builder, &range, y);
    if (lower->spec->base == BASE_UNIFORM) {
        builder->note = "from the box [-1, 1]^D to the components' ranges";
        IrId part = ir_binary(builder, IR_MUL, of, ir_constant(builder, 0.5));
        part = ir_binary(builder, IR_ADD, part, ir_constant(builder, 0.5));
        *log_det = ir_constant(builder, log_volume(&range, 0.5));
        return put_back(lower, builder, &range, y, place(builder, &range, part));
    }
    builder->note = "into the ranges: x = low + (high - low) sigmoid(k y)";
    IrId steep = ir_binary(builder, IR_MUL, of, ir_constant(builder, STEEPNESS));
    IrId both = ir_binary(builder, IR_ADD, ir_unary(builder, IR_SOFTPLUS, steep),
                          ir_unary(builder, IR_SOFTPLUS, ir_unary(builder, IR_NEG, steep)));
    IrId constant = ir_constant(builder, log_volume(&range, STEEPNESS));
    *log_det = ir_binary(builder, IR_SUB, constant, ir_reduce_all(builder, IR_REDUCE_SUM, both));
    IrId x = place_sigmoid(builder, &range, steep);
    return put_back(lower, builder, &range, y, x);
}

/* (x - low) / width */
static IrId part_of(IrBuilder *builder, const Confined *range, IrId x)
{
    IrId from = ir_binary(builder, IR_SUB, x, row(builder, range->count, range->low));
    return ir_binary(builder, IR_DIV, from, row(builder, range->count, range->width));
}

/* log of the part of the range that lies between x and an end. Where x is the end itself, it is taken for half of the way to
 * the float next to it. */
static IrId log_distance(const Lower *lower, IrBuilder *builder, const Confined *range, const double *end, IrId part)
{
    double *least = ARENA_ARRAY(lower->arena, double, range->count);
    for (int64_t i = 0; i < range->count; i++)
        least[i] = fmax(fabs(end[i]) / range->width[i] * 0x1p-25, LEAST_PART);
    return ir_unary(builder, IR_LOG, ir_binary(builder, IR_MAX, part, row(builder, range->count, least)));
}

IrId range_leave(Lower *lower, IrBuilder *builder, IrId x, IrId *log_det)
{
    Confined range = confined(lower, true, true);
    *log_det = -1;
    if (range.count == 0)
        return x;
    IrId of = pick(lower, builder, &range, x), part = part_of(builder, &range, of);
    if (lower->spec->base == BASE_UNIFORM) {
        builder->note = "from the components' ranges to the box [-1, 1]^D";
        IrId u = ir_binary(builder, IR_SUB, ir_binary(builder, IR_MUL, part, ir_constant(builder, 2)),
                           ir_constant(builder, 1));
        *log_det = ir_constant(builder, -log_volume(&range, 0.5));
        return put_back(lower, builder, &range, x, u);
    }
    builder->note = "out of the ranges: y = log(t / (1 - t)) / k, t = (x - low) / (high - low)";
    IrId rest = ir_binary(builder, IR_SUB, row(builder, range.count, range.high), of);
    rest = ir_binary(builder, IR_DIV, rest, row(builder, range.count, range.width));
    IrId log_part = log_distance(lower, builder, &range, range.low, part);
    IrId log_rest = log_distance(lower, builder, &range, range.high, rest);
    IrId y =
        ir_binary(builder, IR_MUL, ir_binary(builder, IR_SUB, log_part, log_rest), ir_constant(builder, 1 / STEEPNESS));
    IrId both = ir_reduce_all(builder, IR_REDUCE_SUM, ir_binary(builder, IR_ADD, log_part, log_rest));
    IrId constant = ir_constant(builder, -log_volume(&range, STEEPNESS));
    *log_det = ir_binary(builder, IR_SUB, constant, both);
    return put_back(lower, builder, &range, x, y);
}

IrId range_wrap(Lower *lower, IrBuilder *builder, IrId x)
{
    Confined range = confined(lower, true, false);
    if (range.count == 0)
        return x;
    builder->note = "periodic components: x - (high - low) floor((x - low) / (high - low))";
    IrId of = pick(lower, builder, &range, x);
    IrId turns = ir_unary(builder, IR_FLOOR, part_of(builder, &range, of));
    IrId back = ir_binary(builder, IR_MUL, turns, row(builder, range.count, range.width));
    return put_back(lower, builder, &range, x, ir_binary(builder, IR_SUB, of, back));
}

IrId range_log_inside(Lower *lower, IrBuilder *builder, IrId x)
{
    Confined range = confined(lower, false, true);
    if (range.count == 0)
        return -1;
    builder->note = "0 inside of the ranges, minus infinity outside";
    IrId of = pick(lower, builder, &range, x);
    IrId above = ir_binary(builder, IR_LESS_EQUAL, row(builder, range.count, range.low), of);
    IrId below = ir_binary(builder, IR_LESS_EQUAL, of, row(builder, range.count, range.high));
    IrId inside = ir_unary(builder, IR_TO_REAL, ir_binary(builder, IR_AND, above, below));
    IrId most = ir_constant(builder, 0.5 - (double)range.count); /* the sum of all, but for one half */
    IrId all = ir_binary(builder, IR_ADD, ir_reduce_all(builder, IR_REDUCE_SUM, inside), most);
    IrId is_inside = ir_binary(builder, IR_LESS, ir_constant(builder, 0), all);
    return ir_name(builder->function, ir_unary(builder, IR_LOG, ir_unary(builder, IR_TO_REAL, is_inside)),
                   "log_inside");
}
