/* SPDX-License-Identifier: MIT-0 */
/* Configurations in files: read whole, as rows of the model's dimension, from NPY or CSV; samples written in pieces. */
#ifndef RUNTIME_HOST_CONFIGURATIONS_H
#define RUNTIME_HOST_CONFIGURATIONS_H

#include "chain.h"
#include "columns.h"
#include "csv.h"
#include "model.h"
#include "npy.h"
#include "session.h"

#define configurations_read         RUNTIME_NAME(configurations_read)
#define configurations_read_columns RUNTIME_NAME(configurations_read_columns)
#define samples_start               RUNTIME_NAME(samples_start)
#define samples_write               RUNTIME_NAME(samples_write)
#define samples_finish              RUNTIME_NAME(samples_finish)
#define samples_abandon             RUNTIME_NAME(samples_abandon)

/* Reads x[count][dimension], to be freed. An NPY array is [n, dimension], with any axes after the first whose product
 * is the dimension; in a CSV the components are found by their names, other columns are left out. All numbers must be
 * finite. Failures: 64 for an ending other than .npy and .csv, 65, 66. */
bool configurations_read(const char *path, const Model *model, float **x, size_t *count,
                         RowPlaces *places /* NULL: not wanted */, Failure *failure);

/* The same, with these names for a CSV's columns (NULL: the components'), and the SHA-256 of the file's bytes. */
bool configurations_read_columns(const char *path, const Model *model, const char *const *names, float **x,
                                 size_t *count, RowPlaces *places, char hash[SHA256_TEXT_SIZE], Failure *failure);

/* Samples on their way to files. For x.npy: x.npy [n, dimension], x.log_q.npy [n] and, where the model has an energy,
 * x.log_w.npy [n]; for x.csv one table, with the conditions that columns of data hold. What made them goes to x.json. */
typedef struct SamplesWriter {
    const Session *session;
    const Chain *chain; /* NULL: rows of the stream; else the rows of this chain, without weights */
    ChainMean energy;   /* over the chain's rows */
    bool is_csv, has_log_w;
    uint64_t first, count; /* the rows of the stream */
    char *paths[4];        /* x, log_q, log_w, JSON; owned */
    NpyWriter arrays[3];
    CsvWriter table;
} SamplesWriter;

bool samples_start(SamplesWriter *writer, const Session *session, const char *path, uint64_t first, uint64_t count,
                   const Chain *chain, Failure *failure);
/* The next `count` samples. `log_w` is not read where the model has no energy. */
bool samples_write(SamplesWriter *writer, size_t count, const float *x, const float *log_q, const double *log_w,
                   Failure *failure);
/* Gives all files their names. The JSON's text is in `text`, to be freed with json_free. */
bool samples_finish(SamplesWriter *writer, JsonWriter *text, Failure *failure);
void samples_abandon(SamplesWriter *writer);

#endif
