/* SPDX-License-Identifier: MIT */
/* Exact draws of a mixture of equal Gaussians in the plane: `gaussians_reference MODES.csv SCALE COUNT SEED REFERENCE.npy`. A
 * centre by a uniform number, then two normal ones times the scale. */
#include "runtime/core/random.h"
#include "runtime/host/npy.h"

#include <stdio.h>
#include <stdlib.h>

enum { CENTRES_MOST = 1024 };

/* The rows below the CSV's first line; how many there are. */
static uint64_t read_centres(const char *path, double (*centres)[2])
{
    char line[200];
    uint64_t count = 0;
    FILE *stream = fopen(path, "r");
    if (stream == NULL || fgets(line, sizeof line, stream) == NULL) {
        perror(path);
        exit(66);
    }
    while (count < CENTRES_MOST && fscanf(stream, "%lf,%lf", &centres[count][0], &centres[count][1]) == 2)
        count++;
    fclose(stream);
    return count;
}

int main(int argc, char **argv)
{
    static double centres[CENTRES_MOST][2];
    if (argc != 6) {
        fputs("usage: gaussians_reference MODES.csv SCALE COUNT SEED REFERENCE.npy\n", stderr);
        return 64;
    }
    const uint64_t modes = read_centres(argv[1], centres), count = strtoull(argv[3], NULL, 10), shape[2] = {count, 2};
    const RandomStream stream = {.seed = strtoull(argv[4], NULL, 10), .purpose = RANDOM_EVALUATE};
    const double scale = strtod(argv[2], NULL);
    float *rows = malloc(2 * count * sizeof *rows);
    NpyWriter writer;
    Failure failure;
    if (rows == NULL || modes == 0)
        return 1;
    for (uint64_t s = 0; s < count; s++) {
        const uint64_t centre = (uint64_t)random_word(&stream, s, 0, 0) * modes >> 32;
        for (uint32_t i = 0; i < 2; i++)
            rows[2 * s + i] = (float)(centres[centre][i] + scale * (double)random_normal_value(&stream, s, 1, i));
    }
    if (!npy_start(&writer, argv[5], 4, 2, shape, &failure) || !npy_write(&writer, rows, 2 * count, &failure) ||
        !npy_finish(&writer, NULL, &failure)) {
        fprintf(stderr, "gaussians_reference: %s\n", failure.text);
        return 1;
    }
    free(rows);
    return 0;
}
