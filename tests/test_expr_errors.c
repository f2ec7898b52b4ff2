/* SPDX-License-Identifier: MIT */
/* What formulas can't say: errors with the place that they point at, and limits. */
#include "tests/formula_helpers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* ---- errors ------------------------------------------------------------------------------------------------------ */

/* `carets` stands under the formula: spaces, then as many ^ as the error covers. */
static void expect_error(Arena *arena, TermScope over, const char *text, const char *carets, const char *code,
                         const char *message)
{
    FormulaReading *reading = formula_test_read(arena, over, text);
    if (reading->expr || reading->diagnostics.count == 0)
        fail_msg("no error in %s", text);
    const Diagnostic *first = &reading->diagnostics.items[0];
    size_t begin = strspn(carets, " "), end = strlen(carets);
    size_t start = strlen("energy:\n") + strlen(PREFIX);
    if (strcmp(first->code, code) != 0 || first->span.begin != start + begin || first->span.end != start + end ||
        first->span.column != (int)(strlen(PREFIX) + begin + 1) || !strstr(formula_test_printed(reading), message))
        fail_msg("wanted %s at %zu to %zu, '%s'; got\n%s", code, begin, end, message, formula_test_printed(reading));
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
    FormulaReading *reading = formula_test_read(*state, SCOPE_NONE, "1 \xe2\x88\x92 2");
    assert_null(reading->expr);
    assert_non_null(strstr(formula_test_printed(reading), "the minus of the keyboard"));
    reading = formula_test_read(*state, SCOPE_NONE, "2*\xcf\x80");
    assert_non_null(strstr(formula_test_printed(reading), "write pi"));
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

/* Energies are computed in float. */
static void test_constants_beyond_floats(void **state)
{
    ERROR("where(x[0] > 0, x[0]^2, 1e300)", "                        ^^^^^", "E0511", "too large for a float: 1e+300");
    ERROR("1e20*1e20 + x[0]", "^^^^^^^^^", "E0511", "too large for a float: 1e+40");
    ERROR("1e20*1e20*x[0]", "^^^^^^^^^", "E0511", "too large for a float: 1e+40");
    ERROR("x[0]*1e20^2", "     ^^^^^^", "E0511", "too large for a float: 1e+40");
    ERROR("x[0] - 1e39", "       ^^^^", "E0511", "whose largest number is about 3.4e38");
    ERROR("x[0]*1e39*1e-39", "     ^^^^", "E0511", "too large for a float: 1e+39");
    ERROR("sum(i, 0, 3, x[i]*10^(20*i))", "                  ^^^^^^^^^", "E0511", "too large for a float: 1e+40");
    ERROR("sum(i, 0, 3, x[i]*(1/i))", "                  ^^^^^", "E0511", "not a finite number: it is infinite");
    ERROR("sum(i, 0, 3, x[i]*(k*1e38*i))", "                  ^^^^^^^^^^", "E0511", "too large for a float: 3.5e+38");
    EXPECT("3.4028235e38 + x[0]", 3.4028235e38 + x[0]);
    EXPECT("(1e30*1e30*1e-40)*x[0]", (1e30 * 1e30 * 1e-40) * x[0]);
    EXPECT("1e30*1e30*1e-40*x[0]", 1e30 * 1e30 * 1e-40 * x[0]);
    EXPECT("1e200*1e-200 + x[0]*1e-60", 1e200 * 1e-200 + x[0] * 1e-60);
}

/* Undefined, or too large, where bounds or its own condition leave it out. */
static void test_tables_may_be_undefined_where_nobody_looks(void **state)
{
    EXPECT("sum(i, 0, 3, where(i == 0, 0, x[i]/i))", x[1] + x[2] / 2);
    EXPECT("sum(i, 0, 3, where(i == 0, 0, x[i]*(1/i)))", x[1] + x[2] / 2);
    EXPECT("sum(i, 0, 3, where(i > 1, 0, x[i]*10^(20*i)))", x[0] + x[1] * 1e20);
    EXPECT("sum(i, 0, 2, sum(j, 0, 1 - i, x[j]*(1e38*10^i)))", x[0] * 1e38);
}

static void test_several_errors_in_one_formula(void **state)
{
    FormulaReading *reading = formula_test_read(*state, SCOPE_NONE, "foo + bar(1) + x[9] + exp()");
    assert_int_equal(reading->diagnostics.error_count, 4);
}

static void test_unused_parameters_are_mentioned(void **state)
{
    FormulaReading *reading = formula_test_read(*state, SCOPE_NONE, "k*x[0] + n*m[0, 0]*width[0] + near[0, 0]");
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
    FormulaReading *reading = formula_test_read(arena, SCOPE_NONE, text);
    assert_null(reading->expr);
    assert_string_equal(reading->diagnostics.items[0].code, "E0508");
    if (!strstr(reading->diagnostics.items[0].message, message))
        fail_msg("wanted '%s', got '%s'", message, reading->diagnostics.items[0].message);
}

static void test_depth_is_limited(void **state)
{
    Arena *arena = *state;
    assert_non_null(formula_test_lower(
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
    expect_limit(*state, "sum(i, 0, 4000000, x[i - i]*i)", "the tables of this formula");
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
            const FormulaReading *reading = formula_test_read(&arena, over, text.bytes);
            assert_true((reading->expr == NULL) == (reading->diagnostics.error_count > 0));
            if (reading->expr)
                formula_test_values(&arena, formula_test_lower(&arena, over, text.bytes));
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
        cmocka_unit_test(test_constants_beyond_floats),
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
