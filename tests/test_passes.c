/* SPDX-License-Identifier: MIT */
/* Single passes on small modules. Each file tests/passes/NAME.ir is a case: comments, a line "pass PASS ..." (one, or
 * one and "dead-code", so that what it has replaced need not be listed), a module, and after a line "expect" the module
 * that is left, or "unchanged". Both are compared as printed, without the values' hints. Then both are run on random
 * inputs and must agree: bit for bit where the pass rounds nothing anew. */
#include "compiler/passes/passes.h"

#include "tests/ir_helpers.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char FOLDER[] = "tests/passes";

typedef struct Case {
    Arena arena;
    char path[512];
} Case;

/* ---- texts ------------------------------------------------------------------------------------------------------- */

static char *read_text(Arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    Text text = text_start(arena);
    char part[4096];
    for (size_t length; (length = fread(part, 1, sizeof part, file)) > 0;)
        text_add(&text, part, length);
    fclose(file);
    return text.bytes;
}

static void forget_names(const IrModule *module)
{
    for (int i = 0; i < module->function_count; i++)
        for (int j = 0; j < module->functions[i]->value_count; j++)
            module->functions[i]->values[j].name = NULL;
}

static const char *print(Arena *arena, const IrModule *module)
{
    Text text = text_start(arena);
    forget_names(module);
    ir_print(module, &text);
    return text.bytes;
}

/* Splits at the line that is `word`: ends `text` before it and returns what comes behind. */
static char *split_at_line(char *text, const char *word)
{
    size_t length = strlen(word);
    for (char *line = text; line; line = strchr(line, '\n'), line += line != NULL) {
        if (strncmp(line, word, length) != 0 || (line[length] != '\n' && line[length] != '\0'))
            continue;
        *line = '\0';
        return line[length] == '\0' ? line + length : line + length + 1;
    }
    fail_msg("there is no line \"%s\"", word);
    return NULL;
}

/* Takes the line "pass NAMES" out of the text and returns NAMES. */
static char *take_passes(Arena *arena, char *text)
{
    for (char *line = text; line; line = strchr(line, '\n'), line += line != NULL) {
        if (strncmp(line, "pass ", 5) != 0)
            continue;
        size_t length = strcspn(line, "\n");
        char *names = arena_copy_text(arena, line + 5, length - 5);
        memset(line, ' ', length);
        return names;
    }
    fail_msg("there is no line \"pass NAME\"");
    return NULL;
}

/* ---- a diff ------------------------------------------------------------------------------------------------------ */

static int split_lines(Arena *arena, const char *text, const char ***lines)
{
    int count = 0;
    for (const char *c = text; *c; c++)
        count += *c == '\n';
    *lines = ARENA_ARRAY(arena, const char *, count + 1);
    for (int i = 0; i < count; i++) {
        size_t length = strcspn(text, "\n");
        (*lines)[i] = arena_copy_text(arena, text, length);
        text += length + 1;
    }
    return count;
}

/* The lines of both, those in common once, by a longest common subsequence. */
static void print_diff(Arena *arena, const char *expected, const char *actual, Text *out)
{
    const char **a, **b;
    int a_count = split_lines(arena, expected, &a), b_count = split_lines(arena, actual, &b), width = b_count + 1;
    int *common = ARENA_ARRAY(arena, int, (a_count + 1) * width); /* of the lines from i and j on */
    for (int i = a_count - 1; i >= 0; i--) {
        for (int j = b_count - 1; j >= 0; j--) {
            int down = common[(i + 1) * width + j], right = common[i * width + j + 1];
            common[i * width + j] =
                strcmp(a[i], b[j]) == 0 ? common[(i + 1) * width + j + 1] + 1 : (down > right ? down : right);
        }
    }
    for (int i = 0, j = 0; i < a_count || j < b_count;) {
        if (i < a_count && j < b_count && strcmp(a[i], b[j]) == 0) {
            text_print(out, "  %s\n", a[i]);
            i++, j++;
        } else if (j == b_count || (i < a_count && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
            text_print(out, "- %s\n", a[i++]);
        } else {
            text_print(out, "+ %s\n", b[j++]);
        }
    }
}

static void expect_text(Arena *arena, const char *expected, const char *actual)
{
    if (strcmp(expected, actual) == 0)
        return;
    Text text = text_start(arena);
    print_diff(arena, expected, actual, &text);
    fail_msg("expected (-) and actual (+) differ:\n%s", text.bytes);
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static bool same_signature(const IrFunction *a, const IrFunction *b)
{
    if (a->input_count != b->input_count || a->output_count != b->output_count)
        return false;
    for (int i = 0; i < a->input_count; i++)
        if (!ir_shape_equal(ir_type_of(a, a->inputs[i]), ir_type_of(b, b->inputs[i])))
            return false;
    return true;
}

/* Makes about a quarter of the real inputs' elements NaN. */
static void spoil(const IrFunction *function, IrTensor *inputs, int64_t batch, TestRandom *random)
{
    for (int i = 0; i < function->input_count; i++)
        for (int64_t j = 0; j < ir_test_count(&inputs[i], batch); j++)
            if (ir_type_of(function, function->inputs[i])->element == IR_REAL && test_integer(random, 4) == 0)
                inputs[i].data[j] = NAN;
}

static void expect_same_values(Arena *arena, const IrFunction *before, const IrFunction *after, double tolerance,
                               bool keeps_nan)
{
    int64_t batch = before->module->batch > 0 ? before->module->batch : 3;
    TestRandom random = {11};
    for (int round = 0; round < (keeps_nan ? 8 : 4); round++) {
        double low = round % 2 == 0 ? -2 : 0.25; /* of both signs, and where logarithms are defined */
        IrTensor *inputs = ir_test_random_inputs(arena, before, batch, &random, low, 2);
        if (round >= 4)
            spoil(before, inputs, batch, &random);
        IrTensor *expected = ir_test_run(arena, before, batch, inputs);
        IrTensor *actual = ir_test_run(arena, after, batch, inputs);
        for (int i = 0; i < before->output_count; i++) {
            assert_int_equal(actual[i].count, expected[i].count);
            for (int64_t sample = 0; sample < batch; sample++)
                ir_test_expect(actual[i].data + (actual[i].per_sample ? sample * actual[i].count : 0),
                               expected[i].data + (expected[i].per_sample ? sample * expected[i].count : 0),
                               actual[i].count, tolerance, before->name);
        }
    }
}

/* Functions whose inputs or outputs the pass has changed are run as their callers call them. */
static void expect_module_values(Arena *arena, const IrModule *before, const IrModule *after, double tolerance,
                                 bool keeps_nan)
{
    int run = 0;
    for (int i = 0; i < after->function_count; i++) {
        const IrFunction *function = ir_function_find(before, after->functions[i]->name);
        if (!function || !same_signature(function, after->functions[i]))
            continue;
        expect_same_values(arena, function, after->functions[i], tolerance, keeps_nan);
        run++;
    }
    if (run == 0)
        fail_msg("no function kept its inputs and outputs");
}

/* ---- cases ------------------------------------------------------------------------------------------------------- */

static const Pass *find_pass(const char *name)
{
    for (const Pass *pass = PASSES; pass->name; pass++)
        if (strcmp(pass->name, name) == 0)
            return pass;
    fail_msg("there is no pass \"%s\"", name);
    return NULL;
}

static bool rounds_anew(const Pass *pass)
{
    return pass->run == pass_simplify || pass->run == pass_contract_fma;
}

static void test_case(void **state)
{
    Case *current = *state;
    Arena *arena = &current->arena;
    char *text = read_text(arena, current->path);
    char *passes = take_passes(arena, text);
    const char *expected = split_at_line(text, "expect");
    IrModule *before = ir_test_parse(arena, text), *after = ir_test_parse(arena, text);
    bool exact = true, keeps_nan = true;
    for (const char *name = strtok(passes, " "); name; name = strtok(NULL, " ")) {
        const Pass *pass = find_pass(name);
        exact = exact && !rounds_anew(pass);
        keeps_nan = keeps_nan && pass->run != pass_mask_sparsity;
        pass->run(after);
        ir_test_verify(after);
    }
    const IrModule *wanted = strcmp(expected, "unchanged\n") == 0 ? before : ir_test_parse(arena, expected);
    expect_text(arena, print(arena, wanted), print(arena, after));
    expect_module_values(arena, before, after, exact ? 0 : 1e-13, keeps_nan);
}

static int start(void **state)
{
    Case *current = *state;
    arena_start(&current->arena, NULL);
    return 0;
}

static int end(void **state)
{
    Case *current = *state;
    arena_end(&current->arena);
    return 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const Case *)a)->path, ((const Case *)b)->path);
}

enum { CASES_MAX = 1000 };

static size_t find_cases(Case *cases)
{
    size_t count = 0;
    DIR *folder = opendir(FOLDER);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        const char *ending = strrchr(entry->d_name, '.');
        if (!ending || strcmp(ending, ".ir") != 0 || count == CASES_MAX)
            continue;
        snprintf(cases[count].path, sizeof cases[count].path, "%s/%s", FOLDER, entry->d_name);
        count++;
    }
    if (folder)
        closedir(folder);
    qsort(cases, count, sizeof cases[0], compare_paths);
    return count;
}

int main(void)
{
    static Case cases[CASES_MAX];
    static struct CMUnitTest tests[CASES_MAX];
    size_t count = find_cases(cases);
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){cases[i].path, test_case, start, end, &cases[i]};
    if (count == 0) {
        fprintf(stderr, "%s: no cases\n", FOLDER);
        return 1;
    }
    return _cmocka_run_group_tests("passes", tests, count, NULL, NULL);
}
