/* SPDX-License-Identifier: MIT */
/* Formulas of a spec: from text to typed expression trees. In: a formula and the names that it may use. Out: a tree in
 * which every name is found, every arity and type is right, and every index lies within its list; or errors (E05xx)
 * with carets inside the formula. The tree knows nothing of the IR; lower/formula.c makes ops of it.
 *
 * The language, loosest first (a later line binds tighter):
 *   a < b   <=   >   >=   ==   !=     a condition; not chained
 *   a + b   a - b                     from left to right
 *   a * b   a / b                     from left to right
 *   -a   +a                           -x^2 is -(x^2)
 *   a^b                               from right to left: 2^3^2 is 2^(3^2); the exponent may have a sign: x^-2
 *   1.5e-3   pi   x   x[0]   m[i, 0]   f(a, b)   (a)
 *   where(c, a, b)                    a where the condition c holds, else b
 *   sum(i, low, high, a)              a for i = low, ..., high - 1, added; nothing: 0
 *   logsumexp(i, low, high, a)        log of the sum of exp(a), without overflow
 * Numbers, parameters and the indices of sums are known when the spec is compiled. So are + - * / ^ abs min max sqrt,
 * comparisons and where of them: only such expressions stand in brackets and as bounds, and they must be integers
 * there. Bounds may use the indices of outer sums: sum(i, 0, n, sum(j, i + 1, n, ...)) goes through pairs. */
#ifndef COMPILER_EXPR_EXPR_H
#define COMPILER_EXPR_EXPR_H

#include "compiler/spec/spec.h"

enum {
    EXPR_AXES_MAX = 6,                  /* sums inside sums, the instances of a scope included */
    EXPR_NESTING_MAX = 200,             /* operators and parentheses inside one another */
    EXPR_NODES_MAX = 100000,            /* of one formula */
    EXPR_ARRAY_MAX = 1 << 22,           /* elements that one part of a formula has over its sums' indices */
    EXPR_WORK_MAX = 1 << 23,            /* entries of a formula's tables, and indices and bounds that are checked */
    EXPR_TERMS_MAX = 1000 * 1000 * 1000 /* terms of a formula's sums */
};

typedef enum ExprFunction {
#define FUNCTION(code, name, least, most, exact, op) EXPR_##code,
#include "compiler/expr/functions.def"
#undef FUNCTION
    EXPR_FUNCTION_COUNT
} ExprFunction;

typedef enum ExprKind {
    /* as parsed; resolving turns them into the others */
    EXPR_NAME, /* name */
    EXPR_ITEM, /* name[operands] */
    EXPR_CALL, /* name(operands) */
    /* as resolved */
    EXPR_NUMBER,    /* number */
    EXPR_INDEX,     /* the index of the sum at `depth` */
    EXPR_PARAMETER, /* parameter[operands] */
    EXPR_VARIABLE,  /* scope variable; [operands] where it is a list */
    EXPR_NEGATE,
    EXPR_CHAIN,   /* ((a o b) o c) ..., each o one of + - or one of * / */
    EXPR_POWER,   /* a^b */
    EXPR_COMPARE, /* operators[0] of two operands */
    EXPR_APPLY,   /* function(operands) */
    EXPR_WHERE,   /* condition, a, b */
    EXPR_SUM,     /* loop; operands[0] the body */
    EXPR_LOGSUMEXP
} ExprKind;

typedef enum ExprOperator {
    EXPR_ADD,
    EXPR_SUBTRACT,
    EXPR_MULTIPLY,
    EXPR_DIVIDE,
    EXPR_LESS,
    EXPR_LESS_EQUAL,
    EXPR_GREATER,
    EXPR_GREATER_EQUAL,
    EXPR_EQUAL,
    EXPR_NOT_EQUAL
} ExprOperator;

typedef enum ExprType { EXPR_REAL, EXPR_CONDITION } ExprType;

typedef struct Expr Expr;

/* A sum's index, or (depth 0, without bounds) the instances of a scope. */
typedef struct ExprLoop {
    const char *name;
    int depth;
    int64_t first, count;   /* the range that covers all its values */
    const Expr *low, *high; /* bounds that depend on outer indices; else NULL */
} ExprLoop;

struct Expr {
    ExprKind kind;
    ExprType type;
    size_t begin, end; /* in the formula's text */
    bool is_static;    /* known when the spec is compiled */
    unsigned axes;     /* bit d: the value depends on the index at depth d */
    int operand_count;
    Expr **operands;
    ExprOperator *operators; /* CHAIN: operators[k] stands before operand k + 1 */
    double number;
    const char *name;
    int depth;
    ExprFunction function;
    const SpecParameter *parameter;
    int variable;
    ExprLoop *loop;
};

/* What stands outside a formula and changes from configuration to configuration. */
typedef struct ExprVariable {
    const char *name;
    bool per_instance; /* one value for each instance of the scope, named without an index */
    bool is_condition; /* one value, named without an index */
    int64_t size;      /* else a list of so many, named with one */
} ExprVariable;

/* Names of single elements of variable 0: a system's components. Sorted once for the model. */
typedef struct ExprNames {
    int64_t count;
    const char **names;
    int64_t *indices;
} ExprNames;
const ExprNames *expr_names(Arena *arena, int64_t count, const char *const *names);

typedef struct ExprScope {
    const ExprLoop *instances; /* NULL: a single one */
    int variable_count;
    const ExprVariable *variables;
    const ExprNames *names; /* NULL: none */
    int parameter_count;
    const SpecParameter *parameters;
    bool *parameter_used; /* set by expr_read */
} ExprScope;

/* The scope of an energy's term or an observable. Parameters whose names are taken, and lists that do not fit the
 * scope, are errors. */
const ExprScope *expr_scope(Arena *arena, const ModelSpec *spec, const ExprNames *names, TermScope over,
                            int parameter_count, const SpecParameter *parameters, Diagnostics *diagnostics);

/* The typed tree of a formula whose value is a real number for each instance of the scope; NULL after errors. */
const Expr *expr_read(Arena *arena, const Formula *formula, const ExprScope *scope, Diagnostics *diagnostics);

/* Warnings (W0501) for parameters that no formula read with this scope has named. */
void expr_warn_unused(const ExprScope *scope, Diagnostics *diagnostics);

/* ---- values known when the spec is compiled ---------------------------------------------------------------------- */

/* The value of a static expression where the indices of the loops are index[depth]; conditions give 0 or 1. Indices
 * outside their lists are moved to the nearest element (they belong to terms that the bounds leave out). */
double expr_static_value(const Expr *expr, const int64_t *index);

/* Whether a static expression becomes one table of constants: where that is no larger than what it is made of. */
bool expr_is_table(const Expr *expr);

/* x^n by repeated squaring, every product rounded; 1 / x^-n where n is negative. */
double expr_integer_power(double x, int64_t n);

/* How many values the indices of `axes` take together: the product of the loops' counts. */
int64_t expr_axes_count(const ExprLoop *const *loops, unsigned axes);
/* Goes through them, the deepest index fastest: `index` is set to the first (false: there is none) and moved on (false:
 * there are no more). */
bool expr_axes_first(const ExprLoop *const *loops, unsigned axes, int64_t *index);
bool expr_axes_next(const ExprLoop *const *loops, unsigned axes, int64_t *index);
/* Whether the bounds that depend on outer indices hold for the loops of `axes`. */
bool expr_axes_live(const ExprLoop *const *loops, unsigned axes, const int64_t *index);
/* With the axes that the bounds of `axes` depend on. */
unsigned expr_axes_closure(const ExprLoop *const *loops, unsigned axes);

#endif
