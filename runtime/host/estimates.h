/* SPDX-License-Identifier: MIT-0 */
/* Everything that `evaluate` says of a model's samples, each number with its standard error. */
#ifndef RUNTIME_HOST_ESTIMATES_H
#define RUNTIME_HOST_ESTIMATES_H

#include "failure.h"
#include "importance.h"
#include "pareto.h"

#define estimates_of_samples   RUNTIME_NAME(estimates_of_samples)
#define estimates_of_reference RUNTIME_NAME(estimates_of_reference)
#define estimates_release      RUNTIME_NAME(estimates_release)

/* Samples of the model, or of the target. log_w = -U / kT - log q. */
typedef struct SampleTable {
    size_t count;
    int observable_count;
    double *log_q, *energy, *log_w;
    double *observables; /* [count][observable_count] */
} SampleTable;

typedef struct Estimates {
    size_t samples;
    Estimate ess; /* fraction of 1 */
    Estimate log_z, acceptance;
    Estimate mean_energy, mean_energy_reweighted;
    int observable_count;
    Estimate *plain, *reweighted; /* of the observables; memory of the estimates' own */
    ParetoTail pareto;
    size_t infinite_energies; /* samples with weight 0 */
    /* from a reference of the target; NaN where there is none */
    size_t reference_samples;
    Estimate ess_forward, log_z_forward, cross_entropy;
} Estimates;

/* From samples of the model. Means of energies and observables have bootstrap errors: 1000 resamplings of the samples
 * (in at most 4096 groups of consecutive ones, which makes the cost independent of their number), drawn by Philox with
 * seed 0 and purpose bootstrap, so that the same samples always give the same errors. `log_w` is sorted by this.
 * Release after use. */
bool estimates_of_samples(SampleTable *table, Estimates *estimates, Failure *failure);
/* Adds what samples of the target tell: the forward ess, log Z, and the cross entropy -E_p log q. */
void estimates_of_reference(const SampleTable *reference, Estimates *estimates);
void estimates_release(Estimates *estimates);

#endif
