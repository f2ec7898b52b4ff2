/* SPDX-License-Identifier: MIT */
/* What the tests of the host runtime share: a folder of their own for files, and failures that must come. */
#ifndef TESTS_HOST_HELPERS_H
#define TESTS_HOST_HELPERS_H

#include "runtime/host/failure.h"

/* Set-up and tear-down of a test group: makes a new folder, goes there, and removes it with all that it holds. */
int scratch_start(void **state);
int scratch_end(void **state);

/* Writes a file of the scratch folder; the test fails if it can't. */
void scratch_write(const char *path, const void *bytes, size_t length);

/* Checks that a failure has this code and that its sentence contains `part`. */
void expect_failure(const Failure *failure, FailureCode code, const char *part);

/* Runs `PROGRAM arguments` in a shell, PROGRAM being tests/host_program of this build, with its output in the scratch
 * files `out` and `err`; returns its exit code. What follows the arguments, as in "... & sleep 1", is the shell's to
 * read. */
int run_program(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Checks its exit code; another fails the test with what stands in `err`. */
void expect_code(int code, int expected);

/* A file of the scratch folder as text, to be freed. */
char *scratch_read(const char *path);

/* Checks that a file of the scratch folder contains the text. */
void expect_text(const char *path, const char *text);

/* Whether the shell command ends with 0; its output goes nowhere. */
bool command_works(const char *command);

#endif
