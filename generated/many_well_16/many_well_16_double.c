/* SPDX-License-Identifier: MIT-0 */
/* All of it in double.
 * Compiled from many_well_16.yaml by ansatz 0.1.0. */
#define ANSATZ_PRECISION 64
#include "many_well_16_energy.c"
#include "many_well_16_model.c"
#include "many_well_16_score.c"
#include "many_well_16_train.c"
