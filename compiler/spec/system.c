/* SPDX-License-Identifier: MIT */
/* The configuration space: its size, its components' names, its temperature. */
#include "compiler/spec/build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct NamedAt {
    const Value *name;
    size_t index;
} NamedAt;

static int compare_names(const void *left, const void *right)
{
    const NamedAt *a = left, *b = right;
    int order = strcmp(a->name->text, b->name->text);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static void refuse_repeated_names(const Build *build, const Value *names)
{
    NamedAt *sorted = ARENA_ARRAY(build->arena, NamedAt, names->count);
    for (size_t i = 0; i < names->count; i++)
        sorted[i] = (NamedAt){names->items[i], i};
    qsort(sorted, names->count, sizeof(NamedAt), compare_names);
    for (size_t i = 1, first = 0; i < names->count; i++) {
        if (strcmp(sorted[i].name->text, sorted[first].name->text) != 0) {
            first = i;
            continue;
        }
        Diagnostic *error = diagnostics_error(build->diagnostics, sorted[i].name->span, "E0114",
                                              "two components are called '%s'", sorted[i].name->text);
        error->related = sorted[first].name->span;
        error->related_label = "the first one";
    }
}

static void build_names(const Build *build, const Value *names)
{
    ModelSpec *model = build->model;
    if (names == NULL)
        return;
    const char **texts = ARENA_ARRAY(build->arena, const char *, names->count);
    for (size_t i = 0; i < names->count; i++) {
        texts[i] = names->items[i]->text;
        const char *problem = schema_formula_name_problem(texts[i]);
        if (problem != NULL)
            diagnostics_error(build->diagnostics, names->items[i]->span, "E0109",
                              "a component cannot be called '%s': %s", texts[i], problem);
    }
    refuse_repeated_names(build, names);
    if (model->dimension != 0 && (int64_t)names->count != model->dimension) {
        Diagnostic *error =
            diagnostics_error(build->diagnostics, names->span, "E0301", "%lld components have %zu names",
                              (long long)model->dimension, names->count);
        error->help = "give each component one name, or none of them";
        return;
    }
    model->component_names = texts;
}

static ColumnKind build_kind(const Value *kind)
{
    return value_is(kind, "positive") ? COLUMN_POSITIVE : value_is(kind, "integer") ? COLUMN_INTEGER : COLUMN_REAL;
}

/* A table's columns: size, names and kinds of the components. */
static void build_columns(const Build *build, const Value *columns)
{
    ModelSpec *model = build->model;
    if (columns == NULL || columns->kind != VALUE_LIST)
        return;
    const Value **names = ARENA_ARRAY(build->arena, const Value *, columns->count);
    ColumnKind *kinds = ARENA_ARRAY(build->arena, ColumnKind, columns->count);
    bool is_named = true, any = false;
    for (size_t i = 0; i < columns->count; i++) {
        names[i] = value_get(columns->items[i], "name");
        kinds[i] = build_kind(value_get(columns->items[i], "kind"));
        is_named = is_named && names[i] != NULL;
        any = any || kinds[i] != COLUMN_REAL;
    }
    Value list = *columns;
    list.items = names;
    model->dimension = (int64_t)columns->count;
    model->kinds = any ? kinds : NULL;
    model->component_names = NULL;
    if (is_named)
        build_names(build, &list);
}

#define PI 3.14159265358979323846

/* Whether a list has an entry for each component; if not, an error. */
static bool fits(const Build *build, const Value *list, const char *what)
{
    int64_t dimension = build->model->dimension;
    if (list == NULL || list->kind != VALUE_LIST || dimension == 0)
        return false;
    if ((int64_t)list->count != dimension) {
        Diagnostic *error = diagnostics_error(build->diagnostics, list->span, "E0301", "%lld components have %zu %s",
                                              (long long)dimension, list->count, what);
        error->help = "give each component one; of ranges, [] is none";
    }
    return (int64_t)list->count == dimension;
}

static void build_range(const Build *build, const Value *range, double *low, double *high)
{
    if (range->kind != VALUE_LIST || range->count == 0)
        return;
    if (range->count != 2) {
        diagnostics_error(build->diagnostics, range->span, "E0340", "a range has two ends, this one has %zu",
                          range->count)
            ->help = "[low, high]; [] for a component without a range";
        return;
    }
    *low = build_number(range->items[0], -INFINITY);
    *high = build_number(range->items[1], INFINITY);
    if (!(*low < *high) || !isfinite(*high - *low))
        diagnostics_error(build->diagnostics, range->span, "E0340",
                          "a range goes up, from its low end to its high end");
}

/* The components' ranges: as written, and of periodic ones without a range from -pi to pi. */
static void build_ranges(const Build *build, const Value *ranges, const Value *periodic)
{
    ModelSpec *model = build->model;
    bool has_ranges = fits(build, ranges, "ranges"), has_circles = fits(build, periodic, "entries of periodic");
    if (!has_ranges && !has_circles)
        return;
    double *low = ARENA_ARRAY(build->arena, double, model->dimension);
    double *high = ARENA_ARRAY(build->arena, double, model->dimension);
    bool *circles = ARENA_ARRAY(build->arena, bool, model->dimension), any = false, any_circle = false;
    for (int64_t i = 0; i < model->dimension; i++) {
        low[i] = -INFINITY;
        high[i] = INFINITY;
        circles[i] = has_circles && periodic->items[i]->boolean;
        if (has_ranges)
            build_range(build, ranges->items[i], &low[i], &high[i]);
        if (circles[i] && !isfinite(low[i])) {
            low[i] = -PI;
            high[i] = PI;
        }
        any = any || isfinite(low[i]);
        any_circle = any_circle || circles[i];
    }
    model->low = any ? low : NULL;
    model->high = any ? high : NULL;
    model->periodic = any_circle ? circles : NULL;
}

void build_system(const Build *build, const Value *system)
{
    const Value *vector = value_get(system, "vector");
    if (system != NULL)
        build->model->system_span = system->span;
    build->model->dimension = build_integer(value_get(vector, "size"), 0);
    build_names(build, value_get(vector, "names"));
    build_columns(build, value_get(vector, "columns"));
    build_ranges(build, value_get(vector, "range"), value_get(vector, "periodic"));
    build_conditions(build, value_get(system, "condition"));
    const Value *kT = value_get(system, "kT");
    build_temperature(build, kT != NULL ? kT : value_get(system, "temperature"));
}
