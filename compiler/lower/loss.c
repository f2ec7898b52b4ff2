/* SPDX-License-Identifier: MIT */
/* Losses: what a training step makes small. */
#include "compiler/lower/lower.h"
#include "runtime/core/random.h"

/* Reverse Kullback-Leibler divergence to exp(-U / kT) / Z, but for log Z: the mean of log q(x) + U(x) / kT over x =
 * f(z) (the variational free energy in units of kT). The derivative flows through x and log q (reparameterisation). */
static IrId reverse_kl(Lower *lower, IrBuilder *builder, IrFunction *entry)
{
    IrType shape = ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &lower->program->dimension);
    builder->span = lower->spec->flow_span;
    IrId noise = ir_draw(builder, IR_DRAW_NORMAL, shape, RANDOM_TRAIN_NOISE, 0, -1, 0), x, log_q, energy;
    flow_sample(lower, builder, ir_name(entry, noise, "noise"), &x, &log_q);
    builder->span = lower->spec->energy_span;
    ir_call(builder, lower->energy, 1, &x, &energy);
    ir_name(entry, energy, "energy");
    IrId kT = lower_scalar(lower, ENTRY_LOSS, 0);
    IrId terms = ir_binary(builder, IR_ADD, log_q, ir_binary(builder, IR_DIV, energy, kT));
    builder->note = "reverse KL: the batch's mean of log q(x) + U(x) / kT";
    IrId sum = ir_unary(builder, IR_BATCH_SUM, terms);
    IrId mean = ir_binary(builder, IR_MUL, sum, ir_constant(builder, 1 / (double)lower->module->batch));
    return ir_name(entry, mean, "reverse_kl");
}

/* All terms are reverse KLs of the same samples: one mean, times the sum of the weights. */
void loss_lower(Lower *lower)
{
    const ModelSpec *spec = lower->spec;
    IrFunction *entry = lower_entry(lower, ENTRY_LOSS, true);
    IrBuilder builder = {.function = entry};
    IrId mean = reverse_kl(lower, &builder, entry), weight = -1;
    for (int i = 0; i < spec->loss_count; i++) {
        IrId term = lower_scalar(lower, ENTRY_LOSS, 1 + i);
        builder.span = spec->losses[i].span;
        weight = i == 0 ? term : ir_binary(&builder, IR_ADD, weight, term);
    }
    ir_output(entry, "loss", ir_name(entry, ir_binary(&builder, IR_MUL, mean, weight), "loss"));
}
