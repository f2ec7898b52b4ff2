/* SPDX-License-Identifier: MIT */
/* The table of commands and options. Help, errors with suggestions and the manual are made from it. */
#include "compiler/command/command.h"

#include <string.h>

#define SPEC_OPTIONS                                                                                                   \
    {"set", 0, "KEY=VALUE", "override a value of the spec; checked like the file; may be repeated"},                   \
    {                                                                                                                  \
        "allow-read", 0, "DIR", "files that the spec names may also lie below DIR; may be repeated"                    \
    }
#define END_OF_OPTIONS                                                                                                 \
    {                                                                                                                  \
        NULL, 0, NULL, NULL                                                                                            \
    }

static const CommandOption NO_OPTIONS[] = {END_OF_OPTIONS};
static const CommandOption SPEC_ONLY[] = {SPEC_OPTIONS, END_OF_OPTIONS};
static const CommandOption EMIT_OPTIONS[] = {
    {"output", 'o', "DIR", "the package's folder; made, or replaced where it holds a package as it was written"},
    {"force", 0, NULL, "replace DIR whatever it holds"},
    {"dry-run", 0, NULL, "list the files and their sizes; write nothing"},
    {"without-runtime", 0, NULL, "leave out the copied runtime, as in generated/"},
    SPEC_OPTIONS,
    END_OF_OPTIONS,
};
static const CommandOption INIT_OPTIONS[] = {
    {"template", 't', "TEMPLATE", "which starter; without it the templates are listed"},
    {"force", 0, NULL, "overwrite NAME.yaml"},
    END_OF_OPTIONS,
};
static const CommandOption SCHEMA_OPTIONS[] = {
    {"format", 0, "FORMAT", "json: the JSON Schema (draft-07), for editors; markdown: the reference of keys and codes"},
    END_OF_OPTIONS,
};
static const CommandOption IR_OPTIONS[] = {
    {"after", 0, "PASS", "show the module after this pass; `lower`: before any; without it, after all"},
    SPEC_OPTIONS,
    END_OF_OPTIONS,
};

const Command COMMANDS[] = {
    {"init", "NAME", "write a commented starter spec, NAME.yaml",
     "  ansatz init                               lists the templates\n"
     "  ansatz init my_model -t double_well\n",
     0, 1, false, INIT_OPTIONS, command_init},
    {"check", "SPEC...", "find all errors of a spec; nothing is written",
     "  ansatz check specs/double_well.yaml\n"
     "  ansatz check --json specs/*.yaml\n",
     1, -1, false, SPEC_ONLY, command_check},
    {"emit", "SPEC -o DIR", "write the standalone C package",
     "  ansatz emit specs/double_well.yaml -o out\n"
     "  ansatz emit specs/double_well.yaml -o out --set train.steps=1000\n",
     1, 1, false, EMIT_OPTIONS, command_emit},
    {"run", "SPEC VERB ARGS...", "emit into a cache, build if anything changed, and run the program's VERB",
     "  ansatz run specs/double_well.yaml train -o run\n"
     "  ansatz run specs/double_well.yaml sample -w run -n 1000 -o x.npy\n",
     1, -1, true, SPEC_ONLY, command_run},
    {"expand", "SPEC", "print the spec with every default filled in and marked",
     "  ansatz expand specs/double_well.yaml\n", 1, 1, false, SPEC_ONLY, command_expand},
    {"plan", "SPEC", "print memory and flops: each buffer, its bytes and when it is alive",
     "  ansatz plan specs/double_well.yaml\n", 1, 1, false, SPEC_ONLY, command_plan},
    {"ir", "SPEC | FILE.ir", "print the intermediate representation",
     "  ansatz ir specs/double_well.yaml --after contract-fma\n"
     "  ansatz ir function.ir --after simplify\n",
     1, 1, false, IR_OPTIONS, command_ir},
    {"schema", "", "print what a spec may hold: as a JSON Schema, or as the reference",
     "  ansatz schema >ansatz.schema.json\n"
     "  ansatz schema --format markdown\n",
     0, 0, false, SCHEMA_OPTIONS, command_schema},
    {"explain", "KEY | CODE", "explain a key of the spec or the code of an error",
     "  ansatz explain train.optimizer.adam.rate\n"
     "  ansatz explain E0103\n",
     1, 1, false, NO_OPTIONS, command_explain},
    {NULL, NULL, NULL, NULL, 0, 0, false, NULL, NULL},
};

const Command *command_find(const char *name)
{
    for (const Command *command = COMMANDS; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

void command_print_help(const Command *command, Text *out)
{
    text_print(out, "ansatz %s %s\n%s\n\nExamples\n%s\nOptions\n", command->name, command->operands, command->summary,
               command->examples);
    for (const CommandOption *option = command->options; option->name; option++) {
        Text left = text_start(out->arena);
        if (option->short_name)
            text_print(&left, "-%c, ", option->short_name);
        text_print(&left, "--%s%s%s", option->name, option->argument ? " " : "",
                   option->argument ? option->argument : "");
        text_print(out, "  %-26s %s\n", left.bytes, option->doc);
    }
    text_print(out, "  %-26s %s\n", "--json", "one JSON object on stdout, for programs");
    text_print(out, "  %-26s %s\n", "-h, --help", "this text");
}
