/* SPDX-License-Identifier: MIT */
/* The files around the code: how to build it, what it is, and the manifest that an audit starts from. */
#include "compiler/emit/package_parts.h"

#include "runtime/host/sha256.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

const char *package_libraries(const PackageWriter *writer)
{
    return package_has_blas(writer) ? "-lopenblas -lm" : "-lm";
}

/* The flag of the spec's threads. */
static const char *threads_flag(const PackageWriter *writer)
{
    return writer->program->spec->target.openmp ? " -fopenmp" : "";
}

const char *package_build_line(const PackageWriter *writer)
{
    return arena_print(writer->arena, "cc -std=c11 -O3 -march=native%s -o %s *.c runtime/host/*.c %s",
                       threads_flag(writer), writer->name, package_libraries(writer));
}

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

/* ---- build.ninja ------------------------------------------------------------------------------------------------------ */

static const char *object_of(Arena *arena, const char *path)
{
    return arena_print(arena, "build/%.*s.o", (int)(strlen(path) - 2), path);
}

/* Files of the host's runtime that are compiled together, because their headers cost more than they do: each unit includes
 * its files one after another, so that no two of a unit may have a static name in common. Others are compiled alone. */
static const struct HostUnit {
    const char *name, *files; /* each with a space before and behind */
} HOST_UNITS[] = {
    {"system", " failure files interrupt progress "}, /* those that ask for more than C has */
    {"text", " json_read json_write sha256 utf8 configurations_write csv_write npy_write safetensors_write "},
    {"tables", " csv_read number conditions "},
    {"arrays", " npy_read configurations_read "},
    {"weights", " safetensors_read weights checkpoint "},
    {"estimates",
     " estimates evaluate evaluator held_out importance pareto nearest density report requirement verdict "},
    {"program",
     " arguments program run sample selftest session train training_judge training_tell unbounded curriculum "
     "dataset likelihood columns "},
};
enum { HOST_UNIT_COUNT = sizeof HOST_UNITS / sizeof *HOST_UNITS };

static const char HOST_FOLDER[] = "runtime/host/";

static bool is_host(const char *path)
{
    return strncmp(path, HOST_FOLDER, strlen(HOST_FOLDER)) == 0 && ends_with(path, ".c");
}

/* The number of the unit that has a file of the host's, or HOST_UNIT_COUNT. */
static int host_unit(Arena *arena, const char *path)
{
    const char *file = path + strlen(HOST_FOLDER);
    const char *word = arena_print(arena, " %.*s ", (int)(strlen(file) - 2), file);
    int unit = 0;
    while (unit < HOST_UNIT_COUNT && strstr(HOST_UNITS[unit].files, word) == NULL)
        unit++;
    return unit;
}

/* The host's files: units, then those that stand alone. */
static void put_host(PackageWriter *writer, Text *text, Text *objects)
{
    Text units[HOST_UNIT_COUNT], alone = text_start(writer->arena);
    for (int u = 0; u < HOST_UNIT_COUNT; u++)
        units[u] = text_start(writer->arena);
    for (size_t i = 0; i < EMBEDDED_FILE_COUNT; i++) {
        const char *path = arena_print(writer->arena, "runtime/%s", EMBEDDED_FILES[i].path);
        if (!is_host(path))
            continue;
        int unit = host_unit(writer->arena, path);
        if (unit < HOST_UNIT_COUNT) {
            text_print(&units[unit], " $\n    %s", path);
            continue;
        }
        text_print(&alone, "build %s: cc %s\n  level = %s\n", object_of(writer->arena, path), path,
                   ends_with(path, "/optimiser.c") ? "-O3" : "-O1"); /* its sums are over all weights */
        text_print(objects, " $\n    %s", object_of(writer->arena, path));
    }
    for (int u = 0; u < HOST_UNIT_COUNT; u++) {
        text_print(text, "build build/runtime/%s.o: unit%s\n  level = -O1\n", HOST_UNITS[u].name, units[u].bytes);
        text_print(objects, " $\n    build/runtime/%s.o", HOST_UNITS[u].name);
    }
    text_print(text, "%s", alone.bytes);
}

/* What is for blocks of floats is one unit: its files use the same kernels. What takes longest comes first. */
static void put_code(PackageWriter *writer, Text *text, Text *objects)
{
    text_print(text, "build build/%s.o: unit", writer->name);
    for (CodeFile file = 0; file < CODE_FILE_COUNT; file++)
        if (package_has_file(writer, file))
            text_print(text, " %s_%s.c", writer->name, package_file_name(file));
    text_put(text, "\n  level = -O3\n");
    text_print(objects, " $\n    build/%s.o", writer->name);
    static const char *const others[] = {"double", "one", "main"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        text_print(text, "build build/%s_%s.o: cc %s_%s.c\n  level = -O1\n", writer->name, others[i], writer->name,
                   others[i]);
        text_print(objects, " $\n    build/%s_%s.o", writer->name, others[i]);
    }
}

/* What build.ninja says of the program's bits. */
static const char PROMISE[] = "results do not depend on the level of optimisation or on\n# vector instructions; "
                              "-ffast-math is refused. ";
static const char NO_PROMISE[] = "-ffast-math is refused. Results depend on the version\n# of OpenBLAS and on the "
                                 "machine in their last bits. ";

void package_add_build(PackageWriter *writer)
{
    Text text = text_start(writer->arena), objects = text_start(writer->arena);
    text_print(&text,
               "# Builds the program %s. cflags may be changed: %s"
               "What is neither for blocks of floats nor over all weights gains nothing from -O3.\n"
               "cc = cc\ncflags = -std=c11 -march=native%s\n\nrule cc\n"
               "  command = $cc $cflags $level -MMD -MF $out.d -c $in -o $out\n  depfile = $out.d\n  deps = gcc\n"
               "  description = $in\nrule unit\n"
               "  command = for file in $in; do echo \"#include \\\"$$file\\\"\"; done | $\n"
               "    $cc $cflags $level -I. -MMD -MF $out.d -x c -c - -o $out\n  depfile = $out.d\n  deps = gcc\n"
               "  description = $out\nrule link\n  command = $cc $cflags $in -o $out %s\n  description = $out\n\n",
               writer->name, package_has_blas(writer) ? NO_PROMISE : PROMISE, threads_flag(writer),
               package_libraries(writer));
    put_code(writer, &text, &objects);
    put_host(writer, &text, &objects);
    text_print(&text, "\nbuild %s: link%s\ndefault %s\n", writer->name, objects.bytes, writer->name);
    package_add_text(writer, "build.ninja", &text);
}

/* ---- README.md ---------------------------------------------------------------------------------------------------------- */

/* What a spec that says `blas: openblas` gives up. */
static const char GIVEN_UP[] =
    "Its spec says `blas: openblas`: products of wide layers are OpenBLAS's, whose sums depend on its version and on "
    "the\n"
    "machine. So results are not the same bits everywhere, and training may take another path on another machine; "
    "every\n"
    "file of a run says so (`blas`). Each call of the package keeps OpenBLAS to one thread, in the whole process.\n\n";

void package_add_readme(PackageWriter *writer)
{
    const Program *program = writer->program;
    const char *name = writer->name, *given = package_condition_options(writer);
    const bool blas = package_has_blas(writer);
    Text text = text_start(writer->arena);
    text_print(
        &text,
        "# %s\n\nA normalizing flow over %lld components with %lld weights, compiled from `%s` by ansatz %s. It "
        "needs GCC or clang,\n"
        "%s.\n\n    ninja\n\nbuilds the program `%s`; so does, without Ninja,\n\n    %s\n\n"
        "Both are for the machine that compiles them. One program for any x86 machine, which uses AVX-512 or AVX2 "
        "where it finds them:\n\n    cc -std=c11 -O3 -D%s_DISPATCH%s -o %s *.c dispatch/*.c "
        "runtime/host/*.c %s\n\n%s",
        name, (long long)program->dimension, (long long)program->weight_count, writer->spec_name, ANSATZ_VERSION,
        blas ? "and libm, and OpenBLAS for its wide layers, nothing else" : "and libm, nothing else", name,
        writer->package->build_line, writer->upper, threads_flag(writer), name, package_libraries(writer),
        blas ? GIVEN_UP : "");
    text_print(
        &text,
        "## The program\n\n    ./%s train -o run\n    ./%s evaluate -w run -n 100000%s\n    ./%s sample -w run -n 1000 "
        "-o x.npy%s\n"
        "    ./%s info\n    ./%s selftest\n\n`./%s --help` lists all verbs, `./%s VERB --help` their options.\n\n",
        name, name, given, name, given, name, name, name, name);
    text_print(&text,
               "## The library\n\n`%s.h` is the whole interface; `example/example.c` uses it:\n\n"
               "    cc -std=c11 -O3 -march=native -o example/example example/example.c %s_model.c %s_energy.c %s\n\n",
               name, name, name, package_libraries(writer));
    text_print(&text, "| | |\n|---|---|\n| components | %lld |\n| weights | %lld |\n", (long long)program->dimension,
               (long long)program->weight_count);
    text_print(&text, "| workspace, one thread | %lld bytes |\n| workspace, one sample at a time | %lld bytes |\n",
               4 * (long long)(writer->workspace.fixed + writer->workspace.thread),
               4 * (long long)writer->workspace.single);
    if (package_has(writer, ENTRY_SAMPLE))
        text_print(&text, "| multiply-adds of a sample and its log q | %lld |\n",
                   (long long)package_flops(writer, ENTRY_SAMPLE) / 2);
    if (package_has(writer, ENTRY_STEP))
        text_print(&text, "| multiply-adds of a training step, per sample | %lld |\n",
                   (long long)package_flops(writer, ENTRY_STEP) / 2);
    const char *score = package_has(writer, ENTRY_SCORE)
                            ? arena_print(writer->arena, "| `%s_score.c` | the gradient of log q in x |\n", name)
                            : "";
    text_print(&text,
               "\n## The files\n\n| file | what |\n|---|---|\n| `%s.h` | the interface |\n| `%s_energy.c` | energy, "
               "force, observables |\n"
               "| `%s_model.c` | noise to samples and back |\n%s"
               "| `%s_train.c` | a training step: loss and gradient |\n"
               "| `%s_parts.h` | contraction kernels and tables that these share |\n| `%s_double.c`, `%s_one.c` | "
               "the same text in double, "
               "and for one sample at a time |\n| `%s_main.c` | what the program must know of the model |\n| "
               "`dispatch/` | the same for wider vectors than the compiler's flags allow, picked at start |\n| "
               "`runtime/core` | vectors, elementary "
               "functions, random numbers |\n| `runtime/host` | files, training loop, estimators, command line |\n| "
               "`MANIFEST.json` | sizes, and the "
               "SHA-256 of every file |\n\nMIT-0 (`LICENSE`): you owe nothing for this code.\n",
               name, name, name, score, name, name, name, name, name);
    package_add_text(writer, "README.md", &text);
}

/* ---- MANIFEST.json -------------------------------------------------------------------------------------------------------- */

static json_t *symbols(PackageWriter *writer)
{
    json_t *list = json_array();
    static const char *const infixes[] = {"", "one_", "double_"};
    for (int v = 0; v < 3; v++)
        for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++)
            if (package_has(writer, kind) && (v != 1 || package_has_one(package_file_of(kind))))
                json_array_append_new(list, json_string(arena_print(writer->arena, "%s_%s%s", writer->name, infixes[v],
                                                                    package_entry_name(kind))));
    return list;
}

static json_t *sizes(const PackageWriter *writer)
{
    const Program *program = writer->program;
    const Workspace *room = &writer->workspace;
    json_t *object =
        json_pack("{s:I, s:I, s:i, s:i, s:I, s:I, s:I, s:I}", "dimension", (json_int_t)program->dimension, "weights",
                  (json_int_t)program->weight_count, "scalars", program->scalar_count, "observables",
                  program->observable_count, "workspace_bytes_fixed", (json_int_t)(4 * room->fixed),
                  "workspace_bytes_per_thread", (json_int_t)(4 * room->thread), "workspace_bytes_one_sample",
                  (json_int_t)(4 * room->single), "batch", (json_int_t)program->module->batch);
    return object;
}

static json_t *flops(const PackageWriter *writer)
{
    json_t *object = json_object();
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++)
        if (package_has(writer, kind))
            json_object_set_new(object, package_entry_name(kind),
                                json_integer((json_int_t)package_flops(writer, kind)));
    return object;
}

static json_t *overrides(const PackageWriter *writer)
{
    json_t *list = json_array();
    for (int i = 0; i < writer->options->override_count; i++)
        json_array_append_new(list, json_string(writer->options->overrides[i]));
    return list;
}

static json_t *hashes(PackageWriter *writer)
{
    json_t *object = json_object();
    for (int i = 0; i < writer->package->file_count; i++) {
        char hash[SHA256_TEXT_SIZE];
        sha256_text(writer->package->files[i].bytes, writer->package->files[i].length, hash);
        json_object_set_new(object, writer->package->files[i].path, json_string(hash));
    }
    return object;
}

void package_add_manifest(PackageWriter *writer, const char *sha256)
{
    json_t *root = json_pack("{s:i, s:{s:s, s:s}, s:s, s:{s:s, s:s}, s:o, s:o, s:o, s:o, s:s, s:o}", "manifest", 1,
                             "compiler", "name", "ansatz", "version", ANSATZ_VERSION, "name", writer->name, "spec",
                             "file", writer->spec_name, "sha256", package_spec_sha256(writer), "overrides",
                             overrides(writer), "sizes", sizes(writer), "flops_per_sample", flops(writer),
                             "external_symbols", symbols(writer), "package_sha256", sha256, "files", hashes(writer));
    if (root && package_has_blas(writer)) /* the same bits everywhere are given up */
        json_object_set_new(root, "blas", json_string("openblas"));
    char *bytes = root ? json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
    if (bytes) {
        Text text = text_start(writer->arena);
        text_print(&text, "%s\n", bytes);
        package_add_text(writer, "MANIFEST.json", &text);
    }
    free(bytes);
    json_decref(root);
}
