/* SPDX-License-Identifier: MIT */
/* Overrides: "train.optimizer.adam.rate=3e-4" sets one value of the tree, as a file that extends it would. A number in
 * the path is the place in a list, from 0. */
#include "compiler/spec/read.h"

#include "compiler/base/utf8.h"

#include <string.h>

typedef struct Override {
    Arena *arena;
    Diagnostics *diagnostics;
    const Source *source;
    size_t path_end; /* where the = stands */
    const YamlNode *value;
} Override;

/* The segment of the path from byte `begin` on, as a key. */
static const YamlNode *segment_at(const Override *override, size_t begin)
{
    const char *text = override->source->text;
    size_t end = begin;
    while (end < override->path_end && text[end] != '.')
        end++;
    YamlNode *node = ARENA_NEW(override->arena, YamlNode);
    *node = (YamlNode){.kind = YAML_KIND_SCALAR,
                       .span = {override->source, begin, end, 1, (int)utf8_count(text, begin) + 1},
                       .text = arena_copy_text(override->arena, text + begin, end - begin),
                       .length = end - begin,
                       .content = begin,
                       .exact = true,
                       .node_count = 1,
                       .height = 1};
    return node;
}

static const YamlNode *apply(const Override *override, const SchemaMap *map, const YamlNode *node, size_t begin);

static const YamlNode *apply_to_item(const Override *override, const SchemaMap *map, const YamlNode *list,
                                     const YamlNode *segment)
{
    int64_t index;
    bool is_index = number_read_integer(override->arena, segment->text, segment->length, &index) == NUMBER_OK;
    if (!is_index || index < 0 || (uint64_t)index >= list->count) {
        Diagnostic *error = diagnostics_error(override->diagnostics, segment->span, "E0019",
                                              "%s is no place in this list", yaml_shown(override->arena, segment));
        error->label = arena_print(override->arena, "the list has length %zu, counted from 0", list->count);
        error->related = list->span;
        error->related_label = "the list";
        return list;
    }
    const YamlNode *item = apply(override, map, list->items[index], segment->span.end + 1);
    return merge_item(override->arena, list, (size_t)index, item);
}

/* The node at the path's rest, from byte `begin` on, with the value in it. */
static const YamlNode *apply(const Override *override, const SchemaMap *map, const YamlNode *node, size_t begin)
{
    if (begin > override->path_end)
        return merge_trees(override->arena, map, node, override->value);
    const YamlNode *segment = segment_at(override, begin);
    if (node != NULL && node->kind == YAML_KIND_SEQUENCE && (map == NULL || map->shorthand == NULL))
        return apply_to_item(override, map, node, segment);
    const YamlNode *mapping = node;
    if (node != NULL && node->kind != YAML_KIND_MAPPING)
        mapping = map != NULL ? value_write_out(override->arena, map, node) : NULL;
    if (mapping == NULL && node != NULL && node->kind == YAML_KIND_SCALAR && node->length > 0 && map == NULL) {
        Diagnostic *error = diagnostics_error(override->diagnostics, segment->span, "E0019",
                                              "there is no %s in one value", yaml_shown(override->arena, segment));
        error->related = node->span;
        error->related_label = "the value";
        return node;
    }
    const YamlNode *child = mapping != NULL ? yaml_get(mapping, segment->text) : NULL;
    child = apply(override, merge_child_map(map, segment->text), child, segment->span.end + 1);
    return merge_entry(override->arena, map, mapping, segment, child);
}

static bool check_path(const Override *override)
{
    const char *text = override->source->text;
    Span whole = {override->source, 0, override->path_end, 1, 1};
    bool is_good = override->path_end > 0;
    for (size_t i = 0; i < override->path_end; i++)
        if (text[i] == '.' && (i == 0 || text[i - 1] == '.' || i + 1 == override->path_end))
            is_good = false;
    if (is_good && text[override->path_end] == '=')
        return true;
    Diagnostic *error = diagnostics_error(override->diagnostics, whole, "E0019", "an override is KEY=VALUE");
    error->help = "as in --set train.optimizer.adam.rate=3e-4";
    return false;
}

const YamlNode *read_override(Arena *arena, const YamlNode *root, const char *override, Diagnostics *diagnostics)
{
    Source *source = ARENA_NEW(arena, Source);
    *source = (Source){OVERRIDE_SOURCE_NAME, override, strlen(override)};
    Override state = {arena, diagnostics, source, strcspn(override, "="), NULL};
    if (!check_path(&state))
        return root;
    state.value = yaml_read(arena, source, state.path_end + 1, diagnostics);
    return state.value != NULL ? apply(&state, schema_map("spec"), root, 0) : root;
}
