/* SPDX-License-Identifier: MIT-0 */
/* How good the weights are while a training goes on, which of them it keeps, and whether it ends. */
#include "conditions.h"
#include "curriculum.h"
#include "importance.h"
#include "likelihood.h"
#include "training.h"

#include <math.h>
#include <string.h>

/* The samples that measure the ess, and those that choose the weights: rows of the sample stream that no user asks for. */
#define EVALUATION_FIRST ((uint64_t)1 << 48)
#define CHOICE_FIRST     ((uint64_t)1 << 52)

/* ---- evaluation -------------------------------------------------------------------------------------------------- */

double training_kT(const Training *training)
{
    return training->kT < 0 ? 1 : training->scalars[training->kT];
}

void training_set_conditions(Training *training, int which, int count)
{
    const Model *model = training->model;
    conditions_spread(model, which, count, training->scalars + model->scalar_count);
    for (size_t i = 0; i < conditions_end(model); i++)
        training->scalars_single[i] = (float)training->scalars[i];
}

/* Into how many parts samples are divided, each with conditions of its own. */
static int parts_of(const Model *model)
{
    return model->condition_count > 0 ? EVALUATION_CONDITIONS : 1;
}

/* The mean of log q over the rows held out, by the weights that would be used now. */
static void validate(Training *training)
{
    const Dataset *data = &training->data;
    if (data->held_out_count == 0 || training->model->single_precision->log_prob == NULL)
        return;
    const Estimate mean =
        likelihood_mean(training->model, optimiser_weights(&training->optimiser, training->weights),
                        training->scalars_single, data->held_out, data->held_out_conditions, data->held_out_count,
                        training->held_out_log_q, training->workspace, training->threads);
    training->at.validation = mean.value;
    training->at.validation_error = mean.error;
}

/* log w = -U / kT - log q of these samples of the weights that would be used now, into `log_w`. */
static void weigh_samples(Training *training, uint64_t first, size_t count)
{
    const ModelFunctions32 *functions = training->model->single_precision;
    functions->sample(optimiser_weights(&training->optimiser, training->weights), training->scalars_single,
                      training->at.seed, first, count, training->x, training->log_q, training->workspace,
                      training->threads);
    functions->energy(training->scalars_single, count, training->x, training->energy, training->workspace,
                      training->threads);
    for (size_t i = 0; i < count; i++)
        training->log_w[i] = -(double)training->energy[i] / training_kT(training) - (double)training->log_q[i];
}

void training_evaluate(Training *training, bool is_last)
{
    validate(training);
    const size_t count = is_last ? training->evaluation_count : training->evaluation_count / 4;
    const int parts = parts_of(training->model);
    double sum = 0;
    if (count == 0)
        return;
    for (int k = 0; k < parts; k++) {
        const size_t part = count / (size_t)parts;
        training_set_conditions(training, k, parts);
        weigh_samples(training, EVALUATION_FIRST + (uint64_t)k * part, part);
        sum += importance_ess(training->log_w, part).value;
    }
    training->at.last_ess = sum / parts;
    training_set_conditions(training, 0, 1);
}

/* ---- the weights of the lowest free energy ----------------------------------------------------------------------- */

/* Choosing may take this share of a training's operations. It is the difference of two means that chooses: fewer samples
 * than CHOICE_LEAST would choose by noise, so that where evaluations are frequent not each of them is a choice. */
static const double choice_share = 0.02;
/* A sample whose weight is less than exp(-10) of the mean one counts as if it were that. The rare samples in a flow's tails
 * may have energies in the hundreds: without the cut it is a handful of them that chooses. */
static const double choice_cut = 10;
enum { CHOICE_LEAST = 4096, CHOICE_MOST = 65536 };

typedef struct Choice {
    uint64_t every; /* evaluations */
    size_t samples;
} Choice;

static Choice choice_of(const Model *model)
{
    const double step = (double)model->flops_per_sample_step, sample = (double)model->flops_per_sample;
    /* a step's sample comes with derivatives, which take about twice the operations of what they are derivatives of */
    const double relative = step > 0 && sample / step > 1.0 / 3 ? sample / step : 1.0 / 3;
    const double between =
        (double)model->training.evaluate_every * (double)model->training.batch * (double)training_batches(model);
    const double each = fmax(choice_share * between / relative, 1), every = ceil(CHOICE_LEAST / each);
    return (Choice){(uint64_t)every, (size_t)fmin(each * every, CHOICE_MOST)};
}

/* The mean of log q + U / kT, which is -log Z and the reverse Kullback-Leibler divergence; each is at most -log Z + 10, with Z
 * by the samples of its chunk, which have one condition. Always over the same rows of the sample stream, and the same
 * conditions: what two checkpoints have in common then cancels in their difference. */
static Estimate free_energy(Training *training, size_t count)
{
    double mean = 0, squares = 0; /* squares: of what differs from the mean so far */
    size_t done = 0;
    const size_t parts = (size_t)parts_of(training->model);
    while (done < count) {
        const size_t part = done * parts / count, end = ((part + 1) * count + parts - 1) / parts, left = end - done;
        const size_t here = left < training->evaluation_count ? left : training->evaluation_count;
        training_set_conditions(training, (int)part, (int)parts);
        weigh_samples(training, CHOICE_FIRST + done, here);
        const double most = choice_cut - importance_log_z(training->log_w, here).value;
        for (size_t i = 0; i < here; i++) {
            const double value = -training->log_w[i] > most ? most : -training->log_w[i], apart = value - mean;
            mean += apart / (double)++done;
            squares += apart * (value - mean);
        }
    }
    training_set_conditions(training, 0, 1);
    return (Estimate){mean, sqrt(squares / ((double)count - 1) / (double)count)};
}

/* Whether the temperature is the one that the training ends with: an ess or a free energy on the way there says nothing
 * of the end. */
static bool is_at_last_kT(const Training *training)
{
    const Model *model = training->model;
    const int64_t steps = (int64_t)training->at.steps;
    return training->kT < 0 || training->kT >= model->scalar_count || /* it is a condition */
           training_kT(training) == curriculum_value(model, training->at.place, training->kT, steps, steps);
}

static void keep(Training *training)
{
    training->at.best_step = training->at.step;
    memcpy(training->best, optimiser_weights(&training->optimiser, training->weights),
           training->model->weight_count * sizeof *training->best);
}

/* After an evaluation in the last stage. */
static void judge_free_energy(Training *training)
{
    const Model *model = training->model;
    const Choice choice = choice_of(model);
    Checkpoint *at = &training->at;
    const bool is_last = at->step == at->steps;
    const bool is_due = is_last || at->step / (uint64_t)model->training.evaluate_every % choice.every == 0;
    if (training->best == NULL || !model->training.keeps_lowest || !is_due || !is_at_last_kT(training))
        return;
    const Estimate now = free_energy(training, choice.samples);
    if (!isfinite(now.value) || at->best_free_energy <= now.value)
        return;
    at->best_free_energy = now.value;
    at->best_free_energy_error = now.error;
    keep(training);
}

bool training_has_best(const Training *training)
{
    const Checkpoint *at = &training->at;
    if (training->best == NULL)
        return false;
    /* a condition that ended the training was found to hold for the last weights */
    return !isnan(at->best_validation) || (!isnan(at->best_free_energy) && at->ended != ENDED_BY_CONDITION);
}

/* ---- judgement --------------------------------------------------------------------------------------------------- */

static bool holds(const ModelCondition *condition, const Metrics *metrics)
{
    const double values[] = {
        [MODEL_METRIC_NONE] = (double)NAN,
        [MODEL_METRIC_LOSS] = metrics->loss,
        [MODEL_METRIC_ESS] = metrics->ess,
        [MODEL_METRIC_VALIDATION] = metrics->validation.value,
        [MODEL_METRIC_GRADIENT_NORM] = metrics->gradient_norm,
    };
    const double value = values[condition->metric], bound = condition->bound;
    return (condition->greater ? value > bound : value < bound) || (condition->allowed && value == bound);
}

/* Early stopping: keeps the weights of the best validation; the training ends when it has not been bettered for as many
 * evaluations as patience has. */
static void judge_validation(Training *training)
{
    Checkpoint *at = &training->at;
    if (training->model->training.patience <= 0 || isnan(at->validation))
        return;
    if (!(at->validation <= at->best_validation)) {
        at->best_validation = at->validation;
        at->since_best = 0;
        keep(training);
    } else if (++at->since_best >= (uint64_t)training->model->training.patience) {
        at->ended = ENDED_BY_VALIDATION;
    }
}

/* After an evaluation: whether the training ends, or its next stage begins. */
void training_judge(Training *training, const Metrics *metrics)
{
    const ModelTraining *settings = &training->model->training;
    const uint64_t stage = training->at.place.stage;
    if (!curriculum_is_last(training->model, training->at.place)) {
        training->at.place = curriculum_pass(training->model, training->at.place, training->at.step,
                                             holds(&settings->stages[stage].advance_when, metrics));
        return;
    }
    if (holds(&settings->stop_when, metrics) && is_at_last_kT(training))
        training->at.ended = ENDED_BY_CONDITION;
    judge_validation(training);
    judge_free_energy(training);
}
