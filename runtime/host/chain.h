/* SPDX-License-Identifier: MIT-0 */
/* Independence Metropolis (Tierney 1994): a chain whose proposals are the samples of the model's stream, in order, each
 * accepted with min(1, w(proposal) / w(state)), w = exp(-U / kT) / q. Whatever the model is, the chain's distribution goes to
 * the target's, exactly and without weights, as long as q > 0 wherever the target is; where weights have no bound it goes
 * there slowly. Errors of means over a chain count its correlations. */
#ifndef RUNTIME_HOST_CHAIN_H
#define RUNTIME_HOST_CHAIN_H

#include "failure.h"
#include "importance.h"

#include <stdint.h>

#define chain_start   RUNTIME_NAME(chain_start)
#define chain_propose RUNTIME_NAME(chain_propose)
#define chain_warm_up RUNTIME_NAME(chain_warm_up)
#define chain_mean    RUNTIME_NAME(chain_mean)

typedef struct Chain {
    uint64_t seed, next; /* the row that is proposed next */
    uint64_t proposed, accepted;
    double log_w; /* of the state; -inf before the first */
} Chain;

void chain_start(Chain *chain, uint64_t seed);
/* Proposes the next row; true where the chain goes there. The draw is that of purpose chain acceptance, the row's number,
 * step 0. */
bool chain_propose(Chain *chain, double log_w);

/* How many proposals come before the rows of a chain of `count`: a tenth, at least 100. */
uint64_t chain_warm_up(uint64_t count);

typedef struct ChainMean {
    Estimate mean; /* the error is sd sqrt(time / count); NaN where the chain is too short to tell */
    double time;   /* integrated autocorrelation time, 1 + 2 sum of correlations; at least 1 */
} ChainMean;

/* Of successive values. The sum of correlations ends at the first window of 5 times (Sokal 1989); where none below
 * count / 20 (and 5000) is that long, time and error are NaN. */
ChainMean chain_mean(const double *values, size_t count);

#endif
