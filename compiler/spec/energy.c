/* SPDX-License-Identifier: MIT */
/* The energy's terms and the observables: formulas with their scopes and parameters. */
#include "compiler/spec/build.h"

#include <string.h>

/* Numbers row by row. The schema has seen that all rows are equally long. False after an error. */
static bool build_parameter(const Build *build, const ValueField *field, SpecParameter *result)
{
    const Value *value = field->value;
    SpecParameter parameter = {.name = field->name, .span = field->name_span, .size = {1, 1}};
    *result = parameter;
    if (value->kind == VALUE_MAP) {
        const Value *file = value_get(value, "file");
        return file != NULL && build_table_file(build, file->node, result);
    }
    if (value->kind == VALUE_LIST) {
        bool is_table = value->items[0]->kind == VALUE_LIST;
        parameter.rank = is_table ? 2 : 1;
        parameter.size[0] = (int64_t)value->count;
        parameter.size[1] = is_table ? (int64_t)value->items[0]->count : 1;
    }
    size_t columns = (size_t)parameter.size[1];
    double *data = ARENA_ARRAY(build->arena, double, (size_t)parameter.size[0] * columns);
    for (size_t i = 0; i < (size_t)parameter.size[0]; i++) {
        const Value *row = value->kind == VALUE_LIST ? value->items[i] : value;
        for (size_t k = 0; k < columns; k++)
            data[i * columns + k] = row->kind == VALUE_LIST ? row->items[k]->number : row->number;
    }
    parameter.data = data;
    *result = parameter;
    return true;
}

static const SpecParameter *build_parameters(const Build *build, const Value *map, int *count)
{
    *count = 0;
    if (map == NULL || map->kind != VALUE_MAP)
        return NULL;
    SpecParameter *parameters = ARENA_ARRAY(build->arena, SpecParameter, map->count);
    for (size_t i = 0; i < map->count; i++) {
        const ValueField *field = &map->fields[i];
        const char *problem = schema_identifier_problem(field->name);
        if (problem != NULL)
            diagnostics_error(build->diagnostics, field->name_span, "E0109", "a parameter cannot be called %s: %s",
                              yaml_shown_text(build->arena, field->name, strlen(field->name)), problem);
        else if (field->value->kind != VALUE_BAD && build_parameter(build, field, &parameters[*count]))
            ++*count;
    }
    return parameters;
}

static TermScope build_scope(const Value *over)
{
    return value_chose(over, "components") ? SCOPE_COMPONENTS : SCOPE_NONE;
}

/* Where to point for a term or an observable: its formula's line says most. */
static Span entry_span(const Value *entry)
{
    const Value *value = value_get(entry, "value");
    return value != NULL ? value->span : entry->span;
}

void build_energy(const Build *build, const Value *spec)
{
    const Value *energy = value_get(spec, "energy"), *terms = value_get(energy, "terms");
    ModelSpec *model = build->model;
    if (energy != NULL)
        model->energy_span = energy->span;
    if (terms == NULL)
        return;
    EnergyTerm *result = ARENA_ARRAY(build->arena, EnergyTerm, terms->count);
    for (size_t i = 0; i < terms->count; i++) {
        const Value *term = terms->items[i];
        result[i].over = build_scope(value_get(term, "over"));
        result[i].value = build_formula(build, value_get(term, "value"));
        result[i].parameters = build_parameters(build, value_get(term, "parameters"), &result[i].parameter_count);
        result[i].span = entry_span(term);
    }
    model->term_count = (int)terms->count;
    model->terms = result;
}

/* What an evaluation calls its own numbers (runtime/host/report.c). */
static bool is_of_report(const char *name)
{
    static const char *const names[] = {"acceptance",
                                        "acceptance_error",
                                        "ais",
                                        "chain_acceptance",
                                        "chain_time",
                                        "cross_entropy",
                                        "ess",
                                        "ess_error",
                                        "ess_forward",
                                        "ess_forward_error",
                                        "ess_smoothed",
                                        "ess_smoothed_error",
                                        "log_z",
                                        "log_z_forward",
                                        "log_z_given",
                                        "log_z_smoothed",
                                        "mean_energy",
                                        "mean_energy_chain",
                                        "mean_energy_reweighted",
                                        "mean_energy_smoothed",
                                        "modes",
                                        "nll",
                                        "nll_bound",
                                        "nll_train",
                                        "nll_train_bound",
                                        "observables",
                                        "origin",
                                        "pareto_k",
                                        "requirements",
                                        "rows",
                                        "samples",
                                        "smc",
                                        "train_rows",
                                        "verdicts"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void refuse_name_of_report(const Build *build, const Value *name)
{
    if (is_of_report(name->text))
        diagnostics_error(build->diagnostics, name->span, "E0114",
                          "an observable cannot be called '%s': every evaluation has a number of this name",
                          name->text);
}

static void refuse_repeated_name(const Build *build, const Value *list, size_t index, const Value *name)
{
    for (size_t i = 0; i < index; i++) {
        const Value *other = value_get(list->items[i], "name");
        if (other == NULL || strcmp(other->text, name->text) != 0)
            continue;
        Diagnostic *error =
            diagnostics_error(build->diagnostics, name->span, "E0114", "two observables are called '%s'", name->text);
        error->related = other->span;
        error->related_label = "the first one";
        return;
    }
}

enum { OBSERVABLES_MAX = 1000 };

void build_observables(const Build *build, const Value *list)
{
    ModelSpec *model = build->model;
    if (list == NULL)
        return;
    if (list->count > OBSERVABLES_MAX) {
        diagnostics_error(build->diagnostics, list->span, "E0110", "more than %d observables", OBSERVABLES_MAX);
        return;
    }
    ObservableSpec *result = ARENA_ARRAY(build->arena, ObservableSpec, list->count);
    for (size_t i = 0; i < list->count; i++) {
        const Value *item = list->items[i], *name = value_get(item, "name");
        if (name != NULL) {
            refuse_name_of_report(build, name);
            refuse_repeated_name(build, list, i, name);
            result[i].name = name->text;
        }
        result[i].over = build_scope(value_get(item, "over"));
        result[i].value = build_formula(build, value_get(item, "value"));
        result[i].parameters = build_parameters(build, value_get(item, "parameters"), &result[i].parameter_count);
        result[i].span = entry_span(item);
    }
    model->observable_count = (int)list->count;
    model->observables = result;
}
