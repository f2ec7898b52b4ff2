/* SPDX-License-Identifier: MIT */
/* The step of flow annealed importance sampling bootstrap; its rows come from the runtime (runtime/host/fab.h). */
#include "compiler/lower/lower.h"

/* Weighted maximum likelihood: the mean of -w log q(x) over rows [x, w]. With x from p^2 / q, and w what is left of that
 * density over the one that x was drawn from, the gradient is that of the alpha = 2 divergence's logarithm (Midgley et al.
 * 2023, eq. 8 and the buffer's). */
IrId loss_fab(Lower *lower, IrBuilder *builder, IrFunction *entry, IrId data)
{
    int64_t dimension = lower->program->dimension;
    builder->span = lower->spec->flow_span;
    IrId x = ir_name(entry, ir_slice(builder, data, 0, 0, dimension), "x");
    IrId weight = ir_name(entry, ir_element(builder, data, dimension), "weight");
    IrId log_q = flow_log_prob(lower, builder, x, -1);
    builder->note = "fab: the batch's mean of -weight log q(x) over annealed samples";
    IrId mean = loss_mean(lower, builder, ir_binary(builder, IR_MUL, weight, log_q));
    return ir_name(entry, ir_unary(builder, IR_NEG, mean), "fab");
}
