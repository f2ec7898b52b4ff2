/* SPDX-License-Identifier: MIT */
/* Dead code, over the whole module. Liveness spreads from the outputs of open functions (entries, or all functions
 * where there are none): through ops to operands, through results of calls into what callees return, and from what
 * callees read back to the operands of calls. Each value is marked once. Then every function is built anew from what is
 * live. */
#include "compiler/passes/passes.h"

typedef struct CallSite {
    int function, op; /* the caller's position, the call's index */
} CallSite;

/* What is known of one function. */
typedef struct Liveness {
    bool open, reached;
    bool *value, *op;     /* by id, by index */
    bool *input, *output; /* an output may be dead while its value is live; inputs are known when all is marked */
    CallSite *callers;    /* live calls and scans of it */
    int caller_count, caller_room;
} Liveness;

typedef struct LiveValue {
    int function;
    IrId value;
} LiveValue;

typedef struct DeadCode {
    IrModule *module;
    Liveness *of;     /* by position */
    LiveValue *stack; /* values whose consequences are to be drawn */
    int stack_count, stack_room;
} DeadCode;

/* ---- marking ----------------------------------------------------------------------------------------------------- */

static void mark_value(DeadCode *pass, int function, IrId value)
{
    if (pass->of[function].value[value])
        return;
    pass->of[function].value[value] = true;
    if (pass->stack_count == pass->stack_room) {
        int room = pass->stack_room * 2 + 64;
        pass->stack = arena_grow(pass->module->arena, pass->stack, (size_t)pass->stack_count, (size_t)room,
                                 sizeof pass->stack[0]);
        pass->stack_room = room;
    }
    pass->stack[pass->stack_count++] = (LiveValue){function, value};
}

static void mark_input(DeadCode *pass, int function, int input)
{
    mark_value(pass, function, pass->module->functions[function]->inputs[input]);
}

/* A carried value that a scan still has is an input of each step and an output of each. */
static void mark_output(DeadCode *pass, int function, int output)
{
    Liveness *live = &pass->of[function];
    if (live->output[output])
        return;
    live->output[output] = true;
    mark_value(pass, function, pass->module->functions[function]->outputs[output]);
    for (int i = 0; i < live->caller_count; i++) {
        const IrOp *op = &pass->module->functions[live->callers[i].function]->ops[live->callers[i].op];
        if (op->code == IR_SCAN && output < op->carried)
            mark_input(pass, function, output + 1);
    }
}

/* The operand of a call that becomes this input of the callee, or -1: the step of a scan is no operand. */
static int operand_of_input(const IrOp *op, int input)
{
    return op->code == IR_SCAN ? input - 1 : input;
}

static void mark_caller(DeadCode *pass, const CallSite *site, int input)
{
    const IrOp *op = &pass->module->functions[site->function]->ops[site->op];
    int operand = operand_of_input(op, input);
    if (operand < 0)
        return;
    mark_value(pass, site->function, op->operands[operand]);
    if (op->code == IR_SCAN && operand < op->carried)
        mark_output(pass, op->callee->position, operand);
}

static void add_caller(DeadCode *pass, Liveness *callee, CallSite site)
{
    if (callee->caller_count == callee->caller_room) {
        int room = callee->caller_room * 2 + 4;
        callee->callers = arena_grow(pass->module->arena, callee->callers, (size_t)callee->caller_count, (size_t)room,
                                     sizeof callee->callers[0]);
        callee->caller_room = room;
    }
    callee->callers[callee->caller_count++] = site;
}

static void open_function(DeadCode *pass, int function)
{
    const IrFunction *open = pass->module->functions[function];
    pass->of[function].reached = true;
    for (int i = 0; i < open->input_count; i++)
        mark_input(pass, function, i);
    for (int i = 0; i < open->output_count; i++)
        mark_output(pass, function, i);
}

/* A call or scan that turns out to be needed: it meets what is known of its callee. */
static void mark_program_op(DeadCode *pass, int function, int index)
{
    const IrOp *op = &pass->module->functions[function]->ops[index];
    int callee = op->callee->position;
    Liveness *live = &pass->of[callee];
    CallSite site = {function, index};
    live->reached = true;
    add_caller(pass, live, site);
    if (op->code == IR_SCAN)
        mark_input(pass, callee, 0);
    for (int i = 0; i < op->callee->input_count; i++)
        if (live->value[op->callee->inputs[i]])
            mark_caller(pass, &site, i);
    for (int i = 0; op->code == IR_SCAN && i < op->carried; i++)
        if (live->output[i])
            mark_input(pass, callee, i + 1);
}

static void mark_op(DeadCode *pass, int function, int index, int result)
{
    const IrOp *op = &pass->module->functions[function]->ops[index];
    bool program = ir_op_class(op->code) == IR_PROGRAM;
    if (!pass->of[function].op[index]) {
        pass->of[function].op[index] = true;
        if (program)
            mark_program_op(pass, function, index);
        for (int i = 0; i < op->operand_count && !program; i++)
            mark_value(pass, function, op->operands[i]);
    }
    if (program)
        mark_output(pass, op->callee->position, result);
}

static void spread(DeadCode *pass)
{
    while (pass->stack_count > 0) {
        LiveValue live = pass->stack[--pass->stack_count];
        const IrValue *value = &pass->module->functions[live.function]->values[live.value];
        if (value->op >= 0) {
            mark_op(pass, live.function, value->op, value->result);
            continue;
        }
        for (int i = 0; i < pass->of[live.function].caller_count; i++)
            mark_caller(pass, &pass->of[live.function].callers[i], value->result);
    }
}

static void mark_module(DeadCode *pass)
{
    IrModule *module = pass->module;
    bool any_entry = false;
    pass->of = ARENA_ARRAY(module->arena, Liveness, module->function_count);
    for (int i = 0; i < module->function_count; i++) {
        const IrFunction *function = module->functions[i];
        Liveness *live = &pass->of[i];
        live->value = ARENA_ARRAY(module->arena, bool, function->value_count);
        live->op = ARENA_ARRAY(module->arena, bool, function->op_count);
        live->input = ARENA_ARRAY(module->arena, bool, function->input_count);
        live->output = ARENA_ARRAY(module->arena, bool, function->output_count);
        any_entry = any_entry || function->entry;
    }
    for (int i = 0; i < module->function_count; i++)
        if (module->functions[i]->entry || !any_entry)
            open_function(pass, i);
    spread(pass);
    for (int i = 0; i < module->function_count; i++)
        for (int j = 0; j < module->functions[i]->input_count; j++)
            pass->of[i].input[j] = pass->of[i].value[module->functions[i]->inputs[j]];
}

/* ---- building what is left --------------------------------------------------------------------------------------- */

/* A call or scan with the operands and results that the callee still has. (The callee is built anew already.) */
static void copy_program_op(const DeadCode *pass, IrFunction *draft, const IrFunction *from, const IrOp *op, IrId *map)
{
    const Liveness *callee = &pass->of[op->callee->position];
    int step = op->code == IR_SCAN ? 1 : 0;
    IrOp copy = *op;
    copy.operands = ARENA_ARRAY(pass->module->arena, IrId, op->operand_count);
    copy.operand_count = copy.carried = copy.sliced = 0;
    for (int i = 0; i < op->operand_count; i++) {
        if (!callee->input[i + step])
            continue;
        copy.operands[copy.operand_count++] = map[op->operands[i]];
        copy.carried += i < op->carried;
        copy.sliced += i >= op->carried && i < op->carried + op->sliced;
    }
    ir_append(draft, copy);
    const IrOp *made = &draft->ops[draft->op_count - 1];
    for (int i = 0, next = 0; i < op->result_count; i++) {
        if (!callee->output[i])
            continue;
        map[op->results[i]] = made->results[next];
        ir_name(draft, made->results[next++], from->values[op->results[i]].name);
    }
}

static void rebuild_function(const DeadCode *pass, IrFunction *function)
{
    const Liveness *live = &pass->of[function->position];
    IrId *map = ARENA_ARRAY(pass->module->arena, IrId, function->value_count);
    IrFunction *draft = ir_function_draft(function, live->input, map);
    const char *note = NULL; /* of an op that went: the next op begins what it began */
    for (int i = 0; i < function->op_count; i++) {
        IrOp op = function->ops[i];
        note = op.note ? op.note : note;
        if (!live->op[i])
            continue;
        op.note = note;
        note = NULL;
        if (ir_op_class(op.code) == IR_PROGRAM)
            copy_program_op(pass, draft, function, &op, map);
        else
            ir_copy_op(draft, function, &op, map);
    }
    for (int i = 0; i < function->output_count; i++)
        if (live->output[i])
            ir_output(draft, function->output_names[i], map[function->outputs[i]]);
    ir_function_adopt(function, draft);
}

void pass_dead_code(IrModule *module)
{
    DeadCode pass = {.module = module};
    int kept = 0;
    mark_module(&pass);
    for (int i = 0; i < module->function_count; i++)
        if (pass.of[i].reached)
            rebuild_function(&pass, module->functions[i]);
    for (int i = 0; i < module->function_count; i++) {
        if (!pass.of[i].reached)
            continue;
        module->functions[kept] = module->functions[i];
        module->functions[kept]->position = kept;
        kept++;
    }
    module->function_count = kept;
}
