/* SPDX-License-Identifier: MIT */
/* Programs, folders and files for tests. */
#include "tests/shell.h"

#include <errno.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char *folders[64];
static int folder_count;

static char *print(const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = malloc((size_t)length + 1);
    assert_non_null(text);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

const char *shell_folder(void)
{
    const char *build = getenv("BUILD");
    char path[512];
    snprintf(path, sizeof path, "%s/test-XXXXXX", build ? build : "/tmp");
    assert_non_null(mkdtemp(path));
    assert_true(folder_count < 64);
    char *absolute = realpath(path, NULL);
    assert_non_null(absolute);
    folders[folder_count++] = absolute;
    return absolute;
}

void shell_clean(void)
{
    while (folder_count > 0) {
        char command[600];
        snprintf(command, sizeof command, "rm -rf '%s'", folders[--folder_count]);
        if (system(command) != 0)
            fprintf(stderr, "cannot remove %s\n", folders[folder_count]);
        free(folders[folder_count]);
    }
}

static ShellResult run(const char *command)
{
    char *whole = malloc(strlen(command) + 32);
    assert_non_null(whole);
    sprintf(whole, "exec 2>&1; %s", command);
    FILE *pipe = popen(whole, "r");
    assert_non_null(pipe);
    ShellResult result = {0};
    size_t room = 4096;
    result.output = malloc(room);
    for (size_t got; (got = fread(result.output + result.length, 1, room - result.length - 1, pipe)) > 0;) {
        result.length += got;
        if (room - result.length < 1024)
            result.output = realloc(result.output, room *= 2);
        assert_non_null(result.output);
    }
    result.output[result.length] = '\0';
    int status = pclose(pipe);
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    free(whole);
    return result;
}

ShellResult shell_run(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *command = print(format, arguments);
    va_end(arguments);
    ShellResult result = run(command);
    free(command);
    return result;
}

bool shell_succeeds(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *command = print(format, arguments);
    va_end(arguments);
    ShellResult result = run(command);
    free(command);
    free(result.output);
    return result.code == 0;
}

void shell_must(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *command = print(format, arguments);
    va_end(arguments);
    ShellResult result = run(command);
    if (result.code != 0) {
        printf("%s\n%s\n", command, result.output);
        fail_msg("exit code %d", result.code);
    }
    free(command);
    free(result.output);
}

bool shell_has(const char *program)
{
    ShellResult result = shell_run("command -v %s", program);
    free(result.output);
    return result.code == 0;
}

char *shell_read(size_t *length, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *path = print(format, arguments);
    va_end(arguments);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    size_t room = 1 << 16, got = 0;
    char *bytes = malloc(room);
    for (size_t now; (now = fread(bytes + got, 1, room - got - 1, file)) > 0;) {
        got += now;
        if (room - got < 1024)
            bytes = realloc(bytes, room *= 2);
        assert_non_null(bytes);
    }
    bytes[got] = '\0';
    fclose(file);
    free(path);
    if (length)
        *length = got;
    return bytes;
}

void shell_write(const char *bytes, size_t length, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *path = print(format, arguments);
    va_end(arguments);
    FILE *file = fopen(path, "wb");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    free(path);
}

void shell_same_files(const char *a, const char *b)
{
    size_t a_length, b_length;
    char *a_bytes = shell_read(&a_length, "%s", a), *b_bytes = shell_read(&b_length, "%s", b);
    if (a_length != b_length)
        fail_msg("%s has %zu bytes, %s has %zu", a, a_length, b, b_length);
    for (size_t i = 0; i < a_length; i++)
        if (a_bytes[i] != b_bytes[i])
            fail_msg("%s and %s differ at byte %zu", a, b, i);
    free(a_bytes);
    free(b_bytes);
}

void shell_skip(const char *why)
{
    printf("skip: %s\n", why);
    skip();
    abort(); /* skip() does not come back */
}

const char *shell_ansatz(void)
{
    static char absolute[4096];
    const char *path = getenv("ANSATZ");
    assert_non_null(path);
    assert_non_null(realpath(path, absolute));
    return absolute;
}
