/* SPDX-License-Identifier: MIT */
#include "tests/lower_helpers.h"
#include "runtime/core/random.h"
#include "tests/random_spec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

Program *lower_test_spec(Arena *arena, const ModelSpec *spec)
{
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, arena);
    Program *program = lower_program(arena, spec, &diagnostics);
    if (!program) {
        Text text = text_start(arena);
        diagnostics_print(&diagnostics, &text, 0);
        fail_msg("%s", text.bytes);
    }
    return program;
}

IrTensor *lower_test_run(const LowerModel *model, EntryKind kind, int64_t batch, const double *x)
{
    const ProgramRun run = {.arena = model->arena,
                            .program = model->program,
                            .weights = model->weights,
                            .batch = batch,
                            .seed = SEED,
                            .first_sample = FIRST_SAMPLE,
                            .step = STEP,
                            .x = x,
                            .conditions = model->conditions};
    return program_test_run(&run, kind);
}

void lower_test_noise(const LowerModel *model, uint32_t purpose, uint64_t sample, double *noise)
{
    RandomStream stream = {SEED, FIRST_SAMPLE + sample, STEP, purpose};
    for (int64_t i = 0; i < model->spec->dimension; i++)
        noise[i] = (double)random_normal_value(&stream, 0, 0, (uint32_t)i);
}

void lower_test_expect(const LowerModel *model, double actual, double expected, double tolerance, const char *what)
{
    if (!(fabs(actual - expected) <= tolerance * fmax(1, fabs(expected))))
        fail_msg("%s: %s is %.17g, expected %.17g", random_spec_text(model->arena, model->seed, model->spec), what,
                 actual, expected);
}

bool lower_test_is_coupling(const IrFunction *function)
{
    const char *const *names = function->output_names;
    return strncmp(function->name, "coupling_", 9) == 0 && names[0] && names[0][0] != '\0' &&
           strcmp(names[0] + 1, "_b") == 0 &&
           (function->output_count == 1 ||
            (function->output_count == 2 && names[1] && strcmp(names[1], "log_det") == 0));
}

Formula lower_test_formula(const char *text)
{
    return (Formula){.text = text, .length = strlen(text)};
}

FixedSpec *lower_test_fixed(Arena *arena, int64_t dimension, int layer_count)
{
    FixedSpec *fixed = ARENA_NEW(arena, FixedSpec);
    fixed->hidden[0] = 3;
    fixed->hidden[1] = 4;
    for (int i = 0; i < layer_count; i++)
        fixed->layers[i] = (LayerSpec){.kind = LAYER_COUPLING,
                                       .transform = TRANSFORM_AFFINE,
                                       .net = {.hidden_count = 2, .hidden = fixed->hidden},
                                       .log_scale_bound = 2};
    fixed->terms[0] = (EnergyTerm){.value = lower_test_formula("x[0]^4 - 4*x[0]^2 + 0.2*x[0] + 0.5*x[1]^2")};
    fixed->losses[0] = (LossTerm){.weight = {.from = 1}};
    fixed->spec = (ModelSpec){.name = "fixed",
                              .dimension = dimension,
                              .kT = {.from = 1},
                              .base_scale = 1,
                              .term_count = 1,
                              .terms = fixed->terms,
                              .layer_count = layer_count,
                              .layers = fixed->layers,
                              .loss_count = 1,
                              .losses = fixed->losses,
                              .train = {.batch = 8}};
    return fixed;
}

Program *lower_test_lower_fixed(Arena *arena, FixedSpec *fixed)
{
    spec_expand_layers(arena, &fixed->spec);
    return lower_test_spec(arena, &fixed->spec);
}
