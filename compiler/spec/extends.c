/* SPDX-License-Identifier: MIT */
/* `extends: base.yaml`: the chain of files that a spec builds on. */
#include "compiler/spec/read.h"

#include <string.h>

typedef struct Chain {
    const FileAccess *access;
    const char *real[SPEC_EXTENDS_MAX + 1]; /* the spec itself, then what it extends */
    int count;
} Chain;

static bool add_to_chain(Chain *chain, const YamlNode *value, const char *real)
{
    for (int i = 0; i < chain->count; i++)
        if (strcmp(chain->real[i], real) == 0)
            return access_refuse(chain->access, value, "E0016",
                                 i == chain->count - 1 ? "it is this file" : "it is already part of this spec") != NULL;
    if (chain->count == SPEC_EXTENDS_MAX + 1)
        return access_refuse(chain->access, value, "E0017", "more than 16 files extend one another") != NULL;
    chain->real[chain->count++] = real;
    return true;
}

static const YamlNode *extend(Chain *chain, const YamlNode *root);

static const YamlNode *read_base(Chain *chain, const YamlNode *value)
{
    const FileAccess *access = chain->access;
    const char *real = access_real_path(access, value, YAML_BYTES_MAX);
    if (real == NULL || !add_to_chain(chain, value, real))
        return NULL;
    const Source *source = access_read(access, value, real, YAML_BYTES_MAX);
    const YamlNode *root = source != NULL ? yaml_read(access->arena, source, 0, access->diagnostics) : NULL;
    if (root != NULL && root->kind != YAML_KIND_MAPPING) {
        diagnostics_error(access->diagnostics, root->span, "E0102", "a spec must be a map");
        return NULL;
    }
    return root != NULL ? extend(chain, root) : NULL;
}

/* NULL after an error: without the base, all that it gives would be reported as missing. */
static const YamlNode *extend(Chain *chain, const YamlNode *root)
{
    Arena *arena = chain->access->arena;
    const YamlNode *value = root->kind == YAML_KIND_MAPPING ? yaml_get(root, "extends") : NULL;
    if (value == NULL)
        return root;
    if (value->kind != YAML_KIND_SCALAR || value->length == 0) {
        diagnostics_error(chain->access->diagnostics, value->span, "E0102", "extends must be one file")->help =
            "extends: base.yaml";
        return NULL;
    }
    const YamlNode *base = read_base(chain, value);
    if (base == NULL)
        return NULL;
    return merge_trees(arena, schema_map("spec"), base, merge_without(arena, root, "extends"));
}

const YamlNode *read_extended(const FileAccess *access, const YamlNode *root)
{
    Chain chain = {.access = access, .real = {access->real_path}, .count = 1};
    root = extend(&chain, root);
    if (root == NULL || root->node_count <= YAML_NODES_MAX)
        return root;
    diagnostics_error(access->diagnostics, (Span){0}, "E0006", "%s and what it extends have more than 100,000 values",
                      access->spec_path);
    return NULL;
}
