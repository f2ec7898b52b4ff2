/* SPDX-License-Identifier: MIT */
/* Flows that are conditioned on something: densities for each condition, ways there and back, what layers see. That whole
 * conditional flows and losses are right is tested on random ones in test_lower.c. */
#include "compiler/lower/lower.h"
#include "tests/program_helpers.h"
#include "tests/ir_helpers.h"
#include "tests/random_spec.h"
#include "tests/shell.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct Model {
    Arena *arena;
    Program *program;
    double *weights;
} Model;

/* A model of T in [0.5, 2] and a choice of three, with these layers. */
static Model model_of(Arena *arena, int dimension, const char *layers)
{
    const char *text =
        arena_print(arena,
                    "ansatz: 1\nname: conditional\nsystem: {vector: %d, condition: {T: {range: [0.5, 2]}, "
                    "season: {one_of: [winter, spring, summer]}}, kT: {condition: T}}\n"
                    "energy: {terms: [{over: components, value: \"x^2/2 + season\"}]}\n"
                    "architecture: {flow: {layers: [%s]}}\nloss: [reverse_kl]\ntrain: {batch: 4}\n",
                    dimension, layers);
    Model model = {.arena = arena, .program = program_test_lower(arena, text)};
    model.weights = random_weights(arena, model.program->weight_count, 3);
    return model;
}

/* `x` where the entry has it; conditions [batch][2]. */
static IrTensor *run_entry(const Model *model, EntryKind kind, int64_t batch, const double *x, const double *conditions)
{
    const ProgramRun run = {.arena = model->arena,
                            .program = model->program,
                            .weights = model->weights,
                            .batch = batch,
                            .seed = 5,
                            .x = x,
                            .conditions = conditions};
    return program_test_run(&run, kind);
}

static const char AUTOREGRESSIVE[] = "{masked_autoregressive: {net: {masked_mlp: [12, 12], residual: true}, fast: %s}}";
static const char NARROW[] = "{masked_autoregressive: {net: {masked_mlp: [3, 2]}, fast: %s}}";

/* The sum of exp(log q) over the midpoints of a square of small squares, whose error falls faster than any power. */
static void test_densities_integrate_to_one_for_each_condition(void **state)
{
    enum { SIDE = 160 };
    static const double CONDITIONS[][2] = {{0.5, 0}, {1.1, 2}, {2, 1}};
    const double width = 24.0 / SIDE;
    const Model model =
        model_of(*state, 2,
                 arena_print(*state, "{coupling: {net: {mlp: [6], activation: tanh}}}, linear, %s, actnorm",
                             arena_print(*state, AUTOREGRESSIVE, "density")));
    double *x = ARENA_ARRAY(*state, double, 2 * SIDE * SIDE), *given = ARENA_ARRAY(*state, double, 2 * SIDE * SIDE);
    double first = 0;
    for (int c = 0; c < 3; c++) {
        double sum = 0;
        for (int i = 0; i < SIDE * SIDE; i++) {
            x[2 * i] = (i / SIDE - SIDE / 2 + 0.5) * width;
            x[2 * i + 1] = (i % SIDE - SIDE / 2 + 0.5) * width;
            memcpy(given + 2 * i, CONDITIONS[c], sizeof CONDITIONS[c]);
        }
        const double *log_q = run_entry(&model, ENTRY_LOG_PROB, SIDE * SIDE, x, given)[0].data;
        for (int i = 0; i < SIDE * SIDE; i++)
            sum += exp(log_q[i]) * width * width;
        if (!(fabs(sum - 1) < 1e-6))
            fail_msg("condition %d: the integral is %.9g", c, sum);
        assert_true(c == 0 || fabs(log_q[SIDE * SIDE / 2 + SIDE / 2] - first) > 1e-3); /* it does depend on it */
        first = log_q[SIDE * SIDE / 2 + SIDE / 2];
    }
}

static void expect_inverse(Arena *arena, int dimension, const char *layers)
{
    enum { SAMPLES = 7 };
    const Model model = model_of(arena, dimension, layers);
    const double *given = random_conditions(arena, model.program->spec, SAMPLES, 2);
    const IrTensor *samples = run_entry(&model, ENTRY_SAMPLE, SAMPLES, NULL, given);
    const IrTensor *log_q = run_entry(&model, ENTRY_LOG_PROB, SAMPLES, samples[0].data, given);
    ir_test_expect(log_q[0].data, samples[1].data, SAMPLES, 1e-9, layers);
}

/* Written out step by step, and (beyond 32 contractions) as a scan. */
static void test_log_prob_inverts_samples_of_the_same_conditions(void **state)
{
    static const int DIMENSIONS[] = {2, 5, 13};
    for (int i = 0; i < 3; i++)
        for (int fast = 0; fast < 2; fast++) {
            const char *one = arena_print(*state, AUTOREGRESSIVE, fast ? "sampling" : "density");
            expect_inverse(*state, DIMENSIONS[i], one);
            expect_inverse(*state, DIMENSIONS[i], arena_print(*state, NARROW, fast ? "sampling" : "density"));
            expect_inverse(*state, DIMENSIONS[i], arena_print(*state, "%s, {permute: reverse}, %s", one, one));
        }
    expect_inverse(*state, 4,
                   "{coupling: {transform: spline, net: {mlp: [6]}}}, {coupling: {separate: true, net: {mlp: "
                   "[6, 6], normalize: layer}}}");
}

/* Also of the first component, which depends on nothing else. */
static void expect_dependence(Arena *arena, int dimension, const char *layers)
{
    static const double CONDITIONS[][2] = {{0.7, 0}, {0.9, 0}, {0.7, 1}};
    const Model model = model_of(arena, dimension, layers);
    const double *base = run_entry(&model, ENTRY_SAMPLE, 1, NULL, CONDITIONS[0])[0].data;
    for (int c = 1; c < 3; c++) {
        const double *other = run_entry(&model, ENTRY_SAMPLE, 1, NULL, CONDITIONS[c])[0].data;
        for (int k = 0; k < dimension; k++)
            if (!(fabs(base[k] - other[k]) > 1e-6))
                fail_msg("component %d of %d does not see condition %d: %s", k, dimension, c, layers);
    }
}

static void test_every_component_of_a_masked_layer_depends_on_each_condition(void **state)
{
    static const int DIMENSIONS[] = {3, 13};
    for (int i = 0; i < 2; i++)
        for (int fast = 0; fast < 2; fast++) {
            expect_dependence(*state, DIMENSIONS[i],
                              arena_print(*state, AUTOREGRESSIVE, fast ? "sampling" : "density"));
            expect_dependence(*state, DIMENSIONS[i], arena_print(*state, NARROW, fast ? "sampling" : "density"));
        }
}

static void test_conditions_that_no_net_sees_are_warned_of(void **state)
{
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, *state);
    const char *text =
        "ansatz: 1\nname: blind\nsystem: {vector: 2, condition: {T: {range: [1, 2]}}}\nenergy: {terms: [{value: "
        "\"T*x[0]^2 + x[1]^2\"}]}\narchitecture: {flow: {layers: [linear, actnorm]}}\nloss: [reverse_kl]\n";
    assert_non_null(spec_read_text(*state, "blind.yaml", text, &diagnostics));
    assert_int_equal(diagnostics.count, 1);
    assert_string_equal(diagnostics.items[0].code, "W0350");
}

/* U = |x|^2 / 2 + D season. */
static void test_formulas_see_the_number_of_the_choice(void **state)
{
    static const double X[] = {1, 2, -1, 0.5}, CONDITIONS[] = {0.5, 2, 2, 0};
    const Model model = model_of(*state, 2, "{coupling: {net: {mlp: [3]}}}");
    const IrTensor *energy = run_entry(&model, ENTRY_ENERGY, 2, X, CONDITIONS);
    const IrTensor *force = run_entry(&model, ENTRY_FORCE, 2, X, CONDITIONS);
    ir_test_expect(energy[0].data, (double[]){2.5 + 4, 0.625}, 2, 1e-14, "energy");
    ir_test_expect(force[0].data, (double[]){-1, -2, 1, -0.5}, 4, 1e-14, "force");
}

/* The score is d log q / dx at held conditions. */
static void test_score_is_the_slope_of_log_q(void **state)
{
    enum { SAMPLES = 3 };
    const double h = 1e-5;
    const Model model =
        model_of(*state, 3, "{coupling: {net: {mlp: [5], activation: tanh}}}, {coupling: {net: {mlp: [5]}}}");
    const double *given = random_conditions(*state, model.program->spec, SAMPLES, 9);
    const double *x = run_entry(&model, ENTRY_SAMPLE, SAMPLES, NULL, given)[0].data;
    const IrTensor *score = run_entry(&model, ENTRY_SCORE, SAMPLES, x, given);
    for (int k = 0; k < 3; k++) {
        double moved[2][3 * SAMPLES], slope[SAMPLES], expected[SAMPLES];
        for (int side = 0; side < 2; side++) {
            memcpy(moved[side], x, sizeof moved[side]);
            for (int s = 0; s < SAMPLES; s++)
                moved[side][3 * s + k] += side == 0 ? -h : h;
        }
        const double *low = run_entry(&model, ENTRY_LOG_PROB, SAMPLES, moved[0], given)[0].data;
        const double *high = run_entry(&model, ENTRY_LOG_PROB, SAMPLES, moved[1], given)[0].data;
        for (int s = 0; s < SAMPLES; s++) {
            expected[s] = (high[s] - low[s]) / (2 * h);
            slope[s] = score[1].data[3 * s + k];
        }
        ir_test_expect(slope, expected, SAMPLES, 1e-7, "score");
    }
}

/* ---- as packages ------------------------------------------------------------------------------------------------- */

static const char HEAD[] = "ansatz: 1\nname: given\nsystem: {vector: {size: 2, names: [u, v]}, ";
static const char FLOW[] = "architecture: {flow: {layers: [{repeat: 2, layers: [{coupling: {net: {mlp: [8]}}}]}, "
                           "{masked_autoregressive: {net: "
                           "{masked_mlp: [8]}}}]}}\ntrain: {batch: 64, steps: 300, optimizer: {adam: {rate: 1e-2}}}\n";

/* A package of this spec, built without optimisation and tested by itself. */
static const char *build(const char *text)
{
    const char *folder = shell_folder();
    shell_write(text, strlen(text), "%s/given.yaml", folder);
    shell_must("cd %s && %s emit given.yaml -o package && sed -i s/-O[123]/-O0/ package/build.ninja && "
               "ninja -C package given",
               folder, shell_ansatz());
    shell_must(
        "cd %s/package && cc -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fsyntax-only "
        "given_main.c "
        "example/example.c && cc -std=c11 -Wall -Wextra -Werror -DGIVEN_DISPATCH -fsyntax-only dispatch/dispatch.c",
        folder);
    return folder;
}

static void expect_failure(const char *folder, const char *arguments, const char *message)
{
    ShellResult result = shell_run("cd %s && package/given %s", folder, arguments);
    assert_int_equal(result.code, 64);
    if (strstr(result.output, message) == NULL)
        fail_msg("%s: %s", arguments, result.output);
    free(result.output);
}

/* Help has them in its examples, and selftest says which it takes. */
static void expect_told_conditions(const char *folder)
{
    shell_must("cd %s && for v in sample log_prob energy evaluate; do package/given $v --help | grep -q "
               "\"^  package/given $v .* --condition T=1.25 --condition season=winter\" || exit 1; done && "
               "! package/given train --help | grep -q -e --condition && "
               "package/given --help | grep -q 'sample .* --condition T=1.25 --condition season=winter'",
               folder);
    shell_must("cd %s && package/given selftest | grep -qx 'with --condition T=1.25 --condition season=winter' && "
               "package/given selftest --condition season=summer --condition T=0.75 >told && "
               "grep -qx 'with --condition T=0.75 --condition season=summer' told && "
               "package/given selftest --condition season=summer --json | grep -q '\"T\": 1.25' && "
               "package/given selftest --condition T=1.2345678 | grep -q 'with --condition T=1.2345678 '",
               folder);
    expect_failure(folder, "selftest --condition T=7", "expected from 0.5 to 2");
}

/* Samples of one condition are no reference for another: their x.json says which. */
static void expect_conditions_of_references(const char *folder)
{
    const char *evaluate = "package/given evaluate -q -w run -n 500 --reference";
    shell_must(
        "cd %s && package/given sample -w run -n 500 -o r.npy --exact --condition T=2 --condition season=summer -q && "
        "%s r.npy --condition T=2 --condition season=summer",
        folder, evaluate);
    ShellResult result = shell_run("cd %s && %s r.npy --condition T=1.5 --condition season=summer", folder, evaluate);
    assert_int_equal(result.code, 65);
    assert_non_null(strstr(result.output, "r.npy: its samples are those of T=2, and --condition T=1.5 is given"));
    free(result.output);
    result = shell_run("cd %s && %s r.npy --condition T=2 --condition season=0", folder, evaluate);
    assert_int_equal(result.code, 65);
    assert_non_null(strstr(result.output, "those of season='summer', and --condition season=winter is given"));
    free(result.output);
    /* those of a model that has kT as a number, not as the condition T */
    shell_must("cd %s && cp r.json was && sed -e 's/\"kT\": \"T\"/\"kT\": 2/' -e '/\"T\": 2/d' was >r.json && ! cmp -s "
               "r.json was && "
               "%s r.npy --condition T=2 --condition season=summer",
               folder, evaluate);
    result = shell_run("cd %s && %s r.npy --condition T=1.5 --condition season=summer", folder, evaluate);
    assert_int_equal(result.code, 65);
    assert_non_null(strstr(result.output, "r.npy: its samples are those of kT=2, and here kT is 1.5: give samples of "
                                          "this kT, or --condition T=2"));
    free(result.output);
    /* what it says of another file says nothing */
    shell_must(
        "cd %s && package/given sample -w run -n 500 -o s.npy --exact --condition T=2 --condition season=winter -q && "
        "cp s.npy r.npy && %s r.npy --condition T=2 --condition season=winter && rm r.json && "
        "%s r.npy --condition T=1 --condition season=summer",
        folder, evaluate, evaluate);
}

/* U/kT = |x - k|^2 / 2T with k = 0 in winter, 1 in summer: normal densities, Z = 2 pi T. */
static void test_a_package_is_steered_by_its_conditions(void **state)
{
    const char *folder = build(
        arena_print(*state,
                    "%scondition: {T: {range: [0.5, 2]}, season: {one_of: [winter, summer]}}, kT: {condition: T}}\n"
                    "energy: {terms: [{over: components, value: \"(x - season)^2/2\"}]}\n%sloss: [reverse_kl]\n"
                    "observables: [{name: sum, value: \"u + v + 10*season\"}]\n",
                    HEAD, FLOW));
    shell_must("cd %s && package/given selftest && package/given train -o run -q --threads 1 && "
               "package/given selftest -w run && package/given info",
               folder);
    /* log 2 pi T is 1.1447 and 2.5310; the errors are 0.01 */
    shell_must("cd %s && package/given evaluate -w run -n 4000 --condition T=0.5 --condition season=summer "
               "--require 'ess > 0.8' --require 'log_z > 1.09' --require 'log_z < 1.2' --require "
               "'observables.sum.reweighted > 11.8' "
               "--require 'observables.sum.reweighted < 12.2' && "
               "package/given evaluate -w run -n 4000 --condition T=2 --condition season=winter --smc 2 --ais 2 "
               "--require 'ess > 0.8' --require 'log_z > 2.48' --require 'log_z < 2.58' --precision double",
               folder);
    shell_must("cd %s && package/given sample -w run -n 5000 -o x.npy --condition T=2 --condition season=summer -q && "
               "grep -q '\"season\": \"summer\"' x.json && grep -q '^  \"kT\": \"T\"' x.json && "
               "package/given sample -w run --range 4500:5000 -o y.npy --condition T=2 --condition season=summer -q && "
               "tail -c 4000 x.npy >x && tail -c 4000 y.npy >y && cmp x y",
               folder);
    shell_must("cd %s && package/given log_prob -w run -i y.npy -o q.npy --condition T=2 --condition season=summer && "
               "package/given energy -i y.npy -o u.npy --force f.npy --condition T=2 --condition season=summer && "
               "package/given sample -w run -n 100 -o z.csv --exact --condition T=1 --condition season=winter",
               folder);
    expect_failure(folder, "sample -w run -n 1 -o z.npy --condition season=winter",
                   "--condition T=VALUE, from 0.5 to 2");
    expect_failure(folder, "sample -w run -n 1 -o z.npy --condition T=3", "expected from 0.5 to 2");
    expect_failure(folder, "sample -w run -n 1 -o z.npy --condition seasn=winter", "did you mean 'season'?");
    /* a choice by its number is the choice by its name */
    shell_must(
        "cd %s && package/given energy -i y.npy -o u1.npy --condition T=2 --condition season=1 && cmp u.npy u1.npy",
        folder);
    expect_failure(folder, "energy -i y.npy -o u.npy --condition season=autumn",
                   "expected winter or summer, or its number from 0");
    expect_failure(folder, "energy -i y.npy -o u.npy --condition season=2", "expected winter or summer");
    expect_failure(folder, "energy -i y.npy -o u.npy --condition season=0.5", "expected winter or summer");
    expect_told_conditions(folder);
    expect_conditions_of_references(folder);
    expect_failure(folder, "evaluate -w run -n 9 --condition T=1 --condition T=1", "was given before");
    expect_failure(folder, "evaluate -w run -n 9 --condition T", "expected NAME=VALUE");
    expect_failure(folder, "evaluate -w run -n 9 --kT 2", "--condition T=2");
    shell_clean();
}

/* Rows around u = -2 in winter, the first choice, and around 2 in summer. */
static const char *rows_of_seasons(Arena *arena)
{
    Text rows = text_start(arena);
    TestRandom random = {3};
    text_put(&rows, "v,which,u\n");
    for (int i = 0; i < 1000; i++)
        text_print(&rows, "%.6f,%d,%.6f\n", test_normal(&random), i % 2, 4 * (i % 2) - 2 + 0.5 * test_normal(&random));
    return rows.bytes;
}

static void test_a_package_learns_conditions_from_columns(void **state)
{
    const char *folder = build(arena_print(
        *state,
        "%scondition: {unused: {range: [0, 1]}, season: {one_of: [winter, summer]}}}\n%sloss: [forward_kl]\n"
        "data: {train: {file: rows.csv}, validation: {fraction: 0.2}, condition_columns: {which: season}}\n"
        "observables: [{name: u, value: u}]\n",
        HEAD, FLOW));
    const char *rows = rows_of_seasons(*state);
    shell_write(rows, strlen(rows), "%s/rows.csv", folder);
    shell_must(
        "cd %s && package/given selftest && package/given train -o run -q --threads 1 && package/given selftest -w run",
        folder);
    /* the entropy is log(2 pi e) - log 2 = 2.1447 */
    shell_must("cd %s && package/given evaluate -w run --condition unused=0.5 --require 'nll < 2.4' && "
               "package/given evaluate -w run --condition unused=0.5 --precision double --require 'nll < 2.4'",
               folder);
    shell_must("cd %s && for s in winter summer; do package/given sample -w run -n 2000 -o $s.csv -q "
               "--condition unused=0.5 --condition season=$s; done && "
               "awk -F, 'NR > 1 { s += $1 } END { exit !(s / 2000 > 1.8 && s / 2000 < 2.2) }' summer.csv && "
               "awk -F, 'NR > 1 { s += $1 } END { exit !(s / 2000 > -2.2 && s / 2000 < -1.8) }' winter.csv",
               folder);
    /* samples are data again, with their conditions */
    shell_must("cd %s && head -n 1 summer.csv | grep -qx 'u,v,which,log_q' && grep -q ',summer,' summer.csv && "
               "(cat summer.csv && tail -n +2 winter.csv) >both.csv && "
               "package/given train -o again -q --threads 1 --steps 100 --data both.csv && "
               "package/given log_prob -w run -i summer.csv -o a.npy --condition unused=0.5 && "
               "package/given log_prob -w run -i summer.csv -o b.npy --condition unused=0.5 --condition season=1 && "
               "cmp a.npy b.npy",
               folder);
    shell_must("cd %s && package/given evaluate --help | grep -q 'evaluate .* --condition unused=0.5$'", folder);
    /* a column and an option say the same */
    shell_must("cd %s && awk -F, 'NR == 1 || $2 == 1' rows.csv >some.csv && "
               "package/given log_prob -w run -i some.csv -o a.npy --condition unused=0.5 && "
               "package/given log_prob -w run -i some.csv -o b.npy --condition unused=0.5 --condition season=summer && "
               "cmp a.npy b.npy",
               folder);
    /* and so does a choice's name in the place of its number */
    shell_must(
        "cd %s && awk -F, -v OFS=, 'NR > 1 { $2 = $2 == 1 ? \"summer\" : \"winter\" } 1' some.csv >named.csv && "
        "grep -q summer named.csv && package/given log_prob -w run -i named.csv -o c.npy --condition unused=0.5 && "
        "cmp a.npy c.npy && sed 's/summer/autumn/' named.csv >autumn.csv",
        folder);
    ShellResult autumn =
        shell_run("cd %s && package/given log_prob -w run -i autumn.csv -o d.npy --condition unused=0.5", folder);
    assert_int_equal(autumn.code, 65);
    assert_non_null(strstr(
        autumn.output, "autumn.csv:2: column 'which': expected a choice's name, or its number from 0, found 'autumn'"));
    free(autumn.output);
    shell_must("cd %s && sed '3s/,0,/,2,/;3s/,1,/,2,/' rows.csv >bad.csv", folder);
    ShellResult result = shell_run("cd %s && package/given train -o bad -q --data bad.csv", folder);
    assert_int_equal(result.code, 65);
    assert_non_null(strstr(result.output, "bad.csv:3: column 'which': 2, no number of a choice of season: 0 to 1"));
    free(result.output);
    expect_failure(folder, "sample -w run -n 1 -o z.npy --condition unused=0",
                   "--condition season=VALUE, winter or summer");
    shell_clean();
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, ir_test_start, ir_test_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_densities_integrate_to_one_for_each_condition),
        TEST(test_log_prob_inverts_samples_of_the_same_conditions),
        TEST(test_every_component_of_a_masked_layer_depends_on_each_condition),
        TEST(test_conditions_that_no_net_sees_are_warned_of),
        TEST(test_formulas_see_the_number_of_the_choice),
        TEST(test_score_is_the_slope_of_log_q),
        TEST(test_a_package_is_steered_by_its_conditions),
        TEST(test_a_package_learns_conditions_from_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
