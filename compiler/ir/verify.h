/* SPDX-License-Identifier: MIT */
/* The verifier: says whether a module keeps the rules of the IR (SSA order, types as inferred, callees before callers,
 * operands in range, unique function names). Runs after every pass in debug builds and always on parsed text. */
#ifndef COMPILER_IR_VERIFY_H
#define COMPILER_IR_VERIFY_H

#include "compiler/ir/ir.h"

/* True when all is well; else adds what is wrong to `diagnostics` (E07xx). */
bool ir_verify(const IrModule *module, Diagnostics *diagnostics);

#endif
