/* SPDX-License-Identifier: MIT */
/* Data sets in two dimensions from a seed, and how far a model's log q on ring data is from the exact density.
 *   data ring|moons|checkerboard SEED COUNT FILE.npy
 *   data gap FILE.npy LOG_Q.npy     a line; fails where the gap is more than 0.02 nats
 * ring: eight Gaussians of scale 0.3 about points at distance 4 from the origin. moons: two half circles of radius 1, noise
 * 0.08. checkerboard: uniform on the dark squares of a board of 4 by 4 squares with edge 2. */
#include "runtime/core/random.h"
#include "runtime/host/npy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

enum { RING_MODES = 8 };
static const double ring_radius = 4, ring_scale = 0.3;

static void ring_centre(int mode, double centre[2])
{
    centre[0] = ring_radius * cos(2 * PI * mode / RING_MODES);
    centre[1] = ring_radius * sin(2 * PI * mode / RING_MODES);
}

/* Two uniforms u and two normals n of a row: its place. */
static void place(const char *kind, const double u[2], const double n[2], double x[2])
{
    if (strcmp(kind, "ring") == 0) {
        ring_centre((int)(u[0] * RING_MODES), x);
        x[0] += ring_scale * n[0];
        x[1] += ring_scale * n[1];
    } else if (strcmp(kind, "moons") == 0) {
        const int lower = u[0] >= 0.5;
        const double angle = PI * u[1];
        x[0] = (lower ? 1 - cos(angle) : cos(angle)) + 0.08 * n[0];
        x[1] = (lower ? 0.5 - sin(angle) : sin(angle)) + 0.08 * n[1];
    } else {
        const int square = (int)(u[0] * 8), row = square / 2, column = 2 * (square % 2) + row % 2;
        x[0] = 2 * (column + u[0] * 8 - square) - 4;
        x[1] = 2 * (row + u[1]) - 4;
    }
}

static int make(const char *kind, uint64_t seed, size_t count, const char *path)
{
    const RandomStream stream = {.seed = seed, .first_sample = 0, .step = 0, .purpose = RANDOM_EVALUATE};
    float *rows = malloc(2 * count * sizeof *rows);
    NpyWriter writer;
    Failure failure = {0};
    if (rows == NULL)
        return 70;
    for (size_t s = 0; s < count; s++) {
        double u[2], n[2], x[2];
        for (uint32_t i = 0; i < 2; i++) {
            u[i] = (double)random_uniform_value(&stream, s, 0, i);
            n[i] = (double)random_normal_value(&stream, s, 1, i);
        }
        place(kind, u, n, x);
        rows[2 * s] = (float)x[0];
        rows[2 * s + 1] = (float)x[1];
    }
    if (!npy_start(&writer, path, 4, 2, (const uint64_t[]){count, 2}, &failure) ||
        !npy_write(&writer, rows, 2 * count, &failure) || !npy_finish(&writer, NULL, &failure))
        fprintf(stderr, "data: %s\n", failure.text);
    free(rows);
    return (int)failure.code;
}

/* log p of the ring at x. */
static double ring_log_density(const float *x)
{
    double sum = 0;
    for (int mode = 0; mode < RING_MODES; mode++) {
        double centre[2];
        ring_centre(mode, centre);
        const double squares = pow((double)x[0] - centre[0], 2) + pow((double)x[1] - centre[1], 2);
        sum += exp(-0.5 * squares / (ring_scale * ring_scale));
    }
    return log(sum / RING_MODES) - log(2 * PI * ring_scale * ring_scale);
}

/* The values of a file, in new memory; NULL after a message. */
static float *read_values(const char *path, size_t *count)
{
    FileBytes file;
    NpyView view;
    Failure failure;
    float *values = NULL;
    if (file_read(path, &file, &failure) && npy_parse(file.bytes, file.length, path, &view, &failure)) {
        values = malloc(view.count * sizeof *values + 1);
        *count = view.count;
        if (values != NULL)
            npy_to_float(&view, values);
        file_release(&file);
    } else {
        fprintf(stderr, "data: %s\n", failure.text);
    }
    return values;
}

/* The gap is the mean of log p - log q, which is that of -log q less the entropy without the noise of the rows drawn. */
static int print_gap(const float *x, const float *log_q, size_t count)
{
    /* the modes are 10 scales apart: the mixture's entropy is a mode's and that of the choice between them */
    const double entropy = 1 + log(2 * PI * ring_scale * ring_scale) + log(RING_MODES);
    double nll = 0, gap = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        const double difference = ring_log_density(x + 2 * i) - (double)log_q[i];
        nll -= (double)log_q[i] / (double)count;
        gap += difference / (double)count;
        squares += difference * difference / (double)count;
    }
    const double error = sqrt((squares - gap * gap) / (double)count);
    const bool good = gap <= 0.02;
    printf("gap %.4f +- %.4f nats (wanted: at most 0.02: %s); mean of -log q %.4f, exact entropy %.4f\n", gap, error,
           good ? "yes" : "NO", nll, entropy);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 5)
        return make(argv[1], strtoull(argv[2], NULL, 10), (size_t)strtoull(argv[3], NULL, 10), argv[4]);
    if (argc != 4 || strcmp(argv[1], "gap") != 0) {
        fputs("usage: data ring|moons|checkerboard SEED COUNT FILE.npy\n       data gap FILE.npy LOG_Q.npy\n", stderr);
        return 64;
    }
    size_t reals = 0, count = 0;
    float *x = read_values(argv[2], &reals), *log_q = read_values(argv[3], &count);
    const int code = x != NULL && log_q != NULL && reals == 2 * count ? print_gap(x, log_q, count) : 65;
    free(x);
    free(log_q);
    return code;
}
