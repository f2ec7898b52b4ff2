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
