/* SPDX-License-Identifier: MIT-0 */
/* The command-line program: what the runtime must know of the model. With -DDOUBLE_WELL_WITHOUT_STEP,
 * _WITHOUT_SCORE or _WITHOUT_DOUBLE it does without these functions.
 * Compiled from double_well.yaml by ansatz 0.1.0. */
#include "double_well.h"

#include "runtime/host/model.h"

static const ModelTensor tensors[] = {
    {"flow.layers.0.net.0.weight", 2, {64, 1}, 0, 64, true, MODEL_INIT_UNIFORM, 2.449489742783178, false, false},
    {"flow.layers.0.net.0.bias", 1, {64}, 64, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.0.net.1.weight", 2, {64, 64}, 128, 4096, true, MODEL_INIT_UNIFORM, 0.30618621784789724, false, false},
    {"flow.layers.0.net.1.bias", 1, {64}, 4224, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.0.net.2.weight", 2, {2, 64}, 4288, 128, true, MODEL_INIT_UNIFORM, 0.030618621784789725, false, false},
    {"flow.layers.0.net.2.bias", 1, {2}, 4416, 2, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.1.net.0.weight", 2, {64, 1}, 4418, 64, true, MODEL_INIT_UNIFORM, 2.449489742783178, false, false},
    {"flow.layers.1.net.0.bias", 1, {64}, 4482, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.1.net.1.weight", 2, {64, 64}, 4546, 4096, true, MODEL_INIT_UNIFORM, 0.30618621784789724, false, false},
    {"flow.layers.1.net.1.bias", 1, {64}, 8642, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.1.net.2.weight", 2, {2, 64}, 8706, 128, true, MODEL_INIT_UNIFORM, 0.030618621784789725, false, false},
    {"flow.layers.1.net.2.bias", 1, {2}, 8834, 2, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.2.net.0.weight", 2, {64, 1}, 8836, 64, true, MODEL_INIT_UNIFORM, 2.449489742783178, false, false},
    {"flow.layers.2.net.0.bias", 1, {64}, 8900, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.2.net.1.weight", 2, {64, 64}, 8964, 4096, true, MODEL_INIT_UNIFORM, 0.30618621784789724, false, false},
    {"flow.layers.2.net.1.bias", 1, {64}, 13060, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.2.net.2.weight", 2, {2, 64}, 13124, 128, true, MODEL_INIT_UNIFORM, 0.030618621784789725, false, false},
    {"flow.layers.2.net.2.bias", 1, {2}, 13252, 2, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.3.net.0.weight", 2, {64, 1}, 13254, 64, true, MODEL_INIT_UNIFORM, 2.449489742783178, false, false},
    {"flow.layers.3.net.0.bias", 1, {64}, 13318, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.3.net.1.weight", 2, {64, 64}, 13382, 4096, true, MODEL_INIT_UNIFORM, 0.30618621784789724, false, false},
    {"flow.layers.3.net.1.bias", 1, {64}, 17478, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.3.net.2.weight", 2, {2, 64}, 17542, 128, true, MODEL_INIT_UNIFORM, 0.030618621784789725, false, false},
    {"flow.layers.3.net.2.bias", 1, {2}, 17670, 2, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.4.net.0.weight", 2, {64, 1}, 17672, 64, true, MODEL_INIT_UNIFORM, 2.449489742783178, false, false},
    {"flow.layers.4.net.0.bias", 1, {64}, 17736, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.4.net.1.weight", 2, {64, 64}, 17800, 4096, true, MODEL_INIT_UNIFORM, 0.30618621784789724, false, false},
    {"flow.layers.4.net.1.bias", 1, {64}, 21896, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.4.net.2.weight", 2, {2, 64}, 21960, 128, true, MODEL_INIT_UNIFORM, 0.030618621784789725, false, false},
    {"flow.layers.4.net.2.bias", 1, {2}, 22088, 2, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.5.net.0.weight", 2, {64, 1}, 22090, 64, true, MODEL_INIT_UNIFORM, 2.449489742783178, false, false},
    {"flow.layers.5.net.0.bias", 1, {64}, 22154, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.5.net.1.weight", 2, {64, 64}, 22218, 4096, true, MODEL_INIT_UNIFORM, 0.30618621784789724, false, false},
    {"flow.layers.5.net.1.bias", 1, {64}, 26314, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.5.net.2.weight", 2, {2, 64}, 26378, 128, true, MODEL_INIT_UNIFORM, 0.030618621784789725, false, false},
    {"flow.layers.5.net.2.bias", 1, {2}, 26506, 2, true, MODEL_INIT_CONSTANT, 0, false, false},
};

static const ModelScalar scalars[] = {
    {"kT", {MODEL_SCHEDULE_CONSTANT, 1, 1, 0, 0, 0, NULL, NULL}},
    {"loss.0.weight", {MODEL_SCHEDULE_CONSTANT, 1, 1, 0, 0, 0, NULL, NULL}},
};

static const char *const components[] = {"x[0]", "x[1]"};
static const char *const observables[] = {"left"};

static size_t workspace_bytes(int threads)
{
    return DOUBLE_WELL_WORKSPACE_BYTES(threads);
}

static const ModelFunctions32 single_functions = {
    .workspace_bytes = workspace_bytes,
    .sample = double_well_sample,
    .log_prob = double_well_log_prob,
    .energy = double_well_energy,
    .force = double_well_force,
    .observables = double_well_observables,
#ifndef DOUBLE_WELL_WITHOUT_SCORE
    .score = double_well_score,
#endif
#ifndef DOUBLE_WELL_WITHOUT_STEP
    .step = double_well_step,
#endif
};

#ifndef DOUBLE_WELL_WITHOUT_DOUBLE

static size_t double_workspace_bytes(int threads)
{
    return DOUBLE_WELL_DOUBLE_WORKSPACE_BYTES(threads);
}

static const ModelFunctions64 double_functions = {
    .workspace_bytes = double_workspace_bytes,
    .sample = double_well_double_sample,
    .log_prob = double_well_double_log_prob,
    .energy = double_well_double_energy,
    .force = double_well_double_force,
    .observables = double_well_double_observables,
#ifndef DOUBLE_WELL_WITHOUT_SCORE
    .score = double_well_double_score,
#endif
#ifndef DOUBLE_WELL_WITHOUT_STEP
    .step = double_well_double_step,
#endif
};

#endif

static const Model model = {
    .name = "double_well",
    .spec_name = "double_well.yaml",
    .spec_sha256 = "6a973cb8b2a5a42659209662ee6005bb8262856b26593210e996e387a43f85de",
    .package_sha256 = "0f6e6acac9944c0847c234357a3ecf2c2e9ee30beee1ec8b0526bb17701c54df",
    .version = "0.1.0",
    .dimension = 2,
    .component_names = components,
    .weight_count = 26508,
    .tensor_count = 36,
    .tensors = tensors,
    .scalar_count = 2,
    .scalars = scalars,
    .observable_count = 1,
    .observable_names = observables,
    .training = {.steps = 4000,
                 .batch = 512,
                 .checkpoint_every = 500,
                 .evaluate_every = 100,
                 .seed = 0u,
                 .optimizer = MODEL_ADAM,
                 .rate = {MODEL_SCHEDULE_COSINE, 0.005, 1e-05, 0, 100, 0, NULL, NULL},
                 .beta1 = 0.9,
                 .beta2 = 0.999,
                 .epsilon = 1e-08,
                 .weight_decay = 0,
                 .clip_norm = 1e+01,
                 .average = 0.99,
                 .keeps_lowest = true},
    .flops_per_sample_step = 154368,
    .flops_per_sample = 51456,
    .single_precision = &single_functions,
#ifndef DOUBLE_WELL_WITHOUT_DOUBLE
    .double_precision = &double_functions,
#endif
};

int main(int argc, char **argv)
{
    return program_main(&model, argc, argv);
}
