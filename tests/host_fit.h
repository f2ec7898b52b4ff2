/* SPDX-License-Identifier: MIT */
/* A model for trainings on data, small enough to be written by hand, and data for it:
 *   x_i = shift_i + exp(log_scale_i) z_i, i = 0, 1, z normal,
 * trained by maximum likelihood; it has no energy. Its likeliest weights are the data's means and the logarithms of
 * their deviations. */
#ifndef TESTS_HOST_FIT_H
#define TESTS_HOST_FIT_H

#include "runtime/host/model.h"

enum { FIT_DIMENSION = 2, FIT_WEIGHTS = 4, FIT_BATCH = 48, FIT_TRAIN_ROWS = 1000, FIT_TEST_ROWS = 500 };

/* It learns from train.csv of the present folder. */
extern const Model fit_model;

/* log q of one configuration. */
double fit_log_density(const float *weights, const float *x);

/* The program of a model, in this process, with these arguments separated by spaces; its exit code. */
int fit_run(const Model *which, const char *line);

/* u = 1.5 + 0.4 n, v = -0.5 + 2 n', n from the core's generator. */
void fit_make_rows(uint64_t seed, size_t count, float *rows);
void fit_write_csv(const char *path, const float *rows, size_t count);
void fit_write_npy(const char *path, const float *rows, size_t count);
/* train.csv and test.npy. */
void fit_write_data(void);

/* A number of a JSON file's object, or an estimate's value; NaN for null. */
double fit_number_in(const char *path, const char *name);
double fit_error_in(const char *path, const char *name); /* an estimate's error */

#endif
