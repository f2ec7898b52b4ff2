/* SPDX-License-Identifier: MIT */
#include "tests/host_model.h"

static const ModelTensor tensors[] = {
    {"flow.shift", 1, {2}, HOST_SHIFT, 2, true, MODEL_INIT_NORMAL, 1, false, false},
    {"flow.state", 1, {3}, HOST_STATE, 3, false, MODEL_INIT_CONSTANT, 0.25, false, false},
    {"flow.log_scale", 2, {1, 2}, HOST_LOG_SCALE, 2, true, MODEL_INIT_UNIFORM, 0.1, false, false},
};

static const ModelScalar scalars[] = {
    {"kT", {.shape = MODEL_SCHEDULE_LINEAR, .from = 2, .to = 1, .steps = 0}},
    {"loss.0.weight", {.shape = MODEL_SCHEDULE_CONSTANT, .from = 1}},
};

static const char *const components[] = {"x[0]", "x[1]"};
static const char *const observable_names[] = {"left", "product"};

const Model host_model = {
    .name = "host_model",
    .spec_name = "host_model.yaml",
    .spec_sha256 = "1111111111111111111111111111111111111111111111111111111111111111",
    .package_sha256 = "2222222222222222222222222222222222222222222222222222222222222222",
    .version = "0.1",
    .dimension = HOST_DIMENSION,
    .component_names = components,
    .weight_count = HOST_WEIGHTS,
    .tensor_count = 3,
    .tensors = tensors,
    .scalar_count = 2,
    .scalars = scalars,
    .observable_count = 2,
    .observable_names = observable_names,
    .training = {.steps = 400,
                 .batch = HOST_BATCH,
                 .checkpoint_every = 30,
                 .evaluate_every = 50,
                 .seed = 1,
                 .optimizer = MODEL_ADAM,
                 .rate = {.shape = MODEL_SCHEDULE_COSINE, .from = 0.1, .to = 0.001, .warm_up = 10},
                 .beta1 = 0.9,
                 .beta2 = 0.999,
                 .epsilon = 1e-8,
                 .clip_norm = 10,
                 .average = 0.99},
    .flops_per_sample_step = 100,
    .flops_per_sample = 30,
    .single_precision = &host_functions_single,
    .double_precision = &host_functions_double,
};
