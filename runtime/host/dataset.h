/* SPDX-License-Identifier: MIT-0 */
/* Rows to learn from, and rows held out to judge the learning by; minibatches of the former. */
#ifndef RUNTIME_HOST_DATASET_H
#define RUNTIME_HOST_DATASET_H

#include "columns.h"
#include "failure.h"
#include "model.h"
#include "sha256.h"

#define dataset_read    RUNTIME_NAME(dataset_read)
#define dataset_moments RUNTIME_NAME(dataset_moments)
#define dataset_release RUNTIME_NAME(dataset_release)
#define shuffle_make    RUNTIME_NAME(shuffle_make)
#define minibatch_start RUNTIME_NAME(minibatch_start)
#define minibatch_end   RUNTIME_NAME(minibatch_end)
#define minibatch_take  RUNTIME_NAME(minibatch_take)

/* All rows are [width] floats, all finite. */
typedef struct Dataset {
    size_t width, count, held_out_count;
    float *rows, *held_out; /* held_out: NULL where nothing is held out */
    const Model *model;
    float *conditions, *held_out_conditions; /* [condition_count] of each row; NULL: no column holds any */
    RowPlaces places, held_out_places;       /* of the files that they come from */
    size_t *order; /* of a file that was split: rows of it that are held out, then the others; NULL: none was */
    char train_sha256[SHA256_TEXT_SIZE], validation_sha256[SHA256_TEXT_SIZE]; /* of the files; "": there is none */
} Dataset;

/* Reads the file `train` (NULL: the model's own, model->data.train) and what is held out: the file `validation` (NULL:
 * the model's), or else the model's fraction of the training data. That part is chosen by a shuffle with seed 0, so that
 * it is the same for every training and evaluation. Conditions are those of the columns; of the condition_count `values`
 * those that no column holds, and those with is_given (NULL: none). Failures: 64 where the model names no file, 65, 66. */
bool dataset_read(const Model *model, const char *train, const char *validation, const double *values,
                  const bool *is_given, Dataset *dataset, Failure *failure);
void dataset_release(Dataset *dataset);

/* The mean of each column over the rows that are learned from, and its deviation (of the rows, not an estimate of a
 * population's), as the layers see it (columns.h). One that does not vary is refused (65), with its name. */
bool dataset_moments(const Dataset *dataset, const Model *model, float *mean, float *scale, Failure *failure);

/* A random order of 0 .. count - 1: Fisher and Yates's shuffle, exchanging place i with a place up to it that is the
 * high part of i + 1 times the draw of (seed, epoch, i) with purpose shuffle. */
void shuffle_make(uint64_t seed, uint32_t epoch, size_t count, size_t *order);

/* The rows in an endless order: epoch after epoch, each a shuffle of its own in which every row comes once. A batch may
 * reach into the next epoch, or be longer than an epoch. Which rows a batch has depends on seed, number of the batch,
 * its length and the number of rows alone, so nothing of this needs to be kept to go on later. */
typedef struct Minibatches {
    const Dataset *dataset;
    uint64_t seed, epoch;
    size_t *order; /* of that epoch; the epoch UINT64_MAX is none */
} Minibatches;

bool minibatch_start(Minibatches *minibatches, const Dataset *dataset, uint64_t seed, Failure *failure);
void minibatch_end(Minibatches *minibatches);
/* The rows of batch `number`, of `length` rows as all batches are; behind each its conditions that columns hold. */
void minibatch_take(Minibatches *minibatches, uint64_t number, size_t length, float *rows);

#endif
