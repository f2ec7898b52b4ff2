/* SPDX-License-Identifier: MIT */
/* Cutting the draft of a forward and a backward computation into two functions. What does not depend on a cotangent can
 * stand in either; residuals.c decides what crosses from one to the other. */
#include "compiler/grad/residuals.h"
#include "compiler/grad/reverse.h"

/* All by value of the draft. */
typedef struct Split {
    Reverse *reverse;
    const IrFunction *draft;
    Arena *arena;
    bool *late, *live;
    bool *kept, *again;
    const IrId *cotangents; /* by input of the function, -1 where not wanted */
} Split;

/* ---- facts ---------------------------------------------------------------------------------------------------- */

/* Flags everything that the flagged values are computed from. */
static void mark_operands(const IrFunction *function, bool *flags)
{
    for (int i = function->op_count - 1; i >= 0; i--) {
        const IrOp *op = &function->ops[i];
        bool any = false;
        for (int j = 0; j < op->result_count; j++)
            any = any || flags[op->results[j]];
        for (int j = 0; any && j < op->operand_count; j++)
            flags[op->operands[j]] = true;
    }
}

static void mark_late(const Split *split)
{
    const IrFunction *draft = split->draft;
    for (int i = split->reverse->key->function->input_count; i < draft->input_count; i++)
        split->late[draft->inputs[i]] = true;
    for (int i = 0; i < draft->op_count; i++) {
        const IrOp *op = &draft->ops[i];
        bool late = false;
        for (int j = 0; j < op->operand_count; j++)
            late = late || split->late[op->operands[j]];
        for (int j = 0; late && j < op->result_count; j++)
            split->late[op->results[j]] = true;
    }
}

static void mark_live(const Split *split)
{
    for (int i = 0; i < split->reverse->key->function->input_count; i++)
        if (split->cotangents[i] >= 0)
            split->live[split->cotangents[i]] = true;
    mark_operands(split->draft, split->live);
}

static void choose_residuals(const Split *split)
{
    const IrFunction *draft = split->draft, *function = split->reverse->key->function;
    bool *output = ARENA_ARRAY(split->arena, bool, draft->value_count);
    bool *costly = ARENA_ARRAY(split->arena, bool, draft->value_count);
    for (int i = split->reverse->key->carried; i < function->output_count; i++) /* a carried output is not kept */
        output[split->reverse->rules.map[function->outputs[i]]] = true;
    for (int i = 1; i <= split->reverse->key->carried; i++)
        costly[draft->inputs[i]] = true;
    ResidualQuestion question = {
        draft, split->reverse->forward_op_count, split->late, split->live, output, costly,
    };
    residuals_choose(&question, split->kept, split->again);
}

/* ---- the forward function ------------------------------------------------------------------------------------- */

static bool is_residual(const Split *split, IrId id)
{
    return split->kept[id] && split->draft->values[id].op >= 0;
}

static int find_output(const Split *split, IrId id)
{
    const IrFunction *function = split->reverse->key->function;
    for (int i = 0; i < function->output_count; i++)
        if (split->reverse->rules.map[function->outputs[i]] == id)
            return i;
    return -1;
}

static bool any_flagged(const bool *flags, const IrOp *op)
{
    for (int i = 0; i < op->result_count; i++)
        if (flags[op->results[i]])
            return true;
    return false;
}

/* By op: the op behind which it can stand at the earliest, or -1; for forward ops themselves. */
static int *find_places(const Split *split)
{
    const IrFunction *draft = split->draft;
    int *place = ARENA_ARRAY(split->arena, int, draft->op_count);
    for (int i = 0; i < draft->op_count; i++) {
        const IrOp *op = &draft->ops[i];
        place[i] = i < split->reverse->forward_op_count ? i : -1;
        for (int j = 0; i >= split->reverse->forward_op_count && j < op->operand_count; j++) {
            int32_t operand = draft->values[op->operands[j]].op;
            if (operand >= 0 && place[operand] > place[i])
                place[i] = place[operand];
        }
    }
    return place;
}

/* Ops of the draft by where they are put: a list for each place, -1 at its end. */
typedef struct OpLists {
    int *head, *next;
} OpLists;

static OpLists op_lists_start(const Split *split)
{
    const int count = split->draft->op_count;
    OpLists lists = {.head = ARENA_ARRAY(split->arena, int, count + 1), .next = ARENA_ARRAY(split->arena, int, count)};
    for (int i = 0; i <= count; i++)
        lists.head[i] = -1;
    return lists;
}

/* Before those that are there. */
static void op_lists_put(OpLists *lists, int place, int op)
{
    lists->next[op] = lists->head[place];
    lists->head[place] = op;
}

/* The ops whose results are flagged, copied: the forward ones in their order, others where what they read is there. */
static void copy_forward(const Split *split, IrFunction *forward, const bool *flags, IrId *map)
{
    const IrFunction *draft = split->draft;
    const int *place = find_places(split);
    OpLists lists = op_lists_start(split);
    for (int i = draft->op_count - 1; i >= 0; i--)
        op_lists_put(&lists, place[i] + 1, i);
    for (int i = 0; i <= draft->op_count; i++)
        for (int j = lists.head[i]; j >= 0; j = lists.next[j])
            if (any_flagged(flags, &draft->ops[j])) {
                IrOp op = draft->ops[j];
                op.note = j < split->reverse->forward_op_count ? op.note : NULL;
                ir_copy_op(forward, draft, &op, map);
            }
}

static IrFunction *begin(const Split *split, const char *suffix)
{
    const IrFunction *function = split->reverse->key->function;
    IrModule *module = function->module;
    const char *name = arena_print(split->arena, "%s_%s", function->name, suffix);
    IrFunction *made = split->reverse->key->step ? grad_draft(module, name)
                                                 : ir_function_new(module, ir_function_unique_name(module, name));
    made->span = function->span;
    return made;
}

static IrFunction *build_forward(const Split *split)
{
    const IrFunction *draft = split->draft, *function = split->reverse->key->function;
    IrId *map = ARENA_ARRAY(split->arena, IrId, draft->value_count);
    bool *flags = ARENA_ARRAY(split->arena, bool, draft->value_count);
    IrFunction *forward = begin(split, "forward");
    forward->note = function->note;
    for (int i = 0; i < function->input_count; i++)
        map[draft->inputs[i]] =
            ir_input(forward, draft->values[draft->inputs[i]].name, draft->values[draft->inputs[i]].type);
    for (int i = 0; i < function->output_count; i++)
        flags[split->reverse->rules.map[function->outputs[i]]] = true;
    for (int i = 0; i < draft->value_count; i++)
        flags[i] = flags[i] || is_residual(split, i);
    mark_operands(draft, flags);
    copy_forward(split, forward, flags, map);
    for (int i = 0; i < function->output_count; i++)
        ir_output(forward, function->output_names[i], map[split->reverse->rules.map[function->outputs[i]]]);
    for (int i = 0; i < draft->value_count; i++)
        if (is_residual(split, i) && find_output(split, i) < 0)
            ir_output(forward, draft->values[i].name, map[i]);
    return forward;
}

/* ---- the backward function ------------------------------------------------------------------------------------ */

/* For each op that is computed again, the first backward op that needs it, itself where it is one. */
static int *find_first_needs(const Split *split)
{
    const IrFunction *draft = split->draft;
    int *first = ARENA_ARRAY(split->arena, int, draft->op_count + 1);
    for (int i = 0; i < draft->op_count; i++)
        first[i] = draft->op_count;
    for (int i = draft->op_count - 1; i >= 0; i--) {
        const IrOp *op = &draft->ops[i];
        bool late = false, again = false;
        for (int j = 0; j < op->result_count; j++) {
            late = late || (split->late[op->results[j]] && split->live[op->results[j]]);
            again = again || split->again[op->results[j]];
        }
        int need = late ? i : first[i];
        for (int j = 0; (late || again) && j < op->operand_count; j++) {
            int32_t operand = draft->values[op->operands[j]].op;
            if (operand >= 0 && split->again[op->operands[j]] && need < first[operand])
                first[operand] = need;
        }
    }
    return first;
}

/* What is computed again stands right before the op that needs it first. */
static void copy_backward(const Split *split, IrFunction *backward, IrId *map)
{
    const IrFunction *draft = split->draft;
    const int *first = find_first_needs(split);
    OpLists lists = op_lists_start(split);
    for (int i = draft->op_count - 1; i >= 0; i--) {
        if (draft->ops[i].result_count != 1 || !split->again[draft->ops[i].results[0]])
            continue;
        op_lists_put(&lists, first[i], i);
    }
    for (int i = 0; i <= draft->op_count; i++) {
        for (int j = lists.head[i]; j >= 0; j = lists.next[j]) {
            IrOp op = draft->ops[j];
            op.note = j < split->reverse->forward_op_count ? NULL : op.note; /* it tells of the forward computation */
            ir_copy_op(backward, draft, &op, map);
        }
        bool late = false;
        for (int j = 0; i < draft->op_count && j < draft->ops[i].result_count; j++)
            late = late || (split->late[draft->ops[i].results[j]] && split->live[draft->ops[i].results[j]]);
        if (late)
            ir_copy_op(backward, draft, &draft->ops[i], map);
    }
}

static IrFunction *build_backward(const Split *split, IrId *map)
{
    const IrFunction *draft = split->draft, *function = split->reverse->key->function;
    IrFunction *backward = begin(split, "backward");
    backward->note =
        arena_print(split->arena, "Backward of %s: from the cotangents of its results those of its inputs.%s%s",
                    function->name, function->note ? "\n" : "", function->note ? function->note : "");
    for (int i = 0; i < function->input_count; i++)
        if (split->kept[draft->inputs[i]])
            map[draft->inputs[i]] =
                ir_input(backward, draft->values[draft->inputs[i]].name, draft->values[draft->inputs[i]].type);
    for (int i = 0; i < draft->value_count; i++)
        if (is_residual(split, i))
            map[i] = ir_input(backward, draft->values[i].name, grad_cotangent_type(&draft->values[i].type));
    for (int i = function->input_count; i < draft->input_count; i++)
        map[draft->inputs[i]] =
            ir_input(backward, draft->values[draft->inputs[i]].name, draft->values[draft->inputs[i]].type);
    copy_backward(split, backward, map);
    for (int i = 0; i < function->input_count; i++)
        if (split->cotangents[i] >= 0)
            ir_output(backward, grad_prefixed_name(split->arena, "d_", function->values[function->inputs[i]].name),
                      map[split->cotangents[i]]);
    return backward;
}

/* ---- both ----------------------------------------------------------------------------------------------------- */

static void list_residuals(const Split *split, GradVjp *out)
{
    const IrFunction *draft = split->draft, *function = split->reverse->key->function;
    int next = function->output_count;
    out->residual_outputs = ARENA_ARRAY(split->arena, int, draft->value_count);
    out->backward_inputs = ARENA_ARRAY(split->arena, int, function->input_count);
    for (int i = 0; i < function->input_count; i++)
        if (split->kept[draft->inputs[i]])
            out->backward_inputs[out->backward_input_count++] = i;
    for (int i = 0; i < draft->value_count; i++) {
        if (!is_residual(split, i))
            continue;
        int output = find_output(split, i);
        if (!draft->values[i].name && draft->values[i].op >= split->reverse->forward_op_count)
            ir_name(split->reverse->draft, i, "partial"); /* a derivative that the forward function computes */
        out->residual_outputs[out->residual_count++] = output >= 0 ? output : next++;
    }
    out->forward = split->reverse->key->function;
    if (next > function->output_count)
        out->forward = build_forward(split);
}

void vjp_split(Reverse *reverse, const IrId *cotangents, GradVjp *out)
{
    const IrFunction *draft = reverse->draft;
    Split split = {.reverse = reverse, .draft = draft, .arena = reverse->rules.arena, .cotangents = cotangents};
    split.late = ARENA_ARRAY(split.arena, bool, draft->value_count);
    split.live = ARENA_ARRAY(split.arena, bool, draft->value_count);
    split.kept = ARENA_ARRAY(split.arena, bool, draft->value_count);
    split.again = ARENA_ARRAY(split.arena, bool, draft->value_count);
    for (int i = 0; i < reverse->key->function->input_count; i++)
        if (cotangents[i] >= 0)
            ir_output(reverse->draft, NULL, cotangents[i]);
    mark_late(&split);
    mark_live(&split);
    choose_residuals(&split);
    list_residuals(&split, out);
    out->backward = build_backward(&split, ARENA_ARRAY(split.arena, IrId, draft->value_count));
}

IrFunction *vjp_whole(Reverse *reverse, const char *name)
{
    const IrFunction *draft = reverse->draft, *function = reverse->key->function;
    Arena *arena = reverse->rules.arena;
    IrId *map = ARENA_ARRAY(arena, IrId, draft->value_count);
    bool *flags = ARENA_ARRAY(arena, bool, draft->value_count);
    IrFunction *whole = ir_function_new(function->module, name);
    whole->note = function->note;
    whole->span = function->span;
    whole->entry = function->entry;
    for (int i = 0; i < draft->input_count; i++)
        map[draft->inputs[i]] =
            ir_input(whole, draft->values[draft->inputs[i]].name, draft->values[draft->inputs[i]].type);
    for (int i = 0; i < draft->output_count; i++)
        flags[draft->outputs[i]] = true;
    mark_operands(draft, flags);
    for (int i = 0; i < draft->op_count; i++)
        if (any_flagged(flags, &draft->ops[i]))
            ir_copy_op(whole, draft, &draft->ops[i], map);
    ir_copy_outputs(whole, draft, map);
    return whole;
}
