/* SPDX-License-Identifier: MIT-0 */
/* NPY, the file format of NumPy arrays. Reads versions 1.0, 2.0 and 3.0, real numbers of every width and byte order,
 * rows or columns first; writes version 1.0, float32 or float64, little-endian, rows first. Source: NumPy,
 * numpy/lib/format.py, and NEP 1. */
#ifndef RUNTIME_HOST_NPY_H
#define RUNTIME_HOST_NPY_H

#include "files.h"

#define npy_parse     RUNTIME_NAME(npy_parse)
#define npy_to_float  RUNTIME_NAME(npy_to_float)
#define npy_to_double RUNTIME_NAME(npy_to_double)
#define npy_start     RUNTIME_NAME(npy_start)
#define npy_write     RUNTIME_NAME(npy_write)
#define npy_finish    RUNTIME_NAME(npy_finish)
#define npy_abandon   RUNTIME_NAME(npy_abandon)

#define NPY_RANK_MAX 32

/* An array as it lies in the bytes of a file. */
typedef struct NpyView {
    char kind;   /* 'f', 'i', 'u' or 'b' */
    size_t size; /* bytes of an element */
    bool big_endian, columns_first;
    int rank;
    uint64_t shape[NPY_RANK_MAX];
    size_t count; /* elements in all */
    const char *data;
} NpyView;

/* Finds the array in a file's bytes, which the view then points into. The bytes must hold exactly what the header says.
 * A failure (65) names `path` and what is wrong; pickled objects, text, complex and structured types are refused. */
bool npy_parse(const char *bytes, size_t length, const char *path, NpyView *view, Failure *failure);

/* The elements, rows first (in C order), into values[count]. */
void npy_to_float(const NpyView *view, float *values);
void npy_to_double(const NpyView *view, double *values);

/* A file under way: start with its shape, write its elements in any pieces, finish. */
typedef struct NpyWriter {
    FileWriter file;
    size_t size;   /* 4: float, 8: double */
    uint64_t left; /* elements still to be written */
} NpyWriter;

/* `size` is 4 for float, 8 for double; rank at most 8. Failures as in files.h. */
bool npy_start(NpyWriter *writer, const char *path, size_t size, int rank, const uint64_t *shape, Failure *failure);
/* `count` floats or doubles, as `size` says. */
bool npy_write(NpyWriter *writer, const void *values, size_t count, Failure *failure);
/* Fails (70) when elements are missing. The file's SHA-256 goes to `hash`, unless it is NULL. */
bool npy_finish(NpyWriter *writer, char hash[SHA256_TEXT_SIZE], Failure *failure);
void npy_abandon(NpyWriter *writer);

#endif
