/* SPDX-License-Identifier: MIT-0 */
/* How a part of the host runtime says that it failed: a sentence for the user and the program's exit code. A function
 * that can fail takes a Failure and returns false after it has filled it in; nobody below program_main prints or exits.
 */
#ifndef RUNTIME_HOST_FAILURE_H
#define RUNTIME_HOST_FAILURE_H

#include "../prefix.h"

#include <stdbool.h>
#include <stddef.h>

#define failure_record        RUNTIME_NAME(failure_record)
#define failure_record_system RUNTIME_NAME(failure_record_system)
#define failure_quote         RUNTIME_NAME(failure_quote)
#define memory_claim_next     RUNTIME_NAME(memory_claim_next)
#define memory_claim          RUNTIME_NAME(memory_claim)

/* The exit codes: those of sysexits.h, and four of our own. */
typedef enum FailureCode {
    FAILURE_NONE = 0,
    FAILURE_GATE = 1,       /* it ran, but a --require did not hold */
    FAILURE_NOT_FINITE = 2, /* a number that is not finite, a training that diverged */
    FAILURE_USAGE = 64,
    FAILURE_DATA = 65,
    FAILURE_NO_INPUT = 66,
    FAILURE_INTERNAL = 70,
    FAILURE_CANNOT_CREATE = 73,
    FAILURE_IO = 74,
    FAILURE_INTERRUPTED = 130
} FailureCode;

typedef struct Failure {
    FailureCode code;
    char text[1024]; /* one sentence, no newline, cut where it is too long */
} Failure;

void failure_record(Failure *failure, FailureCode code, const char *format, ...) __attribute__((format(printf, 3, 4)));
void failure_record_system(Failure *failure, FailureCode code, const char *doing, const char *path, int error);

/* Fills in a failure; its value is false, so that a function can `return failure_set(...)`. (Macros, so that compilers
 * see that it is false and know what is initialised after it.) */
#define failure_set(...) (failure_record(__VA_ARGS__), false)

/* "cannot read FILE: No such file or directory": (failure, code, "read", path, errno). Its exit code is `code`, but 70
 * where memory ran out. */
#define failure_system(failure, code, doing, path, error)                                                              \
    (failure_record_system(failure, code, doing, path, error), false)

/* Bytes from a file or a command line, as a message may show them: in single quotes, printable ASCII, the rest as \xNN,
 * cut with "..." where they would not fit. Returns `text`. */
#define FAILURE_QUOTE_SIZE 80
const char *failure_quote(char text[FAILURE_QUOTE_SIZE], const char *bytes, size_t length);

/* `count` zeroed elements of `size` bytes, aligned to 64 bytes, or NULL after a failure that names `what`. For free().
 */
void *memory_claim(size_t count, size_t size, const char *what, Failure *failure);
/* The same for one of several claims: it is made only where `good` is still true, which becomes false when it fails. */
void *memory_claim_next(size_t count, size_t size, const char *what, bool *good, Failure *failure);

#endif
