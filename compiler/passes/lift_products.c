/* SPDX-License-Identifier: MIT */
/* Wide weight gradients leave the functions that blocks of samples call: such a function returns the two vectors whose
 * products are summed over the batch, and its caller sums, up to the entry. There the sum is made for the whole batch at once,
 * where each block would have to keep a part as large as the weights. The same additions in the same order. */
#include "compiler/passes/passes.h"

#include <string.h>

enum { WIDE_ELEMENTS = 1 << 17 };

bool passes_is_wide_product(const IrFunction *function, const IrOp *op)
{
    if (op->code != IR_BATCH_CONTRACT)
        return false;
    const IrType *a = ir_type_of(function, op->operands[0]), *b = ir_type_of(function, op->operands[1]);
    IrLabels labels;
    return a->kind == IR_KIND_SAMPLE && b->kind == IR_KIND_SAMPLE && a->rank == 1 && b->rank == 1 &&
           ir_labels_parse(op->labels, a, b, &labels) == NULL && strlen(labels.result) == 2 &&
           a->size[0] >= WIDE_ELEMENTS / b->size[0];
}

/* One factor of a lifted product: an input of the function, or one of its new outputs. */
typedef struct Factor {
    bool input;
    int index;
} Factor;

typedef struct Lifted {
    const IrOp *op; /* NULL: the output stays */
    Factor factors[2];
} Lifted;

/* What a function's old outputs have become. */
typedef struct Lift {
    bool any, keep; /* `keep`: its outputs stay, because not all who use it are plain calls */
    Lifted *lifted; /* by old output */
    int *kept;      /* by old output that stays: its new number */
} Lift;

/* Calls of functions whose products were lifted get the new results, and the products behind them. */
static void copy_call(IrFunction *draft, const IrFunction *from, const IrOp *op, const Lift *lift, IrId *map)
{
    Arena *arena = draft->module->arena;
    IrOp copy = *op;
    copy.operands = ARENA_ARRAY(arena, IrId, op->operand_count + 1);
    for (int i = 0; i < op->operand_count; i++)
        copy.operands[i] = map[op->operands[i]];
    ir_append(draft, copy);
    const IrId *results = draft->ops[draft->op_count - 1].results;
    for (int i = 0; i < op->result_count; i++) {
        const Lifted *lifted = &lift->lifted[i];
        IrId value;
        if (lifted->op == NULL) {
            value = results[lift->kept[i]];
        } else {
            IrOp product = *lifted->op;
            product.span = op->span;
            product.note = NULL;
            product.operands = ARENA_ARRAY(arena, IrId, 2);
            for (int k = 0; k < 2; k++) {
                const Factor *factor = &lifted->factors[k];
                product.operands[k] = factor->input ? copy.operands[factor->index] : results[factor->index];
            }
            value = ir_append(draft, product);
        }
        map[op->results[i]] = ir_name(draft, value, from->values[op->results[i]].name);
    }
}

/* Copies a function with the new calls; `of`: by position. */
static void renew_calls(IrFunction *function, const Lift *of)
{
    bool any = false;
    for (int i = 0; i < function->op_count; i++)
        any = any || (function->ops[i].code == IR_CALL && of[function->ops[i].callee->position].any);
    if (!any)
        return;
    IrId *map = ARENA_ARRAY(function->module->arena, IrId, function->value_count + 1);
    IrFunction *draft = ir_function_draft(function, NULL, map);
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        if (op->code == IR_CALL && of[op->callee->position].any)
            copy_call(draft, function, op, &of[op->callee->position], map);
        else
            ir_copy_op(draft, function, op, map);
    }
    passes_copy_outputs(draft, function, map);
    ir_function_adopt(function, draft);
}

/* A value as a factor: an input, or an output, new where there is none yet. */
static Factor factor_of(IrFunction *draft, const IrFunction *from, IrId value, const IrId *map)
{
    if (from->values[value].op < 0)
        return (Factor){true, from->values[value].result};
    for (int i = 0; i < draft->output_count; i++)
        if (draft->outputs[i] == map[value])
            return (Factor){false, i};
    ir_output(draft, from->values[value].name, map[value]);
    return (Factor){false, draft->output_count - 1};
}

/* Takes the wide products that only an output reads out of a function. */
static void lift_products(IrFunction *function, Lift *lift)
{
    Arena *arena = function->module->arena;
    const int *readers = passes_count_readers(function);
    lift->lifted = ARENA_ARRAY(arena, Lifted, function->output_count + 1);
    lift->kept = ARENA_ARRAY(arena, int, function->output_count + 1);
    bool *gone = ARENA_ARRAY(arena, bool, function->op_count + 1);
    for (int i = 0; i < function->output_count; i++) {
        const IrValue *value = &function->values[function->outputs[i]];
        if (value->op < 0 || readers[function->outputs[i]] != 1 ||
            !passes_is_wide_product(function, &function->ops[value->op]))
            continue;
        lift->lifted[i].op = &function->ops[value->op];
        gone[value->op] = lift->any = true;
    }
    if (!lift->any)
        return;
    IrFunction *old = ARENA_NEW(arena, IrFunction);
    *old = *function;
    IrId *map = ARENA_ARRAY(arena, IrId, function->value_count + 1);
    IrFunction *draft = ir_function_draft(function, NULL, map);
    for (int i = 0; i < function->op_count; i++)
        if (!gone[i])
            ir_copy_op(draft, function, &function->ops[i], map);
    for (int i = 0; i < function->output_count; i++)
        if (lift->lifted[i].op == NULL) {
            lift->kept[i] = draft->output_count;
            ir_output(draft, function->output_names[i], map[function->outputs[i]]);
        }
    for (int i = 0; i < function->output_count; i++)
        for (int k = 0; k < 2 && lift->lifted[i].op != NULL; k++)
            lift->lifted[i].factors[k] = factor_of(draft, old, lift->lifted[i].op->operands[k], map);
    ir_function_adopt(function, draft);
}

void pass_lift_products(IrModule *module)
{
    Lift *of = ARENA_ARRAY(module->arena, Lift, module->function_count + 1);
    bool any_entry = false;
    for (int f = 0; f < module->function_count; f++) {
        const IrFunction *function = module->functions[f];
        any_entry = any_entry || function->entry;
        of[f].keep = of[f].keep || function->entry;
        for (int i = 0; i < function->op_count; i++)
            if (function->ops[i].code == IR_SCAN)
                of[function->ops[i].callee->position].keep = true;
    }
    if (!any_entry) /* all are named from outside */
        return;
    for (int f = 0; f < module->function_count; f++) {
        renew_calls(module->functions[f], of);
        if (!of[f].keep)
            lift_products(module->functions[f], &of[f]);
    }
}
