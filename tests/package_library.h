/* SPDX-License-Identifier: MIT */
/* Packages of many programs, compiled together into one library and loaded: what tests of whole packages run. */
#ifndef TESTS_PACKAGE_LIBRARY_H
#define TESTS_PACKAGE_LIBRARY_H

#include "compiler/lower/program.h"
#include "tests/package_call.h"

/* The three ways in which a package holds its functions: blocks of samples in float and in double, and one sample at a
 * time in float. */
typedef enum PackageVariant { VARIANT_FLOAT, VARIANT_DOUBLE, VARIANT_ONE, VARIANT_COUNT } PackageVariant;

typedef struct PackageBuild {
    const char *name;             /* unlike that of any other build in the folder */
    const char *compiler, *flags; /* "clang", "-O0 -march=native" */
} PackageBuild;

/* A package's functions of one variant, as a library has them. */
typedef struct PackageFunctions {
    void (*call)(PackageCall *call);
    size_t (*workspace_bytes)(int threads);
    void (*prepare)(const float *weights, float *prepared); /* one sample at a time alone; NULL: it has none */
} PackageFunctions;

/* Emits the package of a program (its name is the spec's; all passes have run) into `folder`, with a file for each
 * variant that includes its code. Fails the test with what cannot be emitted. */
void package_library_add(const char *folder, const Program *program, const char *label);
/* Compiles that variant of the packages of these names, without a warning, and loads it for good. */
void *package_library_load(Arena *arena, const char *folder, const char *const *names, int count,
                           const PackageBuild *build, PackageVariant variant);
/* Whether packages offer that entry in that variant. */
bool package_library_has(const Program *program, EntryKind kind, PackageVariant variant);
PackageFunctions package_library_find(void *library, const char *name, PackageVariant variant);

#endif
