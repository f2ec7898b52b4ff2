/* SPDX-License-Identifier: MIT */
/* The way from a spec to a package, as one visible list of stages. */
#ifndef COMPILER_PIPELINE_H
#define COMPILER_PIPELINE_H

#include "compiler/emit/package.h"

/* Reads, checks and lowers a spec; then runs the passes up to and including `after`: NULL all of them, "lower" none.
 * NULL after errors in `diagnostics`. */
Program *pipeline_program(Arena *arena, const char *path, const SpecOptions *options, const char *after,
                          Diagnostics *diagnostics);

/* All of it: the package in memory. NULL after errors in `diagnostics`. */
const Package *pipeline_package(Arena *arena, const char *path, const SpecOptions *options, bool without_runtime,
                                Diagnostics *diagnostics, const Program **program);

/* Is there a stage of this name to stop after? */
bool pipeline_has_stage(const char *after);

#endif
