/* SPDX-License-Identifier: MIT-0 */
/* Configurations from files. */
#include "configurations.h"
#include "columns.h"
#include "conditions.h"

#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), end_length = strlen(end);
    return length > end_length && strcmp(text + length - end_length, end) == 0;
}

/* Whether the axes after the first hold one configuration each. */
static bool fits_dimension(const NpyView *view, uint64_t dimension)
{
    uint64_t product = 1;
    for (int i = 1; i < view->rank; i++)
        product = view->shape[i] > dimension ? dimension + 1 : product * view->shape[i];
    return view->rank >= (dimension == 1 ? 1 : 2) && product == dimension;
}

static bool read_npy(const FileBytes *file, const char *path, const Model *model, float **x, size_t *count,
                     Failure *failure)
{
    NpyView view;
    if (!npy_parse(file->bytes, file->length, path, &view, failure))
        return false;
    if (!fits_dimension(&view, (uint64_t)model->dimension))
        return failure_set(failure, FAILURE_DATA,
                           "%s: an array with %d axes, the last of %llu; the model %s needs [n, %lld]", path, view.rank,
                           view.rank == 0 ? 0ULL : (unsigned long long)view.shape[view.rank - 1], model->name,
                           (long long)model->dimension);
    *count = (size_t)view.shape[0];
    *x = memory_claim(view.count, sizeof **x, path, failure);
    if (*x != NULL)
        npy_to_float(&view, *x);
    return *x != NULL;
}

static bool read_csv(const FileBytes *file, const Model *model, RowPlaces *places, float **x, size_t *count,
                     Failure *failure)
{
    const size_t dimension = (size_t)model->dimension;
    const char *path = places->path, *const *names = places->names;
    CsvTable table;
    if (!conditions_read_csv(file, path, model, &table, failure))
        return false;
    char columns[CSV_NAMES_SIZE];
    bool good = true;
    places->first_line = table.first_line;
    *count = table.rows;
    *x = table.rows > SIZE_MAX / dimension ? NULL : memory_claim(table.rows * dimension, sizeof **x, path, failure);
    for (size_t i = 0; i < dimension && *x != NULL && good; i++) {
        const ptrdiff_t column = csv_column(&table, names[i]);
        if (column < 0)
            good = failure_set(failure, FAILURE_DATA, "%s: no column '%s', a component of the model %s; it has %s",
                               path, names[i], model->name, csv_names(&table, columns));
        for (size_t row = 0; row < table.rows && good; row++)
            (*x)[row * dimension + i] = (float)table.values[row * table.columns + (size_t)column];
    }
    good = good && *x != NULL;
    csv_release(&table);
    return good;
}

bool configurations_read_columns(const char *path, const Model *model, const char *const *names, float **x,
                                 size_t *count, RowPlaces *places, char hash[SHA256_TEXT_SIZE], Failure *failure)
{
    FileBytes file;
    RowPlaces found = {.path = path, .names = model->component_names};
    const bool is_npy = ends_with(path, ".npy"), is_csv = ends_with(path, ".csv");
    *x = NULL;
    if (!is_npy && !is_csv)
        return failure_set(failure, FAILURE_USAGE, "%s: configurations are read from .npy and .csv files", path);
    if (!file_read(path, &file, failure))
        return false;
    if (is_csv && names != NULL)
        found.names = names;
    bool good =
        is_npy ? read_npy(&file, path, model, x, count, failure) : read_csv(&file, model, &found, x, count, failure);
    if (good && hash != NULL)
        sha256_text(file.bytes, file.length, hash);
    file_release(&file);
    good = good && columns_check(&found, model, *x, *count, failure);
    if (places != NULL)
        *places = found;
    if (!good) {
        free(*x);
        *x = NULL;
    }
    return good;
}

bool configurations_read(const char *path, const Model *model, float **x, size_t *count, RowPlaces *places,
                         Failure *failure)
{
    return configurations_read_columns(path, model, NULL, x, count, places, NULL, failure);
}
