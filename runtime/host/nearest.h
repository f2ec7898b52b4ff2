/* SPDX-License-Identifier: MIT-0 */
/* "did you mean": the nearest of some words. */
#ifndef RUNTIME_HOST_NEAREST_H
#define RUNTIME_HOST_NEAREST_H

#include "../prefix.h"

#include <stddef.h>

#define nearest_word RUNTIME_NAME(nearest_word)

/* The word with the smallest distance to `word`, the first of several; NULL where none is within max(1, length / 3).
 * The distance counts letters added, left out, changed, and neighbours exchanged (optimal string alignment). */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
