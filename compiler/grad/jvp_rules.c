/* SPDX-License-Identifier: MIT */
/* Forward mode of single ops. What is linear is applied to the tangent as it is. */
#include "compiler/grad/forward.h"

#include <string.h>

static IrId tangent(const Forward *forward, const IrOp *op, int operand)
{
    return forward->tangents[op->operands[operand]];
}

/* The operand's tangent, zeros where it has none. */
static IrId tangent_or_zeros(Forward *forward, const IrOp *op, int operand)
{
    IrId t = tangent(forward, op, operand);
    return t >= 0 ? t : rules_zeros(&forward->rules, ir_type_of(forward->rules.from, op->operands[operand]));
}

static IrId append(Forward *forward, const IrOp *op, int count, const IrId *operands)
{
    IrOp copy = *op;
    copy.operands = ARENA_ARRAY(forward->rules.arena, IrId, count);
    for (int i = 0; i < count; i++)
        copy.operands[i] = operands[i];
    copy.operand_count = count;
    copy.note = NULL;
    return ir_append(forward->rules.builder.function, copy);
}

/* ---- elementwise ---------------------------------------------------------------------------------------------- */

static IrId jvp_elementwise(Forward *forward, const IrOp *op)
{
    IrId tangents[3] = {-1, -1, -1};
    for (int i = 0; i < op->operand_count; i++)
        tangents[i] = tangent(forward, op, i);
    return rules_tangent(&forward->rules, op, tangents);
}

/* ---- structure and reductions --------------------------------------------------------------------------------- */

static IrId concat(Forward *forward, const IrOp *op)
{
    IrId *operands = ARENA_ARRAY(forward->rules.arena, IrId, op->operand_count);
    for (int i = 0; i < op->operand_count; i++)
        operands[i] = tangent_or_zeros(forward, op, i);
    return append(forward, op, op->operand_count, operands);
}

static IrId largest(Forward *forward, const IrOp *op)
{
    Rules *rules = &forward->rules;
    IrId first = rules_first_largest(rules, op);
    IrId t = rules_select(rules, first, tangent(forward, op, 0), -1);
    return ir_reduce(&rules->builder, IR_REDUCE_SUM, t, op->axis_count, op->axes);
}

/* ---- products ------------------------------------------------------------------------------------------------- */

/* Sums of squares of one value: 2 a' a + start'. */
static bool is_square(const IrOp *op)
{
    const char *comma = strchr(op->labels, ',');
    size_t length = (size_t)(comma - op->labels);
    return op->operands[0] == op->operands[1] && strncmp(op->labels, comma + 1, length) == 0 &&
           comma[1 + length] == '-';
}

static IrId contract_square(Forward *forward, const IrOp *op)
{
    Rules *rules = &forward->rules;
    IrId start = op->operand_count == 3 ? tangent(forward, op, 2) : -1;
    if (tangent(forward, op, 0) < 0)
        return start;
    IrId operands[] = {tangent(forward, op, 0), rules_mapped(rules, op, 1)};
    IrId product = append(forward, op, 2, operands);
    return rules_add(rules, start, rules_multiply(rules, product, rules_number(rules, 2.0, product)));
}

/* a' b + a b' + start', one product on top of the other; over the batch there is no start, so the two are added. */
static IrId contract(Forward *forward, const IrOp *op)
{
    Rules *rules = &forward->rules;
    if (is_square(op))
        return contract_square(forward, op);
    IrId sum = op->operand_count == 3 ? tangent(forward, op, 2) : -1;
    for (int i = 1; i >= 0; i--) {
        if (tangent(forward, op, i) < 0)
            continue;
        IrId operands[] = {rules_mapped(rules, op, 0), rules_mapped(rules, op, 1), sum};
        operands[i] = tangent(forward, op, i);
        if (op->code == IR_CONTRACT)
            sum = append(forward, op, sum < 0 ? 2 : 3, operands);
        else
            sum = rules_add(rules, sum, append(forward, op, 2, operands));
    }
    return sum;
}

/* L y = b: L y' = b' - L' y, within the triangle that is read. */
static IrId solve(Forward *forward, const IrOp *op)
{
    Rules *rules = &forward->rules;
    IrId right = tangent(forward, op, 1);
    if (tangent(forward, op, 0) >= 0) {
        IrId matrix = rules_triangle(rules, op, tangent(forward, op, 0)), y = rules->map[op->results[0]];
        bool columns = ir_type_of(rules->from, op->operands[1])->rank == 2;
        const char *labels = op->transposed ? (columns ? "ji,jk->ik" : "ji,j->i") : (columns ? "ij,jk->ik" : "ij,j->i");
        IrId product = ir_contract(&rules->builder, labels, matrix, y, -1);
        right = right < 0 ? rules_negate(rules, product) : rules_binary(rules, IR_SUB, right, product);
    }
    IrId operands[] = {rules_mapped(rules, op, 0), right};
    return append(forward, op, 2, operands);
}

/* ---- dispatch ------------------------------------------------------------------------------------------------- */

IrId jvp_op(Forward *forward, const IrOp *op)
{
    switch (op->code) {
    case IR_BROADCAST:
    case IR_RESHAPE:
    case IR_TRANSPOSE:
    case IR_SLICE:
    case IR_GATHER:
    case IR_SCATTER_ADD:
    case IR_TAKE:
    case IR_PUT:
    case IR_REDUCE_SUM:
    case IR_CUMSUM:
    case IR_BATCH_SUM:
    case IR_COLLECT:
    case IR_DISTRIBUTE:
        return rules_same_op(&forward->rules, op, tangent(forward, op, 0));
    case IR_CONCAT:
        return concat(forward, op);
    case IR_REDUCE_MAX:
        return largest(forward, op);
    case IR_CONTRACT:
    case IR_BATCH_CONTRACT:
        return contract(forward, op);
    case IR_SOLVE_TRIANGULAR:
        return solve(forward, op);
    default:
        return ir_op_class(op->code) == IR_ELEMENTWISE ? jvp_elementwise(forward, op) : -1;
    }
}
