/* SPDX-License-Identifier: MIT */
/* What the files of inference share: infer.c and infer_program.c. Everyone else asks ir_infer. */
#ifndef COMPILER_IR_INFER_RULES_H
#define COMPILER_IR_INFER_RULES_H

#include "compiler/ir/ir.h"

/* What a rule looks at: the op, the types of its operands, and room for the answer. */
typedef struct Inference {
    Arena *arena;
    const IrModule *module;
    const IrOp *op;
    const IrType **operands;
    IrType *result;
} Inference;

/* "real[3, 2]" */
const char *infer_type_text(Arena *arena, const IrType *type);
/* NULL when the operand has that element and shape, else what is wrong. */
const char *infer_expect_type(const Inference *in, int operand, const IrType *type);

const char *infer_call(Inference *in);
const char *infer_scan(Inference *in);

#endif
