/* SPDX-License-Identifier: MIT */
/* The interpreter's kernels, one sample at a time, against closed forms, known values and naive formulas. What crosses
 * the batch axis, draws, calls and scans are in test_interpret_program.c. */
#include "tests/ir_helpers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Runs "f" over `batch` samples, its inputs filled from `inputs`, and expects its first output within a rounding. */
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

/* ---- elementwise ------------------------------------------------------------------------------------------------ */

/* One op at one point: operands (and result) real. */
static double apply(Arena *arena, const char *op, double a, double b)
{
    IrOpcode code;
    int least = 0, most = 0;
    assert_true(ir_opcode_from_text(op, &code));
    ir_op_arity(code, &least, &most);
    const IrFunction *function =
        ir_test_function(arena, 0,
                         arena_print(arena, "(%%a: sample real, %%b: sample real) { %%y = %s %%a%s return %%y }", op,
                                     least == 2 ? ", %b" : ""));
    IrType real = ir_type_scalar(IR_REAL, IR_KIND_SAMPLE);
    IrTensor inputs[] = {ir_test_filled(arena, &real, 1, &a), ir_test_filled(arena, &real, 1, &b)};
    return ir_test_run(arena, function, 1, inputs)[0].data[0];
}

typedef struct KnownValue {
    const char *op;
    double a, b, expected;
} KnownValue;

/* Known to 17 digits (closed forms, or NIST DLMF and OEIS constants); unary ops do not see b. */
static const KnownValue KNOWN[] = {
    {"neg", 1.5, 0, -1.5},
    {"abs", -2.5, 0, 2.5},
    {"sign", -3, 0, -1},
    {"sign", 4, 0, 1},
    {"sign", 0, 0, 0},
    {"floor", -1.5, 0, -2},
    {"floor", 1.5, 0, 1},
    {"exp", 1, 0, 2.718281828459045235},
    {"exp", -INFINITY, 0, 0},
    {"log", 2, 0, 0.69314718055994530942},
    {"log", 0, 0, -INFINITY},
    {"log", -1, 0, NAN},
    {"sqrt", 2, 0, 1.41421356237309504880},
    {"sqrt", -1, 0, NAN},
    {"tanh", 0.5, 0, 0.46211715726000975850},
    {"tanh", -1000, 0, -1},
    {"sigmoid", 2, 0, 0.88079707797788244406},
    {"sigmoid", -2, 0, 0.11920292202211755594},
    {"sigmoid", -1000, 0, 0},
    {"sigmoid", 1000, 0, 1},
    {"softplus", 0, 0, 0.69314718055994530942},
    {"softplus", -40, 0, 4.248354255291589e-18},
    {"softplus", 1000, 0, 1000},
    {"softplus", -1000, 0, 0},
    {"softplus", NAN, 0, NAN},
    {"sin", 0.52359877559829887308, 0, 0.5},
    {"cos", 1.04719755119659774615, 0, 0.5},
    {"tan", 0.78539816339744830962, 0, 1},
    {"erf", 0.5, 0, 0.52049987781304653768},
    {"add", 1, 2, 3},
    {"sub", 1, 2, -1},
    {"mul", 3, -2, -6},
    {"div", 1, -8, -0.125},
    {"div", 1, 0, INFINITY},
    {"pow", 2, 0.5, 1.41421356237309504880},
    {"pow", -2, 3, -8},
    {"pow", 0, 0, 1},
    {"pow", -2, 0.5, NAN},
    {"atan2", 1, -1, 2.35619449019234492885},
    {"atan2", -1, 0, -1.57079632679489661923},
    {"atan2", 0, 0, 0},
    {"min", 1, 2, 1},
    {"min", 2, NAN, NAN},
    {"max", 1, 2, 2},
    {"max", NAN, 2, NAN},
};

static void test_elementwise_ops_have_their_known_values(void **state)
{
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        const KnownValue *known = &KNOWN[i];
        double actual = apply(*state, known->op, known->a, known->b);
        ir_test_expect(&actual, &known->expected, 1, 1e-15, known->op);
    }
}

/* The relative error near 0 counts: softplus and tanh far down, sigmoid's tail. */
static void test_small_values_keep_their_digits(void **state)
{
    assert_true(fabs(apply(*state, "softplus", -40, 0) / 4.248354255291589e-18 - 1) < 1e-14);
    assert_true(fabs(apply(*state, "sigmoid", -40, 0) / 4.248354255291589e-18 - 1) < 1e-14);
    assert_true(fabs(apply(*state, "sigmoid", -700, 0) / 9.8596765437597708567e-305 - 1) < 1e-12);
    assert_true(apply(*state, "tanh", 1e-300, 0) == 1e-300);
}

/* As in the runtime: max of two zeros is 0, min is -0, in either order; sign keeps a zero's sign. */
static void test_signs_of_zero(void **state)
{
    assert_true(signbit(apply(*state, "min", 0.0, -0.0)) && signbit(apply(*state, "min", -0.0, 0.0)));
    assert_true(!signbit(apply(*state, "max", 0.0, -0.0)) && !signbit(apply(*state, "max", -0.0, 0.0)));
    assert_true(signbit(apply(*state, "sign", -0.0, 0)) && signbit(apply(*state, "neg", 0.0, 0)));
}

/* 2^80 ((1 + e)(1 - e) - 1) = -2^80 e^2, which rounding the product first would lose. */
static void test_fma_rounds_once(void **state)
{
    double e = ldexp(1, -30), scale = ldexp(1, 40);
    expect(*state, 1, "(%a: sample real, %b: sample real, %c: sample real) { %y = fma %a, %b, %c return %y }",
           INPUTS(DOUBLES(scale + scale * e), DOUBLES(scale - scale * e), DOUBLES(-scale * scale)),
           DOUBLES(-ldexp(1, 20)));
}

static void test_comparisons_and_logic(void **state)
{
    const double *points[] = {DOUBLES(1, 2, 2, NAN), DOUBLES(2, 2, 1, 1)};
    const char *head = "(%a: sample real[4], %b: sample real[4]) {";
    struct {
        const char *body;
        double expected[4];
    } cases[] = {
        {"%c = less %a, %b", {1, 0, 0, 0}},
        {"%c = less_equal %a, %b", {1, 1, 0, 0}},
        {"%c = equal %a, %b", {0, 1, 0, 0}},
        {"%l = less %a, %b %e = equal %a, %b %c = or %l, %e", {1, 1, 0, 0}},
        {"%l = less_equal %a, %b %e = equal %a, %b %c = and %l, %e", {0, 1, 0, 0}},
        {"%l = less %a, %b %c = not %l", {0, 1, 1, 1}},
        {"%l = less %a, %b %c = select %l, %b, %a", {2, 2, 2, NAN}},
        {"%l = less %a, %b %e = equal %a, %b %c = select %l, %e, %l", {0, 0, 0, 0}},
        {"%l = less %a, %b %c = to_real %l", {1, 0, 0, 0}},
        {"%l = less %a, %b %c = to_int %l", {1, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(*state, 1, arena_print(*state, "%s %s return %%c }", head, cases[i].body), points, cases[i].expected);
}

static void test_integers(void **state)
{
    expect(*state, 1, "(%x: sample real[5]) { %y = to_int %x return %y }", INPUTS(DOUBLES(-1.5, -1, 0.99, 7, 1e6)),
           DOUBLES(-2, -1, 0, 7, 1e6));
    expect(*state, 1,
           "(%i: sample int32[3], %j: sample int32[3]) { %s = add %i, %j %p = mul %s, %j %m = max %p, %i %n = neg %m "
           "%l = less %n, %i %z = select %l, %n, %j return %z }",
           INPUTS(DOUBLES(1, -2, -30), DOUBLES(4, 5, 1)), DOUBLES(-20, -15, 1));
}

/* The value passes through; the derivative's absence is the gradients' business. */
static void test_stop_gradient_is_the_identity(void **state)
{
    expect(*state, 1, "(%x: sample real[2]) { %y = stop_gradient %x return %y }", INPUTS(DOUBLES(3, NAN)),
           DOUBLES(3, NAN));
}

/* ---- structure -------------------------------------------------------------------------------------------------- */

static void test_constants(void **state)
{
    expect(*state, 0, "() { %c = constant real[2, 2] {1, -2.5, inf, 0.1} return %c }", NULL,
           DOUBLES(1, -2.5, INFINITY, 0.1));
    expect(*state, 0, "() { %c = constant bool[3] all 1 return %c }", NULL, DOUBLES(1, 1, 1));
}

static void test_broadcast_repeats_along_new_axes(void **state)
{
    expect(*state, 1, "(%x: sample real) { %y = broadcast %x to [2, 2] return %y }", INPUTS(DOUBLES(5)),
           DOUBLES(5, 5, 5, 5));
    expect(*state, 1, "(%x: sample real[2]) { %y = broadcast %x to [2, 3] axes [0] return %y }", INPUTS(DOUBLES(1, 2)),
           DOUBLES(1, 1, 1, 2, 2, 2));
    expect(*state, 1, "(%x: sample real[3]) { %y = broadcast %x to [2, 3] axes [1] return %y }",
           INPUTS(DOUBLES(1, 2, 3)), DOUBLES(1, 2, 3, 1, 2, 3));
    expect(*state, 1, "(%x: sample real[2, 2]) { %y = broadcast %x to [2, 3, 2] axes [0, 2] return %y }",
           INPUTS(DOUBLES(1, 2, 3, 4)), DOUBLES(1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4));
}

static void test_reshape_keeps_the_order(void **state)
{
    expect(*state, 2, "(%x: sample int32[2, 3]) { %y = reshape %x to [3, 2] return %y }",
           INPUTS(DOUBLES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)), DOUBLES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
}

static void test_transpose_permutes_axes(void **state)
{
    expect(*state, 2, "(%x: sample real[2, 3]) { %y = transpose %x axes [1, 0] return %y }",
           INPUTS(DOUBLES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)), DOUBLES(1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12));
    /* y[k, i, j] = x[i, j, k] with x = 100 i + 10 j + k, a permutation that is not its own inverse */
    double x[2 * 3 * 4], y[4 * 2 * 3];
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 4; k++)
                x[(i * 3 + j) * 4 + k] = y[(k * 2 + i) * 3 + j] = 100 * i + 10 * j + k;
    expect(*state, 1, "(%x: sample real[2, 3, 4]) { %y = transpose %x axes [2, 0, 1] return %y }", INPUTS(x), y);
}

static void test_slice_concat_gather_on_each_axis(void **state)
{
    const double *x = DOUBLES(1, 2, 3, 4, 5, 6);
    expect(*state, 1, "(%x: sample real[2, 3]) { %y = slice %x axis 0 start 1 length 1 return %y }", INPUTS(x),
           DOUBLES(4, 5, 6));
    expect(*state, 1, "(%x: sample real[2, 3]) { %y = slice %x axis 1 start 1 length 2 return %y }", INPUTS(x),
           DOUBLES(2, 3, 5, 6));
    expect(*state, 1, "(%x: sample real[2, 3]) { %y = gather %x axis 1 table {2, 0, 0, 1} return %y }", INPUTS(x),
           DOUBLES(3, 1, 1, 2, 6, 4, 4, 5));
    expect(*state, 1, "(%x: sample real[2, 3]) { %y = gather %x axis 0 table {1} return %y }", INPUTS(x),
           DOUBLES(4, 5, 6));
    expect(*state, 1, "(%x: sample real[2, 3], %z: sample real[2, 1]) { %y = concat %x, %z, %x axis 1 return %y }",
           INPUTS(x, DOUBLES(8, 9)), DOUBLES(1, 2, 3, 8, 1, 2, 3, 4, 5, 6, 9, 4, 5, 6));
    expect(*state, 1, "(%x: sample real[2, 3], %z: sample real[1, 3]) { %y = concat %z, %x axis 0 return %y }",
           INPUTS(x, DOUBLES(7, 8, 9)), DOUBLES(7, 8, 9, 1, 2, 3, 4, 5, 6));
}

static void test_scatter_add_adds_where_the_table_repeats(void **state)
{
    expect(*state, 2, "(%x: sample real[3]) { %y = scatter_add %x axis 0 table {2, 0, 2} length 4 return %y }",
           INPUTS(DOUBLES(1, 2, 4, 10, 20, 40)), DOUBLES(2, 0, 5, 0, 20, 0, 50, 0));
    expect(*state, 1, "(%x: sample real[2, 3]) { %y = scatter_add %x axis 1 table {1, 1, 0} length 2 return %y }",
           INPUTS(DOUBLES(1, 2, 3, 4, 5, 6)), DOUBLES(3, 3, 6, 9));
}

/* Each sample has its own index; rows keep their axes; an index may have any shape. */
static void test_take_and_put(void **state)
{
    expect(*state, 2, "(%x: sample real[3, 2], %i: sample int32[2]) { %y = take %x, %i return %y }",
           INPUTS(DOUBLES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), DOUBLES(2, 0, 1, 1)),
           DOUBLES(5, 6, 1, 2, 9, 10, 9, 10));
    expect(*state, 2, "(%x: parameter real[3], %i: sample int32) { %y = take %x, %i return %y }",
           INPUTS(DOUBLES(1, 2, 3), DOUBLES(2, 0)), DOUBLES(3, 1));
    expect(*state, 1, "(%x: sample real[3], %i: shared int32[2, 2]) { %y = take %x, %i return %y }",
           INPUTS(DOUBLES(7, 8, 9), DOUBLES(2, 1, 0, 2)), DOUBLES(9, 8, 7, 9));
    expect(*state, 2, "(%g: sample real[2, 2], %i: sample int32[2]) { %y = put %g, %i length 3 return %y }",
           INPUTS(DOUBLES(1, 2, 3, 4, 5, 6, 7, 8), DOUBLES(2, 0, 1, 1)), DOUBLES(3, 4, 0, 0, 1, 2, 0, 0, 12, 14, 0, 0));
    expect(*state, 1, "(%g: sample real, %i: sample int32) { %y = put %g, %i length 3 return %y }",
           INPUTS(DOUBLES(5), DOUBLES(1)), DOUBLES(0, 5, 0));
}

static void expect_run_error(Arena *arena, double index, double row)
{
    const IrFunction *function =
        ir_test_function(arena, 0, "(%x: shared real[3], %i: shared int32) { %y = take %x, %i return %y }");
    IrType table = *ir_type_of(function, function->inputs[0]), scalar = ir_type_scalar(IR_INT, IR_KIND_SHARED);
    IrTensor inputs[] = {ir_test_filled(arena, &table, 1, DOUBLES(7, 8, 9)), ir_test_filled(arena, &scalar, 1, &index)};
    IrTensor output;
    IrRun run = {.arena = arena, .batch = 1};
    ir_interpret(&run, function, inputs, &output);
    assert_non_null(run.error);
    assert_non_null(strstr(run.error, "take: an index of sample 0 is not one of 0 to 2"));
    assert_true(output.data[0] == row);
}

static void test_an_index_out_of_range_is_an_error(void **state)
{
    expect_run_error(*state, 3, 9);
    expect_run_error(*state, -1, 7);
    expect_run_error(*state, NAN, 7);
}

/* ---- reductions ------------------------------------------------------------------------------------------------- */

static void test_reductions_over_any_axes(void **state)
{
    const double *x = DOUBLES(1, -2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -12);
    const char *head = "(%x: sample real[2, 3, 2]) {";
    struct {
        const char *body;
        double expected[6];
    } cases[] = {
        {"%y = reduce_sum %x axes [0, 1, 2]", {50}},           {"%y = reduce_sum %x axes [0]", {8, 6, 12, 14, 16, -6}},
        {"%y = reduce_sum %x axes [1]", {9, 8, 27, 6}},        {"%y = reduce_sum %x axes [0, 2]", {14, 26, 10}},
        {"%y = reduce_max %x axes [2]", {1, 4, 6, 8, 10, 11}}, {"%y = reduce_max %x axes [0, 1]", {11, 10}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(*state, 1, arena_print(*state, "%s %s return %%y }", head, cases[i].body), INPUTS(x), cases[i].expected);
    expect(*state, 1, "(%x: sample real[3]) { %y = reduce_max %x axes [0] return %y }", INPUTS(DOUBLES(1, NAN, 3)),
           DOUBLES(NAN));
    expect(*state, 1, "(%x: sample int32[3]) { %y = reduce_sum %x axes [0] return %y }", INPUTS(DOUBLES(1, 2, 3)),
           DOUBLES(6));
}

static void test_cumulative_sums(void **state)
{
    const double *x = DOUBLES(1, 2, 3, 4, 5, 6);
    const char *head = "(%x: sample real[2, 3]) { %y = cumsum %x";
    struct {
        const char *attributes;
        double expected[6];
    } cases[] = {
        {"axis 1", {1, 3, 6, 4, 9, 15}},          {"axis 1 reversed", {6, 5, 3, 15, 11, 6}},
        {"axis 1 exclusive", {0, 1, 3, 0, 4, 9}}, {"axis 1 reversed exclusive", {5, 3, 0, 11, 6, 0}},
        {"axis 0", {1, 2, 3, 5, 7, 9}},           {"axis 0 reversed exclusive", {4, 5, 6, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(*state, 1, arena_print(*state, "%s %s return %%y }", head, cases[i].attributes), INPUTS(x),
               cases[i].expected);
}

/* ---- products --------------------------------------------------------------------------------------------------- */

static void test_contractions_by_their_labels(void **state)
{
    const double *m = DOUBLES(1, 2, 3, 4, 5, 6), *n = DOUBLES(1, -1, 2, 0, 3, 1), *v = DOUBLES(1, 10, 100);
    struct {
        const char *rest;
        const double *b;
        double expected[9];
    } cases[] = {
        {"(%a: sample real[2, 3], %b: sample real[3]) { %y = contract %a, %b \"ij,j->i\" return %y }", v, {321, 654}},
        {"(%a: sample real[2, 3], %b: sample real[3]) { %y = contract %b, %a \"j,ij->i\" return %y }", v, {321, 654}},
        {"(%a: sample real[2, 3], %b: sample real[3, 2]) { %y = contract %a, %b \"ik,kj->ij\" return %y }",
         n,
         {14, 2, 32, 2}},
        {"(%a: sample real[2, 3], %b: sample real[3, 2]) { %y = contract %a, %b \"ik,kj->ji\" return %y }",
         n,
         {14, 32, 2, 2}},
        {"(%a: sample real[2, 3], %b: sample real[2, 3]) { %y = contract %a, %b \"ij,ij->\" return %y }", n, {26}},
        {"(%a: sample real[2, 3], %b: sample real[2, 3]) { %y = contract %a, %b \"ij,ij->ij\" return %y }",
         n,
         {1, -2, 6, 0, 15, 6}},
        {"(%a: sample real[2, 3], %b: sample real[3]) { %y = contract %a, %b \"ij,k->ik\" return %y }",
         v,
         {6, 60, 600, 15, 150, 1500}},
        {"(%a: sample real[2, 3], %b: sample real[3]) { %y = contract %a, %b \"ij,k->\" return %y }", v, {21 * 111}},
        {"(%a: sample real[2, 3], %b: sample real[2, 3]) { %y = contract %a, %b \"bi,bj->ij\" return %y }",
         m,
         {17, 22, 27, 22, 29, 36, 27, 36, 45}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(*state, 1, cases[i].rest, INPUTS(m, cases[i].b), cases[i].expected);
    expect(*state, 2,
           "(%w: parameter real[2, 3], %b: parameter real[2], %x: sample real[3]) { %y = contract %w, %x, %b "
           "\"ij,j->i\" return %y }",
           INPUTS(m, DOUBLES(1000, 2000), DOUBLES(1, 10, 100, 0, 0, 1)), DOUBLES(1321, 2654, 1003, 2006));
}

/* All eight ways, against products with the triangle that is read; what lies outside it is NaN. */
static void test_triangular_solves_invert_their_products(void **state)
{
    Arena *arena = *state;
    enum { N = 4, COLUMNS = 2 };
    TestRandom random = {5};
    for (int flags = 0; flags < 8; flags++) {
        bool lower = flags & 1, transposed = flags & 2, unit = flags & 4;
        double matrix[N * N], x[N * COLUMNS], b[N * COLUMNS] = {0};
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                bool read = i == j ? !unit : lower == (i > j);
                matrix[i * N + j] = read ? test_uniform(&random, 0.5, 1.5) : NAN;
            }
        for (int i = 0; i < N * COLUMNS; i++)
            x[i] = test_uniform(&random, -1, 1);
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                int row = transposed ? j : i, column = transposed ? i : j;
                bool read = row == column || lower == (row > column);
                double entry = !read ? 0 : row == column && unit ? 1 : matrix[row * N + column];
                for (int k = 0; k < COLUMNS; k++)
                    b[i * COLUMNS + k] += entry * x[j * COLUMNS + k];
            }
        const char *rest = arena_print(
            arena,
            "(%%m: shared real[4, 4], %%b: shared real[4, 2]) { %%y = solve_triangular %%m, %%b%s%s%s return %%y }",
            lower ? " lower" : "", transposed ? " transposed" : "", unit ? " unit" : "");
        const IrFunction *function = ir_test_function(arena, 0, rest);
        IrTensor inputs[] = {ir_test_filled(arena, ir_type_of(function, 0), 1, matrix),
                             ir_test_filled(arena, ir_type_of(function, 1), 1, b)};
        ir_test_expect(ir_test_run(arena, function, 1, inputs)[0].data, x, N * COLUMNS, 1e-13, rest);
    }
}

static void test_triangular_solve_of_a_vector(void **state)
{
    expect(*state, 2, "(%m: sample real[2, 2], %b: sample real[2]) { %y = solve_triangular %m, %b lower return %y }",
           INPUTS(DOUBLES(2, 0, 3, 4, 1, 0, 1, 1), DOUBLES(2, 11, 1, 5)), DOUBLES(1, 2, 1, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementwise_ops_have_their_known_values),
        cmocka_unit_test(test_small_values_keep_their_digits),
        cmocka_unit_test(test_signs_of_zero),
        cmocka_unit_test(test_fma_rounds_once),
        cmocka_unit_test(test_comparisons_and_logic),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_stop_gradient_is_the_identity),
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_broadcast_repeats_along_new_axes),
        cmocka_unit_test(test_reshape_keeps_the_order),
        cmocka_unit_test(test_transpose_permutes_axes),
        cmocka_unit_test(test_slice_concat_gather_on_each_axis),
        cmocka_unit_test(test_scatter_add_adds_where_the_table_repeats),
        cmocka_unit_test(test_take_and_put),
        cmocka_unit_test(test_an_index_out_of_range_is_an_error),
        cmocka_unit_test(test_reductions_over_any_axes),
        cmocka_unit_test(test_cumulative_sums),
        cmocka_unit_test(test_contractions_by_their_labels),
        cmocka_unit_test(test_triangular_solves_invert_their_products),
        cmocka_unit_test(test_triangular_solve_of_a_vector),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
