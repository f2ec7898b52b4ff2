/* SPDX-License-Identifier: MIT */
/* From a file to one tree of nodes: the file, what it extends, the overrides. Inside the spec stage only. */
#ifndef COMPILER_SPEC_READ_H
#define COMPILER_SPEC_READ_H

#include "compiler/spec/spec.h"
#include "compiler/yaml/tree.h"

/* The tree of a spec with all that it extends and all overrides; NULL after an error that leaves none. */
const YamlNode *read_tree(Arena *arena, const char *path, const SpecOptions *options, Diagnostics *diagnostics);

/* The bytes of the spec itself. NULL after E0014. */
const Source *read_file(Arena *arena, const char *path, Diagnostics *diagnostics);

#endif
