/* SPDX-License-Identifier: MIT */
/* The training loop as a user meets it: the files of a run, resuming to the same bits after every kind of end,
 * divergence, signals, and whose folder may be written to. */
#include "runtime/host/checkpoint.h"
#include "runtime/host/files.h"
#include "runtime/host/json.h"
#include "runtime/host/safetensors.h"
#include "runtime/host/weights.h"
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

static void expect_command(const char *command)
{
    if (!command_works(command))
        fail_msg("failed: %s", command);
}

/* The straight training that others are compared with. */
static void need_straight(void)
{
    if (!file_exists("straight"))
        expect_code(run_program("train -o straight -q"), 0);
}

/* Weights, moments, averages and metrics of a run, but not the seconds, are those of the straight training. */
static void expect_like_straight(const char *run)
{
    char command[300];
    snprintf(command, sizeof command, "cmp straight/weights.safetensors %s/weights.safetensors", run);
    expect_command(command);
    snprintf(command, sizeof command,
             "for r in straight %s; do sed 's/, \"seconds.*//' $r/metrics.jsonl >metrics-${r##*/}; "
             "done; cmp metrics-straight metrics-%s",
             run, run);
    expect_command(command);
    snprintf(command, sizeof command, "tail -c %d straight/checkpoint >tail-a; tail -c %d %s/checkpoint | cmp - tail-a",
             4 * 4 * HOST_WEIGHTS, 4 * 4 * HOST_WEIGHTS, run);
    expect_command(command);
}

static void expect_status(const char *run, const char *status, double step)
{
    char path[100];
    double number;
    Json json;
    Failure failure;
    snprintf(path, sizeof path, "%s/run.json", run);
    char *text = scratch_read(path);
    assert_true(json_read(text, strlen(text), path, &json, &failure));
    assert_string_equal(json_member(json.root, "status")->text, status);
    assert_true(json_to_real(json_member(json.root, "step"), &number));
    if (step >= 0)
        assert_true(number == step);
    json_release(&json);
    free(text);
}

/* ---- the files of a run ------------------------------------------------------------------------------------------ */

static void test_training_finds_the_target(void **state)
{
    (void)state;
    FileBytes bytes;
    Safetensors file;
    Failure failure;
    float shift[2], log_scale[2], constant[3];
    need_straight();
    expect_status("straight", "finished", 400);
    assert_true(file_read("straight/weights.safetensors", &bytes, &failure));
    assert_true(safetensors_parse(bytes.bytes, bytes.length, "weights", &file, &failure));
    assert_true(safetensors_to_float(&file, safetensors_find(&file, "flow.shift"), shift, &failure));
    assert_true(safetensors_to_float(&file, safetensors_find(&file, "flow.log_scale"), log_scale, &failure));
    assert_true(safetensors_to_float(&file, safetensors_find(&file, "flow.state"), constant, &failure));
    /* the averaged weights lag a little behind the temperature, which still falls */
    assert_true(fabs((double)shift[0] - HOST_CENTRE_0) < 0.1 && fabs((double)shift[1] - HOST_CENTRE_1) < 0.1);
    assert_true(fabsf(log_scale[0]) < 0.15f && fabsf(log_scale[1] - logf(0.5f)) < 0.15f);
    assert_true(constant[0] == 0.25f && constant[2] == 0.25f);
    assert_string_equal(safetensors_metadata(&file, "spec_sha256"), host_model.spec_sha256);
    assert_string_equal(safetensors_metadata(&file, "scalar.kT"), "1");
    assert_string_equal(safetensors_metadata(&file, "step"), "400");
    safetensors_release(&file);
    file_release(&bytes);
}

static void test_metrics_are_lines_of_json(void **state)
{
    (void)state;
    uint64_t last = 0, evaluated = 0;
    need_straight();
    char *text = scratch_read("straight/metrics.jsonl");
    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        Json json;
        Failure failure;
        uint64_t step;
        double ess;
        assert_true(json_read(line, (size_t)(end - line), "metrics", &json, &failure));
        assert_true(json_to_count(json_member(json.root, "step"), &step) && step > last);
        assert_int_equal(json_member(json.root, "loss")->kind, JSON_NUMBER);
        assert_int_equal(json_member(json.root, "kT")->kind, JSON_NUMBER);
        assert_int_equal(json_member(json.root, "seconds")->kind, JSON_NUMBER);
        if (json_to_real(json_member(json.root, "ess"), &ess)) {
            assert_true(step % 50 == 0 && ess > 0 && ess <= 1);
            evaluated++;
        }
        last = step;
        json_release(&json);
    }
    assert_int_equal(last, 400);
    assert_int_equal(evaluated, 8);
    free(text);
}

/* The first line's loss is that of the first step, from the initial weights at the first temperature. */
static void test_first_loss_is_the_models(void **state)
{
    float weights[HOST_WEIGHTS], gradient[HOST_WEIGHTS], scalars[2] = {2, 1};
    char workspace[64];
    double loss;
    Json json;
    Failure failure;
    (void)state;
    need_straight();
    weights_initialise(&host_model, 1, weights);
    const double expected = host_functions_single.step(weights, scalars, NULL, 1, 0, gradient, workspace, 1);
    char *text = scratch_read("straight/metrics.jsonl");
    assert_true(json_read(text, (size_t)(strchr(text, '\n') - text), "metrics", &json, &failure));
    assert_true(json_to_real(json_member(json.root, "loss"), &loss));
    assert_true(loss == expected);
    json_release(&json);
    free(text);
}

static void test_seeds_differ_and_repeat(void **state)
{
    (void)state;
    need_straight();
    expect_code(run_program("train -o again -q --threads 3 --json"), 0);
    expect_text("out", "\"status\": \"finished\"");
    expect_like_straight("again");
    expect_code(run_program("train -o seed2 -q --seed 2"), 0);
    expect_command("! cmp -s straight/weights.safetensors seed2/weights.safetensors");
}

/* ---- going on ---------------------------------------------------------------------------------------------------- */

static void test_resumed_training_has_the_same_bits(void **state)
{
    (void)state;
    need_straight();
    expect_code(run_program("train -o half -q --stop-at 200"), 0);
    expect_status("half", "stopped", 200);
    expect_code(run_program("train -o half -q --resume"), 0);
    expect_like_straight("half");
    expect_code(run_program("train -o pieces -q --stop-at 1"), 0);
    expect_code(run_program("train -o pieces -q --resume --stop-at 57"), 0);
    expect_code(run_program("train -o pieces -q --resume --stop-at 399 --threads 2"), 0);
    expect_code(run_program("train -o pieces -q --resume"), 0);
    expect_like_straight("pieces");
    expect_code(run_program("train -o pieces -q --resume"), 0); /* nothing is left to do */
    expect_like_straight("pieces");
}

/* With several steps to a line of the metrics, a line whose steps lie on both sides of a stop is the same too. */
static void test_metrics_go_on_between_lines(void **state)
{
    (void)state;
    expect_code(run_program("train -o lines -q --steps 2500"), 0);
    expect_code(run_program("train -o cut-lines -q --steps 2500 --stop-at 1001"), 0);
    expect_code(run_program("train -o cut-lines -q --resume"), 0);
    expect_command("test $(wc -l <lines/metrics.jsonl) -lt 1000");
    expect_command("for r in lines cut-lines; do sed 's/, \"seconds.*//' $r/metrics.jsonl >$r/text; done; "
                   "cmp lines/text cut-lines/text");
}

/* Weights know the temperature that their training had come to. */
static void test_weights_carry_their_temperature(void **state)
{
    (void)state;
    expect_code(run_program("train -o warm -q --stop-at 200"), 0);
    expect_code(run_program("sample -w warm -n 3 -o warm.npy"), 0);
    expect_text("warm.json", "\"kT\": 1.5");
    expect_code(run_program("sample -w warm -n 3 -o warm.npy --kT 1.25"), 0);
    expect_text("warm.json", "\"kT\": 1.25");
}

static void test_killed_training_goes_on_from_its_checkpoint(void **state)
{
    (void)state;
    need_straight();
    run_program("--break=slow train -o killed -q & pid=$!; sleep 0.3; kill -9 $pid; wait $pid 2>/dev/null");
    assert_true(file_exists("killed/checkpoint"));
    expect_status("killed", "running", -1);
    expect_code(run_program("train -o killed --resume"), 0);
    expect_text("err", "resumed at step ");
    expect_like_straight("killed");
}

static void test_signals_stop_in_order(void **state)
{
    static const char *const signals[] = {"INT", "TERM"};
    (void)state;
    need_straight();
    for (int i = 0; i < 2; i++) {
        char run[20];
        snprintf(run, sizeof run, "run%s", signals[i]);
        /* a shell starts what runs in the background with SIGINT ignored; the program sets its own handler */
        expect_code(run_program("--break=slow train -o %s -q & pid=$!; sleep 0.2; kill -%s $pid; wait $pid; exit $?",
                                run, signals[i]),
                    FAILURE_INTERRUPTED);
        expect_text("err", "as asked");
        expect_text("err", "--resume");
        expect_status(run, "interrupted", -1);
        expect_code(run_program("train -o %s -q --resume", run), 0);
        expect_like_straight(run);
    }
}

static void test_second_signal_ends_at_once(void **state)
{
    (void)state;
    expect_code(run_program("--break=hang train -o hung -q & pid=$!; sleep 0.2; kill -INT $pid; sleep 0.2; "
                            "kill -INT $pid; wait $pid; exit $?"),
                FAILURE_INTERRUPTED);
    assert_false(file_exists("hung/checkpoint"));
}

static void test_progress_on_demand(void **state)
{
    (void)state;
    expect_code(run_program("--break=slow train -o demand -q --stop-at 300 & pid=$!; sleep 0.2; kill -USR1 $pid; "
                            "wait $pid; exit $?"),
                0);
    expect_text("err", "step ");
    expect_text("err", "/400  loss ");
}

/* Not a terminal: plain lines, one for each 5% at most, and one for the last step. */
static void test_progress_is_sparse_in_a_log(void **state)
{
    (void)state;
    expect_code(run_program("train -o log"), 0);
    expect_command("test $(grep -c '^step ' err) -eq 20");
    expect_text("err", "step 400/400  loss ");
    expect_command("! grep -q \"$(printf '\\r')\" err");
}

/* ---- divergence -------------------------------------------------------------------------------------------------- */

static void test_divergence_keeps_the_last_checkpoint(void **state)
{
    (void)state;
    need_straight();
    expect_code(run_program("--break=loss57 train -o diverged -q"), FAILURE_NOT_FINITE);
    expect_text("err", "the loss is nan at step 57; the last good checkpoint is diverged/checkpoint");
    expect_status("diverged", "diverged", 57);
    expect_code(run_program("train -o diverged --resume --stop-at 31"), 0);
    expect_text("err", "31 of 400 steps"); /* it went on from step 30 */
    expect_code(run_program("train -o diverged -q --resume"), 0);
    expect_like_straight("diverged");
}

/* Where nothing was learned yet, no rate is to blame. */
static void test_divergence_at_the_start_names_the_energy(void **state)
{
    (void)state;
    expect_code(run_program("--break=loss0 train -o at_once -q"), FAILURE_NOT_FINITE);
    expect_text("err", "the loss is nan at step 0; no step was taken: the energy may not be finite");
    expect_command("! grep -q rate err");
}

static void test_divergence_names_the_tensor(void **state)
{
    (void)state;
    expect_code(run_program("--break=gradient5 train -o infinite -q"), FAILURE_NOT_FINITE);
    expect_text("err", "the gradient of 'flow.log_scale' is inf (element 1) at step 5; infinite has no checkpoint yet");
}

/* ---- folders and checkpoints that are not ours ------------------------------------------------------------------- */

static void test_folders_that_are_refused(void **state)
{
    (void)state;
    need_straight();
    expect_command("mkdir -p foreign && echo important >foreign/file && mkdir -p empty && echo x >plain-file");
    expect_code(run_program("train -o foreign -q"), FAILURE_CANNOT_CREATE);
    expect_text("err", "foreign is not empty and holds no run");
    expect_code(run_program("train -o foreign -q --resume"), FAILURE_CANNOT_CREATE);
    expect_code(run_program("train -o plain-file -q"), FAILURE_CANNOT_CREATE);
    expect_code(run_program("train -o no/such/folder -q"), FAILURE_CANNOT_CREATE);
    expect_code(run_program("train -o straight -q"), FAILURE_CANNOT_CREATE);
    expect_text("err",
                "straight holds a run already (400 of 400 steps): --resume goes on with it, --force starts anew");
    expect_code(run_program("train -o empty -q --steps 5"), 0);
    expect_code(run_program("train -o empty -q --force"), 0);
    expect_like_straight("empty");
    expect_code(run_program("train -o foreign -q --force --steps 5"), 0);
    expect_text("foreign/file", "important");
    expect_code(run_program("train -o fresh -q --resume"),
                0); /* a job that is restarted need not know whether it ran */
    expect_like_straight("fresh");
}

static void test_a_folder_has_one_training_at_a_time(void **state)
{
    int lock;
    Failure failure;
    (void)state;
    expect_code(run_program("train -o shared -q --stop-at 5"), 0);
    assert_true(file_lock_folder("shared", &lock, &failure));
    assert_true(lock >= 0);
    expect_code(run_program("train -o shared -q --resume"), FAILURE_CANNOT_CREATE);
    expect_text("err", "another process is training into shared");
    expect_code(run_program("train -o shared -q --force"), FAILURE_CANNOT_CREATE);
    assert_true(file_exists("shared/checkpoint"));
    file_unlock(lock);
    expect_code(run_program("train -o shared -q --resume --stop-at 7"), 0);
}

/* What a killed writer leaves of the run's own files; nothing else. */
static void test_half_written_files_are_cleared_away(void **state)
{
    (void)state;
    expect_command("mkdir leavings && touch leavings/run.json.tmp-77 leavings/checkpoint.tmp-1");
    expect_code(run_program("train -o leavings -q --stop-at 5"), 0);
    expect_command("touch leavings/weights.safetensors.tmp-12 leavings/run.json.tmp-1x leavings/notes.tmp-1");
    expect_code(run_program("train -o leavings -q --resume --stop-at 7"), 0);
    expect_command("test \"$(echo $(ls leavings))\" = "
                   "'checkpoint metrics.jsonl notes.tmp-1 run.json run.json.tmp-1x weights.safetensors'");
}

static void test_checkpoints_that_are_refused(void **state)
{
    (void)state;
    expect_code(run_program("train -o base -q --stop-at 60"), 0);
    expect_code(run_program("train -o base -q --resume --seed 2"), FAILURE_USAGE);
    expect_text("err", "the run in base has seed 1");
    expect_code(run_program("train -o base -q --resume --steps 59"), FAILURE_USAGE);
    expect_code(run_program("--break=spec train -o base -q --resume"), FAILURE_DATA);
    expect_text("err", "base/checkpoint: made with another version of the spec");
    expect_code(run_program("--break=name train -o base -q --resume"), FAILURE_DATA);
    expect_text("err", "base/checkpoint: of the model 'host_model', and this program trains another: give another -o");
    expect_command("! grep -q force err");
    expect_command("cp -r base damaged && printf '\\001' | dd of=damaged/checkpoint bs=1 conv=notrunc "
                   "seek=$(($(wc -c <base/checkpoint) - 6))");
    expect_code(run_program("train -o damaged -q --resume"), FAILURE_DATA);
    expect_text("err", "its numbers do not match their hash");
    expect_command("cp -r base cut && truncate -s 300 cut/checkpoint");
    expect_code(run_program("train -o cut -q --resume"), FAILURE_DATA);
    expect_command("cp -r base other && cp base/weights.safetensors other/checkpoint");
    expect_code(run_program("train -o other -q --resume"), FAILURE_DATA);
    expect_text("err", "not a checkpoint of this program");
}

/* More steps than at first: the schedules stretch, the steps that were done stay. */
static void test_training_can_be_lengthened(void **state)
{
    (void)state;
    expect_code(run_program("train -o longer -q --steps 20"), 0);
    expect_code(run_program("train -o longer -q --resume --steps 40"), 0);
    expect_status("longer", "finished", 40);
}

/* ---- the start --------------------------------------------------------------------------------------------------- */

static void test_weights_start_from_seed_and_nothing_else(void **state)
{
    (void)state;
    float first[HOST_WEIGHTS], again[HOST_WEIGHTS], other[HOST_WEIGHTS];
    weights_initialise(&host_model, 1, first);
    weights_initialise(&host_model, 1, again);
    weights_initialise(&host_model, (uint64_t)1 << 32 | 1, other);
    assert_memory_equal(first, again, sizeof first);
    assert_true(first[HOST_SHIFT] != first[HOST_SHIFT + 1]);
    assert_true(first[HOST_SHIFT] != other[HOST_SHIFT]);
    for (int i = 0; i < 3; i++)
        assert_true(first[HOST_STATE + i] == 0.25f);
    for (int i = 0; i < 2; i++)
        assert_true(fabsf(first[HOST_LOG_SCALE + i]) < 0.1f);
}

static float first_shift; /* what the model below computes */

static void compute_first(const float *weights, const float *scalars, const float *data, uint64_t seed, float *values,
                          void *workspace, int threads)
{
    assert_true(scalars != NULL && data != NULL && workspace != NULL && threads == 1 && seed == 3);
    for (int i = 0; i < HOST_WEIGHTS; i++)
        values[i] = 100; /* of other tensors: nobody may look at them */
    values[HOST_SHIFT] = first_shift;
    values[HOST_SHIFT + 1] = data[1] + weights[HOST_STATE];
}

static void test_first_values_are_computed_for_flagged_tensors_alone(void **state)
{
    (void)state;
    ModelTensor tensors[3];
    ModelFunctions32 functions = host_functions_single;
    Model model = host_model;
    Failure failure;
    float weights[HOST_WEIGHTS], drawn[HOST_WEIGHTS];
    const float scalars[] = {1, 1}, data[] = {4, 8};
    char workspace[64];
    memcpy(tensors, host_model.tensors, sizeof tensors);
    tensors[0].initialised = true;
    model.tensors = tensors;
    model.single_precision = &functions;
    weights_initialise(&model, 3, weights);
    memcpy(drawn, weights, sizeof drawn);
    functions.initialise = NULL;
    assert_true(weights_compute(&model, 3, scalars, data, weights, workspace, 1, &failure));
    assert_memory_equal(weights, drawn, sizeof weights);
    functions.initialise = compute_first;
    first_shift = 2;
    assert_true(weights_compute(&model, 3, scalars, data, weights, workspace, 1, &failure));
    assert_true(weights[HOST_SHIFT] == 2 && weights[HOST_SHIFT + 1] == 8.25f);
    assert_memory_equal(weights + 2, drawn + 2, sizeof weights - 2 * sizeof weights[0]);
    first_shift = NAN;
    assert_false(weights_compute(&model, 3, scalars, data, weights, workspace, 1, &failure));
    assert_int_equal(failure.code, FAILURE_NOT_FINITE);
    assert_non_null(strstr(failure.text, "'flow.shift'"));
}

/* Moments of many initial weights are those of the distributions. */
static void test_initial_weights_have_their_moments(void **state)
{
    enum { COUNT = 100000 };
    static float weights[2 * COUNT];
    static const ModelTensor tensors[] = {
        {"uniform", 1, {COUNT}, 0, COUNT, true, MODEL_INIT_UNIFORM, 2, false, false},
        {"normal", 1, {COUNT}, COUNT, COUNT, true, MODEL_INIT_NORMAL, 3, false, false},
    };
    (void)state;
    const Model model = {.weight_count = 2 * COUNT, .tensor_count = 2, .tensors = tensors};
    weights_initialise(&model, 9, weights);
    for (int t = 0; t < 2; t++) {
        double sum = 0, squares = 0, fourth = 0;
        for (int i = t * COUNT; i < (t + 1) * COUNT; i++) {
            const double w = (double)weights[i];
            sum += w;
            squares += w * w;
            fourth += w * w * w * w;
        }
        const double variance = t == 0 ? 4.0 / 3 : 9, kurtosis = t == 0 ? 9.0 / 5 : 3;
        assert_true(fabs(sum / COUNT) < 4 * sqrt(variance / COUNT));
        assert_true(fabs(squares / COUNT / variance - 1) < 0.02);
        assert_true(fabs(fourth / COUNT / (variance * variance) / kurtosis - 1) < 0.05);
    }
}

/* Once, before the first step, and not where the energy has a bottom. */
static void test_an_energy_without_bottom_is_warned_of(void **state)
{
    (void)state;
    expect_code(run_program("--break=bottom train -o fallen -q --steps 20 --stop-at 10"), 0);
    expect_text("err", "warning: the energy falls without end: a sample moved 10^4, 10^5 and 10^6 times");
    expect_code(run_program("--break=bottom train -o fallen -q --resume"), 0);
    expect_code(command_works("test ! -s err") ? 0 : 1, 0);
    expect_code(run_program("train -o standing -q --steps 20"), 0);
    expect_code(command_works("test ! -s err") ? 0 : 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training_finds_the_target),
        cmocka_unit_test(test_metrics_are_lines_of_json),
        cmocka_unit_test(test_first_loss_is_the_models),
        cmocka_unit_test(test_seeds_differ_and_repeat),
        cmocka_unit_test(test_resumed_training_has_the_same_bits),
        cmocka_unit_test(test_metrics_go_on_between_lines),
        cmocka_unit_test(test_weights_carry_their_temperature),
        cmocka_unit_test(test_killed_training_goes_on_from_its_checkpoint),
        cmocka_unit_test(test_signals_stop_in_order),
        cmocka_unit_test(test_second_signal_ends_at_once),
        cmocka_unit_test(test_progress_on_demand),
        cmocka_unit_test(test_progress_is_sparse_in_a_log),
        cmocka_unit_test(test_divergence_keeps_the_last_checkpoint),
        cmocka_unit_test(test_divergence_at_the_start_names_the_energy),
        cmocka_unit_test(test_divergence_names_the_tensor),
        cmocka_unit_test(test_folders_that_are_refused),
        cmocka_unit_test(test_a_folder_has_one_training_at_a_time),
        cmocka_unit_test(test_half_written_files_are_cleared_away),
        cmocka_unit_test(test_checkpoints_that_are_refused),
        cmocka_unit_test(test_training_can_be_lengthened),
        cmocka_unit_test(test_weights_start_from_seed_and_nothing_else),
        cmocka_unit_test(test_first_values_are_computed_for_flagged_tensors_alone),
        cmocka_unit_test(test_initial_weights_have_their_moments),
        cmocka_unit_test(test_an_energy_without_bottom_is_warned_of),
    };
    return cmocka_run_group_tests(tests, scratch_start, scratch_end);
}
