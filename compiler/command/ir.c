/* SPDX-License-Identifier: MIT */
/* `ansatz ir`: the module of a spec, or of a file in the IR's own text form, after any pass. */
#include "compiler/command/command.h"

#include "compiler/base/file.h"
#include "compiler/ir/text.h"
#include "compiler/ir/verify.h"
#include "compiler/passes/passes.h"

#include <string.h>

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

static IrModule *read_module(Session *session, const char *path, const char *after)
{
    const Source *source = file_read(session->arena, path, FILE_SIZE_MAX, &session->diagnostics);
    IrModule *module = source ? ir_parse(session->arena, source, &session->diagnostics) : NULL;
    if (!module || !ir_verify(module, &session->diagnostics))
        return NULL;
    if (!after || strcmp(after, "lower") != 0)
        passes_run(module, after);
    return module;
}

static const char *stage_names(Arena *arena)
{
    Text names = text_start(arena);
    text_put(&names, "lower");
    for (const Pass *pass = PASSES; pass->name; pass++)
        text_print(&names, ", %s", pass->name);
    return names.bytes;
}

int command_ir(Session *session, const Arguments *arguments)
{
    const char *after = arguments_value(arguments, "after"), *path = arguments->operands[0];
    if (after && !pipeline_has_stage(after))
        return session_usage(command_find("ir"), "no pass '%s'; there are: %s", after, stage_names(session->arena));
    const IrModule *module;
    if (ends_with(path, ".ir")) {
        module = read_module(session, path, after);
    } else {
        SpecOptions options = arguments_spec_options(session, arguments);
        Program *program = pipeline_program(session->arena, path, &options, after, &session->diagnostics);
        module = program ? program->module : NULL;
    }
    int code = session_finish(session, EX_CONFIG);
    if (!module || code != EX_OK)
        return code;
    Text text = text_start(session->arena);
    ir_print(module, &text);
    return session_write(&text);
}
