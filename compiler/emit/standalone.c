/* SPDX-License-Identifier: MIT */
/* The generic entry: every input and output is an array of its own. */
#include "compiler/emit/standalone.h"

void standalone_begin(Text *out)
{
    text_put(out, "#include \"runtime/core/block.h\"\n\n"
                  "typedef struct Arguments {\n"
                  "    const real *const *inputs;\n"
                  "    real *const *outputs;\n"
                  "    uint64_t seed, first;\n"
                  "    uint32_t step;\n"
                  "} Arguments;\n");
}

static void bind(Arena *arena, Entry *entry)
{
    EntryInput *inputs = ARENA_ARRAY(arena, EntryInput, entry->function->input_count + 1);
    EntryOutput *outputs = ARENA_ARRAY(arena, EntryOutput, entry->function->output_count + 1);
    for (int i = 0; i < entry->function->input_count; i++)
        inputs[i] = (EntryInput){.kind = INPUT_ARRAY, .array = arena_print(arena, "arguments->inputs[%d]", i)};
    for (int i = 0; i < entry->function->output_count; i++)
        outputs[i] =
            (EntryOutput){.kind = OUTPUT_ARRAY,
                          .rows = ir_type_of(entry->function, entry->function->outputs[i])->kind == IR_KIND_SAMPLE,
                          .array = arena_print(arena, "arguments->outputs[%d]", i)};
    entry->inputs = inputs;
    entry->outputs = outputs;
}

const char *standalone_add(Arena *arena, SharedParts *parts, IrModule *module, const IrFunction *function,
                           const char *name, Text *out, EntryWorkspace *workspace)
{
    Entry entry = {.function = function,
                   .name = name,
                   .seed = "arguments->seed",
                   .first = "arguments->first",
                   .step = "arguments->step",
                   .parameters = "const Arguments *arguments, size_t count, void *workspace, int threads"};
    bind(arena, &entry);
    PhaseTable *phases = phase_table_new(arena, module);
    const IrFunction *culprit;
    const char *wrong = phases_normalise(phases, module, &culprit);
    if (wrong != NULL)
        return arena_print(arena, "function %s: %s", culprit->name, wrong);
    Planner *planner = planner_new(arena, module, phases);
    const Packing *packing = packing_find(planner, module, NULL, 0);
    entry_plan(planner, &entry);
    shared_parts_name_functions(parts, module);
    if (entry_has_phases(planner, &entry))
        text_put(out, "\n#if ANSATZ_BLOCK > 1\n");
    bool *reached = ARENA_ARRAY(arena, bool, module->function_count + 1);
    reached[function->position] = !entry_has_phases(planner, &entry);
    functions_reach(planner, function, reached);
    for (int f = 0; f < module->function_count; f++)
        if (reached[f])
            write_function(arena, planner, packing, module->functions[f], parts, "static ", out);
    entry_write(arena, planner, packing, &entry, parts, out);
    if (entry_has_phases(planner, &entry))
        text_put(out, "\n#endif\n");
    *workspace = entry_workspace(planner, &entry);
    return NULL;
}
