/* SPDX-License-Identifier: MIT */
/* The list of what is wrong: adding to it, its order, and its two ways of being shown. */
#include "compiler/base/diagnostics.h"

#include "compiler/base/utf8.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* More than this are counted, not kept: a hostile file could have a hundred thousand. */
enum { KEPT_MAX = 1000, LINE_SHOWN_MAX = 160, LINE_BEFORE = 60 };

void diagnostics_start(Diagnostics *diagnostics, Arena *arena)
{
    *diagnostics = (Diagnostics){.arena = arena};
}

static Diagnostic *add(Diagnostics *diagnostics, DiagnosticLevel level, Span span, const char *code,
                       const char *message)
{
    Diagnostic *result;
    if (level == DIAGNOSTIC_ERROR)
        diagnostics->error_count++;
    if (diagnostics->count >= KEPT_MAX) {
        result = ARENA_NEW(diagnostics->arena, Diagnostic);
    } else {
        if (diagnostics->count == diagnostics->room) {
            size_t room = diagnostics->room > 0 ? diagnostics->room * 2 : 8;
            diagnostics->items =
                arena_grow(diagnostics->arena, diagnostics->items, diagnostics->count, room, sizeof(Diagnostic));
            diagnostics->room = room;
        }
        result = &diagnostics->items[diagnostics->count++];
    }
    *result = (Diagnostic){.level = level, .code = code, .span = span, .message = message};
    return result;
}

Diagnostic *diagnostics_error(Diagnostics *diagnostics, Span span, const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprint(diagnostics->arena, format, arguments);
    va_end(arguments);
    return add(diagnostics, DIAGNOSTIC_ERROR, span, code, message);
}

Diagnostic *diagnostics_warn(Diagnostics *diagnostics, Span span, const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprint(diagnostics->arena, format, arguments);
    va_end(arguments);
    return add(diagnostics, DIAGNOSTIC_WARNING, span, code, message);
}

static int compare_places(const void *left, const void *right)
{
    const Diagnostic *a = *(const Diagnostic *const *)left, *b = *(const Diagnostic *const *)right;
    const Source *a_source = a->span.source, *b_source = b->span.source;
    if ((a_source == NULL) != (b_source == NULL))
        return a_source == NULL ? -1 : 1;
    if (a_source != b_source) {
        int order = strcmp(a_source->name, b_source->name);
        if (order != 0)
            return order;
    }
    if (a->span.begin != b->span.begin)
        return a->span.begin < b->span.begin ? -1 : 1;
    return (a > b) - (a < b); /* in the order in which they were found */
}

/* Whether two messages differ at most by indices in brackets: "layers[0].net" and "layers[1].net". */
static bool are_same_but_for_indices(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        bool is_index = *a == '[';
        a++, b++;
        if (is_index) {
            a += strspn(a, "0123456789");
            b += strspn(b, "0123456789");
        }
    }
    return *a == *b;
}

/* What is repeated by aliases, and met once for each of them. */
static bool are_same(const Diagnostic *a, const Diagnostic *b)
{
    return strcmp(a->code, b->code) == 0 && a->span.source != NULL && a->span.source == b->span.source &&
           a->span.begin == b->span.begin && a->span.end == b->span.end &&
           are_same_but_for_indices(a->message, b->message);
}

typedef struct Order {
    const Diagnostic **items; /* by place, each mistake once */
    size_t count, error_count, warning_count;
} Order;

static Order sorted(const Diagnostics *diagnostics)
{
    Order order = {.items = ARENA_ARRAY(diagnostics->arena, const Diagnostic *, diagnostics->count + 1),
                   .error_count = diagnostics->error_count};
    const Diagnostic **items = order.items;
    for (size_t i = 0; i < diagnostics->count; i++)
        items[i] = &diagnostics->items[i];
    qsort(items, diagnostics->count, sizeof(const Diagnostic *), compare_places);
    for (size_t i = 0; i < diagnostics->count; i++) {
        bool is_repeated = false, is_error = items[i]->level == DIAGNOSTIC_ERROR;
        for (size_t k = order.count; k > 0 && items[k - 1]->span.begin == items[i]->span.begin && !is_repeated; k--)
            is_repeated = are_same(items[k - 1], items[i]);
        if (is_repeated)
            order.error_count -= is_error;
        else
            order.warning_count += !is_error;
        if (!is_repeated)
            items[order.count++] = items[i];
    }
    return order;
}

typedef struct Style {
    const char *error, *warning, *frame, *bold, *end;
} Style;

static const Style PLAIN = {"", "", "", "", ""};
static const Style COLOURED = {"\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"};

static void put_printable(Text *out, const char *text)
{
    utf8_add_printable(out, text, strlen(text));
}

/* The part of a line that is shown: all of it, or a window around the column where it is very long. */
typedef struct Shown {
    size_t begin, end; /* bytes of the source */
    bool cut_before, cut_after;
} Shown;

static Shown shown_part(const Source *source, size_t place)
{
    Shown shown = {.begin = place, .end = place};
    while (shown.begin > 0 && source->text[shown.begin - 1] != '\n' && place - shown.begin < LINE_SHOWN_MAX)
        shown.begin--;
    shown.cut_before = shown.begin > 0 && source->text[shown.begin - 1] != '\n';
    if (shown.cut_before) {
        shown.begin = place - LINE_BEFORE;
        while (shown.begin < place && ((unsigned char)source->text[shown.begin] & 0xC0) == 0x80)
            shown.begin++;
    }
    while (shown.end < source->length && source->text[shown.end] != '\n' && source->text[shown.end] != '\r' &&
           shown.end - shown.begin < LINE_SHOWN_MAX)
        shown.end++;
    shown.cut_after = shown.end < source->length && source->text[shown.end] != '\n' && source->text[shown.end] != '\r';
    while (shown.cut_after && ((unsigned char)source->text[shown.end] & 0xC0) == 0x80)
        shown.end++;
    return shown;
}

/* The frame of source text with carets under the span. */
static void print_snippet(Text *out, const Span *span, const char *label, char mark, const char *mark_style,
                          const Style *style)
{
    const Source *source = span->source;
    char number[16];
    Text digits = text_start(out->arena);
    text_print(&digits, "%d", span->line);
    memset(number, ' ', sizeof number);
    number[digits.length < 15 ? digits.length : 15] = '\0';
    size_t begin = span->begin < source->length ? span->begin : source->length;
    size_t end = span->end < source->length ? span->end : source->length;
    Shown shown = shown_part(source, begin);
    text_print(out, "%s%s-->%s ", number, style->frame, style->end);
    put_printable(out, source->name);
    text_print(out, ":%d:%d\n", span->line, span->column);
    text_print(out, "%s %s|%s\n", number, style->frame, style->end);
    text_print(out, "%s%s |%s %s", style->frame, digits.bytes, style->end, shown.cut_before ? "..." : "");
    utf8_add_printable(out, source->text + shown.begin, shown.end - shown.begin);
    text_print(out, "%s\n%s %s|%s %s", shown.cut_after ? "..." : "", number, style->frame, style->end,
               shown.cut_before ? "   " : "");
    for (size_t i = shown.begin; i < begin; i++)
        if (((unsigned char)source->text[i] & 0xC0) != 0x80)
            text_put(out, source->text[i] == '\t' ? "\t" : " ");
    end = end > shown.end ? shown.end : end;
    size_t carets = end > begin ? utf8_count(source->text + begin, end - begin) : 1;
    text_put(out, mark_style);
    for (size_t i = 0; i < carets; i++)
        text_add(out, &mark, 1);
    if (label != NULL) {
        text_put(out, " ");
        put_printable(out, label);
    }
    text_print(out, "%s\n", style->end);
}

static void print_one(Text *out, const Diagnostic *diagnostic, const Style *style)
{
    bool is_error = diagnostic->level == DIAGNOSTIC_ERROR;
    const char *level_style = is_error ? style->error : style->warning;
    text_print(out, "%s%s[%s]%s%s: ", level_style, is_error ? "error" : "warning", diagnostic->code, style->end,
               style->bold);
    put_printable(out, diagnostic->message);
    text_print(out, "%s\n", style->end);
    if (diagnostic->span.source != NULL)
        print_snippet(out, &diagnostic->span, diagnostic->label, '^', level_style, style);
    else if (diagnostic->label != NULL) {
        text_put(out, "   = ");
        put_printable(out, diagnostic->label);
        text_put(out, "\n");
    }
    if (diagnostic->related.source != NULL)
        print_snippet(out, &diagnostic->related, diagnostic->related_label, '-', style->frame, style);
    if (diagnostic->help != NULL) {
        text_put(out, "   = help: ");
        put_printable(out, diagnostic->help);
        text_put(out, "\n");
    }
    text_print(out, "   = note: run `ansatz explain %s`\n\n", diagnostic->code);
}

void diagnostics_print(const Diagnostics *diagnostics, Text *out, int colour)
{
    const Style *style = colour ? &COLOURED : &PLAIN;
    Order order = sorted(diagnostics);
    size_t printed = order.count < DIAGNOSTICS_PRINTED_MAX ? order.count : DIAGNOSTICS_PRINTED_MAX;
    for (size_t i = 0; i < printed; i++)
        print_one(out, order.items[i], style);
    if (diagnostics->count == 0)
        return;
    text_print(out, "%zu error%s", order.error_count, order.error_count == 1 ? "" : "s");
    if (order.warning_count > 0)
        text_print(out, ", %zu warning%s", order.warning_count, order.warning_count == 1 ? "" : "s");
    if (order.error_count + order.warning_count > printed)
        text_print(out, "; the first %zu are shown", printed);
    text_put(out, "\n");
}

static void json_text(Text *out, const char *name, const char *value)
{
    text_print(out, "\"%s\": ", name);
    if (value == NULL)
        text_put(out, "null");
    else
        utf8_add_json(out, value, strlen(value));
}

static void json_span(Text *out, const Span *span, const char *label, bool primary)
{
    text_put(out, "{");
    json_text(out, "file_name", span->source->name);
    text_print(out, ", \"byte_start\": %zu, \"byte_end\": %zu, \"line_start\": %d, \"column_start\": %d, ", span->begin,
               span->end, span->line, span->column);
    text_print(out, "\"is_primary\": %s, ", primary ? "true" : "false");
    json_text(out, "label", label);
    text_put(out, "}");
}

static void json_one(Text *out, const Diagnostic *diagnostic)
{
    text_put(out, "{");
    json_text(out, "message", diagnostic->message);
    text_put(out, ", ");
    json_text(out, "code", diagnostic->code);
    text_put(out, ", ");
    json_text(out, "level", diagnostic->level == DIAGNOSTIC_ERROR ? "error" : "warning");
    text_put(out, ", \"spans\": [");
    if (diagnostic->span.source != NULL)
        json_span(out, &diagnostic->span, diagnostic->label, true);
    if (diagnostic->related.source != NULL) {
        text_put(out, diagnostic->span.source != NULL ? ", " : "");
        json_span(out, &diagnostic->related, diagnostic->related_label, false);
    }
    text_put(out, "], \"children\": [");
    if (diagnostic->help != NULL) {
        text_put(out, "{");
        json_text(out, "message", diagnostic->help);
        text_put(out, ", \"code\": null, \"level\": \"help\", \"spans\": [], \"children\": []}");
    }
    Text rendered = text_start(out->arena);
    print_one(&rendered, diagnostic, &PLAIN);
    text_put(out, "], \"rendered\": ");
    utf8_add_json(out, rendered.bytes, rendered.length);
    text_put(out, "}");
}

void diagnostics_print_json(const Diagnostics *diagnostics, Text *out)
{
    Order order = sorted(diagnostics);
    text_put(out, "{\"diagnostics\": [");
    for (size_t i = 0; i < order.count; i++) {
        text_put(out, i == 0 ? "\n  " : ",\n  ");
        json_one(out, order.items[i]);
    }
    text_print(out, "%s]}\n", order.count > 0 ? "\n" : "");
}
