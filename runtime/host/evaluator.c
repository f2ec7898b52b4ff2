/* SPDX-License-Identifier: MIT-0 */
/* Evaluators: buffers for one chunk, the calls, and the checks of what comes back. */
#include "evaluator.h"
#include "interrupt.h"
#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_MOST = 16384, CHUNK_REALS = 1 << 22 };

/* ---- set-up ------------------------------------------------------------------------------------------------------ */

static void claim_double(Evaluator *evaluator, const Model *model, bool *good, Failure *failure)
{
    const Session *session = evaluator->session;
    const size_t bytes = model->double_precision->workspace_bytes(session->threads);
    evaluator->weights = memory_claim_next(model->weight_count, sizeof(double), "evaluation", good, failure);
    evaluator->workspace = memory_claim_next(bytes, 1, "evaluation", good, failure);
    for (size_t i = 0; i < model->weight_count && *good; i++)
        evaluator->weights[i] = (double)session->weights[i];
}

bool evaluator_start(Evaluator *evaluator, const Session *session, bool is_double, Failure *failure)
{
    const char *what = "evaluation";
    const Model *model = session->model;
    const size_t dimension = (size_t)model->dimension, observables = (size_t)model->observable_count;
    const size_t most = CHUNK_REALS / dimension + 1, chunk = most < CHUNK_MOST ? most : CHUNK_MOST;
    bool good = true;
    *evaluator = (Evaluator){.session = session, .is_double = is_double, .chunk = chunk};
    if (is_double && model->double_precision == NULL)
        return failure_set(failure, FAILURE_USAGE,
                           "--precision double: the package was built without double precision");
    evaluator->x = memory_claim_next(chunk * dimension, sizeof(double), what, &good, failure);
    evaluator->conditions =
        memory_claim_next(chunk * (size_t)model->condition_count, sizeof(double), what, &good, failure);
    evaluator->log_q = memory_claim_next(chunk, sizeof(double), what, &good, failure);
    evaluator->energy = memory_claim_next(chunk, sizeof(double), what, &good, failure);
    evaluator->observables = memory_claim_next(chunk * observables, sizeof(double), what, &good, failure);
    evaluator->x_single = memory_claim_next(chunk * dimension, sizeof(float), what, &good, failure);
    evaluator->log_q_single = memory_claim_next(chunk, sizeof(float), what, &good, failure);
    evaluator->energy_single = memory_claim_next(chunk, sizeof(float), what, &good, failure);
    evaluator->observables_single = memory_claim_next(chunk * observables, sizeof(float), what, &good, failure);
    if (is_double)
        claim_double(evaluator, model, &good, failure);
    if (!good)
        evaluator_end(evaluator);
    return good;
}

void evaluator_end(Evaluator *evaluator)
{
    free(evaluator->weights);
    free(evaluator->x);
    free(evaluator->conditions);
    free(evaluator->log_q);
    free(evaluator->energy);
    free(evaluator->observables);
    free(evaluator->x_single);
    free(evaluator->log_q_single);
    free(evaluator->energy_single);
    free(evaluator->observables_single);
    free(evaluator->workspace);
    *evaluator = (Evaluator){0};
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

static void widen(const float *from, size_t count, double *to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (double)from[i];
}

/* Energies, and observables where the model has some, of the chunk in single precision. */
static void find_energies_single(const Evaluator *evaluator, size_t count, bool observables)
{
    const Session *session = evaluator->session;
    const ModelFunctions32 *functions = session->model->single_precision;
    functions->energy(session->scalars_single, count, evaluator->x_single, evaluator->energy_single, session->workspace,
                      session->threads);
    widen(evaluator->energy_single, count, evaluator->energy);
    widen(evaluator->log_q_single, count, evaluator->log_q);
    if (observables && session->model->observable_count > 0) {
        functions->observables(session->scalars_single, count, evaluator->x_single, evaluator->observables_single,
                               session->workspace, session->threads);
        widen(evaluator->observables_single, count * (size_t)session->model->observable_count, evaluator->observables);
    }
}

static void find_energies_double(const Evaluator *evaluator, size_t count, bool observables)
{
    const Session *session = evaluator->session;
    const ModelFunctions64 *functions = session->model->double_precision;
    functions->energy(session->scalars, count, evaluator->x, evaluator->energy, evaluator->workspace, session->threads);
    if (observables && session->model->observable_count > 0)
        functions->observables(session->scalars, count, evaluator->x, evaluator->observables, evaluator->workspace,
                               session->threads);
}

static void sample_chunk(const Evaluator *evaluator, uint64_t first, size_t count)
{
    const Session *session = evaluator->session;
    if (evaluator->is_double) {
        session->model->double_precision->sample(evaluator->weights, session->scalars, session->seed, first, count,
                                                 evaluator->x, evaluator->log_q, evaluator->workspace,
                                                 session->threads);
        find_energies_double(evaluator, count, true);
    } else {
        session->model->single_precision->sample(session->weights, session->scalars_single, session->seed, first, count,
                                                 evaluator->x_single, evaluator->log_q_single, session->workspace,
                                                 session->threads);
        find_energies_single(evaluator, count, true);
    }
}

/* log q of given configurations, with conditions of their own. */
static void log_prob_given_chunk(const Evaluator *evaluator, const float *x, const float *conditions, size_t count)
{
    const Session *session = evaluator->session;
    const Model *model = session->model;
    if (evaluator->is_double) {
        widen(x, count * (size_t)model->dimension, evaluator->x);
        widen(conditions, count * (size_t)model->condition_count, evaluator->conditions);
        model->double_precision->log_prob_given(evaluator->weights, session->scalars, count, evaluator->x,
                                                evaluator->conditions, evaluator->log_q, evaluator->workspace,
                                                session->threads);
    } else {
        model->single_precision->log_prob_given(session->weights, session->scalars_single, count, x, conditions,
                                                evaluator->log_q_single, session->workspace, session->threads);
    }
}

/* log q of given configurations. */
static void log_prob_chunk(const Evaluator *evaluator, const float *x, size_t count)
{
    const Session *session = evaluator->session;
    const size_t reals = count * (size_t)session->model->dimension;
    if (evaluator->is_double) {
        widen(x, reals, evaluator->x);
        session->model->double_precision->log_prob(evaluator->weights, session->scalars, count, evaluator->x,
                                                   evaluator->log_q, evaluator->workspace, session->threads);
    } else {
        memcpy(evaluator->x_single, x, reals * sizeof *x);
        session->model->single_precision->log_prob(session->weights, session->scalars_single, count,
                                                   evaluator->x_single, evaluator->log_q_single, session->workspace,
                                                   session->threads);
    }
}

static void reference_chunk(const Evaluator *evaluator, const float *x, size_t count)
{
    log_prob_chunk(evaluator, x, count);
    if (evaluator->is_double)
        find_energies_double(evaluator, count, false);
    else
        find_energies_single(evaluator, count, false);
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

static bool claim_table(SampleTable *table, uint64_t count, int observables, Failure *failure)
{
    const char *what = "evaluation";
    const size_t columns = (size_t)observables + 1;
    bool good = true;
    *table = (SampleTable){.count = (size_t)count, .observable_count = observables};
    if (count > SIZE_MAX / columns)
        return failure_set(failure, FAILURE_INTERNAL, "evaluation: too many samples for memory");
    table->log_q = memory_claim_next(table->count, sizeof(double), what, &good, failure);
    table->energy = memory_claim_next(table->count, sizeof(double), what, &good, failure);
    table->log_w = memory_claim_next(table->count, sizeof(double), what, &good, failure);
    table->observables = memory_claim_next(table->count * (size_t)observables, sizeof(double), what, &good, failure);
    if (!good)
        sample_table_free(table);
    return good;
}

/* Where the configurations are given, a model may be so far from them that log q leaves the floats on its way: q is 0
 * there. */
static void mark_without_density(const Evaluator *evaluator, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(evaluator->log_q[i]) && evaluator->log_q[i] != (double)INFINITY)
            evaluator->log_q[i] = -(double)INFINITY;
}

/* A row of a file, or of the sample stream. */
static const char *row_name(const RowPlaces *places, size_t row, char text[PLACE_TEXT_SIZE])
{
    if (places != NULL)
        return columns_place(places, row, NULL, text);
    snprintf(text, PLACE_TEXT_SIZE, "sample %zu", row);
    return text;
}

/* Copies a chunk into the table's rows from `first` on, with weights; every number must be one, but for log q = -inf of what
 * is given, from these places. */
static bool store_chunk(const Evaluator *evaluator, size_t first, size_t count, const RowPlaces *places,
                        SampleTable *table, Failure *failure)
{
    const bool is_given = places != NULL;
    char text[NUMBER_TEXT_SIZE], place[PLACE_TEXT_SIZE];
    const size_t observables = (size_t)table->observable_count;
    for (size_t i = 0; i < count; i++) {
        const double energy = evaluator->energy[i], log_q = evaluator->log_q[i];
        if (!isfinite(log_q) && !(is_given && log_q < 0))
            return failure_set(failure, FAILURE_NOT_FINITE, "%s: log q is %s", row_name(places, first + i, place),
                               number_write(log_q, text));
        if (isnan(energy) || energy == -(double)INFINITY)
            return failure_set(failure, FAILURE_NOT_FINITE, "%s: the energy is %s", row_name(places, first + i, place),
                               number_write(energy, text));
        table->log_q[first + i] = log_q;
        table->energy[first + i] = energy;
        table->log_w[first + i] = session_log_weight(evaluator->session, energy, log_q);
    }
    memcpy(table->observables + first * observables, evaluator->observables,
           count * observables * sizeof *table->observables);
    return true;
}

bool evaluator_samples(Evaluator *evaluator, uint64_t count, Progress *progress, SampleTable *table, Failure *failure)
{
    bool good = claim_table(table, count, evaluator->session->model->observable_count, failure);
    for (size_t first = 0; good && first < count; first += evaluator->chunk) {
        const size_t here = (size_t)count - first < evaluator->chunk ? (size_t)count - first : evaluator->chunk;
        if (interrupt_is_requested()) {
            sample_table_free(table);
            return failure_set(failure, FAILURE_INTERRUPTED, "stopped as asked, without a result");
        }
        sample_chunk(evaluator, first, here);
        good = store_chunk(evaluator, first, here, NULL, table, failure);
        if (progress_is_due(progress, first + here))
            progress_show(progress, first + here, "");
    }
    if (!good)
        sample_table_free(table);
    return good;
}

bool evaluator_reference(Evaluator *evaluator, const float *x, uint64_t count, const RowPlaces *places,
                         SampleTable *table, Failure *failure)
{
    char place[PLACE_TEXT_SIZE];
    const size_t dimension = (size_t)evaluator->session->model->dimension;
    bool good = claim_table(table, count, 0, failure);
    for (size_t first = 0; good && first < count; first += evaluator->chunk) {
        const size_t here = (size_t)count - first < evaluator->chunk ? (size_t)count - first : evaluator->chunk;
        reference_chunk(evaluator, x + first * dimension, here);
        mark_without_density(evaluator, here);
        good = store_chunk(evaluator, first, here, places, table, failure);
    }
    for (size_t i = 0; good && i < count; i++)
        if (isinf(table->energy[i]))
            good = failure_set(failure, FAILURE_DATA, "%s: its energy is infinite, so it is no sample of the target",
                               columns_place(places, i, NULL, place));
    if (!good)
        sample_table_free(table);
    return good;
}

bool evaluator_log_prob(Evaluator *evaluator, const GivenRows *rows, double *log_q, Failure *failure)
{
    const Model *model = evaluator->session->model;
    const size_t dimension = (size_t)model->dimension, conditions = (size_t)model->condition_count, count = rows->count;
    char text[NUMBER_TEXT_SIZE], place[PLACE_TEXT_SIZE];
    for (size_t first = 0; first < count; first += evaluator->chunk) {
        const size_t here = count - first < evaluator->chunk ? count - first : evaluator->chunk;
        if (rows->conditions != NULL)
            log_prob_given_chunk(evaluator, rows->x + first * dimension, rows->conditions + first * conditions, here);
        else
            log_prob_chunk(evaluator, rows->x + first * dimension, here);
        if (!evaluator->is_double)
            widen(evaluator->log_q_single, here, evaluator->log_q);
        memcpy(log_q + first, evaluator->log_q, here * sizeof *log_q);
    }
    for (size_t i = 0; i < count; i++)
        if (!isfinite(log_q[i]))
            return failure_set(failure, FAILURE_NOT_FINITE, "%s: log q is %s",
                               columns_place(rows->places, rows->order == NULL ? i : rows->order[i], NULL, place),
                               number_write(log_q[i], text));
    return true;
}

void sample_table_free(SampleTable *table)
{
    free(table->log_q);
    free(table->energy);
    free(table->log_w);
    free(table->observables);
    *table = (SampleTable){0};
}
