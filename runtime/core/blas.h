/* SPDX-License-Identifier: MIT-0 */
/* Wide contractions by OpenBLAS, in packages whose spec says `blas: openblas`. A library adds in an order of its own, which
 * depends on its version and on the machine: results are no longer the same bits everywhere. Each thread of ours calls it
 * for its own block of samples or part of a gradient, so the library itself is kept to one thread. One sample at a time
 * does without it. Not freestanding. */
#ifndef ANSATZ_CORE_BLAS_H
#define ANSATZ_CORE_BLAS_H

#include "block.h"

#if ANSATZ_BLOCK == 1

static inline void blas_begin(void)
{
}

static inline void blas_dense(const int rows, const int inner, const real *matrix, const int row_stride,
                              const int inner_stride, const real *x, const int x_stride, const real *product)
{
    (void)rows, (void)inner, (void)matrix, (void)row_stride, (void)inner_stride, (void)x, (void)x_stride, (void)product;
}

static ALWAYS_INLINE void tile_product(Tile *tile, const int rows, const int inner, const real *matrix, const int r,
                                       const int row_stride, const int inner_stride, const real *x, const int s,
                                       const int x_stride, const real *product)
{
    (void)product;
    tile_multiply(tile, rows, inner, matrix, r, row_stride, inner_stride, x, s, x_stride);
}

#else

#if defined(__has_include)
#if !__has_include(<cblas.h>)
#error "the spec of this package says `blas: openblas`: install OpenBLAS with its headers (Debian: libopenblas-dev)"
#endif
#endif
#include <cblas.h>

void openblas_set_num_threads(int threads); /* not in every cblas.h */

#if ANSATZ_PRECISION == 64
#define BLAS_GEMM cblas_dgemm
#else
#define BLAS_GEMM cblas_sgemm
#endif

/* At the start of each call of the package. */
static inline void blas_begin(void)
{
    openblas_set_num_threads(1);
}

/* Touches the library's own memory, once for each thread: its kernels fetch ahead of the little that a block's product packs
 * there, and fetching from pages that nobody has written yet takes half of their speed. `matrix` has 512 x 512 elements or more. */
static inline void blas_touch(const real *matrix)
{
    enum { SIZE = 512, ROWS = 256 / (int)sizeof(real) };
    static _Thread_local int touched;
    real product[ROWS * SIZE];
    if (!touched)
        BLAS_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, ROWS, SIZE, SIZE, REAL(1.0), matrix, SIZE, matrix, SIZE,
                  REAL(0.0), product, SIZE);
    touched = 1;
}

/* product[rows][BLOCK] = A[rows][inner] x[inner][BLOCK]: strides as in tile_multiply, one of the matrix's is 1. */
static inline void blas_dense(const int rows, const int inner, const real *matrix, const int row_stride,
                              const int inner_stride, const real *x, const int x_stride, real *product)
{
    const int as_it_lies = inner_stride == 1;
    blas_touch(matrix);
    BLAS_GEMM(CblasRowMajor, as_it_lies ? CblasNoTrans : CblasTrans, CblasNoTrans, rows, BLOCK, inner, REAL(1.0),
              matrix, as_it_lies ? row_stride : inner_stride, x, x_stride * BLOCK, REAL(0.0), product, BLOCK);
}

/* tile += a product that blas_dense has made. */
static ALWAYS_INLINE void tile_product(Tile *tile, const int rows, const int inner, const real *matrix, const int r,
                                       const int row_stride, const int inner_stride, const real *x, const int s,
                                       const int x_stride, const real *product)
{
    (void)inner, (void)matrix, (void)row_stride, (void)inner_stride, (void)x, (void)x_stride;
    UNROLL(TILE_ROWS)
    for (int i = 0; i < rows; i++)
        UNROLL(TILE_VECTORS)
    for (int v = 0; v < TILE_VECTORS; v++)
        tile->value[i][v] = tile->value[i][v] + lanes_load(product + TILE_ELEMENT(r, i, s, v));
}

/* A gradient is cut into pieces of so many rows and columns, for threads to share and to stay in the second cache while the
 * shards are added. */
enum { BLAS_ROWS = 256, BLAS_COLUMNS = 1024 };
#define BLAS_PIECES(count, piece) (((count) + (piece)-1) / (piece))
#define BLAS_PARTS(rows, columns) (BLAS_PIECES(rows, BLAS_ROWS) * BLAS_PIECES(columns, BLAS_COLUMNS))

/* Piece number `part` of what contract_batch makes: result[r][c] = sum over shards and their samples of a[r][s] x[c][s]. */
static inline void blas_batch(const BatchProduct shape, const int part, const real *a, const real *x, real *result)
{
    const int across = BLAS_PIECES(shape.columns, BLAS_COLUMNS);
    const int r = part / across * BLAS_ROWS, c = part % across * BLAS_COLUMNS;
    const int rows = shape.rows - r < BLAS_ROWS ? shape.rows - r : BLAS_ROWS;
    const int columns = shape.columns - c < BLAS_COLUMNS ? shape.columns - c : BLAS_COLUMNS;
    for (int shard = 0; shard < shape.shards; shard++)
        BLAS_GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, rows, columns,
                  shard == shape.shards - 1 ? shape.last_count : BLOCK, REAL(1.0),
                  a + (size_t)shard * shape.shard_stride + r * shape.row_stride * BLOCK, shape.row_stride * BLOCK,
                  x + (size_t)shard * shape.shard_stride + c * shape.column_stride * BLOCK, shape.column_stride * BLOCK,
                  shard == 0 ? REAL(0.0) : REAL(1.0), result + (size_t)r * (size_t)shape.columns + c, shape.columns);
}

#endif

#endif
