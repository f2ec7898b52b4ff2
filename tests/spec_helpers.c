/* SPDX-License-Identifier: MIT */
#include "tests/spec_helpers.h"

int spec_test_start(void **state)
{
    static SpecTest test;
    arena_start(&test.arena, NULL);
    diagnostics_start(&test.diagnostics, &test.arena);
    *state = &test;
    return 0;
}

int spec_test_end(void **state)
{
    arena_end(&((SpecTest *)*state)->arena);
    return 0;
}

const char *spec_test_errors(SpecTest *test)
{
    Text out = text_start(&test->arena);
    diagnostics_print(&test->diagnostics, &out, 0);
    return out.bytes;
}

const ModelSpec *spec_test_example(SpecTest *test, int count, const char *const *overrides)
{
    SpecOptions options = {.override_count = count, .overrides = overrides};
    return spec_read(&test->arena, "specs/double_well.yaml", &options, &test->diagnostics);
}
