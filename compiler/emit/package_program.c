/* SPDX-License-Identifier: MIT */
/* Programs that have not all of a package: what `ansatz run` compiles where a verb does with less. All files of code are one
 * translation unit, and what is left out is left out by -DNAME_WITHOUT_...; the runtime is linked as it came with the compiler. */
#include "compiler/emit/package_parts.h"

/* The functions that a program may be without. */
static const char *guard_of(EntryKind kind)
{
    switch (kind) {
    case ENTRY_SCORE:
        return "SCORE";
    case ENTRY_INITIALISE:
    case ENTRY_STEP:
        return "STEP";
    default:
        return NULL;
    }
}

void package_open_guard(const PackageWriter *writer, EntryKind kind, Text *out)
{
    if (guard_of(kind) != NULL)
        text_print(out, "#ifndef %s_WITHOUT_%s\n", writer->upper, guard_of(kind));
}

void package_close_guard(EntryKind kind, Text *out)
{
    if (guard_of(kind) != NULL)
        text_put(out, "#endif\n");
}

static const char *unit_text(const PackageWriter *writer)
{
    Text text = text_start(writer->arena);
    package_head(writer, &text, "All files of code as one unit, for a program of `ansatz run`.");
    text_put(&text, "#define MODEL_SHARED static\n");
    for (CodeFile file = 0; file < CODE_FILE_COUNT; file++)
        if (package_has_file(writer, file))
            text_print(&text, "#include \"%s_%s.c\"\n", writer->name, package_file_name(file));
    return text.bytes;
}

/* The runtime's names are those that the archive has, not the package's own. With -O2 a training step takes at most a
 * hundredth longer than with -O3, and the compiler two thirds of the time. */
static const char *run_line(const PackageWriter *writer, const char *without, const char *more)
{
    Text text = text_start(writer->arena);
    text_print(&text,
               "cc -std=c11 -O2 -march=native -fopenmp -I. -DRUNTIME_PREFIX_H '-DRUNTIME_NAME(name)=ansatz_##name' "
               "-D%s_WITHOUT_DOUBLE",
               writer->upper);
    if (without != NULL)
        text_print(&text, " -D%s_WITHOUT_%s", writer->upper, without);
    text_print(&text, " -o %s %s %s_main.c%s %s %s", writer->name, RUN_UNIT, writer->name, more, RUN_RUNTIME,
               package_libraries(writer));
    return text.bytes;
}

void package_add_run(PackageWriter *writer)
{
    Package *package = writer->package;
    const bool needs_score = writer->program->spec->fab.steps > 0; /* walkers between the model and its target */
    package->run_unit = unit_text(writer);
    package->run_lines[RUN_TRAIN] = run_line(writer, needs_score ? NULL : "SCORE", "");
    /* info tells what vectors the compiler's flags give */
    package->run_lines[RUN_USE] = run_line(writer, "STEP", " runtime/host/info.c");
}
