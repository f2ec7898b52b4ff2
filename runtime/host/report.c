/* SPDX-License-Identifier: MIT-0 */
/* Reports: a table of verdicts, a table of numbers, each with its error. */
#include "report.h"
#include "columns.h"
#include "number.h"

#include <math.h>

/* ---- for people -------------------------------------------------------------------------------------------------- */

/* "1.1451 +- 0.0013": the error with two digits, the value as far as the error reaches. */
static void print_estimate(FILE *out, const char *name, const char *kind, Estimate estimate)
{
    char value[NUMBER_TEXT_SIZE], error[NUMBER_TEXT_SIZE];
    if (isnan(estimate.value))
        return;
    const bool has_error = isfinite(estimate.error) && estimate.error > 0;
    const double reach = has_error ? floor(log10(fabs(estimate.value) / estimate.error)) + 2 : 6;
    number_write_short(estimate.value, !(reach > 2) ? 2 : reach < 9 ? (int)reach : 9, value);
    fprintf(out, "  %-24s %-11s %12s", name, kind, value);
    if (has_error)
        fprintf(out, " +- %s", number_write_short(estimate.error, 2, error));
    fprintf(out, "\n");
}

static void print_verdicts(FILE *out, const Report *report)
{
    fprintf(out, "verdicts\n");
    for (int i = 0; i < report->verdict_count; i++) {
        fprintf(out, "  %-7s  %-10s %s\n", verdict_status_name(report->verdicts[i].status), report->verdicts[i].name,
                report->verdicts[i].why);
        if (report->verdicts[i].next != NULL)
            fprintf(out, "  %-7s  %-10s next: %s\n", "", "", report->verdicts[i].next);
    }
}

static void print_means(FILE *out, const char *name, const Means *means)
{
    print_estimate(out, name, "plain", means->plain);
    print_estimate(out, "", "reweighted", means->reweighted);
    print_estimate(out, "", "smoothed", means->smoothed);
    print_estimate(out, "", "chain", means->chain);
}

static void print_annealing(FILE *out, const char *what, const AnnealingResult *result)
{
    if (result->steps == 0)
        return;
    fprintf(out, "\n%s, %d steps, %zu samples, lowest acceptance of a transition %.2g\n", what, result->steps,
            result->samples, result->acceptance);
    print_estimate(out, "ess", "", result->ess);
    print_estimate(out, "log_z", "", result->log_z);
}

static void print_likelihood(FILE *out, const Report *report)
{
    const Likelihood *likelihood = report->likelihood;
    const Estimate held_out = {-likelihood->log_q.value, likelihood->log_q.error};
    const Estimate train = {-likelihood->train_log_q.value, likelihood->train_log_q.error};
    const char *name = likelihood->is_bound ? "nll_bound" : "nll";
    const char *kind = likelihood->is_bound ? "dequantised" : "-mean log q";
    const Session *session = report->session;
    char given[CONDITION_TEXT_SIZE];
    fprintf(out, "\n%zu rows held out, in nats a row%s\n", likelihood->rows,
            likelihood->is_bound ? ": at least -mean log P of the integers" : "");
    if (likelihood->has_own_conditions)
        fprintf(out, "  each under its own conditions\n");
    else if (*conditions_options(session->model, session->scalars + session->model->scalar_count, session->is_given,
                                 given))
        fprintf(out, "  with%s for every row, whatever its own\n", given);
    print_estimate(out, name, kind, held_out);
    if (likelihood->train_rows > 0) {
        fprintf(out, "\n%zu rows learned from\n", likelihood->train_rows);
        print_estimate(out, name, kind, train);
    }
}

static void print_estimates(FILE *out, const Report *report)
{
    const Estimates *estimates = report->estimates;
    char kT[NUMBER_TEXT_SIZE], given[CONDITION_TEXT_SIZE];
    const Session *session = report->session;
    fprintf(out, "\n%zu samples of %s, seed %llu, kT %s%s\n", estimates->samples, session->model->name,
            (unsigned long long)session->seed, number_write(session->kT, kT),
            conditions_options(session->model, session->scalars + session->model->scalar_count, NULL, given));
    print_estimate(out, "ess", "", estimates->ess);
    print_estimate(out, "", "smoothed", estimates->ess_smoothed);
    print_estimate(out, "log_z", "", estimates->log_z);
    print_estimate(out, "", "smoothed", estimates->log_z_smoothed);
    print_means(out, "mean energy", &estimates->energy);
    for (int i = 0; i < estimates->observable_count; i++)
        print_means(out, report->session->model->observable_names[i], &estimates->observables[i]);
    print_estimate(out, "pareto_k", "", (Estimate){estimates->pareto.k, estimates->pareto.error});
    print_estimate(out, "acceptance", "", estimates->acceptance);
    print_estimate(out, "chain's correlation time", "", (Estimate){estimates->chain_time, (double)NAN});
    print_annealing(out, "annealed importance sampling", &estimates->ais);
    print_annealing(out, "sequential Monte Carlo", &estimates->smc);
    if (estimates->modes.count > 0) {
        fprintf(out, "\n%zu known modes, %zu found\n", estimates->modes.count, estimates->modes.found);
        print_estimate(out, "mean log q", "", (Estimate){estimates->modes.mean_log_q.value, (double)NAN});
    }
    if (!isnan(estimates->log_z_given))
        print_estimate(out, "log_z, as given", "", (Estimate){estimates->log_z_given, (double)NAN});
    if (estimates->reference_samples == 0)
        return;
    fprintf(out, "\n%zu samples of the target, from the reference\n", estimates->reference_samples);
    print_estimate(out, "ess", "forward", estimates->ess_forward);
    print_estimate(out, "log_z", "forward", estimates->log_z_forward);
    print_estimate(out, "cross entropy", "-mean log q", estimates->cross_entropy);
}

void report_print(FILE *out, const Report *report)
{
    print_verdicts(out, report);
    if (report->estimates != NULL)
        print_estimates(out, report);
    if (report->likelihood != NULL)
        print_likelihood(out, report);
}

/* ---- for programs ------------------------------------------------------------------------------------------------ */

static void put_estimate(JsonWriter *writer, const char *name, Estimate estimate)
{
    if (isnan(estimate.value)) {
        json_put_null(writer, name);
        return;
    }
    json_open_object(writer, name);
    json_put_real(writer, "value", estimate.value);
    json_put_real(writer, "error", estimate.error);
    json_close_object(writer);
}

static void put_verdicts(JsonWriter *writer, const Report *report)
{
    json_open_array(writer, "verdicts");
    for (int i = 0; i < report->verdict_count; i++) {
        json_open_object(writer, NULL);
        json_put_string(writer, "name", report->verdicts[i].name);
        json_put_string(writer, "status", verdict_status_name(report->verdicts[i].status));
        json_put_string(writer, "why", report->verdicts[i].why);
        if (report->verdicts[i].next == NULL)
            json_put_null(writer, "next");
        else
            json_put_string(writer, "next", report->verdicts[i].next);
        json_close_object(writer);
    }
    json_close_array(writer);
}

static void put_annealing(JsonWriter *writer, const char *name, const AnnealingResult *result)
{
    if (result->steps == 0) {
        json_put_null(writer, name);
        return;
    }
    json_open_object(writer, name);
    json_put_count(writer, "steps", (uint64_t)result->steps);
    json_put_count(writer, "samples", result->samples);
    put_estimate(writer, "log_z", result->log_z);
    json_put_real(writer, "ess", result->ess.value);
    json_put_real(writer, "ess_error", result->ess.error);
    json_put_real(writer, "acceptance", result->acceptance);
    json_put_count(writer, "resamplings", (uint64_t)result->resamplings);
    json_close_object(writer);
}

static void put_modes(JsonWriter *writer, const Modes *modes)
{
    if (modes->count == 0) {
        json_put_null(writer, "modes");
        return;
    }
    json_open_object(writer, "modes");
    json_put_count(writer, "count", modes->count);
    json_put_count(writer, "found", modes->found);
    json_put_real(writer, "mean_log_q", modes->mean_log_q.value);
    json_close_object(writer);
}

static void put_observables(JsonWriter *writer, const Report *report)
{
    const Estimates *estimates = report->estimates;
    json_open_object(writer, "observables");
    for (int i = 0; i < estimates->observable_count; i++) {
        const Means *means = &estimates->observables[i];
        json_open_object(writer, report->session->model->observable_names[i]);
        put_estimate(writer, "plain", means->plain);
        put_estimate(writer, "reweighted", means->reweighted);
        put_estimate(writer, "smoothed", means->smoothed);
        put_estimate(writer, "chain", means->chain);
        json_close_object(writer);
    }
    json_close_object(writer);
}

/* Members that tell of rows; `likelihood` may be NULL. */
static void put_likelihood(JsonWriter *writer, const Report *report)
{
    const Likelihood *likelihood = report->likelihood;
    const bool is_bound = columns_have_integer(report->session->model);
    const Estimate none = {(double)NAN, (double)NAN};
    const Estimate held_out = likelihood == NULL ? none : likelihood->log_q;
    const Estimate train = likelihood == NULL ? none : likelihood->train_log_q;
    json_put_count(writer, "rows", likelihood == NULL ? 0 : likelihood->rows);
    put_estimate(writer, is_bound ? "nll_bound" : "nll", (Estimate){-held_out.value, held_out.error});
    json_put_count(writer, "train_rows", likelihood == NULL ? 0 : likelihood->train_rows);
    put_estimate(writer, is_bound ? "nll_train_bound" : "nll_train", (Estimate){-train.value, train.error});
    if (likelihood != NULL && likelihood->knows_data) {
        json_put_truth(writer, "train_rows_are_the_runs", likelihood->train_rows > 0 && !likelihood->is_other_data);
        json_put_truth(writer, "held_out_is_train", likelihood->held_out_is_train);
    }
}

/* Members that tell of samples. */
static void put_estimates(JsonWriter *writer, const Report *report)
{
    const Estimates *estimates = report->estimates;
    json_put_count(writer, "samples", estimates->samples);
    json_put_real(writer, "ess", estimates->ess.value);
    json_put_real(writer, "ess_error", estimates->ess.error);
    json_put_real(writer, "ess_forward", estimates->ess_forward.value);
    json_put_real(writer, "ess_forward_error", estimates->ess_forward.error);
    put_estimate(writer, "log_z", estimates->log_z);
    put_estimate(writer, "log_z_forward", estimates->log_z_forward);
    json_put_real(writer, "log_z_given", estimates->log_z_given);
    put_estimate(writer, "log_z_smoothed", estimates->log_z_smoothed);
    json_put_real(writer, "ess_smoothed", estimates->ess_smoothed.value);
    json_put_real(writer, "ess_smoothed_error", estimates->ess_smoothed.error);
    put_estimate(writer, "mean_energy", estimates->energy.plain);
    put_estimate(writer, "mean_energy_reweighted", estimates->energy.reweighted);
    put_estimate(writer, "mean_energy_smoothed", estimates->energy.smoothed);
    put_estimate(writer, "mean_energy_chain", estimates->energy.chain);
    json_put_real(writer, "pareto_k", estimates->pareto.k);
    json_put_real(writer, "pareto_k_error", estimates->pareto.error);
    json_put_real(writer, "acceptance", estimates->acceptance.value);
    json_put_real(writer, "acceptance_error", estimates->acceptance.error);
    put_estimate(writer, "cross_entropy", estimates->cross_entropy);
    json_put_real(writer, "chain_acceptance", estimates->chain_acceptance);
    json_put_real(writer, "chain_time", estimates->chain_time);
    put_annealing(writer, "ais", &estimates->ais);
    put_annealing(writer, "smc", &estimates->smc);
    put_modes(writer, &estimates->modes);
    put_observables(writer, report);
}

void report_put(JsonWriter *writer, const Report *report)
{
    if (report->estimates != NULL)
        put_estimates(writer, report);
    put_likelihood(writer, report);
    put_verdicts(writer, report);
    json_open_object(writer, "origin");
    session_put_origin(writer, report->session);
    json_close_object(writer);
}
