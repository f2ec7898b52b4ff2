/* SPDX-License-Identifier: MIT */
/* The training loop's own decisions: batches that make one step, when to stop, which weights to keep, the stages of a
 * curriculum; and that all of it goes on to the same bits after a stop. */
#include "runtime/host/curriculum.h"
#include "runtime/host/json.h"
#include "runtime/host/safetensors.h"
#include "tests/host_fit.h"
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
#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

enum { LINES_MOST = 700 };

/* One member of each line of a run's metrics, NaN for null; returns how many lines there are. */
static int read_metrics(const char *path, const char *name, double values[LINES_MOST])
{
    char *text = scratch_read(path);
    int count = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        Json json;
        Failure failure;
        assert_true(count < LINES_MOST && json_read(line, strlen(line), path, &json, &failure));
        if (!json_to_real(json_member(json.root, name), &values[count]))
            values[count] = NAN;
        count++;
        json_release(&json);
    }
    free(text);
    return count;
}

static void read_weights(const char *path, float weights[FIT_WEIGHTS])
{
    FileBytes file;
    Safetensors tensors;
    Failure failure;
    assert_true(file_read(path, &file, &failure));
    assert_true(safetensors_parse(file.bytes, file.length, path, &tensors, &failure));
    assert_true(safetensors_to_float(&tensors, safetensors_find(&tensors, "shift"), weights, &failure));
    assert_true(safetensors_to_float(&tensors, safetensors_find(&tensors, "log_scale"), weights + 2, &failure));
    safetensors_release(&tensors);
    file_release(&file);
}

/* ---- batches that make one step ---------------------------------------------------------------------------------- */

/* A step of twice the batch. */
static double step_of_two(const float *weights, const float *scalars, const float *data, uint64_t seed, uint32_t number,
                          float *gradient, void *workspace, int threads)
{
    float other[FIT_WEIGHTS];
    const ModelFunctions32 *functions = fit_model.single_precision;
    double loss = functions->step(weights, scalars, data, seed, number, gradient, workspace, threads);
    loss +=
        functions->step(weights, scalars, data + FIT_BATCH * FIT_DIMENSION, seed, number, other, workspace, threads);
    for (int i = 0; i < FIT_WEIGHTS; i++)
        gradient[i] = (gradient[i] + other[i]) / 2;
    return loss / 2;
}

static void test_two_batches_are_one_of_twice_the_size(void **state)
{
    float small[FIT_WEIGHTS], large[FIT_WEIGHTS];
    Model two = fit_model, one = fit_model;
    ModelFunctions32 functions = *fit_model.single_precision;
    (void)state;
    fit_write_data();
    functions.step = step_of_two;
    one.single_precision = &functions;
    one.training.batch = 2 * FIT_BATCH;
    two.training.accumulate = 2;
    assert_int_equal(fit_run(&two, "train -o small -q --steps 50"), 0);
    assert_int_equal(fit_run(&one, "train -o large -q --steps 50"), 0);
    read_weights("small/weights.safetensors", small);
    read_weights("large/weights.safetensors", large);
    for (int i = 0; i < FIT_WEIGHTS; i++)
        assert_true(fabsf(small[i] - large[i]) < 1e-6f);
    assert_true(fabs(fit_number_in("small/run.json", "loss") - fit_number_in("large/run.json", "loss")) < 1e-9);
}

/* ---- conditions -------------------------------------------------------------------------------------------------- */

static void test_training_stops_when_its_condition_holds(void **state)
{
    double validation[LINES_MOST];
    Model model = fit_model;
    (void)state;
    fit_write_data();
    model.training.stop_when = (ModelCondition){MODEL_METRIC_VALIDATION, true, false, -2.9, "validation > -2.9"};
    assert_int_equal(fit_run(&model, "train -o stop -q --validation test.npy"), 0);
    const int count = read_metrics("stop/metrics.jsonl", "validation", validation);
    double steps = fit_number_in("stop/run.json", "step");
    assert_true(steps < 600 && fmod(steps, 50) == 0);
    for (int i = 0; i + 1 < count; i++)
        assert_false(validation[i] > -2.9);
    assert_true(validation[count - 1] > -2.9);
    expect_text("stop/run.json", "\"ended_by\": \"stop_when\"");
    expect_text("stop/run.json", "\"status\": \"finished\"");
    /* it is over: nothing is left to resume, unless more steps are asked for */
    assert_int_equal(fit_run(&model, "train -o stop -q --validation test.npy --resume"), 0);
    assert_true(fit_number_in("stop/run.json", "step") == steps);
    assert_int_equal(fit_run(&model, "train -o stop -q --validation test.npy --resume --steps 610"), 0);
    assert_true(fit_number_in("stop/run.json", "step") == steps + 50);
}

/* A few rows are learned by heart: their spread is too small, and other rows become unlikely. */
static void test_early_stopping_keeps_the_best_weights(void **state)
{
    enum { FEW = 4 };
    float rows[2 * FIT_TEST_ROWS], weights[FIT_WEIGHTS];
    double validation[LINES_MOST], best = -INFINITY, sum = 0;
    int evaluations = 0, best_at = 0;
    Model model = fit_model;
    (void)state;
    fit_write_data();
    fit_make_rows(5, FEW, rows);
    fit_write_npy("few.npy", rows, FEW);
    model.training.patience = 3;
    model.training.evaluate_every = 10;
    assert_int_equal(fit_run(&model, "train -o early -q --data few.npy --validation test.npy"), 0);
    const int count = read_metrics("early/metrics.jsonl", "validation", validation);
    for (int i = 0; i < count; i++) {
        evaluations += !isnan(validation[i]);
        if (validation[i] > best) {
            best = validation[i];
            best_at = evaluations;
        }
    }
    assert_int_equal(evaluations, best_at + 3);
    assert_true(best > validation[count - 1] + 0.01);
    assert_true(fit_number_in("early/run.json", "best_validation") == best);
    assert_true(fit_number_in("early/run.json", "best_step") == 10 * best_at);
    expect_text("early/run.json", "\"ended_by\": \"early_stopping\"");
    fit_make_rows(2, FIT_TEST_ROWS, rows);
    read_weights("early/weights.safetensors", weights);
    for (int s = 0; s < FIT_TEST_ROWS; s++)
        sum += fit_log_density(weights, rows + 2 * s) / FIT_TEST_ROWS;
    assert_true(fabs(sum - best) < 1e-6);
}

/* ---- the weights of the lowest free energy ----------------------------------------------------------------------- */

enum { ANNEALED_AT = 100, CALM_UNTIL = 399, ANNEALED_STEPS = 400 };

/* The host's model, annealed until step 100 from kT = 2 to 1, learning calmly but for the last step, which is a wild one. */
static Model wild_model(void)
{
    static const int64_t until[] = {CALM_UNTIL, ANNEALED_STEPS};
    static const double rates[] = {0.1, 2};
    Model model = host_model;
    static const ModelScalar scalars[] = {
        {"kT", {.shape = MODEL_SCHEDULE_LINEAR, .from = 2, .to = 1, .steps = ANNEALED_AT}},
        {"loss.0.weight", {.shape = MODEL_SCHEDULE_CONSTANT, .from = 1}},
    };
    model.scalars = scalars;
    model.training.steps = ANNEALED_STEPS;
    model.training.evaluate_every = 20;
    model.training.batch = 4096; /* so that each evaluation may choose: the operations of a step are few here */
    model.training.average = 0.5;
    model.training.keeps_lowest = true;
    model.training.rate =
        (ModelSchedule){.shape = MODEL_SCHEDULE_STAGES, .stage_count = 2, .until = until, .value = rates};
    return model;
}

/* The mean of log q + U of the host's model at kT = 1, in closed form, of the weights in a file. */
static double exact_free_energy(const char *path)
{
    const double stiffness[] = {HOST_STIFFNESS_0, HOST_STIFFNESS_1}, centre[] = {HOST_CENTRE_0, HOST_CENTRE_1};
    float shift[2], log_scale[2];
    double sum = 0;
    FileBytes file;
    Safetensors tensors;
    Failure failure;
    assert_true(file_read(path, &file, &failure));
    assert_true(safetensors_parse(file.bytes, file.length, path, &tensors, &failure));
    assert_true(safetensors_to_float(&tensors, safetensors_find(&tensors, "flow.shift"), shift, &failure));
    assert_true(safetensors_to_float(&tensors, safetensors_find(&tensors, "flow.log_scale"), log_scale, &failure));
    safetensors_release(&tensors);
    file_release(&file);
    for (int i = 0; i < 2; i++) {
        const double apart = (double)shift[i] - centre[i], variance = exp(2 * (double)log_scale[i]);
        sum += 0.5 * stiffness[i] * (apart * apart + variance) - 0.5 - 0.91893853320467274178 - (double)log_scale[i];
    }
    return sum;
}

/* A training whose messages go to the file err. */
static int run_with_messages(const Model *model, const char *line)
{
    fflush(stderr);
    const int terminal = dup(2), file = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(terminal >= 0 && file >= 0 && dup2(file, 2) == 2);
    const int code = fit_run(model, line);
    fflush(stderr);
    assert_int_equal(dup2(terminal, 2), 2);
    close(file);
    close(terminal);
    return code;
}

/* Each evaluation's weights, by trainings that stop there and keep the last: which is best is known in closed form. */
static void test_annealed_training_keeps_the_lowest_free_energy(void **state)
{
    Model model = wild_model(), last = model;
    char line[200];
    double lowest = INFINITY, at_last = 0;
    (void)state;
    assert_int_equal(run_with_messages(&model, "train -o kept --steps 400"), 0);
    const double step = fit_number_in("kept/run.json", "best_step"),
                 found = fit_number_in("kept/run.json", "best_free_energy"),
                 error = fit_number_in("kept/run.json", "best_free_energy_error");
    last.training.keeps_lowest = false;
    for (int stop = ANNEALED_AT + 20; stop <= ANNEALED_STEPS; stop += 20) {
        snprintf(line, sizeof line, "train -o last -q --steps 400 --stop-at %d%s", stop,
                 stop > ANNEALED_AT + 20 ? " --resume" : "");
        assert_int_equal(fit_run(&last, line), 0);
        if (stop == step)
            assert_true(command_works("cmp kept/weights.safetensors last/weights.safetensors"));
        at_last = exact_free_energy("last/weights.safetensors");
        lowest = fmin(lowest, at_last);
    }
    const double kept = exact_free_energy("kept/weights.safetensors");
    assert_true(step > ANNEALED_AT && step <= CALM_UNTIL);
    assert_true(error > 0 && error < 0.02 && fabs(found - kept) < 4 * error);
    assert_true(kept < lowest + error); /* the same rows choose: what is left of the noise is less than a mean's */
    assert_true(at_last > kept + 0.05);
    snprintf(line, sizeof line, "kept step %.0f: mean of log q + U/kT", step);
    expect_text("err", line);
}

static void test_kept_weights_survive_stops(void **state)
{
    Model model = wild_model();
    (void)state;
    assert_int_equal(fit_run(&model, "train -o kept-whole -q --steps 400"), 0);
    assert_int_equal(fit_run(&model, "train -o kept-parts -q --steps 400 --stop-at 90"), 0);
    assert_true(!command_works("grep -q best_step kept-parts/run.json")); /* the annealing goes on: none is kept */
    for (int stop = 110; stop < 400; stop += 70) {
        char line[100];
        snprintf(line, sizeof line, "train -o kept-parts -q --resume --stop-at %d", stop);
        assert_int_equal(fit_run(&model, line), 0);
    }
    assert_int_equal(fit_run(&model, "train -o kept-parts -q --resume"), 0);
    assert_true(command_works("cmp kept-whole/weights.safetensors kept-parts/weights.safetensors"));
    assert_true(command_works("grep -v '\"seconds\"' kept-whole/run.json >a && grep -v '\"seconds\"' "
                              "kept-parts/run.json >b && cmp a b"));
}

static void energy_with_wall(const float *scalars, size_t count, const float *x, float *energy, void *workspace,
                             int threads)
{
    host_functions_single.energy(scalars, count, x, energy, workspace, threads);
    for (size_t i = 0; i < count; i++)
        if (x[2 * i] < HOST_CENTRE_0 - 3)
            energy[i] = INFINITY;
}

/* Samples of weight 0, about one in 740 here, count as 10 above -log Z rather than as infinite. */
static void test_few_samples_without_weight_do_not_choose(void **state)
{
    Model model = wild_model();
    ModelFunctions32 functions = *host_model.single_precision;
    (void)state;
    functions.energy = energy_with_wall;
    model.single_precision = &functions;
    assert_int_equal(fit_run(&model, "train -o wall -q --steps 400"), 0);
    const double found = fit_number_in("wall/run.json", "best_free_energy"),
                 error = fit_number_in("wall/run.json", "best_free_energy_error");
    const double exact = exact_free_energy("wall/weights.safetensors") + 10 / 740.8;
    assert_true(error > 1e-3 && error < 0.02 && fabs(found - exact) < 4 * error + 0.01);
    assert_true(found > exact_free_energy("wall/weights.safetensors"));
}

/* A condition ends the training for the weights that it holds of. */
static void test_a_condition_takes_the_weights_it_holds_for(void **state)
{
    static const int64_t until[] = {230, 400};
    Model model = wild_model();
    (void)state;
    model.training.rate.until = until;
    model.training.stop_when = (ModelCondition){MODEL_METRIC_LOSS, true, false, -1.13, "loss > -1.13"};
    assert_int_equal(fit_run(&model, "train -o held -q --steps 400"), 0);
    expect_text("held/run.json", "\"ended_by\": \"stop_when\"");
    assert_false(command_works("grep -q best_step held/run.json"));
}

/* ---- the curriculum ---------------------------------------------------------------------------------------------- */

static const ModelStageNumber first_rate[] = {{-1, {.shape = MODEL_SCHEDULE_LINEAR, .from = 0.2, .to = 0.1}}};
static const ModelStageNumber second[] = {{-1, {.shape = MODEL_SCHEDULE_CONSTANT, .from = 0.05, .to = 0.05}},
                                          {0, {.shape = MODEL_SCHEDULE_CONSTANT, .from = 3, .to = 3}}};
static const ModelStageNumber last[] = {
    {-1, {.shape = MODEL_SCHEDULE_LINEAR, .from = 0.02, .to = 0.01, .steps = 0, .warm_up = 1}}};
static const ModelStage stages[] = {
    {20, {0}, 1, first_rate},
    {0, {MODEL_METRIC_VALIDATION, true, true, -3.2, "validation >= -3.2"}, 2, second},
    {0, {0}, 1, last},
};

static Model model_with_stages(void)
{
    Model model = fit_model;
    model.training.stages = stages;
    model.training.stage_count = 3;
    model.training.evaluate_every = 10;
    return model;
}

static void test_stages_have_their_own_numbers(void **state)
{
    double rate[LINES_MOST], kT[LINES_MOST], validation[LINES_MOST];
    Model model = model_with_stages();
    (void)state;
    fit_write_data();
    assert_int_equal(fit_run(&model, "train -o stages -q --validation test.npy --steps 400"), 0);
    const int count = read_metrics("stages/metrics.jsonl", "rate", rate);
    read_metrics("stages/metrics.jsonl", "kT", kT);
    read_metrics("stages/metrics.jsonl", "validation", validation);
    assert_int_equal(count, 400);
    int advanced = 20; /* the line after whose evaluation the last stage begins */
    for (int i = 0; i < 20; i++) {
        assert_true(fabs(rate[i] - (0.2 - 0.1 * i / 20)) < 1e-12);
        assert_true(kT[i] == 1);
    }
    while (!(validation[advanced - 1] >= -3.2) || advanced == 20)
        advanced++;
    assert_true(advanced > 20 && advanced < 390 && advanced % 10 == 0);
    for (int i = 20; i < advanced; i++)
        assert_true(rate[i] == 0.05 && kT[i] == 3);
    assert_true(fabs(rate[advanced] - 0.01) < 1e-12); /* warming up: half of 0.02 */
    for (int i = advanced + 1; i < 400; i++) {
        assert_true(fabs(rate[i] - (0.02 - 0.01 * (i - advanced) / (400.0 - advanced))) < 1e-12);
        assert_true(kT[i] == 1);
    }
    assert_true(fit_number_in("stages/run.json", "stage") == 2);
}

static void test_the_place_at_the_end_is_the_last_stages(void **state)
{
    const Model model = model_with_stages();
    (void)state;
    assert_int_equal(curriculum_end(&fit_model).stage, 0);
    assert_int_equal(curriculum_end(&model).stage, 2);
    assert_true(curriculum_is_last(&fit_model, curriculum_end(&fit_model)));
    assert_true(curriculum_value(&model, curriculum_end(&model), -1, 400, 400) == 0.01);
    assert_true(curriculum_value(&model, curriculum_end(&model), 0, 400, 400) == 1);
    assert_true(curriculum_value(&model, (CurriculumPlace){9, 0}, 0, 400, 400) == 1); /* no such stage */
}

/* All at once, cut in pieces: the weights, and what the metrics say but for the time. */
static void test_everything_resumes_to_the_same_bits(void **state)
{
    Model model = model_with_stages();
    (void)state;
    fit_write_data();
    model.training.accumulate = 3;
    model.training.patience = 4;
    model.training.optimizer = MODEL_RMSPROP;
    model.training.beta2 = 0.99;
    model.data.validation_fraction = 0.2;
    model.training.stop_when = (ModelCondition){MODEL_METRIC_LOSS, false, false, -100, "loss < -100"};
    assert_int_equal(fit_run(&model, "train -o whole -q --steps 300"), 0);
    assert_int_equal(fit_run(&model, "train -o parts -q --steps 300 --stop-at 17"), 0);
    for (int stop = 18; stop < 300; stop += 31) {
        char line[100];
        snprintf(line, sizeof line, "train -o parts -q --resume --stop-at %d", stop);
        assert_int_equal(fit_run(&model, line), 0);
    }
    assert_int_equal(fit_run(&model, "train -o parts -q --resume"), 0);
    assert_true(command_works("cmp whole/weights.safetensors parts/weights.safetensors"));
    assert_true(command_works("sed 's/, \"seconds.*//' whole/metrics.jsonl >a && sed 's/, \"seconds.*//' "
                              "parts/metrics.jsonl >b && cmp a b"));
    assert_true(command_works("grep -v '\"seconds\"' whole/run.json >a && grep -v '\"seconds\"' parts/run.json >b && "
                              "cmp a b"));
}

/* ---- divergence -------------------------------------------------------------------------------------------------- */

/* A finite gradient and a rate that throws the weights out of the floats: the checkpoint before stays. */
static void test_weights_that_are_not_finite_are_no_checkpoint(void **state)
{
    Model model = fit_model;
    (void)state;
    fit_write_data();
    model.training.optimizer = MODEL_SGD;
    model.training.average = 0;
    model.training.beta1 = 0;
    model.training.checkpoint_every = 10;
    model.training.rate = (ModelSchedule){
        .shape = MODEL_SCHEDULE_STAGES,
        .stage_count = 2,
        .until = (const int64_t[]){19, 20},
        .value = (const double[]){1e-3, 3e38},
    };
    assert_int_equal(fit_run(&model, "train -o burst -q"), FAILURE_NOT_FINITE);
    expect_text("burst/run.json", "\"status\": \"diverged\"");
    model.training.rate = (ModelSchedule){.shape = MODEL_SCHEDULE_CONSTANT, .from = 1e-3};
    assert_int_equal(fit_run(&model, "train -o burst -q --resume --stop-at 11"), 0); /* from step 10 */
    expect_text("burst/run.json", "\"step\": 11");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_batches_are_one_of_twice_the_size),
        cmocka_unit_test(test_training_stops_when_its_condition_holds),
        cmocka_unit_test(test_early_stopping_keeps_the_best_weights),
        cmocka_unit_test(test_annealed_training_keeps_the_lowest_free_energy),
        cmocka_unit_test(test_kept_weights_survive_stops),
        cmocka_unit_test(test_few_samples_without_weight_do_not_choose),
        cmocka_unit_test(test_a_condition_takes_the_weights_it_holds_for),
        cmocka_unit_test(test_stages_have_their_own_numbers),
        cmocka_unit_test(test_the_place_at_the_end_is_the_last_stages),
        cmocka_unit_test(test_everything_resumes_to_the_same_bits),
        cmocka_unit_test(test_weights_that_are_not_finite_are_no_checkpoint),
    };
    return cmocka_run_group_tests(tests, scratch_start, scratch_end);
}
