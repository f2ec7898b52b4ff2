/* SPDX-License-Identifier: MIT-0 */
/* Columns of tables. */
#include "columns.h"
#include "draws.h"
#include "number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static ModelKind kind_of(const Model *model, size_t component)
{
    return model->kinds == NULL ? MODEL_REAL : model->kinds[component];
}

const char *columns_place(const RowPlaces *places, size_t row, const char *name, char text[PLACE_TEXT_SIZE])
{
    const bool is_table = places->first_line > 0;
    char quoted[FAILURE_QUOTE_SIZE];
    snprintf(text, PLACE_TEXT_SIZE, "%s:%s%zu%s%s", places->path, is_table ? "" : " row ", row + places->first_line,
             name == NULL ? ""
             : is_table   ? ": column "
                          : ": component ",
             name == NULL ? "" : failure_quote(quoted, name, strlen(name)));
    return text;
}

/* What is wrong with a value; NULL: nothing. */
static const char *problem_of(ModelKind kind, float value)
{
    if (!isfinite(value))
        return "no finite float";
    if (kind == MODEL_POSITIVE && !(value >= 0x1p-126f))
        return "and the component is positive (in floats at least 1.2e-38)";
    if (kind == MODEL_INTEGER && floorf(value) != value)
        return "and the component is an integer";
    if (kind == MODEL_INTEGER && fabsf(value) > COLUMNS_INTEGER_MOST)
        return "and integers go to 1048576 on either side: use larger units, or kind: real";
    return NULL;
}

bool columns_check(const RowPlaces *places, const Model *model, const float *rows, size_t count, Failure *failure)
{
    const size_t dimension = (size_t)model->dimension;
    char number[NUMBER_TEXT_SIZE], place[PLACE_TEXT_SIZE];
    for (size_t i = 0; i < count * dimension; i++) {
        const char *problem = problem_of(kind_of(model, i % dimension), rows[i]);
        if (problem != NULL)
            return failure_set(failure, FAILURE_DATA, "%s: %s, %s",
                               columns_place(places, i / dimension, places->names[i % dimension], place),
                               number_write((double)rows[i], number), problem);
    }
    return true;
}

bool columns_have_integer(const Model *model)
{
    for (size_t i = 0; i < (size_t)model->dimension; i++)
        if (kind_of(model, i) == MODEL_INTEGER)
            return true;
    return false;
}

void columns_dequantise(const Model *model, uint32_t draw, float *rows, size_t count)
{
    const size_t dimension = (size_t)model->dimension;
    for (size_t i = 0; i < dimension; i++)
        for (size_t row = 0; kind_of(model, i) == MODEL_INTEGER && row < count; row++)
            rows[row * dimension + i] += draw_dequantise(row, draw, (uint32_t)i);
}

void columns_round_down(const Model *model, float *rows, size_t count)
{
    const size_t dimension = (size_t)model->dimension;
    for (size_t i = 0; i < dimension; i++)
        for (size_t row = 0; kind_of(model, i) == MODEL_INTEGER && row < count; row++)
            rows[row * dimension + i] = floorf(rows[row * dimension + i]);
}

void columns_moments(const Model *model, size_t component, const float *rows, size_t count, double *mean,
                     double *variance)
{
    const size_t dimension = (size_t)model->dimension;
    const ModelKind kind = kind_of(model, component);
    double sum = 0, squares = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t row = 0; row < count; row++) {
            const double x = (double)rows[row * dimension + component], y = kind == MODEL_POSITIVE ? log(x) : x;
            const double apart = y - sum / (double)count;
            sum += pass == 0 ? y : 0;
            squares += pass == 0 ? 0 : apart * apart;
        }
    *mean = sum / (double)count + (kind == MODEL_INTEGER ? 0.5 : 0);
    *variance = squares / (double)count + (kind == MODEL_INTEGER ? 1 / 12.0 : 0);
}
