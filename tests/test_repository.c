/* SPDX-License-Identifier: MIT */
/* What must hold of the repository as a whole: every file has its licence and its format, a second compiler accepts it,
 * the README shows what is there, and `setup` does no more than it says. */
#include "compiler/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

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

/* What a command line prints, on both streams, and its exit status. */
static char *run(Arena *arena, const char *command, int *status)
{
    FILE *pipe = popen(arena_print(arena, "{ %s\n} 2>&1", command), "r");
    assert_non_null(pipe);
    Text text = text_start(arena);
    char part[4096];
    for (size_t length; (length = fread(part, 1, sizeof part, pipe)) > 0;)
        text_add(&text, part, length);
    int ended = pclose(pipe);
    *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    return text.bytes;
}

static void expect_silence(Arena *arena, const char *command)
{
    int status;
    const char *output = run(arena, command, &status);
    if (status != 0 || *output)
        fail_msg("%s: exit status %d\n%s", command, status, output);
}

static bool has_command(Arena *arena, const char *name)
{
    int status;
    run(arena, arena_print(arena, "command -v %s", name), &status);
    return status == 0;
}

static void skip_saying(const char *why)
{
    print_message("skip: %s\n", why);
    skip();
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static void test_every_file_has_its_licence(void **state)
{
    expect_silence(*state, "find compiler tests -name '*.[ch]' | "
                           "xargs grep -L '^/[*] SPDX-License-Identifier: MIT [*]/$'");
    expect_silence(*state, "find runtime -name '*.[ch]' | "
                           "xargs grep -L '^/[*] SPDX-License-Identifier: MIT-0 [*]/$'");
}

/* Looking at files is done once, not under the sanitizers again. */
static void skip_where_sanitized(void)
{
    const char *build = getenv("BUILD");
    if (build && strcmp(build, "build") != 0)
        skip_saying("files are looked at in the plain build");
}

/* The flags are those of the build, which says them in FLAGS. */
static void test_clang_accepts_every_file(void **state)
{
    const char *flags = getenv("FLAGS");
    skip_where_sanitized();
    if (!flags || !has_command(*state, "clang"))
        skip_saying("no clang here, or no FLAGS");
    expect_silence(*state,
                   arena_print(*state,
                               "find compiler runtime tests -name '*.c' ! -path 'tests/bench/bench_flow.c' | sort | "
                               "xargs -P 2 -n 16 clang %s -fsyntax-only",
                               flags));
}

/* A package compiles some files of the host's runtime together: no two of them may have a static name in common. */
static void test_files_of_a_unit_go_together(void **state)
{
    if (!getenv("ANSATZ"))
        skip();
    expect_silence(*state,
                   "folder=$(mktemp -d) && \"$ANSATZ\" emit specs/double_well.yaml -o $folder/package 2>/dev/null && "
                   "cd $folder/package && sed -i 's/ -O1/ -O0 -fsyntax-only/' build.ninja && "
                   "{ ninja -k 0 $(sed -n 's/^build \\(build.runtime.[a-z]*.o\\): unit.*/\\1/p' build.ninja) | "
                   "grep -A3 error; rm -r $folder; }");
}

/* Other versions of clang-format break lines otherwise; Debian 12 has this one. What it prints is where to run it. */
static void test_every_file_has_its_format(void **state)
{
    int status;
    skip_where_sanitized();
    const char *version = run(*state, "clang-format --version", &status);
    if (status != 0 || !strstr(version, "version 14."))
        skip_saying("no clang-format 14 here");
    expect_silence(*state, "find compiler runtime tests -name '*.[ch]' | sort | while read file; do\n"
                           "    clang-format \"$file\" | cmp -s - \"$file\" || echo clang-format -i \"$file\"\n"
                           "done");
}

/* ---- README ------------------------------------------------------------------------------------------------------ */

static void test_readme_shows_the_spec(void **state)
{
    int status;
    const char *shown = run(*state, "sed -n '/^```yaml$/,/^```$/p' README.md | grep -v '^```'", &status);
    const char *spec = run(*state, "cat specs/double_well.yaml", &status);
    assert_true(strlen(shown) > 100);
    assert_true(strncmp(spec, shown, strlen(shown)) == 0);
}

/* ---- setup ------------------------------------------------------------------------------------------------------- */

/* Runs `setup` where all packages but "absent" are installed, apt-get only says how it is called, the user has the
 * number `user`, and there is a sudo or none. The folder has no other commands than those that it needs. */
static const char *run_setup(Arena *arena, const char *arguments, const char *absent, int user, bool sudo, int *status)
{
    return run(arena,
               arena_print(arena,
                           "folder=$(mktemp -d) && trap 'rm -rf \"$folder\"' EXIT\n"
                           "stub() { { echo '#!/bin/sh'; cat; } >\"$folder/$1\"; chmod +x \"$folder/$1\"; }\n"
                           "for name in grep env cat; do ln -s \"$(command -v $name)\" \"$folder/$name\"; done\n"
                           "echo 'shift 3; for i; do [ $i = %s ] || echo installed $i; done' | stub dpkg-query\n"
                           "echo 'echo apt-get $*' | stub apt-get\n"
                           "echo 'echo %d' | stub id\n"
                           "echo 'echo de_DE.utf8' | stub locale\n"
                           "%s\n"
                           "sh=$(command -v sh) && PATH=$folder $sh ./setup %s",
                           absent, user, sudo ? "echo 'echo sudo; exec \"$@\"' | stub sudo" : "", arguments),
               status);
}

static void test_setup_does_nothing_where_all_is_there(void **state)
{
    int status;
    assert_string_equal(run_setup(*state, "", "none", 1000, false, &status), "");
    assert_int_equal(status, 0);
    assert_string_equal(run_setup(*state, "--cross", "none", 1000, false, &status), "");
    assert_int_equal(status, 0);
}

static void test_setup_installs_what_is_missing(void **state)
{
    int status;
    const char *expected = "setup: installing libyaml-dev\n"
                           "apt-get -qq update\n"
                           "apt-get -qq -y --no-install-recommends install libyaml-dev\n";
    assert_string_equal(run_setup(*state, "", "libyaml-dev", 0, false, &status), expected);
    assert_int_equal(status, 0);
}

static void test_setup_needs_cross_packages_only_when_asked(void **state)
{
    int status;
    assert_string_equal(run_setup(*state, "", "qemu-user", 0, false, &status), "");
    const char *output = run_setup(*state, "--cross", "qemu-user", 0, false, &status);
    assert_non_null(strstr(output, "install qemu-user\n"));
}

static void test_setup_uses_sudo(void **state)
{
    int status;
    const char *expected = "setup: installing gcc\n"
                           "sudo\napt-get -qq update\n"
                           "sudo\napt-get -qq -y --no-install-recommends install gcc\n";
    assert_string_equal(run_setup(*state, "", "gcc", 1000, true, &status), expected);
    assert_int_equal(status, 0);
}

static void test_setup_says_what_it_cannot_do(void **state)
{
    int status;
    const char *output = run_setup(*state, "", "gcc", 1000, false, &status);
    assert_non_null(strstr(output, "needs root"));
    assert_int_equal(status, 77);
    output = run_setup(*state, "--corss", "none", 0, false, &status);
    assert_non_null(strstr(output, "usage: ./setup [--cross]"));
    assert_int_equal(status, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_file_has_its_licence),
        cmocka_unit_test(test_clang_accepts_every_file),
        cmocka_unit_test(test_files_of_a_unit_go_together),
        cmocka_unit_test(test_every_file_has_its_format),
        cmocka_unit_test(test_readme_shows_the_spec),
        cmocka_unit_test(test_setup_does_nothing_where_all_is_there),
        cmocka_unit_test(test_setup_installs_what_is_missing),
        cmocka_unit_test(test_setup_needs_cross_packages_only_when_asked),
        cmocka_unit_test(test_setup_uses_sudo),
        cmocka_unit_test(test_setup_says_what_it_cannot_do),
    };
    return cmocka_run_group_tests(tests, start, end);
}
