/* SPDX-License-Identifier: MIT */
/* Groups: ops that share a loop. Each op joins the group that makes one of its operands, or a recent one over as many
 * elements, where all that it reads is there by then; else it begins a group. Groups run in the order in which they are
 * made, so an op may join any group that is not before those of its operands. One walk over the ops, in entries one for
 * each phase. */
#include "compiler/emit/plan.h"

#include <string.h>

enum { RECENT_GROUPS = 4, GROUP_OPS_MAX = 256 };

static bool op_is_silent(const IrOp *op)
{
    return map_is_view(op->code) || op->code == IR_CONSTANT;
}

static bool op_is_reduce(const IrOp *op)
{
    return op->code == IR_REDUCE_SUM || op->code == IR_REDUCE_MAX;
}

static int op_level(const Plan *plan, const IrOp *op)
{
    int level = 0;
    for (int i = 0; i < op->operand_count; i++)
        if (plan->levels[op->operands[i]] > level)
            level = plan->levels[op->operands[i]];
    return level;
}

/* ---- groups ---------------------------------------------------------------------------------- */

static Group *group_new(Plan *plan, GroupKind kind, bool sample, int level)
{
    if (plan->group_count == plan->group_room) {
        int room = plan->group_room * 2 + 16;
        plan->groups = arena_grow(plan->arena, plan->groups, (size_t)plan->group_count, (size_t)room, sizeof(Group));
        plan->group_room = room;
    }
    Group *group = &plan->groups[plan->group_count++];
    *group = (Group){.kind = kind, .sample = sample, .level = level, .terms = 1};
    return group;
}

static void group_add(Plan *plan, Group *group, int index)
{
    if (group->op_count == group->op_room) {
        int room = group->op_room * 2 + 4;
        group->ops = arena_grow(plan->arena, group->ops, (size_t)group->op_count, (size_t)room, sizeof(int));
        group->op_room = room;
    }
    group->ops[group->op_count++] = index;
    const IrOp *op = &plan->function->ops[index];
    for (int i = 0; i < op->result_count; i++)
        plan->group_of[op->results[i]] = (int)(group - plan->groups);
}

/* ---- copies ---------------------------------------------------------------------------------- */

static void copy_to(Plan *plan, IrId value, bool want_sample, int level)
{
    bool sample = plan_is_sample(plan, value);
    int slot = want_sample && !sample ? value + plan->function->value_count : value;
    if (plan->copies[slot] >= 0)
        return;
    plan->copies[slot] = plan->group_count;
    Group *group = group_new(plan, GROUP_COPY, want_sample || sample, level);
    group->count = ir_type_count(ir_type_of(plan->function, value));
    group->copied = value;
    group->slot = slot;
}

/* A value in memory of its own kind, its elements side by side. */
static void need_memory(Plan *plan, IrId value, bool want_sample, int level)
{
    int64_t offset;
    double number;
    bool in_place = map_is_contiguous(&plan->views[value].map, &offset) && !plan_literal(plan, value, &number);
    if ((want_sample && !plan_is_sample(plan, value)) || !in_place)
        copy_to(plan, value, want_sample, level);
}

static bool is_uncopied_table(const Plan *plan, IrId value)
{
    return plan->views[value].map.table != NULL && plan->copies[value] < 0;
}

static void copies_for(Plan *plan, const IrOp *op, int level)
{
    for (int k = 0; k < op->operand_count; k++) {
        IrId value = op->operands[k];
        bool want_sample;
        double number;
        if (!plan_needs_memory(plan, op, k, &want_sample))
            continue;
        bool strides_do = op->code == IR_CONTRACT || op->code == IR_BATCH_CONTRACT || op->code == IR_SOLVE_TRIANGULAR;
        if (strides_do && want_sample == plan_is_sample(plan, value)) {
            if (is_uncopied_table(plan, value) || plan_literal(plan, value, &number))
                copy_to(plan, value, want_sample, level);
        } else {
            need_memory(plan, value, want_sample, level);
        }
    }
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* Cheap ops that would begin a loop of their own wait for the only op that reads them, which may stand behind a
 * contraction: 1 - h^2 is computed where it is used. */

static bool is_waiting(const Plan *plan, IrId value)
{
    return plan->waits[value] && plan->group_of[value] < 0;
}

/* Whether an op may wait: its only reader is an elementwise op that is done where it would be. */
static bool may_wait(const Plan *plan, const IrOp *op, bool sample, int level)
{
    const IrId value = op->results[0];
    const int reader = plan->readers[value];
    if (!ir_op_is(op->code, IR_CHEAP) || reader < 0)
        return false;
    const IrOp *user = &plan->function->ops[reader];
    return ir_op_class(user->code) == IR_ELEMENTWISE &&
           (!plan->entry || (op_level(plan, user) == level && plan_op_is_sample(plan, user) == sample));
}

/* For each value the one op that reads it, once; -1: none, or several, or it is an output. */
static void find_readers(Plan *plan)
{
    const IrFunction *function = plan->function;
    enum { NONE = -1, SEVERAL = -2 };
    plan->readers = arena_take(plan->arena, (size_t)function->value_count, sizeof *plan->readers);
    plan->waits = arena_take(plan->arena, (size_t)function->value_count, sizeof *plan->waits);
    for (int v = 0; v < function->value_count; v++)
        plan->readers[v] = NONE;
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        for (int k = 0; plan->live[i] && k < op->operand_count; k++)
            plan->readers[op->operands[k]] = plan->readers[op->operands[k]] == NONE ? i : SEVERAL;
    }
    for (int i = 0; i < function->output_count; i++)
        plan->readers[function->outputs[i]] = SEVERAL;
}

/* ---- joining --------------------------------------------------------------------------------- */

static int operand_group(const Plan *plan, IrId value)
{
    return plan->group_of[plan->views[value].root];
}

/* Whether `op` can read all its operands in group `g`, which stands at or behind the groups that make them. */
static bool operands_fit(const Plan *plan, const IrOp *op, int g)
{
    const Group *group = &plan->groups[g];
    for (int i = 0; i < op->operand_count; i++) {
        const View *view = &plan->views[op->operands[i]];
        const IrValue *root = &plan->function->values[view->root];
        if (is_waiting(plan, op->operands[i]))
            continue; /* it will stand before `op` in the same group */
        if (plan->group_of[view->root] == g) {
            if (!map_is_whole(&view->map, group->count) || op_is_reduce(&plan->function->ops[root->op]))
                return false;
        } else if (group->kind == GROUP_DENSE) {
            int64_t offset;
            if (plan_dense_reads(plan, group->dense, op->operands[i], g, &offset) == 0)
                return false;
        }
    }
    return true;
}

/* A reduction's axes are its operand's last ones: its sums are of elements side by side. */
static bool reduces_last_axes(const Plan *plan, const IrOp *op, int64_t *terms)
{
    const IrType *type = ir_type_of(plan->function, op->operands[0]);
    *terms = 1;
    for (int i = 0; i < op->axis_count; i++) {
        *terms *= type->size[op->axes[i]];
        if (op->axes[i] != type->rank - op->axis_count + i)
            return false;
    }
    return true;
}

static bool can_join(const Plan *plan, const IrOp *op, int g, bool sample, int level)
{
    const Group *group = &plan->groups[g];
    if (group->sample != sample || group->level != level || group->op_count >= GROUP_OPS_MAX)
        return false;
    bool dense = group->kind == GROUP_DENSE && !op_is_reduce(op);
    if (group->kind != GROUP_LOOP && !dense)
        return false;
    if (op_is_reduce(op)) {
        int64_t terms;
        if (ir_type_count(ir_type_of(plan->function, op->operands[0])) != group->count ||
            !reduces_last_axes(plan, op, &terms) || (group->has_sums && group->terms != terms))
            return false;
    } else if (ir_type_count(ir_type_of(plan->function, op->results[0])) != group->count) {
        return false;
    }
    /* sums over other axes keep their order to themselves */
    const IrOp *first = &plan->function->ops[group->ops[0]];
    int64_t terms;
    if (op_is_reduce(first) && !reduces_last_axes(plan, first, &terms))
        return false;
    return operands_fit(plan, op, g);
}

static const IrOp *maker(const Plan *plan, IrId value)
{
    return &plan->function->ops[plan->function->values[value].op];
}

/* The last of the groups that make what an op reads, and what those read that wait for it; -1: no group does. */
static int last_operand_group(const Plan *plan, const IrOp *op)
{
    int last = -1;
    for (int i = 0; i < op->operand_count; i++) {
        const int group = is_waiting(plan, op->operands[i]) ? last_operand_group(plan, maker(plan, op->operands[i]))
                                                            : operand_group(plan, op->operands[i]);
        last = group > last ? group : last;
    }
    return last;
}

/* Whether an op can join, with those that wait for it. */
static bool all_can_join(const Plan *plan, const IrOp *op, int g, bool sample, int level)
{
    if (!can_join(plan, op, g, sample, level))
        return false;
    for (int i = 0; i < op->operand_count; i++)
        if (is_waiting(plan, op->operands[i]) && !all_can_join(plan, maker(plan, op->operands[i]), g, sample, level))
            return false;
    return true;
}

/* The group that an elementwise op or a reduction joins, or -1. */
static int find_group(const Plan *plan, const IrOp *op, int last, bool sample, int level)
{
    if (last >= 0 && all_can_join(plan, op, last, sample, level))
        return last;
    for (int g = plan->group_count - 1; g > last && g >= plan->group_count - RECENT_GROUPS; g--)
        if (plan->groups[g].kind == GROUP_LOOP && all_can_join(plan, op, g, sample, level))
            return g;
    return -1;
}

static void join(Plan *plan, int g, int index)
{
    Group *group = &plan->groups[g];
    const IrOp *op = &plan->function->ops[index];
    if (op_is_reduce(op)) {
        reduces_last_axes(plan, op, &group->terms);
        group->has_sums = true;
    }
    group_add(plan, group, index);
}

/* ---- one op ---------------------------------------------------------------------------------- */

static void begin_loop(Plan *plan, int index, bool sample, int level)
{
    const IrOp *op = &plan->function->ops[index];
    IrId value = op_is_reduce(op) ? op->operands[0] : op->results[0];
    Group *group = group_new(plan, GROUP_LOOP, sample, level);
    group->count = ir_type_count(ir_type_of(plan->function, value));
    if (op_is_reduce(op)) {
        reduces_last_axes(plan, op, &group->terms);
        group->has_sums = true;
        group->terms = 1;
        for (int i = 0; i < op->axis_count; i++)
            group->terms *= ir_type_of(plan->function, op->operands[0])->size[op->axes[i]];
    }
    group_add(plan, group, index);
}

static bool begin_dense(Plan *plan, int index, bool sample, int level)
{
    const IrOp *op = &plan->function->ops[index];
    Dense *dense = ARENA_NEW(plan->arena, Dense);
    bool copy[3];
    if (!sample || !plan_dense(plan, op, dense, copy))
        return false;
    for (int k = 0; k < op->operand_count; k++)
        if (copy[k])
            copy_to(plan, op->operands[k], k == 2 || op->operands[k] == dense->x, level);
    plan_dense(plan, op, dense, copy);
    Group *group = group_new(plan, GROUP_DENSE, sample, level);
    group->dense = dense;
    group->count = dense->positions * dense->rows;
    group_add(plan, group, index);
    return true;
}

/* An op joins a group, or begins one (-1), behind those that wait for it. Returns the group. */
static int join_with_waiting(Plan *plan, int g, int index, bool sample, int level)
{
    const IrOp *op = &plan->function->ops[index];
    for (int i = 0; i < op->operand_count; i++)
        if (is_waiting(plan, op->operands[i]))
            g = join_with_waiting(plan, g, plan->function->values[op->operands[i]].op, sample, level);
    if (g < 0)
        begin_loop(plan, index, sample, level);
    else
        join(plan, g, index);
    return g < 0 ? plan->group_count - 1 : g;
}

static void place_elementwise(Plan *plan, int index, bool sample, int level)
{
    const IrOp *op = &plan->function->ops[index];
    const int last = last_operand_group(plan, op), group = find_group(plan, op, last, sample, level);
    if (group >= 0 && (group == last || !may_wait(plan, op, sample, level))) {
        join_with_waiting(plan, group, index, sample, level);
    } else if (may_wait(plan, op, sample, level)) {
        plan->waits[op->results[0]] = true;
    } else {
        join_with_waiting(plan, -1, index, sample, level);
    }
}

static void place_op(Plan *plan, int index, bool sample, int level)
{
    const IrOp *op = &plan->function->ops[index];
    if (ir_op_class(op->code) == IR_ELEMENTWISE || op_is_reduce(op)) {
        place_elementwise(plan, index, sample, level);
    } else if (!begin_dense(plan, index, sample, level)) {
        copies_for(plan, op, level);
        Group *group = group_new(plan, GROUP_SINGLE, sample, level);
        group->whole = plan->wide[op->results[0]];
        group_add(plan, group, index);
    }
}

/* Outputs that are not simply the place where a value is made: inputs, views, constants, and values given twice. */
static void copy_outputs(Plan *plan, bool sample, int level)
{
    const IrFunction *function = plan->function;
    for (int i = 0; i < function->output_count; i++) {
        IrId value = function->outputs[i];
        if ((plan->places[value].kind == PLACE_OUTPUT && plan->places[value].index == i) ||
            (plan->entry && (plan->levels[value] != level || plan_is_sample(plan, value) != sample)))
            continue;
        Group *group = group_new(plan, GROUP_COPY, plan_is_sample(plan, value), level);
        group->count = ir_type_count(ir_type_of(function, value));
        group->copied = value;
        group->slot = -1 - i;
    }
}

void plan_groups(Plan *plan)
{
    const IrFunction *function = plan->function;
    int domains = plan->entry ? 2 : 1;
    find_readers(plan);
    for (int level = 0; level < plan->level_count; level++)
        for (int domain = 0; domain < domains; domain++) {
            for (int i = 0; i < function->op_count; i++) {
                const IrOp *op = &function->ops[i];
                bool sample = plan_op_is_sample(plan, op);
                if (!plan->live[i] || op_is_silent(op) ||
                    (plan->entry && (op_level(plan, op) != level || sample != (domain == 1))))
                    continue;
                place_op(plan, i, sample, level);
            }
            copy_outputs(plan, domain == 1, level);
        }
}
