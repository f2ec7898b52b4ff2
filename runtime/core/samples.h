/* SPDX-License-Identifier: MIT-0 */
/* Sums over the samples of a block, for gradients and losses: the same additions whatever the lanes are. Freestanding.
 */
#ifndef ANSATZ_CORE_SAMPLES_H
#define ANSATZ_CORE_SAMPLES_H

#include "lanes.h"

/* Rows of whole vectors, whatever the lanes are. */
#define SAMPLES_STRIDE(columns) (((columns) + 15) / 16 * 16)

/* ---- transposing ----------------------------------------------------------------------------- */

#if LANES > 1

/* The lower and the upper halves of a and b, element by element in turn. */
static ALWAYS_INLINE lanes lanes_zip_lower(lanes a, lanes b)
{
#if LANES == 16
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
#elif LANES == 8
    return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
#elif LANES == 4
    return __builtin_shufflevector(a, b, 0, 4, 1, 5);
#else
    return __builtin_shufflevector(a, b, 0, 2);
#endif
}

static ALWAYS_INLINE lanes lanes_zip_upper(lanes a, lanes b)
{
#if LANES == 16
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif LANES == 8
    return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#elif LANES == 4
    return __builtin_shufflevector(a, b, 2, 6, 3, 7);
#else
    return __builtin_shufflevector(a, b, 1, 3);
#endif
}

#endif

/* x[i] = (x[0][i], x[1][i], ...): each round zips the rows of the upper half between those of the lower. */
static ALWAYS_INLINE void lanes_transpose(lanes x[LANES])
{
#if LANES > 1
    UNROLL(4)
    for (int round = 1; round < LANES; round *= 2) {
        lanes zipped[LANES];
        UNROLL(8)
        for (int i = 0; i < LANES / 2; i++) {
            zipped[2 * i] = lanes_zip_lower(x[i], x[i + LANES / 2]);
            zipped[2 * i + 1] = lanes_zip_upper(x[i], x[i + LANES / 2]);
        }
        UNROLL(16)
        for (int i = 0; i < LANES; i++)
            x[i] = zipped[i];
    }
#else
    (void)x;
#endif
}

#if defined(LANES_X86) && ANSATZ_PRECISION == 32

enum { PIECE = 4 }; /* reals of the 128-bit pieces that a vector is made of */

/* The pieces at `at` of rows `first`, `first` + 4, ..., of which `left` are there; the last is repeated. */
static ALWAYS_INLINE lanes lanes_load_pieces(const real *at, const int first, const int left, const int stride)
{
#define PIECE_OF(i) _mm_loadu_ps(at + (first + (i) < left ? first + (i) : left - 1) * stride)
#if LANES == 16
    __m512 pieces = _mm512_castps128_ps512(PIECE_OF(0));
    pieces = _mm512_insertf32x4(pieces, PIECE_OF(4), 1);
    pieces = _mm512_insertf32x4(pieces, PIECE_OF(8), 2);
    return (lanes)_mm512_insertf32x4(pieces, PIECE_OF(12), 3);
#elif LANES == 8
    return (lanes)_mm256_insertf128_ps(_mm256_castps128_ps256(PIECE_OF(0)), PIECE_OF(4), 1);
#else
    return (lanes)PIECE_OF(0);
#endif
#undef PIECE_OF
}

/* x[0 .. LANES - 1][0 .. LANES - 1], rows `stride` apart, of which `left` are there -> transposed. Pieces of four rows are
 * brought into place by loads; what is left are transpositions of 4 x 4 in each piece. */
static ALWAYS_INLINE void transpose_square(const real *x, const int left, const int stride, real *transposed,
                                           const int transposed_stride)
{
    UNROLL(4)
    for (int s = 0; s < LANES; s += PIECE) {
        lanes row[PIECE];
        UNROLL(4)
        for (int i = 0; i < PIECE; i++)
            row[i] = lanes_load_pieces(x + s, i, left, stride);
        const lanes lower_01 = (lanes)INTRINSIC(unpacklo)(row[0], row[1]),
                    upper_01 = (lanes)INTRINSIC(unpackhi)(row[0], row[1]);
        const lanes lower_23 = (lanes)INTRINSIC(unpacklo)(row[2], row[3]),
                    upper_23 = (lanes)INTRINSIC(unpackhi)(row[2], row[3]);
        real *const to = transposed + s * transposed_stride;
        lanes_store(to, (lanes)INTRINSIC(shuffle)(lower_01, lower_23, 0x44));
        lanes_store(to + transposed_stride, (lanes)INTRINSIC(shuffle)(lower_01, lower_23, 0xee));
        lanes_store(to + 2 * transposed_stride, (lanes)INTRINSIC(shuffle)(upper_01, upper_23, 0x44));
        lanes_store(to + 3 * transposed_stride, (lanes)INTRINSIC(shuffle)(upper_01, upper_23, 0xee));
    }
}

#else

static ALWAYS_INLINE void transpose_square(const real *x, const int left, const int stride, real *transposed,
                                           const int transposed_stride)
{
    lanes square[LANES];
    UNROLL(16)
    for (int i = 0; i < LANES; i++)
        square[i] = lanes_load(x + (i < left ? i : left - 1) * stride);
    lanes_transpose(square);
    UNROLL(16)
    for (int i = 0; i < LANES; i++)
        lanes_store(transposed + i * transposed_stride, square[i]);
}

#endif

/* x [rows][BLOCK], rows `stride` elements apart -> transposed [BLOCK][SAMPLES_STRIDE(rows)]; the padding repeats the
 * last row. */
static ALWAYS_INLINE void transpose_samples(const real *x, const int rows, const int stride, real *transposed)
{
    for (int r = 0; r < SAMPLES_STRIDE(rows); r += LANES)
        for (int s = 0; s < BLOCK; s += LANES)
            transpose_square(x + r * stride * BLOCK + s, rows - r, stride * BLOCK,
                             transposed + s * SAMPLES_STRIDE(rows) + r, SAMPLES_STRIDE(rows));
}

/* ---- sums of products ------------------------------------------------------------------------ */

enum { SAMPLE_TILE_ROWS = ANSATZ_PRECISION == 32 && LANES >= 8 ? 6 : 4, SAMPLE_TILE_VECTORS = LANES >= 16 ? 4 : 2 };

/* Elements 0 .. columns - 1 of a vector, `stride` apart; `adds`: added to what is there. */
static ALWAYS_INLINE void put_columns(real *to, lanes value, const int columns, const int stride, const int adds)
{
    if (columns >= LANES && stride == 1) {
        lanes_store(to, adds ? lanes_load(to) + value : value);
    } else {
        real values[LANES];
        lanes_store(values, value);
        for (int i = 0; i < LANES && i < columns; i++)
            to[i * stride] = adds ? to[i * stride] + values[i] : values[i];
    }
}

/* What a sum over samples is made of: a [positions][rows][BLOCK] with strides in elements, and the transposed other
 * operand [positions][BLOCK][SAMPLES_STRIDE(columns)]. */
typedef struct SampleProduct {
    int rows, row_stride, columns, positions, position_stride;
    int result_row_stride, result_column_stride;
} SampleProduct;

/* sum[i][v] += sum over s = 0, 1, ..., count - 1 of left[i][s] right[s][v]: rows of `left` are `left_stride` reals
 * apart, samples of `right` `right_stride`. */
static ALWAYS_INLINE void add_sample_products(const int rows, const int vectors, const real *left,
                                              const int left_stride, const real *right, const int right_stride,
                                              const int count, lanes sum[SAMPLE_TILE_ROWS][SAMPLE_TILE_VECTORS])
{
    UNROLL(2)
    for (int s = 0; s < count; s++) {
        lanes column[SAMPLE_TILE_VECTORS];
        UNROLL(4)
        for (int v = 0; v < vectors; v++)
            column[v] = lanes_load(right + s * right_stride + v * LANES);
        UNROLL(6)
        for (int i = 0; i < rows; i++) {
            const lanes factor = lanes_splat(left[i * left_stride + s]);
            UNROLL(4)
            for (int v = 0; v < vectors; v++)
                sum[i][v] = lanes_fma(factor, column[v], sum[i][v]);
        }
    }
}

static ALWAYS_INLINE void clear_sample_sums(const int rows, const int vectors,
                                            lanes sum[SAMPLE_TILE_ROWS][SAMPLE_TILE_VECTORS])
{
    UNROLL(6)
    for (int i = 0; i < rows; i++)
        UNROLL(4)
    for (int v = 0; v < vectors; v++)
        sum[i][v] = lanes_splat(REAL(0.0));
}

static ALWAYS_INLINE void contract_samples_tile(const SampleProduct shape, const int rows, const int vectors,
                                                const real *a, const int r, const real *transposed, const int c,
                                                const int count, const int adds, real *result)
{
    const int stride = SAMPLES_STRIDE(shape.columns);
    lanes sum[SAMPLE_TILE_ROWS][SAMPLE_TILE_VECTORS];
    clear_sample_sums(rows, vectors, sum);
    for (int p = 0; p < shape.positions; p++)
        add_sample_products(rows, vectors, a + (p * shape.position_stride + r * shape.row_stride) * BLOCK,
                            shape.row_stride * BLOCK, transposed + p * BLOCK * stride + c, stride, count, sum);
    UNROLL(6)
    for (int i = 0; i < rows; i++)
        UNROLL(4)
    for (int v = 0; v < vectors; v++) {
        const int left = shape.columns - (c + v * LANES), step = shape.result_column_stride;
        real *const to = result + (r + i) * shape.result_row_stride + (c + v * LANES) * step;
        if (left > 0)
            put_columns(to, sum[i][v], left, step, adds);
    }
}

/* All rows by `vectors` vectors of columns from column c on. */
static ALWAYS_INLINE void contract_samples_columns(const SampleProduct shape, const int vectors, const real *a,
                                                   const real *transposed, const int c, const int count, const int adds,
                                                   real *result)
{
    const int tiles = (shape.rows + SAMPLE_TILE_ROWS - 1) / SAMPLE_TILE_ROWS, height = shape.rows / tiles;
    const int taller = shape.rows % tiles * (height + 1);
    if (taller > 0)
        for (int r = 0; r < taller; r += height + 1)
            contract_samples_tile(shape, height + 1, vectors, a, r, transposed, c, count, adds, result);
    for (int r = taller; r < shape.rows; r += height)
        contract_samples_tile(shape, height, vectors, a, r, transposed, c, count, adds, result);
}

/* result[r][c] = sum over positions p and samples s = 0, 1, ..., count - 1 of a[p][r][s] transposed[p][s][c]: a
 * weight's gradient; `adds`: added to what is there. The shape is a constant. */
static ALWAYS_INLINE void contract_samples(const SampleProduct shape, const real *a, const real *transposed,
                                           const int count, const int adds, real *result)
{
    const int width = LANES * SAMPLE_TILE_VECTORS, whole = shape.columns / width * width;
    for (int c = 0; c < whole; c += width)
        contract_samples_columns(shape, SAMPLE_TILE_VECTORS, a, transposed, c, count, adds, result);
    const int vectors = (shape.columns - whole + LANES - 1) / LANES;
    if (vectors > 0)
        contract_samples_columns(shape, vectors, a, transposed, whole, count, adds, result);
}

/* ---- sums ------------------------------------------------------------------------------------ */

/* The sum of a block's values by one fixed tree: s with s + 32, then + 16, + 8, + 4, + 2, + 1; samples from `count` on
 * count as zero. */
static inline real sum_samples_row(const real *row, const int count)
{
    real sums[BLOCK];
    for (int s = 0; s < BLOCK; s++)
        sums[s] = s < count ? row[s] : REAL(0.0);
    for (int half = BLOCK / 2; half > 0; half /= 2)
        for (int s = 0; s < half; s++)
            sums[s] = sums[s] + sums[s + half];
    return sums[0];
}

/* Lane i: the sum of the lanes of x[i] by halves, l with l + LANES / 2, then + LANES / 4, ... */
static ALWAYS_INLINE lanes lanes_sum_each(lanes x[LANES])
{
#if defined(LANES_X86) && ANSATZ_PRECISION == 32
#define SUM_OF(shuffle, a, b, first, second) ((lanes)shuffle(a, b, first) + (lanes)shuffle(a, b, second))
    lanes pieces[PIECE]; /* lanes 4 p .. 4 p + 3 of pieces[k]: what is left of x[k + 4 p] */
    UNROLL(4)
    for (int k = 0; k < PIECE; k++) {
#if LANES == 16
        const lanes lower = SUM_OF(_mm512_shuffle_f32x4, x[k], x[k + 4], 0x44, 0xee);
        const lanes upper = SUM_OF(_mm512_shuffle_f32x4, x[k + 8], x[k + 12], 0x44, 0xee);
        pieces[k] = SUM_OF(_mm512_shuffle_f32x4, lower, upper, 0x88, 0xdd);
#elif LANES == 8
        pieces[k] = SUM_OF(_mm256_permute2f128_ps, x[k], x[k + 4], 0x20, 0x31);
#else
        pieces[k] = x[k];
#endif
    }
    const lanes first = SUM_OF(INTRINSIC(shuffle), pieces[0], pieces[1], 0x44, 0xee);
    const lanes second = SUM_OF(INTRINSIC(shuffle), pieces[2], pieces[3], 0x44, 0xee);
    return SUM_OF(INTRINSIC(shuffle), first, second, 0x88, 0xdd);
#undef SUM_OF
#else
    lanes_transpose(x);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            x[i] = x[i] + x[i + half];
    return x[0];
#endif
}

/* The same for a whole block's LANES rows at once: lane i is the sum of row i. */
static ALWAYS_INLINE lanes sum_samples_square(const real *x, const int left)
{
    lanes square[LANES];
    UNROLL(16)
    for (int i = 0; i < LANES; i++) {
        const real *row = x + (i < left ? i : left - 1) * BLOCK;
        lanes part[(BLOCK + LANES - 1) / LANES];
        for (int v = 0; v < BLOCK / LANES; v++)
            part[v] = lanes_load(row + v * LANES);
        for (int half = BLOCK / LANES / 2; half > 0; half /= 2)
            for (int v = 0; v < half; v++)
                part[v] = part[v] + part[v + half];
        square[i] = part[0];
    }
    return lanes_sum_each(square);
}

/* result[r] = the sum of x[r][0 .. count - 1]; `adds`: added to what is there. */
static inline void sum_samples(const real *x, const int rows, const int count, const int adds, real *result)
{
    if (count < BLOCK || LANES == 1) {
        for (int r = 0; r < rows; r++) {
            const real sum = sum_samples_row(x + r * BLOCK, count);
            result[r] = adds ? result[r] + sum : sum;
        }
        return;
    }
    for (int r = 0; r < rows; r += LANES) {
        put_columns(result + r, sum_samples_square(x + r * BLOCK, rows - r), rows - r, 1, adds);
    }
}

/* ---- sums of products of few rows ------------------------------------------------------------ */

enum { FEW_PARTS = 16 }; /* the partial sums of a product: sample s belongs to s % FEW_PARTS, whatever the lanes are */

/* The sum of a[s] x[s] over s = 0, 1, ..., count - 1: each partial sum in order, then partial sums by halves. */
static inline real sum_products(const real *a, const real *x, const int count)
{
    real parts[FEW_PARTS] = {0};
    for (int s = 0; s < count; s++)
        parts[s % FEW_PARTS] = real_fma(a[s], x[s], parts[s % FEW_PARTS]);
    for (int half = FEW_PARTS / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            parts[i] = parts[i] + parts[i + half];
    return parts[0];
}

/* The same of a whole block, but for the last additions, those of the lanes. */
static ALWAYS_INLINE lanes sum_products_lanes(const real *a, const real *x)
{
    lanes parts[FEW_PARTS / LANES];
    UNROLL(16)
    for (int i = 0; i < FEW_PARTS / LANES; i++)
        parts[i] = lanes_splat(REAL(0.0));
    UNROLL(4)
    for (int v = 0; v < BLOCK / FEW_PARTS; v++)
        UNROLL(16)
    for (int i = 0; i < FEW_PARTS / LANES; i++) {
        const int s = v * FEW_PARTS + i * LANES;
        parts[i] = lanes_fma(lanes_load(a + s), lanes_load(x + s), parts[i]);
    }
    for (int half = FEW_PARTS / LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            parts[i] = parts[i] + parts[i + half];
    return parts[0];
}

/* What contract_samples does, for so few rows that transposing would cost more than it saves: result[r][c] = the sum over
 * samples of a[r][s] x[c][s], rows of x `column_stride` apart. One position. */
static ALWAYS_INLINE void contract_few_rows(const SampleProduct shape, const real *a, const real *x,
                                            const int column_stride, const int count, const int adds, real *result)
{
    const int row = shape.row_stride * BLOCK, column = column_stride * BLOCK, step = shape.result_column_stride;
    if (count < BLOCK) {
        for (int r = 0; r < shape.rows; r++)
            for (int c = 0; c < shape.columns; c++) {
                real *const to = result + r * shape.result_row_stride + c * step;
                const real sum = sum_products(a + r * row, x + c * column, count);
                *to = adds ? *to + sum : sum;
            }
        return;
    }
    const int side_by_side = shape.result_row_stride == 1 && step == shape.rows; /* else rows are far apart */
    for (int c = 0; c < shape.columns; c += LANES)
        UNROLL(4)
    for (int r = 0; r < shape.rows; r++) { /* a vector: LANES columns of a row, or elements of LANES columns' rows */
        lanes square[LANES];
        UNROLL(16)
        for (int i = 0; i < LANES; i++) {
            const int n = r * LANES + i, c_of = c + (side_by_side ? n / shape.rows : i);
            square[i] = sum_products_lanes(a + (side_by_side ? n % shape.rows : r) * row,
                                           x + (c_of < shape.columns ? c_of : shape.columns - 1) * column);
        }
        const lanes sums = lanes_sum_each(square);
        if (side_by_side)
            put_columns(result + c * step + r * LANES, sums, (shape.columns - c) * step - r * LANES, 1, adds);
        else
            put_columns(result + r * shape.result_row_stride + c * step, sums, shape.columns - c, step, adds);
    }
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
