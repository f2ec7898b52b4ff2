/* SPDX-License-Identifier: MIT */
/* Linear layers: an invertible matrix by its factors (Kingma, Dhariwal 2018, section 3.2), so that the determinant and
 * the inverse cost nothing: y = P L D U x + b with L and U unit triangles, D positive and diagonal, P a permutation
 * that is not trained. One matrix holds L below its diagonal and U above; D = exp(log_diagonal). */
#include "compiler/lower/lower.h"
#include "compiler/lower/staircase.h"

#include <string.h>

enum { TENSORS = 3 };

/* All linear layers with one permutation share two functions, (tensors, x) -> y and back. */
struct LinearKind {
    LinearKind *next;
    const LayerSpec *spec;
    int number;
    IrFunction *forward, *inverse; /* NULL until wanted */
};

static LinearKind *find_kind(Lower *lower, const LayerSpec *spec)
{
    LinearKind **end = &lower->linear_kinds;
    int number = 1;
    for (; *end; end = &(*end)->next, number++) {
        const LayerSpec *known = (*end)->spec;
        if (known->order_count == spec->order_count &&
            (spec->order_count == 0 ||
             memcmp(known->order, spec->order, (size_t)spec->order_count * sizeof spec->order[0]) == 0))
            return *end;
    }
    *end = ARENA_NEW(lower->arena, LinearKind);
    **end = (LinearKind){.spec = spec, .number = number};
    return *end;
}

/* A new layer is its permutation. */
void linear_declare(Lower *lower, FlowLayer *layer)
{
    int64_t dimension = lower->program->dimension, square[] = {dimension, dimension};
    const char *path = arena_print(lower->arena, "flow.layers.%lld", (long long)layer->position);
    layer->linear = find_kind(lower, layer->spec);
    layer->first_tensor = lower->program->tensor_count;
    lower_add_tensor(lower, arena_print(lower->arena, "%s.matrix", path), 2, square, INIT_CONSTANT, 0,
                     layer->spec->span);
    lower_add_tensor(lower, arena_print(lower->arena, "%s.log_diagonal", path), 1, square, INIT_CONSTANT, 0,
                     layer->spec->span);
    lower_add_tensor(lower, arena_print(lower->arena, "%s.bias", path), 1, square, INIT_CONSTANT, 0, layer->spec->span);
}

/* Element i of the result is component order[i] of x, or the other way round. */
static IrId permute(Lower *lower, IrBuilder *builder, const LayerSpec *spec, bool inverse, IrId x)
{
    if (spec->order_count == 0)
        return x;
    int64_t *table = ARENA_ARRAY(lower->arena, int64_t, spec->order_count);
    for (int64_t i = 0; i < spec->order_count; i++)
        table[inverse ? spec->order[i] : i] = inverse ? i : spec->order[i];
    return ir_gather(builder, x, 0, spec->order_count, table);
}

/* (the unit triangle) x: x plus what stands strictly above or below the diagonal. */
static IrId multiply(Lower *lower, IrBuilder *builder, IrId matrix, bool above, IrId x)
{
    int64_t dimension = lower->program->dimension;
    int64_t *rows = ARENA_ARRAY(lower->arena, int64_t, dimension);
    int64_t *columns = ARENA_ARRAY(lower->arena, int64_t, dimension);
    for (int64_t i = 0; i < dimension; i++) {
        rows[i] = above ? i + 1 : i - 1;
        columns[i] = i;
    }
    Staircase stairs = {dimension, dimension, rows, columns, above};
    return staircase_apply(builder, &stairs, matrix, x, x);
}

static IrId solve(IrBuilder *builder, IrId matrix, bool above, IrId x)
{
    IrId operands[] = {matrix, x};
    return ir_append(builder->function, (IrOp){.code = IR_SOLVE_TRIANGULAR,
                                               .operand_count = 2,
                                               .operands = operands,
                                               .span = builder->span,
                                               .lower = !above,
                                               .unit = true});
}

static IrFunction *make(Lower *lower, const LinearKind *kind, bool inverse)
{
    int64_t dimension = lower->program->dimension, square[] = {dimension, dimension};
    const LayerSpec *spec = kind->spec;
    const char *name = kind->number == 1 ? "linear" : arena_print(lower->arena, "linear_%d", kind->number);
    IrFunction *function =
        ir_function_new(lower->module, inverse ? arena_print(lower->arena, "%s_inverse", name) : name);
    IrBuilder builder = {.function = function, .span = spec->span};
    function->span = spec->span;
    function->note = inverse ? "Inverse of a linear layer: x = U^-1 D^-1 L^-1 P^-1 (y - b); log|det J| = -sum log D.\n"
                               "Kingma, Dhariwal 2018, section 3.2."
                             : "Linear layer: y = P L D U x + b with L below and U above the diagonal of one matrix,\n"
                               "1 on theirs; log|det J| = sum log D. Kingma, Dhariwal 2018, section 3.2.";
    IrId matrix = ir_input(function, "matrix", ir_type(IR_REAL, IR_KIND_PARAMETER, 2, square));
    IrId log_diagonal = ir_input(function, "log_diagonal", ir_type(IR_REAL, IR_KIND_PARAMETER, 1, square));
    IrId bias = ir_input(function, "bias", ir_type(IR_REAL, IR_KIND_PARAMETER, 1, square));
    IrId value = ir_input(function, inverse ? "y" : "x", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, square));
    if (inverse) {
        IrId scale = ir_unary(&builder, IR_EXP, ir_unary(&builder, IR_NEG, log_diagonal));
        value = permute(lower, &builder, spec, true, ir_binary(&builder, IR_SUB, value, bias));
        value = ir_binary(&builder, IR_MUL, solve(&builder, matrix, false, value), scale);
        value = solve(&builder, matrix, true, value);
    } else {
        IrId scale = ir_name(function, ir_unary(&builder, IR_EXP, log_diagonal), "diagonal");
        value = ir_binary(&builder, IR_MUL, multiply(lower, &builder, matrix, true, value), scale);
        value = permute(lower, &builder, spec, false, multiply(lower, &builder, matrix, false, value));
        value = ir_binary(&builder, IR_ADD, value, bias);
    }
    ir_output(function, inverse ? "x" : "y", value);
    return function;
}

IrId linear_apply(Lower *lower, IrBuilder *builder, const FlowLayer *layer, bool inverse, IrId x, IrId *log_det)
{
    IrFunction **callee = inverse ? &layer->linear->inverse : &layer->linear->forward;
    IrId operands[TENSORS + 1], y;
    if (!*callee)
        *callee = make(lower, layer->linear, inverse);
    for (int i = 0; i < TENSORS; i++)
        operands[i] = flow_tensor(lower, builder, layer->first_tensor + i);
    operands[TENSORS] = x;
    ir_call(builder, *callee, TENSORS + 1, operands, &y);
    *log_det = ir_reduce_all(builder, IR_REDUCE_SUM, operands[1]);
    if (inverse)
        *log_det = ir_unary(builder, IR_NEG, *log_det);
    return ir_name(builder->function, y, inverse ? "x" : "y");
}
