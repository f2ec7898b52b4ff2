/* SPDX-License-Identifier: MIT */
/* Maps of element numbers. Broadcast, transpose and slice keep strides, a gather by equal steps too; a reshape keeps
 * them when its axes split or join axes that lie side by side. All else becomes a table. */
#include "compiler/emit/map.h"

#include <string.h>

Map map_identity(const IrType *type)
{
    Map map = {.rank = type->rank};
    int64_t step = 1;
    for (int axis = type->rank - 1; axis >= 0; axis--) {
        map.size[axis] = type->size[axis];
        map.stride[axis] = step;
        step *= type->size[axis];
    }
    return map;
}

int64_t map_count(const Map *map)
{
    int64_t count = 1;
    for (int axis = 0; axis < map->rank; axis++)
        count *= map->size[axis];
    return count;
}

int64_t map_at(const Map *map, int64_t i)
{
    if (map->table != NULL)
        return map->table[i];
    int64_t element = map->offset;
    for (int axis = map->rank - 1; axis >= 0; axis--) {
        element += i % map->size[axis] * map->stride[axis];
        i /= map->size[axis];
    }
    return element;
}

const int64_t *map_numbers(Arena *arena, const Map *map)
{
    if (map->table != NULL)
        return map->table;
    int64_t count = map_count(map), *numbers = ARENA_ARRAY(arena, int64_t, count);
    for (int64_t i = 0; i < count; i++)
        numbers[i] = map_at(map, i);
    return numbers;
}

bool map_is_view(IrOpcode code)
{
    return code == IR_BROADCAST || code == IR_RESHAPE || code == IR_TRANSPOSE || code == IR_SLICE || code == IR_GATHER;
}

/* ---- strides ------------------------------------------------------------------------------------------------------
 */

/* Axes joined where one continues the next; axes of size 1 dropped. Returns how many remain. */
static int join_axes(const Map *map, int64_t *size, int64_t *stride)
{
    int count = 0;
    for (int axis = 0; axis < map->rank; axis++) {
        if (map->size[axis] == 1)
            continue;
        if (count > 0 && stride[count - 1] == map->size[axis] * map->stride[axis]) {
            size[count - 1] *= map->size[axis];
            stride[count - 1] = map->stride[axis];
        } else {
            size[count] = map->size[axis];
            stride[count++] = map->stride[axis];
        }
    }
    return count;
}

static bool reshape_strides(const Map *map, int rank, const int64_t *size, Map *result)
{
    int64_t joined[IR_RANK_MAX], strides[IR_RANK_MAX], left = 1, stride = 0;
    int next = join_axes(map, joined, strides);
    for (int axis = rank - 1; axis >= 0; axis--) {
        result->size[axis] = size[axis];
        result->stride[axis] = 0;
        if (size[axis] == 1)
            continue;
        if (left == 1 && next > 0) {
            left = joined[--next];
            stride = strides[next];
        }
        if (left % size[axis] != 0)
            return false;
        result->stride[axis] = stride;
        stride *= size[axis];
        left /= size[axis];
    }
    return true;
}

bool map_reshape(const Map *map, int rank, const int64_t *size, Map *result)
{
    Map reshaped = {.rank = rank, .offset = map->offset, .table = map->table};
    if (map->table != NULL)
        memcpy(reshaped.size, size, (size_t)rank * sizeof *size);
    else if (!reshape_strides(map, rank, size, &reshaped))
        return false;
    *result = reshaped;
    return true;
}

/* ---- tables -------------------------------------------------------------------------------------------------------
 */

/* Strides again, where a table has them. */
static void drop_needless_table(Map *map)
{
    Map strided = {.rank = map->rank, .offset = map->table[0]};
    int64_t step = 1, count = map_count(map);
    for (int axis = map->rank - 1; axis >= 0; axis--) {
        strided.size[axis] = map->size[axis];
        strided.stride[axis] = map->size[axis] > 1 ? map->table[step] - map->table[0] : 0;
        step *= map->size[axis];
    }
    for (int64_t i = 0; i < count; i++)
        if (map_at(&strided, i) != map->table[i])
            return;
    *map = strided;
}

/* A table of the elements that `at` gives. `source[axis]` names the map's axis for each of the result's. */
static Map tabulate(Arena *arena, const Map *map, const Map *positions)
{
    Map result = *positions;
    int64_t count = map_count(positions), *table = ARENA_ARRAY(arena, int64_t, count);
    for (int64_t i = 0; i < count; i++)
        table[i] = map_at(map, map_at(positions, i));
    result.table = table;
    drop_needless_table(&result);
    return result;
}

Map map_permute(Arena *arena, const Map *map, const int *axes)
{
    Map result = *map, positions = {.rank = map->rank};
    int64_t step[IR_RANK_MAX], next = 1;
    for (int axis = map->rank - 1; axis >= 0; axis--) {
        step[axis] = next;
        next *= map->size[axis];
    }
    bool moved = false;
    for (int axis = 0; axis < map->rank; axis++) {
        result.size[axis] = positions.size[axis] = map->size[axes[axis]];
        result.stride[axis] = map->stride[axes[axis]];
        positions.stride[axis] = step[axes[axis]];
        moved = moved || axes[axis] != axis;
    }
    return map->table != NULL && moved ? tabulate(arena, map, &positions) : result;
}

Map map_permute_letters(Arena *arena, const Map *map, const char *axes, const char *first, const char *second)
{
    int order[IR_RANK_MAX], n = 0;
    for (const char *c = first; *c != '\0'; c++)
        order[n++] = (int)(strchr(axes, *c) - axes);
    for (const char *c = second; *c != '\0'; c++)
        order[n++] = (int)(strchr(axes, *c) - axes);
    return map_permute(arena, map, order);
}

/* ---- view ops ------------------------------------------------------------------------------------------------------
 */

/* The op's own positions: which element (row-major) of its operand each element of its result is. */
static Map positions_of(const IrOp *op, const IrType *from, const IrType *to)
{
    Map source = map_identity(from), map = map_identity(to);
    map.offset = 0;
    for (int axis = 0; axis < to->rank; axis++)
        map.stride[axis] = op->code == IR_BROADCAST   ? 0
                           : op->code == IR_TRANSPOSE ? source.stride[op->axes[axis]]
                                                      : source.stride[axis];
    for (int axis = 0; op->code == IR_BROADCAST && axis < from->rank; axis++)
        map.stride[op->axes[axis]] = source.stride[axis];
    if (op->code == IR_SLICE)
        map.offset = op->start * source.stride[op->axis];
    return map;
}

static bool steps_equally(const IrOp *op)
{
    for (int64_t i = 2; i < op->table_count; i++)
        if (op->table[i] - op->table[i - 1] != op->table[1] - op->table[0])
            return false;
    return true;
}

static Map gather(Arena *arena, const IrOp *op, const IrType *from, const IrType *to, const Map *operand)
{
    Map source = map_identity(from), positions = map_identity(to);
    int64_t count = map_count(&positions), *table = ARENA_ARRAY(arena, int64_t, count);
    for (int axis = 0; axis < to->rank; axis++)
        positions.stride[axis] = axis == op->axis ? 0 : source.stride[axis];
    int64_t behind = 1;
    for (int axis = (int)op->axis + 1; axis < to->rank; axis++)
        behind *= to->size[axis];
    for (int64_t i = 0; i < count; i++) {
        int64_t index = op->table[i / behind % op->table_count];
        table[i] = map_at(operand, map_at(&positions, i) + index * source.stride[op->axis]);
    }
    Map result = map_identity(to);
    result.table = table;
    drop_needless_table(&result);
    return result;
}

/* A view's strides act axis by axis, so with an operand that has strides for its own axes they compose. */
static Map compose(const IrOp *op, const IrType *from, const IrType *to, const Map *operand)
{
    Map map = map_identity(to);
    map.offset = operand->offset;
    for (int axis = 0; axis < to->rank; axis++)
        map.stride[axis] = op->code == IR_BROADCAST   ? 0
                           : op->code == IR_TRANSPOSE ? operand->stride[op->axes[axis]]
                                                      : operand->stride[axis];
    for (int axis = 0; op->code == IR_BROADCAST && axis < from->rank; axis++)
        map.stride[op->axes[axis]] = operand->stride[axis];
    int64_t start = op->code == IR_SLICE ? op->start : op->code == IR_GATHER ? op->table[0] : 0;
    if (op->code == IR_SLICE || op->code == IR_GATHER)
        map.offset += start * operand->stride[op->axis];
    if (op->code == IR_GATHER)
        map.stride[op->axis] *= op->table_count > 1 ? op->table[1] - op->table[0] : 0;
    return map;
}

Map map_of_view(Arena *arena, const IrFunction *function, const IrOp *op, const Map *operand)
{
    const IrType *from = ir_type_of(function, op->operands[0]), *to = ir_type_of(function, op->results[0]);
    Map result;
    if (op->code == IR_RESHAPE) {
        if (map_reshape(operand, to->rank, to->size, &result))
            return result;
        Map flat = map_identity(to);
        return tabulate(arena, operand, &flat);
    }
    if (op->code == IR_GATHER && (operand->table != NULL || !steps_equally(op)))
        return gather(arena, op, from, to, operand);
    if (operand->table == NULL)
        return compose(op, from, to, operand);
    Map positions = positions_of(op, from, to);
    return tabulate(arena, operand, &positions);
}

/* ---- questions ------------------------------------------------------------------------------------------------------
 */

bool map_is_affine2(const Map *map, int64_t outer, int64_t inner, int64_t *offset, int64_t *outer_stride,
                    int64_t *inner_stride)
{
    int64_t size[2] = {outer, inner};
    Map split;
    if (map->table == NULL) {
        if (!map_reshape(map, 2, size, &split))
            return false;
        *offset = split.offset;
        *outer_stride = split.stride[0];
        *inner_stride = split.stride[1];
        return true;
    }
    *offset = map->table[0];
    *outer_stride = outer > 1 ? map->table[inner] - map->table[0] : 0;
    *inner_stride = inner > 1 ? map->table[1] - map->table[0] : 0;
    for (int64_t i = 0; i < outer; i++)
        for (int64_t j = 0; j < inner; j++)
            if (map->table[i * inner + j] != *offset + *outer_stride * i + *inner_stride * j)
                return false;
    return true;
}

bool map_is_affine(const Map *map, int64_t *offset, int64_t *stride)
{
    int64_t none;
    return map_is_affine2(map, 1, map_count(map), offset, &none, stride);
}

bool map_is_contiguous(const Map *map, int64_t *offset)
{
    int64_t stride;
    return map_is_affine(map, offset, &stride) && (stride == 1 || map_count(map) == 1);
}

bool map_is_whole(const Map *map, int64_t count)
{
    int64_t offset;
    return map_count(map) == count && map_is_contiguous(map, &offset) && offset == 0;
}
