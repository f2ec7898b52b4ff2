/* SPDX-License-Identifier: MIT-0 */
/* Sessions. */
#include "session.h"
#include "curriculum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

enum { THREADS_MAX = 1024 };

bool session_threads(const Model *model, const Arguments *arguments, int *threads, Failure *failure)
{
    if (arguments->threads > THREADS_MAX)
        return failure_set(failure, FAILURE_USAGE, "--threads %llu: at most %d", (unsigned long long)arguments->threads,
                           THREADS_MAX);
    *threads = 1;
#ifdef _OPENMP
    const int most = omp_get_max_threads();
    if (!model->one_thread)
        *threads = arguments->threads > 0 ? (int)arguments->threads : most < THREADS_MAX ? most : THREADS_MAX;
#else
    (void)model;
#endif
    return true;
}

static bool read_weights(Session *session, const Arguments *arguments, Failure *failure)
{
    char *path = weights_path(arguments->weights, failure);
    session->weights = memory_claim(session->model->weight_count, sizeof *session->weights, "weights", failure);
    bool good = path != NULL && session->weights != NULL &&
                weights_read(path, session->model, session->weights, &session->facts, failure);
    if (good && *session->facts.spec_sha256 && strcmp(session->facts.spec_sha256, session->model->spec_sha256) != 0)
        fprintf(stderr, "warning: %s was trained with another version of the spec than this program's\n", path);
    free(path);
    return good;
}

/* Memory for the scalars, and the conditions behind them. */
static bool take_conditions(Session *session, const Arguments *arguments, Failure *failure)
{
    const Model *model = session->model;
    const size_t count = conditions_end(model);
    session->scalars = memory_claim(count, sizeof *session->scalars, "scalars", failure);
    session->scalars_single = memory_claim(count, sizeof *session->scalars_single, "scalars", failure);
    session->is_given = memory_claim((size_t)model->condition_count, sizeof *session->is_given, "conditions", failure);
    return session->scalars != NULL && session->scalars_single != NULL && session->is_given != NULL &&
           conditions_take(model, arguments, session->scalars + model->scalar_count, session->is_given, failure);
}

static bool set_scalars(Session *session, const Arguments *arguments, Failure *failure)
{
    const Model *model = session->model;
    const size_t scalars = (size_t)model->scalar_count;
    const int kT = conditions_temperature(model);
    curriculum_scalars(model, curriculum_end(model), model->training.steps, model->training.steps, session->scalars);
    for (size_t i = 0; i < scalars && session->facts.scalars != NULL; i++)
        if (!isnan(session->facts.scalars[i]))
            session->scalars[i] = session->facts.scalars[i];
    if (arguments->kT > 0 && model->kT_condition != NULL)
        return failure_set(failure, FAILURE_USAGE,
                           "--kT: the temperature of the model %s is a condition: --condition %s=%g", model->name,
                           model->kT_condition->name, arguments->kT);
    if (arguments->kT > 0 && kT < 0)
        return failure_set(failure, FAILURE_USAGE, "--kT: the model %s has no temperature", model->name);
    if (arguments->kT > 0)
        session->scalars[kT] = arguments->kT;
    for (size_t i = 0; i < conditions_end(model); i++)
        session->scalars_single[i] = (float)session->scalars[i];
    session->kT = kT < 0 ? 1 : session->scalars[kT];
    return true;
}

bool session_start(Session *session, const Model *model, const Arguments *arguments, Failure *failure)
{
    *session = (Session){.model = model, .seed = arguments->has_seed ? arguments->seed : model->training.seed};
    bool good = session_threads(session->model, arguments, &session->threads, failure) &&
                take_conditions(session, arguments, failure) &&
                (arguments->weights == NULL || read_weights(session, arguments, failure)) &&
                set_scalars(session, arguments, failure);
    if (good) {
        session->workspace =
            memory_claim(model->single_precision->workspace_bytes(session->threads), 1, "workspace", failure);
        good = session->workspace != NULL;
    }
    if (!good)
        session_end(session);
    return good;
}

void session_end(Session *session)
{
    free(session->weights);
    free(session->scalars);
    free(session->scalars_single);
    free(session->is_given);
    free(session->workspace);
    weights_facts_free(&session->facts);
    *session = (Session){0};
}

bool session_needs_conditions(const Session *session, bool has_columns, Failure *failure)
{
    const Model *model = session->model;
    for (int i = 0; i < model->condition_count; i++) {
        const ModelInput *condition = &model->conditions[i];
        char values[CONDITION_TEXT_SIZE];
        if (!session->is_given[i] && !(has_columns && condition->column != NULL))
            return failure_set(failure, FAILURE_USAGE, "the model %s is conditioned on %s: --condition %s=VALUE, %s",
                               model->name, condition->name, condition->name, condition_describe(condition, values));
    }
    return true;
}

const char *session_options(const Session *session, const Arguments *arguments, const bool *is_given,
                            char text[SESSION_OPTIONS_SIZE])
{
    char kT[NUMBER_TEXT_SIZE], conditions[CONDITION_TEXT_SIZE];
    const bool has_kT = arguments->kT > 0;
    snprintf(text, SESSION_OPTIONS_SIZE, "%s%s%s", has_kT ? " --kT " : "",
             has_kT ? number_write(arguments->kT, kT) : "",
             conditions_options(session->model, session->scalars + session->model->scalar_count, is_given, conditions));
    return text;
}

double session_log_weight(const Session *session, double energy, double log_q)
{
    return -energy / session->kT - log_q;
}

void session_put_package(JsonWriter *writer, const Model *model)
{
    json_put_string(writer, "model", model->name);
    json_put_string(writer, "spec", model->spec_name);
    json_put_string(writer, "spec_sha256", model->spec_sha256);
    json_put_string(writer, "package_sha256", model->package_sha256);
    json_put_string(writer, "tool_version", model->version);
    if (model->blas != NULL)
        json_put_string(writer, "blas", model->blas);
}

void session_put_origin(JsonWriter *writer, const Session *session)
{
    const Model *model = session->model;
    session_put_package(writer, model);
    if (session->weights != NULL) {
        json_put_string(writer, "weights_sha256", session->facts.hash);
        json_put_count(writer, "weights_step", session->facts.step);
        json_put_count(writer, "weights_seed", session->facts.seed);
    }
    json_put_count(writer, "seed", session->seed);
    json_open_object(writer, "scalars");
    for (int i = 0; i < model->scalar_count; i++)
        json_put_real(writer, model->scalars[i].name, session->scalars[i]);
    json_close_object(writer);
    if (model->condition_count > 0)
        conditions_put(writer, model, session->scalars + model->scalar_count, session->is_given);
}

void session_put_temperature(JsonWriter *writer, const Session *session)
{
    if (session->model->kT_condition != NULL)
        json_put_string(writer, "kT", session->model->kT_condition->name);
    else
        json_put_real(writer, "kT",
                      session->model->single_precision->energy != NULL ? session->kT : (double)NAN); /* NaN: null */
}

/* As session_put_temperature writes it; files of before have the scalar alone. */
static bool read_temperature(const JsonNode *object, double *kT)
{
    const JsonNode *node = json_member(object, "kT");
    if (node == NULL)
        node = json_member(json_member(object, "scalars"), "kT");
    else if (node->kind == JSON_STRING)
        node = json_member(json_member(object, "conditions"), node->text);
    return json_to_real(node, kT);
}

static bool compare_temperature(const Session *session, const JsonNode *object, const char *path, Failure *failure)
{
    const Model *model = session->model;
    const ModelInput *condition = model->kT_condition;
    char theirs[NUMBER_TEXT_SIZE], ours[NUMBER_TEXT_SIZE];
    double value;
    if (conditions_temperature(model) < 0 || (condition != NULL && !session->is_given[condition - model->conditions]) ||
        !read_temperature(object, &value) || (float)value == (float)session->kT)
        return true;
    number_write(value, theirs);
    return failure_set(failure, FAILURE_DATA,
                       "%s: its samples are those of kT=%s, and here kT is %s: give samples of this kT, or %s%s%s%s",
                       path, theirs, number_write(session->kT, ours), condition != NULL ? "--condition " : "--kT",
                       condition != NULL ? condition->name : "", condition != NULL ? "=" : " ", theirs);
}

bool session_compare_origin(const Session *session, const JsonNode *object, const char *path, Failure *failure)
{
    const Model *model = session->model;
    return conditions_compare(object, path, model, session->scalars + model->scalar_count, failure) &&
           compare_temperature(session, object, path, failure);
}

bool session_is_origin(const Session *session, const JsonNode *object)
{
    const JsonNode *weights = json_member(object, "weights_sha256");
    return weights != NULL && weights->kind == JSON_STRING && strcmp(weights->text, session->facts.hash) == 0;
}
