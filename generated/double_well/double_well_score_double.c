/* SPDX-License-Identifier: MIT-0 */
/* The same in double.
 * Compiled from double_well.yaml by ansatz 0.1.0. */
#define ANSATZ_PRECISION 64
#include "double_well_score.c"
