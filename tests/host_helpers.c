/* SPDX-License-Identifier: MIT */
#include "tests/host_helpers.h"
#include "runtime/host/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char scratch_folder[64], program_path[4200];

/* Where the program of this build is, from the folder that tests start in. */
static bool find_program(void)
{
    char folder[4000];
    const char *build = getenv("BUILD");
    if (build == NULL)
        build = "build";
    if (getcwd(folder, sizeof folder) == NULL)
        return false;
    snprintf(program_path, sizeof program_path, "%s%s%s/tests/host_program", build[0] == '/' ? "" : folder,
             build[0] == '/' ? "" : "/", build);
    return true;
}

int scratch_start(void **state)
{
    (void)state;
    strcpy(scratch_folder, "/tmp/host-test-XXXXXX");
    return !find_program() || mkdtemp(scratch_folder) == NULL || chdir(scratch_folder) != 0;
}

int scratch_end(void **state)
{
    char command[100];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", scratch_folder);
    return chdir("/") != 0 || system(command) != 0;
}

void scratch_write(const char *path, const void *bytes, size_t length)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, length, stream), length);
    assert_int_equal(fclose(stream), 0);
}

void expect_failure(const Failure *failure, FailureCode code, const char *part)
{
    if (failure->code != code || strstr(failure->text, part) == NULL)
        fail_msg("expected %d \"... %s ...\", got %d \"%s\"", (int)code, part, (int)failure->code, failure->text);
}

bool command_works(const char *command)
{
    char line[2000];
    snprintf(line, sizeof line, "(%s) >/dev/null 2>&1", command);
    return system(line) == 0;
}

int run_program(const char *format, ...)
{
    char arguments[1000], line[6000];
    va_list list;
    va_start(list, format);
    vsnprintf(arguments, sizeof arguments, format, list);
    va_end(list);
    snprintf(line, sizeof line, "PROGRAM='%s'; { \"$PROGRAM\" %s; } >out 2>err", program_path, arguments);
    int status = system(line);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

char *scratch_read(const char *path)
{
    FileBytes file;
    Failure failure;
    if (!file_read(path, &file, &failure))
        fail_msg("%s", failure.text);
    return file.bytes;
}

void expect_text(const char *path, const char *text)
{
    char *found = scratch_read(path);
    if (strstr(found, text) == NULL)
        fail_msg("%s should contain \"%s\" but is:\n%s", path, text, found);
    free(found);
}

void expect_code(int code, int expected)
{
    if (code == expected)
        return;
    char *err = scratch_read("err");
    fail_msg("exit code %d, expected %d; stderr:\n%s", code, expected, err);
}
