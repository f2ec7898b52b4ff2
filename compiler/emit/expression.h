/* SPDX-License-Identifier: MIT */
/* C expressions of elementwise ops, nested as far as they stay readable. Booleans are masks in lanes and ints
 * otherwise; int32 values are whole reals (exact below 2^24). */
#ifndef COMPILER_EMIT_EXPRESSION_H
#define COMPILER_EMIT_EXPRESSION_H

#include "compiler/emit/writer.h"

Term term_primary(const char *text, bool scalar);
/* The text as a function's argument; in lanes a scalar is spread. */
const char *term_argument(Arena *arena, Term term, bool sample);

/* The expression of an op over its operands' terms, in lanes (`sample`) or for one number. */
Term write_expression(Writer *writer, const IrOp *op, const Term *operands, bool sample);

#endif
