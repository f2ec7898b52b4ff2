/* SPDX-License-Identifier: MIT */
/* The shape of a formula, before its names are known. */
#ifndef COMPILER_EXPR_PARSE_H
#define COMPILER_EXPR_PARSE_H

#include "compiler/expr/expr.h"

/* The tree of the whole text; NULL after an error. Names are EXPR_NAME, EXPR_ITEM and EXPR_CALL. */
Expr *expr_parse(Arena *arena, const Formula *formula, Diagnostics *diagnostics);

#endif
