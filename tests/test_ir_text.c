/* SPDX-License-Identifier: MIT */
/* The IR's text form: what is printed parses to the same, and what is wrong is found at its place. */
#include "compiler/ir/text.h"
#include "compiler/ir/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int start(void **state)
{
    static Arena arena;
    arena_start(&arena, NULL);
    *state = &arena;
    return 0;
}

static int end(void **state)
{
    arena_end(*state);
    return 0;
}

static IrModule *parse(Arena *arena, const char *text, Diagnostics *diagnostics)
{
    Source *source = ARENA_NEW(arena, Source);
    *source = (Source){"test.ir", text, strlen(text)};
    diagnostics_start(diagnostics, arena);
    return ir_parse(arena, source, diagnostics);
}

/* Parses, prints, and expects the same text. */
static void expect_same(Arena *arena, const char *text)
{
    Diagnostics diagnostics;
    IrModule *module = parse(arena, text, &diagnostics);
    if (!module) {
        Text errors = text_start(arena);
        diagnostics_print(&diagnostics, &errors, 0);
        fail_msg("%s", errors.bytes);
    }
    Text out = text_start(arena);
    ir_print(module, &out);
    assert_string_equal(out.bytes, text);
}

/* Every op once, in the form in which it is printed. */
static const char EVERY_OP[] =
    "module every batch 8\n"
    "\n"
    "note \"a dense layer:\\ny = tanh(w x + b), \\\"quoted\\\" \\\\\"\n"
    "function dense(%w.0: parameter real[4, 3], %b.1: parameter real[4], %x.2: sample real[3])"
    " -> (y: sample real[4]) {\n"
    "    %hidden.3 = contract %w.0, %x.2, %b.1 \"ij,j->i\" : sample real[4]\n"
    "    note \"the activation\"\n"
    "    %4 = tanh %hidden.3 : sample real[4]\n"
    "    return %4\n"
    "}\n"
    "\n"
    "function step(%step.0: scalar int32, %x.1: sample real[3], %row.2: parameter real[3], %kT.3: scalar real)"
    " -> (x: sample real[3], seen: sample real) {\n"
    "    %4 = add %x.1, %row.2 : sample real[3]\n"
    "    %5 = reduce_sum %4 axes [0] : sample real\n"
    "    %6 = mul %5, %kT.3 : sample real\n"
    "    %7 = draw_uniform %step.0 real purpose 2 block 0 stride 1 : sample real\n"
    "    %8 = add %6, %7 : sample real\n"
    "    return %4, %8\n"
    "}\n"
    "\n"
    "entry function main(%w.0: parameter real[4, 3], %b.1: parameter real[4], %u.2: state real[3, 3], %kT.3: scalar "
    "real,"
    " %c.4: shared int32[2], %rows.5: parameter real[5, 3]) -> (loss: shared real, shared real[4, 3]) {\n"
    "    %x.6 = draw_normal real[3] purpose 2 block 3 : sample real[3]\n"
    "    %y.7 = call dense(%w.0, %b.1, %x.6) : sample real[4]\n"
    "    %8, %9 = scan step(%x.6; %rows.5; %kT.3) length 5 reversed : sample real[3], sample real[5]\n"
    "    %10 = constant real[3] {0.1, -1e-300, 3}\n"
    "    %11 = constant int32[2] {2, 0}\n"
    "    %12 = constant bool[2] all 1\n"
    "    %13 = constant real all inf\n"
    "    %14 = take %y.7, %11 : sample real[2]\n"
    "    %15 = put %14, %11 length 4 : sample real[4]\n"
    "    %16 = broadcast %15 to [2, 4] axes [1] : sample real[2, 4]\n"
    "    %17 = broadcast %13 to [2] : constant real[2]\n"
    "    %18 = reshape %16 to [8] : sample real[8]\n"
    "    %19 = transpose %16 axes [1, 0] : sample real[4, 2]\n"
    "    %20 = slice %18 axis 0 start 2 length 3 : sample real[3]\n"
    "    %21 = concat %20, %x.6, %10 axis 0 : sample real[9]\n"
    "    %22 = gather %21 axis 0 table {8, 0, 0} : sample real[3]\n"
    "    %23 = scatter_add %22 axis 0 table {1, 1, 0} length 2 : sample real[2]\n"
    "    %24 = reduce_max %19 axes [0, 1] : sample real\n"
    "    %25 = cumsum %19 axis 1 reversed exclusive : sample real[4, 2]\n"
    "    %26 = solve_triangular %u.2, %20 lower unit : sample real[3]\n"
    "    %27 = batch_contract %y.7, %26 \"i,j->ij\" : shared real[4, 3]\n"
    "    %28 = less_equal %23, %14 : sample bool[2]\n"
    "    %29 = not %28 : sample bool[2]\n"
    "    %30 = select %29, %23, %17 : sample real[2]\n"
    "    %31 = collect %30 : shared real[8, 2]\n"
    "    %32 = distribute %31 : sample real[2]\n"
    "    %33 = fma %32, %30, %23 : sample real[2]\n"
    "    %34 = reduce_sum %33 axes [0] : sample real\n"
    "    %35 = batch_sum %34 : shared real\n"
    "    %36 = to_real %12 : constant real[2]\n"
    "    return %35, %27\n"
    "}\n";

static void test_every_op_prints_as_it_was_written(void **state)
{
    expect_same(*state, EVERY_OP);
}

static void test_empty_module_and_empty_function(void **state)
{
    expect_same(*state, "module nothing\n");
    expect_same(*state, "module nothing\n\nfunction f() -> () {\n}\n");
}

/* Free names, no types, comments and line ends anywhere: what a person writes. */
static void test_loose_text_parses(void **state)
{
    Arena *arena = *state;
    Diagnostics diagnostics;
    IrModule *module = parse(arena,
                             "# a comment\nmodule m\nfunction f(%x: sample real[2],\n %unused.part: scalar real) {\n"
                             "  %y = mul %x, %x  # square\n  %total.7 =\n reduce_sum %y axes [0]\n"
                             "  return %total.7 }\n",
                             &diagnostics);
    assert_non_null(module);
    Text out = text_start(arena);
    ir_print(module, &out);
    assert_string_equal(out.bytes, "module m\n\nfunction f(%x.0: sample real[2], %unused.part.1: scalar real)"
                                   " -> (sample real) {\n    %y.2 = mul %x.0, %x.0 : sample real[2]\n"
                                   "    %total.3 = reduce_sum %y.2 axes [0] : sample real\n    return %total.3\n}\n");
}

/* Values made out of order by the builder are numbered in the order of the text. */
static void test_printed_numbers_follow_the_text(void **state)
{
    Arena *arena = *state;
    IrModule *module = ir_module_new(arena, "m");
    IrFunction *function = ir_function_new(module, "f");
    IrBuilder builder = {.function = function};
    IrId one = ir_constant(&builder, 1.0);
    IrId x = ir_input(function, "x", ir_type_scalar(IR_REAL, IR_KIND_SAMPLE));
    ir_output(function, "strange name", ir_name(function, ir_binary(&builder, IR_ADD, x, one), "a-b"));
    Text out = text_start(arena);
    ir_print(module, &out);
    assert_string_equal(out.bytes, "module m\n\nfunction f(%x.0: sample real) -> (strange_name: sample real) {\n"
                                   "    %1 = constant real all 1\n    %a_b.2 = add %x.0, %1 : sample real\n"
                                   "    return %a_b.2\n}\n");
    expect_same(arena, out.bytes);
}

/* Doubles survive to the last bit, whatever they are. */
static void test_constants_keep_their_bits(void **state)
{
    Arena *arena = *state;
    static const double VALUES[] = {
        0.0,  -0.0, 0.1,    1.0 / 3.0,        5e-324, 2.2250738585072014e-308, 1.7976931348623157e308,
        -1e9, 1e23, 123456, 3.141592653589793};
    enum { COUNT = sizeof VALUES / sizeof VALUES[0] };
    static const int64_t SIZE[] = {COUNT};
    IrModule *module = ir_module_new(arena, "m");
    IrBuilder builder = {.function = ir_function_new(module, "f")};
    ir_output(builder.function, NULL, ir_constant_array(&builder, ir_type(IR_REAL, IR_KIND_CONSTANT, 1, SIZE), VALUES));
    Text out = text_start(arena);
    ir_print(module, &out);
    Diagnostics diagnostics;
    IrModule *again = parse(arena, out.bytes, &diagnostics);
    assert_non_null(again);
    assert_memory_equal(again->functions[0]->ops[0].data, VALUES, sizeof VALUES);
}

/* ---- what is wrong ---------------------------------------------------------------------------------------------- */

static void expect_error(Arena *arena, const char *text, const char *code, int line, int column, const char *part)
{
    Diagnostics diagnostics;
    assert_null(parse(arena, text, &diagnostics));
    assert_true(diagnostics.count >= 1);
    const Diagnostic *first = &diagnostics.items[0];
    if (strcmp(first->code, code) != 0 || first->span.line != line || first->span.column != column ||
        !strstr(first->message, part))
        fail_msg("%s at %d:%d: %s\nexpected %s at %d:%d: %s", first->code, first->span.line, first->span.column,
                 first->message, code, line, column, part);
}

typedef struct WrongText {
    const char *body, *code;
    int line, column;
    const char *part;
} WrongText;

/* Bodies of a function of %x: sample real[3], %p: parameter real[2]; the body begins on line 3. */
static const WrongText WRONG[] = {
    {"%y = mull %x, %x\nreturn %y", "E0702", 3, 6, "no op \"mull\""},
    {"%y = mul %x, %z\nreturn %y", "E0703", 3, 14, "%z is not defined above"},
    {"%y = mul %x, %p\nreturn %y", "E0705", 3, 6, "operand 2 is real[2], expected real[3]"},
    {"%y = mul %x\nreturn %y", "E0705", 3, 6, "1 operands"},
    {"%x = neg %x\nreturn %x", "E0704", 3, 1, "defined twice"},
    {"%y = neg %x : sample real[4]\nreturn %y", "E0705", 3, 15, "the value is sample real[3]"},
    {"%y = neg %x : shared real[3]\nreturn %y", "E0705", 3, 15, "the value is sample real[3]"},
    {"%y, %z = neg %x\nreturn %y", "E0705", 3, 10, "1 results, 2 are named"},
    {"%y = slice %x axis 0 start 2 length 2", "E0705", 3, 6, "elements 2 to 4 of an axis of size 3"},
    {"%y = slice %x axis 1 start 0 length 1", "E0705", 3, 6, "axis 1 of a value with 1 axes"},
    {"%y = slice %x axis 0 begin 2", "E0701", 3, 22, "expected \"start\""},
    {"%y = gather %x axis 0 table {0, 3}", "E0705", 3, 6, "table entry 1 is 3, expected 0 to 2"},
    {"%y = gather %x axis 0 table {-1}", "E0706", 3, 30, "expected an integer from 0"},
    {"%y = gather %x axis 0 table {}", "E0705", 3, 6, "empty index table"},
    {"%y = contract %x, %p \"i,j->k\"", "E0705", 3, 6, "stands in neither operand"},
    {"%y = contract %x, %p \"i,i->i\"", "E0705", 3, 6, "two sizes"},
    {"%y = contract %x, %p \"i;j\"", "E0705", 3, 6, "labels look like"},
    {"%y = contract %x, %p \"i,j\"", "E0705", 3, 6, "labels look like"},
    {"%y = reduce_sum %x axes [1]", "E0705", 3, 6, "axes must rise"},
    {"%y = broadcast %x to [3, 3] axes [2]", "E0705", 3, 6, "lie within the result"},
    {"%y = reshape %x to [4]", "E0705", 3, 6, "real[3] cannot be reshaped to real[4]"},
    {"%y = reshape %x to [0]", "E0706", 3, 21, "expected an integer from 1"},
    {"%y = reshape %x to [1,1,1,1,1,1,3]", "E0707", 3, 20, "at most 6 axes"},
    {"%y = constant real[100000, 100000] all 0", "E0707", 3, 19, "too many elements"},
    {"%y = constant real[20000, 20000] all 0", "E0707", 3, 15, "too many elements"},
    {"%y = constant int32 all 1.5", "E0706", 3, 25, "no element of type int32"},
    {"%y = constant int32 all 3000000000", "E0706", 3, 25, "no element of type int32"},
    {"%y = constant bool[2] {0, 2}", "E0706", 3, 27, "no element of type bool"},
    {"%y = constant real[2] {0}", "E0701", 3, 25, "expected \",\""},
    {"%y = constant real all 1x", "E0701", 3, 24, "not a number"},
    {"%y = constant real all 0x10", "E0701", 3, 24, "not a number"},
    {"%y = distribute %p", "E0705", 3, 6, "the module has no batch"},
    {"%y = call f(%x)", "E0703", 3, 11, "function f is not defined above"},
    {"%y = draw_normal real[4] purpose 2 block 1048576", "E0705", 3, 6, "below 2^20"},
    {"%y = draw_normal real[4] purpose 4096 block 0", "E0705", 3, 6, "below 2^12"},
    {"%y = neg %x\nreturn %w", "E0703", 4, 8, "%w is not defined"},
    {"%y = neg %x $", "E0701", 3, 13, "no character"},
    {"note \"unfinished\n", "E0701", 3, 6, "does not end on its line"},
    {"%y = take %x, %x", "E0705", 3, 6, "operand 2 is real, expected int32"},
    {"%", "E0701", 3, 1, "name is missing"},
    {"%y = neg %x\n#", "E0701", 4, 4, "expected an op"}, /* the closing brace is commented away */
};

static void test_mistakes_are_found_at_their_places(void **state)
{
    Arena *arena = *state;
    const char *head = "module m\nfunction f(%x: sample real[3], %p: parameter real[2]) {\n";
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        const WrongText *wrong = &WRONG[i];
        const char *text = arena_print(arena, "%s%s }", head, wrong->body);
        expect_error(arena, text, wrong->code, wrong->line, wrong->column, wrong->part);
    }
}

static void test_headers_are_checked(void **state)
{
    Arena *arena = *state;
    expect_error(arena, "", "E0701", 1, 1, "expected \"module\"");
    expect_error(arena, "module m batch 0", "E0706", 1, 16, "expected an integer from 1");
    expect_error(arena, "module m\nfunction f(%x: constant real) {}", "E0705", 2, 16, "cannot be constant");
    expect_error(arena, "module m\nfunction f(%x: scalar real[2]) {}", "E0705", 2, 16, "no axes");
    expect_error(arena, "module m\nfunction f(%x: sample real, %x: sample real) {}", "E0704", 2, 29, "twice");
    expect_error(arena, "module m\nfunction f() {}\nfunction f() {}", "E0704", 3, 10, "defined twice");
    expect_error(arena, "module m\nfunction f(%x: sample real) -> (real) { return %x }", "E0701", 2, 33, "a kind");
    expect_error(arena, "module m\nfunction f(%x: sample real) -> () { return %x }", "E0705", 2, 37, "promises 0");
    expect_error(arena, "module m\nfunction f(%x: sample real) -> (shared real) { return %x }", "E0705", 2, 33,
                 "sample real");
    expect_error(arena, "module m\nfunction f(%x: sample real[2147483647, 2]) {}", "E0707", 2, 27, "too many");
    expect_error(arena, "module m\nfunction f(%\xC3\xA9: sample real) {}", "E0701", 2, 12, "missing");
}

/* What a call and a scan may pass. */
static void test_arguments_are_checked(void **state)
{
    Arena *arena = *state;
    const char *head = "module m\nfunction f(%s: scalar int32, %p: parameter real[2]) { return %p }\nfunction g";
    expect_error(arena,
                 arena_print(arena, "%s(%%i: scalar int32, %%x: sample real[2]) {\n%%y = call f(%%i, %%x)}", head),
                 "E0705", 4, 6, "operand 2 is per sample");
    expect_error(arena, arena_print(arena, "%s(%%i: scalar int32) {\n%%y = call f(%%i)}", head), "E0705", 4, 6,
                 "1 operands, f has 2 inputs");
    expect_error(arena, arena_print(arena, "%s(%%q: parameter real[3]) {\n%%y = scan f(%%q; ; ) length 4}", head),
                 "E0705", 4, 6, "operand 1 is real[3], expected real[2]");
    expect_error(arena, arena_print(arena, "%s(%%q: parameter real[2]) {\n%%y = scan f(%%q; ; ) length 0}", head),
                 "E0706", 4, 28, "from 1");
}

/* A shared value may stand where a parameter is declared, and a constant where a per-sample value is. */
static void test_lower_kinds_may_be_passed(void **state)
{
    Diagnostics diagnostics;
    assert_non_null(parse(*state,
                          "module m\nfunction f(%p: parameter real, %x: sample real) { %y = add %p, %x return %y }\n"
                          "function g(%a: shared real) { %c = constant real all 2\n"
                          "%y = call f(%a, %c) : sample real return %y }",
                          &diagnostics));
}

/* ---- the verifier ----------------------------------------------------------------------------------------------- */

static IrModule *small_module(Arena *arena)
{
    Diagnostics diagnostics;
    IrModule *module = parse(arena,
                             "module m\nfunction f(%x: sample real[2]) { %y = neg %x\n%z = exp %y return %z }\n"
                             "function g(%x: sample real[2]) { %y = call f(%x) return %y }",
                             &diagnostics);
    assert_non_null(module);
    return module;
}

static void expect_unverified(Arena *arena, const IrModule *module, const char *code)
{
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, arena);
    assert_false(ir_verify(module, &diagnostics));
    assert_string_equal(diagnostics.items[0].code, code);
}

static void test_verifier_finds_a_wrong_type(void **state)
{
    IrModule *module = small_module(*state);
    module->functions[0]->values[1].type.size[0] = 3;
    expect_unverified(*state, module, "E0705");
}

static void test_verifier_finds_a_wrong_kind(void **state)
{
    IrModule *module = small_module(*state);
    module->functions[0]->values[1].type.kind = IR_KIND_SHARED;
    expect_unverified(*state, module, "E0705");
}

static void test_verifier_finds_use_before_definition(void **state)
{
    IrModule *module = small_module(*state);
    module->functions[0]->ops[0].operands[0] = 2;
    expect_unverified(*state, module, "E0711");
}

static void test_verifier_finds_a_callee_behind_its_caller(void **state)
{
    IrModule *module = small_module(*state);
    IrFunction *callee = module->functions[0];
    module->functions[0] = module->functions[1];
    module->functions[1] = callee;
    module->functions[0]->position = 0;
    callee->position = 1;
    expect_unverified(*state, module, "E0712");
}

static void test_verifier_finds_a_double_name(void **state)
{
    IrModule *module = small_module(*state);
    module->functions[1]->name = "f";
    expect_unverified(*state, module, "E0704");
}

/* A function that calls one begun after it moves behind it. */
static void test_building_keeps_callees_first(void **state)
{
    IrModule *module = ir_module_new(*state, "m");
    IrFunction *caller = ir_function_new(module, "caller");
    IrFunction *callee = ir_function_new(module, "callee");
    IrType real = ir_type_scalar(IR_REAL, IR_KIND_SAMPLE);
    ir_output(callee, NULL, ir_input(callee, "x", real));
    IrBuilder builder = {.function = caller};
    IrId x = ir_input(caller, "x", real), y;
    ir_call(&builder, callee, 1, &x, &y);
    ir_output(caller, NULL, y);
    assert_ptr_equal(module->functions[1], caller);
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, *state);
    assert_true(ir_verify(module, &diagnostics));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_op_prints_as_it_was_written),
        cmocka_unit_test(test_empty_module_and_empty_function),
        cmocka_unit_test(test_loose_text_parses),
        cmocka_unit_test(test_printed_numbers_follow_the_text),
        cmocka_unit_test(test_constants_keep_their_bits),
        cmocka_unit_test(test_mistakes_are_found_at_their_places),
        cmocka_unit_test(test_headers_are_checked),
        cmocka_unit_test(test_arguments_are_checked),
        cmocka_unit_test(test_lower_kinds_may_be_passed),
        cmocka_unit_test(test_verifier_finds_a_wrong_type),
        cmocka_unit_test(test_verifier_finds_a_wrong_kind),
        cmocka_unit_test(test_verifier_finds_use_before_definition),
        cmocka_unit_test(test_verifier_finds_a_callee_behind_its_caller),
        cmocka_unit_test(test_verifier_finds_a_double_name),
        cmocka_unit_test(test_building_keeps_callees_first),
    };
    return cmocka_run_group_tests(tests, start, end);
}
