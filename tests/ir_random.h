/* SPDX-License-Identifier: MIT */
/* Random modules for property tests: well typed, every op and kind, calls and scans, and numerically tame: each value
 * is known to lie in a small interval, denominators, logarithms and roots stay away from their poles, and no comparison
 * or floor stands at a value that equal formulas could round to different sides. */
#ifndef TESTS_IR_RANDOM_H
#define TESTS_IR_RANDOM_H

#include "tests/ir_helpers.h"

typedef struct IrRandomOptions {
    int64_t batch;      /* the module's; 0: no op crosses the batch */
    int function_count; /* beside the entry */
    int op_count;       /* what each function has, about: helpers add some */
    bool smooth;        /* without abs, min, max, reduce_max: what has a derivative everywhere */
} IrRandomOptions;

/* Inputs of the entry "main" are meant to lie in [-1, 1], ints to be 0 or 1: what ir_test_random_inputs gives. */
IrModule *ir_random_module(Arena *arena, uint64_t seed, const IrRandomOptions *options);

/* Calls `body` for `count` random modules from the seed `first` on, each in an arena of its own. The seed of a module
 * at which the test fails is printed by the test's tear-down. */
void ir_random_for_each(uint64_t first, int count, const IrRandomOptions *options,
                        void (*body)(Arena *arena, IrModule *module));
int ir_random_tell_seed(void **state); /* a tear-down */

/* ---- inside the generator --------------------------------------------------------------------------------------- */

/* A value of the function that is built, and where it lies. */
typedef struct RandomItem {
    IrId id;
    double low, high;
} RandomItem;

/* A finished function and what it may be given: reals in [-2, 2], ints 0 to 1 (the step of a scan: 0 to 3). */
typedef struct RandomCallee {
    IrFunction *function;
    bool step; /* applied by scans; else by calls */
    int carried, sliced;
    bool crosses_batch;
    double *low, *high; /* by output */
} RandomCallee;

enum { RANDOM_COUNT_MAX = 64, RANDOM_RANK_MAX = 3, RANDOM_SIZE_MAX = 4, RANDOM_LENGTH_MAX = 4 };

typedef struct RandomMaker {
    TestRandom random;
    const IrRandomOptions *options;
    IrModule *module;
    IrBuilder builder;
    RandomItem *items;
    int item_count, item_room;
    RandomCallee *callees;
    int callee_count;
    bool in_step, crosses_batch;
    uint32_t block; /* of the next draw */
} RandomMaker;

/* Takes a value into the list; a real one that may leave [-4, 4] goes through a function that bounds it first,
 * one of more than three axes is made flat. */
void random_add(RandomMaker *maker, IrId id, double low, double high);
bool random_chance(RandomMaker *maker, double probability);
const IrType *random_type_of(const RandomMaker *maker, IrId id);
/* Any item of that element, of rank `least_rank` at least; id -1 where there is none. */
RandomItem random_pick(RandomMaker *maker, IrElement element, int least_rank);
/* The value moved into [low, high], smoothly; itself where it lies there. */
IrId random_squash(RandomMaker *maker, RandomItem item, double low, double high);
/* A value of that element and shape in [low, high], found or made; `shared`: no per-sample one. */
IrId random_want(RandomMaker *maker, const IrType *shape, double low, double high, bool shared);
IrId random_constant(RandomMaker *maker, const IrType *shape, double low, double high);

/* One op of that class appended, where one fits. */
void random_elementwise(RandomMaker *maker);
void random_structure(RandomMaker *maker);
void random_product(RandomMaker *maker);
void random_batch(RandomMaker *maker);
void random_program(RandomMaker *maker);

#endif
