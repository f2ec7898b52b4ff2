/* SPDX-License-Identifier: MIT */
/* Names, types and arities. Goes on after an error as far as the rest makes sense, so that one run reports them all. */
#include "compiler/expr/parse.h"
#include "compiler/expr/resolve.h"

#include <math.h>
#include <string.h>

static const struct {
    int least, most;
    bool exact;
} FACTS[] = {
#define FUNCTION(code, text, least, most, exact, op) {least, most, exact},
#include "compiler/expr/functions.def"
#undef FUNCTION
};

Diagnostic *resolve_error(Resolver *resolver, const Expr *at, const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprint(resolver->arena, format, arguments);
    va_end(arguments);
    resolver->error_count++;
    return diagnostics_error(resolver->diagnostics, formula_span(resolver->formula, at->begin, at->end), code, "%s",
                             message);
}

/* ---- what follows from the operands ------------------------------------------------------------------------------ */

bool resolve_check_array(Resolver *resolver, const Expr *expr, unsigned axes)
{
    int64_t count = axes != 0 ? expr_axes_count(resolver->loops, axes) : 1;
    if (count <= EXPR_ARRAY_MAX)
        return !expr->is_static || axes == 0 || resolve_spend(resolver, expr, axes);
    resolve_error(resolver, expr, "E0508", "this has %lld values over the indices of its sums", (long long)count)
        ->help = arena_print(
        resolver->arena, "at most %d; a part that does not depend on an index stands before its sum", EXPR_ARRAY_MAX);
    return false;
}

static void become_number(Expr *expr, double number)
{
    expr->kind = EXPR_NUMBER;
    expr->number = number;
    expr->operand_count = 0;
    expr->is_static = true;
}

/* A static expression without indices is its value. */
static bool fold(Resolver *resolver, Expr *expr)
{
    double value = expr_static_value(expr, NULL);
    if (!isfinite(value)) {
        resolve_error(resolver, expr, "E0511", "this is not a finite number: %s",
                      isnan(value) ? "it is undefined" : "it is infinite");
        return false;
    }
    become_number(expr, value);
    return true;
}

/* Axes and staticness from the operands; every kind but sums. */
static bool finish(Resolver *resolver, Expr *expr, ExprType type, bool exact)
{
    expr->type = type;
    expr->is_static = exact;
    for (int i = 0; i < expr->operand_count; i++) {
        expr->axes |= expr->operands[i]->axes;
        expr->is_static = expr->is_static && expr->operands[i]->is_static;
    }
    if (expr->is_static && expr->axes == 0)
        return fold(resolver, expr);
    return resolve_check_array(resolver, expr, expr->axes);
}

bool resolve_typed(Resolver *resolver, Expr *expr, ExprType type)
{
    if (!resolve_expr(resolver, expr))
        return false;
    if (expr->type == type)
        return true;
    if (type == EXPR_REAL)
        resolve_error(resolver, expr, "E0504", "a number is wanted here, this is a condition")->help =
            "where(condition, 1, 0) makes a number of it";
    else
        resolve_error(resolver, expr, "E0504", "a condition is wanted here, this is a number")->help =
            "as in where(x[0] < 0, 1, 0)";
    return false;
}

static bool resolve_operands(Resolver *resolver, Expr *expr)
{
    bool good = true;
    for (int i = 0; i < expr->operand_count; i++)
        good = resolve_typed(resolver, expr->operands[i], EXPR_REAL) && good;
    return good;
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static bool fail_unknown(Resolver *resolver, Expr *expr, bool function)
{
    const char *nearest = resolve_nearest(resolver, expr->name, function);
    Expr at = *expr;
    at.end = at.begin + strlen(expr->name);
    Diagnostic *error =
        resolve_error(resolver, &at, "E0502", function ? "unknown function '%s'" : "unknown name '%s'", expr->name);
    if (strcmp(expr->name, "pow") == 0)
        error->help = "a power is written x^2";
    else if (nearest)
        error->help = arena_print(resolver->arena, "did you mean '%s'?", nearest);
    return false;
}

/* A list without brackets: one value for each instance of the scope, where it has them. */
static bool resolve_instance_parameter(Resolver *resolver, Expr *expr)
{
    const SpecParameter *parameter = expr->parameter;
    const ExprLoop *instances = resolver->scope->instances;
    if (!instances || parameter->rank != 1) {
        resolve_error(resolver, expr, "E0507", "'%s' is a %s: it needs %s", expr->name,
                      parameter->rank == 1 ? "list" : "table", parameter->rank == 1 ? "an index" : "two indices")
            ->help = arena_print(resolver->arena, parameter->rank == 1 ? "as in %s[0]" : "as in %s[0, 0]", expr->name);
        return false;
    }
    if (parameter->size[0] != instances->count) {
        Diagnostic *error = resolve_error(resolver, expr, "E0510", "'%s' has %lld entries for %lld instances",
                                          expr->name, (long long)parameter->size[0], (long long)instances->count);
        error->related = parameter->span;
        error->related_label = "without an index, a list has one entry for each instance";
        return false;
    }
    Expr *index = ARENA_NEW(resolver->arena, Expr);
    *index = (Expr){.kind = EXPR_INDEX, .begin = expr->begin, .end = expr->end, .is_static = true, .axes = 1};
    expr->operands = ARENA_NEW(resolver->arena, Expr *);
    expr->operands[0] = index;
    expr->operand_count = 1;
    return true;
}

static bool resolve_parameter(Resolver *resolver, Expr *expr, int64_t which)
{
    const SpecParameter *parameter = &resolver->scope->parameters[which];
    expr->kind = EXPR_PARAMETER;
    expr->parameter = parameter;
    resolver->scope->parameter_used[which] = true;
    if (expr->operand_count == 0 && parameter->rank > 0 && !resolve_instance_parameter(resolver, expr))
        return false;
    if (expr->operand_count != parameter->rank) {
        static const char *const WANTED[] = {"is a number: it has no index", "is a list: it has one index",
                                             "is a table: it has two indices"};
        resolve_error(resolver, expr, "E0507", "'%s' %s", expr->name, WANTED[parameter->rank]);
        return false;
    }
    bool good = true;
    for (int axis = 0; axis < parameter->rank; axis++)
        good = resolve_integer(resolver, expr->operands[axis], "the index", expr->name, parameter->size[axis]) && good;
    return good && finish(resolver, expr, EXPR_REAL, true);
}

static bool resolve_variable(Resolver *resolver, Expr *expr, int which)
{
    const ExprVariable *variable = &resolver->scope->variables[which];
    expr->kind = EXPR_VARIABLE;
    expr->variable = which;
    if (variable->is_condition) {
        if (expr->operand_count > 0)
            resolve_error(resolver, expr, "E0507", "'%s' is a condition: it has no index", expr->name);
        return expr->operand_count == 0;
    }
    if (variable->per_instance) {
        expr->axes = 1;
        if (expr->operand_count == 0)
            return true;
        resolve_error(resolver, expr, "E0507", "'%s' has no index here", expr->name)->help =
            "with `over`, it is the value of one instance after another";
        return false;
    }
    if (expr->operand_count != 1) {
        Diagnostic *error = resolve_error(resolver, expr, "E0507", "'%s' is a list: it has one index", expr->name);
        error->help = variable->size == 1 ? arena_print(resolver->arena, "write %s[0]", expr->name)
                                          : arena_print(resolver->arena, "write %s[0] to %s[%lld]", expr->name,
                                                        expr->name, (long long)(variable->size - 1));
        return false;
    }
    return resolve_integer(resolver, expr->operands[0], "the index", expr->name, variable->size) &&
           finish(resolver, expr, EXPR_REAL, false);
}

static bool resolve_element(Resolver *resolver, Expr *expr, int64_t element)
{
    if (expr->operand_count > 0) {
        resolve_error(resolver, expr, "E0507", "'%s' is a number: it has no index", expr->name);
        return false;
    }
    Expr *index = ARENA_NEW(resolver->arena, Expr);
    *index = (Expr){.begin = expr->begin, .end = expr->end};
    become_number(index, (double)element);
    expr->kind = EXPR_VARIABLE;
    expr->variable = 0;
    expr->operands = ARENA_NEW(resolver->arena, Expr *);
    expr->operands[0] = index;
    expr->operand_count = 1;
    return true;
}

/* Without brackets the name of an element goes before that of a list. */
static NameMeaning meaning_of(const Resolver *resolver, const Expr *expr)
{
    NameMeaning meaning = resolve_meaning(resolver, expr->name);
    if (meaning.kind != NAME_VARIABLE || expr->kind != EXPR_NAME)
        return meaning;
    NameMeaning element = resolve_element_meaning(resolver, expr->name);
    return element.kind == NAME_ELEMENT ? element : meaning;
}

/* name and name[...] */
static bool resolve_name(Resolver *resolver, Expr *expr)
{
    NameMeaning meaning = meaning_of(resolver, expr);
    if (expr->kind == EXPR_ITEM && expr->operand_count == 0) {
        resolve_error(resolver, expr, "E0507", "an index is missing");
        return false;
    }
    if (!resolve_operands(resolver, expr))
        return false;
    switch (meaning.kind) {
    case NAME_PARAMETER:
        return resolve_parameter(resolver, expr, meaning.index);
    case NAME_VARIABLE:
    case NAME_CONDITION:
        return resolve_variable(resolver, expr, (int)meaning.index);
    case NAME_ELEMENT:
        return resolve_element(resolver, expr, meaning.index);
    case NAME_UNKNOWN:
        return fail_unknown(resolver, expr, false);
    case NAME_FUNCTION:
        resolve_error(resolver, expr, "E0503", "'%s' is a function: its arguments stand in parentheses", expr->name);
        return false;
    case NAME_INDEX:
    case NAME_PI:
        break;
    }
    if (expr->operand_count > 0) {
        resolve_error(resolver, expr, "E0507", "'%s' is %s: it has no index", expr->name,
                      resolve_meaning_text(meaning.kind));
        return false;
    }
    if (meaning.kind == NAME_PI) {
        become_number(expr, 3.14159265358979323846);
        return true;
    }
    expr->kind = EXPR_INDEX;
    expr->depth = (int)meaning.index;
    expr->is_static = true;
    expr->axes = 1u << meaning.index;
    return resolve_check_array(resolver, expr, expr->axes);
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

static bool resolve_where(Resolver *resolver, Expr *expr)
{
    if (expr->operand_count != 3) {
        resolve_error(resolver, expr, "E0503", "'where' takes 3 arguments, found %d", expr->operand_count)->help =
            "where(condition, a, b) is a where the condition holds, else b";
        return false;
    }
    bool good = resolve_typed(resolver, expr->operands[0], EXPR_CONDITION);
    good = resolve_typed(resolver, expr->operands[1], EXPR_REAL) && good;
    good = resolve_typed(resolver, expr->operands[2], EXPR_REAL) && good;
    if (!good)
        return false;
    const Expr *condition = expr->operands[0];
    if (condition->kind == EXPR_NUMBER) { /* decided now */
        Expr chosen = *expr->operands[condition->number != 0 ? 1 : 2];
        chosen.begin = expr->begin;
        chosen.end = expr->end;
        *expr = chosen;
        return true;
    }
    expr->kind = EXPR_WHERE;
    return finish(resolver, expr, EXPR_REAL, true);
}

static bool resolve_apply(Resolver *resolver, Expr *expr, ExprFunction function)
{
    int least = FACTS[function].least, most = FACTS[function].most;
    if (expr->operand_count < least || (most >= 0 && expr->operand_count > most)) {
        resolve_error(resolver, expr, "E0503", "'%s' takes %s%d argument%s, found %d", expr->name,
                      most < 0 ? "at least " : "", least, least == 1 ? "" : "s", expr->operand_count);
        return false;
    }
    if (!resolve_operands(resolver, expr))
        return false;
    expr->kind = EXPR_APPLY;
    expr->function = function;
    return finish(resolver, expr, EXPR_REAL, FACTS[function].exact);
}

static bool resolve_call(Resolver *resolver, Expr *expr)
{
    ExprFunction function;
    NameMeaning meaning = resolve_meaning(resolver, expr->name);
    if (meaning.kind == NAME_FUNCTION) {
        if (strcmp(expr->name, "where") == 0)
            return resolve_where(resolver, expr);
        if (strcmp(expr->name, "sum") == 0)
            return resolve_sum(resolver, expr, EXPR_SUM);
        if (strcmp(expr->name, "logsumexp") == 0)
            return resolve_sum(resolver, expr, EXPR_LOGSUMEXP);
        return resolve_function(expr->name, &function) && resolve_apply(resolver, expr, function);
    }
    if (meaning.kind == NAME_UNKNOWN)
        return fail_unknown(resolver, expr, true);
    Diagnostic *error = resolve_error(resolver, expr, "E0503", "'%s' is %s, not a function", expr->name,
                                      resolve_meaning_text(meaning.kind));
    error->help = meaning.kind == NAME_VARIABLE || meaning.kind == NAME_PARAMETER
                      ? "an index stands in brackets; a product needs its *"
                      : "a product needs its *";
    return false;
}

/* ---- operators --------------------------------------------------------------------------------------------------- */

/* Powers are known where multiplying and square roots give them. */
static bool is_exact_exponent(const Resolver *resolver, const Expr *exponent)
{
    int64_t index[EXPR_AXES_MAX];
    unsigned axes = exponent->axes;
    if (!exponent->is_static)
        return false;
    for (bool more = expr_axes_first(resolver->loops, axes, index); more;
         more = expr_axes_next(resolver->loops, axes, index)) {
        double value = expr_static_value(exponent, index);
        if (!(fabs(value) <= 1e9) || floor(2 * value) != 2 * value)
            return false;
    }
    return true;
}

/* ... / 0, written so or found so. */
static bool check_divisors(Resolver *resolver, const Expr *chain)
{
    bool good = true;
    for (int i = 1; i < chain->operand_count; i++) {
        const Expr *divisor = chain->operands[i];
        if (chain->operators[i - 1] != EXPR_DIVIDE || divisor->kind != EXPR_NUMBER || divisor->number != 0)
            continue;
        resolve_error(resolver, divisor, "E0511", "division by zero");
        good = false;
    }
    return good;
}

static bool resolve_power(Resolver *resolver, Expr *expr)
{
    if (!resolve_operands(resolver, expr))
        return false;
    bool exact = expr->operands[0]->is_static && is_exact_exponent(resolver, expr->operands[1]);
    return finish(resolver, expr, EXPR_REAL, exact);
}

bool resolve_expr(Resolver *resolver, Expr *expr)
{
    if (resolver->error_count >= RESOLVE_ERRORS_MAX)
        return false;
    switch (expr->kind) {
    case EXPR_NAME:
    case EXPR_ITEM:
        return resolve_name(resolver, expr);
    case EXPR_CALL:
        return resolve_call(resolver, expr);
    case EXPR_NUMBER:
        expr->is_static = true;
        return true;
    case EXPR_NEGATE:
        return resolve_operands(resolver, expr) && finish(resolver, expr, EXPR_REAL, true);
    case EXPR_CHAIN:
        return resolve_operands(resolver, expr) && check_divisors(resolver, expr) &&
               finish(resolver, expr, EXPR_REAL, true);
    case EXPR_COMPARE:
        return resolve_operands(resolver, expr) && finish(resolver, expr, EXPR_CONDITION, true);
    case EXPR_POWER:
        return resolve_power(resolver, expr);
    default:
        return true; /* resolved already */
    }
}

const Expr *expr_read(Arena *arena, const Formula *formula, const ExprScope *scope, Diagnostics *diagnostics)
{
    Resolver resolver = {.arena = arena, .formula = formula, .scope = scope, .diagnostics = diagnostics};
    Expr *expr = expr_parse(arena, formula, diagnostics);
    if (!expr)
        return NULL;
    if (scope->instances)
        resolver.loops[resolver.loop_count++] = scope->instances;
    return resolve_typed(&resolver, expr, EXPR_REAL) && resolve_check_constants(&resolver, expr) ? expr : NULL;
}
