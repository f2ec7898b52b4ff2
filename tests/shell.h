/* SPDX-License-Identifier: MIT */
/* For tests that run programs: commands with their output and exit code, folders that go away, files. */
#ifndef TESTS_SHELL_H
#define TESTS_SHELL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* A new folder below the build's, removed by shell_clean. The text lives until then. */
const char *shell_folder(void);
void shell_clean(void);

typedef struct ShellResult {
    int code;     /* the exit code; 128 + the signal that ended it */
    char *output; /* stdout and stderr as they came, free()d by the caller or never */
    size_t length;
} ShellResult;

/* Runs a command of /bin/sh. A redirection inside the command keeps the streams apart. */
ShellResult shell_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Whether a command line ends with 0. */
bool shell_succeeds(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, and fails the test with the output when the code is not 0. */
void shell_must(const char *format, ...) __attribute__((format(printf, 1, 2)));

bool shell_has(const char *program); /* is it on the PATH? */
char *shell_read(size_t *length, const char *format, ...) __attribute__((format(printf, 2, 3))); /* a whole file */
void shell_write(const char *bytes, size_t length, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Fails the test unless both files hold the same bytes. */
void shell_same_files(const char *a, const char *b);
/* Prints "skip: WHY" once and skips the test. */
void shell_skip(const char *why) __attribute__((noreturn));
/* The compiler under test, from the environment. */
const char *shell_ansatz(void);

#endif
