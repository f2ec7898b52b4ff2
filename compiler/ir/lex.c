/* SPDX-License-Identifier: MIT */
/* Cuts IR text into tokens with their places. It knows no op and no grammar. */
#include "compiler/ir/lex.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char peek(const IrLexer *lexer)
{
    return lexer->position < lexer->source->length ? lexer->source->text[lexer->position] : '\0';
}

static bool at_end(const IrLexer *lexer)
{
    return lexer->position >= lexer->source->length;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
    return is_letter(c) || is_digit(c) || c == '.';
}

static void skip_blanks(IrLexer *lexer)
{
    for (; !at_end(lexer); lexer->position++) {
        char c = peek(lexer);
        if (c == '\n') {
            lexer->line++;
            lexer->counted = lexer->position + 1;
            lexer->column = 1;
        } else if (c == '#') {
            while (lexer->position + 1 < lexer->source->length && lexer->source->text[lexer->position + 1] != '\n')
                lexer->position++;
        } else if (c != ' ' && c != '\t' && c != '\r') {
            return;
        }
    }
}

/* The column counts code points: every byte but UTF-8's continuation bytes. */
static int column_here(IrLexer *lexer)
{
    for (; lexer->counted < lexer->position; lexer->counted++)
        lexer->column += ((unsigned char)lexer->source->text[lexer->counted] & 0xC0) != 0x80;
    return lexer->column;
}

static IrToken start_token(IrLexer *lexer, IrTokenKind kind)
{
    IrToken token = {.kind = kind};
    token.span = (Span){lexer->source, lexer->position, lexer->position, lexer->line, column_here(lexer)};
    return token;
}

static void take_text(IrLexer *lexer, IrToken *token)
{
    size_t begin = lexer->position;
    while (!at_end(lexer) && is_name(peek(lexer)))
        lexer->position++;
    token->text = arena_copy_text(lexer->arena, lexer->source->text + begin, lexer->position - begin);
}

static void wrong_token(IrLexer *lexer, IrToken *token, const char *message)
{
    token->kind = IR_TOKEN_WRONG;
    token->span.end = lexer->position;
    diagnostics_error(lexer->diagnostics, token->span, "E0701", "%s", message);
}

static void take_number(IrLexer *lexer, IrToken *token)
{
    enum { LONGEST = 64 };
    char digits[LONGEST + 1];
    size_t length = 0;
    bool integer = true;
    for (; !at_end(lexer) && length < LONGEST; lexer->position++) {
        char c = peek(lexer), before = length > 0 ? digits[length - 1] : '\0';
        bool sign = (c == '-' || c == '+') && (length == 0 || before == 'e' || before == 'E');
        if (!sign && !is_name(c))
            break;
        integer = integer && (is_digit(c) || length == 0);
        digits[length++] = c;
    }
    digits[length] = '\0';
    char *end = digits;
    token->number = text_read_number(digits, &end);
    bool hexadecimal = strpbrk(digits, "xXpP") != NULL;
    if (*end != '\0' || end == digits || hexadecimal) {
        wrong_token(lexer, token, "not a number");
        return;
    }
    errno = 0;
    token->integer = strtoll(digits, NULL, 10);
    token->is_integer = integer && errno == 0;
}

static void take_string(IrLexer *lexer, IrToken *token)
{
    Text text = text_start(lexer->arena);
    lexer->position++;
    while (!at_end(lexer) && peek(lexer) != '"' && peek(lexer) != '\n') {
        char c = peek(lexer);
        if (c == '\\') {
            lexer->position++;
            c = peek(lexer) == 'n' ? '\n' : peek(lexer);
            if (c != '\n' && c != '"' && c != '\\') {
                wrong_token(lexer, token, "escapes are \\n, \\\" and \\\\");
                return;
            }
        }
        text_add(&text, &c, 1);
        lexer->position++;
    }
    if (peek(lexer) != '"') {
        wrong_token(lexer, token, "the string does not end on its line");
        return;
    }
    lexer->position++;
    token->text = text.bytes;
}

static bool begins_number(const IrLexer *lexer)
{
    char c = peek(lexer);
    if (is_digit(c) || c == '.' || c == '+')
        return true;
    return c == '-' && lexer->position + 1 < lexer->source->length && lexer->source->text[lexer->position + 1] != '>';
}

static void take_mark(IrLexer *lexer, IrToken *token)
{
    char c = peek(lexer);
    lexer->position++;
    token->mark = c;
    if (c == '-' && peek(lexer) == '>') {
        lexer->position++;
        token->mark = '>';
    } else if (c == '\0' || !strchr("()[]{},;:=", c)) {
        wrong_token(lexer, token, "no character of the IR's text form");
    }
}

IrToken ir_lex(IrLexer *lexer)
{
    skip_blanks(lexer);
    IrToken token = start_token(lexer, IR_TOKEN_END);
    if (at_end(lexer))
        return token;
    if (is_letter(peek(lexer))) {
        token.kind = IR_TOKEN_WORD;
        take_text(lexer, &token);
        if (strcmp(token.text, "inf") == 0 || strcmp(token.text, "nan") == 0) {
            token.kind = IR_TOKEN_NUMBER;
            token.number = token.text[0] == 'i' ? (double)INFINITY : (double)NAN;
        }
    } else if (peek(lexer) == '%') {
        token.kind = IR_TOKEN_VALUE;
        lexer->position++;
        take_text(lexer, &token);
        if (token.text[0] == '\0')
            wrong_token(lexer, &token, "a value's name is missing after %");
    } else if (begins_number(lexer)) {
        token.kind = IR_TOKEN_NUMBER;
        take_number(lexer, &token);
    } else if (peek(lexer) == '"') {
        token.kind = IR_TOKEN_STRING;
        take_string(lexer, &token);
    } else {
        token.kind = IR_TOKEN_MARK;
        take_mark(lexer, &token);
    }
    token.span.end = lexer->position;
    return token;
}
