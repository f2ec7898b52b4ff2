/* SPDX-License-Identifier: MIT */
/* Looking things up in the table, and what its rows say in words. */
#include "compiler/schema/schema.h"

#include <math.h>
#include <string.h>

const SchemaMap *schema_map(const char *name)
{
    for (size_t i = 0; i < SCHEMA_MAP_COUNT; i++)
        if (strcmp(SCHEMA_MAPS[i].name, name) == 0)
            return &SCHEMA_MAPS[i];
    return NULL;
}

/* The cursor counts through the table once for the map itself and once more for the one it includes. */
const SchemaKey *schema_next(const SchemaMap *map, size_t *cursor)
{
    for (; *cursor < 2 * SCHEMA_KEY_COUNT; ++*cursor) {
        const char *owner = *cursor < SCHEMA_KEY_COUNT ? map->name : map->include;
        if (owner == NULL)
            return NULL;
        const SchemaKey *key = &SCHEMA_KEYS[*cursor % SCHEMA_KEY_COUNT];
        if (strcmp(key->map, owner) == 0) {
            ++*cursor;
            return key;
        }
    }
    return NULL;
}

bool schema_is_wildcard(const SchemaKey *key)
{
    return key->name[strlen(key->name) - 1] == '*';
}

const SchemaKey *schema_find(const SchemaMap *map, const char *name)
{
    const SchemaKey *key, *wildcard = NULL;
    for (size_t cursor = 0; (key = schema_next(map, &cursor)) != NULL;) {
        if (schema_is_wildcard(key)) {
            if (strncmp(key->name, name, strlen(key->name) - 1) == 0)
                wildcard = key;
        } else if (strcmp(key->name, name) == 0) {
            return key;
        }
    }
    return wildcard;
}

bool schema_next_word(const char **words, char *word, bool *later)
{
    const char *at = *words;
    if (at == NULL || *at == '\0')
        return false;
    *later = *at == '!';
    at += *later;
    size_t length = strcspn(at, " ");
    memcpy(word, at, length);
    word[length] = '\0';
    *words = at[length] == ' ' ? at + length + 1 : at + length;
    return true;
}

bool schema_in_range(const SchemaRange *range, double number)
{
    if (range->has_low && (range->low_excluded ? !(number > range->low) : !(number >= range->low)))
        return false;
    return !range->has_high || (range->high_excluded ? number < range->high : number <= range->high);
}

void schema_put_number(Text *out, double number)
{
    if (number == floor(number) && fabs(number) < 1e15)
        text_print(out, "%lld", (long long)number);
    else
        text_number(out, number);
}

const char *schema_range_text(Arena *arena, const SchemaRange *range)
{
    Text out = text_start(arena);
    if (range->has_low && range->has_high && range->low == range->high) {
        schema_put_number(&out, range->low);
        return out.bytes;
    }
    if (range->has_low) {
        text_put(&out, range->low_excluded ? "above " : range->has_high ? "from " : "at least ");
        schema_put_number(&out, range->low);
    }
    if (range->has_high) {
        const char *and = range->low_excluded ? " and " : " to ";
        text_put(&out, range->has_low ? and : "");
        text_put(&out, range->high_excluded ? "below " : range->has_low && !range->low_excluded ? "" : "at most ");
        schema_put_number(&out, range->high);
    }
    return out.bytes;
}

static const char *kind_noun(SchemaKind kind, bool many)
{
    switch (kind) {
    case SCHEMA_MAP:
        return many ? "maps" : "a map";
    case SCHEMA_INTEGER:
        return many ? "integers" : "an integer";
    case SCHEMA_NUMBER:
        return many ? "numbers" : "a number";
    case SCHEMA_BOOLEAN:
        return "true or false";
    case SCHEMA_BIT:
        return many ? "zeros and ones" : "0 or 1";
    case SCHEMA_WORD:
        return many ? "words" : "a word";
    case SCHEMA_NAME:
        return many ? "names" : "a name";
    case SCHEMA_TEXT:
        return "text";
    case SCHEMA_FORMULA:
        return many ? "formulas" : "a formula";
    case SCHEMA_FILE:
        return many ? "files" : "a file";
    case SCHEMA_TABLE:
        return "a number, a list or table of numbers, or {file: F.csv}";
    case SCHEMA_FREE:
        return "anything";
    }
    return "";
}

static void put_name(Text *out, const char **separator, const char *name, bool later, bool with_later)
{
    if (later && !with_later)
        return;
    text_print(out, "%s%s%s", *separator, name, later ? " (not implemented yet)" : "");
    *separator = ", ";
}

static void put_words(Text *out, const SchemaKey *key, bool with_later)
{
    char word[64];
    bool later;
    const char *separator = key->kind == SCHEMA_WORD ? "one of " : ", or ";
    for (const char *words = key->words; schema_next_word(&words, word, &later);)
        put_name(out, &separator, word, later, with_later);
}

static void put_alternatives(Text *out, const SchemaMap *map, bool with_later)
{
    const SchemaKey *key;
    size_t count = 0;
    for (size_t cursor = 0; (key = schema_next(map, &cursor)) != NULL;)
        count += (key->flags & SCHEMA_ALTERNATIVE) != 0 && (with_later || (key->flags & SCHEMA_LATER) == 0);
    const char *separator = count > 1 ? "one of " : "";
    for (size_t cursor = 0; (key = schema_next(map, &cursor)) != NULL;)
        if (key->flags & SCHEMA_ALTERNATIVE)
            put_name(out, &separator, key->name, (key->flags & SCHEMA_LATER) != 0, with_later);
}

const char *schema_kind_text(Arena *arena, const SchemaKey *key, bool with_later)
{
    Text out = text_start(arena);
    const SchemaMap *map = key->kind == SCHEMA_MAP ? schema_map(key->of) : NULL;
    if (map != NULL && map->is_choice && key->lists > 0)
        text_put(&out, "a list of entries, each ");
    for (int i = 0; i < key->lists && (map == NULL || !map->is_choice); i++)
        text_put(&out, i == 0 ? "a list of " : "lists of ");
    if (map != NULL && map->is_choice) {
        put_alternatives(&out, map, with_later);
        return out.bytes;
    }
    if (key->kind != SCHEMA_WORD)
        text_put(&out, kind_noun(key->kind, key->lists > 0));
    if (key->flags & SCHEMA_SCHEDULED)
        text_put(&out, " or a schedule");
    const char *range = schema_range_text(arena, &key->range);
    if (*range != '\0')
        text_print(&out, ", %s", range);
    put_words(&out, key, with_later);
    return out.bytes;
}
