/* SPDX-License-Identifier: MIT-0 */
/* The thresholds and the words of the verdicts. */
#include "verdict.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static const double ess_good = 0.3, ess_forward_bad = 0.01;
static const double ratio_warn = 3; /* of the two effective sample sizes, where the samples miss part of the target */
static const double worth_least = 100; /* independent samples */
static const double log_z_apart = 0.05,
                    errors_apart = 4; /* what two values of log Z may differ by, the larger of both */
static const double errors_odd = 6;   /* two values of log Z so far apart are not of one target, however near */
static const double acceptance_least = 0.2;
static const double variance_exists = 0.5;                    /* the largest k of a tail of weights with a variance */
static const double given_apart = 0.01;                       /* of a log Z that is given, perhaps to two decimals */
static const double rounding_warn = 0.01, rounding_bad = 0.5; /* of U / kT, and so of log w and log Z */

static const char next_evidence[] =
    "give samples of the target (--reference FILE), its known modes (--modes FILE) or its "
    "log Z (--log-z VALUE)";
static const char next_training[] = "train from a higher kT (a schedule), with loss fab, or with a larger model";
static const char next_samples[] = "draw more samples (-n), or anneal to the target (--smc 8)";
static const char next_tail[] = "use --smc, or rows of an exact chain (sample --exact); then train longer";
static const char next_precision[] = "use --precision double, or take a constant off the energy";
static const char next_steps[] = "take more annealing steps";

static Verdict verdict(const char *name, VerdictStatus status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static Verdict verdict(const char *name, VerdictStatus status, const char *format, ...)
{
    Verdict result = {.name = name, .status = status};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(result.why, sizeof result.why, format, arguments);
    va_end(arguments);
    return result;
}

/* Whether log Z from the model's samples is further from another value than 4 joint standard errors and 0.05. */
static bool log_z_differs(const Estimates *estimates, Estimate other)
{
    const double apart = fabs(estimates->log_z.value - other.value);
    return apart > log_z_apart && !(apart < errors_apart * hypot(estimates->log_z.error, other.error));
}

/* How far apart two estimates are; 0 where they have no errors. */
static double joint_errors(Estimate a, Estimate b)
{
    const double error = hypot(a.error, b.error);
    return error > 0 ? fabs(a.value - b.value) / error : 0;
}

static bool is_worth(const AnnealingResult *result)
{
    return result->steps > 0 && result->ess.value * (double)result->samples >= worth_least;
}

static Verdict missing(const char *by, double log_z, double other)
{
    return verdict("coverage", VERDICT_BAD,
                   "log_z is %.3f by the model's samples and %.3f by %s: one of them misses part of the target", log_z,
                   other, by);
}

/* What shows that the model misses something; a verdict without a name where nothing does. */
static Verdict find_missing(const Estimates *estimates)
{
    const double log_z = estimates->log_z.value, forward = estimates->ess_forward.value;
    const Estimate given = {estimates->log_z_given, 0};
    if (estimates->reference_without_density > 0)
        return verdict("coverage", VERDICT_BAD,
                       "at %zu of the reference's %zu samples log q leaves the floats: the model is far from them and "
                       "misses part of the target",
                       estimates->reference_without_density, estimates->reference_samples);
    if (estimates->reference_samples > 0 && !(forward >= ess_forward_bad))
        return verdict(
            "coverage", VERDICT_BAD,
            "by the reference's samples the ess is %.2g (below %.2g): the model misses part of the target, or "
            "the reference is not of this target",
            forward, ess_forward_bad);
    if (estimates->modes.found < estimates->modes.count)
        return verdict(
            "coverage", VERDICT_BAD,
            "%zu of the %zu known modes are found (q at least a tenth of p there); log_z is too small by what "
            "the others weigh",
            estimates->modes.found, estimates->modes.count);
    if (estimates->reference_samples > 0 && log_z_differs(estimates, estimates->log_z_forward))
        return missing("the reference", log_z, estimates->log_z_forward.value);
    if (!isnan(given.value) && log_z_differs(estimates, given))
        return missing("what was given", log_z, given.value);
    if (is_worth(&estimates->smc) && log_z_differs(estimates, estimates->smc.log_z))
        return missing("sequential Monte Carlo", log_z, estimates->smc.log_z.value);
    if (is_worth(&estimates->ais) && log_z_differs(estimates, estimates->ais.log_z))
        return missing("annealed importance sampling", log_z, estimates->ais.log_z.value);
    return (Verdict){0};
}

static Verdict find_coverage(const Estimates *estimates)
{
    const double ess = estimates->ess.value, forward = estimates->ess_forward.value;
    if (estimates->reference_samples > 0 && forward * ratio_warn < ess)
        return verdict("coverage", VERDICT_WARN,
                       "by the reference's samples the ess is %.2g, by the model's own %.2g (more than %.0f times as "
                       "much): the model is thin where the reference is",
                       forward, ess, ratio_warn);
    if (estimates->reference_samples > 0 && joint_errors(estimates->log_z, estimates->log_z_forward) > errors_odd)
        return verdict("coverage", VERDICT_WARN,
                       "log_z is %.5g by the model's samples and %.5g by the reference, %.2g joint errors apart: the "
                       "reference is not of this target, or the errors are too small",
                       estimates->log_z.value, estimates->log_z_forward.value,
                       joint_errors(estimates->log_z, estimates->log_z_forward));
    if (fabs(estimates->log_z.value - estimates->log_z_given) > given_apart &&
        joint_errors(estimates->log_z, (Estimate){estimates->log_z_given, 0}) > errors_odd)
        return verdict("coverage", VERDICT_WARN,
                       "log_z is %.5g by the model's samples and %.5g as given, %.2g errors apart: the model is thin "
                       "somewhere, or the errors are too small",
                       estimates->log_z.value, estimates->log_z_given,
                       joint_errors(estimates->log_z, (Estimate){estimates->log_z_given, 0}));
    if (estimates->reference_samples > 0 && !estimates->reference_is_own)
        return verdict("coverage", VERDICT_GOOD,
                       "the reference's %zu samples agree: ess %.2g by them, %.2g by the model's own",
                       estimates->reference_samples, forward, ess);
    if (estimates->modes.count > 0 && !estimates->modes_are_own)
        return verdict("coverage", VERDICT_GOOD, "all %zu known modes are found (q at least a tenth of p there)",
                       estimates->modes.count);
    if (!isnan(estimates->log_z_given))
        return verdict("coverage", VERDICT_GOOD, "log_z agrees with what was given: %.3f, given %.3f",
                       estimates->log_z.value, estimates->log_z_given);
    if (estimates->reference_is_own || estimates->modes_are_own)
        return verdict("coverage", VERDICT_UNKNOWN,
                       "the %s given are samples of this model itself, and miss what it misses",
                       estimates->reference_is_own ? "reference's rows" : "modes");
    return verdict(
        "coverage", VERDICT_UNKNOWN, "%s",
        estimates->ais.steps > 0 || estimates->smc.steps > 0
            ? "no reference given: annealing agrees, but it starts from the model too, and far from the model "
              "it sees as little"
            : "no reference given: what the model's own samples miss can't be seen");
}

static Verdict coverage(const Estimates *estimates)
{
    Verdict result = find_missing(estimates);
    if (result.name == NULL)
        result = find_coverage(estimates);
    result.next = result.status == VERDICT_GOOD      ? NULL
                  : result.status == VERDICT_UNKNOWN ? next_evidence
                                                     : next_training;
    return result;
}

static Verdict judge_ess(const Estimates *estimates, VerdictStatus coverage_status)
{
    const double worth = estimates->ess.value * (double)estimates->samples;
    if (!(worth >= worth_least))
        return verdict("ess", VERDICT_BAD,
                       "the %zu samples are worth %.3g independent ones; at least %.0f are needed for "
                       "reweighted means",
                       estimates->samples, worth, worth_least);
    if (estimates->ess.value < ess_good)
        return verdict("ess", VERDICT_WARN,
                       "below %.1f: reweighted means rest on few of the samples (worth %.3g "
                       "independent ones)",
                       ess_good, worth);
    if (coverage_status != VERDICT_GOOD)
        return verdict("ess", VERDICT_WARN,
                       "high where the model samples (worth %.3g independent samples), which says "
                       "nothing of what it misses",
                       worth);
    return verdict("ess", VERDICT_GOOD, "worth %.3g independent samples", worth);
}

static Verdict ess(const Estimates *estimates, VerdictStatus coverage_status)
{
    Verdict result = judge_ess(estimates, coverage_status);
    if (result.status == VERDICT_BAD || (result.status == VERDICT_WARN && estimates->ess.value < ess_good))
        result.next = next_samples;
    return result;
}

static Verdict judge_tail(const Estimates *estimates)
{
    const ParetoTail *tail = &estimates->pareto;
    if (!tail->is_defined && estimates->samples >= 25)
        return verdict("pareto_k", VERDICT_WARN, "the largest weights are all equal: no tail to judge");
    if (!tail->is_defined)
        return verdict("pareto_k", VERDICT_BAD, "too few samples for a tail: at least 25 are needed");
    if (tail->k > variance_exists && tail->k <= tail->threshold)
        return verdict("pareto_k", VERDICT_WARN,
                       "k is above %.1f: the weights may have no variance, and errors of means that are not smoothed "
                       "may be too small",
                       variance_exists);
    if (tail->k <= tail->threshold)
        return verdict("pareto_k", VERDICT_GOOD,
                       "k is at most %.2f: the tail of the weights is light enough for the errors "
                       "shown, where the model samples",
                       fmin(tail->threshold, variance_exists));
    if (tail->k <= 0.7)
        return verdict("pareto_k", VERDICT_WARN, "k is above %.2f: %zu samples are too few for reliable errors",
                       tail->threshold, estimates->samples);
    if (tail->k < 1)
        return verdict("pareto_k", VERDICT_BAD,
                       "k is above 0.7: the weights' variance is so large that reweighted means and "
                       "their errors can't be trusted");
    return verdict("pareto_k", VERDICT_BAD,
                   "k is at least 1: the weights may not even have a mean; reweighted means and "
                   "log_z are meaningless");
}

static Verdict pareto(const Estimates *estimates)
{
    Verdict result = judge_tail(estimates);
    if (result.status == VERDICT_WARN && estimates->pareto.is_defined)
        result.next = estimates->pareto.k <= estimates->pareto.threshold ? next_tail : next_samples;
    else if (result.status == VERDICT_BAD)
        result.next = estimates->pareto.is_defined ? next_tail : next_samples;
    return result;
}

static Verdict annealing(const char *name, const AnnealingResult *result, VerdictStatus coverage_status)
{
    const double worth = result->ess.value * (double)result->samples;
    Verdict given;
    if (!(worth >= worth_least))
        given = verdict(name, VERDICT_BAD, "its %zu samples are worth %.3g independent ones; at least %.0f are needed",
                        result->samples, worth, worth_least);
    else if (result->acceptance < acceptance_least)
        given =
            verdict(name, VERDICT_WARN, "a transition accepts %.2g of its proposals (below %.1f): walkers hardly move",
                    result->acceptance, acceptance_least);
    else if (coverage_status != VERDICT_GOOD)
        given = verdict(name, VERDICT_WARN, "worth %.3g independent samples, which says nothing of what it can't reach",
                        worth);
    else
        given = verdict(name, VERDICT_GOOD, "worth %.3g independent samples", worth);
    if (worth < worth_least || result->acceptance < acceptance_least)
        given.next = next_steps;
    return given;
}

int verdicts_of_estimates(const Estimates *estimates, Verdict verdicts[VERDICTS_MAX])
{
    int count = 0;
    verdicts[count++] = coverage(estimates);
    verdicts[count] = ess(estimates, verdicts[0].status);
    count++;
    verdicts[count++] = pareto(estimates);
    if (estimates->ais.steps > 0)
        verdicts[count++] = annealing("ais", &estimates->ais, verdicts[0].status);
    if (estimates->smc.steps > 0)
        verdicts[count++] = annealing("smc", &estimates->smc, verdicts[0].status);
    if (isnan(estimates->chain_time)) {
        verdicts[count] = verdict("chain", VERDICT_WARN, "the chain of these samples is too short for its errors");
        verdicts[count++].next = next_samples;
    }
    if (estimates->infinite_energies > 0)
        verdicts[count++] = verdict("energies", VERDICT_WARN, "%zu of %zu samples have an infinite energy and weight 0",
                                    estimates->infinite_energies, estimates->samples);
    if (estimates->rounding > rounding_warn) {
        verdicts[count] = verdict("rounding", estimates->rounding > rounding_bad ? VERDICT_BAD : VERDICT_WARN,
                                  "energies are so large that a float of U / kT is rounded by up to %.2g: errors "
                                  "do not tell of it",
                                  estimates->rounding);
        verdicts[count++].next = next_precision;
    }
    return count;
}

const char *verdict_status_name(VerdictStatus status)
{
    static const char *const names[] = {"good", "unknown", "warn", "bad"};
    return names[status];
}
