/* SPDX-License-Identifier: MIT */
/* How the files that read values by the table work together. Inside the schema stage only. */
#ifndef COMPILER_SCHEMA_READING_H
#define COMPILER_SCHEMA_READING_H

#include "compiler/schema/value.h"

typedef struct Reading {
    Arena *arena;
    Diagnostics *diagnostics;
    const Span *default_of; /* while a default is read: the place of the map that it belongs to; else NULL */
} Reading;

/* A value of this kind for what stands at `node`. */
Value *reading_value(const Reading *reading, ValueKind kind, const SchemaKey *key, const YamlNode *node);

/* A value of a row with `lists` of its lists still around it. `path` is for messages; `place` is where the value hangs:
 * its key, or a list's entry. */
const Value *reading_any(const Reading *reading, const SchemaKey *key, int lists, const YamlNode *node,
                         const char *path, Span place);

/* A map, or what stands for one. */
const Value *reading_map(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path,
                         Span place);

/* The fields of a mapping; `node` NULL: of an empty one. */
Value *reading_fields(const Reading *reading, const SchemaMap *map, const SchemaKey *key, const YamlNode *node,
                      const char *path, Span place);

/* One value that is neither a map nor a list. */
const Value *reading_scalar(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path);

/* The value of a row's word; NULL: the text is none of them. */
const Value *reading_word(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path);

/* An error for text that is none of a row's words or alternatives. */
const Value *reading_refuse_word(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path);

/* A number over the training step. */
const Value *reading_schedule(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path,
                              Span place);

/* A number, a list of numbers or a table of them. */
const Value *reading_table(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path,
                           Span place);

/* A default, as it stands in the table. */
const Value *reading_default(const Reading *reading, const SchemaKey *key, const char *path, Span place);

/* Errors for the kinds: E0102 "train.steps must be ..., this is a list". */
const Value *reading_wrong_kind(const Reading *reading, const SchemaKey *key, int lists, const YamlNode *node,
                                const char *path);

#endif
