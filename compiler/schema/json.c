/* SPDX-License-Identifier: MIT */
/* The table as a JSON Schema, draft-07, for editors. It accepts what the compiler accepts and refuses what it can of
 * the rest; what it can't say (shapes, formulas, names that are taken) the compiler says. A spec that extends another
 * one may leave out what the other has: such specs are held against a second set of definitions, without required keys.
 */
#include "compiler/schema/schema.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char NUMBER_PATTERN[] = "^[+-]?([0-9][0-9_]*[.]?[0-9_]*|[.][0-9][0-9_]*)([eE][+-]?[0-9]+)?$";
static const char NAME_PATTERN[] = "^[A-Za-z][A-Za-z0-9_]{0,62}$";

static json_t *key_schema(const SchemaKey *key, bool partial);

static json_t *type_schema(const char *type)
{
    return json_pack("{s:s}", "type", type);
}

static void add_bound(json_t *schema, const char *name, double bound, bool whole)
{
    json_object_set_new(schema, name, whole ? json_integer((json_int_t)bound) : json_real(bound));
}

static json_t *range_schema(const char *type, const SchemaRange *range)
{
    json_t *schema = type_schema(type);
    bool whole = strcmp(type, "integer") == 0;
    if (range->has_low)
        add_bound(schema, range->low_excluded ? "exclusiveMinimum" : "minimum", range->low, whole);
    if (range->has_high)
        add_bound(schema, range->high_excluded ? "exclusiveMaximum" : "maximum", range->high, whole);
    return schema;
}

/* Numbers may be grouped by _, which YAML's own rules read as text. */
static json_t *number_schema(const SchemaKey *key)
{
    return json_pack("{s:[o, {s:s, s:s}]}", "anyOf",
                     range_schema(key->kind == SCHEMA_INTEGER ? "integer" : "number", &key->range), "type", "string",
                     "pattern", NUMBER_PATTERN);
}

static json_t *reference(const char *map, bool partial)
{
    json_t *schema = json_object();
    json_object_set_new(schema, "$ref", json_sprintf("#/definitions/%s%s", partial ? "part_of_" : "", map));
    return schema;
}

static json_t *one_of_anything(json_t *alternatives)
{
    if (json_array_size(alternatives) != 1)
        return json_pack("{s:o}", "anyOf", alternatives);
    json_t *only = json_incref(json_array_get(alternatives, 0));
    json_decref(alternatives);
    return only;
}

static json_t *list_of(json_t *item, const SchemaKey *key, bool is_outer)
{
    json_t *schema = json_pack("{s:s, s:o}", "type", "array", "items", item);
    if (is_outer && key->least > 0)
        json_object_set_new(schema, "minItems", json_integer((json_int_t)key->least));
    if (is_outer && key->most > 0)
        json_object_set_new(schema, "maxItems", json_integer((json_int_t)key->most));
    return schema;
}

static json_t *table_schema(const SchemaKey *key, bool partial)
{
    static const SchemaKey any_list;
    json_t *alternatives = json_array();
    json_array_append_new(alternatives, number_schema(key));
    json_array_append_new(alternatives, list_of(number_schema(key), &any_list, false));
    json_array_append_new(alternatives, list_of(list_of(number_schema(key), &any_list, false), &any_list, false));
    json_array_append_new(alternatives, reference("file", partial));
    return json_pack("{s:o}", "anyOf", alternatives);
}

/* ---- maps and what stands for them ---- */

static bool needs_nothing(const SchemaMap *map)
{
    const SchemaKey *key;
    for (size_t cursor = 0; (key = schema_next(map, &cursor)) != NULL;)
        if ((key->flags & SCHEMA_REQUIRED) != 0 && (key->with == NULL || *key->with == '!'))
            return false;
    return !map->is_choice;
}

/* Whether a word alone can stand for the alternative: the one without required options. */
static bool can_be_a_word(const SchemaKey *key)
{
    const SchemaMap *options = key->kind == SCHEMA_MAP && key->lists == 0 ? schema_map(key->of) : NULL;
    return options != NULL && needs_nothing(options) && (key->flags & SCHEMA_LATER) == 0;
}

static json_t *map_schema(const SchemaMap *map, bool partial)
{
    const SchemaKey *key;
    json_t *alternatives = json_array(), *words = json_array();
    json_array_append_new(alternatives, reference(map->name, partial));
    for (size_t cursor = 0; map->is_choice && (key = schema_next(map, &cursor)) != NULL;)
        if ((key->flags & SCHEMA_ALTERNATIVE) != 0 && can_be_a_word(key))
            json_array_append_new(words, json_string(key->name));
    if (json_array_size(words) > 0)
        json_array_append_new(alternatives, json_pack("{s:O}", "enum", words));
    json_decref(words);
    if (map->shorthand != NULL)
        json_array_append_new(alternatives, key_schema(schema_find(map, map->shorthand), partial));
    if (needs_nothing(map))
        json_array_append_new(alternatives, type_schema("null"));
    return one_of_anything(alternatives);
}

/* ---- one key ---- */

static json_t *kind_schema(const SchemaKey *key, bool partial)
{
    switch (key->kind) {
    case SCHEMA_MAP:
        return map_schema(schema_map(key->of), partial);
    case SCHEMA_INTEGER:
    case SCHEMA_NUMBER:
        return number_schema(key);
    case SCHEMA_BOOLEAN:
        return type_schema("boolean");
    case SCHEMA_BIT:
        return json_pack("{s:[i, i, b, b]}", "enum", 0, 1, 0, 1);
    case SCHEMA_NAME:
        return json_pack("{s:s, s:s}", "type", "string", "pattern", NAME_PATTERN);
    case SCHEMA_TEXT:
    case SCHEMA_FORMULA:
    case SCHEMA_FILE:
        return json_pack("{s:[s, s], s:i}", "type", "string", "number", "minLength", 1);
    case SCHEMA_TABLE:
        return table_schema(key, partial);
    case SCHEMA_WORD:
    case SCHEMA_FREE:
        break;
    }
    return json_object();
}

static json_t *word_schema(const SchemaKey *key)
{
    json_t *words = json_array();
    char word[64];
    bool later;
    for (const char *rest = key->words; schema_next_word(&rest, word, &later);)
        if (!later)
            json_array_append_new(words, json_string(word));
    return json_pack("{s:o}", "enum", words);
}

static json_t *default_json(const SchemaKey *key)
{
    if (key->kind == SCHEMA_BOOLEAN)
        return json_boolean(strcmp(key->value, "true") == 0);
    if (key->kind == SCHEMA_INTEGER)
        return json_integer(strtoll(key->value, NULL, 10));
    return json_string(key->value);
}

static json_t *value_schema(const SchemaKey *key, bool partial)
{
    json_t *alternatives = json_array();
    if ((key->flags & SCHEMA_LATER) != 0) { /* only what is done without it, or nothing */
        json_decref(alternatives);
        return key->value != NULL ? json_pack("{s:[o]}", "enum", default_json(key)) : json_pack("{s:{}}", "not");
    }
    if (key->words != NULL)
        json_array_append_new(alternatives, word_schema(key));
    if (key->kind != SCHEMA_WORD) {
        json_t *schema = kind_schema(key, partial);
        for (int i = key->lists; i > 0; i--)
            schema = list_of(schema, key, i == 1);
        json_array_append_new(alternatives, schema);
    }
    if ((key->flags & SCHEMA_SCHEDULED) != 0)
        json_array_append_new(alternatives, reference("schedule", partial));
    return one_of_anything(alternatives);
}

static json_t *key_schema(const SchemaKey *key, bool partial)
{
    json_t *schema = value_schema(key, partial);
    json_t *described = json_object_get(schema, "$ref") != NULL ? json_pack("{s:[o]}", "allOf", schema) : schema;
    const char *later = (key->flags & SCHEMA_LATER) != 0 ? " (not implemented yet)" : "";
    if (key->value != NULL)
        json_object_set_new(described, "description", json_sprintf("%s%s; default: %s", key->doc, later, key->value));
    else
        json_object_set_new(described, "description", json_sprintf("%s%s", key->doc, later));
    return described;
}

/* ---- one map ---- */

static void add_wildcard(json_t *schema, const SchemaKey *key, bool partial)
{
    json_t *patterns = json_object();
    json_t *prefix = json_sprintf("^%.*s", (int)strlen(key->name) - 1, key->name);
    const bool is_column = strcmp(key->map, "condition_columns") == 0; /* of a file: called as it likes */
    const char *pattern = key->kind == SCHEMA_FREE ? json_string_value(prefix) : is_column ? "^." : NAME_PATTERN;
    json_object_set_new(patterns, pattern, key_schema(key, partial));
    json_decref(prefix);
    json_object_set_new(schema, "patternProperties", patterns);
}

/* A key that stands beside another only; one that must. */
static void add_beside(json_t *dependencies, const SchemaKey *key, bool partial)
{
    if (key->with == NULL || strchr(key->with, '=') != NULL || (key->flags & SCHEMA_LATER) != 0 || partial)
        return;
    if (*key->with == '!') {
        json_object_set_new(dependencies, key->name, json_pack("{s:{s:[s]}}", "not", "required", key->with + 1));
        return;
    }
    json_object_set_new(dependencies, key->name, json_pack("[s]", key->with));
    json_t *others = json_object_get(dependencies, key->with);
    if ((key->flags & SCHEMA_REQUIRED) == 0)
        return;
    if (others == NULL) {
        others = json_array();
        json_object_set_new(dependencies, key->with, others);
    }
    json_array_append_new(others, json_string(key->name));
}

static json_t *definition(const SchemaMap *map, bool partial)
{
    const SchemaKey *key;
    json_t *schema = json_pack("{s:s, s:b}", "type", "object", "additionalProperties", 0);
    json_t *properties = json_object(), *required = json_array(), *choices = json_array();
    json_t *dependencies = json_object();
    for (size_t cursor = 0; (key = schema_next(map, &cursor)) != NULL;) {
        if (schema_is_wildcard(key)) {
            add_wildcard(schema, key, partial);
            continue;
        }
        json_object_set_new(properties, key->name, key_schema(key, partial));
        add_beside(dependencies, key, partial);
        if ((key->flags & SCHEMA_REQUIRED) != 0 && key->with == NULL && !partial)
            json_array_append_new(required, json_string(key->name));
        if ((key->flags & SCHEMA_REQUIRED) != 0 && key->with != NULL && *key->with == '!' && !partial)
            json_object_set_new(schema, "anyOf",
                                json_pack("[{s:[s]}, {s:[s]}]", "required", key->name, "required", key->with + 1));
        if ((key->flags & SCHEMA_ALTERNATIVE) != 0)
            json_array_append_new(choices, json_pack("{s:[s]}", "required", key->name));
    }
    json_object_set_new(schema, "properties", properties);
    if (json_array_size(required) > 0)
        json_object_set(schema, "required", required);
    if (map->is_choice && !partial)
        json_object_set(schema, "oneOf", choices);
    if (json_object_size(dependencies) > 0)
        json_object_set(schema, "dependencies", dependencies);
    json_decref(required);
    json_decref(choices);
    json_decref(dependencies);
    return schema;
}

void schema_print_json(Text *out)
{
    json_t *definitions = json_object();
    for (int partial = 0; partial < 2; partial++) {
        for (size_t i = 0; i < SCHEMA_MAP_COUNT; i++) {
            json_t *name = json_sprintf("%s%s", partial ? "part_of_" : "", SCHEMA_MAPS[i].name);
            json_object_set_new(definitions, json_string_value(name), definition(&SCHEMA_MAPS[i], partial != 0));
            json_decref(name);
        }
    }
    json_t *schema =
        json_pack("{s:s, s:s, s:{s:[s]}, s:o, s:o, s:o}", "$schema", "http://json-schema.org/draft-07/schema#", "title",
                  "Ansatz model spec, version 1", "if", "required", "extends", "then", reference("spec", true), "else",
                  reference("spec", false), "definitions", definitions);
    char *printed = json_dumps(schema, JSON_INDENT(1));
    text_put(out, printed != NULL ? printed : "");
    text_put(out, "\n");
    free(printed);
    json_decref(schema);
}
