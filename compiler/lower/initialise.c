/* SPDX-License-Identifier: MIT */
/* First values that are computed rather than drawn: an entry that runs once, before the first step, over the weights as
 * they were drawn and the first batch. */
#include "compiler/lower/lower.h"

void lower_add_initialised(Lower *lower, int tensor)
{
    Program *program = lower->program;
    if (tensor >= program->tensor_count)
        return; /* it was too large, which has been reported */
    if (program->initialised_count == lower->initialised_room) {
        int room = lower->initialised_room * 2 + 16;
        program->initialised = arena_grow(lower->arena, program->initialised, (size_t)program->initialised_count,
                                          (size_t)room, sizeof(int));
        lower->initialised_room = room;
    }
    program->initialised[program->initialised_count++] = tensor;
}

/* The first batch goes through the flow as in the first step: from data to the base, or from noise to samples. */
void initialise_lower(Lower *lower)
{
    Program *program = lower->program;
    if (program->initialised_count == 0)
        return;
    IrFunction *entry = lower_entry(lower, ENTRY_INITIALISE, true);
    IrBuilder builder = {.function = entry, .span = lower->spec->flow_span};
    lower->first_values = ARENA_ARRAY(lower->arena, IrId, program->tensor_count);
    for (int i = 0; i < program->tensor_count; i++)
        lower->first_values[i] = -1;
    loss_first_pass(lower, &builder);
    for (int i = 0; i < program->initialised_count; i++) {
        const char *name = program->tensors[program->initialised[i]].name;
        ir_output(entry, name, lower->first_values[program->initialised[i]]);
    }
    lower->first_values = NULL;
}
