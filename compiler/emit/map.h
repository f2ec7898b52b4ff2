/* SPDX-License-Identifier: MIT */
/* Which element of one tensor each element of another is: what a view does to element numbers. A map is an offset and a
 * stride for each axis where the ops allow it, else a table of element numbers. Tables are a compile-time matter as far
 * as can be: the emitted C shows strides wherever there are any. */
#ifndef COMPILER_EMIT_MAP_H
#define COMPILER_EMIT_MAP_H

#include "compiler/ir/ir.h"

/* Element (i, j, ...) of `size` is element offset + i stride[0] + j stride[1] + ... of the source. */
typedef struct Map {
    int rank;
    int64_t size[IR_RANK_MAX], stride[IR_RANK_MAX];
    int64_t offset;
    const int64_t *table; /* not NULL: the element numbers one by one, row-major; strides and offset mean nothing */
} Map;

Map map_identity(const IrType *type);
int64_t map_count(const Map *map);
/* The source's element that element i (row-major) is. */
int64_t map_at(const Map *map, int64_t i);

/* All of them one by one: the map's table, or one made of its strides. */
const int64_t *map_numbers(Arena *arena, const Map *map);

/* Whether an op only moves elements by a static rule: BROADCAST, RESHAPE, TRANSPOSE, SLICE, GATHER. */
bool map_is_view(IrOpcode code);
/* The map of such an op's result, given that of its operand. */
Map map_of_view(Arena *arena, const IrFunction *function, const IrOp *op, const Map *operand);

/* The same elements in another shape of as many; false where strides cannot say it (a table always can). */
bool map_reshape(const Map *map, int rank, const int64_t *size, Map *result);
/* With axes in another order: axis i of the result is axis axes[i] of the map. A table is copied where it must be. */
Map map_permute(Arena *arena, const Map *map, const int *axes);
/* The same by letters, of which `axes` has one for each axis of the map: first those of `first`, then those of `second`. */
Map map_permute_letters(Arena *arena, const Map *map, const char *axes, const char *first, const char *second);

/* Element i of `count` is offset + stride i. A single element has stride 0. */
bool map_is_affine(const Map *map, int64_t *offset, int64_t *stride);
/* Element i inner + j is offset + outer_stride i + inner_stride j. An extent of 1 has stride 0. */
bool map_is_affine2(const Map *map, int64_t outer, int64_t inner, int64_t *offset, int64_t *outer_stride,
                    int64_t *inner_stride);
/* Element i is offset + i: they lie side by side. */
bool map_is_contiguous(const Map *map, int64_t *offset);
/* All elements of a source of `count`, in their order. */
bool map_is_whole(const Map *map, int64_t count);

#endif
