/* SPDX-License-Identifier: MIT-0 */
/* Training by flow annealed importance sampling bootstrap (Midgley, Stimper, Simm, Schoelkopf, Hernandez-Lobato 2023):
 * walkers anneal from the model towards p^2 / q, where samples make the variance of importance weights small, and the model
 * learns these places by weighted maximum likelihood. What comes here are a training step's rows [x, weight]; the step's
 * loss is the mean of -weight log q(x).
 *
 * Without a buffer a step has its own walkers, and a row's weight is batch times the walker's share of all weights. With
 * one, each batch of walkers goes into the buffer and serves `reuse` steps: their rows are picked by weight, and a row's
 * own weight is q_then / q_now, at most 10, for the model has changed since. */
#ifndef RUNTIME_HOST_FAB_H
#define RUNTIME_HOST_FAB_H

#include "annealing.h"
#include "buffer.h"

#define fab_start RUNTIME_NAME(fab_start)
#define fab_end   RUNTIME_NAME(fab_end)
#define fab_rows  RUNTIME_NAME(fab_rows)

typedef struct Fab {
    Bridge bridge; /* kT is a step's */
    Annealing annealing;
    Walkers walkers;
    Buffer buffer;
    size_t batch, reuse;
    size_t state_count; /* what a checkpoint must hold: buffer, picks, step sizes, counters */
    float *state;
    float *picks;      /* [reuse * batch], in the state */
    float *step_sizes; /* [annealing.steps + 1], in the state */
    float *facts;      /* in the state: batches of walkers so far, kT of the buffer's weights */
    double *log_w, *cumulative;
    float *x, *log_q; /* [batch] of picked rows */
    float *rows;      /* [batch][dimension + 1] */
} Fab;

/* For the model's training; weights, scalars and workspace are the training's and stay where they are. Release with
 * fab_end, also after a failure. */
bool fab_start(Fab *fab, const Model *model, uint64_t seed, const float *weights, const float *scalars, void *workspace,
               int threads, Failure *failure);
void fab_end(Fab *fab);

/* The rows of a step at this temperature: [batch][dimension + 1]. They depend on the seed, the weights and the state. */
bool fab_rows(Fab *fab, uint64_t step, double kT, Failure *failure);

#endif
