/* SPDX-License-Identifier: MIT */
/* Random sums, products, draws, ops across the batch, calls and scans. */
#include "tests/ir_random.h"

#include <math.h>
#include <string.h>

static double bound_of(RandomItem item)
{
    return fmax(fabs(item.low), fabs(item.high));
}

/* ---- reductions and products ------------------------------------------------------------------------------------ */

static void reduce(RandomMaker *maker, RandomItem item)
{
    const IrType *type = random_type_of(maker, item.id);
    int64_t axes[IR_RANK_MAX], terms = 1;
    int count = 0;
    for (int axis = 0; axis < type->rank; axis++)
        if (random_chance(maker, 0.6)) {
            axes[count++] = axis;
            terms *= type->size[axis];
        }
    if (!maker->options->smooth && random_chance(maker, 0.3))
        random_add(maker, ir_reduce(&maker->builder, IR_REDUCE_MAX, item.id, count, axes), item.low, item.high);
    else
        random_add(maker, ir_reduce(&maker->builder, IR_REDUCE_SUM, item.id, count, axes),
                   -bound_of(item) * (double)terms, bound_of(item) * (double)terms);
}

static void cumsum(RandomMaker *maker, RandomItem item)
{
    const IrType *type = random_type_of(maker, item.id);
    int64_t axis = test_integer(&maker->random, type->rank);
    double bound = bound_of(item) * (double)type->size[axis];
    IrOp op = {.code = IR_CUMSUM,
               .operand_count = 1,
               .operands = &item.id,
               .axis = axis,
               .reversed = random_chance(maker, 0.5),
               .exclusive = random_chance(maker, 0.5)};
    random_add(maker, ir_append(maker->builder.function, op), -bound, bound);
}

/* Letters a, b, ... for the first operand; some of them and a new one for the second; some of all for the result. */
static void choose_labels(RandomMaker *maker, const IrType *a, IrType *b, IrType *result, char *labels)
{
    char of_a[4] = "", of_b[5] = "", of_result[8] = "";
    int64_t size[8] = {0};
    int b_rank = 0, result_rank = 0;
    for (int i = 0; i < a->rank; i++) {
        of_a[i] = (char)('a' + i);
        size[i] = a->size[i];
    }
    size[a->rank] = 1 + test_integer(&maker->random, RANDOM_SIZE_MAX);
    for (int i = 0; i <= a->rank; i++) {
        if (random_chance(maker, 0.5) && b_rank < RANDOM_RANK_MAX) {
            int place = (int)test_integer(&maker->random, b_rank + 1);
            memmove(of_b + place + 1, of_b + place, (size_t)(b_rank - place));
            of_b[place] = (char)('a' + i);
            b_rank++;
        }
    }
    *b = *result = (IrType){.element = IR_REAL};
    for (int i = 0; i < b_rank; i++)
        b->size[b->rank++] = size[of_b[i] - 'a'];
    for (int i = 0; i <= a->rank; i++) {
        bool exists = i < a->rank || memchr(of_b, 'a' + i, (size_t)b_rank);
        if (exists && random_chance(maker, 0.5) && result_rank < RANDOM_RANK_MAX) {
            int place = (int)test_integer(&maker->random, result_rank + 1);
            memmove(of_result + place + 1, of_result + place, (size_t)(result_rank - place));
            of_result[place] = (char)('a' + i);
            result_rank++;
        }
    }
    for (int i = 0; i < result_rank; i++)
        result->size[result->rank++] = size[of_result[i] - 'a'];
    strcpy(labels, of_a);
    strcat(strcat(strcat(strcat(labels, ","), of_b), "->"), of_result);
}

static void contract(RandomMaker *maker, RandomItem item, bool batch)
{
    IrType a = *random_type_of(maker, item.id), b, result;
    char labels[32];
    choose_labels(maker, &a, &b, &result, labels);
    if (ir_type_count(&result) > RANDOM_COUNT_MAX)
        return;
    double terms = (double)ir_type_count(&a) * (double)ir_type_count(&b); /* at least as many as there are */
    double bound = fmin(terms, 4.0 * 4 * 4 * 4) * bound_of(item);
    IrId other = random_want(maker, &b, -1, 1, false);
    if (batch) {
        maker->crosses_batch = true;
        IrId sum = ir_batch_contract(&maker->builder, labels, item.id, other);
        IrId share = ir_constant(&maker->builder, 1 / (double)maker->options->batch);
        random_add(maker, ir_binary(&maker->builder, IR_MUL, sum, share), -bound, bound);
        return;
    }
    IrId start = random_chance(maker, 0.5) ? random_want(maker, &result, -2, 2, false) : -1;
    random_add(maker, ir_contract(&maker->builder, labels, item.id, other, start), -bound - 2, bound + 2);
}

/* A matrix within 0.3 of the unit matrix: y lies within sum over k of (0.3 n)^k. */
static void solve(RandomMaker *maker)
{
    IrBuilder *builder = &maker->builder;
    int64_t n = 1 + test_integer(&maker->random, 3);
    IrType matrix = ir_type(IR_REAL, IR_KIND_CONSTANT, 2, (int64_t[]){n, n});
    IrType right = ir_type(IR_REAL, IR_KIND_CONSTANT, 1 + (int)test_integer(&maker->random, 2),
                           (int64_t[]){n, 1 + test_integer(&maker->random, RANDOM_SIZE_MAX)});
    double unit[9] = {0};
    for (int64_t i = 0; i < n; i++)
        unit[i * (n + 1)] = 1;
    IrId near = ir_binary(builder, IR_ADD, random_want(maker, &matrix, -0.3, 0.3, false),
                          ir_constant_array(builder, matrix, unit));
    IrId operands[] = {near, random_want(maker, &right, -1, 1, false)};
    IrOp op = {.code = IR_SOLVE_TRIANGULAR,
               .operand_count = 2,
               .operands = operands,
               .lower = random_chance(maker, 0.5),
               .transposed = random_chance(maker, 0.5),
               .unit = random_chance(maker, 0.5)};
    random_add(maker, ir_append(maker->builder.function, op), -4, 4);
}

void random_product(RandomMaker *maker)
{
    RandomItem item = random_pick(maker, IR_REAL, 1);
    double kind = test_uniform(&maker->random, 0, 1);
    if (kind < 0.1 || item.id < 0)
        solve(maker);
    else if (ir_type_count(random_type_of(maker, item.id)) > RANDOM_COUNT_MAX)
        return;
    else if (kind < 0.4)
        reduce(maker, item);
    else if (kind < 0.55)
        cumsum(maker, item);
    else
        contract(maker, item, false);
}

/* ---- draws and the batch ---------------------------------------------------------------------------------------- */

/* Sizes stay in bounds: the normal's are below 6.4. */
static void draw(RandomMaker *maker)
{
    IrType type = {.element = IR_REAL, .kind = IR_KIND_SAMPLE, .rank = (int)test_integer(&maker->random, 3)};
    for (int axis = 0; axis < type.rank; axis++)
        type.size[axis] = 1 + test_integer(&maker->random, RANDOM_SIZE_MAX);
    bool normal = random_chance(maker, 0.5);
    IrId offset = maker->in_step && random_chance(maker, 0.8) ? maker->builder.function->inputs[0] : -1;
    IrId id = ir_draw(&maker->builder, normal ? IR_DRAW_NORMAL : IR_DRAW_UNIFORM, type, 2, maker->block, offset, 4);
    maker->block += 64;
    random_add(maker, id, normal ? -6.4 : 0, normal ? 6.4 : 1);
}

static void cross(RandomMaker *maker, RandomItem item)
{
    IrBuilder *builder = &maker->builder;
    const IrType *type = random_type_of(maker, item.id);
    int64_t batch = maker->options->batch;
    maker->crosses_batch = true;
    if (type->kind != IR_KIND_SAMPLE && type->rank > 0 && type->size[0] == batch) {
        IrOp op = {.code = IR_DISTRIBUTE, .operand_count = 1, .operands = &item.id};
        random_add(maker, ir_append(builder->function, op), item.low, item.high);
    } else if (random_chance(maker, 0.5) && type->rank < RANDOM_RANK_MAX) {
        random_add(maker, ir_unary(builder, IR_COLLECT, item.id), item.low, item.high);
    } else {
        IrId share = ir_constant(builder, 1 / (double)batch);
        random_add(maker, ir_binary(builder, IR_MUL, ir_unary(builder, IR_BATCH_SUM, item.id), share), item.low,
                   item.high);
    }
}

void random_batch(RandomMaker *maker)
{
    if (random_chance(maker, 0.3) || maker->options->batch == 0 || maker->in_step) {
        draw(maker);
        return;
    }
    RandomItem item = random_pick(maker, IR_REAL, 0);
    if (ir_type_count(random_type_of(maker, item.id)) > RANDOM_COUNT_MAX / 2)
        return;
    if (random_chance(maker, 0.3))
        contract(maker, item, true);
    else
        cross(maker, item);
}

/* ---- calls and scans -------------------------------------------------------------------------------------------- */

static IrId argument(RandomMaker *maker, const RandomCallee *callee, int input, int64_t length)
{
    IrType type = *ir_type_of(callee->function, callee->function->inputs[input]);
    bool shared = type.kind != IR_KIND_SAMPLE;
    int first_slice = callee->carried + 1;
    if (callee->step && input >= first_slice && input < first_slice + callee->sliced) {
        memmove(type.size + 1, type.size, sizeof type.size[0] * (size_t)type.rank);
        type.size[0] = length;
        type.rank++;
    }
    return type.element == IR_REAL ? random_want(maker, &type, -2, 2, shared) : random_want(maker, &type, 0, 1, shared);
}

void random_program(RandomMaker *maker)
{
    if (maker->callee_count == 0)
        return;
    const RandomCallee *callee = &maker->callees[test_integer(&maker->random, maker->callee_count)];
    if (callee->crosses_batch && maker->in_step)
        return;
    maker->crosses_batch = maker->crosses_batch || callee->crosses_batch;
    IrFunction *function = callee->function;
    int64_t length = 1 + test_integer(&maker->random, RANDOM_LENGTH_MAX);
    int first = callee->step ? 1 : 0, count = function->input_count - first;
    IrId *operands = ARENA_ARRAY(maker->module->arena, IrId, count);
    IrId *results = ARENA_ARRAY(maker->module->arena, IrId, function->output_count);
    for (int i = 0; i < count; i++)
        operands[i] = argument(maker, callee, i + first, length);
    if (callee->step)
        ir_scan(&maker->builder, function, length, callee->carried, callee->sliced, random_chance(maker, 0.3), count,
                operands, results);
    else
        ir_call(&maker->builder, function, count, operands, results);
    for (int i = 0; i < function->output_count; i++)
        random_add(maker, results[i], callee->low[i], callee->high[i]);
}
