/* SPDX-License-Identifier: MIT */
/* Planning: views and phases of one function; then groups (group.c) and memory (frame.c). */
#include "compiler/emit/plan.h"

#include "compiler/passes/passes.h"

#include <string.h>

Planner *planner_new(Arena *arena, const IrModule *module, PhaseTable *phases)
{
    Planner *planner = ARENA_NEW(arena, Planner);
    *planner = (Planner){.arena = arena, .phases = phases};
    planner->plans = ARENA_ARRAY(arena, Plan *, module->function_count + 1);
    return planner;
}

bool plan_is_sample(const Plan *plan, IrId value)
{
    return ir_type_of(plan->function, value)->kind == IR_KIND_SAMPLE;
}

bool plan_op_is_sample(const Plan *plan, const IrOp *op)
{
    for (int i = 0; i < op->operand_count; i++)
        if (plan_is_sample(plan, op->operands[i]))
            return true;
    for (int i = 0; i < op->result_count; i++)
        if (plan_is_sample(plan, op->results[i]))
            return true;
    for (int i = 0; op->callee != NULL && i < op->callee->input_count; i++)
        if (ir_type_of(op->callee, op->callee->inputs[i])->kind == IR_KIND_SAMPLE)
            return true;
    if (op->callee != NULL)
        return plan->table->of[op->callee->position]->needs_block;
    return ir_op_class(op->code) == IR_BATCH; /* a sum of what all samples share is made by the blocks too */
}

bool plan_literal(const Plan *plan, IrId value, double *number)
{
    IrId root = plan->views[value].root;
    if (!plan->uniform[root])
        return false;
    *number = plan->function->ops[plan->function->values[root].op].data[0];
    return true;
}

bool plan_has_copy(const Plan *plan, int slot, int group)
{
    return plan->copies[slot] >= 0 && plan->copies[slot] < group;
}

Read plan_read(const Plan *plan, IrId value, bool want_sample, int group)
{
    int slot = want_sample && !plan_is_sample(plan, value) ? value + plan->function->value_count : value;
    if (slot != value || plan_has_copy(plan, slot, group))
        return (Read){.slot = slot, .map = map_identity(ir_type_of(plan->function, value))};
    return (Read){.slot = plan->views[value].root, .map = plan->views[value].map};
}

bool plan_needs_memory(const Plan *plan, const IrOp *op, int k, bool *want_sample)
{
    const IrType *type = ir_type_of(plan->function, op->operands[k]);
    *want_sample = type->kind == IR_KIND_SAMPLE;
    switch (ir_op_class(op->code)) {
    case IR_ELEMENTWISE:
    case IR_DRAW:
        return false;
    case IR_REDUCTION:
        return op->code == IR_CUMSUM;
    case IR_STRUCTURE:
        return op->code == IR_SCATTER_ADD || op->code == IR_TAKE || op->code == IR_PUT;
    case IR_PRODUCT:
        return true;
    case IR_BATCH:
        *want_sample = op->code != IR_DISTRIBUTE;
        return true;
    case IR_PROGRAM: {
        const IrType *input = ir_type_of(op->callee, op->callee->inputs[k + (op->code == IR_SCAN)]);
        *want_sample = input->kind == IR_KIND_SAMPLE;
        return *want_sample || type->rank > 0 || (op->code == IR_SCAN && k < op->carried);
    }
    }
    return true;
}

static bool is_uniform(const IrOp *op)
{
    int64_t count = ir_type_count(&op->type);
    for (int64_t i = 1; i < count; i++)
        if (memcmp(&op->data[i], &op->data[0], sizeof op->data[0]) != 0)
            return false;
    return true;
}

static void find_views(Plan *plan)
{
    const IrFunction *function = plan->function;
    for (int v = 0; v < function->value_count; v++)
        plan->views[v] = (View){.root = v, .map = map_identity(&function->values[v].type)};
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        if (op->code == IR_CONSTANT)
            plan->uniform[op->results[0]] = is_uniform(op);
        if (!map_is_view(op->code))
            continue;
        const View *operand = &plan->views[op->operands[0]];
        Map map = map_of_view(plan->arena, function, op, &operand->map);
        plan->views[op->results[0]] = (View){.root = operand->root, .map = map};
    }
}

static void find_live(Plan *plan)
{
    const IrFunction *function = plan->function;
    bool *read = ARENA_ARRAY(plan->arena, bool, function->value_count + 1);
    for (int i = 0; i < function->output_count; i++)
        read[function->outputs[i]] = true;
    for (int i = function->op_count - 1; i >= 0; i--) {
        const IrOp *op = &function->ops[i];
        for (int r = 0; r < op->result_count; r++)
            plan->live[i] = plan->live[i] || read[op->results[r]];
        for (int k = 0; k < op->operand_count && plan->live[i]; k++)
            read[op->operands[k]] = true;
    }
}

/* An entry's phases: a sum over the batch is known from the next one on. */
static void find_levels(Planner *planner, Plan *plan)
{
    const IrFunction *function = plan->function;
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        int level = 0;
        for (int k = 0; k < op->operand_count; k++)
            level = plan->levels[op->operands[k]] > level ? plan->levels[op->operands[k]] : level;
        for (int r = 0; r < op->result_count; r++) {
            IrId result = op->results[r];
            BatchKind kind = plan->phases->entry_kind[result];
            /* what a block gives back that is no part of a sum is the same from each: it is taken from one */
            plan->firsts[result] = kind == BATCH_NONE && plan_op_is_sample(plan, op) && !plan_is_sample(plan, result);
            plan->sums[result] = kind == BATCH_PART || plan->firsts[result];
            plan->wide[result] = kind == BATCH_PART && passes_is_wide_product(function, op);
            plan->doubles[result] = kind == BATCH_PART && phases_is_double(planner->phases, function, op, r);
            plan->levels[result] = level + (kind != BATCH_NONE || plan->firsts[result]);
            if (plan->levels[result] >= plan->level_count)
                plan->level_count = plan->levels[result] + 1;
        }
    }
}

/* An output that is simply where a value is made; others are copied (group.c). */
static void place_outputs(Plan *plan)
{
    const IrFunction *function = plan->function;
    for (int i = 0; i < function->output_count; i++) {
        IrId value = function->outputs[i];
        const IrValue *v = &function->values[value];
        bool made_here =
            v->op >= 0 && !map_is_view(function->ops[v->op].code) && function->ops[v->op].code != IR_CONSTANT;
        if (made_here && plan->places[value].kind == PLACE_NONE)
            plan->places[value] = (Place){.kind = PLACE_OUTPUT, .index = i};
    }
}

static Plan *plan_new(Planner *planner, const IrFunction *function, bool entry)
{
    Arena *arena = planner->arena;
    Plan *plan = ARENA_NEW(arena, Plan);
    int values = function->value_count;
    *plan = (Plan){.arena = arena, .function = function, .entry = entry, .level_count = 1};
    plan->table = planner->phases;
    plan->phases = planner->phases->of[function->position];
    plan->live = ARENA_ARRAY(arena, bool, function->op_count + 1);
    plan->views = ARENA_ARRAY(arena, View, values + 1);
    plan->uniform = ARENA_ARRAY(arena, bool, values + 1);
    plan->levels = ARENA_ARRAY(arena, int, values + 1);
    plan->sums = ARENA_ARRAY(arena, bool, values + 1);
    plan->doubles = ARENA_ARRAY(arena, bool, values + 1);
    plan->firsts = ARENA_ARRAY(arena, bool, values + 1);
    plan->wide = ARENA_ARRAY(arena, bool, values + 1);
    plan->partials = ARENA_ARRAY(arena, int64_t, values + 1);
    plan->places = ARENA_ARRAY(arena, Place, 2 * values + 1);
    plan->copies = ARENA_ARRAY(arena, int, 2 * values + 1);
    plan->group_of = ARENA_ARRAY(arena, int, values + 1);
    for (int v = 0; v < values; v++)
        plan->group_of[v] = -1;
    for (int slot = 0; slot < 2 * values; slot++)
        plan->copies[slot] = -1;
    find_live(plan);
    find_views(plan);
    if (entry)
        find_levels(planner, plan);
    place_outputs(plan);
    plan_groups(plan);
    return plan;
}

const Plan *planner_plan(Planner *planner, const IrFunction *function)
{
    Plan **plan = &planner->plans[function->position];
    if (*plan == NULL) {
        *plan = plan_new(planner, function, false);
        plan_frame(planner, *plan, NULL, 0);
    }
    return *plan;
}

/* ---- sums that are added up in place --------------------------------------------------------- */

static bool is_part(const Plan *plan, IrId value)
{
    if (plan->entry)
        return plan->sums[value] && !plan->firsts[value] && !plan->wide[value] && !plan->doubles[value];
    return plan->phases->kind[value] == BATCH_PART && !plan->phases->doubles[value];
}

bool plan_adds(const Plan *plan, IrId value)
{
    return is_part(plan, value) && (plan->entry || plan->places[value].kind == PLACE_OUTPUT);
}

static bool sums_add(Planner *planner, const Plan *plan)
{
    for (int i = 0; i < plan->function->op_count; i++) {
        const IrOp *op = &plan->function->ops[i];
        bool parts = false;
        for (int r = 0; plan->live[i] && r < op->result_count; r++) {
            if (is_part(plan, op->results[r]) && !plan_adds(plan, op->results[r]))
                return false;
            parts = parts || is_part(plan, op->results[r]);
        }
        if (!parts || op->code == IR_BATCH_SUM || op->code == IR_BATCH_CONTRACT)
            continue;
        if (op->code != IR_CALL || !sums_add(planner, planner_plan(planner, op->callee)))
            return false;
    }
    return true;
}

Plan *planner_plan_entry(Planner *planner, const IrFunction *function, const int64_t *partials, int64_t reserved)
{
    Plan *plan = plan_new(planner, function, true);
    plan_frame(planner, plan, partials, reserved);
    plan->sums_add = sums_add(planner, plan);
    return plan;
}
