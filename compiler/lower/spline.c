/* SPDX-License-Identifier: MIT */
/* Monotone rational-quadratic splines: one for each component, from numbers that a net gives. Every component's interval
 * is cut into bins; in a bin the map is a quotient of two quadratics that meets the knots with the slopes given there, so
 * it is invertible in closed form (Durkan, Bekasov, Murray, Papamakarios 2019, "Neural spline flows", eq. 4-8).
 *
 * With w, h a bin's width and height, s = h / w, d and d' the slopes at its two ends, theta = (x - left edge) / w:
 *
 *     y = lower edge + h (s theta^2 + d theta (1 - theta)) / (s + (d + d' - 2 s) theta (1 - theta))
 *
 * A bin is found by counting the knots below x; what belongs to it is then a sum over bins in which one term is not 0. So
 * all lanes do the same, whatever bins their samples are in. */
#include "compiler/lower/lower.h"

#include <math.h>

/* No bin is narrower or lower than this part of the interval, no slope at a knot is below LEAST_SLOPE. */
static const double LEAST_FRACTION = 1e-3, LEAST_SLOPE = 1e-3;
/* What a bin's number counts for at most: beyond, its bin has all of the interval, or nothing but the least part. */
static const double NUMBER_BOUND = 30;

static int64_t slope_count(const SplineShape *shape)
{
    return shape->bins + (shape->ends == SPLINE_BOX ? 1 : shape->ends == SPLINE_TAILS ? -1 : 0);
}

int64_t spline_number_count(const SplineShape *shape)
{
    return shape->count * (2 * shape->bins + slope_count(shape) + (shape->ends == SPLINE_CIRCLE));
}

/* ---- values over components and bins ----------------------------------------------------------------------------- */

typedef struct Spline {
    IrBuilder *builder;
    const SplineShape *shape;
    IrId index; /* each component's bin, from 0 */
} Spline;

static IrId number(const Spline *spline, double value)
{
    return ir_constant(spline->builder, value);
}

static IrId add(const Spline *spline, IrId a, IrId b)
{
    return ir_binary(spline->builder, IR_ADD, a, b);
}

static IrId subtract(const Spline *spline, IrId a, IrId b)
{
    return ir_binary(spline->builder, IR_SUB, a, b);
}

static IrId multiply(const Spline *spline, IrId a, IrId b)
{
    return ir_binary(spline->builder, IR_MUL, a, b);
}

static IrId named(const Spline *spline, IrId value, const char *name)
{
    return ir_name(spline->builder->function, value, name);
}

/* Rows start.. of the net's numbers, `width` for each component. */
static IrId rows(const Spline *spline, IrId numbers, int64_t start, int64_t width)
{
    int64_t size[] = {spline->shape->count, width};
    return ir_reshape(spline->builder, ir_slice(spline->builder, numbers, 0, start, size[0] * width), 2, size);
}

/* A value of each component, in `columns` columns. */
static IrId along_bins(const Spline *spline, IrId value, int64_t columns)
{
    int64_t size[] = {spline->shape->count, columns};
    IrType shape = ir_type(ir_type_of(spline->builder->function, value)->element, IR_KIND_CONSTANT, 2, size);
    return ir_broadcast(spline->builder, value, &shape, (int64_t[]){0});
}

/* first, first + step, ... in the columns of all components. */
static IrId ramp(const Spline *spline, double first, double step, int64_t columns)
{
    int64_t size[] = {spline->shape->count, columns};
    double *values = ARENA_ARRAY(spline->builder->function->module->arena, double, columns);
    for (int64_t j = 0; j < columns; j++)
        values[j] = first + step * (double)j;
    IrId row = ir_constant_array(spline->builder, ir_type(IR_REAL, IR_KIND_CONSTANT, 1, &columns), values);
    IrType shape = ir_type(IR_REAL, IR_KIND_CONSTANT, 2, size);
    return ir_broadcast(spline->builder, row, &shape, (int64_t[]){1});
}

static IrId sum_bins(const Spline *spline, IrId value)
{
    return ir_reduce(spline->builder, IR_REDUCE_SUM, value, 1, (int64_t[]){1});
}

/* The sum of the entries of each component's row where the mask holds. */
static IrId masked_sum(const Spline *spline, IrId mask, IrId value)
{
    return sum_bins(spline, ir_select(spline->builder, mask, value, number(spline, 0)));
}

static IrId columns_of(const Spline *spline, IrId value, int64_t start, int64_t length)
{
    return ir_slice(spline->builder, value, 1, start, length);
}

/* ---- bins -------------------------------------------------------------------------------------------------------- */

/* The bins along one side, the widths or the heights: bin j takes the part f + (1 - K f) share_j / sum of shares. */
typedef struct Side {
    IrId shares, scale;        /* [count, bins]; [count]: lengths per share */
    double least;              /* length of every bin's least part */
    IrId lower, upper, length; /* of the bin that was found: its edges' places and its length */
} Side;

static Side make_side(const Spline *spline, IrId raw)
{
    const SplineShape *shape = spline->shape;
    double bins = (double)shape->bins, fraction = fmin(LEAST_FRACTION, 0.1 / bins);
    Side side = {.least = 2 * shape->bound * fraction};
    IrId bounded = ir_binary(spline->builder, IR_MAX, raw, number(spline, -NUMBER_BOUND));
    bounded = ir_binary(spline->builder, IR_MIN, bounded, number(spline, NUMBER_BOUND));
    side.shares = named(spline, ir_unary(spline->builder, IR_EXP, bounded), "share");
    IrId whole = number(spline, 2 * shape->bound * (1 - bins * fraction));
    side.scale = ir_binary(spline->builder, IR_DIV, whole, sum_bins(spline, side.shares));
    named(spline, side.scale, "length_per_share");
    return side;
}

/* Finds the bin of x: how many of the inner knots are not above it. */
static void find_bin(Spline *spline, const Side *side, IrId x)
{
    int64_t inner = spline->shape->bins - 1;
    IrBuilder *builder = spline->builder;
    IrId shares = side->shares;
    IrOp cumsum = {.code = IR_CUMSUM, .operand_count = 1, .operands = &shares, .axis = 1, .span = builder->span};
    IrId sums = named(spline, ir_append(builder->function, cumsum), "shares_up_to");
    IrId knots = multiply(spline, columns_of(spline, sums, 0, inner), along_bins(spline, side->scale, inner));
    knots = add(spline, knots, ramp(spline, side->least - spline->shape->bound, side->least, inner));
    named(spline, knots, "knot");
    IrId passed = ir_binary(builder, IR_LESS_EQUAL, knots, along_bins(spline, x, inner));
    spline->index = named(spline, sum_bins(spline, ir_unary(builder, IR_TO_REAL, passed)), "bin");
}

/* Whether the found bin's number is that of a column, or above it; columns are numbered from `first`. */
static IrId compare_bin(const Spline *spline, IrOpcode code, int64_t first, int64_t columns)
{
    IrId numbers = ramp(spline, (double)first, 1, columns);
    return ir_binary(spline->builder, code, numbers, along_bins(spline, spline->index, columns));
}

/* The found bin's lower edge and length. */
static void select_bin(const Spline *spline, Side *side, const char *edge, const char *length)
{
    int64_t bins = spline->shape->bins;
    IrId is_below = named(spline, compare_bin(spline, IR_LESS, 0, bins), "is_below");
    IrId is_bin = named(spline, compare_bin(spline, IR_EQUAL, 0, bins), "is_bin");
    IrId before = multiply(spline, masked_sum(spline, is_below, side->shares), side->scale);
    IrId least = multiply(spline, spline->index, number(spline, side->least));
    IrId from = add(spline, least, number(spline, -spline->shape->bound));
    side->lower = named(spline, add(spline, before, from), edge);
    IrId own = multiply(spline, masked_sum(spline, is_bin, side->shares), side->scale);
    side->length = named(spline, add(spline, own, number(spline, side->least)), length);
}

/* least + softplus(raw + c), 1 where raw is 0. */
static IrId slope_of(const Spline *spline, IrId raw, const char *name)
{
    IrId shifted = add(spline, raw, number(spline, log(expm1(1 - LEAST_SLOPE))));
    IrId slope = ir_unary(spline->builder, IR_SOFTPLUS, shifted);
    return named(spline, add(spline, slope, number(spline, LEAST_SLOPE)), name);
}

/* The slopes at the found bin's two ends. Only there are they computed from the net's numbers: with linear tails the
 * ends' numbers are 0, on the circle the last knot is the first. */
static void select_slopes(const Spline *spline, IrId raw, IrId slopes[2])
{
    int64_t bins = spline->shape->bins;
    IrId left, right;
    if (spline->shape->ends == SPLINE_TAILS) {
        left = masked_sum(spline, compare_bin(spline, IR_EQUAL, 1, bins - 1), raw);
        right = masked_sum(spline, compare_bin(spline, IR_EQUAL, 0, bins - 1), raw);
    } else if (spline->shape->ends == SPLINE_BOX) {
        IrId is_bin = compare_bin(spline, IR_EQUAL, 0, bins);
        left = masked_sum(spline, is_bin, columns_of(spline, raw, 0, bins));
        right = masked_sum(spline, is_bin, columns_of(spline, raw, 1, bins));
    } else {
        IrId is_bin = compare_bin(spline, IR_EQUAL, 0, bins);
        int64_t *next = ARENA_ARRAY(spline->builder->function->module->arena, int64_t, bins);
        for (int64_t j = 0; j < bins; j++)
            next[j] = (j + 1) % bins;
        left = masked_sum(spline, is_bin, raw);
        right = masked_sum(spline, is_bin, ir_gather(spline->builder, raw, 1, bins, next));
    }
    slopes[0] = slope_of(spline, left, "slope_left");
    slopes[1] = slope_of(spline, right, "slope_right");
}

/* ---- in a bin ---------------------------------------------------------------------------------------------------- */

typedef struct Bin {
    IrId left, width, lower, height;
    IrId slopes[2];
    IrId mean_slope, bend; /* s and d + d' - 2 s */
} Bin;

static IrId clamp(const Spline *spline, IrId value, IrId least, IrId most)
{
    IrBuilder *builder = spline->builder;
    return ir_binary(builder, IR_MIN, ir_binary(builder, IR_MAX, value, least), most);
}

/* y at theta, and log dy/dx, dy/dx = s^2 (d' theta^2 + 2 s theta (1 - theta) + d (1 - theta)^2) / (denominator)^2. */
static IrId value_at(const Spline *spline, const Bin *bin, IrId theta, IrId *log_slope)
{
    IrBuilder *builder = spline->builder;
    IrId rest = subtract(spline, number(spline, 1), theta), both = multiply(spline, theta, rest);
    IrId square = multiply(spline, theta, theta);
    IrId denominator = add(spline, bin->mean_slope, multiply(spline, bin->bend, both));
    named(spline, denominator, "denominator");
    IrId above = add(spline, multiply(spline, bin->mean_slope, square), multiply(spline, bin->slopes[0], both));
    IrId y = ir_binary(builder, IR_DIV, multiply(spline, bin->height, above), denominator);
    IrId sum = multiply(spline, bin->slopes[1], square);
    sum = add(spline, sum, multiply(spline, multiply(spline, bin->mean_slope, both), number(spline, 2)));
    sum = add(spline, sum, multiply(spline, bin->slopes[0], multiply(spline, rest, rest)));
    IrId ratio = ir_binary(builder, IR_DIV, bin->mean_slope, denominator);
    IrId slope = multiply(spline, multiply(spline, ratio, ratio), sum);
    *log_slope = named(spline, ir_unary(builder, IR_LOG, slope), "log_slope");
    return add(spline, bin->lower, y);
}

static IrId forward(const Spline *spline, const Bin *bin, IrId x, IrId *log_slope)
{
    IrId theta = ir_binary(spline->builder, IR_DIV, subtract(spline, x, bin->left), bin->width);
    theta = named(spline, clamp(spline, theta, number(spline, 0), number(spline, 1)), "theta");
    return value_at(spline, bin, theta, log_slope);
}

/* theta from a theta^2 + b theta + c = 0 with t = y - lower edge, a = h (s - d) + t (d + d' - 2 s),
 * b = h d - t (d + d' - 2 s), c = -s t: the root 2 c / (-b - sqrt(b^2 - 4 a c)), which loses no digits. */
static IrId backward(const Spline *spline, const Bin *bin, IrId y, IrId *log_slope)
{
    IrBuilder *builder = spline->builder;
    IrId t = subtract(spline, y, bin->lower);
    t = named(spline, clamp(spline, t, number(spline, 0), bin->height), "t");
    IrId bent = multiply(spline, t, bin->bend);
    IrId a = multiply(spline, bin->height, subtract(spline, bin->mean_slope, bin->slopes[0]));
    a = named(spline, add(spline, a, bent), "a");
    IrId b = named(spline, subtract(spline, multiply(spline, bin->height, bin->slopes[0]), bent), "b");
    IrId minus_c = named(spline, multiply(spline, bin->mean_slope, t), "minus_c");
    IrId four = multiply(spline, multiply(spline, a, minus_c), number(spline, 4));
    IrId discriminant = add(spline, multiply(spline, b, b), four);
    discriminant = ir_binary(builder, IR_MAX, discriminant, number(spline, 0));
    IrId below = add(spline, b, ir_unary(builder, IR_SQRT, discriminant));
    IrId theta = ir_binary(builder, IR_DIV, multiply(spline, minus_c, number(spline, 2)), below);
    named(spline, theta, "theta");
    value_at(spline, bin, theta, log_slope);
    return add(spline, bin->left, multiply(spline, theta, bin->width));
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static Bin bin_of(Spline *spline, IrId numbers, IrId from, bool inverse)
{
    int64_t bins = spline->shape->bins, side = spline->shape->count * bins;
    Side widths = make_side(spline, rows(spline, numbers, 0, bins));
    Side heights = make_side(spline, rows(spline, numbers, side, bins));
    find_bin(spline, inverse ? &heights : &widths, from);
    select_bin(spline, &widths, "left", "width");
    select_bin(spline, &heights, "lower", "height");
    Bin bin = {.left = widths.lower, .width = widths.length, .lower = heights.lower, .height = heights.length};
    select_slopes(spline, rows(spline, numbers, 2 * side, slope_count(spline->shape)), bin.slopes);
    bin.mean_slope = ir_binary(spline->builder, IR_DIV, bin.height, bin.width);
    named(spline, bin.mean_slope, "mean_slope");
    IrId slopes = add(spline, bin.slopes[0], bin.slopes[1]);
    bin.bend = subtract(spline, slopes, multiply(spline, bin.mean_slope, number(spline, 2)));
    named(spline, bin.bend, "bend");
    return bin;
}

/* Linear tails: outside of the interval nothing happens. */
static IrId with_tails(const Spline *spline, IrId from, IrId to, IrId *log_slope)
{
    IrBuilder *builder = spline->builder;
    IrId inside = ir_binary(builder, IR_LESS, ir_unary(builder, IR_ABS, from), number(spline, spline->shape->bound));
    named(spline, inside, "inside");
    *log_slope = ir_select(builder, inside, *log_slope, number(spline, 0));
    return ir_select(builder, inside, to, from);
}

/* On the circle: turned by a shift of its own, and back into the interval, by whole turns. */
static IrId turned(const Spline *spline, IrId numbers, IrId value, bool back)
{
    double bound = spline->shape->bound;
    int64_t count = spline->shape->count, start = spline_number_count(spline->shape) - count;
    IrId shift = named(spline, ir_slice(spline->builder, numbers, 0, start, count), "shift");
    IrId moved = back ? subtract(spline, value, shift) : add(spline, value, shift);
    IrId part = add(spline, multiply(spline, moved, number(spline, 0.5 / bound)), number(spline, 0.5));
    IrId turns = ir_unary(spline->builder, IR_FLOOR, part);
    return subtract(spline, moved, multiply(spline, turns, number(spline, 2 * bound)));
}

IrId spline_apply(IrBuilder *builder, const SplineShape *shape, IrId numbers, IrId from, bool inverse, IrId *log_slope)
{
    Spline spline = {.builder = builder, .shape = shape};
    if (shape->ends == SPLINE_CIRCLE && inverse)
        from = turned(&spline, numbers, from, true);
    Bin bin = bin_of(&spline, numbers, from, inverse);
    IrId to = (inverse ? backward : forward)(&spline, &bin, from, log_slope);
    if (shape->ends == SPLINE_TAILS)
        to = with_tails(&spline, from, to, log_slope);
    if (shape->ends == SPLINE_CIRCLE && !inverse)
        to = turned(&spline, numbers, to, false);
    if (inverse)
        *log_slope = ir_unary(builder, IR_NEG, *log_slope);
    return to;
}
