/* SPDX-License-Identifier: MIT */
/* Speed of the 8-dimensional RealNVP beside the peak of fused multiply-adds, all in one process and interleaved, because the
 * clock of a shared machine drifts. Counted: two operations for each multiply-add of a contraction, forward once, backward
 * twice; energy, activations and optimiser are part of the time, not of the count. */
#include "realnvp8.h"

#include "runtime/host/optimiser.h"

#include "tests/bench/peak.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 15, BATCH = 512, SAMPLES = 8192 };

/* Multiply-adds of a sample: 8 couplings of two nets 4-64-64-4. */
static const double MULTIPLY_ADDS = 8.0 * 2 * (4 * 64 + 64 * 64 + 64 * 4);

typedef struct Bench {
    Model model;
    ModelTensor tensor;
    Optimiser optimiser;
    float *weights, *gradient, *prepared, *x, *log_q;
    void *workspace;
    float scalars[REALNVP8_SCALARS];
    uint32_t step;
} Bench;

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return values[count / 2];
}

static void train_step(Bench *bench, int threads)
{
    realnvp8_step(bench->weights, bench->scalars, NULL, 0, bench->step++, bench->gradient, bench->workspace, threads);
    double norm = optimiser_norm(&bench->optimiser, bench->gradient, threads);
    optimiser_update(&bench->optimiser, 1e-4, norm, bench->gradient, bench->weights, threads);
}

/* Seconds of one call, from enough of them. */
static double time_steps(Bench *bench, int threads, double at_least)
{
    double start = bench_seconds(), now;
    int count = 0;
    do {
        train_step(bench, threads);
        count++;
    } while ((now = bench_seconds()) - start < at_least);
    return (now - start) / count;
}

static double time_samples(Bench *bench, int threads, double at_least)
{
    double start = bench_seconds(), now;
    int count = 0;
    do {
        realnvp8_sample(bench->weights, bench->scalars, 1, (uint64_t)count * SAMPLES, SAMPLES, bench->x, bench->log_q,
                        bench->workspace, threads);
        count++;
    } while ((now = bench_seconds()) - start < at_least);
    return (now - start) / count / SAMPLES;
}

static double time_one_sample(Bench *bench, double at_least)
{
    double start = bench_seconds(), now;
    int count = 0;
    do {
        for (int i = 0; i < 100; i++)
            realnvp8_one_sample(bench->prepared, bench->scalars, 1, (uint64_t)count++, 1, bench->x, bench->log_q,
                                bench->workspace, 1);
    } while ((now = bench_seconds()) - start < at_least);
    return (now - start) / count;
}

static void measure(Bench *bench, int threads)
{
    double peaks[ROUNDS], steps[ROUNDS], samples[ROUNDS], step_shares[ROUNDS], sample_shares[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        double before = bench_peak(threads, 0.03);
        steps[round] = time_steps(bench, threads, 0.1);
        double between = bench_peak(threads, 0.03);
        samples[round] = time_samples(bench, threads, 0.1);
        double after = bench_peak(threads, 0.03);
        peaks[round] = between;
        step_shares[round] = 6 * MULTIPLY_ADDS * BATCH / steps[round] / (0.5 * (before + between));
        sample_shares[round] = 2 * MULTIPLY_ADDS / samples[round] / (0.5 * (between + after));
    }
    printf("  %d thread%s  FMA peak %6.1f GF/s   training step %6.3f ms, %4.1f%% of peak   sampling %7.1f k/s, %4.1f%% "
           "of peak\n",
           threads, threads > 1 ? "s" : " ", 1e-9 * median(peaks, ROUNDS), 1e3 * median(steps, ROUNDS),
           100 * median(step_shares, ROUNDS), 1e-3 / median(samples, ROUNDS), 100 * median(sample_shares, ROUNDS));
}

static void *claim(size_t bytes)
{
    void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!memory)
        exit(70);
    memset(memory, 0, bytes);
    return memory;
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 2;
    Bench bench = {.scalars = {1, 1}};
    bench.tensor = (ModelTensor){
        .name = "all", .rank = 1, .shape = {REALNVP8_WEIGHTS}, .count = REALNVP8_WEIGHTS, .trained = true};
    bench.model =
        (Model){.name = "realnvp8", .weight_count = REALNVP8_WEIGHTS, .tensor_count = 1, .tensors = &bench.tensor};
    bench.model.training = (ModelTraining){
        .optimizer = MODEL_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .average = 0.99, .clip_norm = 10};
    bench.weights = claim(sizeof(float) * REALNVP8_WEIGHTS);
    bench.gradient = claim(sizeof(float) * REALNVP8_WEIGHTS);
    bench.prepared = claim(sizeof(float) * REALNVP8_ONE_WEIGHTS);
    bench.x = claim(sizeof(float) * SAMPLES * REALNVP8_DIMENSION);
    bench.log_q = claim(sizeof(float) * SAMPLES);
    bench.workspace = claim(REALNVP8_WORKSPACE_BYTES(threads));
    for (size_t i = 0; i < REALNVP8_WEIGHTS; i++) /* as large as trained ones */
        bench.weights[i] = 0.2f * ((float)(i * 2654435761u % 1000) / 500.0f - 1.0f);
    Failure failure;
    if (!optimiser_start(&bench.optimiser, &bench.model, bench.weights, &failure))
        return 70;
    printf("RealNVP in 8 dimensions, 8 affine couplings of two nets 2 x 64 tanh, batch %d, %d float lanes\n", BATCH,
           LANES);
    for (int t = 1; t <= threads; t *= 2)
        measure(&bench, t);
    realnvp8_one_prepare(bench.weights, bench.prepared);
    double times[ROUNDS];
    for (int round = 0; round < ROUNDS; round++)
        times[round] = time_one_sample(&bench, 0.05);
    printf("  one sample with its log q: %.2f us\n", 1e6 * median(times, ROUNDS));
    return 0;
}
