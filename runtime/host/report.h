/* SPDX-License-Identifier: MIT-0 */
/* An evaluation for people, the verdicts first, and for programs, as JSON. */
#ifndef RUNTIME_HOST_REPORT_H
#define RUNTIME_HOST_REPORT_H

#include "estimates.h"
#include "json.h"
#include "session.h"
#include "verdict.h"

#include <stdio.h>

#define report_print RUNTIME_NAME(report_print)
#define report_put   RUNTIME_NAME(report_put)

/* What a model without an energy is judged by: rows of data. */
typedef struct Likelihood {
    size_t rows, train_rows;     /* held out; learned from, 0: they were not at hand */
    Estimate log_q, train_log_q; /* the means of log q over them */
    bool knows_data;             /* the run's record says which file the weights learned from: */
    bool is_other_data;          /* the rows learned from are of another file than that */
    bool held_out_is_train;      /* the rows held out are that file */
    bool is_bound;               /* of dequantised rows: bounds of the mean log P of the integers from below */
} Likelihood;

typedef struct Report {
    const Session *session;
    const Likelihood *likelihood; /* instead of estimates; NULL: the model has an energy */
    const Estimates *estimates;
    int verdict_count;
    const Verdict *verdicts;
} Report;

void report_print(FILE *out, const Report *report);

/* The members of `evaluate --json`'s object, into one that is open. What there is nothing to say of is null. */
void report_put(JsonWriter *writer, const Report *report);

#endif
