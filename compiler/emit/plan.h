/* SPDX-License-Identifier: MIT */
/* How one IR function becomes C: which ops share a loop, in which order the loops stand, and where each value lives.
 * Nothing here changes a bit of any result: only the order of independent work and the places of values are chosen. */
#ifndef COMPILER_EMIT_PLAN_H
#define COMPILER_EMIT_PLAN_H

#include "compiler/ir/ir.h"

/* A value that is only another's elements in another order: element i is the root's element map[i] (NULL: i). */
typedef struct View {
    IrId root;
    const int64_t *map;
} View;

typedef enum PlaceKind {
    PLACE_NONE,    /* nobody reads it from memory: it lives in a register of its loop, or is a view */
    PLACE_LITERAL, /* a real constant, the same in every element, that stands in the text */
    PLACE_TABLE,   /* a constant array of the file */
    PLACE_INPUT,   /* where the caller keeps it */
    PLACE_OUTPUT,  /* where the caller wants it */
    PLACE_FRAME,   /* in this function's part of the workspace */
    PLACE_SHARED,  /* entries: computed once per call, in the part of the workspace that all threads read */
    PLACE_BATCH    /* entries: kept for the whole batch, because a later phase reads it */
} PlaceKind;

typedef struct Place {
    PlaceKind kind;
    int index;             /* INPUT, OUTPUT: which one */
    int64_t offset;        /* FRAME (with blocks of samples), SHARED, BATCH: in reals */
    int64_t offset_single; /* FRAME, one sample at a time */
    int64_t count;         /* elements */
    bool sample;           /* [count][block] or [count] */
    int first, last;       /* the groups between which it is alive */
    const char *name;      /* its C identifier */
} Place;

typedef enum GroupKind {
    GROUP_LOOP,   /* elementwise ops over `count` elements, ended perhaps by sums over their trailing axes */
    GROUP_DENSE,  /* one contraction with a matrix that all samples share, and elementwise ops on its result */
    GROUP_SINGLE, /* one op of any other kind */
    GROUP_COPY    /* a value that something needs in memory of its own */
} GroupKind;

typedef struct Group {
    GroupKind kind;
    bool sample;   /* done for each sample, or once */
    int level;     /* the phase in which it runs */
    int64_t count; /* elements of the loop */
    int64_t inner; /* a LOOP that ends in sums: elements of one sum; else 1 */
    int *ops;      /* indices of the function's ops, in order; for COPY none */
    int op_count;
    int copied;    /* COPY: the value */
    int slot;      /* COPY: where to (an index into places), or -1 - output */
    Place scratch; /* room that only this group needs; count 0: none */
} Group;

typedef struct Plan {
    Arena *arena;
    const IrFunction *function;
    bool entry;     /* only entries have phases, and shared and batch places */
    View *views;    /* for each value: root == the value itself unless it is a view */
    int *levels;    /* for each value: the phase from which on it is known */
    bool *sums;     /* for each value: a sum over the batch, made shard by shard */
    bool *doubles;  /* ... whose shards' sums are doubles */
    int64_t *partials; /* where a block's part of the sum stands among `sums` (or `double_sums`), or -1 */
    Place *places;  /* for each value; then, for each value, the per-sample copy of one that is not per-sample */
    int *group_of;  /* for each value: the group that computes it, or -1 */
    Group *groups;
    int group_count, group_room, level_count;
    int64_t frame, frame_single; /* reals of this function's part of the workspace */
    int64_t frame_bound;         /* the peak of what is alive at once: no plan needs less */
    int64_t workspace, workspace_single; /* the same with all that it calls */
    int64_t shared;              /* entries: reals */
    int64_t batch;               /* entries: reals for one shard */
    int64_t partial_reals, partial_doubles; /* of one block */
} Plan;

enum { BLOCK_SAMPLES = 64, FRAME_ALIGNMENT = 16 };

/* Plans are made once for each function and kept. */
typedef struct Planner {
    Arena *arena;
    int room;
    const IrFunction **functions;
    Plan **plans;
    int count;
} Planner;

Planner *planner_new(Arena *arena);
Plan *planner_plan(Planner *planner, const IrFunction *function, bool entry);

/* Whether a caller can run `function` block by block: no sample waits for a sum over the batch, and sums over the batch
 * are outputs as they are. If not, its calls are inlined first (normalise.h). */
bool plan_is_single_phase(Planner *planner, const IrFunction *function);

/* Where a value stands in memory, and from which element on; want_sample: as a per-sample value. */
const Place *plan_memory(const Plan *plan, IrId value, bool want_sample, int64_t *element);
/* The uniform value of a constant, if it has one. */
bool plan_literal(const Plan *plan, IrId value, double *number);
bool plan_is_sample(const Plan *plan, IrId value);
/* REDUCE_*: the operand's element for term t of sum j at [j * terms + t]; NULL: as they lie. */
const int64_t *plan_reduce_map(const Plan *plan, const IrOp *op, int64_t *sums, int64_t *terms);

/* A dense contraction: result[p][r] = start + sum_k matrix[r][k] x[p][k]. */
typedef struct Dense {
    IrId matrix, x, start; /* start -1: none */
    int64_t positions, rows, inner;
    int64_t row_stride, inner_stride;     /* of the matrix, in reals */
    int64_t x_position_stride, x_inner_stride; /* of x, in elements */
    bool start_per_row;   /* start is one real per row, shared; else it has the result's shape */
} Dense;
bool plan_dense(const Plan *plan, const IrOp *op, Dense *dense);
/* Whether an elementwise op on the contraction's result can read `value` at an accumulator. */
bool plan_dense_can_read(const Plan *plan, const IrOp *contraction, IrId value);

#endif
