/* SPDX-License-Identifier: MIT */
/* A tree of YAML nodes -> a tree of values, by the table. Here: which reader a row wants, lists, and defaults. */
#include "compiler/schema/reading.h"

#include <string.h>

Value *reading_value(const Reading *reading, ValueKind kind, const SchemaKey *key, const YamlNode *node)
{
    Value *value = ARENA_NEW(reading->arena, Value);
    value->kind = kind;
    value->key = key;
    value->node = node;
    value->is_default = reading->default_of != NULL;
    if (value->is_default)
        value->span = *reading->default_of;
    else if (node != NULL)
        value->span = node->span;
    return value;
}

static const char *node_noun(const YamlNode *node)
{
    static const char *const NOUNS[] = {"this is a scalar", "this is a list", "this is a map"};
    return NOUNS[node->kind];
}

const Value *reading_wrong_kind(const Reading *reading, const SchemaKey *key, int lists, const YamlNode *node,
                                const char *path)
{
    SchemaKey row = *key;
    row.lists = lists;
    Diagnostic *error = diagnostics_error(reading->diagnostics, node->span, "E0102", "%s must be %s%s", path,
                                          row.lists > 0 || row.kind == SCHEMA_MAP ? "a " : "",
                                          lists > 0                ? "list"
                                          : row.kind == SCHEMA_MAP ? "map"
                                                                   : "one value");
    error->label = node_noun(node);
    const SchemaMap *map = key->kind == SCHEMA_MAP && lists == 0 ? schema_map(key->of) : NULL;
    const char *meant;
    if (map != NULL && !map->is_choice)
        error->help = schema_suggest_key(reading->arena, map, "", &meant);
    else
        error->help = arena_print(reading->arena, "it is %s", schema_kind_text(reading->arena, &row, false));
    return reading_value(reading, VALUE_BAD, key, node);
}

static bool check_length(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path)
{
    if (node->count >= key->least && (key->most == 0 || node->count <= key->most))
        return true;
    if (node->count == 0)
        diagnostics_error(reading->diagnostics, node->span, "E0110", "%s has no entries", path);
    else
        diagnostics_error(reading->diagnostics, node->span, "E0110", "%s must have %s%zu entries, not %zu", path,
                          key->least == key->most    ? ""
                          : node->count < key->least ? "at least "
                                                     : "at most ",
                          node->count < key->least ? key->least : key->most, node->count);
    return false;
}

static const Value *read_list(const Reading *reading, const SchemaKey *key, int lists, const YamlNode *node,
                              const char *path)
{
    if (node->kind == YAML_KIND_SCALAR && node->length > 0 && key->words != NULL)
        return reading_scalar(reading, key, node, path); /* a word instead of the list, or an error that names it */
    if (node->kind != YAML_KIND_SEQUENCE)
        return reading_wrong_kind(reading, key, lists, node, path);
    if (lists == key->lists && !check_length(reading, key, node, path))
        return reading_value(reading, VALUE_BAD, key, node);
    SchemaKey entry = *key; /* an entry can't be one of the words that stand for the whole list */
    if (key->kind != SCHEMA_WORD)
        entry.words = NULL;
    const SchemaKey *entry_key =
        key->words == NULL || key->kind == SCHEMA_WORD ? key : arena_grow(reading->arena, &entry, 1, 1, sizeof entry);
    const Value **items = ARENA_ARRAY(reading->arena, const Value *, node->count);
    Value *list = reading_value(reading, VALUE_LIST, key, node);
    list->items = items;
    list->count = node->count;
    for (size_t i = 0; i < node->count; i++) {
        const char *item_path = arena_print(reading->arena, "%s[%zu]", path, i);
        items[i] = reading_any(reading, entry_key, lists - 1, node->items[i], item_path, (Span){0});
        if (items[i]->kind == VALUE_BAD && key->kind != SCHEMA_MAP)
            list->kind = VALUE_BAD; /* a list of maps is good for what its other entries say */
    }
    return list;
}

const Value *reading_any(const Reading *reading, const SchemaKey *key, int lists, const YamlNode *node,
                         const char *path, Span place)
{
    if (key->kind == SCHEMA_FREE)
        return reading_value(reading, VALUE_FREE, key, node);
    if (lists > 0)
        return read_list(reading, key, lists, node, path);
    if (key->kind == SCHEMA_MAP)
        return reading_map(reading, key, node, path, place);
    if (key->kind == SCHEMA_TABLE)
        return reading_table(reading, key, node, path, place);
    if (key->kind == SCHEMA_NUMBER && node->kind == YAML_KIND_MAPPING)
        return reading_schedule(reading, key, node, path, place);
    if (node->kind != YAML_KIND_SCALAR)
        return reading_wrong_kind(reading, key, lists, node, path);
    return reading_scalar(reading, key, node, path);
}

/* The node of a default. Most are one word or number: those need no parser. */
static const YamlNode *default_node(const Reading *reading, const char *text)
{
    Source *source = ARENA_NEW(reading->arena, Source);
    *source = (Source){"default", text, strlen(text)};
    if (*text == '{' || *text == '[')
        return yaml_read(reading->arena, source, 0, reading->diagnostics);
    YamlNode *node = ARENA_NEW(reading->arena, YamlNode);
    *node = (YamlNode){.kind = YAML_KIND_SCALAR,
                       .span = {source, 0, source->length, 1, 1},
                       .text = text,
                       .length = source->length,
                       .exact = true,
                       .node_count = 1,
                       .height = 1};
    return node;
}

const Value *reading_default(const Reading *reading, const SchemaKey *key, const char *path, Span place)
{
    Reading inner = *reading;
    inner.default_of = &place;
    return reading_any(&inner, key, key->lists, default_node(reading, key->value), path, place);
}

const Value *value_read(Arena *arena, const SchemaKey *key, const YamlNode *node, const char *path,
                        Diagnostics *diagnostics)
{
    Reading reading = {arena, diagnostics, NULL};
    return reading_any(&reading, key, key->lists, node, path, node->span);
}

const Value *value_read_spec(Arena *arena, const YamlNode *root, Diagnostics *diagnostics)
{
    Reading reading = {arena, diagnostics, NULL};
    static const SchemaKey whole = {.map = "", .name = "spec", .kind = SCHEMA_MAP, .of = "spec"};
    if (root->kind != YAML_KIND_MAPPING)
        return reading_wrong_kind(&reading, &whole, 0, root, "a spec");
    Span beginning = {root->span.source, root->span.begin, root->span.begin, root->span.line, root->span.column};
    return reading_fields(&reading, schema_map("spec"), &whole, root, "", beginning);
}

/* ---- looking at values ---- */

const Value *value_get(const Value *map, const char *name)
{
    if (map == NULL || map->kind != VALUE_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->fields[i].name, name) == 0)
            return map->fields[i].value->kind == VALUE_BAD ? NULL : map->fields[i].value;
    return NULL;
}

const Value *value_at(const Value *map, const char *path)
{
    char name[64];
    while (map != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");
        if (length >= sizeof name)
            return NULL;
        memcpy(name, path, length);
        name[length] = '\0';
        map = value_get(map, name);
        path += length + (path[length] == '.');
    }
    return map;
}

bool value_is(const Value *value, const char *word)
{
    return value != NULL && value->kind == VALUE_WORD && strcmp(value->text, word) == 0;
}

bool value_chose(const Value *map, const char *name)
{
    return map != NULL && map->kind == VALUE_MAP && map->choice != NULL && strcmp(map->choice->name, name) == 0;
}

const Value *value_chosen(const Value *map)
{
    if (map == NULL || map->kind != VALUE_MAP || map->choice == NULL || map->choice->value->kind == VALUE_BAD)
        return NULL;
    return map->choice->value;
}
