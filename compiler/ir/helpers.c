/* SPDX-License-Identifier: MIT */
/* Thin helpers that build one op each. They copy what the caller passes by pointer and add explicit broadcasts where an
 * elementwise op meets a rank-0 operand; they do not simplify. */
#include "compiler/ir/ir.h"

#include <string.h>

static IrId append(IrBuilder *builder, IrOp op)
{
    op.span = builder->span;
    op.note = builder->note;
    builder->note = NULL;
    return ir_append(builder->function, op);
}

static Arena *arena_of(const IrBuilder *builder)
{
    return builder->function->module->arena;
}

static const IrType *type_of(const IrBuilder *builder, IrId value)
{
    return ir_type_of(builder->function, value);
}

/* ---- elementwise ------------------------------------------------------------------------------------------------ */

IrId ir_unary(IrBuilder *builder, IrOpcode code, IrId a)
{
    return append(builder, (IrOp){.code = code, .operand_count = 1, .operands = &a});
}

static IrId widen(IrBuilder *builder, IrId value, IrId other)
{
    if (type_of(builder, value)->rank > 0 || type_of(builder, other)->rank == 0)
        return value;
    return ir_broadcast_scalar(builder, value, type_of(builder, other));
}

IrId ir_binary(IrBuilder *builder, IrOpcode code, IrId a, IrId b)
{
    IrId operands[] = {widen(builder, a, b), widen(builder, b, a)};
    return append(builder, (IrOp){.code = code, .operand_count = 2, .operands = operands});
}

IrId ir_select(IrBuilder *builder, IrId condition, IrId a, IrId b)
{
    IrId shape = type_of(builder, condition)->rank > 0 ? condition : type_of(builder, a)->rank > 0 ? a : b;
    IrId operands[] = {widen(builder, condition, shape), widen(builder, a, shape), widen(builder, b, shape)};
    return append(builder, (IrOp){.code = IR_SELECT, .operand_count = 3, .operands = operands});
}

/* ---- constants -------------------------------------------------------------------------------------------------- */

IrId ir_constant_array(IrBuilder *builder, IrType type, const double *data)
{
    size_t count = (size_t)ir_type_count(&type);
    double *copy = ARENA_ARRAY(arena_of(builder), double, count);
    memcpy(copy, data, count * sizeof copy[0]);
    return append(builder, (IrOp){.code = IR_CONSTANT, .type = type, .data = copy});
}

IrId ir_constant(IrBuilder *builder, double value)
{
    return ir_constant_array(builder, ir_type_scalar(IR_REAL, IR_KIND_CONSTANT), &value);
}

IrId ir_constant_int(IrBuilder *builder, int64_t value)
{
    double real = (double)value;
    return ir_constant_array(builder, ir_type_scalar(IR_INT, IR_KIND_CONSTANT), &real);
}

IrId ir_zeros(IrBuilder *builder, const IrType *like)
{
    IrType type = *like; /* before the append moves what it points to */
    IrId zero = ir_constant(builder, 0.0);
    return type.rank > 0 ? ir_broadcast_scalar(builder, zero, &type) : zero;
}

/* ---- structure -------------------------------------------------------------------------------------------------- */

IrId ir_broadcast(IrBuilder *builder, IrId a, const IrType *shape, const int64_t *axes)
{
    IrOp op = {.code = IR_BROADCAST, .operand_count = 1, .operands = &a, .type = *shape};
    op.axis_count = type_of(builder, a)->rank;
    for (int i = 0; i < op.axis_count; i++)
        op.axes[i] = axes[i];
    return append(builder, op);
}

IrId ir_broadcast_scalar(IrBuilder *builder, IrId a, const IrType *shape)
{
    return ir_broadcast(builder, a, shape, NULL);
}

IrId ir_reshape(IrBuilder *builder, IrId a, int rank, const int64_t *size)
{
    IrType type = ir_type(IR_REAL, IR_KIND_CONSTANT, rank, size);
    return append(builder, (IrOp){.code = IR_RESHAPE, .operand_count = 1, .operands = &a, .type = type});
}

IrId ir_transpose(IrBuilder *builder, IrId a, const int64_t *axes)
{
    IrOp op = {.code = IR_TRANSPOSE, .operand_count = 1, .operands = &a, .axis_count = type_of(builder, a)->rank};
    for (int i = 0; i < op.axis_count; i++)
        op.axes[i] = axes[i];
    return append(builder, op);
}

IrId ir_slice(IrBuilder *builder, IrId a, int64_t axis, int64_t start, int64_t length)
{
    return append(
        builder,
        (IrOp){.code = IR_SLICE, .operand_count = 1, .operands = &a, .axis = axis, .start = start, .length = length});
}

IrId ir_element(IrBuilder *builder, IrId a, int64_t index)
{
    return ir_reshape(builder, ir_slice(builder, a, 0, index, 1), 0, NULL);
}

IrId ir_concat(IrBuilder *builder, int64_t axis, int count, const IrId *values)
{
    IrId *operands = ARENA_ARRAY(arena_of(builder), IrId, count);
    memcpy(operands, values, (size_t)count * sizeof values[0]);
    return append(builder, (IrOp){.code = IR_CONCAT, .operand_count = count, .operands = operands, .axis = axis});
}

IrId ir_stack(IrBuilder *builder, int count, const IrId *values)
{
    static const int64_t ONE[] = {1};
    IrId *rows = ARENA_ARRAY(arena_of(builder), IrId, count);
    for (int i = 0; i < count; i++)
        rows[i] = ir_reshape(builder, values[i], 1, ONE);
    return count == 1 ? rows[0] : ir_concat(builder, 0, count, rows);
}

static const int64_t *copy_table(IrBuilder *builder, int64_t count, const int64_t *table)
{
    int64_t *copy = ARENA_ARRAY(arena_of(builder), int64_t, count);
    if (count > 0)
        memcpy(copy, table, (size_t)count * sizeof copy[0]);
    return copy;
}

IrId ir_gather(IrBuilder *builder, IrId a, int64_t axis, int64_t count, const int64_t *table)
{
    return append(builder, (IrOp){.code = IR_GATHER,
                                  .operand_count = 1,
                                  .operands = &a,
                                  .axis = axis,
                                  .table_count = count,
                                  .table = copy_table(builder, count, table)});
}

IrId ir_scatter_add(IrBuilder *builder, IrId a, int64_t axis, int64_t count, const int64_t *table, int64_t length)
{
    return append(builder, (IrOp){.code = IR_SCATTER_ADD,
                                  .operand_count = 1,
                                  .operands = &a,
                                  .axis = axis,
                                  .length = length,
                                  .table_count = count,
                                  .table = copy_table(builder, count, table)});
}

/* ---- reductions and products ------------------------------------------------------------------------------------ */

IrId ir_reduce(IrBuilder *builder, IrOpcode code, IrId a, int axis_count, const int64_t *axes)
{
    IrOp op = {.code = code, .operand_count = 1, .operands = &a, .axis_count = axis_count};
    for (int i = 0; i < axis_count && i < IR_RANK_MAX; i++)
        op.axes[i] = axes[i];
    return append(builder, op);
}

IrId ir_reduce_all(IrBuilder *builder, IrOpcode code, IrId a)
{
    static const int64_t ALL[IR_RANK_MAX] = {0, 1, 2, 3, 4, 5};
    int rank = type_of(builder, a)->rank;
    return rank == 0 ? a : ir_reduce(builder, code, a, rank, ALL);
}

static const char *copy_labels(IrBuilder *builder, const char *labels)
{
    return arena_copy_text(arena_of(builder), labels, strlen(labels));
}

IrId ir_contract(IrBuilder *builder, const char *labels, IrId a, IrId b, IrId start)
{
    IrId operands[] = {a, b, start};
    return append(builder, (IrOp){.code = IR_CONTRACT,
                                  .operand_count = start < 0 ? 2 : 3,
                                  .operands = operands,
                                  .labels = copy_labels(builder, labels)});
}

IrId ir_batch_contract(IrBuilder *builder, const char *labels, IrId a, IrId b)
{
    IrId operands[] = {a, b};
    return append(builder, (IrOp){.code = IR_BATCH_CONTRACT,
                                  .operand_count = 2,
                                  .operands = operands,
                                  .labels = copy_labels(builder, labels)});
}

IrId ir_draw(IrBuilder *builder, IrOpcode code, IrType shape, uint32_t purpose, uint32_t block, IrId offset,
             uint32_t stride)
{
    return append(builder, (IrOp){.code = code,
                                  .operand_count = offset < 0 ? 0 : 1,
                                  .operands = &offset,
                                  .type = shape,
                                  .purpose = purpose,
                                  .block = block,
                                  .stride = offset < 0 ? 0 : stride});
}

/* ---- programs --------------------------------------------------------------------------------------------------- */

static void append_program(IrBuilder *builder, IrOp op, const IrId *operands, IrId *results)
{
    op.operands = ARENA_ARRAY(arena_of(builder), IrId, op.operand_count);
    if (op.operand_count > 0)
        memcpy(op.operands, operands, (size_t)op.operand_count * sizeof operands[0]);
    append(builder, op);
    const IrOp *made = &builder->function->ops[builder->function->op_count - 1];
    for (int i = 0; i < made->result_count; i++)
        results[i] = made->results[i];
}

void ir_call(IrBuilder *builder, IrFunction *callee, int count, const IrId *operands, IrId *results)
{
    append_program(builder, (IrOp){.code = IR_CALL, .operand_count = count, .callee = callee}, operands, results);
}

void ir_scan(IrBuilder *builder, IrFunction *callee, int64_t length, int carried, int sliced, bool reversed, int count,
             const IrId *operands, IrId *results)
{
    IrOp op = {.code = IR_SCAN,
               .operand_count = count,
               .callee = callee,
               .length = length,
               .carried = carried,
               .sliced = sliced,
               .reversed = reversed};
    append_program(builder, op, operands, results);
}
