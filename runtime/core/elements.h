/* SPDX-License-Identifier: MIT-0 */
/* Where a loop of emitted code reads and writes. A per-sample tensor of n elements is stored [n][BLOCK]. With samples
 * in lanes a loop goes by elements, and through the block by vectors; with one sample it goes through the elements by
 * vectors. Freestanding.
 *   each     a value of this element and these samples: lanes_load
 *   sample   a value of these samples, the same for all elements
 *   feature  a value of this element, the same for all samples
 *   row      as `each`, in loops that go element by element either way */
#ifndef ANSATZ_CORE_ELEMENTS_H
#define ANSATZ_CORE_ELEMENTS_H

#include "lanes.h"

#if ANSATZ_BLOCK == 1
#define I_STEP LANES
#define S_STEP 1
#else
#define I_STEP 1
#define S_STEP LANES
#endif

static ALWAYS_INLINE lanes load_sample(const real *from)
{
    return ANSATZ_BLOCK == 1 ? lanes_splat(*from) : lanes_load(from);
}

static ALWAYS_INLINE lanes load_feature(const real *from)
{
    return ANSATZ_BLOCK == 1 ? lanes_load(from) : lanes_splat(*from);
}

static ALWAYS_INLINE lanes load_row(const real *from)
{
    return ANSATZ_BLOCK == 1 ? lanes_splat(*from) : lanes_load(from);
}

static ALWAYS_INLINE void store_row(real *to, lanes x)
{
    if (ANSATZ_BLOCK == 1)
        *to = lanes_first(x);
    else
        lanes_store(to, x);
}

/* `left`: how many elements the loop has still to write, with one sample: what lies behind them stays as it is. */
static ALWAYS_INLINE void store_each(real *to, lanes x, int left)
{
    if (ANSATZ_BLOCK == 1 && left < LANES) {
        real values[LANES];
        lanes_store(values, x);
        for (int i = 0; i < LANES && i < left; i++)
            to[i] = values[i];
    } else {
        lanes_store(to, x);
    }
}

/* sum + terms; with one sample the terms are elements, added one after another to the sum in the first lane. */
static ALWAYS_INLINE lanes add_terms(lanes sum, lanes terms, int left)
{
    if (ANSATZ_BLOCK != 1)
        return sum + terms;
    real total = lanes_first(sum), values[LANES];
    lanes_store(values, terms);
    for (int i = 0; i < LANES && i < left; i++)
        total = total + values[i];
    return lanes_splat(total);
}

/* Sums of many rows: with one sample in lanes, where each sum is one chain of additions, the terms of all rows are kept first,
 * and then some rows are summed side by side. */
#if ANSATZ_BLOCK == 1 && LANES > 1
#define TERMS_STRIDE(terms)     (((terms) + LANES - 1) / LANES * LANES)
#define TERMS_ROOM(rows, terms) ((rows)*TERMS_STRIDE(terms))
#else
#define TERMS_STRIDE(terms)     0
#define TERMS_ROOM(rows, terms) 1
#endif

/* As add_terms, with room for the terms at kept[at]; the sum is right behind sum_kept_terms. */
static ALWAYS_INLINE lanes keep_terms(real *kept, int at, lanes sum, lanes terms, int left)
{
    if (ANSATZ_BLOCK != 1 || LANES == 1)
        return add_terms(sum, terms, left);
    lanes_store(kept + at, terms);
    return sum;
}

/* sums[r] = 0 + kept[r][0] + kept[r][1] + ... */
static ALWAYS_INLINE void sum_kept_terms(const real *kept, const int rows, const int terms, real *sums)
{
    enum { SIDE_BY_SIDE = 8 };
    for (int first = 0; first < rows && ANSATZ_BLOCK == 1 && LANES > 1; first += SIDE_BY_SIDE) {
        real sum[SIDE_BY_SIDE] = {0};
        for (int k = 0; k < terms; k++) {
            UNROLL(8)
            for (int i = 0; i < SIDE_BY_SIDE; i++) {
                const int row = first + i < rows ? first + i : rows - 1;
                sum[i] = sum[i] + kept[row * TERMS_STRIDE(terms) + k];
            }
        }
        for (int i = 0; i < SIDE_BY_SIDE && first + i < rows; i++)
            sums[first + i] = sum[i];
    }
}

/* The same for the largest. */
static ALWAYS_INLINE lanes max_terms(lanes largest, lanes terms, int left)
{
    if (ANSATZ_BLOCK != 1)
        return lanes_max(largest, terms);
    real values[LANES];
    lanes_store(values, terms);
    for (int i = 0; i < LANES && i < left; i++)
        largest = lanes_max(largest, lanes_splat(values[i]));
    return largest;
}

#endif
