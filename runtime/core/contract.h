/* SPDX-License-Identifier: MIT-0 */
/* Contractions by register tiles: C[r][c] = start + sum_k A[r][k] X[k][c], k = 0, 1, 2, ... by fused multiply-adds from
 * the start, whatever the tile and the lanes are, so that the bits are the same everywhere. Freestanding.
 *
 * With samples in lanes a tile is up to TILE_ROWS rows of A by TILE_VECTORS vectors of samples. With one sample a tile
 * is up to TILE_VECTORS vectors of rows, and A is a matrix that was prepared for that once, when the weights were loaded.
 * All sizes are constants once a tile function is inlined. */
#ifndef ANSATZ_CORE_CONTRACT_H
#define ANSATZ_CORE_CONTRACT_H

#include "elements.h"

#if ANSATZ_BLOCK == 1 && ANSATZ_LANE_BYTES >= 32 /* enough chains of multiply-adds to hide how long one takes */
#define TILE_ROWS    1
#define TILE_VECTORS 8
#elif ANSATZ_BLOCK == 1
#define TILE_ROWS    1
#define TILE_VECTORS 4
#elif ANSATZ_PRECISION == 64 && ANSATZ_LANE_BYTES >= 32 /* for checks: short code rather than the last tenth of speed */
#define TILE_ROWS    3
#define TILE_VECTORS 2
#elif ANSATZ_LANE_BYTES == 64
#define TILE_ROWS    6
#define TILE_VECTORS 4
#elif ANSATZ_LANE_BYTES == 32
#define TILE_ROWS    6
#define TILE_VECTORS 2
#elif ANSATZ_LANE_BYTES == 16 && defined(__aarch64__)
#define TILE_ROWS    6
#define TILE_VECTORS 4
#else
#define TILE_ROWS    4
#define TILE_VECTORS 2
#endif

typedef struct Tile {
    lanes value[TILE_ROWS][TILE_VECTORS];
} Tile;

/* In a tile of `rows` rows from row r and sample s on, accumulator [i][v] is
 *   TILE_ELEMENT  an element of a per-sample value [rows][BLOCK]
 *   TILE_SAMPLE   its samples
 *   TILE_ROW      its row (with one sample: the first of a vector of rows)
 * TILE_COUNT and TILE_USED bound i and v; TILE_LEFT rows remain from vector v on. DENSE_TILES(count, function, ...)
 * calls function(rows, r, s, ...) for tiles of nearly equal heights that cover all rows. DENSE_ROWS does so row by row,
 * but for one sample: constants of elementary functions and accumulators do not fit in the registers together. Where
 * TILES_ARE_KEPT, long sums are in memory by then. */
#if ANSATZ_BLOCK == 1
#define TILE_COUNT(rows)         1
#define TILE_USED(rows)          (((rows) + LANES - 1) / LANES)
#define TILE_ELEMENT(r, i, s, v) ((r) + (v)*LANES)
#define TILE_SAMPLE(s, v)        0
#define TILE_ROW(r, i, v)        ((r) + (v)*LANES)
#define TILE_LEFT(rows, v)       ((rows) - (v)*LANES)
#define TILES_ARE_KEPT           0
#define DENSE_ROWS               DENSE_TILES
#define DENSE_TILES(count, function, ...)                                                                              \
    do {                                                                                                               \
        enum { TILE_SIZE = LANES * TILE_VECTORS };                                                                     \
        for (int tile_row = 0; tile_row + TILE_SIZE <= (count); tile_row += TILE_SIZE)                                 \
            function(TILE_SIZE, tile_row, 0, __VA_ARGS__);                                                             \
        if ((count) % TILE_SIZE != 0)                                                                                  \
            function((count) % TILE_SIZE, (count) / TILE_SIZE * TILE_SIZE, 0, __VA_ARGS__);                            \
    } while (0)
#else
#define TILE_COUNT(rows)         (rows)
#define TILE_USED(rows)          TILE_VECTORS
#define TILE_ELEMENT(r, i, s, v) (((r) + (i)) * BLOCK + (s) + (v)*LANES)
#define TILE_SAMPLE(s, v)        ((s) + (v)*LANES)
#define TILE_ROW(r, i, v)        ((r) + (i))
#define TILE_LEFT(rows, v)       LANES
#define TILES_ARE_KEPT           1
#define DENSE_ROWS(count, function, ...)                                                                               \
    do {                                                                                                               \
        UNROLL(1)                                                                                                      \
        for (int tile_row = 0; tile_row < (count); tile_row++)                                                         \
            UNROLL(1)                                                                                                  \
        for (int tile_sample = 0; tile_sample < BLOCK; tile_sample += LANES * TILE_VECTORS)                            \
            function(1, tile_row, tile_sample, __VA_ARGS__);                                                           \
    } while (0)
#define DENSE_TILES(count, function, ...)                                                                              \
    do {                                                                                                               \
        enum {                                                                                                         \
            TILES = ((count) + TILE_ROWS - 1) / TILE_ROWS,                                                             \
            HEIGHT = (count) / TILES, /* so many rows, or one more */                                                  \
            TALLER = ((count) % TILES) * (HEIGHT + 1)                                                                  \
        };                                                                                                             \
        if (TALLER > 0)                                                                                                \
            for (int tile_row = 0; tile_row < TALLER; tile_row += HEIGHT + 1)                                          \
                for (int tile_sample = 0; tile_sample < BLOCK; tile_sample += LANES * TILE_VECTORS)                    \
                    function(HEIGHT + 1, tile_row, tile_sample, __VA_ARGS__);                                          \
        for (int tile_row = TALLER; tile_row < (count); tile_row += HEIGHT)                                            \
            for (int tile_sample = 0; tile_sample < BLOCK; tile_sample += LANES * TILE_VECTORS)                        \
                function(HEIGHT, tile_row, tile_sample, __VA_ARGS__);                                                  \
    } while (0)
#endif

/* Strides of a weight matrix: row-major; for one sample in lanes there are none, it lies as prepare_matrix leaves it.
 * WEIGHT(stored, prepared): where among the weights a tensor begins. */
#if ANSATZ_BLOCK == 1 && LANES > 1
enum { PREPARED = 0 };
#define WEIGHT_STRIDES(rows, inner) PREPARED, PREPARED
#define WEIGHT(stored, prepared)    (prepared)
#else
#define WEIGHT_STRIDES(rows, inner) (inner), 1
#define WEIGHT(stored, prepared)    (stored)
#endif

static ALWAYS_INLINE void tile_start_number(Tile *tile, const int rows, const real start)
{
    (void)rows;
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
    for (int v = 0; v < TILE_USED(rows); v++)
        tile->value[i][v] = lanes_splat(start);
}

/* From one real for each row: a bias. */
static ALWAYS_INLINE void tile_start_rows(Tile *tile, const int rows, const real *start, const int r)
{
    (void)rows;
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
    for (int v = 0; v < TILE_USED(rows); v++)
        tile->value[i][v] = load_feature(start + TILE_ROW(r, i, v));
}

/* From one real for each row and sample. */
static ALWAYS_INLINE void tile_start_each(Tile *tile, const int rows, const real *start, const int r, const int s)
{
    (void)rows, (void)s;
    UNROLL(TILE_ROWS)
    for (int i = 0; i < TILE_COUNT(rows); i++)
        UNROLL(TILE_VECTORS)
    for (int v = 0; v < TILE_USED(rows); v++)
        tile->value[i][v] = lanes_load(start + TILE_ELEMENT(r, i, s, v));
}

/* Sums that are there already. */
static ALWAYS_INLINE void tile_load(Tile *tile, const int rows, const real *sums, const int r, const int s)
{
    tile_start_each(tile, rows, sums, r, s);
}

/* From so many reals between a matrix's columns on, they are fetched so many columns ahead. */
enum { FAR_STRIDE = 512, FAR_AHEAD = 32 };

#if ANSATZ_BLOCK == 1

/* Rows v LANES .. of a column of the matrix; where rows do not lie side by side, one after another. */
static ALWAYS_INLINE lanes tile_column(const real *matrix, const int left, const int row_stride)
{
    if (row_stride == 1)
        return lanes_load(matrix);
    real entries[LANES];
    for (int i = 0; i < LANES; i++)
        entries[i] = i < left ? matrix[i * row_stride] : REAL(0.0);
    return lanes_load(entries);
}

#endif

#if ANSATZ_BLOCK == 1 && LANES > 1

/* A prepared matrix stands in panels of rows, each by columns: whole tiles, then the whole vectors that are left, then the
 * rows that are left, as many as the next power of two. No vector then crosses a cache line where the weights begin at one,
 * and all are read in the order in which they lie. */
static ALWAYS_INLINE int panel_rows(const int left)
{
    if (left >= LANES * TILE_VECTORS)
        return LANES * TILE_VECTORS;
    if (left >= LANES)
        return left / LANES * LANES;
    return left > 8 ? 16 : left > 4 ? 8 : left > 2 ? 4 : left;
}

/* matrix[rows][columns], row-major -> its panels; the rows that fill up the last are zero. */
static inline void prepare_matrix(const real *matrix, int rows, int columns, real *prepared)
{
    for (int first = 0, height; first < rows; first += height) {
        height = panel_rows(rows - first);
        for (int c = 0; c < columns; c++)
            for (int r = first; r < first + height; r++)
                *prepared++ = r < rows ? matrix[r * columns + c] : REAL(0.0);
    }
}

/* A tile of one vector or two waits for its multiply-adds, each for the one before, while the memory is idle: at each k so many
 * cache lines are fetched of the weights that lie behind it, which as a rule are read next. They come as fast as three in the
 * time of one multiply-add. */
enum { CACHE_LINE = 64 / REAL_SIZE, LINES_AHEAD = 3, CHAIN_AHEAD = 16 };

static ALWAYS_INLINE void fetch_ahead(const real *behind, const int vectors, const int inner, const int k)
{
    const int lines = vectors <= 1 && inner >= CHAIN_AHEAD ? LINES_AHEAD - vectors : 0;
    UNROLL(3)
    for (int i = 0; i < lines; i++)
        __builtin_prefetch(behind + (k * lines + i) * CACHE_LINE);
}

/* As tile_multiply with a prepared matrix. */
static ALWAYS_INLINE void tile_multiply_prepared(Tile *tile, const int rows, const int inner, const real *matrix,
                                                 const int r, const real *x, const int x_stride)
{
    const int vectors = rows / LANES, left = rows % LANES;
    const real *const whole = matrix + r * inner, *const rest = whole + vectors * LANES * inner;
    const real *const behind = rest + panel_rows(left) * inner;
    UNROLL(2)
    for (int k = 0; k < inner; k++) {
        fetch_ahead(behind, vectors, inner, k);
        const lanes factor = lanes_splat(x[k * x_stride]);
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < vectors; v++)
            tile->value[0][v] = lanes_fma(lanes_load(whole + (k * vectors + v) * LANES), factor, tile->value[0][v]);
        if (left > 0)
            tile->value[0][vectors] = lanes_fma(lanes_load_part(rest + k * panel_rows(left), panel_rows(left)), factor,
                                                tile->value[0][vectors]);
    }
}

#endif

/* tile += A[r .. r + rows][0 .. inner] x[0 .. inner], the matrix's element (r, k) at r * row_stride + k * inner_stride,
 * x's element k at k * x_stride (in elements). */
static ALWAYS_INLINE void tile_multiply(Tile *tile, const int rows, const int inner, const real *matrix, const int r,
                                        const int row_stride, const int inner_stride, const real *x, const int s,
                                        const int x_stride)
{
#if ANSATZ_BLOCK == 1
    (void)s;
#if LANES > 1
    if (row_stride == PREPARED) {
        tile_multiply_prepared(tile, rows, inner, matrix, r, x, x_stride);
        return;
    }
#endif
    UNROLL(2)
    for (int k = 0; k < inner; k++) {
        const lanes factor = lanes_splat(x[k * x_stride]);
        UNROLL(TILE_VECTORS)
        for (int v = 0; v < TILE_USED(rows); v++) {
            const real *column = matrix + (r + v * LANES) * row_stride + k * inner_stride;
            tile->value[0][v] = lanes_fma(tile_column(column, rows - v * LANES, row_stride), factor, tile->value[0][v]);
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
        if (inner_stride >=
            FAR_STRIDE) { /* a transposed wide matrix: each k is on another page, which nothing foresees */
            const real *const ahead = a + (k + FAR_AHEAD < inner ? k + FAR_AHEAD : k) * inner_stride;
            __builtin_prefetch(ahead);
            __builtin_prefetch(ahead + (rows - 1) * row_stride);
        }
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

#endif
