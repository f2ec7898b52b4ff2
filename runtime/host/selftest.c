/* SPDX-License-Identifier: MIT-0 */
/* The verb selftest: runs the checks and shows what they found. */
#include "checks.h"
#include "number.h"
#include "verbs.h"

#include <stdio.h>

static const char *status_of(const Check *check)
{
    return check->is_skipped ? "skip" : check->is_good ? "good" : "bad";
}

static int count_failed(const Checks *checks)
{
    int failed = 0;
    for (int i = 0; i < checks->count; i++)
        failed += !checks->checks[i].is_good;
    return failed;
}

static void print_text(const Checks *checks)
{
    const Session *session = checks->session;
    char options[CONDITION_TEXT_SIZE];
    if (*conditions_options(session->model, session->scalars + session->model->scalar_count, NULL, options))
        printf("with%s\n", options);
    char worst[NUMBER_TEXT_SIZE], tolerance[NUMBER_TEXT_SIZE];
    for (int i = 0; i < checks->count; i++) {
        const Check *check = &checks->checks[i];
        if (check->is_skipped)
            printf("%s  %-16s %s\n", status_of(check), check->name, check->what);
        else
            printf("%-4s  %-16s deviates by at most %s (allowed %s)%s%s\n", status_of(check), check->name,
                   number_write_short(check->worst, 2, worst), number_write_short(check->tolerance, 2, tolerance),
                   *check->what ? ", at " : "", check->what);
    }
}

static bool print_json(const Checks *checks, Failure *failure)
{
    JsonWriter text;
    json_start(&text, true);
    json_open_object(&text, NULL);
    session_put_origin(&text, checks->session);
    json_open_array(&text, "checks");
    for (int i = 0; i < checks->count; i++) {
        const Check *check = &checks->checks[i];
        json_open_object(&text, NULL);
        json_put_string(&text, "name", check->name);
        json_put_string(&text, "status", status_of(check));
        json_put_real(&text, "worst", check->worst);
        json_put_real(&text, "tolerance", check->tolerance);
        json_put_string(&text, "what", check->what);
        json_close_object(&text);
    }
    json_close_array(&text);
    json_put_count(&text, "failed", (uint64_t)count_failed(checks));
    json_close_object(&text);
    return json_print(&text, failure);
}

bool verb_selftest(const Model *model, const Arguments *arguments, const char *program, Failure *failure)
{
    Session session;
    Checks checks;
    (void)program;
    if (!session_start(&session, model, arguments, failure))
        return false;
    for (int i = 0; i < model->condition_count; i++)
        session.is_given[i] =
            true; /* those that were not are in the middle of their ranges, and told like the others */
    bool good = checks_start(&checks, &session, failure);
    if (good) {
        checks_run(&checks);
        if (arguments->json)
            good = print_json(&checks, failure);
        else
            print_text(&checks);
        const int failed = count_failed(&checks);
        if (good && failed > 0)
            good = failure_set(failure, FAILURE_INTERNAL,
                               "%d of %d checks failed: this build must not be trusted on this machine", failed,
                               checks.count);
        checks_end(&checks);
    }
    session_end(&session);
    return good;
}
