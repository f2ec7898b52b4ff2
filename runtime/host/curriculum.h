/* SPDX-License-Identifier: MIT-0 */
/* The curriculum: stages of a training, each with schedules of its own for some of the model's scalars and for the
 * learning rate. Where a stage has none, the model's own schedule stands. */
#ifndef RUNTIME_HOST_CURRICULUM_H
#define RUNTIME_HOST_CURRICULUM_H

#include "model.h"

#define curriculum_value   RUNTIME_NAME(curriculum_value)
#define curriculum_scalars RUNTIME_NAME(curriculum_scalars)
#define curriculum_is_last RUNTIME_NAME(curriculum_is_last)
#define curriculum_pass    RUNTIME_NAME(curriculum_pass)
#define curriculum_end     RUNTIME_NAME(curriculum_end)

/* Where a training is: in which stage, and how many steps were done when it began. {0, 0} at the start, and always where
 * there is no curriculum. */
typedef struct CurriculumPlace {
    uint64_t stage, start;
} CurriculumPlace;

/* The value of a scalar (-1: the learning rate) at a step of a training of `steps` steps. A stage's schedule counts its
 * steps from the stage's start; one without a length of its own goes on to the stage's `until`, or to the training's
 * end. */
double curriculum_value(const Model *model, CurriculumPlace place, int scalar, int64_t step, int64_t steps);
/* All scalars. */
void curriculum_scalars(const Model *model, CurriculumPlace place, int64_t step, int64_t steps, double *scalars);

/* Whether no stage follows. */
bool curriculum_is_last(const Model *model, CurriculumPlace place);
/* After a step, `step` of them done: the next stage, where this one ends at that step or (`advances`) its condition was
 * found to hold. */
CurriculumPlace curriculum_pass(const Model *model, CurriculumPlace place, uint64_t step, bool advances);
/* The place at which trainings end. */
CurriculumPlace curriculum_end(const Model *model);

#endif
