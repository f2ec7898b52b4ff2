/* SPDX-License-Identifier: MIT */
/* Entries. For each phase there is a function that runs once and one that runs for each block; the public function calls
 * them in turn, the blocks on as many threads as it was given, and adds what the blocks summed, from left to right. */
#include "compiler/emit/entries.h"

#include <string.h>

const char *entry_name(EntryKind kind)
{
    static const char *const names[ENTRY_COUNT] = {"sample",      "log_prob", "energy", "force",
                                                   "observables", "loss",     "step"};
    return names[kind];
}

const char *entry_parameters(EntryKind kind)
{
    switch (kind) {
    case ENTRY_SAMPLE:
        return "const real *weights, const real *scalars, uint64_t seed, uint64_t first, size_t count, real *x, "
               "real *log_q, void *workspace, int threads";
    case ENTRY_LOG_PROB:
        return "const real *weights, const real *scalars, size_t count, const real *x, real *log_q, void *workspace, "
               "int threads";
    case ENTRY_ENERGY:
        return "const real *scalars, size_t count, const real *x, real *energy, void *workspace, int threads";
    case ENTRY_FORCE:
        return "const real *scalars, size_t count, const real *x, real *force, void *workspace, int threads";
    case ENTRY_OBSERVABLES:
        return "const real *scalars, size_t count, const real *x, real *values, void *workspace, int threads";
    case ENTRY_LOSS:
    case ENTRY_STEP:
        return "const real *weights, const real *scalars, uint64_t seed, uint32_t step, real *gradient, "
               "void *workspace, int threads";
    case ENTRY_COUNT:
        break;
    }
    return "void";
}

static bool is_step(EntryKind kind)
{
    return kind == ENTRY_STEP || kind == ENTRY_LOSS;
}

static bool has_weights(EntryKind kind)
{
    return kind == ENTRY_SAMPLE || kind == ENTRY_LOG_PROB || is_step(kind);
}

static bool has_x(EntryKind kind)
{
    return kind != ENTRY_SAMPLE && !is_step(kind);
}

static int64_t padded(int64_t count, bool single)
{
    if (!single)
        return count * BLOCK_SAMPLES;
    return (count + FRAME_ALIGNMENT - 1) / FRAME_ALIGNMENT * FRAME_ALIGNMENT + FRAME_ALIGNMENT;
}

static int64_t round_reals(int64_t count)
{
    return (count + FRAME_ALIGNMENT - 1) / FRAME_ALIGNMENT * FRAME_ALIGNMENT;
}

static int64_t shard_count(const Program *program)
{
    return (program->module->batch + BLOCK_SAMPLES - 1) / BLOCK_SAMPLES;
}

/* What stands before a thread's frame: x and the outputs of one block, then what is computed once. */
static int64_t edge(const Program *program, const Plan *plan, EntryKind kind, bool single)
{
    int64_t reals = has_x(kind) ? padded(program->dimension, single) : 0;
    for (int i = 0; i < plan->function->output_count && !is_step(kind); i++)
        reals += padded(ir_type_count(ir_type_of(plan->function, plan->function->outputs[i])), single);
    return reals + (is_step(kind) ? 0 : round_reals(plan->shared));
}

EntryWorkspace entry_workspace(Planner *planner, const Program *program, EntryKind kind)
{
    const Plan *plan = planner_plan(planner, program->entries[kind].function, true);
    EntryWorkspace workspace = {.thread = round_reals(edge(program, plan, kind, false) + plan->workspace) + BLOCK_SAMPLES,
                                .thread_single = round_reals(edge(program, plan, kind, true) + plan->workspace_single) +
                                                 FRAME_ALIGNMENT};
    if (is_step(kind))
        workspace.fixed = round_reals(plan->shared) +
                          shard_count(program) * (round_reals(plan->batch) + round_reals(plan->partial_reals) +
                                                  2 * round_reals(plan->partial_doubles));
    return workspace;
}

/* ---- the functions of one phase -------------------------------------------------------------------------------------- */

static const char *output_name(const IrFunction *function, int output)
{
    const char *name = function->output_names[output];
    return name != NULL ? name : function->values[function->outputs[output]].name;
}

/* Names for what the caller passes; `weights`, `scalars`, `shared` are declared where a phase uses them. */
static void name_places(Writer *writer, const Program *program, EntryKind kind)
{
    const Plan *plan = writer->plan;
    const IrFunction *function = plan->function;
    int tensors = program->entries[kind].tensor_count;
    for (int i = 0; i < function->input_count; i++)
        if (i >= tensors + program->scalar_count)
            writer->names[function->inputs[i]] = writer_identifier(writer, "x");
    for (int i = 0; i < function->output_count; i++) {
        IrId value = function->outputs[i];
        if (plan->places[value].kind != PLACE_OUTPUT || plan->places[value].index != i)
            continue;
        if (is_step(kind))
            writer->names[value] = i == 0 ? "loss"
                                          : arena_print(writer->arena, "gradient_%d", i);
        else
            writer->names[value] = writer_identifier(writer, output_name(function, i) != NULL ? output_name(function, i)
                                                                                              : "result");
    }
}

static int64_t gradient_offset(const Program *program, const IrFunction *function, int output)
{
    int trained = output - 1;
    (void)function;
    for (int t = 0; t < program->tensor_count; t++)
        if (program->tensors[t].type.kind == IR_KIND_PARAMETER && trained-- == 0)
            return program->tensors[t].offset;
    return 0;
}

static void put_phase_parameters(Writer *writer, const Program *program, EntryKind kind, bool sample, Text *out)
{
    const IrFunction *function = writer->plan->function;
    text_print(out, "(%s%sconst real *scalars", sample ? "const Block *block, " : "",
               has_weights(kind) ? "const real *weights, " : "");
    if (has_x(kind))
        text_put(out, ", const real *x");
    if (is_step(kind))
        text_print(out, "%s, real *shared%s", sample ? "" : ", real *loss, real *gradient",
                   sample ? ", real *batch, real *sums, double *double_sums, real *workspace" : "");
    else {
        for (int i = 0; i < function->output_count; i++)
            text_print(out, ", real *%s", writer->plan->places[function->outputs[i]].kind == PLACE_OUTPUT &&
                                                  writer->plan->places[function->outputs[i]].index == i
                                              ? writer->names[function->outputs[i]]
                                              : arena_print(writer->arena, "output_%d", i));
        text_put(out, ", real *shared, real *workspace");
    }
    (void)program;
    text_put(out, ")\n{\n");
}

static void declare_scalars_and_gradients(Writer *writer, const Program *program, EntryKind kind, Text *out,
                                          const char *body)
{
    const IrFunction *function = writer->plan->function;
    int tensors = program->entries[kind].tensor_count;
    for (int i = 0; i < program->scalar_count; i++) {
        const char *name = writer->names[function->inputs[tensors + i]];
        if (name != NULL)
            text_print(out, "    const real *const %s = scalars + %d;\n", name, i);
    }
    for (int i = 1; i < function->output_count && is_step(kind); i++) {
        const char *direct = arena_print(writer->arena, "gradient_%d", i);
        const char *copied = arena_print(writer->arena, "output_%d", i);
        for (int k = 0; k < 2; k++) {
            const char *name = k == 0 ? direct : copied;
            const char *at = body;
            size_t length = strlen(name);
            while ((at = strstr(at, name)) != NULL && at[length] >= '0' && at[length] <= '9')
                at += length;
            if (at != NULL)
                text_print(out, "    real *const %s = gradient + %lld;\n", name,
                           (long long)gradient_offset(program, function, i));
        }
    }
}

/* One phase, once or for each block; false where it has nothing to do. */
static bool write_phase(Arena *arena, Planner *planner, const Packing *packing, const Program *program, EntryKind kind,
                        FileParts *parts, int level, bool sample, Text *out)
{
    const Plan *plan = planner_plan(planner, program->entries[kind].function, true);
    Writer *writer = writer_new(arena, planner, packing, plan, parts, out);
    bool any = false;
    for (int g = 0; g < plan->group_count; g++)
        any = any || (plan->groups[g].level == level && (!is_step(kind) || plan->groups[g].sample == sample));
    if (!any)
        return false;
    name_places(writer, program, kind);
    Text body = text_start(arena);
    writer->out = &body;
    if (is_step(kind)) {
        write_groups(writer, level, sample);
    } else {
        write_groups(writer, 0, false);
        Text first = body;
        body = text_start(arena);
        memset(writer->names, 0, sizeof *writer->names * (size_t)(2 * plan->function->value_count));
        writer->taken_count = 0;
        name_places(writer, program, kind);
        write_groups(writer, 0, true);
        bool alone = first.length == 0;
        Text both = text_start(arena);
        text_print(&both, alone ? "%s" : "    {\n%s    }\n", first.bytes);
        text_put(&both, body.bytes);
        body = both;
    }
    text_print(out, "\nstatic void %s_%s_%d", entry_name(kind), sample ? "block" : "once", level);
    put_phase_parameters(writer, program, kind, sample, out);
    declare_scalars_and_gradients(writer, program, kind, out, body.bytes);
    text_put(out, body.bytes);
    text_print(out, "    %s(void)scalars%s%s;\n}\n", sample ? "(void)block, (void)workspace, " : "",
               is_step(kind) ? (sample ? ", (void)shared, (void)batch, (void)sums, (void)double_sums"
                                       : ", (void)shared, (void)loss, (void)gradient")
                             : ", (void)shared",
               has_weights(kind) ? ", (void)weights" : "");
    return true;
}

/* ---- public functions ------------------------------------------------------------------------------------------------------ */

static void put_parallel(Text *out)
{
    text_put(out, "#ifdef _OPENMP\n#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)\n#endif\n");
}

static void write_per_sample(Planner *planner, const Program *program, EntryKind kind, Text *out)
{
    const Plan *plan = planner_plan(planner, program->entries[kind].function, true);
    const IrFunction *function = plan->function;
    EntryWorkspace size = entry_workspace(planner, program, kind);
    text_print(out, "\nvoid MODEL(%s)(%s)\n{\n", entry_name(kind), entry_parameters(kind));
    put_parallel(out);
    text_put(out, "    for (ptrdiff_t b = 0; b < block_count(count); b++) {\n");
    text_print(out, "        real *const frame = (real *)workspace + (size_t)ANSATZ_THREAD() * FRAME(%lld, %lld);\n",
               (long long)size.thread, (long long)size.thread_single);
    int64_t at = 0, at_single = 0;
    text_put(out, "        const Block block = {.first = (int64_t)b * BLOCK, .count = block_samples(count, b)");
    if (kind == ENTRY_SAMPLE)
        text_print(out, ",\n                             .stream = {.seed = seed, .first_sample = first + (uint64_t)b * BLOCK}");
    text_put(out, "};\n");
    if (has_x(kind)) {
        text_print(out, "        block_from_rows(x + (size_t)b * BLOCK * %lld, %lld, block.count, frame);\n",
                   (long long)program->dimension, (long long)program->dimension);
        at = padded(program->dimension, false), at_single = padded(program->dimension, true);
    }
    text_print(out, "        %s_block_0(&block%s, scalars%s", entry_name(kind), has_weights(kind) ? ", weights" : "",
               has_x(kind) ? ", frame" : "");
    int64_t outputs = at, outputs_single = at_single;
    for (int i = 0; i < function->output_count; i++) {
        int64_t count = ir_type_count(ir_type_of(function, function->outputs[i]));
        text_print(out, ", frame + FRAME(%lld, %lld)", (long long)at, (long long)at_single);
        at += padded(count, false), at_single += padded(count, true);
    }
    text_print(out, ", frame + FRAME(%lld, %lld), frame + FRAME(%lld, %lld));\n", (long long)at, (long long)at_single,
               (long long)(at + round_reals(plan->shared)), (long long)(at_single + round_reals(plan->shared)));
    static const char *const names[ENTRY_COUNT][2] = {{"x", "log_q"}, {"log_q", NULL}, {"energy", NULL},
                                                      {"force", NULL}, {"values", NULL}};
    for (int i = 0; i < function->output_count; i++) {
        int64_t count = ir_type_count(ir_type_of(function, function->outputs[i]));
        text_print(out, "        rows_from_block(frame + FRAME(%lld, %lld), %lld, block.count, %s + (size_t)b * BLOCK * %lld);\n",
                   (long long)outputs, (long long)outputs_single, (long long)count, names[kind][i], (long long)count);
        outputs += padded(count, false), outputs_single += padded(count, true);
    }
    text_put(out, "    }\n    (void)threads;\n}\n");
}

/* Adds up the shards' parts of every sum that the phase before `level` made; neighbours in one go. */
static void write_reduction(Planner *planner, const Program *program, EntryKind kind, int level, Text *out)
{
    const Plan *plan = planner_plan(planner, program->entries[kind].function, true);
    const IrFunction *function = plan->function;
    long long shards = (long long)shard_count(program);
    const char *to = NULL;
    int64_t from = 0, count = 0, offset = 0;
    for (int v = 0; v <= function->value_count; v++) {
        bool ends = v == function->value_count;
        if (!ends && (!plan->sums[v] || plan->partials[v] < 0 || plan->levels[v] != level))
            continue;
        const Place *place = ends ? NULL : &plan->places[v];
        bool output = !ends && place->kind == PLACE_OUTPUT;
        const char *base = ends ? NULL : output ? (place->index == 0 ? "loss" : "gradient") : "shared";
        int64_t here = ends ? 0 : output ? (place->index == 0 ? 0 : gradient_offset(program, function, place->index))
                                         : place->offset;
        if (!ends && plan->doubles[v]) {
            text_print(out, "    %s[%lld] = (real)sum_shards_double(double_sums + %lld, %lld, %lld);\n", base,
                       (long long)here, (long long)plan->partials[v], shards, (long long)round_reals(plan->partial_doubles));
            continue;
        }
        int64_t n = ends ? 0 : ir_type_count(&function->values[v].type);
        if (to != NULL && !ends && strcmp(to, base) == 0 && plan->partials[v] == from + count && here == offset + count) {
            count += n;
            continue;
        }
        if (to != NULL)
            text_print(out, "    sum_shards(sums + %lld, %lld, %lld, %lld, %s + %lld, threads);\n", (long long)from, shards,
                       (long long)round_reals(plan->partial_reals), (long long)count, to, (long long)offset);
        if (ends)
            break;
        to = base, from = plan->partials[v], count = n, offset = here;
    }
}

static void write_step(Planner *planner, const Program *program, EntryKind kind, const bool (*written)[2], Text *out)
{
    const Plan *plan = planner_plan(planner, program->entries[kind].function, true);
    EntryWorkspace size = entry_workspace(planner, program, kind);
    long long shards = (long long)shard_count(program), batch = (long long)program->module->batch;
    text_print(out, "\ndouble MODEL(%s)(%s)\n{\n", entry_name(kind), entry_parameters(kind));
    text_put(out, "    real value = REAL(0.0), *const loss = &value;\n    real *const shared = workspace;\n");
    text_print(out, "    double *const double_sums = (double *)(void *)(shared + %lld);\n", (long long)round_reals(plan->shared));
    text_print(out, "    real *const sums = (real *)(void *)(double_sums + %lld);\n",
               shards * (long long)round_reals(plan->partial_doubles));
    text_print(out, "    real *const batch = sums + %lld;\n", shards * (long long)round_reals(plan->partial_reals));
    text_print(out, "    real *const frames = (real *)workspace + %lld;\n", (long long)size.fixed);
    for (int level = 0; level < plan->level_count; level++) {
        if (level > 0)
            write_reduction(planner, program, kind, level, out);
        if (written[level][0])
            text_print(out, "    %s_once_%d(weights, scalars, loss, gradient, shared);\n", entry_name(kind), level);
        if (!written[level][1])
            continue;
        put_parallel(out);
        text_print(out, "    for (int shard = 0; shard < %lld; shard++) {\n", shards);
        text_print(out, "        const Block block = {.first = (int64_t)shard * BLOCK, .count = block_samples(%lld, shard),\n"
                        "                             .stream = {.seed = seed, .first_sample = (uint64_t)shard * BLOCK, .step = step}};\n",
                   batch);
        text_print(out, "        %s_block_%d(&block, weights, scalars, shared, batch + shard * %lld, sums + shard * %lld,\n"
                        "                     double_sums + shard * %lld, frames + (size_t)ANSATZ_THREAD() * %lld);\n    }\n",
                   entry_name(kind), level, (long long)round_reals(plan->batch), (long long)round_reals(plan->partial_reals),
                   (long long)round_reals(plan->partial_doubles), (long long)size.thread);
    }
    text_put(out, "    (void)sums, (void)double_sums, (void)batch, (void)frames, (void)threads, (void)gradient;\n");
    text_put(out, "    (void)seed, (void)step;\n    return (double)value;\n}\n");
}

void entry_write(Arena *arena, Planner *planner, const Packing *packing, const Program *program, EntryKind kind,
                 FileParts *parts, Text *out)
{
    const Plan *plan = planner_plan(planner, program->entries[kind].function, true);
    text_print(out, "\n/* ---- %s ---- */\n", entry_name(kind));
    if (!is_step(kind)) {
        write_phase(arena, planner, packing, program, kind, parts, 0, true, out);
        write_per_sample(planner, program, kind, out);
        return;
    }
    bool(*written)[2] = arena_take(arena, (size_t)plan->level_count, sizeof *written);
    for (int level = 0; level < plan->level_count; level++)
        for (int sample = 0; sample < 2; sample++)
            written[level][sample] = write_phase(arena, planner, packing, program, kind, parts, level, sample != 0, out);
    text_put(out, "\n#if ANSATZ_BLOCK != 1\n");
    write_step(planner, program, kind, (const bool(*)[2])written, out);
    text_put(out, "#endif\n");
}
