/* SPDX-License-Identifier: MIT-0 */
/* All of it in double.
 * Compiled from double_well.yaml by ansatz 0.1.0. */
#define ANSATZ_PRECISION 64
#include "double_well_energy.c"
#include "double_well_model.c"
#include "double_well_score.c"
#include "double_well_train.c"
