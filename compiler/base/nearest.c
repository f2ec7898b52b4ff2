/* SPDX-License-Identifier: MIT */
/* The nearest of some names to a misspelt word. */
#include "compiler/base/diagnostics.h"

#include <string.h>

enum { WORD_MAX = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau-Levenshtein distance in its optimal string alignment form: insertions, deletions, replacements, and swaps of
 * neighbours, each counted once (Damerau 1964). Three rows of the table are alive at a time. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above_that = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], above_that[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *diagnostics_nearest(const char *word, const char *const *names, size_t count)
{
    size_t length = strlen(word);
    size_t best_distance = length / 3 > 1 ? length / 3 : 1;
    const char *best = NULL;
    if (length == 0 || length > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t name_length = strlen(names[i]);
        if (name_length > WORD_MAX)
            continue;
        size_t d = distance(word, length, names[i], name_length);
        /* as many changes as letters make any word of any other */
        if (d < least(length, name_length) && (d < best_distance || (d == best_distance && best == NULL))) {
            best_distance = d;
            best = names[i];
        }
    }
    return best;
}
