/* SPDX-License-Identifier: MIT-0 */
/* The replay buffer: a ring of rows. */
#include "buffer.h"
#include "../core/config.h"
#include "draws.h"

#include <math.h>

enum { PLACE_COUNT, PLACE_NEXT, PLACES };

size_t buffer_floats(size_t capacity, size_t dimension)
{
    return capacity * (dimension + 3) + PLACES;
}

void buffer_view(Buffer *buffer, size_t capacity, size_t dimension, float *memory)
{
    *buffer = (Buffer){.capacity = capacity, .dimension = dimension, .x = memory};
    buffer->log_w = memory + capacity * dimension;
    buffer->log_q = buffer->log_w + capacity;
    buffer->energy = buffer->log_q + capacity;
    buffer->place = buffer->energy + capacity;
}

size_t buffer_count(const Buffer *buffer)
{
    return (size_t)buffer->place[PLACE_COUNT];
}

void buffer_add(Buffer *buffer, const float *x, double log_w, float log_q, float energy)
{
    const size_t row = (size_t)buffer->place[PLACE_NEXT], count = buffer_count(buffer);
    bool is_finite = isfinite((float)log_w) && isfinite(log_q) && isfinite(energy);
    for (size_t i = 0; i < buffer->dimension; i++)
        is_finite = is_finite && isfinite(x[i]);
    if (!is_finite)
        return;
    for (size_t i = 0; i < buffer->dimension; i++)
        buffer->x[row * buffer->dimension + i] = x[i];
    buffer->log_w[row] = (float)log_w;
    buffer->log_q[row] = log_q;
    buffer->energy[row] = energy;
    buffer->place[PLACE_NEXT] = (float)((row + 1) % buffer->capacity);
    buffer->place[PLACE_COUNT] = (float)(count < buffer->capacity ? count + 1 : count);
}

bool buffer_pick(const Buffer *buffer, uint64_t seed, uint32_t step, size_t count, double *cumulative, float *picks)
{
    const size_t rows = buffer_count(buffer);
    float largest = -INFINITY;
    double total = 0;
    for (size_t row = 0; row < rows; row++)
        largest = buffer->log_w[row] > largest ? buffer->log_w[row] : largest;
    if (!(largest > -INFINITY))
        return false;
    for (size_t row = 0; row < rows; row++)
        cumulative[row] = total += exp((double)buffer->log_w[row] - (double)largest);
    for (size_t i = 0; i < count; i++) {
        const double until = draw_resample(seed, i, step) * total;
        size_t low = 0, high = rows - 1; /* the first row whose sum is above `until` */
        while (low < high) {
            const size_t middle = low + (high - low) / 2;
            if (cumulative[middle] > until)
                high = middle;
            else
                low = middle + 1;
        }
        picks[i] = (float)low;
    }
    return true;
}

void buffer_update(Buffer *buffer, size_t row, float log_q)
{
    if (!isfinite(log_q)) {
        buffer->log_w[row] = -INFINITY;
        return;
    }
    buffer->log_w[row] += buffer->log_q[row] - log_q;
    buffer->log_q[row] = log_q;
}

void buffer_retemper(Buffer *buffer, double from_kT, double to_kT)
{
    const size_t rows = buffer_count(buffer);
    for (size_t row = 0; row < rows && from_kT != to_kT; row++)
        buffer->log_w[row] -= (float)(2 * (double)buffer->energy[row] * (1 / to_kT - 1 / from_kT));
}
