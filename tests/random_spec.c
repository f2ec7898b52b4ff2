/* SPDX-License-Identifier: MIT */
#include "tests/random_spec.h"

#include <math.h>
#include <string.h>

typedef struct Maker {
    Arena *arena;
    TestRandom random;
    const Source *source;
    int line; /* every part of the spec gets a line of its own */
} Maker;

static bool chance(Maker *maker, int percent)
{
    return test_integer(&maker->random, 100) < percent;
}

static Span next_span(Maker *maker)
{
    maker->line++;
    return (Span){maker->source, 0, 1, maker->line, 1};
}

static Formula formula(Maker *maker, const char *text)
{
    return (Formula){text, strlen(text), next_span(maker), false, NULL};
}

/* ---- energies and observables ------------------------------------------------------------------------------------ */

static SpecParameter *parameter(Maker *maker, const char *name, int rank, int64_t rows, int64_t columns)
{
    SpecParameter *result = ARENA_NEW(maker->arena, SpecParameter);
    int64_t count = (rank > 0 ? rows : 1) * (rank > 1 ? columns : 1);
    double *data = ARENA_ARRAY(maker->arena, double, count);
    for (int64_t i = 0; i < count; i++)
        data[i] = test_uniform(&maker->random, 0.2, 1.5);
    *result =
        (SpecParameter){.name = name, .span = next_span(maker), .rank = rank, .size = {rows, columns}, .data = data};
    return result;
}

/* Formulas for any number n of components; the last is x[n - 1]. */
static const char *const TERMS[] = {
    "0.5*x^2",
    "k*x^4/(1 + x^2) - 0.3*x",
    "width*(x - sin(x))",
    "softplus(x) + sqrt(1 + x^2)",
    "0.1*sum(i, 0, n, x[i]^2)",
    "-logsumexp(i, 0, 3, -sum(j, 0, n, (x[j] - m[i, j])^2)/2)",
    "x[0]^2/(1 + abs(x[n - 1])) + cos(x[0])",
    "sum(i, 0, n, sum(j, i + 1, n, 1/(1 + (x[i] - x[j])^2)))",
    "where(x[0] < 0.1, 0.5*x[0]^2, 0.5*x[0]^2 + (x[0] - 0.1)^5/(1 + x[0]^4))*sigmoid(x[n - 1])",
    "k*tanh(x[0]*x[n - 1]) + min(x[0], 2)^2 + max(x[n - 1], -2, x[0]/2)",
    "exp(-x[0]^2) + erf(x[n - 1]) + (2 + tanh(x[0]))^1.5 + (1.5 + x[0]^2)^-0.3",
    "atan2(x[0], 2 + x[n - 1]^2) + log(1 + x[0]^2)",
};
enum { TERM_COUNT = sizeof TERMS / sizeof TERMS[0], OVER_COMPONENTS = 4 };

static EnergyTerm random_term(Maker *maker, int64_t dimension)
{
    int which = (int)test_integer(&maker->random, TERM_COUNT);
    SpecParameter *parameters = ARENA_ARRAY(maker->arena, SpecParameter, 4);
    EnergyTerm term = {.over = which < OVER_COMPONENTS ? SCOPE_COMPONENTS : SCOPE_NONE,
                       .value = formula(maker, TERMS[which]),
                       .parameters = parameters,
                       .span = next_span(maker)};
    double *count = ARENA_NEW(maker->arena, double);
    *count = (double)dimension;
    parameters[0] = *parameter(maker, "k", 0, 1, 1);
    parameters[1] = (SpecParameter){.name = "n", .span = next_span(maker), .data = count};
    parameters[2] = *parameter(maker, "width", 1, dimension, 1);
    parameters[3] = *parameter(maker, "m", 2, 3, dimension);
    term.parameter_count = 4;
    return term;
}

static void add_energy(Maker *maker, ModelSpec *spec)
{
    spec->term_count = 1 + (int)test_integer(&maker->random, 3);
    EnergyTerm *terms = ARENA_ARRAY(maker->arena, EnergyTerm, spec->term_count);
    for (int i = 0; i < spec->term_count; i++)
        terms[i] = random_term(maker, spec->dimension);
    spec->terms = terms;
    spec->energy_span = next_span(maker);
    spec->observable_count = (int)test_integer(&maker->random, 4);
    ObservableSpec *observables = ARENA_ARRAY(maker->arena, ObservableSpec, spec->observable_count);
    for (int i = 0; i < spec->observable_count; i++) {
        EnergyTerm term = random_term(maker, spec->dimension);
        observables[i] = (ObservableSpec){.name = arena_print(maker->arena, "observable_%d", i),
                                          .over = term.over,
                                          .value = term.value,
                                          .parameter_count = term.parameter_count,
                                          .parameters = term.parameters,
                                          .span = term.span};
    }
    spec->observables = observables;
}

/* ---- layers --------------------------------------------------------------------------------------------------------
 */

static NetSpec random_net(Maker *maker)
{
    static const int64_t WIDTHS[] = {1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 24, 33};
    NetSpec net = {.hidden_count = chance(maker, 5) ? 0 : 1 + (int)test_integer(&maker->random, 3),
                   .activation = (Activation)test_integer(&maker->random, 5),
                   .span = next_span(maker)};
    int64_t *hidden = ARENA_ARRAY(maker->arena, int64_t, net.hidden_count);
    for (int i = 0; i < net.hidden_count; i++)
        hidden[i] = WIDTHS[test_integer(&maker->random, sizeof WIDTHS / sizeof WIDTHS[0])];
    net.hidden = hidden;
    net.residual = chance(maker, 25);
    net.normalize = chance(maker, 20);
    for (int i = 0; i < net.hidden_count; i++) /* of two units close to each other rounding errors become large */
        net.normalize = net.normalize && hidden[i] > 3;
    return net;
}

static LayerSpec random_coupling(Maker *maker, int64_t dimension)
{
    static const double BOUNDS[] = {0, 0.5, 1, 2};
    LayerSpec layer = {.kind = LAYER_COUPLING, .span = next_span(maker)};
    layer.transform = chance(maker, 75) ? TRANSFORM_AFFINE : TRANSFORM_ADDITIVE;
    layer.split = chance(maker, 50) ? SPLIT_ALTERNATE : chance(maker, 50) ? SPLIT_HALVES : SPLIT_MASK;
    layer.net = random_net(maker);
    layer.separate = layer.transform == TRANSFORM_AFFINE && chance(maker, 30);
    layer.log_scale_bound = BOUNDS[test_integer(&maker->random, 4)];
    if (chance(maker, 25)) {
        layer.transform = TRANSFORM_SPLINE;
        layer.separate = false;
        layer.bins = 2 + test_integer(&maker->random, 7);
        layer.bound = test_uniform(&maker->random, 1, 4);
    }
    if (layer.split == SPLIT_MASK) {
        bool *mask = ARENA_ARRAY(maker->arena, bool, dimension);
        int64_t passing = test_integer(&maker->random, dimension);
        int64_t moving = (passing + 1 + test_integer(&maker->random, dimension - 1)) % dimension;
        for (int64_t i = 0; i < dimension; i++)
            mask[i] = i == passing || (i != moving && chance(maker, 50));
        layer.mask = mask;
        layer.mask_count = dimension;
    }
    return layer;
}

static void random_order(Maker *maker, LayerSpec *layer, int64_t dimension)
{
    int64_t *order = ARENA_ARRAY(maker->arena, int64_t, dimension);
    for (int64_t i = 0; i < dimension; i++) {
        int64_t other = test_integer(&maker->random, i + 1);
        order[i] = order[other];
        order[other] = i;
    }
    layer->order = order;
    layer->order_count = dimension;
}

static LayerSpec random_permute(Maker *maker, int64_t dimension)
{
    LayerSpec layer = {.kind = LAYER_PERMUTE, .span = next_span(maker)};
    if (chance(maker, 50))
        random_order(maker, &layer, dimension);
    return layer;
}

/* Of the layers that transform all components. */
static LayerSpec random_whole(Maker *maker, int64_t dimension)
{
    static const LayerKind KINDS[] = {LAYER_ACTNORM, LAYER_LINEAR, LAYER_MASKED_AUTOREGRESSIVE};
    LayerSpec layer = {.kind = KINDS[test_integer(&maker->random, dimension > 1 ? 3 : 2)], .span = next_span(maker)};
    if (layer.kind == LAYER_LINEAR && chance(maker, 50))
        random_order(maker, &layer, dimension);
    if (layer.kind == LAYER_MASKED_AUTOREGRESSIVE) {
        layer.transform = chance(maker, 75) ? TRANSFORM_AFFINE : TRANSFORM_ADDITIVE;
        layer.net = random_net(maker);
        layer.net.masked = true;
        layer.net.normalize = false;
        layer.fast_sampling = chance(maker, 50);
        layer.log_scale_bound = chance(maker, 50) ? 1 : 2;
    }
    return layer;
}

static LayerSpec *random_layers(Maker *maker, int64_t dimension, int depth, int *count)
{
    *count = 1 + (int)test_integer(&maker->random, depth == 0 ? 4 : 2);
    LayerSpec *layers = ARENA_ARRAY(maker->arena, LayerSpec, *count);
    for (int i = 0; i < *count; i++) {
        if (depth < 2 && chance(maker, 25)) {
            layers[i] = (LayerSpec){.kind = LAYER_REPEAT, .span = next_span(maker)};
            layers[i].repeat = 1 + test_integer(&maker->random, depth == 0 ? 3 : 2); /* deeper ones would be chaotic */
            layers[i].layers = random_layers(maker, dimension, depth + 1, &layers[i].layer_count);
        } else if (chance(maker, 20)) {
            layers[i] = random_whole(maker, dimension);
        } else if (dimension == 1 || chance(maker, 25)) {
            layers[i] = random_permute(maker, dimension);
        } else {
            layers[i] = random_coupling(maker, dimension);
        }
    }
    return layers;
}

static void expand(const LayerSpec *layers, int count, LayerSpec *out, int *out_count, int64_t *couplings)
{
    for (int i = 0; i < count; i++) {
        for (int64_t r = 0; layers[i].kind == LAYER_REPEAT && r < layers[i].repeat; r++)
            expand(layers[i].layers, layers[i].layer_count, out, out_count, couplings);
        if (layers[i].kind == LAYER_REPEAT)
            continue;
        if (out) {
            out[*out_count] = layers[i];
            out[*out_count].coupling_index = *couplings;
        }
        *couplings += layers[i].kind == LAYER_COUPLING;
        ++*out_count;
    }
}

void spec_expand_layers(Arena *arena, ModelSpec *spec)
{
    int64_t couplings = 0;
    spec->expanded_count = 0;
    expand(spec->layers, spec->layer_count, NULL, &spec->expanded_count, &couplings);
    LayerSpec *expanded = ARENA_ARRAY(arena, LayerSpec, spec->expanded_count);
    spec->expanded_count = 0;
    couplings = 0;
    expand(spec->layers, spec->layer_count, expanded, &spec->expanded_count, &couplings);
    spec->expanded = expanded;
}

/* ---- the whole
 * ------------------------------------------------------------------------------------------------------- */

static const Source *blank_source(Arena *arena)
{
    enum { LINES = 2000 };
    Source *source = ARENA_NEW(arena, Source);
    char *text = ARENA_ARRAY(arena, char, LINES + 1);
    memset(text, '\n', LINES);
    *source = (Source){"random.yaml", text, LINES};
    return source;
}

static Schedule random_schedule(Maker *maker)
{
    double value = test_uniform(&maker->random, 0.5, 2);
    return (Schedule){.shape = SCHEDULE_CONSTANT, .from = value, .to = value, .span = next_span(maker)};
}

static void add_training(Maker *maker, ModelSpec *spec)
{
    spec->loss_count = chance(maker, 80) ? 1 : 2;
    LossTerm *losses = ARENA_ARRAY(maker->arena, LossTerm, spec->loss_count);
    for (int i = 0; i < spec->loss_count; i++)
        losses[i] = (LossTerm){.kind = LOSS_REVERSE_KL, .weight = random_schedule(maker), .span = next_span(maker)};
    spec->losses = losses;
    spec->train = (TrainSpec){.steps = 100,
                              .batch = 1 + test_integer(&maker->random, 150),
                              .checkpoint_every = 100,
                              .evaluate_every = 100,
                              .seed = 1,
                              .optimizer = OPTIMIZER_ADAM,
                              .rate = {.from = 1e-3, .to = 1e-3},
                              .beta1 = 0.9,
                              .beta2 = 0.999,
                              .epsilon = 1e-8,
                              .span = next_span(maker)};
}

/* Some of the losses learn from data; drawn after all else, which stays as it is. */
static void add_data(Maker *maker, ModelSpec *spec)
{
    LossTerm *losses = ARENA_ARRAY(maker->arena, LossTerm, spec->loss_count);
    for (int i = 0; i < spec->loss_count; i++) {
        losses[i] = spec->losses[i];
        losses[i].kind = chance(maker, 30) ? LOSS_FORWARD_KL : LOSS_REVERSE_KL;
    }
    spec->losses = losses;
    spec->data = (DataSpec){.train = "data.npy", .train_path = "data.npy", .span = next_span(maker)};
}

/* A table in every fourth spec; drawn after all else likewise. */
static void add_kinds(Maker *maker, ModelSpec *spec)
{
    if (!chance(maker, 25))
        return;
    ColumnKind *kinds = ARENA_ARRAY(maker->arena, ColumnKind, spec->dimension);
    for (int64_t i = 0; i < spec->dimension; i++)
        kinds[i] = (ColumnKind)test_integer(&maker->random, 3);
    spec->kinds = kinds;
}

static void name_components(Maker *maker, ModelSpec *spec)
{
    if (chance(maker, 70))
        return;
    const char **names = ARENA_ARRAY(maker->arena, const char *, spec->dimension);
    for (int64_t i = 0; i < spec->dimension; i++)
        names[i] = arena_print(maker->arena, "q%lld", (long long)i + 1);
    spec->component_names = names;
}

const ModelSpec *random_spec(Arena *arena, uint64_t seed)
{
    Maker maker = {.arena = arena, .random = {seed * 7919 + 1}, .source = blank_source(arena)};
    ModelSpec *spec = ARENA_NEW(arena, ModelSpec);
    *spec = (ModelSpec){.source = maker.source, .name = "random", .system_span = next_span(&maker)};
    spec->dimension = chance(&maker, 5) ? 1 : 2 + test_integer(&maker.random, 8);
    spec->kT = random_schedule(&maker);
    name_components(&maker, spec);
    add_energy(&maker, spec);
    spec->base_scale = chance(&maker, 50) ? 1 : test_uniform(&maker.random, 0.5, 2);
    spec->flow_span = next_span(&maker);
    spec->layers = random_layers(&maker, spec->dimension, 0, &spec->layer_count);
    spec_expand_layers(arena, spec);
    add_training(&maker, spec);
    spec->target.span = next_span(&maker);
    add_data(&maker, spec);
    add_kinds(&maker, spec);
    return spec;
}

/* ---- conditions -------------------------------------------------------------------------------------------------- */

static void add_conditions(Maker *maker, ModelSpec *spec)
{
    static const char *const CHOICES[] = {"winter", "spring", "summer", "autumn"};
    spec->condition_count = 1 + (int)test_integer(&maker->random, 3);
    ConditionInput *conditions = ARENA_ARRAY(maker->arena, ConditionInput, spec->condition_count);
    for (int i = 0; i < spec->condition_count; i++) {
        ConditionInput *it = &conditions[i];
        *it = (ConditionInput){.name = arena_print(maker->arena, "c_%d", i), .low = 0.5, .span = next_span(maker)};
        it->high = 2;
        if (chance(maker, 40)) {
            it->choices = CHOICES;
            it->choice_count = 1 + (int)test_integer(&maker->random, 4);
            it->low = 0;
            it->high = it->choice_count - 1;
        }
    }
    spec->conditions = conditions;
    if (conditions[0].choice_count == 0 && chance(maker, 50))
        spec->kT_condition = &conditions[0];
}

/* One term more than the spec's, with all conditions. */
static void add_conditional_term(Maker *maker, ModelSpec *spec)
{
    EnergyTerm *terms = ARENA_ARRAY(maker->arena, EnergyTerm, spec->term_count + 1);
    Text text = text_start(maker->arena);
    memcpy(terms, spec->terms, (size_t)spec->term_count * sizeof *terms);
    text_put(&text, "tanh(x)");
    for (int i = 0; i < spec->condition_count; i++)
        text_print(&text, "*(0.3 + c_%d) + sin(x - 0.2*c_%d)", i, i);
    terms[spec->term_count++] =
        (EnergyTerm){.over = SCOPE_COMPONENTS, .value = formula(maker, text.bytes), .span = next_span(maker)};
    spec->terms = terms;
}

const ModelSpec *random_conditional_spec(Arena *arena, uint64_t seed)
{
    Maker maker = {.arena = arena, .random = {seed * 104729 + 5}, .source = blank_source(arena), .line = 1000};
    ModelSpec *spec = ARENA_NEW(arena, ModelSpec);
    *spec = *random_spec(arena, seed);
    add_conditions(&maker, spec);
    add_conditional_term(&maker, spec);
    bool has_data = false;
    for (int i = 0; i < spec->loss_count; i++)
        has_data = has_data || spec->losses[i].kind == LOSS_FORWARD_KL;
    if (!has_data || chance(&maker, 30))
        return spec;
    const char **columns = ARENA_ARRAY(arena, const char *, spec->condition_count);
    for (int i = 0; i < spec->condition_count; i++)
        columns[i] = chance(&maker, 60) ? spec->conditions[i].name : NULL;
    spec->data.condition_columns = columns;
    return spec;
}

double *random_conditions(Arena *arena, const ModelSpec *spec, int64_t samples, uint64_t seed)
{
    TestRandom random = {seed + 77};
    double *rows = ARENA_ARRAY(arena, double, samples * spec->condition_count);
    for (int64_t i = 0; i < samples * spec->condition_count; i++) {
        const ConditionInput *it = &spec->conditions[i % spec->condition_count];
        rows[i] = it->choice_count > 0 ? (double)test_integer(&random, it->choice_count)
                                       : (double)(float)test_uniform(&random, it->low, it->high);
    }
    return rows;
}

double *random_weights(Arena *arena, int64_t count, uint64_t seed)
{
    double *weights = ARENA_ARRAY(arena, double, count);
    TestRandom random = {seed + 1000003};
    for (int64_t i = 0; i < count; i++)
        weights[i] = (double)(float)test_uniform(&random, -0.4, 0.4);
    return weights;
}

double random_value(const ModelSpec *spec, int64_t component, double normal)
{
    ColumnKind kind = spec->kinds != NULL && component < spec->dimension ? spec->kinds[component] : COLUMN_REAL;
    double value = kind == COLUMN_POSITIVE ? exp(0.5 * normal) : kind == COLUMN_INTEGER ? floor(2 * normal) : normal;
    return (double)(float)value;
}

const char *random_spec_text(Arena *arena, uint64_t seed, const ModelSpec *spec)
{
    static const char *const TRANSFORMS[] = {"additive", "affine", "spline", "circular"};
    static const char *const BASES[] = {"", "; uniform base", "; mixture base"};
    static const char *const KINDS[] = {"real", "positive", "integer"};
    static const char *const SPLITS[] = {"alternate", "halves", "mask"};
    static const char *const ACTIVATIONS[] = {"tanh", "relu", "silu", "gelu", "softplus"};
    Text text = text_start(arena);
    text_print(&text, "seed %llu: %lld components, batch %lld", (unsigned long long)seed, (long long)spec->dimension,
               (long long)spec->train.batch);
    text_print(&text, "%s%s%s", BASES[spec->base], spec->low ? "; ranges" : "", spec->periodic ? ", circles" : "");
    for (int i = 0; i < spec->expanded_count; i++) {
        const LayerSpec *layer = &spec->expanded[i];
        if (layer->kind != LAYER_COUPLING) {
            static const char *const NAMES[] = {"coupling", "permute", "repeat", "actnorm", "linear", "autoregressive"};
            text_print(&text, "; %s", NAMES[layer->kind]);
            if (layer->kind == LAYER_MASKED_AUTOREGRESSIVE)
                text_print(&text, " %s", TRANSFORMS[layer->transform]);
            for (int h = 0; h < layer->net.hidden_count; h++)
                text_print(&text, "%s%lld", h == 0 ? " " : ",", (long long)layer->net.hidden[h]);
            continue;
        }
        text_print(&text, "; %s%s %s", TRANSFORMS[layer->transform], layer->separate ? " separate" : "",
                   SPLITS[layer->split]);
        for (int h = 0; h < layer->net.hidden_count; h++)
            text_print(&text, "%s%lld", h == 0 ? " " : ",", (long long)layer->net.hidden[h]);
        text_print(&text, " %s%s%s", ACTIVATIONS[layer->net.activation], layer->net.residual ? " residual" : "",
                   layer->net.normalize ? " normalized" : "");
    }
    for (int i = 0; i < spec->term_count; i++)
        text_print(&text, "; %s", spec->terms[i].value.text);
    for (int i = 0; i < spec->loss_count; i++)
        text_put(&text, spec->losses[i].kind == LOSS_FORWARD_KL ? "; forward_kl" : "; reverse_kl");
    for (int64_t i = 0; spec->kinds != NULL && i < spec->dimension; i++)
        text_print(&text, "%s%s", i == 0 ? "; columns " : ",", KINDS[spec->kinds[i]]);
    return text.bytes;
}
