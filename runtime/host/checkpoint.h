/* SPDX-License-Identifier: MIT-0 */
/* All that a training needs to go on as if it had never stopped: weights, the optimiser's moments and average, the
 * step. Random numbers need no state: they depend on seed and step alone. */
#ifndef RUNTIME_HOST_CHECKPOINT_H
#define RUNTIME_HOST_CHECKPOINT_H

#include "curriculum.h"
#include "model.h"
#include "optimiser.h"
#include "sha256.h"

#define checkpoint_write RUNTIME_NAME(checkpoint_write)
#define checkpoint_read  RUNTIME_NAME(checkpoint_read)

typedef enum TrainingEnd { NOT_ENDED, ENDED_BY_CONDITION, ENDED_BY_VALIDATION } TrainingEnd;

typedef struct Checkpoint {
    uint64_t seed;
    uint64_t step, steps; /* steps done, of how many */
    double loss_sum;      /* of the steps since the last line of the metrics */
    uint64_t loss_count;
    double mean_loss;                    /* of the last line of the metrics; NaN: none yet */
    double last_ess;                     /* NaN: none yet */
    double validation, validation_error; /* the last mean of log q over the rows held out; NaN: none yet */
    CurriculumPlace place;               /* in the curriculum */
    /* of early stopping: the best validation, NaN where there is none yet, the step at which it was found, and the
     * evaluations since */
    double best_validation;
    uint64_t best_step, since_best;
    /* of weights kept by the mean of log q + U / kT: the lowest, and its standard error; NaN where there is none yet */
    double best_free_energy, best_free_energy_error;
    float *best;                        /* the weights of best_step; memory of the caller's; NULL: none are kept */
    uint64_t ended;                     /* why the training ended before its last step: a TrainingEnd */
    double seconds;                     /* of training so far */
    char data_sha256[SHA256_TEXT_SIZE]; /* of the rows that are learned from; "": there are none */
    float *state; /* what the loss must remember (fab's replay buffer); memory of the caller's; NULL: nothing */
    size_t state_count;
} Checkpoint;

/* The file is a safetensors file with flat tensors, the spec's and the package's hashes, and a hash of its numbers. The
 * weights are only read. */
bool checkpoint_write(const char *path, const Model *model, const Checkpoint *checkpoint, float *weights,
                      const Optimiser *optimiser, Failure *failure);

/* Fills in all of it but data_sha256, with which the file's must agree, and the places and sizes of the best weights
 * and the state. Fails (65) where it does not, where the file is damaged, or was made for another spec or package. */
bool checkpoint_read(const char *path, const Model *model, Checkpoint *checkpoint, float *weights, Optimiser *optimiser,
                     Failure *failure);

#endif
