/* SPDX-License-Identifier: MIT-0 */
/* A prioritised replay buffer (Midgley et al. 2023, "Flow annealed importance sampling bootstrap", appendix on the buffer):
 * places with the logarithm of their weight towards p^2 / q, which is kept right when q or the temperature changes. A row
 * is picked with probability proportional to its weight; the oldest rows make room for new ones. */
#ifndef RUNTIME_HOST_BUFFER_H
#define RUNTIME_HOST_BUFFER_H

#include "../prefix.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define buffer_floats   RUNTIME_NAME(buffer_floats)
#define buffer_view     RUNTIME_NAME(buffer_view)
#define buffer_count    RUNTIME_NAME(buffer_count)
#define buffer_add      RUNTIME_NAME(buffer_add)
#define buffer_pick     RUNTIME_NAME(buffer_pick)
#define buffer_update   RUNTIME_NAME(buffer_update)
#define buffer_retemper RUNTIME_NAME(buffer_retemper)

/* All of it lies in one block of floats that someone else owns, and checkpoints. */
typedef struct Buffer {
    size_t capacity, dimension; /* below 2^24 rows, so that their numbers are floats */
    float *x;                   /* [capacity][dimension] */
    float *log_w, *log_q, *energy;
    float *place; /* [2]: rows in use; the row that is written next */
} Buffer;

size_t buffer_floats(size_t capacity, size_t dimension);
/* The buffer in memory[buffer_floats(...)], which is empty where it is all 0. */
void buffer_view(Buffer *buffer, size_t capacity, size_t dimension, float *memory);
size_t buffer_count(const Buffer *buffer);

/* Adds a row; one whose numbers are not all finite is left out. */
void buffer_add(Buffer *buffer, const float *x, double log_w, float log_q, float energy);

/* picks[count]: rows drawn with replacement (purpose resample, draws 0 .. count - 1 of this step). `cumulative` has room
 * for as many doubles as rows are in use. False where all weights are 0. */
bool buffer_pick(const Buffer *buffer, uint64_t seed, uint32_t step, size_t count, double *cumulative, float *picks);

/* A row's log q is now this: its weight changes by q_old / q_new; not a number: it is never picked again. */
void buffer_update(Buffer *buffer, size_t row, float log_q);

/* The temperature goes from one value to another: weights change by (p_new / p_old)^2. */
void buffer_retemper(Buffer *buffer, double from_kT, double to_kT);

#endif
