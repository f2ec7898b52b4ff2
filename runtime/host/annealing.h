/* SPDX-License-Identifier: MIT-0 */
/* Annealing from one density of a bridge to another in even steps of the exponents, with a Hamiltonian transition at each
 * step: annealed importance sampling (Neal 2001) and sequential Monte Carlo (Del Moral, Doucet and Jasra 2006). Both give
 * log Z without bias in Z itself, whatever the transitions do; good transitions make its error small. */
#ifndef RUNTIME_HOST_ANNEALING_H
#define RUNTIME_HOST_ANNEALING_H

#include "hmc.h"
#include "importance.h"
#include "progress.h"

#define annealing_start     RUNTIME_NAME(annealing_start)
#define annealing_end       RUNTIME_NAME(annealing_end)
#define annealing_exponents RUNTIME_NAME(annealing_exponents)
#define annealing_weigh     RUNTIME_NAME(annealing_weigh)
#define annealing_move      RUNTIME_NAME(annealing_move)
#define annealing_tune      RUNTIME_NAME(annealing_tune)
#define annealing_resample  RUNTIME_NAME(annealing_resample)
#define anneal_ais          RUNTIME_NAME(anneal_ais)
#define anneal_smc          RUNTIME_NAME(anneal_smc)

enum { ANNEALING_STEPS_MOST = 100000 };

typedef struct Annealing {
    int steps; /* points 1 .. steps of the way; point 0 is where walkers start, and at the last there is no transition */
    Exponents from, to;
    int leapfrogs;
    double *step_sizes; /* [steps + 1]: of the leapfrog at each point */
    double *acceptance; /* [steps + 1]: the mean of the last transition there; NaN where there was none */
} Annealing;

/* 5 leapfrog steps for a transition, of a first size of dimension^(-1/4). Release with annealing_end. */
bool annealing_start(Annealing *annealing, int steps, Exponents from, Exponents to, size_t dimension, Failure *failure);
void annealing_end(Annealing *annealing);

Exponents annealing_exponents(const Annealing *annealing, int point);

/* log_w += log pi_point - log pi_(point - 1) where the walkers are. */
void annealing_weigh(const Bridge *bridge, const Annealing *annealing, int point, const Walkers *walkers,
                     double *log_w);

/* One transition that leaves pi_point as it is; `number` as in HmcSettings. */
void annealing_move(const Bridge *bridge, Annealing *annealing, int point, uint32_t number, Walkers *walkers);

/* The warm-up: sets the step sizes by walkers of its own (256, rows from 2^50 on), which go the whole way. */
bool annealing_tune(const Bridge *bridge, Annealing *annealing, Failure *failure);

/* Systematic resampling: picks[i], rising, is the walker that takes place i, so that each walker is taken about
 * count w / sum w times; u in (0, 1). Not all weights may be 0. */
void annealing_resample(const double *log_w, size_t count, double u, size_t *picks);

typedef struct AnnealingResult {
    int steps; /* 0: not asked for */
    size_t samples;
    Estimate log_z, ess;
    double acceptance; /* the lowest of the points' means; NaN where there was no transition (one step) */
    int resamplings;   /* of all populations together */
} AnnealingResult;

/* From the model to the target by `samples` walkers, each alone: log Z = log mean w, with the delta method's error, and
 * the effective sample size of w. Walkers start on rows from 2^49 of the sample stream. Fails with 130 where the user
 * asked to stop. */
bool anneal_ais(const Bridge *bridge, int steps, size_t samples, Progress *progress, AnnealingResult *result,
                Failure *failure);

/* The same by 32 populations of samples / 32 walkers, each resampled where the ess of its weights falls below a half.
 * log Z is that of the populations' mean; its error is what they scatter, so that it holds whatever resampling does. The
 * ess counts what descends from one walker as one sample (cf. Lee and Whiteley 2018). Fewer than 1024
 * samples are refused (64). */
enum { SMC_POPULATIONS = 32, SMC_SAMPLES_LEAST = 1024 };
bool anneal_smc(const Bridge *bridge, int steps, size_t samples, Progress *progress, AnnealingResult *result,
                Failure *failure);

#endif
