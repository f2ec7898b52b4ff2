/* SPDX-License-Identifier: MIT */
/* Packing: the module is walked from its entries down; the first call of a function says where its parameters and
 * gradients lie, and another call that says otherwise unpacks it. */
#include "compiler/emit/packing.h"

#include <string.h>

int64_t packing_input(const Packing *packing, const IrFunction *function, int input)
{
    const int64_t *offsets = packing->inputs[function->position];
    return offsets != NULL ? offsets[input] : -1;
}

WeightOffset packing_offset(const Packing *packing, const IrFunction *function, int input)
{
    const int64_t *stored = packing->inputs[function->position], *prepared = packing->prepared[function->position];
    return stored != NULL ? (WeightOffset){stored[input], prepared[input]} : (WeightOffset){-1, -1};
}

const char *packing_offset_text(Arena *arena, const Packing *packing, const IrFunction *function, WeightOffset offset)
{
    if (offset.stored == offset.prepared || packing_is_blocks_only(packing, function))
        return arena_print(arena, "%lld", (long long)offset.stored);
    return arena_print(arena, "WEIGHT(%lld, %lld)", (long long)offset.stored, (long long)offset.prepared);
}

int64_t packing_output(const Packing *packing, const IrFunction *function, int output)
{
    const int64_t *offsets = packing->outputs[function->position];
    return offsets != NULL ? offsets[output] : -1;
}

bool packing_has_inputs(const Packing *packing, const IrFunction *function)
{
    return packing->inputs[function->position] != NULL;
}

bool packing_has_outputs(const Packing *packing, const IrFunction *function)
{
    return packing->outputs[function->position] != NULL;
}

int64_t packing_transposed_rows(const Packing *packing, const IrFunction *function, int input)
{
    const int64_t *rows = packing->rows[function->position];
    return rows != NULL ? rows[input] : 0;
}

bool packing_is_blocks_only(const Packing *packing, const IrFunction *function)
{
    return packing->one != NULL && !packing->one[function->position];
}

/* The input of `function` that a value is, or -1. */
static int input_of(const IrFunction *function, IrId value)
{
    return function->values[value].op < 0 ? function->values[value].result : -1;
}

/* ---- offsets at one call --------------------------------------------------------------------- */

/* Where a call finds input `i` of its callee, counted from the caller's weights, or -1. */
static WeightOffset call_input(const Packing *packing, const IrFunction *caller, const IrOp *op, int i)
{
    int k = i - (op->code == IR_SCAN);
    if (k < 0 || (op->code == IR_SCAN && k < op->carried + op->sliced))
        return (WeightOffset){-1, -1};
    int input = input_of(caller, op->operands[k]);
    return input >= 0 ? packing_offset(packing, caller, input) : (WeightOffset){-1, -1};
}

/* Where a call puts output `r` of its callee, counted from the caller's gradient or a block's sums, or -1. */
static int64_t call_output(const Packing *packing, const Plan *caller, const IrOp *op, int r)
{
    IrId result = op->results[r];
    const IrFunction *callee = op->callee;
    const Phases *phases = caller->table->of[callee->position];
    if (op->code != IR_CALL || phases->kind[callee->outputs[r]] != BATCH_PART || phases->doubles[callee->outputs[r]])
        return -1;
    if (caller->entry)
        return caller->doubles[result] ? -1 : caller->partials[result];
    const Place *place = &caller->places[result];
    return place->kind == PLACE_OUTPUT ? packing_output(packing, caller->function, place->index) : -1;
}

static int64_t first_offset(const int64_t *offsets, int count)
{
    for (int i = 0; i < count; i++)
        if (offsets[i] >= 0)
            return offsets[i];
    return -1;
}

bool packing_call_weights(const Packing *packing, const IrFunction *caller, const IrOp *op, WeightOffset *offset)
{
    for (int i = 0; i < op->callee->input_count; i++)
        if (packing_input(packing, op->callee, i) >= 0) {
            const WeightOffset first = call_input(packing, caller, op, i), own = packing_offset(packing, op->callee, i);
            *offset = (WeightOffset){first.stored - own.stored, first.prepared - own.prepared};
            return true;
        }
    return false;
}

bool packing_call_gradient(const Packing *packing, const Plan *caller, const IrOp *op, int64_t *offset)
{
    for (int r = 0; r < op->result_count; r++)
        if (packing_output(packing, op->callee, r) >= 0) {
            *offset = call_output(packing, caller, op, r) - packing_output(packing, op->callee, r);
            return true;
        }
    return false;
}

/* ---- from callers to callees ----------------------------------------------------------------- */

typedef struct Descent {
    Planner *planner;
    Packing *packing;
    bool *seen; /* by position: a call has said where things lie */
} Descent;

/* Makes offsets relative to the first, or -1 where there is none; NULL: there are none at all. */
static int64_t *relative(int64_t *offsets, int count)
{
    int64_t base = first_offset(offsets, count);
    for (int i = 0; i < count; i++)
        offsets[i] = offsets[i] >= 0 ? offsets[i] - base : -1;
    for (int i = 0; i < count; i++)
        if (offsets[i] < -1) /* what lies before the first: keep it apart */
            offsets[i] = -1;
    return base >= 0 ? offsets : NULL;
}

/* What two calls agree on: all or nothing. */
static int64_t *agree(int64_t *known, const int64_t *offered, int count)
{
    bool same = known != NULL && offered != NULL && memcmp(known, offered, (size_t)count * sizeof *known) == 0;
    return same ? known : NULL;
}

static void descend_call(Descent *descent, const Plan *caller, const IrOp *op)
{
    Packing *packing = descent->packing;
    const IrFunction *callee = op->callee;
    const Plan *plan = planner_plan(descent->planner, callee);
    int64_t *inputs = ARENA_ARRAY(descent->planner->arena, int64_t, callee->input_count + 1);
    int64_t *prepared = ARENA_ARRAY(descent->planner->arena, int64_t, callee->input_count + 1);
    int64_t *outputs = ARENA_ARRAY(descent->planner->arena, int64_t, callee->output_count + 1);
    for (int i = 0; i < callee->input_count; i++) {
        const WeightOffset offset = call_input(packing, caller->function, op, i);
        inputs[i] = offset.stored;
        prepared[i] = offset.prepared;
    }
    for (int r = 0; r < callee->output_count; r++) {
        const Place *place = &plan->places[callee->outputs[r]];
        bool direct = place->kind == PLACE_OUTPUT && place->index == r;
        outputs[r] = direct ? call_output(packing, caller, op, r) : -1;
    }
    enum { INPUTS, PREPARED, OUTPUTS, KINDS };
    int64_t *offered[KINDS] = {relative(inputs, callee->input_count), relative(prepared, callee->input_count),
                               relative(outputs, callee->output_count)};
    int64_t **known[KINDS] = {&packing->inputs[callee->position], &packing->prepared[callee->position],
                              &packing->outputs[callee->position]};
    int count[KINDS] = {callee->input_count, callee->input_count, callee->output_count};
    for (int k = 0; k < KINDS; k++)
        *known[k] = descent->seen[callee->position] ? agree(*known[k], offered[k], count[k]) : offered[k];
    if (*known[INPUTS] == NULL || *known[PREPARED] == NULL)
        *known[INPUTS] = *known[PREPARED] = NULL;
    descent->seen[callee->position] = true;
}

static void descend(Descent *descent, const Plan *plan)
{
    for (int i = 0; i < plan->function->op_count; i++)
        if (plan->function->ops[i].callee != NULL && plan->live[i])
            descend_call(descent, plan, &plan->function->ops[i]);
}

static int64_t *copy_offsets(Arena *arena, const int64_t *offsets, int count)
{
    int64_t *copy = ARENA_ARRAY(arena, int64_t, count + 1);
    memcpy(copy, offsets, (size_t)count * sizeof *copy);
    return copy;
}

/* An entry in phases is walked as such; other entries are functions. All callers of a function come before it. */
static void find_offsets(Descent *descent, const IrModule *module, const PackedEntry *entries, int entry_count)
{
    Arena *arena = descent->planner->arena;
    for (int e = 0; e < entry_count; e++) {
        const IrFunction *function = entries[e].function;
        bool any = first_offset(entries[e].offsets, function->input_count) >= 0;
        descent->packing->inputs[function->position] =
            any ? copy_offsets(arena, entries[e].offsets, function->input_count) : NULL;
        descent->packing->prepared[function->position] =
            any ? copy_offsets(arena, entries[e].prepared, function->input_count) : NULL;
        descent->seen[function->position] = true;
    }
    for (int f = module->function_count - 1; f >= 0; f--) {
        bool phases = false;
        for (int e = 0; e < entry_count; e++)
            if (entries[e].function == module->functions[f] && entries[e].phases != NULL) {
                descend(descent, entries[e].phases);
                phases = true;
            }
        if (descent->seen[f] && (!phases || descent->planner->phases->called[f]))
            descend(descent, planner_plan(descent->planner, module->functions[f]));
    }
}

/* ---- transposed matrices --------------------------------------------------------------------- */

/* The rows with which an op multiplies by parameter `value` as it lies, row-major; 0: it reads it in some other way. */
static int64_t dense_rows(const Plan *plan, const IrOp *op, int k, IrId value)
{
    int group = op->code == IR_CONTRACT ? plan->group_of[op->results[0]] : -1;
    const Dense *dense = group >= 0 ? plan->groups[group].dense : NULL;
    if (dense == NULL || op->operands[k] != dense->matrix || k == 2 || plan_has_copy(plan, dense->matrix, group))
        return 0;
    bool as_it_lies = dense->matrix_offset == 0 && (dense->inner_stride == 1 || dense->inner == 1) &&
                      (dense->row_stride == dense->inner || dense->rows == 1);
    const IrType *type = ir_type_of(plan->function, value);
    int64_t rows = 1;
    for (int i = 0; i < type->rank && rows < dense->rows; i++)
        rows *= type->size[i];
    bool whole = rows == dense->rows && dense->rows * dense->inner == ir_type_count(type);
    return as_it_lies && whole ? dense->rows : 0;
}

typedef struct Transposing {
    Planner *planner;
    const Packing *packing;
    const IrModule *module;
    bool *reached; /* by position: an entry for one sample calls the function */
    bool changed;
} Transposing;

/* What one use says of the rows of an input; all uses must say the same. */
static void use_says(Transposing *transposing, const IrFunction *function, int input, int64_t rows)
{
    int64_t *known = &transposing->packing->rows[function->position][input];
    if (*known == rows || *known == 0)
        return;
    transposing->changed = true;
    *known = *known < 0 ? rows : 0;
}

static void look_at_op(Transposing *transposing, const IrFunction *function, const IrOp *op)
{
    const Plan *plan = planner_plan(transposing->planner, function);
    const Packing *packing = transposing->packing;
    for (int k = 0; k < op->operand_count; k++) {
        int input = map_is_view(op->code) ? -1 : input_of(function, plan->views[op->operands[k]].root);
        if (input < 0)
            continue;
        if (op->callee == NULL) {
            use_says(transposing, function, input, dense_rows(plan, op, k, function->inputs[input]));
            continue;
        }
        int inner = k + (op->code == IR_SCAN);
        bool passed_on = packing_input(packing, op->callee, inner) >= 0 && op->operands[k] == function->inputs[input];
        int64_t rows = passed_on ? packing->rows[op->callee->position][inner] : 0;
        if (rows >= 0)
            use_says(transposing, function, input, rows);
        if (passed_on && packing->rows[function->position][input] == 0 && rows != 0) {
            packing->rows[op->callee->position][inner] = 0;
            transposing->changed = true;
        }
    }
}

static void look_at_function(Transposing *transposing, const IrFunction *function)
{
    for (int i = 0; i < function->op_count; i++) {
        if (function->ops[i].callee != NULL)
            transposing->reached[function->ops[i].callee->position] = true;
        if (planner_plan(transposing->planner, function)->live[i])
            look_at_op(transposing, function, &function->ops[i]);
    }
    for (int i = 0; i < function->output_count; i++) {
        int input = input_of(function, planner_plan(transposing->planner, function)->views[function->outputs[i]].root);
        if (input >= 0)
            use_says(transposing, function, input, 0);
    }
}

/* Two entries read one block of weights: what one keeps transposed, the other does too. */
static void agree_on_rows(Transposing *transposing, const PackedEntry *a, const PackedEntry *b)
{
    int64_t *rows_a = transposing->packing->rows[a->function->position];
    int64_t *rows_b = transposing->packing->rows[b->function->position];
    for (int i = 0; i < a->function->input_count; i++)
        for (int j = 0; j < b->function->input_count; j++)
            if (a->offsets[i] >= 0 && a->offsets[i] == b->offsets[j] && rows_a[i] != rows_b[j] && rows_a[i] >= 0 &&
                rows_b[j] >= 0) {
                rows_a[i] = rows_b[j] = 0;
                transposing->changed = true;
            }
}

/* Rows are -1 while no use is known. Callees stand before callers, so the walk goes backwards, and again while a caller
 * learns of a callee. */
static void find_transposed(Planner *planner, const IrModule *module, Packing *packing, const PackedEntry *entries,
                            int entry_count)
{
    Transposing transposing = {.planner = planner, .packing = packing, .module = module, .changed = true};
    transposing.reached = ARENA_ARRAY(planner->arena, bool, module->function_count + 1);
    for (int f = 0; f < module->function_count; f++) {
        const IrFunction *function = module->functions[f];
        packing->rows[f] = ARENA_ARRAY(planner->arena, int64_t, function->input_count + 1);
        for (int i = 0; i < function->input_count; i++)
            packing->rows[f][i] = packing_input(packing, function, i) >= 0 ? -1 : 0;
    }
    for (int e = 0; e < entry_count; e++)
        transposing.reached[entries[e].function->position] = entries[e].one_sample;
    packing->one = transposing.reached;
    while (transposing.changed) {
        transposing.changed = false;
        for (int f = module->function_count - 1; f >= 0; f--)
            if (transposing.reached[f])
                look_at_function(&transposing, module->functions[f]);
        for (int a = 0; a < entry_count; a++)
            for (int b = 0; b < a; b++)
                if (entries[a].one_sample && entries[b].one_sample)
                    agree_on_rows(&transposing, &entries[a], &entries[b]);
    }
    for (int f = 0; f < module->function_count; f++)
        for (int i = 0; i < module->functions[f]->input_count; i++)
            if (packing->rows[f][i] < 0)
                packing->rows[f][i] = 0;
}

const Packing *packing_find(Planner *planner, const IrModule *module, const PackedEntry *entries, int entry_count)
{
    Packing *packing = ARENA_NEW(planner->arena, Packing);
    packing->inputs = ARENA_ARRAY(planner->arena, int64_t *, module->function_count + 1);
    packing->prepared = ARENA_ARRAY(planner->arena, int64_t *, module->function_count + 1);
    packing->outputs = ARENA_ARRAY(planner->arena, int64_t *, module->function_count + 1);
    packing->rows = ARENA_ARRAY(planner->arena, int64_t *, module->function_count + 1);
    Descent descent = {planner, packing, ARENA_ARRAY(planner->arena, bool, module->function_count + 1)};
    if (entry_count > 0) {
        find_offsets(&descent, module, entries, entry_count);
        find_transposed(planner, module, packing, entries, entry_count);
    }
    return packing;
}
