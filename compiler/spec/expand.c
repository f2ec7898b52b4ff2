/* SPDX-License-Identifier: MIT */
/* `ansatz expand`: the values of a spec written as YAML again, what was left out marked. Reading the result gives the
 * same model. */
#include "compiler/spec/read.h"

#include "compiler/base/utf8.h"

#include <string.h>

typedef struct Writer {
    Text *out;
    int indent;
    const FileAccess *access;
} Writer;

static void put_value(Writer *writer, const Value *value);
static void put_fields(Writer *writer, const Value *map, bool is_item);

/* ---- scalars ---- */

/* Text that every YAML reader takes as this text: plain where it looks like a name and is no word of YAML 1.1. */
static bool is_plain(const char *text)
{
    static const char *const WORDS[] = {"y",   "n",    "yes",  "no",    "true",  "false", "on",  "off", "null",
                                        "Y",   "N",    "Yes",  "No",    "YES",   "NO",    "On",  "ON",  "Off",
                                        "OFF", "True", "TRUE", "False", "FALSE", "Null",  "NULL"};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (strcmp(text, WORDS[i]) == 0)
            return false;
    return schema_identifier_problem(text) == NULL;
}

static void put_text(Text *out, const char *text, size_t length)
{
    if (strlen(text) == length && is_plain(text))
        text_put(out, text);
    else
        utf8_add_json(out, text, length); /* JSON's strings are YAML's double-quoted ones */
}

static void put_node(Text *out, const YamlNode *node)
{
    const char *separator = "";
    if (node->kind == YAML_KIND_SCALAR) {
        put_text(out, node->text, node->length);
        return;
    }
    text_put(out, node->kind == YAML_KIND_MAPPING ? "{" : "[");
    for (size_t i = 0; i < node->count; i++, separator = ", ") {
        text_put(out, separator);
        if (node->kind == YAML_KIND_MAPPING) {
            put_node(out, node->entries[i].key);
            text_put(out, ": ");
        }
        put_node(out, node->kind == YAML_KIND_MAPPING ? node->entries[i].value : node->items[i]);
    }
    text_put(out, node->kind == YAML_KIND_MAPPING ? "}" : "]");
}

/* A file is named relative to the spec, also where one that it extends, in another folder, names it. */
static const char *path_from_spec(const Writer *writer, const Value *value)
{
    const char *shown = access_shown_path(writer->access, value->node);
    const char *slash = strrchr(writer->access->spec_path, '/');
    size_t folder = slash != NULL ? (size_t)(slash - writer->access->spec_path) + 1 : 0;
    return strncmp(shown, writer->access->spec_path, folder) == 0 ? shown + folder : shown;
}

static void put_scalar(Writer *writer, const Value *value)
{
    Text *out = writer->out;
    switch (value->kind) {
    case VALUE_INTEGER:
        text_print(out, "%lld", (long long)value->integer);
        break;
    case VALUE_NUMBER:
        schema_put_number(out, value->number);
        break;
    case VALUE_BOOLEAN:
        if (value->key->kind == SCHEMA_BIT)
            text_put(out, value->boolean ? "1" : "0");
        else
            text_put(out, value->boolean ? "true" : "false");
        break;
    case VALUE_WORD:
    case VALUE_TEXT: {
        const char *text = value->key->kind == SCHEMA_FILE ? path_from_spec(writer, value) : value->text;
        put_text(out, text, strlen(text));
        break;
    }
    default:
        put_node(out, value->node);
    }
}

/* ---- collections ---- */

static void put_line_start(Writer *writer)
{
    text_put(writer->out, "\n");
    for (int i = 0; i < writer->indent; i++)
        text_put(writer->out, " ");
}

static bool is_flat(const Value *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i]->kind == VALUE_LIST || list->items[i]->kind == VALUE_MAP)
            return false;
    return true;
}

static void put_flat_list(Writer *writer, const Value *list)
{
    text_put(writer->out, "[");
    for (size_t i = 0; i < list->count; i++) {
        text_put(writer->out, i > 0 ? ", " : "");
        put_scalar(writer, list->items[i]);
    }
    text_put(writer->out, "]");
}

static void put_list(Writer *writer, const Value *list)
{
    if (is_flat(list)) {
        text_put(writer->out, " ");
        put_flat_list(writer, list);
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        const Value *item = list->items[i];
        put_line_start(writer);
        text_put(writer->out, "- ");
        writer->indent += 2;
        if (item->kind == VALUE_MAP && item->count > 0)
            put_fields(writer, item, true);
        else if (item->kind == VALUE_LIST)
            put_flat_list(writer, item); /* a row of a table: lists are at most two deep */
        else
            put_value(writer, item);
        writer->indent -= 2;
    }
}

/* After the colon. */
static void put_value(Writer *writer, const Value *value)
{
    if (value->kind == VALUE_LIST) {
        put_list(writer, value);
    } else if (value->kind == VALUE_MAP && value->count > 0) {
        writer->indent += 2;
        put_fields(writer, value, false);
        writer->indent -= 2;
    } else if (value->kind == VALUE_MAP) {
        text_put(writer->out, " {}");
    } else {
        text_put(writer->out, " ");
        put_scalar(writer, value);
    }
}

/* Of keys that are not implemented yet, only those that were written. `is_item`: the first one stands behind a dash. */
static void put_fields(Writer *writer, const Value *map, bool is_item)
{
    for (size_t i = 0; i < map->count; i++) {
        const ValueField *field = &map->fields[i];
        const Value *value = field->value;
        if (value->is_default && (field->key->flags & SCHEMA_LATER) != 0)
            continue;
        if (!is_item)
            put_line_start(writer);
        is_item = false;
        put_text(writer->out, field->name, strlen(field->name));
        text_put(writer->out, ":");
        bool on_one_line = value->kind != VALUE_MAP || value->count == 0;
        if (value->is_default && !on_one_line)
            text_put(writer->out, "  # default");
        put_value(writer, value);
        if (value->is_default && on_one_line)
            text_put(writer->out, "  # default");
    }
}

bool spec_expand(Arena *arena, const char *path, const SpecOptions *options, Text *out, Diagnostics *diagnostics)
{
    const Source *source;
    const Value *values;
    FileAccess access;
    size_t errors = diagnostics->error_count;
    const YamlNode *root = read_tree(&access, arena, path, options, &source, diagnostics);
    if (root == NULL || read_model(&access, arena, root, source, errors, &values, diagnostics) == NULL)
        return false;
    Text text = text_start(arena);
    Writer writer = {&text, 0, &access};
    put_fields(&writer, values, true);
    text_put(&text, "\n");
    text_put(out, "# Every default is filled in and marked.\n");
    text_add(out, text.bytes, text.length);
    return true;
}
