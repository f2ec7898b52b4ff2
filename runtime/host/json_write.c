/* SPDX-License-Identifier: MIT-0 */
/* The JSON writer: text that grows, commas and indentation where they belong. */
#include "json.h"
#include "number.h"
#include "utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(JsonWriter *writer, const char *bytes, size_t length)
{
    if (writer->is_failed)
        return;
    if (writer->room - writer->length <= length) {
        size_t room = writer->room < 256 ? 256 : writer->room * 2;
        while (room - writer->length <= length)
            room *= 2;
        char *text = realloc(writer->text, room);
        if (text == NULL) {
            writer->is_failed = true;
            return;
        }
        writer->text = text;
        writer->room = room;
    }
    memcpy(writer->text + writer->length, bytes, length);
    writer->length += length;
    writer->text[writer->length] = 0;
}

static void add_text(JsonWriter *writer, const char *text)
{
    add(writer, text, strlen(text));
}

static void add_character(JsonWriter *writer, const char *at, size_t bytes)
{
    unsigned char c = (unsigned char)*at;
    char escape[8];
    if (bytes == 0) {
        add_text(writer, "\xef\xbf\xbd");
    } else if (c == '"' || c == '\\') {
        add(writer, (const char[]){'\\', *at}, 2);
    } else if (c < 0x20 || c == 0x7f) {
        snprintf(escape, sizeof escape, "\\u%04x", c);
        add_text(writer, escape);
    } else {
        add(writer, at, bytes);
    }
}

static void add_string(JsonWriter *writer, const char *string)
{
    size_t length = strlen(string);
    add_text(writer, "\"");
    for (size_t at = 0; at < length;) {
        size_t bytes = utf8_length(string + at, length - at);
        add_character(writer, string + at, bytes);
        at += bytes == 0 ? 1 : bytes;
    }
    add_text(writer, "\"");
}

static void break_line(JsonWriter *writer)
{
    add_text(writer, "\n");
    for (int i = 0; i < writer->depth; i++)
        add_text(writer, "  ");
}

/* What stands before a value: the comma, the line's start, the name. */
static void begin_value(JsonWriter *writer, const char *name)
{
    if (!writer->is_first)
        add_text(writer, writer->indented ? "," : ", ");
    if (writer->indented && writer->depth > 0)
        break_line(writer);
    writer->is_first = false;
    if (name != NULL) {
        add_string(writer, name);
        add_text(writer, ": ");
    }
}

static void open_with(JsonWriter *writer, const char *name, const char *bracket)
{
    begin_value(writer, name);
    add_text(writer, bracket);
    writer->depth++;
    writer->is_first = true;
}

static void close_with(JsonWriter *writer, const char *bracket)
{
    writer->depth--;
    if (writer->indented && !writer->is_first)
        break_line(writer);
    writer->is_first = false;
    add_text(writer, bracket);
}

void json_start(JsonWriter *writer, bool indented)
{
    *writer = (JsonWriter){.indented = indented, .is_first = true};
    add_text(writer, "");
}

void json_restart(JsonWriter *writer)
{
    writer->length = 0;
    writer->depth = 0;
    writer->is_first = true;
}

bool json_finish(JsonWriter *writer, Failure *failure)
{
    return !writer->is_failed || failure_set(failure, FAILURE_INTERNAL, "out of memory while writing JSON");
}

void json_free(JsonWriter *writer)
{
    free(writer->text);
    *writer = (JsonWriter){0};
}

bool json_print(JsonWriter *writer, Failure *failure)
{
    const bool good = json_finish(writer, failure);
    if (good)
        printf("%s\n", writer->text);
    json_free(writer);
    return good;
}

void json_open_object(JsonWriter *writer, const char *name)
{
    open_with(writer, name, "{");
}

void json_close_object(JsonWriter *writer)
{
    close_with(writer, "}");
}

void json_open_array(JsonWriter *writer, const char *name)
{
    open_with(writer, name, "[");
}

void json_close_array(JsonWriter *writer)
{
    close_with(writer, "]");
}

void json_put_string(JsonWriter *writer, const char *name, const char *string)
{
    begin_value(writer, name);
    add_string(writer, string);
}

void json_put_real(JsonWriter *writer, const char *name, double number)
{
    char text[NUMBER_TEXT_SIZE];
    begin_value(writer, name);
    number_write(number, text);
    add_text(writer, strpbrk(text, "in") ? "null" : text);
}

void json_put_count(JsonWriter *writer, const char *name, uint64_t number)
{
    char text[NUMBER_TEXT_SIZE];
    begin_value(writer, name);
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    add_text(writer, text);
}

void json_put_truth(JsonWriter *writer, const char *name, bool truth)
{
    begin_value(writer, name);
    add_text(writer, truth ? "true" : "false");
}

void json_put_null(JsonWriter *writer, const char *name)
{
    begin_value(writer, name);
    add_text(writer, "null");
}
