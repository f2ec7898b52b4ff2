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

typedef struct IrRun {
    Arena *arena;
    int64_t batch;               /* samples in this run */
    uint64_t seed, first_sample; /* sample s of the batch has the number first_sample + s */
    uint32_t step;
    const char *error; /* set when an index of TAKE or PUT is out of range, ...; else NULL */
} IrRun;

/* Evaluates `function` at `inputs` (input_count of them), writes output_count tensors. */
void ir_interpret(IrRun *run, const IrFunction *function, const IrTensor *inputs, IrTensor *outputs);

#endif
