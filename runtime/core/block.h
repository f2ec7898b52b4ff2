/* SPDX-License-Identifier: MIT-0 */
/* What a block of samples is to emitted code, and the small pieces that every package uses around its blocks: rows to
 * lanes and back, draws, sums over shards. Freestanding; threads only where the compiler has OpenMP. */
#ifndef ANSATZ_CORE_BLOCK_H
#define ANSATZ_CORE_BLOCK_H

#include "contract.h"
#include "elementary.h"
#include "random.h"
#include "transposed.h"
#if ANSATZ_BLOCK > 1
#include "batch.h"
#endif

#if defined(_OPENMP) && ANSATZ_BLOCK > 1 /* one sample at a time is never worth a thread: there is one workspace */
#include <omp.h>
#define ANSATZ_THREAD() ((size_t)omp_get_thread_num())
#define PARALLEL_FOR    ANSATZ_PRAGMA(omp parallel for schedule(static) num_threads(threads) if (threads > 1))
#else
#define ANSATZ_THREAD() ((size_t)0)
#define PARALLEL_FOR
#endif

typedef struct Block {
    uint64_t seed, first_sample; /* the number of the block's first sample in the stream that the seed names */
    uint32_t step;
    int count;    /* samples of the block that count; the others are computed and dropped */
    size_t first; /* the number of its first sample in this call */
    int adds;     /* its parts of sums over the batch are added to what is there */
} Block;

/* Block number `number` of a call over `count` samples, the first of which is sample `first` of the stream. */
static inline Block block_of(size_t count, ptrdiff_t number, uint64_t seed, uint64_t first, uint32_t step)
{
    const size_t begin = (size_t)number * BLOCK;
    return (Block){.seed = seed,
                   .first_sample = first + begin,
                   .step = step,
                   .count = count - begin < BLOCK ? (int)(count - begin) : BLOCK,
                   .first = begin};
}

/* How many blocks `count` samples take. */
static inline ptrdiff_t block_count(size_t count)
{
    return (ptrdiff_t)((count + BLOCK - 1) / BLOCK);
}

static inline void block_draw_normal(const Block *block, uint32_t purpose, uint32_t draw, int count, real *to)
{
    const RandomStream stream = {block->seed, block->first_sample, block->step, purpose};
    random_normal_rows(&stream, draw, count, to);
}

static inline void block_draw_uniform(const Block *block, uint32_t purpose, uint32_t draw, int count, real *to)
{
    const RandomStream stream = {block->seed, block->first_sample, block->step, purpose};
    random_uniform_rows(&stream, draw, count, to);
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

/* How many of n columns of a block's rows are moved by squares of LANES: of a whole block, as many as fill some. */
static ALWAYS_INLINE int block_squares(const Block *block, int n)
{
    return BLOCK > 1 && block->count == BLOCK ? n / LANES * LANES : 0;
}

/* rows[count][n] -> values[n][BLOCK]; samples past the block's count repeat the first. */
static inline void block_from_rows(const Block *block, const real *rows, int n, real *values)
{
    const real *from = rows + block->first * (size_t)n;
    const int squares = block_squares(block, n);
    for (int i = 0; i < squares; i += LANES)
        for (int s = 0; s < BLOCK; s += LANES)
            transpose_square(from + s * n + i, LANES, n, values + i * BLOCK + s, BLOCK);
    for (int s = 0; s < BLOCK; s++)
        for (int i = squares; i < n; i++)
            values[i * BLOCK + s] = from[(s < block->count ? s : 0) * n + i];
}

/* values[n][BLOCK] -> rows[count][n]. */
static inline void rows_from_block(const Block *block, const real *values, int n, real *rows)
{
    real *to = rows + block->first * (size_t)n;
    const int squares = block_squares(block, n);
    for (int i = 0; i < squares; i += LANES)
        for (int s = 0; s < BLOCK; s += LANES)
            transpose_square(values + i * BLOCK + s, LANES, BLOCK, to + s * n + i, n);
    for (int s = 0; s < block->count; s++)
        for (int i = squares; i < n; i++)
            to[s * n + i] = values[i * BLOCK + s];
}

/* values[n] -> rows[count][n]: what turned out to be the same for all samples. */
static inline void rows_from_shared(size_t first, size_t count, const real *values, int n, real *rows)
{
    for (size_t s = first; s < first + count; s++)
        copy_reals(rows + s * (size_t)n, values, (size_t)n);
}

/* Where a shard leaves its parts of sums over the batch. The first thread's shards, which are the first ones, add theirs
 * up in one place while they are in its cache; `added` tells how many did. */
static inline ptrdiff_t block_place(Block *block, ptrdiff_t shard, ptrdiff_t *added)
{
    if (ANSATZ_THREAD() != 0)
        return shard;
    block->adds = shard > 0;
    *added = shard + 1;
    return 0;
}

/* result[i] = ((first[i] + parts[added][i]) + parts[added + 1][i]) + ...: the shards from left to right, of which those
 * before `added` are added up in `first`. */
static inline void sum_shards(const real *first, const real *parts, ptrdiff_t added, ptrdiff_t shards, size_t stride,
                              size_t count, real *result, int threads)
{
    enum { CHUNK = 256 };
    const ptrdiff_t chunks = (ptrdiff_t)((count + CHUNK - 1) / CHUNK);
    (void)threads;
    if (added == shards && result == first)
        return;
    PARALLEL_FOR
    for (ptrdiff_t c = 0; c < chunks; c++) {
        const size_t begin = (size_t)c * CHUNK, end = begin + CHUNK < count ? begin + CHUNK : count;
        size_t i = begin;
        for (; i + LANES <= end; i += LANES) {
            lanes sum = lanes_load(first + i);
            for (ptrdiff_t s = added; s < shards; s++)
                sum = sum + lanes_load(parts + (size_t)s * stride + i);
            lanes_store(result + i, sum);
        }
        for (; i < end; i++) {
            real sum = first[i];
            for (ptrdiff_t s = added; s < shards; s++)
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
