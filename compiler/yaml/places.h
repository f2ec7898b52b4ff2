/* SPDX-License-Identifier: MIT */
/* From libyaml's marks, which count characters, to bytes, lines and columns; and the check that every byte of a source
 * may stand in a spec. Inside the yaml stage only. */
#ifndef COMPILER_YAML_PLACES_H
#define COMPILER_YAML_PLACES_H

#include "compiler/base/diagnostics.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Places {
    const Source *source;
    size_t first;         /* byte of character 0 */
    size_t count;         /* characters */
    const uint32_t *byte; /* [count + 1]; NULL: every character is one byte */
    size_t line_count;
    const uint32_t *line_start; /* [line_count], in characters, the first 0 */
    int first_line, first_column;
} Places;

/* Checks the source from byte `begin` on (a byte order mark is skipped) and builds the tables. False after an error:
 * E0002 not UTF-8, E0003 a character that may not stand in a spec, E0004 too long. */
bool places_start(Places *places, Arena *arena, const Source *source, size_t begin, Diagnostics *diagnostics);

size_t places_byte(const Places *places, size_t character);

/* Characters begin..end. */
Span places_span(const Places *places, size_t begin, size_t end);

#endif
