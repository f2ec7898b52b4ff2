/* SPDX-License-Identifier: MIT */
/* The commands that tell something about the language or a spec: init, expand, schema, explain. */
#include "compiler/command/command.h"

#include "compiler/schema/schema.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int command_schema(Session *session, const Arguments *arguments)
{
    const char *format = arguments_value(arguments, "format");
    Text text = text_start(session->arena);
    if (!format || strcmp(format, "json") == 0)
        schema_print_json(&text);
    else if (strcmp(format, "markdown") == 0)
        schema_print_markdown(&text);
    else
        return session_usage(command_find("schema"), "no format '%s': json or markdown", format);
    return session_write(&text);
}

int command_explain(Session *session, const Arguments *arguments)
{
    Text text = text_start(session->arena);
    if (schema_explain(arguments->operands[0], &text))
        return session_write(&text);
    fputs(text.bytes, stderr);
    return EX_USAGE;
}

int command_expand(Session *session, const Arguments *arguments)
{
    SpecOptions options = arguments_spec_options(session, arguments);
    Text text = text_start(session->arena);
    bool good = spec_expand(session->arena, arguments->operands[0], &options, &text, &session->diagnostics);
    int code = session_finish(session, EX_CONFIG);
    return good ? session_write(&text) : code;
}

static int list_templates(Session *session)
{
    Text text = text_start(session->arena);
    for (size_t i = 0; i < SPEC_TEMPLATE_COUNT; i++)
        text_print(&text, "%-16s %s\n", SPEC_TEMPLATES[i].name, SPEC_TEMPLATES[i].summary);
    int code = session_write(&text);
    session_suggest(session, "ansatz init my_model -t %s", SPEC_TEMPLATES[0].name);
    return code;
}

int command_init(Session *session, const Arguments *arguments)
{
    const char *template_name = arguments_value(arguments, "template");
    if (!template_name)
        return list_templates(session);
    const Command *command = command_find("init");
    if (arguments->operand_count == 0)
        return session_usage(command, "a name for the spec is missing");
    const char *name = arguments->operands[0], *path = arena_print(session->arena, "%s.yaml", name);
    Text text = text_start(session->arena);
    if (!spec_init(name, template_name, &text)) {
        fputs(text.bytes, stderr);
        return EX_USAGE;
    }
    if (!arguments_has(arguments, "force") && access(path, F_OK) == 0) {
        fprintf(stderr, "ansatz init: %s is there already; --force overwrites it\n", path);
        return EX_CANTCREAT;
    }
    int error = file_write(session->arena, path, text.bytes, text.length);
    if (error != 0) {
        fprintf(stderr, "ansatz init: cannot write %s: %s\n", path, strerror(error));
        return EX_CANTCREAT;
    }
    session_suggest(session, "ansatz check %s", session_word(session, path));
    return EX_OK;
}
