/* SPDX-License-Identifier: MIT-0 */
/* Samples to files: several at once, which get their names only when all are complete. */
#include "configurations.h"
#include "columns.h"
#include "number.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_X, PATH_LOG_Q, PATH_LOG_W, PATH_JSON };

/* The path with its ending replaced, in new memory, or NULL. */
static char *with_ending(const char *path, const char *ending, Failure *failure)
{
    const size_t stem = strlen(path) - 4, room = stem + strlen(ending) + 1;
    char *text = memory_claim(room, 1, path, failure);
    if (text != NULL)
        snprintf(text, room, "%.*s%s", (int)stem, path, ending);
    return text;
}

static bool name_files(SamplesWriter *writer, const char *path, Failure *failure)
{
    static const char *const endings[] = {NULL, ".log_q.npy", ".log_w.npy", ".json"};
    const size_t length = strlen(path);
    const char *ending = length > 4 ? path + length - 4 : "";
    writer->is_csv = strcmp(ending, ".csv") == 0;
    if (!writer->is_csv && strcmp(ending, ".npy") != 0)
        return failure_set(failure, FAILURE_USAGE, "%s: samples are written to .npy or .csv files", path);
    for (int i = 0; i < 4; i++) {
        writer->paths[i] = with_ending(path, endings[i] == NULL ? ending : endings[i], failure);
        if (writer->paths[i] == NULL)
            return false;
    }
    return true;
}

/* Whether a table of samples has a condition: those that columns of data hold, so that the samples can be data again. (A
 * name that a component has already would make the table unreadable.) */
static bool is_in_table(const Model *model, const ModelInput *condition)
{
    const char *column = condition->column;
    bool is_free = column != NULL && strcmp(column, "log_q") != 0 && strcmp(column, "log_w") != 0;
    for (int64_t i = 0; i < model->dimension && is_free; i++)
        is_free = strcmp(column, model->component_names[i]) != 0;
    return is_free;
}

static bool start_table(SamplesWriter *writer, Failure *failure)
{
    const Model *model = writer->session->model;
    const size_t dimension = (size_t)model->dimension;
    const size_t most = dimension + (size_t)model->condition_count + 2;
    const char **names = memory_claim(most, sizeof *names, writer->paths[PATH_X], failure);
    if (names == NULL)
        return false;
    memcpy(names, model->component_names, dimension * sizeof *names);
    size_t count = dimension;
    for (int i = 0; i < model->condition_count; i++)
        if (is_in_table(model, &model->conditions[i]))
            names[count++] = model->conditions[i].column;
    names[count++] = "log_q";
    if (writer->has_log_w)
        names[count++] = "log_w";
    bool good = csv_start(&writer->table, writer->paths[PATH_X], count, names, failure);
    free(names);
    return good;
}

static bool start_arrays(SamplesWriter *writer, Failure *failure)
{
    const uint64_t shape[2] = {writer->count, (uint64_t)writer->session->model->dimension};
    return npy_start(&writer->arrays[0], writer->paths[PATH_X], 4, 2, shape, failure) &&
           npy_start(&writer->arrays[1], writer->paths[PATH_LOG_Q], 4, 1, shape, failure) &&
           (!writer->has_log_w || npy_start(&writer->arrays[2], writer->paths[PATH_LOG_W], 8, 1, shape, failure));
}

/* How many bytes a sample takes of the disk; *room is what is free there, or UINT64_MAX. A table's number is at least a digit
 * and what stands behind it. */
static uint64_t bytes_of_sample(const SamplesWriter *writer, uint64_t *room)
{
    const uint64_t dimension = (uint64_t)writer->session->model->dimension, has_log_w = writer->has_log_w;
    const uint64_t bytes[3] = {writer->is_csv ? 2 * (dimension + 1 + has_log_w) : 4 * dimension, writer->is_csv ? 0 : 4,
                               writer->is_csv ? 0 : 8 * has_log_w};
    uint64_t sum = 0;
    *room = UINT64_MAX;
    for (int i = 0; i < 3; i++)
        if (bytes[i] > 0 && file_find_room(writer->paths[i], room))
            sum += bytes[i];
    return sum;
}

/* Before anything is written: a disk that is full after hours tells too late. */
static bool check_room(const SamplesWriter *writer, Failure *failure)
{
    char needed[NUMBER_TEXT_SIZE], free_text[NUMBER_TEXT_SIZE];
    uint64_t room;
    const uint64_t bytes = bytes_of_sample(writer, &room),
                   row = sizeof(float) * (uint64_t)writer->session->model->dimension;
    const bool fits = bytes == 0 || writer->count <= room / bytes;
    if (fits && (writer->is_csv || writer->count <= INT64_MAX / row))
        return true;
    if (fits)
        return failure_set(failure, FAILURE_USAGE, "%s: %llu samples are more than an array can have",
                           writer->paths[PATH_X], (unsigned long long)writer->count);
    return failure_set(
        failure, FAILURE_CANNOT_CREATE,
        "cannot create %s: %llu samples take %s%s GB, and %s GB of the disk are free: draw fewer (-n), or "
        "write them elsewhere (-o)",
        writer->paths[PATH_X], (unsigned long long)writer->count, writer->is_csv ? "at least " : "",
        number_write_short((double)writer->count * (double)bytes / 1e9, 3, needed),
        number_write_short((double)room / 1e9, 3, free_text));
}

bool samples_start(SamplesWriter *writer, const Session *session, const char *path, uint64_t first, uint64_t count,
                   const Chain *chain, Failure *failure)
{
    *writer = (SamplesWriter){.session = session,
                              .chain = chain,
                              .has_log_w = chain == NULL && session->model->single_precision->energy != NULL,
                              .first = first,
                              .count = count};
    if (name_files(writer, path, failure) && check_room(writer, failure) &&
        (writer->is_csv ? start_table(writer, failure) : start_arrays(writer, failure)))
        return true;
    samples_abandon(writer);
    return false;
}

static bool write_conditions(SamplesWriter *writer, Failure *failure)
{
    const Model *model = writer->session->model;
    const double *values = writer->session->scalars + model->scalar_count;
    bool good = true;
    for (int i = 0; i < model->condition_count && good; i++) {
        const ModelInput *condition = &model->conditions[i];
        if (is_in_table(model, condition))
            good = condition->choice_count > 0
                       ? csv_put_word(&writer->table, condition->choices[(int)values[i]], failure)
                       : csv_put(&writer->table, values[i], failure);
    }
    return good;
}

static bool write_rows(SamplesWriter *writer, size_t count, const float *x, const float *log_q, const double *log_w,
                       Failure *failure)
{
    const size_t dimension = (size_t)writer->session->model->dimension;
    bool good = true;
    for (size_t row = 0; row < count && good; row++) {
        for (size_t i = 0; i < dimension && good; i++)
            good = csv_put(&writer->table, (double)x[row * dimension + i], failure);
        good = good && write_conditions(writer, failure) && csv_put(&writer->table, (double)log_q[row], failure);
        if (good && writer->has_log_w)
            good = csv_put(&writer->table, log_w[row], failure);
    }
    return good;
}

bool samples_write(SamplesWriter *writer, size_t count, const float *x, const float *log_q, const double *log_w,
                   Failure *failure)
{
    const size_t dimension = (size_t)writer->session->model->dimension;
    if (writer->is_csv ? write_rows(writer, count, x, log_q, log_w, failure)
                       : npy_write(&writer->arrays[0], x, count * dimension, failure) &&
                             npy_write(&writer->arrays[1], log_q, count, failure) &&
                             (!writer->has_log_w || npy_write(&writer->arrays[2], log_w, count, failure)))
        return true;
    samples_abandon(writer);
    return false;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static void put_file(JsonWriter *text, const char *what, const char *path, const char *hash)
{
    json_open_object(text, what);
    json_put_string(text, "file", file_name(path));
    json_put_string(text, "sha256", hash);
    json_close_object(text);
}

static void put_chain(const SamplesWriter *writer, JsonWriter *text)
{
    const Chain *chain = writer->chain;
    json_open_object(text, "chain");
    json_put_string(text, "kind", "independence Metropolis");
    json_put_count(text, "warm_up", chain_warm_up(writer->count));
    json_put_real(text, "acceptance", (double)chain->accepted / (double)chain->proposed);
    json_put_real(text, "correlation_time", writer->energy.time);
    json_put_real(text, "independent_samples", (double)writer->count / writer->energy.time);
    json_open_object(text, "mean_energy");
    json_put_real(text, "value", writer->energy.mean.value);
    json_put_real(text, "error", writer->energy.mean.error);
    json_close_object(text);
    json_close_object(text);
}

/* Integer components are written rounded down; their log q is that of the numbers before. */
static void put_rounded(const Model *model, JsonWriter *text)
{
    if (!columns_have_integer(model))
        return;
    json_open_array(text, "rounded_down");
    for (int64_t i = 0; i < model->dimension; i++)
        if (model->kinds[i] == MODEL_INTEGER)
            json_put_string(text, NULL, model->component_names[i]);
    json_close_array(text);
    json_put_string(text, "log_q_is", "the log-density of the sample before it was rounded down");
}

/* What made the samples, and the hashes of the files that hold them. */
static void put_description(const SamplesWriter *writer, char hashes[3][SHA256_TEXT_SIZE], JsonWriter *text)
{
    const Model *model = writer->session->model;
    json_start(text, true);
    json_open_object(text, NULL);
    json_put_string(text, "format", "ansatz samples 1");
    session_put_origin(text, writer->session);
    session_put_temperature(text, writer->session);
    json_put_string(text, "purpose", "sample");
    json_put_count(text, "first", writer->first);
    json_put_count(text, "count", writer->count);
    if (writer->chain != NULL)
        put_chain(writer, text);
    json_open_array(text, "components");
    for (int64_t i = 0; i < model->dimension; i++)
        json_put_string(text, NULL, model->component_names[i]);
    json_close_array(text);
    put_rounded(model, text);
    json_open_object(text, "files");
    put_file(text, writer->is_csv ? "table" : "x", writer->paths[PATH_X], hashes[0]);
    if (!writer->is_csv)
        put_file(text, "log_q", writer->paths[PATH_LOG_Q], hashes[1]);
    if (!writer->is_csv && writer->has_log_w)
        put_file(text, "log_w", writer->paths[PATH_LOG_W], hashes[2]);
    json_close_object(text);
    json_close_object(text);
}

bool samples_finish(SamplesWriter *writer, JsonWriter *text, Failure *failure)
{
    char hashes[3][SHA256_TEXT_SIZE];
    FileWriter file = {0};
    *text = (JsonWriter){0};
    bool good = writer->is_csv ? csv_finish(&writer->table, hashes[0], failure)
                               : npy_finish(&writer->arrays[0], hashes[0], failure) &&
                                     npy_finish(&writer->arrays[1], hashes[1], failure) &&
                                     (!writer->has_log_w || npy_finish(&writer->arrays[2], hashes[2], failure));
    if (good) {
        put_description(writer, hashes, text);
        good = json_finish(text, failure) && file_start(&file, writer->paths[PATH_JSON], failure) &&
               file_write(&file, text->text, text->length, failure) && file_write(&file, "\n", 1, failure) &&
               file_finish(&file, NULL, failure);
    }
    samples_abandon(writer);
    if (!good)
        json_free(text);
    return good;
}

void samples_abandon(SamplesWriter *writer)
{
    for (int i = 0; i < 3; i++)
        npy_abandon(&writer->arrays[i]);
    csv_abandon(&writer->table);
    for (int i = 0; i < 4; i++) {
        free(writer->paths[i]);
        writer->paths[i] = NULL;
    }
}
