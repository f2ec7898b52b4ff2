/* SPDX-License-Identifier: MIT */
/* SHA-256 against the published examples, and in pieces of every size. */
#include "runtime/host/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect_hash(const char *message, const char *expected)
{
    char text[SHA256_TEXT_SIZE];
    sha256_text(message, strlen(message), text);
    assert_string_equal(text, expected);
}

/* NIST, "Cryptographic Standards and Guidelines: Example Values", SHA-256; and RFC 6234, section 8.5. */
static void test_published_examples(void **state)
{
    (void)state;
    expect_hash("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_hash("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    expect_hash(
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
        "nopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

/* A million times the letter a, in pieces of 1, 2, 3, ... bytes. */
static void test_million_letters_in_uneven_pieces(void **state)
{
    (void)state;
    char piece[2048], text[SHA256_TEXT_SIZE];
    uint8_t digest[SHA256_BYTES];
    Sha256 hash;
    memset(piece, 'a', sizeof piece);
    sha256_start(&hash);
    size_t left = 1000000;
    for (size_t length = 1; left > 0; length = length % sizeof piece + 1) {
        size_t part = length < left ? length : left;
        sha256_add(&hash, piece, part);
        left -= part;
    }
    sha256_end(&hash, digest);
    sha256_hexadecimal(digest, text);
    assert_string_equal(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Every length around the ends of blocks, whole and cut in two, gives one hash. The sum over all of them is that of an
 * independent implementation (coreutils' sha256sum). */
static void test_lengths_around_block_ends(void **state)
{
    (void)state;
    char message[200];
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (char)('0' + i % 10);
    Sha256 all;
    sha256_start(&all);
    for (size_t length = 0; length <= sizeof message; length++) {
        uint8_t whole[SHA256_BYTES], parts[SHA256_BYTES];
        Sha256 hash;
        sha256_start(&hash);
        sha256_add(&hash, message, length);
        sha256_end(&hash, whole);
        sha256_start(&hash);
        sha256_add(&hash, message, length / 3);
        sha256_add(&hash, message + length / 3, length - length / 3);
        sha256_end(&hash, parts);
        assert_memory_equal(whole, parts, sizeof whole);
        char text[SHA256_TEXT_SIZE];
        sha256_hexadecimal(whole, text);
        sha256_add(&all, text, 64);
    }
    uint8_t digest[SHA256_BYTES];
    char text[SHA256_TEXT_SIZE];
    sha256_end(&all, digest);
    sha256_hexadecimal(digest, text);
    assert_string_equal(text, "d38454a23372ce2ee9a901038858b9db56cda322f8404c22643c6f843195bf26");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_examples),
        cmocka_unit_test(test_million_letters_in_uneven_pieces),
        cmocka_unit_test(test_lengths_around_block_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
