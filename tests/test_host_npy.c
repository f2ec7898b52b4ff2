/* SPDX-License-Identifier: MIT */
/* NPY files: what is written reads back, NumPy reads it and writes what we read, and damaged files are refused. */
#include "runtime/host/npy.h"
#include "tests/host_helpers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An NPY file of version 1.0 with this header's text and this many bytes of zeros. */
static size_t make_file(char *bytes, const char *header, size_t data)
{
    size_t length = strlen(header);
    memcpy(bytes, "\x93NUMPY\x01\x00", 8);
    bytes[8] = (char)(length & 255);
    bytes[9] = (char)(length >> 8);
    memcpy(bytes + 10, header, length);
    memset(bytes + 10 + length, 0, data);
    return 10 + length + data;
}

static bool parse(const char *bytes, size_t length, NpyView *view, Failure *failure)
{
    return npy_parse(bytes, length, "x.npy", view, failure);
}

static void test_written_rows_read_back(void **state)
{
    (void)state;
    float values[300][7], back[300][7];
    Failure failure;
    NpyWriter writer;
    FileBytes file;
    NpyView view;
    for (size_t i = 0; i < 2100; i++)
        (&values[0][0])[i] = sinf((float)i) * 1e3f;
    assert_true(npy_start(&writer, "x.npy", 4, 2, (const uint64_t[]){300, 7}, &failure));
    assert_true(npy_write(&writer, values, 701, &failure));
    assert_true(npy_write(&writer, &values[0][0] + 701, 2100 - 701, &failure));
    assert_false(file_exists("x.npy")); /* only when it is complete */
    assert_true(npy_finish(&writer, NULL, &failure));
    assert_true(file_read("x.npy", &file, &failure));
    assert_int_equal(file.length, 128 + 8400);
    assert_true(parse(file.bytes, file.length, &view, &failure));
    assert_int_equal(view.rank, 2);
    assert_int_equal(view.shape[0], 300);
    assert_int_equal(view.shape[1], 7);
    npy_to_float(&view, &back[0][0]);
    assert_memory_equal(values, back, sizeof values);
    file_release(&file);
}

/* The header that NumPy writes for this shape. */
static void test_header_is_numpys(void **state)
{
    (void)state;
    Failure failure;
    NpyWriter writer;
    FileBytes file;
    assert_true(npy_start(&writer, "h.npy", 4, 2, (const uint64_t[]){1000, 9}, &failure));
    for (int i = 0; i < 1000; i++)
        assert_true(npy_write(&writer, (const float[9]){0}, 9, &failure));
    assert_true(npy_finish(&writer, NULL, &failure));
    assert_true(file_read("h.npy", &file, &failure));
    assert_memory_equal(
        file.bytes, "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1000, 9), }", 10 + 60);
    assert_int_equal(file.bytes[127], '\n');
    file_release(&file);
}

static void test_unfinished_file_leaves_nothing(void **state)
{
    (void)state;
    Failure failure = {0};
    NpyWriter writer;
    assert_true(npy_start(&writer, "u.npy", 8, 1, (const uint64_t[]){3}, &failure));
    assert_true(npy_write(&writer, (const double[]){1, 2}, 2, &failure));
    assert_false(npy_finish(&writer, NULL, &failure));
    expect_failure(&failure, FAILURE_INTERNAL, "fewer elements");
    assert_true(command_works("test -z \"$(ls | grep u.npy)\""));
}

static void expect_elements(const char *type, const char *data, size_t size, const double expected[2])
{
    char bytes[300], header[200];
    Failure failure;
    NpyView view;
    double values[2];
    snprintf(header, sizeof header, "{'shape': (2,), 'fortran_order': False, 'descr': '%s'}\n", type);
    size_t length = make_file(bytes, header, 2 * size);
    memcpy(bytes + length - 2 * size, data, 2 * size);
    if (!parse(bytes, length, &view, &failure))
        fail_msg("%s", failure.text);
    npy_to_double(&view, values);
    for (int i = 0; i < 2; i++)
        if (values[i] != expected[i])
            fail_msg("%s: element %d is %g, expected %g", type, i, values[i], expected[i]);
}

static void test_every_type_and_byte_order(void **state)
{
    (void)state;
    expect_elements("<f4", "\0\0\x80\x3f\0\0\x20\xc0", 4, (const double[]){1, -2.5});
    expect_elements(">f4", "\x3f\x80\0\0\xc0\x20\0\0", 4, (const double[]){1, -2.5});
    expect_elements("<f8", "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\x04\xc0", 8, (const double[]){1, -2.5});
    expect_elements(">f8", "\x3f\xf0\0\0\0\0\0\0\xc0\x04\0\0\0\0\0\0", 8, (const double[]){1, -2.5});
    expect_elements("<f2", "\x00\x3c\x01\x00", 2, (const double[]){1, 0x1p-24});
    expect_elements("<f2", "\xff\x7b\x00\xc1", 2, (const double[]){65504, -2.5});
    expect_elements("|i1", "\xff\x7f", 1, (const double[]){-1, 127});
    expect_elements("|u1", "\xff\x7f", 1, (const double[]){255, 127});
    expect_elements("<i2", "\xfe\xff\x00\x80", 2, (const double[]){-2, -32768});
    expect_elements(">i4", "\xff\xff\xff\xfd\0\0\1\0", 4, (const double[]){-3, 256});
    expect_elements("<i8", "\xfc\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\x80", 8, (const double[]){-4, -0x1p63});
    expect_elements("<u8", "\xff\xff\xff\xff\xff\xff\xff\xff\1\0\0\0\0\0\0\0", 8, (const double[]){0x1p64, 1});
    expect_elements("|b1", "\x01\x00", 1, (const double[]){1, 0});
}

static void test_columns_first_is_turned(void **state)
{
    (void)state;
    char bytes[300];
    Failure failure;
    NpyView view;
    float values[6];
    static const unsigned char data[6] = {0, 3, 1, 4, 2, 5}; /* [[0, 1, 2], [3, 4, 5]] by columns */
    size_t length = make_file(bytes, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", 6);
    memcpy(bytes + length - 6, data, 6);
    assert_true(parse(bytes, length, &view, &failure));
    npy_to_float(&view, values);
    for (int i = 0; i < 6; i++)
        assert_true(values[i] == (float)i);
}

static void test_shapes_of_rank_zero_and_empty(void **state)
{
    (void)state;
    char bytes[300];
    Failure failure;
    NpyView view;
    assert_true(parse(bytes, make_file(bytes, "{'descr':'<f4','fortran_order':False,'shape':()}", 4), &view, &failure));
    assert_int_equal(view.count, 1);
    assert_true(
        parse(bytes, make_file(bytes, "{'descr':'<f4','fortran_order':False,'shape':(0,9)}", 0), &view, &failure));
    assert_int_equal(view.count, 0);
    assert_true(
        parse(bytes, make_file(bytes, "{'descr':'<f4','fortran_order':False,'shape':(2L,)}", 8), &view, &failure));
    assert_int_equal(view.count, 2);
}

/* ---- damage ------------------------------------------------------------------------------------------------------ */

static void test_damaged_headers_are_refused(void **state)
{
    static const struct {
        const char *header;
        size_t data;
        const char *message;
    } cases[] = {
        {"", 0, "expected '{'"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", 8, "expected a comma or '}'"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,),", 8, "expected a string in quotes"},
        {"{'descr': '<f4', 'fortran_order': False}", 8, "has no 'shape'"},
        {"{'descr': '<f4', 'shape': (2,)}", 8, "has no 'fortran_order'"},
        {"{'fortran_order': False, 'shape': (2,)}", 8, "has no 'descr'"},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 8, "occurs twice"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", 8, "an entry other than"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", 8, "pickled Python objects"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", 8, "structured type"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}", 16, "elements of type '<c8'"},
        {"{'descr': '<U4', 'fortran_order': False, 'shape': (2,)}", 32, "elements of type '<U4'"},
        {"{'descr': '<f16', 'fortran_order': False, 'shape': (2,)}", 32, "elements of type '<f16'"},
        {"{'descr': '<f3', 'fortran_order': False, 'shape': (2,)}", 6, "elements of type '<f3'"},
        {"{'descr': '=f4', 'fortran_order': False, 'shape': (2,)}", 8, "byte order"},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", 8, "expected True or False"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", 8, "is written (n,)"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", 8, "expected a size"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}", 24, "expected a comma or ')'"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}", 8, "expected a comma"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", 8, "64 bits"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", 8, "more elements than memory"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,)}", 0, "more elements than memory"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", 20, "the file is cut"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", 25, "25 bytes of numbers"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} import os", 8, "more text after"},
        {"{'descr': '<f4, 'fortran_order': False, 'shape': (2,)}", 8, "elements of type"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[400];
        Failure failure = {0};
        NpyView view;
        if (parse(bytes, make_file(bytes, cases[i].header, cases[i].data), &view, &failure))
            fail_msg("accepted: %s", cases[i].header);
        expect_failure(&failure, FAILURE_DATA, cases[i].message);
    }
}

static void test_damaged_beginnings_are_refused(void **state)
{
    (void)state;
    char bytes[300];
    Failure failure = {0};
    NpyView view;
    size_t length = make_file(bytes, "{'descr':'<f4','fortran_order':False,'shape':(2,)}", 8);
    for (size_t cut = 0; cut < length; cut++) {
        char *copy = malloc(cut + 1);
        memcpy(copy, bytes, cut);
        assert_false(parse(copy, cut, &view, &failure));
        free(copy);
    }
    assert_false(parse("PK\3\4 a zip file, perhaps an npz", 30, &view, &failure));
    expect_failure(&failure, FAILURE_DATA, "not an NPY file");
    bytes[6] = 9;
    assert_false(parse(bytes, length, &view, &failure));
    expect_failure(&failure, FAILURE_DATA, "NPY version 9.0");
    bytes[6] = 2; /* now the first characters of the header are its length */
    assert_false(parse(bytes, length, &view, &failure));
    expect_failure(&failure, FAILURE_DATA, "ends within the NPY header");
}

static void test_changed_bytes_do_no_harm(void **state)
{
    (void)state;
    char bytes[300];
    size_t length = make_file(bytes, "{'descr':'<f4','fortran_order':True,'shape':(2,3),}", 24);
    for (size_t i = 0; i < 256 * (length - 24); i++) {
        char copy[300];
        Failure failure;
        NpyView view;
        float *values;
        memcpy(copy, bytes, length);
        copy[i / 256] = (char)(i % 256);
        if (!parse(copy, length, &view, &failure))
            continue;
        values = malloc(view.count * sizeof *values + 1);
        npy_to_float(&view, values);
        free(values);
    }
}

static void test_missing_file_is_no_input(void **state)
{
    (void)state;
    Failure failure;
    FileBytes file;
    NpyWriter writer;
    assert_false(file_read("missing.npy", &file, &failure));
    expect_failure(&failure, FAILURE_NO_INPUT, "cannot read missing.npy: No such file");
    assert_false(file_read("/", &file, &failure));
    expect_failure(&failure, FAILURE_NO_INPUT, "cannot read /: Is a directory");
    assert_false(npy_start(&writer, "no/such/folder/x.npy", 4, 1, (const uint64_t[]){1}, &failure));
    expect_failure(&failure, FAILURE_CANNOT_CREATE, "cannot create no/such/folder/x.npy");
}

static void test_full_disk_is_an_io_failure(void **state)
{
    (void)state;
    Failure failure = {0};
    NpyWriter writer;
    static const float values[100000];
    if (!file_exists("/dev/full")) {
        print_message("skip: no /dev/full here\n");
        skip();
    }
    assert_true(npy_start(&writer, "/dev/full", 4, 1, (const uint64_t[]){100000}, &failure));
    assert_false(npy_write(&writer, values, 100000, &failure) && npy_finish(&writer, NULL, &failure));
    expect_failure(&failure, FAILURE_IO, "cannot write /dev/full: No space left");
}

/* ---- NumPy ------------------------------------------------------------------------------------------------------- */

static void test_numpy_reads_and_writes_the_same(void **state)
{
    (void)state;
    Failure failure;
    NpyWriter writer;
    FileBytes file;
    NpyView view;
    if (!command_works("python3 -c 'import numpy'")) {
        print_message("skip: no NumPy for python3\n");
        skip();
    }
    assert_true(npy_start(&writer, "ours.npy", 8, 3, (const uint64_t[]){2, 1, 3}, &failure));
    assert_true(npy_write(&writer, (const double[]){0, 0.1, 0.2, 1, 1.1, 1.2}, 6, &failure));
    assert_true(npy_finish(&writer, NULL, &failure));
    assert_true(
        command_works("python3 -c '\n"
                      "import numpy as n\n"
                      "a = n.load(\"ours.npy\")\n"
                      "assert a.dtype == n.float64 and (a == [[[0, .1, .2]], [[1, 1.1, 1.2]]]).all()\n"
                      "n.save(\"theirs.npy\", a)\n"
                      "n.save(\"columns.npy\", n.asfortranarray(n.arange(24, dtype=\">i2\").reshape(2, 3, 4)))'"));
    assert_true(command_works("cmp ours.npy theirs.npy"));
    assert_true(file_read("columns.npy", &file, &failure));
    assert_true(parse(file.bytes, file.length, &view, &failure));
    float values[24];
    assert_true(view.columns_first);
    npy_to_float(&view, values);
    for (int i = 0; i < 24; i++)
        assert_true(values[i] == (float)i);
    file_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_rows_read_back),         cmocka_unit_test(test_header_is_numpys),
        cmocka_unit_test(test_unfinished_file_leaves_nothing), cmocka_unit_test(test_every_type_and_byte_order),
        cmocka_unit_test(test_columns_first_is_turned),        cmocka_unit_test(test_shapes_of_rank_zero_and_empty),
        cmocka_unit_test(test_damaged_headers_are_refused),    cmocka_unit_test(test_damaged_beginnings_are_refused),
        cmocka_unit_test(test_changed_bytes_do_no_harm),       cmocka_unit_test(test_missing_file_is_no_input),
        cmocka_unit_test(test_full_disk_is_an_io_failure),     cmocka_unit_test(test_numpy_reads_and_writes_the_same),
    };
    return cmocka_run_group_tests(tests, scratch_start, scratch_end);
}
