/* SPDX-License-Identifier: MIT */
/* The table of the spec language: it must be whole, and what is printed from it must be true. */
#include "compiler/schema/value.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

static int start(void **state)
{
    static Arena arena;
    arena_start(&arena, NULL);
    *state = &arena;
    return 0;
}

static int end(void **state)
{
    arena_end(*state);
    return 0;
}

/* ---- the table is whole ---- */

static void test_every_map_exists_and_is_used(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCHEMA_MAP_COUNT; i++) {
        const SchemaMap *map = &SCHEMA_MAPS[i];
        bool is_used = strcmp(map->name, "spec") == 0 || strcmp(map->name, "schedule") == 0;
        assert_ptr_equal(schema_map(map->name), map); /* no name twice */
        for (size_t k = 0; k < SCHEMA_KEY_COUNT; k++)
            is_used = is_used || (SCHEMA_KEYS[k].of != NULL && strcmp(SCHEMA_KEYS[k].of, map->name) == 0) ||
                      SCHEMA_KEYS[k].kind == SCHEMA_TABLE;
        for (size_t k = 0; k < SCHEMA_MAP_COUNT; k++)
            is_used = is_used || (SCHEMA_MAPS[k].include != NULL && strcmp(SCHEMA_MAPS[k].include, map->name) == 0);
        if (!is_used)
            fail_msg("the map %s stands nowhere", map->name);
        if (map->include != NULL)
            assert_non_null(schema_map(map->include));
        if (map->shorthand != NULL)
            assert_non_null(schema_find(map, map->shorthand));
    }
}

static void test_every_row_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCHEMA_KEY_COUNT; i++) {
        const SchemaKey *key = &SCHEMA_KEYS[i];
        const SchemaMap *map = schema_map(key->map);
        if (map == NULL || key->doc == NULL || strlen(key->doc) < 4 || strlen(key->doc) > 110 ||
            strchr(key->doc, '\n') != NULL)
            fail_msg("%s.%s: map or doc", key->map, key->name);
        if ((key->kind == SCHEMA_MAP) != (key->of != NULL) || (key->of != NULL && schema_map(key->of) == NULL))
            fail_msg("%s.%s: of", key->map, key->name);
        if (key->kind == SCHEMA_WORD && key->words == NULL)
            fail_msg("%s.%s: words", key->map, key->name);
        if (schema_find(map, key->name) != key)
            fail_msg("%s.%s stands twice", key->map, key->name);
        if ((key->flags & SCHEMA_REQUIRED) != 0 && key->value != NULL)
            fail_msg("%s.%s is required and has a default", key->map, key->name);
        if ((key->flags & SCHEMA_ALTERNATIVE) != 0 && !map->is_choice)
            fail_msg("%s.%s is an alternative where there is no choice", key->map, key->name);
    }
}

static void test_every_choice_has_alternatives(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCHEMA_MAP_COUNT; i++) {
        const SchemaKey *key;
        size_t count = 0;
        for (size_t cursor = 0; (key = schema_next(&SCHEMA_MAPS[i], &cursor)) != NULL;)
            count += (key->flags & SCHEMA_ALTERNATIVE) != 0;
        if (SCHEMA_MAPS[i].is_choice && count == 0)
            fail_msg("%s has no alternatives", SCHEMA_MAPS[i].name);
    }
}

/* `with` names another row: where it asks for a word, one above that has it, which is read before. */
static void test_every_with_names_a_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCHEMA_KEY_COUNT; i++) {
        const SchemaKey *key = &SCHEMA_KEYS[i];
        if (key->with == NULL)
            continue;
        char name[64];
        size_t not = key->with[0] == '!', length = strcspn(key->with, "=");
        snprintf(name, sizeof name, "%.*s", (int)(length - not ), key->with + not );
        const SchemaKey *other = schema_find(schema_map(key->map), name);
        if (other == NULL || (other >= key && key->with[length] == '='))
            fail_msg("%s.%s: with", key->map, key->name);
        bool later, is_word = key->with[length] == '\0';
        char word[64];
        for (const char *end, *wanted = key->with + length + 1; key->with[length] != '\0'; wanted = end + 4) {
            end = strstr(wanted, " or ");
            size_t wanted_length = end != NULL ? (size_t)(end - wanted) : strlen(wanted);
            is_word = false;
            for (const char *words = other->words; !is_word && schema_next_word(&words, word, &later);)
                is_word = strlen(word) == wanted_length && strncmp(word, wanted, wanted_length) == 0;
            if (!is_word)
                fail_msg("%s.%s: with a word that %s does not have", key->map, key->name, name);
            if (end == NULL)
                break;
        }
    }
}

/* A default read as if it stood in a spec: no errors, also where its key is not implemented yet. */
static void test_every_default_is_good(void **state)
{
    Arena *arena = *state;
    for (size_t i = 0; i < SCHEMA_KEY_COUNT; i++) {
        const SchemaKey *key = &SCHEMA_KEYS[i];
        if (key->value == NULL)
            continue;
        Diagnostics diagnostics;
        Source source = {"default", key->value, strlen(key->value)};
        diagnostics_start(&diagnostics, arena);
        const YamlNode *node = yaml_read(arena, &source, 0, &diagnostics);
        assert_non_null(node);
        const Value *value = value_read(arena, key, node, key->name, &diagnostics);
        if (diagnostics.error_count > 0 || value->kind == VALUE_BAD) {
            Text out = text_start(arena);
            diagnostics_print(&diagnostics, &out, 0);
            fail_msg("%s.%s\n%s", key->map, key->name, out.bytes);
        }
    }
}

static void test_a_mistake_in_the_table_would_be_seen(void **state)
{
    Arena *arena = *state;
    SchemaKey wrong = *schema_find(schema_map("train"), "batch");
    Diagnostics diagnostics;
    Source source = {"default", "0", 1};
    diagnostics_start(&diagnostics, arena);
    assert_int_equal(value_read(arena, &wrong, yaml_read(arena, &source, 0, &diagnostics), "batch", &diagnostics)->kind,
                     VALUE_BAD);
    assert_int_equal(diagnostics.error_count, 1);
}

/* ---- numbers ---- */

static void expect_number(Arena *arena, const char *text, double expected)
{
    double number;
    if (number_read(arena, text, strlen(text), &number) != NUMBER_OK || number != expected)
        fail_msg("%s is read as %g", text, number);
}

static void test_numbers(void **state)
{
    expect_number(*state, "0", 0);
    expect_number(*state, "-1", -1);
    expect_number(*state, "+2.50", 2.5);
    expect_number(*state, ".5", 0.5);
    expect_number(*state, "5.", 5);
    expect_number(*state, "1e-3", 1e-3);
    expect_number(*state, "1E+3", 1e3);
    expect_number(*state, "10_000.5", 10000.5);
    expect_number(*state, "0.1", 0.1);
    expect_number(*state, "1e1_0", 1e10);
    expect_number(*state, "1e-400", 0);
    expect_number(*state, "179769313486231570000e288", 1.7976931348623157e308);
    expect_number(*state, "007", 7);
}

static void test_text_that_is_no_number(void **state)
{
    static const struct {
        const char *text;
        NumberResult result;
    } cases[] = {
        {"", NUMBER_NONE},          {".", NUMBER_NONE},          {"e5", NUMBER_NONE},
        {"1e", NUMBER_NONE},        {"1e+", NUMBER_NONE},        {"_1", NUMBER_NONE},
        {"1_", NUMBER_NONE},        {"1__0", NUMBER_NONE},       {"1 000", NUMBER_NONE},
        {"1,5", NUMBER_NONE},       {"0x10", NUMBER_NONE},       {"1..2", NUMBER_NONE},
        {"--1", NUMBER_NONE},       {"+-1", NUMBER_NONE},        {"1f", NUMBER_NONE},
        {"one", NUMBER_NONE},       {".inf", NUMBER_NOT_FINITE}, {"-.INF", NUMBER_NOT_FINITE},
        {"nan", NUMBER_NOT_FINITE}, {"1e309", NUMBER_TOO_LARGE}, {"-1e99999999999999999999", NUMBER_TOO_LARGE},
        {"300 K", NUMBER_HAS_UNIT}, {"1nm", NUMBER_HAS_UNIT},    {"1 kJ/mol/nm^2", NUMBER_HAS_UNIT},
        {"1 parsec", NUMBER_NONE},  {"1 Kelvin", NUMBER_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double number;
        NumberResult result = number_read(*state, cases[i].text, strlen(cases[i].text), &number);
        if (result != cases[i].result)
            fail_msg("'%s' gives %d, not %d", cases[i].text, (int)result, (int)cases[i].result);
    }
}

static void test_integers(void **state)
{
    static const struct {
        const char *text;
        NumberResult result;
        int64_t integer;
    } cases[] = {
        {"1e6", NUMBER_OK, 1000000},
        {"10_000", NUMBER_OK, 10000},
        {"5.", NUMBER_OK, 5},
        {"1.5e3", NUMBER_OK, 1500},
        {"2500e-2", NUMBER_OK, 25},
        {"-3", NUMBER_OK, -3},
        {"0.0", NUMBER_OK, 0},
        {"0e99999999999999999999999", NUMBER_OK, 0},
        {"9007199254740993", NUMBER_OK, INT64_C(9007199254740993)},
        {"9223372036854775807", NUMBER_OK, INT64_MAX},
        {"9223372036854775808", NUMBER_TOO_LARGE, 0},
        {"1e30", NUMBER_TOO_LARGE, 0},
        {"1e99999999999999999999999", NUMBER_TOO_LARGE, 0},
        {"1.5", NUMBER_NOT_WHOLE, 0},
        {"1e-1", NUMBER_NOT_WHOLE, 0},
        {"1e-99999999999999999999", NUMBER_NOT_WHOLE, 0},
        {"12a", NUMBER_NONE, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t integer;
        NumberResult result = number_read_integer(*state, cases[i].text, strlen(cases[i].text), &integer);
        if (result != cases[i].result || (result == NUMBER_OK && integer != cases[i].integer))
            fail_msg("'%s' gives %d, %lld", cases[i].text, (int)result, (long long)integer);
    }
}

/* ---- names ---- */

static void test_names(void **state)
{
    (void)state;
    assert_null(schema_name_problem("double_well"));
    assert_null(schema_name_problem("N2"));
    static const char *const bad[] = {"",         "2nd", "_a",    "a-b",  "a b",  "a*/",   "a.b",     "a\n",
                                      "\xC3\xA9", "int", "while", "main", "math", "stdio", "runtime", "example"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (schema_name_problem(bad[i]) == NULL)
            fail_msg("'%s' is taken for a good name", bad[i]);
    assert_null(schema_name_problem("a23456789012345678901234567890123456789012345678901234567890123"));
    assert_non_null(schema_name_problem("a234567890123456789012345678901234567890123456789012345678901234"));
}

static void test_functions_of_formulas_are_no_names(void **state)
{
    (void)state;
    static const char *const functions[] = {
#define FUNCTION(code, text, least, most, exact, op) text,
#include "compiler/expr/functions.def"
#undef FUNCTION
        "where",
        "sum",
        "logsumexp",
        "pi",
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (schema_formula_name_problem(functions[i]) == NULL)
            fail_msg("a component may be called %s", functions[i]);
    assert_null(schema_formula_name_problem("phi_1"));
}

/* ---- suggestions ---- */

static void expect_meant(Arena *arena, const char *map, const char *written, const char *expected)
{
    const char *meant;
    const char *help = schema_suggest_key(arena, schema_map(map), written, &meant);
    if ((meant == NULL) != (expected == NULL) || (meant != NULL && strcmp(meant, expected) != 0))
        fail_msg("%s in %s: %s", written, map, help);
}

static void test_suggested_keys(void **state)
{
    expect_meant(*state, "adam", "raet", "rate");
    expect_meant(*state, "adam", "lr", "rate");
    expect_meant(*state, "adam", "learning_rate", "rate");
    expect_meant(*state, "train", "epochs", "steps");
    expect_meant(*state, "net", "hidden_units", "mlp");
    expect_meant(*state, "vector", "dim", "size");
    expect_meant(*state, "particles", "dim", "dimension");
    expect_meant(*state, "train", "zebra", NULL);
    expect_meant(*state, "net", "egn", NULL); /* egnn is not implemented yet, nor what is below particles */
    const char *meant;
    assert_null(strstr(schema_suggest_key(*state, schema_map("train"), "shift", &meant), "shift"));
    assert_null(strstr(schema_suggest_key(*state, schema_map("train"), "species", &meant), "particles"));
    assert_non_null(strstr(schema_suggest_key(*state, schema_map("train"), "beta1", &meant),
                           "the key 'beta1' exists in train.optimizer.adam"));
    assert_non_null(strstr(schema_suggest_key(*state, schema_map("train"), "lr", &meant),
                           "did you mean 'rate' in train.optimizer.adam?"));
    assert_non_null(strstr(schema_suggest_key(*state, schema_map("none"), "a", &meant), "it takes no keys"));
}

/* ---- explain ---- */

static const char *explain(Arena *arena, const char *what, bool expected)
{
    Text out = text_start(arena);
    if (schema_explain(what, &out) != expected)
        fail_msg("explain %s: %s", what, out.bytes);
    return out.bytes;
}

static void visit_explained(void *context, const char *path, const SchemaKey *key)
{
    const char *text = explain(context, path, true);
    if (strstr(text, path) == NULL && strncmp(text, "no key", 6) == 0)
        fail_msg("%s: %s", path, key->doc);
}

static void test_every_key_is_explained(void **state)
{
    schema_walk(visit_explained, *state);
}

static void test_explained_keys(void **state)
{
    const char *rate = explain(*state, "train.optimizer.adam.rate", true);
    assert_non_null(strstr(rate, "the learning rate"));
    assert_non_null(strstr(rate, "a number or a schedule, at least 0"));
    assert_non_null(strstr(rate, "default: {from:"));
    assert_non_null(strstr(explain(*state, "layers", true), "architecture.flow.layers"));
    assert_non_null(strstr(explain(*state, "spline", false), "no key or code"));
    assert_non_null(strstr(explain(*state, "train.optimizer.adam.raet", false), "did you mean 'rate'?"));
    assert_non_null(strstr(explain(*state, "E0l03", false), "did you mean"));
    explain(*state, "", false);
    explain(*state, ".", false);
    explain(*state, "T", false);
    explain(*state, "T.range", false);
    /* keys below maps with names of the user's */
    const char *condition = explain(*state, "system.condition.T", true);
    assert_non_null(strstr(condition, "system.condition.*\n  a condition by its name"));
    assert_non_null(strstr(condition, "one_of"));
    assert_non_null(strstr(explain(*state, "condition.season.one_of", true), "system.condition.*.one_of"));
    assert_non_null(strstr(explain(*state, "data.condition_columns.which", true), "data.condition_columns.*"));
}

/* ---- codes ---- */

static void test_every_code_is_whole(void **state)
{
    for (size_t i = 0; i < SCHEMA_CODE_COUNT; i++) {
        const SchemaCode *code = &SCHEMA_CODES[i];
        assert_int_equal(strlen(code->code), 5);
        assert_true(code->code[0] == 'E' || code->code[0] == 'W');
        assert_true(strlen(code->title) > 4 && strlen(code->explanation) > 10);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(SCHEMA_CODES[k].code, code->code);
        assert_non_null(strstr(explain(*state, code->code, true), code->title));
    }
}

static bool is_known_code(const char *code)
{
    for (size_t i = 0; i < SCHEMA_CODE_COUNT; i++)
        if (strncmp(SCHEMA_CODES[i].code, code, 5) == 0)
            return true;
    return false;
}

static bool is_code(const char *text)
{
    return text[0] == '"' && (text[1] == 'E' || text[1] == 'W') && strspn(text + 2, "0123456789") == 4 &&
           text[6] == '"';
}

static const char *read_whole(Arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    Text text = text_start(arena);
    char buffer[4096];
    size_t got;
    assert_non_null(file);
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
        text_add(&text, buffer, got);
    fclose(file);
    return text.bytes;
}

static int unknown_codes_in(Arena *arena, const char *path)
{
    int unknown = 0;
    for (const char *at = read_whole(arena, path); (at = strchr(at, '"')) != NULL; at++) {
        if (is_code(at) && !is_known_code(at + 1)) {
            print_message("%s gives %.5s, which codes.c does not explain\n", path, at + 1);
            unknown++;
        }
    }
    return unknown;
}

static int is_source(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 2 && strcmp(entry->d_name + length - 2, ".c") == 0;
}

static int is_folder(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strchr(entry->d_name, '.') == NULL;
}

static int unknown_codes_below(Arena *arena, const char *folder)
{
    struct dirent **entries;
    int unknown = 0, count = scandir(folder, &entries, is_source, alphasort);
    assert_true(count >= 0);
    for (int i = 0; i < count; i++)
        unknown += unknown_codes_in(arena, arena_print(arena, "%s/%s", folder, entries[i]->d_name));
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    count = scandir(folder, &entries, is_folder, alphasort);
    for (int i = 0; i < count; i++) {
        unknown += unknown_codes_below(arena, arena_print(arena, "%s/%s", folder, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    return unknown;
}

/* Whatever stage gives a code, `ansatz explain` must know it. */
static void test_every_code_in_the_compiler_is_explained(void **state)
{
    assert_int_equal(unknown_codes_below(*state, "compiler"), 0);
}

/* ---- JSON Schema ---- */

static void expect_references(const json_t *root, const json_t *node)
{
    const char *key;
    const json_t *value;
    const json_t *reference = json_object_get(node, "$ref");
    if (json_is_string(reference)) {
        const char *name = json_string_value(reference);
        assert_memory_equal(name, "#/definitions/", 14);
        if (!json_is_object(json_object_get(json_object_get(root, "definitions"), name + 14)))
            fail_msg("%s is not defined", name);
    }
    if (json_is_object(node)) {
        void *iterator = json_object_iter((json_t *)(uintptr_t)node);
        for (; iterator != NULL; iterator = json_object_iter_next((json_t *)(uintptr_t)node, iterator)) {
            key = json_object_iter_key(iterator);
            value = json_object_iter_value(iterator);
            if (strcmp(key, "$ref") != 0)
                expect_references(root, value);
        }
    }
    for (size_t i = 0; i < json_array_size(node); i++)
        expect_references(root, json_array_get(node, i));
}

static const char *build_folder(void)
{
    return getenv("BUILD") != NULL ? getenv("BUILD") : "build";
}

static void test_json_schema_is_json_and_refers_to_itself(void **state)
{
    Text out = text_start(*state);
    schema_print_json(&out);
    json_error_t error;
    json_t *schema = json_loads(out.bytes, JSON_REJECT_DUPLICATES, &error);
    if (schema == NULL)
        fail_msg("line %d: %s", error.line, error.text);
    expect_references(schema, schema);
    assert_string_equal(json_string_value(json_object_get(schema, "$schema")),
                        "http://json-schema.org/draft-07/schema#");
    json_decref(schema);
}

/* ---- the reference ---- */

static void test_reference_has_every_key_and_code(void **state)
{
    Arena *arena = *state;
    Text out = text_start(arena);
    schema_print_markdown(&out);
    for (const char *at = out.bytes; (at = strstr(at, "](#")) != NULL; at += 3) {
        size_t length = strcspn(at + 3, ")");
        if (strstr(out.bytes, arena_print(arena, "\n### %.*s\n", (int)length, at + 3)) == NULL)
            fail_msg("a link to nowhere: %.*s", (int)length, at + 3);
    }
    for (size_t i = 0; i < SCHEMA_KEY_COUNT; i++)
        assert_non_null(strstr(out.bytes, arena_print(arena, "| `%s` |", SCHEMA_KEYS[i].name)));
    for (size_t i = 0; i < SCHEMA_CODE_COUNT; i++)
        assert_non_null(
            strstr(out.bytes, arena_print(arena, "\n### %s: %s\n", SCHEMA_CODES[i].code, SCHEMA_CODES[i].title)));
}

static void test_reference_says_what_the_table_says(void **state)
{
    Text out = text_start(*state);
    schema_print_markdown(&out);
    assert_non_null(strstr(out.bytes, "\nAt `train.optimizer.adam`."));
    assert_non_null(
        strstr(out.bytes, "\n| `beta1` | a number, from 0 to below 1 | `0.9` | memory of the mean gradient |"));
    assert_non_null(strstr(out.bytes, "\n| `batch` | an integer, from 1 to 1048576 | `512` |"));
    assert_non_null(strstr(out.bytes, "| required | the number of components; not beside `columns` |"));
    assert_non_null(strstr(out.bytes, "only with `transform: affine` |"));
    assert_non_null(strstr(out.bytes, "\nAt `architecture.gan`. **Not implemented yet.**\n"));
}

/* By an implementation of JSON Schema that is not ours. */
static void test_json_schema_judges_specs(void **state)
{
    Arena *arena = *state;
    Text out = text_start(arena);
    if (system("python3 -c 'import jsonschema, yaml' 2>/dev/null") != 0) {
        print_message("skip: no jsonschema and yaml for python3\n");
        skip();
    }
    schema_print_json(&out);
    const char *path = arena_print(arena, "%s/test_schema.json", build_folder());
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(out.bytes, file);
    assert_int_equal(fclose(file), 0);
    const char *good = arena_print(arena,
                                   "python3 tests/schema/validate.py '%s' good specs/*.yaml tests/specs/good/*.yaml "
                                   "tests/specs/extends/*.yaml tests/specs/extends/base/*.yaml",
                                   path);
    assert_int_equal(system(good), 0);
    const char *broken =
        arena_print(arena, "python3 tests/schema/validate.py '%s' broken tests/specs/broken/*.yaml", path);
    assert_int_equal(system(broken), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_map_exists_and_is_used, start, end),
        cmocka_unit_test_setup_teardown(test_every_row_is_whole, start, end),
        cmocka_unit_test_setup_teardown(test_every_choice_has_alternatives, start, end),
        cmocka_unit_test_setup_teardown(test_every_with_names_a_row, start, end),
        cmocka_unit_test_setup_teardown(test_every_default_is_good, start, end),
        cmocka_unit_test_setup_teardown(test_a_mistake_in_the_table_would_be_seen, start, end),
        cmocka_unit_test_setup_teardown(test_numbers, start, end),
        cmocka_unit_test_setup_teardown(test_text_that_is_no_number, start, end),
        cmocka_unit_test_setup_teardown(test_integers, start, end),
        cmocka_unit_test_setup_teardown(test_names, start, end),
        cmocka_unit_test_setup_teardown(test_functions_of_formulas_are_no_names, start, end),
        cmocka_unit_test_setup_teardown(test_suggested_keys, start, end),
        cmocka_unit_test_setup_teardown(test_every_key_is_explained, start, end),
        cmocka_unit_test_setup_teardown(test_explained_keys, start, end),
        cmocka_unit_test_setup_teardown(test_every_code_is_whole, start, end),
        cmocka_unit_test_setup_teardown(test_every_code_in_the_compiler_is_explained, start, end),
        cmocka_unit_test_setup_teardown(test_json_schema_is_json_and_refers_to_itself, start, end),
        cmocka_unit_test_setup_teardown(test_reference_has_every_key_and_code, start, end),
        cmocka_unit_test_setup_teardown(test_reference_says_what_the_table_says, start, end),
        cmocka_unit_test_setup_teardown(test_json_schema_judges_specs, start, end),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
