/* SPDX-License-Identifier: MIT-0 */
/* The densities between a model and its target: log pi(x) = a log q(x) - b U(x) / kT, and walkers that move in them.
 * (a, b) = (1, 0) is the model, (0, 1) the target but for log Z, (-1, 2) what is sampled to make the variance of importance
 * weights small: p^2 / q (Midgley et al. 2023). In single precision, whatever the estimators' precision: a walker is a
 * random thing. */
#ifndef RUNTIME_HOST_BRIDGE_H
#define RUNTIME_HOST_BRIDGE_H

#include "failure.h"
#include "model.h"

#define bridge_check       RUNTIME_NAME(bridge_check)
#define bridge_log_density RUNTIME_NAME(bridge_log_density)
#define walkers_start      RUNTIME_NAME(walkers_start)
#define walkers_end        RUNTIME_NAME(walkers_end)
#define walkers_draw       RUNTIME_NAME(walkers_draw)
#define walkers_evaluate   RUNTIME_NAME(walkers_evaluate)
#define walkers_copy       RUNTIME_NAME(walkers_copy)

/* A model with weights, at a temperature; everything is someone else's memory. */
typedef struct Bridge {
    const Model *model;
    const float *weights, *scalars;
    double kT;
    uint64_t seed;
    void *workspace;
    int threads;
} Bridge;

typedef struct Exponents {
    double q, p; /* a and b above */
} Exponents;

/* Where walkers are, and what is known of these places: rows of one array for each quantity. */
typedef struct Places {
    float *x, *score, *force; /* [count][dimension]: the place, d log q / dx, -dU / dx */
    float *log_q, *energy;    /* [count] */
} Places;

typedef struct Walkers {
    size_t count, most, dimension; /* walkers in use, and room for so many */
    uint64_t first;                /* the number of the first walker, on which all of its draws depend */
    Places at, next;               /* now, and the proposal's */
    float *momentum;               /* [most][dimension] */
    double *energy_before;         /* [most]: the Hamiltonian where a trajectory starts */
    double *acceptance;            /* [most]: min(1, exp(-change of the Hamiltonian)) of the last transition */
} Walkers;

/* Fails (64) where the model lacks a sampler, a score, an energy or a force; `what` is the option that asks for them. */
bool bridge_check(const Model *model, const char *what, Failure *failure);

/* log pi from log q and U; -inf where either part that counts is not finite. */
double bridge_log_density(const Bridge *bridge, Exponents exponents, float log_q, float energy);

/* Room for `most` walkers; release with walkers_end, also after a failure. */
bool walkers_start(Walkers *walkers, size_t most, size_t dimension, Failure *failure);
void walkers_end(Walkers *walkers);

/* Puts `count` walkers on rows first, first + 1, ... of the model's sample stream, which become their numbers. */
void walkers_draw(const Bridge *bridge, Walkers *walkers, uint64_t first, size_t count);

/* Fills in what is known of places, given x. */
void walkers_evaluate(const Bridge *bridge, size_t count, Places *places);

/* Row `from` of one becomes row `to` of the other. */
void walkers_copy(size_t dimension, const Places *source, size_t from, Places *target, size_t to);

#endif
