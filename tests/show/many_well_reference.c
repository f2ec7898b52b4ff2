/* SPDX-License-Identifier: MIT */
/* Exact draws of many wells, pairs of U = -x/2 - 6 x^2 + x^4 + y^2/2 at kT = 1, and their modes: `many_well_reference PAIRS
 * COUNT SEED REFERENCE.npy [MODES.npy]`. x comes by the inverse distribution function, tabulated by Simpson's rule and
 * inverted by Newton's method; y is normal. The modes are all 2^PAIRS points with x = -+1.7, y = 0 (PAIRS up to 16). Prints
 * log Z of one pair. */
#include "runtime/core/random.h"
#include "runtime/host/npy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CELLS = 40000 };
static const double left = -5, right = 5;

static double density(double x)
{
    return exp(0.5 * x + 6 * x * x - x * x * x * x);
}

/* The integral of the density over each cell by Simpson's rule, summed: [CELLS + 1]. */
static void tabulate(double *sums)
{
    const double width = (right - left) / CELLS;
    sums[0] = 0;
    for (int i = 0; i < CELLS; i++) {
        const double x = left + width * i;
        sums[i + 1] = sums[i] + width / 6 * (density(x) + 4 * density(x + width / 2) + density(x + width));
    }
}

/* x with the distribution function `u`: the cell by bisection, then Newton's method within it. */
static double quantile(const double *sums, double u)
{
    const double width = (right - left) / CELLS, wanted = u * sums[CELLS];
    int low = 0, high = CELLS;
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        *(sums[middle] <= wanted ? &low : &high) = middle;
    }
    const double start = left + width * low;
    double x = start + width / 2;
    for (int i = 0; i < 5; i++) {
        const double part = (x - start) / 6 * (density(start) + 4 * density((start + x) / 2) + density(x));
        x -= (sums[low] + part - wanted) / density(x);
        x = fmin(fmax(x, start), start + width);
    }
    return x;
}

static double uniform(const RandomStream *stream, uint64_t sample, uint32_t element)
{
    return ((double)random_word(stream, sample, 0, element) + 0.5) * 0x1p-32;
}

static int write_rows(const char *path, const float *rows, uint64_t count, uint64_t dimension)
{
    const uint64_t shape[2] = {count, dimension};
    NpyWriter writer;
    Failure failure;
    if (npy_start(&writer, path, 4, 2, shape, &failure) && npy_write(&writer, rows, count * dimension, &failure) &&
        npy_finish(&writer, NULL, &failure))
        return 0;
    fprintf(stderr, "many_well_reference: %s\n", failure.text);
    return 1;
}

static int write_reference(const char *path, const double *sums, uint64_t seed, uint64_t count, uint64_t pairs)
{
    const RandomStream stream = {.seed = seed, .first_sample = 0, .step = 0, .purpose = RANDOM_EVALUATE};
    float *rows = malloc(count * 2 * pairs * sizeof *rows);
    if (rows == NULL)
        return 1;
    for (uint64_t s = 0; s < count; s++)
        for (uint32_t i = 0; i < pairs; i++) {
            rows[(s * pairs + i) * 2] = (float)quantile(sums, uniform(&stream, s, i));
            rows[(s * pairs + i) * 2 + 1] = random_normal_value(&stream, s, 1024, i);
        }
    const int status = write_rows(path, rows, count, 2 * pairs);
    free(rows);
    return status;
}

static int write_modes(const char *path, uint64_t pairs)
{
    const uint64_t count = (uint64_t)1 << pairs;
    float *rows = calloc(count * 2 * pairs, sizeof *rows);
    if (rows == NULL)
        return 1;
    for (uint64_t s = 0; s < count; s++)
        for (uint64_t i = 0; i < pairs; i++)
            rows[(s * pairs + i) * 2] = s >> i & 1 ? 1.7f : -1.7f;
    const int status = write_rows(path, rows, count, 2 * pairs);
    free(rows);
    return status;
}

int main(int argc, char **argv)
{
    static double sums[CELLS + 1];
    const uint64_t pairs = argc > 4 ? strtoull(argv[1], NULL, 10) : 0;
    if (pairs < 1 || pairs > 16) {
        fputs("usage: many_well_reference PAIRS COUNT SEED REFERENCE.npy [MODES.npy]\n", stderr);
        return 64;
    }
    tabulate(sums);
    printf("%.8f\n", log(sums[CELLS]) + 0.5 * log(2 * 3.14159265358979323846));
    if (write_reference(argv[4], sums, strtoull(argv[3], NULL, 10), strtoull(argv[2], NULL, 10), pairs) != 0)
        return 1;
    return argc > 5 ? write_modes(argv[5], pairs) : 0;
}
