/* SPDX-License-Identifier: MIT */
/* Programs of specs written here: their tensors and functions, energies, standardised data, and errors. */
#include "compiler/ir/text.h"
#include "runtime/core/random.h"
#include "tests/lower_helpers.h"
#include "tests/random_spec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* ---- fixed specs ------------------------------------------------------------------------------------------------- */

static void expect_tensor(const Program *program, int index, const char *name, const char *type, InitKind init,
                          double scale, int64_t offset)
{
    const ProgramTensor *tensor = &program->tensors[index];
    Text text = text_start(program->module->arena);
    ir_print_type(&tensor->type, &text);
    assert_string_equal(tensor->name, name);
    assert_string_equal(text.bytes, type);
    assert_int_equal(tensor->init, init);
    assert_true(fabs(tensor->scale - scale) < 1e-15);
    assert_int_equal(tensor->offset, offset);
}

static void test_tensors_have_their_names_order_and_start(void **state)
{
    FixedSpec *fixed = lower_test_fixed(*state, 5, 3);
    fixed->layers[0].split = SPLIT_HALVES; /* 2 pass, 3 move */
    fixed->layers[1].kind = LAYER_PERMUTE;
    fixed->layers[2].separate = true; /* the second coupling: 1, 3 pass */
    fixed->layers[2].net = (NetSpec){.hidden_count = 1, .hidden = fixed->hidden, .activation = ACTIVATION_RELU};
    const Program *program = lower_test_lower_fixed(*state, fixed);
    assert_int_equal(program->tensor_count, 14);
    expect_tensor(program, 0, "flow.layers.0.net.0.weight", "parameter real[3, 2]", INIT_UNIFORM, sqrt(6.0 / 5), 0);
    expect_tensor(program, 1, "flow.layers.0.net.0.bias", "parameter real[3]", INIT_CONSTANT, 0, 6);
    expect_tensor(program, 2, "flow.layers.0.net.1.weight", "parameter real[4, 3]", INIT_UNIFORM, sqrt(6.0 / 7), 9);
    expect_tensor(program, 3, "flow.layers.0.net.1.bias", "parameter real[4]", INIT_CONSTANT, 0, 21);
    expect_tensor(program, 4, "flow.layers.0.net.2.weight", "parameter real[6, 4]", INIT_UNIFORM, 0.1 * sqrt(6.0 / 10),
                  25);
    expect_tensor(program, 5, "flow.layers.0.net.2.bias", "parameter real[6]", INIT_CONSTANT, 0, 49);
    expect_tensor(program, 6, "flow.layers.2.scale_net.0.weight", "parameter real[3, 2]", INIT_UNIFORM, sqrt(3), 55);
    expect_tensor(program, 9, "flow.layers.2.scale_net.1.bias", "parameter real[3]", INIT_CONSTANT, 0, 73);
    expect_tensor(program, 10, "flow.layers.2.shift_net.0.weight", "parameter real[3, 2]", INIT_UNIFORM, sqrt(3), 76);
    assert_int_equal(program->weight_count, 97);
    assert_int_equal(program->scalar_count, 2);
    assert_string_equal(program->scalars[0].name, "kT");
    assert_string_equal(program->scalars[1].name, "loss.0.weight");
}

/* With weights drawn as they start: four layers move a sample by little. */
static void test_flow_starts_near_the_identity(void **state)
{
    FixedSpec *fixed = lower_test_fixed(*state, 3, 4);
    LowerModel model = {.arena = *state, .spec = &fixed->spec, .program = lower_test_lower_fixed(*state, fixed)};
    model.weights = ARENA_ARRAY(model.arena, double, model.program->weight_count);
    for (int t = 0; t < model.program->tensor_count; t++) {
        const ProgramTensor *tensor = &model.program->tensors[t];
        RandomStream stream = {.seed = 1, .purpose = RANDOM_INIT};
        for (int64_t i = 0; i < ir_type_count(&tensor->type) && tensor->init == INIT_UNIFORM; i++)
            model.weights[tensor->offset + i] =
                tensor->scale * (2 * (double)random_uniform_value(&stream, (uint64_t)(tensor->offset + i), 0, 0) - 1);
    }
    IrTensor *outputs = lower_test_run(&model, ENTRY_SAMPLE, 2, NULL);
    for (int s = 0; s < 2; s++) {
        double noise[3];
        lower_test_noise(&model, RANDOM_SAMPLE, (uint64_t)s, noise);
        for (int i = 0; i < 3; i++) {
            double moved = fabs(outputs[0].data[3 * s + i] - noise[i]);
            assert_true(moved > 0 && moved < 0.5);
        }
    }
}

static int count_ops(const IrFunction *function, IrOpcode code)
{
    int count = 0;
    for (int i = 0; i < function->op_count; i++)
        count += function->ops[i].code == code;
    return count;
}

/* Two gathers to begin with, a concat and a gather at the end, whatever stands between. */
static void test_matching_splits_are_renamed_not_copied(void **state)
{
    FixedSpec *fixed = lower_test_fixed(*state, 6, 1);
    LayerSpec repeat = {.kind = LAYER_REPEAT, .repeat = 5, .layer_count = 1, .layers = fixed->layers};
    fixed->spec.layers = &repeat;
    const IrFunction *entry = lower_test_lower_fixed(*state, fixed)->entries[ENTRY_SAMPLE].function;
    assert_int_equal(count_ops(entry, IR_CALL), 6);
    assert_int_equal(count_ops(entry, IR_GATHER), 3);
    assert_int_equal(count_ops(entry, IR_CONCAT), 1);
    fixed->layers[0].split = SPLIT_HALVES; /* slices, and side by side at the end */
    entry = lower_test_lower_fixed(*state, fixed)->entries[ENTRY_SAMPLE].function;
    assert_int_equal(count_ops(entry, IR_SLICE), 2);
    assert_int_equal(count_ops(entry, IR_GATHER), 0);
    assert_int_equal(count_ops(entry, IR_CONCAT), 1);
}

static void test_permutes_cost_nothing_of_their_own(void **state)
{
    static const int64_t ORDER[] = {1, 0, 3, 2, 5, 4}; /* maps each half of an alternate split to the other */
    FixedSpec *fixed = lower_test_fixed(*state, 6, 4);
    fixed->layers[1] = fixed->layers[3] = (LayerSpec){.kind = LAYER_PERMUTE, .order = ORDER, .order_count = 6};
    const IrFunction *entry = lower_test_lower_fixed(*state, fixed)->entries[ENTRY_SAMPLE].function;
    assert_int_equal(count_ops(entry, IR_GATHER), 3);
    assert_int_equal(count_ops(entry, IR_CONCAT), 1);
}

static void test_layers_of_one_structure_share_a_function(void **state)
{
    FixedSpec *fixed = lower_test_fixed(*state, 6, 6);
    fixed->layers[4].transform = fixed->layers[5].transform = TRANSFORM_ADDITIVE;
    fixed->layers[3].net.activation = ACTIVATION_GELU;
    const IrModule *module = lower_test_lower_fixed(*state, fixed)->module;
    int couplings = 0;
    for (int i = 0; i < module->function_count; i++)
        couplings += lower_test_is_coupling(module->functions[i]);
    assert_int_equal(couplings, 6); /* and their inverses */
    assert_non_null(ir_function_find(module, "coupling_affine"));
    assert_non_null(ir_function_find(module, "coupling_affine_2"));
    assert_non_null(ir_function_find(module, "coupling_additive"));
    assert_null(ir_function_find(module, "coupling_affine_3"));
    assert_null(ir_function_find(module, "coupling_additive_2"));
}

/* A call passes tensors that stand side by side in the block of weights, in the order of the function's inputs. */
static void test_a_layers_tensors_stand_side_by_side(void **state)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        const Program *program = lower_test_spec(*state, random_spec(*state, seed));
        const IrFunction *entry = program->entries[ENTRY_SAMPLE].function;
        for (int i = 0; i < entry->op_count; i++) {
            const IrOp *op = &entry->ops[i];
            if (op->code != IR_CALL || !lower_test_is_coupling(op->callee))
                continue;
            for (int k = 1; k < op->operand_count - 2; k++) {
                const ProgramTensor *before = &program->tensors[entry->values[op->operands[k - 1]].result];
                const ProgramTensor *tensor = &program->tensors[entry->values[op->operands[k]].result];
                assert_int_equal(tensor->offset, before->offset + ir_type_count(&before->type));
            }
        }
    }
}

static void test_functions_say_what_they_are(void **state)
{
    FixedSpec *fixed = lower_test_fixed(*state, 5, 2);
    const IrModule *module = lower_test_lower_fixed(*state, fixed)->module;
    assert_string_equal(ir_function_find(module, "coupling_affine")->note,
                        "Affine coupling: y_a = x_a, y_b = x_b exp(s(x_a)) + t(x_a); log|det J| = sum s.\n"
                        "Dinh, Sohl-Dickstein, Bengio 2017, eq. 7-8.\n"
                        "(s, t): a dense net 3 -> 3 -> 4 -> 4, tanh; s = B tanh(raw / B), B = 2.");
}

static void test_program_prints_and_parses(void **state)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        Text text = text_start(*state), again = text_start(*state);
        ir_print(lower_test_spec(*state, random_spec(*state, seed))->module, &text);
        ir_print(ir_test_parse(*state, text.bytes), &again);
        assert_string_equal(again.bytes, text.bytes);
    }
}

/* ---- energies ---------------------------------------------------------------------------------------------------- */

static void test_energy_is_the_sum_of_its_terms(void **state)
{
    static const double WIDTHS[] = {1, 2, 0.5}, X[] = {0.5, -1, 2, 1.5, 0.25, -0.75};
    static const SpecParameter PARAMETERS[] = {{.name = "w", .rank = 1, .size = {3}, .data = WIDTHS}};
    FixedSpec *fixed = lower_test_fixed(*state, 3, 1);
    fixed->spec.term_count = 2;
    fixed->terms[1] = (EnergyTerm){
        .over = SCOPE_COMPONENTS, .value = lower_test_formula("w*x^2"), .parameter_count = 1, .parameters = PARAMETERS};
    LowerModel model = {.arena = *state, .spec = &fixed->spec, .program = lower_test_lower_fixed(*state, fixed)};
    IrTensor *energy = lower_test_run(&model, ENTRY_ENERGY, 2, X);
    for (int s = 0; s < 2; s++) {
        const double *x = X + 3 * s;
        double expected = pow(x[0], 4) - 4 * x[0] * x[0] + 0.2 * x[0] + 0.5 * x[1] * x[1];
        expected += x[0] * x[0] + 2 * x[1] * x[1] + 0.5 * x[2] * x[2];
        ir_test_expect(&energy[0].data[s], &expected, 1, 1e-15, "energy");
    }
}

static void test_observables_stand_side_by_side(void **state)
{
    static const double X[] = {0.5, -1, -2, 1.5};
    static const ObservableSpec OBSERVABLES[] = {
        {.name = "left", .value = {.text = "where(x[0] < 0, 1, 0)", .length = 21}},
        {.name = "seven", .value = {.text = "7", .length = 1}},
        {.name = "total", .over = SCOPE_COMPONENTS, .value = {.text = "x", .length = 1}}};
    FixedSpec *fixed = lower_test_fixed(*state, 2, 1);
    fixed->spec.observable_count = 3;
    fixed->spec.observables = OBSERVABLES;
    LowerModel model = {.arena = *state, .spec = &fixed->spec, .program = lower_test_lower_fixed(*state, fixed)};
    const double expected[] = {0, 7, -0.5, 1, 7, -0.5};
    IrTensor *values = lower_test_run(&model, ENTRY_OBSERVABLES, 2, X);
    ir_test_expect(values[0].data, expected, 6, 1e-15, "observables");
    assert_int_equal(model.program->observable_count, 3);
    assert_string_equal(model.program->observable_names[2], "total");
}

/* Also where nothing depends on x. */
static void test_entries_give_a_value_for_each_sample(void **state)
{
    static const ObservableSpec OBSERVABLES[] = {{.name = "one", .value = {.text = "1", .length = 1}}};
    static const double X[] = {1, 2, 3, 4, 5, 6};
    FixedSpec *fixed = lower_test_fixed(*state, 2, 1);
    fixed->terms[0].value = lower_test_formula("3");
    fixed->spec.observable_count = 1;
    fixed->spec.observables = OBSERVABLES;
    LowerModel model = {.arena = *state, .spec = &fixed->spec, .program = lower_test_lower_fixed(*state, fixed)};
    for (EntryKind kind = 0; kind < ENTRY_LOSS; kind++) {
        const IrFunction *entry = model.program->entries[kind].function;
        for (int i = 0; entry && i < entry->output_count; i++)
            assert_int_equal(ir_type_of(entry, entry->outputs[i])->kind, IR_KIND_SAMPLE);
    }
    const double expected[] = {3, 3, 3};
    ir_test_expect(lower_test_run(&model, ENTRY_ENERGY, 3, X)[0].data, expected, 3, 0, "energy");
}

/* ---- standardised data ------------------------------------------------------------------------------------------- */

/* The same flow as without, at (x - mean) / scale and less the sum of log scale. */
static void test_standardised_densities_are_in_the_datas_units(void **state)
{
    enum { DIMENSION = 3, BATCH = 4 };
    static const double MEAN[] = {10, -3, 0.5}, SCALE[] = {4, 0.25, 1.5};
    FixedSpec *plain = lower_test_fixed(*state, DIMENSION, 2), *fixed = lower_test_fixed(*state, DIMENSION, 2);
    fixed->spec.data.standardise = true;
    LowerModel model = {.arena = *state, .spec = &fixed->spec, .program = lower_test_lower_fixed(*state, fixed)};
    LowerModel inner = {.arena = *state, .spec = &plain->spec, .program = lower_test_lower_fixed(*state, plain)};
    int64_t count = inner.program->weight_count;
    assert_int_equal(model.program->weight_count, count + 2 * DIMENSION);
    const ProgramTensor *tensors = model.program->tensors + model.program->tensor_count - 2;
    assert_string_equal(tensors[0].name, "data.mean");
    assert_int_equal(tensors[0].type.kind, IR_KIND_STATE);
    assert_string_equal(tensors[1].name, "data.scale");
    model.weights = random_weights(*state, count + 2 * DIMENSION, 1);
    inner.weights = model.weights;
    memcpy(model.weights + count, MEAN, sizeof MEAN);
    memcpy(model.weights + count + DIMENSION, SCALE, sizeof SCALE);
    const IrTensor *samples = lower_test_run(&model, ENTRY_SAMPLE, BATCH, NULL);
    const IrTensor *expected = lower_test_run(&inner, ENTRY_SAMPLE, BATCH, NULL);
    const IrTensor *log_q = lower_test_run(&model, ENTRY_LOG_PROB, BATCH, samples[0].data);
    for (int s = 0; s < BATCH; s++) {
        for (int i = 0; i < DIMENSION; i++)
            lower_test_expect(&model, samples[0].data[s * DIMENSION + i],
                              MEAN[i] + SCALE[i] * expected[0].data[s * DIMENSION + i], 1e-13, "x");
        lower_test_expect(&model, samples[1].data[s], expected[1].data[s] - log(4 * 0.25 * 1.5), 1e-13, "log q");
        lower_test_expect(&model, log_q[0].data[s], samples[1].data[s], 1e-11, "log q again");
    }
    /* a step gives no gradient for states */
    int trained = model.program->tensor_count - 2;
    assert_int_equal(model.program->entries[ENTRY_STEP].function->output_count, 1 + trained);
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

static void expect_error(Arena *arena, FixedSpec *fixed, const char *code, const char *message)
{
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, arena);
    spec_expand_layers(arena, &fixed->spec);
    assert_null(lower_program(arena, &fixed->spec, &diagnostics));
    Text text = text_start(arena);
    diagnostics_print(&diagnostics, &text, 0);
    assert_int_equal(diagnostics.error_count, 1);
    if (strcmp(diagnostics.items[0].code, code) != 0 || !strstr(text.bytes, message))
        fail_msg("wanted %s, '%s'; got %s", code, message, text.bytes);
}

static void test_programs_that_are_too_large(void **state)
{
    FixedSpec *fixed = lower_test_fixed(*state, 2, 1);
    fixed->hidden[0] = fixed->hidden[1] = 65536;
    expect_error(*state, fixed, "E0601", "more than 2147483647 parameters");
    fixed->hidden[0] = fixed->hidden[1] = INT64_C(1) << 62;
    expect_error(*state, fixed, "E0601", "more than 2147483647 parameters");
}

static void test_all_errors_come_in_one_run(void **state)
{
    static const ObservableSpec OBSERVABLES[] = {{.name = "left", .value = {.text = "x[0] <", .length = 6}}};
    FixedSpec *fixed = lower_test_fixed(*state, 2, 1);
    Diagnostics diagnostics;
    fixed->terms[0].value = lower_test_formula("x[2] + y");
    fixed->hidden[0] = INT64_C(1) << 40;
    fixed->spec.observables = OBSERVABLES;
    fixed->spec.observable_count = 1;
    diagnostics_start(&diagnostics, *state);
    spec_expand_layers(*state, &fixed->spec);
    assert_null(lower_program(*state, &fixed->spec, &diagnostics));
    assert_int_equal(diagnostics.error_count, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensors_have_their_names_order_and_start),
        cmocka_unit_test(test_flow_starts_near_the_identity),
        cmocka_unit_test(test_matching_splits_are_renamed_not_copied),
        cmocka_unit_test(test_permutes_cost_nothing_of_their_own),
        cmocka_unit_test(test_layers_of_one_structure_share_a_function),
        cmocka_unit_test(test_a_layers_tensors_stand_side_by_side),
        cmocka_unit_test(test_functions_say_what_they_are),
        cmocka_unit_test(test_program_prints_and_parses),
        cmocka_unit_test(test_energy_is_the_sum_of_its_terms),
        cmocka_unit_test(test_observables_stand_side_by_side),
        cmocka_unit_test(test_entries_give_a_value_for_each_sample),
        cmocka_unit_test(test_standardised_densities_are_in_the_datas_units),
        cmocka_unit_test(test_programs_that_are_too_large),
        cmocka_unit_test(test_all_errors_come_in_one_run),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
