/* SPDX-License-Identifier: MIT-0 */
/* Columns of tables. */
#include "columns.h"
#include "draws.h"
#include "number.h"

#include <math.h>

static ModelKind kind_of(const Model *model, size_t component)
{
    return model->kinds == NULL ? MODEL_REAL : model->kinds[component];
}

bool columns_check(const char *path, const Model *model, const float *rows, size_t count, Failure *failure)
{
    const size_t dimension = (size_t)model->dimension;
    char text[NUMBER_TEXT_SIZE];
    for (size_t i = 0; model->kinds != NULL && i < count * dimension; i++) {
        const ModelKind kind = model->kinds[i % dimension];
        const char *problem = NULL;
        if (kind == MODEL_POSITIVE && !(rows[i] >= 0x1p-126f))
            problem = "and the component is positive (in floats at least 1.2e-38)";
        else if (kind == MODEL_INTEGER && floorf(rows[i]) != rows[i])
            problem = "and the component is an integer";
        else if (kind == MODEL_INTEGER && fabsf(rows[i]) > COLUMNS_INTEGER_MOST)
            problem = "and integers go to 1048576 on either side: use larger units, or kind: real";
        if (problem != NULL)
            return failure_set(failure, FAILURE_DATA, "%s: row %zu: component '%s' is %s, %s", path, i / dimension,
                               model->component_names[i % dimension], number_write((double)rows[i], text), problem);
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
