/* SPDX-License-Identifier: MIT */
/* What tests of differentiation share: a function's derivatives of both modes against each other and against central
 * differences. */
#ifndef TESTS_GRAD_HELPERS_H
#define TESTS_GRAD_HELPERS_H

#include "compiler/grad/grad.h"
#include "tests/ir_helpers.h"

/* Flags of the function's real inputs or outputs, in the module's arena. */
bool *grad_test_real_inputs(const IrFunction *function);
bool *grad_test_real_outputs(const IrFunction *function);

/* Reverse mode in everything real, for functions written in tests. */
const GradVjp *grad_test_full_vjp(IrFunction *function);

int grad_test_count_ops(const IrFunction *function, IrOpcode code);
int grad_test_count_calls(const IrFunction *function, const char *callee);
/* The contractions in order, "ij,j->i" each, those over the batch with "sum " before, ";" between. */
const char *grad_test_list_contractions(Arena *arena, const IrFunction *function);
/* Names with a space between. */
const char *grad_test_list_names(Arena *arena, const IrFunction *function, const IrId *ids, int count);
const char *grad_test_input_names(Arena *arena, const IrFunction *function);

/* Runs a pair: `outputs` (of the function) and cotangents by input (without data where none was asked for), as
 * grad_vjp was asked. `cotangents` are by output of the function. */
void grad_test_run_pair(Arena *arena, const IrFunction *function, const GradVjp *vjp, const bool *wanted,
                        const bool *seeded, int64_t batch, const IrTensor *inputs, const IrTensor *cotangents,
                        IrTensor *outputs, IrTensor *gradients);

/* Random cotangents of the function's real outputs, random tangents of its real inputs; others without data. */
IrTensor *grad_test_cotangents(Arena *arena, const IrFunction *function, int64_t batch, TestRandom *random);
IrTensor *grad_test_tangents(Arena *arena, const IrFunction *function, int64_t batch, TestRandom *random);

/* Reverse mode in all inputs and outputs: the outputs are the function's to the bit, <cotangents, J tangents> is
 * <J' cotangents, tangents> with forward mode's J (tolerance `exact`), and with that of central differences
 * (`differences`; 0: not compared). */
void grad_test_check(Arena *arena, IrFunction *function, int64_t batch, const IrTensor *inputs, TestRandom *random,
                     double exact, double differences);

#endif
