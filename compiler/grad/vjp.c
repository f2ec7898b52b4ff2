/* SPDX-License-Identifier: MIT */
/* Reverse mode: a draft of the forward computation is built, behind it the backward one, op by op in the opposite
 * order; then the draft is split into a pair of functions, or kept as one that gives value and gradient. */
#include "compiler/grad/slopes.h"
#include "compiler/grad/vjp_program.h"

#include <string.h>

ProgramPlan *program_plan(Analysis *analysis, const IrOp *op)
{
    return op->code == IR_CALL ? program_plan_call(analysis, op) : program_plan_scan(analysis, op);
}

void program_plan_finish(Analysis *analysis, const IrOp *op, ProgramPlan *plan)
{
    bool *finite = ARENA_ARRAY(analysis->cache->arena, bool, op->callee->input_count);
    if (op->code == IR_CALL)
        program_finite_call(analysis, op, finite);
    else
        program_finite_scan(analysis, op, plan, finite);
    plan->key.finite = finite;
    plan->pair = vjp_pair(analysis->cache, &plan->key);
}

/* ---- the draft ------------------------------------------------------------------------------------------------ */

static void start_cotangents(Reverse *reverse)
{
    int count = reverse->key->function->value_count;
    reverse->cotangents = ARENA_ARRAY(reverse->rules.arena, Cotangent, count);
    for (int i = 0; i < count; i++)
        reverse->cotangents[i] = (Cotangent){.sum = {.whole = -1}, .batch = -1, .total = -1};
}

static void build_forward(Reverse *reverse)
{
    const IrFunction *function = reverse->key->function;
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        reverse->rules.builder.span = op->span;
        if (!reverse->analysis->programs[i]) {
            ir_copy_op(reverse->draft, function, op, reverse->rules.map);
            rules_note_op(&reverse->rules, op);
            continue;
        }
        reverse->rules.builder.note = op->note;
        if (op->code == IR_CALL)
            vjp_call_forward(reverse, op);
        else
            vjp_scan_forward(reverse, op);
    }
    reverse->forward_op_count = reverse->draft->op_count;
}

static void reverse_start(Reverse *reverse, GradCache *cache, const VjpKey *key)
{
    const IrFunction *function = key->function;
    memset(reverse, 0, sizeof *reverse);
    reverse->cache = cache;
    reverse->key = key;
    reverse->analysis = analysis_new(key, cache);
    reverse->draft = grad_draft(cache->module, function->name);
    rules_start(&reverse->rules, function, reverse->draft, reverse->analysis->active, reverse->analysis->ranges);
    reverse->forward = ARENA_ARRAY(cache->arena, const IrId *, function->op_count);
    for (int i = 0; i < function->input_count; i++) {
        const IrValue *input = &function->values[function->inputs[i]];
        reverse->rules.map[function->inputs[i]] = ir_input(reverse->draft, input->name, input->type);
    }
    start_cotangents(reverse);
    slopes_find(reverse);
    build_forward(reverse);
}

/* ---- backward ------------------------------------------------------------------------------------------------- */

/* Moves of elements of what is no per-sample value commute with the sum over the batch: what is to be summed goes on to
 * the operand, so that the sum over the batch comes last. */
static bool is_batch_move(const IrFunction *function, IrId id)
{
    int32_t op = function->values[id].op;
    IrOpcode code = op < 0 ? IR_CONSTANT : function->ops[op].code;
    return (code == IR_BROADCAST || code == IR_RESHAPE || code == IR_TRANSPOSE) && !grad_is_sample(function, id);
}

static void move_batch_part(Reverse *reverse, const IrOp *op)
{
    IrId id = op->results[0];
    if (!is_batch_move(reverse->key->function, id))
        return;
    IrId part = reverse->cotangents[id].batch;
    reverse->cotangents[id].batch = -1;
    if (part >= 0)
        reverse_add_value(reverse, op->operands[0], vjp_move(reverse, op, part), true);
}

static void vjp_op(Reverse *reverse, const IrOp *op)
{
    if (op->code == IR_CALL) {
        vjp_call(reverse, op);
        return;
    }
    if (op->code == IR_SCAN) {
        vjp_scan(reverse, op);
        return;
    }
    if (!reverse->analysis->active[op->results[0]])
        return;
    move_batch_part(reverse, op);
    IrId d = reverse_cotangent(reverse, op->results[0]);
    if (d < 0)
        return;
    switch (ir_op_class(op->code)) {
    case IR_ELEMENTWISE:
        vjp_elementwise(reverse, op, d);
        break;
    case IR_STRUCTURE:
        vjp_structure(reverse, op, d);
        break;
    case IR_REDUCTION:
        vjp_reduction(reverse, op, d);
        break;
    case IR_PRODUCT:
        vjp_product(reverse, op, d);
        break;
    case IR_BATCH:
        vjp_batch(reverse, op, d);
        break;
    case IR_DRAW:
    case IR_PROGRAM:
        break;
    }
}

/* The note of the piece of the forward computation that the op belongs to, where the op before it belongs to another.
 */
static const char *note_of_piece(const IrFunction *function, int op)
{
    bool last = op + 1 == function->op_count || function->ops[op + 1].note;
    while (last && op >= 0 && !function->ops[op].note)
        op--;
    return last && op >= 0 ? function->ops[op].note : NULL;
}

/* By value: the first op that reads it, behind which, walking back, its cotangent is complete. */
static int *find_first_readers(const Reverse *reverse)
{
    const IrFunction *function = reverse->key->function;
    int *first = ARENA_ARRAY(reverse->rules.arena, int, function->value_count);
    for (int i = function->op_count - 1; i >= 0; i--)
        for (int j = 0; j < function->ops[i].operand_count; j++)
            first[function->ops[i].operands[j]] = i;
    return first;
}

/* Sums over the batch are made as soon as they can be, while what they are made of is near. */
static void complete_operands(Reverse *reverse, const int *first, int op)
{
    const IrFunction *function = reverse->key->function;
    for (int i = 0; i < function->ops[op].operand_count; i++) {
        IrId id = function->ops[op].operands[i];
        if (first[id] == op && !grad_is_sample(function, id) && reverse->cotangents[id].batch >= 0 &&
            !is_batch_move(function, id))
            reverse_cotangent(reverse, id);
    }
}

/* After this, `cotangents` has the draft's values for the wanted inputs, -1 for others. */
static void build_backward(Reverse *reverse, IrId *cotangents)
{
    const IrFunction *function = reverse->key->function;
    const int *first = find_first_readers(reverse);
    for (int i = function->op_count - 1; i >= 0; i--) {
        const char *note = note_of_piece(function, i);
        reverse->rules.builder.span = function->ops[i].span;
        if (note)
            reverse->rules.builder.note = arena_print(reverse->rules.arena, "backward of: %s", note);
        if (ir_op_class(function->ops[i].code) != IR_PROGRAM || reverse->analysis->programs[i])
            vjp_op(reverse, &function->ops[i]);
        complete_operands(reverse, first, i);
    }
    reverse->rules.builder.note = NULL;
    reverse->rules.builder.span = function->span;
    for (int i = 0; i < function->input_count; i++) {
        cotangents[i] = -1;
        if (!reverse->key->wanted[i] || !grad_is_real(function, function->inputs[i]))
            continue;
        cotangents[i] = reverse_cotangent(reverse, function->inputs[i]);
        if (cotangents[i] < 0)
            cotangents[i] = rules_zeros(&reverse->rules, ir_type_of(function, function->inputs[i]));
    }
}

/* ---- pairs ---------------------------------------------------------------------------------------------------- */

/* The cotangents of seeded outputs enter as inputs. */
static void seed_inputs(Reverse *reverse)
{
    const IrFunction *function = reverse->key->function;
    Arena *arena = reverse->rules.arena;
    for (int i = 0; i < function->output_count; i++) {
        if (!reverse->key->seeded[i] || !grad_is_real(function, function->outputs[i]))
            continue;
        IrType type = grad_cotangent_type(ir_type_of(function, function->outputs[i]));
        IrId d = ir_input(reverse->draft, grad_prefixed_name(arena, "d_", grad_output_name(function, i)), type);
        if (reverse->analysis->active[function->outputs[i]])
            reverse_add_value(reverse, function->outputs[i], d, false);
    }
}

static VjpPair *find_pair(const GradCache *cache, const VjpKey *key)
{
    for (VjpPair *pair = cache->pairs; pair; pair = pair->next)
        if (vjp_key_equal(&pair->key, key) &&
            memcmp(pair->key.finite, key->finite, (size_t)key->function->input_count * sizeof(bool)) == 0)
            return pair;
    return NULL;
}

VjpPair *vjp_pair(GradCache *cache, const VjpKey *key)
{
    VjpPair *pair = find_pair(cache, key);
    if (pair)
        return pair;
    const IrFunction *function = key->function;
    pair = ARENA_NEW(cache->arena, VjpPair);
    pair->key = *key;
    pair->key.wanted = grad_copy_flags(cache->arena, key->wanted, function->input_count);
    pair->key.seeded = grad_copy_flags(cache->arena, key->seeded, function->output_count);
    pair->key.guarded = grad_copy_flags(cache->arena, key->guarded, function->output_count);
    pair->key.finite = grad_copy_flags(cache->arena, key->finite, function->input_count);

    Reverse reverse;
    IrId *cotangents = ARENA_ARRAY(cache->arena, IrId, function->input_count);
    reverse_start(&reverse, cache, &pair->key);
    seed_inputs(&reverse);
    build_backward(&reverse, cotangents);
    vjp_split(&reverse, cotangents, &pair->vjp);

    pair->next = cache->pairs;
    cache->pairs = pair;
    return pair;
}

/* Flags of int32 and bool values count as false. */
static bool *real_flags(Arena *arena, const IrFunction *function, const IrId *ids, int count, const bool *flags)
{
    bool *real = ARENA_ARRAY(arena, bool, count);
    for (int i = 0; i < count; i++)
        real[i] = flags[i] && grad_is_real(function, ids[i]);
    return real;
}

/* What is differentiated from outside is given finite inputs. */
static bool *all_inputs(Arena *arena, const IrFunction *function)
{
    bool *flags = ARENA_ARRAY(arena, bool, function->input_count);
    for (int i = 0; i < function->input_count; i++)
        flags[i] = true;
    return flags;
}

const GradVjp *grad_vjp(GradCache *cache, IrFunction *function, const bool *wanted, const bool *seeded)
{
    VjpKey key = {.function = function,
                  .wanted = real_flags(cache->arena, function, function->inputs, function->input_count, wanted),
                  .seeded = real_flags(cache->arena, function, function->outputs, function->output_count, seeded),
                  .guarded = ARENA_ARRAY(cache->arena, bool, function->output_count),
                  .finite = all_inputs(cache->arena, function)};
    return &vjp_pair(cache, &key)->vjp;
}

/* ---- value and gradient --------------------------------------------------------------------------------------- */

IrFunction *grad_value_and_gradient(GradCache *cache, IrFunction *function, int output, const bool *wanted,
                                    const char *name)
{
    bool *seeded = ARENA_ARRAY(cache->arena, bool, function->output_count);
    seeded[output] = true;
    VjpKey key = {.function = function,
                  .wanted = real_flags(cache->arena, function, function->inputs, function->input_count, wanted),
                  .seeded = seeded,
                  .guarded = ARENA_ARRAY(cache->arena, bool, function->output_count),
                  .finite = all_inputs(cache->arena, function)};
    Reverse reverse;
    IrId *cotangents = ARENA_ARRAY(cache->arena, IrId, function->input_count);
    reverse_start(&reverse, cache, &key);
    if (reverse.analysis->active[function->outputs[output]])
        reverse_add_value(&reverse, function->outputs[output], ir_constant(&reverse.rules.builder, 1.0), false);
    build_backward(&reverse, cotangents);
    for (int i = 0; i < function->output_count; i++)
        ir_output(reverse.draft, function->output_names[i], reverse.rules.map[function->outputs[i]]);
    for (int i = 0; i < function->input_count; i++)
        if (cotangents[i] >= 0)
            ir_output(reverse.draft, grad_prefixed_name(cache->arena, "d_", function->values[function->inputs[i]].name),
                      cotangents[i]);
    return vjp_whole(&reverse, name);
}
