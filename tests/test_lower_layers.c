/* SPDX-License-Identifier: MIT */
/* Layers that transform all components together, one by one: inverses, log-determinants against numerical Jacobians,
 * first values, and a package that trains with them. That whole flows of them are right is the subject of
 * test_lower.c and test_lower_derivatives.c. */
#include "compiler/lower/lower.h"
#include "compiler/lower/staircase.h"
#include "runtime/core/random.h"
#include "tests/program_helpers.h"
#include "tests/ir_helpers.h"
#include "tests/shell.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- programs of specs ------------------------------------------------------------------------------------------- */

static const char ENERGY[] = "energy: {terms: [{over: components, value: \"x^2/2\"}]}\n";

enum { BASE_SCALE = 3 };

/* A flow of `dimension` components with these layers, as YAML. */
static Program *program_of(Arena *arena, int dimension, int batch, const char *layers)
{
    return program_test_lower(arena, arena_print(arena,
                                                 "ansatz: 1\nname: layers\nsystem: {vector: %d}\n%s"
                                                 "architecture: {flow: {base: {gaussian: {scale: %d}}, layers: [%s]}}\n"
                                                 "loss: [reverse_kl]\ntrain: {batch: %d}\n",
                                                 dimension, ENERGY, BASE_SCALE, layers, batch));
}

/* Runs an entry; `x` where it has it. */
static IrTensor *run_entry(Arena *arena, const Program *program, EntryKind kind, int64_t batch, const double *weights,
                           const double *x)
{
    const ProgramRun run = {.arena = arena, .program = program, .weights = weights, .batch = batch, .seed = 5, .x = x};
    return program_test_run(&run, kind);
}

/* ---- a layer's function ------------------------------------------------------------------------------------------ */

/* With random tensors; its last input is the vector that it maps. */
typedef struct Layer {
    Arena *arena;
    const IrFunction *function;
    IrTensor *inputs;
    int64_t size;
} Layer;

static Layer layer_of(Arena *arena, const Program *program, const char *name)
{
    TestRandom random = {11};
    Layer layer = {.arena = arena, .function = ir_test_find(program->module, name), .size = program->dimension};
    layer.inputs = ir_test_random_inputs(arena, layer.function, 1, &random, -0.7, 0.7);
    return layer;
}

static const IrTensor *layer_run(const Layer *layer, const double *x)
{
    IrTensor *last = &layer->inputs[layer->function->input_count - 1];
    last->data = ARENA_ARRAY(layer->arena, double, layer->size);
    memcpy(last->data, x, (size_t)layer->size * sizeof x[0]);
    return ir_test_run(layer->arena, layer->function, 1, layer->inputs);
}

/* log|det dy/dx| by central differences of four points, this far apart. */
static double numerical_log_det(const Layer *layer, const double *x, double apart)
{
    static const double STEPS[] = {-2, -1, 1, 2}, WEIGHTS[] = {1, -8, 8, -1};
    int64_t n = layer->size;
    double *a = ARENA_ARRAY(layer->arena, double, n *n), *moved = ARENA_ARRAY(layer->arena, double, n);
    for (int64_t j = 0; j < n; j++)
        for (int point = 0; point < 4; point++) {
            memcpy(moved, x, (size_t)n * sizeof x[0]);
            moved[j] += STEPS[point] * apart;
            const double *y = layer_run(layer, moved)[0].data;
            for (int64_t i = 0; i < n; i++)
                a[i * n + j] += WEIGHTS[point] / (12 * apart) * y[i];
        }
    return ir_test_log_determinant(a, n);
}

static const double *some_x(Arena *arena, int64_t size)
{
    TestRandom random = {23};
    double *x = ARENA_ARRAY(arena, double, size);
    for (int64_t i = 0; i < size; i++)
        x[i] = test_uniform(&random, -1.5, 1.5);
    return x;
}

/* The functions `name` and `name`_inverse undo each other. */
static void expect_inverse(Arena *arena, const Program *program, const char *name)
{
    Layer forward = layer_of(arena, program, name);
    Layer back = layer_of(arena, program, arena_print(arena, "%s_inverse", name));
    const double *x = some_x(arena, forward.size), *y = layer_run(&forward, x)[0].data;
    ir_test_expect(layer_run(&back, y)[0].data, x, forward.size, 1e-9, "x after both");
}

static int64_t flops_of(const IrFunction *function)
{
    int64_t flops = 0;
    for (int i = 0; i < function->op_count; i++)
        flops += ir_op_flops(function, &function->ops[i]);
    return flops;
}

/* ---- linear ------------------------------------------------------------------------------------------------------ */

static const char *const LINEAR[] = {"linear", "linear: {permutation: reverse}"};

static void test_linear_inverts(void **state)
{
    for (int size = 1; size < 40; size += 6)
        for (int i = 0; i < 2; i++)
            expect_inverse(*state, program_of(*state, size, 4, LINEAR[i]), "linear");
}

static void test_linear_has_the_log_determinant_of_its_diagonal(void **state)
{
    for (int size = 1; size < 12; size += 3) {
        Layer layer = layer_of(*state, program_of(*state, size, 4, LINEAR[1]), "linear");
        double expected = 0, actual = numerical_log_det(&layer, some_x(*state, size), 1e-3);
        for (int i = 0; i < size; i++)
            expected += layer.inputs[1].data[i];
        ir_test_expect(&actual, &expected, 1, 1e-9, "log_det");
    }
}

/* Layers of one permutation share a function; a new one moves the components and does nothing else. */
static void test_linear_starts_as_its_permutation(void **state)
{
    Program *program =
        program_of(*state, 3, 4, "{linear: {permutation: [2, 0, 1]}}, {linear: {permutation: [2, 0, 1]}}");
    static const double X[] = {3, 1.5, -2}, EXPECTED[] = {-2, 3, 1.5};
    assert_null(ir_function_find(program->module, "linear_2"));
    Layer layer = layer_of(*state, program, "linear");
    for (int i = 0; i < 3; i++)
        memset(layer.inputs[i].data, 0, (size_t)layer.inputs[i].count * sizeof(double));
    ir_test_expect(layer_run(&layer, X)[0].data, EXPECTED, 3, 0, "y");
    for (int t = 0; t < program->tensor_count; t++) {
        assert_int_equal(program->tensors[t].init, INIT_CONSTANT);
        assert_true(program->tensors[t].scale == 0.0);
    }
}

static void test_staircases_multiply_by_no_more_than_they_must(void **state)
{
    Program *program = program_of(*state, 64, 4, LINEAR[0]);
    const IrFunction *function = ir_function_find(program->module, "linear");
    int64_t flops = flops_of(function), least = 2 * 2 * 64 * 63 / 2;
    assert_true(flops >= least && flops < least * 5 / 4);
}

/* Against the dense product, for keys that repeat and that leave rows empty. */
static void test_staircases_are_masked_products(void **state)
{
    enum { ROWS = 37, COLUMNS = 23 };
    for (int above = 0; above < 2; above++) {
        int64_t rows[ROWS], columns[COLUMNS], size[] = {ROWS, COLUMNS};
        for (int64_t i = 0; i < ROWS; i++)
            rows[i] = i / 3;
        for (int64_t j = 0; j < COLUMNS; j++)
            columns[j] = 2 + j / 2;
        Staircase stairs = {ROWS, COLUMNS, rows, columns, above == 1};
        IrModule *module = ir_module_new(*state, "stairs");
        IrFunction *function = ir_function_new(module, "product");
        IrBuilder builder = {.function = function};
        IrId matrix = ir_input(function, "matrix", ir_type(IR_REAL, IR_KIND_PARAMETER, 2, size));
        IrId start = ir_input(function, "start", ir_type(IR_REAL, IR_KIND_PARAMETER, 1, size));
        IrId x = ir_input(function, "x", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, size + 1));
        ir_output(function, "y", staircase_apply(&builder, &stairs, matrix, x, start));
        ir_output(function, "masked", staircase_masked(&builder, &stairs, matrix));
        TestRandom random = {3};
        IrTensor *inputs = ir_test_random_inputs(*state, function, 1, &random, -1, 1);
        IrTensor *outputs = ir_test_run(*state, function, 1, inputs);
        double y[ROWS], masked[ROWS * COLUMNS];
        for (int i = 0; i < ROWS; i++) {
            y[i] = inputs[1].data[i];
            for (int j = 0; j < COLUMNS; j++) {
                bool kept = above ? columns[j] >= rows[i] : columns[j] <= rows[i];
                masked[i * COLUMNS + j] = kept ? inputs[0].data[i * COLUMNS + j] : 0;
                y[i] += masked[i * COLUMNS + j] * inputs[2].data[j];
            }
        }
        ir_test_expect(outputs[0].data, y, ROWS, 1e-14, "y");
        ir_test_expect(outputs[1].data, masked, ROWS * COLUMNS, 0, "masked");
    }
}

/* ---- masked autoregressive --------------------------------------------------------------------------------------- */

static const char *autoregressive(Arena *arena, const char *transform, const char *widths, const char *fast)
{
    return arena_print(arena,
                       "masked_autoregressive: {transform: %s, net: {masked_mlp: [%s], residual: true}, fast: %s}",
                       transform, widths, fast);
}

static const char *const FAST[] = {"density", "sampling"};
static const char *const WIDTHS[] = {"", "3", "7, 7", "24, 5, 24"};

static void test_autoregressive_layers_invert(void **state)
{
    static const int SIZES[] = {2, 5, 8, 17, 33}; /* written out, and as scans */
    for (int k = 0; k < 5; k++)
        for (int i = 0; i < 8; i++) {
            const int size = SIZES[k];
            const char *affine = autoregressive(*state, "affine", WIDTHS[i / 2], FAST[i % 2]);
            const char *additive = autoregressive(*state, "additive", WIDTHS[i / 2], FAST[i % 2]);
            expect_inverse(*state, program_of(*state, size, 4, affine), "autoregressive_affine");
            expect_inverse(*state, program_of(*state, size, 4, additive), "autoregressive_additive");
        }
}

static void test_autoregressive_layers_have_the_log_determinant_of_their_jacobian(void **state)
{
    static const char *const NAMES[] = {"autoregressive_affine", "autoregressive_affine_inverse"};
    for (int i = 0; i < 32; i++) {
        const int size = i < 16 ? 5 : 17; /* written out, and as scans */
        const char *text = autoregressive(*state, "affine", WIDTHS[i / 4 % 4], FAST[i / 2 % 2]);
        Layer layer = layer_of(*state, program_of(*state, size, 4, text), NAMES[i % 2]);
        const double *x = some_x(*state, size);
        double expected = numerical_log_det(&layer, x, 1e-3);
        ir_test_expect(layer_run(&layer, x)[1].data, &expected, 1, 1e-8, "log_det");
    }
    const char *text = autoregressive(*state, "additive", "8", "density");
    Layer layer = layer_of(*state, program_of(*state, 5, 4, text), "autoregressive_additive");
    double zero = 0, actual = numerical_log_det(&layer, some_x(*state, 5), 1e-3);
    assert_int_equal(layer.function->output_count, 1);
    ir_test_expect(&actual, &zero, 1, 1e-8, "log_det");
}

/* A spline's second derivative jumps at its knots: the points of a difference lie close together. */
static void test_autoregressive_splines(void **state)
{
    static const char *const NAMES[] = {"autoregressive_spline", "autoregressive_spline_inverse"};
    for (int i = 0; i < 16; i++) {
        const char *text = autoregressive(*state, "spline, bins: 5, bound: 1", WIDTHS[i / 4], FAST[i / 2 % 2]);
        Program *program = program_of(*state, 5, 4, text);
        Layer layer = layer_of(*state, program, NAMES[i % 2]);
        const double *x = some_x(*state, 5);
        double expected = numerical_log_det(&layer, x, 1e-6);
        ir_test_expect(layer_run(&layer, x)[1].data, &expected, 1, 1e-5, "log_det");
        expect_inverse(*state, program, NAMES[0]);
        expect_inverse(*state, program_of(*state, 12, 4, text), NAMES[0]); /* most as scans */
    }
}

/* Output i changes with input i and those before it, and with no other; that it does with all of those before it needs
 * units of every degree. */
static void test_autoregressive_layers_see_what_comes_before(void **state)
{
    enum { SIZE = 6 };
    for (int i = 0; i < 4; i++) {
        const char *text = autoregressive(*state, "affine", "11, 11", FAST[i % 2]);
        Layer layer = layer_of(*state, program_of(*state, SIZE, 4, text),
                               i < 2 ? "autoregressive_affine" : "autoregressive_affine_inverse");
        const double *x = some_x(*state, SIZE), *y = layer_run(&layer, x)[0].data;
        for (int j = 0; j < SIZE; j++) {
            double moved[SIZE];
            memcpy(moved, x, sizeof moved);
            moved[j] += 0.5;
            const double *z = layer_run(&layer, moved)[0].data;
            for (int k = 0; k < SIZE; k++)
                assert_true((z[k] != y[k]) == (k >= j));
        }
    }
}

/* One pass leaves out half of the net. Written out, the other way does the same; as a scan it takes all of the net and a
 * little more, but not once for each component. */
static void test_autoregressive_layers_go_through_the_net_once(void **state)
{
    for (int64_t size = 8; size <= 16; size += 8) {
        const int64_t hidden = 64, dense = 2 * (size * hidden + hidden * hidden + hidden * 2 * size);
        Program *program = program_of(*state, (int)size, 4, autoregressive(*state, "affine", "64, 64", "density"));
        int64_t all = flops_of(ir_function_find(program->module, "autoregressive_affine_inverse"));
        int64_t steps = flops_of(ir_function_find(program->module, "autoregressive_affine"));
        assert_true(all > dense * 2 / 5 && all < dense * 3 / 5);
        assert_true(size == 8 ? steps > dense * 2 / 5 && steps < dense * 3 / 5
                              : steps > dense && steps < dense * 3 / 2);
    }
}

/* ---- first values ------------------------------------------------------------------------------------------------ */

static double *random_weights_of(Arena *arena, const Program *program)
{
    TestRandom random = {7};
    double *weights = ARENA_ARRAY(arena, double, program->weight_count);
    for (int64_t i = 0; i < program->weight_count; i++)
        weights[i] = test_uniform(&random, -0.5, 0.5);
    return weights;
}

/* The weights with the first values in their places. */
static void initialise(Arena *arena, const Program *program, int64_t batch, double *weights, const double *data)
{
    IrTensor *values = run_entry(arena, program, ENTRY_INITIALISE, batch, weights, data);
    for (int i = 0; i < program->initialised_count; i++) {
        int64_t offset = program->tensors[program->initialised[i]].offset;
        assert_false(values[i].per_sample);
        memcpy(weights + offset, values[i].data, (size_t)values[i].count * sizeof(double));
    }
}

/* A batch of samples drawn with the training's noise: ENTRY_SAMPLE of the same flow, its draw's purpose changed. */
static const double *training_samples(Arena *arena, Program *program, int64_t batch, const double *weights)
{
    IrFunction *entry = program->entries[ENTRY_SAMPLE].function;
    for (int i = 0; i < entry->op_count; i++)
        if (entry->ops[i].code == IR_DRAW_NORMAL)
            entry->ops[i].purpose = RANDOM_TRAIN_NOISE;
    return run_entry(arena, program, ENTRY_SAMPLE, batch, weights, NULL)[0].data;
}

/* Rows of mean 0 and the deviation `unit`. */
static void expect_standard(const double *x, int64_t batch, int64_t dimension, double unit)
{
    for (int64_t i = 0; i < dimension; i++) {
        double mean = 0, variance = 0, zero = 0, square = unit * unit;
        for (int64_t s = 0; s < batch; s++)
            mean += x[s * dimension + i] / (double)batch;
        for (int64_t s = 0; s < batch; s++)
            variance += pow(x[s * dimension + i] - mean, 2) / (double)batch;
        ir_test_expect(&mean, &zero, 1, 1e-12, "mean");
        ir_test_expect(&variance, &square, 1, 1e-12, "variance");
    }
}

/* However far down the flow: each of the actnorms is the last of a flow, whose weights are those of the first. */
static void test_actnorms_outputs_start_with_mean_0_and_deviation_1(void **state)
{
    enum { BATCH = 50, DIMENSION = 3 };
    static const char *const FLOWS[] = {
        "actnorm", "actnorm, linear, actnorm",
        "actnorm, linear, actnorm, permute, {coupling: {net: {mlp: [5]}}}, {coupling: {net: {mlp: [5]}}}, actnorm"};
    for (int i = 0; i < 3; i++) {
        Program *program = program_of(*state, DIMENSION, BATCH, FLOWS[i]);
        double *weights = random_weights_of(*state, program);
        assert_int_equal(program->initialised_count, 2 * (i + 1));
        initialise(*state, program, BATCH, weights, NULL);
        expect_standard(training_samples(*state, program, BATCH, weights), BATCH, DIMENSION, BASE_SCALE);
    }
}

/* Where the loss goes from data to the base: s and b are the logarithm of the deviation and the mean of what comes from
 * the data. The matrix between the two is 1 here, so that nothing is left to do for the one that comes first. */
static void test_actnorms_start_from_data_where_the_loss_does(void **state)
{
    enum { BATCH = 40, DIMENSION = 2 };
    Program *program =
        program_test_lower(*state, arena_print(*state,
                                               "ansatz: 1\nname: layers\nsystem: {vector: %d}\n"
                                               "architecture: {flow: {layers: [actnorm, linear, actnorm]}}\n"
                                               "data: {train: {file: rows.npy}}\n"
                                               "loss: [forward_kl]\ntrain: {batch: %d}\n",
                                               DIMENSION, BATCH));
    double *weights = ARENA_ARRAY(*state, double, program->weight_count), data[BATCH * DIMENSION];
    double expected[4] = {0}; /* log_scale, shift */
    TestRandom random = {13};
    for (int i = 0; i < BATCH * DIMENSION; i++)
        data[i] = (i % DIMENSION == 0 ? 5 : -2) + test_normal(&random);
    for (int i = 0; i < DIMENSION; i++) {
        double squares = 0;
        for (int s = 0; s < BATCH; s++)
            expected[2 + i] += data[s * DIMENSION + i] / BATCH;
        for (int s = 0; s < BATCH; s++)
            squares += pow(data[s * DIMENSION + i] - expected[2 + i], 2) / BATCH;
        expected[i] = log(squares) / 2;
    }
    initialise(*state, program, BATCH, weights, data);
    static const double ZEROS[4] = {0};
    ir_test_expect(weights, ZEROS, 4, 1e-12, "the one that data reach last");
    ir_test_expect(weights + program->weight_count - 4, expected, 4, 1e-12, "the one that data reach first");
}

/* Whatever was drawn: element (i, j) of a first layer's weight stays where unit i may see input j. */
static void test_masked_entries_start_as_0(void **state)
{
    enum { SIZE = 4, HIDDEN = 6 };
    Program *program = program_of(*state, SIZE, 4, autoregressive(*state, "affine", "6", "density"));
    double *weights = random_weights_of(*state, program), *before = random_weights_of(*state, program);
    static const int DEGREES[HIDDEN] = {1, 1, 2, 2, 3, 3};
    assert_int_equal(program->initialised_count, 2);
    initialise(*state, program, 4, weights, NULL);
    for (int i = 0; i < HIDDEN; i++)
        for (int j = 0; j < SIZE; j++) {
            double expected = j + 1 <= DEGREES[i] ? before[SIZE * i + j] : 0;
            ir_test_expect(weights + SIZE * i + j, &expected, 1, 0, "a weight of the first layer");
        }
    for (int i = 0; i < 2 * SIZE; i++)
        for (int j = 0; j < HIDDEN; j++) {
            int64_t at = program->tensors[2].offset + HIDDEN * i + j;
            double expected = DEGREES[j] <= i / 2 ? before[at] : 0;
            ir_test_expect(weights + at, &expected, 1, 0, "a weight of the last layer");
        }
}

/* Components that do not vary keep their scale: nothing is infinite. */
static void test_a_batch_of_one_starts_with_scale_1(void **state)
{
    Program *program = program_of(*state, 2, 1, "actnorm");
    double weights[4] = {7, 7, 7, 7}, zeros[2] = {0};
    initialise(*state, program, 1, weights, NULL);
    ir_test_expect(weights, zeros, 2, 0, "log_scale");
    ir_test_expect(training_samples(*state, program, 1, weights), zeros, 2, 1e-15, "x");
}

static void test_flows_without_first_values_have_no_entry(void **state)
{
    const Program *program = program_of(*state, 3, 4, "linear, permute");
    assert_null(program->entries[ENTRY_INITIALISE].function);
    assert_int_equal(program->initialised_count, 0);
}

/* ---- as a package ------------------------------------------------------------------------------------------------ */

static void run_package(int dimension, const char *layers)
{
    const char *folder = shell_folder();
    char text[1000];
    int length = snprintf(text, sizeof text,
                          "ansatz: 1\nname: layers\nsystem: {vector: %d}\n%s"
                          "architecture: {flow: {layers: [%s]}}\n"
                          "loss: [reverse_kl]\ntrain: {batch: 96, steps: 20}\n",
                          dimension, ENERGY, layers);
    shell_write(text, (size_t)length, "%s/layers.yaml", folder);
    shell_must("cd %s && %s emit layers.yaml -o package && sed -i s/-O[123]/-O0/ package/build.ninja && "
               "ninja -C package layers",
               folder, shell_ansatz());
    shell_must("cd %s && package/layers selftest && package/layers train -o run --quiet --threads 1", folder);
    shell_must("cd %s && package/layers selftest -w run && package/layers evaluate -w run -n 2000", folder);
}

static void test_packages_check_themselves_and_train(void **state)
{
    (void)state;
    run_package(3, "actnorm, {linear: {permutation: reverse}}, {coupling: {net: {mlp: [8, 8], residual: true, "
                   "normalize: layer}}}, actnorm, {masked_autoregressive: {net: {masked_mlp: [8, 8]}}}, "
                   "{masked_autoregressive: {transform: spline, net: {masked_mlp: [8]}, fast: sampling}}");
    run_package(17, "{masked_autoregressive: {net: {masked_mlp: [8]}}}"); /* as a scan */
    shell_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_inverts),
        cmocka_unit_test(test_linear_has_the_log_determinant_of_its_diagonal),
        cmocka_unit_test(test_linear_starts_as_its_permutation),
        cmocka_unit_test(test_staircases_multiply_by_no_more_than_they_must),
        cmocka_unit_test(test_staircases_are_masked_products),
        cmocka_unit_test(test_autoregressive_layers_invert),
        cmocka_unit_test(test_autoregressive_layers_have_the_log_determinant_of_their_jacobian),
        cmocka_unit_test(test_autoregressive_splines),
        cmocka_unit_test(test_autoregressive_layers_see_what_comes_before),
        cmocka_unit_test(test_autoregressive_layers_go_through_the_net_once),
        cmocka_unit_test(test_masked_entries_start_as_0),
        cmocka_unit_test(test_actnorms_outputs_start_with_mean_0_and_deviation_1),
        cmocka_unit_test(test_actnorms_start_from_data_where_the_loss_does),
        cmocka_unit_test(test_a_batch_of_one_starts_with_scale_1),
        cmocka_unit_test(test_flows_without_first_values_have_no_entry),
        cmocka_unit_test(test_packages_check_themselves_and_train),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
