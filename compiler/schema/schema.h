/* SPDX-License-Identifier: MIT */
/* The spec language as a table: a row for every key. The rows decide what a value may be, what it is when nothing is
 * written, and what the documentation says of it; `value.h` reads specs by them, and `ansatz schema`, `explain` and
 * `expand` print them. Adding a key, a layer kind or a loss to the language is adding a row (and, for a map of options,
 * a row for the map). */
#ifndef COMPILER_SCHEMA_SCHEMA_H
#define COMPILER_SCHEMA_SCHEMA_H

#include "compiler/base/text.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum SchemaKind {
    SCHEMA_MAP,     /* of named keys: `of` says which map */
    SCHEMA_INTEGER, /* 64 bits; 1e6, 10_000 and 5. are integers */
    SCHEMA_NUMBER,  /* finite; with SCHEMA_SCHEDULED also a schedule over the training step */
    SCHEMA_BOOLEAN, /* true or false */
    SCHEMA_BIT,     /* an entry of a mask: 0, 1, false or true */
    SCHEMA_WORD,    /* one of `words` */
    SCHEMA_NAME,    /* an identifier: a letter, then letters, digits and _ */
    SCHEMA_TEXT,    /* any text */
    SCHEMA_FORMULA, /* text that compiler/expr reads */
    SCHEMA_FILE,    /* a path, relative to the spec */
    SCHEMA_TABLE,   /* a number, a list of numbers, a table of equally long rows, or {file: F.csv} */
    SCHEMA_FREE     /* anything; not looked into */
} SchemaKind;

enum {
    SCHEMA_REQUIRED = 1,    /* must be written (where `with` holds) */
    SCHEMA_ALTERNATIVE = 2, /* of these keys a map has exactly one; a word alone stands for {word: {}} */
    SCHEMA_SCHEDULED = 4,   /* a number that may change over the training */
    SCHEMA_LATER = 8        /* known but not implemented yet: only its default may be written */
};

/* What a number measures. Under reduced units every number is bare. */
typedef enum SchemaDimension {
    DIMENSION_NONE,
    DIMENSION_LENGTH,
    DIMENSION_ENERGY,
    DIMENSION_TEMPERATURE
} SchemaDimension;

/* Which numbers may stand: all, where both sides are open-ended. */
typedef struct SchemaRange {
    bool has_low, has_high;
    bool low_excluded, high_excluded;
    double low, high;
} SchemaRange;

typedef struct SchemaKey {
    const char *map;  /* the map that it is a key of */
    const char *name; /* as written; ending in a *: every name that begins so (only names no other row takes) */
    SchemaKind kind;
    int lists;    /* 0: one value; 1: a list of them; 2: a list of lists */
    size_t least; /* how many entries the (outer) list has; most 0: any number of them */
    size_t most;
    const char *of;    /* MAP: the map's name */
    const char *words; /* WORD: the words, separated by spaces, a ! before those that are not implemented yet; other
                          kinds: words taken besides */
    const char *value; /* the default, written as in a spec; NULL: none, the key may be left out all the same */
    const char *with;  /* has a meaning only beside this: "repeat" (that key), "transform=affine" (that word),
                          "transform=spline or circular_spline", "!temperature" (not that key) */
    SchemaRange range;
    SchemaDimension dimension;
    unsigned flags;
    const char *doc; /* one line */
} SchemaKey;

typedef struct SchemaMap {
    const char *name;
    const char *noun;      /* what one of it is called in messages: "layer" */
    const char *shorthand; /* a value that is no map stands for {shorthand: value}; NULL: none */
    const char *include;   /* a map whose keys this one has too; NULL: none */
    bool is_choice;        /* exactly one key with SCHEMA_ALTERNATIVE must be written */
} SchemaMap;

/* ---- the table (keys.c) ---- */

enum { SCHEMA_PATH_MAX = 256 };

extern const SchemaKey SCHEMA_KEYS[];
extern const size_t SCHEMA_KEY_COUNT;
extern const SchemaMap SCHEMA_MAPS[];
extern const size_t SCHEMA_MAP_COUNT;

/* The map of a name; the whole spec is "spec". NULL: none. */
const SchemaMap *schema_map(const char *name);

/* The keys of a map in the order of the table, included ones last: start with *cursor 0; NULL after the last. */
const SchemaKey *schema_next(const SchemaMap *map, size_t *cursor);

/* The row for a key of a map, a wildcard's where no other fits; NULL: no such key. */
const SchemaKey *schema_find(const SchemaMap *map, const char *name);

bool schema_is_wildcard(const SchemaKey *key);

/* Steps through a key's words: the next one is copied to `word` (room: 64 bytes) without its !; false after the last.
 */
bool schema_next_word(const char **words, char *word, bool *later);

/* Whether a number stands in a range. */
bool schema_in_range(const SchemaRange *range, double number);

/* A number as people write it: 10000 rather than 1e+04. */
void schema_put_number(Text *out, double number);

/* "above 0", "from 0 to below 1", "" where everything is allowed. */
const char *schema_range_text(Arena *arena, const SchemaRange *range);

/* What may be written for a key, in words: "an integer, at least 1", "one of tanh, relu"; `with_later`: also what is
 * not implemented yet. */
const char *schema_kind_text(Arena *arena, const SchemaKey *key, bool with_later);

/* ---- names that the language keeps for itself (names.c) ---- */

/* NULL, or why a name is no identifier: a letter, then letters, digits and _, at most 63 characters. */
const char *schema_identifier_problem(const char *name);

/* NULL, or why a name can't be the spec's: no identifier, a keyword of C, a header's name. */
const char *schema_name_problem(const char *name);

/* NULL, or why a name can't stand for something in formulas: no identifier, or a function. */
const char *schema_formula_name_problem(const char *name);

/* ---- suggestions (suggest.c) ---- */

/* A line of help for an unknown key of a map: what was meant, what there is, where else the key exists. *meant is the
 * map's key that was probably meant, or NULL. */
const char *schema_suggest_key(Arena *arena, const SchemaMap *map, const char *written, const char **meant);

/* A line of help for an unknown word: of a row's words, or of the alternatives of the map that a row has. */
const char *schema_suggest_word(Arena *arena, const SchemaKey *key, const char *written);

/* A line of help for a word or alternative that is not implemented yet: those that are. NULL: there is none. */
const char *schema_suggest_built(Arena *arena, const SchemaKey *key);

/* ---- paths (paths.c) ---- */

/* Every key that a spec can hold, by its path from the top ("train.optimizer.adam.rate"), in the order of the table. A
 * map that holds itself is entered once. */
typedef void SchemaVisit(void *context, const char *path, const SchemaKey *key);
void schema_walk(SchemaVisit *visit, void *context);

/* ---- what is printed ---- */

/* The language as a JSON Schema (draft-07), for editors. */
void schema_print_json(Text *out);

/* The language and the codes as a document in Markdown, docs/reference.md. */
void schema_print_markdown(Text *out);

/* What is known of a key (by its path or the end of one) or of a diagnostic's code. False when there is none: then the
 * text names the nearest. */
bool schema_explain(const char *key_or_code, Text *out);

/* ---- codes of diagnostics (codes.c) ---- */

typedef struct SchemaCode {
    const char *code;
    const char *title;
    const char *explanation;
    const char *example; /* what earns it; NULL: none */
    const char *mend;    /* how to mend it */
} SchemaCode;

extern const SchemaCode SCHEMA_CODES[];
extern const size_t SCHEMA_CODE_COUNT;

#endif
