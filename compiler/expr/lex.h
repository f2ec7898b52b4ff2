/* SPDX-License-Identifier: MIT */
/* The words of a formula, one at a time. */
#ifndef COMPILER_EXPR_LEX_H
#define COMPILER_EXPR_LEX_H

#include "compiler/spec/spec.h"

typedef enum TokenKind {
    TOKEN_END,
    TOKEN_NUMBER,
    TOKEN_NAME,
    TOKEN_SIGN, /* an operator, a bracket or a comma: `text` says which */
    TOKEN_WRONG /* an error that has been reported */
} TokenKind;

typedef struct Token {
    TokenKind kind;
    size_t begin, end;
    double number;
    const char *text; /* SIGN: "<="; NAME: the name */
} Token;

typedef struct Lexer {
    Arena *arena;
    const Formula *formula;
    Diagnostics *diagnostics;
    size_t position;
} Lexer;

Token lex_next(Lexer *lexer);

#endif
