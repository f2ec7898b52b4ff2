/* SPDX-License-Identifier: MIT */
/* What the documents say can be done, can be done: every command in README.md and docs/ is run, in the order in which it
 * stands there, in a folder that looks like a checkout. Commands are the lines of indented code blocks that begin with one of
 * the programs below; `./setup` and `ninja` lines are the continuous integration's own. Lines of Python run where
 * ${PYTHON:-python3} has PyTorch. */
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

static bool has_torch(void)
{
    static int code = -1;
    if (code < 0) {
        ShellResult result = shell_run("${PYTHON:-python3} -c 'import torch'");
        code = result.code;
        free(result.output);
    }
    return code == 0;
}

static int run_commands(const char *path, const char *folder)
{
    char *text = shell_read(NULL, "%s", path), *rest = NULL;
    int count = 0;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "    ", 4) != 0 || !is_command(line + 4))
            continue;
        const bool python = strncmp(line + 4, "python3 ", 8) == 0;
        if (python && !has_torch()) {
            printf("skip: no PyTorch for %s of %s\n", line + 4, path);
            continue;
        }
        ShellResult result = shell_run("cd %s && export XDG_CACHE_HOME=%s/cache && (%s%s)", folder, folder,
                                       python ? "${PYTHON:-python3}" : "", line + (python ? 4 + 7 : 4));
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

/* Standardised rows of three components of different scales, two of which a coupling transforms at once. */
static const char spline_spec[] = "ansatz: 1\n"
                                  "name: three\n"
                                  "system: {vector: 3}\n"
                                  "architecture: {flow: {layers: [{repeat: 3, layers: [{coupling: {transform: spline,\n"
                                  "  bins: 6, net: {mlp: [16, 16]}}}]}]}}\n"
                                  "data: {train: {file: three.csv}, standardise: true}\n"
                                  "loss: [forward_kl]\n"
                                  "train: {steps: 60, batch: 64, optimizer: {adam: {rate: 5e-3}}}\n";

static void write_rows(const char *folder)
{
    char text[256 * 64];
    int length = snprintf(text, sizeof text, "x[0],x[1],x[2]\n");
    for (int i = 0; i < 256; i++)
        length += snprintf(text + length, sizeof text - (size_t)length, "%g,%g,%g\n", 0.01 * (i * 37 % 256),
                           i % 16 - 4.0, 100 + 0.5 * (i * 101 % 256));
    shell_write(text, (size_t)length, "%s/three.csv", folder);
}

/* The document's commands are of affine couplings. The script must also find splines in order, and log q of other samples not. */
static void test_weights_load_in_pytorch(void **state)
{
    (void)state;
    if (!has_torch())
        shell_skip("no PyTorch for docs/load_in_pytorch.py");
    const char *folder = checkout();
    shell_write(spline_spec, sizeof spline_spec - 1, "%s/three.yaml", folder);
    write_rows(folder);
    shell_must("cd %s && export XDG_CACHE_HOME=%s/cache && build/ansatz run three.yaml train -o run -q && "
               "build/ansatz run three.yaml sample -w run -n 1000 -o x.npy -q && "
               "build/ansatz run three.yaml sample -w run -n 1000 --seed 1 -o y.npy -q",
               folder, folder);
    shell_must("cd %s && ${PYTHON:-python3} docs/load_in_pytorch.py run/weights.safetensors x.npy x.log_q.npy", folder);
    ShellResult other = shell_run(
        "cd %s && ${PYTHON:-python3} docs/load_in_pytorch.py run/weights.safetensors x.npy y.log_q.npy", folder);
    assert_int_equal(other.code, 1);
    assert_non_null(strstr(other.output, "log q of 1000 samples: off by at most"));
    free(other.output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands_of_the_readme),
        cmocka_unit_test(test_commands_of_the_documents),
        cmocka_unit_test(test_weights_load_in_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
