/* SPDX-License-Identifier: MIT-0 */
/* SHA-256, the hash by which specs, packages, weights and samples name each other. Used by the compiler too.
 * Source: NIST FIPS 180-4, "Secure Hash Standard". */
#ifndef RUNTIME_HOST_SHA256_H
#define RUNTIME_HOST_SHA256_H

#include "../prefix.h"

#include <stddef.h>
#include <stdint.h>

#define sha256_start       RUNTIME_NAME(sha256_start)
#define sha256_add         RUNTIME_NAME(sha256_add)
#define sha256_end         RUNTIME_NAME(sha256_end)
#define sha256_hexadecimal RUNTIME_NAME(sha256_hexadecimal)
#define sha256_text        RUNTIME_NAME(sha256_text)

#define SHA256_BYTES     32
#define SHA256_TEXT_SIZE 65 /* 64 hexadecimal digits and the 0 */

/* A hash under way: start, add bytes in any pieces, end. */
typedef struct Sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes added so far */
    uint8_t block[64];
} Sha256;

void sha256_start(Sha256 *hash);
void sha256_add(Sha256 *hash, const void *bytes, size_t length);
/* Writes the digest; the hash must be started again before it is used again. */
void sha256_end(Sha256 *hash, uint8_t digest[SHA256_BYTES]);

/* A digest as 64 small hexadecimal digits and a 0. */
void sha256_hexadecimal(const uint8_t digest[SHA256_BYTES], char text[SHA256_TEXT_SIZE]);
/* The digest of `length` bytes, as text. */
void sha256_text(const void *bytes, size_t length, char text[SHA256_TEXT_SIZE]);

#endif
