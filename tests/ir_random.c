/* SPDX-License-Identifier: MIT */
/* Random modules: functions one after another, callees first, and the values that ops are given. */
#include "tests/ir_random.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double TAME = 4, GIVEN = 2; /* what values may reach, and what functions are given */

/* ---- values ----------------------------------------------------------------------------------------------------- */

const IrType *random_type_of(const RandomMaker *maker, IrId id)
{
    return ir_type_of(maker->builder.function, id);
}

bool random_chance(RandomMaker *maker, double probability)
{
    return test_uniform(&maker->random, 0, 1) < probability;
}

static void append_item(RandomMaker *maker, IrId id, double low, double high)
{
    if (maker->item_count == maker->item_room) {
        int room = maker->item_room * 2 + 64;
        maker->items = arena_grow(maker->module->arena, maker->items, (size_t)maker->item_count, (size_t)room,
                                  sizeof maker->items[0]);
        maker->item_room = room;
    }
    maker->items[maker->item_count++] = (RandomItem){id, low, high};
}

void random_add(RandomMaker *maker, IrId id, double low, double high)
{
    IrType type = *random_type_of(maker, id);
    if (type.rank > RANDOM_RANK_MAX)
        id = ir_reshape(&maker->builder, id, 1, (int64_t[]){ir_type_count(&type)});
    if (type.element == IR_REAL && (low < -TAME || high > TAME)) {
        double scale = TAME / fmax(-low, high);
        if (random_chance(maker, 0.3) && scale > 0.1) {
            IrId factor = ir_constant(&maker->builder, scale);
            append_item(maker, ir_binary(&maker->builder, IR_MUL, id, factor), low * scale, high * scale);
        } else {
            append_item(maker, ir_unary(&maker->builder, random_chance(maker, 0.5) ? IR_TANH : IR_SIN, id), -1, 1);
        }
        return;
    }
    append_item(maker, id, low, high);
}

RandomItem random_pick(RandomMaker *maker, IrElement element, int least_rank)
{
    RandomItem found = {.id = -1};
    int seen = 0;
    for (int i = 0; i < maker->item_count; i++) {
        const IrType *type = random_type_of(maker, maker->items[i].id);
        if (type->element != element || type->rank < least_rank)
            continue;
        /* later values more often, so that functions grow deep */
        seen += i < maker->item_count / 2 ? 1 : 3;
        if (test_integer(&maker->random, seen) < (i < maker->item_count / 2 ? 1 : 3))
            found = maker->items[i];
    }
    return found;
}

IrId random_squash(RandomMaker *maker, RandomItem item, double low, double high)
{
    if (item.low >= low && item.high <= high)
        return item.id;
    IrBuilder *builder = &maker->builder;
    IrId bounded = ir_unary(builder, random_chance(maker, 0.7) ? IR_TANH : IR_SIN, item.id);
    IrId scaled = ir_binary(builder, IR_MUL, bounded, ir_constant(builder, (high - low) / 2));
    return ir_binary(builder, IR_ADD, scaled, ir_constant(builder, (high + low) / 2));
}

IrId random_constant(RandomMaker *maker, const IrType *shape, double low, double high)
{
    int64_t count = ir_type_count(shape);
    double *data = ARENA_ARRAY(maker->module->arena, double, count);
    bool same = random_chance(maker, 0.3),
         masked = shape->element == IR_REAL && low <= 0 && high >= 0 && random_chance(maker, 0.3);
    for (int64_t i = 0; i < count; i++) {
        double number = test_uniform(&maker->random, low, high);
        data[i] =
            shape->element == IR_REAL ? number : low + (double)test_integer(&maker->random, 1 + (int64_t)(high - low));
        if (masked && random_chance(maker, 0.5))
            data[i] = high >= 1 ? (double)test_integer(&maker->random, 2) : 0;
        if (same)
            data[i] = data[0];
    }
    IrType type = *shape;
    type.kind = IR_KIND_CONSTANT;
    return ir_constant_array(&maker->builder, type, data);
}

/* An item that fits as it is: of the shape if `exactly`, else of as many elements or none at all. */
static RandomItem find_fitting(RandomMaker *maker, const IrType *shape, bool shared, bool exactly)
{
    RandomItem found = {.id = -1};
    int seen = 0;
    for (int i = 0; i < maker->item_count; i++) {
        const IrType *type = random_type_of(maker, maker->items[i].id);
        bool fits = ir_shape_equal(type, shape) ||
                    (!exactly && (type->rank == 0 || ir_type_count(type) == ir_type_count(shape)));
        if (type->element == shape->element && fits && !(shared && type->kind == IR_KIND_SAMPLE) &&
            test_integer(&maker->random, ++seen) == 0)
            found = maker->items[i];
    }
    return found;
}

static IrId want_real(RandomMaker *maker, const IrType *shape, double low, double high, bool shared)
{
    RandomItem item = find_fitting(maker, shape, shared, random_chance(maker, 0.8));
    if (item.id < 0 || random_chance(maker, 0.1))
        return random_constant(maker, shape, low, high);
    IrId value = random_squash(maker, item, low, high);
    if (ir_shape_equal(random_type_of(maker, value), shape))
        return value;
    if (ir_type_count(random_type_of(maker, value)) == ir_type_count(shape))
        return ir_reshape(&maker->builder, value, shape->rank, shape->size);
    return ir_broadcast_scalar(&maker->builder, value, shape);
}

/* The floor of a real that is nowhere near a whole number for a special value of what it comes from. */
static IrId want_int(RandomMaker *maker, const IrType *shape, double low, double high, bool shared)
{
    IrType real = *shape;
    real.element = IR_REAL;
    RandomItem item = find_fitting(maker, shape, shared, true);
    if (item.id >= 0 && item.low >= low && item.high <= high && random_chance(maker, 0.6))
        return item.id;
    if (random_chance(maker, 0.4))
        return random_constant(maker, shape, low, high);
    return ir_unary(&maker->builder, IR_TO_INT, want_real(maker, &real, low + 0.1037, high + 0.8319, shared));
}

static IrId want_bool(RandomMaker *maker, const IrType *shape, bool shared)
{
    IrBuilder *builder = &maker->builder;
    IrType real = *shape;
    RandomItem item = find_fitting(maker, shape, shared, true);
    if (item.id >= 0 && random_chance(maker, 0.5))
        return item.id;
    real.element = IR_REAL;
    IrId value = want_real(maker, &real, -TAME, TAME, shared);
    IrId against = random_constant(maker, &real, -1.0471, 1.0923);
    return random_chance(maker, 0.5) ? ir_binary(builder, IR_LESS, value, against)
                                     : ir_binary(builder, IR_LESS_EQUAL, against, value);
}

IrId random_want(RandomMaker *maker, const IrType *shape, double low, double high, bool shared)
{
    IrType copy = *shape; /* what it points to may move */
    if (copy.element == IR_INT)
        return want_int(maker, &copy, low, high, shared);
    if (copy.element == IR_BOOL)
        return want_bool(maker, &copy, shared);
    return want_real(maker, &copy, low, high, shared);
}

/* ---- functions -------------------------------------------------------------------------------------------------- */

static IrType random_shape(RandomMaker *maker, IrKind kind)
{
    IrType type = {.element = IR_REAL, .kind = kind};
    type.rank = kind == IR_KIND_SCALAR ? 0 : (int)test_integer(&maker->random, RANDOM_RANK_MAX);
    for (int axis = 0; axis < type.rank; axis++)
        type.size[axis] = 1 + test_integer(&maker->random, RANDOM_SIZE_MAX);
    return type;
}

static IrKind random_kind(RandomMaker *maker)
{
    static const IrKind KINDS[] = {IR_KIND_SAMPLE,    IR_KIND_SAMPLE, IR_KIND_SAMPLE, IR_KIND_PARAMETER,
                                   IR_KIND_PARAMETER, IR_KIND_STATE,  IR_KIND_SCALAR, IR_KIND_SHARED};
    return KINDS[test_integer(&maker->random, sizeof KINDS / sizeof KINDS[0])];
}

static void add_inputs(RandomMaker *maker, double bound)
{
    IrFunction *function = maker->builder.function;
    int count = 2 + (int)test_integer(&maker->random, 3);
    for (int i = 0; i < count; i++)
        append_item(maker, ir_input(function, "x", random_shape(maker, i == 0 ? IR_KIND_SAMPLE : random_kind(maker))),
                    -bound, bound);
    if (random_chance(maker, 0.4)) {
        IrType type = random_shape(maker, random_chance(maker, 0.5) ? IR_KIND_SAMPLE : IR_KIND_SHARED);
        type.element = IR_INT;
        append_item(maker, ir_input(function, "index", type), 0, 1);
    }
}

/* The step, then values that are carried, sliced and fixed. */
static void add_step_inputs(RandomMaker *maker, RandomCallee *callee)
{
    IrFunction *function = maker->builder.function;
    append_item(maker, ir_input(function, "step", ir_type_scalar(IR_INT, IR_KIND_SCALAR)), 0, RANDOM_LENGTH_MAX - 1);
    callee->step = true;
    callee->carried = 1 + (int)test_integer(&maker->random, 2);
    callee->sliced = (int)test_integer(&maker->random, 3);
    int fixed = (int)test_integer(&maker->random, 3);
    for (int i = 0; i < callee->carried + callee->sliced + fixed; i++) {
        IrKind kind = i == 0 || random_chance(maker, 0.6) ? IR_KIND_SAMPLE : random_kind(maker);
        if (kind == IR_KIND_SCALAR && i < callee->carried)
            kind = IR_KIND_SHARED;
        append_item(maker, ir_input(function, "x", random_shape(maker, kind)), -GIVEN, GIVEN);
    }
}

static void add_ops(RandomMaker *maker)
{
    for (int i = 0; i < maker->options->op_count; i++) {
        double choice = test_uniform(&maker->random, 0, 1);
        if (choice < 0.4)
            random_elementwise(maker);
        else if (choice < 0.65)
            random_structure(maker);
        else if (choice < 0.8)
            random_product(maker);
        else if (choice < 0.9)
            random_batch(maker);
        else
            random_program(maker);
    }
}

/* x' = tanh(x + something): stays in bounds, whatever the number of steps. */
static void add_carried_output(RandomMaker *maker, int carried)
{
    IrFunction *function = maker->builder.function;
    IrId x = function->inputs[carried + 1];
    bool shared = ir_type_of(function, x)->kind != IR_KIND_SAMPLE;
    IrId other = random_want(maker, ir_type_of(function, x), -GIVEN, GIVEN, shared);
    ir_output(function, NULL, ir_unary(&maker->builder, IR_TANH, ir_binary(&maker->builder, IR_ADD, x, other)));
}

static void add_outputs(RandomMaker *maker, RandomCallee *callee)
{
    IrFunction *function = maker->builder.function;
    int count = 1 + (int)test_integer(&maker->random, 3), carried = callee->carried;
    callee->low = ARENA_ARRAY(maker->module->arena, double, carried + count);
    callee->high = ARENA_ARRAY(maker->module->arena, double, carried + count);
    for (int i = 0; i < carried; i++) {
        add_carried_output(maker, i);
        callee->low[i] = -GIVEN; /* as it may have come, if the scan were empty */
        callee->high[i] = GIVEN;
    }
    for (int i = 0; i < count; i++) {
        RandomItem item = random_pick(maker, i > 0 && random_chance(maker, 0.2) ? IR_INT : IR_REAL, 0);
        if (item.id < 0)
            item = random_pick(maker, IR_REAL, 0);
        ir_output(function, NULL, item.id);
        callee->low[carried + i] = item.low;
        callee->high[carried + i] = item.high;
    }
}

static void make_callee(RandomMaker *maker)
{
    RandomCallee *callee = &maker->callees[maker->callee_count];
    const char *name = arena_print(maker->module->arena, "part_%d", maker->callee_count);
    maker->builder = (IrBuilder){.function = ir_function_new(maker->module, name)};
    maker->item_count = 0;
    maker->crosses_batch = false;
    maker->in_step = random_chance(maker, 0.5);
    callee->function = maker->builder.function;
    if (maker->in_step)
        add_step_inputs(maker, callee);
    else
        add_inputs(maker, GIVEN);
    add_ops(maker);
    add_outputs(maker, callee);
    callee->crosses_batch = maker->crosses_batch;
    maker->callee_count++;
}

IrModule *ir_random_module(Arena *arena, uint64_t seed, const IrRandomOptions *options)
{
    RandomMaker maker = {.random = {seed * 0x9e3779b97f4a7c15u}, .options = options};
    maker.module = ir_module_new(arena, "random");
    maker.module->batch = options->batch;
    maker.callees = ARENA_ARRAY(arena, RandomCallee, options->function_count + 1);
    for (int i = 0; i < options->function_count; i++)
        make_callee(&maker);
    RandomCallee entry = {0};
    maker.builder = (IrBuilder){.function = ir_function_new(maker.module, "main")};
    maker.builder.function->entry = true;
    maker.item_count = 0;
    maker.in_step = false;
    add_inputs(&maker, 1);
    add_inputs(&maker, 1);
    add_ops(&maker);
    for (int i = 0; i < options->function_count; i++)
        random_program(&maker);
    add_outputs(&maker, &entry);
    return maker.module;
}

/* ---- many modules ----------------------------------------------------------------------------------------------- */

static uint64_t running_seed; /* 0: none, or all went well */

void ir_random_for_each(uint64_t first, int count, const IrRandomOptions *options,
                        void (*body)(Arena *arena, IrModule *module))
{
    for (int i = 0; i < count; i++) {
        Arena arena;
        arena_start(&arena, NULL);
        running_seed = first + (uint64_t)i;
        body(&arena, ir_random_module(&arena, running_seed, options));
        arena_end(&arena);
    }
    running_seed = 0;
}

int ir_random_tell_seed(void **state)
{
    (void)state;
    if (running_seed != 0)
        fprintf(stderr, "the random module has the seed %llu\n", (unsigned long long)running_seed);
    running_seed = 0;
    return 0;
}
