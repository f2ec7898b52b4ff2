/* SPDX-License-Identifier: MIT */
/* What `evaluate` and exact samples say of a trained model, against closed forms of tests/host_model.h: estimates,
 * verdicts, references, gates. */
#include "runtime/host/configurations.h"
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
        expect_code(run_program("%s", arguments), 0);
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

/* "kT" in its x.json: a number, or the name of the condition that it is; files of before have the scalar alone. */
static void test_the_temperature_of_a_reference_may_be_a_condition(void **state)
{
    (void)state;
    need_trained();
    expect_code(run_program("sample -w trained -n 2000 --exact --kT 1.6 -o hot.npy -q"), 0);
    assert_true(command_works("grep -q '^  \"kT\": 1.6,' hot.json && cp hot.json hot"));
    assert_true(command_works("sed -e 's/^  \"kT\": 1.6/  \"kT\": \"T\", \"conditions\": {\"T\": 1.6}/' "
                              "-e 's/^    \"kT\": 1.6/    \"a\": 1.6/' hot >hot.json && ! cmp -s hot hot.json"));
    expect_code(run_program("evaluate -w trained -n 2000 --kT 1.6 --reference hot.npy -q"), 0);
    expect_code(run_program("evaluate -w trained -n 2000 --reference hot.npy -q"), FAILURE_DATA);
    expect_text("err", "hot.npy: its samples are those of kT=1.6, and here kT is 1");
    assert_true(command_works("sed '/^  \"kT\": 1.6/d' hot >hot.json && ! cmp -s hot hot.json"));
    expect_code(run_program("evaluate -w trained -n 2000 --reference hot.npy -q"), FAILURE_DATA);
}

/* Samples of a model of data are of no temperature that could be another. */
static void test_a_reference_of_a_model_without_an_energy(void **state)
{
    (void)state;
    need_trained();
    expect_code(run_program("--break=data sample -w trained -n 2000 -o rows.npy -q"), 0);
    assert_true(command_works("grep -q '^  \"kT\": null,' rows.json"));
    expect_code(run_program("evaluate -w trained -n 2000 --kT 1.6 --reference rows.npy -q"), 0);
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

/* A float of 10^7 has no digits behind the point: the errors of what is computed with it are not the whole error. */
static void test_energies_too_large_for_floats_are_told(void **state)
{
    (void)state;
    need_trained();
    expect_code(run_program("--break=high evaluate -w trained -n 2000 --json"), 0);
    Json json = read_json("out");
    assert_string_equal(text_of(verdict_named(&json, "rounding"), "status"), "bad");
    json_release(&json);
    expect_code(run_program("--break=high evaluate -w trained -n 2000 --precision double"), 0);
    assert_false(command_works("grep -q rounding out"));
    expect_code(run_program("evaluate -w trained -n 2000"), 0);
    assert_false(command_works("grep -q rounding out"));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluate_finds_closed_forms),
        cmocka_unit_test(test_evaluate_has_every_key),
        cmocka_unit_test(test_nothing_is_good_by_the_models_own_ess_alone),
        cmocka_unit_test(test_a_reference_shows_coverage),
        cmocka_unit_test(test_own_samples_are_no_evidence),
        cmocka_unit_test(test_a_reference_of_another_temperature_is_refused),
        cmocka_unit_test(test_the_temperature_of_a_reference_may_be_a_condition),
        cmocka_unit_test(test_a_reference_of_a_model_without_an_energy),
        cmocka_unit_test(test_a_reference_beyond_the_floats_is_missed),
        cmocka_unit_test(test_energies_too_large_for_floats_are_told),
        cmocka_unit_test(test_gates),
        cmocka_unit_test(test_annealing_and_modes_in_the_report),
        cmocka_unit_test(test_exact_samples),
        cmocka_unit_test(test_energies_that_are_not_finite),
    };
    return cmocka_run_group_tests(tests, scratch_start, scratch_end);
}
