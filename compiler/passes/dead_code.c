/* SPDX-License-Identifier: MIT */
/* Dead code, over the whole module: what callers do not read tells which outputs a function needs, what a function does
 * not read tells which operands its callers need. The two directions take turns until nothing changes. */
#include "compiler/passes/passes.h"

#include <string.h>

/* What is known of one function in one round. */
typedef struct Liveness {
    bool reached;
    bool scanned; /* some scan applies it: its first input is the step */
    int carried;  /* the most values that a scan carries through it */
    bool *input, *output, *value;
} Liveness;

typedef struct DeadCode {
    IrModule *module;
    Liveness *of; /* by position */
    bool any_entry, changed;
} DeadCode;

static bool is_open(const DeadCode *pass, const IrFunction *function)
{
    return function->entry || !pass->any_entry;
}

/* ---- which values, outputs and inputs are read --------------------------------------------------------------------- */

static bool any_live(const Liveness *live, const IrOp *op)
{
    for (int i = 0; i < op->result_count; i++)
        if (live->value[op->results[i]])
            return true;
    return false;
}

static void mark_values(const IrFunction *function, Liveness *live)
{
    memset(live->value, 0, (size_t)function->value_count * sizeof(bool));
    for (int i = 0; i < function->output_count; i++)
        if (live->output[i])
            live->value[function->outputs[i]] = true;
    for (int i = function->op_count - 1; i >= 0; i--) {
        const IrOp *op = &function->ops[i];
        if (any_live(live, op))
            for (int j = 0; j < op->operand_count; j++)
                live->value[op->operands[j]] = true;
    }
}

/* A carried value that is read inside is needed as an output of the step before. */
static bool mark_carried(const IrFunction *function, Liveness *live)
{
    bool more = false;
    for (int i = 0; i < live->carried; i++) {
        if (live->value[function->inputs[i + 1]] && !live->output[i]) {
            live->output[i] = true;
            more = true;
        }
    }
    return more;
}

static void mark_callees(DeadCode *pass, const IrFunction *function, const Liveness *live)
{
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        if (ir_op_class(op->code) != IR_PROGRAM || !any_live(live, op))
            continue;
        Liveness *callee = &pass->of[op->callee->position];
        callee->reached = true;
        for (int j = 0; j < op->result_count; j++)
            callee->output[j] = callee->output[j] || live->value[op->results[j]];
        if (op->code == IR_SCAN) {
            callee->scanned = true;
            callee->carried = op->carried > callee->carried ? op->carried : callee->carried;
        }
    }
}

static void mark_function(DeadCode *pass, const IrFunction *function, Liveness *live)
{
    for (int i = 0; i < function->output_count; i++)
        live->output[i] = live->output[i] || is_open(pass, function);
    do {
        mark_values(function, live);
    } while (mark_carried(function, live));
    for (int i = 0; i < function->input_count; i++) {
        bool carried = i >= 1 && i <= live->carried && live->output[i - 1];
        live->input[i] =
            is_open(pass, function) || live->value[function->inputs[i]] || carried || (live->scanned && i == 0);
    }
    mark_callees(pass, function, live);
}

static void mark_module(DeadCode *pass)
{
    Arena *arena = pass->module->arena;
    pass->of = ARENA_ARRAY(arena, Liveness, pass->module->function_count);
    for (int i = 0; i < pass->module->function_count; i++) {
        const IrFunction *function = pass->module->functions[i];
        pass->of[i].reached = is_open(pass, function);
        pass->of[i].input = ARENA_ARRAY(arena, bool, function->input_count);
        pass->of[i].output = ARENA_ARRAY(arena, bool, function->output_count);
        pass->of[i].value = ARENA_ARRAY(arena, bool, function->value_count);
    }
    for (int i = pass->module->function_count - 1; i >= 0; i--)
        if (pass->of[i].reached)
            mark_function(pass, pass->module->functions[i], &pass->of[i]);
}

/* ---- building what is left ------------------------------------------------------------------------------------------ */

/* A call or scan with the operands and results that the callee still has. */
static void copy_program_op(const DeadCode *pass, IrFunction *draft, const IrFunction *from, const IrOp *op, IrId *map)
{
    const Liveness *callee = &pass->of[op->callee->position];
    int skipped = op->code == IR_SCAN ? 1 : 0; /* the step is no operand */
    IrOp copy = *op;
    copy.operands = ARENA_ARRAY(pass->module->arena, IrId, op->operand_count);
    copy.operand_count = copy.carried = copy.sliced = 0;
    for (int i = 0; i < op->operand_count; i++) {
        if (!callee->input[i + skipped])
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

static void rebuild_function(DeadCode *pass, IrFunction *function)
{
    const Liveness *live = &pass->of[function->position];
    IrId *map = ARENA_ARRAY(pass->module->arena, IrId, function->value_count);
    IrFunction *draft = ir_function_draft(function, live->input, map);
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        if (!any_live(live, op))
            continue;
        if (ir_op_class(op->code) == IR_PROGRAM)
            copy_program_op(pass, draft, function, op, map);
        else
            ir_copy_op(draft, function, op, map);
    }
    for (int i = 0; i < function->output_count; i++)
        if (live->output[i])
            ir_output(draft, function->output_names[i], map[function->outputs[i]]);
    pass->changed = pass->changed || draft->op_count != function->op_count ||
                    draft->input_count != function->input_count || draft->output_count != function->output_count;
    ir_function_adopt(function, draft);
}

static void drop_unreached(DeadCode *pass)
{
    IrModule *module = pass->module;
    int kept = 0;
    for (int i = 0; i < module->function_count; i++) {
        if (!pass->of[i].reached)
            continue;
        module->functions[kept] = module->functions[i];
        module->functions[kept]->position = kept;
        kept++;
    }
    module->function_count = kept;
}

void pass_dead_code(IrModule *module)
{
    DeadCode pass = {.module = module};
    for (int i = 0; i < module->function_count; i++)
        pass.any_entry = pass.any_entry || module->functions[i]->entry;
    do {
        pass.changed = false;
        mark_module(&pass);
        for (int i = 0; i < module->function_count; i++)
            if (pass.of[i].reached)
                rebuild_function(&pass, module->functions[i]);
        drop_unreached(&pass);
    } while (pass.changed);
}
