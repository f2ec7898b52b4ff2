/* SPDX-License-Identifier: MIT */
/* Ops that get a piece of C of their own: draws, concatenation, scatter, run-time indices, running sums, triangular
 * systems, contractions of an unusual shape, and everything that crosses the batch. */
#include "compiler/emit/writer.h"

#include "compiler/emit/views.h"

#include <string.h>

static int64_t count_of(const Writer *writer, IrId value)
{
    return ir_type_count(ir_type_of(writer->plan->function, value));
}

static const char *operand_address(Writer *writer, const IrOp *op, int k, bool want_sample)
{
    return writer_address(writer, op->operands[k], want_sample, 0);
}

static const char *result_address(Writer *writer, const IrOp *op)
{
    return writer_place_address(writer, &writer->plan->places[op->results[0]], op->results[0], 0);
}

/* Where a block puts its part of a sum over the batch. */
const char *writer_sum_address(Writer *writer, IrId value)
{
    const Plan *plan = writer->plan;
    const char *area = plan->doubles[value] ? "double_sums" : "sums";
    if (plan->partials[value] == 0)
        return area;
    return arena_print(writer->arena, "%s + %lld", area, (long long)plan->partials[value]);
}

static void write_draw(Writer *writer, const IrOp *op)
{
    const char *kind = op->code == IR_DRAW_NORMAL ? "normal" : "uniform";
    const char *block = arena_print(writer->arena, "%uu", op->block);
    if (op->operand_count > 0)
        block = arena_print(writer->arena, "%uu + %uu * (uint32_t)%s[0]", op->block, op->stride,
                            operand_address(writer, op, 0, false));
    writer_line(writer, "random_%s_rows(&(RandomStream){block->stream.seed, block->stream.first_sample, "
                        "block->stream.step, %uu}, %s, %lld, %s);",
                kind, op->purpose, block, (long long)count_of(writer, op->results[0]), result_address(writer, op));
}

/* Element `row` of a per-sample or shared tensor, as lanes or as a number. */
static const char *element_text(Writer *writer, const char *address, const char *index, bool tensor_sample, bool sample)
{
    const char *base = strchr(address, ' ') != NULL ? arena_print(writer->arena, "(%s)", address) : address;
    if (!sample)
        return arena_print(writer->arena, "%s[%s]", base, index);
    if (tensor_sample)
        return arena_print(writer->arena, "load_row(%s + (%s) * BLOCK + s)", base, index);
    return arena_print(writer->arena, "lanes_splat(%s[%s])", base, index);
}

static void store_element(Writer *writer, const char *address, const char *index, bool sample, const char *text)
{
    const char *base = strchr(address, ' ') != NULL ? arena_print(writer->arena, "(%s)", address) : address;
    if (sample)
        writer_line(writer, "store_row(%s + (%s) * BLOCK + s, %s);", base, index, text);
    else
        writer_line(writer, "%s[%s] = %s;", base, index, text);
}

static void open_samples(Writer *writer, bool sample)
{
    writer_line(writer, sample ? "for (int s = 0; s < BLOCK; s += S_STEP) {" : "{");
    writer->indent++;
}

static void close_brace(Writer *writer)
{
    writer->indent--;
    writer_line(writer, "}");
}

static void open_loop(Writer *writer, const char *name, int64_t count)
{
    writer_line(writer, "for (int %s = 0; %s < %lld; %s++) {", name, name, (long long)count, name);
    writer->indent++;
}

static void axis_extents(const IrType *type, int64_t axis, int64_t *before, int64_t *after)
{
    *before = *after = 1;
    for (int i = 0; i < type->rank; i++) {
        if (i < axis)
            *before *= type->size[i];
        else if (i > axis)
            *after *= type->size[i];
    }
}

/* One part of a concatenation: its elements through its view, one after another. */
static void write_concat(Writer *writer, const IrOp *op, bool sample)
{
    const IrFunction *function = writer->plan->function;
    const IrType *result = ir_type_of(function, op->results[0]);
    int64_t before, after, start = 0;
    axis_extents(result, op->axis, &before, &after);
    int64_t row = result->size[op->axis] * after;
    const char *to = result_address(writer, op);
    open_samples(writer, sample);
    for (int k = 0; k < op->operand_count; k++) {
        IrId value = op->operands[k];
        const View *view = &writer->plan->views[value];
        int64_t chunk = before > 0 ? count_of(writer, value) / before : 0, offset, outer, inner;
        if (chunk == 0)
            continue;
        double number;
        const char *from;
        open_loop(writer, "i", before);
        open_loop(writer, "j", chunk);
        if (plan_literal(writer->plan, value, &number)) {
            from = writer_number(writer, number);
            from = sample ? arena_print(writer->arena, "lanes_splat(%s)", from) : from;
        } else {
            const Place *place = &writer->plan->places[view->root];
            const char *index;
            if (map_is_affine2(view->map, before, chunk, &offset, &outer, &inner))
                index = arena_print(writer->arena, "%lld + %lld * i + %lld * j", (long long)offset, (long long)outer,
                                    (long long)inner);
            else
                index = arena_print(writer->arena, "%s[%lld * i + j]",
                                    writer_index_table(writer, view->map, before * chunk), (long long)chunk);
            from = element_text(writer, writer_place_address(writer, place, view->root, 0), index, place->sample, sample);
        }
        store_element(writer, to, arena_print(writer->arena, "%lld * i + j + %lld", (long long)row, (long long)start),
                      sample, from);
        close_brace(writer);
        close_brace(writer);
        start += chunk;
    }
    close_brace(writer);
}

static void write_scatter_add(Writer *writer, const IrOp *op, bool sample)
{
    const IrType *operand = ir_type_of(writer->plan->function, op->operands[0]);
    int64_t before, after;
    axis_extents(operand, op->axis, &before, &after);
    const char *from = operand_address(writer, op, 0, sample), *to = result_address(writer, op);
    const char *table = writer_index_table(writer, op->table, op->table_count);
    open_samples(writer, sample);
    open_loop(writer, "i", before * op->length * after);
    store_element(writer, to, "i", sample, sample ? "lanes_splat(REAL(0.0))" : "REAL(0.0)");
    close_brace(writer);
    open_loop(writer, "i", before);
    open_loop(writer, "j", op->table_count);
    open_loop(writer, "k", after);
    const char *index = arena_print(writer->arena, "(i * %lld + %s[j]) * %lld + k", (long long)op->length, table,
                                    (long long)after);
    const char *source = arena_print(writer->arena, "(i * %lld + j) * %lld + k", (long long)op->table_count,
                                     (long long)after);
    store_element(writer, to, index, sample,
                  arena_print(writer->arena, "%s + %s", element_text(writer, to, index, sample, sample),
                              element_text(writer, from, source, sample, sample)));
    close_brace(writer);
    close_brace(writer);
    close_brace(writer);
    close_brace(writer);
}

/* take: row index[i] of x; put: its adjoint. One sample after another, since each has an index of its own. */
static void write_take(Writer *writer, const IrOp *op, bool sample)
{
    const IrFunction *function = writer->plan->function;
    bool take = op->code == IR_TAKE;
    int64_t indices = count_of(writer, op->operands[1]);
    const IrType *table = ir_type_of(function, take ? op->operands[0] : op->results[0]);
    int64_t rest = table->size[0] > 0 ? ir_type_count(table) / table->size[0] : 0;
    const char *x = operand_address(writer, op, 0, sample), *index = operand_address(writer, op, 1, sample);
    const char *to = result_address(writer, op);
    const char *lane = sample ? " * BLOCK + s" : "";
    writer_line(writer, sample ? "for (int s = 0; s < BLOCK; s++) {" : "{");
    writer->indent++;
    if (!take) {
        open_loop(writer, "i", ir_type_count(table));
        writer_line(writer, "(%s)[i%s] = REAL(0.0);", to, lane);
        close_brace(writer);
    }
    open_loop(writer, "i", indices);
    writer_line(writer, "const int row = index_within((%s)[i%s], %lld);", index, lane, (long long)table->size[0]);
    open_loop(writer, "j", rest);
    const char *here = arena_print(writer->arena, "(i * %lld + j)%s", (long long)rest, lane);
    const char *there = arena_print(writer->arena, "(row * %lld + j)%s", (long long)rest, lane);
    if (take)
        writer_line(writer, "(%s)[%s] = (%s)[%s];", to, here, x, there);
    else
        writer_line(writer, "(%s)[%s] += (%s)[%s];", to, there, x, here);
    close_brace(writer);
    close_brace(writer);
    close_brace(writer);
}

static void write_cumsum(Writer *writer, const IrOp *op, bool sample)
{
    const IrType *type = ir_type_of(writer->plan->function, op->operands[0]);
    int64_t before, after;
    axis_extents(type, op->axis, &before, &after);
    const char *from = operand_address(writer, op, 0, sample), *to = result_address(writer, op);
    const char *zero = sample ? "lanes_splat(REAL(0.0))" : "REAL(0.0)", *vector = sample ? "lanes" : "real";
    open_samples(writer, sample);
    open_loop(writer, "i", before);
    open_loop(writer, "k", after);
    writer_line(writer, "%s sum = %s;", vector, zero);
    open_loop(writer, "j", type->size[op->axis]);
    const char *place = op->reversed ? arena_print(writer->arena, "%lld - j", (long long)type->size[op->axis] - 1) : "j";
    const char *index = arena_print(writer->arena, "(i * %lld + %s) * %lld + k", (long long)type->size[op->axis], place,
                                    (long long)after);
    writer_line(writer, "const %s term = %s;", vector, element_text(writer, from, index, sample, sample));
    if (op->exclusive)
        store_element(writer, to, index, sample, "sum");
    writer_line(writer, "sum = sum + term;");
    if (!op->exclusive)
        store_element(writer, to, index, sample, "sum");
    for (int i = 0; i < 4; i++)
        close_brace(writer);
}

/* Forward or backward substitution, term by term: y_i = (b_i - sum_j L_ij y_j) / L_ii. */
static void write_solve(Writer *writer, const IrOp *op, bool sample)
{
    const IrType *right = ir_type_of(writer->plan->function, op->operands[1]);
    int64_t n = right->size[0], columns = ir_type_count(right) / (n > 0 ? n : 1);
    const char *matrix = operand_address(writer, op, 0, sample), *from = operand_address(writer, op, 1, sample);
    const char *to = result_address(writer, op), *vector = sample ? "lanes" : "real";
    bool upwards = op->lower != op->transposed;
    const char *entry = arena_print(writer->arena, op->transposed ? "j * %lld + i" : "i * %lld + j", (long long)n);
    open_samples(writer, sample);
    open_loop(writer, "k", columns);
    open_loop(writer, "r", n);
    writer_line(writer, upwards ? "const int i = r;" : "const int i = %lld - r;", (long long)n - 1);
    const char *row = arena_print(writer->arena, "i * %lld + k", (long long)columns);
    writer_line(writer, "%s sum = %s;", vector, element_text(writer, from, row, sample, sample));
    writer_line(writer, upwards ? "for (int j = 0; j < i; j++)" : "for (int j = i + 1; j < %lld; j++)", (long long)n);
    writer_line(writer, "    sum = %s_fma(-%s, %s, sum);", sample ? "lanes" : "real",
                element_text(writer, matrix, entry, sample, sample),
                element_text(writer, to, arena_print(writer->arena, "j * %lld + k", (long long)columns), sample, sample));
    const char *diagonal = element_text(writer, matrix, arena_print(writer->arena, "i * %lld", (long long)n + 1), sample, sample);
    store_element(writer, to, row, sample, op->unit ? "sum" : arena_print(writer->arena, "sum / %s", diagonal));
    close_brace(writer);
    close_brace(writer);
    close_brace(writer);
}

/* ---- contractions of any shape: one loop for each letter ---------------------------------------------------------------- */

static const char *letters_index(Writer *writer, const char *letters, const IrLabels *labels)
{
    if (letters[0] == '\0')
        return "0";
    Text text = text_start(writer->arena);
    for (size_t i = 0; letters[i] != '\0'; i++) {
        int64_t stride = 1;
        for (size_t j = i + 1; letters[j] != '\0'; j++)
            stride *= labels->size[(unsigned char)letters[j]];
        text_print(&text, "%s%lld * n%c", i > 0 ? " + " : "", (long long)stride, letters[i]);
    }
    return text.bytes;
}

static void open_letters(Writer *writer, const char *letters, const IrLabels *labels)
{
    for (; *letters != '\0'; letters++)
        open_loop(writer, arena_print(writer->arena, "n%c", *letters), labels->size[(unsigned char)*letters]);
}

static void write_contract(Writer *writer, const IrOp *op, bool sample)
{
    const IrFunction *function = writer->plan->function;
    IrLabels labels;
    ir_labels_parse(op->labels, ir_type_of(function, op->operands[0]), ir_type_of(function, op->operands[1]), &labels);
    bool sums_batch = op->code == IR_BATCH_CONTRACT;
    bool samples[3];
    for (int k = 0; k < op->operand_count; k++)
        samples[k] = sums_batch || plan_is_sample(writer->plan, op->operands[k]);
    const char *a = operand_address(writer, op, 0, samples[0]), *b = operand_address(writer, op, 1, samples[1]);
    const char *index = letters_index(writer, labels.result, &labels);
    const char *domain = sample ? "lanes" : "real", *zero = sample ? "lanes_splat(REAL(0.0))" : "REAL(0.0)";
    open_letters(writer, labels.result, &labels);
    if (sums_batch)
        writer_line(writer, "real products[BLOCK];");
    open_samples(writer, sample);
    const char *start = zero;
    if (op->operand_count == 3)
        start = element_text(writer, operand_address(writer, op, 2, samples[2]), index, samples[2], sample);
    writer_line(writer, "%s sum = %s;", domain, start);
    open_letters(writer, labels.summed, &labels);
    writer_line(writer, "sum = %s_fma(%s, %s, sum);", domain,
                element_text(writer, a, letters_index(writer, labels.a, &labels), samples[0], sample),
                element_text(writer, b, letters_index(writer, labels.b, &labels), samples[1], sample));
    for (size_t i = 0; i < strlen(labels.summed); i++)
        close_brace(writer);
    if (sums_batch)
        writer_line(writer, "store_row(products + s, sum);");
    else
        store_element(writer, result_address(writer, op), index, sample, "sum");
    close_brace(writer);
    if (sums_batch)
        writer_line(writer, "sum_samples_rows(products, 1, block->count, (%s) + %s);",
                    writer_sum_address(writer, op->results[0]), index);
    for (size_t i = 0; i < strlen(labels.result); i++)
        close_brace(writer);
}

/* ---- across the batch ------------------------------------------------------------------------------------------------ */

static void write_batch_contract(Writer *writer, const IrOp *op, const Group *group)
{
    const IrFunction *function = writer->plan->function;
    const IrType *a = ir_type_of(function, op->operands[0]), *b = ir_type_of(function, op->operands[1]);
    if (a->rank != 1 || b->rank != 1 || strlen(op->labels) != 6 || op->labels[0] != op->labels[4] ||
        op->labels[2] != op->labels[5] || op->labels[0] == op->labels[2]) {
        write_contract(writer, op, true);
        return;
    }
    writer_line(writer, "{");
    writer->indent++;
    writer_line(writer, "real *const transposed = workspace + FRAME(%lld, %lld);", (long long)group->scratch.offset,
                (long long)group->scratch.offset_single);
    writer_line(writer, "transpose_block(%s, %lld, transposed);", operand_address(writer, op, 1, true), (long long)b->size[0]);
    writer_line(writer, "contract_samples(%s, %lld, transposed, %lld, block->count, %s);", operand_address(writer, op, 0, true),
                (long long)a->size[0], (long long)b->size[0], writer_sum_address(writer, op->results[0]));
    close_brace(writer);
}

static void write_batch_sum(Writer *writer, const IrOp *op)
{
    const char *from = operand_address(writer, op, 0, true), *to = writer_sum_address(writer, op->results[0]);
    if (writer->plan->doubles[op->results[0]])
        writer_line(writer, "*(%s) = sum_samples_double(%s, block->count);", to, from);
    else
        writer_line(writer, "sum_samples_rows(%s, %lld, block->count, %s);", from,
                    (long long)count_of(writer, op->operands[0]), to);
}

static void write_collect(Writer *writer, const IrOp *op)
{
    bool collect = op->code == IR_COLLECT;
    const char *from = operand_address(writer, op, 0, collect), *to = result_address(writer, op);
    int64_t count = count_of(writer, collect ? op->operands[0] : op->results[0]);
    writer_line(writer, "for (int s = 0; s < %s; s++) {", collect ? "block->count" : "BLOCK");
    writer->indent++;
    if (!collect)
        writer_line(writer, "const int source = s < block->count ? s : 0;");
    open_loop(writer, "i", count);
    const char *batch = arena_print(writer->arena, "(block->first + %s) * %lld + i", collect ? "s" : "source", (long long)count);
    if (collect)
        writer_line(writer, "(%s)[%s] = (%s)[i * BLOCK + s];", to, batch, from);
    else
        writer_line(writer, "(%s)[i * BLOCK + s] = (%s)[%s];", to, from, batch);
    close_brace(writer);
    close_brace(writer);
}

void write_single_group(Writer *writer, const Group *group)
{
    const IrOp *op = &writer->plan->function->ops[group->ops[0]];
    switch (op->code) {
    case IR_DRAW_NORMAL:
    case IR_DRAW_UNIFORM:
        write_draw(writer, op);
        break;
    case IR_CONCAT:
        write_concat(writer, op, group->sample);
        break;
    case IR_SCATTER_ADD:
        write_scatter_add(writer, op, group->sample);
        break;
    case IR_TAKE:
    case IR_PUT:
        write_take(writer, op, group->sample);
        break;
    case IR_CUMSUM:
        write_cumsum(writer, op, group->sample);
        break;
    case IR_SOLVE_TRIANGULAR:
        write_solve(writer, op, group->sample);
        break;
    case IR_CONTRACT:
        write_contract(writer, op, group->sample);
        break;
    case IR_BATCH_CONTRACT:
        write_batch_contract(writer, op, group);
        break;
    case IR_BATCH_SUM:
        write_batch_sum(writer, op);
        break;
    case IR_COLLECT:
    case IR_DISTRIBUTE:
        write_collect(writer, op);
        break;
    case IR_CALL:
        write_call(writer, op, group);
        break;
    case IR_SCAN:
        write_scan(writer, op, group);
        break;
    default:
        writer_line(writer, "#error \"no C for op %s\"", ir_op_text(op->code));
        break;
    }
}
