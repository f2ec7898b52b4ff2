/* SPDX-License-Identifier: MIT */
/* The way from a spec to a package: read, lower, improve, emit. What happens inside a stage is the stage's own affair. */
#include "compiler/pipeline.h"

#include "compiler/passes/passes.h"

#include <string.h>

bool pipeline_has_stage(const char *after)
{
    if (strcmp(after, "lower") == 0)
        return true;
    for (const Pass *pass = PASSES; pass->name; pass++)
        if (strcmp(pass->name, after) == 0)
            return true;
    return false;
}

Program *pipeline_program(Arena *arena, const char *path, const SpecOptions *options, const char *after,
                          Diagnostics *diagnostics)
{
    const ModelSpec *spec = spec_read(arena, path, options, diagnostics);
    if (!spec)
        return NULL;
    Program *program = lower_program(arena, spec, diagnostics);
    if (!program)
        return NULL;
    if (!after || strcmp(after, "lower") != 0)
        passes_run(program->module, after);
    return program;
}

const Package *pipeline_package(Arena *arena, const char *path, const SpecOptions *options, bool without_runtime,
                                Diagnostics *diagnostics, const Program **program)
{
    *program = pipeline_program(arena, path, options, NULL, diagnostics);
    if (!*program)
        return NULL;
    PackageOptions package = {
        .without_runtime = without_runtime, .override_count = options->override_count, .overrides = options->overrides};
    return package_emit(arena, *program, &package, diagnostics);
}
