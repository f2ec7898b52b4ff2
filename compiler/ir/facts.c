/* SPDX-License-Identifier: MIT */
/* Facts about ops that follow from the op table or from one op alone: names, classes, equality, work, and the labels
 * of contractions taken apart. Shapes are in infer.c. */
#include "compiler/ir/ir.h"

#include <string.h>

typedef struct OpRow {
    const char *text;
    int least, most;
    IrClass class;
    unsigned traits;
} OpRow;

static const OpRow OPS[IR_OPCODE_COUNT] = {
#define OP(code, text, least, most, class, traits) {text, least, most, IR_##class, traits},
#include "compiler/ir/ops.def"
#undef OP
};

const char *ir_op_text(IrOpcode code)
{
    return OPS[code].text;
}

IrClass ir_op_class(IrOpcode code)
{
    return OPS[code].class;
}

bool ir_op_is(IrOpcode code, IrTrait trait)
{
    return (OPS[code].traits & (unsigned)trait) != 0;
}

void ir_op_arity(IrOpcode code, int *least, int *most)
{
    *least = OPS[code].least;
    *most = OPS[code].most;
}

bool ir_opcode_from_text(const char *text, IrOpcode *code)
{
    for (int i = 0; i < IR_OPCODE_COUNT; i++) {
        if (strcmp(OPS[i].text, text) == 0) {
            *code = (IrOpcode)i;
            return true;
        }
    }
    return false;
}

IrType ir_type(IrElement element, IrKind kind, int rank, const int64_t *size)
{
    IrType type = {.element = element, .kind = kind, .rank = rank};
    for (int axis = 0; axis < rank && axis < IR_RANK_MAX; axis++)
        type.size[axis] = size[axis];
    return type;
}

IrType ir_type_scalar(IrElement element, IrKind kind)
{
    IrType type = {.element = element, .kind = kind};
    return type;
}

int64_t ir_type_count(const IrType *type)
{
    int64_t count = 1;
    for (int axis = 0; axis < type->rank; axis++)
        count *= type->size[axis];
    return count;
}

bool ir_shape_equal(const IrType *a, const IrType *b)
{
    if (a->rank != b->rank)
        return false;
    for (int axis = 0; axis < a->rank; axis++)
        if (a->size[axis] != b->size[axis])
            return false;
    return true;
}

int ir_result_count(const IrOp *op)
{
    if (ir_op_class(op->code) != IR_PROGRAM)
        return 1;
    return op->callee ? op->callee->output_count : 0;
}

/* ---- equality --------------------------------------------------------------------------------------------------- */

static bool equal_data(const IrOp *a, const IrOp *b)
{
    if (a->data == b->data)
        return true;
    if (!a->data || !b->data)
        return false;
    /* by bits: 0 and -0 are two constants, a NaN is itself */
    return memcmp(a->data, b->data, (size_t)ir_type_count(&a->type) * sizeof a->data[0]) == 0;
}

static bool equal_table(const IrOp *a, const IrOp *b)
{
    if (a->table_count != b->table_count)
        return false;
    if (a->table == b->table || a->table_count == 0)
        return true;
    return memcmp(a->table, b->table, (size_t)a->table_count * sizeof a->table[0]) == 0;
}

static bool equal_labels(const IrOp *a, const IrOp *b)
{
    if (!a->labels || !b->labels)
        return a->labels == b->labels;
    return strcmp(a->labels, b->labels) == 0;
}

static bool equal_axes(const IrOp *a, const IrOp *b)
{
    if (a->axis_count != b->axis_count)
        return false;
    for (int i = 0; i < a->axis_count; i++)
        if (a->axes[i] != b->axes[i])
            return false;
    return a->axis == b->axis && a->start == b->start && a->length == b->length;
}

static bool equal_flags(const IrOp *a, const IrOp *b)
{
    return a->reversed == b->reversed && a->exclusive == b->exclusive && a->lower == b->lower &&
           a->transposed == b->transposed && a->unit == b->unit && a->purpose == b->purpose && a->block == b->block &&
           a->stride == b->stride && a->callee == b->callee && a->carried == b->carried && a->sliced == b->sliced;
}

bool ir_op_equal(const IrOp *a, const IrOp *b)
{
    if (a->code != b->code || a->operand_count != b->operand_count || a->result_count != b->result_count)
        return false;
    for (int i = 0; i < a->operand_count; i++)
        if (a->operands[i] != b->operands[i])
            return false;
    return a->type.element == b->type.element && ir_shape_equal(&a->type, &b->type) && equal_flags(a, b) &&
           equal_axes(a, b) && equal_labels(a, b) && equal_table(a, b) && equal_data(a, b);
}

/* ---- work ------------------------------------------------------------------------------------------------------- */

static int64_t saturate_product(int64_t a, int64_t b)
{
    return a > 0 && b > INT64_MAX / a ? INT64_MAX : a * b;
}

static int64_t saturate_sum(int64_t a, int64_t b)
{
    return b > INT64_MAX - a ? INT64_MAX : a + b;
}

/* Work of one op, the functions' work being known: callees stand before callers, so one walk over the module gives it.
 */
static int64_t op_flops(const IrFunction *function, const IrOp *op, const int64_t *of_function)
{
    if (op->code == IR_CALL)
        return of_function[op->callee->position];
    if (op->code == IR_SCAN)
        return saturate_product(of_function[op->callee->position], op->length);
    IrLabels labels;
    if ((op->code != IR_CONTRACT && op->code != IR_BATCH_CONTRACT) ||
        ir_labels_parse(op->labels, ir_type_of(function, op->operands[0]), ir_type_of(function, op->operands[1]),
                        &labels))
        return 0;
    int64_t flops = 2;
    for (int letter = 0; letter < 128; letter++)
        if (labels.size[letter] > 0)
            flops = saturate_product(flops, labels.size[letter]);
    return flops;
}

int64_t ir_op_flops(const IrFunction *function, const IrOp *op)
{
    if (ir_op_class(op->code) != IR_PROGRAM)
        return op_flops(function, op, NULL);
    const IrModule *module = op->callee->module;
    int64_t *of_function = ARENA_ARRAY(module->arena, int64_t, module->function_count);
    for (int i = 0; i <= op->callee->position; i++) {
        const IrFunction *inner = module->functions[i];
        for (int j = 0; j < inner->op_count; j++)
            of_function[i] = saturate_sum(of_function[i], op_flops(inner, &inner->ops[j], of_function));
    }
    return op_flops(function, op, of_function);
}

/* ---- labels ----------------------------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Reads the letters up to `stop` (each at most once). */
static const char *read_letters(const char **cursor, char stop, char *out)
{
    int count = 0;
    for (; **cursor != stop; (*cursor)++) {
        char letter = **cursor;
        if (!is_letter(letter))
            return "labels look like \"ij,j->i\"";
        if (count == IR_RANK_MAX)
            return "more labels than a value has axes";
        if (memchr(out, letter, (size_t)count))
            return "a label stands twice in one place";
        out[count++] = letter;
    }
    out[count] = '\0';
    return NULL;
}

static const char *set_sizes(const char *letters, const IrType *type, IrLabels *out)
{
    if ((int)strlen(letters) != type->rank)
        return "as many labels as axes are needed";
    for (int axis = 0; axis < type->rank; axis++) {
        int64_t *size = &out->size[(unsigned char)letters[axis]];
        if (*size != 0 && *size != type->size[axis])
            return "one label names axes of two sizes";
        *size = type->size[axis];
    }
    return NULL;
}

const char *ir_labels_parse(const char *labels, const IrType *a, const IrType *b, IrLabels *out)
{
    memset(out, 0, sizeof *out);
    const char *cursor = labels;
    const char *wrong = read_letters(&cursor, ',', out->a);
    if (wrong)
        return wrong;
    cursor++;
    wrong = read_letters(&cursor, '-', out->b);
    if (wrong)
        return wrong;
    if (cursor[1] != '>')
        return "labels look like \"ij,j->i\"";
    cursor += 2;
    wrong = read_letters(&cursor, '\0', out->result);
    if (!wrong)
        wrong = set_sizes(out->a, a, out);
    if (!wrong)
        wrong = set_sizes(out->b, b, out);
    if (wrong)
        return wrong;
    for (const char *letter = out->result; *letter; letter++)
        if (!strchr(out->a, *letter) && !strchr(out->b, *letter))
            return "a label of the result stands in neither operand";
    int summed = 0;
    for (const char *letter = out->a; *letter; letter++)
        if (!strchr(out->result, *letter))
            out->summed[summed++] = *letter;
    for (const char *letter = out->b; *letter; letter++)
        if (!strchr(out->result, *letter) && !strchr(out->a, *letter))
            out->summed[summed++] = *letter;
    return NULL;
}
