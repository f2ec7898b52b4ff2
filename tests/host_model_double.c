/* SPDX-License-Identifier: MIT */
#define ANSATZ_PRECISION 64
#define HOST_FUNCTIONS   ModelFunctions64 host_functions_double
#include "tests/host_model_functions.h"
