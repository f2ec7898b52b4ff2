/* SPDX-License-Identifier: MIT */
#include "tests/lower_random.h"

#include "tests/random_spec.h"

const ModelSpec *spec_of(Arena *arena, uint64_t seed)
{
    return seed < SPECS ? random_spec(arena, seed) : random_conditional_spec(arena, seed);
}

LowerModel model_of(Arena *arena, const ModelSpec *spec, uint64_t seed)
{
    LowerModel model = {.arena = arena, .seed = seed, .spec = spec, .program = lower_test_spec(arena, spec)};
    model.weights = random_weights(arena, model.program->weight_count, seed);
    model.conditions = random_conditions(arena, spec, SAMPLES_MAX, seed);
    return model;
}

int64_t column_of(const ModelSpec *spec, int i)
{
    int64_t column = spec->dimension;
    if (spec->data.condition_columns == NULL || spec->data.condition_columns[i] == NULL)
        return -1;
    for (int k = 0; k < i; k++)
        column += spec->data.condition_columns[k] != NULL;
    return column;
}

double *data_of(const LowerModel *model)
{
    int64_t count = model->program->module->batch * model->program->data_width;
    double *data = ARENA_ARRAY(model->arena, double, count);
    TestRandom random = {model->seed + 900};
    for (int64_t i = 0; i < count; i++)
        data[i] = random_value(model->spec, i % model->program->data_width, test_uniform(&random, -2, 2));
    for (int i = 0; i < model->spec->condition_count && count > 0; i++)
        for (int64_t s = 0; s < model->program->module->batch && column_of(model->spec, i) >= 0; s++)
            data[s * model->program->data_width + column_of(model->spec, i)] =
                model->conditions[s * model->spec->condition_count + i];
    return count > 0 ? data : NULL;
}
