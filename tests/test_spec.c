/* SPDX-License-Identifier: MIT */
/* From text and files to the typed model description. */
#include "compiler/spec/spec.h"

#include <dirent.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct Test {
    Arena arena;
    Diagnostics diagnostics;
} Test;

static int start(void **state)
{
    static Test test;
    arena_start(&test.arena, NULL);
    diagnostics_start(&test.diagnostics, &test.arena);
    *state = &test;
    return 0;
}

static int end(void **state)
{
    arena_end(&((Test *)*state)->arena);
    return 0;
}

static const char *errors_of(Test *test)
{
    Text out = text_start(&test->arena);
    diagnostics_print(&test->diagnostics, &out, 0);
    return out.bytes;
}

/* ---- specs with one part of their own ---- */

static const char HEAD[] = "ansatz: 1\nname: test\n";
static const char SYSTEM[] = "system: {vector: 3}\n";
static const char ENERGY[] = "energy: {terms: [{value: \"x[0]^2\"}]}\n";
static const char FLOW[] = "architecture: {flow: {layers: [{repeat: 2, layers: [{coupling: {net: {mlp: [8]}}}]}]}}\n";
static const char LOSS[] = "loss: [reverse_kl]\n";

static const ModelSpec *read_parts(Test *test, const char *system, const char *energy, const char *flow,
                                   const char *rest)
{
    const char *text = arena_print(&test->arena, "%s%s%s%s%s%s", HEAD, system, energy, flow,
                                   strstr(rest, "loss:") != NULL ? "" : LOSS, rest);
    const ModelSpec *model = spec_read_text(&test->arena, "test.yaml", text, &test->diagnostics);
    if (model == NULL || test->diagnostics.count > 0)
        fail_msg("%s", errors_of(test));
    return model;
}

static const ModelSpec *read_system(Test *test, const char *system)
{
    return read_parts(test, system, ENERGY, FLOW, "");
}

static const ModelSpec *read_energy(Test *test, const char *energy)
{
    return read_parts(test, SYSTEM, energy, FLOW, "");
}

static const ModelSpec *read_layers(Test *test, const char *layers)
{
    return read_parts(test, SYSTEM, ENERGY, arena_print(&test->arena, "architecture: {flow: {layers: %s}}\n", layers),
                      "");
}

static const ModelSpec *read_rest(Test *test, const char *rest)
{
    return read_parts(test, SYSTEM, ENERGY, FLOW, rest);
}

/* ---- the first example ---- */

static const ModelSpec *read_example(Test *test, int count, const char *const *overrides)
{
    SpecOptions options = {.override_count = count, .overrides = overrides};
    return spec_read(&test->arena, "specs/double_well.yaml", &options, &test->diagnostics);
}

static void test_first_example(void **state)
{
    const ModelSpec *model = read_example(*state, 0, NULL);
    if (model == NULL || ((Test *)*state)->diagnostics.count > 0)
        fail_msg("%s", errors_of(*state));
    assert_string_equal(model->source->name, "specs/double_well.yaml");
    assert_string_equal(model->name, "double_well");
    assert_int_equal(model->dimension, 2);
    assert_null(model->component_names);
    assert_int_equal(model->kT.shape, SCHEDULE_CONSTANT);
    assert_true(model->kT.from == 1.0);
    assert_int_equal(model->term_count, 1);
    assert_int_equal(model->terms[0].over, SCOPE_NONE);
    assert_string_equal(model->terms[0].value.text, "x[0]^4 - 4*x[0]^2 + 0.2*x[0] + 0.5*x[1]^2");
    assert_true(model->terms[0].value.exact);
    assert_true(model->base_scale == 1.0);
    assert_int_equal(model->layer_count, 1);
    assert_int_equal(model->layers[0].kind, LAYER_REPEAT);
    assert_int_equal(model->expanded_count, 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(model->expanded[i].kind, LAYER_COUPLING);
        assert_int_equal(model->expanded[i].transform, TRANSFORM_AFFINE);
        assert_int_equal(model->expanded[i].split, SPLIT_ALTERNATE);
        assert_int_equal(model->expanded[i].coupling_index, i);
        assert_int_equal(model->expanded[i].net.hidden_count, 2);
        assert_int_equal(model->expanded[i].net.hidden[1], 64);
        assert_int_equal(model->expanded[i].net.activation, ACTIVATION_SILU);
        assert_int_equal(model->expanded[i].span.line, 11);
    }
    assert_int_equal(model->loss_count, 1);
    assert_true(model->losses[0].weight.from == 1.0);
    assert_int_equal(model->train.steps, 4000);
    assert_int_equal(model->train.batch, 512);
    assert_int_equal(model->train.seed, 0);
    assert_int_equal(model->observable_count, 1);
    assert_string_equal(model->observables[0].name, "left");
    assert_string_equal(model->observables[0].value.text, "where(x[0] < 0, 1, 0)");
    assert_false(model->target.double_precision);
}

/* ---- typed scalars ---- */

static void test_numbers_as_people_write_them(void **state)
{
    const ModelSpec *model = read_rest(*state, "train: {steps: 1e3, batch: 1_024, seed: 5., evaluate_every: 2.5e1,\n"
                                               "  optimizer: {adam: {rate: .5, beta1: 9e-1, epsilon: 1E-12}}}\n");
    assert_int_equal(model->train.steps, 1000);
    assert_int_equal(model->train.batch, 1024);
    assert_int_equal(model->train.seed, 5);
    assert_int_equal(model->train.evaluate_every, 25);
    assert_true(model->train.rate.from == 0.5);
    assert_true(model->train.beta1 == 0.9);
    assert_true(model->train.epsilon == 1e-12);
}

static void test_numbers_do_not_follow_the_locale(void **state)
{
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL) {
        print_message("skip: no locale with a decimal comma is installed\n");
        skip();
    }
    const ModelSpec *model = read_rest(*state, "train: {average: 0.75}\n");
    setlocale(LC_NUMERIC, "C");
    assert_true(model->train.average == 0.75);
}

static void test_words_that_other_readers_take_for_booleans(void **state)
{
    const ModelSpec *model = read_rest(*state, "observables:\n"
                                               "  - {name: N, value: \"x[0]\"}\n"
                                               "  - {name: no, value: \"x[0]\"}\n"
                                               "  - {name: Y, value: 1}\n"
                                               "  - {name: on, value: true}\n");
    assert_string_equal(model->observables[0].name, "N");
    assert_string_equal(model->observables[1].name, "no");
    assert_string_equal(model->observables[2].name, "Y");
    assert_string_equal(model->observables[2].value.text, "1");
    assert_string_equal(model->observables[3].name, "on");
    assert_string_equal(model->observables[3].value.text, "true");
}

static void test_none_is_no_bound(void **state)
{
    const ModelSpec *model = read_rest(*state, "train: {average: none, optimizer: {adam: {}, clip_norm: none}}\n");
    assert_true(model->train.average == 0);
    assert_true(model->train.clip_norm == 0);
}

/* ---- system ---- */

static void test_vector_long_form(void **state)
{
    const ModelSpec *model = read_system(*state, "system: {vector: {size: 2, names: [u, v_1]}}\n");
    assert_int_equal(model->dimension, 2);
    assert_string_equal(model->component_names[0], "u");
    assert_string_equal(model->component_names[1], "v_1");
}

static void test_temperature_is_kT_in_reduced_units(void **state)
{
    assert_true(read_system(*state, "system: {vector: 2, temperature: 2.5}\n")->kT.from == 2.5);
}

static void test_schedules(void **state)
{
    const ModelSpec *model =
        read_parts(*state, "system: {vector: 2, kT: {from: 5, to: 1, steps: 2000, shape: exponential}}\n", ENERGY, FLOW,
                   "loss: [reverse_kl: {weight: {stages: [[1000, 4], [2500, 2.5], [5e3, 1]]}}]\n"
                   "train: {optimizer: {adam: {rate: {value: 1e-3, warm_up: 50}}}}\n");
    assert_int_equal(model->kT.shape, SCHEDULE_EXPONENTIAL);
    assert_true(model->kT.from == 5 && model->kT.to == 1);
    assert_int_equal(model->kT.steps, 2000);
    const Schedule *weight = &model->losses[0].weight;
    assert_int_equal(weight->shape, SCHEDULE_STAGES);
    assert_int_equal(weight->stage_count, 3);
    assert_int_equal(weight->until[2], 5000);
    assert_true(weight->value[1] == 2.5);
    assert_int_equal(model->train.rate.shape, SCHEDULE_CONSTANT);
    assert_true(model->train.rate.from == 1e-3);
    assert_int_equal(model->train.rate.warm_up, 50);
}

static void test_schedule_to_the_end_is_linear(void **state)
{
    const ModelSpec *model = read_system(*state, "system: {vector: 2, kT: {from: 5, to: 1}}\n");
    assert_int_equal(model->kT.shape, SCHEDULE_LINEAR);
    assert_int_equal(model->kT.steps, 0);
    assert_int_equal(model->kT.warm_up, 0);
}

/* ---- energy ---- */

static void test_parameters(void **state)
{
    const ModelSpec *model = read_energy(*state, "energy:\n"
                                                 "  terms:\n"
                                                 "    - over: components\n"
                                                 "      value: \"k*x^2\"\n"
                                                 "      parameters: {k: 2, list: [1, -.5, 1e3], m: [[1, 2], [3, 4], "
                                                 "[5, 6]]}\n"
                                                 "    - value: \"x[0]\"\n");
    assert_int_equal(model->term_count, 2);
    const EnergyTerm *term = &model->terms[0];
    assert_int_equal(term->over, SCOPE_COMPONENTS);
    assert_int_equal(term->parameter_count, 3);
    assert_string_equal(term->parameters[0].name, "k");
    assert_int_equal(term->parameters[0].rank, 0);
    assert_true(term->parameters[0].data[0] == 2);
    assert_int_equal(term->parameters[1].rank, 1);
    assert_int_equal(term->parameters[1].size[0], 3);
    assert_true(term->parameters[1].data[1] == -0.5);
    assert_int_equal(term->parameters[2].rank, 2);
    assert_int_equal(term->parameters[2].size[0], 3);
    assert_int_equal(term->parameters[2].size[1], 2);
    assert_true(term->parameters[2].data[4] == 5);
    assert_int_equal(term->parameters[2].span.line, 8);
    assert_int_equal(model->terms[1].parameter_count, 0);
}

/* The span of the first `word` in the first term's formula must be those characters of the file. */
static void expect_word(Test *test, const char *energy, const char *word, int line, int column)
{
    const ModelSpec *model = read_energy(test, energy);
    const Formula *formula = &model->terms[0].value;
    size_t begin = (size_t)(strstr(formula->text, word) - formula->text);
    Span span = formula_span(formula, begin, begin + strlen(word));
    assert_memory_equal(span.source->text + span.begin, word, strlen(word));
    assert_int_equal(span.end - span.begin, strlen(word));
    assert_int_equal(span.line, line);
    assert_int_equal(span.column, column);
}

static void test_places_in_formulas(void **state)
{
    expect_word(*state, "energy:\n  terms:\n    - value: x[0]^2 + beta\n", "beta", 6, 23);
    expect_word(*state, "energy:\n  terms:\n    - value: 'x[0]^2 + beta'\n", "beta", 6, 24);
    expect_word(*state, "energy:\n  terms:\n    - value: \"x[0]^2 + beta\"\n", "beta", 6, 24);
    expect_word(*state, "energy:\n  terms:\n    - value: \"x[0]^2 +\n        beta\"\n", "beta", 7, 9);
    expect_word(*state, "energy:\n  terms:\n    - value: x[0]^2 +\n        beta\n", "beta", 7, 9);
    expect_word(*state, "energy:\n  terms:\n    - value: >-\n        x[0]^2 +\n        beta + 1\n", "beta", 8, 9);
    expect_word(*state, "energy:\n  terms:\n    - value: |\n        x[0]^2\n          + beta\n", "beta", 8, 13);
    expect_word(*state, "energy:\n  terms:\n    - value: >\n\n        x[0]^2 + beta\n\n", "beta", 8, 18);
}

static void test_place_of_a_folded_line_end(void **state)
{
    const ModelSpec *model = read_energy(*state, "energy:\n  terms:\n    - value: |\n        x[0]\n        + 1\n");
    const Formula *formula = &model->terms[0].value;
    Span line_end = formula_span(formula, 4, 5), plus = formula_span(formula, 5, 6);
    assert_int_equal(line_end.line, 7);
    assert_int_equal(line_end.column, 13);
    assert_int_equal(plus.line, 8);
    assert_int_equal(plus.begin, line_end.begin + 1 + 8);
    assert_int_equal(formula_span(formula, 0, formula->length).end, plus.begin + 3);
}

static void test_place_behind_an_escape_is_the_formula(void **state)
{
    const ModelSpec *model = read_energy(*state, "energy: {terms: [{value: \"x[0]\\x20+ beta\"}]}\n");
    Span span = formula_span(&model->terms[0].value, 7, 11);
    assert_int_equal(span.column, 26);
}

static void test_block_formula_ends_without_a_newline(void **state)
{
    const ModelSpec *model = read_energy(*state, "energy:\n  terms:\n    - value: |\n        x[0]\n\n");
    assert_int_equal(model->terms[0].value.length, 4);
}

/* ---- flow ---- */

static void test_repeats_are_written_out_and_couplings_counted(void **state)
{
    const ModelSpec *model = read_layers(
        *state, "[{coupling: {net: {mlp: []}}}, {repeat: 2, layers: [permute, {repeat: 2, layers: [{coupling: "
                "{transform: additive, net: {mlp: [4, 5, 6], activation: gelu}}}]}]}]");
    assert_int_equal(model->layer_count, 2);
    static const LayerKind kinds[] = {LAYER_COUPLING, LAYER_PERMUTE,  LAYER_COUPLING, LAYER_COUPLING,
                                      LAYER_PERMUTE,  LAYER_COUPLING, LAYER_COUPLING};
    static const int64_t indices[] = {0, 0, 1, 2, 0, 3, 4};
    assert_int_equal(model->expanded_count, 7);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(model->expanded[i].kind, kinds[i]);
        if (kinds[i] == LAYER_COUPLING)
            assert_int_equal(model->expanded[i].coupling_index, indices[i]);
    }
    assert_int_equal(model->expanded[0].net.hidden_count, 0);
    assert_int_equal(model->expanded[2].net.hidden[2], 6);
    assert_int_equal(model->expanded[2].net.activation, ACTIVATION_GELU);
    assert_int_equal(model->expanded[2].transform, TRANSFORM_ADDITIVE);
    assert_true(model->expanded[2].log_scale_bound == 0);
}

static void test_splits(void **state)
{
    const ModelSpec *model = read_layers(
        *state, "[{coupling: {split: halves, net: {mlp: [8]}}}, {coupling: {split: {mask: [0, 1, true]}, net: {mlp: "
                "[8]}, separate: true, log_scale_bound: none}}, {coupling: {split: {halves: {}}, net: {mlp: [8]}}}]");
    assert_int_equal(model->expanded[0].split, SPLIT_HALVES);
    assert_true(model->expanded[0].log_scale_bound == 2);
    assert_int_equal(model->expanded[1].split, SPLIT_MASK);
    assert_int_equal(model->expanded[1].mask_count, 3);
    assert_true(!model->expanded[1].mask[0] && model->expanded[1].mask[1] && model->expanded[1].mask[2]);
    assert_true(model->expanded[1].separate);
    assert_true(model->expanded[1].log_scale_bound == 0);
    assert_int_equal(model->expanded[2].split, SPLIT_HALVES);
}

static void test_permutes(void **state)
{
    const ModelSpec *model = read_layers(*state, "[permute, permute: [2, 0, 1], permute: {order: reverse}, "
                                                 "{repeat: 4, layers: [{coupling: {net: {mlp: [8]}}}]}]");
    assert_int_equal(model->expanded[0].order_count, 0);
    assert_int_equal(model->expanded[1].order_count, 3);
    assert_int_equal(model->expanded[1].order[0], 2);
    assert_int_equal(model->expanded[2].order_count, 0);
}

static void test_base_scale(void **state)
{
    const ModelSpec *model = read_parts(*state, SYSTEM, ENERGY,
                                        "architecture:\n  flow:\n    base: {gaussian: {scale: 20}}\n    layers:\n"
                                        "      - {repeat: 2, layers: [{coupling: {net: {mlp: [8]}}}]}\n",
                                        "");
    assert_true(model->base_scale == 20);
}

static void expect_warning(Test *test, const char *layers, bool expected)
{
    diagnostics_start(&test->diagnostics, &test->arena);
    const char *text =
        arena_print(&test->arena, "%s%s%sarchitecture: {flow: {layers: %s}}\n%s", HEAD, SYSTEM, ENERGY, layers, LOSS);
    assert_non_null(spec_read_text(&test->arena, "test.yaml", text, &test->diagnostics));
    assert_int_equal(test->diagnostics.count, expected ? 1 : 0);
    if (expected)
        assert_string_equal(test->diagnostics.items[0].code, "W0301");
}

static void test_component_that_nothing_transforms(void **state)
{
    expect_warning(*state, "[{coupling: {net: {mlp: [8]}}}]", true);
    expect_warning(*state, "[{coupling: {net: {mlp: [8]}}}, {coupling: {net: {mlp: [8]}}}]", false);
    expect_warning(
        *state, "[{coupling: {split: halves, net: {mlp: [8]}}}, {coupling: {split: halves, net: {mlp: [8]}}}]", false);
    /* components 0 and 2 pass twice, wherever they stand */
    expect_warning(*state, "[{repeat: 2, layers: [{coupling: {split: {mask: [1, 0, 1]}, net: {mlp: [8]}}}]}]", true);
    expect_warning(*state, "[{repeat: 2, layers: [{coupling: {split: {mask: [1, 0, 1]}, net: {mlp: [8]}}}, permute]}]",
                   true);
    expect_warning(*state,
                   "[{repeat: 3, layers: [{coupling: {split: {mask: [1, 0, 1]}, net: {mlp: [8]}}}, {permute: [1, 2, "
                   "0]}]}]",
                   false);
}

/* ---- train, target, free keys ---- */

static void test_adamw_and_target(void **state)
{
    const ModelSpec *model =
        read_rest(*state, "train: {optimizer: {adamw: {weight_decay: 0.1, rate: 1e-2}}, checkpoint_every: 7}\n"
                          "target: {precision: {compute: double}, threads: openmp, blas: openblas, profile: host}\n");
    assert_int_equal(model->train.optimizer, OPTIMIZER_ADAMW);
    assert_true(model->train.weight_decay == 0.1);
    assert_true(model->train.beta2 == 0.999);
    assert_int_equal(model->train.checkpoint_every, 7);
    assert_true(model->target.double_precision);
    assert_true(model->target.openmp);
    assert_true(model->target.openblas);
}

static void test_free_keys_are_not_read(void **state)
{
    read_rest(*state, "meta: {author: [a, {b: c}], steps: many}\nx-net: &net {mlp: [8]}\nx-: nothing\n");
}

static void test_what_is_off_may_be_written(void **state)
{
    const ModelSpec *model = read_parts(
        *state, SYSTEM, ENERGY,
        "architecture: {flow: {layers: [{repeat: 2, layers: [{coupling: {net: {mlp: [8], residual: false, normalize: "
        "none}}}]}]}}\n",
        "loss: [reverse_kl: {path_gradient: false}]\ntrain: {accumulate: 1}\n");
    assert_int_equal(model->expanded_count, 2);
}

static void test_empty_maps_may_be_left_empty(void **state)
{
    const ModelSpec *model = read_rest(*state, "loss:\n  - reverse_kl:\ntrain:\ntarget: {}\n");
    assert_int_equal(model->train.steps, 4000);
}

static void test_aliases(void **state)
{
    const ModelSpec *model = read_layers(*state, "[{coupling: {net: &net {mlp: [8]}}}, {coupling: {net: *net}}]");
    assert_int_equal(model->expanded[1].net.hidden[0], 8);
}

static void test_a_good_spec_after_a_broken_one(void **state)
{
    Test *test = *state;
    assert_null(spec_read_text(&test->arena, "broken.yaml", "a: 1\n", &test->diagnostics));
    assert_non_null(read_example(test, 0, NULL));
    Text out = text_start(&test->arena);
    SpecOptions options = {0};
    assert_true(spec_expand(&test->arena, "specs/double_well.yaml", &options, &out, &test->diagnostics));
}

static void test_yaml_errors_leave_no_model(void **state)
{
    Test *test = *state;
    const char *text = arena_print(&test->arena, "%s%s%s%s%sname: again\n", HEAD, SYSTEM, ENERGY, FLOW, LOSS);
    assert_null(spec_read_text(&test->arena, "broken.yaml", text, &test->diagnostics));
    assert_int_equal(test->diagnostics.error_count, 1);
}

/* ---- extends ---- */

static const ModelSpec *read_with(Test *test, const char *path, const char *allow_read)
{
    SpecOptions options = {.allow_read_count = allow_read != NULL, .allow_read = &allow_read};
    return spec_read(&test->arena, path, &options, &test->diagnostics);
}

static void test_extends_merges_maps_and_replaces_the_rest(void **state)
{
    Test *test = *state;
    const ModelSpec *model = read_with(test, "tests/specs/extends/child.yaml", NULL);
    if (model == NULL)
        fail_msg("%s", errors_of(test));
    assert_string_equal(model->name, "child");
    assert_int_equal(model->train.steps, 50);                  /* the child's */
    assert_int_equal(model->train.batch, 64);                  /* the parent's */
    assert_int_equal(model->train.seed, 3);                    /* the grandparent's */
    assert_int_equal(model->train.optimizer, OPTIMIZER_ADAMW); /* one alternative instead of another */
    assert_true(model->train.clip_norm == 5);
    assert_int_equal(model->kT.shape, SCHEDULE_STAGES); /* from and to went away with their alternative */
    assert_int_equal(model->dimension, 2);              /* written 2 in the grandparent, {names} in the child */
    assert_string_equal(model->component_names[1], "v");
    assert_int_equal(model->term_count, 1); /* a list instead of a list */
    assert_string_equal(model->terms[0].value.text, "u^2 + v^2");
    assert_string_equal(model->terms[0].value.span.source->name, "tests/specs/extends/child.yaml");
    assert_string_equal(model->layers[0].span.source->name, "tests/specs/extends/base/grandparent.yaml");
    assert_string_equal(model->source->name, "tests/specs/extends/child.yaml");
}

static void test_allow_read_widens(void **state)
{
    Test *test = *state;
    assert_null(read_with(test, "tests/specs/broken/extends_outside.yaml", "specs/no_such_folder"));
    diagnostics_start(&test->diagnostics, &test->arena);
    const ModelSpec *model = read_with(test, "tests/specs/broken/extends_outside.yaml", "specs");
    if (model == NULL)
        fail_msg("%s", errors_of(test));
    assert_string_equal(model->name, "broken");
}

static void test_text_extends_nothing(void **state)
{
    Test *test = *state;
    assert_null(spec_read_text(&test->arena, "t.yaml", "extends: specs/double_well.yaml\n", &test->diagnostics));
    assert_non_null(strstr(errors_of(test), "E0015"));
}

static void test_missing_file(void **state)
{
    Test *test = *state;
    assert_null(read_with(test, "specs/no_such_spec.yaml", NULL));
    assert_int_equal(test->diagnostics.count, 1);
    assert_string_equal(test->diagnostics.items[0].code, "E0014");
}

static void test_table_from_a_file(void **state)
{
    Test *test = *state;
    const ModelSpec *model = read_with(test, "tests/specs/extends/tables.yaml", NULL);
    if (model == NULL)
        fail_msg("%s", errors_of(test));
    const SpecParameter *means = &model->terms[0].parameters[0], *list = &model->terms[0].parameters[1];
    assert_int_equal(means->rank, 2);
    assert_int_equal(means->size[0], 3);
    assert_int_equal(means->size[1], 2);
    static const double expected[] = {1.5, -2, 3, 4e2, 0.25, 6};
    for (int i = 0; i < 6; i++)
        assert_true(means->data[i] == expected[i]);
    assert_int_equal(list->rank, 1);
    assert_int_equal(list->size[0], 2);
    assert_true(list->data[1] == 8);
}

static void test_kT_and_temperature_replace_each_other(void **state)
{
    const char *const overrides[] = {"system.kT=2", "system.temperature=3"};
    const ModelSpec *model = read_example(*state, 2, overrides);
    assert_non_null(model);
    assert_true(model->kT.from == 3);
    const char *const reversed[] = {overrides[1], overrides[0]};
    model = read_example(*state, 2, reversed);
    assert_non_null(model);
    assert_true(model->kT.from == 2);
}

/* ---- overrides ---- */

static void test_overrides(void **state)
{
    Test *test = *state;
    const char *const overrides[] = {
        "train.steps=1_000",
        "train.optimizer.clip_norm=3",
        "train.optimizer.adam.rate={from: 1e-2, to: 1e-3}",
        "system.vector.names=[u, v]",
        "system.kT=2",
        "architecture.flow.layers.0.repeat=4",
        "architecture.flow.layers.0.layers.0.coupling.net.activation=silu",
        "loss.0.reverse_kl.weight=0.5",
        "observables=[]",
        "train.steps=99",
    };
    const ModelSpec *model = read_example(test, sizeof overrides / sizeof overrides[0], overrides);
    if (model == NULL)
        fail_msg("%s", errors_of(test));
    assert_int_equal(model->train.steps, 99);
    assert_int_equal(model->train.batch, 512);
    assert_true(model->train.clip_norm == 3);
    assert_int_equal(model->train.rate.shape, SCHEDULE_LINEAR);
    assert_true(model->train.beta1 == 0.9);
    assert_string_equal(model->component_names[0], "u");
    assert_true(model->kT.from == 2);
    assert_int_equal(model->expanded_count, 4);
    assert_int_equal(model->expanded[3].net.activation, ACTIVATION_SILU);
    assert_int_equal(model->expanded[3].net.hidden_count, 2);
    assert_true(model->losses[0].weight.from == 0.5);
    assert_int_equal(model->observable_count, 0);
}

static void test_override_replaces_an_alternative(void **state)
{
    const char *const overrides[] = {"train.optimizer.adam.beta1=0.5", "train.optimizer.adamw.beta2=0.9"};
    const ModelSpec *model = read_example(*state, 2, overrides);
    assert_non_null(model);
    assert_int_equal(model->train.optimizer, OPTIMIZER_ADAMW);
    assert_true(model->train.beta1 == 0.9 && model->train.beta2 == 0.9);
}

static void expect_override_error(Test *test, const char *override, const char *code, int column)
{
    diagnostics_start(&test->diagnostics, &test->arena);
    assert_null(read_example(test, 1, &override));
    const Diagnostic *error = &test->diagnostics.items[0];
    if (test->diagnostics.count != 1 || strcmp(error->code, code) != 0 || error->span.column != column ||
        strcmp(error->span.source->name, "--set") != 0)
        fail_msg("%s", errors_of(test));
}

static void test_override_errors_point_into_the_override(void **state)
{
    expect_override_error(*state, "train.steps=many", "E0104", 13);
    expect_override_error(*state, "train.stps=1", "E0103", 7);
    expect_override_error(*state, "train.steps", "E0019", 1);
    expect_override_error(*state, "=1", "E0019", 1);
    expect_override_error(*state, "train..steps=1", "E0019", 1);
    expect_override_error(*state, "train.steps=", "E0012", 13);
    expect_override_error(*state, "train={steps: [}", "E0001", 16);
    expect_override_error(*state, "energy.terms.1.value=x[0]", "E0019", 14);
    expect_override_error(*state, "energy.terms.value=x[0]", "E0019", 14);
    expect_override_error(*state, "energy.terms.0.value.x=1", "E0019", 22);
    expect_override_error(*state, "train.\xC3\xA9=1", "E0103", 7);
    expect_override_error(*state, "extends=other.yaml", "E0015", 9);
}

/* ---- broken specs ---- */

static const char *read_whole(Test *test, const char *path)
{
    FILE *file = fopen(path, "rb");
    Text text = text_start(&test->arena);
    char buffer[4096];
    size_t got;
    if (file == NULL)
        return NULL;
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
        text_add(&text, buffer, got);
    fclose(file);
    return text.bytes;
}

/* With WRITE_EXPECTED=1 in the environment the files are written instead, to be read by whoever changed a message. */
static bool check_broken_spec(Test *test, const char *spec)
{
    size_t stem = strlen(spec) - strlen(".yaml");
    const char *expected_path = arena_print(&test->arena, "%.*s.expected", (int)stem, spec);
    diagnostics_start(&test->diagnostics, &test->arena);
    const ModelSpec *model = read_with(test, spec, NULL);
    const char *errors = errors_of(test), *expected = read_whole(test, expected_path);
    if (getenv("WRITE_EXPECTED") != NULL) {
        FILE *file = fopen(expected_path, "wb");
        assert_non_null(file);
        fputs(errors, file);
        fclose(file);
        return true;
    }
    if (model == NULL && expected != NULL && strcmp(errors, expected) == 0)
        return true;
    print_message("---- %s gives\n%s---- expected\n%s", spec, errors, expected != NULL ? expected : "(no file)\n");
    return false;
}

static int is_spec(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

/* Each name that gates know of (runtime/host/requirement.c) is an evaluation's own: no observable may have it. */
static void test_observables_are_not_called_like_figures_of_the_report(void **state)
{
    Test *test = *state;
    char *names = arena_print(&test->arena, "%s", read_whole(test, "runtime/host/requirement.c")), *at;
    int count = 0;
    at = strstr(names, "fixed_names[] = {");
    assert_non_null(at);
    *strstr(at, "};") = '\0';
    for (char *name = strchr(at, '"'); name != NULL; name = strchr(name + 1, '"')) {
        char *end = strchr(++name, '"');
        *end = '\0';
        diagnostics_start(&test->diagnostics, &test->arena);
        const ModelSpec *model = spec_read_text(
            &test->arena, "t.yaml",
            arena_print(&test->arena,
                        "ansatz: 1\nname: t\nsystem: {vector: 2}\nenergy: {terms: [{value: \"x[0]^2\"}]}\n"
                        "architecture: {flow: {layers: [actnorm]}}\nloss: [reverse_kl]\n"
                        "observables: [{name: %.*s, value: \"x[0]\"}]\n",
                        (int)strcspn(name, "."), name),
            &test->diagnostics);
        if (model != NULL || strstr(errors_of(test), "E0114") == NULL)
            fail_msg("an observable may be called '%s'", name);
        count++;
        name = end;
    }
    assert_true(count > 30);
}

/* Every NAME.yaml in tests/specs/broken must give exactly NAME.expected. */
static void test_broken_specs(void **state)
{
    Test *test = *state;
    struct dirent **entries;
    int count = scandir("tests/specs/broken", &entries, is_spec, alphasort), wrong = 0;
    assert_true(count >= 40);
    for (int i = 0; i < count; i++) {
        wrong += !check_broken_spec(test, arena_print(&test->arena, "tests/specs/broken/%s", entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(wrong, 0);
}

/* ---- expand and init ---- */

static const char *write_file(Test *test, const char *name, const char *text)
{
    const char *path = arena_print(&test->arena, "%s/%s", getenv("BUILD") != NULL ? getenv("BUILD") : "build", name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

static const char *expand(Test *test, const char *path)
{
    Text out = text_start(&test->arena);
    SpecOptions options = {0};
    if (!spec_expand(&test->arena, path, &options, &out, &test->diagnostics))
        fail_msg("%s: %s", path, errors_of(test));
    return out.bytes;
}

static const char *without_marks(Test *test, const char *text)
{
    Text out = text_start(&test->arena);
    static const char mark[] = "  # default";
    while (*text != '\0') {
        const char *next = strstr(text, mark);
        size_t length = next != NULL ? (size_t)(next - text) : strlen(text);
        text_add(&out, text, length);
        text += length + (next != NULL ? strlen(mark) : 0);
    }
    return out.bytes;
}

/* What is expanded reads as the same: expanded again it differs by the marks alone. */
static void expect_fixed_point(Test *test, const char *path)
{
    const char *once = expand(test, path);
    const char *twice = expand(test, write_file(test, "test_spec_expanded.yaml", once));
    assert_string_equal(twice, without_marks(test, once));
}

static void test_expand_is_a_fixed_point(void **state)
{
    expect_fixed_point(*state, "specs/double_well.yaml");
    expect_fixed_point(*state, "tests/specs/extends/child.yaml");
    expect_fixed_point(*state, "tests/specs/good/everything.yaml");
    expect_fixed_point(*state, "tests/specs/good/space.yaml");
    expect_fixed_point(*state, "tests/specs/good/table.yaml");
}

static void test_expand_with_temperature(void **state)
{
    Test *test = *state;
    const char *text =
        arena_print(&test->arena, "%ssystem: {vector: 2, temperature: 2}\n%s%s%s", HEAD, ENERGY, FLOW, LOSS);
    expect_fixed_point(test, write_file(test, "test_spec_temperature.yaml", text));
}

static void test_expand_names_files_from_the_spec(void **state)
{
    const char *text = expand(*state, "tests/specs/extends/files.yaml");
    assert_non_null(strstr(text, "file: \"base/../means.csv\"\n"));
    assert_non_null(strstr(text, "file: \"base/list.csv\"\n"));
}

static void test_expand_marks_defaults(void **state)
{
    const char *text = expand(*state, "specs/double_well.yaml");
    assert_non_null(strstr(text, "\n  steps: 4000\n"));
    assert_non_null(strstr(text, "\n  seed: 0  # default\n"));
    assert_non_null(strstr(text, "\n      beta1: 0.9  # default\n"));
    assert_non_null(strstr(text, "log_scale_bound: 2  # default\n"));
    assert_null(strstr(text, "shift:"));
}

static void test_templates_are_good_specs(void **state)
{
    Test *test = *state;
    for (size_t i = 0; i < SPEC_TEMPLATE_COUNT; i++) {
        Text text = text_start(&test->arena);
        assert_true(spec_init("my_model", SPEC_TEMPLATES[i].name, &text));
        const ModelSpec *model = spec_read_text(&test->arena, SPEC_TEMPLATES[i].name, text.bytes, &test->diagnostics);
        if (model == NULL || test->diagnostics.count > 0)
            fail_msg("%s", errors_of(test));
        assert_string_equal(model->name, "my_model");
    }
}

static void test_init_refuses(void **state)
{
    Test *test = *state;
    Text text = text_start(&test->arena);
    assert_false(spec_init("my-model", "double_well", &text));
    assert_non_null(strstr(text.bytes, "'my-model'"));
    text = text_start(&test->arena);
    assert_false(spec_init("my_model", "doble_well", &text));
    assert_non_null(strstr(text.bytes, "did you mean 'double_well'?"));
}

/* ---- hostile specs ---- */

static void test_many_errors_stay_quick(void **state)
{
    Test *test = *state;
    Text text = text_start(&test->arena);
    for (int i = 0; i < 45000; i++)
        text_print(&text, "key%d: 1\n", i);
    assert_null(spec_read_text(&test->arena, "t.yaml", text.bytes, &test->diagnostics));
    assert_true(test->diagnostics.error_count > 45000);
    assert_true(test->arena.total < 100000000);
}

static void test_alias_that_is_large_many_times(void **state)
{
    Test *test = *state;
    Text text = text_start(&test->arena);
    text_print(&text, "%s%s%s%sx-layers: &layers [", HEAD, SYSTEM, ENERGY, LOSS);
    for (int i = 0; i < 90; i++)
        text_put(&text, "{coupling: {net: {mlp: [8]}}}, ");
    text_put(&text, "]\narchitecture:\n  flow:\n    layers:\n");
    for (int i = 0; i < 80; i++)
        text_put(&text, "      - {repeat: 1, layers: *layers}\n");
    const ModelSpec *model = spec_read_text(&test->arena, "t.yaml", text.bytes, &test->diagnostics);
    if (model == NULL)
        fail_msg("%s", errors_of(test));
    assert_int_equal(model->expanded_count, 7200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_example, start, end),
        cmocka_unit_test_setup_teardown(test_numbers_as_people_write_them, start, end),
        cmocka_unit_test_setup_teardown(test_numbers_do_not_follow_the_locale, start, end),
        cmocka_unit_test_setup_teardown(test_words_that_other_readers_take_for_booleans, start, end),
        cmocka_unit_test_setup_teardown(test_none_is_no_bound, start, end),
        cmocka_unit_test_setup_teardown(test_vector_long_form, start, end),
        cmocka_unit_test_setup_teardown(test_temperature_is_kT_in_reduced_units, start, end),
        cmocka_unit_test_setup_teardown(test_schedules, start, end),
        cmocka_unit_test_setup_teardown(test_schedule_to_the_end_is_linear, start, end),
        cmocka_unit_test_setup_teardown(test_parameters, start, end),
        cmocka_unit_test_setup_teardown(test_places_in_formulas, start, end),
        cmocka_unit_test_setup_teardown(test_place_of_a_folded_line_end, start, end),
        cmocka_unit_test_setup_teardown(test_place_behind_an_escape_is_the_formula, start, end),
        cmocka_unit_test_setup_teardown(test_block_formula_ends_without_a_newline, start, end),
        cmocka_unit_test_setup_teardown(test_repeats_are_written_out_and_couplings_counted, start, end),
        cmocka_unit_test_setup_teardown(test_splits, start, end),
        cmocka_unit_test_setup_teardown(test_permutes, start, end),
        cmocka_unit_test_setup_teardown(test_base_scale, start, end),
        cmocka_unit_test_setup_teardown(test_component_that_nothing_transforms, start, end),
        cmocka_unit_test_setup_teardown(test_adamw_and_target, start, end),
        cmocka_unit_test_setup_teardown(test_free_keys_are_not_read, start, end),
        cmocka_unit_test_setup_teardown(test_what_is_off_may_be_written, start, end),
        cmocka_unit_test_setup_teardown(test_empty_maps_may_be_left_empty, start, end),
        cmocka_unit_test_setup_teardown(test_aliases, start, end),
        cmocka_unit_test_setup_teardown(test_a_good_spec_after_a_broken_one, start, end),
        cmocka_unit_test_setup_teardown(test_yaml_errors_leave_no_model, start, end),
        cmocka_unit_test_setup_teardown(test_extends_merges_maps_and_replaces_the_rest, start, end),
        cmocka_unit_test_setup_teardown(test_allow_read_widens, start, end),
        cmocka_unit_test_setup_teardown(test_text_extends_nothing, start, end),
        cmocka_unit_test_setup_teardown(test_observables_are_not_called_like_figures_of_the_report, start, end),
        cmocka_unit_test_setup_teardown(test_missing_file, start, end),
        cmocka_unit_test_setup_teardown(test_table_from_a_file, start, end),
        cmocka_unit_test_setup_teardown(test_kT_and_temperature_replace_each_other, start, end),
        cmocka_unit_test_setup_teardown(test_overrides, start, end),
        cmocka_unit_test_setup_teardown(test_override_replaces_an_alternative, start, end),
        cmocka_unit_test_setup_teardown(test_override_errors_point_into_the_override, start, end),
        cmocka_unit_test_setup_teardown(test_broken_specs, start, end),
        cmocka_unit_test_setup_teardown(test_expand_is_a_fixed_point, start, end),
        cmocka_unit_test_setup_teardown(test_expand_with_temperature, start, end),
        cmocka_unit_test_setup_teardown(test_expand_names_files_from_the_spec, start, end),
        cmocka_unit_test_setup_teardown(test_expand_marks_defaults, start, end),
        cmocka_unit_test_setup_teardown(test_templates_are_good_specs, start, end),
        cmocka_unit_test_setup_teardown(test_init_refuses, start, end),
        cmocka_unit_test_setup_teardown(test_many_errors_stay_quick, start, end),
        cmocka_unit_test_setup_teardown(test_alias_that_is_large_many_times, start, end),
    };
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
