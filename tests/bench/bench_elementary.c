/* SPDX-License-Identifier: MIT */
/* How long 16 values of each elementary function and draw take, in nanoseconds and in fused multiply-adds of a whole vector
 * that the same core does meanwhile. The best of several runs; one core. */
#include "runtime/core/elementary.h"
#include "runtime/core/random.h"

#include <stdio.h>
#include <time.h>

enum { COUNT = 4096, REPEATS = 400, RUNS = 15, CHAINS = 12 };

static real inputs[COUNT], others[COUNT], results[COUNT];

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The compiler may not know what is in memory, nor leave out what goes there. */
static void forget(void)
{
    __asm__ volatile("" ::"r"(inputs), "r"(others), "r"(results) : "memory");
}

static void fused_multiply_adds(void)
{
    lanes sums[CHAINS];
    const lanes factor = lanes_load(inputs), addend = lanes_load(others);
    for (int c = 0; c < CHAINS; c++)
        sums[c] = lanes_load(inputs + c * LANES);
    for (int i = 0; i < COUNT / LANES; i++) {
        UNROLL(12)
        for (int c = 0; c < CHAINS; c++)
            sums[c] = lanes_fma(sums[c], factor, addend);
    }
    for (int c = 0; c < CHAINS; c++)
        lanes_store(results + c * LANES, sums[c]);
}

#define LOOP(name, expression)                                                                                         \
    static void loop_##name(void)                                                                                      \
    {                                                                                                                  \
        for (int i = 0; i < COUNT; i += LANES) {                                                                       \
            const lanes x = lanes_load(inputs + i);                                                                    \
            lanes_store(results + i, expression);                                                                      \
        }                                                                                                              \
    }

LOOP(copy, x)
LOOP(divide, lanes_splat(REAL(1.0)) / x)
LOOP(sqrt, lanes_sqrt(x))
LOOP(max, lanes_max(x, lanes_load(others + i)))
LOOP(exp, lanes_exp(x))
LOOP(log, lanes_log(lanes_abs(x)))
LOOP(tanh, lanes_tanh(x))
LOOP(tanh_and_derivative, lanes_fma(-lanes_tanh(x), lanes_tanh(x), lanes_splat(REAL(1.0))))
LOOP(sigmoid, lanes_sigmoid(x))
LOOP(softplus, lanes_softplus(x))
LOOP(sin, lanes_sin(x))
LOOP(sin_and_cos, lanes_sin(x) + lanes_cos(x))
LOOP(tan, lanes_tan(x))
LOOP(erf, lanes_erf(x))
LOOP(pow, lanes_pow(lanes_abs(x), lanes_load(others + i)))
LOOP(atan2, lanes_atan2(x, lanes_load(others + i)))

static const RandomStream stream = {.seed = 1, .first_sample = 0, .step = 0, .purpose = RANDOM_SAMPLE};

static void loop_uniform(void)
{
    random_uniform_rows(&stream, 0, COUNT / BLOCK, results);
}

static void loop_normal(void)
{
    random_normal_rows(&stream, 0, COUNT / BLOCK, results);
}

/* Seconds for one call; also of the multiply-adds, run in turn with it, so that both see the same clock. */
static double best_time(void (*function)(void), double *peak)
{
    double best = 1e9;
    for (int run = 0; run < RUNS; run++) {
        const double start = seconds();
        for (int i = 0; i < REPEATS; i++) {
            function();
            forget();
        }
        const double middle = seconds();
        for (int i = 0; i < REPEATS / 4; i++) {
            fused_multiply_adds();
            forget();
        }
        const double time = (middle - start) / REPEATS, peak_time = (seconds() - middle) / (REPEATS / 4);
        best = time < best ? time : best;
        *peak = peak_time < *peak ? peak_time : *peak;
    }
    return best;
}

int main(void)
{
    static const struct {
        const char *name;
        void (*function)(void);
    } functions[] = {
        {"copy", loop_copy},       {"1 / x", loop_divide},
        {"sqrt", loop_sqrt},       {"max", loop_max},
        {"exp", loop_exp},         {"log", loop_log},
        {"tanh", loop_tanh},       {"1 - tanh^2", loop_tanh_and_derivative},
        {"sigmoid", loop_sigmoid}, {"softplus", loop_softplus},
        {"sin", loop_sin},         {"sin + cos", loop_sin_and_cos},
        {"tan", loop_tan},         {"erf", loop_erf},
        {"pow", loop_pow},         {"atan2", loop_atan2},
        {"uniform", loop_uniform}, {"normal", loop_normal},
    };
    double peak = 1e9;
    for (int i = 0; i < COUNT; i++) {
        inputs[i] = (real)(random_normal_value(&stream, (uint64_t)i, 0, 0) * 2.0f);
        others[i] = (real)random_normal_value(&stream, (uint64_t)i, 0, 1);
    }
    printf("%d-bit reals, vectors of %d bytes, %s fma\n", ANSATZ_PRECISION, ANSATZ_LANE_BYTES,
           ANSATZ_SOFTWARE_FMA ? "software" : "hardware");
    printf("%-12s %16s %28s\n", "", "ns per 16 values", "multiply-adds of a vector");
    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
        const double time = best_time(functions[k].function, &peak);
        printf("%-12s %16.2f %28.1f\n", functions[k].name, time * 1e9 / COUNT * 16, time / peak * CHAINS);
    }
    printf("peak of fused multiply-adds: %.1f GF/s\n", 2.0 * CHAINS * COUNT / peak * 1e-9);
    return 0;
}
