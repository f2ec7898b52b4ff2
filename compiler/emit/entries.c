/* SPDX-License-Identifier: MIT */
/* Entries without phases: a loop over blocks that brings rows into lanes, calls the function, and brings the results
 * back. Entries with phases are in phase_entries.c. */
#include "compiler/emit/phase_entries.h"

#include "compiler/passes/passes.h"

#include <string.h>

bool entry_has_phases(const Planner *planner, const Entry *entry)
{
    return planner->phases->of[entry->function->position]->has_batch;
}

/* The elements of a gradient of which blocks make no parts, or 0. */
static int64_t wide_elements(const Entry *entry, int output)
{
    const IrFunction *function = entry->function;
    const IrId value = function->outputs[output];
    const int32_t op = function->values[value].op;
    bool wide = entry->outputs[output].kind == OUTPUT_GRADIENT && op >= 0 &&
                passes_is_wide_product(function, &function->ops[op]);
    return wide ? ir_type_count(ir_type_of(function, value)) : 0;
}

/* A block's parts lie as the gradient does, without what is made for the whole batch. */
void entry_plan(Planner *planner, Entry *entry)
{
    if (!entry_has_phases(planner, entry))
        return;
    int outputs = entry->function->output_count;
    int64_t *partials = ARENA_ARRAY(planner->arena, int64_t, outputs + 1), reserved = 0;
    for (int i = 0; i < outputs; i++) {
        partials[i] = -1;
        if (entry->outputs[i].kind != OUTPUT_GRADIENT)
            continue;
        reserved = entry->weight_count;
        partials[i] = entry->outputs[i].offset;
        for (int k = 0; k < outputs; k++)
            if (entry->outputs[k].offset < entry->outputs[i].offset)
                partials[i] -= wide_elements(entry, k);
    }
    for (int i = 0; i < outputs; i++)
        reserved -= wide_elements(entry, i);
    entry->plan = planner_plan_entry(planner, entry->function, partials, reserved);
}

/* ---- where a block's inputs and outputs lie in a thread's frame ------------------------------ */

typedef struct Edge {
    int64_t offset, offset_single; /* the next free real */
} Edge;

static const char *take_edge(Arena *arena, Edge *edge, const IrType *type)
{
    Place place = {.count = ir_type_count(type), .sample = type->kind == IR_KIND_SAMPLE};
    const char *text = edge->offset == 0 ? "frame"
                                         : arena_print(arena, "frame + FRAME(%lld, %lld)", (long long)edge->offset,
                                                       (long long)edge->offset_single);
    edge->offset += plan_place_size(&place, false);
    edge->offset_single += plan_place_size(&place, true);
    return text;
}

static bool is_row_input(const Entry *entry, int input)
{
    return entry->inputs[input].kind == INPUT_ARRAY &&
           ir_type_of(entry->function, entry->function->inputs[input])->kind == IR_KIND_SAMPLE;
}

static Edge edge_of(Arena *arena, const Entry *entry)
{
    Edge edge = {0, 0};
    for (int i = 0; i < entry->function->input_count; i++)
        if (is_row_input(entry, i))
            take_edge(arena, &edge, ir_type_of(entry->function, entry->function->inputs[i]));
    for (int i = 0; i < entry->function->output_count; i++)
        take_edge(arena, &edge, ir_type_of(entry->function, entry->function->outputs[i]));
    return edge;
}

EntryWorkspace entry_workspace(Planner *planner, const Entry *entry)
{
    if (entry_has_phases(planner, entry))
        return phase_entry_workspace(entry);
    const Plan *plan = planner_plan(planner, entry->function);
    Edge edge = edge_of(planner->arena, entry);
    /* behind the frame, room for loads of whole vectors that begin at its last element */
    return (EntryWorkspace){.thread = edge.offset + plan->workspace,
                            .thread_single = edge.offset_single + plan->workspace_single + FRAME_ALIGNMENT};
}

/* ---- the loop over blocks -------------------------------------------------------------------- */

static const char *argument_of(Arena *arena, const Packing *packing, const Entry *entry, int input,
                               const char *block_place)
{
    const IrType *type = ir_type_of(entry->function, entry->function->inputs[input]);
    const EntryInput *bound = &entry->inputs[input];
    bool number = type->rank == 0 && type->kind != IR_KIND_SAMPLE;
    if (bound->kind == INPUT_SCALAR)
        return arena_print(arena, "scalars[%lld]", (long long)bound->offset);
    const char *array = bound->array;
    if (bound->kind == INPUT_WEIGHTS)
        array = bound->offset == 0 ? "weights"
                                   : arena_print(arena, "weights + %s",
                                                 packing_offset_text(arena, packing, entry->function,
                                                                     (WeightOffset){bound->offset, bound->prepared}));
    if (block_place != NULL)
        array = block_place;
    return number ? arena_print(arena, "*(%s)", array) : array;
}

static void add(Text *call, const char *argument)
{
    text_print(call, "%s%s", call->bytes[call->length - 1] == '(' ? "" : ", ", argument);
}

static void write_blocks(Arena *arena, Planner *planner, const Packing *packing, const Entry *entry,
                         const SharedParts *parts, Text *out)
{
    const IrFunction *function = entry->function;
    Edge edge = {0, 0};
    Text call = text_start(arena), after = text_start(arena);
    text_print(&call, "%s(", parts->functions[function->position]);
    if (planner->phases->of[function->position]->needs_block)
        add(&call, "&block");
    if (packing_has_inputs(packing, function))
        add(&call, "weights");
    for (int i = 0; i < function->input_count; i++) {
        const IrType *type = ir_type_of(function, function->inputs[i]);
        const char *place = NULL;
        if (is_row_input(entry, i)) {
            place = take_edge(arena, &edge, type);
            text_print(out, "        block_from_rows(&block, %s, %lld, %s);\n", entry->inputs[i].array,
                       (long long)ir_type_count(type), place);
        }
        if (packing_input(packing, function, i) < 0)
            add(&call, argument_of(arena, packing, entry, i, place));
    }
    for (int i = 0; i < function->output_count; i++) {
        const IrType *type = ir_type_of(function, function->outputs[i]);
        const char *place = take_edge(arena, &edge, type);
        add(&call, place);
        if (type->kind == IR_KIND_SAMPLE)
            text_print(&after, "        rows_from_block(&block, %s, %lld, %s);\n", place,
                       (long long)ir_type_count(type), entry->outputs[i].array);
        else if (entry->outputs[i].rows)
            text_print(&after, "        rows_from_shared(block.first, (size_t)block.count, %s, %lld, %s);\n", place,
                       (long long)ir_type_count(type), entry->outputs[i].array);
        else
            text_print(&after, "        if (number == 0)\n            copy_reals(%s, %s, %lld);\n",
                       entry->outputs[i].array, place, (long long)ir_type_count(type));
    }
    if (function_needs_workspace(planner, function))
        add(&call,
            arena_print(arena, "frame + FRAME(%lld, %lld)", (long long)edge.offset, (long long)edge.offset_single));
    text_print(out, "        %s);\n%s", call.bytes, after.bytes);
}

static void write_plain_entry(Arena *arena, Planner *planner, const Packing *packing, const Entry *entry,
                              const SharedParts *parts, Text *out)
{
    EntryWorkspace size = entry_workspace(planner, entry);
    Text loop = text_start(arena), body = text_start(arena);
    if (strstr(entry->parameters, " count,") ==
        NULL) /* for the batch, and no result depends on a sample: one is enough */
        text_put(&loop, "    const size_t count = 1;\n");
    text_put(&loop, "    PARALLEL_FOR\n    for (ptrdiff_t number = 0; number < block_count(count); number++) {\n");
    write_blocks(arena, planner, packing, entry, parts, &body);
    if (strstr(body.bytes, "&block") != NULL || strstr(body.bytes, "block.") != NULL)
        text_print(&loop, "        const Block block = block_of(count, number, %s, %s, %s);\n", entry->seed,
                   entry->first, entry->step);
    text_print(&loop, "        real *const frame = (real *)workspace + ANSATZ_THREAD() * FRAME(%lld, %lld);\n",
               (long long)size.thread, (long long)size.thread_single);
    text_print(&loop, "%s    }\n", body.bytes);
    text_print(out, "\nvoid %s(%s)\n{\n", entry->name, entry->parameters);
    entry_write_unused(entry, loop.bytes, out);
    text_print(out, "%s%s}\n", parts->blas ? "    blas_begin();\n" : "", loop.bytes);
}

void entry_write(Arena *arena, Planner *planner, const Packing *packing, const Entry *entry, SharedParts *parts,
                 Text *out)
{
    if (entry_has_phases(planner, entry))
        phase_entry_write(arena, planner, packing, entry, parts, out);
    else
        write_plain_entry(arena, planner, packing, entry, parts, out);
}
