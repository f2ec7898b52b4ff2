/* SPDX-License-Identifier: MIT-0 */
/* The program: reads the command line, runs the verb, and turns failures into a message and an exit code. */
#include "arguments.h"
#include "model.h"
#include "train.h"
#include "verbs.h"

#include <errno.h>
#include <string.h>

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool print_help(const Model *model, const Arguments *arguments, const char *program, FILE *out)
{
    char what[512];
    snprintf(what, sizeof what, "%s: trains and samples the model of %s", file_name(program), model->spec_name);
    if (arguments->verb == VERB_NONE)
        arguments_help(out, program, what);
    else
        arguments_help_verb(out, program, arguments->verb);
    return true;
}

static bool run_verb(const Model *model, const Arguments *arguments, const char *program, Failure *failure)
{
    switch (arguments->verb) {
    case VERB_TRAIN:
        return train_run(model, arguments, program, failure);
    case VERB_SAMPLE:
        return verb_sample(model, arguments, program, failure);
    case VERB_LOG_PROB:
        return verb_log_prob(model, arguments, program, failure);
    case VERB_ENERGY:
        return verb_energy(model, arguments, program, failure);
    case VERB_EVALUATE:
        return verb_evaluate(model, arguments, program, failure);
    case VERB_INFO:
        return verb_info(model, arguments, program, failure);
    case VERB_SELFTEST:
        return verb_selftest(model, arguments, program, failure);
    case VERB_NONE:
    case VERB_COUNT:
        break;
    }
    return failure_set(failure, FAILURE_USAGE, "no command; %s --help lists them", program);
}

static bool run(const Model *model, const Arguments *arguments, const char *program, Failure *failure)
{
    if (arguments->help)
        return print_help(model, arguments, program, stdout);
    if (arguments->version) {
        printf("%s, from %s (SHA-256 %s) by ansatz %s\n", model->name, model->spec_name, model->spec_sha256,
               model->version);
        return true;
    }
    if (arguments->verb == VERB_NONE)
        print_help(model, arguments, program, stderr);
    return run_verb(model, arguments, program, failure);
}

int program_main(const Model *model, int argc, char **argv)
{
    const char *program = argc > 0 ? argv[0] : model->name;
    Arguments arguments;
    Failure failure = {0};
    bool good = arguments_read(argc, argv, &arguments, &failure);
    if (good) {
        good = run(model, &arguments, program, &failure);
        arguments_release(&arguments);
    }
    if ((fflush(stdout) != 0 || ferror(stdout)) && good)
        good = failure_system(&failure, FAILURE_IO, "write", "the standard output", errno);
    if (good)
        return 0;
    fprintf(stderr, "%s: %s\n", file_name(program), failure.text);
    return (int)failure.code;
}
