/* SPDX-License-Identifier: MIT */
#include "tests/program_helpers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const double *input_of(const ProgramRun *run, const ProgramEntry *entry, const IrFunction *function, int i)
{
    const int scalar = i - entry->tensor_count;
    if (scalar < 0)
        return run->weights + run->program->tensors[entry->tensor_inputs[i]].offset;
    if (scalar < run->program->scalar_count)
        return &run->program->scalars[scalar].schedule.from;
    return strcmp(function->values[function->inputs[i]].name, "conditions") == 0 ? run->conditions : run->x;
}

IrTensor *program_test_run_function(const ProgramRun *run, EntryKind kind, const IrFunction *function)
{
    const ProgramEntry *entry = &run->program->entries[kind];
    IrTensor *inputs = ARENA_ARRAY(run->arena, IrTensor, function->input_count);
    for (int i = 0; i < function->input_count; i++)
        inputs[i] = ir_test_filled(run->arena, ir_type_of(function, function->inputs[i]), run->batch,
                                   input_of(run, entry, function, i));
    IrRun how = {.arena = run->arena,
                 .batch = run->batch,
                 .seed = run->seed,
                 .first_sample = run->first_sample,
                 .step = run->step};
    IrTensor *outputs = ARENA_ARRAY(run->arena, IrTensor, function->output_count);
    ir_interpret(&how, function, inputs, outputs);
    assert_null(how.error);
    return outputs;
}

IrTensor *program_test_run(const ProgramRun *run, EntryKind kind)
{
    return program_test_run_function(run, kind, run->program->entries[kind].function);
}

Program *program_test_lower(Arena *arena, const char *text)
{
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, arena);
    const ModelSpec *spec = spec_read_text(arena, "test.yaml", text, &diagnostics);
    Program *program = spec != NULL ? lower_program(arena, spec, &diagnostics) : NULL;
    if (program == NULL) {
        Text errors = text_start(arena);
        diagnostics_print(&diagnostics, &errors, 0);
        fail_msg("%s", errors.bytes);
    }
    return program;
}
