/* SPDX-License-Identifier: MIT */
/* Memory planning. Sizes are in reals; a per-sample value takes one block's lanes for each element when samples are in
 * lanes, and is padded to whole vectors (and one more, for loads that begin inside it) when one sample is done alone. */
#include "compiler/emit/frame.h"

#include "compiler/emit/views.h"

static int64_t round_up(int64_t count, int64_t unit)
{
    return (count + unit - 1) / unit * unit;
}

static int64_t place_size(const Place *place, bool single)
{
    if (place->sample && !single)
        return place->count * BLOCK_SAMPLES;
    return round_up(place->count, FRAME_ALIGNMENT) + FRAME_ALIGNMENT;
}

/* ---- who needs memory --------------------------------------------------------------------------------------------- */

static void use_place(Plan *plan, int slot, int group)
{
    Place *place = &plan->places[slot];
    if (place->last < group)
        place->last = group;
    if (place->kind != PLACE_NONE)
        return;
    bool copy = slot >= plan->function->value_count;
    IrId value = copy ? slot - plan->function->value_count : slot;
    place->kind = PLACE_FRAME;
    place->count = ir_type_count(ir_type_of(plan->function, value));
    place->sample = copy || plan_is_sample(plan, value);
}

/* An elementwise read: from a register of the same group, or from the root's memory. */
static void use_in_loop(Plan *plan, IrId value, int group)
{
    IrId root = plan->views[value].root;
    double number;
    if (plan->group_of[root] == group || plan_literal(plan, value, &number))
        return;
    use_place(plan, root, group);
}

static void use_in_memory(Plan *plan, IrId value, bool want_sample, int group)
{
    int64_t element;
    const Place *place = plan_memory(plan, value, want_sample, &element);
    use_place(plan, (int)(place - plan->places), group);
}

static void use_operands(Plan *plan, const IrOp *op, int group)
{
    IrClass class = ir_op_class(op->code);
    bool sample = plan->groups[group].sample;
    for (int k = 0; k < op->operand_count; k++) {
        IrId value = op->operands[k];
        bool want_sample = plan_is_sample(plan, value);
        Dense dense;
        if (class == IR_ELEMENTWISE || op->code == IR_REDUCE_SUM || op->code == IR_REDUCE_MAX || op->code == IR_CONCAT) {
            use_in_loop(plan, value, group);
            continue;
        }
        if (class == IR_PROGRAM)
            want_sample = ir_type_of(op->callee, op->callee->inputs[k + (op->code == IR_SCAN)])->kind == IR_KIND_SAMPLE;
        else if (op->code == IR_CONTRACT && k == 2 && sample && plan_dense(plan, op, &dense))
            want_sample = !dense.start_per_row;
        else if (class == IR_BATCH)
            want_sample = op->code != IR_DISTRIBUTE;
        else if (class == IR_STRUCTURE || op->code == IR_SOLVE_TRIANGULAR)
            want_sample = sample;
        use_in_memory(plan, value, want_sample, group);
    }
}

static int64_t scratch_count(const Plan *plan, const IrOp *op)
{
    if (op->code == IR_BATCH_CONTRACT) /* the second operand with samples as rows, padded to whole vectors */
        return round_up(ir_type_count(ir_type_of(plan->function, op->operands[1])), FRAME_ALIGNMENT);
    int64_t count = 0;
    if (op->code == IR_SCAN) /* the step's number, and the carried values' next state */
        for (int i = 0; i < op->carried; i++)
            count += round_up(ir_type_count(ir_type_of(plan->function, op->operands[i])), FRAME_ALIGNMENT);
    return op->code == IR_SCAN ? count + FRAME_ALIGNMENT : 0;
}

static void find_uses(Plan *plan)
{
    const IrFunction *function = plan->function;
    for (int g = 0; g < plan->group_count; g++) {
        Group *group = &plan->groups[g];
        if (group->kind == GROUP_COPY) {
            use_in_loop(plan, group->copied, g);
            if (group->slot >= 0) {
                use_place(plan, group->slot, g);
                plan->places[group->slot].first = g;
            }
        }
        for (int i = 0; i < group->op_count; i++) {
            const IrOp *op = &function->ops[group->ops[i]];
            use_operands(plan, op, g);
            bool in_register = ir_op_class(op->code) == IR_ELEMENTWISE ||
                               (group->kind == GROUP_DENSE && i == 0) || op->code == IR_REDUCE_SUM ||
                               op->code == IR_REDUCE_MAX;
            for (int r = 0; r < op->result_count; r++) {
                plan->places[op->results[r]].first = g;
                if (!in_register)
                    use_place(plan, op->results[r], g);
            }
            int64_t scratch = scratch_count(plan, op);
            if (scratch > 0)
                group->scratch = (Place){.kind = PLACE_FRAME, .count = scratch, .sample = true, .first = g, .last = g};
        }
    }
}

/* ---- where ------------------------------------------------------------------------------------------------------- */

static void place_partial(Plan *plan, IrId value)
{
    int64_t *area = plan->doubles[value] ? &plan->partial_doubles : &plan->partial_reals;
    plan->partials[value] = *area;
    *area += ir_type_count(ir_type_of(plan->function, value));
}

/* Sums over the batch stand side by side: a call's in the order of its results; a function's in that of its outputs. */
static void place_partials(Plan *plan)
{
    const IrFunction *function = plan->function;
    for (int v = 0; v < function->value_count; v++)
        plan->partials[v] = -1;
    for (int i = 0; i < function->output_count && !plan->entry; i++)
        if (plan->sums[function->outputs[i]] && plan->partials[function->outputs[i]] < 0)
            place_partial(plan, function->outputs[i]);
    for (int i = 0; i < function->op_count && plan->entry; i++) {
        const IrOp *op = &function->ops[i];
        for (int r = 0; r < op->result_count; r++)
            if (plan->sums[op->results[r]] && op->code != IR_COLLECT)
                place_partial(plan, op->results[r]);
    }
}

/* In entries a value that another phase or all threads read does not live in one thread's frame. */
static void place_in_entry(Plan *plan)
{
    int values = plan->function->value_count;
    for (int slot = 0; slot < 2 * values; slot++) {
        Place *place = &plan->places[slot];
        if (place->kind != PLACE_FRAME)
            continue;
        int made = plan->groups[place->first].level, read = plan->groups[place->last].level;
        if (!place->sample) {
            place->kind = PLACE_SHARED;
            place->offset = plan->shared;
            plan->shared += place_size(place, false);
        } else if (read > made) {
            place->kind = PLACE_BATCH;
            place->offset = plan->batch;
            plan->batch += place_size(place, false);
        }
    }
}

static void place_fixed(Plan *plan)
{
    const IrFunction *function = plan->function;
    for (int i = 0; i < function->input_count; i++) {
        Place *place = &plan->places[function->inputs[i]];
        *place = (Place){.kind = PLACE_INPUT, .index = i, .last = place->last,
                         .count = ir_type_count(ir_type_of(function, function->inputs[i])),
                         .sample = plan_is_sample(plan, function->inputs[i])};
    }
    for (int v = 0; v < function->value_count; v++) {
        const IrValue *value = &function->values[v];
        Place *place = &plan->places[v];
        double number;
        if (value->op < 0 || function->ops[value->op].code != IR_CONSTANT)
            continue;
        bool copied = false;
        for (int g = 0; g < plan->group_count; g++)
            copied = copied || (plan->groups[g].kind == GROUP_COPY && plan->groups[g].slot == v);
        if (!copied)
            *place = (Place){.kind = plan_literal(plan, v, &number) ? PLACE_LITERAL : PLACE_TABLE,
                             .last = place->last, .count = ir_type_count(&value->type)};
    }
    for (int slot = 0; slot < 2 * function->value_count; slot++) {
        IrId value = slot % function->value_count;
        plan->places[slot].count = ir_type_count(ir_type_of(function, value));
        if (slot < function->value_count)
            plan->places[slot].sample = plan_is_sample(plan, value);
    }
}

typedef struct Taken {
    const Place *place;
    int64_t offset, size;
} Taken;

static int64_t first_fit(const Taken *taken, int count, const Place *place, int64_t size)
{
    int64_t offset = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < count; i++) {
            const Place *other = taken[i].place;
            bool alive = other->first <= place->last && place->first <= other->last;
            if (alive && taken[i].offset < offset + size && offset < taken[i].offset + taken[i].size) {
                offset = taken[i].offset + taken[i].size;
                moved = true;
            }
        }
    }
    return offset;
}

static int64_t allocate(Plan *plan, Place **places, int count, bool single)
{
    Taken *taken = ARENA_ARRAY(plan->arena, Taken, count > 0 ? count : 1);
    int64_t top = 0;
    for (int i = 0; i < count; i++) {
        int64_t size = round_up(place_size(places[i], single), FRAME_ALIGNMENT);
        int64_t offset = first_fit(taken, i, places[i], size);
        *(single ? &places[i]->offset_single : &places[i]->offset) = offset;
        taken[i] = (Taken){places[i], offset, size};
        if (offset + size > top)
            top = offset + size;
    }
    return top;
}

static int64_t peak_alive(const Plan *plan, Place **places, int count)
{
    int64_t peak = 0;
    for (int g = 0; g < plan->group_count; g++) {
        int64_t alive = 0;
        for (int i = 0; i < count; i++)
            if (places[i]->first <= g && g <= places[i]->last)
                alive += place_size(places[i], false);
        if (alive > peak)
            peak = alive;
    }
    return peak;
}

static void place_frame(Planner *planner, Plan *plan)
{
    int values = plan->function->value_count, count = 0;
    Place **places = ARENA_ARRAY(plan->arena, Place *, 2 * values + plan->group_count + 1);
    for (int slot = 0; slot < 2 * values; slot++)
        if (plan->places[slot].kind == PLACE_FRAME)
            places[count++] = &plan->places[slot];
    for (int g = 0; g < plan->group_count; g++)
        if (plan->groups[g].scratch.count > 0)
            places[count++] = &plan->groups[g].scratch;
    plan->frame = allocate(plan, places, count, false);
    plan->frame_single = allocate(plan, places, count, true);
    plan->frame_bound = peak_alive(plan, places, count);
    plan->workspace = plan->frame;
    plan->workspace_single = plan->frame_single;
    for (int i = 0; i < plan->function->op_count; i++) {
        const IrFunction *callee = plan->function->ops[i].callee;
        if (callee == NULL)
            continue;
        const Plan *called = planner_plan(planner, callee, false);
        if (plan->frame + called->workspace > plan->workspace)
            plan->workspace = plan->frame + called->workspace;
        if (plan->frame_single + called->workspace_single > plan->workspace_single)
            plan->workspace_single = plan->frame_single + called->workspace_single;
    }
}

void frame_plan(Planner *planner, Plan *plan)
{
    for (int slot = 0; slot < 2 * plan->function->value_count; slot++)
        plan->places[slot].first = -1;
    find_uses(plan);
    place_fixed(plan);
    place_partials(plan);
    if (plan->entry)
        place_in_entry(plan);
    place_frame(planner, plan);
}
