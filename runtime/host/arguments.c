/* SPDX-License-Identifier: MIT-0 */
/* Options by a table: a row for each, with the verbs that take it. */
#include "arguments.h"
#include "nearest.h"
#include "number.h"

#include <stdlib.h>
#include <string.h>

typedef enum OptionKind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_COUNT,    /* a whole number, at least 1 */
    OPTION_SEED,     /* a whole number */
    OPTION_POSITIVE, /* a number above 0 */
    OPTION_REAL,     /* any finite number */
    OPTION_RANGE,    /* A:B */
    OPTION_LIST,     /* text, may be repeated */
    OPTION_PRECISION /* float or double */
} OptionKind;

typedef struct Option {
    const char *name; /* without its dashes */
    char letter;      /* 0: none */
    OptionKind kind;
    const char *argument; /* what the help calls it */
    unsigned verbs;       /* a bit for each that takes it */
    size_t place;         /* where in Arguments its value goes */
    const char *help;
} Option;

#define BIT(verb)    (1u << (verb))
#define PLACE(field) offsetof(Arguments, field)
#define ALL_VERBS    (BIT(VERB_COUNT) - 2)
#define WITH_WEIGHTS (BIT(VERB_SAMPLE) | BIT(VERB_LOG_PROB) | BIT(VERB_EVALUATE))
#define WITH_THREADS (WITH_WEIGHTS | BIT(VERB_TRAIN) | BIT(VERB_ENERGY) | BIT(VERB_SELFTEST))

static const Option options[] = {
    {"output", 'o', OPTION_TEXT, "RUN", BIT(VERB_TRAIN), PLACE(output), "folder for weights, metrics and checkpoint"},
    {"weights", 'w', OPTION_TEXT, "W", WITH_WEIGHTS | BIT(VERB_INFO) | BIT(VERB_SELFTEST), PLACE(weights),
     "trained weights: a RUN folder or a .safetensors file"},
    {"count", 'n', OPTION_COUNT, "N", BIT(VERB_SAMPLE) | BIT(VERB_EVALUATE), PLACE(count), "how many samples"},
    {"range", 0, OPTION_RANGE, "A:B", BIT(VERB_SAMPLE), PLACE(count),
     "rows A to B - 1 of the one stream of samples that weights and seed define"},
    {"input", 'i', OPTION_TEXT, "FILE", BIT(VERB_LOG_PROB) | BIT(VERB_ENERGY), PLACE(input),
     "configurations: .npy [n, dimension], or .csv with the components' names as header"},
    {"output", 'o', OPTION_TEXT, "FILE", BIT(VERB_SAMPLE), PLACE(output), "file for the samples: .npy or .csv"},
    {"output", 'o', OPTION_TEXT, "OUT.npy", BIT(VERB_LOG_PROB) | BIT(VERB_ENERGY), PLACE(output),
     "file for the results"},
    {"force", 0, OPTION_TEXT, "F.npy", BIT(VERB_ENERGY), PLACE(forces), "also write the forces -dU/dx"},
    {"reference", 0, OPTION_TEXT, "FILE", BIT(VERB_EVALUATE), PLACE(reference),
     "samples of the target itself, from elsewhere: shows what the model misses"},
    {"modes", 0, OPTION_TEXT, "FILE", BIT(VERB_EVALUATE), PLACE(modes),
     "places where the target is known to be large: shows which of them the model misses"},
    {"log-z", 0, OPTION_REAL, "VALUE", BIT(VERB_EVALUATE), PLACE(log_z),
     "the target's log Z, known from elsewhere: shows whether the model misses a part"},
    {"ais", 0, OPTION_COUNT, "STEPS", BIT(VERB_EVALUATE), PLACE(ais),
     "log_z also by annealed importance sampling from the model to the target in so many steps"},
    {"smc", 0, OPTION_COUNT, "STEPS", BIT(VERB_EVALUATE), PLACE(smc), "the same by sequential Monte Carlo"},
    {"exact", 0, OPTION_FLAG, NULL, BIT(VERB_SAMPLE), PLACE(exact),
     "rows of a Metropolis chain whose proposals are the model's samples: of the target itself, but correlated"},
    {"require", 0, OPTION_LIST, "CONDITION", BIT(VERB_EVALUATE), PLACE(requires),
     "exit with 1 unless it holds, as in 'ess >= 0.3'; may be repeated"},
    {"precision", 0, OPTION_PRECISION, "float|double", BIT(VERB_EVALUATE), PLACE(double_precision),
     "what the model computes in (float)"},
    {"data", 0, OPTION_TEXT, "FILE", BIT(VERB_TRAIN) | BIT(VERB_EVALUATE), PLACE(data),
     "rows to learn from (.npy or .csv), not the spec's; evaluate: those that the model learned from"},
    {"validation", 0, OPTION_TEXT, "FILE", BIT(VERB_TRAIN) | BIT(VERB_EVALUATE), PLACE(validation),
     "rows that are not learned from, to judge the model by, not the spec's"},
    {"steps", 0, OPTION_COUNT, "N", BIT(VERB_TRAIN), PLACE(steps), "train for N steps, not the spec's"},
    {"seed", 0, OPTION_SEED, "S", BIT(VERB_TRAIN) | BIT(VERB_SAMPLE) | BIT(VERB_EVALUATE) | BIT(VERB_SELFTEST),
     PLACE(seed), "seed of the random numbers, not the spec's"},
    {"kT", 0, OPTION_POSITIVE, "T", BIT(VERB_SAMPLE) | BIT(VERB_EVALUATE), PLACE(kT),
     "temperature of the target, not the one that training ended with"},
    {"condition", 0, OPTION_LIST, "NAME=VALUE",
     BIT(VERB_SAMPLE) | BIT(VERB_LOG_PROB) | BIT(VERB_ENERGY) | BIT(VERB_EVALUATE) | BIT(VERB_SELFTEST),
     PLACE(conditions), "what the model is conditioned on, as in T=1.5; may be repeated"},
    {"resume", 0, OPTION_FLAG, NULL, BIT(VERB_TRAIN), PLACE(resume), "go on from RUN's checkpoint, if it has one"},
    {"stop-at", 0, OPTION_COUNT, "N", BIT(VERB_TRAIN), PLACE(stop_at),
     "stop after step N with a checkpoint; --resume goes on"},
    {"force", 0, OPTION_FLAG, NULL, BIT(VERB_TRAIN), PLACE(overwrite), "start anew where RUN holds a run already"},
    {"threads", 0, OPTION_COUNT, "T", WITH_THREADS, PLACE(threads),
     "how many threads; results do not depend on it (beside other programs: OMP_WAIT_POLICY=passive)"},
    {"quiet", 'q', OPTION_FLAG, NULL, WITH_THREADS, PLACE(quiet), "nothing on stderr but warnings and failures"},
    {"json", 0, OPTION_FLAG, NULL, ALL_VERBS, PLACE(json), "one JSON object on stdout"},
    {"help", 'h', OPTION_FLAG, NULL, ALL_VERBS, PLACE(help), "this help"},
};

enum { OPTIONS = sizeof options / sizeof *options };

/* ---- verbs ------------------------------------------------------------------------------------------------------- */

typedef struct VerbFacts {
    const char *name, *what, *examples[3];
} VerbFacts;

static const VerbFacts verbs[VERB_COUNT] = {
    [VERB_TRAIN] = {"train",
                    "trains the model",
                    {"train -o run", "train -o run --resume", "train -o run2 --seed 2 --steps 1000 --threads 2"}},
    [VERB_SAMPLE] = {"sample",
                     "draws samples with their log q and log w = -U/kT - log q",
                     {"sample -w run -n 1000 -o x.npy", "sample -w run --range 1000:2000 -o more.npy",
                      "sample -w run -n 1000 -o x.csv --exact"}},
    [VERB_LOG_PROB] = {"log_prob",
                       "the model's log q of given configurations",
                       {"log_prob -w run -i x.npy -o log_q.npy"}},
    [VERB_ENERGY] = {"energy",
                     "the energy (and the force) of given configurations",
                     {"energy -i x.npy -o u.npy", "energy -i x.npy -o u.npy --force f.npy"}},
    [VERB_EVALUATE] = {"evaluate",
                       "says how far the samples can be trusted",
                       {"evaluate -w run -n 100000", "evaluate -w run -n 100000 --reference md.npy --smc 8",
                        "evaluate -w run -n 100000 --require 'ess >= 0.3' --require 'pareto_k < 0.7' --json"}},
    [VERB_INFO] = {"info", "what this program is: model, sizes, hashes, build", {"info", "info -w run --json"}},
    [VERB_SELFTEST] = {"selftest",
                       "checks gradients, inverses and densities on this machine",
                       {"selftest", "selftest -w run"}},
};

const char *verb_name(Verb verb)
{
    return verbs[verb].name;
}

void arguments_help(FILE *out, const char *program, const char *what, const char *const needed[VERB_COUNT])
{
    fprintf(out, "%s\n\nexamples:\n", what);
    for (int verb = 1; verb < VERB_COUNT; verb++)
        if (verb != VERB_LOG_PROB && verb != VERB_ENERGY)
            fprintf(out, "  %s %s%s\n", program, verbs[verb].examples[0], needed[verb]);
    fprintf(out, "\ncommands:\n");
    for (int verb = 1; verb < VERB_COUNT; verb++)
        fprintf(out, "  %-10s %s\n", verbs[verb].name, verbs[verb].what);
    fprintf(out, "\n%s COMMAND --help tells a command's options; --version what this is.\n", program);
}

void arguments_help_verb(FILE *out, const char *program, Verb verb, const char *const needed[VERB_COUNT])
{
    fprintf(out, "%s %s: %s\n\nexamples:\n", program, verbs[verb].name, verbs[verb].what);
    for (int i = 0; i < 3 && verbs[verb].examples[i] != NULL; i++)
        fprintf(out, "  %s %s%s\n", program, verbs[verb].examples[i], needed[verb]);
    fprintf(out, "\noptions:\n");
    for (int i = 0; i < OPTIONS; i++) {
        const Option *option = &options[i];
        char text[64];
        if (!(option->verbs & BIT(verb)))
            continue;
        snprintf(text, sizeof text, "%c%c%s --%s%s%s", option->letter ? '-' : ' ',
                 option->letter ? option->letter : ' ', option->letter ? "," : " ", option->name,
                 option->argument ? " " : "", option->argument ? option->argument : "");
        fprintf(out, "  %-28s %s\n", text, option->help);
    }
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

typedef struct Reader {
    int argc, at;
    char **argv;
    Arguments *arguments;
    Failure *failure;
} Reader;

static bool read_verb(Reader *reader, const char *word)
{
    const char *names[VERB_COUNT + 1];
    char quoted[FAILURE_QUOTE_SIZE];
    size_t count = 0;
    for (int verb = 1; verb < VERB_COUNT; verb++) {
        names[count++] = verbs[verb].name;
        if (strcmp(word, verbs[verb].name) == 0) {
            reader->arguments->verb = (Verb)verb;
            return true;
        }
    }
    names[count++] = "help";
    const char *nearest = nearest_word(word, names, count);
    return failure_set(reader->failure, FAILURE_USAGE, "unknown command %s%s%s%s",
                       failure_quote(quoted, word, strlen(word)), nearest ? "; did you mean '" : "",
                       nearest ? nearest : "",
                       nearest ? "'?" : "; the commands are train, sample, log_prob, energy, evaluate, info, selftest");
}

/* The option of this verb with this name (or letter), or NULL. */
static const Option *find_option(Verb verb, const char *name, size_t length, char letter)
{
    for (int i = 0; i < OPTIONS; i++)
        if (options[i].verbs & BIT(verb)) {
            if (letter ? options[i].letter == letter
                       : strlen(options[i].name) == length && memcmp(options[i].name, name, length) == 0)
                return &options[i];
        }
    return NULL;
}

static bool fail_unknown(const Reader *reader, const char *word, const char *name, size_t length)
{
    const char *names[OPTIONS], *verb = verb_name(reader->arguments->verb);
    char quoted[FAILURE_QUOTE_SIZE], copy[80];
    size_t count = 0;
    for (int i = 0; i < OPTIONS; i++)
        if (options[i].verbs & BIT(reader->arguments->verb))
            names[count++] = options[i].name;
    snprintf(copy, sizeof copy, "%.*s", (int)(length < 79 ? length : 79), name);
    const char *nearest = nearest_word(copy, names, count);
    if (nearest != NULL)
        return failure_set(reader->failure, FAILURE_USAGE, "%s has no option %s; did you mean --%s?", verb,
                           failure_quote(quoted, word, strlen(word)), nearest);
    return failure_set(reader->failure, FAILURE_USAGE, "%s has no option %s; %s --help lists those it has", verb,
                       failure_quote(quoted, word, strlen(word)), verb);
}

static bool add_to_list(Reader *reader, const char ***list, int *count, const char *text)
{
    if (*list == NULL)
        *list = memory_claim((size_t)reader->argc, sizeof **list, "command line", reader->failure);
    if (*list == NULL)
        return false;
    (*list)[(*count)++] = text;
    return true;
}

static bool fail_value(const Reader *reader, const Option *option, const char *value, const char *expected)
{
    char quoted[FAILURE_QUOTE_SIZE];
    return failure_set(reader->failure, FAILURE_USAGE, "--%s %s: expected %s", option->name,
                       failure_quote(quoted, value, strlen(value)), expected);
}

static bool read_range(Reader *reader, const Option *option, const char *value)
{
    Arguments *arguments = reader->arguments;
    const char *colon = strchr(value, ':');
    uint64_t first, end;
    if (colon == NULL || !number_read_count(value, (size_t)(colon - value), &first) ||
        !number_read_count(colon + 1, strlen(colon + 1), &end) || end <= first)
        return fail_value(reader, option, value, "A:B, two row numbers with A below B");
    arguments->first = first;
    arguments->count = end - first;
    return true;
}

static bool store_value(Reader *reader, const Option *option, const char *value)
{
    Arguments *arguments = reader->arguments;
    void *place = (char *)arguments + option->place;
    uint64_t whole;
    double real;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)place = true;
        return true;
    case OPTION_TEXT:
        *(const char **)place = value;
        return *value != 0 || fail_value(reader, option, value, "a name");
    case OPTION_COUNT:
    case OPTION_SEED:
        if (!number_read_count(value, strlen(value), &whole) || (option->kind == OPTION_COUNT && whole == 0))
            return fail_value(reader, option, value,
                              option->kind == OPTION_SEED ? "a whole number" : "a whole number, at least 1");
        *(uint64_t *)place = whole;
        arguments->has_seed = arguments->has_seed || option->kind == OPTION_SEED;
        return true;
    case OPTION_POSITIVE:
        if (!number_read(value, strlen(value), &real) || !(real > 0))
            return fail_value(reader, option, value, "a number above 0");
        *(double *)place = real;
        return true;
    case OPTION_REAL:
        if (!number_read(value, strlen(value), &real) || real - real != 0)
            return fail_value(reader, option, value, "a number");
        *(double *)place = real;
        arguments->has_log_z = arguments->has_log_z || option->place == PLACE(log_z);
        return true;
    case OPTION_RANGE:
        return read_range(reader, option, value);
    case OPTION_LIST:
        return option->place == PLACE(requires)
                   ? add_to_list(reader, &arguments->requires, &arguments->require_count, value)
                   : add_to_list(reader, &arguments->conditions, &arguments->condition_count, value);
    case OPTION_PRECISION:
        *(bool *)place = strcmp(value, "double") == 0;
        return *(bool *)place || strcmp(value, "float") == 0 || fail_value(reader, option, value, "float or double");
    }
    return false;
}

/* One option and its value: --name value, --name=value, -x value, -xvalue. */
static bool read_option(Reader *reader)
{
    const char *word = reader->argv[reader->at++], *value = NULL, *name = word + 2;
    const bool is_long = word[1] == '-';
    size_t length = is_long ? strcspn(name, "=") : 1;
    const Option *option = find_option(reader->arguments->verb, name, length, is_long ? 0 : word[1]);
    if (option == NULL)
        return fail_unknown(reader, word, is_long ? name : word + 1, is_long ? length : strlen(word + 1));
    if (is_long && name[length] == '=')
        value = name + length + 1;
    else if (!is_long && word[2] != 0)
        value = word + 2;
    if (option->kind == OPTION_FLAG && value != NULL)
        return failure_set(reader->failure, FAILURE_USAGE, "--%s takes no value", option->name);
    if (option->kind != OPTION_FLAG && value == NULL) {
        if (reader->at >= reader->argc)
            return failure_set(reader->failure, FAILURE_USAGE, "--%s needs a value: --%s %s", option->name,
                               option->name, option->argument);
        value = reader->argv[reader->at++];
    }
    if (option->place == PLACE(count)) {
        if (reader->arguments->has_count)
            return failure_set(reader->failure, FAILURE_USAGE, "-n and --range: give one of them, once");
        reader->arguments->has_count = true;
    }
    return store_value(reader, option, value);
}

/* What a verb can't do without. */
static bool check_needs(const Arguments *arguments, Failure *failure)
{
    const char *verb = verb_name(arguments->verb);
    const bool needs_output = arguments->verb == VERB_TRAIN || arguments->verb == VERB_SAMPLE ||
                              arguments->verb == VERB_LOG_PROB || arguments->verb == VERB_ENERGY;
    const bool needs_input = arguments->verb == VERB_LOG_PROB || arguments->verb == VERB_ENERGY;
    const bool needs_count = arguments->verb == VERB_SAMPLE; /* evaluate, too, where the model has an energy */
    const char *missing = NULL;
    if ((WITH_WEIGHTS & BIT(arguments->verb)) && arguments->weights == NULL)
        missing = "-w W, trained weights";
    else if (needs_input && arguments->input == NULL)
        missing = "-i FILE, configurations";
    else if (needs_count && !arguments->has_count)
        missing = "-n N or --range A:B";
    else if (needs_output && arguments->output == NULL)
        missing = arguments->verb == VERB_TRAIN ? "-o RUN, a folder for its results" : "-o FILE for its results";
    return missing == NULL || failure_set(failure, FAILURE_USAGE, "%s needs %s; as in: %s", verb, missing,
                                          verbs[arguments->verb].examples[0]);
}

bool arguments_read(int argc, char **argv, Arguments *arguments, Failure *failure)
{
    Reader reader = {argc, 1, argv, arguments, failure};
    char quoted[FAILURE_QUOTE_SIZE];
    *arguments = (Arguments){0};
    if (argc < 2)
        return true;
    const char *word = argv[reader.at++];
    if (strcmp(word, "--version") == 0) {
        arguments->version = true;
        return true;
    }
    arguments->help = strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "help") == 0;
    if (arguments->help)
        return reader.at >= argc || read_verb(&reader, argv[reader.at]);
    if (!read_verb(&reader, word))
        return false;
    bool good = true;
    while (good && reader.at < argc) {
        word = argv[reader.at];
        if (word[0] != '-' || word[1] == 0 || strcmp(word, "--") == 0)
            good = failure_set(failure, FAILURE_USAGE, "%s: unexpected %s", verb_name(arguments->verb),
                               failure_quote(quoted, word, strlen(word)));
        else
            good = read_option(&reader);
    }
    good = good && (arguments->help || check_needs(arguments, failure));
    if (!good)
        arguments_release(arguments);
    return good;
}

void arguments_release(Arguments *arguments)
{
    free(arguments->requires);
    free(arguments->conditions);
    arguments->requires = arguments->conditions = NULL;
}
