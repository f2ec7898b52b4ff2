/* SPDX-License-Identifier: MIT-0 */
/* Gradients of wide layers: products summed over the samples of all shards of a batch, tile by tile of the result, which is
 * written once and never kept for each shard. The additions are those of sum_shards over contract_samples: within a shard in
 * the order of its samples, then shards from left to right. Freestanding. */
#ifndef ANSATZ_CORE_BATCH_H
#define ANSATZ_CORE_BATCH_H

#include "samples.h"

/* What is multiplied: a[shard][rows][BLOCK] and x[shard][columns][BLOCK], rows of a `row_stride` elements apart and those of x
 * `column_stride`; a shard's begin `shard_stride` reals behind the one before. */
typedef struct BatchProduct {
    int rows, row_stride, columns, column_stride;
} BatchProduct;

enum {
    BATCH_PANEL = LANES * SAMPLE_TILE_VECTORS, /* columns that are transposed at once, for one shard */
    BATCH_TILES = 40 /* tiles of rows that use them then: the results stay in the second cache */
};

/* panel[s][0 .. vectors LANES - 1] = x[c + 0 ..][s]; columns past the last repeat it. */
static ALWAYS_INLINE void batch_panel(const BatchProduct shape, const int vectors, const real *x, const int c,
                                      real *panel)
{
    for (int v = 0; v < vectors; v++)
        for (int s = 0; s < BLOCK; s += LANES) {
            const int column = c + v * LANES;
            transpose_square(x + column * shape.column_stride * BLOCK + s, shape.columns - column,
                             shape.column_stride * BLOCK, panel + s * BATCH_PANEL + v * LANES, BATCH_PANEL);
        }
}

/* result[0 .. rows - 1][0 .. vectors LANES - 1] = or += the products of one shard; `left` columns remain. */
static ALWAYS_INLINE void batch_tile(const BatchProduct shape, const int rows, const int vectors, const real *a,
                                     const real *panel, const int count, const int first, const int left, real *result)
{
    lanes sum[SAMPLE_TILE_ROWS][SAMPLE_TILE_VECTORS];
    clear_sample_sums(rows, vectors, sum);
    add_sample_products(rows, vectors, a, shape.row_stride * BLOCK, panel, BATCH_PANEL, count, sum);
    UNROLL(6)
    for (int i = 0; i < rows; i++)
        UNROLL(4)
    for (int v = 0; v < vectors; v++) {
        real *const to = result + i * shape.columns + v * LANES;
        if (left - v * LANES >= LANES) {
            lanes_store(to, first ? sum[i][v] : lanes_load(to) + sum[i][v]);
        } else {
            real values[LANES];
            lanes_store(values, sum[i][v]);
            for (int k = 0; k < left - v * LANES; k++)
                to[k] = first ? values[k] : to[k] + values[k];
        }
    }
}

/* Some tiles of rows by one panel of columns, for all shards. */
static ALWAYS_INLINE void batch_rows(const BatchProduct shape, const int vectors, const real *a, const real *x,
                                     const int shards, const size_t shard_stride, const int last_count, const int tile,
                                     const int c, real *result)
{
    const int tiles = (shape.rows + SAMPLE_TILE_ROWS - 1) / SAMPLE_TILE_ROWS, height = shape.rows / tiles;
    const int taller = shape.rows % tiles, end = tile + BATCH_TILES < tiles ? tile + BATCH_TILES : tiles;
    real panel[BLOCK * BATCH_PANEL];
    for (int shard = 0; shard < shards; shard++) {
        const real *const a_shard = a + (size_t)shard * shard_stride;
        const int count = shard == shards - 1 ? last_count : BLOCK;
        batch_panel(shape, vectors, x + (size_t)shard * shard_stride, c, panel);
        for (int t = tile; t < end; t++) {
            const int r = t * height + (t < taller ? t : taller);
            const real *const rows = a_shard + r * shape.row_stride * BLOCK;
            real *const to = result + (size_t)r * (size_t)shape.columns + c;
            if (t < taller)
                batch_tile(shape, height + 1, vectors, rows, panel, count, shard == 0, shape.columns - c, to);
            else
                batch_tile(shape, height, vectors, rows, panel, count, shard == 0, shape.columns - c, to);
        }
    }
}

/* Pieces into which a result is cut, for threads to share. */
#define BATCH_PARTS(rows)          (((rows) + SAMPLE_TILE_ROWS * BATCH_TILES - 1) / (SAMPLE_TILE_ROWS * BATCH_TILES))
#define BATCH_TASKS(rows, columns) (((columns) + BATCH_PANEL - 1) / BATCH_PANEL * BATCH_PARTS(rows))

/* Of result[r][c] = ((sum over shard 0 of a[r][s] x[c][s]) + shard 1's) + ..., piece number `task`; the last shard has
 * `last_count` samples. The shape is a constant. */
static ALWAYS_INLINE void contract_batch(const BatchProduct shape, const int task, const real *a, const real *x,
                                         const int shards, const size_t shard_stride, const int last_count,
                                         real *result)
{
    const int whole = shape.columns / BATCH_PANEL;
    const int rest = (shape.columns - whole * BATCH_PANEL + LANES - 1) / LANES;
    const int c = task / BATCH_PARTS(shape.rows) * BATCH_PANEL, tile = task % BATCH_PARTS(shape.rows) * BATCH_TILES;
    if (c < whole * BATCH_PANEL)
        batch_rows(shape, SAMPLE_TILE_VECTORS, a, x, shards, shard_stride, last_count, tile, c, result);
    else
        batch_rows(shape, rest, a, x, shards, shard_stride, last_count, tile, c, result);
}

#endif
