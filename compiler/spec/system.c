/* SPDX-License-Identifier: MIT */
/* The configuration space: its size, its components' names, its temperature. */
#include "compiler/spec/build.h"

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
    }
    model->component_names = texts;
}

void build_system(const Build *build, const Value *system)
{
    const Value *vector = value_get(system, "vector");
    if (system != NULL)
        build->model->system_span = system->span;
    build->model->dimension = build_integer(value_get(vector, "size"), 0);
    build_names(build, value_get(vector, "names"));
    const Value *kT = value_get(system, "kT");
    build->model->kT = build_schedule(build, kT != NULL ? kT : value_get(system, "temperature"));
}
