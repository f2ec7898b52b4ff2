/* SPDX-License-Identifier: MIT */
/* The stage as one function: a tree of nodes, values by the schema, the typed model description. */
#include "compiler/spec/read.h"

#include "compiler/spec/build.h"

#include <string.h>

static void build_name(const Build *build, const Value *name)
{
    const char *problem = name != NULL ? schema_name_problem(name->text) : NULL;
    if (name == NULL)
        return;
    build->model->name = name->text;
    if (problem != NULL)
        diagnostics_error(build->diagnostics, name->span, "E0109", "a spec cannot be called '%s': %s", name->text,
                          problem);
}

static const ModelSpec *build_model(Arena *arena, const YamlNode *root, Diagnostics *diagnostics)
{
    const Value *spec = value_read_spec(arena, root, diagnostics);
    Build build = {arena, diagnostics, ARENA_NEW(arena, ModelSpec)};
    if (spec->kind != VALUE_MAP)
        return NULL;
    build.model->source = root->span.source;
    build_name(&build, value_get(spec, "name"));
    build_system(&build, value_get(spec, "system"));
    build_energy(&build, spec);
    build_flow(&build, value_at(spec, "architecture.flow"));
    build_losses(&build, value_get(spec, "loss"), spec);
    build_train(&build, value_get(spec, "train"));
    build_observables(&build, value_get(spec, "observables"));
    build_target(&build, value_get(spec, "target"));
    return diagnostics->error_count == 0 ? build.model : NULL;
}

const ModelSpec *spec_read(Arena *arena, const char *path, const SpecOptions *options, Diagnostics *diagnostics)
{
    const Source *source = read_file(arena, path, diagnostics);
    const YamlNode *root = source != NULL ? yaml_read(arena, source, 0, diagnostics) : NULL;
    (void)options;
    return root != NULL ? build_model(arena, root, diagnostics) : NULL;
}

const ModelSpec *spec_read_text(Arena *arena, const char *name, const char *text, Diagnostics *diagnostics)
{
    Source *source = ARENA_NEW(arena, Source);
    *source = (Source){name, text, strlen(text)};
    const YamlNode *root = yaml_read(arena, source, 0, diagnostics);
    return root != NULL ? build_model(arena, root, diagnostics) : NULL;
}
