/* SPDX-License-Identifier: MIT-0 */
/* Schedules: the formulas of schedule.h, by the core's own functions, so that a training has the same bits everywhere.
 */
#include "schedule.h"

#define ANSATZ_PRECISION  64
#define ANSATZ_LANE_BYTES 8
#include "../core/elementary.h"

static double value_of_stages(const ModelSchedule *schedule, int64_t step)
{
    int stage = 0;
    while (stage + 1 < schedule->stage_count && step >= schedule->until[stage])
        stage++;
    return schedule->value[stage];
}

double schedule_value(const ModelSchedule *schedule, int64_t step, int64_t training_steps)
{
    const double pi = 3.14159265358979323846;
    double from = schedule->from, to = schedule->to, value = from;
    int64_t steps = schedule->steps > 0 ? schedule->steps : training_steps;
    double part = step < steps ? (double)step / (double)steps : 1.0;
    switch (schedule->shape) {
    case MODEL_SCHEDULE_CONSTANT:
        break;
    case MODEL_SCHEDULE_LINEAR:
        value = part < 1 ? from + (to - from) * part : to;
        break;
    case MODEL_SCHEDULE_COSINE:
        value = part < 1 ? to + (from - to) * (0.5 + 0.5 * real_cos(pi * part)) : to;
        break;
    case MODEL_SCHEDULE_EXPONENTIAL:
        value = part < 1 ? from * real_exp(part * real_log(to / from)) : to;
        break;
    case MODEL_SCHEDULE_STAGES:
        value = value_of_stages(schedule, step);
        break;
    }
    if (step < schedule->warm_up)
        value *= (double)(step + 1) / (double)(schedule->warm_up + 1);
    return value;
}
