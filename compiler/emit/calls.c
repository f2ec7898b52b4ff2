/* SPDX-License-Identifier: MIT */
/* Calls, scans, and the functions themselves: signatures, declarations of the places that a body uses, bodies. */
#include "compiler/emit/writer.h"

#include <string.h>

/* ---- signatures -------------------------------------------------------------------------------------------------- */

static bool is_packed_input(const Packing *packing, const IrFunction *function, int input)
{
    const int64_t *offsets = packing_offsets(packing, function);
    return offsets != NULL && offsets[input] >= 0;
}

static void put_signature(Writer *writer, Text *out, bool definition)
{
    const IrFunction *function = writer->plan->function;
    const Plan *plan = writer->plan;
    bool packed = false;
    text_print(out, "void %s(const Block *block", function->name);
    for (int i = 0; i < function->input_count; i++)
        packed = packed || is_packed_input(writer->packing, function, i);
    if (packed)
        text_put(out, ", const real *weights");
    for (int i = 0; i < function->input_count; i++) {
        if (is_packed_input(writer->packing, function, i))
            continue;
        const char *name = writer_place_address(writer, &plan->places[function->inputs[i]], function->inputs[i], 0);
        text_print(out, ", const real *%s", name);
    }
    for (int i = 0; i < function->output_count; i++) {
        IrId value = function->outputs[i];
        if (plan->sums[value])
            continue;
        const char *name;
        if (plan->places[value].kind == PLACE_OUTPUT && plan->places[value].index == i) {
            const char *hint = function->output_names[i] != NULL ? function->output_names[i]
                                                                 : function->values[value].name;
            if (writer->names[value] == NULL)
                writer->names[value] = writer_identifier(writer, hint != NULL ? hint : "result");
            name = writer->names[value];
        } else {
            name = arena_print(writer->arena, "output_%d", i);
        }
        text_print(out, ", real *%s", name);
    }
    if (plan->partial_reals > 0)
        text_put(out, ", real *sums");
    if (plan->partial_doubles > 0)
        text_put(out, ", double *double_sums");
    text_print(out, ", real *workspace)%s", definition ? "\n" : ";\n");
}

void write_prototype(Arena *arena, Planner *planner, const Packing *packing, const IrFunction *function, Text *out)
{
    FileParts parts = {0};
    Writer *writer = writer_new(arena, planner, packing, planner_plan(planner, function, false), &parts, out);
    put_signature(writer, out, false);
}

/* ---- bodies --------------------------------------------------------------------------------------------------------- */

static void put_declaration(Writer *writer, Text *out, int slot)
{
    const Plan *plan = writer->plan;
    const Place *place = &plan->places[slot];
    const char *name = writer->names[slot];
    const int64_t *packed = packing_offsets(writer->packing, plan->function);
    if (name == NULL)
        return;
    switch (place->kind) {
    case PLACE_FRAME:
        text_print(out, "    real *const %s = workspace + FRAME(%lld, %lld);\n", name, (long long)place->offset,
                   (long long)place->offset_single);
        break;
    case PLACE_SHARED:
        text_print(out, "    real *const %s = shared + %lld;\n", name, (long long)place->offset);
        break;
    case PLACE_BATCH:
        text_print(out, "    real *const %s = batch + %lld;\n", name, (long long)place->offset);
        break;
    case PLACE_INPUT:
        if (packed != NULL && packed[place->index] >= 0)
            text_print(out, "    const real *const %s = weights + %lld;\n", name, (long long)packed[place->index]);
        break;
    default:
        break;
    }
}

static void write_group(Writer *writer, const Group *group)
{
    const IrFunction *function = writer->plan->function;
    for (int i = 0; i < group->op_count; i++)
        writer_comment(writer, function->ops[group->ops[i]].note, function->ops[group->ops[i]].span);
    switch (group->kind) {
    case GROUP_LOOP:
        write_loop_group(writer, group);
        break;
    case GROUP_DENSE:
        write_dense_group(writer, group);
        break;
    case GROUP_COPY:
        write_copy_group(writer, group);
        break;
    case GROUP_SINGLE:
        write_single_group(writer, group);
        break;
    }
}

/* The groups' text first, so that only the places that it uses are declared before it. */
static void write_chosen_groups(Writer *writer, bool all, int level, bool sample)
{
    const Plan *plan = writer->plan;
    Text body = text_start(writer->arena), *out = writer->out;
    writer->out = &body;
    for (int g = 0; g < plan->group_count; g++)
        if (all || (plan->groups[g].level == level && plan->groups[g].sample == sample))
            write_group(writer, &plan->groups[g]);
    writer->out = out;
    for (int slot = 0; slot < 2 * plan->function->value_count; slot++)
        put_declaration(writer, out, slot);
    text_put(out, body.bytes);
}

void write_groups(Writer *writer, int level, bool sample)
{
    write_chosen_groups(writer, false, level, sample);
}

void write_function(Arena *arena, Planner *planner, const Packing *packing, const IrFunction *function,
                    FileParts *parts, Text *out)
{
    const Plan *plan = planner_plan(planner, function, false);
    Writer *writer = writer_new(arena, planner, packing, plan, parts, out);
    int64_t flops = 0;
    for (int i = 0; i < function->op_count; i++)
        flops += ir_op_flops(function, &function->ops[i]);
    writer->indent = 0;
    text_put(out, "\n");
    writer_comment(writer, function->note, function->span);
    writer_line(writer, "/* %lld flops per sample; workspace %lld reals for a block of 64, %lld for one sample. */",
                (long long)flops, (long long)plan->workspace, (long long)plan->workspace_single);
    put_signature(writer, out, true);
    writer->indent = 1;
    text_put(out, "{\n");
    write_chosen_groups(writer, true, 0, false);
    text_put(out, "    (void)block, (void)workspace;\n}\n");
}

/* ---- calls ---------------------------------------------------------------------------------------------------------- */

static bool is_sample_input(const IrFunction *callee, int input)
{
    return ir_type_of(callee, callee->inputs[input])->kind == IR_KIND_SAMPLE;
}

static const char *weights_address(Writer *writer, const IrOp *op, int skipped)
{
    const int64_t *wanted = packing_offsets(writer->packing, op->callee);
    const int64_t *mine = packing_offsets(writer->packing, writer->plan->function);
    for (int k = 0; wanted != NULL && mine != NULL && k < op->operand_count; k++) {
        if (wanted[k + skipped] < 0)
            continue;
        int64_t base = mine[writer->plan->function->values[op->operands[k]].result] - wanted[k + skipped];
        return base == 0 ? "weights" : arena_print(writer->arena, "weights + %lld", (long long)base);
    }
    return NULL;
}

static void put_sums(Writer *writer, Text *call, const IrOp *op, const Plan *callee)
{
    for (int doubles = 0; doubles < 2; doubles++)
        for (int r = 0; r < op->result_count; r++) {
            if (!writer->plan->sums[op->results[r]] || writer->plan->doubles[op->results[r]] != (doubles != 0))
                continue;
            text_print(call, ", %s", writer_sum_address(writer, op->results[r]));
            break;
        }
    (void)callee;
}

static const char *callee_workspace(Writer *writer)
{
    return arena_print(writer->arena, "workspace + FRAME(%lld, %lld)", (long long)writer->plan->frame,
                       (long long)writer->plan->frame_single);
}

void write_call(Writer *writer, const IrOp *op, const Group *group)
{
    const Plan *callee = planner_plan(writer->planner, op->callee, false);
    Text call = text_start(writer->arena);
    (void)group;
    text_print(&call, "%s(block", op->callee->name);
    const char *weights = weights_address(writer, op, 0);
    if (weights != NULL)
        text_print(&call, ", %s", weights);
    for (int k = 0; k < op->operand_count; k++)
        if (!is_packed_input(writer->packing, op->callee, k))
            text_print(&call, ", %s", writer_address(writer, op->operands[k], is_sample_input(op->callee, k), 0));
    for (int r = 0; r < op->result_count; r++)
        if (!writer->plan->sums[op->results[r]])
            text_print(&call, ", %s",
                       writer_place_address(writer, &writer->plan->places[op->results[r]], op->results[r], 0));
    put_sums(writer, &call, op, callee);
    text_print(&call, ", %s);", callee_workspace(writer));
    writer_line(writer, "%s", call.bytes);
}

/* ---- scans ------------------------------------------------------------------------------------------------------------ */

static const char *stride_text(Writer *writer, int64_t count, bool sample)
{
    return arena_print(writer->arena, sample ? "step * %lld * BLOCK" : "step * %lld", (long long)count);
}

static void copy_elements(Writer *writer, const char *to, const char *from, int64_t count, bool sample)
{
    writer_line(writer, sample ? "copy_reals(%s, %s, %lld * BLOCK);" : "copy_reals(%s, %s, %lld);", to, from,
                (long long)count);
}

void write_scan(Writer *writer, const IrOp *op, const Group *group)
{
    const IrFunction *function = writer->plan->function, *callee = op->callee;
    const char **next = ARENA_ARRAY(writer->arena, const char *, op->carried + 1);
    const char **now = ARENA_ARRAY(writer->arena, const char *, op->carried + 1);
    int64_t used = FRAME_ALIGNMENT, used_single = FRAME_ALIGNMENT;
    writer_line(writer, "{");
    writer->indent++;
    writer_line(writer, "real *const scratch = workspace + FRAME(%lld, %lld);", (long long)group->scratch.offset,
                (long long)group->scratch.offset_single);
    for (int c = 0; c < op->carried; c++) {
        bool sample = is_sample_input(callee, c + 1);
        int64_t count = ir_type_count(ir_type_of(callee, callee->inputs[c + 1]));
        now[c] = writer_place_address(writer, &writer->plan->places[op->results[c]], op->results[c], 0);
        next[c] = arena_print(writer->arena, "scratch + FRAME(%lld, %lld)", (long long)used, (long long)used_single);
        used += (count + FRAME_ALIGNMENT - 1) / FRAME_ALIGNMENT * FRAME_ALIGNMENT * BLOCK_SAMPLES;
        used_single += (count + FRAME_ALIGNMENT - 1) / FRAME_ALIGNMENT * FRAME_ALIGNMENT;
        copy_elements(writer, now[c], writer_address(writer, op->operands[c], sample, 0), count, sample);
    }
    writer_line(writer, op->reversed ? "for (int step = %lld; step >= 0; step--) {" : "for (int step = 0; step < %lld; step++) {",
                (long long)op->length - (op->reversed ? 1 : 0));
    writer->indent++;
    writer_line(writer, "scratch[0] = (real)step;");
    Text call = text_start(writer->arena);
    text_print(&call, "%s(block", callee->name);
    const char *weights = weights_address(writer, op, 1);
    if (weights != NULL)
        text_print(&call, ", %s", weights);
    text_put(&call, ", scratch");
    for (int k = 0; k < op->operand_count; k++) {
        bool sample = is_sample_input(callee, k + 1);
        int64_t count = ir_type_count(ir_type_of(callee, callee->inputs[k + 1]));
        if (is_packed_input(writer->packing, callee, k + 1))
            continue;
        if (k < op->carried)
            text_print(&call, ", %s", now[k]);
        else if (k < op->carried + op->sliced)
            text_print(&call, ", %s + %s", writer_address(writer, op->operands[k], sample, 0),
                       stride_text(writer, count, sample));
        else
            text_print(&call, ", %s", writer_address(writer, op->operands[k], sample, 0));
    }
    for (int r = 0; r < op->result_count; r++) {
        const Place *place = &writer->plan->places[op->results[r]];
        if (r < op->carried)
            text_print(&call, ", %s", next[r]);
        else
            text_print(&call, ", %s + %s", writer_place_address(writer, place, op->results[r], 0),
                       stride_text(writer, ir_type_count(ir_type_of(callee, callee->outputs[r])),
                                   plan_is_sample(writer->plan, op->results[r])));
    }
    text_print(&call, ", %s);", callee_workspace(writer));
    writer_line(writer, "%s", call.bytes);
    for (int c = 0; c < op->carried; c++)
        copy_elements(writer, now[c], next[c], ir_type_count(ir_type_of(function, op->results[c])),
                      is_sample_input(callee, c + 1));
    writer->indent--;
    writer_line(writer, "}");
    writer->indent--;
    writer_line(writer, "}");
}
