/* SPDX-License-Identifier: MIT */
/* How the files that make the typed model description from values work together. Inside the spec stage only. Every
 * function takes values that may be NULL (bad, and reported already), so that a run finds all errors. */
#ifndef COMPILER_SPEC_BUILD_H
#define COMPILER_SPEC_BUILD_H

#include "compiler/spec/read.h"

typedef struct Build {
    Arena *arena;
    Diagnostics *diagnostics;
    ModelSpec *model;
    const FileAccess *access; /* NULL: the spec may name no files */
} Build;

/* ---- simple values (schedule.c) ---- */

double build_number(const Value *value, double fallback);
int64_t build_integer(const Value *value, int64_t fallback);
bool build_boolean(const Value *value, bool fallback);
/* A schedule, of anything but kT: no condition. */
Schedule build_schedule(const Build *build, const Value *value);

/* Text -> formula; spans stand in the file where the text does (formula.c). */
Formula build_formula(const Build *build, const Value *value);

/* A parameter's numbers from a file (table_file.c). False after an error. */
bool build_table_file(const Build *build, const YamlNode *file, SpecParameter *parameter);

/* ---- conditions (condition.c) ---- */

/* "ess > 0.9", on what this spec's training can find. After the energy and the data are built. */
Condition build_condition(const Build *build, const Value *value);
/* Whether rows are held out. */
bool build_has_validation(const ModelSpec *model);

/* ---- what the model is conditioned on (conditioning.c) ---- */

/* system.condition. After the components' names. */
void build_conditions(const Build *build, const Value *map);
/* system.kT, or system.temperature: a schedule or a condition. */
void build_temperature(const Build *build, const Value *value);
/* For a description that is sound. */
void build_condition_warnings(const Build *build);
/* data.condition_columns. */
void build_condition_columns(const Build *build, const Value *map);
/* The condition with this name, or NULL after an error. */
const ConditionInput *build_find_condition(const Build *build, const char *name, Span span);

/* ---- sections ---- */

void build_system(const Build *build, const Value *system);                      /* system.c */
void build_energy(const Build *build, const Value *spec);                        /* energy.c */
void build_observables(const Build *build, const Value *list);                   /* energy.c */
void build_flow(const Build *build, const Value *flow);                          /* flow.c */
void build_expanded_layers(const Build *build);                                  /* expand_layers.c */
void build_expanded_warnings(const Build *build);                                /* expand_layers.c */
void build_space(const Build *build);                                            /* space.c */
void build_space_warnings(const Build *build);                                   /* space.c */
bool build_passes(const LayerSpec *layer, int64_t dimension, int64_t component); /* space.c */
void build_losses(const Build *build, const Value *list, const Value *spec);     /* losses.c */
void build_data(const Build *build, const Value *data);                          /* data.c */
void build_train(const Build *build, const Value *train);                        /* train.c */
void build_curriculum(const Build *build, const Value *list, const Value *spec); /* curriculum.c */
void build_target(const Build *build, const Value *target);                      /* train.c */

#endif
