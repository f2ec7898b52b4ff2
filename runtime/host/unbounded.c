/* SPDX-License-Identifier: MIT-0 */
/* Energies on lines outward. */
#include "unbounded.h"

#include <math.h>
#include <string.h>

static const double least_fall = 1000, least_growth = 2;

static bool falls_without_end(const double energies[UNBOUNDED_SCALES], double kT)
{
    const double *last = energies + UNBOUNDED_SCALES - 4; /* and the three behind it */
    for (int k = 1; k + 1 < UNBOUNDED_SCALES && isinf(last[3]); k++)
        if (!(energies[k] >= energies[k + 1]))
            return false;
    if (isinf(last[3]))
        return last[3] < 0 && energies[0] > last[3];
    const double first_fall = last[0] - last[1], second_fall = last[1] - last[2], third_fall = last[2] - last[3];
    return first_fall > 0 && second_fall >= least_growth * first_fall && third_fall >= least_growth * second_fall &&
           third_fall > least_fall * kT;
}

/* Ten times as far out. */
static void move_outward(const Model *model, size_t count, float *x)
{
    const size_t dimension = (size_t)model->dimension;
    for (size_t i = 0; i < count * dimension; i++)
        if (model->ranges == NULL || !(model->ranges[i % dimension].has_ends || model->ranges[i % dimension].periodic))
            x[i] *= 10;
}

bool unbounded_find(const Model *model, const float *scalars, double kT, size_t count, float *x, float *energy,
                    void *workspace, int threads, double energies[UNBOUNDED_SCALES])
{
    double rays[UNBOUNDED_RAYS][UNBOUNDED_SCALES];
    for (int k = 0; k < UNBOUNDED_SCALES; k++) {
        model->single_precision->energy(scalars, count, x, energy, workspace, threads);
        for (size_t i = 0; i < count; i++)
            rays[i][k] = (double)energy[i];
        move_outward(model, count, x);
    }
    for (size_t i = 0; i < count; i++)
        if (falls_without_end(rays[i], kT)) {
            memcpy(energies, rays[i], sizeof rays[i]);
            return true;
        }
    return false;
}
