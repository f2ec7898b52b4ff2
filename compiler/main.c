/* SPDX-License-Identifier: MIT */
/* The `ansatz` program: finds the command, reads its options, and runs it. Running out of memory ends here too. */
#include "compiler/command/command.h"
#include "compiler/version.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

static void print_help(Text *out)
{
    text_put(out, "ansatz: compiles a YAML model spec into a standalone C package that trains and samples\n\nExamples\n"
                  "  ansatz init my_model -t double_well\n"
                  "  ansatz check my_model.yaml\n"
                  "  ansatz run my_model.yaml train -o run\n"
                  "  ansatz emit my_model.yaml -o out && ninja -C out\n\nCommands\n");
    for (const Command *command = COMMANDS; command->name; command++)
        text_print(out, "  %-8s %-18s %s\n", command->name, command->operands, command->summary);
    text_put(out, "\n`ansatz COMMAND --help` shows a command's options and examples. `ansatz --version`.\n");
}

static const char *nearest_command(const char *word)
{
    const char *names[32];
    size_t count = 0;
    for (const Command *command = COMMANDS; command->name && count < 32; command++)
        names[count++] = command->name;
    return diagnostics_nearest(word, names, count);
}

/* getopt's form of a command's options, --json and --help included. */
typedef struct OptionTable {
    struct option *options;
    char *letters;
    int count;
} OptionTable;

enum { OPTION_JSON = 1000, OPTION_HELP };

static OptionTable option_table(Arena *arena, const Command *command)
{
    OptionTable table = {0};
    while (command->options[table.count].name)
        table.count++;
    table.options = ARENA_ARRAY(arena, struct option, table.count + 3);
    Text letters = text_start(arena);
    text_put(&letters, command->passes_through ? "+:h" : ":h");
    for (int i = 0; i < table.count; i++) {
        const CommandOption *option = &command->options[i];
        table.options[i] =
            (struct option){option->name, option->argument ? required_argument : no_argument, NULL, 2000 + i};
        if (option->short_name)
            text_print(&letters, "%c%s", option->short_name, option->argument ? ":" : "");
    }
    table.options[table.count] = (struct option){"json", no_argument, NULL, OPTION_JSON};
    table.options[table.count + 1] = (struct option){"help", no_argument, NULL, OPTION_HELP};
    table.letters = letters.bytes;
    return table;
}

static int unknown_option(const Command *command, const OptionTable *table, const char *word)
{
    const char *names[64];
    size_t count = 0;
    for (int i = 0; i < table->count + 2 && count < 64; i++)
        names[count++] = table->options[i].name;
    const char *name = word + strspn(word, "-");
    const char *nearest = diagnostics_nearest(name, names, count);
    if (nearest)
        return session_usage(command, "no option '%s'; did you mean '--%s'?", word, nearest);
    return session_usage(command, "no option '%s'", word);
}

static int option_of_letter(const Command *command, const OptionTable *table, int letter)
{
    for (int i = 0; i < table->count; i++)
        if (command->options[i].short_name == letter)
            return i;
    return -1;
}

/* Fills `arguments`; -1 to go on, else the exit code. */
static int read_options(Session *session, const Command *command, int argc, char **argv, Arguments *arguments)
{
    OptionTable table = option_table(session->arena, command);
    arguments->names = ARENA_ARRAY(session->arena, const char *, argc + 1);
    arguments->values = ARENA_ARRAY(session->arena, const char *, argc + 1);
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, table.letters, table.options, NULL)) != -1;) {
        if (code == 'h' || code == OPTION_HELP) {
            Text help = text_start(session->arena);
            command_print_help(command, &help);
            return session_write(&help);
        }
        if (code == ':')
            return session_usage(command, "option '%s' needs a value", argv[optind - 1]);
        if (code == '?' && optopt >= 2000)
            return session_usage(command, "option '--%s' takes no value", command->options[optopt - 2000].name);
        if (code == '?')
            return unknown_option(command, &table, argv[optind - 1]);
        if (code == OPTION_JSON) {
            session->json = true;
            continue;
        }
        int index = code >= 2000 ? code - 2000 : option_of_letter(command, &table, code);
        arguments->names[arguments->option_count] = command->options[index].name;
        arguments->values[arguments->option_count++] = optarg ? optarg : "";
    }
    arguments->operands = argv + optind;
    arguments->operand_count = argc - optind;
    if (arguments->operand_count < command->least)
        return session_usage(command, "missing operand: ansatz %s %s", command->name, command->operands);
    if (command->most >= 0 && arguments->operand_count > command->most)
        return session_usage(command, "too many operands: '%s'", arguments->operands[command->most]);
    return -1;
}

static int run(Session *session, int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0 ||
        (strcmp(argv[1], "help") == 0 && argc == 2)) {
        Text help = text_start(session->arena);
        print_help(&help);
        return session_write(&help);
    }
    if (strcmp(argv[1], "--version") == 0)
        return puts("ansatz " ANSATZ_VERSION) < 0 ? EX_IOERR : EX_OK;
    bool wants_help = strcmp(argv[1], "help") == 0;
    const char *word = wants_help ? argv[2] : argv[1];
    const Command *command = command_find(word);
    if (!command) {
        const char *nearest = nearest_command(word);
        return nearest ? session_usage(NULL, "no command '%s'; did you mean '%s'?", word, nearest)
                       : session_usage(NULL, "no command '%s'", word);
    }
    if (wants_help) {
        Text help = text_start(session->arena);
        command_print_help(command, &help);
        return session_write(&help);
    }
    Arguments arguments = {0};
    int code = read_options(session, command, argc - 1, argv + 1, &arguments);
    return code >= 0 ? code : command->run(session, &arguments);
}

int main(int argc, char **argv)
{
    static jmp_buf out_of_memory;
    Arena arena;
    arena_start(&arena, &out_of_memory);
    int code;
    if (setjmp(out_of_memory) == 0) {
        Session session = {.arena = &arena, .program = argv[0]};
        diagnostics_start(&session.diagnostics, &arena);
        code = run(&session, argc, argv);
    } else {
        fputs("ansatz: out of memory\n", stderr);
        code = EX_SOFTWARE;
    }
    arena_end(&arena);
    return code;
}
