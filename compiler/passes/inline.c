/* SPDX-License-Identifier: MIT */
/* Inlining: of functions that cross the batch axis halfway (a step can be cut into phases only in its entry) and of
 * small functions with one caller, whose call says less than their ops, if no rounding hangs on it. All others stay
 * functions: emitted code keeps the structure of the model. */
#include "compiler/passes/passes.h"

/* Functions of at most so many ops count as small; what inlining may add to a module (calls of calls can double it many
 * times over), beyond which calls stay. */
enum { SMALL_OPS = 8, ADDED_OPS_MAX = 1 << 18 };

/* What is known of one function. `after_batch`: outputs that depend on a reduction over the batch made inside.
 * `crosses`: a per-sample value inside depends on one, so the batch must be done before it can go on. */
typedef struct Phases {
    bool crosses, has_samples;
    bool *after_batch;
    int callers;
} Phases;

static bool operands_after_batch(const IrOp *op, const bool *after)
{
    for (int i = 0; i < op->operand_count; i++)
        if (after[op->operands[i]])
            return true;
    return false;
}

static void find_phases(const IrFunction *function, Phases *of)
{
    Arena *arena = function->module->arena;
    Phases *own = &of[function->position];
    bool *after = ARENA_ARRAY(arena, bool, function->value_count);
    for (int i = 0; i < function->value_count; i++)
        own->has_samples = own->has_samples || function->values[i].type.kind == IR_KIND_SAMPLE;
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        const Phases *callee = op->callee ? &of[op->callee->position] : NULL;
        bool late = operands_after_batch(op, after);
        bool reduces = op->code == IR_BATCH_SUM || op->code == IR_BATCH_CONTRACT || op->code == IR_COLLECT;
        own->crosses =
            own->crosses || (late && reduces) || (callee && (callee->crosses || (late && callee->has_samples)));
        for (int j = 0; j < op->result_count; j++) {
            IrId id = op->results[j];
            after[id] = late || reduces || (callee && callee->after_batch[j]);
            own->crosses = own->crosses || (late && function->values[id].type.kind == IR_KIND_SAMPLE);
        }
    }
    own->after_batch = ARENA_ARRAY(arena, bool, function->output_count);
    for (int i = 0; i < function->output_count; i++)
        own->after_batch[i] = after[function->outputs[i]];
}

/* ---- replacing calls --------------------------------------------------------------------------------------------- */

static void splice(IrFunction *draft, const IrFunction *from, const IrOp *call, IrId *map)
{
    const IrFunction *callee = call->callee;
    IrId *inner = ARENA_ARRAY(draft->module->arena, IrId, callee->value_count);
    for (int i = 0; i < callee->input_count; i++)
        inner[callee->inputs[i]] = map[call->operands[i]];
    const char *note = call->note ? call->note : callee->note;
    for (int i = 0; i < callee->op_count; i++) {
        IrOp op = callee->ops[i];
        if (i == 0 && !op.note)
            op.note = note;
        ir_copy_op(draft, callee, &op, inner);
    }
    for (int i = 0; i < call->result_count; i++) {
        IrId id = inner[callee->outputs[i]];
        map[call->results[i]] = id;
        if (!draft->values[id].name)
            ir_name(draft, id, from->values[call->results[i]].name);
    }
}

/* Replaces the calls that are flagged; the types of all ops are inferred anew. */
static void replace_calls(IrFunction *function, const bool *flagged)
{
    IrId *map = ARENA_ARRAY(function->module->arena, IrId, function->value_count);
    IrFunction *draft = ir_function_draft(function, NULL, map);
    for (int i = 0; i < function->op_count; i++) {
        if (flagged[i])
            splice(draft, function, &function->ops[i], map);
        else
            ir_copy_op(draft, function, &function->ops[i], map);
    }
    passes_copy_outputs(draft, function, map);
    ir_function_adopt(function, draft);
}

void passes_inline_call(IrFunction *function, int index)
{
    bool *flagged = ARENA_ARRAY(function->module->arena, bool, function->op_count);
    flagged[index] = function->ops[index].code == IR_CALL;
    replace_calls(function, flagged);
}

static bool is_input(const IrFunction *function, IrId id)
{
    return function->values[id].op < 0;
}

/* Would inlining bring products and sums of caller and callee together, so that contract-fma rounds them otherwise than
 * where the same function is called? */
static bool changes_roundings(const IrFunction *callee)
{
    for (int i = 0; i < callee->output_count; i++) {
        const IrValue *output = &callee->values[callee->outputs[i]];
        if (output->op >= 0 && callee->ops[output->op].code == IR_MUL)
            return true;
    }
    for (int i = 0; i < callee->op_count; i++) {
        const IrOp *op = &callee->ops[i];
        if ((op->code == IR_ADD || op->code == IR_SUB) &&
            (is_input(callee, op->operands[0]) || is_input(callee, op->operands[1])))
            return true;
    }
    return false;
}

static bool should_inline(const IrOp *op, const Phases *of)
{
    if (op->code != IR_CALL)
        return false;
    const Phases *callee = &of[op->callee->position];
    bool small = callee->callers == 1 && op->callee->op_count <= SMALL_OPS && !op->callee->entry;
    return callee->crosses || (small && !changes_roundings(op->callee));
}

static Phases *count_callers(const IrModule *module)
{
    Phases *of = ARENA_ARRAY(module->arena, Phases, module->function_count);
    for (int i = 0; i < module->function_count; i++)
        for (int j = 0; j < module->functions[i]->op_count; j++)
            if (module->functions[i]->ops[j].callee)
                of[module->functions[i]->ops[j].callee->position].callers++;
    return of;
}

void pass_inline(IrModule *module)
{
    Phases *of = count_callers(module);
    int64_t added = 0;
    for (int i = 0; i < module->function_count; i++) {
        IrFunction *function = module->functions[i];
        bool *flagged = ARENA_ARRAY(module->arena, bool, function->op_count);
        for (int j = 0; j < function->op_count; j++) {
            const IrOp *op = &function->ops[j];
            flagged[j] = should_inline(op, of) && op->callee->op_count <= ADDED_OPS_MAX - added;
            added += flagged[j] ? op->callee->op_count : 0;
        }
        replace_calls(function, flagged); /* always: callees may give lower kinds now */
        find_phases(function, of);
    }
}
