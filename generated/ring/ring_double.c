/* SPDX-License-Identifier: MIT-0 */
/* All of it in double.
 * Compiled from ring.yaml by ansatz 0.1.0. */
#define ANSATZ_PRECISION 64
#include "ring_model.c"
#include "ring_train.c"
