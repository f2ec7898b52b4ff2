/* SPDX-License-Identifier: MIT */
/* The functions of tests/host_model.h in one precision: included with ANSATZ_PRECISION and HOST_FUNCTIONS set. */
#include "runtime/core/random.h"
#include "tests/host_model.h"

#include <math.h>

static const double stiffness[HOST_DIMENSION] = {HOST_STIFFNESS_0, HOST_STIFFNESS_1};
static const double centre[HOST_DIMENSION] = {HOST_CENTRE_0, HOST_CENTRE_1};
static const double half_log_2_pi = 0.91893853320467274178;

static size_t workspace_bytes(int threads)
{
    return 64 * (size_t)threads;
}

/* One sample from its normal draws. */
static double push(const real *weights, const double *z, double *x)
{
    double log_q = 0;
    for (int i = 0; i < HOST_DIMENSION; i++) {
        const double log_scale = (double)weights[HOST_LOG_SCALE + i];
        x[i] = (double)weights[HOST_SHIFT + i] + exp(log_scale) * z[i];
        log_q -= 0.5 * z[i] * z[i] + half_log_2_pi + log_scale;
    }
    return log_q;
}

static void sample(const real *weights, const real *scalars, uint64_t seed, uint64_t first, size_t count, real *x,
                   real *log_q, void *workspace, int threads)
{
    const RandomStream stream = {.seed = seed, .first_sample = first, .step = 0, .purpose = RANDOM_SAMPLE};
    (void)scalars;
    (void)threads;
    memset(workspace, 0, 64);
    for (size_t s = 0; s < count; s++) {
        double z[HOST_DIMENSION], point[HOST_DIMENSION];
        for (uint32_t i = 0; i < HOST_DIMENSION; i++)
            z[i] = (double)random_normal_value(&stream, s, 0, i);
        log_q[s] = (real)push(weights, z, point);
        for (int i = 0; i < HOST_DIMENSION; i++)
            x[s * HOST_DIMENSION + (size_t)i] = (real)point[i];
    }
}

static void log_prob(const real *weights, const real *scalars, size_t count, const real *x, real *log_q,
                     void *workspace, int threads)
{
    (void)scalars;
    (void)workspace;
    (void)threads;
    for (size_t s = 0; s < count; s++) {
        double sum = 0;
        for (int i = 0; i < HOST_DIMENSION; i++) {
            const double log_scale = (double)weights[HOST_LOG_SCALE + i];
            const double z =
                ((double)x[s * HOST_DIMENSION + (size_t)i] - (double)weights[HOST_SHIFT + i]) / exp(log_scale);
            sum -= 0.5 * z * z + half_log_2_pi + log_scale;
        }
        log_q[s] = (real)sum;
    }
}

static void score(const real *weights, const real *scalars, size_t count, const real *x, real *log_q, real *values,
                  void *workspace, int threads)
{
    log_prob(weights, scalars, count, x, log_q, workspace, threads);
    for (size_t s = 0; s < count; s++)
        for (int i = 0; i < HOST_DIMENSION; i++) {
            const size_t at = s * HOST_DIMENSION + (size_t)i;
            const double variance = exp(2 * (double)weights[HOST_LOG_SCALE + i]);
            values[at] = (real)(((double)weights[HOST_SHIFT + i] - (double)x[at]) / variance);
        }
}

static void energy(const real *scalars, size_t count, const real *x, real *values, void *workspace, int threads)
{
    (void)scalars;
    (void)workspace;
    (void)threads;
    for (size_t s = 0; s < count; s++) {
        double sum = 0;
        for (int i = 0; i < HOST_DIMENSION; i++) {
            const double apart = (double)x[s * HOST_DIMENSION + (size_t)i] - centre[i];
            sum += 0.5 * stiffness[i] * apart * apart;
        }
        values[s] = (real)sum;
    }
}

static void force(const real *scalars, size_t count, const real *x, real *values, void *workspace, int threads)
{
    (void)scalars;
    (void)workspace;
    (void)threads;
    for (size_t s = 0; s < count; s++)
        for (int i = 0; i < HOST_DIMENSION; i++) {
            const size_t at = s * HOST_DIMENSION + (size_t)i;
            values[at] = (real)(-stiffness[i] * ((double)x[at] - centre[i]));
        }
}

/* "left": x[0] < centre; "product": x[0] x[1]. */
static void observables(const real *scalars, size_t count, const real *x, real *values, void *workspace, int threads)
{
    (void)scalars;
    (void)workspace;
    (void)threads;
    for (size_t s = 0; s < count; s++) {
        values[2 * s] = (double)x[2 * s] < HOST_CENTRE_0 ? 1 : 0;
        values[2 * s + 1] = x[2 * s] * x[2 * s + 1];
    }
}

/* loss = mean of U / kT + log q; d loss / d shift = mean of U' / kT, d loss / d log_scale = mean of U' exp(log_scale) z
 * / kT
 * - 1. */
static double step(const real *weights, const real *scalars, const real *data, uint64_t seed, uint32_t number,
                   real *gradient, void *workspace, int threads)
{
    const RandomStream stream = {.seed = seed, .first_sample = 0, .step = number, .purpose = RANDOM_TRAIN_NOISE};
    const double kT = (double)scalars[0];
    double sums[HOST_WEIGHTS] = {0}, loss = 0;
    (void)data;
    (void)workspace;
    (void)threads;
    for (size_t s = 0; s < HOST_BATCH; s++) {
        double z[HOST_DIMENSION], x[HOST_DIMENSION];
        for (uint32_t i = 0; i < HOST_DIMENSION; i++)
            z[i] = (double)random_normal_value(&stream, s, 0, i);
        loss += push(weights, z, x);
        for (int i = 0; i < HOST_DIMENSION; i++) {
            const double slope = stiffness[i] * (x[i] - centre[i]) / kT;
            loss += 0.5 * slope * (x[i] - centre[i]);
            sums[HOST_SHIFT + i] += slope;
            sums[HOST_LOG_SCALE + i] += slope * exp((double)weights[HOST_LOG_SCALE + i]) * z[i] - 1;
        }
    }
    for (int i = 0; i < HOST_WEIGHTS; i++)
        gradient[i] = (real)(sums[i] / HOST_BATCH);
    return loss / HOST_BATCH;
}

const HOST_FUNCTIONS = {.workspace_bytes = workspace_bytes,
                        .sample = sample,
                        .log_prob = log_prob,
                        .score = score,
                        .energy = energy,
                        .force = force,
                        .observables = observables,
                        .step = step};
