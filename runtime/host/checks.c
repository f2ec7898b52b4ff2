/* SPDX-License-Identifier: MIT-0 */
/* What a model promises, tested on this machine with this build. */
#include "checks.h"
#include "../core/config.h"
#include "draws.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDINGS = 4 };
enum { SAMPLES = 256, KERNELS = 128, DENSITY_SAMPLES = 8192, ALL_SAMPLES = DENSITY_SAMPLES + KERNELS };

static Check *begin_check(Checks *checks, const char *name, double tolerance)
{
    Check *check = &checks->checks[checks->count++];
    *check = (Check){.name = name, .is_good = true, .tolerance = tolerance};
    return check;
}

static void skip_check(Checks *checks, const char *name, const char *why)
{
    Check *check = begin_check(checks, name, 0);
    check->is_skipped = true;
    snprintf(check->what, sizeof check->what, "%s", why);
}

/* Notes a deviation; NaN is the largest of all. */
static void note(Check *check, double deviation, const char *what, size_t number)
{
    if (deviation <= check->worst || isnan(check->worst))
        return;
    check->worst = deviation;
    check->is_good = deviation <= check->tolerance;
    snprintf(check->what, sizeof check->what, "%.100s %zu", what, number);
}

/* How much a central difference of these values over h may be off because they are rounded: a few last places of the larger
 * one, which is much where a large constant is part of both. (Values that are exact to the last place differ by one.) */
static double rounding_of(double low, double high, double h)
{
    return ROUNDINGS * DBL_EPSILON * fmax(fabs(low), fabs(high)) / (2 * h);
}

/* How much of a deviation rounding does not account for; NaN stays. */
static double beyond_rounding(double deviation, double rounding)
{
    return deviation < rounding ? 0 : deviation - rounding;
}

/* ---- set-up ------------------------------------------------------------------------------------------------------ */

static bool claim_memory(Checks *checks, Failure *failure)
{
    const char *what = "selftest";
    const Model *model = checks->session->model;
    const size_t weights = model->weight_count, dimension = (size_t)model->dimension;
    const size_t few = SAMPLES * dimension, all = ALL_SAMPLES * dimension;
    bool good = true;
    checks->weights = memory_claim_next(weights, sizeof(double), what, &good, failure);
    checks->moved_weights = memory_claim_next(weights, sizeof(double), what, &good, failure);
    checks->gradient = memory_claim_next(weights, sizeof(double), what, &good, failure);
    checks->scratch_gradient = memory_claim_next(weights, sizeof(double), what, &good, failure);
    checks->x = memory_claim_next(few, sizeof(double), what, &good, failure);
    checks->moved_x = memory_claim_next(few, sizeof(double), what, &good, failure);
    checks->force = memory_claim_next(few, sizeof(double), what, &good, failure);
    checks->score = memory_claim_next(few, sizeof(double), what, &good, failure);
    checks->values = memory_claim_next(ALL_SAMPLES, sizeof(double), what, &good, failure);
    checks->other_values = memory_claim_next(SAMPLES, sizeof(double), what, &good, failure);
    checks->weights_single = memory_claim_next(weights, sizeof(float), what, &good, failure);
    checks->gradient_single = memory_claim_next(weights, sizeof(float), what, &good, failure);
    checks->x_single = memory_claim_next(all, sizeof(float), what, &good, failure);
    checks->kernel_x = memory_claim_next(DENSITY_SAMPLES * dimension, sizeof(float), what, &good, failure);
    checks->other_x_single = memory_claim_next(few, sizeof(float), what, &good, failure);
    checks->values_single = memory_claim_next(ALL_SAMPLES, sizeof(float), what, &good, failure);
    checks->other_values_single = memory_claim_next(SAMPLES, sizeof(float), what, &good, failure);
    if (model->data_width > 0) {
        const size_t reals = (size_t)(model->training.batch * model->data_width);
        checks->data = memory_claim_next(reals, sizeof(double), what, &good, failure);
        checks->data_single = memory_claim_next(reals, sizeof(float), what, &good, failure);
    }
    if (model->double_precision != NULL)
        checks->workspace = memory_claim_next(model->double_precision->workspace_bytes(checks->session->threads), 1,
                                              what, &good, failure);
    return good;
}

/* Rows of data for a step: normal numbers, or what their component may be, and conditions that spread over theirs. */
static void make_data(Checks *checks)
{
    const Model *model = checks->session->model;
    const size_t reals = (size_t)(model->training.batch * model->data_width);
    for (size_t i = 0; i < reals; i++) {
        const int64_t component = (int64_t)i % model->data_width;
        const bool is_real = model->kinds == NULL || component >= model->dimension;
        const ModelKind kind = is_real ? MODEL_REAL : model->kinds[component];
        const float normal = draw_initial_normal(checks->session->seed, 3, 0, i);
        checks->data_single[i] = kind == MODEL_POSITIVE  ? expf(normal)
                                 : kind == MODEL_INTEGER ? floorf(3 * normal)
                                                         : normal;
        checks->data[i] = (double)checks->data_single[i];
    }
    for (int row = 0; row < model->training.batch && model->data_width > model->dimension; row++)
        conditions_check_row(model, row, checks->data + row * model->data_width + model->dimension,
                             checks->data_single + row * model->data_width + model->dimension);
}

/* As training starts. */
static bool draw_weights(Checks *checks, Failure *failure)
{
    const Session *session = checks->session;
    weights_initialise(session->model, session->seed, checks->weights_single);
    return weights_compute(session->model, session->seed, session->scalars_single, checks->data_single,
                           checks->weights_single, session->workspace, session->threads, failure);
}

bool checks_start(Checks *checks, const Session *session, Failure *failure)
{
    *checks = (Checks){.session = session};
    if (!claim_memory(checks, failure)) {
        checks_end(checks);
        return false;
    }
    make_data(checks);
    if (session->weights != NULL)
        memcpy(checks->weights_single, session->weights, session->model->weight_count * sizeof(float));
    else if (!draw_weights(checks, failure)) {
        checks_end(checks);
        return false;
    }
    for (size_t i = 0; i < session->model->weight_count; i++) {
        /* a start may be the identity, which would hide errors */
        if (session->weights == NULL)
            checks->weights_single[i] += 0.05f * draw_initial_normal(session->seed, 1, 0, i);
        checks->weights[i] = (double)checks->weights_single[i];
    }
    return true;
}

void checks_end(Checks *checks)
{
    free(checks->weights);
    free(checks->moved_weights);
    free(checks->gradient);
    free(checks->scratch_gradient);
    free(checks->x);
    free(checks->moved_x);
    free(checks->force);
    free(checks->score);
    free(checks->values);
    free(checks->other_values);
    free(checks->data);
    free(checks->data_single);
    free(checks->weights_single);
    free(checks->gradient_single);
    free(checks->x_single);
    free(checks->other_x_single);
    free(checks->kernel_x);
    free(checks->values_single);
    free(checks->other_values_single);
    free(checks->workspace);
    *checks = (Checks){0};
}

/* ---- the training step ------------------------------------------------------------------------------------------- */

/* Draws depend on seed and step alone, so that the loss is a function of the weights, smooth but for kinks. */
static double step_double(const Checks *checks, const double *weights, double *gradient)
{
    const Session *session = checks->session;
    return session->model->double_precision->step(weights, session->scalars, checks->data, session->seed, 0, gradient,
                                                  checks->workspace, session->threads);
}

/* Element i of a random direction, one for each number `which`. */
static double direction(const Checks *checks, uint32_t which, size_t i)
{
    return (double)draw_initial_normal(checks->session->seed, 2, which, i);
}

static const double longest = 1e-5; /* distance of differences of the loss */

/* How far a difference over h is from the gradient along it, relative to the gradient's norm, beyond what rounding does over
 * the longest distance. (Over a short one it could do anything.) */
static double gradient_error(Checks *checks, int t, double h)
{
    const ModelTensor *tensor = &checks->session->model->tensors[t];
    double along = 0, squares = 0, loss[2];
    for (size_t i = 0; i < tensor->count; i++) {
        const double g = checks->gradient[tensor->offset + i];
        along += g * direction(checks, (uint32_t)t, i);
        squares += g * g;
    }
    for (int side = 0; side < 2; side++) {
        memcpy(checks->moved_weights, checks->weights, checks->session->model->weight_count * sizeof(double));
        for (size_t i = 0; i < tensor->count; i++)
            checks->moved_weights[tensor->offset + i] += (side == 0 ? -h : h) * direction(checks, (uint32_t)t, i);
        loss[side] = step_double(checks, checks->moved_weights, checks->scratch_gradient);
    }
    return beyond_rounding(fabs((loss[1] - loss[0]) / (2 * h) - along), rounding_of(loss[0], loss[1], longest)) /
           fmax(sqrt(squares), 1e-3);
}

/* A wrong gradient deviates over every distance. A right one may over long ones, where samples cross kinks (of relu, of
 * a spline's slope at its knots), and over short ones, where the loss is rounded. */
static void check_tensor(Checks *checks, int t, Check *check)
{
    double least = INFINITY;
    for (double h = longest; h > 5e-9 && !(least <= check->tolerance); h *= 0.1)
        least = fmin(least, gradient_error(checks, t, h));
    note(check, least, checks->session->model->tensors[t].name, (size_t)t);
}

static void check_gradient(Checks *checks)
{
    const Model *model = checks->session->model;
    step_double(checks, checks->weights, checks->gradient);
    if (model->training.holds_samples) {
        skip_check(checks, "gradient", "the loss holds its samples, so that the step's gradient is not its derivative");
        return;
    }
    Check *check = begin_check(checks, "gradient", 1e-4);
    for (int t = 0; t < model->tensor_count; t++)
        if (model->tensors[t].trained && !model->tensors[t].estimated)
            check_tensor(checks, t, check);
}

/* After check_gradient. */
static void check_precision(Checks *checks)
{
    const Session *session = checks->session;
    Check *check = begin_check(checks, "precision", 1e-3);
    session->model->single_precision->step(checks->weights_single, session->scalars_single, checks->data_single,
                                           session->seed, 0, checks->gradient_single, session->workspace,
                                           session->threads);
    for (int t = 0; t < session->model->tensor_count; t++) {
        const ModelTensor *tensor = &session->model->tensors[t];
        double squares = 0, differences = 0;
        for (size_t i = tensor->offset; i < tensor->offset + tensor->count; i++) {
            const double difference = (double)checks->gradient_single[i] - checks->gradient[i];
            squares += checks->gradient[i] * checks->gradient[i];
            differences += difference * difference;
        }
        note(check, sqrt(differences) / fmax(sqrt(squares), 1e-3), tensor->name, (size_t)t);
    }
}

/* ---- the energy and the samples in double ------------------------------------------------------------------------ */

static void check_force(Checks *checks)
{
    const double h = 1e-5;
    const Session *session = checks->session;
    const ModelFunctions64 *functions = session->model->double_precision;
    const size_t dimension = (size_t)session->model->dimension;
    double *energies[2] = {checks->values, checks->other_values};
    Check *check = begin_check(checks, "force", 1e-4);
    functions->force(session->scalars, SAMPLES, checks->x, checks->force, checks->workspace, session->threads);
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < SAMPLES * dimension; i++)
            checks->moved_x[i] = checks->x[i] + (side == 0 ? -h : h) * direction(checks, 0, i);
        functions->energy(session->scalars, SAMPLES, checks->moved_x, energies[side], checks->workspace,
                          session->threads);
    }
    for (size_t s = 0; s < SAMPLES; s++) {
        double along = 0, squares = 0;
        for (size_t i = s * dimension; i < (s + 1) * dimension; i++) {
            along -= checks->force[i] * direction(checks, 0, i);
            squares += checks->force[i] * checks->force[i];
        }
        const double low = energies[0][s], high = energies[1][s];
        const double deviation = beyond_rounding(fabs((high - low) / (2 * h) - along), rounding_of(low, high, h));
        note(check, deviation / fmax(sqrt(squares), 1), "sample", s);
    }
}

static void check_score(Checks *checks)
{
    const double h = 1e-6;
    const Session *session = checks->session;
    const ModelFunctions64 *functions = session->model->double_precision;
    const size_t dimension = (size_t)session->model->dimension;
    double *log_q[2] = {checks->values, checks->other_values};
    Check *check = begin_check(checks, "score", 1e-4);
    functions->score(checks->weights, session->scalars, SAMPLES, checks->x, checks->values, checks->score,
                     checks->workspace, session->threads);
    functions->log_prob(checks->weights, session->scalars, SAMPLES, checks->x, checks->other_values, checks->workspace,
                        session->threads);
    for (size_t s = 0; s < SAMPLES; s++)
        note(check, fabs(log_q[1][s] - log_q[0][s]) / fmax(fabs(log_q[1][s]), 1), "log q of sample", s);
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < SAMPLES * dimension; i++)
            checks->moved_x[i] = checks->x[i] + (side == 0 ? -h : h) * direction(checks, 0, i);
        functions->log_prob(checks->weights, session->scalars, SAMPLES, checks->moved_x, log_q[side], checks->workspace,
                            session->threads);
    }
    for (size_t s = 0; s < SAMPLES; s++) {
        double along = 0, squares = 0;
        for (size_t i = s * dimension; i < (s + 1) * dimension; i++) {
            along += checks->score[i] * direction(checks, 0, i);
            squares += checks->score[i] * checks->score[i];
        }
        note(check, fabs((log_q[1][s] - log_q[0][s]) / (2 * h) - along) / fmax(sqrt(squares), 1), "sample", s);
    }
}

static void check_inverse_double(Checks *checks)
{
    const Session *session = checks->session;
    Check *check = begin_check(checks, "inverse, double", 1e-7);
    session->model->double_precision->log_prob(checks->weights, session->scalars, SAMPLES, checks->x,
                                               checks->other_values, checks->workspace, session->threads);
    for (size_t s = 0; s < SAMPLES; s++)
        note(check, fabs(checks->other_values[s] - checks->values[s]) / fmax(fabs(checks->values[s]), 1), "sample", s);
}

static void check_in_double(Checks *checks)
{
    const Session *session = checks->session;
    const ModelFunctions64 *functions = session->model->double_precision;
    if (functions == NULL) {
        skip_check(checks, "gradient", "the package was built without double precision");
        return;
    }
    if (functions->step != NULL) {
        check_gradient(checks);
        check_precision(checks);
    }
    if (functions->sample == NULL)
        return;
    functions->sample(checks->weights, session->scalars, session->seed, 0, SAMPLES, checks->x, checks->values,
                      checks->workspace, session->threads);
    if (functions->log_prob != NULL)
        check_inverse_double(checks);
    if (functions->energy != NULL && functions->force != NULL)
        check_force(checks);
    if (functions->log_prob != NULL && functions->score != NULL)
        check_score(checks);
}

/* ---- the samples in single --------------------------------------------------------------------------------------- */

static void sample_single(const Checks *checks, uint64_t first, size_t count, float *x, float *log_q, int threads)
{
    const Session *session = checks->session;
    session->model->single_precision->sample(checks->weights_single, session->scalars_single, session->seed, first,
                                             count, x, log_q, session->workspace, threads);
}

static void check_inverse_single(Checks *checks)
{
    const Session *session = checks->session;
    const float *log_q = checks->values_single, *again = checks->other_values_single;
    Check *check = begin_check(checks, "inverse, float", 1e-2);
    session->model->single_precision->log_prob(checks->weights_single, session->scalars_single, SAMPLES,
                                               checks->x_single, checks->other_values_single, session->workspace,
                                               session->threads);
    for (size_t s = 0; s < SAMPLES; s++)
        note(check, (double)(fabsf(again[s] - log_q[s]) / fmaxf(fabsf(log_q[s]), 1)), "sample", s);
}

/* How far two rows of floats deviate: 0 where they are the same bits and 1 elsewhere, or the largest relative deviation where
 * the same bits were given up. */
static double row_deviation(const Checks *checks, const float *a, const float *b, size_t count)
{
    double largest = 0;
    if (checks->session->model->blas == NULL)
        return memcmp(a, b, count * sizeof *a) == 0 ? 0 : 1;
    for (size_t i = 0; i < count; i++) {
        const double deviation = (double)(fabsf(a[i] - b[i]) / fmaxf(fabsf(b[i]), 1));
        largest = deviation <= largest ? largest : deviation; /* NaN too */
    }
    return largest;
}

/* Pieces of uneven lengths, by one thread, against all at once. */
static void check_rows(Checks *checks)
{
    const size_t dimension = (size_t)checks->session->model->dimension;
    Check *check = begin_check(checks, "rows", checks->session->model->blas != NULL ? 1e-2 : 0);
    for (size_t first = 0, length = 1; first < SAMPLES; first += length, length = length * 2 + 1) {
        const size_t count = SAMPLES - first < length ? SAMPLES - first : length;
        sample_single(checks, first, count, checks->other_x_single + first * dimension,
                      checks->other_values_single + first, 1);
    }
    for (size_t s = 0; s < SAMPLES; s++) {
        const size_t at = s * dimension;
        note(check, row_deviation(checks, checks->other_x_single + at, checks->x_single + at, dimension), "sample", s);
        note(check, row_deviation(checks, checks->other_values_single + s, checks->values_single + s, 1), "sample", s);
    }
}

/* ---- the density ------------------------------------------------------------------------------------------------- */

/* Each component's spread over the samples, times Silverman's factor for so many kernels. */
static void find_widths(const Checks *checks, double *widths)
{
    const size_t dimension = (size_t)checks->session->model->dimension;
    const double factor = pow(KERNELS, -1 / (double)(dimension + 4));
    for (size_t i = 0; i < dimension; i++) {
        double sum = 0, squares = 0;
        for (size_t s = 0; s < ALL_SAMPLES; s++)
            sum += (double)checks->x_single[s * dimension + i];
        const double mean = sum / ALL_SAMPLES;
        for (size_t s = 0; s < ALL_SAMPLES; s++) {
            const double apart = (double)checks->x_single[s * dimension + i] - mean;
            squares += apart * apart;
        }
        widths[i] = factor * sqrt(squares / ALL_SAMPLES);
    }
}

/* Of a component that leaves its range, the place within that a mirror at the end, or a turn of the circle, puts it. */
static double folded(const ModelRange *range, double x)
{
    if (range == NULL || !range->has_ends)
        return x;
    const double width = range->high - range->low, period = range->periodic ? width : 2 * width;
    double from = x - range->low - period * floor((x - range->low) / period);
    if (!range->periodic && from > width)
        from = period - from;
    return fmin(fmax(range->low + from, range->low), range->high);
}

/* -2 log of a normal kernel, folded into the component's range: the kernel and its nearest images. */
static double kernel_square(const ModelRange *range, double x, double centre, double width)
{
    const double apart = (x - centre) / width;
    if (range == NULL || !range->has_ends)
        return apart * apart;
    const double period = range->high - range->low;
    const double images[2] = {range->periodic ? centre - period : 2 * range->low - centre,
                              range->periodic ? centre + period : 2 * range->high - centre};
    double sum = exp(-0.5 * apart * apart);
    for (int side = 0; side < 2; side++)
        sum += exp(-0.5 * (x - images[side]) * (x - images[side]) / (width * width));
    return -2 * log(sum);
}

static const ModelRange *range_of(const Checks *checks, size_t component)
{
    const Model *model = checks->session->model;
    return model->ranges != NULL ? &model->ranges[component] : NULL;
}

/* log r(x): r is the mean of normal densities about the first KERNELS samples, folded into the components' ranges. */
static double log_kernels(const Checks *checks, const double *widths, const float *x)
{
    const double log_2_pi = 1.8378770664093453;
    const size_t dimension = (size_t)checks->session->model->dimension;
    double sum = 0, log_widths = 0;
    for (size_t i = 0; i < dimension; i++)
        log_widths += log(widths[i]) + 0.5 * log_2_pi;
    for (size_t k = 0; k < KERNELS; k++) {
        double squares = 0;
        for (size_t i = 0; i < dimension; i++) {
            squares += kernel_square(range_of(checks, i), (double)x[i], (double)checks->x_single[k * dimension + i],
                                     widths[i]);
        }
        sum += exp(-0.5 * squares);
    }
    return log(sum / KERNELS) - log_widths;
}

/* A mean over DENSITY_SAMPLES numbers and its standard error. */
typedef struct Mean {
    double value, error;
} Mean;

/* The mean of 1 / (1 + exp(log q - log r)) over samples, of q (sign 1) or of r (sign -1: of the rest to 1). */
static Mean mean_share(const Checks *checks, const double *widths, const float *x, const float *log_q, double sign)
{
    const size_t dimension = (size_t)checks->session->model->dimension;
    double sum = 0, squares = 0;
    for (size_t s = 0; s < DENSITY_SAMPLES; s++) {
        const double apart = (double)log_q[s] - log_kernels(checks, widths, x + s * dimension);
        const double share = isnan(apart) ? 0 : 1 / (1 + exp(sign * apart));
        sum += share;
        squares += share * share;
    }
    const double mean = sum / DENSITY_SAMPLES;
    return (Mean){mean, sqrt(fmax(squares / DENSITY_SAMPLES - mean * mean, 0) / DENSITY_SAMPLES)};
}

/* Samples of r and their log q. */
static void sample_kernels(Checks *checks, const double *widths, float *log_q)
{
    const Session *session = checks->session;
    const size_t dimension = (size_t)session->model->dimension;
    for (size_t s = 0; s < DENSITY_SAMPLES; s++)
        for (size_t i = 0; i < dimension; i++) {
            const float x = checks->x_single[s % KERNELS * dimension + i] +
                            (float)widths[i] * draw_initial_normal(session->seed, 4, 0, s * dimension + i);
            checks->kernel_x[s * dimension + i] = (float)folded(range_of(checks, i), (double)x);
        }
    session->model->single_precision->log_prob(checks->weights_single, session->scalars_single, DENSITY_SAMPLES,
                                               checks->kernel_x, log_q, session->workspace, session->threads);
}

/* If exp(log q) is c times a density, then c = E_r[q / (q + r)] / E_q[r / (q + r)] for any density r, both means of
 * numbers between 0 and 1 (Meng and Wong 1996, "Simulating ratios of normalizing constants", the optimal bridge). */
static void check_density(Checks *checks)
{
    const size_t dimension = (size_t)checks->session->model->dimension;
    double *widths = checks->moved_x; /* it has room for `dimension` numbers */
    find_widths(checks, widths);
    const Mean of_q =
        mean_share(checks, widths, checks->x_single + KERNELS * dimension, checks->values_single + KERNELS, 1);
    sample_kernels(checks, widths, checks->values_single);
    const Mean of_r = mean_share(checks, widths, checks->kernel_x, checks->values_single, -1);
    const double error = hypot(of_q.error / of_q.value, of_r.error / of_r.value);
    if (!(error < 0.1)) {
        skip_check(checks, "density", "its integral can't be estimated well enough for this model");
        return;
    }
    Check *check = begin_check(checks, "density", 0.02 + 5 * error);
    note(check, fabs(of_r.value / of_q.value - 1), "integral of exp(log q), by samples:", DENSITY_SAMPLES);
}

static void check_in_single(Checks *checks)
{
    const Session *session = checks->session;
    if (session->model->single_precision->sample == NULL)
        return;
    sample_single(checks, 0, ALL_SAMPLES, checks->x_single, checks->values_single, session->threads);
    check_rows(checks);
    if (session->model->single_precision->log_prob == NULL)
        return;
    check_inverse_single(checks);
    check_density(checks); /* the last: it overwrites the samples' log q */
}

void checks_run(Checks *checks)
{
    check_in_double(checks);
    check_in_single(checks);
}
