/* SPDX-License-Identifier: MIT */
/* Common subexpressions: of equal ops on equal operands the first stays. Calls and scans are ops like others, since
 * functions have no effects. */
#include "compiler/passes/passes.h"

#include <string.h>

typedef struct Sharing {
    IrFunction *draft;
    int32_t *ops;     /* a hash table of the draft's ops, linear probing; -1: free */
    size_t room;      /* a power of two, more than twice the ops */
    const char *note; /* of an op that went: the next op begins what it began */
} Sharing;

static bool commutes(IrOpcode code)
{
    return code == IR_ADD || code == IR_MUL || code == IR_AND || code == IR_OR || code == IR_EQUAL || code == IR_FMA;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 32);
}

static uint64_t hash_operands(const IrOp *op)
{
    uint64_t hash = mix((uint64_t)op->code, (uint64_t)op->operand_count);
    int first = 0;
    if (commutes(op->code)) { /* the order of the first two does not count */
        IrId a = op->operands[0], b = op->operands[1];
        hash = mix(mix(hash, (uint64_t)(a < b ? a : b)), (uint64_t)(a < b ? b : a));
        first = 2;
    }
    for (int i = first; i < op->operand_count; i++)
        hash = mix(hash, (uint64_t)op->operands[i]);
    return hash;
}

static uint64_t hash_op(const IrOp *op)
{
    uint64_t hash = hash_operands(op);
    hash = mix(hash, (uint64_t)op->axis ^ (uint64_t)op->start << 16 ^ (uint64_t)op->length << 32);
    hash = mix(hash, (uint64_t)op->purpose << 32 ^ op->block);
    for (int i = 0; i < op->type.rank; i++)
        hash = mix(hash, (uint64_t)op->type.size[i]);
    for (int i = 0; i < op->axis_count; i++)
        hash = mix(hash, (uint64_t)op->axes[i]);
    for (int64_t i = 0; i < op->table_count; i++)
        hash = mix(hash, (uint64_t)op->table[i]);
    for (const char *label = op->labels; label && *label; label++)
        hash = mix(hash, (uint64_t)*label);
    int64_t count = op->code == IR_CONSTANT ? ir_type_count(&op->type) : 0;
    for (int64_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &op->data[i], sizeof bits);
        hash = mix(hash, bits);
    }
    return hash;
}

static bool equal(const IrOp *a, const IrOp *b)
{
    if (ir_op_equal(a, b))
        return true;
    if (a->code != b->code || !commutes(a->code))
        return false;
    IrId swapped[3] = {b->operands[1], b->operands[0], b->operand_count > 2 ? b->operands[2] : 0};
    IrOp other = *b;
    other.operands = swapped;
    return ir_op_equal(a, &other);
}

/* The place of an equal op in the table, or the free place for this one. */
static int32_t *find(const Sharing *sharing, const IrOp *op)
{
    size_t place = (size_t)hash_op(op) & (sharing->room - 1);
    while (sharing->ops[place] >= 0 && !equal(&sharing->draft->ops[sharing->ops[place]], op))
        place = (place + 1) & (sharing->room - 1);
    return &sharing->ops[place];
}

static void share_op(Sharing *sharing, const IrFunction *from, const IrOp *op, IrId *map)
{
    IrOp copy = *op, mapped = *op;
    mapped.operands = ARENA_ARRAY(from->module->arena, IrId, op->operand_count);
    for (int i = 0; i < op->operand_count; i++)
        mapped.operands[i] = map[op->operands[i]];
    int32_t *place = find(sharing, &mapped);
    sharing->note = op->note ? op->note : sharing->note;
    if (*place < 0) {
        *place = sharing->draft->op_count;
        copy.note = sharing->note;
        sharing->note = NULL;
        ir_copy_op(sharing->draft, from, &copy, map);
        return;
    }
    const IrOp *kept = &sharing->draft->ops[*place];
    for (int i = 0; i < op->result_count; i++) {
        map[op->results[i]] = kept->results[i];
        IrValue *value = &sharing->draft->values[kept->results[i]];
        if (!value->name)
            value->name = from->values[op->results[i]].name;
    }
}

static void share_function(IrFunction *function)
{
    Arena *arena = function->module->arena;
    IrId *map = ARENA_ARRAY(arena, IrId, function->value_count);
    Sharing sharing = {.draft = ir_function_draft(function, NULL, map), .room = 16};
    while (sharing.room <= 2 * (size_t)function->op_count)
        sharing.room *= 2;
    sharing.ops = ARENA_ARRAY(arena, int32_t, sharing.room);
    for (size_t i = 0; i < sharing.room; i++)
        sharing.ops[i] = -1;
    for (int i = 0; i < function->op_count; i++)
        share_op(&sharing, function, &function->ops[i], map);
    ir_copy_outputs(sharing.draft, function, map);
    ir_function_adopt(function, sharing.draft);
}

void pass_common_subexpressions(IrModule *module)
{
    for (int i = 0; i < module->function_count; i++)
        share_function(module->functions[i]);
}
