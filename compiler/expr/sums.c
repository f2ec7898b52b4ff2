/* SPDX-License-Identifier: MIT */
/* Indices, and the sums that they run through: ranges that are known when the spec is compiled, and their limits. */
#include "compiler/expr/resolve.h"

#include <math.h>
#include <string.h>

enum { INTEGER_MAX = 1 << 30 };

/* ", at i = 3, j = 0": where in the sums a static value is wrong. */
static const char *place_text(const Resolver *resolver, unsigned axes, const int64_t *index)
{
    Text text = text_start(resolver->arena);
    for (int depth = 0; depth < resolver->loop_count; depth++) {
        if (!(axes & 1u << depth))
            continue;
        const char *name = resolver->loops[depth]->name;
        text_print(&text, "%s%s = %lld", text.length == 0 ? " at " : ", ", name ? name : "instance",
                   (long long)index[depth]);
    }
    return text.bytes;
}

bool resolve_spend(Resolver *resolver, const Expr *at, unsigned axes)
{
    resolver->work += expr_axes_count(resolver->loops, axes);
    if (resolver->work <= EXPR_WORK_MAX)
        return true;
    resolve_error(resolver, at, "E0508", "the tables of this formula have more than %d entries", EXPR_WORK_MAX)->help =
        "each index, bound and constant that depends on a sum's index is a table over that index";
    return false;
}

static bool fail_integer(Resolver *resolver, const Expr *expr, const char *what, const char *list, int64_t size,
                         double value, const char *place)
{
    Text number = text_start(resolver->arena);
    text_number(&number, value);
    if (floor(value) != value || !(fabs(value) <= INTEGER_MAX)) {
        resolve_error(resolver, expr, "E0506", "%s is no integer here: it is %s%s", what, number.bytes, place);
        return false;
    }
    Diagnostic *error = resolve_error(resolver, expr, "E0505", "%s %s is out of range%s", what, number.bytes, place);
    error->label = arena_print(resolver->arena, "'%s' has %lld element%s", list, (long long)size, size == 1 ? "" : "s");
    error->help = arena_print(resolver->arena, "indices go from 0 to %lld", (long long)(size - 1));
    return false;
}

bool resolve_integer(Resolver *resolver, const Expr *expr, const char *what, const char *list, int64_t size)
{
    int64_t index[EXPR_AXES_MAX];
    if (!expr->is_static) {
        resolve_error(resolver, expr, "E0506", "%s must be known when the spec is compiled", what)->help =
            "it may use numbers, parameters and the indices of sums, with + - * / ^ abs min max sqrt and where";
        return false;
    }
    unsigned axes = expr_axes_closure(resolver->loops, expr->axes);
    if (!resolve_spend(resolver, expr, axes))
        return false;
    for (bool more = expr_axes_first(resolver->loops, axes, index); more;
         more = expr_axes_next(resolver->loops, axes, index)) {
        double value = expr_static_value(expr, index);
        bool integer = floor(value) == value && fabs(value) <= INTEGER_MAX;
        bool inside = size == 0 || (value >= 0 && value < (double)size);
        if ((!integer || !inside) && expr_axes_live(resolver->loops, axes, index))
            return fail_integer(resolver, expr, what, list, size, value, place_text(resolver, axes, index));
    }
    return true;
}

/* The least low and the greatest high of the bounds, over all outer indices that have a term; for logsumexp each must
 * have one. */
static bool find_range(Resolver *resolver, const Expr *expr, ExprKind kind, const Expr *low, const Expr *high,
                       ExprLoop *loop)
{
    int64_t index[EXPR_AXES_MAX], first = 0, end = 0;
    unsigned axes = expr_axes_closure(resolver->loops, low->axes | high->axes);
    bool found = false;
    if (!resolve_spend(resolver, expr, axes))
        return false;
    for (bool more = expr_axes_first(resolver->loops, axes, index); more;
         more = expr_axes_next(resolver->loops, axes, index)) {
        if (!expr_axes_live(resolver->loops, axes, index))
            continue;
        int64_t from = (int64_t)expr_static_value(low, index), to = (int64_t)expr_static_value(high, index);
        if (from >= to && kind == EXPR_LOGSUMEXP) {
            resolve_error(resolver, expr, "E0512", "this logsumexp goes from %lld to %lld, through nothing%s",
                          (long long)from, (long long)to, place_text(resolver, axes, index))
                ->help = "the bounds are low and high of low, ..., high - 1; the log of nothing is minus infinity";
            return false;
        }
        if (from >= to)
            continue;
        first = found && first < from ? first : from;
        end = found && end > to ? end : to;
        found = true;
    }
    loop->first = first;
    loop->count = end - first;
    if (low->axes | high->axes) {
        loop->low = low;
        loop->high = high;
    }
    return true;
}

static bool count_terms(Resolver *resolver, const Expr *expr)
{
    int64_t terms = 1;
    for (int depth = 0; depth < resolver->loop_count; depth++) {
        int64_t count = resolver->loops[depth]->count;
        terms = count > 0 && terms > EXPR_TERMS_MAX / count ? EXPR_TERMS_MAX + INT64_C(1) : terms * count;
    }
    resolver->terms += terms;
    if (resolver->terms <= EXPR_TERMS_MAX)
        return true;
    resolve_error(resolver, expr, "E0508", "the formula's sums have more than %d terms", EXPR_TERMS_MAX);
    return false;
}

static bool check_index_name(Resolver *resolver, const Expr *name)
{
    if (name->kind != EXPR_NAME) {
        resolve_error(resolver, name, "E0503", "expected the name of an index")->help = "as in sum(i, 0, 10, x[i]^2)";
        return false;
    }
    NameKind kind = resolve_meaning(resolver, name->name).kind;
    if (kind == NAME_UNKNOWN)
        return true;
    resolve_error(resolver, name, "E0509", "an index cannot be called '%s' here", name->name)->label =
        arena_print(resolver->arena, "this is %s", resolve_meaning_text(kind));
    return false;
}

static bool resolve_bound(Resolver *resolver, Expr *bound, const char *what)
{
    return resolve_typed(resolver, bound, EXPR_REAL) && resolve_integer(resolver, bound, what, NULL, 0);
}

bool resolve_sum(Resolver *resolver, Expr *expr, ExprKind kind)
{
    const char *name = expr->name;
    if (expr->operand_count != 4) {
        resolve_error(resolver, expr, "E0503", "'%s' takes 4 arguments, found %d", name, expr->operand_count)->help =
            arena_print(resolver->arena, "%s(i, low, high, term): i = low, ..., high - 1", name);
        return false;
    }
    ExprLoop *loop = ARENA_NEW(resolver->arena, ExprLoop);
    *loop = (ExprLoop){.name = expr->operands[0]->name, .depth = resolver->loop_count};
    bool good = check_index_name(resolver, expr->operands[0]);
    good = resolve_bound(resolver, expr->operands[1], "the lower bound") && good;
    good = resolve_bound(resolver, expr->operands[2], "the upper bound") && good;
    if (!good || !find_range(resolver, expr, kind, expr->operands[1], expr->operands[2], loop))
        return false;
    if (resolver->loop_count == EXPR_AXES_MAX) {
        resolve_error(resolver, expr, "E0508", "sums nest more than %d deep", EXPR_AXES_MAX);
        return false;
    }
    Expr *body = expr->operands[3];
    resolver->loops[resolver->loop_count++] = loop;
    good = count_terms(resolver, expr) && resolve_typed(resolver, body, EXPR_REAL);
    if (good && loop->low) /* its terms are masked one by one */
        good = resolve_check_array(resolver, expr, body->axes | 1u << loop->depth | loop->low->axes | loop->high->axes);
    resolver->loop_count--;
    if (!good)
        return false;
    expr->kind = kind;
    expr->loop = loop;
    expr->operand_count = 1;
    expr->operands[0] = body;
    expr->axes = body->axes & ~(1u << loop->depth);
    if (loop->low)
        expr->axes |= loop->low->axes | loop->high->axes;
    return true;
}
