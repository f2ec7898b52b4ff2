/* SPDX-License-Identifier: MIT-0 */
/* The verb sample: rows of the stream of samples that weights and seed define, to files. */
#include "configurations.h"
#include "interrupt.h"
#include "number.h"
#include "progress.h"
#include "verbs.h"

#include <math.h>
#include <stdlib.h>

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

static bool sample_session(const Session *session, const Arguments *arguments, const char *program, Failure *failure)
{
    Chunk chunk = {0};
    SamplesWriter writer = {0};
    JsonWriter text = {0};
    bool good = claim_chunk(&chunk, session->model, arguments->count, failure) &&
                samples_start(&writer, session, arguments->output, arguments->first, arguments->count, failure) &&
                write_samples(session, arguments, &chunk, &writer, failure);
    if (!good)
        samples_abandon(&writer);
    good = good && samples_finish(&writer, &text, failure);
    if (good && arguments->json)
        printf("%s\n", text.text);
    if (good && !arguments->quiet)
        fprintf(stderr, "%llu samples in %s\nnext: %s evaluate -w %s -n 100000\n", (unsigned long long)arguments->count,
                arguments->output, program, arguments->weights);
    json_free(&text);
    free_chunk(&chunk);
    return good;
}

bool verb_sample(const Model *model, const Arguments *arguments, const char *program, Failure *failure)
{
    Session session;
    if (model->single_precision->sample == NULL)
        return failure_set(failure, FAILURE_USAGE, "the model %s can't sample", model->name);
    if (arguments->condition_count > 0)
        return failure_set(failure, FAILURE_USAGE, "--condition %s: the model %s has no conditions",
                           arguments->conditions[0], model->name);
    if (arguments->first > UINT64_MAX - arguments->count)
        return failure_set(failure, FAILURE_USAGE, "--range: row numbers end at 2^64 - 1");
    if (!session_start(&session, model, arguments, failure))
        return false;
    interrupt_catch();
    bool good = sample_session(&session, arguments, program, failure);
    session_end(&session);
    return good;
}
