/* SPDX-License-Identifier: MIT */
/* The arena: a list of chunks, the newest first; an allocation that does not fit starts a new chunk. Under
 * AddressSanitizer what lies between allocations is poisoned, so that a step beyond one is seen. */
#include "compiler/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ArenaChunk {
    ArenaChunk *previous;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifdef IS_SANITIZED
#include <sanitizer/asan_interface.h>
#else
#define IS_SANITIZED                                0
#define ASAN_POISON_MEMORY_REGION(address, bytes)   ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

enum { CHUNK_BYTES = 1 << 18, ALIGNMENT = alignof(max_align_t), GAP = IS_SANITIZED ? ALIGNMENT : 0 };

void arena_start(Arena *arena, jmp_buf *out_of_memory)
{
    *arena = (Arena){.out_of_memory = out_of_memory};
}

void arena_end(Arena *arena)
{
    while (arena->chunk != NULL) {
        ArenaChunk *previous = arena->chunk->previous;
        ASAN_UNPOISON_MEMORY_REGION(arena->chunk->bytes, arena->chunk->size);
        free(arena->chunk);
        arena->chunk = previous;
    }
    arena->total = 0;
}

static void arena_fail(Arena *arena)
{
    if (arena->out_of_memory == NULL)
        abort();
    longjmp(*arena->out_of_memory, 1);
}

void *arena_take(Arena *arena, size_t count, size_t size)
{
    size_t wanted;
    if (__builtin_mul_overflow(count, size, &wanted) || wanted > SIZE_MAX - sizeof(ArenaChunk) - ALIGNMENT - GAP)
        arena_fail(arena);
    size_t bytes = (wanted + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + GAP;
    if (arena->chunk == NULL || arena->chunk->size - arena->chunk->used < bytes) {
        size_t room = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
        ArenaChunk *chunk = calloc(1, sizeof *chunk + room);
        if (chunk == NULL)
            arena_fail(arena);
        chunk->previous = arena->chunk;
        chunk->size = room;
        ASAN_POISON_MEMORY_REGION(chunk->bytes, room);
        arena->chunk = chunk;
        arena->total += room;
    }
    void *result = arena->chunk->bytes + arena->chunk->used;
    arena->chunk->used += bytes;
    ASAN_UNPOISON_MEMORY_REGION(result, wanted);
    return result;
}

void *arena_grow(Arena *arena, const void *old, size_t old_count, size_t new_count, size_t size)
{
    void *result = arena_take(arena, new_count, size);
    if (old_count > 0)
        memcpy(result, old, old_count * size);
    return result;
}

char *arena_copy_text(Arena *arena, const char *text, size_t length)
{
    char *result = arena_take(arena, length + 1, 1);
    if (length > 0)
        memcpy(result, text, length);
    return result;
}

char *arena_vprint(Arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        arena_fail(arena);
    char *result = arena_take(arena, (size_t)length + 1, 1);
    vsnprintf(result, (size_t)length + 1, format, arguments);
    return result;
}

char *arena_print(Arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *result = arena_vprint(arena, format, arguments);
    va_end(arguments);
    return result;
}
