/* SPDX-License-Identifier: MIT */
/* `ansatz check`: everything that can be wrong with a spec, without writing anything. */
#include "compiler/command/command.h"

#include <stdio.h>

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
        if (!session->json)
            fprintf(stderr, "%s: good: %lld components, %lld weights\n", good, (long long)program->dimension,
                    (long long)program->weight_count);
    }
    int code = session_finish(session, EX_CONFIG);
    if (code == EX_OK && good)
        session_suggest(session, "ansatz run %s train -o run", good);
    return code;
}
