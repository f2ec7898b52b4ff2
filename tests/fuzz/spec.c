/* SPDX-License-Identifier: MIT */
/* Whole specs. Whatever the text is, there are a model or errors; what is said of it can be printed as JSON; a good and
 * small model goes all the way to a package, whose files are plain text. */
#include "compiler/emit/package.h"
#include "compiler/passes/passes.h"
#include "compiler/spec/read.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_ir.h"

#include <jansson.h>
#include <string.h>

static void check_json(const Diagnostics *diagnostics, Text *text)
{
    json_error_t error;
    text_put(text, "\n");
    size_t begin = text->length;
    diagnostics_print_json(diagnostics, text);
    json_t *json = json_loadb(text->bytes + begin, text->length - begin, JSON_REJECT_DUPLICATES, &error);
    fuzz_check(json != NULL, "diagnostics are JSON");
    json_decref(json);
}

/* Each line "#--set KEY=VALUE". */
static const YamlNode * override(Arena *arena, const YamlNode *root, const char *text, Diagnostics *diagnostics)
{
    static const char BEGIN[] = "\n#--set ";
    for (const char *at = text; root && (at = strstr(at, BEGIN)) != NULL;) {
        at += strlen(BEGIN);
        root = read_override(arena, root, arena_copy_text(arena, at, strcspn(at, "\r\n")), diagnostics);
    }
    return root;
}

static int net_widths(const NetSpec *net)
{
    int64_t widths = 0;
    for (int i = 0; i < net->hidden_count; i++)
        widths += net->hidden[i];
    return widths < 1000 ? (int)widths : 1000;
}

/* Small enough to go on with: what is large takes time, and that is no finding. */
static bool is_small(const ModelSpec *model)
{
    int64_t size = model->dimension + model->expanded_count;
    for (int i = 0; i < model->expanded_count && size < 100; i++)
        size += net_widths(&model->expanded[i].net);
    return size < 100 && model->train.batch <= 4096;
}

static void check_package(const Package *package)
{
    for (int i = 0; i < package->file_count; i++) {
        const PackageFile *file = &package->files[i];
        for (size_t k = 0; k < file->length; k++)
            fuzz_check(file->bytes[k] == '\n' || (file->bytes[k] >= ' ' && file->bytes[k] <= '~'),
                       "a package is printable ASCII");
        fuzz_check(!strstr(file->bytes, "?\?/"), "no trigraph stands in a package");
    }
}

static void compile(Arena *arena, const ModelSpec *model, Diagnostics *diagnostics)
{
    static const PackageOptions OPTIONS = {.without_runtime = true};
    size_t errors = diagnostics->error_count;
    Program *program = lower_program(arena, model, diagnostics);
    fuzz_check((program == NULL) == (diagnostics->error_count > errors), "a program, or an error");
    if (!program)
        return;
    fuzz_ir_verify(program->module, "a lowered spec");
    if (fuzz_ir_cost(program->module) > 3e5)
        return;
    fuzz_ir_print(program->module);
    passes_run(program->module, NULL);
    const Package *package = package_emit(arena, program, &OPTIONS, diagnostics);
    fuzz_check((package == NULL) == (diagnostics->error_count > errors), "a package, or an error");
    if (package)
        check_package(package);
}

void fuzz_spec(const uint8_t *bytes, size_t length)
{
    Arena arena;
    arena_start(&arena, NULL);
    char *text = arena_copy_text(&arena, (const char *)bytes, length);
    Source source = {"FILE", text, length};
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, &arena);
    const YamlNode *root = override(&arena, yaml_read(&arena, &source, 0, &diagnostics), text, &diagnostics);
    const Value *values;
    const ModelSpec *model = root ? read_model(NULL, &arena, root, &source, 0, &values, &diagnostics) : NULL;
    fuzz_check((model == NULL) == (diagnostics.error_count > 0), "a model, or an error");
    if (model && is_small(model))
        compile(&arena, model, &diagnostics);
    Text printed = text_start(&arena);
    diagnostics_print(&diagnostics, &printed, 0);
    check_json(&diagnostics, &printed);
    arena_end(&arena);
}
