/* SPDX-License-Identifier: MIT-0 */
/* Products with a wide matrix that is read by columns: those of a layer's way back, C[r][s] = start + sum_k A[k][r] X[k][s].
 * What lies side by side there are rows of C, so they take the lanes: a vector is of the matrix as it lies, what is splat
 * are samples, and the result is transposed at the end. The matrix is read once, panel by panel, and each is fetched while the
 * one before it is used. The same multiply-adds in the same order as a tile's. Freestanding. */
#ifndef ANSATZ_CORE_TRANSPOSED_H
#define ANSATZ_CORE_TRANSPOSED_H

#include "contract.h"
#include "samples.h"

#if ANSATZ_BLOCK == 1 /* features are in the lanes anyway */

static inline void dense_transposed(const int rows, const int inner, const real *matrix, const int stride,
                                    const real *x, const int x_stride, const real start, const real *product)
{
    (void)rows, (void)inner, (void)matrix, (void)stride, (void)x, (void)x_stride, (void)start, (void)product;
}

static ALWAYS_INLINE void tile_transposed(Tile *tile, const int rows, const int inner, const real *matrix, const int r,
                                          const int stride, const real *x, const int s, const int x_stride,
                                          const real start, const real *product)
{
    (void)product;
    tile_start_number(tile, rows, start);
    tile_multiply(tile, rows, inner, matrix, r, 1, stride, x, s, x_stride);
}

#else

enum {
    TRANSPOSED_DEPTH = 64,                          /* rows of the matrix at a time */
    TRANSPOSED_WIDTH = LANES * SAMPLE_TILE_VECTORS, /* columns of them that stay in the first cache: a panel */
    TRANSPOSED_LINE = 64 / sizeof(real),            /* reals of a cache line */
    TRANSPOSED_LINES = (TRANSPOSED_WIDTH + TRANSPOSED_LINE - 1) / TRANSPOSED_LINE + 1 /* that a panel's row may touch */
};

/* sums[samples][BLOCK] += for some samples and `vectors` vectors of columns, or from the start where it `begins`. `keep`: the
 * columns are also copied there, in rows of `vectors` vectors. Without, there is time to fetch: a line for each two rows, from
 * `ahead` on. */
static ALWAYS_INLINE void transposed_tile(const int samples, const int vectors, const int depth, const real *columns,
                                          const int stride, real *keep, const real *x, const int x_stride,
                                          const int begins, const real start, real *sums, const real *ahead,
                                          const int ahead_stride)
{
    lanes sum[SAMPLE_TILE_ROWS][SAMPLE_TILE_VECTORS];
    UNROLL(6)
    for (int i = 0; i < samples; i++)
        UNROLL(4)
    for (int v = 0; v < vectors; v++)
        sum[i][v] = begins ? lanes_splat(start) : lanes_load(sums + i * BLOCK + v * LANES);
    UNROLL(2)
    for (int k = 0; k < depth; k++) {
        lanes column[SAMPLE_TILE_VECTORS];
        UNROLL(4)
        for (int v = 0; v < vectors; v++)
            column[v] = lanes_load(columns + k * stride + v * LANES);
        if (keep)
            UNROLL(4)
        for (int v = 0; v < vectors; v++)
            lanes_store(keep + (k * vectors + v) * LANES, column[v]);
        if (!keep && k % 2 == 1)
            __builtin_prefetch(ahead + (k - 1) * ahead_stride, 0, 2);
        UNROLL(6)
        for (int i = 0; i < samples; i++) {
            const lanes factor = lanes_splat(x[k * x_stride * BLOCK + i]);
            UNROLL(4)
            for (int v = 0; v < vectors; v++)
                sum[i][v] = lanes_fma(factor, column[v], sum[i][v]);
        }
    }
    UNROLL(6)
    for (int i = 0; i < samples; i++)
        UNROLL(4)
    for (int v = 0; v < vectors; v++)
        lanes_store(sums + i * BLOCK + v * LANES, sum[i][v]);
}

/* Where tile number `tile` begins to fetch a panel: two tiles fetch a line of each row, one those of even rows, one those of
 * odd rows. Those that are left, when all is fetched, do so again. */
static ALWAYS_INLINE const real *transposed_fetches(const int tile, const real *ahead, const int stride)
{
    return ahead + tile % 2 * stride + tile / 2 % TRANSPOSED_LINES * TRANSPOSED_LINE;
}

/* sums[BLOCK][BLOCK] += for all samples: the first ones read the matrix (where `columns` is not the panel itself), the others
 * its copy in `panel`, and fetch the panel `ahead`, whose rows lie `ahead_stride` apart. */
static ALWAYS_INLINE void transposed_panel(const int vectors, const int depth, const real *columns, const int stride,
                                           real *panel, const real *x, const int x_stride, const int begins,
                                           const real start, real *sums, const real *ahead, const int ahead_stride)
{
    enum {
        TILES = (BLOCK + SAMPLE_TILE_ROWS - 1) / SAMPLE_TILE_ROWS,
        HEIGHT = BLOCK / TILES,
        TALLER = BLOCK % TILES * (HEIGHT + 1)
    };
    const int width = vectors * LANES;
    int s = 0, tile = 0;
    if (columns != panel) {
        enum { FIRST = TALLER > 0 ? HEIGHT + 1 : HEIGHT };
        transposed_tile(FIRST, vectors, depth, columns, stride, panel, x, x_stride, begins, start, sums, NULL, 0);
        s = FIRST;
    }
    for (; s < TALLER; s += HEIGHT + 1, tile++)
        transposed_tile(HEIGHT + 1, vectors, depth, panel, width, NULL, x + s, x_stride, begins, start,
                        sums + s * BLOCK, transposed_fetches(tile, ahead, ahead_stride), ahead_stride);
    for (; s < BLOCK; s += HEIGHT, tile++)
        transposed_tile(HEIGHT, vectors, depth, panel, width, NULL, x + s, x_stride, begins, start, sums + s * BLOCK,
                        transposed_fetches(tile, ahead, ahead_stride), ahead_stride);
}

/* The last columns, fewer than a block: copied, filled up with zeros. */
static inline void transposed_rest(const int columns, const int depth, const real *matrix, const int stride,
                                   const real *x, const int x_stride, const int begins, const real start, real *sums)
{
    real panel[TRANSPOSED_DEPTH * LANES];
    for (int c = 0; c < columns; c += LANES) {
        const int count = columns - c < LANES ? columns - c : LANES;
        for (int k = 0; k < depth; k++)
            for (int i = 0; i < LANES; i++)
                panel[k * LANES + i] = i < count ? matrix[k * stride + c + i] : REAL(0.0);
        transposed_panel(1, depth, panel, LANES, panel, x, x_stride, begins, start, sums + c, panel, 0);
    }
}

/* The first columns of sums[BLOCK][BLOCK], transposed. */
static inline void transpose_sums(const real *sums, const int columns, real *transposed)
{
    for (int i = 0; i < BLOCK; i += LANES)
        for (int j = 0; j < columns; j += LANES)
            transpose_square(sums + i * BLOCK + j, LANES, BLOCK, transposed + j * BLOCK + i, BLOCK);
}

/* product[rows][BLOCK] = start + A x[inner][BLOCK]: the matrix's element (r, k) at r + k * stride, x's element k at
 * k * x_stride (in elements). BLOCK rows or more. Until the end the sums of each square of rows lie the other way around where
 * the square before it belongs; those of the first, and of the rows that fill none, lie apart. */
static inline void dense_transposed(const int rows, const int inner, const real *matrix, const int stride,
                                    const real *x, const int x_stride, const real start, real *product)
{
    enum { SQUARE = BLOCK * BLOCK };
    const int whole = rows / BLOCK * BLOCK, left = rows - whole;
    real panel[TRANSPOSED_DEPTH * TRANSPOSED_WIDTH], first[SQUARE], rest[SQUARE];
    for (int k = 0; k < inner; k += TRANSPOSED_DEPTH) {
        const int depth = inner - k < TRANSPOSED_DEPTH ? inner - k : TRANSPOSED_DEPTH;
        const real *const from = matrix + k * stride, *const factors = x + k * x_stride * BLOCK;
        const real *const next = k + 2 * TRANSPOSED_DEPTH <= inner ? from + TRANSPOSED_DEPTH * stride : from;
        for (int r = 0; r < whole; r += TRANSPOSED_WIDTH) {
            const real *const ahead = r + TRANSPOSED_WIDTH < whole ? from + r + TRANSPOSED_WIDTH : next;
            real *const square = r < BLOCK ? first : product + (r / BLOCK - 1) * SQUARE;
            transposed_panel(SAMPLE_TILE_VECTORS, depth, from + r, stride, panel, factors, x_stride, k == 0, start,
                             square + r % BLOCK, ahead, stride);
        }
        if (left > 0)
            transposed_rest(left, depth, from + whole, stride, factors, x_stride, k == 0, start, rest);
    }
    for (int r = whole - BLOCK; r >= BLOCK; r -= BLOCK)
        transpose_sums(product + (r - BLOCK) * BLOCK, BLOCK, product + r * BLOCK);
    transpose_sums(first, BLOCK, product);
    if (left > 0) {
        transpose_sums(rest, left, first);
        memcpy(product + whole * BLOCK, first, (size_t)(left * BLOCK) * sizeof *first);
    }
}

/* What dense_transposed has made. */
static ALWAYS_INLINE void tile_transposed(Tile *tile, const int rows, const int inner, const real *matrix, const int r,
                                          const int stride, const real *x, const int s, const int x_stride,
                                          const real start, const real *product)
{
    (void)inner, (void)matrix, (void)stride, (void)x, (void)x_stride, (void)start;
    tile_load(tile, rows, product, r, s);
}

#endif

#endif
