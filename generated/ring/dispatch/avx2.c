/* SPDX-License-Identifier: MIT-0 */
/* The functions for AVX2 with FMA, in a build with -DRING_DISPATCH: see runtime/core/instructions.h.
 * Compiled from ring.yaml by ansatz 0.1.0. */
#define ANSATZ_INSTRUCTIONS 256
#include "../ring.h"
#include "../runtime/core/instructions.h"

#ifdef ANSATZ_DISPATCH
#include "../runtime/core/instructions_begin.h"
#include "../ring_model.c"
#include "../ring_train.c"
#include "../runtime/core/instructions_end.h"
#endif
