/* SPDX-License-Identifier: MIT */
/* The little that the compiler needs to know of UTF-8: how long a sequence is, and what must not reach a terminal. */
#ifndef COMPILER_BASE_UTF8_H
#define COMPILER_BASE_UTF8_H

#include "compiler/base/text.h"

#include <stdint.h>

/* The bytes (1 to 4) of the well-formed code point at the beginning of `text`, of which `left` bytes remain; 0 where
 * none is: a stray byte, an overlong form, a surrogate, or beyond U+10FFFF (Unicode 15, table 3-7). */
size_t utf8_length(const char *text, size_t left, uint32_t *code_point);

/* How many code points (ill-formed bytes count one each) `length` bytes hold. */
size_t utf8_count(const char *text, size_t length);

/* Adds `length` bytes with control characters and ill-formed bytes as '?'; tabs stay. */
void utf8_add_printable(Text *out, const char *text, size_t length);

/* Adds a JSON string with its quotes; ill-formed bytes become U+FFFD. */
void utf8_add_json(Text *out, const char *text, size_t length);

#endif
