/* SPDX-License-Identifier: MIT */
/* The files in dispatch/: the package's functions compiled once more for AVX2 and for AVX-512, and the functions that call
 * the widest of them that the machine has. All are empty unless compiled with -DNAME_DISPATCH. */
#include "compiler/emit/package_parts.h"

#include <ctype.h>

/* One copy of the functions: blocks of floats, one sample at a time, doubles. */
typedef struct Copy {
    const char *suffix, *define;
} Copy;
static const Copy COPIES[] = {
    {"", ""}, {"_one", "#define ANSATZ_BLOCK 1\n"}, {"_double", "#define ANSATZ_PRECISION 64\n"}};
enum { BLOCKS, ONE, DOUBLE, COPY_COUNT };

/* `instructions`: 256, 512, or 0 for none. */
static void start_file(PackageWriter *writer, const char *what, int instructions, Text *out)
{
    package_head(writer, out,
                 arena_print(writer->arena, "%s, in a build with -D%s_DISPATCH: see runtime/core/instructions.h.", what,
                             writer->upper));
    if (instructions > 0)
        text_print(out, "#define ANSATZ_INSTRUCTIONS %d\n", instructions);
    text_print(out, "#include \"../%s.h\"\n#include \"../runtime/core/instructions.h\"\n\n#ifdef ANSATZ_DISPATCH\n",
               writer->name);
}

static void add_copy(PackageWriter *writer, const char *name, const char *title, int instructions, int copy)
{
    Text text = text_start(writer->arena);
    start_file(writer, arena_print(writer->arena, "The functions for %s", title), instructions, &text);
    text_print(&text, "%s#include \"../runtime/core/instructions_begin.h\"\n", COPIES[copy].define);
    for (CodeFile file = 0; file < CODE_FILE_COUNT; file++)
        if (package_has_file(writer, file) && (copy != ONE || package_has_one(file)))
            text_print(&text, "#include \"../%s_%s.c\"\n", writer->name, package_file_name(file));
    text_put(&text, "#include \"../runtime/core/instructions_end.h\"\n#endif\n");
    package_add_text(writer, arena_print(writer->arena, "dispatch/%s%s.c", name, COPIES[copy].suffix), &text);
}

/* "const float *x, int threads" to "x, threads": of each parameter the name, which comes last. */
static void put_arguments(const char *parameters, Text *out)
{
    const char *word = parameters;
    for (const char *c = parameters;; c++) {
        if (*c == ',' || *c == '\0') {
            text_add(out, word, (size_t)(c - word));
            if (*c == '\0')
                return;
            text_put(out, ", ");
        } else if (!isalnum((unsigned char)*c) && *c != '_') {
            word = c + 1;
        }
    }
}

static void put_dispatched(PackageWriter *writer, const char *infix, const char *entry, bool returns,
                           const char *parameters, Text *out)
{
    text_print(out, "DISPATCHED(%s, %s_%s%s,\n           (%s),\n           (", returns ? "double, return" : "void, ",
               writer->name, infix, entry, parameters);
    put_arguments(parameters, out);
    text_put(out, "))\n");
}

static void add_dispatch(PackageWriter *writer)
{
    static const char *const infixes[COPY_COUNT] = {"", "one_", "double_"};
    Text text = text_start(writer->arena);
    start_file(writer, "Each function of the package as a call of its widest copy", 0, &text);
    for (int copy = 0; copy < COPY_COUNT; copy++) {
        for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++)
            if (package_has(writer, kind) && (copy != ONE || package_has_one(package_file_of(kind))))
                put_dispatched(writer, infixes[copy], package_entry_name(kind), kind == ENTRY_STEP,
                               package_parameters(writer, kind, copy == DOUBLE ? "double" : "float"), &text);
        if (copy == ONE && package_has_file(writer, CODE_MODEL))
            put_dispatched(writer, infixes[copy], "prepare", false, "const float *weights, float *prepared", &text);
    }
    text_put(&text, "#endif\n");
    package_add_text(writer, "dispatch/dispatch.c", &text);
}

void package_add_dispatch(PackageWriter *writer)
{
    for (int copy = 0; copy < COPY_COUNT; copy++) {
        add_copy(writer, "avx2", "AVX2 with FMA", 256, copy);
        add_copy(writer, "avx512", "AVX-512", 512, copy);
    }
    add_dispatch(writer);
}
