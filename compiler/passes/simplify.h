/* SPDX-License-Identifier: MIT */
/* What the files of the simplifier share. A function is rebuilt op by op: `simplify_emit` appends an op to the draft,
 * or gives a value that is the same and cheaper. Rules build with simplify_emit, so what they build is simplified too.
 */
#ifndef COMPILER_PASSES_SIMPLIFY_H
#define COMPILER_PASSES_SIMPLIFY_H

#include "compiler/ir/ir.h"

typedef struct Simplifier {
    IrFunction *draft;
    Arena *arena;
    Span span;              /* what appended ops carry */
    const char *note;       /* goes to the next op that is appended */
    int depth;              /* of rules within rules */
    const int64_t **starts; /* of concats, by the draft's op: see simplify_piece_starts */
    int starts_room;
} Simplifier;

enum {
    SIMPLIFY_FOLD_MAX = 1 << 16,   /* constants with more elements are not computed: tables should not outgrow code */
    SIMPLIFY_WORK_MAX = 1 << 20,   /* nor those that take more operations */
    SIMPLIFY_TABLE_MAX = 1 << 24,  /* axes longer than this are not looked at place by place */
    SIMPLIFY_PIECES_MAX = 1 << 10, /* concats with more pieces are not taken apart or put together */
    SIMPLIFY_DEPTH_MAX = 100       /* of rules that build with rules */
};

IrId simplify_emit(Simplifier *simplifier, IrOp op);

/* Families of rules; each gives a value of the draft, or -1 where it has nothing to say. */
IrId simplify_constant(Simplifier *simplifier, const IrOp *op);
IrId simplify_elementwise(Simplifier *simplifier, const IrOp *op);
IrId simplify_product(Simplifier *simplifier, const IrOp *op); /* MUL, DIV, POW */
IrId simplify_structure(Simplifier *simplifier, const IrOp *op);
IrId simplify_gather(Simplifier *simplifier, const IrOp *op);
IrId simplify_reduction(Simplifier *simplifier, const IrOp *op);

/* -a where a is a product or quotient in which a number stands, which takes the sign; else -1. */
IrId simplify_negated_product(Simplifier *simplifier, IrId a);
/* scatter(x, s) + scatter(y, t) = scatter([x, y], [s, t]) where no place is hit twice; else -1. */
IrId simplify_sum_of_scatters(Simplifier *simplifier, const IrOp *a, const IrOp *b);

/* Looking at the draft. */
const IrOp *simplify_definition(const Simplifier *simplifier, IrId id); /* NULL for an input */
/* The operand of the op that defines `id` if that op has this code, else -1. */
IrId simplify_operand_of(const Simplifier *simplifier, IrId id, IrOpcode code);
/* Is the value a constant with the same number in every element? */
bool simplify_is_uniform(const Simplifier *simplifier, IrId id, double *value);
bool simplify_is_number(const Simplifier *simplifier, IrId id, double value);
/* The elements of a constant value, or NULL when it is none or too large. */
const double *simplify_data(const Simplifier *simplifier, IrId id);

/* Is the number as good as any in a float's range, so that products with it round and do no more? */
bool simplify_is_moderate(double number);
/* Where each operand of the concat that defines `concat` begins along its axis, and behind the last where it ends. */
const int64_t *simplify_piece_starts(Simplifier *simplifier, IrId concat);
/* The piece that holds index `at`. */
int simplify_find_piece(const int64_t *starts, int pieces, int64_t at);

/* Building, simplified. */
IrId simplify_unary(Simplifier *simplifier, IrOpcode code, IrId a);
IrId simplify_binary(Simplifier *simplifier, IrOpcode code, IrId a, IrId b);
IrId simplify_number(Simplifier *simplifier, IrElement element, double value); /* rank 0 */
/* The number in every element of a value shaped like `shape`. */
IrId simplify_filled(Simplifier *simplifier, double value, const IrType *shape);
IrId simplify_broadcast(Simplifier *simplifier, IrId a, const IrType *shape, int axis_count, const int64_t *axes);
IrId simplify_reshape(Simplifier *simplifier, IrId a, int rank, const int64_t *size);
IrId simplify_slice(Simplifier *simplifier, IrId a, int64_t axis, int64_t start, int64_t length);
IrId simplify_take_table(Simplifier *simplifier, IrId a, int64_t axis, int64_t count, const int64_t *table);
IrId simplify_concat(Simplifier *simplifier, int64_t axis, int count, const IrId *values);

#endif
