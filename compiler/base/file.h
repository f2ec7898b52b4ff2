/* SPDX-License-Identifier: MIT */
/* Files that a user names: read whole and checked, written under a temporary name first. */
#ifndef COMPILER_BASE_FILE_H
#define COMPILER_BASE_FILE_H

#include "compiler/base/diagnostics.h"

#include <stdbool.h>
#include <stdint.h>

enum { FILE_SIZE_MAX = 1 << 20 };

/* A regular file of at most `most` bytes as a source; NULL after an error (E0014: it can't be read; E0004: too large).
 * The text ends in a 0 that `length` does not count. */
const Source *file_read(Arena *arena, const char *path, size_t most, Diagnostics *diagnostics);

/* Writes `path` in one go: to a temporary name beside it, then renamed. 0, or errno. */
int file_write(Arena *arena, const char *path, const char *bytes, size_t length);

#endif
