/* SPDX-License-Identifier: MIT-0 */
/* Energies that fall without end, so that exp(-U / kT) has no finite integral: trained on one, a model runs away. */
#ifndef RUNTIME_HOST_UNBOUNDED_H
#define RUNTIME_HOST_UNBOUNDED_H

#include "model.h"

#define unbounded_find RUNTIME_NAME(unbounded_find)

enum { UNBOUNDED_RAYS = 64, UNBOUNDED_SCALES = 7 };

/* Looks along lines outward from the origin through x[count][dimension], at 1, 10, ..., 10^6 times each: the energy falls
 * without end where each of the last three decades lowers it by at least twice as much as the one before, and the last
 * by more than 1000 kT. So falls any power of the distance; an energy that turns, levels off or falls like a logarithm
 * does not, and neither does one that turns only beyond 10^6 times x. Components with a range stay where they are.
 * energies[] receives those of the first such line. `count` is at most UNBOUNDED_RAYS; x is changed, energy[count] is
 * room. */
bool unbounded_find(const Model *model, const float *scalars, double kT, size_t count, float *x, float *energy,
                    void *workspace, int threads, double energies[UNBOUNDED_SCALES]);

#endif
