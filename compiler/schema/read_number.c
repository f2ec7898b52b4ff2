/* SPDX-License-Identifier: MIT */
/* Numbers that are more than one: schedules over the training step, and tables in an energy's parameters. */
#include "compiler/schema/reading.h"

/* ---- schedules ---- */

static bool check_number(const Reading *reading, const SchemaKey *key, const Value *value, const char *path)
{
    if (value == NULL || (value->kind != VALUE_NUMBER && value->kind != VALUE_INTEGER))
        return true;
    if (schema_in_range(&key->range, value->number))
        return true;
    diagnostics_error(reading->diagnostics, value->span, "E0105", "%s must be %s all the way, not %s", path,
                      schema_range_text(reading->arena, &key->range), yaml_shown(reading->arena, value->node));
    return false;
}

static bool check_stage(const Reading *reading, const SchemaKey *key, const Value *stage, double *last,
                        const char *path)
{
    int64_t until = 0;
    if (stage->kind != VALUE_LIST)
        return false;
    if (stage->count != 2) {
        diagnostics_error(reading->diagnostics, stage->span, "E0112", "a stage of %s is [until, value]", path);
        return false;
    }
    const Value *step = stage->items[0];
    if (step->kind == VALUE_BAD || stage->items[1]->kind == VALUE_BAD)
        return false;
    if (number_read_integer(reading->arena, step->node->text, step->node->length, &until) != NUMBER_OK || until < 1) {
        diagnostics_error(reading->diagnostics, step->span, "E0112", "a stage of %s ends at a step: a positive integer",
                          path);
        return false;
    }
    if (step->number <= *last) {
        diagnostics_error(reading->diagnostics, step->span, "E0112", "the stages of %s must end one after another",
                          path);
        return false;
    }
    *last = step->number;
    return check_number(reading, key, stage->items[1], path);
}

static bool check_schedule(const Reading *reading, const SchemaKey *key, const Value *schedule, const char *path)
{
    const Value *from = value_get(schedule, "from"), *to = value_get(schedule, "to");
    const Value *stages = value_get(schedule, "stages");
    bool good = check_number(reading, key, value_get(schedule, "value"), path);
    good = check_number(reading, key, from, path) && good;
    good = check_number(reading, key, to, path) && good;
    if (good && value_is(value_get(schedule, "shape"), "exponential") && from != NULL && to != NULL &&
        !(from->number > 0 && to->number > 0) && !(from->number < 0 && to->number < 0)) {
        const Value *culprit = from->number == 0 ? from : to;
        Diagnostic *error = diagnostics_error(reading->diagnostics, culprit->span, "E0112",
                                              "an exponential schedule neither begins nor ends at 0, nor crosses it");
        error->label = path;
        good = false;
    }
    double last = 0;
    for (size_t i = 0; stages != NULL && i < stages->count; i++)
        good = check_stage(reading, key, stages->items[i], &last, path) && good;
    return good;
}

const Value *reading_schedule(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path,
                              Span place)
{
    if ((key->flags & SCHEMA_SCHEDULED) == 0) {
        Diagnostic *error =
            diagnostics_error(reading->diagnostics, node->span, "E0111", "%s must be one number, this is a map", path);
        error->help = "schedules may stand for kT, weights of losses and learning rates";
        return reading_value(reading, VALUE_BAD, key, node);
    }
    size_t errors = reading->diagnostics->error_count;
    Value *schedule = reading_fields(reading, schema_map("schedule"), key, node, path, place);
    if (reading->diagnostics->error_count > errors || !check_schedule(reading, key, schedule, path))
        schedule->kind = VALUE_BAD;
    return schedule;
}

/* ---- tables ---- */

/* Whether every row of a table is a list as long as the first one. */
static bool check_rows(const Reading *reading, const Value *table, const char *path)
{
    bool rows = table->count > 0 && table->items[0]->kind == VALUE_LIST;
    for (size_t i = 0; i < table->count; i++) {
        const Value *row = table->items[i], *first = table->items[0];
        if (row->kind == VALUE_BAD || first->kind == VALUE_BAD)
            return false;
        if ((row->kind == VALUE_LIST) != rows) {
            Diagnostic *error =
                diagnostics_error(reading->diagnostics, row->span, "E0306", "%s mixes numbers and lists", path);
            error->related = first->span;
            error->related_label = rows ? "the first entry is a list" : "the first entry is a number";
            return false;
        }
        if (rows && row->count != first->count) {
            Diagnostic *error =
                diagnostics_error(reading->diagnostics, row->span, "E0306", "the rows of %s differ in length", path);
            error->label = arena_print(reading->arena, "length %zu", row->count);
            error->related = first->span;
            error->related_label = arena_print(reading->arena, "the first row has length %zu", first->count);
            return false;
        }
    }
    return true;
}

static const Value *read_rows(const Reading *reading, const SchemaKey *key, const YamlNode *node, int depth,
                              const char *path)
{
    const Value **items = ARENA_ARRAY(reading->arena, const Value *, node->count);
    Value *list = reading_value(reading, VALUE_LIST, key, node);
    list->items = items;
    list->count = node->count;
    for (size_t i = 0; i < node->count; i++) {
        const YamlNode *item = node->items[i];
        if (item->kind == YAML_KIND_SCALAR) {
            items[i] = reading_scalar(reading, key, item, path);
        } else if (item->kind == YAML_KIND_SEQUENCE && depth < 2) {
            items[i] = read_rows(reading, key, item, depth + 1, path);
        } else {
            Diagnostic *error =
                diagnostics_error(reading->diagnostics, item->span, "E0102", "%s must hold numbers", path);
            error->label = item->kind == YAML_KIND_MAPPING ? "this is a map" : "a table has two indices at most";
            items[i] = reading_value(reading, VALUE_BAD, key, item);
        }
        if (items[i]->kind == VALUE_BAD)
            list->kind = VALUE_BAD;
    }
    if (node->count == 0) {
        diagnostics_error(reading->diagnostics, node->span, "E0110", "%s has no entries", path);
        list->kind = VALUE_BAD;
    } else if (list->kind == VALUE_LIST && !check_rows(reading, list, path)) {
        list->kind = VALUE_BAD;
    }
    return list;
}

const Value *reading_table(const Reading *reading, const SchemaKey *key, const YamlNode *node, const char *path,
                           Span place)
{
    if (node->kind == YAML_KIND_SEQUENCE)
        return read_rows(reading, key, node, 1, path);
    if (node->kind == YAML_KIND_SCALAR)
        return reading_scalar(reading, key, node, path);
    return reading_fields(reading, schema_map("file"), key, node, path, place);
}
