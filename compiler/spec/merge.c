/* SPDX-License-Identifier: MIT */
/* Trees over trees, for `extends` and for overrides. Nothing is changed in place: nodes may be shared by aliases. */
#include "compiler/spec/read.h"

#include <stdlib.h>
#include <string.h>

const SchemaMap *merge_child_map(const SchemaMap *map, const char *name)
{
    const SchemaKey *key = map != NULL ? schema_find(map, name) : NULL;
    if (key == NULL)
        return NULL;
    if (key->kind == SCHEMA_MAP)
        return schema_map(key->of);
    return (key->flags & SCHEMA_SCHEDULED) != 0 ? schema_map("schedule") : NULL;
}

/* Sizes from those of the children. */
static void measure(YamlNode *node)
{
    node->node_count = 1;
    node->height = 1;
    for (size_t i = 0; i < node->count; i++) {
        const YamlNode *value = node->kind == YAML_KIND_MAPPING ? node->entries[i].value : node->items[i];
        node->node_count += value->node_count + (node->kind == YAML_KIND_MAPPING);
        if (value->height >= node->height)
            node->height = value->height + 1;
    }
}

/* ---- alternatives ---- */

static bool is_alternative(const SchemaMap *map, const char *name)
{
    const SchemaKey *key = schema_find(map, name);
    return key != NULL && (key->flags & SCHEMA_ALTERNATIVE) != 0;
}

/* Whether `over` has a key that can't stand beside this one, as kT and temperature. */
static bool is_excluded(const SchemaMap *map, const YamlNode *over, const SchemaKey *key)
{
    const SchemaKey *other;
    if (key->with != NULL && key->with[0] == '!' && yaml_get(over, key->with + 1) != NULL)
        return true;
    for (size_t cursor = 0; (other = schema_next(map, &cursor)) != NULL;)
        if (other->with != NULL && other->with[0] == '!' && strcmp(other->with + 1, key->name) == 0 &&
            yaml_get(over, other->name) != NULL)
            return true;
    return false;
}

/* Whether a key of the base goes away: `over` names another alternative, and it is one or stands beside one; or `over`
 * has a key that it can't stand beside. */
static bool goes_away(const SchemaMap *map, const YamlNode *over, bool names_one, const char *name)
{
    const SchemaKey *key = schema_find(map, name);
    if (key == NULL || yaml_get(over, name) != NULL)
        return false;
    if (is_excluded(map, over, key))
        return true;
    if (!names_one || (key->flags & SCHEMA_ALTERNATIVE) != 0)
        return names_one;
    return key->with != NULL && is_alternative(map, key->with) && yaml_get(over, key->with) == NULL;
}

static const YamlNode *drop_replaced(Arena *arena, const SchemaMap *map, const YamlNode *base, const YamlNode *over)
{
    bool names_one = false;
    if (map == NULL || !map->is_choice)
        return base;
    for (size_t i = 0; i < over->count; i++)
        names_one = names_one || is_alternative(map, over->entries[i].key->text);
    YamlNode *kept = arena_grow(arena, base, 1, 1, sizeof *base);
    YamlEntry *entries = ARENA_ARRAY(arena, YamlEntry, base->count);
    kept->count = 0;
    kept->entries = entries;
    for (size_t i = 0; i < base->count; i++)
        if (!goes_away(map, over, names_one, base->entries[i].key->text))
            entries[kept->count++] = base->entries[i];
    return kept;
}

/* ---- mappings ---- */

static int compare_entries(const void *left, const void *right)
{
    const YamlEntry *const *a = left, *const *b = right;
    return strcmp((*a)->key->text, (*b)->key->text);
}

static int compare_to_entry(const void *name, const void *entry)
{
    return strcmp(name, (*(const YamlEntry *const *)entry)->key->text);
}

/* Keys are looked up in a sorted index, so that a hundred thousand of them stay quick. */
static const YamlNode *merge_mappings(Arena *arena, const SchemaMap *map, const YamlNode *base, const YamlNode *over)
{
    base = drop_replaced(arena, map, base, over);
    YamlNode *result = arena_grow(arena, over, 1, 1, sizeof *over);
    YamlEntry *entries = arena_grow(arena, base->entries, base->count, base->count + over->count, sizeof(YamlEntry));
    YamlEntry **index = ARENA_ARRAY(arena, YamlEntry *, base->count);
    for (size_t i = 0; i < base->count; i++)
        index[i] = &entries[i];
    if (base->count > 0)
        qsort(index, base->count, sizeof(YamlEntry *), compare_entries);
    result->count = base->count;
    result->entries = entries;
    for (size_t i = 0; i < over->count; i++) {
        const YamlEntry *entry = &over->entries[i];
        YamlEntry **found = base->count > 0
                                ? bsearch(entry->key->text, index, base->count, sizeof(YamlEntry *), compare_to_entry)
                                : NULL;
        if (found == NULL) {
            entries[result->count++] = *entry;
            continue;
        }
        const SchemaMap *child = merge_child_map(map, entry->key->text);
        **found = (YamlEntry){entry->key, merge_trees(arena, child, (*found)->value, entry->value)};
    }
    measure(result);
    return result;
}

const YamlNode *merge_trees(Arena *arena, const SchemaMap *map, const YamlNode *base, const YamlNode *over)
{
    if (over->kind != YAML_KIND_MAPPING || base == NULL)
        return over;
    if (base->kind != YAML_KIND_MAPPING)
        base = map != NULL ? value_write_out(arena, map, base) : NULL;
    return base != NULL ? merge_mappings(arena, map, base, over) : over;
}

const YamlNode *merge_entry(Arena *arena, const SchemaMap *map, const YamlNode *base, const YamlNode *key,
                            const YamlNode *value)
{
    YamlNode over = {.kind = YAML_KIND_MAPPING, .span = key->span};
    YamlNode *empty = arena_grow(arena, &over, 1, 1, sizeof over);
    YamlEntry entry = {key, value};
    if (base == NULL)
        base = empty;
    over.count = 1;
    over.entries = &entry;
    const YamlNode *others = yaml_get(base, key->text) != NULL ? merge_without(arena, base, key->text) : base;
    YamlNode *result = arena_grow(arena, merge_mappings(arena, map, others, &over), 1, 1, sizeof *base);
    result->span = base->span;
    return result;
}

const YamlNode *merge_without(Arena *arena, const YamlNode *base, const char *name)
{
    YamlNode *result = arena_grow(arena, base, 1, 1, sizeof *base);
    YamlEntry *entries = ARENA_ARRAY(arena, YamlEntry, base->count);
    result->count = 0;
    result->entries = entries;
    for (size_t i = 0; i < base->count; i++)
        if (strcmp(base->entries[i].key->text, name) != 0)
            entries[result->count++] = base->entries[i];
    measure(result);
    return result;
}

const YamlNode *merge_item(Arena *arena, const YamlNode *base, size_t index, const YamlNode *value)
{
    YamlNode *result = arena_grow(arena, base, 1, 1, sizeof *base);
    const YamlNode **items = arena_grow(arena, base->items, base->count, base->count, sizeof(const YamlNode *));
    items[index] = value;
    result->items = items;
    measure(result);
    return result;
}
