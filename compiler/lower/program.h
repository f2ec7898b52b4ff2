/* SPDX-License-Identifier: MIT */
/* What a spec is lowered to: named entry functions in one IR module, the trained tensors behind their parameters, the
 * numbers given at each call, and what the package's program level must know. The only thing that `emit` reads. */
#ifndef COMPILER_LOWER_PROGRAM_H
#define COMPILER_LOWER_PROGRAM_H

#include "compiler/ir/ir.h"
#include "compiler/spec/spec.h"

/* How a tensor starts. UNIFORM: in [-scale, scale]; NORMAL: scale times a normal draw; CONSTANT: scale. */
typedef enum InitKind { INIT_CONSTANT, INIT_UNIFORM, INIT_NORMAL } InitKind;

typedef struct ProgramTensor {
    const char *name; /* "flow.layers.3.net.0.weight": the path in the expanded list of layers */
    IrType type;      /* kind PARAMETER (trained) or STATE */
    InitKind init;
    double scale;
    Span span;
    bool estimated; /* its gradient is the loss's in the mean alone: it steers a discrete choice */
    int64_t offset; /* in reals, in the one block of weights; tensors stand in the order of this list, dense */
} ProgramTensor;

/* A number given at each call; its value at a training step comes from the schedule. */
typedef struct ProgramScalar {
    const char *name;  /* "kT", "loss.0.weight" */
    Schedule schedule; /* from spec.h */
} ProgramScalar;

typedef enum EntryKind {
    ENTRY_SAMPLE,      /* (tensors, scalars, conditions?) -> x [D], log_q []; draws with purpose "sample" */
    ENTRY_LOG_PROB,    /* (tensors, scalars, x [D], conditions?) -> log_q [] */
    ENTRY_ENERGY,      /* (scalars, x [D], conditions?) -> U [] */
    ENTRY_FORCE,       /* (scalars, x [D], conditions?) -> F [D] = -dU/dx */
    ENTRY_OBSERVABLES, /* (scalars, x [D], conditions?) -> values [n] */
    ENTRY_SCORE,       /* (tensors, scalars, x [D], conditions?) -> log_q [], score [D] = d log q / dx */
    ENTRY_INITIALISE,  /* (tensors, scalars, data?) -> the first value (SHARED) of each tensor in `initialised` */
    ENTRY_LOSS, /* (tensors, scalars, data?) -> loss [] (SHARED); the step's loss before differentiation, for tests */
    ENTRY_STEP, /* (tensors, scalars, data?) -> loss [], gradient of each trained tensor (SHARED), in their order */
    ENTRY_COUNT
} EntryKind;

/* An entry's inputs, always in this order: every tensor of the program that it uses (see tensor_inputs), every scalar
 * of the program in its order (all of them, rank 0, kind SCALAR), then x and the conditions where the list above has them,
 * or a row of data where the program has a data_width. Conditions [C] are there where the spec has some: a number from the
 * range, or the number of the choice. */
typedef struct ProgramEntry {
    IrFunction *function; /* NULL: the program has no such entry */
    int tensor_count;
    int *tensor_inputs; /* the program's tensor that each of the first inputs is */
} ProgramEntry;

typedef struct Program {
    const ModelSpec *spec;
    IrModule *module;
    int64_t dimension; /* D: components of one configuration */
    int tensor_count;
    ProgramTensor *tensors;
    int64_t weight_count; /* reals in all tensors */
    int scalar_count;
    ProgramScalar *scalars;
    int first_loss_scalar; /* the weight of loss 0; before it stands kT, unless that is a condition */
    int observable_count;
    const char **observable_names;
    /* Reals in a row of data, what a training step gets for each of its samples: x, then the conditions that columns hold,
     * in the spec's order; of fab x and a weight. 0: nothing. */
    int64_t data_width;
    int initialised_count;
    int *initialised; /* tensors whose first value is computed by ENTRY_INITIALISE, in its outputs' order */
    ProgramEntry entries[ENTRY_COUNT];
} Program;

/* NULL after errors in `diagnostics`. The module is verified; no pass but differentiation has run on it. */
Program *lower_program(Arena *arena, const ModelSpec *spec, Diagnostics *diagnostics);

#endif
