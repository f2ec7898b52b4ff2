/* SPDX-License-Identifier: MIT */
/* From text to the typed model description. */
#include "compiler/spec/spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

static void expect_no_errors(Test *test, const ModelSpec *model)
{
    if (model != NULL && test->diagnostics.count == 0)
        return;
    Text out = text_start(&test->arena);
    diagnostics_print(&test->diagnostics, &out, 0);
    fail_msg("%s", out.bytes);
}

static void test_first_example(void **state)
{
    Test *test = *state;
    const SpecOptions options = {0};
    const ModelSpec *model = spec_read(&test->arena, "specs/double_well.yaml", &options, &test->diagnostics);
    expect_no_errors(test, model);
    assert_string_equal(model->name, "double_well");
    assert_int_equal(model->dimension, 2);
    assert_int_equal(model->kT.shape, SCHEDULE_CONSTANT);
    assert_true(model->kT.from == 1.0);
    assert_int_equal(model->term_count, 1);
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
        assert_int_equal(model->expanded[i].span.line, 11);
    }
    assert_int_equal(model->loss_count, 1);
    assert_true(model->losses[0].weight.from == 1.0);
    assert_int_equal(model->train.steps, 4000);
    assert_int_equal(model->train.batch, 512);
    assert_int_equal(model->observable_count, 1);
    assert_string_equal(model->observables[0].name, "left");
    assert_string_equal(model->observables[0].value.text, "where(x[0] < 0, 1, 0)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_example, start, end),
    };
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
