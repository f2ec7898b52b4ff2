/* SPDX-License-Identifier: MIT */
/* For tests that read specs: an arena and the list of errors for each test, and the parts of a small spec. */
#ifndef TESTS_SPEC_HELPERS_H
#define TESTS_SPEC_HELPERS_H

#include "compiler/spec/spec.h"

typedef struct SpecTest {
    Arena arena;
    Diagnostics diagnostics;
} SpecTest;

#define HEAD   "ansatz: 1\nname: test\n"
#define SYSTEM "system: {vector: 3}\n"
#define ENERGY "energy: {terms: [{value: \"x[0]^2\"}]}\n"
#define FLOW   "architecture: {flow: {layers: [{repeat: 2, layers: [{coupling: {net: {mlp: [8]}}}]}]}}\n"
#define LOSS   "loss: [reverse_kl]\n"

/* Setup and teardown of a test. */
int spec_test_start(void **state);
int spec_test_end(void **state);

/* What the errors so far say. */
const char *spec_test_errors(SpecTest *test);

/* specs/double_well.yaml with these overrides; NULL after an error. */
const ModelSpec *spec_test_example(SpecTest *test, int count, const char *const *overrides);

#endif
