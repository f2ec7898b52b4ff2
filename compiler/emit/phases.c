/* SPDX-License-Identifier: MIT */
/* Phases: one walk over a function that says of every value whether it is a part of a sum, and whether the ops on it
 * are linear in that part. */
#include "compiler/emit/phases.h"

#include "compiler/passes/passes.h"

#include <string.h>

/* One walk over a function. As a function that blocks call: parts stay parts. As an entry: what an op sums is whole for
 * those that read it. */
typedef struct Walk {
    const PhaseTable *table;
    const IrFunction *function;
    bool entry;
    BatchKind *kind;
    bool *crossing; /* of each op, or NULL: a block cannot do it */
    bool crosses;
} Walk;

static bool is_zero(const IrFunction *function, IrId value)
{
    for (int op = function->values[value].op; op >= 0; op = function->values[value].op) {
        const IrOp *made = &function->ops[op];
        if (made->code == IR_CONSTANT) {
            int64_t count = ir_type_count(&made->type);
            for (int64_t i = 0; i < count; i++)
                if (made->data[i] != 0.0)
                    return false;
            return true;
        }
        if (made->code != IR_BROADCAST && made->code != IR_RESHAPE)
            return false;
        value = made->operands[0];
    }
    return false;
}

static bool is_part(const Walk *walk, IrId value)
{
    return walk->kind[value] == BATCH_PART;
}

static bool is_part_or_zero(const Walk *walk, IrId value)
{
    return is_part(walk, value) || is_zero(walk->function, value);
}

/* Whether an op of one of whose operands is a part is linear in all the parts together. */
static bool is_linear(const Walk *walk, const IrOp *op)
{
    const IrId *x = op->operands;
    bool parts[3] = {false};
    for (int i = 0; i < op->operand_count && i < 3; i++)
        parts[i] = is_part(walk, x[i]);
    switch (op->code) {
    case IR_NEG:
    case IR_STOP_GRADIENT:
    case IR_BROADCAST:
    case IR_RESHAPE:
    case IR_TRANSPOSE:
    case IR_SLICE:
    case IR_GATHER:
    case IR_SCATTER_ADD:
    case IR_REDUCE_SUM:
    case IR_CUMSUM:
        return true;
    case IR_ADD:
    case IR_SUB:
        return is_part_or_zero(walk, x[0]) && is_part_or_zero(walk, x[1]);
    case IR_MUL:
        return parts[0] != parts[1];
    case IR_DIV:
    case IR_TAKE:
    case IR_PUT:
        return parts[0] && !parts[1];
    case IR_FMA:
        return parts[0] != parts[1] && is_part_or_zero(walk, x[2]);
    case IR_CONTRACT:
        return parts[0] != parts[1] && (op->operand_count < 3 || is_part_or_zero(walk, x[2]));
    case IR_SOLVE_TRIANGULAR:
        return parts[1] && !parts[0];
    case IR_SELECT:
        return !parts[0] && is_part_or_zero(walk, x[1]) && is_part_or_zero(walk, x[2]);
    case IR_CONCAT:
        for (int i = 0; i < op->operand_count; i++)
            if (!is_part_or_zero(walk, x[i]))
                return false;
        return true;
    default:
        return false;
    }
}

static void walk_function(Walk *walk, const BatchKind *inputs);

static BatchKind kind_of(const Walk *walk, IrId value)
{
    return walk->entry ? BATCH_NONE : walk->kind[value];
}

/* The kinds of a callee's outputs for given kinds of its inputs; whether it crosses then. */
static bool walk_callee(const Walk *walk, const IrOp *op, const BatchKind *inputs, BatchKind *outputs)
{
    const IrFunction *callee = op->callee;
    const Phases *known = walk->table->of[callee->position];
    bool plain = true;
    for (int i = 0; i < callee->input_count; i++)
        plain = plain && inputs[i] == BATCH_NONE;
    if (plain && known != NULL) {
        for (int i = 0; i < callee->output_count; i++)
            outputs[i] = known->kind[callee->outputs[i]];
        return known->crosses;
    }
    Walk inner = {.table = walk->table, .function = callee};
    inner.kind = ARENA_ARRAY(walk->table->arena, BatchKind, callee->value_count + 1);
    walk_function(&inner, inputs);
    for (int i = 0; i < callee->output_count; i++)
        outputs[i] = inner.kind[callee->outputs[i]];
    return inner.crosses;
}

/* A carried value that becomes a part must begin as one, or as zero. */
static bool walk_scan(const Walk *walk, const IrOp *op, BatchKind *inputs, BatchKind *outputs)
{
    bool crosses = false;
    inputs[0] = BATCH_NONE;
    for (int k = 0; k < op->operand_count; k++)
        inputs[k + 1] = kind_of(walk, op->operands[k]);
    for (bool changed = true; changed;) {
        changed = false;
        crosses = walk_callee(walk, op, inputs, outputs);
        for (int c = 0; c < op->carried; c++) {
            if (outputs[c] == inputs[c + 1] || inputs[c + 1] == BATCH_PART)
                continue;
            if (outputs[c] == BATCH_PART && is_zero(walk->function, op->operands[c])) {
                inputs[c + 1] = BATCH_PART;
                changed = true;
            } else {
                crosses = true;
            }
        }
    }
    for (int c = 0; c < op->carried; c++)
        outputs[c] = inputs[c + 1] == BATCH_PART ? BATCH_PART : outputs[c];
    for (int r = 0; r < op->result_count; r++)
        crosses = crosses || outputs[r] == BATCH_COLLECTED;
    return crosses;
}

static bool walk_program(const Walk *walk, const IrOp *op)
{
    Arena *arena = walk->table->arena;
    BatchKind *inputs = ARENA_ARRAY(arena, BatchKind, op->callee->input_count + 1);
    BatchKind *outputs = ARENA_ARRAY(arena, BatchKind, op->callee->output_count + 1);
    bool crosses;
    if (op->code == IR_SCAN) {
        crosses = walk_scan(walk, op, inputs, outputs);
    } else {
        for (int k = 0; k < op->operand_count; k++)
            inputs[k] = kind_of(walk, op->operands[k]);
        crosses = walk_callee(walk, op, inputs, outputs);
    }
    for (int r = 0; r < op->result_count; r++)
        walk->kind[op->results[r]] = outputs[r];
    return crosses;
}

/* Sets the kinds of an op's results; whether a block cannot do it. */
static bool walk_op(const Walk *walk, const IrOp *op)
{
    bool parts = false, collected = false;
    for (int k = 0; k < op->operand_count; k++) {
        parts = parts || kind_of(walk, op->operands[k]) == BATCH_PART;
        collected = collected || kind_of(walk, op->operands[k]) == BATCH_COLLECTED;
    }
    if (op->callee != NULL)
        return walk_program(walk, op) || collected;
    BatchKind kind = BATCH_NONE;
    if (op->code == IR_COLLECT)
        kind = BATCH_COLLECTED;
    else if (op->code == IR_BATCH_SUM || op->code == IR_BATCH_CONTRACT || parts)
        kind = BATCH_PART;
    walk->kind[op->results[0]] = kind;
    bool goes_on =
        ir_op_class(op->code) == IR_BATCH || ir_type_of(walk->function, op->results[0])->kind == IR_KIND_SAMPLE;
    return collected || (parts && (goes_on || !is_linear(walk, op)));
}

static void walk_function(Walk *walk, const BatchKind *inputs)
{
    for (int i = 0; i < walk->function->input_count; i++)
        walk->kind[walk->function->inputs[i]] = inputs != NULL ? inputs[i] : BATCH_NONE;
    for (int i = 0; i < walk->function->op_count; i++) {
        bool crosses = walk_op(walk, &walk->function->ops[i]);
        walk->crosses = walk->crosses || crosses;
        if (walk->crossing != NULL)
            walk->crossing[i] = crosses;
    }
}

/* ---- the table ------------------------------------------------------------------------------------------------------
 */

PhaseTable *phase_table_new(Arena *arena, const IrModule *module)
{
    PhaseTable *table = ARENA_NEW(arena, PhaseTable);
    table->arena = arena;
    table->of = ARENA_ARRAY(arena, const Phases *, module->function_count + 1);
    table->scanned = ARENA_ARRAY(arena, bool, module->function_count + 1);
    table->called = ARENA_ARRAY(arena, bool, module->function_count + 1);
    for (int f = 0; f < module->function_count; f++)
        for (int i = 0; i < module->functions[f]->op_count; i++) {
            const IrOp *op = &module->functions[f]->ops[i];
            if (op->callee != NULL)
                *(op->code == IR_SCAN ? &table->scanned[op->callee->position] : &table->called[op->callee->position]) =
                    true;
        }
    return table;
}

bool phases_is_double(const PhaseTable *table, const IrFunction *function, const IrOp *op, int result)
{
    if (op->code == IR_CALL)
        return table->of[op->callee->position]->doubles[op->callee->outputs[result]];
    return op->code == IR_BATCH_SUM && ir_type_of(function, op->results[result])->rank == 0;
}

/* Sums of one number that nothing but one output reads. */
static void find_doubles(const PhaseTable *table, const IrFunction *function, Phases *phases)
{
    int *readers = ARENA_ARRAY(table->arena, int, function->value_count + 1);
    for (int i = 0; i < function->op_count; i++)
        for (int k = 0; k < function->ops[i].operand_count; k++)
            readers[function->ops[i].operands[k]] += 2;
    for (int i = 0; i < function->output_count; i++)
        readers[function->outputs[i]]++;
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        for (int r = 0; r < op->result_count; r++)
            phases->doubles[op->results[r]] = readers[op->results[r]] == 1 && !table->scanned[function->position] &&
                                              phases_is_double(table, function, op, r);
    }
}

void phase_table_update(PhaseTable *table, const IrFunction *function)
{
    Phases *phases = ARENA_NEW(table->arena, Phases);
    Walk walk = {.table = table, .function = function}, entry = {.table = table, .function = function, .entry = true};
    walk.kind = ARENA_ARRAY(table->arena, BatchKind, function->value_count + 1);
    entry.kind = ARENA_ARRAY(table->arena, BatchKind, function->value_count + 1);
    entry.crossing = ARENA_ARRAY(table->arena, bool, function->op_count + 1);
    phases->doubles = ARENA_ARRAY(table->arena, bool, function->value_count + 1);
    walk_function(&walk, NULL);
    walk_function(&entry, NULL);
    phases->kind = walk.kind;
    phases->crosses = walk.crosses;
    phases->entry_kind = entry.kind;
    phases->crossing = entry.crossing;
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        const Phases *callee = op->callee != NULL ? table->of[op->callee->position] : NULL;
        bool batch = ir_op_class(op->code) == IR_BATCH || (callee != NULL && callee->has_batch);
        phases->has_batch = phases->has_batch || batch;
        phases->needs_block =
            phases->needs_block || batch || ir_op_class(op->code) == IR_DRAW || (callee != NULL && callee->needs_block);
    }
    find_doubles(table, function, phases);
    table->of[function->position] = phases;
}

/* ---- inlining -------------------------------------------------------------------------------- */

/* A sum of one number that goes on as a number inside the function. */
static bool has_rounded_sum(const PhaseTable *table, const IrFunction *function)
{
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        if (op->code == IR_BATCH_SUM && ir_type_of(function, op->results[0])->rank == 0 &&
            !table->of[function->position]->doubles[op->results[0]])
            return true;
    }
    return false;
}

static bool must_inline(const PhaseTable *table, const IrFunction *caller, int index)
{
    const IrOp *op = &caller->ops[index];
    if (op->code != IR_CALL)
        return false;
    return table->of[caller->position]->crossing[index] || (caller->entry && has_rounded_sum(table, op->callee));
}

const char *phases_normalise(PhaseTable *table, IrModule *module, const IrFunction **culprit)
{
    for (int f = 0; f < module->function_count; f++) {
        IrFunction *function = module->functions[f];
        *culprit = function;
        phase_table_update(table, function);
        for (int i = 0; i < function->op_count; i++) {
            if (must_inline(table, function, i)) {
                passes_inline_call(function, i);
                phase_table_update(table, function);
                i--;
            } else if (function->ops[i].code == IR_SCAN && table->of[f]->crossing[i]) {
                return "a scan over a function that needs a whole sum over the batch before it can go on";
            }
        }
    }
    return NULL;
}
