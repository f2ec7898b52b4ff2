/* SPDX-License-Identifier: MIT-0 */
/* The command-line program: what the runtime must know of the model.
 * Compiled from ring.yaml by ansatz 0.1.0. */
#include "ring.h"

#include "runtime/host/model.h"

static const ModelTensor tensors[] = {
    {"flow.layers.0.net.0.weight", 2, {64, 1}, 0, 64, true, MODEL_INIT_UNIFORM, 2.449489742783178, false, false},
    {"flow.layers.0.net.0.bias", 1, {64}, 64, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.0.net.1.weight", 2, {64, 64}, 128, 4096, true, MODEL_INIT_UNIFORM, 0.30618621784789724, false, false},
    {"flow.layers.0.net.1.bias", 1, {64}, 4224, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.0.net.2.weight", 2, {47, 64}, 4288, 3008, true, MODEL_INIT_UNIFORM, 0.030618621784789725, false, false},
    {"flow.layers.0.net.2.bias", 1, {47}, 7296, 47, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.1.net.0.weight", 2, {64, 1}, 7343, 64, true, MODEL_INIT_UNIFORM, 2.449489742783178, false, false},
    {"flow.layers.1.net.0.bias", 1, {64}, 7407, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.1.net.1.weight", 2, {64, 64}, 7471, 4096, true, MODEL_INIT_UNIFORM, 0.30618621784789724, false, false},
    {"flow.layers.1.net.1.bias", 1, {64}, 11567, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.1.net.2.weight", 2, {47, 64}, 11631, 3008, true, MODEL_INIT_UNIFORM, 0.030618621784789725, false, false},
    {"flow.layers.1.net.2.bias", 1, {47}, 14639, 47, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.2.net.0.weight", 2, {64, 1}, 14686, 64, true, MODEL_INIT_UNIFORM, 2.449489742783178, false, false},
    {"flow.layers.2.net.0.bias", 1, {64}, 14750, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.2.net.1.weight", 2, {64, 64}, 14814, 4096, true, MODEL_INIT_UNIFORM, 0.30618621784789724, false, false},
    {"flow.layers.2.net.1.bias", 1, {64}, 18910, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.2.net.2.weight", 2, {47, 64}, 18974, 3008, true, MODEL_INIT_UNIFORM, 0.030618621784789725, false, false},
    {"flow.layers.2.net.2.bias", 1, {47}, 21982, 47, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.3.net.0.weight", 2, {64, 1}, 22029, 64, true, MODEL_INIT_UNIFORM, 2.449489742783178, false, false},
    {"flow.layers.3.net.0.bias", 1, {64}, 22093, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.3.net.1.weight", 2, {64, 64}, 22157, 4096, true, MODEL_INIT_UNIFORM, 0.30618621784789724, false, false},
    {"flow.layers.3.net.1.bias", 1, {64}, 26253, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.3.net.2.weight", 2, {47, 64}, 26317, 3008, true, MODEL_INIT_UNIFORM, 0.030618621784789725, false, false},
    {"flow.layers.3.net.2.bias", 1, {47}, 29325, 47, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"data.mean", 1, {2}, 29372, 2, false, MODEL_INIT_CONSTANT, 0, false, false},
    {"data.scale", 1, {2}, 29374, 2, false, MODEL_INIT_CONSTANT, 1, false, false},
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
    .step = ring_step,
};

static size_t double_workspace_bytes(int threads)
{
    return RING_DOUBLE_WORKSPACE_BYTES(threads);
}

static const ModelFunctions64 double_functions = {
    .workspace_bytes = double_workspace_bytes,
    .sample = ring_double_sample,
    .log_prob = ring_double_log_prob,
    .step = ring_double_step,
};

static const Model model = {
    .name = "ring",
    .spec_name = "ring.yaml",
    .spec_sha256 = "03b12cc8f8bf364842eb360d583532119eedcfe0defeb55d369ee3bc73715159",
    .package_sha256 = "4dab25efeade48eb9a15350f31b28c7d63ae22635d1a0d7834c3e9c1a494e8f4",
    .version = "0.1.0",
    .dimension = 2,
    .component_names = components,
    .weight_count = 29376,
    .tensor_count = 26,
    .tensors = tensors,
    .scalar_count = 2,
    .scalars = scalars,
    .data_width = 2,
    .data = {.feeds_steps = true,
             .train = "ring.npy",
             .validation_fraction = 0.1,
             .standardises = true,
             .mean_offset = 29372,
             .scale_offset = 29374},
    .training = {.steps = 2000,
                 .batch = 512,
                 .checkpoint_every = 500,
                 .evaluate_every = 100,
                 .seed = 0u,
                 .optimizer = MODEL_ADAM,
                 .rate = {MODEL_SCHEDULE_COSINE, 0.002, 1e-05, 0, 100, 0, NULL, NULL},
                 .beta1 = 0.9,
                 .beta2 = 0.999,
                 .epsilon = 1e-08,
                 .weight_decay = 0,
                 .clip_norm = 1e+01,
                 .average = 0.99},
    .flops_per_sample_step = 172032,
    .flops_per_sample = 57344,
    .single_precision = &single_functions,
    .double_precision = &double_functions,
};

int main(int argc, char **argv)
{
    return program_main(&model, argc, argv);
}
