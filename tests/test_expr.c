/* SPDX-License-Identifier: MIT */
/* Formulas: values against C's own evaluation, how sums become ops, and derivatives. */
#include "compiler/grad/grad.h"
#include "tests/formula_helpers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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
    EXPECT("x[2] + 1e38", x[2] + 1e38);
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
    assert_int_equal(count_ops(formula_test_lower(*state, SCOPE_NONE, "x[0]^4"), IR_MUL), 2);
    assert_int_equal(count_ops(formula_test_lower(*state, SCOPE_NONE, "x[0]^6"), IR_MUL), 3);
    assert_int_equal(count_ops(formula_test_lower(*state, SCOPE_NONE, "x[0]^4"), IR_POW), 0);
    assert_int_equal(count_ops(formula_test_lower(*state, SCOPE_NONE, "x[0]^0.5"), IR_SQRT), 1);
}

static void test_sums_are_reductions_not_copies(void **state)
{
    const IrFunction *small = formula_test_lower(*state, SCOPE_NONE, "logsumexp(i, 0, 3, -(x[0] - i)^2)");
    const IrFunction *large = formula_test_lower(*state, SCOPE_NONE, "logsumexp(i, 0, 300, -(x[0] - i)^2)");
    assert_int_equal(small->op_count, large->op_count);
    const IrFunction *whole = formula_test_lower(*state, SCOPE_NONE, "sum(i, 0, 5, x[i])");
    assert_int_equal(whole->op_count, 1); /* reduce_sum of x itself */
    assert_int_equal(whole->ops[0].code, IR_REDUCE_SUM);
}

static void test_elements_are_read_once(void **state)
{
    const IrFunction *function = formula_test_lower(*state, SCOPE_NONE, "x[3] + x[3]*x[3]");
    assert_int_equal(count_ops(function, IR_SLICE), 1);
}

static void test_known_parts_become_constants(void **state)
{
    const IrFunction *function = formula_test_lower(*state, SCOPE_NONE, "x[0]*(2*k + 1)^2/sqrt(4)");
    assert_int_equal(count_ops(function, IR_CONSTANT), 2);
    assert_int_equal(count_ops(function, IR_ADD), 0);
}

static void test_ops_know_their_places(void **state)
{
    const IrFunction *function = formula_test_lower(*state, SCOPE_NONE, "1 + tanh(x[1])");
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
    IrFunction *function = formula_test_lower(arena, SCOPE_NONE, text);
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
        IrFunction *function = formula_test_lower(arena, SCOPE_NONE, FORMULAS[f]);
        IrTensor x =
            ir_test_filled(arena, ir_type_of(function, function->inputs[0]), SAMPLES, formula_test_points(arena));
        IrTensor ones = ir_test_tensor(arena, ir_type_of(function, function->outputs[0]), SAMPLES);
        for (int s = 0; s < SAMPLES; s++)
            ones.data[s] = 1;
        IrTensor slopes = ir_test_gradient(arena, function, SAMPLES, &x, 0, &ones);
        ir_test_expect(gradient_of(arena, FORMULAS[f], formula_test_points(arena), SAMPLES), slopes.data,
                       SAMPLES * DIMENSION, 1e-8, FORMULAS[f]);
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
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
