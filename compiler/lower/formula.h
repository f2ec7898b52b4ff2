/* SPDX-License-Identifier: MIT */
/* Formulas -> ops. A sum becomes elementwise ops over all its terms at once and one reduction, never a copy for each
 * term; what is known when the spec is compiled becomes constants. */
#ifndef COMPILER_LOWER_FORMULA_H
#define COMPILER_LOWER_FORMULA_H

#include "compiler/expr/expr.h"
#include "compiler/ir/ir.h"

/* The scope's variables as values of one function, with what has been read of them so far: formulas that are lowered
 * with the same inputs share elements. */
typedef struct FormulaInputs {
    const IrId *variables; /* a list: real[size]; one value per instance: real[instances]; a condition: real */
    IrId *const *elements; /* for each list, its elements that have been read, plus 1; zeros at first */
    const char *const *element_names; /* of variable 0, for readers; NULL: "x_0", ... */
} FormulaInputs;

/* Appends the ops of `expr` (of expr_read with that formula and scope); the result is a real scalar: the sum over the
 * scope's instances where it has them. The ops carry their places in the formula, the first one `note`. */
IrId formula_lower(IrBuilder *builder, const Formula *formula, const Expr *expr, const ExprScope *scope,
                   const FormulaInputs *inputs, const char *note);

#endif
