/* SPDX-License-Identifier: MIT */
/* The parser's hands: looking at tokens, taking integers, lists and types, with a place for every mistake. What ops and
 * functions are made of is in parse.c. */
#include "compiler/ir/parser.h"

#include "compiler/ir/text.h"

#include <string.h>

Diagnostic *parser_fail(Parser *parser, Span span, const char *code, const char *message)
{
    if (parser->failed)
        return NULL;
    parser->failed = true;
    return diagnostics_error(parser->diagnostics, span, code, "%s", message);
}

void parser_advance(Parser *parser)
{
    parser->token = ir_lex(&parser->lexer);
    if (parser->token.kind == IR_TOKEN_WRONG)
        parser->failed = true;
}

bool parser_at_mark(const Parser *parser, char mark)
{
    return parser->token.kind == IR_TOKEN_MARK && parser->token.mark == mark;
}

bool parser_at_word(const Parser *parser, const char *word)
{
    return parser->token.kind == IR_TOKEN_WORD && strcmp(parser->token.text, word) == 0;
}

bool parser_accept_mark(Parser *parser, char mark)
{
    if (parser->failed || !parser_at_mark(parser, mark))
        return false;
    parser_advance(parser);
    return true;
}

bool parser_accept_word(Parser *parser, const char *word)
{
    if (parser->failed || !parser_at_word(parser, word))
        return false;
    parser_advance(parser);
    return true;
}

void parser_expect_mark(Parser *parser, char mark)
{
    if (!parser->failed && !parser_accept_mark(parser, mark)) {
        const char *text = mark == '>' ? "->" : arena_print(parser->arena, "%c", mark);
        parser_fail(parser, parser->token.span, "E0701", arena_print(parser->arena, "expected \"%s\"", text));
    }
}

void parser_expect_word(Parser *parser, const char *word)
{
    if (!parser->failed && !parser_accept_word(parser, word))
        parser_fail(parser, parser->token.span, "E0701", arena_print(parser->arena, "expected \"%s\"", word));
}

const char *parser_take_text(Parser *parser, IrTokenKind kind, const char *what)
{
    const char *text = parser->token.text;
    if (parser->failed)
        return "";
    if (parser->token.kind != kind) {
        parser_fail(parser, parser->token.span, "E0701", arena_print(parser->arena, "expected %s", what));
        return "";
    }
    parser_advance(parser);
    return text;
}

int64_t parser_take_integer(Parser *parser, int64_t least, int64_t most)
{
    int64_t value = parser->token.integer;
    if (parser->failed)
        return least;
    if (parser->token.kind != IR_TOKEN_NUMBER || !parser->token.is_integer || value < least || value > most) {
        parser_fail(
            parser, parser->token.span, "E0706",
            arena_print(parser->arena, "expected an integer from %lld to %lld", (long long)least, (long long)most));
        return least;
    }
    parser_advance(parser);
    return value;
}

void *parser_push(Parser *parser, ParserList *list, size_t size)
{
    if (list->count == list->room) {
        int64_t room = list->room * 2 + 8;
        list->items = arena_grow(parser->arena, list->items, (size_t)list->count, (size_t)room, size);
        list->room = room;
    }
    return (char *)list->items + (size_t)list->count++ * size;
}

/* Integers up to the closing mark, which is taken. */
ParserList parser_take_integers(Parser *parser, char closing, int64_t least)
{
    ParserList list = {0};
    while (!parser->failed && !parser_at_mark(parser, closing)) {
        if (list.count > 0)
            parser_expect_mark(parser, ',');
        int64_t value = parser_take_integer(parser, least, IR_COUNT_MAX);
        *(int64_t *)parser_push(parser, &list, sizeof value) = value;
    }
    parser_expect_mark(parser, closing);
    return list;
}

/* ---- types ------------------------------------------------------------------------------------------------------ */

static int find_word(const Parser *parser, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (parser_at_word(parser, words[i]))
            return i;
    return -1;
}

void parser_take_shape(Parser *parser, IrType *type)
{
    Span span = parser->token.span;
    parser_expect_mark(parser, '[');
    ParserList sizes = parser_take_integers(parser, ']', 1);
    if (sizes.count > IR_RANK_MAX) {
        parser_fail(parser, span, "E0707", arena_print(parser->arena, "a value has at most %d axes", IR_RANK_MAX));
        return;
    }
    int64_t count = 1;
    for (int axis = 0; axis < sizes.count && !parser->failed; axis++) {
        int64_t size = ((int64_t *)sizes.items)[axis];
        if (size > IR_COUNT_MAX / count)
            parser_fail(parser, span, "E0707", "the value has too many elements");
        type->size[type->rank++] = size;
        count *= size;
    }
}

/* element shape */
IrType parser_take_element_shape(Parser *parser)
{
    IrType type = {0};
    int element = find_word(parser, IR_ELEMENT_TEXT, 3);
    if (element < 0) {
        parser_fail(parser, parser->token.span, "E0701", "expected real, int32 or bool");
        return type;
    }
    type.element = (IrElement)element;
    parser_advance(parser);
    if (!parser->failed && parser_at_mark(parser, '['))
        parser_take_shape(parser, &type);
    return type;
}

IrType parser_take_type(Parser *parser)
{
    int kind = find_word(parser, IR_KIND_TEXT, 6);
    if (kind < 0) {
        parser_fail(parser, parser->token.span, "E0701",
                    "expected a kind: constant, parameter, state, scalar, shared or sample");
        return (IrType){0};
    }
    parser_advance(parser);
    IrType type = parser_take_element_shape(parser);
    type.kind = (IrKind)kind;
    return type;
}
