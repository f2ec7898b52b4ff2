/* SPDX-License-Identifier: MIT-0 */
/* What the files of code share: names, constant tables, contraction kernels. `real` is float, or double in
 * the files that say so; a block is 64 samples, or one.
 * Compiled from double_well.yaml by ansatz 0.1.0. */
#ifndef DOUBLE_WELL_PARTS_H
#define DOUBLE_WELL_PARTS_H

#include "runtime/core/block.h"
#include "runtime/core/instructions.h"

#if ANSATZ_PRECISION == 64
#define MODEL(name) FOR_INSTRUCTIONS(double_well_double_##name)
#elif ANSATZ_BLOCK == 1
#define MODEL(name) FOR_INSTRUCTIONS(double_well_one_##name)
#else
#define MODEL(name) FOR_INSTRUCTIONS(double_well_##name)
#endif

/* ---- what the package offers: see the package's own header ---- */

void MODEL(sample)(const real *weights, const real *scalars, uint64_t seed, uint64_t first, size_t count, real *x, real *log_q, void *workspace, int threads);
void MODEL(log_prob)(const real *weights, const real *scalars, size_t count, const real *x, real *log_q, void *workspace, int threads);
void MODEL(energy)(const real *scalars, size_t count, const real *x, real *energy, void *workspace, int threads);
void MODEL(force)(const real *scalars, size_t count, const real *x, real *force, void *workspace, int threads);
void MODEL(observables)(const real *scalars, size_t count, const real *x, real *values, void *workspace, int threads);
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

/* ---- contraction kernels, one for each shape ---- */

/* 64 x 1: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x1_sigmoid_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result)
{
    Tile tile;
    tile_start_rows(&tile, rows, start, r);
    tile_multiply(&tile, rows, 1, matrix, r, WEIGHT_STRIDES(64, 1), x, s, 0);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes v_sum_i = tile.value[i][v];
            store_each(result + TILE_ELEMENT(r, i, s, v), v_sum_i * lanes_sigmoid(v_sum_i), TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_64x1_sigmoid(const real *matrix, const real *x, const real *start, real *result)
{
    DENSE_ROWS(64, dense_64x1_sigmoid_tile, matrix, x, start, result);
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

/* 2 x 64: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ... */
static ALWAYS_INLINE void dense_2x64_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result)
{
    Tile tile;
    tile_start_rows(&tile, rows, start, r);
    tile_multiply(&tile, rows, 64, matrix, r, WEIGHT_STRIDES(2, 64), x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v], TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_2x64(const real *matrix, const real *x, const real *start, real *result)
{
    DENSE_TILES(2, dense_2x64_tile, matrix, x, start, result);
}

/* 64 x 1: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x1_sigmoid_2_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result, real *result_2)
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
            const lanes mul_i = v_sum_i * sigmoid_i;
            store_each(result + TILE_ELEMENT(r, i, s, v), mul_i, TILE_LEFT(rows, v));
            store_each(result_2 + TILE_ELEMENT(r, i, s, v), lanes_fma(mul_i, REAL(1.0) - sigmoid_i, sigmoid_i), TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_64x1_sigmoid_2(const real *matrix, const real *x, const real *start, real *result, real *result_2)
{
    DENSE_ROWS(64, dense_64x1_sigmoid_2_tile, matrix, x, start, result, result_2);
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

/* 64 x 2: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x2_then_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *other, real *result)
{
    Tile tile;
    tile_start_number(&tile, rows, REAL(0.0));
    tile_multiply(&tile, rows, 2, matrix, r, 1, 64, x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes other_i = lanes_load(other + TILE_ELEMENT(r, i, s, v));
            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v] * other_i, TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_64x2_then(const real *matrix, const real *x, const real *other, real *result)
{
    DENSE_TILES(64, dense_64x2_then_tile, matrix, x, other, result);
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

/* 1 x 64: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ... */
static ALWAYS_INLINE void dense_1x64_tile(const int rows, const int r, const int s, const real *matrix, const real *x, real *result)
{
    Tile tile;
    tile_start_number(&tile, rows, REAL(0.0));
    tile_multiply(&tile, rows, 64, matrix, r, 0, 1, x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v], TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_1x64(const real *matrix, const real *x, real *result)
{
    DENSE_TILES(1, dense_1x64_tile, matrix, x, result);
}

/* 64 x 1: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x1_sigmoid_3_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *start, real *result, real *result_2)
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
static BY_ITSELF void dense_64x1_sigmoid_3(const real *matrix, const real *x, const real *start, real *result, real *result_2)
{
    DENSE_ROWS(64, dense_64x1_sigmoid_3_tile, matrix, x, start, result, result_2);
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

/* 64 x 2: sum_k matrix[r][k] x[k] from its start, k = 0, 1, 2, ..., and what is done with it */
static ALWAYS_INLINE void dense_64x2_then_2_tile(const int rows, const int r, const int s, const real *matrix, const real *x, const real *other, const real *other_2, real *result)
{
    Tile tile;
    tile_start_number(&tile, rows, REAL(0.0));
    tile_multiply(&tile, rows, 2, matrix, r, 1, 64, x, s, 1);
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const lanes other_i = lanes_load(other + TILE_ELEMENT(r, i, s, v));
            const lanes other_i_2 = lanes_load(other_2 + TILE_ELEMENT(r, i, s, v));
            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v] * lanes_fma(other_i_2, REAL(1.0) - other_i, other_i), TILE_LEFT(rows, v));
        }
}
static BY_ITSELF void dense_64x2_then_2(const real *matrix, const real *x, const real *other, const real *other_2, real *result)
{
    DENSE_TILES(64, dense_64x2_then_2_tile, matrix, x, other, other_2, result);
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

/* 2 x 64: the sum over samples of a[r] x[c], a weight's gradient */
static BY_ITSELF void sum_2x64(const real *a, const real *x, const int count, const int adds, real *result)
{
    const SampleProduct shape = {.rows = 2, .row_stride = 1, .columns = 64, .positions = 1,
                                 .position_stride = 0, .result_row_stride = 64,
                                 .result_column_stride = 1};
    contract_few_rows(shape, a, x, 1, count, adds, result);
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

/* 1 x 64: the sum over samples of a[r] x[c], a weight's gradient */
static BY_ITSELF void sum_1x64(const real *a, const real *x, const int count, const int adds, real *result)
{
    const SampleProduct shape = {.rows = 1, .row_stride = 0, .columns = 64, .positions = 1,
                                 .position_stride = 0, .result_row_stride = 1,
                                 .result_column_stride = 1};
    contract_few_rows(shape, a, x, 1, count, adds, result);
}

#endif

#endif
