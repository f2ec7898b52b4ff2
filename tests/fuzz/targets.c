/* SPDX-License-Identifier: MIT */
/* The table of targets and what they share. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const FuzzTarget FUZZ_TARGETS[] = {
    {"spec", fuzz_spec},
    {"formula", fuzz_formula},
    {"ir", fuzz_ir},
    {"npy", fuzz_npy},
    {"safetensors", fuzz_safetensors},
    {"csv", fuzz_csv},
    {"json", fuzz_json},
    {NULL, NULL},
};

void fuzz_check(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz: does not hold: %s\n", what);
    abort();
}

char *fuzz_copy(const uint8_t *bytes, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    fuzz_check(copy != NULL, "memory for a copy of the input");
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}
