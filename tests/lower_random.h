/* SPDX-License-Identifier: MIT */
/* The random specs that tests of lowered programs go through, with weights, conditions and data. */
#ifndef TESTS_LOWER_RANDOM_H
#define TESTS_LOWER_RANDOM_H

#include "tests/lower_helpers.h"

/* Of the specs so many more are conditional. */
enum { SPECS = 100, CONDITIONAL = 50 };

/* Those from SPECS on are conditional. */
const ModelSpec *spec_of(Arena *arena, uint64_t seed);
LowerModel model_of(Arena *arena, const ModelSpec *spec, uint64_t seed);
/* The number of a row's column that holds condition i; -1: none does. */
int64_t column_of(const ModelSpec *spec, int i);
/* Rows of data for a step; NULL where the program wants none. */
double *data_of(const LowerModel *model);

#endif
