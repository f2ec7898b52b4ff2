/* SPDX-License-Identifier: MIT */
/* What `ansatz plan` prints: operations and memory of each entry, and each buffer of each function with its place in the spec,
 * its bytes and when it is alive. */
#include "compiler/emit/package_parts.h"

static void put_entries(PackageWriter *writer, Text *out)
{
    text_print(out, "%-14s %16s %18s %18s %18s\n", "entry", "flops a sample", "bytes, fixed", "bytes a thread",
               "bytes, one sample");
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++) {
        if (!package_has(writer, kind))
            continue;
        EntryWorkspace needs = entry_workspace(writer->planner, &writer->entries[kind]);
        text_print(out, "%-14s %16lld %18lld %18lld ", package_entry_name(kind), (long long)package_flops(writer, kind),
                   4 * (long long)needs.fixed, 4 * (long long)needs.thread);
        if (!package_has_one(package_file_of(kind)))
            text_print(out, "%18s\n", "-");
        else
            text_print(out, "%18lld\n", 4 * (long long)needs.thread_single);
    }
}

static void put_plan(const char *name, const Plan *plan, Text *out)
{
    const IrFunction *function = plan->function;
    text_print(out, "\n%s: %lld bytes (at least %lld alive at once), %lld with all that it calls\n", name,
               4 * (long long)plan->frame, 4 * (long long)plan->frame_bound, 4 * (long long)plan->workspace);
    for (int slot = 0; slot < 2 * function->value_count; slot++) {
        const Place *place = &plan->places[slot];
        if (place->kind != PLACE_FRAME || place->last < 0)
            continue;
        const IrValue *value = &function->values[slot % function->value_count];
        int line = value->op >= 0 ? function->ops[value->op].span.line : function->span.line;
        text_print(out, "  %-24s line %-5d %10lld bytes at %-10lld loops %d to %d of %d\n",
                   value->name ? value->name : "-", line, 4 * (long long)plan_place_size(place, false),
                   4 * (long long)place->offset, place->first, place->last, plan->group_count);
    }
}

bool package_print_plan(Arena *arena, const Program *program, Text *out, Diagnostics *diagnostics)
{
    PackageOptions options = {0};
    PackageWriter writer = {.arena = arena, .program = program, .options = &options, .name = program->spec->name};
    const char *wrong = package_plan(&writer);
    if (wrong) {
        diagnostics_error(diagnostics, program->spec->system_span, "E0802", "cannot emit this model: %s", wrong);
        return false;
    }
    text_print(out, "%s: %lld components, %lld weights (%lld bytes); memory for floats in blocks of %d samples\n\n",
               writer.name, (long long)program->dimension, (long long)program->weight_count,
               4 * (long long)program->weight_count, BLOCK_SAMPLES);
    put_entries(&writer, out);
    const IrModule *module = program->module;
    for (int f = 0; f < module->function_count; f++)
        if (writer.file_of[f] != CODE_FILE_COUNT)
            put_plan(module->functions[f]->name, planner_plan(writer.planner, module->functions[f]), out);
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++)
        if (package_has(&writer, kind) && writer.entries[kind].plan)
            put_plan(package_entry_name(kind), writer.entries[kind].plan, out);
    return true;
}
