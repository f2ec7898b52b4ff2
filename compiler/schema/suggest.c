/* SPDX-License-Identifier: MIT */
/* What somebody who wrote an unknown key or word may have meant: a near spelling, another field's word for it, or a key
 * that exists but elsewhere. */
#include "compiler/schema/schema.h"

#include "compiler/base/diagnostics.h"

#include <string.h>

enum { NAMES_MAX = 64, SHOWN_MAX = 16 };

typedef struct Synonym {
    const char *written, *meant;
} Synonym;

/* Words of other programs and papers. A word may stand here several times: the first that fits the place is taken. */
static const Synonym SYNONYMS[] = {
    {"lr", "rate"},
    {"learning_rate", "rate"},
    {"step_size", "rate"},
    {"epochs", "steps"},
    {"iterations", "steps"},
    {"max_iter", "steps"},
    {"n_steps", "steps"},
    {"num_steps", "steps"},
    {"training_steps", "steps"},
    {"batch_size", "batch"},
    {"batchsize", "batch"},
    {"random_seed", "seed"},
    {"optimiser", "optimizer"},
    {"beta_1", "beta1"},
    {"beta_2", "beta2"},
    {"betas", "beta1"},
    {"eps", "epsilon"},
    {"decay", "weight_decay"},
    {"l2", "weight_decay"},
    {"clip", "clip_norm"},
    {"grad_clip", "clip_norm"},
    {"gradient_clipping", "clip_norm"},
    {"max_grad_norm", "clip_norm"},
    {"ema", "average"},
    {"ema_decay", "average"},
    {"polyak", "average"},
    {"warmup", "warm_up"},
    {"warmup_steps", "warm_up"},
    {"start", "from"},
    {"initial", "from"},
    {"end", "to"},
    {"final", "to"},
    {"eval_every", "evaluate_every"},
    {"log_every", "evaluate_every"},
    {"save_every", "checkpoint_every"},
    {"version", "ansatz"},
    {"title", "name"},
    {"space", "system"},
    {"potential", "energy"},
    {"hamiltonian", "energy"},
    {"target_energy", "energy"},
    {"model", "architecture"},
    {"objective", "loss"},
    {"losses", "loss"},
    {"training", "train"},
    {"dataset", "data"},
    {"symmetries", "symmetry"},
    {"hardware", "target"},
    {"device", "target"},
    {"dim", "size"},
    {"dim", "dimension"},
    {"dims", "size"},
    {"dimension", "vector"},
    {"dimension", "size"},
    {"dim", "vector"},
    {"n", "size"},
    {"n", "count"},
    {"n_particles", "count"},
    {"T", "temperature"},
    {"temp", "temperature"},
    {"beta", "kT"},
    {"kt", "kT"},
    {"formula", "value"},
    {"expression", "value"},
    {"expr", "value"},
    {"function", "value"},
    {"potential", "value"},
    {"params", "parameters"},
    {"constants", "parameters"},
    {"variables", "names"},
    {"scope", "over"},
    {"prior", "base"},
    {"latent", "base"},
    {"std", "scale"},
    {"sigma", "scale"},
    {"stddev", "scale"},
    {"layer", "layers"},
    {"blocks", "layers"},
    {"times", "repeat"},
    {"n_layers", "repeat"},
    {"num_layers", "repeat"},
    {"n_layers", "layers"},
    {"network", "net"},
    {"nn", "net"},
    {"nets", "net"},
    {"conditioner", "net"},
    {"hidden", "mlp"},
    {"hidden_units", "mlp"},
    {"hidden_sizes", "mlp"},
    {"hidden_layers", "mlp"},
    {"hidden_dims", "mlp"},
    {"widths", "mlp"},
    {"units", "mlp"},
    {"dense", "mlp"},
    {"nonlinearity", "activation"},
    {"act", "activation"},
    {"mask", "split"},
    {"partition", "split"},
    {"permutation", "permute"},
    {"s_max", "log_scale_bound"},
    {"clamp", "log_scale_bound"},
    {"dtype", "compute"},
    {"compute", "precision"},
    {"dtype", "precision"},
    {"standardize", "standardise"},
    {"realnvp", "coupling"},
    {"real_nvp", "coupling"},
    {"nice", "coupling"},
    {"maf", "masked_autoregressive"},
    {"iaf", "masked_autoregressive"},
    {"normalizing_flow", "flow"},
    {"cnf", "vector_field"},
    {"normal", "gaussian"},
    {"kl", "reverse_kl"},
    {"free_energy", "reverse_kl"},
    {"maximum_likelihood", "forward_kl"},
    {"nll", "forward_kl"},
    {"swish", "silu"},
    {"odd_even", "alternate"},
    {"half", "halves"},
    {"affine_coupling", "coupling"},
    {"float32", "float"},
    {"single", "float"},
    {"float64", "double"},
    {"mcu", "cortex-m"},
};

static const char *synonym_among(const char *written, const char *const *names, size_t count)
{
    for (size_t i = 0; i < sizeof SYNONYMS / sizeof SYNONYMS[0]; i++)
        for (size_t k = 0; k < count && strcmp(SYNONYMS[i].written, written) == 0; k++)
            if (strcmp(SYNONYMS[i].meant, names[k]) == 0)
                return names[k];
    return NULL;
}

/* The first `built` of the names can be proposed; of the others, which are not implemented yet, one that is nearer keeps a
 * farther one from being taken for what was meant. */
static const char *name_meant(const char *written, const char *const *names, size_t built, size_t count)
{
    const char *meant = synonym_among(written, names, built);
    if (meant != NULL || synonym_among(written, names, count) != NULL)
        return meant;
    meant = diagnostics_nearest(written, names, count);
    for (size_t i = 0; i < built; i++)
        if (names[i] == meant)
            return meant;
    return NULL;
}

static void put_list(Text *out, const char *title, const char *const *names, size_t count)
{
    text_print(out, "%s: ", title);
    for (size_t i = 0; i < count && i < SHOWN_MAX; i++)
        text_print(out, "%s%s", i > 0 ? ", " : "", names[i]);
    if (count > SHOWN_MAX)
        text_put(out, ", ...");
}

/* ---- a key that exists elsewhere ---- */

typedef struct Search {
    const char *name;
    char found[SCHEMA_PATH_MAX]; /* the path of the map that has it; empty: none */
    char later[SCHEMA_PATH_MAX]; /* the last key on the walk that is not implemented yet: nothing below it is found */
} Search;

static void look_at(void *context, const char *path, const SchemaKey *key)
{
    Search *search = context;
    size_t above = strlen(search->later);
    if (above > 0 && strncmp(path, search->later, above) == 0 && path[above] == '.')
        return;
    if ((key->flags & SCHEMA_LATER) != 0) {
        strcpy(search->later, path);
        return;
    }
    if (search->found[0] != '\0' || strcmp(key->name, search->name) != 0)
        return;
    const char *end = strrchr(path, '.');
    size_t length = end != NULL ? (size_t)(end - path) : 0;
    if (length == 0) {
        strcpy(search->found, "the spec itself");
    } else {
        memcpy(search->found, path, length);
        search->found[length] = '\0';
    }
}

static bool find_elsewhere(const char *name, Search *search)
{
    *search = (Search){.name = name};
    schema_walk(look_at, search);
    return search->found[0] != '\0';
}

static void put_elsewhere(Text *out, const char *written)
{
    Search search;
    if (find_elsewhere(written, &search)) {
        text_print(out, "the key '%s' exists in %s; ", written, search.found);
        return;
    }
    for (size_t i = 0; i < sizeof SYNONYMS / sizeof SYNONYMS[0]; i++) {
        if (strcmp(SYNONYMS[i].written, written) == 0 && find_elsewhere(SYNONYMS[i].meant, &search)) {
            text_print(out, "did you mean '%s' in %s? ", SYNONYMS[i].meant, search.found);
            return;
        }
    }
}

/* ---- keys and words ---- */

/* Adds the keys of a map, with all of these flags and none of those. */
static size_t add_keys(const SchemaMap *map, unsigned with, unsigned without, const char **names, size_t count)
{
    const SchemaKey *key;
    for (size_t cursor = 0; (key = schema_next(map, &cursor)) != NULL && count < NAMES_MAX;)
        if (!schema_is_wildcard(key) && (key->flags & with) == with && (key->flags & without) == 0)
            names[count++] = key->name;
    return count;
}

static size_t add_words(Arena *arena, const SchemaKey *key, bool of_later, const char **names, size_t count)
{
    char word[64];
    bool later;
    for (const char *words = key->words; count < NAMES_MAX && schema_next_word(&words, word, &later);)
        if (later == of_later)
            names[count++] = arena_copy_text(arena, word, strlen(word));
    return count;
}

/* What a key's value may be: alternatives and words, those that are built. */
static size_t add_built(Arena *arena, const SchemaKey *key, const char **names)
{
    const SchemaMap *map = key->kind == SCHEMA_MAP ? schema_map(key->of) : NULL;
    size_t count = map != NULL ? add_keys(map, SCHEMA_ALTERNATIVE, SCHEMA_LATER, names, 0) : 0;
    return add_words(arena, key, false, names, count);
}

/* And those that are not. */
static size_t add_later(Arena *arena, const SchemaKey *key, const char **names, size_t count)
{
    const SchemaMap *map = key->kind == SCHEMA_MAP ? schema_map(key->of) : NULL;
    if (map != NULL)
        count = add_keys(map, SCHEMA_ALTERNATIVE | SCHEMA_LATER, 0, names, count);
    return add_words(arena, key, true, names, count);
}

const char *schema_suggest_key(Arena *arena, const SchemaMap *map, const char *written, const char **meant)
{
    const char *names[NAMES_MAX];
    const size_t built = add_keys(map, 0, SCHEMA_LATER, names, 0);
    Text out = text_start(arena);
    *meant = name_meant(written, names, built, add_keys(map, SCHEMA_LATER, 0, names, built));
    if (*meant != NULL)
        text_print(&out, "did you mean '%s'? ", *meant);
    else
        put_elsewhere(&out, written);
    if (built == 0)
        text_put(&out, "it takes no keys");
    else
        put_list(&out, "known keys", names, built);
    return out.bytes;
}

const char *schema_suggest_word(Arena *arena, const SchemaKey *key, const char *written)
{
    const char *names[NAMES_MAX];
    const size_t built = add_built(arena, key, names);
    Text out = text_start(arena);
    const char *meant = name_meant(written, names, built, add_later(arena, key, names, built));
    if (meant != NULL)
        text_print(&out, "did you mean '%s'? ", meant);
    put_list(&out, "it may be", names, built);
    return out.bytes;
}

const char *schema_suggest_built(Arena *arena, const SchemaKey *key)
{
    const char *names[NAMES_MAX];
    const size_t built = add_built(arena, key, names);
    Text out = text_start(arena);
    put_list(&out, "it may be", names, built);
    return built > 0 ? out.bytes : NULL;
}
