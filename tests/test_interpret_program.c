/* SPDX-License-Identifier: MIT */
/* The interpreter across samples and functions: kinds, the batch, draws, calls and scans. */
#include "tests/ir_helpers.h"

#include "runtime/core/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DOUBLES(...) ((const double[]){__VA_ARGS__})
#define INPUTS(...)  ((const double *const[]){__VA_ARGS__})

static IrTensor *fill_inputs(Arena *arena, const IrFunction *function, int64_t batch, const double *const *inputs)
{
    IrTensor *tensors = ARENA_ARRAY(arena, IrTensor, function->input_count);
    for (int i = 0; i < function->input_count; i++)
        tensors[i] = ir_test_filled(arena, ir_type_of(function, function->inputs[i]), batch, inputs[i]);
    return tensors;
}

/* Runs the last function of a module's text and expects its outputs, one after another in `expected`. */
static void expect(Arena *arena, int64_t batch, const char *text, const double *const *inputs, const double *expected)
{
    const IrModule *module = ir_test_parse(arena, text);
    const IrFunction *function = module->functions[module->function_count - 1];
    IrTensor *outputs = ir_test_run(arena, function, batch, fill_inputs(arena, function, batch, inputs));
    for (int i = 0; i < function->output_count; i++) {
        int64_t count = ir_test_count(&outputs[i], batch);
        assert_int_equal(outputs[i].per_sample, ir_type_of(function, function->outputs[i])->kind == IR_KIND_SAMPLE);
        ir_test_expect(outputs[i].data, expected, count, 1e-15, text);
        expected += count;
    }
}

/* ---- kinds ------------------------------------------------------------------------------------------------------ */

/* A parameter meets every sample; what no sample enters is computed once. */
static void test_shared_values_meet_every_sample(void **state)
{
    expect(*state, 3,
           "module m function f(%w: parameter real[2], %x: sample real[2], %t: scalar real) { %v = mul %w, %w "
           "%s = broadcast %t to [2] %a = add %v, %x %y = mul %s, %a return %y, %v }",
           INPUTS(DOUBLES(1, 2), DOUBLES(0, 0, 1, 2, 5, 6), DOUBLES(10)), DOUBLES(10, 40, 20, 60, 60, 100, 1, 4));
}

/* An input that is declared per-sample may be given once. */
static void test_an_input_given_once_counts_for_all(void **state)
{
    Arena *arena = *state;
    const IrFunction *function = ir_test_function(arena, 0, "(%x: sample real[2]) { %y = neg %x return %y }");
    IrTensor input = {.data = (double[]){1, 2}, .count = 2, .per_sample = false};
    IrTensor *outputs = ir_test_run(arena, function, 2, &input);
    assert_true(outputs[0].per_sample);
    ir_test_expect(outputs[0].data, DOUBLES(-1, -2, -1, -2), 4, 0, "neg");
}

static void expect_error(Arena *arena, int64_t batch, int64_t module_batch, const char *rest, IrTensor input,
                         const char *part)
{
    const IrFunction *function = ir_test_function(arena, module_batch, rest);
    IrTensor *outputs = ARENA_ARRAY(arena, IrTensor, function->output_count);
    IrRun run = {.arena = arena, .batch = batch};
    ir_interpret(&run, function, &input, outputs);
    assert_non_null(run.error);
    if (!strstr(run.error, part))
        fail_msg("\"%s\" does not say \"%s\"", run.error, part);
}

static void test_wrong_inputs_and_batches_are_errors(void **state)
{
    IrTensor input = {.data = (double[]){1, 2}, .count = 2, .per_sample = false};
    expect_error(*state, 2, 0, "(%x: sample real[3]) { return %x }", input, "2 elements, expected 3");
    expect_error(*state, 2, 3, "(%x: sample real[2]) { %y = batch_sum %x return %y }", input,
                 "2 samples, the module's batch has 3");
    expect_error(*state, 2, 3, "(%x: sample real[2]) { %y = collect %x return %y }", input, "batch has 3");
    expect_error(*state, 2, 2, "(%x: parameter real[1]) { return %x }",
                 (IrTensor){.data = input.data, .count = 1, .per_sample = true}, "given per sample");
}

/* ---- batch ------------------------------------------------------------------------------------------------------ */

static void test_batch_sums(void **state)
{
    expect(*state, 3,
           "module m batch 3 function f(%x: sample real[2], %p: parameter real[2]) { %s = batch_sum %x "
           "%t = batch_sum %p return %s, %t }",
           INPUTS(DOUBLES(1, 2, 3, 4, 5, 6), DOUBLES(7, 8)), DOUBLES(9, 12, 21, 24));
}

/* sum_s a_si b_sj, and the batch's size times a product of what is shared. */
static void test_batch_contractions(void **state)
{
    const double *a = DOUBLES(1, 2, 3, 4), *b = DOUBLES(5, 6, 7, 8, 9, 10);
    expect(*state, 2,
           "module m batch 2 function f(%a: sample real[2], %b: sample real[3]) { %y = batch_contract %a, %b "
           "\"i,j->ij\" return %y }",
           INPUTS(a, b), DOUBLES(29, 33, 37, 42, 48, 54));
    expect(*state, 2,
           "module m batch 2 function f(%a: sample real[2], %p: shared real[2]) { %y = batch_contract %a, %p "
           "\"i,i->\" %z = batch_contract %p, %p \"i,i->\" return %y, %z }",
           INPUTS(a, DOUBLES(10, 1)), DOUBLES(46, 202));
}

static void test_collect_and_distribute_are_inverse(void **state)
{
    expect(*state, 3,
           "module m batch 3 function f(%x: sample real[2], %p: parameter real) { %all = collect %x "
           "%turned = gather %all axis 0 table {1, 2, 0} %back = distribute %all %next = distribute %turned "
           "%many = collect %p return %all, %back, %next, %many }",
           INPUTS(DOUBLES(1, 2, 3, 4, 5, 6), DOUBLES(9)),
           DOUBLES(1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 3, 4, 5, 6, 1, 2, 9, 9, 9));
}

/* ---- draws ------------------------------------------------------------------------------------------------------ */

static const double *draws(Arena *arena, const char *body, uint64_t first_sample, uint32_t step, uint64_t seed)
{
    const IrFunction *function = ir_test_function(arena, 0, arena_print(arena, "() { %s return %%y }", body));
    IrTensor output;
    IrRun run = {.arena = arena, .batch = 2, .seed = seed, .first_sample = first_sample, .step = step};
    ir_interpret(&run, function, NULL, &output);
    assert_null(run.error);
    assert_true(output.per_sample);
    return output.data;
}

/* Sample k's numbers do not depend on the run it is in; seed, step, purpose and block all change them. */
static void test_draws_belong_to_seed_sample_step_purpose_and_block(void **state)
{
    Arena *arena = *state;
    const char *body = "%y = draw_normal real[5] purpose 2 block 7";
    const double *first = draws(arena, body, 10, 3, 1);
    assert_memory_equal(first + 5, draws(arena, body, 11, 3, 1), 5 * sizeof first[0]);
    assert_true(first[0] != first[5]);
    assert_true(first[0] != draws(arena, body, 10, 4, 1)[0]);
    assert_true(first[0] != draws(arena, body, 10, 3, 2)[0]);
    assert_true(first[0] != draws(arena, "%y = draw_normal real[5] purpose 3 block 7", 10, 3, 1)[0]);
    assert_true(first[0] != draws(arena, "%y = draw_normal real[5] purpose 2 block 8", 10, 3, 1)[0]);
}

/* Block + operand * stride + element / 4: the fifth number of block 7 is the first of block 8, 8 = 2 + 3 * 2. */
static void test_draws_go_on_into_the_next_blocks(void **state)
{
    Arena *arena = *state;
    const double *long_draw = draws(arena, "%y = draw_uniform real[6] purpose 2 block 7", 10, 3, 1);
    const double *next = draws(arena, "%y = draw_uniform real[2] purpose 2 block 8", 10, 3, 1);
    const double *strided =
        draws(arena, "%i = constant int32 all 3 %y = draw_uniform %i real[2] purpose 2 block 2 stride 2", 10, 3, 1);
    for (int sample = 0; sample < 2; sample++)
        for (int i = 0; i < 2; i++) {
            assert_true(long_draw[6 * sample + 4 + i] == next[2 * sample + i]);
            assert_true(strided[2 * sample + i] == next[2 * sample + i]);
        }
}

/* They are the runtime's numbers, and a block beyond the last one is an error. */
static void test_draws_are_the_runtimes(void **state)
{
    Arena *arena = *state;
    const RandomStream stream = {.seed = 9, .first_sample = 40, .step = 6, .purpose = RANDOM_SAMPLE};
    const double *normal = draws(arena, "%y = draw_normal real[5] purpose 5 block 12", 40, 6, 9);
    const double *uniform = draws(arena, "%y = draw_uniform real[5] purpose 5 block 12", 40, 6, 9);
    for (uint32_t sample = 0; sample < 2; sample++)
        for (uint32_t i = 0; i < 5; i++) {
            assert_true(normal[5 * sample + i] == random_normal_value(&stream, sample, 12, i));
            assert_true(uniform[5 * sample + i] == random_uniform_value(&stream, sample, 12, i));
        }
    expect_error(arena, 1, 0, "(%i: shared int32) { %y = draw_normal %i real purpose 5 block 9 stride 10 return %y }",
                 (IrTensor){.data = &(double){200000}, .count = 1}, "a draw block beyond");
}

/* Mean and variance over 8192 numbers, within five standard errors; uniforms lie inside (0, 1). */
static void test_draws_have_their_moments(void **state)
{
    Arena *arena = *state;
    enum { COUNT = 8192 };
    const double *normal = draws(arena, "%y = draw_normal real[4096] purpose 1 block 0", 0, 0, 1);
    const double *uniform = draws(arena, "%y = draw_uniform real[4096] purpose 1 block 0", 0, 0, 1);
    double sums[4] = {0};
    for (int i = 0; i < COUNT; i++) {
        assert_true(uniform[i] > 0 && uniform[i] < 1);
        sums[0] += normal[i] / COUNT;
        sums[1] += normal[i] * normal[i] / COUNT;
        sums[2] += uniform[i] / COUNT;
        sums[3] += (uniform[i] - 0.5) * (uniform[i] - 0.5) / COUNT;
    }
    double scale = 5 / sqrt(COUNT);
    assert_true(fabs(sums[0]) < scale && fabs(sums[1] - 1) < scale * sqrt(2));
    assert_true(fabs(sums[2] - 0.5) < scale * sqrt(1.0 / 12) && fabs(sums[3] - 1.0 / 12) < scale * sqrt(1.0 / 180));
}

static void test_a_draw_has_one_block_for_all_samples(void **state)
{
    Arena *arena = *state;
    const char *text = "module m function f(%i: sample int32) { %y = draw_normal %i real purpose 1 block 0 stride 1 }";
    Source source = {"test.ir", text, strlen(text)};
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, arena);
    assert_null(ir_parse(arena, &source, &diagnostics));
    assert_non_null(strstr(diagnostics.items[0].message, "operand 1 is per sample"));
}

/* ---- calls ------------------------------------------------------------------------------------------------------ */

#define CUBE "function cube(%x: sample real, %p: shared real) { %s = mul %x, %x %c = mul %s, %x return %c, %p }\n"

static void test_calls_give_the_callees_outputs(void **state)
{
    expect(*state, 2,
           "module m " CUBE "function f(%x: sample real, %w: parameter real) { %y, %v = call cube(%x, %w) "
           "%z, %u = call cube(%w, %w) return %y, %v, %z }",
           INPUTS(DOUBLES(2, 3), DOUBLES(5)), DOUBLES(8, 27, 5, 125, 125));
}

/* ---- scans ------------------------------------------------------------------------------------------------------ */

/* c' = 2 c + row + step * k, out = c: by hand below. */
#define RECURRENCE                                                                                                     \
    "module m function next(%step: scalar int32, %c: sample real, %row: parameter real, %k: scalar real) { "           \
    "%i = to_real %step %t = mul %i, %k %d = add %c, %c %e = add %d, %row %n = add %e, %t return %n, %c, %row }\n"

static void recurrence(const double *rows, int length, double k, bool reversed, double *c, double *outs)
{
    for (int step = 0; step < length; step++) {
        int i = reversed ? length - 1 - step : step;
        outs[i] = *c;
        *c = 2 * *c + rows[i] + i * k;
    }
}

static void test_scan_carries_slices_and_stacks(void **state)
{
    Arena *arena = *state;
    enum { LENGTH = 3, BATCH = 2 };
    const double rows[LENGTH] = {1, 10, 100}, start[BATCH] = {1, -3}, k[1] = {0.5};
    for (int reversed = 0; reversed < 2; reversed++) {
        double expected[BATCH + BATCH * LENGTH + LENGTH];
        for (int s = 0; s < BATCH; s++) {
            expected[s] = start[s];
            recurrence(rows, LENGTH, k[0], reversed, &expected[s], &expected[BATCH + s * LENGTH]);
        }
        memcpy(expected + BATCH + BATCH * LENGTH, rows, sizeof rows);
        expect(arena, BATCH,
               arena_print(arena,
                           "%sfunction f(%%x: sample real, %%rows: parameter real[3], %%k: scalar real) { "
                           "%%c, %%outs, %%seen = scan next(%%x; %%rows; %%k) length 3%s "
                           "return %%c, %%outs, %%seen }",
                           RECURRENCE, reversed ? " reversed" : ""),
               INPUTS(start, rows, k), expected);
    }
}

/* Slices of a per-sample value, of shape [2], and a stacked output of shape [3, 2]. */
static void test_scan_slices_per_sample_values(void **state)
{
    expect(*state, 2,
           "module m function add(%i: scalar int32, %c: sample real[2], %x: sample real[2]) "
           "{ %n = add %c, %x return %n, %n }\n"
           "function f(%x: sample real[3, 2]) { %zero = constant real[2] all 0 "
           "%sum, %sums = scan add(%zero; %x; ) length 3 return %sum, %sums }",
           INPUTS(DOUBLES(1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60)),
           DOUBLES(9, 12, 90, 120, 1, 2, 4, 6, 9, 12, 10, 20, 40, 60, 90, 120));
}

/* A carried value that the step overwrites by a constant is per-sample all the same. */
static void test_scan_spreads_what_it_carries(void **state)
{
    expect(*state, 2,
           "module m function reset(%i: scalar int32, %c: sample real) { %n = constant real all 4 return %n, %c }\n"
           "function f(%x: sample real) { %c, %seen = scan reset(%x; ; ) length 2 return %c, %seen }",
           INPUTS(DOUBLES(1, 2)), DOUBLES(4, 4, 1, 4, 2, 4));
}

/* Draws inside a scan: the step picks the block, so the second step draws block 5. */
static void test_scan_draws_by_step(void **state)
{
    Arena *arena = *state;
    const IrModule *module = ir_test_parse(
        arena, "module m function noise(%i: scalar int32) { %y = draw_normal %i real purpose 1 block 4 stride 1 "
               "return %y }\nfunction f() { %y = scan noise(; ; ) length 2 %z = draw_normal real purpose 1 block 5 "
               "return %y, %z }");
    IrTensor *outputs = ir_test_run(arena, ir_test_find(module, "f"), 2, NULL);
    for (int sample = 0; sample < 2; sample++)
        assert_true(outputs[0].data[2 * sample + 1] == outputs[1].data[sample]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared_values_meet_every_sample),
        cmocka_unit_test(test_an_input_given_once_counts_for_all),
        cmocka_unit_test(test_wrong_inputs_and_batches_are_errors),
        cmocka_unit_test(test_batch_sums),
        cmocka_unit_test(test_batch_contractions),
        cmocka_unit_test(test_collect_and_distribute_are_inverse),
        cmocka_unit_test(test_draws_belong_to_seed_sample_step_purpose_and_block),
        cmocka_unit_test(test_draws_go_on_into_the_next_blocks),
        cmocka_unit_test(test_draws_are_the_runtimes),
        cmocka_unit_test(test_draws_have_their_moments),
        cmocka_unit_test(test_a_draw_has_one_block_for_all_samples),
        cmocka_unit_test(test_calls_give_the_callees_outputs),
        cmocka_unit_test(test_scan_carries_slices_and_stacks),
        cmocka_unit_test(test_scan_slices_per_sample_values),
        cmocka_unit_test(test_scan_spreads_what_it_carries),
        cmocka_unit_test(test_scan_draws_by_step),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
