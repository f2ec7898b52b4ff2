/* SPDX-License-Identifier: MIT */
/* Numbers as text and JSON: what is written reads back the same, and what is not JSON is refused. */
#include "runtime/host/json.h"
#include "runtime/host/number.h"
#include "tests/host_helpers.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static void expect_number(double number, const char *expected)
{
    char text[NUMBER_TEXT_SIZE];
    assert_string_equal(number_write(number, text), expected);
}

static void test_numbers_have_the_fewest_digits(void **state)
{
    (void)state;
    expect_number(0.1, "0.1");
    expect_number(1.0 / 3.0, "0.3333333333333333");
    expect_number(0.1 + 0.2, "0.30000000000000004");
    expect_number(1e22, "1e+22");
    expect_number(-1234.5, "-1234.5");
    expect_number(4000, "4000");
    expect_number(5e-324, "5e-324");
    expect_number(DBL_MAX, "1.7976931348623157e+308");
    expect_number(-0.0, "-0");
    expect_number((double)INFINITY, "inf");
    char text[NUMBER_TEXT_SIZE];
    assert_string_equal(number_write_float(0.1f, text), "0.1");
    assert_string_equal(number_write_float(16777216.0f, text), "16777216");
    assert_string_equal(number_write_float(1e-45f, text), "1e-45");
    assert_string_equal(number_write_short(1.0 / 3.0, 4, text), "0.3333");
}

static void test_any_bits_come_back_from_their_text(void **state)
{
    (void)state;
    uint64_t bits = 1;
    for (int i = 0; i < 20000; i++) {
        char text[NUMBER_TEXT_SIZE];
        double number, back;
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&number, &bits, sizeof number);
        number_write(number, text);
        if (!isfinite(number))
            continue;
        assert_true(number_read(text, strlen(text), &back));
        assert_memory_equal(&number, &back, sizeof number);
        float single, single_back;
        uint32_t half = (uint32_t)(bits >> 32);
        memcpy(&single, &half, sizeof single);
        number_write_float(single, text);
        single_back = strtof(text, NULL);
        if (isfinite(single))
            assert_memory_equal(&single, &single_back, sizeof single);
    }
}

static void test_numbers_that_are_refused(void **state)
{
    static const char *const bad[] = {"",  " 1", "1 ", "1,5", "0x10", "nan",   "inf", "1e999",
                                      "-", ".",  "1e", "1e+", "--1",  "1.2.3", "1f",  "1\0002"};
    (void)state;
    double number;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(number_read(bad[i], i == 15 ? 3 : strlen(bad[i]), &number));
    assert_true(number_read("-1.5e-3", 7, &number) && number == -1.5e-3);
    assert_true(number_read(".5", 2, &number) && number == 0.5);
    assert_true(number_read("5.", 2, &number) && number == 5);
}

static void test_counts(void **state)
{
    static const char *const bad[] = {"",     "-1",   "1.5", "1e-1", "18446744073709551616",
                                      "1e30", "1__0", "_1",  "1_",   "0x1"};
    (void)state;
    uint64_t number;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(number_read_count(bad[i], strlen(bad[i]), &number));
    assert_true(number_read_count("18446744073709551615", 20, &number) && number == UINT64_MAX);
    assert_true(number_read_count("1e6", 3, &number) && number == 1000000);
    assert_true(number_read_count("10_000", 6, &number) && number == 10000);
    assert_true(number_read_count("2.5e3", 5, &number) && number == 2500);
}

/* The decimal comma of another locale reaches no number. */
static void test_numbers_do_not_depend_on_the_locale(void **state)
{
    (void)state;
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "fr_FR.UTF-8") == NULL) {
        print_message("skip: no locale with a decimal comma is installed\n");
        skip();
    }
    char text[NUMBER_TEXT_SIZE];
    double number = 0;
    const char *written = number_write(-1234.5e-10, text);
    bool good = strcmp(written, "-1.2345e-07") == 0 && number_read("1.5e3", 5, &number) && number == 1500 &&
                !number_read("1,5", 3, &number);
    good = good && strcmp(number_write_float(0.5f, text), "0.5") == 0;
    setlocale(LC_ALL, "C");
    assert_true(good);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static void test_reads_every_kind(void **state)
{
    static const char text[] =
        " {\"a\": [1, -2.5e1, true, false, null], \"b\\u00e9\\n\": \"x\\ud83d\\ude00\", \"c\": {}}\n";
    (void)state;
    Failure failure;
    Json json;
    double number;
    uint64_t count;
    assert_true(json_read(text, strlen(text), "text", &json, &failure));
    assert_int_equal(json.root->count, 3);
    const JsonNode *a = json_member(json.root, "a");
    assert_int_equal(a->count, 5);
    assert_true(json_to_count(a->first, &count) && count == 1);
    assert_true(json_to_real(a->first->next, &number) && number == -25);
    assert_false(json_to_count(a->first->next, &count));
    assert_int_equal(a->first->next->next->kind, JSON_TRUE);
    assert_string_equal(json_member(json.root, "b\xc3\xa9\n")->text, "x\xf0\x9f\x98\x80");
    assert_null(json_member(json.root, "d"));
    json_release(&json);
}

static void test_damaged_json_is_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "expected a value"},
        {"{", "expected a string in double quotes"},
        {"{\"a\" 1}", "expected a colon"},
        {"{\"a\": 1,}", "expected a string"},
        {"[1 2]", "expected a comma or ]"},
        {"[1, 2", "expected a comma or ]"},
        {"[01]", "expected a value"},
        {"[+1]", "expected a value"},
        {"[1.]", "expected a digit after the point"},
        {"[1e]", "expected a digit in the exponent"},
        {"[NaN]", "expected a value"},
        {"[tru]", "expected a value"},
        {"\"abc", "without its closing quote"},
        {"\"\\x\"", "unknown escape"},
        {"\"\\u12\"", "four hexadecimal digits"},
        {"\"\\ud800x\"", "half a surrogate pair"},
        {"\"\\udc00\"", "half a surrogate pair"},
        {"\"\\u0000\"", "a zero byte"},
        {"\"a\nb\"", "a control character"},
        {"\"\xc0\x80\"", "not valid UTF-8"},
        {"\"\xed\xa0\x80\"", "not valid UTF-8"},
        {"{\"a\": 1, \"b\": 2, \"a\": 3}", "the name 'a' occurs twice"},
        {"{} {}", "more text after the value"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Failure failure = {0};
        Json json;
        if (json_read(cases[i].text, strlen(cases[i].text), "text", &json, &failure))
            fail_msg("accepted: %s", cases[i].text);
        expect_failure(&failure, FAILURE_DATA, cases[i].message);
    }
}

static void test_depth_is_limited(void **state)
{
    (void)state;
    char text[200];
    Failure failure;
    Json json;
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    assert_true(json_read(text, 128, "text", &json, &failure));
    json_release(&json);
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    assert_false(json_read(text, 130, "text", &json, &failure));
    expect_failure(&failure, FAILURE_DATA, "64 levels");
}

static void test_number_of_values_is_limited(void **state)
{
    (void)state;
    size_t length = JSON_NODES_MAX + 10;
    char *text = malloc(length);
    Failure failure;
    Json json;
    memset(text, ',', length);
    assert_false(json_read(text, length, "text", &json, &failure));
    expect_failure(&failure, FAILURE_DATA, "more than 4000000 values");
    free(text);
}

/* Every cut of a text, and every single changed byte, is read or refused without harm (the sanitizers watch). */
static void test_cut_and_changed_json_does_no_harm(void **state)
{
    static const char text[] = "{\"a\": [1, -2.5e1, \"\\u00e9\xc3\xa9\"], \"b\": {\"c\": null, \"d\": true}}";
    (void)state;
    for (size_t length = 0; length < strlen(text); length++) {
        Failure failure;
        Json json;
        char *copy = malloc(length + 1); /* its exact size, so that reading past it is seen */
        memcpy(copy, text, length);
        assert_false(json_read(copy, length, "text", &json, &failure));
        free(copy);
    }
    for (size_t i = 0; i < 256 * strlen(text); i++) {
        Failure failure;
        Json json;
        char copy[sizeof text];
        memcpy(copy, text, sizeof text);
        copy[i / 256] = (char)(i % 256);
        if (json_read(copy, strlen(text), "text", &json, &failure))
            json_release(&json);
    }
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void put_example(JsonWriter *writer)
{
    json_open_object(writer, NULL);
    json_put_string(writer, "name", "a \"b\"\\\n\xc3\xa9\xff");
    json_put_real(writer, "ess", 0.95);
    json_put_real(writer, "bad", (double)NAN);
    json_put_count(writer, "seed", UINT64_MAX);
    json_open_array(writer, "list");
    json_put_truth(writer, NULL, true);
    json_put_null(writer, NULL);
    json_close_array(writer);
    json_open_object(writer, "empty");
    json_close_object(writer);
    json_close_object(writer);
}

static void test_writes_one_line(void **state)
{
    (void)state;
    JsonWriter writer;
    Failure failure;
    Json json;
    json_start(&writer, false);
    put_example(&writer);
    assert_true(json_finish(&writer, &failure));
    assert_string_equal(writer.text,
                        "{\"name\": \"a \\\"b\\\"\\\\\\u000a\xc3\xa9\xef\xbf\xbd\", \"ess\": 0.95, \"bad\": null, "
                        "\"seed\": 18446744073709551615, \"list\": [true, null], \"empty\": {}}");
    assert_true(json_read(writer.text, writer.length, "text", &json, &failure));
    uint64_t seed;
    assert_true(json_to_count(json_member(json.root, "seed"), &seed) && seed == UINT64_MAX);
    json_release(&json);
    json_free(&writer);
}

static void test_writes_indented(void **state)
{
    (void)state;
    JsonWriter writer;
    Failure failure;
    json_start(&writer, true);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "a");
    json_put_count(&writer, NULL, 1);
    json_put_count(&writer, NULL, 2);
    json_close_array(&writer);
    json_open_object(&writer, "b");
    json_close_object(&writer);
    json_close_object(&writer);
    assert_true(json_finish(&writer, &failure));
    assert_string_equal(writer.text, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
    json_free(&writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_have_the_fewest_digits),
        cmocka_unit_test(test_any_bits_come_back_from_their_text),
        cmocka_unit_test(test_numbers_that_are_refused),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_numbers_do_not_depend_on_the_locale),
        cmocka_unit_test(test_reads_every_kind),
        cmocka_unit_test(test_damaged_json_is_refused),
        cmocka_unit_test(test_depth_is_limited),
        cmocka_unit_test(test_number_of_values_is_limited),
        cmocka_unit_test(test_cut_and_changed_json_does_no_harm),
        cmocka_unit_test(test_writes_one_line),
        cmocka_unit_test(test_writes_indented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
