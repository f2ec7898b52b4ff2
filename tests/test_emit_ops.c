/* SPDX-License-Identifier: MIT */
/* Emitted C against the interpreter: every op by hand, in every shape that the emitter treats in a way of its own. */
#include "tests/emit_helpers.h"
#include "tests/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Each is the rest of a function f, see ir_test_function. */
typedef struct Case {
    const char *label, *text;
    int64_t batch; /* 0: none */
} Case;

static const Case CASES[] = {
    {"elementwise, one loop",
     "(%x: sample real[5], %y: sample real[5]) { %a = add %x, %y %b = mul %a, %x %c = sub %b, %y %d = neg %c %e = tanh "
     "%d"
     " %f = exp %e %g = div %f, %a return %b, %e, %g }",
     0},
    {"elementwise functions",
     "(%x: sample real[7]) { %a = abs %x %b = sign %x %c = floor %x %d = exp %x %e = constant real[7] all 1.5 %f = add "
     "%a, %e"
     " %g = log %f %h = sqrt %f %i = tanh %x %j = sigmoid %x %k = softplus %x %l = sin %x %m = cos %x %n = tan %x %o = "
     "erf %x"
     " %p = pow %f, %x %q = atan2 %x, %f %r = min %x, %b %s = max %x, %c %t = fma %x, %f, %g"
     " return %a, %b, %c, %d, %g, %h, %i, %j, %k, %l, %m, %n, %o, %p, %q, %r, %s, %t }",
     0},
    {"logic",
     "(%x: sample real[6], %y: sample real[6], %b: sample bool[6]) { %a = less %x, %y %c = less_equal %y, %x %d = "
     "equal %x, %y"
     " %e = and %a, %b %f = or %c, %d %g = not %b %h = select %e, %x, %y %i = select %g, %a, %c %j = to_real %f"
     " %k = to_int %x %l = to_int %b %m = add %k, %l %n = to_real %m %o = less %k, %l return %h, %i, %j, %n, %o, %e }",
     0},
    {"broadcasts of every kind",
     "(%x: sample real[3, 4], %row: sample real[4], %column: sample real[3], %w: parameter real[4], %v: parameter "
     "real[3],"
     " %t: scalar real) { %a = broadcast %row to [3, 4] axes [1] %b = broadcast %column to [3, 4] axes [0]"
     " %c = broadcast %w to [3, 4] axes [1] %d = broadcast %v to [3, 4] axes [0] %e = broadcast %t to [3, 4] axes []"
     " %f = mul %x, %a %g = add %f, %b %h = mul %g, %c %i = add %h, %d %j = mul %i, %e return %j }",
     0},
    {"views",
     "(%x: sample real[4, 6]) { %a = transpose %x axes [1, 0] %b = slice %a axis 0 start 1 length 3 %c = reshape %b to "
     "[12]"
     " %d = gather %x axis 1 table {5, 0, 3} %e = reshape %d to [12] %f = add %c, %e %g = gather %x axis 0 table {0, 2}"
     " %h = reshape %g to [12] %i = mul %f, %h %j = slice %x axis 1 start 2 length 2 return %i, %a, %j }",
     0},
    {"reductions",
     "(%x: sample real[3, 5, 2]) { %a = reduce_sum %x axes [2] %b = reduce_sum %x axes [0] %c = reduce_max %x axes [1]"
     " %d = reduce_sum %x axes [0, 1, 2] %e = reduce_max %x axes [0, 2] %f = mul %x, %x %g = reduce_sum %f axes [1, 2]"
     " return %a, %b, %c, %d, %e, %g, %f }",
     0},
    {"a sum over its own terms",
     "(%x: sample real[20], %w: parameter real[20]) { %a = tanh %x %b = mul %a, %w %c = reduce_sum %b axes [0]"
     " %d = reduce_max %b axes [0] %e = add %c, %d return %a, %c, %e }",
     0},
    {"cumulative sums",
     "(%x: sample real[3, 4]) { %a = cumsum %x axis 0 %b = cumsum %x axis 1 reversed %c = cumsum %x axis 1 exclusive"
     " %d = cumsum %x axis 0 reversed exclusive return %a, %b, %c, %d }",
     0},
    {"concatenation",
     "(%x: sample real[3, 2], %y: sample real[3, 4], %w: parameter real[3, 1], %z: sample real[5]) {"
     " %a = concat %x, %y, %w axis 1 %b = slice %y axis 0 start 1 length 2 %c = transpose %x axes [1, 0]"
     " %k = constant real[2, 4] all 0.5 %d = concat %b, %k, %y axis 0 %e = concat %z, %z axis 0 %f = concat %c, %c "
     "axis 1"
     " %g = gather %e axis 0 table {0, 5, 1, 6, 2, 7, 3, 8, 4, 9} return %a, %d, %e, %f, %g }",
     0},
    {"scatter, take and put",
     "(%x: sample real[3, 4], %w: parameter real[4, 2], %i: sample int32[5], %j: shared int32[3]) {"
     " %a = scatter_add %x axis 1 table {2, 0, 2, 5} length 6 %b = scatter_add %x axis 0 table {1, 1, 0} length 2"
     " %c = take %x, %i %d = take %w, %i %e = take %x, %j %f = put %c, %i length 3 %g = put %d, %i length 4"
     " %h = scatter_add %w axis 0 table {0, 1, 0, 1} length 2 %k = take %w, %j return %a, %b, %c, %d, %e, %f, %g, %h, "
     "%k }",
     0},
    {"a dense layer and what follows it",
     "(%w: parameter real[20, 7], %b: parameter real[20], %x: sample real[7], %y: sample real[20], %s: sample real,"
     " %t: scalar real) { %a = contract %w, %x, %b \"ij,j->i\" %h = tanh %a %c = mul %h, %y %d = broadcast %s to [20] "
     "axes []"
     " %e = mul %c, %d %f = broadcast %t to [20] axes [] %g = add %e, %f %i = add %g, %b %k = constant real[20] all 0.5"
     " %j = mul %i, %k return %h, %j }",
     0},
    {"dense products of every layout",
     "(%w: parameter real[5, 3], %x: sample real[3], %y: sample real[5], %xs: sample real[4, 3], %xt: sample real[3, "
     "4],"
     " %one: parameter real[3]) { %a = contract %w, %x \"ij,j->i\" %b = contract %w, %y \"ij,i->j\""
     " %c = contract %w, %xs \"ij,pj->pi\" %d = contract %xt, %w \"jp,ij->pi\" %e = contract %one, %x \"j,j->\""
     " %f = contract %one, %y \"j,i->ij\" %g = contract %xs, %one \"pj,j->p\" %h = contract %w, %xs \"ij,pj->ip\""
     " %v = gather %y axis 0 table {0, 2, 4} %i = contract %w, %v \"ij,j->i\" %t = transpose %w axes [1, 0]"
     " %j = contract %t, %x \"ji,j->i\" %s = slice %w axis 1 start 1 length 2 %u = slice %x axis 0 start 0 length 2"
     " %k = contract %s, %u, %y \"ij,j->i\" return %a, %b, %c, %d, %e, %f, %g, %h, %i, %j, %k }",
     0},
    {"wide layers",
     "(%w: parameter real[37, 70], %x: sample real[70], %v: parameter real[70, 37], %b: parameter real[70]) {"
     " %a = contract %w, %x \"ij,j->i\" %h = sigmoid %a %y = contract %v, %h, %b \"ij,j->i\" %d = contract %w, %h "
     "\"ij,i->j\""
     " return %y, %d }",
     0},
    {"the way back through wide layers, whole squares of rows and a rest",
     "(%w: parameter real[331, 457], %x: sample real[331], %y: sample real[457], %z: sample real[331, 2]) {"
     " %a = contract %w, %x \"ij,i->j\" %m = mul %a, %y %h = tanh %m %v = slice %z axis 1 start 1 length 1"
     " %u = reshape %v to [331] %k = constant real[457] all 0.5 %b = contract %w, %u, %k \"ij,i->j\""
     " %s = slice %w axis 1 start 3 length 450 %c = contract %s, %x \"ij,i->j\" return %h, %a, %b, %c }",
     0},
    {"windows of a convolution",
     "(%x: sample real[2, 6], %w: parameter real[3, 2, 3], %b: parameter real[3]) {"
     " %g = gather %x axis 1 table {5, 0, 1, 0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 5, 4, 5, 0} %r = reshape %g to [2, 6, 3]"
     " %s = broadcast %b to [6, 3] axes [1] %y = contract %w, %r, %s \"ock,cpk->po\" return %y }",
     0},
    {"products of per-sample values",
     "(%x: sample real[3, 4], %y: sample real[4, 2], %z: sample real[4], %s: sample real[3, 2]) {"
     " %a = contract %x, %y, %s \"ij,jk->ik\" %b = contract %x, %z \"ij,j->i\" %c = contract %z, %z \"i,i->\""
     " %t = transpose %x axes [1, 0] %d = contract %t, %y \"ji,jk->ik\" return %a, %b, %c, %d }",
     0},
    {"products of shared values",
     "(%w: parameter real[3, 4], %v: parameter real[4, 2], %x: sample real[2]) { %a = contract %w, %v \"ij,jk->ik\""
     " %y = contract %a, %x \"ij,j->i\" %b = contract %w, %w \"ij,ij->\" return %y, %b, %a }",
     0},
    {"triangular systems",
     "(%l: parameter real[4, 4], %x: sample real[4], %m: sample real[4, 4], %y: sample real[4, 2]) {"
     " %d = constant real[4, 4] {3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3} %p = add %l, %d %q = add %m, %d"
     " %a = solve_triangular %p, %x lower %b = solve_triangular %p, %x transposed %c = solve_triangular %q, %y lower "
     "unit"
     " %e = solve_triangular %q, %y lower transposed %f = solve_triangular %q, %x return %a, %b, %c, %e, %f }",
     0},
    {"draws",
     "(%k: shared int32) { %a = draw_normal real[5] purpose 5 block 2 %b = draw_uniform real[2, 3] purpose 2 block 7"
     " %c = draw_normal %k real purpose 5 block 9 stride 3 return %a, %b, %c }",
     0},
    {"shared values alone",
     "(%w: parameter real[3, 3], %t: scalar real) { %a = exp %t %b = broadcast %a to [3, 3] axes [] %c = mul %w, %b"
     " %d = reduce_sum %c axes [0, 1] %e = reduce_max %c axes [0] %f = tanh %d %g = transpose %c axes [1, 0]"
     " return %c, %d, %e, %f, %g, %t, %w }",
     0},
    {"shared values for samples",
     "(%w: parameter real[3], %t: scalar real, %x: sample real[3], %z: sample real) { %a = exp %t %b = mul %w, %w"
     " %c = reduce_sum %b axes [0] %d = div %a, %c %e = mul %z, %d %f = mul %x, %b %m = less %t, %d %n = mul %t, %t"
     " %o = select %m, %t, %n %p = add %z, %o return %e, %f, %d, %p }",
     0},
    {"outputs that are inputs, constants, views, and twice the same",
     "(%x: sample real[3, 2], %w: parameter real[2], %t: scalar real, %b: sample bool) { %a = tanh %x %c = constant "
     "real[2] {1, 2}"
     " %d = constant real all 3 %v = transpose %a axes [1, 0] %s = broadcast %t to [2] axes []"
     " return %x, %w, %t, %a, %a, %c, %d, %v, %s, %b }",
     0},
    {"sums over the batch",
     "(%x: sample real[3], %s: sample real, %w: parameter real[2]) { %a = batch_sum %x %b = batch_sum %s %c = "
     "batch_sum %w"
     " %d = mul %b, %b %e = broadcast %d to [3] axes [] %f = mul %x, %e %g = batch_sum %f return %a, %b, %c, %f, %g }",
     70},
    {"gradients of weights",
     "(%x: sample real[5], %y: sample real[20], %xs: sample real[3, 5], %ys: sample real[3, 2], %w: parameter real[4]) "
     "{"
     " %a = batch_contract %x, %y \"i,j->ij\" %b = batch_contract %y, %x \"i,j->ij\" %c = batch_contract %x, %y "
     "\"i,j->ji\""
     " %d = batch_contract %xs, %ys \"pi,pj->ij\" %e = batch_contract %x, %x \"i,i->\" %f = batch_contract %x, %w "
     "\"i,j->ij\""
     " %g = batch_contract %xs, %ys \"pi,pj->pij\" %t = transpose %xs axes [1, 0] %h = batch_contract %t, %ys "
     "\"ip,pj->ij\""
     " return %a, %b, %c, %d, %e, %f, %g, %h }",
     100},
    {"a full shard",
     "(%x: sample real[18], %y: sample real[40]) { %a = batch_contract %x, %y \"i,j->ij\" %b = batch_sum %y"
     " return %a, %b }",
     128},
    {"gradients of thin layers",
     "(%x: sample real[37], %one: sample real[1], %two: sample real[2], %three: sample real[3], %four: sample real[4], "
     "%z: sample real[21, 2])"
     " { %a = batch_contract %one, %x \"i,j->ij\" %b = batch_contract %two, %x \"i,j->ji\" %c = batch_contract %three, "
     "%x \"i,j->ji\" %d = batch_contract %three, %x \"i,j->ij\" %e = batch_contract %x, %four \"i,j->ij\""
     " %f = batch_contract %four, %two \"i,j->ij\" %t = transpose %z axes [1, 0] %u = slice %t axis 0 start 1 length 1"
     " %v = reshape %u to [21] %g = batch_contract %v, %three \"i,j->ij\" %h = batch_contract %v, %two \"i,j->ji\""
     " %k = batch_contract %three, %three \"i,j->ij\" return %a, %b, %c, %d, %e, %f, %g, %h, %k }",
     167},
    {"gradients of wide layers",
     "(%x: sample real[331], %y: sample real[402], %z: sample real[3, 402]) { %a = batch_contract %x, %y \"i,j->ij\""
     " %b = batch_contract %x, %y \"i,j->ji\" %u = tanh %x %c = batch_contract %y, %u \"i,j->ij\""
     " %s = reduce_sum %c axes [1] %t = transpose %z axes [1, 0] %v = slice %t axis 1 start 1 length 1"
     " %w = reshape %v to [402] %d = batch_contract %w, %x \"i,j->ij\" return %a, %b, %s, %d }",
     150},
    {"gradients of wide layers, more shards and columns than are transposed at once",
     "(%x: sample real[250], %y: sample real[531]) { %a = batch_contract %x, %y \"i,j->ij\" return %a }", 300},
    {"a wide layer's gradient of one sample",
     "(%x: sample real[512], %y: sample real[256]) { %a = batch_contract %x, %y \"i,j->ij\" return %a }", 1},
    {"a view that is copied after others have read it",
     "(%x: sample real[8], %w: parameter real[3, 4]) { %a = gather %x axis 0 table {0, 2, 4, 6} %b = contract %w, %a "
     "\"ij,j->i\""
     " %c = tanh %a %d = cumsum %a axis 0 return %b, %c, %d }",
     0},
    {"collect and distribute",
     "(%x: sample real[2], %s: sample real) { %a = collect %x %b = reduce_sum %a axes [0] %c = broadcast %b to [70, 2] "
     "axes [1]"
     " %d = mul %a, %c %e = distribute %d %f = add %e, %x %g = collect %s %h = batch_sum %f return %f, %h, %g }",
     70},
};

static int count_text(const char *text, const char *word)
{
    int count = 0;
    for (; (text = strstr(text, word)) != NULL; text++)
        count++;
    return count;
}

static void test_ops_agree_with_the_interpreter(void **state)
{
    Arena *arena = *state;
    EmitCases *cases = emit_cases_new(arena);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        IrFunction *function = ir_test_function(arena, CASES[i].batch, CASES[i].text);
        ir_test_verify(function->module);
        emit_cases_add(cases, function->module, function, 70, CASES[i].label);
    }
    assert_int_equal(count_text(emit_cases_kernels(cases), " dense_transposed("), 3);
    static const EmitBuild builds[] = {{"gcc", "-O1 -march=native -fopenmp", 32, 64, 64, 3},
                                       {"gcc", "-O1 -march=native", 32, 1, 64, 1},
                                       {"gcc", "-O0 -march=native", 32, 64, 32, 1},
                                       {"clang", "-O1", 32, 64, 16, 1},
                                       {"gcc", "-O1", 32, 1, 4, 1},
                                       {"gcc", "-O1 -march=native", 64, 64, 64, 1},
                                       {"gcc", "-O1", 64, 1, 16, 1},
                                       {"gcc", "-O1", 64, 64, 4, 1}};
    for (size_t i = 0; i < sizeof builds / sizeof *builds; i++)
        emit_cases_check(cases, &builds[i]);
}

/* ---- by OpenBLAS ------------------------------------------------------------------------------- */

/* Forwards, with a start of each kind, and of a view; backwards; gradients of two shards and a part of a third, both ways
 * around, and of a view. More than 512 x 512 weights each, of numbers of rows and columns that nothing divides. */
static const Case WIDE_CASES[] = {
    {"wide layers by OpenBLAS",
     "(%w: parameter real[521, 509], %b: parameter real[521], %x: sample real[509], %y: sample real[521],"
     " %z: sample real[509, 2]) { %a = contract %w, %x, %b \"ij,j->i\" %h = tanh %a %g = contract %w, %h \"ij,i->j\""
     " %m = mul %g, %x %v = slice %z axis 1 start 1 length 1 %u = reshape %v to [509]"
     " %e = contract %w, %u, %y \"ij,j->i\" return %h, %a, %m, %e }",
     0},
    {"gradients of wide layers by OpenBLAS",
     "(%x: sample real[1031], %y: sample real[283], %z: sample real[2, 283]) { %a = batch_contract %x, %y \"i,j->ij\""
     " %b = batch_contract %x, %y \"i,j->ji\" %v = slice %z axis 0 start 1 length 1 %u = reshape %v to [283]"
     " %c = batch_contract %u, %x \"i,j->ij\" return %a, %b, %c }",
     150},
};

static void test_wide_products_by_openblas_agree_with_the_interpreter(void **state)
{
    if (system(
            "echo '#include <cblas.h>\nint main(void) { return 0; }' | cc -x c - -lopenblas -o /dev/null 2>/dev/null"))
        shell_skip("no OpenBLAS with its headers (./setup)");
    Arena *arena = *state;
    EmitCases *cases = emit_cases_new_blas(arena);
    for (size_t i = 0; i < sizeof WIDE_CASES / sizeof *WIDE_CASES; i++) {
        IrFunction *function = ir_test_function(arena, WIDE_CASES[i].batch, WIDE_CASES[i].text);
        ir_test_verify(function->module);
        emit_cases_add(cases, function->module, function, 70, WIDE_CASES[i].label);
    }
    assert_int_equal(count_text(emit_cases_kernels(cases), " blas_dense("), 3);
    assert_int_equal(count_text(emit_cases_kernels(cases), " blas_batch("), 2);
    static const EmitBuild builds[] = {{"gcc", "-O1 -march=native -fopenmp", 32, 64, 32, 3},
                                       {"gcc", "-O1 -march=native", 32, 1, 16, 1},
                                       {"gcc", "-O1", 64, 64, 16, 1}};
#ifdef __SANITIZE_ADDRESS__
    const size_t first = 1; /* the leak sanitizer dies of threads that still have variables of a library's own */
#else
    const size_t first = 0;
#endif
    for (size_t i = first; i < sizeof builds / sizeof *builds; i++)
        emit_cases_check(cases, &builds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ops_agree_with_the_interpreter, ir_test_start, ir_test_end),
        cmocka_unit_test_setup_teardown(test_wide_products_by_openblas_agree_with_the_interpreter, ir_test_start,
                                        ir_test_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
