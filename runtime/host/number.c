/* SPDX-License-Identifier: MIT-0 */
/* Numbers as text. The C library does the arithmetic; what its locale would put for the decimal point is replaced on
 * the way out and put in on the way in, so that no locale has to be set or asked for more than its point. */
#include "number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Replaces the locale's decimal point, which may be several bytes, by a dot. */
static void use_dot(char *text)
{
    size_t start = 0, end;
    while (text[start] && (is_digit(text[start]) || strchr("+-einfa", text[start])))
        start++;
    for (end = start; text[end] && !is_digit(text[end]); end++)
        ;
    if (end > start) {
        text[start] = '.';
        memmove(text + start + 1, text + end, strlen(text + end) + 1);
    }
}

/* %.{digits}g, with the locale's point. */
static void format(double number, int digits, char text[NUMBER_TEXT_SIZE])
{
    if (isnan(number))
        strcpy(text, "nan");
    else if (isinf(number))
        strcpy(text, number < 0 ? "-inf" : "inf");
    else
        snprintf(text, NUMBER_TEXT_SIZE, "%.*g", digits, number);
}

/* A decimal number of DBL_DIG digits survives the way to the nearest double and back; so the shortest text has at most
 * that many, or is found among the next two. Below the normal numbers, fewer may be enough. */
const char *number_write(double number, char text[NUMBER_TEXT_SIZE])
{
    int digits = fabs(number) < DBL_MIN ? 1 : DBL_DIG;
    do
        format(number, digits, text);
    while (digits++ < DBL_DECIMAL_DIG && strtod(text, NULL) != number);
    use_dot(text);
    return text;
}

const char *number_write_float(float number, char text[NUMBER_TEXT_SIZE])
{
    int digits = fabsf(number) < FLT_MIN ? 1 : FLT_DIG;
    do
        format((double)number, digits, text);
    while (digits++ < FLT_DECIMAL_DIG && strtof(text, NULL) != number);
    use_dot(text);
    return text;
}

const char *number_write_short(double number, int digits, char text[NUMBER_TEXT_SIZE])
{
    format(number, digits < 1 ? 1 : digits > 17 ? 17 : digits, text);
    use_dot(text);
    return text;
}

static size_t skip_digits(const char *text, size_t length, size_t at)
{
    while (at < length && is_digit(text[at]))
        at++;
    return at;
}

/* Whether the text is a decimal number; where its point is (or `length`). */
static bool check_decimal(const char *text, size_t length, size_t *point)
{
    size_t at = length > 0 && (text[0] == '+' || text[0] == '-'), start = at, digits;
    *point = length;
    at = skip_digits(text, length, at);
    digits = at - start;
    if (at < length && text[at] == '.') {
        *point = at++;
        start = at;
        at = skip_digits(text, length, at);
        digits += at - start;
    }
    if (digits == 0)
        return false;
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        if (at < length && (text[at] == '+' || text[at] == '-'))
            at++;
        start = at;
        at = skip_digits(text, length, at);
        if (at == start)
            return false;
    }
    return at == length;
}

bool number_read(const char *text, size_t length, double *number)
{
    char copy[512];
    size_t point;
    const char *locale_point = localeconv()->decimal_point;
    size_t point_length = strlen(locale_point);
    if (!check_decimal(text, length, &point) || length + point_length >= sizeof copy)
        return false;
    memcpy(copy, text, point);
    size_t used = point;
    if (point < length) {
        memcpy(copy + used, locale_point, point_length);
        used += point_length;
        memcpy(copy + used, text + point + 1, length - point - 1);
        used += length - point - 1;
    }
    copy[used] = 0;
    *number = strtod(copy, NULL);
    return isfinite(*number);
}

bool number_read_count(const char *text, size_t length, uint64_t *number)
{
    uint64_t value = 0;
    size_t at = 0;
    if (length == 0 || !is_digit(text[0]))
        return false;
    for (; at < length && (is_digit(text[at]) || text[at] == '_'); at++) {
        if (text[at] == '_') {
            if (at + 1 >= length || !is_digit(text[at + 1]))
                return false;
            continue;
        }
        uint64_t digit = (uint64_t)(text[at] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    if (at == length)
        return true;
    double real; /* "1e6", "2.5e3": what is whole and exact in double */
    if (memchr(text, '_', length) || !number_read(text, length, &real) || real > 9007199254740992.0 ||
        real != floor(real))
        return false;
    *number = (uint64_t)real;
    return true;
}
