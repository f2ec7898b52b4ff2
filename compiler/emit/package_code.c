/* SPDX-License-Identifier: MIT */
/* The files of code: which function stands in which, the header that they share, and the tiny files that build the same
 * text in double and for one sample at a time. */
#include "compiler/emit/package_parts.h"

#include <string.h>

const char *package_entry_name(EntryKind kind)
{
    static const char *const names[ENTRY_COUNT] = {"sample", "log_prob",   "energy", "force", "observables",
                                                   "score",  "initialise", "loss",   "step"};
    return names[kind];
}

CodeFile package_file_of(EntryKind kind)
{
    switch (kind) {
    case ENTRY_ENERGY:
    case ENTRY_FORCE:
    case ENTRY_OBSERVABLES:
        return CODE_ENERGY;
    case ENTRY_SAMPLE:
    case ENTRY_LOG_PROB:
        return CODE_MODEL;
    case ENTRY_SCORE:
        return CODE_SCORE;
    case ENTRY_INITIALISE:
    case ENTRY_LOSS:
    case ENTRY_STEP:
    case ENTRY_COUNT:
        break;
    }
    return CODE_TRAIN;
}

const char *package_file_name(CodeFile file)
{
    static const char *const names[CODE_FILE_COUNT] = {"energy", "model", "score", "train"};
    return names[file];
}

bool package_has_file(const PackageWriter *writer, CodeFile file)
{
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++)
        if (package_has(writer, kind) && package_file_of(kind) == file)
            return true;
    return false;
}

bool package_has_one(CodeFile file)
{
    return file == CODE_ENERGY || file == CODE_MODEL;
}

/* The loss without its derivative is for tests of the compiler: a package has the step. */
bool package_has(const PackageWriter *writer, EntryKind kind)
{
    return kind != ENTRY_LOSS && writer->program->entries[kind].function != NULL;
}

int64_t package_flops(const PackageWriter *writer, EntryKind kind)
{
    const IrFunction *function = writer->program->entries[kind].function;
    int64_t flops = 0;
    for (int i = 0; i < function->op_count; i++)
        flops += ir_op_flops(function, &function->ops[i]);
    return flops;
}

bool package_has_blas(const PackageWriter *writer)
{
    return writer->program->spec->target.openblas;
}

const char *package_call_parameters(const PackageWriter *writer, EntryKind kind, bool conditions, const char *real)
{
    /* @ is the type of reals, ? where conditions stand */
    static const char *const before[ENTRY_COUNT] = {
        [ENTRY_SAMPLE] =
            "const @ *weights, const @ *scalars, uint64_t seed, uint64_t first, size_t count,? @ *x, @ *log_q",
        [ENTRY_LOG_PROB] = "const @ *weights, const @ *scalars, size_t count, const @ *x,? @ *log_q",
        [ENTRY_ENERGY] = "const @ *scalars, size_t count, const @ *x,? @ *energy",
        [ENTRY_FORCE] = "const @ *scalars, size_t count, const @ *x,? @ *force",
        [ENTRY_OBSERVABLES] = "const @ *scalars, size_t count, const @ *x,? @ *values",
        [ENTRY_SCORE] = "const @ *weights, const @ *scalars, size_t count, const @ *x,? @ *log_q, @ *score",
        [ENTRY_INITIALISE] = "const @ *weights, const @ *scalars, const @ *data, uint64_t seed, @ *values",
        [ENTRY_STEP] = "const @ *weights, const @ *scalars, const @ *data, uint64_t seed, uint32_t step, @ *gradient",
    };
    Text text = text_start(writer->arena);
    for (const char *c = before[kind]; c && *c != '\0'; c++)
        if (*c == '@')
            text_put(&text, real);
        else if (*c == '?')
            text_put(&text, conditions ? arena_print(writer->arena, " const %s *conditions,", real) : "");
        else
            text_add(&text, c, 1);
    text_put(&text, ", void *workspace, int threads");
    return text.bytes;
}

const char *package_parameters(const PackageWriter *writer, EntryKind kind, const char *real)
{
    return package_call_parameters(writer, kind, writer->program->spec->condition_count > 0, real);
}

/* ---- entries --------------------------------------------------------------------------------------------------------- */

static bool takes_data(EntryKind kind)
{
    return kind == ENTRY_STEP || kind == ENTRY_INITIALISE;
}

static void bind_inputs(PackageWriter *writer, EntryKind kind, Entry *entry)
{
    const ProgramEntry *from = &writer->program->entries[kind];
    int tensors = from->tensor_count, scalars = writer->program->scalar_count;
    EntryInput *inputs = ARENA_ARRAY(writer->arena, EntryInput, from->function->input_count + 1);
    for (int i = 0; i < from->function->input_count; i++) {
        if (i < tensors)
            inputs[i] = (EntryInput){.kind = INPUT_WEIGHTS,
                                     .offset = writer->program->tensors[from->tensor_inputs[i]].offset,
                                     .prepared = writer->prepared[from->tensor_inputs[i]]};
        else if (i < tensors + scalars)
            inputs[i] = (EntryInput){.kind = INPUT_SCALAR, .offset = i - tensors};
        else
            inputs[i] = (EntryInput){.kind = INPUT_ARRAY,
                                     .array = takes_data(kind)                                ? "data"
                                              : kind == ENTRY_SAMPLE || i > tensors + scalars ? "conditions"
                                                                                              : "x"};
    }
    entry->inputs = inputs;
}

static int64_t trained_offset(const Program *program, int index)
{
    for (int t = 0; t < program->tensor_count; t++)
        if (program->tensors[t].type.kind == IR_KIND_PARAMETER && index-- == 0)
            return program->tensors[t].offset;
    return 0;
}

static const char *initialised_place(PackageWriter *writer, int index)
{
    const Program *program = writer->program;
    return arena_print(writer->arena, "values + %lld", (long long)program->tensors[program->initialised[index]].offset);
}

static void bind_outputs(PackageWriter *writer, EntryKind kind, Entry *entry)
{
    static const char *const names[ENTRY_COUNT][2] = {
        [ENTRY_SAMPLE] = {"x", "log_q"}, [ENTRY_LOG_PROB] = {"log_q", NULL},     [ENTRY_ENERGY] = {"energy", NULL},
        [ENTRY_FORCE] = {"force", NULL}, [ENTRY_OBSERVABLES] = {"values", NULL}, [ENTRY_SCORE] = {"log_q", "score"},
    };
    int count = writer->program->entries[kind].function->output_count;
    EntryOutput *outputs = ARENA_ARRAY(writer->arena, EntryOutput, count + 1);
    for (int i = 0; i < count; i++) {
        if (kind == ENTRY_INITIALISE)
            outputs[i] = (EntryOutput){.kind = OUTPUT_ARRAY, .array = initialised_place(writer, i)};
        else if (kind != ENTRY_STEP)
            outputs[i] = (EntryOutput){.kind = OUTPUT_ARRAY, .rows = true, .array = names[kind][i]};
        else if (i == 0)
            outputs[i] = (EntryOutput){.kind = OUTPUT_LOSS};
        else
            outputs[i] = (EntryOutput){.kind = OUTPUT_GRADIENT, .offset = trained_offset(writer->program, i - 1)};
    }
    entry->outputs = outputs;
}

static void plan_entry(PackageWriter *writer, EntryKind kind)
{
    Entry *entry = &writer->entries[kind];
    *entry = (Entry){.function = writer->program->entries[kind].function,
                     .name = arena_print(writer->arena, "MODEL(%s)", package_entry_name(kind)),
                     .parameters = package_parameters(writer, kind, "real"),
                     .seed = kind == ENTRY_SAMPLE || takes_data(kind) ? "seed" : "0",
                     .first = kind == ENTRY_SAMPLE ? "first" : "0",
                     .step = kind == ENTRY_STEP ? "step" : "0",
                     .weight_count = writer->program->weight_count};
    bind_inputs(writer, kind, entry);
    bind_outputs(writer, kind, entry);
    entry_plan(writer->planner, entry);
    EntryWorkspace needs = entry_workspace(writer->planner, entry);
    Workspace *all = &writer->workspace;
    all->fixed = needs.fixed > all->fixed ? needs.fixed : all->fixed;
    all->thread = needs.thread > all->thread ? needs.thread : all->thread;
    if (package_has_one(package_file_of(kind)))
        all->single = needs.thread_single > all->single ? needs.thread_single : all->single;
}

static const Packing *find_packing(PackageWriter *writer)
{
    PackedEntry packed[ENTRY_COUNT];
    int count = 0;
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++) {
        const ProgramEntry *entry = &writer->program->entries[kind];
        if (!package_has(writer, kind))
            continue;
        int64_t *offsets = ARENA_ARRAY(writer->arena, int64_t, entry->function->input_count + 1);
        int64_t *prepared = ARENA_ARRAY(writer->arena, int64_t, entry->function->input_count + 1);
        for (int i = 0; i < entry->function->input_count; i++) {
            const EntryInput *input = &writer->entries[kind].inputs[i];
            offsets[i] = input->kind == INPUT_WEIGHTS ? input->offset : -1;
            prepared[i] = input->kind == INPUT_WEIGHTS ? input->prepared : -1;
        }
        packed[count++] = (PackedEntry){entry->function, offsets, prepared, writer->entries[kind].plan,
                                        package_has_one(package_file_of(kind))};
    }
    return packing_find(writer->planner, writer->program->module, packed, count);
}

/* ---- which function stands where ---------------------------------------------------------------------------------------- */

static void reach(PackageWriter *writer, const IrFunction *function, CodeFile file)
{
    int count = writer->program->module->function_count;
    bool *reached = ARENA_ARRAY(writer->arena, bool, count + 1);
    functions_reach(writer->planner, function, reached);
    for (int f = 0; f < count; f++) {
        if (reached[f] && writer->file_of[f] == CODE_FILE_COUNT)
            writer->file_of[f] = file;
        else if (reached[f] && writer->file_of[f] != file)
            writer->is_shared[f] = true;
    }
}

static void place_functions(PackageWriter *writer)
{
    int count = writer->program->module->function_count;
    writer->file_of = ARENA_ARRAY(writer->arena, CodeFile, count + 1);
    writer->is_shared = ARENA_ARRAY(writer->arena, bool, count + 1);
    for (int i = 0; i < count; i++)
        writer->file_of[i] = CODE_FILE_COUNT;
    for (CodeFile file = 0; file < CODE_FILE_COUNT; file++)
        for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++) {
            if (!package_has(writer, kind) || package_file_of(kind) != file)
                continue;
            const IrFunction *function = writer->program->entries[kind].function;
            if (!entry_has_phases(writer->planner, &writer->entries[kind]))
                writer->file_of[function->position] = file;
            reach(writer, function, file);
        }
}

const char *package_plan(PackageWriter *writer)
{
    IrModule *module = writer->program->module;
    PhaseTable *phases = phase_table_new(writer->arena, module);
    const IrFunction *culprit;
    const char *wrong = phases_normalise(phases, module, &culprit);
    if (wrong != NULL)
        return arena_print(writer->arena, "function %s: %s", culprit->name, wrong);
    writer->planner = planner_new(writer->arena, module, phases);
    writer->parts = shared_parts_new(writer->arena);
    writer->parts->blas = package_has_blas(writer);
    shared_parts_name_functions(writer->parts, module);
    writer->prepared = package_prepared_offsets(writer->arena, writer->program);
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++)
        if (package_has(writer, kind))
            plan_entry(writer, kind);
    writer->packing = find_packing(writer);
    place_functions(writer);
    return NULL;
}

/* ---- text ------------------------------------------------------------------------------------------------------------------ */

static const char *const CODE_FILES[CODE_FILE_COUNT] = {"energy", "model", "score", "train"};

static void write_code(PackageWriter *writer, CodeFile file, Text *out)
{
    const IrModule *module = writer->program->module;
    for (int f = 0; f < module->function_count; f++)
        if (writer->file_of[f] == file)
            write_function(writer->arena, writer->planner, writer->packing, module->functions[f], writer->parts,
                           writer->is_shared[f] ? "" : "static ", out);
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++) {
        if (!package_has(writer, kind) || package_file_of(kind) != file)
            continue;
        package_open_guard(writer, kind, out);
        entry_write(writer->arena, writer->planner, writer->packing, &writer->entries[kind], writer->parts, out);
        package_close_guard(kind, out);
    }
}

static void declare_shared(PackageWriter *writer, Text *out)
{
    const IrModule *module = writer->program->module;
    bool any = false;
    for (int f = 0; f < module->function_count; f++) {
        if (!writer->is_shared[f])
            continue;
        if (!any)
            text_put(out,
                     "\n/* ---- functions of one block that several files call; static where one unit has all files "
                     "---- */\n\n#ifndef MODEL_SHARED\n#define MODEL_SHARED\n#endif\n");
        any = true;
        const char *name = writer->parts->functions[f];
        text_print(out, "#define %s MODEL(block_%s)\nMODEL_SHARED ", name, name);
        Writer *signature = writer_new(writer->arena, writer->planner, writer->packing,
                                       planner_plan(writer->planner, module->functions[f]), writer->parts, out);
        write_signature(signature, out);
        text_put(out, ";\n");
    }
}

static void declare_entries(PackageWriter *writer, Text *out)
{
    text_put(out, "\n/* ---- what the package offers: see the package's own header ---- */\n\n");
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++)
        if (package_has(writer, kind))
            text_print(out, "%s %s(%s);\n", kind == ENTRY_STEP ? "double" : "void", writer->entries[kind].name,
                       writer->entries[kind].parameters);
}

static void add_parts(PackageWriter *writer)
{
    Text text = text_start(writer->arena);
    package_head(
        writer, &text,
        "What the files of code share: names, constant tables, contraction kernels. `real` is float, or double in\n"
        " * the files that say so; a block is 64 samples, or one.");
    text_print(&text,
               "#ifndef %s_PARTS_H\n#define %s_PARTS_H\n\n#include \"runtime/core/%s.h\"\n"
               "#include \"runtime/core/instructions.h\"\n\n#if ANSATZ_PRECISION == 64\n"
               "#define MODEL(name) FOR_INSTRUCTIONS(%s_double_##name)\n#elif ANSATZ_BLOCK == 1\n"
               "#define MODEL(name) FOR_INSTRUCTIONS(%s_one_##name)\n#else\n"
               "#define MODEL(name) FOR_INSTRUCTIONS(%s_##name)\n#endif\n",
               writer->upper, writer->upper, writer->parts->blas ? "blas" : "block", writer->name, writer->name,
               writer->name);
    declare_entries(writer, &text);
    declare_shared(writer, &text);
    if (writer->parts->tables.length > 0)
        text_print(&text, "\n/* ---- tables ---- */\n\n%s", writer->parts->tables.bytes);
    if (writer->parts->kernels.length > 0)
        text_print(&text, "\n/* ---- contraction kernels, one for each shape ---- */\n%s",
                   writer->parts->kernels.bytes);
    if (writer->parts->sums.length > 0)
        text_print(&text,
                   "\n/* ---- sums over the samples of a block, likewise ---- */\n\n#if ANSATZ_BLOCK > 1\n%s\n#endif\n",
                   writer->parts->sums.bytes);
    text_put(&text, "\n#endif\n");
    package_add_text(writer, arena_print(writer->arena, "%s_parts.h", writer->name), &text);
}

/* The text of some files of code again in one translation unit, which reads the headers and the kernels once. */
static void add_variant(PackageWriter *writer, const char *variant, const char *define, const char *what,
                        const bool has[CODE_FILE_COUNT])
{
    Text text = text_start(writer->arena);
    package_head(writer, &text, what);
    text_print(&text, "#define %s\n", define);
    for (CodeFile file = 0; file < CODE_FILE_COUNT; file++)
        if (has[file])
            text_print(&text, "#include \"%s_%s.c\"\n", writer->name, CODE_FILES[file]);
    package_add_text(writer, arena_print(writer->arena, "%s_%s.c", writer->name, variant), &text);
}

void package_add_code(PackageWriter *writer)
{
    static const char *const whats[CODE_FILE_COUNT] = {
        "The energy, its force, and the observables.", "The model: from noise to samples and back.",
        "The gradient of the model's log-density.", "One training step: the loss and its gradient in every weight."};
    bool has[CODE_FILE_COUNT] = {false};
    for (CodeFile file = 0; file < CODE_FILE_COUNT; file++) {
        Text code = text_start(writer->arena), text = text_start(writer->arena);
        write_code(writer, file, &code);
        if (file == CODE_MODEL && code.length > 0)
            package_put_prepare(writer, &code);
        if (code.length == 0)
            continue;
        package_head(writer, &text, whats[file]);
        text_print(&text, "#include \"%s_parts.h\"\n", writer->name);
        text_add(&text, code.bytes, code.length);
        package_add_text(writer, arena_print(writer->arena, "%s_%s.c", writer->name, CODE_FILES[file]), &text);
        has[file] = true;
    }
    add_variant(writer, "double", "ANSATZ_PRECISION 64", "All of it in double.", has);
    for (CodeFile file = 0; file < CODE_FILE_COUNT; file++)
        has[file] = has[file] && package_has_one(file);
    add_variant(writer, "one", "ANSATZ_BLOCK 1", "Energy and model for one sample at a time, features in lanes.", has);
    add_parts(writer);
}
