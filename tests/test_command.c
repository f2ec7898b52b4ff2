/* SPDX-License-Identifier: MIT */
/* The `ansatz` program as a user meets it: exit codes, streams, help, and that nothing is half-written. */
#include "tests/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int end(void **state)
{
    (void)state;
    shell_clean();
    return 0;
}

static void expect(int code, const char *part, const char *arguments)
{
    ShellResult result = shell_run("%s %s", shell_ansatz(), arguments);
    if (result.code != code || !strstr(result.output, part))
        fail_msg("ansatz %s: exit code %d, expected %d with '%s'\n%s", arguments, result.code, code, part,
                 result.output);
    free(result.output);
}

static void test_help_shows_examples_first(void **state)
{
    (void)state;
    expect(0, "Examples", "");
    expect(0, "ansatz emit specs/double_well.yaml -o out", "help emit");
    expect(0, "--set KEY=VALUE", "check --help");
    expect(0, "ansatz 0.", "--version");
}

static void test_mistakes_on_the_command_line(void **state)
{
    (void)state;
    expect(64, "did you mean 'check'?", "chekc specs/double_well.yaml");
    expect(64, "did you mean '--output'?", "emit specs/double_well.yaml --ouput x");
    expect(64, "needs a value", "emit specs/double_well.yaml -o");
    expect(64, "where to?", "emit specs/double_well.yaml");
    expect(64, "missing operand", "check");
    expect(64, "too many operands", "ir a.ir b.ir");
    expect(64, "there are: lower, ", "ir specs/double_well.yaml --after nothing");
}

static void test_check_of_a_good_spec(void **state)
{
    (void)state;
    expect(0, "specs/double_well.yaml: good", "check specs/double_well.yaml");
    expect(0, "\"diagnostics\"", "check --json specs/double_well.yaml");
    expect(0, "warning[W0120]: there is no file specs/ring.npy", "check specs/ring.yaml");
    expect(78, "cannot read", "check specs/there_is_none.yaml");
}

static void test_errors_in_overrides(void **state)
{
    (void)state;
    expect(78, "train.setps", "check specs/double_well.yaml --set train.setps=3");
    expect(0, "good", "check specs/double_well.yaml --set train.steps=3");
}

static void test_json_of_an_error_is_one_object(void **state)
{
    (void)state;
    const char *folder = shell_folder();
    shell_write("ansatz: 1\nname: x\n", 18, "%s/x.yaml", folder);
    ShellResult result =
        shell_run("%s check --json %s/x.yaml 2>/dev/null | python3 -m json.tool >/dev/null", shell_ansatz(), folder);
    assert_int_equal(result.code, 0);
    free(result.output);
}

static void test_ir_of_a_spec_can_be_read_again(void **state)
{
    (void)state;
    const char *folder = shell_folder();
    shell_must("%s ir specs/double_well.yaml --after lower >%s/a.ir", shell_ansatz(), folder);
    shell_must("%s ir %s/a.ir --after lower >%s/b.ir", shell_ansatz(), folder, folder);
    shell_must("diff %s/a.ir %s/b.ir", folder, folder);
    shell_must("%s ir specs/double_well.yaml --after contract-fma >%s/c.ir", shell_ansatz(), folder);
    shell_must("grep -q ' = fma ' %s/c.ir", folder);
}

static void test_a_bad_spec_leaves_nothing_behind(void **state)
{
    (void)state;
    const char *folder = shell_folder();
    shell_must("sed 's/x\\[0\\]^4/x[7]^4/' specs/double_well.yaml >%s/bad.yaml", folder);
    ShellResult result = shell_run("%s emit %s/bad.yaml -o %s/out", shell_ansatz(), folder, folder);
    assert_int_equal(result.code, 78);
    free(result.output);
    shell_must("test ! -e %s/out && test $(ls %s | wc -l) -eq 1", folder, folder);
}

static void test_a_foreign_folder_is_refused(void **state)
{
    (void)state;
    const char *folder = shell_folder();
    shell_must("mkdir %s/out && echo precious >%s/out/file", folder, folder);
    ShellResult result = shell_run("%s emit specs/double_well.yaml -o %s/out", shell_ansatz(), folder);
    assert_int_not_equal(result.code, 0);
    assert_non_null(strstr(result.output, "--force"));
    free(result.output);
    shell_must("grep -q precious %s/out/file && test $(ls %s/out | wc -l) -eq 1", folder, folder);
    shell_must("%s emit specs/double_well.yaml -o %s/out --force", shell_ansatz(), folder);
    shell_must("test -e %s/out/MANIFEST.json && grep -q precious %s/out/file", folder, folder);
    shell_must("%s emit specs/double_well.yaml -o %s/out", shell_ansatz(), folder); /* its own it replaces */
    shell_must("echo '/* mine */' >>%s/out/double_well_model.c", folder);           /* but for what was edited since */
    result = shell_run("%s emit specs/double_well.yaml -o %s/out", shell_ansatz(), folder);
    assert_int_equal(result.code, 73);
    assert_non_null(strstr(result.output, "/out/double_well_model.c was changed after the compiler wrote it"));
    free(result.output);
    shell_must("grep -q mine %s/out/double_well_model.c && rm %s/out/double_well_one.c", folder, folder);
    shell_must("%s emit specs/double_well.yaml -o %s/out --force", shell_ansatz(), folder);
    shell_must("! grep -q mine %s/out/double_well_model.c && test -e %s/out/double_well_one.c", folder, folder);
    result = shell_run("%s emit specs/many_well_16.yaml -o %s/out", shell_ansatz(), folder);
    assert_int_equal(result.code, 73);
    assert_non_null(strstr(result.output, "holds the package of another model, double_well"));
    free(result.output);
    shell_must("test -e %s/out/double_well.h && test ! -e %s/out/many_well_16.h", folder, folder);
}

/* What is said to come next can be pasted into a shell. */
static void test_next_commands_are_quoted(void **state)
{
    (void)state;
    const char *folder = shell_folder();
    ShellResult result = shell_run("cd %s && %s init plain -t double_well && %s emit plain.yaml -o \"it's o ut\" && "
                                   "mv plain.yaml 'a b.yaml' && %s check 'a b.yaml' && %s emit 'a b.yaml' -o out",
                                   folder, shell_ansatz(), shell_ansatz(), shell_ansatz(), shell_ansatz());
    assert_int_equal(result.code, 0);
    assert_non_null(strstr(result.output, "next: ansatz check plain.yaml\n"));
    assert_non_null(strstr(result.output, "next: ninja -C 'it'\\''s o ut' && 'it'\\''s o ut/plain' train -o run\n"));
    assert_non_null(strstr(result.output, "next: ansatz run 'a b.yaml' train -o run\n"));
    assert_non_null(strstr(result.output, "next: ninja -C out && out/plain train -o run\n"));
    free(result.output);
}

static void test_run_builds_once_in_a_private_cache(void **state)
{
    (void)state;
    const char *folder = shell_folder();
    shell_must("mkdir %s/cache && XDG_CACHE_HOME=%s/cache %s run specs/double_well.yaml info", folder, folder,
               shell_ansatz());
    shell_must("test \"$(stat -c %%a %s/cache/ansatz)\" = 700", folder);
    shell_must("touch -d '2001-01-01' %s/cache/ansatz/double_well-*/double_well", folder);
    shell_must("XDG_CACHE_HOME=%s/cache %s run specs/double_well.yaml info --json | python3 -m json.tool >/dev/null",
               folder, shell_ansatz());
    shell_must("test \"$(stat -c %%y %s/cache/ansatz/double_well-*/double_well | cut -c1-4)\" = 2001", folder);
    /* what is not what was built is built again, not executed */
    shell_must("echo 'exit 99' | tee %s/cache/ansatz/double_well-*/double_well", folder);
    shell_must("XDG_CACHE_HOME=%s/cache %s run specs/double_well.yaml info >/dev/null", folder, shell_ansatz());
    shell_must("chmod 777 %s/cache/ansatz", folder);
    ShellResult result =
        shell_run("XDG_CACHE_HOME=%s/cache %s run specs/double_well.yaml info", folder, shell_ansatz());
    assert_int_equal(result.code, 73);
    free(result.output);
}

/* A verb's program has what the verb needs, with the runtime that the compiler has inside: nothing of it is compiled. Its
 * results are the whole program's, which stands for all verbs once it is there. */
static void test_run_builds_what_the_verb_needs(void **state)
{
    (void)state;
    const char *folder = shell_folder();
    char start[1024];
    snprintf(start, sizeof start, "XDG_CACHE_HOME=%s %s run specs/double_well.yaml", folder, shell_ansatz());
    shell_must("%s train -o %s/part --steps 20 -q", start, folder);
    shell_must("%s sample -w %s/part -n 100 -o %s/part.npy -q", start, folder, folder);
    shell_must("cd %s/ansatz && test -x double_well-*-train/double_well && test ! -e double_well-*-train/build",
               folder);
    shell_must("cd %s/ansatz && test -x double_well-*-use/double_well && test ! -e double_well-*-use/build", folder);
    shell_must("%s selftest >/dev/null", start);
    shell_must("rm -rf %s/ansatz/*-train* %s/ansatz/*-use*", folder, folder);
    shell_must("%s train -o %s/whole --steps 20 -q", start, folder);
    shell_must("%s sample -w %s/whole -n 100 -o %s/whole.npy -q", start, folder, folder);
    shell_must("ls -d %s/ansatz/double_well-*/ | wc -l | grep -q '^1$'", folder);
    shell_must("cmp %s/part/weights.safetensors %s/whole/weights.safetensors && cmp %s/part.npy %s/whole.npy", folder,
               folder, folder, folder);
}

/* A C compiler that can't link that runtime builds the whole package instead. */
static void test_run_builds_all_where_a_part_cannot_be(void **state)
{
    (void)state;
    const char *folder = shell_folder();
    shell_must("mkdir %s/bin && printf '#!/bin/sh\\ncase \"$*\" in *runtime.a*) exit 1;; esac\\nexec %%s \"$@\"\\n' "
               "\"$(command -v cc)\" >%s/bin/cc && chmod +x %s/bin/cc",
               folder, folder, folder);
    shell_must("PATH=%s/bin:$PATH XDG_CACHE_HOME=%s %s run specs/double_well.yaml info >/dev/null", folder, folder,
               shell_ansatz());
    shell_must("test -e %s/ansatz/double_well-*-use/build", folder);
}

static void test_run_says_where_options_stand(void **state)
{
    (void)state;
    ShellResult result = shell_run("%s run specs/double_well.yaml --set train.steps=9 train -o run", shell_ansatz());
    assert_int_equal(result.code, 64);
    assert_non_null(strstr(result.output, "--set stands where VERB should: options of `ansatz run` come before SPEC"));
    free(result.output);
}

static void test_the_exit_code_of_run_is_the_programs(void **state)
{
    (void)state;
    const char *folder = shell_folder();
    ShellResult result = shell_run("XDG_CACHE_HOME=%s %s run specs/double_well.yaml sample -w %s/none -n 3 -o %s/x.npy",
                                   folder, shell_ansatz(), folder, folder);
    assert_int_equal(result.code, 66);
    free(result.output);
}

static void test_what_the_compiler_made_is_what_it_makes(void **state)
{
    (void)state;
    shell_must("tests/stale %s", shell_ansatz());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_help_shows_examples_first),
        cmocka_unit_test(test_mistakes_on_the_command_line),
        cmocka_unit_test(test_check_of_a_good_spec),
        cmocka_unit_test(test_errors_in_overrides),
        cmocka_unit_test(test_json_of_an_error_is_one_object),
        cmocka_unit_test(test_ir_of_a_spec_can_be_read_again),
        cmocka_unit_test(test_a_bad_spec_leaves_nothing_behind),
        cmocka_unit_test(test_a_foreign_folder_is_refused),
        cmocka_unit_test(test_next_commands_are_quoted),
        cmocka_unit_test(test_run_builds_once_in_a_private_cache),
        cmocka_unit_test(test_run_builds_what_the_verb_needs),
        cmocka_unit_test(test_run_builds_all_where_a_part_cannot_be),
        cmocka_unit_test(test_run_says_where_options_stand),
        cmocka_unit_test(test_the_exit_code_of_run_is_the_programs),
        cmocka_unit_test(test_what_the_compiler_made_is_what_it_makes),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
