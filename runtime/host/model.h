/* SPDX-License-Identifier: MIT-0 */
/* What the host runtime knows of a model: a table of facts and functions that the emitted NAME_main.c fills in.
 * No part of the runtime knows more of a model than this, and no emitted file does the runtime's work. */
#ifndef RUNTIME_HOST_MODEL_H
#define RUNTIME_HOST_MODEL_H

#include "../prefix.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define program_main RUNTIME_NAME(program_main)

typedef enum ModelInit { MODEL_INIT_CONSTANT, MODEL_INIT_UNIFORM, MODEL_INIT_NORMAL } ModelInit;

typedef struct ModelTensor {
    const char *name; /* "flow.layers.3.net.0.weight" */
    int rank;
    int64_t shape[6];
    size_t offset, count; /* in reals, in the block of weights */
    bool trained;         /* false: state */
    ModelInit init;
    double scale;
    bool initialised; /* the first value comes from `initialise` below instead */
    bool estimated;   /* a step's gradient is the loss's in the mean alone, not for the draws of one step */
} ModelTensor;

typedef enum ModelScheduleShape {
    MODEL_SCHEDULE_CONSTANT,
    MODEL_SCHEDULE_LINEAR,
    MODEL_SCHEDULE_COSINE,
    MODEL_SCHEDULE_EXPONENTIAL,
    MODEL_SCHEDULE_STAGES
} ModelScheduleShape;

/* A number over the training step. Before `warm_up` steps have passed it is multiplied by (step + 1) / (warm_up + 1);
 * then it goes from `from` to `to` while the step goes from 0 to `steps` (0: to the end of the training). */
typedef struct ModelSchedule {
    ModelScheduleShape shape;
    double from, to;
    int64_t steps, warm_up;
    int stage_count; /* STAGES: value[i] while step < until[i], the last value after that */
    const int64_t *until;
    const double *value;
} ModelSchedule;

typedef struct ModelScalar {
    const char *name;
    ModelSchedule schedule;
} ModelScalar;

/* Where rows of data come from. */
typedef struct ModelData {
    bool feeds_steps;                 /* a step's data are rows of the data set */
    const char *train, *validation;   /* files as the spec names them; NULL: none */
    bool standardises;                /* two states hold the training data's means and deviations: */
    size_t mean_offset, scale_offset; /* of their dimension reals each, in the block of weights */
    double validation_fraction;       /* of the training data, held out; 0: none */
    const char *const *columns;       /* the dimension columns of a CSV; NULL: those with the components' names */
} ModelData;

typedef enum ModelOptimizer { MODEL_ADAM, MODEL_ADAMW, MODEL_SGD, MODEL_RMSPROP } ModelOptimizer;

typedef enum ModelMetric {
    MODEL_METRIC_NONE,
    MODEL_METRIC_LOSS,         /* the mean since the last line of the metrics */
    MODEL_METRIC_ESS,          /* of the model's own weights, a fraction of 1 */
    MODEL_METRIC_VALIDATION,   /* the mean of log q over the rows held out */
    MODEL_METRIC_GRADIENT_NORM /* of the last step */
} ModelMetric;

/* What an evaluation may find: the metric is above (greater) or below the bound, or at it where that is allowed. */
typedef struct ModelCondition {
    ModelMetric metric; /* NONE: there is no condition */
    bool greater, allowed;
    double bound;
    const char *text; /* "ess > 0.9" */
} ModelCondition;

/* In a stage of the curriculum this schedule, whose steps count from the stage's first, stands for a scalar's own. */
typedef struct ModelStageNumber {
    int scalar; /* -1: the learning rate */
    ModelSchedule schedule;
} ModelStageNumber;

typedef struct ModelStage {
    int64_t until;               /* it ends when so many steps are done; 0: no step ends it */
    ModelCondition advance_when; /* it ends when an evaluation finds this */
    int number_count;
    const ModelStageNumber *numbers;
} ModelStage;

/* Loss fab: a step's rows [x, weight] come from annealed walkers (fab.h). */
typedef struct ModelFab {
    int steps;      /* intermediate distributions; 0: the loss is another */
    int64_t buffer; /* rows kept for later steps; 0: none */
    int reuse;      /* steps for each batch of walkers */
} ModelFab;

typedef struct ModelTraining {
    int64_t steps, batch, checkpoint_every, evaluate_every;
    uint64_t seed;
    ModelOptimizer optimizer;
    ModelSchedule rate;
    double beta1; /* memory of the mean gradient; of SGD the momentum */
    double beta2; /* memory of its square; of RMSProp the decay */
    double epsilon, weight_decay, clip_norm /* 0: none */, average /* 0: none */;
    int64_t accumulate; /* batches in a step; 0 as 1 */
    int64_t patience;   /* evaluations without a better validation after which training stops; 0: it does not */
    bool keeps_lowest;  /* at the last kT the weights of the lowest mean of log q + U / kT are kept */
    ModelCondition stop_when;
    int stage_count; /* of the curriculum; 0: there is none */
    const ModelStage *stages;
    ModelFab fab;
    bool holds_samples; /* the step's gradient leaves out how samples move: it is not the loss's derivative */
} ModelTraining;

/* What the model is conditioned on: a number from [low, high], or one of some choices, which stand for 0, 1, ... */
typedef struct ModelInput {
    const char *name;
    double low, high;
    int choice_count;           /* 0: a range */
    const char *const *choices; /* their names */
    const char *column;         /* of the data's CSV that holds it; NULL: none */
} ModelInput;

/* One precision's functions. `scalars` are all of the model's in their order; where the model has conditions, behind them
 * stands the value of each, which is that of all samples of the call (but of a training step's, which draws them). Samples are rows: x[count][dimension].
 * `workspace` has workspace_bytes(threads) bytes, aligned to 64. Sample k of a stream depends on (weights, scalars,
 * seed, step, k) and on nothing else. */
typedef struct ModelFunctions32 {
    size_t (*workspace_bytes)(int threads);
    void (*sample)(const float *weights, const float *scalars, uint64_t seed, uint64_t first, size_t count, float *x,
                   float *log_q, void *workspace, int threads);
    void (*log_prob)(const float *weights, const float *scalars, size_t count, const float *x, float *log_q,
                     void *workspace, int threads);
    void (*energy)(const float *scalars, size_t count, const float *x, float *energy, void *workspace, int threads);
    void (*force)(const float *scalars, size_t count, const float *x, float *force, void *workspace, int threads);
    void (*observables)(const float *scalars, size_t count, const float *x, float *values /* [count][n] */,
                        void *workspace, int threads);
    void (*score)(const float *weights, const float *scalars, size_t count, const float *x, float *log_q, float *score,
                  void *workspace, int threads);
    /* The first values of the tensors that are flagged so, at their places in a block of weights; `data` as below. */
    void (*initialise)(const float *weights, const float *scalars, const float *data, uint64_t seed, float *values,
                       void *workspace, int threads);
    /* One training step's loss and gradient (weight_count reals, 0 for states) over `batch` samples. `data` has a row
     * of data_width reals for each sample of the batch; NULL where data_width is 0. */
    double (*step)(const float *weights, const float *scalars, const float *data, uint64_t seed, uint32_t step,
                   float *gradient, void *workspace, int threads);
    /* log_prob with conditions of each sample's own, [count][condition_count]; NULL where the model has none. */
    void (*log_prob_given)(const float *weights, const float *scalars, size_t count, const float *x,
                           const float *conditions, float *log_q, void *workspace, int threads);
} ModelFunctions32;

typedef struct ModelFunctions64 {
    size_t (*workspace_bytes)(int threads);
    void (*sample)(const double *weights, const double *scalars, uint64_t seed, uint64_t first, size_t count, double *x,
                   double *log_q, void *workspace, int threads);
    void (*log_prob)(const double *weights, const double *scalars, size_t count, const double *x, double *log_q,
                     void *workspace, int threads);
    void (*energy)(const double *scalars, size_t count, const double *x, double *energy, void *workspace, int threads);
    void (*force)(const double *scalars, size_t count, const double *x, double *force, void *workspace, int threads);
    void (*observables)(const double *scalars, size_t count, const double *x, double *values, void *workspace,
                        int threads);
    void (*score)(const double *weights, const double *scalars, size_t count, const double *x, double *log_q,
                  double *score, void *workspace, int threads);
    void (*initialise)(const double *weights, const double *scalars, const double *data, uint64_t seed, double *values,
                       void *workspace, int threads);
    double (*step)(const double *weights, const double *scalars, const double *data, uint64_t seed, uint32_t step,
                   double *gradient, void *workspace, int threads);
    void (*log_prob_given)(const double *weights, const double *scalars, size_t count, const double *x,
                           const double *conditions, double *log_q, void *workspace, int threads);
} ModelFunctions64;

/* Where a component is confined to. */
typedef struct ModelRange {
    bool has_ends; /* false: anywhere */
    bool
        periodic; /* low and high are one point: beyond them it is wrapped; else there energies are infinite and densities 0 */
    double low, high;
} ModelRange;

/* What a component's values are in files. A function of the tables above sees numbers of R (positive: above 0). */
typedef enum ModelKind {
    MODEL_REAL,
    MODEL_POSITIVE,
    MODEL_INTEGER /* k in a file is all of [k, k + 1) to the functions; a step adds uniform draws to its data itself */
} ModelKind;

/* A function that the model has not (no energy, no log-density) is NULL in the tables. */
typedef struct Model {
    const char *name, *spec_name;                       /* "double_well", "specs/double_well.yaml" without folders */
    const char *spec_sha256, *package_sha256, *version; /* hexadecimal; the compiler's version */
    const char *blas; /* the library of wide layers, whose results are not the same bits everywhere; NULL: none */
    bool one_thread;  /* whatever the machine has, and --threads says */
    int64_t dimension;
    const char *const *component_names; /* dimension of them: "x[0]" or the spec's names */
    const ModelRange *ranges;           /* dimension of them; NULL: no component has any */
    const ModelKind *kinds;             /* dimension of them; NULL: all are real */
    size_t weight_count;
    int tensor_count;
    const ModelTensor *tensors;
    int scalar_count;
    const ModelScalar *scalars; /* the one named "kT" is the temperature in units of energy */
    int condition_count;
    const ModelInput *conditions;
    const ModelInput *kT_condition; /* the condition that is the temperature; NULL: none is */
    int observable_count;
    const char *const *observable_names;
    int64_t data_width; /* reals in a row of a step's data: x, then the conditions that columns hold; 0: it has none */
    ModelData data;
    ModelTraining training;
    int64_t flops_per_sample_step, flops_per_sample; /* of a training step and of sampling: 2 per multiply-add */
    const ModelFunctions32 *single_precision;
    const ModelFunctions64 *double_precision; /* NULL: not built */
} Model;

/* The whole command-line program: verbs train, sample, log_prob, energy, evaluate, info, selftest. Returns the exit
 * code. */
int program_main(const Model *model, int argc, char **argv);

#endif
