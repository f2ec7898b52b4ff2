/* SPDX-License-Identifier: MIT */
/* The commands of the `ansatz` program: a table row each, their options, and what they share. */
#ifndef COMPILER_COMMAND_COMMAND_H
#define COMPILER_COMMAND_COMMAND_H

#include "compiler/base/file.h"
#include "compiler/pipeline.h"

#include <sysexits.h>

typedef struct CommandOption {
    const char *name;     /* "--set" without the dashes */
    char short_name;      /* 'o', or 0 */
    const char *argument; /* "DIR"; NULL: the option takes none */
    const char *doc;
} CommandOption;

/* What was found on the command line: values in order, for options that may be given more than once. */
typedef struct Arguments {
    int option_count;
    const char **names, **values; /* "set", "train.steps=100" */
    int operand_count;
    char **operands;
} Arguments;

typedef struct Session {
    Arena *arena;
    Diagnostics diagnostics;
    const char *program; /* argv[0], for `run` */
    bool json;
} Session;

typedef struct Command {
    const char *name, *operands; /* "check", "SPEC..." */
    const char *summary;
    const char *examples;         /* whole lines */
    int least, most;              /* operands; most -1: any number */
    bool passes_through;          /* options end at the first operand: the rest is another program's */
    const CommandOption *options; /* ends with a name that is NULL; --json, --help are everyone's */
    int (*run)(Session *session, const Arguments *arguments); /* gives the exit code */
} Command;

extern const Command COMMANDS[]; /* ends with a name that is NULL */

/* ---- shared by the commands ---------------------------------------------------------------------------------------- */

bool arguments_has(const Arguments *arguments, const char *name);
const char *arguments_value(const Arguments *arguments, const char *name); /* the last one, or NULL */
/* --set and --allow-read, as spec_read wants them. */
SpecOptions arguments_spec_options(const Session *session, const Arguments *arguments);

/* A mistake on the command line: "ansatz emit: ...", and where help is. Gives EX_USAGE. */
int session_usage(const Command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints what the stages had to say (as --json wants it) and gives the exit code: EX_OK where there was no error. */
int session_finish(Session *session, int code_of_errors);
/* Text to stdout. EX_IOERR where that fails. */
int session_write(const Text *text);
/* A word of a command, in single quotes where the shell would not take it as it is. */
const char *session_word(const Session *session, const char *word);
/* The next command to type, on stderr: only for people, so not with --json. What may not be plain is a session_word. */
void session_suggest(const Session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));

int command_check(Session *session, const Arguments *arguments);
int command_emit(Session *session, const Arguments *arguments);
int command_expand(Session *session, const Arguments *arguments);
int command_explain(Session *session, const Arguments *arguments);
int command_init(Session *session, const Arguments *arguments);
int command_ir(Session *session, const Arguments *arguments);
int command_plan(Session *session, const Arguments *arguments);
int command_run(Session *session, const Arguments *arguments);
int command_schema(Session *session, const Arguments *arguments);

const Command *command_find(const char *name);
void command_print_help(const Command *command, Text *out);

#endif
