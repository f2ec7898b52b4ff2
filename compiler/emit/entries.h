/* SPDX-License-Identifier: MIT */
/* Entries: the functions that a user calls, made from IR functions. What needs no sum over the batch is done block by
 * block for any number of samples; a training step is cut into phases at every such sum. */
#ifndef COMPILER_EMIT_ENTRIES_H
#define COMPILER_EMIT_ENTRIES_H

#include "compiler/emit/writer.h"

typedef enum EntryInputKind {
    INPUT_WEIGHTS, /* at `offset` in the block of weights */
    INPUT_SCALAR,  /* number `offset` of the scalars */
    INPUT_ARRAY    /* an array of its own: per sample [count][elements], else [elements] */
} EntryInputKind;

typedef enum EntryOutputKind {
    OUTPUT_ARRAY,    /* likewise */
    OUTPUT_GRADIENT, /* at `offset` in the block of gradients */
    OUTPUT_LOSS      /* returned */
} EntryOutputKind;

typedef struct EntryInput {
    EntryInputKind kind;
    int64_t offset, prepared; /* WEIGHTS: `prepared` in the block that one sample at a time reads */
    const char *array;        /* ARRAY: the C expression of a pointer to it */
} EntryInput;

typedef struct EntryOutput {
    EntryOutputKind kind;
    bool rows; /* ARRAY: per sample, though its value may turn out to be the same for all */
    int64_t offset;
    const char *array;
} EntryOutput;

/* A public function and how its parameters are named. */
typedef struct Entry {
    const IrFunction *function;
    const char *name;                /* "MODEL(sample)" */
    const char *parameters;          /* "const real *weights, ..., void *workspace, int threads" */
    const char *seed, *first, *step; /* expressions, "0" where it has none; the number of samples is `count` */
    const EntryInput *inputs;
    const EntryOutput *outputs;
    int64_t weight_count;
    const Plan *plan; /* of an entry in phases; set by entry_plan */
} Entry;

/* Reals that an entry needs: once, and for each thread (with blocks of samples; for one sample). */
typedef struct EntryWorkspace {
    int64_t fixed, thread, thread_single;
} EntryWorkspace;

/* Whether the entry is done in phases, for the module's batch alone. */
bool entry_has_phases(const Planner *planner, const Entry *entry);
void entry_plan(Planner *planner, Entry *entry);
EntryWorkspace entry_workspace(Planner *planner, const Entry *entry);

/* The public function and, of an entry in phases, the functions of its phases. */
void entry_write(Arena *arena, Planner *planner, const Packing *packing, const Entry *entry, SharedParts *parts,
                 Text *out);

#endif
