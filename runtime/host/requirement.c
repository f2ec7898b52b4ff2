/* SPDX-License-Identifier: MIT-0 */
/* Conditions: their grammar, the names that they may use, and the look into the JSON. */
#include "requirement.h"
#include "columns.h"
#include "nearest.h"
#include "number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const fixed_names[] = {
    "rows",
    "nll",
    "nll_train",
    "nll_bound",
    "nll_train_bound",
    "samples",
    "ess",
    "ess_error",
    "acceptance",
    "acceptance_error",
    "pareto_k",
    "log_z",
    "mean_energy",
    "mean_energy_reweighted",
    "ess_forward",
    "ess_forward_error",
    "log_z_forward",
    "cross_entropy",
    "ess_smoothed",
    "ess_smoothed_error",
    "log_z_smoothed",
    "mean_energy_smoothed",
    "mean_energy_chain",
    "chain_acceptance",
    "chain_time",
    "ais.log_z",
    "ais.ess",
    "ais.acceptance",
    "smc.log_z",
    "smc.ess",
    "smc.acceptance",
    "modes.count",
    "modes.found",
    "modes.mean_log_q",
};
enum { FIXED_NAMES = sizeof fixed_names / sizeof *fixed_names, MEANS = 4 };

/* "log_z.error" names the same member as "log_z". */
static size_t length_without_part(const char *name)
{
    const size_t length = strlen(name);
    for (int i = 0; i < 2; i++) {
        const char *part = i ? ".error" : ".value";
        const size_t part_length = strlen(part);
        if (length > part_length && strcmp(name + length - part_length, part) == 0)
            return length - part_length;
    }
    return length;
}

static bool check_name(const Requirement *requirement, const Model *model, Failure *failure)
{
    static const char *const means[MEANS] = {"plain", "reweighted", "smoothed", "chain"};
    enum { NAME_SIZE = sizeof requirement->name };
    const size_t count = FIXED_NAMES + MEANS * (size_t)model->observable_count;
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%.*s", (int)length_without_part(requirement->name), requirement->name);
    const char **names = memory_claim(count, sizeof *names, "--require", failure);
    char *memory = memory_claim(MEANS * (size_t)model->observable_count, NAME_SIZE, "--require", failure);
    bool known = false;
    if (names != NULL && memory != NULL) {
        memcpy(names, fixed_names, sizeof fixed_names);
        for (int i = 0; i < MEANS * model->observable_count; i++) {
            char *text = memory + (size_t)i * NAME_SIZE;
            snprintf(text, NAME_SIZE, "observables.%s.%s", model->observable_names[i / MEANS], means[i % MEANS]);
            names[FIXED_NAMES + i] = text;
        }
        for (size_t i = 0; i < count; i++)
            known = known || strcmp(names[i], name) == 0;
        const char *nearest = known ? NULL : nearest_word(name, names, count);
        if (!known)
            failure_record(failure, FAILURE_USAGE, "--require '%s': evaluate has no '%s'%s%s%s", requirement->text,
                           name, nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    }
    free(names);
    free(memory);
    return known;
}

bool requirement_parse(const char *text, const Model *model, Requirement *requirement, Failure *failure)
{
    static const char *const operators[] = {"<", "<=", ">", ">="};
    const size_t name_start = strspn(text, " "), name_length = strcspn(text + name_start, " <>=");
    size_t at = name_start + name_length;
    *requirement = (Requirement){.text = text};
    at += strspn(text + at, " ");
    const size_t length = strspn(text + at, "<>=");
    int which = 0;
    while (which < 4 && (strlen(operators[which]) != length || memcmp(text + at, operators[which], length) != 0))
        which++;
    at += length;
    at += strspn(text + at, " ");
    size_t end = strlen(text);
    while (end > at && text[end - 1] == ' ')
        end--;
    if (which == 4 || name_length == 0 || name_length >= sizeof requirement->name ||
        !number_read(text + at, end - at, &requirement->bound))
        return failure_set(failure, FAILURE_USAGE,
                           "--require '%s': expected NAME OP NUMBER, as in 'ess >= 0.3', with OP one "
                           "of < <= > >=",
                           text);
    memcpy(requirement->name, text + name_start, name_length);
    requirement->comparison = (RequirementOperator)which;
    return check_name(requirement, model, failure);
}

/* The number at a path, NaN where there is none. */
static double number_at(const JsonNode *node, const char *path)
{
    double number;
    while (*path && node != NULL) {
        char name[sizeof((Requirement *)0)->name];
        const size_t length = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)length, path);
        node = json_member(node, name);
        path += length + (path[length] == '.');
    }
    if (node != NULL && node->kind == JSON_OBJECT)
        node = json_member(node, "value");
    return json_to_real(node, &number) ? number : (double)NAN;
}

bool requirement_holds(const Requirement *requirement, const JsonNode *evaluation, double *value)
{
    *value = number_at(evaluation, requirement->name);
    switch (requirement->comparison) {
    case REQUIREMENT_LESS:
        return *value < requirement->bound;
    case REQUIREMENT_LESS_EQUAL:
        return *value <= requirement->bound;
    case REQUIREMENT_GREATER:
        return *value > requirement->bound;
    case REQUIREMENT_GREATER_EQUAL:
        return *value >= requirement->bound;
    }
    return false;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

const char *requirement_source(const Requirement *requirement, const Model *model)
{
    const char *name = requirement->name;
    if (starts_with(name, "nll") || starts_with(name, "rows")) {
        if (columns_have_integer(model) && strstr(name, "bound") == NULL)
            return "; with integer columns it is nll_bound or nll_train_bound";
        if (!columns_have_integer(model) && strstr(name, "bound") != NULL)
            return "; without integer columns it is nll or nll_train";
        return starts_with(name, "nll_train") ? "; it needs the rows learned from (--data FILE)"
                                              : "; it needs rows held out (--validation FILE)";
    }
    if (model->single_precision->energy == NULL)
        return "; it needs an energy, which this model has not";
    if (strstr(name, "forward") != NULL || starts_with(name, "cross_entropy"))
        return "; it needs --reference FILE";
    if (starts_with(name, "modes"))
        return "; it needs --modes FILE";
    return starts_with(name, "ais")   ? "; it needs --ais STEPS"
           : starts_with(name, "smc") ? "; it needs --smc STEPS"
                                      : "";
}
