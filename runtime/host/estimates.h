/* SPDX-License-Identifier: MIT-0 */
/* Everything that `evaluate` says of a model's samples, each number with its standard error. */
#ifndef RUNTIME_HOST_ESTIMATES_H
#define RUNTIME_HOST_ESTIMATES_H

#include "annealing.h"
#include "chain.h"
#include "failure.h"
#include "importance.h"
#include "pareto.h"

#define estimates_of_samples   RUNTIME_NAME(estimates_of_samples)
#define estimates_of_reference RUNTIME_NAME(estimates_of_reference)
#define estimates_of_modes     RUNTIME_NAME(estimates_of_modes)
#define estimates_release      RUNTIME_NAME(estimates_release)

/* Samples of the model, or of the target. log_w = -U / kT - log q. */
typedef struct SampleTable {
    size_t count;
    int observable_count;
    double *log_q, *energy, *log_w;
    double *observables; /* [count][observable_count] */
} SampleTable;

/* The mean of something in four ways. */
typedef struct Means {
    Estimate plain;      /* over the model's samples */
    Estimate reweighted; /* with their weights */
    Estimate smoothed;   /* with Pareto-smoothed weights */
    Estimate chain;      /* over the chain that Metropolis makes of them; NaN where it is too short */
} Means;

/* Places where the target is known to be large. One is found where q is at least a tenth of p. */
typedef struct Modes {
    size_t count, found;
    Estimate mean_log_q;
} Modes;

typedef struct Estimates {
    size_t samples;
    Estimate ess; /* fraction of 1 */
    Estimate log_z, acceptance;
    Estimate ess_smoothed, log_z_smoothed; /* by Pareto-smoothed weights (Vehtari et al. 2024) */
    Means energy;
    int observable_count;
    Means *observables;                  /* memory of the estimates' own */
    double chain_acceptance, chain_time; /* what the chain accepted; the longest autocorrelation time; NaN: too long */
    ParetoTail pareto;
    size_t infinite_energies; /* samples with weight 0 */
    double rounding;          /* half a float's last place of a typical U / kT, so far as energies are floats */
    /* from elsewhere; NaN or 0 where nothing was given */
    size_t reference_samples;
    size_t reference_without_density; /* of them, where log q is -inf */
    Estimate ess_forward, log_z_forward, cross_entropy;
    Modes modes;
    bool reference_is_own, modes_are_own; /* rows that the model made itself, which agree with what it misses, too */
    double log_z_given;
    AnnealingResult ais, smc;
} Estimates;

/* From samples of the model, in the order of their stream, which `seed` made. Means of energies and observables have
 * bootstrap errors: 1000 resamplings of the samples (in at most 4096 groups of consecutive ones, which makes the cost
 * independent of their number), drawn by Philox with seed 0 and purpose bootstrap, so that the same samples always give
 * the same errors. The table's weights are smoothed by this. Release after use. */
bool estimates_of_samples(SampleTable *table, uint64_t seed, Estimates *estimates, Failure *failure);
/* Adds what samples of the target tell: the forward ess, log Z, and the cross entropy -E_p log q. */
void estimates_of_reference(const SampleTable *reference, Estimates *estimates);
/* Adds what known modes tell; after log Z (the given one, or the samples'). */
void estimates_of_modes(const SampleTable *modes, Estimates *estimates);
void estimates_release(Estimates *estimates);

#endif
