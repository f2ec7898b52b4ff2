/* SPDX-License-Identifier: MIT */
/* What the program of tests/host_model.h wrote into the scratch folder, for the tests that look at it. What is not as
 * expected fails the test. */
#ifndef TESTS_HOST_RESULTS_H
#define TESTS_HOST_RESULTS_H

#include "runtime/host/json.h"

#include <stddef.h>
#include <stdint.h>

/* A JSON file of the scratch folder; release it after use. */
Json read_json(const char *path);
/* A member of an object. */
double number_of(const JsonNode *object, const char *name);
const char *text_of(const JsonNode *object, const char *name);
/* The numbers of an NPY file, to be freed. */
double *read_array(const char *path, int rank, size_t count);
/* An NPY file of floats. */
void write_array(const char *path, const float *values, int rank, const uint64_t *shape);
/* One trained model for the tests that only use it. */
void need_trained(void);

#endif
