/* SPDX-License-Identifier: MIT */
#include "tests/emit_helpers.h"

#include "tests/emit_numbers.h"

#include <dlfcn.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct EmitCase {
    const IrFunction *function;
    const char *label, *name;
    int64_t count;
    bool has_phases;
    IrTensor *inputs, *expected;
    EntryWorkspace workspace;
    void **seen[2]; /* outputs of the first build in float and in double; NULL: none yet */
} EmitCase;

struct EmitCases {
    Arena *arena;
    SharedParts *parts;
    Text functions;
    EmitCase *items;
    int count, room;
};

EmitCases *emit_cases_new(Arena *arena)
{
    EmitCases *cases = ARENA_NEW(arena, EmitCases);
    cases->arena = arena;
    cases->parts = shared_parts_new(arena);
    cases->functions = text_start(arena);
    return cases;
}

EmitCases *emit_cases_new_blas(Arena *arena)
{
    EmitCases *cases = emit_cases_new(arena);
    cases->parts->blas = true;
    return cases;
}

const char *emit_cases_kernels(const EmitCases *cases)
{
    return arena_print(cases->arena, "%s%s", cases->parts->kernels.bytes, cases->parts->sums.bytes);
}

static bool crosses_batch(const IrFunction *function)
{
    for (int i = 0; i < function->op_count; i++)
        if (ir_op_class(function->ops[i].code) == IR_BATCH ||
            (function->ops[i].callee != NULL && crosses_batch(function->ops[i].callee)))
            return true;
    return false;
}

void emit_cases_add(EmitCases *cases, IrModule *module, const IrFunction *function, int64_t count, const char *label)
{
    Arena *arena = cases->arena;
    if (cases->count == cases->room) {
        int room = cases->room * 2 + 16;
        cases->items = arena_grow(arena, cases->items, (size_t)cases->count, (size_t)room, sizeof(EmitCase));
        cases->room = room;
    }
    EmitCase *item = &cases->items[cases->count++];
    *item = (EmitCase){.function = function, .label = label, .count = module->batch > 0 ? module->batch : count};
    item->name = arena_print(arena, "case_%d", cases->count);
    item->has_phases = crosses_batch(function);
    TestRandom random = {(uint64_t)cases->count};
    item->inputs = ir_test_random_inputs(arena, function, item->count, &random, -1, 1);
    item->expected = ir_test_run(arena, function, item->count, item->inputs);
    const char *wrong =
        standalone_add(arena, cases->parts, module, function, item->name, &cases->functions, &item->workspace);
    if (wrong != NULL)
        fail_msg("%s: %s", label, wrong);
}

/* ---- compiling -----------------------------------------------------------------------------------------------------
 */

static void run_command(Arena *arena, const char *command, const char *log)
{
    if (system(command) == 0)
        return;
    FILE *file = fopen(log, "r");
    char text[4000] = "";
    if (file != NULL) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
    }
    (void)arena;
    fail_msg("%s\n%s", command, text);
}

static void write_file(const char *path, const Text *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text->bytes, 1, text->length, file), text->length);
    assert_int_equal(fclose(file), 0);
}

static void *compile(EmitCases *cases, const EmitBuild *build)
{
    Arena *arena = cases->arena;
    Text text = text_start(arena), header = text_start(arena);
    standalone_begin(&header);
    if (cases->parts->blas)
        text_put(&header, "#include \"runtime/core/blas.h\"\n");
    text_put(&header, cases->parts->tables.bytes);
    text_put(&header, cases->parts->kernels.bytes);
    text_print(&header, "#if ANSATZ_BLOCK > 1\n%s#endif\n", cases->parts->sums.bytes);
    text_put(&text, "#include \"cases.h\"\n");
    for (int i = 0; i < cases->count; i++)
        text_print(&text, "void %s(const Arguments *arguments, size_t count, void *workspace, int threads);\n",
                   cases->items[i].name);
    text_put(&text, cases->functions.bytes);
    const char *base = getenv("TMPDIR");
    char *folder = arena_print(arena, "%s/ansatz-emit-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    const char *source = arena_print(arena, "%s/cases.c", folder), *library = arena_print(arena, "%s/cases.so", folder);
    const char *log = arena_print(arena, "%s/log", folder);
    write_file(source, &text);
    write_file(arena_print(arena, "%s/cases.h", folder), &header);
    if (getenv("KEEP") != NULL)
        run_command(arena, arena_print(arena, "cp %s/cases.* %s", folder, getenv("KEEP")), log);
    run_command(arena,
                arena_print(arena,
                            "%s -std=c11 %s -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -I. -fPIC -shared"
                            " -DANSATZ_PRECISION=%d -DANSATZ_BLOCK=%d -DANSATZ_LANE_BYTES=%d %s -o %s %s -lm >%s 2>&1",
                            build->compiler, build->flags, build->precision, build->block, build->lane_bytes, source,
                            library, cases->parts->blas ? "-lopenblas" : "", log),
                log);
    /* never unloaded: OpenMP's threads outlive a call */
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == NULL)
        fail_msg("%s", dlerror());
    unlink(source), unlink(library), unlink(log), unlink(arena_print(arena, "%s/cases.h", folder)), rmdir(folder);
    return handle;
}

/* ---- running --------------------------------------------------------------------------------- */

static int64_t element_count(const IrTensor *tensor, int64_t count)
{
    return tensor->count * (tensor->per_sample ? count : 1);
}

static void compare(const EmitCase *item, int output, const void *actual, const EmitBuild *build)
{
    const IrTensor *expected = &item->expected[output];
    double error = emit_error(actual, expected->data, element_count(expected, item->count), build->precision);
    if (!(error < emit_tolerance(build->precision)))
        fail_msg("%s, output %d (%s): error %g, first elements %g and %g (%s, %d bits, block %d, %d lane bytes)",
                 item->label, output,
                 item->function->output_names[output] != NULL ? item->function->output_names[output] : "", error,
                 emit_element(actual, 0, build->precision), expected->data[0], build->compiler, build->precision,
                 build->block, build->lane_bytes);
}

static void run_case(EmitCases *cases, EmitCase *item, void *library, const EmitBuild *build)
{
    struct {
        const void *const *inputs;
        void *const *outputs;
        uint64_t seed, first;
        uint32_t step;
    } arguments = {.seed = 17, .first = 5, .step = 3}; /* as ir_test_run */
    Arena *arena = cases->arena;
    size_t real_size = (size_t)(build->precision / 8);
    const IrFunction *function = item->function;
    const void **inputs = ARENA_ARRAY(arena, const void *, function->input_count + 1);
    void **outputs = ARENA_ARRAY(arena, void *, function->output_count + 1);
    for (int i = 0; i < function->input_count; i++)
        inputs[i] =
            emit_to_reals(arena, item->inputs[i].data, element_count(&item->inputs[i], item->count), build->precision);
    for (int i = 0; i < function->output_count; i++)
        outputs[i] = emit_take_guarded(arena, (size_t)element_count(&item->expected[i], item->count) * real_size);
    arguments.inputs = inputs;
    arguments.outputs = outputs;
    int64_t thread = build->block == 1 ? item->workspace.thread_single : item->workspace.thread;
    size_t bytes = (size_t)(item->workspace.fixed + build->threads * thread) * real_size;
    void *workspace = emit_take_guarded(arena, bytes);
    void (*call)(const void *, size_t, void *, int);
    *(void **)&call = dlsym(library, item->name);
    assert_non_null(call);
    call(&arguments, (size_t)item->count, workspace, build->threads);
    if (!emit_is_guarded(workspace, bytes))
        fail_msg("%s writes outside of its workspace", item->label);
    void ***seen = &item->seen[build->precision == 64];
    for (int i = 0; i < function->output_count; i++) {
        int64_t elements = element_count(&item->expected[i], item->count);
        if (!emit_is_guarded(outputs[i], (size_t)elements * real_size))
            fail_msg("%s writes outside of output %d", item->label, i);
        compare(item, i, outputs[i], build);
        if (*seen != NULL && !cases->parts->blas && !emit_same_bits((*seen)[i], outputs[i], elements, build->precision))
            fail_msg("%s, output %d: other bits with %s %s, block %d, %d lane bytes, %d threads", item->label, i,
                     build->compiler, build->flags, build->block, build->lane_bytes, build->threads);
    }
    if (*seen == NULL)
        *seen = outputs;
}

void emit_cases_check(EmitCases *cases, const EmitBuild *build)
{
    if (!emit_has_lanes(build->lane_bytes))
        return;
    void *library = compile(cases, build);
    for (int i = 0; i < cases->count; i++)
        if (build->block > 1 || !cases->items[i].has_phases)
            run_case(cases, &cases->items[i], library, build);
}

bool emit_has_lanes(int lane_bytes)
{
#if defined(__x86_64__)
    bool has = lane_bytes <= 16 ||
               (lane_bytes == 32 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) ||
               (lane_bytes == 64 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"));
#else
    bool has = lane_bytes <= 16;
#endif
    if (!has)
        printf("skip: this machine has no vectors of %d bytes\n", lane_bytes);
    return has;
}
