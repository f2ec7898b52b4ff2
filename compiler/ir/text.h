/* SPDX-License-Identifier: MIT */
/* The IR's text form, which prints and parses: print(parse(print(m))) == print(m). The grammar is in text.c. */
#ifndef COMPILER_IR_TEXT_H
#define COMPILER_IR_TEXT_H

#include "compiler/ir/ir.h"

void ir_print(const IrModule *module, Text *out);
void ir_print_function(const IrFunction *function, Text *out);
/* NULL after errors in `diagnostics` (codes E07xx, with carets). The text is hostile until checked: limits apply. */
IrModule *ir_parse(Arena *arena, const Source *source, Diagnostics *diagnostics);

#endif
