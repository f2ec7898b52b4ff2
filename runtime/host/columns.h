/* SPDX-License-Identifier: MIT-0 */
/* What files hold of columns that are not real numbers, and what a model's functions see of them. */
#ifndef RUNTIME_HOST_COLUMNS_H
#define RUNTIME_HOST_COLUMNS_H

#include "failure.h"
#include "model.h"

#define columns_place        RUNTIME_NAME(columns_place)
#define columns_check        RUNTIME_NAME(columns_check)
#define columns_have_integer RUNTIME_NAME(columns_have_integer)
#define columns_dequantise   RUNTIME_NAME(columns_dequantise)
#define columns_round_down   RUNTIME_NAME(columns_round_down)
#define columns_moments      RUNTIME_NAME(columns_moments)

/* Beyond this a float has too few digits left for a fraction: integers are refused. */
enum { COLUMNS_INTEGER_MOST = 1 << 20 };

/* Where rows of data stand in their file, for messages: in lines of a CSV, in rows of an array. */
typedef struct RowPlaces {
    const char *path;
    size_t first_line;        /* of a CSV's first row, where the header's is 1; 0: an array, whose rows count from 0 */
    const char *const *names; /* of its columns, or of the model's components */
} RowPlaces;

enum { PLACE_TEXT_SIZE = 600 };
/* "t.csv:3: column 'v'" or "t.npy: row 1: component 'v'"; without what a NULL names. */
const char *columns_place(const RowPlaces *places, size_t row, const char *name, char text[PLACE_TEXT_SIZE]);

/* Whether rows[count][dimension] of a file are finite, and what the model's columns hold; else 65, with the place. */
bool columns_check(const RowPlaces *places, const Model *model, const float *rows, size_t count, Failure *failure);

bool columns_have_integer(const Model *model);

/* Adds a uniform draw from (0, 1) to each integer of rows[count][dimension]: the same ones each time. `draw` counts
 * copies of the same rows. The mean of log q over such rows is in the mean at most that of log P, the probability of the
 * integers under the model (Theis, van den Oord and Bethge 2016, section 3.1, eq. 4). */
void columns_dequantise(const Model *model, uint32_t draw, float *rows, size_t count);

/* Samples as files hold them: each integer component rounded down. */
void columns_round_down(const Model *model, float *rows, size_t count);

/* Mean and squared deviation of a component over rows[count][dimension], as the layers see it: of the logarithm where it
 * is positive, of k + u where it is an integer (u adds 1/2 and 1/12). */
void columns_moments(const Model *model, size_t component, const float *rows, size_t count, double *mean,
                     double *variance);

#endif
