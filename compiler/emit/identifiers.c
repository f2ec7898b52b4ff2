/* SPDX-License-Identifier: MIT */
/* Identifiers in an open-addressed table. Reserved are the words of C, the macros and helpers of runtime/core, and what
 * emitted functions call their own parameters. */
#include "compiler/emit/identifiers.h"

#include <stdint.h>
#include <string.h>

static size_t hash_text(const char *text)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return (size_t)hash;
}

Identifiers identifiers_start(Arena *arena, const Identifiers *outer)
{
    return (Identifiers){.arena = arena, .outer = outer};
}

static size_t find_slot(const char *const *slots, size_t room, const char *name)
{
    size_t slot = hash_text(name) & (room - 1);
    while (slots[slot] != NULL && strcmp(slots[slot], name) != 0)
        slot = (slot + 1) & (room - 1);
    return slot;
}

void identifiers_add(Identifiers *set, const char *name)
{
    if (2 * (set->count + 1) > set->room) {
        size_t room = set->room > 0 ? 2 * set->room : 32;
        const char **slots = ARENA_ARRAY(set->arena, const char *, room);
        int *numbers = ARENA_ARRAY(set->arena, int, room);
        for (size_t i = 0; i < set->room; i++)
            if (set->slots[i] != NULL) {
                size_t slot = find_slot(slots, room, set->slots[i]);
                slots[slot] = set->slots[i];
                numbers[slot] = set->numbers[i];
            }
        set->slots = slots;
        set->numbers = numbers;
        set->room = room;
    }
    size_t slot = find_slot(set->slots, set->room, name);
    if (set->slots[slot] == NULL)
        set->count++;
    set->slots[slot] = name;
}

static bool is_reserved(const char *name)
{
    static const char *const words[] = {
        "auto",   "break",     "case",     "char",     "const",   "continue", "default", "do",          "double",
        "else",   "enum",      "extern",   "float",    "for",     "goto",     "if",      "inline",      "int",
        "long",   "register",  "restrict", "return",   "short",   "signed",   "sizeof",  "static",      "struct",
        "switch", "typedef",   "union",    "unsigned", "void",    "volatile", "while",   "asm",         "typeof",
        "real",   "lanes",     "bool",     "true",     "false",   "main",     "y0",      "y1",          "j0",
        "j1",     "yn",        "jn",       "gamma",    "exp",     "log",      "sin",     "cos",         "tan",
        "sqrt",   "pow",       "tanh",     "erf",      "floor",   "abs",      "index",   "signal",      "time",
        "block",  "workspace", "weights",  "scalars",  "shared",  "batch",    "sums",    "double_sums", "gradient",
        "seed",   "first",     "count",    "step",     "threads", "frame",    "shard",   "tile",        "i",
        "j",      "k",         "l",        "m",        "n",       "s",        "p"};
    static const char *const prefixes[] = {"lanes_",      "real_",      "load_",   "store_", "tile_",  "random_",
                                           "block_",      "rows_",      "sum_",    "add_",   "max_",   "copy_",
                                           "contract_",   "transpose_", "index_",  "table_", "dense_", "output_",
                                           "elementary_", "philox_",    "floats_", "fma_",   "BLOCK",  "LANES"};
    if (name[0] == 'n' && name[1] != '\0' && name[2] == '\0') /* the loop of a label: na, nb, ... */
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], name) == 0)
            return true;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(prefixes[i], name, strlen(prefixes[i])) == 0)
            return true;
    return false;
}

bool identifiers_added(const Identifiers *set, const char *name)
{
    return set->room > 0 && set->slots[find_slot(set->slots, set->room, name)] != NULL;
}

bool identifiers_has(const Identifiers *set, const char *name)
{
    for (const Identifiers *scope = set; scope != NULL; scope = scope->outer)
        if (identifiers_added(scope, name))
            return true;
    return is_reserved(name);
}

/* Lower-case letters, digits and '_', beginning with a letter: capitals are the runtime's macros. */
static char *clean(Arena *arena, const char *hint)
{
    char *name = arena_copy_text(arena, hint, strlen(hint));
    for (char *c = name; *c != '\0'; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        if (!letter && !(*c >= '0' && *c <= '9'))
            *c = '_';
    }
    bool begins_well = (name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z');
    size_t length = strlen(name);
    bool has_lower = false;
    for (size_t i = 0; i < length; i++)
        has_lower = has_lower || (name[i] >= 'a' && name[i] <= 'z');
    if (!begins_well)
        return arena_print(arena, name[0] == '_' ? "v%s" : "v_%s", name);
    return has_lower ? name : arena_print(arena, "%s_", name);
}

const char *identifiers_new(Identifiers *set, const char *hint)
{
    const char *base = clean(set->arena, hint), *name = base;
    if (strlen(base) > 40)
        name = base = arena_copy_text(set->arena, base, 40);
    if (is_reserved(arena_print(set->arena, "%s_2", base))) /* a prefix of the runtime's: no number would do */
        name = base = arena_print(set->arena, "v_%s", base);
    if (identifiers_has(set, base)) {
        identifiers_add(set, base); /* its number is kept here, wherever it is taken */
        int number = set->numbers[find_slot(set->slots, set->room, base)];
        number = number < 2 ? 2 : number + 1;
        while (identifiers_has(set, name = arena_print(set->arena, "%s_%d", base, number)))
            number++;
        set->numbers[find_slot(set->slots, set->room, base)] = number;
    }
    identifiers_add(set, name);
    return name;
}
