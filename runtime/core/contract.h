/* SPDX-License-Identifier: MIT-0 */
/* Contractions by register tiles: C[r][c] = start + sum_k A[r][k] X[k][c], k = 0, 1, 2, ... by fused multiply-adds from
 * the start, whatever the tile and the lanes are, so that the bits are the same everywhere. Freestanding.
 *
 * With samples in lanes a tile is TILE_ROWS rows of A by TILE_VECTORS vectors of samples. With one sample a tile is
 * TILE_VECTORS vectors of rows, and A is the transposed matrix (the weights are transposed once when they are loaded).
 * All sizes are constants once a tile function is inlined. */
#ifndef ANSATZ_CORE_CONTRACT_H
#define ANSATZ_CORE_CONTRACT_H

#include "lanes.h"

#if ANSATZ_BLOCK == 1
#define TILE_ROWS 1
#define TILE_VECTORS 4
#elif ANSATZ_LANE_BYTES == 64
#define TILE_ROWS 6
#define TILE_VECTORS 4
#elif ANSATZ_LANE_BYTES == 32
#define TILE_ROWS 6
#define TILE_VECTORS 2
#elif ANSATZ_LANE_BYTES == 16 && defined(__aarch64__)
#define TILE_ROWS 6
#define TILE_VECTORS 4
#else
#define TILE_ROWS 4
#define TILE_VECTORS 2
#endif

typedef struct Tile {
    lanes value[TILE_ROWS][TILE_VECTORS];
} Tile;

#if ANSATZ_BLOCK == 1

/* One sample: `r` is the first of LANES * TILE_VECTORS rows; rows past the end are computed and lie in the padding. */
#define TILE_COUNT(rows)           ((void)(rows), 1)
#define TILE_ELEMENT(r, i, s, v)   ((r) + (v)*LANES)
#define TILE_SAMPLE(s, v)          0
#define TILE_ROW(r, i, v)          ((r) + (v)*LANES)
#define WEIGHT_STRIDES(rows, inner) 1, (rows)
#define DENSE_TILES(count, function, ...)                                                                              \
    do {                                                                                                               \
        for (int tile_row = 0; tile_row < (count); tile_row += LANES * TILE_VECTORS)                                   \
            function((count)-tile_row, tile_row, 0, __VA_ARGS__);                                                      \
    } while (0)

#else

#define TILE_COUNT(rows)           (rows)
#define TILE_ELEMENT(r, i, s, v)   (((r) + (i)) * BLOCK + (s) + (v)*LANES)
#define TILE_SAMPLE(s, v)          ((s) + (v)*LANES)
#define TILE_ROW(r, i, v)          ((r) + (i))
#define WEIGHT_STRIDES(rows, inner) (inner), 1
/* Rows by sixes, and what is left; `function(rows, first row, first sample, ...)`. */
#define DENSE_TILES(count, function, ...)                                                                              \
    do {                                                                                                               \
        for (int tile_row = 0; tile_row + TILE_ROWS <= (count); tile_row += TILE_ROWS)                                 \
            for (int tile_sample = 0; tile_sample < BLOCK; tile_sample += LANES * TILE_VECTORS)                        \
                function(TILE_ROWS, tile_row, tile_sample, __VA_ARGS__);                                               \
        if ((count) % TILE_ROWS != 0)                                                                                  \
            for (int tile_sample = 0; tile_sample < BLOCK; tile_sample += LANES * TILE_VECTORS)                        \
                function((count) % TILE_ROWS, (count) - (count) % TILE_ROWS, tile_sample, __VA_ARGS__);                \
    } while (0)

#endif

static ALWAYS_INLINE void tile_start_zero(Tile *tile, const int rows)
{
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_VECTORS; v++)
            tile->value[i][v] = lanes_splat(REAL(0.0));
}

/* From one real for each row: a bias. */
static ALWAYS_INLINE void tile_start_rows(Tile *tile, const int rows, const real *start, const int r)
{
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_VECTORS; v++)
            tile->value[i][v] = load_feature(start + TILE_ROW(r, i, v));
}

/* From one real for each row and sample. */
static ALWAYS_INLINE void tile_start_each(Tile *tile, const int rows, const real *start, const int r, const int s)
{
    (void)s;
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_VECTORS; v++)
            tile->value[i][v] = load_each(start + TILE_ELEMENT(r, i, s, v));
}

/* tile += A[r .. r + rows][0 .. inner] x[0 .. inner], the matrix's element (r, k) at r * row_stride + k * inner_stride,
 * x's element k at k * x_stride (in elements). */
static ALWAYS_INLINE void tile_multiply(Tile *tile, const int rows, const int inner, const real *matrix, const int r,
                                        const int row_stride, const int inner_stride, const real *x, const int s,
                                        const int x_stride)
{
#if ANSATZ_BLOCK == 1
    (void)s;
    UNROLL(2)
    for (int k = 0; k < inner; k++) {
        const lanes factor = lanes_splat(x[k * x_stride]);
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_VECTORS; v++) {
            lanes entry;
            if (v * LANES >= rows)
                continue;
            if (row_stride == 1) {
                entry = lanes_load(matrix + r + v * LANES + k * inner_stride);
            } else {
                real entries[LANES];
                for (int i = 0; i < LANES; i++)
                    entries[i] = v * LANES + i < rows ? matrix[(r + v * LANES + i) * row_stride + k * inner_stride]
                                                      : REAL(0.0);
                entry = lanes_load(entries);
            }
            tile->value[0][v] = lanes_fma(entry, factor, tile->value[0][v]);
        }
    }
#else
    const real *a = matrix + r * row_stride;
    UNROLL(2)
    for (int k = 0; k < inner; k++) {
        lanes column[TILE_VECTORS];
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_VECTORS; v++)
            column[v] = lanes_load(x + k * x_stride * BLOCK + s + v * LANES);
        UNROLL(TILE_ROWS)
        for (int i = 0; i < rows; i++) {
            const lanes factor = lanes_splat(a[i * row_stride + k * inner_stride]);
            UNROLL(TILE_VECTORS)
            for (int v = 0; v < TILE_VECTORS; v++)
                tile->value[i][v] = lanes_fma(factor, column[v], tile->value[i][v]);
        }
    }
#endif
}

/* ---- sums over the samples of a block ------------------------------------------------------------------------------------ */

/* x [inputs][BLOCK] -> transposed [BLOCK][inputs rounded up to 16]; the padding is zero. */
static inline void transpose_block(const real *x, const int inputs, real *transposed)
{
    const int stride = (inputs + 15) / 16 * 16;
    for (int first = 0; first < BLOCK; first += 16)
        for (int i = 0; i < stride; i++)
            for (int s = first; s < first + 16 && s < BLOCK; s++)
                transposed[s * stride + i] = i < inputs ? x[i * BLOCK + s] : REAL(0.0);
}

/* A row of a weight gradient has `inputs` reals: the last vector may be ragged. */
static ALWAYS_INLINE void store_columns(real *to, lanes value, const int columns)
{
    if (columns >= LANES) {
        lanes_store(to, value);
    } else {
        real values[LANES];
        lanes_store(values, value);
        for (int i = 0; i < columns; i++)
            to[i] = values[i];
    }
}

enum { SAMPLE_TILE_ROWS = LANES >= 8 ? 6 : 4, SAMPLE_TILE_VECTORS = LANES >= 16 ? 4 : 2 };

static ALWAYS_INLINE void contract_samples_tile(const int rows, const int vectors, const real *gradient, const int r,
                                                const real *transposed, const int c, const int inputs, const int count,
                                                real *result)
{
    const int stride = (inputs + 15) / 16 * 16;
    lanes sum[SAMPLE_TILE_ROWS][SAMPLE_TILE_VECTORS];
    UNROLL(6)
    for (int i = 0; i < rows; i++)
        UNROLL(4)
        for (int v = 0; v < vectors; v++)
            sum[i][v] = lanes_splat(REAL(0.0));
    UNROLL(2)
    for (int s = 0; s < count; s++) {
        lanes column[SAMPLE_TILE_VECTORS];
        UNROLL(4)
        for (int v = 0; v < vectors; v++)
            column[v] = lanes_load(transposed + s * stride + c + v * LANES);
        UNROLL(6)
        for (int i = 0; i < rows; i++) {
            const lanes factor = lanes_splat(gradient[(r + i) * BLOCK + s]);
            UNROLL(4)
            for (int v = 0; v < vectors; v++)
                sum[i][v] = lanes_fma(factor, column[v], sum[i][v]);
        }
    }
    UNROLL(6)
    for (int i = 0; i < rows; i++)
        UNROLL(4)
        for (int v = 0; v < vectors; v++)
            if (c + v * LANES < inputs)
                store_columns(result + (r + i) * inputs + c + v * LANES, sum[i][v], inputs - (c + v * LANES));
}

/* result[r][i] = sum over samples s = 0, 1, ..., count - 1 of gradient[r][s] transposed[s][i]: a weight gradient. */
static ALWAYS_INLINE void contract_samples(const real *gradient, const int rows, const real *transposed, const int inputs,
                                           const int count, real *result)
{
    const int width = LANES * SAMPLE_TILE_VECTORS, left = rows % SAMPLE_TILE_ROWS;
    for (int c = 0; c < inputs; c += width) {
        const int vectors = (inputs - c + LANES - 1) / LANES;
        for (int r = 0; r + SAMPLE_TILE_ROWS <= rows; r += SAMPLE_TILE_ROWS) {
            if (vectors >= SAMPLE_TILE_VECTORS)
                contract_samples_tile(SAMPLE_TILE_ROWS, SAMPLE_TILE_VECTORS, gradient, r, transposed, c, inputs, count, result);
            else if (vectors >= 2)
                contract_samples_tile(SAMPLE_TILE_ROWS, SAMPLE_TILE_VECTORS == 4 ? 3 : 2, gradient, r, transposed, c,
                                      inputs, count, result);
            else
                contract_samples_tile(SAMPLE_TILE_ROWS, 1, gradient, r, transposed, c, inputs, count, result);
        }
        for (int r = rows - left; r < rows; r++) {
            if (vectors >= SAMPLE_TILE_VECTORS)
                contract_samples_tile(1, SAMPLE_TILE_VECTORS, gradient, r, transposed, c, inputs, count, result);
            else
                for (int v = 0; v < vectors; v++)
                    contract_samples_tile(1, 1, gradient, r, transposed, c + v * LANES, inputs, count, result);
        }
    }
}

/* The sum of a block's values by one fixed tree: s with s + 32, then + 16, + 8, + 4, + 2, + 1; samples from `count` on
 * count as zero. The same additions whatever the lanes are. */
static ALWAYS_INLINE real sum_samples_row(const real *row, const int count)
{
    real sums[BLOCK];
    for (int s = 0; s < BLOCK; s++)
        sums[s] = s < count ? row[s] : REAL(0.0);
    for (int half = BLOCK / 2; half > 0; half /= 2)
        for (int s = 0; s < half; s++)
            sums[s] = sums[s] + sums[s + half];
    return sums[0];
}

static inline void sum_samples_rows(const real *x, const int rows, const int count, real *result)
{
    for (int r = 0; r < rows; r++)
        result[r] = sum_samples_row(x + r * BLOCK, count);
}

static inline double sum_samples_double(const real *row, const int count)
{
    double sums[BLOCK];
    for (int s = 0; s < BLOCK; s++)
        sums[s] = s < count ? (double)row[s] : 0.0;
    for (int half = BLOCK / 2; half > 0; half /= 2)
        for (int s = 0; s < half; s++)
            sums[s] = sums[s] + sums[s + half];
    return sums[0];
}

#endif
