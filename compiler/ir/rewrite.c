/* SPDX-License-Identifier: MIT */
/* Copying functions op by op, which is how every pass rewrites: a new function is built from the old one with
 * `map[old id] = new id`, and types are inferred anew. */
#include "compiler/ir/ir.h"

#include <string.h>

/* The inputs flagged in `keep` (NULL: all). */
static void copy_header(IrFunction *to, const IrFunction *from, const bool *keep, IrId *map)
{
    to->note = from->note;
    to->span = from->span;
    for (int i = 0; i < from->value_count; i++)
        map[i] = -1;
    for (int i = 0; i < from->input_count; i++) {
        const IrValue *input = &from->values[from->inputs[i]];
        if (!keep || keep[i])
            map[from->inputs[i]] = ir_input(to, input->name, input->type);
    }
}

IrFunction *ir_function_like(IrModule *module, const IrFunction *function, const char *name, IrId *map)
{
    IrFunction *copy = ir_function_new(module, name ? name : function->name);
    copy_header(copy, function, NULL, map);
    return copy;
}

IrFunction *ir_function_draft(const IrFunction *function, const bool *keep, IrId *map)
{
    IrFunction *draft = ARENA_NEW(function->module->arena, IrFunction);
    draft->name = function->name;
    draft->module = function->module;
    draft->entry = function->entry;
    draft->position = INT32_MAX;               /* behind every callee */
    draft->value_room = function->value_count; /* most passes leave about as many */
    draft->values = ARENA_ARRAY(draft->module->arena, IrValue, draft->value_room);
    draft->op_room = function->op_count;
    draft->ops = ARENA_ARRAY(draft->module->arena, IrOp, draft->op_room);
    copy_header(draft, function, keep, map);
    return draft;
}

void ir_function_adopt(IrFunction *function, const IrFunction *draft)
{
    int position = function->position;
    *function = *draft;
    function->position = position;
}

void ir_copy_outputs(IrFunction *function, const IrFunction *from, const IrId *map)
{
    for (int i = 0; i < from->output_count; i++)
        ir_output(function, from->output_names[i], map[from->outputs[i]]);
}

void ir_copy_op(IrFunction *function, const IrFunction *from, const IrOp *op, IrId *map)
{
    IrOp copy = *op;
    copy.operands = ARENA_ARRAY(function->module->arena, IrId, op->operand_count);
    for (int i = 0; i < op->operand_count; i++)
        copy.operands[i] = map[op->operands[i]];
    if (op->callee && op->callee->module != function->module)
        copy.callee = ir_function_find(function->module, op->callee->name);
    ir_append(function, copy);
    const IrOp *made = &function->ops[function->op_count - 1];
    for (int i = 0; i < op->result_count; i++) {
        map[op->results[i]] = made->results[i];
        ir_name(function, made->results[i], from->values[op->results[i]].name);
    }
}
