/* SPDX-License-Identifier: MIT */
/* Random model descriptions from fixed seeds: small flows of every kind on tame energies. What must hold for every spec
 * is tested on a hundred of these. */
#ifndef TESTS_RANDOM_SPEC_H
#define TESTS_RANDOM_SPEC_H

#include "compiler/spec/spec.h"
#include "tests/ir_helpers.h"

/* The same seed gives the same spec. 1 to 9 components; energies, forces and their derivatives stay moderate where the
 * components do. */
const ModelSpec *random_spec(Arena *arena, uint64_t seed);

/* The same with one to three conditions, which the energy sees; kT is one of them in half of the specs, and columns of data
 * hold some where there are data. */
const ModelSpec *random_conditional_spec(Arena *arena, uint64_t seed);

/* The same on a box, on circles, with ranges, from a mixture, or with autoregressive layers of splines. */
const ModelSpec *random_space_spec(Arena *arena, uint64_t seed);

/* Moves components of rows, so many reals each, into the ranges that the spec has for them; on the grid of floats. */
void random_fit_ranges(const ModelSpec *spec, double *rows, int64_t count, int64_t width);

/* Conditions for so many samples, of any of the spec's ranges and choices, on the grid of floats. */
double *random_conditions(Arena *arena, const ModelSpec *spec, int64_t samples, uint64_t seed);

/* The expanded list of a spec whose `layers` are filled in. */
void spec_expand_layers(Arena *arena, ModelSpec *spec);

/* Values of a program's weights that make every layer do something: `count` reals. */
double *random_weights(Arena *arena, int64_t count, uint64_t seed);

/* What a row of data may hold for a component, made of a number that is about 1: a float. */
double random_value(const ModelSpec *spec, int64_t component, double normal);

/* A line for messages: "seed 17: 5 components; affine alternate 5,7 tanh; permute; ..." */
const char *random_spec_text(Arena *arena, uint64_t seed, const ModelSpec *spec);

#endif
