/* SPDX-License-Identifier: MIT */
/* `ansatz plan`: what the package of a spec needs and does, before it is written. */
#include "compiler/command/command.h"

int command_plan(Session *session, const Arguments *arguments)
{
    SpecOptions options = arguments_spec_options(session, arguments);
    Program *program = pipeline_program(session->arena, arguments->operands[0], &options, NULL, &session->diagnostics);
    Text text = text_start(session->arena);
    bool good = program && package_print_plan(session->arena, program, &text, &session->diagnostics);
    int code = session_finish(session, EX_CONFIG);
    return good && code == EX_OK ? session_write(&text) : code;
}
