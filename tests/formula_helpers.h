/* SPDX-License-Identifier: MIT */
/* For tests of formulas: a system of five components with parameters in which they are read, and their values there. */
#ifndef TESTS_FORMULA_HELPERS_H
#define TESTS_FORMULA_HELPERS_H

#include "compiler/expr/expr.h"
#include "compiler/lower/formula.h"
#include "tests/ir_helpers.h"

enum { DIMENSION = 5, SAMPLES = 7 };

/* The parameters k, n and half, the lists width and short_list, the tables m and near. */
extern const double K, WIDTHS[5], SHORT_LIST[3], MEANS[3][2];
extern const char *const NAMES[5]; /* of the components */

/* What stands before a formula in its line. */
#define PREFIX "    value: \""

typedef struct FormulaReading {
    Formula formula;
    const ExprScope *scope;
    const Expr *expr;
    Diagnostics diagnostics;
} FormulaReading;

FormulaReading *formula_test_read(Arena *arena, TermScope over, const char *text);
/* Its errors and warnings. */
const char *formula_test_printed(const FormulaReading *reading);

/* f(x: sample real[5]) -> the formula's value */
IrFunction *formula_test_lower(Arena *arena, TermScope over, const char *text);

/* [SAMPLES][DIMENSION] */
const double *formula_test_points(Arena *arena);
/* The formula at the test's points; `outputs` per sample or not. */
const double *formula_test_values(Arena *arena, const IrFunction *function);

/* `expression` is C, of x[0], x[1], ... */
#define EXPECT_OVER(over, text, expression)                                                                            \
    do {                                                                                                               \
        double expected[SAMPLES];                                                                                      \
        for (int s = 0; s < SAMPLES; s++) {                                                                            \
            const double *x = formula_test_points(*state) + s * DIMENSION;                                             \
            (void)x;                                                                                                   \
            expected[s] = (expression);                                                                                \
        }                                                                                                              \
        ir_test_expect(formula_test_values(*state, formula_test_lower(*state, over, text)), expected, SAMPLES, 1e-13,  \
                       text);                                                                                          \
    } while (0)
#define EXPECT(text, expression) EXPECT_OVER(SCOPE_NONE, text, expression)

#endif
