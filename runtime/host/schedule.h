/* SPDX-License-Identifier: MIT-0 */
/* Numbers that change while a model is trained. */
#ifndef RUNTIME_HOST_SCHEDULE_H
#define RUNTIME_HOST_SCHEDULE_H

#include "model.h"

#define schedule_value RUNTIME_NAME(schedule_value)

/* The value at a step, counted from 0, of a training of `training_steps` steps (see ModelSchedule). With u = step /
 * steps, at most 1:  linear  from + (to - from) u;  cosine  to + (from - to) (1 + cos pi u) / 2;  exponential  from (to
 * / from)^u, where from and to have one sign. Below `warm_up` it is multiplied by (step + 1) / (warm_up + 1). */
double schedule_value(const ModelSchedule *schedule, int64_t step, int64_t training_steps);

#endif
