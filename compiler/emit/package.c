/* SPDX-License-Identifier: MIT */
/* A package, made in memory: the code, the interface, the program, the copied runtime, and the files around them. */
#include "compiler/emit/package_parts.h"

#include "runtime/host/sha256.h"

#include <stdlib.h>
#include <string.h>

enum { SOURCE_BYTES_MAX = 16 << 20 }; /* of emitted text, the copied runtime apart */

void package_add(PackageWriter *writer, const char *path, const char *bytes, size_t length)
{
    Package *package = writer->package;
    if (package->file_count == writer->file_room) {
        int room = writer->file_room * 2 + 64;
        package->files =
            arena_grow(writer->arena, package->files, (size_t)package->file_count, (size_t)room, sizeof(PackageFile));
        writer->file_room = room;
    }
    package->files[package->file_count++] = (PackageFile){path, bytes, length};
}

void package_add_text(PackageWriter *writer, const char *path, const Text *text)
{
    package_add(writer, path, text->bytes, text->length);
}

void package_head(const PackageWriter *writer, Text *out, const char *what)
{
    text_print(out, "/* SPDX-License-Identifier: MIT-0 */\n/* %s\n * Compiled from ", what);
    comment_add_text(out, writer->spec_name);
    text_print(out, " by ansatz %s. */\n", ANSATZ_VERSION);
}

const char *package_spec_sha256(const PackageWriter *writer)
{
    char *hash = arena_take(writer->arena, SHA256_TEXT_SIZE, 1);
    const Source *source = writer->program->spec->source;
    sha256_text(source->text, source->length, hash);
    return hash;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const PackageFile *)a)->path, ((const PackageFile *)b)->path);
}

static void sort_files(Package *package)
{
    qsort(package->files, (size_t)package->file_count, sizeof *package->files, compare_paths);
}

/* One hash for all files so far: of lines "SHA-256  path", sorted. */
static const char *hash_files(PackageWriter *writer)
{
    Text lines = text_start(writer->arena);
    sort_files(writer->package);
    for (int i = 0; i < writer->package->file_count; i++) {
        char hash[SHA256_TEXT_SIZE];
        sha256_text(writer->package->files[i].bytes, writer->package->files[i].length, hash);
        text_print(&lines, "%s  %s\n", hash, writer->package->files[i].path);
    }
    char *hash = arena_take(writer->arena, SHA256_TEXT_SIZE, 1);
    sha256_text(lines.bytes, lines.length, hash);
    return hash;
}

static void add_runtime(PackageWriter *writer)
{
    Text prefix = text_start(writer->arena);
    package_head(
        writer, &prefix,
        "The prefix of every external symbol of this package's runtime, so that two packages link into one program.");
    text_print(&prefix,
               "#ifndef RUNTIME_PREFIX_H\n#define RUNTIME_PREFIX_H\n\n#define RUNTIME_NAME(name) "
               "%s_runtime_##name\n\n"
               "#if defined(%s_DISPATCH) && defined(__x86_64__) /* see core/instructions.h */\n"
               "#define ANSATZ_DISPATCH 1\n#endif\n\n#endif\n",
               writer->name, writer->upper);
    package_add_text(writer, "runtime/prefix.h", &prefix);
    for (size_t i = 0; i < EMBEDDED_FILE_COUNT; i++) {
        const EmbeddedFile *file = &EMBEDDED_FILES[i];
        if (strcmp(file->path, "core/blas.h") == 0 && !package_has_blas(writer))
            continue;
        bool licence = strcmp(file->path, "LICENSE") == 0;
        package_add(writer, licence ? "LICENSE" : arena_print(writer->arena, "runtime/%s", file->path),
                    (const char *)file->bytes, file->length);
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *upper_text(Arena *arena, const char *text)
{
    char *upper = arena_copy_text(arena, text, strlen(text));
    for (char *c = upper; *c != '\0'; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    return upper;
}

static bool is_small_enough(const PackageWriter *writer, Diagnostics *diagnostics)
{
    size_t total = 0;
    for (int i = 0; i < writer->package->file_count; i++)
        total += writer->package->files[i].length;
    if (total <= SOURCE_BYTES_MAX)
        return true;
    diagnostics_error(diagnostics, writer->program->spec->system_span, "E0801",
                      "the package has %zu bytes of source; at most %d", total, SOURCE_BYTES_MAX);
    return false;
}

const Package *package_emit(Arena *arena, const Program *program, const PackageOptions *options,
                            Diagnostics *diagnostics)
{
    PackageWriter writer = {.arena = arena,
                            .program = program,
                            .options = options,
                            .name = program->spec->name,
                            .package = ARENA_NEW(arena, Package)};
    writer.package->name = writer.name;
    writer.upper = upper_text(arena, writer.name);
    writer.spec_name = base_name(program->spec->source->name);
    const char *wrong = package_plan(&writer);
    if (wrong) {
        diagnostics_error(diagnostics, program->spec->system_span, "E0802", "cannot emit this model: %s", wrong);
        return NULL;
    }
    package_add_code(&writer);
    package_add_dispatch(&writer);
    package_add_api(&writer);
    if (!is_small_enough(&writer, diagnostics))
        return NULL;
    if (!options->without_runtime)
        add_runtime(&writer);
    const char *hash = hash_files(&writer);
    package_add_main(&writer, hash);
    sort_files(writer.package);
    writer.package->build_line = package_build_line(&writer);
    package_add_run(&writer);
    package_add_build(&writer);
    package_add_readme(&writer);
    package_add_manifest(&writer, hash);
    sort_files(writer.package);
    return writer.package;
}
