/* SPDX-License-Identifier: MIT */
/* The curriculum: stages of the training, each with values of its own for numbers that may be schedules. */
#include "compiler/spec/build.h"

#include <string.h>

/* "loss.0.reverse_kl.weight" -> 0, where the spec has such a loss; else -1. */
static int loss_of_path(const Build *build, const Value *spec, const char *path)
{
    const Value *list = value_get(spec, "loss");
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        const ValueField *choice = list->items[i]->kind == VALUE_MAP ? list->items[i]->choice : NULL;
        if (choice != NULL && strcmp(path, arena_print(build->arena, "loss.%zu.%s.weight", i, choice->name)) == 0)
            return (int)i;
    }
    return -1;
}

/* The learning rate's path: "train.optimizer.adam.rate". */
static const char *rate_path(const Build *build, const Value *spec)
{
    const Value *optimizer = value_at(spec, "train.optimizer");
    const char *name = optimizer != NULL && optimizer->kind == VALUE_MAP && optimizer->choice != NULL
                           ? optimizer->choice->name
                           : "adam";
    return arena_print(build->arena, "train.optimizer.%s.rate", name);
}

static void refuse_path(const Build *build, const ValueField *field, const char *rate)
{
    diagnostics_error(build->diagnostics, field->name_span, "E0122", "a stage can't set '%s'", field->name)->help =
        arena_print(build->arena, "it sets system.kT, loss.N.NAME.weight (N from 0) or %s", rate);
}

/* Which number a path names, and the row of the table that reads it. NULL after an error. */
static const SchemaKey *find_number(const Build *build, const Value *spec, const ValueField *field, StageNumber *number)
{
    const char *rate = rate_path(build, spec);
    number->loss = loss_of_path(build, spec, field->name);
    if (strcmp(field->name, "system.kT") == 0 || strcmp(field->name, "system.temperature") == 0) {
        number->what = STAGE_KT;
        if (build->model->kT_condition != NULL)
            diagnostics_error(build->diagnostics, field->name_span, "E0122",
                              "a stage can't set kT, which is the condition '%s'", build->model->kT_condition->name);
        return schema_find(schema_map("system"), "kT");
    }
    if (number->loss >= 0) {
        number->what = STAGE_LOSS_WEIGHT;
        return schema_find(schema_map("weighted"), "weight");
    }
    if (strcmp(field->name, rate) == 0) {
        number->what = STAGE_RATE;
        return schema_find(schema_map("adam"), "rate");
    }
    refuse_path(build, field, rate);
    return NULL;
}

static void build_numbers(const Build *build, const Value *set, const Value *spec, StageSpec *stage)
{
    if (set == NULL || set->kind != VALUE_MAP)
        return;
    StageNumber *numbers = ARENA_ARRAY(build->arena, StageNumber, set->count);
    for (size_t i = 0; i < set->count; i++) {
        const ValueField *field = &set->fields[i];
        const SchemaKey *key = find_number(build, spec, field, &numbers[i]);
        if (key != NULL)
            numbers[i].schedule = build_schedule(
                build, value_read(build->arena, key, field->value->node, field->name, build->diagnostics));
    }
    stage->number_count = (int)set->count;
    stage->numbers = numbers;
}

/* Each stage but the last has an end, and steps grow. */
static void check_end(const Build *build, const Value *value, const StageSpec *stage, bool is_last, int64_t before)
{
    if (!is_last && stage->until == 0 && stage->advance_when.text == NULL)
        diagnostics_error(build->diagnostics, value->span, "E0122", "this stage never ends, and others follow")->help =
            "until: STEP, or advance_when: ess > 0.3";
    if (stage->until > 0 && stage->until <= before)
        diagnostics_error(build->diagnostics, value_get(value, "until")->span, "E0122",
                          "the stage ends at step %lld, one before it at %lld", (long long)stage->until,
                          (long long)before)
            ->help = "steps count from the training's start";
}

void build_curriculum(const Build *build, const Value *list, const Value *spec)
{
    if (list == NULL)
        return;
    int64_t before = 0;
    StageSpec *stages = ARENA_ARRAY(build->arena, StageSpec, list->count);
    for (size_t i = 0; i < list->count; i++) {
        const Value *value = list->items[i];
        if (value->kind != VALUE_MAP)
            continue;
        stages[i].span = value->span;
        stages[i].until = build_integer(value_get(value, "until"), 0);
        stages[i].advance_when = build_condition(build, value_get(value, "advance_when"));
        build_numbers(build, value_get(value, "set"), spec, &stages[i]);
        check_end(build, value, &stages[i], i + 1 == list->count, before);
        before = stages[i].until > 0 ? stages[i].until : before;
    }
    build->model->stages = stages;
    build->model->stage_count = (int)list->count;
}
