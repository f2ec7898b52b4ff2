/* SPDX-License-Identifier: MIT */
/* The whole program: tensors and scalars, functions made of the spec's parts, and the entries that call them. */
#include "compiler/lower/program.h"

#include "compiler/ir/verify.h"
#include "compiler/lower/lower.h"
#include "runtime/core/random.h"

const char *lower_entry_name(EntryKind kind)
{
    static const char *const NAMES[ENTRY_COUNT] = {"entry_sample",     "entry_log_prob",    "entry_energy",
                                                   "entry_force",      "entry_observables", "entry_score",
                                                   "entry_initialise", "entry_loss",        "entry_step"};
    return NAMES[kind];
}

bool lower_failed(const Lower *lower)
{
    return lower->diagnostics->error_count > lower->errors_before;
}

bool lower_check_ops(Lower *lower)
{
    int64_t ops = 0;
    for (int i = 0; i < lower->module->function_count; i++)
        ops += lower->module->functions[i]->op_count;
    if (ops > LOWER_OPS_MAX && !lower->ops_too_large)
        diagnostics_error(lower->diagnostics, lower->spec->system_span, "E0602",
                          "the program has more than %d operations", LOWER_OPS_MAX);
    lower->ops_too_large = ops > LOWER_OPS_MAX;
    return !lower->ops_too_large;
}

/* ---- tensors and scalars ----------------------------------------------------------------------------------------- */

static void fail_weights(Lower *lower, Span span)
{
    if (lower->weights_too_large)
        return;
    lower->weights_too_large = true;
    diagnostics_error(lower->diagnostics, span, "E0601", "the model has more than %lld parameters",
                      (long long)LOWER_WEIGHTS_MAX)
        ->label = "this part goes beyond the limit";
}

void lower_add_tensor(Lower *lower, const char *name, int rank, const int64_t *size, InitKind init, double scale,
                      Span span)
{
    Program *program = lower->program;
    int64_t count = 1;
    for (int axis = 0; axis < rank; axis++) {
        if (size[axis] > LOWER_WEIGHTS_MAX / count) {
            fail_weights(lower, span);
            return;
        }
        count *= size[axis];
    }
    if (lower->weights_too_large || count > LOWER_WEIGHTS_MAX - program->weight_count) {
        fail_weights(lower, span);
        return;
    }
    if (program->tensor_count == LOWER_TENSORS_MAX) {
        lower->weights_too_large = true;
        diagnostics_error(lower->diagnostics, span, "E0601", "the model has more than %d tensors of weights",
                          LOWER_TENSORS_MAX)
            ->label = "this part goes beyond the limit";
        return;
    }
    if (program->tensor_count == lower->tensor_room) {
        int room = lower->tensor_room * 2 + 16;
        program->tensors = arena_grow(lower->arena, program->tensors, (size_t)program->tensor_count, (size_t)room,
                                      sizeof(ProgramTensor));
        lower->tensor_room = room;
    }
    program->tensors[program->tensor_count++] = (ProgramTensor){.name = name,
                                                                .type = ir_type(IR_REAL, IR_KIND_PARAMETER, rank, size),
                                                                .init = init,
                                                                .scale = scale,
                                                                .span = span,
                                                                .offset = program->weight_count};
    program->weight_count += count;
}

void lower_add_state(Lower *lower, const char *name, int rank, const int64_t *size, double start, Span span)
{
    int before = lower->program->tensor_count;
    lower_add_tensor(lower, name, rank, size, INIT_CONSTANT, start, span);
    if (lower->program->tensor_count > before)
        lower->program->tensors[before].type.kind = IR_KIND_STATE;
}

/* "kT", unless it is a condition, then the weight of each loss. */
static void declare_scalars(Lower *lower)
{
    const ModelSpec *spec = lower->spec;
    Program *program = lower->program;
    const int first = spec->kT_condition == NULL;
    program->first_loss_scalar = first;
    program->scalar_count = first + spec->loss_count;
    program->scalars = ARENA_ARRAY(lower->arena, ProgramScalar, program->scalar_count);
    if (first > 0)
        program->scalars[0] = (ProgramScalar){"kT", spec->kT};
    for (int i = 0; i < spec->loss_count; i++)
        program->scalars[first + i] =
            (ProgramScalar){arena_print(lower->arena, "loss.%d.weight", i), spec->losses[i].weight};
}

bool lower_has_loss(const Lower *lower, LossKind kind)
{
    for (int i = 0; i < lower->spec->loss_count; i++)
        if (lower->spec->losses[i].kind == kind)
            return true;
    return false;
}

/* ---- entries ----------------------------------------------------------------------------------------------------- */

IrFunction *lower_entry(Lower *lower, EntryKind kind, bool weights)
{
    Program *program = lower->program;
    IrFunction *function = ir_function_new(lower->module, lower_entry_name(kind));
    ProgramEntry *entry = &program->entries[kind];
    function->entry = true;
    *entry = (ProgramEntry){.function = function, .tensor_count = weights ? program->tensor_count : 0};
    entry->tensor_inputs = ARENA_ARRAY(lower->arena, int, entry->tensor_count);
    for (int i = 0; i < entry->tensor_count; i++) {
        entry->tensor_inputs[i] = i;
        ir_input(function, program->tensors[i].name, program->tensors[i].type);
    }
    for (int i = 0; i < program->scalar_count; i++)
        ir_input(function, program->scalars[i].name, ir_type_scalar(IR_REAL, IR_KIND_SCALAR));
    return function;
}

IrId lower_scalar(const Lower *lower, EntryKind kind, int scalar)
{
    const ProgramEntry *entry = &lower->program->entries[kind];
    return entry->function->inputs[entry->tensor_count + scalar];
}

IrId lower_x(const Lower *lower, IrFunction *function)
{
    return ir_input(function, "x", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &lower->program->dimension));
}

IrId lower_conditions(const Lower *lower, IrFunction *function)
{
    const int64_t count = lower->spec->condition_count;
    return count == 0 ? -1 : ir_input(function, "conditions", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &count));
}

IrId lower_data(const Lower *lower, IrFunction *function)
{
    return ir_input(function, "data", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &lower->program->data_width));
}

IrId lower_per_sample(IrBuilder *builder, IrId value, IrId x)
{
    if (ir_type_of(builder->function, value)->kind == IR_KIND_SAMPLE)
        return value;
    if (ir_type_of(builder->function, value)->rank == 0)
        x = ir_element(builder, x, 0);
    IrId nothing = ir_binary(builder, IR_MUL, x, ir_constant(builder, 0));
    return ir_binary(builder, IR_ADD, nothing, value);
}

static void make_sample(Lower *lower)
{
    IrFunction *entry = lower_entry(lower, ENTRY_SAMPLE, true);
    IrBuilder builder = {.function = entry, .span = lower->spec->flow_span};
    IrId x, log_q, conditions = lower_conditions(lower, entry);
    flow_sample(lower, &builder, base_draw(lower, &builder, RANDOM_SAMPLE), conditions, &x, &log_q);
    ir_output(entry, "x", x);
    ir_output(entry, "log_q", log_q);
}

static void make_log_prob(Lower *lower)
{
    IrFunction *entry = lower_entry(lower, ENTRY_LOG_PROB, true);
    IrBuilder builder = {.function = entry};
    IrId x = lower_x(lower, entry);
    ir_output(entry, "log_q", flow_log_prob(lower, &builder, x, lower_conditions(lower, entry)));
}

/* One call of a function of x and the conditions. */
static void make_call(Lower *lower, EntryKind kind, IrFunction *callee, const char *name)
{
    IrFunction *entry = lower_entry(lower, kind, false);
    IrBuilder builder = {.function = entry, .span = callee->span};
    IrId inputs[2] = {lower_x(lower, entry), -1}, value;
    inputs[1] = lower_conditions(lower, entry);
    ir_call(&builder, callee, callee->input_count, inputs, &value);
    ir_output(entry, name, ir_name(entry, value, name));
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static void name_observables(Lower *lower)
{
    Program *program = lower->program;
    program->observable_count = lower->spec->observable_count;
    program->observable_names = ARENA_ARRAY(lower->arena, const char *, program->observable_count);
    for (int i = 0; i < program->observable_count; i++)
        program->observable_names[i] = lower->spec->observables[i].name;
}

static void make_entries(Lower *lower)
{
    make_sample(lower);
    make_log_prob(lower);
    if (lower->energy)
        make_call(lower, ENTRY_ENERGY, lower->energy, "energy");
    if (lower->observables)
        make_call(lower, ENTRY_OBSERVABLES, lower->observables, "values");
    if (lower->spec->loss_count > 0)
        loss_lower(lower);
    if (lower->spec->loss_count > 0)
        initialise_lower(lower);
    if (!lower_failed(lower) && lower_check_ops(lower))
        derivatives_lower(lower);
}

Program *lower_program(Arena *arena, const ModelSpec *spec, Diagnostics *diagnostics)
{
    Program *program = ARENA_NEW(arena, Program);
    Lower lower = {.arena = arena, .spec = spec, .diagnostics = diagnostics, .program = program};
    lower.errors_before = diagnostics->error_count;
    lower.module = ir_module_new(arena, spec->name);
    lower.module->batch = spec->train.batch;
    *program = (Program){.spec = spec, .module = lower.module, .dimension = spec->dimension};
    flow_declare(&lower);
    energy_lower(&lower);
    if (lower_failed(&lower))
        return NULL;
    declare_scalars(&lower);
    if (lower_has_loss(&lower, LOSS_FORWARD_KL))
        program->data_width = program->dimension;
    if (condition_column_count(spec) > 0)
        program->data_width = program->dimension + condition_column_count(spec);
    if (lower_has_loss(&lower, LOSS_FAB))
        program->data_width = program->dimension + 1;
    name_observables(&lower);
    make_entries(&lower);
    if (lower_failed(&lower) || !lower_check_ops(&lower) || !ir_verify(lower.module, diagnostics))
        return NULL;
    return program;
}
