/* SPDX-License-Identifier: MIT */
/* The runtime's elementary functions as compiled for one precision and lane width: variant.c is compiled once for each,
 * and the tests compare them. */
#ifndef TESTS_ELEMENTARY_VARIANT_H
#define TESTS_ELEMENTARY_VARIANT_H

#include <stdint.h>

/* X(function, operands) */
#define ELEMENTARY_FUNCTIONS(X)                                                                                        \
    X(exp, 1)                                                                                                          \
    X(log, 1)                                                                                                          \
    X(tanh, 1)                                                                                                         \
    X(sigmoid, 1)                                                                                                      \
    X(softplus, 1)                                                                                                     \
    X(sin, 1)                                                                                                          \
    X(cos, 1)                                                                                                          \
    X(tan, 1)                                                                                                          \
    X(erf, 1)                                                                                                          \
    X(pow, 2)                                                                                                          \
    X(atan2, 2)                                                                                                        \
    X(sqrt, 1)                                                                                                         \
    X(abs, 1)                                                                                                          \
    X(sign, 1)                                                                                                         \
    X(floor, 1)                                                                                                        \
    X(min, 2)                                                                                                          \
    X(max, 2)                                                                                                          \
    X(fma, 3)

typedef enum ElementaryFunction {
#define X(name, operands) FUNCTION_##name,
    ELEMENTARY_FUNCTIONS(X)
#undef X
        FUNCTION_COUNT
} ElementaryFunction;

enum { VARIANT_CHUNK = 64 };

typedef struct Variant {
    const char *name;
    int precision;        /* 32 or 64 */
    int (*missing)(void); /* whether this machine lacks the instructions */
    /* Each operand and the result: VARIANT_CHUNK floats or doubles. */
    void (*lanes)(ElementaryFunction function, const void *x, const void *y, const void *z, void *result);
    void (*real)(ElementaryFunction function, const void *x, const void *y, const void *z, void *result);
    /* The standard normals of VARIANT_CHUNK words. */
    void (*normals)(const uint32_t *words, float *result);
} Variant;

extern const Variant variant_float_scalar, variant_float_sse2, variant_float_avx2, variant_float_avx512,
    variant_double_scalar, variant_double_sse2, variant_double_avx2, variant_double_avx512;

/* The first of the precision is the scalar one; NULL at the end. */
extern const Variant *const float_variants[], *const double_variants[];

/* The variants of a precision that this machine can run, the widest last; returns how many. */
int variants_available(int precision, const Variant *available[4]);

#endif
