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

int command_run(Session *session, const Arguments *arguments)
{
    SpecOptions options = arguments_spec_options(session, arguments);
    const char *spec = arguments->operands[0];
    const Program *program = NULL;
    const Package *package = pipeline_package(session->arena, spec, &options, false, &session->diagnostics, &program);
    if (!package || session->diagnostics.error_count > 0)
        return session_finish(session, EX_CONFIG);
    CacheEntry entry;
    bool good = cache_entry(session->arena, package, program->spec->name, &entry, &session->diagnostics);
    if (good && !cache_is_good(session->arena, &entry)) {
        if (!session->json && isatty(STDERR_FILENO))
            fprintf(stderr, "building %s ...\n", program->spec->name);
        good = cache_build(session->arena, package, &entry, &session->diagnostics);
    }
    int code = session_finish(session, EX_CANTCREAT);
    if (!good || code != EX_OK)
        return code;
    utimensat(AT_FDCWD, entry.stamp, NULL, 0);         /* in use: see how old ones are removed */
    char **arguments_of_program = arguments->operands; /* the spec's place becomes the program's name */
    arguments_of_program[0] = arena_copy_text(session->arena, entry.program, strlen(entry.program));
    fflush(NULL);
    execv(entry.program, arguments_of_program);
    fprintf(stderr, "ansatz run: cannot execute %s: %s\n", entry.program, strerror(errno));
    return EX_OSERR;
}
