/* SPDX-License-Identifier: MIT-0 */
/* An evaluation for people, the verdicts first, and for programs, as JSON. */
#ifndef RUNTIME_HOST_REPORT_H
#define RUNTIME_HOST_REPORT_H

#include "estimates.h"
#include "held_out.h"
#include "json.h"
#include "session.h"
#include "verdict.h"

#include <stdio.h>

#define report_print RUNTIME_NAME(report_print)
#define report_put   RUNTIME_NAME(report_put)

typedef struct Report {
    const Session *session;
    const Estimates *estimates;   /* NULL: the model has no energy */
    const Likelihood *likelihood; /* NULL: there are no rows held out */
    int verdict_count;
    const Verdict *verdicts;
} Report;

void report_print(FILE *out, const Report *report);

/* The members of `evaluate --json`'s object, into one that is open. What there is nothing to say of is null. */
void report_put(JsonWriter *writer, const Report *report);

#endif
