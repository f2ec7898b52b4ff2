/* SPDX-License-Identifier: MIT-0 */
/* Quality gates: conditions such as 'ess >= 0.3' on the numbers of `evaluate --json`. */
#ifndef RUNTIME_HOST_REQUIREMENT_H
#define RUNTIME_HOST_REQUIREMENT_H

#include "json.h"
#include "model.h"

#define requirement_parse  RUNTIME_NAME(requirement_parse)
#define requirement_holds  RUNTIME_NAME(requirement_holds)
#define requirement_source RUNTIME_NAME(requirement_source)

typedef enum RequirementOperator {
    REQUIREMENT_LESS,
    REQUIREMENT_LESS_EQUAL,
    REQUIREMENT_GREATER,
    REQUIREMENT_GREATER_EQUAL
} RequirementOperator;

typedef struct Requirement {
    const char *text; /* as given */
    char name[128];   /* "ess", "log_z.error", "observables.left.reweighted" */
    RequirementOperator comparison;
    double bound;
} Requirement;

/* NAME OP NUMBER with OP one of < <= > >=. NAME is a member of the evaluation's object, dots leading inward; an
 * estimate stands for its value. Fails (64) with the nearest name where there is no such member. */
bool requirement_parse(const char *text, const Model *model, Requirement *requirement, Failure *failure);

/* Whether it holds in the evaluation's object. False, too, where the member is null: then `value` is NaN. */
bool requirement_holds(const Requirement *requirement, const JsonNode *evaluation, double *value);

/* What gives a number its value, to end a message that says that it has none: "; it needs --reference FILE", or "". */
const char *requirement_source(const Requirement *requirement, const Model *model);

#endif
