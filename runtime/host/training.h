/* SPDX-License-Identifier: MIT-0 */
/* A training under way: what its parts share. train.c sets it up and takes the steps, training_judge.c finds out how good
 * the weights are, which of them to keep and whether to end, training_tell.c writes what a user sees of it. */
#ifndef RUNTIME_HOST_TRAINING_H
#define RUNTIME_HOST_TRAINING_H

#include "dataset.h"
#include "fab.h"
#include "optimiser.h"
#include "progress.h"
#include "run.h"

#define training_kT             RUNTIME_NAME(training_kT)
#define training_set_conditions RUNTIME_NAME(training_set_conditions)
#define training_batches        RUNTIME_NAME(training_batches)
#define training_evaluate       RUNTIME_NAME(training_evaluate)
#define training_judge          RUNTIME_NAME(training_judge)
#define training_has_best       RUNTIME_NAME(training_has_best)
#define training_show_progress  RUNTIME_NAME(training_show_progress)
#define training_tell_energy    RUNTIME_NAME(training_tell_energy)
#define training_tell_result    RUNTIME_NAME(training_tell_result)

typedef struct Training {
    const Model *model;
    int threads;
    bool quiet;
    Run run;
    Checkpoint at;
    uint64_t stop_at, metrics_every; /* stop_at: steps done when this call ends */
    float *weights, *gradient;
    float *part; /* of the gradient: one batch's, where several make a step */
    float *best; /* the weights that were found best, by validation or by free energy; NULL: none are looked for */
    Optimiser optimiser;
    double *scalars; /* and the conditions behind them */
    float *scalars_single;
    int kT;         /* the temperature's place among them, or -1 */
    double *middle; /* of the conditions: for rows held out whose columns don't hold them */
    void *workspace;
    size_t evaluation_count; /* 0: the model can't be evaluated */
    float *x, *log_q, *energy;
    double *log_w;
    bool has_data, feeds_data; /* rows of data are read; steps learn from them */
    Dataset data;
    Minibatches minibatches;
    float *batch, *held_out_log_q;
    bool uses_fab; /* steps learn from annealed walkers */
    Fab fab;
    double rate, gradient_norm; /* of the last step */
    double started;             /* clock, less the seconds of earlier runs */
    char weights_sha256[SHA256_TEXT_SIZE];
    Progress progress;
} Training;

/* At the end so many samples measure the ess; on the way a quarter of them, so that they cost little beside the steps
 * between. */
enum { EVALUATION_SAMPLES = 4096, EVALUATION_LEAST = 256, EVALUATION_REALS = 1 << 22, EVALUATION_CONDITIONS = 4 };

/* The temperature of the last step. */
double training_kT(const Training *training);

/* Sets the conditions of calls to number `which` of `count` that spread over all, and brings all scalars to the calls. */
void training_set_conditions(Training *training, int which, int count);

/* Batches in a step. */
uint64_t training_batches(const Model *model);

/* Where the weights that would be used now stand: the mean of log q over the rows held out, and the ess of samples at the
 * step's temperature. Where the model has conditions, the mean of the ess at EVALUATION_CONDITIONS that spread over them. */
void training_evaluate(Training *training, bool is_last);

/* After an evaluation, whose metrics these are: which weights are best, whether the training ends, or its next stage
 * begins. */
void training_judge(Training *training, const Metrics *metrics);

/* Whether the weights to be used are those found best rather than the last. */
bool training_has_best(const Training *training);

/* Before the first step: a warning where the energy falls without end (unbounded.h) outward from the model's samples. */
void training_tell_energy(Training *training);

/* The line of progress. */
void training_show_progress(Training *training);

/* What a finished call says: how it ended, with which weights, and what may come next. */
void training_tell_result(const Training *training, const char *program);

#endif
