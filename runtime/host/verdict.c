/* SPDX-License-Identifier: MIT-0 */
/* The thresholds and the words of the verdicts. */
#include "verdict.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static const double ess_good = 0.3, ess_forward_bad = 0.01;
static const double ratio_warn = 3; /* of the two effective sample sizes, where the samples miss part of the target */
static const double worth_least = 100; /* independent samples */

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

/* Whether the two estimates of log Z, from the model's samples and from the reference, are further apart than 4 of
 * their joint standard errors and 0.05. */
static bool log_z_differ(const Estimates *estimates)
{
    const double apart = fabs(estimates->log_z.value - estimates->log_z_forward.value);
    return apart > 0.05 && !(apart < 4 * hypot(estimates->log_z.error, estimates->log_z_forward.error));
}

static Verdict coverage(const Estimates *estimates)
{
    const double ess = estimates->ess.value, forward = estimates->ess_forward.value;
    if (estimates->reference_samples == 0)
        return verdict("coverage", VERDICT_WARN,
                       "no reference given: what the model's own samples miss can't be seen "
                       "(--reference FILE with samples of the target)");
    if (!(forward >= ess_forward_bad))
        return verdict("coverage", VERDICT_BAD,
                       "by the reference's samples the ess is %.2g: the model misses part of the "
                       "target, or the reference is not of this target",
                       forward);
    if (log_z_differ(estimates))
        return verdict("coverage", VERDICT_BAD,
                       "log_z is %.3f by the model's samples and %.3f by the reference: one of "
                       "them misses part of the target",
                       estimates->log_z.value, estimates->log_z_forward.value);
    if (forward * ratio_warn < ess)
        return verdict("coverage", VERDICT_WARN,
                       "by the reference's samples the ess is %.2g, by the model's own %.2g: the "
                       "model is thin where the reference is",
                       forward, ess);
    return verdict("coverage", VERDICT_GOOD,
                   "the reference's %zu samples agree: ess %.2g by them, %.2g by the model's own",
                   estimates->reference_samples, forward, ess);
}

static Verdict ess(const Estimates *estimates, VerdictStatus coverage_status)
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

static Verdict pareto(const Estimates *estimates)
{
    const ParetoTail *tail = &estimates->pareto;
    if (!tail->is_defined && estimates->samples >= 25)
        return verdict("pareto_k", VERDICT_WARN, "the largest weights are all equal: no tail to judge");
    if (!tail->is_defined)
        return verdict("pareto_k", VERDICT_BAD, "too few samples for a tail: at least 25 are needed");
    if (tail->k <= tail->threshold)
        return verdict("pareto_k", VERDICT_GOOD,
                       "k is at most %.2f: the tail of the weights is light enough for the errors "
                       "shown, where the model samples",
                       tail->threshold);
    if (tail->k <= 0.7)
        return verdict("pareto_k", VERDICT_WARN,
                       "k is above %.2f: %zu samples are too few for reliable errors; draw more", tail->threshold,
                       estimates->samples);
    if (tail->k < 1)
        return verdict("pareto_k", VERDICT_BAD,
                       "k is above 0.7: the weights' variance is so large that reweighted means and "
                       "their errors can't be trusted");
    return verdict("pareto_k", VERDICT_BAD,
                   "k is at least 1: the weights may not even have a mean; reweighted means and "
                   "log_z are meaningless");
}

int verdicts_of_estimates(const Estimates *estimates, Verdict verdicts[VERDICTS_MAX])
{
    int count = 0;
    verdicts[count++] = coverage(estimates);
    verdicts[count] = ess(estimates, verdicts[0].status);
    count++;
    verdicts[count++] = pareto(estimates);
    if (estimates->infinite_energies > 0)
        verdicts[count++] = verdict("energies", VERDICT_WARN, "%zu of %zu samples have an infinite energy and weight 0",
                                    estimates->infinite_energies, estimates->samples);
    return count;
}

const char *verdict_status_name(VerdictStatus status)
{
    static const char *const names[] = {"good", "warn", "bad"};
    return names[status];
}
