/* SPDX-License-Identifier: MIT */
/* From text to the typed model description. Files, overrides and messages: test_spec_files.c. */
#include "tests/spec_helpers.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- specs with one part of their own ---- */

static const ModelSpec *read_parts(SpecTest *test, const char *system, const char *energy, const char *flow,
                                   const char *rest)
{
    const char *text = arena_print(&test->arena, "%s%s%s%s%s%s", HEAD, system, energy, flow,
                                   strstr(rest, "loss:") != NULL ? "" : LOSS, rest);
    const ModelSpec *model = spec_read_text(&test->arena, "test.yaml", text, &test->diagnostics);
    if (model == NULL || test->diagnostics.count > 0)
        fail_msg("%s", spec_test_errors(test));
    return model;
}

static const ModelSpec *read_system(SpecTest *test, const char *system)
{
    return read_parts(test, system, ENERGY, FLOW, "");
}

static const ModelSpec *read_energy(SpecTest *test, const char *energy)
{
    return read_parts(test, SYSTEM, energy, FLOW, "");
}

static const ModelSpec *read_layers(SpecTest *test, const char *layers)
{
    return read_parts(test, SYSTEM, ENERGY, arena_print(&test->arena, "architecture: {flow: {layers: %s}}\n", layers),
                      "");
}

static const ModelSpec *read_rest(SpecTest *test, const char *rest)
{
    return read_parts(test, SYSTEM, ENERGY, FLOW, rest);
}

/* ---- the first example ---- */

static void test_first_example(void **state)
{
    const ModelSpec *model = spec_test_example(*state, 0, NULL);
    if (model == NULL || ((SpecTest *)*state)->diagnostics.count > 0)
        fail_msg("%s", spec_test_errors(*state));
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
static void expect_word(SpecTest *test, const char *energy, const char *word, int line, int column)
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

static void expect_warning(SpecTest *test, const char *layers, bool expected)
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
                          "target: {precision: {compute: float}, threads: openmp, blas: openblas, profile: host}\n");
    assert_int_equal(model->train.optimizer, OPTIMIZER_ADAMW);
    assert_true(model->train.weight_decay == 0.1);
    assert_true(model->train.beta2 == 0.999);
    assert_int_equal(model->train.checkpoint_every, 7);
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
    SpecTest *test = *state;
    assert_null(spec_read_text(&test->arena, "broken.yaml", "a: 1\n", &test->diagnostics));
    assert_non_null(spec_test_example(test, 0, NULL));
    Text out = text_start(&test->arena);
    SpecOptions options = {0};
    assert_true(spec_expand(&test->arena, "specs/double_well.yaml", &options, &out, &test->diagnostics));
}

static void test_yaml_errors_leave_no_model(void **state)
{
    SpecTest *test = *state;
    const char *text = arena_print(&test->arena, "%s%s%s%s%sname: again\n", HEAD, SYSTEM, ENERGY, FLOW, LOSS);
    assert_null(spec_read_text(&test->arena, "broken.yaml", text, &test->diagnostics));
    assert_int_equal(test->diagnostics.error_count, 1);
}

/* ---- hostile specs ---- */

static void test_many_errors_stay_quick(void **state)
{
    SpecTest *test = *state;
    Text text = text_start(&test->arena);
    for (int i = 0; i < 45000; i++)
        text_print(&text, "key%d: 1\n", i);
    assert_null(spec_read_text(&test->arena, "t.yaml", text.bytes, &test->diagnostics));
    assert_true(test->diagnostics.error_count > 45000);
    assert_true(test->arena.total < 100000000);
}

static void test_alias_that_is_large_many_times(void **state)
{
    SpecTest *test = *state;
    Text text = text_start(&test->arena);
    text_print(&text, "%s%s%s%sx-layers: &layers [", HEAD, SYSTEM, ENERGY, LOSS);
    for (int i = 0; i < 90; i++)
        text_put(&text, "{coupling: {net: {mlp: [8]}}}, ");
    text_put(&text, "]\narchitecture:\n  flow:\n    layers:\n");
    for (int i = 0; i < 80; i++)
        text_put(&text, "      - {repeat: 1, layers: *layers}\n");
    const ModelSpec *model = spec_read_text(&test->arena, "t.yaml", text.bytes, &test->diagnostics);
    if (model == NULL)
        fail_msg("%s", spec_test_errors(test));
    assert_int_equal(model->expanded_count, 7200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_example, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_numbers_as_people_write_them, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_numbers_do_not_follow_the_locale, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_words_that_other_readers_take_for_booleans, spec_test_start,
                                        spec_test_end),
        cmocka_unit_test_setup_teardown(test_none_is_no_bound, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_vector_long_form, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_temperature_is_kT_in_reduced_units, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_schedules, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_schedule_to_the_end_is_linear, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_parameters, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_places_in_formulas, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_place_of_a_folded_line_end, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_place_behind_an_escape_is_the_formula, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_block_formula_ends_without_a_newline, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_repeats_are_written_out_and_couplings_counted, spec_test_start,
                                        spec_test_end),
        cmocka_unit_test_setup_teardown(test_splits, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_permutes, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_base_scale, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_component_that_nothing_transforms, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_adamw_and_target, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_free_keys_are_not_read, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_what_is_off_may_be_written, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_empty_maps_may_be_left_empty, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_aliases, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_a_good_spec_after_a_broken_one, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_yaml_errors_leave_no_model, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_many_errors_stay_quick, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_alias_that_is_large_many_times, spec_test_start, spec_test_end),
    };
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
