/* SPDX-License-Identifier: MIT */
/* Views: every op that only moves elements by a static rule becomes a table of element numbers, and chains of such ops
 * become one table. Tables are a compile-time matter; the emitted C shows strides wherever a table has them. */
#include "compiler/emit/views.h"

static int64_t view_at(const View *view, int64_t i)
{
    return view->map == NULL ? i : view->map[i];
}

/* The operand's element that element `index` (a multi-index) of the result is. */
static int64_t source_element(const IrOp *op, const IrType *operand, const int64_t *index)
{
    int64_t source[IR_RANK_MAX] = {0};
    for (int i = 0; i < operand->rank; i++)
        source[i] = index[i];
    switch (op->code) {
    case IR_BROADCAST:
        for (int i = 0; i < operand->rank; i++)
            source[i] = operand->size[i] == 1 ? 0 : index[op->axes[i]];
        break;
    case IR_TRANSPOSE:
        for (int i = 0; i < operand->rank; i++)
            source[op->axes[i]] = index[i];
        break;
    case IR_SLICE:
        source[op->axis] += op->start;
        break;
    case IR_GATHER:
        source[op->axis] = op->table[index[op->axis]];
        break;
    default:
        break;
    }
    int64_t element = 0;
    for (int i = 0; i < operand->rank; i++)
        element = element * operand->size[i] + source[i];
    return element;
}

static void next_index(const IrType *type, int64_t *index)
{
    for (int axis = type->rank - 1; axis >= 0; axis--) {
        if (++index[axis] < type->size[axis])
            return;
        index[axis] = 0;
    }
}

static View view_of_op(Arena *arena, const IrFunction *function, const IrOp *op, const View *views)
{
    const View *base = &views[op->operands[0]];
    if (op->code == IR_RESHAPE)
        return *base;
    const IrType *operand = ir_type_of(function, op->operands[0]);
    const IrType *result = ir_type_of(function, op->results[0]);
    int64_t count = ir_type_count(result), index[IR_RANK_MAX] = {0};
    int64_t *map = ARENA_ARRAY(arena, int64_t, count > 0 ? count : 1);
    bool identity = count == ir_type_count(ir_type_of(function, base->root));
    for (int64_t i = 0; i < count; i++) {
        map[i] = view_at(base, source_element(op, operand, index));
        identity = identity && map[i] == i;
        next_index(result, index);
    }
    return (View){.root = base->root, .map = identity ? NULL : map};
}

void views_resolve(Arena *arena, const IrFunction *function, View *views)
{
    for (int i = 0; i < function->value_count; i++)
        views[i] = (View){.root = i};
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        if (op->code == IR_BROADCAST || op->code == IR_RESHAPE || op->code == IR_TRANSPOSE || op->code == IR_SLICE ||
            op->code == IR_GATHER)
            views[op->results[0]] = view_of_op(arena, function, op, views);
    }
}

bool map_is_affine(const int64_t *map, int64_t count, int64_t *offset, int64_t *stride)
{
    *offset = map == NULL || count == 0 ? 0 : map[0];
    *stride = map == NULL ? 1 : count > 1 ? map[1] - map[0] : 0;
    if (map == NULL && count == 1)
        *stride = 0;
    for (int64_t i = 0; map != NULL && i < count; i++)
        if (map[i] != *offset + *stride * i)
            return false;
    return true;
}

bool map_is_affine2(const int64_t *map, int64_t outer, int64_t inner, int64_t *offset, int64_t *outer_stride,
                    int64_t *inner_stride)
{
    if (map == NULL) {
        *offset = 0;
        *outer_stride = outer > 1 ? inner : 0;
        *inner_stride = inner > 1 ? 1 : 0;
        return true;
    }
    *offset = map[0];
    *outer_stride = outer > 1 ? map[inner] - map[0] : 0;
    *inner_stride = inner > 1 ? map[1] - map[0] : 0;
    for (int64_t i = 0; i < outer; i++)
        for (int64_t j = 0; j < inner; j++)
            if (map[i * inner + j] != *offset + *outer_stride * i + *inner_stride * j)
                return false;
    return true;
}

bool view_is_contiguous(const View *view, int64_t count, int64_t *offset)
{
    int64_t stride;
    return map_is_affine(view->map, count, offset, &stride) && (stride == 1 || count <= 1);
}
