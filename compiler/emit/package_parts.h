/* SPDX-License-Identifier: MIT */
/* What the files that make a package share. Everyone else sees package.h. */
#ifndef COMPILER_EMIT_PACKAGE_PARTS_H
#define COMPILER_EMIT_PACKAGE_PARTS_H

#include "compiler/emit/entries.h"
#include "compiler/emit/package.h"
#include "compiler/version.h"

/* The C files, in the order in which a function that several need is written: into the first. */
typedef enum CodeFile { CODE_ENERGY, CODE_MODEL, CODE_SCORE, CODE_TRAIN, CODE_FILE_COUNT } CodeFile;

/* Bytes of workspace with blocks of samples: fixed + thread for each thread; with one sample at a time: single. */
typedef struct Workspace {
    int64_t fixed, thread, single; /* in reals */
} Workspace;

typedef struct PackageWriter {
    Arena *arena;
    const Program *program;
    const PackageOptions *options;
    const char *name, *upper; /* "double_well", "DOUBLE_WELL" */
    const char *spec_name;    /* the spec's file, without folders */
    Planner *planner;
    const Packing *packing;
    SharedParts *parts;
    Entry entries[ENTRY_COUNT]; /* those with a function, but the loss */
    CodeFile *file_of;          /* by function: the file that has its text; CODE_FILE_COUNT: none */
    bool *is_shared;            /* by function: another file calls it */
    const int64_t *prepared;    /* by tensor: where it begins in the weights as one sample at a time reads them */
    Workspace workspace;
    Package *package;
    int file_room;
} PackageWriter;

/* package_code.c: plans all entries; writes NAME_parts.h and the files of code. NULL, or what cannot be emitted. */
const char *package_plan(PackageWriter *writer);
void package_add_code(PackageWriter *writer);
bool package_has(const PackageWriter *writer, EntryKind kind);
CodeFile package_file_of(EntryKind kind);
/* Whether there is a version for one sample at a time. */
bool package_has_one(CodeFile file);
const char *package_entry_name(EntryKind kind); /* "sample" */

/* package_prepare.c: where each tensor begins in the block of weights that one sample at a time reads; the function that
 * fills it. */
const int64_t *package_prepared_offsets(Arena *arena, const Program *program);
void package_put_prepare(PackageWriter *writer, Text *out);

const char *package_file_name(CodeFile file); /* "model" */
bool package_has_file(const PackageWriter *writer, CodeFile file);

/* package_program.c: around the text of a function that a program may be without; what `ansatz run` builds of a package. */
void package_open_guard(const PackageWriter *writer, EntryKind kind, Text *out);
void package_close_guard(EntryKind kind, Text *out);
void package_add_run(PackageWriter *writer);

/* package_dispatch.c: the files in dispatch/, which hold the functions for wider vectors. */
void package_add_dispatch(PackageWriter *writer);

/* package_api.c: NAME.h and the example. */
void package_add_api(PackageWriter *writer);
/* package_main.c: NAME_main.c; `sha256` is the hash of all that was added before. */
void package_add_main(PackageWriter *writer, const char *sha256);
/* package_files.c: build.ninja, README.md and MANIFEST.json. */
/* What a program or library of the package is linked with. */
const char *package_libraries(const PackageWriter *writer);
/* The one command that builds the program without Ninja. */
const char *package_build_line(const PackageWriter *writer);
void package_add_build(PackageWriter *writer);
void package_add_readme(PackageWriter *writer);
void package_add_manifest(PackageWriter *writer, const char *sha256);

const char *package_spec_sha256(const PackageWriter *writer);
void package_add(PackageWriter *writer, const char *path, const char *bytes, size_t length);
void package_add_text(PackageWriter *writer, const char *path, const Text *text);
/* The first lines of an emitted file of C: licence, and what it is. */
void package_head(const PackageWriter *writer, Text *out, const char *what);
/* "const float *weights" for real "float". */
const char *package_parameters(const PackageWriter *writer, EntryKind kind, const char *real);
/* The same of a model with conditions, or as if it had none. */
const char *package_call_parameters(const PackageWriter *writer, EntryKind kind, bool conditions, const char *real);

/* package_conditions.c: of a model with conditions, what NAME_main.c has of them, and functions that take one condition for
 * all samples of a call, behind the scalars. */
void package_put_conditions(PackageWriter *writer, Text *out);
/* " --condition T=1.5", to be shown behind a command: the middle of each range, the first of each list of choices. */
const char *package_condition_options(const PackageWriter *writer);
/* "BYTES + ", what they need in front of a workspace; "" without conditions. */
const char *package_given_bytes(const PackageWriter *writer, bool is_double);
/* Whether the program's function is one of these. */
bool package_is_given(const PackageWriter *writer, EntryKind kind);
/* C text in quotes. */
void package_put_string(Text *out, const char *string);
/* Whether its wide layers are OpenBLAS's. */
bool package_has_blas(const PackageWriter *writer);
/* Multiply-adds of an entry, 2 each, for one sample. */
int64_t package_flops(const PackageWriter *writer, EntryKind kind);

/* The runtime's files inside the compiler, by path below `runtime/`. Made from the tree when the compiler is built. */
typedef struct EmbeddedFile {
    const char *path;
    const unsigned char *bytes;
    size_t length;
} EmbeddedFile;
extern const EmbeddedFile EMBEDDED_FILES[];
extern const size_t EMBEDDED_FILE_COUNT;

#endif
