/* SPDX-License-Identifier: MIT */
/* Whole packages of random specs against the interpreter: every function that a package offers, its code compiled as it
 * is emitted. SEED=17 COUNT=1 build/tests/test_emit_specs: that random spec alone. */
#include "compiler/emit/package.h"
#include "compiler/lower/lower.h"
#include "compiler/passes/passes.h"
#include "tests/emit_numbers.h"
#include "tests/package_library.h"
#include "tests/random_spec.h"
#include "tests/shell.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SPECS = 100, FIRST_SEED = 1, STREAM = 29, FIRST_SAMPLE = 1000, STEP = 3 };

/* An array that an entry gives: what the interpreter has for it, and what each variant gave first. */
typedef struct Result {
    int64_t count;
    double *expected;
    void *seen[VARIANT_COUNT];
} Result;

typedef struct Case {
    uint64_t seed;
    const char *name, *text;
    const Program *program;
    double *weights, *scalars, *x; /* on the grid of floats */
    double *data;                  /* likewise; NULL: steps have none */
    double *conditions;            /* likewise; NULL: the model has none */
    int64_t samples;               /* of entries that are not for the batch */
    bool has[ENTRY_COUNT];
    Result results[ENTRY_COUNT][2]; /* of a step: the loss, the gradient */
    bool failed;
} Case;

static void complain(Case *item, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints what is wrong, and with which spec; the other specs are tested all the same. */
static void complain(Case *item, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s%s  ", item->failed ? "" : item->text, item->failed ? "" : "\n");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    item->failed = true;
}

/* ---- what is expected ------------------------------------------------------------------------------------------------ */

/* Done for the model's batch alone. */
static bool is_batch(EntryKind kind)
{
    return kind == ENTRY_STEP || kind == ENTRY_INITIALISE;
}

static int64_t samples_of(const Case *item, EntryKind kind)
{
    return is_batch(kind) ? item->program->module->batch : item->samples;
}

static IrTensor *interpret(Arena *arena, const Case *item, EntryKind kind)
{
    const ProgramEntry *entry = &item->program->entries[kind];
    const IrFunction *function = entry->function;
    int64_t batch = samples_of(item, kind);
    IrTensor *inputs = ARENA_ARRAY(arena, IrTensor, function->input_count);
    for (int i = 0; i < function->input_count; i++) {
        const IrType *type = ir_type_of(function, function->inputs[i]);
        int scalar = i - entry->tensor_count;
        const double *data = scalar < 0 ? item->weights + item->program->tensors[entry->tensor_inputs[i]].offset
                             : scalar < item->program->scalar_count                       ? item->scalars + scalar
                             : is_batch(kind)                                             ? item->data
                             : item->conditions != NULL && i == function->input_count - 1 ? item->conditions
                                                                                          : item->x;
        inputs[i] = ir_test_filled(arena, type, batch, data);
    }
    IrRun run = {.arena = arena,
                 .batch = batch,
                 .seed = STREAM,
                 .first_sample = kind == ENTRY_SAMPLE ? FIRST_SAMPLE : 0,
                 .step = kind == ENTRY_STEP ? STEP : 0};
    IrTensor *outputs = ARENA_ARRAY(arena, IrTensor, function->output_count);
    ir_interpret(&run, function, inputs, outputs);
    if (run.error)
        fail_msg("%s: %s", item->text, run.error);
    return outputs;
}

/* The first values of the tensors that have them computed, where they stand in a block of weights. */
static void take_initialised(Arena *arena, Case *item, const IrTensor *outputs)
{
    Result *values = &item->results[ENTRY_INITIALISE][0];
    values->count = item->program->weight_count;
    values->expected = ARENA_ARRAY(arena, double, values->count);
    for (int i = 0; i < item->program->initialised_count; i++)
        memcpy(values->expected + item->program->tensors[item->program->initialised[i]].offset, outputs[i].data,
               (size_t)outputs[i].count * sizeof(double));
}

/* The gradients of a step side by side, as a package gives them. */
static void take_gradient(Arena *arena, Case *item, const IrTensor *outputs)
{
    Result *gradient = &item->results[ENTRY_STEP][1];
    gradient->count = item->program->weight_count;
    gradient->expected = ARENA_ARRAY(arena, double, gradient->count + 1);
    for (int t = 0, trained = 0; t < item->program->tensor_count; t++) {
        const ProgramTensor *tensor = &item->program->tensors[t];
        if (tensor->type.kind != IR_KIND_PARAMETER)
            continue;
        trained++;
        memcpy(gradient->expected + tensor->offset, outputs[trained].data,
               (size_t)ir_type_count(&tensor->type) * sizeof(double));
    }
}

/* What an entry gives for each sample: also where it is the same for all, as the density on a box that nothing deforms. */
static Result rows_of(Arena *arena, const IrTensor *output, int64_t samples)
{
    if (output->per_sample)
        return (Result){.count = ir_test_count(output, samples), .expected = output->data};
    const int64_t size = ir_test_count(output, 1);
    double *rows = ARENA_ARRAY(arena, double, size *samples);
    for (int64_t i = 0; i < size * samples; i++)
        rows[i] = output->data[i % size];
    return (Result){.count = size * samples, .expected = rows};
}

static void expect_entry(Arena *arena, Case *item, EntryKind kind)
{
    IrTensor *outputs = interpret(arena, item, kind);
    int count = kind == ENTRY_STEP         ? 1
                : kind == ENTRY_INITIALISE ? 0
                                           : item->program->entries[kind].function->output_count;
    assert_true(count <= 2);
    item->has[kind] = true;
    for (int i = 0; i < count; i++)
        item->results[kind][i] = is_batch(kind)
                                     ? (Result){.count = ir_test_count(&outputs[i], 1), .expected = outputs[i].data}
                                     : rows_of(arena, &outputs[i], item->samples);
    if (kind == ENTRY_STEP)
        take_gradient(arena, item, outputs);
    if (kind == ENTRY_INITIALISE)
        take_initialised(arena, item, outputs);
    if (kind != ENTRY_SAMPLE)
        return;
    item->x = ARENA_ARRAY(arena, double, item->results[ENTRY_SAMPLE][0].count);
    for (int64_t i = 0; i < item->results[ENTRY_SAMPLE][0].count; i++)
        item->x[i] = (double)(float)outputs[0].data[i];
}

static double *random_data(Arena *arena, const Case *item)
{
    int64_t count = item->program->module->batch * item->program->data_width;
    const ModelSpec *spec = item->program->spec;
    const int64_t width = item->program->data_width;
    TestRandom random = {item->seed};
    double *data = ARENA_ARRAY(arena, double, count);
    for (int64_t i = 0; i < count; i++)
        data[i] = random_value(spec, i % width, test_normal(&random));
    const int64_t batch = item->program->module->batch;
    random_fit_ranges(spec, data, batch, width);
    const double *rows = random_conditions(arena, spec, batch, item->seed + 1);
    for (int64_t s = 0; s < batch && spec->data.condition_columns != NULL; s++) {
        double *next = data + s * width + spec->dimension;
        for (int i = 0; i < spec->condition_count; i++)
            if (spec->data.condition_columns[i] != NULL)
                *next++ = rows[s * spec->condition_count + i];
    }
    return data;
}

static Program *lower(Arena *arena, const Case *item, const ModelSpec *spec)
{
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, arena);
    Program *program = lower_program(arena, spec, &diagnostics);
    if (!program) {
        Text text = text_start(arena);
        diagnostics_print(&diagnostics, &text, 0);
        fail_msg("%s\n%s", item->text, text.bytes);
    }
    return program;
}

/* Everything that the interpreter has to say of the spec, before any pass. */
static void expect_all(Arena *arena, Case *item)
{
    const Program *program = item->program;
    item->weights = random_weights(arena, program->weight_count, item->seed);
    item->scalars = ARENA_ARRAY(arena, double, program->scalar_count + 1);
    for (int i = 0; i < program->scalar_count; i++)
        item->scalars[i] = (double)(float)program->scalars[i].schedule.from;
    if (program->data_width > 0)
        item->data = random_data(arena, item);
    item->samples = 1 + (int64_t)(item->seed * 37 % 150);
    if (program->spec->condition_count > 0)
        item->conditions = random_conditions(arena, program->spec, item->samples, item->seed);
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++)
        if (program->entries[kind].function && kind != ENTRY_LOSS)
            expect_entry(arena, item, kind);
}

static int count_ops(const IrModule *module)
{
    int count = 0;
    for (int f = 0; f < module->function_count; f++)
        count += module->functions[f]->op_count;
    return count;
}

/* Of ten specs two are conditional, one of a rarer space. */
static bool is_of_space(uint64_t seed)
{
    return seed % 10 == 3;
}

static const ModelSpec *spec_of(Arena *arena, uint64_t seed)
{
    return (seed % 5 == 0 ? random_conditional_spec : is_of_space(seed) ? random_space_spec : random_spec)(arena, seed);
}

/* False, and nothing done, where the program has more ops than that. */
static bool start_case(Arena *arena, const char *folder, Case *item, uint64_t seed, int op_limit)
{
    ModelSpec *spec = ARENA_NEW(arena, ModelSpec);
    *spec = *spec_of(arena, seed);
    spec->name = arena_print(arena, "random_%llu", (unsigned long long)seed);
    *item = (Case){.seed = seed, .name = spec->name, .text = random_spec_text(arena, seed, spec)};
    Program *program = lower(arena, item, spec);
    item->program = program;
    if (count_ops(program->module) > op_limit)
        return false;
    expect_all(arena, item);
    passes_run(program->module, NULL);
    package_library_add(folder, program, item->text);
    return true;
}

/* ---- what a package gives -------------------------------------------------------------------------------------------- */

/* A package's functions, with weights and scalars as they want them. */
typedef struct Loaded {
    Arena *arena;
    Case *item;
    PackageVariant variant;
    const char *build;
    PackageFunctions functions;
    int precision, threads;
    void *weights, *scalars, *x, *data, *conditions;
} Loaded;

static Loaded load(Arena *arena, Case *item, const PackageBuild *build, PackageVariant variant, void *library,
                   int threads)
{
    Loaded loaded = {.arena = arena, .item = item, .variant = variant, .build = build->name, .threads = threads};
    loaded.precision = variant == VARIANT_DOUBLE ? 64 : 32;
    loaded.functions = package_library_find(library, item->name, variant);
    loaded.weights = emit_to_reals(arena, item->weights, item->program->weight_count, loaded.precision);
    loaded.scalars = emit_to_reals(arena, item->scalars, item->program->scalar_count, loaded.precision);
    if (item->x)
        loaded.x = emit_to_reals(arena, item->x, item->samples * item->program->dimension, loaded.precision);
    if (item->conditions)
        loaded.conditions = emit_to_reals(arena, item->conditions, item->samples * item->program->spec->condition_count,
                                          loaded.precision);
    if (item->data)
        loaded.data = emit_to_reals(arena, item->data, item->program->module->batch * item->program->data_width,
                                    loaded.precision);
    if (!loaded.functions.prepare)
        return loaded;
    float *prepared = emit_take_guarded(arena, (size_t)package_one_weights(item->program) * sizeof(float));
    loaded.functions.prepare(loaded.weights, prepared);
    loaded.weights = prepared;
    return loaded;
}

/* Tensor by tensor, so that a wrong gradient of a small one shows. */
static void compare_gradient(const Loaded *loaded, const void *gradient)
{
    const Program *program = loaded->item->program;
    const Result *expected = &loaded->item->results[ENTRY_STEP][1];
    for (int t = 0; t < program->tensor_count; t++) {
        const ProgramTensor *tensor = &program->tensors[t];
        const char *start = (const char *)gradient + tensor->offset * (loaded->precision / 8);
        double error =
            emit_error(start, expected->expected + tensor->offset, ir_type_count(&tensor->type), loaded->precision);
        if (!(error < emit_tolerance(loaded->precision)))
            complain(loaded->item, "gradient of %s: error %g (%s, variant %d)", tensor->name, error, loaded->build,
                     (int)loaded->variant);
    }
}

/* Against the interpreter and, to the bit, against what other builds gave; one sample at a time has blocks' bits. */
static void compare(const Loaded *loaded, EntryKind kind, int output, void *actual)
{
    Result *result = &loaded->item->results[kind][output];
    double error = emit_error(actual, result->expected, result->count, loaded->precision);
    if (kind == ENTRY_STEP && output == 1)
        compare_gradient(loaded, actual);
    else if (!(error < emit_tolerance(loaded->precision)))
        complain(loaded->item, "%s, output %d: error %g, first elements %.9g and %.9g (%s, variant %d)",
                 lower_entry_name(kind), output, error, emit_element(actual, 0, loaded->precision), result->expected[0],
                 loaded->build, (int)loaded->variant);
    void **seen = &result->seen[loaded->variant == VARIANT_ONE ? VARIANT_FLOAT : loaded->variant];
    if (*seen && !emit_same_bits(*seen, actual, result->count, loaded->precision))
        complain(loaded->item, "%s, output %d: other bits (%s, variant %d, %d threads)", lower_entry_name(kind), output,
                 loaded->build, (int)loaded->variant, loaded->threads);
    if (!*seen)
        *seen = actual;
}

static void run_entry(const Loaded *loaded, EntryKind kind)
{
    Case *item = loaded->item;
    size_t bytes = loaded->functions.workspace_bytes(loaded->threads), size = (size_t)(loaded->precision / 8);
    PackageCall call = {.entry = (int)kind,
                        .weights = loaded->weights,
                        .scalars = loaded->scalars,
                        .x = loaded->x,
                        .data = loaded->data,
                        .conditions = loaded->conditions,
                        .workspace = emit_take_guarded(loaded->arena, bytes),
                        .seed = STREAM,
                        .first = FIRST_SAMPLE,
                        .step = STEP,
                        .count = (size_t)item->samples,
                        .threads = loaded->threads};
    for (int i = 0; i < 2; i++)
        call.outputs[i] = emit_take_guarded(loaded->arena, (size_t)item->results[kind][i].count * size);
    if (kind == ENTRY_INITIALISE) /* what is not initialised is left as it was */
        memset(call.outputs[0], 0, (size_t)item->results[kind][0].count * size);
    loaded->functions.call(&call);
    if (!emit_is_guarded(call.workspace, bytes))
        complain(item, "%s writes outside of its workspace (%s)", lower_entry_name(kind), loaded->build);
    if (kind == ENTRY_STEP)
        call.outputs[0] = emit_to_reals(loaded->arena, &call.loss, 1, loaded->precision);
    for (int i = 0; i < 2; i++) {
        if (item->results[kind][i].count == 0)
            continue;
        if (!emit_is_guarded(call.outputs[i], (size_t)item->results[kind][i].count * size))
            complain(item, "%s writes outside of output %d (%s)", lower_entry_name(kind), i, loaded->build);
        compare(loaded, kind, i, call.outputs[i]);
    }
}

/* ---- all of them ------------------------------------------------------------------------------------------------------- */

/* In which ways the specs are built: every so many of them, by variant (float, double, one sample at a time), 0: none;
 * counted from `first`. Each in float and in double at least once. With few specs each is built in all ways. */
typedef struct Way {
    PackageBuild build;
    int threads, first, every[VARIANT_COUNT];
} Way;

static const Way WAYS[] = {{{"scalar", "clang", "-O0 -march=native -DANSATZ_LANE_BYTES=4"}, 1, 3, {1, 1, 50}},
                           {{"vectors", "clang", "-O0 -march=native"}, 1, 0, {8, 20, 20}},
                           {{"narrow", "gcc", "-O0 -DANSATZ_LANE_BYTES=16"}, 1, 7, {100, 100, 100}},
                           {{"optimised", "gcc", "-O2 -march=native -fopenmp"}, 3, 13, {100, 0, 100}}};
enum { WAY_COUNT = sizeof WAYS / sizeof WAYS[0], FEW = 25, SMALL_OPS = 700, SPLINE_OPS = 3500 };

typedef struct Cases {
    Arena *arena;
    const char *folder;
    Case *items;
    int count;
} Cases;

/* Whether the spec at that position is built in that way. */
static bool is_chosen(const Cases *cases, const Way *way, PackageVariant variant, int position)
{
    int every = way->every[variant];
    return cases->count < FEW || (every > 0 && position % every == way->first % every);
}

static void check(Cases *cases, const Way *way, PackageVariant variant)
{
    const char **names = ARENA_ARRAY(cases->arena, const char *, cases->count + 1);
    int count = 0;
    for (int i = 0; i < cases->count; i++)
        if (is_chosen(cases, way, variant, i))
            names[count++] = cases->items[i].name;
    if (count == 0)
        return;
    void *library = package_library_load(cases->arena, cases->folder, names, count, &way->build, variant);
    for (int i = 0; i < cases->count; i++) {
        if (!is_chosen(cases, way, variant, i))
            continue;
        Loaded loaded = load(cases->arena, &cases->items[i], &way->build, variant, library, way->threads);
        for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++)
            if (cases->items[i].has[kind] && package_library_has(cases->items[i].program, kind, variant))
                run_entry(&loaded, kind);
    }
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* Small specs compile sooner; now and then one of any size, and of few all. */
static int op_limit(int count, int position, uint64_t seed)
{
    return count < FEW || position % 20 == 19 ? INT_MAX : is_of_space(seed) ? SPLINE_OPS : SMALL_OPS;
}

static void test_packages_of_random_specs_agree_with_the_interpreter(void **state)
{
    uint64_t first = number_from("SEED", FIRST_SEED), seed = first;
    Cases cases = {.arena = *state, .folder = shell_folder(), .count = (int)number_from("COUNT", SPECS)};
    cases.items = ARENA_ARRAY(cases.arena, Case, cases.count + 1);
    for (int i = 0; i < cases.count; seed++)
        i += start_case(cases.arena, cases.folder, &cases.items[i], seed, op_limit(cases.count, i, seed));
    printf("seeds from %llu to %llu, %d specs\n", (unsigned long long)first, (unsigned long long)seed - 1, cases.count);
    for (int way = 0; way < WAY_COUNT; way++)
        for (PackageVariant variant = 0; variant < VARIANT_COUNT; variant++)
            check(&cases, &WAYS[way], variant);
    int failed = 0;
    for (int i = 0; i < cases.count; i++)
        failed += cases.items[i].failed;
    if (failed > 0)
        fail_msg("%d of %d specs", failed, cases.count);
}

/* KEEP=1: the packages stay in a folder below build/. */
static int end(void **state)
{
    if (!getenv("KEEP"))
        shell_clean();
    return ir_test_end(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_packages_of_random_specs_agree_with_the_interpreter, ir_test_start, end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
