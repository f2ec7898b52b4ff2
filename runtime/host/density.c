/* SPDX-License-Identifier: MIT-0 */
/* The verbs log_prob and energy: a number (and a force) for each of given configurations. */
#include "columns.h"
#include "configurations.h"
#include "interrupt.h"
#include "verbs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool check_ending(const char *option, const char *path, Failure *failure)
{
    const size_t length = strlen(path);
    return (length > 4 && strcmp(path + length - 4, ".npy") == 0) ||
           failure_set(failure, FAILURE_USAGE, "%s %s: results are written to .npy files", option, path);
}

static bool write_array(const char *path, const float *values, int rank, const uint64_t shape[2],
                        char hash[SHA256_TEXT_SIZE], Failure *failure)
{
    NpyWriter writer;
    const size_t count = (size_t)(rank == 1 ? shape[0] : shape[0] * shape[1]);
    return npy_start(&writer, path, 4, rank, shape, failure) && npy_write(&writer, values, count, failure) &&
           npy_finish(&writer, hash, failure);
}

static void put_file(JsonWriter *text, const char *what, const char *path, const char *hash)
{
    json_open_object(text, what);
    json_put_string(text, "file", path);
    json_put_string(text, "sha256", hash);
    json_close_object(text);
}

/* Prints what made a result; the second file may be NULL. */
static bool print_result(const Session *session, const Arguments *arguments, size_t count, const char *const names[2],
                         const char *const paths[2], char hashes[2][SHA256_TEXT_SIZE], Failure *failure)
{
    JsonWriter text;
    if (!arguments->json)
        return true;
    json_start(&text, true);
    json_open_object(&text, NULL);
    session_put_origin(&text, session);
    json_put_string(&text, "input", arguments->input);
    json_put_count(&text, "count", count);
    if (strcmp(names[0], "log_q") == 0 && columns_have_integer(session->model))
        json_put_string(&text, "log_q_is", "a lower bound of log P: the mean over dequantised copies of the row");
    for (int i = 0; i < 2 && paths[i] != NULL; i++)
        put_file(&text, names[i], paths[i], hashes[i]);
    json_close_object(&text);
    return json_print(&text, failure);
}

static size_t count_not_numbers(const float *values, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += isnan(values[i]) != 0;
    return found;
}

static void warn(size_t not_numbers, size_t count, const char *what)
{
    if (not_numbers > 0)
        fprintf(stderr, "warning: %zu of %zu %s are not numbers\n", not_numbers, count, what);
}

/* Copies of each row that the dequantised bound is a mean over. */
enum { DEQUANTISED_COPIES = 16 };

/* log q of the rows, each with its conditions (NULL: the session's). */
static void find_log_q_once(const Session *session, const float *x, const float *conditions, size_t count, float *log_q)
{
    const ModelFunctions32 *functions = session->model->single_precision;
    if (conditions != NULL)
        functions->log_prob_given(session->weights, session->scalars_single, count, x, conditions, log_q,
                                  session->workspace, session->threads);
    else
        functions->log_prob(session->weights, session->scalars_single, count, x, log_q, session->workspace,
                            session->threads);
}

/* The same; where some components are integers, the mean over dequantised copies of each row. */
static bool find_log_q(const Session *session, const float *x, const float *conditions, size_t count, float *log_q,
                       Failure *failure)
{
    const Model *model = session->model;
    const size_t reals = count * (size_t)model->dimension;
    bool good = true;
    if (!columns_have_integer(model)) {
        find_log_q_once(session, x, conditions, count, log_q);
        return true;
    }
    float *copy = memory_claim_next(reals, sizeof *copy, "log q", &good, failure);
    float *one = memory_claim_next(count, sizeof *one, "log q", &good, failure);
    for (uint32_t draw = 0; draw < DEQUANTISED_COPIES && good; draw++) {
        memcpy(copy, x, reals * sizeof *copy);
        columns_dequantise(model, draw, copy, count);
        find_log_q_once(session, copy, conditions, count, one);
        for (size_t i = 0; i < count; i++)
            log_q[i] = (draw == 0 ? 0 : log_q[i]) + one[i] / DEQUANTISED_COPIES;
    }
    free(copy);
    free(one);
    return good;
}

static bool log_prob_session(const Session *session, const Arguments *arguments, Failure *failure)
{
    const Model *model = session->model;
    float *x = NULL, *log_q = NULL, *conditions = NULL;
    const bool has_columns = conditions_has_columns(model, session->is_given);
    size_t count;
    char hashes[2][SHA256_TEXT_SIZE];
    bool good = configurations_read(arguments->input, model, &x, &count, NULL, failure);
    if (good)
        log_q = memory_claim_next(count, sizeof *log_q, "log q", &good, failure);
    if (good && has_columns)
        good = conditions_read(arguments->input, model, session->scalars + model->scalar_count, session->is_given,
                               &conditions, count, failure);
    good = good && find_log_q(session, x, conditions, count, log_q, failure);
    if (good) {
        warn(count_not_numbers(log_q, count), count, "log q");
        good = write_array(arguments->output, log_q, 1, (const uint64_t[2]){count, 1}, hashes[0], failure) &&
               print_result(session, arguments, count, (const char *const[2]){"log_q", NULL},
                            (const char *const[2]){arguments->output, NULL}, hashes, failure);
    }
    if (good && !arguments->quiet)
        fprintf(stderr, "%s of %zu configurations in %s\n",
                columns_have_integer(model) ? "dequantised bounds of log P" : "log q", count, arguments->output);
    free(x);
    free(log_q);
    free(conditions);
    return good;
}

bool verb_log_prob(const Model *model, const Arguments *arguments, const char *program, Failure *failure)
{
    Session session;
    (void)program;
    if (model->single_precision->log_prob == NULL)
        return failure_set(failure, FAILURE_USAGE, "the model %s has no log-density", model->name);
    if (!check_ending("-o", arguments->output, failure) || !session_start(&session, model, arguments, failure))
        return false;
    bool good = session_needs_conditions(&session, true, failure) && log_prob_session(&session, arguments, failure);
    session_end(&session);
    return good;
}

static bool energy_session(const Session *session, const Arguments *arguments, Failure *failure)
{
    const Model *model = session->model;
    const ModelFunctions32 *functions = model->single_precision;
    const size_t dimension = (size_t)model->dimension;
    float *x = NULL, *energy = NULL, *force = NULL;
    size_t count;
    char hashes[2][SHA256_TEXT_SIZE];
    bool good = configurations_read(arguments->input, model, &x, &count, NULL, failure);
    if (good)
        energy = memory_claim_next(count, sizeof *energy, "energies", &good, failure);
    if (good && arguments->forces != NULL)
        force = memory_claim_next(count * dimension, sizeof *force, "forces", &good, failure);
    if (good) {
        functions->energy(session->scalars_single, count, x, energy, session->workspace, session->threads);
        warn(count_not_numbers(energy, count), count, "energies");
        good = write_array(arguments->output, energy, 1, (const uint64_t[2]){count, 1}, hashes[0], failure);
    }
    if (good && force != NULL) {
        functions->force(session->scalars_single, count, x, force, session->workspace, session->threads);
        warn(count_not_numbers(force, count * dimension), count * dimension, "components of forces");
        good = write_array(arguments->forces, force, 2, (const uint64_t[2]){count, dimension}, hashes[1], failure);
    }
    good = good && print_result(session, arguments, count, (const char *const[2]){"energy", "force"},
                                (const char *const[2]){arguments->output, arguments->forces}, hashes, failure);
    if (good && !arguments->quiet)
        fprintf(stderr, "energies of %zu configurations in %s\n", count, arguments->output);
    free(x);
    free(energy);
    free(force);
    return good;
}

bool verb_energy(const Model *model, const Arguments *arguments, const char *program, Failure *failure)
{
    Session session;
    (void)program;
    if (model->single_precision->energy == NULL)
        return failure_set(failure, FAILURE_USAGE, "the model %s has no energy", model->name);
    if (arguments->forces != NULL && model->single_precision->force == NULL)
        return failure_set(failure, FAILURE_USAGE, "--force: the model %s has no force", model->name);
    if (!check_ending("-o", arguments->output, failure) ||
        (arguments->forces != NULL && !check_ending("--force", arguments->forces, failure)) ||
        !session_start(&session, model, arguments, failure))
        return false;
    bool good = session_needs_conditions(&session, false, failure) && energy_session(&session, arguments, failure);
    session_end(&session);
    return good;
}
