/* SPDX-License-Identifier: MIT */
/* C identifiers: which are taken in a scope, and new ones from the hints that values carry. */
#ifndef COMPILER_EMIT_IDENTIFIERS_H
#define COMPILER_EMIT_IDENTIFIERS_H

#include "compiler/base/arena.h"

#include <stdbool.h>

/* A set of identifiers; lookups also ask the enclosing scope. */
typedef struct Identifiers {
    Arena *arena;
    const struct Identifiers *outer;
    const char **slots;
    int *numbers; /* beside each: the last number that was put behind it */
    size_t count, room;
} Identifiers;

Identifiers identifiers_start(Arena *arena, const Identifiers *outer);
void identifiers_add(Identifiers *set, const char *name);
bool identifiers_added(const Identifiers *set, const char *name); /* to this very set */
/* Taken in this scope or an outer one, a word of C, or a name that the runtime uses. */
bool identifiers_has(const Identifiers *set, const char *name);
/* `hint` as an identifier that is not taken yet, with a number behind it where need be; taken from now on. Characters
 * that C does not allow become '_'. */
const char *identifiers_new(Identifiers *set, const char *hint);

#endif
