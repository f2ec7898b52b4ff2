/* SPDX-License-Identifier: MIT */
/* A standalone package: all files that `ansatz emit` writes, made in memory first and written only when all is well. */
#ifndef COMPILER_EMIT_PACKAGE_H
#define COMPILER_EMIT_PACKAGE_H

#include "compiler/lower/program.h"

typedef struct PackageFile {
    const char *path; /* "dw4_model.c", "runtime/core/lanes.h": below the package's folder, sorted */
    const char *bytes;
    size_t length;
} PackageFile;

/* What `ansatz run` builds of a package: a program with the functions that some verbs need, or the whole one. */
typedef enum RunProgram {
    RUN_TRAIN, /* for train */
    RUN_USE,   /* for what is done with trained weights, in float */
    RUN_WHOLE
} RunProgram;

#define RUN_UNIT    "unit.c"    /* what a command below compiles besides the package's files */
#define RUN_RUNTIME "runtime.a" /* and links: the runtime's host with the prefix ansatz_ */

typedef struct Package {
    const char *name; /* the model's */
    int file_count;
    PackageFile *files;
    const char *build_line; /* the one command that builds its program without Ninja, run in its folder */
    const char *run_unit;   /* the text of RUN_UNIT */
    const char *run_lines[RUN_WHOLE];
} Package;

typedef struct PackageOptions {
    bool without_runtime; /* leave out the copied runtime: what generated/ holds */
    int override_count;   /* recorded in the manifest: "train.steps=100" */
    const char *const *overrides;
} PackageOptions;

/* The package of a program whose module has been through all passes. NULL after errors in `diagnostics` (limits: 16 MiB
 * of emitted source, ...). The same program and options give the same bytes everywhere. */
const Package *package_emit(Arena *arena, const Program *program, const PackageOptions *options,
                            Diagnostics *diagnostics);

/* Writes the files to a temporary folder first and then to `directory`. A folder that is there already is used only when it is
 * empty, holds a package of the same name (by its MANIFEST.json), none of whose files has changed since, or `force` is
 * set; what else it holds stays as it is. False after errors (E08xx); `errno_out` is 0 or tells the system's reason for the exit code. */
bool package_write(Arena *arena, const Package *package, const char *directory, bool force, Diagnostics *diagnostics,
                   int *errno_out);

/* The reals of the block of weights that one sample at a time reads. */
int64_t package_one_weights(const Program *program);

/* What the package will need and do: flops and memory of each entry, each buffer with its spec line, bytes and live range, and
 * the least that any plan needs. False after errors. */
bool package_print_plan(Arena *arena, const Program *program, Text *out, Diagnostics *diagnostics);

#endif
