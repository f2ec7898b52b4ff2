/* SPDX-License-Identifier: MIT */
/* Losses: what a training step makes small. */
#include "compiler/lower/lower.h"
#include "runtime/core/random.h"

IrId loss_samples(Lower *lower, IrBuilder *builder, IrId conditions, IrId *x, IrId *log_q)
{
    builder->span = lower->spec->flow_span;
    IrId noise = base_draw(lower, builder, RANDOM_TRAIN_NOISE);
    flow_sample(lower, builder, noise, conditions, x, log_q);
    return noise;
}

/* The configuration of a row of data, dequantised. */
static IrId data_x(Lower *lower, IrBuilder *builder, IrId data)
{
    const Program *program = lower->program;
    if (program->data_width > program->dimension)
        data = ir_name(builder->function, ir_slice(builder, data, 0, 0, program->dimension), "x");
    return columns_dequantise(lower, builder, data);
}

void loss_first_pass(Lower *lower, IrBuilder *builder)
{
    const bool has_data = lower_has_loss(lower, LOSS_FORWARD_KL) || condition_column_count(lower->spec) > 0;
    IrId data = has_data ? lower_data(lower, builder->function) : -1, x, log_q;
    IrId conditions = condition_draw(lower, builder, data);
    if (lower_has_loss(lower, LOSS_FORWARD_KL))
        flow_log_prob(lower, builder, data_x(lower, builder, data), conditions);
    else
        loss_samples(lower, builder, conditions, &x, &log_q);
}

static IrId temperature(Lower *lower, IrBuilder *builder, IrId conditions)
{
    const ModelSpec *spec = lower->spec;
    if (spec->kT_condition == NULL)
        return lower_scalar(lower, ENTRY_LOSS, 0);
    return ir_name(builder->function, ir_element(builder, conditions, spec->kT_condition - spec->conditions), "kT");
}

IrId loss_energy(Lower *lower, IrBuilder *builder, IrFunction *entry, IrId x, IrId conditions)
{
    IrId energy;
    builder->span = lower->spec->energy_span;
    ir_call(builder, lower->energy, lower->energy->input_count, (IrId[]){x, conditions}, &energy);
    ir_name(entry, energy, "energy");
    return ir_binary(builder, IR_DIV, energy, temperature(lower, builder, conditions));
}

IrId loss_mean(Lower *lower, IrBuilder *builder, IrId terms)
{
    IrId sum = ir_unary(builder, IR_BATCH_SUM, terms);
    return ir_binary(builder, IR_MUL, sum, ir_constant(builder, 1 / (double)lower->module->batch));
}

/* (Leaving one out keeps it unbiased: Kool, van Hoof, Welling 2019.) */
IrId loss_with_choice(Lower *lower, IrBuilder *builder, IrId terms, IrId noise)
{
    double batch = (double)lower->module->batch;
    IrId log_weight = flow_choice(lower, builder, noise);
    if (log_weight < 0)
        return terms;
    IrId apart = ir_binary(builder, IR_SUB, terms, loss_mean(lower, builder, terms));
    apart = batch == 1 ? terms : ir_binary(builder, IR_MUL, apart, ir_constant(builder, batch / (batch - 1)));
    IrId score = ir_binary(builder, IR_SUB, log_weight, ir_unary(builder, IR_STOP_GRADIENT, log_weight));
    apart = ir_name(builder->function, ir_unary(builder, IR_STOP_GRADIENT, apart), "advantage");
    return ir_binary(builder, IR_ADD, terms, ir_binary(builder, IR_MUL, apart, score));
}

/* Reverse Kullback-Leibler divergence to exp(-U / kT) / Z, but for log Z: the mean of log q(x) + U(x) / kT over x =
 * f(z) (the variational free energy in units of kT). The derivative flows through x and log q (reparameterisation). */
static IrId reverse_kl(Lower *lower, IrBuilder *builder, IrFunction *entry, IrId conditions)
{
    IrId x, log_q, noise = loss_samples(lower, builder, conditions, &x, &log_q);
    IrId terms = ir_binary(builder, IR_ADD, log_q, loss_energy(lower, builder, entry, x, conditions));
    terms = loss_with_choice(lower, builder, terms, noise);
    builder->note = "reverse KL: the batch's mean of log q(x) + U(x) / kT";
    return ir_name(entry, loss_mean(lower, builder, terms), "reverse_kl");
}

/* Maximum likelihood: the mean of -log q over the batch's rows of data, the forward Kullback-Leibler divergence but for
 * the data's own entropy. Of integers it is a bound of that from above (Theis, van den Oord and Bethge 2016, section
 * 3.1). */
static IrId forward_kl(Lower *lower, IrBuilder *builder, IrFunction *entry, IrId data, IrId conditions)
{
    IrId log_q = flow_log_prob(lower, builder, data_x(lower, builder, data), conditions);
    builder->note = "forward KL: the batch's mean of -log q(data)";
    IrId sum = ir_unary(builder, IR_BATCH_SUM, log_q);
    IrId mean = ir_binary(builder, IR_MUL, sum, ir_constant(builder, -1 / (double)lower->module->batch));
    return ir_name(entry, mean, "forward_kl");
}

static IrId mean_of(Lower *lower, IrBuilder *builder, IrFunction *entry, LossKind kind, IrId data, IrId conditions)
{
    switch (kind) {
    case LOSS_FORWARD_KL:
        return forward_kl(lower, builder, entry, data, conditions);
    case LOSS_PATH_GRADIENT:
        return loss_path_gradient(lower, builder, entry, conditions);
    case LOSS_LOG_VARIANCE:
        return loss_log_variance(lower, builder, entry);
    case LOSS_FAB:
        return loss_fab(lower, builder, entry, data);
    case LOSS_REVERSE_KL:
    case LOSS_KIND_COUNT:
        break;
    }
    return reverse_kl(lower, builder, entry, conditions);
}

/* The sum of the weights of all losses of this kind: they are of the same samples, so one mean serves them; -1: there
 * is none. */
static IrId weight_of(Lower *lower, IrBuilder *builder, LossKind kind)
{
    const ModelSpec *spec = lower->spec;
    IrId weight = -1;
    for (int i = 0; i < spec->loss_count; i++) {
        if (spec->losses[i].kind != kind)
            continue;
        IrId term = lower_scalar(lower, ENTRY_LOSS, lower->program->first_loss_scalar + i);
        builder->span = spec->losses[i].span;
        weight = weight < 0 ? term : ir_binary(builder, IR_ADD, weight, term);
    }
    return weight;
}

void loss_lower(Lower *lower)
{
    IrFunction *entry = lower_entry(lower, ENTRY_LOSS, true);
    IrBuilder builder = {.function = entry};
    IrId data = lower->program->data_width > 0 ? lower_data(lower, entry) : -1, loss = -1;
    IrId conditions = condition_draw(lower, &builder, data);
    for (LossKind kind = 0; kind < LOSS_KIND_COUNT; kind++) {
        if (!lower_has_loss(lower, kind))
            continue;
        IrId mean = mean_of(lower, &builder, entry, kind, data, conditions), weight = weight_of(lower, &builder, kind);
        IrId term = ir_binary(&builder, IR_MUL, mean, weight);
        loss = loss < 0 ? term : ir_binary(&builder, IR_ADD, loss, term);
    }
    ir_output(entry, "loss", ir_name(entry, loss, "loss"));
}
