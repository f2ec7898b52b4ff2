/* SPDX-License-Identifier: MIT */
/* Reverse mode of scans. The forward scan stacks what the backward one reads: residuals, and those starts of carried
 * values that are read. The backward scan goes the other way and carries the cotangents of the carried values; the
 * cotangent of a fixed value is carried, too, and grows from step to step. What a carried value was after a step is
 * what it was before the next one: the backward scan hands it on, so that it is stacked once. */
#include "compiler/grad/vjp_program.h"

/* What an input or output of the backward step is; `index` counts the step function's inputs, outputs, or residuals. */
typedef enum PortKind {
    PORT_CARRIED,  /* cotangent of carried value `index` (counted from 0) */
    PORT_GROWING,  /* cotangent of fixed input `index` so far */
    PORT_OUTPUT,   /* cotangent of per-step output `index` */
    PORT_RESIDUAL, /* residual `index` */
    PORT_START,    /* what carried value `index` was before the step */
    PORT_END,      /* what carried value `index` was after the step */
    PORT_INPUT,    /* sliced or fixed input `index` */
    PORT_PER_STEP  /* cotangent of sliced input `index`, for this step */
} PortKind;

typedef struct Port {
    PortKind kind;
    int index;
} Port;

typedef struct ScanSteps {
    IrFunction *forward, *backward;
    int *residual_output; /* by residual: which output of the forward step it is, or -1: the end of a carried value */
    int *start_output;    /* by carried value, or -1 */
    Port *inputs, *outputs;
    int input_count, output_count, carried, sliced; /* of the backward scan: inputs without the step's number */
} ScanSteps;

/* ---- the plan ------------------------------------------------------------------------------------------------- */

/* Outputs of the step on which a derivative that is asked for depends, carried values from step to step. */
static bool *find_useful(const Analysis *analysis, const IrOp *op)
{
    const bool *step = grad_dependence(analysis->cache, op->callee);
    int inputs = op->callee->input_count;
    bool *useful = ARENA_ARRAY(analysis->cache->arena, bool, op->result_count);
    for (int i = 0; i < op->result_count; i++)
        useful[i] = analysis->active[op->results[i]];
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < op->result_count * op->carried; i++) {
            int output = i / op->carried, carried = i % op->carried;
            if (useful[output] && step[output * inputs + carried + 1] && !useful[carried])
                useful[carried] = more = true;
        }
    }
    return useful;
}

/* A carried value is taken if it always is by the next step and at the end. */
static void find_guards(Analysis *analysis, const IrOp *op, VjpKey *key, bool *guarded, bool *operand_guarded)
{
    for (int i = 0; i < op->result_count; i++)
        guarded[i] = key->seeded[i] && !grad_is_taken(analysis, op->results[i]);
    for (bool more = true; more;) {
        const bool *input_guards = grad_input_guards(analysis->cache, key);
        more = false;
        for (int i = 0; i < op->operand_count; i++) {
            operand_guarded[i] = input_guards[i + 1];
            if (i < op->carried && operand_guarded[i] && key->seeded[i] && !guarded[i])
                guarded[i] = more = true;
        }
    }
}

ProgramPlan *program_plan_scan(Analysis *analysis, const IrOp *op)
{
    Arena *arena = analysis->cache->arena;
    const bool *step = grad_dependence(analysis->cache, op->callee);
    const bool *varied = grad_scan_varied(analysis->cache, op, analysis->active);
    const bool *useful = find_useful(analysis, op);
    int inputs = op->callee->input_count;
    bool *wanted = ARENA_ARRAY(arena, bool, inputs), *seeded = ARENA_ARRAY(arena, bool, op->result_count);
    bool *guarded = ARENA_ARRAY(arena, bool, op->result_count);
    for (int i = 0; i < op->result_count * inputs; i++)
        if (useful[i / inputs] && varied[i % inputs] && step[i])
            seeded[i / inputs] = wanted[i % inputs] = true;
    ProgramPlan *plan = ARENA_NEW(arena, ProgramPlan);
    plan->key = (VjpKey){.function = op->callee,
                         .wanted = wanted,
                         .seeded = seeded,
                         .guarded = guarded,
                         .step = true,
                         .carried = op->carried,
                         .sliced = op->sliced};
    plan->operand_guarded = ARENA_ARRAY(arena, bool, op->operand_count);
    find_guards(analysis, op, &plan->key, guarded, plan->operand_guarded);
    return plan;
}

/* A carried value is finite if it is at the start and is taken after each step. */
void program_finite_scan(const Analysis *analysis, const IrOp *op, const ProgramPlan *plan, bool *finite)
{
    finite[0] = true; /* the step's number */
    for (int i = 0; i < op->operand_count; i++) {
        bool real = grad_is_real(op->callee, op->callee->inputs[i + 1]);
        bool taken = i >= op->carried || (plan->key.seeded[i] && !plan->key.guarded[i]);
        finite[i + 1] = !real || (taken && analysis->finite[op->operands[i]]);
    }
}

/* ---- the forward step ----------------------------------------------------------------------------------------- */

static IrType type_outside(const IrFunction *function, IrId id)
{
    return grad_cotangent_type(ir_type_of(function, id));
}

static bool is_start(const VjpPair *pair, int backward_input)
{
    int input = pair->vjp.backward_inputs[backward_input];
    return input >= 1 && input <= pair->key.carried;
}

/* May the carried value's end be handed on in the place of the step's output? */
static bool is_handed_on(const VjpPair *pair, int output)
{
    const IrFunction *function = pair->key.function;
    return output < pair->key.carried && grad_is_sample(function, function->outputs[output]) ==
                                             grad_is_sample(function, function->inputs[output + 1]);
}

/* Which outputs the forward step has behind those of its draft: carried values for each step, then starts. */
static int number_outputs(const VjpPair *pair, ScanSteps *steps)
{
    int next = pair->vjp.forward->output_count, first = next;
    bool *started = ARENA_ARRAY(pair->key.function->module->arena, bool, pair->key.carried);
    for (int i = 0; i < pair->vjp.backward_input_count; i++)
        if (is_start(pair, i))
            started[pair->vjp.backward_inputs[i] - 1] = true;
    for (int i = 0; i < pair->vjp.residual_count; i++) {
        int output = pair->vjp.residual_outputs[i];
        bool handed_on = is_handed_on(pair, output);
        if (handed_on)
            started[output] = true;
        steps->residual_output[i] = handed_on ? -1 : output < pair->key.carried ? next++ : output;
    }
    for (int i = 0; i < pair->key.carried; i++)
        steps->start_output[i] = started[i] ? next++ : -1;
    return next - first;
}

static void build_forward(const VjpPair *pair, ScanSteps *steps)
{
    IrFunction *function = pair->key.function, *draft = pair->vjp.forward;
    IrModule *module = function->module;
    Arena *arena = module->arena;
    int more = number_outputs(pair, steps);
    steps->forward = function;
    if (draft == function && more == 0)
        return;
    IrId *map = ARENA_ARRAY(arena, IrId, function->value_count);
    IrId *inputs = ARENA_ARRAY(arena, IrId, function->input_count);
    IrId *outputs = ARENA_ARRAY(arena, IrId, draft->output_count);
    const char *name = ir_function_unique_name(module, arena_print(arena, "%s_forward", function->name));
    steps->forward = ir_function_like(module, function, name, map);
    for (int i = 0; i < function->input_count; i++)
        inputs[i] = map[function->inputs[i]];
    grad_inline(steps->forward, draft, inputs, outputs);
    for (int i = 0; i < draft->output_count; i++)
        ir_output(steps->forward, draft->output_names[i], outputs[i]);
    for (int i = 0; i < pair->vjp.residual_count; i++) {
        int output = pair->vjp.residual_outputs[i];
        if (output < pair->key.carried && steps->residual_output[i] >= 0)
            ir_output(steps->forward, grad_output_name(draft, output), outputs[output]);
    }
    for (int i = 0; i < pair->key.carried; i++)
        if (steps->start_output[i] >= 0)
            ir_output(steps->forward, grad_prefixed_name(arena, "start_", steps->forward->values[inputs[i + 1]].name),
                      inputs[i + 1]);
}

/* ---- the backward step ---------------------------------------------------------------------------------------- */

static void add_input(ScanSteps *steps, PortKind kind, int index)
{
    steps->inputs[steps->input_count++] = (Port){kind, index};
}

static void list_inputs(const VjpPair *pair, ScanSteps *steps)
{
    const VjpKey *key = &pair->key;
    const IrFunction *function = key->function;
    int fixed = 1 + key->carried + key->sliced;
    for (int i = 0; i < key->carried; i++)
        if (key->seeded[i] || key->wanted[i + 1])
            add_input(steps, PORT_CARRIED, i);
    for (int i = fixed; i < function->input_count; i++)
        if (key->wanted[i])
            add_input(steps, PORT_GROWING, i);
    for (int i = 0; i < pair->vjp.residual_count; i++)
        if (steps->residual_output[i] < 0)
            add_input(steps, PORT_END, pair->vjp.residual_outputs[i]);
    steps->carried = steps->input_count;
    for (int i = key->carried; i < function->output_count; i++)
        if (key->seeded[i])
            add_input(steps, PORT_OUTPUT, i);
    for (int i = 0; i < pair->vjp.residual_count; i++)
        if (steps->residual_output[i] >= 0)
            add_input(steps, PORT_RESIDUAL, i);
    for (int i = 0; i < key->carried; i++)
        if (steps->start_output[i] >= 0)
            add_input(steps, PORT_START, i);
    for (int part = 0; part < 2; part++) { /* sliced, then fixed */
        for (int i = 0; i < pair->vjp.backward_input_count; i++) {
            int input = pair->vjp.backward_inputs[i];
            if (input > key->carried && (input >= fixed) == (part == 1))
                add_input(steps, PORT_INPUT, input);
        }
        if (part == 0)
            steps->sliced = steps->input_count - steps->carried;
    }
}

static IrType port_type(const VjpPair *pair, Port port)
{
    const IrFunction *function = pair->key.function;
    switch (port.kind) {
    case PORT_CARRIED:
    case PORT_START:
    case PORT_END:
        return type_outside(function, function->inputs[port.index + 1]);
    case PORT_OUTPUT:
        return type_outside(function, function->outputs[port.index]);
    case PORT_RESIDUAL:
        return type_outside(pair->vjp.forward, pair->vjp.forward->outputs[pair->vjp.residual_outputs[port.index]]);
    case PORT_GROWING:
        return type_outside(function, function->inputs[port.index]);
    default:
        return *ir_type_of(function, function->inputs[port.index]);
    }
}

static const char *port_name(const VjpPair *pair, Port port)
{
    const IrFunction *function = pair->key.function;
    Arena *arena = function->module->arena;
    switch (port.kind) {
    case PORT_CARRIED:
        return grad_prefixed_name(arena, "d_", grad_output_name(function, port.index));
    case PORT_START:
        return function->values[function->inputs[port.index + 1]].name;
    case PORT_OUTPUT:
        return grad_prefixed_name(arena, "d_", grad_output_name(function, port.index));
    case PORT_RESIDUAL:
        return grad_output_name(pair->vjp.forward, pair->vjp.residual_outputs[port.index]);
    case PORT_END:
        return grad_output_name(function, port.index);
    case PORT_GROWING:
        return grad_prefixed_name(arena, "d_", function->values[function->inputs[port.index]].name);
    default:
        return function->values[function->inputs[port.index]].name;
    }
}

/* The id of the input that this port is. */
static IrId find_input(const ScanSteps *steps, PortKind kind, int index)
{
    for (int i = 0; i < steps->input_count; i++)
        if (steps->inputs[i].kind == kind && steps->inputs[i].index == index)
            return steps->backward->inputs[i + 1];
    return steps->backward->inputs[0]; /* the step's number */
}

/* What the pair's backward function is given inside the step. */
static void backward_operands(const VjpPair *pair, const ScanSteps *steps, IrId *operands)
{
    const VjpKey *key = &pair->key;
    const IrFunction *function = key->function;
    IrBuilder builder = {.function = steps->backward, .span = function->span};
    int count = 0;
    for (int i = 0; i < pair->vjp.backward_input_count; i++) {
        int input = pair->vjp.backward_inputs[i];
        operands[count++] =
            is_start(pair, i) ? find_input(steps, PORT_START, input - 1) : find_input(steps, PORT_INPUT, input);
    }
    for (int i = 0; i < pair->vjp.residual_count; i++)
        operands[count++] = steps->residual_output[i] < 0 ? find_input(steps, PORT_END, pair->vjp.residual_outputs[i])
                                                          : find_input(steps, PORT_RESIDUAL, i);
    for (int i = 0; i < function->output_count; i++) {
        if (!key->seeded[i])
            continue;
        IrId d = find_input(steps, i < key->carried ? PORT_CARRIED : PORT_OUTPUT, i);
        if (grad_is_sample(steps->backward, d) && !grad_is_sample(function, function->outputs[i]))
            d = ir_unary(&builder, IR_BATCH_SUM, d); /* carried for each sample, though the step makes one for all */
        operands[count++] = d;
    }
}

static void add_output(ScanSteps *steps, PortKind kind, int index, IrId value)
{
    Port port = {kind, index};
    const IrFunction *function = steps->backward;
    steps->outputs[steps->output_count++] = port;
    ir_output(steps->backward, function->values[value].name, value);
}

/* `cotangents` by input of the step function, -1 where none is wanted. */
static void build_outputs(const VjpPair *pair, ScanSteps *steps, const IrId *cotangents)
{
    const VjpKey *key = &pair->key;
    const IrFunction *function = key->function;
    IrBuilder builder = {.function = steps->backward, .span = function->span};
    for (int i = 0; i < steps->carried; i++) {
        Port port = steps->inputs[i];
        IrId d;
        if (port.kind == PORT_END)
            d = find_input(steps, PORT_START, port.index);
        else if (port.kind == PORT_GROWING)
            d = ir_binary(&builder, IR_ADD, steps->backward->inputs[i + 1], cotangents[port.index]);
        else if (cotangents[port.index + 1] >= 0)
            d = cotangents[port.index + 1];
        else
            d = ir_zeros(&builder, ir_type_of(function, function->inputs[port.index + 1]));
        add_output(steps, port.kind, port.index, d);
    }
    for (int i = 1 + key->carried; i < 1 + key->carried + key->sliced; i++)
        if (key->wanted[i])
            add_output(steps, PORT_PER_STEP, i, cotangents[i]);
}

static void build_backward(const VjpPair *pair, ScanSteps *steps)
{
    const VjpKey *key = &pair->key;
    const IrFunction *draft = pair->vjp.backward;
    IrModule *module = key->function->module;
    Arena *arena = module->arena;
    steps->backward = ir_function_new(
        module, ir_function_unique_name(module, arena_print(arena, "%s_backward", key->function->name)));
    steps->backward->note = draft->note;
    steps->backward->span = draft->span;
    ir_input(steps->backward, "step", ir_type_scalar(IR_INT, IR_KIND_SCALAR));
    for (int i = 0; i < steps->input_count; i++)
        ir_input(steps->backward, port_name(pair, steps->inputs[i]), port_type(pair, steps->inputs[i]));
    IrId *operands = ARENA_ARRAY(arena, IrId, draft->input_count);
    IrId *results = ARENA_ARRAY(arena, IrId, draft->output_count);
    IrId *cotangents = ARENA_ARRAY(arena, IrId, key->function->input_count);
    backward_operands(pair, steps, operands);
    grad_inline(steps->backward, draft, operands, results);
    for (int i = 0, next = 0; i < key->function->input_count; i++)
        cotangents[i] = key->wanted[i] ? results[next++] : -1;
    build_outputs(pair, steps, cotangents);
}

static const ScanSteps *scan_steps(VjpPair *pair)
{
    if (pair->steps)
        return pair->steps;
    Arena *arena = pair->key.function->module->arena;
    const IrFunction *function = pair->key.function;
    ScanSteps *steps = ARENA_NEW(arena, ScanSteps);
    int room = 2 * function->input_count + function->output_count + pair->vjp.residual_count;
    steps->residual_output = ARENA_ARRAY(arena, int, pair->vjp.residual_count);
    steps->start_output = ARENA_ARRAY(arena, int, pair->key.carried);
    steps->inputs = ARENA_ARRAY(arena, Port, room);
    steps->outputs = ARENA_ARRAY(arena, Port, room);
    build_forward(pair, steps);
    list_inputs(pair, steps);
    build_backward(pair, steps);
    pair->steps = steps;
    return steps;
}

/* ---- the two scans -------------------------------------------------------------------------------------------- */

void vjp_scan_forward(Reverse *reverse, const IrOp *op)
{
    ptrdiff_t index = op - reverse->key->function->ops;
    IrFunction *forward = scan_steps(reverse->analysis->programs[index]->pair)->forward;
    IrId *operands = ARENA_ARRAY(reverse->rules.arena, IrId, op->operand_count);
    IrId *results = ARENA_ARRAY(reverse->rules.arena, IrId, forward->output_count);
    for (int i = 0; i < op->operand_count; i++)
        operands[i] = rules_mapped(&reverse->rules, op, i);
    ir_scan(&reverse->rules.builder, forward, op->length, op->carried, op->sliced, op->reversed, op->operand_count,
            operands, results);
    vjp_program_results(reverse, op, forward, results);
}

static IrId port_operand(Reverse *reverse, const IrOp *op, const VjpPair *pair, Port port, const IrId *cotangents)
{
    const IrId *forward = reverse->forward[op - reverse->key->function->ops];
    IrType type = port_type(pair, port);
    switch (port.kind) {
    case PORT_CARRIED:
        return cotangents[port.index] >= 0 ? cotangents[port.index] : rules_zeros(&reverse->rules, &type);
    case PORT_OUTPUT:
        type = grad_stacked_type(&type, op->length);
        return cotangents[port.index] >= 0 ? cotangents[port.index] : rules_zeros(&reverse->rules, &type);
    case PORT_GROWING:
        return rules_zeros(&reverse->rules, &type);
    case PORT_RESIDUAL:
        return forward[pair->steps->residual_output[port.index]];
    case PORT_START:
        return forward[pair->steps->start_output[port.index]];
    case PORT_END:
        return forward[port.index];
    default:
        return rules_mapped(&reverse->rules, op, port.index - 1);
    }
}

void vjp_scan(Reverse *reverse, const IrOp *op)
{
    Arena *arena = reverse->rules.arena;
    VjpPair *pair = reverse->analysis->programs[op - reverse->key->function->ops]->pair;
    const ScanSteps *steps = scan_steps(pair);
    IrId *cotangents = ARENA_ARRAY(arena, IrId, op->result_count);
    if (!vjp_program_cotangents(reverse, op, cotangents))
        return;
    IrId *operands = ARENA_ARRAY(arena, IrId, steps->input_count);
    IrId *results = ARENA_ARRAY(arena, IrId, steps->output_count);
    for (int i = 0; i < steps->input_count; i++)
        operands[i] = port_operand(reverse, op, pair, steps->inputs[i], cotangents);
    ir_scan(&reverse->rules.builder, steps->backward, op->length, steps->carried, steps->sliced, !op->reversed,
            steps->input_count, operands, results);
    for (int i = 0; i < steps->output_count; i++) {
        Port port = steps->outputs[i];
        int input = port.kind == PORT_CARRIED ? port.index + 1 : port.index;
        if (port.kind != PORT_END && pair->key.wanted[input])
            reverse_add_value(reverse, op->operands[input - 1], results[i],
                              grad_is_sample(op->callee, op->callee->inputs[input]));
    }
}
