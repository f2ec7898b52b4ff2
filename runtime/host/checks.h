/* SPDX-License-Identifier: MIT-0 */
/* The checks of the verb selftest, each of one promise of a model: a number that says how far it is from kept. */
#ifndef RUNTIME_HOST_CHECKS_H
#define RUNTIME_HOST_CHECKS_H

#include "session.h"

#define checks_start RUNTIME_NAME(checks_start)
#define checks_run   RUNTIME_NAME(checks_run)
#define checks_end   RUNTIME_NAME(checks_end)

typedef struct Check {
    const char *name;
    bool is_good, is_skipped;
    double worst, tolerance; /* the largest deviation found, and what is allowed */
    char what[160];          /* where it was found, or why it was skipped */
} Check;

enum { CHECKS_MOST = 10 };

typedef struct Checks {
    const Session *session;
    int count;
    Check checks[CHECKS_MOST];
    /* weights and gradients, samples and what is known of them, in both precisions */
    double *weights, *moved_weights, *gradient, *scratch_gradient, *x, *moved_x, *values, *other_values, *force, *score;
    float *weights_single, *gradient_single, *x_single, *other_x_single, *kernel_x, *values_single,
        *other_values_single;
    double *data;       /* a step's rows; NULL where it needs none */
    float *data_single; /* the same */
    void *workspace;    /* of double precision; NULL where the package has none */
} Checks;

/* With the session's weights, or those that training starts from, moved a little at random. */
bool checks_start(Checks *checks, const Session *session, Failure *failure);
void checks_end(Checks *checks);

/* Runs all of them. In double precision:
 *   gradient   of the training step, against central differences of the loss along a random direction in each tensor
 *   force      against central differences of the energy
 *   score      against central differences of log_prob, and its log q is log_prob's
 *   inverse    log_prob of samples is their log q
 * and in single precision:
 *   precision  the gradient is that of double precision, but for rounding
 *   inverse    as above
 *   rows       samples are the same bits in whatever pieces and with however many threads they are drawn
 *   density    exp(log q) integrates to 1, by samples of it and of a density about other samples. A wrong
 *              log-determinant shows there. */
void checks_run(Checks *checks);

#endif
