/* SPDX-License-Identifier: MIT */
/* A hash table from names to small integers, for the parser and the verifier. Names are not copied. */
#ifndef COMPILER_IR_NAMES_H
#define COMPILER_IR_NAMES_H

#include "compiler/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct NameTable {
    Arena *arena;
    struct NameEntry *entries;
    size_t count, room;
} NameTable;

NameTable name_table_start(Arena *arena);
bool name_table_add(NameTable *table, const char *name, int32_t value); /* false: the name is there already */
bool name_table_find(const NameTable *table, const char *name, int32_t *value);

#endif
