/* SPDX-License-Identifier: MIT */
/* `ansatz check`: everything that can be wrong with a spec, without writing anything. */
#include "compiler/command/command.h"

#include <stdio.h>
#include <unistd.h>

/* Rows of data may be given to the program later, so that their absence is no error. */
static void warn_of_missing(Session *session, const DataSpec *data)
{
    const char *const paths[] = {data->train_path, data->validation_path};
    for (int i = 0; i < 2; i++)
        if (paths[i] != NULL && access(paths[i], F_OK) != 0)
            diagnostics_warn(&session->diagnostics, data->span, "W0120", "there is no file %s", paths[i])->help =
                "the program can be given another: train --data FILE";
}

int command_check(Session *session, const Arguments *arguments)
{
    SpecOptions options = arguments_spec_options(session, arguments);
    const char *good = NULL;
    for (int i = 0; i < arguments->operand_count; i++) {
        size_t before = session->diagnostics.error_count;
        const Program *program =
            pipeline_program(session->arena, arguments->operands[i], &options, "lower", &session->diagnostics);
        if (!program || session->diagnostics.error_count > before)
            continue;
        good = arguments->operands[i];
        warn_of_missing(session, &program->spec->data);
        if (!session->json)
            fprintf(stderr, "%s: good: %lld components, %lld weights\n", good, (long long)program->dimension,
                    (long long)program->weight_count);
    }
    int code = session_finish(session, EX_CONFIG);
    if (code == EX_OK && good)
        session_suggest(session, "ansatz run %s train -o run", session_word(session, good));
    return code;
}
