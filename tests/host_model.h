/* SPDX-License-Identifier: MIT */
/* A model small enough to be written by hand, so that the host runtime can be tested without the compiler:
 *   x_i = shift_i + exp(log_scale_i) z_i, i = 0, 1, z normal        U(x) = sum_i stiffness_i (x_i - centre_i)^2 / 2
 * trained by reverse KL, whose gradient is written out. All of its estimates have closed forms. It also has a state
 * tensor that nothing may touch, and two scalars: kT, and one that does nothing. */
#ifndef TESTS_HOST_MODEL_H
#define TESTS_HOST_MODEL_H

#include "runtime/host/model.h"

enum { HOST_DIMENSION = 2, HOST_WEIGHTS = 7, HOST_BATCH = 96 };

/* Weights: shift [2], state [3], log_scale [2]. */
enum { HOST_SHIFT = 0, HOST_STATE = 2, HOST_LOG_SCALE = 5 };

#define HOST_STIFFNESS_0 1.0
#define HOST_STIFFNESS_1 4.0
#define HOST_CENTRE_0    1.0
#define HOST_CENTRE_1    (-0.5)

extern const Model host_model;
extern const ModelFunctions32 host_functions_single;
extern const ModelFunctions64 host_functions_double;

#endif
