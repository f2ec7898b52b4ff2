/* SPDX-License-Identifier: MIT-0 */
/* What estimates mean, in words: how far the samples can be trusted. A good effective sample size of the model's own
 * weights is no proof, since they can't see what the model misses; without a reference nothing that rests on them alone
 * is called good. */
#ifndef RUNTIME_HOST_VERDICT_H
#define RUNTIME_HOST_VERDICT_H

#include "estimates.h"

#define verdicts_of_estimates RUNTIME_NAME(verdicts_of_estimates)
#define verdict_status_name   RUNTIME_NAME(verdict_status_name)

typedef enum VerdictStatus { VERDICT_GOOD, VERDICT_WARN, VERDICT_BAD } VerdictStatus;

typedef struct Verdict {
    const char *name; /* "coverage", "ess", "pareto_k", "energies" */
    VerdictStatus status;
    char why[320];
} Verdict;

#define VERDICTS_MAX 4

/* Fills in the verdicts; returns how many. */
int verdicts_of_estimates(const Estimates *estimates, Verdict verdicts[VERDICTS_MAX]);

const char *verdict_status_name(VerdictStatus status); /* "good", "warn", "bad" */

#endif
