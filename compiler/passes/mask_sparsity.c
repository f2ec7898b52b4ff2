/* SPDX-License-Identifier: MIT */
/* Masks: where an operand of a contraction is a constant or a product with one, or the contraction's result is such a
 * product, indices whose elements are zero throughout are left out. The contraction is done on what remains, gathered;
 * elements of the result that were left out are the start's, or zero. Zeros scattered over a mask stay: they are the
 * business of how layers are lowered. What remains is summed in the same order, so no bit changes. */
#include "compiler/passes/passes.h"

#include <string.h>

/* A constant that is multiplied in, and the label of each of its axes. */
typedef struct Mask {
    const IrOp *constant;
    char letters[IR_RANK_MAX + 1];
} Mask;

/* The indices of one label that remain. */
typedef struct Kept {
    int64_t size, count;
    bool *flags;       /* NULL: of no mask's axis, all remain */
    int64_t *in, *out; /* where not all remain: the indices that do, and those that do not */
} Kept;

/* One contraction while it shrinks. An operand is a value, or the two factors that it is the product of. */
typedef struct Shrinking {
    IrBuilder builder;
    Arena *arena;
    IrOpcode code;
    const char *text; /* the labels as they stand */
    IrLabels labels;
    IrId factor[2][2];  /* [operand][factor], the second -1 where the operand is no masked product */
    IrId start;         /* or -1 */
    IrId result_factor; /* what the result is multiplied by, or -1 */
    Mask masks[5];
    int mask_count;
    Kept kept[128]; /* by letter */
} Shrinking;

static const IrOp *definition(const IrFunction *function, IrId id)
{
    int32_t op = function->values[id].op;
    return op < 0 ? NULL : &function->ops[op];
}

/* ---- finding masks ----------------------------------------------------------------------------------------------- */

/* The constant that `id` is, perhaps broadcast: its axes named by the letters that they become. */
static bool read_mask(const IrFunction *function, IrId id, const char *letters, Mask *mask)
{
    const IrOp *op = definition(function, id);
    const IrOp *broadcast = op && op->code == IR_BROADCAST ? op : NULL;
    const IrOp *constant = broadcast ? definition(function, broadcast->operands[0]) : op;
    if (!constant || constant->code != IR_CONSTANT)
        return false;
    *mask = (Mask){.constant = constant};
    for (int axis = 0; axis < constant->type.rank; axis++)
        mask->letters[axis] = letters[broadcast ? broadcast->axes[axis] : axis];
    return true;
}

static void add_mask(Shrinking *shrinking, IrId id, const char *letters)
{
    Mask mask;
    if (id >= 0 && read_mask(shrinking->builder.function, id, letters, &mask))
        shrinking->masks[shrinking->mask_count++] = mask;
}

/* Takes the operand apart where it is a product with a constant. */
static void find_factors(Shrinking *shrinking, int side, IrId operand)
{
    const IrFunction *function = shrinking->builder.function;
    const char *letters = side == 0 ? shrinking->labels.a : shrinking->labels.b;
    const IrOp *op = definition(function, operand);
    IrId *factor = shrinking->factor[side];
    Mask mask;
    factor[0] = operand;
    factor[1] = -1;
    if (op && op->code == IR_MUL &&
        (read_mask(function, op->operands[0], letters, &mask) || read_mask(function, op->operands[1], letters, &mask)))
        memcpy(factor, op->operands, 2 * sizeof factor[0]);
    add_mask(shrinking, factor[0], letters);
    add_mask(shrinking, factor[1], letters);
}

/* ---- which indices remain ---------------------------------------------------------------------------------------- */

/* All indices of all labels; those of masks are flagged one by one. */
static void start_kept(Shrinking *shrinking)
{
    for (int letter = 0; letter < 128; letter++)
        shrinking->kept[letter].size = shrinking->kept[letter].count = shrinking->labels.size[letter];
    for (int i = 0; i < shrinking->mask_count; i++) {
        for (const char *letter = shrinking->masks[i].letters; *letter; letter++) {
            Kept *kept = &shrinking->kept[(unsigned char)*letter];
            kept->flags = ARENA_ARRAY(shrinking->arena, bool, kept->size);
            memset(kept->flags, 1, (size_t)kept->size);
        }
    }
}

/* Drops the indices along one axis of a mask whose elements, among those that remain, are all zero. */
static bool drop_zeros(Shrinking *shrinking, const Mask *mask, int axis)
{
    const IrType *type = &mask->constant->type;
    Kept *kept = &shrinking->kept[(unsigned char)mask->letters[axis]];
    bool *used = ARENA_ARRAY(shrinking->arena, bool, kept->size), changed = false;
    int64_t count = ir_type_count(type), index[IR_RANK_MAX] = {0};
    for (int64_t i = 0; i < count; i++) {
        bool remains = mask->constant->data[i] != 0.0;
        for (int j = 0; j < type->rank && remains; j++)
            remains = shrinking->kept[(unsigned char)mask->letters[j]].flags[index[j]];
        used[index[axis]] = used[index[axis]] || remains;
        for (int j = type->rank - 1; j >= 0 && ++index[j] == type->size[j]; j--)
            index[j] = 0;
    }
    for (int64_t i = 0; i < kept->size; i++) {
        if (kept->flags[i] && !used[i]) {
            kept->flags[i] = false;
            kept->count--;
            changed = true;
        }
    }
    return changed;
}

/* What one mask drops may leave nothing of another's rows: until nothing changes. */
static bool find_kept(Shrinking *shrinking)
{
    bool any = false, changed;
    start_kept(shrinking);
    do {
        changed = false;
        for (int i = 0; i < shrinking->mask_count; i++)
            for (int axis = 0; axis < shrinking->masks[i].constant->type.rank; axis++)
                changed = drop_zeros(shrinking, &shrinking->masks[i], axis) || changed;
        any = any || changed;
    } while (changed);
    return any;
}

/* Nothing remains: some label has no index left, or a mask of one number is zero. */
static bool is_empty(const Shrinking *shrinking)
{
    for (int letter = 0; letter < 128; letter++)
        if (shrinking->kept[letter].size > 0 && shrinking->kept[letter].count == 0)
            return true;
    for (int i = 0; i < shrinking->mask_count; i++)
        if (shrinking->masks[i].constant->type.rank == 0 && shrinking->masks[i].constant->data[0] == 0.0)
            return true;
    return false;
}

static void make_tables(Shrinking *shrinking)
{
    for (int letter = 0; letter < 128; letter++) {
        Kept *kept = &shrinking->kept[letter];
        int64_t in = 0, out = 0;
        if (kept->count == kept->size)
            continue;
        kept->in = ARENA_ARRAY(shrinking->arena, int64_t, kept->count);
        kept->out = ARENA_ARRAY(shrinking->arena, int64_t, kept->size - kept->count);
        for (int64_t i = 0; i < kept->size; i++) {
            if (kept->flags[i])
                kept->in[in++] = i;
            else
                kept->out[out++] = i;
        }
    }
}

/* ---- building ---------------------------------------------------------------------------------------------------- */

/* The value without the indices that were dropped. */
static IrId gather_kept(Shrinking *shrinking, IrId id, const char *letters)
{
    for (int axis = 0; id >= 0 && letters[axis]; axis++) {
        const Kept *kept = &shrinking->kept[(unsigned char)letters[axis]];
        if (kept->count < kept->size)
            id = ir_gather(&shrinking->builder, id, axis, kept->count, kept->in);
    }
    return id;
}

static IrId operand(Shrinking *shrinking, int side)
{
    const char *letters = side == 0 ? shrinking->labels.a : shrinking->labels.b;
    IrId first = gather_kept(shrinking, shrinking->factor[side][0], letters);
    IrId second = gather_kept(shrinking, shrinking->factor[side][1], letters);
    return second < 0 ? first : ir_binary(&shrinking->builder, IR_MUL, first, second);
}

static IrId contract_kept(Shrinking *shrinking, IrId start)
{
    IrId a = operand(shrinking, 0), b = operand(shrinking, 1);
    IrId result = shrinking->code == IR_CONTRACT ? ir_contract(&shrinking->builder, shrinking->text, a, b, start)
                                                 : ir_batch_contract(&shrinking->builder, shrinking->text, a, b);
    IrId factor = gather_kept(shrinking, shrinking->result_factor, shrinking->labels.result);
    return factor < 0 ? result : ir_binary(&shrinking->builder, IR_MUL, result, factor);
}

/* Puts what was left out along one axis back between what was kept. */
static IrId join(Shrinking *shrinking, IrId result, IrId start, int axis, const Kept *kept)
{
    int64_t *order = ARENA_ARRAY(shrinking->arena, int64_t, kept->size);
    for (int64_t i = 0; i < kept->count; i++)
        order[kept->in[i]] = i;
    for (int64_t i = kept->count; i < kept->size; i++)
        order[kept->out[i - kept->count]] = i;
    IrId pieces[] = {result, ir_gather(&shrinking->builder, start, axis, kept->size - kept->count, kept->out)};
    return ir_gather(&shrinking->builder, ir_concat(&shrinking->builder, axis, 2, pieces), axis, kept->size, order);
}

/* The contraction whose result has only kept indices along its axes before `axis`, all along the others. */
static IrId contract_from_axis(Shrinking *shrinking, int axis, IrId start)
{
    char letter = shrinking->labels.result[axis];
    if (!letter)
        return contract_kept(shrinking, start);
    const Kept *kept = &shrinking->kept[(unsigned char)letter];
    if (kept->count == kept->size)
        return contract_from_axis(shrinking, axis + 1, start);
    IrId inner = start < 0 ? -1 : ir_gather(&shrinking->builder, start, axis, kept->count, kept->in);
    IrId result = contract_from_axis(shrinking, axis + 1, inner);
    if (start < 0)
        return ir_scatter_add(&shrinking->builder, result, axis, kept->count, kept->in, kept->size);
    return join(shrinking, result, start, axis, kept);
}

/* ---- the pass ---------------------------------------------------------------------------------------------------- */

/* The contraction `op` of `from`, times `factor` where that is a value (then it has no start), without what masks leave
 * out; or -1 where they leave out nothing. */
static IrId shrink(IrFunction *draft, const IrOp *op, const IrId *map, IrId factor, IrType type)
{
    Shrinking shrinking = {.builder = {draft, op->span, op->note}, .arena = draft->module->arena, .code = op->code};
    IrId a = map[op->operands[0]], b = map[op->operands[1]];
    if (ir_labels_parse(op->labels, ir_type_of(draft, a), ir_type_of(draft, b), &shrinking.labels))
        return -1;
    shrinking.text = op->labels;
    shrinking.start = op->operand_count > 2 ? map[op->operands[2]] : -1;
    shrinking.result_factor = factor;
    find_factors(&shrinking, 0, a);
    find_factors(&shrinking, 1, b);
    add_mask(&shrinking, factor, shrinking.labels.result);
    if (shrinking.mask_count == 0)
        return -1;
    bool dropped = find_kept(&shrinking);
    if (is_empty(&shrinking))
        return shrinking.start >= 0 ? shrinking.start : ir_zeros(&shrinking.builder, &type);
    if (!dropped)
        return -1;
    make_tables(&shrinking);
    return contract_from_axis(&shrinking, 0, shrinking.start);
}

static bool is_contraction(const IrOp *op)
{
    return op && (op->code == IR_CONTRACT || op->code == IR_BATCH_CONTRACT);
}

/* A product whose one factor is a contraction, without a start, that nothing else reads. */
static IrId shrink_product(IrFunction *draft, const IrFunction *from, const IrOp *op, const IrId *map,
                           const int *readers)
{
    for (int i = 0; i < 2; i++) {
        const IrOp *inner = definition(from, op->operands[i]);
        Mask mask;
        if (!is_contraction(inner) || inner->operand_count > 2 || readers[op->operands[i]] > 1 ||
            !read_mask(draft, map[op->operands[1 - i]], "abcdef", &mask))
            continue;
        return shrink(draft, inner, map, map[op->operands[1 - i]], *ir_type_of(from, op->results[0]));
    }
    return -1;
}

static void rewrite_op(IrFunction *draft, const IrFunction *from, const IrOp *op, IrId *map, const int *readers)
{
    IrId id = -1;
    if (is_contraction(op))
        id = shrink(draft, op, map, -1, *ir_type_of(from, op->results[0]));
    else if (op->code == IR_MUL)
        id = shrink_product(draft, from, op, map, readers);
    if (id < 0) {
        ir_copy_op(draft, from, op, map);
        return;
    }
    map[op->results[0]] = id;
    if (!draft->values[id].name)
        ir_name(draft, id, from->values[op->results[0]].name);
}

void pass_mask_sparsity(IrModule *module)
{
    for (int i = 0; i < module->function_count; i++) {
        IrFunction *function = module->functions[i];
        IrId *map = ARENA_ARRAY(module->arena, IrId, function->value_count);
        const int *readers = passes_count_readers(function);
        IrFunction *draft = ir_function_draft(function, NULL, map);
        for (int j = 0; j < function->op_count; j++)
            rewrite_op(draft, function, &function->ops[j], map, readers);
        passes_copy_outputs(draft, function, map);
        ir_function_adopt(function, draft);
    }
}
