/* SPDX-License-Identifier: MIT-0 */
/* Energy and model for one sample at a time, features in lanes.
 * Compiled from many_well_16.yaml by ansatz 0.1.0. */
#define ANSATZ_BLOCK 1
#include "many_well_16_energy.c"
#include "many_well_16_model.c"
