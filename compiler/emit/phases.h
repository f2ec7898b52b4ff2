/* SPDX-License-Identifier: MIT */
/* What happens to the batch axis inside a function. Samples are done block by block, so a function that a block calls
 * can only add up its own block: what it returns of a sum over the batch is the block's part. Parts may be scaled,
 * moved and added to each other (as gradients are); whatever else needs the whole sum first. */
#ifndef COMPILER_EMIT_PHASES_H
#define COMPILER_EMIT_PHASES_H

#include "compiler/ir/ir.h"

typedef enum BatchKind {
    BATCH_NONE,     /* independent of other samples */
    BATCH_PART,     /* a block's part of a sum over the batch */
    BATCH_COLLECTED /* [batch] + shape, of which a block writes its rows */
} BatchKind;

typedef struct Phases {
    BatchKind *kind;       /* of each value, in a function that blocks call */
    BatchKind *entry_kind; /* of each value, in an entry: what is summed here; it is whole for those that read it */
    bool *crossing;        /* of each op: even as an entry's, a block cannot do it */
    bool *doubles;  /* of each value: a sum of one number that goes out in double, because one output alone reads it */
    bool crosses;   /* a value waits for a whole sum: the function cannot be called block by block */
    bool has_batch; /* it sums, collects or distributes, itself or in what it calls */
    bool needs_block; /* it must know which samples a block holds: draws and the above */
} Phases;

/* The phases of all functions of a module, by position. Made anew after a function has changed. */
typedef struct PhaseTable {
    Arena *arena;
    const Phases **of;
    bool *scanned; /* a SCAN applies the function: its outputs are not doubles */
    bool *called;
} PhaseTable;

PhaseTable *phase_table_new(Arena *arena, const IrModule *module);
/* Analyses one function; those that it calls have been. */
void phase_table_update(PhaseTable *table, const IrFunction *function);

/* Whether an op gives a sum of one number in double, whoever reads it then. */
bool phases_is_double(const PhaseTable *table, const IrFunction *function, const IrOp *op, int result);

/* Inlines the calls that a block cannot make: of functions that cross the batch axis and, in entries, of those whose
 * sums go on as numbers (a loss that is a mean), so that these are added in double. NULL when all is well, else what
 * cannot be done: a scan over such a function. */
const char *phases_normalise(PhaseTable *table, IrModule *module, const IrFunction **culprit);

#endif
