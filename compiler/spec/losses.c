/* SPDX-License-Identifier: MIT */
/* The losses, and whether the architecture and the rest of the spec can serve them. */
#include "compiler/spec/build.h"

#include <string.h>

/* What a loss may need of a model and of a spec. */
enum {
    CAN_SAMPLE = 1,
    HAS_LOG_PROB = 2,
    HAS_LATENT_BOUND = 4,
    IS_CRITICISED = 8,
    HAS_VECTOR_FIELD = 16,
    HAS_ENERGY = 32,
    HAS_DATA = 64
};

typedef struct Family {
    const char *name;
    unsigned gives;
    const char *words; /* "a flow ..." */
} Family;

static const Family FAMILIES[] = {
    {"flow", CAN_SAMPLE | HAS_LOG_PROB, "a flow"},
    {"vae", CAN_SAMPLE | HAS_LATENT_BOUND, "a variational autoencoder"},
    {"gan", CAN_SAMPLE | IS_CRITICISED, "a generator trained adversarially"},
    {"autoregressive", CAN_SAMPLE | HAS_LOG_PROB, "an autoregressive model"},
    {"vector_field", CAN_SAMPLE | HAS_LOG_PROB | HAS_VECTOR_FIELD, "a vector field"},
};

typedef struct LossNeeds {
    const char *name;
    unsigned needs;
} LossNeeds;

static const LossNeeds LOSSES[] = {
    {"reverse_kl", CAN_SAMPLE | HAS_LOG_PROB | HAS_ENERGY},
    {"forward_kl", HAS_LOG_PROB | HAS_DATA},
    {"elbo", HAS_LATENT_BOUND | HAS_DATA},
    {"adversarial", CAN_SAMPLE | IS_CRITICISED | HAS_DATA},
    {"wasserstein", CAN_SAMPLE | IS_CRITICISED | HAS_DATA},
    {"flow_matching", HAS_VECTOR_FIELD | HAS_DATA},
    {"energy_distance", CAN_SAMPLE | HAS_DATA},
    {"mmd", CAN_SAMPLE | HAS_DATA},
    {"log_variance", CAN_SAMPLE | HAS_LOG_PROB | HAS_ENERGY},
    {"fab", CAN_SAMPLE | HAS_LOG_PROB | HAS_ENERGY},
    {"importance_elbo", HAS_LATENT_BOUND | HAS_DATA},
    {"penalty", CAN_SAMPLE},
};

typedef struct Capability {
    unsigned bit;
    const char *words;
} Capability;

static const Capability OF_THE_MODEL[] = {
    {CAN_SAMPLE, "samples of the model"},           {HAS_LOG_PROB, "the model's log-density"},
    {HAS_LATENT_BOUND, "a latent bound"},           {IS_CRITICISED, "a critic"},
    {HAS_VECTOR_FIELD, "the model's vector field"},
};

static void check_family(const Build *build, const ValueField *loss, unsigned needs, const Family *family)
{
    for (size_t i = 0; i < sizeof OF_THE_MODEL / sizeof OF_THE_MODEL[0]; i++) {
        if ((needs & OF_THE_MODEL[i].bit & ~family->gives) == 0)
            continue;
        diagnostics_error(build->diagnostics, loss->name_span, "E0115", "%s needs %s; %s has none", loss->name,
                          OF_THE_MODEL[i].words, family->words);
        return;
    }
}

/* Also where its value is bad, which was reported. */
static bool is_written(const Value *spec, const char *section)
{
    for (size_t i = 0; i < spec->count; i++)
        if (strcmp(spec->fields[i].name, section) == 0)
            return true;
    return false;
}

static void check_needs(const Build *build, const ValueField *loss, const Value *spec)
{
    const Value *architecture = value_get(spec, "architecture");
    unsigned needs = 0;
    for (size_t i = 0; i < sizeof LOSSES / sizeof LOSSES[0]; i++)
        if (strcmp(LOSSES[i].name, loss->name) == 0)
            needs = LOSSES[i].needs;
    for (size_t i = 0; i < sizeof FAMILIES / sizeof FAMILIES[0]; i++)
        if (value_chose(architecture, FAMILIES[i].name))
            check_family(build, loss, needs, &FAMILIES[i]);
    if ((needs & HAS_ENERGY) != 0 && !is_written(spec, "energy"))
        diagnostics_error(build->diagnostics, loss->name_span, "E0115", "%s needs the energy; this spec has none",
                          loss->name)
            ->help = "energy: {terms: [{value: \"...\"}]}";
    if ((needs & HAS_DATA) != 0 && !is_written(spec, "data"))
        diagnostics_error(build->diagnostics, loss->name_span, "E0115", "%s needs data; this spec has none", loss->name)
            ->help = "data: {train: {file: x.npy}}";
}

static LossKind kind_of(const ValueField *loss, const Value *settings)
{
    static const struct {
        const char *name;
        LossKind kind;
    } kinds[] = {{"forward_kl", LOSS_FORWARD_KL}, {"log_variance", LOSS_LOG_VARIANCE}, {"fab", LOSS_FAB}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(loss->name, kinds[i].name) == 0)
            return kinds[i].kind;
    return build_boolean(value_get(settings, "path_gradient"), false) ? LOSS_PATH_GRADIENT : LOSS_REVERSE_KL;
}

/* fab's rows are its own, and they are a training step's only rows. */
static void build_fab(const Build *build, const Value *list, const Value *settings, Span span)
{
    ModelSpec *model = build->model;
    model->fab.steps = build_integer(value_get(settings, "steps"), 1);
    model->fab.buffer = build_integer(value_get(settings, "buffer"), 0);
    model->fab.reuse = build_integer(value_get(settings, "reuse"), 1);
    if (list->count > 1)
        diagnostics_error(build->diagnostics, span, "E0115",
                          "fab makes a step's rows by itself, so it must be the only loss");
}

/* fab's walkers and the variance of log weights belong to one target, not to one for each condition. */
static void refuse_conditions(const Build *build, LossKind kind, Span span)
{
    if (build->model->condition_count > 0 && (kind == LOSS_FAB || kind == LOSS_LOG_VARIANCE))
        diagnostics_error(build->diagnostics, span, "E0108", "%s of a model with conditions is not implemented yet",
                          kind == LOSS_FAB ? "fab" : "log_variance");
}

void build_losses(const Build *build, const Value *list, const Value *spec)
{
    ModelSpec *model = build->model;
    if (list == NULL)
        return;
    LossTerm *losses = ARENA_ARRAY(build->arena, LossTerm, list->count);
    for (size_t i = 0; i < list->count; i++) {
        const Value *item = list->items[i];
        const ValueField *choice = item->kind == VALUE_MAP ? item->choice : NULL;
        if (choice == NULL)
            continue;
        check_needs(build, choice, spec);
        losses[i].kind = kind_of(choice, value_chosen(item));
        if (losses[i].kind == LOSS_FAB)
            build_fab(build, list, value_chosen(item), choice->name_span);
        losses[i].weight = build_schedule(build, value_get(value_chosen(item), "weight"));
        losses[i].span = choice->name_span;
        refuse_conditions(build, losses[i].kind, choice->name_span);
    }
    model->loss_count = (int)list->count;
    model->losses = losses;
}
