/* SPDX-License-Identifier: MIT */
/* A spec read by the schema's table: every value has its type, every key that was left out its default, shorthands are
 * written out. The typed model description is built from this, and `ansatz expand` prints it. */
#ifndef COMPILER_SCHEMA_VALUE_H
#define COMPILER_SCHEMA_VALUE_H

#include "compiler/schema/schema.h"
#include "compiler/yaml/tree.h"

#include <stdint.h>

typedef enum ValueKind {
    VALUE_BAD, /* it was reported; nothing is known */
    VALUE_MAP,
    VALUE_LIST,
    VALUE_INTEGER,
    VALUE_NUMBER,
    VALUE_BOOLEAN, /* also a mask's bits */
    VALUE_WORD,    /* one of the row's words */
    VALUE_TEXT,    /* names, formulas, files */
    VALUE_FREE
} ValueKind;

typedef struct Value Value;

typedef struct ValueField {
    const SchemaKey *key;
    const char *name; /* as written: a wildcard's row has many */
    Span name_span;
    const Value *value;
} ValueField;

struct Value {
    ValueKind kind;
    const SchemaKey *key; /* entries of a list have their list's */
    bool is_default;      /* nothing was written */
    Span span;            /* of a default: the map that it belongs to */
    const YamlNode *node; /* what was written; a default's is made up */
    double number;        /* NUMBER; INTEGER too */
    int64_t integer;      /* INTEGER */
    bool boolean;         /* BOOLEAN */
    const char *text;     /* WORD, TEXT */
    /* LIST, MAP */
    size_t count;
    const Value *const *items; /* LIST */
    const SchemaMap *map;      /* MAP */
    const ValueField *fields;  /* MAP: in the order of the table, defaults among them; unknown keys are not */
    const ValueField *choice;  /* MAP with alternatives: the one that was written; NULL: none or several (reported) */
};

/* Reads the whole spec. Always a value; errors E01xx and E02xx are added. */
const Value *value_read_spec(Arena *arena, const YamlNode *root, Diagnostics *diagnostics);

/* Reads one value as a key of a map ("train", "steps"), for tests. */
const Value *value_read(Arena *arena, const SchemaKey *key, const YamlNode *node, const char *path,
                        Diagnostics *diagnostics);

/* The value of a map's key: NULL where it was left out and has no default, where it is bad, or where `map` is NULL. */
const Value *value_get(const Value *map, const char *name);

/* The same by a path of names: "train.optimizer". */
const Value *value_at(const Value *map, const char *path);

/* Whether a value is this word. False for NULL. */
bool value_is(const Value *value, const char *word);

/* Whether a map's chosen alternative is this one. False for NULL. */
bool value_chose(const Value *map, const char *name);

/* The value of the chosen alternative; NULL: none, or bad. */
const Value *value_chosen(const Value *map);

/* What a node that stands for a map is when written out: a word for one alternative, {word: }; any value for the map's
 * shorthand, {shorthand: value}. A mapping is itself; NULL: it stands for none. */
const YamlNode *value_write_out(Arena *arena, const SchemaMap *map, const YamlNode *node);

/* ---- scalars (number.c) ---- */

typedef enum NumberResult {
    NUMBER_OK,
    NUMBER_NONE,      /* no number */
    NUMBER_NOT_WHOLE, /* a number, but no integer */
    NUMBER_TOO_LARGE,
    NUMBER_HAS_UNIT,  /* a number and a unit that is known */
    NUMBER_NOT_FINITE /* .inf, nan, ... */
} NumberResult;

/* Decimal numbers with digits grouped by _ as people like: "1e-3", ".5", "5.", "10_000". The whole text must be one. */
NumberResult number_read(Arena *arena, const char *text, size_t length, double *number);

/* The same for integers: "1e6" and "5." are, "1.5" is not. */
NumberResult number_read_integer(Arena *arena, const char *text, size_t length, int64_t *integer);

#endif
