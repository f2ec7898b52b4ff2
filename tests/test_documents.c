/* SPDX-License-Identifier: MIT */
/* What the documents say can be done, can be done: every command in README.md and docs/ is run, in the order in which it
 * stands there, in a folder that looks like a checkout. Commands are the lines of indented code blocks that begin with one of
 * the programs below; `./setup` and `ninja` lines are the continuous integration's own. */
#include "tests/shell.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int end(void **state)
{
    (void)state;
    shell_clean();
    return 0;
}

/* A folder with links to what a checkout has, so that what the commands write stays out of it. */
static const char *checkout(void)
{
    const char *folder = shell_folder(), *build = getenv("BUILD");
    shell_must("for f in README.md LICENSE compiler docs generated runtime specs tests; do ln -s \"$PWD/$f\" %s/; done",
               folder);
    shell_must("ln -s \"$PWD/%s\" %s/build", build, folder);
    return folder;
}

static bool is_command(const char *line)
{
    static const char *const programs[] = {"build/ansatz ", "out/", "ninja -C out", "cc ", "python3 "};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (strncmp(line, programs[i], strlen(programs[i])) == 0)
            return true;
    return false;
}

static int run_commands(const char *path, const char *folder)
{
    char *text = shell_read(NULL, "%s", path), *rest = NULL;
    int count = 0;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "    ", 4) != 0 || !is_command(line + 4))
            continue;
        ShellResult result = shell_run("cd %s && export XDG_CACHE_HOME=%s/cache && (%s)", folder, folder, line + 4);
        if (result.code != 0)
            fail_msg("%s: exit code %d of: %s\n%s", path, result.code, line + 4, result.output);
        free(result.output);
        count++;
    }
    free(text);
    return count;
}

static void test_commands_of_the_readme(void **state)
{
    (void)state;
    assert_true(run_commands("README.md", checkout()) > 0);
}

static void test_commands_of_the_documents(void **state)
{
    (void)state;
    struct dirent **items;
    int count = scandir("docs", &items, NULL, alphasort), commands = 0;
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        char path[512];
        snprintf(path, sizeof path, "docs/%s", items[i]->d_name);
        const char *ending = strrchr(path, '.');
        if (ending && strcmp(ending, ".md") == 0)
            commands += run_commands(path, checkout());
        free(items[i]);
    }
    free(items);
    assert_true(commands > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands_of_the_readme),
        cmocka_unit_test(test_commands_of_the_documents),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
