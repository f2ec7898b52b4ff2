/* SPDX-License-Identifier: MIT */
/* Tokens of the IR's text form. Only parse.c uses this. */
#ifndef COMPILER_IR_LEX_H
#define COMPILER_IR_LEX_H

#include "compiler/base/diagnostics.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum IrTokenKind {
    IR_TOKEN_END,
    IR_TOKEN_WORD,   /* a letter or "_", then letters, digits, "_", "." */
    IR_TOKEN_VALUE,  /* "%" and at least one of letters, digits, "_", "."; text without the "%" */
    IR_TOKEN_NUMBER, /* an integer or a real; also inf and nan */
    IR_TOKEN_STRING, /* text without quotes, escapes taken out */
    IR_TOKEN_MARK,   /* one of ( ) [ ] { } , ; : = and "->", which is '>' */
    IR_TOKEN_WRONG   /* an error that has been reported */
} IrTokenKind;

typedef struct IrToken {
    IrTokenKind kind;
    Span span;
    const char *text; /* WORD, VALUE, STRING: a copy in the arena */
    char mark;
    double number;
    int64_t integer;
    bool is_integer; /* the number is written without point and exponent, and fits */
} IrToken;

typedef struct IrLexer {
    Arena *arena;
    const Source *source;
    Diagnostics *diagnostics;
    size_t position;
    int line;
    int column; /* at `counted`, which never lies behind `position` */
    size_t counted;
} IrLexer;

IrToken ir_lex(IrLexer *lexer);

#endif
