/* SPDX-License-Identifier: MIT */
#include "tests/package_library.h"

#include "compiler/emit/package.h"
#include "tests/shell.h"

#include <ctype.h>
#include <dlfcn.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const FILES[] = {"energy", "model", "score", "train"};
static const char *const VARIANTS[VARIANT_COUNT] = {"float", "double", "one"};
static const char *const SUFFIXES[VARIANT_COUNT] = {"", "_double", "_one"};   /* of files */
static const char *const INFIXES[VARIANT_COUNT] = {"_", "_double_", "_one_"}; /* of functions */
static const char *const DEFINES[VARIANT_COUNT] = {"", "-DANSATZ_PRECISION=64", "-DANSATZ_BLOCK=1"};

/* ---- emitting ------------------------------------------------------------------------------------------------------ */

/* Models with conditions have them where the ? is. */
static const char *const CALLS[ENTRY_COUNT] = {
    [ENTRY_SAMPLE] = "MODEL(sample)(call->weights, call->scalars, call->seed, call->first, call->count, "
                     "?call->outputs[0], call->outputs[1], call->workspace, call->threads)",
    [ENTRY_LOG_PROB] = "MODEL(log_prob)(call->weights, call->scalars, call->count, call->x, ?call->outputs[0], "
                       "call->workspace, call->threads)",
    [ENTRY_ENERGY] = "MODEL(energy)(call->scalars, call->count, call->x, ?call->outputs[0], call->workspace, "
                     "call->threads)",
    [ENTRY_FORCE] = "MODEL(force)(call->scalars, call->count, call->x, ?call->outputs[0], call->workspace, "
                    "call->threads)",
    [ENTRY_OBSERVABLES] = "MODEL(observables)(call->scalars, call->count, call->x, ?call->outputs[0], "
                          "call->workspace, call->threads)",
    [ENTRY_SCORE] = "MODEL(score)(call->weights, call->scalars, call->count, call->x, ?call->outputs[0], "
                    "call->outputs[1], call->workspace, call->threads)",
    [ENTRY_INITIALISE] = "MODEL(initialise)(call->weights, call->scalars, call->data, call->seed, call->outputs[0], "
                         "call->workspace, call->threads)",
    [ENTRY_STEP] = "call->loss = MODEL(step)(call->weights, call->scalars, call->data, call->seed, call->step, "
                   "call->outputs[1], call->workspace, call->threads)"};

static void include(const Package *package, const char *path, Text *out)
{
    for (int i = 0; i < package->file_count; i++)
        if (strcmp(package->files[i].path, path) == 0)
            text_print(out, "#include \"%s\"\n", path);
}

/* One sample at a time has what a sampler needs. */
bool package_library_has(const Program *program, EntryKind kind, PackageVariant variant)
{
    bool one = kind != ENTRY_SCORE && kind != ENTRY_INITIALISE && kind != ENTRY_STEP;
    return program->entries[kind].function && CALLS[kind] && (one || variant != VARIANT_ONE);
}

static void put_call(const Program *program, EntryKind kind, Text *out)
{
    const char *call = CALLS[kind], *place = strchr(call, '?');
    int before = place != NULL ? (int)(place - call) : (int)strlen(call);
    text_print(out, "    case %d:\n        %.*s%s%s;\n        break;\n", (int)kind, before, call,
               place != NULL && program->spec->condition_count > 0 ? "call->conditions, " : "",
               place != NULL ? place + 1 : "");
}

/* The package's code of one variant in one file, the public header above it, and a function for PackageCall below. */
static void write_variant(Arena *arena, const char *folder, const Program *program, const Package *package,
                          PackageVariant variant)
{
    const char *name = program->spec->name;
    char *upper = arena_copy_text(arena, name, strlen(name));
    for (char *c = upper; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    Text text = text_start(arena);
    text_print(&text, "#include \"%s.h\"\n#include \"tests/package_call.h\"\n", name);
    if (variant != VARIANT_FLOAT)
        include(package, arena_print(arena, "%s%s.c", name, SUFFIXES[variant]), &text);
    for (size_t file = 0; variant == VARIANT_FLOAT && file < sizeof FILES / sizeof *FILES; file++)
        include(package, arena_print(arena, "%s_%s.c", name, FILES[file]), &text);
    text_put(&text, "void MODEL(call)(PackageCall *call);\nvoid MODEL(call)(PackageCall *call)\n{\n"
                    "    switch (call->entry) {\n");
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++)
        if (package_library_has(program, kind, variant))
            put_call(program, kind, &text);
    text_put(&text, "    default:\n        break;\n    }\n}\n");
    text_print(&text, "size_t MODEL(bytes)(int threads);\nsize_t MODEL(bytes)(int threads)\n{\n");
    if (variant == VARIANT_ONE)
        text_print(&text, "    (void)threads;\n    return %s_ONE_WORKSPACE_BYTES;\n}\n", upper);
    else
        text_print(&text, "    return %s_%sWORKSPACE_BYTES(threads);\n}\n", upper,
                   variant == VARIANT_DOUBLE ? "DOUBLE_" : "");
    shell_write(text.bytes, text.length, "%s/%s_all_%s.c", folder, name, VARIANTS[variant]);
}

void package_library_add(const char *folder, const Program *program, const char *label)
{
    Arena *arena = program->module->arena;
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, arena);
    PackageOptions options = {.without_runtime = true};
    const Package *package = package_emit(arena, program, &options, &diagnostics);
    if (!package) {
        Text text = text_start(arena);
        diagnostics_print(&diagnostics, &text, 0);
        fail_msg("%s\n%s", label, text.bytes);
    }
    for (int i = 0; i < package->file_count; i++) {
        const char *path = package->files[i].path;
        if (strchr(path, '/') == NULL && strncmp(path, program->spec->name, strlen(program->spec->name)) == 0)
            shell_write(package->files[i].bytes, package->files[i].length, "%s/%s", folder, path);
    }
    for (PackageVariant variant = 0; variant < VARIANT_COUNT; variant++)
        write_variant(arena, folder, program, package, variant);
}

/* ---- compiling ------------------------------------------------------------------------------------------------------- */

void *package_library_load(Arena *arena, const char *folder, const char *const *names, int count,
                           const PackageBuild *build, PackageVariant variant)
{
    const char *flags =
        arena_print(arena, "-std=c11 -fPIC -I. %s %s -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror",
                    build->flags, DEFINES[variant]);
    const char *path = arena_print(arena, "%s/%s_%s", folder, build->name, VARIANTS[variant]);
    /* The runtime's header is compiled once for all: it takes longer than a small package. */
    bool clang = strcmp(build->compiler, "clang") == 0;
    shell_write("#include \"runtime/core/block.h\"\n", 32, "%s/core.h", folder);
    shell_must("%s %s -x c-header %s/core.h -o %s/core.h.%s", build->compiler, flags, folder, folder,
               clang ? "pch" : "gch");
    Text files = text_start(arena);
    for (int i = 0; i < count; i++)
        text_print(&files, "%s/%s_all_%s.c\n", folder, names[i], VARIANTS[variant]);
    shell_write(files.bytes, files.length, "%s.files", path);
    shell_must("%s %s %s %s/core.h%s -shared @%s.files -o %s.so -lm", build->compiler, flags,
               clang ? "-include-pch" : "-include", folder, clang ? ".pch" : "", path, path);
    void *library = dlopen(arena_print(arena, "%s.so", path),
                           RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE); /* OpenMP's threads outlive a call */
    if (!library)
        fail_msg("%s", dlerror());
    return library;
}

static void *find(void *library, const char *name, PackageVariant variant, const char *function)
{
    char symbol[300];
    snprintf(symbol, sizeof symbol, "%s%s%s", name, INFIXES[variant], function);
    return dlsym(library, symbol);
}

PackageFunctions package_library_find(void *library, const char *name, PackageVariant variant)
{
    PackageFunctions functions;
    *(void **)&functions.call = find(library, name, variant, "call");
    *(void **)&functions.workspace_bytes = find(library, name, variant, "bytes");
    *(void **)&functions.prepare = variant == VARIANT_ONE ? find(library, name, variant, "prepare") : NULL;
    assert_non_null(functions.call);
    assert_non_null(functions.workspace_bytes);
    return functions;
}
