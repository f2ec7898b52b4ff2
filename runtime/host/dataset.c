/* SPDX-License-Identifier: MIT-0 */
/* Data sets from files, their split, and their order. */
#include "dataset.h"
#include "columns.h"
#include "conditions.h"
#include "configurations.h"
#include "draws.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- order ------------------------------------------------------------------------------------------------------- */

/* The high 64 bits of a product. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
    const uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
    const uint64_t middle = a_high * b_low + (a_low * b_low >> 32), cross = a_low * b_high + (uint32_t)middle;
    return a_high * b_high + (middle >> 32) + (cross >> 32);
}

void shuffle_make(uint64_t seed, uint32_t epoch, size_t count, size_t *order)
{
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count; i-- > 1;) {
        const size_t other = (size_t)multiply_high(draw_shuffle(seed, epoch, i), (uint64_t)i + 1), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}

bool minibatch_start(Minibatches *minibatches, const Dataset *dataset, uint64_t seed, Failure *failure)
{
    *minibatches = (Minibatches){.dataset = dataset, .seed = seed, .epoch = UINT64_MAX};
    minibatches->order = memory_claim(dataset->count, sizeof *minibatches->order, "the order of the data", failure);
    return minibatches->order != NULL;
}

void minibatch_end(Minibatches *minibatches)
{
    free(minibatches->order);
    *minibatches = (Minibatches){0};
}

void minibatch_take(Minibatches *minibatches, uint64_t number, size_t length, float *rows)
{
    const Dataset *dataset = minibatches->dataset;
    const size_t width = dataset->width;
    const uint64_t first = number * length; /* below 2^32 times 2^20 */
    for (size_t i = 0; i < length; i++) {
        const uint64_t epoch = (first + i) / dataset->count;
        if (epoch != minibatches->epoch)
            shuffle_make(minibatches->seed, (uint32_t)epoch, dataset->count, minibatches->order);
        minibatches->epoch = epoch;
        const size_t row = minibatches->order[(first + i) % dataset->count];
        memcpy(rows, dataset->rows + row * width, width * sizeof *rows);
        rows += width;
        if (dataset->conditions != NULL)
            rows += conditions_pick(dataset->model, dataset->conditions + row * (size_t)dataset->model->condition_count,
                                    rows);
    }
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

/* Rows of `width` numbers in this order: the first `held` of them, and the others, each in an array of its own. */
static bool split_rows(float **rows, size_t width, size_t all, size_t held, const size_t *order, float **held_out,
                       const char *path, Failure *failure)
{
    bool good = true;
    float *kept = memory_claim_next((all - held) * width, sizeof *kept, path, &good, failure);
    *held_out = memory_claim_next(held * width, sizeof **held_out, path, &good, failure);
    for (size_t i = 0; i < all && good; i++)
        memcpy(i < held ? *held_out + i * width : kept + (i - held) * width, *rows + order[i] * width,
               width * sizeof *kept);
    if (good) {
        free(*rows);
        *rows = kept;
    } else {
        free(kept);
    }
    return good;
}

/* Moves a fraction of the rows, at least one and not all, to the rows held out. */
static bool hold_out(Dataset *dataset, double fraction, const char *path, Failure *failure)
{
    const size_t width = dataset->width, all = dataset->count;
    size_t held = (size_t)(fraction * (double)all + 0.5);
    held = held < 1 ? 1 : held > all - 1 ? all - 1 : held;
    if (all < 2)
        return failure_set(failure, FAILURE_DATA, "%s: one row; a part held out for validation needs another", path);
    size_t *order = memory_claim(all, sizeof *order, path, failure);
    bool good = order != NULL;
    if (good)
        shuffle_make(0, 0, all, order);
    good = good && split_rows(&dataset->rows, width, all, held, order, &dataset->held_out, path, failure);
    if (good && dataset->conditions != NULL)
        good = split_rows(&dataset->conditions, (size_t)dataset->model->condition_count, all, held, order,
                          &dataset->held_out_conditions, path, failure);
    if (good) {
        dataset->count = all - held;
        dataset->held_out_count = held;
        dataset->held_out_places = dataset->places;
        dataset->order = order;
    } else {
        free(order);
    }
    return good;
}

static bool read_rows(const char *path, const Model *model, float **rows, size_t *count, RowPlaces *places, char *hash,
                      Failure *failure)
{
    return configurations_read_columns(path, model, model->data.columns, rows, count, places, hash, failure) &&
           (*count > 0 || failure_set(failure, FAILURE_DATA, "%s: no rows", path));
}

bool dataset_read(const Model *model, const char *train, const char *validation, const double *values,
                  const bool *is_given, Dataset *dataset, Failure *failure)
{
    *dataset = (Dataset){.width = (size_t)model->dimension, .model = model};
    const bool has_columns = conditions_has_columns(model, is_given);
    train = train != NULL ? train : model->data.train;
    validation = validation != NULL ? validation : model->data.validation;
    if (train == NULL)
        return failure_set(failure, FAILURE_USAGE, "the model %s names no data: give --data FILE", model->name);
    bool good =
        read_rows(train, model, &dataset->rows, &dataset->count, &dataset->places, dataset->train_sha256, failure);
    if (good && has_columns)
        good = conditions_read(train, model, values, is_given, &dataset->conditions, dataset->count, failure);
    if (good && validation != NULL)
        good = read_rows(validation, model, &dataset->held_out, &dataset->held_out_count, &dataset->held_out_places,
                         dataset->validation_sha256, failure) &&
               (!has_columns || conditions_read(validation, model, values, is_given, &dataset->held_out_conditions,
                                                dataset->held_out_count, failure));
    else if (good && model->data.validation_fraction > 0)
        good = hold_out(dataset, model->data.validation_fraction, train, failure);
    if (!good)
        dataset_release(dataset);
    return good;
}

bool dataset_moments(const Dataset *dataset, const Model *model, float *mean, float *scale, Failure *failure)
{
    for (size_t column = 0; column < dataset->width; column++) {
        double middle, variance;
        columns_moments(model, column, dataset->rows, dataset->count, &middle, &variance);
        mean[column] = (float)middle;
        scale[column] = (float)sqrt(variance);
        if (!(scale[column] > 0) || !isfinite(scale[column]))
            return failure_set(failure, FAILURE_DATA, "the data: component '%s' %s, and can't be standardised",
                               model->component_names[column],
                               scale[column] > 0 ? "spreads too far" : "is the same in every row");
    }
    return true;
}

void dataset_release(Dataset *dataset)
{
    free(dataset->rows);
    free(dataset->held_out);
    free(dataset->conditions);
    free(dataset->held_out_conditions);
    free(dataset->order);
    *dataset = (Dataset){0};
}
