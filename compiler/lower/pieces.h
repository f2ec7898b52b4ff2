/* SPDX-License-Identifier: MIT */
/* The configuration on its way through a flow: one or two values that hold its components, and which ones. Splitting
 * and permuting change names; elements move only where consecutive splits differ. */
#ifndef COMPILER_LOWER_PIECES_H
#define COMPILER_LOWER_PIECES_H

#include "compiler/ir/ir.h"

typedef struct Piece {
    IrId value; /* real[count] */
    int64_t count;
    int64_t *components; /* which component each element is */
} Piece;

typedef struct Pieces {
    Arena *arena;
    int64_t dimension;
    int count;
    Piece pieces[2];
} Pieces;

/* One piece: x [dimension]. */
Pieces pieces_start(Arena *arena, IrId x, int64_t dimension);
/* Component i of what comes is component order[i] of what was; inverse: component order[i] is component i. */
void pieces_permute(Pieces *pieces, const int64_t *order, bool inverse);
/* Two pieces in rising order: the components with `passes`, then the others. Neither is empty. */
void pieces_split(IrBuilder *builder, Pieces *pieces, const bool *passes);
/* The elements of a vector [dimension] that stand for a piece's components. */
IrId pieces_pick(IrBuilder *builder, const Pieces *pieces, const Piece *piece, IrId vector);
/* The whole, [dimension] in order. */
IrId pieces_join(IrBuilder *builder, const Pieces *pieces);

#endif
