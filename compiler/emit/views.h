/* SPDX-License-Identifier: MIT */
/* Index maps of views, and the patterns in them that can be written as constants and strides in C. */
#ifndef COMPILER_EMIT_VIEWS_H
#define COMPILER_EMIT_VIEWS_H

#include "compiler/emit/plan.h"

/* Fills views[] for all values: BROADCAST, RESHAPE, TRANSPOSE, SLICE and GATHER are views of their root. */
void views_resolve(Arena *arena, const IrFunction *function, View *views);

/* map[i] == offset + i for all i: the elements lie side by side. */
bool view_is_contiguous(const View *view, int64_t count, int64_t *offset);
/* map[i] == offset + stride i for all i < count. A single element has stride 0. */
bool map_is_affine(const int64_t *map, int64_t count, int64_t *offset, int64_t *stride);
/* map[i * inner + j] == offset + outer_stride i + inner_stride j. */
bool map_is_affine2(const int64_t *map, int64_t outer, int64_t inner, int64_t *offset, int64_t *outer_stride,
                    int64_t *inner_stride);

#endif
