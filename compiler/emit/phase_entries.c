/* SPDX-License-Identifier: MIT */
/* The functions of the phases get what they use, each under one name: the same name in the public function that calls
 * them. Per-sample inputs and outputs lie beside what outlives a phase, in the part of the workspace that each block
 * has to itself. */
#include "compiler/emit/phase_entries.h"

#include <string.h>

static int64_t round_reals(int64_t count)
{
    return (count + FRAME_ALIGNMENT - 1) / FRAME_ALIGNMENT * FRAME_ALIGNMENT;
}

static int64_t shard_count(const Entry *entry)
{
    return (entry->function->module->batch + BLOCK_SAMPLES - 1) / BLOCK_SAMPLES;
}

static bool is_sample(const Entry *entry, IrId value)
{
    return ir_type_of(entry->function, value)->kind == IR_KIND_SAMPLE;
}

/* A block's reals that outlive a phase: the plan's, then per-sample inputs, then per-sample outputs. */
static int64_t batch_offset(const Entry *entry, bool output, int index)
{
    const IrFunction *function = entry->function;
    int64_t offset = entry->plan->batch;
    for (int i = 0; i < (output ? function->input_count : index); i++)
        if (is_sample(entry, function->inputs[i]))
            offset += ir_type_count(ir_type_of(function, function->inputs[i])) * BLOCK_SAMPLES;
    for (int i = 0; output && i < index; i++)
        if (is_sample(entry, function->outputs[i]))
            offset += ir_type_count(ir_type_of(function, function->outputs[i])) * BLOCK_SAMPLES;
    return offset;
}

/* Outputs that are rows though their values are the same for all samples lie behind the plan's shared reals. */
static int64_t shared_offset(const Entry *entry, int output)
{
    int64_t offset = round_reals(entry->plan->shared);
    for (int i = 0; i < output; i++)
        if (entry->outputs[i].rows && !is_sample(entry, entry->function->outputs[i]))
            offset += round_reals(ir_type_count(ir_type_of(entry->function, entry->function->outputs[i])));
    return offset;
}

static int64_t shared_size(const Entry *entry)
{
    return shared_offset(entry, entry->function->output_count);
}

EntryWorkspace phase_entry_workspace(const Entry *entry)
{
    const Plan *plan = entry->plan;
    int64_t batch = batch_offset(entry, true, entry->function->output_count);
    /* doubles count for two reals */
    int64_t block = 2 * round_reals(plan->partial_doubles) + round_reals(plan->partial_reals) + batch;
    return (EntryWorkspace){.fixed = shared_size(entry) + shard_count(entry) * block,
                            .thread = round_reals(plan->workspace)};
}

/* ---- the function of one phase --------------------------------------------------------------- */

typedef struct Parameters {
    Arena *arena;
    Text declared, passed;
} Parameters;

static void add(Parameters *parameters, const char *type, const char *name, const char *argument)
{
    const char *comma = parameters->declared.length > 0 ? ", " : "";
    text_print(&parameters->declared, "%s%s%s", comma, type, name);
    text_print(&parameters->passed, "%s%s", comma, argument);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The words of a text, comments aside. */
static Identifiers words_of(Arena *arena, const char *text)
{
    Identifiers words = identifiers_start(arena, NULL);
    char *copy = arena_copy_text(arena, text, strlen(text)), *end;
    for (char *at = copy; (at = strstr(at, "/*")) != NULL && (end = strstr(at, "*/")) != NULL; at = end + 2)
        memset(at, ' ', (size_t)(end + 2 - at));
    for (char *at = copy; *at != '\0'; at = end) {
        for (end = at; is_letter(*end);)
            end++;
        const bool is_word = end > at;
        if (*end != '\0')
            *end++ = '\0';
        if (is_word)
            identifiers_add(&words, at);
    }
    return words;
}

static const char *offset_text(Arena *arena, const char *base, int64_t offset)
{
    return offset == 0 ? base : arena_print(arena, "%s + %lld", base, (long long)offset);
}

/* A block's part of an area: "sums + shard * 4740"; for the whole batch, where the first begins. */
static const char *block_part(Arena *arena, PhasePart part, const char *area, int64_t size)
{
    if (part == PART_BATCH)
        return area;
    return arena_print(arena, "%s + shard * %lld", area, (long long)size);
}

static const char *output_pointer(Arena *arena, const Entry *entry, int output)
{
    const EntryOutput *bound = &entry->outputs[output];
    if (bound->kind == OUTPUT_GRADIENT)
        return offset_text(arena, "gradient", bound->offset);
    if (bound->rows && !is_sample(entry, entry->function->outputs[output]))
        return offset_text(arena, "shared", shared_offset(entry, output));
    return bound->kind == OUTPUT_LOSS ? "&loss" : bound->array;
}

static int64_t batch_size(const Entry *entry)
{
    return batch_offset(entry, true, entry->function->output_count);
}

static void add_inputs(Writer *writer, const Entry *entry, PhasePart part, Parameters *parameters, Text *declarations)
{
    const IrFunction *function = entry->function;
    for (int i = 0; i < function->input_count; i++) {
        IrId value = function->inputs[i];
        const IrType *type = ir_type_of(function, value);
        const EntryInput *bound = &entry->inputs[i];
        const char *name = writer->names[value];
        if (!writer->used[value] || bound->kind == INPUT_WEIGHTS)
            continue;
        if (bound->kind == INPUT_SCALAR)
            text_print(declarations, "    const real %s = scalars[%lld];\n", name, (long long)bound->offset);
        else if (type->kind == IR_KIND_SAMPLE)
            add(parameters, "const real *", name,
                offset_text(writer->arena, block_part(writer->arena, part, "batch", batch_size(entry)),
                            batch_offset(entry, false, i)));
        else if (type->rank == 0)
            add(parameters, "const real ", name, arena_print(writer->arena, "*(%s)", bound->array));
        else
            add(parameters, "const real *", name, bound->array);
    }
}

static void add_outputs(Writer *writer, const Entry *entry, PhasePart part, const Identifiers *words,
                        Parameters *parameters)
{
    const IrFunction *function = entry->function;
    for (int i = 0; i < function->output_count; i++) {
        const char *name = writer->output_names[i];
        if (!identifiers_added(words, name))
            continue;
        if (is_sample(entry, function->outputs[i]))
            add(parameters, "real *", name,
                offset_text(writer->arena, block_part(writer->arena, part, "batch", batch_size(entry)),
                            batch_offset(entry, true, i)));
        else
            add(parameters, "real *", name, output_pointer(writer->arena, entry, i));
    }
}

typedef struct Reduction {
    const char *base; /* where the sum goes */
    int64_t offset, from, count;
} Reduction;

/* Where the whole of a sum goes; false where nobody reads it. */
static bool find_target(const Entry *entry, IrId value, Reduction *target)
{
    const Place *place = &entry->plan->places[value];
    target->count = ir_type_count(ir_type_of(entry->function, value));
    target->from = entry->plan->partials[value];
    if (place->kind == PLACE_SHARED) {
        target->base = "shared";
        target->offset = place->offset;
    } else if (place->kind == PLACE_OUTPUT && entry->outputs[place->index].kind == OUTPUT_GRADIENT) {
        target->base = "gradient";
        target->offset = entry->outputs[place->index].offset;
    } else if (place->kind == PLACE_OUTPUT) {
        target->base = output_pointer(entry->plan->arena, entry, place->index);
        target->offset = 0;
    } else {
        return false;
    }
    return true;
}

/* Whether a block's parts are the gradient, as it lies, and nothing else: the first thread adds them up there. */
static bool sums_are_gradient(const Entry *entry)
{
    const Plan *plan = entry->plan;
    if (!plan->sums_add || plan->partial_reals != entry->weight_count)
        return false;
    for (int v = 0; v < entry->function->value_count; v++) {
        Reduction target;
        if (plan->sums[v] && !plan->doubles[v] &&
            (plan->wide[v] || !find_target(entry, v, &target) || strcmp(target.base, "gradient") != 0 ||
             target.offset != target.from))
            return false;
    }
    return true;
}

/* Writes the function of a part of a phase, and gives the text of its call; NULL: there is nothing to do.
 */
static const char *write_phase(Arena *arena, Planner *planner, const Packing *packing, const Entry *entry,
                               SharedParts *parts, int level, PhasePart part, Text *out)
{
    const Plan *plan = entry->plan;
    bool any = false;
    for (int g = 0; g < plan->group_count; g++)
        any = any || (plan->groups[g].level == level && phase_part(&plan->groups[g]) == part);
    if (!any)
        return NULL;
    Writer *writer = writer_new(arena, planner, packing, plan, parts, out);
    const char *function_name = parts->functions[entry->function->position];
    const char *body = write_groups(writer, level, part);
    const Identifiers words = words_of(arena, body);
    Parameters parameters = {arena, text_start(arena), text_start(arena)};
    Text declarations = text_start(arena);
    if (identifiers_added(&words, "block"))
        add(&parameters, "const Block *", "block", "&block");
    if (identifiers_added(&words, "weights"))
        add(&parameters, "const real *", "weights", "weights");
    add_inputs(writer, entry, part, &parameters, &declarations);
    if (declarations.length > 0)
        add(&parameters, "const real *", "scalars", "scalars");
    add_outputs(writer, entry, part, &words, &parameters);
    if (identifiers_added(&words, "shared"))
        add(&parameters, "real *", "shared", "shared");
    if (identifiers_added(&words, "batch"))
        add(&parameters, "real *", "batch", block_part(arena, part, "batch", batch_size(entry)));
    if (identifiers_added(&words, "sums"))
        add(&parameters, "real *", "sums",
            part == PART_BATCH         ? "sums"
            : sums_are_gradient(entry) ? arena_print(arena, "place == 0 ? gradient : sums + place * %lld",
                                                     (long long)round_reals(plan->partial_reals))
                                       : arena_print(arena, "sums + %s * %lld", plan->sums_add ? "place" : "shard",
                                                     (long long)round_reals(plan->partial_reals)));
    if (identifiers_added(&words, "double_sums"))
        add(&parameters, "double *", "double_sums",
            block_part(arena, part, "double_sums", round_reals(plan->partial_doubles)));
    if (identifiers_added(&words, "shard_stride"))
        add(&parameters, "size_t ", "shard_stride", arena_print(arena, "%lld", (long long)batch_size(entry)));
    if (identifiers_added(&words, "threads"))
        add(&parameters, "int ", "threads", "threads");
    if (identifiers_added(&words, "workspace"))
        add(&parameters, "real *", "workspace",
            part == PART_BLOCK
                ? arena_print(arena, "frames + ANSATZ_THREAD() * %lld", (long long)round_reals(plan->workspace))
                : "frames");
    static const char *const names[PART_COUNT] = {"once", "block", "batch"};
    const char *base = arena_print(arena, "%s_%s", function_name, names[part]);
    const char *name = identifiers_new(&parts->names, level == 0 ? base : arena_print(arena, "%s_%d", base, level));
    text_print(out, "\nstatic void %s(%s)\n{\n%s%s}\n", name,
               parameters.declared.length > 0 ? parameters.declared.bytes : "void", declarations.bytes, body);
    return arena_print(arena, "%s(%s);", name, parameters.passed.bytes);
}

/* ---- sums
 * ----------------------------------------------------------------------------------------------------------------------
 */

static void put_reduction(const Entry *entry, const Reduction *reduction, const char *first, Text *out)
{
    if (reduction->count > 0)
        text_print(out, "    sum_shards(%s, %s, %s, %lld, %lld, %lld, %s, threads);\n",
                   offset_text(out->arena, first, reduction->from), offset_text(out->arena, "sums", reduction->from),
                   entry->plan->sums_add ? "added" : "1", (long long)shard_count(entry),
                   (long long)round_reals(entry->plan->partial_reals), (long long)reduction->count,
                   offset_text(out->arena, reduction->base, reduction->offset));
}

/* Neighbours in the blocks' parts that are neighbours in the result are added up in one go. */
static void put_reductions(const Entry *entry, Reduction *reductions, int count, Text *out)
{
    const char *first = sums_are_gradient(entry) ? "gradient" : "sums"; /* where the first thread adds up */
    for (int i = 1; i < count; i++)
        for (int k = i; k > 0 && reductions[k].from < reductions[k - 1].from; k--) {
            const Reduction swapped = reductions[k];
            reductions[k] = reductions[k - 1];
            reductions[k - 1] = swapped;
        }
    for (int i = 0; i < count; i++) {
        Reduction run = reductions[i];
        while (i + 1 < count && strcmp(run.base, reductions[i + 1].base) == 0 &&
               run.from + run.count == reductions[i + 1].from && run.offset + run.count == reductions[i + 1].offset)
            run.count += reductions[++i].count;
        put_reduction(entry, &run, first, out);
    }
}

/* Adds up the blocks' parts of every sum that is known from this phase on. */
static void write_reductions(const Entry *entry, int level, Text *out)
{
    const Plan *plan = entry->plan;
    Reduction *reductions = ARENA_ARRAY(plan->arena, Reduction, entry->function->value_count + 1), next;
    int count = 0;
    for (int v = 0; v < entry->function->value_count; v++) {
        if (!plan->sums[v] || plan->wide[v] || plan->levels[v] != level || !find_target(entry, v, &next))
            continue;
        const char *to = offset_text(plan->arena, next.base, next.offset);
        if (plan->doubles[v])
            text_print(out, "    *(%s) = (real)sum_shards_double(%s, %lld, %lld);\n", to,
                       offset_text(plan->arena, "double_sums", next.from), (long long)shard_count(entry),
                       (long long)round_reals(plan->partial_doubles));
        else if (plan->firsts[v])
            text_print(out, "    copy_reals(%s, %s, %lld);\n", to, offset_text(plan->arena, "sums", next.from),
                       (long long)next.count);
        else
            reductions[count++] = next;
    }
    put_reductions(entry, reductions, count, out);
}

/* ---- the public function --------------------------------------------------------------------- */

/* Tensors without a gradient have zeros. */
static void write_zero_gradients(const Entry *entry, Text *out)
{
    int64_t next = 0;
    bool any = false;
    for (int i = 0; i <= entry->function->output_count; i++) {
        bool end = i == entry->function->output_count;
        if (!end && entry->outputs[i].kind != OUTPUT_GRADIENT)
            continue;
        any = any || !end;
        int64_t here = end ? entry->weight_count : entry->outputs[i].offset;
        if (any && here > next)
            text_print(out, "    memset(%s, 0, %lld * sizeof *gradient);\n", offset_text(out->arena, "gradient", next),
                       (long long)(here - next));
        if (!end)
            next = here + ir_type_count(ir_type_of(entry->function, entry->function->outputs[i]));
    }
}

static void write_areas(const Entry *entry, const char *body, Text *out)
{
    const Plan *plan = entry->plan;
    const Identifiers words = words_of(out->arena, body);
    long long shards = (long long)shard_count(entry), shared = (long long)shared_size(entry);
    long long doubles = (long long)round_reals(plan->partial_doubles),
              reals = (long long)round_reals(plan->partial_reals);
    Text areas = text_start(out->arena);
    text_put(&areas, "    real *const shared = workspace;\n");
    text_print(&areas, "    double *const double_sums = (double *)(void *)(shared + %lld);\n", shared);
    text_print(&areas, "    real *const sums = shared + %lld;\n", shared + 2 * shards * doubles);
    text_print(&areas, "    real *const batch = shared + %lld;\n", shared + 2 * shards * doubles + shards * reals);
    text_print(&areas, "    real *const frames = shared + %lld;\n", (long long)phase_entry_workspace(entry).fixed);
    bool any = false;
    for (char *line = areas.bytes, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        static const char *const names[] = {"shared", "double_sums", "sums", "batch", "frames"};
        bool used = line == areas.bytes; /* all others are counted from the first */
        *end = '\0';
        for (int i = 1; i < 5; i++)
            used = used || (identifiers_added(&words, names[i]) &&
                            strstr(line, arena_print(out->arena, "const %s =", names[i])) != NULL);
        any = any || (used && line != areas.bytes);
        if (used)
            text_print(out, "%s\n", line);
    }
    if (!any && !identifiers_added(&words, "shared"))
        text_put(out, "    (void)shared;\n");
}

static void write_shared_rows(const Entry *entry, Text *out)
{
    for (int i = 0; i < entry->function->output_count; i++)
        if (entry->outputs[i].rows && !is_sample(entry, entry->function->outputs[i]))
            text_print(out, "    rows_from_shared(0, %lld, %s, %lld, %s);\n", (long long)entry->function->module->batch,
                       output_pointer(out->arena, entry, i),
                       (long long)ir_type_count(ir_type_of(entry->function, entry->function->outputs[i])),
                       entry->outputs[i].array);
}

static void write_block_loop(const Entry *entry, int level, const char *call, Text *out)
{
    const IrFunction *function = entry->function;
    Text before = text_start(out->arena), after = text_start(out->arena);
    const char *batch = block_part(out->arena, PART_BLOCK, "batch", batch_size(entry));
    for (int i = 0; i < function->input_count && level == 0; i++)
        if (is_sample(entry, function->inputs[i]))
            text_print(&before, "        block_from_rows(&block, %s, %lld, %s);\n", entry->inputs[i].array,
                       (long long)ir_type_count(ir_type_of(function, function->inputs[i])),
                       offset_text(out->arena, batch, batch_offset(entry, false, i)));
    for (int i = 0; i < function->output_count; i++)
        if (is_sample(entry, function->outputs[i]) && entry->plan->levels[function->outputs[i]] == level)
            text_print(&after, "        rows_from_block(&block, %s, %lld, %s);\n",
                       offset_text(out->arena, batch, batch_offset(entry, true, i)),
                       (long long)ir_type_count(ir_type_of(function, function->outputs[i])), entry->outputs[i].array);
    if (call == NULL && before.length == 0 && after.length == 0)
        return;
    text_print(out, "    PARALLEL_FOR\n    for (ptrdiff_t shard = 0; shard < %lld; shard++) {\n",
               (long long)shard_count(entry));
    const bool places = call != NULL && strstr(call, "sums + place") != NULL;
    if (before.length + after.length > 0 || strstr(call, "&block") != NULL)
        text_print(out, "        %sBlock block = block_of(%lld, shard, %s, %s, %s);\n", places ? "" : "const ",
                   (long long)function->module->batch, entry->seed, entry->first, entry->step);
    if (places)
        text_put(out, "        const ptrdiff_t place = block_place(&block, shard, &added);\n");
    text_print(out, "%s%s%s%s%s    }\n", before.bytes, call != NULL ? "        " : "", call != NULL ? call : "",
               call != NULL ? "\n" : "", after.bytes);
}

void entry_write_unused(const Entry *entry, const char *body, Text *out)
{
    const char *separator = "    ";
    const Identifiers words = words_of(out->arena, body);
    for (const char *at = entry->parameters, *end; *at != '\0'; at = *end == '\0' ? end : end + 1) {
        end = at + strcspn(at, ",");
        const char *name = end;
        while (name > at && is_letter(name[-1]))
            name--;
        const char *word = arena_copy_text(out->arena, name, (size_t)(end - name));
        if (strcmp(word, "threads") != 0 && identifiers_added(&words, word))
            continue;
        text_print(out, "%s(void)%s", separator, word);
        separator = ", ";
    }
    text_put(out, separator[0] == ',' ? ";\n" : "");
}

void phase_entry_write(Arena *arena, Planner *planner, const Packing *packing, const Entry *entry, SharedParts *parts,
                       Text *out)
{
    const Plan *plan = entry->plan;
    Text body = text_start(arena);
    bool loss = false;
    for (int i = 0; i < entry->function->output_count; i++)
        loss = loss || entry->outputs[i].kind == OUTPUT_LOSS;
    for (int level = 0; level < plan->level_count; level++) {
        write_reductions(entry, level, &body);
        const char *once = write_phase(arena, planner, packing, entry, parts, level, PART_ONCE, out);
        if (once != NULL)
            text_print(&body, "    %s\n", once);
        write_block_loop(entry, level, write_phase(arena, planner, packing, entry, parts, level, PART_BLOCK, out),
                         &body);
        const char *batch = write_phase(arena, planner, packing, entry, parts, level, PART_BATCH, out);
        if (batch != NULL)
            text_print(&body, "    %s\n", batch);
    }
    write_shared_rows(entry, &body);
    text_print(out, "\n%s %s(%s)\n{\n", loss ? "double" : "void", entry->name, entry->parameters);
    if (loss)
        text_put(out, "    real loss = REAL(0.0);\n");
    if (strstr(body.bytes, "added") != NULL)
        text_put(out, "    ptrdiff_t added = 1;\n");
    Text head = text_start(arena), zeros = text_start(arena);
    write_areas(entry, body.bytes, &head);
    write_zero_gradients(entry, &zeros);
    text_put(out, head.bytes);
    entry_write_unused(entry, arena_print(arena, "%s%s%s", head.bytes, zeros.bytes, body.bytes), out);
    text_print(out, "%s%s%s", parts->blas ? "    blas_begin();\n" : "", zeros.bytes, body.bytes);
    text_put(out, loss ? "    return (double)loss;\n}\n" : "}\n");
}
