/* SPDX-License-Identifier: MIT */
/* What calls and scans share in reverse mode. */
#ifndef COMPILER_GRAD_VJP_PROGRAM_H
#define COMPILER_GRAD_VJP_PROGRAM_H

#include "compiler/grad/reverse.h"

ProgramPlan *program_plan_call(Analysis *analysis, const IrOp *op);
ProgramPlan *program_plan_scan(Analysis *analysis, const IrOp *op);
/* By input of the callee: VjpKey's `finite`. */
void program_finite_call(Analysis *analysis, const IrOp *op, bool *finite);
void program_finite_scan(const Analysis *analysis, const IrOp *op, const ProgramPlan *plan, bool *finite);

/* The cotangents of the op's results, -1 where zero; false: all are. */
bool vjp_program_cotangents(Reverse *reverse, const IrOp *op, IrId *cotangents);
/* Takes the results of the op that stands for `op` in the forward computation. */
void vjp_program_results(Reverse *reverse, const IrOp *op, const IrFunction *forward, IrId *results);

#endif
