/* SPDX-License-Identifier: MIT */
/* The intermediate representation: functions over statically shaped tensors, straight lists of ops in SSA form.
 * The batch axis is implicit and never appears in a shape. This header is the data structure and how to build it;
 * text form, verifier and interpreter have their own headers. It knows nothing of specs and nothing of C text. */
#ifndef COMPILER_IR_IR_H
#define COMPILER_IR_IR_H

#include "compiler/base/arena.h"
#include "compiler/base/diagnostics.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum IrOpcode {
#define OP(code, text, least, most, class, traits) IR_##code,
#include "compiler/ir/ops.def"
#undef OP
    IR_OPCODE_COUNT
} IrOpcode;

typedef enum IrClass { IR_ELEMENTWISE, IR_STRUCTURE, IR_REDUCTION, IR_PRODUCT, IR_DRAW, IR_BATCH, IR_PROGRAM } IrClass;

typedef enum IrTrait { IR_CHEAP = 1, IR_FUNCTION = 2, IR_ACTIVATION = 4 } IrTrait; /* see ops.def */

typedef enum IrElement { IR_REAL, IR_INT, IR_BOOL } IrElement;

/* In the order of what they depend on: the kind of a result is the largest kind of its operands, but ops over
 * parameters, states and call scalars give SHARED (known once per call), and the BATCH class has its own rule. */
typedef enum IrKind {
    IR_KIND_CONSTANT,  /* known now */
    IR_KIND_PARAMETER, /* trained */
    IR_KIND_STATE,     /* not trained, checkpointed with the weights */
    IR_KIND_SCALAR,    /* given at each call: kT, schedules, the step (rank 0) */
    IR_KIND_SHARED,    /* the same for all samples of the batch */
    IR_KIND_SAMPLE     /* one for each sample */
} IrKind;

enum { IR_RANK_MAX = 6 };
#define IR_COUNT_MAX INT64_C(2147483647) /* elements of one value, per sample; every size is at least 1 */

typedef struct IrType {
    IrElement element;
    IrKind kind;
    int rank;
    int64_t size[IR_RANK_MAX];
} IrType;

typedef int32_t IrId; /* a value of one function: an index into its `values` */

typedef struct IrValue {
    IrType type;
    const char *name; /* a hint for readers, "hidden" or "log_det"; NULL where there is none. Need not be unique. */
    int32_t op;       /* the op that defines it, or -1 for an input */
    int32_t result;   /* which of the op's results it is; for an input, which input */
} IrValue;

typedef struct IrFunction IrFunction;

typedef struct IrOp {
    IrOpcode code;
    int operand_count, result_count;
    IrId *operands, *results;
    Span span;        /* the place in the spec that this op comes from */
    const char *note; /* a comment for the emitted code at the first op of a piece: formula and source; or NULL */

    /* attributes; which of them an op has is in ops.def, the others are zero */
    IrType type;        /* CONSTANT, DRAW_*: the result; BROADCAST, RESHAPE: its shape */
    const double *data; /* CONSTANT: elements in row-major order (int and bool as doubles) */
    int axis_count;
    int64_t axes[IR_RANK_MAX];
    int64_t axis, start, length; /* SLICE; SCATTER_ADD, PUT: length; SCAN: length = how often */
    int64_t table_count;
    const int64_t *table;            /* GATHER, SCATTER_ADD */
    bool reversed, exclusive;        /* CUMSUM, SCAN (reversed: the step number and the slices run downwards) */
    bool lower, transposed, unit;    /* SOLVE_TRIANGULAR */
    const char *labels;              /* CONTRACT, BATCH_CONTRACT: "ij,j->i" */
    uint32_t purpose, block, stride; /* DRAW_*: counter block = block + operand * stride + element / 4 */
    IrFunction *callee;              /* CALL, SCAN */
    int carried, sliced;             /* SCAN */
} IrOp;

/* SCAN. Operands: carried initial values, sliced values (leading axis = length), fixed values.
 * Callee inputs: step (int32 scalar, kind SCALAR), carried, slices (leading axis gone), fixed.
 * Callee outputs: carried, then per-step outputs. Results: final carried values, stacked per-step outputs
 * ([length] + shape; position i holds what step i gave, also when reversed). */

struct IrFunction {
    const char *name;
    const char *note; /* what it computes, a formula; or NULL */
    Span span;
    struct IrModule *module;
    int position; /* in the module's list */
    bool entry;   /* named from outside the module: its inputs and outputs stay as they are */

    IrValue *values;
    int value_count, value_room;
    IrId *inputs; /* values with op == -1, in order */
    int input_count;
    IrOp *ops;
    int op_count, op_room;
    IrId *outputs;
    int output_count;
    const char **output_names; /* as many as outputs; entries may be NULL */
};

typedef struct IrModule {
    Arena *arena;
    const char *name;
    int64_t batch;          /* the batch's size where BATCH ops are used (training steps); 0: no such function */
    IrFunction **functions; /* a callee stands before its callers */
    int function_count, function_room;
} IrModule;

/* ---- building --------------------------------------------------------------------------------------------------- */

IrModule *ir_module_new(Arena *arena, const char *name);
IrFunction *ir_function_new(IrModule *module, const char *name); /* appended to the module; names must be unique */
IrFunction *ir_function_find(const IrModule *module, const char *name);
/* A name that no function of the module has yet: `base` or `base_2`, ... */
const char *ir_function_unique_name(const IrModule *module, const char *base);

IrType ir_type(IrElement element, IrKind kind, int rank, const int64_t *size);
IrType ir_type_scalar(IrElement element, IrKind kind);
int64_t ir_type_count(const IrType *type); /* number of elements (per sample) */
bool ir_shape_equal(const IrType *a, const IrType *b);

/* An input of kind CONSTANT becomes SHARED: what a caller passes is not known inside. */
IrId ir_input(IrFunction *function, const char *name, IrType type);
void ir_output(IrFunction *function, const char *name, IrId value);
const IrType *ir_type_of(const IrFunction *function, IrId value);
IrId ir_name(IrFunction *function, IrId value, const char *name); /* sets the hint, returns the value */

/* The place and note that ops built from now on carry (kept in the builder's cursor). */
typedef struct IrBuilder {
    IrFunction *function;
    Span span;
    const char *note; /* goes to the next op, then is cleared */
} IrBuilder;

/* Infers the types of an op's results from its operands and attributes. NULL when all is well, else what is wrong
 * ("operand 2 has shape [3], expected [4]"). `results` has room for ir_result_count(op). */
const char *ir_infer(IrFunction *function, const IrOp *op, IrType *results);
int ir_result_count(const IrOp *op);
/* Appends an op whose code, operands and attributes are filled in; allocates its results. A type error here is an
 * error of the compiler, not of the user: it prints the message with the function's name to stderr and abort()s.
 * Returns the first result (-1 if none); the op is the function's last. The operands are copied; data, table, labels
 * and note must live as long as the module. A callee that was begun after `function` moves `function` to the module's
 * end. */
IrId ir_append(IrFunction *function, IrOp op);

/* Thin helpers over ir_append. Elementwise helpers broadcast a rank-0 operand to the other's shape by an explicit
 * BROADCAST op. */
IrId ir_unary(IrBuilder *builder, IrOpcode code, IrId a);
IrId ir_binary(IrBuilder *builder, IrOpcode code, IrId a, IrId b);
IrId ir_select(IrBuilder *builder, IrId condition, IrId a, IrId b);
IrId ir_constant(IrBuilder *builder, double value);      /* real, rank 0 */
IrId ir_constant_int(IrBuilder *builder, int64_t value); /* int32, rank 0 */
IrId ir_constant_array(IrBuilder *builder, IrType type, const double *data);
IrId ir_zeros(IrBuilder *builder, const IrType *like); /* real zeros of that shape, kind CONSTANT */
IrId ir_broadcast(IrBuilder *builder, IrId a, const IrType *shape, const int64_t *axes);
IrId ir_broadcast_scalar(IrBuilder *builder, IrId a, const IrType *shape);
IrId ir_reshape(IrBuilder *builder, IrId a, int rank, const int64_t *size);
IrId ir_transpose(IrBuilder *builder, IrId a, const int64_t *axes);
IrId ir_slice(IrBuilder *builder, IrId a, int64_t axis, int64_t start, int64_t length);
IrId ir_element(IrBuilder *builder, IrId a, int64_t index); /* rank 1 -> rank 0: slice and reshape */
IrId ir_concat(IrBuilder *builder, int64_t axis, int count, const IrId *values);
IrId ir_stack(IrBuilder *builder, int count, const IrId *values); /* rank 0 values -> rank 1 */
IrId ir_gather(IrBuilder *builder, IrId a, int64_t axis, int64_t count, const int64_t *table);
IrId ir_scatter_add(IrBuilder *builder, IrId a, int64_t axis, int64_t count, const int64_t *table, int64_t length);
IrId ir_reduce(IrBuilder *builder, IrOpcode code, IrId a, int axis_count, const int64_t *axes);
IrId ir_reduce_all(IrBuilder *builder, IrOpcode code, IrId a);
IrId ir_contract(IrBuilder *builder, const char *labels, IrId a, IrId b, IrId start /* or -1 */);
IrId ir_batch_contract(IrBuilder *builder, const char *labels, IrId a, IrId b);
IrId ir_draw(IrBuilder *builder, IrOpcode code, IrType shape, uint32_t purpose, uint32_t block, IrId offset /* or -1 */,
             uint32_t stride);
/* Calls and scans: results are written to `results` (ir_result_count of the op many). */
void ir_call(IrBuilder *builder, IrFunction *callee, int count, const IrId *operands, IrId *results);
void ir_scan(IrBuilder *builder, IrFunction *callee, int64_t length, int carried, int sliced, bool reversed, int count,
             const IrId *operands, IrId *results);

/* ---- facts about ops -------------------------------------------------------------------------------------------- */

const char *ir_op_text(IrOpcode code);
IrClass ir_op_class(IrOpcode code);
bool ir_op_is(IrOpcode code, IrTrait trait);
void ir_op_arity(IrOpcode code, int *least, int *most); /* most -1: any number */
bool ir_opcode_from_text(const char *text, IrOpcode *code);
/* Same op, operands, attributes (spans, notes and names aside): what common-subexpression elimination compares. */
bool ir_op_equal(const IrOp *a, const IrOp *b);
/* Multiply-adds of the op's contractions, called functions included: 2 each; nothing else counts. Per sample. */
int64_t ir_op_flops(const IrFunction *function, const IrOp *op);

/* Labels of a contraction, taken apart: letters of a, of b, of the result; each letter's size. */
typedef struct IrLabels {
    char a[IR_RANK_MAX + 1], b[IR_RANK_MAX + 1], result[IR_RANK_MAX + 1];
    char summed[2 * IR_RANK_MAX + 1]; /* letters not in the result, in order of first appearance */
    int64_t size[128];
} IrLabels;
/* NULL when all is well, else what is wrong. */
const char *ir_labels_parse(const char *labels, const IrType *a, const IrType *b, IrLabels *out);

/* ---- rewriting: what passes use --------------------------------------------------------------------------------- */

/* A new, empty function in `module` with the inputs of `function` (name may be NULL: the same). A pass walks the old
 * function's ops and appends to the new one, `map[old id] = new id`. */
IrFunction *ir_function_like(IrModule *module, const IrFunction *function, const char *name, IrId *map);
/* A copy of `op` with operands through `map` appended to `function`; maps its results; names are kept. */
void ir_copy_op(IrFunction *function, const IrFunction *from, const IrOp *op, IrId *map);
void ir_copy_outputs(IrFunction *function, const IrFunction *from, const IrId *map);
/* The same outside the module's list, for a pass that rewrites in place, with the inputs flagged in `keep` (NULL: all):
 * when the draft is done, `ir_function_adopt` makes it the content of the function that callers point to. */
IrFunction *ir_function_draft(const IrFunction *function, const bool *keep, IrId *map);
void ir_function_adopt(IrFunction *function, const IrFunction *draft);

#endif
