/* SPDX-License-Identifier: MIT-0 */
/* The command-line program: what the runtime must know of the model. With -DMANY_WELL_16_WITHOUT_STEP,
 * _WITHOUT_SCORE or _WITHOUT_DOUBLE it does without these functions.
 * Compiled from many_well_16.yaml by ansatz 0.1.0. */
#include "many_well_16.h"

#include "runtime/host/model.h"

static const ModelTensor tensors[] = {
    {"flow.layers.0.net.0.weight", 2, {64, 8}, 0, 512, true, MODEL_INIT_UNIFORM, 0.8660254037844386, false, false},
    {"flow.layers.0.net.0.bias", 1, {64}, 512, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.0.net.1.weight", 2, {64, 64}, 576, 4096, true, MODEL_INIT_UNIFORM, 0.30618621784789724, false, false},
    {"flow.layers.0.net.1.bias", 1, {64}, 4672, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.0.net.2.weight", 2, {376, 64}, 4736, 24064, true, MODEL_INIT_UNIFORM, 0.030618621784789725, false, false},
    {"flow.layers.0.net.2.bias", 1, {376}, 28800, 376, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.1.net.0.weight", 2, {64, 8}, 29176, 512, true, MODEL_INIT_UNIFORM, 0.8660254037844386, false, false},
    {"flow.layers.1.net.0.bias", 1, {64}, 29688, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.1.net.1.weight", 2, {64, 64}, 29752, 4096, true, MODEL_INIT_UNIFORM, 0.30618621784789724, false, false},
    {"flow.layers.1.net.1.bias", 1, {64}, 33848, 64, true, MODEL_INIT_CONSTANT, 0, false, false},
    {"flow.layers.1.net.2.weight", 2, {376, 64}, 33912, 24064, true, MODEL_INIT_UNIFORM, 0.030618621784789725, false, false},
    {"flow.layers.1.net.2.bias", 1, {376}, 57976, 376, true, MODEL_INIT_CONSTANT, 0, false, false},
};

static const ModelScalar scalars[] = {
    {"kT", {MODEL_SCHEDULE_LINEAR, 4, 1, 3000, 0, 0, NULL, NULL}},
    {"loss.0.weight", {MODEL_SCHEDULE_CONSTANT, 1, 1, 0, 0, 0, NULL, NULL}},
};

static const char *const components[] = {"x[0]", "x[1]", "x[2]", "x[3]", "x[4]", "x[5]", "x[6]", "x[7]",
    "x[8]", "x[9]", "x[10]", "x[11]", "x[12]", "x[13]", "x[14]", "x[15]"};

static size_t workspace_bytes(int threads)
{
    return MANY_WELL_16_WORKSPACE_BYTES(threads);
}

static const ModelFunctions32 single_functions = {
    .workspace_bytes = workspace_bytes,
    .sample = many_well_16_sample,
    .log_prob = many_well_16_log_prob,
    .energy = many_well_16_energy,
    .force = many_well_16_force,
#ifndef MANY_WELL_16_WITHOUT_SCORE
    .score = many_well_16_score,
#endif
#ifndef MANY_WELL_16_WITHOUT_STEP
    .step = many_well_16_step,
#endif
};

#ifndef MANY_WELL_16_WITHOUT_DOUBLE

static size_t double_workspace_bytes(int threads)
{
    return MANY_WELL_16_DOUBLE_WORKSPACE_BYTES(threads);
}

static const ModelFunctions64 double_functions = {
    .workspace_bytes = double_workspace_bytes,
    .sample = many_well_16_double_sample,
    .log_prob = many_well_16_double_log_prob,
    .energy = many_well_16_double_energy,
    .force = many_well_16_double_force,
#ifndef MANY_WELL_16_WITHOUT_SCORE
    .score = many_well_16_double_score,
#endif
#ifndef MANY_WELL_16_WITHOUT_STEP
    .step = many_well_16_double_step,
#endif
};

#endif

static const Model model = {
    .name = "many_well_16",
    .spec_name = "many_well_16.yaml",
    .spec_sha256 = "c5b522e0abad60436b329d21821ba80d9cb80b65cce0c4df004150e31f368d54",
    .package_sha256 = "14bd7cbc59ff408a03375e9ce68a68c94ea38078d2153599ed612f955a3606fc",
    .version = "0.1.0",
    .dimension = 16,
    .component_names = components,
    .weight_count = 58352,
    .tensor_count = 12,
    .tensors = tensors,
    .scalar_count = 2,
    .scalars = scalars,
    .training = {.steps = 5000,
                 .batch = 512,
                 .checkpoint_every = 500,
                 .evaluate_every = 100,
                 .seed = 0u,
                 .optimizer = MODEL_ADAM,
                 .rate = {MODEL_SCHEDULE_COSINE, 0.001, 0, 0, 0, 0, NULL, NULL},
                 .beta1 = 0.9,
                 .beta2 = 0.999,
                 .epsilon = 1e-08,
                 .weight_decay = 0,
                 .clip_norm = 1e+01,
                 .average = 0.99,
                 .keeps_lowest = true},
    .flops_per_sample_step = 344064,
    .flops_per_sample = 114688,
    .single_precision = &single_functions,
#ifndef MANY_WELL_16_WITHOUT_DOUBLE
    .double_precision = &double_functions,
#endif
};

int main(int argc, char **argv)
{
    return program_main(&model, argc, argv);
}
