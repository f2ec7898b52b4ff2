/* SPDX-License-Identifier: MIT */
/* What a model is conditioned on: one number for each condition and sample, as nets see it, and as a training step draws
 * it. */
#include "compiler/lower/lower.h"
#include "runtime/core/random.h"

int64_t condition_feature_count(const Lower *lower)
{
    int64_t count = 0;
    for (int i = 0; i < lower->spec->condition_count; i++)
        count += lower->spec->conditions[i].choice_count > 0 ? lower->spec->conditions[i].choice_count : 1;
    return count;
}

/* A condition's features, [1] or [choices]. */
static IrId features_of(Lower *lower, IrBuilder *builder, const ConditionInput *condition, IrId value)
{
    const int64_t one = 1, count = condition->choice_count;
    if (count == 0) {
        double middle = condition->low + (condition->high - condition->low) / 2;
        double scale = 2 / (condition->high - condition->low);
        value = ir_binary(builder, IR_SUB, value, ir_constant(builder, middle));
        return ir_reshape(builder, ir_binary(builder, IR_MUL, value, ir_constant(builder, scale)), 1, &one);
    }
    double *numbers = ARENA_ARRAY(lower->arena, double, count);
    for (int64_t k = 0; k < count; k++)
        numbers[k] = (double)k;
    IrId all = ir_constant_array(builder, ir_type(IR_REAL, IR_KIND_CONSTANT, 1, &count), numbers);
    return ir_unary(builder, IR_TO_REAL, ir_binary(builder, IR_EQUAL, all, value));
}

/* conditions -> features, one function for the whole model. */
static IrFunction *make_features(Lower *lower)
{
    const ModelSpec *spec = lower->spec;
    const int64_t count = spec->condition_count;
    IrFunction *function = ir_function_new(lower->module, "condition_features");
    IrBuilder builder = {.function = function, .span = spec->system_span};
    IrId *features = ARENA_ARRAY(lower->arena, IrId, count);
    function->span = spec->system_span;
    function->note = "What nets see of the conditions: a range on [-1, 1], choices one by one as 0 or 1.";
    IrId conditions = ir_input(function, "conditions", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &count));
    for (int i = 0; i < spec->condition_count; i++) {
        builder.span = spec->conditions[i].span;
        IrId value = ir_name(function, ir_element(&builder, conditions, i), spec->conditions[i].name);
        features[i] = features_of(lower, &builder, &spec->conditions[i], value);
    }
    IrId all = count == 1 ? features[0] : ir_concat(&builder, 0, (int)count, features);
    ir_output(function, "features", ir_name(function, all, "features"));
    return function;
}

IrId condition_features(Lower *lower, IrBuilder *builder, IrId conditions)
{
    IrId features;
    if (conditions < 0)
        return -1;
    if (!lower->condition_features)
        lower->condition_features = make_features(lower);
    ir_call(builder, lower->condition_features, 1, &conditions, &features);
    return ir_name(builder->function, features, "features");
}

IrId condition_join(IrBuilder *builder, IrId x, IrId features)
{
    return features < 0 ? x : ir_concat(builder, 0, 2, (IrId[]){x, features});
}

/* ---- in training ------------------------------------------------------------------------------------------------- */

int64_t condition_column_count(const ModelSpec *spec)
{
    int64_t count = 0;
    for (int i = 0; i < spec->condition_count && spec->data.condition_columns != NULL; i++)
        count += spec->data.condition_columns[i] != NULL;
    return count;
}

/* From u in (0, 1) to a number of the range, or of a choice. */
static IrId uniform_condition(IrBuilder *builder, const ConditionInput *condition, IrId u)
{
    if (condition->choice_count == 0) {
        IrId part = ir_binary(builder, IR_MUL, u, ir_constant(builder, condition->high - condition->low));
        return ir_binary(builder, IR_ADD, part, ir_constant(builder, condition->low));
    }
    IrId scaled = ir_binary(builder, IR_MUL, u, ir_constant(builder, (double)condition->choice_count));
    return ir_binary(builder, IR_MIN, ir_unary(builder, IR_FLOOR, scaled), ir_constant(builder, condition->high));
}

IrId condition_draw(Lower *lower, IrBuilder *builder, IrId data)
{
    const ModelSpec *spec = lower->spec;
    const int64_t count = spec->condition_count, drawn = count - condition_column_count(spec);
    IrId *values = ARENA_ARRAY(lower->arena, IrId, count), noise = -1;
    if (count == 0)
        return -1;
    builder->span = spec->system_span;
    if (drawn > 0) {
        builder->note = "conditions that data don't give, uniform";
        noise =
            ir_draw(builder, IR_DRAW_UNIFORM, ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &drawn), RANDOM_CONDITION, 0, -1, 0);
    }
    int64_t next_drawn = 0, next_column = lower->program->dimension;
    for (int i = 0; i < spec->condition_count; i++) {
        bool is_column = spec->data.condition_columns != NULL && spec->data.condition_columns[i] != NULL;
        values[i] = is_column
                        ? ir_element(builder, data, next_column++)
                        : uniform_condition(builder, &spec->conditions[i], ir_element(builder, noise, next_drawn++));
        ir_name(builder->function, values[i], spec->conditions[i].name);
    }
    return ir_name(builder->function, ir_stack(builder, (int)count, values), "conditions");
}
