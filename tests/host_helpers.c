/* SPDX-License-Identifier: MIT */
#include "tests/host_helpers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char scratch_folder[64];

int scratch_start(void **state)
{
    (void)state;
    strcpy(scratch_folder, "/tmp/host-test-XXXXXX");
    return mkdtemp(scratch_folder) == NULL || chdir(scratch_folder) != 0;
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
