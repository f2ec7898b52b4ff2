/* SPDX-License-Identifier: MIT */
/* Calls and scans. A callee gets the block (where it must know one), its weights, inputs, places for its outputs, and
 * the workspace behind the caller's own. */
#include "compiler/emit/writer.h"

#include <string.h>

static const IrType *input_type(const IrFunction *callee, int input)
{
    return ir_type_of(callee, callee->inputs[input]);
}

static bool is_number(const IrType *type)
{
    return type->rank == 0 && type->kind != IR_KIND_SAMPLE;
}

static bool is_packed(const Writer *writer, const IrFunction *callee, int input)
{
    return packing_input(writer->packing, callee, input) >= 0;
}

static void add_argument(Text *call, const char *argument)
{
    text_print(call, "%s%s", call->bytes[call->length - 1] == '(' ? "" : ", ", argument);
}

static void begin_call(Writer *writer, const IrOp *op, Text *call)
{
    *call = text_start(writer->arena);
    const IrFunction *caller = writer->plan->function;
    WeightOffset offset;
    text_print(call, "%s(", writer->parts->functions[op->callee->position]);
    if (writer->planner->phases->of[op->callee->position]->needs_block)
        add_argument(call, "block");
    if (packing_call_weights(writer->packing, caller, op, &offset))
        add_argument(call, offset.stored == 0 && offset.prepared == 0
                               ? "weights"
                               : arena_print(writer->arena, "weights + %s",
                                             packing_offset_text(writer->arena, writer->packing, caller, offset)));
}

/* "gradient + 9480": in an entry, a block's sums. */
static void add_gradient(Writer *writer, const IrOp *op, Text *call)
{
    int64_t offset;
    if (!packing_call_gradient(writer->packing, writer->plan, op, &offset))
        return;
    const char *base = writer->plan->entry ? "sums" : "gradient";
    add_argument(call, offset == 0 ? base : arena_print(writer->arena, "%s + %lld", base, (long long)offset));
}

static void end_call(Writer *writer, const IrOp *op, Text *call)
{
    if (function_needs_workspace(writer->planner, op->callee)) {
        const Plan *plan = writer->plan;
        if (plan->frame == 0 && plan->frame_single == 0)
            add_argument(call, "workspace");
        else
            add_argument(call, arena_print(writer->arena, "workspace + FRAME(%lld, %lld)", (long long)plan->frame,
                                           (long long)plan->frame_single));
    }
    text_put(call, ");");
}

static bool output_is_double(const Writer *writer, const IrFunction *callee, int output)
{
    return writer->planner->phases->of[callee->position]->doubles[callee->outputs[output]];
}

/* A sum that the callee gives in double and this function reads as a real. */
static bool is_narrowed(const Writer *writer, const IrOp *op, int result)
{
    const Plan *plan = writer->plan;
    bool *doubles = plan->entry ? plan->doubles : plan->phases->doubles;
    return output_is_double(writer, op->callee, result) && !doubles[op->results[result]];
}

void write_call(Writer *writer, const IrOp *op)
{
    Text call;
    bool narrows = false;
    for (int r = 0; r < op->result_count; r++)
        narrows = narrows || is_narrowed(writer, op, r);
    if (narrows) {
        writer_line(writer, "{");
        writer->indent++;
    }
    begin_call(writer, op, &call);
    for (int k = 0; k < op->operand_count; k++) {
        const IrType *type = input_type(op->callee, k);
        if (!is_packed(writer, op->callee, k))
            add_argument(&call, is_number(type)
                                    ? writer_scalar(writer, op->operands[k])
                                    : writer_address(writer, op->operands[k], type->kind == IR_KIND_SAMPLE));
    }
    add_gradient(writer, op, &call);
    for (int r = 0; r < op->result_count; r++) {
        if (packing_output(writer->packing, op->callee, r) >= 0)
            continue;
        if (is_narrowed(writer, op, r)) {
            writer_line(writer, "double sum_%d;", r);
            add_argument(&call, arena_print(writer->arena, "&sum_%d", r));
        } else {
            add_argument(&call, writer_result_address(writer, op->results[r]));
        }
    }
    end_call(writer, op, &call);
    writer_line(writer, "%s", call.bytes);
    for (int r = 0; r < op->result_count; r++)
        if (is_narrowed(writer, op, r))
            writer_line(writer, "*(%s) = (real)sum_%d;", writer_result_address(writer, op->results[r]), r);
    if (narrows)
        writer_close(writer);
}

/* ---- scans ----------------------------------------------------------------------------------- */

typedef struct Carried {
    const char *now, *next; /* where the value is, and where the callee puts the next one */
    int64_t count;
    bool sample;
} Carried;

static void copy_elements(Writer *writer, const char *to, const char *from, const Carried *carried)
{
    writer_line(writer, carried->sample ? "copy_reals(%s, %s, %lld * BLOCK);" : "copy_reals(%s, %s, %lld);", to, from,
                (long long)carried->count);
}

/* "x + step * 4 * BLOCK": one step's part of something stacked. */
static const char *step_address(Writer *writer, const char *address, int64_t count, bool sample)
{
    return arena_print(writer->arena, sample ? "%s + step * %lld * BLOCK" : "%s + step * %lld", address,
                       (long long)count);
}

static const char *operand_argument(Writer *writer, const IrOp *op, int k, const Carried *carried)
{
    const IrType *type = input_type(op->callee, k + 1);
    bool sample = type->kind == IR_KIND_SAMPLE;
    if (k < op->carried)
        return is_number(type) ? arena_print(writer->arena, "*(%s)", carried[k].now) : carried[k].now;
    if (k >= op->carried + op->sliced)
        return is_number(type) ? writer_scalar(writer, op->operands[k])
                               : writer_address(writer, op->operands[k], sample);
    const char *address =
        step_address(writer, writer_address(writer, op->operands[k], sample), ir_type_count(type), sample);
    return is_number(type) ? arena_print(writer->arena, "*(%s)", address) : address;
}

static const char *result_argument(Writer *writer, const IrOp *op, int r, const Carried *carried)
{
    if (r < op->carried)
        return carried[r].next;
    bool sample = plan_is_sample(writer->plan, op->results[r]);
    int64_t count = ir_type_count(ir_type_of(op->callee, op->callee->outputs[r]));
    return step_address(writer, writer_result_address(writer, op->results[r]), count, sample);
}

/* The carried values' places; the initial values are copied to where the results will be. */
static Carried *begin_carried(Writer *writer, const IrOp *op, const Group *group)
{
    Carried *carried = ARENA_ARRAY(writer->arena, Carried, op->carried + 1);
    int64_t used = group->scratch.offset, used_single = group->scratch.offset_single;
    for (int c = 0; c < op->carried; c++) {
        const IrType *type = input_type(op->callee, c + 1);
        carried[c].sample = type->kind == IR_KIND_SAMPLE;
        carried[c].count = ir_type_count(type);
        carried[c].now = writer_result_address(writer, op->results[c]);
        carried[c].next = identifiers_new(
            &writer->identifiers, arena_print(writer->arena, "next_%s", writer_hint(writer, op->results[c], "value")));
        writer_line(writer, "real *const %s = workspace + FRAME(%lld, %lld);", carried[c].next, (long long)used,
                    (long long)used_single);
        int64_t size = (carried[c].count + FRAME_ALIGNMENT - 1) / FRAME_ALIGNMENT * FRAME_ALIGNMENT;
        used += size * BLOCK_SAMPLES;
        used_single += size;
    }
    for (int c = 0; c < op->carried; c++)
        copy_elements(writer, carried[c].now, writer_address(writer, op->operands[c], carried[c].sample), &carried[c]);
    return carried;
}

void write_scan(Writer *writer, const IrOp *op, const Group *group)
{
    writer_line(writer, "{");
    writer->indent++;
    Carried *carried = begin_carried(writer, op, group);
    if (op->reversed)
        writer_open(writer, "for (int step = %lld; step >= 0; step--)", (long long)op->length - 1);
    else
        writer_open(writer, "for (int step = 0; step < %lld; step++)", (long long)op->length);
    Text call;
    begin_call(writer, op, &call);
    add_argument(&call, "(real)step");
    for (int k = 0; k < op->operand_count; k++)
        if (!is_packed(writer, op->callee, k + 1))
            add_argument(&call, operand_argument(writer, op, k, carried));
    for (int r = 0; r < op->result_count; r++)
        add_argument(&call, result_argument(writer, op, r, carried));
    end_call(writer, op, &call);
    writer_line(writer, "%s", call.bytes);
    for (int c = 0; c < op->carried; c++)
        copy_elements(writer, carried[c].now, carried[c].next, &carried[c]);
    writer_close(writer);
    writer_close(writer);
}
