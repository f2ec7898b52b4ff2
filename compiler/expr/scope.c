/* SPDX-License-Identifier: MIT */
/* The names that a formula may use, and what each means: indices of sums, then parameters, then what the system gives,
 * then pi and the functions. No name hides another; but a component may be called x, and then x is that component and
 * x[0] the first one. */
#include "compiler/expr/resolve.h"

#include <stdlib.h>
#include <string.h>

enum { NEAREST_AMONG_MAX = 1000, NEAREST_ERRORS_MAX = 1000 };

static const struct {
    const char *name;
    ExprFunction function;
} FUNCTIONS[] = {
#define FUNCTION(code, text, least, most, exact, op) {text, EXPR_##code},
#include "compiler/expr/functions.def"
#undef FUNCTION
};

static const char *const SPECIAL[] = {"where", "sum", "logsumexp"};
enum { SPECIAL_COUNT = 3 };

bool resolve_function(const char *name, ExprFunction *function)
{
    for (int i = 0; i < EXPR_FUNCTION_COUNT; i++)
        if (strcmp(FUNCTIONS[i].name, name) == 0) {
            *function = FUNCTIONS[i].function;
            return true;
        }
    return false;
}

static bool is_function(const char *name)
{
    ExprFunction unused;
    for (int i = 0; i < SPECIAL_COUNT; i++)
        if (strcmp(SPECIAL[i], name) == 0)
            return true;
    return resolve_function(name, &unused);
}

/* ---- names of elements ------------------------------------------------------------------------------------------- */

typedef struct NamedElement {
    const char *name;
    int64_t index;
} NamedElement;

static int compare_elements(const void *left, const void *right)
{
    const NamedElement *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

const ExprNames *expr_names(Arena *arena, int64_t count, const char *const *names)
{
    ExprNames *result = ARENA_NEW(arena, ExprNames);
    NamedElement *sorted = ARENA_ARRAY(arena, NamedElement, count);
    for (int64_t i = 0; i < count; i++)
        sorted[i] = (NamedElement){names[i], i};
    if (count > 0)
        qsort(sorted, (size_t)count, sizeof sorted[0], compare_elements);
    result->count = count;
    result->names = ARENA_ARRAY(arena, const char *, count);
    result->indices = ARENA_ARRAY(arena, int64_t, count);
    for (int64_t i = 0; i < count; i++) {
        result->names[i] = sorted[i].name;
        result->indices[i] = sorted[i].index;
    }
    return result;
}

static int64_t find_element(const ExprNames *names, const char *name)
{
    int64_t low = 0, high = names ? names->count : 0;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int order = strcmp(names->names[middle], name);
        if (order == 0)
            return names->indices[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* ---- meanings ---------------------------------------------------------------------------------------------------- */

static NameMeaning outer_meaning(const ExprScope *scope, const char *name)
{
    for (int i = 0; i < scope->variable_count; i++)
        if (strcmp(scope->variables[i].name, name) == 0)
            return (NameMeaning){scope->variables[i].is_condition ? NAME_CONDITION : NAME_VARIABLE, i};
    int64_t element = find_element(scope->names, name);
    if (element >= 0)
        return (NameMeaning){NAME_ELEMENT, element};
    if (strcmp(name, "pi") == 0)
        return (NameMeaning){NAME_PI, 0};
    return (NameMeaning){is_function(name) ? NAME_FUNCTION : NAME_UNKNOWN, 0};
}

NameMeaning resolve_element_meaning(const Resolver *resolver, const char *name)
{
    int64_t element = find_element(resolver->scope->names, name);
    return (NameMeaning){element >= 0 ? NAME_ELEMENT : NAME_UNKNOWN, element};
}

NameMeaning resolve_meaning(const Resolver *resolver, const char *name)
{
    const ExprScope *scope = resolver->scope;
    for (int depth = resolver->loop_count - 1; depth >= 0; depth--)
        if (resolver->loops[depth]->name && strcmp(resolver->loops[depth]->name, name) == 0)
            return (NameMeaning){NAME_INDEX, depth};
    for (int i = 0; i < scope->parameter_count; i++)
        if (strcmp(scope->parameters[i].name, name) == 0)
            return (NameMeaning){NAME_PARAMETER, i};
    return outer_meaning(scope, name);
}

const char *resolve_meaning_text(NameKind kind)
{
    switch (kind) {
    case NAME_INDEX:
        return "the index of a sum";
    case NAME_PARAMETER:
        return "a parameter";
    case NAME_VARIABLE:
    case NAME_ELEMENT:
        return "part of the configuration";
    case NAME_CONDITION:
        return "a condition";
    case NAME_PI:
        return "the number pi";
    case NAME_FUNCTION:
        return "a function";
    case NAME_UNKNOWN:
        break;
    }
    return "unknown";
}

/* What other languages call it. */
static const char *synonym(const char *name)
{
    static const char *const WORDS[][2] = {
        {"ln", "log"},    {"fabs", "abs"}, {"arctan2", "atan2"},   {"if", "where"},      {"select", "where"},
        {"iif", "where"}, {"fmin", "min"}, {"fmax", "max"},        {"expit", "sigmoid"}, {"PI", "pi"},
        {"Pi", "pi"},     {"tg", "tan"},   {"logistic", "sigmoid"}};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (strcmp(WORDS[i][0], name) == 0)
            return WORDS[i][1];
    return NULL;
}

const char *resolve_nearest(const Resolver *resolver, const char *name, bool functions)
{
    const ExprScope *scope = resolver->scope;
    const char *names[NEAREST_AMONG_MAX + EXPR_FUNCTION_COUNT + SPECIAL_COUNT + EXPR_AXES_MAX + 1];
    size_t count = 0;
    if (synonym(name))
        return synonym(name);
    if (resolver->diagnostics->error_count > NEAREST_ERRORS_MAX)
        return NULL;
    for (int i = 0; i < resolver->loop_count && !functions; i++)
        if (resolver->loops[i]->name)
            names[count++] = resolver->loops[i]->name;
    for (int i = 0; i < scope->parameter_count && count < NEAREST_AMONG_MAX && !functions; i++)
        names[count++] = scope->parameters[i].name;
    for (int i = 0; i < scope->variable_count && count < NEAREST_AMONG_MAX && !functions; i++)
        names[count++] = scope->variables[i].name;
    for (int64_t i = 0; scope->names && i < scope->names->count && count < NEAREST_AMONG_MAX && !functions; i++)
        names[count++] = scope->names->names[i];
    for (int i = 0; i < EXPR_FUNCTION_COUNT; i++)
        names[count++] = FUNCTIONS[i].name;
    for (int i = 0; i < SPECIAL_COUNT; i++)
        names[count++] = SPECIAL[i];
    return diagnostics_nearest(name, names, count);
}

/* ---- scopes ------------------------------------------------------------------------------------------------------ */

static void check_parameters(const ExprScope *scope, Diagnostics *diagnostics)
{
    for (int i = 0; i < scope->parameter_count; i++) {
        const SpecParameter *parameter = &scope->parameters[i];
        NameKind kind = outer_meaning(scope, parameter->name).kind;
        if (kind != NAME_UNKNOWN)
            diagnostics_error(diagnostics, parameter->span, "E0509", "a parameter cannot be called '%s'",
                              parameter->name)
                ->label = arena_print(diagnostics->arena, "in formulas this is %s", resolve_meaning_text(kind));
    }
}

const ExprScope *expr_scope(Arena *arena, const ModelSpec *spec, const ExprNames *names, TermScope over,
                            int parameter_count, const SpecParameter *parameters, Diagnostics *diagnostics)
{
    ExprScope *scope = ARENA_NEW(arena, ExprScope);
    ExprVariable *x = ARENA_ARRAY(arena, ExprVariable, 1 + spec->condition_count);
    *x = (ExprVariable){.name = "x", .size = spec->dimension};
    for (int i = 0; i < spec->condition_count; i++)
        x[1 + i] = (ExprVariable){.name = spec->conditions[i].name, .is_condition = true};
    if (over == SCOPE_COMPONENTS) {
        ExprLoop *instances = ARENA_NEW(arena, ExprLoop);
        *instances = (ExprLoop){.count = spec->dimension};
        x->per_instance = true;
        scope->instances = instances;
    } else {
        scope->names = names;
    }
    scope->variable_count = 1 + spec->condition_count;
    scope->variables = x;
    scope->parameter_count = parameter_count;
    scope->parameters = parameters;
    scope->parameter_used = ARENA_ARRAY(arena, bool, parameter_count);
    check_parameters(scope, diagnostics);
    return scope;
}

void expr_warn_unused(const ExprScope *scope, Diagnostics *diagnostics)
{
    for (int i = 0; i < scope->parameter_count; i++)
        if (!scope->parameter_used[i])
            diagnostics_warn(diagnostics, scope->parameters[i].span, "W0501", "the parameter '%s' is not used",
                             scope->parameters[i].name);
}
