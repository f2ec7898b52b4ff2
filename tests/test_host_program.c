/* SPDX-License-Identifier: MIT */
/* A package's program as its users meet it: commands, files and exit codes, with the model of tests/host_model.h. What it
 * says of a model's samples is in test_host_evaluate.c. */
#include "runtime/host/csv.h"
#include "runtime/host/sha256.h"
#include "tests/host_helpers.h"
#include "tests/host_model.h"
#include "tests/host_results.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- the command line -------------------------------------------------------------------------------------------- */

static void test_wrong_command_lines(void **state)
{
    static const struct {
        const char *arguments, *message;
    } cases[] = {
        {"", "no command"},
        {"trian", "unknown command 'trian'; did you mean 'train'?"},
        {"xyzzy", "unknown command 'xyzzy'; the commands are"},
        {"train", "train needs -o RUN"},
        {"train -o", "--output needs a value: --output RUN"},
        {"train -o run extra", "train: unexpected 'extra'"},
        {"train -o run --sede 1", "train has no option '--sede'; did you mean --seed?"},
        {"train -o run --frobnicate", "train has no option '--frobnicate'; train --help lists"},
        {"train -o run -n 5", "train has no option '-n'"},
        {"train -o run --steps 0", "--steps '0': expected a whole number, at least 1"},
        {"train -o run --steps 1.5", "--steps '1.5': expected a whole number"},
        {"train -o run --seed -1", "--seed '-1': expected a whole number"},
        {"train -o run --steps 5000000000", "--steps: at most 4294967295"},
        {"train -o run --resume=yes", "--resume takes no value"},
        {"train -o run --threads 100000", "--threads 100000: at most 1024"},
        {"sample -w run -o x.npy", "sample needs -n N or --range A:B"},
        {"sample -n 5 -o x.npy", "sample needs -w W"},
        {"sample -w run -n 5", "sample needs -o FILE"},
        {"sample -w run -n 5 --range 0:5 -o x.npy", "give one of them, once"},
        {"sample -w run --range 5:5 -o x.npy", "--range '5:5': expected A:B"},
        {"sample -w run --range 5 -o x.npy", "--range '5': expected A:B"},
        {"sample -w run -n 5 -o x.npy --kT 0", "--kT '0': expected a number above 0"},
        {"sample -w run -n 5 -o x.npy --condition season=1", "the model host_model has no conditions"},
        {"evaluate -w run", "evaluate needs -n N"},
        {"evaluate -w run -n 10 --require 'ess ~ 3'", "expected NAME OP NUMBER"},
        {"evaluate -w run -n 10 --require 'ess >= many'", "expected NAME OP NUMBER"},
        {"evaluate -w run -n 10 --require 'es >= 0.3'", "evaluate has no 'es'; did you mean 'ess'?"},
        {"evaluate -w run -n 10 --require 'observables.lefd.plain > 0'", "did you mean 'observables.left.plain'?"},
        {"evaluate -w run -n 10 --precision single", "--precision 'single': expected float or double"},
        {"log_prob -w run -o y.npy", "log_prob needs -i FILE"},
        {"energy -i x.npy -o y.txt", "-o y.txt: results are written to .npy files"},
        {"energy -i x.txt -o y.npy", "x.txt: configurations are read from .npy and .csv files"},
        {"help trian", "unknown command 'trian'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int code = run_program("%s", cases[i].arguments);
        if (code != FAILURE_USAGE)
            fail_msg("'%s' ended with %d", cases[i].arguments, code);
        expect_text("err", cases[i].message);
    }
    assert_false(file_exists("run"));
}

static void test_help_starts_with_examples(void **state)
{
    static const char *const verbs[] = {"train", "sample", "log_prob", "energy", "evaluate", "info", "selftest"};
    (void)state;
    for (size_t i = 0; i < 7; i++) {
        expect_code(run_program("%s --help", verbs[i]), 0);
        char *text = scratch_read("out");
        const char *examples = strstr(text, "examples:"), *options = strstr(text, "options:");
        assert_true(examples != NULL && options != NULL && examples < options);
        free(text);
        expect_text("out", "--json");
        expect_code(run_program("help %s", verbs[i]), 0);
        expect_text("out", "examples:");
    }
    expect_code(run_program("train --help"), 0);
    expect_text("out", "OMP_WAIT_POLICY=passive");
    expect_code(run_program("--help"), 0);
    expect_text("out", "host_model.yaml");
    expect_code(run_program("-h"), 0);
    expect_code(run_program("train -o x -h"), 0);
    expect_code(run_program("--version"), 0);
    expect_text("out", "host_model, from host_model.yaml");
}

static void test_full_output_is_an_io_failure(void **state)
{
    (void)state;
    if (!file_exists("/dev/full")) {
        print_message("skip: no /dev/full here\n");
        skip();
    }
    expect_code(run_program("info --json >/dev/full"), FAILURE_IO);
    expect_text("err", "No space left");
}

/* Two packages in one program need this: see runtime/prefix.h. (AddressSanitizer adds names of its own.) */
static void test_every_external_name_has_the_prefix(void **state)
{
    (void)state;
    expect_code(run_program("--version; nm -g --defined-only \"$(dirname \"$PROGRAM\")/../host.a\" >names"), 0);
    assert_true(command_works("grep -q ' T ansatz_program_main' names"));
    assert_true(command_works("! grep -E ' [A-Z] ' names | grep -vE ' (ansatz_|__odr_asan)'"));
}

/* ---- sample ------------------------------------------------------------------------------------------------------ */

static void test_samples_of_ranges_are_pieces_of_the_whole(void **state)
{
    (void)state;
    need_trained();
    expect_code(run_program("sample -w trained -n 300 -o whole.npy"), 0);
    expect_code(run_program("sample -w trained --range 0:1 -o a.npy"), 0);
    expect_code(run_program("sample -w trained --range 1:130 -o b.npy --threads 2"), 0);
    expect_code(run_program("sample -w trained/weights.safetensors --range 130:300 -o c.npy"), 0);
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"", ".log_q", ".log_w"};
        char command[300];
        snprintf(command, sizeof command,
                 "for f in a b c; do tail -c +129 $f%s.npy; done >pieces; tail -c +129 whole%s.npy | "
                 "cmp - pieces",
                 names[i], names[i]);
        assert_true(command_works(command));
    }
}

static void test_samples_carry_what_made_them(void **state)
{
    (void)state;
    char hash[SHA256_TEXT_SIZE];
    Failure failure;
    need_trained();
    expect_code(run_program("sample -w trained --range 7:20 -o s.npy --seed 12345678901234567890 --json"), 0);
    Json printed = read_json("out"), json = read_json("s.json"), record = read_json("trained/run.json");
    assert_string_equal(text_of(printed.root, "format"), "ansatz samples 1");
    assert_string_equal(text_of(json.root, "spec_sha256"), host_model.spec_sha256);
    assert_string_equal(text_of(json.root, "package_sha256"), host_model.package_sha256);
    assert_string_equal(text_of(json.root, "tool_version"), host_model.version);
    assert_string_equal(text_of(json.root, "weights_sha256"), text_of(record.root, "weights_sha256"));
    assert_true(file_hash("trained/weights.safetensors", hash, &failure));
    assert_string_equal(text_of(json.root, "weights_sha256"), hash);
    uint64_t seed;
    assert_true(json_to_count(json_member(json.root, "seed"), &seed) && seed == 12345678901234567890u);
    assert_true(number_of(json.root, "first") == 7 && number_of(json.root, "count") == 13);
    assert_true(number_of(json_member(json.root, "scalars"), "kT") == 1);
    const JsonNode *files = json_member(json.root, "files");
    assert_true(file_hash("s.npy", hash, &failure));
    assert_string_equal(text_of(json_member(files, "x"), "sha256"), hash);
    assert_true(file_hash("s.log_w.npy", hash, &failure));
    assert_string_equal(text_of(json_member(files, "log_w"), "sha256"), hash);
    json_release(&printed);
    json_release(&json);
    json_release(&record);
}

/* log w = -U / kT - log q, with the kT that was asked for; CSV holds the same numbers. */
static void test_sample_weights_and_csv(void **state)
{
    (void)state;
    need_trained();
    expect_code(run_program("sample -w trained -n 40 -o t.npy --kT 1.5"), 0);
    expect_code(run_program("sample -w trained -n 40 -o t.csv --kT 1.5"), 0);
    expect_code(run_program("energy -i t.npy -o u.npy"), 0);
    double *x = read_array("t.npy", 2, 80), *log_q = read_array("t.log_q.npy", 1, 40);
    double *log_w = read_array("t.log_w.npy", 1, 40), *u = read_array("u.npy", 1, 40);
    char *text = scratch_read("t.csv");
    CsvTable table;
    Failure failure;
    assert_true(csv_parse(text, strlen(text), "t.csv", &table, &failure));
    assert_int_equal(table.columns, 4);
    assert_string_equal(table.names[3], "log_w");
    for (int i = 0; i < 40; i++) {
        assert_true(fabs(log_w[i] - (-u[i] / 1.5 - log_q[i])) < 1e-6);
        assert_true((float)table.values[4 * i + 1] == (float)x[2 * i + 1]);
        assert_true((float)table.values[4 * i + 2] == (float)log_q[i]);
        assert_true(fabs(table.values[4 * i + 3] - log_w[i]) < 1e-7);
    }
    csv_release(&table);
    free(text);
    free(x);
    free(log_q);
    free(log_w);
    free(u);
}

static void test_sample_failures(void **state)
{
    (void)state;
    need_trained();
    expect_code(run_program("sample -w trained -n 5 -o x.xyz"), FAILURE_USAGE);
    expect_text("err", "x.xyz: samples are written to .npy or .csv files");
    expect_code(run_program("sample -w trained -n 5 -o no/such/x.npy"), FAILURE_CANNOT_CREATE);
    expect_code(run_program("sample -w missing -n 5 -o x.npy"), FAILURE_NO_INPUT);
    expect_code(run_program("sample -w s.json -n 5 -o x.npy"), FAILURE_DATA);
    expect_text("err", "not a safetensors file");
    expect_code(run_program("sample -w trained --range 18446744073709551614:18446744073709551615 -o last.npy"), 0);
    static const char *const too_many[] = {"-n 9000000000000000000 -o huge.npy", "-n 9000000000000000000 -o huge.csv",
                                           "-n 1000000000000000 -o huge.npy", "-n 1000000000000000 -o ./huge.csv",
                                           "--range 0:18446744073709551615 -o ./huge.npy"};
    for (size_t i = 0; i < sizeof too_many / sizeof *too_many; i++) {
        expect_code(run_program("sample -w trained %s", too_many[i]), FAILURE_CANNOT_CREATE);
        expect_text("err", " GB of the disk are free: draw fewer (-n)");
    }
    assert_true(command_works("ln -s /dev/full full.csv && ln -s /dev/full full.npy && ln -s /dev/full full.log_q.npy"
                              " && ln -s /dev/full full.log_w.npy"));
    expect_code(run_program("sample -w trained -n 1000000000000000 -o full.csv"), FAILURE_IO); /* no disk to fill */
    expect_code(run_program("sample -w trained -n 1000000000000000 -o full.npy"), FAILURE_IO);
    expect_code(run_program("sample -w trained -n 9000000000000000000 -o full.npy"), FAILURE_USAGE);
    expect_text("err", "more than an array can have");
    expect_code(run_program("--break=energy sample -w trained -n 5 -o nan.npy"), FAILURE_NOT_FINITE);
    expect_text("err", "sample 0: the energy is nan");
    expect_code(run_program("--break=spec sample -w trained -n 5 -o other.npy"), 0);
    expect_text("err", "warning: trained/weights.safetensors was trained with another version of the spec");
    assert_true(command_works("test -z \"$(ls | grep -E 'nan|tmp|huge')\"")); /* nothing half-made is left */
}

/* ---- log_prob and energy ----------------------------------------------------------------------------------------- */

static void test_log_prob_of_samples_is_their_log_q(void **state)
{
    (void)state;
    need_trained();
    expect_code(run_program("sample -w trained -n 100 -o p.npy"), 0);
    expect_code(run_program("log_prob -w trained -i p.npy -o again.npy"), 0);
    double *log_q = read_array("p.log_q.npy", 1, 100), *again = read_array("again.npy", 1, 100);
    for (int i = 0; i < 100; i++)
        assert_true(fabs(log_q[i] - again[i]) < 1e-5);
    free(log_q);
    free(again);
}

static void test_energies_and_forces(void **state)
{
    static const char text[] = "extra,x[1],x[0]\n9,0.5,2\n9,-0.5,1\n";
    (void)state;
    scratch_write("points.csv", text, strlen(text));
    expect_code(run_program("energy -i points.csv -o e.npy --force f.npy --json"), 0);
    Json json = read_json("out");
    assert_string_equal(text_of(json_member(json.root, "force"), "file"), "f.npy");
    json_release(&json);
    double *u = read_array("e.npy", 1, 2), *f = read_array("f.npy", 2, 4);
    assert_true(u[0] == 2.5 && u[1] == 0);
    assert_true(f[0] == -1 && f[1] == -4 && f[2] == 0 && f[3] == 0);
    free(u);
    free(f);
}

/* What is said to come next can be pasted into a shell, and is of the same temperature. */
static void test_next_commands_are_quoted(void **state)
{
    (void)state;
    need_trained();
    assert_true(command_works("rm -rf \"it's a run\" && cp -r trained \"it's a run\""));
    expect_code(run_program("sample -w \"it's a run\" -n 3 -o three.npy"), 0);
    expect_text("err", " evaluate -w 'it'\\''s a run' -n 100000");
    expect_code(run_program("sample -w trained -n 3 -o three.npy"), 0);
    expect_text("err", " evaluate -w trained -n 100000\n");
    expect_code(run_program("sample -w trained -n 3 -o three.npy --kT 1.6"), 0);
    expect_text("err", " evaluate -w trained -n 100000 --kT 1.6\n");
    expect_code(run_program("evaluate -w trained -n 1000 --kT 1.6"), 0);
    expect_text("err", " sample -w trained -n 1000 -o x.npy --kT 1.6\n");
}

static void test_damaged_inputs(void **state)
{
    (void)state;
    const float values[6] = {1, 2, 3, 4, NAN, 6};
    write_array("wide.npy", values, 2, (const uint64_t[]){2, 3});
    write_array("flat.npy", values, 1, (const uint64_t[]){2});
    write_array("axes.npy", values, 3, (const uint64_t[]){2, 1, 2});
    write_array("nan.npy", values, 2, (const uint64_t[]){3, 2});
    scratch_write("names.csv", "x[0],y\n1,2\n", 11);
    scratch_write("text.csv", "x[0],x[1]\n1,two\n", 16);
    expect_code(run_program("energy -i wide.npy -o e.npy"), FAILURE_DATA);
    expect_text("err", "the model host_model needs [n, 2]");
    expect_code(run_program("energy -i flat.npy -o e.npy"), FAILURE_DATA);
    expect_code(run_program("energy -i axes.npy -o e.npy"), 0);
    write_array("axes.npy", values, 3, (const uint64_t[]){2, 2, 1});
    expect_code(run_program("energy -i axes.npy -o e.npy"), 0);
    write_array("axes.npy", values, 3, (const uint64_t[]){1, 2, 2});
    expect_code(run_program("energy -i axes.npy -o e.npy"), FAILURE_DATA);
    expect_code(run_program("energy -i nan.npy -o e.npy"), FAILURE_DATA);
    expect_text("err", "nan.npy: row 2: component 'x[0]': nan, no finite float");
    expect_code(run_program("energy -i names.csv -o e.npy"), FAILURE_DATA);
    expect_text("err", "no column 'x[1]'");
    expect_code(run_program("energy -i text.csv -o e.npy"), FAILURE_DATA);
    expect_text("err", "text.csv:2: column 'x[1]': expected a finite number, found 'two'");
    expect_code(run_program("energy -i none.npy -o e.npy"), FAILURE_NO_INPUT);
    expect_text("err", "cannot read none.npy: No such file or directory");
}

/* ---- info and selftest ------------------------------------------------------------------------------------------- */

static void test_info(void **state)
{
    (void)state;
    need_trained();
    expect_code(run_program("info"), 0);
    expect_text("out", "flow.log_scale");
    expect_code(run_program("info -w trained --json"), 0);
    Json json = read_json("out");
    assert_true(number_of(json.root, "weights") == 7 && number_of(json.root, "trained_weights") == 4);
    assert_true(number_of(json_member(json.root, "build"), "lanes") >= 1);
    json_release(&json);
}

static void test_selftest_finds_what_is_broken(void **state)
{
    (void)state;
    need_trained();
    expect_code(run_program("selftest"), 0);
    expect_code(run_program("selftest -w trained --threads 2"), 0);
    expect_code(run_program("--break=single selftest"), 0);
    expect_text("out", "skip  gradient");
    static const char *const broken[][2] = {{"inexact", "bad   gradient"}, {"force", "bad   force"},
                                            {"score", "bad   score"},      {"density", "bad   density"},
                                            {"rows", "bad   rows"},        {"log_prob", "bad   inverse, float"}};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        expect_code(run_program("--break=%s selftest", broken[i][0]), FAILURE_INTERNAL);
        expect_text("out", broken[i][1]);
    }
    expect_code(run_program("--break=density selftest --json"), FAILURE_INTERNAL);
    Json json = read_json("out");
    assert_true(number_of(json.root, "failed") >= 1);
    json_release(&json);
}

/* Differences of energies with a large constant are rounded, which says nothing of the derivatives; wrong ones are found
 * nevertheless. */
static void test_selftest_with_a_large_constant(void **state)
{
    (void)state;
    need_trained();
    expect_code(run_program("--break=constant selftest"), 0);
    expect_text("out", "good  force");
    expect_text("out", "good  gradient");
    expect_code(run_program("--break=constant --break=force selftest"), FAILURE_INTERNAL);
    expect_text("out", "bad   force");
    expect_code(run_program("--break=constant --break=inexact selftest"), FAILURE_INTERNAL);
    expect_text("out", "bad   gradient");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_command_lines),
        cmocka_unit_test(test_help_starts_with_examples),
        cmocka_unit_test(test_full_output_is_an_io_failure),
        cmocka_unit_test(test_every_external_name_has_the_prefix),
        cmocka_unit_test(test_samples_of_ranges_are_pieces_of_the_whole),
        cmocka_unit_test(test_samples_carry_what_made_them),
        cmocka_unit_test(test_sample_weights_and_csv),
        cmocka_unit_test(test_sample_failures),
        cmocka_unit_test(test_log_prob_of_samples_is_their_log_q),
        cmocka_unit_test(test_energies_and_forces),
        cmocka_unit_test(test_next_commands_are_quoted),
        cmocka_unit_test(test_damaged_inputs),
        cmocka_unit_test(test_info),
        cmocka_unit_test(test_selftest_finds_what_is_broken),
        cmocka_unit_test(test_selftest_with_a_large_constant),
    };
    return cmocka_run_group_tests(tests, scratch_start, scratch_end);
}
