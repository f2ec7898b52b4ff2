/* SPDX-License-Identifier: MIT */
#include "compiler/grad/slopes.h"

#include <stdlib.h>

enum { ROUNDS_MAX = 16 };

static bool is_elementwise(const Reverse *reverse, const IrOp *op)
{
    return ir_op_class(op->code) == IR_ELEMENTWISE && reverse->analysis->active[op->results[0]];
}

/* What a reader of the value is a function of. */
static IrId root_for_reader(const Slopes *slopes, IrId value)
{
    return slopes->ends[value] ? value : slopes->root[value];
}

/* ---- finding -------------------------------------------------------------------------------------------------- */

/* The one value that the op's result is a function of, or the result itself. */
static IrId root_of(const Reverse *reverse, const IrOp *op)
{
    const IrFunction *function = reverse->key->function;
    IrId root = -1, result = op->results[0];
    for (int i = 0; i < op->operand_count; i++) {
        IrId id = op->operands[i];
        if (!reverse->analysis->active[id])
            continue;
        IrId other = root_for_reader(reverse->slopes, id);
        if (root >= 0 && other != root)
            return result;
        root = other;
    }
    return root >= 0 && grad_is_sample(function, root) == grad_is_sample(function, result) ? root : result;
}

/* An op of several roots, or that is not elementwise, ends what it reads. Gives whether that was news. */
static bool end_operands(Reverse *reverse, const IrOp *op)
{
    Slopes *slopes = reverse->slopes;
    bool news = false;
    for (int i = 0; i < op->operand_count; i++) {
        IrId id = op->operands[i];
        if (!reverse->analysis->active[id] || slopes->ends[id])
            continue;
        slopes->ends[id] = news = true;
    }
    return news;
}

static bool has_active_result(const Reverse *reverse, const IrOp *op)
{
    for (int i = 0; i < op->result_count; i++)
        if (reverse->analysis->active[op->results[i]])
            return true;
    return false;
}

static bool find_round(Reverse *reverse)
{
    const IrFunction *function = reverse->key->function;
    bool news = false;
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        bool elementwise = is_elementwise(reverse, op);
        if (!has_active_result(reverse, op))
            continue;
        if (elementwise)
            reverse->slopes->root[op->results[0]] = root_of(reverse, op);
        if (!elementwise || reverse->slopes->root[op->results[0]] == op->results[0])
            news = end_operands(reverse, op) || news;
    }
    return news;
}

/* Do two operands that differ lead to the root, or one that is joined? */
static bool joins(const Reverse *reverse, const IrOp *op)
{
    const Slopes *slopes = reverse->slopes;
    IrId path = -1;
    for (int i = 0; i < op->operand_count; i++) {
        IrId id = op->operands[i];
        if (!reverse->analysis->active[id])
            continue;
        if ((path >= 0 && id != path) || (slopes->joins[id] && !slopes->ends[id]))
            return true;
        path = id;
    }
    return false;
}

void slopes_find(Reverse *reverse)
{
    const IrFunction *function = reverse->key->function;
    Arena *arena = reverse->rules.arena;
    Slopes *slopes = ARENA_NEW(arena, Slopes);
    slopes->root = ARENA_ARRAY(arena, IrId, function->value_count);
    slopes->slope = ARENA_ARRAY(arena, IrId, function->value_count);
    slopes->ends = ARENA_ARRAY(arena, bool, function->value_count);
    slopes->joins = ARENA_ARRAY(arena, bool, function->value_count);
    slopes->gathered = ARENA_ARRAY(arena, bool, function->value_count);
    slopes->ops = ARENA_ARRAY(arena, int32_t, function->op_count);
    slopes->finite = ARENA_ARRAY(arena, bool, function->value_count);
    for (int i = 0; i < function->value_count; i++) {
        slopes->root[i] = i;
        slopes->slope[i] = -1;
    }
    for (int i = 0; i < function->output_count; i++)
        slopes->ends[function->outputs[i]] = slopes->ends[function->outputs[i]] || reverse->key->seeded[i];
    reverse->slopes = slopes;
    int rounds = 0;
    while (find_round(reverse) && rounds < ROUNDS_MAX)
        rounds++;
    for (int i = 0; i < function->op_count; i++) {
        const IrOp *op = &function->ops[i];
        if (!is_elementwise(reverse, op))
            continue;
        if (rounds == ROUNDS_MAX)
            slopes->root[op->results[0]] = op->results[0]; /* too entangled */
        slopes->joins[op->results[0]] = slopes->root[op->results[0]] != op->results[0] && joins(reverse, op);
    }
}

IrId slopes_root(const Reverse *reverse, const IrOp *op)
{
    const Slopes *slopes = reverse->slopes;
    IrId id = op->results[0];
    return slopes->ends[id] && slopes->joins[id] ? slopes->root[id] : -1;
}

/* ---- building ------------------------------------------------------------------------------------------------- */

/* The slope of the root in itself is 1; of what is no function of it, none. */
static IrId slope_of_operand(Reverse *reverse, IrId id, IrId root)
{
    if (!reverse->analysis->active[id])
        return -1;
    return id == root ? rules_number(&reverse->rules, 1.0, reverse->rules.map[id]) : reverse->slopes->slope[id];
}

static void build_op(Reverse *reverse, const IrOp *op, IrId root)
{
    Slopes *slopes = reverse->slopes;
    IrId tangents[3] = {-1, -1, -1};
    bool finite = true;
    for (int i = 0; i < op->operand_count; i++) {
        IrId id = op->operands[i];
        tangents[i] = slope_of_operand(reverse, id, root);
        if (tangents[i] >= 0)
            finite = finite && (id == root || slopes->finite[id]) && vjp_partial_is_finite(reverse, op, i);
    }
    slopes->slope[op->results[0]] = rules_tangent(&reverse->rules, op, tangents);
    slopes->finite[op->results[0]] = finite;
}

/* Is the value a function of the root whose slope is wanting? */
static bool is_wanting(const Reverse *reverse, IrId id, IrId root)
{
    const Slopes *slopes = reverse->slopes;
    return reverse->analysis->active[id] && id != root && slopes->root[id] == root && slopes->slope[id] < 0;
}

static int compare_indices(const void *a, const void *b)
{
    const int32_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

/* Gathers the ops that lead from the root to the value, walking back, then builds in their order. */
IrId slopes_build(Reverse *reverse, IrId value)
{
    const IrFunction *function = reverse->key->function;
    IrId root = reverse->slopes->root[value];
    int32_t *ops = reverse->slopes->ops;
    int count = 0;
    ops[count++] = function->values[value].op;
    for (int next = 0; next < count; next++) {
        const IrOp *op = &function->ops[ops[next]];
        for (int i = 0; i < op->operand_count; i++) {
            IrId id = op->operands[i];
            if (!is_wanting(reverse, id, root) || reverse->slopes->gathered[id])
                continue;
            reverse->slopes->gathered[id] = true;
            ops[count++] = function->values[id].op;
        }
    }
    qsort(ops, (size_t)count, sizeof ops[0], compare_indices);
    for (int i = 0; i < count; i++)
        build_op(reverse, &function->ops[ops[i]], root);
    return reverse->slopes->slope[value];
}
