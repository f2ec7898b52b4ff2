/* SPDX-License-Identifier: MIT-0 */
/* Three samples and their log q, from weights that a training wrote (or zeros, where none are given).
 * Compiled from many_well_16.yaml by ansatz 0.1.0. */
#include "../many_well_16.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    static float weights[MANY_WELL_16_WEIGHTS];
    MANY_WELL_16_WORKSPACE(workspace, 1);
    const float scalars[MANY_WELL_16_SCALARS] = {(float)1, (float)1};
    const uint64_t seed = 1;
    float x[3][MANY_WELL_16_DIMENSION], log_q[3];

    if (argc > 1) { /* weights.safetensors: the header's length in 8 bytes, the header, the weights */
        unsigned char length[8];
        FILE *file = fopen(argv[1], "rb");
        if (file == NULL)
            return 66;
        if (fread(length, sizeof length, 1, file) != 1 ||
            fseek(file, length[0] + 256L * length[1] + 65536L * length[2], SEEK_CUR) != 0 ||
            fread(weights, sizeof weights, 1, file) != 1 || fgetc(file) != EOF)
            return 65;
        fclose(file);
    }
    many_well_16_sample(weights, scalars, seed, 0, 3, x[0], log_q, workspace, 1);
    for (int k = 0; k < 3; k++)
        printf("sample %d: x[0] = %g, log q = %g\n", k, (double)x[k][0], (double)log_q[k]);
    return 0;
}
