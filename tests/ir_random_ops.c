/* SPDX-License-Identifier: MIT */
/* Random elementwise ops, and the ops that move elements, with the intervals of their results. */
#include "tests/ir_random.h"

#include <math.h>

/* ---- elementwise ------------------------------------------------------------------------------------------------ */

/* Where an op may be applied and where its result lies then. */
typedef struct UnaryRow {
    IrOpcode code;
    double low, high, result_low, result_high;
    bool smooth;
} UnaryRow;

static const UnaryRow UNARY[] = {
    {IR_NEG, -4, 4, -4, 4, true},           {IR_ABS, -4, 4, 0, 4, false},       {IR_EXP, -3, 1.2, 0.04, 3.4, true},
    {IR_LOG, 0.3, 4, -1.3, 1.4, true},      {IR_SQRT, 0.3, 4, 0.5, 2, true},    {IR_TANH, -4, 4, -1, 1, true},
    {IR_SIGMOID, -4, 4, 0, 1, true},        {IR_SOFTPLUS, -4, 4, 0, 4.1, true}, {IR_SIN, -4, 4, -1, 1, true},
    {IR_COS, -4, 4, -1, 1, true},           {IR_TAN, -1, 1, -1.6, 1.6, true},   {IR_ERF, -4, 4, -1, 1, true},
    {IR_STOP_GRADIENT, -4, 4, -4, 4, true},
};

static void unary(RandomMaker *maker)
{
    const UnaryRow *row = &UNARY[test_integer(&maker->random, sizeof UNARY / sizeof UNARY[0])];
    if (maker->options->smooth && !row->smooth)
        return;
    IrId operand = random_squash(maker, random_pick(maker, IR_REAL, 0), row->low, row->high);
    random_add(maker, ir_unary(&maker->builder, row->code, operand), row->result_low, row->result_high);
}

/* floor(x + c) and sign(x - c) with a c that no formula hits by chance. */
static void step_function(RandomMaker *maker)
{
    IrBuilder *builder = &maker->builder;
    RandomItem item = random_pick(maker, IR_REAL, 0);
    IrId odd = ir_constant(builder, test_uniform(&maker->random, 0.1, 0.9) + 1e-3);
    IrId moved = ir_binary(builder, IR_SUB, item.id, odd);
    if (random_chance(maker, 0.5))
        random_add(maker, ir_unary(builder, IR_FLOOR, moved), floor(item.low - 1), floor(item.high));
    else
        random_add(maker, ir_unary(builder, IR_SIGN, moved), -1, 1);
}

static void binary(RandomMaker *maker)
{
    static const IrOpcode CODES[] = {IR_ADD, IR_SUB, IR_MUL, IR_MUL, IR_DIV, IR_POW, IR_ATAN2, IR_MIN, IR_MAX};
    IrOpcode code = CODES[test_integer(&maker->random, sizeof CODES / sizeof CODES[0])];
    RandomItem a = random_pick(maker, IR_REAL, 0);
    IrType type = *random_type_of(maker, a.id);
    double low = -4, high = 4, bound = 4;
    if (maker->options->smooth && (code == IR_MIN || code == IR_MAX))
        code = IR_ADD;
    if (code == IR_POW)
        a = (RandomItem){random_squash(maker, a, 0.5, 2), 0.5, 2};
    if (code == IR_DIV || code == IR_ATAN2)
        low = 0.5, high = 2.5;
    if (code == IR_POW)
        low = -2, high = 2;
    if (code == IR_ADD || code == IR_SUB || code == IR_DIV)
        bound = 8;
    if (code == IR_MUL)
        bound = 16;
    IrId b = random_want(maker, &type, low, high, false);
    random_add(maker, ir_binary(&maker->builder, code, a.id, b), -bound, bound);
}

static void fused(RandomMaker *maker)
{
    RandomItem a = random_pick(maker, IR_REAL, 0);
    IrType type = *random_type_of(maker, a.id);
    IrId b = random_want(maker, &type, -2, 2, false), c = random_want(maker, &type, -4, 4, false);
    IrId operands[] = {a.id, b, c};
    random_add(maker,
               ir_append(maker->builder.function, (IrOp){.code = IR_FMA, .operand_count = 3, .operands = operands}),
               -12, 12);
}

static void choice(RandomMaker *maker)
{
    RandomItem a = random_pick(maker, IR_REAL, 0);
    IrType type = *random_type_of(maker, a.id), condition = type;
    condition.element = IR_BOOL;
    IrId b = random_want(maker, &type, -4, 4, false), taken = random_want(maker, &condition, 0, 1, false);
    random_add(maker, ir_select(&maker->builder, taken, a.id, b), -4, 4);
}

/* where(x > c, log(x - c + 0.1), x): the branch that is not taken is undefined. */
static void guarded_choice(RandomMaker *maker)
{
    IrBuilder *builder = &maker->builder;
    RandomItem a = random_pick(maker, IR_REAL, 0);
    IrType type = *random_type_of(maker, a.id);
    IrId odd = random_constant(maker, &type, -1.0613, 1.0371), start = ir_constant(builder, 0.3);
    IrId condition = ir_binary(builder, IR_LESS, odd, a.id);
    IrId inside = ir_binary(builder, IR_ADD, ir_binary(builder, IR_SUB, a.id, odd), start);
    IrId undefined = ir_unary(builder, random_chance(maker, 0.5) ? IR_LOG : IR_SQRT, inside);
    random_add(maker, ir_select(builder, condition, undefined, a.id), -4, 4);
}

static void logic(RandomMaker *maker)
{
    IrBuilder *builder = &maker->builder;
    RandomItem shape = random_pick(maker, IR_REAL, 0);
    IrType type = *random_type_of(maker, shape.id);
    type.element = IR_BOOL;
    IrId a = random_want(maker, &type, 0, 1, false), b = random_want(maker, &type, 0, 1, false), result;
    double kind = test_uniform(&maker->random, 0, 1);
    if (kind < 0.3)
        result = ir_unary(builder, IR_NOT, a);
    else
        result = ir_binary(builder, kind < 0.6 ? IR_AND : IR_OR, a, b);
    random_add(maker, result, 0, 1);
    if (random_chance(maker, 0.5))
        random_add(maker, ir_unary(builder, random_chance(maker, 0.5) ? IR_TO_REAL : IR_TO_INT, result), 0, 1);
}

static void integers(RandomMaker *maker)
{
    static const IrOpcode CODES[] = {IR_ADD, IR_SUB, IR_MUL, IR_MIN, IR_MAX, IR_EQUAL, IR_LESS, IR_NEG, IR_TO_REAL};
    IrOpcode code = CODES[test_integer(&maker->random, sizeof CODES / sizeof CODES[0])];
    RandomItem a = random_pick(maker, IR_INT, 0);
    if (a.id < 0 || a.low < -3 || a.high > 3)
        return;
    if (code == IR_NEG || code == IR_TO_REAL) {
        random_add(maker, ir_unary(&maker->builder, code, a.id), -3, 3);
        return;
    }
    IrType type = *random_type_of(maker, a.id);
    IrId b = random_want(maker, &type, -2, 3, false);
    random_add(maker, ir_binary(&maker->builder, code, a.id, b), -9, 9);
}

void random_elementwise(RandomMaker *maker)
{
    double kind = test_uniform(&maker->random, 0, 1);
    if (kind < 0.33)
        unary(maker);
    else if (kind < 0.6)
        binary(maker);
    else if (kind < 0.65)
        fused(maker);
    else if (kind < 0.72)
        choice(maker);
    else if (kind < 0.79)
        guarded_choice(maker);
    else if (kind < 0.86)
        logic(maker);
    else if (kind < 0.95)
        integers(maker);
    else
        step_function(maker);
}

/* ---- structure -------------------------------------------------------------------------------------------------- */

static void broadcast(RandomMaker *maker, RandomItem item)
{
    IrType type = *random_type_of(maker, item.id);
    int64_t axes[IR_RANK_MAX], size = 1 + test_integer(&maker->random, RANDOM_SIZE_MAX);
    int place = (int)test_integer(&maker->random, type.rank + 1);
    if (type.rank == RANDOM_RANK_MAX || ir_type_count(&type) * size > RANDOM_COUNT_MAX)
        return;
    for (int axis = type.rank; axis > place; axis--)
        type.size[axis] = type.size[axis - 1];
    type.size[place] = size;
    for (int axis = 0; axis < type.rank; axis++)
        axes[axis] = axis < place ? axis : axis + 1;
    type.rank++;
    random_add(maker, ir_broadcast(&maker->builder, item.id, &type, axes), item.low, item.high);
}

/* Flat, or an axis of size 1 more, or two axes merged. */
static void reshape(RandomMaker *maker, RandomItem item)
{
    IrType type = *random_type_of(maker, item.id);
    int64_t size[IR_RANK_MAX] = {ir_type_count(&type)};
    int rank = 1;
    if (type.rank >= 2 && random_chance(maker, 0.5)) {
        size[0] = type.size[0] * type.size[1];
        for (int axis = 2; axis < type.rank; axis++)
            size[rank++] = type.size[axis];
    } else if (type.rank < RANDOM_RANK_MAX && random_chance(maker, 0.5)) {
        for (rank = 0; rank < type.rank; rank++)
            size[rank] = type.size[rank];
        size[rank++] = 1;
    }
    random_add(maker, ir_reshape(&maker->builder, item.id, rank, size), item.low, item.high);
}

static void transpose(RandomMaker *maker, RandomItem item)
{
    int64_t axes[IR_RANK_MAX];
    int rank = random_type_of(maker, item.id)->rank;
    for (int i = 0; i < rank; i++) {
        int64_t j = test_integer(&maker->random, i + 1);
        axes[i] = axes[j];
        axes[j] = i;
    }
    random_add(maker, ir_transpose(&maker->builder, item.id, axes), item.low, item.high);
}

static void slice_or_gather(RandomMaker *maker, RandomItem item)
{
    const IrType *type = random_type_of(maker, item.id);
    int64_t axis = test_integer(&maker->random, type->rank), size = type->size[axis];
    if (random_chance(maker, 0.5)) {
        int64_t start = test_integer(&maker->random, size), length = 1 + test_integer(&maker->random, size - start);
        random_add(maker, ir_slice(&maker->builder, item.id, axis, start, length), item.low, item.high);
        return;
    }
    int64_t table[RANDOM_SIZE_MAX + 2], count = 1 + test_integer(&maker->random, RANDOM_SIZE_MAX + 2);
    for (int64_t i = 0; i < count; i++)
        table[i] = test_integer(&maker->random, size);
    random_add(maker, ir_gather(&maker->builder, item.id, axis, count, table), item.low, item.high);
}

static void concat(RandomMaker *maker, RandomItem item)
{
    IrType type = *random_type_of(maker, item.id);
    int64_t axis = test_integer(&maker->random, type.rank);
    IrId parts[3] = {item.id};
    int count = 2 + (int)test_integer(&maker->random, 2);
    for (int i = 1; i < count; i++) {
        type.size[axis] = 1 + test_integer(&maker->random, 2);
        parts[i] = random_want(maker, &type, item.low, item.high + 0.1, false);
    }
    random_add(maker, ir_concat(&maker->builder, axis, count, parts), item.low, item.high + 0.1);
}

static void scatter_add(RandomMaker *maker, RandomItem item)
{
    const IrType *type = random_type_of(maker, item.id);
    int64_t axis = test_integer(&maker->random, type->rank), size = type->size[axis];
    int64_t table[RANDOM_COUNT_MAX * 4], length = 1 + test_integer(&maker->random, RANDOM_SIZE_MAX);
    if (size > RANDOM_COUNT_MAX * 4)
        return;
    for (int64_t i = 0; i < size; i++)
        table[i] = test_integer(&maker->random, length);
    double bound = fmax(fabs(item.low), fabs(item.high)) * (double)size;
    random_add(maker, ir_scatter_add(&maker->builder, item.id, axis, size, table, length), -bound, bound);
}

static void take(RandomMaker *maker, RandomItem item)
{
    IrType type = *random_type_of(maker, item.id), index = {.element = IR_INT};
    index.rank = (int)test_integer(&maker->random, 2);
    index.size[0] = 1 + test_integer(&maker->random, RANDOM_SIZE_MAX);
    IrId operands[] = {item.id, random_want(maker, &index, 0, (double)(type.size[0] - 1), false)};
    IrOp op = {.code = IR_TAKE, .operand_count = 2, .operands = operands};
    random_add(maker, ir_append(maker->builder.function, op), item.low, item.high);
}

static void put(RandomMaker *maker, RandomItem item)
{
    IrType type = *random_type_of(maker, item.id), index = {.element = IR_INT, .rank = 1, .size = {type.size[0]}};
    int64_t length = 1 + test_integer(&maker->random, RANDOM_SIZE_MAX);
    IrId operands[] = {item.id, random_want(maker, &index, 0, (double)(length - 1), false)};
    IrOp op = {.code = IR_PUT, .operand_count = 2, .operands = operands, .length = length};
    double bound = fmax(fabs(item.low), fabs(item.high)) * (double)type.size[0];
    random_add(maker, ir_append(maker->builder.function, op), -bound, bound);
}

void random_structure(RandomMaker *maker)
{
    RandomItem item = random_pick(maker, IR_REAL, 1);
    if (item.id < 0 || random_chance(maker, 0.2)) {
        broadcast(maker, random_pick(maker, IR_REAL, 0));
        return;
    }
    if (ir_type_count(random_type_of(maker, item.id)) > RANDOM_COUNT_MAX)
        return;
    static void (*const MAKE[])(RandomMaker *, RandomItem) = {
        reshape, transpose, slice_or_gather, slice_or_gather, concat, concat, scatter_add, take, put};
    MAKE[test_integer(&maker->random, sizeof MAKE / sizeof MAKE[0])](maker, item);
}
