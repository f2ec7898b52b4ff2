/* SPDX-License-Identifier: MIT-0 */
/* Checkpoints as safetensors files. */
#include "checkpoint.h"
#include "bytes.h"
#include "files.h"
#include "number.h"
#include "safetensors.h"
#include "sha256.h"

#include <math.h>
#include <stdio.h>

#define CHECKPOINT_FORMAT "ansatz checkpoint 1"

enum { ARRAYS_MOST = 6 };

/* The arrays of a checkpoint, in the order of their names. */
typedef struct Arrays {
    int count;
    const char *names[ARRAYS_MOST];
    float *values[ARRAYS_MOST];
    size_t counts[ARRAYS_MOST];
} Arrays;

static void add_array(Arrays *arrays, const char *name, float *values, size_t count)
{
    arrays->names[arrays->count] = name;
    arrays->values[arrays->count] = values;
    arrays->counts[arrays->count++] = count;
}

static Arrays arrays_of(const Checkpoint *checkpoint, const Model *model, float *weights, const Optimiser *optimiser)
{
    const size_t count = model->weight_count;
    Arrays arrays = {0};
    if (optimiser->average != NULL)
        add_array(&arrays, "average", optimiser->average, count);
    if (checkpoint->best != NULL)
        add_array(&arrays, "best", checkpoint->best, count);
    add_array(&arrays, "first_moment", optimiser->first_moment, count);
    add_array(&arrays, "second_moment", optimiser->second_moment, count);
    if (checkpoint->state != NULL)
        add_array(&arrays, "state", checkpoint->state, checkpoint->state_count);
    add_array(&arrays, "weights", weights, count);
    return arrays;
}

/* The SHA-256 of all the arrays' floats, little-endian, one array after another. */
static void hash_arrays(const Arrays *arrays, char text[SHA256_TEXT_SIZE])
{
    uint8_t digest[SHA256_BYTES], part[4096];
    Sha256 hash;
    sha256_start(&hash);
    for (int a = 0; a < arrays->count; a++)
        for (size_t first = 0; first < arrays->counts[a]; first += sizeof part / 4) {
            const size_t count = arrays->counts[a];
            size_t here = count - first < sizeof part / 4 ? count - first : sizeof part / 4;
            for (size_t i = 0; i < here; i++)
                bytes_from_bits(part + 4 * i, 4, bits_of_float(arrays->values[a][first + i]));
            sha256_add(&hash, part, 4 * here);
        }
    sha256_end(&hash, digest);
    sha256_hexadecimal(digest, text);
}

/* The numbers of a checkpoint by name: whole ones as they are, reals by their shortest text. */
typedef struct Field {
    const char *name;
    uint64_t *whole;
    double *real; /* the one that is not NULL */
} Field;

enum { FIELDS = 18 };

static void list_fields(Checkpoint *checkpoint, Field fields[FIELDS])
{
    const Field list[] = {
        {"seed", &checkpoint->seed, NULL},
        {"step", &checkpoint->step, NULL},
        {"steps", &checkpoint->steps, NULL},
        {"loss_count", &checkpoint->loss_count, NULL},
        {"loss_sum", NULL, &checkpoint->loss_sum},
        {"mean_loss", NULL, &checkpoint->mean_loss},
        {"last_ess", NULL, &checkpoint->last_ess},
        {"seconds", NULL, &checkpoint->seconds},
        {"stage", &checkpoint->place.stage, NULL},
        {"stage_start", &checkpoint->place.start, NULL},
        {"best_validation", NULL, &checkpoint->best_validation},
        {"best_free_energy", NULL, &checkpoint->best_free_energy},
        {"best_free_energy_error", NULL, &checkpoint->best_free_energy_error},
        {"best_step", &checkpoint->best_step, NULL},
        {"since_best", &checkpoint->since_best, NULL},
        {"ended", &checkpoint->ended, NULL},
        {"validation", NULL, &checkpoint->validation},
        {"validation_error", NULL, &checkpoint->validation_error},
    };
    _Static_assert(sizeof list / sizeof *list == FIELDS, "all fields are listed");
    memcpy(fields, list, sizeof list);
}

bool checkpoint_write(const char *path, const Model *model, const Checkpoint *checkpoint, float *weights,
                      const Optimiser *optimiser, Failure *failure)
{
    const Arrays arrays = arrays_of(checkpoint, model, weights, optimiser);
    int64_t shapes[ARRAYS_MOST][1];
    SafetensorsFloat tensors[ARRAYS_MOST];
    SafetensorsPair pairs[FIELDS + 8];
    char text[FIELDS][NUMBER_TEXT_SIZE], hash[SHA256_TEXT_SIZE];
    Checkpoint copy = *checkpoint;
    Field fields[FIELDS];
    int count = 0;
    list_fields(&copy, fields);
    for (int i = 0; i < FIELDS; i++) {
        if (fields[i].whole != NULL)
            snprintf(text[i], sizeof text[i], "%llu", (unsigned long long)*fields[i].whole);
        else
            number_write(*fields[i].real, text[i]);
        pairs[count++] = (SafetensorsPair){fields[i].name, text[i]};
    }
    for (int a = 0; a < arrays.count; a++) {
        shapes[a][0] = (int64_t)arrays.counts[a];
        tensors[a] = (SafetensorsFloat){arrays.names[a], 1, shapes[a], arrays.counts[a], arrays.values[a]};
    }
    hash_arrays(&arrays, hash);
    pairs[count++] = (SafetensorsPair){"format", CHECKPOINT_FORMAT};
    pairs[count++] = (SafetensorsPair){"name", model->name};
    pairs[count++] = (SafetensorsPair){"spec_sha256", model->spec_sha256};
    pairs[count++] = (SafetensorsPair){"package_sha256", model->package_sha256};
    pairs[count++] = (SafetensorsPair){"tool_version", model->version};
    pairs[count++] = (SafetensorsPair){"data_sha256", checkpoint->data_sha256};
    pairs[count++] = (SafetensorsPair){"numbers_sha256", hash};
    if (model->blas != NULL)
        pairs[count++] = (SafetensorsPair){"blas", model->blas};
    return safetensors_write(path, arrays.count, tensors, count, pairs, NULL, failure);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool expect_text(const Safetensors *file, const char *name, const char *expected, const char *otherwise,
                        Failure *failure)
{
    const char *text = safetensors_metadata(file, name);
    if (text != NULL && strcmp(text, expected) == 0)
        return true;
    return failure_set(failure, FAILURE_DATA, "%s: %s", file->path, otherwise);
}

/* The run of another model is none to train anew in. */
static bool expect_model(const Safetensors *file, const Model *model, Failure *failure)
{
    char quoted[FAILURE_QUOTE_SIZE];
    const char *name = safetensors_metadata(file, "name");
    if (name != NULL && strcmp(name, model->name) != 0)
        return failure_set(failure, FAILURE_DATA, "%s: of the model %s, and this program trains %s: give another -o",
                           file->path, failure_quote(quoted, name, strlen(name)), model->name);
    return expect_text(file, "spec_sha256", model->spec_sha256,
                       "made with another version of the spec; train anew (--force), or use that version", failure);
}

static bool read_fields(const Safetensors *file, Checkpoint *checkpoint, Failure *failure)
{
    Field fields[FIELDS];
    list_fields(checkpoint, fields);
    for (int i = 0; i < FIELDS; i++) {
        const char *text = safetensors_metadata(file, fields[i].name);
        bool good = text != NULL;
        if (good && fields[i].whole != NULL)
            good = number_read_count(text, strlen(text), fields[i].whole);
        else if (good && strcmp(text, "nan") == 0)
            *fields[i].real = (double)NAN;
        else if (good)
            good = number_read(text, strlen(text), fields[i].real);
        if (!good)
            return failure_set(failure, FAILURE_DATA, "%s: no number '%s' among its metadata; is it a checkpoint?",
                               file->path, fields[i].name);
    }
    if (checkpoint->step > checkpoint->steps)
        return failure_set(failure, FAILURE_DATA, "%s: more steps done than it has", file->path);
    return checkpoint->place.start <= checkpoint->step ||
           failure_set(failure, FAILURE_DATA, "%s: its stage begins after its step", file->path);
}

static bool read_arrays(const Safetensors *file, const Arrays *arrays, Failure *failure)
{
    char hash[SHA256_TEXT_SIZE];
    for (int a = 0; a < arrays->count; a++) {
        const SafetensorsTensor *tensor = safetensors_find(file, arrays->names[a]);
        if (tensor == NULL || tensor->count != arrays->counts[a] || strcmp(tensor->type, "F32") != 0)
            return failure_set(failure, FAILURE_DATA, "%s: no tensor '%s' of %zu floats", file->path, arrays->names[a],
                               arrays->counts[a]);
        if (!safetensors_to_float(file, tensor, arrays->values[a], failure))
            return false;
    }
    hash_arrays(arrays, hash);
    return expect_text(file, "numbers_sha256", hash, "its numbers do not match their hash: the file is damaged",
                       failure);
}

bool checkpoint_read(const char *path, const Model *model, Checkpoint *checkpoint, float *weights, Optimiser *optimiser,
                     Failure *failure)
{
    FileBytes bytes;
    Safetensors file;
    const Arrays arrays = arrays_of(checkpoint, model, weights, optimiser);
    if (!file_read(path, &bytes, failure))
        return false;
    bool good = safetensors_parse(bytes.bytes, bytes.length, path, &file, failure);
    if (good) {
        good = expect_text(&file, "format", CHECKPOINT_FORMAT, "not a checkpoint of this program", failure) &&
               expect_model(&file, model, failure) &&
               expect_text(&file, "package_sha256", model->package_sha256,
                           "made by another package of this spec (another compiler version?); train anew (--force)",
                           failure) &&
               expect_text(&file, "data_sha256", checkpoint->data_sha256,
                           "the run learned from other data; give it those, or train anew (--force)", failure) &&
               read_fields(&file, checkpoint, failure) && read_arrays(&file, &arrays, failure);
        if (good)
            optimiser->updates = checkpoint->step;
        safetensors_release(&file);
    }
    file_release(&bytes);
    return good;
}
