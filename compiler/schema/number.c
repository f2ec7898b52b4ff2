/* SPDX-License-Identifier: MIT */
/* Scalars that are numbers. The grammar: [+-] digits [. digits] [(e|E) [+-] digits], digits on at least one side of the
 * point, single _ between digits. No hexadecimal, octal, infinity or NaN. */
#include "compiler/schema/value.h"

#include <math.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number taken apart: its digits without underscores, and the power of ten that they are multiplied by. */
typedef struct Decimal {
    char *text; /* as strtod reads it */
    char *digits;
    size_t digit_count;
    bool negative;
    int64_t exponent; /* of the last digit; held within +-2^40 */
    size_t used;      /* characters of the input */
} Decimal;

/* Copies digits with single underscores between them to the decimal; returns how many characters they are. */
static size_t take_digits(Decimal *decimal, size_t *length, const char *text, size_t left, bool is_mantissa)
{
    size_t i = 0;
    for (; i < left; i++) {
        if (text[i] == '_' && i > 0 && is_digit(text[i - 1]) && i + 1 < left && is_digit(text[i + 1]))
            continue;
        if (!is_digit(text[i]))
            break;
        decimal->text[(*length)++] = text[i];
        if (is_mantissa)
            decimal->digits[decimal->digit_count++] = text[i];
    }
    return i;
}

static size_t take_exponent(Decimal *decimal, size_t *length, const char *text, size_t left)
{
    size_t i = 1;
    if (left == 0 || (text[0] != 'e' && text[0] != 'E'))
        return 0;
    bool negative = left > 1 && text[1] == '-';
    i += left > 1 && (text[1] == '-' || text[1] == '+');
    if (i == left || !is_digit(text[i]))
        return 0;
    decimal->text[(*length)++] = 'e';
    if (negative)
        decimal->text[(*length)++] = '-';
    size_t begin = *length, used = i + take_digits(decimal, length, text + i, left - i, false);
    int64_t exponent = 0;
    for (size_t k = begin; k < *length; k++)
        if (exponent < INT64_C(1) << 36)
            exponent = exponent * 10 + (decimal->text[k] - '0');
    decimal->exponent += negative ? -exponent : exponent;
    return used;
}

/* False: the text does not begin with a number. */
static bool take_apart(Arena *arena, const char *text, size_t length, Decimal *decimal)
{
    *decimal = (Decimal){.text = arena_take(arena, length + 3, 1), .digits = arena_take(arena, length + 1, 1)};
    size_t at = 0, written = 0;
    if (length > 0 && (text[0] == '-' || text[0] == '+')) {
        decimal->negative = text[0] == '-';
        at = 1;
    }
    at += take_digits(decimal, &written, text + at, length - at, true);
    if (at < length && text[at] == '.') {
        decimal->text[written++] = '.';
        size_t whole = decimal->digit_count;
        at += 1;
        at += take_digits(decimal, &written, text + at, length - at, true);
        decimal->exponent = -(int64_t)(decimal->digit_count - whole);
    }
    if (decimal->digit_count == 0)
        return false;
    at += take_exponent(decimal, &written, text + at, length - at);
    decimal->used = at;
    return true;
}

static const char *const UNITS[] = {
    "nm",       "A",       "angstrom", "pm", "um", "m",     "bohr", "K",  "mK",  "eV",  "meV", "kJ/mol",
    "kcal/mol", "hartree", "Ha",       "J",  "kJ", "cm^-1", "ps",   "fs", "rad", "deg", "amu",
};

/* Whether text is a unit: known ones joined by / and ^, as in kJ/mol/nm^2. */
static bool is_unit(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        size_t unit = strlen(UNITS[i]);
        if (length >= unit && memcmp(text, UNITS[i], unit) == 0 &&
            (length == unit || text[unit] == '/' || text[unit] == '^' || text[unit] == '*' || text[unit] == ' '))
            return true;
    }
    return false;
}

static bool is_infinity_or_nan(const char *text)
{
    static const char *const WORDS[] = {".inf",  "-.inf", "+.inf", ".Inf", "-.Inf",    ".INF",
                                        "-.INF", ".nan",  ".NaN",  ".NAN", "inf",      "-inf",
                                        "+inf",  "nan",   "NaN",   "Inf",  "infinity", "-infinity"};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (strcmp(text, WORDS[i]) == 0)
            return true;
    return false;
}

/* What follows a number: nothing, a unit, or something that makes it no number. */
static NumberResult judge_rest(const char *text, size_t length, size_t used)
{
    if (used == length)
        return NUMBER_OK;
    size_t begin = used + (text[used] == ' ');
    return is_unit(text + begin, length - begin) ? NUMBER_HAS_UNIT : NUMBER_NONE;
}

NumberResult number_read(Arena *arena, const char *text, size_t length, double *number)
{
    Decimal decimal;
    *number = 0;
    if (!take_apart(arena, text, length, &decimal))
        return is_infinity_or_nan(text) ? NUMBER_NOT_FINITE : NUMBER_NONE;
    NumberResult result = judge_rest(text, length, decimal.used);
    double value = text_read_number(decimal.text, NULL);
    *number = decimal.negative ? -value : value;
    return result == NUMBER_OK && !isfinite(value) ? NUMBER_TOO_LARGE : result;
}

NumberResult number_read_integer(Arena *arena, const char *text, size_t length, int64_t *integer)
{
    Decimal decimal;
    *integer = 0;
    if (!take_apart(arena, text, length, &decimal))
        return is_infinity_or_nan(text) ? NUMBER_NOT_FINITE : NUMBER_NONE;
    NumberResult result = judge_rest(text, length, decimal.used);
    if (result != NUMBER_OK)
        return result;
    while (decimal.digit_count > 0 && decimal.digits[decimal.digit_count - 1] == '0') {
        decimal.digit_count--;
        decimal.exponent++;
    }
    if (decimal.digit_count == 0)
        return NUMBER_OK;
    if (decimal.exponent < 0)
        return NUMBER_NOT_WHOLE;
    int64_t value = 0;
    bool too_large = decimal.exponent > 20;
    for (int64_t i = 0; i < (int64_t)decimal.digit_count + decimal.exponent && !too_large; i++) {
        int digit = i < (int64_t)decimal.digit_count ? decimal.digits[i] - '0' : 0;
        too_large = __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value);
    }
    *integer = decimal.negative ? -value : value;
    return too_large ? NUMBER_TOO_LARGE : NUMBER_OK;
}
