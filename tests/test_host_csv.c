/* SPDX-License-Identifier: MIT */
/* CSV tables: what is written reads back, and what is not a table of numbers is refused with its place. */
#include "runtime/host/csv.h"
#include "tests/host_helpers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_written_table_reads_back(void **state)
{
    static const char *const names[] = {"x[0]", "a \"b\", c", "log_q"};
    (void)state;
    Failure failure;
    CsvWriter writer;
    CsvTable table;
    FileBytes file;
    assert_true(csv_start(&writer, "t.csv", 3, names, &failure));
    for (int i = 0; i < 300; i++)
        assert_true(csv_put(&writer, (double)(sinf((float)i) * 1e-3f), &failure));
    assert_true(csv_finish(&writer, NULL, &failure));
    assert_true(file_read("t.csv", &file, &failure));
    assert_true(csv_parse(file.bytes, file.length, "t.csv", &table, &failure));
    assert_int_equal(table.columns, 3);
    assert_int_equal(table.rows, 100);
    assert_string_equal(table.names[1], names[1]);
    assert_int_equal(csv_column(&table, "log_q"), 2);
    assert_int_equal(csv_column(&table, "log"), -1);
    for (int i = 0; i < 300; i++)
        assert_true((float)table.values[i] == sinf((float)i) * 1e-3f);
    csv_release(&table);
    file_release(&file);
}

static void expect_table(const char *text, size_t columns, size_t rows, double last)
{
    Failure failure;
    CsvTable table;
    if (!csv_parse(text, strlen(text), "t.csv", &table, &failure))
        fail_msg("%s", failure.text);
    assert_int_equal(table.columns, columns);
    assert_int_equal(table.rows, rows);
    assert_true(rows == 0 || table.values[rows * columns - 1] == last);
    csv_release(&table);
}

static void test_accepted_tables(void **state)
{
    (void)state;
    expect_table("a,b\n1,2\n3,4\n", 2, 2, 4);
    expect_table("a,b\r\n1,2\r\n3,4", 2, 2, 4);
    expect_table("\xef\xbb\xbf\"a\",\"b\"\n\"1\", 2.5e3 \n", 2, 1, 2500);
    expect_table("\"two\nlines\",b\n1,2\n", 2, 1, 2);
    expect_table("a", 1, 0, 0);
    expect_table(" a , b\n1,2\n", 2, 1, 2);
}

static void test_spaces_around_names_do_not_count(void **state)
{
    static const char text[] = "  u v ,\"log q \",x\n1,2,3\n", lines[] = "\"two\nlines\",b\n1,2\n3,4\n";
    Failure failure;
    CsvTable table;
    (void)state;
    assert_true(csv_parse(text, strlen(text), "t.csv", &table, &failure));
    assert_int_equal(csv_column(&table, "u v"), 0);
    assert_int_equal(csv_column(&table, "log q"), 1);
    assert_int_equal(table.first_line, 2);
    csv_release(&table);
    assert_true(csv_parse(lines, strlen(lines), "t.csv", &table, &failure));
    assert_int_equal(table.first_line, 3);
    csv_release(&table);
}

static void test_damaged_tables_are_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "t.csv: empty"},
        {"1,2\n3,4\n", "t.csv:1: column 1: the first line must name the columns"},
        {"a;b\n1;2\n", "t.csv:1: column 1: the cells seem to be separated by semicolons"},
        {"a,,b\n1,2,3\n", "t.csv:1: column 2: a column without a name"},
        {"a,  ,b\n1,2,3\n", "t.csv:1: column 2: a column without a name"},
        {"a,b, a \n1,2,3\n", "t.csv:1: two columns are named 'a'"},
        {"a,b,a\n1,2,3\n", "t.csv:1: two columns are named 'a'"},
        {"a,b\n1,2\n3\n", "t.csv:3: 1 cells where the header has 2"},
        {"a,b\n1,2,3\n", "t.csv:2: more cells than the header's 2"},
        {"a,b\n1,5,2,5\n", "t.csv:2: more cells"},
        {"a,b\n1,\n", "t.csv:2: column 'b': empty"},
        {"a,b\n1,2\n\n3,4\n", "t.csv:3: column 'a': empty"},
        {"a,b\n1,x\n", "column 'b': expected a finite number, found 'x'"},
        {"a,b\n1,nan\n", "found 'nan'"},
        {"a,b\n1,1e999\n", "found '1e999'"},
        {"a,b\n1,0x10\n", "found '0x10'"},
        {"# comment\na,b\n1,2\n", "t.csv:2: column '# comment': expected a finite number, found 'a'"},
        {"a,b\n\"1,2\n", "t.csv:2: column 'a': a quote that is not closed"},
        {"a,b\n\"1\"x,2\n", "text after the closing quote"},
        {"a,b\n1\"2\",2\n", "a quote within a cell"},
        {"\"two\nlines\",b\n1,2\n3,y\n", "t.csv:4: column 'b'"},
        {"a,\x01\x02\n1,\x07\n", "column '\\x01\\x02': expected a finite number, found '\\x07'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Failure failure = {0};
        CsvTable table;
        if (csv_parse(cases[i].text, strlen(cases[i].text), "t.csv", &table, &failure))
            fail_msg("accepted: %s", cases[i].text);
        expect_failure(&failure, FAILURE_DATA, cases[i].message);
    }
    Failure failure = {0};
    CsvTable table;
    assert_false(csv_parse("a,b\n1,\0002\n", 10, "t.csv", &table, &failure));
    expect_failure(&failure, FAILURE_DATA, "a zero byte");
}

static void test_cut_and_changed_tables_do_no_harm(void **state)
{
    static const char text[] = "a,\"b\"\"c\"\r\n1,2.5\r\n\"3\",-4e1\n";
    (void)state;
    for (size_t length = 0; length < strlen(text); length++) {
        Failure failure;
        CsvTable table;
        char *copy = malloc(length + 1);
        memcpy(copy, text, length);
        if (csv_parse(copy, length, "t.csv", &table, &failure))
            csv_release(&table);
        free(copy);
    }
    for (size_t i = 0; i < 256 * strlen(text); i++) {
        Failure failure;
        CsvTable table;
        char copy[sizeof text];
        memcpy(copy, text, sizeof text);
        copy[i / 256] = (char)(i % 256);
        if (csv_parse(copy, strlen(text), "t.csv", &table, &failure))
            csv_release(&table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_table_reads_back),          cmocka_unit_test(test_accepted_tables),
        cmocka_unit_test(test_spaces_around_names_do_not_count),  cmocka_unit_test(test_damaged_tables_are_refused),
        cmocka_unit_test(test_cut_and_changed_tables_do_no_harm),
    };
    return cmocka_run_group_tests(tests, scratch_start, scratch_end);
}
