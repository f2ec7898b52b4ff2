/* SPDX-License-Identifier: MIT-0 */
/* Reports: a table of verdicts, a table of numbers, each with its error. */
#include "report.h"
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
    for (int i = 0; i < report->verdict_count; i++)
        fprintf(out, "  %-4s  %-10s %s\n", verdict_status_name(report->verdicts[i].status), report->verdicts[i].name,
                report->verdicts[i].why);
}

void report_print(FILE *out, const Report *report)
{
    const Estimates *estimates = report->estimates;
    char kT[NUMBER_TEXT_SIZE];
    print_verdicts(out, report);
    fprintf(out, "\n%zu samples of %s, seed %llu, kT %s\n", estimates->samples, report->session->model->name,
            (unsigned long long)report->session->seed, number_write(report->session->kT, kT));
    print_estimate(out, "ess", "", estimates->ess);
    print_estimate(out, "log_z", "", estimates->log_z);
    print_estimate(out, "mean energy", "plain", estimates->mean_energy);
    print_estimate(out, "", "reweighted", estimates->mean_energy_reweighted);
    for (int i = 0; i < estimates->observable_count; i++) {
        print_estimate(out, report->session->model->observable_names[i], "plain", estimates->plain[i]);
        print_estimate(out, "", "reweighted", estimates->reweighted[i]);
    }
    print_estimate(out, "pareto_k", "", (Estimate){estimates->pareto.k, estimates->pareto.error});
    print_estimate(out, "acceptance", "", estimates->acceptance);
    if (estimates->reference_samples == 0)
        return;
    fprintf(out, "\n%zu samples of the target, from the reference\n", estimates->reference_samples);
    print_estimate(out, "ess", "forward", estimates->ess_forward);
    print_estimate(out, "log_z", "forward", estimates->log_z_forward);
    print_estimate(out, "cross entropy", "", estimates->cross_entropy);
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
        json_close_object(writer);
    }
    json_close_array(writer);
}

void report_put(JsonWriter *writer, const Report *report)
{
    const Estimates *estimates = report->estimates;
    json_put_count(writer, "samples", estimates->samples);
    json_put_real(writer, "ess", estimates->ess.value);
    json_put_real(writer, "ess_error", estimates->ess.error);
    json_put_real(writer, "ess_forward", estimates->ess_forward.value);
    json_put_real(writer, "ess_forward_error", estimates->ess_forward.error);
    put_estimate(writer, "log_z", estimates->log_z);
    put_estimate(writer, "log_z_forward", estimates->log_z_forward);
    put_estimate(writer, "mean_energy", estimates->mean_energy);
    put_estimate(writer, "mean_energy_reweighted", estimates->mean_energy_reweighted);
    json_put_real(writer, "pareto_k", estimates->pareto.k);
    json_put_real(writer, "pareto_k_error", estimates->pareto.error);
    json_put_real(writer, "acceptance", estimates->acceptance.value);
    json_put_real(writer, "acceptance_error", estimates->acceptance.error);
    put_estimate(writer, "cross_entropy", estimates->cross_entropy);
    json_open_object(writer, "observables");
    for (int i = 0; i < estimates->observable_count; i++) {
        json_open_object(writer, report->session->model->observable_names[i]);
        put_estimate(writer, "plain", estimates->plain[i]);
        put_estimate(writer, "reweighted", estimates->reweighted[i]);
        json_close_object(writer);
    }
    json_close_object(writer);
    put_verdicts(writer, report);
    json_open_object(writer, "origin");
    session_put_origin(writer, report->session);
    json_close_object(writer);
}
