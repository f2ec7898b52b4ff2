/* SPDX-License-Identifier: MIT-0 */
/* What a user sees of a training on the terminal. */
#include "columns.h"
#include "conditions.h"
#include "curriculum.h"
#include "number.h"
#include "training.h"
#include "unbounded.h"

#include <math.h>
#include <stdio.h>

/* The mean loss since the last line of the metrics, or that line's. */
static double recent_loss(const Checkpoint *at)
{
    return at->loss_count > 0 ? at->loss_sum / (double)at->loss_count : at->mean_loss;
}

void training_show_progress(Training *training)
{
    char facts[128], loss[NUMBER_TEXT_SIZE], ess[NUMBER_TEXT_SIZE], validation[NUMBER_TEXT_SIZE];
    const Checkpoint *at = &training->at;
    number_write_short(recent_loss(at), 4, loss);
    number_write_short(at->last_ess, 3, ess);
    number_write_short(at->validation, 4, validation);
    snprintf(facts, sizeof facts, "loss %.24s%s%.24s%s%.24s", loss, isnan(at->last_ess) ? "" : "  ess ",
             isnan(at->last_ess) ? "" : ess,
             isnan(at->validation)                   ? ""
             : columns_have_integer(training->model) ? "  bound held out "
                                                     : "  log q held out ",
             isnan(at->validation) ? "" : validation);
    progress_show(&training->progress, at->step, facts);
}

static const char *held_out_name(const Training *training)
{
    return columns_have_integer(training->model) ? "dequantised bound of mean log P" : "mean log q";
}

/* Why it ended early, or in a stage that is not the last. */
static void tell_end(const Training *training)
{
    const Checkpoint *at = &training->at;
    const ModelTraining *settings = &training->model->training;
    char value[NUMBER_TEXT_SIZE], error[NUMBER_TEXT_SIZE];
    if (at->ended == ENDED_BY_CONDITION)
        fprintf(stderr, "ended as asked: %s\n", settings->stop_when.text);
    if (at->ended == ENDED_BY_VALIDATION)
        fprintf(stderr, "ended early: no better validation in %lld evaluations\n", (long long)settings->patience);
    if (training_has_best(training) && isnan(at->best_validation))
        fprintf(stderr, "kept step %llu: mean of log q + U/kT %s +- %s, the lowest since kT is the last\n",
                (unsigned long long)at->best_step, number_write_short(at->best_free_energy, 6, value),
                number_write_short(at->best_free_energy_error, 2, error));
    if (training_has_best(training) && !isnan(at->best_validation))
        fprintf(stderr, "the weights are those of step %llu, %s of the rows held out %s\n",
                (unsigned long long)at->best_step, held_out_name(training),
                number_write_short(at->best_validation, 5, value));
    if (at->step == at->steps && !curriculum_is_last(training->model, at->place))
        fprintf(stderr, "warning: the training ended in stage %llu of %d of its curriculum\n",
                (unsigned long long)at->place.stage + 1, settings->stage_count);
}

void training_tell_energy(Training *training)
{
    const ModelFunctions32 *functions = training->model->single_precision;
    double energies[UNBOUNDED_SCALES];
    char first[NUMBER_TEXT_SIZE], second[NUMBER_TEXT_SIZE], third[NUMBER_TEXT_SIZE];
    if (training->evaluation_count == 0)
        return;
    functions->sample(training->weights, training->scalars_single, training->at.seed, 0, UNBOUNDED_RAYS, training->x,
                      training->log_q, training->workspace, training->threads);
    if (unbounded_find(training->model, training->scalars_single, training_kT(training), UNBOUNDED_RAYS, training->x,
                       training->energy, training->workspace, training->threads, energies))
        fprintf(stderr,
                "warning: the energy falls without end: a sample moved 10^4, 10^5 and 10^6 times as far out has %s, %s "
                "and %s, so exp(-U/kT) has no finite integral; confine it (range, or a term that grows faster)\n",
                number_write_short(energies[4], 3, first), number_write_short(energies[5], 3, second),
                number_write_short(energies[6], 3, third));
}

void training_tell_result(const Training *training, const char *program)
{
    char options[CONDITION_TEXT_SIZE], duration[32], seconds[NUMBER_TEXT_SIZE], loss[NUMBER_TEXT_SIZE],
        ess[NUMBER_TEXT_SIZE];
    const Checkpoint *at = &training->at;
    snprintf(duration, sizeof duration, "%.24s s", number_write_short(at->seconds, 3, seconds));
    fprintf(stderr, "%llu of %llu steps in %s: loss %s", (unsigned long long)at->step, (unsigned long long)at->steps,
            at->seconds < 60 ? duration : progress_duration(at->seconds, duration),
            number_write_short(recent_loss(at), 5, loss));
    if (!isnan(at->last_ess))
        fprintf(stderr, ", ess %s by samples of the model's own", number_write_short(at->last_ess, 3, ess));
    if (!isnan(at->validation)) {
        char value[NUMBER_TEXT_SIZE], error[NUMBER_TEXT_SIZE];
        fprintf(stderr, "\n%s of %zu rows held out: %s +- %s nats", held_out_name(training),
                training->data.held_out_count, number_write_short(at->validation, 5, value),
                number_write_short(at->validation_error, 2, error));
    }
    fprintf(stderr, "\n");
    tell_end(training);
    fprintf(stderr, "weights: %s\n", training->run.weights);
    if (at->step < at->steps && at->ended == NOT_ENDED)
        progress_suggest(program, "train -o", training->run.folder, " --resume", "");
    else
        progress_suggest(program, "evaluate -w", training->run.folder, " -n 100000",
                         training->evaluation_count == 0
                             ? ""
                             : conditions_options(training->model, training->middle, NULL, options));
}
