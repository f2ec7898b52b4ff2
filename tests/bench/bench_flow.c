/* SPDX-License-Identifier: MIT */
/* Speed of a flow's package beside the peak of fused multiply-adds, all in one process and interleaved, because the clock of a
 * shared machine drifts. Counted: two operations for each multiply-add of a contraction, forward once, backward twice; energy,
 * activations and optimiser are part of the time, not of the count.
 *
 * Compiled for one package by BENCH_HEADER ("realnvp8.h"), BENCH_NAME (realnvp8), BENCH_UPPER (REALNVP8), BENCH_LABEL (what its
 * figures are called), BENCH_BATCH, BENCH_SCALE (how large the weights are) and BENCH_MULTIPLY_ADDS (those of one sample
 * forwards). Run with the most threads, and a file to which each figure is added as `ansatz LABEL WHAT THREADS SECONDS`. */
#include BENCH_HEADER

#include "runtime/host/optimiser.h"

#include "tests/bench/peak.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN_(a, b)    a##_##b
#define JOIN(a, b)     JOIN_(a, b)
#define FUNCTION(name) JOIN(BENCH_NAME, name)
#define CONSTANT(name) JOIN(BENCH_UPPER, name)
#define TEXT_(name)    #name
#define TEXT(name)     TEXT_(name)
#define NAME           TEXT(BENCH_NAME)
#define LABEL          TEXT(BENCH_LABEL)

enum { ROUNDS = 15, SAMPLES = 1024, STEPS = 5 };

/* What stands behind a gradient: what training does by default, which clips by the norm and averages weights, or Adam alone, as
 * in the peers' steps. */
typedef enum Update { BY_DEFAULT, ADAM_ALONE, UPDATES } Update;

typedef struct Bench {
    Model model[UPDATES];
    ModelTensor tensor;
    Optimiser optimiser[UPDATES];
    float *weights, *gradient, *prepared, *rows, *x, *log_q;
    void *workspace, *workspace_one;
    float scalars[CONSTANT(SCALARS)];
    uint32_t step;
} Bench;

static void train_step(Bench *bench, Update update, int threads)
{
    FUNCTION(step)
    (bench->weights, bench->scalars, bench->rows, 0, bench->step++, bench->gradient, bench->workspace, threads);
    double norm = update == BY_DEFAULT ? optimiser_norm(&bench->optimiser[update], bench->gradient, threads) : 0;
    optimiser_update(&bench->optimiser[update], 1e-4, norm, bench->gradient, bench->weights, threads);
}

/* Seconds of one call, the least of some: what the machine does when nothing else keeps it. */
static double time_steps(Bench *bench, Update update, int threads, double at_least)
{
    double start = bench_seconds(), best = 1e9, now = start, begin;
    int steps = 0;
    do {
        begin = now;
        train_step(bench, update, threads);
        now = bench_seconds();
        best = now - begin < best ? now - begin : best;
    } while (++steps < STEPS || now - start < at_least);
    return best;
}

static double time_samples(Bench *bench, int threads, double at_least)
{
    double start = bench_seconds(), best = 1e9, now = start, begin;
    uint64_t first = 0;
    do {
        begin = now;
        FUNCTION(sample)
        (bench->weights, bench->scalars, 1, first, SAMPLES, bench->x, bench->log_q, bench->workspace, threads);
        first += SAMPLES;
        now = bench_seconds();
        best = now - begin < best ? now - begin : best;
    } while (now - start < at_least);
    return best / SAMPLES;
}

static double time_one_sample(Bench *bench, double at_least)
{
    enum { CALLS = 100 };
    double start = bench_seconds(), best = 1e9, now = start, begin;
    uint64_t first = 0;
    do {
        begin = now;
        for (int i = 0; i < CALLS; i++)
            FUNCTION(one_sample)
        (bench->prepared, bench->scalars, 1, first++, 1, bench->x, bench->log_q, bench->workspace_one, 1);
        now = bench_seconds();
        best = now - begin < best ? now - begin : best;
    } while (now - start < at_least);
    return best / CALLS;
}

static void record(FILE *results, const char *what, int threads, double value)
{
    if (results)
        fprintf(results, "ansatz " LABEL " %s %d %.6g\n", what, threads, value);
}

static int compare_shares(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of those rounds in which the clock stood still, or of all. */
static double median_share(const double share[ROUNDS], const bool steady[ROUNDS])
{
    double chosen[ROUNDS];
    int count = 0;
    for (int round = 0; round < ROUNDS; round++)
        if (steady[round])
            chosen[count++] = share[round];
    if (count == 0)
        memcpy(chosen, share, sizeof chosen), count = ROUNDS;
    qsort(chosen, (size_t)count, sizeof *chosen, compare_shares);
    return chosen[count / 2];
}

/* Times are the best of all rounds; a share of the peak is of one round, whose peak is measured before and after it: the clock
 * of a shared machine changes by more than shares do. */
static void measure(Bench *bench, int threads, FILE *results)
{
    enum { SAMPLING = UPDATES, FIGURES };
    const double operations[FIGURES] = {6.0 * BENCH_MULTIPLY_ADDS * BENCH_BATCH,
                                        6.0 * BENCH_MULTIPLY_ADDS * BENCH_BATCH, 2.0 * BENCH_MULTIPLY_ADDS};
    double best_peak = 0, best[FIGURES] = {1e9, 1e9, 1e9}, share[FIGURES][ROUNDS], median[FIGURES];
    bool steady[FIGURES][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        double before = bench_peak(threads, 0.02);
        for (int f = 0; f < FIGURES; f++) {
            const double time =
                f == SAMPLING ? time_samples(bench, threads, 0.1) : time_steps(bench, (Update)f, threads, 0.1);
            const double after = bench_peak(threads, 0.02);
            best[f] = time < best[f] ? time : best[f];
            share[f][round] = operations[f] / time / (0.5 * (before + after));
            steady[f][round] = before < 1.01 * after && after < 1.01 * before;
            best_peak = after > best_peak ? after : best_peak;
            before = after;
        }
    }
    for (int f = 0; f < FIGURES; f++)
        median[f] = median_share(share[f], steady[f]);
    printf("  %d thread%s  FMA peak %6.1f GF/s   training step %6.3f ms, %4.1f%% of peak (by Adam alone, as the peers' "
           "%6.3f ms, %4.1f%%)   sampling %7.1f k/s, %4.1f%% of peak\n",
           threads, threads > 1 ? "s" : " ", 1e-9 * best_peak, 1e3 * best[BY_DEFAULT], 100 * median[BY_DEFAULT],
           1e3 * best[ADAM_ALONE], 100 * median[ADAM_ALONE], 1e-3 / best[SAMPLING], 100 * median[SAMPLING]);
    fflush(stdout);
    record(results, "step", threads, best[BY_DEFAULT]);
    record(results, "sampling", threads, best[SAMPLING]);
    record(results, "step-share", threads, median[BY_DEFAULT]);
    record(results, "adam-step", threads, best[ADAM_ALONE]);
    record(results, "adam-share", threads, median[ADAM_ALONE]);
}

/* As the program claims memory. */
static void *claim(size_t bytes)
{
    Failure failure;
    void *memory = memory_claim(bytes, 1, "memory", &failure);
    if (!memory)
        exit(70);
    return memory;
}

int main(int argc, char **argv)
{
    const int threads = argc > 1 ? atoi(argv[1]) : 2;
    FILE *results = argc > 2 ? fopen(argv[2], "a") : NULL;
    static Bench bench;
    for (int i = 0; i < CONSTANT(SCALARS); i++)
        bench.scalars[i] = 1;
    bench.tensor = (ModelTensor){
        .name = "all", .rank = 1, .shape = {CONSTANT(WEIGHTS)}, .count = CONSTANT(WEIGHTS), .trained = true};
    for (Update update = 0; update < UPDATES; update++) {
        bench.model[update] =
            (Model){.name = NAME, .weight_count = CONSTANT(WEIGHTS), .tensor_count = 1, .tensors = &bench.tensor};
        bench.model[update].training =
            (ModelTraining){.optimizer = MODEL_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
    }
    bench.model[BY_DEFAULT].training.average = 0.99;
    bench.model[BY_DEFAULT].training.clip_norm = 10;
    bench.weights = claim(sizeof(float) * CONSTANT(WEIGHTS));
    bench.gradient = claim(sizeof(float) * CONSTANT(WEIGHTS));
    bench.prepared = claim(sizeof(float) * CONSTANT(ONE_WEIGHTS));
    bench.x = claim(sizeof(float) * SAMPLES * CONSTANT(DIMENSION));
    bench.rows = claim(sizeof(float) * BENCH_BATCH * CONSTANT(DIMENSION));
    for (size_t i = 0; i < (size_t)BENCH_BATCH * CONSTANT(DIMENSION); i++)
        bench.rows[i] = (float)(i * 2654435761u % 1000) / 500.0f - 1.0f;
    bench.log_q = claim(sizeof(float) * SAMPLES);
    bench.workspace = claim(CONSTANT(WORKSPACE_BYTES)(threads));
    bench.workspace_one = claim(CONSTANT(ONE_WORKSPACE_BYTES));
    for (size_t i = 0; i < CONSTANT(WEIGHTS); i++) /* as large as trained ones of 64 inputs */
        bench.weights[i] = BENCH_SCALE * ((float)(i * 2654435761u % 1000) / 500.0f - 1.0f);
    Failure failure;
    for (Update update = 0; update < UPDATES; update++)
        if (!optimiser_start(&bench.optimiser[update], &bench.model[update], bench.weights, &failure))
            return 70;
    printf(LABEL ": %d components, %d weights, batch %d, %d float lanes\n", CONSTANT(DIMENSION), (int)CONSTANT(WEIGHTS),
           BENCH_BATCH, LANES);
    for (int t = 1; t <= threads; t *= 2)
        measure(&bench, t, results);
    FUNCTION(one_prepare)(bench.weights, bench.prepared);
    double one_sample = time_one_sample(&bench, 0.5);
    record(results, "one-sample", 1, one_sample);
    printf("  one sample with its log q: %.2f us\n", 1e6 * one_sample);
    return results && fclose(results) != 0 ? 74 : 0;
}
