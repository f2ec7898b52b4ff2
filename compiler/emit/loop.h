/* SPDX-License-Identifier: MIT */
/* An open elementwise loop of the emitted text: its extents and what is in its variables. */
#ifndef COMPILER_EMIT_LOOP_H
#define COMPILER_EMIT_LOOP_H

#include "compiler/emit/writer.h"

#include <string.h>

typedef struct Loop {
    bool sample;           /* over the lanes of a block as well */
    bool vector;           /* one sample at a time: the inner index may go by whole vectors */
    int64_t outer, inner;
    const int64_t *order;  /* sums over other than the trailing axes: the element at each position; else NULL */
    const char *outer_name, *inner_name;
    int depth;
    const char **registers; /* for each value: its variable in this loop */
    const char **loads, **load_names; /* what has been read, and into which variable */
    int load_count, load_room;
} Loop;

void loop_shape(Writer *writer, const Group *group, Loop *loop);
void loop_open(Writer *writer, Loop *loop);
void loop_close(Writer *writer, const Loop *loop);
const char *loop_operand(Writer *writer, Loop *loop, IrId value);
void loop_compute(Writer *writer, Loop *loop, const IrOp *op);
void loop_store(Writer *writer, const Loop *loop, const char *base, const char *index, const char *text);
const char *loop_position(Writer *writer, const char *index, bool sample);

#endif
