/* SPDX-License-Identifier: MIT-0 */
/* Walkers between a model and its target: memory, and calls of the model. */
#include "bridge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool bridge_check(const Model *model, const char *what, Failure *failure)
{
    const ModelFunctions32 *functions = model->single_precision;
    const char *missing = functions->sample == NULL   ? "sampler"
                          : functions->score == NULL  ? "score (the gradient of its log-density)"
                          : functions->energy == NULL ? "energy"
                          : functions->force == NULL  ? "force"
                                                      : NULL;
    return missing == NULL ||
           failure_set(failure, FAILURE_USAGE, "%s: the model %s has no %s", what, model->name, missing);
}

double bridge_log_density(const Bridge *bridge, Exponents exponents, float log_q, float energy)
{
    double sum = 0;
    if (exponents.q != 0)
        sum += exponents.q * (double)log_q;
    if (exponents.p != 0)
        sum -= exponents.p * (double)energy / bridge->kT;
    return isfinite(sum) ? sum : -(double)INFINITY;
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static void claim_places(Places *places, size_t count, size_t dimension, bool *good, Failure *failure)
{
    const char *what = "walkers";
    places->x = memory_claim_next(count * dimension, sizeof(float), what, good, failure);
    places->score = memory_claim_next(count * dimension, sizeof(float), what, good, failure);
    places->force = memory_claim_next(count * dimension, sizeof(float), what, good, failure);
    places->log_q = memory_claim_next(count, sizeof(float), what, good, failure);
    places->energy = memory_claim_next(count, sizeof(float), what, good, failure);
}

static void free_places(Places *places)
{
    free(places->x);
    free(places->score);
    free(places->force);
    free(places->log_q);
    free(places->energy);
}

bool walkers_start(Walkers *walkers, size_t most, size_t dimension, Failure *failure)
{
    bool good = true;
    *walkers = (Walkers){.most = most, .dimension = dimension};
    if (dimension > 0 && most > SIZE_MAX / sizeof(float) / dimension)
        return failure_set(failure, FAILURE_INTERNAL, "walkers: too many for memory");
    claim_places(&walkers->at, most, dimension, &good, failure);
    claim_places(&walkers->next, most, dimension, &good, failure);
    walkers->momentum = memory_claim_next(most * dimension, sizeof(float), "walkers", &good, failure);
    walkers->energy_before = memory_claim_next(most, sizeof(double), "walkers", &good, failure);
    walkers->acceptance = memory_claim_next(most, sizeof(double), "walkers", &good, failure);
    return good;
}

void walkers_end(Walkers *walkers)
{
    free_places(&walkers->at);
    free_places(&walkers->next);
    free(walkers->momentum);
    free(walkers->energy_before);
    free(walkers->acceptance);
    *walkers = (Walkers){0};
}

void walkers_copy(size_t dimension, const Places *source, size_t from, Places *target, size_t to)
{
    const size_t bytes = dimension * sizeof(float);
    memcpy(target->x + to * dimension, source->x + from * dimension, bytes);
    memcpy(target->score + to * dimension, source->score + from * dimension, bytes);
    memcpy(target->force + to * dimension, source->force + from * dimension, bytes);
    target->log_q[to] = source->log_q[from];
    target->energy[to] = source->energy[from];
}

/* ---- calls of the model ------------------------------------------------------------------------------------------ */

void walkers_evaluate(const Bridge *bridge, size_t count, Places *places)
{
    const ModelFunctions32 *functions = bridge->model->single_precision;
    functions->score(bridge->weights, bridge->scalars, count, places->x, places->log_q, places->score,
                     bridge->workspace, bridge->threads);
    functions->energy(bridge->scalars, count, places->x, places->energy, bridge->workspace, bridge->threads);
    functions->force(bridge->scalars, count, places->x, places->force, bridge->workspace, bridge->threads);
}

void walkers_draw(const Bridge *bridge, Walkers *walkers, uint64_t first, size_t count)
{
    walkers->first = first;
    walkers->count = count;
    bridge->model->single_precision->sample(bridge->weights, bridge->scalars, bridge->seed, first, count, walkers->at.x,
                                            walkers->at.log_q, bridge->workspace, bridge->threads);
    walkers_evaluate(bridge, count, &walkers->at);
}
