/* SPDX-License-Identifier: MIT-0 */
/* Energy and model for one sample at a time, features in lanes.
 * Compiled from ring.yaml by ansatz 0.1.0. */
#define ANSATZ_BLOCK 1
#include "ring_model.c"
