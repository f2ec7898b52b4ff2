/* SPDX-License-Identifier: MIT */
/* How one IR function becomes C: which ops share a loop, in which order the loops stand, and where each value lives.
 * Nothing here changes a bit of any result: only the order of independent work and the places of values are chosen. */
#ifndef COMPILER_EMIT_PLAN_H
#define COMPILER_EMIT_PLAN_H

#include "compiler/emit/map.h"
#include "compiler/emit/phases.h"

/* A value that is only another's elements in another order. */
typedef struct View {
    IrId root; /* the value itself: no view */
    Map map;
} View;

typedef enum PlaceKind {
    PLACE_NONE,    /* nobody reads it from memory: it lives in a register of its loop, or is a view */
    PLACE_LITERAL, /* a constant, the same in every element, that stands in the text */
    PLACE_TABLE,   /* a constant array of the file */
    PLACE_INPUT,   /* where the caller keeps it */
    PLACE_VALUE,   /* one number that is passed by value */
    PLACE_LOCAL,   /* one number, in a C variable of the function */
    PLACE_OUTPUT,  /* where the caller wants it */
    PLACE_FRAME,   /* in this function's part of the workspace */
    PLACE_SHARED,  /* entries: computed once per call, in the part of the workspace that all threads read */
    PLACE_BATCH    /* entries: kept for the whole batch, because a later phase reads it */
} PlaceKind;

typedef struct Place {
    PlaceKind kind;
    int index;             /* INPUT, VALUE, OUTPUT: which one */
    int64_t offset;        /* FRAME (with blocks of samples), SHARED, BATCH: in reals */
    int64_t offset_single; /* FRAME, one sample at a time */
    int64_t count;         /* elements */
    bool sample;           /* [count][block] or [count] */
    bool travels;          /* entries: read in another phase or by the blocks */
    int first, last;       /* the groups between which it is alive; last -1: nobody reads it */
} Place;

typedef enum StartKind { START_NUMBER, START_ROWS, START_EACH } StartKind;

/* A contraction with a matrix that all samples share: result[p][r] = start + sum_k matrix[r][k] x[p][k]. Strides are in
 * elements. */
typedef struct Dense {
    IrId matrix, x, start; /* start -1: none */
    int64_t positions, rows, inner;
    int64_t matrix_offset, row_stride, inner_stride;
    int64_t x_offset, x_position_stride, x_inner_stride;
    StartKind start_kind;
    double start_number;  /* NUMBER: for every row */
    int64_t start_offset; /* ROWS: one real for each row, shared, side by side */
} Dense;

typedef enum GroupKind {
    GROUP_LOOP,   /* elementwise ops over `count` elements, and sums over some of their axes */
    GROUP_DENSE,  /* one dense contraction, and elementwise ops on its result */
    GROUP_SINGLE, /* one op of any other kind */
    GROUP_COPY    /* a value that something needs in memory of its own */
} GroupKind;

typedef struct Group {
    GroupKind kind;
    bool sample; /* done for each sample, or once */
    bool whole;  /* entries: done for the whole batch, behind all blocks of its level */
    int level;   /* the phase in which it runs */
    int64_t count;
    bool has_sums;
    int64_t terms; /* a LOOP with sums: elements of one sum */
    int *ops;      /* indices of the function's ops, in order; for COPY none */
    int op_count, op_room;
    const Dense *dense;
    IrId copied;   /* COPY: the value */
    int slot;      /* COPY: where to (an index into places), or -1 - output */
    Place scratch; /* room that only this group needs; count 0: none */
} Group;

typedef struct Plan {
    Arena *arena;
    const IrFunction *function;
    const PhaseTable *table;
    const Phases *phases;
    bool entry; /* cut into phases: only these have levels, shared and batch places, and sums */
    bool *live; /* for each op: an output depends on it; all others are left out */
    View *views;
    bool *uniform; /* for each value: a constant, the same in every element */
    Place *places; /* for each value; then, for each value, the per-sample copy of one that is not per-sample */
    int *copies;   /* for each slot: the COPY group that fills it, or -1 */
    int *group_of; /* for each value: the group that computes it, or -1 */
    int *readers;  /* for each value: the one op that reads it, once; below 0: none or several, or it is an output */
    bool *waits;   /* for each value: computed in the group of its reader */
    Group *groups;
    int group_count, group_room;
    int64_t frame, frame_single;         /* reals of this function's part of the workspace */
    int64_t frame_bound;                 /* the peak of what is alive at once: no plan needs less */
    int64_t workspace, workspace_single; /* the same with all that it calls */
    /* entries */
    int *levels; /* for each value: the phase from which on it is known */
    int level_count;
    bool *sums;        /* for each value: a sum over the batch, which blocks make in parts */
    bool *doubles;     /* ... whose parts are doubles */
    bool *wide;        /* ... that no block makes a part of: it is made for the whole batch */
    bool *firsts;      /* ... of which every block's part is the whole: one is taken */
    bool sums_add;     /* all parts of sums can be added to what is there: each is made by one sum */
    int64_t *partials; /* where a block's part stands among `sums` (or `double_sums`), or -1 */
    int64_t shared;    /* reals that all blocks read */
    int64_t batch;     /* reals for one block that outlive a phase */
    int64_t partial_reals, partial_doubles; /* of one block */
} Plan;

enum { BLOCK_SAMPLES = 64, FRAME_ALIGNMENT = 16 };

/* Of a wide product's transposed operand: BATCH_SHARDS and BATCH_COLUMNS of runtime/core/batch.h, which emitted code asserts. */
enum { WIDE_SHARDS = 4, WIDE_COLUMNS = 512 };

/* Plans are made once for each function and kept. */
typedef struct Planner {
    Arena *arena;
    PhaseTable *phases;
    Plan **plans; /* by the function's position */
} Planner;

/* The module must be normalised (phases.h). */
Planner *planner_new(Arena *arena, const IrModule *module, PhaseTable *phases);
/* As a function that blocks call. */
const Plan *planner_plan(Planner *planner, const IrFunction *function);
/* As an entry that is cut into phases. `partials`: for each output that is a sum, where its parts are to stand among a
 * block's reals (a gradient's offset), or -1; `reserved` reals are set aside for those. */
Plan *planner_plan_entry(Planner *planner, const IrFunction *function, const int64_t *partials, int64_t reserved);

bool plan_is_sample(const Plan *plan, IrId value);
/* Whether an op is done for each sample or block. */
bool plan_op_is_sample(const Plan *plan, const IrOp *op);
/* The number that all elements of a constant are, if they are. */
bool plan_literal(const Plan *plan, IrId value, double *number);

/* How a value is read: the slot of `places` that holds it, and which of that slot's elements its own are. */
typedef struct Read {
    int slot;
    Map map;
} Read;
/* As group `group` reads it: copies that it or later groups make are not there yet. */
Read plan_read(const Plan *plan, IrId value, bool want_sample, int group);
bool plan_has_copy(const Plan *plan, int slot, int group);
/* What an op needs in memory, side by side: operand k; and as what kind. */
bool plan_needs_memory(const Plan *plan, const IrOp *op, int k, bool *want_sample);

/* Whether a block's part of this sum over the batch is added to what is there where the block says so (block.h). */
bool plan_adds(const Plan *plan, IrId value);

/* group.c */
void plan_groups(Plan *plan);
/* dense.c: whether the op is a dense contraction, were it the next group; operands whose strides do not fit are flagged
 * in `copy`. */
bool plan_dense(const Plan *plan, const IrOp *op, Dense *dense, bool copy[3]);
/* How an elementwise op on the contraction's result, in group `group`, reads an operand: 'n' a number, 'e' each element its own, 's' one
 * for each sample, 'r' one for each row, '1' one for all, 0 not at all. */
char plan_dense_reads(const Plan *plan, const Dense *dense, IrId value, int group, int64_t *offset);
/* result = sum over samples and positions of a[position][..] b[position][..], a gradient of a weight. Of each operand:
 * the slot, the extent of its own axes, its strides in elements, and its axes' stride in the result. */
typedef struct SampleSum {
    int64_t positions, extent[2], offset[2], position_stride[2], stride[2], result_stride[2];
    int slot[2];
    int columns; /* which operand lies along the lanes, transposed */
    int64_t padded_columns;
    bool few_rows; /* so few of the other operand that nothing is transposed */
} SampleSum;
/* sample_sum.c: whether a BATCH_CONTRACT is one, done in group `group`. */
bool plan_sample_sum(const Plan *plan, const IrOp *op, int group, SampleSum *sum);
/* The same of a wide product in an entry: its columns are those that lie side by side in the result. */
void plan_wide_sum(const Plan *plan, const IrOp *op, int group, SampleSum *sum);
/* frame.c: fills places, scratch, partials and sizes of a grouped plan. */
void plan_frame(Planner *planner, Plan *plan, const int64_t *partials, int64_t reserved);
int64_t plan_place_size(const Place *place, bool single);

#endif
