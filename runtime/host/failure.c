/* SPDX-License-Identifier: MIT-0 */
/* Failures as sentences, and memory that is claimed with checked sizes. */
#ifdef __linux__
#define _DEFAULT_SOURCE /* madvise */
#endif

#include "failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <sys/mman.h>
#endif

#define LARGE_PAGE ((size_t)1 << 21)

void failure_record(Failure *failure, FailureCode code, const char *format, ...)
{
    va_list arguments;
    failure->code = code;
    va_start(arguments, format);
    vsnprintf(failure->text, sizeof failure->text, format, arguments);
    va_end(arguments);
}

void failure_record_system(Failure *failure, FailureCode code, const char *doing, const char *path, int error)
{
    if (error == ENOMEM)
        code = FAILURE_INTERNAL;
    failure_record(failure, code, "cannot %s %s: %s", doing, path, strerror(error));
}

const char *failure_quote(char text[FAILURE_QUOTE_SIZE], const char *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    size_t used = 0, end = FAILURE_QUOTE_SIZE - 6; /* a \xNN, the quote and the 0 still fit there */
    text[used++] = '\'';
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (used + 4 > end && i + 1 < length) {
            memcpy(text + used, "...", 3);
            used += 3;
            break;
        }
        if (c >= 0x20 && c < 0x7f) {
            text[used++] = (char)c;
        } else {
            text[used++] = '\\';
            text[used++] = 'x';
            text[used++] = digits[c >> 4];
            text[used++] = digits[c & 15];
        }
    }
    text[used++] = '\'';
    text[used] = 0;
    return text;
}

/* Large memory in pages of 2 MiB, where the system gives them when asked: in small ones, walks through the weights of wide
 * layers spend a tenth of their time on finding pages. */
static void ask_for_large_pages(void *memory, size_t bytes)
{
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (bytes >= LARGE_PAGE)
        (void)madvise(memory, bytes, MADV_HUGEPAGE);
#else
    (void)memory, (void)bytes;
#endif
}

void *memory_claim(size_t count, size_t size, const char *what, Failure *failure)
{
    if (size != 0 && count > (SIZE_MAX - LARGE_PAGE) / size) {
        failure_record(failure, FAILURE_INTERNAL, "%s: %zu elements of %zu bytes do not fit into memory", what, count,
                       size);
        return NULL;
    }
    const size_t alignment = count * size >= 2 * LARGE_PAGE ? LARGE_PAGE : 64;
    size_t bytes = (count * size / alignment + 1) * alignment;
    void *memory = aligned_alloc(alignment, bytes);
    if (memory == NULL) {
        failure_record(failure, FAILURE_INTERNAL, "%s: out of memory (%zu bytes)", what, bytes);
        return NULL;
    }
    ask_for_large_pages(memory, bytes);
    return memset(memory, 0, bytes);
}

void *memory_claim_next(size_t count, size_t size, const char *what, bool *good, Failure *failure)
{
    void *memory = *good ? memory_claim(count, size, what, failure) : NULL;
    *good = memory != NULL;
    return memory;
}
