/* SPDX-License-Identifier: MIT */
/* Random numbers: the generator's published answers, draws of blocks against draws one by one, normals against the
 * exact quantile, and moments. Compiled for each precision, block and lane width (see build.ninja). */
#include "runtime/core/random.h"
#include "tests/elementary/quantile.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Random123 1.14, tests/kat_vectors, lines "philox4x32 10". */
static void test_philox_gives_the_published_answers(void **state)
{
    static const struct {
        uint32_t counter[4], key[2], result[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t result[4];
        philox4x32(known[i].counter, known[i].key, result);
        assert_memory_equal(result, known[i].result, sizeof result);
    }
}

static void test_counter_is_sample_step_purpose_and_block(void **state)
{
    const RandomStream stream = {.seed = 0x1122334455667788, .first_sample = 0x9900000001, .step = 17, .purpose = 5};
    const uint32_t key[2] = {0x55667788, 0x11223344}, counter[4] = {0x00000004, 0x99, 17, 5u << 20 | (40 + 2)};
    uint32_t expected[4];
    (void)state;
    philox4x32(counter, key, expected);
    for (uint32_t e = 0; e < 4; e++) {
        const float uniform = (float)(((double)(expected[e] >> 9) + 0.5) / 8388608);
        assert_int_equal(random_word(&stream, 3, 40, 8 + e), expected[e]);
        assert_true(random_uniform_value(&stream, 3, 40, 8 + e) == uniform);
        assert_true((random_normal_value(&stream, 3, 40, 8 + e) < 0) == (expected[e] >> 31 != 0));
    }
}

static void test_rows_are_the_values(void **state)
{
    enum { COUNT = 37 };
    static const RandomStream streams[] = {
        {.seed = 1, .first_sample = 0, .step = 0, .purpose = RANDOM_INIT},
        {.seed = UINT64_MAX, .first_sample = UINT32_MAX - 20, .step = UINT32_MAX, .purpose = RANDOM_DEQUANTISE},
        {.seed = 1u << 31, .first_sample = UINT64_MAX - 63, .step = 7, .purpose = 4095},
    };
    (void)state;
    for (size_t k = 0; k < sizeof streams / sizeof *streams; k++)
        for (int count = 1; count <= COUNT; count += 4) {
            real normals[(COUNT + 1) * BLOCK], uniforms[(COUNT + 1) * BLOCK];
            for (int i = count * BLOCK; i < (count + 1) * BLOCK; i++)
                normals[i] = uniforms[i] = REAL(77.0);
            random_normal_rows(&streams[k], 3, count, normals);
            random_uniform_rows(&streams[k], 3, count, uniforms);
            for (int e = 0; e < count; e++)
                for (int s = 0; s < BLOCK; s++) {
                    const float normal = random_normal_value(&streams[k], (uint64_t)s, 3, (uint32_t)e);
                    assert_true(normals[e * BLOCK + s] == (real)normal);
                    const float uniform = random_uniform_value(&streams[k], (uint64_t)s, 3, (uint32_t)e);
                    assert_true(uniforms[e * BLOCK + s] == (real)uniform);
                }
            for (int i = count * BLOCK; i < (count + 1) * BLOCK; i++)
                assert_true(normals[i] == REAL(77.0) && uniforms[i] == REAL(77.0));
        }
}

static void test_normals_are_the_quantile(void **state)
{
    double worst = 0;
    uint32_t worst_word = 0;
    (void)state;
    for (uint64_t i = 0; i < 400000; i++) {
        /* the smallest, the largest, then all over */
        const uint32_t k = i < 50000    ? (uint32_t)i
                           : i < 100000 ? 0x7fffffff - (uint32_t)(i - 50000)
                                        : (uint32_t)(i * 2654435761u) & (0x7fffffff >> i % 23);
        const float size = normal_of_word(k);
        const float negative = normal_of_word(k | 0x80000000);
        assert_true(size > 0 && negative == -size);
        const double error = reference_error_normal(k, size);
        if (error > worst) {
            worst = error;
            worst_word = k;
        }
    }
    printf("normal: worst error %.2f ulp, at word %08x\n", worst, (unsigned)worst_word);
    assert_true(worst <= promised_error_normal());
}

static void test_normals_never_turn(void **state)
{
    float last = INFINITY;
    (void)state;
    for (uint64_t k = 0; k < 0x80000000; k += k < 100000 ? 1 : 2048) {
        const float size = normal_of_word((uint32_t)k);
        assert_true(size <= last * 1.0000003f); /* rounding may step back by two units */
        last = size;
    }
}

static void test_moments(void **state)
{
    enum { ROWS = 64, BLOCKS = 1024 / BLOCK };
    const double count = ROWS * BLOCKS * BLOCK;
    double sums[5] = {0}, uniform_sums[3] = {0}, product = 0, last = 0;
    (void)state;
    for (int b = 0; b < BLOCKS; b++) {
        const RandomStream stream = {
            .seed = 2024, .first_sample = (uint64_t)b * BLOCK, .step = 1, .purpose = RANDOM_SAMPLE};
        static real normals[ROWS * BLOCK], uniforms[ROWS * BLOCK];
        random_normal_rows(&stream, 0, ROWS, normals);
        random_uniform_rows(&stream, 1000, ROWS, uniforms);
        for (int i = 0; i < ROWS * BLOCK; i++) {
            const double z = (double)normals[i], u = (double)uniforms[i];
            sums[1] += z;
            sums[2] += z * z;
            sums[3] += z * z * z;
            sums[4] += z * z * z * z;
            uniform_sums[1] += u;
            uniform_sums[2] += u * u;
            product += last * z;
            last = z;
            assert_true(u > 0 && u < 1);
        }
    }
    /* within 4 standard errors: the variances of z, z^2, z^3, z^4 are 1, 2, 15, 96, those of u and u^2 1/12 and 4/45 */
    assert_true(fabs(sums[1] / count) < 4 * sqrt(1 / count));
    assert_true(fabs(sums[2] / count - 1) < 4 * sqrt(2 / count));
    assert_true(fabs(sums[3] / count) < 4 * sqrt(15 / count));
    assert_true(fabs(sums[4] / count - 3) < 4 * sqrt(96 / count));
    assert_true(fabs(uniform_sums[1] / count - 0.5) < 4 * sqrt(1.0 / 12 / count));
    assert_true(fabs(uniform_sums[2] / count - 1.0 / 3) < 4 * sqrt(4.0 / 45 / count));
    assert_true(fabs(product / count) < 4 * sqrt(1 / count));
}

/* Shares of normals below some bounds against the distribution function. */
static void test_quantiles(void **state)
{
    enum { COUNT = 65536 };
    static const double bounds[] = {-3, -2, -1, -0.1, 0, 0.1, 1, 2, 3};
    const RandomStream stream = {.seed = 5, .first_sample = 0, .step = 0, .purpose = RANDOM_EVALUATE};
    int below[sizeof bounds / sizeof *bounds] = {0};
    (void)state;
    for (uint32_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < sizeof bounds / sizeof *bounds; k++)
            below[k] += (double)random_normal_value(&stream, i / 16, 0, i % 16) < bounds[k];
    for (size_t k = 0; k < sizeof bounds / sizeof *bounds; k++) {
        const double p = erfc(-bounds[k] / sqrt(2)) / 2;
        assert_true(fabs((double)below[k] / COUNT - p) < 4 * sqrt(p * (1 - p) / COUNT));
    }
}

/* Compiled for instructions that this machine lacks, nothing can be tested. */
static void test_this_machine_has_the_lanes(void **state)
{
    (void)state;
    printf("skip: this machine lacks the instructions for vectors of %d bytes\n", ANSATZ_LANE_BYTES);
    skip();
}

static int machine_lacks_lanes(void)
{
#if ANSATZ_LANE_BYTES == 64
    return !__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512dq");
#elif ANSATZ_LANE_BYTES == 32
    return !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma");
#else
    return 0;
#endif
}

int main(void)
{
    const struct CMUnitTest lacking[] = {cmocka_unit_test(test_this_machine_has_the_lanes)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox_gives_the_published_answers),
        cmocka_unit_test(test_counter_is_sample_step_purpose_and_block),
        cmocka_unit_test(test_rows_are_the_values),
        cmocka_unit_test(test_normals_are_the_quantile),
        cmocka_unit_test(test_normals_never_turn),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_quantiles),
    };
    if (machine_lacks_lanes())
        return cmocka_run_group_tests(lacking, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
