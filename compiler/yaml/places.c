/* SPDX-License-Identifier: MIT */
/* One pass over the text before libyaml sees it: is it UTF-8 without control characters, where do its lines begin. */
#include "compiler/yaml/places.h"

#include "compiler/base/utf8.h"
#include "compiler/yaml/tree.h"

#include <string.h>

static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF";

/* The place of one byte, counted from the source's beginning: for errors that end the reading. */
static Span place_of_byte(const Source *source, size_t at)
{
    size_t line_start = at;
    while (line_start > 0 && source->text[line_start - 1] != '\n')
        line_start--;
    int line = 1;
    for (size_t i = 0; i < line_start; i++)
        line += source->text[i] == '\n';
    if (line_start == 0 && source->length >= 3 && at >= 3 && memcmp(source->text, BYTE_ORDER_MARK, 3) == 0)
        line_start = 3;
    return (Span){source, at, at + 1, line, (int)utf8_count(source->text + line_start, at - line_start) + 1};
}

static bool refuse_encoding(const Source *source, size_t at, Diagnostics *diagnostics)
{
    unsigned char byte = (unsigned char)source->text[at];
    Diagnostic *error =
        diagnostics_error(diagnostics, place_of_byte(source, at), "E0002", "byte 0x%02X is not UTF-8", byte);
    bool utf16 = at == 0 && (byte == 0xFF || byte == 0xFE);
    error->label = utf16 ? "this looks like UTF-16" : "not the beginning of a character";
    error->help = "save the file as UTF-8";
    return false;
}

static bool refuse_character(const Source *source, size_t at, uint32_t code_point, Diagnostics *diagnostics)
{
    Span span = place_of_byte(source, at);
    span.end = at + utf8_length(source->text + at, source->length - at, NULL);
    Diagnostic *error =
        diagnostics_error(diagnostics, span, "E0003", "character U+%04X may not stand in a spec", (unsigned)code_point);
    if (code_point == '\r')
        error->help = "end lines with a line feed, with or without a carriage return before it";
    else if (code_point == 0)
        error->label = "a NUL byte: is this a text file?";
    return false;
}

/* What libyaml's reader takes, without a carriage return alone and without a byte order mark inside the text. */
static bool is_allowed(const Source *source, size_t at, uint32_t code_point)
{
    if (code_point == '\r')
        return at + 1 < source->length && source->text[at + 1] == '\n';
    if (code_point < 0x20)
        return code_point == '\t' || code_point == '\n';
    return code_point < 0x7F || code_point == 0x85 ||
           (code_point >= 0xA0 && code_point != 0xFEFF && code_point != 0xFFFE && code_point != 0xFFFF);
}

/* Counts characters and lines; false after an error. */
static bool check(Places *places, Diagnostics *diagnostics)
{
    const Source *source = places->source;
    places->line_count = 1;
    for (size_t at = places->first; at < source->length; places->count++) {
        uint32_t code_point = 0;
        size_t length = utf8_length(source->text + at, source->length - at, &code_point);
        if (length == 0)
            return refuse_encoding(source, at, diagnostics);
        if (!is_allowed(source, at, code_point))
            return refuse_character(source, at, code_point, diagnostics);
        places->line_count += code_point == '\n';
        at += length;
    }
    return true;
}

static void fill_tables(Places *places, Arena *arena)
{
    const Source *source = places->source;
    bool one_byte_each = source->length - places->first == places->count;
    uint32_t *byte = one_byte_each ? NULL : ARENA_ARRAY(arena, uint32_t, places->count + 1);
    uint32_t *line_start = ARENA_ARRAY(arena, uint32_t, places->line_count);
    size_t at = places->first, line = 0;
    for (size_t i = 0; i < places->count; i++) {
        if (byte != NULL)
            byte[i] = (uint32_t)at;
        if (source->text[at] == '\n')
            line_start[++line] = (uint32_t)i + 1;
        at += utf8_length(source->text + at, source->length - at, NULL);
    }
    if (byte != NULL)
        byte[places->count] = (uint32_t)at;
    places->byte = byte;
    places->line_start = line_start;
}

bool places_start(Places *places, Arena *arena, const Source *source, size_t begin, Diagnostics *diagnostics)
{
    *places = (Places){.source = source, .first = begin, .first_line = 1, .first_column = 1};
    if (source->length > YAML_BYTES_MAX) {
        Span whole = {source, 0, 0, 1, 1};
        Diagnostic *error =
            diagnostics_error(diagnostics, whole, "E0004", "a spec of %zu bytes is too long", source->length);
        error->help = "a spec may have 1 MiB; large tables belong in a file of their own";
        return false;
    }
    if (begin == 0 && source->length >= 3 && memcmp(source->text, BYTE_ORDER_MARK, 3) == 0)
        places->first = 3;
    if (begin > 0) {
        Span span = place_of_byte(source, begin);
        places->first_line = span.line;
        places->first_column = span.column;
    }
    if (!check(places, diagnostics))
        return false;
    fill_tables(places, arena);
    return true;
}

size_t places_byte(const Places *places, size_t character)
{
    if (character > places->count)
        character = places->count;
    return places->byte != NULL ? places->byte[character] : places->first + character;
}

Span places_span(const Places *places, size_t begin, size_t end)
{
    if (begin > places->count)
        begin = places->count;
    size_t low = 0, high = places->line_count; /* the last line that begins at or before `begin` is in [low, high) */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (places->line_start[middle] <= begin)
            low = middle;
        else
            high = middle;
    }
    size_t column = begin - places->line_start[low] + (low == 0 ? (size_t)places->first_column : 1);
    return (Span){places->source, places_byte(places, begin), places_byte(places, end < begin ? begin : end),
                  places->first_line + (int)low, (int)column};
}
