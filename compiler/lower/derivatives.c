/* SPDX-License-Identifier: MIT */
/* What follows from other entries by differentiation: the force from the energy, the score from the log-density, the
 * training step from the loss. */
#include "compiler/grad/grad.h"
#include "compiler/lower/lower.h"

static void make_force(Lower *lower, GradCache *cache)
{
    bool wanted[] = {true, false};
    IrFunction *both = grad_value_and_gradient(cache, lower->energy, 0, wanted, "energy_and_gradient");
    IrFunction *entry = lower_entry(lower, ENTRY_FORCE, false);
    IrBuilder builder = {.function = entry, .span = lower->spec->energy_span};
    IrId x = lower_x(lower, entry), values[2];
    ir_call(&builder, both, both->input_count, (IrId[]){x, lower_conditions(lower, entry)}, values);
    IrId force = ir_unary(&builder, IR_NEG, ir_name(entry, values[1], "gradient"));
    ir_output(entry, "force", ir_name(entry, lower_per_sample(&builder, force, x), "force"));
}

/* For chains and annealing between the model and exp(-U / kT). */
static void make_score(Lower *lower, GradCache *cache)
{
    const ProgramEntry *log_prob = &lower->program->entries[ENTRY_LOG_PROB];
    bool *wanted = ARENA_ARRAY(lower->arena, bool, log_prob->function->input_count);
    wanted[log_prob->tensor_count + lower->program->scalar_count] = true; /* x */
    ProgramEntry *score = &lower->program->entries[ENTRY_SCORE];
    *score = *log_prob;
    score->function = grad_value_and_gradient(cache, log_prob->function, 0, wanted, lower_entry_name(ENTRY_SCORE));
    score->function->entry = true;
}

static void make_step(Lower *lower, GradCache *cache)
{
    const ProgramEntry *loss = &lower->program->entries[ENTRY_LOSS];
    bool *wanted = ARENA_ARRAY(lower->arena, bool, loss->function->input_count);
    for (int i = 0; i < loss->tensor_count; i++)
        wanted[i] = lower->program->tensors[loss->tensor_inputs[i]].type.kind == IR_KIND_PARAMETER;
    ProgramEntry *step = &lower->program->entries[ENTRY_STEP];
    *step = *loss;
    step->function = grad_value_and_gradient(cache, loss->function, 0, wanted, lower_entry_name(ENTRY_STEP));
    step->function->entry = true;
}

void derivatives_lower(Lower *lower)
{
    GradCache *cache = grad_cache_new(lower->module);
    if (lower->energy)
        make_force(lower, cache);
    if (lower->energy && lower->program->entries[ENTRY_LOG_PROB].function)
        make_score(lower, cache);
    if (lower->program->entries[ENTRY_LOSS].function)
        make_step(lower, cache);
}
