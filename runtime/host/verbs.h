/* SPDX-License-Identifier: MIT-0 */
/* The verbs of a package's program that work with a trained model (train.h has the one that trains it). Each takes the
 * command line, writes its files, prints its result on stdout, and says what else there is to say on stderr; false
 * after a failure, whose code is the exit code. `program` is what the user calls the program. */
#ifndef RUNTIME_HOST_VERBS_H
#define RUNTIME_HOST_VERBS_H

#include "arguments.h"
#include "model.h"

#define verb_sample   RUNTIME_NAME(verb_sample)
#define verb_log_prob RUNTIME_NAME(verb_log_prob)
#define verb_energy   RUNTIME_NAME(verb_energy)
#define verb_evaluate RUNTIME_NAME(verb_evaluate)
#define verb_info     RUNTIME_NAME(verb_info)
#define verb_selftest RUNTIME_NAME(verb_selftest)

bool verb_sample(const Model *model, const Arguments *arguments, const char *program, Failure *failure);
bool verb_log_prob(const Model *model, const Arguments *arguments, const char *program, Failure *failure);
bool verb_energy(const Model *model, const Arguments *arguments, const char *program, Failure *failure);
bool verb_evaluate(const Model *model, const Arguments *arguments, const char *program, Failure *failure);
bool verb_info(const Model *model, const Arguments *arguments, const char *program, Failure *failure);
/* Fails with 70 where the model does not keep what it promises. */
bool verb_selftest(const Model *model, const Arguments *arguments, const char *program, Failure *failure);

#endif
