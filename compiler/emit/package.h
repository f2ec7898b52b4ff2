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

typedef struct Package {
    int file_count;
    PackageFile *files;
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

/* Writes the files to a temporary folder beside `directory` and renames it. A folder that is there already is replaced
 * only when it is empty, holds a package (a MANIFEST.json of ours) or `force` is set. False after errors (E07xx is the
 * IR's; E08xx are the package's); `errno_out` tells a system failure for the exit code (73, 74), 0 otherwise. */
bool package_write(Arena *arena, const Package *package, const char *directory, bool force, Diagnostics *diagnostics,
                   int *errno_out);

#endif
