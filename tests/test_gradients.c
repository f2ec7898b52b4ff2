/* SPDX-License-Identifier: MIT */
/* Every op's derivatives, reverse and forward, first and second order, against central differences; for operands that
 * are per-sample and for those that all samples share. Singular points are in test_gradients_singular.c. */
#include "tests/derivative_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 3 };

/* Replaces "$a", "$b", "$c" by a kind each: bit i of `kinds` set, the i-th is a parameter, else per-sample. */
static const char *with_kinds(Arena *arena, const char *text, unsigned kinds)
{
    Text out = text_start(arena);
    for (const char *c = text; *c; c++) {
        if (*c == '$' && c[1] >= 'a' && c[1] <= 'c') {
            c++;
            text_put(&out, kinds & (1u << (*c - 'a')) ? "parameter" : "sample");
        } else {
            text_add(&out, c, 1);
        }
    }
    return out.bytes;
}

static int count_kinds(const char *text)
{
    return strstr(text, "$c") ? 3 : strstr(text, "$b") ? 2 : strstr(text, "$a") ? 1 : 0;
}

/* Checks the last function of the text, first and second order, for all choices of kinds. */
static void check_text(const char *text, double low, double high)
{
    for (unsigned kinds = 0; kinds < 1u << count_kinds(text); kinds++) {
        Arena arena;
        arena_start(&arena, NULL);
        const char *body = with_kinds(&arena, text, kinds);
        IrModule *module =
            ir_test_parse(&arena, arena_print(&arena, "module m batch %d %s%s", BATCH,
                                              strncmp(body, "function", 8) == 0 ? "" : "function f", body));
        IrFunction *function = module->functions[module->function_count - 1];
        TestRandom random = {31};
        IrTensor *inputs = ir_test_random_inputs(&arena, function, BATCH, &random, low, high);
        derivative_check(&arena, grad_cache_new(module), function, inputs, 2, body);
        arena_end(&arena);
    }
}

typedef struct GradientCase {
    const char *text;
    double low, high; /* of the inputs */
} GradientCase;

static void check_cases(const GradientCase *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_text(cases[i].text, cases[i].low, cases[i].high);
}

#define CHECK_CASES(...)                                                                                               \
    do {                                                                                                               \
        const GradientCase cases_[] = {__VA_ARGS__};                                                                   \
        check_cases(cases_, sizeof cases_ / sizeof cases_[0]);                                                         \
    } while (0)

#define UNARY(op) "(%x: $a real[2]) { %y = " op " %x return %y }"

static void test_unary_ops(void **state)
{
    (void)state;
    CHECK_CASES({UNARY("neg"), -2, 2}, {UNARY("abs"), 0.1, 2}, {UNARY("abs"), -2, -0.1}, {UNARY("sign"), -2, 2},
                {UNARY("floor"), -2, 2}, {UNARY("exp"), -2, 2}, {UNARY("log"), 0.3, 3}, {UNARY("sqrt"), 0.3, 3},
                {UNARY("tanh"), -2, 2}, {UNARY("sigmoid"), -4, 4}, {UNARY("softplus"), -4, 4}, {UNARY("sin"), -4, 4},
                {UNARY("cos"), -4, 4}, {UNARY("tan"), -1.2, 1.2}, {UNARY("erf"), -2, 2},
                {UNARY("stop_gradient"), -2, 2});
}

/* Far out, where formulas such as exp(x) / (1 + exp(x)) overflow. */
static void test_unary_ops_far_out(void **state)
{
    (void)state;
    CHECK_CASES({UNARY("sigmoid"), 700, 800}, {UNARY("sigmoid"), -800, -700}, {UNARY("softplus"), 700, 800},
                {UNARY("softplus"), -800, -700}, {UNARY("tanh"), 300, 400}, {UNARY("erf"), 30, 40});
}

#define BINARY(op) "(%x: $a real[2], %z: $b real[2]) { %y = " op " %x, %z return %y }"

static void test_binary_ops(void **state)
{
    (void)state;
    CHECK_CASES({BINARY("add"), -2, 2}, {BINARY("sub"), -2, 2}, {BINARY("mul"), -2, 2}, {BINARY("div"), 0.3, 2},
                {BINARY("div"), -2, -0.3}, {BINARY("pow"), 0.3, 2}, {BINARY("atan2"), 0.1, 2},
                {BINARY("atan2"), -2, -0.1}, {BINARY("min"), -2, 2}, {BINARY("max"), -2, 2});
}

/* A negative base with a whole exponent has a derivative in the base alone. */
static void test_power_of_a_negative_base(void **state)
{
    (void)state;
    check_text("(%x: $a real[2]) { %n = constant real[2] {2, 3} %y = pow %x, %n return %y }", -2, -0.3);
}

/* An operand that stands twice adds up. */
static void test_repeated_operands(void **state)
{
    (void)state;
    CHECK_CASES({"(%x: $a real[2]) { %y = mul %x, %x %z = mul %y, %x return %z }", -2, 2},
                {"(%x: $a real[2]) { %y = div %x, %x %z = pow %x, %x return %y, %z }", 0.3, 2},
                {"(%x: $a real[2]) { %y = contract %x, %x \"i,j->ij\" return %y, %x, %x }", -1, 1});
}

static void test_choices(void **state)
{
    (void)state;
    CHECK_CASES({"(%x: $a real[2], %z: $b real[2], %w: $c real[2]) { %y = fma %x, %z, %w return %y }", -2, 2},
                {"(%x: $a real[4], %z: $b real[4], %w: $c real[4]) { %c = less %x, %w %s = mul %x, %z "
                 "%y = select %c, %s, %w return %y }",
                 -2, 2},
                {"(%x: $a real[4]) { %n = to_int %x %r = to_real %n %y = mul %x, %r return %y, %n }", -3, 3},
                {"(%x: $a real[2]) { %d = draw_normal real[2] purpose 1 block 0 %s = stop_gradient %x "
                 "%t = mul %d, %x %y = mul %t, %s return %y }",
                 -2, 2});
}

static void test_movements(void **state)
{
    (void)state;
    CHECK_CASES(
        {"(%x: $a real) { %y = broadcast %x to [2, 2] %z = mul %y, %y return %z }", -1, 1},
        {"(%x: $a real[2]) { %y = broadcast %x to [3, 2, 2] axes [1] %z = mul %y, %y return %z }", -1, 1},
        {"(%x: $a real[2, 3]) { %y = reshape %x to [3, 2] %z = mul %y, %y return %z }", -1, 1},
        {"(%x: $a real[2, 3, 2]) { %y = transpose %x axes [2, 0, 1] %z = mul %y, %y return %z }", -1, 1},
        {"(%x: $a real[4, 2]) { %y = slice %x axis 0 start 1 length 2 %z = mul %y, %y return %z }", -1, 1},
        {"(%x: $a real[2], %w: $b real[2]) { %y = concat %x, %w, %x axis 0 %z = mul %y, %y return %z }", -1, 1},
        {"(%x: $a real[2, 1], %w: $b real[2, 2]) { %y = concat %x, %w axis 1 %z = mul %y, %y return %z }", -1, 1},
        {"(%x: $a real[2, 3]) { %y = gather %x axis 1 table {2, 0, 0} %z = mul %y, %y return %z }", -1, 1},
        {"(%x: $a real[3, 2]) { %y = scatter_add %x axis 0 table {1, 1, 3} length 5 %z = mul %y, %y return %z }", -1,
         1},
        {"(%x: $a real[2, 2], %i: $b int32[3]) { %y = take %x, %i %z = mul %y, %y return %z }", -1, 1},
        {"(%x: $a real[2], %i: $b int32) { %y = take %x, %i %z = mul %y, %y return %z }", -1, 1},
        {"(%x: $a real[3, 2], %i: $b int32[3]) { %y = put %x, %i length 2 %z = mul %y, %y return %z }", -1, 1},
        {"(%x: $a real, %i: $b int32) { %y = put %x, %i length 2 %z = mul %y, %y return %z }", -1, 1});
}

/* Slices and gathers of one value whose pieces meet again. */
static void test_pieces_of_one_value(void **state)
{
    (void)state;
    CHECK_CASES({"(%x: $a real[4]) { %l = slice %x axis 0 start 0 length 2 %r = slice %x axis 0 start 2 length 2 "
                 "%s = exp %l %t = mul %r, %s %y = concat %l, %t axis 0 return %y }",
                 -1, 1},
                {"(%x: $a real[4]) { %l = slice %x axis 0 start 0 length 3 %r = slice %x axis 0 start 1 length 3 "
                 "%y = mul %l, %r %z = gather %x axis 0 table {3, 3, 0} %w = mul %y, %z return %w, %l }",
                 -1, 1},
                {"(%x: $a real[4]) { %l = gather %x axis 0 table {0, 2} %r = gather %x axis 0 table {1, 3} "
                 "%s = tanh %l %y = mul %r, %s return %y }",
                 -1, 1});
}

static void test_reductions(void **state)
{
    (void)state;
    CHECK_CASES({"(%x: $a real[2, 3]) { %y = reduce_sum %x axes [0] %z = mul %y, %y return %z }", -1, 1},
                {"(%x: $a real[2, 3]) { %y = reduce_sum %x axes [0, 1] %z = mul %y, %y return %z }", -1, 1},
                {"(%x: $a real[2, 3]) { %y = reduce_max %x axes [1] %z = mul %y, %y return %z }", -1, 1},
                {"(%x: $a real[2, 3]) { %y = reduce_max %x axes [0, 1] %z = mul %y, %y return %z }", -1, 1},
                {"(%x: $a real[2, 3]) { %y = cumsum %x axis 1 %z = mul %y, %y return %z }", -1, 1},
                {"(%x: $a real[2, 3]) { %y = cumsum %x axis 0 reversed %z = mul %y, %y return %z }", -1, 1},
                {"(%x: $a real[2, 3]) { %y = cumsum %x axis 1 exclusive %z = mul %y, %y return %z }", -1, 1},
                {"(%x: $a real[2, 3]) { %y = cumsum %x axis 1 reversed exclusive %z = mul %y, %y return %z }", -1, 1});
}

static void test_contractions(void **state)
{
    (void)state;
    CHECK_CASES(
        {"(%w: $a real[2, 3], %x: $b real[3], %b: $c real[2]) { %y = contract %w, %x, %b \"ij,j->i\" return %y }", -1,
         1},
        {"(%x: $a real[3], %w: $b real[2, 3]) { %y = contract %x, %w \"j,ij->i\" return %y }", -1, 1},
        {"(%a: $a real[2, 3], %b: $b real[3, 2]) { %y = contract %a, %b \"ik,kj->ji\" return %y }", -1, 1},
        {"(%a: $a real[2, 3], %b: $b real[2, 3]) { %y = contract %a, %b \"ij,ij->\" return %y }", -1, 1},
        {"(%a: $a real[2, 3], %b: $b real[2, 3]) { %y = contract %a, %b \"ij,ij->j\" return %y }", -1, 1},
        {"(%a: $a real[2], %b: $b real[3], %s: $c real[3, 2]) { %y = contract %a, %b, %s \"i,j->ji\" return %y }", -1,
         1},
        {"(%a: $a real[2, 3], %b: $b real[3]) { %y = contract %a, %b \"ij,k->ik\" return %y }", -1, 1},
        {"(%a: $a real[2], %b: $b real[3]) { %y = contract %a, %b \"i,j->\" return %y }", -1, 1},
        {"(%a: $a real, %b: $b real[3]) { %y = contract %a, %b \",j->j\" return %y }", -1, 1},
        {"(%w: $a real[2, 2, 3], %x: $b real[2, 4, 3]) { %y = contract %w, %x \"ock,csk->os\" return %y }", -1, 1});
}

static void test_triangular_solves(void **state)
{
    Arena *arena = *state;
    for (int flags = 0; flags < 8; flags++)
        for (int columns = 0; columns < 2; columns++)
            check_text(arena_print(arena,
                                   "(%%m: $a real[3, 3], %%b: $b real[3%s]) { %%y = solve_triangular %%m, %%b%s%s%s "
                                   "return %%y }",
                                   columns ? ", 2" : "", flags & 1 ? " lower" : "", flags & 2 ? " transposed" : "",
                                   flags & 4 ? " unit" : ""),
                       0.5, 1.2);
}

static void test_batch_ops(void **state)
{
    (void)state;
    CHECK_CASES(
        {"(%x: $a real[2]) { %y = batch_sum %x %z = mul %y, %y return %z }", -1, 1},
        {"(%x: $a real[2], %w: $b real[2]) { %s = batch_sum %x %y = mul %s, %w return %y }", -1, 1},
        {"(%x: $a real[2], %w: $b real[3]) { %y = batch_contract %x, %w \"i,j->ij\" %z = mul %y, %y "
         "return %z }",
         -1, 1},
        {"(%x: $a real[2], %w: $b real[2]) { %y = batch_contract %x, %w \"i,i->i\" %z = mul %y, %y return %z }", -1, 1},
        {"(%x: $a real[2]) { %y = collect %x %z = mul %y, %y return %z }", -1, 1},
        {"(%x: parameter real[3, 2], %w: $a real[2]) { %y = distribute %x %z = mul %y, %w return %z }", -1, 1},
        {"(%x: $a real[2]) { %c = collect %x %t = gather %c axis 0 table {1, 2, 0} %d = distribute %t "
         "%y = mul %d, %x return %y }",
         -1, 1});
}

#define LAYER                                                                                                          \
    "function layer(%w: $a real[2, 2], %x: $b real[2]) { %b = contract %w, %x \"ij,j->i\" %h = tanh %b "               \
    "%s = reduce_sum %h axes [0] return %h, %s }\n"

static void test_calls(void **state)
{
    (void)state;
    CHECK_CASES(
        {LAYER "function f(%w: $a real[2, 2], %x: $b real[2]) { %h, %s = call layer(%w, %x) return %h, %s }", -1, 1},
        {LAYER "function f(%w: $a real[2, 2], %x: $b real[2]) { %h, %s = call layer(%w, %x) %y = mul %h, %h "
               "return %y }",
         -1, 1});
}

/* The same function at several places, with a parameter where a per-sample value is declared, and calls in calls. */
static void test_calls_of_calls(void **state)
{
    (void)state;
    check_text("function square(%x: sample real[2]) { %y = mul %x, %x return %y }\n"
               "function twice(%x: sample real[2], %p: parameter real[2]) { %y = call square(%x) %z = call square(%p) "
               "%w = add %y, %z %v = call square(%w) return %v, %y }\n"
               "function f(%x: $a real[2], %p: parameter real[2]) { %y, %z = call twice(%x, %p) "
               "%s = call square(%p) %t = mul %y, %s return %t, %z }",
               -1, 1);
}

#define STEP                                                                                                           \
    "function next(%step: scalar int32, %c: $a real[2], %row: $b real[2], %k: $c real) { %i = to_real %step "          \
    "%ik = mul %i, %k %iks = broadcast %ik to [2] %p = mul %c, %row %q = add %p, %iks %n = sin %q "                    \
    "%o = mul %n, %c return %n, %o, %step }\n"

/* Carried, sliced, fixed and stacked; every carried value that a sample enters is per-sample. */
static void test_scans(void **state)
{
    (void)state;
    for (int reversed = 0; reversed < 2; reversed++)
        for (unsigned kinds = 0; kinds < 8; kinds++) {
            if ((kinds & 1) && kinds != 7)
                continue;
            Arena arena;
            arena_start(&arena, NULL);
            const char *text = arena_print(
                &arena,
                "%sfunction f(%%x: $a real[2], %%rows: $b real[3, 2], %%k: $c real) { %%c, %%outs, %%steps = "
                "scan next(%%x; %%rows; %%k) length 3%s return %%c, %%outs, %%steps }",
                STEP, reversed ? " reversed" : "");
            check_text(with_kinds(&arena, text, kinds), -1, 1);
            arena_end(&arena);
        }
}

/* Values that are carried but do not matter, or matter from some step on; a scan of one step; nothing carried. */
static void test_scans_of_odd_shapes(void **state)
{
    (void)state;
    CHECK_CASES(
        {"function next(%i: scalar int32, %a: sample real, %b: sample real, %c: sample real) { %n = mul %a, %b "
         "return %b, %c, %n }\nfunction f(%x: $a real, %z: $b real) { %o = constant real all 0.5 "
         "%a, %b, %c = scan next(%x, %z, %o; ; ) length 4 return %b }",
         -1, 1},
        {"function next(%i: scalar int32, %a: sample real, %r: sample real) { %n = mul %a, %r return %n }\n"
         "function f(%x: $a real, %r: $b real[1]) { %y = scan next(%x; %r; ) length 1 return %y }",
         -1, 1},
        {"function each(%i: scalar int32, %r: sample real[2], %p: parameter real[2]) { %n = mul %r, %p %y = tanh %n "
         "return %y }\nfunction f(%r: $a real[3, 2], %p: parameter real[2]) { %y = scan each(; %r; %p) length 3 "
         "return %y }",
         -1, 1},
        {"function next(%i: scalar int32, %a: sample real, %n: sample int32) { %y = to_real %n %z = mul %a, %y "
         "%m = add %n, %i return %z, %m }\nfunction f(%x: $a real) { %one = constant int32 all 1 "
         "%z, %m = scan next(%x, %one; ; ) length 3 return %z, %m }",
         -1, 1});
}

/* A scan in a scan, with draws by the step. */
static void test_scans_of_scans(void **state)
{
    (void)state;
    check_text("function inner(%i: scalar int32, %s: sample real, %e: shared real[2], %x: sample real[2]) { "
               "%d = contract %e, %x \"i,i->\" %t = sin %d %n = add %s, %t return %n }\n"
               "function outer(%i: scalar int32, %x: sample real[2], %w: parameter real[2, 2]) { "
               "%noise = draw_normal %i real[2] purpose 2 block 0 stride 1 %b = contract %w, %x, %noise \"ij,j->i\" "
               "%h = tanh %b %u = constant real[2, 2] {1, 0, 0, 1} %zero = constant real all 0 "
               "%s = scan inner(%zero; %u; %h) length 2 %v = broadcast %s to [2] %n = mul %v, %h return %n, %s }\n"
               "function f(%x: $a real[2], %w: parameter real[2, 2]) { %y, %s = scan outer(%x; ; %w) length 3 "
               "return %y, %s }",
               -1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unary_ops),
        cmocka_unit_test(test_unary_ops_far_out),
        cmocka_unit_test(test_binary_ops),
        cmocka_unit_test(test_power_of_a_negative_base),
        cmocka_unit_test(test_repeated_operands),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_movements),
        cmocka_unit_test(test_pieces_of_one_value),
        cmocka_unit_test(test_reductions),
        cmocka_unit_test(test_contractions),
        cmocka_unit_test(test_triangular_solves),
        cmocka_unit_test(test_batch_ops),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_calls_of_calls),
        cmocka_unit_test(test_scans),
        cmocka_unit_test(test_scans_of_odd_shapes),
        cmocka_unit_test(test_scans_of_scans),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
