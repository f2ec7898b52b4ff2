/* SPDX-License-Identifier: MIT-0 */
/* The verb evaluate: samples, estimates, verdicts, quality gates. */
#include "configurations.h"
#include "evaluator.h"
#include "interrupt.h"
#include "number.h"
#include "report.h"
#include "requirement.h"
#include "verbs.h"

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

/* The table of configurations in a file. */
static bool read_table(Evaluator *evaluator, const char *path, size_t least, SampleTable *table, Failure *failure)
{
    float *x;
    size_t count;
    if (!configurations_read(path, evaluator->session->model, &x, &count, failure))
        return false;
    const bool good =
        (count >= least || failure_set(failure, FAILURE_DATA, "%s: at least %zu samples are needed", path, least)) &&
        evaluator_reference(evaluator, x, count, table, failure);
    free(x);
    return good;
}

/* What was given from elsewhere: samples, modes, log Z. */
static bool estimate_given(Evaluator *evaluator, const Arguments *arguments, Estimates *estimates, Failure *failure)
{
    SampleTable table;
    if (arguments->has_log_z)
        estimates->log_z_given = arguments->log_z;
    if (arguments->reference != NULL) {
        if (!read_table(evaluator, arguments->reference, 2, &table, failure))
            return false;
        estimates_of_reference(&table, estimates);
        sample_table_free(&table);
    }
    if (arguments->modes != NULL) {
        if (!read_table(evaluator, arguments->modes, 1, &table, failure))
            return false;
        estimates_of_modes(&table, estimates);
        sample_table_free(&table);
    }
    return true;
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

/* Checks the gates against the report's JSON, which is `text` so far, closes it with their results, and fails (1) with
 * the first that does not hold. */
static bool check_gates(const Requirement *gates, int count, const JsonNode *evaluation, JsonWriter *text,
                        Failure *failure)
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
        if (!holds && all)
            failure_record(failure, FAILURE_GATE, "%s does not hold: %s %s", gates[i].text, gates[i].name,
                           isnan(value) ? "has no value here" : number_write_short(value, 6, number));
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
    *holds = check_gates(gates, gate_count, json.root, text, failure);
    json_close_object(text);
    json_release(&json);
    return json_finish(text, failure);
}

static bool tell(const Report *report, const Arguments *arguments, const Requirement *gates, const char *program,
                 Failure *failure)
{
    JsonWriter text = {0};
    bool holds = false;
    bool good = write_text(report, gates, arguments->require_count, &text, &holds, failure);
    if (good && arguments->json)
        printf("%s\n", text.text);
    else if (good)
        report_print(stdout, report);
    if (good && holds && !arguments->quiet && !arguments->json)
        fprintf(stderr, "next: %s sample -w %s -n 1000 -o x.npy\n", program, arguments->weights);
    json_free(&text);
    return good && holds;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static bool evaluate_session(const Session *session, const Arguments *arguments, const Requirement *gates,
                             const char *program, Failure *failure)
{
    Evaluator evaluator;
    Estimates estimates = {0};
    Verdict verdicts[VERDICTS_MAX];
    if (!evaluator_start(&evaluator, session, arguments->double_precision, failure))
        return false;
    bool good = estimate_samples(&evaluator, arguments, &estimates, failure) &&
                estimate_given(&evaluator, arguments, &estimates, failure) &&
                anneal(session, arguments, anneal_ais, arguments->ais, &estimates.ais, failure) &&
                anneal(session, arguments, anneal_smc, arguments->smc, &estimates.smc, failure);
    evaluator_end(&evaluator);
    if (good) {
        const Report report = {session, &estimates, verdicts_of_estimates(&estimates, verdicts), verdicts};
        good = tell(&report, arguments, gates, program, failure);
    }
    estimates_release(&estimates);
    return good;
}

static bool check_model(const Model *model, const Arguments *arguments, Failure *failure)
{
    const ModelFunctions32 *functions = model->single_precision;
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
        good = evaluate_session(&session, arguments, gates, program, failure);
        session_end(&session);
    } else {
        good = false;
    }
    free(gates);
    return good;
}
