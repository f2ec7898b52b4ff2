/* SPDX-License-Identifier: MIT */
/* Values that are one scalar: the row decides what its text is. */
#include "compiler/schema/reading.h"

#include <string.h>

static const Value *bad(const Reading *reading, const SchemaKey *key, const YamlNode *node)
{
    return reading_value(reading, VALUE_BAD, key, node);
}

static const Value *refuse_later(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path)
{
    Diagnostic *error = diagnostics_error(reading->diagnostics, node->span, "E0108", "%s for %s is not implemented yet",
                                          yaml_shown(reading->arena, node), path);
    error->help = schema_suggest_built(reading->arena, key);
    return bad(reading, key, node);
}

const Value *reading_word(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path)
{
    char word[64];
    bool later;
    for (const char *words = key->words; schema_next_word(&words, word, &later);) {
        if (strcmp(word, node->text) != 0)
            continue;
        if (later)
            return refuse_later(reading, key, node, path);
        Value *value = reading_value(reading, VALUE_WORD, key, node);
        value->text = node->text;
        return value;
    }
    return NULL;
}

const Value *reading_refuse_word(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path)
{
    Diagnostic *error = diagnostics_error(reading->diagnostics, node->span, "E0106", "%s cannot be %s", path,
                                          yaml_shown(reading->arena, node));
    error->help = schema_suggest_word(reading->arena, key, node->text);
    return bad(reading, key, node);
}

static const char *number_help(const SchemaKey *key, const YamlNode *node, NumberResult result)
{
    if (result == NUMBER_HAS_UNIT)
        return key->dimension == DIMENSION_NONE ? "take the unit away"
                                                : "write the bare number; other units are not implemented yet";
    if (strchr(node->text, ',') != NULL)
        return "a number has a decimal point; digits are grouped by _ as in 10_000";
    if (strncmp(node->text, "0x", 2) == 0)
        return "numbers are decimal";
    return NULL;
}

static const Value *refuse_number(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path,
                                  NumberResult result)
{
    const char *code = result == NUMBER_HAS_UNIT ? "E0201" : result == NUMBER_TOO_LARGE ? "E0105" : "E0104";
    const char *shown = yaml_shown(reading->arena, node);
    Diagnostic *error;
    if (result == NUMBER_HAS_UNIT)
        error = diagnostics_error(
            reading->diagnostics, node->span, code,
            key->dimension == DIMENSION_NONE ? "%s takes no unit" : "%s is in reduced units and takes no unit", path);
    else if (result == NUMBER_TOO_LARGE)
        error = diagnostics_error(reading->diagnostics, node->span, code, "%s is too large: %s", path, shown);
    else
        error = diagnostics_error(reading->diagnostics, node->span, code, "%s must be %s, not %s", path,
                                  result == NUMBER_NOT_FINITE   ? "finite"
                                  : key->kind == SCHEMA_INTEGER ? "an integer"
                                                                : "a number",
                                  shown);
    error->help = number_help(key, node, result);
    if (error->help == NULL && result == NUMBER_NONE && key->words != NULL)
        error->help = schema_suggest_word(reading->arena, key, node->text);
    return bad(reading, key, node);
}

static const Value *read_number(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path)
{
    bool whole = key->kind == SCHEMA_INTEGER;
    double number = 0;
    int64_t integer = 0;
    NumberResult result = whole ? number_read_integer(reading->arena, node->text, node->length, &integer)
                                : number_read(reading->arena, node->text, node->length, &number);
    if (result != NUMBER_OK)
        return refuse_number(reading, key, node, path, result);
    if (whole)
        number = (double)integer;
    if (!schema_in_range(&key->range, number)) {
        const char *range = schema_range_text(reading->arena, &key->range);
        diagnostics_error(reading->diagnostics, node->span, "E0105", "%s must be %s, not %s", path, range,
                          yaml_shown(reading->arena, node));
        return bad(reading, key, node);
    }
    Value *value = reading_value(reading, whole ? VALUE_INTEGER : VALUE_NUMBER, key, node);
    value->number = number;
    value->integer = integer;
    return value;
}

static const Value *read_boolean(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path)
{
    bool is_bit = key->kind == SCHEMA_BIT;
    bool yes = yaml_is(node, "true") || (is_bit && yaml_is(node, "1"));
    if (!yes && !yaml_is(node, "false") && !(is_bit && yaml_is(node, "0"))) {
        Diagnostic *error = diagnostics_error(reading->diagnostics, node->span, "E0104", "%s must be %s, not %s", path,
                                              is_bit ? "0 or 1" : "true or false", yaml_shown(reading->arena, node));
        error->help = is_bit ? "1 for each component that passes, 0 for each that is transformed"
                             : "only true and false are booleans; yes, no, on and off are text";
        return bad(reading, key, node);
    }
    Value *value = reading_value(reading, VALUE_BOOLEAN, key, node);
    value->boolean = yes;
    return value;
}

static const Value *read_text(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path)
{
    const char *problem = key->kind == SCHEMA_NAME ? schema_identifier_problem(node->text) : NULL;
    if (problem != NULL) {
        Diagnostic *error = diagnostics_error(reading->diagnostics, node->span, "E0109", "%s cannot be a name: %s",
                                              yaml_shown(reading->arena, node), problem);
        error->label = path;
        return bad(reading, key, node);
    }
    Value *value = reading_value(reading, VALUE_TEXT, key, node);
    value->text = node->text;
    return value;
}

const Value *reading_scalar(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path)
{
    if (node->length == 0) {
        Diagnostic *error = diagnostics_error(reading->diagnostics, node->span, "E0102", "%s has no value", path);
        error->help = arena_print(reading->arena, "it is %s", schema_kind_text(reading->arena, key, false));
        return bad(reading, key, node);
    }
    const Value *word = reading_word(reading, key, node, path);
    if (word != NULL)
        return word;
    switch (key->kind) {
    case SCHEMA_INTEGER:
    case SCHEMA_NUMBER:
    case SCHEMA_TABLE:
        return read_number(reading, key, node, path);
    case SCHEMA_BOOLEAN:
    case SCHEMA_BIT:
        return read_boolean(reading, key, node, path);
    case SCHEMA_WORD:
        return reading_refuse_word(reading, key, node, path);
    case SCHEMA_NAME:
    case SCHEMA_TEXT:
    case SCHEMA_FORMULA:
    case SCHEMA_FILE:
        return read_text(reading, key, node, path);
    case SCHEMA_MAP:
    case SCHEMA_FREE:
        break;
    }
    return reading_wrong_kind(reading, key, 0, node, path);
}
