/* SPDX-License-Identifier: MIT-0 */
/* The command line of a package's program: its verbs, their options in one table, and what was given. The table also
 * makes the help. */
#ifndef RUNTIME_HOST_ARGUMENTS_H
#define RUNTIME_HOST_ARGUMENTS_H

#include "failure.h"

#include <stdint.h>
#include <stdio.h>

#define arguments_read      RUNTIME_NAME(arguments_read)
#define arguments_release   RUNTIME_NAME(arguments_release)
#define arguments_help      RUNTIME_NAME(arguments_help)
#define arguments_help_verb RUNTIME_NAME(arguments_help_verb)
#define verb_name           RUNTIME_NAME(verb_name)

typedef enum Verb {
    VERB_NONE,
    VERB_TRAIN,
    VERB_SAMPLE,
    VERB_LOG_PROB,
    VERB_ENERGY,
    VERB_EVALUATE,
    VERB_INFO,
    VERB_SELFTEST,
    VERB_COUNT
} Verb;

/* What a command line gave. Texts point into argv; what was not given is NULL, 0 or false, with a has_ where 0 is a
 * value too. */
typedef struct Arguments {
    Verb verb;
    bool help, version;
    const char *output, *weights, *input, *forces, *reference, *modes, *data, *validation;
    uint64_t count, first; /* -n N is first 0, count N; --range A:B is first A, count B - A */
    bool has_count, has_seed, has_log_z, exact;
    uint64_t seed, steps, stop_at, threads; /* 0: not given, but for the seed */
    uint64_t ais, smc;                      /* annealing steps; 0: not given */
    double kT;                              /* 0: not given */
    double log_z;
    bool resume, overwrite, json, quiet, double_precision;
    int require_count, condition_count;
    const char **requires, **conditions; /* owned */
} Arguments;

/* Reads argv[1] on. Everything wrong with it is a usage failure (64), with the nearest name that exists. A verb with
 * --help needs nothing else. Release after use. */
bool arguments_read(int argc, char **argv, Arguments *arguments, Failure *failure);
void arguments_release(Arguments *arguments);

/* Help on the program, which is called `program` on the command line; on one verb. needed[verb] stands behind the verb's
 * examples: what this model needs beside it. */
void arguments_help(FILE *out, const char *program, const char *what, const char *const needed[VERB_COUNT]);
void arguments_help_verb(FILE *out, const char *program, Verb verb, const char *const needed[VERB_COUNT]);

const char *verb_name(Verb verb);

#endif
