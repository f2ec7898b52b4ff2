/* SPDX-License-Identifier: MIT */
/* Maps: unknown and missing keys, alternatives, shorthands, defaults, and keys that are not implemented yet. */
#include "compiler/schema/reading.h"

#include <string.h>

enum { MEANT_MAX = 32, SUGGESTED_MAX = 100 };

/* A mapping that is being read. */
typedef struct MapReading {
    const Reading *reading;
    const SchemaMap *map;
    const SchemaKey *key;
    const YamlNode *node; /* NULL: empty */
    const char *path;
    Span place;
    ValueField *fields;
    size_t count;
    const char *meant[MEANT_MAX]; /* keys that unknown ones probably stand for: not missing */
    size_t meant_count;
    size_t unknown_count;
} MapReading;

/* Where to point when the map as a whole is wrong: the key before it, its first key, or itself. */
static Span map_place(const YamlNode *node, Span place)
{
    if (place.source != NULL || node == NULL)
        return place;
    bool is_block =
        node->kind == YAML_KIND_MAPPING && node->count > 0 && node->entries[0].key->span.begin == node->span.begin;
    return is_block ? node->entries[0].key->span : node->span;
}

static const char *child_path(const MapReading *map, const char *name)
{
    return *map->path == '\0' ? name : arena_print(map->reading->arena, "%s.%s", map->path, name);
}

static const char *map_title(const MapReading *map)
{
    return *map->path == '\0' ? "the spec" : map->path;
}

/* "optimizer 'adam'" for an alternative's options, else what the map is: "train". */
static const char *map_noun(const MapReading *map)
{
    if (*map->path == '\0')
        return "the spec";
    if ((map->key->flags & SCHEMA_ALTERNATIVE) && strcmp(map->map->noun, map->key->name) != 0)
        return arena_print(map->reading->arena, "%s '%s'", map->map->noun, map->key->name);
    return map->map->noun;
}

/* ---- unknown keys ---- */

static void refuse_unknown(MapReading *map, const YamlNode *key)
{
    Arena *arena = map->reading->arena;
    const char *meant = NULL;
    Diagnostic *error = diagnostics_error(map->reading->diagnostics, key->span, "E0103", "unknown key %s in %s",
                                          yaml_shown(arena, key), map_title(map));
    error->label = arena_print(arena, "not a key of %s", map_noun(map));
    if (map->reading->diagnostics->error_count < SUGGESTED_MAX)
        error->help = schema_suggest_key(arena, map->map, key->text, &meant);
    if (meant != NULL && map->meant_count < MEANT_MAX)
        map->meant[map->meant_count++] = meant;
    map->unknown_count++;
}

static void find_unknown(MapReading *map)
{
    for (size_t i = 0; map->node != NULL && i < map->node->count; i++)
        if (schema_find(map->map, map->node->entries[i].key->text) == NULL)
            refuse_unknown(map, map->node->entries[i].key);
}

static bool was_meant(const MapReading *map, const char *name)
{
    for (size_t i = 0; i < map->meant_count; i++)
        if (strcmp(map->meant[i], name) == 0)
            return true;
    return false;
}

/* ---- keys beside others ---- */

typedef enum Beside { BESIDE_HOLDS, BESIDE_FAILS, BESIDE_UNKNOWN } Beside;

/* Whether a value is one of "spline or circular_spline". */
static bool is_one_of(const Value *value, const char *words)
{
    for (const char *end; words != NULL; words = end != NULL ? end + 4 : NULL) {
        end = strstr(words, " or ");
        size_t length = end != NULL ? (size_t)(end - words) : strlen(words);
        if (value->text != NULL && strlen(value->text) == length && strncmp(value->text, words, length) == 0)
            return true;
    }
    return false;
}

static Beside check_beside(const MapReading *map, const char *with)
{
    const char *equals = with != NULL ? strchr(with, '=') : NULL;
    if (with == NULL)
        return BESIDE_HOLDS;
    if (equals == NULL) {
        bool is_wanted = *with != '!';
        bool is_there = map->node != NULL && yaml_get(map->node, with + !is_wanted) != NULL;
        return is_there == is_wanted ? BESIDE_HOLDS : BESIDE_FAILS;
    }
    size_t length = (size_t)(equals - with);
    for (size_t i = 0; i < map->count; i++) {
        const ValueField *field = &map->fields[i];
        if (strncmp(field->name, with, length) != 0 || field->name[length] != '\0')
            continue;
        if (field->value->kind == VALUE_BAD)
            return BESIDE_UNKNOWN;
        return is_one_of(field->value, equals + 1) ? BESIDE_HOLDS : BESIDE_FAILS;
    }
    return BESIDE_FAILS;
}

static void refuse_beside(const MapReading *map, const SchemaKey *key, const YamlNode *name)
{
    Arena *arena = map->reading->arena;
    Diagnostic *error = diagnostics_error(map->reading->diagnostics, name->span, "E0113", "%s has no meaning here",
                                          child_path(map, key->name));
    const char *equals = strchr(key->with, '=');
    if (equals != NULL) {
        error->label = arena_print(arena, "it goes with %.*s: %s", (int)(equals - key->with), key->with, equals + 1);
    } else if (*key->with != '!') {
        error->label = arena_print(arena, "it stands beside %s only", key->with);
    } else {
        error->label = arena_print(arena, "%s stands for it", key->with + 1);
        error->related = yaml_get(map->node, key->with + 1)->span;
        error->related_label = "here";
    }
}

/* ---- fields ---- */

static void add_field(MapReading *map, const SchemaKey *key, const YamlNode *name, const Value *value)
{
    ValueField *field = &map->fields[map->count++];
    *field = (ValueField){.key = key, .name = name != NULL ? name->text : key->name, .value = value};
    if (name != NULL)
        field->name_span = name->span;
}

static const Value *refuse_later(const MapReading *map, const SchemaKey *key, const YamlNode *name,
                                 const YamlNode *node)
{
    SchemaKey whole = {.kind = SCHEMA_MAP, .of = map->map->name};
    Diagnostic *error = diagnostics_error(map->reading->diagnostics, name->span, "E0108", "%s is not implemented yet",
                                          child_path(map, key->name));
    if (key->flags & SCHEMA_ALTERNATIVE)
        error->help = schema_suggest_built(map->reading->arena, &whole);
    return reading_value(map->reading, VALUE_BAD, key, node);
}

/* A key that is written. One that is not implemented yet may say what is done without it. */
static void read_field(MapReading *map, const SchemaKey *key, const YamlNode *name, const YamlNode *node)
{
    bool is_off = key->value != NULL && node->kind == YAML_KIND_SCALAR && strcmp(node->text, key->value) == 0;
    Beside beside = check_beside(map, key->with);
    if (beside == BESIDE_FAILS)
        refuse_beside(map, key, name);
    const Value *value = (key->flags & SCHEMA_LATER) && !is_off ? refuse_later(map, key, name, node)
                                                                : reading_any(map->reading, key, key->lists, node,
                                                                              child_path(map, name->text), name->span);
    if (beside == BESIDE_HOLDS)
        add_field(map, key, name, value);
}

static void refuse_missing(const MapReading *map, const SchemaKey *key)
{
    Arena *arena = map->reading->arena;
    Diagnostic *error = diagnostics_error(map->reading->diagnostics, map_place(map->node, map->place), "E0101",
                                          "%s is missing", child_path(map, key->name));
    error->label = arena_print(arena, "%s needs the key '%s'", map_noun(map), key->name);
    error->help = arena_print(arena, "%s: %s (%s)", key->name, key->doc, schema_kind_text(arena, key, false));
}

static void read_absent(MapReading *map, const SchemaKey *key)
{
    if (check_beside(map, key->with) != BESIDE_HOLDS)
        return;
    if (key->value != NULL)
        add_field(map, key, NULL, reading_default(map->reading, key, child_path(map, key->name), map->place));
    else if ((key->flags & (SCHEMA_REQUIRED | SCHEMA_LATER)) == SCHEMA_REQUIRED && !was_meant(map, key->name))
        refuse_missing(map, key);
}

/* The keys in the order of the table, so that `with` finds what it asks for; then what wildcards take. */
static void read_fields(MapReading *map)
{
    const SchemaKey *key;
    size_t written = map->node != NULL ? map->node->count : 0;
    for (size_t cursor = 0; (key = schema_next(map->map, &cursor)) != NULL;) {
        size_t i = 0;
        while (i < written && strcmp(map->node->entries[i].key->text, key->name) != 0)
            i++;
        if (schema_is_wildcard(key))
            continue;
        if (i < written)
            read_field(map, key, map->node->entries[i].key, map->node->entries[i].value);
        else
            read_absent(map, key);
    }
    for (size_t i = 0; i < written; i++) {
        const YamlEntry *entry = &map->node->entries[i];
        key = schema_find(map->map, entry->key->text);
        if (key != NULL && schema_is_wildcard(key))
            read_field(map, key, entry->key, entry->value);
    }
}

/* ---- alternatives ---- */

static void refuse_no_choice(const MapReading *map)
{
    Arena *arena = map->reading->arena;
    SchemaKey whole = {.kind = SCHEMA_MAP, .of = map->map->name};
    if (map->unknown_count > 0)
        return; /* it was meant to be one */
    Diagnostic *error = diagnostics_error(map->reading->diagnostics, map_place(map->node, map->place), "E0107",
                                          "%s does not say which %s", map_title(map), map->map->noun);
    error->help = arena_print(arena, "it has %s", schema_kind_text(arena, &whole, false));
}

static const ValueField *find_choice(const MapReading *map)
{
    const ValueField *choice = NULL;
    for (size_t i = 0; i < map->count; i++) {
        const ValueField *field = &map->fields[i];
        if ((field->key->flags & SCHEMA_ALTERNATIVE) == 0)
            continue;
        if (choice != NULL) {
            bool in_order = choice->name_span.begin < field->name_span.begin;
            const ValueField *first = in_order ? choice : field, *second = in_order ? field : choice;
            Diagnostic *error = diagnostics_error(map->reading->diagnostics, second->name_span, "E0107",
                                                  "%s has both %s and %s", map_title(map), first->name, second->name);
            error->label = arena_print(map->reading->arena, "one %s at a time", map->map->noun);
            error->related = first->name_span;
            error->related_label = "the other one";
            return NULL;
        }
        choice = field;
    }
    if (choice == NULL)
        refuse_no_choice(map);
    return choice;
}

Value *reading_fields(const Reading *reading, const SchemaMap *map, const SchemaKey *key, const YamlNode *node,
                      const char *path, Span place)
{
    size_t room = (node != NULL ? node->count : 0) + 1, cursor = 0;
    while (schema_next(map, &cursor) != NULL)
        room++;
    MapReading state = {.reading = reading,
                        .map = map,
                        .key = key,
                        .node = node,
                        .path = path,
                        .place = place,
                        .fields = ARENA_ARRAY(reading->arena, ValueField, room)};
    if (state.place.source == NULL)
        state.place = map_place(node, place);
    find_unknown(&state);
    read_fields(&state);
    Value *value = reading_value(reading, VALUE_MAP, key, node);
    value->map = map;
    value->fields = state.fields;
    value->count = state.count;
    if (node == NULL && !value->is_default)
        value->span = place;
    if (map->is_choice)
        value->choice = find_choice(&state);
    return value;
}

/* ---- what stands for a map ---- */

static const YamlNode *mapping_of(Arena *arena, const YamlNode *key, const YamlNode *value)
{
    YamlEntry *entry = ARENA_NEW(arena, YamlEntry);
    YamlNode *node = ARENA_NEW(arena, YamlNode);
    *entry = (YamlEntry){key, value};
    *node = (YamlNode){.kind = YAML_KIND_MAPPING,
                       .span = value->span,
                       .count = 1,
                       .entries = entry,
                       .node_count = 2 + value->node_count,
                       .height = value->height + 1};
    return node;
}

static const YamlNode *scalar_of(Arena *arena, const char *text, Span span)
{
    YamlNode *node = ARENA_NEW(arena, YamlNode);
    *node = (YamlNode){
        .kind = YAML_KIND_SCALAR, .span = span, .text = text, .length = strlen(text), .node_count = 1, .height = 1};
    return node;
}

const YamlNode *value_write_out(Arena *arena, const SchemaMap *map, const YamlNode *node)
{
    bool is_scalar = node->kind == YAML_KIND_SCALAR;
    if (node->kind == YAML_KIND_MAPPING)
        return node;
    if (is_scalar && node->length == 0)
        return NULL;
    const SchemaKey *key = is_scalar && map->is_choice ? schema_find(map, node->text) : NULL;
    if (key != NULL && !schema_is_wildcard(key) && (key->flags & SCHEMA_ALTERNATIVE) != 0)
        return mapping_of(arena, node, scalar_of(arena, "", node->span));
    if (map->shorthand != NULL)
        return mapping_of(arena, scalar_of(arena, map->shorthand, node->span), node);
    return NULL;
}

const Value *reading_map(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path,
                         Span place)
{
    const SchemaMap *map = schema_map(key->of);
    if (node->kind == YAML_KIND_SCALAR) {
        const Value *word = reading_word(reading, key, node, path);
        if (word != NULL)
            return word;
        if (node->length == 0)
            return reading_fields(reading, map, key, NULL, path, place.source != NULL ? place : node->span);
    }
    const YamlNode *mapping = value_write_out(reading->arena, map, node);
    if (mapping == NULL && node->kind == YAML_KIND_SCALAR && (map->is_choice || key->words != NULL))
        return reading_refuse_word(reading, key, node, path);
    if (mapping == NULL)
        return reading_wrong_kind(reading, key, 0, node, path);
    return reading_fields(reading, map, key, mapping, path, place.source != NULL ? place : node->span);
}
