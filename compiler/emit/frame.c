/* SPDX-License-Identifier: MIT */
/* The memory plan of one function: which values need memory, from when to when, and at which offset of the workspace.
 * First fit over live ranges; two values share memory only when no group needs both. Sizes are in reals: a per-sample
 * value takes a block's lanes for each element, or with one sample at a time one real, rounded up to whole vectors. */
#include "compiler/emit/plan.h"

static int64_t round_up(int64_t count)
{
    return (count + FRAME_ALIGNMENT - 1) / FRAME_ALIGNMENT * FRAME_ALIGNMENT;
}

int64_t plan_place_size(const Place *place, bool single)
{
    return place->sample && !single ? place->count * BLOCK_SAMPLES : round_up(place->count);
}

/* ---- who needs memory ---------------------------------------------------------------------------------------------
 */

static void use_place(Plan *plan, int slot, int group)
{
    Place *place = &plan->places[slot];
    if (place->last < group)
        place->last = group;
    const Group *reader = &plan->groups[group], *maker = place->first >= 0 ? &plan->groups[place->first] : reader;
    place->travels =
        place->travels || reader->level != maker->level || reader->sample != maker->sample || reader->whole;
    if (place->kind == PLACE_NONE)
        place->kind = PLACE_FRAME;
}

static void use_value(Plan *plan, IrId value, bool want_sample, int group)
{
    Read read = plan_read(plan, value, want_sample, group);
    bool copied = plan_has_copy(plan, read.slot, group);
    double number;
    if (read.slot < plan->function->value_count && plan->group_of[read.slot] == group && !copied)
        return;
    if (!copied && plan_literal(plan, value, &number))
        return;
    use_place(plan, read.slot, group);
}

static void use_operands(Plan *plan, const IrOp *op, int group)
{
    const Dense *dense = plan->groups[group].dense;
    for (int k = 0; k < op->operand_count; k++) {
        bool want_sample;
        plan_needs_memory(plan, op, k, &want_sample);
        if (dense != NULL && op->code == IR_CONTRACT) {
            want_sample = op->operands[k] == dense->x;
            if (k == 2)
                want_sample = dense->start_kind == START_EACH;
        }
        use_value(plan, op->operands[k], want_sample, group);
    }
}

/* The transposed operand of a wide product: some of its columns for some shards, see runtime/core/batch.h. */
static int64_t wide_scratch(int64_t batch, int64_t columns)
{
    int64_t shards = (batch + BLOCK_SAMPLES - 1) / BLOCK_SAMPLES;
    return (shards < WIDE_SHARDS ? shards : WIDE_SHARDS) * (columns < WIDE_COLUMNS ? round_up(columns) : WIDE_COLUMNS);
}

static int64_t scratch_count(const Plan *plan, const IrOp *op, int group)
{
    const IrFunction *function = plan->function;
    int64_t count = 0;
    SampleSum sum;
    if (op->code == IR_BATCH_CONTRACT && plan->wide[op->results[0]]) {
        plan_wide_sum(plan, op, group, &sum);
        return wide_scratch(function->module->batch, sum.extent[sum.columns]);
    }
    if (op->code == IR_BATCH_CONTRACT && plan_sample_sum(plan, op, group, &sum)) /* the transposed operand */
        return sum.few_rows ? 0 : sum.positions * sum.padded_columns;
    for (int c = 0; op->code == IR_SCAN && c < op->carried; c++) /* the carried values' next state */
        count += round_up(ir_type_count(ir_type_of(function, op->results[c])));
    return count;
}

/* An op's results live in its loop's registers until somebody else reads them; all but elementwise ops write memory. */
static void make_results(Plan *plan, const IrOp *op, int group)
{
    bool reduce = op->code == IR_REDUCE_SUM || op->code == IR_REDUCE_MAX;
    bool in_register = ir_op_class(op->code) == IR_ELEMENTWISE || reduce || plan->groups[group].kind == GROUP_DENSE;
    for (int r = 0; r < op->result_count; r++) {
        plan->places[op->results[r]].first = group;
        if (!in_register)
            use_place(plan, op->results[r], group);
    }
}

static void find_uses(Plan *plan)
{
    const IrFunction *function = plan->function;
    for (int g = 0; g < plan->group_count; g++) {
        Group *group = &plan->groups[g];
        if (group->kind == GROUP_COPY) {
            Read read = plan_read(plan, group->copied, false, g);
            double number;
            if (!plan_literal(plan, group->copied, &number))
                use_place(plan, read.slot, g);
            if (group->slot >= 0) {
                plan->places[group->slot].first = g;
                use_place(plan, group->slot, g);
            }
        }
        for (int i = 0; i < group->op_count; i++) {
            const IrOp *op = &function->ops[group->ops[i]];
            use_operands(plan, op, g);
            make_results(plan, op, g);
            int64_t scratch = scratch_count(plan, op, g);
            if (scratch > 0)
                group->scratch = (Place){.kind = PLACE_FRAME, .count = scratch, .sample = true, .first = g, .last = g};
        }
    }
}

/* ---- kinds of places ------------------------------------------------------------------------------------------------
 */

static void place_input(Plan *plan, int input)
{
    IrId value = plan->function->inputs[input];
    const IrType *type = ir_type_of(plan->function, value);
    Place *place = &plan->places[value];
    place->kind = type->rank == 0 && type->kind != IR_KIND_SAMPLE ? PLACE_VALUE : PLACE_INPUT;
    place->index = input;
}

/* Everything that does not live in the workspace. */
static void place_fixed(Plan *plan)
{
    const IrFunction *function = plan->function;
    for (int slot = 0; slot < 2 * function->value_count; slot++) {
        IrId value = slot % function->value_count;
        Place *place = &plan->places[slot];
        place->count = ir_type_count(ir_type_of(function, value));
        place->sample = slot >= function->value_count || plan_is_sample(plan, value);
        if (place->kind == PLACE_FRAME && place->count == 1 && !place->sample && !place->travels && !plan->sums[value])
            place->kind = PLACE_LOCAL;
    }
    for (int i = 0; i < function->input_count; i++)
        place_input(plan, i);
    for (int i = 0; i < function->op_count; i++) {
        IrId value = function->ops[i].code == IR_CONSTANT ? function->ops[i].results[0] : -1;
        if (value >= 0 && plan->copies[value] < 0)
            plan->places[value].kind = plan->uniform[value] ? PLACE_LITERAL : PLACE_TABLE;
    }
}

/* In entries a value that another phase or all threads read does not live in one thread's frame. */
static void place_in_entry(Plan *plan)
{
    for (int slot = 0; slot < 2 * plan->function->value_count; slot++) {
        Place *place = &plan->places[slot];
        if (place->kind != PLACE_FRAME || (place->sample && !place->travels))
            continue;
        int64_t *area = place->sample ? &plan->batch : &plan->shared;
        place->kind = place->sample ? PLACE_BATCH : PLACE_SHARED;
        place->offset = *area;
        *area += plan_place_size(place, false);
    }
}

/* A block's parts of the sums. */
static void place_partials(Plan *plan, const int64_t *partials, int64_t reserved)
{
    const IrFunction *function = plan->function;
    plan->partial_reals = reserved;
    for (int v = 0; v < function->value_count; v++)
        plan->partials[v] = -1;
    for (int i = 0; i < function->output_count; i++) {
        IrId value = function->outputs[i];
        bool direct = plan->places[value].kind == PLACE_OUTPUT && plan->places[value].index == i;
        if (direct && plan->sums[value] && !plan->doubles[value] && !plan->wide[value])
            plan->partials[value] = partials[i];
    }
    for (int v = 0; v < function->value_count; v++) {
        if (!plan->sums[v] || plan->wide[v] || plan->partials[v] >= 0)
            continue;
        int64_t *area = plan->doubles[v] ? &plan->partial_doubles : &plan->partial_reals;
        plan->partials[v] = *area;
        *area += ir_type_count(ir_type_of(function, v));
    }
}

/* ---- where ----------------------------------------------------------------------------------- */

typedef struct Taken {
    int64_t offset, size;
    int last;
} Taken;

/* The lowest offset at which `size` reals are free among what is alive, kept sorted by offset. */
static int64_t take_room(Taken *taken, int *count, const Place *place, int64_t size)
{
    int kept = 0;
    for (int i = 0; i < *count; i++)
        if (taken[i].last >= place->first)
            taken[kept++] = taken[i];
    int64_t offset = 0;
    int at = 0;
    for (; at < kept && taken[at].offset < offset + size; at++)
        offset = taken[at].offset + taken[at].size > offset ? taken[at].offset + taken[at].size : offset;
    for (int i = kept; i > at; i--)
        taken[i] = taken[i - 1];
    taken[at] = (Taken){offset, size, place->last};
    *count = kept + 1;
    return offset;
}

/* Places come in the order of their first groups. */
static int64_t allocate(const Plan *plan, Place **places, int count, bool single)
{
    Taken *taken = ARENA_ARRAY(plan->arena, Taken, count + 1);
    int64_t top = 0;
    for (int i = 0, alive = 0; i < count; i++) {
        int64_t size = plan_place_size(places[i], single);
        int64_t offset = take_room(taken, &alive, places[i], size);
        *(single ? &places[i]->offset_single : &places[i]->offset) = offset;
        if (offset + size > top)
            top = offset + size;
    }
    return top;
}

static int64_t peak_alive(const Plan *plan, Place **places, int count)
{
    int64_t *change = ARENA_ARRAY(plan->arena, int64_t, plan->group_count + 2), alive = 0, peak = 0;
    for (int i = 0; i < count; i++) {
        change[places[i]->first] += plan_place_size(places[i], false);
        change[places[i]->last + 1] -= plan_place_size(places[i], false);
    }
    for (int g = 0; g < plan->group_count; g++) {
        alive += change[g];
        peak = alive > peak ? alive : peak;
    }
    return peak;
}

/* The places of the frame, by first group: a counting sort. */
static Place **frame_places(Plan *plan, int *count)
{
    int slots = 2 * plan->function->value_count, groups = plan->group_count;
    int *start = ARENA_ARRAY(plan->arena, int, groups + 2);
    for (int slot = 0; slot < slots; slot++)
        if (plan->places[slot].kind == PLACE_FRAME)
            start[plan->places[slot].first + 1]++;
    for (int g = 0; g < groups; g++)
        start[g + 1] += plan->groups[g].scratch.count > 0;
    for (int g = 0; g < groups; g++)
        start[g + 1] += start[g];
    *count = start[groups];
    Place **places = ARENA_ARRAY(plan->arena, Place *, *count + 1);
    for (int slot = 0; slot < slots; slot++)
        if (plan->places[slot].kind == PLACE_FRAME)
            places[start[plan->places[slot].first]++] = &plan->places[slot];
    for (int g = 0; g < groups; g++)
        if (plan->groups[g].scratch.count > 0)
            places[start[g]++] = &plan->groups[g].scratch;
    return places;
}

static void place_frame(Planner *planner, Plan *plan)
{
    int count;
    Place **places = frame_places(plan, &count);
    plan->frame = allocate(plan, places, count, false);
    plan->frame_single = allocate(plan, places, count, true);
    plan->frame_bound = peak_alive(plan, places, count);
    plan->workspace = plan->frame;
    plan->workspace_single = plan->frame_single;
    for (int i = 0; i < plan->function->op_count; i++) {
        const IrFunction *callee = plan->function->ops[i].callee;
        if (callee == NULL || !plan->live[i])
            continue;
        const Plan *called = planner_plan(planner, callee);
        if (plan->frame + called->workspace > plan->workspace)
            plan->workspace = plan->frame + called->workspace;
        if (plan->frame_single + called->workspace_single > plan->workspace_single)
            plan->workspace_single = plan->frame_single + called->workspace_single;
    }
}

void plan_frame(Planner *planner, Plan *plan, const int64_t *partials, int64_t reserved)
{
    for (int slot = 0; slot < 2 * plan->function->value_count; slot++) {
        plan->places[slot].first = -1;
        plan->places[slot].last = -1;
    }
    find_uses(plan);
    place_fixed(plan);
    if (plan->entry) {
        place_in_entry(plan);
        place_partials(plan, partials, reserved);
    }
    place_frame(planner, plan);
}
