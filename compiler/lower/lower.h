/* SPDX-License-Identifier: MIT */
/* What the files of this stage share: the program that is being made, and one section for each of its subjects. */
#ifndef COMPILER_LOWER_LOWER_H
#define COMPILER_LOWER_LOWER_H

#include "compiler/expr/expr.h"
#include "compiler/lower/pieces.h"
#include "compiler/lower/program.h"

enum { LOWER_OPS_MAX = 1000000, LOWER_TENSORS_MAX = 500000 };
#define LOWER_WEIGHTS_MAX INT64_C(2147483647)

typedef struct CouplingKind CouplingKind;
typedef struct LinearKind LinearKind;
typedef struct AutoregressiveKind AutoregressiveKind;

/* A layer of the expanded list. */
typedef struct FlowLayer {
    const LayerSpec *spec;
    int64_t position; /* in the expanded list */
    /* permute */
    const int64_t *order;
    /* coupling */
    const bool *passes;  /* for each component: it passes unchanged and conditions the others */
    const bool *circles; /* for each component as it stands here: it is on a circle; NULL: none is */
    CouplingKind *kind;
    LinearKind *linear;
    AutoregressiveKind *autoregressive;
    int first_tensor; /* of all that have tensors */
} FlowLayer;

typedef struct Lower {
    Arena *arena;
    const ModelSpec *spec;
    Diagnostics *diagnostics;
    Program *program;
    IrModule *module;
    size_t errors_before;
    int tensor_room, initialised_room;
    IrId *first_values; /* while ENTRY_INITIALISE is made: the tensors' first values as far as they are known, or -1 */
    bool weights_too_large, ops_too_large; /* reported */
    FlowLayer *layers;
    CouplingKind *kinds; /* a list */
    LinearKind *linear_kinds;
    AutoregressiveKind *autoregressive_kinds;
    bool *splits[4]; /* alternate and halves, for even and odd couplings; made when wanted */
    int64_t *reversed;
    int data_tensor;                   /* the first of "data.mean" and "data.scale"; -1: data are not standardised */
    IrFunction *to_units, *from_units; /* of standardised data */
    IrFunction *base_sample, *base_log_prob, *energy, *observables;
    IrFunction *condition_features; /* NULL until wanted */
} Lower;

/* Whether there have been errors in this stage. */
bool lower_failed(const Lower *lower);
/* Whether the module is within LOWER_OPS_MAX; if not, an error, once. */
bool lower_check_ops(Lower *lower);

/* ---- tensors (program.c) ----------------------------------------------------------------------------------------- */

/* Appends a trained tensor; too many parameters are an error at `span`, once. */
void lower_add_tensor(Lower *lower, const char *name, int rank, const int64_t *size, InitKind init, double scale,
                      Span span);
/* The same for a state, which is not trained and starts as a constant. */
void lower_add_state(Lower *lower, const char *name, int rank, const int64_t *size, double start, Span span);
/* The first inputs of an entry: all tensors, then all scalars. */
IrFunction *lower_entry(Lower *lower, EntryKind kind, bool weights);
const char *lower_entry_name(EntryKind kind);
IrId lower_scalar(const Lower *lower, EntryKind kind, int scalar);
/* A new input x [D], per sample. */
IrId lower_x(const Lower *lower, IrFunction *function);
/* A new input conditions [condition_count], per sample; -1: the model has none. */
IrId lower_conditions(const Lower *lower, IrFunction *function);
/* A new input data [data_width], per sample. */
IrId lower_data(const Lower *lower, IrFunction *function);
/* `value` of a function with input x, per sample also where it does not depend on x. */
IrId lower_per_sample(IrBuilder *builder, IrId value, IrId x);

/* ---- conditions (conditions.c) ----------------------------------------------------------------------------------- */

/* How many numbers nets see of the conditions; 0: the model has none. */
int64_t condition_feature_count(const Lower *lower);
/* These numbers, [condition_feature_count]: a range's condition on [-1, 1], choices one by one as 0 or 1. -1 for -1. */
IrId condition_features(Lower *lower, IrBuilder *builder, IrId conditions);
/* The conditions [condition_count] of a training step's samples: what columns of `data` (-1: there is none) hold, the
 * others drawn uniformly, the same for all losses. -1: the model has none. */
IrId condition_draw(Lower *lower, IrBuilder *builder, IrId data);
/* What nets see: x behind which stand the features (-1: none). */
IrId condition_join(IrBuilder *builder, IrId x, IrId features);
/* How many conditions columns of data hold. */
int64_t condition_column_count(const ModelSpec *spec);

/* ---- dense nets (mlp.c) ------------------------------------------------------------------------------------------ */

typedef struct MlpShape {
    int64_t inputs, outputs;
    const NetSpec *net;
} MlpShape;

int mlp_tensor_count(const MlpShape *shape);
/* The tensors "PATH.0.weight", "PATH.0.bias", ("PATH.0.normalize.gain", "PATH.0.normalize.bias",) ... */
void mlp_declare(Lower *lower, const MlpShape *shape, const char *path);
/* The same as inputs of a function, "PREFIX_0_weight", ...; mlp_tensor_count of them. */
void mlp_inputs(IrFunction *function, const MlpShape *shape, const char *prefix, IrId *inputs);
/* x [inputs] -> [outputs] */
IrId mlp_apply(IrBuilder *builder, const MlpShape *shape, const IrId *inputs, IrId x);
/* The activation of each element. */
IrId mlp_activate(IrBuilder *builder, Activation activation, IrId x);
const char *mlp_activation_text(Activation activation);
/* Weights of a layer start uniform in [-limit, limit]: for tanh sqrt(6 / (in + out)) (Glorot, Bengio 2010, eq. 16), for
 * activations that cut one side off sqrt(6 / in) (He, Zhang, Ren, Sun 2015, eq. 10); a tenth of it for the last layer.
 */
double mlp_weight_limit(const NetSpec *net, int layer, int64_t in, int64_t out);
/* Whether two nets differ at most in their place and in what goes in and out. */
bool mlp_same(const NetSpec *a, const NetSpec *b);
/* "4 -> 64 -> 64 -> 8, tanh" */
void mlp_describe(const MlpShape *shape, Text *out);

/* ---- splines (spline.c) ------------------------------------------------------------------------------------------ */

/* What an interval [-bound, bound] ends in. */
typedef enum SplineEnds {
    SPLINE_TAILS, /* a straight line of slope 1 on either side */
    SPLINE_BOX,   /* nothing: it is mapped to itself */
    SPLINE_CIRCLE /* each other: the slope at both ends is one */
} SplineEnds;

typedef struct SplineShape {
    int64_t count, bins; /* components; at least 2 bins each */
    double bound;
    SplineEnds ends;
} SplineShape;

/* How many numbers the splines of all components take: K widths for each component, then K heights for each, then the
 * slopes at the knots for each: K - 1 with tails, K + 1 on a box, K on a circle; on circles then a shift for each, by which
 * the image is turned, so that no point is special. At zeros a spline is the identity. */
int64_t spline_number_count(const SplineShape *shape);
/* The splines at `from` [count], or their inverses; *log_slope [count] is the log of that direction's derivative. */
IrId spline_apply(IrBuilder *builder, const SplineShape *shape, IrId numbers, IrId from, bool inverse, IrId *log_slope);

/* ---- couplings (coupling.c) -------------------------------------------------------------------------------------- */

/* All couplings of one structure share two functions:
 *   forward(tensors, x_a, x_b, features) -> y_b, log_det      inverse(tensors, x_a, y_b, features) -> x_b, log_det
 * with the features of the model's conditions, where it has some;
 * each log_det being its own direction's; an additive coupling has none. */
struct CouplingKind {
    CouplingKind *next;
    const LayerSpec *spec; /* the first layer of this structure */
    int64_t pass_count, move_count;
    const bool *pass_circles, *move_circles; /* which of them are on circles; NULL: none */
    int number;
    int64_t number_count; /* what one net gives for all components that move */
    MlpShape nets[2];
    const char *net_names[2];
    int net_count, tensor_count;
    SplineShape splines[2];        /* of a spline coupling: of components on intervals, on circles; count 0: none */
    IrFunction *forward, *inverse; /* NULL until wanted */
};

/* Finds the layer's structure and declares its tensors. */
void coupling_declare(Lower *lower, FlowLayer *layer, int64_t pass_count, int64_t move_count);
IrFunction *coupling_forward(Lower *lower, CouplingKind *kind);
IrFunction *coupling_inverse(Lower *lower, CouplingKind *kind);

/* spline_coupling.c: fills in splines and number_count. */
void spline_coupling_describe(Lower *lower, CouplingKind *kind);
/* What nets see of x_a: components on intervals, then cosines, then sines of those on circles. */
int64_t coupling_feature_count(const CouplingKind *kind);
IrId coupling_features(IrBuilder *builder, const CouplingKind *kind, IrId x_a);
/* x_b -> y_b and the log-determinant, or back with the inverse's. */
IrId spline_coupling_apply(IrBuilder *builder, const CouplingKind *kind, IrId numbers, IrId from, bool inverse,
                           IrId *log_det);

/* B tanh(raw / B): close to raw where it is small, and never beyond B; raw itself where the bound is 0. */
IrId coupling_bounded(IrBuilder *builder, IrId raw, double bound);

/* ---- masked autoregressive layers (autoregressive.c) ------------------------------------------------------------- */

void autoregressive_declare(Lower *lower, FlowLayer *layer);
void autoregressive_initialise(Lower *lower, IrBuilder *builder, const FlowLayer *layer);
/* x [D] -> y [D], or back; *log_det is that of the direction, -1 where it is 0. `features` of the conditions, or -1. */
IrId autoregressive_apply(Lower *lower, IrBuilder *builder, const FlowLayer *layer, bool inverse, IrId x, IrId features,
                          IrId *log_det);

/* ---- linear layers (linear.c) ------------------------------------------------------------------------------------ */

void linear_declare(Lower *lower, FlowLayer *layer);
/* x [D] -> y [D], or back; *log_det is that of the direction (SHARED). */
IrId linear_apply(Lower *lower, IrBuilder *builder, const FlowLayer *layer, bool inverse, IrId x, IrId *log_det);

/* ---- actnorm (actnorm.c) ----------------------------------------------------------------------------------------- */

void actnorm_declare(Lower *lower, FlowLayer *layer);
/* Scales and shifts the pieces where they lie. */
void actnorm_apply(Lower *lower, IrBuilder *builder, const FlowLayer *layer, bool inverse, Pieces *pieces,
                   IrId *log_det);
/* Sets the first values of a layer that x [D] is about to enter. */
void actnorm_initialise(Lower *lower, IrBuilder *builder, const FlowLayer *layer, bool inverse, IrId x);

/* ---- first values (initialise.c) --------------------------------------------------------------------------------- */

/* The first value of this tensor is computed: whoever declares it sets lower->first_values while the entry is made. */
void lower_add_initialised(Lower *lower, int tensor);
/* ENTRY_INITIALISE, where there are such tensors. */
void initialise_lower(Lower *lower);

/* ---- flows (flow.c) ---------------------------------------------------------------------------------------------- */

/* What each layer of the expanded list is, and its tensors. */
void flow_declare(Lower *lower);
/* From noise (of base_draw) to x [D] and log q(x), in an entry with weights; `conditions` [condition_count], or -1. */
void flow_sample(Lower *lower, IrBuilder *builder, IrId noise, IrId conditions, IrId *x, IrId *log_q);
/* The same in two parts: to where the layers end, y [D], and from there to the space of x, its ranges and units. */
void flow_sample_layers(Lower *lower, IrBuilder *builder, IrId noise, IrId conditions, IrId *y, IrId *log_q);
void flow_enter_space(Lower *lower, IrBuilder *builder, IrId y, IrId *x, IrId *log_q);
/* A tensor of the program inside an entry with weights: an input, or its first value when that has been computed. */
IrId flow_tensor(const Lower *lower, const IrBuilder *builder, int tensor);
/* The log of the weight of the mixture's component that the noise chooses; -1: the base has no such choice. A mean over
 * samples depends on the weights through the choice as well: its derivative is that along the samples, plus the mean of
 * what is averaged times the derivative of this. */
IrId flow_choice(Lower *lower, IrBuilder *builder, IrId noise);
/* log q of x, given the conditions. */
IrId flow_log_prob(Lower *lower, IrBuilder *builder, IrId x, IrId conditions);
/* The same of the x that flow_enter_space makes of y. */
IrId flow_log_prob_before_space(Lower *lower, IrBuilder *builder, IrId y, IrId conditions);

/* ---- standardised data (standardise.c) --------------------------------------------------------------------------- */

/* The states "data.mean" and "data.scale", where the spec wants them. */
void standardise_declare(Lower *lower);
/* Maps *x from the data's units to the layers', or back, in an entry with weights, and carries log q along: -1 where
 * nothing of it is known yet. Nothing where data are not standardised. */
void standardise_apply(Lower *lower, IrBuilder *builder, bool from_layers, IrId *x, IrId *log_q);

/* ---- base distributions (base.c) --------------------------------------------------------------------------------- */

void base_declare(Lower *lower); /* its tensors, the program's first ones */
/* What one sample is made of: D normals; D uniforms; D normals and a uniform that chooses the mixture's component. */
IrId base_draw(Lower *lower, IrBuilder *builder, uint32_t purpose);
/* z [D], in an entry with weights; *log_weight of the mixture's component, or -1. */
IrId base_sample(Lower *lower, IrBuilder *builder, IrId noise, IrId *log_weight);
/* log p(z); of the uniform base a constant, on [-1, 1]^D. */
IrId base_log_prob(Lower *lower, IrBuilder *builder, IrId z);
/* Between the layers' units and the base's scale c (1: nothing): x = c y, or back (from_layers false), and its part of
 * log q; *log_q < 0: there is none yet. Nets, bounds and shifts thus are of numbers near 1, whatever c is. */
void base_apply_scale(Lower *lower, IrBuilder *builder, bool from_layers, IrId *x, IrId *log_q);

/* ---- tables (columns.c) ------------------------------------------------------------------------------------------ */

/* From what the layers model to the configuration, x = exp(y) for positive components, and back, y = log x; the map's
 * log-determinant in that direction, or -1 where it is 0. Integers are continuous here: k stands for all of [k, k + 1). */
IrId columns_enter(Lower *lower, IrBuilder *builder, IrId y, IrId *log_det);
IrId columns_leave(Lower *lower, IrBuilder *builder, IrId x, IrId *log_det);
/* 0 where all positive components are, else minus infinity; -1: there are none. */
IrId columns_log_inside(Lower *lower, IrBuilder *builder, IrId x);
/* Rows of data for a training step: integers with a draw from (0, 1) added to each. */
IrId columns_dequantise(Lower *lower, IrBuilder *builder, IrId data);
/* Those of the components of x [D] that a rising list names, and x with `values` in their place. */
IrId columns_pick(const Lower *lower, IrBuilder *builder, int64_t count, const int64_t *components, IrId x);
IrId columns_put_back(const Lower *lower, IrBuilder *builder, int64_t count, const int64_t *components, IrId x,
                      IrId values);

/* ---- ranges and circles (range.c) -------------------------------------------------------------------------------- */

/* From where the layers end, the box [-1, 1]^D of a uniform base or R^D, to the configuration, and back; the map's
 * log-determinant in that direction, or -1 where it is 0. Components without a range stay as they are. */
IrId range_enter(Lower *lower, IrBuilder *builder, IrId y, IrId *log_det);
IrId range_leave(Lower *lower, IrBuilder *builder, IrId x, IrId *log_det);
/* Periodic components moved into their range by whole turns. */
IrId range_wrap(Lower *lower, IrBuilder *builder, IrId x);
/* 0 where all components are within their ranges, else minus infinity; -1: no component has a range but periodic ones. */
IrId range_log_inside(Lower *lower, IrBuilder *builder, IrId x);

/* ---- energies and observables (energy.c) ------------------------------------------------------------------------- */

/* Reads the formulas and makes lower->energy (x -> U) and lower->observables (x -> values), both of the conditions too where
 * the model has some; NULL where the spec has none; nothing after errors. */
void energy_lower(Lower *lower);

/* ---- losses (loss.c) --------------------------------------------------------------------------------------------- */

/* ENTRY_LOSS: the weighted sum of the spec's losses, each of which has what it needs: an energy, data. */
void loss_lower(Lower *lower);
bool lower_has_loss(const Lower *lower, LossKind kind);
/* Takes the first batch through the flow, in the direction in which losses do: from data, or else from the base. */
void loss_first_pass(Lower *lower, IrBuilder *builder);
/* Samples of the flow in a training step: x [D] and log q; returns the noise that they are made of. */
IrId loss_samples(Lower *lower, IrBuilder *builder, IrId conditions, IrId *x, IrId *log_q);
/* Terms whose mean has the whole derivative also where samples depend on a discrete choice of weight w: plus
 * (term - mean of the others) (log w - its value), which is 0, and whose derivative is that of the choice. */
IrId loss_with_choice(Lower *lower, IrBuilder *builder, IrId terms, IrId noise);
/* U(x) / kT. */
IrId loss_energy(Lower *lower, IrBuilder *builder, IrFunction *entry, IrId x, IrId conditions);
IrId loss_mean(Lower *lower, IrBuilder *builder, IrId terms);
/* Relatives of the reverse KL (variational.c), and fab's step (fab.c), each unweighted. */
IrId loss_path_gradient(Lower *lower, IrBuilder *builder, IrFunction *entry, IrId conditions);
IrId loss_log_variance(Lower *lower, IrBuilder *builder, IrFunction *entry);
IrId loss_fab(Lower *lower, IrBuilder *builder, IrFunction *entry, IrId data);

/* ---- what is differentiated (derivatives.c) ---------------------------------------------------------------------- */

/* ENTRY_FORCE and ENTRY_STEP, where there are an energy and a loss. */
void derivatives_lower(Lower *lower);

#endif
