/* SPDX-License-Identifier: MIT */
/* Which products are rounded together with which sums: a sum or difference whose operand is a product becomes a fused
 * multiply-add; where both operands are products the first goes, or, where the second is subtracted and a product with
 * a number, which takes the sign, that one. Who else reads the product does not count, so that a function and its copy
 * in a derivative, which reads more, have the same bits; the product stays for its other readers, at no more operations
 * than before. A product that is known once for all samples stays out of per-sample sums: it is computed once as it is.
 */
#include "compiler/passes/passes.h"

#include "compiler/passes/simplify.h"

typedef struct Contraction {
    const IrFunction *from;
    IrFunction *draft;
    IrId *map;
} Contraction;

/* The product that `id` is and that may go into `sum`, or NULL. */
static const IrOp *find_product(const Contraction *contraction, IrId id, const IrOp *sum)
{
    const IrValue *value = &contraction->from->values[id];
    const IrValue *result = &contraction->from->values[sum->results[0]];
    if (value->op < 0 || value->type.kind != result->type.kind)
        return NULL;
    const IrOp *op = &contraction->from->ops[value->op];
    return op->code == IR_MUL ? op : NULL;
}

/* -a, which is exact: of a number another number, of -b it is b. */
static IrId negate(Simplifier *simplifier, IrId a)
{
    const IrType type = *ir_type_of(simplifier->draft, a);
    double number;
    if (simplify_is_uniform(simplifier, a, &number))
        return simplify_filled(simplifier, -number, &type);
    IrId negated = simplify_operand_of(simplifier, a, IR_NEG);
    if (negated >= 0)
        return negated;
    IrBuilder builder = {.function = simplifier->draft, .span = simplifier->span};
    return ir_unary(&builder, IR_NEG, a);
}

/* a b + c, with the product or c negated. */
static void append_fma(Contraction *contraction, const IrOp *sum, const IrOp *product, IrId other, bool negate_product,
                       bool negate_other)
{
    Simplifier simplifier = {
        .draft = contraction->draft, .arena = contraction->draft->module->arena, .span = sum->span};
    IrId operands[] = {contraction->map[product->operands[0]], contraction->map[product->operands[1]],
                       contraction->map[other]};
    double number;
    int negated = simplify_is_uniform(&simplifier, operands[1], &number) ? 1 : 0;
    if (negate_product)
        operands[negated] = negate(&simplifier, operands[negated]);
    if (negate_other)
        operands[2] = negate(&simplifier, operands[2]);
    IrOp op = {.code = IR_FMA, .operand_count = 3, .operands = operands, .span = sum->span, .note = sum->note};
    IrId result = ir_append(contraction->draft, op);
    ir_name(contraction->draft, result, contraction->from->values[sum->results[0]].name);
    contraction->map[sum->results[0]] = result;
}

static bool has_number(const Contraction *contraction, const IrOp *product)
{
    const Simplifier looking = {.draft = contraction->draft};
    double number;
    return product && simplify_is_uniform(&looking, contraction->map[product->operands[1]], &number);
}

static void contract_op(Contraction *contraction, const IrOp *op)
{
    bool sum = op->code == IR_ADD || op->code == IR_SUB;
    if (sum && ir_type_of(contraction->from, op->results[0])->element == IR_REAL) {
        bool minus = op->code == IR_SUB;
        const IrOp *first = find_product(contraction, op->operands[0], op);
        const IrOp *second = find_product(contraction, op->operands[1], op);
        if (first && !(minus && has_number(contraction, second))) {
            append_fma(contraction, op, first, op->operands[1], false, minus);
            return;
        }
        if (second) {
            append_fma(contraction, op, second, op->operands[0], minus, false);
            return;
        }
    }
    ir_copy_op(contraction->draft, contraction->from, op, contraction->map);
}

static void contract_function(IrFunction *function)
{
    IrId *map = ARENA_ARRAY(function->module->arena, IrId, function->value_count);
    Contraction contraction = {function, ir_function_draft(function, NULL, map), map};
    for (int i = 0; i < function->op_count; i++)
        contract_op(&contraction, &function->ops[i]);
    ir_copy_outputs(contraction.draft, function, map);
    ir_function_adopt(function, contraction.draft);
}

void pass_contract_fma(IrModule *module)
{
    for (int i = 0; i < module->function_count; i++)
        contract_function(module->functions[i]);
}
