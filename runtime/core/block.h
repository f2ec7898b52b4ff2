/* SPDX-License-Identifier: MIT-0 */
/* What a block of samples is to emitted code, and the small pieces that every package uses around its blocks: rows to
 * lanes and back, sums over shards. Freestanding; threads only where the compiler has OpenMP. */
#ifndef ANSATZ_CORE_BLOCK_H
#define ANSATZ_CORE_BLOCK_H

#include "contract.h"
#include "elementary.h"
#include "random.h"

#ifdef _OPENMP
#include <omp.h>
#define ANSATZ_THREAD() omp_get_thread_num()
#else
#define ANSATZ_THREAD() 0
#endif

typedef struct Block {
    RandomStream stream; /* first_sample: the number of the block's first sample in the stream */
    int64_t first;       /* its number in this call */
    int count;           /* samples of the block that count; the others are computed and dropped */
} Block;

/* How many blocks `count` samples take. */
static inline ptrdiff_t block_count(size_t count)
{
    return (ptrdiff_t)((count + BLOCK - 1) / BLOCK);
}

static inline int block_samples(size_t count, ptrdiff_t block)
{
    size_t first = (size_t)block * BLOCK;
    return count - first < BLOCK ? (int)(count - first) : BLOCK;
}

static ALWAYS_INLINE void copy_reals(real *to, const real *from, size_t count)
{
    memcpy(to, from, count * sizeof *to);
}

/* A run-time index: the nearest valid one. */
static inline int index_within(real index, int count)
{
    return !(index > 0) ? 0 : index >= (real)count ? count - 1 : (int)index;
}

/* rows[count][n] -> values[n][BLOCK]; samples past `count` repeat the first. */
static inline void block_from_rows(const real *rows, int n, int count, real *values)
{
    for (int s = 0; s < BLOCK; s++)
        for (int i = 0; i < n; i++)
            values[i * BLOCK + s] = rows[(s < count ? s : 0) * n + i];
}

/* values[n][BLOCK] -> rows[count][n]. */
static inline void rows_from_block(const real *values, int n, int count, real *rows)
{
    for (int s = 0; s < count; s++)
        for (int i = 0; i < n; i++)
            rows[s * n + i] = values[i * BLOCK + s];
}

/* result[i] = ((parts[0][i] + parts[1][i]) + parts[2][i]) + ...: the shards from left to right. */
static inline void sum_shards(const real *parts, int shards, size_t stride, size_t count, real *result, int threads)
{
    enum { CHUNK = 256 };
    const ptrdiff_t chunks = (ptrdiff_t)((count + CHUNK - 1) / CHUNK);
    (void)threads;
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1 && chunks > 16)
#endif
    for (ptrdiff_t c = 0; c < chunks; c++) {
        const size_t first = (size_t)c * CHUNK, last = first + CHUNK < count ? first + CHUNK : count;
        size_t i = first;
        for (; i + LANES <= last; i += LANES) {
            lanes sum = lanes_load(parts + i);
            for (int s = 1; s < shards; s++)
                sum = sum + lanes_load(parts + (size_t)s * stride + i);
            lanes_store(result + i, sum);
        }
        for (; i < last; i++) {
            real sum = parts[i];
            for (int s = 1; s < shards; s++)
                sum = sum + parts[(size_t)s * stride + i];
            result[i] = sum;
        }
    }
}

static inline double sum_shards_double(const double *parts, int shards, size_t stride)
{
    double sum = parts[0];
    for (int s = 1; s < shards; s++)
        sum = sum + parts[(size_t)s * stride];
    return sum;
}

#endif
