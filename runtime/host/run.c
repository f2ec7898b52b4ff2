/* SPDX-License-Identifier: MIT-0 */
/* The files of a run. */
#include "run.h"
#include "files.h"
#include "session.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RUN_FORMAT "ansatz run 1"

/* ---- the folder -------------------------------------------------------------------------------------------------- */

/* Whether the folder's run.json is one of ours; `step` and `steps` are what it says. */
static bool holds_run(const Run *run, uint64_t *step, uint64_t *steps)
{
    Failure ignored;
    FileBytes file;
    Json json;
    bool ours = false;
    *step = *steps = 0;
    if (!file_read(run->record, &file, &ignored))
        return false;
    if (json_read(file.bytes, file.length, run->record, &json, &ignored)) {
        const JsonNode *format = json_member(json.root, "format");
        ours = format != NULL && format->kind == JSON_STRING && strcmp(format->text, RUN_FORMAT) == 0;
        if (!json_to_count(json_member(json.root, "step"), step) ||
            !json_to_count(json_member(json.root, "steps"), steps))
            *step = *steps = 0;
        json_release(&json);
    }
    file_release(&file);
    return ours;
}

static const char *const run_files[] = {"weights.safetensors", "checkpoint", "metrics.jsonl", "run.json"};

/* The folder is there afterwards, and is this process's. */
static bool take_folder(Run *run, Failure *failure)
{
    if (!file_exists(run->folder) && !file_make_folder(run->folder, failure))
        return false;
    if (!file_is_folder(run->folder))
        return failure_set(failure, FAILURE_CANNOT_CREATE, "%s is not a folder", run->folder);
    if (!file_lock_folder(run->folder, &run->lock, failure))
        return false;
    for (size_t i = 0; i < sizeof run_files / sizeof *run_files && run->lock >= 0; i++)
        file_remove_leavings(run->folder, run_files[i]);
    return true;
}

static bool check_folder(const Run *run, bool resume, bool overwrite, Failure *failure)
{
    uint64_t step, steps;
    if (file_folder_is_empty(run->folder))
        return true;
    const bool ours = holds_run(run, &step, &steps);
    if (ours && resume)
        return true;
    if (overwrite)
        return file_remove(run->checkpoint, failure) && file_remove(run->weights, failure) &&
               file_remove(run->metrics, failure) && file_remove(run->record, failure);
    if (ours)
        return failure_set(failure, FAILURE_CANNOT_CREATE,
                           "%s holds a run already (%llu of %llu steps): --resume goes on with it, --force starts anew",
                           run->folder, (unsigned long long)step, (unsigned long long)steps);
    return failure_set(failure, FAILURE_CANNOT_CREATE,
                       "%s is not empty and holds no run of this program; name another folder, or give --force",
                       run->folder);
}

bool run_open(Run *run, const char *folder, bool resume, bool overwrite, Failure *failure)
{
    *run = (Run){.lock = -1};
    json_start(&run->line, false);
    run->folder = file_path(NULL, folder, failure);
    run->weights = file_path(folder, run_files[0], failure);
    run->checkpoint = file_path(folder, run_files[1], failure);
    run->metrics = file_path(folder, run_files[2], failure);
    run->record = file_path(folder, run_files[3], failure);
    if (run->folder != NULL && run->weights != NULL && run->checkpoint != NULL && run->metrics != NULL &&
        run->record != NULL && take_folder(run, failure) && check_folder(run, resume, overwrite, failure))
        return true;
    run_close(run);
    return false;
}

void run_close(Run *run)
{
    if (run->metrics_stream != NULL)
        fclose(run->metrics_stream);
    file_unlock(run->lock);
    json_free(&run->line);
    free(run->folder);
    free(run->weights);
    free(run->checkpoint);
    free(run->metrics);
    free(run->record);
    *run = (Run){.lock = -1};
}

/* ---- metrics ----------------------------------------------------------------------------------------------------- */

/* How many of the bytes are whole lines of steps up to `step`. */
static size_t length_until(const Run *run, const FileBytes *file, uint64_t step)
{
    size_t kept = 0;
    Failure ignored;
    while (kept < file->length) {
        const char *line = file->bytes + kept, *end = memchr(line, '\n', file->length - kept);
        uint64_t line_step;
        Json json;
        if (end == NULL || !json_read(line, (size_t)(end - line), run->metrics, &json, &ignored))
            break;
        const bool keep = json_to_count(json_member(json.root, "step"), &line_step) && line_step <= step;
        json_release(&json);
        if (!keep)
            break;
        kept = (size_t)(end - file->bytes) + 1;
    }
    return kept;
}

bool run_open_metrics(Run *run, uint64_t step, Failure *failure)
{
    FileBytes file;
    if (step > 0 && file_exists(run->metrics)) {
        if (!file_read(run->metrics, &file, failure))
            return false;
        bool good = file_write_whole(run->metrics, file.bytes, length_until(run, &file, step), failure);
        file_release(&file);
        if (!good)
            return false;
    }
    run->metrics_stream = fopen(run->metrics, step > 0 ? "ab" : "wb");
    return run->metrics_stream != NULL || failure_system(failure, FAILURE_CANNOT_CREATE, "create", run->metrics, errno);
}

bool run_write_metrics(Run *run, const Metrics *metrics, Failure *failure)
{
    JsonWriter *line = &run->line;
    json_restart(line);
    json_open_object(line, NULL);
    json_put_count(line, "step", metrics->step);
    json_put_real(line, "loss", metrics->loss);
    json_put_real(line, "ess", metrics->ess);
    json_put_real(line, "validation", metrics->validation.value);
    json_put_real(line, "validation_error", metrics->validation.error);
    json_put_real(line, "kT", metrics->kT);
    json_put_real(line, "rate", metrics->rate);
    json_put_real(line, "gradient_norm", metrics->gradient_norm);
    json_put_real(line, "seconds", metrics->seconds);
    json_close_object(line);
    if (!json_finish(line, failure))
        return false;
    if (fwrite(line->text, 1, line->length, run->metrics_stream) != line->length ||
        fputc('\n', run->metrics_stream) == EOF)
        return failure_system(failure, FAILURE_IO, "write", run->metrics, errno);
    return true;
}

bool run_flush_metrics(Run *run, Failure *failure)
{
    return fflush(run->metrics_stream) == 0 || failure_system(failure, FAILURE_IO, "write", run->metrics, errno);
}

/* ---- run.json ---------------------------------------------------------------------------------------------------- */

static void put_data(JsonWriter *writer, const Dataset *data)
{
    json_open_object(writer, "data");
    json_put_count(writer, "rows", data->count);
    json_put_string(writer, "train_sha256", data->train_sha256);
    json_put_count(writer, "held_out", data->held_out_count);
    if (*data->validation_sha256)
        json_put_string(writer, "validation_sha256", data->validation_sha256);
    json_close_object(writer);
}

/* Which weights are kept, and why. */
static void put_best(JsonWriter *writer, const Checkpoint *at)
{
    if (!isnan(at->best_validation)) {
        json_put_real(writer, "best_validation", at->best_validation);
    } else {
        json_put_real(writer, "best_free_energy", at->best_free_energy);
        json_put_real(writer, "best_free_energy_error", at->best_free_energy_error);
    }
    json_put_count(writer, "best_step", at->best_step);
}

static void put_record(JsonWriter *writer, const Model *model, const RunRecord *record)
{
    json_open_object(writer, NULL);
    json_put_string(writer, "format", RUN_FORMAT);
    json_put_string(writer, "status", record->status);
    session_put_package(writer, model);
    json_put_count(writer, "seed", record->at.seed);
    json_put_count(writer, "step", record->at.step);
    json_put_count(writer, "steps", record->at.steps);
    json_put_count(writer, "batch", (uint64_t)model->training.batch);
    json_put_count(writer, "threads", (uint64_t)record->threads);
    json_put_real(writer, "loss", record->at.mean_loss);
    json_put_real(writer, "ess", record->at.last_ess);
    json_put_real(writer, "validation", record->at.validation);
    json_put_real(writer, "validation_error", record->at.validation_error);
    json_put_real(writer, "seconds", record->at.seconds);
    if (model->training.stage_count > 0)
        json_put_count(writer, "stage", record->at.place.stage);
    if (record->has_best)
        put_best(writer, &record->at);
    if (record->at.ended != NOT_ENDED)
        json_put_string(writer, "ended_by", record->at.ended == ENDED_BY_CONDITION ? "stop_when" : "early_stopping");
    if (record->data != NULL)
        put_data(writer, record->data);
    if (*record->weights_sha256)
        json_put_string(writer, "weights_sha256", record->weights_sha256);
    json_close_object(writer);
}

bool run_write_record(const Run *run, const Model *model, const RunRecord *record, JsonWriter *text, Failure *failure)
{
    JsonWriter own;
    JsonWriter *writer = text != NULL ? text : &own;
    json_start(writer, true);
    put_record(writer, model, record);
    FileWriter file;
    bool good = json_finish(writer, failure) && file_start(&file, run->record, failure) &&
                file_write(&file, writer->text, writer->length, failure) && file_write(&file, "\n", 1, failure) &&
                file_finish(&file, NULL, failure);
    if (text == NULL)
        json_free(&own);
    return good;
}

/* "" where there is no such string. */
static void copy_hash(const JsonNode *node, const char *name, char hash[SHA256_TEXT_SIZE])
{
    const JsonNode *member = json_member(node, name);
    const bool is_hash = member != NULL && member->kind == JSON_STRING && strlen(member->text) == SHA256_TEXT_SIZE - 1;
    strcpy(hash, is_hash ? member->text : "");
}

bool run_data_sha256(const char *weights, const char *weights_sha256, char hash[SHA256_TEXT_SIZE])
{
    Failure ignored;
    FileBytes file = {0};
    Json json;
    char of_weights[SHA256_TEXT_SIZE] = "";
    char *path = weights_path(weights, &ignored), *slash = path != NULL ? strrchr(path, '/') : NULL;
    hash[0] = '\0';
    if (slash != NULL)
        *slash = '\0';
    char *record = path != NULL ? file_path(slash != NULL ? path : NULL, "run.json", &ignored) : NULL;
    if (record != NULL && file_exists(record) && file_read(record, &file, &ignored) &&
        json_read(file.bytes, file.length, record, &json, &ignored)) {
        copy_hash(json.root, "weights_sha256", of_weights);
        copy_hash(json_member(json.root, "data"), "train_sha256", hash);
        json_release(&json);
    }
    file_release(&file);
    free(record);
    free(path);
    return *hash != '\0' && strcmp(of_weights, weights_sha256) == 0;
}
