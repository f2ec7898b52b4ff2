/* SPDX-License-Identifier: MIT */
/* Loops: the smallest nest of indices in which every operand is read at an offset and strides. A single index does for
 * most; then the shapes that the ops have; what fits none is read through a table of element numbers. */
#include "compiler/emit/loop.h"

#include <string.h>

/* ---- the shape ------------------------------------------------------------------------------------------------------
 */

static bool op_is_reduce(const IrOp *op)
{
    return op->code == IR_REDUCE_SUM || op->code == IR_REDUCE_MAX;
}

static bool is_register(const Loop *loop, IrId value)
{
    return loop->writer->plan->group_of[loop->writer->plan->views[value].root] == loop->writer->group &&
           loop->group->op_count > 0;
}

static Read read_of(const Loop *loop, IrId value)
{
    const Plan *plan = loop->writer->plan;
    return plan_read(plan, value, plan_is_sample(plan, value), loop->writer->group);
}

static Map map_in_order(const Loop *loop, const Read *read)
{
    return loop->reordered ? map_permute(loop->writer->arena, &read->map, loop->order) : read->map;
}

/* What the loop reads from memory, one after another; -1 at the end. */
static IrId operand_at(const Loop *loop, int *op_index, int *k)
{
    const Plan *plan = loop->writer->plan;
    double number;
    if (loop->group->kind == GROUP_COPY) {
        if (*op_index > 0 || plan_literal(plan, loop->group->copied, &number))
            return -1;
        ++*op_index;
        return loop->group->copied;
    }
    for (; *op_index < loop->group->op_count; ++*op_index, *k = 0) {
        const IrOp *op = &plan->function->ops[loop->group->ops[*op_index]];
        while (*k < op->operand_count) {
            IrId value = op->operands[(*k)++];
            if (!is_register(loop, value) && !plan_literal(plan, value, &number))
                return value;
        }
    }
    return -1;
}

/* How many operands do not fit into the shape by strides. */
static int misfits(const Loop *loop, int rank, const int64_t *size)
{
    int count = 0, op = 0, k = 0;
    for (IrId value; (value = operand_at(loop, &op, &k)) >= 0;) {
        Read read = read_of(loop, value);
        Map map = map_in_order(loop, &read), fitted;
        count += map.table != NULL || !map_reshape(&map, rank, size, &fitted);
    }
    return count;
}

/* Where the sums begin in a shape: the leading axes make up what is kept. -1: no such place. */
static int find_kept(const Loop *loop, int rank, const int64_t *size)
{
    int64_t outside = loop->group->count / loop->group->terms, product = 1;
    if (!loop->group->has_sums)
        return rank;
    for (int axis = 0; axis < rank; axis++) {
        if (product == outside)
            return axis;
        product *= size[axis];
    }
    return product == outside ? rank : -1;
}

static bool try_shape(Loop *loop, int rank, const int64_t *size, int *fewest)
{
    int kept = find_kept(loop, rank, size);
    if (kept < 0)
        return false;
    int count = misfits(loop, rank, size);
    if (*fewest >= 0 && count >= *fewest)
        return false;
    *fewest = count;
    loop->rank = rank;
    loop->kept = kept;
    memcpy(loop->size, size, (size_t)rank * sizeof *size);
    return count == 0;
}

static bool try_type(Loop *loop, const IrType *type, int *fewest)
{
    int64_t size[IR_RANK_MAX];
    for (int axis = 0; axis < type->rank; axis++)
        size[axis] = type->size[loop->reordered ? loop->order[axis] : axis];
    return type->rank > 1 && ir_type_count(type) == loop->group->count && try_shape(loop, type->rank, size, fewest);
}

static void choose_shape(Loop *loop)
{
    const IrFunction *function = loop->writer->plan->function;
    const Group *group = loop->group;
    int fewest = -1;
    int64_t simple[2] = {group->count / group->terms, group->terms};
    if (group->has_sums ? try_shape(loop, 2, simple, &fewest) : try_shape(loop, 1, simple, &fewest))
        return;
    if (group->kind == GROUP_COPY) {
        try_type(loop, ir_type_of(function, group->copied), &fewest);
        return;
    }
    for (int i = 0; i < group->op_count; i++) {
        const IrOp *op = &function->ops[group->ops[i]];
        if (try_type(loop, ir_type_of(function, op_is_reduce(op) ? op->operands[0] : op->results[0]), &fewest))
            return;
    }
}

/* Whether index `axis` and the next one can be one: every operand goes on evenly. */
static bool can_join(const Loop *loop, int axis)
{
    int op = 0, k = 0;
    if (axis + 1 == loop->kept && loop->kept < loop->rank)
        return false;
    for (IrId value; (value = operand_at(loop, &op, &k)) >= 0;) {
        Map map = loop_map(loop, value);
        if (map.table == NULL && map.stride[axis] != map.size[axis + 1] * map.stride[axis + 1])
            return false;
    }
    return true;
}

static void drop_axis(Loop *loop, int axis)
{
    for (int i = axis; i + 1 < loop->rank; i++)
        loop->size[i] = loop->size[i + 1];
    loop->rank--;
    loop->kept -= axis < loop->kept;
}

static void join_axes(Loop *loop)
{
    for (int axis = loop->rank - 1; axis >= 0; axis--)
        if (loop->size[axis] == 1)
            drop_axis(loop, axis);
    for (int axis = loop->rank - 2; axis >= 0; axis--)
        if (can_join(loop, axis)) {
            loop->size[axis + 1] *= loop->size[axis];
            drop_axis(loop, axis);
        }
}

Map loop_map(const Loop *loop, IrId value)
{
    Read read = read_of(loop, value);
    Map map = map_in_order(loop, &read), fitted;
    if (map_reshape(&map, loop->rank, loop->size, &fitted))
        return fitted;
    fitted = (Map){.rank = loop->rank, .table = map_numbers(loop->writer->arena, &map)};
    memcpy(fitted.size, loop->size, sizeof fitted.size);
    return fitted;
}

/* The index that goes by vectors when one sample is done at a time, or -1. */
static int lane_axis(const Loop *loop)
{
    return loop->group->has_sums && loop->rank == loop->kept ? -1 : loop->rank - 1;
}

static void choose_lanes(Loop *loop)
{
    int op = 0, k = 0, lane = lane_axis(loop);
    loop->vector = true;
    loop->flat = loop->sample && !loop->group->has_sums && loop->rank <= 1;
    for (IrId value; (value = operand_at(loop, &op, &k)) >= 0;) {
        Map map = loop_map(loop, value);
        Read read = read_of(loop, value);
        int64_t stride = map.table != NULL ? 2 : lane < 0 ? 0 : map.stride[lane];
        bool sample = loop->writer->plan->places[read.slot].sample;
        loop->vector = loop->vector && (stride == 0 || stride == 1);
        loop->flat = loop->flat && (loop->rank == 0 ? map.table == NULL : stride == (sample ? 1 : 0));
    }
}

/* Sums over axes that are not the last ones: the kept axes first, then the summed ones. */
static void choose_order(Loop *loop)
{
    const IrFunction *function = loop->writer->plan->function;
    const IrOp *op = loop->group->op_count > 0 ? &function->ops[loop->group->ops[0]] : NULL;
    if (op == NULL || !op_is_reduce(op))
        return;
    const IrType *type = ir_type_of(function, op->operands[0]);
    int n = 0;
    for (int summed = 0; summed < 2; summed++)
        for (int axis = 0; axis < type->rank; axis++) {
            bool reduced = false;
            for (int i = 0; i < op->axis_count; i++)
                reduced = reduced || op->axes[i] == axis;
            if (reduced == (summed == 1))
                loop->order[n++] = axis;
        }
    for (int axis = 0; axis < type->rank; axis++)
        loop->reordered = loop->reordered || loop->order[axis] != axis;
}

Loop loop_shape(Writer *writer, const Group *group)
{
    static const char *const names[IR_RANK_MAX] = {"i", "j", "k", "l", "m", "n"};
    Loop loop = {.writer = writer, .group = group, .sample = group->sample};
    memcpy(loop.names, names, sizeof names);
    choose_order(&loop);
    choose_shape(&loop);
    join_axes(&loop);
    choose_lanes(&loop);
    return loop;
}

/* ---- reading and writing --------------------------------------------------------------------- */

const char *loop_position(const Loop *loop, const char *base, const char *index)
{
    Arena *arena = loop->writer->arena;
    bool zero = strcmp(index, "0") == 0, simple = strchr(index, ' ') == NULL;
    if (!loop->sample)
        return zero ? base : arena_print(arena, "%s + %s", base, index);
    if (zero)
        return arena_print(arena, "%s + s", base);
    return arena_print(arena, simple ? "%s + %s * BLOCK + s" : "%s + (%s) * BLOCK + s", base, index);
}

static void row_major(const Loop *loop, int rank, int64_t *strides)
{
    int64_t step = 1;
    for (int axis = rank - 1; axis >= 0; axis--) {
        strides[axis] = step;
        step *= loop->size[axis];
    }
}

const char *loop_element_index(const Loop *loop)
{
    int64_t strides[IR_RANK_MAX];
    row_major(loop, loop->rank, strides);
    return writer_index(loop->writer, loop->rank, strides, loop->names, 0);
}

const char *loop_left(const Loop *loop)
{
    Arena *arena = loop->writer->arena;
    int lane = lane_axis(loop);
    if (loop->flat)
        return loop->rank == 0 ? "BLOCK - i" : arena_print(arena, "%lld * BLOCK - i", (long long)loop->size[0]);
    return lane < 0 ? "1" : arena_print(arena, "%lld - %s", (long long)loop->size[lane], loop->names[lane]);
}

static Term boolean_of(const Loop *loop, Term term)
{
    Arena *arena = loop->writer->arena;
    if (loop->sample)
        return term_primary(arena_print(arena, "lanes_is_true(%s)", term_argument(arena, term, true)), false);
    return (Term){arena_print(arena, "(%s != REAL(0.0))", term.text), PRECEDENCE_PRIMARY, true};
}

/* A sample's or a shared element by the map's strides or table. */
static Term load_element(const Loop *loop, const Read *read, const Map *map)
{
    Writer *writer = loop->writer;
    const Place *place = &writer->plan->places[read->slot];
    const char *base = writer_slot_name(writer, read->slot), *index;
    if (place->kind == PLACE_VALUE || place->kind == PLACE_LOCAL)
        return term_primary(base, true);
    if (map->table != NULL)
        index = arena_print(writer->arena, "%s[%s]", writer_index_table(writer, map->table, map_count(map)),
                            loop_element_index(loop));
    else
        index = writer_index(writer, loop->rank, map->stride, loop->names, map->offset);
    int lane = lane_axis(loop);
    bool steps = map->table == NULL && lane >= 0 && map->stride[lane] == 1;
    if (!place->sample && (!loop->sample || !loop->vector || !steps))
        return term_primary(arena_print(writer->arena, "%s[%s]", base, index), true);
    if (!place->sample)
        return term_primary(
            arena_print(writer->arena, "load_feature(%s)",
                        strcmp(index, "0") == 0 ? base : arena_print(writer->arena, "%s + %s", base, index)),
            false);
    const char *load = !loop->vector ? "load_row" : steps ? "lanes_load" : "load_sample";
    return term_primary(arena_print(writer->arena, "%s(%s)", load, loop_position(loop, base, index)), false);
}

static Term load_flat(const Loop *loop, const Read *read, const Map *map)
{
    Writer *writer = loop->writer;
    const char *base = writer_slot_name(writer, read->slot);
    const Place *place = &writer->plan->places[read->slot];
    if (place->kind == PLACE_VALUE || place->kind == PLACE_LOCAL)
        return term_primary(base, true);
    if (!place->sample)
        return term_primary(arena_print(writer->arena, "%s[%lld]", base, (long long)map->offset), true);
    if (map->offset == 0)
        return term_primary(arena_print(writer->arena, "lanes_load(%s + i)", base), false);
    return term_primary(arena_print(writer->arena, "lanes_load(%s + %lld * BLOCK + i)", base, (long long)map->offset),
                        false);
}

Term loop_load(Loop *loop, IrId value)
{
    const Plan *plan = loop->writer->plan;
    IrElement element = ir_type_of(plan->function, value)->element;
    Read read = read_of(loop, value);
    double number;
    if (plan_literal(plan, value, &number)) {
        if (element == IR_BOOL && loop->sample)
            return term_primary(number != 0 ? "lanes_true()" : "lanes_false()", false);
        return term_primary(element == IR_BOOL ? (number != 0 ? "1" : "0") : writer_number(loop->writer, number), true);
    }
    Map map = loop_map(loop, value);
    Term term = loop->flat ? load_flat(loop, &read, &map) : load_element(loop, &read, &map);
    return element == IR_BOOL ? boolean_of(loop, term) : term;
}

void loop_store(const Loop *loop, const char *base, Term term)
{
    Writer *writer = loop->writer;
    const char *index = loop_element_index(loop);
    const char *text = term_argument(writer->arena, term, loop->sample);
    if (loop->flat)
        writer_line(writer, "store_each(%s + i, %s, %s);", base, text, loop_left(loop));
    else if (!loop->sample)
        writer_line(writer, "%s[%s] = %s;", base, index, text);
    else if (loop->vector)
        writer_line(writer, "store_each(%s, %s, %s);", loop_position(loop, base, index), text, loop_left(loop));
    else
        writer_line(writer, "store_row(%s, %s);", loop_position(loop, base, index), text);
}

/* ---- opening and closing --------------------------------------------------------------------- */

static void open_index(const Loop *loop, int axis)
{
    bool by_vectors = loop->sample && loop->vector && axis == lane_axis(loop);
    writer_line(loop->writer,
                by_vectors ? "for (int %s = 0; %s < %lld; %s += I_STEP)" : "for (int %s = 0; %s < %lld; %s++)",
                loop->names[axis], loop->names[axis], (long long)loop->size[axis], loop->names[axis]);
    loop->writer->indent++;
}

int loop_open(const Loop *loop, int from, int to, bool samples)
{
    int count = to - from + samples;
    for (int axis = from; axis < to; axis++)
        open_index(loop, axis);
    if (samples) {
        writer_line(loop->writer, "for (int s = 0; s < BLOCK; s += S_STEP)");
        loop->writer->indent++;
    }
    if (count > 0) { /* the brace goes behind the last line */
        loop->writer->out->length--;
        text_put(loop->writer->out, " {\n");
    }
    return count;
}

void loop_close(const Loop *loop, int count)
{
    if (count == 0)
        return;
    loop->writer->indent--;
    writer_line(loop->writer, "}");
    loop->writer->indent -= count - 1;
}
