/* SPDX-License-Identifier: MIT-0 */
/* Energy and model for one sample at a time, features in lanes.
 * Compiled from double_well.yaml by ansatz 0.1.0. */
#define ANSATZ_BLOCK 1
#include "double_well_energy.c"
#include "double_well_model.c"
