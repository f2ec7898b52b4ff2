/* SPDX-License-Identifier: MIT */
/* Reverse mode of one function while it is built: forward ops and backward ops stand in one draft, which is then split
 * into two functions or kept whole. */
#ifndef COMPILER_GRAD_REVERSE_H
#define COMPILER_GRAD_REVERSE_H

#include "compiler/grad/analysis.h"
#include "compiler/grad/rules.h"

/* The cotangents that arrive for one value, until they are asked for. A piece is the cotangent of a slice or of
 * gathered elements. */
typedef struct CotangentPiece {
    IrId value;
    int64_t axis, start, count; /* elements start to start + count - 1 of the axis, */
    const int64_t *table;       /* or, where not NULL, elements table[0] to table[count - 1] */
} CotangentPiece;

typedef struct CotangentSum {
    IrId whole; /* the sum of those of the value's shape, or -1 */
    CotangentPiece *pieces;
    int count, room;
} CotangentSum;

/* What per-sample ops give to a value that is no per-sample one is kept apart: it is summed over the batch once. */
typedef struct Cotangent {
    CotangentSum sum;
    IrId batch; /* for each sample, to be summed over the batch, or -1 */
    IrId total; /* once asked for, or -1 */
} Cotangent;

typedef struct Reverse {
    Rules rules;
    GradCache *cache;
    Analysis *analysis;
    const VjpKey *key;
    IrFunction *draft;
    struct Slopes *slopes;
    Cotangent *cotangents; /* by value of the function */
    const IrId **forward;  /* by op: the results of the forward op of an active CALL or SCAN */
    int forward_op_count;  /* the draft's first ops are the forward computation */
} Reverse;

/* The cotangent of a value, or -1 where it is zero. After that nothing may be added. */
IrId reverse_cotangent(Reverse *reverse, IrId value);

/* Adds `part` (-1: nothing) to the cotangent of `value`. Where it is for each sample and the value is not, it is summed
 * over the batch. */
void reverse_add_value(Reverse *reverse, IrId value, IrId part, bool for_each_sample);
/* The same for the op's operand; for each sample if the op does something for each. */
void reverse_add(Reverse *reverse, const IrOp *op, int operand, IrId part);
/* The same where `part` is summed over the batch already if need be. */
void reverse_add_summed(Reverse *reverse, const IrOp *op, int operand, IrId part);
void reverse_add_piece(Reverse *reverse, const IrOp *op, int operand, CotangentPiece piece);
/* Does the op do something for each sample? */
bool reverse_is_per_sample(const Reverse *reverse, const IrOp *op);

/* Is the elementwise op's partial derivative in the operand finite, also where its result is not taken? */
bool vjp_partial_is_finite(const Reverse *reverse, const IrOp *op, int operand);

/* The adjoint of BROADCAST, RESHAPE or TRANSPOSE, applied to `d`. */
IrId vjp_move(Reverse *reverse, const IrOp *op, IrId d);

/* The rules: each adds to the cotangents of the op's operands. */
void vjp_elementwise(Reverse *reverse, const IrOp *op, IrId d);
void vjp_structure(Reverse *reverse, const IrOp *op, IrId d);
void vjp_reduction(Reverse *reverse, const IrOp *op, IrId d);
void vjp_product(Reverse *reverse, const IrOp *op, IrId d);
void vjp_batch(Reverse *reverse, const IrOp *op, IrId d);
void vjp_call(Reverse *reverse, const IrOp *op);
void vjp_scan(Reverse *reverse, const IrOp *op);
/* The op that goes into the forward computation in place of an active CALL or SCAN. */
void vjp_call_forward(Reverse *reverse, const IrOp *op);
void vjp_scan_forward(Reverse *reverse, const IrOp *op);

/* Splits the draft; `cotangents` are the draft's values for the key's wanted inputs. */
void vjp_split(Reverse *reverse, const IrId *cotangents, GradVjp *out);
/* The draft, with its outputs set, as a function of the module, without what no output needs. */
IrFunction *vjp_whole(Reverse *reverse, const char *name);

#endif
