/* SPDX-License-Identifier: MIT */
/* Packing of parameters: assume that every function can be packed, then drop those with a call that says otherwise,
 * until nothing changes. */
#include "compiler/emit/packing.h"

const int64_t *packing_offsets(const Packing *packing, const IrFunction *function)
{
    for (int i = 0; i < packing->count; i++)
        if (packing->functions[i] == function)
            return packing->offsets[i];
    return NULL;
}

static bool is_parameter(const IrFunction *function, IrId value)
{
    IrKind kind = ir_type_of(function, value)->kind;
    return kind == IR_KIND_PARAMETER || kind == IR_KIND_STATE;
}

static int64_t *dense_offsets(Arena *arena, const IrFunction *function)
{
    int64_t *offsets = ARENA_ARRAY(arena, int64_t, function->input_count + 1), next = 0;
    for (int i = 0; i < function->input_count; i++) {
        offsets[i] = -1;
        if (is_parameter(function, function->inputs[i])) {
            offsets[i] = next;
            next += ir_type_count(ir_type_of(function, function->inputs[i]));
        }
    }
    return offsets;
}

/* The offset from `weights` of a call's operand, or -1 where it is none of the caller's parameters. */
static int64_t operand_offset(const IrFunction *caller, const int64_t *offsets, IrId operand)
{
    const IrValue *value = &caller->values[operand];
    return offsets == NULL || value->op >= 0 ? -1 : offsets[value->result];
}

static bool call_keeps_packing(const IrFunction *caller, const int64_t *offsets, const IrOp *op, const int64_t *wanted)
{
    int64_t base = -1;
    int skipped = op->code == IR_SCAN ? 1 : 0;
    for (int k = 0; k < op->operand_count; k++) {
        if (wanted[k + skipped] < 0)
            continue;
        if (op->code == IR_SCAN && k < op->carried + op->sliced)
            return false;
        int64_t offset = operand_offset(caller, offsets, op->operands[k]);
        if (offset < 0)
            return false;
        if (base < 0)
            base = offset - wanted[k + skipped];
        if (offset - wanted[k + skipped] != base)
            return false;
    }
    return true;
}

static void drop(Packing *packing, const IrFunction *function)
{
    for (int i = 0; i < packing->count; i++)
        if (packing->functions[i] == function) {
            packing->functions[i] = packing->functions[packing->count - 1];
            packing->offsets[i] = packing->offsets[--packing->count];
            return;
        }
}

static void add_entries(Arena *arena, const Program *program, Packing *packing)
{
    for (int e = 0; e < ENTRY_COUNT; e++) {
        const ProgramEntry *entry = &program->entries[e];
        if (entry->function == NULL)
            continue;
        int64_t *offsets = ARENA_ARRAY(arena, int64_t, entry->function->input_count + 1);
        for (int i = 0; i < entry->function->input_count; i++)
            offsets[i] = i < entry->tensor_count ? program->tensors[entry->tensor_inputs[i]].offset : -1;
        packing->functions[packing->count] = entry->function;
        packing->offsets[packing->count++] = offsets;
    }
}

Packing *packing_find(Arena *arena, const Program *program)
{
    const IrModule *module = program->module;
    Packing *packing = ARENA_NEW(arena, Packing);
    packing->functions = ARENA_ARRAY(arena, const IrFunction *, module->function_count + ENTRY_COUNT);
    packing->offsets = ARENA_ARRAY(arena, int64_t *, module->function_count + ENTRY_COUNT);
    add_entries(arena, program, packing);
    for (int i = 0; i < module->function_count; i++)
        if (packing_offsets(packing, module->functions[i]) == NULL) {
            packing->functions[packing->count] = module->functions[i];
            packing->offsets[packing->count++] = dense_offsets(arena, module->functions[i]);
        }
    for (bool changed = true; changed;) {
        changed = false;
        for (int f = 0; f < module->function_count; f++) {
            const IrFunction *caller = module->functions[f];
            for (int i = 0; i < caller->op_count; i++) {
                const IrOp *op = &caller->ops[i];
                const int64_t *wanted = op->callee != NULL ? packing_offsets(packing, op->callee) : NULL;
                if (wanted == NULL || call_keeps_packing(caller, packing_offsets(packing, caller), op, wanted))
                    continue;
                drop(packing, op->callee);
                changed = true;
            }
        }
    }
    return packing;
}
