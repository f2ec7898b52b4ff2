/* SPDX-License-Identifier: MIT-0 */
/* The command-line program: what the runtime must know of the model. With -DRING_WITHOUT_STEP,
 * _WITHOUT_SCORE or _WITHOUT_DOUBLE it does without these functions.
 * Compiled from ring.yaml by ansatz 0.1.0. */
#include "ring.h"

#include "runtime/host/model.h"

static const ModelTensor tensors[] = {
    {"flow.layers.0.net.0.weight", 2, {32, 1}, 0, 32, true, MODEL_INIT_UNIFORM, 2.449489742783178, false, false},
    {"flow.layers.0.net.0.bias", 1, {32}, 32, 32, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.0.net.1.weight", 2, {32, 32}, 64, 1024, true, MODEL_INIT_UNIFORM, 0.4330127018922193, false, false},
    {"flow.layers.0.net.1.bias", 1, {32}, 1088, 32, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.0.net.2.weight", 2, {59, 32}, 1120, 1888, true, MODEL_INIT_UNIFORM, 0.04330127018922193, false, false},
    {"flow.layers.0.net.2.bias", 1, {59}, 3008, 59, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.1.net.0.weight", 2, {32, 1}, 3067, 32, true, MODEL_INIT_UNIFORM, 2.449489742783178, false, false},
    {"flow.layers.1.net.0.bias", 1, {32}, 3099, 32, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.1.net.1.weight", 2, {32, 32}, 3131, 1024, true, MODEL_INIT_UNIFORM, 0.4330127018922193, false, false},
    {"flow.layers.1.net.1.bias", 1, {32}, 4155, 32, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.1.net.2.weight", 2, {59, 32}, 4187, 1888, true, MODEL_INIT_UNIFORM, 0.04330127018922193, false, false},
    {"flow.layers.1.net.2.bias", 1, {59}, 6075, 59, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.2.net.0.weight", 2, {32, 1}, 6134, 32, true, MODEL_INIT_UNIFORM, 2.449489742783178, false, false},
    {"flow.layers.2.net.0.bias", 1, {32}, 6166, 32, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.2.net.1.weight", 2, {32, 32}, 6198, 1024, true, MODEL_INIT_UNIFORM, 0.4330127018922193, false, false},
    {"flow.layers.2.net.1.bias", 1, {32}, 7222, 32, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.2.net.2.weight", 2, {59, 32}, 7254, 1888, true, MODEL_INIT_UNIFORM, 0.04330127018922193, false, false},
    {"flow.layers.2.net.2.bias", 1, {59}, 9142, 59, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.3.net.0.weight", 2, {32, 1}, 9201, 32, true, MODEL_INIT_UNIFORM, 2.449489742783178, false, false},
    {"flow.layers.3.net.0.bias", 1, {32}, 9233, 32, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.3.net.1.weight", 2, {32, 32}, 9265, 1024, true, MODEL_INIT_UNIFORM, 0.4330127018922193, false, false},
    {"flow.layers.3.net.1.bias", 1, {32}, 10289, 32, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.3.net.2.weight", 2, {59, 32}, 10321, 1888, true, MODEL_INIT_UNIFORM, 0.04330127018922193, false, false},
    {"flow.layers.3.net.2.bias", 1, {59}, 12209, 59, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"data.mean", 1, {2}, 12268, 2, false, MODEL_INIT_CONSTANT, 0, false, false},
    {"data.scale", 1, {2}, 12270, 2, false, MODEL_INIT_CONSTANT, 1, false, false},
};

static const ModelScalar scalars[] = {
    {"kT", {MODEL_SCHEDULE_CONSTANT, 1, 1, 0, 0, 0, NULL, NULL}},
    {"loss.0.weight", {MODEL_SCHEDULE_CONSTANT, 1, 1, 0, 0, 0, NULL, NULL}},
};

static const char *const components[] = {"x[0]", "x[1]"};

static size_t workspace_bytes(int threads)
{
    return RING_WORKSPACE_BYTES(threads);
}

static const ModelFunctions32 single_functions = {
    .workspace_bytes = workspace_bytes,
    .sample = ring_sample,
    .log_prob = ring_log_prob,
#ifndef RING_WITHOUT_STEP
    .step = ring_step,
#endif
};

#ifndef RING_WITHOUT_DOUBLE

static size_t double_workspace_bytes(int threads)
{
    return RING_DOUBLE_WORKSPACE_BYTES(threads);
}

static const ModelFunctions64 double_functions = {
    .workspace_bytes = double_workspace_bytes,
    .sample = ring_double_sample,
    .log_prob = ring_double_log_prob,
#ifndef RING_WITHOUT_STEP
    .step = ring_double_step,
#endif
};

#endif

static const Model model = {
    .name = "ring",
    .spec_name = "ring.yaml",
    .spec_sha256 = "6a3945b7fd1691dc64018b60956675128c7a67fbac303e534edf6b26b9ab5b59",
    .package_sha256 = "54dac995bc48f5afb9819888d6a246fc7f76470dce2b29792c505cef19a071fb",
    .version = "0.1.0",
    .dimension = 2,
    .component_names = components,
    .weight_count = 12272,
    .tensor_count = 26,
    .tensors = tensors,
    .scalar_count = 2,
    .scalars = scalars,
    .data_width = 2,
    .data = {.feeds_steps = true,
             .train = "ring.npy",
             .validation_fraction = 0.1,
             .standardises = true,
             .mean_offset = 12268,
             .scale_offset = 12270},
    .training = {.steps = 6000,
                 .batch = 512,
                 .checkpoint_every = 500,
                 .evaluate_every = 100,
                 .seed = 0u,
                 .optimizer = MODEL_ADAM,
                 .rate = {MODEL_SCHEDULE_COSINE, 0.02, 1e-05, 0, 100, 0, NULL, NULL},
                 .beta1 = 0.9,
                 .beta2 = 0.999,
                 .epsilon = 1e-08,
                 .weight_decay = 0,
                 .clip_norm = 1e+01,
                 .average = 0.999},
    .flops_per_sample_step = 70656,
    .flops_per_sample = 23552,
    .single_precision = &single_functions,
#ifndef RING_WITHOUT_DOUBLE
    .double_precision = &double_functions,
#endif
};

int main(int argc, char **argv)
{
    return program_main(&model, argc, argv);
}
