/* SPDX-License-Identifier: MIT-0 */
/* Weights from random numbers, to a file, and from one. */
#include "weights.h"
#include "../core/config.h"
#include "draws.h"
#include "files.h"
#include "number.h"
#include "safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEIGHTS_FORMAT "ansatz weights 1"

void weights_initialise(const Model *model, uint64_t seed, float *weights)
{
    for (int t = 0; t < model->tensor_count; t++) {
        const ModelTensor *tensor = &model->tensors[t];
        const float scale = (float)tensor->scale;
        float *values = weights + tensor->offset;
        for (size_t e = 0; e < tensor->count; e++)
            values[e] = tensor->init == MODEL_INIT_CONSTANT ? scale
                        : tensor->init == MODEL_INIT_UNIFORM
                            ? scale * (2 * draw_initial_uniform(seed, 0, (uint32_t)t, e) - 1)
                            : scale * draw_initial_normal(seed, 0, (uint32_t)t, e);
    }
}

bool weights_compute(const Model *model, uint64_t seed, const float *scalars, const float *data, float *weights,
                     void *workspace, int threads, Failure *failure)
{
    const ModelFunctions32 *functions = model->single_precision;
    bool good = true;
    if (functions->initialise == NULL)
        return true;
    float *values = memory_claim(model->weight_count, sizeof *values, "first values", failure);
    if (values == NULL)
        return false;
    functions->initialise(weights, scalars, data, seed, values, workspace, threads);
    for (int t = 0; t < model->tensor_count && good; t++) {
        const ModelTensor *tensor = &model->tensors[t];
        for (size_t i = tensor->offset; i < tensor->offset + tensor->count && tensor->initialised && good; i++) {
            weights[i] = values[i];
            if (!isfinite(values[i]))
                good =
                    failure_set(failure, FAILURE_NOT_FINITE,
                                "the first value of '%s', computed from the first batch, is not finite", tensor->name);
        }
    }
    free(values);
    return good;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* Text of one file's metadata: what has no text of its own elsewhere. */
typedef struct MetadataText {
    char seed[24], step[24];
    struct {
        char name[80], value[NUMBER_TEXT_SIZE];
    } scalars[];
} MetadataText;

static int fill_pairs(const Model *model, const WeightsFacts *facts, MetadataText *text, SafetensorsPair *pairs)
{
    int count = 0;
    snprintf(text->seed, sizeof text->seed, "%llu", (unsigned long long)facts->seed);
    snprintf(text->step, sizeof text->step, "%llu", (unsigned long long)facts->step);
    pairs[count++] = (SafetensorsPair){"format", WEIGHTS_FORMAT};
    pairs[count++] = (SafetensorsPair){"name", model->name};
    pairs[count++] = (SafetensorsPair){"spec", model->spec_name};
    pairs[count++] = (SafetensorsPair){"spec_sha256", model->spec_sha256};
    pairs[count++] = (SafetensorsPair){"package_sha256", model->package_sha256};
    pairs[count++] = (SafetensorsPair){"tool_version", model->version};
    pairs[count++] = (SafetensorsPair){"average", model->training.average > 0 ? "exponential" : "none"};
    pairs[count++] = (SafetensorsPair){"seed", text->seed};
    pairs[count++] = (SafetensorsPair){"step", text->step};
    if (model->blas != NULL)
        pairs[count++] = (SafetensorsPair){"blas", model->blas};
    for (int i = 0; i < model->scalar_count; i++) {
        snprintf(text->scalars[i].name, sizeof text->scalars[i].name, "scalar.%s", model->scalars[i].name);
        number_write(facts->scalars[i], text->scalars[i].value);
        pairs[count++] = (SafetensorsPair){text->scalars[i].name, text->scalars[i].value};
    }
    return count;
}

bool weights_write(const char *path, const Model *model, const float *weights, WeightsFacts *facts, Failure *failure)
{
    enum { PAIRS = 10 };
    const size_t scalars = (size_t)model->scalar_count, count = (size_t)model->tensor_count;
    MetadataText *text = memory_claim(1, sizeof *text + scalars * sizeof *text->scalars, path, failure);
    SafetensorsPair *pairs = memory_claim(PAIRS + scalars, sizeof *pairs, path, failure);
    SafetensorsFloat *tensors = memory_claim(count, sizeof *tensors, path, failure);
    bool good = text != NULL && pairs != NULL && tensors != NULL;
    if (good) {
        for (size_t t = 0; t < count; t++)
            tensors[t] = (SafetensorsFloat){model->tensors[t].name, model->tensors[t].rank, model->tensors[t].shape,
                                            model->tensors[t].count, weights + model->tensors[t].offset};
        int pair_count = fill_pairs(model, facts, text, pairs);
        good = safetensors_write(path, model->tensor_count, tensors, pair_count, pairs, facts->hash, failure);
    }
    free(text);
    free(pairs);
    free(tensors);
    return good;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool shapes_agree(const SafetensorsTensor *found, const ModelTensor *wanted)
{
    if (found->rank != wanted->rank)
        return false;
    for (int i = 0; i < found->rank; i++)
        if (found->shape[i] != (uint64_t)wanted->shape[i])
            return false;
    return true;
}

static bool read_tensors(const Safetensors *file, const Model *model, float *weights, Failure *failure)
{
    char quoted[FAILURE_QUOTE_SIZE];
    for (int t = 0; t < model->tensor_count; t++) {
        const ModelTensor *wanted = &model->tensors[t];
        const SafetensorsTensor *found = safetensors_find(file, wanted->name);
        if (found == NULL)
            return failure_set(failure, FAILURE_DATA, "%s: no tensor '%s', which the model %s has", file->path,
                               wanted->name, model->name);
        if (!shapes_agree(found, wanted))
            return failure_set(failure, FAILURE_DATA,
                               "%s: tensor '%s' has another shape than the model %s's (%zu elements, "
                               "not %zu)",
                               file->path, wanted->name, model->name, found->count, wanted->count);
        if (!safetensors_to_float(file, found, weights + wanted->offset, failure))
            return false;
    }
    for (size_t f = 0; f < file->count; f++) {
        int t = 0;
        while (t < model->tensor_count && strcmp(model->tensors[t].name, file->tensors[f].name) != 0)
            t++;
        if (t == model->tensor_count)
            return failure_set(failure, FAILURE_DATA, "%s: tensor %s is none of the model %s's", file->path,
                               failure_quote(quoted, file->tensors[f].name, strlen(file->tensors[f].name)),
                               model->name);
    }
    return true;
}

static bool check_finite(const char *path, const Model *model, const float *weights, Failure *failure)
{
    for (int t = 0; t < model->tensor_count; t++)
        for (size_t i = 0; i < model->tensors[t].count; i++)
            if (!isfinite(weights[model->tensors[t].offset + i]))
                return failure_set(failure, FAILURE_DATA, "%s: element %zu of tensor '%s' is not finite", path, i,
                                   model->tensors[t].name);
    return true;
}

static void copy_text(const Safetensors *file, const char *name, char *to, size_t room)
{
    const char *text = safetensors_metadata(file, name);
    snprintf(to, room, "%s", text == NULL ? "" : text);
}

static void read_facts(const Safetensors *file, const Model *model, WeightsFacts *facts)
{
    const char *seed = safetensors_metadata(file, "seed"), *step = safetensors_metadata(file, "step");
    copy_text(file, "spec_sha256", facts->spec_sha256, sizeof facts->spec_sha256);
    copy_text(file, "package_sha256", facts->package_sha256, sizeof facts->package_sha256);
    copy_text(file, "tool_version", facts->version, sizeof facts->version);
    if (seed == NULL || !number_read_count(seed, strlen(seed), &facts->seed))
        facts->seed = 0;
    if (step == NULL || !number_read_count(step, strlen(step), &facts->step))
        facts->step = 0;
    for (int i = 0; i < model->scalar_count; i++) {
        char name[80];
        snprintf(name, sizeof name, "scalar.%s", model->scalars[i].name);
        const char *text = safetensors_metadata(file, name);
        if (text == NULL || !number_read(text, strlen(text), &facts->scalars[i]))
            facts->scalars[i] = (double)NAN;
    }
}

bool weights_read(const char *path, const Model *model, float *weights, WeightsFacts *facts, Failure *failure)
{
    FileBytes bytes;
    Safetensors file;
    *facts = (WeightsFacts){0};
    if (!file_read(path, &bytes, failure))
        return false;
    facts->scalars = memory_claim((size_t)model->scalar_count, sizeof *facts->scalars, path, failure);
    bool good = facts->scalars != NULL && safetensors_parse(bytes.bytes, bytes.length, path, &file, failure);
    if (good) {
        good = read_tensors(&file, model, weights, failure) && check_finite(path, model, weights, failure);
        if (good) {
            read_facts(&file, model, facts);
            sha256_text(bytes.bytes, bytes.length, facts->hash);
        }
        safetensors_release(&file);
    }
    file_release(&bytes);
    if (!good)
        weights_facts_free(facts);
    return good;
}

void weights_facts_free(WeightsFacts *facts)
{
    free(facts->scalars);
    *facts = (WeightsFacts){0};
}

char *weights_path(const char *run_or_file, Failure *failure)
{
    return file_is_folder(run_or_file) ? file_path(run_or_file, "weights.safetensors", failure)
                                       : file_path(NULL, run_or_file, failure);
}
