/* SPDX-License-Identifier: MIT */
/* The distribution that a flow starts from. */
#include "compiler/lower/lower.h"

#include <math.h>

#define HALF_LOG_2_PI 0.91893853320467274178

IrFunction *base_log_prob(Lower *lower)
{
    if (lower->base_log_prob)
        return lower->base_log_prob;
    double scale = lower->spec->base_scale, dimension = (double)lower->program->dimension;
    IrFunction *function = lower->base_log_prob = ir_function_new(lower->module, "gaussian_log_prob");
    IrBuilder builder = {.function = function, .span = lower->spec->flow_span};
    function->span = lower->spec->flow_span;
    function->note = scale == 1 ? "Standard normal: log p(z) = -|z|^2 / 2 - D/2 log(2 pi)."
                                : "Normal, scale c: log p(z) = -|z / c|^2 / 2 - D log c - D/2 log(2 pi).";
    IrId z = ir_input(function, "z", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &lower->program->dimension));
    IrId squares = ir_reduce_all(&builder, IR_REDUCE_SUM, ir_binary(&builder, IR_MUL, z, z));
    ir_name(function, squares, "squares");
    IrId exponent = ir_binary(&builder, IR_MUL, squares, ir_constant(&builder, -0.5 / (scale * scale)));
    double constant = -dimension * (log(scale) + HALF_LOG_2_PI);
    ir_output(function, "log_prob", ir_binary(&builder, IR_ADD, exponent, ir_constant(&builder, constant)));
    return function;
}
