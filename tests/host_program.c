/* SPDX-License-Identifier: MIT */
/* The program of the model of tests/host_model.h, and, for first arguments --break=WHAT, of one that is broken:
 *   loss N      the loss is nan from step N on
 *   gradient N  the gradient of log_scale is infinite from step N on
 *   energy      energies are nan
 *   bottom      energies fall without end
 *   high        energies are 10^7 too large, in float and in double
 *   constant    energies and the loss of a step are 10^8 too large in double, and forces and gradients are right
 *   data        there is no energy
 *   wall        energies are infinite for x[0] < 0
 *   density     log q is too large by 0.5
 *   force       forces are 1% too large
 *   score       scores are 1% too large
 *   far         log q leaves the floats where x[0] > 1.5 (-inf) or x[0] < -0.5 (nan)
 *   rows        samples depend on where a call starts
 *   slow        a step takes a millisecond
 *   single      there is no double precision
 *   inexact     the gradient is 1% too large
 *   spec        the spec's hash is another */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "tests/host_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint32_t break_step; /* this program's own state: the table's functions take no context */

static double step_loss(const float *weights, const float *scalars, const float *data, uint64_t seed, uint32_t step,
                        float *gradient, void *workspace, int threads)
{
    double loss = host_functions_single.step(weights, scalars, data, seed, step, gradient, workspace, threads);
    return step >= break_step ? (double)NAN : loss;
}

static double step_gradient(const float *weights, const float *scalars, const float *data, uint64_t seed, uint32_t step,
                            float *gradient, void *workspace, int threads)
{
    double loss = host_functions_single.step(weights, scalars, data, seed, step, gradient, workspace, threads);
    if (step >= break_step)
        gradient[HOST_LOG_SCALE + 1] = INFINITY;
    return loss;
}

static double step_slow(const float *weights, const float *scalars, const float *data, uint64_t seed, uint32_t step,
                        float *gradient, void *workspace, int threads)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return host_functions_single.step(weights, scalars, data, seed, step, gradient, workspace, threads);
}

static double step_hanging(const float *weights, const float *scalars, const float *data, uint64_t seed, uint32_t step,
                           float *gradient, void *workspace, int threads)
{
    for (int i = 0; i < 2000; i++)
        step_slow(weights, scalars, data, seed, step, gradient, workspace, threads);
    return host_functions_single.step(weights, scalars, data, seed, step, gradient, workspace, threads);
}

/* What a constant in the energy does. */
static double step_constant(const double *weights, const double *scalars, const double *data, uint64_t seed,
                            uint32_t step, double *gradient, void *workspace, int threads)
{
    return host_functions_double.step(weights, scalars, data, seed, step, gradient, workspace, threads) + 1e8;
}

static double step_constant_inexact(const double *weights, const double *scalars, const double *data, uint64_t seed,
                                    uint32_t step, double *gradient, void *workspace, int threads)
{
    double loss = step_constant(weights, scalars, data, seed, step, gradient, workspace, threads);
    for (int i = 0; i < HOST_WEIGHTS; i++)
        gradient[i] *= 1.01;
    return loss;
}

static double step_inexact(const double *weights, const double *scalars, const double *data, uint64_t seed,
                           uint32_t step, double *gradient, void *workspace, int threads)
{
    double loss = host_functions_double.step(weights, scalars, data, seed, step, gradient, workspace, threads);
    for (int i = 0; i < HOST_WEIGHTS; i++)
        gradient[i] *= 1.01;
    return loss;
}

static void energy_nan(const float *scalars, size_t count, const float *x, float *energy, void *workspace, int threads)
{
    host_functions_single.energy(scalars, count, x, energy, workspace, threads);
    for (size_t i = 0; i < count; i++)
        energy[i] = NAN;
}

static void energy_bottomless(const float *scalars, size_t count, const float *x, float *energy, void *workspace,
                              int threads)
{
    host_functions_single.energy(scalars, count, x, energy, workspace, threads);
    for (size_t i = 0; i < count; i++)
        energy[i] = -energy[i];
}

static void energy_wall(const float *scalars, size_t count, const float *x, float *energy, void *workspace, int threads)
{
    host_functions_single.energy(scalars, count, x, energy, workspace, threads);
    for (size_t i = 0; i < count; i++)
        if (x[2 * i] < 0)
            energy[i] = INFINITY;
}

static void force_inexact(const double *scalars, size_t count, const double *x, double *force, void *workspace,
                          int threads)
{
    host_functions_double.force(scalars, count, x, force, workspace, threads);
    for (size_t i = 0; i < 2 * count; i++)
        force[i] *= 1.01;
}

static void score_inexact(const double *weights, const double *scalars, size_t count, const double *x, double *log_q,
                          double *score, void *workspace, int threads)
{
    host_functions_double.score(weights, scalars, count, x, log_q, score, workspace, threads);
    for (size_t i = 0; i < 2 * count; i++)
        score[i] *= 1.01;
}

static void sample_dense(const float *weights, const float *scalars, uint64_t seed, uint64_t first, size_t count,
                         float *x, float *log_q, void *workspace, int threads)
{
    host_functions_single.sample(weights, scalars, seed, first, count, x, log_q, workspace, threads);
    for (size_t i = 0; i < count; i++)
        log_q[i] += 0.5f;
}

static void energy_high(const float *scalars, size_t count, const float *x, float *energy, void *workspace, int threads)
{
    host_functions_single.energy(scalars, count, x, energy, workspace, threads);
    for (size_t i = 0; i < count; i++)
        energy[i] += 1e7f;
}

static void energy_high_double(const double *scalars, size_t count, const double *x, double *energy, void *workspace,
                               int threads)
{
    host_functions_double.energy(scalars, count, x, energy, workspace, threads);
    for (size_t i = 0; i < count; i++)
        energy[i] += 1e7;
}

static void energy_constant(const double *scalars, size_t count, const double *x, double *energy, void *workspace,
                            int threads)
{
    host_functions_double.energy(scalars, count, x, energy, workspace, threads);
    for (size_t i = 0; i < count; i++)
        energy[i] += 1e8;
}

static void log_prob_other(const float *weights, const float *scalars, size_t count, const float *x, float *log_q,
                           void *workspace, int threads)
{
    host_functions_single.log_prob(weights, scalars, count, x, log_q, workspace, threads);
    for (size_t i = 0; i < count; i++)
        log_q[i] += 0.1f;
}

static void log_prob_far(const float *weights, const float *scalars, size_t count, const float *x, float *log_q,
                         void *workspace, int threads)
{
    host_functions_single.log_prob(weights, scalars, count, x, log_q, workspace, threads);
    for (size_t i = 0; i < count; i++)
        log_q[i] = x[2 * i] > 1.5f ? -INFINITY : x[2 * i] < -0.5f ? NAN : log_q[i];
}

static void sample_uneven(const float *weights, const float *scalars, uint64_t seed, uint64_t first, size_t count,
                          float *x, float *log_q, void *workspace, int threads)
{
    host_functions_single.sample(weights, scalars, seed, first, count, x, log_q, workspace, threads);
    x[0] = nextafterf(x[0], INFINITY);
}

static void break_model(Model *model, ModelFunctions32 *single, ModelFunctions64 *in_double, const char *what)
{
    const char *number = strpbrk(what, "0123456789");
    break_step = number == NULL ? 0 : (uint32_t)strtoul(number, NULL, 10);
    if (strncmp(what, "loss", 4) == 0)
        single->step = step_loss;
    else if (strncmp(what, "gradient", 8) == 0)
        single->step = step_gradient;
    else if (strcmp(what, "slow") == 0)
        single->step = step_slow;
    else if (strcmp(what, "hang") == 0)
        single->step = step_hanging;
    else if (strcmp(what, "inexact") == 0)
        in_double->step = in_double->step == step_constant ? step_constant_inexact : step_inexact;
    else if (strcmp(what, "energy") == 0)
        single->energy = energy_nan;
    else if (strcmp(what, "bottom") == 0)
        single->energy = energy_bottomless;
    else if (strcmp(what, "high") == 0) {
        single->energy = energy_high;
        in_double->energy = energy_high_double;
    } else if (strcmp(what, "data") == 0) {
        single->energy = NULL;
        in_double->energy = NULL;
    } else if (strcmp(what, "constant") == 0) {
        in_double->energy = energy_constant;
        in_double->step = step_constant;
    } else if (strcmp(what, "wall") == 0)
        single->energy = energy_wall;
    else if (strcmp(what, "force") == 0)
        in_double->force = force_inexact;
    else if (strcmp(what, "score") == 0)
        in_double->score = score_inexact;
    else if (strcmp(what, "density") == 0)
        single->sample = sample_dense;
    else if (strcmp(what, "log_prob") == 0)
        single->log_prob = log_prob_other;
    else if (strcmp(what, "far") == 0)
        single->log_prob = log_prob_far;
    else if (strcmp(what, "rows") == 0)
        single->sample = sample_uneven;
    else if (strcmp(what, "single") == 0)
        model->double_precision = NULL;
    else if (strcmp(what, "spec") == 0)
        model->spec_sha256 = "3333333333333333333333333333333333333333333333333333333333333333";
    else if (strcmp(what, "name") == 0) {
        model->name = "another";
        model->spec_sha256 = "3333333333333333333333333333333333333333333333333333333333333333";
    }
}

int main(int argc, char **argv)
{
    Model model = host_model;
    ModelFunctions32 single = host_functions_single;
    ModelFunctions64 in_double = host_functions_double;
    model.single_precision = &single;
    model.double_precision = &in_double;
    while (argc > 1 && strncmp(argv[1], "--break=", 8) == 0) {
        break_model(&model, &single, &in_double, argv[1] + 8);
        argv[1] = argv[0];
        argc--;
        argv++;
    }
    return program_main(&model, argc, argv);
}
