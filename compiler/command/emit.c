/* SPDX-License-Identifier: MIT */
/* `ansatz emit`: a spec's package, written all at once or not at all. */
#include "compiler/command/command.h"

#include <errno.h>
#include <stdio.h>

static int system_code(int error)
{
    return error == EIO || error == ENOSPC || error == EDQUOT ? EX_IOERR : error != 0 ? EX_CANTCREAT : EX_CONFIG;
}

static int list_files(Session *session, const Program *program, const Package *package)
{
    Text text = text_start(session->arena);
    size_t total = 0;
    for (int i = 0; i < package->file_count; i++) {
        text_print(&text, "%8zu  %s\n", package->files[i].length, package->files[i].path);
        total += package->files[i].length;
    }
    text_print(&text, "%8zu  bytes in %d files; %lld weights\n", total, package->file_count,
               (long long)program->weight_count);
    return session_write(&text);
}

int command_emit(Session *session, const Arguments *arguments)
{
    const char *directory = arguments_value(arguments, "output"), *spec = arguments->operands[0];
    bool dry = arguments_has(arguments, "dry-run");
    if (!directory && !dry)
        return session_usage(command_find("emit"), "where to? give -o DIR");
    SpecOptions options = arguments_spec_options(session, arguments);
    const Program *program = NULL;
    const Package *package = pipeline_package(
        session->arena, spec, &options, arguments_has(arguments, "without-runtime"), &session->diagnostics, &program);
    int error = 0;
    if (package && session->diagnostics.error_count == 0 && !dry)
        package_write(session->arena, package, directory, arguments_has(arguments, "force"), &session->diagnostics,
                      &error);
    int code = session_finish(session, system_code(error));
    if (code != EX_OK)
        return code;
    if (dry)
        return list_files(session, program, package);
    if (!arguments_has(arguments, "without-runtime"))
        session_suggest(session, "ninja -C %s && %s train -o run", session_word(session, directory),
                        session_word(session, arena_print(session->arena, "%s/%s", directory, program->spec->name)));
    return EX_OK;
}
