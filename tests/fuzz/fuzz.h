/* SPDX-License-Identifier: MIT */
/* Functions that take bytes from anyone: each reads them as one kind of file and checks what must hold of whatever was
 * read. The fuzzer looks for bytes that break them (`ninja fuzz`); the everyday tests run them over tests/fuzz/corpus,
 * which has a folder for each. A new one is a function, a row of FUZZ_TARGETS, and a folder of the corpus. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Longer input is not looked at: what is slow because it is long is no finding. */
enum { FUZZ_LENGTH_MAX = 1 << 15 };

/* A spec: its errors are printed in both forms; a good and small one is lowered, goes through the passes and is emitted.
 * Lines that begin with "#--set " are overrides. */
void fuzz_spec(const uint8_t *bytes, size_t length);
/* A formula over three components: lowered, differentiated, run. */
void fuzz_formula(const uint8_t *bytes, size_t length);
/* A module of the IR: printed and read again, through the passes, differentiated, run. */
void fuzz_ir(const uint8_t *bytes, size_t length);
void fuzz_npy(const uint8_t *bytes, size_t length);
void fuzz_safetensors(const uint8_t *bytes, size_t length);
void fuzz_csv(const uint8_t *bytes, size_t length);
/* JSON is written and read again. */
void fuzz_json(const uint8_t *bytes, size_t length);

typedef struct FuzzTarget {
    const char *name; /* of its folder, too */
    void (*run)(const uint8_t *bytes, size_t length);
} FuzzTarget;

/* Ends with a name that is NULL. */
extern const FuzzTarget FUZZ_TARGETS[];

/* Ends the program where `holds` is false, after a line that says what should have held. */
void fuzz_check(int holds, const char *what);

/* A copy of just that length, so that one byte too far is seen. */
char *fuzz_copy(const uint8_t *bytes, size_t length);

#endif
