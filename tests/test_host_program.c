/* SPDX-License-Identifier: MIT */
/* A package's program as its users meet it: commands, files and exit codes, with the model of tests/host_model.h. */
#include "runtime/host/configurations.h"
#include "runtime/host/csv.h"
#include "runtime/host/json.h"
#include "runtime/host/npy.h"
#include "runtime/host/sha256.h"
#include "tests/host_helpers.h"
#include "tests/host_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- helpers ----------------------------------------------------------------------------------------------------- */

static void expect_code(int code, int expected)
{
    if (code == expected)
        return;
    char *err = scratch_read("err");
    fail_msg("exit code %d, expected %d; stderr:\n%s", code, expected, err);
}

static Json read_json(const char *path)
{
    char *text = scratch_read(path);
    Json json;
    Failure failure;
    if (!json_read(text, strlen(text), path, &json, &failure))
        fail_msg("%s", failure.text);
    free(text);
    return json;
}

static double number_of(const JsonNode *object, const char *name)
{
    double number;
    if (!json_to_real(json_member(object, name), &number))
        fail_msg("no number '%s'", name);
    return number;
}

static const char *text_of(const JsonNode *object, const char *name)
{
    const JsonNode *member = json_member(object, name);
    if (member == NULL || member->kind != JSON_STRING)
        fail_msg("no text '%s'", name);
    return member->text;
}

/* The numbers of an NPY file, to be freed. */
static double *read_array(const char *path, int rank, size_t count)
{
    FileBytes file;
    NpyView view;
    Failure failure;
    if (!file_read(path, &file, &failure) || !npy_parse(file.bytes, file.length, path, &view, &failure))
        fail_msg("%s", failure.text);
    assert_int_equal(view.rank, rank);
    assert_int_equal(view.count, count);
    double *values = malloc(count * sizeof *values);
    npy_to_double(&view, values);
    file_release(&file);
    return values;
}

static void write_array(const char *path, const float *values, int rank, const uint64_t *shape)
{
    NpyWriter writer;
    Failure failure;
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)shape[i];
    assert_true(npy_start(&writer, path, 4, rank, shape, &failure) && npy_write(&writer, values, count, &failure) &&
                npy_finish(&writer, NULL, &failure));
}

/* One trained model for the tests that only use it. */
static void need_trained(void)
{
    if (!file_exists("trained"))
        expect_code(run_program("train -o trained -q"), 0);
}

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
    expect_code(run_program("--break=energy sample -w trained -n 5 -o nan.npy"), FAILURE_NOT_FINITE);
    expect_text("err", "sample 0: the energy is nan");
    expect_code(run_program("--break=spec sample -w trained -n 5 -o other.npy"), 0);
    expect_text("err", "warning: trained/weights.safetensors was trained with another version of the spec");
    assert_true(command_works("test -z \"$(ls | grep -E 'nan|tmp')\"")); /* nothing half-made is left */
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

/* ---- evaluate ---------------------------------------------------------------------------------------------------- */

/* A number within 5 of its errors of what it should be, and an error of a plausible size. */
static void expect_estimate(const JsonNode *object, const char *name, double expected, double largest_error)
{
    const JsonNode *estimate = json_member(object, name);
    const double value = number_of(estimate, "value"), error = number_of(estimate, "error");
    if (!(fabs(value - expected) < 5 * error) || !(error < largest_error))
        fail_msg("%s: %g +- %g, expected %g with an error below %g", name, value, error, expected, largest_error);
}

/* Equipartition: a mean energy of kT, the centre's halves, E x0 E x1; log Z = log(2 pi kT / sqrt(k0 k1)). */
static void expect_closed_forms(const char *options, double kT)
{
    expect_code(run_program("evaluate -w trained -n 40000 --json -q %s", options), 0);
    Json json = read_json("out");
    const JsonNode *observables = json_member(json.root, "observables");
    assert_true(number_of(json.root, "samples") == 40000);
    assert_true(number_of(json.root, "ess") > 0.5 && number_of(json.root, "ess") <= 1);
    expect_estimate(json.root, "log_z", log(2 * 3.14159265358979 * kT / 2), 0.02);
    expect_estimate(json.root, "mean_energy_reweighted", kT, 0.05);
    expect_estimate(json_member(observables, "left"), "reweighted", 0.5, 0.01);
    expect_estimate(json_member(observables, "product"), "reweighted", -0.5, 0.05);
    assert_true(number_of(json.root, "pareto_k") < 0.7);
    assert_true(number_of(json.root, "acceptance") > 0.5 && number_of(json.root, "acceptance") <= 1);
    json_release(&json);
}

static void test_evaluate_finds_closed_forms(void **state)
{
    (void)state;
    need_trained();
    expect_closed_forms("", 1);
    expect_closed_forms("--seed 5 --precision double", 1);
    expect_closed_forms("--kT 1.3", 1.3);
}

static JsonNode const *verdict_named(const Json *json, const char *name)
{
    for (const JsonNode *verdict = json_member(json->root, "verdicts")->first; verdict; verdict = verdict->next)
        if (strcmp(text_of(verdict, "name"), name) == 0)
            return verdict;
    fail_msg("no verdict '%s'", name);
    return NULL;
}

static void test_evaluate_has_every_key(void **state)
{
    static const char *const names[] = {
        "samples",  "ess",        "ess_forward", "log_z",    "mean_energy",    "mean_energy_reweighted",
        "pareto_k", "acceptance", "observables", "verdicts", "log_z_smoothed", "mean_energy_chain",
        "ais",      "smc",        "modes",
    };
    (void)state;
    need_trained();
    expect_code(run_program("evaluate -w trained -n 5000 --json"), 0);
    Json json = read_json("out");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_member(json.root, names[i]) == NULL)
            fail_msg("no member '%s'", names[i]);
    assert_int_equal(json_member(json.root, "ess_forward")->kind, JSON_NULL);
    for (const JsonNode *verdict = json_member(json.root, "verdicts")->first; verdict; verdict = verdict->next)
        assert_non_null(text_of(verdict, "why"));
    json_release(&json);
}

static void test_nothing_is_good_by_the_models_own_ess_alone(void **state)
{
    (void)state;
    need_trained();
    expect_code(run_program("evaluate -w trained -n 5000 --json"), 0);
    Json json = read_json("out");
    assert_true(number_of(json.root, "ess") > 0.9);
    assert_string_equal(text_of(verdict_named(&json, "ess"), "status"), "warn");
    assert_string_equal(text_of(verdict_named(&json, "coverage"), "status"), "unknown");
    assert_non_null(strstr(text_of(verdict_named(&json, "coverage"), "why"), "no reference given"));
    json_release(&json);
    expect_code(run_program("evaluate -w trained -n 5000"), 0);
    char *text = scratch_read("out");
    assert_memory_equal(text, "verdicts\n", 9); /* the verdicts come first */
    free(text);
}

/* Exact samples of the target, by the inverse of the normal distribution function at even probabilities. */
static void write_reference(const char *path, double shift)
{
    enum { SIDE = 60 };
    static float x[SIDE * SIDE][2];
    double normal[SIDE];
    for (int i = 0; i < SIDE; i++) { /* Newton's method on erfc */
        const double p = (i + 0.5) / SIDE;
        double z = 0;
        for (int n = 0; n < 50; n++)
            z -= (0.5 * erfc(-z / sqrt(2.0)) - p) * sqrt(2 * 3.14159265358979) * exp(0.5 * z * z);
        normal[i] = z;
    }
    for (int i = 0; i < SIDE * SIDE; i++) {
        x[i][0] = (float)(HOST_CENTRE_0 + shift + normal[i / SIDE]);
        x[i][1] = (float)(HOST_CENTRE_1 + normal[i % SIDE] / 2);
    }
    write_array(path, &x[0][0], 2, (const uint64_t[]){SIDE * SIDE, 2});
}

static void test_a_reference_shows_coverage(void **state)
{
    (void)state;
    need_trained();
    write_reference("reference.npy", 0);
    expect_code(run_program("evaluate -w trained -n 20000 --reference reference.npy --json"), 0);
    Json json = read_json("out");
    assert_string_equal(text_of(verdict_named(&json, "coverage"), "status"), "good");
    assert_string_equal(text_of(verdict_named(&json, "ess"), "status"), "good");
    assert_true(fabs(number_of(json.root, "ess_forward") - number_of(json.root, "ess")) < 0.02);
    /* the target's entropy, 1 + log pi, and a little more */
    const double cross_entropy = number_of(json_member(json.root, "cross_entropy"), "value");
    assert_true(cross_entropy > 2.14 - 0.05 && cross_entropy < 2.14 + 0.05);
    json_release(&json);
    write_reference("elsewhere.npy", 8);
    expect_code(run_program("evaluate -w trained -n 20000 --reference elsewhere.npy --json"), 0);
    json = read_json("out");
    assert_string_equal(text_of(verdict_named(&json, "coverage"), "status"), "bad");
    assert_string_equal(text_of(verdict_named(&json, "ess"), "status"), "warn");
    json_release(&json);
}

/* Rows of the model's own, even of its exact chain, are silent of what it misses. */
static void test_own_samples_are_no_evidence(void **state)
{
    static const char *const given[] = {"--reference own.npy", "--modes own.npy",
                                        "--reference own.npy --modes own.npy"};
    (void)state;
    need_trained();
    expect_code(run_program("sample -w trained -n 2000 --exact -o own.npy -q"), 0);
    char arguments[200];
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        snprintf(arguments, sizeof arguments, "evaluate -w trained -n 2000 %s --json", given[i]);
        expect_code(run_program(arguments), 0);
        Json json = read_json("out");
        assert_string_equal(text_of(verdict_named(&json, "coverage"), "status"), "unknown");
        assert_string_equal(text_of(verdict_named(&json, "ess"), "status"), "warn");
        json_release(&json);
    }
    write_reference("reference.npy", 0); /* beside evidence from elsewhere they do no harm */
    expect_code(run_program("evaluate -w trained -n 20000 --reference reference.npy --modes own.npy --json"), 0);
    Json json = read_json("out");
    assert_string_equal(text_of(verdict_named(&json, "coverage"), "status"), "good");
    json_release(&json);
    expect_code(run_program("sample -w trained -n 2000 --seed 9 --exact -o other.npy -q"), 0);
    assert_true(command_works("cp other.npy own.npy")); /* no longer the file that own.json names */
    expect_code(run_program("evaluate -w trained -n 2000 --reference own.npy --json"), 0);
    json = read_json("out");
    assert_string_equal(text_of(verdict_named(&json, "coverage"), "status"), "good");
    json_release(&json);
}

/* By its x.json, while the samples are those that it names. */
static void test_a_reference_of_another_temperature_is_refused(void **state)
{
    (void)state;
    need_trained();
    expect_code(run_program("sample -w trained -n 2000 --exact --kT 1.6 -o warm.npy -q"), 0);
    expect_code(run_program("evaluate -w trained -n 2000 --kT 1.6 --reference warm.npy -q"), 0);
    expect_code(run_program("evaluate -w trained -n 2000 --reference warm.npy -q"), FAILURE_DATA);
    expect_text("err",
                "warm.npy: its samples are those of kT=1.6, and here kT is 1: give samples of this kT, or --kT 1.6");
    expect_code(run_program("evaluate -w trained -n 2000 --modes warm.npy -q"), FAILURE_DATA);
    expect_code(run_program("sample -w trained -n 2000 --exact -o cold.npy -q"), 0);
    expect_code(run_program("evaluate -w trained -n 2000 --reference cold.npy -q"), 0);
    expect_code(run_program("evaluate -w trained -n 2000 --kT 1.6 --reference cold.npy -q"), FAILURE_DATA);
    assert_true(command_works("cp cold.npy warm.npy"));
    expect_code(run_program("evaluate -w trained -n 2000 --reference warm.npy -q"), 0);
}

/* A model so far from the reference that log q is -inf or no number there is a verdict, not an error. */
static void test_a_reference_beyond_the_floats_is_missed(void **state)
{
    (void)state;
    need_trained();
    write_reference("reference.npy", 0);
    expect_code(
        run_program("--break=far evaluate -w trained -n 20000 --reference reference.npy --modes reference.npy --json"),
        0);
    Json json = read_json("out");
    const JsonNode *coverage = verdict_named(&json, "coverage"), *modes = json_member(json.root, "modes");
    assert_string_equal(text_of(coverage, "status"), "bad");
    assert_non_null(strstr(text_of(coverage, "why"), "at 1380 of the reference's 3600 samples")); /* 19 + 4 of 60 */
    assert_true(number_of(json.root, "ess_forward") == 0);
    assert_true(number_of(modes, "found") == 3600 - 1380);
    /* 1 / w is 0 there: log Z seems larger by about -log of the part that is left, 0.48 */
    const double log_z = number_of(json_member(json.root, "log_z"), "value");
    const double forward = number_of(json_member(json.root, "log_z_forward"), "value");
    assert_true(forward - log_z > 0.4 && forward - log_z < 0.6);
    json_release(&json);
    expect_code(run_program("--break=far evaluate -w trained -n 20000 --reference reference.npy"), 0);
}

static void test_gates(void **state)
{
    (void)state;
    need_trained();
    expect_code(run_program("evaluate -w trained -n 2000 --require 'ess >= 0.3' --require 'log_z.error<0.1'"), 0);
    expect_code(run_program("evaluate -w trained -n 2000 --require 'ess >= 0.3' --require 'ess > 1.5' --json"), 1);
    expect_text("err", "ess > 1.5 does not hold: ess");
    Json json = read_json("out");
    const JsonNode *gates = json_member(json.root, "requirements");
    assert_int_equal(json_member(gates->first, "holds")->kind, JSON_TRUE);
    assert_int_equal(json_member(gates->first->next, "holds")->kind, JSON_FALSE);
    json_release(&json);
    expect_code(run_program("evaluate -w trained -n 2000 --require 'ess_forward >= 0.3'"), 65);
    expect_text("err", "--require 'ess_forward >= 0.3': ess_forward has no value here; it needs --reference FILE");
    expect_code(run_program("evaluate -w trained -n 2000 --require 'ais.log_z > 0'"), 65);
    expect_text("err", "it needs --ais STEPS");
    expect_code(run_program("evaluate -w trained -n 2000 --require 'nll < 3'"), 65);
    expect_text("err", "nll has no value here; it needs rows held out (--validation FILE)");
    expect_code(run_program("evaluate -w trained -n 2000 --require 'observables.left.reweighted<=0.55'"), 0);
    static const char *const comparisons[][2] = {
        {"> 1999", "> 2000"}, {">= 2000", ">= 2001"}, {"< 2001", "< 2000"}, {"<= 2000", "<= 1999"}};
    for (int i = 0; i < 4; i++) {
        expect_code(run_program("evaluate -w trained -n 2000 --require 'samples %s'", comparisons[i][0]), 0);
        expect_code(run_program("evaluate -w trained -n 2000 --require 'samples %s'", comparisons[i][1]), 1);
    }
}

static void test_annealing_and_modes_in_the_report(void **state)
{
    static const float modes[3][2] = {{1, -0.5f}, {1.5f, -0.5f}, {10, -0.5f}};
    (void)state;
    need_trained();
    expect_code(run_program("evaluate -w trained -n 4000 --ais 3 --smc 3 --log-z 1.14473 --json -q"), 0);
    Json json = read_json("out");
    const double exact = log(3.14159265358979);
    expect_estimate(json_member(json.root, "ais"), "log_z", exact, 0.02);
    expect_estimate(json_member(json.root, "smc"), "log_z", exact, 0.02);
    expect_estimate(json.root, "mean_energy_chain", 1, 0.05);
    expect_estimate(json_member(json_member(json.root, "observables"), "left"), "chain", 0.5, 0.05);
    assert_string_equal(text_of(verdict_named(&json, "coverage"), "status"), "good");
    json_release(&json);
    write_array("modes.npy", &modes[0][0], 2, (const uint64_t[]){3, 2});
    expect_code(run_program("evaluate -w trained -n 4000 --kT 9 --modes modes.npy --json -q"), 0);
    json = read_json("out");
    assert_true(number_of(json_member(json.root, "modes"), "found") == 2);
    assert_string_equal(text_of(verdict_named(&json, "coverage"), "status"), "bad");
    json_release(&json);
    expect_code(run_program("evaluate -w trained -n 4000 --log-z 2 --json -q"), 0);
    json = read_json("out");
    assert_string_equal(text_of(verdict_named(&json, "coverage"), "status"), "bad");
    json_release(&json);
    expect_code(run_program("evaluate -w trained -n 1000 --smc 3"), FAILURE_USAGE);
    expect_text("err", "at least 1024 samples");
    expect_code(run_program("evaluate -w trained -n 1000 --require 'ais.ess > 0.1' --ais 2"), 0);
}

/* Rows of the chain are the target's without weights, whatever the temperature: here kT = 2, where the model is narrow. */
static void test_exact_samples(void **state)
{
    float *x;
    size_t count;
    Failure failure;
    (void)state;
    need_trained();
    expect_code(run_program("sample -w trained -n 20000 --exact --kT 1.6 -o exact.npy --json"), 0);
    Json json = read_json("out");
    const JsonNode *chain = json_member(json.root, "chain");
    assert_true(number_of(chain, "acceptance") > 0.5 && number_of(chain, "acceptance") < 0.95);
    expect_estimate(chain, "mean_energy", 1.6, 0.1);
    const double worth = number_of(chain, "independent_samples");
    json_release(&json);
    assert_false(file_exists("exact.log_w.npy"));
    assert_true(configurations_read("exact.npy", &host_model, &x, &count, NULL, &failure));
    assert_int_equal(count, 20000);
    double squares = 0;
    for (size_t i = 0; i < 20000; i++)
        squares += pow((double)x[2 * i] - HOST_CENTRE_0, 2);
    assert_true(fabs(squares / 20000 / 1.6 - 1) < 5 * sqrt(2 / worth));
    free(x);
    expect_code(run_program("sample -w trained --range 5:10 --exact -o y.npy"), FAILURE_USAGE);
}

static void test_energies_that_are_not_finite(void **state)
{
    (void)state;
    need_trained();
    expect_code(run_program("--break=energy evaluate -w trained -n 2000"), FAILURE_NOT_FINITE);
    expect_text("err", "sample 0: the energy is nan");
    expect_code(run_program("--break=wall evaluate -w trained -n 20000 --json"), 0);
    Json json = read_json("out");
    assert_string_equal(text_of(verdict_named(&json, "energies"), "status"), "warn");
    assert_int_equal(json_member(json_member(json.root, "mean_energy"), "value")->kind, JSON_NULL);
    /* what is left of Z where x[0] > 0: the normal distribution function at 1 */
    expect_estimate(json.root, "log_z", log(3.14159265358979 * 0.8413447460685429), 0.02);
    json_release(&json);
    expect_code(run_program("--break=single evaluate -w trained -n 2000 --precision double"), FAILURE_USAGE);
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
        cmocka_unit_test(test_damaged_inputs),
        cmocka_unit_test(test_evaluate_finds_closed_forms),
        cmocka_unit_test(test_evaluate_has_every_key),
        cmocka_unit_test(test_nothing_is_good_by_the_models_own_ess_alone),
        cmocka_unit_test(test_a_reference_shows_coverage),
        cmocka_unit_test(test_own_samples_are_no_evidence),
        cmocka_unit_test(test_a_reference_of_another_temperature_is_refused),
        cmocka_unit_test(test_a_reference_beyond_the_floats_is_missed),
        cmocka_unit_test(test_gates),
        cmocka_unit_test(test_annealing_and_modes_in_the_report),
        cmocka_unit_test(test_exact_samples),
        cmocka_unit_test(test_energies_that_are_not_finite),
        cmocka_unit_test(test_info),
        cmocka_unit_test(test_selftest_finds_what_is_broken),
    };
    return cmocka_run_group_tests(tests, scratch_start, scratch_end);
}
