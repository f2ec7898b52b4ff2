/* SPDX-License-Identifier: MIT */
/* The typed model description: what a spec says, defaults filled in, every value still knowing its place in the file.
 * Read-only for all later stages. Formulas are text here; compiler/expr gives them meaning. */
#ifndef COMPILER_SPEC_SPEC_H
#define COMPILER_SPEC_SPEC_H

#include "compiler/base/diagnostics.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum ScheduleShape {
    SCHEDULE_CONSTANT,
    SCHEDULE_LINEAR,
    SCHEDULE_COSINE,
    SCHEDULE_EXPONENTIAL,
    SCHEDULE_STAGES
} ScheduleShape;

/* A number over the training step t. While t < warm_up it is multiplied by (t + 1) / (warm_up + 1). It goes from `from`
 * to `to` while t goes from 0 to `steps` (0: to the end of the training). CONSTANT: `from`. */
typedef struct Schedule {
    ScheduleShape shape;
    double from, to;
    int64_t steps, warm_up;
    int stage_count; /* STAGES: value[i] while t < until[i], the last value after that */
    const int64_t *until;
    const double *value;
    Span span;
} Schedule;

/* A formula as written. The decoded text; `exact` when its characters stand one for one in the file from span.begin on
 * (plain and simply quoted scalars), so that a place in the text has a place in the file. Where it goes over several
 * lines, `places` says for each byte of the text where it stands in the file. */
typedef struct Formula {
    const char *text;
    size_t length;
    Span span;
    bool exact;
    const uint32_t *places; /* [length]; NULL where exact, or where escapes stand in the way */
} Formula;

/* The place of bytes begin..end of a formula: those characters, or the whole formula where no more is known. */
Span formula_span(const Formula *formula, size_t begin, size_t end);

typedef struct SpecParameter {
    const char *name;
    Span span;
    int rank; /* 0 a number, 1 a list, 2 a table */
    int64_t size[2];
    const double *data; /* row-major */
} SpecParameter;

typedef enum TermScope { SCOPE_NONE, SCOPE_COMPONENTS } TermScope;

typedef struct EnergyTerm {
    TermScope over;
    Formula value;
    int parameter_count;
    const SpecParameter *parameters;
    Span span;
} EnergyTerm;

typedef enum Activation {
    ACTIVATION_TANH,
    ACTIVATION_RELU,
    ACTIVATION_SILU,
    ACTIVATION_GELU,
    ACTIVATION_SOFTPLUS
} Activation;

typedef struct NetSpec {
    int hidden_count;
    const int64_t *hidden; /* widths of the hidden layers */
    Activation activation;
    bool masked;    /* no output sees its own input or a later one */
    bool residual;  /* each hidden layer's input is added to it where the widths agree */
    bool normalize; /* layer normalisation of each hidden layer, before the activation */
    Span span;
} NetSpec;

typedef enum LayerKind {
    LAYER_COUPLING,
    LAYER_PERMUTE,
    LAYER_REPEAT,
    LAYER_ACTNORM,
    LAYER_LINEAR,
    LAYER_MASKED_AUTOREGRESSIVE
} LayerKind;
typedef enum Transform { TRANSFORM_ADDITIVE, TRANSFORM_AFFINE, TRANSFORM_SPLINE, TRANSFORM_CIRCULAR_SPLINE } Transform;
typedef enum Split { SPLIT_ALTERNATE, SPLIT_HALVES, SPLIT_MASK } Split;

typedef struct LayerSpec LayerSpec;
struct LayerSpec {
    LayerKind kind;
    Span span;
    /* coupling, and masked autoregressive as far as it has the same */
    Transform transform;
    Split split;
    int64_t mask_count;
    const bool *mask; /* SPLIT_MASK: true where a component passes unchanged and conditions the others */
    NetSpec net;
    bool separate;          /* a net each for scale and shift */
    double log_scale_bound; /* 0: none */
    int64_t bins;           /* splines: at least 2 */
    double bound; /* SPLINE without a box: within plus and minus this, in units of the base's scale; linear outside */
    bool fast_sampling; /* masked autoregressive: one pass of the net samples; else one pass gives densities */
    /* permute: with `order`, y[i] = x[order[i]]; without, the components in reverse
     * linear: the same of its permutation; without `order`, none */
    int64_t order_count;
    const int64_t *order;
    /* repeat */
    int64_t repeat;
    int layer_count;
    const LayerSpec *layers;
    /* the expanded list */
    int64_t coupling_index; /* which coupling of the expanded list this is, from 0; couplings alone count */
};

typedef enum LossKind {
    LOSS_REVERSE_KL,
    LOSS_PATH_GRADIENT, /* reverse_kl: {path_gradient: true} */
    LOSS_FORWARD_KL,
    LOSS_LOG_VARIANCE,
    LOSS_FAB,
    LOSS_KIND_COUNT
} LossKind;

/* How a loss `fab` gets its samples. */
typedef struct FabSpec {
    int64_t steps, buffer, reuse;
} FabSpec;

typedef enum BaseKind { BASE_GAUSSIAN, BASE_UNIFORM, BASE_MIXTURE } BaseKind;

typedef struct LossTerm {
    LossKind kind;
    Schedule weight;
    Span span;
} LossTerm;

/* Rows to learn from. Paths are as written, relative to the file that names them. */
typedef struct DataSpec {
    const char *train; /* NULL: the spec has no data */
    const char *validation;
    double validation_fraction;               /* of the training data; 0: none is held out */
    const char *train_path, *validation_path; /* the same as seen from the current folder */
    bool standardise;
    const char *const *columns; /* NULL, or `dimension` columns of a CSV */
    /* NULL: no column holds a condition; else for each condition its column, or NULL */
    const char *const *condition_columns;
    Span span;
} DataSpec;

typedef enum Optimizer { OPTIMIZER_ADAM, OPTIMIZER_ADAMW, OPTIMIZER_SGD, OPTIMIZER_RMSPROP } Optimizer;

typedef enum Metric { METRIC_NONE, METRIC_LOSS, METRIC_ESS, METRIC_VALIDATION, METRIC_GRADIENT_NORM } Metric;

/* What an evaluation may find of a training: "ess > 0.9". */
typedef struct Condition {
    Metric metric;         /* NONE: there is no condition */
    bool greater, allowed; /* of the two signs; the bound itself is allowed */
    double bound;
    const char *text;
} Condition;

/* A number that differs in a stage of the curriculum. */
typedef struct StageNumber {
    enum { STAGE_RATE, STAGE_KT, STAGE_LOSS_WEIGHT } what;
    int loss; /* LOSS_WEIGHT: which */
    Schedule schedule;
} StageNumber;

typedef struct StageSpec {
    int64_t until; /* 0: no step ends it */
    Condition advance_when;
    int number_count;
    const StageNumber *numbers;
    Span span;
} StageSpec;

typedef struct TrainSpec {
    int64_t steps, batch, checkpoint_every, evaluate_every;
    int64_t accumulate; /* batches in a step */
    int64_t patience;   /* evaluations without a better validation after which training stops; 0: it does not */
    Condition stop_when;
    uint64_t seed;
    Optimizer optimizer;
    Schedule rate;
    double beta1, beta2; /* memory of the mean gradient (sgd: momentum) and of its square (rmsprop: decay) */
    double epsilon, weight_decay;
    double clip_norm; /* 0: none */
    double average;   /* 0: none */
    Span span;
} TrainSpec;

typedef struct ObservableSpec {
    const char *name;
    TermScope over;
    Formula value;
    int parameter_count;
    const SpecParameter *parameters;
    Span span;
} ObservableSpec;

typedef struct TargetSpec {
    bool openmp;
    bool openblas; /* blas: wide layers by that library, at the price of the same bits everywhere */
    Span span;
} TargetSpec;

/* What the model is conditioned on: a number from a range, or one of some choices, which stand for 0, 1, ... */
typedef struct ConditionInput {
    const char *name;
    double low, high; /* of choices: the first and the last number */
    int choice_count; /* 0: a range */
    const char *const *choices;
    Span span;
} ConditionInput;

/* What the values of a table's column are. */
typedef enum ColumnKind {
    COLUMN_REAL,
    COLUMN_POSITIVE, /* the layers see the logarithm */
    COLUMN_INTEGER   /* learned with a number from [0, 1) added to each value */
} ColumnKind;

typedef struct ModelSpec {
    const Source *source; /* the file itself; spans of `extends`ed parts have theirs */
    const char *name;
    int64_t dimension;                  /* system.vector */
    const char *const *component_names; /* NULL, or `dimension` names */
    const double *low, *high;           /* the components' ranges, infinite where there is none; NULL: there is none */
    const bool *periodic;               /* which components' ranges are circles; NULL: none */
    const ColumnKind *kinds;            /* of the components; NULL: all are real */
    Span system_span;
    int condition_count;
    const ConditionInput *conditions;
    Schedule kT;
    const ConditionInput *kT_condition; /* one of the conditions, which is kT; NULL: kT is the schedule */
    int term_count;
    const EnergyTerm *terms;
    Span energy_span;
    BaseKind base;
    double base_scale;       /* GAUSSIAN, MIXTURE; 1 for UNIFORM */
    int64_t base_components; /* MIXTURE */
    Span base_span;
    int layer_count; /* as written */
    const LayerSpec *layers;
    int expanded_count; /* repeats unrolled: all other layers */
    const LayerSpec *expanded;
    Span flow_span;
    int loss_count;
    const LossTerm *losses;
    FabSpec fab; /* where one of the losses is fab */
    DataSpec data;
    TrainSpec train;
    int stage_count; /* of the curriculum */
    const StageSpec *stages;
    int observable_count;
    const ObservableSpec *observables;
    TargetSpec target;
} ModelSpec;

/* A whole spec from a file: YAML, extends, overrides, schema, defaults. NULL after errors in `diagnostics`.
 * `overrides` are "train.steps=100". */
typedef struct SpecOptions {
    int override_count;
    const char *const *overrides;
    int allow_read_count;
    const char *const *allow_read;
} SpecOptions;
const ModelSpec *spec_read(Arena *arena, const char *path, const SpecOptions *options, Diagnostics *diagnostics);
/* The same from text in memory (tests; no `extends`). */
const ModelSpec *spec_read_text(Arena *arena, const char *name, const char *text, Diagnostics *diagnostics);

/* The spec with everything that it extends, all overrides, and every default filled in and marked by a comment. False
 * after errors: then nothing was written. */
bool spec_expand(Arena *arena, const char *path, const SpecOptions *options, Text *out, Diagnostics *diagnostics);

/* Specs to begin with. */
typedef struct SpecTemplate {
    const char *name;
    const char *summary; /* one line */
    const char *text;    /* after the lines `ansatz` and `name` */
} SpecTemplate;
extern const SpecTemplate SPEC_TEMPLATES[];
extern const size_t SPEC_TEMPLATE_COUNT;

/* A commented spec of this name from a template. False: the name or the template is none, and the text says why. */
bool spec_init(const char *name, const char *template_name, Text *out);

#endif
