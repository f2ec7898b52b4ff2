/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probing, at most half full. The hash is FNV-1a (Fowler, Noll, Vo). */
#include "compiler/ir/names.h"

#include <string.h>

typedef struct NameEntry {
    const char *name; /* NULL: free */
    int32_t value;
} NameEntry;

static uint64_t hash_name(const char *name)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return hash;
}

/* The entry of that name, or the free one where it would go. */
static NameEntry *find_entry(NameEntry *entries, size_t room, const char *name)
{
    size_t place = (size_t)hash_name(name) & (room - 1);
    while (entries[place].name && strcmp(entries[place].name, name) != 0)
        place = (place + 1) & (room - 1);
    return &entries[place];
}

NameTable name_table_start(Arena *arena)
{
    NameTable table = {.arena = arena, .room = 16};
    table.entries = ARENA_ARRAY(arena, NameEntry, table.room);
    return table;
}

static void grow(NameTable *table)
{
    size_t room = table->room * 2;
    NameEntry *entries = ARENA_ARRAY(table->arena, NameEntry, room);
    for (size_t i = 0; i < table->room; i++)
        if (table->entries[i].name)
            *find_entry(entries, room, table->entries[i].name) = table->entries[i];
    table->entries = entries;
    table->room = room;
}

bool name_table_add(NameTable *table, const char *name, int32_t value)
{
    if (table->count * 2 >= table->room)
        grow(table);
    NameEntry *entry = find_entry(table->entries, table->room, name);
    if (entry->name)
        return false;
    *entry = (NameEntry){name, value};
    table->count++;
    return true;
}

bool name_table_find(const NameTable *table, const char *name, int32_t *value)
{
    const NameEntry *entry = find_entry(table->entries, table->room, name);
    if (!entry->name)
        return false;
    *value = entry->value;
    return true;
}
