/* SPDX-License-Identifier: MIT */
/* The interpreter against closed forms and naive formulas, op by op. */
#include "tests/ir_helpers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Runs "f" over `batch` samples, its inputs filled from `inputs`, and expects its first output. */
static void expect(Arena *arena, int64_t batch, const char *rest, const double *const *inputs, const double *expected)
{
    const IrFunction *function = ir_test_function(arena, batch, rest);
    IrTensor *tensors = ARENA_ARRAY(arena, IrTensor, function->input_count);
    for (int i = 0; i < function->input_count; i++)
        tensors[i] = ir_test_filled(arena, ir_type_of(function, function->inputs[i]), batch, inputs[i]);
    IrTensor *outputs = ir_test_run(arena, function, batch, tensors);
    ir_test_expect(outputs[0].data, expected, ir_test_count(&outputs[0], batch), 1e-15, rest);
}

#define DOUBLES(...) ((const double[]){__VA_ARGS__})
#define INPUTS(...)  ((const double *const[]){__VA_ARGS__})

static void test_transpose_moves_elements(void **state)
{
    expect(*state, 2, "(%x: sample real[2, 3]) { %y = transpose %x axes [1, 0] return %y }",
           INPUTS(DOUBLES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)), DOUBLES(1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transpose_moves_elements),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
