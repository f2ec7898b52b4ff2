/* SPDX-License-Identifier: MIT */
/* What the files that resolve names and types share. */
#ifndef COMPILER_EXPR_RESOLVE_H
#define COMPILER_EXPR_RESOLVE_H

#include "compiler/expr/expr.h"

enum { RESOLVE_ERRORS_MAX = 20 }; /* of one formula */

typedef struct Resolver {
    Arena *arena;
    const Formula *formula;
    const ExprScope *scope;
    Diagnostics *diagnostics;
    const ExprLoop *loops[EXPR_AXES_MAX]; /* by depth; those around the place where resolving is */
    int loop_count;
    int64_t terms, work;
    int error_count;
} Resolver;

/* What a name means. */
typedef enum NameKind {
    NAME_UNKNOWN,
    NAME_INDEX,
    NAME_PARAMETER,
    NAME_VARIABLE,
    NAME_CONDITION, /* a variable too */
    NAME_ELEMENT,
    NAME_PI,
    NAME_FUNCTION
} NameKind;
typedef struct NameMeaning {
    NameKind kind;
    int64_t index; /* of the parameter, variable, ... in its list; of the loop: its depth; of an element: which */
} NameMeaning;

NameMeaning resolve_meaning(const Resolver *resolver, const char *name);
/* As the name of an element, whatever else it means. */
NameMeaning resolve_element_meaning(const Resolver *resolver, const char *name);
/* "a parameter", for messages */
const char *resolve_meaning_text(NameKind kind);
/* The nearest name that formulas in this place may use, functions alone or all; NULL where none is near. */
const char *resolve_nearest(const Resolver *resolver, const char *name, bool functions);
bool resolve_function(const char *name, ExprFunction *function);

/* Adds an error at an expression. */
Diagnostic *resolve_error(Resolver *resolver, const Expr *at, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Names and types of `expr` and all below it; false after errors. */
bool resolve_expr(Resolver *resolver, Expr *expr);
/* resolve_expr, and the type that is wanted. */
bool resolve_typed(Resolver *resolver, Expr *expr, ExprType type);
/* A static integer in every place that the bounds allow; `what` it is, for messages: "an index". With `size` > 0 it
 * lies in 0 .. size - 1 as well; `list` is whose index it is. */
bool resolve_integer(Resolver *resolver, const Expr *expr, const char *what, const char *list, int64_t size);
/* Whether a value for each of the indices of `axes` is within the limit. */
bool resolve_check_array(Resolver *resolver, const Expr *expr, unsigned axes);
/* Counts what compiling the formula costs: evaluations of something static for all indices of `axes`. */
bool resolve_spend(Resolver *resolver, const Expr *at, unsigned axes);
/* Whether the constants of a whole formula, all resolved, are numbers in float. */
bool resolve_check_constants(Resolver *resolver, const Expr *expr);
/* sum and logsumexp. */
bool resolve_sum(Resolver *resolver, Expr *expr, ExprKind kind);

#endif
