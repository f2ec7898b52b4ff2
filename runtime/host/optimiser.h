/* SPDX-License-Identifier: MIT-0 */
/* Optimisers, clipping by the gradient's norm, and the average of the weights, in one pass over them.
 *   Adam     Kingma and Ba 2015, "Adam: a method for stochastic optimization", algorithm 1; a weight decay is added to
 *            the gradient
 *   AdamW    Loshchilov and Hutter 2019, "Decoupled weight decay regularization", algorithm 2, decay times rate
 *   SGD      with momentum u: m <- u m + g, w <- w - rate m  (Polyak 1964, as Sutskever et al. 2013 write it)
 *   RMSProp  v <- d v + (1 - d) g^2, w <- w - rate g / (sqrt(v) + epsilon)  (Tieleman and Hinton 2012, lecture 6.5)
 *   average  a <- a + (1 - d_t) (w - a) with d_t = min(average, (1 + t) / (10 + t)) at update t = 0, 1, ...: short
 *            trainings average over their last tenth, and the first weights are forgotten
 * Elementwise float arithmetic without fma, and norms summed in double in one order: the same bits for any lanes and any
 * number of threads. Moments below the normal floats become 0. */
#ifndef RUNTIME_HOST_OPTIMISER_H
#define RUNTIME_HOST_OPTIMISER_H

#include "failure.h"
#include "model.h"

#define optimiser_start   RUNTIME_NAME(optimiser_start)
#define optimiser_end     RUNTIME_NAME(optimiser_end)
#define optimiser_norm    RUNTIME_NAME(optimiser_norm)
#define optimiser_update  RUNTIME_NAME(optimiser_update)
#define optimiser_weights RUNTIME_NAME(optimiser_weights)

/* Consecutive trained weights, worked on by one thread. */
typedef struct OptimiserPiece {
    size_t first, count;
} OptimiserPiece;

typedef struct Optimiser {
    const ModelTraining *training;
    size_t weight_count, piece_count;
    OptimiserPiece *pieces;
    double *norm_parts;                  /* for each piece */
    uint64_t updates;                    /* done so far: Adam's t - 1 and the average's t */
    float *first_moment, *second_moment; /* weight_count each */
    float *average;                      /* NULL: none is kept */
} Optimiser;

/* Moments are 0, the average is `weights`. All memory that the optimiser ever needs is claimed here. */
bool optimiser_start(Optimiser *optimiser, const Model *model, const float *weights, Failure *failure);
void optimiser_end(Optimiser *optimiser);

/* The Euclidean norm of the trained weights' gradient; not finite if any element isn't. */
double optimiser_norm(Optimiser *optimiser, const float *gradient, int threads);

/* One update of the trained weights by a gradient of that norm (which is needed for clipping alone). */
void optimiser_update(Optimiser *optimiser, double rate, double norm, const float *gradient, float *weights,
                      int threads);

/* What is to be used after training: the average where one is kept, else `weights`. */
const float *optimiser_weights(const Optimiser *optimiser, const float *weights);

#endif
