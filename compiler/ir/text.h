/* SPDX-License-Identifier: MIT */
/* The IR's text form, which prints and parses: print(parse(print(m))) == print(m). The grammar is in text.c. */
#ifndef COMPILER_IR_TEXT_H
#define COMPILER_IR_TEXT_H

#include "compiler/ir/ir.h"

void ir_print(const IrModule *module, Text *out);
void ir_print_function(const IrFunction *function, Text *out);
void ir_print_type(const IrType *type, Text *out); /* "sample real[64, 2]"; a scalar is "shared real" */

/* What parsed text may hold, beside the limits of the IR itself. */
enum { IR_PARSE_OPS_MAX = 1000000, IR_PARSE_FUNCTIONS_MAX = 10000, IR_PARSE_CONSTANTS_MAX = 1 << 24 };
/* NULL after errors in `diagnostics` (codes E07xx, with carets). The text is hostile until checked: limits apply. */
IrModule *ir_parse(Arena *arena, const Source *source, Diagnostics *diagnostics);

extern const char *const IR_KIND_TEXT[6];    /* by IrKind */
extern const char *const IR_ELEMENT_TEXT[3]; /* by IrElement */

#endif
