/* SPDX-License-Identifier: MIT */
/* A loop over the elements of a group: its extents, how they follow from the shapes of what is read, and the text of
 * reading and writing an element in it. */
#ifndef COMPILER_EMIT_LOOP_H
#define COMPILER_EMIT_LOOP_H

#include "compiler/emit/expression.h"

typedef struct LoopLoad {
    const char *text;
    int uses;
    const char *variable; /* NULL: not read yet, or written out where it is read */
} LoopLoad;

typedef struct Loop {
    Writer *writer;
    const Group *group;
    bool sample;    /* over the lanes of a block as well */
    bool flat;      /* elements and lanes as one run of reals */
    bool vector;    /* one sample at a time: the last index goes by whole vectors */
    int rank, kept; /* loops in all; those outside of the sums */
    int64_t size[IR_RANK_MAX];
    const char *names[IR_RANK_MAX];
    int order[IR_RANK_MAX]; /* sums over other than the last axes: kept axes, then summed ones */
    bool reordered;
    const char *
        *kept_terms; /* for each op: the array of a sum's terms, where it is summed behind the loop; NULL: it is not */
    LoopLoad *loads;
    int load_count, load_room;
} Loop;

/* The loop of a LOOP or COPY group. */
Loop loop_shape(Writer *writer, const Group *group);
/* A value's map over the loop's indices; a table where strides do not do. */
Map loop_map(const Loop *loop, IrId value);

/* An element of a value as the loop reads it from memory. */
Term loop_load(Loop *loop, IrId value);
/* "y + i * BLOCK + s": where the loop's element of something as large as the loop lies. */
const char *loop_position(const Loop *loop, const char *base, const char *index);
const char *loop_element_index(const Loop *loop);
/* The elements that remain from the loop's vector on. */
const char *loop_left(const Loop *loop);
/* Stores the loop's element. */
void loop_store(const Loop *loop, const char *base, Term term);

/* Opens the indices from..to - 1 and, where `samples`, the lanes of the block; the innermost gets the brace. Returns
 * how many loops that are. */
int loop_open(const Loop *loop, int from, int to, bool samples);
void loop_close(const Loop *loop, int count);

#endif
