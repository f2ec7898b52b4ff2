/* SPDX-License-Identifier: MIT */
#include "tests/elementary/comparison.h"

#include "tests/elementary/reference.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

double double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

ElementaryFunction next_function(ElementaryFunction function)
{
    return (ElementaryFunction)(function + 1);
}

bool same_floats(const float *a, const float *b)
{
    for (int i = 0; i < CHUNK; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i])))
            return false;
    return true;
}

bool same_doubles(const double *a, const double *b)
{
    for (int i = 0; i < CHUNK; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i])))
            return false;
    return true;
}

void expect_same(int precision, ElementaryFunction function, const void *x, const void *y, const void *z, bool real)
{
    const Variant *variants[4];
    const int count = variants_available(precision, variants);
    union {
        float floats[CHUNK];
        double doubles[CHUNK];
    } first, other;
    variants[0]->lanes(function, x, y, z, &first);
    for (int v = real ? 0 : 1; v < count; v++)
        for (int k = 0; k < (real ? 2 : 1); k++) {
            (k == 0 ? variants[v]->lanes : variants[v]->real)(function, x, y, z, &other);
            if (precision == 32 ? same_floats(first.floats, other.floats) : same_doubles(first.doubles, other.doubles))
                continue;
            for (int i = 0; i < CHUNK; i++)
                if (precision == 32 && memcmp(&first.floats[i], &other.floats[i], sizeof(float)) != 0)
                    print_error("%s(%a, %a): %a, %s: %a\n", function_name(function), (double)((const float *)x)[i],
                                (double)((const float *)y)[i], (double)first.floats[i], variants[v]->name,
                                (double)other.floats[i]);
                else if (precision == 64 && memcmp(&first.doubles[i], &other.doubles[i], sizeof(double)) != 0)
                    print_error("%s(%a, %a): %a, %s: %a\n", function_name(function), ((const double *)x)[i],
                                ((const double *)y)[i], first.doubles[i], variants[v]->name, other.doubles[i]);
            fail();
        }
}

/* Zeros, infinities, NaN, the ends of the subnormal and normal numbers, and where a function changes its way. */
static const double edges[] = {0,
                               0x1p-149,
                               0x1p-148,
                               0x1.fffffcp-127,
                               0x1p-126,
                               0x1.000002p-126,
                               0x1p-64,
                               0x1p-24,
                               0x1p-23,
                               0.25,
                               0.375,
                               0.5,
                               0.75,
                               0.7071067,
                               0.70710678,
                               0.9,
                               0.99999994,
                               1,
                               1.0000001,
                               1.4142135,
                               1.5,
                               2,
                               3,
                               3.1415927,
                               4,
                               5,
                               6,
                               9,
                               10,
                               17,
                               88.7,
                               88.72283,
                               88.72284,
                               89,
                               102,
                               103.97,
                               104,
                               105,
                               106,
                               709.78,
                               709.7827128933840,
                               710,
                               745.13,
                               745.1332191019411,
                               745.2,
                               746,
                               1000,
                               65535.9,
                               65536,
                               65536.01,
                               1048576,
                               1048576.125,
                               0x1.fffffep+22,
                               0x1p+23,
                               0x1p+24,
                               0x1.000002p+24,
                               0x1p+31,
                               0x1p+52,
                               0x1p+53,
                               0x1.0000000000001p+53,
                               0x1p+64,
                               0x1.fffffep+127,
                               0x1p-1074,
                               0x1.fffffffffffffp-1023,
                               0x1p-1022,
                               0x1.fffffffffffffp+1023,
                               INFINITY,
                               NAN};

_Static_assert(EDGES == 2 * sizeof edges / sizeof *edges, "their number");

double edge(int i)
{
    return i % 2 == 0 ? edges[i / 2] : -edges[i / 2];
}
