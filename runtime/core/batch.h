/* SPDX-License-Identifier: MIT-0 */
/* Gradients of wide layers: products summed over the samples of all shards of a batch, tile by tile of the result, which is
 * written once for some shards and never kept for each. The additions are those of sum_shards over contract_samples: within a
 * shard in the order of its samples, then shards from left to right. Freestanding. */
#ifndef ANSATZ_CORE_BATCH_H
#define ANSATZ_CORE_BATCH_H

#include "samples.h"

/* What is multiplied: a[shard][rows][BLOCK] and x[shard][columns][BLOCK], rows of a `row_stride` elements apart and those of x
 * `column_stride`; a shard's begin `shard_stride` reals behind the one before. The last shard has `last_count` samples. */
typedef struct BatchProduct {
    int rows, row_stride, columns, column_stride;
    int shards, last_count;
    size_t shard_stride;
} BatchProduct;

/* Some columns are transposed for some shards, as much as the second cache holds beside what passes through it; rows of the
 * result are made by them one tile after another, so that memory is written in long pieces. */
enum {
    BATCH_SHARDS = 4,
    BATCH_COLUMNS = 512,
    BATCH_PANEL = LANES * SAMPLE_TILE_VECTORS /* columns of a tile: of each, samples lie side by side */
};

/* panel[shard][s][0 .. vectors LANES - 1] = x[shard][0 ..][s], of which `left` are there; the last is repeated. */
static ALWAYS_INLINE void batch_transpose(const BatchProduct shape, const int vectors, const int left, const int shards,
                                          const real *x, real *panel)
{
    for (int shard = 0; shard < shards; shard++)
        for (int v = 0; v < vectors; v++)
            for (int s = 0; s < BLOCK; s += LANES)
                transpose_square(x + (size_t)shard * shape.shard_stride + v * LANES * shape.column_stride * BLOCK + s,
                                 left - v * LANES, shape.column_stride * BLOCK,
                                 panel + ((shard * BLOCK + s) * vectors + v) * LANES, vectors * LANES);
}

/* Elements 0 .. columns - 1 of a vector. */
static ALWAYS_INLINE lanes batch_load(const real *from, const int columns)
{
    if (columns >= LANES)
        return lanes_load(from);
    real values[LANES];
    for (int i = 0; i < LANES; i++)
        values[i] = i < columns ? from[i] : REAL(0.0);
    return lanes_load(values);
}

/* result[0 .. rows - 1][0 .. vectors LANES - 1] = or += the products of so many shards; `left` columns remain. */
static ALWAYS_INLINE void batch_tile(const BatchProduct shape, const int rows, const int vectors, const int first,
                                     const int shards, const real *a, const real *panel, const int left, real *result)
{
    lanes total[SAMPLE_TILE_ROWS][SAMPLE_TILE_VECTORS];
    for (int shard = first; shard < first + shards; shard++) {
        const int count = shard == shape.shards - 1 ? shape.last_count : BLOCK;
        lanes sum[SAMPLE_TILE_ROWS][SAMPLE_TILE_VECTORS];
        clear_sample_sums(rows, vectors, sum);
        add_sample_products(rows, vectors, a + (size_t)shard * shape.shard_stride, shape.row_stride * BLOCK,
                            panel + (shard - first) * BLOCK * vectors * LANES, vectors * LANES, count, sum);
        UNROLL(6)
        for (int i = 0; i < rows; i++)
            UNROLL(4)
        for (int v = 0; v < vectors; v++)
            if (shard > first)
                total[i][v] = total[i][v] + sum[i][v];
            else if (first > 0)
                total[i][v] = batch_load(result + i * shape.columns + v * LANES, left - v * LANES) + sum[i][v];
            else
                total[i][v] = sum[i][v];
    }
    UNROLL(6)
    for (int i = 0; i < rows; i++)
        UNROLL(4)
    for (int v = 0; v < vectors; v++)
        put_columns(result + i * shape.columns + v * LANES, total[i][v], left - v * LANES, 1, 0);
}

/* Columns that do not fill a panel, and vectors for them. */
#define BATCH_REST(columns)    ((columns) % BATCH_PANEL)
#define BATCH_VECTORS(columns) ((BATCH_REST(columns) + LANES - 1) / LANES)

/* One tile of rows by the columns from c to `end`. */
static ALWAYS_INLINE void batch_row(const BatchProduct shape, const int rows, const int first, const int shards,
                                    const real *a, const real *panels, const int c, const int end, real *result)
{
    const int whole = shape.columns - BATCH_REST(shape.columns);
    int column = c;
    for (; column < end && column < whole; column += BATCH_PANEL, panels += shards * BLOCK * BATCH_PANEL)
        batch_tile(shape, rows, SAMPLE_TILE_VECTORS, first, shards, a, panels, BATCH_PANEL, result + column);
    if (BATCH_REST(shape.columns) > 0 && column < end)
        batch_tile(shape, rows, BATCH_VECTORS(shape.columns), first, shards, a, panels, BATCH_REST(shape.columns),
                   result + column);
}

/* Tiles of rows `tile` .. `end_tile` - 1 by BATCH_COLUMNS columns from c on, for BATCH_SHARDS shards from `first` on. */
static ALWAYS_INLINE void batch_rows(const BatchProduct shape, const int tile, const int end_tile, const int first,
                                     const int c, const real *a, const real *x, real *panels, real *result)
{
    const int tiles = (shape.rows + SAMPLE_TILE_ROWS - 1) / SAMPLE_TILE_ROWS, height = shape.rows / tiles;
    const int taller = shape.rows % tiles, whole = shape.columns - BATCH_REST(shape.columns);
    const int shards = shape.shards - first < BATCH_SHARDS ? shape.shards - first : BATCH_SHARDS;
    const int end = c + BATCH_COLUMNS < shape.columns ? c + BATCH_COLUMNS : shape.columns;
    real *panel = panels;
    for (int column = c; column < end; column += BATCH_PANEL, panel += shards * BLOCK * BATCH_PANEL) {
        const real *const from = x + (size_t)first * shape.shard_stride + column * shape.column_stride * BLOCK;
        if (column < whole)
            batch_transpose(shape, SAMPLE_TILE_VECTORS, BATCH_PANEL, shards, from, panel);
        else
            batch_transpose(shape, BATCH_VECTORS(shape.columns), BATCH_REST(shape.columns), shards, from, panel);
    }
    /* two loops, so that heights stay constants */
    int t = tile;
    for (; t < end_tile && t < taller; t++) {
        const int r = t * (height + 1);
        batch_row(shape, height + 1, first, shards, a + r * shape.row_stride * BLOCK, panels, c, end,
                  result + (size_t)r * (size_t)shape.columns);
    }
    for (; t < end_tile; t++) {
        const int r = t * height + taller;
        batch_row(shape, height, first, shards, a + r * shape.row_stride * BLOCK, panels, c, end,
                  result + (size_t)r * (size_t)shape.columns);
    }
}

/* Of result[r][c] = ((sum over shard 0 of a[r][s] x[c][s]) + shard 1's) + ..., the rows of part `part` of `parts`; `panels`
 * has room for BATCH_SHARDS blocks of BATCH_COLUMNS columns, or of fewer where there are no more. Rows, columns and their
 * strides are constants. */
static ALWAYS_INLINE void contract_batch(const BatchProduct shape, const int part, const int parts, const real *a,
                                         const real *x, real *panels, real *result)
{
    const int tiles = (shape.rows + SAMPLE_TILE_ROWS - 1) / SAMPLE_TILE_ROWS;
    const int tile = (int)((int64_t)tiles * part / parts), end = (int)((int64_t)tiles * (part + 1) / parts);
    for (int c = 0; c < shape.columns; c += BATCH_COLUMNS)
        for (int first = 0; first < shape.shards; first += BATCH_SHARDS)
            batch_rows(shape, tile, end, first, c, a, x, panels, result);
}

#endif
