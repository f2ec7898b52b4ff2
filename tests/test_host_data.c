/* SPDX-License-Identifier: MIT */
/* Data sets, their split and order, and trainings on them. */
#include "runtime/host/columns.h"
#include "runtime/host/configurations.h"
#include "runtime/host/dataset.h"
#include "runtime/host/files.h"
#include "tests/host_fit.h"
#include "tests/host_helpers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- data -------------------------------------------------------------------------------------------------------- */

static void test_rows_come_from_csv_and_npy(void **state)
{
    enum { COUNT = 20 };
    float rows[2 * COUNT];
    Failure failure;
    Dataset dataset;
    Model named = fit_model;
    (void)state;
    fit_make_rows(1, COUNT, rows);
    fit_write_csv("train.csv", rows, COUNT);
    fit_write_npy("x.npy", rows, COUNT);
    for (int i = 0; i < 2; i++) {
        assert_true(dataset_read(&fit_model, i == 0 ? NULL : "x.npy", NULL, NULL, NULL, &dataset, &failure));
        assert_int_equal(dataset.count, COUNT);
        assert_int_equal(dataset.held_out_count, 0);
        assert_memory_equal(dataset.rows, rows, sizeof rows);
        assert_int_equal(strlen(dataset.train_sha256), 64);
        dataset_release(&dataset);
    }
    named.data.columns = (const char *const[]){"other", "v"};
    assert_true(dataset_read(&named, NULL, "x.npy", NULL, NULL, &dataset, &failure));
    assert_int_equal(dataset.held_out_count, COUNT);
    assert_memory_equal(dataset.held_out, rows, sizeof rows);
    assert_true(dataset.rows[4] == 0 && dataset.rows[5] == rows[5]);
    dataset_release(&dataset);
}

static void expect_no_data(const Model *which, const char *path, FailureCode code, const char *part)
{
    Failure failure;
    Dataset dataset;
    assert_false(dataset_read(which, path, NULL, NULL, NULL, &dataset, &failure));
    expect_failure(&failure, code, part);
}

static void test_bad_data_are_refused_with_their_place(void **state)
{
    const float rows[] = {1, 2, 3, 4, 5, NAN, 7, 8}, good[] = {1, 2};
    Model other = fit_model;
    (void)state;
    fit_write_npy("nan.npy", rows, 4);
    fit_write_npy("one.npy", good, 1);
    scratch_write("none.csv", "u,v\n", 4);
    scratch_write("short.csv", "u,w\n1,2\n", 8);
    scratch_write("word.csv", "u,v\n1,2\n3,four\n", 15);
    expect_no_data(&fit_model, "nan.npy", FAILURE_DATA, "nan.npy: row 2: component 'v': nan, no finite float");
    expect_no_data(&fit_model, "none.csv", FAILURE_DATA, "none.csv: no rows");
    expect_no_data(&fit_model, "short.csv", FAILURE_DATA, "no column 'v'");
    expect_no_data(&fit_model, "word.csv", FAILURE_DATA, "four");
    expect_no_data(&fit_model, "missing.npy", FAILURE_NO_INPUT, "missing.npy");
    expect_no_data(&fit_model, "x.txt", FAILURE_USAGE, ".npy and .csv");
    other.data.validation_fraction = 0.5;
    expect_no_data(&other, "one.npy", FAILURE_DATA, "one row");
    other.data = (ModelData){.feeds_steps = true};
    expect_no_data(&other, NULL, FAILURE_USAGE, "--data FILE");
}

static int compare_floats(const void *left, const void *right)
{
    const float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

static void test_a_fraction_is_held_out_the_same_each_time(void **state)
{
    enum { COUNT = 101 };
    float rows[2 * COUNT], all[COUNT];
    Dataset first, again;
    Failure failure;
    Model other = fit_model;
    (void)state;
    for (int i = 0; i < 2 * COUNT; i++)
        rows[i] = (float)i;
    fit_write_npy("x.npy", rows, COUNT);
    other.data.validation_fraction = 0.25;
    assert_true(dataset_read(&other, "x.npy", NULL, NULL, NULL, &first, &failure));
    assert_true(dataset_read(&other, "x.npy", NULL, NULL, NULL, &again, &failure));
    assert_int_equal(first.held_out_count, 25);
    assert_int_equal(first.count, 76);
    assert_memory_equal(first.held_out, again.held_out, 25 * 2 * sizeof(float));
    for (size_t i = 0; i < COUNT; i++)
        all[i] = i < 76 ? first.rows[2 * i] : first.held_out[2 * (i - 76)];
    assert_memory_not_equal(first.held_out, rows, 25 * 2 * sizeof(float)); /* not the first ones */
    qsort(all, COUNT, sizeof all[0], compare_floats);
    for (int i = 0; i < COUNT; i++)
        assert_true(all[i] == (float)(2 * i)); /* every row in one of the two, once */
    dataset_release(&first);
    dataset_release(&again);
}

static void test_moments_are_those_of_the_rows(void **state)
{
    static const float rows[] = {1, 1e4f, 2, 3e4f, 6, 2e4f, 7, 2e4f}, flat[] = {1, 5, 2, 5};
    Dataset dataset = {.width = 2, .count = 4, .rows = (float *)(uintptr_t)rows};
    Failure failure;
    float mean[2], scale[2];
    (void)state;
    assert_true(dataset_moments(&dataset, &fit_model, mean, scale, &failure));
    assert_true(mean[0] == 4 && mean[1] == 2e4f);
    assert_true(fabsf(scale[0] - sqrtf(6.5f)) < 1e-6f && fabsf(scale[1] - sqrtf(0.5f) * 1e4f) < 1e-2f);
    dataset.rows = (float *)(uintptr_t)flat;
    dataset.count = 2;
    assert_false(dataset_moments(&dataset, &fit_model, mean, scale, &failure));
    expect_failure(&failure, FAILURE_DATA, "component 'v' is the same in every row");
}

/* ---- columns ----------------------------------------------------------------------------------------------------- */

static const ModelKind POSITIVE_AND_INTEGER[] = {MODEL_POSITIVE, MODEL_INTEGER};

static Model model_of_columns(void)
{
    Model model = fit_model;
    model.kinds = POSITIVE_AND_INTEGER;
    return model;
}

static void expect_refused_rows(const float *rows, const char *message)
{
    const Model model = model_of_columns();
    Failure failure;
    float *read;
    size_t count;
    fit_write_npy("x.npy", rows, 2);
    assert_false(configurations_read("x.npy", &model, &read, &count, NULL, &failure));
    expect_failure(&failure, FAILURE_DATA, message);
    assert_null(read);
}

static void test_columns_hold_what_they_say(void **state)
{
    const Model model = model_of_columns();
    Failure failure;
    float *read;
    size_t count;
    (void)state;
    expect_refused_rows((float[]){1, 2, 0, 3}, "x.npy: row 1: component 'u': 0, and the component is positive");
    expect_refused_rows((float[]){1e-40f, 2, 1, 3}, "row 0: component 'u': ");
    expect_refused_rows((float[]){1, 2.5f, 1, 3}, "row 0: component 'v': 2.5, and the component is an integer");
    expect_refused_rows((float[]){1, 2, 1, -1048577}, "row 1: component 'v': -1048577, and integers go to 1048576");
    static const char TABLE[] = "u,v\n1,2\n1,2.5\n";
    scratch_write("x.csv", TABLE, strlen(TABLE));
    assert_false(configurations_read("x.csv", &model, &read, &count, NULL, &failure));
    expect_failure(&failure, FAILURE_DATA, "x.csv:3: column 'v': 2.5, and the component is an integer");
    fit_write_npy("x.npy", (float[]){0.1f, -1048576, 7, 1048576}, 2);
    assert_true(configurations_read("x.npy", &model, &read, &count, NULL, &failure));
    free(read);
}

/* By hand: of the logarithm, and of an integer with a uniform number added (mean 1/2, variance 1/12). */
static void test_moments_of_columns_are_what_the_layers_see(void **state)
{
    const Model model = model_of_columns();
    float rows[] = {1, 3, expf(2), 3, expf(1), 3}, mean[2], scale[2];
    const Dataset dataset = {.width = 2, .count = 3, .rows = rows};
    Failure failure;
    (void)state;
    assert_true(dataset_moments(&dataset, &model, mean, scale, &failure));
    assert_true(fabsf(mean[0] - 1) < 1e-6f && fabsf(scale[0] - sqrtf(2 / 3.0f)) < 1e-6f);
    assert_true(mean[1] == 3.5f && fabsf(scale[1] - sqrtf(1 / 12.0f)) < 1e-6f);
    rows[1] = 1;
    rows[5] = 5;
    assert_true(dataset_moments(&dataset, &model, mean, scale, &failure));
    assert_true(mean[1] == 3.5f && fabsf(scale[1] - sqrtf(8 / 3.0f + 1 / 12.0f)) < 1e-6f);
}

/* Each k becomes a number between k and k + 1, the same one each time; their mean is k + 1/2 within four errors. */
static void test_integers_are_dequantised_and_rounded_back(void **state)
{
    enum { COUNT = 1000 };
    static float rows[2 * COUNT], again[2 * COUNT], other[2 * COUNT], start[2 * COUNT];
    const Model model = model_of_columns();
    double sum = 0;
    (void)state;
    for (int i = 0; i < 2 * COUNT; i++)
        start[i] = (float)(i % 7 - 3 + (i % 2 == 0 ? 4 : 0));
    memcpy(rows, start, sizeof rows);
    memcpy(again, start, sizeof rows);
    memcpy(other, start, sizeof rows);
    columns_dequantise(&model, 0, rows, COUNT);
    columns_dequantise(&model, 0, again, COUNT);
    columns_dequantise(&model, 1, other, COUNT);
    assert_memory_equal(rows, again, sizeof rows);
    for (int i = 0; i < 2 * COUNT; i++) {
        assert_true(i % 2 == 0 ? rows[i] == start[i] : rows[i] > start[i] && rows[i] < start[i] + 1);
        assert_true(i % 2 == 0 || rows[i] != other[i]);
        sum += (double)(rows[i] - start[i]) / COUNT;
    }
    assert_true(fabs(sum - 0.5) < 4 * sqrt(1 / 12.0 / COUNT));
    columns_round_down(&model, rows, COUNT);
    assert_memory_equal(rows, start, sizeof rows);
}

/* ---- order ------------------------------------------------------------------------------------------------------- */

/* Each of the 24 orders of 4 places comes equally often: chi-squared with 23 degrees of freedom is below 55 but for 2 of
 * 10^4 seeds. */
static void test_shuffles_are_uniform(void **state)
{
    enum { EPOCHS = 4800 };
    int counts[256] = {0}, seen = 0;
    double sum = 0;
    (void)state;
    for (uint32_t epoch = 0; epoch < EPOCHS; epoch++) {
        size_t order[4], code = 0, sum_of_places = 0;
        shuffle_make(5, epoch, 4, order);
        for (int i = 0; i < 4; i++) {
            code = 4 * code + order[i];
            sum_of_places += (size_t)1 << (4 * order[i]);
        }
        assert_int_equal(sum_of_places, 0x1111);
        counts[code]++;
    }
    for (int i = 0; i < 256; i++) {
        seen += counts[i] > 0;
        sum += counts[i] > 0 ? pow(counts[i] - EPOCHS / 24.0, 2) / (EPOCHS / 24.0) : 0;
    }
    assert_int_equal(seen, 24);
    assert_true(sum < 55);
}

static void test_every_row_comes_once_an_epoch(void **state)
{
    enum { COUNT = 30 };
    static const size_t LENGTHS[] = {7, 30, 64, 1};
    float rows[COUNT], batch[64];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        rows[i] = (float)i;
    const Dataset dataset = {.width = 1, .count = COUNT, .rows = rows};
    for (int l = 0; l < 4; l++) {
        Minibatches minibatches;
        Failure failure;
        int seen[COUNT] = {0};
        assert_true(minibatch_start(&minibatches, &dataset, 9, &failure));
        size_t taken = 0;
        for (uint64_t number = 0; taken < 10 * COUNT; number++) {
            minibatch_take(&minibatches, number, LENGTHS[l], batch);
            for (size_t i = 0; i < LENGTHS[l] && taken < 10 * COUNT; i++) {
                seen[(int)batch[i]]++;
                if (++taken % COUNT == 0)
                    for (int r = 0; r < COUNT; r++)
                        assert_int_equal(seen[r], taken / COUNT);
            }
        }
        minibatch_end(&minibatches);
    }
}

/* A batch is the same whichever were taken before it: this is what lets a training resume. */
static void test_batches_know_no_past(void **state)
{
    enum { COUNT = 50, LENGTH = 16 };
    float rows[COUNT], batch[LENGTH], again[LENGTH];
    Minibatches forward, backward;
    Failure failure;
    (void)state;
    for (int i = 0; i < COUNT; i++)
        rows[i] = (float)i;
    const Dataset dataset = {.width = 1, .count = COUNT, .rows = rows};
    assert_true(minibatch_start(&forward, &dataset, 9, &failure) && minibatch_start(&backward, &dataset, 9, &failure));
    for (uint64_t number = 0; number < 20; number++) {
        minibatch_take(&forward, number, LENGTH, batch);
        minibatch_take(&backward, 40 - number, LENGTH, again);
        minibatch_take(&backward, number, LENGTH, again);
        assert_memory_equal(batch, again, sizeof batch);
    }
    minibatch_end(&forward);
    minibatch_end(&backward);
}

/* ---- trainings --------------------------------------------------------------------------------------------------- */

/* The mean of log q over the test's rows for the likeliest weights, by the formulas. */
static double best_log_q(double *error)
{
    float rows[2 * FIT_TRAIN_ROWS];
    double weights[FIT_WEIGHTS], sum = 0, squares = 0;
    fit_make_rows(1, FIT_TRAIN_ROWS, rows);
    for (int i = 0; i < FIT_DIMENSION; i++) {
        double mean = 0, variance = 0;
        for (int s = 0; s < FIT_TRAIN_ROWS; s++)
            mean += (double)rows[2 * s + i] / FIT_TRAIN_ROWS;
        for (int s = 0; s < FIT_TRAIN_ROWS; s++)
            variance += pow((double)rows[2 * s + i] - mean, 2) / FIT_TRAIN_ROWS;
        weights[i] = mean;
        weights[FIT_DIMENSION + i] = 0.5 * log(variance);
    }
    const float rounded[FIT_WEIGHTS] = {(float)weights[0], (float)weights[1], (float)weights[2], (float)weights[3]};
    fit_make_rows(2, FIT_TEST_ROWS, rows);
    for (int s = 0; s < FIT_TEST_ROWS; s++) {
        const double log_q = fit_log_density(rounded, rows + 2 * s);
        sum += log_q / FIT_TEST_ROWS;
        squares += log_q * log_q / FIT_TEST_ROWS;
    }
    *error = sqrt((squares - sum * sum) / (FIT_TEST_ROWS - 1));
    return sum;
}

static void test_training_finds_the_likeliest_weights(void **state)
{
    double error;
    (void)state;
    fit_write_data();
    const double best = best_log_q(&error);
    assert_int_equal(fit_run(&fit_model, "train -o run --validation test.npy -q"), 0);
    assert_true(fabs(fit_number_in("run/run.json", "validation") - best) < 2e-3);
    assert_true(fabs(fit_number_in("run/run.json", "validation_error") - error) < 0.05 * error);
    expect_text("run/run.json", "\"rows\": 1000");
    expect_text("run/run.json", "\"held_out\": 500");
}

static void test_training_resumes_to_the_same_bits(void **state)
{
    (void)state;
    fit_write_data();
    assert_int_equal(fit_run(&fit_model, "train -o whole -q --steps 100"), 0);
    assert_int_equal(fit_run(&fit_model, "train -o parts -q --steps 100 --stop-at 37"), 0);
    assert_int_equal(fit_run(&fit_model, "train -o parts -q --resume --stop-at 61"), 0);
    assert_int_equal(fit_run(&fit_model, "train -o parts -q --resume"), 0);
    assert_true(command_works("cmp whole/weights.safetensors parts/weights.safetensors"));
}

static void test_resuming_with_other_data_is_refused(void **state)
{
    (void)state;
    fit_write_data();
    assert_int_equal(fit_run(&fit_model, "train -o other -q --steps 20 --stop-at 10"), 0);
    assert_int_equal(fit_run(&fit_model, "train -o other -q --resume --data test.npy"), FAILURE_DATA);
    assert_int_equal(fit_run(&fit_model, "train -o other -q --resume"), 0);
}

static void test_evaluation_is_by_rows_where_there_is_no_energy(void **state)
{
    double error;
    (void)state;
    fit_write_data();
    const double best = best_log_q(&error);
    assert_int_equal(fit_run(&fit_model, "train -o judged -q"), 0);
    assert_int_equal(fit_run(&fit_model, "evaluate -w judged -q"), FAILURE_USAGE); /* nothing is held out */
    assert_int_equal(fit_run(&fit_model, "evaluate -w judged -q --validation none.npy"), FAILURE_NO_INPUT);
    fflush(stdout);
    assert_non_null(freopen("report.json", "w", stdout));
    const int code = fit_run(&fit_model, "evaluate -w judged -q --validation test.npy --json --require nll<3.5");
    const int gate = fit_run(&fit_model, "evaluate -w judged -q --validation test.npy --require nll<1");
    fflush(stdout);
    assert_non_null(freopen("/dev/stderr", "a", stdout));
    assert_int_equal(code, 0);
    assert_int_equal(gate, FAILURE_GATE);
    char *text = scratch_read("report.json");
    text[strstr(text, "\n}") + 2 - text] = 0; /* the table of the second follows */
    scratch_write("report.json", text, strlen(text));
    free(text);
    assert_true(fit_number_in("report.json", "rows") == FIT_TEST_ROWS);
    assert_true(fit_number_in("report.json", "train_rows") == FIT_TRAIN_ROWS);
    assert_true(fabs(fit_number_in("report.json", "nll") + best) < 2e-3);
    expect_text("report.json", "\"status\": \"good\"");
}

static void evaluate_model_to(const char *path, const Model *model, const char *line)
{
    fflush(stdout);
    assert_non_null(freopen(path, "w", stdout));
    const int code = fit_run(model, line);
    fflush(stdout);
    assert_non_null(freopen("/dev/stderr", "a", stdout));
    assert_int_equal(code, 0);
}

static void evaluate_to(const char *path, const char *line)
{
    evaluate_model_to(path, &fit_model, line);
}

/* U of the likeliest normal density, so that the samples' weights are nearly equal. */
static void energy_of_fit(const float *scalars, size_t count, const float *x, float *energy, void *workspace,
                          int threads)
{
    static const float weights[FIT_WEIGHTS] = {1.5f, -0.5f, -0.91629073f, 0.69314718f}; /* log 0.4, log 2 */
    (void)scalars;
    (void)workspace;
    (void)threads;
    for (size_t s = 0; s < count; s++)
        energy[s] = (float)-fit_log_density(weights, x + s * FIT_DIMENSION);
}

static void test_evaluation_by_samples_has_rows_beside(void **state)
{
    double error, best;
    ModelFunctions32 functions = *fit_model.single_precision;
    Model both = fit_model;
    (void)state;
    functions.energy = energy_of_fit;
    both.single_precision = &functions;
    both.data.validation = "test.npy";
    fit_write_data();
    best = best_log_q(&error);
    assert_int_equal(fit_run(&both, "train -o both -q"), 0);
    evaluate_model_to("both.json", &both, "evaluate -w both -n 2000 -q --json --require nll<3.5 --require ess>0.9");
    assert_true(fabs(fit_number_in("both.json", "nll") + best) < 2e-3);
    assert_true(fabs(fit_error_in("both.json", "nll") - error) < 0.05 * error);
    assert_true(fit_number_in("both.json", "rows") == FIT_TEST_ROWS);
    assert_true(fit_number_in("both.json", "train_rows") == FIT_TRAIN_ROWS);
    assert_true(fit_number_in("both.json", "samples") == 2000);
    expect_text("both.json", "\"name\": \"held_out\"");
    evaluate_model_to("both.text", &both, "evaluate -w both -n 2000 -q");
    expect_text("both.text", "500 rows held out, in nats a row");
    expect_text("both.text", "log_z");
    /* elsewhere, without the spec's files, its samples can still be judged */
    both.data.train = "gone.csv";
    both.data.validation = "gone.npy";
    evaluate_model_to("alone.json", &both, "evaluate -w both -n 2000 -q --json");
    assert_true(fit_number_in("alone.json", "rows") == 0 && isnan(fit_number_in("alone.json", "nll")));
    assert_int_equal(fit_run(&both, "evaluate -w both -n 2000 -q --validation gone.npy"), FAILURE_NO_INPUT);
    both.data.validation = NULL;
    assert_int_equal(fit_run(&both, "evaluate -w both -n 2000 -q --data test.npy"), FAILURE_USAGE);
}

/* The density of u - c at a condition c. */
static void log_prob_given_of_fit(const float *weights, const float *scalars, size_t count, const float *x,
                                  const float *conditions, float *log_q, void *workspace, int threads)
{
    (void)scalars;
    (void)workspace;
    (void)threads;
    for (size_t s = 0; s < count; s++) {
        const float moved[] = {x[2 * s] - conditions[s], x[2 * s + 1]};
        log_q[s] = (float)fit_log_density(weights, moved);
    }
}

/* --condition is that of the samples: rows have their own. */
static void test_rows_beside_samples_keep_their_conditions(void **state)
{
    static const ModelInput conditions[] = {{.name = "c", .low = -5, .high = 5, .column = "c"}};
    float rows[2 * FIT_TEST_ROWS];
    double error;
    ModelFunctions32 functions = *fit_model.single_precision;
    Model both = fit_model;
    (void)state;
    functions.energy = energy_of_fit;
    functions.log_prob_given = log_prob_given_of_fit;
    fit_write_data();
    const double best = best_log_q(&error);
    assert_int_equal(fit_run(&fit_model, "train -o given -q"), 0);
    both.single_precision = &functions;
    both.conditions = conditions;
    both.condition_count = 1;
    both.data.train = NULL;
    fit_make_rows(2, FIT_TEST_ROWS, rows);
    FILE *stream = fopen("given.csv", "w");
    assert_non_null(stream);
    fputs("u, v, c\n", stream);
    for (int s = 0; s < FIT_TEST_ROWS; s++)
        fprintf(stream, "%.9g,%.9g,%d\n", (double)rows[2 * s] + s % 3, (double)rows[2 * s + 1], s % 3);
    assert_int_equal(fclose(stream), 0);
    evaluate_model_to("given.json", &both,
                      "evaluate -w given -n 2000 -q --json --validation given.csv --condition c=0.25");
    assert_true(fabs(fit_number_in("given.json", "nll") + best) < 2e-3);
    assert_true(fit_number_in("given.json", "train_rows") == 0);
    evaluate_model_to("given.text", &both, "evaluate -w given -n 2000 -q --validation given.csv --condition c=0.25");
    expect_text("given.text", "each under its own conditions");
}

/* -infinity for rows with u = 7. */
static void log_prob_but_at_seven(const float *weights, const float *scalars, size_t count, const float *x,
                                  float *log_q, void *workspace, int threads)
{
    fit_model.single_precision->log_prob(weights, scalars, count, x, log_q, workspace, threads);
    for (size_t s = 0; s < count; s++)
        if (x[2 * s] > 6.5f)
            log_q[s] = -INFINITY;
}

/* Of a file that was split, too, the line is that of the file. */
static void test_a_row_without_density_has_its_line(void **state)
{
    static const char *const files[] = {"u,v\n1,2\n1,1\n7,3\n2,1\n", "u,v\n1,2\n7,1\n1,3\n2,1\n"};
    static const char *const places[] = {"line.csv:4: log q is -inf", "line.csv:3: log q is -inf"};
    ModelFunctions32 functions = *fit_model.single_precision;
    Model model = fit_model;
    (void)state;
    functions.log_prob = log_prob_but_at_seven;
    fit_write_data();
    assert_int_equal(fit_run(&fit_model, "train -o lined -q --steps 20"), 0);
    model.single_precision = &functions;
    for (int split = 0; split < 2; split++)
        for (int i = 0; i < 2; i++) {
            model.data.validation_fraction = split ? 0.5 : 0;
            scratch_write("line.csv", files[i], strlen(files[i]));
            fflush(stderr);
            assert_non_null(freopen("line.err", "w", stderr));
            const int code = fit_run(&model, split ? "evaluate -w lined -q --data line.csv"
                                                   : "evaluate -w lined -q --validation line.csv");
            fflush(stderr);
            assert_non_null(freopen("/dev/stdout", "a", stderr));
            assert_int_equal(code, FAILURE_NOT_FINITE);
            expect_text("line.err", places[i]);
        }
}

/* One row has no standard error, and so says nothing of what was learned by heart. */
static void test_one_row_held_out_gives_no_verdict(void **state)
{
    static const char ROW[] = "u,v\n0.1,0.2\n";
    (void)state;
    fit_write_data();
    scratch_write("one.csv", ROW, strlen(ROW));
    assert_int_equal(fit_run(&fit_model, "train -o short -q --steps 20"), 0);
    fflush(stdout);
    assert_non_null(freopen("one.json", "w", stdout));
    const int code = fit_run(&fit_model, "evaluate -w short -q --validation one.csv --json");
    fflush(stdout);
    assert_non_null(freopen("/dev/stderr", "a", stdout));
    assert_int_equal(code, 0);
    expect_text("one.json", "\"status\": \"unknown\"");
}

/* By the hash that the run's record holds, whatever the files' names. */
static void test_evaluation_knows_the_data_of_the_run(void **state)
{
    float rows[2 * 40];
    (void)state;
    fit_write_data();
    fit_make_rows(77, 40, rows);
    fit_write_npy("more.npy", rows, 40);
    assert_int_equal(fit_run(&fit_model, "train -o known -q --steps 20"), 0);
    evaluate_to("same.json", "evaluate -w known -q --validation test.npy --json");
    expect_text("same.json", "\"train_rows_are_the_runs\": true");
    expect_text("same.json", "\"held_out_is_train\": false");
    evaluate_to("train.json", "evaluate -w known -q --validation train.csv --json");
    expect_text("train.json", "\"held_out_is_train\": true");
    expect_text("train.json", "nothing is said of new rows");
    evaluate_to("more.json", "evaluate -w known/weights.safetensors -q --data more.npy --validation test.npy --json");
    expect_text("more.json", "\"train_rows_are_the_runs\": false");
    expect_text("more.json", "the data are not those of the run");
    assert_int_equal(rename("known/weights.safetensors", "alone.safetensors"), 0);
    assert_int_equal(fit_run(&fit_model, "train -o known -q --steps 10 --force"), 0);
    assert_int_equal(rename("alone.safetensors", "known/weights.safetensors"), 0); /* not those of the record */
    evaluate_to("none.json", "evaluate -w known -q --validation test.npy --json");
    char *text = scratch_read("none.json");
    assert_null(strstr(text, "train_rows_are_the_runs"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_come_from_csv_and_npy),
        cmocka_unit_test(test_bad_data_are_refused_with_their_place),
        cmocka_unit_test(test_a_fraction_is_held_out_the_same_each_time),
        cmocka_unit_test(test_moments_are_those_of_the_rows),
        cmocka_unit_test(test_columns_hold_what_they_say),
        cmocka_unit_test(test_moments_of_columns_are_what_the_layers_see),
        cmocka_unit_test(test_integers_are_dequantised_and_rounded_back),
        cmocka_unit_test(test_shuffles_are_uniform),
        cmocka_unit_test(test_every_row_comes_once_an_epoch),
        cmocka_unit_test(test_batches_know_no_past),
        cmocka_unit_test(test_training_finds_the_likeliest_weights),
        cmocka_unit_test(test_training_resumes_to_the_same_bits),
        cmocka_unit_test(test_resuming_with_other_data_is_refused),
        cmocka_unit_test(test_evaluation_is_by_rows_where_there_is_no_energy),
        cmocka_unit_test(test_evaluation_by_samples_has_rows_beside),
        cmocka_unit_test(test_rows_beside_samples_keep_their_conditions),
        cmocka_unit_test(test_a_row_without_density_has_its_line),
        cmocka_unit_test(test_one_row_held_out_gives_no_verdict),
        cmocka_unit_test(test_evaluation_knows_the_data_of_the_run),
    };
    return cmocka_run_group_tests(tests, scratch_start, scratch_end);
}
