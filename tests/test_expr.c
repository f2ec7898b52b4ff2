/* SPDX-License-Identifier: MIT */
/* Formulas: values against C's own evaluation, how sums become ops, and errors with the place that they point at. */
#include "compiler/expr/expr.h"
#include "compiler/grad/grad.h"
#include "compiler/lower/formula.h"
#include "tests/ir_helpers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* ---- the system that formulas are read in ------------------------------------------------------------------------ */

enum { DIMENSION = 5, SAMPLES = 7 };

static const double K = 1.75, WIDTHS[] = {0.5, 0.25, 2, 1, 3}, SHORT_LIST[] = {1, -1, 0.5};
static const double MEANS[3][2] = {{-1, 0.5}, {0.25, -2}, {1.5, 1}}, COUNT = 3, HALF = 0.5;
static const double NEIGHBOURS[5][2] = {{1, 4}, {2, 0}, {3, 1}, {4, 2}, {0, 3}};

static const SpecParameter PARAMETERS[] = {
    {.name = "k", .rank = 0, .data = &K},
    {.name = "n", .rank = 0, .data = &COUNT},
    {.name = "half", .rank = 0, .data = &HALF},
    {.name = "width", .rank = 1, .size = {5}, .data = WIDTHS},
    {.name = "short_list", .rank = 1, .size = {3}, .data = SHORT_LIST},
    {.name = "m", .rank = 2, .size = {3, 2}, .data = &MEANS[0][0]},
    {.name = "near", .rank = 2, .size = {5, 2}, .data = &NEIGHBOURS[0][0]},
};
enum { PARAMETER_COUNT = sizeof PARAMETERS / sizeof PARAMETERS[0] };

static const char *const NAMES[] = {"left", "right", "up", "down", "beta"};

static const char PREFIX[] = "    value: \"";

typedef struct Reading {
    Formula formula;
    const ExprScope *scope;
    const Expr *expr;
    Diagnostics diagnostics;
} Reading;

static Reading *read_formula(Arena *arena, TermScope over, const char *text)
{
    Reading *reading = ARENA_NEW(arena, Reading);
    Source *source = ARENA_NEW(arena, Source);
    const char *line = arena_print(arena, "energy:\n%s%s\"\n", PREFIX, text);
    size_t begin = strlen("energy:\n") + strlen(PREFIX);
    *source = (Source){"test.yaml", line, strlen(line)};
    reading->formula =
        (Formula){text, strlen(text), {source, begin, begin + strlen(text), 2, (int)strlen(PREFIX) + 1}, true, NULL};
    ModelSpec spec = {.dimension = DIMENSION, .component_names = NAMES};
    diagnostics_start(&reading->diagnostics, arena);
    const ExprNames *names = expr_names(arena, DIMENSION, NAMES);
    reading->scope = expr_scope(arena, &spec, names, over, PARAMETER_COUNT, PARAMETERS, &reading->diagnostics);
    reading->expr = expr_read(arena, &reading->formula, reading->scope, &reading->diagnostics);
    return reading;
}

static const char *printed(const Reading *reading)
{
    Text text = text_start(reading->diagnostics.arena);
    diagnostics_print(&reading->diagnostics, &text, 0);
    return text.bytes;
}

/* f(x: sample real[5]) -> the formula's value */
static IrFunction *lower_formula(Arena *arena, TermScope over, const char *text)
{
    Reading *reading = read_formula(arena, over, text);
    if (!reading->expr)
        fail_msg("%s", printed(reading));
    IrFunction *function = ir_function_new(ir_module_new(arena, "test"), "f");
    const int64_t size[] = {DIMENSION};
    IrId x = ir_input(function, "x", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, size));
    IrBuilder builder = {.function = function};
    IrId elements[DIMENSION] = {0}, *lists[] = {elements};
    const FormulaInputs inputs = {&x, lists, NULL};
    ir_output(function, "value",
              formula_lower(&builder, &reading->formula, reading->expr, reading->scope, &inputs, "note"));
    ir_test_verify(function->module);
    return function;
}

static const double *test_points(Arena *arena)
{
    double *points = ARENA_ARRAY(arena, double, SAMPLES *DIMENSION);
    TestRandom random = {11};
    for (int i = 0; i < SAMPLES * DIMENSION; i++)
        points[i] = test_uniform(&random, -2.5, 2.5);
    return points;
}

/* The formula at the test's points; `outputs` per sample or not. */
static const double *values_of(Arena *arena, const IrFunction *function)
{
    IrTensor x = ir_test_filled(arena, ir_type_of(function, function->inputs[0]), SAMPLES, test_points(arena));
    IrTensor *outputs = ir_test_run(arena, function, SAMPLES, &x);
    double *values = ARENA_ARRAY(arena, double, SAMPLES);
    for (int s = 0; s < SAMPLES; s++)
        values[s] = outputs[0].data[outputs[0].per_sample ? s : 0];
    return values;
}

/* `expression` is C, of x[0], x[1], ... */
#define EXPECT_OVER(over, text, expression)                                                                            \
    do {                                                                                                               \
        double expected[SAMPLES];                                                                                      \
        for (int s = 0; s < SAMPLES; s++) {                                                                            \
            const double *x = test_points(*state) + s * DIMENSION;                                                     \
            (void)x;                                                                                                   \
            expected[s] = (expression);                                                                                \
        }                                                                                                              \
        ir_test_expect(values_of(*state, lower_formula(*state, over, text)), expected, SAMPLES, 1e-13, text);          \
    } while (0)
#define EXPECT(text, expression) EXPECT_OVER(SCOPE_NONE, text, expression)

/* ---- values ------------------------------------------------------------------------------------------------------ */

static void test_operators_bind_as_documented(void **state)
{
    EXPECT("1 + 2*3 - 4/8", 6.5);
    EXPECT("x[0] - x[1] - x[2]", x[0] - x[1] - x[2]);
    EXPECT("x[0]/x[1]/x[2]*x[3]", x[0] / x[1] / x[2] * x[3]);
    EXPECT("x[0]/(x[1]/(x[2]*x[3]))", x[0] / (x[1] / (x[2] * x[3])));
    EXPECT("-x[0]^2", -(x[0] * x[0]));
    EXPECT("(-x[0])^3", -x[0] * x[0] * x[0]);
    EXPECT("2^x[0]^2", pow(2, x[0] * x[0]));
    EXPECT("2^3^2", 512);
    EXPECT("x[0]^-2", 1 / (x[0] * x[0]));
    EXPECT("-x[0]*-x[1]", x[0] * x[1]);
    EXPECT("2*-x[1]", -2 * x[1]);
    EXPECT("--x[0] + +x[1]", x[0] + x[1]);
    EXPECT("x[0]*2^-1", x[0] / 2);
}

static void test_numbers_in_all_their_forms(void **state)
{
    EXPECT("1e-3 + .5 + 5. + 2.5E+1 + 007", 37.501);
    EXPECT("pi*x[0]", 3.141592653589793 * x[0]);
    EXPECT("x[2] + 1e300", x[2] + 1e300);
}

static void test_powers(void **state)
{
    EXPECT("x[0]^0", 1);
    EXPECT("x[0]^1", x[0]);
    EXPECT("x[0]^4", pow(x[0], 4));
    EXPECT("x[0]^7", pow(x[0], 7));
    EXPECT("x[0]^64", pow(x[0], 64));
    EXPECT("x[0]^65", pow(x[0], 65));
    EXPECT("x[0]^-3", pow(x[0], -3));
    EXPECT("abs(x[0])^0.5", sqrt(fabs(x[0])));
    EXPECT("abs(x[0])^2.5", pow(fabs(x[0]), 2.5));
    EXPECT("abs(x[0])^-1.5", pow(fabs(x[0]), -1.5));
    EXPECT("abs(x[0])^0.3", pow(fabs(x[0]), 0.3));
    EXPECT("abs(x[0])^x[1]", pow(fabs(x[0]), x[1]));
    EXPECT("abs(x[0])^k", pow(fabs(x[0]), K));
    EXPECT("sum(i, 0, 5, (-1)^i*x[i])", x[0] - x[1] + x[2] - x[3] + x[4]);
    EXPECT("sum(i, 0, 5, x[i]^i)", 1 + x[1] + pow(x[2], 2) + pow(x[3], 3) + pow(x[4], 4));
}

static void test_every_function(void **state)
{
    EXPECT("exp(x[0])", exp(x[0]));
    EXPECT("log(abs(x[0]))", log(fabs(x[0])));
    EXPECT("sqrt(abs(x[0]))", sqrt(fabs(x[0])));
    EXPECT("sin(x[0]) + 2*cos(x[1]) + 4*tan(x[2]/2)", sin(x[0]) + 2 * cos(x[1]) + 4 * tan(x[2] / 2));
    EXPECT("tanh(x[0])", tanh(x[0]));
    EXPECT("atan2(x[0], x[1])", atan2(x[0], x[1]));
    EXPECT("abs(x[0])", fabs(x[0]));
    EXPECT("min(x[0], x[1])", fmin(x[0], x[1]));
    EXPECT("max(x[0], x[1], 0.25)", fmax(fmax(x[0], x[1]), 0.25));
    EXPECT("softplus(x[0])", log(1 + exp(x[0])));
    EXPECT("sigmoid(x[0])", 1 / (1 + exp(-x[0])));
    EXPECT("erf(x[0])", erf(x[0]));
}

static void test_conditions(void **state)
{
    EXPECT("where(x[0] < x[1], 1, 0)", x[0] < x[1]);
    EXPECT("where(x[0] <= 0, x[1], x[2])", x[0] <= 0 ? x[1] : x[2]);
    EXPECT("where(x[0] > x[1], 1, 0)", x[0] > x[1]);
    EXPECT("where(x[0] >= 0, x[1], x[2])", x[0] >= 0 ? x[1] : x[2]);
    EXPECT("where(x[0] == x[0], 1, 0) + where(x[0] != x[0], 4, 0)", 1);
    EXPECT("where(x[0] < 0, where(x[1] < 0, 1, 2), 3)", x[0] < 0 ? (x[1] < 0 ? 1 : 2) : 3);
    EXPECT("where(k > 1, x[0], x[1])", x[0]);
    EXPECT("where(k < 1, x[0], 2)", 2);
    EXPECT("sum(i, 0, 5, where(i == 2, 10*x[i], x[i]))", x[0] + x[1] + 10 * x[2] + x[3] + x[4]);
}

static void test_parameters_and_names(void **state)
{
    EXPECT("k*x[0] + width[2]*x[1] + m[1, 1]", K * x[0] + 2 * x[1] - 2);
    EXPECT("left + 2*right + 4*beta", x[0] + 2 * x[1] + 4 * x[4]);
    EXPECT("x[n] + x[n - 1] + x[2*half]", x[3] + x[2] + x[1]);
    EXPECT("k", K);
}

static double gaussian_term(const double *x, int i)
{
    double a = x[0] - MEANS[i][0], b = x[1] - MEANS[i][1];
    return -(a * a + b * b) / 2;
}

static double mixture(const double *x)
{
    return -log(exp(gaussian_term(x, 0)) + exp(gaussian_term(x, 1)) + exp(gaussian_term(x, 2)));
}

static void test_sums_over_tables(void **state)
{
    EXPECT("sum(i, 0, 5, x[i]^2)", x[0] * x[0] + x[1] * x[1] + x[2] * x[2] + x[3] * x[3] + x[4] * x[4]);
    EXPECT("sum(i, 1, 4, i*x[i])", x[1] + 2 * x[2] + 3 * x[3]);
    EXPECT("sum(i, 0, 4, x[i]*x[i + 1])", x[0] * x[1] + x[1] * x[2] + x[2] * x[3] + x[3] * x[4]);
    EXPECT("sum(i, 0, 2, x[2*i])", x[0] + x[2]);
    EXPECT("sum(i, 0, n, m[i, 0]*x[i])", -x[0] + 0.25 * x[1] + 1.5 * x[2]);
    EXPECT("sum(i, 0, 5, x[near[i, 1]]*i)", x[0] + 2 * x[1] + 3 * x[2] + 4 * x[3]);
    EXPECT("-logsumexp(i, 0, 3, -((x[0] - m[i, 0])^2 + (x[1] - m[i, 1])^2)/2)", mixture(x));
    EXPECT("sum(i, 0, 4, x[0])", 4 * x[0]);
    EXPECT("logsumexp(i, 0, 4, x[0])", x[0] + log(4));
    EXPECT("logsumexp(i, 2, 3, x[i])", x[2]);
    EXPECT("sum(i, 3, 3, x[i]) + sum(i, 0, -2, x[i + 17])", 0);
    EXPECT("sum(i, -1, 2, x[i + 1])", x[0] + x[1] + x[2]);
}

static double nested(const double *x)
{
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        double inner = 0;
        for (int j = 0; j < 2; j++)
            inner += MEANS[i][j] * x[j] * x[j] + i;
        sum += x[i] * inner + exp(inner / 10);
    }
    return sum;
}

static double pairs(const double *x)
{
    double sum = 0;
    for (int i = 0; i < 5; i++)
        for (int j = i + 1; j < 5; j++)
            sum += 1 / fabs(x[i] - x[j]);
    return sum;
}

static double triangle(const double *x)
{
    double sum = 0;
    for (int i = 0; i < 5; i++) {
        double terms = 0;
        for (int j = 0; j <= i; j++)
            terms += exp(x[j] - x[i]);
        sum += log(terms);
    }
    return sum;
}

static void test_sums_inside_sums(void **state)
{
    EXPECT("sum(i, 0, n, x[i]*sum(j, 0, 2, m[i, j]*x[j]^2 + i) + exp(sum(j, 0, 2, m[i, j]*x[j]^2 + i)/10))", nested(x));
    EXPECT("sum(i, 0, 5, sum(j, i + 1, 5, 1/abs(x[i] - x[j])))", pairs(x));
    EXPECT("sum(i, 0, 5, sum(j, 0, i, 1))", 10);
    EXPECT("sum(i, 0, 3, sum(j, 0, 3 - i, x[j]))", 3 * x[0] + 2 * x[1] + x[2]);
    EXPECT("sum(i, 0, 5, sum(j, 0, i, 1)*x[i])", x[1] + 2 * x[2] + 3 * x[3] + 4 * x[4]);
    EXPECT("sum(i, 0, 5, logsumexp(j, 0, i + 1, x[j] - x[i]))", triangle(x));
    EXPECT("sum(i, 0, 5, sum(j, i, min(i + 1, 4), x[j + 1]))", x[1] + x[2] + x[3] + x[4]);
    EXPECT("sum(i, 0, 2, sum(j, 0, 2, sum(k2, 0, 2, x[i]*x[j]*x[k2])))", pow(x[0] + x[1], 3));
}

static double components(const double *x)
{
    double sum = 0;
    for (int i = 0; i < DIMENSION; i++)
        sum += WIDTHS[i] * pow(x[i], 4) - K * x[i];
    return sum;
}

static double wells(const double *x)
{
    double sum = 0;
    for (int i = 0; i < DIMENSION; i++)
        for (int j = 0; j < 3; j++)
            sum += pow(x[i] - SHORT_LIST[j], 2) * WIDTHS[i];
    return sum;
}

static void test_terms_over_components(void **state)
{
    EXPECT_OVER(SCOPE_COMPONENTS, "width*x^4 - k*x", components(x));
    EXPECT_OVER(SCOPE_COMPONENTS, "width*sum(i, 0, 3, (x - short_list[i])^2)", wells(x));
    EXPECT_OVER(SCOPE_COMPONENTS, "k", 5 * K);
    EXPECT_OVER(SCOPE_COMPONENTS, "x", x[0] + x[1] + x[2] + x[3] + x[4]);
    EXPECT_OVER(SCOPE_COMPONENTS, "width", 6.75);
}

static void test_logsumexp_does_not_overflow(void **state)
{
    EXPECT("logsumexp(i, 0, 2, 1000*(i + 1) + x[0])", 2000 + x[0]);
    EXPECT("logsumexp(i, 0, 2, -1000*(i + 1) + x[0])", -1000 + x[0]);
    EXPECT("logsumexp(i, 0, 2, log(0*x[i]))", -INFINITY);
}

/* ---- ops --------------------------------------------------------------------------------------------------------- */

static int count_ops(const IrFunction *function, IrOpcode code)
{
    int count = 0;
    for (int i = 0; i < function->op_count; i++)
        count += function->ops[i].code == code;
    return count;
}

static void test_small_powers_are_products(void **state)
{
    assert_int_equal(count_ops(lower_formula(*state, SCOPE_NONE, "x[0]^4"), IR_MUL), 2);
    assert_int_equal(count_ops(lower_formula(*state, SCOPE_NONE, "x[0]^6"), IR_MUL), 3);
    assert_int_equal(count_ops(lower_formula(*state, SCOPE_NONE, "x[0]^4"), IR_POW), 0);
    assert_int_equal(count_ops(lower_formula(*state, SCOPE_NONE, "x[0]^0.5"), IR_SQRT), 1);
}

static void test_sums_are_reductions_not_copies(void **state)
{
    const IrFunction *small = lower_formula(*state, SCOPE_NONE, "logsumexp(i, 0, 3, -(x[0] - i)^2)");
    const IrFunction *large = lower_formula(*state, SCOPE_NONE, "logsumexp(i, 0, 300, -(x[0] - i)^2)");
    assert_int_equal(small->op_count, large->op_count);
    const IrFunction *whole = lower_formula(*state, SCOPE_NONE, "sum(i, 0, 5, x[i])");
    assert_int_equal(whole->op_count, 1); /* reduce_sum of x itself */
    assert_int_equal(whole->ops[0].code, IR_REDUCE_SUM);
}

static void test_elements_are_read_once(void **state)
{
    const IrFunction *function = lower_formula(*state, SCOPE_NONE, "x[3] + x[3]*x[3]");
    assert_int_equal(count_ops(function, IR_SLICE), 1);
}

static void test_known_parts_become_constants(void **state)
{
    const IrFunction *function = lower_formula(*state, SCOPE_NONE, "x[0]*(2*k + 1)^2/sqrt(4)");
    assert_int_equal(count_ops(function, IR_CONSTANT), 2);
    assert_int_equal(count_ops(function, IR_ADD), 0);
}

static void test_ops_know_their_places(void **state)
{
    const IrFunction *function = lower_formula(*state, SCOPE_NONE, "1 + tanh(x[1])");
    const IrOp *op = &function->ops[function->op_count - 2];
    assert_int_equal(op->code, IR_TANH);
    assert_int_equal(op->span.line, 2);
    assert_int_equal(op->span.column, (int)strlen(PREFIX) + 5);
    assert_int_equal(op->span.end - op->span.begin, strlen("tanh(x[1])"));
    assert_string_equal(function->ops[0].note, "note");
}

/* ---- derivatives --------------------------------------------------------------------------------------------------
 */

/* d formula / dx at `samples` points. */
static const double *gradient_of(Arena *arena, const char *text, const double *points, int samples)
{
    IrFunction *function = lower_formula(arena, SCOPE_NONE, text);
    bool wanted[] = {true};
    function = grad_value_and_gradient(grad_cache_new(function->module), function, 0, wanted, "g");
    IrTensor x = ir_test_filled(arena, ir_type_of(function, function->inputs[0]), samples, points);
    return ir_test_run(arena, function, samples, &x)[1].data;
}

static void test_derivatives_are_slopes(void **state)
{
    static const char *const FORMULAS[] = {
        "x[0]^4 - 4*x[0]^2 + 0.2*x[0] + 0.5*x[1]^2",
        "-logsumexp(i, 0, 3, -((x[0] - m[i, 0])^2 + (x[1] - m[i, 1])^2)/2)",
        "sum(i, 0, 5, sum(j, i + 1, 5, 1/(2 + (x[i] - x[j])^2)))",
        "sum(i, 0, 4, x[i]*x[i + 1]) + sum(i, 0, 5, x[near[i, 1]]^3*width[i])",
        "abs(x[0])^2.5 + (1 + x[1]^2)^-1.5 + (2 + sin(x[2]))^x[3]",
        "atan2(x[0], x[1]) + softplus(x[2])*sigmoid(x[3]) + erf(x[4]) + tan(x[0]/3)",
        "min(x[0], x[1], x[2]) + max(x[3], x[4]) + abs(x[0] - 1) + where(x[1] < x[2], x[1]^2, exp(x[2]))",
        "log(1 + x[0]^2) + sqrt(2 + cos(x[1])) + tanh(x[2]*x[3])",
    };
    Arena *arena = *state;
    for (size_t f = 0; f < sizeof FORMULAS / sizeof FORMULAS[0]; f++) {
        IrFunction *function = lower_formula(arena, SCOPE_NONE, FORMULAS[f]);
        IrTensor x = ir_test_filled(arena, ir_type_of(function, function->inputs[0]), SAMPLES, test_points(arena));
        IrTensor ones = ir_test_tensor(arena, ir_type_of(function, function->outputs[0]), SAMPLES);
        for (int s = 0; s < SAMPLES; s++)
            ones.data[s] = 1;
        IrTensor slopes = ir_test_gradient(arena, function, SAMPLES, &x, 0, &ones);
        ir_test_expect(gradient_of(arena, FORMULAS[f], test_points(arena), SAMPLES), slopes.data, SAMPLES * DIMENSION,
                       1e-8, FORMULAS[f]);
    }
}

static void test_logsumexps_derivative_is_the_softmax(void **state)
{
    static const double X[] = {1000, 1001, 999, 0, 0, -1, 0.5, 2, 0, 0};
    double expected[10] = {0};
    for (int s = 0; s < 2; s++) {
        const double *x = X + 5 * s;
        for (int i = 0; i < 3; i++)
            expected[5 * s + i] = 1 / (exp(x[0] - x[i]) + exp(x[1] - x[i]) + exp(x[2] - x[i]));
    }
    ir_test_expect(gradient_of(*state, "logsumexp(i, 0, 3, x[i])", X, 2), expected, 10, 1e-15, "softmax");
}

/* What a condition or a sum's bounds leave out has no slope, not an undefined one. */
static void test_derivatives_of_what_is_left_out_are_zero(void **state)
{
    static const double X[] = {-2, 1, 1, 3, 7};
    const double none[5] = {0},
                 pairs_slope[5] = {1 / 9.0 + 1 / 9.0 + 1 / 25.0 + 1 / 81.0, -1 / 9.0, -1 / 9.0, -1 / 25.0, -1 / 81.0};
    ir_test_expect(gradient_of(*state, "where(x[0] > 0, sqrt(x[0])*log(x[0])/(x[1] - x[2]), 1)", X, 1), none, 5, 0,
                   "the branch not taken");
    ir_test_expect(gradient_of(*state, "sum(i, 0, 1, sum(j, i + 1, 5, 1/abs(x[i] - x[j])))", X, 1), pairs_slope, 5,
                   1e-15, "pairs");
    ir_test_expect(gradient_of(*state, "(x[1] - x[2])^0.5 + abs(x[1] - x[2])", X, 1), none, 5, 0, "singular points");
}

/* The most natural names of two components. */
static void test_a_component_may_be_called_x(void **state)
{
    static const char *const XY[] = {"y", "x"};
    static const char TEXT[] = "x - 2*y + 4*x[0]";
    const Formula formula = {.text = TEXT, .length = strlen(TEXT)};
    ModelSpec spec = {.dimension = 2};
    Diagnostics diagnostics;
    int64_t index[EXPR_AXES_MAX] = {0};
    diagnostics_start(&diagnostics, *state);
    const ExprScope *scope = expr_scope(*state, &spec, expr_names(*state, 2, XY), SCOPE_NONE, 0, NULL, &diagnostics);
    const Expr *expr = expr_read(*state, &formula, scope, &diagnostics);
    assert_non_null(expr);
    assert_int_equal(expr->operands[0]->kind, EXPR_VARIABLE);
    assert_true(expr_static_value(expr->operands[0]->operands[0], index) == 1);
    const Expr *first = expr->operands[2]->operands[1];
    assert_true(expr_static_value(first->operands[0], index) == 0);
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

/* `carets` stands under the formula: spaces, then as many ^ as the error covers. */
static void expect_error(Arena *arena, TermScope over, const char *text, const char *carets, const char *code,
                         const char *message)
{
    Reading *reading = read_formula(arena, over, text);
    if (reading->expr || reading->diagnostics.count == 0)
        fail_msg("no error in %s", text);
    const Diagnostic *first = &reading->diagnostics.items[0];
    size_t begin = strspn(carets, " "), end = strlen(carets);
    size_t start = strlen("energy:\n") + strlen(PREFIX);
    if (strcmp(first->code, code) != 0 || first->span.begin != start + begin || first->span.end != start + end ||
        first->span.column != (int)(strlen(PREFIX) + begin + 1) || !strstr(printed(reading), message))
        fail_msg("wanted %s at %zu to %zu, '%s'; got\n%s", code, begin, end, message, printed(reading));
}

#define ERROR(text, carets, code, message) expect_error(*state, SCOPE_NONE, text, carets, code, message)

static void test_syntax_errors(void **state)
{
    ERROR("", "", "E0501", "the formula is empty");
    ERROR("  ", "^^", "E0501", "the formula is empty");
    ERROR("1 + ", "    ", "E0501", "expected a number, a name or '(', found the end of the formula");
    ERROR("(1 + x[0]", "         ", "E0501", "expected ')', found the end of the formula");
    ERROR("1 + x[0])", "        ^", "E0501", "expected an operator or the end of the formula, found ')'");
    ERROR("2x[0]", " ^", "E0501", "expected an operator or the end of the formula, found 'x'");
    ERROR("x[0]**2", "     ^", "E0501", "a power is written x^2");
    ERROR("x[0] = 1", "     ^", "E0501", "write ==");
    ERROR("x[0] < 1 && x[1] < 1", "         ^", "E0501", "conditions are combined by where");
    ERROR("0 < x[0] < 1", "         ^", "E0501", "comparisons cannot be chained");
    ERROR("x[0", "   ", "E0501", "expected ',' or ']'");
    ERROR("exp(1, ", "       ", "E0501", "expected a number, a name or '('");
    ERROR("x[0]; x[1]", "    ^", "E0501", "';' has no meaning in a formula");
    ERROR("1e999", "^^^^^", "E0511", "too large");
    ERROR("0x10", " ^^^", "E0501", "found 'x10'");
}

static void test_characters_that_look_right(void **state)
{
    Reading *reading = read_formula(*state, SCOPE_NONE, "1 \xe2\x88\x92 2");
    assert_null(reading->expr);
    assert_non_null(strstr(printed(reading), "the minus of the keyboard"));
    reading = read_formula(*state, SCOPE_NONE, "2*\xcf\x80");
    assert_non_null(strstr(printed(reading), "write pi"));
}

static void test_unknown_names(void **state)
{
    ERROR("y + 1", "^", "E0502", "unknown name 'y'");
    ERROR("1 + widht[0]", "    ^^^^^", "E0502", "did you mean 'width'?");
    ERROR("1 + rihgt", "    ^^^^^", "E0502", "did you mean 'right'?");
    ERROR("ln(2)", "^^", "E0502", "did you mean 'log'?");
    ERROR("sotfplus(x[0])", "^^^^^^^^", "E0502", "did you mean 'softplus'?");
    ERROR("pow(x[0], 2)", "^^^", "E0502", "a power is written x^2");
    ERROR("sum(i, 0, 2, x[i]) + i", "                     ^", "E0502", "unknown name 'i'");
    expect_error(*state, SCOPE_COMPONENTS, "left", "^^^^", "E0502", "unknown name 'left'");
}

static void test_arity(void **state)
{
    ERROR("exp()", "^^^^^", "E0503", "'exp' takes 1 argument, found 0");
    ERROR("atan2(1)", "^^^^^^^^", "E0503", "'atan2' takes 2 arguments, found 1");
    ERROR("min(1)", "^^^^^^", "E0503", "'min' takes at least 2 arguments, found 1");
    ERROR("where(x[0] < 0, 1)", "^^^^^^^^^^^^^^^^^^", "E0503", "'where' takes 3 arguments, found 2");
    ERROR("sum(i, 3, x[i])", "^^^^^^^^^^^^^^^", "E0503", "sum(i, low, high, term)");
    ERROR("sum(1, 0, 3, 2)", "    ^", "E0503", "the name of an index");
    ERROR("exp", "^^^", "E0503", "its arguments stand in parentheses");
    ERROR("x(0)", "^^^^", "E0503", "an index stands in brackets");
    ERROR("k(x[0])", "^^^^^^^", "E0503", "'k' is a parameter, not a function");
}

static void test_numbers_and_conditions_do_not_mix(void **state)
{
    ERROR("x[0] < 0", "^^^^^^^^", "E0504", "a number is wanted here, this is a condition");
    ERROR("1 + (x[0] < 0)", "    ^^^^^^^^^^", "E0504", "where(condition, 1, 0)");
    ERROR("where(x[0], 1, 0)", "      ^^^^", "E0504", "a condition is wanted here, this is a number");
    ERROR("(1 < 2) == (2 < 3)", "^^^^^^^", "E0504", "a number is wanted");
    ERROR("exp(1 < 2)", "    ^^^^^", "E0504", "a number is wanted");
    ERROR("m[0 < 1, 0]", "  ^^^^^", "E0504", "a number is wanted");
}

static void test_indices_out_of_range(void **state)
{
    ERROR("x[5]", "  ^", "E0505", "the index 5 is out of range");
    ERROR("x[-1]", "  ^^", "E0505", "indices go from 0 to 4");
    ERROR("m[3, 0]", "  ^", "E0505", "'m' has 3 elements");
    ERROR("m[0, 2]", "     ^", "E0505", "the index 2 is out of range");
    ERROR("sum(i, 0, 6, x[i])", "               ^", "E0505", "the index 5 is out of range at i = 5");
    ERROR("sum(i, 0, 3, sum(j, 0, i, x[i + 2*j + 1]))", "                            ^^^^^^^^^^^", "E0505",
          "the index 5 is out of range at i = 2, j = 1");
}

static void test_indices_that_are_not_known(void **state)
{
    ERROR("x[x[0]]", "  ^^^^", "E0506", "the index must be known when the spec is compiled");
    ERROR("x[half]", "  ^^^^", "E0506", "the index is no integer here: it is 0.5");
    ERROR("sum(i, 0, 3, x[i/2])", "               ^^^", "E0506", "it is 0.5 at i = 1");
    ERROR("sum(i, 0, x[0], 1)", "          ^^^^", "E0506", "the upper bound must be known");
    ERROR("sum(i, half, 3, 1)", "       ^^^^", "E0506", "the lower bound is no integer here: it is 0.5");
    ERROR("x[exp(0)]", "  ^^^^^^", "E0506", "must be known");
}

static void test_brackets(void **state)
{
    ERROR("x", "^", "E0507", "write x[0] to x[4]");
    ERROR("k[0]", "^^^^", "E0507", "'k' is a number: it has no index");
    ERROR("width + 1", "^^^^^", "E0507", "'width' is a list: it needs an index");
    ERROR("m[0]", "^^^^", "E0507", "'m' is a table: it has two indices");
    ERROR("left[0]", "^^^^^^^", "E0507", "'left' is a number");
    ERROR("pi[0]", "^^^^^", "E0507", "'pi' is the number pi: it has no index");
    ERROR("x[]", "^^^", "E0507", "an index is missing");
    expect_error(*state, SCOPE_COMPONENTS, "x[0]", "^^^^", "E0507", "'x' has no index here");
    expect_error(*state, SCOPE_COMPONENTS, "short_list*x", "^^^^^^^^^^", "E0510",
                 "'short_list' has 3 entries for 5 instances");
}

static void test_taken_names(void **state)
{
    ERROR("sum(x, 0, 3, 1)", "    ^", "E0509", "this is part of the configuration");
    ERROR("sum(k, 0, 3, 1)", "    ^", "E0509", "this is a parameter");
    ERROR("sum(exp, 0, 3, 1)", "    ^^^", "E0509", "this is a function");
    ERROR("sum(i, 0, 3, sum(i, 0, 3, 1))", "                 ^", "E0509", "this is the index of a sum");
}

static void test_parameters_with_taken_names(void **state)
{
    SpecParameter parameters[] = {{.name = "x"},  {.name = "pi"},  {.name = "max"},
                                  {.name = "up"}, {.name = "sum"}, {.name = "free"}};
    ModelSpec spec = {.dimension = DIMENSION};
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, *state);
    expr_scope(*state, &spec, expr_names(*state, DIMENSION, NAMES), SCOPE_NONE, 6, parameters, &diagnostics);
    assert_int_equal(diagnostics.error_count, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(diagnostics.items[i].code, "E0509");
}

static void test_values_that_are_not_finite(void **state)
{
    ERROR("1/0", "  ^", "E0511", "division by zero");
    ERROR("x[0]*2/(1 - 1)", "       ^^^^^^^", "E0511", "division by zero");
    ERROR("1e300*1e300", "^^^^^^^^^^^", "E0511", "it is infinite");
    ERROR("x[0] + sqrt(-1)", "       ^^^^^^^^", "E0511", "it is undefined");
    ERROR("logsumexp(i, 0, 0, 1)", "^^^^^^^^^^^^^^^^^^^^^", "E0512", "through nothing");
    ERROR("sum(i, 0, 3, logsumexp(j, 0, i, x[j]))", "             ^^^^^^^^^^^^^^^^^^^^^^^^", "E0512",
          "through nothing at i = 0");
}

/* Undefined where its own condition leaves it out. */
static void test_tables_may_be_undefined_where_nobody_looks(void **state)
{
    EXPECT("sum(i, 0, 3, where(i == 0, 0, x[i]/i))", x[1] + x[2] / 2);
}

static void test_several_errors_in_one_formula(void **state)
{
    Reading *reading = read_formula(*state, SCOPE_NONE, "foo + bar(1) + x[9] + exp()");
    assert_int_equal(reading->diagnostics.error_count, 4);
}

static void test_unused_parameters_are_mentioned(void **state)
{
    Reading *reading = read_formula(*state, SCOPE_NONE, "k*x[0] + n*m[0, 0]*width[0] + near[0, 0]");
    expr_warn_unused(reading->scope, &reading->diagnostics);
    assert_int_equal(reading->diagnostics.count, 2);
    assert_string_equal(reading->diagnostics.items[0].code, "W0501");
    assert_string_equal(reading->diagnostics.items[0].message, "the parameter 'half' is not used");
}

static void test_place_without_exact_text(void **state)
{
    Source source = {"test.yaml", "value: >\n  1 +\n  y\n", 19};
    Formula formula = {"1 + y\n", 6, {&source, 7, 8, 1, 8}, false, NULL};
    Span span = formula_span(&formula, 4, 5);
    assert_int_equal(span.begin, 7);
    assert_int_equal(span.column, 8);
    (void)state;
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

static const char *repeated(Arena *arena, const char *before, const char *part, int count, const char *after)
{
    Text text = text_start(arena);
    text_put(&text, before);
    for (int i = 0; i < count; i++)
        text_put(&text, part);
    text_put(&text, after);
    return text.bytes;
}

static void expect_limit(Arena *arena, const char *text, const char *message)
{
    Reading *reading = read_formula(arena, SCOPE_NONE, text);
    assert_null(reading->expr);
    assert_string_equal(reading->diagnostics.items[0].code, "E0508");
    if (!strstr(reading->diagnostics.items[0].message, message))
        fail_msg("wanted '%s', got '%s'", message, reading->diagnostics.items[0].message);
}

static void test_depth_is_limited(void **state)
{
    Arena *arena = *state;
    assert_non_null(lower_formula(
        arena, SCOPE_NONE,
        arena_print(arena, "%s%s", repeated(arena, "", "(", 199, "1"), repeated(arena, "", ")", 199, ""))));
    expect_limit(arena, repeated(arena, "", "(", 100000, "1"), "nests more than 200 deep");
    expect_limit(arena, repeated(arena, "", "-", 100000, "1"), "nests more than 200 deep");
    expect_limit(arena, repeated(arena, "", "2^", 100000, "1"), "nests more than 200 deep");
    expect_limit(arena, repeated(arena, "", "x[", 100000, "1"), "nests more than 200 deep");
    expect_limit(arena, repeated(arena, "", "exp(", 100000, "1"), "nests more than 200 deep");
}

static double repeated_sum(double term)
{
    double sum = 0;
    for (int i = 0; i < 10000; i++)
        sum += term;
    return sum;
}

static void test_long_formulas(void **state)
{
    Arena *arena = *state;
    EXPECT(repeated(*state, "0", " + x[1]", 10000, ""), repeated_sum(x[1]));
    expect_limit(arena, repeated(arena, "0", "+1", 100000, ""), "more than 100000");
}

static void test_sums_are_limited(void **state)
{
    EXPECT("sum(i, 0, 1000000000, 1)", 1e9);
    expect_limit(*state, "sum(i, 0, 1000000001, 1)", "more than 1000000000 terms");
    expect_limit(*state, "sum(i, 0, 100000, sum(j, 0, 100000, 1))", "more than 1000000000 terms");
    expect_limit(*state, "sum(i, 0, 1000000000, i)", "has 1000000000 values");
    expect_limit(*state, "sum(i, 0, 10000, sum(j, 0, 10000, x[0]*i*j))", "has 100000000 values");
    expect_limit(*state, "sum(i, 0, 10000000, x[i - i]*i)", "the tables of this formula");
    expect_limit(*state, "sum(i, 0, 20000, sum(j, 0, 20000, x[i - i + j - j]))", "has 400000000 values");
    expect_limit(*state, "sum(a,0,1,sum(b,0,1,sum(c,0,1,sum(d,0,1,sum(e,0,1,sum(f,0,1,sum(g,0,1,1)))))))",
                 "nest more than 6 deep");
    ERROR("sum(i, 0, 10^10, 1)", "          ^^^^^", "E0506", "no integer");
}

/* Words put together by chance: every text is refused with an error, or means something that can be computed. */
static void test_random_texts_do_no_harm(void **state)
{
    static const char *const WORDS[] = {"x",
                                        "[",
                                        "]",
                                        "(",
                                        ")",
                                        "x[0]",
                                        "x[i]",
                                        "m[i, j]",
                                        "k",
                                        "width",
                                        "+",
                                        "-",
                                        "*",
                                        "/",
                                        "^",
                                        ",",
                                        "<",
                                        "==",
                                        "1",
                                        "2",
                                        "0",
                                        ".5",
                                        "i",
                                        "j",
                                        "where(",
                                        "sum(",
                                        "exp(",
                                        "min(",
                                        "pi",
                                        "1e9",
                                        "\t",
                                        "$",
                                        "\xff",
                                        "near",
                                        "sum(i, 0, 5, ",
                                        "logsumexp(j, 0, 2, ",
                                        "x[near[i, 0]]"};
    TestRandom random = {5};
    int meaningful = 0;
    for (int trial = 0; trial < 20000; trial++) {
        Arena arena;
        arena_start(&arena, NULL);
        Text text = text_start(&arena);
        for (int64_t words = 1 + test_integer(&random, 12); words > 0; words--)
            text_put(&text, WORDS[test_integer(&random, sizeof WORDS / sizeof WORDS[0])]);
        for (TermScope over = SCOPE_NONE; over <= SCOPE_COMPONENTS; over++) {
            const Reading *reading = read_formula(&arena, over, text.bytes);
            assert_true((reading->expr == NULL) == (reading->diagnostics.error_count > 0));
            if (reading->expr)
                values_of(&arena, lower_formula(&arena, over, text.bytes));
            meaningful += reading->expr != NULL;
        }
        arena_end(&arena);
    }
    assert_true(meaningful > 100);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operators_bind_as_documented),
        cmocka_unit_test(test_numbers_in_all_their_forms),
        cmocka_unit_test(test_powers),
        cmocka_unit_test(test_every_function),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_parameters_and_names),
        cmocka_unit_test(test_sums_over_tables),
        cmocka_unit_test(test_sums_inside_sums),
        cmocka_unit_test(test_terms_over_components),
        cmocka_unit_test(test_logsumexp_does_not_overflow),
        cmocka_unit_test(test_small_powers_are_products),
        cmocka_unit_test(test_sums_are_reductions_not_copies),
        cmocka_unit_test(test_elements_are_read_once),
        cmocka_unit_test(test_known_parts_become_constants),
        cmocka_unit_test(test_ops_know_their_places),
        cmocka_unit_test(test_derivatives_are_slopes),
        cmocka_unit_test(test_logsumexps_derivative_is_the_softmax),
        cmocka_unit_test(test_derivatives_of_what_is_left_out_are_zero),
        cmocka_unit_test(test_a_component_may_be_called_x),
        cmocka_unit_test(test_syntax_errors),
        cmocka_unit_test(test_characters_that_look_right),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_arity),
        cmocka_unit_test(test_numbers_and_conditions_do_not_mix),
        cmocka_unit_test(test_indices_out_of_range),
        cmocka_unit_test(test_indices_that_are_not_known),
        cmocka_unit_test(test_brackets),
        cmocka_unit_test(test_taken_names),
        cmocka_unit_test(test_parameters_with_taken_names),
        cmocka_unit_test(test_values_that_are_not_finite),
        cmocka_unit_test(test_tables_may_be_undefined_where_nobody_looks),
        cmocka_unit_test(test_several_errors_in_one_formula),
        cmocka_unit_test(test_unused_parameters_are_mentioned),
        cmocka_unit_test(test_place_without_exact_text),
        cmocka_unit_test(test_depth_is_limited),
        cmocka_unit_test(test_long_formulas),
        cmocka_unit_test(test_sums_are_limited),
        cmocka_unit_test(test_random_texts_do_no_harm),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
