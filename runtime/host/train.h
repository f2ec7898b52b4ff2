/* SPDX-License-Identifier: MIT-0 */
/* The verb train: steps of the optimiser until the spec's number of them is done, with metrics, checkpoints and weights
 * in the RUN folder. Seed, spec and package determine every bit of the result, whatever the threads are and however
 * often the training was stopped and resumed. */
#ifndef RUNTIME_HOST_TRAIN_H
#define RUNTIME_HOST_TRAIN_H

#include "arguments.h"
#include "model.h"

#define train_run RUNTIME_NAME(train_run)

/* Fails with 2 when the training diverged (the last good checkpoint stays) and with 130 when it was asked to stop
 * (after a checkpoint). `program` is what the user calls the program. */
bool train_run(const Model *model, const Arguments *arguments, const char *program, Failure *failure);

#endif
