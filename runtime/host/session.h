/* SPDX-License-Identifier: MIT-0 */
/* What a verb works with: the model, weights, the numbers given at each call, workspace, threads. */
#ifndef RUNTIME_HOST_SESSION_H
#define RUNTIME_HOST_SESSION_H

#include "arguments.h"
#include "conditions.h"
#include "json.h"
#include "model.h"
#include "number.h"
#include "weights.h"

#define session_start            RUNTIME_NAME(session_start)
#define session_end              RUNTIME_NAME(session_end)
#define session_threads          RUNTIME_NAME(session_threads)
#define session_put_package      RUNTIME_NAME(session_put_package)
#define session_put_origin       RUNTIME_NAME(session_put_origin)
#define session_put_temperature  RUNTIME_NAME(session_put_temperature)
#define session_compare_origin   RUNTIME_NAME(session_compare_origin)
#define session_is_origin        RUNTIME_NAME(session_is_origin)
#define session_options          RUNTIME_NAME(session_options)
#define session_log_weight       RUNTIME_NAME(session_log_weight)
#define session_needs_conditions RUNTIME_NAME(session_needs_conditions)

typedef struct Session {
    const Model *model;
    int threads;
    uint64_t seed;
    float *weights; /* NULL where the verb needs none */
    WeightsFacts facts;
    double kT;
    double *scalars; /* the model's, in its order; behind them the conditions */
    float *scalars_single;
    bool *is_given;  /* each condition was given; others are in the middle */
    void *workspace; /* of the functions in single precision */
} Session;

/* Reads the weights that -w names, if any, and sets up the rest. Weights of another version of the spec are used, since
 * their shapes fit, with a warning on stderr. Scalars are what they were when the training of the
 * weights ended, or else what the model's schedules end with; --kT replaces the one named "kT". */
bool session_start(Session *session, const Model *model, const Arguments *arguments, Failure *failure);
void session_end(Session *session);

/* How many threads to use: --threads, or what OpenMP would; 1 where the program was built without it or the spec says so. */
bool session_threads(const Model *model, const Arguments *arguments, int *threads, Failure *failure);

/* Fails (64) with the first condition that --condition did not give; `has_columns`: but for those that columns of data
 * hold. */
bool session_needs_conditions(const Session *session, bool has_columns, Failure *failure);

/* " --kT 2 --condition T=1.5", as they were given, to be shown behind another command. */
enum { SESSION_OPTIONS_SIZE = CONDITION_TEXT_SIZE + NUMBER_TEXT_SIZE + 8 };
const char *session_options(const Session *session, const Arguments *arguments,
                            const bool *is_given /* NULL: all are */, char text[SESSION_OPTIONS_SIZE]);

/* log w = -U / kT - log q. */
double session_log_weight(const Session *session, double energy, double log_q);

/* Members that name a package: model, spec, their hashes, the compiler. */
void session_put_package(JsonWriter *writer, const Model *model);
/* Members that name what made a result: model, spec, package, weights, seed, scalars. */
void session_put_origin(JsonWriter *writer, const Session *session);
/* "kT" of samples: a number, the name of the condition that it is, or null where there is no energy. */
void session_put_temperature(JsonWriter *writer, const Session *session);
/* Fails (65) where such members of `object`, which describes the file `path`, have another kT or other conditions. */
bool session_compare_origin(const Session *session, const JsonNode *object, const char *path, Failure *failure);
/* Whether those samples were drawn from these weights. */
bool session_is_origin(const Session *session, const JsonNode *object);

#endif
