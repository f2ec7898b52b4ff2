/* SPDX-License-Identifier: MIT-0 */
/* The folder of a training run: weights.safetensors, checkpoint, metrics.jsonl (an object for each line), run.json. */
#ifndef RUNTIME_HOST_RUN_H
#define RUNTIME_HOST_RUN_H

#include "checkpoint.h"
#include "importance.h"
#include "dataset.h"
#include "json.h"
#include "weights.h"

#include <stdio.h>

#define run_open          RUNTIME_NAME(run_open)
#define run_close         RUNTIME_NAME(run_close)
#define run_open_metrics  RUNTIME_NAME(run_open_metrics)
#define run_write_metrics RUNTIME_NAME(run_write_metrics)
#define run_flush_metrics RUNTIME_NAME(run_flush_metrics)
#define run_write_record  RUNTIME_NAME(run_write_record)
#define run_data_sha256   RUNTIME_NAME(run_data_sha256)

typedef struct Run {
    char *folder, *weights, *checkpoint, *metrics, *record; /* paths */
    int lock;                                               /* on the folder, or -1 */
    FILE *metrics_stream;
    JsonWriter line;
} Run;

/* Makes the folder, or takes one that is empty or holds a run, for this process alone (73 where another one trains
 * there), and clears away half-written files of a run that was killed. A run that is there already is kept with `resume`,
 * removed with `overwrite`, and otherwise refused (73); so is a folder with anything else in it, unless `overwrite`. */
bool run_open(Run *run, const char *folder, bool resume, bool overwrite, Failure *failure);
void run_close(Run *run);

/* Opens the metrics, of which lines after `step` are dropped: a training that was cut has written more of them than its
 * last checkpoint knows. */
bool run_open_metrics(Run *run, uint64_t step, Failure *failure);

/* One line of the metrics. NaN stands for what was not measured: null. */
typedef struct Metrics {
    uint64_t step; /* steps done */
    double loss;   /* the mean since the line before */
    double ess, kT, rate, gradient_norm, seconds;
    Estimate validation; /* the mean of log q over the rows held out */
} Metrics;

bool run_write_metrics(Run *run, const Metrics *metrics, Failure *failure);
bool run_flush_metrics(Run *run, Failure *failure);

/* What run.json says. */
typedef struct RunRecord {
    const char *status; /* "running", "stopped", "finished", "interrupted", "diverged" */
    Checkpoint at;
    int threads;
    bool has_best;              /* the weights are those of best_step */
    const char *weights_sha256; /* "": no weights written yet */
    const Dataset *data;        /* NULL: none is used */
} RunRecord;

/* The hash of the file that weights learned from, by the run.json beside them ("-w" as on the command line); false where
 * there is none, or where it is of other weights. */
bool run_data_sha256(const char *weights, const char *weights_sha256, char hash[SHA256_TEXT_SIZE]);

/* Writes run.json, whose text goes to `text` too, unless it is NULL. */
bool run_write_record(const Run *run, const Model *model, const RunRecord *record, JsonWriter *text, Failure *failure);

#endif
