/* SPDX-License-Identifier: MIT */
/* Constants of a formula that is resolved: each must be a number in float, in which energies are computed. What is asked
 * is the constant that the program holds, after what is known has been computed in double: 1e30*1e30*1e-40 is 1e20. */
#include "compiler/expr/resolve.h"

#include <math.h>
#include <string.h>

/* The least number that is rounded to infinity in float. */
#define FLOAT_END 0x1.ffffffp127

/* A condition that is known and decides where the value below it is looked at. */
typedef struct Guard {
    const struct Guard *outer;
    const Expr *condition;
    bool holds;
} Guard;

static bool check(Resolver *resolver, const Expr *expr, const Guard *guards);

bool expr_is_table(const Expr *expr)
{
    if (!expr->is_static)
        return false;
    bool leaf = expr->operand_count == 0 || expr->kind == EXPR_PARAMETER;
    for (int i = 0; i < expr->operand_count && !leaf; i++)
        leaf = expr->operands[i]->axes == expr->axes;
    return leaf;
}

static bool is_float(double value)
{
    return fabs(value) < FLOAT_END;
}

/* "m" or "m[2, 0]" of a parameter; else "this constant". */
static const char *what_of(const Resolver *resolver, const Expr *expr, const int64_t *index)
{
    if (!expr->parameter)
        return "this constant";
    Text text = text_start(resolver->arena);
    text_put(&text, expr->name);
    for (int i = 0; i < expr->operand_count; i++)
        text_print(&text, "%s%lld", i == 0 ? "[" : ", ", (long long)expr_static_value(expr->operands[i], index));
    text_put(&text, expr->operand_count > 0 ? "]" : "");
    return text.bytes;
}

static bool fail(Resolver *resolver, const Expr *expr, const char *what, double value)
{
    Text number = text_start(resolver->arena);
    if (!isfinite(value)) {
        resolve_error(resolver, expr, "E0511", "%s is not a finite number: it is %s", what,
                      isnan(value) ? "undefined" : "infinite");
        return false;
    }
    text_number(&number, value);
    Diagnostic *error = resolve_error(resolver, expr, "E0511", "%s is too large for a float: %s", what, number.bytes);
    error->help = "energies are computed in float, whose largest number is about 3.4e38";
    if (expr->parameter) {
        error->related = expr->parameter->span;
        error->related_label = "its value";
    }
    return false;
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

/* The indices that decide whether an entry is looked at. */
static unsigned deciding_axes(const Resolver *resolver, unsigned axes, const Guard *guards)
{
    for (; guards; guards = guards->outer)
        axes |= guards->condition->axes;
    for (int depth = 0; depth < resolver->loop_count; depth++)
        axes |= resolver->loops[depth]->low ? 1u << depth : 0;
    return expr_axes_closure(resolver->loops, axes);
}

static bool is_looked_at(const Resolver *resolver, unsigned axes, const Guard *guards, const int64_t *index)
{
    bool looked_at = expr_axes_live(resolver->loops, axes, index);
    for (; guards && looked_at; guards = guards->outer)
        looked_at = (expr_static_value(guards->condition, index) != 0) == guards->holds;
    return looked_at;
}

/* An entry may be anything where the bounds of its sums and known conditions leave it out. */
static bool check_table(Resolver *resolver, const Expr *expr, const Guard *guards)
{
    int64_t index[EXPR_AXES_MAX] = {0};
    unsigned axes = expr->axes;
    bool good = true;
    for (bool more = expr_axes_first(resolver->loops, axes, index); more && good;
         more = expr_axes_next(resolver->loops, axes, index))
        good = is_float(expr_static_value(expr, index));
    if (good)
        return true;
    axes = deciding_axes(resolver, axes, guards);
    if (!resolve_spend(resolver, expr, axes))
        return false;
    for (bool more = expr_axes_first(resolver->loops, axes, index); more;
         more = expr_axes_next(resolver->loops, axes, index)) {
        double value = expr_static_value(expr, index);
        if (!is_float(value) && is_looked_at(resolver, axes, guards, index))
            return fail(resolver, expr, what_of(resolver, expr, index), value);
    }
    return true;
}

/* ---- the tree ---------------------------------------------------------------------------------------------------- */

static bool check_operands(Resolver *resolver, const Expr *expr, int first, const Guard *guards)
{
    bool good = true;
    for (int i = first; i < expr->operand_count; i++)
        good = check(resolver, expr->operands[i], guards) && good;
    return good;
}

/* The numbers that a chain begins with are one constant. */
static bool check_chain(Resolver *resolver, const Expr *chain, const Guard *guards)
{
    int count = 0;
    while (count < chain->operand_count && chain->operands[count]->is_static && chain->operands[count]->axes == 0)
        count++;
    if (count < 2)
        return check_operands(resolver, chain, 0, guards);
    Expr start = *chain;
    start.operand_count = count;
    start.begin = chain->operands[0]->begin;
    start.end = chain->operands[count - 1]->end;
    double value = expr_static_value(&start, NULL);
    bool good = is_float(value) || fail(resolver, &start, "this constant", value);
    return check_operands(resolver, chain, count, guards) && good;
}

static bool check_where(Resolver *resolver, const Expr *expr, const Guard *guards)
{
    const Expr *condition = expr->operands[0];
    if (!condition->is_static)
        return check_operands(resolver, expr, 0, guards);
    const Guard held = {guards, condition, true}, other = {guards, condition, false};
    bool good = check(resolver, expr->operands[1], &held);
    return check(resolver, expr->operands[2], &other) && good;
}

static bool check_sum(Resolver *resolver, const Expr *expr, const Guard *guards)
{
    if (expr->loop->count == 0)
        return true;
    const int around = resolver->loop_count;
    resolver->loops[expr->loop->depth] = expr->loop;
    resolver->loop_count = expr->loop->depth + 1;
    bool good = check(resolver, expr->operands[0], guards);
    resolver->loop_count = around;
    return good;
}

static bool check(Resolver *resolver, const Expr *expr, const Guard *guards)
{
    if (resolver->error_count >= RESOLVE_ERRORS_MAX)
        return false;
    if (expr->kind == EXPR_VARIABLE)
        return true; /* an index is none of the program's numbers */
    if (expr_is_table(expr))
        return expr->type == EXPR_CONDITION || check_table(resolver, expr, guards);
    switch (expr->kind) {
    case EXPR_CHAIN:
        return check_chain(resolver, expr, guards);
    case EXPR_WHERE:
        return check_where(resolver, expr, guards);
    case EXPR_SUM:
    case EXPR_LOGSUMEXP:
        return check_sum(resolver, expr, guards);
    default:
        return check_operands(resolver, expr, 0, guards);
    }
}

bool resolve_check_constants(Resolver *resolver, const Expr *expr)
{
    return check(resolver, expr, NULL);
}
