/* SPDX-License-Identifier: MIT */
/* What tests of the IR share: parsing text and files, inputs from fixed seeds, running the interpreter, and derivatives
 * by central differences. A helper that cannot do its work fails the test with the reason. */
#ifndef TESTS_IR_HELPERS_H
#define TESTS_IR_HELPERS_H

#include "compiler/ir/interpret.h"
#include "compiler/ir/text.h"

/* CMocka's set-up and tear-down of a group whose state is an arena. */
int ir_test_start(void **state);
/* Frees all that was made so far: between the cases of a long test. */
void ir_test_renew(Arena *arena);
int ir_test_end(void **state);

/* ---- modules ---------------------------------------------------------------------------------------------------- */

IrModule *ir_test_parse(Arena *arena, const char *text);
IrModule *ir_test_read(Arena *arena, const char *path); /* "tests/ir/mmd.ir" */
/* The function "f" of `rest`, which begins with its inputs: "(%x: sample real) { ... }". batch 0: no batch. */
IrFunction *ir_test_function(Arena *arena, int64_t batch, const char *rest);
IrFunction *ir_test_find(const IrModule *module, const char *name);
void ir_test_verify(const IrModule *module);

/* ---- numbers from fixed seeds ----------------------------------------------------------------------------------- */

typedef struct TestRandom {
    uint64_t state; /* any number */
} TestRandom;

double test_uniform(TestRandom *random, double low, double high);
int64_t test_integer(TestRandom *random, int64_t count); /* 0 to count - 1 */
double test_normal(TestRandom *random);

/* ---- running ---------------------------------------------------------------------------------------------------- */

/* Room for a value of that type in a run of `batch` samples, zeros. */
IrTensor ir_test_tensor(Arena *arena, const IrType *type, int64_t batch);
/* `data` has batch * count elements if the type is per-sample, else count. */
IrTensor ir_test_filled(Arena *arena, const IrType *type, int64_t batch, const double *data);
/* Reals in [low, high), ints 0 and 1, bools 0 and 1. */
IrTensor ir_test_random(Arena *arena, const IrType *type, int64_t batch, TestRandom *random, double low, double high);
IrTensor *ir_test_random_inputs(Arena *arena, const IrFunction *function, int64_t batch, TestRandom *random, double low,
                                double high);
int64_t ir_test_count(const IrTensor *tensor, int64_t batch); /* elements over all samples */
/* Runs with seed 17 and step 3; fails the test where the run has an error. */
IrTensor *ir_test_run(Arena *arena, const IrFunction *function, int64_t batch, const IrTensor *inputs);

/* The input of that name. */
IrTensor *ir_test_input(const IrFunction *function, IrTensor *inputs, const char *name);
/* What a draw gives in such a run: "draw_normal real[3] purpose 2 block 0" -> [batch][3]. */
const double *ir_test_draw(Arena *arena, const char *op, int64_t batch);

/* Every element within tolerance * max(1, |expected|); NaN where NaN is expected, and nowhere else. */
void ir_test_expect(const double *actual, const double *expected, int64_t count, double tolerance, const char *what);

/* ---- derivatives by central differences ------------------------------------------------------------------------- */

/* What derivatives hold fixed (stop-gradients, comparisons, floors) is held at the unperturbed point. */

/* <cotangents, outputs>: the sum over real outputs, samples and elements. Cotangents without data count as zero. */
double ir_test_pairing(const IrFunction *function, int64_t batch, const IrTensor *cotangents, const IrTensor *outputs);

/* The gradient of <cotangents, function(inputs)> in the elements of input `input`. The error is about h^4 (four points,
 * h = 2e-4 in units of max(1, |x|)) plus 1e-12. */
IrTensor ir_test_gradient(Arena *arena, const IrFunction *function, int64_t batch, const IrTensor *inputs, int input,
                          const IrTensor *cotangents);

/* The derivative of all outputs along `tangents` (without data: zero), by the same four points. */
IrTensor *ir_test_directional(Arena *arena, const IrFunction *function, int64_t batch, const IrTensor *inputs,
                              const IrTensor *tangents);
/* log|det A| by elimination with row exchanges; A [n][n] is destroyed. */
double ir_test_log_determinant(double *a, int64_t n);

#endif
