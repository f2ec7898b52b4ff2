/* SPDX-License-Identifier: MIT */
#include "tests/host_fit.h"
#include "runtime/core/random.h"
#include "runtime/host/json.h"
#include "runtime/host/npy.h"
#include "tests/host_helpers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- the model --------------------------------------------------------------------------------------------------- */

static size_t workspace_bytes(int threads)
{
    return 64 * (size_t)threads;
}

double fit_log_density(const float *weights, const float *x)
{
    double log_q = 0;
    for (int i = 0; i < FIT_DIMENSION; i++) {
        const double log_scale = (double)weights[FIT_DIMENSION + i];
        const double z = ((double)x[i] - (double)weights[i]) / exp(log_scale);
        log_q -= 0.5 * z * z + 0.91893853320467274178 + log_scale;
    }
    return log_q;
}

static void log_prob(const float *weights, const float *scalars, size_t count, const float *x, float *log_q,
                     void *workspace, int threads)
{
    (void)scalars;
    (void)workspace;
    (void)threads;
    for (size_t s = 0; s < count; s++)
        log_q[s] = (float)fit_log_density(weights, x + s * FIT_DIMENSION);
}

static void sample(const float *weights, const float *scalars, uint64_t seed, uint64_t first, size_t count, float *x,
                   float *log_q, void *workspace, int threads)
{
    const RandomStream stream = {.seed = seed, .first_sample = first, .step = 0, .purpose = RANDOM_SAMPLE};
    for (size_t s = 0; s < count; s++)
        for (uint32_t i = 0; i < FIT_DIMENSION; i++)
            x[s * FIT_DIMENSION + i] =
                weights[i] + expf(weights[FIT_DIMENSION + i]) * random_normal_value(&stream, s, 0, i);
    log_prob(weights, scalars, count, x, log_q, workspace, threads);
}

static double step(const float *weights, const float *scalars, const float *data, uint64_t seed, uint32_t number,
                   float *gradient, void *workspace, int threads)
{
    double sums[FIT_WEIGHTS] = {0}, loss = 0;
    (void)scalars;
    (void)seed;
    (void)number;
    (void)workspace;
    (void)threads;
    for (size_t s = 0; s < FIT_BATCH; s++) {
        loss -= fit_log_density(weights, data + s * FIT_DIMENSION);
        for (int i = 0; i < FIT_DIMENSION; i++) {
            const double scale = exp((double)weights[FIT_DIMENSION + i]);
            const double z = ((double)data[s * FIT_DIMENSION + (size_t)i] - (double)weights[i]) / scale;
            sums[i] -= z / scale;
            sums[FIT_DIMENSION + i] += 1 - z * z;
        }
    }
    for (int i = 0; i < FIT_WEIGHTS; i++)
        gradient[i] = (float)(sums[i] / FIT_BATCH);
    return loss / FIT_BATCH;
}

static const ModelFunctions32 functions = {
    .workspace_bytes = workspace_bytes, .sample = sample, .log_prob = log_prob, .step = step};
static const ModelTensor tensors[] = {
    {"shift", 1, {2}, 0, 2, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"log_scale", 1, {2}, 2, 2, true, MODEL_INIT_CONSTANT, 0, false, false},
};
static const ModelScalar scalars[] = {{"kT", {.shape = MODEL_SCHEDULE_CONSTANT, .from = 1}}};
static const char *const components[] = {"u", "v"};
const Model fit_model = {
    .name = "fit",
    .spec_name = "fit.yaml",
    .spec_sha256 = "1111111111111111111111111111111111111111111111111111111111111111",
    .package_sha256 = "2222222222222222222222222222222222222222222222222222222222222222",
    .version = "0.1",
    .dimension = FIT_DIMENSION,
    .component_names = components,
    .weight_count = FIT_WEIGHTS,
    .tensor_count = 2,
    .tensors = tensors,
    .scalar_count = 1,
    .scalars = scalars,
    .data_width = FIT_DIMENSION,
    .data = {.feeds_steps = true, .train = "train.csv"},
    .training = {.steps = 600,
                 .batch = FIT_BATCH,
                 .checkpoint_every = 100,
                 .evaluate_every = 50,
                 .seed = 3,
                 .optimizer = MODEL_ADAM,
                 .rate = {.shape = MODEL_SCHEDULE_COSINE, .from = 0.1, .to = 0.001},
                 .beta1 = 0.9,
                 .beta2 = 0.999,
                 .epsilon = 1e-8,
                 .average = 0.99},
    .single_precision = &functions,
};

/* The program of a model, in this process, with these arguments separated by spaces; its exit code. */
int fit_run(const Model *which, const char *line)
{
    char copy[400], *words[40] = {(char *)(uintptr_t) "fit"};
    int count = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;
    return program_main(which, count, words);
}

/* u = 1.5 + 0.4 n, v = -0.5 + 2 n', n from the core's generator. */
void fit_make_rows(uint64_t seed, size_t count, float *rows)
{
    const RandomStream stream = {.seed = seed, .first_sample = 0, .step = 0, .purpose = RANDOM_EVALUATE};
    for (size_t s = 0; s < count; s++) {
        rows[2 * s] = 1.5f + 0.4f * random_normal_value(&stream, s, 0, 0);
        rows[2 * s + 1] = -0.5f + 2 * random_normal_value(&stream, s, 0, 1);
    }
}

void fit_write_csv(const char *path, const float *rows, size_t count)
{
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    fputs("v,other,u\n", stream);
    for (size_t s = 0; s < count; s++)
        fprintf(stream, "%.9g,0,%.9g\n", (double)rows[2 * s + 1], (double)rows[2 * s]);
    assert_int_equal(fclose(stream), 0);
}

void fit_write_npy(const char *path, const float *rows, size_t count)
{
    NpyWriter writer;
    Failure failure;
    assert_true(npy_start(&writer, path, 4, 2, (const uint64_t[]){count, 2}, &failure));
    assert_true(npy_write(&writer, rows, 2 * count, &failure));
    assert_true(npy_finish(&writer, NULL, &failure));
}

void fit_write_data(void)
{
    float rows[2 * FIT_TRAIN_ROWS];
    fit_make_rows(1, FIT_TRAIN_ROWS, rows);
    fit_write_csv("train.csv", rows, FIT_TRAIN_ROWS);
    fit_make_rows(2, FIT_TEST_ROWS, rows);
    fit_write_npy("test.npy", rows, FIT_TEST_ROWS);
}

/* A member of a JSON file's object; of an estimate, a part of it. */
static double number_in(const char *path, const char *name, const char *part)
{
    char *text = scratch_read(path);
    Json json;
    Failure failure;
    double number = NAN;
    assert_true(json_read(text, strlen(text), path, &json, &failure));
    const JsonNode *node = json_member(json.root, name);
    if (node != NULL && node->kind == JSON_OBJECT)
        node = json_member(node, part);
    assert_true(node != NULL && (json_to_real(node, &number) || node->kind == JSON_NULL));
    json_release(&json);
    free(text);
    return number;
}

double fit_number_in(const char *path, const char *name)
{
    return number_in(path, name, "value");
}

double fit_error_in(const char *path, const char *name)
{
    return number_in(path, name, "error");
}
