/* SPDX-License-Identifier: MIT */
/* The types of an op's results, from its operands and attributes: one shape rule per op, and the kinds. Every rule also
 * checks what it needs, so an op that passes here is well formed. Building, the parser and the verifier all ask this
 * file; none of them knows a shape rule of its own. */
#include "compiler/ir/infer_rules.h"

#include <stdio.h>
#include <string.h>

static const char *const ELEMENT_TEXT[] = {"real", "int32", "bool"};

const char *infer_type_text(Arena *arena, const IrType *type)
{
    Text text = text_start(arena);
    text_put(&text, ELEMENT_TEXT[type->element]);
    for (int axis = 0; axis < type->rank; axis++)
        text_print(&text, "%s%lld", axis > 0 ? ", " : "[", (long long)type->size[axis]);
    text_put(&text, type->rank > 0 ? "]" : "");
    return text.bytes;
}

static const char *check_shape(Arena *arena, const IrType *type)
{
    if (type->rank < 0 || type->rank > IR_RANK_MAX)
        return arena_print(arena, "a value has at most %d axes", IR_RANK_MAX);
    int64_t count = 1;
    for (int axis = 0; axis < type->rank; axis++) {
        if (type->size[axis] < 1)
            return arena_print(arena, "axis %d has size %lld; sizes begin at 1", axis, (long long)type->size[axis]);
        if (type->size[axis] > IR_COUNT_MAX / count)
            return arena_print(arena, "a value has more than %lld elements", (long long)IR_COUNT_MAX);
        count *= type->size[axis];
    }
    return NULL;
}

static const char *expect_element(const Inference *in, int operand, IrElement element)
{
    if (in->operands[operand]->element == element)
        return NULL;
    return arena_print(in->arena, "operand %d is %s, expected %s", operand + 1,
                       ELEMENT_TEXT[in->operands[operand]->element], ELEMENT_TEXT[element]);
}

static const char *expect_not_bool(const Inference *in, int operand)
{
    if (in->operands[operand]->element != IR_BOOL)
        return NULL;
    return arena_print(in->arena, "operand %d is bool, expected real or int32", operand + 1);
}

const char *infer_expect_type(const Inference *in, int operand, const IrType *type)
{
    const IrType *actual = in->operands[operand];
    if (actual->element == type->element && ir_shape_equal(actual, type))
        return NULL;
    return arena_print(in->arena, "operand %d is %s, expected %s", operand + 1, infer_type_text(in->arena, actual),
                       infer_type_text(in->arena, type));
}

static const char *expect_axis(const Inference *in)
{
    int rank = in->operands[0]->rank;
    if (in->op->axis >= 0 && in->op->axis < rank)
        return NULL;
    return arena_print(in->arena, "axis %lld of a value with %d axes", (long long)in->op->axis, rank);
}

/* ---- elementwise ------------------------------------------------------------------------------------------------ */

/* All operands real and of one shape; the result too. */
static const char *infer_real(Inference *in)
{
    const char *wrong = expect_element(in, 0, IR_REAL);
    for (int i = 1; i < in->op->operand_count && !wrong; i++)
        wrong = infer_expect_type(in, i, in->operands[0]);
    *in->result = *in->operands[0];
    return wrong;
}

/* The same for real or int32. */
static const char *infer_number(Inference *in)
{
    const char *wrong = expect_not_bool(in, 0);
    for (int i = 1; i < in->op->operand_count && !wrong; i++)
        wrong = infer_expect_type(in, i, in->operands[0]);
    *in->result = *in->operands[0];
    return wrong;
}

static const char *infer_comparison(Inference *in)
{
    const char *wrong = infer_number(in);
    in->result->element = IR_BOOL;
    return wrong;
}

static const char *infer_logic(Inference *in)
{
    const char *wrong = expect_element(in, 0, IR_BOOL);
    for (int i = 1; i < in->op->operand_count && !wrong; i++)
        wrong = infer_expect_type(in, i, in->operands[0]);
    *in->result = *in->operands[0];
    return wrong;
}

static const char *infer_select(Inference *in)
{
    *in->result = *in->operands[1];
    const char *wrong = expect_element(in, 0, IR_BOOL);
    if (!wrong)
        wrong = infer_expect_type(in, 2, in->operands[1]);
    if (!wrong && !ir_shape_equal(in->operands[0], in->operands[1]))
        wrong = arena_print(in->arena, "the condition is %s, the choices are %s",
                            infer_type_text(in->arena, in->operands[0]), infer_type_text(in->arena, in->operands[1]));
    return wrong;
}

static const char *infer_conversion(Inference *in, IrElement to)
{
    *in->result = *in->operands[0];
    in->result->element = to;
    if (in->operands[0]->element == to)
        return arena_print(in->arena, "the operand is %s already", ELEMENT_TEXT[to]);
    return NULL;
}

/* ---- structure -------------------------------------------------------------------------------------------------- */

static const char *infer_constant(Inference *in)
{
    *in->result = in->op->type;
    return in->op->data ? NULL : "a constant without data";
}

static const char *infer_broadcast(Inference *in)
{
    const IrType *from = in->operands[0];
    *in->result = in->op->type;
    in->result->element = from->element;
    if (in->op->axis_count != from->rank)
        return arena_print(in->arena, "%d axes named for an operand with %d", in->op->axis_count, from->rank);
    for (int i = 0; i < from->rank; i++) {
        int64_t axis = in->op->axes[i];
        if (axis < 0 || axis >= in->result->rank || (i > 0 && axis <= in->op->axes[i - 1]))
            return "the axes must rise and lie within the result";
        if (in->result->size[axis] != from->size[i])
            return arena_print(in->arena, "operand axis %d has size %lld, the result's axis %lld has %lld", i,
                               (long long)from->size[i], (long long)axis, (long long)in->result->size[axis]);
    }
    return NULL;
}

static const char *infer_reshape(Inference *in)
{
    *in->result = in->op->type;
    in->result->element = in->operands[0]->element;
    const char *wrong = check_shape(in->arena, in->result);
    if (wrong || ir_type_count(in->result) == ir_type_count(in->operands[0]))
        return wrong;
    return arena_print(in->arena, "%s cannot be reshaped to %s", infer_type_text(in->arena, in->operands[0]),
                       infer_type_text(in->arena, in->result));
}

static const char *infer_transpose(Inference *in)
{
    const IrType *from = in->operands[0];
    bool seen[IR_RANK_MAX] = {false};
    *in->result = *from;
    if (in->op->axis_count != from->rank)
        return arena_print(in->arena, "%d axes named for an operand with %d", in->op->axis_count, from->rank);
    for (int i = 0; i < from->rank; i++) {
        int64_t axis = in->op->axes[i];
        if (axis < 0 || axis >= from->rank || seen[axis])
            return "the axes are not a permutation";
        seen[axis] = true;
        in->result->size[i] = from->size[axis];
    }
    return NULL;
}

static const char *infer_slice(Inference *in)
{
    *in->result = *in->operands[0];
    const char *wrong = expect_axis(in);
    if (wrong)
        return wrong;
    int64_t size = in->operands[0]->size[in->op->axis];
    if (in->op->start < 0 || in->op->length < 1 || in->op->start > size || in->op->length > size - in->op->start)
        return arena_print(in->arena, "elements %lld to %lld of an axis of size %lld", (long long)in->op->start,
                           (long long)(in->op->start + in->op->length), (long long)size);
    in->result->size[in->op->axis] = in->op->length;
    return NULL;
}

static const char *infer_concat(Inference *in)
{
    *in->result = *in->operands[0];
    const char *wrong = expect_axis(in);
    if (wrong)
        return wrong;
    int64_t total = 0;
    for (int i = 0; i < in->op->operand_count; i++) {
        IrType expected = *in->operands[0];
        if (in->operands[i]->rank == expected.rank)
            expected.size[in->op->axis] = in->operands[i]->size[in->op->axis];
        wrong = infer_expect_type(in, i, &expected);
        if (wrong)
            return wrong;
        total += expected.size[in->op->axis];
    }
    in->result->size[in->op->axis] = total;
    return NULL;
}

static const char *check_table(const Inference *in, int64_t bound)
{
    if (in->op->table_count < 1 || !in->op->table)
        return "an empty index table";
    for (int64_t i = 0; i < in->op->table_count; i++)
        if (in->op->table[i] < 0 || in->op->table[i] >= bound)
            return arena_print(in->arena, "table entry %lld is %lld, expected 0 to %lld", (long long)i,
                               (long long)in->op->table[i], (long long)(bound - 1));
    return NULL;
}

static const char *infer_gather(Inference *in)
{
    *in->result = *in->operands[0];
    const char *wrong = expect_axis(in);
    if (wrong)
        return wrong;
    in->result->size[in->op->axis] = in->op->table_count;
    return check_table(in, in->operands[0]->size[in->op->axis]);
}

static const char *infer_scatter_add(Inference *in)
{
    *in->result = *in->operands[0];
    const char *wrong = expect_not_bool(in, 0);
    if (!wrong)
        wrong = expect_axis(in);
    if (wrong)
        return wrong;
    in->result->size[in->op->axis] = in->op->length;
    if (in->op->table_count != in->operands[0]->size[in->op->axis])
        return arena_print(in->arena, "%lld table entries for an axis of size %lld", (long long)in->op->table_count,
                           (long long)in->operands[0]->size[in->op->axis]);
    return check_table(in, in->op->length);
}

static const char *infer_take(Inference *in)
{
    const IrType *from = in->operands[0], *index = in->operands[1];
    const char *wrong = expect_element(in, 1, IR_INT);
    if (wrong)
        return wrong;
    if (from->rank < 1)
        return "operand 1 has no axis to take from";
    if (from->rank - 1 + index->rank > IR_RANK_MAX)
        return arena_print(in->arena, "a value has at most %d axes", IR_RANK_MAX);
    *in->result = *index;
    in->result->element = from->element;
    in->result->rank = index->rank + from->rank - 1;
    for (int i = 1; i < from->rank; i++)
        in->result->size[index->rank + i - 1] = from->size[i];
    return NULL;
}

static const char *infer_put(Inference *in)
{
    const IrType *from = in->operands[0], *index = in->operands[1];
    const char *wrong = expect_element(in, 1, IR_INT);
    if (!wrong)
        wrong = expect_not_bool(in, 0);
    if (wrong)
        return wrong;
    bool fits = from->rank >= index->rank && from->rank - index->rank + 1 <= IR_RANK_MAX;
    for (int i = 0; i < index->rank && fits; i++)
        fits = from->size[i] == index->size[i];
    if (!fits)
        return arena_print(in->arena, "values %s do not begin with the index's axes %s",
                           infer_type_text(in->arena, from), infer_type_text(in->arena, index));
    IrType result = {.element = from->element, .rank = from->rank - index->rank + 1};
    result.size[0] = in->op->length;
    for (int i = index->rank; i < from->rank; i++)
        result.size[i - index->rank + 1] = from->size[i];
    *in->result = result;
    return NULL;
}

/* ---- reduction, product, draws, batch --------------------------------------------------------------------------- */

static const char *infer_reduce(Inference *in)
{
    const IrType *from = in->operands[0];
    *in->result = *from;
    for (int i = 0; i < in->op->axis_count; i++) {
        int64_t axis = in->op->axes[i];
        if (axis < 0 || axis >= from->rank || (i > 0 && axis <= in->op->axes[i - 1]))
            return "the axes must rise and lie within the operand";
    }
    IrType result = {.element = from->element};
    for (int axis = 0, next = 0; axis < from->rank; axis++) {
        if (next < in->op->axis_count && in->op->axes[next] == axis)
            next++;
        else
            result.size[result.rank++] = from->size[axis];
    }
    *in->result = result;
    return expect_not_bool(in, 0);
}

static const char *infer_cumsum(Inference *in)
{
    *in->result = *in->operands[0];
    const char *wrong = expect_not_bool(in, 0);
    return wrong ? wrong : expect_axis(in);
}

static const char *infer_contract(Inference *in)
{
    IrLabels labels;
    const char *wrong = expect_element(in, 0, IR_REAL);
    if (!wrong)
        wrong = expect_element(in, 1, IR_REAL);
    if (!wrong)
        wrong = in->op->labels ? NULL : "no labels";
    if (!wrong)
        wrong = ir_labels_parse(in->op->labels, in->operands[0], in->operands[1], &labels);
    if (wrong)
        return wrong;
    IrType result = {.element = IR_REAL, .rank = (int)strlen(labels.result)};
    for (int i = 0; i < result.rank; i++)
        result.size[i] = labels.size[(unsigned char)labels.result[i]];
    *in->result = result;
    return in->op->operand_count > 2 ? infer_expect_type(in, 2, &result) : NULL;
}

static const char *infer_solve_triangular(Inference *in)
{
    const IrType *matrix = in->operands[0], *right = in->operands[1];
    *in->result = *right;
    const char *wrong = expect_element(in, 0, IR_REAL);
    if (!wrong)
        wrong = expect_element(in, 1, IR_REAL);
    if (wrong)
        return wrong;
    if (matrix->rank != 2 || matrix->size[0] != matrix->size[1])
        return arena_print(in->arena, "operand 1 is %s, expected a square matrix", infer_type_text(in->arena, matrix));
    if (right->rank < 1 || right->rank > 2 || right->size[0] != matrix->size[0])
        return arena_print(in->arena, "operand 2 is %s, expected %lld rows", infer_type_text(in->arena, right),
                           (long long)matrix->size[0]);
    return NULL;
}

static const char *infer_draw(Inference *in)
{
    const IrOp *op = in->op;
    *in->result = op->type;
    if (op->type.element != IR_REAL)
        return "draws are real";
    const char *wrong = check_shape(in->arena, &op->type);
    if (wrong)
        return wrong;
    /* the counter's last word is purpose << 20 | block, and a block holds four draws */
    int64_t last = (int64_t)op->block + (ir_type_count(&op->type) - 1) / 4;
    if (op->purpose >= 1u << 12 || last >= 1 << 20)
        return "purposes lie below 2^12, draw blocks below 2^20";
    if (op->operand_count == 0)
        return NULL;
    IrType index = ir_type_scalar(IR_INT, IR_KIND_SHARED);
    wrong = infer_expect_type(in, 0, &index);
    if (!wrong && in->operands[0]->kind == IR_KIND_SAMPLE)
        wrong = "operand 1 is per sample, expected one block for all";
    return wrong;
}

static const char *infer_collect(Inference *in)
{
    const IrType *from = in->operands[0];
    *in->result = *from;
    if (in->module->batch < 1)
        return "the module has no batch";
    if (from->rank + 1 > IR_RANK_MAX)
        return arena_print(in->arena, "a value has at most %d axes", IR_RANK_MAX);
    in->result->rank = from->rank + 1;
    in->result->size[0] = in->module->batch;
    for (int axis = 0; axis < from->rank; axis++)
        in->result->size[axis + 1] = from->size[axis];
    return NULL;
}

static const char *infer_distribute(Inference *in)
{
    const IrType *from = in->operands[0];
    if (in->module->batch < 1)
        return "the module has no batch";
    if (from->kind == IR_KIND_SAMPLE)
        return "operand 1 is per sample, expected a shared value";
    if (from->rank < 1 || from->size[0] != in->module->batch)
        return arena_print(in->arena, "operand 1 is %s, expected a first axis of size %lld, the batch's",
                           infer_type_text(in->arena, from), (long long)in->module->batch);
    IrType result = {.element = from->element, .rank = from->rank - 1};
    for (int axis = 1; axis < from->rank; axis++)
        result.size[axis - 1] = from->size[axis];
    *in->result = result;
    return NULL;
}

/* ---- kinds and the one entry ------------------------------------------------------------------------------------ */

/* The kind of a result: per-sample when an operand is, constant when all are, else shared. */
static IrKind infer_kind(const Inference *in)
{
    bool constant = true;
    for (int i = 0; i < in->op->operand_count; i++) {
        if (in->operands[i]->kind == IR_KIND_SAMPLE)
            return IR_KIND_SAMPLE;
        constant = constant && in->operands[i]->kind == IR_KIND_CONSTANT;
    }
    return constant ? IR_KIND_CONSTANT : IR_KIND_SHARED;
}

static const char *infer_shape(Inference *in)
{
    switch (in->op->code) {
    case IR_ABS:
    case IR_SIGN:
    case IR_FLOOR:
    case IR_EXP:
    case IR_LOG:
    case IR_SQRT:
    case IR_TANH:
    case IR_SIGMOID:
    case IR_SOFTPLUS:
    case IR_SIN:
    case IR_COS:
    case IR_TAN:
    case IR_ERF:
    case IR_DIV:
    case IR_POW:
    case IR_ATAN2:
    case IR_FMA:
        return infer_real(in);
    case IR_NEG:
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_MIN:
    case IR_MAX:
        return infer_number(in);
    case IR_LESS:
    case IR_LESS_EQUAL:
    case IR_EQUAL:
        return infer_comparison(in);
    case IR_AND:
    case IR_OR:
    case IR_NOT:
        return infer_logic(in);
    case IR_SELECT:
        return infer_select(in);
    case IR_TO_REAL:
        return infer_conversion(in, IR_REAL);
    case IR_TO_INT:
        return infer_conversion(in, IR_INT);
    case IR_STOP_GRADIENT:
        *in->result = *in->operands[0];
        return NULL;
    case IR_CONSTANT:
        return infer_constant(in);
    case IR_BROADCAST:
        return infer_broadcast(in);
    case IR_RESHAPE:
        return infer_reshape(in);
    case IR_TRANSPOSE:
        return infer_transpose(in);
    case IR_SLICE:
        return infer_slice(in);
    case IR_CONCAT:
        return infer_concat(in);
    case IR_GATHER:
        return infer_gather(in);
    case IR_SCATTER_ADD:
        return infer_scatter_add(in);
    case IR_TAKE:
        return infer_take(in);
    case IR_PUT:
        return infer_put(in);
    case IR_REDUCE_SUM:
    case IR_REDUCE_MAX:
        return infer_reduce(in);
    case IR_CUMSUM:
        return infer_cumsum(in);
    case IR_CONTRACT:
    case IR_BATCH_CONTRACT:
        return infer_contract(in);
    case IR_SOLVE_TRIANGULAR:
        return infer_solve_triangular(in);
    case IR_DRAW_NORMAL:
    case IR_DRAW_UNIFORM:
        return infer_draw(in);
    case IR_BATCH_SUM:
        *in->result = *in->operands[0];
        return expect_element(in, 0, IR_REAL);
    case IR_COLLECT:
        return infer_collect(in);
    case IR_DISTRIBUTE:
        return infer_distribute(in);
    case IR_CALL:
        return infer_call(in);
    case IR_SCAN:
        return infer_scan(in);
    case IR_OPCODE_COUNT:
        break;
    }
    return "no such op";
}

static void set_kind(const Inference *in)
{
    switch (ir_op_class(in->op->code)) {
    case IR_ELEMENTWISE:
    case IR_STRUCTURE:
    case IR_REDUCTION:
    case IR_PRODUCT:
        in->result->kind = infer_kind(in);
        break;
    case IR_DRAW:
        in->result->kind = IR_KIND_SAMPLE;
        break;
    case IR_BATCH:
        in->result->kind = in->op->code == IR_DISTRIBUTE ? IR_KIND_SAMPLE : IR_KIND_SHARED;
        break;
    case IR_PROGRAM: /* set with the shapes */
        break;
    }
}

static const char *check_operands(const IrFunction *function, const IrOp *op, const IrType **types)
{
    Arena *arena = function->module->arena;
    int least = 0, most = 0;
    ir_op_arity(op->code, &least, &most);
    if (op->operand_count < least || (most >= 0 && op->operand_count > most))
        return arena_print(arena, "%d operands, expected %s%d", op->operand_count, most != least ? "at least " : "",
                           least);
    if (op->axis_count < 0 || op->axis_count > IR_RANK_MAX)
        return arena_print(arena, "a value has at most %d axes", IR_RANK_MAX);
    for (int i = 0; i < op->operand_count; i++) {
        if (op->operands[i] < 0 || op->operands[i] >= function->value_count)
            return arena_print(arena, "operand %d is no value of the function", i + 1);
        types[i] = &function->values[op->operands[i]].type;
    }
    return NULL;
}

const char *ir_infer(IrFunction *function, const IrOp *op, IrType *results)
{
    Arena *arena = function->module->arena;
    if ((unsigned)op->code >= IR_OPCODE_COUNT)
        return "no such op";
    const IrType *small[8];
    const IrType **types = op->operand_count <= 8 ? small : ARENA_ARRAY(arena, const IrType *, op->operand_count);
    Inference in = {arena, function->module, op, types, results};
    const char *wrong = check_operands(function, op, types);
    if (!wrong)
        wrong = infer_shape(&in);
    if (wrong)
        return wrong;
    set_kind(&in);
    for (int i = 0; i < ir_result_count(op); i++) {
        for (int axis = results[i].rank; axis >= 0 && axis < IR_RANK_MAX; axis++)
            results[i].size[axis] = 0;
        wrong = check_shape(arena, &results[i]);
        if (wrong)
            return wrong;
    }
    return NULL;
}
