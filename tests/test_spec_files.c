/* SPDX-License-Identifier: MIT */
/* Specs that build on files and on options: extends, overrides, broken specs with their messages, expand and init. */
#include "tests/spec_helpers.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- extends ---- */

static const ModelSpec *read_with(SpecTest *test, const char *path, const char *allow_read)
{
    SpecOptions options = {.allow_read_count = allow_read != NULL, .allow_read = &allow_read};
    return spec_read(&test->arena, path, &options, &test->diagnostics);
}

static void test_extends_merges_maps_and_replaces_the_rest(void **state)
{
    SpecTest *test = *state;
    const ModelSpec *model = read_with(test, "tests/specs/extends/child.yaml", NULL);
    if (model == NULL)
        fail_msg("%s", spec_test_errors(test));
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
    SpecTest *test = *state;
    assert_null(read_with(test, "tests/specs/broken/extends_outside.yaml", "specs/no_such_folder"));
    diagnostics_start(&test->diagnostics, &test->arena);
    const ModelSpec *model = read_with(test, "tests/specs/broken/extends_outside.yaml", "specs");
    if (model == NULL)
        fail_msg("%s", spec_test_errors(test));
    assert_string_equal(model->name, "broken");
}

static void test_text_extends_nothing(void **state)
{
    SpecTest *test = *state;
    assert_null(spec_read_text(&test->arena, "t.yaml", "extends: specs/double_well.yaml\n", &test->diagnostics));
    assert_non_null(strstr(spec_test_errors(test), "E0015"));
}

static void test_missing_file(void **state)
{
    SpecTest *test = *state;
    assert_null(read_with(test, "specs/no_such_spec.yaml", NULL));
    assert_int_equal(test->diagnostics.count, 1);
    assert_string_equal(test->diagnostics.items[0].code, "E0014");
}

static void test_table_from_a_file(void **state)
{
    SpecTest *test = *state;
    const ModelSpec *model = read_with(test, "tests/specs/extends/tables.yaml", NULL);
    if (model == NULL)
        fail_msg("%s", spec_test_errors(test));
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
    const ModelSpec *model = spec_test_example(*state, 2, overrides);
    assert_non_null(model);
    assert_true(model->kT.from == 3);
    const char *const reversed[] = {overrides[1], overrides[0]};
    model = spec_test_example(*state, 2, reversed);
    assert_non_null(model);
    assert_true(model->kT.from == 2);
}

/* ---- overrides ---- */

static void test_overrides(void **state)
{
    SpecTest *test = *state;
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
    const ModelSpec *model = spec_test_example(test, sizeof overrides / sizeof overrides[0], overrides);
    if (model == NULL)
        fail_msg("%s", spec_test_errors(test));
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
    const ModelSpec *model = spec_test_example(*state, 2, overrides);
    assert_non_null(model);
    assert_int_equal(model->train.optimizer, OPTIMIZER_ADAMW);
    assert_true(model->train.beta1 == 0.9 && model->train.beta2 == 0.9);
}

static void expect_override_error(SpecTest *test, const char *override, const char *code, int column)
{
    diagnostics_start(&test->diagnostics, &test->arena);
    assert_null(spec_test_example(test, 1, &override));
    const Diagnostic *error = &test->diagnostics.items[0];
    if (test->diagnostics.count != 1 || strcmp(error->code, code) != 0 || error->span.column != column ||
        strcmp(error->span.source->name, "--set") != 0)
        fail_msg("%s", spec_test_errors(test));
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

static const char *read_whole(SpecTest *test, const char *path)
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
static bool check_broken_spec(SpecTest *test, const char *spec)
{
    size_t stem = strlen(spec) - strlen(".yaml");
    const char *expected_path = arena_print(&test->arena, "%.*s.expected", (int)stem, spec);
    diagnostics_start(&test->diagnostics, &test->arena);
    const ModelSpec *model = read_with(test, spec, NULL);
    const char *errors = spec_test_errors(test), *expected = read_whole(test, expected_path);
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
    SpecTest *test = *state;
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
        if (model != NULL || strstr(spec_test_errors(test), "E0114") == NULL)
            fail_msg("an observable may be called '%s'", name);
        count++;
        name = end;
    }
    assert_true(count > 30);
}

/* Every NAME.yaml in tests/specs/broken must give exactly NAME.expected. */
static void test_broken_specs(void **state)
{
    SpecTest *test = *state;
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

static const char *write_file(SpecTest *test, const char *name, const char *text)
{
    const char *path = arena_print(&test->arena, "%s/%s", getenv("BUILD") != NULL ? getenv("BUILD") : "build", name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

static const char *expand(SpecTest *test, const char *path)
{
    Text out = text_start(&test->arena);
    SpecOptions options = {0};
    if (!spec_expand(&test->arena, path, &options, &out, &test->diagnostics))
        fail_msg("%s: %s", path, spec_test_errors(test));
    return out.bytes;
}

static const char *without_marks(SpecTest *test, const char *text)
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
static void expect_fixed_point(SpecTest *test, const char *path)
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
    SpecTest *test = *state;
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
    SpecTest *test = *state;
    for (size_t i = 0; i < SPEC_TEMPLATE_COUNT; i++) {
        Text text = text_start(&test->arena);
        assert_true(spec_init("my_model", SPEC_TEMPLATES[i].name, &text));
        const ModelSpec *model = spec_read_text(&test->arena, SPEC_TEMPLATES[i].name, text.bytes, &test->diagnostics);
        if (model == NULL || test->diagnostics.count > 0)
            fail_msg("%s", spec_test_errors(test));
        assert_string_equal(model->name, "my_model");
    }
}

static void test_init_refuses(void **state)
{
    SpecTest *test = *state;
    Text text = text_start(&test->arena);
    assert_false(spec_init("my-model", "double_well", &text));
    assert_non_null(strstr(text.bytes, "'my-model'"));
    text = text_start(&test->arena);
    assert_false(spec_init("my_model", "doble_well", &text));
    assert_non_null(strstr(text.bytes, "did you mean 'double_well'?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_extends_merges_maps_and_replaces_the_rest, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_allow_read_widens, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_text_extends_nothing, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_observables_are_not_called_like_figures_of_the_report, spec_test_start,
                                        spec_test_end),
        cmocka_unit_test_setup_teardown(test_missing_file, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_table_from_a_file, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_kT_and_temperature_replace_each_other, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_overrides, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_override_replaces_an_alternative, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_override_errors_point_into_the_override, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_broken_specs, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_expand_is_a_fixed_point, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_expand_with_temperature, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_expand_names_files_from_the_spec, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_expand_marks_defaults, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_templates_are_good_specs, spec_test_start, spec_test_end),
        cmocka_unit_test_setup_teardown(test_init_refuses, spec_test_start, spec_test_end),
    };
    return cmocka_run_group_tests_name("spec files", tests, NULL, NULL);
}
