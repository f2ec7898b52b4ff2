/* SPDX-License-Identifier: MIT-0 */
/* UTF-8, as RFC 3629 has it. */
#ifndef RUNTIME_HOST_UTF8_H
#define RUNTIME_HOST_UTF8_H

#include "../prefix.h"

#include <stddef.h>
#include <stdint.h>

#define utf8_length RUNTIME_NAME(utf8_length)
#define utf8_write  RUNTIME_NAME(utf8_write)

/* How many bytes the character at text[0] has, 1 to 4; 0 where no valid character starts there (an overlong form, a
 * surrogate, a number above U+10FFFF, a cut or stray byte). */
size_t utf8_length(const char *text, size_t length);

/* Writes a character of at most U+10FFFF in 1 to 4 bytes; returns how many. */
size_t utf8_write(uint32_t character, char *to);

#endif
