/* SPDX-License-Identifier: MIT */
/* C text of one planned function. The text is the same for float and double, for blocks of samples and for one sample:
 * it is written in the types and helpers of runtime/core, whose macros choose between them. */
#ifndef COMPILER_EMIT_WRITER_H
#define COMPILER_EMIT_WRITER_H

#include "compiler/emit/identifiers.h"
#include "compiler/emit/packing.h"

/* What the C files share besides their functions: constant arrays and contraction kernels, each written once. */
typedef struct SharedParts {
    Text tables, kernels, sums; /* `sums`: kernels of sums over samples, for blocks alone */
    Identifiers names;          /* of all file scopes */
    const char **functions;     /* the C name of each of the module's functions, by position */
    const char **keys;          /* what a table or kernel is, in full: equal keys share one */
    const char **values;        /* its name */
    int count, room;
    int table_count;
    bool blas; /* wide contractions call OpenBLAS: runtime/core/blas.h */
} SharedParts;

/* Contractions with more weights than this are wide: layers of more than 512 x 512 are for OpenBLAS; those that the second
 * cache hardly holds are read by columns where rows lie side by side. */
enum { BLAS_ELEMENTS = 1 << 18, COLUMN_ELEMENTS = 1 << 17 };

SharedParts *shared_parts_new(Arena *arena);
/* Gives the functions of a module their names in C. */
void shared_parts_name_functions(SharedParts *parts, const IrModule *module);
/* The name that goes with a key; NULL: none yet. */
const char *shared_parts_find(const SharedParts *parts, const char *key);
void shared_parts_add(SharedParts *parts, const char *key, const char *name);
/* Adds a key with a name that no other has: `base` or `base_2`, ... */
const char *shared_parts_name(SharedParts *parts, const char *key, const char *base);

/* What a phase consists of, in this order. */
typedef enum PhasePart { PART_ONCE, PART_BLOCK, PART_BATCH, PART_COUNT } PhasePart;
PhasePart phase_part(const Group *group);

typedef enum Precedence {
    PRECEDENCE_CHOICE, /* a ? b : c */
    PRECEDENCE_OR,
    PRECEDENCE_AND,
    PRECEDENCE_SUM,
    PRECEDENCE_PRODUCT,
    PRECEDENCE_UNARY,
    PRECEDENCE_PRIMARY
} Precedence;

typedef struct Term {
    const char *text;
    Precedence precedence;
    bool scalar; /* one number for all lanes: operators take it as it is, functions want it spread */
} Term;

/* What the open loop knows of a value that it computes. */
typedef struct Register {
    int group; /* 1 + the group whose loop it is, or 0 */
    int uses;  /* how often it is read there */
    Term term;
} Register;

typedef struct Writer {
    Arena *arena;
    Text *out;
    Planner *planner;
    const Plan *plan;
    const Packing *packing;
    SharedParts *parts;
    int indent;
    int group;                 /* the one whose text is written */
    const char **names;        /* for each slot of the plan's places: its C identifier, NULL: not named yet */
    bool *used;                /* for each slot: the text reads or writes it */
    bool *defined;             /* for each slot: a C variable that its group declares */
    Register *registers;       /* for each value */
    const char **output_names; /* for each output: its parameter */
    Identifiers identifiers;
} Writer;

Writer *writer_new(Arena *arena, Planner *planner, const Packing *packing, const Plan *plan, SharedParts *parts,
                   Text *out);
void writer_line(Writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line that ends in " {", and one that closes it. */
void writer_open(Writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void writer_close(Writer *writer);
/* Spec text as a comment: printable ASCII, nothing that ends it. `text` NULL: nothing is written. */
void writer_comment(Writer *writer, const char *text, Span span);
void comment_add_text(Text *out, const char *text);

/* An identifier for a value or something that belongs to it: its hint, or else `otherwise`. */
const char *writer_hint(const Writer *writer, IrId value, const char *otherwise);
/* "REAL(0.5)" */
const char *writer_number(Writer *writer, double value);
/* A constant int32 array of the package; returns its name. */
const char *writer_index_table(Writer *writer, const int64_t *table, int64_t count);

/* The identifier of a slot; it is marked as used. */
const char *writer_slot_name(Writer *writer, int slot);
/* "hidden", "hidden + 3 * BLOCK", "&kT": where element `element` of a slot begins. */
const char *writer_slot_address(Writer *writer, int slot, int64_t element);
/* Where a value lies, its elements side by side. */
const char *writer_address(Writer *writer, IrId value, bool want_sample);
/* Where an op puts its result: its own place or, in an entry, a block's part of a sum. */
const char *writer_result_address(Writer *writer, IrId value);
/* One number that all samples share: "kT", "scale[3]", "REAL(1.0)". */
const char *writer_scalar(Writer *writer, IrId value);
/* "3", "i", "2 * i + 1": offset + sum strides[k] names[k]. */
const char *writer_index(Writer *writer, int count, const int64_t *strides, const char *const *names, int64_t offset);

/* One group of the plan. In write_loops.c, write_dense.c, write_single.c, write_products.c, write_calls.c. */
void write_group(Writer *writer, const Group *group);
void write_loop_group(Writer *writer, const Group *group);
void write_copy_group(Writer *writer, const Group *group);
void write_dense_group(Writer *writer, const Group *group);
void write_single_group(Writer *writer, const Group *group);
void write_product(Writer *writer, const IrOp *op, const Group *group);
void write_call(Writer *writer, const IrOp *op);
void write_scan(Writer *writer, const IrOp *op, const Group *group);

/* An element of a tensor that is read or written element by element (row mode): its text. */
const char *write_element(Writer *writer, const char *address, const char *index, bool tensor_sample, bool sample);
void write_store_element(Writer *writer, const char *address, const char *index, bool sample, const char *text);
void write_open_samples(Writer *writer, bool sample);

/* functions.c: the groups of one phase and domain with the declarations of what they use; whole functions. */
const char *write_groups(Writer *writer, int level, PhasePart part);
const char *write_all_groups(Writer *writer);
/* What a group's text is called with besides its values; `needs_workspace` for a whole function. */
/* Flags what `function` calls, directly or not, by position. */
void functions_reach(Planner *planner, const IrFunction *function, bool *reached);
bool function_needs_workspace(Planner *planner, const IrFunction *function);
/* "static void coupling(const Block *block, ...)" without the semicolon. */
void write_signature(Writer *writer, Text *out);
void write_function(Arena *arena, Planner *planner, const Packing *packing, const IrFunction *function,
                    SharedParts *parts, const char *linkage, Text *out);

#endif
