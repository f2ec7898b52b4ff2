/* SPDX-License-Identifier: MIT-0 */
/* The program: reads the command line, runs the verb, and turns failures into a message and an exit code. */
#include "arguments.h"
#include "conditions.h"
#include "model.h"
#include "train.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* The conditions that a verb's examples must give. */
static const char *conditions_of_verb(const Model *model, Verb verb, char text[CONDITION_TEXT_SIZE])
{
    const ModelFunctions32 *functions = model->single_precision;
    const bool takes = verb == VERB_SAMPLE || verb == VERB_LOG_PROB || verb == VERB_ENERGY || verb == VERB_EVALUATE;
    const bool has_columns = verb == VERB_EVALUATE && functions->energy == NULL; /* rows of data have their own */
    const size_t count = (size_t)model->condition_count;
    Failure failure;
    bool good = takes && count > 0;
    double *values = memory_claim_next(count, sizeof *values, "help", &good, &failure);
    bool *is_shown = memory_claim_next(count, sizeof *is_shown, "help", &good, &failure);
    *text = 0;
    if (good)
        conditions_spread(model, 0, 1, values);
    for (size_t i = 0; i < count && good; i++)
        is_shown[i] = !has_columns || model->conditions[i].column == NULL;
    if (good)
        conditions_options(model, values, is_shown, text);
    free(values);
    free(is_shown);
    return text;
}

static bool print_help(const Model *model, const Arguments *arguments, const char *program, FILE *out)
{
    char what[512], needed_text[VERB_COUNT][CONDITION_TEXT_SIZE];
    const char *needed[VERB_COUNT];
    for (int verb = 0; verb < VERB_COUNT; verb++)
        needed[verb] = conditions_of_verb(model, (Verb)verb, needed_text[verb]);
    snprintf(what, sizeof what, "%s: trains and samples the model of %s", file_name(program), model->spec_name);
    if (arguments->verb == VERB_NONE)
        arguments_help(out, program, what, needed);
    else
        arguments_help_verb(out, program, arguments->verb, needed);
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
