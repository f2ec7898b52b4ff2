/* SPDX-License-Identifier: MIT */
/* The same bits: for any number of threads, stopped and resumed, emitted anywhere, compiled by any compiler at any
 * level for any vector width, and on other processors under emulation. */
#include "tests/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char SPEC[] = "specs/double_well.yaml";
static const char *package; /* emitted once, built once with Ninja */

static int start(void **state)
{
    (void)state;
    const char *folder = shell_folder();
    char *path = malloc(strlen(folder) + 16);
    sprintf(path, "%s/package", folder);
    package = path;
    shell_must("%s emit %s -o %s", shell_ansatz(), SPEC, package);
    shell_must("ninja -C %s", package);
    shell_must("%s/double_well train -o %s/run --steps 100 --threads 1", package, package);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free((void *)(uintptr_t)package);
    shell_clean();
    return 0;
}

static void test_threads_do_not_change_training(void **state)
{
    (void)state;
    for (int threads = 2; threads <= 3; threads++) {
        shell_must("%s/double_well train -o %s/run-%d --steps 100 --threads %d", package, package, threads, threads);
        shell_must("cmp %s/run/weights.safetensors %s/run-%d/weights.safetensors", package, package, threads);
    }
}

/* Layers wide enough for gradients that are made for the whole batch at once, of two shards and a part of a third. */
static const char WIDE_SPEC[] =
    "ansatz: 1\nname: wide\nsystem: {vector: 20}\nenergy: {terms: [{over: components, value: \"x^2/2\"}]}\n"
    "architecture: {flow: {layers: [{repeat: 2, layers: [{coupling: {transform: additive, split: halves, "
    "net: {mlp: [150, 900], activation: relu}}}]}]}}\nloss: [reverse_kl: {}]\ntrain: {steps: 3, batch: 150}\n";

static void test_wide_layers_train_the_same(void **state)
{
    (void)state;
    const char *folder = shell_folder();
    shell_write(WIDE_SPEC, strlen(WIDE_SPEC), "%s/wide.yaml", folder);
    shell_must("%s emit %s/wide.yaml -o %s/wide && grep -q batch_900x150 %s/wide/wide_train.c", shell_ansatz(), folder,
               folder, folder);
    shell_must("cd %s/wide && ninja && for t in 1 3; do ./wide train -o run-$t --threads $t || exit; done", folder);
    shell_must("cd %s/wide && sed -i 's/-march=native/-DANSATZ_LANE_BYTES=16/' build.ninja && ninja && "
               "./wide train -o run-narrow --threads 2",
               folder);
    shell_must("cd %s/wide && cmp run-1/weights.safetensors run-3/weights.safetensors && cmp "
               "run-1/weights.safetensors run-narrow/weights.safetensors",
               folder);
}

/* A run of 100 steps that is interrupted at 50: its schedules are those of 100 steps. */
static void test_resume_gives_the_same_bits(void **state)
{
    (void)state;
    const char *folder = shell_folder();
    ShellResult stopped =
        shell_run("%s/double_well train -o %s/run --steps 100 --stop-at 50 --threads 1", package, folder);
    assert_int_equal(stopped.code, 0);
    free(stopped.output);
    shell_must("%s/double_well train -o %s/run --steps 100 --resume --threads 1", package, folder);
    shell_must("cmp %s/run/weights.safetensors %s/run/weights.safetensors", package, folder);
}

static void test_two_emits_are_the_same(void **state)
{
    (void)state;
    const char *folder = shell_folder();
    shell_must("LC_ALL=C %s emit %s -o %s/a", shell_ansatz(), SPEC, folder);
    shell_must(
        "mkdir -p %s/elsewhere/specs && cp %s %s/elsewhere/specs/ && cd %s/elsewhere && LC_ALL=de_DE.UTF-8 %s emit "
        "specs/double_well.yaml -o ../deep",
        folder, SPEC, folder, folder, shell_ansatz());
    shell_must("diff -r %s/a %s/deep", folder, folder);
}

static void test_the_date_does_not_matter(void **state)
{
    (void)state;
    if (!shell_has("faketime"))
        shell_skip("no faketime: emitting at another date");
    const char *folder = shell_folder();
    shell_must(
        "%s emit %s -o %s/a && ASAN_OPTIONS=verify_asan_link_order=0 faketime '2031-05-05 05:05:05' %s emit %s -o %s/b",
        shell_ansatz(), SPEC, folder, shell_ansatz(), SPEC, folder);
    shell_must("diff -r %s/a %s/b", folder, folder);
}

static void test_pieces_of_a_sample_are_the_whole(void **state)
{
    (void)state;
    const char *folder = shell_folder();
    static const int cuts[] = {0, 1, 63, 64, 130, 257, 300};
    shell_must("%s/double_well sample -w %s/run -n 300 -o %s/whole.csv", package, package, folder);
    shell_must("head -n 1 %s/whole.csv >%s/joined.csv", folder, folder);
    for (int i = 0; i + 1 < (int)(sizeof cuts / sizeof *cuts); i++) {
        shell_must("%s/double_well sample -w %s/run --range %d:%d -o %s/piece.csv", package, package, cuts[i],
                   cuts[i + 1], folder);
        shell_must("tail -n +2 %s/piece.csv >>%s/joined.csv", folder, folder);
    }
    char a[600], b[600];
    snprintf(a, sizeof a, "%s/whole.csv", folder);
    snprintf(b, sizeof b, "%s/joined.csv", folder);
    shell_same_files(a, b);
}

/* Builds the package's program with the given compiler and flags and compares 200 samples and their log q. */
static void compare_build(const char *compiler, const char *flags, const char *run)
{
    const char *folder = shell_folder();
    shell_must("cd %s && %s -std=c11 %s -o %s/program *.c runtime/host/*.c -lm", package, compiler, flags, folder);
    shell_must("%s %s/program sample -w %s/run -n 200 -o %s/x.npy", run, folder, package, folder);
    shell_must("%s/double_well sample -w %s/run -n 200 -o %s/reference.npy", package, package, folder);
    shell_must("cmp %s/x.npy %s/reference.npy && cmp %s/x.log_q.npy %s/reference.log_q.npy", folder, folder, folder,
               folder);
}

static void test_every_level_of_optimisation_samples_the_same(void **state)
{
    (void)state;
    compare_build("gcc", "-O0 -march=native", "");
    compare_build("gcc", "-O1", "");
    compare_build("gcc", "-O3 -march=native", "");
}

static void test_clang_samples_the_same(void **state)
{
    (void)state;
    if (!shell_has("clang"))
        shell_skip("no clang");
    compare_build("clang", "-O2 -march=native", "");
    compare_build("clang", "-O0", "");
}

static bool processor_has(const char *flag)
{
    ShellResult result = shell_run("grep -q -w %s /proc/cpuinfo", flag);
    free(result.output);
    return result.code == 0;
}

static void test_every_lane_width_samples_the_same(void **state)
{
    (void)state;
    compare_build("gcc", "-O2 -DANSATZ_LANE_BYTES=4", "");
    if (!processor_has("avx2") || !processor_has("fma"))
        shell_skip("no AVX2 with FMA on this processor");
    compare_build("gcc", "-O2 -mavx2 -mfma", "");
    if (!processor_has("avx512f") || !processor_has("avx512dq"))
        shell_skip("no AVX-512 on this processor");
    compare_build("gcc", "-O2 -mavx512f -mavx512dq -mfma", "");
}

/* One program that holds all widths, told to use each by its environment: it says so, and samples and trains the same. */
static void test_a_program_that_picks_its_lanes_has_the_same_bits(void **state)
{
    (void)state;
    static const struct {
        const char *name, *flags[2], *info;
    } widths[] = {
        {"baseline", {"sse2", "sse2"}, "4 float lanes, software fma, picked at start"},
        {"avx2", {"avx2", "fma"}, "8 float lanes, hardware fma, picked at start"},
        {"avx512", {"avx512f", "avx512dq"}, "16 float lanes, hardware fma, picked at start"},
    };
    const char *folder = shell_folder();
    shell_must("cd %s && gcc -std=c11 -O0 -DDOUBLE_WELL_DISPATCH -o %s/program *.c dispatch/*.c runtime/host/*.c -lm",
               package, folder);
    shell_must("%s/double_well sample -w %s/run -n 200 -o %s/reference.npy", package, package, folder);
    shell_must("%s/double_well train -o %s/reference --steps 1 --quiet", package, folder);
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        if (!processor_has(widths[i].flags[0]) || !processor_has(widths[i].flags[1]))
            shell_skip("this processor lacks vectors that the program could pick");
        shell_must("export ANSATZ_INSTRUCTIONS=%s && cd %s && ./program info | grep -q '%s' && "
                   "./program sample -w %s/run -n 200 -o x.npy && cmp x.npy reference.npy && "
                   "cmp x.log_q.npy reference.log_q.npy && ./program train -o run-%s --steps 1 --quiet && "
                   "cmp run-%s/weights.safetensors reference/weights.safetensors",
                   widths[i].name, folder, widths[i].info, package, widths[i].name, widths[i].name);
    }
}

static void test_an_arm_processor_samples_the_same(void **state)
{
    (void)state;
    if (!shell_has("aarch64-linux-gnu-gcc") || !shell_has("qemu-aarch64"))
        shell_skip("no compiler or emulator for AArch64 (./setup --cross)");
    compare_build("aarch64-linux-gnu-gcc", "-O2 -static", "qemu-aarch64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_do_not_change_training),
        cmocka_unit_test(test_wide_layers_train_the_same),
        cmocka_unit_test(test_resume_gives_the_same_bits),
        cmocka_unit_test(test_two_emits_are_the_same),
        cmocka_unit_test(test_the_date_does_not_matter),
        cmocka_unit_test(test_pieces_of_a_sample_are_the_whole),
        cmocka_unit_test(test_every_level_of_optimisation_samples_the_same),
        cmocka_unit_test(test_clang_samples_the_same),
        cmocka_unit_test(test_every_lane_width_samples_the_same),
        cmocka_unit_test(test_a_program_that_picks_its_lanes_has_the_same_bits),
        cmocka_unit_test(test_an_arm_processor_samples_the_same),
    };
    return cmocka_run_group_tests(tests, start, end);
}
