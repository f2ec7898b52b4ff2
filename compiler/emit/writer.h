/* SPDX-License-Identifier: MIT */
/* C text of one planned function. The text is the same for float and double, for blocks of samples and for one sample:
 * it is written in the types and helpers of runtime/core, whose macros choose between them. */
#ifndef COMPILER_EMIT_WRITER_H
#define COMPILER_EMIT_WRITER_H

#include "compiler/emit/packing.h"
#include "compiler/emit/plan.h"

/* What one C file needs besides its functions: constant arrays and contraction kernels, each written once. */
typedef struct FileParts {
    Text tables;
    Text kernels;
    int table_count;
    const char **kernel_keys; /* what a kernel does, in full: equal keys share one kernel */
    const char **kernel_names;
    int kernel_count, kernel_room;
} FileParts;

typedef struct Writer {
    Arena *arena;
    Text *out;
    Planner *planner;
    const Plan *plan;
    const Packing *packing;
    FileParts *parts;
    int indent;
    const char **names;  /* for each value: its C identifier, NULL: not named yet */
    char **taken;        /* identifiers in use in this C function */
    int taken_count, taken_room;
    bool *in_register;   /* for each value: it has a C variable of that name in the open loop */
} Writer;

Writer *writer_new(Arena *arena, Planner *planner, const Packing *packing, const Plan *plan, FileParts *parts, Text *out);
void writer_line(Writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void writer_comment(Writer *writer, const char *text, Span span);
/* An identifier that this C function does not use yet, from a hint. */
const char *writer_identifier(Writer *writer, const char *hint);
const char *writer_value_name(Writer *writer, IrId value);
/* "REAL(0.5)" */
const char *writer_number(Writer *writer, double value);
/* A constant int32 array of the file; returns its name. */
const char *writer_index_table(Writer *writer, const int64_t *table, int64_t count);

/* "hidden" or "hidden + 3 * BLOCK": where element `element` of a value begins. */
const char *writer_address(Writer *writer, IrId value, bool want_sample, int64_t element);
const char *writer_place_address(Writer *writer, const Place *place, IrId value, int64_t element);

/* Where a block puts its part of a sum over the batch. */
const char *writer_sum_address(Writer *writer, IrId value);

/* One group. In loops.c, dense.c, single.c, calls.c. */
void write_loop_group(Writer *writer, const Group *group);
void write_dense_group(Writer *writer, const Group *group);
void write_copy_group(Writer *writer, const Group *group);
void write_single_group(Writer *writer, const Group *group);
void write_call(Writer *writer, const IrOp *op, const Group *group);
void write_scan(Writer *writer, const IrOp *op, const Group *group);

/* The expression of an elementwise op over operands' texts; `sample`: in lanes, else scalar. */
const char *write_expression(Writer *writer, const IrOp *op, const char *const *operands, bool sample);

/* All groups of one phase and domain, with the declarations of the pointers that they use. */
void write_groups(Writer *writer, int level, bool sample);
/* A function that is no entry: its text, or its declaration. */
void write_function(Arena *arena, Planner *planner, const Packing *packing, const IrFunction *function,
                    FileParts *parts, Text *out);
void write_prototype(Arena *arena, Planner *planner, const Packing *packing, const IrFunction *function, Text *out);

#endif
