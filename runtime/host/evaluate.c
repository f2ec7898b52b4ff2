/* SPDX-License-Identifier: MIT-0 */
/* The verb evaluate: samples, estimates, verdicts, quality gates. */
#include "configurations.h"
#include "evaluator.h"
#include "files.h"
#include "held_out.h"
#include "json.h"
#include "interrupt.h"
#include "number.h"
#include "progress.h"
#include "report.h"
#include "requirement.h"
#include "verbs.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- estimates --------------------------------------------------------------------------------------------------- */

static bool estimate_samples(Evaluator *evaluator, const Arguments *arguments, Estimates *estimates, Failure *failure)
{
    Progress progress;
    SampleTable table;
    progress_start(&progress, "sample", 0, arguments->count, arguments->quiet);
    bool good = evaluator_samples(evaluator, arguments->count, &progress, &table, failure);
    progress_clear(&progress);
    if (!good)
        return false;
    good = estimates_of_samples(&table, evaluator->session->seed, estimates, failure);
    sample_table_free(&table);
    return good;
}

/* What `sample` says of a file beside it, x.json of x.npy, holds of these samples, unless the file has changed since: they
 * must have the temperature and the conditions of this evaluation. They may be of the weights that are evaluated. */
static bool check_origin(const Session *session, const char *path, const char *hash, bool *is_own, Failure *failure)
{
    const size_t stem = strlen(path) - 4;
    char *name = memory_claim(stem + sizeof ".json", 1, path, failure);
    FileBytes file;
    Json json;
    Failure other;
    bool good = name != NULL;
    if (good) {
        memcpy(name, path, stem);
        strcpy(name + stem, ".json");
    }
    if (!good || !file_exists(name) || !file_read(name, &file, &other)) {
        free(name);
        return good;
    }
    if (json_read((const char *)file.bytes, file.length, name, &json, &other)) {
        const JsonNode *files = json_member(json.root, "files");
        bool is_of_file = false;
        for (const JsonNode *one = files == NULL ? NULL : files->first; one != NULL; one = one->next) {
            const JsonNode *sum = json_member(one, "sha256");
            is_of_file = is_of_file || (sum != NULL && sum->kind == JSON_STRING && strcmp(sum->text, hash) == 0);
        }
        good = !is_of_file || session_compare_origin(session, json.root, path, failure);
        *is_own = is_of_file && session_is_origin(session, json.root);
        json_release(&json);
    }
    file_release(&file);
    free(name);
    return good;
}

/* The table of configurations in a file. */
static bool read_table(Evaluator *evaluator, const char *path, size_t least, SampleTable *table, bool *is_own,
                       Failure *failure)
{
    float *x;
    size_t count;
    RowPlaces places;
    char hash[SHA256_TEXT_SIZE];
    if (!configurations_read_columns(path, evaluator->session->model, NULL, &x, &count, &places, hash, failure))
        return false;
    const bool good =
        check_origin(evaluator->session, path, hash, is_own, failure) &&
        (count >= least || failure_set(failure, FAILURE_DATA, "%s: at least %zu samples are needed", path, least)) &&
        evaluator_reference(evaluator, x, count, &places, table, failure);
    free(x);
    return good;
}

/* What was given from elsewhere; tables without rows where nothing was. */
typedef struct Given {
    SampleTable reference, modes;
    bool reference_is_own, modes_are_own; /* drawn from the model that is evaluated */
} Given;

static void given_free(Given *given)
{
    sample_table_free(&given->reference);
    sample_table_free(&given->modes);
}

/* Before any sample is drawn, so that a file that can't be read costs no time. Free after use, also after a failure. */
static bool given_read(Evaluator *evaluator, const Arguments *arguments, Given *given, Failure *failure)
{
    *given = (Given){0};
    return (arguments->reference == NULL ||
            read_table(evaluator, arguments->reference, 2, &given->reference, &given->reference_is_own, failure)) &&
           (arguments->modes == NULL ||
            read_table(evaluator, arguments->modes, 1, &given->modes, &given->modes_are_own, failure));
}

static void given_add(const Given *given, const Arguments *arguments, Estimates *estimates)
{
    estimates->reference_is_own = given->reference_is_own;
    estimates->modes_are_own = given->modes_are_own;
    if (arguments->has_log_z)
        estimates->log_z_given = arguments->log_z;
    if (given->reference.count > 0)
        estimates_of_reference(&given->reference, estimates);
    if (given->modes.count > 0)
        estimates_of_modes(&given->modes, estimates);
}

/* ---- annealing --------------------------------------------------------------------------------------------------- */

typedef bool Anneal(const Bridge *bridge, int steps, size_t samples, Progress *progress, AnnealingResult *result,
                    Failure *failure);

static bool anneal(const Session *session, const Arguments *arguments, Anneal *run, uint64_t steps,
                   AnnealingResult *result, Failure *failure)
{
    const Bridge bridge = {.model = session->model,
                           .weights = session->weights,
                           .scalars = session->scalars_single,
                           .kT = session->kT,
                           .seed = session->seed,
                           .workspace = session->workspace,
                           .threads = session->threads};
    Progress progress;
    if (steps == 0)
        return true;
    progress_start(&progress, "walker", 0, arguments->count, arguments->quiet);
    const bool good = run(&bridge, (int)steps, (size_t)arguments->count, &progress, result, failure);
    progress_clear(&progress);
    return good;
}

/* ---- gates ------------------------------------------------------------------------------------------------------- */

/* Checks the gates against the report's JSON, which is `text` so far, closes it with their results, and fails with the
 * first that does not hold: 1, or 65 where the evaluation has no such number. */
static bool check_gates(const Model *model, const Requirement *gates, int count, const JsonNode *evaluation,
                        JsonWriter *text, Failure *failure)
{
    bool all = true;
    char number[NUMBER_TEXT_SIZE];
    json_open_array(text, "requirements");
    for (int i = 0; i < count; i++) {
        double value;
        const bool holds = requirement_holds(&gates[i], evaluation, &value);
        json_open_object(text, NULL);
        json_put_string(text, "condition", gates[i].text);
        json_put_truth(text, "holds", holds);
        json_put_real(text, "value", value);
        json_close_object(text);
        if (!holds && all && isnan(value))
            failure_record(failure, FAILURE_DATA, "--require '%s': %s has no value here%s", gates[i].text,
                           gates[i].name, requirement_source(&gates[i], model));
        else if (!holds && all)
            failure_record(failure, FAILURE_GATE, "%s does not hold: %s %s", gates[i].text, gates[i].name,
                           number_write_short(value, 6, number));
        all = all && holds;
    }
    json_close_array(text);
    return all;
}

/* The report's text, and whether the gates hold. */
static bool write_text(const Report *report, const Requirement *gates, int gate_count, JsonWriter *text, bool *holds,
                       Failure *failure)
{
    Json json;
    JsonWriter plain;
    json_start(&plain, false);
    json_open_object(&plain, NULL);
    report_put(&plain, report);
    json_close_object(&plain);
    bool good = json_finish(&plain, failure) && json_read(plain.text, plain.length, "evaluation", &json, failure);
    json_free(&plain);
    if (!good)
        return false;
    json_start(text, true);
    json_open_object(text, NULL);
    report_put(text, report);
    *holds = check_gates(report->session->model, gates, gate_count, json.root, text, failure);
    json_close_object(text);
    json_release(&json);
    return json_finish(text, failure);
}

static bool tell(const Report *report, const Arguments *arguments, const Requirement *gates, const char *program,
                 Failure *failure)
{
    JsonWriter text = {0};
    const Model *model = report->session->model;
    char options[SESSION_OPTIONS_SIZE];
    bool holds = false;
    bool good = write_text(report, gates, arguments->require_count, &text, &holds, failure);
    if (good && arguments->json)
        printf("%s\n", text.text);
    else if (good)
        report_print(stdout, report);
    if (good && holds && !arguments->quiet && !arguments->json)
        progress_suggest(program, "sample -w", arguments->weights, " -n 1000 -o x.npy",
                         session_options(report->session, arguments,
                                         model->single_precision->energy == NULL ? report->session->is_given : NULL,
                                         options));
    json_free(&text);
    return good && holds;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* What samples say, and what is given from elsewhere. */
static bool judge_samples(Evaluator *evaluator, const Arguments *arguments, Estimates *estimates, Failure *failure)
{
    const Session *session = evaluator->session;
    Given given;
    bool good =
        given_read(evaluator, arguments, &given, failure) && estimate_samples(evaluator, arguments, estimates, failure);
    if (good)
        given_add(&given, arguments, estimates);
    if (good && !evaluator->is_double)
        estimates->rounding = fabs(estimates->energy.reweighted.value) / session->kT * (double)(FLT_EPSILON / 2);
    given_free(&given);
    return good && anneal(session, arguments, anneal_ais, arguments->ais, &estimates->ais, failure) &&
           anneal(session, arguments, anneal_smc, arguments->smc, &estimates->smc, failure);
}

/* By samples where the model has an energy, by rows held out where there are any: at least one of the two. */
static bool evaluate_session(const Session *session, const Arguments *arguments, const Requirement *gates,
                             const char *program, Failure *failure)
{
    Evaluator evaluator;
    Estimates estimates = {0};
    Likelihood likelihood;
    Verdict verdicts[VERDICTS_MAX];
    const bool has_energy = session->model->single_precision->energy != NULL;
    if (!evaluator_start(&evaluator, session, arguments->double_precision, failure))
        return false;
    bool good = held_out_find(&evaluator, arguments, &likelihood, failure) &&
                (!has_energy || judge_samples(&evaluator, arguments, &estimates, failure));
    evaluator_end(&evaluator);
    if (good) {
        int count = has_energy ? verdicts_of_estimates(&estimates, verdicts) : 0;
        if (likelihood.missing != NULL)
            fprintf(stderr, "warning: %s is not at hand: nothing is said of rows held out (--validation FILE)\n",
                    likelihood.missing);
        if (likelihood.rows > 0)
            verdicts[count++] = held_out_verdict(&likelihood);
        const Report report = {.session = session,
                               .likelihood = likelihood.rows > 0 ? &likelihood : NULL,
                               .estimates = has_energy ? &estimates : NULL,
                               .verdict_count = count,
                               .verdicts = verdicts};
        good = tell(&report, arguments, gates, program, failure);
    }
    estimates_release(&estimates);
    return good;
}

/* ---- the verb ----------------------------------------------------------------------------------------------------- */

static bool check_model(const Model *model, const Arguments *arguments, Failure *failure)
{
    const ModelFunctions32 *functions = model->single_precision;
    const bool needs_energy =
        arguments->reference != NULL || arguments->modes != NULL || arguments->ais > 0 || arguments->smc > 0;
    if (functions->energy == NULL && functions->log_prob != NULL && !needs_energy)
        return true;
    if (functions->energy != NULL && !arguments->has_count)
        return failure_set(failure, FAILURE_USAGE,
                           "evaluate needs -n N, how many samples; as in: evaluate -w run -n 100000");
    if (functions->sample == NULL || functions->energy == NULL)
        return failure_set(failure, FAILURE_USAGE, "the model %s has no %s to evaluate its samples by", model->name,
                           functions->sample == NULL ? "sampler" : "energy");
    if ((arguments->reference != NULL || arguments->modes != NULL) && functions->log_prob == NULL)
        return failure_set(failure, FAILURE_USAGE, "%s: the model %s has no log-density",
                           arguments->reference != NULL ? "--reference" : "--modes", model->name);
    if (arguments->ais > ANNEALING_STEPS_MOST || arguments->smc > ANNEALING_STEPS_MOST)
        return failure_set(failure, FAILURE_USAGE, "--ais, --smc: at most %d steps", ANNEALING_STEPS_MOST);
    return (arguments->ais == 0 || bridge_check(model, "--ais", failure)) &&
           (arguments->smc == 0 || bridge_check(model, "--smc", failure));
}

bool verb_evaluate(const Model *model, const Arguments *arguments, const char *program, Failure *failure)
{
    Session session;
    if (!check_model(model, arguments, failure))
        return false;
    Requirement *gates = memory_claim((size_t)arguments->require_count, sizeof *gates, "--require", failure);
    bool good = gates != NULL;
    for (int i = 0; i < arguments->require_count && good; i++)
        good = requirement_parse(arguments->requires[i], model, &gates[i], failure);
    if (good && session_start(&session, model, arguments, failure)) {
        interrupt_catch();
        const bool is_of_rows = model->single_precision->energy == NULL;
        good = session_needs_conditions(&session, is_of_rows, failure) &&
               evaluate_session(&session, arguments, gates, program, failure);
        session_end(&session);
    } else {
        good = false;
    }
    free(gates);
    return good;
}
