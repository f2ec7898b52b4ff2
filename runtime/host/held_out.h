/* SPDX-License-Identifier: MIT-0 */
/* How likely rows held out are under a model, beside those that it learned from, and what that says of it. */
#ifndef RUNTIME_HOST_HELD_OUT_H
#define RUNTIME_HOST_HELD_OUT_H

#include "arguments.h"
#include "evaluator.h"
#include "verdict.h"

#define held_out_find    RUNTIME_NAME(held_out_find)
#define held_out_verdict RUNTIME_NAME(held_out_verdict)

typedef struct Likelihood {
    size_t rows, train_rows;     /* held out, 0: there are none; learned from, 0: they were not at hand */
    Estimate log_q, train_log_q; /* the means of log q over them; NaN: without rows */
    bool knows_data;             /* the run's record says which file the weights learned from: */
    bool is_other_data;          /* the rows learned from are of another file than that */
    bool held_out_is_train;      /* the rows held out are that file */
    bool is_bound;               /* of dequantised rows: bounds of the mean log P of the integers from below */
    bool has_own_conditions;     /* each row is judged under the conditions that its columns hold */
    const char *missing;         /* the spec's file, which is not at hand; NULL: none is missed */
} Likelihood;

/* Rows are those of --validation, or else what the spec holds out. A model without an energy has nothing else to be
 * judged by, and must have some (64). One with an energy needs none: where the spec's file is not at hand, `missing`
 * says so; and its conditions, all of which are given for its samples, are each row's own where columns of data hold them. */
bool held_out_find(Evaluator *evaluator, const Arguments *arguments, Likelihood *likelihood, Failure *failure);

/* Rows held out should be as likely as those learned from: less likely by more than 4 joint errors and 0.02 nats is
 * learning by heart. */
Verdict held_out_verdict(const Likelihood *likelihood);

#endif
