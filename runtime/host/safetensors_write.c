/* SPDX-License-Identifier: MIT-0 */
/* The safetensors writer: F32 tensors in the order that they are given in, metadata in the order of their names. */
#include "safetensors.h"
#include "bytes.h"

#include <stdlib.h>

static int compare_pairs(const void *left, const void *right)
{
    const SafetensorsPair *a = *(const SafetensorsPair *const *)left, *b = *(const SafetensorsPair *const *)right;
    return strcmp(a->name, b->name);
}

static void put_tensor(JsonWriter *header, const SafetensorsFloat *tensor, uint64_t begin)
{
    json_open_object(header, tensor->name);
    json_put_string(header, "dtype", "F32");
    json_open_array(header, "shape");
    for (int i = 0; i < tensor->rank; i++)
        json_put_count(header, NULL, (uint64_t)tensor->shape[i]);
    json_close_array(header);
    json_open_array(header, "data_offsets");
    json_put_count(header, NULL, begin);
    json_put_count(header, NULL, begin + 4 * (uint64_t)tensor->count);
    json_close_array(header);
    json_close_object(header);
}

static void put_header(JsonWriter *header, int tensor_count, const SafetensorsFloat *tensors, int pair_count,
                       const SafetensorsPair *const *pairs)
{
    uint64_t begin = 0;
    json_start(header, false);
    json_open_object(header, NULL);
    if (pair_count > 0) {
        json_open_object(header, "__metadata__");
        for (int i = 0; i < pair_count; i++)
            json_put_string(header, pairs[i]->name, pairs[i]->value);
        json_close_object(header);
    }
    for (int i = 0; i < tensor_count; i++) {
        put_tensor(header, &tensors[i], begin);
        begin += 4 * (uint64_t)tensors[i].count;
    }
    json_close_object(header);
}

static bool write_floats(FileWriter *file, const SafetensorsFloat *tensor, Failure *failure)
{
    unsigned char part[8192];
    size_t most = sizeof part / 4;
    for (size_t first = 0; first < tensor->count; first += most) {
        size_t here = tensor->count - first < most ? tensor->count - first : most;
        for (size_t i = 0; i < here; i++)
            bytes_from_bits(part + 4 * i, 4, bits_of_float(tensor->values[first + i]));
        if (!file_write(file, part, 4 * here, failure))
            return false;
    }
    return true;
}

static bool write_all(const char *path, const JsonWriter *header, int tensor_count, const SafetensorsFloat *tensors,
                      char *hash, Failure *failure)
{
    static const char spaces[8] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
    uint8_t length_bytes[8];
    size_t padding = (8 - header->length % 8) % 8;
    FileWriter file;
    bytes_from_bits(length_bytes, 8, header->length + padding);
    bool good = file_start(&file, path, failure) && file_write(&file, length_bytes, 8, failure) &&
                file_write(&file, header->text, header->length, failure) && file_write(&file, spaces, padding, failure);
    for (int i = 0; i < tensor_count && good; i++)
        good = write_floats(&file, &tensors[i], failure);
    return good && file_finish(&file, hash, failure);
}

bool safetensors_write(const char *path, int tensor_count, const SafetensorsFloat *tensors, int pair_count,
                       const SafetensorsPair *pairs, char hash[SHA256_TEXT_SIZE], Failure *failure)
{
    JsonWriter header = {0};
    const SafetensorsPair **sorted_pairs = memory_claim((size_t)pair_count, sizeof *sorted_pairs, path, failure);
    bool good = sorted_pairs != NULL;
    if (good) {
        for (int i = 0; i < pair_count; i++)
            sorted_pairs[i] = &pairs[i];
        qsort(sorted_pairs, (size_t)pair_count, sizeof *sorted_pairs, compare_pairs);
        put_header(&header, tensor_count, tensors, pair_count, sorted_pairs);
        good = json_finish(&header, failure) && write_all(path, &header, tensor_count, tensors, hash, failure);
    }
    json_free(&header);
    free(sorted_pairs);
    return good;
}
