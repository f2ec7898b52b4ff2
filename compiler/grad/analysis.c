/* SPDX-License-Identifier: MIT */
/* Which values of a function take part in one particular derivative, and where a cotangent may be zero only because its
 * value was not taken by a SELECT (or MIN, MAX, SLICE, ...). There, and only there, the rules must see to it that zero
 * times an infinite or undefined partial derivative stays zero. */
#include "compiler/grad/analysis.h"

#include <math.h>
#include <string.h>

/* ---- activity ------------------------------------------------------------------------------------------------- */

static void mark_active(Analysis *analysis, const VjpKey *key, const bool **dependence)
{
    const IrFunction *function = key->function;
    Arena *arena = analysis->cache->arena;
    bool *varied = ARENA_ARRAY(arena, bool, function->value_count);
    bool *useful = ARENA_ARRAY(arena, bool, function->value_count);
    for (int i = 0; i < function->input_count; i++)
        varied[function->inputs[i]] = key->wanted[i] && grad_is_real(function, function->inputs[i]);
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        for (int j = 0; j < op->result_count * op->operand_count; j++)
            if (dependence[i][j] && varied[op->operands[j % op->operand_count]])
                varied[op->results[j / op->operand_count]] = true;
    }
    for (int i = 0; i < function->output_count; i++)
        if (key->seeded[i] && grad_is_real(function, function->outputs[i]))
            useful[function->outputs[i]] = true;
    for (int i = function->op_count - 1; i >= 0; i--) {
        const IrOp *op = &function->ops[i];
        for (int j = 0; j < op->result_count * op->operand_count; j++)
            if (dependence[i][j] && useful[op->results[j / op->operand_count]])
                useful[op->operands[j % op->operand_count]] = true;
    }
    for (int i = 0; i < function->value_count; i++)
        analysis->active[i] = varied[i] && useful[i];
}

/* ---- finite values -------------------------------------------------------------------------------------------- */

/* Can the op give something infinite or undefined from finite operands? */
static bool has_poles(const Analysis *analysis, const IrOp *op)
{
    const Range *ranges = analysis->ranges;
    switch (op->code) {
    case IR_EXP:
        return !range_has_exponential(ranges[op->operands[0]]);
    case IR_LOG:
        return ranges[op->operands[0]].low <= 0;
    case IR_SQRT:
        return ranges[op->operands[0]].low < 0;
    case IR_DIV:
        return !range_excludes_zero(ranges[op->operands[1]]);
    case IR_POW: {
        Range exponent = ranges[op->operands[1]];
        return exponent.low != exponent.high || exponent.low < 0 || exponent.low != floor(exponent.low);
    }
    case IR_TAN:
    case IR_SOLVE_TRIANGULAR:
    case IR_CALL:
    case IR_SCAN:
        return true;
    default:
        return false;
    }
}

static bool finite_data(const IrOp *op)
{
    int64_t count = ir_type_count(&op->type);
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(op->data[i]))
            return false;
    return true;
}

static void mark_finite(Analysis *analysis, const VjpKey *key)
{
    const IrFunction *function = key->function;
    for (int i = 0; i < function->input_count; i++) {
        IrId id = function->inputs[i];
        analysis->finite[id] = grad_is_taken(analysis, id) || key->finite[i] || !grad_is_real(function, id);
    }
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        bool finite = op->code == IR_CONSTANT ? finite_data(op) : !has_poles(analysis, op);
        for (int j = 0; j < op->operand_count; j++)
            finite = finite && analysis->finite[op->operands[j]];
        for (int j = 0; j < op->result_count; j++) {
            IrId id = op->results[j];
            analysis->finite[id] = grad_is_taken(analysis, id) || finite || !grad_is_real(function, id);
        }
    }
}

/* ---- guards --------------------------------------------------------------------------------------------------- */

/* Which elements of a value have a use that is always taken: all, or those flagged along one axis. */
typedef struct Cover {
    bool all;
    int64_t axis;
    bool *flags; /* NULL: none yet */
} Cover;

static bool is_covered(const Cover *cover, const IrType *type)
{
    if (cover->all || !cover->flags)
        return cover->all;
    for (int64_t i = 0; i < type->size[cover->axis]; i++)
        if (!cover->flags[i])
            return false;
    return true;
}

static void cover_part(Arena *arena, Cover *cover, const IrType *type, const IrOp *op)
{
    if (!cover->flags) {
        cover->axis = op->axis;
        cover->flags = ARENA_ARRAY(arena, bool, type->size[op->axis]);
    }
    if (cover->axis != op->axis)
        return;
    int64_t count = op->code == IR_SLICE ? op->length : op->table_count;
    for (int64_t i = 0; i < count; i++)
        cover->flags[op->code == IR_SLICE ? op->start + i : op->table[i]] = true;
}

/* Does the op use every element of the operand, whatever the values are? */
static bool always_takes(const IrOp *op, int operand)
{
    if (op->code == IR_CUMSUM)
        return !op->exclusive;
    if (op->code == IR_SOLVE_TRIANGULAR)
        return operand == 1;
    return op->code != IR_SELECT && op->code != IR_MIN && op->code != IR_MAX && op->code != IR_REDUCE_MAX &&
           op->code != IR_TAKE;
}

static void cover_operands(Analysis *analysis, Cover *covers, const IrOp *op, const ProgramPlan *plan)
{
    const IrFunction *function = analysis->function;
    for (int i = 0; i < op->operand_count; i++) {
        IrId id = op->operands[i];
        if (!analysis->active[id])
            continue;
        if (plan)
            covers[id].all = covers[id].all || !plan->operand_guarded[i];
        else if (analysis->guarded[op->results[0]])
            continue;
        else if (op->code == IR_SLICE || op->code == IR_GATHER)
            cover_part(analysis->cache->arena, &covers[id], ir_type_of(function, id), op);
        else
            covers[id].all = covers[id].all || always_takes(op, i);
    }
}

static void mark_guarded(Analysis *analysis, const VjpKey *key)
{
    const IrFunction *function = key->function;
    Cover *covers = ARENA_ARRAY(analysis->cache->arena, Cover, function->value_count);
    for (int i = 0; i < function->output_count; i++)
        if (key->seeded[i] && !key->guarded[i])
            covers[function->outputs[i]].all = true;
    for (int i = function->op_count - 1; i >= 0; i--) {
        const IrOp *op = &function->ops[i];
        bool active = false;
        for (int j = 0; j < op->result_count; j++) {
            IrId id = op->results[j];
            active = active || analysis->active[id];
            analysis->guarded[id] = analysis->active[id] && !is_covered(&covers[id], ir_type_of(function, id));
        }
        if (!active)
            continue;
        if (ir_op_class(op->code) == IR_PROGRAM)
            analysis->programs[i] = program_plan(analysis, op);
        cover_operands(analysis, covers, op, analysis->programs[i]);
    }
    for (int i = 0; i < function->input_count; i++) {
        IrId id = function->inputs[i];
        analysis->guarded[id] = analysis->active[id] && !is_covered(&covers[id], ir_type_of(function, id));
    }
}

/* ---- the analysis --------------------------------------------------------------------------------------------- */

/* What is active and what is guarded, without pairs of callees. */
static Analysis *find_guards(const VjpKey *key, GradCache *cache)
{
    Analysis *analysis = ARENA_NEW(cache->arena, Analysis);
    const IrFunction *function = key->function;
    analysis->cache = cache;
    analysis->function = function;
    analysis->active = ARENA_ARRAY(cache->arena, bool, function->value_count);
    analysis->guarded = ARENA_ARRAY(cache->arena, bool, function->value_count);
    analysis->programs = ARENA_ARRAY(cache->arena, ProgramPlan *, function->op_count);
    const bool **dependence = ARENA_ARRAY(cache->arena, const bool *, function->op_count);
    for (int i = 0; i < function->op_count; i++)
        dependence[i] = grad_op_dependence(cache, function, &function->ops[i]);
    mark_active(analysis, key, dependence);
    mark_guarded(analysis, key);
    return analysis;
}

Analysis *analysis_new(const VjpKey *key, GradCache *cache)
{
    Analysis *analysis = find_guards(key, cache);
    const IrFunction *function = key->function;
    analysis->finite = ARENA_ARRAY(cache->arena, bool, function->value_count);
    analysis->ranges = ranges_find(function);
    mark_finite(analysis, key);
    for (int i = 0; i < function->op_count; i++)
        if (analysis->programs[i])
            program_plan_finish(analysis, &function->ops[i], analysis->programs[i]);
    return analysis;
}

/* ---- guards of inputs, kept ----------------------------------------------------------------------------------- */

typedef struct InputGuards {
    VjpKey key;
    const bool *flags;
    struct InputGuards *next;
} InputGuards;

static bool same_flags(const bool *a, const bool *b, int count)
{
    return count == 0 || memcmp(a, b, (size_t)count * sizeof(bool)) == 0;
}

bool vjp_key_equal(const VjpKey *a, const VjpKey *b)
{
    return a->function == b->function && a->step == b->step && a->carried == b->carried && a->sliced == b->sliced &&
           same_flags(a->wanted, b->wanted, a->function->input_count) &&
           same_flags(a->seeded, b->seeded, a->function->output_count) &&
           same_flags(a->guarded, b->guarded, a->function->output_count);
}

const bool *grad_input_guards(GradCache *cache, const VjpKey *key)
{
    for (const InputGuards *known = cache->input_guards; known; known = known->next)
        if (vjp_key_equal(&known->key, key))
            return known->flags;
    const IrFunction *function = key->function;
    const Analysis *analysis = find_guards(key, cache);
    bool *flags = ARENA_ARRAY(cache->arena, bool, function->input_count);
    for (int i = 0; i < function->input_count; i++)
        flags[i] = analysis->guarded[function->inputs[i]];
    InputGuards *known = ARENA_NEW(cache->arena, InputGuards);
    *known = (InputGuards){*key, flags, cache->input_guards};
    known->key.wanted = grad_copy_flags(cache->arena, key->wanted, function->input_count);
    known->key.seeded = grad_copy_flags(cache->arena, key->seeded, function->output_count);
    known->key.guarded = grad_copy_flags(cache->arena, key->guarded, function->output_count);
    known->key.finite = NULL;
    cache->input_guards = known;
    return flags;
}

const bool *grad_copy_flags(Arena *arena, const bool *flags, int count)
{
    bool *copy = ARENA_ARRAY(arena, bool, count);
    for (int i = 0; i < count; i++)
        copy[i] = flags[i];
    return copy;
}
