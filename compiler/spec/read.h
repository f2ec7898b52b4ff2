/* SPDX-License-Identifier: MIT */
/* From a file to one tree of nodes: the file, what it extends, the overrides. Inside the spec stage only. */
#ifndef COMPILER_SPEC_READ_H
#define COMPILER_SPEC_READ_H

#include "compiler/schema/value.h"
#include "compiler/spec/spec.h"

enum { SPEC_EXTENDS_MAX = 16 };

/* ---- files that a spec names (access.c) ---- */

typedef struct FileAccess {
    Arena *arena;
    Diagnostics *diagnostics;
    const SpecOptions *options;
    const char *spec_path; /* as the user gave it */
    const char *real_path;
    const char *folder; /* the real path of the spec's folder */
} FileAccess;

/* False after E0014. */
bool access_start(FileAccess *access, Arena *arena, const char *path, const SpecOptions *options,
                  Diagnostics *diagnostics);

/* Where a file that `value` names lies, as the user would find it: relative to the file in which it is named. */
const char *access_shown_path(const FileAccess *access, const YamlNode *value);

/* Its real path, if it may be read and has at most so many bytes; NULL after an error at the value. */
const char *access_real_path(const FileAccess *access, const YamlNode *value, size_t most);

/* Whether a file that need not be there yet lies where it may be read; else an error (E0015) at the value. */
bool access_may_name(const FileAccess *access, const YamlNode *value);

/* An error at the value: "cannot read 'base.yaml': why". NULL. */
const char *access_refuse(const FileAccess *access, const YamlNode *value, const char *code, const char *why);

/* The text behind a path that access_real_path gave. */
const Source *access_read(const FileAccess *access, const YamlNode *value, const char *real, size_t most);

/* ---- trees ---- */

/* The tree of a spec with all that it extends and all overrides; NULL after an error that leaves none. `access` is
 * started. *source is the spec's own file. */
const YamlNode *read_tree(FileAccess *access, Arena *arena, const char *path, const SpecOptions *options,
                          const Source **source, Diagnostics *diagnostics);

/* The values of a tree, checked and with defaults, and the model built from them. NULL where the list has more than
 * `errors` errors, those of this spec's reading. `access` NULL: no file may be named. */
const ModelSpec *read_model(const FileAccess *access, Arena *arena, const YamlNode *root, const Source *source,
                            size_t errors, const Value **values, Diagnostics *diagnostics);

/* Follows `extends` from the file's tree up (extends.c). */
const YamlNode *read_extended(const FileAccess *access, const YamlNode *root);

#define OVERRIDE_SOURCE_NAME "--set"

/* One override, "train.steps=100", over a tree (overrides.c). The tree itself after an error. */
const YamlNode *read_override(Arena *arena, const YamlNode *root, const char *override, Diagnostics *diagnostics);

/* ---- trees over trees (merge.c): maps are merged, lists and scalars replaced ---- */

/* `over` on top of `base` (NULL: nothing is there). `map` is what the schema knows of the place, or NULL. Of
 * alternatives, the one that `over` names stays. */
const YamlNode *merge_trees(Arena *arena, const SchemaMap *map, const YamlNode *base, const YamlNode *over);

/* A mapping (NULL: an empty one) with this entry set. */
const YamlNode *merge_entry(Arena *arena, const SchemaMap *map, const YamlNode *base, const YamlNode *key,
                            const YamlNode *value);

/* A sequence with one item set. */
const YamlNode *merge_item(Arena *arena, const YamlNode *base, size_t index, const YamlNode *value);

/* A mapping without one key. */
const YamlNode *merge_without(Arena *arena, const YamlNode *base, const char *name);

/* What the schema knows of the value of a map's key, as far as merging wants it. NULL: nothing. */
const SchemaMap *merge_child_map(const SchemaMap *map, const char *name);

#endif
