/* SPDX-License-Identifier: MIT */
/* What the two files of the IR's parser share. After the first mistake `failed` is set and every function here does
 * nothing more; callers may go on without looking. */
#ifndef COMPILER_IR_PARSER_H
#define COMPILER_IR_PARSER_H

#include "compiler/ir/ir.h"
#include "compiler/ir/lex.h"
#include "compiler/ir/names.h"

typedef struct Parser {
    Arena *arena;
    Diagnostics *diagnostics;
    IrLexer lexer;
    IrToken token; /* the one looked at */
    IrModule *module;
    NameTable functions; /* name -> position; a function is entered when it is complete */
    IrFunction *function;
    NameTable values; /* name -> IrId, of the function being read */
    int64_t op_count, constant_count;
    bool failed;
} Parser;

/* A list that grows while it is read. */
typedef struct ParserList {
    int64_t count, room;
    void *items;
} ParserList;

Diagnostic *parser_fail(Parser *parser, Span span, const char *code, const char *message);
void parser_advance(Parser *parser);
bool parser_at_mark(const Parser *parser, char mark);
bool parser_at_word(const Parser *parser, const char *word);
bool parser_accept_mark(Parser *parser, char mark);
bool parser_accept_word(Parser *parser, const char *word);
void parser_expect_mark(Parser *parser, char mark);
void parser_expect_word(Parser *parser, const char *word);
const char *parser_take_text(Parser *parser, IrTokenKind kind, const char *what);
int64_t parser_take_integer(Parser *parser, int64_t least, int64_t most);
void *parser_push(Parser *parser, ParserList *list, size_t size);
ParserList parser_take_integers(Parser *parser, char closing, int64_t least);
void parser_take_shape(Parser *parser, IrType *type);
IrType parser_take_element_shape(Parser *parser);
IrType parser_take_type(Parser *parser);

#endif
