/* SPDX-License-Identifier: MIT */
/* Damaged IR texts: the parser reads them or says what is wrong, and what it has read prints, verifies and goes through
 * the passes. The texts are the cases of tests/passes and the modules of tests/ir, changed at random from a fixed seed;
 * the one at hand stands in fuzz.ir beside this program, for the day on which one crashes it. */
#include "compiler/passes/passes.h"

#include "compiler/ir/verify.h"
#include "tests/ir_helpers.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXTS_MAX = 1000, LENGTH_MAX = 1 << 16 };

/* What the texts are made from: their bytes without a final 0. */
typedef struct Corpus {
    Arena *arena;
    Text texts[TEXTS_MAX];
    size_t count;
    TestRandom random;
    FILE *trace;
} Corpus;

/* ---- the corpus -------------------------------------------------------------------------------------------------- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(((const Text *)a)->bytes, ((const Text *)b)->bytes);
}

static void add_file(Corpus *corpus, const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    Text text = text_start(corpus->arena);
    char part[4096];
    for (size_t length; (length = fread(part, 1, sizeof part, file)) > 0;)
        text_add(&text, part, length);
    fclose(file);
    char *line = strstr(text.bytes, "pass "); /* a case: without the line that names its pass, up to what is expected */
    if (line && strncmp(text.bytes, "module", 6) != 0)
        memset(line, ' ', strcspn(line, "\n"));
    char *expected = strstr(text.bytes, "\nexpect\n");
    if (expected) {
        expected[1] = '\0';
        text.length = (size_t)(expected + 1 - text.bytes);
    }
    if (corpus->count < TEXTS_MAX && text.length < LENGTH_MAX)
        corpus->texts[corpus->count++] = text;
}

static void add_folder(Corpus *corpus, const char *path)
{
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (strstr(entry->d_name, ".ir"))
            add_file(corpus, arena_print(corpus->arena, "%s/%s", path, entry->d_name));
    closedir(folder);
}

/* ---- damage ------------------------------------------------------------------------------------------------------ */

static size_t below(Corpus *corpus, size_t count)
{
    return count > 0 ? (size_t)test_integer(&corpus->random, (int64_t)count) : 0;
}

static const char *any_word(Corpus *corpus)
{
    static const char *const WORDS[] = {
        "0",      "1",           "2",    "3",        "-1",       "7",     "4294967296", "2147483647", "1e308", "-0.0",
        "nan",    "inf",         "%",    "%x",       "%a",       "%0",    "(",          ")",          "{",     "}",
        "[",      "]",           "[2]",  "[2, 2]",   "[]",       ",",     ";",          ":",          "=",     "->",
        "\"",     "\"ij,j->i\"", "all",  "axes",     "axis",     "table", "start",      "length",     "to",    "shared",
        "sample", "parameter",   "real", "int32",    "bool",     "entry", "function",   "return",     "note",  "module",
        "batch",  "call",        "scan", "constant", "reversed", "mul",   "neg",        "concat",     "#",     "\n",
    };
    size_t choice = below(corpus, sizeof WORDS / sizeof WORDS[0] + IR_OPCODE_COUNT);
    return choice < IR_OPCODE_COUNT ? ir_op_text((IrOpcode)choice) : WORDS[choice - IR_OPCODE_COUNT];
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '%' || c == '.';
}

/* Puts `bytes` in the place of `length` bytes from `begin` on. */
static Text replace(Corpus *corpus, Text text, size_t begin, size_t length, const char *bytes, size_t count)
{
    Text changed = text_start(corpus->arena);
    text_add(&changed, text.bytes, begin);
    text_add(&changed, bytes, count);
    text_add(&changed, text.bytes + begin + length, text.length - begin - length);
    return changed;
}

/* A word becomes another, of the text itself or of the language. */
static Text change_word(Corpus *corpus, Text text)
{
    size_t begin = below(corpus, text.length + 1), end, from = below(corpus, text.length + 1), to;
    while (begin < text.length && !is_word(text.bytes[begin]))
        begin++;
    for (end = begin; end < text.length && is_word(text.bytes[end]);)
        end++;
    while (from < text.length && !is_word(text.bytes[from]))
        from++;
    for (to = from; to < text.length && is_word(text.bytes[to]);)
        to++;
    if (below(corpus, 2) == 0)
        return replace(corpus, text, begin, end - begin, text.bytes + from, to - from);
    const char *word = any_word(corpus);
    return replace(corpus, text, begin, end - begin, word, strlen(word));
}

static Text damage(Corpus *corpus, Text text)
{
    size_t begin = below(corpus, text.length + 1), length = below(corpus, 1 + (text.length - begin) / 4);
    const Text other = corpus->texts[below(corpus, corpus->count)];
    size_t from = below(corpus, other.length + 1), count = below(corpus, 1 + (other.length - from) / 4);
    char byte = (char)below(corpus, 256);
    switch (below(corpus, 9)) {
    case 0:
        return replace(corpus, text, begin, begin < text.length, &byte, 1);
    case 1:
        return replace(corpus, text, begin, length, "", 0);
    case 2: /* once more, here or elsewhere */
        return replace(corpus, text, below(corpus, text.length + 1), 0, text.bytes + begin, length);
    case 3:
        return replace(corpus, text, begin, length, other.bytes + from, count);
    case 4:
        return replace(corpus, text, begin, text.length - begin, "", 0);
    default:
        return change_word(corpus, text);
    }
}

static Text next_text(Corpus *corpus)
{
    Text text = corpus->texts[below(corpus, corpus->count)];
    size_t times = below(corpus, 4); /* 0: one word, so that many can still be read */
    if (times == 0)
        text = change_word(corpus, text);
    for (size_t i = 0; i < times; i++)
        text = damage(corpus, text);
    if (corpus->trace) {
        rewind(corpus->trace);
        fwrite(text.bytes, 1, text.length, corpus->trace);
        fputs("\n# ---- end\n", corpus->trace);
        fflush(corpus->trace);
    }
    return text;
}

/* ---- the tests --------------------------------------------------------------------------------------------------- */

static IrModule *parse(Arena *arena, const char *bytes, size_t length)
{
    Source *source = ARENA_NEW(arena, Source);
    Diagnostics diagnostics;
    char *copy = malloc(length + 1); /* of just that size, so that a reader that goes beyond is caught */
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    *source = (Source){"fuzz.ir", copy, length};
    diagnostics_start(&diagnostics, arena);
    IrModule *module = ir_parse(arena, source, &diagnostics);
    Text printed = text_start(arena);
    diagnostics_print(&diagnostics, &printed, 0);
    assert_true((module == NULL) == (diagnostics.error_count > 0));
    free(copy);
    return module;
}

static bool prints_as(const IrModule *module, const char *expected, Text *out)
{
    *out = text_start(module->arena);
    ir_print(module, out);
    return !expected || strcmp(out->bytes, expected) == 0;
}

static int count_ops(const IrModule *module)
{
    int count = 0;
    for (int i = 0; i < module->function_count; i++)
        count += module->functions[i]->op_count;
    return count;
}

/* What was read prints, reads again the same, and goes through the passes, which keep the IR's rules. */
static bool try_text(Arena *arena, Text text)
{
    IrModule *module = parse(arena, text.bytes, text.length);
    if (!module)
        return false;
    Text once, twice;
    ir_test_verify(module);
    prints_as(module, NULL, &once);
    IrModule *again = parse(arena, once.bytes, once.length);
    assert_non_null(again);
    if (!prints_as(again, once.bytes, &twice))
        fail_msg("printed\n%s\nread and printed again\n%s", once.bytes, twice.bytes);
    for (const Pass *pass = PASSES; pass->name && count_ops(module) > 0; pass++) {
        pass->run(module);
        ir_test_verify(module);
    }
    return true;
}

static void test_damaged_texts(void **state)
{
    enum { ROUNDS = 12000, READ_LEAST = 1000 };
    Corpus *corpus = *state;
    int read = 0;
    for (int i = 0; i < ROUNDS; i++) {
        Arena corpus_arena, arena;
        arena_start(&corpus_arena, NULL);
        arena_start(&arena, NULL);
        corpus->arena = &corpus_arena;
        read += try_text(&arena, next_text(corpus));
        arena_end(&arena);
        arena_end(&corpus_arena);
    }
    print_message("%d texts of %d could be read\n", read, ROUNDS);
    assert_true(read >= READ_LEAST);
}

static int start(void **state)
{
    static Corpus corpus;
    static Arena arena;
    char path[512];
    const char *build = getenv("BUILD");
    arena_start(&arena, NULL);
    corpus = (Corpus){.arena = &arena, .random = {5}};
    add_folder(&corpus, "tests/passes");
    add_folder(&corpus, "tests/ir");
    qsort(corpus.texts, corpus.count, sizeof corpus.texts[0], compare_texts);
    snprintf(path, sizeof path, "%s/tests/fuzz.ir", build ? build : "build");
    corpus.trace = fopen(path, "wb");
    *state = &corpus;
    return 0;
}

static int end(void **state)
{
    Corpus *corpus = *state;
    if (corpus->trace)
        fclose(corpus->trace);
    arena_end(corpus->texts[0].arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_texts),
    };
    return cmocka_run_group_tests(tests, start, end);
}
