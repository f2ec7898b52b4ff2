/* SPDX-License-Identifier: MIT */
/* One allocator for the whole run: memory is taken from chunks and never given back, because a compiler is a
 * short-lived program. On failure it leaves by longjmp to the place that main has set; no caller checks for NULL. */
#ifndef COMPILER_BASE_ARENA_H
#define COMPILER_BASE_ARENA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

typedef struct ArenaChunk ArenaChunk;

typedef struct Arena {
    ArenaChunk *chunk;
    size_t total;           /* bytes taken from the system so far */
    jmp_buf *out_of_memory; /* where to go when the system has no more; NULL: abort() */
} Arena;

void arena_start(Arena *arena, jmp_buf *out_of_memory);
void arena_end(Arena *arena);

/* `count * size` bytes, zeroed, aligned for any type; the product is checked. */
void *arena_take(Arena *arena, size_t count, size_t size);
/* A larger copy of an array whose first `old_count` elements are kept; the rest is zero. */
void *arena_grow(Arena *arena, const void *old, size_t old_count, size_t new_count, size_t size);
char *arena_copy_text(Arena *arena, const char *text, size_t length);
char *arena_print(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprint(Arena *arena, const char *format, va_list arguments);

#define ARENA_NEW(arena, Type)          ((Type *)arena_take((arena), 1, sizeof(Type)))
#define ARENA_ARRAY(arena, Type, count) ((Type *)arena_take((arena), (size_t)(count), sizeof(Type)))

#endif
