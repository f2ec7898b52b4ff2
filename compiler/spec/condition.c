/* SPDX-License-Identifier: MIT */
/* Conditions on a training, "ess > 0.9": what an evaluation finds, a sign, a number. */
#include "compiler/spec/build.h"

#include <string.h>

typedef struct MetricName {
    const char *name;
    Metric metric;
} MetricName;

static const MetricName METRICS[] = {{"loss", METRIC_LOSS},
                                     {"ess", METRIC_ESS},
                                     {"validation", METRIC_VALIDATION},
                                     {"gradient_norm", METRIC_GRADIENT_NORM}};

bool build_has_validation(const ModelSpec *model)
{
    return model->data.validation != NULL || model->data.validation_fraction > 0;
}

static void fail(const Build *build, const Value *value, const char *message, const char *help)
{
    diagnostics_error(build->diagnostics, value->span, "E0121", "%s", message)->help = help;
}

/* The text's parts: the name, the sign, the number. False where it has others. */
static bool parse(const Build *build, const char *text, char name[64], Condition *condition)
{
    size_t at = strspn(text, " "), length = strcspn(text + at, " <>=");
    if (length == 0 || length >= 64)
        return false;
    memcpy(name, text + at, length);
    name[length] = '\0';
    at += length;
    at += strspn(text + at, " ");
    if (text[at] != '<' && text[at] != '>')
        return false;
    condition->greater = text[at++] == '>';
    condition->allowed = text[at] == '=';
    at += condition->allowed;
    at += strspn(text + at, " ");
    size_t end = strlen(text);
    while (end > at && text[end - 1] == ' ')
        end--;
    const char *number = arena_copy_text(build->arena, text + at, end - at);
    return number_read(build->arena, number, end - at, &condition->bound) == NUMBER_OK;
}

Condition build_condition(const Build *build, const Value *value)
{
    char name[64];
    Condition condition = {.metric = METRIC_NONE};
    if (value == NULL)
        return condition;
    condition.text = value->text;
    if (!parse(build, value->text, name, &condition)) {
        fail(build, value, "expected NAME < NUMBER, with <, <=, > or >=", "as in ess > 0.9");
        return condition;
    }
    for (size_t i = 0; i < sizeof METRICS / sizeof METRICS[0]; i++)
        if (strcmp(METRICS[i].name, name) == 0)
            condition.metric = METRICS[i].metric;
    if (condition.metric == METRIC_NONE)
        fail(build, value, arena_print(build->arena, "no evaluation finds a '%s'", name),
             "it may be: loss, ess, validation, gradient_norm");
    else if (condition.metric == METRIC_ESS && build->model->term_count == 0)
        fail(build, value, "the ess needs the energy; this spec has none", "energy: {terms: [{value: \"...\"}]}");
    else if (condition.metric == METRIC_VALIDATION && !build_has_validation(build->model))
        fail(build, value, "validation needs rows held out; this spec has none",
             "data: {..., validation: {fraction: 0.1}}");
    return condition;
}
