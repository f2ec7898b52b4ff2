/* SPDX-License-Identifier: MIT */
/* Reverse mode of calls: the forward function is called instead, and the backward one with what it reads. */
#include "compiler/grad/reverse.h"

#include "compiler/grad/vjp_program.h"

/* ---- what the pair is asked for ------------------------------------------------------------------------------- */

/* Adds to the flags what one call needs. */
static void add_needs(const Analysis *analysis, const IrOp *op, const bool *dependence, bool *wanted, bool *seeded)
{
    for (int j = 0; j < op->result_count; j++) {
        if (!analysis->active[op->results[j]])
            continue;
        seeded[j] = true;
        for (int i = 0; i < op->operand_count; i++)
            if (analysis->active[op->operands[i]] && dependence[j * op->operand_count + i])
                wanted[i] = true;
    }
}

/* What all calls of one function need together, found once for all of them. */
typedef struct SharedNeeds {
    const IrFunction *callee;
    bool *wanted, *seeded, *finite; /* finite: NULL before the guards of the caller are known */
    struct SharedNeeds *next;
} SharedNeeds;

static bool is_call_of(const IrOp *op, const IrFunction *callee)
{
    return op->code == IR_CALL && op->callee == callee;
}

static SharedNeeds *shared_needs(Analysis *analysis, const IrFunction *callee)
{
    for (SharedNeeds *known = analysis->shared; known; known = known->next)
        if (known->callee == callee)
            return known;
    const IrFunction *function = analysis->function;
    Arena *arena = analysis->cache->arena;
    const bool *dependence = grad_dependence(analysis->cache, callee);
    SharedNeeds *needs = ARENA_NEW(arena, SharedNeeds);
    *needs = (SharedNeeds){.callee = callee, .next = analysis->shared};
    needs->wanted = ARENA_ARRAY(arena, bool, callee->input_count);
    needs->seeded = ARENA_ARRAY(arena, bool, callee->output_count);
    for (int i = 0; i < function->op_count; i++)
        if (is_call_of(&function->ops[i], callee))
            add_needs(analysis, &function->ops[i], dependence, needs->wanted, needs->seeded);
    analysis->shared = needs;
    return needs;
}

/* What all calls of the same function here need together, so that they share a pair: a cotangent that one call asks for
 * in vain costs less than a second function. Gradients of weights are dear, and asked for by the call alone. */
static void find_needs(Analysis *analysis, const IrOp *op, bool *wanted, bool *seeded)
{
    const IrFunction *callee = op->callee;
    const SharedNeeds *needs = shared_needs(analysis, callee);
    add_needs(analysis, op, grad_dependence(analysis->cache, callee), wanted, seeded);
    for (int i = 0; i < callee->input_count; i++)
        wanted[i] = wanted[i] || (needs->wanted[i] && grad_is_sample(callee, callee->inputs[i]));
    for (int i = 0; i < callee->output_count; i++)
        seeded[i] = seeded[i] || needs->seeded[i];
}

ProgramPlan *program_plan_call(Analysis *analysis, const IrOp *op)
{
    Arena *arena = analysis->cache->arena;
    ProgramPlan *plan = ARENA_NEW(arena, ProgramPlan);
    bool *wanted = ARENA_ARRAY(arena, bool, op->operand_count);
    bool *seeded = ARENA_ARRAY(arena, bool, op->result_count);
    bool *guarded = ARENA_ARRAY(arena, bool, op->result_count);
    find_needs(analysis, op, wanted, seeded);
    for (int j = 0; j < op->result_count; j++)
        guarded[j] = seeded[j] && !grad_is_taken(analysis, op->results[j]);
    plan->key = (VjpKey){.function = op->callee, .wanted = wanted, .seeded = seeded, .guarded = guarded};
    const bool *input_guards = grad_input_guards(analysis->cache, &plan->key);
    plan->operand_guarded = ARENA_ARRAY(arena, bool, op->operand_count);
    for (int i = 0; i < op->operand_count; i++)
        plan->operand_guarded[i] = input_guards[i];
    return plan;
}

static bool *shared_finite(const Analysis *analysis, const IrFunction *callee)
{
    const IrFunction *function = analysis->function;
    bool *finite = ARENA_ARRAY(analysis->cache->arena, bool, callee->input_count);
    for (int i = 0; i < callee->input_count; i++)
        finite[i] = true;
    for (int j = 0; j < function->op_count; j++) {
        const IrOp *op = &function->ops[j];
        for (int i = 0; is_call_of(op, callee) && analysis->programs[j] && i < op->operand_count; i++)
            finite[i] = finite[i] && analysis->finite[op->operands[i]];
    }
    return finite;
}

/* For all calls of the same function here, so that they share a pair. */
void program_finite_call(Analysis *analysis, const IrOp *op, bool *finite)
{
    SharedNeeds *needs = shared_needs(analysis, op->callee);
    if (!needs->finite)
        needs->finite = shared_finite(analysis, op->callee);
    for (int i = 0; i < op->operand_count; i++)
        finite[i] = needs->finite[i];
}

/* ---- the two calls -------------------------------------------------------------------------------------------- */

void vjp_call_forward(Reverse *reverse, const IrOp *op)
{
    ptrdiff_t index = op - reverse->key->function->ops;
    IrFunction *forward = reverse->analysis->programs[index]->pair->vjp.forward;
    IrId *operands = ARENA_ARRAY(reverse->rules.arena, IrId, op->operand_count);
    IrId *results = ARENA_ARRAY(reverse->rules.arena, IrId, forward->output_count);
    for (int i = 0; i < op->operand_count; i++)
        operands[i] = rules_mapped(&reverse->rules, op, i);
    ir_call(&reverse->rules.builder, forward, op->operand_count, operands, results);
    vjp_program_results(reverse, op, forward, results);
}

bool vjp_program_cotangents(Reverse *reverse, const IrOp *op, IrId *cotangents)
{
    bool any = false;
    for (int i = 0; i < op->result_count; i++) {
        cotangents[i] = reverse->analysis->active[op->results[i]] ? reverse_cotangent(reverse, op->results[i]) : -1;
        any = any || cotangents[i] >= 0;
    }
    return any;
}

void vjp_program_results(Reverse *reverse, const IrOp *op, const IrFunction *forward, IrId *results)
{
    const IrFunction *function = reverse->key->function;
    for (int i = 0; i < forward->output_count; i++) {
        const char *name = i < op->result_count ? function->values[op->results[i]].name : NULL;
        ir_name(reverse->draft, results[i], name ? name : grad_output_name(forward, i));
        if (i < op->result_count)
            reverse->rules.map[op->results[i]] = results[i];
    }
    reverse->forward[op - function->ops] = results;
}

void vjp_call(Reverse *reverse, const IrOp *op)
{
    Arena *arena = reverse->rules.arena;
    ptrdiff_t index = op - reverse->key->function->ops;
    const VjpPair *pair = reverse->analysis->programs[index]->pair;
    const GradVjp *vjp = &pair->vjp;
    const IrFunction *callee = op->callee;
    IrId *cotangents = ARENA_ARRAY(arena, IrId, op->result_count);
    if (!vjp_program_cotangents(reverse, op, cotangents))
        return;
    IrId *operands = ARENA_ARRAY(arena, IrId, vjp->backward->input_count);
    IrId *results = ARENA_ARRAY(arena, IrId, vjp->backward->output_count);
    int count = 0, next = 0;
    for (int i = 0; i < vjp->backward_input_count; i++)
        operands[count++] = rules_mapped(&reverse->rules, op, vjp->backward_inputs[i]);
    for (int i = 0; i < vjp->residual_count; i++)
        operands[count++] = reverse->forward[index][vjp->residual_outputs[i]];
    for (int i = 0; i < op->result_count; i++)
        if (pair->key.seeded[i])
            operands[count++] = cotangents[i] >= 0
                                    ? cotangents[i]
                                    : rules_zeros(&reverse->rules, ir_type_of(callee, callee->outputs[i]));
    ir_call(&reverse->rules.builder, vjp->backward, count, operands, results);
    for (int i = 0; i < op->operand_count; i++)
        if (pair->key.wanted[i])
            reverse_add_value(reverse, op->operands[i], results[next++], grad_is_sample(callee, callee->inputs[i]));
}
