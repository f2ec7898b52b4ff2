/* SPDX-License-Identifier: MIT */
/* Elementwise loops, sums and copies. An op that one other op of the loop reads, and that has no name of its own, is
 * written out where it is read; all others get a variable. */
#include "compiler/emit/loop.h"

#include <string.h>

enum { EXPRESSION_LENGTH = 76 };

static bool is_reduce(const IrOp *op)
{
    return op->code == IR_REDUCE_SUM || op->code == IR_REDUCE_MAX;
}

static int group_number(const Loop *loop)
{
    return 1 + (int)(loop->group - loop->writer->plan->groups);
}

static bool in_register(const Loop *loop, IrId value)
{
    return loop->writer->registers[loop->writer->plan->views[value].root].group == group_number(loop);
}

static const char *type_text(const Loop *loop, IrId value)
{
    bool boolean = ir_type_of(loop->writer->plan->function, value)->element == IR_BOOL;
    return loop->sample ? (boolean ? "lanes_int" : "lanes") : boolean ? "int" : "real";
}

/* ---- how often everything is read ------------------------------------------------------------ */

static LoopLoad *find_load(Loop *loop, const char *text)
{
    for (int i = 0; i < loop->load_count; i++)
        if (strcmp(loop->loads[i].text, text) == 0)
            return &loop->loads[i];
    if (loop->load_count == loop->load_room) {
        int room = loop->load_room * 2 + 16;
        loop->loads =
            arena_grow(loop->writer->arena, loop->loads, (size_t)loop->load_count, (size_t)room, sizeof(LoopLoad));
        loop->load_room = room;
    }
    loop->loads[loop->load_count] = (LoopLoad){.text = text};
    return &loop->loads[loop->load_count++];
}

static bool is_memory_text(const char *text)
{
    return strpbrk(text, "[(") != NULL && strncmp(text, "REAL(", 5) != 0 && strncmp(text, "-REAL(", 6) != 0;
}

static const IrOp *op_at(const Loop *loop, int i)
{
    return &loop->writer->plan->function->ops[loop->group->ops[i]];
}

static void count_uses(Loop *loop)
{
    const Plan *plan = loop->writer->plan;
    for (int i = 0; i < loop->group->op_count; i++) {
        const IrOp *op = op_at(loop, i);
        for (int k = 0; k < op->operand_count; k++) {
            if (in_register(loop, op->operands[k])) {
                loop->writer->registers[plan->views[op->operands[k]].root].uses++;
                continue;
            }
            Term term = loop_load(loop, op->operands[k]);
            if (is_memory_text(term.text))
                find_load(loop, term.text)->uses++;
        }
        loop->writer->registers[op->results[0]] = (Register){.group = group_number(loop)};
    }
}

/* ---- one op ---------------------------------------------------------------------------------- */

static Term bind(Loop *loop, IrId value, Term term, const char *otherwise)
{
    Writer *writer = loop->writer;
    const char *hint = writer_hint(writer, value, otherwise);
    const char *name =
        identifiers_new(&writer->identifiers, arena_print(writer->arena, loop->sample ? "%s_i" : "%s_value", hint));
    writer_line(writer, "const %s %s = %s;", type_text(loop, value), name,
                term_argument(writer->arena, term, loop->sample));
    return term_primary(name, false);
}

static Term operand_term(Loop *loop, IrId value)
{
    const Plan *plan = loop->writer->plan;
    if (in_register(loop, value))
        return loop->writer->registers[plan->views[value].root].term;
    Term term = loop_load(loop, value);
    if (!is_memory_text(term.text))
        return term;
    LoopLoad *load = find_load(loop, term.text);
    if (load->uses < 2)
        return term;
    if (load->variable == NULL)
        load->variable = bind(loop, value, term, "x").text;
    return term_primary(load->variable, !loop->sample);
}

static const char *op_noun(IrOpcode code)
{
    switch (code) {
    case IR_ADD:
    case IR_FMA:
        return "sum";
    case IR_SUB:
        return "difference";
    case IR_MUL:
        return "product";
    case IR_DIV:
        return "ratio";
    case IR_LESS:
    case IR_LESS_EQUAL:
    case IR_EQUAL:
    case IR_AND:
    case IR_OR:
    case IR_NOT:
        return "condition";
    case IR_SELECT:
        return "choice";
    default:
        return ir_op_text(code);
    }
}

static Term stored_term(const Loop *loop, IrId value, Term term)
{
    if (ir_type_of(loop->writer->plan->function, value)->element != IR_BOOL)
        return term;
    const char *format = loop->sample ? "lanes_select(%s, lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0)))"
                                      : "real_select(%s, REAL(1.0), REAL(0.0))";
    return term_primary(arena_print(loop->writer->arena, format, term.text), !loop->sample);
}

static void compute(Loop *loop, const IrOp *op)
{
    Writer *writer = loop->writer;
    const Plan *plan = writer->plan;
    IrId result = op->results[0];
    Register *reg = &writer->registers[result];
    const Place *place = &plan->places[result];
    Term operands[3] = {{0}, {0}, {0}};
    for (int k = 0; k < op->operand_count && k < 3; k++)
        operands[k] = operand_term(loop, op->operands[k]);
    Term term = write_expression(writer, op, operands, loop->sample);
    bool named = plan->function->values[result].name != NULL, stored = place->kind != PLACE_NONE;
    if (place->kind == PLACE_LOCAL) {
        writer_line(writer, "const real %s = %s;", writer_slot_name(writer, result),
                    stored_term(loop, result, term).text);
        writer->defined[result] = true;
        reg->term = term_primary(writer->names[result], true);
        if (ir_type_of(plan->function, result)->element == IR_BOOL && reg->uses > 0)
            reg->term = term_primary(arena_print(writer->arena, "(%s != REAL(0.0))", writer->names[result]), true);
        return;
    }
    if (reg->uses >= 2 || (reg->uses == 1 && (stored || named || strlen(term.text) > EXPRESSION_LENGTH)))
        term = bind(loop, result, term, op_noun(op->code));
    reg->term = term;
    if (stored)
        loop_store(loop, writer_slot_name(writer, result), stored_term(loop, result, term));
}

/* ---- sums
 * -------------------------------------------------------------------------------------------------------------------
 */

/* Sums of so many rows and terms are worth being made side by side; of more, their terms take too much room. */
enum { ROWS_SIDE_BY_SIDE = 4, KEPT_TERMS = 2048 };

static int64_t kept_rows(const Loop *loop)
{
    return loop->group->count / loop->group->terms;
}

static bool keeps_terms(const Loop *loop, const IrOp *op)
{
    const Plan *plan = loop->writer->plan;
    return op->code == IR_REDUCE_SUM && loop->sample && loop->vector && loop->rank == loop->kept + 1 &&
           plan->places[op->results[0]].kind != PLACE_NONE && plan->places[op->results[0]].kind != PLACE_LOCAL &&
           kept_rows(loop) >= ROWS_SIDE_BY_SIDE && loop->group->count <= KEPT_TERMS &&
           !packing_is_blocks_only(loop->writer->packing, plan->function);
}

static int op_index(const Loop *loop, const IrOp *op)
{
    int i = 0;
    while (op_at(loop, i) != op)
        i++;
    return i;
}

static void declare_kept_terms(Loop *loop)
{
    Writer *writer = loop->writer;
    loop->kept_terms = ARENA_ARRAY(writer->arena, const char *, loop->group->op_count + 1);
    for (int i = 0; i < loop->group->op_count; i++) {
        const IrOp *op = op_at(loop, i);
        if (!is_reduce(op) || !keeps_terms(loop, op))
            continue;
        loop->kept_terms[i] = identifiers_new(
            &writer->identifiers, arena_print(writer->arena, "%s_terms", writer_hint(writer, op->results[0], "sum")));
        writer_line(writer, "real %s[TERMS_ROOM(%lld, %lld)];", loop->kept_terms[i], (long long)kept_rows(loop),
                    (long long)loop->group->terms);
    }
}

/* "i * TERMS_STRIDE(16) + j": where a row's terms are kept. */
static const char *term_position(const Loop *loop)
{
    Writer *writer = loop->writer;
    int64_t strides[IR_RANK_MAX], step = 1;
    for (int axis = loop->kept - 1; axis >= 0; axis--) {
        strides[axis] = step;
        step *= loop->size[axis];
    }
    const char *row = writer_index(writer, loop->kept, strides, loop->names, 0);
    return arena_print(writer->arena,
                       strchr(row, ' ') != NULL ? "(%s) * TERMS_STRIDE(%lld) + %s" : "%s * TERMS_STRIDE(%lld) + %s",
                       row, (long long)loop->group->terms, loop->names[loop->kept]);
}

static void sum_kept_terms(const Loop *loop)
{
    Writer *writer = loop->writer;
    for (int i = 0; i < loop->group->op_count; i++)
        if (loop->kept_terms[i] != NULL)
            writer_line(writer, "sum_kept_terms(%s, %lld, %lld, %s);", loop->kept_terms[i], (long long)kept_rows(loop),
                        (long long)loop->group->terms, writer_slot_name(writer, op_at(loop, i)->results[0]));
}

static void begin_sum(Loop *loop, const IrOp *op)
{
    Writer *writer = loop->writer;
    IrId result = op->results[0];
    const char *start = op->code == IR_REDUCE_SUM ? "REAL(0.0)" : "-REAL_INFINITY";
    const char *name;
    if (writer->plan->places[result].kind == PLACE_LOCAL) {
        name = writer_slot_name(writer, result);
        writer->defined[result] = true;
    } else {
        const char *hint = writer_hint(writer, result, op->code == IR_REDUCE_SUM ? "sum" : "largest");
        name =
            identifiers_new(&writer->identifiers, arena_print(writer->arena, loop->sample ? "%s_i" : "%s_value", hint));
    }
    writer->registers[result].term = term_primary(name, false);
    if (loop->sample)
        writer_line(writer, "lanes %s = lanes_splat(%s);", name, start);
    else
        writer_line(writer, "real %s = %s;", name, start);
}

static void add_to_sum(Loop *loop, const IrOp *op)
{
    Writer *writer = loop->writer;
    const char *sum = writer->registers[op->results[0]].term.text;
    Term term = operand_term(loop, op->operands[0]);
    bool is_sum = op->code == IR_REDUCE_SUM;
    const char *text = term_argument(writer->arena, term, loop->sample);
    const char *kept = loop->kept_terms[op_index(loop, op)];
    if (kept != NULL)
        writer_line(writer, "%s = keep_terms(%s, %s, %s, %s, %s);", sum, kept, term_position(loop), sum, text,
                    loop_left(loop));
    else if (loop->sample && loop->vector)
        writer_line(writer, "%s = %s(%s, %s, %s);", sum, is_sum ? "add_terms" : "max_terms", sum, text,
                    loop_left(loop));
    else if (is_sum)
        writer_line(writer, term.precedence > PRECEDENCE_SUM ? "%s = %s + %s;" : "%s = %s + (%s);", sum, sum, text);
    else
        writer_line(writer, "%s = %s_max(%s, %s);", sum, loop->sample ? "lanes" : "real", sum, text);
}

static void end_sum(Loop *loop, const IrOp *op)
{
    Writer *writer = loop->writer;
    const Place *place = &writer->plan->places[op->results[0]];
    if (place->kind == PLACE_NONE || place->kind == PLACE_LOCAL)
        return;
    int64_t strides[IR_RANK_MAX], step = 1;
    for (int axis = loop->kept - 1; axis >= 0; axis--) {
        strides[axis] = step;
        step *= loop->size[axis];
    }
    const char *base = writer_slot_name(writer, op->results[0]);
    const char *index = writer_index(writer, loop->kept, strides, loop->names, 0);
    const char *sum = writer->registers[op->results[0]].term.text;
    if (loop->sample)
        writer_line(writer, "store_row(%s, %s);", loop_position(loop, base, index), sum);
    else
        writer_line(writer, "%s[%s] = %s;", base, index, sum);
}

static void for_each_sum(Loop *loop, void (*act)(Loop *, const IrOp *))
{
    for (int i = 0; i < loop->group->op_count; i++) {
        if (is_reduce(op_at(loop, i)))
            act(loop, op_at(loop, i));
    }
}

/* One sum after another, terms in their order: for each sample in its lane. */
static void write_sums(Loop *loop)
{
    declare_kept_terms(loop);
    int outside = loop_open(loop, 0, loop->kept, loop->sample);
    for_each_sum(loop, begin_sum);
    int inside = loop_open(loop, loop->kept, loop->rank, false);
    for (int i = 0; i < loop->group->op_count; i++) {
        (is_reduce(op_at(loop, i)) ? add_to_sum : compute)(loop, op_at(loop, i));
    }
    loop_close(loop, inside);
    for_each_sum(loop, end_sum);
    loop_close(loop, outside);
    sum_kept_terms(loop);
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* Elements and lanes as one index, or the indices and the lanes. */
static int open_elements(const Loop *loop)
{
    if (!loop->flat)
        return loop_open(loop, 0, loop->rank, loop->sample);
    if (loop->rank == 0)
        writer_open(loop->writer, "for (int i = 0; i < BLOCK; i += LANES)");
    else
        writer_open(loop->writer, "for (int i = 0; i < %lld * BLOCK; i += LANES)", (long long)loop->size[0]);
    return 1;
}

void write_loop_group(Writer *writer, const Group *group)
{
    Loop loop = loop_shape(writer, group);
    count_uses(&loop);
    if (group->has_sums) {
        write_sums(&loop);
        return;
    }
    int depth = open_elements(&loop);
    for (int i = 0; i < group->op_count; i++)
        compute(&loop, op_at(&loop, i));
    loop_close(&loop, depth);
}

static bool copies_run(const Loop *loop, const char **from)
{
    Writer *writer = loop->writer;
    IrId value = loop->group->copied;
    double number;
    int64_t offset;
    if (plan_literal(writer->plan, value, &number) || loop->group->count < 2)
        return false;
    Map map = loop_map(loop, value);
    int slot = plan_read(writer->plan, value, false, writer->group).slot;
    if (!map_is_contiguous(&map, &offset) || writer->plan->places[slot].sample != loop->sample)
        return false;
    *from = writer_slot_address(writer, slot, offset);
    return true;
}

void write_copy_group(Writer *writer, const Group *group)
{
    Loop loop = loop_shape(writer, group);
    const char *to = group->slot >= 0 ? writer_slot_name(writer, group->slot) : writer->output_names[-1 - group->slot];
    const char *from;
    if (copies_run(&loop, &from)) {
        writer_line(writer, loop.sample ? "copy_reals(%s, %s, %lld * BLOCK);" : "copy_reals(%s, %s, %lld);", to, from,
                    (long long)group->count);
        return;
    }
    bool local = group->slot >= 0 && writer->plan->places[group->slot].kind == PLACE_LOCAL;
    Term term;
    if (local) {
        term = stored_term(&loop, group->copied, loop_load(&loop, group->copied));
        writer_line(writer, "const real %s = %s;", to, term.text);
        writer->defined[group->slot] = true;
        return;
    }
    int depth = open_elements(&loop);
    term = stored_term(&loop, group->copied, loop_load(&loop, group->copied));
    loop_store(&loop, to, term);
    loop_close(&loop, depth);
}
