/* SPDX-License-Identifier: MIT */
/* The rows that are learned from: where they lie, which columns they are. The files are the package's to read; here
 * their names are checked. */
#include "compiler/spec/build.h"

#include <string.h>
#include <unistd.h>

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length > end_length && strcmp(text + length - end_length, end) == 0;
}

/* The file's path as written, and in *path as seen from the current folder. A file that is not there yet is no error:
 * the program may be given another one. */
static const char *build_file(const Build *build, const Value *file, const char **path)
{
    if (file == NULL)
        return NULL;
    *path = file->text;
    if (!ends_with(file->text, ".npy") && !ends_with(file->text, ".csv"))
        diagnostics_error(build->diagnostics, file->span, "E0120", "data are read from .npy and .csv files");
    if (build->access == NULL)
        return file->text;
    *path = access_shown_path(build->access, file->node);
    if (access_may_name(build->access, file->node) && access(*path, F_OK) == 0)
        access_real_path(build->access, file->node, SIZE_MAX);
    return file->text;
}

static void build_columns(const Build *build, const Value *columns)
{
    ModelSpec *model = build->model;
    if (columns == NULL)
        return;
    const char **names = ARENA_ARRAY(build->arena, const char *, columns->count);
    for (size_t i = 0; i < columns->count; i++)
        names[i] = columns->items[i]->text;
    if (model->dimension != 0 && (int64_t)columns->count != model->dimension)
        diagnostics_error(build->diagnostics, columns->span, "E0301", "%lld components have %zu columns of data",
                          (long long)model->dimension, columns->count)
            ->help = "name one column for each component, in their order";
    model->data.columns = names;
}

void build_data(const Build *build, const Value *data)
{
    DataSpec *result = &build->model->data;
    const Value *validation = value_get(data, "validation");
    if (data == NULL)
        return;
    result->span = data->span;
    result->train = build_file(build, value_at(data, "train.file"), &result->train_path);
    result->validation = build_file(build, value_get(validation, "file"), &result->validation_path);
    result->validation_fraction = build_number(value_get(validation, "fraction"), 0);
    result->standardise = build_boolean(value_get(data, "standardise"), false);
    build_columns(build, value_get(data, "columns"));
    build_condition_columns(build, value_get(data, "condition_columns"));
    const char *const files[] = {result->train, result->validation};
    for (int i = 0; i < 2 && result->condition_columns != NULL; i++)
        if (files[i] != NULL && ends_with(files[i], ".npy"))
            diagnostics_error(build->diagnostics, value_get(data, "condition_columns")->span, "E0125",
                              "the columns of %s have no names: conditions are read from a CSV", files[i]);
}
