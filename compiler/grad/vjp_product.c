/* SPDX-License-Identifier: MIT */
/* Reverse mode of contractions, triangular solves and what crosses the batch. A weight's gradient is a contraction over
 * the batch of the result's cotangent and the other operand; products for single samples are never formed. */
#include "compiler/grad/reverse.h"

#include <math.h>
#include <string.h>

/* ---- contractions --------------------------------------------------------------------------------------------- */

/* What one operand's cotangent is contracted from: the result's cotangent and the other operand, in their places. */
typedef struct Factors {
    const char *own;            /* letters of the operand */
    const char *result;         /* letters of the result */
    const char *other;          /* letters of the other operand */
    char kept[IR_RANK_MAX + 1]; /* those of its own that the factors have, in the order in which they are contracted */
    IrId d, value;              /* the result's cotangent and the other operand */
    bool first;                 /* the cotangent is of operand 0 */
} Factors;

static void append_letter(char *letters, char letter)
{
    size_t length = strlen(letters);
    letters[length] = letter;
    letters[length + 1] = '\0';
}

/* The operand's own order; but where samples meet a matrix that they share, first the letters of the result's
 * cotangent, then the matrix's, since this is the order in which such a product is done densely. A sum over the batch
 * keeps its own: it is a parameter's gradient. */
static void order_kept(const Reverse *reverse, Factors *factors, bool batch)
{
    const IrFunction *draft = reverse->draft;
    bool dense = !batch && grad_is_sample(draft, factors->d) && !grad_is_sample(draft, factors->value);
    for (const char *letter = factors->result; dense && *letter; letter++)
        if (strchr(factors->own, *letter))
            append_letter(factors->kept, *letter);
    for (const char *letter = factors->own; *letter; letter++) {
        bool in_result = strchr(factors->result, *letter) != NULL;
        if (dense ? !in_result && strchr(factors->other, *letter) : in_result || strchr(factors->other, *letter))
            append_letter(factors->kept, *letter);
    }
}

/* The value, whose axes have these letters, in the operand's shape: axes in the operand's order, others of it along
 * which nothing varies. */
static IrId spread(Reverse *reverse, IrId value, const char *letters, const char *own, const IrType *type)
{
    IrBuilder *builder = &reverse->rules.builder;
    int64_t order[IR_RANK_MAX], axes[IR_RANK_MAX];
    int count = 0;
    bool moved = false;
    for (int axis = 0; axis < type->rank; axis++) {
        const char *place = strchr(letters, own[axis]);
        if (!place)
            continue;
        order[count] = place - letters;
        axes[count] = axis;
        moved = moved || order[count] != count;
        count++;
    }
    if (moved)
        value = ir_transpose(builder, value, order);
    return count == type->rank ? value : ir_broadcast(builder, value, type, axes);
}

/* Are all letters of the factors the operand's own? Then nothing is summed. */
static bool is_plain_product(const Factors *factors)
{
    return strspn(factors->result, factors->own) == strlen(factors->result) &&
           strspn(factors->other, factors->own) == strlen(factors->other);
}

static IrId multiply_factors(Reverse *reverse, const Factors *factors, const IrType *type)
{
    IrId d = spread(reverse, factors->d, factors->result, factors->own, type);
    return rules_multiply(&reverse->rules, d, spread(reverse, factors->value, factors->other, factors->own, type));
}

/* Contracts the factors; over the batch, too, where `batch` says so. */
static IrId contract_factors(Reverse *reverse, const Factors *factors, bool batch, const IrType *type)
{
    IrBuilder *builder = &reverse->rules.builder;
    bool d_first = factors->first;
    if (batch && factors->kept[0]) /* the rows of the sum are those of the first factor */
        d_first = strchr(factors->result, factors->kept[0]) != NULL;
    const char *labels = arena_print(reverse->rules.arena, "%s,%s->%s", d_first ? factors->result : factors->other,
                                     d_first ? factors->other : factors->result, factors->kept);
    IrId a = d_first ? factors->d : factors->value, b = d_first ? factors->value : factors->d;
    IrId product = batch ? ir_batch_contract(builder, labels, a, b) : ir_contract(builder, labels, a, b, -1);
    return spread(reverse, product, factors->kept, factors->own, type);
}

/* Elements that are not finite become 0: where they stand, no result was taken, so their cotangents are 0. */
static IrId make_finite(Reverse *reverse, IrId value)
{
    Rules *rules = &reverse->rules;
    IrId size = ir_unary(&rules->builder, IR_ABS, value);
    IrId finite = rules_binary(rules, IR_LESS, size, rules_number(rules, INFINITY, value));
    return rules_select(rules, finite, value, -1);
}

static void vjp_factor(Reverse *reverse, const IrOp *op, int operand, const IrLabels *labels, IrId d)
{
    const Analysis *analysis = reverse->analysis;
    const IrFunction *function = reverse->key->function;
    if (!analysis->active[op->operands[operand]])
        return;
    IrId other = op->operands[1 - operand];
    Factors factors = {.own = operand == 0 ? labels->a : labels->b,
                       .other = operand == 0 ? labels->b : labels->a,
                       .result = labels->result,
                       .d = d,
                       .value = reverse->rules.map[other],
                       .first = operand == 0};
    if (analysis->guarded[op->results[0]] && !analysis->finite[other])
        factors.value = make_finite(reverse, factors.value);
    bool sum = reverse_is_per_sample(reverse, op) && !grad_is_sample(function, op->operands[operand]);
    bool batch = sum && (grad_is_sample(reverse->draft, d) || grad_is_sample(reverse->draft, factors.value));
    order_kept(reverse, &factors, batch);
    const IrType type = *ir_type_of(function, op->operands[operand]);
    IrId part = !batch && is_plain_product(&factors) ? multiply_factors(reverse, &factors, &type)
                                                     : contract_factors(reverse, &factors, batch, &type);
    if (batch)
        reverse_add_summed(reverse, op, operand, part);
    else
        reverse_add(reverse, op, operand, part);
}

static void vjp_contract(Reverse *reverse, const IrOp *op, IrId d)
{
    const IrFunction *function = reverse->key->function;
    IrLabels labels;
    ir_labels_parse(op->labels, ir_type_of(function, op->operands[0]), ir_type_of(function, op->operands[1]), &labels);
    if (op->operand_count == 3)
        reverse_add(reverse, op, 2, d);
    if (op->operands[0] == op->operands[1] && strcmp(labels.a, labels.b) == 0) { /* a sum of squares */
        d = rules_multiply(&reverse->rules, d, rules_number(&reverse->rules, 2.0, d));
    } else {
        vjp_factor(reverse, op, 1, &labels, d);
    }
    vjp_factor(reverse, op, 0, &labels, d);
}

/* ---- triangular solves ---------------------------------------------------------------------------------------- */

/* L y = b: the right side's cotangent is r = L^-T d, the matrix's is -r y^T within the triangle that is read; for
 * L^T y = b they are r = L^-1 d and -y r^T. */
static void vjp_solve(Reverse *reverse, const IrOp *op, IrId d)
{
    Rules *rules = &reverse->rules;
    IrBuilder *builder = &rules->builder;
    IrOp back = *op;
    IrId operands[] = {rules_mapped(rules, op, 0), d};
    if (reverse->analysis->guarded[op->results[0]])
        operands[0] = make_finite(reverse, operands[0]);
    back.operands = operands;
    back.transposed = !op->transposed;
    back.note = NULL;
    IrId right = ir_append(reverse->draft, back), y = rules->map[op->results[0]];
    if (reverse->analysis->guarded[op->results[0]]) {
        right = make_finite(reverse, right);
        y = make_finite(reverse, y);
    }
    reverse_add(reverse, op, 1, right);
    if (!reverse->analysis->active[op->operands[0]])
        return;
    bool matrix = ir_type_of(reverse->draft, y)->rank == 2;
    bool batch = reverse_is_per_sample(reverse, op) && !grad_is_sample(reverse->key->function, op->operands[0]);
    const char *labels = matrix ? "ik,jk->ij" : "i,j->ij";
    IrId a = op->transposed ? y : right, b = op->transposed ? right : y;
    bool sample = grad_is_sample(reverse->draft, a) || grad_is_sample(reverse->draft, b);
    IrId product = batch && sample ? ir_batch_contract(builder, labels, a, b) : ir_contract(builder, labels, a, b, -1);
    IrId part = rules_triangle(rules, op, rules_negate(rules, product));
    if (batch && sample)
        reverse_add_summed(reverse, op, 0, part);
    else
        reverse_add(reverse, op, 0, part);
}

void vjp_product(Reverse *reverse, const IrOp *op, IrId d)
{
    if (op->code == IR_CONTRACT)
        vjp_contract(reverse, op, d);
    else
        vjp_solve(reverse, op, d);
}

/* ---- the batch ------------------------------------------------------------------------------------------------ */

/* The same for all samples was collected: its cotangent is the sum over them. */
static IrId sum_collected(Reverse *reverse, IrId d)
{
    static const int64_t FIRST[] = {0};
    return ir_reduce(&reverse->rules.builder, IR_REDUCE_SUM, d, 1, FIRST);
}

void vjp_batch(Reverse *reverse, const IrOp *op, IrId d)
{
    IrBuilder *builder = &reverse->rules.builder;
    switch (op->code) {
    case IR_BATCH_SUM:
        reverse_add(reverse, op, 0, d);
        break;
    case IR_BATCH_CONTRACT:
        vjp_contract(reverse, op, d);
        break;
    case IR_COLLECT:
        if (grad_is_sample(reverse->key->function, op->operands[0]))
            reverse_add(reverse, op, 0, ir_unary(builder, IR_DISTRIBUTE, d));
        else
            reverse_add_summed(reverse, op, 0, sum_collected(reverse, d));
        break;
    default: /* DISTRIBUTE */
        reverse_add_summed(reverse, op, 0, ir_unary(builder, IR_COLLECT, d));
        break;
    }
}
