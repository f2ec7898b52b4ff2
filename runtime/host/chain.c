/* SPDX-License-Identifier: MIT-0 */
/* The chain's decisions, and what its correlations cost. */
#include "chain.h"
#include "../core/config.h"
#include "draws.h"

#include <math.h>

enum { WINDOW_TIMES = 5, LAGS_MOST = 5000, CHAIN_TIMES = 20, WARM_UP_LEAST = 100 };

void chain_start(Chain *chain, uint64_t seed)
{
    *chain = (Chain){.seed = seed, .log_w = -(double)INFINITY};
}

bool chain_propose(Chain *chain, double log_w)
{
    const uint64_t row = chain->next++;
    const double u = (double)draw_chain_acceptance(chain->seed, row, 0, 0);
    const bool is_start = row == 0, accepts = is_start || log(u) < log_w - chain->log_w;
    chain->proposed += !is_start;
    chain->accepted += accepts && !is_start;
    if (accepts)
        chain->log_w = log_w;
    return accepts;
}

uint64_t chain_warm_up(uint64_t count)
{
    return count / 10 > WARM_UP_LEAST ? count / 10 : WARM_UP_LEAST;
}

ChainMean chain_mean(const double *values, size_t count)
{
    const Estimate plain = estimate_mean(values, count);
    const size_t most = count / CHAIN_TIMES < LAGS_MOST ? count / CHAIN_TIMES : LAGS_MOST;
    double variance = 0, time = 1;
    for (size_t i = 0; i < count; i++)
        variance += (values[i] - plain.value) * (values[i] - plain.value);
    if (variance == 0) /* a constant, or a chain that never moved */
        return (ChainMean){{plain.value, (double)NAN}, (double)NAN};
    for (size_t lag = 1; lag <= most; lag++) {
        double sum = 0;
        for (size_t i = lag; i < count; i++)
            sum += (values[i] - plain.value) * (values[i - lag] - plain.value);
        time += 2 * sum / variance;
        if ((double)lag >= WINDOW_TIMES * time) {
            time = time < 1 ? 1 : time;
            return (ChainMean){{plain.value, plain.error * sqrt(time)}, time};
        }
    }
    return (ChainMean){{plain.value, (double)NAN}, (double)NAN};
}
