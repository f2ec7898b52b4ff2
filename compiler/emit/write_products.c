/* SPDX-License-Identifier: MIT */
/* Contractions of any shape, triangular systems, and sums of products over the batch. */
#include "compiler/emit/writer.h"

#include <string.h>

static bool is_sample(const Writer *writer, IrId value)
{
    return plan_is_sample(writer->plan, value);
}

static void open_index(Writer *writer, const char *name, int64_t count)
{
    writer_open(writer, "for (int %s = 0; %s < %lld; %s++)", name, name, (long long)count, name);
}

/* ---- loops over letters ---------------------------------------------------------------------- */

/* "na": the loop variable of a label. */
static const char *letter_name(Writer *writer, char letter)
{
    return arena_print(writer->arena, "n%c", letter);
}

/* An operand's element at the letters' values, through its strides. */
static const char *operand_element(Writer *writer, IrId value, const char *letters, bool want_sample, bool sample)
{
    Read read = plan_read(writer->plan, value, want_sample, writer->group);
    const char *names[IR_RANK_MAX];
    int count = (int)strlen(letters);
    for (int i = 0; i < count; i++)
        names[i] = letter_name(writer, letters[i]);
    const Place *place = &writer->plan->places[read.slot];
    if (place->kind == PLACE_VALUE || place->kind == PLACE_LOCAL) {
        const char *number = writer_slot_name(writer, read.slot);
        return sample ? arena_print(writer->arena, "lanes_splat(%s)", number) : number;
    }
    const char *index = writer_index(writer, count, read.map.stride, names, read.map.offset);
    return write_element(writer, writer_slot_name(writer, read.slot), index, place->sample, sample);
}

static void open_letters(Writer *writer, const char *letters, const IrLabels *labels)
{
    for (; *letters != '\0'; letters++)
        open_index(writer, letter_name(writer, *letters), labels->size[(unsigned char)*letters]);
}

static void close_letters(Writer *writer, const char *letters)
{
    for (; *letters != '\0'; letters++)
        writer_close(writer);
}

static const char *result_index(Writer *writer, const IrLabels *labels)
{
    int64_t strides[IR_RANK_MAX], step = 1;
    const char *names[IR_RANK_MAX];
    int count = (int)strlen(labels->result);
    for (int i = count - 1; i >= 0; i--) {
        strides[i] = step;
        step *= labels->size[(unsigned char)labels->result[i]];
        names[i] = letter_name(writer, labels->result[i]);
    }
    return writer_index(writer, count, strides, names, 0);
}

/* A block's part of a sum, stored or added to what is there. */
static void write_part(Writer *writer, IrId value, const char *index, const char *sum)
{
    const char *to = arena_print(writer->arena, "(%s)[%s]", writer_result_address(writer, value), index);
    if (!plan_adds(writer->plan, value)) {
        writer_line(writer, "%s = %s;", to, sum);
        return;
    }
    writer_line(writer, "const real part = %s;", sum);
    writer_line(writer, "%s = block->adds ? %s + part : part;", to, to);
}

/* One sum after another: start + sum a b. BATCH_CONTRACT: each block's sum over its samples. */
static void write_contract(Writer *writer, const IrOp *op, const IrLabels *labels, bool sample)
{
    bool over_batch = op->code == IR_BATCH_CONTRACT;
    const char *domain = sample ? "lanes" : "real", *index = result_index(writer, labels);
    bool bare = labels->result[0] == '\0'; /* no loop that gives the variables a scope */
    if (bare) {
        writer_line(writer, "{");
        writer->indent++;
    }
    open_letters(writer, labels->result, labels);
    if (over_batch)
        writer_line(writer, "real products[BLOCK];");
    write_open_samples(writer, sample);
    const char *start = sample ? "lanes_splat(REAL(0.0))" : "REAL(0.0)";
    double number;
    if (op->operand_count == 3 && plan_literal(writer->plan, op->operands[2], &number) &&
        !plan_has_copy(writer->plan, op->operands[2], writer->group))
        start = arena_print(writer->arena, sample ? "lanes_splat(%s)" : "%s", writer_number(writer, number));
    else if (op->operand_count == 3)
        start = operand_element(writer, op->operands[2], labels->result, is_sample(writer, op->operands[2]), sample);
    writer_line(writer, "%s sum = %s;", domain, start);
    open_letters(writer, labels->summed, labels);
    writer_line(
        writer, "sum = %s_fma(%s, %s, sum);", domain,
        operand_element(writer, op->operands[0], labels->a, over_batch || is_sample(writer, op->operands[0]), sample),
        operand_element(writer, op->operands[1], labels->b, over_batch || is_sample(writer, op->operands[1]), sample));
    close_letters(writer, labels->summed);
    if (over_batch)
        writer_line(writer, "lanes_store(products + s, sum);");
    else
        write_store_element(writer, writer_result_address(writer, op->results[0]), index, sample, "sum");
    if (sample)
        writer_close(writer);
    if (over_batch)
        write_part(writer, op->results[0], index, "sum_samples_row(products, block->count)");
    close_letters(writer, labels->result);
    if (bare)
        writer_close(writer);
}

/* ---- gradients of weights -------------------------------------------------------------------- */

/* What is done by the shape's constants. */
static const char *sample_sum_body(Writer *writer, const SampleSum *sum)
{
    const int columns = sum->columns;
    if (sum->few_rows)
        return arena_print(writer->arena, "    contract_few_rows(shape, a, x, %lld, count, adds, result);\n",
                           (long long)sum->stride[columns]);
    const char *transpose =
        sum->positions == 1
            ? arena_print(writer->arena, "    transpose_samples(x, %lld, %lld, transposed);\n",
                          (long long)sum->extent[columns], (long long)sum->stride[columns])
            : arena_print(writer->arena,
                          "    for (int p = 0; p < %lld; p++)\n        transpose_samples(x + p * %lld * BLOCK, %lld, "
                          "%lld, transposed + p * %lld * BLOCK);\n",
                          (long long)sum->positions, (long long)sum->position_stride[columns],
                          (long long)sum->extent[columns], (long long)sum->stride[columns],
                          (long long)sum->padded_columns);
    return arena_print(writer->arena, "%s    contract_samples(shape, a, transposed, count, adds, result);\n",
                       transpose);
}

/* The kernel of one shape, written once. */
static const char *sample_sum_kernel(Writer *writer, const SampleSum *sum)
{
    SharedParts *parts = writer->parts;
    const int columns = sum->columns, rows = 1 - columns;
    const char *shape = arena_print(
        writer->arena,
        "    const SampleProduct shape = {.rows = %lld, .row_stride = %lld, .columns = %lld, .positions = %lld,\n"
        "                                 .position_stride = %lld, .result_row_stride = %lld,\n"
        "                                 .result_column_stride = %lld};\n",
        (long long)sum->extent[rows], (long long)sum->stride[rows], (long long)sum->extent[columns],
        (long long)sum->positions, (long long)sum->position_stride[rows], (long long)sum->result_stride[rows],
        (long long)sum->result_stride[columns]);
    const char *body = sample_sum_body(writer, sum);
    const char *key = arena_print(writer->arena, "sum %s%s", shape, body), *name = shared_parts_find(parts, key);
    if (name != NULL)
        return name;
    const char *base =
        arena_print(writer->arena, "sum_%lldx%lld", (long long)sum->extent[rows], (long long)sum->extent[columns]);
    name = shared_parts_name(parts, key, base);
    text_print(
        &parts->sums,
        "\n/* %lld x %lld: the sum over samples of a[r] x[c], a weight's gradient */\n"
        "static BY_ITSELF void %s(const real *a, const real *x, const int count, const int adds, %sreal *result)\n"
        "{\n%s%s}\n",
        (long long)sum->extent[rows], (long long)sum->extent[columns], name, sum->few_rows ? "" : "real *transposed, ",
        shape, body);
    return name;
}

static void write_sample_sum(Writer *writer, const IrOp *op, const SampleSum *sum, const Group *group)
{
    const int columns = sum->columns, rows = 1 - columns;
    const char *name = sample_sum_kernel(writer, sum);
    const char *a = writer_slot_address(writer, sum->slot[rows], sum->offset[rows]);
    const char *x = writer_slot_address(writer, sum->slot[columns], sum->offset[columns]);
    const char *scratch = sum->few_rows
                              ? ""
                              : arena_print(writer->arena, "workspace + FRAME(%lld, %lld), ",
                                            (long long)group->scratch.offset, (long long)group->scratch.offset_single);
    writer_line(writer, "%s(%s, %s, block->count, %s, %s%s);", name, a, x,
                plan_adds(writer->plan, op->results[0]) ? "block->adds" : "0", scratch,
                writer_result_address(writer, op->results[0]));
}

/* The kernel of a wide product of one shape, written once. */
static const char *batch_kernel(Writer *writer, const SampleSum *sum)
{
    SharedParts *parts = writer->parts;
    const int columns = sum->columns, rows = 1 - columns;
    const long long row_count = (long long)sum->extent[rows], column_count = (long long)sum->extent[columns];
    const char *shape =
        arena_print(writer->arena, "{.rows = %lld, .row_stride = %lld, .columns = %lld, .column_stride = %lld,",
                    row_count, (long long)sum->stride[rows], column_count, (long long)sum->stride[columns]);
    const bool blas =
        parts->blas && row_count * column_count > BLAS_ELEMENTS && sum->stride[0] >= 1 && sum->stride[1] >= 1;
    const char *key = arena_print(writer->arena, "batch %s", shape), *name = shared_parts_find(parts, key);
    if (name != NULL)
        return name;
    const char *base = arena_print(writer->arena, "batch_%lldx%lld", row_count, column_count);
    name = shared_parts_name(parts, key, base);
    text_print(
        &parts->sums,
        "\n/* %lld x %lld: the same sum over all shards, for a wide layer%s */\n"
        "static inline void %s(const real *a, const real *x, const int shards, const size_t shard_stride, const int "
        "last_count, real *workspace, const size_t thread_stride, real *result, const int threads)\n{\n%s"
        "    PARALLEL_FOR\n    for (ptrdiff_t part = 0; part < %s; part++) {\n"
        "        const BatchProduct shape = %s\n"
        "                                    .shards = shards, .last_count = last_count, .shard_stride = "
        "shard_stride};\n"
        "        %s;\n    }\n}\n",
        row_count, column_count, blas ? ", by OpenBLAS" : "", name,
        blas ? "    (void)threads, (void)workspace, (void)thread_stride;\n"
             : arena_print(writer->arena,
                           "    _Static_assert(BATCH_SHARDS == %d && BATCH_COLUMNS == %d, \"the workspace has room for "
                           "these\");\n",
                           WIDE_SHARDS, WIDE_COLUMNS),
        blas ? arena_print(writer->arena, "BLAS_PARTS(%lld, %lld)", row_count, column_count) : "threads", shape,
        blas ? "blas_batch(shape, (int)part, a, x, result)"
             : "contract_batch(shape, (int)part, threads, a, x, workspace + (size_t)part * thread_stride, result)");
    return name;
}

static void write_wide_sum(Writer *writer, const IrOp *op, const Group *group)
{
    SampleSum sum;
    plan_wide_sum(writer->plan, op, writer->group, &sum);
    const int columns = sum.columns, rows = 1 - columns;
    const int64_t batch = writer->plan->function->module->batch, shards = (batch + BLOCK_SAMPLES - 1) / BLOCK_SAMPLES;
    const int64_t thread_reals = (writer->plan->workspace + FRAME_ALIGNMENT - 1) / FRAME_ALIGNMENT * FRAME_ALIGNMENT;
    const char *name = batch_kernel(writer, &sum);
    writer_line(writer, "%s(%s, %s, %lld, shard_stride, %lld, workspace + FRAME(%lld, %lld), %lld, %s, threads);", name,
                writer_slot_address(writer, sum.slot[rows], sum.offset[rows]),
                writer_slot_address(writer, sum.slot[columns], sum.offset[columns]), (long long)shards,
                (long long)(batch - (shards - 1) * BLOCK_SAMPLES), (long long)group->scratch.offset,
                (long long)group->scratch.offset_single, (long long)thread_reals,
                writer_result_address(writer, op->results[0]));
}

/* ---- triangular systems ---------------------------------------------------------------------- */

/* Forward or backward substitution, term by term: y_i = (b_i - sum_j L_ij y_j) / L_ii. */
static void write_solve(Writer *writer, const IrOp *op, bool sample)
{
    const IrType *right = ir_type_of(writer->plan->function, op->operands[1]);
    int64_t n = right->size[0], columns = ir_type_count(right) / n;
    const char *vector = sample ? "lanes" : "real", *to = writer_result_address(writer, op->results[0]);
    bool matrix_sample = is_sample(writer, op->operands[0]), right_sample = is_sample(writer, op->operands[1]);
    bool forwards = op->lower != op->transposed;
    const char *letters = op->transposed ? "ji" : "ij"; /* L[j][i] where transposed */
    static const char *const names[2] = {"ni", "nk"};
    const char *row = writer_index(writer, 2, (int64_t[2]){columns, right->rank > 1 ? 1 : 0}, names, 0);
    if (right->rank > 1)
        open_index(writer, "nk", columns);
    if (forwards)
        open_index(writer, "ni", n);
    else
        writer_open(writer, "for (int ni = %lld; ni >= 0; ni--)", (long long)n - 1);
    write_open_samples(writer, sample);
    writer_line(writer, "%s sum = %s;", vector,
                operand_element(writer, op->operands[1], right->rank > 1 ? "ik" : "i", right_sample, sample));
    if (forwards)
        writer_open(writer, "for (int nj = 0; nj < ni; nj++)");
    else
        writer_open(writer, "for (int nj = ni + 1; nj < %lld; nj++)", (long long)n);
    const char *known = arena_print(writer->arena, right->rank > 1 ? "%lld * nj + nk" : "nj", (long long)columns);
    writer_line(writer, "sum = %s_fma(-%s, %s, sum);", vector,
                operand_element(writer, op->operands[0], letters, matrix_sample, sample),
                write_element(writer, to, known, sample, sample));
    writer_close(writer);
    const char *diagonal = operand_element(writer, op->operands[0], "ii", matrix_sample, sample);
    write_store_element(writer, to, row, sample, op->unit ? "sum" : arena_print(writer->arena, "sum / %s", diagonal));
    if (sample)
        writer_close(writer);
    writer_close(writer);
    if (right->rank > 1)
        writer_close(writer);
}

void write_product(Writer *writer, const IrOp *op, const Group *group)
{
    const IrFunction *function = writer->plan->function;
    if (op->code == IR_SOLVE_TRIANGULAR) {
        write_solve(writer, op, group->sample);
        return;
    }
    IrLabels labels;
    SampleSum sum;
    ir_labels_parse(op->labels, ir_type_of(function, op->operands[0]), ir_type_of(function, op->operands[1]), &labels);
    if (group->whole)
        write_wide_sum(writer, op, group);
    else if (op->code == IR_BATCH_CONTRACT && plan_sample_sum(writer->plan, op, writer->group, &sum))
        write_sample_sum(writer, op, &sum, group);
    else
        write_contract(writer, op, &labels, op->code == IR_BATCH_CONTRACT || group->sample);
}
