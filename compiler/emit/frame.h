/* SPDX-License-Identifier: MIT */
/* The memory plan of one function: which values need memory, from when to when, and at which offset of the workspace.
 * First fit over live ranges; two values share memory only when no group needs both. */
#ifndef COMPILER_EMIT_FRAME_H
#define COMPILER_EMIT_FRAME_H

#include "compiler/emit/plan.h"

/* Fills places (where place_outputs has not), partials, scratch, frame and workspace sizes of a grouped plan. */
void frame_plan(Planner *planner, Plan *plan);

#endif
