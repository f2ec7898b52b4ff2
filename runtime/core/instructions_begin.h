/* SPDX-License-Identifier: MIT-0 */
/* From here to instructions_end.h code is compiled for AVX-512 (ANSATZ_INSTRUCTIONS 512) or for AVX2 with FMA (256),
 * whatever the compiler's flags say: see instructions.h. Before anything else of the core, once in a translation unit. */
#if defined(__clang__) && defined(_OPENMP)
#error "clang forgets a function's instructions in its parallel loops: compile with gcc, or without -fopenmp"
#endif

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#undef ANSATZ_LANE_BYTES
#define ANSATZ_SOFTWARE_FMA 0
#if ANSATZ_INSTRUCTIONS == 512
#define ANSATZ_LANE_BYTES 64
#else
#define ANSATZ_LANE_BYTES 32
#endif

#if defined(__clang__) && ANSATZ_INSTRUCTIONS == 512
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,fma"))), apply_to = function)
#elif defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#elif ANSATZ_INSTRUCTIONS == 512
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,fma")
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
