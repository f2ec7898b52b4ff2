/* SPDX-License-Identifier: MIT-0 */
/* Stages and their schedules. */
#include "curriculum.h"
#include "schedule.h"

static const ModelStage *stage_at(const Model *model, CurriculumPlace place)
{
    return place.stage < (uint64_t)model->training.stage_count ? &model->training.stages[place.stage] : NULL;
}

double curriculum_value(const Model *model, CurriculumPlace place, int scalar, int64_t step, int64_t steps)
{
    const ModelStage *stage = stage_at(model, place);
    for (int i = 0; stage != NULL && i < stage->number_count; i++) {
        if (stage->numbers[i].scalar != scalar)
            continue;
        const int64_t start = (int64_t)place.start, end = stage->until > 0 ? stage->until : steps;
        return schedule_value(&stage->numbers[i].schedule, step - start, end > start ? end - start : 1);
    }
    return schedule_value(scalar < 0 ? &model->training.rate : &model->scalars[scalar].schedule, step, steps);
}

void curriculum_scalars(const Model *model, CurriculumPlace place, int64_t step, int64_t steps, double *scalars)
{
    for (int i = 0; i < model->scalar_count; i++)
        scalars[i] = curriculum_value(model, place, i, step, steps);
}

bool curriculum_is_last(const Model *model, CurriculumPlace place)
{
    return place.stage + 1 >= (uint64_t)model->training.stage_count;
}

CurriculumPlace curriculum_pass(const Model *model, CurriculumPlace place, uint64_t step, bool advances)
{
    const ModelStage *stage = stage_at(model, place);
    if (stage == NULL || curriculum_is_last(model, place))
        return place;
    const bool ends = stage->until > 0 && step >= (uint64_t)stage->until;
    return ends || advances ? (CurriculumPlace){place.stage + 1, step} : place;
}

CurriculumPlace curriculum_end(const Model *model)
{
    const int count = model->training.stage_count;
    if (count < 2)
        return (CurriculumPlace){0, 0};
    return (CurriculumPlace){(uint64_t)count - 1, (uint64_t)model->training.stages[count - 2].until};
}
