/* SPDX-License-Identifier: MIT-0 */
/* A model's functions called chunk by chunk, in single or double precision, with results in double: tables of samples
 * for the estimators. */
#ifndef RUNTIME_HOST_EVALUATOR_H
#define RUNTIME_HOST_EVALUATOR_H

#include "columns.h"
#include "estimates.h"
#include "progress.h"
#include "session.h"

#define evaluator_start     RUNTIME_NAME(evaluator_start)
#define evaluator_end       RUNTIME_NAME(evaluator_end)
#define evaluator_samples   RUNTIME_NAME(evaluator_samples)
#define evaluator_reference RUNTIME_NAME(evaluator_reference)
#define evaluator_log_prob  RUNTIME_NAME(evaluator_log_prob)
#define sample_table_free   RUNTIME_NAME(sample_table_free)

typedef struct Evaluator {
    const Session *session;
    bool is_double;
    size_t chunk; /* samples in one call */
    double *weights, *x, *conditions, *log_q, *energy, *observables;
    float *x_single, *log_q_single, *energy_single, *observables_single;
    void *workspace;
} Evaluator;

/* In double where `is_double`; the model must have been built for it (64). */
bool evaluator_start(Evaluator *evaluator, const Session *session, bool is_double, Failure *failure);
void evaluator_end(Evaluator *evaluator);

/* The table of rows 0 .. count - 1 of the sample stream. Fails with 2 where log q or an energy is not a number, with
 * 130 where the user asked to stop. Free the table with sample_table_free. */
bool evaluator_samples(Evaluator *evaluator, uint64_t count, Progress *progress, SampleTable *table, Failure *failure);
/* The table of given configurations x[count][dimension], without observables. Infinite energies fail too;
 * log q that is -inf or not a number does not: it is -inf in the table, for the model is far from there. */
bool evaluator_reference(Evaluator *evaluator, const float *x, uint64_t count, const RowPlaces *places,
                         SampleTable *table, Failure *failure);
/* Rows of a file; row i is order[i] of it (NULL: i). */
typedef struct GivenRows {
    const float *x, *conditions; /* conditions of each one's own; NULL: those of the session */
    size_t count;
    const RowPlaces *places;
    const size_t *order;
} GivenRows;

/* log_q[count] of given rows alone. Fails with 2 where one is not a number. */
bool evaluator_log_prob(Evaluator *evaluator, const GivenRows *rows, double *log_q, Failure *failure);
void sample_table_free(SampleTable *table);

#endif
