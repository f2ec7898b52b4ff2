/* SPDX-License-Identifier: MIT */
/* What a core can do at most: independent fused multiply-adds in registers, as many as hide their latency. For benchmarks,
 * measured in the same process as what is compared with it. */
#ifndef TESTS_BENCH_PEAK_H
#define TESTS_BENCH_PEAK_H

#include "runtime/core/lanes.h"

#include <time.h>

static inline double bench_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Runs 16 chains of `count` fused multiply-adds of whole vectors; the result only keeps them alive. */
static inline real bench_chains(int64_t count, real start)
{
    lanes sum[16];
    const lanes factor = lanes_splat((real)0.999), other = lanes_splat(start);
    for (int i = 0; i < 16; i++)
        sum[i] = lanes_splat(start + (real)i);
    for (int64_t k = 0; k < count; k++) {
        UNROLL(16)
        for (int i = 0; i < 16; i++)
            sum[i] = lanes_fma(sum[i], factor, other);
    }
    real total = 0;
    for (int i = 0; i < 16; i++)
        total = total + lanes_first(sum[i]);
    return total;
}

/* Floating-point operations a second, on so many threads at once; a fused multiply-add counts two. The best of short runs,
 * which fit between what else the machine does. */
static inline double bench_peak(int threads, double at_least_seconds)
{
    const int64_t count = 1 << 16;
    double begin = bench_seconds(), best = 0;
    while (bench_seconds() - begin < at_least_seconds) {
        real kept = 0;
        double start = bench_seconds();
        (void)threads;
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads) reduction(+ : kept) schedule(static, 1)
#endif
        for (int t = 0; t < threads; t++)
            kept += bench_chains(count, (real)(t + 1));
        double rate = 2.0 * 16 * LANES * (double)count * threads / (bench_seconds() - start);
        best = rate > best && kept != 0 ? rate : best;
    }
    return best;
}

#endif
