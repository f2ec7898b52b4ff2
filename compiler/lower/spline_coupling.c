/* SPDX-License-Identifier: MIT */
/* What couplings of splines add to splines: on a box, the components on circles are transformed by circular splines and
 * seen by nets as points of the circle; those on intervals by splines that end with the box. */
#include "compiler/lower/lower.h"

#define PI 3.14159265358979323846

static int64_t count_circles(const bool *circles, int64_t count)
{
    int64_t sum = 0;
    for (int64_t i = 0; circles != NULL && i < count; i++)
        sum += circles[i];
    return sum;
}

void spline_coupling_describe(Lower *lower, CouplingKind *kind)
{
    const LayerSpec *spec = kind->spec;
    bool is_box = lower->spec->base == BASE_UNIFORM;
    double bound = is_box ? 1 : spec->bound;
    int64_t circles = count_circles(kind->move_circles, kind->move_count);
    SplineEnds ends = is_box ? SPLINE_BOX : SPLINE_TAILS;
    kind->splines[0] = (SplineShape){kind->move_count - circles, spec->bins, bound, ends};
    kind->splines[1] = (SplineShape){circles, spec->bins, bound, SPLINE_CIRCLE};
    kind->number_count = spline_number_count(&kind->splines[0]) + spline_number_count(&kind->splines[1]);
}

int64_t coupling_feature_count(const CouplingKind *kind)
{
    return kind->pass_count + count_circles(kind->pass_circles, kind->pass_count);
}

/* The places of those on circles, or of the others. */
static int64_t *places_of(Arena *arena, const bool *circles, int64_t count, bool wanted, int64_t *found)
{
    int64_t *places = ARENA_ARRAY(arena, int64_t, count);
    *found = 0;
    for (int64_t i = 0; i < count; i++)
        if ((circles != NULL && circles[i]) == wanted)
            places[(*found)++] = i;
    return places;
}

static IrId part(IrBuilder *builder, const bool *circles, int64_t count, bool wanted, IrId x)
{
    int64_t found, *places = places_of(builder->function->module->arena, circles, count, wanted, &found);
    return found == 0 ? -1 : found == count ? x : ir_gather(builder, x, 0, found, places);
}

IrId coupling_features(IrBuilder *builder, const CouplingKind *kind, IrId x_a)
{
    IrId features[3];
    int count = 0;
    IrId lines = part(builder, kind->pass_circles, kind->pass_count, false, x_a);
    IrId circles = part(builder, kind->pass_circles, kind->pass_count, true, x_a);
    if (circles < 0)
        return x_a;
    if (lines >= 0)
        features[count++] = lines;
    IrId angle = ir_binary(builder, IR_MUL, circles, ir_constant(builder, PI));
    features[count++] = ir_unary(builder, IR_COS, ir_name(builder->function, angle, "angle"));
    features[count++] = ir_unary(builder, IR_SIN, angle);
    return ir_name(builder->function, ir_concat(builder, 0, count, features), "features");
}

/* Two parts as one again. */
static IrId join(IrBuilder *builder, const CouplingKind *kind, IrId lines, IrId circles)
{
    Arena *arena = builder->function->module->arena;
    int64_t found, *table = ARENA_ARRAY(arena, int64_t, kind->move_count), lines_count = kind->splines[0].count;
    IrId both[] = {lines, circles};
    for (int circle = 0; circle < 2; circle++) {
        int64_t *places = places_of(arena, kind->move_circles, kind->move_count, circle == 1, &found);
        for (int64_t i = 0; i < found; i++)
            table[places[i]] = (circle ? lines_count : 0) + i;
    }
    return ir_gather(builder, ir_concat(builder, 0, 2, both), 0, kind->move_count, table);
}

IrId spline_coupling_apply(IrBuilder *builder, const CouplingKind *kind, IrId numbers, IrId from, bool inverse,
                           IrId *log_det)
{
    IrId to[2], log_slope;
    int64_t start = 0;
    *log_det = -1;
    for (int circle = 0; circle < 2; circle++) {
        const SplineShape *shape = &kind->splines[circle];
        to[circle] = part(builder, kind->move_circles, kind->move_count, circle == 1, from);
        if (to[circle] < 0)
            continue;
        int64_t count = spline_number_count(shape);
        IrId own = count == kind->number_count ? numbers : ir_slice(builder, numbers, 0, start, count);
        to[circle] = spline_apply(builder, shape, own, to[circle], inverse, &log_slope);
        IrId sum = ir_reduce_all(builder, IR_REDUCE_SUM, log_slope);
        *log_det = *log_det < 0 ? sum : ir_binary(builder, IR_ADD, *log_det, sum);
        start += count;
    }
    return to[0] < 0 ? to[1] : to[1] < 0 ? to[0] : join(builder, kind, to[0], to[1]);
}
