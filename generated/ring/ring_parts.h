/* SPDX-License-Identifier: MIT-0 */
/* What the files of code share: names, constant tables, contraction kernels. `real` is float, or double in
 * the files that say so; a block is 64 samples, or one.
 * Compiled from ring.yaml by ansatz 0.1.0. */
#ifndef RING_PARTS_H
#define RING_PARTS_H

#include "runtime/core/block.h"
#include "runtime/core/instructions.h"

#if ANSATZ_PRECISION == 64
#define MODEL(name) FOR_INSTRUCTIONS(ring_double_##name)
#elif ANSATZ_BLOCK == 1
#define MODEL(name) FOR_INSTRUCTIONS(ring_one_##name)
#else
#define MODEL(name) FOR_INSTRUCTIONS(ring_##name)
#endif

/* ---- what the package offers: see the package's own header ---- */

void MODEL(sample)(const real *weights, const real *scalars, uint64_t seed, uint64_t first, size_t count, real *x, real *log_q, void *workspace, int threads);
void MODEL(log_prob)(const real *weights, const real *scalars, size_t count, const real *x, real *log_q, void *workspace, int threads);
double MODEL(step)(const real *weights, const real *scalars, const real *data, uint64_t seed, uint32_t step, real *gradient, void *workspace, int threads);

/* ---- functions of one block that several files call; static where one unit has all files ---- */

#ifndef MODEL_SHARED
#define MODEL_SHARED
#endif
#define gaussian_log_prob MODEL(block_gaussian_log_prob)
MODEL_SHARED void gaussian_log_prob(const real *z, real *log_prob, real *workspace);
#define standardise MODEL(block_standardise)
MODEL_SHARED void standardise(const real *weights, const real *x, real *y, real *log_det);

/* ---- tables ---- */

static const real table_1[48] = {-REAL(3.992), -REAL(3.984), -REAL(3.976), -REAL(3.968), -REAL(3.96), -REAL(3.952), -REAL(3.944), -REAL(3.936),
    -REAL(3.928), -REAL(3.92), -REAL(3.912), -REAL(3.904), -REAL(3.896), -REAL(3.888), -REAL(3.88), -REAL(3.872),
    -REAL(3.864), -REAL(3.856), -REAL(3.848)};
static const real table_2[48] = {REAL(0.0), REAL(1.0), REAL(2.0), REAL(3.0), REAL(4.0), REAL(5.0), REAL(6.0), REAL(7.0),
    REAL(8.0), REAL(9.0), REAL(1e+01), REAL(11.0), REAL(12.0), REAL(13.0), REAL(14.0), REAL(15.0),
    REAL(16.0), REAL(17.0), REAL(18.0), REAL(19.0)};
static const real table_3[48] = {REAL(1.0), REAL(2.0), REAL(3.0), REAL(4.0), REAL(5.0), REAL(6.0), REAL(7.0), REAL(8.0),
    REAL(9.0), REAL(1e+01), REAL(11.0), REAL(12.0), REAL(13.0), REAL(14.0), REAL(15.0), REAL(16.0),
    REAL(17.0), REAL(18.0), REAL(19.0)};
static const real table_4[48] = {REAL(0.0), REAL(1.0), REAL(2.0), REAL(3.0), REAL(4.0), REAL(5.0), REAL(6.0), REAL(7.0),
    REAL(8.0), REAL(9.0), REAL(1e+01), REAL(11.0), REAL(12.0), REAL(13.0), REAL(14.0), REAL(15.0),
    REAL(16.0), REAL(17.0), REAL(18.0)};

/* ---- contraction kernels, one for each shape ---- */

/* 32 x 1: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_32x1_sigmoid_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result)
{
    Tile tile;
    tile_start_rows(&tile, rows, start, r);
    tile_multiply(&tile, rows, 1, matrix, r, WEIGHT_STRIDES(32, 1), x, s, 0);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes v_sum_i = tile.value[i][v];
            store_each(result + TILE_ELEMENT(r, i, s, v), v_sum_i * lanes_sigmoid(v_sum_i), TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_32x1_sigmoid(const real *matrix, const real *x, const real *start, real *result)
{
    DENSE_ROWS(32, dense_32x1_sigmoid_tile, matrix, x, start, result);
}

/* 32 x 32: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ... */
static ALWAYS_INLINE void dense_32x32_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result)
{
    Tile tile;
    tile_start_rows(&tile, rows, start, r);
    tile_multiply(&tile, rows, 32, matrix, r, WEIGHT_STRIDES(32, 32), x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v], TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_32x32(const real *matrix, const real *x, const real *start, real *result)
{
    DENSE_TILES(32, dense_32x32_tile, matrix, x, start, result);
}

/* 32 x 32: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_32x32_sigmoid_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result)
{
    Tile tile;
    if (TILES_ARE_KEPT) {
        tile_load(&tile, rows, result, r, s);
    } else {
        tile_start_rows(&tile, rows, start, r);
        tile_multiply(&tile, rows, 32, matrix, r, WEIGHT_STRIDES(32, 32), x, s, 1);
    }
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes v_sum_i = tile.value[i][v];
            store_each(result + TILE_ELEMENT(r, i, s, v), v_sum_i * lanes_sigmoid(v_sum_i), TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_32x32_sigmoid(const real *matrix, const real *x, const real *start, real *result)
{
    if (TILES_ARE_KEPT)
        dense_32x32(matrix, x, start, result);
    DENSE_ROWS(32, dense_32x32_sigmoid_tile, matrix, x, start, result);
}

/* 59 x 32: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ... */
static ALWAYS_INLINE void dense_59x32_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result)
{
    Tile tile;
    tile_start_rows(&tile, rows, start, r);
    tile_multiply(&tile, rows, 32, matrix, r, WEIGHT_STRIDES(59, 32), x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v], TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_59x32(const real *matrix, const real *x, const real *start, real *result)
{
    DENSE_TILES(59, dense_59x32_tile, matrix, x, start, result);
}

/* 32 x 1: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_32x1_sigmoid_2_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result, real *result_2)
{
    Tile tile;
    tile_start_rows(&tile, rows, start, r);
    tile_multiply(&tile, rows, 1, matrix, r, 1, 0, x, s, 0);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes v_sum_i = tile.value[i][v];
            const lanes sigmoid_i = lanes_sigmoid(v_sum_i);
            store_each(result + TILE_ELEMENT(r, i, s, v), sigmoid_i, TILE_LEFT(rows, v));
            store_each(result_2 + TILE_ELEMENT(r, i, s, v), v_sum_i * sigmoid_i, TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_32x1_sigmoid_2(const real *matrix, const real *x, const real *start, real *result, real *result_2)
{
    DENSE_ROWS(32, dense_32x1_sigmoid_2_tile, matrix, x, start, result, result_2);
}

/* 32 x 32: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_32x32_sigmoid_2_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result, real *result_2)
{
    Tile tile;
    if (TILES_ARE_KEPT) {
        tile_load(&tile, rows, result, r, s);
    } else {
        tile_start_rows(&tile, rows, start, r);
        tile_multiply(&tile, rows, 32, matrix, r, WEIGHT_STRIDES(32, 32), x, s, 1);
    }
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes v_sum_i = tile.value[i][v];
            const lanes sigmoid_i = lanes_sigmoid(v_sum_i);
            store_each(result + TILE_ELEMENT(r, i, s, v), sigmoid_i, TILE_LEFT(rows, v));
            store_each(result_2 + TILE_ELEMENT(r, i, s, v), v_sum_i * sigmoid_i, TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_32x32_sigmoid_2(const real *matrix, const real *x, const real *start, real *result, real *result_2)
{
    if (TILES_ARE_KEPT)
        dense_32x32(matrix, x, start, result);
    DENSE_ROWS(32, dense_32x32_sigmoid_2_tile, matrix, x, start, result, result_2);
}

/* 32 x 59: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_32x59_then_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *other, const real *other_2, real *result)
{
    Tile tile;
    tile_start_number(&tile, rows, REAL(0.0));
    tile_multiply(&tile, rows, 59, matrix, r, 1, 32, x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes v_sum_i = tile.value[i][v];
            const lanes other_i = lanes_load(other + TILE_ELEMENT(r, i, s, v));
            const lanes other_i_2 = lanes_load(other_2 + TILE_ELEMENT(r, i, s, v));
            const lanes mul_i = v_sum_i * lanes_fma(other_i_2, REAL(1.0) - other_i, other_i);
            store_each(result + TILE_ELEMENT(r, i, s, v), lanes_select(lanes_equal(v_sum_i, lanes_splat(REAL(0.0))) & ~lanes_equal(mul_i, mul_i), lanes_splat(REAL(0.0)), mul_i), TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_32x59_then(const real *matrix, const real *x, const real *other, const real *other_2, real *result)
{
    DENSE_TILES(32, dense_32x59_then_tile, matrix, x, other, other_2, result);
}

/* 32 x 32: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_32x32_then_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *other, const real *other_2, real *result)
{
    Tile tile;
    tile_start_number(&tile, rows, REAL(0.0));
    tile_multiply(&tile, rows, 32, matrix, r, 1, 32, x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes v_sum_i = tile.value[i][v];
            const lanes other_i = lanes_load(other + TILE_ELEMENT(r, i, s, v));
            const lanes other_i_2 = lanes_load(other_2 + TILE_ELEMENT(r, i, s, v));
            const lanes mul_i = v_sum_i * lanes_fma(other_i_2, REAL(1.0) - other_i, other_i);
            store_each(result + TILE_ELEMENT(r, i, s, v), lanes_select(lanes_equal(v_sum_i, lanes_splat(REAL(0.0))) & ~lanes_equal(mul_i, mul_i), lanes_splat(REAL(0.0)), mul_i), TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_32x32_then(const real *matrix, const real *x, const real *other, const real *other_2, real *result)
{
    DENSE_TILES(32, dense_32x32_then_tile, matrix, x, other, other_2, result);
}

/* 1 x 32: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ... */
static ALWAYS_INLINE void dense_1x32_tile(const int rows, const int r, const int s, const real *matrix, const real *x, real *result)
{
    Tile tile;
    tile_start_number(&tile, rows, REAL(0.0));
    tile_multiply(&tile, rows, 32, matrix, r, 0, 1, x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v], TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_1x32(const real *matrix, const real *x, real *result)
{
    DENSE_TILES(1, dense_1x32_tile, matrix, x, result);
}

/* ---- sums over the samples of a block, likewise ---- */

#if ANSATZ_BLOCK > 1

/* 59 x 32: the sum over samples of a[r] x[c], a weight's gradient */
static BY_ITSELF void sum_59x32(const real *a, const real *x, const int count, const int adds, real *transposed, real *result)
{
    const SampleProduct shape = {.rows = 59, .row_stride = 1, .columns = 32, .positions = 1,
                                 .position_stride = 0, .result_row_stride = 32,
                                 .result_column_stride = 1};
    transpose_samples(x, 32, 1, transposed);
    contract_samples(shape, a, transposed, count, adds, result);
}

/* 32 x 32: the sum over samples of a[r] x[c], a weight's gradient */
static BY_ITSELF void sum_32x32(const real *a, const real *x, const int count, const int adds, real *transposed, real *result)
{
    const SampleProduct shape = {.rows = 32, .row_stride = 1, .columns = 32, .positions = 1,
                                 .position_stride = 0, .result_row_stride = 32,
                                 .result_column_stride = 1};
    transpose_samples(x, 32, 1, transposed);
    contract_samples(shape, a, transposed, count, adds, result);
}

/* 1 x 32: the sum over samples of a[r] x[c], a weight's gradient */
static BY_ITSELF void sum_1x32(const real *a, const real *x, const int count, const int adds, real *result)
{
    const SampleProduct shape = {.rows = 1, .row_stride = 0, .columns = 32, .positions = 1,
                                 .position_stride = 0, .result_row_stride = 1,
                                 .result_column_stride = 1};
    contract_few_rows(shape, a, x, 1, count, adds, result);
}

#endif

#endif
