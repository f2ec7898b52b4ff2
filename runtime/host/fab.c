/* SPDX-License-Identifier: MIT-0 */
/* From annealed walkers to weighted rows. Step sizes of the transitions are found in a warm-up and follow the model slowly
 * from then on. */
#include "fab.h"
#include "../core/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FAB_ROWS ((uint64_t)1 << 51) /* of the sample stream: walkers' first places */
static const double weight_most = 10, adaptation = 0.1;
enum { FACT_BATCHES, FACT_KT, FACTS, FILL_BATCHES = 4 };

/* ---- set-up ------------------------------------------------------------------------------------------------------ */

static bool claim_state(Fab *fab, const Model *model, Failure *failure)
{
    const size_t dimension = (size_t)model->dimension, capacity = (size_t)model->training.fab.buffer;
    const size_t buffer = buffer_floats(capacity, dimension), picks = fab->reuse * fab->batch;
    const size_t sizes = (size_t)fab->annealing.steps + 1;
    fab->state_count = buffer + picks + sizes + FACTS;
    fab->state = memory_claim(fab->state_count, sizeof *fab->state, "replay buffer", failure);
    if (fab->state == NULL)
        return false;
    buffer_view(&fab->buffer, capacity, dimension, fab->state);
    fab->picks = fab->state + buffer;
    fab->step_sizes = fab->picks + picks;
    fab->facts = fab->step_sizes + sizes;
    return true;
}

bool fab_start(Fab *fab, const Model *model, uint64_t seed, const float *weights, const float *scalars, void *workspace,
               int threads, Failure *failure)
{
    const char *what = "walkers";
    const ModelFab *settings = &model->training.fab;
    const size_t dimension = (size_t)model->dimension, batch = (size_t)model->training.batch;
    bool good = true;
    *fab = (Fab){.batch = batch, .reuse = settings->buffer > 0 ? (size_t)settings->reuse : 1};
    fab->bridge = (Bridge){.model = model,
                           .weights = weights,
                           .scalars = scalars,
                           .kT = 1,
                           .seed = seed,
                           .workspace = workspace,
                           .threads = threads};
    if (!bridge_check(model, "fab", failure) ||
        !annealing_start(&fab->annealing, settings->steps + 1, (Exponents){1, 0}, (Exponents){-1, 2}, dimension,
                         failure) ||
        !walkers_start(&fab->walkers, batch, dimension, failure) || !claim_state(fab, model, failure))
        return false;
    fab->log_w = memory_claim_next(batch, sizeof *fab->log_w, what, &good, failure);
    fab->cumulative = memory_claim_next(fab->buffer.capacity, sizeof *fab->cumulative, what, &good, failure);
    fab->x = memory_claim_next(batch * dimension, sizeof *fab->x, what, &good, failure);
    fab->log_q = memory_claim_next(batch, sizeof *fab->log_q, what, &good, failure);
    fab->rows = memory_claim_next(batch * (dimension + 1), sizeof *fab->rows, what, &good, failure);
    return good;
}

void fab_end(Fab *fab)
{
    annealing_end(&fab->annealing);
    walkers_end(&fab->walkers);
    free(fab->state);
    free(fab->log_w);
    free(fab->cumulative);
    free(fab->x);
    free(fab->log_q);
    free(fab->rows);
    *fab = (Fab){0};
}

/* ---- walkers ----------------------------------------------------------------------------------------------------- */

/* At the first step of all the warm-up sets the step sizes; a checkpoint brings them back. */
static bool set_step_sizes(Fab *fab, Failure *failure)
{
    const int points = fab->annealing.steps;
    const bool is_first = fab->facts[FACT_BATCHES] == 0;
    if (is_first && !annealing_tune(&fab->bridge, &fab->annealing, failure))
        return false;
    for (int point = 0; point <= points; point++) {
        if (is_first)
            fab->step_sizes[point] = (float)fab->annealing.step_sizes[point];
        fab->annealing.step_sizes[point] = (double)fab->step_sizes[point];
    }
    return true;
}

/* A new batch of walkers, from the model towards p^2 / q. */
static void anneal_batch(Fab *fab)
{
    Annealing *annealing = &fab->annealing;
    const uint64_t number = (uint64_t)fab->facts[FACT_BATCHES];
    walkers_draw(&fab->bridge, &fab->walkers, FAB_ROWS + number * fab->batch, fab->batch);
    memset(fab->log_w, 0, fab->batch * sizeof *fab->log_w);
    for (int point = 1; point <= annealing->steps; point++) {
        annealing_weigh(&fab->bridge, annealing, point, &fab->walkers, fab->log_w);
        if (point == annealing->steps)
            break;
        annealing_move(&fab->bridge, annealing, point, (uint32_t)point, &fab->walkers);
        const double change = adaptation * (annealing->acceptance[point] - HMC_TARGET_ACCEPTANCE);
        fab->step_sizes[point] = (float)((double)fab->step_sizes[point] * exp(change));
        annealing->step_sizes[point] = (double)fab->step_sizes[point];
    }
    fab->facts[FACT_BATCHES]++;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static void put_row(Fab *fab, size_t i, const float *x, float weight)
{
    const size_t dimension = fab->walkers.dimension;
    float *row = fab->rows + i * (dimension + 1);
    memcpy(row, x, dimension * sizeof *row);
    row[dimension] = weight;
}

/* Rows of walkers, weighted by their share; a walker without weight is replaced by the heaviest, with weight 0. */
static bool rows_of_walkers(Fab *fab, Failure *failure)
{
    const size_t dimension = fab->walkers.dimension;
    const double largest = importance_largest(fab->log_w, fab->batch);
    size_t heaviest = 0;
    double total = 0;
    if (!isfinite(largest))
        return failure_set(failure, FAILURE_NOT_FINITE, "fab: no walker has a weight");
    for (size_t w = 0; w < fab->batch; w++) {
        total += exp(fab->log_w[w] - largest);
        heaviest = fab->log_w[w] == largest ? w : heaviest;
    }
    for (size_t w = 0; w < fab->batch; w++) {
        const double share = exp(fab->log_w[w] - largest) / total;
        const size_t from = share > 0 ? w : heaviest;
        put_row(fab, w, fab->walkers.at.x + from * dimension, (float)(share * (double)fab->batch));
    }
    return true;
}

static void add_to_buffer(Fab *fab)
{
    const Places *at = &fab->walkers.at;
    for (size_t w = 0; w < fab->batch; w++)
        buffer_add(&fab->buffer, at->x + w * fab->walkers.dimension, fab->log_w[w], at->log_q[w], at->energy[w]);
}

/* New walkers into the buffer (at first several batches), and the rows of the next `reuse` steps. */
static bool refill(Fab *fab, uint64_t step, Failure *failure)
{
    const size_t all = fab->reuse * fab->batch, wanted = FILL_BATCHES * all;
    const size_t least = wanted < fab->buffer.capacity ? wanted : fab->buffer.capacity;
    size_t tries = 0;
    do {
        anneal_batch(fab);
        add_to_buffer(fab);
    } while (buffer_count(&fab->buffer) < least && ++tries < 4 * FILL_BATCHES * fab->reuse);
    return buffer_pick(&fab->buffer, fab->bridge.seed, (uint32_t)step, all, fab->cumulative, fab->picks) ||
           failure_set(failure, FAILURE_NOT_FINITE, "fab: no walker has a weight");
}

/* The rows picked for this step, weighted by what the model has changed there since; then the buffer knows. */
static void rows_of_buffer(Fab *fab, size_t part)
{
    const size_t dimension = fab->walkers.dimension;
    const float *picks = fab->picks + part * fab->batch;
    const Bridge *bridge = &fab->bridge;
    for (size_t i = 0; i < fab->batch; i++)
        memcpy(fab->x + i * dimension, fab->buffer.x + (size_t)picks[i] * dimension, dimension * sizeof *fab->x);
    bridge->model->single_precision->log_prob(bridge->weights, bridge->scalars, fab->batch, fab->x, fab->log_q,
                                              bridge->workspace, bridge->threads);
    size_t usual = 0; /* a row where log q is a number */
    while (usual + 1 < fab->batch && !isfinite(fab->log_q[usual]))
        usual++;
    for (size_t i = 0; i < fab->batch; i++) {
        const bool is_number = isfinite(fab->log_q[i]);
        const double ratio = exp((double)fab->buffer.log_q[(size_t)picks[i]] - (double)fab->log_q[i]);
        const float weight = is_number ? (float)(ratio < weight_most ? ratio : weight_most) : 0;
        put_row(fab, i, fab->x + (is_number ? i : usual) * dimension, weight);
    }
    for (size_t i = 0; i < fab->batch; i++)
        buffer_update(&fab->buffer, (size_t)picks[i], fab->log_q[i]);
}

bool fab_rows(Fab *fab, uint64_t step, double kT, Failure *failure)
{
    const bool has_buffer = fab->buffer.capacity > 0;
    fab->bridge.kT = kT;
    if (!set_step_sizes(fab, failure))
        return false;
    if (!has_buffer) {
        anneal_batch(fab);
        return rows_of_walkers(fab, failure);
    }
    const float before = fab->facts[FACT_KT];
    fab->facts[FACT_KT] = (float)kT;
    if (before > 0)
        buffer_retemper(&fab->buffer, (double)before, (double)fab->facts[FACT_KT]);
    if (step % fab->reuse == 0 && !refill(fab, step, failure))
        return false;
    rows_of_buffer(fab, (size_t)(step % fab->reuse));
    return true;
}
