/* SPDX-License-Identifier: MIT */
/* A slow float64 interpreter: the definition of what the IR means. Emitted C is tested against it. */
#ifndef COMPILER_IR_INTERPRET_H
#define COMPILER_IR_INTERPRET_H

#include "compiler/ir/ir.h"

/* A value: per-sample ones hold [batch][elements], all others [elements]; ints and bools as doubles. */
typedef struct IrTensor {
    double *data;
    int64_t count; /* elements per sample */
    bool per_sample;
} IrTensor;

/* For finite differences: what a derivative holds fixed (the results of STOP_GRADIENT, SIGN, FLOOR, comparisons, and
 * TO_INT), recorded in one run, in the order of execution, and used in place of the op's own results in others. */
typedef struct IrHeld {
    bool replay;     /* false: this run records */
    IrTensor *items; /* live in the recording run's arena */
    int64_t count, room, next;
} IrHeld;

typedef struct IrRun {
    Arena *arena;
    int64_t batch;               /* samples in this run */
    uint64_t seed, first_sample; /* sample s of the batch has the number first_sample + s */
    uint32_t step;
    IrHeld *held;      /* NULL: every op computes; `next` is 0 at the beginning of a run */
    const char *error; /* NULL at the start and where all is well; else the first thing that went wrong */
} IrRun;

/* Evaluates `function` at `inputs` (input_count of them), writes output_count tensors in the run's arena. An input that
 * is declared per-sample may be given once for all samples; an output is per-sample where its type says so.
 * Sets run->error when an input has the wrong number of elements or is per-sample where none may be (then nothing is
 * computed, and outputs are empty), when an index of TAKE or PUT is out of range (then the nearest row is used, as
 * emitted code does), when a draw block is beyond 2^20, and when a value crosses the batch axis in a run of another
 * size than the module's batch. */
void ir_interpret(IrRun *run, const IrFunction *function, const IrTensor *inputs, IrTensor *outputs);

#endif
