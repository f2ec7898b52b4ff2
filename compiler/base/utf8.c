/* SPDX-License-Identifier: MIT */
/* UTF-8 checked byte by byte, and text made safe for terminals and for JSON. */
#include "compiler/base/utf8.h"

size_t utf8_length(const char *text, size_t left, uint32_t *code_point)
{
    const unsigned char *bytes = (const unsigned char *)text;
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (left == 0)
        return 0;
    size_t length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xC0 ? 0 : bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
    if (length == 0 || length > left || bytes[0] > 0xF4)
        return 0;
    uint32_t value = length == 1 ? bytes[0] : bytes[0] & (0x7FU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3FU);
    }
    if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    if (code_point != NULL)
        *code_point = value;
    return length;
}

size_t utf8_count(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; count++) {
        size_t step = utf8_length(text + i, length - i, NULL);
        i += step > 0 ? step : 1;
    }
    return count;
}

/* C0, DEL and C1, and what changes the direction of text around it. */
static int is_control(uint32_t code_point)
{
    return (code_point < 0x20 && code_point != '\t') || (code_point >= 0x7F && code_point < 0xA0) ||
           (code_point >= 0x2028 && code_point <= 0x202E) || (code_point >= 0x2066 && code_point <= 0x2069);
}

void utf8_add_printable(Text *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        uint32_t code_point = 0;
        size_t step = utf8_length(text + i, length - i, &code_point);
        if (step == 0 || is_control(code_point))
            text_put(out, "?");
        else
            text_add(out, text + i, step);
        i += step > 0 ? step : 1;
    }
}

void utf8_add_json(Text *out, const char *text, size_t length)
{
    text_put(out, "\"");
    for (size_t i = 0; i < length;) {
        uint32_t code_point = 0;
        size_t step = utf8_length(text + i, length - i, &code_point);
        if (step == 0)
            text_put(out, "\\ufffd");
        else if (code_point == '"' || code_point == '\\')
            text_print(out, "\\%c", (int)code_point);
        else if (code_point == '\n')
            text_put(out, "\\n");
        else if (is_control(code_point) || code_point == '\t')
            text_print(out, "\\u%04x", (unsigned)code_point);
        else
            text_add(out, text + i, step);
        i += step > 0 ? step : 1;
    }
    text_put(out, "\"");
}
