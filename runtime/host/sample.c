/* SPDX-License-Identifier: MIT-0 */
/* The verb sample: rows of the stream of samples that weights and seed define, or of a Metropolis chain that proposes them,
 * to files. */
#include "columns.h"
#include "configurations.h"
#include "interrupt.h"
#include "number.h"
#include "progress.h"
#include "verbs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_MOST = 65536, CHUNK_REALS = 1 << 22 };

/* A chunk of samples on its way from the model to the files. */
typedef struct Chunk {
    size_t most;
    float *x, *log_q, *energy;
    double *log_w;
} Chunk;

static bool claim_chunk(Chunk *chunk, const Model *model, uint64_t count, Failure *failure)
{
    const char *what = "samples";
    const size_t dimension = (size_t)model->dimension, limit = CHUNK_REALS / dimension + 1;
    bool good = true;
    chunk->most = limit < CHUNK_MOST ? limit : CHUNK_MOST;
    if (chunk->most > count)
        chunk->most = (size_t)count;
    chunk->x = memory_claim_next(chunk->most * dimension, sizeof(float), what, &good, failure);
    chunk->log_q = memory_claim_next(chunk->most, sizeof(float), what, &good, failure);
    chunk->energy = memory_claim_next(chunk->most, sizeof(float), what, &good, failure);
    chunk->log_w = memory_claim_next(chunk->most, sizeof(double), what, &good, failure);
    return good;
}

static void free_chunk(Chunk *chunk)
{
    free(chunk->x);
    free(chunk->log_q);
    free(chunk->energy);
    free(chunk->log_w);
}

/* Draws samples `first` on, with their weights where the model has an energy. */
static bool fill_chunk(const Session *session, uint64_t first, size_t count, Chunk *chunk, Failure *failure)
{
    const ModelFunctions32 *functions = session->model->single_precision;
    char text[NUMBER_TEXT_SIZE];
    functions->sample(session->weights, session->scalars_single, session->seed, first, count, chunk->x, chunk->log_q,
                      session->workspace, session->threads);
    if (functions->energy != NULL)
        functions->energy(session->scalars_single, count, chunk->x, chunk->energy, session->workspace,
                          session->threads);
    for (size_t i = 0; i < count; i++) {
        const double log_q = (double)chunk->log_q[i], energy = (double)chunk->energy[i];
        if (!isfinite(log_q) || isnan(energy))
            return failure_set(failure, FAILURE_NOT_FINITE, "sample %llu: %s is %s", (unsigned long long)(first + i),
                               isfinite(log_q) ? "the energy" : "log q",
                               number_write(isfinite(log_q) ? energy : log_q, text));
        chunk->log_w[i] = session_log_weight(session, energy, log_q);
    }
    columns_round_down(session->model, chunk->x, count);
    return true;
}

static bool write_samples(const Session *session, const Arguments *arguments, Chunk *chunk, SamplesWriter *writer,
                          Failure *failure)
{
    const uint64_t count = arguments->count;
    Progress progress;
    bool good = true;
    progress_start(&progress, "sample", 0, count, arguments->quiet);
    for (uint64_t done = 0; done < count && good;) {
        const size_t here = count - done < chunk->most ? (size_t)(count - done) : chunk->most;
        if (interrupt_is_requested())
            good = failure_set(failure, FAILURE_INTERRUPTED, "stopped as asked; nothing was written");
        good = good && fill_chunk(session, arguments->first + done, here, chunk, failure) &&
               samples_write(writer, here, chunk->x, chunk->log_q, chunk->log_w, failure);
        done += here;
        if (good && done < count && progress_is_due(&progress, done))
            progress_show(&progress, done, "");
    }
    progress_clear(&progress);
    return good;
}

/* ---- rows of a chain --------------------------------------------------------------------------------------------- */

/* Where a chain is, and its energy at each of its rows. */
typedef struct ChainState {
    Chain chain;
    float *x, log_q, energy;
    double *energies;
    uint64_t rows; /* written */
} ChainState;

/* The chunk's proposals, one after the other; those after the warm-up are replaced by where the chain is then, and moved to
 * the chunk's start. Returns how many. */
static size_t run_chain(ChainState *state, uint64_t warm_up, size_t dimension, size_t count, Chunk *chunk)
{
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        const bool is_row = state->chain.next >= warm_up;
        if (chain_propose(&state->chain, chunk->log_w[i])) {
            memcpy(state->x, chunk->x + i * dimension, dimension * sizeof *state->x);
            state->log_q = chunk->log_q[i];
            state->energy = chunk->energy[i];
        }
        if (!is_row)
            continue;
        memcpy(chunk->x + rows * dimension, state->x, dimension * sizeof *state->x);
        chunk->log_q[rows++] = state->log_q;
        state->energies[state->rows++] = (double)state->energy;
    }
    return rows;
}

static bool write_chain(const Session *session, const Arguments *arguments, Chunk *chunk, ChainState *state,
                        SamplesWriter *writer, Failure *failure)
{
    const uint64_t warm_up = chain_warm_up(arguments->count), all = warm_up + arguments->count;
    Progress progress;
    bool good = true;
    progress_start(&progress, "sample", 0, all, arguments->quiet);
    for (uint64_t done = 0; done < all && good;) {
        const size_t here = all - done < chunk->most ? (size_t)(all - done) : chunk->most;
        if (interrupt_is_requested())
            good = failure_set(failure, FAILURE_INTERRUPTED, "stopped as asked; nothing was written");
        good = good && fill_chunk(session, done, here, chunk, failure);
        const size_t rows = good ? run_chain(state, warm_up, (size_t)session->model->dimension, here, chunk) : 0;
        good = good && samples_write(writer, rows, chunk->x, chunk->log_q, chunk->log_w, failure);
        done += here;
        if (good && done < all && progress_is_due(&progress, done))
            progress_show(&progress, done, "");
    }
    progress_clear(&progress);
    if (good)
        writer->energy = chain_mean(state->energies, (size_t)state->rows);
    return good;
}

static void tell_chain(const ChainState *state, const ChainMean *energy)
{
    char acceptance[NUMBER_TEXT_SIZE], time[NUMBER_TEXT_SIZE], worth[NUMBER_TEXT_SIZE];
    number_write_short((double)state->chain.accepted / (double)state->chain.proposed, 3, acceptance);
    if (isnan(energy->time))
        fprintf(stderr,
                "warning: the chain accepts %s of its proposals and is too short to tell its correlation time\n",
                acceptance);
    else
        fprintf(
            stderr,
            "the chain accepts %s of its proposals; correlation time of the energy %s: worth %s independent samples\n",
            acceptance, number_write_short(energy->time, 3, time),
            number_write_short((double)state->rows / energy->time, 3, worth));
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static bool claim_chain(ChainState *state, const Session *session, uint64_t count, Failure *failure)
{
    bool good = true;
    chain_start(&state->chain, session->seed);
    if (count > SIZE_MAX / sizeof(double))
        return failure_set(failure, FAILURE_INTERNAL, "samples: too many for memory");
    state->x = memory_claim_next((size_t)session->model->dimension, sizeof *state->x, "samples", &good, failure);
    state->energies = memory_claim_next((size_t)count, sizeof *state->energies, "samples", &good, failure);
    return good;
}

static bool sample_session(const Session *session, const Arguments *arguments, const char *program, Failure *failure)
{
    Chunk chunk = {0};
    ChainState state = {0};
    SamplesWriter writer = {0};
    JsonWriter text = {0};
    char options[SESSION_OPTIONS_SIZE];
    const bool is_exact = arguments->exact;
    bool good = claim_chunk(&chunk, session->model, arguments->count, failure) &&
                (!is_exact || claim_chain(&state, session, arguments->count, failure)) &&
                samples_start(&writer, session, arguments->output, arguments->first, arguments->count,
                              is_exact ? &state.chain : NULL, failure) &&
                (is_exact ? write_chain(session, arguments, &chunk, &state, &writer, failure)
                          : write_samples(session, arguments, &chunk, &writer, failure));
    const ChainMean energy = writer.energy;
    if (!good)
        samples_abandon(&writer);
    good = good && samples_finish(&writer, &text, failure);
    if (good && arguments->json)
        printf("%s\n", text.text);
    if (good && is_exact && !(arguments->quiet && energy.time > 0))
        tell_chain(&state, &energy);
    if (good && !arguments->quiet) {
        fprintf(stderr, "%llu samples in %s\n", (unsigned long long)arguments->count, arguments->output);
        progress_suggest(program, "evaluate -w", arguments->weights, " -n 100000",
                         session->model->single_precision->energy ==
                                 NULL /* rows of data have conditions of their own */
                             ? ""
                             : session_options(session, arguments, NULL, options));
    }
    json_free(&text);
    free_chunk(&chunk);
    free(state.x);
    free(state.energies);
    return good;
}

bool verb_sample(const Model *model, const Arguments *arguments, const char *program, Failure *failure)
{
    Session session;
    if (model->single_precision->sample == NULL)
        return failure_set(failure, FAILURE_USAGE, "the model %s can't sample", model->name);
    if (arguments->exact && model->single_precision->energy == NULL)
        return failure_set(failure, FAILURE_USAGE, "--exact: the model %s has no energy", model->name);
    if (arguments->exact && arguments->first > 0)
        return failure_set(failure, FAILURE_USAGE, "--exact: a chain has no rows in the middle; use -n N");
    if (arguments->first > UINT64_MAX - arguments->count)
        return failure_set(failure, FAILURE_USAGE, "--range: row numbers end at 2^64 - 1");
    if (!session_start(&session, model, arguments, failure))
        return false;
    interrupt_catch();
    bool good =
        session_needs_conditions(&session, false, failure) && sample_session(&session, arguments, program, failure);
    session_end(&session);
    return good;
}
