/* SPDX-License-Identifier: MIT */
/* Recursive descent over a formula, one function per line of the grammar in expr.h. The first error ends it: what
 * follows a misread word says little. */
#include "compiler/expr/parse.h"

#include "compiler/expr/lex.h"

#include <string.h>

typedef struct Parser {
    Lexer lexer;
    Token token; /* the next one */
    size_t end;  /* where the one before it ended */
    int depth, nodes;
    bool failed;
} Parser;

static Expr *parse_any(Parser *parser);

/* After the first error nothing is reported: what is returned then goes nowhere. */
static Diagnostic *fail(Parser *parser, size_t begin, size_t end, const char *code, const char *message)
{
    if (parser->failed)
        return ARENA_NEW(parser->lexer.arena, Diagnostic);
    parser->failed = true;
    return diagnostics_error(parser->lexer.diagnostics, formula_span(parser->lexer.formula, begin, end), code, "%s",
                             message);
}

static void advance(Parser *parser)
{
    parser->end = parser->token.end;
    parser->token = lex_next(&parser->lexer);
    if (parser->token.kind == TOKEN_WRONG)
        parser->failed = true;
}

static bool is_sign(const Parser *parser, const char *sign)
{
    return parser->token.kind == TOKEN_SIGN && strcmp(parser->token.text, sign) == 0;
}

static bool accept(Parser *parser, const char *sign)
{
    if (!is_sign(parser, sign))
        return false;
    advance(parser);
    return true;
}

/* The next word in quotes, for messages. */
static const char *token_text(const Parser *parser)
{
    const Token *token = &parser->token;
    if (token->kind == TOKEN_END)
        return "the end of the formula";
    return arena_print(parser->lexer.arena, "'%.*s'",
                       (int)(token->end - token->begin < 40 ? token->end - token->begin : 40),
                       parser->lexer.formula->text + token->begin);
}

static Diagnostic *fail_expected(Parser *parser, const char *expected)
{
    const Token *token = &parser->token;
    return fail(parser, token->begin, token->end, "E0501",
                arena_print(parser->lexer.arena, "expected %s, found %s", expected, token_text(parser)));
}

static void expect(Parser *parser, const char *sign)
{
    if (!accept(parser, sign))
        fail_expected(parser, arena_print(parser->lexer.arena, "'%s'", sign));
}

static Expr *node_new(Parser *parser, ExprKind kind, size_t begin)
{
    Expr *expr = ARENA_NEW(parser->lexer.arena, Expr);
    expr->kind = kind;
    expr->begin = begin;
    expr->end = parser->end;
    if (++parser->nodes > EXPR_NODES_MAX)
        fail(parser, begin, begin + 1, "E0508",
             arena_print(parser->lexer.arena, "the formula has more than %d numbers, names and operators",
                         EXPR_NODES_MAX));
    return expr;
}

/* An array that grows by one has the next power of two as its room. */
static void add_operand(Parser *parser, Expr *expr, Expr *operand)
{
    int count = expr->operand_count;
    if ((count & (count - 1)) == 0)
        expr->operands = arena_grow(parser->lexer.arena, expr->operands, (size_t)count,
                                    count == 0 ? 1 : 2 * (size_t)count, sizeof(Expr *));
    expr->operands[expr->operand_count++] = operand;
    expr->end = parser->end;
}

static void add_operator(Parser *parser, Expr *expr, ExprOperator operator)
{
    int count = expr->operand_count - 1; /* operators so far */
    if ((count & (count - 1)) == 0)
        expr->operators = arena_grow(parser->lexer.arena, expr->operators, (size_t)count,
                                     count == 0 ? 1 : 2 * (size_t)count, sizeof(ExprOperator));
    expr->operators[count] = operator;
}

/* ---- atoms ------------------------------------------------------------------------------------------------------- */

static void parse_list(Parser *parser, Expr *expr, const char *close)
{
    if (!is_sign(parser, close)) {
        do {
            Expr *operand = parse_any(parser);
            if (parser->failed)
                return;
            add_operand(parser, expr, operand);
        } while (accept(parser, ","));
    }
    if (!accept(parser, close))
        fail_expected(parser, arena_print(parser->lexer.arena, "',' or '%s'", close));
    expr->end = parser->end;
}

static Expr *parse_name(Parser *parser)
{
    size_t begin = parser->token.begin;
    const char *name = parser->token.text;
    advance(parser);
    ExprKind kind = is_sign(parser, "[") ? EXPR_ITEM : is_sign(parser, "(") ? EXPR_CALL : EXPR_NAME;
    Expr *expr = node_new(parser, kind, begin);
    expr->name = name;
    if (accept(parser, "["))
        parse_list(parser, expr, "]");
    else if (accept(parser, "("))
        parse_list(parser, expr, ")");
    return expr;
}

static Expr *parse_atom(Parser *parser)
{
    size_t begin = parser->token.begin;
    if (parser->token.kind == TOKEN_NUMBER) {
        double number = parser->token.number;
        advance(parser);
        Expr *expr = node_new(parser, EXPR_NUMBER, begin);
        expr->number = number;
        return expr;
    }
    if (parser->token.kind == TOKEN_NAME)
        return parse_name(parser);
    if (accept(parser, "(")) {
        Expr *inner = parse_any(parser);
        if (!parser->failed)
            expect(parser, ")");
        if (!parser->failed)
            inner->begin = begin, inner->end = parser->end;
        return inner;
    }
    Diagnostic *error = fail_expected(parser, "a number, a name or '('");
    if (is_sign(parser, "*") && begin > 0 && parser->lexer.formula->text[begin - 1] == '*')
        error->help = "a power is written x^2";
    return NULL;
}

/* ---- operators --------------------------------------------------------------------------------------------------- */

static Expr *parse_signed(Parser *parser);

static Expr *parse_power(Parser *parser)
{
    size_t begin = parser->token.begin;
    Expr *base = parse_atom(parser);
    if (parser->failed || !accept(parser, "^"))
        return base;
    Expr *exponent = parse_signed(parser);
    if (parser->failed)
        return NULL;
    Expr *expr = node_new(parser, EXPR_POWER, begin);
    add_operand(parser, expr, base);
    add_operand(parser, expr, exponent);
    return expr;
}

/* Every way down into a formula leads through here, so here its depth is measured. */
static Expr *parse_signed(Parser *parser)
{
    size_t begin = parser->token.begin;
    Expr *expr = NULL;
    if (++parser->depth > EXPR_NESTING_MAX)
        fail(parser, begin, begin + 1, "E0508",
             arena_print(parser->lexer.arena, "the formula nests more than %d deep", EXPR_NESTING_MAX));
    else if (accept(parser, "-")) {
        Expr *operand = parse_signed(parser);
        if (!parser->failed) {
            expr = node_new(parser, EXPR_NEGATE, begin);
            add_operand(parser, expr, operand);
        }
    } else if (accept(parser, "+")) {
        expr = parse_signed(parser);
    } else {
        expr = parse_power(parser);
    }
    parser->depth--;
    return expr;
}

/* first o second o third ..., with operators[0] and operators[1] for the signs. */
static Expr *parse_chain(Parser *parser, Expr *(*parse_operand)(Parser *), const char *const signs[2],
                         const ExprOperator operators[2])
{
    size_t begin = parser->token.begin;
    Expr *first = parse_operand(parser), *chain = NULL;
    while (!parser->failed && (is_sign(parser, signs[0]) || is_sign(parser, signs[1]))) {
        ExprOperator operator= operators[is_sign(parser, signs[1])];
        advance(parser);
        Expr *operand = parser->failed ? NULL : parse_operand(parser);
        if (parser->failed)
            return NULL;
        if (!chain) {
            chain = node_new(parser, EXPR_CHAIN, begin);
            add_operand(parser, chain, first);
        }
        add_operator(parser, chain, operator);
        add_operand(parser, chain, operand);
    }
    return chain ? chain : first;
}

static Expr *parse_product(Parser *parser)
{
    return parse_chain(parser, parse_signed, (const char *const[]){"*", "/"},
                       (const ExprOperator[]){EXPR_MULTIPLY, EXPR_DIVIDE});
}

static Expr *parse_sum(Parser *parser)
{
    return parse_chain(parser, parse_product, (const char *const[]){"+", "-"},
                       (const ExprOperator[]){EXPR_ADD, EXPR_SUBTRACT});
}

static bool find_comparison(const Parser *parser, ExprOperator *operator)
{
    static const char *const SIGNS[] = {"<", "<=", ">", ">=", "==", "!="};
    for (int i = 0; i < 6; i++)
        if (is_sign(parser, SIGNS[i])) {
            *operator=(ExprOperator)(EXPR_LESS + i);
            return true;
        }
    return false;
}

static Expr *parse_any(Parser *parser)
{
    size_t begin = parser->token.begin;
    ExprOperator operator= EXPR_LESS;
    Expr *left = parse_sum(parser);
    if (parser->failed || !find_comparison(parser, &operator))
        return left;
    advance(parser);
    Expr *right = parser->failed ? NULL : parse_sum(parser);
    if (parser->failed)
        return NULL;
    Expr *expr = node_new(parser, EXPR_COMPARE, begin);
    add_operand(parser, expr, left);
    add_operator(parser, expr, operator);
    add_operand(parser, expr, right);
    if (find_comparison(parser, &operator))
        fail(parser, parser->token.begin, parser->token.end, "E0501", "comparisons cannot be chained")->help =
            "nest two conditions: where(0 < a, where(a < 1, b, c), c)";
    return expr;
}

Expr *expr_parse(Arena *arena, const Formula *formula, Diagnostics *diagnostics)
{
    Parser parser = {.lexer = {arena, formula, diagnostics, 0}};
    advance(&parser);
    if (parser.failed)
        return NULL;
    if (parser.token.kind == TOKEN_END) {
        fail(&parser, 0, formula->length, "E0501", "the formula is empty");
        return NULL;
    }
    Expr *expr = parse_any(&parser);
    if (!parser.failed && parser.token.kind != TOKEN_END)
        fail_expected(&parser, "an operator or the end of the formula");
    return parser.failed ? NULL : expr;
}
