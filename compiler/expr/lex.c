/* SPDX-License-Identifier: MIT */
/* From characters to words: numbers, names, signs. ASCII alone has a meaning in a formula. */
#include "compiler/expr/lex.h"

#include "compiler/base/utf8.h"

#include <math.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static char character(const Lexer *lexer, size_t position)
{
    return position < lexer->formula->length ? lexer->formula->text[position] : '\0';
}

static size_t skip_digits(const Lexer *lexer, size_t position)
{
    while (is_digit(character(lexer, position)))
        position++;
    return position;
}

static Token lex_number(Lexer *lexer, size_t begin)
{
    size_t end = skip_digits(lexer, begin);
    if (character(lexer, end) == '.')
        end = skip_digits(lexer, end + 1);
    if (character(lexer, end) == 'e' || character(lexer, end) == 'E') {
        size_t digits = end + 1;
        if (character(lexer, digits) == '+' || character(lexer, digits) == '-')
            digits++;
        if (is_digit(character(lexer, digits)))
            end = skip_digits(lexer, digits);
    }
    char *unused;
    const char *text = arena_copy_text(lexer->arena, lexer->formula->text + begin, end - begin);
    Token token = {.kind = TOKEN_NUMBER, .begin = begin, .end = end, .number = text_read_number(text, &unused)};
    if (!isfinite(token.number)) {
        diagnostics_error(lexer->diagnostics, formula_span(lexer->formula, begin, end), "E0511",
                          "this number is too large")
            ->help = "the largest number is about 1.8e308";
        token.kind = TOKEN_WRONG;
    }
    return token;
}

/* What was probably meant by a character that formulas do not have. */
static const char *help_for(const char *at, uint32_t code_point)
{
    if (at[0] == '=')
        return "to compare two numbers, write ==";
    if (at[0] == '&' || at[0] == '|' || at[0] == '!' || at[0] == '?')
        return "conditions are combined by where: where(a, b, c) is b where a holds, else c";
    if (at[0] == '{' || at[0] == '}')
        return "write parentheses ( )";
    switch (code_point) {
    case 0x2212:
    case 0x2013:
        return "write the minus of the keyboard, -";
    case 0xB7:
    case 0xD7:
    case 0x22C5:
        return "write a product with *";
    case 0xB2:
    case 0xB3:
        return "write a power with ^";
    case 0x3C0:
        return "write pi";
    default:
        return NULL;
    }
}

static Token lex_wrong(Lexer *lexer, size_t begin)
{
    const char *at = lexer->formula->text + begin;
    uint32_t code_point = 0;
    size_t length = utf8_length(at, lexer->formula->length - begin, &code_point);
    length = length > 0 ? length : 1;
    Text shown = text_start(lexer->arena);
    utf8_add_printable(&shown, at, length);
    diagnostics_error(lexer->diagnostics, formula_span(lexer->formula, begin, begin + length), "E0501",
                      "'%s' has no meaning in a formula", shown.bytes)
        ->help = help_for(at, code_point);
    return (Token){.kind = TOKEN_WRONG, .begin = begin, .end = begin + length};
}

static Token lex_sign(Lexer *lexer, size_t begin)
{
    static const char *const SIGNS[] = {"<=", ">=", "==", "!=", "+", "-", "*", "/",
                                        "^",  "(",  ")",  "[",  "]", ",", "<", ">"};
    for (size_t i = 0; i < sizeof SIGNS / sizeof SIGNS[0]; i++) {
        size_t length = strlen(SIGNS[i]);
        if (lexer->formula->length - begin >= length && memcmp(lexer->formula->text + begin, SIGNS[i], length) == 0)
            return (Token){.kind = TOKEN_SIGN, .begin = begin, .end = begin + length, .text = SIGNS[i]};
    }
    return lex_wrong(lexer, begin);
}

static Token lex_any(Lexer *lexer)
{
    const Formula *formula = lexer->formula;
    while (lexer->position < formula->length && strchr(" \t\r\n", formula->text[lexer->position]) != NULL &&
           formula->text[lexer->position] != '\0')
        lexer->position++;
    size_t begin = lexer->position, end = begin;
    if (begin >= formula->length)
        return (Token){.kind = TOKEN_END, .begin = formula->length, .end = formula->length};
    char first = formula->text[begin];
    if (is_digit(first) || (first == '.' && is_digit(character(lexer, begin + 1))))
        return lex_number(lexer, begin);
    if (!is_letter(first))
        return lex_sign(lexer, begin);
    while (is_letter(character(lexer, end)) || is_digit(character(lexer, end)))
        end++;
    return (Token){.kind = TOKEN_NAME,
                   .begin = begin,
                   .end = end,
                   .text = arena_copy_text(lexer->arena, formula->text + begin, end - begin)};
}

Token lex_next(Lexer *lexer)
{
    Token token = lex_any(lexer);
    lexer->position = token.end;
    return token;
}
