/* SPDX-License-Identifier: MIT */
/* The stage as one function: a tree of nodes, values by the schema, the typed model description. */
#include "compiler/spec/read.h"

#include "compiler/base/file.h"
#include "compiler/spec/build.h"

#include <string.h>

static const SpecOptions NO_OPTIONS;

const YamlNode *read_tree(FileAccess *access, Arena *arena, const char *path, const SpecOptions *options,
                          const Source **source, Diagnostics *diagnostics)
{
    if (options == NULL)
        options = &NO_OPTIONS;
    *source = file_read(arena, path, YAML_BYTES_MAX, diagnostics);
    if (*source == NULL || !access_start(access, arena, path, options, diagnostics))
        return NULL;
    const YamlNode *root = yaml_read(arena, *source, 0, diagnostics);
    if (root != NULL)
        root = read_extended(access, root);
    for (int i = 0; root != NULL && i < options->override_count; i++)
        root = read_override(arena, root, options->overrides[i], diagnostics);
    return root;
}

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

/* By now `extends` was followed, where there is a file to follow it from. */
static void refuse_extends(const Value *spec, Diagnostics *diagnostics)
{
    const Value *extends = value_get(spec, "extends");
    if (extends != NULL)
        diagnostics_error(diagnostics, extends->span, "E0015", "only a spec's file can extend another one");
}

const ModelSpec *read_model(const FileAccess *access, Arena *arena, const YamlNode *root, const Source *source,
                            size_t errors, const Value **values, Diagnostics *diagnostics)
{
    const Value *spec = value_read_spec(arena, root, diagnostics);
    Build build = {arena, diagnostics, ARENA_NEW(arena, ModelSpec), access};
    *values = spec;
    if (spec->kind != VALUE_MAP)
        return NULL;
    build.model->source = source;
    refuse_extends(spec, diagnostics);
    build_name(&build, value_get(spec, "name"));
    build_system(&build, value_get(spec, "system"));
    build_energy(&build, spec);
    build_flow(&build, value_at(spec, "architecture.flow"));
    build_data(&build, value_get(spec, "data"));
    build_losses(&build, value_get(spec, "loss"), spec);
    build_train(&build, value_get(spec, "train"));
    build_curriculum(&build, value_get(spec, "curriculum"), spec);
    build_observables(&build, value_get(spec, "observables"));
    build_target(&build, value_get(spec, "target"));
    if (diagnostics->error_count > errors)
        return NULL;
    build_space(&build);
    if (diagnostics->error_count > errors)
        return NULL;
    build_expanded_warnings(&build);
    build_space_warnings(&build);
    build_condition_warnings(&build);
    return build.model;
}

const ModelSpec *spec_read(Arena *arena, const char *path, const SpecOptions *options, Diagnostics *diagnostics)
{
    const Source *source;
    const Value *values;
    FileAccess access;
    size_t errors = diagnostics->error_count;
    const YamlNode *root = read_tree(&access, arena, path, options, &source, diagnostics);
    return root != NULL ? read_model(&access, arena, root, source, errors, &values, diagnostics) : NULL;
}

const ModelSpec *spec_read_text(Arena *arena, const char *name, const char *text, Diagnostics *diagnostics)
{
    Source *source = ARENA_NEW(arena, Source);
    const Value *values;
    size_t errors = diagnostics->error_count;
    *source = (Source){name, text, strlen(text)};
    const YamlNode *root = yaml_read(arena, source, 0, diagnostics);
    return root != NULL ? read_model(NULL, arena, root, source, errors, &values, diagnostics) : NULL;
}
