/* SPDX-License-Identifier: MIT */
/* The distribution that a flow starts from: how it is drawn and its density. */
#include "compiler/lower/lower.h"

#include <math.h>

#define HALF_LOG_2_PI 0.91893853320467274178

/* The mixture's tensors are the program's first ones. */
enum { LOGITS, MEANS, LOG_SCALES, MIXTURE_TENSORS };

static bool is_mixture(const Lower *lower)
{
    return lower->spec->base == BASE_MIXTURE;
}

/* ---- what is drawn ----------------------------------------------------------------------------------------------- */

void base_declare(Lower *lower)
{
    if (!is_mixture(lower))
        return;
    int64_t size[] = {lower->spec->base_components, lower->program->dimension};
    Span span = lower->spec->base_span;
    lower_add_tensor(lower, "flow.base.logits", 1, size, INIT_CONSTANT, 0, span);
    if (lower->program->tensor_count > 0)
        lower->program->tensors[LOGITS].estimated = true;
    lower_add_tensor(lower, "flow.base.means", 2, size, INIT_NORMAL, 1, span);
    lower_add_tensor(lower, "flow.base.log_scales", 2, size, INIT_CONSTANT, 0, span);
}

IrId base_draw(Lower *lower, IrBuilder *builder, uint32_t purpose)
{
    int64_t dimension = lower->program->dimension, one = 1;
    IrType shape = ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &dimension);
    IrOpcode code = lower->spec->base == BASE_UNIFORM ? IR_DRAW_UNIFORM : IR_DRAW_NORMAL;
    IrId noise = ir_draw(builder, code, shape, purpose, 0, -1, 0);
    if (is_mixture(lower)) { /* behind the normals, in counter blocks of its own, what chooses the component */
        shape = ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &one);
        IrId choice = ir_draw(builder, IR_DRAW_UNIFORM, shape, purpose, (uint32_t)((dimension + 3) / 4), -1, 0);
        IrId both[] = {noise, choice};
        noise = ir_concat(builder, 0, 2, both);
    }
    return ir_name(builder->function, noise, "noise");
}

/* ---- Gaussian and uniform ---------------------------------------------------------------------------------------- */

static IrFunction *gaussian_log_prob(Lower *lower)
{
    double dimension = (double)lower->program->dimension;
    IrFunction *function = ir_function_new(lower->module, "gaussian_log_prob");
    IrBuilder builder = {.function = function, .span = lower->spec->flow_span};
    function->span = lower->spec->flow_span;
    function->note = "Standard normal: log p(z) = -|z|^2 / 2 - D/2 log(2 pi).";
    IrId z = ir_input(function, "z", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &lower->program->dimension));
    IrId squares = ir_reduce_all(&builder, IR_REDUCE_SUM, ir_binary(&builder, IR_MUL, z, z));
    ir_name(function, squares, "squares");
    IrId exponent = ir_binary(&builder, IR_MUL, squares, ir_constant(&builder, -0.5));
    double constant = -dimension * HALF_LOG_2_PI;
    ir_output(function, "log_prob", ir_binary(&builder, IR_ADD, exponent, ir_constant(&builder, constant)));
    return function;
}

/* ---- mixture ----------------------------------------------------------------------------------------------------- */

/* The mixture's tensors as inputs of a function. */
static void mixture_inputs(Lower *lower, IrFunction *function, IrId *tensors)
{
    static const char *const NAMES[MIXTURE_TENSORS] = {"logits", "means", "log_scales"};
    int64_t size[] = {lower->spec->base_components, lower->program->dimension};
    for (int i = 0; i < MIXTURE_TENSORS; i++)
        tensors[i] = ir_input(function, NAMES[i], ir_type(IR_REAL, IR_KIND_PARAMETER, i == LOGITS ? 1 : 2, size));
}

static IrId times(IrBuilder *builder, IrId a, double factor)
{
    return factor == 1 ? a : ir_binary(builder, IR_MUL, a, ir_constant(builder, factor));
}

/* log sum exp of [n]; the largest is only a shift, and has no part in the derivative. */
static IrId log_sum_exp(IrBuilder *builder, IrId a)
{
    IrId largest = ir_unary(builder, IR_STOP_GRADIENT, ir_reduce_all(builder, IR_REDUCE_MAX, a));
    IrId powers = ir_unary(builder, IR_EXP, ir_binary(builder, IR_SUB, a, largest));
    IrId sum = ir_unary(builder, IR_LOG, ir_reduce_all(builder, IR_REDUCE_SUM, powers));
    return ir_binary(builder, IR_ADD, largest, sum);
}

/* 0, 1, ... as reals. */
static IrId numbers_up_to(Lower *lower, IrBuilder *builder, int64_t count)
{
    double *values = ARENA_ARRAY(lower->arena, double, count);
    for (int64_t k = 0; k < count; k++)
        values[k] = (double)k;
    return ir_constant_array(builder, ir_type(IR_REAL, IR_KIND_CONSTANT, 1, &count), values);
}

/* 1 at the component that u in [0, 1) falls to when [0, 1) is cut by the weights, 0 elsewhere: [K]. */
static IrId choose(Lower *lower, IrBuilder *builder, IrId log_weights, IrId u)
{
    int64_t count = lower->spec->base_components;
    IrId weights = ir_name(builder->function, ir_unary(builder, IR_EXP, log_weights), "weights");
    IrOp cumsum = {.code = IR_CUMSUM, .operand_count = 1, .operands = &weights, .span = builder->span};
    IrId ends = ir_name(builder->function, ir_append(builder->function, cumsum), "ends");
    IrId passed = ir_unary(builder, IR_TO_REAL, ir_binary(builder, IR_LESS_EQUAL, ends, u));
    IrId index = ir_reduce_all(builder, IR_REDUCE_SUM, passed);
    index = ir_binary(builder, IR_MIN, index, ir_constant(builder, (double)(count - 1)));
    ir_name(builder->function, index, "component");
    IrId is_chosen = ir_binary(builder, IR_EQUAL, numbers_up_to(lower, builder, count), index);
    return ir_name(builder->function, ir_unary(builder, IR_TO_REAL, is_chosen), "is_chosen");
}

/* (tensors, noise [D + 1]) -> z, log of the chosen component's weight. */
static IrFunction *mixture_sample(Lower *lower)
{
    int64_t dimension = lower->program->dimension, width = dimension + 1;
    IrFunction *function = ir_function_new(lower->module, "mixture_sample");
    IrBuilder builder = {.function = function, .span = lower->spec->base_span};
    IrId tensors[MIXTURE_TENSORS];
    function->span = lower->spec->base_span;
    function->note = "Mixture of Gaussians: a component k by its weight, z = mean_k + exp(log_scale_k) noise.";
    mixture_inputs(lower, function, tensors);
    IrId noise = ir_input(function, "noise", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &width));
    IrId log_weights = ir_binary(&builder, IR_SUB, tensors[LOGITS], log_sum_exp(&builder, tensors[LOGITS]));
    ir_name(function, log_weights, "log_weights");
    IrId chosen = choose(lower, &builder, log_weights, ir_element(&builder, noise, dimension));
    IrId mean = ir_contract(&builder, "kd,k->d", tensors[MEANS], chosen, -1);
    IrId log_scale = ir_contract(&builder, "kd,k->d", tensors[LOG_SCALES], chosen, -1);
    IrId spread = ir_unary(&builder, IR_EXP, ir_name(function, log_scale, "log_scale"));
    IrId apart = ir_binary(&builder, IR_MUL, spread, ir_slice(&builder, noise, 0, 0, dimension));
    IrId z = ir_binary(&builder, IR_ADD, ir_name(function, mean, "mean"), apart);
    ir_output(function, "z", z);
    IrId log_weight = ir_reduce_all(&builder, IR_REDUCE_SUM, ir_binary(&builder, IR_MUL, chosen, log_weights));
    ir_output(function, "log_weight", ir_name(function, log_weight, "log_weight"));
    return function;
}

/* What does not depend on z: log weight_k - sum_d log_scale_kd - D/2 log(2 pi), [K]. */
static IrId mixture_constants(Lower *lower, IrBuilder *builder, const IrId *tensors)
{
    static const int64_t COMPONENTS[] = {1};
    double dimension = (double)lower->program->dimension;
    IrId log_weights = ir_binary(builder, IR_SUB, tensors[LOGITS], log_sum_exp(builder, tensors[LOGITS]));
    IrId volumes = ir_reduce(builder, IR_REDUCE_SUM, tensors[LOG_SCALES], 1, COMPONENTS);
    IrId constant = ir_constant(builder, -dimension * HALF_LOG_2_PI);
    return ir_binary(builder, IR_ADD, ir_binary(builder, IR_SUB, log_weights, volumes), constant);
}

/* (tensors, z) -> log p(z). */
static IrFunction *mixture_log_prob(Lower *lower)
{
    static const int64_t COMPONENTS[] = {1};
    IrFunction *function = ir_function_new(lower->module, "mixture_log_prob");
    IrBuilder builder = {.function = function, .span = lower->spec->base_span};
    IrId tensors[MIXTURE_TENSORS];
    function->span = lower->spec->base_span;
    function->note = "Mixture of Gaussians: log p(z) = log sum_k weight_k N(z; mean_k, exp(log_scale_k)).";
    mixture_inputs(lower, function, tensors);
    IrId z = ir_input(function, "z", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &lower->program->dimension));
    IrId rates = ir_unary(&builder, IR_EXP, ir_unary(&builder, IR_NEG, tensors[LOG_SCALES]));
    IrId everywhere = ir_broadcast(&builder, z, ir_type_of(function, tensors[MEANS]), COMPONENTS);
    IrId apart = ir_binary(&builder, IR_SUB, everywhere, tensors[MEANS]);
    apart = ir_name(function, ir_binary(&builder, IR_MUL, apart, rates), "standard");
    IrId squares = ir_reduce(&builder, IR_REDUCE_SUM, ir_binary(&builder, IR_MUL, apart, apart), 1, COMPONENTS);
    IrId logs = ir_binary(&builder, IR_SUB, mixture_constants(lower, &builder, tensors), times(&builder, squares, 0.5));
    ir_output(function, "log_prob", log_sum_exp(&builder, ir_name(function, logs, "log_joint")));
    return function;
}

/* ---- for flows --------------------------------------------------------------------------------------------------- */

/* One of the mixture's functions with its tensors, which an entry has as its first inputs. */
static void call_mixture(IrBuilder *builder, IrFunction *callee, IrId last, IrId *results)
{
    IrId operands[MIXTURE_TENSORS + 1];
    for (int i = 0; i < MIXTURE_TENSORS; i++)
        operands[i] = builder->function->inputs[i];
    operands[MIXTURE_TENSORS] = last;
    ir_call(builder, callee, MIXTURE_TENSORS + 1, operands, results);
}

IrId base_sample(Lower *lower, IrBuilder *builder, IrId noise, IrId *log_weight)
{
    IrId z = noise, results[2];
    *log_weight = -1;
    if (lower->spec->base == BASE_UNIFORM) { /* from [0, 1) to [-1, 1) */
        z = ir_binary(builder, IR_SUB, times(builder, noise, 2), ir_constant(builder, 1));
    } else if (is_mixture(lower)) {
        if (!lower->base_sample)
            lower->base_sample = mixture_sample(lower);
        call_mixture(builder, lower->base_sample, noise, results);
        z = results[0];
        *log_weight = ir_name(builder->function, results[1], "log_weight");
    }
    return ir_name(builder->function, z, "z");
}

void base_apply_scale(Lower *lower, IrBuilder *builder, bool from_layers, IrId *x, IrId *log_q)
{
    const double scale = lower->spec->base_scale, volume = (double)lower->program->dimension * log(scale);
    if (scale == 1)
        return;
    builder->note = "the scale c of the base: x = c y for the layers' y, log|det J| = D log c";
    *x = ir_name(builder->function, times(builder, *x, from_layers ? scale : 1 / scale), from_layers ? "x" : "y");
    IrId constant = ir_constant(builder, -volume);
    *log_q = *log_q < 0 ? constant : ir_binary(builder, IR_ADD, *log_q, constant);
    ir_name(builder->function, *log_q, "log_q");
}

IrId base_log_prob(Lower *lower, IrBuilder *builder, IrId z)
{
    IrId log_prob;
    if (lower->spec->base == BASE_UNIFORM) {
        log_prob = ir_constant(builder, -(double)lower->program->dimension * log(2));
    } else if (is_mixture(lower)) {
        if (!lower->base_log_prob)
            lower->base_log_prob = mixture_log_prob(lower);
        call_mixture(builder, lower->base_log_prob, z, &log_prob);
    } else {
        if (!lower->base_log_prob)
            lower->base_log_prob = gaussian_log_prob(lower);
        ir_call(builder, lower->base_log_prob, 1, &z, &log_prob);
    }
    return log_prob;
}
