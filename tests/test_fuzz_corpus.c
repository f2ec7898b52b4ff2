/* SPDX-License-Identifier: MIT */
/* The fuzzer's corpus, run through the functions that the fuzzer runs: among it stands every input that once broke one.
 * A function that does not hold what it checks ends this program; the file at hand was named before. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static size_t read_file(const char *path, uint8_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(bytes, 1, FUZZ_LENGTH_MAX, file);
    assert_true(fgetc(file) == EOF); /* a longer file would not be looked at */
    fclose(file);
    return length;
}

static void replay(const FuzzTarget *target)
{
    enum { FILES_MAX = 80 }; /* the corpus is small: what covers nothing new is left out */
    static uint8_t bytes[FUZZ_LENGTH_MAX];
    struct dirent **items;
    char path[600];
    snprintf(path, sizeof path, "tests/fuzz/corpus/%s", target->name);
    int count = scandir(path, &items, NULL, alphasort), files = 0;
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        if (items[i]->d_name[0] != '.') {
            snprintf(path, sizeof path, "tests/fuzz/corpus/%s/%s", target->name, items[i]->d_name);
            print_message("%s\n", path);
            target->run(bytes, read_file(path, bytes));
            files++;
        }
        free(items[i]);
    }
    free(items);
    assert_in_range(files, 5, FILES_MAX);
}

static void test_corpus_breaks_nothing(void **state)
{
    (void)state;
    for (const FuzzTarget *target = FUZZ_TARGETS; target->name; target++)
        replay(target);
}

static void test_every_folder_has_its_target(void **state)
{
    (void)state;
    struct dirent **items;
    int count = scandir("tests/fuzz/corpus", &items, NULL, alphasort), folders = 0, targets = 0;
    for (int i = 0; i < count; i++) {
        folders += items[i]->d_name[0] != '.';
        free(items[i]);
    }
    free(items);
    while (FUZZ_TARGETS[targets].name)
        targets++;
    assert_int_equal(folders, targets);
}

/* What is at neither end of the corpus, and long. */
static void test_extremes(void **state)
{
    (void)state;
    static const char *const REPEATED[] = {"[",  "{",  "(",     "-",        "\"", "a: ", "- ",
                                           "1,", "x^", "{a: [", "{\"a\":[", "\n", "&a "};
    static uint8_t bytes[FUZZ_LENGTH_MAX];
    for (const FuzzTarget *target = FUZZ_TARGETS; target->name; target++) {
        target->run(bytes, 0);
        for (size_t i = 0; i < sizeof REPEATED / sizeof *REPEATED; i++) {
            size_t length = strlen(REPEATED[i]);
            for (size_t k = 0; k < sizeof bytes; k++)
                bytes[k] = (uint8_t)REPEATED[i][k % length];
            target->run(bytes, sizeof bytes);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus_breaks_nothing),
        cmocka_unit_test(test_every_folder_has_its_target),
        cmocka_unit_test(test_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
