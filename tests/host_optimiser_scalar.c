/* SPDX-License-Identifier: MIT */
/* The optimiser once more, one weight at a time and with OpenMP, under other names: its bits must be the same. */
#define RUNTIME_PREFIX_H
#define RUNTIME_NAME(name) scalar_##name
#define ANSATZ_LANE_BYTES  4

#include "runtime/host/failure.c"
#include "runtime/host/optimiser.c"
