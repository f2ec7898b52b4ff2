/* SPDX-License-Identifier: MIT */
/* Relatives of the reverse Kullback-Leibler divergence: the same samples and the same energy, other gradients. */
#include "compiler/lower/lower.h"
#include "runtime/core/random.h"

/* The reverse KL without the score term of its gradient, whose mean is 0 and whose variance stays where q = p (Roeder, Wu and
 * Duvenaud 2017; for flows Vaitl et al. 2022): log q is computed by the way back, with weights that are held. The way back
 * begins where the layers end, not at x: the map into ranges has no weights, and x, a float, no longer tells how near an end
 * of its range it is. */
static IrFunction *held_log_prob(Lower *lower)
{
    const Program *program = lower->program;
    IrFunction *function = ir_function_new(lower->module, "held_log_prob");
    IrBuilder builder = {.function = function};
    function->span = lower->spec->flow_span;
    function->note = "log q(x) of the x that is made of y, for the path's gradient: the caller holds the weights.";
    for (int i = 0; i < program->tensor_count; i++)
        ir_input(function, program->tensors[i].name, program->tensors[i].type);
    IrId y = ir_input(function, "y", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &lower->program->dimension));
    IrId conditions = lower_conditions(lower, function);
    ir_output(function, "log_q", flow_log_prob_before_space(lower, &builder, y, conditions));
    return function;
}

IrId loss_path_gradient(Lower *lower, IrBuilder *builder, IrFunction *entry, IrId conditions)
{
    int count = lower->program->tensor_count;
    IrId *operands = ARENA_ARRAY(lower->arena, IrId, count + 2), y, x, log_q;
    IrFunction *log_prob = held_log_prob(lower);
    builder->span = lower->spec->flow_span;
    IrId noise = base_draw(lower, builder, RANDOM_TRAIN_NOISE);
    flow_sample_layers(lower, builder, noise, conditions, &y, &log_q);
    flow_enter_space(lower, builder, y, &x, &log_q);
    for (int i = 0; i < count; i++)
        operands[i] = ir_unary(builder, IR_STOP_GRADIENT, entry->inputs[i]);
    operands[count] = y;
    operands[count + 1] = conditions;
    ir_call(builder, log_prob, log_prob->input_count, operands, &log_q);
    IrId energy = loss_energy(lower, builder, entry, x, conditions);
    IrId terms = ir_binary(builder, IR_ADD, ir_name(entry, log_q, "log_q"), energy);
    terms = loss_with_choice(lower, builder, terms, noise);
    builder->note = "reverse KL by the path's gradient: the batch's mean of log q(x) + U(x) / kT, log q's weights held";
    return ir_name(entry, loss_mean(lower, builder, terms), "reverse_kl");
}

/* (The spec's reader has refused it for models with conditions, whose log Z differs from sample to sample.)
 * The variance over the batch of log q(x) + U(x) / kT with x held (Richter et al. 2020, "VarGrad"): 0 where q is the target.
 * The mean is held too: deviations sum to 0, so its derivative adds nothing. */
IrId loss_log_variance(Lower *lower, IrBuilder *builder, IrFunction *entry)
{
    IrId x, log_q;
    double others = (double)lower->module->batch - 1;
    loss_samples(lower, builder, -1, &x, &log_q);
    x = ir_name(entry, ir_unary(builder, IR_STOP_GRADIENT, x), "x_held");
    log_q = flow_log_prob(lower, builder, x, -1);
    IrId terms = ir_binary(builder, IR_ADD, log_q, loss_energy(lower, builder, entry, x, -1));
    builder->note = "log variance: the batch's variance of log q(x) + U(x) / kT";
    IrId mean = ir_unary(builder, IR_STOP_GRADIENT, loss_mean(lower, builder, terms));
    IrId apart = ir_binary(builder, IR_SUB, terms, ir_name(entry, mean, "mean"));
    IrId sum = ir_unary(builder, IR_BATCH_SUM, ir_binary(builder, IR_MUL, apart, apart));
    return ir_name(entry, ir_binary(builder, IR_MUL, sum, ir_constant(builder, 1 / (others > 0 ? others : 1))),
                   "log_variance");
}
