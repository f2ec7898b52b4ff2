/* SPDX-License-Identifier: MIT */
/* The YAML stage: trees, places, and everything that a spec may not have. */
#include "compiler/yaml/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct Test {
    Arena arena;
    Diagnostics diagnostics;
} Test;

static int start(void **state)
{
    static Test test;
    arena_start(&test.arena, NULL);
    diagnostics_start(&test.diagnostics, &test.arena);
    *state = &test;
    return 0;
}

static int end(void **state)
{
    arena_end(&((Test *)*state)->arena);
    return 0;
}

static const YamlNode *read_bytes(Test *test, const char *text, size_t length)
{
    Source *source = ARENA_NEW(&test->arena, Source);
    *source = (Source){"test.yaml", arena_copy_text(&test->arena, text, length), length};
    return yaml_read(&test->arena, source, 0, &test->diagnostics);
}

static const YamlNode *read_text(Test *test, const char *text)
{
    return read_bytes(test, text, strlen(text));
}

static const YamlNode *read_well(Test *test, const char *text)
{
    const YamlNode *root = read_text(test, text);
    if (test->diagnostics.error_count > 0 || root == NULL) {
        Text out = text_start(&test->arena);
        diagnostics_print(&test->diagnostics, &out, 0);
        fail_msg("%s", out.bytes);
    }
    return root;
}

/* The one error, with this code, at this place. */
static const Diagnostic *expect_error(Test *test, const char *code, int line, int column)
{
    const Diagnostics *diagnostics = &test->diagnostics;
    Text out = text_start(&test->arena);
    diagnostics_print(diagnostics, &out, 0);
    if (diagnostics->count != 1 || strcmp(diagnostics->items[0].code, code) != 0 ||
        diagnostics->items[0].span.line != line || diagnostics->items[0].span.column != column)
        fail_msg("expected %s at %d:%d, got:\n%s", code, line, column, out.bytes);
    return &diagnostics->items[0];
}

static void expect_span(const YamlNode *node, size_t begin, size_t end_, int line, int column)
{
    assert_int_equal(node->span.begin, begin);
    assert_int_equal(node->span.end, end_);
    assert_int_equal(node->span.line, line);
    assert_int_equal(node->span.column, column);
}

/* ---- trees ---- */

static void test_tree_keeps_order_and_text(void **state)
{
    const YamlNode *root = read_well(*state, "name: dw\nlist: [1, 'two', \"three\"]\nmap:\n  a: N\n  b: on\n");
    assert_int_equal(root->kind, YAML_KIND_MAPPING);
    assert_int_equal(root->count, 3);
    assert_string_equal(root->entries[1].key->text, "list");
    const YamlNode *list = yaml_get(root, "list");
    assert_int_equal(list->kind, YAML_KIND_SEQUENCE);
    assert_int_equal(list->count, 3);
    assert_true(yaml_is(list->items[1], "two"));
    assert_int_equal(list->items[0]->style, YAML_STYLE_PLAIN);
    assert_int_equal(list->items[1]->style, YAML_STYLE_SINGLE_QUOTED);
    assert_int_equal(list->items[2]->style, YAML_STYLE_DOUBLE_QUOTED);
    assert_true(yaml_is(yaml_get(yaml_get(root, "map"), "a"), "N"));
    assert_true(yaml_is(yaml_get(yaml_get(root, "map"), "b"), "on"));
    assert_null(yaml_get(root, "missing"));
    assert_int_equal(root->node_count, 14);
    assert_int_equal(root->height, 3);
}

static void test_empty_value_is_an_empty_scalar(void **state)
{
    const YamlNode *value = yaml_get(read_well(*state, "a:\nb: 1\n"), "a");
    assert_int_equal(value->kind, YAML_KIND_SCALAR);
    assert_int_equal(value->length, 0);
    assert_int_equal(value->span.line, 1);
}

static void test_places_count_code_points(void **state)
{
    /* e acute: 2 bytes, the integral sign: 3, a clef: 4 */
    const YamlNode *root = read_well(*state, "\xC3\xA9: \"\xE2\x88\xAB\xF0\x9D\x84\x9E\"\nb: [x, \xC3\xA9, y]\n");
    expect_span(root->entries[0].key, 0, 2, 1, 1);
    expect_span(root->entries[0].value, 4, 13, 1, 4);
    assert_int_equal(root->entries[0].value->content, 5);
    expect_span(yaml_get(root, "b")->items[1], 21, 23, 2, 8);
    expect_span(yaml_get(root, "b")->items[2], 25, 26, 2, 11);
}

static void test_places_with_carriage_returns_and_byte_order_mark(void **state)
{
    const YamlNode *root = read_well(*state, "\xEF\xBB\xBF"
                                             "a: 1\r\nbb:\r\n  - 22\r\n");
    expect_span(root->entries[0].key, 3, 4, 1, 1);
    expect_span(yaml_get(root, "bb")->items[0], 18, 20, 3, 5);
    assert_true(yaml_is(yaml_get(root, "bb")->items[0], "22"));
}

static void test_span_of_a_block_collection_ends_with_its_last_child(void **state)
{
    const YamlNode *root = read_well(*state, "a:\n  - b: 1\n    c: 22\n\n# end\nd: 2\n");
    expect_span(yaml_get(root, "a"), 5, 21, 2, 3);
    expect_span(yaml_get(root, "a")->items[0], 7, 21, 2, 5);
    const YamlNode *flow = read_well(*state, "a: { b: 1 }  # end\n");
    expect_span(yaml_get(flow, "a"), 3, 11, 1, 4);
}

static void expect_exact(Test *test, const char *text, bool exact)
{
    const YamlNode *value = yaml_get(read_well(test, text), "a");
    assert_int_equal(value->exact, exact);
    if (exact)
        assert_memory_equal(value->span.source->text + value->content, value->text, value->length);
}

static void test_exactness_of_scalars(void **state)
{
    expect_exact(*state, "a: x[0]^2 + 1  # note\n", true);
    expect_exact(*state, "a: 'x + 1'\n", true);
    expect_exact(*state, "a: \"x + 1\"\n", true);
    expect_exact(*state, "a: \"\xC3\xA9 + 1\"\n", true);
    expect_exact(*state, "a: &name   x + 1\n", true);
    expect_exact(*state, "a: &name 'x + 1'\n", true);
    expect_exact(*state, "a: 'it''s'\n", false);
    expect_exact(*state, "a: \"x\\t+ 1\"\n", false);
    expect_exact(*state, "a: \"x \\x2b 1\"\n", false);
    expect_exact(*state, "a: x +\n   1\n", false);
    expect_exact(*state, "a: |\n  x + 1\n", false);
    expect_exact(*state, "a: >-\n  x + 1\n", false);
}

static void test_block_scalars_know_their_style(void **state)
{
    const YamlNode *root = read_well(*state, "a: |\n  x +\n  1\nb: >-\n  x +\n  1\n");
    assert_int_equal(yaml_get(root, "a")->style, YAML_STYLE_LITERAL);
    assert_true(yaml_is(yaml_get(root, "a"), "x +\n1\n"));
    assert_int_equal(yaml_get(root, "b")->style, YAML_STYLE_FOLDED);
    assert_true(yaml_is(yaml_get(root, "b"), "x + 1"));
}

static void test_anchor_is_left_out_of_an_exact_span(void **state)
{
    expect_span(yaml_get(read_well(*state, "a: &name  value\n"), "a"), 10, 15, 1, 11);
}

static void test_alias_is_the_node_of_its_anchor(void **state)
{
    const YamlNode *root = read_well(*state, "a: &net [64, 64]\nb: *net\nc: &net 5\nd: *net\n");
    assert_ptr_equal(yaml_get(root, "a"), yaml_get(root, "b"));
    assert_true(yaml_is(yaml_get(root, "d"), "5"));
    assert_int_equal(root->node_count, 1 + 4 + 3 + 3 + 2);
}

static void test_part_of_a_source(void **state)
{
    Test *test = *state;
    static const Source source = {"--set", "train.rate={from: 1, to: 2}", 27};
    const YamlNode *root = yaml_read(&test->arena, &source, 11, &test->diagnostics);
    assert_non_null(root);
    expect_span(yaml_get(root, "to"), 25, 26, 1, 26);
}

/* ---- what a spec may not have ---- */

static void test_syntax_error_has_place_and_context(void **state)
{
    read_text(*state, "a: 1\nb: [1, 2\nc: 3\n");
    const Diagnostic *error = expect_error(*state, "E0001", 3, 2);
    assert_non_null(strstr(error->message, "did not find expected ',' or ']'"));
    assert_int_equal(error->related.line, 2);
}

static void test_tab_is_explained(void **state)
{
    read_text(*state, "a:\n\tb: 1\n");
    assert_non_null(strstr(expect_error(*state, "E0001", 2, 1)->help, "no tabs"));
}

static void test_unquoted_formula_in_a_flow_map_is_explained(void **state)
{
    read_text(*state, "a: {value: x[0]^2}\n");
    assert_non_null(strstr(expect_error(*state, "E0001", 1, 13)->help, "a formula needs quotes"));
}

static void test_text_that_is_not_utf8(void **state)
{
    read_text(*state, "a: 1\nname: caf\xE9\n");
    expect_error(*state, "E0002", 2, 10);
}

static void test_utf16_is_named(void **state)
{
    read_bytes(*state,
               "\xFF\xFE"
               "a\0:\0",
               6);
    assert_non_null(strstr(expect_error(*state, "E0002", 1, 1)->label, "UTF-16"));
}

static void test_nul_byte(void **state)
{
    read_bytes(*state, "a: 1\nb: \0\n", 10);
    expect_error(*state, "E0003", 2, 4);
}

static void test_carriage_return_alone(void **state)
{
    read_text(*state, "a: 1\rb: 2\n");
    expect_error(*state, "E0003", 1, 5);
}

static void test_control_character_by_escape(void **state)
{
    read_text(*state, "a: \"x\\0y\"\n");
    expect_error(*state, "E0003", 1, 4);
}

static void test_too_long(void **state)
{
    Test *test = *state;
    char *text = ARENA_ARRAY(&test->arena, char, YAML_BYTES_MAX + 2);
    memset(text, '#', YAML_BYTES_MAX + 1);
    memcpy(text, "a: 1\n", 5);
    assert_non_null(read_bytes(test, text, YAML_BYTES_MAX));
    assert_int_equal(test->diagnostics.error_count, 0);
    assert_null(read_bytes(test, text, YAML_BYTES_MAX + 1));
    expect_error(test, "E0004", 1, 1);
}

static const char *nested(Test *test, size_t depth, const char *open, const char *close)
{
    Text text = text_start(&test->arena);
    for (size_t i = 0; i < depth; i++)
        text_put(&text, open);
    for (size_t i = 0; i < depth; i++)
        text_put(&text, close);
    return text.bytes;
}

static void test_depth_limit(void **state)
{
    Test *test = *state;
    assert_int_equal(read_well(test, nested(test, 64, "[", "]"))->height, 64);
    read_text(test, nested(test, 65, "[", "]"));
    expect_error(test, "E0005", 1, 65);
}

static void test_ten_thousand_deep(void **state)
{
    read_text(*state, nested(*state, 10000, "[", "]"));
    expect_error(*state, "E0005", 1, 65);
}

static void test_ten_thousand_deep_maps(void **state)
{
    read_text(*state, nested(*state, 10000, "{a: ", "}"));
    expect_error(*state, "E0005", 1, 254);
}

static void test_depth_counts_through_aliases(void **state)
{
    Test *test = *state;
    Text text = text_start(&test->arena);
    text_print(&text, "- &a %s\n", nested(test, 40, "[", "]"));
    for (int i = 0; i < 30; i++)
        text_put(&text, "[");
    Text whole = text_start(&test->arena);
    text_print(&whole, "- &a %s\n- [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
               nested(test, 40, "[", "]"));
    read_text(test, whole.bytes);
    expect_error(test, "E0005", 2, 33);
}

/* Nine anchors of nine aliases each: 9^9 values from under 500 bytes. */
static void test_alias_bomb(void **state)
{
    Test *test = *state;
    Text text = text_start(&test->arena);
    text_put(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 9; i++) {
        text_print(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 9; j++)
            text_print(&text, "%s*a%d", j > 0 ? "," : "", i - 1);
        text_put(&text, "]\n");
    }
    size_t before = test->arena.total;
    read_text(test, text.bytes);
    assert_int_equal(test->diagnostics.error_count, 1);
    assert_string_equal(test->diagnostics.items[0].code, "E0006");
    assert_true(test->arena.total - before < 1000000);
}

static void test_node_limit(void **state)
{
    Test *test = *state;
    Text text = text_start(&test->arena);
    text_put(&text, "[");
    for (int i = 0; i < YAML_NODES_MAX; i++)
        text_put(&text, "1,");
    text_put(&text, "]");
    read_text(test, text.bytes);
    assert_int_equal(test->diagnostics.error_count, 1);
    assert_string_equal(test->diagnostics.items[0].code, "E0006");
}

static void test_anchor_limit(void **state)
{
    Test *test = *state;
    Text text = text_start(&test->arena);
    for (int i = 0; i <= YAML_ANCHORS_MAX; i++)
        text_print(&text, "- &a%d 1\n", i);
    read_text(test, text.bytes);
    expect_error(test, "E0006", YAML_ANCHORS_MAX + 1, 3);
}

static void test_alias_inside_its_own_value(void **state)
{
    read_text(*state, "a: &a\n  b: [1, *a]\n");
    expect_error(*state, "E0010", 2, 10);
}

static void test_alias_without_anchor(void **state)
{
    read_text(*state, "a: *b\nb: &b 1\n");
    expect_error(*state, "E0010", 1, 4);
}

static void test_tag_is_refused_and_the_rest_is_read(void **state)
{
    const YamlNode *root = read_text(*state, "a: !!python/object:os.system 1\nb: 2\n");
    expect_error(*state, "E0007", 1, 4);
    assert_true(yaml_is(yaml_get(root, "b"), "2"));
}

static void test_merge_key_is_refused(void **state)
{
    read_text(*state, "a: &a {x: 1}\nb:\n  <<: *a\n  y: 2\n");
    assert_non_null(strstr(expect_error(*state, "E0008", 3, 3)->help, "extends"));
}

static void test_quoted_merge_key_is_a_key(void **state)
{
    assert_non_null(yaml_get(read_well(*state, "'<<': 1\n"), "<<"));
}

static void test_duplicate_key_names_both_places(void **state)
{
    const YamlNode *root = read_text(*state, "a: 1\nb: 2\n'a': 3\n");
    const Diagnostic *error = expect_error(*state, "E0009", 3, 1);
    assert_int_equal(error->related.line, 1);
    assert_int_equal(root->count, 2);
    assert_true(yaml_is(yaml_get(root, "a"), "1"));
}

static void test_many_keys_are_quick(void **state)
{
    Test *test = *state;
    Text text = text_start(&test->arena);
    for (int i = 0; i < 49000; i++)
        text_print(&text, "key%d: %d\n", i, i);
    text_put(&text, "key0: 1\n");
    assert_int_equal(read_text(test, text.bytes)->count, 49000);
    expect_error(test, "E0009", 49001, 1);
}

static void test_key_that_is_a_list(void **state)
{
    read_text(*state, "? [1, 2]\n: 3\n");
    expect_error(*state, "E0013", 1, 3);
}

static void test_second_document(void **state)
{
    read_text(*state, "a: 1\n---\nb: 2\n");
    expect_error(*state, "E0011", 3, 1);
}

static void test_nothing(void **state)
{
    assert_null(read_text(*state, "# only a comment\n"));
    expect_error(*state, "E0012", 1, 1);
}

static void test_shown_text_is_printable_and_short(void **state)
{
    Test *test = *state;
    const YamlNode *node = read_well(test, "\"a\\tb\\n\xC3\xA9\"\n");
    assert_string_equal(yaml_shown(&test->arena, node), "'a\tb?\xC3\xA9'");
    Text text = text_start(&test->arena);
    for (int i = 0; i < 100; i++)
        text_put(&text, "\xC3\xA9");
    const char *shown = yaml_shown(&test->arena, read_well(test, text.bytes));
    assert_int_equal(strlen(shown), 2 * 60 + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tree_keeps_order_and_text, start, end),
        cmocka_unit_test_setup_teardown(test_empty_value_is_an_empty_scalar, start, end),
        cmocka_unit_test_setup_teardown(test_places_count_code_points, start, end),
        cmocka_unit_test_setup_teardown(test_places_with_carriage_returns_and_byte_order_mark, start, end),
        cmocka_unit_test_setup_teardown(test_span_of_a_block_collection_ends_with_its_last_child, start, end),
        cmocka_unit_test_setup_teardown(test_exactness_of_scalars, start, end),
        cmocka_unit_test_setup_teardown(test_block_scalars_know_their_style, start, end),
        cmocka_unit_test_setup_teardown(test_anchor_is_left_out_of_an_exact_span, start, end),
        cmocka_unit_test_setup_teardown(test_alias_is_the_node_of_its_anchor, start, end),
        cmocka_unit_test_setup_teardown(test_part_of_a_source, start, end),
        cmocka_unit_test_setup_teardown(test_syntax_error_has_place_and_context, start, end),
        cmocka_unit_test_setup_teardown(test_tab_is_explained, start, end),
        cmocka_unit_test_setup_teardown(test_unquoted_formula_in_a_flow_map_is_explained, start, end),
        cmocka_unit_test_setup_teardown(test_text_that_is_not_utf8, start, end),
        cmocka_unit_test_setup_teardown(test_utf16_is_named, start, end),
        cmocka_unit_test_setup_teardown(test_nul_byte, start, end),
        cmocka_unit_test_setup_teardown(test_carriage_return_alone, start, end),
        cmocka_unit_test_setup_teardown(test_control_character_by_escape, start, end),
        cmocka_unit_test_setup_teardown(test_too_long, start, end),
        cmocka_unit_test_setup_teardown(test_depth_limit, start, end),
        cmocka_unit_test_setup_teardown(test_ten_thousand_deep, start, end),
        cmocka_unit_test_setup_teardown(test_ten_thousand_deep_maps, start, end),
        cmocka_unit_test_setup_teardown(test_depth_counts_through_aliases, start, end),
        cmocka_unit_test_setup_teardown(test_alias_bomb, start, end),
        cmocka_unit_test_setup_teardown(test_node_limit, start, end),
        cmocka_unit_test_setup_teardown(test_anchor_limit, start, end),
        cmocka_unit_test_setup_teardown(test_alias_inside_its_own_value, start, end),
        cmocka_unit_test_setup_teardown(test_alias_without_anchor, start, end),
        cmocka_unit_test_setup_teardown(test_tag_is_refused_and_the_rest_is_read, start, end),
        cmocka_unit_test_setup_teardown(test_merge_key_is_refused, start, end),
        cmocka_unit_test_setup_teardown(test_quoted_merge_key_is_a_key, start, end),
        cmocka_unit_test_setup_teardown(test_duplicate_key_names_both_places, start, end),
        cmocka_unit_test_setup_teardown(test_many_keys_are_quick, start, end),
        cmocka_unit_test_setup_teardown(test_key_that_is_a_list, start, end),
        cmocka_unit_test_setup_teardown(test_second_document, start, end),
        cmocka_unit_test_setup_teardown(test_nothing, start, end),
        cmocka_unit_test_setup_teardown(test_shown_text_is_printable_and_short, start, end),
    };
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
