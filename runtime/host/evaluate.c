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
    good = estimates_of_samples(&table, estimates, failure);
    sample_table_free(&table);
    return good;
}

static bool estimate_reference(Evaluator *evaluator, const char *path, Estimates *estimates, Failure *failure)
{
    SampleTable table;
    float *x;
    size_t count;
    if (path == NULL)
        return true;
    if (!configurations_read(path, evaluator->session->model, &x, &count, failure))
        return false;
    bool good = (count >= 2 || failure_set(failure, FAILURE_DATA, "%s: at least 2 samples are needed", path)) &&
                evaluator_reference(evaluator, x, count, &table, failure);
    if (good) {
        estimates_of_reference(&table, estimates);
        sample_table_free(&table);
    }
    free(x);
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
                estimate_reference(&evaluator, arguments->reference, &estimates, failure);
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
    if (arguments->reference != NULL && functions->log_prob == NULL)
        return failure_set(failure, FAILURE_USAGE, "--reference: the model %s has no log-density", model->name);
    return true;
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
