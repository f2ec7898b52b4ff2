/* SPDX-License-Identifier: MIT */
/* Specs that are wrong or made to do harm, as the program meets them: each ends it with exit code 78 and with what stands
 * in NAME.expected beside it, soon, with little memory, and with nothing written. */
#include "tests/shell.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *folder;

static int start(void **state)
{
    (void)state;
    folder = shell_folder();
    return 0;
}

static int end(void **state)
{
    (void)state;
    shell_clean();
    return 0;
}

/* With 1 GiB of memory, where no sanitizer needs more for itself, and 10 seconds of work. */
static ShellResult emit(const char *spec)
{
    const char *build = getenv("BUILD");
    bool is_sanitized = build && strstr(build, "sanitize");
    return shell_run("ulimit -t 10; %s %s emit %s -o %s/out", is_sanitized ? "" : "ulimit -v 1048576;", shell_ansatz(),
                     spec, folder);
}

static int is_spec(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

/* With WRITE_EXPECTED=1 in the environment the file is written instead, to be read by whoever changed a message. */
static bool is_refused(const char *place, const char *name)
{
    char spec[600];
    snprintf(spec, sizeof spec, "%s/%s", place, name);
    ShellResult result = emit(spec);
    size_t stem = strlen(spec) - strlen(".yaml");
    if (getenv("WRITE_EXPECTED"))
        shell_write(result.output, result.length, "%.*s.expected", (int)stem, spec);
    char *expected = shell_read(NULL, "%.*s.expected", (int)stem, spec);
    bool is_good = result.code == 78 && strcmp(result.output, expected) == 0;
    if (!is_good)
        print_message("---- %s ends with %d and\n%s---- expected\n%s", spec, result.code, result.output, expected);
    free(expected);
    free(result.output);
    return is_good;
}

static int refused_specs(const char *place)
{
    struct dirent **entries;
    int count = scandir(place, &entries, is_spec, alphasort), wrong = 0;
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        wrong += !is_refused(place, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(wrong, 0);
    return count;
}

static void test_broken_specs_are_refused(void **state)
{
    (void)state;
    /* by what the spec says; by what it would be compiled to */
    int count = refused_specs("tests/specs/broken") + refused_specs("tests/specs/broken_programs");
    assert_true(count >= 80);
    shell_must("test ! -e %s/out", folder);
}

/* ---- specs that are too large to keep ---------------------------------------------------------------------------- */

/* `begin`, then `middle` so many times, then `end`. */
static void expect_refusal(const char *begin, const char *middle, size_t times, const char *end_text, const char *code)
{
    size_t length = strlen(begin), width = strlen(middle);
    char *text = malloc(length + times * width + strlen(end_text) + 1), spec[600];
    assert_non_null(text);
    strcpy(text, begin);
    for (size_t i = 0; i < times; i++, length += width)
        memcpy(text + length, middle, width);
    strcpy(text + length, end_text);
    shell_write(text, strlen(text), "%s/large.yaml", folder);
    snprintf(spec, sizeof spec, "%s/large.yaml", folder);
    ShellResult result = emit(spec);
    if (result.code != 78 || !strstr(result.output, code))
        fail_msg("%.40s: exit code %d, expected 78 with %s\n%.2000s", begin, result.code, code, result.output);
    if (result.length > 30000)
        fail_msg("%.40s: %zu bytes of messages", begin, result.length);
    free(result.output);
    free(text);
    shell_must("test ! -e %s/out", folder);
}

#define BEGIN "ansatz: 1\nname: large\nsystem: {vector: 2}\nloss: [reverse_kl]\n"
#define FLOW  "architecture: {flow: {layers: [{repeat: 2, layers: [{coupling: {net: {mlp: [2]}}}]}]}}\n"

static void test_large_specs(void **state)
{
    (void)state;
    expect_refusal("x-a: ", "[", 10000, "", "E0005");
    expect_refusal("x-a: ", "{a: ", 10000, "", "E0005");
    expect_refusal("", "- ", 10000, "1\n", "E0005");
    expect_refusal("x-a: [", "1, ", 200000, "1]\n", "E0006");
    expect_refusal("x-a: [", "[], ", 90000, "1]\n", "E0101");
    expect_refusal("x-a: '", "very long ", 200000, "'\n", "E0004");
    expect_refusal("name: ", "n", 100000, "\n", "E0109");
    expect_refusal("", "a", 1000, ": 1\n", "E0103");
    expect_refusal("", "\n", 900000, "a: 1\n", "E0103");
    expect_refusal(BEGIN FLOW "energy: {terms: [", "{value: \"y\"}, ", 20000, "]}\n", "E0502");
    expect_refusal(BEGIN FLOW "energy: {terms: [{value: \"", "(", 100000, "x[0]\"}]}\n", "E0508");
    expect_refusal(BEGIN FLOW "energy: {terms: [{value: \"x[0]", " + x[1]*x[0]", 60000, "\"}]}\n", "E0508");
    expect_refusal(BEGIN FLOW "energy: {terms: [", "{over: components, value: exp(sin(x^3.5))}, ", 20000, "]}\n", "E0");
    expect_refusal(BEGIN "energy: {terms: [{value: \"x[0]^2\"}]}\narchitecture: {flow: {layers: [",
                   "{coupling: {net: {mlp: [65536, 65536]}}}, ", 8000, "]}}\n", "E0601");
}

static void test_what_is_no_spec(void **state)
{
    (void)state;
    static const char *const paths[] = {"/dev/zero", "/dev/null", "tests", "build/ansatz", "no/such.yaml", "''"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        ShellResult result = emit(paths[i]);
        if (result.code == 0 || result.code > 78 || strncmp(result.output, "error[E00", 9) != 0)
            fail_msg("%s: exit code %d\n%s", paths[i], result.code, result.output);
        free(result.output);
    }
    shell_must("mkfifo %s/pipe.yaml", folder);
    ShellResult result = shell_run("timeout 10 %s check %s/pipe.yaml", shell_ansatz(), folder);
    assert_int_equal(result.code, 78);
    free(result.output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken_specs_are_refused),
        cmocka_unit_test(test_large_specs),
        cmocka_unit_test(test_what_is_no_spec),
    };
    return cmocka_run_group_tests(tests, start, end);
}
