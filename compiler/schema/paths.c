/* SPDX-License-Identifier: MIT */
/* The keys of the language by their paths from the top of a spec. */
#include "compiler/schema/schema.h"

#include <string.h>

enum { DEPTH_MAX = 16 };

typedef struct Walk {
    SchemaVisit *visit;
    void *context;
    char path[SCHEMA_PATH_MAX];
    const SchemaMap *inside[DEPTH_MAX]; /* the maps on the way, each entered once */
    int depth;
} Walk;

static bool is_inside(const Walk *walk, const SchemaMap *map)
{
    for (int i = 0; i < walk->depth; i++)
        if (walk->inside[i] == map)
            return true;
    return false;
}

static void walk_map(Walk *walk, const SchemaMap *map, size_t length)
{
    const SchemaKey *key;
    if (walk->depth == DEPTH_MAX || is_inside(walk, map))
        return;
    walk->inside[walk->depth++] = map;
    for (size_t cursor = 0; (key = schema_next(map, &cursor)) != NULL;) {
        size_t name = strlen(key->name), begin = length > 0 ? length + 1 : 0;
        if (begin + name + 1 > sizeof walk->path)
            continue;
        if (length > 0)
            walk->path[length] = '.';
        memcpy(walk->path + begin, key->name, name + 1);
        walk->visit(walk->context, walk->path, key);
        if (key->kind == SCHEMA_MAP)
            walk_map(walk, schema_map(key->of), begin + name);
    }
    walk->depth--;
}

void schema_walk(SchemaVisit *visit, void *context)
{
    Walk walk = {.visit = visit, .context = context};
    walk_map(&walk, schema_map("spec"), 0);
}
