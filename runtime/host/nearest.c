/* SPDX-License-Identifier: MIT-0 */
/* The distance between words, by rows of the table of prefixes. */
#include "nearest.h"

#include <string.h>

enum { LENGTH_MAX = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Of words of at most LENGTH_MAX letters. */
static size_t distance(const char *a, const char *b)
{
    const size_t length_a = strlen(a), length_b = strlen(b);
    size_t rows[3][LENGTH_MAX + 1], *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= length_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return row[length_b];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    const size_t length = strlen(word);
    size_t best = (length / 3 > 1 ? length / 3 : 1) + 1;
    const char *nearest = NULL;
    if (length > LENGTH_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t here = strlen(words[i]) > LENGTH_MAX ? best : distance(word, words[i]);
        if (here < best) {
            best = here;
            nearest = words[i];
        }
    }
    return nearest;
}
