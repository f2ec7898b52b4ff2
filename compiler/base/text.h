/* SPDX-License-Identifier: MIT */
/* A growing piece of text in an arena: everything that the compiler writes (C, IR, JSON, messages) is gathered in one
 * of these and written to its file in one go. Numbers never depend on the locale. */
#ifndef COMPILER_BASE_TEXT_H
#define COMPILER_BASE_TEXT_H

#include "compiler/base/arena.h"

typedef struct Text {
    Arena *arena;
    char *bytes; /* always ends in a 0 that `length` does not count */
    size_t length, room;
} Text;

Text text_start(Arena *arena);
void text_add(Text *text, const char *bytes, size_t length);
void text_put(Text *text, const char *string);
/* printf without floating-point conversions (they would follow the locale); use text_number for those. */
void text_print(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The shortest decimal text, with '.', that reads back as the same double: "0.1", "1e-05", "inf", "nan". */
void text_number(Text *text, double value);
/* The double that decimal text denotes, whatever the locale; *end is the first character not used. */
double text_read_number(const char *text, char **end);

#endif
