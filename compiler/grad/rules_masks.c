/* SPDX-License-Identifier: MIT */
/* Masks that rules multiply or select by: the first largest element, the triangle of a matrix. */
#include "compiler/grad/rules.h"

/* ---- the first of the largest elements ------------------------------------------------------------------------ */

static bool is_reduced(const IrOp *op, int axis)
{
    for (int i = 0; i < op->axis_count; i++)
        if (op->axes[i] == axis)
            return true;
    return false;
}

/* For each element how many elements, itself included, follow in its group, in the shape of the operand. */
static IrId elements_left(Rules *rules, const IrOp *op, const IrType *type)
{
    IrType group = ir_type_scalar(IR_REAL, IR_KIND_CONSTANT);
    for (int i = 0; i < op->axis_count; i++)
        group.size[group.rank++] = type->size[op->axes[i]];
    int64_t count = ir_type_count(&group);
    double *data = ARENA_ARRAY(rules->arena, double, count);
    for (int64_t i = 0; i < count; i++)
        data[i] = (double)(count - i);
    IrId left = ir_constant_array(&rules->builder, group, data);
    return ir_broadcast(&rules->builder, left, type, op->axes);
}

/* The result of a reduction in the operand's shape. */
static IrId widen(Rules *rules, const IrOp *op, IrId reduced, const IrType *type)
{
    int64_t axes[IR_RANK_MAX];
    int count = 0;
    for (int axis = 0; axis < type->rank; axis++)
        if (!is_reduced(op, axis))
            axes[count++] = axis;
    return ir_broadcast(&rules->builder, reduced, type, axes);
}

IrId rules_first_largest(Rules *rules, const IrOp *op)
{
    IrId x = rules_mapped(rules, op, 0);
    const IrType type = *ir_type_of(rules->builder.function, x);
    IrId largest = rules_binary(rules, IR_EQUAL, x, widen(rules, op, rules->map[op->results[0]], &type));
    IrId left = elements_left(rules, op, &type);
    IrId most =
        ir_reduce(&rules->builder, IR_REDUCE_MAX, rules_select(rules, largest, left, -1), op->axis_count, op->axes);
    return rules_binary(rules, IR_EQUAL, rules_select(rules, largest, left, -1), widen(rules, op, most, &type));
}

/* ---- the triangle that a solver reads ------------------------------------------------------------------------- */

IrId rules_triangle(Rules *rules, const IrOp *op, IrId matrix)
{
    IrType type = *ir_type_of(rules->builder.function, matrix);
    int64_t n = type.size[0];
    double *data = ARENA_ARRAY(rules->arena, double, n *n);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            data[i * n + j] = i == j ? !op->unit : op->lower == (j < i);
    IrType boolean = ir_type(IR_BOOL, IR_KIND_CONSTANT, 2, type.size);
    return rules_select(rules, ir_constant_array(&rules->builder, boolean, data), matrix, -1);
}
