/* SPDX-License-Identifier: MIT */
/* Modules, functions and appending ops: the data structure grows here and nowhere else. The thin helpers for single
 * ops are in helpers.c, copying of ops in rewrite.c. */
#include "compiler/ir/ir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

IrModule *ir_module_new(Arena *arena, const char *name)
{
    IrModule *module = ARENA_NEW(arena, IrModule);
    module->arena = arena;
    module->name = name;
    return module;
}

static _Noreturn void fail(const IrFunction *function, const char *subject, const char *message)
{
    fprintf(stderr, "ansatz: internal error: function %s: %s: %s\n", function->name, subject, message);
    abort();
}

IrFunction *ir_function_new(IrModule *module, const char *name)
{
    IrFunction *function = ARENA_NEW(module->arena, IrFunction);
    function->module = module;
    function->name = name;
    if (ir_function_find(module, name))
        fail(function, "begin", "the module has a function of this name");
    if (module->function_count == module->function_room) {
        int room = module->function_room * 2 + 8;
        module->functions = arena_grow(module->arena, module->functions, (size_t)module->function_count, (size_t)room,
                                       sizeof(IrFunction *));
        module->function_room = room;
    }
    function->position = module->function_count;
    module->functions[module->function_count++] = function;
    return function;
}

IrFunction *ir_function_find(const IrModule *module, const char *name)
{
    for (int i = 0; i < module->function_count; i++)
        if (strcmp(module->functions[i]->name, name) == 0)
            return module->functions[i];
    return NULL;
}

const char *ir_function_unique_name(const IrModule *module, const char *base)
{
    if (!ir_function_find(module, base))
        return base;
    for (int number = 2;; number++) {
        const char *name = arena_print(module->arena, "%s_%d", base, number);
        if (!ir_function_find(module, name))
            return name;
    }
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static IrId add_value(IrFunction *function, IrType type, int32_t op, int32_t result)
{
    if (function->value_count == function->value_room) {
        int room = function->value_room * 2 + 16;
        function->values = arena_grow(function->module->arena, function->values, (size_t)function->value_count,
                                      (size_t)room, sizeof(IrValue));
        function->value_room = room;
    }
    function->values[function->value_count] = (IrValue){.type = type, .op = op, .result = result};
    return function->value_count++;
}

/* Room in a list that grows by one element at a time: its room is the next power of two from 4. */
static void *grow_list(Arena *arena, void *list, int count, size_t size)
{
    bool full = count == 0 || (count >= 4 && (count & (count - 1)) == 0);
    if (!full)
        return list;
    return arena_grow(arena, list, (size_t)count, count == 0 ? 4 : 2 * (size_t)count, size);
}

IrId ir_input(IrFunction *function, const char *name, IrType type)
{
    if (type.kind == IR_KIND_CONSTANT)
        type.kind = IR_KIND_SHARED;
    for (int axis = 0; axis < type.rank; axis++)
        if (type.size[axis] < 1)
            fail(function, name ? name : "input", "sizes begin at 1");
    function->inputs =
        grow_list(function->module->arena, function->inputs, function->input_count, sizeof function->inputs[0]);
    IrId id = add_value(function, type, -1, function->input_count);
    function->values[id].name = name;
    function->inputs[function->input_count++] = id;
    return id;
}

void ir_output(IrFunction *function, const char *name, IrId value)
{
    Arena *arena = function->module->arena;
    if (value < 0 || value >= function->value_count)
        fail(function, name ? name : "output", "no value of the function");
    function->outputs = grow_list(arena, function->outputs, function->output_count, sizeof function->outputs[0]);
    function->output_names =
        grow_list(arena, function->output_names, function->output_count, sizeof function->output_names[0]);
    function->outputs[function->output_count] = value;
    function->output_names[function->output_count++] = name;
}

const IrType *ir_type_of(const IrFunction *function, IrId value)
{
    return &function->values[value].type;
}

IrId ir_name(IrFunction *function, IrId value, const char *name)
{
    function->values[value].name = name;
    return value;
}

/* ---- ops -------------------------------------------------------------------------------------------------------- */

/* Attributes that inference decides, so that equal ops have equal fields. */
static void normalise_type(const IrFunction *function, IrOp *op)
{
    for (int axis = op->type.rank; axis >= 0 && axis < IR_RANK_MAX; axis++)
        op->type.size[axis] = 0;
    switch (op->code) {
    case IR_CONSTANT:
        op->type.kind = IR_KIND_CONSTANT;
        break;
    case IR_DRAW_NORMAL:
    case IR_DRAW_UNIFORM:
        op->type.kind = IR_KIND_SAMPLE;
        break;
    case IR_BROADCAST:
    case IR_RESHAPE:
        op->type.kind = IR_KIND_CONSTANT;
        op->type.element = function->values[op->operands[0]].type.element;
        break;
    default:
        op->type = (IrType){0};
        break;
    }
}

/* A callee stands before its callers: a function that calls one begun later moves to the end. */
static void keep_order(IrFunction *function, const IrFunction *callee)
{
    IrModule *module = function->module;
    if (callee->position < function->position || callee->module != module)
        return;
    if (callee == function)
        fail(function, "call", "a function that calls itself");
    for (int i = function->position; i + 1 < module->function_count; i++) {
        module->functions[i] = module->functions[i + 1];
        module->functions[i]->position = i;
    }
    function->position = module->function_count - 1;
    module->functions[function->position] = function;
}

IrId ir_append(IrFunction *function, IrOp op)
{
    Arena *arena = function->module->arena;
    op.result_count = ir_result_count(&op);
    IrType single;
    IrType *types = op.result_count <= 1 ? &single : ARENA_ARRAY(arena, IrType, op.result_count);
    const char *wrong = ir_infer(function, &op, types);
    if (wrong)
        fail(function, ir_op_text(op.code), wrong);
    normalise_type(function, &op);

    const IrId *operands = op.operands;
    op.operands = ARENA_ARRAY(arena, IrId, op.operand_count);
    if (op.operand_count > 0)
        memcpy(op.operands, operands, (size_t)op.operand_count * sizeof operands[0]);
    op.results = ARENA_ARRAY(arena, IrId, op.result_count);
    for (int i = 0; i < op.result_count; i++)
        op.results[i] = add_value(function, types[i], function->op_count, i);
    if (op.callee)
        keep_order(function, op.callee);

    if (function->op_count == function->op_room) {
        int room = function->op_room * 2 + 16;
        function->ops =
            arena_grow(arena, function->ops, (size_t)function->op_count, (size_t)room, sizeof function->ops[0]);
        function->op_room = room;
    }
    function->ops[function->op_count++] = op;
    return op.result_count > 0 ? op.results[0] : -1;
}
