/* SPDX-License-Identifier: MIT */
/* Which values the forward function keeps: a minimum cut. A value v that the backward function needs is either kept, at
 * the price of a store and a load, or computed again, at the price of its op, and then the op's operands are needed.
 * With two nodes for each value, needed(v) and computed(v), "on the source's side" meaning "true":
 *
 *     source -> needed(v)            where a backward op reads v
 *     needed(v) -> computed(v)       capacity: what keeping v costs
 *     computed(v) -> sink            capacity: what computing v again costs; without bound for contractions and calls
 *     computed(v) -> needed(u)       without bound, for each operand u
 *
 * and the minimum cut is the cheapest plan. Among equally cheap ones it is the one that computes least again. */
#include "compiler/grad/residuals.h"

#include "compiler/grad/minimum_cut.h"

/* Costs in quarters of the time in which a vector is added to another that is in a register, for one element: rough
 * figures from the throughput of AVX-512 and of the runtime's vector functions. What is kept of a large value has left
 * the second-level cache when it is read; large is more than 256 KiB for a block of 64 samples. Shared values are
 * computed once for a block. Each value kept also costs a little by itself: an output and an input more to read and to
 * pass on. Where costs are equal, computing again saves memory. */
enum { COST_MOVE = 0, COST_SIMPLE = 4, COST_COPY = 10, COST_SCATTER = 24, COST_DIVIDE = 48, COST_FUNCTION = 96 };
enum { COST_LOAD = 5, COST_STORE = 12, COST_FAR_LOAD = 40, COST_FAR_STORE = 80 };
enum { BLOCK = 64, LARGE = 65536, COST_VALUE = 4 * BLOCK };

typedef struct Cut {
    const ResidualQuestion *question;
    FlowGraph *graph;
    bool *in_memory;   /* by value: lies in memory once it is computed, whoever keeps it */
    bool *read_memory; /* by value: a backward op reads it from memory */
    bool *needed;      /* by value: a backward op reads it */
} Cut;

/* ---- costs ---------------------------------------------------------------------------------------------------- */

/* Of one element of the result; -1: never computed twice. */
static int64_t cost_of_element(const IrOp *op)
{
    switch (op->code) {
    case IR_CONSTANT:
    case IR_BROADCAST:
    case IR_RESHAPE:
    case IR_TRANSPOSE:
    case IR_SLICE:
    case IR_GATHER:
    case IR_STOP_GRADIENT:
        return COST_MOVE;
    case IR_CONCAT:
    case IR_DISTRIBUTE:
    case IR_CUMSUM:
        return COST_COPY;
    case IR_SCATTER_ADD:
    case IR_TAKE:
    case IR_PUT:
        return COST_SCATTER;
    case IR_DIV:
    case IR_SQRT:
        return COST_DIVIDE;
    case IR_REDUCE_SUM:
    case IR_REDUCE_MAX:
        return COST_SIMPLE;
    default:
        if (ir_op_is(op->code, IR_FUNCTION))
            return op->operand_count * COST_FUNCTION;
        return ir_op_class(op->code) == IR_ELEMENTWISE ? COST_SIMPLE : -1;
    }
}

/* For a block of samples. */
static int64_t element_count(const IrFunction *function, IrId id)
{
    const IrType *type = ir_type_of(function, id);
    return ir_type_count(type) * (type->kind == IR_KIND_SAMPLE ? BLOCK : 1);
}

static int64_t cost_of_computing(const Cut *cut, IrId id)
{
    const IrFunction *draft = cut->question->draft;
    const IrOp *op = &draft->ops[draft->values[id].op];
    int64_t cost = cost_of_element(op), count = element_count(draft, id);
    if (cost < 0)
        return FLOW_UNBOUNDED;
    bool reduces = ir_op_class(op->code) == IR_REDUCTION || op->code == IR_SCATTER_ADD;
    cost *= reduces ? element_count(draft, op->operands[0]) : count;
    if (draft->values[id].op >= cut->question->forward_op_count)
        cost = 0; /* it is computed once in any case, here or in the forward function */
    if (cut->read_memory[id] && op->code != IR_CONSTANT)
        cost += count * (count > LARGE ? COST_FAR_STORE : COST_STORE);
    return cost;
}

static int64_t cost_of_keeping(const Cut *cut, IrId id)
{
    int64_t count = element_count(cut->question->draft, id);
    const IrFunction *draft = cut->question->draft;
    bool there = cut->in_memory[id] || cut->question->output[id], far = count > LARGE;
    bool backward = draft->values[id].op >= cut->question->forward_op_count; /* rather what the forward has anyway */
    return COST_VALUE + (backward ? count : 0) +
           count * ((far ? COST_FAR_LOAD : COST_LOAD) + (there ? 0
                                                         : far ? COST_FAR_STORE
                                                               : COST_STORE));
}

/* ---- the graph ------------------------------------------------------------------------------------------------ */

enum { SOURCE, SINK, FIRST_VALUE };

static int needed_node(IrId id)
{
    return FIRST_VALUE + 2 * id;
}

static int computed_node(IrId id)
{
    return FIRST_VALUE + 2 * id + 1;
}

static bool wants_memory(const IrOp *op)
{
    IrClass class = ir_op_class(op->code);
    return class == IR_PRODUCT || class == IR_BATCH || class == IR_PROGRAM;
}

/* Another value's elements: they are copied for each reader that wants them in memory. */
static bool is_moved(const IrFunction *function, IrId id)
{
    int32_t op = function->values[id].op;
    return op >= 0 && cost_of_element(&function->ops[op]) == COST_MOVE;
}

static void find_readers(Cut *cut)
{
    const ResidualQuestion *question = cut->question;
    const IrFunction *draft = question->draft;
    for (int i = 0; i < draft->op_count; i++) {
        const IrOp *op = &draft->ops[i];
        bool program = ir_op_class(op->code) == IR_PROGRAM, live = false, late = false;
        for (int j = 0; j < op->result_count; j++) {
            live = live || question->live[op->results[j]];
            late = late || question->late[op->results[j]];
            cut->in_memory[op->results[j]] = cut->in_memory[op->results[j]] || program;
        }
        for (int j = 0; j < op->operand_count; j++) {
            IrId id = op->operands[j];
            if (i < question->forward_op_count && wants_memory(op) && !is_moved(draft, id))
                cut->in_memory[id] = true;
            if (!live || !late || question->late[id])
                continue;
            cut->needed[id] = true;
            cut->read_memory[id] = cut->read_memory[id] || wants_memory(op);
        }
    }
    for (int i = 0; i < draft->output_count; i++)
        cut->needed[draft->outputs[i]] = cut->needed[draft->outputs[i]] || !question->late[draft->outputs[i]];
}

static void add_value(const Cut *cut, IrId id)
{
    const IrFunction *draft = cut->question->draft;
    if (cut->needed[id])
        flow_graph_edge(cut->graph, SOURCE, needed_node(id), FLOW_UNBOUNDED);
    if (draft->values[id].op < 0) {
        if (cut->question->costly_input[id])
            flow_graph_edge(cut->graph, needed_node(id), SINK, cost_of_keeping(cut, id));
        return;
    }
    flow_graph_edge(cut->graph, needed_node(id), computed_node(id), cost_of_keeping(cut, id));
    flow_graph_edge(cut->graph, computed_node(id), SINK, cost_of_computing(cut, id));
    const IrOp *op = &draft->ops[draft->values[id].op];
    for (int i = 0; i < op->operand_count; i++)
        flow_graph_edge(cut->graph, computed_node(id), needed_node(op->operands[i]), FLOW_UNBOUNDED);
}

void residuals_choose(const ResidualQuestion *question, bool *kept, bool *again)
{
    const IrFunction *draft = question->draft;
    Arena *arena = draft->module->arena;
    Cut cut = {.question = question, .graph = flow_graph_new(arena, FIRST_VALUE + 2 * draft->value_count)};
    cut.in_memory = ARENA_ARRAY(arena, bool, draft->value_count);
    cut.read_memory = ARENA_ARRAY(arena, bool, draft->value_count);
    cut.needed = ARENA_ARRAY(arena, bool, draft->value_count);
    find_readers(&cut);
    for (int i = 0; i < draft->value_count; i++)
        if (!question->late[i])
            add_value(&cut, i);
    bool *side = ARENA_ARRAY(arena, bool, FIRST_VALUE + 2 * draft->value_count);
    flow_graph_cut(cut.graph, SOURCE, SINK, side);
    for (int i = 0; i < draft->value_count; i++) {
        bool needed = !question->late[i] && side[needed_node(i)], input = draft->values[i].op < 0;
        again[i] = needed && !input && side[computed_node(i)];
        kept[i] = needed && !again[i];
    }
}
