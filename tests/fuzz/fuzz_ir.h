/* SPDX-License-Identifier: MIT */
/* What targets that make functions of the IR check of them. */
#ifndef TESTS_FUZZ_FUZZ_IR_H
#define TESTS_FUZZ_FUZZ_IR_H

#include "compiler/ir/ir.h"

/* About how many numbers running every function once computes, for each sample. */
double fuzz_ir_cost(const IrModule *module);

void fuzz_ir_verify(const IrModule *module, const char *what);
/* Prints, reads, and prints the same. */
void fuzz_ir_print(const IrModule *module);
/* At inputs that are as good as any. */
void fuzz_ir_run(const IrFunction *function);
/* Adds the derivatives of a function in both modes to its module; they keep the IR's rules, and run where that is cheap. */
void fuzz_ir_differentiate(IrFunction *function);

#endif
