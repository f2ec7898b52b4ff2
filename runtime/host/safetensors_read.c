/* SPDX-License-Identifier: MIT-0 */
/* The safetensors reader. Nothing of the header is believed: names are unique (json.h), each tensor's bytes are what
 * its type and shape need, and the tensors cover the data from its start to its end without a hole or an overlap. */
#include "safetensors.h"
#include "bytes.h"

#include <stdlib.h>

static size_t size_of_type(const char *type)
{
    static const struct {
        const char *name;
        size_t size;
    } types[] = {{"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1},
                 {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},
                 {"U32", 4},  {"F32", 4}, {"F64", 8}, {"I64", 8},     {"U64", 8}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, type) == 0)
            return types[i].size;
    return 0;
}

static bool fail(const Safetensors *file, const JsonNode *entry, Failure *failure, const char *what)
{
    char quoted[FAILURE_QUOTE_SIZE];
    return failure_set(failure, FAILURE_DATA, "%s: tensor %s: %s", file->path,
                       failure_quote(quoted, entry->name, entry->name_length), what);
}

static bool read_shape(const Safetensors *file, const JsonNode *entry, SafetensorsTensor *tensor, size_t *bytes,
                       Failure *failure)
{
    const JsonNode *shape = json_member(entry, "shape");
    uint64_t product = 1;
    if (shape == NULL || shape->kind != JSON_ARRAY)
        return fail(file, entry, failure, "no shape, a list of sizes");
    if (shape->count > SAFETENSORS_RANK_MAX)
        return fail(file, entry, failure, "more than 8 axes");
    for (const JsonNode *size = shape->first; size; size = size->next) {
        uint64_t *extent = &tensor->shape[tensor->rank++];
        if (!json_to_count(size, extent))
            return fail(file, entry, failure, "a size in its shape is not a whole number");
        if (*extent != 0 && product > UINT64_MAX / *extent)
            return fail(file, entry, failure, "its shape has too many elements");
        product *= *extent;
    }
    *bytes = size_of_type(tensor->type);
    if (product > SIZE_MAX / *bytes)
        return fail(file, entry, failure, "its shape has too many elements");
    tensor->count = (size_t)product;
    *bytes *= tensor->count;
    return true;
}

static bool read_tensor(const Safetensors *file, const JsonNode *entry, SafetensorsTensor *tensor, Failure *failure)
{
    const JsonNode *type = json_member(entry, "dtype"), *offsets = json_member(entry, "data_offsets");
    uint64_t begin, end;
    size_t bytes = 0;
    if (entry->kind != JSON_OBJECT)
        return fail(file, entry, failure, "its entry is not an object");
    if (type == NULL || type->kind != JSON_STRING || size_of_type(type->text) == 0)
        return fail(file, entry, failure, "no dtype, or one that is not known");
    tensor->name = entry->name;
    tensor->type = type->text;
    if (!read_shape(file, entry, tensor, &bytes, failure))
        return false;
    if (offsets == NULL || offsets->kind != JSON_ARRAY || offsets->count != 2 ||
        !json_to_count(offsets->first, &begin) || !json_to_count(offsets->first->next, &end))
        return fail(file, entry, failure, "no data_offsets, a list of two whole numbers");
    if (entry->count != 3)
        return fail(file, entry, failure, "entries other than dtype, shape and data_offsets");
    if (begin > end || end > file->data_length)
        return fail(file, entry, failure, "its data_offsets lie outside of the file; is it cut?");
    if (end - begin != bytes)
        return fail(file, entry, failure, "its data_offsets do not fit its shape and dtype");
    tensor->begin = (size_t)begin;
    tensor->end = (size_t)end;
    return true;
}

static int compare_places(const void *left, const void *right)
{
    const SafetensorsTensor *a = left, *b = right;
    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return a->end < b->end ? -1 : a->end > b->end; /* the empty ones first */
}

static bool check_cover(const Safetensors *file, Failure *failure)
{
    size_t at = 0;
    char quoted[FAILURE_QUOTE_SIZE];
    for (size_t i = 0; i < file->count; i++) {
        const SafetensorsTensor *tensor = &file->tensors[i];
        if (tensor->begin != at)
            return failure_set(failure, FAILURE_DATA,
                               "%s: tensor %s starts at byte %zu of the data, not at %zu where the one "
                               "before it ends",
                               file->path, failure_quote(quoted, tensor->name, strlen(tensor->name)), tensor->begin,
                               at);
        at = tensor->end;
    }
    if (at != file->data_length)
        return failure_set(failure, FAILURE_DATA, "%s: %zu bytes of data where the tensors have %zu", file->path,
                           file->data_length, at);
    return true;
}

static bool check_metadata(const Safetensors *file, const JsonNode *metadata, Failure *failure)
{
    if (metadata->kind != JSON_OBJECT)
        return failure_set(failure, FAILURE_DATA, "%s: __metadata__ is %s, not an object", file->path,
                           json_kind_name(metadata->kind));
    for (const JsonNode *pair = metadata->first; pair; pair = pair->next)
        if (pair->kind != JSON_STRING)
            return failure_set(failure, FAILURE_DATA, "%s: __metadata__ holds %s; it may hold strings only", file->path,
                               json_kind_name(pair->kind));
    return true;
}

static bool read_header(Safetensors *file, Failure *failure)
{
    const JsonNode *root = file->header.root;
    if (root->kind != JSON_OBJECT)
        return failure_set(failure, FAILURE_DATA, "%s: the header is %s, not an object", file->path,
                           json_kind_name(root->kind));
    file->tensors = memory_claim(root->count, sizeof *file->tensors, file->path, failure);
    if (file->tensors == NULL)
        return false;
    for (const JsonNode *entry = root->first; entry; entry = entry->next) {
        if (strcmp(entry->name, "__metadata__") == 0) {
            if (!check_metadata(file, entry, failure))
                return false;
        } else if (!read_tensor(file, entry, &file->tensors[file->count++], failure)) {
            return false;
        }
    }
    qsort(file->tensors, file->count, sizeof *file->tensors, compare_places);
    return check_cover(file, failure);
}

bool safetensors_parse(const char *bytes, size_t length, const char *path, Safetensors *file, Failure *failure)
{
    *file = (Safetensors){.path = path};
    if (length < 8)
        return failure_set(failure, FAILURE_DATA, "%s: too short for a safetensors file", path);
    uint64_t header = bytes_to_bits(bytes, 8, false);
    if (header > SAFETENSORS_HEADER_MAX)
        return failure_set(failure, FAILURE_DATA, "%s: not a safetensors file (its header would have %llu bytes)", path,
                           (unsigned long long)header);
    if (header > length - 8)
        return failure_set(failure, FAILURE_DATA, "%s: ends within its header, which should have %llu bytes", path,
                           (unsigned long long)header);
    if (header == 0 || bytes[8] != '{')
        return failure_set(failure, FAILURE_DATA, "%s: not a safetensors file (its header does not start with {)",
                           path);
    file->data = bytes + 8 + header;
    file->data_length = length - 8 - (size_t)header;
    if (!json_read(bytes + 8, (size_t)header, path, &file->header, failure))
        return false;
    if (read_header(file, failure))
        return true;
    safetensors_release(file);
    return false;
}

void safetensors_release(Safetensors *file)
{
    json_release(&file->header);
    free(file->tensors);
    *file = (Safetensors){0};
}

const SafetensorsTensor *safetensors_find(const Safetensors *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    return NULL;
}

const char *safetensors_metadata(const Safetensors *file, const char *name)
{
    const JsonNode *pair = json_member(json_member(file->header.root, "__metadata__"), name);
    return pair == NULL ? NULL : pair->text;
}

bool safetensors_to_float(const Safetensors *file, const SafetensorsTensor *tensor, float *values, Failure *failure)
{
    static const char *const types[] = {"F64", "F32", "F16", "BF16"};
    char quoted[FAILURE_QUOTE_SIZE];
    int type = 0;
    while (type < 4 && strcmp(types[type], tensor->type) != 0)
        type++;
    if (type == 4)
        return failure_set(failure, FAILURE_DATA, "%s: tensor %s has type %s; expected F32, F64, F16 or BF16",
                           file->path, failure_quote(quoted, tensor->name, strlen(tensor->name)), tensor->type);
    size_t size = type == 0 ? 8 : type == 1 ? 4 : 2;
    for (size_t i = 0; i < tensor->count; i++) {
        uint64_t bits = bytes_to_bits(file->data + tensor->begin + i * size, size, false);
        values[i] = type == 0   ? (float)double_from_bits(bits)
                    : type == 1 ? float_from_bits((uint32_t)bits)
                    : type == 2 ? float_from_half_bits((uint32_t)bits)
                                : float_from_bfloat_bits((uint32_t)bits);
    }
    return true;
}
