/* SPDX-License-Identifier: MIT */
/* Planning: phases, then groups of ops that share a loop. Where the values live is decided in frame.c. */
#include "compiler/emit/plan.h"

#include "compiler/emit/frame.h"
#include "compiler/emit/views.h"

#include <string.h>

Planner *planner_new(Arena *arena)
{
    Planner *planner = ARENA_NEW(arena, Planner);
    planner->arena = arena;
    return planner;
}

bool plan_is_sample(const Plan *plan, IrId value)
{
    return ir_type_of(plan->function, value)->kind == IR_KIND_SAMPLE;
}

static bool op_is_view(const IrOp *op)
{
    return op->code == IR_BROADCAST || op->code == IR_RESHAPE || op->code == IR_TRANSPOSE || op->code == IR_SLICE ||
           op->code == IR_GATHER;
}

static bool op_is_silent(const IrOp *op)
{
    return op_is_view(op) || op->code == IR_CONSTANT;
}

static bool op_is_sample(const Plan *plan, const IrOp *op)
{
    for (int i = 0; i < op->operand_count; i++)
        if (plan_is_sample(plan, op->operands[i]))
            return true;
    for (int i = 0; i < op->result_count; i++)
        if (plan_is_sample(plan, op->results[i]))
            return true;
    return false;
}

bool plan_literal(const Plan *plan, IrId value, double *number)
{
    const IrValue *root = &plan->function->values[plan->views[value].root];
    if (root->op < 0 || plan->function->ops[root->op].code != IR_CONSTANT)
        return false;
    const double *data = plan->function->ops[root->op].data;
    int64_t count = ir_type_count(&root->type);
    for (int64_t i = 1; i < count; i++)
        if (memcmp(&data[i], &data[0], sizeof *data) != 0)
            return false;
    *number = count > 0 ? data[0] : 0;
    return true;
}

const int64_t *plan_reduce_map(const Plan *plan, const IrOp *op, int64_t *sums, int64_t *terms)
{
    const IrType *type = ir_type_of(plan->function, op->operands[0]);
    bool reduced[IR_RANK_MAX] = {false};
    int order[IR_RANK_MAX], rank = 0;
    for (int i = 0; i < op->axis_count; i++)
        reduced[op->axes[i]] = true;
    *sums = *terms = 1;
    for (int pass = 0; pass < 2; pass++)
        for (int axis = 0; axis < type->rank; axis++)
            if (reduced[axis] == (pass == 1)) {
                order[rank++] = axis;
                *(pass == 0 ? sums : terms) *= type->size[axis];
            }
    bool identity = true;
    for (int i = 0; i < rank; i++)
        identity = identity && order[i] == i;
    if (identity)
        return NULL;
    int64_t count = *sums * *terms, stride[IR_RANK_MAX], index[IR_RANK_MAX] = {0};
    for (int axis = type->rank - 1, step = 1; axis >= 0; axis--) {
        stride[axis] = step;
        step *= (int)type->size[axis];
    }
    int64_t *map = ARENA_ARRAY(plan->arena, int64_t, count > 0 ? count : 1);
    for (int64_t i = 0; i < count; i++) {
        for (int axis = 0; axis < rank; axis++)
            map[i] += index[axis] * stride[order[axis]];
        for (int axis = rank - 1; axis >= 0; axis--) {
            if (++index[axis] < type->size[order[axis]])
                break;
            index[axis] = 0;
        }
    }
    return map;
}

/* ---- phases ---------------------------------------------------------------------------------------------------- */

static int op_run_level(const Plan *plan, const IrOp *op)
{
    int level = 0;
    for (int i = 0; i < op->operand_count; i++)
        if (plan->levels[op->operands[i]] > level)
            level = plan->levels[op->operands[i]];
    return level;
}

static void find_levels(Planner *planner, Plan *plan)
{
    const IrFunction *function = plan->function;
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        int level = op_run_level(plan, op);
        const Plan *callee = op->callee != NULL ? planner_plan(planner, op->callee, false) : NULL;
        for (int r = 0; r < op->result_count; r++) {
            bool sum = op->code == IR_BATCH_SUM || op->code == IR_BATCH_CONTRACT || op->code == IR_COLLECT;
            IrId result = op->results[r];
            if (callee != NULL) {
                sum = callee->sums[callee->function->outputs[r]];
                plan->doubles[result] = callee->doubles[callee->function->outputs[r]];
            } else if (op->code == IR_BATCH_SUM) {
                plan->doubles[result] = function->values[result].type.rank == 0;
            }
            plan->sums[result] = sum;
            plan->levels[result] = level + (sum ? 1 : 0);
            if (plan->levels[result] >= plan->level_count)
                plan->level_count = plan->levels[result] + 1;
        }
    }
}

bool plan_is_single_phase(Planner *planner, const IrFunction *function)
{
    const Plan *plan = planner_plan(planner, function, false);
    int uses[2] = {0, 0};
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        if (op_run_level(plan, op) > 0 || op->code == IR_COLLECT || op->code == IR_DISTRIBUTE)
            return false;
        if (op->callee != NULL && !plan_is_single_phase(planner, op->callee))
            return false;
        int64_t first[2] = {-1, -1};
        for (int r = 0; r < op->result_count; r++) {
            IrId result = op->results[r];
            if (!plan->sums[result])
                continue;
            uses[0]++;
            if (op->callee == NULL)
                continue;
            const Plan *callee = planner_plan(planner, op->callee, false);
            int64_t base = plan->partials[result] - callee->partials[op->callee->outputs[r]];
            int64_t *known = &first[plan->doubles[result]];
            if (*known >= 0 && *known != base)
                return false;
            *known = base;
        }
    }
    for (int i = 0; i < function->output_count; i++) {
        for (int j = 0; j < i; j++)
            if (plan->sums[function->outputs[i]] && function->outputs[j] == function->outputs[i])
                return false;
        uses[1] += plan->sums[function->outputs[i]];
    }
    return uses[0] == uses[1];
}

/* ---- groups ------------------------------------------------------------------------------------------------------ */

static Group *group_new(Plan *plan, GroupKind kind, bool sample, int level)
{
    if (plan->group_count == plan->group_room) {
        int room = plan->group_room * 2 + 16;
        plan->groups = arena_grow(plan->arena, plan->groups, (size_t)plan->group_count, (size_t)room, sizeof(Group));
        plan->group_room = room;
    }
    Group *group = &plan->groups[plan->group_count++];
    *group = (Group){.kind = kind, .sample = sample, .level = level, .inner = 1, .slot = -1};
    return group;
}

static void group_add(Plan *plan, Group *group, int op)
{
    group->ops = arena_grow(plan->arena, group->ops, (size_t)group->op_count, (size_t)group->op_count + 1, sizeof(int));
    group->ops[group->op_count++] = op;
    const IrOp *added = &plan->function->ops[op];
    for (int i = 0; i < added->result_count; i++)
        plan->group_of[added->results[i]] = (int)(group - plan->groups);
}

static bool value_is_known(const Plan *plan, IrId value)
{
    IrId root = plan->views[value].root;
    const IrValue *v = &plan->function->values[root];
    return v->op < 0 || plan->function->ops[v->op].code == IR_CONSTANT || plan->group_of[root] >= 0;
}

/* Whether `op` can read its operands in the loop of the group that is being made (the last one). */
static bool operands_fit(const Plan *plan, const IrOp *op)
{
    int current = plan->group_count - 1;
    for (int i = 0; i < op->operand_count; i++) {
        const View *view = &plan->views[op->operands[i]];
        if (!value_is_known(plan, op->operands[i]))
            return false;
        if (plan->group_of[view->root] != current) {
            const Group *group = &plan->groups[current];
            if (group->kind == GROUP_DENSE &&
                !plan_dense_can_read(plan, &plan->function->ops[group->ops[0]], op->operands[i]))
                return false;
            continue;
        }
        const IrValue *root = &plan->function->values[view->root];
        bool is_sum = root->op >= 0 && ir_op_class(plan->function->ops[root->op].code) == IR_REDUCTION;
        if (view->map != NULL || is_sum)
            return false;
    }
    return true;
}

static bool op_is_reduce(const IrOp *op)
{
    return op->code == IR_REDUCE_SUM || op->code == IR_REDUCE_MAX;
}

static bool reduce_fits(const Plan *plan, const IrOp *op, const Group *group)
{
    int64_t sums, terms;
    IrId root = plan->views[op->operands[0]].root;
    if (plan->group_of[root] != plan->group_count - 1 || group->kind != GROUP_LOOP)
        return false;
    if (plan_reduce_map(plan, op, &sums, &terms) != NULL || sums * terms != group->count)
        return false;
    return group->inner == 1 || group->inner == terms;
}

/* Adds to the newest group all later ops that can share its loop. */
static void group_extend(Plan *plan, Group *group, int from)
{
    for (int i = from; i < plan->function->op_count; i++) {
        const IrOp *op = &plan->function->ops[i];
        if (op_is_silent(op) || plan->group_of[op->results[0]] >= 0 || op_is_sample(plan, op) != group->sample ||
            op_run_level(plan, op) != group->level)
            continue;
        if (ir_op_class(op->code) == IR_ELEMENTWISE) {
            if (ir_type_count(ir_type_of(plan->function, op->results[0])) == group->count && operands_fit(plan, op))
                group_add(plan, group, i);
        } else if (op_is_reduce(op) && reduce_fits(plan, op, group) && operands_fit(plan, op)) {
            int64_t sums, terms;
            plan_reduce_map(plan, op, &sums, &terms);
            group->inner = terms;
            group_add(plan, group, i);
        }
    }
}

static void group_from(Plan *plan, int index, bool sample, int level)
{
    const IrOp *op = &plan->function->ops[index];
    Dense dense;
    if (ir_op_class(op->code) == IR_ELEMENTWISE) {
        Group *group = group_new(plan, GROUP_LOOP, sample, level);
        group->count = ir_type_count(ir_type_of(plan->function, op->results[0]));
        group_add(plan, group, index);
        group_extend(plan, group, index + 1);
    } else if (op_is_reduce(op)) {
        Group *group = group_new(plan, GROUP_LOOP, sample, level);
        group->count = ir_type_count(ir_type_of(plan->function, op->operands[0]));
        int64_t sums;
        plan_reduce_map(plan, op, &sums, &group->inner);
        group_add(plan, group, index);
    } else if (sample && plan_dense(plan, op, &dense)) {
        Group *group = group_new(plan, GROUP_DENSE, sample, level);
        group->count = dense.positions * dense.rows;
        group_add(plan, group, index);
        group_extend(plan, group, index + 1);
    } else {
        group_add(plan, group_new(plan, GROUP_SINGLE, sample, level), index);
    }
}

/* What an op needs in memory of its own: operand `k`, and whether as a per-sample value. */
static bool operand_needs_memory(const Plan *plan, const IrOp *op, int k, bool *want_sample)
{
    *want_sample = plan_is_sample(plan, op->operands[k]);
    switch (ir_op_class(op->code)) {
    case IR_ELEMENTWISE:
        return false;
    case IR_REDUCTION:
        return op->code == IR_CUMSUM;
    case IR_STRUCTURE:
        *want_sample = *want_sample || (op->code != IR_CONCAT && op_is_sample(plan, op));
        return !op_is_silent(op) && op->code != IR_CONCAT;
    case IR_DRAW:
        return true;
    case IR_PRODUCT: {
        Dense dense;
        bool per_row = op->code == IR_CONTRACT && op_is_sample(plan, op) && plan_dense(plan, op, &dense);
        if (per_row && k == 2)
            *want_sample = !dense.start_per_row;
        else if (op->code == IR_SOLVE_TRIANGULAR)
            *want_sample = op_is_sample(plan, op);
        return true;
    }
    case IR_BATCH:
        *want_sample = op->code != IR_DISTRIBUTE;
        return true;
    case IR_PROGRAM:
        *want_sample = ir_type_of(op->callee, op->callee->inputs[k + (op->code == IR_SCAN)])->kind == IR_KIND_SAMPLE;
        return true;
    }
    return true;
}

static void copy_before(Plan *plan, IrId value, bool want_sample, int level)
{
    int slot = value;
    int64_t element;
    double number;
    bool is_sample = plan_is_sample(plan, value);
    if (want_sample && !is_sample)
        slot = value + plan->function->value_count;
    else if (view_is_contiguous(&plan->views[value], ir_type_count(ir_type_of(plan->function, value)), &element) &&
             (ir_type_of(plan->function, value)->element == IR_REAL || !plan_literal(plan, value, &number)))
        return;
    else if (plan->views[value].root == value && !plan_literal(plan, value, &number))
        return;
    for (int i = 0; i < plan->group_count; i++)
        if (plan->groups[i].kind == GROUP_COPY && plan->groups[i].slot == slot && plan->groups[i].level == level)
            return;
    Group *group = group_new(plan, GROUP_COPY, want_sample || is_sample, level);
    group->count = ir_type_count(ir_type_of(plan->function, value));
    group->copied = value;
    group->slot = slot;
}

static void copies_for(Plan *plan, int index, int level)
{
    const IrOp *op = &plan->function->ops[index];
    for (int k = 0; k < op->operand_count; k++) {
        bool want_sample;
        if (operand_needs_memory(plan, op, k, &want_sample))
            copy_before(plan, op->operands[k], want_sample, level);
    }
}

static bool op_is_ready(const Plan *plan, const IrOp *op)
{
    for (int i = 0; i < op->operand_count; i++)
        if (!value_is_known(plan, op->operands[i]))
            return false;
    return true;
}

static void find_groups(Plan *plan)
{
    const IrFunction *function = plan->function;
    for (int level = 0; level < plan->level_count; level++)
        for (int sample = 0; sample < 2; sample++)
            for (int i = 0; i < function->op_count; i++) {
                const IrOp *op = &function->ops[i];
                if (op_is_silent(op) || (op->result_count > 0 && plan->group_of[op->results[0]] >= 0) ||
                    op_is_sample(plan, op) != sample || op_run_level(plan, op) != level || !op_is_ready(plan, op))
                    continue;
                copies_for(plan, i, level);
                group_from(plan, i, sample != 0, level);
            }
}

/* Outputs that are not simply the place where a value is made: inputs, views, constants, and values given twice. */
static void copy_outputs(Plan *plan)
{
    const IrFunction *function = plan->function;
    for (int i = 0; i < function->output_count; i++) {
        IrId value = function->outputs[i];
        if (plan->places[value].kind == PLACE_OUTPUT && plan->places[value].index == i)
            continue;
        Group *group = group_new(plan, GROUP_COPY, plan_is_sample(plan, value), plan->levels[value]);
        group->count = ir_type_count(ir_type_of(function, value));
        group->copied = value;
        group->slot = -1 - i;
    }
}

static void place_outputs(Plan *plan)
{
    const IrFunction *function = plan->function;
    for (int i = 0; i < function->output_count; i++) {
        IrId value = function->outputs[i];
        const IrValue *v = &function->values[value];
        bool made_here = v->op >= 0 && !op_is_silent(&function->ops[v->op]);
        if (made_here && plan->places[value].kind == PLACE_NONE)
            plan->places[value] = (Place){.kind = PLACE_OUTPUT, .index = i};
    }
}

const Place *plan_memory(const Plan *plan, IrId value, bool want_sample, int64_t *element)
{
    const View *view = &plan->views[value];
    *element = 0;
    if (want_sample && !plan_is_sample(plan, value))
        return &plan->places[value + plan->function->value_count];
    if (view->root == value || plan->places[value].kind != PLACE_NONE)
        return &plan->places[value];
    view_is_contiguous(view, ir_type_count(ir_type_of(plan->function, value)), element);
    return &plan->places[view->root];
}

Plan *planner_plan(Planner *planner, const IrFunction *function, bool entry)
{
    for (int i = 0; i < planner->count; i++)
        if (planner->functions[i] == function && planner->plans[i]->entry == entry)
            return planner->plans[i];
    Arena *arena = planner->arena;
    Plan *plan = ARENA_NEW(arena, Plan);
    int values = function->value_count;
    *plan = (Plan){.arena = arena, .function = function, .entry = entry, .level_count = 1};
    plan->views = ARENA_ARRAY(arena, View, values);
    plan->levels = ARENA_ARRAY(arena, int, values);
    plan->sums = ARENA_ARRAY(arena, bool, values);
    plan->doubles = ARENA_ARRAY(arena, bool, values);
    plan->partials = ARENA_ARRAY(arena, int64_t, values);
    plan->places = ARENA_ARRAY(arena, Place, 2 * values);
    plan->group_of = ARENA_ARRAY(arena, int, values);
    for (int i = 0; i < values; i++)
        plan->group_of[i] = -1;
    views_resolve(arena, function, plan->views);
    find_levels(planner, plan);
    place_outputs(plan);
    find_groups(plan);
    copy_outputs(plan);
    frame_plan(planner, plan);
    if (planner->count == planner->room) {
        int room = planner->room * 2 + 16;
        planner->functions = arena_grow(arena, planner->functions, (size_t)planner->count, (size_t)room,
                                        sizeof(IrFunction *));
        planner->plans = arena_grow(arena, planner->plans, (size_t)planner->count, (size_t)room, sizeof(Plan *));
        planner->room = room;
    }
    planner->functions[planner->count] = function;
    planner->plans[planner->count++] = plan;
    return plan;
}
