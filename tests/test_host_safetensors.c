/* SPDX-License-Identifier: MIT */
/* safetensors files: what is written reads back, the reference reader reads it, and damaged files are refused. */
#include "runtime/host/safetensors.h"
#include "runtime/host/sha256.h"
#include "tests/host_helpers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const float weights[6] = {0, 0.1f, -2, 3e8f, 1e-40f, 5};
static const SafetensorsFloat tensors[3] = {
    {"net.1.weight", 2, (const int64_t[]){2, 3}, 6, weights},
    {"net.0.bias", 1, (const int64_t[]){2}, 2, weights + 1},
    {"scale", 0, NULL, 1, weights + 2},
};
static const SafetensorsPair pairs[2] = {{"step", "12"}, {"name", "double \"well\""}};

static void test_written_tensors_read_back(void **state)
{
    (void)state;
    Failure failure;
    FileBytes bytes;
    Safetensors file;
    char hash[65], again[65];
    float values[6];
    assert_true(safetensors_write("w.safetensors", 3, tensors, 2, pairs, hash, &failure));
    assert_true(file_hash("w.safetensors", again, &failure));
    assert_string_equal(hash, again);
    assert_true(file_read("w.safetensors", &bytes, &failure));
    assert_int_equal((unsigned char)bytes.bytes[0] % 8, 0); /* the data lie at a multiple of 8 */
    assert_true(safetensors_parse(bytes.bytes, bytes.length, "w.safetensors", &file, &failure));
    assert_int_equal(file.count, 3);
    assert_string_equal(file.tensors[0].name, tensors[0].name);
    const SafetensorsTensor *weight = safetensors_find(&file, "net.1.weight");
    assert_int_equal(weight->rank, 2);
    assert_int_equal(weight->shape[1], 3);
    assert_true(safetensors_to_float(&file, weight, values, &failure));
    assert_memory_equal(values, weights, sizeof values);
    assert_int_equal(safetensors_find(&file, "scale")->count, 1);
    assert_null(safetensors_find(&file, "bias"));
    assert_string_equal(safetensors_metadata(&file, "name"), "double \"well\"");
    assert_null(safetensors_metadata(&file, "seed"));
    safetensors_release(&file);
    file_release(&bytes);
}

/* Whoever passes over the header reads the block of weights. */
static void test_data_stand_in_the_order_of_tensors(void **state)
{
    (void)state;
    Failure failure;
    FileBytes bytes;
    const SafetensorsFloat turned[3] = {tensors[2], tensors[0], tensors[1]};
    size_t reals = 0;
    assert_true(safetensors_write("a.safetensors", 3, turned, 0, NULL, NULL, &failure));
    assert_true(file_read("a.safetensors", &bytes, &failure));
    for (int i = 0; i < 3; i++)
        reals += turned[i].count;
    const char *data = (const char *)bytes.bytes + bytes.length - reals * sizeof(float);
    for (int i = 0; i < 3; i++) {
        assert_memory_equal(data, turned[i].values, turned[i].count * sizeof(float));
        data += turned[i].count * sizeof(float);
    }
    file_release(&bytes);
}

static size_t make_file(char *bytes, const char *header, size_t data)
{
    size_t length = strlen(header);
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(length >> (8 * i) & 255);
    memcpy(bytes + 8, header, length);
    memset(bytes + 8 + length, 0, data);
    return 8 + length + data;
}

static void test_other_types_become_floats(void **state)
{
    static const char header[] = "{\"d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                                 "\"h\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[8,10]},"
                                 "\"b\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[10,12]},"
                                 "\"i\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[12,16]}}";
    (void)state;
    char bytes[500];
    Failure failure;
    Safetensors file;
    float value;
    size_t length = make_file(bytes, header, 16);
    memcpy(bytes + length - 16, "\0\0\0\0\0\0\x04\xc0\x00\xc1\x20\xc0", 12);
    assert_true(safetensors_parse(bytes, length, "t", &file, &failure));
    for (const char *name = "dhb"; *name; name++) {
        assert_true(safetensors_to_float(&file, safetensors_find(&file, (const char[]){*name, 0}), &value, &failure));
        assert_true(value == -2.5f);
    }
    assert_false(safetensors_to_float(&file, safetensors_find(&file, "i"), &value, &failure));
    expect_failure(&failure, FAILURE_DATA, "tensor 'i' has type I32");
    safetensors_release(&file);
}

static void test_empty_tensors_and_padding(void **state)
{
    static const char header[] =
        "{\"__metadata__\":{},\"a\":{\"dtype\":\"F32\",\"shape\":[0,5],\"data_offsets\":[0,0]},"
        "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
        "\"c\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[4,4]}}    ";
    (void)state;
    char bytes[500];
    Failure failure;
    Safetensors file;
    assert_true(safetensors_parse(bytes, make_file(bytes, header, 4), "t", &file, &failure));
    assert_int_equal(file.count, 3);
    safetensors_release(&file);
    assert_true(safetensors_parse(bytes, make_file(bytes, "{}", 0), "t", &file, &failure));
    safetensors_release(&file);
}

/* ---- damage ------------------------------------------------------------------------------------------------------ */

static void test_damaged_headers_are_refused(void **state)
{
#define A "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"
    static const struct {
        const char *header;
        size_t data;
        const char *message;
    } cases[] = {
        {"", 0, "does not start with {"},
        {"[]", 0, "does not start with {"},
        {" {}", 0, "does not start with {"},
        {"{" A, 8, "expected a comma or }"},
        {"{" A "}x", 8, "more text after"},
        {"{" A "," A "}", 8, "the name 'a' occurs twice"},
        {"{" A "}", 7, "lie outside of the file; is it cut?"},
        {"{" A "}", 9, "9 bytes of data where the tensors have 8"},
        {"{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}", 16, "'b' starts at byte 12"},
        {"{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "'b' starts at byte 4"},
        {"{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "starts at byte 0"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "outside of the file"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "do not fit its shape"},
        {"{\"a\":{\"dtype\":\"F31\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "no dtype"},
        {"{\"a\":{\"dtype\":4,\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "no dtype"},
        {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "no shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}", 8, "no shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, "not a whole number"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", 8, "not a whole number"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}}", 8,
         "too many elements"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0, "too many elements"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, "more than 8 axes"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8, "no data_offsets"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,18446744073709551616]}}", 8, "no data_offsets"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}}", 8, "entries other than"},
        {"{\"a\":[]}", 0, "not an object"},
        {"{\"__metadata__\":[]," A "}", 8, "__metadata__ is an array"},
        {"{\"__metadata__\":{\"step\":12}," A "}", 8, "__metadata__ holds a number"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[500];
        Failure failure = {0};
        Safetensors file;
        if (safetensors_parse(bytes, make_file(bytes, cases[i].header, cases[i].data), "w", &file, &failure))
            fail_msg("accepted: %s", cases[i].header);
        expect_failure(&failure, FAILURE_DATA, cases[i].message);
    }
}

static void test_damaged_lengths_are_refused(void **state)
{
    (void)state;
    char bytes[500];
    Failure failure = {0};
    Safetensors file;
    size_t length = make_file(bytes, "{" A "}", 8);
    for (size_t cut = 0; cut < length; cut++) {
        char *copy = malloc(cut + 1);
        memcpy(copy, bytes, cut);
        assert_false(safetensors_parse(copy, cut, "w", &file, &failure));
        free(copy);
    }
    bytes[7] = 1;
    assert_false(safetensors_parse(bytes, length, "w", &file, &failure));
    expect_failure(&failure, FAILURE_DATA, "not a safetensors file");
    bytes[7] = 0;
    bytes[1] = 1;
    assert_false(safetensors_parse(bytes, length, "w", &file, &failure));
    expect_failure(&failure, FAILURE_DATA, "ends within its header");
}

static void test_changed_bytes_do_no_harm(void **state)
{
    (void)state;
    char bytes[500];
    size_t length = make_file(bytes, "{" A ",\"b\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[8,10]}}", 10);
    for (size_t i = 0; i < 256 * length; i++) {
        char copy[500];
        float values[100];
        Failure failure;
        Safetensors file;
        memcpy(copy, bytes, length);
        copy[i / 256] = (char)(i % 256);
        if (!safetensors_parse(copy, length, "w", &file, &failure))
            continue;
        for (size_t t = 0; t < file.count; t++)
            safetensors_to_float(&file, &file.tensors[t], values, &failure);
        safetensors_release(&file);
    }
}

/* ---- the reference implementation -------------------------------------------------------------------------------- */

static void test_reference_reads_and_writes_the_same(void **state)
{
    (void)state;
    Failure failure;
    FileBytes bytes;
    Safetensors file;
    float values[6];
    if (!command_works("python3 -c 'import numpy, safetensors.numpy'")) {
        print_message("skip: no safetensors for python3\n");
        skip();
    }
    assert_true(safetensors_write("ours.safetensors", 3, tensors, 2, pairs, NULL, &failure));
    assert_true(command_works("python3 -c '\n"
                              "import numpy as n, safetensors as s, safetensors.numpy as sn\n"
                              "f = s.safe_open(\"ours.safetensors\", \"np\")\n"
                              "assert f.metadata() == {\"step\": \"12\", \"name\": \"double \\\"well\\\"\"}\n"
                              "w = f.get_tensor(\"net.1.weight\")\n"
                              "assert w.shape == (2, 3) and w[1, 0] == n.float32(3e8)\n"
                              "assert f.get_tensor(\"scale\").shape == ()\n"
                              "sn.save_file({\"w\": w, \"d\": w.astype(n.float64)}, \"theirs.safetensors\")'"));
    assert_true(file_read("theirs.safetensors", &bytes, &failure));
    assert_true(safetensors_parse(bytes.bytes, bytes.length, "theirs.safetensors", &file, &failure));
    for (const char *name = "wd"; *name; name++) {
        assert_true(safetensors_to_float(&file, safetensors_find(&file, (const char[]){*name, 0}), values, &failure));
        assert_memory_equal(values, weights, sizeof values);
    }
    safetensors_release(&file);
    file_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_tensors_read_back),   cmocka_unit_test(test_data_stand_in_the_order_of_tensors),
        cmocka_unit_test(test_other_types_become_floats),   cmocka_unit_test(test_empty_tensors_and_padding),
        cmocka_unit_test(test_damaged_headers_are_refused), cmocka_unit_test(test_damaged_lengths_are_refused),
        cmocka_unit_test(test_changed_bytes_do_no_harm),    cmocka_unit_test(test_reference_reads_and_writes_the_same),
    };
    return cmocka_run_group_tests(tests, scratch_start, scratch_end);
}
