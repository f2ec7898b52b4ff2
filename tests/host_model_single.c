/* SPDX-License-Identifier: MIT */
#define ANSATZ_PRECISION 32
#define HOST_FUNCTIONS   ModelFunctions32 host_functions_single
#include "tests/host_model_functions.h"
