/* SPDX-License-Identifier: MIT-0 */
/* The verb info: what this program is. Nothing of it depends on the day or the place of its build. */
#include "number.h"
#include "session.h"
#include "verbs.h"

#define ANSATZ_PRECISION 32
#include "../core/fma.h"
#include "../core/instructions.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef __clang__
#define COMPILER_NAME "clang"
#else
#define COMPILER_NAME "gcc"
#endif

#ifdef ANSATZ_DISPATCH
#define PICKED_AT_START 1
#else
#define PICKED_AT_START 0
#endif

/* Floats in a vector of the model's functions. */
static int lanes_used(void)
{
#ifdef ANSATZ_DISPATCH
    const Instructions picked = instructions_picked();
    if (picked != INSTRUCTIONS_BASELINE)
        return picked == INSTRUCTIONS_AVX512 ? 16 : 8;
#endif
    return LANES;
}

static const char *fma_name(void)
{
    return ANSATZ_SOFTWARE_FMA && lanes_used() == LANES ? "software" : "hardware";
}

static size_t trained_count(const Model *model)
{
    size_t count = 0;
    for (int t = 0; t < model->tensor_count; t++)
        count += model->tensors[t].trained ? model->tensors[t].count : 0;
    return count;
}

/* ---- for programs ------------------------------------------------------------------------------------------------ */

static void put_tensors(JsonWriter *text, const Model *model)
{
    json_open_array(text, "tensors");
    for (int t = 0; t < model->tensor_count; t++) {
        const ModelTensor *tensor = &model->tensors[t];
        json_open_object(text, NULL);
        json_put_string(text, "name", tensor->name);
        json_open_array(text, "shape");
        for (int i = 0; i < tensor->rank; i++)
            json_put_count(text, NULL, (uint64_t)tensor->shape[i]);
        json_close_array(text);
        json_put_truth(text, "trained", tensor->trained);
        json_close_object(text);
    }
    json_close_array(text);
}

static void put_sizes(JsonWriter *text, const Session *session)
{
    const Model *model = session->model;
    json_put_count(text, "dimension", (uint64_t)model->dimension);
    json_put_count(text, "weights", model->weight_count);
    json_put_count(text, "trained_weights", trained_count(model));
    json_put_count(text, "batch", (uint64_t)model->training.batch);
    json_put_count(text, "steps", (uint64_t)model->training.steps);
    json_put_count(text, "flops_per_sample_step", (uint64_t)model->flops_per_sample_step);
    json_put_count(text, "flops_per_sample", (uint64_t)model->flops_per_sample);
    json_put_count(text, "workspace_bytes", model->single_precision->workspace_bytes(session->threads));
    json_open_array(text, "components");
    for (int64_t i = 0; i < model->dimension; i++)
        json_put_string(text, NULL, model->component_names[i]);
    json_close_array(text);
    for (int i = 0; i < model->condition_count; i++) {
        char values[CONDITION_TEXT_SIZE];
        if (i == 0)
            json_open_object(text, "conditioned_on");
        json_put_string(text, model->conditions[i].name, condition_describe(&model->conditions[i], values));
        if (i == model->condition_count - 1)
            json_close_object(text);
    }
    json_open_array(text, "observables");
    for (int i = 0; i < model->observable_count; i++)
        json_put_string(text, NULL, model->observable_names[i]);
    json_close_array(text);
}

static bool print_json(const Session *session, Failure *failure)
{
    JsonWriter text;
    json_start(&text, true);
    json_open_object(&text, NULL);
    session_put_origin(&text, session);
    put_sizes(&text, session);
    put_tensors(&text, session->model);
    json_open_object(&text, "build");
    json_put_count(&text, "lanes", (uint64_t)lanes_used());
    json_put_string(&text, "fma", fma_name());
    json_put_truth(&text, "picked_at_start", PICKED_AT_START);
    json_put_string(&text, "compiler", COMPILER_NAME " " __VERSION__);
#ifdef _OPENMP
    json_put_truth(&text, "openmp", true);
#else
    json_put_truth(&text, "openmp", false);
#endif
    json_put_truth(&text, "double_precision", session->model->double_precision != NULL);
    json_put_count(&text, "threads", (uint64_t)session->threads);
    json_close_object(&text);
    json_close_object(&text);
    return json_print(&text, failure);
}

/* ---- for people -------------------------------------------------------------------------------------------------- */

static void print_tensors(const Model *model)
{
    printf("\ntensors\n");
    for (int t = 0; t < model->tensor_count; t++) {
        const ModelTensor *tensor = &model->tensors[t];
        printf("  %-40s [", tensor->name);
        for (int i = 0; i < tensor->rank; i++)
            printf("%s%lld", i ? ", " : "", (long long)tensor->shape[i]);
        printf("]%s\n", tensor->trained ? "" : "  (state)");
    }
}

static void print_text(const Session *session)
{
    const Model *model = session->model;
    char number[NUMBER_TEXT_SIZE];
    printf("%s, from %s by ansatz %s\n", model->name, model->spec_name, model->version);
    printf("  %-22s %s\n", "spec SHA-256", model->spec_sha256);
    printf("  %-22s %s\n", "package SHA-256", model->package_sha256);
    if (session->weights != NULL)
        printf("  %-22s %s\n  %-22s %llu (seed %llu)\n", "weights SHA-256", session->facts.hash, "trained steps",
               (unsigned long long)session->facts.step, (unsigned long long)session->facts.seed);
    if (model->blas != NULL)
        printf("  %-22s %s: results are not the same bits everywhere\n", "wide layers", model->blas);
    printf("  %-22s %lld\n", "dimension", (long long)model->dimension);
    printf("  %-22s %zu, of which %zu trained\n", "weights", model->weight_count, trained_count(model));
    printf("  %-22s %lld steps of batch %lld\n", "training", (long long)model->training.steps,
           (long long)model->training.batch);
    printf("  %-22s %lld a sample in training, %lld in sampling\n", "flops", (long long)model->flops_per_sample_step,
           (long long)model->flops_per_sample);
    printf("  %-22s %zu bytes for %d thread%s\n", "workspace",
           model->single_precision->workspace_bytes(session->threads), session->threads,
           session->threads == 1 ? "" : "s");
    for (int i = 0; i < model->scalar_count; i++)
        printf("  %-22s %s\n", model->scalars[i].name, number_write(session->scalars[i], number));
    for (int i = 0; i < model->condition_count; i++) {
        char values[CONDITION_TEXT_SIZE];
        printf("  %-22s %s%s\n", model->conditions[i].name, condition_describe(&model->conditions[i], values),
               &model->conditions[i] == model->kT_condition ? "; it is kT" : "");
    }
    printf("  %-22s %d float lanes, %s fma%s, %s\n", "build", lanes_used(), fma_name(),
           PICKED_AT_START ? ", picked at start" : "", COMPILER_NAME " " __VERSION__);
    print_tensors(model);
}

bool verb_info(const Model *model, const Arguments *arguments, const char *program, Failure *failure)
{
    Session session;
    (void)program;
    if (!session_start(&session, model, arguments, failure))
        return false;
    bool good = true;
    if (arguments->json)
        good = print_json(&session, failure);
    else
        print_text(&session);
    session_end(&session);
    return good;
}
