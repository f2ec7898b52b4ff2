/* SPDX-License-Identifier: MIT-0 */
/* The NPY writer: the bytes that NumPy itself would write. */
#include "npy.h"
#include "bytes.h"

/* "(5,)", "(1000, 9)", "()" */
static void write_shape(char *text, size_t room, int rank, const uint64_t *shape)
{
    size_t used = 0;
    text[used++] = '(';
    for (int i = 0; i < rank; i++)
        used += (size_t)snprintf(text + used, room - used, "%s%llu", i ? ", " : "", (unsigned long long)shape[i]);
    snprintf(text + used, room - used, "%s)", rank == 1 ? "," : "");
}

bool npy_start(NpyWriter *writer, const char *path, size_t size, int rank, const uint64_t *shape, Failure *failure)
{
    char shape_text[8 * 24], header[320];
    *writer = (NpyWriter){.size = size, .left = 1};
    for (int i = 0; i < rank; i++)
        writer->left *= shape[i];
    write_shape(shape_text, sizeof shape_text, rank, shape);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    size_t end = 10 + (size_t)snprintf(header + 10, sizeof header - 10,
                                       "{'descr': '<f%zu', 'fortran_order': False, 'shape': %s, }", size, shape_text);
    size_t whole = (end + 1 + 63) / 64 * 64; /* the data start at a multiple of 64 */
    memset(header + end, ' ', whole - end);
    header[whole - 1] = '\n';
    bytes_from_bits(header + 8, 2, whole - 10);
    return file_start(&writer->file, path, failure) && file_write(&writer->file, header, whole, failure);
}

bool npy_write(NpyWriter *writer, const void *values, size_t count, Failure *failure)
{
    unsigned char part[8192];
    size_t most = sizeof part / writer->size;
    if (count > writer->left) {
        npy_abandon(writer);
        return failure_set(failure, FAILURE_INTERNAL, "more elements written than the array has");
    }
    writer->left -= count;
    for (size_t first = 0; first < count; first += most) {
        size_t here = count - first < most ? count - first : most;
        for (size_t i = 0; i < here; i++) {
            uint64_t bits = writer->size == 4 ? bits_of_float(((const float *)values)[first + i])
                                              : bits_of_double(((const double *)values)[first + i]);
            bytes_from_bits(part + i * writer->size, writer->size, bits);
        }
        if (!file_write(&writer->file, part, here * writer->size, failure))
            return false;
    }
    return true;
}

bool npy_finish(NpyWriter *writer, char hash[SHA256_TEXT_SIZE], Failure *failure)
{
    if (writer->left > 0) {
        npy_abandon(writer);
        return failure_set(failure, FAILURE_INTERNAL, "fewer elements written than the array has");
    }
    return file_finish(&writer->file, hash, failure);
}

void npy_abandon(NpyWriter *writer)
{
    file_abandon(&writer->file);
}
