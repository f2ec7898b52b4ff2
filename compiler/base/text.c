/* SPDX-License-Identifier: MIT */
/* Growing text. Numbers are read and printed under the "C" locale object, whatever the process's locale is. */
#define _POSIX_C_SOURCE 200809L
#include "compiler/base/text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Text text_start(Arena *arena)
{
    Text text = {.arena = arena, .room = 256};
    text.bytes = arena_take(arena, text.room, 1);
    return text;
}

void text_add(Text *text, const char *bytes, size_t length)
{
    if (text->room - text->length <= length) {
        size_t room = (text->length + length + 1) * 2;
        text->bytes = arena_grow(text->arena, text->bytes, text->length, room, 1);
        text->room = room;
    }
    if (length > 0)
        memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_put(Text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_print(Text *text, const char *format, ...)
{
    char small[256];
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    if (length < (int)sizeof small)
        text_add(text, small, length > 0 ? (size_t)length : 0);
    else
        text_put(text, arena_vprint(text->arena, format, again));
    va_end(again);
}

void text_number(Text *text, double value)
{
    char digits[40];
    locale_t numeric = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    locale_t previous = numeric != (locale_t)0 ? uselocale(numeric) : (locale_t)0;
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (isnan(value) || strtod(digits, NULL) == value)
            break;
    }
    if (numeric != (locale_t)0) {
        uselocale(previous);
        freelocale(numeric);
    }
    text_put(text, digits);
}

double text_read_number(const char *text, char **end)
{
    locale_t numeric = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    locale_t previous = numeric != (locale_t)0 ? uselocale(numeric) : (locale_t)0;
    double value = strtod(text, end);
    if (numeric != (locale_t)0) {
        uselocale(previous);
        freelocale(numeric);
    }
    return value;
}
