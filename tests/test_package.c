/* SPDX-License-Identifier: MIT */
/* A package as a library: the example, one sample at a time, a microcontroller, two packages in one program, names and
 * warnings. */
#include "tests/shell.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *folder; /* package/, run/, and weights.h with the trained weights as C */

static const char WARNINGS[] = "-std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror";

/* A hundred samples as bits, by the functions for blocks (BLOCKS defined) or for one sample at a time. */
static const char PROGRAM[] =
    "#include \"double_well.h\"\n"
    "#include \"weights.h\"\n"
    "#include <stdio.h>\n"
    "#include <string.h>\n"
    "int main(void)\n{\n"
    "    static float x[100][DOUBLE_WELL_DIMENSION], log_q[100];\n"
    "    const float scalars[DOUBLE_WELL_SCALARS] = {1, 1};\n"
    "#ifdef BLOCKS\n"
    "    DOUBLE_WELL_WORKSPACE(workspace, 1);\n"
    "    double_well_sample(weights, scalars, 7, 0, 100, x[0], log_q, workspace, 1);\n"
    "#else\n"
    "    static float prepared[DOUBLE_WELL_ONE_WEIGHTS];\n"
    "    static _Alignas(64) float workspace[DOUBLE_WELL_ONE_WORKSPACE_BYTES / 4];\n"
    "    double_well_one_prepare(weights, prepared);\n"
    "    for (unsigned k = 0; k < 100; k++)\n"
    "        double_well_one_sample(prepared, scalars, 7, k, 1, x[k], log_q + k, workspace, 1);\n"
    "#endif\n"
    "    for (int k = 0; k < 100; k++) {\n"
    "        uint32_t bits[3];\n"
    "        memcpy(bits, x[k], 8);\n"
    "        memcpy(bits + 2, &log_q[k], 4);\n"
    "        printf(\"%08lx %08lx %08lx\\n\", (unsigned long)bits[0], (unsigned long)bits[1], (unsigned "
    "long)bits[2]);\n"
    "    }\n"
    "    return 0;\n}\n";

/* Writes the tensors of the run's weights as one C array, in the order of the block of weights. */
static void write_weights(void)
{
    size_t length;
    char *file = shell_read(&length, "%s/run/weights.safetensors", folder);
    uint64_t header;
    memcpy(&header, file, sizeof header);
    json_t *root = json_loadb(file + 8, header, 0, NULL);
    assert_non_null(root);
    char path[600];
    snprintf(path, sizeof path, "%s/weights.h", folder);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs("static const float weights[] = {\n", out);
    for (int tensor = 0; tensor < 6 * 3 * 2; tensor++) {
        char name[64];
        snprintf(name, sizeof name, "flow.layers.%d.net.%d.%s", tensor / 6, tensor / 2 % 3,
                 tensor % 2 == 0 ? "weight" : "bias");
        const json_t *offsets = json_object_get(json_object_get(root, name), "data_offsets");
        json_int_t begin = json_integer_value(json_array_get(offsets, 0)),
                   end = json_integer_value(json_array_get(offsets, 1));
        assert_true(begin < end && (size_t)end + 8 + header <= length);
        for (json_int_t at = begin; at < end; at += 4) {
            float value;
            memcpy(&value, file + 8 + header + at, sizeof value);
            fprintf(out, "%af,\n", (double)value);
        }
    }
    fputs("};\n", out);
    assert_int_equal(fclose(out), 0);
    json_decref(root);
    free(file);
}

static int start(void **state)
{
    (void)state;
    folder = shell_folder();
    shell_must("%s emit specs/double_well.yaml -o %s/package", shell_ansatz(), folder);
    shell_must("ninja -C %s/package && %s/package/double_well train -o %s/run --steps 200 --threads 1", folder, folder,
               folder);
    write_weights();
    shell_write(PROGRAM, strlen(PROGRAM), "%s/program.c", folder);
    shell_must("cd %s && gcc -std=c11 -O2 -march=native -DBLOCKS -I. -Ipackage -o blocks program.c "
               "package/double_well_model.c "
               "package/double_well_energy.c -lm && ./blocks >expected",
               folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    shell_clean();
    return 0;
}

static void test_one_sample_at_a_time_has_the_same_bits(void **state)
{
    (void)state;
    static const char *const flags[] = {"-O3 -march=native", "-O0", "-O2 -DANSATZ_LANE_BYTES=4"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        shell_must("cd %s && gcc -std=c11 %s -I. -Ipackage -o one program.c package/double_well_one.c "
                   " -lm && ./one >got && cmp got expected",
                   folder, flags[i]);
}

static void test_a_microcontroller_has_the_same_bits(void **state)
{
    (void)state;
    if (!shell_has("arm-none-eabi-gcc") || !shell_has("qemu-system-arm"))
        shell_skip("no compiler or emulator for Cortex-M (./setup --cross)");
    shell_must(
        "cd %s && arm-none-eabi-gcc --specs=picolibc.specs --crt0=hosted --oslib=semihost -std=c11 -mcpu=cortex-m4 "
        "-mfloat-abi=hard -mfpu=fpv4-sp-d16 -O2 -I. -Ipackage -Wl,--defsym=__flash=0x0 "
        "-Wl,--defsym=__flash_size=0x400000 -Wl,--defsym=__ram=0x20000000 -Wl,--defsym=__ram_size=0x200000 "
        "-Wl,--defsym=__stack_size=8192 -T picolibc.ld program.c package/double_well_one.c "
        " -o board.elf -lm",
        folder);
    shell_must("cd %s && timeout 120 qemu-system-arm -M mps2-an386 -nographic -monitor none "
               "-semihosting-config enable=on,target=native -kernel board.elf </dev/null 2>&1 | tr -d '\\r' >got; "
               "cmp got expected",
               folder);
}

static void test_the_example_runs(void **state)
{
    (void)state;
    shell_must("cd %s/package && cc %s -O3 -march=native -o example/example example/example.c double_well_model.c "
               "double_well_energy.c -lm && test $(example/example | grep -c 'log q') -eq 3",
               folder, WARNINGS);
    /* with trained weights the program's own samples, to six digits */
    shell_must("cd %s && package/double_well sample -w run -n 3 --seed 1 -q -o three.csv && LC_ALL=C awk -F, "
               "'NR > 1 { printf \"sample %%d: x[0] = %%g, log q = %%g\\n\", NR - 2, $1, $3 }' three.csv >wanted && "
               "package/example/example run/weights.safetensors >got && cmp got wanted",
               folder);
    shell_must("cd %s && package/example/example three.csv; test $? -eq 65", folder);
}

/* The header is for C++, too; what stands behind it is C. */
static void test_a_program_in_cpp_calls_the_library(void **state)
{
    (void)state;
    static const char program[] =
        "#include \"package/double_well.h\"\n#include <cstdio>\nint main()\n{\n    DOUBLE_WELL_WORKSPACE(workspace, "
        "1);\n"
        "    static float weights[DOUBLE_WELL_WEIGHTS];\n    const float scalars[DOUBLE_WELL_SCALARS] = {1, 1};\n"
        "    float x[DOUBLE_WELL_DIMENSION], log_q;\n"
        "    double_well_sample(weights, scalars, 1, 0, 1, x, &log_q, workspace, 1);\n"
        "    std::printf(\"sample 0: x[0] = %g, log q = %g\\n\", x[0], log_q);\n}\n";
    if (!shell_has("g++"))
        shell_skip("no g++");
    shell_write(program, strlen(program), "%s/call.cpp", folder);
    shell_must("cd %s && gcc -std=c11 -O1 -march=native -c package/double_well_model.c -o model.o && "
               "g++ -std=c++11 -Wall -Wextra -pedantic -Werror call.cpp model.o -lm -o call && ./call >called && "
               "gcc -std=c11 -O1 package/example/example.c model.o -lm -o call && ./call | head -n 1 | cmp - called",
               folder);
}

static void test_emitted_code_has_no_warnings(void **state)
{
    (void)state;
    shell_must(
        "cd %s/package && for f in *.c example/*.c runtime/host/*.c; do gcc %s -O2 -march=native -fopenmp -c $f -o "
        "../object.o || exit 1; done; for f in dispatch/*.c; do gcc %s -fsyntax-only $f && "
        "gcc %s -DDOUBLE_WELL_DISPATCH -fopenmp -fsyntax-only $f || exit 1; done",
        folder, WARNINGS, WARNINGS, WARNINGS);
    if (!shell_has("clang"))
        shell_skip("no clang");
    shell_must(
        "cd %s/package && for f in *.c example/*.c runtime/host/*.c; do clang %s -march=native -fsyntax-only $f "
        "|| exit 1; done; for f in *.c dispatch/*.c; do clang %s -DDOUBLE_WELL_DISPATCH -fsyntax-only $f || exit "
        "1; done",
        folder, WARNINGS, WARNINGS);
}

/* The program's main is the only other external name of a package. */
static void test_every_external_name_has_the_prefix(void **state)
{
    (void)state;
    shell_must("cd %s/package && test -z \"$(nm -g --defined-only build/*.o build/runtime/*.o build/runtime/host/*.o | "
               "awk 'NF == 3 "
               "{print $3}' | grep "
               "-v -e '^double_well_' -e '^main$')\"",
               folder);
}

static void test_two_packages_link_into_one_program(void **state)
{
    (void)state;
    static const char both[] =
        "#include \"package/double_well.h\"\n#include \"second/second.h\"\n#include <math.h>\n"
        "int main(void)\n{\n"
        "    static float weights[DOUBLE_WELL_WEIGHTS + SECOND_WEIGHTS], x[2][3], log_q[2];\n"
        "    const float scalars[2] = {1, 1};\n"
        "    DOUBLE_WELL_WORKSPACE(first, 1);\n    SECOND_WORKSPACE(second, 1);\n"
        "    double_well_sample(weights, scalars, 1, 0, 1, x[0], log_q, first, 1);\n"
        "    second_sample(weights, scalars, 1, 0, 1, x[1], log_q + 1, second, 1);\n"
        "    return isfinite(log_q[0]) && isfinite(log_q[1]) && log_q[0] != log_q[1] ? 0 : 1;\n}\n";
    shell_must("sed -e 's/^name: .*/name: second/' -e 's/vector: 2/vector: 3/' specs/double_well.yaml >%s/second.yaml "
               "&& %s emit "
               "%s/second.yaml -o %s/second",
               folder, shell_ansatz(), folder, folder);
    shell_write(both, strlen(both), "%s/both.c", folder);
    shell_must(
        "cd %s && ninja -C second && rm -f second/build/second_main.o package/build/double_well_main.o && gcc -std=c11 "
        "-O1 "
        "-march=native -fopenmp -o both both.c package/build/*.o package/build/runtime/*.o "
        "package/build/runtime/host/*.o "
        "second/build/*.o second/build/runtime/*.o second/build/runtime/host/*.o -lm && ./both && ninja -C package",
        folder);
}

/* Layers of more than 512 x 512 weights, two shards. */
static const char WIDE_SPEC[] =
    "ansatz: 1\nname: wide\nsystem: {vector: 4}\nenergy: {terms: [{over: components, value: \"x^2/2\"}]}\n"
    "architecture: {flow: {layers: [{coupling: {transform: additive, net: {mlp: [530, 530], activation: relu}}}]}}\n"
    "loss: [reverse_kl: {}]\ntrain: {steps: 2, batch: 70, checkpoint_every: 1}\ntarget: {blas: openblas}\n";

/* What gives up the same bits says so, in every file that it writes; what does not has not heard of it. */
static void test_openblas_is_named_in_every_file(void **state)
{
    (void)state;
    shell_must("cd %s/package && test ! -e runtime/core/blas.h && ! grep -qi blas *.* example/* dispatch/*", folder);
    shell_write(WIDE_SPEC, strlen(WIDE_SPEC), "%s/wide.yaml", folder);
    shell_must("%s emit %s/wide.yaml -o %s/wide && cd %s/wide && grep -q '\"blas\": \"openblas\"' MANIFEST.json && "
               "test $(grep -c -- '-lopenblas -lm' README.md) -eq 3 && grep -q 'blas_dense(530, 530' wide_parts.h",
               shell_ansatz(), folder, folder, folder);
    if (!shell_succeeds("echo '#include <cblas.h>\nint main(void) { return 0; }' | cc -x c - -lopenblas -o %s/has",
                        folder))
        shell_skip("no OpenBLAS with its headers (./setup)");
    shell_must(
        "cd %s/wide && for f in wide_*.c; do gcc %s -O1 -march=native -fopenmp -fsyntax-only $f || exit 1; done && "
        "ninja && ./wide selftest && ./wide train -o run --threads 2 && ./wide sample -w run -n 100 -o run/x.npy && "
        "./wide info | grep -q openblas",
        folder, WARNINGS);
    shell_must("cd %s/wide/run && for f in *; do case $f in *.npy | *.jsonl | *.csv) ;; *) grep -aq openblas $f || "
               "{ echo $f; exit 1; } ;; esac; done; ls",
               folder);
}

/* A spec that wants one thread has one, built by any of the package's commands or by `ansatz run`. */
static void test_one_thread_where_the_spec_says_so(void **state)
{
    (void)state;
    static const char spec[] = "ansatz: 1\nname: alone\nsystem: {vector: 2}\n"
                               "energy: {terms: [{over: components, value: \"x^2/2\"}]}\n"
                               "architecture: {flow: {layers: [linear]}}\nloss: [reverse_kl]\n"
                               "train: {batch: 64, steps: 3}\ntarget: {threads: none}\n";
    shell_write(spec, strlen(spec), "%s/alone.yaml", folder);
    shell_must("cd %s && %s emit alone.yaml -o alone && ! grep -q fopenmp alone/README.md alone/build.ninja && "
               "grep -q fopenmp package/README.md && grep -q fopenmp package/build.ninja && "
               "XDG_CACHE_HOME=$PWD/cache %s run alone.yaml train -o alone/run -q --threads 3 && "
               "grep -q '\"threads\": 1,' alone/run/run.json && "
               "sed -i s/-O[123]/-O0/ alone/build.ninja && ninja -C alone && alone/alone train -o alone/run2 -q && "
               "grep -q '\"threads\": 1,' alone/run2/run.json && "
               "cmp alone/run/weights.safetensors alone/run2/weights.safetensors",
               folder, shell_ansatz(), shell_ansatz());
}

/* Their first values are computed without a look at the data, which the function for first values is handed all the same. */
static void test_masked_nets_learn_from_data(void **state)
{
    (void)state;
    static const char spec[] = "ansatz: 1\nname: masked\nsystem: {vector: 2}\n"
                               "architecture: {flow: {layers: [masked_autoregressive: {net: {masked_mlp: [4]}}]}}\n"
                               "data: {train: {file: rows.csv}}\nloss: [forward_kl]\ntrain: {batch: 2, steps: 3}\n";
    static const char rows[] = "x[0],x[1]\n1,2\n0,1\n-1,0\n3,1\n";
    shell_write(spec, strlen(spec), "%s/masked.yaml", folder);
    shell_write(rows, strlen(rows), "%s/rows.csv", folder);
    shell_must("cd %s && %s emit masked.yaml -o masked && sed -i s/-O[123]/-O0/ masked/build.ninja && ninja -C masked "
               "masked && "
               "masked/masked train -o masked/run -q && masked/masked selftest -w masked/run",
               folder, shell_ansatz());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openblas_is_named_in_every_file),
        cmocka_unit_test(test_one_thread_where_the_spec_says_so),
        cmocka_unit_test(test_one_sample_at_a_time_has_the_same_bits),
        cmocka_unit_test(test_a_microcontroller_has_the_same_bits),
        cmocka_unit_test(test_the_example_runs),
        cmocka_unit_test(test_a_program_in_cpp_calls_the_library),
        cmocka_unit_test(test_emitted_code_has_no_warnings),
        cmocka_unit_test(test_every_external_name_has_the_prefix),
        cmocka_unit_test(test_two_packages_link_into_one_program),
        cmocka_unit_test(test_masked_nets_learn_from_data),
    };
    return cmocka_run_group_tests(tests, start, end);
}
