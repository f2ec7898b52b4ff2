/* SPDX-License-Identifier: MIT */
/* Numbers, and numbers over the training step. */
#include "compiler/spec/build.h"

double build_number(const Value *value, double fallback)
{
    return value != NULL && (value->kind == VALUE_NUMBER || value->kind == VALUE_INTEGER) ? value->number : fallback;
}

int64_t build_integer(const Value *value, int64_t fallback)
{
    return value != NULL && value->kind == VALUE_INTEGER ? value->integer : fallback;
}

bool build_boolean(const Value *value, bool fallback)
{
    return value != NULL && value->kind == VALUE_BOOLEAN ? value->boolean : fallback;
}

static void build_stages(const Build *build, const Value *stages, Schedule *schedule)
{
    if (stages == NULL || stages->count > INT32_MAX)
        return;
    int64_t *until = ARENA_ARRAY(build->arena, int64_t, stages->count);
    double *value = ARENA_ARRAY(build->arena, double, stages->count);
    for (size_t i = 0; i < stages->count; i++) {
        const Value *stage = stages->items[i];
        number_read_integer(build->arena, stage->items[0]->node->text, stage->items[0]->node->length, &until[i]);
        value[i] = stage->items[1]->number;
    }
    schedule->shape = SCHEDULE_STAGES;
    schedule->stage_count = (int)stages->count;
    schedule->until = until;
    schedule->value = value;
    schedule->from = value[0];
    schedule->to = value[stages->count - 1];
}

Schedule build_schedule(const Build *build, const Value *value)
{
    Schedule schedule = {.shape = SCHEDULE_CONSTANT};
    if (value == NULL)
        return schedule;
    schedule.span = value->span;
    if (value->kind != VALUE_MAP) {
        schedule.from = schedule.to = build_number(value, 0);
        return schedule;
    }
    if (value_chose(value, "condition")) {
        diagnostics_error(build->diagnostics, value->span, "E0125", "only kT can be the value of a condition");
        return schedule;
    }
    schedule.warm_up = build_integer(value_get(value, "warm_up"), 0);
    if (value_chose(value, "stages")) {
        build_stages(build, value_get(value, "stages"), &schedule);
    } else if (value_chose(value, "value")) {
        schedule.from = schedule.to = build_number(value_get(value, "value"), 0);
    } else {
        const Value *shape = value_get(value, "shape");
        schedule.shape = value_is(shape, "cosine")        ? SCHEDULE_COSINE
                         : value_is(shape, "exponential") ? SCHEDULE_EXPONENTIAL
                                                          : SCHEDULE_LINEAR;
        schedule.from = build_number(value_get(value, "from"), 0);
        schedule.to = build_number(value_get(value, "to"), 0);
        schedule.steps = build_integer(value_get(value, "steps"), 0);
    }
    return schedule;
}
