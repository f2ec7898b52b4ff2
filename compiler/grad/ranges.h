/* SPDX-License-Identifier: MIT */
/* Between which bounds values lie, as far as single ops tell. */
#ifndef COMPILER_GRAD_RANGES_H
#define COMPILER_GRAD_RANGES_H

#include "compiler/ir/ir.h"

/* low <= value <= high, unless the value is NaN. */
typedef struct Range {
    double low, high;
} Range;

/* By value of the function; inputs and results of calls may be anything. */
Range *ranges_find(const IrFunction *function);

/* Is the value's distance from 0 known to be no less than what a float can divide by? */
bool range_excludes_zero(Range range);
/* Is exp of it known not to overflow a float? */
bool range_has_exponential(Range range);

#endif
