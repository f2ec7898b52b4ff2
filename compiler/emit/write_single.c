/* SPDX-License-Identifier: MIT */
/* Ops that get a piece of C of their own: draws, concatenation, scatter, run-time indices, running sums, and what
 * crosses the batch. They go element by element; with one sample at a time too. */
#include "compiler/emit/writer.h"

#include <string.h>

static int64_t count_of(const Writer *writer, IrId value)
{
    return ir_type_count(ir_type_of(writer->plan->function, value));
}

static bool is_sample(const Writer *writer, IrId value)
{
    return plan_is_sample(writer->plan, value);
}

static const char *own_address(Writer *writer, const IrOp *op, int k)
{
    return writer_address(writer, op->operands[k], is_sample(writer, op->operands[k]));
}

/* ---- elements -------------------------------------------------------------------------------- */

static const char *parenthesised(Writer *writer, const char *text)
{
    return strchr(text, ' ') != NULL || text[0] == '&' ? arena_print(writer->arena, "(%s)", text) : text;
}

const char *write_element(Writer *writer, const char *address, const char *index, bool tensor_sample, bool sample)
{
    if (tensor_sample)
        return arena_print(writer->arena, "load_row(%s + %s * BLOCK + s)", address, parenthesised(writer, index));
    const char *number = arena_print(writer->arena, "%s[%s]", parenthesised(writer, address), index);
    return sample ? arena_print(writer->arena, "lanes_splat(%s)", number) : number;
}

void write_store_element(Writer *writer, const char *address, const char *index, bool sample, const char *text)
{
    if (sample)
        writer_line(writer, "store_row(%s + %s * BLOCK + s, %s);", address, parenthesised(writer, index), text);
    else
        writer_line(writer, "%s[%s] = %s;", parenthesised(writer, address), index, text);
}

void write_open_samples(Writer *writer, bool sample)
{
    if (sample)
        writer_open(writer, "for (int s = 0; s < BLOCK; s += S_STEP)");
}

static void close_samples(Writer *writer, bool sample)
{
    if (sample)
        writer_close(writer);
}

static void open_index(Writer *writer, const char *name, int64_t count)
{
    writer_open(writer, "for (int %s = 0; %s < %lld; %s++)", name, name, (long long)count, name);
}

static void axis_extents(const IrType *type, int64_t axis, int64_t *before, int64_t *after)
{
    *before = *after = 1;
    for (int i = 0; i < type->rank; i++)
        *(i < axis ? before : after) *= i == axis ? 1 : type->size[i];
}

static const char *index3(Writer *writer, const int64_t strides[3], int64_t offset)
{
    static const char *const names[3] = {"i", "j", "k"};
    return writer_index(writer, 3, strides, names, offset);
}

/* ---- draws ----------------------------------------------------------------------------------- */

static const char *purpose_text(Writer *writer, uint32_t purpose)
{
    static const char *const names[] = {"RANDOM_INIT",
                                        "RANDOM_SHUFFLE",
                                        "RANDOM_TRAIN_NOISE",
                                        "RANDOM_SECOND_PLAYER",
                                        "RANDOM_PENALTY_INTERPOLATION",
                                        "RANDOM_SAMPLE",
                                        "RANDOM_EVALUATE",
                                        "RANDOM_DIVERGENCE_PROBE",
                                        "RANDOM_CHAIN_PROPOSAL",
                                        "RANDOM_CHAIN_ACCEPTANCE",
                                        "RANDOM_EXCHANGE",
                                        "RANDOM_RESAMPLE",
                                        "RANDOM_BOOTSTRAP",
                                        "RANDOM_DEQUANTISE"};
    if (purpose < sizeof names / sizeof *names)
        return names[purpose];
    return arena_print(writer->arena, "%u", (unsigned)purpose);
}

static void write_draw(Writer *writer, const IrOp *op)
{
    const char *draw = arena_print(writer->arena, "%u", (unsigned)op->block);
    if (op->operand_count > 0)
        draw = arena_print(writer->arena, "%uu + %uu * (uint32_t)%s", (unsigned)op->block, (unsigned)op->stride,
                           writer_scalar(writer, op->operands[0]));
    writer_line(writer, "block_draw_%s(block, %s, %s, %lld, %s);", op->code == IR_DRAW_NORMAL ? "normal" : "uniform",
                purpose_text(writer, op->purpose), draw, (long long)count_of(writer, op->results[0]),
                writer_result_address(writer, op->results[0]));
}

/* ---- structure ------------------------------------------------------------------------------- */

/* The elements of one part of a concatenation that go to `to`, rows apart. */
static void write_part(Writer *writer, IrId value, const char *to, bool sample, int64_t before, int64_t chunk,
                       int64_t row, int64_t start)
{
    const Plan *plan = writer->plan;
    double number;
    int64_t offset, outer, inner, to_strides[3] = {before > 1 ? row : 0, chunk > 1 ? 1 : 0, 0};
    Read read = plan_read(plan, value, is_sample(writer, value), writer->group);
    bool literal = plan_literal(plan, value, &number), tensor_sample = plan->places[read.slot].sample;
    bool affine = map_is_affine2(&read.map, before, chunk, &offset, &outer, &inner);
    if (!literal && affine && before == 1 && (inner == 1 || chunk == 1) && tensor_sample == sample && chunk > 1) {
        const char *target =
            start == 0 ? to
                       : arena_print(writer->arena, sample ? "%s + %lld * BLOCK" : "%s + %lld", to, (long long)start);
        writer_line(writer, sample ? "copy_reals(%s, %s, %lld * BLOCK);" : "copy_reals(%s, %s, %lld);", target,
                    writer_slot_address(writer, read.slot, offset), (long long)chunk);
        return;
    }
    if (before > 1)
        open_index(writer, "i", before);
    if (chunk > 1)
        open_index(writer, "j", chunk);
    write_open_samples(writer, sample);
    const char *from;
    if (literal) {
        from = writer_number(writer, number);
        from = sample ? arena_print(writer->arena, "lanes_splat(%s)", from) : from;
    } else if (plan->places[read.slot].kind == PLACE_VALUE || plan->places[read.slot].kind == PLACE_LOCAL) {
        from = writer_slot_name(writer, read.slot);
        from = sample ? arena_print(writer->arena, "lanes_splat(%s)", from) : from;
    } else {
        const char *index;
        int64_t strides[3] = {outer, inner, 0};
        if (affine)
            index = index3(writer, strides, offset);
        else
            index = arena_print(writer->arena, "%s[%s]",
                                writer_index_table(writer, map_numbers(writer->arena, &read.map), map_count(&read.map)),
                                index3(writer, (int64_t[3]){before > 1 ? chunk : 0, chunk > 1 ? 1 : 0, 0}, 0));
        from = write_element(writer, writer_slot_name(writer, read.slot), index, tensor_sample, sample);
    }
    write_store_element(writer, to, index3(writer, to_strides, start), sample, from);
    close_samples(writer, sample);
    if (chunk > 1)
        writer_close(writer);
    if (before > 1)
        writer_close(writer);
}

static void write_concat(Writer *writer, const IrOp *op, bool sample)
{
    const IrType *result = ir_type_of(writer->plan->function, op->results[0]);
    int64_t before, after, start = 0;
    axis_extents(result, op->axis, &before, &after);
    int64_t row = result->size[op->axis] * after;
    const char *to = writer_result_address(writer, op->results[0]);
    for (int k = 0; k < op->operand_count; k++) {
        int64_t chunk = count_of(writer, op->operands[k]) / before;
        write_part(writer, op->operands[k], to, sample, before, chunk, row, start);
        start += chunk;
    }
}

static void write_zeros(Writer *writer, const char *to, int64_t count, bool sample)
{
    open_index(writer, "i", count);
    write_open_samples(writer, sample);
    write_store_element(writer, to, "i", sample, sample ? "lanes_splat(REAL(0.0))" : "REAL(0.0)");
    close_samples(writer, sample);
    writer_close(writer);
}

static void write_scatter_add(Writer *writer, const IrOp *op, bool sample)
{
    const IrType *operand = ir_type_of(writer->plan->function, op->operands[0]);
    int64_t before, after;
    axis_extents(operand, op->axis, &before, &after);
    const char *from = own_address(writer, op, 0), *to = writer_result_address(writer, op->results[0]);
    const char *table = writer_index_table(writer, op->table, op->table_count);
    write_zeros(writer, to, before * op->length * after, sample);
    open_index(writer, "i", before);
    open_index(writer, "j", op->table_count);
    open_index(writer, "k", after);
    writer_line(writer, "const int target = (%lld * i + %s[j]) * %lld + k;", (long long)op->length, table,
                (long long)after);
    const char *source = index3(writer, (int64_t[3]){op->table_count * after, after, 1}, 0);
    write_open_samples(writer, sample);
    write_store_element(writer, to, "target", sample,
                        arena_print(writer->arena, "%s + %s", write_element(writer, to, "target", sample, sample),
                                    write_element(writer, from, source, sample, sample)));
    close_samples(writer, sample);
    writer_close(writer);
    writer_close(writer);
    writer_close(writer);
}

/* take: row index[i] of x; put: its adjoint. One sample after another, since each has an index of its own. */
static void write_take(Writer *writer, const IrOp *op, bool sample)
{
    bool take = op->code == IR_TAKE, x_sample = is_sample(writer, op->operands[0]),
         index_sample = is_sample(writer, op->operands[1]);
    const IrType *table = ir_type_of(writer->plan->function, take ? op->operands[0] : op->results[0]);
    int64_t indices = count_of(writer, op->operands[1]), rest = ir_type_count(table) / table->size[0];
    const char *x = parenthesised(writer, own_address(writer, op, 0)), *index;
    const char *to = parenthesised(writer, writer_result_address(writer, op->results[0]));
    if (ir_type_of(writer->plan->function, op->operands[1])->rank == 0 && !index_sample)
        index = writer_scalar(writer, op->operands[1]);
    else
        index = arena_print(writer->arena, index_sample ? "%s[i * BLOCK + s]" : "%s[i]",
                            parenthesised(writer, own_address(writer, op, 1)));
    if (!take)
        write_zeros(writer, writer_result_address(writer, op->results[0]), ir_type_count(table), sample);
    if (sample)
        writer_open(writer, "for (int s = 0; s < BLOCK; s++)");
    open_index(writer, "i", indices);
    writer_line(writer, "const int row = index_within(%s, %lld);", index, (long long)table->size[0]);
    open_index(writer, "j", rest);
    const char *here = index3(writer, (int64_t[3]){rest, 1, 0}, 0);
    const char *there = arena_print(writer->arena, rest == 1 ? "row + j" : "row * %lld + j", (long long)rest);
    const char *result_lane = sample ? " * BLOCK + s" : "", *x_lane = x_sample ? " * BLOCK + s" : "";
    writer_line(writer, "%s[(%s)%s] %s %s[(%s)%s];", to, take ? here : there, result_lane, take ? "=" : "+=", x,
                take ? there : here, x_lane);
    writer_close(writer);
    writer_close(writer);
    if (sample)
        writer_close(writer);
}

static void write_cumsum(Writer *writer, const IrOp *op, bool sample)
{
    const IrType *type = ir_type_of(writer->plan->function, op->operands[0]);
    int64_t before, after, size = type->size[op->axis];
    axis_extents(type, op->axis, &before, &after);
    const char *from = own_address(writer, op, 0), *to = writer_result_address(writer, op->results[0]);
    const char *zero = sample ? "lanes_splat(REAL(0.0))" : "REAL(0.0)", *vector = sample ? "lanes" : "real";
    open_index(writer, "i", before);
    open_index(writer, "k", after);
    write_open_samples(writer, sample);
    writer_line(writer, "%s sum = %s;", vector, zero);
    if (op->reversed)
        writer_open(writer, "for (int j = %lld; j >= 0; j--)", (long long)size - 1);
    else
        open_index(writer, "j", size);
    const char *index = index3(writer, (int64_t[3]){size * after, after, 1}, 0);
    writer_line(writer, "const %s term = %s;", vector, write_element(writer, from, index, sample, sample));
    if (op->exclusive)
        write_store_element(writer, to, index, sample, "sum");
    writer_line(writer, "sum = sum + term;");
    if (!op->exclusive)
        write_store_element(writer, to, index, sample, "sum");
    writer_close(writer);
    close_samples(writer, sample);
    writer_close(writer);
    writer_close(writer);
}

/* ---- across the batch ------------------------------------------------------------------------ */

/* A block's part of a sum: in double where only sums follow. */
static void write_batch_sum(Writer *writer, const IrOp *op)
{
    const Plan *plan = writer->plan;
    IrId result = op->results[0];
    const char *from = writer_address(writer, op->operands[0], true);
    bool number = ir_type_of(plan->function, result)->rank == 0;
    if (!number) {
        writer_line(writer, "sum_samples(%s, %lld, block->count, %s, %s);", from, (long long)count_of(writer, result),
                    plan_adds(plan, result) ? "block->adds" : "0", writer_result_address(writer, result));
        return;
    }
    const char *sum = arena_print(writer->arena, "sum_samples_double(%s, block->count)", from);
    bool in_double = plan->entry ? plan->doubles[result] : plan->phases->doubles[result];
    if (plan->places[result].kind == PLACE_LOCAL) {
        writer_line(writer, "const real %s = (real)%s;", writer_slot_name(writer, result), sum);
        writer->defined[result] = true;
    } else {
        const char *to = parenthesised(writer, writer_result_address(writer, result));
        if (in_double)
            writer_line(writer, "%s[0] = %s;", to, sum);
        else if (plan_adds(plan, result))
            writer_line(writer, "%s[0] = block->adds ? %s[0] + (real)%s : (real)%s;", to, to, sum, sum);
        else
            writer_line(writer, "%s[0] = (real)%s;", to, sum);
    }
}

static void write_collect(Writer *writer, const IrOp *op)
{
    const char *from = writer_address(writer, op->operands[0], true),
               *to = writer_slot_address(writer, op->results[0], 0);
    writer_line(writer, "rows_from_block(block, %s, %lld, %s);", from, (long long)count_of(writer, op->operands[0]),
                to);
}

static void write_distribute(Writer *writer, const IrOp *op)
{
    const char *from = writer_address(writer, op->operands[0], false),
               *to = writer_result_address(writer, op->results[0]);
    writer_line(writer, "block_from_rows(block, %s, %lld, %s);", from, (long long)count_of(writer, op->results[0]), to);
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
    case IR_BATCH_SUM:
        write_batch_sum(writer, op);
        break;
    case IR_COLLECT:
        write_collect(writer, op);
        break;
    case IR_DISTRIBUTE:
        write_distribute(writer, op);
        break;
    case IR_CALL:
        write_call(writer, op);
        break;
    case IR_SCAN:
        write_scan(writer, op, group);
        break;
    default:
        write_product(writer, op, group);
        break;
    }
}
