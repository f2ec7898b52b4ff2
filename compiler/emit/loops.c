/* SPDX-License-Identifier: MIT */
/* Elementwise loops and copies. A loop runs over elements and, inside, over the lanes of a block; every operand is
 * read at an offset and strides that the compiler found in its view's table, or through the table where there are none. */
#include "compiler/emit/loop.h"

#include "compiler/emit/views.h"

/* ---- reading ------------------------------------------------------------------------------------------------------ */

/* The loop's index of an operand's element: "3", "i", "2 * i + 1", "4 * i + j", "index_2[i]". */
static const char *index_text(Writer *writer, const Loop *loop, const int64_t *map, int64_t *innermost)
{
    Arena *arena = writer->arena;
    int64_t offset, outer, inner;
    if (map_is_affine2(map, loop->outer, loop->inner, &offset, &outer, &inner)) {
        *innermost = inner;
        Text text = text_start(arena);
        int64_t strides[2] = {outer, inner};
        const char *names[2] = {loop->outer_name, loop->inner_name};
        for (int k = 0; k < 2; k++) {
            if (strides[k] == 0)
                continue;
            if (text.length > 0)
                text_put(&text, " + ");
            if (strides[k] == 1)
                text_put(&text, names[k]);
            else
                text_print(&text, "%lld * %s", (long long)strides[k], names[k]);
        }
        if (offset != 0 || text.length == 0)
            text_print(&text, text.length > 0 ? " + %lld" : "%lld", (long long)offset);
        return text.bytes;
    }
    *innermost = 2;
    const char *table = writer_index_table(writer, map, loop->outer * loop->inner);
    if (loop->outer == 1)
        return arena_print(arena, "%s[%s]", table, loop->inner_name);
    return arena_print(arena, "%s[%lld * %s + %s]", table, (long long)loop->inner, loop->outer_name, loop->inner_name);
}

static const int64_t *permuted_map(Writer *writer, const Loop *loop, const int64_t *map)
{
    if (loop->order == NULL)
        return map;
    int64_t count = loop->outer * loop->inner;
    int64_t *result = ARENA_ARRAY(writer->arena, int64_t, count);
    for (int64_t i = 0; i < count; i++)
        result[i] = map == NULL ? loop->order[i] : map[loop->order[i]];
    return result;
}

static bool map_steps_by_vectors(const Loop *loop, const int64_t *map)
{
    int64_t offset, outer, inner;
    return map_is_affine2(map, loop->outer, loop->inner, &offset, &outer, &inner) && inner <= 1 && inner >= 0;
}

const char *loop_position(Writer *writer, const char *index, bool sample)
{
    bool simple = strchr(index, ' ') == NULL;
    if (!sample)
        return index;
    if (strcmp(index, "0") == 0)
        return "s";
    return arena_print(writer->arena, simple ? "%s * BLOCK + s" : "(%s) * BLOCK + s", index);
}

static const char *load_text(Writer *writer, const Loop *loop, IrId value)
{
    const View *view = &writer->plan->views[value];
    const Place *place = &writer->plan->places[view->root];
    Arena *arena = writer->arena;
    double number;
    if (plan_literal(writer->plan, value, &number)) {
        bool boolean = ir_type_of(writer->plan->function, value)->element == IR_BOOL;
        if (boolean)
            return loop->sample ? (number != 0 ? "lanes_true()" : "lanes_false()") : (number != 0 ? "1" : "0");
        const char *text = writer_number(writer, number);
        return loop->sample ? arena_print(arena, "lanes_splat(%s)", text) : text;
    }
    int64_t inner;
    const char *index = index_text(writer, loop, permuted_map(writer, loop, view->map), &inner);
    const char *base = writer_place_address(writer, place, view->root, 0);
    const char *load;
    if (!loop->sample)
        load = arena_print(arena, "%s[%s]", base, index);
    else if (place->sample)
        load = arena_print(arena, "%s(%s + %s)", !loop->vector ? "load_row" : inner == 1 ? "load_each" : "load_sample",
                           base, loop_position(writer, index, true));
    else if (loop->vector && inner == 1)
        load = arena_print(arena, "load_feature(%s + %s)", base, index);
    else
        load = arena_print(arena, "lanes_splat(%s[%s])", base, index);
    if (ir_type_of(writer->plan->function, value)->element == IR_BOOL)
        return arena_print(arena, loop->sample ? "lanes_is_true(%s)" : "(%s != REAL(0.0))", load);
    return load;
}

static const char *type_text(const Loop *loop, IrElement element)
{
    if (element == IR_BOOL)
        return loop->sample ? "lanes_int" : "int";
    return loop->sample ? "lanes" : "real";
}

/* The text of an operand in the open loop: a variable, made on first use, or a literal. */
const char *loop_operand(Writer *writer, Loop *loop, IrId value)
{
    const View *view = &writer->plan->views[value];
    double number;
    if (writer->in_register[view->root] && view->map == NULL)
        return loop->registers[view->root];
    if (plan_literal(writer->plan, value, &number))
        return load_text(writer, loop, value);
    const char *load = load_text(writer, loop, value);
    for (int i = 0; i < loop->load_count; i++)
        if (strcmp(loop->loads[i], load) == 0)
            return loop->load_names[i];
    const char *hint = writer->plan->function->values[view->root].name;
    const char *name = writer_identifier(writer, arena_print(writer->arena, "%s_i", hint != NULL ? hint : "a"));
    writer_line(writer, "const %s %s = %s;", type_text(loop, ir_type_of(writer->plan->function, value)->element), name, load);
    if (loop->load_count == loop->load_room) {
        int room = loop->load_room * 2 + 16;
        loop->loads = arena_grow(writer->arena, loop->loads, (size_t)loop->load_count, (size_t)room, sizeof(char *));
        loop->load_names =
            arena_grow(writer->arena, loop->load_names, (size_t)loop->load_count, (size_t)room, sizeof(char *));
        loop->load_room = room;
    }
    loop->loads[loop->load_count] = load;
    loop->load_names[loop->load_count++] = name;
    return name;
}

/* ---- computing ---------------------------------------------------------------------------------------------------- */

static const char *stored_text(Writer *writer, const Loop *loop, IrId value, const char *name)
{
    if (ir_type_of(writer->plan->function, value)->element != IR_BOOL)
        return name;
    return arena_print(writer->arena, loop->sample ? "lanes_select(%s, lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0)))"
                                                   : "real_select(%s, REAL(1.0), REAL(0.0))", name);
}

void loop_store(Writer *writer, const Loop *loop, const char *base, const char *index, const char *text)
{
    if (!loop->sample)
        writer_line(writer, "%s[%s] = %s;", base, index, text);
    else
        writer_line(writer, "%s(%s + %s, %s);", loop->vector ? "store_each" : "store_row", base,
                    loop_position(writer, index, true), text);
}

void loop_compute(Writer *writer, Loop *loop, const IrOp *op)
{
    const char *operands[3] = {NULL, NULL, NULL};
    for (int k = 0; k < op->operand_count && k < 3; k++)
        operands[k] = loop_operand(writer, loop, op->operands[k]);
    IrId result = op->results[0];
    const Place *place = &writer->plan->places[result];
    const char *hint = writer->plan->function->values[result].name;
    const char *name = writer_identifier(writer, arena_print(writer->arena, "%s_i", hint != NULL ? hint : "t"));
    writer_line(writer, "const %s %s = %s;", type_text(loop, ir_type_of(writer->plan->function, result)->element), name,
                write_expression(writer, op, operands, loop->sample));
    loop->registers[result] = name;
    writer->in_register[result] = true;
    if (place->kind != PLACE_NONE) {
        int64_t inner;
        loop_store(writer, loop, writer_place_address(writer, place, result, 0), index_text(writer, loop, NULL, &inner),
                   stored_text(writer, loop, result, name));
    }
}

/* ---- the loop's shape ----------------------------------------------------------------------------------------------- */

static void consider_operand(Writer *writer, const Group *group, Loop *loop, IrId value, bool *affine)
{
    const View *view = &writer->plan->views[value];
    double number;
    if (plan_literal(writer->plan, value, &number) || view->map == NULL)
        return;
    int64_t offset, outer, inner;
    const int64_t *map = permuted_map(writer, loop, view->map);
    *affine = *affine && map_is_affine2(map, loop->outer, loop->inner, &offset, &outer, &inner);
    loop->vector = loop->vector && map_steps_by_vectors(loop, map);
    (void)group;
}

static bool try_shape(Writer *writer, const Group *group, Loop *loop, int64_t inner)
{
    bool affine = true;
    loop->inner = inner;
    loop->outer = group->count / inner;
    loop->vector = true;
    if (group->kind == GROUP_COPY)
        consider_operand(writer, group, loop, group->copied, &affine);
    for (int i = 0; i < group->op_count; i++) {
        const IrOp *op = &writer->plan->function->ops[group->ops[i]];
        for (int k = 0; k < op->operand_count; k++)
            consider_operand(writer, group, loop, op->operands[k], &affine);
    }
    return affine;
}

void loop_shape(Writer *writer, const Group *group, Loop *loop)
{
    if (try_shape(writer, group, loop, group->count > 0 ? group->count : 1))
        return;
    const IrType *type = group->op_count > 0
                             ? ir_type_of(writer->plan->function,
                                          writer->plan->function->ops[group->ops[0]].results[0])
                             : ir_type_of(writer->plan->function, group->copied);
    int64_t inner = 1;
    for (int axis = type->rank - 1; axis > 0; axis--) {
        inner *= type->size[axis];
        if (inner > 1 && inner < group->count && try_shape(writer, group, loop, inner))
            return;
    }
    try_shape(writer, group, loop, group->count);
    loop->vector = false;
}

void loop_open(Writer *writer, Loop *loop)
{
    loop->outer_name = "i";
    loop->inner_name = loop->outer > 1 ? "j" : "i";
    if (loop->outer > 1) {
        writer_line(writer, "for (int i = 0; i < %lld; i++)", (long long)loop->outer);
        writer->indent++;
    }
    bool many = loop->inner > 1;
    const char *step = !loop->sample || !loop->vector ? "++" : " += I_STEP";
    if (many) {
        writer_line(writer, "for (int %s = 0; %s < %lld; %s%s)%s", loop->inner_name, loop->inner_name,
                    (long long)loop->inner, loop->inner_name, step, loop->sample ? "" : " {");
        writer->indent++;
    } else {
        loop->inner_name = loop->outer > 1 ? "j" : "i"; /* never printed: every stride of one element is 0 */
    }
    if (loop->sample) {
        writer_line(writer, "for (int s = 0; s < BLOCK; s += S_STEP) {");
        writer->indent++;
    } else if (!many) {
        writer_line(writer, "{");
        writer->indent++;
    }
    loop->depth = (loop->outer > 1) + (loop->sample || !many) + (many ? 1 : 0);
}

void loop_close(Writer *writer, const Loop *loop)
{
    writer->indent--;
    writer_line(writer, "}");
    writer->indent -= loop->depth - 1;
}

static Loop loop_start(Writer *writer, const Group *group)
{
    Loop loop = {.sample = group->sample, .outer = 1, .inner = 1};
    loop.registers = ARENA_ARRAY(writer->arena, const char *, writer->plan->function->value_count + 1);
    return loop;
}

static void forget_registers(Writer *writer, const Group *group)
{
    for (int i = 0; i < group->op_count; i++)
        writer->in_register[writer->plan->function->ops[group->ops[i]].results[0]] = false;
}

/* ---- loops that end in sums ----------------------------------------------------------------------------------------- */

static bool is_reduce(const IrOp *op)
{
    return op->code == IR_REDUCE_SUM || op->code == IR_REDUCE_MAX;
}

/* One sum after another, terms in their order: for each sample in its lane. */
static void write_sums(Writer *writer, const Group *group)
{
    const IrFunction *function = writer->plan->function;
    Loop loop = loop_start(writer, group);
    const IrOp *first = &function->ops[group->ops[0]];
    int64_t sums, terms;
    loop.order = is_reduce(first) ? plan_reduce_map(writer->plan, first, &sums, &terms) : NULL;
    loop.inner = group->inner;
    loop.outer = group->count / group->inner;
    loop.outer_name = "i";
    loop.inner_name = "j";
    int depth = 0;
    if (loop.sample) {
        writer_line(writer, "for (int s = 0; s < BLOCK; s += S_STEP)%s", loop.outer > 1 ? "" : " {");
        writer->indent++, depth++;
    }
    if (loop.outer > 1 || !loop.sample) {
        writer_line(writer, "%s {", loop.outer > 1 ? arena_print(writer->arena, "for (int i = 0; i < %lld; i++)",
                                                                  (long long)loop.outer) : "");
        writer->indent++, depth++;
    }
    const char *type = loop.sample ? "lanes" : "real";
    for (int i = 0; i < group->op_count; i++) {
        const IrOp *op = &function->ops[group->ops[i]];
        if (!is_reduce(op))
            continue;
        const char *start = writer_number(writer, op->code == IR_REDUCE_SUM ? 0.0 : -__builtin_inf());
        const char *hint = function->values[op->results[0]].name;
        const char *name = writer_identifier(writer, hint != NULL ? arena_print(writer->arena, "%s_i", hint) : "sum");
        loop.registers[op->results[0]] = name;
        writer_line(writer, loop.sample ? "%s %s = lanes_splat(%s);" : "%s %s = %s;", type, name, start);
    }
    writer_line(writer, "for (int j = 0; j < %lld; j++) {", (long long)loop.inner);
    writer->indent++;
    for (int i = 0; i < group->op_count; i++) {
        const IrOp *op = &function->ops[group->ops[i]];
        if (!is_reduce(op)) {
            loop_compute(writer, &loop, op);
            continue;
        }
        const char *sum = loop.registers[op->results[0]];
        const char *term = loop_operand(writer, &loop, op->operands[0]);
        if (op->code == IR_REDUCE_SUM)
            writer_line(writer, "%s = %s + %s;", sum, sum, term);
        else
            writer_line(writer, "%s = %s_max(%s, %s);", sum, loop.sample ? "lanes" : "real", sum, term);
    }
    writer->indent--;
    writer_line(writer, "}");
    for (int i = 0; i < group->op_count; i++) {
        const IrOp *op = &function->ops[group->ops[i]];
        const Place *place = &writer->plan->places[op->results[0]];
        if (is_reduce(op) && place->kind != PLACE_NONE)
            loop_store(writer, &loop, writer_place_address(writer, place, op->results[0], 0),
                       loop.outer > 1 ? "i" : "0", loop.registers[op->results[0]]);
    }
    writer->indent--;
    writer_line(writer, "}");
    writer->indent -= depth - 1;
    forget_registers(writer, group);
}

void write_loop_group(Writer *writer, const Group *group)
{
    const IrFunction *function = writer->plan->function;
    for (int i = 0; i < group->op_count; i++)
        if (is_reduce(&function->ops[group->ops[i]])) {
            write_sums(writer, group);
            return;
        }
    Loop loop = loop_start(writer, group);
    loop_shape(writer, group, &loop);
    loop_open(writer, &loop);
    for (int i = 0; i < group->op_count; i++)
        loop_compute(writer, &loop, &function->ops[group->ops[i]]);
    loop_close(writer, &loop);
    forget_registers(writer, group);
}

void write_copy_group(Writer *writer, const Group *group)
{
    Loop loop = loop_start(writer, group);
    loop_shape(writer, group, &loop);
    const char *base;
    if (group->slot >= 0)
        base = writer_place_address(writer, &writer->plan->places[group->slot], group->copied, 0);
    else
        base = arena_print(writer->arena, "output_%d", -1 - group->slot);
    loop_open(writer, &loop);
    const char *text = loop_operand(writer, &loop, group->copied);
    int64_t inner;
    loop_store(writer, &loop, base, index_text(writer, &loop, NULL, &inner),
               stored_text(writer, &loop, group->copied, text));
    loop_close(writer, &loop);
}
