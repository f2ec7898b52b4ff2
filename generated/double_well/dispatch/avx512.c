/* SPDX-License-Identifier: MIT-0 */
/* The functions for AVX-512, in a build with -DDOUBLE_WELL_DISPATCH: see runtime/core/instructions.h.
 * Compiled from double_well.yaml by ansatz 0.1.0. */
#define ANSATZ_INSTRUCTIONS 512
#include "../double_well.h"
#include "../runtime/core/instructions.h"

#ifdef ANSATZ_DISPATCH
#include "../runtime/core/instructions_begin.h"
#include "../double_well_energy.c"
#include "../double_well_model.c"
#include "../double_well_score.c"
#include "../double_well_train.c"
#include "../runtime/core/instructions_end.h"
#endif
