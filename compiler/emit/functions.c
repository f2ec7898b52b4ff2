/* SPDX-License-Identifier: MIT */
/* Functions: signatures, declarations of the places that a body uses, bodies. */
#include "compiler/emit/writer.h"

#include <string.h>

bool function_needs_workspace(Planner *planner, const IrFunction *function)
{
    const Plan *plan = planner_plan(planner, function);
    return plan->workspace > 0 || plan->workspace_single > 0;
}

void functions_reach(Planner *planner, const IrFunction *function, bool *reached)
{
    const Plan *plan = planner_plan(planner, function);
    for (int i = 0; i < function->op_count; i++) {
        const IrFunction *callee = function->ops[i].callee;
        if (callee != NULL && plan->live[i] && !reached[callee->position]) {
            reached[callee->position] = true;
            functions_reach(planner, callee, reached);
        }
    }
}

/* ---- groups --------------------------------------------------------------------------------------------------------
 */

void write_group(Writer *writer, const Group *group)
{
    const IrFunction *function = writer->plan->function;
    writer->group = (int)(group - writer->plan->groups);
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

static const char *weight_offset(const Writer *writer, int input)
{
    const IrFunction *function = writer->plan->function;
    return packing_offset_text(writer->arena, writer->packing, function,
                               packing_offset(writer->packing, function, input));
}

static void put_declaration(Writer *writer, Text *out, int slot)
{
    const Plan *plan = writer->plan;
    const Place *place = &plan->places[slot];
    const char *name = writer->names[slot];
    long long offset = (long long)place->offset;
    switch (place->kind) {
    case PLACE_FRAME:
        text_print(out, "    real *const %s = workspace + FRAME(%lld, %lld);\n", name, offset,
                   (long long)place->offset_single);
        break;
    case PLACE_SHARED:
        text_print(out, "    real *const %s = shared + %lld;\n", name, offset);
        break;
    case PLACE_BATCH:
        text_print(out, "    real *const %s = batch + %lld;\n", name, offset);
        break;
    case PLACE_LOCAL:
        if (!writer->defined[slot])
            text_print(out, "    real %s;\n", name);
        break;
    case PLACE_INPUT:
        if (packing_input(writer->packing, plan->function, place->index) >= 0)
            text_print(out, "    const real *const %s = weights + %s;\n", name, weight_offset(writer, place->index));
        break;
    case PLACE_VALUE:
        if (packing_input(writer->packing, plan->function, place->index) >= 0)
            text_print(out, "    const real %s = weights[%s];\n", name, weight_offset(writer, place->index));
        break;
    case PLACE_OUTPUT:
        offset = (long long)packing_output(writer->packing, plan->function, place->index);
        if (offset >= 0 && !plan->entry)
            text_print(out, "    real *const %s = gradient + %lld;\n", name, offset);
        break;
    default:
        break;
    }
}

PhasePart phase_part(const Group *group)
{
    return group->whole ? PART_BATCH : group->sample ? PART_BLOCK : PART_ONCE;
}

/* The groups' text first, so that only the places that it uses are declared before it. */
static const char *write_chosen(Writer *writer, bool all, int level, PhasePart part)
{
    const Plan *plan = writer->plan;
    Text body = text_start(writer->arena), whole = text_start(writer->arena), *out = writer->out;
    writer->out = &body;
    for (int g = 0; g < plan->group_count; g++)
        if (all || (plan->groups[g].level == level && phase_part(&plan->groups[g]) == part))
            write_group(writer, &plan->groups[g]);
    writer->out = out;
    for (int slot = 0; slot < 2 * plan->function->value_count; slot++)
        if (writer->used[slot])
            put_declaration(writer, &whole, slot);
    text_put(&whole, body.bytes);
    return whole.bytes;
}

const char *write_groups(Writer *writer, int level, PhasePart part)
{
    return write_chosen(writer, false, level, part);
}

const char *write_all_groups(Writer *writer)
{
    return write_chosen(writer, true, 0, PART_ONCE);
}

/* ---- functions ------------------------------------------------------------------------------- */

static void add_parameter(Text *out, const char *type, const char *name)
{
    text_print(out, "%s%s%s", out->bytes[out->length - 1] == '(' ? "" : ", ", type, name);
}

void write_signature(Writer *writer, Text *out)
{
    const Plan *plan = writer->plan;
    const IrFunction *function = plan->function;
    text_print(out, "void %s(", writer->parts->functions[function->position]);
    if (plan->phases->needs_block)
        add_parameter(out, "const Block *", "block");
    if (packing_has_inputs(writer->packing, function))
        add_parameter(out, "const real *", "weights");
    for (int i = 0; i < function->input_count; i++) {
        const IrType *type = ir_type_of(function, function->inputs[i]);
        bool number = type->rank == 0 && type->kind != IR_KIND_SAMPLE;
        if (packing_input(writer->packing, function, i) < 0)
            add_parameter(out, number ? "const real " : "const real *", writer->names[function->inputs[i]]);
    }
    if (packing_has_outputs(writer->packing, function))
        add_parameter(out, "real *", "gradient");
    for (int i = 0; i < function->output_count; i++)
        if (packing_output(writer->packing, function, i) < 0)
            add_parameter(out, plan->phases->doubles[function->outputs[i]] ? "double *" : "real *",
                          writer->output_names[i]);
    if (function_needs_workspace(writer->planner, function))
        add_parameter(out, "real *", "workspace");
    if (out->bytes[out->length - 1] == '(')
        text_put(out, "void");
    text_put(out, ")");
}

/* Parameters that the body has no use for. */
static void put_unused(Writer *writer, const char *body, Text *out)
{
    const IrFunction *function = writer->plan->function;
    for (int i = 0; i < function->input_count; i++)
        if (!writer->used[function->inputs[i]] && packing_input(writer->packing, function, i) < 0)
            text_print(out, "    (void)%s;\n", writer->names[function->inputs[i]]);
    if (writer->plan->phases->needs_block && strstr(body, "block") == NULL)
        text_put(out, "    (void)block;\n");
}

void write_function(Arena *arena, Planner *planner, const Packing *packing, const IrFunction *function,
                    SharedParts *parts, const char *linkage, Text *out)
{
    const Plan *plan = planner_plan(planner, function);
    Writer *writer = writer_new(arena, planner, packing, plan, parts, out);
    const char *body = write_all_groups(writer);
    writer->indent = 0;
    text_put(out, "\n");
    writer_comment(writer, function->note, function->span);
    text_put(out, linkage);
    write_signature(writer, out);
    text_put(out, "\n{\n");
    text_put(out, body);
    put_unused(writer, body, out);
    text_put(out, "}\n");
}
