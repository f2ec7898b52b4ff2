/* SPDX-License-Identifier: MIT */
/* `ansatz explain`: what the table knows of a key, and what a code means. */
#include "compiler/schema/schema.h"

#include "compiler/base/diagnostics.h"

#include <string.h>

enum { MATCHES_MAX = 64, FULL_MAX = 4, NAMES_MAX = 1024, LINE_MAX = 100 };

/* Words wrapped at LINE_MAX columns, each line indented. */
static void put_wrapped(Text *out, const char *words, const char *indent)
{
    size_t column = 0;
    while (*words != '\0') {
        size_t length = strcspn(words, " ");
        if (column > 0 && column + 1 + length > LINE_MAX) {
            text_put(out, "\n");
            column = 0;
        }
        text_put(out, column == 0 ? indent : " ");
        column += column == 0 ? strlen(indent) : 1;
        text_add(out, words, length);
        column += length;
        words += length + (words[length] == ' ');
    }
    text_put(out, "\n");
}

/* ---- codes ---- */

static void put_example(Text *out, const char *title, const char *example)
{
    text_print(out, "\n%s:\n", title);
    for (const char *line = example; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        text_put(out, "    ");
        text_add(out, line, length);
        text_put(out, "\n");
        line += length + (line[length] == '\n');
    }
}

static void explain_code(const SchemaCode *code, Text *out)
{
    text_print(out, "%s: %s\n\n", code->code, code->title);
    put_wrapped(out, code->explanation, "");
    if (code->example != NULL)
        put_example(out, "For example", code->example);
    if (code->mend != NULL)
        put_example(out, code->example != NULL ? "Instead" : "What helps", code->mend);
}

/* ---- keys ---- */

typedef struct Match {
    const SchemaKey *key;
    char path[SCHEMA_PATH_MAX];
} Match;

typedef struct Matching {
    const char *wanted;
    bool has_names; /* some of its keys may be names of the user's */
    Match matches[MATCHES_MAX];
    size_t count;
} Matching;

static bool ends_with(const char *path, const char *wanted)
{
    size_t length = strlen(path), tail = strlen(wanted);
    return length >= tail && strcmp(path + length - tail, wanted) == 0 &&
           (length == tail || path[length - tail - 1] == '.');
}

/* Where the last key of path[0..length) begins. */
static size_t last_key(const char *path, size_t length)
{
    while (length > 0 && path[length - 1] != '.')
        length--;
    return length;
}

/* The same where keys of the path that are * stand for names of the user's, but not for the first key that is wanted. */
static bool ends_with_names(const char *path, const char *wanted)
{
    size_t end = strlen(path), wanted_end = strlen(wanted);
    for (;;) {
        size_t begin = last_key(path, end), wanted_begin = last_key(wanted, wanted_end);
        bool is_name = wanted_begin > 0 && end - begin == 1 && path[begin] == '*';
        bool is_equal =
            end - begin == wanted_end - wanted_begin && memcmp(path + begin, wanted + wanted_begin, end - begin) == 0;
        if (!is_equal && !is_name)
            return false;
        if (wanted_begin == 0 || begin == 0)
            return wanted_begin == 0;
        end = begin - 1;
        wanted_end = wanted_begin - 1;
    }
}

static void match(void *context, const char *path, const SchemaKey *key)
{
    Matching *matching = context;
    if (matching->count == MATCHES_MAX || !(matching->has_names ? ends_with_names : ends_with)(path, matching->wanted))
        return;
    for (size_t i = 0; i < matching->count; i++)
        if (matching->matches[i].key == key)
            return; /* the same key of a map that stands in several places */
    matching->matches[matching->count].key = key;
    strcpy(matching->matches[matching->count++].path, path);
}

static void put_keys(Text *out, const SchemaMap *map)
{
    const SchemaKey *key;
    const char *title = "  keys:\n";
    for (size_t cursor = 0; (key = schema_next(map, &cursor)) != NULL; title = "")
        text_print(out, "%s    %-18s %s%s%s\n", title, key->name, key->doc,
                   (key->flags & SCHEMA_REQUIRED) != 0 && key->with == NULL ? " (required)" : "",
                   (key->flags & SCHEMA_LATER) != 0 ? " (not implemented yet)" : "");
}

static void put_with(Text *out, const SchemaKey *key)
{
    const char *equals = strchr(key->with, '=');
    if (equals == NULL)
        text_print(out, "  %s beside: %s\n", *key->with == '!' ? "not" : "only", key->with + (*key->with == '!'));
    else
        text_print(out, "  only with: %.*s: %s\n", (int)(equals - key->with), key->with, equals + 1);
}

static void explain_key(const Match *found, Text *out)
{
    const SchemaKey *key = found->key;
    const SchemaMap *map = key->kind == SCHEMA_MAP ? schema_map(key->of) : NULL;
    text_print(out, "%s%s\n", found->path, (key->flags & SCHEMA_LATER) != 0 ? " (not implemented yet)" : "");
    put_wrapped(out, key->doc, "  ");
    put_wrapped(out, arena_print(out->arena, "value: %s", schema_kind_text(out->arena, key, true)), "  ");
    if (key->value != NULL)
        text_print(out, "  default: %s\n", key->value);
    else if (key->with == NULL || (key->flags & SCHEMA_REQUIRED) != 0)
        text_put(out, (key->flags & SCHEMA_REQUIRED) != 0 ? "  required\n" : "  default: none\n");
    if (key->with != NULL)
        put_with(out, key);
    if (map != NULL && map->shorthand != NULL)
        text_print(out, "  short: %s: V stands for %s: {%s: V}\n", key->name, key->name, map->shorthand);
    if (map != NULL)
        put_keys(out, map);
}

/* ---- neither ---- */

typedef struct Names {
    const char *names[NAMES_MAX];
    size_t count;
} Names;

static void add_name(void *context, const char *path, const SchemaKey *key)
{
    Names *names = context;
    (void)path;
    if (names->count < NAMES_MAX)
        names->names[names->count++] = key->name;
}

static void explain_nothing(const char *wanted, Text *out)
{
    Names names = {.count = 0};
    schema_walk(add_name, &names);
    const char *last = strrchr(wanted, '.');
    const char *nearest = diagnostics_nearest(last != NULL ? last + 1 : wanted, names.names, names.count);
    const char *codes[NAMES_MAX];
    for (size_t i = 0; i < SCHEMA_CODE_COUNT && i < NAMES_MAX; i++)
        codes[i] = SCHEMA_CODES[i].code;
    if (nearest == NULL)
        nearest = diagnostics_nearest(wanted, codes, SCHEMA_CODE_COUNT);
    text_print(out, "no key or code of this name%s%s%s\n", nearest != NULL ? "; did you mean '" : "",
               nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
}

bool schema_explain(const char *key_or_code, Text *out)
{
    Matching *matching = ARENA_NEW(out->arena, Matching);
    matching->wanted = key_or_code;
    for (size_t i = 0; i < SCHEMA_CODE_COUNT; i++) {
        if (strcmp(SCHEMA_CODES[i].code, key_or_code) == 0) {
            explain_code(&SCHEMA_CODES[i], out);
            return true;
        }
    }
    for (int names = 0; names < 2 && matching->count == 0 && *key_or_code != '\0'; names++) {
        matching->has_names = names > 0;
        schema_walk(match, matching);
    }
    for (size_t i = 0; i < matching->count; i++) {
        if (matching->count <= FULL_MAX)
            explain_key(&matching->matches[i], out);
        else
            text_print(out, "%s: %s\n", matching->matches[i].path, matching->matches[i].key->doc);
    }
    if (matching->count == 0)
        explain_nothing(key_or_code, out);
    return matching->count > 0;
}
