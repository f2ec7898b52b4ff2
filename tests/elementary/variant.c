/* SPDX-License-Identifier: MIT */
/* Compiled with VARIANT=name and the flags of that variant. */
#include "runtime/core/elementary.h"
#include "runtime/core/random.h"
#include "tests/elementary/variant.h"

#define ARGUMENTS_1(prefix) prefix(x)
#define ARGUMENTS_2(prefix) prefix(x), prefix(y)
#define ARGUMENTS_3(prefix) prefix(x), prefix(y), prefix(z)

static void apply_lanes(ElementaryFunction function, const void *x_void, const void *y_void, const void *z_void,
                        void *result_void)
{
    const real *xs = x_void, *ys = y_void, *zs = z_void;
    real *result = result_void;
    for (int i = 0; i < VARIANT_CHUNK; i += LANES) {
        const lanes x = lanes_load(xs + i), y = lanes_load(ys + i), z = lanes_load(zs + i);
        switch (function) {
#define SAME(x) x
#define X(name, operands)                                                                                              \
    case FUNCTION_##name:                                                                                              \
        lanes_store(result + i, lanes_##name(ARGUMENTS_##operands(SAME)));                                             \
        break;
            ELEMENTARY_FUNCTIONS(X)
#undef X
        case FUNCTION_COUNT:
            break;
        }
    }
}

static void apply_real(ElementaryFunction function, const void *x_void, const void *y_void, const void *z_void,
                       void *result_void)
{
    const real *xs = x_void, *ys = y_void, *zs = z_void;
    real *result = result_void;
    for (int i = 0; i < VARIANT_CHUNK; i++) {
        const real x = xs[i], y = ys[i], z = zs[i];
        (void)y;
        (void)z;
        switch (function) {
#define X(name, operands)                                                                                              \
    case FUNCTION_##name:                                                                                              \
        result[i] = real_##name(ARGUMENTS_##operands(SAME));                                                           \
        break;
            ELEMENTARY_FUNCTIONS(X)
#undef X
        case FUNCTION_COUNT:
            break;
        }
    }
}

static void normals(const uint32_t *words, float *result)
{
    for (int i = 0; i < VARIANT_CHUNK; i += FLOATS) {
        const floats_bits bits = floats_bits_load(words + i);
        floats values;
        floats_normal(&bits, &values, 1);
        memcpy(result + i, &values, sizeof values);
    }
}

static int missing(void)
{
#if ANSATZ_LANE_BYTES == 64
    return !__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512dq");
#elif ANSATZ_LANE_BYTES == 32
    return !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma");
#else
    return 0;
#endif
}

#define NAME_OF(name)     #name
#define STRING_OF(name)   NAME_OF(name)
#define JOIN(left, right) left##right
#define VARIABLE_OF(name) JOIN(variant_, name)

const Variant VARIABLE_OF(VARIANT) = {STRING_OF(VARIANT), ANSATZ_PRECISION, missing, apply_lanes, apply_real, normals};
