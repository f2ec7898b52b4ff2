/* SPDX-License-Identifier: MIT-0 */
/* Rows held out: which file has them, how likely they are, and the verdict. */
#include "held_out.h"
#include "columns.h"
#include "dataset.h"
#include "files.h"
#include "run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the rows ---------------------------------------------------------------------------------------------------- */

/* Where rows come from; NULL: from nowhere. */
typedef struct Sources {
    const char *train, *validation; /* no validation: a fraction of train */
    bool is_named;                  /* by the command line: rows must be there */
} Sources;

static Sources sources_of(const Model *model, const Arguments *arguments)
{
    return (Sources){arguments->data != NULL ? arguments->data : model->data.train,
                     arguments->validation != NULL ? arguments->validation : model->data.validation,
                     arguments->data != NULL || arguments->validation != NULL};
}

/* Whether there are rows held out that can be read; a failure where there must be. */
static bool look_for_rows(const Model *model, const Sources *sources, bool *exist, const char **missing,
                          Failure *failure)
{
    const bool has_energy = model->single_precision->energy != NULL;
    if (model->single_precision->log_prob == NULL) {
        *exist = false;
        return true;
    }
    const char *file = sources->validation != NULL ? sources->validation : sources->train;
    *exist = sources->validation != NULL || model->data.validation_fraction > 0;
    if (!*exist && has_energy && sources->is_named)
        return failure_set(failure, FAILURE_USAGE,
                           "--data: the spec of the model %s holds no rows out: --validation FILE, with rows that it "
                           "did not learn from",
                           model->name);
    if (!*exist && !has_energy)
        return failure_set(failure, FAILURE_USAGE,
                           "the model %s has no energy to evaluate its samples by, and its spec holds no rows out: "
                           "--validation FILE, with rows that it did not learn from",
                           model->name);
    if (*exist && has_energy && !sources->is_named && (file == NULL || !file_exists(file))) {
        *missing = file == NULL ? "the data" : file;
        *exist = false;
    }
    return true;
}

/* The rows held out, and those learned from where they are at hand too. */
static bool read_rows(const Session *session, const Sources *sources, Dataset *dataset, Failure *failure)
{
    const Model *model = session->model;
    const bool is_alone = sources->validation != NULL && (sources->train == NULL || !file_exists(sources->train));
    if (!dataset_read(model, is_alone ? sources->validation : sources->train, sources->validation,
                      session->scalars + model->scalar_count,
                      model->single_precision->energy == NULL ? session->is_given : NULL, dataset, failure))
        return false;
    if (is_alone)
        dataset->count = 0;
    columns_dequantise(model, 0, dataset->held_out, dataset->held_out_count);
    columns_dequantise(model, 1, dataset->rows, dataset->count);
    return true;
}

/* ---- their likelihood -------------------------------------------------------------------------------------------- */

static bool mean_log_q(Evaluator *evaluator, const GivenRows *rows, Estimate *mean, Failure *failure)
{
    double *log_q = memory_claim(rows->count, sizeof *log_q, "evaluation", failure);
    const bool good = log_q != NULL && evaluator_log_prob(evaluator, rows, log_q, failure);
    if (good)
        *mean = estimate_mean(log_q, rows->count);
    free(log_q);
    return good;
}

/* Which of the files is the one that the weights learned from. */
static void compare_files(const Session *session, const Arguments *arguments, const Dataset *data,
                          Likelihood *likelihood)
{
    char learned[SHA256_TEXT_SIZE];
    likelihood->knows_data = run_data_sha256(arguments->weights, session->facts.hash, learned);
    if (!likelihood->knows_data)
        return;
    likelihood->is_other_data = data->count > 0 && strcmp(data->train_sha256, learned) != 0;
    likelihood->held_out_is_train = strcmp(data->validation_sha256, learned) == 0;
}

bool held_out_find(Evaluator *evaluator, const Arguments *arguments, Likelihood *likelihood, Failure *failure)
{
    const Estimate none = {(double)NAN, (double)NAN};
    const Session *session = evaluator->session;
    const Sources sources = sources_of(session->model, arguments);
    bool exist;
    Dataset data;
    *likelihood = (Likelihood){.log_q = none, .train_log_q = none, .is_bound = columns_have_integer(session->model)};
    if (!look_for_rows(session->model, &sources, &exist, &likelihood->missing, failure))
        return false;
    if (!exist)
        return true;
    if (!read_rows(session, &sources, &data, failure))
        return false;
    likelihood->rows = data.held_out_count;
    likelihood->train_rows = data.count;
    likelihood->has_own_conditions = data.conditions != NULL;
    compare_files(session, arguments, &data, likelihood);
    const GivenRows held_out = {data.held_out, data.held_out_conditions, data.held_out_count, &data.held_out_places,
                                data.order};
    const GivenRows learned = {data.rows, data.conditions, data.count, &data.places,
                               data.order == NULL ? NULL : data.order + data.held_out_count};
    const bool good = mean_log_q(evaluator, &held_out, &likelihood->log_q, failure) &&
                      (data.count == 0 || mean_log_q(evaluator, &learned, &likelihood->train_log_q, failure));
    dataset_release(&data);
    return good;
}

/* ---- the verdict ------------------------------------------------------------------------------------------------- */

Verdict held_out_verdict(const Likelihood *likelihood)
{
    Verdict verdict = {.name = "held_out", .status = VERDICT_WARN, .next = NULL};
    const double gap = likelihood->train_log_q.value - likelihood->log_q.value;
    const double error = hypot(likelihood->train_log_q.error, likelihood->log_q.error);
    if (likelihood->held_out_is_train) {
        verdict.next = "give rows that were not learned from (--validation FILE)";
        snprintf(verdict.why, sizeof verdict.why,
                 "the file of rows held out is the one learned from: nothing is said of new rows");
    } else if (likelihood->is_other_data) {
        verdict.status = VERDICT_UNKNOWN;
        verdict.next = "give the file that the run learned from (--data FILE)";
        snprintf(verdict.why, sizeof verdict.why,
                 "the data are not those of the run, so whether rows were learned by heart can't be seen");
    } else if (likelihood->train_rows == 0) {
        verdict.status = VERDICT_UNKNOWN;
        verdict.next = "give the rows learned from (--data FILE)";
        snprintf(verdict.why, sizeof verdict.why, "whether rows were learned by heart can't be seen without them");
    } else if (likelihood->rows < 2 || !isfinite(gap) || !isfinite(error)) {
        verdict.status = VERDICT_UNKNOWN;
        verdict.next = "hold more rows out";
        snprintf(verdict.why, sizeof verdict.why, "%llu rows held out are too few to tell what was learned by heart",
                 (unsigned long long)likelihood->rows);
    } else if (gap > 0.02 && gap > 4 * error) {
        verdict.next = "more rows, a smaller model, or train.early_stopping";
        snprintf(verdict.why, sizeof verdict.why,
                 "rows held out are less likely than those learned from, by %.3f +- %.3f nats: learned by heart", gap,
                 error);
    } else {
        verdict.status = VERDICT_GOOD;
        snprintf(verdict.why, sizeof verdict.why,
                 "rows held out are as likely as those learned from, within %.3f nats (gap %.3f)",
                 fmax(0.02, 4 * error), gap);
    }
    return verdict;
}
