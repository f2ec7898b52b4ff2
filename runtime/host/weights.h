/* SPDX-License-Identifier: MIT-0 */
/* A model's weights: how they start, and their file, a safetensors file with a tensor for each of the model's and, as
 * metadata, what made them. */
#ifndef RUNTIME_HOST_WEIGHTS_H
#define RUNTIME_HOST_WEIGHTS_H

#include "failure.h"
#include "model.h"
#include "sha256.h"

#define weights_initialise RUNTIME_NAME(weights_initialise)
#define weights_compute    RUNTIME_NAME(weights_compute)
#define weights_write      RUNTIME_NAME(weights_write)
#define weights_read       RUNTIME_NAME(weights_read)
#define weights_path       RUNTIME_NAME(weights_path)
#define weights_facts_free RUNTIME_NAME(weights_facts_free)

/* The weights that a training with this seed starts from: element e of tensor t is the draw with purpose init of sample
 * e, block t. UNIFORM: scale (2 u - 1); NORMAL: scale n; CONSTANT: scale. The same floats on every machine. */
void weights_initialise(const Model *model, uint64_t seed, float *weights);

/* After weights_initialise: the first values of the tensors for which the model computes them (the scales of its actnorm
 * layers), from the first batch; nothing where it has none. `scalars` are those of step 0, `data` the batch's rows where
 * the model's steps take data, `workspace` is the single precision's. Failures: 70 memory, 2 a value is not finite. */
bool weights_compute(const Model *model, uint64_t seed, const float *scalars, const float *data, float *weights,
                     void *workspace, int threads, Failure *failure);

/* What made a weights file. */
typedef struct WeightsFacts {
    char hash[SHA256_TEXT_SIZE]; /* SHA-256 of the file */
    char spec_sha256[SHA256_TEXT_SIZE], package_sha256[SHA256_TEXT_SIZE],
        version[32]; /* "" where the file says nothing */
    uint64_t seed, step;
    double *scalars; /* the model's scalars at that step; NaN where the file says nothing */
} WeightsFacts;

/* Writes RUN/weights.safetensors or any other file. Of `facts`, seed, step and scalars are used, and `hash` is set. */
bool weights_write(const char *path, const Model *model, const float *weights, WeightsFacts *facts, Failure *failure);

/* Reads weights for the model: each of its tensors must be there with its shape, and no other. `facts` is filled in
 * (free it with weights_facts_free). Failures: 66, 65. */
bool weights_read(const char *path, const Model *model, float *weights, WeightsFacts *facts, Failure *failure);
void weights_facts_free(WeightsFacts *facts);

/* W as the command line takes it: a RUN folder stands for its weights.safetensors. In new memory, or NULL. */
char *weights_path(const char *run_or_file, Failure *failure);

#endif
