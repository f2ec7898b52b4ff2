/* SPDX-License-Identifier: MIT-0 */
/* What estimates mean, in words: how far the samples can be trusted, and what to do next. A good effective sample size of
 * the model's own weights is no proof, since they can't see what the model misses, and neither is annealing that starts
 * from the model; where nothing came from elsewhere (samples of the target, known modes, log Z), coverage is called unknown
 * and nothing that rests on the model's own samples alone is called good. docs/estimates.md has the thresholds. */
#ifndef RUNTIME_HOST_VERDICT_H
#define RUNTIME_HOST_VERDICT_H

#include "estimates.h"

#define verdicts_of_estimates RUNTIME_NAME(verdicts_of_estimates)
#define verdict_status_name   RUNTIME_NAME(verdict_status_name)

typedef enum VerdictStatus { VERDICT_GOOD, VERDICT_UNKNOWN, VERDICT_WARN, VERDICT_BAD } VerdictStatus;

typedef struct Verdict {
    const char *name; /* "coverage", "ess", "pareto_k", "ais", "smc", "chain", "energies", "rounding", "held_out" */
    VerdictStatus status;
    char why[320];
    const char *next; /* what to do; NULL: nothing */
} Verdict;

#define VERDICTS_MAX 9 /* held_out.h has the ninth */

/* Fills in the verdicts; returns how many. */
int verdicts_of_estimates(const Estimates *estimates, Verdict verdicts[VERDICTS_MAX]);

const char *verdict_status_name(VerdictStatus status); /* "good", "unknown", "warn", "bad" */

#endif
