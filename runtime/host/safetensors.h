/* SPDX-License-Identifier: MIT-0 */
/* safetensors, the file format of named tensors: 8 bytes with the length of a JSON header, the header, the numbers.
 * Source: the format's README and the checks of its reference reader (huggingface/safetensors, tensor.rs). */
#ifndef RUNTIME_HOST_SAFETENSORS_H
#define RUNTIME_HOST_SAFETENSORS_H

#include "files.h"
#include "json.h"

#define safetensors_parse    RUNTIME_NAME(safetensors_parse)
#define safetensors_release  RUNTIME_NAME(safetensors_release)
#define safetensors_find     RUNTIME_NAME(safetensors_find)
#define safetensors_metadata RUNTIME_NAME(safetensors_metadata)
#define safetensors_to_float RUNTIME_NAME(safetensors_to_float)
#define safetensors_write    RUNTIME_NAME(safetensors_write)

#define SAFETENSORS_HEADER_MAX 100000000 /* bytes, the reference reader's limit */
#define SAFETENSORS_RANK_MAX   8

typedef struct SafetensorsTensor {
    const char *name;
    const char *type; /* "F32" */
    int rank;
    uint64_t shape[SAFETENSORS_RANK_MAX];
    size_t count;      /* elements */
    size_t begin, end; /* bytes of the file's data */
} SafetensorsTensor;

/* A file that has been read. Points into the file's bytes, which must outlive it. */
typedef struct Safetensors {
    const char *path;
    Json header;
    size_t count;
    SafetensorsTensor *tensors; /* in the order of their data */
    const char *data;
    size_t data_length;
} Safetensors;

/* A failure (65) names `path` and what is wrong: tensors must cover the data without holes, and every size is checked.
 */
bool safetensors_parse(const char *bytes, size_t length, const char *path, Safetensors *file, Failure *failure);
void safetensors_release(Safetensors *file);

/* NULL: the file has no such tensor, no such text among its metadata. */
const SafetensorsTensor *safetensors_find(const Safetensors *file, const char *name);
const char *safetensors_metadata(const Safetensors *file, const char *name);

/* The elements of an F64, F32, F16 or BF16 tensor into values[count]; other types fail (65). */
bool safetensors_to_float(const Safetensors *file, const SafetensorsTensor *tensor, float *values, Failure *failure);

typedef struct SafetensorsPair {
    const char *name, *value;
} SafetensorsPair;

/* What is to be written: F32 tensors and metadata. */
typedef struct SafetensorsFloat {
    const char *name;
    int rank;
    const int64_t *shape;
    size_t count;
    const float *values;
} SafetensorsFloat;

/* Writes the tensors in the order given, so that the data of a model are its block of weights, at a multiple of 8 bytes, the file under its name only when
 * it is complete. The SHA-256 of the whole file goes to `hash` (64 digits and a 0) unless it is NULL. Failures as in
 * files.h. */
bool safetensors_write(const char *path, int tensor_count, const SafetensorsFloat *tensors, int pair_count,
                       const SafetensorsPair *pairs, char hash[SHA256_TEXT_SIZE], Failure *failure);

#endif
