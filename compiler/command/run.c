/* SPDX-License-Identifier: MIT */
/* `ansatz run`: from a spec to an answer in one command. The program takes over this process, so that its exit code,
 * signals and terminal are its own. */
#include "compiler/command/cache.h"
#include "compiler/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_given(const Arguments *arguments, const char *option)
{
    size_t length = strlen(option);
    for (int i = 1; i < arguments->operand_count; i++)
        if (strncmp(arguments->operands[i], option, length) == 0 &&
            (arguments->operands[i][length] == '\0' || arguments->operands[i][length] == '='))
            return true;
    return false;
}

/* The program's command line: where the spec stands, its name; for verbs that read data, the spec's files as seen from
 * here, unless others are given. */
static char **program_arguments(Arena *arena, const DataSpec *data, const CacheEntry *entry, const Arguments *arguments)
{
    const char *verb = arguments->operand_count > 1 ? arguments->operands[1] : "";
    bool reads = strcmp(verb, "train") == 0 || strcmp(verb, "evaluate") == 0;
    const char *const options[] = {"--data", "--validation"}, *const paths[] = {data->train_path,
                                                                                data->validation_path};
    char **list = ARENA_ARRAY(arena, char *, arguments->operand_count + 5);
    int count = 0;
    list[count++] = arena_copy_text(arena, entry->program, strlen(entry->program));
    for (int i = 1; i < arguments->operand_count; i++)
        list[count++] = arguments->operands[i];
    for (int i = 0; i < 2; i++)
        if (reads && paths[i] != NULL && !is_given(arguments, options[i])) {
            list[count++] = arena_copy_text(arena, options[i], strlen(options[i]));
            list[count++] = arena_copy_text(arena, paths[i], strlen(paths[i]));
        }
    list[count] = NULL;
    return list;
}

/* The least program that knows the verb: only train takes steps, only a self-test and an evaluation that asks for it compute
 * in double. */
static RunProgram program_for(const Arguments *arguments)
{
    const char *verb = arguments->operand_count > 1 ? arguments->operands[1] : "";
    if (strcmp(verb, "train") == 0)
        return RUN_TRAIN;
    return strcmp(verb, "selftest") == 0 || is_given(arguments, "--precision") ? RUN_WHOLE : RUN_USE;
}

/* Finds the program in the cache, the whole one rather than a part, or builds what the verb needs. */
static bool find_program(Session *session, const Package *package, RunProgram which, CacheEntry *entry)
{
    if (!cache_entry(session->arena, package, RUN_WHOLE, entry, &session->diagnostics))
        return false;
    if (cache_is_good(session->arena, entry))
        return true;
    if (which != RUN_WHOLE && !cache_entry(session->arena, package, which, entry, &session->diagnostics))
        return false;
    if (cache_is_good(session->arena, entry))
        return true;
    if (!session->json && isatty(STDERR_FILENO))
        fprintf(stderr, "building %s ...\n", package->name);
    return cache_build(session->arena, package, entry, &session->diagnostics);
}

/* "--set" in `ansatz run SPEC --set KEY=VALUE VERB`; NULL: the verb, or a question that the program answers itself. */
static const char *misplaced_option(const Arguments *arguments)
{
    static const char *const answered[] = {"--help", "-h", "--version"};
    const char *word = arguments->operand_count > 1 ? arguments->operands[1] : "";
    for (size_t i = 0; i < sizeof answered / sizeof *answered; i++)
        if (strcmp(word, answered[i]) == 0)
            return NULL;
    return word[0] == '-' ? word : NULL;
}

int command_run(Session *session, const Arguments *arguments)
{
    const char *misplaced = misplaced_option(arguments);
    if (misplaced != NULL)
        return session_usage(
            command_find("run"),
            "%s stands where VERB should: options of `ansatz run` come before SPEC, the program's after VERB",
            misplaced);
    SpecOptions options = arguments_spec_options(session, arguments);
    const char *spec = arguments->operands[0];
    const Program *program = NULL;
    const Package *package = pipeline_package(session->arena, spec, &options, false, &session->diagnostics, &program);
    if (!package || session->diagnostics.error_count > 0)
        return session_finish(session, EX_CONFIG);
    CacheEntry entry;
    bool good = find_program(session, package, program_for(arguments), &entry);
    int code = session_finish(session, EX_CANTCREAT);
    if (!good || code != EX_OK)
        return code;
    utimensat(AT_FDCWD, entry.stamp, NULL, 0); /* in use: see how old ones are removed */
    char **arguments_of_program = program_arguments(session->arena, &program->spec->data, &entry, arguments);
    fflush(NULL);
    execv(entry.program, arguments_of_program);
    fprintf(stderr, "ansatz run: cannot execute %s: %s\n", entry.program, strerror(errno));
    return EX_OSERR;
}
