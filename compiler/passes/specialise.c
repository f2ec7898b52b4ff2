/* SPDX-License-Identifier: MIT */
/* Calls that leave results unread which cost much: such a call gets a copy of the function without them. The first layer's
 * backward function is one, where nobody asks for the gradient of the data. */
#include "compiler/passes/passes.h"

#include <string.h>

/* A copy is code to read and to compile: it must save so many operations a sample. */
enum { SAVED_FLOPS_LEAST = 1 << 19 };

/* A copy that has been made: of which function, with which outputs. */
typedef struct Special {
    const IrFunction *of;
    const bool *read;
    IrFunction *copy;
} Special;

typedef struct Specialise {
    IrModule *module;
    Special *made;
    int made_count, made_room;
} Specialise;

/* What the ops cost that nothing but the outputs that are not `read` needs. */
static int64_t saved_flops(const IrFunction *function, const bool *read)
{
    bool *needed = ARENA_ARRAY(function->module->arena, bool, function->value_count + 1);
    int64_t saved = 0;
    for (int i = 0; i < function->output_count; i++)
        if (read[i])
            needed[function->outputs[i]] = true;
    for (int i = function->op_count - 1; i >= 0; i--) {
        const IrOp *op = &function->ops[i];
        bool alive = false;
        for (int r = 0; r < op->result_count; r++)
            alive = alive || needed[op->results[r]];
        for (int k = 0; k < op->operand_count && alive; k++)
            needed[op->operands[k]] = true;
        saved += alive ? 0 : ir_op_flops(function, op);
    }
    return saved;
}

/* Puts a new function, the module's last, behind the one that it is a copy of: before its callers. */
static void move_behind(IrModule *module, IrFunction *function, int position)
{
    for (int f = module->function_count - 1; f > position + 1; f--) {
        module->functions[f] = module->functions[f - 1];
        module->functions[f]->position = f;
    }
    module->functions[position + 1] = function;
    function->position = position + 1;
}

static IrFunction *copy_of(Specialise *pass, const IrFunction *function, const bool *read)
{
    for (int i = 0; i < pass->made_count; i++)
        if (pass->made[i].of == function &&
            memcmp(pass->made[i].read, read, (size_t)function->output_count * sizeof *read) == 0)
            return pass->made[i].copy;
    Arena *arena = pass->module->arena;
    IrId *map = ARENA_ARRAY(arena, IrId, function->value_count + 1);
    IrFunction *copy =
        ir_function_like(pass->module, function, ir_function_unique_name(pass->module, function->name), map);
    for (int i = 0; i < function->op_count; i++)
        ir_copy_op(copy, function, &function->ops[i], map);
    for (int i = 0; i < function->output_count; i++)
        if (read[i])
            ir_output(copy, function->output_names[i], map[function->outputs[i]]);
    move_behind(pass->module, copy, function->position);
    if (pass->made_count == pass->made_room) {
        size_t old = (size_t)pass->made_count, room = old * 2 + 8;
        pass->made = arena_grow(arena, pass->made, old, room, sizeof *pass->made);
        pass->made_room = (int)room;
    }
    pass->made[pass->made_count++] = (Special){function, read, copy};
    return copy;
}

/* The outputs that a call's caller reads, or NULL where the call stays as it is. */
static const bool *outputs_read(const IrFunction *caller, const IrOp *op, const int *readers)
{
    if (op->code != IR_CALL || op->callee->entry)
        return NULL;
    bool *read = ARENA_ARRAY(caller->module->arena, bool, op->result_count + 1), any = false;
    for (int r = 0; r < op->result_count; r++) {
        read[r] = readers[op->results[r]] > 0;
        any = any || read[r];
    }
    return any && saved_flops(op->callee, read) >= SAVED_FLOPS_LEAST ? read : NULL;
}

static void copy_call(IrFunction *draft, const IrFunction *from, const IrOp *op, const bool *read, IrFunction *callee,
                      IrId *map)
{
    IrOp call = *op;
    call.callee = callee;
    call.operands = ARENA_ARRAY(draft->module->arena, IrId, op->operand_count + 1);
    for (int k = 0; k < op->operand_count; k++)
        call.operands[k] = map[op->operands[k]];
    ir_append(draft, call);
    const IrId *results = draft->ops[draft->op_count - 1].results;
    for (int r = 0, next = 0; r < op->result_count; r++)
        if (read[r]) {
            map[op->results[r]] = results[next];
            ir_name(draft, results[next++], from->values[op->results[r]].name);
        }
}

static void specialise_function(Specialise *pass, IrFunction *function)
{
    Arena *arena = pass->module->arena;
    const int *readers = passes_count_readers(function);
    const bool **read = ARENA_ARRAY(arena, const bool *, function->op_count + 1);
    bool any = false;
    for (int i = 0; i < function->op_count; i++) {
        read[i] = outputs_read(function, &function->ops[i], readers);
        any = any || read[i] != NULL;
    }
    if (!any)
        return;
    IrId *map = ARENA_ARRAY(arena, IrId, function->value_count + 1);
    IrFunction *draft = ir_function_draft(function, NULL, map);
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        if (read[i] == NULL)
            ir_copy_op(draft, function, op, map);
        else
            copy_call(draft, function, op, read[i], copy_of(pass, op->callee, read[i]), map);
    }
    passes_copy_outputs(draft, function, map);
    ir_function_adopt(function, draft);
}

void pass_specialise(IrModule *module)
{
    Specialise pass = {.module = module};
    /* callers first: what a copy calls is looked at after it */
    for (int f = module->function_count - 1; f >= 0; f--) {
        int before = module->function_count;
        specialise_function(&pass, module->functions[f]);
        f += module->function_count - before;
    }
}
