/* SPDX-License-Identifier: MIT-0 */
/* The training loop. Everything is allocated before the first step; a step itself does nothing but the model's step,
 * the gradient's norm and the optimiser's pass over the weights, and now and then a line of metrics. */
#include "train.h"
#include "columns.h"
#include "conditions.h"
#include "curriculum.h"
#include "files.h"
#include "interrupt.h"
#include "number.h"
#include "session.h"
#include "training.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { METRICS_LINES = 1000 };

/* ---- set-up ------------------------------------------------------------------------------------------------------ */

static bool claim_memory(Training *training, Failure *failure)
{
    const Model *model = training->model;
    const ModelFunctions32 *functions = model->single_precision;
    const size_t dimension = (size_t)model->dimension, scalars = conditions_end(model);
    const char *what = "training";
    bool good = true;
    if (functions->sample != NULL && functions->energy != NULL) {
        const size_t count = EVALUATION_REALS / dimension;
        training->evaluation_count = count > EVALUATION_SAMPLES ? EVALUATION_SAMPLES
                                     : count < EVALUATION_LEAST ? EVALUATION_LEAST
                                                                : count;
    }
    if (training->feeds_data)
        training->batch =
            memory_claim_next((size_t)(model->training.batch * model->data_width), sizeof(float), what, &good, failure);
    training->held_out_log_q = memory_claim_next(training->data.held_out_count, sizeof(float), what, &good, failure);
    training->weights = memory_claim_next(model->weight_count, sizeof(float), what, &good, failure);
    training->gradient = memory_claim_next(model->weight_count, sizeof(float), what, &good, failure);
    if (model->training.accumulate > 1)
        training->part = memory_claim_next(model->weight_count, sizeof(float), what, &good, failure);
    if (model->training.patience > 0 || (model->training.keeps_lowest && training->evaluation_count > 0))
        training->best = training->at.best =
            memory_claim_next(model->weight_count, sizeof(float), what, &good, failure);
    training->scalars = memory_claim_next(scalars, sizeof(double), what, &good, failure);
    training->scalars_single = memory_claim_next(scalars, sizeof(float), what, &good, failure);
    training->workspace = memory_claim_next(functions->workspace_bytes(training->threads), 1, what, &good, failure);
    training->x = memory_claim_next(training->evaluation_count * dimension, sizeof(float), what, &good, failure);
    training->log_q = memory_claim_next(training->evaluation_count, sizeof(float), what, &good, failure);
    training->energy = memory_claim_next(training->evaluation_count, sizeof(float), what, &good, failure);
    training->log_w = memory_claim_next(training->evaluation_count, sizeof(double), what, &good, failure);
    return good;
}

static void release(Training *training)
{
    run_close(&training->run);
    fab_end(&training->fab);
    minibatch_end(&training->minibatches);
    dataset_release(&training->data);
    free(training->batch);
    free(training->held_out_log_q);
    optimiser_end(&training->optimiser);
    free(training->weights);
    free(training->gradient);
    free(training->part);
    free(training->best);
    free(training->scalars);
    free(training->scalars_single);
    free(training->middle);
    free(training->workspace);
    free(training->x);
    free(training->log_q);
    free(training->energy);
    free(training->log_w);
}

/* Reads the data where steps need them, or where they are to judge the training by. */
static bool start_data(Training *training, const Arguments *arguments, Failure *failure)
{
    const Model *model = training->model;
    const bool has_validation =
        arguments->validation != NULL || model->data.validation != NULL || model->data.validation_fraction > 0;
    training->feeds_data = model->data.feeds_steps;
    training->has_data = training->feeds_data || model->data.standardises || has_validation || arguments->data != NULL;
    training->middle = memory_claim((size_t)model->condition_count, sizeof *training->middle, "training", failure);
    if (training->middle == NULL)
        return false;
    conditions_spread(model, 0, 1, training->middle);
    if (!training->has_data)
        return true;
    if (!dataset_read(model, arguments->data, arguments->validation, training->middle, NULL, &training->data, failure))
        return false;
    columns_dequantise(model, 0, training->data.held_out, training->data.held_out_count);
    if (training->feeds_data || model->data.standardises)
        memcpy(training->at.data_sha256, training->data.train_sha256, sizeof training->at.data_sha256);
    return true;
}

/* After the training's memory is claimed; a checkpoint then holds the walkers' state too. */
static bool start_fab(Training *training, Failure *failure)
{
    training->uses_fab = training->model->training.fab.steps > 0;
    if (!training->uses_fab)
        return true;
    if (!fab_start(&training->fab, training->model, training->at.seed, training->weights, training->scalars_single,
                   training->workspace, training->threads, failure))
        return false;
    training->at.state = training->fab.state;
    training->at.state_count = training->fab.state_count;
    return true;
}

/* Batches in a step. */
uint64_t training_batches(const Model *model)
{
    return model->training.accumulate > 1 ? (uint64_t)model->training.accumulate : 1;
}

/* Goes on from the run's checkpoint, if there is one. */
static bool resume(Training *training, const Arguments *arguments, Failure *failure)
{
    if (!arguments->resume || !file_exists(training->run.checkpoint))
        return true;
    if (!checkpoint_read(training->run.checkpoint, training->model, &training->at, training->weights,
                         &training->optimiser, failure))
        return false;
    if (arguments->has_seed && arguments->seed != training->at.seed)
        return failure_set(failure, FAILURE_USAGE, "--seed %llu: the run in %s has seed %llu",
                           (unsigned long long)arguments->seed, training->run.folder,
                           (unsigned long long)training->at.seed);
    if (arguments->steps > 0 && arguments->steps < training->at.step)
        return failure_set(failure, FAILURE_USAGE, "--steps %llu: the run in %s has done %llu already",
                           (unsigned long long)arguments->steps, training->run.folder,
                           (unsigned long long)training->at.step);
    if (arguments->steps > training->at.steps)
        training->at.ended = NOT_ENDED; /* asked to go on */
    if (arguments->steps > 0)
        training->at.steps = arguments->steps;
    return true;
}

/* The states that hold the training data's means and deviations. */
static bool start_states(Training *training, Failure *failure)
{
    const ModelData *data = &training->model->data;
    return !data->standardises ||
           dataset_moments(&training->data, training->model, training->weights + data->mean_offset,
                           training->weights + data->scale_offset, failure);
}

/* Those of the next step. */
static void update_scalars(Training *training)
{
    curriculum_scalars(training->model, training->at.place, (int64_t)training->at.step, (int64_t)training->at.steps,
                       training->scalars);
    training_set_conditions(training, 0, 1);
}

static bool start_weights(Training *training, Failure *failure)
{
    weights_initialise(training->model, training->at.seed, training->weights);
    update_scalars(training);
    if (!start_states(training, failure))
        return false;
    if (training->feeds_data) {
        if (!minibatch_start(&training->minibatches, &training->data, training->at.seed, failure))
            return false;
        minibatch_take(&training->minibatches, 0, (size_t)training->model->training.batch, training->batch);
        minibatch_end(&training->minibatches); /* a run that is resumed may have another seed */
    }
    return weights_compute(training->model, training->at.seed, training->scalars_single, training->batch,
                           training->weights, training->workspace, training->threads, failure);
}

static bool start(Training *training, const Arguments *arguments, Failure *failure)
{
    const Model *model = training->model;
    training->at = (Checkpoint){.seed = arguments->has_seed ? arguments->seed : model->training.seed,
                                .steps = arguments->steps > 0 ? arguments->steps : (uint64_t)model->training.steps,
                                .mean_loss = (double)NAN,
                                .last_ess = (double)NAN,
                                .validation = (double)NAN,
                                .validation_error = (double)NAN,
                                .best_validation = (double)NAN,
                                .best_free_energy = (double)NAN,
                                .best_free_energy_error = (double)NAN};
    if (training->at.steps > UINT32_MAX / training_batches(model))
        return failure_set(failure, FAILURE_USAGE, "--steps: at most %llu",
                           (unsigned long long)(UINT32_MAX / training_batches(model)));
    if (!session_threads(training->model, arguments, &training->threads, failure) ||
        !start_data(training, arguments, failure) || !claim_memory(training, failure) || !start_fab(training, failure))
        return false;
    if (!start_weights(training, failure) ||
        !optimiser_start(&training->optimiser, model, training->weights, failure) ||
        !run_open(&training->run, arguments->output, arguments->resume, arguments->overwrite, failure) ||
        !resume(training, arguments, failure) ||
        (training->feeds_data &&
         !minibatch_start(&training->minibatches, &training->data, training->at.seed, failure)) ||
        !run_open_metrics(&training->run, training->at.step, failure))
        return false;
    training->fab.bridge.seed = training->at.seed; /* the checkpoint's, where there is one */
    training->kT = conditions_temperature(model);
    training->stop_at =
        arguments->stop_at > 0 && arguments->stop_at < training->at.steps ? arguments->stop_at : training->at.steps;
    training->metrics_every = training->at.steps / METRICS_LINES + 1;
    training->started = clock_seconds() - training->at.seconds;
    return true;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

/* What has been found since the last line of the metrics, whose mean loss begins anew. */
static Metrics find_metrics(Training *training, bool is_evaluated)
{
    const Estimate validation = {training->at.validation, training->at.validation_error}, none = {NAN, NAN};
    if (training->at.loss_count > 0)
        training->at.mean_loss = training->at.loss_sum / (double)training->at.loss_count;
    training->at.loss_sum = 0;
    training->at.loss_count = 0;
    return (Metrics){.step = training->at.step,
                     .loss = training->at.mean_loss,
                     .ess = is_evaluated ? training->at.last_ess : (double)NAN,
                     .validation = is_evaluated ? validation : none,
                     .kT = training->model->kT_condition == NULL ? training_kT(training) : (double)NAN,
                     .rate = training->rate,
                     .gradient_norm = training->gradient_norm,
                     .seconds = clock_seconds() - training->started};
}

static bool write_record(Training *training, const char *status, JsonWriter *text, Failure *failure)
{
    const RunRecord record = {.status = status,
                              .at = training->at,
                              .threads = training->threads,
                              .has_best = training_has_best(training),
                              .weights_sha256 = training->weights_sha256,
                              .data = training->has_data ? &training->data : NULL};
    return run_write_record(&training->run, training->model, &record, text, failure);
}

/* A step whose loss and gradient are finite may still leave weights that are not: no checkpoint holds such. */
static bool check_weights(const Training *training, Failure *failure)
{
    char value[NUMBER_TEXT_SIZE];
    for (int t = 0; t < training->model->tensor_count; t++) {
        const ModelTensor *tensor = &training->model->tensors[t];
        for (size_t i = 0; i < tensor->count; i++) {
            const float element = training->weights[tensor->offset + i];
            if (!isfinite(element))
                return failure_set(failure, FAILURE_NOT_FINITE,
                                   "the training diverged: '%s' is %s (element %zu) after step %llu", tensor->name,
                                   number_write_float(element, value), i, (unsigned long long)training->at.step);
        }
    }
    return true;
}

/* The checkpoint, and the weights as they would be used now. */
static bool save(Training *training, Failure *failure)
{
    const Model *model = training->model;
    const bool has_best = training_has_best(training);
    WeightsFacts facts = {.seed = training->at.seed,
                          .step = has_best ? training->at.best_step : training->at.step,
                          .scalars = training->scalars};
    if (!check_weights(training, failure))
        return false;
    training->at.seconds = clock_seconds() - training->started;
    curriculum_scalars(model, training->at.place, (int64_t)training->at.step, (int64_t)training->at.steps,
                       training->scalars);
    bool good = run_flush_metrics(&training->run, failure) &&
                checkpoint_write(training->run.checkpoint, model, &training->at, training->weights,
                                 &training->optimiser, failure) &&
                weights_write(training->run.weights, model,
                              has_best ? training->best : optimiser_weights(&training->optimiser, training->weights),
                              &facts, failure);
    memcpy(training->weights_sha256, facts.hash, sizeof facts.hash);
    return good;
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

/* "step 1200: the loss is nan", with the tensor where the gradient is to blame. */
static bool fail_diverged(const Training *training, double loss, Failure *failure)
{
    const unsigned long long step = training->at.step;
    char value[NUMBER_TEXT_SIZE];
    if (!isfinite(loss))
        return failure_set(failure, FAILURE_NOT_FINITE, "the training diverged: the loss is %s at step %llu",
                           number_write(loss, value), step);
    for (int t = 0; t < training->model->tensor_count; t++) {
        const ModelTensor *tensor = &training->model->tensors[t];
        for (size_t i = 0; i < tensor->count && tensor->trained; i++) {
            const float element = training->gradient[tensor->offset + i];
            if (!isfinite(element))
                return failure_set(failure, FAILURE_NOT_FINITE,
                                   "the training diverged: the gradient of '%s' is %s (element %zu) at step %llu",
                                   tensor->name, number_write_float(element, value), i, step);
        }
    }
    return failure_set(failure, FAILURE_NOT_FINITE, "the training diverged: the gradient's norm is %s at step %llu",
                       number_write(training->gradient_norm, value), step);
}

/* The loss of one batch is added to *loss, its gradient goes to `gradient`. Batches are numbered through the training. */
static bool take_batch(Training *training, uint64_t number, float *gradient, double *loss, Failure *failure)
{
    const Model *model = training->model;
    if (training->feeds_data)
        minibatch_take(&training->minibatches, number, (size_t)model->training.batch, training->batch);
    if (training->uses_fab && !fab_rows(&training->fab, number, training_kT(training), failure))
        return false;
    const float *data = training->uses_fab ? training->fab.rows : training->batch;
    *loss += model->single_precision->step(training->weights, training->scalars_single, data, training->at.seed,
                                           (uint32_t)number, gradient, training->workspace, training->threads);
    return true;
}

/* The mean loss of a step's batches, and the mean of their gradients. */
static bool take_batches(Training *training, double *loss, Failure *failure)
{
    const uint64_t count = training_batches(training->model), first = training->at.step * count;
    *loss = 0;
    if (!take_batch(training, first, training->gradient, loss, failure))
        return false;
    for (uint64_t i = 1; i < count; i++) {
        if (!take_batch(training, first + i, training->part, loss, failure))
            return false;
        for (size_t w = 0; w < training->model->weight_count; w++)
            training->gradient[w] += training->part[w];
    }
    const float share = (float)(1 / (double)count);
    for (size_t w = 0; w < training->model->weight_count && count > 1; w++)
        training->gradient[w] *= share;
    *loss /= (double)count;
    return true;
}

static bool take_step(Training *training, Failure *failure)
{
    const Model *model = training->model;
    const int64_t step = (int64_t)training->at.step, steps = (int64_t)training->at.steps;
    update_scalars(training);
    training->rate = curriculum_value(model, training->at.place, -1, step, steps);
    double loss;
    if (!take_batches(training, &loss, failure))
        return false;
    training->gradient_norm = optimiser_norm(&training->optimiser, training->gradient, training->threads);
    if (!isfinite(loss) || !isfinite(training->gradient_norm))
        return fail_diverged(training, loss, failure);
    optimiser_update(&training->optimiser, training->rate, training->gradient_norm, training->gradient,
                     training->weights, training->threads);
    training->at.loss_sum += loss;
    training->at.loss_count++;
    training->at.step++;
    return true;
}

static bool is_multiple(uint64_t step, int64_t every)
{
    return every > 0 && step % (uint64_t)every == 0;
}

/* What follows a step: the ess, a line of metrics, a checkpoint, each when it is due. */
static bool after_step(Training *training, Failure *failure)
{
    const ModelTraining *settings = &training->model->training;
    const uint64_t step = training->at.step;
    const bool is_last = step == training->at.steps, evaluates = is_last || is_multiple(step, settings->evaluate_every);
    if (evaluates)
        training_evaluate(training, is_last);
    if (evaluates || step % training->metrics_every == 0) {
        const Metrics metrics = find_metrics(training, evaluates);
        if (!run_write_metrics(&training->run, &metrics, failure))
            return false;
        if (evaluates)
            training_judge(training, &metrics);
    }
    training->at.place = curriculum_pass(training->model, training->at.place, step, false);
    if (is_multiple(step, settings->checkpoint_every) && !is_last &&
        !(save(training, failure) && write_record(training, "running", NULL, failure)))
        return false;
    if (progress_is_due(&training->progress, step))
        training_show_progress(training);
    return true;
}

static bool take_steps(Training *training, Failure *failure)
{
    progress_start(&training->progress, "step", training->at.step, training->at.steps, training->quiet);
    bool good = true;
    while (good && training->at.step < training->stop_at && training->at.ended == NOT_ENDED &&
           !interrupt_is_requested())
        good = take_step(training, failure) && after_step(training, failure);
    progress_clear(&training->progress);
    return good;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* After a failure: the record says so, and the message says what is left. */
static void tell_divergence(Training *training, Failure *failure)
{
    Failure ignored;
    const size_t length = strlen(failure->text);
    training->at.seconds = clock_seconds() - training->started;
    if (failure->code != FAILURE_NOT_FINITE)
        return;
    run_flush_metrics(&training->run, &ignored);
    write_record(training, "diverged", NULL, &ignored);
    if (training->at.step == 0 && training->model->single_precision->energy != NULL) {
        snprintf(failure->text + length, sizeof failure->text - length,
                 "; no step was taken: the energy may not be finite at some first samples, as log and sqrt below 0 are "
                 "not (give such components a range), or a number above 3.4e38");
        return;
    }
    snprintf(failure->text + length, sizeof failure->text - length,
             file_exists(training->run.checkpoint)
                 ? "; the last good checkpoint is %s (a smaller rate, or clip_norm, may help)"
                 : "; %s has no checkpoint yet (a smaller rate, or clip_norm, may help)",
             file_exists(training->run.checkpoint) ? training->run.checkpoint : training->run.folder);
}

static bool run_training(Training *training, const Arguments *arguments, const char *program, Failure *failure)
{
    JsonWriter text = {0};
    if (!start(training, arguments, failure) || !write_record(training, "running", NULL, failure))
        return false;
    if (training->at.step > 0 && !training->quiet)
        fprintf(stderr, "resumed at step %llu of %llu\n", (unsigned long long)training->at.step,
                (unsigned long long)training->at.steps);
    if (training->at.step == 0)
        training_tell_energy(training);
    if (!take_steps(training, failure)) {
        tell_divergence(training, failure);
        return false;
    }
    const bool is_finished = training->at.step == training->at.steps || training->at.ended != NOT_ENDED;
    const bool is_interrupted = interrupt_is_requested();
    const char *status = is_finished ? "finished" : is_interrupted ? "interrupted" : "stopped";
    bool good = save(training, failure) && write_record(training, status, &text, failure);
    if (good && arguments->json)
        printf("%s\n", text.text);
    if (good && !training->quiet)
        training_tell_result(training, program);
    json_free(&text);
    if (good && is_interrupted && !is_finished)
        return failure_set(failure, FAILURE_INTERRUPTED,
                           "stopped at step %llu as asked; %s holds the checkpoint, --resume goes on from it",
                           (unsigned long long)training->at.step, training->run.checkpoint);
    return good;
}

bool train_run(const Model *model, const Arguments *arguments, const char *program, Failure *failure)
{
    Training training = {.model = model, .quiet = arguments->quiet, .run = {.lock = -1}};
    if (model->single_precision->step == NULL)
        return failure_set(failure, FAILURE_USAGE, "the model %s can't be trained: it has no loss", model->name);
    interrupt_catch();
    bool good = run_training(&training, arguments, program, failure);
    release(&training);
    return good;
}
