/* SPDX-License-Identifier: MIT */
/* Forward mode: functions with their tangents, and calls and scans of them. The rules of single ops are in jvp_rules.c.
 */
#include "compiler/grad/forward.h"

#include <string.h>

/* ---- one function --------------------------------------------------------------------------------------------- */

static void move_op(Forward *forward, const IrOp *op)
{
    Rules *rules = &forward->rules;
    const IrFunction *function = rules->from;
    bool moves = false;
    rules->builder.span = op->span;
    for (int i = 0; i < op->operand_count; i++)
        moves = moves || forward->moving[op->operands[i]];
    if (moves && op->code == IR_CALL) {
        jvp_call(forward, op);
        return;
    }
    if (moves && op->code == IR_SCAN) {
        jvp_scan(forward, op);
        return;
    }
    ir_copy_op(rules->builder.function, function, op, rules->map);
    rules_note_op(rules, op);
    if (!moves || ir_op_class(op->code) == IR_PROGRAM || !grad_is_real(function, op->results[0]))
        return;
    IrId result = op->results[0], tangent = jvp_op(forward, op);
    forward->tangents[result] = tangent;
    forward->moving[result] = tangent >= 0;
    if (tangent >= 0 && !rules->builder.function->values[tangent].name)
        ir_name(rules->builder.function, tangent,
                grad_prefixed_name(rules->arena, "t_", function->values[result].name));
}

static void build_draft(GradCache *cache, Tangent *tangent)
{
    const IrFunction *function = tangent->function;
    Forward forward = {.cache = cache};
    IrFunction *draft = grad_draft(cache->module, function->name);
    draft->note = function->note;
    draft->span = function->span;
    forward.moving = ARENA_ARRAY(cache->arena, bool, function->value_count);
    forward.tangents = ARENA_ARRAY(cache->arena, IrId, function->value_count);
    rules_start(&forward.rules, function, draft, forward.moving, ranges_find(function));
    for (int i = 0; i < function->value_count; i++)
        forward.tangents[i] = -1;
    for (int i = 0; i < function->input_count; i++) {
        IrId id = function->inputs[i];
        forward.rules.map[id] = ir_input(draft, function->values[id].name, function->values[id].type);
    }
    for (int i = 0; i < function->input_count; i++) {
        IrId id = function->inputs[i];
        const char *name = grad_prefixed_name(cache->arena, "t_", function->values[id].name);
        forward.moving[id] = tangent->moving[i];
        if (tangent->moving[i])
            forward.tangents[id] = ir_input(draft, name, grad_cotangent_type(ir_type_of(function, id)));
    }
    for (int i = 0; i < function->op_count; i++)
        move_op(&forward, &function->ops[i]);
    for (int i = 0; i < function->output_count; i++)
        ir_output(draft, function->output_names[i], forward.rules.map[function->outputs[i]]);
    for (int i = 0; i < function->output_count; i++) {
        IrId id = forward.tangents[function->outputs[i]];
        tangent->output_moves[i] = id >= 0;
        if (id >= 0)
            ir_output(draft, grad_prefixed_name(cache->arena, "t_", grad_output_name(function, i)), id);
    }
    tangent->draft = draft;
}

Tangent *tangent_of(GradCache *cache, IrFunction *function, const bool *moving)
{
    size_t size = (size_t)function->input_count * sizeof(bool);
    for (Tangent *known = cache->tangents; known; known = known->next)
        if (known->function == function && (size == 0 || memcmp(known->moving, moving, size) == 0))
            return known;
    Tangent *tangent = ARENA_NEW(cache->arena, Tangent);
    bool *copy = ARENA_ARRAY(cache->arena, bool, function->input_count);
    for (int i = 0; i < function->input_count; i++)
        copy[i] = moving[i];
    tangent->function = function;
    tangent->moving = copy;
    tangent->output_moves = ARENA_ARRAY(cache->arena, bool, function->output_count);
    build_draft(cache, tangent);
    tangent->next = cache->tangents;
    cache->tangents = tangent;
    return tangent;
}

/* ---- functions of the module ---------------------------------------------------------------------------------- */

/* The draft as a function of the module; `all`: with zeros as tangents of real outputs that do not move. */
static IrFunction *publish(const Tangent *tangent, bool all)
{
    const IrFunction *function = tangent->function, *draft = tangent->draft;
    IrModule *module = function->module;
    Arena *arena = module->arena;
    IrId *inputs = ARENA_ARRAY(arena, IrId, draft->input_count);
    IrId *outputs = ARENA_ARRAY(arena, IrId, draft->output_count);
    const char *name = ir_function_unique_name(module, arena_print(arena, "%s_tangent", function->name));
    IrFunction *made = ir_function_new(module, name);
    IrBuilder builder = {.function = made, .span = function->span};
    made->note = arena_print(arena, "%s with the tangents of its results.%s%s", function->name,
                             function->note ? "\n" : "", function->note ? function->note : "");
    made->span = function->span;
    for (int i = 0; i < draft->input_count; i++)
        inputs[i] = ir_input(made, draft->values[draft->inputs[i]].name, draft->values[draft->inputs[i]].type);
    grad_inline(made, draft, inputs, outputs);
    for (int i = 0; i < function->output_count; i++)
        ir_output(made, draft->output_names[i], outputs[i]);
    for (int i = 0, next = function->output_count; i < function->output_count; i++) {
        IrId id = tangent->output_moves[i] ? outputs[next++] : -1;
        if (!tangent->output_moves[i] && (!all || !grad_is_real(function, function->outputs[i])))
            continue;
        if (id < 0)
            id = ir_zeros(&builder, ir_type_of(function, function->outputs[i]));
        ir_output(made, grad_prefixed_name(arena, "t_", grad_output_name(function, i)), id);
    }
    return made;
}

static bool all_move(const Tangent *tangent)
{
    for (int i = 0; i < tangent->function->output_count; i++)
        if (!tangent->output_moves[i] && grad_is_real(tangent->function, tangent->function->outputs[i]))
            return false;
    return true;
}

static IrFunction *called_function(Tangent *tangent)
{
    if (!tangent->called)
        tangent->called = publish(tangent, false);
    return tangent->called;
}

IrFunction *grad_jvp(GradCache *cache, IrFunction *function, const bool *moving)
{
    bool *real = ARENA_ARRAY(cache->arena, bool, function->input_count);
    for (int i = 0; i < function->input_count; i++)
        real[i] = moving[i] && grad_is_real(function, function->inputs[i]);
    Tangent *tangent = tangent_of(cache, function, real);
    if (all_move(tangent))
        return called_function(tangent);
    if (!tangent->public)
        tangent->public = publish(tangent, true);
    return tangent->public;
}

/* ---- calls ---------------------------------------------------------------------------------------------------- */

static void take_result(Forward *forward, const IrOp *op, int result, IrId value, IrId tangent)
{
    IrFunction *draft = forward->rules.builder.function;
    IrId id = op->results[result];
    const char *name = forward->rules.from->values[id].name;
    forward->rules.map[id] = value;
    forward->tangents[id] = tangent;
    forward->moving[id] = tangent >= 0;
    ir_name(draft, value, name);
    if (tangent >= 0)
        ir_name(draft, tangent, grad_prefixed_name(forward->rules.arena, "t_", name));
}

void jvp_call(Forward *forward, const IrOp *op)
{
    Arena *arena = forward->rules.arena;
    bool *moving = ARENA_ARRAY(arena, bool, op->operand_count);
    for (int i = 0; i < op->operand_count; i++)
        moving[i] = forward->moving[op->operands[i]];
    Tangent *tangent = tangent_of(forward->cache, op->callee, moving);
    IrFunction *callee = called_function(tangent);
    IrId *operands = ARENA_ARRAY(arena, IrId, callee->input_count);
    IrId *results = ARENA_ARRAY(arena, IrId, callee->output_count);
    int count = op->operand_count, next = op->result_count;
    for (int i = 0; i < op->operand_count; i++) {
        operands[i] = rules_mapped(&forward->rules, op, i);
        if (moving[i])
            operands[count++] = forward->tangents[op->operands[i]];
    }
    forward->rules.builder.note = op->note;
    ir_call(&forward->rules.builder, callee, count, operands, results);
    for (int i = 0; i < op->result_count; i++)
        take_result(forward, op, i, results[i], tangent->output_moves[i] ? results[next++] : -1);
}

/* ---- scans ---------------------------------------------------------------------------------------------------- */

/* The step in a scan's order: carried values, slices and fixed values, each group with its tangents behind it. */
typedef struct TangentStep {
    int carried, sliced; /* of the scan that is differentiated */
    IrFunction *function;
    int carried_count, sliced_count; /* with tangents */
    struct TangentStep *next;
} TangentStep;

/* Which inputs of the step belong to group 0 (carried), 1 (sliced), 2 (fixed); begin to end - 1. */
static void group_bounds(const IrOp *op, int group, int *begin, int *end)
{
    int bounds[] = {1, 1 + op->carried, 1 + op->carried + op->sliced, 1 + op->operand_count};
    *begin = bounds[group];
    *end = bounds[group + 1];
}

static void add_step_inputs(const IrOp *op, const Tangent *tangent, TangentStep *step, IrId *inputs)
{
    const IrFunction *draft = tangent->draft;
    int *place = ARENA_ARRAY(draft->module->arena, int, op->operand_count + 1); /* of an input's tangent */
    for (int i = 0, next = op->operand_count + 1; i <= op->operand_count; i++)
        place[i] = tangent->moving[i] ? next++ : -1;
    for (int group = -1; group < 3; group++) {
        int begin = 0, end = 1; /* the step's number */
        if (group >= 0)
            group_bounds(op, group, &begin, &end);
        for (int i = 2 * begin; i < 2 * end; i++) { /* values, then tangents */
            int input = i < begin + end ? i - begin : place[i - end];
            if (input < 0)
                continue;
            const IrValue *value = &draft->values[draft->inputs[input]];
            inputs[input] = ir_input(step->function, value->name, value->type);
            step->carried_count += group == 0;
            step->sliced_count += group == 1;
        }
    }
}

static void add_step_outputs(const IrOp *op, const Tangent *tangent, IrFunction *made, const IrId *outputs)
{
    const IrFunction *draft = tangent->draft;
    int *place = ARENA_ARRAY(draft->module->arena, int, op->result_count);
    IrBuilder builder = {.function = made, .span = made->span};
    for (int i = 0, next = op->result_count; i < op->result_count; i++)
        place[i] = tangent->output_moves[i] ? next++ : -1;
    for (int part = 0; part < 2; part++) { /* carried, then per step */
        int begin = part == 0 ? 0 : op->carried, end = part == 0 ? op->carried : op->result_count;
        for (int i = begin; i < end; i++)
            ir_output(made, draft->output_names[i], outputs[i]);
        for (int i = begin; i < end; i++) {
            if (place[i] >= 0)
                ir_output(made, draft->output_names[place[i]], outputs[place[i]]);
            else if (part == 0 && tangent->moving[i + 1]) /* it had a tangent and has none after the step */
                ir_output(made, NULL, ir_zeros(&builder, ir_type_of(op->callee, op->callee->inputs[i + 1])));
        }
    }
}

static TangentStep *tangent_step(Tangent *tangent, const IrOp *op)
{
    for (TangentStep *known = tangent->steps; known; known = known->next)
        if (known->carried == op->carried && known->sliced == op->sliced)
            return known;
    const IrFunction *draft = tangent->draft;
    IrModule *module = draft->module;
    Arena *arena = module->arena;
    TangentStep *step = ARENA_NEW(arena, TangentStep);
    *step = (TangentStep){.carried = op->carried, .sliced = op->sliced, .next = tangent->steps};
    const char *name = ir_function_unique_name(module, arena_print(arena, "%s_tangent", op->callee->name));
    step->function = ir_function_new(module, name);
    step->function->note = draft->note;
    step->function->span = draft->span;
    IrId *inputs = ARENA_ARRAY(arena, IrId, draft->input_count);
    IrId *outputs = ARENA_ARRAY(arena, IrId, draft->output_count);
    add_step_inputs(op, tangent, step, inputs);
    grad_inline(step->function, draft, inputs, outputs);
    add_step_outputs(op, tangent, step->function, outputs);
    tangent->steps = step;
    return step;
}

static IrId operand_tangent(Forward *forward, const IrOp *op, int operand)
{
    IrId id = op->operands[operand];
    return forward->tangents[id] >= 0 ? forward->tangents[id]
                                      : rules_zeros(&forward->rules, ir_type_of(forward->rules.from, id));
}

void jvp_scan(Forward *forward, const IrOp *op)
{
    Arena *arena = forward->rules.arena;
    const bool *moving = grad_scan_varied(forward->cache, op, forward->moving);
    Tangent *tangent = tangent_of(forward->cache, op->callee, moving);
    const TangentStep *step = tangent_step(tangent, op);
    IrId *operands = ARENA_ARRAY(arena, IrId, 2 * op->operand_count);
    IrId *results = ARENA_ARRAY(arena, IrId, step->function->output_count);
    int count = 0;
    for (int group = 0; group < 3; group++) {
        int begin, end;
        group_bounds(op, group, &begin, &end);
        for (int i = begin; i < end; i++)
            operands[count++] = rules_mapped(&forward->rules, op, i - 1);
        for (int i = begin; i < end; i++)
            if (moving[i])
                operands[count++] = operand_tangent(forward, op, i - 1);
    }
    forward->rules.builder.note = op->note;
    ir_scan(&forward->rules.builder, step->function, op->length, step->carried_count, step->sliced_count, op->reversed,
            count, operands, results);
    int next = op->carried;
    for (int i = 0; i < op->carried; i++)
        take_result(forward, op, i, results[i], moving[i + 1] ? results[next++] : -1);
    int tangents = next + op->result_count - op->carried;
    for (int i = op->carried; i < op->result_count; i++)
        take_result(forward, op, i, results[next++], tangent->output_moves[i] ? results[tangents++] : -1);
}
