/* SPDX-License-Identifier: MIT */
/* How the model is trained, and for which machine. */
#include "compiler/spec/build.h"

static void build_stopping(const Build *build, const Value *train)
{
    const Value *patience = value_at(train, "early_stopping.patience");
    TrainSpec *result = &build->model->train;
    result->stop_when = build_condition(build, value_get(train, "stop_when"));
    result->patience = build_integer(patience, 0);
    if (result->patience > 0 && !build_has_validation(build->model))
        diagnostics_error(build->diagnostics, patience->span, "E0121",
                          "early_stopping needs rows held out; this spec has none")
            ->help = "data: {..., validation: {fraction: 0.1}}";
}

void build_train(const Build *build, const Value *train)
{
    TrainSpec *result = &build->model->train;
    const Value *optimizer = value_get(train, "optimizer"), *options = value_chosen(optimizer);
    if (train == NULL)
        return;
    result->span = train->span;
    result->steps = build_integer(value_get(train, "steps"), 1);
    result->batch = build_integer(value_get(train, "batch"), 1);
    result->seed = (uint64_t)build_integer(value_get(train, "seed"), 0);
    result->checkpoint_every = build_integer(value_get(train, "checkpoint_every"), 1);
    result->evaluate_every = build_integer(value_get(train, "evaluate_every"), 1);
    result->average = build_number(value_get(train, "average"), 0);
    result->accumulate = build_integer(value_get(train, "accumulate"), 1);
    build_stopping(build, train);
    result->optimizer = value_chose(optimizer, "adamw")     ? OPTIMIZER_ADAMW
                        : value_chose(optimizer, "sgd")     ? OPTIMIZER_SGD
                        : value_chose(optimizer, "rmsprop") ? OPTIMIZER_RMSPROP
                                                            : OPTIMIZER_ADAM;
    result->clip_norm = build_number(value_get(optimizer, "clip_norm"), 0);
    result->rate = build_schedule(build, value_get(options, "rate"));
    result->beta1 = build_number(value_get(options, "beta1"), build_number(value_get(options, "momentum"), 0));
    result->beta2 = build_number(value_get(options, "beta2"), build_number(value_get(options, "decay"), 0));
    result->epsilon = build_number(value_get(options, "epsilon"), 0);
    result->weight_decay = build_number(value_get(options, "weight_decay"), 0);
}

void build_target(const Build *build, const Value *target)
{
    TargetSpec *result = &build->model->target;
    if (target == NULL)
        return;
    result->span = target->span;
    result->openblas = value_is(value_get(target, "blas"), "openblas");
    result->openmp = value_is(value_get(target, "threads"), "openmp");
}
