/* SPDX-License-Identifier: MIT-0 */
/* What a translation unit is compiled for: precision, block and lane width. Freestanding.
 *   ANSATZ_PRECISION   32 (default) or 64: what `real` is
 *   ANSATZ_BLOCK       64 (default): samples in lanes; 1: one sample at a time, features in lanes
 *   ANSATZ_LANE_BYTES  bytes of a vector; by default what the C compiler's target has: 64, 32, 16, or one real
 * Results do not depend on the lane width: every function is built from IEEE + - * / sqrt and explicit fma. */
#ifndef ANSATZ_CORE_CONFIG_H
#define ANSATZ_CORE_CONFIG_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __FAST_MATH__
#error "compile without -ffast-math: it would change the samples"
#endif
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
#error "this target computes with excess precision (x87): compile for SSE2 or another IEEE unit"
#endif
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__) && !defined(__STRICT_ANSI__) && !defined(ANSATZ_CONTRACT_IS_OFF)
#error                                                                                                                 \
    "compile with -std=c11, or with -ffp-contract=off and -DANSATZ_CONTRACT_IS_OFF: gcc's GNU modes fuse products and sums"
#endif

#ifndef ANSATZ_PRECISION
#define ANSATZ_PRECISION 32
#endif
#ifndef ANSATZ_BLOCK
#define ANSATZ_BLOCK 64
#endif
#ifndef ANSATZ_LANE_BYTES
#if defined(__AVX512F__) && defined(__AVX512DQ__)
#define ANSATZ_LANE_BYTES 64
#elif defined(__AVX2__) && defined(__FMA__)
#define ANSATZ_LANE_BYTES 32
#elif defined(__SSE2__) || (defined(__aarch64__) && defined(__ARM_NEON))
#define ANSATZ_LANE_BYTES 16
#else
#define ANSATZ_LANE_BYTES 4
#endif
#endif

#if ANSATZ_PRECISION == 32
typedef float real;
typedef int32_t real_int;
typedef uint32_t real_bits;
#define REAL(x)   x##f
#define REAL_SIZE 4
#elif ANSATZ_PRECISION == 64
typedef double real;
typedef int64_t real_int;
typedef uint64_t real_bits;
#define REAL(x)   x
#define REAL_SIZE 8
#else
#error "ANSATZ_PRECISION is 32 or 64"
#endif

#define REAL_INFINITY ((real)__builtin_inf())
#define REAL_NAN      ((real)__builtin_nan(""))

#if ANSATZ_LANE_BYTES > REAL_SIZE
#define LANES (ANSATZ_LANE_BYTES / REAL_SIZE)
#else
#define LANES 1
#endif

/* Offsets of the workspace and strides of the weights, with blocks of samples and with one sample. */
#define BLOCK ANSATZ_BLOCK
#if ANSATZ_BLOCK == 1
#define FRAME(block, single) (single)
#elif ANSATZ_BLOCK == 64
#define FRAME(block, single) (block)
#else
#error "ANSATZ_BLOCK is 64 or 1"
#endif

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define RARELY        __attribute__((noinline, cold, unused)) /* a static function off the usual path */
/* A static function that nothing is inlined around: constants of other code would take registers of its loops. */
#define BY_ITSELF        __attribute__((noinline, unused))
#define ANSATZ_PRAGMA(x) _Pragma(#x)
#ifdef __clang__
#define UNROLL(n) ANSATZ_PRAGMA(clang loop unroll_count(n))
#else
#define UNROLL(n) ANSATZ_PRAGMA(GCC unroll n)
#endif

#endif
