/* SPDX-License-Identifier: MIT */
#include "tests/ir_helpers.h"

#include "compiler/ir/verify.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

int ir_test_start(void **state)
{
    static Arena arena;
    arena_start(&arena, NULL);
    *state = &arena;
    return 0;
}

void ir_test_renew(Arena *arena)
{
    arena_end(arena);
    arena_start(arena, NULL);
}

int ir_test_end(void **state)
{
    arena_end(*state);
    return 0;
}

/* ---- modules ---------------------------------------------------------------------------------------------------- */

static void fail_with(const Diagnostics *diagnostics)
{
    Text text = text_start(diagnostics->arena);
    diagnostics_print(diagnostics, &text, 0);
    fail_msg("%s", text.bytes);
}

static IrModule *parse_source(Arena *arena, const char *name, const char *text)
{
    Source *source = ARENA_NEW(arena, Source);
    Diagnostics diagnostics;
    *source = (Source){name, text, strlen(text)};
    diagnostics_start(&diagnostics, arena);
    IrModule *module = ir_parse(arena, source, &diagnostics);
    if (!module)
        fail_with(&diagnostics);
    return module;
}

IrModule *ir_test_parse(Arena *arena, const char *text)
{
    return parse_source(arena, "test.ir", text);
}

IrModule *ir_test_read(Arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    Text text = text_start(arena);
    char part[4096];
    for (size_t length; (length = fread(part, 1, sizeof part, file)) > 0;)
        text_add(&text, part, length);
    fclose(file);
    return parse_source(arena, path, text.bytes);
}

IrFunction *ir_test_function(Arena *arena, int64_t batch, const char *rest)
{
    const char *head = batch > 0 ? arena_print(arena, "batch %lld", (long long)batch) : "";
    return ir_test_find(ir_test_parse(arena, arena_print(arena, "module m %s function f%s", head, rest)), "f");
}

IrFunction *ir_test_find(const IrModule *module, const char *name)
{
    IrFunction *function = ir_function_find(module, name);
    if (!function)
        fail_msg("the module has no function %s", name);
    return function;
}

void ir_test_verify(const IrModule *module)
{
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, module->arena);
    if (!ir_verify(module, &diagnostics))
        fail_with(&diagnostics);
}

/* ---- numbers from fixed seeds ----------------------------------------------------------------------------------- */

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next_bits(TestRandom *random)
{
    uint64_t bits = random->state += 0x9e3779b97f4a7c15u;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    return bits ^ bits >> 31;
}

double test_uniform(TestRandom *random, double low, double high)
{
    return low + (high - low) * ((double)(next_bits(random) >> 11) / 9007199254740992.0);
}

int64_t test_integer(TestRandom *random, int64_t count)
{
    return (int64_t)(next_bits(random) % (uint64_t)count);
}

double test_normal(TestRandom *random)
{
    double radius = sqrt(-2 * log(1 - test_uniform(random, 0, 1)));
    return radius * cos(6.283185307179586 * test_uniform(random, 0, 1));
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

IrTensor ir_test_tensor(Arena *arena, const IrType *type, int64_t batch)
{
    IrTensor tensor = {.count = ir_type_count(type), .per_sample = type->kind == IR_KIND_SAMPLE};
    tensor.data = ARENA_ARRAY(arena, double, ir_test_count(&tensor, batch));
    return tensor;
}

IrTensor ir_test_filled(Arena *arena, const IrType *type, int64_t batch, const double *data)
{
    IrTensor tensor = ir_test_tensor(arena, type, batch);
    memcpy(tensor.data, data, (size_t)ir_test_count(&tensor, batch) * sizeof data[0]);
    return tensor;
}

IrTensor ir_test_random(Arena *arena, const IrType *type, int64_t batch, TestRandom *random, double low, double high)
{
    IrTensor tensor = ir_test_tensor(arena, type, batch);
    for (int64_t i = 0; i < ir_test_count(&tensor, batch); i++)
        tensor.data[i] = type->element == IR_REAL ? test_uniform(random, low, high) : (double)test_integer(random, 2);
    return tensor;
}

IrTensor *ir_test_random_inputs(Arena *arena, const IrFunction *function, int64_t batch, TestRandom *random, double low,
                                double high)
{
    IrTensor *inputs = ARENA_ARRAY(arena, IrTensor, function->input_count);
    for (int i = 0; i < function->input_count; i++)
        inputs[i] = ir_test_random(arena, ir_type_of(function, function->inputs[i]), batch, random, low, high);
    return inputs;
}

int64_t ir_test_count(const IrTensor *tensor, int64_t batch)
{
    return tensor->count * (tensor->per_sample ? batch : 1);
}

static void interpret(Arena *arena, const IrFunction *function, int64_t batch, const IrTensor *inputs,
                      IrTensor *outputs, IrHeld *held)
{
    IrRun run = {.arena = arena, .batch = batch, .seed = 17, .first_sample = 5, .step = 3, .held = held};
    ir_interpret(&run, function, inputs, outputs);
    if (run.error)
        fail_msg("%s", run.error);
}

IrTensor *ir_test_run(Arena *arena, const IrFunction *function, int64_t batch, const IrTensor *inputs)
{
    IrTensor *outputs = ARENA_ARRAY(arena, IrTensor, function->output_count);
    interpret(arena, function, batch, inputs, outputs, NULL);
    return outputs;
}

IrTensor *ir_test_input(const IrFunction *function, IrTensor *inputs, const char *name)
{
    for (int i = 0; i < function->input_count; i++) {
        const char *given = function->values[function->inputs[i]].name;
        if (given && strcmp(given, name) == 0)
            return &inputs[i];
    }
    fail_msg("function %s has no input %s", function->name, name);
    return NULL;
}

const double *ir_test_draw(Arena *arena, const char *op, int64_t batch)
{
    const IrFunction *function = ir_test_function(arena, 0, arena_print(arena, "() { %%y = %s return %%y }", op));
    return ir_test_run(arena, function, batch, NULL)[0].data;
}

void ir_test_expect(const double *actual, const double *expected, int64_t count, double tolerance, const char *what)
{
    for (int64_t i = 0; i < count; i++) {
        bool same = actual[i] == expected[i] || (isnan(actual[i]) && isnan(expected[i]));
        if (!same && !(fabs(actual[i] - expected[i]) <= tolerance * fmax(1, fabs(expected[i]))))
            fail_msg("%s: element %lld is %.17g, expected %.17g (difference %.3g)", what, (long long)i, actual[i],
                     expected[i], actual[i] - expected[i]);
    }
}

/* ---- derivatives by central differences ------------------------------------------------------------------------- */

double ir_test_pairing(const IrFunction *function, int64_t batch, const IrTensor *cotangents, const IrTensor *outputs)
{
    double sum = 0;
    for (int i = 0; i < function->output_count; i++) {
        if (!cotangents[i].data || ir_type_of(function, function->outputs[i])->element != IR_REAL)
            continue;
        for (int64_t j = 0; j < ir_test_count(&outputs[i], batch); j++)
            sum += cotangents[i].data[j] == 0 ? 0 : cotangents[i].data[j] * outputs[i].data[j];
    }
    return sum;
}

/* Records what a derivative at `inputs` holds fixed. */
static IrHeld record_held(Arena *arena, const IrFunction *function, int64_t batch, const IrTensor *inputs)
{
    IrHeld held = {0};
    interpret(arena, function, batch, inputs, ARENA_ARRAY(arena, IrTensor, function->output_count), &held);
    held.replay = true;
    return held;
}

static const double STEP = 2e-4;

/* f' = (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12 h + O(h^4). */
static const double POINTS[4] = {-2, -1, 1, 2}, WEIGHTS[4] = {1.0 / 12, -8.0 / 12, 8.0 / 12, -1.0 / 12};

IrTensor ir_test_gradient(Arena *arena, const IrFunction *function, int64_t batch, const IrTensor *inputs, int input,
                          const IrTensor *cotangents)
{
    IrTensor *moved = ARENA_ARRAY(arena, IrTensor, function->input_count);
    memcpy(moved, inputs, (size_t)function->input_count * sizeof moved[0]);
    IrHeld held = record_held(arena, function, batch, inputs);
    const IrType *type = ir_type_of(function, function->inputs[input]);
    IrTensor gradient = ir_test_tensor(arena, type, batch);
    moved[input] = ir_test_filled(arena, type, batch, inputs[input].data);
    for (int64_t i = 0; i < ir_test_count(&gradient, batch); i++) {
        double x = inputs[input].data[i], h = STEP * fmax(1, fabs(x));
        for (int point = 0; point < 4; point++) {
            Arena scratch;
            arena_start(&scratch, NULL);
            IrTensor *outputs = ARENA_ARRAY(&scratch, IrTensor, function->output_count);
            moved[input].data[i] = x + POINTS[point] * h;
            held.next = 0;
            interpret(&scratch, function, batch, moved, outputs, &held);
            gradient.data[i] += WEIGHTS[point] / h * ir_test_pairing(function, batch, cotangents, outputs);
            arena_end(&scratch);
        }
        moved[input].data[i] = x;
    }
    return gradient;
}

IrTensor *ir_test_directional(Arena *arena, const IrFunction *function, int64_t batch, const IrTensor *inputs,
                              const IrTensor *tangents)
{
    enum { POINT_COUNT = 4 };
    const double h = STEP;
    IrTensor *moved = ARENA_ARRAY(arena, IrTensor, function->input_count);
    IrTensor *derivative = ARENA_ARRAY(arena, IrTensor, function->output_count);
    IrTensor *outputs = ARENA_ARRAY(arena, IrTensor, function->output_count);
    IrHeld held = record_held(arena, function, batch, inputs);
    for (int i = 0; i < function->output_count; i++)
        derivative[i] = ir_test_tensor(arena, ir_type_of(function, function->outputs[i]), batch);
    for (int point = 0; point < POINT_COUNT; point++) {
        for (int i = 0; i < function->input_count; i++) {
            moved[i] = ir_test_filled(arena, ir_type_of(function, function->inputs[i]), batch, inputs[i].data);
            for (int64_t j = 0; tangents[i].data && j < ir_test_count(&moved[i], batch); j++)
                moved[i].data[j] += POINTS[point] * h * tangents[i].data[j];
        }
        held.next = 0;
        interpret(arena, function, batch, moved, outputs, &held);
        for (int i = 0; i < function->output_count; i++)
            for (int64_t j = 0; j < ir_test_count(&derivative[i], batch); j++)
                derivative[i].data[j] += WEIGHTS[point] / h * outputs[i].data[j];
    }
    return derivative;
}

double ir_test_log_determinant(double *a, int64_t n)
{
    double sum = 0;
    for (int64_t k = 0; k < n; k++) {
        int64_t pivot = k;
        for (int64_t i = k + 1; i < n; i++)
            pivot = fabs(a[i * n + k]) > fabs(a[pivot * n + k]) ? i : pivot;
        for (int64_t j = 0; j < n; j++) {
            double old = a[k * n + j];
            a[k * n + j] = a[pivot * n + j];
            a[pivot * n + j] = old;
        }
        sum += log(fabs(a[k * n + k]));
        for (int64_t i = k + 1; i < n; i++)
            for (int64_t j = n - 1; j >= k; j--)
                a[i * n + j] -= a[i * n + k] / a[k * n + k] * a[k * n + j];
    }
    return sum;
}
