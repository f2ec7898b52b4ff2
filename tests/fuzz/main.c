/* SPDX-License-Identifier: MIT */
/* What libFuzzer calls: the target that FUZZ_TARGET names. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const FuzzTarget *chosen_target(void)
{
    const char *name = getenv("FUZZ_TARGET");
    for (const FuzzTarget *target = FUZZ_TARGETS; target->name; target++)
        if (name && strcmp(target->name, name) == 0)
            return target;
    fprintf(stderr, "FUZZ_TARGET is none of tests/fuzz/targets.c\n");
    exit(64);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const FuzzTarget *target; /* libFuzzer has no place to keep it */
    if (!target)
        target = chosen_target();
    if (length <= FUZZ_LENGTH_MAX)
        target->run(bytes, length);
    return 0;
}
