/* SPDX-License-Identifier: MIT-0 */
/* What a model is conditioned on: from the command line, from columns of data, or spread over all that there is. In the
 * numbers given at each call, conditions stand behind the scalars. */
#ifndef RUNTIME_HOST_CONDITIONS_H
#define RUNTIME_HOST_CONDITIONS_H

#include "arguments.h"
#include "csv.h"
#include "json.h"
#include "model.h"

#define conditions_end         RUNTIME_NAME(conditions_end)
#define conditions_temperature RUNTIME_NAME(conditions_temperature)
#define conditions_take        RUNTIME_NAME(conditions_take)
#define conditions_spread      RUNTIME_NAME(conditions_spread)
#define conditions_put         RUNTIME_NAME(conditions_put)
#define conditions_compare     RUNTIME_NAME(conditions_compare)
#define conditions_has_columns RUNTIME_NAME(conditions_has_columns)
#define conditions_read        RUNTIME_NAME(conditions_read)
#define conditions_read_csv    RUNTIME_NAME(conditions_read_csv)
#define conditions_pick        RUNTIME_NAME(conditions_pick)
#define conditions_check_row   RUNTIME_NAME(conditions_check_row)
#define conditions_options     RUNTIME_NAME(conditions_options)
#define condition_describe     RUNTIME_NAME(condition_describe)

enum { CONDITION_TEXT_SIZE = 200 };

/* How many numbers a call is given: scalars and conditions. */
size_t conditions_end(const Model *model);
/* The place of the temperature among them: the scalar kT, or a condition; -1: the model has none. */
int conditions_temperature(const Model *model);

/* "0.5 to 2"; "winter or summer" */
const char *condition_describe(const ModelInput *condition, char text[CONDITION_TEXT_SIZE]);

/* The condition_count values that --condition gives, and which it gives; the others are in the middle of their ranges, or
 * the first choice. Fails (64) with what is no condition of the model's or not one of its values. */
bool conditions_take(const Model *model, const Arguments *arguments, double *values, bool *is_given, Failure *failure);
/* Number `which` of `count` rows of conditions: each in the middle of one of `count` equal parts of its range. */
void conditions_spread(const Model *model, int which, int count, double *values);
/* " --condition T=1.5 --condition season=winter", to be shown behind a command; "" where there are none, or too many. */
const char *conditions_options(const Model *model, const double *values, const bool *is_given /* NULL: all are */,
                               char text[CONDITION_TEXT_SIZE]);
/* The member "conditions": those that were given, choices by their names. */
void conditions_put(JsonWriter *writer, const Model *model, const double *values, const bool *is_given);

/* Fails (65) where such a member of `object`, which describes the file `path`, has other values than these. */
bool conditions_compare(const JsonNode *object, const char *path, const Model *model, const double *values,
                        Failure *failure);

/* A CSV in which columns that hold conditions may have choices by their names. Release it after use. */
bool conditions_read_csv(const FileBytes *file, const char *path, const Model *model, CsvTable *table,
                         Failure *failure);
/* Whether columns of data hold conditions other than those given already (NULL: none is). */
bool conditions_has_columns(const Model *model, const bool *is_given);
/* conditions[count][condition_count] of a CSV's rows, to be freed: from the columns, and for other conditions and those that
 * are given from `values`. A file without names of columns, or a number that is no value of its condition, is a failure. */
bool conditions_read(const char *path, const Model *model, const double *values, const bool *is_given,
                     float **conditions, size_t count, Failure *failure);
/* Of one row, those that columns hold go to `to`; returns how many. */
size_t conditions_pick(const Model *model, const float *conditions, float *to);
/* The same of a made-up row, for tests of a training step. */
void conditions_check_row(const Model *model, int row, double *to, float *to_single);

#endif
