/* SPDX-License-Identifier: MIT */
/* Derivatives of a function, built by compiler/grad, against central differences in the interpreter. */
#ifndef TESTS_DERIVATIVE_CHECK_H
#define TESTS_DERIVATIVE_CHECK_H

#include "compiler/grad/grad.h"

#include "tests/ir_helpers.h"

/* A function of (inputs, cotangents of the seeded real outputs) that gives the cotangents of the wanted real inputs, by
 * calling the pair of grad_vjp. NULL for all. */
IrFunction *derivative_vjp(GradCache *cache, IrFunction *function, const bool *wanted, const bool *seeded);

/* At `inputs`, random cotangents and tangents: vjp and jvp of all real inputs and outputs. Reverse mode is compared
 * element by element with central differences, forward mode along one direction, and <cotangent, J tangent> with
 * <J' cotangent, tangent>. `order` 2: then the two derivatives' own vjp and jvp in the same way, but reverse mode by
 * the second comparison alone; and so on. Errors are norms of tensors, relative to max(norm, 1e-3), below 1e-6. */
void derivative_check(Arena *arena, GradCache *cache, IrFunction *function, const IrTensor *inputs, int order,
                      const char *what);

#endif
