/* SPDX-License-Identifier: MIT-0 */
/* What the files of code share: names, constant tables, contraction kernels. `real` is float, or double in
 * the files that say so; a block is 64 samples, or one.
 * Compiled from many_well_16.yaml by ansatz 0.1.0. */
#ifndef MANY_WELL_16_PARTS_H
#define MANY_WELL_16_PARTS_H

#include "runtime/core/block.h"
#include "runtime/core/instructions.h"

#if ANSATZ_PRECISION == 64
#define MODEL(name) FOR_INSTRUCTIONS(many_well_16_double_##name)
#elif ANSATZ_BLOCK == 1
#define MODEL(name) FOR_INSTRUCTIONS(many_well_16_one_##name)
#else
#define MODEL(name) FOR_INSTRUCTIONS(many_well_16_##name)
#endif

/* ---- what the package offers: see the package's own header ---- */

void MODEL(sample)(const real *weights, const real *scalars, uint64_t seed, uint64_t first, size_t count, real *x, real *log_q, void *workspace, int threads);
void MODEL(log_prob)(const real *weights, const real *scalars, size_t count, const real *x, real *log_q, void *workspace, int threads);
void MODEL(energy)(const real *scalars, size_t count, const real *x, real *energy, void *workspace, int threads);
void MODEL(force)(const real *scalars, size_t count, const real *x, real *force, void *workspace, int threads);
void MODEL(score)(const real *weights, const real *scalars, size_t count, const real *x, real *log_q, real *score, void *workspace, int threads);
double MODEL(step)(const real *weights, const real *scalars, const real *data, uint64_t seed, uint32_t step, real *gradient, void *workspace, int threads);

/* ---- functions of one block that several files call; static where one unit has all files ---- */

#ifndef MODEL_SHARED
#define MODEL_SHARED
#endif
#define energy MODEL(block_energy)
MODEL_SHARED void energy(const real *x, real *energy_2);
#define gaussian_log_prob MODEL(block_gaussian_log_prob)
MODEL_SHARED void gaussian_log_prob(const real *z, real *log_prob, real *workspace);

/* ---- tables ---- */

static const int32_t index_1[8] = {0, 2, 4, 6, 8, 10, 12, 14};
static const int32_t index_2[8] = {1, 3, 5, 7, 9, 11, 13, 15};
static const real table_3[32] = {-REAL(0.5), REAL(0.0), -REAL(0.5), REAL(0.0), -REAL(0.5), REAL(0.0), -REAL(0.5), REAL(0.0),
    -REAL(0.5), REAL(0.0), -REAL(0.5), REAL(0.0), -REAL(0.5), REAL(0.0), -REAL(0.5), REAL(0.0)};
static const real table_4[32] = {-REAL(3.992), -REAL(3.984), -REAL(3.976), -REAL(3.968), -REAL(3.96), -REAL(3.952), -REAL(3.944), -REAL(3.936),
    -REAL(3.928), -REAL(3.92), -REAL(3.912), -REAL(3.904), -REAL(3.896), -REAL(3.888), -REAL(3.88)};
static const real table_5[32] = {REAL(0.0), REAL(1.0), REAL(2.0), REAL(3.0), REAL(4.0), REAL(5.0), REAL(6.0), REAL(7.0),
    REAL(8.0), REAL(9.0), REAL(1e+01), REAL(11.0), REAL(12.0), REAL(13.0), REAL(14.0), REAL(15.0)};
static const real table_6[32] = {REAL(1.0), REAL(2.0), REAL(3.0), REAL(4.0), REAL(5.0), REAL(6.0), REAL(7.0), REAL(8.0),
    REAL(9.0), REAL(1e+01), REAL(11.0), REAL(12.0), REAL(13.0), REAL(14.0), REAL(15.0)};
static const real table_7[32] = {REAL(0.0), REAL(1.0), REAL(2.0), REAL(3.0), REAL(4.0), REAL(5.0), REAL(6.0), REAL(7.0),
    REAL(8.0), REAL(9.0), REAL(1e+01), REAL(11.0), REAL(12.0), REAL(13.0), REAL(14.0)};
static const int32_t index_8[16] = {0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15};
static const int32_t index_9[16] = {8, 0, 9, 1, 10, 2, 11, 3, 12, 4, 13, 5, 14, 6, 15, 7};

/* ---- contraction kernels, one for each shape ---- */

/* 64 x 8: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x8_sigmoid_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result)
{
    Tile tile;
    tile_start_rows(&tile, rows, start, r);
    tile_multiply(&tile, rows, 8, matrix, r, WEIGHT_STRIDES(64, 8), x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes v_sum_i = tile.value[i][v];
            store_each(result + TILE_ELEMENT(r, i, s, v), v_sum_i * lanes_sigmoid(v_sum_i), TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_64x8_sigmoid(const real *matrix, const real *x, const real *start, real *result)
{
    DENSE_ROWS(64, dense_64x8_sigmoid_tile, matrix, x, start, result);
}

/* 64 x 64: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ... */
static ALWAYS_INLINE void dense_64x64_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result)
{
    Tile tile;
    tile_start_rows(&tile, rows, start, r);
    tile_multiply(&tile, rows, 64, matrix, r, WEIGHT_STRIDES(64, 64), x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v], TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_64x64(const real *matrix, const real *x, const real *start, real *result)
{
    DENSE_TILES(64, dense_64x64_tile, matrix, x, start, result);
}

/* 64 x 64: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x64_sigmoid_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result)
{
    Tile tile;
    if (TILES_ARE_KEPT) {
        tile_load(&tile, rows, result, r, s);
    } else {
        tile_start_rows(&tile, rows, start, r);
        tile_multiply(&tile, rows, 64, matrix, r, WEIGHT_STRIDES(64, 64), x, s, 1);
    }
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes v_sum_i = tile.value[i][v];
            store_each(result + TILE_ELEMENT(r, i, s, v), v_sum_i * lanes_sigmoid(v_sum_i), TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_64x64_sigmoid(const real *matrix, const real *x, const real *start, real *result)
{
    if (TILES_ARE_KEPT)
        dense_64x64(matrix, x, start, result);
    DENSE_ROWS(64, dense_64x64_sigmoid_tile, matrix, x, start, result);
}

/* 376 x 64: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ... */
static ALWAYS_INLINE void dense_376x64_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result)
{
    Tile tile;
    tile_start_rows(&tile, rows, start, r);
    tile_multiply(&tile, rows, 64, matrix, r, WEIGHT_STRIDES(376, 64), x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v], TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_376x64(const real *matrix, const real *x, const real *start, real *result)
{
    DENSE_TILES(376, dense_376x64_tile, matrix, x, start, result);
}

/* 64 x 8: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x8_sigmoid_2_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result, real *result_2)
{
    Tile tile;
    tile_start_rows(&tile, rows, start, r);
    tile_multiply(&tile, rows, 8, matrix, r, WEIGHT_STRIDES(64, 8), x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes v_sum_i = tile.value[i][v];
            const lanes sigmoid_i = lanes_sigmoid(v_sum_i);
            const lanes mul_i = v_sum_i * sigmoid_i;
            store_each(result + TILE_ELEMENT(r, i, s, v), mul_i, TILE_LEFT(rows, v));
            store_each(result_2 + TILE_ELEMENT(r, i, s, v), lanes_fma(mul_i, REAL(1.0) - sigmoid_i, sigmoid_i), TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_64x8_sigmoid_2(const real *matrix, const real *x, const real *start, real *result, real *result_2)
{
    DENSE_ROWS(64, dense_64x8_sigmoid_2_tile, matrix, x, start, result, result_2);
}

/* 64 x 64: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x64_sigmoid_2_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result, real *result_2)
{
    Tile tile;
    if (TILES_ARE_KEPT) {
        tile_load(&tile, rows, result, r, s);
    } else {
        tile_start_rows(&tile, rows, start, r);
        tile_multiply(&tile, rows, 64, matrix, r, WEIGHT_STRIDES(64, 64), x, s, 1);
    }
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes v_sum_i = tile.value[i][v];
            const lanes sigmoid_i = lanes_sigmoid(v_sum_i);
            const lanes mul_i = v_sum_i * sigmoid_i;
            store_each(result + TILE_ELEMENT(r, i, s, v), mul_i, TILE_LEFT(rows, v));
            store_each(result_2 + TILE_ELEMENT(r, i, s, v), lanes_fma(mul_i, REAL(1.0) - sigmoid_i, sigmoid_i), TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_64x64_sigmoid_2(const real *matrix, const real *x, const real *start, real *result, real *result_2)
{
    if (TILES_ARE_KEPT)
        dense_64x64(matrix, x, start, result);
    DENSE_ROWS(64, dense_64x64_sigmoid_2_tile, matrix, x, start, result, result_2);
}

/* 64 x 376: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x376_then_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *other, real *result)
{
    Tile tile;
    tile_start_number(&tile, rows, REAL(0.0));
    tile_multiply(&tile, rows, 376, matrix, r, 1, 64, x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes other_i = lanes_load(other + TILE_ELEMENT(r, i, s, v));
            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v] * other_i, TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_64x376_then(const real *matrix, const real *x, const real *other, real *result)
{
    DENSE_TILES(64, dense_64x376_then_tile, matrix, x, other, result);
}

/* 64 x 64: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x64_then_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *other, real *result)
{
    Tile tile;
    tile_start_number(&tile, rows, REAL(0.0));
    tile_multiply(&tile, rows, 64, matrix, r, 1, 64, x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes other_i = lanes_load(other + TILE_ELEMENT(r, i, s, v));
            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v] * other_i, TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_64x64_then(const real *matrix, const real *x, const real *other, real *result)
{
    DENSE_TILES(64, dense_64x64_then_tile, matrix, x, other, result);
}

/* 8 x 64: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ... */
static ALWAYS_INLINE void dense_8x64_tile(const int rows, const int r, const int s, const real *matrix, const real *x, real *result)
{
    Tile tile;
    tile_start_number(&tile, rows, REAL(0.0));
    tile_multiply(&tile, rows, 64, matrix, r, 1, 8, x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v], TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_8x64(const real *matrix, const real *x, real *result)
{
    DENSE_TILES(8, dense_8x64_tile, matrix, x, result);
}

/* 64 x 8: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x8_sigmoid_3_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result, real *result_2)
{
    Tile tile;
    tile_start_rows(&tile, rows, start, r);
    tile_multiply(&tile, rows, 8, matrix, r, WEIGHT_STRIDES(64, 8), x, s, 1);
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
static BY_ITSELF void dense_64x8_sigmoid_3(const real *matrix, const real *x, const real *start, real *result, real *result_2)
{
    DENSE_ROWS(64, dense_64x8_sigmoid_3_tile, matrix, x, start, result, result_2);
}

/* 64 x 64: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x64_sigmoid_3_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result, real *result_2)
{
    Tile tile;
    if (TILES_ARE_KEPT) {
        tile_load(&tile, rows, result, r, s);
    } else {
        tile_start_rows(&tile, rows, start, r);
        tile_multiply(&tile, rows, 64, matrix, r, WEIGHT_STRIDES(64, 64), x, s, 1);
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
static BY_ITSELF void dense_64x64_sigmoid_3(const real *matrix, const real *x, const real *start, real *result, real *result_2)
{
    if (TILES_ARE_KEPT)
        dense_64x64(matrix, x, start, result);
    DENSE_ROWS(64, dense_64x64_sigmoid_3_tile, matrix, x, start, result, result_2);
}

/* 64 x 376: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x376_then_2_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *other, const real *other_2, real *result)
{
    Tile tile;
    tile_start_number(&tile, rows, REAL(0.0));
    tile_multiply(&tile, rows, 376, matrix, r, 1, 64, x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes other_i = lanes_load(other + TILE_ELEMENT(r, i, s, v));
            const lanes other_i_2 = lanes_load(other_2 + TILE_ELEMENT(r, i, s, v));
            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v] * lanes_fma(other_i_2, REAL(1.0) - other_i, other_i), TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_64x376_then_2(const real *matrix, const real *x, const real *other, const real *other_2, real *result)
{
    DENSE_TILES(64, dense_64x376_then_2_tile, matrix, x, other, other_2, result);
}

/* 64 x 64: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x64_then_2_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *other, const real *other_2, real *result)
{
    Tile tile;
    tile_start_number(&tile, rows, REAL(0.0));
    tile_multiply(&tile, rows, 64, matrix, r, 1, 64, x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes other_i = lanes_load(other + TILE_ELEMENT(r, i, s, v));
            const lanes other_i_2 = lanes_load(other_2 + TILE_ELEMENT(r, i, s, v));
            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v] * lanes_fma(other_i_2, REAL(1.0) - other_i, other_i), TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_64x64_then_2(const real *matrix, const real *x, const real *other, const real *other_2, real *result)
{
    DENSE_TILES(64, dense_64x64_then_2_tile, matrix, x, other, other_2, result);
}

/* ---- sums over the samples of a block, likewise ---- */

#if ANSATZ_BLOCK > 1

/* 376 x 64: the sum over samples of a[r] x[c], a weight's gradient */
static BY_ITSELF void sum_376x64(const real *a, const real *x, const int count, const int adds, real *transposed, real *result)
{
    const SampleProduct shape = {.rows = 376, .row_stride = 1, .columns = 64, .positions = 1,
                                 .position_stride = 0, .result_row_stride = 64,
                                 .result_column_stride = 1};
    transpose_samples(x, 64, 1, transposed);
    contract_samples(shape, a, transposed, count, adds, result);
}

/* 64 x 64: the sum over samples of a[r] x[c], a weight's gradient */
static BY_ITSELF void sum_64x64(const real *a, const real *x, const int count, const int adds, real *transposed, real *result)
{
    const SampleProduct shape = {.rows = 64, .row_stride = 1, .columns = 64, .positions = 1,
                                 .position_stride = 0, .result_row_stride = 64,
                                 .result_column_stride = 1};
    transpose_samples(x, 64, 1, transposed);
    contract_samples(shape, a, transposed, count, adds, result);
}

/* 8 x 64: the sum over samples of a[r] x[c], a weight's gradient */
static BY_ITSELF void sum_8x64(const real *a, const real *x, const int count, const int adds, real *transposed, real *result)
{
    const SampleProduct shape = {.rows = 8, .row_stride = 1, .columns = 64, .positions = 1,
                                 .position_stride = 0, .result_row_stride = 1,
                                 .result_column_stride = 8};
    transpose_samples(x, 64, 1, transposed);
    contract_samples(shape, a, transposed, count, adds, result);
}

#endif

#endif
