/* SPDX-License-Identifier: MIT */
/* What the model is conditioned on: ranges and choices, a temperature that is one of them, columns of data that hold
 * them. */
#include "compiler/spec/build.h"

#include <math.h>
#include <string.h>

enum { CONDITIONS_MAX = 64, CHOICES_MAX = 1024 };

/* ---- conditions -------------------------------------------------------------------------------------------------- */

static void build_range(const Build *build, const Value *range, ConditionInput *condition)
{
    if (range == NULL || range->kind != VALUE_LIST || range->count != 2)
        return;
    condition->low = build_number(range->items[0], 0);
    condition->high = build_number(range->items[1], 1);
    const float low = (float)condition->low, high = (float)condition->high; /* as samples have them */
    if (!(condition->low < condition->high))
        diagnostics_error(build->diagnostics, range->span, "E0125",
                          "a condition's range goes up, from its low end to its high end");
    else if (!(low < high) || !isfinite(high - low))
        diagnostics_error(build->diagnostics, range->span, "E0125", "a condition's range %s in single precision",
                          low < high ? "is infinite" : "has no inside");
}

static void build_choices(const Build *build, const Value *list, ConditionInput *condition)
{
    if (list == NULL || list->kind != VALUE_LIST)
        return;
    if (list->count > CHOICES_MAX) {
        diagnostics_error(build->diagnostics, list->span, "E0125", "a condition has at most %d choices", CHOICES_MAX);
        return;
    }
    const char **choices = ARENA_ARRAY(build->arena, const char *, list->count);
    for (size_t i = 0; i < list->count; i++) {
        choices[i] = list->items[i]->text;
        for (size_t k = 0; k < i; k++)
            if (strcmp(choices[i], choices[k]) == 0) {
                diagnostics_error(build->diagnostics, list->items[i]->span, "E0114", "two choices are called '%s'",
                                  choices[i]);
                break;
            }
    }
    condition->choices = choices;
    condition->choice_count = (int)list->count;
    condition->high = (double)list->count - 1;
}

/* It stands in formulas, beside the components. */
static void check_name(const Build *build, const ValueField *field)
{
    const ModelSpec *model = build->model;
    const char *problem = schema_formula_name_problem(field->name);
    if (problem == NULL && strcmp(field->name, "x") == 0)
        problem = "in formulas this is the configuration";
    if (problem != NULL)
        diagnostics_error(build->diagnostics, field->name_span, "E0109", "a condition cannot be called %s: %s",
                          yaml_shown_text(build->arena, field->name, strlen(field->name)), problem);
    for (int64_t i = 0; model->component_names != NULL && i < model->dimension; i++)
        if (strcmp(model->component_names[i], field->name) == 0)
            diagnostics_error(build->diagnostics, field->name_span, "E0114",
                              "a condition and a component are called '%s'", field->name);
}

void build_conditions(const Build *build, const Value *map)
{
    if (map == NULL || map->kind != VALUE_MAP)
        return;
    if (map->count > CONDITIONS_MAX) {
        diagnostics_error(build->diagnostics, map->span, "E0125", "a model has at most %d conditions", CONDITIONS_MAX);
        return;
    }
    ConditionInput *conditions = ARENA_ARRAY(build->arena, ConditionInput, map->count);
    for (size_t i = 0; i < map->count; i++) {
        const ValueField *field = &map->fields[i];
        conditions[i] = (ConditionInput){.name = field->name, .low = 0, .high = 1, .span = field->name_span};
        check_name(build, field);
        build_range(build, value_get(field->value, "range"), &conditions[i]);
        build_choices(build, value_get(field->value, "one_of"), &conditions[i]);
    }
    build->model->condition_count = (int)map->count;
    build->model->conditions = conditions;
}

const ConditionInput *build_find_condition(const Build *build, const char *name, Span span)
{
    const ModelSpec *model = build->model;
    const char *names[CONDITIONS_MAX];
    for (int i = 0; i < model->condition_count; i++) {
        names[i] = model->conditions[i].name;
        if (strcmp(names[i], name) == 0)
            return &model->conditions[i];
    }
    Diagnostic *error = diagnostics_error(build->diagnostics, span, "E0125", "the model has no condition '%s'", name);
    const char *nearest = diagnostics_nearest(name, names, (size_t)model->condition_count);
    error->help = nearest != NULL              ? arena_print(build->arena, "did you mean '%s'?", nearest)
                  : model->condition_count > 0 ? arena_print(build->arena, "it has '%s'", names[0])
                                               : "system: {condition: {T: {range: [1, 2]}}}";
    return NULL;
}

/* ---- what refers to them ----------------------------------------------------------------------------------------- */

void build_temperature(const Build *build, const Value *value)
{
    ModelSpec *model = build->model;
    if (!value_chose(value, "condition")) {
        model->kT = build_schedule(build, value);
        return;
    }
    const Value *name = value_get(value, "condition");
    model->kT = (Schedule){.shape = SCHEDULE_CONSTANT, .from = 1, .to = 1, .span = value->span};
    if (name == NULL)
        return;
    model->kT_condition = build_find_condition(build, name->text, name->span);
    if (model->kT_condition != NULL && (model->kT_condition->choice_count > 0 || !(model->kT_condition->low > 0))) {
        Diagnostic *error = diagnostics_error(build->diagnostics, name->span, "E0125",
                                              "kT is positive: its condition needs a range above 0");
        error->related = model->kT_condition->span;
        error->related_label = "the condition";
    }
}

void build_condition_warnings(const Build *build)
{
    const ModelSpec *model = build->model;
    bool is_seen = model->condition_count == 0;
    for (int i = 0; i < model->expanded_count; i++)
        is_seen = is_seen || model->expanded[i].kind == LAYER_COUPLING ||
                  model->expanded[i].kind == LAYER_MASKED_AUTOREGRESSIVE;
    if (!is_seen)
        diagnostics_warn(build->diagnostics, model->conditions[0].span, "W0350",
                         "no layer of the flow has a net, so the model's density is the same for all conditions");
}

/* Whether a column of the data is what the model learns. */
static bool is_component(const ModelSpec *model, const char *column)
{
    const char *const *names = model->data.columns != NULL ? model->data.columns : model->component_names;
    for (int64_t i = 0; i < model->dimension && names != NULL; i++)
        if (strcmp(names[i], column) == 0)
            return true;
    return false;
}

void build_condition_columns(const Build *build, const Value *map)
{
    ModelSpec *model = build->model;
    if (map == NULL || map->kind != VALUE_MAP || map->count == 0)
        return;
    const char **columns = ARENA_ARRAY(build->arena, const char *, model->condition_count);
    for (size_t i = 0; i < map->count; i++) {
        const ValueField *field = &map->fields[i];
        if (field->value->kind != VALUE_TEXT)
            continue;
        const ConditionInput *condition = build_find_condition(build, field->value->text, field->value->span);
        if (condition == NULL)
            continue;
        const char **column = &columns[condition - model->conditions];
        if (*column != NULL)
            diagnostics_error(build->diagnostics, field->name_span, "E0125", "two columns hold the condition '%s'",
                              condition->name);
        *column = field->name;
        if (is_component(model, field->name))
            diagnostics_error(build->diagnostics, field->name_span, "E0125",
                              "the column '%s' is a component of the model: its density given itself has no bound",
                              field->name);
    }
    model->data.condition_columns = columns;
}
