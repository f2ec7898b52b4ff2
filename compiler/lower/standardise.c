/* SPDX-License-Identifier: MIT */
/* Standardised data: the map between configurations and what the layers of a flow see, y = (x - mean) / scale. Mean and
 * scale are states, set from the training data before the first step, so that they stay with the weights and densities
 * are exact in the data's own units. */
#include "compiler/lower/lower.h"

void standardise_declare(Lower *lower)
{
    const int64_t *dimension = &lower->program->dimension;
    lower->data_tensor = -1;
    if (!lower->spec->data.standardise)
        return;
    lower->data_tensor = lower->program->tensor_count;
    lower_add_state(lower, "data.mean", 1, dimension, 0, lower->spec->data.span);
    lower_add_state(lower, "data.scale", 1, dimension, 1, lower->spec->data.span);
}

/* (mean, scale, x) -> y, log_det: x in the data's units, y in the layers'; from_layers: the other way. */
static IrFunction *standardisation(Lower *lower, bool from_layers)
{
    IrFunction **known = from_layers ? &lower->to_units : &lower->from_units;
    if (*known)
        return *known;
    const Program *program = lower->program;
    const IrType vector = ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &program->dimension);
    IrFunction *function = *known = ir_function_new(lower->module, from_layers ? "restore_units" : "standardise");
    IrBuilder builder = {.function = function, .span = lower->spec->data.span};
    function->span = lower->spec->data.span;
    function->note = from_layers ? "Back to the data's units: x = mean + scale y; log|det J| = sum log scale."
                                 : "Standardised data: y = (x - mean) / scale; log|det J| = -sum log scale.";
    IrId mean = ir_input(function, "mean", program->tensors[lower->data_tensor].type);
    IrId scale = ir_input(function, "scale", program->tensors[lower->data_tensor + 1].type);
    IrId in = ir_input(function, from_layers ? "y" : "x", vector), out;
    if (from_layers)
        out = ir_binary(&builder, IR_ADD, mean, ir_binary(&builder, IR_MUL, scale, in));
    else
        out = ir_binary(&builder, IR_DIV, ir_binary(&builder, IR_SUB, in, mean), scale);
    IrId log_det = ir_reduce_all(&builder, IR_REDUCE_SUM, ir_unary(&builder, IR_LOG, scale));
    if (!from_layers)
        log_det = ir_unary(&builder, IR_NEG, log_det);
    ir_output(function, from_layers ? "x" : "y", out);
    ir_output(function, "log_det", log_det);
    return function;
}

void standardise_apply(Lower *lower, IrBuilder *builder, bool from_layers, IrId *x, IrId *log_q)
{
    if (lower->data_tensor < 0)
        return;
    IrId operands[3], results[2];
    for (int i = 0; i < 2; i++)
        operands[i] = builder->function->inputs[lower->data_tensor + i];
    operands[2] = *x;
    builder->span = lower->spec->data.span;
    ir_call(builder, standardisation(lower, from_layers), 3, operands, results);
    *x = ir_name(builder->function, results[0], from_layers ? "x" : "y");
    ir_name(builder->function, results[1], "log_det");
    if (*log_q < 0)
        *log_q = results[1];
    else
        *log_q = ir_binary(builder, from_layers ? IR_SUB : IR_ADD, *log_q, results[1]);
    ir_name(builder->function, *log_q, "log_q");
}
