/* SPDX-License-Identifier: MIT */
/* The type rules of calls and scans: what may be passed to a function and what comes back. */
#include "compiler/ir/infer_rules.h"

#include <string.h>

/* May a value of type `given` be passed to an input of type `declared`? A lower kind may, a per-sample value only to a
 * per-sample input. */
static const char *check_argument(const Inference *in, int operand, const IrType *declared)
{
    const char *wrong = infer_expect_type(in, operand, declared);
    if (wrong)
        return wrong;
    if (in->operands[operand]->kind == IR_KIND_SAMPLE && declared->kind != IR_KIND_SAMPLE)
        return arena_print(in->arena, "operand %d is per sample, the callee's input is not", operand + 1);
    return NULL;
}

static IrKind kind_outside(IrKind inside)
{
    return inside == IR_KIND_SAMPLE ? IR_KIND_SAMPLE : IR_KIND_SHARED;
}

const char *infer_call(Inference *in)
{
    const IrFunction *callee = in->op->callee;
    if (!callee)
        return "no callee";
    if (in->op->operand_count != callee->input_count)
        return arena_print(in->arena, "%d operands, %s has %d inputs", in->op->operand_count, callee->name,
                           callee->input_count);
    for (int i = 0; i < callee->input_count; i++) {
        const char *wrong = check_argument(in, i, ir_type_of(callee, callee->inputs[i]));
        if (wrong)
            return wrong;
    }
    for (int i = 0; i < callee->output_count; i++) {
        in->result[i] = *ir_type_of(callee, callee->outputs[i]);
        in->result[i].kind = kind_outside(in->result[i].kind);
    }
    return NULL;
}

static const char *check_scan_counts(const Inference *in)
{
    const IrOp *op = in->op;
    const IrFunction *callee = op->callee;
    if (!callee)
        return "no callee";
    if (op->length < 1)
        return "a scan takes at least one step";
    if (op->carried < 0 || op->sliced < 0 || op->carried > op->operand_count ||
        op->sliced > op->operand_count - op->carried)
        return "fewer operands than carried and sliced values";
    if (callee->input_count != op->operand_count + 1)
        return arena_print(in->arena, "%d operands and the step, %s has %d inputs", op->operand_count, callee->name,
                           callee->input_count);
    if (callee->output_count < op->carried)
        return arena_print(in->arena, "%d carried values, %s has %d outputs", op->carried, callee->name,
                           callee->output_count);
    const IrType *step = ir_type_of(callee, callee->inputs[0]);
    if (step->element != IR_INT || step->rank != 0 || step->kind != IR_KIND_SCALAR)
        return arena_print(in->arena, "the first input of %s is not the step: scalar int32[]", callee->name);
    return NULL;
}

static const char *infer_scan_operands(const Inference *in)
{
    const IrOp *op = in->op;
    for (int i = 0; i < op->operand_count; i++) {
        IrType declared = *ir_type_of(op->callee, op->callee->inputs[i + 1]);
        if (i >= op->carried && i < op->carried + op->sliced) {
            if (declared.rank + 1 > IR_RANK_MAX)
                return arena_print(in->arena, "a value has at most %d axes", IR_RANK_MAX);
            memmove(declared.size + 1, declared.size, sizeof declared.size[0] * (size_t)declared.rank);
            declared.size[0] = op->length;
            declared.rank++;
        }
        const char *wrong = check_argument(in, i, &declared);
        if (wrong)
            return wrong;
    }
    return NULL;
}

const char *infer_scan(Inference *in)
{
    const IrOp *op = in->op;
    const char *wrong = check_scan_counts(in);
    if (!wrong)
        wrong = infer_scan_operands(in);
    if (wrong)
        return wrong;
    for (int i = 0; i < op->callee->output_count; i++) {
        IrType type = *ir_type_of(op->callee, op->callee->outputs[i]);
        if (i < op->carried) {
            const IrType *input = ir_type_of(op->callee, op->callee->inputs[i + 1]);
            if (type.element != input->element || !ir_shape_equal(&type, input))
                return arena_print(in->arena, "carried value %d enters as %s and leaves as %s", i + 1,
                                   infer_type_text(in->arena, input), infer_type_text(in->arena, &type));
            if (type.kind == IR_KIND_SAMPLE && input->kind != IR_KIND_SAMPLE)
                return arena_print(in->arena, "carried value %d leaves per sample and enters otherwise", i + 1);
            type.kind = kind_outside(input->kind);
        } else {
            if (type.rank + 1 > IR_RANK_MAX)
                return arena_print(in->arena, "a value has at most %d axes", IR_RANK_MAX);
            memmove(type.size + 1, type.size, sizeof type.size[0] * (size_t)type.rank);
            type.size[0] = op->length;
            type.rank++;
            type.kind = kind_outside(type.kind);
        }
        in->result[i] = type;
    }
    return NULL;
}
