/* SPDX-License-Identifier: MIT */
/* Constants: an op whose operands are all known is computed now, by the interpreter, which says what the IR means. A
 * constant with one number in every element is kept as that number, broadcast, so that it costs no table. */
#include "compiler/passes/simplify.h"

#include "compiler/ir/interpret.h"

#include <string.h>

static bool same_bits(const double *data, int64_t count)
{
    for (int64_t i = 1; i < count; i++)
        if (memcmp(&data[i], &data[0], sizeof data[0]) != 0)
            return false;
    return true;
}

bool simplify_is_uniform(const Simplifier *simplifier, IrId id, double *value)
{
    const IrOp *op = simplify_definition(simplifier, id);
    while (op && op->code == IR_BROADCAST)
        op = simplify_definition(simplifier, op->operands[0]);
    if (!op || op->code != IR_CONSTANT || !same_bits(op->data, ir_type_count(&op->type)))
        return false;
    *value = op->data[0];
    return true;
}

bool simplify_is_number(const Simplifier *simplifier, IrId id, double value)
{
    double actual;
    return simplify_is_uniform(simplifier, id, &actual) && actual == value;
}

const double *simplify_data(const Simplifier *simplifier, IrId id)
{
    const IrOp *op = simplify_definition(simplifier, id);
    int64_t count = ir_type_count(ir_type_of(simplifier->draft, id));
    double value;
    if (op && op->code == IR_CONSTANT)
        return op->data;
    if (count > SIMPLIFY_FOLD_MAX || !simplify_is_uniform(simplifier, id, &value))
        return NULL;
    double *data = ARENA_ARRAY(simplifier->arena, double, count);
    for (int64_t i = 0; i < count; i++)
        data[i] = value;
    return data;
}

/* The op applied to these elements. `types` are the operands'. */
static IrTensor compute(const Simplifier *simplifier, const IrOp *op, const IrType *types, IrTensor *inputs)
{
    Arena *arena = simplifier->arena;
    IrFunction *function = ARENA_NEW(arena, IrFunction);
    function->module = simplifier->draft->module;
    function->name = "constant";
    IrOp copy = *op;
    copy.operands = ARENA_ARRAY(arena, IrId, op->operand_count);
    for (int i = 0; i < op->operand_count; i++)
        copy.operands[i] = ir_input(function, NULL, types[i]);
    ir_output(function, NULL, ir_append(function, copy));
    IrRun run = {.arena = arena, .batch = 1};
    IrTensor result = {0};
    ir_interpret(&run, function, inputs, &result);
    return result;
}

/* Can the result's type hold what was computed? (Integers that leave their range do so at run time.) Integer zeros lose
 * their sign, which no integer has. */
static bool fits(const IrType *type, double *data, int64_t count)
{
    for (int64_t i = 0; i < count && type->element == IR_INT; i++) {
        if (!(data[i] >= INT32_MIN && data[i] <= INT32_MAX))
            return false;
        data[i] += 0.0;
    }
    return true;
}

static IrId fold(Simplifier *simplifier, const IrOp *op, const IrType *result)
{
    int64_t count = ir_type_count(result);
    if (count > SIMPLIFY_FOLD_MAX || ir_op_flops(simplifier->draft, op) > SIMPLIFY_WORK_MAX)
        return -1;
    IrTensor *inputs = ARENA_ARRAY(simplifier->arena, IrTensor, op->operand_count);
    IrType *types = ARENA_ARRAY(simplifier->arena, IrType, op->operand_count);
    for (int i = 0; i < op->operand_count; i++) {
        types[i] = *ir_type_of(simplifier->draft, op->operands[i]);
        inputs[i].count = ir_type_count(&types[i]);
        const double *data = inputs[i].count <= SIMPLIFY_FOLD_MAX ? simplify_data(simplifier, op->operands[i]) : NULL;
        if (!data)
            return -1;
        inputs[i].data = ARENA_ARRAY(simplifier->arena, double, inputs[i].count);
        memcpy(inputs[i].data, data, (size_t)inputs[i].count * sizeof data[0]);
    }
    IrTensor value = compute(simplifier, op, types, inputs);
    if (!fits(result, value.data, count))
        return -1;
    IrType type = *result;
    type.kind = IR_KIND_CONSTANT;
    return simplify_emit(simplifier, (IrOp){.code = IR_CONSTANT, .type = type, .data = value.data});
}

/* All operands are one number in every element: one computation does for all. */
static IrId fold_uniform(Simplifier *simplifier, const IrOp *op, const IrType *result)
{
    double numbers[4];
    IrTensor inputs[4];
    IrType types[4];
    if (op->operand_count > 4)
        return -1;
    for (int i = 0; i < op->operand_count; i++) {
        if (!simplify_is_uniform(simplifier, op->operands[i], &numbers[i]))
            return -1;
        types[i] = ir_type_scalar(ir_type_of(simplifier->draft, op->operands[i])->element, IR_KIND_SHARED);
        inputs[i] = (IrTensor){.data = &numbers[i], .count = 1};
    }
    IrTensor value = compute(simplifier, op, types, inputs);
    return fits(result, value.data, 1) ? simplify_filled(simplifier, value.data[0], result) : -1;
}

/* Movements of a value that is the same everywhere. */
static IrId move_uniform(Simplifier *simplifier, const IrOp *op, const IrType *result)
{
    double value, other;
    if (!simplify_is_uniform(simplifier, op->operands[0], &value))
        return -1;
    for (int i = 1; i < op->operand_count; i++)
        if (!simplify_is_uniform(simplifier, op->operands[i], &other) || memcmp(&value, &other, sizeof value) != 0)
            return -1;
    return simplify_filled(simplifier, value, result);
}

static IrId simplify_literal(Simplifier *simplifier, const IrOp *op)
{
    if (op->type.rank == 0 || !same_bits(op->data, ir_type_count(&op->type)))
        return -1;
    return simplify_filled(simplifier, op->data[0], &op->type);
}

IrId simplify_constant(Simplifier *simplifier, const IrOp *op)
{
    IrClass class = ir_op_class(op->code);
    if (op->code == IR_CONSTANT)
        return simplify_literal(simplifier, op);
    bool pure = class == IR_ELEMENTWISE || class == IR_STRUCTURE || class == IR_REDUCTION || class == IR_PRODUCT;
    if (!pure || op->code == IR_BROADCAST)
        return -1;
    for (int i = 0; i < op->operand_count; i++)
        if (ir_type_of(simplifier->draft, op->operands[i])->kind != IR_KIND_CONSTANT)
            return -1;
    IrType result;
    if (ir_infer(simplifier->draft, op, &result))
        return -1; /* appending says what is wrong */
    bool moves = op->code == IR_RESHAPE || op->code == IR_TRANSPOSE || op->code == IR_SLICE || op->code == IR_CONCAT ||
                 op->code == IR_GATHER;
    IrId id = class == IR_ELEMENTWISE ? fold_uniform(simplifier, op, &result)
              : moves                 ? move_uniform(simplifier, op, &result)
                                      : -1;
    return id >= 0 || op->code == IR_TAKE || op->code == IR_PUT ? id : fold(simplifier, op, &result);
}
