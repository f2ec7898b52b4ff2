/* SPDX-License-Identifier: MIT */
/* One sample at a time, features in lanes: products with prepared matrices and sums of many rows, against the same fused
 * multiply-adds and additions one by one, bit for bit. Compiled for each lane width (see build.ninja). */
#ifndef ANSATZ_BLOCK /* as another compiler checks it */
#define ANSATZ_BLOCK 1
#endif
#include "runtime/core/contract.h"
#include "runtime/core/fma.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { ROWS = 300, INNER = 20, TERMS = 40, GUARD = 64 };

static real number(uint32_t i)
{
    return (real)(int32_t)(i * 2654435761u) / REAL(2147483648.0);
}

static void tile_of_product(const int rows, const int r, const int s, const real *matrix, const real *x,
                            const int inner, const real *start, real *result)
{
    Tile tile;
    tile_start_rows(&tile, rows, start, r);
    tile_multiply(&tile, rows, inner, matrix, r, WEIGHT_STRIDES(rows, inner), x, s, 1);
    for (int v = 0; v < TILE_USED(rows); v++)
        store_each(result + TILE_ELEMENT(r, 0, s, v), tile.value[0][v], TILE_LEFT(rows, v));
}

/* Every number of rows and of terms; what lies behind the result stays as it is. */
static void test_products_add_their_terms_in_order(void **state)
{
    static real matrix[ROWS * INNER], prepared[(ROWS + LANES) * INNER + GUARD], x[INNER], start[ROWS + GUARD];
    static real result[ROWS + GUARD];
    (void)state;
    for (uint32_t i = 0; i < ROWS * INNER; i++)
        matrix[i] = number(i);
    for (uint32_t i = 0; i < INNER; i++)
        x[i] = number(i + 7777);
    for (uint32_t i = 0; i < ROWS; i++)
        start[i] = number(i + 9999);
    for (int rows = 1; rows <= ROWS; rows += rows < 70 ? 1 : 23)
        for (int inner = 1; inner <= INNER; inner += 6) {
            memset(prepared, 0xff, sizeof prepared); /* NaN: no number that is not prepared counts */
            memset(result, 0, sizeof result);
#if LANES > 1
            prepare_matrix(matrix, rows, inner, prepared);
#else
            memcpy(prepared, matrix, (size_t)(rows * inner) * sizeof *matrix);
#endif
            DENSE_TILES(rows, tile_of_product, prepared, x, inner, start, result);
            for (int r = 0; r < rows; r++) {
                real sum = start[r];
                for (int k = 0; k < inner; k++)
                    sum = real_fma(matrix[r * inner + k], x[k], sum);
                assert_memory_equal(&sum, &result[r], sizeof sum);
            }
            for (int r = rows; r < rows + GUARD / 2; r++)
                assert_true(result[r] == 0);
        }
}

#if LANES > 1

/* Whole vectors begin where vectors may; the columns of what is left take a power of two. */
static void test_no_column_crosses_a_line(void **state)
{
    static real matrix[ROWS], prepared[ROWS + LANES];
    (void)state;
    for (int rows = 1; rows <= ROWS; rows++) {
        int at = 0;
        for (int first = 0; first < rows; first += panel_rows(rows - first)) {
            const int height = panel_rows(rows - first);
            assert_true((height % LANES == 0 || LANES % height == 0) && height < 2 * (rows - first));
            assert_int_equal(at % (height < LANES ? height : LANES), 0);
            at += height;
        }
        memset(prepared, 0xff, sizeof prepared);
        prepare_matrix(matrix, rows, 1, prepared);
        for (int i = 0; i < at; i++)
            assert_true(prepared[i] == 0);
        assert_true(at == ROWS + LANES || prepared[at] != prepared[at]);
    }
}

#endif

static void test_sums_of_rows_add_their_terms_in_order(void **state)
{
    static real values[ROWS * TERMS + GUARD], kept[TERMS_ROOM(ROWS, TERMS + LANES)], sums[ROWS];
    (void)state;
    for (uint32_t i = 0; i < ROWS * TERMS; i++)
        values[i] = number(i);
    for (int rows = 1; rows <= ROWS; rows += rows < 20 ? 1 : 31)
        for (int terms = 1; terms <= TERMS; terms++) {
            for (int r = 0; r < rows; r++) {
                lanes sum = lanes_splat(REAL(0.0));
                for (int k = 0; k < terms; k += LANES)
                    sum = keep_terms(kept, r * TERMS_STRIDE(terms) + k, sum, lanes_load(values + r * TERMS + k),
                                     terms - k);
                store_row(sums + r, sum);
            }
            sum_kept_terms(kept, rows, terms, sums);
            for (int r = 0; r < rows; r++) {
                real sum = REAL(0.0);
                for (int k = 0; k < terms; k++)
                    sum = sum + values[r * TERMS + k];
                assert_memory_equal(&sum, &sums[r], sizeof sum);
            }
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
        cmocka_unit_test(test_products_add_their_terms_in_order),
#if LANES > 1
        cmocka_unit_test(test_no_column_crosses_a_line),
#endif
        cmocka_unit_test(test_sums_of_rows_add_their_terms_in_order),
    };
    if (machine_lacks_lanes())
        return cmocka_run_group_tests(lacking, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
