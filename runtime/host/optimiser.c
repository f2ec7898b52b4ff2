/* SPDX-License-Identifier: MIT-0 */
/* The optimiser's pass over the weights, with weights in lanes. */
#include "optimiser.h"

#define ANSATZ_PRECISION 32
#include "../core/lanes.h"

#include <math.h>
#include <stdlib.h>

enum {
    PIECE = 4096,     /* weights: a piece's norm is summed by itself, so its length is part of the result's bits */
    NORM_LANES = 16,  /* partial sums of a norm, whatever the machine's lanes are */
    AHEAD = 256,      /* reals by which memory is fetched before it is used: further than a processor does by itself */
    NORM_AHEAD = 2048 /* of the norm, which does so little with each that many must be under way */
};

/* ---- set-up ------------------------------------------------------------------------------------------------------ */

/* Cuts the trained tensors, merged where they touch, into pieces. Without memory for them (pieces NULL) counts them. */
static size_t cut_pieces(const Model *model, OptimiserPiece *pieces)
{
    size_t count = 0;
    for (int i = 0; i < model->tensor_count;) {
        size_t first = model->tensors[i].offset, end = first;
        bool trained = model->tensors[i].trained;
        while (i < model->tensor_count && model->tensors[i].offset == end && model->tensors[i].trained == trained)
            end += model->tensors[i++].count;
        for (; trained && first < end; first += PIECE, count++)
            if (pieces != NULL)
                pieces[count] = (OptimiserPiece){first, end - first < PIECE ? end - first : PIECE};
    }
    return count;
}

bool optimiser_start(Optimiser *optimiser, const Model *model, const float *weights, Failure *failure)
{
    size_t count = model->weight_count;
    *optimiser = (Optimiser){.training = &model->training, .weight_count = count};
    optimiser->piece_count = cut_pieces(model, NULL);
    optimiser->pieces = memory_claim(optimiser->piece_count, sizeof *optimiser->pieces, "optimiser", failure);
    optimiser->norm_parts = memory_claim(optimiser->piece_count, sizeof *optimiser->norm_parts, "optimiser", failure);
    optimiser->first_moment = memory_claim(count, sizeof(float), "optimiser", failure);
    optimiser->second_moment = memory_claim(count, sizeof(float), "optimiser", failure);
    if (model->training.average > 0)
        optimiser->average = memory_claim(count, sizeof(float), "optimiser", failure);
    if (optimiser->pieces == NULL || optimiser->norm_parts == NULL || optimiser->first_moment == NULL ||
        optimiser->second_moment == NULL || (model->training.average > 0 && optimiser->average == NULL)) {
        optimiser_end(optimiser);
        return false;
    }
    cut_pieces(model, optimiser->pieces);
    if (optimiser->average != NULL)
        memcpy(optimiser->average, weights, count * sizeof(float));
    return true;
}

void optimiser_end(Optimiser *optimiser)
{
    free(optimiser->pieces);
    free(optimiser->norm_parts);
    free(optimiser->first_moment);
    free(optimiser->second_moment);
    free(optimiser->average);
    *optimiser = (Optimiser){0};
}

/* ---- the gradient's norm ----------------------------------------------------------------------------------------- */

/* The sum of squares of `count` of the `left` elements that are there: element i goes to partial sum i % NORM_LANES, then the
 * partial sums are added by halves. */
static double sum_of_squares(const float *gradient, size_t count, size_t left)
{
    double sums[NORM_LANES] = {0};
    size_t i = 0;
    for (; i + NORM_LANES <= count; i += NORM_LANES) {
        __builtin_prefetch(gradient + (i + NORM_AHEAD < left ? i + NORM_AHEAD : i));
        for (int lane = 0; lane < NORM_LANES; lane++) {
            const double x = (double)gradient[i + (size_t)lane];
            sums[lane] += x * x;
        }
    }
    for (int lane = 0; i < count; i++, lane++) {
        const double x = (double)gradient[i];
        sums[lane] += x * x;
    }
    for (int half = NORM_LANES / 2; half > 0; half /= 2)
        for (int lane = 0; lane < half; lane++)
            sums[lane] += sums[lane + half];
    return sums[0];
}

double optimiser_norm(Optimiser *optimiser, const float *gradient, int threads)
{
    const ptrdiff_t pieces = (ptrdiff_t)optimiser->piece_count;
    double sum = 0;
    (void)threads;
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1 && pieces > 16)
#endif
    for (ptrdiff_t p = 0; p < pieces; p++) {
        const OptimiserPiece piece = optimiser->pieces[p];
        optimiser->norm_parts[p] =
            sum_of_squares(gradient + piece.first, piece.count, optimiser->weight_count - piece.first);
    }
    for (ptrdiff_t p = 0; p < pieces; p++)
        sum += optimiser->norm_parts[p];
    return sqrt(sum);
}

/* ---- the update -------------------------------------------------------------------------------------------------- */

/* The numbers of one update, which is the same formula for all optimisers: with the gradient g,
 *   m <- keep_first m + add_first g,  v <- keep_second v + add_second g^2,  w <- keep_weight w - step m / (root sqrt(v) +
 * epsilon). RMSProp has m = g and no corrections; SGD has v = 0, epsilon 1 and momentum's sum in place of a mean. */
typedef struct Factors {
    float clip;                                           /* of the gradient */
    float decay_in_gradient;                              /* Adam: weight_decay */
    float keep_weight;                                    /* AdamW: 1 - rate weight_decay */
    float keep_first, add_first, keep_second, add_second; /* Adam: beta1, 1 - beta1, beta2, 1 - beta2 */
    float step;                                           /* Adam: rate / (1 - beta1^t) */
    float root;                                           /* Adam: 1 / sqrt(1 - beta2^t) */
    float epsilon;
    float average; /* 1 - d_t */
} Factors;

/* base^exponent by squaring: the same bits on every machine. */
static double power(double base, uint64_t exponent)
{
    double result = 1;
    for (; exponent > 0; exponent /= 2, base *= base)
        if (exponent % 2 == 1)
            result *= base;
    return result;
}

static Factors find_factors(const Optimiser *optimiser, double rate, double norm)
{
    const ModelTraining *training = optimiser->training;
    const double t = (double)optimiser->updates, warm = (1 + t) / (10 + t);
    const bool adam = training->optimizer == MODEL_ADAM || training->optimizer == MODEL_ADAMW;
    const bool sgd = training->optimizer == MODEL_SGD, decoupled = training->optimizer == MODEL_ADAMW;
    const double correction1 = adam ? 1 - power(training->beta1, optimiser->updates + 1) : 1;
    const double correction2 = adam ? 1 - power(training->beta2, optimiser->updates + 1) : 1;
    const bool clips = training->clip_norm > 0 && norm > training->clip_norm;
    return (Factors){
        .clip = clips ? (float)(training->clip_norm / norm) : 1.0f,
        .decay_in_gradient = decoupled ? 0.0f : (float)training->weight_decay,
        .keep_weight = decoupled ? (float)(1 - rate * training->weight_decay) : 1.0f,
        .keep_first = adam || sgd ? (float)training->beta1 : 0.0f,
        .add_first = adam ? (float)(1 - training->beta1) : 1.0f,
        .keep_second = sgd ? 0.0f : (float)training->beta2,
        .add_second = sgd ? 0.0f : (float)(1 - training->beta2),
        .step = (float)(rate / correction1),
        .root = (float)(1 / sqrt(correction2)),
        .epsilon = sgd ? 1.0f : (float)training->epsilon,
        .average = (float)(1 - (warm < training->average ? warm : training->average)),
    };
}

/* Without this, moments of weights that get no gradient would fade into denormal numbers and stay there, each operation
 * on them a hundred times slower. */
static ALWAYS_INLINE lanes without_denormals(lanes x)
{
    const lanes least = lanes_splat(0x1p-126f);
    return lanes_select(lanes_less(lanes_abs(x), least), lanes_splat(0.0f), x);
}

/* One vector of weights; `average` may be NULL. */
static ALWAYS_INLINE void update_lanes(const Factors *factors, const float *gradient, float *weights,
                                       float *first_moment, float *second_moment, float *average)
{
    const lanes w = lanes_load(weights);
    const lanes g = lanes_load(gradient) * lanes_splat(factors->clip) + w * lanes_splat(factors->decay_in_gradient);
    const lanes m = without_denormals(lanes_load(first_moment) * lanes_splat(factors->keep_first) +
                                      g * lanes_splat(factors->add_first));
    const lanes v = without_denormals(lanes_load(second_moment) * lanes_splat(factors->keep_second) +
                                      g * lanes_splat(factors->add_second) * g);
    const lanes size = lanes_sqrt(v) * lanes_splat(factors->root) + lanes_splat(factors->epsilon);
    const lanes updated = w * lanes_splat(factors->keep_weight) - m * lanes_splat(factors->step) / size;
    lanes_store(first_moment, m);
    lanes_store(second_moment, v);
    lanes_store(weights, updated);
    if (average != NULL) {
        const lanes a = lanes_load(average);
        lanes_store(average, a + (updated - a) * lanes_splat(factors->average));
    }
}

/* The weights that do not fill a vector, by way of whole ones. */
static void update_rest(const Factors *factors, size_t count, const float *gradient, float *weights,
                        float *first_moment, float *second_moment, float *average)
{
    float g[LANES] = {0}, w[LANES] = {0}, m[LANES] = {0}, v[LANES] = {0}, a[LANES] = {0};
    const size_t bytes = count * sizeof(float);
    memcpy(g, gradient, bytes);
    memcpy(w, weights, bytes);
    memcpy(m, first_moment, bytes);
    memcpy(v, second_moment, bytes);
    if (average != NULL)
        memcpy(a, average, bytes);
    update_lanes(factors, g, w, m, v, a);
    memcpy(weights, w, bytes);
    memcpy(first_moment, m, bytes);
    memcpy(second_moment, v, bytes);
    if (average != NULL)
        memcpy(average, a, bytes);
}

static void update_piece(const Optimiser *optimiser, const Factors *factors, OptimiserPiece piece,
                         const float *gradient, float *weights)
{
    const size_t whole = piece.count - piece.count % LANES, end = piece.first + whole;
    float *first = optimiser->first_moment, *second = optimiser->second_moment, *average = optimiser->average;
    for (size_t i = piece.first; i < end; i += LANES) {
        const size_t ahead = i + AHEAD < optimiser->weight_count ? i + AHEAD : i;
        __builtin_prefetch(gradient + ahead);
        __builtin_prefetch(weights + ahead, 1);
        __builtin_prefetch(first + ahead, 1);
        __builtin_prefetch(second + ahead, 1);
        if (average != NULL)
            __builtin_prefetch(average + ahead, 1);
        update_lanes(factors, gradient + i, weights + i, first + i, second + i, average != NULL ? average + i : NULL);
    }
    if (whole < piece.count)
        update_rest(factors, piece.count - whole, gradient + end, weights + end, first + end, second + end,
                    average == NULL ? NULL : average + end);
}

void optimiser_update(Optimiser *optimiser, double rate, double norm, const float *gradient, float *weights,
                      int threads)
{
    const ptrdiff_t pieces = (ptrdiff_t)optimiser->piece_count;
    const Factors factors = find_factors(optimiser, rate, norm);
    (void)threads;
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1 && pieces > 16)
#endif
    for (ptrdiff_t p = 0; p < pieces; p++)
        update_piece(optimiser, &factors, optimiser->pieces[p], gradient, weights);
    optimiser->updates++;
}

const float *optimiser_weights(const Optimiser *optimiser, const float *weights)
{
    return optimiser->average != NULL ? optimiser->average : weights;
}
